"""Cells of the tables that clauses are judged by, as plain values."""

from collections.abc import Mapping
from datetime import date
from math import nan

import numpy as np
import pandas as pd

_YES = frozenset({"是", "有", "已", "√", "y", "yes", "true", "1", "1.0"})
_NO = frozenset({"否", "无", "未", "没有", "×", "n", "no", "false", "0", "0.0"})


def read_numbers(table: pd.DataFrame, column: str) -> list[float]:
    """Return a column as numbers, NaN where there is none.

    Parameters
    ----------
    table
        Any frame.
    column
        Name of the column; it may be absent.

    Returns
    -------
    list of float
        On the rows of `table`.
    """
    if column not in table:
        return [nan] * len(table)
    values = pd.to_numeric(table[column], errors="coerce").astype("float64")
    return [float(value) for value in values]


def read_flags(table: pd.DataFrame, column: str) -> list[bool | None]:
    """Return a column as yes, no or None.

    Parameters
    ----------
    table
        Any frame.
    column
        Name of the column; it may be absent.

    Returns
    -------
    list of bool or None
        On the rows of `table`; a text that is neither yes nor no is None.
    """
    if column not in table:
        return [None] * len(table)
    return [_read_flag(value) for value in table[column].astype("object")]


def _read_flag(value: object) -> bool | None:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124 (NaN)
        return None
    word = str(value).strip().lower()
    return True if word in _YES else False if word in _NO else None


def read_texts(table: pd.DataFrame, column: str) -> list[str]:
    """Return a column as texts, empty where there is none.

    Parameters
    ----------
    table
        Any frame.
    column
        Name of the column; it may be absent.

    Returns
    -------
    list of str
        On the rows of `table`, without blanks at the ends.
    """
    if column not in table:
        return [""] * len(table)
    cells = table[column].astype("object")
    return ["" if pd.isna(cell) else str(cell).strip() for cell in cells]


def read_days(table: pd.DataFrame, column: str) -> list[date | None]:
    """Return a column as days.

    Parameters
    ----------
    table
        Any frame.
    column
        Name of the column; it may be absent.

    Returns
    -------
    list of datetime.date or None
        On the rows of `table`; None where there is no day.
    """
    if column not in table:
        return [None] * len(table)
    days = pd.to_datetime(table[column], errors="coerce")
    return [None if pd.isna(day) else day.date() for day in days]


def read_year(table: pd.DataFrame) -> pd.Series:
    """Return the column ``year`` as numbers.

    Parameters
    ----------
    table
        Table with that column.

    Returns
    -------
    pandas.Series
        Years, NaN where there is none.
    """
    return pd.to_numeric(table["year"], errors="coerce")


def latest_row(table: pd.DataFrame, *columns: str) -> Mapping[str, object]:
    """Return the row of the greatest year in which some columns are filled.

    Parameters
    ----------
    table
        Table ``county``.
    *columns
        Columns that must be filled.

    Returns
    -------
    collections.abc.Mapping
        Column to cell; empty where there is no such row.
    """
    if table.empty or not set(columns) <= set(table):
        return {}
    kept = table.dropna(subset=["year", *columns]).sort_values("year", kind="stable")
    return {} if kept.empty else {str(k): v for k, v in kept.iloc[-1].items()}
