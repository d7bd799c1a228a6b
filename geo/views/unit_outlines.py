"""Outlines of units (片区) for the map: soft areas that close the lanes inside them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.views.shapes import Parcel, degrees_of, pack_shapes

#: Members of a unit this near each other are drawn as one area.
CLOSE_M = 24.0


def outline_parcel(
    communities: gpd.GeoDataFrame,
    unit_of: pd.Series,
    *,
    kept: dict[tuple[str, ...], shapely.Geometry] | None = None,
) -> Parcel:
    """Return one outline per unit: its communities, and the lanes between them.

    Parameters
    ----------
    communities
        Polygons in a metric CRS, index community id.
    unit_of
        Community id to unit id.
    kept
        Members to outline of units drawn before; those of new units are put in, so
        that an edit draws only what it changes.

    Returns
    -------
    Parcel
        Shapes for ``map.js``; ids are the units'. Communities of a unit that lie
        farther than `CLOSE_M` apart stay parts of their own, tied by ``ties``: lines
        as lists of longitude and latitude, EPSG:4326.
    """
    of = unit_of.reindex(communities.index)
    rows = np.flatnonzero(of.notna().to_numpy())
    names, at = np.unique(of.iloc[rows].astype(str).to_numpy(), return_inverse=True)
    order = np.argsort(at, kind="stable")
    ends = np.searchsorted(at[order], np.arange(1, len(names)))
    groups = np.split(rows[order], ends) if len(names) else []
    ids = communities.index.astype(str)
    members = [tuple(ids[group]) for group in groups]
    found = {} if kept is None else kept
    fresh = [place for place, key in enumerate(members) if key not in found]
    drawn = _outlines(communities, [groups[place] for place in fresh])
    found.update(zip([members[place] for place in fresh], drawn, strict=True))
    closed = np.array([found[key] for key in members], dtype=object)
    frame = gpd.GeoDataFrame(
        geometry=list(closed), index=pd.Index(names), crs=communities.crs
    )
    ties = gpd.GeoSeries(_ties(closed), crs=communities.crs)
    extra = {"ties": degrees_of(ties)}
    return pack_shapes("unit_outlines", frame, names=[], extra=extra)


def _outlines(
    communities: gpd.GeoDataFrame, groups: list[NDArray[np.int64]]
) -> NDArray[np.object_]:
    """Return the outline of each group of rows."""
    if not groups:
        return np.array([], dtype=object)
    rows = np.concatenate(groups)
    shapes = shapely.simplify(communities.geometry.to_numpy()[rows], 1.0)
    ends = np.cumsum([len(group) for group in groups])[:-1]
    parts = np.split(_grow(shapes, CLOSE_M / 2), ends)
    whole = [_fill(shapely.union_all(part)) for part in parts]
    return _grow(np.array(whole, dtype=object), -CLOSE_M / 2)


def _grow(shapes: NDArray[np.object_], by_m: float) -> NDArray[np.object_]:
    return np.asarray(
        shapely.buffer(shapes, by_m, join_style="mitre", mitre_limit=2.0), dtype=object
    )


def _fill(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a shape without its small holes: corners that lanes leave open."""
    parts = shapely.get_parts(shape)
    inside = shapely.difference(
        shapely.polygons(shapely.get_exterior_ring(parts)), parts
    )
    holes = shapely.get_parts(inside)
    small = holes[shapely.area(holes) < CLOSE_M**2]
    filled: shapely.Geometry = shapely.union_all([shape, *small])
    return filled


def _ties(shapes: NDArray[np.object_]) -> list[shapely.Geometry]:
    """Return the shortest lines that tie the parts of each shape together."""
    lines: list[shapely.Geometry] = []
    for shape in shapes[shapely.get_num_geometries(shapes) > 1]:
        first, *waiting = shapely.get_parts(shape)
        tied = [first]
        while waiting:
            far = [shapely.distance(part, tied).min() for part in waiting]
            part = waiting.pop(int(np.argmin(far)))
            near = tied[int(np.argmin(shapely.distance(part, tied)))]
            lines.append(shapely.shortest_line(part, near))
            tied.append(part)
    return lines
