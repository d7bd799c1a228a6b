"""Parts of the indicators that go by funds and by what the county can do."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from geo.evidence_schema import FUND_SOURCES
from geo.funding import read_funds
from geo.indicator_basis import Basis
from geo.indicator_rules import Part
from geo.indicator_tally import Tally, say_why


def measure_funds(part: Part, basis: Basis) -> Tally:
    """Sum what some sources pay.

    Parameters
    ----------
    part
        Option `sources` (of :data:`geo.evidence_schema.FUND_SOURCES`).
    basis
        What is measured on.

    Returns
    -------
    Tally
        CNY of these sources, of the cost. What no known source pays may be from any
        that is not known; a community without a cost is left out.
    """
    scope = basis.scopes[part.scope]
    if not scope.ids:
        return replace(say_why(Tally(), "no_plan"), missing=("plan_year",))
    facts = basis.ground.facts.reindex(list(scope.ids))
    cost, funds = read_funds(facts)
    wanted = np.isin(FUND_SOURCES, part.words("sources"))
    rest = np.maximum(cost - np.nansum(funds, axis=1), 0.0)
    blank = np.isnan(funds)
    unsure = blank[:, wanted].any(axis=1) & (rest > 0)
    # what nobody else can have paid is theirs
    theirs = unsure & ~blank[:, ~wanted].any(axis=1)
    paid = np.nansum(funds[:, wanted], axis=1) + np.where(theirs, rest, 0.0)
    known = ~np.isnan(cost)
    unsure &= ~theirs & known
    ids = np.array(scope.ids, dtype=object)
    lost = tuple(sorted({*ids[unsure], *ids[~known]}))
    return Tally(
        float(paid[known].sum()),
        float(cost[known].sum()),
        undecided=float(rest[unsure].sum()),
        left_out=int((~known).sum()),
        met_ids=tuple(sorted(ids[known & ~unsure & (paid > 0)])),
        short_ids=tuple(sorted(ids[known & ~unsure & (paid <= 0)])),
        unknown_ids=lost,
        missing=_name_funds(part, lost),
    )


def measure_capacity(part: Part, basis: Basis) -> Tally:
    """Compare the cost of the plan with the funds of its year.

    Parameters
    ----------
    part
        The part.
    basis
        What is measured on.

    Returns
    -------
    Tally
        A ratio: cost by funds. Communities without a cost are left out.
    """
    scope = basis.scopes[part.scope]
    if not scope.ids:
        return replace(say_why(Tally(), "no_plan"), missing=("plan_year",))
    cost = basis.numbers(scope.ids, "project_cost_cny")
    lost = tuple(sorted(str(one) for one in cost.index[cost.isna()]))
    available = _read_budget(basis, "available_cny")
    tally = Tally(
        float(cost.sum()),
        available,
        left_out=len(lost),
        met_ids=tuple(sorted(str(one) for one in cost.index[cost.notna()])),
        unknown_ids=lost,
        missing=("project_cost_cny",) if lost else (),
    )
    if available > 0:
        return tally
    told = say_why(replace(tally, denominator=0.0), "no_budget")
    return replace(told, missing=("budgets.available_cny", *tally.missing))


def measure_delivery(part: Part, basis: Basis) -> Tally:
    """Compare the projects of the plan with those that can be organised.

    Parameters
    ----------
    part
        The part.
    basis
        What is measured on.

    Returns
    -------
    Tally
        A ratio: units with a community of the plan (one without a unit is a project
        of its own) by the projects of the table ``budgets``.
    """
    scope = basis.scopes[part.scope]
    if not scope.ids:
        return replace(say_why(Tally(), "no_plan"), missing=("plan_year",))
    ids = pd.Series(list(scope.ids), index=list(scope.ids))
    unit_of = basis.ground.unit_of
    units = ids if unit_of is None else unit_of.reindex(ids.index).fillna(ids)
    most = _read_budget(basis, "projects_most")
    tally = Tally(float(units.nunique()), most, met_ids=scope.ids)
    if most > 0:
        return tally
    told = say_why(replace(tally, denominator=0.0), "no_projects")
    return replace(told, missing=("budgets.projects_most",))


def _name_funds(part: Part, lost: tuple[str, ...]) -> tuple[str, ...]:
    if not lost:
        return ()
    return ("project_cost_cny", *(f"fund_{one}_cny" for one in part.words("sources")))


def _read_budget(basis: Basis, column: str) -> float:
    """Return the total of the year of the plan: the row of all, else the sum."""
    budgets = basis.table("budgets")
    rows = budgets[budgets["year"] == basis.ground.plan_year]
    whole = rows.loc[rows["source"].fillna("all") == "all", column].dropna()
    if len(whole):
        return float(whole.iloc[0])
    parts = rows[column]
    if not len(rows) or parts.isna().any():
        return 0.0
    return float(parts.max() if column == "projects_most" else parts.sum())


#: Kind of a part to the function that measures it.
FUND_KINDS: Mapping[str, Callable[[Part, Basis], Tally]] = {
    "funds": measure_funds,
    "capacity": measure_capacity,
    "delivery": measure_delivery,
}
