"""The matrix of communities by clauses, and the lists below it."""

from collections.abc import Hashable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
    unit_name,
)
from geo.views.reports import name_of, plan_key
from geo.views.review_work import ReviewDesk
from geo.views.shapes import Parcel, pack_value
from geo.views.state import choice
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
