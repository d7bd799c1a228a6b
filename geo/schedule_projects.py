"""Projects of the plan: whole units, what they cost, and what there is to pay it.

A unit is one project: those of its members that may be planned are renovated together,
in one year; the others are named. It stands in the order where the best-ranked of them
stands. Its score is their mean, weighted by households.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from geo.evidence_schema import FUND_SOURCES
from geo.policy_settings import ScheduleSettings
from geo.rulings import Said

__all__ = [
    "ALL",
    "Projects",
    "Wishes",
    "describe_members",
    "find_units",
    "gather_projects",
    "money_column",
    "need_column",
    "read_wishes",
]

#: The line of funds that is the total.
ALL = "all"
#: Gates of a community: all hold, some are unknown, some fail.
READY, WAITING, OUT = "ready", "waiting", "out"
#: Why a unit is no project.
GATE_OUT, GATE_WAITING, NOT_WHOLE, BARRED = (
    "gate_out",
    "gate_waiting",
    "not_whole",
    "barred",
)
_HALF_CENT = 0.005


@dataclass(frozen=True, eq=False)
class Projects:
    """Units that may be planned, and those that may not.

    Attributes
    ----------
    table
        Index `unit_id` in order; `rank` (1: first), `best_rank` (of its best member
        among the communities), `score`, `households` (known ones added up; NaN: none
        is), `households_unknown` (members without), `communities` and
        `members_left_out` (tuples of ids), `cost_cny` and
        ``fund_<source>_cny`` (NaN: unknown), `unnamed_cny`, `unsourced_cny`
        and what is taken of each line at most, see :func:`describe_members`.
    refused
        Index `unit_id` in order of their best member: `why`, `best_rank`,
        `communities` and `cost_cny`.
    """

    table: pd.DataFrame
    refused: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Wishes:
    """Musts and must-nots by unit.

    `pinned` is the year of a unit, `barred` are units that must not be planned, and
    `notes` say what of the wishes could not be taken as it was.
    """

    pinned: Mapping[str, int] = field(default_factory=dict)
    barred: frozenset[str] = frozenset()
    notes: tuple[Said, ...] = ()


def money_column(line: str) -> str:
    """Return the column that holds what a project takes of a line of funds.

    Parameters
    ----------
    line
        `ALL` or a source.

    Returns
    -------
    str
        ``cost_cny`` or ``fund_<source>_cny``.
    """
    return "cost_cny" if line == ALL else f"fund_{line}_cny"


def need_column(column: str) -> str:
    """Return the column that holds what is taken of a line at most.

    Parameters
    ----------
    column
        See :func:`money_column`.

    Returns
    -------
    str
        Its name.
    """
    return f"need_{column}"


def read_wishes(
    unit_of: pd.Series, pinned: Mapping[str, int], barred: Collection[str]
) -> Wishes:
    """Bring musts and must-nots of communities or units to units.

    Parameters
    ----------
    unit_of
        Community id to its unit.
    pinned
        Community or unit, and its year.
    barred
        Communities or units.

    Returns
    -------
    Wishes
        By unit. A must-not wins over a must, the earlier year over a later one.
    """
    units = set(unit_of)
    owner = {**{unit: unit for unit in units}, **unit_of.to_dict()}
    notes: list[Said] = []
    out = set()
    for name in sorted(barred):
        if name in owner:
            out.add(owner[name])
        else:
            notes.append(("schedule.note.not_there", {"name": name}))
    years: dict[str, int] = {}
    for name, year in sorted(pinned.items(), key=lambda item: (item[1], item[0])):
        unit = owner.get(name)
        if unit is None:
            notes.append(("schedule.note.not_there", {"name": name}))
        elif unit in out:
            notes.append(("schedule.note.pinned_and_barred", {"unit": unit}))
        elif years.setdefault(unit, int(year)) != int(year):
            told = {"unit": unit, "year": years[unit], "other": int(year)}
            notes.append(("schedule.note.pinned_twice", told))
    return Wishes(years, frozenset(out), _once(notes))


def _once(notes: list[Said]) -> tuple[Said, ...]:
    return tuple(note for at, note in enumerate(notes) if note not in notes[:at])


def gather_projects(
    ranking: pd.DataFrame,
    facts: pd.DataFrame,
    settings: ScheduleSettings,
    *,
    barred: Collection[str] = (),
) -> Projects:
    """Make a project of every unit that may be planned.

    Parameters
    ----------
    ranking
        See :attr:`geo.reserve.Ranking.table`: `rank`, `gate`, `score`, `households`,
        `unit_id` (missing: a community by itself) and `project_cost_cny` by community.
    facts
        ``fund_<source>_cny`` by community, as far as there are any.
    settings
        `unsure_gates` and `whole_only`.
    barred
        Units that must not be planned.

    Returns
    -------
    Projects
        In the order of the ranking.
    """
    members = describe_members(ranking, facts)
    takes = (READY, WAITING) if settings.unsure_gates else (READY,)
    goes = members["gate"].isin(takes)
    if settings.whole_only:
        goes &= goes.groupby(members["unit_id"]).transform("all")
    goes &= ~members["unit_id"].isin(list(barred))
    table = _add_up(members[goes])
    table["members_left_out"] = _list_names(members[~goes], table.index)
    rest = members[~members["unit_id"].isin(table.index)]
    return Projects(table, _refuse(rest, takes, barred))


def describe_members(ranking: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Return rank, gate, score, households, unit and money of each community.

    Parameters
    ----------
    ranking
        See :attr:`geo.reserve.Ranking.table`.
    facts
        ``fund_<source>_cny`` by community.

    Returns
    -------
    pandas.DataFrame
        Index community id, by rank: `rank`, `gate`, `score`, `households`, `unit_id`,
        `cost_cny` and a column per source (yuan; NaN: unknown). Where the sources that
        are named make up the whole cost, the others are 0; else `unnamed_cny` is the
        rest (NaN: the cost is unknown), which any of them may have to bear. Where no
        source is named at all, who pays is still open: `unsourced_cny` is the cost,
        which counts in the total only. The columns of :func:`need_column` hold what is
        taken of each line at most.
    """
    columns = ["rank", "gate", "score", "households", "project_cost_cny"]
    members = ranking[columns].copy()
    members.index = members.index.astype("str")
    names = members.index.to_series()
    members["unit_id"] = find_units(ranking)
    money = pd.DataFrame(index=names.index)
    for source in FUND_SOURCES:
        column = money_column(source)
        blank = pd.Series(np.nan, index=facts.index)
        said = pd.to_numeric(facts.get(column, blank), errors="coerce")
        money[column] = said.reindex(members.index).astype("float64").round(2)
    cost = members.pop("project_cost_cny").astype("float64").round(2)
    # what is not named is nothing where what is named makes up the whole
    full = money.sum(axis=1) >= cost - _HALF_CENT
    money = money.mask(money.isna() & full.to_numpy()[:, None], 0.0)
    members["cost_cny"] = cost
    members = members.join(money)
    # the rest of the cost may come from any source that is not named
    rest = (cost - money.sum(axis=1)).clip(lower=0.0).round(2)
    none, some = money.isna().all(axis=1), money.isna().any(axis=1)
    members["unnamed_cny"] = rest.where((some & ~none) | cost.isna(), 0.0)
    members["unsourced_cny"] = cost.where(none, 0.0)
    for column in map(money_column, (ALL, *FUND_SOURCES)):
        members[need_column(column)] = members[column].fillna(members["unnamed_cny"])
    return members.sort_values("rank")


def find_units(ranking: pd.DataFrame) -> pd.Series:
    """Return the unit of each community.

    Parameters
    ----------
    ranking
        See :attr:`geo.reserve.Ranking.table`.

    Returns
    -------
    pandas.Series
        Unit by community id; a community without one is one by itself.
    """
    names = ranking.index.astype("str").to_series()
    units = ranking["unit_id"].astype("object").set_axis(names.index)
    return units.where(units.notna(), names).astype("str")


def _list_names(members: pd.DataFrame, units: pd.Index) -> list[tuple[str, ...]]:
    """Return the members of each unit, sorted by id."""
    names: dict[str, list[str]] = {}
    for name, unit in members["unit_id"].sort_index().items():
        names.setdefault(str(unit), []).append(str(name))
    return [tuple(names.get(str(unit), ())) for unit in units]


def _add_up(members: pd.DataFrame) -> pd.DataFrame:
    """Make one row of the members of each unit, in the order of the best of them."""
    by_unit = members.groupby("unit_id", sort=True)
    households = members["households"]
    # where no households are known, every member counts alike
    unknown = households.isna().groupby(members["unit_id"]).transform("all")
    weight = households.fillna(0.0).mask(unknown, 1.0)
    weighed = (members["score"] * weight).groupby(members["unit_id"]).sum()
    score = weighed / weight.groupby(members["unit_id"]).sum()
    table = pd.DataFrame(
        {
            "best_rank": by_unit["rank"].min().astype("int64"),
            "score": score.where(score.notna(), by_unit["score"].mean()).round(9),
            "households": by_unit["households"].sum(min_count=1),
            "households_unknown": households.isna().groupby(members["unit_id"]).sum(),
        }
    ).sort_values("best_rank")
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    table["communities"] = _list_names(members, table.index)
    columns = [money_column(line) for line in (ALL, *FUND_SOURCES)]
    columns += ["unnamed_cny", "unsourced_cny", *map(need_column, columns)]
    blank = members[columns].isna().groupby(members["unit_id"]).any()
    table = table.join(by_unit[columns].sum().round(2).mask(blank))
    table.index.name = "unit_id"
    return table


def _refuse(
    members: pd.DataFrame, takes: Collection[str], barred: Collection[str]
) -> pd.DataFrame:
    """Say why units are no projects."""
    table = _add_up(members)[["best_rank", "communities", "cost_cny"]]
    takes_part = members["gate"].isin(list(takes)).groupby(members["unit_id"])
    some = takes_part.any().reindex(table.index)
    waits = (members["gate"] == WAITING).groupby(members["unit_id"]).any()
    waits = waits.reindex(table.index)
    why = pd.Series(GATE_OUT, index=table.index)
    why = why.mask(waits, GATE_WAITING).mask(some, NOT_WHOLE)
    table.insert(0, "why", why.mask(table.index.isin(list(barred)), BARRED))
    return table
