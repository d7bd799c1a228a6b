"""Reasons: one plain sentence for every cause, in both languages."""

import time

import numpy as np
import pandas as pd
import pytest

from geo.reasons import explain
from geo.text import texts

BASE = {
    "category": "childcare",
    "threshold_m": 300.0,
    "reach_m": 300.0,
    "searched_m": 1250.0,
    "distance_m": 640.2,
    "distance_state": "short",
    "distance_cause": "gate_far",
    "size_state": "not_required",
    "size_cause": "no_rule",
    "capacity_state": "not_required",
    "capacity_cause": "no_rule",
    "state": "short",
    "certainty": "certain",
    "off_piece": False,
    "detour_ratio": 1.2,
    "between": "",
    "distance_rule_certainty": "expert",
    "size_rule_certainty": "published",
    "capacity_rule_certainty": "policy_text",
    "min_floor_area_m2": 350.0,
    "min_land_area_m2": np.nan,
    "large_distance_m": 1234.0,
    "capacity_needed": 4.5,
    "capacity_unit": "places",
    "capacity_low": 1.25,
    "capacity_high": 3.25,
    "households_counted": 300.0,
    "households_within": 225.0,
    "share_in_reach": 0.75,
    "share_required": 0.8,
    "ambiguous_objects": 0,
    "d_edge_m": 120.4,
}


def say(rules, lang="zh", **changes):
    return explain(pd.DataFrame([BASE | changes]), rules, lang).item()


def test_the_sentence_of_the_issue(rules):
    said = say(rules, detour_ratio=2.31, between="wall")
    assert said == (
        "最近的托育机构步行 640 米，超过 300 米（待核）；绕行系数 2.3，中间隔着围墙"
    )


def test_the_same_in_english(rules):
    said = say(rules, "en", detour_ratio=2.31, between="wall|river")
    assert said == (
        "Nearest Childcare (0–3) 640 m on foot, more than 300 m (to be checked); "
        "detour factor 2.3, with a wall and a river in between"
    )


def test_a_small_detour_is_not_worth_a_word(rules):
    assert "绕行" not in say(rules, detour_ratio=1.49)
    assert "绕行系数 1.5" in say(rules, detour_ratio=1.5)


@pytest.mark.parametrize(
    ("distance", "said"),
    [(300.01, "300.01 米"), (299.2, "299.20 米"), (301.5, "302 米")],
)
def test_a_number_never_looks_like_the_limit_it_missed(rules, distance, said):
    assert f"步行 {said}" in say(rules, distance_m=distance)


def test_firm_numbers_carry_no_mark(rules):
    assert "300 米；" not in say(rules)
    assert say(rules, distance_rule_certainty="published").endswith("超过 300 米")
    assert "（工具取值）" in say(rules, distance_rule_certainty="tool_default")


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"distance_cause": "gate_met", "state": "met"}, "640 米，不超过 300 米"),
        ({"distance_m": np.nan}, "步行 1,250 米以内走不到托育机构，要求 300 米"),
        ({"distance_m": np.nan, "off_piece": True}, "所在的这片路网上没有"),
        ({"distance_cause": "doors_short"}, "225 / 300 户（75.0 %）"),
        ({"distance_cause": "doors_met"}, "达到 80 %"),
        ({"distance_cause": "doors_unknown"}, "请补充小区内部道路"),
        ({"distance_cause": "no_gate"}, "请核对出入口和道路"),
        ({"distance_cause": "hidden"}, "请核对它的位置和出入口"),
        ({"distance_cause": "ambiguous", "ambiguous_objects": 2}, "有 2 处对象可能是"),
        ({"distance_cause": "no_data", "state": "no_data"}, "请补充这类设施的资料"),
        ({"distance_cause": "switched_off"}, "不包括托育机构"),
        ({"distance_cause": "no_rule"}, "规则没有规定距离"),
        (
            {"distance_cause": "no_rule", "distance_m": np.nan},
            "走不到托育机构，规则没有",
        ),
        ({"certainty": "edge"}, "离数据边界只有 120 米"),
        ({"certainty": "edge", "d_edge_m": 0.0}, "在数据边界上或边界外"),
        ({"certainty": "borderline"}, "差一成就会改变结论"),
        ({"ambiguous_objects": 3}, "另有 3 处对象可能是托育机构"),
        (
            {"size_state": "unknown", "size_cause": "area_missing"},
            "缺少建筑面积，无法判断是否达到 350 平方米；请补充设施面积",
        ),
        (
            {
                "size_state": "unknown",
                "size_cause": "area_missing",
                "min_floor_area_m2": np.nan,
                "min_land_area_m2": 150.0,
            },
            "缺少用地面积，无法判断是否达到 150 平方米",
        ),
        ({"size_state": "short", "size_cause": "too_small"}, "都小于 350 平方米"),
        ({"size_state": "met", "size_cause": "large_enough"}, "最近一处在 1,234 米"),
        ({"size_state": "unknown", "size_cause": "hidden"}, "规模未知"),
        (
            {
                "size_state": "unknown",
                "size_cause": "none_in_reach",
                "distance_state": "not_required",
            },
            "300 米以内没有设施，无法判断规模",
        ),
        (
            {"capacity_state": "short", "capacity_cause": "too_little"},
            "每千人可用 3.2 个位，不足 4.5 个位",
        ),
        (
            {"capacity_state": "met", "capacity_cause": "enough"},
            "每千人可用 1.2 个位，达到 4.5 个位",
        ),
        (
            {"capacity_state": "unknown", "capacity_cause": "capacity_missing"},
            "请补充设施容量",
        ),
        (
            {"capacity_state": "unknown", "capacity_cause": "population_missing"},
            "请补充人口",
        ),
        ({"capacity_state": "unknown", "capacity_cause": "hidden"}, "接不上道路的设施"),
        (
            {"capacity_state": "unknown", "capacity_cause": "per_household"},
            "每户 4.5 个位按片区合计",
        ),
        (
            {
                "capacity_state": "unknown",
                "capacity_cause": "per_100_households",
                "capacity_unit": "m2",
            },
            "每百户 4.5 平方米按片区合计",
        ),
    ],
)
def test_every_cause_has_its_words(rules, changes, part):
    assert part in say(rules, **changes)
    english = say(rules, "en", **changes)
    assert "{" not in english
    assert english[0].isupper() or english[0].isdigit()


def test_nothing_in_reach_is_not_said_twice(rules):
    said = say(rules, size_state="unknown", size_cause="none_in_reach")
    assert "规模" not in said


def test_every_text_of_a_reason_is_reached_by_a_cause(rules):
    tests = {"distance", "size", "capacity"}
    keys = [key for key in texts("zh") if key.startswith("reason.")]
    causes = [key.split(".") for key in keys if key.split(".")[1] in tests]
    assert len(causes) > 25
    for _, test, cause in causes:
        changes = {f"{test}_cause": cause, f"{test}_state": "unknown"}
        if test == "distance":
            changes |= {"state": "unknown"}
        assert say(rules, **changes)


def test_a_hundred_thousand_rows_take_seconds(rules):
    some = [
        BASE,
        BASE | {"distance_cause": "doors_short", "certainty": "edge"},
        BASE | {"size_state": "unknown", "size_cause": "area_missing"},
        BASE | {"detour_ratio": 2.0, "between": "wall"},
    ]
    gaps = pd.concat([pd.DataFrame(some)] * 25_000, ignore_index=True)
    start = time.process_time()
    said = explain(gaps, rules, "zh")
    assert time.process_time() - start < 8
    assert said.nunique() == 4


def test_an_empty_frame_gives_an_empty_series(rules):
    assert explain(pd.DataFrame([BASE]).iloc[:0], rules, "zh").empty
