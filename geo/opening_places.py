"""Where a wall could be opened: places along it, and what they would lead to.

A place is tried every `step_m` along the walls of communities whose gates are known,
where a path inside, or a street outside, ends at the wall, and opposite facilities that
stand before it. It is kept if a street
(or a path of a community without walls) attaches to it from outside within `reach_m`,
and a path inside within `attach_max_m`, if there are any: people cross their own yards.
Or if a walled neighbour stands right behind the wall: then each of the two gets a row
of the gates layer, at one place.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.attach import OWN_WALL_M, Attacher, Attachments
from geo.district import District
from geo.edges import Bools, Edges, Floats, Geometries, Ints, make_points
from geo.gates import SHARED_GATE_M
from geo.ground import Ground
from geo.settings import OpeningSettings, Settings
from geo.walls import find_derived

#: What an opening leads along to.
STREET, COMMUNITY, PATH_END = "street", "community", "path_end"

#: Places this near to each other (metres) count as one.
_ONE_PLACE_M = 0.01

Integers = npt.NDArray[np.integer[Any]]

_COLUMNS = ("community", "x", "y", "path_end")


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """The places where an opening is possible.

    Attributes
    ----------
    table
        One row per place, index 0 ...: `community` and `other` (row positions in the
        communities layer; `other` -1: none), `shared` (the other gets a row of the
        gates layer, too), `along`, `x`, `y` (the place as it goes into the gates
        layer, metres), `street` (row position in the streets layer; -1: none).
    places
        How many places were looked at.
    moving
        Places left out because a gate there would move the line between streets
        along the wall and paths inside.
    gateless
        Row positions of walled communities whose gates nobody supplied.
    """

    table: pd.DataFrame
    places: int
    moving: int
    gateless: Ints

    def rows(self) -> pd.DataFrame:
        """Return the rows that the gates layer would get.

        Returns
        -------
        pandas.DataFrame
            `place` (index in `table`), `community`, `x`, `y`; two rows for a place
            between two walled communities, the first one's first.
        """
        first = self.table[["community", "x", "y"]].assign(place=self.table.index)
        shared = self.table[self.table["shared"]]
        second = shared[["other", "x", "y"]].assign(place=shared.index)
        second = second.rename(columns={"other": "community"})
        both = pd.concat((first, second)).sort_values("place", kind="stable")
        return both.astype({"community": np.int64, "place": np.int64}).reset_index(
            drop=True
        )


def find_places(
    district: District,
    ground: Ground,
    attacher: Attacher,
    settings: Settings,
    openings: OpeningSettings,
) -> Tried:
    """Find the places where walls could be opened.

    Parameters
    ----------
    district
        Checked layers in a metric working CRS.
    ground
        Its streets and walls, before gates are connected.
    attacher
        Search for nearest edges of the ground.
    settings
        `attach_max_m` and `boundary_tolerance_m`.
    openings
        `step_m`, `reach_m` and `apart_m`.

    Returns
    -------
    Tried
        The places, by community.
    """
    derived = find_derived(district.gates)
    supplied = district.gates.loc[~derived, "community_id"]
    gated = np.asarray(district.communities.index.isin(supplied), dtype=np.bool_)
    known = np.flatnonzero(ground.is_walled & gated).astype(np.int64)
    rings = shapely.boundary(district.communities.geometry.to_numpy(dtype=object))
    ends = _list_ends(ground.edges, rings, known, openings.reach_m)
    facing = _list_facing(district.facilities, rings, known, openings.reach_m)
    along = _list_along(rings, known, openings.step_m)
    spots = pd.concat((ends, facing, along), ignore_index=True)[list(_COLUMNS)]
    looked_at = len(spots)
    spots = _drop_near_gates(spots, ground.gates, openings.apart_m)
    spots["rank"] = np.arange(len(spots))
    search = _Search(district, ground, attacher, rings, settings, openings)
    spots = spots[search.has_inside(spots)].reset_index(drop=True)
    outer = search.attach_outside(spots)
    streets = search.find_streets(spots, outer)
    between = search.find_neighbours(spots[outer.edge < 0], known)
    table = pd.concat((streets, between), ignore_index=True)
    table = _thin_out(table.sort_values("rank"), openings.step_m / 2)
    moving = _find_moving(table, ground, settings.boundary_tolerance_m)
    table = _drop_near_others(table[~moving].reset_index(drop=True), ground.gates)
    leads = np.where(table["other"] >= 0, COMMUNITY, STREET).astype(object)
    leads[(table["path_end"] & (table["other"] < 0)).to_numpy(dtype=bool)] = PATH_END
    return Tried(
        table=table.assign(along=leads).drop(columns=["path_end", "rank"]),
        places=looked_at,
        moving=int(moving.sum()),
        gateless=np.flatnonzero(ground.is_walled & ~gated).astype(np.int64),
    )


def _list_along(rings: Geometries, known: Ints, step_m: float) -> pd.DataFrame:
    """List places every few metres along the walls."""
    ring, row = shapely.get_parts(rings[known], return_index=True)
    length = shapely.length(ring)
    count = np.maximum(np.ceil(length / step_m), 1).astype(np.int64)
    which = np.repeat(np.arange(len(ring)), count)
    number = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    at = (number + 0.5) * length[which] / count[which]
    places = shapely.line_interpolate_point(ring[which], at)
    return _table_spots(known[row[which]], places, path_end=False)


def _list_facing(
    facilities: pd.DataFrame, rings: Geometries, known: Ints, reach_m: float
) -> pd.DataFrame:
    """List the places of walls that open facilities stand before."""
    live = facilities[(facilities["status"].fillna("open") == "open").to_numpy()]
    live = live.sort_index()
    shapes = shapely.point_on_surface(live["geometry"].to_numpy(dtype=object))
    tree = shapely.STRtree(rings[known])
    one, which = tree.query(shapes, predicate="dwithin", distance=reach_m)
    owner = known[which]
    ways = shapely.shortest_line(rings[owner], shapes[one])
    return _table_spots(owner, shapely.get_point(ways, 0), path_end=False)


def _table_spots(
    community: Ints, places: Geometries, *, path_end: bool
) -> pd.DataFrame:
    xy = shapely.get_coordinates(places)
    return pd.DataFrame(
        {"community": community, "x": xy[:, 0], "y": xy[:, 1], "path_end": path_end}
    )


def _list_ends(
    edges: Edges, rings: Geometries, known: Ints, reach_m: float
) -> pd.DataFrame:
    """List the places of walls nearest to where paths inside and streets end."""
    node = np.flatnonzero(edges.degree() == 1)
    ends = make_points(np.column_stack((edges.x[node], edges.y[node])))
    inside = np.full(len(edges.x), -1, dtype=np.int64)
    for end in (edges.u, edges.v):
        inside[end] = edges.inside
    tree = shapely.STRtree(rings[known])
    end, which = tree.query(ends, predicate="dwithin", distance=reach_m)
    owner = known[which]
    # of one's own paths and of streets, not of those behind the wall of another
    met = (inside[node[end]] == owner) | (inside[node[end]] < 0)
    end, owner = end[met], owner[met]
    lines = shapely.shortest_line(rings[owner], ends[end])
    table = _table_spots(owner, shapely.get_point(lines, 0), path_end=True)
    # paths inside first, in an order of their own
    table["public"] = inside[node[end]] < 0
    return table.sort_values(["public", "community", "x", "y"], kind="stable")


def _drop_near_gates(
    spots: pd.DataFrame, gates: pd.DataFrame, apart_m: float
) -> pd.DataFrame:
    """Leave out the places near a gate of the same community."""
    points = make_points(spots[["x", "y"]].to_numpy())
    there = shapely.STRtree(make_points(gates[["x", "y"]].to_numpy()))
    spot, gate = there.query(
        points, predicate="dwithin", distance=max(apart_m, SHARED_GATE_M + _ONE_PLACE_M)
    )
    owner = spots["community"].to_numpy()
    same = owner[spot] == gates["community"].to_numpy()[gate]
    near = np.zeros(len(spots), dtype=bool)
    near[spot[same]] = True
    return spots[~near].reset_index(drop=True)


def _thin_out(table: pd.DataFrame, least_m: float) -> pd.DataFrame:
    """Keep the first of places of the same communities that are near each other."""
    low = table[["community", "other"]].min(axis=1).where(table["shared"])
    high = table[["community", "other"]].max(axis=1).where(table["shared"])
    whose = pd.DataFrame(
        {
            "shared": table["shared"],
            "a": low.fillna(table["community"]),
            "b": high.fillna(-1),
        }
    )
    group = whose.groupby(["shared", "a", "b"]).ngroup().to_numpy(dtype=np.int64)
    kept: pd.DataFrame = table[~_find_later(table, group, least_m)]
    return kept.sort_values(["community", "rank"], ignore_index=True)


def _find_later(table: pd.DataFrame, group: Integers, within_m: float) -> Bools:
    """Find the places near an earlier one of their group that is kept."""
    points = make_points(table[["x", "y"]].to_numpy())
    tree = shapely.STRtree(points)
    one, two = tree.query(points, predicate="dwithin", distance=within_m)
    kept = (one < two) & (group[one] == group[two])
    pairs = np.stack([one[kept], two[kept]], axis=1)
    gone = np.zeros(len(table), dtype=bool)
    for first, second in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
        gone[second] |= not gone[first]
    return gone


def _drop_near_others(table: pd.DataFrame, gates: pd.DataFrame) -> pd.DataFrame:
    """Leave out places where they, or gates of others, would become one gate."""
    points = make_points(table[["x", "y"]].to_numpy())
    within = SHARED_GATE_M + _ONE_PLACE_M
    given = gates[["given_x", "given_y"]].fillna(
        gates[["x", "y"]].rename(columns={"x": "given_x", "y": "given_y"})
    )
    near = np.zeros(len(table), dtype=bool)
    for places in (given, gates[["x", "y"]]):
        tree = shapely.STRtree(make_points(places.to_numpy(dtype=np.float64)))
        spot, _ = tree.query(points, predicate="dwithin", distance=within)
        near[spot] = True
    table = table[~near].reset_index(drop=True)
    one = np.zeros(len(table), dtype=np.int64)
    kept: pd.DataFrame = table[~_find_later(table, one, within)]
    return kept.reset_index(drop=True)


def _find_moving(table: pd.DataFrame, ground: Ground, tolerance_m: float) -> Bools:
    """Find the places whose gate would change which edges run along the wall.

    A crossing within the tolerance of a gate is the gate's own (definition 9 of
    :mod:`geo.network`), and edges run along the wall from crossing to crossing.
    """
    edges, walled = ground.edges, ground.obstacles.walled
    beside = np.flatnonzero(edges.along >= 0)
    edge, which = np.nonzero(edges.beside[edges.along[beside]])
    node = np.concatenate((edges.u[beside[edge]], edges.v[beside[edge]]))
    owner = np.tile(walled.community[which], 2)
    tree = shapely.STRtree(make_points(np.column_stack((edges.x[node], edges.y[node]))))
    points = make_points(table[["x", "y"]].to_numpy())
    # the gate is moved onto the wall, by no more than half the gap of two walls
    spot, end = tree.query(points, predicate="dwithin", distance=2 * tolerance_m)
    whose = table[["community", "other"]].to_numpy(dtype=np.int64)[spot]
    moving = np.zeros(len(table), dtype=bool)
    moving[spot[(whose == owner[end][:, None]).any(axis=1)]] = True
    return moving


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """What places along walls would lead to."""

    district: District
    ground: Ground
    attacher: Attacher
    rings: Geometries
    settings: Settings
    openings: OpeningSettings

    def find_streets(self, spots: pd.DataFrame, outer: Attachments) -> pd.DataFrame:
        """Keep the places that lead to a street, or to an open neighbour's."""
        rows = np.flatnonzero(outer.connector_m <= self.openings.reach_m)
        edge, at = outer.edge[rows], outer.at_m[rows]
        foot = make_points(_find_feet(self.attacher.edges, edge, at))
        home = self._find_home(foot)
        table = spots.iloc[rows].reset_index(drop=True)
        own = table["community"].to_numpy()
        return table.assign(
            other=np.where(home == own, -1, home),
            shared=False,
            street=self.attacher.edges.street[edge],
        )

    def find_neighbours(self, spots: pd.DataFrame, known: Ints) -> pd.DataFrame:
        """Keep the places that have a walled neighbour right behind the wall."""
        spots = spots.reset_index(drop=True)
        shapes = self.district.communities.geometry.to_numpy(dtype=object)
        points = make_points(spots[["x", "y"]].to_numpy())
        spot, which = shapely.STRtree(shapes[known]).query(
            points, predicate="dwithin", distance=self.settings.boundary_tolerance_m
        )
        other = known[which]
        apart = other != spots["community"].to_numpy()[spot]
        spot, other = spot[apart], other[apart]
        lines = shapely.shortest_line(points[spot], self.rings[other])
        ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
        pairs = spots.iloc[spot].reset_index(drop=True)
        pairs = pairs.assign(other=other, gap_m=shapely.length(lines), spot=spot)
        pairs["x"], pairs["y"] = ends.mean(axis=1).T
        beyond = pd.DataFrame(
            {"community": other, "x": ends[:, 1, 0], "y": ends[:, 1, 1]}
        )
        free = ~self._is_blocked(ends[:, 0], ends[:, 1], pairs)
        free &= (self.attach_outside(beyond).edge < 0) & self.has_inside(beyond)
        pairs = pairs[free].sort_values(["spot", "gap_m", "other"])
        pairs = pairs.drop_duplicates("spot")[[*_COLUMNS, "rank", "other"]]
        found: pd.DataFrame = pairs.assign(shared=True, street=-1)
        return found

    def attach_outside(self, spots: pd.DataFrame) -> Attachments:
        """Attach places to the network outside, as their gates would be."""
        points = make_points(spots[["x", "y"]].to_numpy())
        side = self.ground.obstacles.walled.find_side(points)
        return self.attacher.attach(
            points, side, max_m=self.settings.attach_max_m, own_m=OWN_WALL_M
        )

    def has_inside(self, spots: pd.DataFrame) -> Bools:
        """Say at which places a path inside is near, or none is anywhere inside."""
        points = make_points(spots[["x", "y"]].to_numpy())
        owner = spots["community"].to_numpy(dtype=np.int64)
        inner = self.attacher.attach(
            points, owner, max_m=self.settings.attach_max_m, own_m=OWN_WALL_M
        )
        bare = ~np.isin(owner, self.attacher.edges.inside)
        return np.asarray((inner.edge >= 0) | bare, dtype=np.bool_)

    def _find_home(self, points: Geometries) -> Ints:
        """Return the smallest community that holds each point; -1: none."""
        shapes = self.district.communities.geometry.to_numpy(dtype=object)
        point, which = shapely.STRtree(shapes).query(points, predicate="intersects")
        order = np.argsort(-shapely.area(shapes[which]), kind="stable")
        home = np.full(len(points), -1, dtype=np.int64)
        home[point[order]] = which[order]
        return home

    def _is_blocked(self, start: Floats, stop: Floats, pairs: pd.DataFrame) -> Bools:
        """Say where something stands between two walls besides themselves."""
        blocked = np.zeros(len(start), dtype=bool)
        length = np.hypot(*(stop - start).T)
        wide = np.flatnonzero(length > 2 * OWN_WALL_M)
        share = (OWN_WALL_M / length[wide])[:, None]
        way = share * (stop[wide] - start[wide])
        ends = np.stack((start[wide] + way, stop[wide] - way), axis=1)
        lines = np.asarray(shapely.linestrings(ends), dtype=object)
        obstacles = self.ground.obstacles
        hit, _ = obstacles.barriers.query(lines, predicate="intersects")
        blocked[wide[hit]] = True
        shapes = self.district.communities.geometry.to_numpy(dtype=object)
        line, home = shapely.STRtree(shapes).query(lines, predicate="intersects")
        whose = pairs[["community", "other"]].to_numpy(dtype=np.int64)[wide[line]]
        third = ~(whose == home[:, None]).any(axis=1)
        blocked[wide[line[third]]] = True
        return blocked


def _find_feet(edges: Edges, edge: Ints, at_m: Floats) -> Floats:
    """Return the places on edges; shape (k, 2)."""
    u, v = edges.u[edge], edges.v[edge]
    share = at_m / edges.length_m[edge]
    x = edges.x[u] + share * (edges.x[v] - edges.x[u])
    y = edges.y[u] + share * (edges.y[v] - edges.y[u])
    return np.column_stack((x, y))
