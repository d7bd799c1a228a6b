"""The page 评价: how did we do on the 20 indicators, and who is behind each."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from geo.indicators import Indicators
from geo.plan import Plan
from geo.review import Review
from geo.schema import State
from geo.views import (
    evaluation_bar,
    evaluation_downloads,
    evaluation_map,
    evaluation_rows,
    mapview,
    review_bar,
    review_work,
)
from geo.views.check_told import state_word
from geo.views.evaluation_panel import panel_of
from geo.views.evaluation_told import count_changes, count_states
from geo.views.evaluation_work import find_indicators, pick, views_of, year_of
from geo.views.review_page import begin_page
from geo.views.review_work import ReviewDesk
from geo.views.shapes import Parcel
from geo.views.state import choice, choose, go_to, tell_address
from geo.views.widgets import Event, say, send_parcels, show_panel, show_table

#: Height of the table, or map, and of the panel beside it: 20 rows and their head.
_HEIGHT = 690
#: What a table is higher than its rows: the bar above them.
_FURNITURE = 44


def show() -> None:
    """Show the page."""
    begin_page(
        _show_review, ready=_is_measured, first="view.evaluation.first", facilities=True
    )


def _is_measured(now: ReviewDesk) -> bool:
    return now.review is not None and now.review.indicators is not None


@st.fragment
def _show_review(plan: Plan, parcels: dict[str, Parcel]) -> None:
    mapview.turn_page()
    now = review_work.follow(plan)
    review = now.review
    if review is None or review_bar.turned(now):
        # the work and what went wrong are told outside of this fragment
        st.rerun()
    found = find_indicators(now, review)
    act = partial(tell, plan)
    show_panel("evaluation-numbers", [numbers(now, found)], act)
    told = statement(now, review, found)
    show_panel("evaluation-statement", [{"kind": "text", "text": told}], act)
    evaluation_bar.show(plan, now, review, found)
    with st.container(key="pq-bench"):
        left, right = st.columns([2, 1], gap="small")
        with left:
            _show_left(now, review, found, parcels, act)
        with right:
            views = views_of(now)
            show_panel(
                "evaluation-side",
                panel_of(now, review, found),
                act,
                subject=f"{views.indicator} {views.part} {choice().community}",
                height=_HEIGHT,
            )
    rows = evaluation_rows.pack_behind(now, review, found)
    send_parcels([rows], key="evaluation-behind")
    table = evaluation_rows.behind_table(now, rows, found)
    show_table("evaluation-list", table, act)
    evaluation_downloads.show(found)
    tell_address()


def _show_left(
    now: ReviewDesk,
    review: Review,
    found: Indicators,
    parcels: dict[str, Parcel],
    act: Callable[[Event], None],
) -> None:
    views = views_of(now)
    if views.show == "map" and not views.merged:
        style, legend = evaluation_map.state_style(now, review, found)
        send_parcels([style], key="evaluation-style")
        evaluation_map.show(
            now, review, parcels, act, style=style, legend=legend, height=_HEIGHT
        )
        return
    rows = evaluation_rows.pack_indicators(now, found)
    send_parcels([rows], key="evaluation-rows")
    height = _HEIGHT - _FURNITURE
    table = evaluation_rows.indicator_table(now, rows, height)
    show_table("evaluation-table", table, act)


def tell(plan: Plan, event: Event) -> None:
    """Do what a click on the page asks for.

    Parameters
    ----------
    plan
        The plan that is open.
    event
        From a component.
    """
    views = views_of(review_work.desk(plan))
    kind, name = str(event["kind"]), str(event.get("id") or "")
    if kind == "indicator":
        pick(views, name, str(event.get("part") or ""))
    elif kind == "row" and name.startswith("IND-"):
        same = views.indicator == name
        pick(views, "" if same else name)
    elif kind in {"row", "member"}:
        if name in plan.district.communities.index:
            choose(community=name)
            go_to(id=name)
    elif kind == "select":
        choose(community=name or None)
    elif kind == "state":
        views.state = "" if views.state == name else name
        views.show = "table"
    elif kind == "show":
        views.show = name
    elif kind == "clear":
        pick(views, "")
        choose(community=None)
    else:
        mapview.act(event)


def numbers(now: ReviewDesk, found: Indicators) -> dict[str, Any]:
    """Return the line of headline numbers.

    Parameters
    ----------
    now, found
        The desk, and the indicators that are shown.

    Returns
    -------
    dict
        Block for ``panel.js``.
    """
    counts, views = count_states(found), views_of(now)
    items = [
        {
            "label": state_word(str(state)),
            "value": str(counts.get(state, 0)),
            "unit": say("view.evaluation.number.of"),
            "note": say(f"view.evaluation.number.{state}"),
            "active": views.state == state,
            "event": {"kind": "state", "id": str(state)},
        }
        for state in (State.MET, State.SHORT, State.UNKNOWN, State.OPEN)
    ]
    changes = count_changes(found)
    if sum(changes.values()):
        items.append(
            {
                "label": say("view.evaluation.number.better"),
                "value": str(changes["better"]),
                "unit": say("view.evaluation.number.of"),
                "note": say("view.evaluation.number.changes", **changes),
            }
        )
    return {"kind": "numbers", "items": items}


def statement(now: ReviewDesk, review: Review, found: Indicators) -> str:
    """Say whose evaluation this is, of which year, and when it is due.

    Parameters
    ----------
    now, review, found
        The desk, its last good review, and the indicators that are shown.

    Returns
    -------
    str
        One or two sentences.
    """
    level = say(f"indicators.level.{found.level}")
    if views_of(now).merged:
        comma = say("view.comma")
        told = say(
            "view.evaluation.statement_merged",
            name=found.name or level,
            year=found.year,
            count=len(found.members),
            names=comma.join(found.members),
        )
        if not found.absent:
            return told
        names = comma.join(found.absent)
        return f"{told} {say('view.evaluation.panel.absent', names=names)}"
    year = year_of(review, views_of(now))
    plan_year = found.plan_year or say("view.missing")
    told = say(
        "view.evaluation.statement",
        name=found.name or level,
        year=year,
        plan_year=plan_year,
        planned=f"{len(review.checks.ground.planned):,}",
    )
    due = review.checks.ground.profile.value("report.before")
    if not due:
        return told
    month, day = (int(one) for one in str(due).split("-"))
    late = say("view.evaluation.due", year=year + 1, month=month, day=day)
    return f"{told} {late}"


show()
