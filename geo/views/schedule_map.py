"""The map of the plan: every unit in the colour of its year."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from geo.plan import Plan
from geo.views import work
from geo.views.review_work import ReviewDesk
from geo.views.schedule_looks import LEFT, OUT, REST_LOOKS, WAITING, money, year_looks
from geo.views.schedule_told import Board, Unit, selected_unit
from geo.views.shapes import Parcel, pack_value
from geo.views.state import choice
from geo.views.unit_map import show_units_map, unit_number
from geo.views.unit_outlines import outline_parcel
from geo.views.widgets import Event, say

_GATES = {"ready": LEFT, "waiting": WAITING, "out": OUT}


def year_style(now: ReviewDesk, board: Board) -> Parcel:
    """Return the colours of the communities by year.

    Parameters
    ----------
    now, board
        The desk, and the plan.

    Returns
    -------
    Parcel
        For ``map.js``; members that a unit leaves out have the colour of their gate.
    """
    key = ("schedule style", now.reviewed, choice().lang)
    return work.shelf().view(key, lambda: _make_style(board))


def outlines(board: Board) -> Parcel:
    """Return the outlines of the units.

    Parameters
    ----------
    board
        The plan.

    Returns
    -------
    Parcel
        For ``map.js``; the same as on the page of units.
    """
    district = board.review.plan.district
    units = tuple(sorted(board.unit_of.to_dict().items()))
    key = ("unit outlines", (district.fingerprint, units))
    found: Parcel = work.shelf().view(
        key, lambda: outline_parcel(district.communities, board.unit_of)
    )
    return found


def year_legend(board: Board) -> dict[str, Any]:
    """Return the legend of the map.

    Parameters
    ----------
    board
        The plan.

    Returns
    -------
    dict
        For ``map.js``: one row per class that occurs, with its communities.
    """
    classes = community_classes(board)
    rows = []
    for at, (look, label) in enumerate(_looks(board)):
        count = int((classes == at).sum())
        if count:
            told = say("view.communities", value=f"{count:,}")
            rows.append({"look": look, "label": label, "count": told})
    return {"title": say("view.schedule.map.title"), "rows": rows}


def community_classes(board: Board) -> pd.Series:
    """Return the class of each community: its year, or why it has none.

    Parameters
    ----------
    board
        The plan.

    Returns
    -------
    pandas.Series
        Position in the years, then `LEFT`, `WAITING`, `OUT`; index community id in the
        order of the layer.
    """
    order = (*(str(year) for year in board.years), *REST_LOOKS)
    place = {name: at for at, name in enumerate(order)}
    year_of = board.schedule.year_of
    gates = board.ranking.table["gate"]
    ids = board.review.plan.district.communities.index
    found = [
        place[str(year_of[one])]
        if one in year_of.index
        else place[_GATES[str(gates[one])]]
        for one in ids
    ]
    return pd.Series(found, index=ids)


def show(
    plan: Plan,
    now: ReviewDesk,
    board: Board,
    parcels: Mapping[str, Parcel],
    told: Callable[[Event], None],
    **pictures: Parcel,
) -> None:
    """Show the map.

    Parameters
    ----------
    plan, now, board
        The plan that is open, the desk, and the plan by years.
    parcels
        Layers that the page has sent.
    told
        Called with a click on a community.
    **pictures
        ``style`` and ``outlines``, which the page has sent.
    """
    chosen = board.units.get(selected_unit(now, board))
    show_units_map(
        "schedule",
        plan.district,
        parcels,
        told,
        style=pictures["style"],
        outlines=pictures["outlines"],
        legend=year_legend(board),
        selection=chosen.members if chosen else (),
        stale=now.stale,
    )


def _looks(board: Board) -> list[tuple[dict[str, Any], str]]:
    named = [
        (look, say("view.schedule.year", year=year))
        for look, year in zip(year_looks(board.years), board.years, strict=True)
    ]
    named += [
        (look, say(f"view.schedule.rest.{key}")) for key, look in REST_LOOKS.items()
    ]
    return [(look.told(""), label) for look, label in named]


def _make_style(board: Board) -> Parcel:
    classes = community_classes(board)
    units = list(board.units.values())
    position = {unit.id: at for at, unit in enumerate(units)}
    households = pd.to_numeric(board.ranking.table["households"]).reindex(classes.index)
    content = {
        "classes": [look for look, _ in _looks(board)],
        "codes": [int(code) for code in classes],
        "unit": [position.get(str(board.unit_of[one]), -1) for one in classes.index],
        "households": [None if pd.isna(one) else round(one) for one in households],
        "units": {
            "ids": [unit.id for unit in units],
            "kinds": [_kind(unit) for unit in units],
            "numbers": [_number(unit) for unit in units],
            "names": [unit.name for unit in units],
            "broken": [False] * len(units),
            "notes": [_note(unit) for unit in units],
        },
    }
    return pack_value("schedule", content)


def _kind(unit: Unit) -> str:
    """Return how the map draws a unit: pinned ones have a double outline."""
    if unit.year is None:
        return "joint" if len(unit.members) > 1 else "single"
    return "drawn" if unit.row["pinned"] else "joint"


def _number(unit: Unit) -> str:
    """Return what stands on the map: with the year, as grey print has no colour."""
    number = unit_number(unit.id)
    return number if unit.year is None else f"{number} · {unit.year % 100:02}"


def _note(unit: Unit) -> str:
    if unit.year is None:
        return say(f"view.schedule.rest.{unit.rest}")
    year = say("view.schedule.year", year=unit.year)
    parts = [year, money(unit.cost_cny)]
    if unit.row["pinned"]:
        parts.append(say("view.schedule.pinned"))
    if unit.row["underground_first"] == "broken":
        parts.append(say("view.schedule.key.broken"))
    return " · ".join(parts)
