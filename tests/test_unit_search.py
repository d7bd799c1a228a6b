"""Greedy merging and local search: whole plans, never worse, always the same."""

import os
import subprocess
import sys
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from unit_towns import NONE, Oracle, list_units, make_problem, make_settings

from geo.settings import UnitSettings
from geo.unit_pieces import value_plan
from geo.unit_problem import make_town
from geo.unit_search import grow_units, improve_units, merge_units
from geo.unit_sets import find_atoms

ROOT = Path(__file__).parents[1]


def prepare(problem, settings, locked=NONE, forbidden=NONE):
    town = make_town(problem, settings)
    atoms = find_atoms(problem, town, locked, forbidden)
    return town, atoms, np.arange(atoms.communities.size)


def check(oracle, label, value):
    units = list_units(label)
    assert sorted(chain(*units)) == list(range(oracle.count))
    assert all(oracle.allowed(unit) for unit in units)
    assert value == pytest.approx(sum(sum(oracle.terms(unit)) for unit in units))


def test_every_plan_keeps_the_rules_and_gets_better():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        problem = make_problem(rng, [12, 9], cut=0.1)
        settings = make_settings(rng, 6)
        forbidden = problem.edges[rng.random(len(problem.edges)) < 0.1]
        run = prepare(problem, settings, forbidden=forbidden)
        oracle = Oracle(problem, settings, NONE, forbidden)
        for build in (merge_units, grow_units):
            first = build(*run)
            mended = improve_units(*run, first, kicks=0)
            kicked = improve_units(*run, mended, kicks=30)
            values = [value_plan(*run, label) for label in (first, mended, kicked)]
            assert 0 <= values[0] <= values[1] <= values[2]
            for label, value in zip((first, mended, kicked), values, strict=True):
                check(oracle, label, value)


def test_merging_takes_the_best_pair_first():
    problem = make_problem(np.random.default_rng(8), [2])
    run = prepare(problem, UnitSettings())
    value = sum(Oracle(problem, UnitSettings()).terms([0, 1]))
    label = merge_units(*run)
    assert (label[0] == label[1]) == (value > 0)


def test_growing_passes_through_sizes_that_are_refused():
    problem = make_problem(np.random.default_rng(12), [20])
    settings = UnitSettings(communities_least=3, weight_spread=0.0, weight_unlike=0.0)
    run = prepare(problem, settings)
    assert value_plan(*run, merge_units(*run)) == 0
    label = grow_units(*run)
    assert value_plan(*run, label) > 0
    check(Oracle(problem, settings), label, value_plan(*run, label))


def test_a_locked_group_that_cannot_stand_finds_company():
    settings = UnitSettings(communities_least=3, communities_most=4)
    problem = make_problem(np.random.default_rng(6), [8])
    locked = problem.edges[:1]
    run = prepare(problem, settings, locked)
    label = improve_units(*run, grow_units(*run), kicks=20)
    assert value_plan(*run, label) > -1e8


def test_the_same_seed_makes_the_same_plan():
    problem = make_problem(np.random.default_rng(9), [60])
    run = prepare(problem, UnitSettings())
    first = merge_units(*run)
    one = improve_units(*run, first, kicks=40, seed=3)
    assert one.tolist() == improve_units(*run, first, kicks=40, seed=3).tolist()


def test_without_compiling_the_same():
    code = """
import sys; sys.path.insert(0, "tests")
import numpy as np
from unit_towns import make_problem
from geo.settings import UnitSettings
from geo.unit_problem import make_town
from geo.unit_scores import within_bounds
from geo.unit_search import improve_units, merge_units
from geo.unit_sets import find_atoms, list_sets
from geo.unit_solve import preview_units, solve_units
problem = make_problem(np.random.default_rng(0), [7, 4, 1])
edges = problem.edges
settings = UnitSettings(communities_least=3, communities_most=4)
for wishes in ({}, {"locked": edges[:2], "forbidden": edges[-2:]}):
    for most in (400_000, 15):
        given = UnitSettings(communities_least=3, columns_most=most)
        solution = solve_units(problem, given, **wishes)
        print(solution.unit.tolist(), solution.pieces["state"].tolist())
print(preview_units(problem, settings).tolist())
sets = list_sets(problem, settings)
print(sets.member.tolist(), within_bounds(problem, settings, *sets[:2]).tolist())
town = make_town(problem, UnitSettings())
atoms = find_atoms(problem, town, edges[:0], edges[:1])
chosen = np.arange(problem.size)
label = merge_units(town, atoms, chosen)
print(label.tolist(), improve_units(town, atoms, chosen, label, kicks=4).tolist())
"""
    told = []
    for off in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "NUMBA_DISABLE_JIT": off},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told.append(done.stdout)
    assert told[0] == told[1]
