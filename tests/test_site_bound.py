"""Bounds of sites: no plan exceeds them, and they come near the best plan."""

import math
from itertools import count

import numpy as np
import pytest
from site_cases import find_best, make_case, make_problem

from geo.site_bound import bound_fair, bound_value
from geo.site_flows import make_ground
from geo.site_prices import FREE, PART, PRICE, UNIT, make_prices, restrict

CASES = range(300, 380)


def test_no_plan_exceeds_a_bound():
    above, tight = [], []
    for seed in CASES:
        problem = make_case(seed)
        best = find_best(problem)
        if best is None or not problem.asked.any():
            continue
        fair, value, _, free = best
        bounds = (
            bound_fair(problem, rounds=200),
            bound_value(problem, fair=fair, rounds=200),
            bound_value(problem, rounds=200),
        )
        for bound, truth in zip(bounds, (fair, value, free), strict=True):
            assert truth - 1e-9 <= bound <= 1
            above.append(bound - truth)
            tight.append(bound <= truth + 1e-4)
    assert len(above) > 3 * 60
    assert np.mean(above) < 0.05
    assert np.mean(tight) > 0.7


def test_bounds_hold_after_any_number_of_rounds():
    for seed in range(40):
        problem = make_case(seed)
        best = find_best(problem)
        if best is None or not problem.asked.any():
            continue
        for rounds in (1, 3, 30):
            assert bound_fair(problem, rounds=rounds) >= best[0] - 1e-9
            bound = bound_value(problem, fair=best[0] * 0.9, rounds=rounds)
            assert bound >= best[1] - 1e-9
    assert bound_fair(problem, rounds=0) == 1


@pytest.mark.parametrize("budget", [0.0, 1.0, 2.0, 3.0])
def test_sites_by_number_are_bounded_exactly(budget):
    # no two places serve the same people: the best ones are the optimum
    amounts = [40, 30, 20, 10]
    problem = make_problem(
        [(0, amount, 1) for amount in amounts],
        [(r, 0, 10, math.inf, 1, 1, 0) for r in range(4)],
        [(r, r, 100) for r in range(4)],
        resource_cost=np.ones(4),
        budget=budget,
    )
    value = sum(amounts[: int(budget)]) / 100
    assert bound_value(problem) == pytest.approx(value, abs=1e-6)
    assert bound_fair(problem) == pytest.approx(value, abs=1e-6)


def test_money_buys_parts_in_a_bound_only():
    problem = make_problem(
        [(0, 60, 1), (0, 40, 1)],
        [(r, 0, 10, math.inf, 1, 1, 0) for r in range(2)],
        [(0, 0, 100), (1, 1, 100)],
        resource_cost=np.array([3.0, 4.0]),
        budget=5.0,
    )
    assert bound_value(problem) == pytest.approx(0.8, abs=1e-3)


def test_whole_modules_and_least_sizes_are_heeded():
    # 25 m2 hold two modules, or one facility of the other kind with five left over
    problem = make_problem(
        [(0, 100, 1), (1, 100, 1)],
        [(0, 0, 10, 30, 1, 9, 0), (0, 1, 10, 50, 2, 9, 0)],
        [(0, 0, 100), (1, 1, 100)],
        area_m2=np.array([25.0]),
    )
    assert bound_value(problem) == pytest.approx(0.5, abs=1e-6)
    # at best one of them three times out of eight
    assert bound_fair(problem) == pytest.approx(0.375, abs=1e-3)


def test_neighbours_on_a_resource_are_heeded():
    problem = make_problem(
        [(0, 100, 1), (1, 100, 1)],
        [(0, 0, 10, math.inf, 1, 1, 0), (0, 1, 10, math.inf, 1, 1, 0)],
        [(0, 0, 100), (1, 1, 100)],
        conflicts=np.array([[0, 1]]),
    )
    assert bound_value(problem) == pytest.approx(0.5, abs=1e-6)
    assert bound_fair(problem) == pytest.approx(0.5, abs=1e-3)


def test_required_sites_take_their_place():
    problem = make_problem(
        [(0, 80, 1), (0, 20, 1)],
        [(r, 0, 10, math.inf, 1, 1, 0) for r in range(2)],
        [(0, 0, 100), (1, 1, 100)],
        resource_cost=np.ones(2),
        budget=1.0,
        required=np.array([False, True]),
    )
    assert bound_value(problem) == pytest.approx(0.2, abs=1e-6)


def test_a_known_plan_ends_the_search():
    problem = make_case(3)
    assert bound_value(problem, known=0.0) <= 1
    assert bound_value(problem, known=1.0) == 1
    assert bound_fair(problem, known=1.0) == 1


def test_a_share_that_none_reaches_is_returned():
    problem = make_problem(
        [(0, 80, 1), (1, 20, 1)],
        [(r, r, 10, math.inf, 1, 1, 0) for r in range(2)],
        [(0, 0, 100), (1, 1, 100)],
        resource_cost=np.ones(2),
        budget=1.0,
    )
    assert bound_value(problem, fair=0.9) >= 0.9


def test_nothing_is_asked():
    problem = make_problem([], [], [])
    assert bound_fair(problem) == bound_value(problem) == 0


def test_the_search_for_prices_can_be_ended():
    asked = count()
    problem = make_case(5)
    bound_value(problem, going=lambda: next(asked) < 1)
    assert next(asked) == 2
    assert bound_value(problem, going=lambda: False) == 1


def test_how_a_budget_is_heeded():
    case = ([(0, 1, 1)], [(0, 0, 1, 1, 1, 1, 0), (1, 0, 1, 1, 1, 1, 0)], [(0, 0, 1)])
    money = ([(0, 1, 1)], [(0, 0, 1, 1, 1, 1, 2), (1, 0, 1, 1, 1, 1, 3)], [(0, 0, 1)])
    same, other = np.ones(2), np.array([1.0, 2.0])
    kinds = {
        FREE: make_problem(*case, resource_cost=same),
        UNIT: make_problem(*case, resource_cost=same, budget=2.0),
        PART: make_problem(*case, resource_cost=other, budget=2.0),
        PRICE: make_problem(*money, resource_cost=same, budget=9.0),
    }
    for kind, problem in kinds.items():
        ground = restrict(make_ground(problem))
        prices = make_prices(ground, fair=0.0, known=0.0, alike=False)
        assert prices.kind[0] == kind
