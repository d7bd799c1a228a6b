"""The lists below the matrix: what to collect, each verdict, and trouble."""

from typing import Any

import pandas as pd

from geo.findings import concat_findings, render_findings
from geo.review import Review
from geo.schema import State
from geo.views import work
from geo.views.check_rows import CheckViews, views_of
from geo.views.check_told import (
    HARD,
    STATES,
    look_of,
    rule_name,
    spoken,
    subject_name,
)
from geo.views.panels import Block
from geo.views.review_work import ReviewDesk
from geo.views.shapes import Parcel
from geo.views.state import choice
from geo.views.tables import pack_rows
from geo.views.widgets import say


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
