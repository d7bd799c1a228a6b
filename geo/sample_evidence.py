"""The sample's evidence: tables of the policy step, with gaps, as offices keep them.

What it holds on purpose stands in ``tests/sample_answers.toml``.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from geo.evidence_schema import EVIDENCE
from geo.files import replace_file
from geo.sample_county import (
    make_budgets,
    make_county,
    make_documents,
    make_last_indicators,
    make_rectification,
)
from geo.sample_facts import make_consent, make_funds, make_progress, make_surveys
from geo.sample_headers import TABLE_HEADERS, WORDS
from geo.sample_works import make_utility_plans, make_works
from geo.schema import Column

#: File of each table, mixed as in life.
FILES = {
    "consent": "consent.xlsx",
    "surveys": "surveys.csv",
    "funds": "funds.xlsx",
    "progress": "progress.csv",
    "works": "works.csv",
    "utility_plans": "utility_plans.csv",
    "documents": "documents.csv",
    "rectification": "rectification.csv",
    "budgets": "budgets.csv",
    "county": "county.csv",
    "last_indicators": "last_indicators.csv",
}
#: Tables that are no UTF-8, and how each writes a day.
_ENCODING = {"documents": "gbk"}
_DAYS = {
    "documents": "{0.year}/{0.month}/{0.day}",
    "surveys": "{0.year}年{0.month}月{0.day}日",
    "progress": "{0:%Y%m%d}",
}
#: Words of choices by table and column.
_CHOICES = {
    ("consent", "vote_channel"): "vote_channel",
    ("consent", "confirm_channel"): "confirm_channel",
    ("works", "item_class"): "item_class",
    ("works", "work_layer"): "work_layer",
    ("works", "utility_kind"): "utility",
    ("works", "supply_mode"): "supply_mode",
    ("utility_plans", "kind"): "utility",
    ("documents", "level"): "level",
    ("rectification", "source"): "issue_source",
    ("rectification", "kind"): "issue_kind",
    ("budgets", "source"): "fund",
}
#: Day that stands in the Excel files, so that the same tables are the same files.
_MADE = datetime(2026, 11, 22)  # noqa: DTZ001 - a day in a file, of no time zone
_SHARES = ("_rate", "_share")
_TITLES = {
    "consent": "示例区2027年度城镇老旧小区改造居民意愿征询汇总表",
    "funds": "示例区城镇老旧小区改造资金筹措表",
}
_NOTES = {"consent": "填报单位:示例区住房和城乡建设局", "funds": "单位:万元"}


_Writer = Callable[[Any], str | float | int]


def make_evidence(layers: Mapping[str, gpd.GeoDataFrame]) -> dict[str, pd.DataFrame]:
    """Make every table of the sample's evidence.

    Parameters
    ----------
    layers
        Layers of the sample's town, with the headers of the ledger.

    Returns
    -------
    dict
        Table to frame: columns of the table as far as it is filled, in the units of
        :mod:`geo.evidence_schema`; days as text ``2026-11-22``.
    """
    communities = layers["communities"]
    tables = {
        "consent": make_consent(communities),
        "surveys": make_surveys(communities),
        "funds": make_funds(communities),
        "progress": make_progress(communities),
        "works": make_works(layers),
        "utility_plans": make_utility_plans(communities),
        "documents": make_documents(communities),
        "rectification": make_rectification(),
        "budgets": make_budgets(),
        "county": make_county(),
        "last_indicators": make_last_indicators(),
    }
    return {name: _order(name, table) for name, table in tables.items()}


def _order(name: str, table: pd.DataFrame) -> pd.DataFrame:
    columns = [column.name for column in EVIDENCE[name].columns]
    return table.reindex(columns=[*columns])


def write_evidence_files(layers: Mapping[str, gpd.GeoDataFrame], folder: Path) -> None:
    """Write the tables of evidence as files of a district folder.

    Parameters
    ----------
    layers
        Layers of the sample's town.
    folder
        Folder that exists; files of the same names are replaced.
    """
    for name, table in make_evidence(layers).items():
        path = folder / FILES[name]
        with replace_file(path) as temporary:
            if path.suffix == ".xlsx":
                _write_book(name, table, temporary)
            else:
                ledger = word_table(name, table)
                text = ledger.to_csv(index=False, lineterminator="\n")
                encoding = _ENCODING.get(name, "utf-8-sig")
                temporary.write_bytes(text.encode(encoding))


def word_table(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as an office writes it: its headers, its units, its words.

    Parameters
    ----------
    name
        Name of the table.
    table
        Frame as :func:`make_evidence` makes it.

    Returns
    -------
    pandas.DataFrame
        Text cells; empty where nothing is known.
    """
    written = {}
    for column in EVIDENCE[name].columns:
        header = TABLE_HEADERS[name][column.name]
        write = _writer(name, column, header)
        cells = [None if pd.isna(cell) else write(cell) for cell in table[column.name]]
        written[header] = pd.Series(cells, table.index, dtype="object")
    return pd.DataFrame(written)


def _writer(table: str, column: Column, header: str) -> _Writer:
    """Return what makes the text of a cell out of its value."""
    choices = WORDS.get(_CHOICES.get((table, column.name), ""), {})
    if choices:
        return lambda cell: choices[cell]
    if column.kind == "flag":
        yes, no = ("是", "否") if "是否" in header else ("有", "无")
        return lambda cell: yes if cell else no
    if column.kind == "date":
        form = _DAYS.get(table, "{0:%Y-%m-%d}")
        return lambda cell: form.format(date.fromisoformat(cell))
    return str if column.kind == "text" else _number_writer(column.name, header)


def _number_writer(column: str, header: str) -> _Writer:
    if "万元" in header:
        return lambda cell: _plain(cell / 1e4)
    return lambda cell: _plain(cell * 100 if column.endswith(_SHARES) else cell)


def _plain(number: float) -> float | int:
    short = round(float(number), 6)
    return int(short) if short.is_integer() else short


def _write_book(name: str, table: pd.DataFrame, path: Path) -> None:
    """Write an Excel table: a title, a note, a header of one or two levels."""
    ledger = word_table(name, table)
    if name == "funds":
        ledger = _add_total(ledger)
    book = xlsxwriter.Workbook(path, {"in_memory": True})
    book.set_properties({"created": _MADE})
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "align": "center", "border": 1})
    sheet.merge_range(0, 0, 0, len(ledger.columns) - 1, _TITLES[name], head)
    sheet.write(1, 0, _NOTES[name])
    below = _write_header(sheet, [str(one) for one in ledger.columns], head)
    days = book.add_format({"num_format": "yyyy-mm-dd"})
    for row, cells in enumerate(ledger.to_numpy(dtype=object), below):
        for column, cell in enumerate(cells):
            if cell is None:
                continue
            if "日期" not in str(ledger.columns[column]):
                sheet.write(row, column, cell)
            elif row % 2:
                sheet.write_string(row, column, cell.replace("-", "."))
            else:
                sheet.write_datetime(row, column, datetime.fromisoformat(cell), days)
    book.close()


def _write_header(sheet: Worksheet, names: Sequence[str], head: Format) -> int:
    """Write the headers, groups as merged cells; return the row below."""
    parts = [name.rpartition("_") for name in names]
    if not any(group for group, _, _ in parts):
        sheet.write_row(2, 0, names, head)
        return 3
    for group, columns in groupby(range(len(parts)), key=lambda at: parts[at][0]):
        held = [*columns]
        if not group:
            for column in held:
                sheet.merge_range(2, column, 3, column, names[column], head)
            continue
        sheet.merge_range(2, held[0], 2, held[-1], group, head)
        for column in held:
            sheet.write(3, column, parts[column][2], head)
    return 4


def _add_total(ledger: pd.DataFrame) -> pd.DataFrame:
    """Add the row 合计 that every such table ends with."""
    sums = ledger.iloc[:, 1:].astype("float64").sum().round(6)
    total = pd.DataFrame([["合计", *sums]], columns=ledger.columns, dtype="object")
    return pd.concat([ledger, total], ignore_index=True)
