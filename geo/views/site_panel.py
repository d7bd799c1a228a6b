"""The panel beside the map of sites: the plan, or what is selected."""

from collections import Counter

from geo.findings import render_findings
from geo.maps import STATE_LOOKS
from geo.plan import Plan
from geo.schema import State
from geo.siting import Sites
from geo.views import site_blocks as blocks
from geo.views.panels import Block
from geo.views.site_cards import find_row, site_card
from geo.views.site_fit import find_fit
from geo.views.site_places import community_card, resource_card
from geo.views.site_told import (
    budget_words,
    category_name,
    doubts,
    people_words,
    records,
)
from geo.views.site_work import Desk, site_id
from geo.views.state import choice
from geo.views.widgets import say

_LISTED = 12


def panel_of(plan: Plan, now: Desk, sites: Sites) -> list[Block]:
    """Return the panel for what is selected.

    Parameters
    ----------
    plan, now, sites
        The plan that is open, the desk, and the sites.

    Returns
    -------
    list of dict
        Blocks for ``panel.js``.
    """
    kind, _, name = now.picked.partition(":")
    if kind == "site":
        row = find_row(sites, name)
        if row is not None:
            return site_card(plan, now, sites, row)
    if kind == "resource" and name in plan.district.idle.index:
        return resource_card(plan, now, sites, name)
    community = choice().community
    if community is not None and community in plan.district.communities.index:
        return community_card(plan, now, sites, community)
    return _whole(plan, now, sites)


def _whole(plan: Plan, now: Desk, sites: Sites) -> list[Block]:
    lang = choice().lang
    settings = sites.settings
    kind = settings.budget_kind
    budget = budget_words(kind, settings.budget)
    scope = say(f"view.sites.scope.{settings.scope}")
    note = say("view.sites.panel.note", budget=budget, scope=scope)
    title = say("view.sites.panel.whole")
    made: list[Block] = [{"kind": "heading", "title": title, "note": note}]
    made.append({"kind": "text", "text": sites.statement(lang), "alarm": False})
    made += [blocks.alarm(text) for text in doubts(settings, sites)]
    made.append(_bars(plan, now, sites))
    made += _offers(sites)
    made.append(blocks.text(say("view.sites.panel.how"), soft=True))
    return [*made, *_wishes(plan, now, sites), *_findings(sites)]


def _bars(plan: Plan, now: Desk, sites: Sites) -> Block:
    """Return what is served of each category, and what could be at all."""
    left = set(sites.basis.demand.left_out["category"])
    rows = []
    for row in records(sites.categories.reset_index()):
        category = str(row["category"])
        demand = float(row["demand"])
        vague = not demand and category in left
        look = STATE_LOOKS[State.UNKNOWN if vague else State.MET]
        served = row["served"] / demand if demand else None
        whole = people_words(demand, row["group"])
        label = category_name(plan, category)
        if row["estimated"]:
            label = say("view.sites.estimated_of", value=label)
        title = say(
            "view.sites.panel.bar_title",
            served=people_words(row["served"], row["group"]),
            whole=whole,
            able=people_words(row["servable"], row["group"]),
            nearest=people_words(row["nearest_served"], row["group"]),
            sites=f"{row['sites']:,}",
        )
        value = f"{row['served']:,.0f} / {whole}"
        if not demand:
            value = say("view.sites.gap_unknown" if vague else "view.sites.no_gap")
        rows.append(
            {
                "id": category,
                "label": label,
                "look": {**look.told(""), "sign": ""},
                "share": served,
                "limit": min(1.0, row["servable"] / demand) if demand else None,
                "value": value,
                "title": title,
                "active": now.category == category,
                "event": {"kind": "category", "id": category},
            }
        )
    head = [say(f"view.sites.panel.bar_{one}") for one in ("name", "share", "value")]
    return {"kind": "bars", "head": head, "rows": rows}


def _offers(sites: Sites) -> list[Block]:
    """Offer to count what nobody knows, where that leaves something out."""
    settings = sites.settings
    unknown = (find_fit(sites, "")["state"] == "unknown").sum()
    left = sites.basis.demand.left_out
    left = left[left["category"].isin(settings.categories)]
    vague = (left["reason"] == "state_unknown").sum()
    counts = {
        "unsure_resources": 0 if settings.unsure_resources else int(unknown),
        "unsure_needs": 0 if settings.unsure_needs else int(vague),
    }
    rows = [
        {
            "id": name,
            "title": say(f"view.sites.panel.{name}", count=f"{count:,}"),
            "note": say("view.sites.panel.count_them"),
            "rank": "＋",
            "event": {"kind": "count", "id": name},
        }
        for name, count in counts.items()
        if count
    ]
    return [{"kind": "list", "rows": rows}] if rows else []


def _wishes(plan: Plan, now: Desk, sites: Sites) -> list[Block]:
    names = sites.basis.resource_names
    wishes = now.ask.wishes
    rows = [
        {
            "id": f"{kind}|{idle_id}|{category}",
            "title": say(
                f"view.sites.panel.{kind}",
                name=names.get(idle_id, idle_id),
                category=category_name(plan, category),
            ),
            "event": {"kind": "free", "id": site_id(idle_id, category)},
            "rank": "×",
        }
        for kind, pairs in (
            ("required", wishes.required),
            ("forbidden", wishes.forbidden),
        )
        for idle_id, category in pairs
    ]
    if not rows:
        return []
    return [blocks.sub(say("view.sites.panel.wishes")), {"kind": "list", "rows": rows}]


def _findings(sites: Sites) -> list[Block]:
    if not len(sites.findings):
        return []
    told = render_findings(sites.findings, choice().lang)
    alike = zip(told["message"], told["action"], strict=True)
    counts = dict(Counter(alike).most_common(_LISTED))
    rows = [
        {
            "id": str(at),
            "title": message,
            "note": action,
            "rank": "!",
            "value": say("view.data.places", value=count) if count > 1 else "",
        }
        for at, ((message, action), count) in enumerate(counts.items())
    ]
    title = say("view.sites.panel.findings", count=len(rows))
    return [
        {"kind": "folded", "title": title, "blocks": [{"kind": "list", "rows": rows}]}
    ]
