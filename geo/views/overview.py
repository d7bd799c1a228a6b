"""The page 总览: how is this district, and what needs me."""

from typing import Any

import streamlit as st

from geo.plan import Plan
from geo.schema import Severity, State
from geo.views import layers, mapview, panels, reports, tables, work
from geo.views.board import Board
from geo.views.shapes import Parcel
from geo.views.state import Choice, choice, choose, go_to, tell_address
from geo.views.widgets import (
    Event,
    say,
    send_parcels,
    show_panel,
    show_table,
)

#: Communities in the list of the worst.
_WORST = 8
#: Categories that are named for each of them.
_NAMED = 4


def show() -> None:
    """Show the page."""
    opened = work.bench().opened
    if opened is None:
        st.text(say("view.empty.no_district"))
        return
    parcels = layers.backdrop(opened.district)
    send_parcels(layers.listed(parcels))
    _show_rest(parcels)


@st.fragment
def _show_rest(parcels: dict[str, Parcel]) -> None:
    mapview.turn_page()
    plan, opened = work.plan(), work.bench().opened
    if plan is None or opened is None:
        mapview.show_waiting(parcels)
        return
    board = reports.board(plan)
    wanted = st.session_state.get("pq-rows", "")
    rows = tables.community_rows(plan, board, wanted)
    whole = _whole()
    shares = reports.shares(board, whole)
    style = mapview.share_style(shares, reports.share_notes(board, whole))
    send_parcels([style, rows], key="more")
    show_panel("numbers", _numbers(plan, board), _told)
    with st.container(key="pq-bench"):
        left, right = st.columns([2, 1], gap="small")
        with left:
            mapview.show_district(
                "overview",
                opened.district,
                parcels,
                mapview.select,
                style=style.key,
                legend=mapview.share_legend(say("view.overview.legend"), shares),
                off=["buildings", "gates"],
            )
        with right:
            at = board.at(choice().community)
            blocks = (
                _district(plan, board) if at is None else _community(plan, board, at)
            )
            subject = choice().community or ""
            show_panel("side", blocks, _told, subject=subject, height=mapview.HEIGHT)
    show_table("communities", tables.community_table(rows, wanted), _picked)
    tell_address()


def _whole() -> Choice:
    """Return what this page looks at: the overall state, whatever else is chosen."""
    return Choice(lang=choice().lang, profile=choice().profile, test="state")


def _numbers(plan: Plan, board: Board) -> list[panels.Block]:
    scores = plan.life_circle.communities
    households = plan.district.communities["households"]
    unknown = int(households.isna().sum())
    short = int((scores["short"] > 0).sum())
    asked = scores["required"].max()
    absent = reports.absent(board)
    trouble = plan.findings["severity"].isin([Severity.ERROR, Severity.WARNING]).sum()
    note = say("view.overview.unknown_households", value=unknown) if unknown else ""
    items = [
        {
            "label": say("view.overview.households"),
            "value": f"{households.sum():,.0f}" if unknown < len(scores) else "—",
            "unit": say("view.unit.households"),
            "note": say("view.overview.in_communities", value=f"{len(scores):,}")
            + note,
            "event": {"kind": "whole"},
        },
        {
            "label": say("view.overview.short"),
            "value": f"{short:,}",
            "unit": say("view.unit.communities"),
            "note": say("view.share_of", share=f"{short / max(1, len(scores)):.1%}"),
            "event": {"kind": "rows", "id": "short"},
            "active": st.session_state.get("pq-rows") == "short",
        },
        {
            "label": say("view.overview.met"),
            "value": f"{scores['met'].mean():.1f}",
            "unit": say("view.unit.kinds"),
            "note": say("view.overview.of_required", value=int(asked)),
            "event": {"kind": "rows", "id": "met"},
        },
        {
            "label": say("view.overview.no_data"),
            "value": str(len(absent)),
            "unit": say("view.unit.kinds"),
            "note": "、".join(reports.names(plan, absent)) or say("view.none"),
            "event": {"kind": "absent", "id": absent[0]} if absent else None,
        },
        {
            "label": say("view.overview.findings"),
            "value": f"{int(trouble):,}",
            "unit": say("view.unit.findings"),
            "note": say("view.overview.findings_note"),
            "event": {"kind": "page", "id": "data"},
        },
    ]
    return [{"kind": "numbers", "items": items}]


def _district(plan: Plan, board: Board) -> list[panels.Block]:
    worst = plan.life_circle.worst.head(_WORST)
    names = plan.district.communities["name"]
    rows = [
        {
            "id": community,
            "title": reports.name_of(names, community),
            "note": reports.lacking_words(plan, str(lacking), most=_NAMED),
            "value": say("view.overview.lacks", value=int(short)),
            "event": {"kind": "community", "id": community},
        }
        for community, short, lacking in zip(
            worst.index, worst["short"], worst["lacking"], strict=True
        )
    ]
    opened = work.bench().opened
    title = say("view.sample_name") if opened and opened.origin == "sample" else None
    return [
        {
            "kind": "heading",
            "title": title or plan.district.name,
            "note": _subtitle(plan),
        },
        *_attention(plan, board),
        {"kind": "heading", "title": say("view.overview.worst")},
        {"kind": "list", "rows": rows},
    ]


def _subtitle(plan: Plan) -> str:
    profile = plan.rules.profile
    name = profile.name_zh if choice().lang == "zh" else profile.name_en
    return say(
        "view.overview.subtitle", profile=name, count=len(plan.rules.requirements)
    )


def _attention(plan: Plan, board: Board) -> list[panels.Block]:
    """Return what the planner should know before trusting the picture."""
    absent = reports.absent(board)
    edge = int((plan.life_circle.communities["edge"] > 0).sum())
    state = board.columns["state"]
    unknown = int((state == State.UNKNOWN).sum())
    rows: list[dict[str, Any]] = []
    if absent:
        value = "、".join(reports.names(plan, absent))
        rows.append(
            {
                "id": "absent",
                "rank": "∅",
                "title": say("view.overview.absent_title", value=value),
                "note": say("view.overview.absent_note"),
                "event": {"kind": "absent", "id": absent[0]},
            }
        )
    if unknown:
        share = f"{unknown / max(1, state.size):.0%}"
        rows.append(
            {
                "id": "unknown",
                "rank": "?",
                "title": say("view.overview.unknown_title", share=share),
                "note": say("view.overview.unknown_note"),
                "event": {"kind": "rows", "id": "unknown"},
            }
        )
    if edge:
        rows.append(
            {
                "id": "edge",
                "rank": "┄",
                "title": say("view.overview.edge_title", value=edge),
                "note": say("view.overview.edge_note"),
                "event": {"kind": "rows", "id": "edge"},
            }
        )
    if not rows:
        return []
    return [
        {"kind": "heading", "title": say("view.overview.attention")},
        {"kind": "list", "rows": rows},
    ]


def _community(plan: Plan, board: Board, at: int) -> list[panels.Block]:
    community = board.ids[at]
    row = plan.district.communities.loc[community]
    return [
        reports.community_heading(plan, community, further="lifecircle"),
        panels.community_facts(row),
        *panels.scorecard(plan, board, at, _whole()),
    ]


def _told(event: Event) -> None:
    if event["kind"] == "rows":
        now = st.session_state.get("pq-rows", "")
        st.session_state["pq-rows"] = "" if event["id"] == now else event["id"]
    elif event["kind"] == "absent":
        choose(category=event["id"], community=None)
        mapview.open_page("lifecircle")
    else:
        mapview.act(event)
        if event["kind"] == "category":
            mapview.open_page("lifecircle")


def _picked(event: Event) -> None:
    choose(community=event["id"])
    go_to(id=event["id"])


show()
