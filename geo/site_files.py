"""Sites as the tables and the layer that are written (ARCHITECTURE, output files)."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.siting import Sites

#: Columns of ``sites.csv`` that others may rely on; further ones follow.
SITE_COLUMNS = (
    "idle_id",
    "category",
    "floor_area_m2",
    "capacity",
    "households_served",
    "cost_cny",
    "reason",
)
_FURTHER = (
    "name",
    "category_name",
    "kind",
    "part",
    "land_area_m2",
    "capacity_unit",
    "modules",
    "people_served",
    "group",
    "walk_mean_m",
    "walk_most_m",
    "sure",
    "to_check",
    "estimated",
    "rule_id",
    "clause",
    "source",
    "certainty",
)


def make_site_table(sites: Sites, lang: str) -> pd.DataFrame:
    """Return the table of ``sites.csv``.

    Parameters
    ----------
    sites
        The plan.
    lang
        Language of names and reasons.

    Returns
    -------
    pandas.DataFrame
        One row per resource and category: first `SITE_COLUMNS`, then whose it is,
        whom it serves, and where the figures come from. `estimated` marks needs that
        stand in no record.
    """
    rules = sites.basis.circle.rules
    table = sites.table.assign(
        reason=sites.explain(lang),
        category_name=[
            rules.category_name(key, lang) for key in sites.table["category"]
        ],
        estimated=sites.table["category"].map(sites.categories["estimated"]),
    )
    return table[[*SITE_COLUMNS, *_FURTHER]]


def make_unmet_table(sites: Sites, lang: str) -> pd.DataFrame:
    """Return the table of ``unmet.csv``: who stays unserved, by name.

    Parameters
    ----------
    sites
        The plan.
    lang
        Language of names and reasons.

    Returns
    -------
    pandas.DataFrame
        One row per community and category, see :func:`geo.site_unmet.list_unmet`,
        with `reason`, `community_name` and `category_name`.
    """
    unmet, rules = sites.unmet, sites.basis.circle.rules
    names = sites.basis.names
    return unmet.assign(
        reason=sites.explain_unmet(lang),
        community_name=unmet["community_id"].map(names),
        category_name=[rules.category_name(key, lang) for key in unmet["category"]],
    )


def site_shapes(sites: Sites, lang: str) -> gpd.GeoDataFrame:
    """Return the layer ``sites``.

    Parameters
    ----------
    sites
        The plan.
    lang
        Language of names and reasons.

    Returns
    -------
    geopandas.GeoDataFrame
        The table of `make_site_table` with the outlines of the resources, in the
        working CRS.
    """
    table = make_site_table(sites, lang)
    district = sites.basis.district
    shapes = district.idle.geometry.reindex(table["idle_id"]).array
    return gpd.GeoDataFrame(table, geometry=shapes, crs=district.crs)


def summarise_sites(sites: Sites) -> dict[str, Any]:
    """Return what ``summary.json`` says of the sites.

    Parameters
    ----------
    sites
        The plan.

    Returns
    -------
    dict
        Value, bound and fairness (None where there is nothing to serve), what is
        proved, budget and what is spent, and a record of each category.
    """
    names = ("value", "bound", "fair", "fair_bound", "free_value", "gap_share")
    categories = sites.categories.reset_index()
    plain = categories.astype(object).where(categories.notna(), None)
    return {
        "proposals": len(sites.table),
        "resources": int(sites.table["idle_id"].nunique()),
        **{name: _number(getattr(sites, name)) for name in names},
        "proved": sites.proved,
        "possible": sites.possible,
        "reproducible": not sites.limited,
        "solver": sites.solver,
        "budget_kind": sites.settings.budget_kind,
        "budget": sites.settings.budget if sites.settings.budget_kind else None,
        "spent": _number(sites.spent),
        "estimated": sites.estimated,
        "unmet": len(sites.unmet),
        "categories": plain.to_dict("records"),
    }


def _number(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None
