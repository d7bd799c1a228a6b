"""Splitting, separating and leaving out edges."""

import numpy as np
import pytest

from geo.edges import (
    Edges,
    add_connectors,
    add_nodes,
    drop_lone_nodes,
    find_ends,
    keep_edges,
    locate_on_edges,
    make_lines,
    separate_nodes,
    split_edges,
)


def make(xy, pairs):
    xy, (u, v) = np.array(xy, dtype=float), np.array(pairs).T
    none = np.full(len(u), -1)
    return Edges(
        xy[:, 0], xy[:, 1], u, v, np.arange(len(u)), none > 0, none, none.copy()
    )


@pytest.fixture
def edges():
    return make([(0, 0), (100, 0), (100, 50)], [(0, 1), (1, 2)])


def test_split_in_several_places(edges):
    places = np.array([70.0, 30.0, 10.0]), np.array([0, 0, 1])
    split, node, parent = split_edges(edges, places[1], places[0])
    assert split.length_m.tolist() == [30, 40, 30, 10, 40]
    assert parent.tolist() == split.street.tolist() == [0, 0, 0, 1, 1]
    assert split.x[node].tolist() == [70, 30, 100]
    assert split.y[node].tolist() == [0, 0, 10]
    assert split.u.tolist() == [0, node[1], node[0], 1, node[2]]


def test_split_within_a_millimetre_of_an_end_or_of_each_other(edges):
    at = np.array([0.0005, 99.9995, 40.0, 40.0004])
    split, node, _ = split_edges(edges, np.zeros(4, dtype=int), at)
    assert node.tolist() == [0, 1, 3, 3]
    assert len(split.u) == 3


def test_split_nowhere(edges):
    none = np.empty(0, dtype=np.int64)
    split, node, parent = split_edges(edges, none, none.astype(float))
    assert split.u.tolist() == edges.u.tolist()
    assert len(node) == 0
    assert parent.tolist() == [0, 1]


def test_locate_stays_on_the_edge(edges):
    xy = np.array([(30, 5), (-10, 0), (100, 80)], dtype=float)
    assert locate_on_edges(edges, np.array([0, 0, 1]), xy).tolist() == [30, 0, 50]


def test_separate_and_find_ends(edges):
    edge, end = find_ends(edges, np.array([1]))
    assert (edge.tolist(), end.tolist()) == ([1, 0], [0, 1])
    split = separate_nodes(edges, edge, end, np.array([7, -1]))
    assert split.v[0] == 1  # the lowest group keeps the node
    assert split.u[1] == 3
    assert (split.x[3], split.y[3]) == (100, 0)
    together = separate_nodes(edges, edge, end, np.array([4, 4]))
    assert together.v[0] == together.u[1]


def test_keep_add_and_drop(edges):
    assert keep_edges(edges, np.ones(2, dtype=bool)) is edges
    kept = keep_edges(edges, np.array([False, True]))
    grown, node = add_nodes(kept, np.array([[5.0, 6.0]]))
    assert node.tolist() == [3]
    joined = add_connectors(grown, node, np.array([2]), np.array([-1]))
    assert joined.street.tolist() == [1, -1]
    packed, number = drop_lone_nodes(joined)
    assert number.tolist() == [-1, 0, 1, 2]
    assert packed.degree().tolist() == [1, 2, 1]
    assert packed.length_m.tolist() == joined.length_m.tolist()


def test_no_lines_from_nothing():
    none = np.empty(0)
    assert make_lines(none, none, none, none).shape == (0,)
