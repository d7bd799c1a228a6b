"""The page 计划: which units first, in which year, and with what money."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from geo.plan import Plan
from geo.views import (
    mapview,
    review_bar,
    review_work,
    schedule_acts,
    schedule_bar,
    schedule_downloads,
    schedule_gantt,
    schedule_map,
    schedule_rank,
    schedule_rows,
)
from geo.views.review_page import begin_page
from geo.views.review_work import ReviewDesk
from geo.views.schedule_looks import LEFT, cost_words, money
from geo.views.schedule_panel import panel_of
from geo.views.schedule_told import LISTS, Board, board_of, views_of
from geo.views.shapes import Parcel
from geo.views.state import choice, tell_address
from geo.views.widgets import (
    Event,
    say,
    send_parcels,
    show_gantt,
    show_panel,
    show_table,
)


def show() -> None:
    """Show the page."""
    begin_page(_show_board, ready=lambda now: board_of(now) is not None)


@st.fragment
def _show_board(plan: Plan, parcels: dict[str, Parcel]) -> None:
    mapview.turn_page()
    now = review_work.follow(plan)
    board = board_of(now)
    if board is None or review_bar.turned(now):
        # the work and what went wrong are told outside of this fragment
        st.rerun()
    act = partial(schedule_acts.tell, plan)
    style = schedule_map.year_style(now, board)
    outlines = schedule_map.outlines(board)
    show_panel("schedule-numbers", [numbers(now, board)], act)
    schedule_bar.show(plan, now)
    send_parcels([style, outlines], key="schedule")
    with st.container(key="pq-bench"):
        left, right = st.columns([2, 1], gap="small")
        with left:
            schedule_map.show(
                plan, now, board, parcels, act, style=style, outlines=outlines
            )
        with right:
            show_panel(
                "schedule-side",
                panel_of(now, board),
                act,
                subject=f"{now.picked} {choice().community}",
                height=mapview.HEIGHT,
            )
    _show_list(plan, now, board, act)
    schedule_downloads.show(board)
    tell_address()


def numbers(now: ReviewDesk, board: Board) -> dict[str, Any]:
    """Return the line of headline numbers.

    Parameters
    ----------
    now, board
        The desk, and the plan.

    Returns
    -------
    dict
        Block for ``panel.js``.
    """
    schedule, listed = board.schedule, views_of(now).listed
    years = schedule.years
    gates = board.ranking.table["gate"].value_counts()
    left = sum(unit.rest == LEFT for unit in board.units.values())
    span = say("view.schedule.span_years", first=board.years[0], last=board.years[-1])
    size = say(
        "view.schedule.number.size",
        communities=f"{int(years['communities'].sum()):,}",
        households=f"{years['households'].sum():,.0f}",
    )
    shown: tuple[tuple[str, str, str, str, str], ...] = (
        ("planned", f"{len(schedule.table):,}", "units", f"{span} · {size}", "gantt"),
        ("cost", _cost(board), "", _funds(board), "funds"),
        (
            "ready",
            f"{int(gates.get('ready', 0)):,}",
            "communities",
            say(
                "view.schedule.number.waiting",
                count=f"{int(gates.get('waiting', 0)):,}",
            ),
            "ranking",
        ),
        ("left", f"{left:,}", "units", say("view.schedule.number.of_left"), "left"),
        (
            "inversions",
            f"{len(schedule.inversions):,}",
            "places",
            say("view.schedule.number.of_inversions"),
            "inversions",
        ),
    )
    items = [
        {
            "label": say(f"view.schedule.number.{name}"),
            "value": value,
            "unit": say(f"view.schedule.unit.{unit}") if unit else "",
            "note": note,
            "active": listed == where,
            "event": {"kind": "list", "id": where},
        }
        for name, value, unit, note, where in shown
    ]
    return {"kind": "numbers", "items": items}


def _cost(board: Board) -> str:
    years = board.schedule.years
    sums = years[["projects", "cost_unknown", "cost_cny"]].sum()
    return cost_words(sums.to_dict())


def _funds(board: Board) -> str:
    available = board.schedule.years["available_cny"]
    if available.isna().any():
        return say("view.schedule.number.no_funds")
    return say("view.schedule.number.of_funds", value=money(float(available.sum())))


def _show_list(
    plan: Plan, now: ReviewDesk, board: Board, act: Callable[[Event], None]
) -> None:
    views = views_of(now)
    key = "pq-schedule-list"
    st.session_state[key] = views.listed

    def keep() -> None:
        views.listed = st.session_state[key] or views.listed

    st.segmented_control(
        say("view.schedule.list.title"),
        LISTS,
        format_func=lambda one: say(f"view.schedule.list.{one}"),
        key=key,
        on_change=keep,
        label_visibility="collapsed",
    )
    if views.listed == "gantt":
        rows = schedule_gantt.pack(now, board)
        send_parcels([rows], key="schedule-rows")
        show_gantt("schedule-gantt", schedule_gantt.data(now, board, rows), act)
    elif views.listed == "ranking":
        _show_ranking(plan, now, board, act)
    else:
        rows = schedule_rows.pack(now, board)
        send_parcels([rows], key="schedule-rows")
        show_table("schedule-list-table", schedule_rows.table(now, board, rows), act)


def _show_ranking(
    plan: Plan, now: ReviewDesk, board: Board, act: Callable[[Event], None]
) -> None:
    rows = schedule_rank.pack(now, board)
    send_parcels([rows], key="schedule-rows")
    with st.container(key="pq-ranking"):
        left, right = st.columns([3, 1], gap="small")
        with left:
            show_table("schedule-ranking-table", schedule_rank.table(rows), act)
        with right:
            show_panel("schedule-parts", schedule_rank.parts_legend(), act)
            schedule_rank.show_weights(plan, now)
            show_panel("schedule-moves", schedule_rank.sensitivity(board), act)


show()
