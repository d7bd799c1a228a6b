"""Ways of OpenStreetMap as street lines that know their nodes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.findings import Finding
from geo.osm_objects import is_set, read_level, set_aside
from geo.schema import Severity

#: Tags that become columns of the same name, for the table of street classes.
_PLAIN = ("highway", "foot", "access", "service", "sidewalk", "motorroad", "name")

#: Keys whose value ``crossing`` makes the way a place to cross a road.
_CROSSING_KEYS = ("footway", "path", "cycleway", "highway")


@dataclass(frozen=True, slots=True, eq=False)
class OsmWay:
    """A line: its tags, its node ids, and their positions (NaN: not in the file)."""

    osm_id: str
    tags: dict[str, str]
    refs: npt.NDArray[np.int64]
    xy: npt.NDArray[np.float64]


def split_way(
    way: OsmWay,
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    """Yield the stretches of a way between nodes that are missing from the file.

    Parameters
    ----------
    way
        The way.

    Yields
    ------
    tuple
        Node ids (n) and positions (n x 2) of a stretch of at least two places.
    """
    known = np.isfinite(way.xy).all(axis=1)
    part = np.flatnonzero(known)
    for run in np.split(part, np.flatnonzero(np.diff(part) > 1) + 1):
        xy = way.xy[run]
        if len(run) > 1 and (xy != xy[0]).any():
            yield way.refs[run], xy


def make_streets(
    ways: list[OsmWay], rail_nodes: npt.NDArray[np.int64]
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Turn ways into the streets layer.

    Parameters
    ----------
    ways
        Ways with a ``highway`` tag, and the outlines of relations that have one.
    rail_nodes
        Ids of nodes at which a way crosses a railway on the level.

    Returns
    -------
    tuple
        Streets (EPSG:4326) with `highway`, `foot`, `access`, `service`,
        `sidewalk`, `motorroad`, `name`, `bridge`, `tunnel`, `level` (OSM
        ``layer``), `crossing` (a pedestrian crossing, a ford, or a way with a
        level crossing), `area` (outline of a square) and `node_ids`; and the
        findings: ways that are set aside, ways that leave the file.
    """
    rows: list[dict[str, Any]] = []
    lines: list[shapely.LineString] = []
    findings: list[Finding] = []
    count: Counter[str] = Counter()
    cut = 0
    for way in ways:
        pieces = list(split_way(way))
        if not pieces:
            findings.append(
                set_aside("streets", "osm_street_empty", way.osm_id, way.tags)
            )
        cut += bool(pieces) and not np.isfinite(way.xy).all()
        for refs, xy in pieces:
            count[way.osm_id] += 1
            rows.append(_describe(way, refs, count[way.osm_id]))
            lines.append(shapely.LineString(xy))
    if cut:
        findings.append(
            Finding("streets", "osm_ways_cut", Severity.INFO, params={"count": cut})
        )
    frame = gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=_COLUMNS), geometry=lines, crs=4326
    )
    met = [bool(np.isin(refs, rail_nodes).any()) for refs in frame["node_ids"]]
    frame["crossing"] = frame["crossing"].astype(bool) | np.array(met, dtype=bool)
    alone = _find_lone_squares(frame)
    tags = {way.osm_id: way.tags for way in ways}
    findings += [
        set_aside("streets", "osm_square_alone", osm_id, tags[osm_id])
        for osm_id in frame.loc[alone, "osm_id"].unique()
    ]
    return frame[~alone].reset_index(drop=True), findings


def _find_lone_squares(streets: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Tell which outlines of squares no way joins, not even through other squares.

    Whoever attached to one would be cut off from every street (measured: 680 of
    them in Las Palmas, which took in a fifth of its parks and kindergartens).
    """
    squares = streets["area"].astype(bool)
    refs = streets["node_ids"].map(lambda ids: set(ids.tolist()))
    reached = set().union(*refs[~squares])
    waiting = {
        osm_id: set().union(*rings)
        for osm_id, rings in refs[squares].groupby(streets["osm_id"])
    }
    joined = ["at least one round"]
    while joined:
        joined = [key for key, ids in waiting.items() if not reached.isdisjoint(ids)]
        reached = reached.union(*(waiting.pop(osm_id) for osm_id in joined))
    alone: npt.NDArray[np.bool_] = streets["osm_id"].isin(list(waiting)).to_numpy()
    return alone


_COLUMNS = [
    "id",
    "osm_id",
    *_PLAIN,
    "bridge",
    "tunnel",
    "level",
    "crossing",
    "area",
    "node_ids",
    "derived",
]


def _describe(way: OsmWay, refs: npt.NDArray[np.int64], number: int) -> dict[str, Any]:
    tags = way.tags
    osm_id = way.osm_id
    return {key: tags.get(key) for key in _PLAIN} | {
        "id": osm_id if number == 1 else f"{osm_id}/{number}",
        "osm_id": osm_id,
        "bridge": is_set(tags, "bridge"),
        "tunnel": is_set(tags, "tunnel"),
        "level": read_level(tags),
        "crossing": any(tags.get(key) == "crossing" for key in _CROSSING_KEYS)
        or is_set(tags, "ford"),
        "area": is_set(tags, "area") or osm_id.startswith("relation"),
        "node_ids": refs,
        "derived": True,
    }
