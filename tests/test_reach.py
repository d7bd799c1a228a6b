"""The reach engine against slow, obviously right answers."""

import heapq
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo import chains, engine, kernels
from geo.chains import build_graph
from geo.errors import InputError
from geo.reach import Seeds, measure_reach
from geo.walks import catchments, trace_walk, warm

COMPILED = os.environ.get("NUMBA_DISABLE_JIT") != "1"
ROUNDS = 150 if COMPILED else 12
K = 2


def nearest(n, edges, seeds, cutoff):
    """Distance and smallest label of nearest, by one Dijkstra on (distance, label)."""
    ways = [[] for _ in range(n)]
    for a, b, length in zip(*edges, strict=True):
        ways[a].append((b, length))
        ways[b].append((a, length))
    distance, label = np.full((K, n), np.nan), np.full((K, n), -1)
    for k in range(K):
        rows = zip(*seeds, strict=True)
        queue = [(d, name, node) for c, node, d, name in rows if c == k]
        heapq.heapify(queue)
        while queue:
            d, name, node = heapq.heappop(queue)
            if d > cutoff or label[k, node] >= 0:
                continue
            distance[k, node], label[k, node] = d, name
            for other, length in ways[node]:
                heapq.heappush(queue, (d + length, name, other))
    return distance, label


class Town:
    """A small random network with edges of few lengths, so that ties abound."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        rng = self.rng
        self.n = int(rng.integers(1, 25))
        self.cutoff = float(rng.choice([3, 8, 100]))
        m = int(rng.integers(0, 30))
        u = rng.integers(0, self.n, m)
        v = np.clip(u + rng.integers(-2, 3, m), 0, self.n - 1)
        self.edges = u, v, rng.integers(0, 5, m) * rng.choice([1, 0.5])
        self.seeds = self.some_seeds(6)
        self.graph = build_graph(rng.random(self.n), rng.random(self.n), *self.edges)
        self.reach = measure_reach(
            self.graph, Seeds(*self.seeds), categories=K, cutoff_m=self.cutoff
        )

    def some_seeds(self, most):
        rng, count = self.rng, int(self.rng.integers(0, most))
        return (
            rng.integers(0, K, count),
            rng.integers(0, self.n, count),
            rng.integers(0, 3, count) * 1.0,
            rng.integers(0, 8, count),
        )

    def some_edges(self):
        m = int(self.rng.integers(0, 4))
        u, v = self.rng.integers(0, self.n, (2, m))
        return u, v, self.rng.integers(0, 4, m) * 1.0

    def check(self):
        distance, label = nearest(self.n, self.edges, self.seeds, self.cutoff)
        for k in range(K):
            np.testing.assert_array_equal(self.reach.distance_m(k), distance[k])
            np.testing.assert_array_equal(self.reach.label(k), label[k])
            some = self.rng.integers(0, self.n, 5)
            np.testing.assert_array_equal(
                self.reach.distance_m(k, some), distance[k][some]
            )
            np.testing.assert_array_equal(self.reach.label(k, some), label[k][some])

    def check_walks(self):
        shortest = {}
        for a, b, length in zip(*self.edges, strict=True):
            for pair in ((a, b), (b, a)):
                shortest[pair] = min(length, shortest.get(pair, np.inf))
        for k in range(K):
            distance, label = self.reach.values(k)
            for node in range(self.n):
                walk = trace_walk(self.reach, k, node).tolist()
                if label[node] < 0:
                    assert walk == []
                    continue
                assert walk[0] == node
                assert len(set(walk)) == len(walk)
                length = sum(shortest[hop] for hop in pairwise(walk))
                assert distance[node] - length in [
                    d
                    for c, at, d, name in zip(*self.seeds, strict=True)
                    if (c, at, name) == (k, walk[-1], label[node])
                ]

    def edit(self):
        """Add or close a facility; return the change and the seeds before."""
        before, rng = self.seeds, self.rng
        category, name = int(rng.integers(0, K)), int(rng.integers(0, 8))
        same = (before[0] == category) & (before[3] == name)
        if (same & (before[2] <= self.cutoff)).any():
            change = self.reach.close(category, name)
            self.seeds = tuple(column[~same] for column in before)
        else:
            count = int(rng.integers(1, 3))
            nodes = rng.integers(0, self.n, count)
            away = rng.integers(0, 3, count) * 1.0
            change = self.reach.add(category, nodes, away, name)
            new = (np.full(count, category), nodes, away, np.full(count, name))
            self.seeds = joined(before, new)
        return change, before


def joined(first, second):
    return tuple(np.concatenate(pair) for pair in zip(first, second, strict=True))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_small_towns_with_edits_equal_recomputing(seed):
    town = Town(seed)
    town.check()
    town.check_walks()
    steps = []
    for _ in range(3):
        steps.append(town.edit())
        town.check()
    edges, seeds = town.edges, town.seeds
    more, extra = town.some_edges(), town.some_seeds(2)
    with town.reach.joined(*more, Seeds(*extra)):
        town.edges, town.seeds = joined(edges, more), joined(seeds, extra)
        town.check()
        town.check_walks()
        town.edit()
        town.check()
        inner, again = (town.edges, town.seeds), town.some_edges()
        with town.reach.joined(*again):
            town.edges = joined(town.edges, again)
            town.edit()
            town.check()
            town.check_walks()
        town.edges, town.seeds = inner
        town.check()
    town.edges, town.seeds = edges, seeds
    town.check()
    for change, before in reversed(steps):
        town.reach.undo(change)
        town.seeds = before
        town.check()


@pytest.mark.parametrize("seed", range(ROUNDS // 3))
def test_catchments_equal_one_run_per_source(seed):
    town = Town(1000 + seed)
    _, node, away, source = town.seeds
    asked = town.rng.integers(0, town.n, int(town.rng.integers(0, town.n + 1)))
    found = catchments(
        town.graph, source, node, away, nodes=asked, cutoff_m=town.cutoff
    )
    expected = {}
    for name in np.unique(source):
        rows = source == name
        own = (np.zeros(rows.sum()), node[rows], away[rows], source[rows])
        distance = nearest(town.n, town.edges, own, town.cutoff)[0][0]
        for place in set(asked.tolist()):
            if distance[place] <= town.cutoff:
                expected[name, place] = distance[place]
    pairs = list(zip(found.source.tolist(), found.node.tolist(), strict=True))
    assert dict(zip(pairs, found.distance_m.tolist(), strict=True)) == expected
    assert len(set(pairs)) == len(pairs)


def grid(side, rng):
    cell = np.arange(side * side).reshape(side, side)
    u = np.concatenate([cell[:, :-1].ravel(), cell[:-1].ravel()])
    v = np.concatenate([cell[:, 1:].ravel(), cell[1:].ravel()])
    return side * side, u, v, rng.uniform(20, 140, u.size)


def tree(n, rng):
    v = np.arange(1, n)
    return n, (rng.random(n - 1) * v).astype(int), v, rng.uniform(5, 90, n - 1)


def rings(count, size, rng):
    node = np.arange(count * size)
    after = node - node % size + (node + 1) % size
    return node.size, node, after, rng.uniform(1, 60, node.size)


def long_chain(n, rng):
    return n, np.arange(n - 1), np.arange(1, n), rng.uniform(1, 400, n - 1)


@pytest.mark.parametrize(
    "shape",
    [
        lambda rng: grid(30 if COMPILED else 8, rng),
        lambda rng: tree(600 if COMPILED else 60, rng),
        lambda rng: rings(20, 40 if COMPILED else 5, rng),
        lambda rng: long_chain(500 if COMPILED else 60, rng),
    ],
    ids=["grid", "tree", "rings", "chain"],
)
def test_agrees_with_scipy_within_5_mm(shape):
    rng = np.random.default_rng(4)
    n, u, v, length = shape(rng)
    seeds = np.sort(rng.choice(n, 12, replace=False))
    both = np.concatenate([u, v]), np.concatenate([v, u])
    matrix = csr_array((np.tile(length, 2), both), shape=(n, n))
    expected, _, source = dijkstra(
        matrix, indices=seeds, min_only=True, limit=1250.0, return_predecessors=True
    )
    graph = build_graph(rng.random(n), rng.random(n), u, v, length)
    rows = Seeds(np.zeros(12, int), seeds, np.zeros(12), seeds)
    reach = measure_reach(graph, rows, categories=1, cutoff_m=1250.0)
    distance, label = reach.values(0)
    np.testing.assert_array_equal(np.isnan(distance), np.isinf(expected))
    near = np.isfinite(expected)
    assert near.any()
    np.testing.assert_allclose(distance[near], expected[near], atol=0.005, rtol=0)
    np.testing.assert_array_equal(label[near], source[near])
    assert (label[~near] == -1).all()


def test_threads_and_batches_change_nothing(monkeypatch):
    rng = np.random.default_rng(5)
    n, u, v, length = grid(20 if COMPILED else 6, rng)
    graph = build_graph(np.arange(n) % 20, np.arange(n) // 20, u, v, length)
    seeds = Seeds(np.arange(40) % 4, rng.integers(0, n, 40), np.zeros(40), range(40))
    one = measure_reach(graph, seeds, categories=4, cutoff_m=500.0)
    monkeypatch.setattr("geo.reach._BATCH_JUNCTIONS", 50)
    two = measure_reach(graph, seeds, categories=4, cutoff_m=500.0, threads=2)
    for k in range(4):
        for mine, other in zip(one.values(k), two.values(k), strict=True):
            np.testing.assert_array_equal(mine, other)


def test_lists_grow_as_needed(monkeypatch):
    make = kernels.make_work
    monkeypatch.setattr(
        "geo.kernels.make_work", lambda *args, logs: make(*args, logs=logs, room=1)
    )
    test_small_towns_with_edits_equal_recomputing(3)
    test_many_entrances_close_together()


def test_more_catchments_than_there_was_room_for():
    n = 40
    graph = build_graph(range(n), [0] * n, range(n - 1), range(1, n), [1.0] * (n - 1))
    found = catchments(
        graph, range(n), range(n), np.zeros(n), nodes=range(n), cutoff_m=99.0
    )
    expected = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    np.testing.assert_array_equal(found.source, np.repeat(np.arange(n), n))
    np.testing.assert_array_equal(found.distance_m, expected[found.source, found.node])


def test_order_of_rows_and_nodes_changes_nothing():
    town = Town(7)
    order = town.rng.permutation(town.seeds[0].size)
    flip = town.rng.permutation(town.edges[0].size)
    u, v, length = (column[flip] for column in town.edges)
    graph = build_graph(np.zeros(town.n), np.zeros(town.n), v, u, length)
    seeds = Seeds(*(column[order] for column in town.seeds))
    other = measure_reach(graph, seeds, categories=K, cutoff_m=town.cutoff)
    for k in range(K):
        np.testing.assert_array_equal(town.reach.distance_m(k), other.distance_m(k))
        np.testing.assert_array_equal(town.reach.label(k), other.label(k))


def test_a_seed_inside_a_chain_reaches_its_neighbours_directly():
    # 0 -10- 1 -10- 2 -10- 3 -10- 4: one line, two facilities inside it
    graph = build_graph(range(5), [0] * 5, range(4), range(1, 5), [10.0] * 4)
    seeds = Seeds([0, 0], [1, 3], [0.0, 0.0], [5, 3])
    reach = measure_reach(graph, seeds, categories=1, cutoff_m=1250.0)
    assert reach.distance_m(0).tolist() == [10, 0, 10, 0, 10]
    assert reach.label(0).tolist() == [5, 5, 3, 3, 3]  # 2: a tie, the smaller label
    reach.close(0, 3)
    assert reach.distance_m(0).tolist() == [10, 0, 10, 20, 30]
    assert trace_walk(reach, 0, 4).tolist() == [4, 3, 2, 1]


def test_the_cut_off_itself_is_in_reach():
    graph = build_graph(range(3), [0] * 3, [0, 1], [1, 2], [100.0, 0.01])
    seeds = Seeds([0], [0], [0.0], [0])
    reach = measure_reach(graph, seeds, categories=1, cutoff_m=100.0)
    np.testing.assert_array_equal(reach.distance_m(0), [0, 100, np.nan])
    assert reach.label(0).tolist() == [0, 0, -1]


def test_chains_longer_than_a_chain_may_be_are_cut():
    n = 80
    graph = build_graph(range(n), [0] * n, range(n - 1), range(1, n), [300.0] * (n - 1))
    assert graph.junctions > 3
    seeds = Seeds([0], [40], [0.0], [9])
    reach = measure_reach(graph, seeds, categories=1, cutoff_m=4000.0)
    away = np.abs(np.arange(n) - 40) * 300.0
    np.testing.assert_array_equal(
        reach.distance_m(0), np.where(away > 4000, np.nan, away)
    )


def test_edges_longer_than_any_walk_are_never_walked():
    graph = build_graph(range(4), [0] * 4, [0, 1, 2], [1, 2, 3], [1e9, 5.0, np.inf])
    seeds = Seeds([0], [1], [0.0], [0])
    reach = measure_reach(graph, seeds, categories=1, cutoff_m=4000.0)
    np.testing.assert_array_equal(reach.distance_m(0), [np.nan, 0, 5, np.nan])


@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_network_without_edges(n):
    graph = build_graph(np.zeros(n), np.zeros(n), [], [], [])
    seeds = Seeds([0] * min(n, 1), [0] * min(n, 1), [2.0] * min(n, 1), [4] * min(n, 1))
    reach = measure_reach(graph, seeds, categories=1, cutoff_m=10.0)
    assert reach.label(0).tolist() == ([4] + [-1] * (n - 1) if n else [])
    found = catchments(graph, [], [], [], nodes=range(n), cutoff_m=10.0)
    assert found.source.size == 0


def test_many_places_inside_chains_can_be_joined_at_once():
    n = 2 * engine.SPARE + 50
    graph = build_graph(range(n), [0] * n, range(n - 1), range(1, n), [1.0] * (n - 1))
    reach = measure_reach(
        graph, Seeds([0], [0], [0.0], [0]), categories=1, cutoff_m=4000.0
    )
    before = reach.distance_m(0)
    inner = np.arange(0, n, 7 if COMPILED else 97)
    with reach.joined(np.zeros(inner.size, int), inner, np.full(inner.size, 0.5)):
        assert reach.distance_m(0)[inner].max() == 0.5
    np.testing.assert_array_equal(reach.distance_m(0), before)
    wide = np.arange(engine.SPARE + 20) + 10
    with reach.joined(np.zeros(wide.size, int), wide, np.full(wide.size, 0.5)):
        assert (reach.distance_m(0, wide) == 0.5).all()
    np.testing.assert_array_equal(reach.distance_m(0), before)


def test_many_entrances_close_together():
    n = 60
    graph = build_graph(range(n), [0] * n, range(n - 1), range(1, n), [1.0] * (n - 1))
    nobody = Seeds([], [], [], [])
    reach = measure_reach(graph, nobody, categories=1, cutoff_m=100.0)
    reach.add(0, range(0, n, 2), np.zeros(n // 2), 3)
    assert reach.distance_m(0).max() == 1
    reach.close(0, 3)
    assert np.isnan(reach.distance_m(0)).all()


GOOD = {"x": [0, 1, 2], "y": [0, 0, 0], "u": [0, 1], "v": [1, 2], "length_m": [1, 1]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"length_m": [1.0, -1.0]}, "reach_length"),
        ({"length_m": [1.0, np.nan]}, "reach_length"),
        ({"length_m": [1.0]}, "reach_size"),
        ({"u": [0, 3]}, "reach_node"),
        ({"v": [0, -1]}, "reach_node"),
        ({"v": [0.0, 1.0]}, "reach_whole"),
        ({"x": [0, 1]}, "reach_size"),
        ({"y": [0, np.nan, 0]}, "reach_coordinate"),
    ],
)
def test_an_impossible_network_is_refused(change, code):
    with pytest.raises(ValueError, match=r".") as caught:
        build_graph(**{**GOOD, **change})
    assert caught.value.code == code
    for lang in ("zh", "en"):
        assert caught.value.message(lang)
        assert caught.value.action(lang)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda r: r.add(1, [0], [0.0], 1), "reach_category"),
        (lambda r: r.add(0, [3], [0.0], 1), "reach_node"),
        (lambda r: r.add(0, [0], [-1.0], 1), "reach_length"),
        (lambda r: r.add(0, [0], [0.0, 1.0], 1), "reach_size"),
        (lambda r: r.add(0, [0], [0.0], -1), "reach_node"),
        (lambda r: r.close(0, 77), "reach_label_unknown"),
        (lambda r: r.distance_m(-1), "reach_category"),
        (lambda r: r.label(0, [9]), "reach_node"),
        (lambda r: trace_walk(r, 0, 9), "reach_node"),
        (lambda r: r.joined([0], [1], [np.nan]).__enter__(), "reach_length"),
        (lambda r: r.joined([0], [9], [1.0]).__enter__(), "reach_node"),
        (lambda r: measure(r, [2], 10.0, 1), "reach_category"),
        (lambda r: measure(r, [0], 10.0, -1), "reach_categories"),
        (lambda r: measure(r, [0], 0.0, 1), "reach_cutoff"),
        (lambda r: measure(r, [0], np.nan, 1), "reach_cutoff"),
        (lambda r: measure(r, [0], 4001.0, 1), "reach_cutoff"),
    ],
)
def test_an_impossible_request_is_refused_and_leaves_all_as_it_was(act, code):
    graph = build_graph(**GOOD)
    reach = measure_reach(
        graph, Seeds([0], [0], [0.0], [1]), categories=1, cutoff_m=10.0
    )
    with pytest.raises(InputError) as caught:
        act(reach)
    assert caught.value.code == code
    for lang in ("zh", "en"):
        assert caught.value.message(lang)
        assert caught.value.action(lang)
    assert reach.distance_m(0).tolist() == [0, 1, 2]


def measure(reach, category, cutoff_m, categories):
    seeds = Seeds(category, [0], [0.0], [1])
    return measure_reach(reach.graph, seeds, categories=categories, cutoff_m=cutoff_m)


def test_only_the_latest_change_can_be_undone():
    reach = measure_reach(
        build_graph(**GOOD), Seeds([0], [0], [0.0], [1]), categories=1, cutoff_m=10.0
    )
    first = reach.add(0, [1], [0.0], 2)
    second = reach.close(0, 1)
    with pytest.raises(InputError) as caught:
        reach.undo(first)
    assert caught.value.code == "reach_undo"
    reach.undo(second)
    reach.undo(first)
    assert reach.distance_m(0).tolist() == [0, 1, 2]


def test_joined_is_undone_when_its_block_fails():
    reach = measure_reach(
        build_graph(**GOOD), Seeds([0], [0], [0.0], [1]), categories=1, cutoff_m=10.0
    )
    msg = "stop"
    with pytest.raises(RuntimeError, match=msg), reach.joined([0], [2], [0.5]):
        assert reach.distance_m(0).tolist() == [0, 1, 0.5]
        reach.add(0, [2], [0.0], 9)
        raise RuntimeError(msg)
    assert reach.distance_m(0).tolist() == [0, 1, 2]


def test_contraction_keeps_junctions_only():
    # a square with a tail, and two bare rings sharing nothing
    u, v = [0, 1, 2, 3, 0, 5, 6, 7, 8], [1, 2, 3, 0, 4, 6, 5, 8, 7]
    graph = build_graph(np.arange(9.0), np.zeros(9), u, v, np.ones(9))
    assert graph.nodes == 9
    assert sorted(graph.node.tolist()) == [0, 5, 7]
    assert graph.net.arc.size == 0
    assert chains.UNITS_PER_M == 2**18


def test_warm_tells_its_progress():
    told = []
    warm(lambda stage, share: told.append((stage, share)))
    assert {stage for stage, _ in told} == {"stage.warm"}
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.skipif(not COMPILED, reason="this is the run without compilation")
def test_all_of_this_holds_without_compilation():
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
