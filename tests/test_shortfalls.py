"""What each community lacks, and whether its scheme does something about it."""

import pandas as pd
import pytest
from reserve_town import make_ground

from geo.rules import load_rules
from geo.shortfalls import SHORTFALL_COLUMNS, find_shortfalls, list_needs


def find(facts, **more):
    table = find_shortfalls(make_ground(facts, **more))
    assert list(table.columns) == list(SHORTFALL_COLUMNS)
    return table.set_index(["community_id", "need"])


def test_what_counts_is_the_table_and_the_categories_that_can_be_renovated():
    needs = {need.key: need for need in list_needs(load_rules())}
    assert len(needs) == 35
    assert not {"bus_stop", "primary_school", "middle_school"} & set(needs)
    basic = [key for key, need in needs.items() if need.item_class == "basic"]
    assert {"water", "gas", "fire", "barrier_free", "child_friendly"} <= set(basic)
    # of 基础类/完善类 the weaker one
    assert needs["public_toilet"].item_class == "improve"
    hazards = {key for key, need in needs.items() if need.hazard}
    assert hazards == {"drainage", "gas", "fire", "building_envelope", "unsafe"}


def test_the_map_is_believed_before_the_ledger_and_that_before_the_survey():
    facts = {
        "a": {"condition_parcel": "有", "condition_fitness": "无"},
        "b": {"condition_parcel": "无", "shortfall_list": "照明、快件"},
        "c": {"shortfall_list": "无"},
    }
    gaps = [("a", "parcel", "short"), ("b", "parcel", "no_data")]
    found = find(facts, gaps=gaps)
    told = found["state"] + " " + found["told_by"]
    assert told["a", "parcel"] == "lacking map"
    assert told["b", "parcel"] == "lacking ledger"
    assert told["a", "fitness_ground"] == "lacking ledger"
    assert told["b", "lighting"] == "lacking survey"
    # a survey that lists shortfalls has looked at the others, too
    assert told["b", "security"] == "sound survey"
    assert told["c", "lighting"] == "sound survey"
    assert told["a", "lighting"] == "unknown "
    # hazards stand in a list of their own
    assert told["c", "drainage"] == "unknown "


@pytest.mark.parametrize(
    ("column", "word", "need", "state"),
    [
        ("condition_water", "破损", "water", "lacking"),
        ("condition_water", "缺失", "water", "lacking"),
        ("condition_water", "完好", "water", "sound"),
        ("condition_water", "看情况", "water", "unknown"),
        ("condition_water", None, "water", "unknown"),
        ("lift_need", "有", "lift", "lacking"),
        ("lift_need", "无", "lift", "sound"),
        ("lift_need", "是", "lift", "lacking"),
        ("unsafe_or_expropriation", "否", "unsafe", "sound"),
        ("unsafe_or_expropriation", "是", "unsafe", "lacking"),
        ("parking_shortfall", 12.0, "parking", "lacking"),
        ("parking_shortfall", 0.0, "parking", "sound"),
        ("parking_shortfall", None, "parking", "unknown"),
    ],
)
def test_words_of_the_ledger(column, word, need, state):
    found = find({"a": {column: word, "households": 1.0}})
    assert found.loc[("a", need), "state"] == state


def test_what_not_every_place_has_counts_only_where_it_was_surveyed():
    found = find({"a": {"condition_gas": "破损"}, "b": {"condition_gas": None}})
    assert found.loc[("a", "gas"), "state"] == "lacking"
    assert ("b", "gas") not in found.index
    assert ("a", "heat") not in found.index


def test_a_category_that_the_profile_does_not_ask_for_is_not_lacking():
    found = find({"a": {}}, gaps=[("a", "market", "not_required")])
    assert found.loc[("a", "market"), "state"] == "sound"


WORN = {"condition_water": "破损", "condition_drainage": "破损", "condition_road": "差"}


def test_works_that_do_something_about_it():
    works = [
        {"id": "W1", "community_id": "a", "item": "排水管网改造"},
        {"id": "W2", "community_id": "a", "item": "管线", "utility_kind": "water"},
    ]
    found = find({"a": WORN, "b": WORN}, works=works)
    addressed = found["addressed"]
    assert found.loc[("a", "drainage"), "works"] == ("W1",)
    assert found.loc[("a", "water"), "works"] == ("W2",)
    assert addressed["a", "water"] == addressed["a", "drainage"] == "yes"
    assert addressed["a", "road"] == "no"
    # nothing is on record: nobody can tell
    assert addressed["b", "road"] == "unknown"
    # what is not lacking needs nothing
    assert addressed["a", "lighting"] == ""


def test_the_addresses_of_a_work_and_the_list_of_the_ledger():
    works = [
        {"id": "W1", "community_id": "a", "item": "综合", "addresses": "road|water"}
    ]
    found = find({"a": WORN, "b": WORN | {"scheme_items": "道路、照明"}}, works=works)
    assert found.loc[("a", "road"), "addressed"] == "yes"
    assert found.loc[("a", "water"), "addressed"] == "yes"
    assert found.loc[("b", "road"), "addressed"] == "yes"
    assert found.loc[("b", "water"), "addressed"] == "no"


def test_enhancing_is_solved_for_the_whole_unit():
    works = [
        {"id": "W1", "community_id": "b", "category": "childcare"},
        {"id": "W2", "community_id": "b", "item": "道路"},
    ]
    facts = {"a": WORN | {"scheme_items": "照明"}, "b": {}, "c": WORN}
    gaps = [(one, "childcare", "short") for one in "abc"]
    units = {"a": "U1", "b": "U1", "c": "U2"}
    found = find(facts, gaps=gaps, works=works, unit_of=units)
    assert found.loc[("a", "childcare"), "works"] == ("W1",)
    # a road elsewhere does nothing for one's own
    assert found.loc[("a", "road"), "addressed"] == "no"
    assert found.loc[("c", "childcare"), "addressed"] == "unknown"


def test_the_order_of_rows_changes_nothing():
    facts = {"a": WORN, "b": WORN | {"scheme_items": "道路"}, "c": {}}
    turned = dict(reversed(facts.items()))
    one, other = (find_shortfalls(make_ground(rows)) for rows in (facts, turned))
    pd.testing.assert_frame_equal(one, other)
