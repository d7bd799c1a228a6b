"""What a verdict is about on the map: works, protected things, pipes, gates ..."""

from collections.abc import Iterable
from dataclasses import dataclass

import geopandas as gpd
import shapely
from shapely import Geometry

from geo.review import Review
from geo.views.shapes import degrees_of
from geo.views.widgets import say

#: Layers that ids of objects may stand in, in the order in which they are looked up.
_LAYERS = ("protected", "utilities", "idle", "facilities", "buildings", "communities")


@dataclass(frozen=True, slots=True)
class Thing:
    """One object of a verdict.

    Attributes
    ----------
    id, name, kind
        Its id, what it is called, and of which layer it is.
    geometry
        In the district's metric CRS; None: it has no place.
    """

    id: str
    name: str
    kind: str
    geometry: Geometry | None


def list_objects(review: Review, objects: Iterable[str]) -> list[Thing]:
    """Return the objects of a verdict.

    Parameters
    ----------
    review
        What was reviewed.
    objects
        Their ids.

    Returns
    -------
    list of Thing
        In the order given; what no layer holds is left out.
    """
    found = [_find(review, str(one)) for one in objects]
    return [one for one in found if one is not None]


def object_lines(review: Review, things: Iterable[Thing]) -> list[list[list[float]]]:
    """Return outlines of objects for the map.

    Parameters
    ----------
    review
        What was reviewed.
    things
        The objects.

    Returns
    -------
    list
        Lists of longitude and latitude.
    """
    shapes = [one.geometry for one in things if one.geometry is not None]
    flat = [one for one in shapes if shapely.get_dimensions(one) > 0]
    if not flat:
        return []
    return degrees_of(gpd.GeoSeries(flat, crs=review.plan.district.crs))


def point_of(review: Review, thing: Thing) -> list[float] | None:
    """Return where an object is.

    Parameters
    ----------
    review
        What was reviewed.
    thing
        The object.

    Returns
    -------
    list of float or None
        Longitude and latitude.
    """
    if thing.geometry is None:
        return None
    inside = gpd.GeoSeries([thing.geometry], crs=review.plan.district.crs)
    point = inside.representative_point().to_crs(4326).iloc[0]
    return [round(point.x, 6), round(point.y, 6)]


def _find(review: Review, one: str) -> Thing | None:
    district = review.plan.district
    works = review.checks.ground.tables["works"]
    row = works[works["id"].astype("str") == one]
    if len(row):
        first = row.iloc[0]
        item = first["item"] if isinstance(first["item"], str) else one
        community = first["community_id"]
        place = _read_wkt(first["wkt"], district.communities)
        if place is None and community in district.communities.index:
            place = district.communities.geometry.loc[community]
        return Thing(one, item, say("view.checks.object.works"), place)
    for layer in _LAYERS:
        frame: gpd.GeoDataFrame = getattr(district, layer)
        if one in frame.index:
            name = frame["name"].get(one) if "name" in frame else None
            called = name if isinstance(name, str) and name else one
            place = frame.geometry.loc[one]
            return Thing(one, called, say(f"layer.{layer}"), place)
    return None


def _read_wkt(text: object, frame: gpd.GeoDataFrame) -> Geometry | None:
    """Return the place of a work in the district's CRS."""
    if not isinstance(text, str):
        return None
    shape: Geometry | None = shapely.from_wkt(text, on_invalid="ignore")
    if shape is None:
        return None
    placed: Geometry = gpd.GeoSeries([shape], crs=4326).to_crs(frame.crs).iloc[0]
    return placed
