"""The plan of the ranking: nobody is passed by somebody of a lower rank."""

import math

import pytest
from schedule_cases import (
    NEVER,
    follow_plainly,
    keeps_rules,
    make_case,
    make_problem,
    may_go,
)

from geo.schedule_strict import follow_ranking


@pytest.mark.parametrize("part", range(8))
def test_against_a_slow_plain_plan(part):
    some = 0
    for seed in range(part, 480, 8):
        problem = make_case(seed)
        year = follow_ranking(problem).year.tolist()
        assert year == follow_plainly(problem)
        some += any(t != NEVER for t in year)
    assert some > 30


def test_nobody_takes_a_year_before_one_of_higher_rank_that_may_go_in_it():
    closed = 0
    for seed in range(600):
        problem = make_case(seed, projects=12, years=4)
        plan = follow_ranking(problem)
        assert keeps_rules(problem, plan.year)
        for q, t in enumerate(plan.year):
            if t == NEVER or problem.pinned[q] != NEVER:
                continue
            for p in range(q):
                if may_go(problem, p, t):
                    assert NEVER < plan.year[p] <= t
        for t, p in enumerate(plan.closed_by):
            if p != NEVER:
                closed += 1
                trial = plan.year.copy()
                assert trial[p] == NEVER or trial[p] > t
                trial[p] = t
                assert not keeps_rules(problem, trial)
    assert closed > 300


def test_the_first_that_does_not_fit_closes_the_year():
    problem = make_problem([(9, 1, 6), (8, 1, 5), (7, 1, 4)], [[10], [10]])
    plan = follow_ranking(problem)
    # the third would fit into the rest of the first year, and waits
    assert plan.year.tolist() == [0, 1, 1]
    assert plan.closed_by.tolist() == [1, NEVER]


def test_one_that_no_money_of_the_year_reaches_for_closes_nothing():
    problem = make_problem([(9, 1, 11), (8, 1, 5), (7, 1, 4)], [[10], [20]])
    plan = follow_ranking(problem)
    assert plan.year.tolist() == [1, 0, 0]
    assert plan.closed_by.tolist() == [NEVER, NEVER]


def test_one_that_may_not_go_in_the_year_closes_nothing():
    allowed = [[False, True], [True, True], [True, True]]
    problem = make_problem(
        [(9, 1, 6), (8, 1, 5), (7, 1, 4)], [[10], [10]], allowed=allowed
    )
    assert follow_ranking(problem).year.tolist() == [1, 0, 0]


def test_places_close_a_year_like_money():
    problem = make_problem([(9, 1, 1)] * 4, [[math.inf]] * 2, most=[1, 2])
    plan = follow_ranking(problem)
    assert plan.year.tolist() == [0, 1, 1, NEVER]
    assert plan.closed_by.tolist() == [1, 3]


def test_one_source_is_enough_to_close():
    problem = make_problem([(9, 1, 5, 5), (8, 1, 5, 6), (7, 1, 1, 0)], [[20, 10]])
    plan = follow_ranking(problem)
    assert plan.year.tolist() == [0, NEVER, NEVER]


def test_exactly_what_there_is_fits():
    problem = make_problem([(9, 1, 0.1), (8, 1, 0.2)], [[0.3]])
    assert follow_ranking(problem).year.tolist() == [0, 0]
    problem = make_problem([(9, 1, 0.1), (8, 1, 0.21)], [[0.3]])
    assert follow_ranking(problem).year.tolist() == [0, NEVER]


def test_unknown_needs_are_not_planned_unless_nothing_limits_them():
    problem = make_problem([(9, 1, math.nan), (8, 1, 5)], [[10]])
    assert follow_ranking(problem).year.tolist() == [NEVER, 0]
    problem = make_problem([(9, 1, math.nan), (8, 1, 5)], [[math.inf]])
    assert follow_ranking(problem).year.tolist() == [0, 0]
