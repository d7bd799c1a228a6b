"""The plan of units and years: against all plans, and what must always hold.

``PIANQU_SCHEDULE_CASES`` says how many small problems are compared with brute force.
"""

import math
import os
from itertools import permutations

import numpy as np
import pytest
from schedule_cases import (
    NEVER,
    count_worth,
    find_best_of,
    keeps_rules,
    make_case,
    make_problem,
)
from scipy.optimize import Bounds, LinearConstraint, milp

from geo.policy_settings import ScheduleSettings
from geo.schedule_problem import find_faults
from geo.schedule_solve import ScheduleState, keep_going, solve_schedule

CASES = int(os.environ.get("PIANQU_SCHEDULE_CASES", "320"))
BEST = ScheduleSettings(mode="optimise")
INF = math.inf


def without_solver(monkeypatch):
    monkeypatch.setattr("geo.schedule_solve.load_solver", lambda: None)


def check(problem, choice):
    """Check all that must hold for a plan."""
    assert keeps_rules(problem, choice.year)
    assert find_faults(problem, choice.year) == []
    assert choice.value == pytest.approx(count_worth(problem, choice.year))
    assert choice.value <= choice.bound
    assert choice.proved == (choice.value == choice.bound)
    assert choice.gap == pytest.approx(
        1 - choice.value / choice.bound if choice.bound else 0.0
    )


@pytest.mark.parametrize("part", range(8))
def test_the_greatest_worth_is_that_of_all_plans(part):
    better = 0
    for seed in range(part, CASES, 8):
        problem, best = make_case(seed), find_best_of(seed)
        choice = solve_schedule(problem, BEST)
        check(problem, choice)
        assert choice.value == pytest.approx(best, abs=1e-6)
        assert choice.proved
        strict = solve_schedule(problem, ScheduleSettings())
        better += choice.value > strict.value + 1e-6
    # the cases are none in which every plan is as good
    assert better >= CASES / 8 / 8


@pytest.mark.parametrize("part", range(4))
def test_without_a_solver_nothing_is_broken_and_the_bound_holds(part, monkeypatch):
    without_solver(monkeypatch)
    reached = 0
    seeds = range(part, CASES, 4)
    for seed in seeds:
        problem, best = make_case(seed), find_best_of(seed)
        choice = solve_schedule(problem, BEST)
        check(problem, choice)
        assert choice.solver == "search"
        assert choice.value <= best + 1e-6
        assert choice.bound >= best - 1e-6
        reached += choice.value >= best - 1e-6
    assert reached >= 0.95 * len(seeds)


@pytest.mark.parametrize("seed", range(1000, 1040))
def test_the_ranking_breaks_no_rule_and_is_worth_no_more_than_its_bound(seed):
    problem = make_case(seed, projects=40, years=5)
    choice = solve_schedule(problem, ScheduleSettings())
    check(problem, choice)
    assert choice.solver == "ranking"
    best = solve_schedule(problem, BEST)
    check(problem, best)
    assert choice.value <= best.value + 1e-6
    assert best.value <= choice.bound * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(2000, 2012))
def test_larger_plans_are_those_of_another_model(seed):
    """A second model, written anew and handed to scipy."""
    problem = make_case(seed, projects=25, years=4)
    choice = solve_schedule(problem, BEST)
    check(problem, choice)
    shape = problem.allowed.shape
    rows, upper = [], []
    for p in range(shape[0]):
        row = np.zeros(shape)
        row[p] = 1
        rows.append(row)
        upper.append(1)
    lines = problem.need_cny.shape[1]
    need = np.nan_to_num(problem.need_cny)
    pinned = problem.pinned >= 0
    for t in range(shape[1]):
        for k in range(lines):
            if math.isfinite(problem.available_cny[t, k]):
                row = np.zeros(shape)
                row[:, t] = np.where(pinned, 0, need[:, k])
                rows.append(row)
                pins = need[pinned & (problem.pinned == t), k].sum()
                upper.append(max(problem.available_cny[t, k] - pins, 0) + 1e-6)
        row = np.zeros(shape)
        row[:, t] = ~pinned
        rows.append(row)
        here = (problem.pinned == t).sum()
        upper.append(max(min(problem.projects_most[t], 1e3) - here, 0))
    limited = np.isfinite(problem.available_cny).any(axis=0)
    unknown = (np.isnan(problem.need_cny) & limited).any(axis=1)
    free = problem.allowed & ~pinned[:, None] & ~unknown[:, None]
    found = milp(
        -problem.worth.ravel(),
        constraints=LinearConstraint(np.array([r.ravel() for r in rows]), ub=upper),
        bounds=Bounds(0, free.ravel().astype(float)),
        integrality=np.ones(free.size),
    )
    fixed = problem.value(problem.pinned)
    assert choice.value == pytest.approx(fixed - found.fun, rel=1e-6)


def test_the_same_problem_has_the_same_plan():
    for seed in range(3000, 3010):
        problem = make_case(seed, projects=15, years=3)
        one, two = (solve_schedule(problem, BEST) for _ in range(2))
        assert (one.year == two.year).all()


@pytest.mark.parametrize("solver", [True, False])
def test_of_two_alike_the_higher_rank_goes_first(solver, monkeypatch):
    if not solver:
        without_solver(monkeypatch)
    problem = make_problem([(50, 100, 10)] * 4, [[20], [10], [10]])
    choice = solve_schedule(problem, BEST)
    assert choice.year.tolist() == [0, 0, 1, 2]


def test_projects_of_no_worth_take_what_is_left():
    projects = [(50, math.nan, 10), (40, 100, 10), (0, 10, 10), (0, 10, 10)]
    problem = make_problem(projects, [[20], [10]])
    choice = solve_schedule(problem, BEST)
    assert choice.year.tolist() == [0, 0, 1, NEVER]
    assert choice.proved


def test_the_worth_is_score_times_households_times_years_left():
    problem = make_problem([(80, 100, 1), (40, 50, 1)], [[1], [1], [1]])
    choice = solve_schedule(problem, BEST)
    assert choice.year.tolist() == [0, 1]
    assert choice.value == 80 * 100 * 3 + 40 * 50 * 2
    assert (choice.bound, choice.gap, choice.proved) == (choice.value, 0, True)


def test_pinned_projects_stay_and_others_share_what_they_leave():
    for order in permutations(range(3)):
        need = [30, 5, 6]
        projects = [(90 - at, 10, need[p]) for at, p in enumerate(order)]
        pinned = [0 if need[p] == 30 else NEVER for p in order]
        problem = make_problem(projects, [[20], [8]], pinned=pinned)
        choice = solve_schedule(problem, BEST)
        check(problem, choice)
        # the pinned one exceeds its year, in which nobody else goes
        assert choice.year[order.index(0)] == 0
        assert (choice.year == 0).sum() == 1
        assert (choice.year == 1).sum() == 1


def test_nothing_to_plan():
    problem = make_problem(np.zeros((0, 3)), [[10], [10]])
    for settings in (BEST, ScheduleSettings()):
        choice = solve_schedule(problem, settings)
        assert choice.year.size == 0
        assert (choice.value, choice.gap, choice.proved) == (0, 0, True)


def test_no_room_for_anybody():
    problem = make_problem([(50, 10, 5)] * 3, [[4], [10]], most=[9, 0])
    choice = solve_schedule(problem, BEST)
    assert choice.year.tolist() == [NEVER] * 3
    assert choice.proved


def make_hard():
    rng = np.random.default_rng(4)
    count, years = 150, 4
    need = np.round(rng.lognormal(15, 0.4, (count, 3)), 2)
    return make_problem(
        np.column_stack(
            [
                np.sort(rng.uniform(20, 90, count))[::-1],
                rng.integers(30, 900, count),
                need,
            ]
        ),
        np.tile(need.sum(axis=0) / 9, (years, 1)),
    )


def test_a_watch_sees_the_bound_fall_and_may_stop():
    problem, states = make_hard(), []

    def watch(state: ScheduleState) -> bool:
        states.append(state)
        return len(states) < 12

    assert keep_going(ScheduleState(0, 1, 0))
    stopped = solve_schedule(
        problem, ScheduleSettings(mode="optimise", seconds_most=60), watch=watch
    )
    check(problem, stopped)
    assert stopped.limited
    assert len(states) == 12
    values = [state.value for state in states]
    assert values == sorted(values)
    bounds = [state.bound for state in states]
    assert bounds == sorted(bounds, reverse=True)
    assert stopped.bound <= bounds[-1]


@pytest.mark.parametrize("solver", [True, False])
def test_the_clock_ends_the_search(solver, monkeypatch):
    if not solver:
        without_solver(monkeypatch)
    problem = make_hard()
    settings = ScheduleSettings(mode="optimise", seconds_most=0)
    choice = solve_schedule(problem, settings)
    check(problem, choice)
    assert choice.limited
    assert not choice.proved


def test_a_plan_that_a_solver_gets_wrong_is_not_believed(monkeypatch):
    problem = make_hard()
    settings = ScheduleSettings(mode="optimise", seconds_most=1)
    monkeypatch.setattr("geo.schedule_solve.find_faults", lambda *_: ["funds"])
    choice = solve_schedule(problem, settings)
    check(problem, choice)
