"""Why a unit is left out or passed: each reason tried out on the plan itself."""

import math
from dataclasses import replace

import numpy as np
import pytest
from schedule_cases import (
    NEVER,
    count_worth,
    keeps_rules,
    make_case,
    make_problem,
    may_go,
)

from geo.policy_settings import ScheduleSettings
from geo.schedule_reasons import (
    Frame,
    find_inversions,
    list_needs,
    say_delays,
    say_left_out,
)
from geo.schedule_solve import solve_schedule

MODES = ("strict", "optimise")
SEEDS = range(120)


def name(problem, outside=()):
    lines = tuple(["all", "central", "local"][: problem.need_cny.shape[1]])
    return Frame(
        tuple(f"U{p:02}" for p in range(problem.projects)),
        tuple(range(2027, 2027 + problem.years)),
        lines,
        frozenset(outside),
    )


def solve(problem, mode):
    return solve_schedule(problem, ScheduleSettings(mode=mode)), name(problem)


def place(choice, p, t):
    year = choice.year.copy()
    year[p] = t
    return year


def widen(problem, t, source, amount, frame):
    """Give a year more of one line, or more places."""
    if source == "projects":
        most = problem.projects_most.copy()
        most[t] += amount
        return replace(problem, projects_most=most)
    money = problem.available_cny.copy()
    k = frame.lines.index(source)
    # a line that pins exceed has less than nothing
    used = sum(
        need
        for need, pin in zip(problem.need_cny[:, k], problem.pinned, strict=True)
        if pin == t and not math.isnan(need)
    )
    money[t, k] = max(money[t, k], used) + amount
    return replace(problem, available_cny=np.round(money, 2))


def widen_places(problem, t, amount, frame):
    pins = (problem.pinned == t).sum()
    most = problem.projects_most.copy()
    most[t] = max(most[t], pins)
    return widen(replace(problem, projects_most=most), t, "projects", amount, frame)


@pytest.mark.parametrize("mode", MODES)
def test_what_is_missing_is_just_enough(mode):
    tried = 0
    for seed in SEEDS:
        problem = make_case(seed)
        choice, frame = solve(problem, mode)
        needs = list_needs(problem, choice, frame)
        for (unit, year), rows in needs.groupby(["unit_id", "year"]):
            p, t = frame.units.index(unit), frame.years.index(year)
            given = problem
            for source, missing in zip(rows["source"], rows["missing"], strict=True):
                if source == "projects":
                    given = widen_places(given, t, missing, frame)
                elif source:
                    given = widen(given, t, source, missing, frame)
                assert missing > 0 or not source
            assert keeps_rules(given, place(choice, p, t))
            if not rows["source"].iloc[0]:
                continue
            tried += 1
            # a cent less of any of them is not enough
            for source in rows["source"]:
                if source != "projects":
                    less = given.available_cny.copy()
                    less[t, frame.lines.index(source)] -= 0.01
                    poorer = replace(given, available_cny=np.round(less, 2))
                    assert not keeps_rules(poorer, place(choice, p, t))
    assert tried > 100


@pytest.mark.parametrize("mode", MODES)
def test_every_project_that_is_left_out_has_a_true_reason(mode):
    seen = set()
    for seed in SEEDS:
        problem = make_case(seed)
        choice, frame = solve(problem, mode)
        said = say_left_out(problem, choice, frame)
        assert said.index.tolist() == [
            frame.units[p] for p in range(problem.projects) if choice.year[p] == NEVER
        ]
        for unit, (why, year, behind) in zip(
            said.index, said.itertuples(index=False), strict=True
        ):
            p = frame.units.index(unit)
            seen.add(why)
            possible = [may_go(problem, p, t) for t in range(problem.years)]
            fits = [
                problem.allowed[p, t] and keeps_rules(problem, place(choice, p, t))
                for t in range(problem.years)
            ]
            assert any(fits) == (why == "order")
            assert (behind is not None) == (why == "order")
            if why == "utilities":
                assert not problem.allowed[p].any()
            elif why == "unknown_cost":
                assert np.isnan(problem.need_cny[p]).any()
            elif why == "projects":
                t = frame.years.index(year)
                endless = replace(problem, projects_most=np.full(problem.years, 99.0))
                assert keeps_rules(endless, place(choice, p, t))
            elif why == "too_dear":
                assert not any(possible)
            elif why == "funds":
                assert any(possible)
            else:
                t, q = frame.years.index(year), frame.units.index(behind)
                assert fits[t]
                assert choice.closed_by[t] == q < p
            if why in {"utilities", "unknown_cost"}:
                assert math.isnan(year)
    wanted = {"utilities", "unknown_cost", "projects", "too_dear", "funds"}
    assert seen == wanted | ({"order"} if mode == "strict" else set())


@pytest.mark.parametrize("mode", MODES)
def test_every_inversion_has_a_true_reason(mode):
    seen = set()
    for seed in SEEDS:
        problem = make_case(seed)
        choice, frame = solve(problem, mode)
        table = find_inversions(problem, choice, frame)
        pairs = [
            (q, p)
            for p in range(problem.projects)
            for q in range(p + 1, problem.projects)
            if choice.year[q] != NEVER
            and (choice.year[p] == NEVER or choice.year[p] > choice.year[q])
        ]
        found = [
            (frame.units.index(row.earlier), frame.units.index(row.later))
            for row in table.itertuples()
        ]
        assert found == pairs
        for row, (q, p) in zip(table.itertuples(), pairs, strict=True):
            seen.add(row.reason)
            check_reason(problem, choice, frame, row, q, p)
    wanted = {"pinned", "pinned_later", "unknown_cost", "utilities", "too_dear"}
    assert seen == wanted | ({"room", "worth"} if mode == "optimise" else set())


def check_reason(problem, choice, frame, row, q, p):
    t = frame.years.index(row.year)
    assert choice.year[q] == t
    known = not math.isnan(row.missing) if row.missing is not None else False
    assert known == (row.reason in ("too_dear", "room"))
    swapped = choice.year.copy()
    swapped[q], swapped[p] = NEVER, t
    if row.reason == "pinned":
        assert problem.pinned[q] == t
    elif row.reason == "pinned_later":
        assert problem.pinned[p] > t
    elif row.reason == "unknown_cost":
        assert np.isnan(problem.need_cny[p]).any()
    elif row.reason == "utilities":
        assert not problem.allowed[p, t]
    elif row.reason == "too_dear":
        assert problem.allowed[p, t]
        assert not may_go(problem, p, t)
    elif row.reason == "room":
        assert may_go(problem, p, t)
        assert not keeps_rules(problem, swapped)
    else:
        assert keeps_rules(problem, swapped)
        # the other one may go elsewhere, or stay out
        best = count_worth(problem, swapped)
        for s in range(problem.years):
            trial = swapped.copy()
            trial[q] = s
            if s != t and keeps_rules(problem, trial):
                best = max(best, count_worth(problem, trial))
        assert row.loss == pytest.approx(choice.value - best, abs=1e-6)
        assert row.loss >= -1e-6


@pytest.mark.parametrize("mode", MODES)
def test_why_not_earlier(mode):
    seen = set()
    for seed in SEEDS:
        problem = make_case(seed)
        choice, frame = solve(problem, mode)
        said = say_delays(problem, choice, frame)
        for p, unit in enumerate(frame.units):
            planned = choice.year[p] != NEVER and problem.pinned[p] == NEVER
            assert (unit in said) == planned
            if not planned:
                continue
            assert [year for year, _ in said[unit]] == [
                frame.years[t] for t in range(choice.year[p])
            ]
            for year, why in said[unit]:
                t = frame.years.index(year)
                seen.add(why)
                fits = problem.allowed[p, t] and keeps_rules(
                    problem, place(choice, p, t)
                )
                assert fits == (why in ("order", "worth"))
                assert (why == "utilities") == (not problem.allowed[p, t])
                if why == "too_dear":
                    assert not may_go(problem, p, t)
                if why in ("funds", "projects"):
                    assert may_go(problem, p, t)
    assert {"utilities", "too_dear", "funds", "projects"} <= seen
    assert ("order" in seen) == (mode == "strict")


def test_pinned_outside_of_the_plan():
    problem = make_problem([(9, 1, 1), (8, 1, 1)], [[10]], allowed=[[False], [True]])
    choice = solve_schedule(problem)
    frame = name(problem, outside=["U00"])
    assert say_left_out(problem, choice, frame)["why"].tolist() == ["pinned_outside"]
    assert find_inversions(problem, choice, frame)["reason"].tolist() == [
        "pinned_outside"
    ]


def test_the_year_in_which_least_is_missing():
    problem = make_problem([(9, 1, 8, 6), (8, 1, 9, 5)], [[10, 7], [8, 3]])
    choice = solve_schedule(problem)
    assert choice.year.tolist() == [0, NEVER]
    said = say_left_out(problem, choice, name(problem))
    # 7 in 2027 (of which 4 central), 2 of central and 1 in all in 2028
    assert said["year"].tolist() == [2028]
    needs = list_needs(problem, choice, name(problem))
    assert needs.to_numpy().tolist() == [
        ["U01", 2027, "all", 7],
        ["U01", 2027, "central", 4],
        ["U01", 2028, "all", 1],
        ["U01", 2028, "central", 2],
    ]


def test_all_in_the_plan():
    problem = make_problem([(9, 1, 8), (8, 1, 9)], [[100]])
    choice = solve_schedule(problem)
    frame = name(problem)
    assert list_needs(problem, choice, frame).empty
    assert say_left_out(problem, choice, frame).empty
    assert find_inversions(problem, choice, frame).empty
