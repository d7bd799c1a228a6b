"""Who stays unserved, by name: the nearest resource, how far it is, what would help.

A solver's irreducible set names one conflict and hides the others; here every place
is looked at by itself (METHODS §3).
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from geo.reach import MAX_CUTOFF_M
from geo.settings import SiteSettings
from geo.site_basis import SiteBasis, SiteWishes, reach_of
from geo.site_links import measure_links
from geo.site_options import list_options
from geo.site_tables import NOBODY

#: Resources are looked for so many times as far as people walk.
TIMES = 3.0

#: Why somebody stays unserved, and what would change it, the likeliest remedy first.
CHANGES = {
    "full": "area",
    "not_chosen": "budget",
    "refused": "wish",
    "unsure": "verify",
    "too_far": "radius",
    "unsure_far": "radius",
    "none_near": "resource",
}

UNMET_COLUMNS = (
    "community_id",
    "category",
    "people",
    "households",
    "group",
    "nearest_idle_id",
    "nearest_m",
    "reach_m",
    "why",
    "change",
    "estimated",
)


def list_unmet(
    basis: SiteBasis,
    settings: SiteSettings,
    wishes: SiteWishes,
    table: pd.DataFrame,
    flows: pd.DataFrame,
) -> pd.DataFrame:
    """List whom a plan does not serve, and why.

    Parameters
    ----------
    basis
        Need, resources and walks.
    settings, wishes
        What the plan was made with.
    table, flows
        What is built, and who walks there (:mod:`geo.site_tables`).

    Returns
    -------
    pandas.DataFrame
        One row per community and category, sorted by both, columns `UNMET_COLUMNS`:
        `people` and `households` unserved (NaN: nobody knows how many), the nearest
        resource that explains it (None: there is none within three times the reach)
        and the walk to it, `why`: ``full`` (built in reach, but full),
        ``not_chosen`` (could be built in reach), ``refused`` (the planner does not
        want it), ``unsure`` (in reach, but nobody knows whether it may be used),
        ``too_far``, ``unsure_far`` (the nearest is beyond reach), ``none_near``, or
        a code of :attr:`geo.site_demand.Demand.left_out`; `change`: ``area``,
        ``budget``, ``wish``, ``verify``, ``radius``, ``resource``, ``data``.
    """
    rows = _remaining(basis, settings, flows)
    near = _find_near(basis, settings, wishes, table, rows)
    told = rows.join(near)
    reach = reach_of(basis.circle, settings)
    told["reach_m"] = told["category"].map(reach).astype("float64")
    order = list(CHANGES)
    told["rank"] = told["why"].map(order.index)
    told = told.sort_values(["community_id", "category", "rank", "nearest_m", "place"])
    groups = told.groupby(["community_id", "category"], sort=True)
    first = groups[["group", "nearest_idle_id", "nearest_m", "reach_m", "why"]].nth(0)
    sums = groups.agg(
        people=("people", "sum"),
        households=("households", lambda one: one.sum(skipna=False)),
        estimated=("estimated", "any"),
    ).reset_index()
    unmet = pd.concat([sums, first.reset_index(drop=True)], axis="columns")
    unmet["change"] = unmet["why"].map(CHANGES)
    whole = pd.concat([unmet, _left_out(basis, settings, reach)], ignore_index=True)
    whole = whole.sort_values(["community_id", "category"], ignore_index=True)
    return whole.loc[:, list(UNMET_COLUMNS)]


def _remaining(
    basis: SiteBasis, settings: SiteSettings, flows: pd.DataFrame
) -> pd.DataFrame:
    """Return the needs with the people that are still unserved."""
    rows = basis.demand.rows
    rows = rows[rows["category"].isin(settings.categories)].reset_index(drop=True)
    served = flows.groupby(["place", "community_id", "category"])["people"].sum()
    keys = pd.MultiIndex.from_frame(rows[["place", "community_id", "category"]])
    done = served.reindex(keys).fillna(0.0).to_numpy()
    left = rows["amount"].to_numpy() - done
    rows = rows.assign(
        people=left, households=rows["households"] * left / rows["amount"]
    )
    # what solvers and sums leave over is nobody
    kept = left > np.maximum(NOBODY, 1e-6 * rows["amount"].to_numpy())
    left_over: pd.DataFrame = rows[kept].reset_index(drop=True)
    return left_over


def _find_near(
    basis: SiteBasis,
    settings: SiteSettings,
    wishes: SiteWishes,
    table: pd.DataFrame,
    rows: pd.DataFrame,
) -> pd.DataFrame:
    """Find the resource that explains best why each need stays unmet."""
    pairs = _list_pairs(basis, settings, wishes, table)
    reach = reach_of(basis.circle, settings)
    wide = {key: min(TIMES * far, MAX_CUTOFF_M) for key, far in reach.items()}
    used = basis.district.idle.geometry.loc[sorted(set(pairs["idle_id"]))]
    links = measure_links(basis.circle, rows, used, wide)
    links["category"] = rows["category"].to_numpy()[links["row"].to_numpy()]
    found = links.merge(pairs, on=["idle_id", "category"])
    # of no rows at all, the map would be words
    within = found["distance_m"] <= found["category"].map(reach).astype("float64")
    sure = found["standing"].isin(["full", "not_chosen"])
    far = np.where(sure, "too_far", "unsure_far")
    found["why"] = np.where(within, found["standing"], far)
    found = found[within | ~(found["standing"] == "refused")]
    found["rank"] = found["why"].map(list(CHANGES).index)
    found = found.sort_values(["row", "rank", "distance_m", "idle_id"])
    first = found.drop_duplicates("row").set_index("row")
    first = first.rename(
        columns={"idle_id": "nearest_idle_id", "distance_m": "nearest_m"}
    )
    near = first[["nearest_idle_id", "nearest_m", "why"]].reindex(rows.index)
    near["why"] = near["why"].fillna("none_near")
    return near


def _list_pairs(
    basis: SiteBasis,
    settings: SiteSettings,
    wishes: SiteWishes,
    table: pd.DataFrame,
) -> pd.DataFrame:
    """List what could be built at all, and how each stands in the plan."""
    keys = ["idle_id", "category"]
    wide = list_options(
        basis.circle, basis.suitability, replace(settings, unsure_resources=True)
    ).rows[keys]
    pairs = pd.MultiIndex.from_frame(wide)
    known = pd.MultiIndex.from_frame(basis.options.rows[keys])
    built = pd.MultiIndex.from_frame(table[keys])
    standing = np.select(
        [pairs.isin(wishes.forbidden), pairs.isin(built), pairs.isin(known)],
        ["refused", "full", "not_chosen"],
        "unsure",
    )
    return wide.assign(standing=standing)


def _left_out(
    basis: SiteBasis, settings: SiteSettings, reach: dict[str, float]
) -> pd.DataFrame:
    """List the needs of which nobody knows how large they are."""
    left = basis.demand.left_out
    left = left[left["category"].isin(settings.categories)]
    return pd.DataFrame(
        {
            "community_id": left["community_id"],
            "category": left["category"],
            "people": np.nan,
            "households": np.nan,
            "group": None,
            "nearest_idle_id": None,
            "nearest_m": np.nan,
            "reach_m": left["category"].map(reach),
            "why": left["reason"],
            "change": "data",
            "estimated": False,
        }
    )
