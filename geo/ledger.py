"""Tables as offices keep them.

CSV and Excel ledgers with titles, merged headers, units in the headers and totals
at the bottom.
"""

import csv
import io
import re
import sys
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pandas as pd
from openpyxl.utils.exceptions import (  # type: ignore[import-untyped]
    InvalidFileException,
)
from openpyxl.worksheet.worksheet import (  # type: ignore[import-untyped]
    Worksheet,
)

from geo.cell_words import UNIT_FACTORS
from geo.cells import plain, split_unit
from geo.columns import clean_names
from geo.errors import InputError
from geo.findings import Finding, layer_names, make_findings, row_json
from geo.schema import Severity

#: Encodings that are tried in turn; the first that fits every byte is taken.
ENCODINGS = ("utf-8", "gb18030")
#: What openpyxl, its XML and its archive say about a workbook that is damaged.
_DAMAGED = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,
    KeyError,
    TypeError,
    ValueError,
    OSError,
)
#: A header stands in one of the first rows.
_HEADER_ROWS = 20
_HEADER_DEPTH = 3
_TOTALS = frozenset(
    [
        *("合计", "总计", "小计", "共计", "汇总", "累计", "总和"),
        *("total", "sum", "subtotal"),
    ]
)
#: Under these group headings a 户数 or 面积 is one of voters, not of the community.
_VOTES = re.compile("意愿|参与|同意|表决|投票|调查|满意")

Grid = list[list[Any]]


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of a ledger below its header.

    Attributes
    ----------
    frame
        Cells as they stand in the file; the index counts its rows from 0.
    encoding
        Encoding of a text file, ``""`` for Excel.
    rows_in
        Rows below the header that are not blank.
    findings
        Rows that are no objects (totals, notes), and what else was noticed.
    """

    frame: pd.DataFrame
    encoding: str
    rows_in: int
    findings: pd.DataFrame


def read_ledger(
    path: Path, layer: str, known: Iterable[str] = (), *, totals: bool = False
) -> Table:
    """Read a CSV or XLSX table.

    Parameters
    ----------
    path
        File that ends in ``.csv``, ``.tsv``, ``.txt`` or ``.xlsx``.
    layer
        Name of the layer, for sheet and messages.
    known
        Headers that the header row may hold, as :func:`geo.cells.plain` writes them.
    totals
        Leave rows of totals where they stand.

    Returns
    -------
    Table
        Its rows and what was noticed.

    Raises
    ------
    InputError
        If the file cannot be read, or has no header or no rows.
    """
    noticed: list[Finding] = []
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        grid, merged, others = _read_sheet(path, layer)
        encoding = ""
        if others:
            noticed.append(_other_sheets(layer, others))
    else:
        text, encoding = decode_text(path.read_bytes(), path.name, layer)
        grid, merged = _read_lines(text), {}
    names, below = _find_header(grid, merged, frozenset(known), path, layer)
    rows = [_fill_down(grid, merged, i) for i in range(below, len(grid))]
    rows = [row for row in rows if any(cell is not None for cell in row)]
    frame = pd.DataFrame(rows, columns=pd.Index(names, dtype="str"), dtype="object")
    frame = frame.loc[:, [bool(name) for name in names]]
    kept, aside = (frame, []) if totals else _part_from_totals(frame, layer)
    findings = make_findings([*noticed, *aside])
    return Table(kept, encoding, len(frame), findings)


def decode_text(content: bytes, source: str, layer: str) -> tuple[str, str]:
    """Decode a text file: by its byte order mark, else UTF-8 strictly, else GB18030.

    Parameters
    ----------
    content
        Bytes of the file.
    source
        Its name, for the message.
    layer
        Its layer, for the message.

    Returns
    -------
    tuple of str
        The text and the encoding.

    Raises
    ------
    InputError
        If no encoding fits every byte.
    """
    marked = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    for encoding in ("utf-16",) if marked else ENCODINGS:
        try:
            return content.decode(encoding).removeprefix("\ufeff"), encoding
        except UnicodeDecodeError:
            continue
    raise InputError("encoding_unknown", **layer_names(layer), source=source)


def _read_lines(text: str) -> Grid:
    head = text[:20_000]
    delimiter = max(",\t;", key=head.count)
    limit = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    finally:
        csv.field_size_limit(limit)
    width = max((len(row) for row in rows), default=0)
    return [[_cell(c) for c in row] + [None] * (width - len(row)) for row in rows]


def _cell(value: object) -> object:
    if isinstance(value, str):
        return value.strip() or None
    return value


def _read_sheet(path: Path, layer: str) -> tuple[Grid, dict[Any, Any], list[str]]:
    """Return the cells, the values of merged cells by place, and other sheets."""
    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except _DAMAGED as error:
        raise InputError(
            "unreadable", **layer_names(layer), source=path.name, reason=str(error)
        ) from error
    sheets = [sheet for sheet in book.worksheets if sheet.max_row and _has_cells(sheet)]
    own = {name.lower() for name in layer_names(layer).values()}
    named = [sheet for sheet in sheets if sheet.title.strip().lower() in own]
    if not sheets:
        raise InputError("layer_empty", **layer_names(layer), source=path.name)
    sheet = (named or sheets)[0]
    grid = [
        [_cell(value) for value in row] for row in sheet.iter_rows(values_only=True)
    ]
    merged = {}
    for box in sheet.merged_cells.ranges:
        value = grid[box.min_row - 1][box.min_col - 1]
        for row in range(box.min_row - 1, min(box.max_row, len(grid))):
            for column in range(box.min_col - 1, min(box.max_col, len(grid[0]))):
                merged[row, column] = value
    return grid, merged, [other.title for other in sheets if other is not sheet]


def _has_cells(sheet: Worksheet) -> bool:
    return any(
        value is not None for row in sheet.iter_rows(values_only=True) for value in row
    )


def _other_sheets(layer: str, others: list[str]) -> Finding:
    names = "、".join(clean_names(others))
    return Finding(layer, "other_sheets", Severity.INFO, params={"sheets": names})


def _find_header(
    grid: Grid,
    merged: Mapping[Any, Any],
    known: frozenset[str],
    path: Path,
    layer: str,
) -> tuple[list[str], int]:
    """Return the column names and the row below the header."""
    top = _first_header_row(grid, known)
    if top is None:
        raise InputError("layer_empty", **layer_names(layer), source=path.name)
    depth = 1
    while depth < _HEADER_DEPTH and _continues_header(grid, top, depth):
        depth += 1
    levels = [_header_level(grid, merged, top, i, depth) for i in range(depth)]
    parts = [
        [text for text in dict.fromkeys(column) if text]
        for column in zip(*levels, strict=True)
    ]
    return _name_columns(parts), top + depth


def _first_header_row(grid: Grid, known: frozenset[str]) -> int | None:
    fallback = None
    for number, row in enumerate(grid[:_HEADER_ROWS]):
        cells = {str(cell) for cell in row if cell is not None}
        if not cells:
            continue
        if {split_unit(cell)[0] for cell in cells} & known or {
            plain(cell) for cell in cells
        } & known:
            return number
        if fallback is None and len(cells) > 1:
            fallback = number
    return fallback


def _continues_header(grid: Grid, top: int, depth: int) -> bool:
    """Tell whether the next row is one more level of the header."""
    if top + depth >= len(grid):
        return False
    row = grid[top + depth]
    filled = {i for i, cell in enumerate(row) if cell is not None}
    above = {
        i
        for line in grid[top : top + depth]
        for i, c in enumerate(line)
        if c is not None
    }
    if not filled or any(_is_value(row[i]) for i in filled):
        return False
    if all(plain(row[i]).strip("()[]") in UNIT_FACTORS for i in filled):
        return True
    return bool(filled - above) and len(filled & above) <= len(filled - above)


def _is_value(cell: object) -> bool:
    return not isinstance(cell, str) or bool(re.fullmatch(r"[\d.,%/-]+", plain(cell)))


def _header_level(
    grid: Grid, merged: Mapping[Any, Any], top: int, level: int, depth: int
) -> list[str]:
    """Return one level of the header, group headings spread over their columns."""
    row, texts = top + level, []
    below = grid[top + level + 1 : top + depth]
    group = ""
    for column, cell in enumerate(grid[row]):
        value = cell if cell is not None else merged.get((row, column))
        has_leaf = any(line[column] is not None for line in below)
        if value is not None:
            group = str(value)
        elif not has_leaf:
            group = ""
        texts.append(group)
    return texts


def _name_columns(parts: list[list[str]]) -> list[str]:
    """Name each column by its own heading, with its group where that is not clear."""
    leaves = [_leaf(part) for part in parts]
    groups = [
        part[-2] if len(part) > 1 and part[-1] == leaf else ""
        for part, leaf in zip(parts, leaves, strict=True)
    ]
    votes = [bool(_VOTES.search(group)) for group in groups]
    own = [leaf for leaf, vote in zip(leaves, votes, strict=True) if not vote]
    names = [
        f"{group}_{leaf}" if group and (vote or own.count(leaf) > 1) else leaf
        for leaf, group, vote in zip(leaves, groups, votes, strict=True)
    ]
    clean = clean_names([name or "?" for name in names])
    return [new if old else "" for new, old in zip(clean, names, strict=True)]


def _leaf(part: list[str]) -> str:
    if not part:
        return ""
    unit = plain(part[-1]).strip("()[]")
    if len(part) > 1 and unit in UNIT_FACTORS:
        return f"{part[-2]}({unit})"
    return part[-1]


def _fill_down(grid: Grid, merged: Mapping[Any, Any], row: int) -> list[Any]:
    """Return a row in which words of merged cells stand in every row they span."""
    return [
        _spread(merged.get((row, column))) if cell is None else cell
        for column, cell in enumerate(grid[row])
    ]


def _spread(value: object) -> str | None:
    # a number in a merged cell is one number, not one for each row
    return value if isinstance(value, str) and not _is_value(value) else None


def _part_from_totals(
    frame: pd.DataFrame, layer: str
) -> tuple[pd.DataFrame, list[Finding]]:
    rows = frame.to_numpy(dtype=object)
    aside = [
        Finding(
            layer,
            "totals_row",
            Severity.INFO,
            row=number,
            content=row_json(frame.iloc[number].to_dict()),
        )
        for number, row in enumerate(rows)
        if is_total(row)
    ]
    return frame.drop(index=[finding.row for finding in aside]), aside


def is_total(row: Iterable[Any]) -> bool:
    """Tell whether a row sums up others.

    Parameters
    ----------
    row
        Its cells.

    Returns
    -------
    bool
        Whether one of its first cells says so.
    """
    first = [cell for cell in row if cell is not None][:4]
    return any(
        isinstance(cell, str) and plain(cell).rstrip(":：") in _TOTALS for cell in first
    )
