"""The plan in sentences: every reason, in both languages, with its numbers."""

import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
from schedule_town import STREET, make_ranking

from geo.policy_settings import ScheduleSettings
from geo.rulings import speak
from geo.schedule import plan_schedule
from geo.schedule_words import say_inversion, say_lacks, say_money, state_plan
from geo.text import LANGUAGES, texts

BUDGETS = [(2027, "all", 8e6, 3), (2028, "all", 6e6, 3), (2029, "all", 20e6, 3)]
HAN = re.compile("[一-鿿]")


def plan(*, street=STREET, pinned=None, barred=(), more=None, **settings):
    ranking = make_ranking(street, **{"budgets": BUDGETS, **(more or {})})
    chosen = ScheduleSettings(**settings)
    return plan_schedule(ranking, settings=chosen, pinned=pinned, barred=barred)


@pytest.mark.parametrize(
    ("cny", "zh", "en"),
    [
        (1_234_500.0, "123.45 万元", "1,234,500 yuan"),
        (0.01, "0.000001 万元", "0.01 yuan"),
        (2e9, "200,000 万元", "2,000,000,000 yuan"),
        (0.0, "0 万元", "0 yuan"),
        (np.nan, "未知", "unknown"),
    ],
)
def test_money_to_the_cent(cny, zh, en):
    assert speak(say_money(cny), "zh") == zh
    assert speak(say_money(cny), "en") == en


def test_what_is_missing_line_by_line():
    said = [
        speak(one, "zh") for one in say_lacks([("central", 3e4), ("projects", 2.0)])
    ]
    assert said == ["中央资金 3 万元", "项目数 2 个"]


def test_a_unit_says_when_and_why():
    said = plan().explain("zh")
    assert said["A"] == (
        "2027 年实施：排序第 1，得分 75.0，400 户，投资 600 万元；"
        "有 400 万元 未说明来源，按可能由任一未注明的受限来源承担计。"
    )
    assert said["C"].startswith(
        "2029 年实施：排序第 3，得分 50.0，100 户，投资 300 万元；"
        "未更早实施：2027 年剩余资金不足、2028 年剩余资金不足；"
    )
    assert "成员 第4小区 未进入计划" in said["C"]
    assert said["E"] == "未进入计划：没有成员满足全部硬性条件，见核对表。"
    assert list(said.index) == ["A", "B", "C", "c8", "D", "E"]


def test_what_a_unit_would_need():
    more = {"budgets": [(2027, "all", 6e6, 3), (2028, "all", 4e6, 3)]}
    schedule = plan(more=more, years=2)
    assert schedule.explain("zh")["B"] == (
        "未进入计划：需 500 万元，资金已用完；2027 年差得最少，差：资金总额 500 万元。"
    )
    assert (
        "第一个因资金或能力未进入计划的是 B（排序第 2，需 500 万元），还差："
        "2027 年 资金总额 500 万元、2028 年 资金总额 500 万元。"
    ) in schedule.statement("zh").split("\n")


def test_where_nothing_is_missing_it_says_whom_a_unit_waits_for():
    more = {"budgets": [(2027, "all", 99e6, 2), (2027, "central", 3e6, None)]}
    street = {
        "c1": ("A", "ready", 90.0, 100.0, 2e6, 2e6),
        "c2": ("B", "ready", 80.0, 200.0, 2e6, 2e6),
        "c3": ("C", "ready", 70.0, 300.0, 1e6, 1e6),
    }
    schedule = plan(street=street, more=more, years=1, pinned={"c2": 2040})
    assert schedule.table.index.tolist() == ["A", "C"]
    schedule = plan(street=street, more=more, years=1)
    assert schedule.explain("zh")["C"] == (
        "未进入计划：2027 年的余款够用，但按排序须等候 B；按总效益的方式可以利用余款。"
    )
    street = {
        "c1": ("A", "ready", 90.0, 100.0, 4e6, 4e6),
        "c2": ("B", "ready", 80.0, 200.0, 4e6, 4e6),
        "c3": ("C", "ready", 70.0, 300.0, 1e6, 1e6),
    }
    more = {"budgets": [(2027, "all", 5e6, 9), (2028, "all", 4e6, 9)]}
    assert (
        "第一个因资金或能力未进入计划的是 C（排序第 3，需 100 万元），还差："
        "2027 年余款够用，但按排序须等候 B、2028 年 资金总额 100 万元。"
    ) in plan(street=street, more=more, years=2).statement("zh")


def test_the_statement_says_what_is_exceeded():
    lines = plan(pinned={"c2": 2027, "c1": 2027}).statement("zh").split("\n")
    assert lines[0] == (
        "2027 至 2029 年（按排序）：计划 4 个片区、5 个小区、750 户，投资 1,500 万元。"
    )
    assert "未进入计划的片区：硬性条件缺少证据 1 个、硬性条件不满足 1 个。" in lines
    assert (
        "2027 年指定的项目超出能力：资金总额 300 万元（尽力而为、量力而行）。" in lines
    )
    assert (
        "台账自身的 2027 年计划超出能力：资金总额 1,200 万元、项目数 3 个"
        "（尽力而为、量力而行）。"
    ) in lines


def test_a_ledger_within_its_means_says_so():
    more = {"budgets": [(2027, "all", 9e7, 9)]}
    lines = plan(more=more, years=2).statement("zh")
    assert "台账自身的计划在 2027 年没有超出已记录的资金和项目数。" in lines


def test_places_that_pins_exceed_are_said():
    pinned = {"c1": 2027, "c2": 2027}
    lines = plan(pinned=pinned, projects_most=1).statement("en")
    assert "What is pinned to 2027 exceeds what there is: 3,000,000 yuan" in lines
    assert "1 project(s) more than can be organised" in lines


def test_years_without_funds_on_record_are_said():
    lines = plan(more={"budgets": BUDGETS[:1]}).statement("zh")
    assert "2028 年没有资金额度记录，未作限制：列入的 900 万元 是需求" in lines
    # in 2029 nobody goes
    assert "2029 年没有" not in lines


def test_unknown_cost_is_said():
    street = {**STREET, "c2": ("B", "ready", 80.0, np.nan, np.nan, np.nan)}
    schedule = plan(street=street, more={"budgets": []})
    assert "已知投资 1,000 万元，另有 1 个片区投资未知" in schedule.statement("zh")
    assert "未知 户，投资 未知" in schedule.explain("zh")["B"]


def test_who_pays_may_be_open():
    street = {"c1": ("A", "ready", 90.0, 10.0, 3e6, np.nan)}
    said = plan(street=street).explain("zh")["A"]
    assert "有 300 万元 尚未说明任何来源，只计入资金总额" in said


def test_networks_are_named():
    more = {"plans": [("c1", "water", 2028), ("c2", "water", 2033)]}
    schedule = plan(more=more)
    said = schedule.explain("zh")
    assert "管网更新年份：供水 2028 年" in said["A"]
    assert "未更早实施：2027 年须等管网更新（该年相合的管网较少）" in said["A"]
    assert "其中 供水 2033 年 与本年不合，须与专营单位协调" in said["B"]
    assert "有 1 个片区的部分管网更新年份与实施年份不合" in schedule.statement("zh")


def test_the_worth_and_its_bound():
    proved = plan(mode="optimise").statement("en")
    assert "proved that no plan is worth more" in proved
    assert "In 2 cases one of lower rank goes first (1 units do)" in proved
    assert "away." in plan().statement("en").split("\n")[1]


@cache
def make_all():
    """Return plans in which every code comes up that can."""
    street = {**STREET, "c5": ("C", "ready", 50.0, 100.0, np.nan, np.nan)}
    return [
        plan(),
        plan(mode="optimise"),
        plan(street=street, barred=["c2"], pinned={"c8": 2040, "c2": 2027, "x": 2027}),
        plan(pinned={"c1": 2027, "c3": 2028, "c7": 2027, "c8": 2027}, whole_only=True),
        plan(more={"budgets": [(2027, "all", 6e6, 1)]}, years=1),
        plan(more={"budgets": [(2027, "all", 1e6, 1)]}, years=1, unsure_gates=True),
        plan(more={"budgets": [(2027, "all", 5e6, 3)]}, years=1),
        plan(more={"plan_year": None, "budgets": []}, years=1, projects_most=1),
        plan(street=street, pinned={"c5": 2027}),
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_sentence_is_whole(lang):
    for schedule in make_all():
        said = [*schedule.explain(lang), *schedule.statement(lang).split("\n")]
        rows = schedule.inversions.to_dict("records")
        said += [speak(say_inversion(row), lang) for row in rows]
        for one in said:
            assert one
            assert "{" not in one
            assert "nan" not in one.lower()
            assert "None" not in one
            assert "@" not in one
            if lang == "en":
                assert not HAN.search(re.sub("第.小区", "", one))


def test_every_code_has_its_texts():
    keys = texts("zh")
    whys = {
        *("gate_out", "gate_waiting", "not_whole", "barred", "unknown_cost", "funds"),
        *("pinned_outside", "too_dear", "projects", "order"),
    }
    for code in whys:
        assert f"schedule.why.{code}" in keys
        assert f"schedule.left.{code}" in keys
    for code in ("utilities", "too_dear", "funds", "projects", "order", "worth"):
        assert f"schedule.delay.{code}" in keys
    reasons = ("pinned", "pinned_later", "pinned_outside", "unknown_cost", "utilities")
    for code in (*reasons, "too_dear", "room", "worth"):
        assert f"schedule.inversion.{code}" in keys


@pytest.mark.parametrize("reason", ["pinned", "utilities", "room", "worth", "too_dear"])
def test_inversions_name_both_units_and_the_numbers(reason):
    row = {
        "earlier": "B",
        "year": 2027,
        "later": "A",
        "later_year": 2028.0,
        "reason": reason,
        "source": "central" if reason in ("room", "too_dear") else None,
        "missing": 5e4 if reason in ("room", "too_dear") else np.nan,
        "loss": 1234.5 if reason == "worth" else np.nan,
    }
    said = speak(say_inversion(row), "zh")
    assert {"A", "B", "2027"} <= set(re.findall("[A-Z]|[0-9]{4}", said))
    assert ("中央资金 5 万元" in said) == (reason in ("room", "too_dear"))
    assert ("1,234.5" in said) == (reason == "worth")


def test_what_is_said_is_data():
    said = state_plan(plan())
    assert said[0][0] == "schedule.statement.plan"
    assert said[0][1]["units"] == 4
    assert isinstance(plan().explain("en"), pd.Series)
