"""Greedy sites: plans break no rule, are as good as the best ones, always the same."""

import math

import numpy as np
import pytest
from site_cases import find_best, list_plans, make_case, make_problem, serve_most

from geo.site_flows import make_draft, make_ground
from geo.site_greedy import fill, search
from geo.site_grow import make_trial, restore
from geo.site_problem import find_faults, measure_served_people

CASES = range(80)


def judge(problem, modules):
    """Return the least share and the weighted mean of the shares."""
    served = measure_served_people(problem, fill(problem, modules))
    asked = problem.asked
    share = served[asked] / problem.servable[asked]
    weight = problem.weight[asked]
    return share.min(initial=1.0), share @ weight / max(weight.sum(), 1e-9)


@pytest.mark.parametrize("fair", [True, False])
def test_no_plan_breaks_a_rule(fair):
    impossible = 0
    for seed in CASES:
        problem = make_case(seed)
        modules = search(problem, fair=fair)
        faults = find_faults(problem, modules, fill(problem, modules))
        if faults == ["required"]:
            impossible += 1
            assert not modules.any()
            assert next(list_plans(problem), None) is None
        else:
            assert faults == [], seed
    assert 0 < impossible < 20


def test_plans_come_near_the_best():
    missed = 0
    for seed in CASES:
        problem = make_case(seed)
        best = find_best(problem)
        if best is None or not problem.asked.any():
            continue
        fair, value = judge(problem, search(problem))
        _, free = judge(problem, search(problem, fair=False))
        assert fair <= best[0] + 1e-6
        assert free <= best[3] + 1e-6
        missed += fair < best[0] - 1e-6 or (
            fair <= best[0] + 1e-6 and value < best[1] - 1e-6
        )
        missed += free < best[3] - 1e-6
    assert missed <= 0.08 * len(CASES)


def test_as_many_are_served_as_can_be():
    rerouted = 0
    for seed in CASES:
        problem = make_case(seed)
        rng = np.random.default_rng(seed)
        modules = np.where(rng.random(problem.options) < 0.7, problem.most, 0)
        flow = fill(problem, modules)
        faults = find_faults(problem, modules, flow)
        assert not {"closed", "capacity", "demand", "negative"} & {*faults}
        served = measure_served_people(problem, flow)
        for category in range(problem.categories):
            most, _ = serve_most(problem, modules, category)
            assert served[category] == pytest.approx(most, abs=1e-6)
        rerouted += bool(served.sum() > 0)
    assert rerouted > 50


def test_others_make_way():
    # the first is served by either place, the second only by the nearer one
    problem = make_problem(
        [(0, 10, 1), (0, 10, 1)],
        [(0, 0, 10, 10, 1, 1, 0), (1, 0, 10, 10, 1, 1, 0)],
        [(0, 0, 100), (0, 1, 300), (1, 0, 200)],
    )
    np.testing.assert_allclose(fill(problem, np.array([1, 1])), [0, 10, 10])


def test_those_who_take_little_room_come_first():
    problem = make_problem(
        [(0, 10, 2), (0, 10, 1)],
        [(0, 0, 10, 12, 1, 1, 0)],
        [(0, 0, 100), (0, 1, 300)],
    )
    np.testing.assert_allclose(fill(problem, np.array([1])), [1, 10])


def test_the_worst_served_come_first():
    # one site only: the first category would gain more
    demands = [(0, 90, 1), (0, 10, 1), (1, 50, 1), (1, 50, 1)]
    options = [
        (r, c, 10, math.inf, 1, 1, 0) for r, c in ((0, 0), (1, 0), (2, 0), (2, 1))
    ]
    problem = make_problem(
        demands,
        options,
        [(0, 0, 1), (1, 1, 1), (2, 1, 1), (3, 2, 1)],
        resource_cost=np.ones(3),
        budget=1.0,
    )
    assert search(problem).tolist() == [0, 0, 1, 1]
    assert search(problem, fair=False).tolist() == [0, 0, 1, 1]
    kept = np.array([1, 0, 0, 0])
    assert judge(problem, kept)[1] < judge(problem, search(problem))[1]


def test_the_same_problem_has_the_same_plan():
    problem = make_case(7)
    first = search(problem)
    assert all(np.array_equal(search(problem), first) for _ in range(3))


def test_a_plan_to_begin_with_is_never_made_worse():
    for seed in CASES:
        problem = make_case(seed)
        plan = search(problem, going=lambda: False)
        if find_faults(problem, plan, fill(problem, plan)):
            continue
        further = search(problem, start=plan)
        assert judge(problem, further) >= tuple(
            value - 1e-6 for value in judge(problem, plan)
        )
        assert find_faults(problem, further, fill(problem, further)) == []


def test_a_plan_that_breaks_a_rule_is_no_beginning():
    problem = make_problem(
        [(0, 10, 1)],
        [(0, 0, 10, 10, 1, 1, 0), (1, 0, 10, 10, 1, 1, 0)],
        [(0, 0, 100), (1, 0, 100)],
        resource_cost=np.ones(2),
        budget=1.0,
    )
    modules = search(problem, start=np.array([1, 1]))
    assert modules.sum() == 1
    assert find_faults(problem, modules, fill(problem, modules)) == []


@pytest.mark.parametrize(
    "given", [([], [], []), ([(0, 3, 1)], [], []), ([], [(0, 0, 5, 5, 1, 1, 0)], [])]
)
def test_nothing_to_serve_or_to_build(given):
    problem = make_problem(*given)
    modules = search(problem)
    assert not modules.any()
    assert find_faults(problem, modules, fill(problem, modules)) == []


def test_required_options_stay_even_if_nobody_comes():
    problem = make_problem(
        [(0, 10, 1)],
        [(0, 0, 10, 10, 2, 3, 1), (1, 0, 10, 10, 1, 1, 1)],
        [(1, 0, 100)],
        required=np.array([True, False]),
        budget=3.0,
    )
    assert search(problem).tolist() == [2, 1]
    assert search(problem, fair=False).tolist() == [2, 1]


def test_required_options_that_cost_too_much():
    problem = make_problem(
        [(0, 10, 1)],
        [(0, 0, 10, 10, 2, 3, 1)],
        [(0, 0, 100)],
        required=np.array([True]),
        budget=1.0,
    )
    assert not search(problem).any()


def test_a_journal_that_is_full_is_made_good(monkeypatch):
    monkeypatch.setattr("geo.site_flows.JOURNAL_MOST", 3)
    for seed in range(30):
        problem = make_case(seed)
        modules = search(problem)
        faults = find_faults(problem, modules, fill(problem, modules))
        assert faults in ([], ["required"])


def test_restoring_tells_whether_a_rule_is_broken():
    problem = make_problem(
        [(0, 10, 1)],
        [(0, 0, 10, 10, 2, 3, 0), (0, 1, 10, 10, 1, 1, 0)],
        [(0, 0, 100)],
        area_m2=np.array([30.0]),
        conflicts=np.array([[0, 1]]),
    )
    ground = make_ground(problem)
    draft, trial = make_draft(ground), make_trial(ground, fair=True)
    allowed = {
        (0, 0): True,
        (2, 0): True,
        (1, 0): False,
        (4, 0): False,
        (2, 1): False,
        (0, 2): False,
        (3, 0): True,
        (-1, 0): False,
    }
    for plan, right in allowed.items():
        assert restore(ground, draft, trial, np.array(plan)) == right
