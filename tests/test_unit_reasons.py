"""Sentences of units: every cause has its words, in both languages."""

import itertools

import numpy as np
import pandas as pd
import pytest

from geo.text import LANGUAGES, texts
from geo.unit_reasons import explain_unit_gaps

#: A unit that has a place for childcare; single values are changed below.
ROW = {
    "unit_id": "U001",
    "category": "childcare",
    "communities": 3,
    "households": 600.0,
    "households_unknown": 0,
    "communities_short": 0,
    "filled_at": "unit",
    "closed_by_pooling": False,
    "distance_state": "met",
    "size_state": "met",
    "capacity_state": "met",
    "state": "met",
    "certainty": "certain",
    "share_in_reach": 0.9,
    "households_uncovered": 60.0,
    "distance_cause": "within",
    "size_cause": "large_enough",
    "capacity_cause": "enough",
    "distance_m": 120.4,
    "large_distance_m": 250.0,
    "d_edge_m": 90.0,
    "capacity_low": 5.25,
    "capacity_high": 5.25,
    "capacity_needed": 4.5,
    "capacity_unit": "places",
    "capacity_kind": "per_1000_persons",
    "threshold_m": 300.0,
    "reach_m": 300.0,
    "share_required": 0.8,
    "min_floor_area_m2": 200.0,
    "min_land_area_m2": np.nan,
    "ambiguous_objects": 0,
    "distance_rule_certainty": "published",
    "size_rule_certainty": "expert",
    "capacity_rule_certainty": "tool_default",
}
DECIDED = {"within": "met", "beyond": "short", "within_each": "met"}
CAUSES = sorted(
    (*key.split(".")[1:],)
    for key in texts("zh")
    if key.startswith(("unit_gap.distance.", "unit_gap.size.", "unit_gap.capacity."))
)


def say(rules, lang="zh", **changes):
    return explain_unit_gaps(pd.DataFrame([ROW | changes]), rules, lang)[0]


def test_a_sentence_tells_all_three_tests_and_marks_what_is_not_firm(rules):
    assert say(rules) == (
        "片区 600 户中 540 户（90.0 %）步行 300 米以内有托育机构，达到 80 %；"
        "不小于 200 平方米（待核）的最近一处离片区 250 米；"
        "片区合计每千人 5.25 个位，达到 4.5 个位（工具取值）"
    )
    assert say(rules, "en").startswith("540 of the unit's 600 households (90.0 %)")


@pytest.mark.parametrize(("test", "cause"), CAUSES)
def test_every_cause_has_words(rules, test, cause):
    states = {"within": "met", "beyond": "short"}
    changes = {f"{test}_cause": cause, f"{test}_state": states.get(cause, "unknown")}
    if test != "distance":
        # otherwise the first clause has said it all
        changes |= {"distance_cause": "no_rule", "distance_state": "not_required"}
    if cause.endswith("_each"):
        changes |= {f"{test}_cause": cause.removesuffix("_each"), "households": np.nan}
    if cause == "no_rule_beyond":
        changes |= {"distance_cause": "no_rule", "distance_m": np.nan}
    changes |= {"ambiguous_objects": 2, "households_unknown": 1}
    silent = test != "distance" and cause == "no_gate"
    for lang in LANGUAGES:
        said = say(rules, lang, **changes)
        template = texts(lang)[f"unit_gap.{test}.{cause}"]
        first = template.split("{", 1)[0]
        assert (first.casefold() in said.casefold()) != (silent and first != "")
        assert not {"{", "}", "nan", "None"} & set(said.split())


@pytest.mark.parametrize(
    ("changes", "zh"),
    [
        ({"closed_by_pooling": True}, "2 个小区单独看不足，按片区统筹已经满足"),
        ({"filled_at": "community"}, "仍由各小区补齐"),
        ({"state": "short"}, "其中 2 个小区单独看也不足"),
    ],
)
def test_it_says_what_becomes_of_members_that_are_short(rules, changes, zh):
    assert say(rules, communities_short=2, **changes).endswith(zh)


def test_a_unit_of_one_says_nothing_of_its_member(rules):
    said = say(rules, communities=1, communities_short=1, state="short")
    assert "单独看" not in said


def test_members_without_households_are_named_where_their_number_counts(rules):
    assert "另有 2 个小区缺户数" in say(rules, households_unknown=2)
    said = say(rules, households_unknown=2, distance_cause="no_gate")
    assert "另有 2 个小区缺户数" not in said


@pytest.mark.parametrize("certainty", ["edge", "borderline"])
def test_doubts_come_last(rules, certainty):
    end = {"edge": "界外可能还有设施", "borderline": "差一成就会改变结论"}
    assert say(rules, certainty=certainty).endswith(end[certainty])


def test_quotas_are_told_per_household(rules):
    row = {
        "category": "parking",
        "capacity_kind": "per_household",
        "capacity_unit": "spaces",
        "capacity_needed": 0.5,
        "capacity_high": 0.125,
        "capacity_state": "short",
        "capacity_cause": "too_little",
        "size_state": "not_required",
        "size_cause": "no_rule",
    }
    assert "片区合计每户 0.12 个车位，不足 0.5 个车位" in say(rules, **row)
    assert "0.12 spaces per household in the whole unit" in say(rules, "en", **row)


@pytest.mark.parametrize(
    ("high", "told"), [(0.125, "0.12"), (0.4999, "0.4999"), (0.496, "0.496")]
)
def test_no_number_looks_like_the_limit_it_missed(rules, high, told):
    row = {"capacity_needed": 0.5, "capacity_high": high, "capacity_low": high}
    short = {"capacity_cause": "too_little", "capacity_state": "short"}
    assert f"千人 {told} 个位，不足 0.5" in say(rules, **row, **short)
    far = {"distance_cause": "beyond", "distance_state": "short"}
    assert "（79.99 %）" in say(rules, share_in_reach=0.79990, **far)
    assert "（80.0 %）" in say(rules, share_in_reach=0.8)


def test_the_index_is_kept(rules):
    rows = pd.DataFrame(list(itertools.repeat(ROW, 2)), index=["x", "y"])
    said = explain_unit_gaps(rows, rules, "en")
    assert said.index.tolist() == ["x", "y"]
    assert said.name == "reason"
