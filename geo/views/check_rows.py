"""The matrix of communities by clauses, and the lists below it."""

from collections.abc import Hashable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.findings import concat_findings, render_findings
from geo.plan import Plan
from geo.review import Review
from geo.schema import State
from geo.views import work
from geo.views.check_gates import Spread, find_spread, whole_rows
from geo.views.check_told import (
    FIRST_STAGE,
    HARD,
    STATES,
    look_of,
    rule_name,
    spoken,
    subject_name,
    unit_name,
)
from geo.views.panels import Block
from geo.views.reports import name_of, plan_key
from geo.views.review_work import ReviewDesk
from geo.views.shapes import Parcel, pack_value
from geo.views.state import choice
from geo.views.tables import pack_rows
from geo.views.widgets import say

#: Lists below the matrix.
LISTS = ("collect", "rulings", "findings")
#: States whose number stands beside each name of the matrix.
_COUNTED = (State.SHORT, State.UNKNOWN)


@dataclass(eq=False)
class CheckViews:
    """What the page of clauses shows of the review.

    Attributes
    ----------
    show
        ``"matrix"`` or ``"map"``.
    stage, state, unit
        Only clauses of this stage, communities with this state, of this unit.
    planned
        Only communities of the plan that is to be submitted.
    gates
        Only hard clauses.
    listed
        One of `LISTS`.
    order
        Communities as they were ordered last, and for what: a row keeps its place
        while its evidence is supplied.
    """

    show: str = "matrix"
    stage: str = ""
    state: str = ""
    unit: str = ""
    planned: bool = True
    gates: bool = False
    listed: str = "collect"
    order: tuple[Hashable, tuple[str, ...]] = (None, ())

    @property
    def key(self) -> tuple[str | bool, ...]:
        """What the filters let through, for caches."""
        return (self.stage, self.state, self.unit, self.planned, self.gates)

    def clear(self) -> None:
        """Let everything through."""
        for one in fields(self):
            if one.name not in {"show", "listed", "order"}:
                setattr(self, one.name, one.default)


def views_of(now: ReviewDesk) -> CheckViews:
    """Return what the page shows, kept on the desk.

    Parameters
    ----------
    now
        The desk.

    Returns
    -------
    CheckViews
        Its filters.
    """
    found = now.views.setdefault("checks", CheckViews())
    return found if isinstance(found, CheckViews) else CheckViews()


def filter_spread(
    spread: Spread, views: CheckViews
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which rows and columns the filters let through.

    Parameters
    ----------
    spread, views
        The matrix, and the filters.

    Returns
    -------
    rows : numpy.ndarray
        Communities: those of the plan first, then the worst ones first.
    columns : numpy.ndarray
        Clauses.
    """
    columns = np.ones(len(spread.rules), dtype=bool)
    if views.stage:
        columns &= spread.rules["stage"].to_numpy() == views.stage
    if views.gates:
        columns &= spread.rules["severity"].to_numpy() == HARD
    rows = np.ones(len(spread.ids), dtype=bool)
    if views.planned and spread.planned.any():
        rows &= spread.planned
    if views.unit:
        rows &= np.asarray(spread.units) == views.unit
    part = spread.codes[:, columns]
    if views.state:
        rows &= (part == STATES.index(State(views.state))).any(axis=1)
    hard = spread.rules["severity"].to_numpy() == HARD
    keys = [-(part == STATES.index(state)).sum(axis=1) for state in _COUNTED]
    worst = [
        -(spread.codes[:, hard] == STATES.index(state)).sum(axis=1)
        for state in _COUNTED
    ]
    order = np.lexsort((keys[1], worst[1], keys[0], worst[0], ~spread.planned))
    return order[rows[order]], np.flatnonzero(columns)


def pack_matrix(plan: Plan, now: ReviewDesk, review: Review) -> Parcel:
    """Return the matrix of signs.

    Parameters
    ----------
    plan, now, review
        The plan that is open, the desk, and its last good review.

    Returns
    -------
    Parcel
        Content for ``matrix.js``.
    """
    views, lang = views_of(now), choice().lang

    spread = find_spread(plan, now, review)
    rows, columns = filter_spread(spread, views)
    rows = _keep_order(spread, rows, views, (plan_key(plan), views.key))
    ids = tuple(spread.ids[at] for at in rows)

    def make() -> Parcel:
        return _pack(review, spread, rows, columns)

    key = ("check matrix", now.reviewed, views.key, lang, ids)
    return work.shelf().view(key, make)


def _keep_order(
    spread: Spread, rows: NDArray[np.int64], views: CheckViews, key: Hashable
) -> NDArray[np.int64]:
    """Leave the rows where they were, as long as nobody asked for others."""
    before, ids = views.order
    if before == key:
        place = {one: at for at, one in enumerate(ids)}
        late = len(place)
        places = [place.get(spread.ids[at], late) for at in rows]
        rows = rows[np.argsort(places, kind="stable")]
    views.order = (key, tuple(spread.ids[at] for at in rows))
    return rows


def matrix_data(now: ReviewDesk, parcel: Parcel) -> dict[str, Any]:
    """Return how the matrix is shown.

    Parameters
    ----------
    now
        The desk.
    parcel
        Result of `pack_matrix`.

    Returns
    -------
    dict
        For ``matrix.js``.
    """
    classes = [
        look_of(state) | {"strong": state == State.SHORT, "counted": state in _COUNTED}
        for state in STATES
    ]
    return {
        "rows": parcel.key,
        "classes": classes,
        "row": choice().community or "",
        "column": now.picked.rule,
        "title": say("view.checks.matrix_title", shown="{shown}", all="{all}"),
        "upright": choice().lang == "zh",
        "stale": now.stale,
    }


def _pack(
    review: Review,
    spread: Spread,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
) -> Parcel:
    names = review.plan.district.communities["name"]
    sizes = pd.Series(spread.units).value_counts()
    hands = spread.hands[np.ix_(rows, columns)]
    letters = np.array([*"0123456789"])[spread.codes[np.ix_(rows, columns)]]
    told = [
        {
            "id": str(row["rule_id"]),
            "label": rule_name(review, str(row["rule_id"])),
            "full": rule_name(review, str(row["rule_id"])),
            "group": say(f"view.checks.stage.{row['stage']}"),
            "hard": row["severity"] == HARD,
            "note": _column_note(row),
        }
        for _, row in spread.rules.iloc[columns].iterrows()
    ]
    content = {
        "ids": [spread.ids[at] for at in rows],
        "names": [name_of(names, spread.ids[at]) for at in rows],
        "notes": [
            unit_name(spread.units[at], int(sizes[spread.units[at]]))
            if spread.units[at]
            else ""
            for at in rows
        ],
        "tags": [bool(spread.planned[at]) for at in rows],
        "columns": told,
        "cells": ["".join(line) for line in letters],
        "hands": {
            spread.ids[at]: np.flatnonzero(line).tolist()
            for at, line in zip(rows, hands, strict=True)
            if line.any()
        },
    }
    return pack_value("matrix", content)


def _column_note(row: pd.Series) -> str:
    weight = say(f"view.checks.severity.{row['severity']}")
    return f"{weight} · {row['quote']}"


def count_numbers(spread: Spread, review: Review) -> dict[str, int]:
    """Return how many communities stand where before the annual plan.

    Parameters
    ----------
    spread, review
        The matrix, and the review.

    Returns
    -------
    dict
        ``planned`` (or all, if none is), ``ready``, ``short``, ``unknown``,
        ``county_short`` and ``county_unknown``.
    """
    counted = spread.planned if spread.planned.any() else ~spread.planned
    worst = spread.worst(spread.gates)[counted]
    short = int((worst == STATES.index(State.SHORT)).sum())
    # a community may be short of one clause and lack evidence for another
    lacking = spread.codes[np.ix_(counted, spread.gates)]
    unknown = int((lacking == STATES.index(State.UNKNOWN)).any(axis=1).sum())
    ready = int((~np.isin(worst, [STATES.index(one) for one in _COUNTED])).sum())
    whole = whole_rows(review.checks)
    states = list(whole.loc[whole["stage"] == FIRST_STAGE, "state"])
    return {
        "planned": int(counted.sum()),
        "ready": ready,
        "short": short,
        "unknown": unknown,
        "county_short": states.count(str(State.SHORT)),
        "county_unknown": states.count(str(State.UNKNOWN)),
    }


# ------------------------------------------------------------------ lists


def collect_table(now: ReviewDesk, review: Review) -> pd.DataFrame:
    """Return what is to be collected before submission.

    Parameters
    ----------
    now, review
        The desk, and its last good review.

    Returns
    -------
    pandas.DataFrame
        See :meth:`geo.compliance.Checks.collect`, in the session's language; for the
        plan alone if only that is shown.
    """
    key = ("check collect", now.reviewed, choice().lang)
    lang = choice().lang
    table = work.shelf().view(key, lambda: review.checks.collect(lang))
    planned = table["planned"].to_numpy(dtype=bool)
    some = views_of(now).planned and len(review.checks.ground.planned) > 0
    return table[planned].reset_index(drop=True) if some else table


def pack_list(now: ReviewDesk, review: Review) -> Parcel:
    """Return the rows of the list below the matrix.

    Parameters
    ----------
    now, review
        The desk, and its last good review.

    Returns
    -------
    Parcel
        Rows for ``table.js``; the ids begin with subject and clause.
    """
    views = views_of(now)
    make = {
        "collect": lambda: _pack_collect(now, review),
        "rulings": lambda: _pack_rulings(review, views),
        "findings": lambda: _pack_findings(review),
    }[views.listed]
    key = ("check list", views.listed, now.reviewed, views.key, choice().lang)
    return work.shelf().view(key, make)


def list_data(now: ReviewDesk, parcel: Parcel) -> dict[str, Any]:
    """Return how the list below the matrix is shown.

    Parameters
    ----------
    now
        The desk.
    parcel
        Result of `pack_list`.

    Returns
    -------
    dict
        For ``table.js``.
    """
    listed = views_of(now).listed
    title = {"collect": "collect", "rulings": "ruling", "findings": "finding"}[listed]
    return {
        "key": f"checks-{listed}",
        "rows": parcel.key,
        "columns": _COLUMNS[listed](),
        "classes": [look_of(state) for state in STATES],
        "title": say(f"view.checks.list.{title}_rows", shown="{shown}", all="{all}"),
        "sort": None,
        "selected": f"{choice().community or now.picked.subject}|{now.picked.rule}",
    }


def find_findings(review: Review) -> pd.DataFrame:
    """Return what was noticed about evidence and rules.

    Parameters
    ----------
    review
        What was reviewed.

    Returns
    -------
    pandas.DataFrame
        Raw findings: those of the reading first.
    """
    read, rules = review.evidence.findings, review.plan.rules.findings
    return concat_findings(read, rules, review.findings)


def _pack_collect(now: ReviewDesk, review: Review) -> Parcel:
    table = collect_table(now, review)
    first = table["clauses"].astype("str").str.split("|").str[0]
    ids = [
        f"{subject}|{rule}|{at}"
        for at, (subject, rule) in enumerate(
            zip(table["subject_id"], first, strict=True)
        )
    ]
    columns: dict[str, list[Any]] = {
        "subject": [subject_name(review, str(one)) for one in table["subject_id"]],
        "what": [str(one) for one in table["what"]],
        "where": [_plain(one) for one in table["where"]],
        "clauses": [_rule_words(review, str(one)) for one in table["clauses"]],
        "stage": [_stage_words(str(one)) for one in table["stage"]],
        "households": [
            None if pd.isna(one) else float(one) for one in table["households"]
        ],
    }
    return pack_rows(ids, columns)


def _pack_rulings(review: Review, views: CheckViews) -> Parcel:
    table = review.checks.table
    if views.stage:
        table = table[table["stage"] == views.stage]
    if views.state:
        table = table[table["state"] == views.state]
    if views.gates:
        table = table[table["severity"] == HARD]
    rows = [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
    columns: dict[str, list[Any]] = {
        "subject": [subject_name(review, str(row["subject_id"])) for row in rows],
        "rule": [rule_name(review, str(row["rule_id"])) for row in rows],
        "stage": [say(f"view.checks.stage.{row['stage']}") for row in rows],
        "severity": [say(f"view.checks.severity.{row['severity']}") for row in rows],
        "state": [STATES.index(State(row["state"])) for row in rows],
        "found": [spoken(row, "found") for row in rows],
        "required": [spoken(row, "required") for row in rows],
        "reason": [spoken(row, "reason") for row in rows],
    }
    ids = [f"{row['subject_id']}|{row['rule_id']}" for row in rows]
    return pack_rows(ids, columns)


def _pack_findings(review: Review) -> Parcel:
    told = render_findings(find_findings(review), choice().lang)
    columns = {
        "table": [str(one) for one in told["layer"]],
        "message": [str(one) for one in told["message"]],
        "action": [str(one) for one in told["action"]],
    }
    return pack_rows([str(at) for at in range(len(told))], columns)


def _plain(cell: object) -> str:
    return "" if cell is None or cell is pd.NA or cell != cell else str(cell)  # noqa: PLR0124 - not a number


def _rule_words(review: Review, rules: str) -> str:
    names = [rule_name(review, one) for one in rules.split("|") if one]
    return say("view.comma").join(dict.fromkeys(names))


def _stage_words(stages: str) -> str:
    words = [say(f"view.checks.stage.{one}") for one in stages.split("|") if one]
    return say("view.comma").join(words)


def _column(name: str, kind: str, width: str, **more: Any) -> Block:
    label = say(f"view.checks.column.{name}")
    return {"name": name, "kind": kind, "label": label, "width": width, **more}


def _collect_columns() -> list[Block]:
    unit = say("unit.households", value="{value}")
    return [
        _column("subject", "text", "minmax(130px, 1.2fr)"),
        _column("what", "text", "minmax(150px, 1.6fr)"),
        _column("where", "text", "minmax(170px, 2fr)"),
        _column("clauses", "text", "minmax(150px, 1.6fr)"),
        _column("stage", "text", "minmax(110px, 0.9fr)"),
        _column("households", "number", "104px", unit=unit),
    ]


def _ruling_columns() -> list[Block]:
    return [
        _column("subject", "text", "minmax(120px, 1.1fr)"),
        _column("rule", "text", "minmax(120px, 1.1fr)"),
        _column("stage", "text", "112px"),
        _column("severity", "text", "86px"),
        _column("state", "class", "104px"),
        _column("found", "text", "minmax(180px, 2.4fr)"),
        _column("required", "text", "minmax(150px, 1.8fr)"),
        _column("reason", "text", "minmax(150px, 1.8fr)"),
    ]


def _finding_columns() -> list[Block]:
    return [
        _column("table", "text", "minmax(100px, 0.6fr)"),
        _column("message", "text", "minmax(260px, 3fr)"),
        _column("action", "text", "minmax(220px, 2fr)"),
    ]


_COLUMNS = {
    "collect": _collect_columns,
    "rulings": _ruling_columns,
    "findings": _finding_columns,
}
