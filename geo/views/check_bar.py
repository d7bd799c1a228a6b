"""The bar above the matrix: filters, how it is checked, undo and keeping."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from geo.errors import RuleError
from geo.plan import Plan
from geo.policy_settings import CONSENT_BASES, CheckSettings
from geo.review import Review
from geo.settings import count_changed
from geo.views import review_bar, review_work
from geo.views.check_gates import find_spread
from geo.views.check_rows import CheckViews, views_of
from geo.views.check_told import STAGES, STATES, state_word, unit_name
from geo.views.review_work import ReviewDesk
from geo.views.state import choice
from geo.views.widgets import say

_LIMITS = (
    "utility_near_m",
    "utility_years",
    "gas_near_m",
    "dig_near_m",
    "dig_years",
    "protected_near_m",
    "idle_near_m",
    "secured_share_least",
)
_WRONG = "pq-check-wrong"


def show(plan: Plan, now: ReviewDesk, review: Review) -> None:
    """Show the bar.

    Parameters
    ----------
    plan, now, review
        The plan that is open, the desk, and its last good review.
    """
    views = views_of(now)
    with st.container(key="pq-check-bar", horizontal=True, vertical_alignment="center"):
        _pick_shown(views)
        _show_filters(plan, now, review, views)
        settings = plan.settings.checks
        changed = count_changed(now.checks, settings)
        title = say("view.checks.filter.form")
        if changed:
            title = say("view.checks.filter.form_changed", count=changed)
        with st.popover(title, width="content"):
            _show_form(plan, now)
        review_bar.show_steps(plan, now)


def _pick_shown(views: CheckViews) -> None:
    key = "pq-check-show"
    st.session_state[key] = views.show

    def keep() -> None:
        views.show = st.session_state[key] or views.show

    st.segmented_control(
        say("view.checks.filter.show"),
        ("matrix", "map"),
        format_func=lambda one: say(f"view.checks.filter.{one}"),
        key=key,
        on_change=keep,
        label_visibility="collapsed",
    )


def _show_filters(
    plan: Plan, now: ReviewDesk, review: Review, views: CheckViews
) -> None:
    spread = find_spread(plan, now, review)
    sizes: dict[str, int] = {}
    for name in filter(None, spread.units):
        sizes[name] = sizes.get(name, 0) + 1
    joint = [name for name in sorted(sizes) if sizes[name] > 1]
    there = [one for one in STAGES if (spread.rules["stage"] == one).any()]

    def stage(one: str) -> str:
        return say(
            f"view.checks.stage.{one}" if one else "view.checks.filter.all_stages"
        )

    def state(one: str) -> str:
        if not one:
            return say("view.checks.filter.all_states")
        return say("view.checks.filter.with_state", state=state_word(one))

    def unit(one: str) -> str:
        return (
            unit_name(one, sizes[one]) if one else say("view.checks.filter.all_units")
        )

    _select(views, "stage", there, stage, 140)
    _select(views, "state", [str(one) for one in STATES], state, 150)
    if joint:
        _select(views, "unit", joint, unit, 150)
    _toggle(views, "planned", disabled=not spread.planned.any())
    _toggle(views, "gates", disabled=False)


def _select(
    views: CheckViews,
    name: str,
    options: Sequence[str],
    word: Callable[[str], str],
    width: int,
) -> None:
    key = f"pq-check-{name}"
    if getattr(views, name) not in options:
        setattr(views, name, "")
    st.session_state[key] = getattr(views, name)

    def keep() -> None:
        setattr(views, name, st.session_state[key] or "")

    st.selectbox(
        say(f"view.checks.filter.{name}"),
        ("", *options),
        format_func=word,
        key=key,
        on_change=keep,
        label_visibility="collapsed",
        filter_mode=None,
        placeholder="",
        width=width,
    )


def _toggle(views: CheckViews, name: str, *, disabled: bool) -> None:
    key = f"pq-check-{name}"
    st.session_state[key] = getattr(views, name) and not disabled

    def keep() -> None:
        setattr(views, name, bool(st.session_state[key]))

    st.checkbox(
        say(f"view.checks.filter.{name}"), key=key, on_change=keep, disabled=disabled
    )


# ------------------------------------------------------------------ settings


def _show_form(plan: Plan, now: ReviewDesk) -> None:
    settings, defaults = now.checks, plan.settings.checks
    # another key for other settings: what was typed and not applied is forgotten
    mark = f"{abs(hash(settings)):x}"
    with st.form(f"pq-check-form-{mark}", border=False):
        _sub("what")
        left, middle, right = st.columns(3, gap="small")
        with left:
            st.number_input(
                _told("plan_year", settings, defaults, _year_word(defaults.plan_year)),
                min_value=0,
                max_value=2100,
                value=settings.plan_year,
                step=1,
                key=f"pq-check-set-plan_year-{mark}",
            )
        with middle:
            st.text_input(
                _told(
                    "as_of",
                    settings,
                    defaults,
                    defaults.as_of or say("view.checks.set.today"),
                ),
                value=settings.as_of,
                key=f"pq-check-set-as_of-{mark}",
            )
        with right:
            st.selectbox(
                _told(
                    "consent_base",
                    settings,
                    defaults,
                    _base_word(defaults.consent_base),
                ),
                CONSENT_BASES,
                index=CONSENT_BASES.index(settings.consent_base),
                format_func=_base_word,
                key=f"pq-check-set-consent_base-{mark}",
                filter_mode=None,
                placeholder="",
            )
        _sub("limits")
        _show_limits(settings, defaults, mark)
        with st.container(horizontal=True):
            st.form_submit_button(
                say("view.checks.set.apply"),
                key="pq-check-apply",
                type="primary",
                on_click=partial(_apply, plan, mark),
            )
            st.form_submit_button(
                say("view.checks.set.restore"),
                key="pq-check-restore",
                on_click=partial(_restore, plan),
            )
    if st.session_state.get(_WRONG):
        st.text(st.session_state[_WRONG])


def _show_limits(settings: CheckSettings, defaults: CheckSettings, mark: str) -> None:
    places = st.columns(2, gap="small")
    for at, name in enumerate(_LIMITS):
        value = getattr(settings, name)
        whole = isinstance(value, int)
        with places[at % 2]:
            st.number_input(
                _told(name, settings, defaults, f"{getattr(defaults, name):g}"),
                min_value=0 if whole else 0.0,
                value=value,
                step=1 if whole else (0.05 if name.endswith("least") else 1.0),
                format="%d" if whole else "%g",
                key=f"pq-check-set-{name}-{mark}",
            )


def _sub(name: str) -> None:
    st.html(f'<div class="pq-sub">{say(f"view.checks.set.{name}")}</div>')


def _told(
    name: str, settings: CheckSettings, defaults: CheckSettings, default: str
) -> str:
    same = getattr(settings, name) == getattr(defaults, name)
    label = say(f"view.checks.set.{name}")
    key = "default" if same else "changed"
    return say(f"view.checks.set.{key}", name=label, value=default)


def _base_word(base: str) -> str:
    return say(f"view.checks.base.{base or 'none'}")


def _year_word(year: int) -> str:
    return str(year) if year else say("view.checks.set.own_year")


def _apply(plan: Plan, mark: str) -> None:
    now = review_work.desk(plan)
    given: dict[str, Any] = {
        name: st.session_state.get(
            f"pq-check-set-{name}-{mark}", getattr(now.checks, name)
        )
        for name in ("plan_year", "as_of", "consent_base", *_LIMITS)
    }
    given["as_of"] = str(given["as_of"]).strip()
    try:
        made = replace(now.checks, **given)
    except RuleError as error:
        st.session_state[_WRONG] = error.message(choice().lang)
        return
    st.session_state.pop(_WRONG, None)
    review_work.set_settings(plan, "view.checks.step.settings", checks=made)


def _restore(plan: Plan) -> None:
    st.session_state.pop(_WRONG, None)
    review_work.set_settings(
        plan, "view.checks.step.restore", checks=plan.settings.checks
    )
