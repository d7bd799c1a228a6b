"""The part 开门: where a new gate in a wall does what a building would."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from typing import Any

import streamlit as st

from geo.errors import RuleError
from geo.openings import Openings
from geo.plan import Plan
from geo.settings import OPEN_TO, OpeningSettings, count_changed
from geo.views import (
    mapview,
    opening_map,
    opening_told,
    opening_work,
    reports,
    what_if_acts,
    what_if_map,
    what_if_place,
    work,
)
from geo.views.opening_work import Desk
from geo.views.shapes import Parcel
from geo.views.state import choice, choose, go_to, tell_address
from geo.views.what_if_changes import list_rows
from geo.views.what_if_work import Picture
from geo.views.widgets import Event, say, send_parcels, show_panel, show_table, words

#: Where the page keeps which of its parts is shown.
PART = "pq-site-part"
#: Set once when an opening was put among the steps.
_TRIED = "pq-openings-tried"
_SWITCHES = ("streets", "barriers", "buildings", "gates", "facilities", "names")


def show(plan: Plan, parcels: Mapping[str, Parcel]) -> None:
    """Show the part of the page about new gates.

    Parameters
    ----------
    plan
        The plan that is open.
    parcels
        Layers that the page has sent.
    """
    more = what_if_map.send_layers(plan, parcels)
    more.pop("resources", None)
    send_parcels(more.values(), key="openings-layers")
    now = opening_work.follow(plan)
    now.watched = now.job
    # always there, so that what comes and goes in it does not move the map's place
    with st.container(key="pq-unit-status"):
        if now.job is not None:
            opening_work.watch(plan)
        opening_work.show_trouble(plan, now)
    _show_rest(plan, {**parcels, **more})


@st.fragment
def _show_rest(plan: Plan, parcels: Mapping[str, Parcel]) -> None:
    mapview.turn_page()
    now = opening_work.follow(plan)
    tried = st.session_state.pop(_TRIED, False)
    if tried or now.job is not now.watched or work.plan() is not plan:
        # the work, and the other parts, are shown outside of this fragment
        st.rerun()
    found = now.openings
    if found is not None:
        show_panel("numbers", [opening_told.numbers(found)], lambda _: None)
    with st.container(key="pq-unit-bar", horizontal=True, vertical_alignment="center"):
        _show_settings(plan, now)
        if now.note is not None:
            st.text(say(now.note[0], **now.note[1]))
    _show_bench(plan, now, found, parcels)
    tell_address()


def _show_bench(
    plan: Plan, now: Desk, found: Openings | None, parcels: Mapping[str, Parcel]
) -> None:
    board = _today(plan)
    style, legend = what_if_map.colours(plan, board)
    rows = None if found is None else opening_told.pack(plan, found)
    send_parcels([style] if rows is None else [style, rows], key="openings")
    more: dict[str, Any] = {}
    if found is not None:
        more = {
            "extra": "openings",
            "openings": opening_map.make_data(plan, found, now.chosen),
        }
        told = opening_map.legend(found, now.chosen)
        legend = {**legend, "rows": [*legend["rows"], *told["rows"]]}
    with st.container(key="pq-bench"):
        left, right = st.columns([2, 1], gap="small")
        with left:
            mapview.show_district(
                "openings",
                plan.district,
                parcels,
                _teller(plan),
                style=style.key,
                legend=legend,
                category=choice().category,
                off=["buildings"] if choice().category else ["facilities", "buildings"],
                stale=now.job is not None,
                switches=[
                    [name, say(f"view.map.{name}")]
                    for name in _SWITCHES
                    if name == "names" or name in parcels
                ],
                texts=words("view.map"),
                **more,
            )
        with right:
            show_panel(
                "side",
                _blocks(plan, now, found),
                _teller(plan),
                subject=now.chosen,
                height=mapview.HEIGHT,
            )
    if rows is not None and found is not None and len(found.table):
        show_table(
            "openings-rows",
            opening_told.table_data(rows, now.chosen),
            lambda one: act(plan, {"kind": "row", "id": one["id"]}),
        )


def _blocks(plan: Plan, now: Desk, found: Openings | None) -> list[dict[str, Any]]:
    if found is None:
        return [{"kind": "text", "text": say("view.openings.finding")}]
    if not len(found.table):
        walled = what_if_place.has_walls(plan)
        key = "none" if walled else "no_walls"
        title = say("view.openings.panel.whole")
        return [
            {"kind": "heading", "title": title},
            {"kind": "text", "text": say(f"view.openings.{key}")},
        ]
    return opening_told.blocks(plan, found, now.chosen)


def _today(plan: Plan) -> Picture:
    board = reports.board(plan)
    return Picture((), board, board)


def _teller(plan: Plan) -> Callable[[Event], None]:
    return partial(act, plan)


def act(plan: Plan, event: Event) -> None:
    """Do what a click asks for.

    Parameters
    ----------
    plan
        The plan that is open.
    event
        From the map, the panel or the table.
    """
    now = opening_work.desk(plan)
    now.note = None
    kind = event["kind"]
    if kind in {"opening", "row"}:
        same = now.chosen == event["id"] and kind == "opening"
        now.chosen = "" if same else str(event["id"])
        if kind == "row":
            _find(plan, now)
    elif kind == "find":
        _find(plan, now)
    elif kind == "try":
        _try(plan, now)
    elif kind == "select":
        mapview.select(event)
    elif kind == "category":
        same = choice().category == event["id"]
        choose(category="" if same else event["id"])
    else:
        mapview.act(event)


def _find(plan: Plan, now: Desk) -> None:
    if now.openings is not None and now.chosen in now.openings.table.index:
        (row,) = list_rows(now.openings.table.loc[[now.chosen]])
        place = (float(row["x"]), float(row["y"]))
        go_to(point=what_if_place.to_degrees(plan, [place])[0])


def _try(plan: Plan, now: Desk) -> None:
    """Put the chosen opening among the steps, and show them."""
    if now.openings is None or now.chosen not in now.openings.table.index:
        return
    gates = now.openings.gates
    stands = what_if_acts.try_gates(plan, gates[gates["opening_id"] == now.chosen])
    now.note = ("view.openings.tried", {})
    if stands:
        st.session_state[PART], st.session_state[_TRIED] = "what_if", True


def _show_settings(plan: Plan, now: Desk) -> None:
    defaults = plan.settings.openings
    changed = count_changed(now.settings, defaults)
    title = say("view.openings.settings")
    if changed:
        title = say("view.openings.settings_changed", count=changed)
    with st.popover(title, width="content", disabled=now.job is not None):
        mark = f"{abs(hash(now.settings)):x}"
        with st.form(f"pq-openings-form-{mark}", border=False):
            given: dict[str, Any] = {
                one.name: _field(one.name, now.settings, defaults, mark)
                for one in fields(OpeningSettings)
            }
            with st.container(horizontal=True):
                applied = st.form_submit_button(
                    say("view.openings.apply"), key="pq-openings-apply", type="primary"
                )
                restored = st.form_submit_button(
                    say("view.openings.restore"), key="pq-openings-restore"
                )
    if restored:
        opening_work.look(plan, defaults)
        st.rerun()
    if applied:
        try:
            settings = OpeningSettings(**given)
        except RuleError as error:
            st.text(error.message(choice().lang))
            return
        opening_work.look(plan, settings)
        st.rerun()


def _field(
    name: str, settings: OpeningSettings, defaults: OpeningSettings, mark: str
) -> str | float:
    value, default = getattr(settings, name), getattr(defaults, name)
    key = "default" if value == default else "changed"
    shown = (
        say(f"view.openings.open_{default}") if name == "open_to" else f"{default:g}"
    )
    label = say(
        f"view.openings.{key}", name=say(f"view.openings.set.{name}"), value=shown
    )
    place = f"pq-openings-{name}-{mark}"
    if name == "open_to":
        word: str = st.selectbox(
            label,
            OPEN_TO,
            index=OPEN_TO.index(value),
            format_func=lambda one: say(f"view.openings.open_{one}"),
            key=place,
            filter_mode=None,
        )
        return word
    whole = isinstance(value, int)
    number: float = st.number_input(
        label,
        min_value=0 if whole else 0.0,
        value=value,
        step=10 if whole else 5.0,
        format="%d" if whole else "%.0f",
        key=place,
    )
    return number
