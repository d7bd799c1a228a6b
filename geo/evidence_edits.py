"""Edits of the tables of evidence: one cell, one row, read as in a file."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.cells import parse_cells
from geo.errors import InputError
from geo.evidence import Evidence
from geo.evidence_cells import find_column, parse_cell
from geo.evidence_schema import EVIDENCE
from geo.schema import Column
from geo.text import LANGUAGES, texts, tr

Key = Mapping[str, object]
Mask = npt.NDArray[np.bool_]


def set_cell(
    evidence: Evidence, table: str, key: Key, column: str, value: str
) -> Evidence:
    """Write one cell.

    Parameters
    ----------
    evidence
        The tables; they stay as they are.
    table
        Name of the table.
    key
        Its key columns and their values; a row that is not there yet is added.
    column
        Column of the table; the ledger takes any column of a community.
    value
        What somebody typed, read as the cell of a file; ``""``: unknown.

    Returns
    -------
    Evidence
        The tables with that cell; findings and files stay those of the reading.

    Raises
    ------
    InputError
        If the cell cannot be read or cannot be true, the column is not there, or the
        key is not complete or would stand twice.
    """
    rows = evidence.tables[table]
    at = _find_row(rows, table, key)
    if not at.any():
        return add_row(evidence, table, {**key, column: value})
    return evidence.with_table(table, _write(rows, table, at, {column: value}))


def add_row(evidence: Evidence, table: str, values: Mapping[str, object]) -> Evidence:
    """Add one row.

    Parameters
    ----------
    evidence
        The tables; they stay as they are.
    table
        Name of the table.
    values
        Column to what somebody typed, the key among them.

    Returns
    -------
    Evidence
        The tables with that row at the end of its table.

    Raises
    ------
    InputError
        As of :func:`set_cell`.
    """
    rows = evidence.tables[table]
    longer = rows.reindex(range(len(rows) + 1))
    last = np.arange(len(longer)) == len(rows)
    defaults = {
        one.name: one.default
        for one in EVIDENCE[table].columns
        if one.default is not None
    }
    given = {name: _typed(value) for name, value in values.items()}
    filled = {**defaults, **{name: text for name, text in given.items() if text}}
    _check_key(filled, table)
    return evidence.with_table(table, _write(longer, table, last, filled))


def drop_row(evidence: Evidence, table: str, key: Key) -> Evidence:
    """Take one row out.

    Parameters
    ----------
    evidence
        The tables; they stay as they are.
    table
        Name of the table.
    key
        Its key columns and their values.

    Returns
    -------
    Evidence
        The tables without that row.

    Raises
    ------
    InputError
        If there is no such row.
    """
    rows = evidence.tables[table]
    at = _find_row(rows, table, key)
    if not at.any():
        said = "、".join(str(value) for value in key.values())
        raise InputError("evidence_row_missing", **_names(table), key=said)
    return evidence.with_table(table, rows[~at].reset_index(drop=True))


def _find_row(rows: pd.DataFrame, table: str, key: Key) -> Mask:
    _check_key(key, table)
    at = np.ones(len(rows), dtype=np.bool_)
    for name in EVIDENCE[table].keys:
        value = _parse(_typed(key[name]), table, name)
        at &= (rows[name] == value).to_numpy(dtype=bool)
    return at


def _write(
    rows: pd.DataFrame, table: str, at: Mask, values: Mapping[str, object]
) -> pd.DataFrame:
    """Write cells into one row, whose key may not stand twice then."""
    written = rows.copy()
    for name, typed in values.items():
        value = _parse(_typed(typed), table, name)
        if name not in written:
            written[name] = _blank_column(table, name, written.index)
        written.loc[at, name] = value
    keys = list(EVIDENCE[table].keys)
    if written.loc[at, keys].isna().any(axis=None):
        raise InputError("evidence_key", **_names(table), **_say_keys(table))
    if written.duplicated(keys).any():
        said = "、".join(str(one) for one in written.loc[at, keys].iloc[0])
        raise InputError("evidence_row_twice", **_names(table), key=said)
    return written


def _blank_column(table: str, name: str, index: pd.Index) -> pd.Series:
    """Give the ledger, which has whatever columns somebody wrote, one more."""
    if table != "ledger":
        raise InputError("evidence_column", **_names(table), column=name)
    blank = pd.Series(None, index, dtype="object")
    return parse_cells(blank, find_column(table, name)).result


def _parse(text: str, table: str, name: str) -> Any:  # noqa: ANN401 - a cell
    column = find_column(table, name)
    value, fits = parse_cell(text, column)
    if fits:
        return value
    said = {f"column_{lang}": _column_name(name, lang) for lang in LANGUAGES}
    wanted = {f"wanted_{lang}": _say_wanted(column, lang) for lang in LANGUAGES}
    raise InputError("evidence_cell", value=text, **said, **wanted)


def _check_key(key: Key, table: str) -> None:
    if any(not _typed(key.get(name, "")) for name in EVIDENCE[table].keys):
        raise InputError("evidence_key", **_names(table), **_say_keys(table))


def _typed(value: object) -> str:
    """Return a value as somebody would type it."""
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.15g}"
    return str(value).strip()


def _say_keys(table: str) -> dict[str, str]:
    keys = EVIDENCE[table].keys
    return {
        f"columns_{lang}": tr("view.comma", lang).join(
            _column_name(name, lang) for name in keys
        )
        for lang in LANGUAGES
    }


def _say_wanted(column: Column, lang: str) -> str:
    """Say what a column takes."""
    if column.choices:
        words = [tr(f"choice.{one}", lang) for one in column.choices]
        listed = tr("view.comma", lang).join(words)
        return tr("evidence_wanted.choices", lang, words=listed)
    kind = "rate" if column.most == 1 else column.kind
    least = "" if column.least is None else f"{column.least:g}"
    most = "" if column.most is None else f"{column.most:,.0f}"
    return tr(f"evidence_wanted.{kind}", lang, least=least, most=most)


def _column_name(name: str, lang: str) -> str:
    return texts(lang).get(f"column.{name}", name)


def _names(table: str) -> dict[str, str]:
    return {f"layer_{lang}": tr(f"layer.{table}", lang) for lang in LANGUAGES}
