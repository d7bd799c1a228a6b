"""What a plan comes to, unit by unit and year by year."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from geo.evidence_schema import FUND_SOURCES
from geo.schedule_funds import Budgets
from geo.schedule_problem import ALIKE_CNY, ScheduleProblem
from geo.schedule_projects import ALL, money_column, need_column
from geo.schedule_reasons import Frame, say_delays
from geo.schedule_solve import Choice
from geo.schedule_years import UnitYears

__all__ = ["measure_years", "name_renewals", "tell_units"]

#: Whether the year of a unit suits its networks.
KEPT, BROKEN, NONE_KNOWN = "kept", "broken", "none"


def tell_units(
    projects: pd.DataFrame,
    problem: ScheduleProblem,
    choice: Choice,
    frame: Frame,
    found: Mapping[str, UnitYears],
) -> pd.DataFrame:
    """Lay out the units of a plan.

    Parameters
    ----------
    projects
        See :attr:`geo.schedule_projects.Projects.table`.
    problem, choice, frame
        The problem, its plan, and names.
    found
        Years that suit the networks of each unit.

    Returns
    -------
    pandas.DataFrame
        See :attr:`geo.schedule.Schedule.table`.
    """
    done = np.flatnonzero(choice.year >= 0)
    table = projects.iloc[done].copy()
    years = [frame.years[at] for at in choice.year[done]]
    table.insert(0, "year", np.array(years, dtype=np.int64))
    for column in ("communities", "members_left_out"):
        table[column] = ["|".join(names) for names in table[column]]
    table["pinned"] = problem.pinned[done] >= 0
    units = [found[str(unit)] for unit in table.index]
    table["utility_years"] = [name_renewals(one) for one in units]
    table["to_coordinate"] = [
        name_renewals(one, one.unmet[year])
        for one, year in zip(units, years, strict=True)
    ]
    known, unmet = table["utility_years"] != "", table["to_coordinate"] != ""
    table["underground_first"] = np.select(
        [np.asarray(unmet), np.asarray(known)], [BROKEN, KEPT], NONE_KNOWN
    )
    delays = say_delays(problem, choice, frame)
    table["later_because"] = [
        "|".join(f"{year}={why}" for year, why in delays.get(str(unit), ()))
        for unit in table.index
    ]
    return table.sort_values(["year", "rank"])


def name_renewals(found: UnitYears, kinds: Collection[str] | None = None) -> str:
    """Return the renewals of a unit's networks as one text.

    Parameters
    ----------
    found
        See :func:`geo.schedule_years.find_unit_years`.
    kinds
        Only these networks; None: all.

    Returns
    -------
    str
        ``gas:2027|water:2027,2028``; empty: none is known.
    """
    return "|".join(
        f"{kind}:{','.join(map(str, years))}"
        for kind, years in found.renewals
        if kinds is None or kind in kinds
    )


def measure_years(
    table: pd.DataFrame, budgets: Budgets, choice: Choice, frame: Frame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure what each year uses of funds and capacity.

    Parameters
    ----------
    table
        See :func:`tell_units`.
    budgets
        What there is.
    choice, frame
        The plan, and names.

    Returns
    -------
    years : pandas.DataFrame
        See :attr:`geo.schedule.Schedule.years`.
    funds : pandas.DataFrame
        See :attr:`geo.schedule.Schedule.funds`.
    """
    funds = _measure_lines(table, budgets)
    whole = funds[funds["source"] == ALL].set_index("year")
    by_year = table.groupby("year")
    years = pd.DataFrame(index=pd.Index(frame.years, name="year"))
    years["projects"] = by_year.size()
    years["communities"] = by_year["communities"].agg(
        lambda one: one.str.count("[|]").add(1).sum()
    )
    years["households"] = by_year["households"].sum()
    years = years.fillna(0).astype({"projects": "int64", "communities": "int64"})
    columns = ["used_cny", "unknown", "available_cny", "left_cny", "over_cny"]
    names = ["cost_cny", "cost_unknown", *columns[2:]]
    years[names] = whole[columns].to_numpy()
    years["cost_unknown"] = years["cost_unknown"].astype("int64")
    years["projects_most"] = budgets.projects_most
    over = years["projects"] - years["projects_most"]
    years["over_projects"] = over.clip(lower=0)
    closed = [None if at < 0 else frame.units[at] for at in choice.closed_by]
    years["closed_by"] = pd.Series(closed, years.index, dtype="object")
    return years, funds


def _measure_lines(table: pd.DataFrame, budgets: Budgets) -> pd.DataFrame:
    """Measure what is used of each line in each year."""
    lines, available = (ALL, *FUND_SOURCES), budgets.available_cny
    names = [money_column(line) for line in lines]
    years = available.index
    sums = table.groupby("year")[[*names, *map(need_column, names)]].sum()
    sums = sums.reindex(years, fill_value=0.0)
    blank = table[names].isna().groupby(table["year"]).sum()
    used = sums[names].to_numpy().ravel()
    at_most = sums[[*map(need_column, names)]].to_numpy().ravel()
    limit = available[list(lines)].to_numpy(dtype=np.float64).ravel()
    over = np.where(used - limit > ALIKE_CNY, used - limit, 0.0)
    return pd.DataFrame(
        {
            "year": np.repeat(years.to_numpy(dtype=np.int64), len(lines)),
            "source": np.tile(np.array(lines, dtype=object), len(years)),
            "used_cny": used.round(2),
            "reserved_cny": (at_most - used).round(2),
            "unknown": blank.reindex(years, fill_value=0).to_numpy().ravel(),
            "available_cny": limit,
            "left_cny": np.maximum(limit - at_most, 0.0).round(2),
            "over_cny": np.where(np.isnan(limit), np.nan, over.round(2)),
        }
    )
