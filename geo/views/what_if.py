"""The part 试一试: put, close, open or use something, and see what follows."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from geo.errors import PianquError
from geo.plan import Plan
from geo.views import (
    mapview,
    what_if_acts,
    what_if_carry,
    what_if_map,
    what_if_rows,
    what_if_schemes,
    what_if_told,
    what_if_work,
    work,
)
from geo.views.frame import pick
from geo.views.shapes import Parcel
from geo.views.state import choice, choose, go_to, tell_address
from geo.views.what_if_work import Desk, Picture
from geo.views.widgets import Event, say, send_parcels, show_panel, show_table

#: Tests whose verdicts can be looked at.
_TESTS = ("distance", "state")
#: Seconds between two looks at the work.
_TICK = 0.4


def show(plan: Plan, parcels: Mapping[str, Parcel]) -> None:
    """Show the part of the page where things are tried out.

    Parameters
    ----------
    plan
        The plan that is open.
    parcels
        Layers that the page has sent.
    """
    more = what_if_map.send_layers(plan, parcels)
    send_parcels(more.values(), key="what-if-layers")
    now = what_if_work.follow(plan)
    now.watched = now.job is not None
    # always there, so that what comes and goes in it does not move the map's place
    with st.container(key="pq-unit-status"):
        if now.job is not None:
            _watch(plan)
        elif now.broken is not None:
            _show_broken(now)
    _show_rest(plan, {**parcels, **more})


@st.fragment
def _show_rest(plan: Plan, parcels: Mapping[str, Parcel]) -> None:
    mapview.turn_page()
    if work.plan() is not plan:
        # steps were carried into the plan: the whole page waits for it
        st.rerun()
    now = what_if_work.follow(plan)
    if (now.job is not None) is not now.watched:
        # the work is told outside of this fragment
        st.rerun()
    if now.engine is None:
        mapview.show_waiting(parcels)
        return
    # made before anything is shown: meanwhile the last picture stays
    found = what_if_work.picture(plan, now)
    other = what_if_schemes.other(plan, now)
    show_panel("numbers", [what_if_told.numbers(plan, now, found)], _teller(plan))
    with st.container(key="pq-unit-bar", horizontal=True, vertical_alignment="center"):
        _show_bar(plan, now)
    fits = what_if_map.fits_parcel(plan)
    if fits is not None:
        send_parcels([fits], key="what-if-fits")
        parcels = {**parcels, "fits": fits}
    if other is None:
        _show_one(plan, now, found, parcels)
    else:
        _show_two(plan, now, (found, other), parcels)
    tell_address()


@st.fragment(run_every=_TICK)
def _watch(plan: Plan) -> None:
    job = what_if_work.desk(plan).job
    if job is None:
        return
    if job.done:
        st.rerun(scope="app")
    with st.container(key="pq-progress"):
        text = f"{say('view.what_if.preparing')}　{job.share:.0%}"
        st.progress(job.share, text=text)


def _show_broken(now: Desk) -> None:
    def again() -> None:
        now.broken = None

    with st.container(key="pq-trouble", border=True):
        error = now.broken
        if isinstance(error, PianquError):
            st.text(error.message(choice().lang))
            st.text(error.action(choice().lang))
        else:
            st.text(say("view.broken", kind=type(error).__name__))
        st.button(say("view.retry"), key="pq-what-if-retry", on_click=again)


def _show_bar(plan: Plan, now: Desk) -> None:
    for name, turns, act in (
        ("undo", now.past, what_if_work.undo),
        ("redo", now.future, what_if_work.redo),
    ):
        label = say(f"view.units.{name}")
        if turns:
            step = say(turns[-1].key, **dict(turns[-1].values))
            label = say(f"view.units.{name}_what", step=step)
        st.button(
            label,
            key=f"pq-unit-{name}",
            on_click=act,
            args=(now,),
            disabled=not turns,
        )
    what_if_schemes.show(plan, now)
    what_if_carry.show(plan, now)
    pick("test", _TESTS, say("view.lifecircle.test"), _test_name, hide_label=True)
    if now.note is not None:
        key, values = now.note
        st.text(say(key, **values))


def _test_name(test: str) -> str:
    return say(f"view.test.{test}")


def _show_one(
    plan: Plan, now: Desk, found: Picture, parcels: Mapping[str, Parcel]
) -> None:
    style, legend = what_if_map.colours(plan, found)
    rows = what_if_rows.pack_changes(plan, found, now.shown)
    sums, sums_table = what_if_rows.pack_compared(plan, found, None)
    send_parcels([style, rows, sums], key="what-if")
    with st.container(key="pq-bench"):
        left, right = st.columns([2, 1], gap="small")
        with left:
            _show_map("what-if", plan, now, found, parcels, (style, legend))
        with right:
            show_panel(
                "side",
                what_if_told.blocks(plan, now, found),
                _teller(plan),
                subject=f"{now.chosen} {choice().community}",
                height=mapview.HEIGHT,
            )
    if not found.steps:
        return
    with st.container(key="pq-compare"):
        left, right = st.columns([3, 2], gap="small")
    with left:
        show_table(
            "what-if-changes", what_if_rows.table_changes(rows, now.shown), _go_pair
        )
    with right:
        show_table("what-if-sums", sums_table, _go_category)


def _show_two(
    plan: Plan,
    now: Desk,
    pictures: Sequence[Picture],
    parcels: Mapping[str, Parcel],
) -> None:
    mine, other = pictures
    looks = [what_if_map.colours(plan, one) for one in pictures]
    rows, table = what_if_rows.pack_compared(plan, mine, other)
    styles = {style.key: style for style, _ in looks}
    send_parcels([*styles.values(), rows], key="what-if")
    with st.container(key="pq-bench"):
        left, right = st.columns(2, gap="small")
        with left:
            title = what_if_schemes.against_name(now)
            _show_map(
                "what-if-other", plan, now, other, parcels, looks[1], title, still=True
            )
        with right:
            title = say("view.what_if.current")
            _show_map("what-if", plan, now, mine, parcels, looks[0], title)
    show_table("what-if-sums", table, _go_category)


def _show_map(
    key: str,
    plan: Plan,
    now: Desk,
    found: Picture,
    parcels: Mapping[str, Parcel],
    look: tuple[Parcel, dict[str, Any]],
    title: str = "",
    *,
    still: bool = False,
) -> None:
    style, legend = look
    trial = what_if_map.make_trial(plan, now, found, title=title, still=still)
    more = what_if_map.legend_rows(plan, trial)
    what_if_map.show_map(
        key,
        plan,
        parcels,
        _teller(plan),
        style=style.key,
        legend={**legend, "rows": [*legend["rows"], *more]},
        trial=trial,
        keys=not still,
        **({"link": "what-if"} if title else {}),
    )


def _teller(plan: Plan) -> Callable[[Event], None]:
    return partial(what_if_acts.act, plan)


def _go_pair(event: Event) -> None:
    community, category = str(event["id"]).split("|", 1)
    choose(community=community, category=category)
    go_to(id=community)


def _go_category(event: Event) -> None:
    if event["id"] != "sum":
        same = choice().category == event["id"]
        choose(category="" if same else event["id"])
