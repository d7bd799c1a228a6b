"""The panel of one proposal: what it is, whom it serves, and what a move would cost."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geo.maps import STATE_LOOKS
from geo.plan import Plan
from geo.schema import FIRM_CERTAINTY, State
from geo.siting import Sites
from geo.views import site_blocks as blocks
from geo.views.panels import Block, metres
from geo.views.reports import name_of
from geo.views.site_told import (
    budget_words,
    category_name,
    households_words,
    marks_of,
    people_words,
    percent,
    records,
)
from geo.views.site_work import Desk, site_id, split_id
from geo.views.state import choice
from geo.views.widgets import say

#: Communities that are listed.
_LISTED = 12


def find_row(sites: Sites, site: str) -> dict[str, Any] | None:
    """Return a proposal.

    Parameters
    ----------
    sites
        The plan.
    site
        Id of the proposal.

    Returns
    -------
    dict or None
        Its row and ``at``, its label in the table; None if there is none.
    """
    idle_id, category = split_id(site)
    table = sites.table
    found = table[(table["idle_id"] == idle_id) & (table["category"] == category)]
    if not len(found):
        return None
    return records(found)[0] | {"at": found.index[0]}


def site_card(
    plan: Plan, now: Desk, sites: Sites, row: Mapping[str, Any]
) -> list[Block]:
    """Return the panel of one proposal.

    Parameters
    ----------
    plan, now, sites
        The plan that is open, the desk, and the sites.
    row
        The proposal, from `find_row`.

    Returns
    -------
    list of dict
        Blocks for ``panel.js``.
    """
    lang = choice().lang
    pair = (str(row["idle_id"]), str(row["category"]))
    site = site_id(*pair)
    kept = pair in now.ask.wishes.required
    buttons = [
        blocks.button("free" if kept else "require", site),
        blocks.button("forbid", site),
        blocks.button("clear", ""),
    ]
    whole = sites.categories.reindex([pair[1]]).iloc[0]
    marks = marks_of(row, estimated=whole["estimated"])
    kind = row["kind"] or say("view.sites.kind_none")
    note = " · ".join([str(row["name"]), str(kind), *marks])
    if kept:
        note = say("view.sites.panel.kept", note=note)
    made: list[Block] = [
        {
            "kind": "heading",
            "title": category_name(plan, pair[1]),
            "note": note,
            "buttons": buttons,
        }
    ]
    made += _moved(now, sites, site)
    said = sites.explain(lang).loc[row["at"]]
    made += [blocks.text(str(said)), _site_facts(row, whole)]
    if now.moved is None or now.moved.site != site:
        made.append(blocks.text(say("view.sites.panel.drag"), soft=True))
    made += _roof(plan, sites, pair)
    made += _served(plan, sites, pair, whole)
    return [*made, _source(row)]


def _site_facts(row: Mapping[str, Any], whole: pd.Series) -> Block:
    area = say("unit.m2", value=f"{row['area_m2']:,.0f}")
    what = say(f"suitability.area.{row['area_kind']}")
    capacity = say("view.sites.capacity_none")
    if np.isfinite(row["capacity"]):
        unit = say(f"sites.unit.{row['capacity_unit']}")
        capacity = f"{row['capacity']:,.0f} {unit}"
    cost = say("view.sites.cost_none")
    if np.isfinite(row["cost_cny"]):
        cost = budget_words("cny", row["cost_cny"])
    walk = "—"
    if np.isfinite(row["walk_mean_m"]):
        walk = f"{metres(row['walk_mean_m'])} / {metres(row['walk_most_m'])}"
    guess = whole["estimated"]
    return {
        "kind": "facts",
        "items": [
            [what, area],
            [say("view.sites.column.capacity"), capacity],
            [
                say("view.sites.column.people"),
                people_words(row["people_served"], row["group"], estimated=guess),
            ],
            [
                say("view.sites.column.households"),
                households_words(row["households_served"], estimated=guess),
            ],
            [say("view.sites.column.walk"), walk],
            [say("view.sites.column.cost"), cost],
        ],
    }


def _moved(now: Desk, sites: Sites, site: str) -> list[Block]:
    if now.moved is None or now.moved.site != site:
        return []
    found = now.moved.found
    group = sites.categories.loc[split_id(site)[1], "group"]
    look = STATE_LOOKS[State.SHORT].told(say("view.sites.moved.worse"))
    if not found.attached:
        texts = [say("view.sites.moved.nowhere_long")]
        return [
            blocks.verdict(say("view.sites.moved.title"), look, texts),
            blocks.buttons_of("stay"),
        ]
    if found.loss_people <= 0:
        look = STATE_LOOKS[State.MET].told(say("view.sites.moved.fine"))
    served = people_words(found.people, group)
    texts = [say("view.sites.moved.served", people=served)]
    key = "loss" if found.loss_people > 0 else "gain"
    loss = people_words(abs(found.loss_people), group)
    households = households_words(abs(found.loss_households))
    share = percent(abs(found.loss_share))
    texts.append(
        say(f"view.sites.moved.{key}", people=loss, households=households, share=share)
    )
    texts.append(say("view.sites.moved.note"))
    return [
        blocks.verdict(say("view.sites.moved.title"), look, texts),
        blocks.buttons_of("stay"),
    ]


def _roof(plan: Plan, sites: Sites, pair: tuple[str, str]) -> list[Block]:
    """List what else is proposed on the same resource."""
    others = sites.table[
        (sites.table["idle_id"] == pair[0]) & (sites.table["category"] != pair[1])
    ]
    if not len(others):
        return []
    rows = [
        {
            "id": site_id(row["idle_id"], row["category"]),
            "title": category_name(plan, str(row["category"])),
            "value": people_words(row["people_served"], row["group"]),
            "rank": "",
            "event": {
                "kind": "site",
                "id": site_id(row["idle_id"], row["category"]),
            },
        }
        for row in records(others)
    ]
    return [blocks.sub(say("view.sites.panel.roof")), {"kind": "list", "rows": rows}]


def _served(
    plan: Plan, sites: Sites, pair: tuple[str, str], whole: pd.Series
) -> list[Block]:
    flows = sites.flows
    flows = flows[(flows["idle_id"] == pair[0]) & (flows["category"] == pair[1])]
    flows = flows.assign(walked=flows["people"] * flows["distance_m"])
    sums = flows.groupby("community_id")[["people", "walked"]].sum()
    sums = sums.sort_values("people", ascending=False, kind="stable")
    names = plan.district.communities["name"]
    rows = [
        {
            "id": str(one),
            "title": name_of(names, str(one)),
            "note": say(
                "view.sites.panel.walks", value=metres(row["walked"] / row["people"])
            ),
            "value": people_words(
                row["people"], whole["group"], estimated=whole["estimated"]
            ),
            "rank": "",
            "event": {"kind": "pick", "id": str(one)},
        }
        for one, row in sums.head(_LISTED).iterrows()
    ]
    if not rows:
        return []
    title = say("view.sites.panel.serves", count=len(sums))
    return [blocks.sub(title), {"kind": "list", "rows": rows}]


def _source(row: Mapping[str, Any]) -> Block:
    words = " · ".join(str(row[one]) for one in ("clause", "source") if row[one])
    item: dict[str, Any] = {"text": words or say("view.sites.panel.source_none")}
    if row["certainty"] and row["certainty"] not in FIRM_CERTAINTY:
        item["mark"] = say(f"rule_certainty.{row['certainty']}")
    return {
        "kind": "sources",
        "title": say("view.sites.panel.source"),
        "items": [item],
    }
