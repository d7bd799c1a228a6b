"""Who pays: amounts and shares per source, with the bounds that the unknown leaves."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.coverage import Floats
from geo.evidence_schema import FUND_SOURCES

#: Shares that the indicators ask for, as sums of sources.
FUND_GROUPS: Mapping[str, tuple[str, ...]] = {
    # IND-2-04: 企业、产权单位、专业经营单位等社会力量及居民
    "social_resident": ("social", "owner_unit", "utility", "resident"),
    # YN-2-4: the same without residents
    "social": ("social", "owner_unit", "utility"),
    "bond": ("bond_special", "bond_general"),
    # IND-2-04 item 2: 地方财政 (Yunnan's copy), 地方政府 (Gansu's) with the bonds
    "fiscal": ("central", "province", "local"),
    "local": ("local",),
    "local_government": ("local", "bond_special", "bond_general"),
    # IND-2-06
    "loan": ("loan", "bond_corp"),
    "resident": ("resident",),
}
#: Funds that come this near to the cost are all of them (ledgers are rounded).
_NEAR_SHARE = 0.001


@dataclass(frozen=True, eq=False)
class Funding:
    """Funds of some communities.

    Attributes
    ----------
    table
        Index: sources in the order of `FUND_SOURCES`, then the groups of
        `FUND_GROUPS` (prefixed ``=``). `least_cny`, `most_cny`: bounds of the amount;
        `share_least`, `share_most`: of `total_cny`; `share`: where both are the same,
        else NaN; `missing`: communities whose records leave it open.
    total_cny
        Cost of the communities that are counted.
    counted
        Communities whose cost is known.
    unknown
        Communities of which neither the cost nor all funds are known: they are in
        no figure.
    """

    table: pd.DataFrame
    total_cny: float
    counted: tuple[str, ...]
    unknown: tuple[str, ...]


def measure_funding(
    facts: pd.DataFrame, communities: Collection[str] | None = None
) -> Funding:
    """Measure the funding mix.

    Parameters
    ----------
    facts
        Facts with ``fund_<source>_cny`` and `project_cost_cny`.
    communities
        Whose funds; by default all.

    Returns
    -------
    Funding
        Amounts and shares. Where the sources that are known make up the cost, an
        empty cell is nothing; otherwise the rest may be from any source that is
        not known.
    """
    rows = facts.sort_index()
    if communities is not None:
        rows = rows[rows.index.isin(list(communities))]
    cost, funds = read_funds(rows)
    counted = ~np.isnan(cost)
    named = rows.index.astype("str").to_numpy(dtype=object)
    total = float(cost[counted].sum())
    rest = _find_rest(cost, funds)
    parts: dict[str, tuple[str, ...]] = {one: (one,) for one in FUND_SOURCES}
    parts |= {f"={group}": sources for group, sources in FUND_GROUPS.items()}
    table = pd.DataFrame(
        [_sum_part(one, cost, funds, rest, named) for one in parts.values()],
        index=pd.Index(list(parts), name="source"),
    )
    for word in ("least", "most"):
        table[f"share_{word}"] = table[f"{word}_cny"] / total if total else np.nan
    same = np.isclose(table["least_cny"], table["most_cny"], rtol=0, atol=0.5)
    table["share"] = table["share_least"].where(same)
    return Funding(table, total, tuple(named[counted]), tuple(named[~counted]))


def read_funds(facts: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return what each project costs and who pays it, as far as it is known.

    Parameters
    ----------
    facts
        Facts of the communities.

    Returns
    -------
    numpy.ndarray
        Cost, CNY: as recorded, else the sum where every source is known; NaN unknown.
    numpy.ndarray
        Shape (communities, sources): amounts, CNY; an empty cell is 0 where the other
        sources make up the cost, else NaN.
    """
    funds = np.stack(
        [_numbers(facts, f"fund_{source}_cny") for source in FUND_SOURCES], axis=1
    )
    cost = _numbers(facts, "project_cost_cny")
    summed = np.nansum(funds, axis=1)
    whole = ~np.isnan(funds).any(axis=1)
    cost = np.where(np.isnan(cost) & whole, summed, cost)
    full = summed >= cost * (1 - _NEAR_SHARE)
    settled = np.isnan(funds) & full[:, None]
    return cost, np.where(settled, 0.0, funds)


def _find_rest(cost: Floats, funds: Floats) -> Floats:
    """Return what of the cost no known source pays."""
    rest: Floats = np.maximum(cost - np.nansum(funds, axis=1), 0.0)
    return rest


def _sum_part(
    sources: tuple[str, ...],
    cost: Floats,
    funds: Floats,
    rest: Floats,
    names: np.ndarray[tuple[int], np.dtype[np.object_]],
) -> dict[str, object]:
    at = [FUND_SOURCES.index(source) for source in sources]
    counted = ~np.isnan(cost)
    unsure = np.isnan(funds[:, at]).any(axis=1) & counted
    other = np.delete(funds, at, axis=1)
    # what nobody else can have paid is theirs
    alone = unsure & ~np.isnan(other).any(axis=1)
    known = np.nansum(funds[:, at], axis=1)
    least = known + np.where(alone, rest, 0.0)
    most = known + np.where(unsure, rest, 0.0)
    return {
        "least_cny": float(least[counted].sum()),
        "most_cny": float(most[counted].sum()),
        "missing": tuple(names[unsure & ~alone]),
    }


def _numbers(facts: pd.DataFrame, column: str) -> Floats:
    if column not in facts:
        return np.full(len(facts), np.nan)
    values = pd.to_numeric(facts[column], errors="coerce").astype("float64")
    return np.asarray(values, dtype=np.float64)
