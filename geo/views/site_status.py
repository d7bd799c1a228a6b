"""Where the solver of the sites is, and what went wrong with it."""

from math import isfinite

import streamlit as st

from geo.errors import PianquError
from geo.plan import Plan
from geo.views import site_work
from geo.views.site_work import Desk, Run
from geo.views.state import choice
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
    now = site_work.desk(plan)
    run = now.run
    if run is None:
        return
    if run.job.done:
        st.rerun(scope="app")
    with st.container(key="pq-progress", horizontal=True, vertical_alignment="center"):
        share = run.job.share
        st.progress(share, text=f"{say(run.job.stage)}　{share:.0%}{live_words(run)}")
        st.button(
            say(
                "view.sites.stopping" if site_work.stopping(now) else "view.sites.stop"
            ),
            key="pq-site-stop",
            on_click=site_work.cancel,
            args=(plan,),
            disabled=site_work.stopping(now),
        )


@st.fragment(run_every=_TICK)
def watch_trade(plan: Plan) -> None:
    """Tell how far the curve is.

    Parameters
    ----------
    plan
        The plan that is open.
    """
    now = site_work.desk(plan)
    if now.trading is None or now.trade is not None:
        return
    if now.trading.done:
        st.rerun(scope="app")
    share = now.trading.share
    st.progress(share, text=f"{say('view.sites.trade.waiting')}　{share:.0%}")


def show_trouble(now: Desk) -> None:
    """Say what went wrong with the sites, and what to do.

    Parameters
    ----------
    now
        The desk.
    """
    if now.trouble is None:
        return

    def again() -> None:
        now.trouble = None

    def back() -> None:
        now.trouble = None
        if now.solved is not None:
            now.ask = now.solved

    with st.container(key="pq-trouble", border=True):
        error = now.trouble
        if isinstance(error, PianquError):
            lang = choice().lang
            st.text(error.message(lang))
            st.text(error.action(lang))
        else:
            st.text(say("view.broken", kind=type(error).__name__))
        st.button(
            say("view.retry" if now.sites is None else "view.close"),
            key="pq-site-retry",
            on_click=again if now.sites is None else back,
        )


def live_words(run: Run) -> str:
    """Say how good the best plan so far is.

    Parameters
    ----------
    run
        The work.

    Returns
    -------
    str
        Empty while there is none.
    """
    state = run.live.state
    if state is None or not isfinite(state.value):
        return ""
    stage = say(f"view.sites.stage.{state.stage}")
    if not isfinite(state.bound):
        return say("view.sites.live", stage=stage, value=f"{state.value:.1%}")
    return say(
        "view.sites.live_bound",
        stage=stage,
        value=f"{state.value:.1%}",
        bound=f"{state.bound:.1%}",
    )
