"""The plan as tables for files and pages."""

from typing import TYPE_CHECKING

import pandas as pd

from geo.rulings import speak
from geo.schedule_words import explain_units, name_communities, say_inversion
from geo.text import tr

if TYPE_CHECKING:
    from geo.schedule import Schedule

__all__ = [
    "make_inversions_table",
    "make_left_out_table",
    "make_schedule_table",
    "make_years_table",
]


def make_schedule_table(schedule: "Schedule", lang: str) -> pd.DataFrame:
    """Make the table for ``schedule.csv``.

    Parameters
    ----------
    schedule
        The plan.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.DataFrame
        One row per unit and its year, starting with `unit_id`, `year`, `rank`,
        `score`, `households`, `communities`, `names`; then the columns of
        :attr:`geo.schedule.Schedule.table` and `reason` in words.
    """
    names = name_communities(schedule)
    table = schedule.table.reset_index()
    first = ["unit_id", "year", "rank", "score", "households", "communities"]
    table["names"] = [
        tr("view.comma", lang).join(names.get(one, one) for one in row.split("|"))
        for row in table["communities"]
    ]
    reasons = explain_units(schedule, lang)
    table["reason"] = [reasons[unit] for unit in table["unit_id"]]
    first.append("names")
    return table[[*first, *(name for name in table if name not in first)]]


def make_left_out_table(schedule: "Schedule", lang: str) -> pd.DataFrame:
    """Make a table of what is not planned.

    Parameters
    ----------
    schedule
        The plan.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.DataFrame
        :attr:`geo.schedule.Schedule.left_out` with `unit_id` first and `reason` in
        words last.
    """
    table = schedule.left_out.reset_index()
    reasons = explain_units(schedule, lang)
    table["reason"] = [reasons[unit] for unit in table["unit_id"]]
    return table


def make_inversions_table(schedule: "Schedule", lang: str) -> pd.DataFrame:
    """Make a table of who goes before whom of higher rank.

    Parameters
    ----------
    schedule
        The plan.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.DataFrame
        :attr:`geo.schedule.Schedule.inversions` with `why` in words last.
    """
    rows = schedule.inversions.to_dict("records")
    why = [speak(say_inversion(row), lang) for row in rows]
    return schedule.inversions.assign(why=pd.Series(why, dtype="str"))


def make_years_table(schedule: "Schedule", lang: str) -> pd.DataFrame:
    """Make a table of what each year uses of what it has.

    Parameters
    ----------
    schedule
        The plan.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.DataFrame
        :attr:`geo.schedule.Schedule.funds` with the line in words, lines without use
        and limit left out.
    """
    funds = schedule.funds
    used = (funds["used_cny"] > 0) | (funds["unknown"] > 0)
    funds = funds[used | funds["available_cny"].notna()].reset_index(drop=True)
    words = [tr(f"schedule.source.{source}", lang) for source in funds["source"]]
    return funds.assign(name=pd.Series(words, dtype="str"))
