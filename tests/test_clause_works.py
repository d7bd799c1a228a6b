"""Clauses about the order of works, by hand."""

import pandas as pd
import pytest
from works_town import (
    judge,
    line,
    make_ground,
    pipes,
    row,
    states,
    table,
    wkt,
    work,
)

from geo.clause_works import (
    WORK_KINDS,
    check_one_time,
    check_repeat_dig,
    check_underground_first,
    find_windows,
)
from geo.rulings import speak

UNITS = {"A": "U001", "B": "U001", "C": "U002"}


def ground(*works, plans=(), lines=(), facts=None, unit_of=None):
    tables = {
        "works": table("works", *works),
        "utility_plans": table("utility_plans", *plans),
    }
    layers = {"utilities": pipes(*lines)}
    return make_ground(facts, tables, layers=layers, unit_of=unit_of)


def trench(name, year, y=50.0, community="A", **cells):
    place = wkt(line((10, y), (90, y)))
    return work(name, community, wkt=place, planned_start=f"{year}-05-01", **cells)


def paving(name, day, community="A"):
    cells = {"work_layer": "surface", "excavates": False, "planned_start": day}
    return work(name, community, **cells)


def plan(name, community, year):
    return {"id": name, "community_id": community, "kind": "gas", "year": year}


# ---- dug twice -----------------------------------------------------------------------


def test_a_place_dug_twice_is_short_with_the_year_that_spares_it():
    found = judge(
        check_repeat_dig, ground(trench("W1", 2027), trench("W2", 2029, 51.0))
    )
    assert states(found) == {"A": "short", "B": "unknown", "C": "unknown"}
    one = found["A"]
    assert one.objects == ("W1", "W2")
    assert one.value == 1
    assert one.missing == ()
    assert speak(one.reason, "zh") == "可以避开：W2 改到 2027 年，不再与 W1 重复"
    assert "重叠 80 米" in speak(one.found, "zh")
    assert found["B"].missing == ("works_schedule",)


def test_a_work_and_a_pipe_of_the_same_id_are_two():
    pipe = ("W1", "gas", 2029.0, line((0, 50), (100, 50)))
    one = judge(check_repeat_dig, ground(trench("W1", 2027), lines=[pipe]))["A"]
    assert (one.state, one.objects) == ("short", ("W1",))
    assert speak(one.reason, "zh") == "可以避开：W1 改到 2029 年，不再与 W1 重复"


def test_works_that_share_no_place_or_year_are_met():
    found = judge(check_repeat_dig, ground(trench("W1", 2027), trench("W2", 2029, 60)))
    assert found["A"].state == "met"
    assert found["A"].reason == ("", {})
    found = judge(check_repeat_dig, ground(trench("W1", 2027), trench("W2", 2027, 51)))
    assert found["A"].state == "met"


@pytest.mark.parametrize(
    ("second", "plans", "missing"),
    [
        (work("W2", planned_start="2029-05-01"), (), ("works_geom",)),
        (trench("W2", 2027), (plan("J1", "A", 2029.0),), ("utility_plan_geom",)),
        (trench("W2", 2029, excavates=None, work_layer=None), (), ("excavates",)),
        (trench("W2", 2029) | {"planned_start": None}, (), ("planned_start",)),
    ],
)
def test_what_may_be_dug_twice_is_unknown_and_says_what_would_settle_it(
    second, plans, missing
):
    found = judge(check_repeat_dig, ground(trench("W1", 2027), second, plans=plans))
    assert (found["A"].state, found["A"].missing) == ("unknown", missing)


def test_of_a_unit_all_members_count_and_each_pair_once():
    works = [trench("W1", 2027), trench("W2", 2029, 51.0, "B")]
    place = ground(*works, trench("W3", 2027, 20, "C"), unit_of=UNITS)
    found = judge(check_repeat_dig, place, level="unit")
    assert states(found) == {"U001": "short", "U002": "met"}
    assert found["U001"].value == 1


def test_without_units_that_is_said():
    found = judge(check_repeat_dig, ground(trench("W1", 2027)), level="unit")
    assert states(found) == {"示例区": "unknown"}
    assert found["示例区"].reason == ("places.no_units", {})


# ---- first underground ---------------------------------------------------------------


def test_paving_before_the_trench_is_short():
    works = [trench("W1", 2027), paving("W2", "2027-04-30"), paving("W3", "2027-05-01")]
    one = judge(check_underground_first, ground(*works))["A"]
    assert one.state == "short"
    assert one.objects == ("W2", "W1")
    assert "W2" in speak(one.reason, "en")


def test_the_same_day_is_in_order():
    works = [trench("W1", 2027), paving("W3", "2027-05-01")]
    one = judge(check_underground_first, ground(*works))["A"]
    assert (one.state, one.value) == ("met", 0)
    assert "2027-05-01" in speak(one.found, "zh")


def test_one_layer_has_no_order_even_without_days():
    bare = work("W2", work_layer="underground")
    one = judge(check_underground_first, ground(trench("W1", 2027), bare))["A"]
    assert one.state == "not_required"


def test_a_missing_day_or_layer_is_unknown_unless_it_is_short_anyway():
    late = [trench("W1", 2027), paving("W2", "2027-06-01")]
    undated = work("W3", work_layer="underground")
    layerless = work("W4", work_layer=None, planned_start="2027-05-01")
    one = judge(check_underground_first, ground(*late, undated))["A"]
    assert (one.state, one.missing) == ("unknown", ("planned_start",))
    one = judge(check_underground_first, ground(*late, layerless))["A"]
    assert (one.state, one.missing) == ("unknown", ("work_layer",))
    early = paving("W5", "2027-01-01")
    one = judge(check_underground_first, ground(*late, undated, early))["A"]
    assert (one.state, one.missing) == ("short", ())


def test_the_order_is_kept_within_a_unit():
    works = [trench("W1", 2027), paving("W2", "2027-04-30", "B")]
    place = ground(*works, unit_of=UNITS)
    found = judge(check_underground_first, place, level="unit")
    assert states(found) == {"U001": "short", "U002": "unknown"}
    assert found["U002"].missing == ("work_items",)
    assert states(judge(check_underground_first, place)) == {
        "A": "not_required",
        "B": "not_required",
        "C": "unknown",
    }


# ---- at most once --------------------------------------------------------------------


def test_one_window_is_met_and_a_second_within_five_years_is_not():
    def once(*years, **more):
        works = [trench(f"W{year}", year) for year in years]
        return judge(check_one_time, ground(*works, **more))["A"]

    assert once(2027).state == "met"
    assert once(2027, 2028).state == "met"  # a year apart is one window
    assert once(2027, 2029).state == "short"
    assert once(2027, 2032).state == "short"
    assert once(2027, 2033).state == "met"
    assert once(2027, 2029).value == 2
    assert "2027–2028、2030" in speak(once(2027, 2028, 2030).found, "zh")


def test_pipes_in_the_outline_and_named_plans_are_works_too():
    through = ("U1", "gas", 2029.0, line((-50, 50), (120, 50)))
    beside = ("U1", "gas", 2029.0, line((-50, -5), (120, -5)))
    works = [trench("W1", 2027)]
    assert judge(check_one_time, ground(*works, lines=[through]))["A"].state == "short"
    assert judge(check_one_time, ground(*works, lines=[beside]))["A"].state == "met"
    plans = [plan("J1", "A", 2029.0)]
    one = judge(check_one_time, ground(*works, plans=plans))["A"]
    assert (one.state, one.objects) == ("short", ("J1", "W1"))


def test_without_works_or_years_it_is_unknown():
    found = judge(check_one_time, ground(work("W1")))
    assert found["A"].missing == ("planned_start",)
    assert found["B"].missing == ("works_schedule",)
    dated = judge(
        check_one_time, ground(work("W1"), facts={"A": {"plan_year": 2028.0}})
    )
    assert dated["A"].state == "met"


def test_windows_join_what_is_near_and_what_lasts():
    spans = [(2030, 2030), (2027, 2029), (2034, 2034), (2028, 2028), (2032, 2032)]
    entries = [{"first_year": a, "last_year": b} for a, b in spans]
    assert find_windows(entries, 1) == [(2027, 2030), (2032, 2032), (2034, 2034)]
    assert find_windows(entries, 2) == [(2027, 2034)]
    assert find_windows([{"first_year": float("nan"), "last_year": 1.0}], 1) == []


@pytest.mark.parametrize("kind", sorted(WORK_KINDS))
def test_every_kind_does_without_any_evidence(kind):
    for unit_of in (None, UNITS):
        for level in ("community", "unit"):
            found = WORK_KINDS[kind](row(kind, level), make_ground(unit_of=unit_of))
            assert found
            assert {str(one.state) for one in found} <= {"unknown", "not_required"}
            assert all(one.missing for one in found if one.state == "unknown")


def test_rulings_do_not_depend_on_the_order_of_rows():
    works = [trench("W1", 2027), trench("W2", 2029, 51.0), paving("W3", "2027-01-01")]
    for check in (check_repeat_dig, check_underground_first, check_one_time):
        first = judge(check, ground(*works))
        assert first == judge(check, ground(*reversed(works)))
    assert isinstance(first["A"].value, float)
    assert not pd.isna(first["A"].value)
