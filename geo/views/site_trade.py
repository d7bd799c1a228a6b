"""What more or less budget would buy, and other plans to choose from."""

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from geo.plan import Plan
from geo.siting import Sites
from geo.views import site_status
from geo.views.panels import Block
from geo.views.site_jobs import Trade
from geo.views.site_told import budget_words, category_name, percent, records
from geo.views.site_work import Desk
from geo.views.widgets import Event, say, show_panel

_CNY_PER_UNIT = 10_000.0


def show(plan: Plan, now: Desk, sites: Sites, told: Callable[[Event], None]) -> None:
    """Show the curve and the alternatives.

    Parameters
    ----------
    plan, now, sites
        The plan that is open, the desk, and its sites.
    told
        Called with clicks: ``budget`` and ``other``.
    """
    if now.solved is None or not now.solved.fair:
        return
    if now.trade is None:
        with st.container(key="pq-site-trade-waits"):
            site_status.watch_trade(plan)
        return
    curve = curve_blocks(plan, now, sites, now.trade)
    others = other_blocks(sites, now.trade)
    if not curve:
        key = "failed" if now.trade.curve.empty else "nothing"
        st.html(f'<div class="pq-note">{say(f"view.sites.trade.{key}")}</div>')
        return
    with st.container(key="pq-site-trade"):
        left, right = st.columns([2, 1], gap="small")
        with left:
            show_panel("site-curve", curve, told, height=340)
        with right:
            show_panel("site-others", others, told, height=340)


def curve_blocks(plan: Plan, now: Desk, sites: Sites, trade: Trade) -> list[Block]:
    """Return the curve of the budget.

    Parameters
    ----------
    plan, now, sites, trade
        The plan that is open, the desk, its sites, and what was measured.

    Returns
    -------
    list of dict
        Blocks for ``panel.js``; none where nothing was measured.
    """
    curve = trade.curve
    if len(curve) < len(("nothing", "something")):
        return []
    kind = sites.settings.budget_kind or "sites"
    scale = 1 / _CNY_PER_UNIT if kind == "cny" else 1.0
    budget = sites.settings.budget if sites.settings.budget_kind else None
    column = now.category if now.category in curve.columns else "value"
    points = [
        {
            "at": round(row["budget"] * scale, 3),
            "share": _share(row[column]),
            "title": say(
                "view.sites.trade.point",
                budget=budget_words(kind, row["budget"]),
                share=percent(row[column]),
                sites=f"{row['sites']:,.0f}",
            ),
            "event": {"kind": "budget", "id": repr(float(row["budget"]))},
            "active": budget is not None and abs(row["budget"] - budget) < 1,
        }
        for row in records(curve)
    ]
    title = say("view.sites.trade.title")
    lines = _lines(plan, now, sites, trade)
    return [
        {"kind": "heading", "title": title, "note": _marginal(sites, trade, column)},
        {
            "kind": "curve",
            "title": title,
            "points": points,
            "lines": lines,
            "now": None if budget is None else round(budget * scale, 3),
            "axis": say(f"view.sites.trade.axis_{kind}"),
        },
    ]


def other_blocks(sites: Sites, trade: Trade) -> list[Block]:
    """Return the other plans that a planner asks for.

    Parameters
    ----------
    sites, trade
        The sites of the desk, and what was made.

    Returns
    -------
    list of dict
        Blocks for ``panel.js``.
    """
    heading = {
        "kind": "heading",
        "title": say("view.sites.trade.others"),
        "note": say("view.sites.trade.others_note"),
    }
    rows = [
        {
            "id": name,
            "title": say(f"view.sites.trade.{name}"),
            "note": say(
                "view.sites.trade.other_note",
                # alike for all: each plan's own value has its own weights
                value=percent(float(made.categories["share"].mean())),
                fair=percent(made.fair),
                people=f"{made.categories['households_served'].sum():,.0f}",
            ),
            "value": say(
                "view.sites.places", value=f"{made.table['idle_id'].nunique():,}"
            ),
            "rank": "",
            "active": made is sites,
            "event": {"kind": "other", "id": name},
        }
        for name, made in trade.others.items()
    ]
    return [heading, {"kind": "list", "rows": rows}, *_nearest(sites)]


def _nearest(sites: Sites) -> list[Block]:
    """Say what would be served if everybody walked to the nearest."""
    asked = sites.categories[sites.categories["servable"] > 0]
    if not len(asked):
        return []
    weights = sites.settings.weights or (1.0,) * len(sites.settings.categories)
    weight = dict(zip(sites.settings.categories, weights, strict=True))
    heavy = np.array([weight[str(key)] for key in asked.index])
    share = (asked["nearest_served"] / asked["servable"]).to_numpy()
    value = percent(float((heavy * share).sum() / heavy.sum()))
    told = say("view.sites.trade.nearest", value=value, plan=percent(sites.value))
    return [{"kind": "text", "text": told, "soft": True}]


def _lines(plan: Plan, now: Desk, sites: Sites, trade: Trade) -> list[dict[str, Any]]:
    curve = trade.curve
    every = [one for one in sites.settings.categories if one in curve]
    lines = [
        {
            "kind": "one" if one == now.category else "each",
            "label": category_name(plan, one) if one == now.category else "",
            "shares": [_share(value) for value in curve[one]],
        }
        for one in every
    ]
    if lines and not now.category:
        lines[0]["label"] = say("view.sites.trade.each")
    for kind in ("fair", "value"):
        shares = [_share(value) for value in curve[kind]]
        label = say(f"view.sites.trade.line_{kind}")
        lines.append({"kind": kind, "label": label, "shares": shares})
    return lines


def _marginal(sites: Sites, trade: Trade, column: str) -> str:
    """Say what the next step of the budget would buy."""
    curve = trade.curve
    kind = sites.settings.budget_kind
    later = curve[curve["budget"] > sites.settings.budget] if kind else curve[:0]
    if not len(later):
        return say("view.sites.trade.click")
    following = later.iloc[0]
    here = sites.value
    if column != "value":
        here = float(sites.categories["share"].to_dict()[column])
    more = float(following[column]) - here
    return say(
        "view.sites.trade.next",
        budget=budget_words(kind, float(following["budget"])),
        more=f"{100 * max(0.0, more):.1f}",
    )


def _share(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
