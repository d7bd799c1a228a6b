"""The layers of a district as parcels, each made once per district."""

from collections.abc import Callable, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.district import District
from geo.network import WalkNetwork
from geo.rules import RuleBook
from geo.text import tr
from geo.views.shapes import Parcel, family_of, pack_shapes
from geo.views.work import shelf

_MAIN = ("motorway", "trunk", "primary", "secondary", "tertiary")
_PATHS = ("footway", "path", "steps", "pedestrian", "cycleway", "track", "corridor")
_BARRIERS = {"river": "r", "railway": "t", "expressway": "e", "wall": "w"}


def backdrop(district: District) -> dict[str, Parcel]:
    """Return what lies below the communities, and the communities themselves.

    Parameters
    ----------
    district
        The checked layers.

    Returns
    -------
    dict
        Name in ``map.js`` to parcel; layers without rows are left out.
    """
    makers: dict[str, Callable[[], Parcel]] = {
        "extent": lambda: pack_shapes("extent", _whole(district.extent)),
        "barriers": lambda: _pack_barriers(district.barriers),
        "streets": lambda: _pack_streets(district.streets),
        "buildings": lambda: pack_shapes("buildings", district.buildings, names=[]),
        "communities": lambda: pack_shapes("communities", district.communities),
    }
    return {
        name: _kept(district, name, make)
        for name, make in makers.items()
        if len(getattr(district, name))
    }


def facilities(district: District, rules: RuleBook, lang: str) -> Parcel:
    """Return the facilities with their categories.

    Parameters
    ----------
    district
        The checked layers.
    rules
        Names of the categories.
    lang
        Language of the notes.

    Returns
    -------
    Parcel
        Points; ``codes`` are categories, ``notes`` what to say of each.
    """

    def make() -> Parcel:
        frame = district.facilities
        points = frame.set_geometry(frame.geometry.representative_point())
        notes = [
            _facility_note(category, area, rules, lang)
            for category, area in zip(
                frame["category"], frame["floor_area_m2"], strict=True
            )
        ]
        codes = [code if isinstance(code, str) else "" for code in frame["category"]]
        return pack_shapes("facilities", points, extra={"codes": codes, "notes": notes})

    return _kept(district, f"facilities {lang} {rules.fingerprint}", make)


def gates(district: District, network: WalkNetwork) -> Parcel:
    """Return the gates of the walk network.

    Parameters
    ----------
    district
        The district it belongs to.
    network
        The walk network.

    Returns
    -------
    Parcel
        Points; ``codes`` are ids of communities.
    """

    def make() -> Parcel:
        frame = network.gates
        codes = [str(owner) for owner in frame["community_id"]]
        return pack_shapes("gates", frame, names=[], extra={"codes": codes})

    return _kept(district, "gates", make)


def bounds(district: District) -> list[float]:
    """Return what the map shows to begin with.

    Parameters
    ----------
    district
        The checked layers.

    Returns
    -------
    list of float
        West, south, east, north of the communities, degrees.
    """
    found: list[float] = shelf().view(
        ("bounds", district.fingerprint),
        lambda: district.communities.to_crs(4326).total_bounds.round(6).tolist(),
    )
    return found


def _kept(district: District, name: str, make: Callable[[], Parcel]) -> Parcel:
    found: Parcel = shelf().view(("shapes", district.fingerprint, name), make)
    return found


def _whole(extent: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return extent[extent["layer"].isna()]


def _pack_streets(streets: gpd.GeoDataFrame) -> Parcel:
    kinds = (
        streets["highway"] if "highway" in streets else pd.Series(index=streets.index)
    )
    codes = [_street_code(kind) for kind in kinds]
    return pack_shapes("streets", streets, names=[], extra={"codes": "".join(codes)})


def _street_code(kind: object) -> str:
    word = kind.removesuffix("_link") if isinstance(kind, str) else ""
    if word in _MAIN:
        return "m"
    return "p" if word in _PATHS else "s"


def _pack_barriers(barriers: gpd.GeoDataFrame) -> Parcel:
    codes = "".join(_BARRIERS.get(kind, "w") for kind in barriers["kind"])
    kinds = [family_of(barriers.iloc[[row]]) for row in range(len(barriers))]
    areas = np.flatnonzero([kind == "polygon" for kind in kinds]).tolist()
    return pack_shapes("barriers", barriers, extra={"codes": codes, "areas": areas})


def _facility_note(
    category: object, area: float | None, rules: RuleBook, lang: str
) -> str:
    kind = (
        rules.category_name(category, lang)
        if isinstance(category, str)
        else tr("view.map.unclassified", lang)
    )
    if pd.isna(area):
        return f"{kind} · {tr('view.map.area_unknown', lang)}"
    return f"{kind} · {tr('unit.m2', lang, value=f'{area:,.0f}')}"


def keys(parcels: dict[str, Parcel]) -> dict[str, str]:
    """Return the keys of parcels, as ``map.js`` wants them.

    Parameters
    ----------
    parcels
        Name to parcel.

    Returns
    -------
    dict
        Name to key.
    """
    return {name: parcel.key for name, parcel in parcels.items()}


def listed(parcels: dict[str, Parcel]) -> Sequence[Parcel]:
    """Return the parcels in the order in which they are sent.

    Parameters
    ----------
    parcels
        Name to parcel.

    Returns
    -------
    sequence of Parcel
        Communities first: the map waits for them most.
    """
    return sorted(parcels.values(), key=lambda parcel: len(parcel.data))
