"""Edits of the tables of evidence: read as in a file, refused with a sentence."""

import pandas as pd
import pytest
from papers import fill, make_evidence

from geo.errors import InputError
from geo.evidence import Evidence, empty_table
from geo.evidence_edits import add_row, drop_row, set_cell

C1 = {"community_id": "c1"}


def cell(evidence, table, column, at=0):
    return evidence.tables[table][column].iloc[at]


@pytest.mark.parametrize(
    ("column", "typed", "value"),
    [
        ("households_agreed", "169", 169),
        ("households_agreed", "１６９户", 169),
        ("households_agreed", "", None),
        ("households_agreed", "不详", None),
        ("agree_rate", "75%", 0.75),
        ("agree_rate", "75", 0.75),
        ("agree_rate", "0.75", 0.75),
        ("agree_rate", "1", 1),
        ("vote_channel", "线上", "online"),
        ("vote_channel", "paper", "paper"),
        ("vote_date", "2026年3月1日", pd.Timestamp("2026-03-01")),
        ("confirm_doc", "有", True),
        ("confirm_doc", "否", False),
        ("property_mode", " 专业物业 ", "专业物业"),
        ("fund_resident_cny", "1.2万元", 12_000),
    ],
)
def test_a_cell_is_read_as_in_a_file(column, typed, value):
    evidence = set_cell(Evidence(), "consent", C1, column, typed)
    table = evidence.tables["consent"]
    assert table["community_id"].tolist() == ["c1"]
    found = cell(evidence, "consent", column)
    assert pd.isna(found) if value is None else found == value
    assert (table.dtypes == empty_table("consent").dtypes).all()


def test_the_tables_before_stay_as_they_were():
    before = make_evidence(consent=fill("consent", community_id=["c1"]))
    mark = before.fingerprint
    after = set_cell(before, "consent", C1, "vote_yes", "210")
    assert before.fingerprint == mark != after.fingerprint
    again = set_cell(after, "consent", C1, "vote_yes", "")
    assert again.fingerprint == mark


def test_only_the_row_that_is_meant():
    table = fill("consent", community_id=["c0", "c1", "c2"], vote_yes=[1, 2, 3])
    evidence = set_cell(make_evidence(consent=table), "consent", C1, "vote_yes", "9")
    assert evidence.tables["consent"]["vote_yes"].tolist() == [1, 9, 3]


def test_a_row_that_is_not_there_is_added():
    key = {"year": 2027.0, "source": "all"}
    evidence = set_cell(Evidence(), "budgets", key, "available_cny", "5000万元")
    evidence = set_cell(
        evidence, "budgets", {"year": "2027", "source": "中央"}, "projects_most", "5"
    )
    table = evidence.tables["budgets"]
    assert table["source"].tolist() == ["all", "central"]
    assert table["available_cny"].tolist()[0] == 5e7
    evidence = set_cell(evidence, "budgets", key, "available_cny", "6000万元")
    assert len(evidence.tables["budgets"]) == 2


def test_what_is_left_out_gets_its_default():
    evidence = add_row(Evidence(), "budgets", {"year": "2027", "source": None})
    assert cell(evidence, "budgets", "source") == "all"


def test_an_override_and_back():
    values = {"rule_id": "GS-2a", "subject_id": "c1", "state": "met", "author": "甲"}
    values |= {"date": "2026-11-01", "reason": "已核实"}
    evidence = add_row(Evidence(), "overrides", values)
    (row,) = evidence.tables["overrides"].to_dict("records")
    assert row == values | {"date": pd.Timestamp("2026-11-01")}
    key = {"rule_id": "GS-2a", "subject_id": "c1"}
    assert drop_row(evidence, "overrides", key).fingerprint == Evidence().fingerprint


def test_the_ledger_takes_any_column_of_a_community():
    evidence = set_cell(Evidence(), "ledger", {"id": "c1"}, "built_year", "1998年前")
    evidence = set_cell(evidence, "ledger", {"id": "c2"}, "condition_gas", "破损")
    table = evidence.tables["ledger"]
    assert table["built_year"].tolist()[0] == 1998
    assert table["condition_gas"].isna().tolist() == [True, False]
    assert table["built_year"].dtype == "float64"


@pytest.mark.parametrize(
    ("table", "key", "column", "typed", "code", "words"),
    [
        ("consent", C1, "vote_yes", "一百", "evidence_cell", "整数"),
        ("consent", C1, "vote_yes", "-3", "evidence_cell", "0 到 1,000,000"),
        ("consent", C1, "vote_yes", "1.5", "evidence_cell", "整数"),
        ("consent", C1, "agree_rate", "175", "evidence_cell", "75%"),
        ("consent", C1, "vote_channel", "微信", "evidence_cell", "书面、线上"),
        ("consent", C1, "vote_date", "明年", "evidence_cell", "2026-03-01"),
        ("consent", C1, "confirm_doc", "也许", "evidence_cell", "是"),
        ("progress", C1, "plan_year", "廿七", "evidence_cell", "四位数"),
        ("funds", C1, "fund_loan_cny", "若干", "evidence_cell", "数"),
        ("consent", C1, "moon", "1", "evidence_column", "moon"),
        ("consent", {}, "vote_yes", "1", "evidence_key", "小区编码"),
        ("consent", {"community_id": " "}, "vote_yes", "1", "evidence_key", "小区编码"),
        ("works", {"id": "W1"}, "id", "", "evidence_key", "编号"),
        ("works", {"id": "W1"}, "id", "W2", "evidence_row_twice", "W2"),
        ("budgets", {"year": "x", "source": "all"}, "year", "1", "evidence_cell", "年"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    table, key, column, typed, code, words
):
    evidence = make_evidence(works=fill("works", id=["W1", "W2"]))
    with pytest.raises(InputError) as caught:
        set_cell(evidence, table, key, column, typed)
    assert caught.value.code == code
    assert words in str(caught.value)
    for lang in ("zh", "en"):
        assert "{" not in caught.value.message(lang) + caught.value.action(lang)


def test_a_row_twice_or_not_there():
    evidence = make_evidence(works=fill("works", id=["W1"]))
    with pytest.raises(InputError) as caught:
        add_row(evidence, "works", {"id": "W1", "item": "雨污分流"})
    assert caught.value.code == "evidence_row_twice"
    with pytest.raises(InputError) as caught:
        drop_row(evidence, "works", {"id": "W3"})
    assert caught.value.code == "evidence_row_missing"
    assert "W3" in caught.value.message("en")
    with pytest.raises(InputError):
        add_row(evidence, "works", {"item": "雨污分流"})


@pytest.mark.parametrize("blank", [None, float("nan"), pd.NaT, pd.NA, ""])
def test_blanks_of_every_kind_are_unknown(blank):
    values = {"id": "W1", "planned_start": blank, "cost_cny": blank, "item": blank}
    evidence = add_row(Evidence(), "works", values)
    assert evidence.tables["works"].iloc[0].notna().sum() == 1
