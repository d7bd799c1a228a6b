"""Do the renewal plans of utilities meet the communities that need them.

A community needs what its ledger calls broken or missing (破损、缺失), and what its
own works renovate. Gas and district heating are not everywhere: unless somebody
surveyed them they are not asked for. A plan of a utility is one for a community if its
pipe comes near to the outline, or if the table ``utility_plans`` names the community;
it meets it if the years differ by no more than the tolerance. Both tolerances are this
tool's choice (policy rule N-1-4a).
"""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.conditions import FAILS, HOLDS, read_condition
from geo.coverage import Ints
from geo.evidence_schema import UTILITY_KINDS
from geo.work_places import find_within

#: Networks that not every place has.
NOT_EVERYWHERE = ("gas", "heat")

#: Whether a community needs a network renewed.
NEEDED, SOUND, NOT_SURVEYED, NOT_HERE = "yes", "no", "unknown", "not_asked"

#: How plan and community meet.
MATCHED, YEAR_OFF, NO_PLAN = "matched", "year_off", "no_plan"
ITEM_YEAR, PLAN_YEAR, NO_DATA = "item_year_missing", "plan_year_missing", "no_data"

#: Columns of `match_utilities`.
MATCH_COLUMNS = (
    "community_id",
    "kind",
    "needed",
    "state",
    "item_id",
    "item_year",
    "distance_m",
    "plan_year",
    "owner",
)


def match_utilities(
    facts: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    communities: gpd.GeoDataFrame,
    utilities: gpd.GeoDataFrame,
    *,
    near_m: float,
    years: int,
) -> pd.DataFrame:
    """Match renewal plans of utilities with the communities that need them.

    Parameters
    ----------
    facts
        Facts by community id: `condition_<kind>`, `plan_year`.
    tables
        Tables of evidence: ``works``, ``utility_plans``.
    communities, utilities
        Layers in one metric CRS.
    near_m
        A pipe this near to the outline belongs to it.
    years
        Years by which the two plans may differ.

    Returns
    -------
    pandas.DataFrame
        One row per community and kind, sorted by community and in the order of
        :data:`geo.evidence_schema.UTILITY_KINDS`: `MATCH_COLUMNS`. `needed` is
        ``yes``, ``no``, ``unknown`` (not surveyed) or ``not_asked``; `state`
        ``matched``, ``year_off``, ``no_plan``, ``item_year_missing``,
        ``plan_year_missing`` or ``no_data`` (no plan of any utility is on record).
        The item is the one whose year comes nearest, then the nearest place, then
        the smaller id; its distance is NaN where only the table names it.
    """
    grid = _tell_needs(facts, tables["works"])
    items = _list_items(tables["utility_plans"], communities, utilities, near_m)
    year = _read_years(facts)
    items["away"] = (items["item_year"] - items["community_id"].map(year)).abs()
    order = ["community_id", "kind", "away", "distance_m", "item_id"]
    best = items.sort_values(order).drop_duplicates(["community_id", "kind"])
    table = grid.merge(best, how="left", on=["community_id", "kind"])
    table["plan_year"] = table["community_id"].map(year).astype("float64")
    anything = bool(len(utilities)) or bool(len(tables["utility_plans"]))
    table["state"] = _judge(table, years, anything=anything)
    return table[list(MATCH_COLUMNS)]


def _judge(table: pd.DataFrame, years: int, *, anything: bool) -> Ints:
    none = table["item_id"].isna()
    return np.select(
        [
            none & (not anything),
            none,
            table["plan_year"].isna(),
            table["item_year"].isna(),
            table["away"] <= years,
        ],
        [NO_DATA, NO_PLAN, PLAN_YEAR, ITEM_YEAR, MATCHED],
        YEAR_OFF,
    )


def _tell_needs(facts: pd.DataFrame, works: pd.DataFrame) -> pd.DataFrame:
    """Tell which networks each community needs renewed."""
    ids = facts.index.astype("str")
    pairs = works[["community_id", "utility_kind"]].dropna().astype("str")
    worked = set(zip(pairs["community_id"], pairs["utility_kind"], strict=True))
    columns = {}
    for kind in UTILITY_KINDS:
        level = read_condition(facts, f"condition_{kind}")
        own = np.array([(name, kind) in worked for name in ids], dtype=np.bool_)
        unsaid = NOT_HERE if kind in NOT_EVERYWHERE else NOT_SURVEYED
        columns[kind] = np.select(
            [own | (level == HOLDS), level == FAILS], [NEEDED, SOUND], unsaid
        )
    wide = pd.DataFrame(columns, index=pd.Index(ids, name="community_id")).sort_index()
    return pd.DataFrame(
        {
            "community_id": np.repeat(wide.index.to_numpy(dtype=object), len(columns)),
            "kind": np.tile(np.array(UTILITY_KINDS, dtype=object), len(wide)),
            "needed": wide.to_numpy(dtype=object).ravel(),
        }
    )


def _list_items(
    plans: pd.DataFrame,
    communities: gpd.GeoDataFrame,
    utilities: gpd.GeoDataFrame,
    near_m: float,
) -> pd.DataFrame:
    """List the renewals that are there for each community."""
    found = find_within(communities.geometry, utilities.geometry, near_m)
    here = utilities.iloc[found["other"].to_numpy()]
    drawn = pd.DataFrame(
        {
            "community_id": communities.index[found["at"].to_numpy()].astype("object"),
            "kind": here["kind"].to_numpy(dtype=object),
            "item_id": here.index.to_numpy(dtype=object),
            "item_year": here["year"].to_numpy(dtype=np.float64),
            "distance_m": found["distance_m"].to_numpy(),
            "owner": here["owner"].to_numpy(dtype=object),
        }
    )
    said = plans.rename(columns={"id": "item_id", "year": "item_year"})
    said = said[said["community_id"].notna()].assign(distance_m=np.nan)
    both = [drawn, said[drawn.columns].astype(drawn.dtypes)]
    return pd.concat([one for one in both if len(one)] or [drawn], ignore_index=True)


def _read_years(facts: pd.DataFrame) -> pd.Series:
    if "plan_year" not in facts:
        return pd.Series(np.nan, facts.index)
    return pd.to_numeric(facts["plan_year"], errors="coerce").astype("float64")
