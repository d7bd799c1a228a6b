"""Projects of the plan: whole units, what they cost, and what there is to pay it.

A unit is one project: those of its members that may be planned are renovated together,
in one year; the others are named. It stands in the order where the best-ranked of them
stands. Its score is their mean, weighted by households.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from geo.chains import FloatArray
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
    members: pd.DataFrame,
    settings: ScheduleSettings,
    *,
    barred: Collection[str] = (),
) -> Projects:
    """Make a project of every unit that may be planned.

    Parameters
    ----------
    members
        See :func:`describe_members`.
    settings
        `unsure_gates` and `whole_only`.
    barred
        Units that must not be planned.

    Returns
    -------
    Projects
        In the order of the ranking.
    """
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
        See :attr:`geo.reserve.Ranking.table`: `rank`, `gate`, `score`, `households`,
        `plan_year`, `unit_id` (missing: a community by itself) and `project_cost_cny`
        by community.
    facts
        ``fund_<source>_cny`` by community, as far as there are any.

    Returns
    -------
    pandas.DataFrame
        Index community id, by rank: `rank`, `gate`, `score`, `households`,
        `plan_year`, `unit_id`, `cost_cny` and a column per source (yuan; NaN: unknown).
        Where the sources that are named make up the whole cost, the others are 0; else
        `unnamed_cny` is the rest (NaN: the cost is unknown), which any of them may have
        to bear. Where no source is named at all, who pays is still open:
        `unsourced_cny` is the cost, which counts in the total only. The columns of
        :func:`need_column` hold what is taken of each line at most.
    """
    columns = ["rank", "gate", "score", "households", "plan_year"]
    members = ranking[columns].set_axis(ranking.index.astype("str"))
    members["unit_id"] = find_units(ranking)
    cost = ranking["project_cost_cny"].to_numpy(dtype=np.float64).round(2)
    names = [money_column(source) for source in FUND_SOURCES]
    said = facts.reindex(index=members.index, columns=names)
    said = said.apply(pd.to_numeric, errors="coerce")
    told = _share_cost(cost, said.to_numpy(dtype=np.float64).round(2))
    names = [money_column(ALL), *names]
    names += ["unnamed_cny", "unsourced_cny", *map(need_column, names)]
    money = pd.DataFrame(told, index=members.index, columns=names)
    return pd.concat([members, money], axis=1).sort_values("rank")


def _share_cost(cost: FloatArray, money: FloatArray) -> FloatArray:
    """Return cost, sources, what is not named, and what is taken of each at most."""
    blank = np.isnan(money)
    none, some = blank.all(axis=1), blank.any(axis=1)
    rest = cost - np.nan_to_num(money).sum(axis=1)
    # what is not named is nothing where what is named makes up the whole
    money = np.where(blank & (rest <= _HALF_CENT)[:, None], 0.0, money)
    # else the rest of the cost may come from any source that is not named
    unnamed = np.maximum(rest, 0.0).round(2)
    unnamed = np.where((some & ~none) | np.isnan(cost), unnamed, 0.0)
    unsourced = np.where(none, cost, 0.0)
    taken = np.where(np.isnan(money), unnamed[:, None], money)
    return np.column_stack([cost, money, unnamed, unsourced, cost, taken])


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
    unit, names = pd.factorize(members["unit_id"], sort=True)
    columns = [name for name in members if str(name).endswith("_cny")]
    score = members["score"].to_numpy(dtype=np.float64)
    households = members["households"].to_numpy(dtype=np.float64)
    known = ~np.isnan(households)
    best = np.full(len(names), np.inf)
    np.minimum.at(best, unit, members["rank"].to_numpy(dtype=np.float64))
    # where no households are known, every member counts alike
    count = np.bincount(unit, np.nan_to_num(households), len(names))
    some = np.bincount(unit, known, len(names)) > 0
    weight = np.where((count > 0)[unit], np.nan_to_num(households), 1.0)
    weighed = np.bincount(unit, score * weight, len(names))
    mean = weighed / np.bincount(unit, weight, len(names))
    money = np.zeros((len(names), len(columns)))
    np.add.at(money, unit, members[columns].to_numpy(dtype=np.float64))
    table = pd.DataFrame(
        {
            "best_rank": best.astype(np.int64),
            "score": mean.round(9),
            "households": np.where(some, count, np.nan),
            "households_unknown": np.bincount(unit, ~known, len(names)).astype(int),
            "communities": _list_names(members, pd.Index(names)),
            **dict(zip(columns, money.round(2).T, strict=True)),
        },
        index=pd.Index(names, name="unit_id", dtype="str"),
    ).sort_values("best_rank")
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def _refuse(
    members: pd.DataFrame, takes: Collection[str], barred: Collection[str]
) -> pd.DataFrame:
    """Say why units are no projects."""
    table = _add_up(members)[["best_rank", "communities", "cost_cny"]]
    gates: dict[str, set[str]] = {}
    for unit, gate in zip(members["unit_id"], members["gate"], strict=True):
        gates.setdefault(unit, set()).add(gate)
    why = []
    for unit in map(str, table.index):
        if unit in barred:
            why.append(BARRED)
        elif gates[unit] & set(takes):
            why.append(NOT_WHOLE)
        else:
            why.append(GATE_WAITING if WAITING in gates[unit] else GATE_OUT)
    table.insert(0, "why", pd.Series(why, table.index, dtype="str"))
    return table
