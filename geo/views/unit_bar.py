"""The bar above the map of units: bounds and weights, solving, undo, redo."""

from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from geo.errors import RuleError
from geo.plan import Plan
from geo.settings import UnitSettings, count_changed, make_unit_settings
from geo.unit_drafts import Step, draft_decisions
from geo.views import unit_work
from geo.views.state import choice
from geo.views.unit_work import Desk
from geo.views.widgets import say

_M2_PER_HECTARE = 10_000.0
_PARTS = {
    "bounds": (
        "communities_least",
        "communities_most",
        "households_least",
        "households_most",
        "area_least_m2",
        "area_most_m2",
    ),
    "weights": (
        "target_households",
        "weight_closable",
        "weight_works",
        "weight_size",
        "weight_unlike",
        "weight_spread",
    ),
    "ground": ("gap_m", "walk_m", "resource_near_m", "works_years"),
}
_STEPS = {"target_households": 100.0, "weight_works": 0.01}


def show(plan: Plan, now: Desk) -> None:
    """Show bounds and weights, the button that solves, undo and redo.

    Parameters
    ----------
    plan, now
        The plan, and the desk.
    """
    busy = now.run is not None
    changed = count_changed(now.settings, plan.settings.units)
    title = say("view.units.form")
    if changed:
        title = say("view.units.form_changed", count=changed)
    with st.popover(title, width="content", disabled=busy):
        _show_form(plan, now)
    st.button(
        say("view.units.finish"),
        key="pq-unit-finish",
        type="primary",
        help=say("view.units.finish_help"),
        on_click=finish,
        args=(plan,),
        disabled=busy or now.history is None,
    )
    past = now.history.past if now.history else ()
    future = now.history.future if now.history else ()
    for name, steps, act in (
        ("undo", past, unit_work.undo),
        ("redo", future, unit_work.redo),
    ):
        st.button(
            step_words(name, steps[-1]) if steps else say(f"view.units.{name}"),
            key=f"pq-unit-{name}",
            on_click=act,
            args=(now,),
            disabled=busy or not steps,
        )


def step_words(name: str, step: Step) -> str:
    """Return what undo or redo would do.

    Parameters
    ----------
    name
        ``"undo"`` or ``"redo"``.
    step
        The step that it takes back, or takes again.

    Returns
    -------
    str
        Words for the button.
    """
    return say(f"view.units.{name}_what", step=say(step.key, **dict(step.values)))


def finish(plan: Plan) -> None:
    """Keep what was drawn by hand and have the others drawn.

    Parameters
    ----------
    plan
        The plan that is open.
    """
    now = unit_work.desk(plan)
    if now.history is None:
        return
    draft = now.history.now
    taken = sum(len(draft.members(label)) for label in draft.drawn)
    if taken + len(draft.excluded) >= len(draft.unit_of):
        now.note = ("view.units.note.nothing", {})
        return
    unit_work.solve(plan, draft_decisions(draft, whole=False), now.settings)


def _show_form(plan: Plan, now: Desk) -> None:
    defaults = plan.settings.units
    # another key for other settings: what was typed and not applied is forgotten
    mark = f"{abs(hash(now.settings)):x}"
    given: dict[str, Any] = {}
    with st.form(f"pq-unit-form-{mark}", border=False):
        for part, names in _PARTS.items():
            st.html(f'<div class="pq-sub">{say(f"view.units.set.{part}")}</div>')
            columns = st.columns(3, gap="small")
            for at, name in enumerate(names):
                with columns[at % len(columns)]:
                    given[name] = _number(name, now.settings, defaults, mark)
            if part == "bounds":
                given |= _choices(columns, now.settings, mark)
        key = f"pq-unit-given-{mark}"
        st.session_state[key] = given
        with st.container(horizontal=True):
            st.form_submit_button(
                say("view.units.set.apply"),
                key="pq-unit-apply",
                type="primary",
                on_click=partial(_apply, plan, mark),
            )
            st.form_submit_button(
                say("view.units.set.restore"),
                key="pq-unit-restore",
                on_click=partial(_solve_with, plan, defaults),
            )
    if st.session_state.get("pq-unit-wrong"):
        st.text(st.session_state["pq-unit-wrong"])


def _number(
    name: str, settings: UnitSettings, defaults: UnitSettings, mark: str
) -> float:
    value, default = getattr(settings, name), getattr(defaults, name)
    if name.endswith("_m2"):
        value, default = value / _M2_PER_HECTARE, default / _M2_PER_HECTARE
    whole = isinstance(value, int)
    key = "default" if value == default else "changed"
    label = say(f"view.units.set.{name}")
    told = say(f"view.units.set.{key}", name=label, value=f"{default:g}")
    small = name.startswith("weight_")
    given: float = st.number_input(
        told,
        min_value=0 if whole else 0.0,
        value=value,
        step=1 if whole else _STEPS.get(name, 0.05 if small else 1.0),
        format="%d" if whole else ("%.2f" if small else "%.0f"),
        key=f"pq-unit-set-{name}-{mark}",
    )
    return given


def _choices(
    columns: Sequence[DeltaGenerator], settings: UnitSettings, mark: str
) -> dict[str, Any]:
    words = {
        "": "any",
        "jurisdiction": "jurisdiction",
        "neighbourhood": "neighbourhood",
    }
    names = tuple(words)
    with columns[0]:
        within = st.selectbox(
            say("view.units.set.within"),
            names,
            index=names.index(settings.within),
            format_func=lambda one: say(f"view.units.within.{words[one]}"),
            key=f"pq-unit-set-within-{mark}",
            filter_mode=None,
            placeholder=say("view.units.within.any"),
        )
    with columns[1]:
        eligible = st.checkbox(
            say("view.units.set.only_eligible"),
            value=settings.only_eligible,
            key=f"pq-unit-set-only_eligible-{mark}",
        )
    return {"within": within, "only_eligible": eligible}


def _apply(plan: Plan, mark: str) -> None:
    now = unit_work.desk(plan)
    kept = {one.name: getattr(now.settings, one.name) for one in fields(UnitSettings)}
    given = {
        name: st.session_state.get(f"pq-unit-set-{name}-{mark}", kept[name])
        for name in (
            *(one for part in _PARTS.values() for one in part),
            "within",
            "only_eligible",
        )
    }
    for name in ("area_least_m2", "area_most_m2"):
        given[name] = given[name] * _M2_PER_HECTARE
    try:
        settings = make_unit_settings(kept | given)
    except RuleError as error:
        st.session_state["pq-unit-wrong"] = error.message(choice().lang)
        return
    _solve_with(plan, settings)


def _solve_with(plan: Plan, settings: UnitSettings) -> None:
    st.session_state.pop("pq-unit-wrong", None)
    now = unit_work.desk(plan)
    if now.history is not None:
        unit_work.solve(plan, draft_decisions(now.history.now, whole=False), settings)
