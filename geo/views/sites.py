"""The page 选址: what should be built where, or opened, and what would come of it."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec

import streamlit as st

from geo.plan import Plan
from geo.siting import Sites
from geo.views import (
    layers,
    mapview,
    site_acts,
    site_bar,
    site_downloads,
    site_fit,
    site_map,
    site_need,
    site_panel,
    site_rows,
    site_status,
    site_told,
    site_trade,
    site_work,
    work,
)
from geo.views.shapes import Parcel
from geo.views.site_work import Desk
from geo.views.state import choice, tell_address
from geo.views.widgets import Event, say, send_parcels, show_panel, show_table

#: Parts of the page, and the modules that show them.
PARTS = {"build": "", "openings": "geo.views.openings", "what_if": "geo.views.what_if"}
_PART = "pq-site-part"
_PICK = "pq-site-part-pick"


def show() -> None:
    """Show the page."""
    opened = work.bench().opened
    if opened is None:
        st.text(say("view.empty.no_district"))
        return
    parcels = layers.backdrop(opened.district)
    plan = work.plan()
    if plan is None:
        send_parcels(layers.listed(parcels))
        st.html(f'<div class="pq-note">{say("view.sites.no_plan")}</div>')
        mapview.show_waiting(parcels)
        return
    parcels |= {
        "gates": layers.gates(opened.district, plan.network),
        "facilities": layers.facilities(opened.district, plan.rules, choice().lang),
    }
    send_parcels(layers.listed(parcels))
    module = _pick_part()
    if module:
        import_module(module).show(plan, parcels)
        tell_address()
        return
    _show_build(plan, parcels)


def _pick_part() -> str:
    """Let the user pick a part of the page; return the module that shows it."""
    parts = [one for one, name in PARTS.items() if not name or find_spec(name)]
    st.session_state[_PICK] = st.session_state.get(_PART, parts[0])

    def keep() -> None:
        picked = st.session_state[_PICK]
        if picked is not None:
            st.session_state[_PART] = picked

    if len(parts) > 1:
        with st.container(key="pq-site-parts"):
            st.segmented_control(
                say("view.sites.part.title"),
                parts,
                format_func=lambda one: say(f"view.sites.part.{one}"),
                key=_PICK,
                on_change=keep,
                label_visibility="collapsed",
            )
    return PARTS[st.session_state.get(_PART, parts[0])]


def _show_build(plan: Plan, parcels: dict[str, Parcel]) -> None:
    now = site_work.follow(plan)
    now.watched = (now.run, now.trouble)
    # always there, so that what comes and goes in it does not move the map's place
    with st.container(key="pq-site-status"):
        if now.run is not None:
            site_status.watch_run(plan)
        site_status.show_trouble(now)
    _show_rest(plan, parcels)


@st.fragment
def _show_rest(plan: Plan, parcels: dict[str, Parcel]) -> None:
    mapview.turn_page()
    now = site_work.follow(plan)
    if (now.run, now.trouble) != now.watched:
        # the work and what went wrong are told outside of this fragment
        st.rerun()
    sites = now.sites
    if sites is None:
        mapview.show_waiting(parcels)
        return
    act = partial(site_acts.tell, plan)
    resources = site_fit.resource_parcel(plan, sites, now.category)
    style, legend = site_need.need_style(sites, now)
    legend["rows"] += site_map.legend_rows(now, sites)
    show_panel("numbers", [site_told.numbers(plan, now, sites)], act)
    with st.container(key="pq-site-bar", horizontal=True, vertical_alignment="center"):
        site_bar.show(plan, now)
        _pick_view(plan, now, sites)
        if now.note is not None:
            key, values = now.note
            st.text(say(key, **values))
    send_parcels([style, resources], key="sites")
    with st.container(key="pq-bench"):
        left, right = st.columns([2, 1], gap="small")
        with left:
            whole = {**parcels, "resources": resources}
            site_map.show(plan, now, sites, whole, act, style=style.key, legend=legend)
        with right:
            show_panel(
                "side",
                site_panel.panel_of(plan, now, sites),
                act,
                subject=f"{now.picked} {choice().community}",
                height=mapview.HEIGHT,
            )
    site_trade.show(plan, now, sites, act)
    _show_list(plan, now, sites, act)
    site_downloads.show(plan, now, sites)
    tell_address()


def _pick_view(plan: Plan, now: Desk, sites: Sites) -> None:
    """Let the user pick which need the map shows: category, before or after."""

    def keep(name: str) -> None:
        value = st.session_state[f"pq-site-view-{name}"]
        if value is not None:
            setattr(now, name, value)

    def category(one: str) -> str:
        return site_told.category_name(plan, one) if one else say("view.sites.all")

    for name in ("category", "after"):
        st.session_state[f"pq-site-view-{name}"] = getattr(now, name)
    st.selectbox(
        say("view.lifecircle.category"),
        ("", *sites.settings.categories),
        format_func=category,
        key="pq-site-view-category",
        on_change=keep,
        args=("category",),
        label_visibility="collapsed",
        filter_mode=None,
        placeholder="",
        width=190,
    )
    st.segmented_control(
        say("view.sites.view.title"),
        (False, True),
        format_func=lambda one: say(f"view.sites.view.{'after' if one else 'before'}"),
        key="pq-site-view-after",
        on_change=keep,
        args=("after",),
        label_visibility="collapsed",
    )


def _show_list(
    plan: Plan, now: Desk, sites: Sites, act: Callable[[Event], None]
) -> None:
    names = dict(site_rows.lists(now, sites))
    key = "pq-site-list"
    st.session_state[key] = now.shown

    def keep() -> None:
        now.shown = st.session_state[key] or now.shown

    st.segmented_control(
        say("view.sites.list.title"),
        list(names),
        format_func=names.__getitem__,
        key=key,
        on_change=keep,
        label_visibility="collapsed",
    )
    rows = site_rows.pack(plan, now, sites)
    send_parcels([rows], key="site-rows")
    show_table("site-list-table", site_rows.table(rows, now), act)


show()
