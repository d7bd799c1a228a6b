"""Plans without a solver."""

import numpy as np
from schedule_cases import NEVER, count_worth, keeps_rules, make_case, make_problem

from geo.schedule_search import better_plan, fill_gaps, place_projects


def test_every_step_keeps_the_rules_and_gains():
    gained = 0
    for seed in range(150):
        problem = make_case(seed, projects=12, years=3)
        start = place_projects(problem, -problem.worth)
        better = better_plan(problem, start)
        full = fill_gaps(problem, better)
        for year in (start, better, full):
            assert keeps_rules(problem, year)
        assert count_worth(problem, better) >= count_worth(problem, start) - 1e-6
        assert count_worth(problem, full) >= count_worth(problem, better) - 1e-6
        gained += count_worth(problem, better) > count_worth(problem, start) + 1e-6
    assert gained > 50


def test_no_move_and_no_exchange_betters_it():
    """Every plan that differs in one project, or in the years of two, tried by hand."""
    for seed in range(60):
        problem = make_case(seed, projects=6, years=3)
        year = better_plan(problem, problem.pinned.copy())
        worth = count_worth(problem, year)
        years = range(-1, problem.years)
        for p in range(problem.projects):
            for q in range(problem.projects):
                for t in years:
                    for s in {int(year[q]), int(year[p]), NEVER}:
                        trial = year.copy()
                        trial[q], trial[p] = s, t
                        if keeps_rules(problem, trial):
                            assert count_worth(problem, trial) <= worth + 1e-6


def test_projects_take_their_places_in_order():
    problem = make_problem([(9, 1, 6), (8, 1, 5), (7, 1, 4)], [[10], [5]])
    order = np.array([[1.0, 0], [3, 0], [2, 0]])
    assert place_projects(problem, order).tolist() == [NEVER, 0, 0]


def test_who_stops_it_has_a_plan():
    problem = make_case(3, projects=12)
    start = problem.pinned.copy()
    assert (better_plan(problem, start, going=lambda: False) == start).all()


def test_an_exchange_moves_the_other_to_where_it_fits():
    # the small one is worth more in the first year, the large one fits there only
    problem = make_problem([(90, 10, 8), (50, 1, 4)], [[8], [4]])
    year = better_plan(problem, np.array([NEVER, 0]))
    assert year.tolist() == [0, 1]


def test_gaps_are_filled_by_rank():
    problem = make_problem([(0, 1, 4), (0, 1, 4), (0, 1, 2)], [[4], [3]])
    assert fill_gaps(problem, np.full(3, NEVER)).tolist() == [0, NEVER, 1]
