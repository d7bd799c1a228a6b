"""Geometry of a layer: is it there, is it valid, is it of the right family."""

import geopandas as gpd
import numpy as np
import shapely

from geo.schema import LAYERS, LINE, POINT, POLYGON, Severity
from geo.sieve import Mask, Sieve

_FAMILIES = {0: POINT, 1: LINE, 2: LINE, 3: POLYGON, 4: POINT, 5: LINE, 6: POLYGON}
#: Rows farther than this from the middle of the district belong to another place.
FAR_M = 200_000.0


def check_places(sieve: Sieve, far: Mask) -> None:
    """Set aside rows that lie nowhere, or in another place altogether.

    Parameters
    ----------
    sieve
        Layer in the metric working CRS.
    far
        True for rows that are too far from the district.
    """
    shapes = sieve.frame.geometry.to_numpy()
    empty = np.asarray(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    bounds = shapely.bounds(shapes)
    lost = ~empty & ~np.isfinite(bounds).all(axis=1)
    far = far & ~empty & ~lost
    index = sieve.frame.index
    for mask, code in (
        (empty, "geometry_missing"),
        (lost, "geometry_outside_crs"),
        (far, "far_away"),
    ):
        here = sieve.frame.index.isin(index[mask])
        sieve.set_aside(here, code, limit_km=int(FAR_M / 1000))


def check_shapes(sieve: Sieve) -> None:
    """Repair polygons, and set aside geometry that the layer does not take.

    Parameters
    ----------
    sieve
        Layer in the metric working CRS, every row with finite coordinates.
        Heights are dropped; of several points the first is used.
    """
    allowed = LAYERS[sieve.layer].geometry
    shapes = shapely.force_2d(sieve.frame.geometry.to_numpy())
    invalid = ~shapely.is_valid(shapes)
    areal = np.isin(shapely.get_type_id(shapes), (3, 6)) & invalid
    if areal.any():
        shapes[areal] = [
            _polygons_of(shape) for shape in shapely.make_valid(shapes[areal])
        ]
    mixed = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    shapes[mixed] = [_one_family(shape, allowed) for shape in shapes[mixed]]
    points = shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT
    many = points & (shapely.get_num_geometries(shapes) > 1)
    shapes[points] = shapely.get_geometry(shapes[points], 0)
    families = np.array([_FAMILIES.get(i, "") for i in shapely.get_type_id(shapes)])
    flat = (families == POLYGON) & (shapely.area(shapes) <= 0)
    flat |= (families == LINE) & (shapely.length(shapes) <= 0)
    empty = shapely.is_empty(shapes) | flat
    wrong = ~np.isin(families, allowed) & ~empty
    sieve.frame = sieve.frame.set_geometry(
        gpd.GeoSeries(shapes, sieve.frame.index, crs=sieve.frame.crs)
    )
    sieve.note(areal & ~empty, "geometry_repaired", Severity.WARNING)
    sieve.note(many, "multipoint_first", Severity.WARNING)
    rows = sieve.frame.index
    sieve.set_aside(rows.isin(rows[empty]), "geometry_nothing")
    sieve.set_aside(
        sieve.frame.index.isin(rows[wrong]),
        "geometry_wrong",
        wanted="、".join(allowed),
    )


def _polygons_of(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    parts = parts[np.isin(shapely.get_type_id(parts), (3, 6))]
    if len(parts) == 1:
        part: shapely.Geometry = parts[0]
        return part
    return shapely.union_all(parts) if len(parts) else shapely.Polygon()


def _one_family(shape: shapely.Geometry, allowed: tuple[str, ...]) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    fits = np.array(
        [_FAMILIES.get(i, "") in allowed for i in shapely.get_type_id(parts)]
    )
    return shapely.union_all(parts[fits]) if fits.any() else shape
