"""The cells and rows of one table of evidence: what can be used, and what not."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geo.cells import parse_cells, plain
from geo.columns import Match
from geo.evidence_schema import COMMUNITY_COLUMNS, EVIDENCE
from geo.exports import FORMULA_STARTS
from geo.findings import Finding, make_findings, row_json
from geo.ledger import is_total
from geo.schema import Column, Severity
from geo.sieve import Sieve
from geo.text import texts

_PERCENT = 100.0
_WHOLE = 1e-6


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
    _part_from_totals(sieve, keys)
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
        _parse_column(sieve, find_column(name, target, match.kind), match.factor)
    if communities is not None and EVIDENCE[name].per_community:
        _find_by_name(sieve, communities)
    _fill_defaults(sieve, columns)
    _check_keys(sieve, keys)
    ordered = [column.name for column in columns]
    rest = [one for one in sieve.frame.columns if one not in own]
    table = pd.DataFrame(sieve.frame[[*ordered, *rest]]).reset_index(drop=True)
    return table, make_findings(sieve.noticed)


def find_column(table: str, name: str, kind: str = "") -> Column:
    """Return what a column of a table holds.

    Parameters
    ----------
    table
        Name of the table.
    name
        Name of the column.
    kind
        What the rule book says of a column that no table has.

    Returns
    -------
    Column
        One of the table; in a table per community one of any other such table or of
        the layer; else a further column.
    """
    own = {column.name: column for column in EVIDENCE[table].columns}
    if table == "ledger" or EVIDENCE[table].per_community:
        own = COMMUNITY_COLUMNS | own
    return own.get(name, Column(name, kind or "text"))


def parse_cell(text: str, column: Column) -> tuple[Any, bool]:
    """Make the value of one cell, as in a file.

    Parameters
    ----------
    text
        What somebody typed.
    column
        What the column holds.

    Returns
    -------
    tuple
        The value, missing where nothing is known, and whether it can be one at all.
    """
    sieve = Sieve(
        "",
        pd.DataFrame({column.name: pd.Series([text], dtype="object")}),
        pd.DataFrame(),
    )
    _parse_column(sieve, column, 1.0)
    wrong = {"evidence_unreadable", "value_impossible"}
    refused = any(finding.code in wrong for finding in sieve.noticed)
    return sieve.frame[column.name].iloc[0], not refused


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


def _part_from_totals(sieve: Sieve, keys: tuple[str, ...]) -> None:
    """Set rows of totals aside: those that name nobody but the sum."""
    own = [key for key in keys if key in sieve.frame]
    for number, row in zip(
        sieve.frame.index, sieve.frame.to_numpy(dtype=object), strict=True
    ):
        named = [sieve.frame.at[number, key] for key in own]  # noqa: PD008 - one cell
        nobody = all(cell is None or is_total([cell]) for cell in named)
        if nobody and (is_total(row) or is_total(named)):
            content = row_json(sieve.source.loc[number].to_dict())
            sieve.noticed.append(
                Finding(
                    sieve.layer, "totals_row", Severity.INFO, number, content=content
                )
            )
            sieve.frame = sieve.frame.drop(index=number)


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
    rough = (parsed.rough & result.notna()).to_numpy()
    if rough.any():
        taken = result.map(_say_value, na_action="ignore").astype("str")
        both = cells.astype("str") + " → " + taken
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
        impossible |= np.abs(values - np.round(values)) > _WHOLE
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
