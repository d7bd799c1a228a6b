"""How far the places of a demand walk to idle resources.

The walk is that of facilities (:mod:`geo.network`, definition 18), as if each resource
were one that is open to all: from a gate as the distance of a community, from a door
with its connector. Each resource is a run of its own over the public network, a few at
a time; where the residents of a community have ways of their own, those are opened for
the resources nearby only, since nobody walks less than the straight line.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.coverage import Floats, Ints, find_least
from geo.errors import InputError
from geo.lifecircle import LifeCircle
from geo.network import attach_points
from geo.progress import Progress, no_progress
from geo.reach import MAX_CUTOFF_M, Seeds, measure_reach
from geo.readings import find_private, read_runs
from geo.stock import Places, find_rows, place_people
from geo.straight import Geometries

LINK_COLUMNS = ("row", "idle_id", "distance_m")

#: Resources that are measured together, and side of the squares they lie in (m).
_BATCH, _SIDE_M = 16, 1000.0
#: How much farther in a straight line than on foot a place may seem (snapping).
_SLACK_M = 50.0


def measure_links(
    circle: LifeCircle,
    rows: pd.DataFrame,
    resources: gpd.GeoSeries,
    reach_m: Mapping[str, float],
    *,
    progress: Progress = no_progress,
) -> pd.DataFrame:
    """Measure the walk from places to resources.

    Parameters
    ----------
    circle
        The life circle, with the network that is walked.
    rows
        Demand rows: `place` (id of a door or community), `community_id`, `category`.
    resources
        Points or polygons in the working CRS; the index names them.
    reach_m
        Category to how far people walk to it, metres; rows of other categories
        have no links.
    progress
        Told the stage ``stage.site_links``.

    Returns
    -------
    pandas.DataFrame
        Columns `LINK_COLUMNS`: `row` (position in `rows`), `idle_id`, `distance_m`
        (metres on the network, at most the reach of the row's category), sorted by
        row and then by id. A resource that no street reaches has no links.

    Raises
    ------
    InputError
        If a row names a community that the district lacks.
    """
    progress("stage.site_links", 0.0)
    limit_m = rows["category"].map(dict(reach_m)).to_numpy(dtype=np.float64)
    used = resources.sort_index()
    ground = _lay_ground(circle, rows)
    seeds = attach_points(circle.network, used)
    found = [np.empty((3, 0))]
    farthest_m = min(float(np.nanmax(limit_m, initial=0.0)), MAX_CUTOFF_M - 1.0)
    batches = [*_make_batches(used, seeds)] if len(rows) else []
    for done, batch in enumerate(batches):
        progress("stage.site_links", done / len(batches))
        place_m = _measure_walks(ground, used, seeds, batch, farthest_m)
        place, at = np.nonzero(place_m <= farthest_m)
        row, pair = ground.spread(place)
        walked = place_m[place, at][pair]
        near = walked <= limit_m[row]
        found.append(np.stack([row[near], batch[at[pair[near]]], walked[near]]))
    table = np.concatenate(found, axis=1)
    table = table[:, np.lexsort((table[1], table[0]))]
    progress("stage.site_links", 1.0)
    names = used.index.astype("str").take(table[1].astype(np.int64))
    return pd.DataFrame(
        {
            "row": table[0].astype(np.int64),
            "idle_id": pd.Series(names, dtype="str"),
            "distance_m": table[2],
        }
    )


@dataclass(frozen=True, eq=False)
class _Ground:
    """What links are measured on; places are doors, then communities."""

    circle: LifeCircle
    places: Places
    ids: pd.Index
    row: Ints
    start: Ints
    joined: frozenset[str]
    tree: shapely.STRtree
    owner: Ints

    def spread(self, place: Ints) -> tuple[Ints, Ints]:
        """Return the rows of each place, and which place each of them is for."""
        count = self.start[place + 1] - self.start[place]
        pair = np.repeat(np.arange(len(place)), count)
        first = np.repeat(np.cumsum(count) - count, count)
        at = self.start[place][pair] + np.arange(len(pair)) - first
        return self.row[at], pair

    def find_near(self, shapes: Geometries, within_m: float) -> tuple[Places, set[str]]:
        """Return the places near shapes as the crow flies, and whose they are."""
        hit = self.tree.query(shapes, predicate="dwithin", distance=within_m)[1]
        near = np.zeros(len(self.ids) + 1, dtype=np.bool_)
        near[self.owner[hit]] = True
        access = self.places.access
        kept = replace(
            access,
            gate_attached=access.gate_attached & near[access.gate_community],
            door_attached=access.door_attached & near[access.door_community],
        )
        names = {str(name) for name in self.ids[near[:-1]]}
        return replace(self.places, access=kept), names


def _lay_ground(circle: LifeCircle, rows: pd.DataFrame) -> _Ground:
    """Find the gates and doors that the rows are about."""
    network = circle.network
    ids = circle.district.communities.index.sort_values()
    places = place_people(network, ids)
    access = places.access
    doors = network.doors.sort_index()
    doors = doors[doors["households"] > 0]
    community = find_rows(ids, rows["community_id"])
    if (community < 0).any():
        lost = rows["community_id"].iloc[int(np.argmin(community))]
        raise InputError("site_community_unknown", community=lost)
    door = find_rows(doors.index, rows["place"])
    # a door and a community may bear the same name
    own = np.append(access.door_community, -1)[door] == community
    place = np.where(own, door, len(doors) + community)
    size = len(doors) + len(ids)
    node = np.concatenate([places.gate_node, places.door_node])
    owner = np.concatenate([access.gate_community, access.door_community])
    node, owner = node[node >= 0], owner[node >= 0]
    return _Ground(
        circle=circle,
        places=places,
        ids=ids,
        row=np.argsort(place, kind="stable"),
        start=np.append(0, np.cumsum(np.bincount(place, minlength=size))),
        joined=frozenset(rows["community_id"].astype(str)),
        tree=shapely.STRtree(shapely.points(network.x[node], network.y[node])),
        owner=owner,
    )


def _make_batches(resources: gpd.GeoSeries, seeds: pd.DataFrame) -> Iterator[Ints]:
    """Yield positions of resources that are on the network, near ones together."""
    reached = np.flatnonzero(resources.index.isin(seeds["facility_id"]))
    shapes = resources.to_numpy(dtype=object)[reached]
    points = shapely.get_coordinates(shapely.point_on_surface(shapes))
    square = np.floor(points / _SIDE_M)
    order = np.lexsort((square[:, 1], square[:, 0]))
    turns = np.flatnonzero(np.diff(square[order], axis=0).any(axis=1)) + 1
    for part in np.split(reached[order], turns):
        for start in range(0, len(part), _BATCH):
            yield part[start : start + _BATCH]


def _measure_walks(
    ground: _Ground,
    resources: gpd.GeoSeries,
    seeds: pd.DataFrame,
    batch: Ints,
    farthest_m: float,
) -> Floats:
    """Measure the walk from every place to a few resources; (places, resources)."""
    circle, access = ground.circle, ground.places.access
    names = resources.index[batch]
    mine = seeds[seeds["facility_id"].isin(names)]
    mine = mine.assign(run=find_rows(names, mine["facility_id"]))
    own = {
        str(key): _make_seeds(rows)
        for key, rows in mine.groupby("community_id", sort=True)
    }
    reach = measure_reach(
        circle.reach.graph,
        _make_seeds(mine[mine["community_id"].isna()]),
        categories=len(batch),
        cutoff_m=farthest_m + 1.0,
    )
    shapes = resources.to_numpy(dtype=object)[batch]
    places, near = ground.find_near(shapes, farthest_m + _SLACK_M)
    ways = circle.network.resident_edges
    ways = ways[ways["community_id"].isin(near & ground.joined)]
    around = replace(circle.network, resident_edges=ways)
    private = set(find_private(around, own)) & near & ground.joined
    readings = read_runs(reach, around, places, ground.ids, own, joined=sorted(private))
    least, _ = find_least(readings.gate_m, access.gate_community, access.communities)
    return np.concatenate([readings.door_m, least])


def _make_seeds(rows: pd.DataFrame) -> Seeds:
    run = rows["run"].to_numpy(dtype=np.int64)
    return Seeds(
        category=run,
        node=rows["node"].to_numpy(dtype=np.int64),
        distance_m=rows["distance_m"].to_numpy(dtype=np.float64),
        label=run,
    )
