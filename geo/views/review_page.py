"""The begin of the last three pages: what is shown until there is a review."""

from collections.abc import Callable

import streamlit as st

from geo.plan import Plan
from geo.views import layers, mapview, review_bar, review_work, work
from geo.views.review_work import ReviewDesk
from geo.views.shapes import Parcel
from geo.views.state import choice
from geo.views.widgets import say, send_parcels


def begin_page(
    show_rest: Callable[[Plan, dict[str, Parcel]], None],
    *,
    ready: Callable[[ReviewDesk], bool],
    first: str = "view.review.first",
    facilities: bool = False,
) -> None:
    """Show where the work is, then the rest of a page once there is a review.

    Parameters
    ----------
    show_rest
        Shows the rest, given the plan and the map's parcels.
    ready
        Whether the desk has what the page shows.
    first
        Key of the text that says what the page will show.
    facilities
        Whether its map shows facilities.
    """
    opened = work.bench().opened
    if opened is None:
        st.text(say("view.empty.no_district"))
        return
    parcels = layers.backdrop(opened.district)
    plan = work.plan()
    if plan is None:
        send_parcels(layers.listed(parcels))
        st.html(f'<div class="pq-note">{say("view.review.no_plan")}</div>')
        mapview.show_waiting(parcels)
        return
    parcels |= {"gates": layers.gates(opened.district, plan.network)}
    if facilities:
        lang = choice().lang
        found = layers.facilities(opened.district, plan.rules, lang)
        parcels |= {"facilities": found}
    send_parcels(layers.listed(parcels))
    now = review_work.follow(plan)
    review_bar.show_status(plan, now)
    if not ready(now):
        st.html(f'<div class="pq-note">{say(first)}</div>')
        mapview.show_waiting(parcels)
        return
    show_rest(plan, parcels)
