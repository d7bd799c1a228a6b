"""Where a dropped facility, or a new gate, meets the network of today.

The searches are those of :mod:`geo.attach`, as `build_network` uses them; only the
splitting of the edges is left out: what attaches within an edge is known by the
ways to both its ends.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from geo.attach import OWN_WALL_M, Attachments
from geo.coverage import Bools, Floats, Ints
from geo.edges import SAME_PLACE_M
from geo.network import WalkNetwork
from geo.seeds import Seeder

_AREA = 2


@dataclass(frozen=True, eq=False)
class Footing:
    """Where something meets one edge.

    Attributes
    ----------
    edge
        The edge.
    at_m
        Metres from its first end.
    far_m
        Length of the connector.
    """

    edge: int
    at_m: float
    far_m: float


@dataclass(frozen=True, eq=False)
class Ways:
    """Nodes and the ways to them."""

    node: Ints
    distance_m: Floats


@dataclass(frozen=True, eq=False)
class Passage:
    """A new gate on the network.

    Attributes
    ----------
    id
        Its step.
    community, layer_row
        Its community: row position among the sorted ids, and in the layer.
    row
        Row of the gate among the gates.
    point, given
        Its place on the boundary, and as it was given.
    open
        Whether everyone may pass.
    outer, inner
        Where it meets the streets and the paths behind the wall; None: nowhere.
    """

    id: str
    community: int
    layer_row: int
    row: int
    point: Any
    given: Any
    open: bool
    outer: Footing | None
    inner: Footing | None

    @property
    def through(self) -> bool:
        """Return whether it leads from a street to a path inside."""
        return self.outer is not None and self.inner is not None

    def arms(self, network: WalkNetwork) -> Ways:
        """Return the ways from the gate to all nodes beside it.

        Parameters
        ----------
        network
            The walk network.

        Returns
        -------
        Ways
            Up to four nodes; none if it leads to no street.
        """
        if self.outer is None:
            return Ways(np.empty(0, np.int64), np.empty(0))
        parts = [ways_of(network, one) for one in (self.outer, self.inner) if one]
        return Ways(
            np.concatenate([part.node for part in parts]),
            np.concatenate([part.distance_m for part in parts]),
        )

    def link(self, network: WalkNetwork) -> tuple[Ints, Ints, Floats]:
        """Return the connections through the gate.

        Parameters
        ----------
        network
            The walk network.

        Returns
        -------
        tuple
            End nodes and lengths; none if it leads nowhere on one side.
        """
        if self.outer is None or self.inner is None:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
        out, into = ways_of(network, self.outer), ways_of(network, self.inner)
        u, v = np.repeat(out.node, len(into.node)), np.tile(into.node, len(out.node))
        length = (out.distance_m[:, None] + into.distance_m[None, :]).ravel()
        return u, v, np.maximum(length, SAME_PLACE_M)


def ways_of(network: WalkNetwork, foot: Footing) -> Ways:
    """Return the ways to both ends of the edge.

    Parameters
    ----------
    network
        The walk network.
    foot
        Where something meets an edge.

    Returns
    -------
    Ways
        Two nodes.
    """
    ends = np.array([network.u[foot.edge], network.v[foot.edge]], dtype=np.int64)
    along = np.array([foot.at_m, _length(network, foot.edge) - foot.at_m])
    return Ways(ends, foot.far_m + along)


def _length(network: WalkNetwork, edge: int) -> float:
    u, v = network.u[edge], network.v[edge]
    x, y = network.x, network.y
    return float(np.hypot(x[v] - x[u], y[v] - y[u]))


def apart_m(one: Footing, other: Footing) -> float:
    """Return the way from one place to another along the edge that both meet.

    Parameters
    ----------
    one, other
        Footings on one edge.

    Returns
    -------
    float
        Metres, both connectors included.
    """
    return one.far_m + abs(one.at_m - other.at_m) + other.far_m


@dataclass(frozen=True, eq=False)
class Spot:
    """A facility on the network.

    Attributes
    ----------
    community, side
        Row positions, in the communities layer, of the community around it and of
        the wall that it is behind; -1: none.
    feet
        Where it meets edges.
    node, distance_m
        Its seeds.
    shut
        Whether only those who live behind the wall use each seed.
    gates
        New gates that it reaches in a straight line (it meets no edge): the gate,
        and how far it is.
    """

    community: int
    side: int
    feet: tuple[Footing, ...]
    node: Ints
    distance_m: Floats
    shut: Bools
    gates: tuple[tuple[Passage, float], ...] = ()


def find_spot(
    network: WalkNetwork, shape: Any, opened: tuple[Passage, ...] = ()
) -> Spot:
    """Find where a facility meets the network, as `attach_points` does.

    Parameters
    ----------
    network
        The walk network.
    shape
        Point or polygon in its CRS.
    opened
        Gates that were opened since.

    Returns
    -------
    Spot
        Its seeds.
    """
    seeder = network.seeder
    shapes = np.array([shape], dtype=object)
    around, side = seeder.find_places(shapely.point_on_surface(shapes))
    feet = _find_feet(seeder, shapes, side)
    if feet or side[0] < 0:
        node, distance_m = _least([ways_of(network, foot) for foot in feet])
        shut = np.zeros(len(node), dtype=np.bool_)
        return Spot(int(around[0]), int(side[0]), feet, node, distance_m, shut)
    straight = seeder.find_straight(shapes, side)
    table = straight.sort_values(["node", "distance_m"]).drop_duplicates("node")
    found = _reach_gates(seeder, shape, int(side[0]), opened)
    ways = [gate.arms(network) for gate, _ in found]
    far = [arms.distance_m + far for arms, (_, far) in zip(ways, found, strict=True)]
    shut = [
        np.full(len(a.node), not g.open) for a, (g, _) in zip(ways, found, strict=True)
    ]
    return Spot(
        community=int(around[0]),
        side=int(side[0]),
        feet=(),
        node=np.concatenate(
            [table["node"].to_numpy(np.int64), *(a.node for a in ways)]
        ),
        distance_m=np.concatenate([table["distance_m"].to_numpy(np.float64), *far]),
        shut=np.concatenate([~table["open"].to_numpy(np.bool_), *shut]),
        gates=tuple(found),
    )


def _find_feet(seeder: Seeder, shapes: Any, side: Ints) -> tuple[Footing, ...]:
    if shapely.get_dimensions(shapes[0]) == _AREA:
        _, edge, at = seeder.attacher.meet(shapes, side)
        if len(edge):
            pairs = zip(edge.tolist(), at.tolist(), strict=True)
            return tuple(Footing(one, where, 0.0) for one, where in pairs)
    near = seeder.attacher.attach(shapes, side, max_m=seeder.max_m)
    foot = _as_foot(near)
    return (foot,) if foot else ()


def _as_foot(near: Attachments) -> Footing | None:
    if near.edge[0] < 0:
        return None
    return Footing(int(near.edge[0]), float(near.at_m[0]), float(near.connector_m[0]))


def _least(ways: list[Ways]) -> tuple[Ints, Floats]:
    """Return each node once, with the least distance."""
    found: dict[int, float] = {}
    for one in ways:
        for node, far in zip(one.node.tolist(), one.distance_m.tolist(), strict=True):
            found[node] = min(far, found.get(node, np.inf))
    nodes = sorted(found)
    return np.array(nodes, np.int64), np.array([found[n] for n in nodes], np.float64)


def _reach_gates(
    seeder: Seeder, shape: Any, side: int, opened: tuple[Passage, ...]
) -> list[tuple[Passage, float]]:
    """Return the new gates of the same wall that a straight line reaches."""
    found = []
    for gate in opened:
        if gate.layer_row != side or gate.outer is None:
            continue
        line = shapely.shortest_line(gate.point, shape)
        ends = shapely.get_coordinates(line).reshape(1, 2, 2)
        crossed = seeder.attacher.obstacles.crosses(
            ends[:, 0], ends[:, 1], own_m=OWN_WALL_M
        )
        if not crossed[0]:
            found.append((gate, float(shapely.length(line))))
    return found


def find_outer(network: WalkNetwork, point: Any) -> Footing | None:
    """Find the street that a new gate attaches to.

    Parameters
    ----------
    network
        The walk network.
    point
        Its place on the boundary.

    Returns
    -------
    Footing or None
        None if there is none within the greatest distance.
    """
    seeder, points = network.seeder, np.array([point], dtype=object)
    side = seeder.attacher.obstacles.walled.find_side(points)
    near = seeder.attacher.attach(points, side, max_m=seeder.max_m, own_m=OWN_WALL_M)
    foot = _as_foot(near)
    if foot is None or foot.far_m >= SAME_PLACE_M:
        return foot
    return Footing(foot.edge, foot.at_m, 0.0)


def find_inner(network: WalkNetwork, point: Any, layer_row: int) -> Footing | None:
    """Find the path behind the wall that a new gate attaches to.

    Parameters
    ----------
    network
        The walk network.
    point
        Its place on the boundary.
    layer_row
        Row position, in the communities layer, of its walled community.

    Returns
    -------
    Footing or None
        None if no inner path can be reached in a straight line.
    """
    seeder, points = network.seeder, np.array([point], dtype=object)
    side = np.array([layer_row], dtype=np.int64)
    for limit in (seeder.max_m, None):
        near = seeder.attacher.attach(points, side, max_m=limit, own_m=OWN_WALL_M)
        foot = _as_foot(near)
        if foot is not None:
            return Footing(foot.edge, foot.at_m, max(foot.far_m, SAME_PLACE_M))
    return None
