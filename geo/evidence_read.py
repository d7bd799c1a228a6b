"""The tables of evidence of a district folder, as offices keep them.

``consent.xlsx``, ``居民意愿.csv`` ...: a file whose stem is the name of a table, or
its name in one of the languages. A row that lacks its key, or stands twice, is set
aside with its content; a cell that cannot be read becomes unknown; a file that cannot
be read is a finding. The rest is used.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geo.columns import Match, known_headers, match_columns
from geo.errors import InputError
from geo.evidence import Evidence, empty_table
from geo.evidence_cells import check_table
from geo.evidence_schema import EVIDENCE
from geo.findings import Finding, concat_findings, layer_names, make_findings
from geo.ledger import read_ledger
from geo.manifest import Manifest
from geo.read import RECORDING
from geo.schema import Severity
from geo.text import LANGUAGES, tr

#: Endings of the names of tables of evidence.
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")
#: Formats of offices that must be saved as another first.
_OTHER_SUFFIXES = (".xls", ".xlsb", ".et", ".ods")


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
        and file.suffix.lower() in (*TABLE_SUFFIXES, *_OTHER_SUFFIXES)
    ]
    files.sort(key=lambda file: file.suffix.lower() in _OTHER_SUFFIXES)
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
    if path.suffix.lower() not in TABLE_SUFFIXES:
        formats = "、".join(TABLE_SUFFIXES)
        raise InputError(
            "format_unknown", **layer_names(name), source=path.name, known=formats
        )
    own = headers_of(name, headers)
    known = known_headers(name, own)
    # what openpyxl warns of (styles, lists to choose from) changes no cell
    with RECORDING, warnings.catch_warnings(record=True):
        raw = read_ledger(path, name, known, totals=True)
    sheet = _Sheet(name, path.name, raw.frame)
    matches = _match_table(sheet, own, declared or {})
    cells, twins = _rename_twins(sheet, own, matches)
    table, noticed = check_table(cells, name, matches, communities)
    return table, concat_findings(raw.findings, make_findings(twins), noticed)


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

    def refuse(self, code: str, columns: list[str]) -> InputError:
        return InputError(
            code,
            **layer_names(self.table),
            source=self.source,
            columns="、".join(columns),
            present="、".join(str(name) for name in self.frame.columns),
        )


def _match_table(
    sheet: _Sheet, headers: pd.DataFrame, declared: Mapping[str, str]
) -> dict[str, Match]:
    """Find the columns of a table, and refuse a file without its key."""
    names = [str(name) for name in sheet.frame.columns]
    absent = [source for source in declared.values() if source not in names]
    if absent:
        raise sheet.refuse("column_declared_missing", absent)
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
        words = [f"{tr(f'column.{one}')}（{one}）" for one in missing]
        raise sheet.refuse("column_missing", words)
    return found


def _rename_twins(
    sheet: _Sheet, headers: pd.DataFrame, matches: Mapping[str, Match]
) -> tuple[pd.DataFrame, list[Finding]]:
    """Give the second of two columns that mean the same a name of its own."""
    taken = {match.source: target for target, match in matches.items()}
    names = {str(name) for name in sheet.frame.columns}
    renamed, found = {}, []
    for name in sorted(names - set(taken)):
        target = next(iter(match_columns([name], sheet.table, headers)), None)
        if target not in matches:
            continue
        number = 2
        while f"{name}_{number}" in names:
            number += 1
        renamed[name] = f"{name}_{number}"
        params = {
            "first": matches[str(target)].source,
            "second": name,
            "renamed": renamed[name],
        }
        found.append(
            Finding(sheet.table, "column_twice", Severity.WARNING, params=params)
        )
    return sheet.frame.rename(columns=renamed), found


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
