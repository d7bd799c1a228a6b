"""The bar above the map of sites: what is sited, with what budget; undo and redo."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from geo.errors import RuleError
from geo.plan import Plan
from geo.settings import SiteSettings, count_changed, make_site_settings
from geo.views import site_work
from geo.views.site_told import category_name
from geo.views.site_work import Desk, Step
from geo.views.state import choice
from geo.views.widgets import say

_CNY_PER_UNIT = 10_000.0
_KINDS = ("sites", "area", "cny", "")
_SCOPES = ("district", "unit")
_SWITCHES = ("unsure_resources", "unsure_needs", "absent_needs")
_NUMBERS = ("plot_ratio", "m2_per_household", "storeys_assumed", "seconds_most")
_STEPS = {"plot_ratio": 0.1, "storeys_assumed": 1.0}
#: Settings that the form does not show and keeps as they are.
_KEPT = ("nodes_most", "flows_most")


def show(plan: Plan, now: Desk) -> None:
    """Show what is asked of the solver, undo and redo.

    Parameters
    ----------
    plan, now
        The plan that is open, and the desk.
    """
    busy = now.run is not None
    changed = count_changed(now.ask.settings, plan.settings.sites)
    title = say("view.sites.form")
    if changed:
        title = say("view.sites.form_changed", count=changed)
    with st.popover(title, width="content", disabled=busy):
        _show_form(plan, now)
    for name, steps, act in (
        ("undo", now.past, site_work.undo),
        ("redo", now.future, site_work.redo),
    ):
        st.button(
            step_words(name, steps[-1]) if steps else say(f"view.units.{name}"),
            key=f"pq-site-{name}",
            on_click=act,
            args=(plan,),
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


def known_categories(plan: Plan) -> tuple[str, ...]:
    """Return the categories that can be sited.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    tuple of str
        Those that are sited by default first, then the other requirements that the
        rules of siting know.
    """
    known = set(plan.rules.siting["category"])
    first = [one for one in plan.settings.sites.categories if one in known]
    rest = [one for one in plan.rules.requirements if one in known]
    return tuple(dict.fromkeys([*first, *rest]))


def _show_form(plan: Plan, now: Desk) -> None:
    settings, defaults = now.ask.settings, plan.settings.sites
    # another key for other settings: what was typed and not applied is forgotten
    mark = f"{abs(hash(settings)):x}"
    with st.form(f"pq-site-form-{mark}", border=False):
        _sub("what")
        categories = known_categories(plan)
        st.pills(
            _told("categories", settings, defaults, _default_names(plan)),
            categories,
            selection_mode="multi",
            default=[one for one in settings.categories if one in categories],
            format_func=partial(category_name, plan),
            key=f"pq-site-set-categories-{mark}",
        )
        _show_budget(settings, defaults, mark)
        _show_counts(settings, defaults, mark)
        with st.container(horizontal=True):
            st.form_submit_button(
                say("view.sites.set.apply"),
                key="pq-site-apply",
                type="primary",
                on_click=partial(_apply, plan, mark),
            )
            st.form_submit_button(
                say("view.units.set.restore"),
                key="pq-site-restore",
                on_click=partial(_restore, plan),
            )
    if st.session_state.get("pq-site-wrong"):
        st.text(st.session_state["pq-site-wrong"])


def _show_budget(settings: SiteSettings, defaults: SiteSettings, mark: str) -> None:
    _sub("budget")
    columns = st.columns(3, gap="small")
    with columns[0]:
        _choose("budget_kind", _KINDS, "budget_kind", settings, defaults, mark)
    with columns[1]:
        _budget(settings, defaults, mark)
    with columns[2]:
        _choose("scope", _SCOPES, "scope", settings, defaults, mark)


def _show_counts(settings: SiteSettings, defaults: SiteSettings, mark: str) -> None:
    _sub("count")
    for name in _SWITCHES:
        st.checkbox(
            _told(name, settings, defaults, _yes_no(getattr(defaults, name))),
            value=getattr(settings, name),
            key=f"pq-site-set-{name}-{mark}",
            help=say(f"view.sites.set_help.{name}"),
        )
    _sub("figures")
    places = st.columns(len(_NUMBERS), gap="small")
    for at, name in enumerate(_NUMBERS):
        with places[at]:
            st.number_input(
                _told(name, settings, defaults, f"{getattr(defaults, name):g}"),
                min_value=0.0,
                value=float(getattr(settings, name)),
                step=_STEPS.get(name, 5.0),
                format="%.1f" if name == "plot_ratio" else "%.0f",
                key=f"pq-site-set-{name}-{mark}",
            )


def _default_names(plan: Plan) -> str:
    names = [category_name(plan, one) for one in plan.settings.sites.categories]
    return say("view.comma").join(names)


def _sub(name: str) -> None:
    st.html(f'<div class="pq-sub">{say(f"view.sites.set.{name}")}</div>')


def _told(
    name: str, settings: SiteSettings, defaults: SiteSettings, default: str
) -> str:
    """Return the label of a setting with its default, and a mark if it is another."""
    same = getattr(settings, name) == getattr(defaults, name)
    key = "default" if same else "changed"
    label = say(f"view.sites.set.{name}")
    return say(f"view.units.set.{key}", name=label, value=default)


def _choose(
    name: str,
    options: Sequence[str],
    words: str,
    settings: SiteSettings,
    defaults: SiteSettings,
    mark: str,
) -> None:
    def word(one: str) -> str:
        return say(f"view.sites.{words}.{one or 'any'}")

    st.selectbox(
        _told(name, settings, defaults, word(getattr(defaults, name))),
        options,
        index=options.index(getattr(settings, name)),
        format_func=word,
        key=f"pq-site-set-{name}-{mark}",
        filter_mode=None,
        placeholder="",
    )


def _budget(settings: SiteSettings, defaults: SiteSettings, mark: str) -> None:
    scale = _CNY_PER_UNIT if settings.budget_kind == "cny" else 1.0
    st.number_input(
        _told("budget", settings, defaults, f"{defaults.budget:g}"),
        min_value=0.0,
        value=settings.budget / scale,
        step=1.0,
        format="%.0f",
        key=f"pq-site-set-budget-{mark}",
    )


def _yes_no(value: object) -> str:
    return say("view.yes" if value else "view.no")


def _apply(plan: Plan, mark: str) -> None:
    now = site_work.desk(plan)
    settings = now.ask.settings
    names = ("budget_kind", "budget", "scope", *_SWITCHES, *_NUMBERS)
    given: dict[str, Any] = {
        name: st.session_state.get(
            f"pq-site-set-{name}-{mark}", getattr(settings, name)
        )
        for name in names
    }
    if given["budget_kind"] == "cny":
        given["budget"] *= _CNY_PER_UNIT
    picked = st.session_state.get(
        f"pq-site-set-categories-{mark}", list(settings.categories)
    )
    order = [one for one in known_categories(plan) if one in picked]
    if not order:
        st.session_state["pq-site-wrong"] = say("view.sites.set.none")
        return
    given["categories"] = order
    # weights go with the categories; others than these have none
    same = tuple(order) == settings.categories
    given["weights"] = list(settings.weights) if same else []
    given |= {name: getattr(settings, name) for name in _KEPT}
    try:
        made = make_site_settings(given)
    except RuleError as error:
        st.session_state["pq-site-wrong"] = error.message(choice().lang)
        return
    st.session_state.pop("pq-site-wrong", None)
    site_work.change(plan, replace(now.ask, settings=made), "settings")


def _restore(plan: Plan) -> None:
    st.session_state.pop("pq-site-wrong", None)
    now = site_work.desk(plan)
    asked = replace(now.ask, settings=plan.settings.sites, fair=True)
    site_work.change(plan, asked, "restore")
