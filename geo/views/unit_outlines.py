"""Outlines of units (片区) for the map: soft areas that close the lanes inside them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.views.shapes import Parcel, degrees_of, pack_shapes

#: Members of a unit this near each other are drawn as one area.
CLOSE_M = 24.0


def outline_parcel(communities: gpd.GeoDataFrame, unit_of: pd.Series) -> Parcel:
    """Return one outline per unit: its communities, and the lanes between them.

    Parameters
    ----------
    communities
        Polygons in a metric CRS, index community id.
    unit_of
        Community id to unit id.

    Returns
    -------
    Parcel
        Shapes for ``map.js``; ids are the units'. Communities of a unit that lie
        farther than `CLOSE_M` apart stay parts of their own, tied by ``ties``: lines
        as lists of longitude and latitude, EPSG:4326.
    """
    of = unit_of.reindex(communities.index)
    known = of.notna().to_numpy()
    shapes = shapely.simplify(communities.geometry.to_numpy()[known], 1.0)
    wide = _grow(shapes, CLOSE_M / 2)
    names, at = np.unique(of[known].astype(str).to_numpy(), return_inverse=True)
    order = np.argsort(at, kind="stable")
    groups = np.split(wide[order], np.searchsorted(at[order], np.arange(1, len(names))))
    whole = [_fill(shapely.union_all(group)) for group in groups] if len(names) else []
    closed = _grow(np.array(whole, dtype=object), -CLOSE_M / 2)
    frame = gpd.GeoDataFrame(
        geometry=list(closed), index=pd.Index(names), crs=communities.crs
    )
    ties = gpd.GeoSeries(_ties(closed), crs=communities.crs)
    extra = {"ties": degrees_of(ties)}
    return pack_shapes("unit_outlines", frame, names=[], extra=extra)


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
