"""Projects, years and funds as arrays."""

import math

import numpy as np
import pytest
from schedule_cases import NEVER, make_case, make_problem, may_go

from geo.schedule_problem import find_faults, measure_rest


def test_what_a_plan_leaves():
    problem = make_problem(
        [(9, 1, 4, 1), (8, 1, 9, 0), (7, 1, 3, 2)],
        [[10, math.inf], [8, 1]],
        most=[1, math.inf],
    )
    rest = measure_rest(problem, np.array([0, 1, 0]))
    assert rest.cny.tolist() == [[3, math.inf], [0, 1]]
    assert rest.over_cny.tolist() == [[0, 0], [1, 0]]
    assert rest.projects.tolist() == [0, math.inf]
    assert rest.over_projects.tolist() == [1, 0]


def test_half_a_cent_is_nothing():
    problem = make_problem([(9, 1, 0.1), (8, 1, 0.2)], [[0.3]])
    assert measure_rest(problem, np.array([0, 0])).over_cny.tolist() == [[0]]
    assert find_faults(problem, np.array([0, 0])) == []


@pytest.mark.parametrize(
    ("year", "faults"),
    [
        ([0, NEVER, NEVER, 1], []),
        ([0, 1, NEVER, 1], ["funds"]),
        ([NEVER, NEVER, NEVER, 1], []),
        ([NEVER, NEVER, NEVER, 0], ["pinned", "funds"]),
        ([1, NEVER, NEVER, 1], ["year", "funds"]),
        ([NEVER, NEVER, 0, 1], ["unknown"]),
        ([0, 0, NEVER, 1], ["projects"]),
    ],
)
def test_every_fault_is_named(year, faults):
    problem = make_problem(
        [(9, 1, 4), (8, 1, 3), (7, 1, math.nan), (6, 1, 12)],
        [[10], [10]],
        most=[1, 9],
        allowed=[[True, False], [True, True], [True, True], [True, True]],
        pinned=[NEVER, NEVER, NEVER, 1],
    )
    assert find_faults(problem, np.array(year)) == faults


def test_what_could_go_is_told_as_by_hand():
    for seed in range(200):
        problem = make_case(seed)
        for p in range(problem.projects):
            for t in range(problem.years):
                assert problem.possible[p, t] == may_go(problem, p, t)


def test_unknown_households_add_nothing():
    problem = make_problem([(50, math.nan, 1), (40, 10, 1)], [[5], [5]])
    assert problem.worth.tolist() == [[0, 0], [800, 400]]
    assert problem.value(np.array([0, 1])) == 400
    assert problem.value(np.array([NEVER, 0])) == 800
