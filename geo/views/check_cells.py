"""Cells of evidence that a clause asks for: where they stand and what is in them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from geo.evidence_schema import EVIDENCE
from geo.review import Review
from geo.schema import LAYERS, Column
from geo.views.review_work import ReviewDesk

#: Table of what a community's layer has no cell for.
_LEDGER = "ledger"
#: Name under which choices of this tool stand among the cells.
SETTING = "setting"
SETTINGS = {
    "consent_base": Column("consent_base", choices=("participated", "total")),
    "plan_year": Column("plan_year", "year"),
    "as_of": Column("as_of", "date"),
    "secured_share_least": Column("secured_share_least", "number"),
}
#: Cells of a unit's members that one form asks for.
_MOST = 24


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of evidence that can be filled in.

    Attributes
    ----------
    field
        The field that clauses ask for.
    table, column
        Where it stands; the table ``setting`` is that of the tool's own choices.
    key
        The row: names and values of the key columns.
    missing
        Whether the clause lacks it.
    member
        Community, where those of a unit are asked for side by side.
    """

    field: str
    table: str
    column: Column
    key: tuple[tuple[str, str], ...]
    missing: bool
    member: str = ""

    @property
    def name(self) -> str:
        """Name of its input."""
        own = f"|{self.member}" if self.member else ""
        return f"{self.table}|{self.column.name}{own}"


def find_cells(review: Review, row: Mapping[str, Any], community: str) -> list[Cell]:
    """Return the cells that a clause asks for, missing ones first.

    Parameters
    ----------
    review
        What was reviewed.
    row
        The clause for a subject.
    community
        Community whose cells are meant; ``""``: none is selected.

    Returns
    -------
    list of Cell
        Each once.
    """
    policy = review.plan.rules.policy
    asked = policy.loc[policy["rule_id"] == row["rule_id"], "fields"]
    listed = str(asked.iloc[0]).split(";") if len(asked) else []
    found: dict[str, Cell] = {}
    for cell in _member_cells(review, row):
        found.setdefault(cell.name, cell)
    for one in (*row["missing"], *listed):
        own = _cell(review, one, community, missing=one in row["missing"])
        if own is not None and f"{own.name}|{community}" not in found:
            found.setdefault(own.name, own)
    return list(found.values())


def _member_cells(review: Review, row: Mapping[str, Any]) -> list[Cell]:
    """Return the blank cells of a unit's members that a clause lacks."""
    units = review.checks.ground.unit_of
    if units is None or row.get("level") != "unit":
        return []
    facts = review.checks.ground.facts
    cells = []
    for member in sorted(units.index[units == row["subject_id"]]):
        for one in row["missing"]:
            cell = _cell(review, one, str(member), missing=True)
            if cell is None or not dict(cell.key).keys() & {"community_id", "id"}:
                continue
            name = cell.column.name
            if name not in facts or pd.isna(facts.loc[member, name]):
                cells.append(replace(cell, member=str(member)))
    return cells[:_MOST]


def _cell(review: Review, one: str, community: str, *, missing: bool) -> Cell | None:
    """Return where a field stands, if it is a cell of a table or a setting."""
    for table, name in _places(review, one):
        if table == SETTING:
            return Cell(one, table, SETTINGS[name], (), missing)
        column = _column(table, name)
        key = _key(review, table, community)
        if column is not None and key is not None:
            return Cell(one, table, column, key, missing)
    return None


def _places(review: Review, one: str) -> list[tuple[str, str]]:
    """Return tables and columns in which a field stands."""
    fields = review.plan.rules.fields
    told = fields.loc[fields["field"] == one, "where"]
    places = []
    for where in str(told.iloc[0]).split("|") if len(told) else ():
        origin, colon, rest = where.partition(":")
        table, _, name = (rest if colon else where).partition(".")
        if origin == SETTING and table == "checks" and name in SETTINGS:
            places.append((SETTING, name))
        elif not colon and table == "communities":
            places.append((_LEDGER, name))
        elif not colon and table in EVIDENCE:
            places.append((table, name))
    return places


def _column(table: str, name: str) -> Column | None:
    columns = EVIDENCE[table].columns
    if table == _LEDGER:
        columns = (*LAYERS["communities"].columns, *columns)
    return next((one for one in columns if one.name == name), None)


def _key(
    review: Review, table: str, community: str
) -> tuple[tuple[str, str], ...] | None:
    """Return the row that is meant, None if there is not just one."""
    shape = EVIDENCE[table]
    if table == "county":
        years = review.checks.ground.tables["county"]["year"].dropna()
        year = review.checks.ground.plan_year
        year = int(years.max()) if len(years) else year
        return None if year is None else (("year", str(year)),)
    if community and (shape.per_community or table == _LEDGER):
        return ((shape.keys[0], community),)
    return None


def read_value(review: Review, now: ReviewDesk, cell: Cell) -> object:
    """Return what stands in a cell: in its own table, else what is known otherwise."""
    if cell.table == SETTING:
        return getattr(now.checks, cell.column.name) or None
    table = now.evidence.tables[cell.table]
    name = cell.column.name
    if name in table:
        same = pd.Series(data=True, index=table.index)
        for column, value in cell.key:
            same &= _as_text(table[column]) == value
        found = table.loc[same, name].dropna()
        if len(found):
            return found.iloc[-1]
    facts = review.checks.ground.facts
    community = dict(cell.key).get(EVIDENCE[cell.table].keys[0], "")
    if name in facts and community in facts.index:
        return facts.loc[community, name]
    return None


def _as_text(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column.map(lambda one: "" if pd.isna(one) else f"{one:.0f}")
    return column.astype("str")


def spell_value(cell: Cell, value: object) -> str:
    """Return a value as it would be typed."""
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return ""
    if cell.column.kind == "flag":
        return "有" if value else "无"
    if cell.column.kind == "date":
        return spell_day(value)
    if isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]
    if cell.column.name.endswith(("_rate", "_share")):
        return f"{100 * number:.10g}%"
    return f"{number:.15g}"


def spell_day(value: object) -> str:
    """Return a day as it would be typed.

    Parameters
    ----------
    value
        A time, a text, or nothing.

    Returns
    -------
    str
        ``2026-05-01``; empty where there is none.
    """
    stamp = pd.Timestamp(value) if value is not None and value != "" else None  # type: ignore[arg-type]
    return "" if stamp is None or pd.isna(stamp) else stamp.date().isoformat()
