"""The page 核对: what stands between the district and submission, clause by clause."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from geo.plan import Plan
from geo.review import Review
from geo.views import (
    check_acts,
    check_bar,
    check_downloads,
    check_lists,
    check_map,
    check_rows,
    mapview,
    review_bar,
    review_work,
)
from geo.views.check_gates import find_spread
from geo.views.check_panel import panel_of, statement
from geo.views.review_page import begin_page
from geo.views.review_work import ReviewDesk
from geo.views.shapes import Parcel
from geo.views.state import choice, tell_address
from geo.views.widgets import (
    Event,
    say,
    send_parcels,
    show_matrix,
    show_panel,
    show_table,
)


def show() -> None:
    """Show the page."""
    begin_page(_show_review, ready=lambda now: now.review is not None, facilities=True)


@st.fragment
def _show_review(plan: Plan, parcels: dict[str, Parcel]) -> None:
    mapview.turn_page()
    now = review_work.follow(plan)
    review = now.review
    if review is None or review_bar.turned(now):
        # the work and what went wrong are told outside of this fragment
        st.rerun()
    act = partial(check_acts.tell, plan)
    show_panel("check-numbers", [numbers(plan, now, review)], act)
    told = statement(plan, now, review)
    show_panel("check-statement", [{"kind": "text", "text": told}], act)
    check_bar.show(plan, now, review)
    with st.container(key="pq-bench"):
        left, right = st.columns([2, 1], gap="small")
        with left:
            _show_left(plan, now, review, parcels, act)
        with right:
            show_panel(
                "check-side",
                panel_of(plan, now, review),
                act,
                subject=f"{now.picked} {choice().community}",
                height=mapview.HEIGHT,
            )
    _show_list(now, review, act)
    check_downloads.show(review)
    tell_address()


def numbers(plan: Plan, now: ReviewDesk, review: Review) -> dict[str, Any]:
    """Return the line of headline numbers.

    Parameters
    ----------
    plan, now, review
        The plan that is open, the desk, and its last good review.

    Returns
    -------
    dict
        Block for ``panel.js``.
    """
    spread = find_spread(plan, now, review)
    counts = check_rows.count_numbers(spread, review)
    views = check_rows.views_of(now)
    year = review.checks.ground.plan_year
    some = year is not None and spread.planned.any()
    of_stage = say("view.checks.number.of_planned")
    items = [
        {
            "label": say(f"view.checks.number.{name}"),
            "value": f"{counts[name]:,}",
            "unit": say("view.unit.communities"),
            "note": of_stage,
            "active": views.gates and views.state == name,
            "event": {"kind": "rows", "id": name},
        }
        for name in ("planned", "ready", "short", "unknown")
    ]
    when = say("view.checks.year", year=year) if some else say("view.checks.no_year")
    items[0] |= {"note": when}
    if not some:
        items[0] |= {"label": say("view.checks.number.planned_all")}
    county = counts["county_short"] + counts["county_unknown"]
    items.append(
        {
            "label": say("view.checks.number.collect"),
            "value": f"{len(check_lists.collect_table(now, review)):,}",
            "unit": say("view.checks.number.items"),
            "note": say("view.checks.number.county", count=f"{county:,}"),
            "event": {"kind": "rows", "id": "collect"},
        }
    )
    return {"kind": "numbers", "items": items}


def _show_left(
    plan: Plan,
    now: ReviewDesk,
    review: Review,
    parcels: dict[str, Parcel],
    act: Callable[[Event], None],
) -> None:
    if check_rows.views_of(now).show == "map":
        style, legend = check_map.state_style(plan, now, review)
        send_parcels([style], key="check-style")
        check_map.show(now, review, parcels, act, style=style, legend=legend)
        return
    matrix = check_rows.pack_matrix(plan, now, review)
    send_parcels([matrix], key="check-matrix")
    data = check_rows.matrix_data(now, matrix)
    # as high as the panel, its bar included
    show_matrix("check-matrix-signs", data | {"height": mapview.HEIGHT - 44}, act)


def _show_list(now: ReviewDesk, review: Review, act: Callable[[Event], None]) -> None:
    views = check_rows.views_of(now)
    lists = [
        one
        for one in check_rows.LISTS
        if one != "findings" or len(check_lists.find_findings(review))
    ]
    if views.listed not in lists:
        views.listed = lists[0]
    key = "pq-check-list"
    st.session_state[key] = views.listed

    def keep() -> None:
        views.listed = st.session_state[key] or views.listed

    st.segmented_control(
        say("view.checks.list.title"),
        lists,
        format_func=lambda one: say(f"view.checks.list.{one}"),
        key=key,
        on_change=keep,
        label_visibility="collapsed",
    )
    rows = check_lists.pack_list(now, review)
    send_parcels([rows], key="check-rows")
    show_table("check-list-table", check_lists.list_data(now, rows), act)


show()
