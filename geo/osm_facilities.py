"""Facilities from OSM objects: one object one category, one place one row."""

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.findings import Finding
from geo.osm_objects import (
    CLOSED_ACCESS,
    Tags,
    finish_layer,
    is_dead,
    is_set,
    read_number,
    set_aside,
)
from geo.tags import TagTable, classify_osm

#: Categories of the table that are objects of other layers.
OTHER_LAYERS = frozenset({"community", "idle_land", "idle_building"})

#: A stop and its platform are one stop within this distance.
STOP_MAX_M = 20.0

_STOP = "bus_stop"


def make_facilities(
    objects: gpd.GeoDataFrame, table: TagTable
) -> tuple[gpd.GeoDataFrame, int, list[Finding]]:
    """Classify objects, and make one row of what is mapped twice.

    Parameters
    ----------
    objects
        Columns `kind` (``node``, ``line``, ``loop``, ``area``), `osm_id`, `tags`
        and geometry in EPSG:4326. Closed lines are left to their areas; an open
        line (a platform) becomes a point on it.
    table
        Rows of ``osm_tags.csv``.

    Returns
    -------
    tuple
        Facilities (`category` or `ambiguous`, `reason`, `name`, `capacity`,
        `land_area_m2` of areas that are no building, `serves`); the number of
        objects whose tags belong to the layer; and the findings: what is disused
        or not built yet, and the second mapping of one place.
    """
    frame = _classify(objects[objects["kind"] != "loop"], table)
    dead = np.array([is_dead(tags) for tags in frame["tags"]], dtype=bool)
    findings = [
        set_aside("facilities", "osm_not_in_use", osm_id, tags)
        for osm_id, tags in frame.loc[dead, ["osm_id", "tags"]].to_numpy()
    ]
    live = _add_values(frame[~dead]).reset_index(drop=True)
    twin = _find_twins(live)
    ids, tags = live["osm_id"].to_numpy(), live["tags"].to_numpy()
    findings += [
        set_aside(
            "facilities", "osm_mapped_twice", ids[row], tags[row], other=ids[twin[row]]
        )
        for row in np.flatnonzero(twin >= 0).tolist()
    ]
    live = _inherit(live, twin)
    used = live[twin < 0].drop(columns=["tags", "kind"])
    return finish_layer("facilities", used), len(frame), findings


def is_facility(tags: Tags, table: TagTable) -> bool:
    """Return whether tags prove, or allow, some facility.

    Parameters
    ----------
    tags
        Tags of the object.
    table
        Rows of ``osm_tags.csv``.

    Returns
    -------
    bool
        True for an ambiguous object as well.
    """
    wanted = frozenset(table.order) - OTHER_LAYERS
    return classify_osm(tags, table, among=wanted).reason is not None


def _classify(objects: gpd.GeoDataFrame, table: TagTable) -> gpd.GeoDataFrame:
    wanted = frozenset(table.order) - OTHER_LAYERS
    verdicts = [classify_osm(tags, table, among=wanted) for tags in objects["tags"]]
    columns = ["category", "ambiguous", "reason"]
    said = pd.DataFrame(verdicts, columns=columns, index=objects.index, dtype=object)
    frame = objects.join(said)
    return frame[frame["reason"].notna()]


def _add_values(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add what the tags say besides the category; turn lines into points."""
    tags = list(frame["tags"])
    line = frame["kind"] == "line"
    middle = frame.geometry.where(~line, frame.geometry.representative_point())
    values: dict[str, Any] = {
        "name": [t.get("name", t.get("name:zh")) for t in tags],
        "capacity": [read_number(t.get("capacity")) for t in tags],
        "serves": ["residents" if _keeps_out(t) else "all" for t in tags],
    }
    done = frame.assign(**values, geometry=middle)
    ground = np.array([not is_set(t, "building") for t in tags], dtype=bool)
    open_ground = (frame["kind"] == "area") & ground
    done["land_area_m2"] = measure_land(done).where(open_ground)
    return done


def _keeps_out(tags: dict[str, str]) -> bool:
    return tags.get("access") in CLOSED_ACCESS


def measure_land(frame: gpd.GeoDataFrame) -> pd.Series:
    """Return the area of each polygon in square metres, NaN for points.

    Parameters
    ----------
    frame
        Any geometry in EPSG:4326.

    Returns
    -------
    pandas.Series
        Area in the local UTM zone (within 0.2 % of the ground), on the index of
        `frame`.
    """
    if frame.empty:
        return pd.Series(np.nan, index=frame.index, dtype="float64")
    area = frame.geometry.to_crs(frame.estimate_utm_crs()).area
    land: pd.Series = area.where(area > 0).round(1)
    return land


def _find_twins(frame: gpd.GeoDataFrame) -> npt.NDArray[np.int64]:
    """Return for each row the row that maps the same place, -1 for none."""
    twin = np.full(len(frame), -1, dtype=np.int64)
    if frame.empty:
        return twin
    metric = frame.geometry.to_crs(frame.estimate_utm_crs()).to_numpy()
    what = frame["category"].fillna("?" + frame["ambiguous"]).to_numpy()
    name = frame["name"].to_numpy()
    is_area = shapely.get_dimensions(metric) == 2  # noqa: PLR2004 - a surface
    points, areas = np.flatnonzero(~is_area), np.flatnonzero(is_area)
    tree = shapely.STRtree(metric[areas])
    near, owner = tree.query(metric[points], predicate="intersects")
    _pair(twin, points[near], areas[owner], what, name)
    stops = points[what[points] == _STOP]
    near, other = shapely.STRtree(metric[stops]).query(
        metric[stops], predicate="dwithin", distance=STOP_MAX_M
    )
    later = other < near
    _pair(twin, stops[near[later]], stops[other[later]], what, name)
    return twin


def _pair(
    twin: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
    others: npt.NDArray[np.int64],
    what: npt.NDArray[Any],
    name: npt.NDArray[Any],
) -> None:
    """Note pairs of the same category and the same name, or with one unnamed."""
    for row, other in zip(rows.tolist(), others.tolist(), strict=True):
        same = what[row] == what[other] and (
            name[row] == name[other] or pd.isna(name[row]) or pd.isna(name[other])
        )
        if same and twin[row] < 0 and twin[other] < 0:
            twin[row] = other


def _inherit(frame: gpd.GeoDataFrame, twin: npt.NDArray[np.int64]) -> gpd.GeoDataFrame:
    """Give the row that stays the name and capacity that only its twin has."""
    done = frame.copy()
    for column in ("name", "capacity"):
        values = done[column].to_numpy(copy=True)
        for row in np.flatnonzero(twin >= 0):
            if pd.isna(values[twin[row]]):
                values[twin[row]] = values[row]
        done[column] = values
    return done
