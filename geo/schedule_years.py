"""Years that suit a unit's utilities: dug up once, and underground first.

最多改一次 and 先地下、后地上: a unit is best renovated in the year in which a network
that its members need is renewed, or some years after, never before. Where a network
is renewed in several years, one of them is enough. A unit may go in those years of the
plan that suit the most of its networks; which do not suit is for the planner to
coordinate with the utilities. So a network that is renewed long after the plan holds
nobody up, and is named. A renewal that nobody plans, or in no known year, binds nobody
here; the clauses say so (policy rule N-1-4a).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.evidence_schema import UTILITY_KINDS
from geo.rulings import Ground
from geo.schedule_problem import BoolArray
from geo.utility_match import NEEDED, match_utilities
from geo.work_places import find_within

__all__ = ["UnitYears", "allow_years", "find_renewals", "find_unit_years"]

_COLUMNS = ("community_id", "kind", "year")


@dataclass(frozen=True, slots=True)
class UnitYears:
    """When the networks of a unit are renewed, and what that leaves it.

    Attributes
    ----------
    renewals
        Kind and years of renewal of each network that a member needs, in the order of
        :data:`geo.evidence_schema.UTILITY_KINDS`.
    allowed
        Years of the plan that suit the most networks of members; all of them where no
        renewal is known.
    unmet
        Year of the plan to the kinds that it does not suit.
    """

    renewals: tuple[tuple[str, tuple[int, ...]], ...]
    allowed: tuple[int, ...]
    unmet: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def find_renewals(ground: Ground) -> pd.DataFrame:
    """List the renewals of networks that communities need.

    Parameters
    ----------
    ground
        Facts, layers and tables.

    Returns
    -------
    pandas.DataFrame
        Columns `community_id`, `kind`, `year` (a whole number), sorted, each once.
    """
    district, tables = ground.plan.district, ground.tables
    settings = ground.settings
    match = match_utilities(
        ground.facts,
        tables,
        district.communities,
        district.utilities,
        near_m=settings.utility_near_m,
        years=settings.utility_years,
    )
    needed = match.loc[match["needed"] == NEEDED, ["community_id", "kind"]]
    items = [
        _list_drawn(
            district.communities, district.utilities, near_m=settings.utility_near_m
        ),
        tables["utility_plans"][list(_COLUMNS)],
    ]
    items = [one.astype({"year": "float64"}).astype("object") for one in items]
    listed = pd.concat(items, ignore_index=True).dropna()
    found = listed.merge(needed.astype("object"), on=["community_id", "kind"])
    found["year"] = found["year"].astype("int64")
    return found.drop_duplicates().sort_values(list(_COLUMNS), ignore_index=True)


def _list_drawn(
    communities: gpd.GeoDataFrame, utilities: gpd.GeoDataFrame, *, near_m: float
) -> pd.DataFrame:
    near = find_within(communities.geometry, utilities.geometry, near_m)
    here = utilities.iloc[near["other"].to_numpy()]
    names = communities.index[near["at"].to_numpy()]
    return pd.DataFrame(
        {
            "community_id": names.to_numpy(dtype=object),
            "kind": here["kind"].to_numpy(dtype=object),
            "year": here["year"].to_numpy(dtype=np.float64),
        }
    )


def find_unit_years(
    renewals: pd.DataFrame,
    members: Mapping[str, Sequence[str]],
    years: Sequence[int],
    *,
    within: int,
) -> dict[str, UnitYears]:
    """Find which years suit the networks of each unit.

    Parameters
    ----------
    renewals
        See :func:`find_renewals`.
    members
        Unit id to the communities that are renovated.
    years
        Years of the plan.
    within
        Years by which a unit may come after its networks.

    Returns
    -------
    dict
        Unit id to its years. A renewal more than `within` years before the first
        year of the plan is over and binds nobody.
    """
    recent = renewals[renewals["year"] >= min(years) - within]
    by_community = dict(list(recent.groupby("community_id")))
    return {
        unit: _join_years(
            [by_community[one] for one in names if one in by_community], years, within
        )
        for unit, names in members.items()
    }


def _join_years(
    found: Sequence[pd.DataFrame], years: Sequence[int], within: int
) -> UnitYears:
    renewed: dict[str, set[int]] = {}
    missed: dict[int, list[str]] = {year: [] for year in years}
    for rows in found:
        for kind, own in rows["year"].groupby(rows["kind"]):
            known = {int(year) for year in own}
            renewed.setdefault(str(kind), set()).update(known)
            for year, kinds in missed.items():
                if not any(one <= year <= one + within for one in known):
                    kinds.append(str(kind))
    fewest = min(map(len, missed.values()))
    order = [kind for kind in UTILITY_KINDS if kind in renewed]
    return UnitYears(
        tuple((kind, tuple(sorted(renewed[kind]))) for kind in order),
        tuple(year for year in years if len(missed[year]) == fewest),
        {year: tuple(k for k in order if k in set(missed[year])) for year in years},
    )


def allow_years(
    found: Mapping[str, UnitYears], units: Sequence[str], years: Sequence[int]
) -> BoolArray:
    """Lay out which units may go in which years.

    Parameters
    ----------
    found
        See :func:`find_unit_years`.
    units
        Units, in the order of the rows.
    years
        Years of the plan, in the order of the columns.

    Returns
    -------
    numpy.ndarray
        Whether a unit may go in a year; (P, T).
    """
    rows = [[year in found[unit].allowed for year in years] for unit in units]
    return np.array(rows, dtype=np.bool_).reshape(len(units), len(years))
