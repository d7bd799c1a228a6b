"""Barriers from OSM objects: what people on the ground cannot walk across."""

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.findings import Finding
from geo.osm_objects import (
    Derived,
    Tags,
    finish_layer,
    is_off_ground,
    is_set,
    select_objects,
    set_aside,
    take_columns,
)
from geo.schema import Severity

WALLS = frozenset({"wall", "city_wall", "retaining_wall"})
RIVERS = frozenset({"river", "canal"})
RAILS = frozenset({"rail", "light_rail", "narrow_gauge", "subway"})
EXPRESSWAYS = frozenset({"motorway", "motorway_link"})
TRUNKS = frozenset({"trunk", "trunk_link"})

#: A wall is open this far to both sides of a street that passes it.
OPENING_M = 1.0
#: Nodes of the same place, after projection.
_TOUCH_M = 0.01


def make_barriers(objects: gpd.GeoDataFrame, streets: gpd.GeoDataFrame) -> Derived:
    """Take walls, rivers, railways and expressways on the ground.

    Fences and hedges are left out: OSM has few of them, and the gaps between
    those that it has would look like ways through. What passes on bridges or in
    tunnels stops nobody. A wall is open where it shares a node with a street (the
    gate is often not drawn) and where a bridge, a tunnel or a street on another
    level passes; of the 495 places of Las Palmas at which a street meets a wall,
    493 less 11 are such.

    Parameters
    ----------
    objects
        Columns `kind`, `osm_id`, `tags` and geometry in EPSG:4326.
    streets
        The streets layer in EPSG:4326, with `bridge`, `tunnel` and `level`.

    Returns
    -------
    Derived
        Lines and polygons with `kind`: wall, river, railway or expressway.
    """
    parts = []
    for kinds, test, kind in _BARRIERS:
        taken = select_objects(objects, kinds, test)
        parts.append(
            take_columns(
                taken, kind=pd.Series(kind, index=taken.index, dtype=object)
            ).assign(tags=taken["tags"])
        )
    found = gpd.GeoDataFrame(pd.concat(parts)).drop_duplicates("osm_id")
    found, opened = _open_walls(found, streets)
    gone = found.geometry.is_empty
    findings = [
        set_aside("barriers", "osm_wall_open", osm_id, tags)
        for osm_id, tags in found.loc[gone, ["osm_id", "tags"]].to_numpy()
    ]
    if opened:
        findings.append(
            Finding(
                "barriers", "osm_walls_opened", Severity.INFO, params={"count": opened}
            )
        )
    used = found[~gone].drop(columns="tags")
    return Derived(finish_layer("barriers", used), len(found), findings)


def _open_walls(
    barriers: gpd.GeoDataFrame, streets: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, int]:
    """Open walls where streets pass; return the number of walls opened."""
    walls = barriers.index[(barriers["kind"] == "wall").to_numpy()]
    if len(walls) == 0 or streets.empty:
        return barriers, 0
    metric = streets.estimate_utm_crs()
    places = gpd.GeoSeries(
        _passages(barriers.geometry[walls].to_numpy(), streets), crs=barriers.crs
    ).to_crs(metric)
    lines = barriers.geometry[walls].to_crs(metric)
    near, wall = shapely.STRtree(lines.to_numpy()).query(
        places.to_numpy(), predicate="dwithin", distance=_TOUCH_M
    )
    holes = shapely.buffer(places.to_numpy(), OPENING_M)
    done = barriers.copy()
    cut = {
        walls[row]: lines.iloc[row].difference(
            shapely.union_all(holes[near[wall == row]])
        )
        for row in np.unique(wall).tolist()
    }
    if cut:
        fresh = gpd.GeoSeries(cut, crs=metric).to_crs(barriers.crs)
        done.loc[fresh.index, "geometry"] = fresh
    return done, len(cut)


def _passages(walls: npt.NDArray[Any], streets: gpd.GeoDataFrame) -> npt.NDArray[Any]:
    """Return the points at which streets pass walls, in the CRS of both."""
    lines = streets.geometry.to_numpy()
    shared = np.intersect1d(_vertices(lines), _vertices(walls))
    off = (streets["bridge"] | streets["tunnel"] | (streets["level"] != 0)).to_numpy()
    other = lines[off.astype(bool)]
    line, wall = shapely.STRtree(walls).query(other, predicate="intersects")
    over = shapely.get_coordinates(shapely.intersection(other[line], walls[wall]))
    return np.concatenate(
        [shapely.points(shared.real, shared.imag), shapely.points(over)]
    )


def _vertices(lines: npt.NDArray[Any]) -> npt.NDArray[np.complex128]:
    """Return all vertices as complex numbers, which can be compared as one."""
    xy = shapely.get_coordinates(lines)
    return xy[:, 0] + 1j * xy[:, 1]


def is_river_area(tags: Tags) -> bool:
    """Return whether an area is the water of a river or canal.

    Parameters
    ----------
    tags
        Tags of the area.

    Returns
    -------
    bool
        False for lakes and ponds, which nothing crosses and few streets meet.
    """
    water = tags.get("natural") == "water" and tags.get("water") in RIVERS
    return water or tags.get("waterway") == "riverbank"


def _is_expressway(tags: Tags) -> bool:
    road = tags.get("highway")
    closed = tags.get("foot") in {"no", "use_sidepath"} or is_set(tags, "motorroad")
    return road in EXPRESSWAYS or (road in TRUNKS and closed)


_BARRIERS: tuple[tuple[str, Callable[[Tags], bool], str], ...] = (
    ("line loop", lambda tags: tags.get("barrier") in WALLS, "wall"),
    (
        "line loop",
        lambda tags: tags.get("waterway") in RIVERS and not is_off_ground(tags),
        "river",
    ),
    (
        "area",
        is_river_area,
        "river",
    ),
    (
        "line loop",
        lambda tags: tags.get("railway") in RAILS and not is_off_ground(tags),
        "railway",
    ),
    (
        "line loop",
        lambda tags: _is_expressway(tags) and not is_off_ground(tags),
        "expressway",
    ),
)
