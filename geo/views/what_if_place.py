"""Where something that was dropped on the map lies, and what its size brings."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geo.plan import Plan
from geo.walls import find_walled

#: A wall this near to where the planner points is meant, metres.
_NEAR_M = 15.0


def to_metres(plan: Plan, place: Sequence[float]) -> tuple[float, float]:
    """Return a place of the map in the working CRS.

    Parameters
    ----------
    plan
        The plan that is open.
    place
        Longitude and latitude.

    Returns
    -------
    tuple of float
        Metres.
    """
    point = gpd.GeoSeries([shapely.Point(*place)], crs=4326)
    found = point.to_crs(plan.district.crs).iloc[0]
    return float(found.x), float(found.y)


def to_degrees(plan: Plan, places: Sequence[tuple[float, float]]) -> list[list[float]]:
    """Return places of the working CRS as the map takes them.

    Parameters
    ----------
    plan
        The plan that is open.
    places
        Metres.

    Returns
    -------
    list
        Longitude and latitude, six decimals.
    """
    points = gpd.GeoSeries(
        [shapely.Point(*one) for one in places], crs=plan.district.crs
    )
    return [[round(p.x, 6), round(p.y, 6)] for p in points.to_crs(4326)]


def has_walls(plan: Plan) -> bool:
    """Return whether any community is walled.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    bool
        Whether one is.
    """
    return bool(find_walled(plan.district.communities, plan.district.gates).any())


def find_wall(
    plan: Plan, place: Sequence[float], within_m: float
) -> tuple[str, float, float] | None:
    """Return the wall that the planner points at.

    Parameters
    ----------
    plan
        The plan that is open.
    place
        Longitude and latitude.
    within_m
        How far from it a click may be, at least a few metres.

    Returns
    -------
    tuple or None
        The walled community whose outline is nearest, and the nearest point of it in
        the working CRS; of two that share a wall, the one in which the click lies.
    """
    district = plan.district
    walled = find_walled(district.communities, district.gates)
    shapes = district.communities.geometry.to_numpy()[walled]
    if not len(shapes):
        return None
    point = shapely.Point(*to_metres(plan, place))
    away = shapely.distance(shapely.boundary(shapes), point)
    outside = ~shapely.covers(shapes, point)
    near = np.lexsort((outside, np.round(away / _NEAR_M)))[0]
    if away[near] > max(within_m, _NEAR_M):
        return None
    community = str(district.communities.index[walled][near])
    return (community, *snap_wall(plan, community, point.x, point.y))


def snap_wall(plan: Plan, community: str, x: float, y: float) -> tuple[float, float]:
    """Return the point of a community's outline that is nearest to a place.

    Parameters
    ----------
    plan
        The plan that is open.
    community
        Its id.
    x, y
        The place, metres in the working CRS.

    Returns
    -------
    tuple of float
        Metres.
    """
    outline = plan.district.communities.geometry[community].boundary
    found = outline.interpolate(outline.project(shapely.Point(x, y)))
    return float(found.x), float(found.y)


def wall_near(
    plan: Plan, community: str, x: float, y: float, half_m: float
) -> shapely.Geometry:
    """Return the stretch of a community's outline around a place.

    Parameters
    ----------
    plan
        The plan that is open.
    community
        Its id.
    x, y
        The place, metres in the working CRS.
    half_m
        How far it reaches to both sides.

    Returns
    -------
    shapely.Geometry
        Lines in the working CRS.
    """
    outline = plan.district.communities.geometry[community].boundary
    near: shapely.Geometry = outline.intersection(shapely.Point(x, y).buffer(half_m))
    return near


def describe_size(
    plan: Plan, category: str, areas: Mapping[str, float | None]
) -> dict[str, Any]:
    """Return the sizes of a new facility as a step holds them.

    Parameters
    ----------
    plan
        The plan that is open.
    category
        The category.
    areas
        ``floor_area_m2`` or ``land_area_m2``, None where unknown.

    Returns
    -------
    dict
        The areas that are known, and the capacity that they are enough for where
        the rules of siting say how much area one place takes.
    """
    known = {name: area for name, area in areas.items() if area is not None}
    table = plan.rules.siting
    rows = table[(table["category"] == category) & table["m2_per_capacity"].notna()]
    for kind, each_m2 in zip(rows["area"], rows["m2_per_capacity"], strict=True):
        area = known.get(f"{kind}_area_m2")
        if area is not None:
            return {**known, "capacity": float(area) / float(each_m2)}
    return known
