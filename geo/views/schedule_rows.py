"""The lists below the map of the plan: left out, inversions, who pays."""

from collections.abc import Callable
from typing import Any

import numpy as np

from geo.evidence_schema import FUND_SOURCES
from geo.funding import FUND_GROUPS, measure_funding
from geo.schedule_words import say_inversion
from geo.views import work
from geo.views.review_work import ReviewDesk
from geo.views.schedule_looks import REST_LOOKS, money, share, spoken
from geo.views.schedule_told import Board, selected_unit, views_of
from geo.views.shapes import Parcel
from geo.views.state import choice
from geo.views.tables import pack_rows
from geo.views.widgets import say

_WIDTHS = {
    "left": {
        "rank": ("number", "52px"),
        "name": ("text", "minmax(80px, .8fr)"),
        "class": ("class", "128px"),
        "cost": ("text", "96px"),
        "missing": ("text", "110px"),
        "in_year": ("text", "66px"),
        "reason": ("text", "minmax(160px, 4fr)"),
    },
    "inversions": {
        "earlier": ("text", "minmax(80px, .7fr)"),
        "year": ("text", "70px"),
        "later": ("text", "minmax(80px, .7fr)"),
        "later_year": ("text", "80px"),
        "reason": ("text", "minmax(160px, 4fr)"),
    },
    "funds": {
        "source": ("text", "minmax(130px, 1.6fr)"),
        "amount": ("text", "minmax(110px, 1fr)"),
        "share": ("text", "minmax(90px, .8fr)"),
        "unclear": ("text", "minmax(120px, 2fr)"),
    },
}


def pack(now: ReviewDesk, board: Board) -> Parcel:
    """Return the rows of the list that is shown.

    Parameters
    ----------
    now, board
        The desk, and the plan.

    Returns
    -------
    Parcel
        Rows for ``table.js``.
    """
    listed = views_of(now).listed
    makers = {"left": _left, "inversions": _inversions, "funds": _funds}
    key = ("schedule rows", now.reviewed, listed, choice().lang)
    return work.shelf().view(key, lambda: makers[listed](board))


def table(now: ReviewDesk, board: Board, rows: Parcel) -> dict[str, Any]:
    """Return how the list is shown.

    Parameters
    ----------
    now, board, rows
        The desk, the plan, and the result of `pack`.

    Returns
    -------
    dict
        For ``table.js``.
    """
    listed = views_of(now).listed
    columns = [
        {
            "name": name,
            "kind": kind,
            "label": say(f"view.schedule.column.{name}"),
            "width": width,
        }
        for name, (kind, width) in _WIDTHS[listed].items()
    ]
    return {
        "key": f"schedule-{listed}",
        "rows": rows.key,
        "columns": columns,
        "classes": [
            look.told(say(f"view.schedule.rest.{key}"))
            for key, look in REST_LOOKS.items()
        ],
        "title": say(f"view.schedule.rows.{listed}", shown="{shown}", all="{all}"),
        "sort": None,
        "selected": selected_unit(now, board) or None,
    }


def _left(board: Board) -> Parcel:
    units = [unit for unit in board.units.values() if unit.year is None]
    classes = list(REST_LOOKS)
    columns: dict[str, list[Any]] = {
        "rank": [_number(unit.rank) for unit in units],
        "name": [unit.name for unit in units],
        "class": [classes.index(unit.rest) for unit in units],
        "cost": [money(unit.cost_cny) for unit in units],
        "cost_sort": [_number(unit.cost_cny) for unit in units],
        "missing": [_missing(unit.row["missing_cny"]) for unit in units],
        "missing_sort": [_number(unit.row["missing_cny"]) for unit in units],
        "in_year": [_year(unit.row["year"]) for unit in units],
        "reason": [board.said.get(unit.id, "") for unit in units],
    }
    return pack_rows([unit.id for unit in units], columns)


def _missing(value: float | None) -> str:
    known = value is not None and not np.isnan(value) and value > 0
    return money(float(value)) if known and value is not None else ""


def _year(value: float | None) -> str:
    if value is None or np.isnan(value):
        return ""
    return say("view.schedule.year", year=int(value))


def _number(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else float(value)


def _inversions(board: Board) -> Parcel:
    rows = board.schedule.inversions.to_dict("records")
    columns: dict[str, list[Any]] = {
        "earlier": [_name(board, row["earlier"]) for row in rows],
        "year": [_year(row["year"]) for row in rows],
        "later": [_name(board, row["later"]) for row in rows],
        "later_year": [
            _year(row["later_year"]) or say("view.schedule.never") for row in rows
        ],
        "reason": [board.rename(spoken(say_inversion(row))) for row in rows],
    }
    ids = [f"{row['earlier']}|{row['later']}|{row['year']}" for row in rows]
    return pack_rows(ids, columns)


def _name(board: Board, unit: object) -> str:
    found = board.units.get(str(unit))
    return found.name if found else str(unit)


def _funds(board: Board) -> Parcel:
    """Return who pays for the communities of the plan, with the shares asked for."""
    planned = [str(one) for one in board.schedule.year_of.index]
    found = measure_funding(board.schedule.ground.facts, planned)
    table = found.table
    names = {one: say(f"schedule.source.{one}") for one in FUND_SOURCES}
    names |= {
        f"={one}": say("view.schedule.group", name=say(f"reserve.fund_group.{one}"))
        for one in FUND_GROUPS
    }
    rows = table.reset_index().to_dict("records")
    columns: dict[str, list[Any]] = {
        "source": [names[row["source"]] for row in rows],
        "amount": [_span(money, row["least_cny"], row["most_cny"]) for row in rows],
        "amount_sort": [float(row["most_cny"]) for row in rows],
        "share": [_span(share, row["share_least"], row["share_most"]) for row in rows],
        "share_sort": [_number(row["share_most"]) for row in rows],
        "unclear": [
            say("view.schedule.unclear", count=len(row["missing"]))
            if row["missing"]
            else ""
            for row in rows
        ],
    }
    return pack_rows([str(row["source"]) for row in rows], columns)


def _span(word: Callable[[float], str], least: float, most: float) -> str:
    one, other = word(least), word(most)
    return str(
        one if one == other else say("view.schedule.span", least=one, most=other)
    )
