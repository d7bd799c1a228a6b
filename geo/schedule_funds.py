"""What there is to pay for a plan, and by how much the ledger's own plan exceeds it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.chains import FloatArray
from geo.evidence_schema import FUND_SOURCES
from geo.schedule_problem import ALIKE_CNY
from geo.schedule_projects import ALL, money_column

__all__ = ["OVER_COLUMNS", "PROJECTS", "Budgets", "find_overrun", "read_budgets"]

#: Stands among the lines of funds for the number of projects.
PROJECTS = "projects"

OVER_COLUMNS = ("year", "source", "needed", "unknown", "available", "over")


@dataclass(frozen=True, eq=False)
class Budgets:
    """Funds and capacity per year.

    Attributes
    ----------
    available_cny
        Index year, columns `ALL` and :data:`geo.evidence_schema.FUND_SOURCES`; NaN:
        none on record, which limits nothing and is said.
    projects_most
        Index year; NaN: none on record.
    """

    available_cny: pd.DataFrame
    projects_most: pd.Series

    @property
    def lines(self) -> tuple[str, ...]:
        """Return the total, then the sources that are limited in some year."""
        some = self.available_cny.notna().any()
        return (ALL, *(source for source in FUND_SOURCES if some[source]))

    def limits(self) -> tuple[FloatArray, FloatArray]:
        """Return money, (T, lines), and projects, (T,); inf: no limit."""
        cny = self.available_cny[list(self.lines)].to_numpy(dtype=np.float64)
        most = self.projects_most.to_numpy(dtype=np.float64)
        return (
            np.where(np.isnan(cny), np.inf, cny),
            np.where(np.isnan(most), np.inf, most),
        )


def read_budgets(
    table: pd.DataFrame, years: Sequence[int], *, projects_most: int = 0
) -> Budgets:
    """Read funds and capacity of the years of a plan.

    Parameters
    ----------
    table
        Table ``budgets`` of the evidence; a row without source is the total.
    years
        Years of the plan, in order.
    projects_most
        Projects per year whatever the table says; 0: as it says.

    Returns
    -------
    Budgets
        What is on record. Where rows of a year give different numbers of projects,
        the one of the total counts, else the smallest.
    """
    wanted = list(years)
    rows = table[table["year"].isin(wanted)]
    rows = rows.assign(source=rows["source"].fillna(ALL), year=rows["year"].astype(int))
    money = rows.dropna(subset=["available_cny"])
    wide = money.pivot_table(
        "available_cny", index="year", columns="source", aggfunc="min"
    )
    wide = wide.reindex(index=wanted, columns=[ALL, *FUND_SOURCES]).astype("float64")
    least = rows.groupby("year")["projects_most"].min()
    whole = rows[rows["source"] == ALL].groupby("year")["projects_most"].min()
    most = whole.combine_first(least).reindex(wanted).astype("float64")
    if projects_most > 0:
        most = pd.Series(float(projects_most), index=wanted)
    return Budgets(wide.round(2), most.rename("projects_most"))


def find_overrun(members: pd.DataFrame, budgets: Budgets) -> pd.DataFrame:
    """Find by how much the ledger's own plan exceeds funds and capacity.

    Parameters
    ----------
    members
        See :func:`geo.schedule_projects.describe_members`: `plan_year` of each
        community, its unit and money.
    budgets
        What there is.

    Returns
    -------
    pandas.DataFrame
        `OVER_COLUMNS`: per year and line (``projects``: units, of which any member is
        planned in that year), what is needed (known ones added up), how many
        communities do not say, what there is (NaN: no limit on record) and by how
        much it is exceeded, at least (0: it is not; NaN: no limit).
    """
    rows: list[tuple[object, ...]] = []
    years = [int(year) for year in budgets.available_cny.index]
    for year, most in zip(years, budgets.projects_most, strict=True):
        limits = budgets.available_cny.loc[year]
        own = members[members["plan_year"] == year]
        for line in budgets.lines:
            column = money_column(line)
            needed, unknown = own[column].sum(), int(own[column].isna().sum())
            rows.append((year, line, round(needed, 2), unknown, limits[line]))
        count = float(own["unit_id"].nunique())
        rows.append((year, PROJECTS, count, 0, most))
    table = pd.DataFrame(rows, columns=list(OVER_COLUMNS[:-1]))
    over = table["needed"] - table["available"]
    table["over"] = np.where(
        over > ALIKE_CNY, over.round(2), over.where(over.isna(), 0)
    )
    return table
