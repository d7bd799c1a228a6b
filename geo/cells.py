"""What the cells of a ledger mean: "约200户", "1998年前", "1.2万", full-width digits.

A blank cell is unknown, never 0.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from geo.cell_words import (
    BLANKS,
    CHOICE_WORDS,
    FALSE,
    MEASURES,
    OWN_WORDS,
    TRUE,
    UNIT_FACTORS,
)
from geo.schema import Column

_ABOUT_BEFORE = re.compile(r"^(约为|约|大约|大概|近|将近|≈|~|左右)")
_ABOUT_AFTER = re.compile(r"(左右|上下|余|多|以上|许|不到)")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?")
_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d|21\d\d)(?!\d)")
#: Signs and digits are mixed, too: 二00一年.
_CHINESE_YEAR = re.compile("[一二][〇○零0一二三四五六七八九]{3}")
_CHINESE_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_DECADE = re.compile(r"(?<!\d)((1[89]|20)?(\d)0)(年代|s)")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*(?:[-/.月]\s*(\d{1,2})\s*日?|月)?")
#: A day in another year is a slip of the pen.
_YEARS = (1900, 2100)
_CLOCK = re.compile(r"[T\s]*(\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?Z?")
#: Days since 1899-12-30, as spreadsheets count them: 1954 to 2119.
_SERIAL = (20_000, 80_000)
_CHINESE_DECADES = dict(zip("五六七八九", range(1950, 2000, 10), strict=True))
_CENTURY_TURN = 30


@dataclass(frozen=True, slots=True)
class Parsed:
    """Cells of one column, understood.

    Attributes
    ----------
    result
        Value per cell, missing where unknown; on the index of the cells.
    rough
        Cells whose value is only about right ("约200户", "90年代").
    unreadable
        Cells that hold something of which no value could be made.
    """

    result: "pd.Series[Any]"
    rough: "pd.Series[bool]"
    unreadable: "pd.Series[bool]"


#: A value and whether it is only about right; None: unreadable.
_Value = tuple[Any, bool] | None


def plain(text: object) -> str:
    """Return a cell or header as comparable text.

    Parameters
    ----------
    text
        Anything that stands in a cell.

    Returns
    -------
    str
        Full-width forms made ordinary, spaces taken out, in lower case.

    Examples
    --------
    >>> plain(" 户 数（万㎡）")
    '户数(万m2)'
    """
    ordinary = unicodedata.normalize("NFKC", str(text)).lower()
    return re.sub(r"\s+", "", ordinary).replace("m²", "m2").replace("m^2", "m2")


def parse_cells(cells: "pd.Series[Any]", column: Column, factor: float = 1.0) -> Parsed:
    """Make values of the cells of one column.

    Parameters
    ----------
    cells
        Cells as they stand in the file.
    column
        What the column holds.
    factor
        From the unit of the header to the unit of the column (10,000 for 万m2).

    Returns
    -------
    Parsed
        `result` is float for numbers, counts and years; ``boolean`` for flags;
        ``datetime64[ns]`` for dates; text else. Unknown stays missing.
    """
    codes, uniques = pd.factorize(cells.astype("object"), use_na_sentinel=True)
    read = _reader(column, factor)
    values: list[Any] = [None]
    rough, unreadable = [False], [False]
    for unique in uniques:
        known = not _is_blank(unique)
        value = read(unique) if known else (None, False)
        values.append(None if value is None else value[0])
        rough.append(value is not None and value[1])
        unreadable.append(value is None)
    place = codes + 1
    return Parsed(
        _typed([values[i] for i in place], column, cells.index),
        pd.Series(np.array(rough)[place], cells.index, dtype=bool),
        pd.Series(np.array(unreadable)[place], cells.index, dtype=bool),
    )


def parse_number(text: object, factor: float = 1.0) -> tuple[float, bool] | None:
    """Make a number of a cell.

    Parameters
    ----------
    text
        Cell: a number, or text such as ``"约１,２００户"`` or ``"1.2万㎡"``.
    factor
        Factor of the header's unit; a unit in the cell comes before it.

    Returns
    -------
    tuple or None
        Value and whether it is only about right; None if it is no number.

    Examples
    --------
    >>> parse_number("约２００户")
    (200.0, True)
    """
    if isinstance(text, bool | np.bool_):
        return None
    if isinstance(text, int | float | np.number):
        return _finite(float(text) * factor, about=False)
    word = plain(text).replace(",", "").replace("，", "")
    short, about = _strip_about(word)
    match = _NUMBER.match(short)
    if match is None:
        return None
    unit = short[match.end() :]
    if not unit:
        return _finite(float(match[0]) * factor, about=about)
    if unit not in UNIT_FACTORS:
        return None
    own = UNIT_FACTORS[unit]
    # "1.2万" under a header in 万m2 would mean both: only a plain counter keeps it
    told = own != 1 or len(unit) > 1 or unit in MEASURES
    return _finite(float(match[0]) * (own if told else factor), about=about)


def _finite(value: float, *, about: bool) -> tuple[float, bool] | None:
    return (value, about) if isfinite(value) else None


def parse_year(text: object) -> tuple[float, bool] | None:
    """Make a year of a cell; of a span or a decade, the latest.

    Parameters
    ----------
    text
        Cell: a year, a date, ``"1998年前"``, ``"90年代"``, ``"1985-1990"``,
        ``"一九九八年"``.

    Returns
    -------
    tuple or None
        Year and whether it is only about right; None if there is no year, or
        only an earliest one ("1998年后").

    Examples
    --------
    >>> parse_year("1998年前"), parse_year("90年代")
    ((1998.0, True), (1999.0, True))
    """
    if isinstance(text, date | pd.Timestamp):
        return float(text.year), False
    if isinstance(text, int | float | np.number):
        return float(text), False
    word = _CHINESE_YEAR.sub(_in_digits, plain(text))
    decade = _decade(word)
    if decade is not None:
        return decade, True
    if re.fullmatch(r"(1[89]|20)\d{6}", word):
        return float(word[:4]), False
    years = [int(found) for found in _YEAR.findall(word)]
    if not years or re.search(r"后|以来|起", word):
        number = parse_number(word)
        return number if number is not None and not years else None
    span = len(set(years)) > 1
    rough = span or bool(re.search(r"前|约|左右|底|初|代", word))
    return float(max(years)), rough


def parse_date(text: object, *, late: bool = True) -> tuple[pd.Timestamp, bool] | None:
    """Make a day of a cell.

    Parameters
    ----------
    text
        Cell: a date, ``"2026-03-01"``, ``"2026年3月1日"``, ``20260301``, the number
        that a spreadsheet stores (46082), or only a month.
    late
        Of a month, take the last day; else the first.

    Returns
    -------
    tuple or None
        Day and whether it is only about right; None if it is no day.

    Examples
    --------
    >>> parse_date("2026年3月")
    (Timestamp('2026-03-31 00:00:00'), True)
    """
    if isinstance(text, date | pd.Timestamp):
        return _day(text.year, text.month, text.day)
    word = unicodedata.normalize("NFKC", str(text)).strip().removesuffix(".0")
    if word.isdecimal():
        return _day_of_number(word)
    found = _DAY.match(word)
    number = isinstance(text, int | float | np.number)
    if found is None or number or not _CLOCK.fullmatch(word[found.end() :]):
        return None
    day = _day(int(found[1]), int(found[2]), int(found[3] or 1))
    if day is None or found[3] is not None:
        return day
    return (day[0] + pd.offsets.MonthEnd(0) if late else day[0]), True


def _day_of_number(word: str) -> tuple[pd.Timestamp, bool] | None:
    """Read 20260301, or the number of a day in a spreadsheet."""
    if len(word) == len("20260301"):
        return _day(int(word[:4]), int(word[4:6]), int(word[6:]))
    if _SERIAL[0] <= int(word) <= _SERIAL[1]:
        return pd.Timestamp(1899, 12, 30) + pd.Timedelta(days=int(word)), False
    return None


def _day(year: int, month: int, day: int) -> tuple[pd.Timestamp, bool] | None:
    if not _YEARS[0] <= year <= _YEARS[1]:
        return None
    try:
        return pd.Timestamp(year, month, day), False
    except ValueError:
        return None


def parse_flag(text: object) -> tuple[bool, bool] | None:
    """Make a yes or no of a cell.

    Parameters
    ----------
    text
        Cell: ``"是"``, ``"无"``, ``"√"``, ``1``, ``"封闭"`` ...

    Returns
    -------
    tuple or None
        Value and False; None if it is neither.
    """
    word = plain(text)
    if word in TRUE:
        return True, False
    if word in FALSE:
        return False, False
    return None


def split_unit(header: str) -> tuple[str, str]:
    """Part a header from the unit in it.

    Parameters
    ----------
    header
        Header in any form.

    Returns
    -------
    tuple of str
        Plain header without the unit, and the unit (``""`` where there is none).

    Examples
    --------
    >>> split_unit("建筑面积（万平方米）")
    ('建筑面积', '万平方米')
    """
    word = plain(header)
    match = re.fullmatch(
        r"(.+?)[(\[【/:_]?(?:单位:?)?([^()\[\]【】/:_]+)[)\]】]?", word
    )
    bracket = re.fullmatch(r"(.+?)[(\[【](?:单位:?)?([^()\[\]]+)[)\]】]", word)
    for found in (bracket, match):
        if found is not None and found[2] in UNIT_FACTORS and _marked(word, found[1]):
            return found[1], found[2]
    return word, ""


def _marked(word: str, base: str) -> bool:
    return word[len(base)] in "([【/:_"


def _reader(column: Column, factor: float) -> Callable[[Any], _Value]:
    if column.kind in {"number", "count"}:
        return lambda text: parse_number(text, factor)
    if column.kind == "year":
        return parse_year
    if column.kind == "flag":
        return parse_flag
    if column.kind == "date":
        # what began in March began on the 1st, what ended in March on the 31st
        return lambda text: parse_date(text, late="start" not in column.name)
    if column.choices:
        return lambda text: _parse_choice(text, column)
    return lambda text: (_parse_text(text), False)


def _parse_text(text: object) -> str:
    if isinstance(text, float) and text.is_integer():
        return str(int(text))
    return str(text).strip()


def _parse_choice(text: object, column: Column) -> tuple[str, bool] | None:
    word = plain(text)
    for choice in column.choices:
        own = OWN_WORDS.get((column.name, choice), "")
        words = f"{CHOICE_WORDS.get(choice, '')} {own}".split()
        if word == choice or word in words:
            return choice, False
    return None


def _typed(values: list[Any], column: Column, index: pd.Index) -> "pd.Series[Any]":
    if column.kind in {"number", "count", "year"}:
        return pd.Series(values, index, dtype="float64")
    if column.kind == "flag":
        return pd.Series(pd.array(values, dtype="boolean"), index)
    if column.kind == "date":
        return pd.Series(pd.DatetimeIndex(values).as_unit("ns"), index)
    return pd.Series(values, index, dtype="str")


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and plain(value) in BLANKS


def _strip_about(word: str) -> tuple[str, bool]:
    short = _ABOUT_AFTER.sub("", _ABOUT_BEFORE.sub("", word))
    return short, short != word


def _in_digits(found: re.Match[str]) -> str:
    return found[0].translate(_CHINESE_DIGITS)


def _decade(word: str) -> float | None:
    match = _DECADE.search(word)
    if match is not None:
        tens = int(match[1])
        if tens >= 100:  # noqa: PLR2004 - written with its century
            return float(tens + 9)
        return float((1900 if tens >= _CENTURY_TURN else 2000) + tens + 9)
    match = re.search(r"([五六七八九])十年代", word)
    return None if match is None else float(_CHINESE_DECADES[match[1]] + 9)
