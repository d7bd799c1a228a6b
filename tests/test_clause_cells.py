"""Cells as plain values: numbers, yes and no, days, texts."""

from datetime import date
from math import isnan

import pandas as pd
import pytest

from geo.clause_cells import (
    latest_row,
    read_days,
    read_flags,
    read_numbers,
    read_texts,
    read_year,
)

TABLE = pd.DataFrame(
    {
        "number": ["12", None, "约300"],
        "flag": pd.array([True, pd.NA, False], dtype="boolean"),
        "word": ["有", "无", "也许"],
        "day": ["2026-03-01", None, "某日"],
        "text": ["  甲 ", None, "乙"],
    }
)


def test_numbers():
    first, second, third = read_numbers(TABLE, "number")
    assert first == 12
    assert isnan(second)
    assert isnan(third)
    assert all(isnan(one) for one in read_numbers(TABLE, "nowhere"))


def test_flags_of_any_kind():
    assert read_flags(TABLE, "flag") == [True, None, False]
    assert read_flags(TABLE, "word") == [True, False, None]
    assert read_flags(TABLE, "nowhere") == [None] * 3
    numbers = pd.DataFrame({"flag": [1.0, float("nan"), 0.0]})
    assert read_flags(numbers, "flag") == [True, None, False]


def test_days():
    assert read_days(TABLE.iloc[:2], "day") == [date(2026, 3, 1), None]
    assert read_days(TABLE, "nowhere") == [None] * 3


def test_texts():
    assert read_texts(TABLE, "text") == ["甲", "", "乙"]
    assert read_texts(TABLE, "nowhere") == [""] * 3


def test_the_latest_row_with_what_is_asked():
    county = pd.DataFrame({"year": [2027.0, 2025.0, 2026.0], "report": [None, 1, 2]})
    assert latest_row(county)["year"] == 2027
    assert latest_row(county, "report")["report"] == 2
    assert latest_row(county.iloc[:1], "report") == {}
    assert latest_row(county, "nowhere") == {}
    assert latest_row(county.iloc[:0]) == {}


@pytest.mark.parametrize(("cell", "year"), [("2026", 2026.0), ("某年", None)])
def test_years(cell, year):
    (found,) = read_year(pd.DataFrame({"year": [cell]}))
    assert found == year if year else isnan(found)
