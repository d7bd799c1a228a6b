"""The plan of units and years, on a street whose plan is worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from schedule_town import STREET, make_ranking

from geo.policy_settings import ScheduleSettings
from geo.schedule import add_missing, plan_schedule

#: Units of the street in order: A (c1, c3) 6 million, B (c2) 5, C (c5) 3, c8 1; of
#: central funds 2, 2, 0, 1. Sources leave 4, 3, 0 (C) and 0 of that open.
BUDGETS = [(2027, "all", 8e6, 3), (2028, "all", 6e6, 3), (2029, "all", 20e6, 3)]


def plan(ranking=None, *, pinned=None, barred=(), **settings):
    ranking = ranking or make_ranking(budgets=BUDGETS)
    chosen = ScheduleSettings(**settings)
    return plan_schedule(ranking, settings=chosen, pinned=pinned, barred=barred)


def test_the_ranking_fills_the_years():
    schedule = plan()
    # 2027: A, then B does not fit; 2028: B; C does not fit; 2029: the others
    assert schedule.table["year"].to_dict() == {
        "A": 2027,
        "B": 2028,
        "C": 2029,
        "c8": 2029,
    }
    assert schedule.years["closed_by"].tolist() == ["B", "C", None]
    assert schedule.years["cost_cny"].tolist() == [6e6, 5e6, 4e6]
    assert schedule.years["left_cny"].tolist() == [2e6, 1e6, 16e6]
    assert schedule.years["projects"].tolist() == [1, 1, 2]
    assert schedule.years["communities"].tolist() == [2, 1, 2]
    assert schedule.years["households"].tolist() == [400, 200, 150]
    assert schedule.table.loc["B", "later_because"] == "2027=funds"
    assert schedule.table.loc["c8", "later_because"] == "2027=order|2028=order"
    assert schedule.left_out["why"].to_dict() == {"D": "gate_waiting", "E": "gate_out"}
    assert schedule.inversions.empty
    assert schedule.year_of.to_dict() == {
        "c1": 2027,
        "c2": 2028,
        "c3": 2027,
        "c5": 2029,
        "c8": 2029,
    }


def test_its_worth_is_counted_by_hand():
    schedule = plan()
    worth = 75 * 400 * 3 + 80 * 200 * 2 + 50 * 100 + 20 * 50
    assert schedule.value == pytest.approx(worth)
    assert schedule.bound >= schedule.value
    assert (schedule.mode, schedule.choice.solver) == ("strict", "ranking")


def test_the_greatest_worth_uses_the_rests():
    schedule = plan(mode="optimise")
    # 2027: A and c8 (7 of 8); or B and C (8): 51,000 + 15,000 against 90,000 + 3,000
    assert schedule.table["year"].to_dict() == {
        "A": 2027,
        "c8": 2027,
        "B": 2028,
        "C": 2029,
    }
    assert schedule.proved
    assert schedule.value == schedule.bound
    assert schedule.gap == 0
    rows = schedule.inversions[["earlier", "later", "reason"]].to_numpy().tolist()
    # in the place of c8 neither has room
    assert rows == [["c8", "B", "room"], ["c8", "C", "room"]]
    assert schedule.inversions["missing"].tolist() == [3e6, 1e6]


def test_what_the_first_unit_left_out_would_need():
    ranking = make_ranking(budgets=[(2027, "all", 6e6, 3), (2028, "all", 4e6, 3)])
    schedule = plan(ranking, years=2)
    assert schedule.table["year"].to_dict() == {"A": 2027, "C": 2028, "c8": 2028}
    left = schedule.left_out.loc["B"]
    assert (left["why"], left["year"], left["missing_cny"]) == ("funds", 2027, 5e6)
    assert left["missing"] == "all=5000000"
    needs = schedule.needs.to_numpy().tolist()
    assert needs == [["B", 2027, "all", 5e6], ["B", 2028, "all", 5e6]]


def test_sources_and_places_limit_too():
    budgets = [(2027, "all", 99e6, 2), (2027, "central", 3e6, None)]
    schedule = plan(make_ranking(budgets=budgets), years=1)
    # A takes 2 million of central funds, B would take 2 more
    assert schedule.table.index.tolist() == ["A"]
    assert schedule.left_out.loc["B", "missing"] == "central=1000000"
    assert schedule.left_out.loc["C", ["why", "behind"]].tolist() == ["order", "B"]
    funds = schedule.funds.set_index(["year", "source"])
    assert funds.loc[(2027, "central"), ["used_cny", "left_cny"]].tolist() == [2e6, 1e6]
    assert funds.loc[(2027, "local"), "reserved_cny"] == 4e6
    schedule = plan(make_ranking(budgets=budgets), years=1, projects_most=1)
    assert schedule.years["projects_most"].tolist() == [1]
    assert schedule.left_out.loc["C", "why"] == "projects"


def test_money_without_named_source_is_counted_against_each_limited_one():
    budgets = [(2027, "local", 5e6, None)]
    schedule = plan(make_ranking(budgets=budgets), years=1)
    # A names 2 of 6 million, B 2 of 5: 4 and 3 million may have to be local
    assert schedule.table.index.tolist() == ["A"]
    assert schedule.table.loc["A", "unnamed_cny"] == 4e6
    funds = schedule.funds.set_index("source")
    assert funds.loc["local", "unknown"] == 1
    assert funds.loc["local", ["used_cny", "reserved_cny", "left_cny"]].tolist() == [
        0,
        4e6,
        1e6,
    ]
    assert schedule.left_out.loc["B", "missing"] == "local=2000000"


def test_unknown_cost_is_not_planned_where_money_is_limited():
    street = {**STREET, "c2": ("B", "ready", 80.0, 200.0, np.nan, np.nan)}
    schedule = plan(make_ranking(street, budgets=BUDGETS))
    assert schedule.left_out.loc["B", "why"] == "unknown_cost"
    schedule = plan(make_ranking(street))
    assert schedule.table.loc["B", "year"] == 2027
    assert schedule.years.loc[2027, "cost_unknown"] == 1
    assert schedule.years["available_cny"].isna().all()


def test_pinned_units_stand_and_what_they_exceed_is_said():
    schedule = plan(pinned={"c2": 2027, "c1": 2027})
    assert schedule.table.loc[["A", "B"], "year"].tolist() == [2027, 2027]
    assert schedule.table["pinned"].to_dict() == {
        "A": True,
        "B": True,
        "C": False,
        "c8": False,
    }
    assert schedule.years.loc[2027, "over_cny"] == 3e6
    # nobody else takes what is not there
    assert schedule.table.loc[["C", "c8"], "year"].tolist() == [2028, 2028]


def test_too_many_pinned_units_exceed_the_places():
    pinned = {"c1": 2027, "c2": 2027, "c5": 2027}
    schedule = plan(make_ranking(), pinned=pinned, projects_most=2)
    assert schedule.years["over_projects"].tolist() == [1, 0, 0]


def test_wishes_that_cannot_be_kept_are_said():
    pinned = {"c7": 2027, "c2": 2035, "none": 2027}
    schedule = plan(pinned=pinned, barred=["A"])
    assert schedule.left_out["why"].to_dict() == {
        "A": "barred",
        "B": "pinned_outside",
        "D": "gate_waiting",
        "E": "gate_out",
    }
    told = {key for key, _ in schedule.notes}
    assert told == {
        "schedule.note.not_there",
        "schedule.note.pin_refused",
        "schedule.note.pin_outside",
    }
    street = {**STREET, "c2": ("B", "ready", 80.0, 200.0, np.nan, np.nan)}
    schedule = plan(make_ranking(street, budgets=BUDGETS), pinned={"c2": 2027})
    assert schedule.table.loc["B", "year"] == 2027
    assert [key for key, _ in schedule.notes] == ["schedule.note.pin_cost"]


def test_units_wait_for_their_networks():
    ranking = make_ranking(
        budgets=BUDGETS,
        utilities=[("water", 2028, 0, 0)],
        plans=[("c2", "water", 2033), ("c5", "water", 2027)],
    )
    schedule = plan(ranking)
    table = schedule.table
    # A waits for its water; the water of B comes too late to be waited for
    assert table["year"].to_dict() == {"B": 2027, "C": 2027, "A": 2028, "c8": 2029}
    assert table["utility_years"].to_dict() == {
        "A": "water:2028",
        "B": "water:2033",
        "C": "water:2027",
        "c8": "",
    }
    assert table["to_coordinate"].to_dict() == {
        "A": "",
        "B": "water:2033",
        "C": "",
        "c8": "",
    }
    assert table["underground_first"].to_dict() == {
        "A": "kept",
        "B": "broken",
        "C": "kept",
        "c8": "none",
    }
    assert table.loc["A", "later_because"] == "2027=utilities"
    rows = schedule.inversions[["earlier", "later", "reason"]].to_numpy().tolist()
    assert rows == [["B", "A", "utilities"], ["C", "A", "utilities"]]
    # they bind only if they are to
    assert plan(ranking, utilities_bind=False).table.loc["A", "year"] == 2027
    pinned = plan(ranking, pinned={"A": 2027}).table
    assert pinned.loc["A", ["year", "to_coordinate"]].tolist() == [2027, "water:2028"]


def test_years_after_the_networks_are_a_setting():
    ranking = make_ranking(plans=[("c1", "water", 2026)])
    assert plan(ranking, utility_years=0).table.loc["A", "to_coordinate"] == ""
    assert plan(ranking, utility_years=1).table.loc["A", "year"] == 2027
    assert (
        plan(ranking, utility_years=1).table.loc["A", "utility_years"] == "water:2026"
    )


def test_the_years_of_the_plan():
    assert plan(first_year=2030, years=2).years.index.tolist() == [2030, 2031]
    ranking = make_ranking(budgets=[(2026, "all", 9e6, None)], plan_year=None)
    schedule = plan(ranking, years=1)
    assert schedule.years.index.tolist() == [2026]
    assert schedule.notes == (("schedule.note.first_year", {"year": 2026}),)
    schedule = plan(make_ranking(plan_year=None), years=1)
    assert schedule.years.index.tolist() == [2027]


def test_settings_of_the_plan_are_the_default():
    ranking = make_ranking(budgets=BUDGETS)
    ranking.ground.plan.settings.schedule = ScheduleSettings(years=1)
    assert plan_schedule(ranking).years.index.tolist() == [2027]


def test_the_ledger_exceeds_the_funds():
    over = plan().over
    row = over[(over["year"] == 2027) & (over["source"] == "all")].iloc[0]
    assert row[["needed", "available", "over"]].tolist() == [20e6, 8e6, 12e6]


def test_the_order_of_rows_does_not_matter():
    one = plan(mode="optimise")
    ranking = make_ranking(budgets=BUDGETS[::-1])
    ranking.table = ranking.table[::-1]
    ranking.ground.facts = ranking.ground.facts[::-1]
    two = plan(ranking, mode="optimise")
    for name in ("table", "years", "funds", "left_out", "needs", "inversions", "over"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))


def test_nobody_may_be_planned():
    street = {"c1": ("A", "out", 90.0, 10.0, 1e6, 0.0)}
    for mode in ("strict", "optimise"):
        schedule = plan(make_ranking(street, budgets=BUDGETS), mode=mode)
        assert schedule.table.empty
        assert schedule.left_out.index.tolist() == ["A"]
        assert schedule.years["projects"].tolist() == [0, 0, 0]
        assert schedule.year_of.empty
        assert schedule.value == 0


def test_money_that_is_missing_counts_once():
    assert add_missing({"all": 5.0, "central": 3.0, "local": 4.0, "projects": 1}) == 7
    assert add_missing({"all": 9.0, "central": 3.0}) == 9
    assert add_missing({"projects": 1.0}) == 0


def test_a_watch_is_told():
    states = []
    ranking = make_ranking(budgets=BUDGETS)
    settings = ScheduleSettings(mode="optimise")
    plan_schedule(
        ranking, settings=settings, watch=lambda state: states.append(state) is None
    )
    assert states
    assert not math.isnan(states[0].share)
