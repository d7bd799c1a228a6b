"""The bar above the indicators: whose, of which year, and other counties' files."""

from collections.abc import Callable

import streamlit as st

from geo.findings import render_findings
from geo.indicators import Indicators
from geo.plan import Plan
from geo.review import Review
from geo.views import review_bar
from geo.views.evaluation_work import (
    LEVELS,
    EvaluationViews,
    clear_files,
    take_files,
    views_of,
    year_of,
)
from geo.views.review_work import ReviewDesk
from geo.views.state import choice
from geo.views.widgets import say

#: Years that can be evaluated, counted from that of the next report.
_YEARS = (1, 0, -1, -2)


def show(plan: Plan, now: ReviewDesk, review: Review, found: Indicators) -> None:
    """Show the bar.

    Parameters
    ----------
    plan, now, review, found
        The plan that is open, the desk, its last good review, and the indicators that
        are shown.
    """
    views = views_of(now)
    with st.container(
        key="pq-evaluation-bar", horizontal=True, vertical_alignment="center"
    ):
        # always there: without it the menu beside it would be a new one, and close
        _segments(
            "show",
            ("table", "map"),
            "table" if views.merged else views.show,
            lambda one: setattr(views, "show", one),
            disabled=views.merged,
        )
        _pick_year(views, review)
        with st.popover(say("view.evaluation.merge.title"), width="content"):
            _show_merge(views)
        review_bar.show_steps(plan, now)
    _show_findings(views, found)


def _segments(
    name: str,
    options: tuple[str, ...],
    value: str,
    keep: Callable[[str], None],
    *,
    disabled: bool = False,
) -> None:
    key = f"pq-evaluation-{name}"
    st.session_state[key] = value

    def take() -> None:
        keep(st.session_state[key] or value)

    st.segmented_control(
        say(f"view.evaluation.{name}.title"),
        options,
        format_func=lambda one: say(f"view.evaluation.{name}.{one}"),
        key=key,
        on_change=take,
        label_visibility="collapsed",
        disabled=disabled,
    )


def _pick_year(views: EvaluationViews, review: Review) -> None:
    year = year_of(review, views)
    first = year_of(review, EvaluationViews())
    options = sorted({first + one for one in _YEARS} | {year}, reverse=True)
    key = "pq-evaluation-year"
    st.session_state[key] = year

    def take() -> None:
        views.year = int(st.session_state[key] or 0)

    st.selectbox(
        say("view.evaluation.year.title"),
        options,
        format_func=lambda one: say("view.evaluation.year.of", year=one),
        key=key,
        on_change=take,
        label_visibility="collapsed",
        filter_mode=None,
        placeholder="",
        width=150,
    )


def _show_merge(views: EvaluationViews) -> None:
    st.html(f'<div class="pq-note">{say("view.evaluation.merge.note")}</div>')
    _segments(
        "level",
        ("county", *LEVELS),
        views.level,
        lambda one: setattr(views, "level", one),
    )
    key = f"pq-evaluation-files-{views.turn}"

    def take() -> None:
        given = st.session_state.get(key) or []
        if given:
            take_files(views, [(one.name, one.getvalue()) for one in given])
            # a new field: what was read is listed below it
            views.turn += 1

    st.file_uploader(
        say("view.evaluation.merge.files"),
        type=["csv", "xlsx"],
        accept_multiple_files=True,
        key=key,
        on_change=take,
    )
    for text in views.wrong:
        st.text(text)
    if views.files:
        names = say("view.comma").join(one.name for one in views.files)
        st.text(say("view.evaluation.merge.there", names=names))
        st.button(
            say("view.evaluation.merge.clear"),
            key="pq-evaluation-clear",
            on_click=clear_files,
            args=(views,),
        )
    _text(views)
    _own(views)


def _text(views: EvaluationViews) -> None:
    key = "pq-evaluation-expected"
    st.session_state[key] = views.expected

    def take() -> None:
        views.expected = str(st.session_state[key])

    st.text_input(
        say("view.evaluation.merge.expected"),
        key=key,
        on_change=take,
    )
    st.html(f'<div class="pq-note">{say("view.evaluation.merge.expected_help")}</div>')


def _own(views: EvaluationViews) -> None:
    key = "pq-evaluation-own"
    st.session_state[key] = views.own

    def take() -> None:
        views.own = bool(st.session_state[key])

    st.checkbox(say("view.evaluation.merge.own"), key=key, on_change=take)


def _show_findings(views: EvaluationViews, found: Indicators) -> None:
    if not views.merged or not len(found.findings):
        return
    told = render_findings(found.findings, choice().lang)
    with st.container(key="pq-evaluation-findings"):
        for message, action in zip(told["message"], told["action"], strict=True):
            st.text(f"{message} {action}")
