"""Where a dropped facility, or a new gate, meets the network of today.

The searches are those of :mod:`geo.attach`, as `build_network` uses them; only the
splitting of the edges is left out: what attaches within an edge is known by the
ways to both its ends.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from geo.attach import OWN_WALL_M, Attacher
from geo.coverage import Bools, Floats, Ints
from geo.edges import SAME_PLACE_M
from geo.network import WalkNetwork
from geo.seeds import Seeder
from geo.straight import Geometries

_AREA = 2
#: A connector to the end of an edge is tested to this far along it, as in
#: :mod:`geo.attach` (definition 7).
END_M = 0.05
#: How far from the end of an edge it is asked which piece of it this is.
_INWARD_M = 0.02


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
    point: shapely.Geometry
    given: shapely.Geometry
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
    network: WalkNetwork, shape: shapely.Geometry, opened: tuple[Passage, ...] = ()
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
    pairs = zip(ways, found, strict=True)
    barred = [np.full(len(arms.node), not gate.open) for arms, (gate, _) in pairs]
    return Spot(
        community=int(around[0]),
        side=int(side[0]),
        feet=(),
        node=np.concatenate(
            [table["node"].to_numpy(np.int64), *(a.node for a in ways)]
        ),
        distance_m=np.concatenate([table["distance_m"].to_numpy(np.float64), *far]),
        shut=np.concatenate([~table["open"].to_numpy(np.bool_), *barred]),
        gates=tuple(found),
    )


def _find_feet(seeder: Seeder, shapes: Geometries, side: Ints) -> tuple[Footing, ...]:
    if shapely.get_dimensions(shapes[0]) == _AREA:
        _, edge, at = seeder.attacher.meet(shapes, side)
        if len(edge):
            pairs = zip(edge.tolist(), at.tolist(), strict=True)
            return tuple(Footing(one, where, 0.0) for one, where in pairs)
    foot = _attach(seeder.attacher, shapes, int(side[0]), seeder.max_m, SAME_PLACE_M)
    return (foot,) if foot else ()


def _attach(
    attacher: Attacher,
    shapes: Geometries,
    side: int,
    max_m: float | None,
    own_m: float,
) -> Footing | None:
    """Attach one point or polygon, as `Attacher.attach` does many.

    For a point whose nearest edge is free this is ten times as fast.
    """
    if max_m is not None and shapely.get_dimensions(shapes[0]) == 0:
        foot = _try_nearest(attacher, shapes, side, max_m, own_m)
        if foot is not None:
            return foot
    near = attacher.attach(shapes, np.array([side]), max_m=max_m, own_m=own_m)
    if near.edge[0] < 0:
        return None
    return Footing(int(near.edge[0]), float(near.at_m[0]), float(near.connector_m[0]))


def _try_nearest(
    attacher: Attacher, point: Geometries, side: int, max_m: float, own_m: float
) -> Footing | None:
    """Return the nearest edge of a point if it can be reached; None: look further."""
    edges, inner = attacher.edges, side >= 0
    _, index = attacher.trees[int(inner)].query_nearest(point, max_distance=max_m)
    edge = attacher.position(index, inner=inner)
    edge = edge[edges.inside[edge] == side]
    lines = shapely.shortest_line(point[0], edges.lines(edge))
    ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
    start, foot = ends[:, 0], ends[:, 1]
    at, far = attacher.locate(edge, foot), np.hypot(*(foot - start).T)
    u, v = edges.u[edge], edges.v[edge]
    first = np.column_stack((edges.x[u], edges.y[u]))
    along = np.column_stack((edges.x[v], edges.y[v])) - first
    length = np.hypot(*along.T)
    inward = np.minimum(END_M, length / 2)
    share = (np.clip(at, inward, length - inward) / length)[:, None]
    blocked = attacher.obstacles.crosses(
        start,
        first + share * along,
        own_m=own_m,
        along=edges.along[edge],
        beside=edges.beside,
    )
    order = np.lexsort((edge, foot[:, 1], foot[:, 0], far.round(6)))
    free = order[~blocked[order]]
    if not len(free):
        return None
    best = free[0]
    return Footing(int(edge[best]), float(at[best]), float(far[best]))


def _least(ways: list[Ways]) -> tuple[Ints, Floats]:
    """Return each node once, with the least distance."""
    found: dict[int, float] = {}
    for one in ways:
        for node, far in zip(one.node.tolist(), one.distance_m.tolist(), strict=True):
            found[node] = min(far, found.get(node, np.inf))
    nodes = sorted(found)
    return np.array(nodes, np.int64), np.array([found[n] for n in nodes], np.float64)


def _reach_gates(
    seeder: Seeder, shape: shapely.Geometry, side: int, opened: tuple[Passage, ...]
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


def find_outer(
    ground: Attacher, network: WalkNetwork, point: shapely.Geometry
) -> Footing | None:
    """Find the street that a new gate attaches to.

    Parameters
    ----------
    ground
        Search on the streets before anything was attached to them, as gates are
        attached.
    network
        The walk network.
    point
        Its place on the boundary.

    Returns
    -------
    Footing or None
        None if there is none within the greatest distance.
    """
    points = np.array([point], dtype=object)
    side = int(ground.obstacles.walled.find_side(points)[0])
    near = _attach(ground, points, side, network.seeder.max_m, OWN_WALL_M)
    foot = _find_piece(ground, network, near, side)
    if foot is None or foot.far_m >= SAME_PLACE_M:
        return foot
    return Footing(foot.edge, foot.at_m, 0.0)


def find_inner(
    ground: Attacher, network: WalkNetwork, point: shapely.Geometry, layer_row: int
) -> Footing | None:
    """Find the path behind the wall that a new gate attaches to.

    Parameters
    ----------
    ground
        Search on the streets before anything was attached to them.
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
    points = np.array([point], dtype=object)
    for limit in (network.seeder.max_m, None):
        near = _attach(ground, points, layer_row, limit, OWN_WALL_M)
        foot = _find_piece(ground, network, near, layer_row)
        if foot is not None:
            return Footing(foot.edge, foot.at_m, max(foot.far_m, SAME_PLACE_M))
    return None


def _find_piece(
    ground: Attacher, network: WalkNetwork, near: Footing | None, side: int
) -> Footing | None:
    """Find the piece of the network that a place of a street edge lies on."""
    if near is None:
        return None
    edge, at = near.edge, near.at_m
    u, v = ground.edges.u[edge], ground.edges.v[edge]
    ends = np.array([[ground.edges.x[n], ground.edges.y[n]] for n in (u, v)])
    length = float(np.hypot(*(ends[1] - ends[0])))
    # where a street is cut two pieces end at one place: ask a little inwards
    inward = np.clip(
        at, min(_INWARD_M, length / 2), max(length - _INWARD_M, length / 2)
    )
    foot, asked = (ends[0] + a / length * (ends[1] - ends[0]) for a in (at, inward))
    attacher = network.seeder.attacher
    tree = attacher.trees[int(side >= 0)]
    index = tree.query(shapely.Point(asked), predicate="dwithin", distance=SAME_PLACE_M)
    pieces = attacher.position(index, inner=side >= 0)
    same = attacher.edges.street[pieces] == ground.edges.street[edge]
    pieces = pieces[same & (attacher.edges.inside[pieces] == side)]
    far = shapely.distance(attacher.edges.lines(pieces), shapely.Point(asked))
    piece = pieces[np.lexsort((pieces, far.round(6)))[:1]]
    where = attacher.locate(piece, foot[None, :])
    return Footing(int(piece[0]), float(where[0]), near.far_m)


def place_of(network: WalkNetwork, foot: Footing) -> shapely.Point:
    """Return the point at which something meets an edge.

    Parameters
    ----------
    network
        The walk network.
    foot
        Where it meets the edge.

    Returns
    -------
    shapely.Point
        The point.
    """
    u, v = network.u[foot.edge], network.v[foot.edge]
    share = foot.at_m / max(_length(network, foot.edge), SAME_PLACE_M)
    x = network.x[u] + share * (network.x[v] - network.x[u])
    return shapely.Point(x, network.y[u] + share * (network.y[v] - network.y[u]))
