"""The plan of sites: against all plans, against spopt, and what must always hold.

``PIANQU_SITE_CASES`` says how many small problems are compared with brute force.
"""

import math
import os
from dataclasses import replace

import numpy as np
import pytest
from site_cases import (
    find_best_of,
    find_best_plainly,
    make_case,
    make_problem,
)

from geo.settings import SiteSettings
from geo.site_problem import find_faults, measure_served_people
from geo.site_solve import keep_going, nearest_choice, route_people, solve_sites

CASES = int(os.environ.get("PIANQU_SITE_CASES", "208"))
INF = math.inf


def check(problem, solution):
    """Check all that must hold for a plan."""
    assert solution.possible
    assert find_faults(problem, solution.modules, solution.flow) == []
    asked = problem.asked
    served = measure_served_people(problem, solution.flow)
    share = served[asked] / problem.servable[asked]
    weight = problem.weight[asked] / problem.weight[asked].sum()
    assert solution.fair == pytest.approx(share.min(initial=1.0), abs=1e-12)
    assert solution.value == pytest.approx(share @ weight, abs=1e-12)
    walked = solution.flow @ problem.distance_m
    assert solution.walk_m == pytest.approx(walked, rel=1e-12)
    assert solution.fair <= solution.value + 1e-12
    assert solution.fair <= solution.fair_bound <= solution.free_bound
    assert solution.value <= solution.bound <= solution.free_bound <= 1 + 1e-12
    assert solution.value <= solution.free_value <= solution.free_bound
    if solution.proved:
        assert solution.value == solution.bound
    # nothing is built for nobody
    goes = np.bincount(problem.link_option, solution.flow, problem.options) > 0
    assert not ((solution.modules > 0) & ~goes & ~problem.required).any()


@pytest.mark.parametrize("part", range(8))
def test_against_all_plans(part):
    compared = dear = 0
    for seed in range(part, CASES, 8):
        problem = make_case(seed)
        best = find_best_of(seed)
        solution = solve_sites(problem, SiteSettings())
        if best is None:
            assert not solution.possible
            continue
        if not problem.asked.any():
            continue
        check(problem, solution)
        fair, value, walk, free = best
        assert solution.fair == pytest.approx(fair, abs=1e-6), seed
        assert solution.value == pytest.approx(value, abs=1e-6), seed
        assert solution.walk_m == pytest.approx(walk, rel=1e-5, abs=1e-3), seed
        assert solution.free_value == pytest.approx(free, abs=1e-6), seed
        assert solution.proved
        assert solution.walk_proved
        assert not solution.limited
        assert solution.solver == "highs"
        compared += 1
        dear += free > value + 1e-6
    assert compared > 0.8 * CASES / 8
    assert dear > 0.3 * CASES / 8 or part


@pytest.mark.parametrize("seed", [1, 8, 16, 22, 24, 35])
def test_all_plans_by_the_definition(seed):
    problem = make_case(seed)
    best, again = find_best_of(seed), find_best_plainly(problem)
    assert best[:3] == pytest.approx(again, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("how", ["missing", "too_many"])
def test_without_a_solver(part, how, monkeypatch):
    settings = SiteSettings()
    if how == "missing":
        monkeypatch.setattr("geo.site_solve.load_solver", lambda: None)
    else:
        settings = SiteSettings(flows_most=0)
    for seed in range(part, CASES // 4, 4):
        problem = make_case(seed)
        best = find_best_of(seed)
        solution = solve_sites(problem, settings)
        if best is None or not problem.asked.any() or not problem.demand.size:
            assert solution.possible == (best is not None)
            continue
        check(problem, solution)
        fair, value, _, free = best
        assert solution.solver == "search"
        assert not solution.limited
        assert solution.fair <= fair + 1e-6 <= solution.fair_bound + 2e-6, seed
        assert free <= solution.free_bound + 1e-6, seed
        if solution.fair >= fair - 1e-6:
            assert solution.value <= value + 1e-6 <= solution.bound + 2e-6, seed


def test_the_same_again():
    for seed in range(0, 64, 8):
        problem = make_case(seed)
        first, again = (solve_sites(problem, SiteSettings()) for _ in range(2))
        assert first.modules.tolist() == again.modules.tolist()
        assert first.flow.tolist() == again.flow.tolist()
        assert first.bound == again.bound


def make_pair(**more):
    """Two categories that contend for one site: 10 people of one, 90 of the other."""
    demands = [(0, 10.0, 1.0), (1, 90.0, 1.0)]
    options = [(0, 0, 10.0, INF, 1, 1, 0.0), (0, 1, 10.0, INF, 1, 1, 0.0)]
    links = [(0, 0, 100.0), (1, 1, 100.0)]
    given = {"area_m2": np.array([10.0]), "resource_cost": np.ones(1), **more}
    return make_problem(demands, options, links, **given)


def test_a_site_for_one_of_two():
    solution = solve_sites(make_pair(weight=np.array([1.0, 3.0])), SiteSettings())
    assert solution.modules.tolist() == [0, 1]
    assert (solution.fair, solution.fair_bound) == (0, 0)
    assert solution.value == pytest.approx(0.75)
    assert solution.proved


def test_both_under_one_roof():
    pair = make_pair(area_m2=np.array([20.0]), budget=1.0)
    solution = solve_sites(pair, SiteSettings())
    assert solution.modules.tolist() == [1, 1]
    assert (solution.fair, solution.value, solution.walk_m) == (1, 1, 10_000)


def test_the_worst_served_come_first():
    # one site serves 90 of 100 of the first category or 30 of 90 of the second
    demands = [(0, 10.0, 1.0), (0, 90.0, 1.0), (1, 30.0, 1.0), (1, 60.0, 1.0)]
    options = [
        (0, 0, 10.0, INF, 1, 1, 0.0),
        (1, 0, 10.0, INF, 1, 1, 0.0),
        (1, 1, 10.0, INF, 1, 1, 0.0),
        (2, 1, 10.0, INF, 1, 1, 0.0),
    ]
    links = [(0, 0, 10.0), (1, 1, 10.0), (2, 2, 10.0), (3, 3, 10.0)]
    problem = make_problem(
        demands,
        options,
        links,
        area_m2=np.full(3, 10.0),
        resource_cost=np.ones(3),
        budget=2.0,
    )
    solution = solve_sites(problem, SiteSettings())
    assert solution.modules.tolist() == [0, 1, 0, 1]
    assert solution.fair == pytest.approx(2 / 3)
    unfair = solve_sites(
        replace(problem, budget=1.0, weight=np.array([1.0, 9.0])), SiteSettings()
    )
    assert unfair.modules.tolist() == [0, 0, 0, 1]


def test_the_price_of_fairness():
    # the first two options serve all of category 0 with 2 sites; category 1 wants one
    demands = [(0, 50.0, 1.0), (0, 50.0, 1.0), (1, 2.0, 1.0), (1, 98.0, 1.0)]
    options = [
        (0, 0, 10.0, INF, 1, 1, 0.0),
        (1, 0, 10.0, INF, 1, 1, 0.0),
        (1, 1, 10.0, INF, 1, 1, 0.0),
    ]
    links = [(0, 0, 10.0), (1, 1, 10.0), (2, 2, 10.0)]
    problem = make_problem(
        demands, options, [*links, (0, 1, 9.0)], area_m2=np.full(2, 10.0)
    )
    solution = solve_sites(problem, SiteSettings())
    assert solution.free_value == solution.value == 1
    skewed = make_problem(
        [*demands[:2], (1, 2.0, 1.0), (1, 98.0, 1.0)],
        [*options, (2, 1, 10.0, INF, 1, 1, 0.0)],
        [*links, (3, 3, 10.0)],
        area_m2=np.full(3, 10.0),
        budget=2.0,
        resource_cost=np.array([1.0, 1.0, 9.0]),
    )
    solution = solve_sites(skewed, SiteSettings())
    assert solution.fair == pytest.approx(0.02)
    assert solution.value == pytest.approx(0.26)
    assert solution.free_value == pytest.approx(0.5)
    assert solution.proved


def test_the_mean_alone():
    for seed in range(0, 80, 8):
        problem = make_case(seed)
        best = find_best_of(seed)
        solution = solve_sites(problem, SiteSettings(), fair=False)
        check(problem, solution)
        assert solution.value == pytest.approx(best[3], abs=1e-6), seed
        assert solution.free_value == pytest.approx(solution.value)
        assert solution.proved
        flow = route_people(problem, solution.modules)
        assert flow == pytest.approx(solution.flow)


def test_required_sites_beyond_budget_area_or_neighbours():
    both = np.array([True, True])
    for broken in (
        make_pair(required=both),
        make_pair(required=both, area_m2=np.array([20.0]), budget=0.0),
        make_pair(
            required=both, area_m2=np.array([20.0]), conflicts=np.array([[0, 1]])
        ),
    ):
        solution = solve_sites(broken, SiteSettings())
        assert not solution.possible
        assert not solution.proved
        assert not solution.modules.any()
        assert not solution.flow.any()


def test_what_is_required_is_built_for_nobody():
    pair = make_pair(required=np.array([True, False]))
    solution = solve_sites(pair, SiteSettings())
    assert solution.modules.tolist() == [1, 0]
    lonely = make_problem(
        [(0, 5.0, 1.0)],
        [(0, 0, 10.0, 5.0, 2, 3, 0.0)],
        [],
        required=np.array([True]),
    )
    solution = solve_sites(lonely, SiteSettings())
    assert solution.modules.tolist() == [2]
    assert solution.possible
    assert solution.value == solution.bound == 0


@pytest.mark.parametrize(
    "problem",
    [
        make_pair(budget=0.0),
        make_pair(area_m2=np.array([0.0])),
        make_problem([(0, 5.0, 1.0)], [], []),
        make_problem([], [(0, 0, 10.0, 5.0, 1, 3, 0.0)], []),
        make_problem([], [], []),
        make_problem([(0, 5.0, 1.0)], [(0, 0, 9.0, 0.0, 1, 1, 0.0)], [(0, 0, 1.0)]),
    ],
    ids=["no_budget", "no_area", "no_options", "no_demand", "nothing", "no_capacity"],
)
@pytest.mark.parametrize("solver", [True, False])
def test_nothing_can_be_done(problem, solver, monkeypatch):
    if not solver:
        monkeypatch.setattr("geo.site_solve.load_solver", lambda: None)
    solution = solve_sites(problem, SiteSettings())
    assert solution.possible
    assert not solution.modules.any()
    assert solution.value == solution.walk_m == 0
    assert not solution.limited
    if solver:
        assert solution.proved
        assert solution.bound == 0


def make_town(size=40, demands=200, seed=3):
    """Return a problem that no solver proves at once."""
    rng = np.random.default_rng(seed)
    people = [(d % 3, rng.uniform(1, 50), 1.0) for d in range(demands)]
    options = [
        (r, c, rng.uniform(20, 60), INF if c == 2 else 150.0, 1, 3, 0.0)
        for r in range(size)
        for c in range(3)
    ]
    links = [
        (o, d, rng.uniform(0, 500))
        for o, option in enumerate(options)
        for d, demand in enumerate(people)
        if option[1] == demand[0] and rng.random() < 0.06
    ]
    return make_problem(
        people,
        options,
        links,
        area_m2=rng.uniform(30, 120, size),
        resource_cost=np.ones(size),
        budget=size / 4,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"nodes_most": 0},
        {"nodes_most": 0, "flows_most": 0},
        {"seconds_most": 0.0},
        {"seconds_most": 0.0, "flows_most": 0},
        {"seconds_most": 0.5},
    ],
    ids=str,
)
def test_cut_short(change):
    town = make_town()
    settings = SiteSettings(**{"nodes_most": 3, **change})
    solution = solve_sites(town, settings)
    check(town, solution)
    if settings.seconds_most == 0:
        assert solution.limited
    if settings.seconds_most > 1:
        assert not solution.limited
        assert solution.gap_share < 0.2


def test_a_plan_known_is_never_lost():
    town = make_town(30, 150)
    quick = SiteSettings(nodes_most=0)
    good = solve_sites(town, quick)
    again = solve_sites(town, SiteSettings(seconds_most=0.0), known=good.modules)
    check(town, again)
    assert again.fair >= good.fair - 1e-6
    wrong = np.full(town.options, 99)
    assert find_faults(town, wrong, np.zeros(town.demand.size))
    check(town, solve_sites(town, quick, known=wrong))


def test_the_watch_is_told_and_may_stop():
    town = make_town(30, 150)
    states = []

    def watch(state):
        states.append(state)
        return True

    settings = SiteSettings(nodes_most=5)
    solution = solve_sites(town, settings, watch=watch)
    assert not solution.limited
    assert [*dict.fromkeys(state.stage for state in states)] == [
        "fair",
        "value",
        "free",
        "walk",
    ]
    shares = [state.share for state in states]
    assert all(0 <= share <= 1 for share in shares)
    for state in states:
        if state.stage == "walk":
            assert state.bound <= state.value
        else:
            assert state.bound >= state.value - 1e-9
    stopped = solve_sites(town, SiteSettings(), watch=lambda _: False)
    check(town, stopped)
    assert stopped.limited
    assert keep_going(states[0])


def test_everybody_walks_to_the_nearest():
    demands = [(0, 10.0, 1.0), (0, 20.0, 2.0), (1, 5.0, 1.0), (0, 7.0, 1.0)]
    options = [
        (0, 0, 1.0, 25.0, 1, 1, 0.0),
        (1, 0, 1.0, 99.0, 1, 1, 0.0),
        (1, 1, 1.0, INF, 1, 1, 0.0),
    ]
    links = [(0, 0, 10.0), (0, 1, 20.0), (1, 1, 30.0), (2, 2, 40.0)]
    problem = make_problem(demands, options, links)
    served, walk_m, overflow = nearest_choice(problem, np.array([1, 1, 1]))
    # 10 and 20 with use 2 come to 50 places' worth of need where there are 25
    assert served.tolist() == [15, 5]
    assert overflow.tolist() == [15, 0]
    assert walk_m.tolist() == [5 * 10 + 10 * 20, 200]
    served, walk_m, overflow = nearest_choice(problem, np.zeros(3, np.int64))
    assert served.tolist() == walk_m.tolist() == overflow.tolist() == [0, 0]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(6))
def test_coverage_as_spopt_has_it(seed):
    locate = pytest.importorskip("spopt.locate", reason="spopt is not installed")
    pulp = pytest.importorskip("pulp", reason="PuLP is not installed")
    rng = np.random.default_rng(seed)
    places, sites, radius = int(rng.integers(20, 60)), int(rng.integers(6, 20)), 250.0
    distance = rng.uniform(0, 1000, (places, sites))
    people = rng.uniform(1, 100, places)
    count = int(rng.integers(1, 5))
    links = [
        (o, d, distance[d, o])
        for d in range(places)
        for o in range(sites)
        if distance[d, o] <= radius
    ]
    problem = make_problem(
        [(0, amount, 1.0) for amount in people],
        [(o, 0, 1.0, INF, 1, 1, 0.0) for o in range(sites)],
        links,
        resource_cost=np.ones(sites),
        budget=float(count),
    )
    peer = locate.MCLP.from_cost_matrix(distance, people, radius, count)
    peer = peer.solve(pulp.PULP_CBC_CMD(msg=False))
    solution = solve_sites(problem, SiteSettings())
    check(problem, solution)
    assert solution.proved
    served = solution.value * problem.servable[0]
    assert served == pytest.approx(pulp.value(peer.problem.objective), rel=1e-9)
