"""Walks that stay on one side of every separator.

The walk network holds a main road as one line, which walkers may leave to either
side. Here each such edge becomes two pavements, and the directions in which
separators leave a place divide it into sectors: streets of one sector meet, those
of different sectors do not. A separator that ends at a place divides nothing there,
and what crosses one elsewhere, on a bridge too, is cut. So a walk that is left
crosses no separator.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from geo.edges import SAME_PLACE_M, Bools, Floats, Geometries, Ints, make_lines
from geo.network import WalkNetwork
from geo.reach import WalkGraph, build_graph
from geo.separators import Separators

#: Places nearer than this are one place.
_NEAR_M = 2 * SAME_PLACE_M
#: Directions nearer than this (radians) are one direction.
_SAME_DIRECTION = 1e-3
#: An edge runs along the bank, not through the water, if it is no deeper in (m).
_BANK_M = 0.05
#: How far from a place its sectors are compared with a community (m).
_PROBE_M = 0.5
_TURN = 8.0


@dataclass(frozen=True, eq=False)
class Pavements:
    """The walk network with each separator's two sides kept apart.

    Attributes
    ----------
    graph
        Graph whose nodes are the sectors of the nodes of the walk network.
    first, count
        First sector of each node of the walk network, and how many it has.
    middle
        Direction of the middle of each sector (radians); NaN where a node has but
        one.
    """

    graph: WalkGraph
    first: Ints
    count: Ints
    middle: Floats


def lay_pavements(network: WalkNetwork, separators: Separators) -> Pavements:
    """Divide the walk network along the separators.

    Parameters
    ----------
    network
        The walk network.
    separators
        The separators of the same district.

    Returns
    -------
    Pavements
        The divided network.
    """
    u, v = network.u.astype(np.int64), network.v.astype(np.int64)
    along = np.isin(network.street, separators.street[separators.street >= 0])
    meeting = _meet(network, separators, along)
    along |= meeting.along
    directions = _find_directions(network, along, meeting)
    first, count, keys, middle = _number_sectors(directions, len(network.x))
    x, y, length = network.x, network.y, network.length_m
    whole = ~meeting.cut
    out = np.arctan2(y[v] - y[u], x[v] - x[u])
    back = np.arctan2(y[u] - y[v], x[u] - x[v])
    ends: list[tuple[Ints, Ints, Floats]] = []
    # streets lie within a sector; a road has one pavement to its left, one to its right
    for edge, turn in (
        (np.flatnonzero(whole & ~along), 0.0),
        (np.flatnonzero(whole & along), 2 * _SAME_DIRECTION),
        (np.flatnonzero(whole & along), -2 * _SAME_DIRECTION),
    ):
        start = _sector(u[edge], out[edge] + turn, first, count, keys)
        stop = _sector(v[edge], back[edge] - turn, first, count, keys)
        ends.append((start, stop, length[edge]))
    starts, stops, lengths = (np.concatenate(part) for part in zip(*ends, strict=True))
    node = np.repeat(np.arange(len(x)), count)
    graph = build_graph(x[node], y[node], starts, stops, lengths)
    return Pavements(graph, first, count, middle)


def find_sides(
    pavements: Pavements,
    network: WalkNetwork,
    node: Ints,
    owner: Ints,
    bodies: Geometries,
) -> tuple[Ints, Ints]:
    """Find on which side of the separators gates stand: that of their community.

    Parameters
    ----------
    pavements
        The divided network.
    network
        The walk network.
    node
        Nodes of gates.
    owner
        Position of the community of each.
    bodies
        Communities as the separators leave them.

    Returns
    -------
    row : numpy.ndarray
        Positions in `node`, ascending; a gate where a separator leaves its
        community stands on both sides.
    sector : numpy.ndarray
        Nodes of ``pavements.graph``.
    """
    row = np.repeat(np.arange(len(node)), pavements.count[node])
    start = np.searchsorted(row, row)
    sector = pavements.first[node][row] + np.arange(len(row)) - start
    middle = np.nan_to_num(pavements.middle[sector])
    at = node[row]
    probe = shapely.points(
        network.x[at] + _PROBE_M * np.cos(middle),
        network.y[at] + _PROBE_M * np.sin(middle),
    )
    away = shapely.distance(probe, bodies[owner[row]])
    least = pd.Series(away).groupby(row).transform("min").to_numpy()
    near = away <= least + _PROBE_M / 10
    return row[near], sector[near]


@dataclass(frozen=True, slots=True, eq=False)
class _Meeting:
    """Where edges meet segments of separators."""

    cut: Bools
    along: Bools
    node: Ints
    angle: Floats


def _meet(network: WalkNetwork, separators: Separators, along: Bools) -> _Meeting:
    """Compare the edges with all segments of separators near them."""
    xy = np.stack((network.x, network.y), axis=1)
    u, v = network.u.astype(np.int64), network.v.astype(np.int64)
    lines = make_lines(*xy[u].T, *xy[v].T)
    segment = np.concatenate(
        (np.stack((xy[u[along]], xy[v[along]]), axis=1), _others(network, separators))
    )
    tree = shapely.STRtree(make_lines(*segment[:, 0].T, *segment[:, 1].T))
    edge, found = tree.query(lines, predicate="dwithin", distance=_NEAR_M)
    own = np.full(len(u), -1, dtype=np.int64)
    own[along] = np.arange(int(along.sum()))
    kept = own[edge] != found
    edge, found = edge[kept], found[kept]
    p, q = xy[u[edge]], xy[v[edge]]
    a, b = segment[found, 0], segment[found, 1]
    p_on, q_on = _apart(p, a, b) <= _NEAR_M, _apart(q, a, b) <= _NEAR_M
    flush = (_beside(p, a, b) <= _NEAR_M) & (_beside(q, a, b) <= _NEAR_M)
    flush &= _overlap(p, q, a, b) > _NEAR_M
    cut = _mark(edge[~flush & ~p_on & ~q_on], len(u)) | _find_wet(lines, separators)
    node = np.concatenate((u[edge[p_on]], v[edge[q_on]]))
    ends = np.concatenate((segment[found[p_on]], segment[found[q_on]]))
    away = ends - xy[node][:, None, :]
    far = np.hypot(away[..., 0], away[..., 1]) > _NEAR_M
    angle = np.arctan2(away[..., 1], away[..., 0])
    at, _ = np.nonzero(far)
    return _Meeting(cut, _mark(edge[flush], len(u)), node[at], angle[far])


def _mark(position: Ints, count: int) -> Bools:
    marks = np.zeros(count, dtype=bool)
    marks[position] = True
    return marks


def _others(network: WalkNetwork, separators: Separators) -> Floats:
    """Return the segments of line separators that are no edges of the network."""
    walked = np.isin(separators.street, network.street[network.street >= 0])
    lines = separators.shapes[~walked & ~separators.is_area]
    xy, line = shapely.get_coordinates(lines, return_index=True)
    step = np.flatnonzero(line[1:] == line[:-1])
    return np.stack((xy[step], xy[step + 1]), axis=1)


def _find_wet(lines: Geometries, separators: Separators) -> Bools:
    """Find the edges that enter an area."""
    areas = shapely.buffer(separators.shapes[separators.is_area], -_BANK_M)
    areas = areas[~shapely.is_empty(areas)]
    shapely.prepare(areas)
    _, edge = shapely.STRtree(lines).query(areas, predicate="intersects")
    return _mark(edge, len(lines))


def _along(p: Floats, a: Floats, b: Floats) -> Floats:
    """Return how far along the line from a to b places lie, in metres from a."""
    way = b - a
    length = np.maximum(np.hypot(way[:, 0], way[:, 1]), SAME_PLACE_M)
    along: Floats = ((p - a) * way).sum(axis=1) / length
    return along


def _beside(p: Floats, a: Floats, b: Floats) -> Floats:
    """Return the distance of places from the endless line through a and b."""
    way, to = b - a, p - a
    length = np.maximum(np.hypot(way[:, 0], way[:, 1]), SAME_PLACE_M)
    beside: Floats = np.abs(way[:, 0] * to[:, 1] - way[:, 1] * to[:, 0]) / length
    return beside


def _apart(p: Floats, a: Floats, b: Floats) -> Floats:
    """Return the distance of places from the segments from a to b."""
    length = np.hypot(*(b - a).T)
    share = np.clip(_along(p, a, b) / np.maximum(length, SAME_PLACE_M), 0.0, 1.0)
    foot = a + share[:, None] * (b - a)
    apart: Floats = np.hypot(*(p - foot).T)
    return apart


def _overlap(p: Floats, q: Floats, a: Floats, b: Floats) -> Floats:
    """Return for how long two segments of one line run together."""
    ends = np.sort(np.stack((_along(p, a, b), _along(q, a, b))), axis=0)
    overlap: Floats = np.minimum(ends[1], np.hypot(*(b - a).T)) - np.maximum(ends[0], 0)
    return overlap


def _find_directions(
    network: WalkNetwork, along: Bools, meeting: _Meeting
) -> tuple[Ints, Floats]:
    """Return the directions in which separators leave nodes, sorted, each once."""
    u, v = network.u[along].astype(np.int64), network.v[along].astype(np.int64)
    way = np.arctan2(network.y[v] - network.y[u], network.x[v] - network.x[u])
    back = np.arctan2(network.y[u] - network.y[v], network.x[u] - network.x[v])
    node = np.concatenate((u, v, meeting.node))
    angle = np.concatenate((way, back, meeting.angle))
    order = np.lexsort((angle, node))
    node, angle = node[order], angle[order]
    fresh = np.ones(len(node), dtype=bool)
    fresh[1:] = (np.diff(node) > 0) | (np.diff(angle) > _SAME_DIRECTION)
    # due west is both the first and the last direction
    starts = np.flatnonzero(np.diff(node, prepend=-1))
    stops = np.append(starts[1:], len(node))[: len(starts)] - 1
    turned = angle[starts] + 2 * np.pi - angle[stops] <= _SAME_DIRECTION
    fresh[starts[turned & (stops > starts)]] = False
    return node[fresh], angle[fresh]


def _number_sectors(
    directions: tuple[Ints, Floats], nodes: int
) -> tuple[Ints, Ints, Floats, Floats]:
    """Give each node a sector between any two directions, at least one."""
    node, angle = directions
    leaving = np.bincount(node, minlength=nodes)
    count = np.maximum(leaving, 1)
    first = np.cumsum(count) - count
    middle = np.full(int(count.sum()), np.nan)
    start = np.cumsum(leaving) - leaving
    place = np.arange(len(node)) - start[node]
    following = start[node] + (place + 1) % np.maximum(leaving[node], 1)
    turn = (angle[following] - angle) % (2 * np.pi)
    split = leaving[node] > 1
    middle[first[node[split]] + place[split]] = (angle + turn / 2)[split]
    keys = node * _TURN + angle + np.pi
    return first, count.astype(np.int64), keys, middle


def _sector(node: Ints, angle: Floats, first: Ints, count: Ints, keys: Floats) -> Ints:
    """Return the sector into which directions lead."""
    wrapped = (angle + np.pi) % (2 * np.pi)
    start = np.searchsorted(keys, node * _TURN)
    place = np.searchsorted(keys, node * _TURN + wrapped, side="right") - 1 - start
    sector: Ints = first[node] + place % count[node]
    return sector
