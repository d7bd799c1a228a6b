"""The bar above the map of the plan: order or worth, horizon, undo and keeping."""

from dataclasses import replace
from functools import partial

import streamlit as st

from geo.errors import RuleError
from geo.plan import Plan
from geo.policy_settings import SCHEDULE_MODES, ScheduleSettings
from geo.settings import count_changed
from geo.views import review_bar, review_work
from geo.views.review_work import ReviewDesk
from geo.views.state import choice
from geo.views.widgets import say

_NUMBERS = ("first_year", "years", "projects_most", "utility_years", "seconds_most")
_SWITCHES = ("utilities_bind", "unsure_gates", "whole_only")
_MODE = "pq-schedule-mode"
_WRONG = "pq-schedule-wrong"


def show(plan: Plan, now: ReviewDesk) -> None:
    """Show the bar.

    Parameters
    ----------
    plan, now
        The plan that is open, and the desk.
    """
    with st.container(
        key="pq-schedule-bar", horizontal=True, vertical_alignment="center"
    ):
        _pick_mode(plan, now)
        changed = count_changed(now.schedule, plan.settings.schedule)
        title = say("view.schedule.form")
        if changed:
            title = say("view.schedule.form_changed", count=changed)
        with st.popover(title, width="content"):
            _show_form(plan, now)
        review_bar.show_steps(plan, now)


def _pick_mode(plan: Plan, now: ReviewDesk) -> None:
    st.session_state[_MODE] = now.schedule.mode

    def keep() -> None:
        mode = st.session_state[_MODE]
        if mode is not None:
            review_work.set_settings(
                plan,
                "view.schedule.step.mode",
                schedule=replace(now.schedule, mode=mode),
                name=say(f"schedule.mode.{mode}"),
            )

    st.segmented_control(
        say("view.schedule.set.mode"),
        SCHEDULE_MODES,
        format_func=lambda one: say(f"schedule.mode.{one}"),
        key=_MODE,
        on_change=keep,
        label_visibility="collapsed",
    )


def _show_form(plan: Plan, now: ReviewDesk) -> None:
    settings, defaults = now.schedule, plan.settings.schedule
    # another key for other settings: what was typed and not applied is forgotten
    mark = f"{abs(hash(settings)):x}"
    with st.form(f"pq-schedule-form-{mark}", border=False):
        places = st.columns(3, gap="small")
        for at, name in enumerate(_NUMBERS):
            with places[at % 3]:
                st.number_input(
                    _told(name, settings, defaults),
                    min_value=1 if name == "years" else 0,
                    value=int(getattr(settings, name)),
                    step=1,
                    key=f"pq-schedule-set-{name}-{mark}",
                    help=say(f"view.schedule.set_help.{name}"),
                )
        for name in _SWITCHES:
            st.checkbox(
                _told(name, settings, defaults),
                value=getattr(settings, name),
                key=f"pq-schedule-set-{name}-{mark}",
                help=say(f"view.schedule.set_help.{name}"),
            )
        with st.container(horizontal=True):
            st.form_submit_button(
                say("view.schedule.set.apply"),
                key="pq-schedule-apply",
                type="primary",
                on_click=partial(_apply, plan, mark),
            )
            st.form_submit_button(
                say("view.units.set.restore"),
                key="pq-schedule-restore",
                on_click=partial(_restore, plan),
            )
    if st.session_state.get(_WRONG):
        st.text(st.session_state[_WRONG])


def _told(name: str, settings: ScheduleSettings, defaults: ScheduleSettings) -> str:
    own, other = getattr(settings, name), getattr(defaults, name)
    if isinstance(other, bool):
        value = say("view.yes" if other else "view.no")
    elif name in {"first_year", "projects_most"} and not other:
        value = say(f"view.schedule.set.{name}_none")
    else:
        value = f"{other:g}"
    key = "default" if own == other else "changed"
    label = say(f"view.schedule.set.{name}")
    return say(f"view.units.set.{key}", name=label, value=value)


def _apply(plan: Plan, mark: str) -> None:
    settings = review_work.desk(plan).schedule
    given = {
        name: st.session_state.get(
            f"pq-schedule-set-{name}-{mark}", getattr(settings, name)
        )
        for name in (*_NUMBERS, *_SWITCHES)
    }
    given["seconds_most"] = float(given["seconds_most"])
    try:
        made = replace(settings, **given)
    except RuleError as error:
        st.session_state[_WRONG] = error.message(choice().lang)
        return
    st.session_state.pop(_WRONG, None)
    review_work.set_settings(plan, "view.schedule.step.settings", schedule=made)


def _restore(plan: Plan) -> None:
    st.session_state.pop(_WRONG, None)
    review_work.set_settings(
        plan, "view.schedule.step.restored", schedule=plan.settings.schedule
    )
