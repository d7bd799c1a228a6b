"""Units of the greatest score: against all partitions, and what must always hold.

``PIANQU_UNIT_TOWNS`` says how many small towns are compared with brute force.
"""

import math
import os
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from unit_towns import (
    NONE,
    Oracle,
    list_units,
    make_problem,
    make_settings,
)

from geo.settings import UnitSettings
from geo.unit_choice import choose_sets
from geo.unit_problem import UnitProblem, take_communities
from geo.unit_sets import Sets
from geo.unit_solve import preview_units, solve_units

TOWNS = int(os.environ.get("PIANQU_UNIT_TOWNS", "250"))


def make_wishes(rng, count):
    """Return some locked and some forbidden pairs, or none."""
    wishes = []
    for most in (3, 4):
        pairs = rng.integers(0, count, (int(rng.integers(0, most)), 2))
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        wishes.append(pairs if rng.random() < 0.4 else NONE)
    return wishes


def score_of(oracle, unit):
    return sum(sum(oracle.terms(members)) for members in list_units(unit))


def check(problem, settings, solution, locked=NONE, forbidden=NONE):
    """Check all that must hold for a plan of all communities."""
    oracle = Oracle(problem, settings, locked, forbidden)
    units = list_units(solution.unit)
    assert sorted(chain(*units)) == list(range(problem.size))
    assert [min(unit) for unit in units] == sorted(min(unit) for unit in units)
    assert all(oracle.allowed(unit) for unit in units)
    pieces = solution.pieces
    assert pieces["score"].sum() == pytest.approx(score_of(oracle, solution.unit))
    assert pieces["communities"].tolist() == np.bincount(solution.piece).tolist()
    for unit in units:
        assert len(set(solution.piece[unit])) == 1
    bounded = pieces[pieces["state"] != "none"]
    assert (bounded["bound"] >= bounded["score"]).all()
    proved = pieces[pieces["state"] == "proved"]
    assert proved["bound"].tolist() == proved["score"].tolist()
    assert (proved["gap_share"] == 0).all()
    gap = pieces[pieces["state"] == "gap"]
    assert (gap["gap_share"] > 0).all()
    none = pieces[pieces["state"] == "none"]
    assert none[["bound", "gap_share"]].isna().all(axis=None)


@pytest.mark.parametrize("part", range(10))
def test_against_all_partitions(part):
    compared = 0
    for seed in range(part, TOWNS, 10):
        rng = np.random.default_rng(seed)
        count = int(rng.integers(1, 13))
        problem = make_problem(rng, [count], cut=float(rng.choice([0.0, 0.2])))
        settings = make_settings(rng, count)
        locked, forbidden = make_wishes(rng, count)
        oracle = Oracle(problem, settings, locked, forbidden)
        best = oracle.best()
        solution = solve_units(problem, settings, locked=locked, forbidden=forbidden)
        if best == -math.inf:
            # wishes that nobody can meet are told by the caller; all stay in units
            assert sorted(chain(*list_units(solution.unit))) == list(range(count))
            continue
        compared += 1
        check(problem, settings, solution, locked, forbidden)
        assert score_of(oracle, solution.unit) == pytest.approx(best, abs=1e-6), seed
        assert solution.finished
        assert set(solution.pieces["state"]) == {"proved"}
    assert compared > 0.7 * TOWNS / 10


@pytest.mark.parametrize(
    ("pieces", "most"),
    [([5] * 40, 4), ([8] * 120 + [40], 5), ([6] * 800 + [200], 5), ([45, 30, 25], 9)],
)
def test_properties_of_larger_towns(pieces, most):
    rng = np.random.default_rng(sum(pieces))
    problem = make_problem(rng, pieces, cut=0.1)
    settings = UnitSettings(
        communities_most=most, households_most=2_500, area_most_m2=150_000.0
    )
    forbidden = problem.edges[rng.random(len(problem.edges)) < 0.05]
    rest = problem.edges[rng.random(len(problem.edges)) < 0.02]
    apart = {tuple(pair) for pair in forbidden.tolist()}
    oracle = Oracle(problem, settings, NONE, forbidden)
    taken: set[int] = set()
    locked = []
    for pair in rest.tolist():
        free = tuple(pair) not in apart and not taken & set(pair)
        if free and oracle.bounded(pair):
            locked.append(pair)
            taken |= set(pair)
    pairs = np.array(locked, np.int64).reshape(-1, 2)
    solution = solve_units(problem, settings, locked=pairs, forbidden=forbidden)
    check(problem, settings, solution, pairs, forbidden)
    assert (solution.pieces["state"] != "none").all()


def test_names_and_rows_do_not_matter():
    rng = np.random.default_rng(7)
    problem = make_problem(rng, [30, 12, 25, 3, 1])
    settings = UnitSettings(columns_most=400)
    solution = solve_units(problem, settings)
    assert {"proved", "gap"} >= set(solution.pieces["state"])
    order = rng.permutation(problem.size)
    shuffled = take_communities(problem, order)
    other = solve_units(shuffled, settings)
    same = {frozenset(order[unit].tolist()) for unit in list_units(other.unit)}
    assert same == set(map(frozenset, list_units(solution.unit)))
    scores = [sorted(found.pieces["score"]) for found in (solution, other)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-12)


@pytest.mark.parametrize("calls", [1, 2, 3, 5, 8, 13, 40])
def test_stopped_at_any_moment(calls):
    problem = make_problem(np.random.default_rng(2), [40, 9, 14, 8, 30])
    settings = UnitSettings(columns_most=500)
    told = []

    def watch(state):
        told.append(state)
        return len(told) < calls

    solution = solve_units(problem, settings, watch=watch)
    check(problem, settings, solution)
    assert len(told) <= calls
    assert solution.finished == (len(told) < calls)
    oracle = Oracle(problem, settings)
    assert score_of(oracle, solution.unit) >= told[-1].score - 1e-6
    scores = [state.score for state in told]
    assert scores == sorted(scores)
    bounds = [state.bound for state in told if not math.isnan(state.bound)]
    assert bounds == sorted(bounds, reverse=True)
    shares = [state.share for state in told]
    assert shares == sorted(shares)
    for state in told:
        assert score_of(oracle, state.unit) == pytest.approx(state.score, abs=1e-6)
        assert math.isnan(state.bound) or state.bound >= state.score - 1e-6


def test_what_is_watched_in_the_end_is_the_solution():
    problem = make_problem(np.random.default_rng(2), [20, 9])
    told = []
    solution = solve_units(
        problem, UnitSettings(), watch=lambda state: not told.append(state)
    )
    assert told[-1].unit.tolist() == solution.unit.tolist()
    assert told[-1].share == 1
    assert told[-1].pieces_done == len(solution.pieces)
    assert told[-1].bound == pytest.approx(told[-1].score)


def test_a_first_bound_comes_before_the_optimum():
    problem = make_problem(np.random.default_rng(2), [20, 9])
    told = []
    solve_units(problem, UnitSettings(), watch=lambda state: not told.append(state))
    bounds = [state.bound for state in told if not math.isnan(state.bound)]
    assert len(bounds) > 1
    assert bounds[0] > bounds[-1]


def test_too_many_sets_mean_no_bound():
    problem = make_problem(np.random.default_rng(4), [40, 6])
    settings = UnitSettings(communities_most=8, columns_most=60)
    solution = solve_units(problem, settings)
    check(problem, settings, solution)
    states = dict(
        zip(solution.pieces["communities"], solution.pieces["state"], strict=True)
    )
    assert states == {40: "none", 6: "proved"}
    assert solution.pieces["columns"].min() == -1


def test_sets_that_are_priced_but_not_kept_prove_as_much():
    problem = make_problem(np.random.default_rng(14), [32])
    settings = UnitSettings(communities_most=6)
    whole = solve_units(problem, settings)
    looked = int(whole.pieces["columns"].iloc[0])
    streamed = solve_units(problem, replace(settings, columns_most=looked // 20))
    check(problem, settings, streamed)
    assert whole.pieces["state"].tolist() == ["proved"]
    assert streamed.pieces["columns"].tolist() == [looked]
    assert streamed.pieces["bound"].iloc[0] >= whole.pieces["score"].iloc[0] - 1e-6
    assert streamed.pieces["gap_share"].iloc[0] < 0.05


def test_only_free_communities_are_drawn():
    problem = make_problem(np.random.default_rng(3), [12, 5])
    free = np.random.default_rng(0).random(17) < 0.7
    locked = np.array([[int(np.flatnonzero(~free)[0]), int(np.flatnonzero(free)[0])]])
    solution = solve_units(problem, UnitSettings(), free=free, locked=locked)
    assert ((solution.unit >= 0) == free).all()
    assert ((solution.piece >= 0) == free).all()
    part = take_communities(problem, np.flatnonzero(free))
    alone = solve_units(part, UnitSettings())
    assert alone.unit.tolist() == solution.unit[free].tolist()
    assert alone.pieces.equals(solution.pieces)


def test_nobody_to_draw():
    problem = make_problem(np.random.default_rng(3), [4])
    solution = solve_units(problem, UnitSettings(), free=np.zeros(4, np.bool_))
    assert solution.unit.tolist() == [-1] * 4
    assert solution.pieces.empty
    assert solution.finished


def test_no_neighbours_at_all():
    problem = make_problem(np.random.default_rng(3), [1, 1, 1])
    solution = solve_units(problem, UnitSettings())
    assert solution.unit.tolist() == [0, 1, 2]
    assert solution.pieces["state"].tolist() == ["proved"] * 3
    assert solution.pieces["score"].tolist() == [0, 0, 0]


def test_impossible_locks_do_no_harm():
    problem = make_problem(np.random.default_rng(5), [9, 4])
    first = np.flatnonzero(problem.x > 10_000)[0]
    apart = np.array([[int(first), int(np.flatnonzero(problem.x < 10_000)[0])]])
    solution = solve_units(problem, UnitSettings(), locked=apart)
    assert solution.unit[apart[0, 0]] == solution.unit[apart[0, 1]]
    assert np.isfinite(solution.pieces["score"]).all()
    assert solution.pieces["score"].min() > -1e6
    pair = problem.edges[:1]
    solution = solve_units(problem, UnitSettings(), locked=pair, forbidden=pair)
    together = np.flatnonzero(solution.unit == solution.unit[pair[0, 0]])
    assert sorted(together) == sorted(pair[0])


def test_a_lock_brings_those_between_along():
    # a row of three; the ends are to be together, which takes the one between
    problem = make_problem(np.random.default_rng(1), [3])
    ends = [i for i in range(3) if (problem.edges == i).sum() == 1]
    settings = UnitSettings(weight_spread=100.0, weight_closable=0.0)
    assert solve_units(problem, settings).unit.tolist() == [0, 1, 2]
    solution = solve_units(problem, settings, locked=np.array([ends]))
    assert solution.unit.tolist() == [0, 0, 0]
    assert solution.pieces["state"].tolist() == ["proved"]


def test_a_preview_is_connected_and_keeps_the_most_bounds():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        problem = make_problem(rng, [30, 12, 2, 1], cut=0.1)
        settings = UnitSettings(
            communities_most=4, households_most=3_000, area_most_m2=150_000.0
        )
        free = rng.random(problem.size) < 0.9
        unit = preview_units(problem, settings, free=free)
        assert ((unit >= 0) == free).all()
        oracle = Oracle(problem, settings)
        units = list_units(unit)
        assert all(oracle.allowed(members) for members in units)
        assert len(units) < free.sum()
    everyone = preview_units(problem, UnitSettings(communities_most=0))
    assert len(list_units(everyone)) == len(solve_units(problem, UnitSettings()).pieces)


def test_branch_and_bound_where_the_relaxation_is_not_whole():
    # a triangle of pairs: the relaxation takes half of each
    sets = Sets(
        np.array([0, 2, 4, 6, 7]),
        np.array([0, 1, 1, 2, 0, 2, 0]),
        np.array([2.0, 2.0, 2.0, 0.5]),
        complete=True,
    )
    must = np.zeros(3, np.bool_)
    known = np.array([3])
    found = choose_sets(sets, must, known, nodes_most=100, going=lambda: True)
    assert found.chosen is not None
    assert sets.gain[found.chosen].sum() == 2.5
    assert found.bound == pytest.approx(2.5)
    assert found.proved
    stopped = choose_sets(sets, must, known, nodes_most=100, going=lambda: False)
    assert stopped.bound == pytest.approx(3.0)
    assert not stopped.proved


def test_a_problem_is_left_as_it_was():
    problem = make_problem(np.random.default_rng(0), [12])
    before = {name: getattr(problem, name).copy() for name in UnitProblem.__slots__}
    solve_units(problem, UnitSettings())
    for name, array in before.items():
        assert np.array_equal(getattr(problem, name), array, equal_nan=name != "ids")
