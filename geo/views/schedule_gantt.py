"""The Gantt chart: units by year, their networks' years, funds against capacity."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo.schedule_words import say_inversion
from geo.schedule_years import UnitYears
from geo.views import work
from geo.views.review_work import ReviewDesk
from geo.views.schedule_looks import cost_words, known_cost, money, spoken, year_looks
from geo.views.schedule_told import Board, Unit, community_name, selected_unit
from geo.views.shapes import Parcel, pack_value
from geo.views.state import choice
from geo.views.widgets import say

#: The bar of funds ends at this share of what there is.
_FULL = 1.25


def pack(now: ReviewDesk, board: Board) -> Parcel:
    """Return the content of the chart.

    Parameters
    ----------
    now, board
        The desk, and the plan.

    Returns
    -------
    Parcel
        For ``gantt.js``.
    """
    key = ("schedule gantt", now.reviewed, choice().lang)

    def make() -> Parcel:
        looks = [
            look.told(say("view.schedule.year", year=year))
            for look, year in zip(year_looks(board.years), board.years, strict=True)
        ]
        rows = [
            _row(board, unit, board.renewals[unit.id]) for unit in board.units.values()
        ]
        heads = [_head(board, year) for year in board.years]
        return pack_value("gantt", {"years": heads, "looks": looks, "rows": rows})

    return work.shelf().view(key, make)


def data(now: ReviewDesk, board: Board, rows: Parcel) -> dict[str, Any]:
    """Return how the chart is shown.

    Parameters
    ----------
    now, board, rows
        The desk, the plan, and the result of `pack`.

    Returns
    -------
    dict
        For ``gantt.js``.
    """
    planned = sum(unit.year is not None for unit in board.units.values())
    title = say("view.schedule.gantt", planned=planned, all=len(board.units))
    keys = [
        {"mark": "shut", "label": say("view.schedule.key.shut")},
        {
            "text": say("view.schedule.network.water"),
            "label": say("view.schedule.key.mark"),
        },
        {"mark": "broken", "label": say("view.schedule.key.broken")},
        {"text": "◆", "label": say("view.schedule.key.pinned")},
    ]
    return {
        "rows": rows.key,
        "keys": keys,
        "title": title,
        "selected": selected_unit(now, board) or None,
        "movable": not now.stale,
        "stale": now.stale,
    }


def _row(board: Board, unit: Unit, found: UnitYears) -> dict[str, Any]:
    binds = board.schedule.settings.utilities_bind
    names = [community_name(board.review, one) for one in unit.members]
    pinned = unit.year is not None and bool(unit.row["pinned"])
    size = len(names)
    label = money(unit.cost_cny)
    return {
        "id": unit.id,
        "rank": "" if np.isnan(unit.rank) else f"{unit.rank:.0f}",
        "name": unit.name,
        "size": say("view.schedule.size", count=size) if size > 1 else "",
        "members": say("view.comma").join(names),
        "year": -1 if unit.year is None else board.years.index(unit.year),
        "label": label,
        "title": say("view.schedule.bar", name=unit.name, cost=label),
        "allowed": [year in found.allowed or not binds for year in board.years],
        "marks": marks_of(found, board.years),
        "pinned": pinned,
        "broken": unit.row.get("underground_first") == "broken",
        "why": board.said.get(unit.id, ""),
    }


def marks_of(found: UnitYears, years: Sequence[int]) -> list[dict[str, Any]]:
    """Return the renewals of a unit's networks, year by year.

    Parameters
    ----------
    found
        Its years.
    years
        Years of the plan; others are not shown.

    Returns
    -------
    list of dict
        ``at``, ``text`` (one sign per network), ``title``.
    """
    made: list[dict[str, Any]] = []
    for at, year in enumerate(years):
        kinds = [kind for kind, planned in found.renewals if year in planned]
        for kind in kinds:
            name = say(f"schedule.network.{kind}")
            title = say("view.schedule.renewal", name=name, year=year)
            text = say(f"view.schedule.network.{kind}")
            made.append({"at": at, "text": text, "title": title})
    return made


def _head(board: Board, year: int) -> dict[str, Any]:
    row = board.schedule.years.loc[[year]].to_dict("records")[0]
    cost, available = known_cost(row), float(row["available_cny"])
    most = row["projects_most"]
    projects = f"{row['projects']:,}"
    if not np.isnan(most):
        projects = f"{projects} / {most:,.0f}"
    limited = not np.isnan(available)
    known = 0.0 if np.isnan(cost) else cost
    whole = max(available * _FULL, known) if limited else max(known, 1.0)
    over = bool(row["over_cny"] > 0 or row["over_projects"] > 0)
    funds = (
        say("view.schedule.funds_of", used=cost_words(row), all=money(available))
        if limited
        else say("view.schedule.funds_free", used=cost_words(row))
    )
    return {
        "year": year,
        "label": say("view.schedule.year", year=year),
        "projects": say("view.schedule.projects", count=projects),
        "funds": funds,
        "share": None if np.isnan(cost) else known / whole if whole else 0.0,
        "limit": available / whole if limited and whole else None,
        "over": over,
        "title": head_title(board, year),
    }


def head_title(board: Board, year: int) -> str:
    """Return what each source pays in a year, and what it has.

    Parameters
    ----------
    board, year
        The plan, and the year.

    Returns
    -------
    str
        One line per source that is used or limited.
    """
    funds = board.schedule.funds
    lines = []
    for row in funds[funds["year"] == year].to_dict("records"):
        limited = not np.isnan(row["available_cny"])
        if not limited and not row["used_cny"]:
            continue
        name = say(f"schedule.source.{row['source']}")
        used = money(row["used_cny"])
        key = "funds_of" if limited else "funds_free"
        told = say(f"view.schedule.{key}", used=used, all=money(row["available_cny"]))
        lines.append(f"{name} {told}")
    return "\n".join(lines)


def inversions_of(board: Board, unit: str) -> list[str]:
    """Return the sentences on who passes a unit, or whom it passes.

    Parameters
    ----------
    board, unit
        The plan, and a unit.

    Returns
    -------
    list of str
        In the order of the table.
    """
    rows = board.schedule.inversions
    own = rows[(rows["earlier"] == unit) | (rows["later"] == unit)]
    return [board.rename(spoken(say_inversion(row))) for row in _records(own)]


def _records(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    return rows.to_dict("records")
