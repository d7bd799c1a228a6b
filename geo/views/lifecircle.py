"""The page 生活圈: what is missing where, and why."""

from typing import Any

import numpy as np
import streamlit as st

from geo.plan import Plan
from geo.schema import State
from geo.views import (
    downloads,
    layers,
    mapview,
    panels,
    pictures,
    reports,
    tables,
    work,
)
from geo.views.board import Board
from geo.views.frame import pick
from geo.views.shapes import Parcel
from geo.views.state import (
    PACES,
    TESTS,
    TIERS,
    Choice,
    choice,
    choose,
    go_to,
    tell_address,
)
from geo.views.widgets import Event, say, send_parcels, show_panel, show_table


def show() -> None:
    """Show the page."""
    opened = work.bench().opened
    if opened is None:
        st.text(say("view.empty.no_district"))
        return
    parcels = layers.backdrop(opened.district)
    plan = work.plan()
    if plan is not None:
        parcels |= {
            "facilities": layers.facilities(opened.district, plan.rules, choice().lang),
            "gates": layers.gates(opened.district, plan.network),
        }
    send_parcels(layers.listed(parcels))
    _show_rest(parcels)


@st.fragment
def _show_rest(parcels: dict[str, Parcel]) -> None:
    mapview.turn_page()
    plan = work.plan()
    if plan is None:
        mapview.show_waiting(parcels)
        return
    board = reports.board(plan)
    if choice().category not in {"", *board.categories}:
        choose(category="")
    _show_controls(plan, board)
    now = choice()
    rows = tables.gap_rows(plan, board, now, st.session_state.get("pq-states", ()))
    style, legend = _colours(plan, board, now)
    send_parcels([style, rows], key="more")
    show_panel("numbers", [_numbers(plan, board, now)], _told)
    at = board.at(now.community)
    with st.container(key="pq-bench"):
        left, right = st.columns([2, 1], gap="small")
        with left:
            mapview.show_district(
                "lifecircle",
                plan.district,
                parcels,
                mapview.select,
                style=style.key,
                legend=legend,
                category=now.category,
                off=[] if now.category else ["facilities"],
                **_overlays(plan, board, now, at),
            )
        with right:
            blocks = (
                _district(plan, board, now)
                if at is None
                else _community(plan, board, now, at)
            )
            subject = f"{now.community} {now.category}"
            show_panel("side", blocks, _told, subject=subject, height=mapview.HEIGHT)
    show_table("gaps", tables.gap_table(rows, now), _picked)
    downloads.show(plan, board)
    tell_address()


def _show_controls(plan: Plan, board: Board) -> None:
    with st.container(key="pq-controls", horizontal=True):
        key = "pq-category"
        st.session_state[key] = choice().category
        st.selectbox(
            say("view.lifecircle.category"),
            ["", *board.categories],
            format_func=lambda one: (
                plan.rules.category_name(one, choice().lang)
                if one
                else say("view.lifecircle.all")
            ),
            key=key,
            on_change=lambda: choose(category=st.session_state[key]),
            filter_mode=None,
            placeholder=say("view.lifecircle.all"),
            width=210,
        )
        pick("tier", TIERS, say("view.lifecircle.tier"), _tier_name)
        pick("pace", PACES, say("view.lifecircle.pace"), _pace_name)
        pick("test", TESTS, say("view.lifecircle.test"), _test_name)


def _tier_name(tier: int) -> str:
    return say("unit.min", value=tier) if tier else say("view.lifecircle.tier_own")


def _pace_name(pace: str) -> str:
    return say(f"view.pace.{pace}")


def _test_name(test: str) -> str:
    return say(f"view.test.{test}")


def _colours(plan: Plan, board: Board, now: Choice) -> tuple[Parcel, dict[str, Any]]:
    if not now.category:
        shares = reports.shares(board, now)
        style = mapview.share_style(shares, reports.share_notes(board, now))
        return style, mapview.share_legend(say("view.lifecircle.share_legend"), shares)
    at = board.categories.index(now.category)
    states = board.verdicts(now)[:, at]
    certainty = board.columns["certainty"][:, at]
    style = mapview.state_style(
        states, certainty, reports.state_notes(board, now.category)
    )
    title = plan.rules.category_name(now.category, now.lang)
    limit = panels.limit_m(plan.rules.requirements[now.category], plan)
    if limit is not None and now.test == "distance":
        title = say(
            "view.lifecircle.legend", category=title, limit=panels.metres(limit)
        )
    legend = mapview.state_legend(title, states, certainty)
    count = int((plan.district.facilities["category"] == now.category).sum())
    value = say("view.data.places", value=f"{count:,}")
    look = {"sign": "◆", "stroke": "transparent"}
    name = plan.rules.category_name(now.category, now.lang)
    legend["rows"].append({"look": look, "label": name, "count": value})
    return style, legend


def _overlays(plan: Plan, board: Board, now: Choice, at: int | None) -> dict[str, Any]:
    """Return the catchment of the category, or the walk of the community."""
    if not now.category:
        return {}
    if at is None:
        if not st.session_state.get("pq-catchment"):
            return {}
        return {"catchment": pictures.catchment(plan, now)}
    found: dict[str, Any] = {}
    column = board.categories.index(now.category)
    if not np.isnan(board.columns["distance_m"][at, column]):
        found["walk"] = pictures.walk(plan, board.ids[at], now.category)
    if st.session_state.get("pq-catchment"):
        found["catchment"] = pictures.catchment(plan, now)
    return found


def _numbers(plan: Plan, board: Board, now: Choice) -> panels.Block:
    states = board.verdicts(now)
    if now.category:
        states = states[:, [board.categories.index(now.category)]]
    unit = say("view.unit.communities" if now.category else "view.unit.pairs")
    shown = st.session_state.get("pq-states", ())
    groups = {
        "met": (State.MET,),
        "short": (State.SHORT,),
        "unknown": (State.UNKNOWN, State.NO_DATA),
    }
    items = []
    for name, group in groups.items():
        count = int(np.isin(states, group).sum())
        items.append(
            {
                "label": say(f"view.lifecircle.{name}"),
                "value": f"{count:,}",
                "unit": unit,
                "note": say(
                    "view.share_of", share=f"{count / max(1, states.size):.1%}"
                ),
                "active": tuple(shown) == group,
                "event": {"kind": "states", "id": name},
            }
        )
    items += [_lacking(plan, board, now), _elders(board, now)]
    return {"kind": "numbers", "items": items}


def _lacking(plan: Plan, board: Board, now: Choice) -> dict[str, Any]:
    households = pictures.households_lacking(board, now)
    if now.category:
        value, note = households[now.category], ""
    else:
        worst = max(households, key=lambda key: np.nan_to_num(households[key]))
        value = households[worst]
        known = not np.isnan(value)
        note = plan.rules.category_name(worst, now.lang) if known else ""
    return {
        "label": say(
            "view.lifecircle.lacking" if now.category else "view.lifecircle.most"
        ),
        "value": "—" if np.isnan(value) else f"{value:,.0f}",
        "unit": say("view.unit.households"),
        "note": note
        or say(
            "view.lifecircle.households_unknown"
            if np.isnan(value)
            else "view.lifecircle.lacking_note"
        ),
        "event": {"kind": "states", "id": "short"},
    }


def _elders(board: Board, now: Choice) -> dict[str, Any]:
    lost = pictures.elder_lost(board, now)
    return {
        "label": say("view.lifecircle.elder"),
        "value": f"{int(lost.sum()):,}",
        "unit": say("view.unit.communities" if now.category else "view.unit.pairs"),
        "note": say("view.lifecircle.elder_note"),
        "event": {"kind": "elder"},
        "active": now.pace == "elder",
    }


def _district(plan: Plan, board: Board, now: Choice) -> list[panels.Block]:
    households = pictures.households_lacking(board, now)
    blocks: list[panels.Block] = []
    if now.category:
        need = plan.rules.requirements[now.category]
        blocks += [
            {
                "kind": "heading",
                "title": plan.rules.category_name(now.category, now.lang),
                "note": pictures.facility_words(plan, now.category),
                "buttons": [_catchment_button(), _all_button()],
            },
            panels.sources(need),
        ]
    title = say("view.lifecircle.by_category")
    blocks.append(
        {"kind": "heading", "title": title, "note": say("view.lifecircle.choose")}
    )
    blocks.append(panels.stacks(plan, board, households))
    return blocks


def _catchment_button() -> dict[str, Any]:
    on = st.session_state.get("pq-catchment", False)
    label = "view.lifecircle.catchment_off" if on else "view.lifecircle.catchment_on"
    return {"label": say(label), "event": {"kind": "catchment"}}


def _all_button() -> dict[str, Any]:
    return {
        "label": say("view.lifecircle.all"),
        "event": {"kind": "category", "id": ""},
    }


def _community(plan: Plan, board: Board, now: Choice, at: int) -> list[panels.Block]:
    community = board.ids[at]
    blocks = [reports.community_heading(plan, community)]
    if now.category:
        column = board.categories.index(now.category)
        reason = str(reports.reasons(plan, board)[at, column])
        need = plan.rules.requirements[now.category]
        blocks += [
            panels.verdict(plan, board, at, now.category, reason),
            panels.sources(need),
        ]
    blocks += panels.scorecard(plan, board, at, now)
    blocks.append(panels.community_facts(plan.district.communities.loc[community]))
    return blocks


def _told(event: Event) -> None:
    kind = event["kind"]
    if kind == "states":
        groups = {
            "met": (State.MET,),
            "short": (State.SHORT,),
            "unknown": (State.UNKNOWN, State.NO_DATA),
        }
        group = groups[event["id"]]
        now = st.session_state.get("pq-states", ())
        st.session_state["pq-states"] = () if now == group else group
    elif kind == "elder":
        choose(pace="adult" if choice().pace == "elder" else "elder")
    elif kind == "catchment":
        st.session_state["pq-catchment"] = not st.session_state.get("pq-catchment")
    else:
        mapview.act(event)


def _picked(event: Event) -> None:
    community, category = event["id"].split("|", 1)
    choose(community=community, category=category)
    go_to(id=community)


show()
