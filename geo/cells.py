"""What the cells of a ledger mean: "约200户", "1998年前", "1.2万", full-width digits.

A blank cell is unknown, never 0.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from geo.schema import Column

#: Cells that say that nothing is known.
BLANKS = frozenset(
    [
        *("", "-", "--", "—", "——", "/", "\\", "?", ".", "*", "na", "n/a", "nan"),
        *("none", "null", "<na>", "不详", "未知", "待定", "待核", "待查", "暂缺"),
        *("未统计", "不清楚"),
    ]
)

#: Units that a header or a cell may carry: factor to the unit of the column.
UNIT_FACTORS = {
    "平方米": 1.0,
    "平米": 1.0,
    "m2": 1.0,
    "㎡": 1.0,
    "万平方米": 1e4,
    "万平米": 1e4,
    "万平": 1e4,
    "万m2": 1e4,
    "公顷": 1e4,
    "ha": 1e4,
    "亩": 2000 / 3,
    "平方公里": 1e6,
    "km2": 1e6,
    "元": 1.0,
    "千元": 1e3,
    "万元": 1e4,
    "亿元": 1e8,
    "户": 1.0,
    "人": 1.0,
    "个": 1.0,
    "辆": 1.0,
    "位": 1.0,
    "栋": 1.0,
    "幢": 1.0,
    "座": 1.0,
    "层": 1.0,
    "部": 1.0,
    "台": 1.0,
    "床": 1.0,
    "张": 1.0,
    "处": 1.0,
    "米": 1.0,
    "m": 1.0,
    "年": 1.0,
    "万户": 1e4,
    "万人": 1e4,
    "万": 1e4,
}

_TRUE = frozenset(
    [
        *("是", "有", "对", "√", "✓", "✔", "y", "yes", "true", "t", "1", "1.0"),
        *("封闭", "封闭式", "全封闭", "已", "已封闭"),
    ]
)
_FALSE = frozenset(
    [
        *("否", "无", "没有", "不是", "×", "✗", "x", "n", "no", "false", "f", "0"),
        *("0.0", "开放", "开放式", "未封闭", "未"),
    ]
)

#: Words of ledgers and drawings for the choices of the schema.
CHOICE_WORDS = {
    "all": "全部 所有 对外 对外开放 全体 社会 公共 公众 开放 共享 public everyone",
    "residents": "居民 业主 本小区 小区居民 仅居民 内部 仅业主 不对外 private resident",
    "open": "在用 运营 运营中 使用中 正常 营业 开放 已建 现状 已开放 existing active",
    "planned": "规划 拟建 在建 未建 待建 建设中 规划中 筹建 construction proposed",
    "closed": "关闭 停用 停业 暂停营业 已关闭 闲置 废弃 拆除 disused abandoned",
    "river": "河流 河 河道 江 水系 渠 stream canal waterway",
    "railway": "铁路 铁路线 轨道 rail",
    "expressway": "快速路 高速 高速公路 高架 主干路 motorway trunk",
    "wall": "围墙 墙 围栏 fence",
    "water": "供水 给水 自来水 水",
    "drainage": "排水 污水 雨水 雨污水 sewer sewage",
    "power": "供电 电力 电 electricity",
    "gas": "供气 燃气 天然气 气",
    "heat": "供热 供暖 热力 暖气 热 heating",
    "telecom": "通信 弱电 电信 通讯 信 光纤 communication",
}

_ABOUT_BEFORE = re.compile(r"^(约为|约|大约|大概|近|将近|≈|~|左右)")
_ABOUT_AFTER = re.compile(r"(左右|上下|余|多|以上|许|不到)")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?")
_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d|21\d\d)(?!\d)")
_DECADE = re.compile(r"(?<!\d)((1[89]|20)?(\d)0)(年代|s)")
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
        `result` is float for numbers, counts and years; ``boolean`` for flags; text
        else. Unknown stays missing.
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
        return float(text) * factor, False
    word = plain(text).replace(",", "").replace("，", "")
    short, about = _strip_about(word)
    match = _NUMBER.match(short)
    if match is None:
        return None
    unit = short[match.end() :]
    if not unit:
        return float(match[0]) * factor, about
    if unit not in UNIT_FACTORS:
        return None
    own = UNIT_FACTORS[unit]
    # "1.2万" under a header in 万m2 would mean both: only a plain counter keeps it
    return float(match[0]) * (own if own != 1 or len(unit) > 1 else factor), about


def parse_year(text: object) -> tuple[float, bool] | None:
    """Make a year of a cell; of a span or a decade, the latest.

    Parameters
    ----------
    text
        Cell: a year, a date, ``"1998年前"``, ``"90年代"``, ``"1985-1990"``.

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
    word = plain(text)
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
    if word in _TRUE:
        return True, False
    if word in _FALSE:
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
    if column.choices:
        return lambda text: _parse_choice(text, column.choices)
    return lambda text: (_parse_text(text), False)


def _parse_text(text: object) -> str:
    if isinstance(text, float) and text.is_integer():
        return str(int(text))
    return str(text).strip()


def _parse_choice(text: object, choices: tuple[str, ...]) -> tuple[str, bool] | None:
    word = plain(text)
    for choice in choices:
        if word == choice or word in CHOICE_WORDS.get(choice, "").split():
            return choice, False
    return None


def _typed(values: list[Any], column: Column, index: pd.Index) -> "pd.Series[Any]":
    if column.kind in {"number", "count", "year"}:
        return pd.Series(values, index, dtype="float64")
    if column.kind == "flag":
        return pd.Series(pd.array(values, dtype="boolean"), index)
    return pd.Series(values, index, dtype="str")


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and plain(value) in BLANKS


def _strip_about(word: str) -> tuple[str, bool]:
    short = _ABOUT_AFTER.sub("", _ABOUT_BEFORE.sub("", word))
    return short, short != word


def _decade(word: str) -> float | None:
    match = _DECADE.search(word)
    if match is not None:
        tens = int(match[1])
        if tens >= 100:  # noqa: PLR2004 - written with its century
            return float(tens + 9)
        return float((1900 if tens >= _CENTURY_TURN else 2000) + tens + 9)
    match = re.search(r"([五六七八九])十年代", word)
    return None if match is None else float(_CHINESE_DECADES[match[1]] + 9)
