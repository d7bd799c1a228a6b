"""Rows and columns of the tables below the map, each made once per plan."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.maps import STATE_LOOKS
from geo.plan import Plan
from geo.schema import Certainty, State
from geo.views.board import Board
from geo.views.panels import limit_m, state_look
from geo.views.reports import lacking_words, name_of, names, plan_key, reasons
from geo.views.shapes import Parcel, pack_value
from geo.views.state import Choice, choice
from geo.views.widgets import say
from geo.views.work import shelf

_STATES = tuple(STATE_LOOKS)


def community_rows(plan: Plan, board: Board, wanted: str = "") -> Parcel:
    """Return the table of communities.

    Parameters
    ----------
    plan, board
        The results.
    wanted
        ``""`` for all, else a column of the scores that must be above 0.

    Returns
    -------
    Parcel
        Rows for ``table.js``.
    """

    def make() -> Parcel:
        scores = plan.life_circle.communities.reindex(list(board.ids))
        ranked = np.argsort(scores["rank"].to_numpy())
        found = (
            np.ones(len(scores), bool)
            if not wanted
            else (scores[wanted] > 0).to_numpy()
        )
        layer = board.communities
        lacking = plan.life_circle.worst["lacking"].reindex(list(board.ids)).fillna("")
        columns = {
            "name": [name_of(layer["name"], one) for one in board.ids],
            "jurisdiction": plain(layer["jurisdiction"]),
            "built_year": plain(layer["built_year"]),
            "households": plain(layer["households"]),
            **{
                name: plain(scores[name])
                for name in ("short", "met", "unknown", "no_data", "edge")
            },
            "lacking": [lacking_words(plan, keys) for keys in lacking],
        }
        return pack_rows(board.ids, columns, ranked[found[ranked]])

    key = ("community rows", plan_key(plan), choice().lang, wanted)
    found: Parcel = shelf().view(key, make)
    return found


def community_table(rows: Parcel, wanted: str) -> dict[str, Any]:
    """Return how the table of communities is shown.

    Parameters
    ----------
    rows
        Result of `community_rows`.
    wanted
        Its `wanted`.

    Returns
    -------
    dict
        For ``table.js``.
    """
    kinds = say("view.kinds", value="{value}")
    columns = [
        _column("name", "text", "minmax(140px, 1.4fr)"),
        _column("jurisdiction", "text", "minmax(90px, 1fr)"),
        _column("built_year", "year", "76px"),
        _column(
            "households",
            "number",
            "88px" if choice().lang == "zh" else "134px",
            unit=say("unit.households", value="{value}"),
        ),
        _column("short", "number", "72px", unit=kinds),
        _column("met", "number", "72px", unit=kinds),
        _column("unknown", "number", "80px", unit=kinds),
        _column("no_data", "number", "72px", unit=kinds),
        _column("lacking", "text", "minmax(160px, 3fr)"),
    ]
    title = say(f"view.overview.rows.{wanted or 'all'}", shown="{shown}", all="{all}")
    return {
        "key": "communities",
        "rows": rows.key,
        "columns": columns,
        "title": title,
        "sort": ["short", "down"],
        "selected": choice().community,
    }


def gap_rows(plan: Plan, board: Board, now: Choice, states: Sequence[str]) -> Parcel:
    """Return the table of verdicts of the chosen category, or of all.

    Parameters
    ----------
    plan, board
        The results.
    now
        What is shown.
    states
        Only verdicts of these states; empty: all.

    Returns
    -------
    Parcel
        Rows for ``table.js``; ids are ``community|category``.
    """
    shown = Choice(
        lang=now.lang,
        category=now.category,
        tier=now.tier,
        pace=now.pace,
        test=now.test,
    )

    def make() -> Parcel:
        verdicts = board.verdicts(shown)
        one = now.category in board.categories
        at = (
            [board.categories.index(now.category)]
            if one
            else range(len(board.categories))
        )
        part = np.zeros(verdicts.shape, bool)
        part[:, list(at)] = True
        if states:
            part &= np.isin(verdicts, list(states))
        elif not one:
            part &= verdicts == State.SHORT
        row, column = np.nonzero(part)
        return _pack_gaps(plan, board, row, column, verdicts)

    key = ("gap rows", plan_key(plan), shown, tuple(states))
    found: Parcel = shelf().view(key, make)
    return found


def gap_table(rows: Parcel, now: Choice) -> dict[str, Any]:
    """Return how the table of verdicts is shown.

    Parameters
    ----------
    rows
        Result of `gap_rows`.
    now
        What is shown.

    Returns
    -------
    dict
        For ``table.js``.
    """
    unit = say("unit.m", value="{value}")
    columns = [
        _column("name", "text", "minmax(130px, 1.3fr)"),
        _column("category", "text", "minmax(110px, 1fr)"),
        _column("state", "class", "96px"),
        _column("distance_m", "number", "92px", unit=unit),
        _column("limit_m", "number", "82px", unit=unit),
        _column(
            "uncovered",
            "number",
            "96px" if now.lang == "zh" else "134px",
            unit=say("unit.households", value="{value}"),
        ),
        _column("certainty", "text", "104px"),
        _column("reason", "text", "minmax(220px, 4fr)"),
    ]
    selected = now.community
    if selected and now.category:
        selected = f"{selected}|{now.category}"
    return {
        "key": f"gaps-{now.category or 'all'}",
        "rows": rows.key,
        "columns": columns,
        "classes": [state_look(state) for state in _STATES],
        "title": say("view.lifecircle.rows", shown="{shown}", all="{all}"),
        "sort": ["distance_m", "down"] if now.category else ["uncovered", "down"],
        "selected": selected,
    }


def _pack_gaps(
    plan: Plan,
    board: Board,
    row: NDArray[np.int64],
    column: NDArray[np.int64],
    verdicts: NDArray[Any],
) -> Parcel:
    """Pack the verdicts at the given rows and columns of the matrices."""
    label = names(plan, board.categories)
    limits = _limits(plan, board)
    cells = {name: values[row, column] for name, values in board.columns.items()}
    told = [name_of(board.communities["name"], one) for one in board.ids]
    sure = {word: say(f"certainty.{word}") for word in Certainty}
    columns = {
        "name": [told[at] for at in row],
        "category": [label[at] for at in column],
        "state": [_STATES.index(State(state)) for state in verdicts[row, column]],
        "distance_m": _numbers(cells["distance_m"], 0),
        "limit_m": _numbers(limits[column], 0),
        "uncovered": _numbers(cells["households_uncovered"], 0),
        "certainty": [sure.get(word) for word in cells["certainty"]],
        "reason": list(reasons(plan, board)[row, column]),
    }
    ids = [
        f"{board.ids[at]}|{board.categories[kind]}"
        for at, kind in zip(row, column, strict=True)
    ]
    return pack_rows(ids, columns)


def _limits(plan: Plan, board: Board) -> NDArray[np.float64]:
    needs = [plan.rules.requirements[key] for key in board.categories]
    found = [limit_m(need, plan) for need in needs]
    return np.array([np.nan if limit is None else limit for limit in found])


def pack_rows(
    ids: Sequence[str],
    columns: dict[str, list[Any]],
    keep: NDArray[np.int64] | None = None,
) -> Parcel:
    """Return rows as a parcel.

    Parameters
    ----------
    ids
        One per row.
    columns
        Name to cells; missing cells are None.
    keep
        Positions of the rows to keep, in their order; None: all as they are.

    Returns
    -------
    Parcel
        For ``table.js``.
    """
    kept = np.arange(len(ids)) if keep is None else keep
    value = {
        "ids": [str(ids[at]) for at in kept],
        "columns": {
            name: [cells[at] for at in kept] for name, cells in columns.items()
        },
    }
    return pack_value("rows", value)


def _numbers(values: NDArray[Any], digits: int) -> list[float | None]:
    return [
        None if np.isnan(value) else round(float(value), digits) for value in values
    ]


def plain(values: pd.Series) -> list[Any]:
    """Return cells as JSON can say them.

    Parameters
    ----------
    values
        A column.

    Returns
    -------
    list
        Missing cells are None.
    """
    cells = values.astype(object)
    return cells.where(cells.notna(), None).tolist()


def _column(name: str, kind: str, width: str, **more: Any) -> dict[str, Any]:
    label = say(f"view.column.{name}")
    return {"name": name, "kind": kind, "label": label, "width": width, **more}
