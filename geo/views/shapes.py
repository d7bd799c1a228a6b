"""Frames as bytes for the browser: sent once, kept there under their key.

A parcel is a length, a JSON head and whole numbers: microdegrees (EPSG:4326) of
simplified outlines, where each ring and shape starts, and one point inside each
shape. ``geo/views/web/store.js`` unpacks it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.schema import LINE, POINT, POLYGON

#: Outlines on the screen may leave the true line by this much.
SIMPLIFY_M = 1.0

_WIDTH = 4  # bytes of a whole number


@dataclass(frozen=True, slots=True)
class Parcel:
    """Bytes for the browser and the key under which it keeps them."""

    key: str
    data: bytes


def pack_value(name: str, value: object) -> Parcel:
    """Pack anything that JSON can say.

    Parameters
    ----------
    name
        Begin of the key; the rest is the content's digest.
    value
        The content; not-a-number must be None.

    Returns
    -------
    Parcel
        The parcel.
    """
    return _pack(name, {"kind": "value", "value": value}, {})


def pack_shapes(
    name: str,
    frame: gpd.GeoDataFrame,
    *,
    names: Sequence[str] | None = None,
    extra: Mapping[str, Any] | None = None,
    simplify_m: float = SIMPLIFY_M,
) -> Parcel:
    """Pack the geometry of a layer.

    Parameters
    ----------
    name
        Begin of the key.
    frame
        Layer in a metric CRS; rows without geometry have no shape on the map.
    names
        What to write beside each shape; by default the column ``name``, if any.
    extra
        Further lists, one value per row, and other JSON content.
    simplify_m
        How far simplified lines may leave the true ones, in metres.

    Returns
    -------
    Parcel
        The parcel; ids are the frame's index.
    """
    simple = shapely.simplify(frame.geometry.to_numpy(), simplify_m)
    degrees = gpd.GeoSeries(simple, crs=frame.crs).to_crs(4326).to_numpy()
    rows, rings = _rings(degrees)
    points, ring_of_point = shapely.get_coordinates(rings, return_index=True)
    starts = np.searchsorted(ring_of_point, np.arange(len(rings) + 1))
    shapes = np.searchsorted(rows, np.arange(len(frame) + 1))
    anchors = shapely.get_coordinates(_anchors(degrees))
    if names is None:
        names = _words(frame["name"]) if "name" in frame else []
    head = {
        "kind": "shapes",
        "ids": [str(row) for row in frame.index],
        "names": list(names),
        **(extra or {}),
    }
    sections = {
        "xy": _microdegrees(points),
        "rings": starts.astype(np.int32),
        "shapes": shapes.astype(np.int32),
        "anchors": _microdegrees(anchors),
    }
    return _pack(name, head, sections)


def degrees_of(geometry: gpd.GeoSeries) -> list[list[list[float]]]:
    """Return lines or outlines as lists of longitude and latitude.

    Parameters
    ----------
    geometry
        Lines or polygons in any CRS.

    Returns
    -------
    list
        One list of ``[lon, lat]`` per line or ring, six decimals, EPSG:4326.
    """
    _, rings = _rings(geometry.to_crs(4326).to_numpy())
    return [
        np.round(shapely.get_coordinates(ring), 6).tolist()
        for ring in rings
        if not ring.is_empty
    ]


def family_of(frame: gpd.GeoDataFrame) -> str:
    """Return what most of a layer is made of.

    Parameters
    ----------
    frame
        Any layer.

    Returns
    -------
    str
        ``"point"``, ``"line"`` or ``"polygon"``.
    """
    dimensions = shapely.get_dimensions(frame.geometry.to_numpy())
    return (POINT, LINE, POLYGON)[int(np.median(dimensions))] if len(frame) else POINT


def _rings(geometry: NDArray[np.object_]) -> tuple[NDArray[np.int64], Any]:
    parts, rows = shapely.get_parts(geometry, return_index=True)
    flat = shapely.get_dimensions(parts) == 2  # noqa: PLR2004 - areas have two
    rings, of_part = shapely.get_rings(parts[flat], return_index=True)
    found = np.concatenate([rings, parts[~flat]])
    owners = np.concatenate([rows[flat][of_part], rows[~flat]])
    order = np.argsort(owners, kind="stable")
    return owners[order], found[order]


def _anchors(degrees: NDArray[np.object_]) -> NDArray[np.object_]:
    inside = shapely.point_on_surface(degrees)
    missing = shapely.is_missing(inside) | shapely.is_empty(inside)
    inside[missing] = shapely.Point(0.0, 0.0)
    middle = shapely.centroid(degrees)
    # the middle reads better wherever it lies inside
    central = shapely.covers(degrees, middle)
    return np.where(central, middle, inside)


def _microdegrees(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.round(points * 1e6).astype(np.int32).ravel()


def _words(names: Iterable[object]) -> list[str]:
    return [name if isinstance(name, str) else "" for name in names]


def _pack(
    name: str, head: dict[str, Any], sections: Mapping[str, NDArray[np.int32]]
) -> Parcel:
    places, start = {}, 0
    for section, values in sections.items():
        places[section] = [start, len(values)]
        start += len(values)
    body = b"".join(
        np.ascontiguousarray(values, "<i4").tobytes() for values in sections.values()
    )
    content = json.dumps(head, ensure_ascii=False, allow_nan=False)
    digest = hashlib.sha256(content.encode() + body).hexdigest()[:16]
    key = f"{name}-{digest}"
    text = json.dumps({"key": key, "sections": places})[:-1] + "," + content[1:]
    encoded = text.encode("utf-8", "replace")
    padding = b"\0" * (-len(encoded) % _WIDTH)
    return Parcel(
        key, len(encoded).to_bytes(_WIDTH, "little") + encoded + padding + body
    )
