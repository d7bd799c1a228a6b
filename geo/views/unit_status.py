"""Where the solver of the units is, and what went wrong with them."""

from math import isnan

import streamlit as st

from geo.errors import PianquError
from geo.plan import Plan
from geo.views import unit_work
from geo.views.state import choice
from geo.views.unit_work import Desk, Run
from geo.views.widgets import say

#: Seconds between two looks at the solver.
_TICK = 0.5


@st.fragment(run_every=_TICK)
def watch_run(plan: Plan) -> None:
    """Tell where the solver is, how good its best plan is, and how to stop it.

    Parameters
    ----------
    plan
        The plan that is open.
    """
    now = unit_work.desk(plan)
    run = now.run
    if run is None:
        return
    waits = now.units is None and run.live.preview is not None
    if run.job.done or (waits and not st.session_state.get("pq-unit-preview")):
        st.session_state["pq-unit-preview"] = True
        st.rerun(scope="app")
    with st.container(key="pq-progress", horizontal=True, vertical_alignment="center"):
        share = run.job.share
        st.progress(share, text=f"{say(run.job.stage)}　{share:.0%}{_live_words(run)}")
        st.button(
            say(
                "view.units.stopping" if unit_work.stopping(now) else "view.units.stop"
            ),
            key="pq-unit-stop",
            on_click=unit_work.cancel,
            args=(plan,),
            disabled=unit_work.stopping(now),
        )


def show_trouble(now: Desk) -> None:
    """Say what went wrong with the units, and what to do.

    Parameters
    ----------
    now
        The desk.
    """
    if now.trouble is None:
        return

    def again() -> None:
        now.trouble = None

    with st.container(key="pq-trouble", border=True):
        error = now.trouble
        if isinstance(error, PianquError):
            lang = choice().lang
            st.text(error.message(lang))
            st.text(error.action(lang))
        else:
            st.text(say("view.broken", kind=type(error).__name__))
        st.button(say("view.retry"), key="pq-unit-retry", on_click=again)


def _live_words(run: Run) -> str:
    state = run.live.state
    if state is None:
        return ""
    if isnan(state.bound):
        return say(
            "view.units.live", score=f"{state.score:,.0f}", done=state.pieces_done
        )
    gap = max(0.0, state.bound - state.score) / max(abs(state.bound), 1.0)
    return say(
        "view.units.live_bound",
        score=f"{state.score:,.0f}",
        bound=f"{state.bound:,.0f}",
        gap=f"{gap:.1%}",
    )
