import math
from datetime import date

import pandas as pd
import pytest

from geo.cells import (
    parse_cells,
    parse_date,
    parse_flag,
    parse_number,
    parse_year,
    plain,
    split_unit,
)
from geo.schema import Column


@pytest.mark.parametrize(
    ("cell", "value", "rough"),
    [
        (12, 12, False),
        (1.5, 1.5, False),
        ("１２３", 123, False),
        ("1,200", 1200, False),
        ("１，２００ 户", 1200, False),
        ("约200户", 200, True),
        ("200余户", 200, True),
        ("200多", 200, True),
        ("≈30", 30, True),
        ("近百", None, None),
        ("1.2万", 12_000, False),
        ("-5", -5, False),
        ("无", None, None),
        ("12栋3", None, None),
        (True, None, None),
    ],
)
def test_numbers(cell, value, rough):
    assert parse_number(cell) == (None if value is None else (value, rough))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1.5", 15000),
        (1.5, 15000),
        ("1.5万平方米", 15000),
        ("1500平方米", 1500),
        ("2公顷", 20000),
        ("3亩", 2000),
    ],
)
def test_a_unit_in_the_cell_comes_before_the_header(cell, value):
    assert parse_number(cell, 1e4) == (pytest.approx(value), False)


def test_a_counter_in_the_cell_keeps_the_factor_of_the_header():
    assert parse_number("2户", 1e4) == (20_000, False)


@pytest.mark.parametrize(
    ("cell", "year", "rough"),
    [
        (1998, 1998, False),
        ("1998", 1998, False),
        ("１９９８年", 1998, False),
        ("1998年6月", 1998, False),
        ("1998.06", 1998, False),
        ("19980601", 1998, False),
        (date(1998, 6, 1), 1998, False),
        (pd.Timestamp("1998-06-01"), 1998, False),
        ("1998年前", 1998, True),
        ("2000年以前", 2000, True),
        ("90年代", 1999, True),
        ("1990s", 1999, True),
        ("八十年代", 1989, True),
        ("00年代", 2009, True),
        ("1985-1990", 1990, True),
        ("1998年后", None, None),
        ("不知道", None, None),
    ],
)
def test_years(cell, year, rough):
    assert parse_year(cell) == (None if year is None else (year, rough))


@pytest.mark.parametrize(
    ("cell", "flag"),
    [
        ("是", True),
        ("有", True),
        ("√", True),
        (1, True),
        (True, True),
        ("封闭", True),
        ("否", False),
        ("无", False),
        ("×", False),
        (0, False),
        ("开放式", False),
        ("半封闭", None),
        ("2", None),
    ],
)
def test_flags(cell, flag):
    assert parse_flag(cell) == (None if flag is None else (flag, False))


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        ("建筑面积（万平方米）", ("建筑面积", "万平方米")),
        ("建筑面积 (万㎡)", ("建筑面积", "万m2")),
        ("占地面积（单位：亩）", ("占地面积", "亩")),
        ("造价/万元", ("造价", "万元")),
        ("户数", ("户数", "")),
        ("是否（备注）", ("是否(备注)", "")),
        ("万元", ("万元", "")),
    ],
)
def test_units_in_headers(header, parts):
    assert split_unit(header) == parts


def test_a_header_is_compared_without_spaces_and_width():
    assert plain(" 户　数\n（㎡） ") == "户数(m2)"


def test_a_blank_is_unknown_and_never_zero():
    cells = pd.Series(["", "-", "不详", None, "0", math.nan], dtype="object")
    parsed = parse_cells(cells, Column("households", "count"))
    assert parsed.result.isna().tolist() == [True, True, True, True, False, True]
    assert not parsed.unreadable.any()


def test_a_column_is_parsed_cell_by_cell():
    cells = pd.Series(["约200户", "abc", 3], index=[5, 6, 7], dtype="object")
    parsed = parse_cells(cells, Column("households", "count"))
    assert parsed.result.index.tolist() == [5, 6, 7]
    assert parsed.result.tolist()[::2] == [200, 3]
    assert parsed.rough.tolist() == [True, False, False]
    assert parsed.unreadable.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("word", "choice"),
    [("all", "all"), ("对外开放", "all"), ("业主", "residents"), ("随便", None)],
)
def test_choices(word, choice):
    column = Column("open_to", choices=("residents", "all"))
    parsed = parse_cells(pd.Series([word]), column)
    assert parsed.unreadable.iloc[0] == (choice is None)
    assert (parsed.result.iloc[0] == choice) or choice is None


def test_an_identifier_that_excel_made_a_number_is_text_again():
    parsed = parse_cells(pd.Series([12.0, "a 1 ", 7], dtype="object"), Column("id"))
    assert parsed.result.tolist() == ["12", "a 1", "7"]


def test_flags_keep_the_unknown():
    parsed = parse_cells(pd.Series(["是", "", "半"]), Column("walled", "flag"))
    assert parsed.result.dtype == "boolean"
    assert parsed.result.isna().tolist() == [False, True, True]
    assert parsed.unreadable.tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("cell", "day", "rough"),
    [
        ("2026-03-01", "2026-03-01", False),
        ("2026/3/1", "2026-03-01", False),
        ("2026.3.1", "2026-03-01", False),
        ("２０２６年３月１日", "2026-03-01", False),
        ("2026 年 3 月 1 日", "2026-03-01", False),
        ("20260301", "2026-03-01", False),
        (20260301.0, "2026-03-01", False),
        (46082, "2026-03-01", False),
        ("46082", "2026-03-01", False),
        ("2026-03-01 09:30:00", "2026-03-01", False),
        ("2026-03-01T09:30", "2026-03-01", False),
        (date(2026, 3, 1), "2026-03-01", False),
        ("2026年2月", "2026-02-28", True),
        ("2028-02", "2028-02-29", True),
    ],
)
def test_days(cell, day, rough):
    assert parse_date(cell) == (pd.Timestamp(day), rough)


@pytest.mark.parametrize(
    "cell",
    [
        *("2026", 2026, 2026.3, "3月1日", "2026-13-01", "2026-02-30", "2026-00"),
        *("2026-03-01至2026-03-28", "9999-01-01", "1026-03-01", "26.3.1", "12345"),
        *("20261301", "明年", "2026-03-01 约", date(1800, 1, 1)),
    ],
)
def test_no_days(cell):
    assert parse_date(cell) is None


def test_a_month_begins_or_ends_as_its_column_asks():
    cells = pd.Series(["2026年3月", None, "x"])
    started = parse_cells(cells, Column("start_date", "date"))
    ended = parse_cells(cells, Column("finish_date", "date"))
    assert started.result.iloc[0] == pd.Timestamp("2026-03-01")
    assert ended.result.iloc[0] == pd.Timestamp("2026-03-31")
    assert ended.result.dtype == "datetime64[ns]"
    assert ended.rough.tolist() == [True, False, False]
    assert ended.unreadable.tolist() == [False, False, True]


def test_no_days_at_all_are_still_days():
    for cells in (pd.Series([], dtype="object"), pd.Series([None, None])):
        parsed = parse_cells(cells, Column("due", "date"))
        assert parsed.result.dtype == "datetime64[ns]"


@pytest.mark.parametrize(
    ("cell", "factor", "value"),
    [("75%", 1, 0.75), ("75%", 0.01, 0.75), ("5000元", 1e4, 5000), ("3米", 1e4, 3)],
)
def test_a_measure_in_the_cell_comes_before_the_header(cell, factor, value):
    assert parse_number(cell, factor) == (pytest.approx(value), False)


def test_a_word_may_mean_a_choice_under_one_header_only():
    cells = pd.Series(["合计", "全部"])
    source = Column("source", choices=("all", "central"))
    serves = Column("serves", choices=("all", "residents"))
    assert parse_cells(cells, source).result.tolist() == ["all", "all"]
    assert parse_cells(cells, serves).unreadable.tolist() == [True, False]


@pytest.mark.parametrize(("cell", "flag"), [("合格", True), ("不合格", False)])
def test_what_was_accepted_is_a_yes(cell, flag):
    assert parse_flag(cell) == (flag, False)


@pytest.mark.parametrize(
    ("cell", "year", "rough"),
    [
        ("一九九八年", 1998, False),
        ("二〇〇一年", 2001, False),
        ("二○○六", 2006, False),
        ("二零一零年底", 2010, True),
        ("一九八五-一九九〇", 1990, True),
    ],
)
def test_years_in_chinese_signs(cell, year, rough):
    assert parse_year(cell) == (year, rough)
