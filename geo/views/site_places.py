"""The panels of one resource and of one community on the page of sites."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geo.plan import Plan
from geo.siting import Sites
from geo.views import site_blocks as blocks
from geo.views.panels import Block, metres
from geo.views.reports import name_of
from geo.views.site_fit import FIT_LOOKS, said_fit, suitability_of
from geo.views.site_told import (
    budget_words,
    category_name,
    of_category,
    people_words,
    records,
    said_unmet,
)
from geo.views.site_work import Desk, site_id
from geo.views.widgets import say


def resource_card(plan: Plan, now: Desk, sites: Sites, idle_id: str) -> list[Block]:
    """Return the panel of one resource: what it is, and what it is fit for.

    Parameters
    ----------
    plan, now, sites
        The plan that is open, the desk, and the sites.
    idle_id
        The resource.

    Returns
    -------
    list of dict
        Blocks for ``panel.js``.
    """
    row = plan.district.idle.loc[idle_id]
    name = sites.basis.resource_names[idle_id]
    kind = row["kind"] if isinstance(row["kind"], str) else ""
    note = kind or say("view.sites.kind_none")
    made: list[Block] = [
        {
            "kind": "heading",
            "title": name,
            "note": note,
            "buttons": [blocks.button("clear", "")],
        },
        _resource_facts(row),
    ]
    table = suitability_of(sites, "")
    table = table[table["idle_id"] == idle_id]
    said = said_fit(table)
    order = table["state"].map(list(FIT_LOOKS).index).sort_values(kind="stable")
    chosen = sites.table.loc[sites.table["idle_id"] == idle_id, "category"].tolist()
    for at in order.index:
        category = str(table.loc[at, "category"])
        code = str(table.loc[at, "state"])
        look = FIT_LOOKS[code].told(say(f"view.sites.fit.{code}"))
        block = blocks.verdict(category_name(plan, category), look, [str(said.loc[at])])
        certainty = say("view.sites.panel.proposed") if category in chosen else ""
        made.append({**block, "certainty": certainty})
        button = _resource_button(now, sites, idle_id, category, chosen)
        if button:
            made.append({"kind": "heading", "title": "", "buttons": [button]})
    return made


def _resource_button(
    now: Desk, sites: Sites, idle_id: str, category: str, chosen: list[str]
) -> dict[str, Any] | None:
    pair, site = (idle_id, category), site_id(idle_id, category)
    wishes = now.ask.wishes
    if pair in wishes.required or pair in wishes.forbidden:
        return blocks.button("free", site)
    options = sites.basis.options.rows
    able = ((options["idle_id"] == idle_id) & (options["category"] == category)).any()
    if category in chosen:
        return {**blocks.button("see", site), "event": {"kind": "site", "id": site}}
    return blocks.button("require", site) if able else None


def _resource_facts(row: pd.Series) -> Block:
    items = []
    for column in ("floor_area_m2", "land_area_m2"):
        value = row[column]
        words = say("view.missing")
        if pd.notna(value):
            words = say("unit.m2", value=f"{value:,.0f}")
        items.append([say(f"suitability.area.{column.split('_')[0]}"), words])
    cost = row.get("cost_cny")
    words = say("view.sites.cost_none")
    if pd.notna(cost):
        words = budget_words("cny", float(cost))
    items.append([say("view.sites.column.cost"), words])
    uses = row.get("allowed_uses")
    if isinstance(uses, str):
        items.append([say("view.sites.column.uses"), uses.replace("|", "、")])
    return {"kind": "facts", "items": items}


def community_card(plan: Plan, now: Desk, sites: Sites, community: str) -> list[Block]:
    """Return the panel of one community: what it is given, and what it still lacks.

    Parameters
    ----------
    plan, now, sites
        The plan that is open, the desk, and the sites.
    community
        The community.

    Returns
    -------
    list of dict
        Blocks for ``panel.js``.
    """
    names = plan.district.communities["name"]
    households = plan.district.communities["households"].get(community)
    known = households is not None and pd.notna(households)
    note = say("view.sites.households_none")
    if known:
        note = say("unit.households", value=f"{households:,.0f}")
    made: list[Block] = [
        {
            "kind": "heading",
            "title": name_of(names, community),
            "note": note,
            "buttons": [
                {"label": say("view.close"), "event": {"kind": "close"}},
            ],
        }
    ]
    made += _served_by(plan, sites, community)
    return [*made, *_unmet(plan, now, sites, community)]


def _unmet(plan: Plan, now: Desk, sites: Sites, community: str) -> list[Block]:
    unmet = sites.unmet[sites.unmet["community_id"] == community]
    unmet = of_category(unmet, now.category)
    said = said_unmet(sites).reindex(unmet.index)
    said_of = {
        site_id(community, category): str(text)
        for category, text in zip(unmet["category"], said, strict=True)
    }
    rows = [
        {
            "id": site_id(community, row["category"]),
            "title": category_name(plan, str(row["category"])),
            "note": said_of[site_id(community, row["category"])],
            "value": people_words(
                row["people"], row["group"], estimated=row["estimated"]
            ),
            "rank": "▲",
            **_towards(row),
        }
        for row in records(unmet)
    ]
    if rows:
        return [
            blocks.sub(say("view.sites.panel.unmet")),
            {"kind": "list", "rows": rows},
        ]
    return [blocks.text(say("view.sites.panel.unmet_none"))]


def _served_by(plan: Plan, sites: Sites, community: str) -> list[Block]:
    flows = sites.flows[sites.flows["community_id"] == community]
    flows = flows.assign(walked=flows["people"] * flows["distance_m"])
    sums = flows.groupby(["category", "idle_id"], as_index=False)[
        ["people", "walked"]
    ].sum()
    names = sites.basis.resource_names
    rows = []
    for row in records(sums):
        category, idle_id = str(row["category"]), str(row["idle_id"])
        whole = sites.categories.reindex([category]).iloc[0]
        walk = metres(row["walked"] / row["people"])
        people = people_words(
            row["people"], whole["group"], estimated=whole["estimated"]
        )
        rows.append(
            {
                "id": site_id(idle_id, category),
                "title": category_name(plan, category),
                "note": say("view.sites.panel.at", name=names[idle_id], walk=walk),
                "value": people,
                "rank": "●",
                "event": {"kind": "site", "id": site_id(idle_id, category)},
            }
        )
    if not rows:
        return []
    return [
        blocks.sub(say("view.sites.panel.served_by")),
        {"kind": "list", "rows": rows},
    ]


def _towards(row: Mapping[str, Any]) -> dict[str, Any]:
    """Let a click on an unmet need show the resource that is nearest."""
    if pd.isna(row["nearest_idle_id"]):
        return {}
    return {"event": {"kind": "resource", "id": str(row["nearest_idle_id"])}}
