"""The walls of a district, and which new gates can be followed step by step.

Where a new gate would change more than the walks through it (doors that reach it in
a straight line, a gate shared with a neighbour, two new gates on one street edge)
everything is made anew.
"""

from functools import cached_property

import numpy as np
import shapely

from geo.attach import Attacher, make_attacher
from geo.coverage import Bools, Floats, Ints
from geo.extent import find_extent
from geo.gates import SHARED_GATE_M
from geo.ground import lay_ground
from geo.reach import Reach, Seeds, measure_reach
from geo.straight import Geometries
from geo.what_if_kinds import STRIDE, Kind
from geo.what_if_live import Live
from geo.what_if_places import Passage, place_of
from geo.what_if_seeds import AfreshError, attracts


class Walls:
    """What is known of the walls of today, worked out when it is first asked.

    Parameters
    ----------
    live
        What is kept ready.
    """

    def __init__(self, live: Live) -> None:
        self.live = live
        self.rings: dict[int, shapely.Geometry] = {}

    def ring(self, layer_row: int) -> shapely.Geometry:
        """Return the boundary of a community."""
        if layer_row not in self.rings:
            shape = self.live.district.communities.geometry.iloc[layer_row]
            self.rings[layer_row] = shapely.boundary(shape)
        return self.rings[layer_row]

    @cached_property
    def ground(self) -> Attacher:
        """Return the search on the streets before anything was attached to them."""
        live = self.live
        ground = lay_ground(live.district, live.rules, live.settings)
        return make_attacher(ground.edges, ground.obstacles)

    @cached_property
    def doors(self) -> tuple[Geometries, Ints, Floats]:
        """Return the places of the doors, their walls and their connectors."""
        doors = self.live.network.doors
        shapes = self.live.district.buildings.geometry.loc[doors.index]
        points = shapely.point_on_surface(shapes.to_numpy(dtype=object))
        far = doors["connector_m"].to_numpy(dtype=np.float64)
        return points, self._find_side(points), np.nan_to_num(far, nan=np.inf)

    @cached_property
    def inner_node(self) -> Ints:
        """Return, for each node, the community on whose inner street it is, or -1."""
        network = self.live.network
        found = np.full(len(network.x), -1, dtype=np.int64)
        inner = (network.inside >= 0) & (network.street >= 0)
        for ends in (network.u, network.v):
            found[ends[inner]] = network.inside[inner]
        return found

    @cached_property
    def straight(self) -> Bools:
        """Return which communities hold what reaches their gates in a straight line.

        Or what reaches nothing today and might reach a new gate; in the order of
        the communities layer.
        """
        live = self.live
        network = live.network
        _, side, _ = self.doors
        node = network.doors["node"].to_numpy(dtype=np.int64)
        odd = (node < 0) | (self.inner_node[node] != side)
        found = np.zeros(len(live.district.communities), dtype=np.bool_)
        found[side[odd & (side >= 0)]] = True
        rows = live.district.facilities
        shapes = rows.geometry.to_numpy(dtype=object)
        side = self._find_side(shapes)
        state = network.attached.reindex(rows.index).to_numpy(dtype=object)
        seeds = network.facility_seeds
        at = rows.index.get_indexer(seeds["facility_id"])
        off = self.inner_node[seeds["node"].to_numpy(dtype=np.int64)] != side[at]
        odd = state == "too_far"
        odd[at[off]] = True
        found[side[odd & (side >= 0)]] = True
        return found

    def _find_side(self, shapes: Geometries) -> Ints:
        points = shapely.point_on_surface(shapes)
        return self.live.network.seeder.attacher.obstacles.walled.find_side(points)

    @cached_property
    def shared(self) -> tuple[shapely.STRtree, Ints]:
        """Return the gates of walled communities as supplied, and whose they are."""
        live = self.live
        gates, communities = live.district.gates, live.district.communities
        owner = communities.index.get_indexer(gates["community_id"])
        walled = (owner >= 0) & live.network.walled[owner]
        shapes = gates.geometry.to_numpy(dtype=object)[walled]
        return shapely.STRtree(shapes), owner[walled].astype(np.int64)

    @cached_property
    def edge(self) -> Reach:
        """Return the distances to where the network leaves the data."""
        live = self.live
        network = live.network
        exits = [network.exits, network.exits_of("facilities")]
        node = np.concatenate([one["node"].to_numpy(dtype=np.int64) for one in exits])
        far = np.concatenate(
            [one["offset_m"].to_numpy(dtype=np.float64) for one in exits]
        )
        nothing = np.zeros(len(node), dtype=np.int64)
        return measure_reach(
            live.reaches[0].graph,
            Seeds(nothing, node, far, nothing),
            categories=1,
            cutoff_m=live.searched_m,
        )

    @cached_property
    def areas(self) -> list[shapely.Geometry]:
        """Return the surveyed areas that count for facilities."""
        live = self.live
        return [live.network.extent_m, find_extent(live.district.extent, "facilities")]

    def outside(self, points: Geometries) -> Bools:
        """Return which points are outside a surveyed area."""
        found = [~shapely.intersects(area, points) for area in self.areas]
        return np.asarray(np.any(found, axis=0))


def check_gate(live: Live, walls: Walls, gate: Passage) -> None:
    """Refuse a gate that changes more than the walks through it.

    Parameters
    ----------
    live
        What is kept ready.
    walls
        What is known of the walls.
    gate
        The gate.

    Raises
    ------
    AfreshError
        If all has to be made anew.
    """
    bare = not (live.network.inside == gate.layer_row).any()
    if bare or walls.straight[gate.layer_row]:
        raise AfreshError
    _check_shared(live, walls, gate.given, gate.layer_row)
    _check_edges(live, gate)
    _check_inside(live, walls, gate)
    _check_feet(live, walls, gate)


def _check_shared(
    live: Live, walls: Walls, given: shapely.Geometry, layer_row: int
) -> None:
    tree, owner = walls.shared
    near = tree.query(given, predicate="dwithin", distance=SHARED_GATE_M)
    others = [
        gate
        for gate in live.opened
        if gate.layer_row != layer_row
        and shapely.dwithin(gate.given, given, SHARED_GATE_M)
    ]
    if (owner[near] != layer_row).any() or others:
        raise AfreshError


def _check_edges(live: Live, gate: Passage) -> None:
    """Refuse a second new gate on one edge, and one where the data ends."""
    taken = {
        foot.edge for one in live.opened for foot in (one.outer, one.inner) if foot
    }
    if any(foot and foot.edge in taken for foot in (gate.outer, gate.inner)):
        raise AfreshError
    exits = [live.network.exits, live.network.exits_of("facilities")]
    node = np.concatenate([one["node"].to_numpy() for one in exits])
    network = live.network
    for foot in (gate.outer, gate.inner):
        if foot and {network.u[foot.edge], network.v[foot.edge]} <= set(node.tolist()):
            raise AfreshError


def _check_inside(live: Live, walls: Walls, gate: Passage) -> None:
    """Refuse a gate that facilities of other steps would reach in a straight line."""
    for kind in live.kinds:
        new = np.flatnonzero(kind.label % STRIDE)
        for row in new.tolist():
            mine = kind.seed_label == kind.label[row]
            node = kind.seed_node[mine]
            point = np.array([shapely.point_on_surface(kind.shapes[row])], dtype=object)
            side = live.network.seeder.attacher.obstacles.walled.find_side(point)[0]
            if side == gate.layer_row and (
                not len(node) or (walls.inner_node[node] != side).any()
            ):
                raise AfreshError


def _check_feet(live: Live, walls: Walls, gate: Passage) -> None:
    """Refuse a gate whose place on a street would draw other things to itself.

    An edge is split there, and what could not attach to its nearest place (behind a
    fence) may attach to the new end.
    """
    for foot, side in ((gate.outer, None), (gate.inner, gate.layer_row)):
        if foot is None:
            continue
        wall = int(live.network.inside[foot.edge]) if side is None else side
        place = place_of(live.network, foot)
        points, sides, far = walls.doors
        if attracts(live, place, wall, points, sides, far):
            raise AfreshError
        for kind in live.kinds:
            points, sides, far = _list_connectors(live, kind, foot.edge, place)
            if attracts(live, place, wall, points, sides, far):
                raise AfreshError


def _list_connectors(
    live: Live, kind: Kind, edge: int, place: shapely.Geometry
) -> tuple[Geometries, Ints, Floats]:
    """Return the facilities near a place, their walls, and their connectors."""
    network, max_m = live.network, live.network.seeder.max_m
    near = np.flatnonzero(shapely.dwithin(kind.shapes, place, max_m))
    far = np.full(len(near), np.inf)
    if not len(near):
        return kind.shapes[near], near, far
    ends = {int(network.u[edge]), int(network.v[edge])}
    for at, row in enumerate(near.tolist()):
        mine = kind.seed_label == kind.label[row]
        node, metres = kind.seed_node[mine], kind.seed_m[mine]
        if len(node) == len(ends):
            x, y = network.x[node], network.y[node]
            length = float(np.hypot(x[1] - x[0], y[1] - y[0]))
            far[at] = max(0.0, (metres.sum() - length) / 2)
        elif len(node):
            far[at] = metres.min()
        if set(node.tolist()) == ends:
            far[at] = 0.0
    shapes = kind.shapes[near]
    walled = network.seeder.attacher.obstacles.walled
    return shapes, walled.find_side(shapely.point_on_surface(shapes)), far
