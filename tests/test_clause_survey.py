"""Clauses about looking before planning, by hand."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from works_town import (
    box,
    days,
    gap,
    judge,
    make_ground,
    point,
    resources,
    states,
    table,
    work,
)

from geo.clause_survey import (
    check_hazards_in_scheme,
    check_idle_inventory,
    check_neighbourhood_survey,
    find_deadline,
    list_idle_near,
)
from geo.policy_settings import CheckSettings
from geo.rulings import speak

UNITS = {"A": "U001", "B": "U001", "C": "U002"}
DAY = pd.Timestamp("2026-11-30")
COUNTY = table("county", {"year": 2027.0, "application_date": DAY}, {"year": 2026.0})


def ground(facts, *, county=COUNTY, planned=("A",), **parts):
    tables = {"county": county} | parts.pop("tables", {})
    given = {
        one: {
            name: pd.Timestamp(cell) if name.endswith("date") else cell
            for name, cell in cells.items()
        }
        for one, cells in facts.items()
    }
    return make_ground(given, tables, planned=planned, unit_of=UNITS, **parts)


def surveyed(**told):
    return {one: {"survey_date": day} for one, day in told.items()}


# ---- when ----------------------------------------------------------------------------


def test_the_deadline_is_the_application_of_what_is_planned():
    place = ground({})
    assert find_deadline(place, ("A", "B")) == (DAY.date(), True)
    assert find_deadline(place, ("B", "C")) == (date(2026, 11, 22), False)
    bare = ground({}, county=table("county", {"year": 2026.0, "application_date": DAY}))
    assert find_deadline(bare, ("A",)) == (None, True)


# ---- survey --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "state", "missing"),
    [
        ({"A": "2026-11-30", "B": "2026-03-01"}, "met", ()),
        ({"A": "2026-12-01", "B": "2026-03-01"}, "short", ()),
        ({"A": "2026-11-30"}, "unknown", ("survey_date",)),
        ({"A": "2026-12-01"}, "short", ()),
    ],
)
def test_all_members_are_surveyed_before_the_application(told, state, missing):
    found = judge(check_neighbourhood_survey, ground(surveyed(**told)), level="unit")
    assert (found["U001"].state, found["U001"].missing) == (state, missing)


def test_without_a_day_of_application_the_order_is_unknown():
    place = ground(surveyed(A="2026-01-01", B="2026-01-01"), county=table("county"))
    found = judge(check_neighbourhood_survey, place, level="unit")
    assert found["U001"].state == "unknown"
    assert found["U001"].missing == ("application_date",)
    # nobody of this unit is in the plan: a survey so far is in time
    assert found["U002"].missing == ("survey_date",)
    place = ground(surveyed(C="2026-01-01"), county=table("county"))
    assert judge(check_neighbourhood_survey, place, level="unit")["U002"].state == "met"


def test_the_shortfalls_of_the_map_are_counted_once_per_unit():
    gaps = [
        gap("A", "canteen"),
        gap("B", "canteen"),
        gap("B", "parking"),
        gap("C", "x"),
    ]
    gaps += [gap("A", "market", "met")]
    place = ground(surveyed(A="2026-01-01"), gaps=gaps)
    one = judge(check_neighbourhood_survey, place, level="unit")["U001"]
    assert one.found[1]["categories"] == 2
    assert one.value == 0.5
    assert "2 个小区，1 个有普查日期" in speak(one.found, "zh")


# ---- inventory -----------------------------------------------------------------------

ROOM = {
    "id": "R1",
    "shape": box(10, 10, 20, 20),
    "kind": "闲置房屋",
    "owner": "区属国资",
    "floor_area_m2": 300.0,
    "land_area_m2": 200.0,
}
LAND = ROOM | {
    "id": "R2",
    "shape": point(125, 50),
    "kind": "边角地",
    "floor_area_m2": np.nan,
}


def inventory(*idle, settings=None, **told):
    facts = {one: {"idle_survey_date": day} for one, day in told.items()}
    more = {} if settings is None else {"settings": settings}
    place = ground(facts, layers={"idle": resources(*idle)}, **more)
    return judge(check_idle_inventory, place, level="unit")


def test_what_is_listed_near_a_community_was_looked_at():
    found = inventory(ROOM, LAND)
    assert states(found) == {"U001": "met", "U002": "unknown"}
    assert found["U001"].objects == ("R1", "R2")
    assert "建筑面积合计 300 平方米，用地合计 200 平方米" in speak(
        found["U001"].found, "zh"
    )
    assert found["U002"].missing == ("idle_survey_date",)


def test_around_a_community_reaches_as_far_as_the_setting():
    near = inventory(LAND, settings=CheckSettings(idle_near_m=24.9), A="2026-01-01")
    assert states(near)["U001"] == "unknown"
    reached = inventory(LAND, settings=CheckSettings(idle_near_m=25.0), A="2026-01-01")
    assert states(reached)["U001"] == "met"


def test_a_survey_that_found_nothing_is_one():
    found = inventory(A="2026-01-01", B="2026-11-30", C="2026-11-23")
    # C is not in the plan: what comes after the day of judging is not yet there
    assert states(found) == {"U001": "met", "U002": "short"}


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"kind": None}, "idle_type"),
        ({"owner": None}, "ownership"),
        ({"floor_area_m2": np.nan, "land_area_m2": np.nan}, "area"),
    ],
)
def test_a_resource_that_is_not_known_by_kind_area_and_owner_is_unknown(cells, field):
    one = inventory(ROOM | cells, LAND)["U001"]
    assert (one.state, one.missing) == ("unknown", (field,))
    assert one.reason == ("places.idle.incomplete", {"names": ("R1",)})
    assert inventory(ROOM | {"land_area_m2": np.nan}, LAND)["U001"].state == "met"


def test_a_resource_between_two_communities_is_of_both():
    place = make_ground(layers={"idle": resources(LAND)})
    near = list_idle_near(place)
    assert {one: [row["id"] for row in rows] for one, rows in near.items()} == {
        "A": ["R2"],
        "B": ["R2"],
    }


# ---- hazards -------------------------------------------------------------------------


def hazards(
    *works, condition="破损", told="", survey="2026-05-01", scheme="2026-06-01"
):
    cells = {
        "condition_drainage": condition,
        "condition_gas": "完好",
        "hazard_list": told or None,
        "survey_date": survey,
        "scheme_date": scheme,
    }
    cells = {name: cell for name, cell in cells.items() if cell is not None}
    place = ground({"A": cells}, tables={"works": table("works", *works)})
    return judge(check_hazards_in_scheme, place)["A"]


DRAIN = work("W1", utility_kind="drainage")
LAMPS = work("W2", item="照明设施改造")


@pytest.mark.parametrize(
    ("works", "cells", "state", "missing"),
    [
        ((DRAIN,), {}, "met", ()),
        ((LAMPS,), {}, "short", ()),
        ((), {}, "unknown", ("scheme_items",)),
        ((LAMPS,), {"condition": "完好"}, "met", ()),
        ((LAMPS,), {"condition": "完好", "scheme": None}, "unknown", ("scheme_date",)),
        ((DRAIN,), {"survey": None}, "unknown", ("survey_date",)),
        ((DRAIN,), {"condition": None}, "unknown", ("hazard_list",)),
        ((DRAIN,), {"condition": None, "told": "排水不畅"}, "met", ()),
        ((LAMPS,), {"condition": None, "told": "排水不畅"}, "short", ()),
        ((LAMPS,), {"condition": None, "told": "无"}, "met", ()),
        ((DRAIN,), {"survey": "2026-06-01"}, "short", ()),
        ((LAMPS,), {"survey": None}, "short", ()),
    ],
)
def test_dangerous_pipes_are_found_before_the_scheme_and_mended_by_it(
    works, cells, state, missing
):
    one = hazards(*works, **cells)
    assert (one.state, one.missing) == (state, missing)


def test_other_hazards_are_told_and_do_not_decide():
    one = hazards(DRAIN, told="消防设施缺失")
    assert one.state == "met"
    assert "改造方案没有对应的：消防" in speak(one.found, "zh")
    assert "not in the scheme: Fire service" in speak(one.found, "en")


def test_which_hazards_decide_is_data():
    place = ground(
        {"A": {"hazard_list": "消防设施缺失"} | days()},
        tables={"works": table("works", LAMPS)},
    )
    one = judge(check_hazards_in_scheme, place, needs="fire")["A"]
    assert one.state == "short"


def test_a_resource_is_called_by_its_name():
    one = inventory(ROOM | {"name": "旧粮站", "kind": None}, LAND)["U001"]
    assert one.reason == ("places.idle.incomplete", {"names": ("旧粮站 (R1)",)})
