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

from geo.edges import Floats, Geometries, Ints
from geo.network import WalkNetwork
from geo.reach import WalkGraph, build_graph
from geo.separators import Separators
from geo.strands import meet_separators

#: Directions nearer than this (radians) are one direction.
_SAME_DIRECTION = 1e-3
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
        First sector of each node, and how many it has; the nodes of the walk
        network come first, then those where a separator ends on an edge.
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
    strands, meeting = meet_separators(network, separators)
    x, y, u, v = strands.x, strands.y, strands.u, strands.v
    out = np.arctan2(y[v] - y[u], x[v] - x[u])
    back = np.arctan2(y[u] - y[v], x[u] - x[v])
    along = meeting.along
    directions = _sort_directions(
        np.concatenate((u[along], v[along], meeting.node)),
        np.concatenate((out[along], back[along], meeting.angle)),
    )
    first, count, keys, middle = _number_sectors(directions, len(x))
    ends: list[tuple[Ints, Ints, Floats]] = []
    # streets lie within a sector; a road has one pavement to its left, one to its right
    for edge, turn in (
        (np.flatnonzero(~meeting.cut & ~along), 0.0),
        (np.flatnonzero(~meeting.cut & along), 2 * _SAME_DIRECTION),
        (np.flatnonzero(~meeting.cut & along), -2 * _SAME_DIRECTION),
    ):
        start = _sector(u[edge], out[edge] + turn, first, count, keys)
        stop = _sector(v[edge], back[edge] - turn, first, count, keys)
        ends.append((start, stop, strands.length_m[edge]))
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


def _sort_directions(node: Ints, angle: Floats) -> tuple[Ints, Floats]:
    """Return the directions in which separators leave nodes, sorted, each once."""
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
