"""What no plan can exceed."""

import math

import numpy as np
import pytest
from schedule_cases import find_best_of, make_case
from scipy.optimize import linprog

from geo.schedule_bound import bound_value


def solve_relaxed(problem):
    """Return what a plan of parts of projects is worth at most."""
    shape = problem.possible.shape
    rows, upper = [], []
    for p in range(shape[0]):
        row = np.zeros(shape)
        row[p] = 1
        rows.append(row)
        upper.append(1.0)
    for t in range(shape[1]):
        for k in range(problem.need.shape[1]):
            if math.isfinite(problem.rest.cny[t, k]):
                row = np.zeros(shape)
                row[:, t] = problem.need[:, k]
                rows.append(row)
                upper.append(problem.rest.cny[t, k])
        if math.isfinite(problem.rest.projects[t]):
            row = np.zeros(shape)
            row[:, t] = 1
            rows.append(row)
            upper.append(problem.rest.projects[t])
    worth = np.where(problem.possible, problem.worth, 0)
    found = linprog(
        -worth.ravel(),
        A_ub=np.array([row.ravel() for row in rows]),
        b_ub=upper,
        bounds=[(0, float(one)) for one in problem.possible.ravel()],
    )
    return problem.value(problem.pinned) - found.fun


def test_no_plan_exceeds_it():
    for seed in range(160):
        bound = bound_value(make_case(seed)).bound
        assert bound >= find_best_of(seed) - 1e-6


@pytest.mark.parametrize("seed", range(40))
def test_it_is_as_good_as_plans_of_parts(seed):
    problem = make_case(seed, projects=40, years=4)
    relaxed = solve_relaxed(problem)
    bound = bound_value(problem, known=0.97 * relaxed).bound
    assert bound >= relaxed - 1e-6 * max(relaxed, 1)
    assert bound <= relaxed * 1.02 + 1e-6


def test_what_is_known_ends_it():
    problem = make_case(7, projects=20)
    bound = bound_value(problem).bound
    assert bound_value(problem, known=bound * 2).bound == bound * 2
