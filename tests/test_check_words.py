"""Checks in words, and the list of what to collect."""

import pandas as pd
import pytest
from clause_cases import ground_of

from geo.check_words import list_to_collect, render_checks, say_formula
from geo.rulings import NOTHING

TOWNS = {
    "a": {"name": "东苑", "households": 100, "plan_year": 2027},
    "b": {"name": "西苑", "households": 50, "plan_year": 2028},
    "d": {"name": "南苑", "households": None, "plan_year": 2028},
}


def row(rule, subject, state="unknown", missing=(), stage="annual_plan", **more):
    return {
        "rule_id": rule,
        "kind": "flag",
        "level": "community",
        "subject_id": subject,
        "state": state,
        "judged": state,
        "required": NOTHING,
        "found": ("check.found.yes", {}),
        "reason": NOTHING,
        "stage": stage,
        "severity": "hard_gate",
        "document": "",
        "clause": "",
        "quote": "",
        "source": "",
        "certainty": "policy_text",
        "missing": missing,
        "exception": False,
        "value": 1.0,
        "objects": (),
        "author": None,
        "date": None,
        "why": None,
    } | more


@pytest.fixture
def ground():
    units = {"a": "U1", "b": "U1", "d": "U2"}
    return ground_of(TOWNS, units=units, county=[{"year": 2027}])


def test_one_row_per_subject_and_thing(ground):
    table = pd.DataFrame(
        [
            row("R3", "b", missing=("vote_total",), stage="pre_construction"),
            row("R1", "b", missing=("vote_total", "built_year")),
            row("R2", "a", missing=("built_year",), stage="completion"),
            row("R4", "a", state="met", missing=("plan_year",)),
            row("R5", "U1", missing=("unit_id",), level="unit"),
            row("R6", "U2", missing=("unit_id",), level="unit"),
            row("R7", "某县", missing=("role_doc",), level="county"),
            row("R8", "a", state="open", missing=("fund_social_cny",)),
        ]
    )
    listed = list_to_collect(table, ground, "zh")
    told = listed[["subject_id", "field", "clauses", "stage", "planned"]]
    assert [tuple(one) for one in told.itertuples(index=False)] == [
        # what the plan waits for, by stage, then by subject
        ("U1", "unit_id", "R5", "annual_plan", True),
        ("a", "fund_social_cny", "R8", "annual_plan", True),
        ("某县", "role_doc", "R7", "annual_plan", True),
        ("a", "built_year", "R2", "completion", True),
        ("U2", "unit_id", "R6", "annual_plan", False),
        ("b", "built_year", "R1", "annual_plan", False),
        ("b", "vote_total", "R3|R1", "annual_plan|pre_construction", False),
    ]
    households = dict(zip(listed["subject_id"], listed["households"], strict=True))
    assert households["a"] == 100
    assert households["U1"] == 150
    # of a unit with a member of unknown size nobody knows the size
    assert pd.isna(households["U2"])
    assert pd.isna(households["某县"])
    assert listed["subject"].iloc[1] == "东苑"
    assert listed["what"].iloc[3] == "建成年份"


def test_nothing_to_collect(ground):
    table = pd.DataFrame([row("R1", "a", state="met")])
    assert list_to_collect(table, ground, "en").empty


def test_a_row_in_words(ground):
    table = pd.DataFrame([row("N-1-8a", "a", missing=("built_year", "of_nobody"))])
    said = render_checks(table, ground, "zh").iloc[0]
    assert said["subject_name"] == "东苑"
    assert said["missing"] == "建成年份、of_nobody"
    assert said["found"] == "有"
    assert said["certainty"] == "政策原文"
    assert said["state"] == "unknown"


def test_a_rule_may_have_a_formula_of_its_own(monkeypatch):
    joined = say_formula("N-1-7a", "participation+agreement", "zh")
    assert joined.startswith("参与率")
    assert "同意率 =" in joined
    own = {"check.formula.N-1-7a": "自己的"}
    monkeypatch.setattr("geo.check_words.texts", lambda _: own)
    monkeypatch.setattr("geo.check_words.tr", lambda key, _: own[key])
    assert say_formula("N-1-7a", "participation+agreement", "zh") == "自己的"
