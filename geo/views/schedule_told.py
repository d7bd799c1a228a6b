"""Words, colours and choices of the page of the plan by years."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from geo.reserve import Ranking
from geo.review import Review
from geo.schedule import Schedule
from geo.schedule_words import explain_units
from geo.schedule_years import UnitYears, find_renewals, find_unit_years
from geo.views import work
from geo.views.reports import name_of
from geo.views.review_work import ReviewDesk
from geo.views.schedule_looks import LEFT, OUT, WAITING
from geo.views.state import choice
from geo.views.unit_map import unit_number
from geo.views.widgets import say

_WORD = re.compile(r"[\w-]+")

#: Lists below the map.
LISTS = ("gantt", "ranking", "left", "inversions", "funds")


@dataclass(eq=False)
class Views:
    """What the page shows, besides the selection.

    Attributes
    ----------
    listed
        One of `LISTS`.
    """

    listed: str = LISTS[0]


def views_of(now: ReviewDesk) -> Views:
    """Return what the page shows.

    Parameters
    ----------
    now
        The desk.

    Returns
    -------
    Views
        Kept on the desk.
    """
    found: Views = now.views.setdefault("schedule", Views())
    return found


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of the plan, as the page tells it.

    Attributes
    ----------
    id, name
        Id, and what it is called.
    members
        Its communities, sorted.
    year
        Its year; None: none.
    rest
        `LEFT`, `WAITING` or `OUT` while it has no year, else empty.
    rank
        Place among the projects; NaN: it is none.
    cost_cny
        NaN: unknown.
    row
        Row of the plan, or of what is left out.
    """

    id: str
    name: str
    members: tuple[str, ...]
    year: int | None
    rest: str
    rank: float
    cost_cny: float
    row: Mapping[Any, Any]


@dataclass(frozen=True, eq=False)
class Board:
    """The plan of a review, ready to be shown in one language.

    Attributes
    ----------
    review, ranking, schedule
        What it shows.
    units
        By id: those with a year first, by year and rank, then the others by rank.
    unit_of
        Community to unit.
    years
        The years.
    said, reasons
        Sentences about each unit, and on the rank of each community.
    renewals
        Years that the networks of each unit leave it, those that are left out too.
    """

    review: Review
    ranking: Ranking
    schedule: Schedule
    units: Mapping[str, Unit]
    unit_of: pd.Series
    years: tuple[int, ...]
    said: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    renewals: Mapping[str, UnitYears] = field(default_factory=dict)

    def rename(self, text: str) -> str:
        """Put the names of units in the place of their ids.

        Parameters
        ----------
        text
            Any sentence.

        Returns
        -------
        str
            The sentence.
        """

        def put(found: re.Match[str]) -> str:
            unit = self.units.get(found[0])
            return unit.name if unit else found[0]

        return _WORD.sub(put, text)


def board_of(now: ReviewDesk) -> Board | None:
    """Return the plan, ready to be shown.

    Parameters
    ----------
    now
        The desk.

    Returns
    -------
    Board or None
        Made once per review and language; None while there is none.
    """
    review = now.review
    if review is None or review.ranking is None or review.schedule is None:
        return None
    ranking, schedule = review.ranking, review.schedule
    key = ("schedule board", now.reviewed, choice().lang)

    def make() -> Board:
        return _make_board(review, ranking, schedule)

    found: Board = work.shelf().view(key, make)
    return found


def _make_board(review: Review, ranking: Ranking, schedule: Schedule) -> Board:
    rows = ranking.table
    unit_of = rows["unit_id"].astype("object")
    own = pd.Series(rows.index.astype("str"), rows.index)
    unit_of = unit_of.where(unit_of.notna(), own).astype("str")
    members = {
        str(unit): tuple(sorted(str(one) for one in own_rows.index))
        for unit, own_rows in unit_of.groupby(unit_of)
    }
    planned = schedule.table.to_dict("index")
    left = schedule.left_out.sort_values(["rank", "best_rank"]).to_dict("index")
    units = {}
    for unit, row in {**planned, **left}.items():
        name = str(unit)
        year = int(row["year"]) if unit in planned else None
        cost = row["cost_cny"]
        units[name] = Unit(
            id=name,
            name=unit_name(review, name, members.get(name, ())),
            members=members.get(name, ()),
            year=year,
            rest="" if year is not None else rest_of(str(row["why"])),
            rank=float(row["rank"]),
            cost_cny=float("nan") if cost is None else float(cost),
            row=row,
        )
    years = tuple(int(one) for one in schedule.years.index)
    bare = Board(review, ranking, schedule, units, unit_of, years)
    told = explain_units(schedule, choice().lang)
    reasons = ranking.explain(choice().lang)
    renewals = find_unit_years(
        find_renewals(schedule.ground),
        {unit.id: unit.members for unit in units.values()},
        years,
        within=schedule.settings.utility_years,
    )
    return replace(
        bare,
        said={str(unit): bare.rename(text) for unit, text in told.items()},
        reasons={str(one): str(text) for one, text in reasons.items()},
        renewals=renewals,
    )


def rest_of(why: str) -> str:
    """Return which of the classes without a year a unit belongs to.

    Parameters
    ----------
    why
        Why it is left out.

    Returns
    -------
    str
        `LEFT`, `WAITING` or `OUT`.
    """
    known = {"gate_out": OUT, "gate_waiting": WAITING, "not_whole": WAITING}
    return known.get(why, LEFT)


def unit_name(review: Review, unit: str, members: tuple[str, ...]) -> str:
    """Return what a unit is called.

    Parameters
    ----------
    review
        The review.
    unit
        Its id.
    members
        Its communities.

    Returns
    -------
    str
        Its number; a unit of one community is called by that.
    """
    if len(members) == 1:
        return community_name(review, members[0])
    return say("unit_map.unit", n=unit_number(unit))


def community_name(review: Review, community: str) -> str:
    """Return what a community is called.

    Parameters
    ----------
    review
        The review.
    community
        Its id.

    Returns
    -------
    str
        Its name.
    """
    return name_of(review.plan.district.communities["name"], community)


def selected_unit(now: ReviewDesk, board: Board) -> str:
    """Return the unit that is selected.

    Parameters
    ----------
    now, board
        The desk, and what it shows.

    Returns
    -------
    str
        The picked one, else that of the selected community; empty: none.
    """
    if now.picked.subject in board.units:
        return now.picked.subject
    community = choice().community
    if community is None or community not in board.unit_of.index:
        return ""
    return str(board.unit_of[community])
