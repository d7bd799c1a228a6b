"""Cells and rows of one table of evidence, without a file."""

import pandas as pd
import pytest

from geo.columns import Match
from geo.evidence_cells import check_table, find_column, parse_cell
from geo.evidence_schema import EVIDENCE
from geo.facts import FACT_COLUMNS
from geo.schema import Column
from geo.text import tr


def check(name, matches=None, **columns):
    cells = pd.DataFrame(columns, dtype="object")
    return check_table(cells, name, matches or {one: Match(one) for one in columns})


def test_columns_come_in_the_order_of_the_table_and_the_rest_behind():
    table, _ = check("utility_plans", note=["x"], year=["2027"], id=["P1"])
    assert list(table.columns) == [
        *("id", "community_id", "kind", "year", "owner", "note"),
    ]
    assert table["year"].tolist() == [2027]


def test_a_column_whose_name_another_takes_is_kept_under_another():
    matches = {"id": Match("编号"), "kind": Match("类型")}
    table, found = check(
        "utility_plans", matches, 编号=["P1"], 类型=["燃气"], kind=["旧"]
    )
    assert table["kind"].tolist() == ["gas"]
    assert table["kind_source"].tolist() == ["旧"]
    assert found["code"].tolist() == ["columns_mapped"]


def test_a_guarded_formula_comes_back_as_text():
    table, _ = check("works", id=["W1"], item=["'=1+1"], wkt=["'x'"])
    assert table["item"].tolist() == ["=1+1"]
    assert table["wkt"].tolist() == ["'x'"]


def test_rows_are_numbered_anew_and_findings_name_those_of_the_file():
    cells = pd.DataFrame({"id": [None, "W1", "W2"], "cost_cny": [1, "x", 2]})
    table, found = check_table(cells, "works", {one: Match(one) for one in cells})
    assert table.index.tolist() == [0, 1]
    rows = dict(zip(found["code"], found["row"], strict=True))
    assert rows == {"evidence_unreadable": 1, "key_missing": 0}


def test_two_columns_make_a_key_together():
    table, found = check(
        "last_indicators",
        indicator_id=["A", "A", "A"],
        part=["x", "y", "x"],
        value=[1, 2, 3],
    )
    assert table["value"].tolist() == [1, 2]
    assert found["code"].tolist() == ["key_twice"]
    assert found["params"].iloc[0] == {"column": "indicator_id + part"}


@pytest.mark.parametrize(
    ("table", "name", "kind", "expected"),
    [
        ("works", "excavates", "", "flag"),
        ("ledger", "vote_date", "", "date"),
        ("ledger", "built_year", "", "year"),
        ("consent", "plan_year", "", "year"),
        ("works", "built_year", "", "text"),
        ("ledger", "lifts", "count", "count"),
        ("ledger", "风貌", "", "text"),
    ],
)
def test_what_a_column_holds(table, name, kind, expected):
    assert find_column(table, name, kind).kind == expected


@pytest.mark.parametrize(
    ("text", "column", "value", "fits"),
    [
        ("169", Column("x", "count", least=0, most=10), None, False),
        ("9", Column("x", "count", least=0, most=10), 9, True),
        ("约9", Column("x", "count", least=0, most=10), 9, True),
        ("也许", Column("x", "flag"), None, False),
        ("", Column("x", "flag"), None, True),
    ],
)
def test_one_cell(text, column, value, fits):
    found, told = parse_cell(text, column)
    assert told is fits
    assert pd.isna(found) if value is None else found == value


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_table_column_and_choice_has_its_words(lang):
    for table in EVIDENCE.values():
        assert tr(f"layer.{table.name}", lang)
        for column in table.columns:
            if table.name != "ledger":
                assert tr(f"column.{column.name}", lang)
            assert all(tr(f"choice.{one}", lang) for one in column.choices)
    for name in FACT_COLUMNS:
        assert tr(f"column.{name}", lang)
