"""The tables of evidence of a district folder, as offices keep them.

``consent.xlsx``, ``居民意愿.csv`` ...: a file whose stem is the name of a table, or
its name in one of the languages. A row that lacks its key, or stands twice, is set
aside with its content; a cell that cannot be read becomes unknown; a file that cannot
be read is a finding. The rest is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geo.cells import parse_cells, plain
from geo.columns import Match, known_headers, match_columns
from geo.errors import InputError
from geo.evidence import Evidence, empty_table
from geo.evidence_schema import EVIDENCE
from geo.exports import FORMULA_STARTS
from geo.findings import Finding, concat_findings, layer_names, make_findings
from geo.ledger import read_ledger
from geo.manifest import Manifest
from geo.schema import Column, Severity
from geo.sieve import Sieve
from geo.text import LANGUAGES, texts, tr

#: Endings of the names of tables of evidence.
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")
#: In these tables a row of totals says something.
_WITH_TOTALS = ("budgets",)
_PERCENT = 100.0


def read_evidence(
    folder: Path,
    manifest: Manifest,
    headers: pd.DataFrame,
    *,
    communities: pd.DataFrame | None = None,
) -> Evidence:
    """Read every table of evidence of a district folder.

    Parameters
    ----------
    folder
        The folder; a file has none.
    manifest
        What ``district.toml`` says: files and columns may be named there.
    headers
        Headers of ledgers of the rule book.
    communities
        The layer, by whose names rows without ids find their community.

    Returns
    -------
    Evidence
        Checked tables, with a finding for everything that could not be used. Whether
        the tables fit together is told by :func:`geo.evidence_checks.check_evidence`.
    """
    tables = {name: empty_table(name) for name in EVIDENCE}
    files: dict[str, str] = {}
    found: list[pd.DataFrame] = []
    for name, paths in find_tables(folder, manifest).items():
        files[name] = paths[0].name
        if len(paths) > 1:
            found.append(make_findings([_twice(name, paths)]))
        declared = manifest.columns.get(name, {})
        try:
            tables[name], noticed = read_table_file(
                paths[0], name, headers, declared=declared, communities=communities
            )
        except InputError as error:
            noticed = make_findings([_unusable(name, paths[0], error)])
        found.append(noticed)
    return Evidence(tables, concat_findings(*found), files)


def find_tables(folder: Path, manifest: Manifest) -> dict[str, list[Path]]:
    """Find the files of the tables of evidence.

    Parameters
    ----------
    folder
        District folder; a file gives nothing.
    manifest
        Its ``[layers]`` may name files.

    Returns
    -------
    dict
        Table to its files, by name; more than one is a mistake of the user's.
    """
    if not folder.is_dir():
        return {}
    files = [
        file
        for file in sorted(folder.iterdir())
        if file.is_file()
        and not file.name.startswith((".", "~"))
        and file.suffix.lower() in TABLE_SUFFIXES
    ]
    found = {}
    for name in EVIDENCE:
        names = {name, *(tr(f"layer.{name}", lang).lower() for lang in LANGUAGES)}
        own = [file for file in files if file.stem.lower() in names]
        named = folder / manifest.layers.get(name, "")
        # once edited, a workbook that the planner named has become a CSV file
        if name in manifest.layers and (named.is_file() or not own):
            own = [named]
        if own:
            found[name] = own
    return found


def read_table_file(
    path: Path,
    name: str,
    headers: pd.DataFrame,
    *,
    declared: Mapping[str, str] | None = None,
    communities: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read and check one table of evidence.

    Parameters
    ----------
    path
        CSV or Excel file.
    name
        Name of the table.
    headers
        Headers of ledgers of the rule book.
    declared
        Column of the table to column of the file, from ``district.toml``.
    communities
        The layer, by whose names rows without ids find their community.

    Returns
    -------
    tuple of pandas.DataFrame
        The table, and the findings.

    Raises
    ------
    InputError
        If the file cannot be read, has no rows, or lacks a column that it needs.
    """
    if not path.is_file():
        raise InputError("file_missing", **layer_names(name), source=path.name)
    own = headers_of(name, headers)
    known = known_headers(name, own)
    raw = read_ledger(path, name, known, totals=name in _WITH_TOTALS)
    sheet = _Sheet(name, path.name, raw.frame)
    matches = match_table(sheet, own, declared or {})
    table, noticed = check_table(raw.frame, name, matches, communities)
    return table, concat_findings(raw.findings, noticed)


def headers_of(name: str, headers: pd.DataFrame) -> pd.DataFrame:
    """Return the headers that a table may have.

    Parameters
    ----------
    name
        Name of the table.
    headers
        Headers of ledgers of the rule book.

    Returns
    -------
    pandas.DataFrame
        Those of the table; for one with a row per community those of the ledger,
        too, where they are not its own.
    """
    own = headers[headers["layer"] == name]
    if not (EVIDENCE[name].per_community or name == "ledger"):
        return own
    ledger = headers[headers["layer"] == "communities"].assign(layer=name)
    ledger = ledger[~ledger["header"].isin(own["header"])]
    if name != "ledger":
        column = ledger["column"].replace("id", "community_id")
        ledger = ledger.assign(column=column)
    return pd.concat([own, ledger], ignore_index=True)


@dataclass(frozen=True, eq=False)
class _Sheet:
    """Rows of a file, and where they come from."""

    table: str
    source: str
    frame: pd.DataFrame


def match_table(
    sheet: _Sheet, headers: pd.DataFrame, declared: Mapping[str, str]
) -> dict[str, Match]:
    """Find the columns of a table, and refuse a file without its key."""
    names = [str(name) for name in sheet.frame.columns]
    found = match_columns(names, sheet.table, headers, declared=declared)
    if sheet.table != "ledger" and EVIDENCE[sheet.table].per_community:
        by_id = found.pop("id", None)
        if by_id is not None:
            found.setdefault("community_id", by_id)
    taken = {match.source for match in found.values()}
    for name in names:
        # a heading above several columns says where they belong, not what they are
        leaf = name.rsplit("_", 1)[-1]
        if name in taken or leaf == name:
            continue
        deeper = match_columns([leaf], sheet.table, headers)
        for target, match in deeper.items():
            if target not in found and target != "id":
                found[target] = Match(name, match.factor, match.kind)
                taken.add(name)
    needed = [one.name for one in EVIDENCE[sheet.table].columns if one.needed]
    missing = [one for one in needed if one not in found]
    if missing == ["community_id"] and "name" in found:
        return found
    if missing:
        raise InputError(
            "column_missing",
            **layer_names(sheet.table),
            source=sheet.source,
            columns="、".join(missing),
            present="、".join(names),
        )
    return found


def check_table(
    cells: pd.DataFrame,
    name: str,
    matches: Mapping[str, Match],
    communities: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Check the cells and rows of a table.

    Parameters
    ----------
    cells
        Cells as they stand in the file; the index counts its rows.
    name
        Name of the table.
    matches
        Column of the table to its match.
    communities
        The layer, by whose names rows without ids find their community.

    Returns
    -------
    tuple of pandas.DataFrame
        The table, and the findings.
    """
    columns = EVIDENCE[name].columns
    keys = EVIDENCE[name].keys
    sieve = Sieve(name, cells.copy(), cells, ident=keys[0])
    _rename(sieve, matches)
    own = {column.name for column in columns}
    for column in columns:
        if column.name in sieve.frame:
            match = matches.get(column.name, Match(column.name))
            _parse_column(sieve, column, match.factor)
        else:
            blank = pd.Series(None, sieve.frame.index, dtype="object")
            sieve.frame[column.name] = parse_cells(blank, column).result
    for target in [one for one in sieve.frame.columns if one not in own]:
        match = matches.get(target, Match(target))
        _parse_column(sieve, Column(target, match.kind or "text"), match.factor)
    if communities is not None and EVIDENCE[name].per_community:
        _find_by_name(sieve, communities)
    _fill_defaults(sieve, columns)
    _check_keys(sieve, keys)
    ordered = [column.name for column in columns]
    rest = [one for one in sieve.frame.columns if one not in own]
    table = pd.DataFrame(sieve.frame[[*ordered, *rest]]).reset_index(drop=True)
    return table, make_findings(sieve.noticed)


def _rename(sieve: Sieve, matches: Mapping[str, Match]) -> None:
    names = {match.source: target for target, match in matches.items()}
    said = [f"{old} → {new}" for old, new in names.items() if old != new]
    if said:
        sieve.note_layer("columns_mapped", Severity.INFO, columns="；".join(said))
    clash = set(names.values()) - set(names)
    others = {
        one: f"{one}_source"
        for one in sieve.frame.columns
        if one in clash and one not in names
    }
    sieve.frame = sieve.frame.rename(columns=names | others)


def _parse_column(sieve: Sieve, column: Column, factor: float) -> None:
    """Make values of the cells of one column; what cannot be true is unknown."""
    name = column.name
    cells = (
        sieve.frame[name].map(_as_text)
        if column.kind == "text"
        else (sieve.frame[name])
    )
    parsed = parse_cells(cells, column, factor)
    sieve.note(
        parsed.unreadable.to_numpy(),
        "evidence_unreadable",
        Severity.WARNING,
        cells,
        column=_word(name),
    )
    result = parsed.result
    if column.kind in {"number", "count", "year"}:
        if factor != 1:
            result = result.round(6)
        if column.most == 1:
            result = _from_percent(sieve, column, cells, result)
        result = _drop_impossible(sieve, column, cells, result)
    taken = result.map(_say_value, na_action="ignore").astype("str")
    both = cells.astype("str") + " → " + taken
    rough = (parsed.rough & result.notna()).to_numpy()
    sieve.note(rough, "value_rough", Severity.INFO, both, column=_word(name))
    sieve.frame[name] = result


def _drop_impossible(
    sieve: Sieve, column: Column, cells: pd.Series, result: pd.Series
) -> pd.Series:
    values = result.to_numpy(dtype="float64")
    low = -np.inf if column.least is None else column.least
    high = np.inf if column.most is None else column.most
    impossible = (values < low) | (values > high)
    if column.kind in {"count", "year"}:
        impossible |= np.abs(values - np.round(values)) > 1e-6  # noqa: PLR2004 - whole
    sieve.note(
        impossible,
        "value_impossible",
        Severity.WARNING,
        cells,
        column=_word(column.name),
    )
    return result.mask(impossible)


def _from_percent(
    sieve: Sieve, column: Column, cells: pd.Series, result: pd.Series
) -> pd.Series:
    """Take a column of 75, 80, 100 for percent; a cell with its own sign stays."""
    bare = ~cells.map(lambda cell: "%" in plain(cell)).to_numpy(dtype=bool)
    over = bare & (result > 1).to_numpy()
    if not over.any() or (result[bare] > _PERCENT).any():
        return result
    sieve.note_layer("rates_in_percent", Severity.INFO, column=_word(column.name))
    return result.where(~bare, (result / _PERCENT).round(12))


def _find_by_name(sieve: Sieve, communities: pd.DataFrame) -> None:
    """Give rows whose key is no id, but the name of one community, its id."""
    frame = sieve.frame
    ids = set(communities.index.astype("str"))
    names = pd.Series(communities.index.astype("str"), communities["name"].astype(str))
    single = names[~names.index.duplicated(keep=False)]
    given = frame["community_id"]
    word = given.fillna(frame["name"]) if "name" in frame else given
    found = word.astype("str").map(single)
    mask = (~given.isin(ids) & found.notna()).to_numpy()
    said = word.astype("str") + " → " + found.astype("str")
    frame["community_id"] = given.mask(mask, found).astype("str")
    sieve.note(mask, "found_by_name", Severity.INFO, said)


def _fill_defaults(sieve: Sieve, columns: tuple[Column, ...]) -> None:
    for column in columns:
        if column.default is not None:
            cells = sieve.frame[column.name]
            sieve.frame[column.name] = cells.fillna(column.default)


def _check_keys(sieve: Sieve, keys: tuple[str, ...]) -> None:
    """Set aside rows without their key, and the second of those with the same."""
    missing = sieve.frame[list(keys)].isna().any(axis=1).to_numpy()
    said = _word(keys[0]) if len(keys) == 1 else " + ".join(keys)
    sieve.set_aside(missing, "key_missing", column=said)
    twice = sieve.frame.duplicated(list(keys)).to_numpy()
    if twice.any():
        sieve.set_aside(twice, "key_twice", column=said)


def _as_text(cell: Any) -> Any:  # noqa: ANN401 (whatever stands in a cell)
    """Write days of a spreadsheet as they are read, and undo what guards formulas."""
    if hasattr(cell, "isoformat"):
        return cell.isoformat()[:10]
    if isinstance(cell, str) and cell[:1] == "'" and cell[1:2] in FORMULA_STARTS:
        return cell[1:]
    return cell


def _say_value(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return f"{value:,.10g}" if isinstance(value, float) else str(value)


def _word(column: str) -> str:
    return f"@column.{column}" if f"column.{column}" in texts("zh") else column


def _twice(name: str, paths: list[Path]) -> Finding:
    params = {
        "files": "、".join(path.name for path in paths),
        "taken": paths[0].name,
    }
    return Finding(name, "table_twice", Severity.ERROR, params=params)


def _unusable(name: str, path: Path, error: InputError) -> Finding:
    said = {f"reason_{lang}": error.message(lang) for lang in LANGUAGES}
    params = {"source": path.name, **said}
    return Finding(name, "table_unusable", Severity.ERROR, params=params)
