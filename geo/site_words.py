"""A plan of facilities in sentences: what, for whom, how good, and who is left out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo.site_basis import SiteBasis
from geo.text import tr

if TYPE_CHECKING:
    from geo.siting import Sites

#: A difference smaller than this is none, as a share.
SAME = 5e-5
#: Certainty of figures that are this tool's own.
OWN = ("tool_default", "unverified")


def explain_sites(
    basis: SiteBasis, table: pd.DataFrame, categories: pd.DataFrame, lang: str
) -> pd.Series:
    """Say of each proposal what it is, whom it serves, and what to check.

    Parameters
    ----------
    basis
        Names and rules.
    table, categories
        What is built, and the sums of the categories (:mod:`geo.site_tables`).
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.Series
        Sentences named ``reason`` on the index of `table`.
    """
    rows = table.to_dict("records")
    said = [_explain_one(basis, row, categories, lang) for row in rows]
    return pd.Series(said, index=table.index, name="reason", dtype="str")


def _explain_one(
    basis: SiteBasis, row: Mapping[Any, Any], categories: pd.DataFrame, lang: str
) -> str:
    whole = categories.loc[row["category"]]
    parts = [
        tr(
            f"sites.reason.{row['area_kind']}",
            lang,
            name=row["name"],
            category=basis.circle.rules.category_name(row["category"], lang),
            area=f"{row['area_m2']:,.0f}",
        )
    ]
    if np.isfinite(row["capacity"]):
        unit = tr(f"sites.unit.{row['capacity_unit']}", lang)
        parts.append(
            tr(
                "sites.reason.capacity",
                lang,
                capacity=f"{row['capacity']:,.0f}",
                unit=unit,
            )
        )
    if row["people_served"] > 0:
        parts.append(
            tr(
                "sites.reason.serves",
                lang,
                people=say_people(row["people_served"], row["group"], lang),
                share=f"{row['people_served'] / whole['servable']:.1%}",
                mean=f"{row['walk_mean_m']:,.0f}",
                most=f"{row['walk_most_m']:,.0f}",
                reach=f"{basis.reach_m[row['category']]:,.0f}",
            )
        )
    else:
        parts.append(tr("sites.reason.nobody", lang))
    parts += _doubts(row, whole, lang)
    return tr("sites.join", lang).join(parts) + tr("sites.stop", lang)


def _doubts(row: Mapping[Any, Any], whole: pd.Series, lang: str) -> list[str]:
    """Say what of a proposal is no record and has to be checked."""
    said = []
    if whole["estimated"]:
        said.append(tr("sites.reason.estimated", lang))
    if not row["sure"]:
        said.append(tr("sites.reason.unsure", lang))
    checks = [word for word in str(row["to_check"] or "").split("|") if word]
    if checks:
        names = [tr(f"suitability.check.{word}", lang) for word in checks]
        listed = tr("sites.comma", lang).join(names)
        said.append(tr("sites.reason.to_check", lang, what=listed))
    if row["certainty"] in OWN:
        said.append(tr("sites.reason.own_figure", lang))
    return said


def say_people(count: float, group: str, lang: str) -> str:
    """Return a number of people with the name of their group.

    Parameters
    ----------
    count
        How many.
    group
        ``elderly_60``, ``infants_0_3``, ``persons`` or ``cars``.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        Such as ``412 位老人``.
    """
    return tr(f"sites.people.{group}", lang, count=f"{count:,.0f}")


def explain_unmet(basis: SiteBasis, unmet: pd.DataFrame, lang: str) -> pd.Series:
    """Say of each unmet need why it is unmet, and what would change it.

    Parameters
    ----------
    basis
        Names and rules.
    unmet
        Result of :func:`geo.site_unmet.list_unmet`.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.Series
        Sentences named ``reason`` on the index of `unmet`.
    """
    names, resources = basis.names, basis.resource_names
    said = []
    for row in unmet.to_dict("records"):
        known = pd.notna(row["nearest_idle_id"])
        why = tr(
            f"sites.unmet.{row['why']}",
            lang,
            resource=resources[row["nearest_idle_id"]] if known else "",
            away=f"{row['nearest_m']:,.0f}" if known else "",
            reach=f"{row['reach_m']:,.0f}",
        )
        counted = pd.notna(row["people"])
        people = say_people(row["people"], row["group"], lang) if counted else ""
        said.append(
            tr(
                "sites.unmet.line" if counted else "sites.unmet.unknown",
                lang,
                community=names[row["community_id"]],
                category=basis.circle.rules.category_name(row["category"], lang),
                people=people,
                why=why,
            )
        )
    return pd.Series(said, index=unmet.index, name="reason", dtype="str")


def state_quality(sites: "Sites", lang: str) -> str:
    """Say whom a plan serves, what none can exceed, and whether it is proved.

    Parameters
    ----------
    sites
        The plan.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        A few sentences.
    """
    if not sites.possible:
        return tr("sites.state.impossible", lang)
    asked = sites.categories[sites.categories["servable"] > 0]
    if not len(asked):
        none = sites.categories["demand"].sum() == 0
        return tr("sites.state.no_need" if none else "sites.state.no_option", lang)
    said = [_say_one(sites, asked, lang) if len(asked) == 1 else _say_all(sites, lang)]
    said.append(_say_beyond(sites, lang))
    if len(asked) > 1:
        said.append(_say_worst(sites, asked, lang))
    price = sites.free_value - sites.value
    if len(asked) > 1 and price > SAME:
        said.append(
            tr(
                "sites.state.price",
                lang,
                free=f"{sites.free_value:.1%}",
                price=f"{100 * price:.1f}",
            )
        )
    said.append(_say_nearest(asked, lang))
    if sites.estimated:
        said.append(tr("sites.state.estimated", lang))
    return tr("sites.state.join", lang).join(one for one in said if one)


def _say_one(sites: "Sites", asked: pd.DataFrame, lang: str) -> str:
    row = asked.iloc[0]
    return tr(
        "sites.state.one",
        lang,
        served=say_people(row["served"], row["group"], lang),
        demand=f"{row['demand']:,.0f}",
        bound=f"{sites.bound * row['servable']:,.0f}",
        difference=f"{sites.gap_share:.2%}",
        proof=_say_proof(sites, lang),
    )


def _say_all(sites: "Sites", lang: str) -> str:
    return tr(
        "sites.state.all",
        lang,
        value=f"{sites.value:.1%}",
        bound=f"{sites.bound:.1%}",
        difference=f"{sites.gap_share:.2%}",
        proof=_say_proof(sites, lang),
    )


def _say_proof(sites: "Sites", lang: str) -> str:
    if sites.proved:
        return tr("sites.state.proved", lang)
    return tr("sites.state.limited" if sites.limited else "sites.state.open", lang)


def _say_beyond(sites: "Sites", lang: str) -> str:
    """Say how much of the need no resource could reach at all."""
    rows = sites.categories[sites.categories["demand"] > 0]
    able = float((rows["servable"] / rows["demand"]).mean())
    if able > 1 - SAME:
        return ""
    return tr("sites.state.beyond", lang, able=f"{able:.1%}")


def _say_worst(sites: "Sites", asked: pd.DataFrame, lang: str) -> str:
    worst = str(asked["share"].idxmin())
    bound = sites.fair_bound
    known = np.isfinite(bound)
    return tr(
        "sites.state.fair" if known else "sites.state.fair_plain",
        lang,
        category=sites.basis.circle.rules.category_name(worst, lang),
        fair=f"{sites.fair:.1%}",
        bound=f"{bound:.1%}" if known else "",
    )


def _say_nearest(asked: pd.DataFrame, lang: str) -> str:
    lost = (asked["served"] - asked["nearest_served"]).clip(lower=0.0)
    share = (lost / asked["servable"]).max()
    if not share > SAME:
        return tr("sites.state.nearest_same", lang)
    return tr("sites.state.nearest", lang, share=f"{share:.1%}")
