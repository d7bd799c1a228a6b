"""What is said of sites wherever they appear: names, numbers, marks of doubt."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo.plan import Plan
from geo.settings import SiteSettings
from geo.site_words import say_people
from geo.siting import Sites
from geo.text import texts
from geo.views import work
from geo.views.panels import Block
from geo.views.site_work import Desk
from geo.views.state import choice
from geo.views.widgets import say

_CNY_PER_UNIT = 10_000.0


def category_name(plan: Plan, category: str) -> str:
    """Return what a category is called.

    Parameters
    ----------
    plan
        The plan that is open.
    category
        Its key.

    Returns
    -------
    str
        Its name in the session's language; the key where no rule knows it.
    """
    known = category in plan.rules.categories.index
    return plan.rules.category_name(category, choice().lang) if known else category


def glyph(plan: Plan, category: str) -> str:
    """Return the sign of a category on the map.

    Parameters
    ----------
    plan, category
        The plan, and the key of the category.

    Returns
    -------
    str
        One or two characters.
    """
    key = f"view.sites.glyph.{category}"
    found = texts(choice().lang).get(key)
    return found or category_name(plan, category)[:1]


def households_words(value: float, *, estimated: object = None) -> str:
    """Return a number of households with its unit.

    Parameters
    ----------
    value
        How many, NaN: unknown.
    estimated
        Whether it is estimated.

    Returns
    -------
    str
        Such as ``412 户（估算）``.
    """
    if not np.isfinite(value):
        return say("view.sites.households_none")
    words = say("unit.households", value=f"{value:,.0f}")
    return say("view.sites.estimated_of", value=words) if estimated else words


def people_words(value: float, group: object, *, estimated: object = None) -> str:
    """Return a number of people with the name of their group.

    Parameters
    ----------
    value
        How many, NaN: unknown.
    group
        Group of ``data/rules/siting.csv``.
    estimated
        Whether it is estimated.

    Returns
    -------
    str
        Such as ``412 位老人``.
    """
    if not np.isfinite(value) or not isinstance(group, str):
        return say("view.sites.people_none")
    words = say_people(value, group, choice().lang)
    return say("view.sites.estimated_of", value=words) if estimated else words


def budget_words(kind: str, value: float) -> str:
    """Return a budget with its unit.

    Parameters
    ----------
    kind
        ``"sites"``, ``"area"``, ``"cny"`` or ``""``.
    value
        How much.

    Returns
    -------
    str
        Such as ``10 处``.
    """
    if not kind:
        return say("view.sites.budget.none")
    shown = value / _CNY_PER_UNIT if kind == "cny" else value
    digits = 1 if kind == "cny" and shown < 100 and shown % 1 else 0  # noqa: PLR2004 - three figures tell enough
    return say(f"view.sites.budget.{kind}", value=f"{shown:,.{digits}f}")


def doubts(settings: SiteSettings, sites: Sites | None) -> list[str]:
    """Return what of a plan is estimated or still to be checked.

    Parameters
    ----------
    settings, sites
        Its settings, and the plan.

    Returns
    -------
    list of str
        A sentence each; empty where everything is recorded and settled.
    """
    said = []
    if sites is not None and sites.estimated:
        said.append(say("view.sites.doubt.estimated"))
    if settings.unsure_resources:
        said.append(say("view.sites.doubt.resources"))
    if settings.unsure_needs:
        said.append(say("view.sites.doubt.needs"))
    return said


def marks_of(row: Mapping[str, Any], *, estimated: object) -> list[str]:
    """Return the marks of doubt of one proposal.

    Parameters
    ----------
    row
        A row of `geo.siting.Sites.table`.
    estimated
        Whether the need that it serves is estimated.

    Returns
    -------
    list of str
        ``估算``, ``待核实``, or nothing.
    """
    found = [say("view.sites.mark.estimated")] if estimated else []
    if not row["sure"] or row["to_check"]:
        found.append(say("view.sites.mark.check"))
    return found


def numbers(plan: Plan, now: Desk, sites: Sites) -> Block:
    """Return the headline numbers.

    Parameters
    ----------
    plan, now, sites
        The plan, the desk and its sites.

    Returns
    -------
    dict
        Block of five numbers.
    """
    items = [_built(now, sites), _served(now, sites), _fair(plan, now, sites)]
    items += [_gap(sites), _left(now, sites)]
    return {"kind": "numbers", "items": items}


def _built(now: Desk, sites: Sites) -> dict[str, Any]:
    kind = sites.settings.budget_kind
    spent = budget_words(kind, sites.spent)
    note = say("view.sites.number.built_plain", count=len(sites.table))
    if kind:
        whole = budget_words(kind, sites.settings.budget)
        note = say(
            "view.sites.number.built_note",
            count=len(sites.table),
            spent=spent,
            budget=whole,
        )
    return {
        "label": say("view.sites.number.built"),
        "value": f"{sites.table['idle_id'].nunique():,}",
        "unit": say("view.sites.number.built_unit"),
        "note": note,
        "event": {"kind": "rows", "id": "sites"},
        "active": now.shown == "sites",
    }


def _served(now: Desk, sites: Sites) -> dict[str, Any]:
    row = sites.categories.reindex([now.category]).iloc[0] if now.category else None
    label = say("view.sites.number.served")
    if row is not None and row["servable"] > 0:
        served = people_words(row["served"], row["group"])
        whole = people_words(row["demand"], row["group"], estimated=row["estimated"])
        share = row["served"] / row["demand"] if row["demand"] else np.nan
        note = say("view.sites.number.served_of", served=served, whole=whole)
        label = say("view.sites.number.served_one")
        return {"label": label, "value": percent(share), "note": note}
    if sites.estimated:
        label = say("view.sites.estimated_of", value=label)
    note = say(
        "view.sites.number.served_bound",
        served=f"{sites.categories['households_served'].sum():,.0f}",
        whole=f"{sites.categories['households'].sum():,.0f}",
        bound=percent(sites.bound),
    )
    return {"label": label, "value": percent(sites.value), "note": note}


def _fair(plan: Plan, now: Desk, sites: Sites) -> dict[str, Any]:
    asked = sites.categories["share"].dropna()
    worst = str(asked.idxmin()) if len(asked) else ""
    item: dict[str, Any] = {
        "label": say("view.sites.number.fair"),
        "value": percent(sites.fair),
        "note": category_name(plan, worst) if worst else "",
    }
    if worst:
        item |= {
            "event": {"kind": "category", "id": worst},
            "active": now.category == worst,
        }
    return item


def _gap(sites: Sites) -> dict[str, Any]:
    return {
        "label": say("view.sites.number.gap"),
        "value": f"{sites.gap_share:.2%}" if np.isfinite(sites.bound) else "—",
        "note": proof_words(sites),
    }


def _left(now: Desk, sites: Sites) -> dict[str, Any]:
    unmet = of_category(sites.unmet, now.category)
    known = unmet["households"].dropna()
    unknown = len(unmet) - len(known)
    note = say(
        "view.sites.number.left_note",
        count=f"{unmet['community_id'].nunique():,}",
    )
    if unknown:
        note = say("view.sites.number.left_unknown", note=note, unknown=f"{unknown:,}")
    label = say("view.sites.number.left")
    if bool(unmet["estimated"].any()):
        label = say("view.sites.estimated_of", value=label)
    unit = "left_unit_one" if now.category else "left_unit"
    return {
        "label": label,
        "value": f"{known.sum():,.0f}",
        "unit": say(f"view.sites.number.{unit}"),
        "note": note,
        "event": {"kind": "rows", "id": "unmet"},
        "active": now.shown == "unmet",
    }


def proof_words(sites: Sites) -> str:
    """Say whether a plan is proved to be the best.

    Parameters
    ----------
    sites
        The plan.

    Returns
    -------
    str
        A few words.
    """
    if not sites.possible:
        return say("view.sites.proof.impossible")
    if sites.proved:
        return say("view.sites.proof.proved")
    return say("view.sites.proof.limited" if sites.limited else "view.sites.proof.open")


def percent(share: float) -> str:
    """Return a share in percent.

    Parameters
    ----------
    share
        0 to 1, NaN: nothing is asked.

    Returns
    -------
    str
        One decimal.
    """
    return f"{share:.1%}" if np.isfinite(share) else "—"


def of_category(frame: pd.DataFrame, category: str) -> pd.DataFrame:
    """Return the rows of one category.

    Parameters
    ----------
    frame
        Has a column ``category``.
    category
        Its key; empty: all.

    Returns
    -------
    pandas.DataFrame
        The rows.
    """
    return frame[frame["category"] == category] if category else frame


def listed(words: Sequence[str]) -> str:
    """Return words as a list in the session's language.

    Parameters
    ----------
    words
        The words.

    Returns
    -------
    str
        One text.
    """
    return say("view.comma").join(words)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, each as a dict.

    Parameters
    ----------
    frame
        The table.

    Returns
    -------
    list of dict
        Column to value.
    """
    return [
        {str(name): value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def said_unmet(sites: Sites) -> pd.Series:
    """Return why each need stays unmet, said once per plan and language.

    Parameters
    ----------
    sites
        The plan.

    Returns
    -------
    pandas.Series
        Sentences on the index of `geo.siting.Sites.unmet`.
    """
    lang = choice().lang

    def make() -> tuple[Sites, pd.Series]:
        return sites, sites.explain_unmet(lang)

    # the sites are kept with the words, so that no other's can have their id
    return work.shelf().view(("unmet said", id(sites), lang), make)[1]
