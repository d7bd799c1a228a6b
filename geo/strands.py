"""Edges of the walk network against the separators: along, across, or meeting."""

from dataclasses import dataclass

import numpy as np
import shapely

from geo.edges import SAME_PLACE_M, Bools, Floats, Geometries, Ints, make_lines
from geo.network import WalkNetwork
from geo.separators import Separators

#: Places nearer than this are one place.
_NEAR_M = 2 * SAME_PLACE_M
#: An edge runs along the bank, not through the water, if it is no deeper in (m).
_BANK_M = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Strands:
    """Edges of the walk network, split where a vertex of a separator lies on them.

    Attributes
    ----------
    x, y
        Nodes: those of the network, then the new ones.
    u, v, length_m
        Edges.
    own
        Position of the segment that an edge is part of; -1: of none.
    """

    x: Floats
    y: Floats
    u: Ints
    v: Ints
    length_m: Floats
    own: Ints

    def ends(self) -> tuple[Floats, Floats]:
        """Return the places (m x 2) where the edges begin and end."""
        xy = np.stack((self.x, self.y), axis=1)
        return xy[self.u], xy[self.v]

    def lines(self) -> Geometries:
        """Return the edges as lines."""
        p, q = self.ends()
        return make_lines(*p.T, *q.T)


@dataclass(frozen=True, slots=True, eq=False)
class Meeting:
    """How edges meet separators.

    Attributes
    ----------
    cut
        Edges that a separator crosses, or that enter an area.
    along
        Edges that run on a separator.
    node, angle
        Directions (radians) in which separators leave nodes, in no order; those of
        the edges that run on one are not among them.
    """

    cut: Bools
    along: Bools
    node: Ints
    angle: Floats


def meet_separators(
    network: WalkNetwork, separators: Separators
) -> tuple[Strands, Meeting]:
    """Compare the edges of the walk network with the separators.

    Parameters
    ----------
    network
        The walk network.
    separators
        The separators of the same district.

    Returns
    -------
    Strands
        The edges, split where a vertex of a separator lies on them.
    Meeting
        How these edges meet the separators.
    """
    along = np.isin(network.street, separators.street[separators.street >= 0])
    own = np.full(len(along), -1, dtype=np.int64)
    own[along] = np.arange(int(along.sum()))
    u, v = network.u.astype(np.int64), network.v.astype(np.int64)
    strands = Strands(network.x, network.y, u, v, network.length_m, own)
    p, q = strands.ends()
    segment = np.concatenate(
        (np.stack((p[along], q[along]), axis=1), _others(network, separators))
    )
    tree = shapely.STRtree(make_lines(*segment[:, 0].T, *segment[:, 1].T))
    strands = _split(strands, segment, tree)
    return strands, _meet(strands, segment, tree, separators)


def _others(network: WalkNetwork, separators: Separators) -> Floats:
    """Return the segments of line separators that are no edges of the network."""
    walked = np.isin(separators.street, network.street[network.street >= 0])
    lines = separators.shapes[~walked & ~separators.is_area]
    xy, line = shapely.get_coordinates(lines, return_index=True)
    step = np.flatnonzero(line[1:] == line[:-1])
    return np.stack((xy[step], xy[step + 1]), axis=1)


def _find_near(strands: Strands, tree: shapely.STRtree) -> tuple[Ints, Ints]:
    """Return the pairs of edges and segments, not its own, that meet."""
    edge, found = tree.query(strands.lines(), predicate="dwithin", distance=_NEAR_M)
    kept = strands.own[edge] != found
    return edge[kept], found[kept]


def _split(strands: Strands, segment: Floats, tree: shapely.STRtree) -> Strands:
    """Split edges where a segment ends on them."""
    edge, found = _find_near(strands, tree)
    edge, places = np.repeat(edge, 2), segment[found].reshape(-1, 2)
    start, stop = strands.ends()
    p, q = start[edge], stop[edge]
    at, length = _reach(places, p, q), np.hypot(*(q - p).T)
    inner = (_apart(places, p, q) <= _NEAR_M) & (at > _NEAR_M)
    inner &= at < length - _NEAR_M
    order = np.lexsort((at[inner], edge[inner]))
    edge, at = edge[inner][order], at[inner][order]
    fresh = np.ones(len(edge), dtype=bool)
    fresh[1:] = (np.diff(edge) > 0) | (np.diff(at) > _NEAR_M)
    edge, at = edge[fresh], at[fresh]
    share = at / np.hypot(*(stop[edge] - start[edge]).T)
    xy = start[edge] + share[:, None] * (stop[edge] - start[edge])
    node = len(strands.x) + np.arange(len(edge))
    # the places of each edge in order: its start, the new ones, its end
    every = np.arange(len(strands.u))
    owner = np.concatenate((every, edge, every))
    chain = np.concatenate((strands.u, node, strands.v))
    shares = np.concatenate((np.zeros(len(every)), share, np.ones(len(every))))
    order = np.lexsort((shares, owner))
    owner, chain, shares = owner[order], chain[order], shares[order]
    step = np.flatnonzero(owner[1:] == owner[:-1])
    parent = owner[step]
    return Strands(
        np.concatenate((strands.x, xy[:, 0])),
        np.concatenate((strands.y, xy[:, 1])),
        chain[step],
        chain[step + 1],
        strands.length_m[parent] * (shares[step + 1] - shares[step]),
        strands.own[parent],
    )


def _meet(
    strands: Strands, segment: Floats, tree: shapely.STRtree, separators: Separators
) -> Meeting:
    edge, found = _find_near(strands, tree)
    start, stop = strands.ends()
    p, q, a, b = start[edge], stop[edge], segment[found, 0], segment[found, 1]
    p_on, q_on = _apart(p, a, b) <= _NEAR_M, _apart(q, a, b) <= _NEAR_M
    flush = (_beside(p, a, b) <= _NEAR_M) & (_beside(q, a, b) <= _NEAR_M)
    flush &= _overlap(p, q, a, b) > _NEAR_M
    count = len(strands.u)
    cut = _mark(edge[~flush & ~p_on & ~q_on], count)
    node = np.concatenate((strands.u[edge[p_on]], strands.v[edge[q_on]]))
    here = np.concatenate((p[p_on], q[q_on]))
    ends = np.concatenate((segment[found[p_on]], segment[found[q_on]]))
    away = ends - here[:, None, :]
    far = np.hypot(away[..., 0], away[..., 1]) > _NEAR_M
    angle = np.arctan2(away[..., 1], away[..., 0])
    return Meeting(
        cut | _find_wet(strands.lines(), separators),
        _mark(edge[flush], count) | (strands.own >= 0),
        node[np.nonzero(far)[0]],
        angle[far],
    )


def _mark(position: Ints, count: int) -> Bools:
    marks = np.zeros(count, dtype=bool)
    marks[position] = True
    return marks


def _find_wet(lines: Geometries, separators: Separators) -> Bools:
    """Find the edges that enter an area."""
    areas = shapely.buffer(separators.shapes[separators.is_area], -_BANK_M)
    areas = areas[~shapely.is_empty(areas)]
    shapely.prepare(areas)
    _, edge = shapely.STRtree(lines).query(areas, predicate="intersects")
    return _mark(edge, len(lines))


def _reach(p: Floats, a: Floats, b: Floats) -> Floats:
    """Return how far along the line from a to b places lie, in metres from a."""
    way = b - a
    length = np.maximum(np.hypot(way[:, 0], way[:, 1]), SAME_PLACE_M)
    reach: Floats = ((p - a) * way).sum(axis=1) / length
    return reach


def _beside(p: Floats, a: Floats, b: Floats) -> Floats:
    """Return the distance of places from the endless line through a and b."""
    way, to = b - a, p - a
    length = np.maximum(np.hypot(way[:, 0], way[:, 1]), SAME_PLACE_M)
    beside: Floats = np.abs(way[:, 0] * to[:, 1] - way[:, 1] * to[:, 0]) / length
    return beside


def _apart(p: Floats, a: Floats, b: Floats) -> Floats:
    """Return the distance of places from the segments from a to b."""
    length = np.hypot(*(b - a).T)
    share = np.clip(_reach(p, a, b) / np.maximum(length, SAME_PLACE_M), 0.0, 1.0)
    foot = a + share[:, None] * (b - a)
    apart: Floats = np.hypot(*(p - foot).T)
    return apart


def _overlap(p: Floats, q: Floats, a: Floats, b: Floats) -> Floats:
    """Return for how long two segments of one line run together."""
    ends = np.sort(np.stack((_reach(p, a, b), _reach(q, a, b))), axis=0)
    overlap: Floats = np.minimum(ends[1], np.hypot(*(b - a).T)) - np.maximum(ends[0], 0)
    return overlap
