"""The models behind the siting: limits, flows for what is built, and HiGHS itself."""

import math
import sys
from dataclasses import replace

import numpy as np
import pytest
from site_cases import (
    find_best,
    find_best_of,
    list_plans,
    make_case,
    make_contest,
    make_problem,
    serve_most,
)

from geo.errors import CancelledError
from geo.highs import load_solver
from geo.settings import SiteSettings
from geo.site_assign import (
    add_load,
    assign_people,
    find_nearest,
    measure_room,
    shrink_modules,
)
from geo.site_choice import choose_modules
from geo.site_draft import FAIR, VALUE, WALK, Goal, draft_model
from geo.site_packs import limit_modules, list_packs
from geo.site_problem import find_faults, measure_served_people
from geo.site_solve import solve_sites

INF = math.inf


def ask_highs(problem, goal, modules=None, **more):
    """Return what HiGHS chooses, beginning with some modules or with nothing."""
    solver = load_solver()
    modules = np.zeros(problem.options, np.int64) if modules is None else modules
    flow = assign_people(problem, modules, solver=solver)
    given = {
        "nodes_most": 10_000,
        "seconds_most": 60.0,
        "going": lambda _: True,
        **more,
    }
    return choose_modules(problem, goal, solver=solver, known=(modules, flow), **given)


def make_street(capacity=INF, **more):
    """Three places along a street and two sites between them; 10, 20 and 30 people."""
    demands = [(0, 10.0, 1.0), (0, 20.0, 1.0), (0, 30.0, 1.0)]
    options = [(0, 0, 10.0, capacity, 1, 3, 1.0), (1, 0, 10.0, capacity, 1, 3, 1.0)]
    links = [(0, 0, 100.0), (0, 1, 200.0), (1, 1, 50.0), (1, 2, 100.0)]
    return make_problem(demands, options, links, **more)


def test_nearest_of_what_is_built():
    street = make_street()
    assert find_nearest(street, np.array([1, 0])).tolist() == [0, 1, -1]
    assert find_nearest(street, np.array([1, 1])).tolist() == [0, 2, 3]
    assert find_nearest(street, np.array([0, 0])).tolist() == [-1, -1, -1]


def test_of_two_as_near_the_first_is_the_nearest():
    options = [(0, 0, 1.0, INF, 1, 1, 0.0), (1, 0, 1.0, INF, 1, 1, 0.0)]
    tied = make_problem([(0, 5.0, 1.0)], options, [(0, 0, 70.0), (1, 0, 70.0)])
    assert find_nearest(tied, np.array([1, 1])).tolist() == [0]


def test_people_go_on_to_where_there_is_room():
    flow = assign_people(make_street(25.0), np.array([1, 1]), solver=load_solver())
    # 25 places at each, 5 of the 20 in the middle stay where it is near
    assert flow == pytest.approx([10, 15, 5, 20])
    assert flow.sum() == pytest.approx(50)


@pytest.mark.parametrize("part", range(4))
def test_people_served_are_as_many_as_can_be(part):
    compared = 0
    for seed in range(part, 60, 4):
        problem = make_case(seed)
        for plan in [*list_plans(problem)][-3:]:
            modules = np.array(plan, np.int64)
            flow = assign_people(problem, modules, solver=load_solver())
            assert not find_faults(problem, modules, flow), seed
            served = measure_served_people(problem, flow)
            walked = measure_served_people(problem, flow * problem.distance_m)
            for category in range(problem.categories):
                most, walk = serve_most(problem, plan, category)
                assert served[category] == pytest.approx(most, abs=1e-6), seed
                assert walked[category] == pytest.approx(walk, abs=1e-3), seed
                compared += most > 0
    assert compared > 20


def test_modules_that_nobody_needs_are_left_out():
    street = make_street(25.0)
    flow = np.array([10.0, 16.0, 0.0, 0.0])
    modules = shrink_modules(street, np.array([3, 3]), flow)
    assert modules.tolist() == [2, 0]
    required = make_street(25.0, required=np.array([False, True]))
    assert shrink_modules(required, np.array([3, 3]), flow).tolist() == [2, 1]


def test_room_and_load():
    street = make_street(25.0)
    assert measure_room(street, np.array([2, 0])).tolist() == [50, 0]
    assert measure_room(make_street(), np.array([2, 0])).tolist() == [INF, 0]
    assert add_load(street, np.array([1.0, 2.0, 3.0, 4.0])).tolist() == [3, 7]


@pytest.mark.parametrize(
    ("change", "most"),
    [
        ({}, [3, 3]),
        ({"area_m2": np.array([25.0, 9.0])}, [2, 0]),
        ({"budget": 1.0}, [1, 1]),
        ({"budget": 1.0, "resource_cost": np.array([0.0, 1.0])}, [1, 0]),
        ({"budget": 0.0}, [0, 0]),
    ],
)
def test_no_more_modules_than_find_room(change, most):
    assert limit_modules(make_street(10.0, **change)).tolist() == most


def test_no_more_modules_than_can_be_of_use():
    assert limit_modules(make_street()).tolist() == [1, 1]
    assert limit_modules(make_street(25.0)).tolist() == [2, 2]
    assert limit_modules(make_street(0.0)).tolist() == [0, 0]
    required = make_street(0.0, required=np.array([True, False]))
    assert limit_modules(required).tolist() == [1, 0]


@pytest.mark.parametrize("tight", [False, True])
@pytest.mark.parametrize("aim", [FAIR, VALUE, WALK])
def test_a_model_finds_the_optimum_of_its_stage(aim, tight, monkeypatch):
    monkeypatch.setattr("geo.site_choice.TIGHT", 10**6 if tight else 0)
    compared = 0
    for seed in range(24):
        problem = make_case(seed)
        best = find_best_of(seed)
        if best is None or not problem.asked.any():
            continue
        fair, value, walk, free = best
        if aim == WALK and walk == 0:
            continue
        goal = {
            FAIR: Goal(FAIR),
            VALUE: Goal(VALUE),
            WALK: Goal(WALK, fair, value, walk),
        }[aim]
        expected = {FAIR: fair, VALUE: free, WALK: -1.0}[aim]
        choice = ask_highs(problem, goal)
        assert choice.bound == pytest.approx(expected, abs=1e-6), seed
        assert not choice.cut
        compared += 1
    assert compared > 10


def test_columns_and_rows_say_what_they_mean():
    model = draft_model(make_street(25.0, budget=2.0), Goal(FAIR))
    lower, upper, cost, whole = model.sheet.columns
    assert model.built.option.tolist() == [0, 1]
    # 30 people come to the first site at most, 50 to the other: two modules each
    assert upper[model.built.modules].tolist() == [2, 2]
    assert whole.sum() == 4
    assert cost[model.least] == model.scale
    assert (lower == 0).all()


def test_no_time_no_nodes_no_patience():
    street = make_street(25.0)
    assert ask_highs(street, Goal(VALUE), seconds_most=0.0).cut
    few = ask_highs(street, Goal(VALUE), nodes_most=0)
    assert not few.cut
    assert few.bound >= 1.0 - 1e-9


def make_town(size=40):
    """Return a problem that takes HiGHS a while."""
    rng = np.random.default_rng(1)
    demands = [(d % 2, rng.uniform(1, 50), 1.0) for d in range(size * 5)]
    options = [(r, c, 20.0, 150.0, 1, 3, 0.0) for r in range(size) for c in range(2)]
    links = [
        (o, d, rng.uniform(0, 500))
        for o, option in enumerate(options)
        for d, demand in enumerate(demands)
        if option[1] == demand[0] and rng.random() < 0.1
    ]
    return make_problem(
        demands,
        options,
        links,
        area_m2=rng.uniform(30, 90, size),
        resource_cost=np.ones(size),
        budget=size / 4,
    )


def test_the_caller_may_stop():
    choice = ask_highs(make_town(), Goal(VALUE), going=lambda _: False)
    assert choice.cut


def test_an_error_of_the_caller_comes_through():
    def cancel(_):
        raise CancelledError("cancelled")

    for _ in range(2):
        with pytest.raises(CancelledError):
            ask_highs(make_town(), Goal(VALUE), going=cancel)
    assert not ask_highs(make_street(), Goal(VALUE)).cut


def test_without_highs(monkeypatch):
    assert load_solver() is sys.modules["highspy"]
    monkeypatch.setitem(sys.modules, "highspy", None)
    assert load_solver() is None


def list_packs_plainly(problem, most, resource):
    """Return what finds room together on a resource and holds no more, by trying."""
    own = np.flatnonzero((problem.option_resource == resource) & (most > 0))
    bare = replace(
        problem,
        required=np.zeros(problem.options, np.bool_),
        least=np.where(most > 0, problem.least, 1),
        most=np.where(np.isin(np.arange(problem.options), own), most, 0),
    )
    plans = np.array([*list_plans(bare)])
    held = [(plans >= plan).all(axis=1).sum() == 1 for plan in plans]
    return {tuple(plan) for plan in plans[held].tolist()}, len(own)


def test_packs_are_all_that_find_room_together():
    compared = 0
    for seed in range(60):
        problem = make_case(seed)
        most = limit_modules(problem)
        packs = list_packs(problem, most)
        for resource in range(len(problem.area_m2)):
            expected, options = list_packs_plainly(problem, most, resource)
            found = set()
            for pack in np.flatnonzero(packs.resource == resource):
                plan = np.zeros(problem.options, np.int64)
                inside = packs.pack == pack
                plan[packs.option[inside]] = packs.modules[inside]
                found.add(tuple(plan.tolist()))
            assert found == (expected if options > 1 else set()), seed
            compared += len(found)
    assert compared > 100


@pytest.mark.parametrize("limit", ["PACKS_MOST", "LISTED_MOST"])
def test_without_packs_the_optimum_is_the_same(limit, monkeypatch):
    monkeypatch.setattr(f"geo.site_packs.{limit}", 1)
    for seed in range(0, 80, 8):
        problem = make_case(seed)
        assert not (
            limit == "LISTED_MOST"
            and list_packs(problem, limit_modules(problem)).resource.size
        )
        best = find_best_of(seed)
        choice = ask_highs(problem, Goal(FAIR))
        assert choice.bound == pytest.approx(best[0], abs=1e-6), seed


def test_what_presolve_takes_for_impossible_is_asked_again():
    # seen with HiGHS 1.15: a plan that holds its goals to the last digit
    problem = make_contest(3304)
    fair, value, walk, _ = find_best(problem)
    solution = solve_sites(problem, SiteSettings())
    assert solution.walk_proved
    assert (solution.fair, solution.value, solution.walk_m) == pytest.approx(
        (fair, value, walk), rel=1e-6
    )
