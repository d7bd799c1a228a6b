"""Tables of evidence as offices write them, for tests."""

from pathlib import Path

import openpyxl
import pandas as pd

from geo.evidence import Evidence, empty_table
from geo.rules import load_rules

RULES = load_rules()


def write_csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def write_xlsx(path: Path, rows, merged=(), sheets=()) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for box in merged:
        sheet.merge_cells(box)
    for title in sheets:
        book.create_sheet(title).append(["x", "y"])
    book.save(path)
    return path


def fill(name: str, /, **columns) -> pd.DataFrame:
    """Return a checked table with some of its columns filled."""
    blank = empty_table(name)
    table = blank.reindex(range(len(next(iter(columns.values())))))
    for column, values in columns.items():
        kind = blank[column].dtype if column in blank else "str"
        table[column] = pd.Series(values, dtype=kind)
    return table


def make_evidence(**tables: pd.DataFrame) -> Evidence:
    evidence = Evidence()
    for name, table in tables.items():
        evidence = evidence.with_table(name, table)
    return evidence
