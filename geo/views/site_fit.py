"""What the idle resources are fit for, as the page of sites shows it."""

import numpy as np
import pandas as pd

from geo.maps import STATE_LOOKS, Look
from geo.plan import Plan
from geo.schema import State
from geo.siting import Sites
from geo.suitability import explain_suitability
from geo.views import work
from geo.views.reports import plan_key
from geo.views.shapes import Parcel, pack_shapes
from geo.views.site_told import category_name, listed
from geo.views.state import choice
from geo.views.widgets import say

#: What a resource is fit for.
FIT_LOOKS = {
    "yes": STATE_LOOKS[State.MET],
    "unknown": STATE_LOOKS[State.UNKNOWN],
    "no": Look(None, stroke="#8C8C8C", sign="×"),
}


def resource_parcel(plan: Plan, sites: Sites, category: str) -> Parcel:
    """Return the resources by what they are fit for.

    Parameters
    ----------
    plan, sites
        The plan that is open, and the sites.
    category
        Category; empty: fit for any of those that are sited.

    Returns
    -------
    Parcel
        ``codes`` (positions in `FIT_LOOKS`), ``areas`` (``floor``, ``land``, empty)
        and ``notes`` of each resource.
    """
    lang = choice().lang

    def make() -> Parcel:
        idle = sites.basis.district.idle
        fit = find_fit(sites, category)
        names = sites.basis.resource_names.reindex(idle.index)
        notes = _fit_notes(plan, sites, category, fit)
        extra = {
            "codes": fit["state"].tolist(),
            "areas": fit["area_kind"].tolist(),
            "notes": notes,
        }
        return pack_shapes("resources", idle, names=names.tolist(), extra=extra)

    key = ("resources", plan_key(plan), sites.settings.categories, category, lang)
    return work.shelf().view(key, make)


def find_fit(sites: Sites, category: str) -> pd.DataFrame:
    """Return what each resource is fit for.

    Parameters
    ----------
    sites
        The plan.
    category
        Category; empty: the best of those that are sited.

    Returns
    -------
    pandas.DataFrame
        Index resource id, all of them: ``state`` (``yes``, ``unknown``, ``no``),
        ``area_kind``.
    """
    every = sites.basis.district.idle.index
    table = suitability_of(sites, category)
    rank = table["state"].map(list(FIT_LOOKS).index)
    first = table.assign(rank=rank).sort_values(["idle_id", "rank"], kind="stable")
    first = first.drop_duplicates("idle_id").set_index("idle_id")
    found = first[["state", "area_kind"]].reindex(every)
    return found.fillna({"state": "no", "area_kind": ""})


def suitability_of(sites: Sites, category: str) -> pd.DataFrame:
    """Return the verdicts on the resources, what is an option counting as fit.

    Parameters
    ----------
    sites
        The plan.
    category
        Category; empty: those that are sited.

    Returns
    -------
    pandas.DataFrame
        Rows of `geo.siting.SiteBasis.suitability`, and ``own``: fit by a figure of
        this tool's own, where no standard has one.
    """
    categories = [category] if category else list(sites.settings.categories)
    table = sites.basis.suitability
    table = table[table["category"].isin(categories)]
    options = sites.basis.options.rows
    options = options[options["sure"].astype(bool)]
    sure = pd.MultiIndex.from_frame(options[["idle_id", "category"]])
    pairs = pd.MultiIndex.from_frame(table[["idle_id", "category"]])
    fit = np.where(pairs.isin(sure), "yes", table["state"].to_numpy(dtype=object))
    return table.assign(state=fit, own=fit != table["state"].to_numpy(dtype=object))


def said_fit(table: pd.DataFrame) -> pd.Series:
    """Say in one sentence why each resource may or may not become a facility.

    Parameters
    ----------
    table
        Rows of `suitability_of`.

    Returns
    -------
    pandas.Series
        Sentences on the index of `table`.
    """
    said = explain_suitability(table, choice().lang)
    own = [
        say(
            "view.sites.fit_own",
            kind=say(f"suitability.area.{kind or 'none'}"),
            area=f"{area:,.0f}",
        )
        for kind, area in zip(table["area_kind"], table["area_m2"], strict=True)
    ]
    return said.where(~table["own"], pd.Series(own, index=table.index, dtype="str"))


def _fit_notes(plan: Plan, sites: Sites, category: str, fit: pd.DataFrame) -> list[str]:
    """Say of each resource what it is, and what it is fit for."""
    idle = sites.basis.district.idle.loc[fit.index]
    kinds = idle["kind"].fillna(say("view.sites.kind_none"))
    if category:
        table = suitability_of(sites, category).set_index("idle_id")
        said_of = said_fit(table).reindex(fit.index).fillna("")
    else:
        table = suitability_of(sites, "")
        table = table[table["state"] == "yes"]
        groups = table.groupby("idle_id")["category"]
        able = groups.agg(lambda keys: listed([category_name(plan, k) for k in keys]))
        able = able.map(lambda names: say("view.sites.map.fit_for", names=names))
        none = say("view.sites.map.fit_none")
        said_of = able.reindex(fit.index).fillna(none)
    return [f"{kind} · {text}" for kind, text in zip(kinds, said_of, strict=True)]
