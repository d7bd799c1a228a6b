"""Layers of a district against each other: distance, overlap, references."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS, Geod, Transformer

from geo.errors import InputError
from geo.findings import Finding, layer_names
from geo.schema import NEEDED_LAYERS, Severity
from geo.shapes import FAR_M
from geo.sieve import Sieve

#: Overlaps smaller than this share of the smaller community are drawing errors.
_OVERLAP_SHARE = 0.01
_KM = 1000.0
#: A layer whose box is farther than this (15 minutes on foot) from the box of the
#: communities, or of communities and streets, is of no use to them.
NEAR_M = 1000.0
#: Layers in which two rows of one place are worth a word.
_DISTINCT_LAYERS = ("communities", "buildings", "idle", "neighbourhoods", "streets")


def measure_centres(frame: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    """Return the middle of every row's box in degrees.

    Parameters
    ----------
    frame
        Layer with a CRS.

    Returns
    -------
    numpy.ndarray
        Longitude and latitude per row (n x 2), NaN where there is no place.
    """
    bounds = shapely.bounds(frame.geometry.to_numpy())
    x, y = (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
    crs = CRS.from_user_input(frame.crs)
    if not crs.is_geographic:
        x, y = Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
    centres = np.column_stack([x, y])
    wild = ~np.isfinite(centres).all(axis=1) | (np.abs(centres[:, 1]) > 90)  # noqa: PLR2004 - the poles
    centres[wild] = np.nan
    return centres


def find_far(
    centres: npt.NDArray[np.float64], anchor: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Find rows that lie in another place altogether.

    Parameters
    ----------
    centres
        Longitude and latitude per row.
    anchor
        Longitude and latitude of the middle of the district.

    Returns
    -------
    numpy.ndarray
        True for rows farther than :data:`geo.shapes.FAR_M` from the anchor.
    """
    return np.nan_to_num(_distances(centres, anchor)) > FAR_M


def find_anchor(centres: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the middle of a district, which a few stray rows do not move.

    Parameters
    ----------
    centres
        Longitude and latitude per row of its communities.

    Returns
    -------
    numpy.ndarray
        Longitude and latitude.
    """
    known = centres[np.isfinite(centres).all(axis=1)]
    return np.median(known, axis=0) if len(known) else np.full(2, np.nan)


def check_together(
    layer: str,
    source: str,
    centres: npt.NDArray[np.float64],
    anchor: npt.NDArray[np.float64],
) -> None:
    """Refuse a layer none of whose rows lies near the communities.

    Parameters
    ----------
    layer
        Layer name.
    source
        Its file.
    centres
        Longitude and latitude per row.
    anchor
        Middle of the communities.

    Raises
    ------
    InputError
        If all rows are farther than :data:`geo.shapes.FAR_M`.
    """
    distances = _distances(centres, anchor)
    distances = distances[np.isfinite(distances)]
    if len(distances) and (distances > FAR_M).all():
        raise InputError(
            "layers_apart",
            **layer_names(layer),
            source=source,
            km=f"{np.median(distances) / _KM:,.0f}",
        )


def check_overlap(sieves: Mapping[str, Sieve]) -> list[Finding]:
    """Notice layers none of which can be reached on foot from the communities.

    Parameters
    ----------
    sieves
        Layer name to layer, in one metric CRS.

    Returns
    -------
    list of Finding
        One for each such layer, of severity error.

    Raises
    ------
    InputError
        If it is the streets or the facilities.
    """
    homes = {"communities": shapely.box(*sieves["communities"].frame.total_bounds)}
    homes["streets"] = homes["communities"]
    around = shapely.union(
        homes["communities"], shapely.box(*sieves["streets"].frame.total_bounds)
    )
    noticed = []
    for layer, sieve in sieves.items():
        if not len(sieve.frame):
            continue
        gap = homes.get(layer, around).distance(shapely.box(*sieve.frame.total_bounds))
        if gap <= NEAR_M:
            continue
        km = f"{gap / _KM:,.1f}"
        if layer in NEEDED_LAYERS:
            raise InputError("layers_disjoint", **layer_names(layer), km=km)
        noticed.append(
            Finding(layer, "layers_disjoint", Severity.ERROR, params={"km": km})
        )
    return noticed


def check_communities(frame: gpd.GeoDataFrame, row_of: pd.Series) -> list[Finding]:
    """Notice communities that overlap.

    Parameters
    ----------
    frame
        Communities in a metric CRS, indexed by id.
    row_of
        Source row per id.

    Returns
    -------
    list of Finding
        One for each pair; the larger share of the smaller one's area is named.
    """
    shapes = frame.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = one < other
    one, other = one[once], other[once]
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    least = np.minimum(shapely.area(shapes[one]), shapely.area(shapes[other]))
    found = np.flatnonzero(shared > _OVERLAP_SHARE * least)
    return [
        Finding(
            "communities",
            "communities_overlap",
            Severity.WARNING,
            int(row_of.iloc[one[i]]),
            str(frame.index[one[i]]),
            {"other": str(frame.index[other[i]]), "area_m2": f"{shared[i]:,.0f}"},
        )
        for i in found
    ]


def check_twins(sieve: Sieve) -> None:
    """Notice rows that repeat the place of an earlier row.

    Parameters
    ----------
    sieve
        Layer under check; for facilities the category must be equal too.
    """
    shapes = shapely.normalize(sieve.frame.geometry.to_numpy())
    keys = pd.DataFrame({"place": shapely.to_wkb(shapes)}, index=sieve.frame.index)
    if sieve.layer == "facilities":
        keys["category"] = sieve.frame["category"].to_numpy()
    elif sieve.layer not in _DISTINCT_LAYERS:
        return
    sieve.note(keys.duplicated().to_numpy(), "geometry_duplicate", Severity.WARNING)


def check_references(sieves: Mapping[str, Sieve]) -> None:
    """Settle which community gates and buildings belong to.

    Parameters
    ----------
    sieves
        Layer name to layer; the ids of the communities are settled. Gates of an
        unknown community are set aside; buildings without a known one belong to
        the smallest community that holds their representative point.
    """
    communities = sieves["communities"].frame
    known = set(communities["id"])
    if "gates" in sieves:
        lost = ~sieves["gates"].frame["community_id"].isin(known).to_numpy()
        sieves["gates"].set_aside(lost, "community_unknown")
    if "buildings" in sieves:
        _place_buildings(sieves["buildings"], communities, known)


def _place_buildings(
    sieve: Sieve, communities: gpd.GeoDataFrame, known: set[str]
) -> None:
    cells = sieve.frame["community_id"]
    lost = cells.notna() & ~cells.isin(known)
    sieve.note(lost.to_numpy(), "building_community_unknown", Severity.WARNING, cells)
    blank = (cells.isna() | lost).to_numpy()
    if not blank.any():
        return
    order = np.argsort(communities.geometry.area.to_numpy(), kind="stable")
    ids = communities["id"].to_numpy()[order]
    points = shapely.point_on_surface(sieve.frame.geometry.to_numpy()[blank])
    tree = shapely.STRtree(communities.geometry.to_numpy()[order])
    building, community = tree.query(points, predicate="intersects")
    smallest = pd.Series(community).groupby(building).min()
    found = np.full(len(points), None, dtype=object)
    found[smallest.index] = ids[smallest.to_numpy()]
    filled = cells.astype("object").to_numpy(copy=True)
    filled[blank] = found
    sieve.frame["community_id"] = pd.Series(filled, sieve.frame.index, dtype="str")
    placed = int(pd.notna(found).sum())
    if placed:
        sieve.note_layer("buildings_placed", Severity.INFO, count=placed)


def _distances(
    centres: npt.NDArray[np.float64], anchor: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    known = np.isfinite(centres).all(axis=1) & np.isfinite(anchor).all()
    distances = np.full(len(centres), np.nan)
    there = centres[known]
    if len(there):
        home = np.broadcast_to(anchor, there.shape)
        _, _, metres = Geod(ellps="WGS84").inv(
            home[:, 0], home[:, 1], there[:, 0], there[:, 1]
        )
        distances[known] = metres
    return distances
