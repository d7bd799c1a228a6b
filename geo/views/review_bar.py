"""What the last three pages share above their content: progress, undo, keeping."""

import streamlit as st

from geo.errors import PianquError
from geo.plan import Plan
from geo.views import review_keep, review_work
from geo.views.review_work import ReviewDesk, Step
from geo.views.state import choice
from geo.views.widgets import say

#: Seconds between two looks at the work.
_TICK = 0.4


def show_status(plan: Plan, now: ReviewDesk) -> None:
    """Tell where the review is, and what went wrong with it.

    Parameters
    ----------
    plan, now
        The plan that is open, and the desk.
    """
    now.watched = (now.run, now.trouble)
    # always there, so that what comes and goes in it does not move the page
    with st.container(key="pq-review-status"):
        if now.run is not None:
            watch_run(plan)
        _show_trouble(now)


def turned(now: ReviewDesk) -> bool:
    """Return whether run or trouble are others than the page tells of.

    Parameters
    ----------
    now
        The desk.

    Returns
    -------
    bool
        Whether a fragment has to run the whole page again.
    """
    return (now.run, now.trouble) != now.watched


@st.fragment(run_every=_TICK)
def watch_run(plan: Plan) -> None:
    """Tell where the review is, with a way to stop it.

    Parameters
    ----------
    plan
        The plan that is open.
    """
    run = review_work.desk(plan).run
    if run is None:
        return
    if run.job.done:
        st.rerun(scope="app")
    with st.container(key="pq-progress", horizontal=True, vertical_alignment="center"):
        share = run.job.share
        st.progress(share, text=f"{say(run.job.stage)}　{share:.0%}")
        st.button(
            say("view.cancel"),
            key="pq-review-stop",
            on_click=review_work.cancel,
            args=(plan,),
        )


def show_steps(plan: Plan, now: ReviewDesk) -> None:
    """Show undo, redo, and where the changes are kept.

    Parameters
    ----------
    plan, now
        The plan that is open, and the desk.
    """
    for name, steps, act in (
        ("undo", now.past, review_work.undo),
        ("redo", now.future, review_work.redo),
    ):
        st.button(
            step_words(name, steps[-1]) if steps else say(f"view.review.{name}"),
            key=f"pq-review-{name}",
            on_click=act,
            args=(plan,),
            disabled=not steps,
        )
    if review_keep.can_save():
        st.button(
            say("view.review.save" if now.unsaved else "view.review.saved"),
            key="pq-review-save",
            on_click=review_keep.save,
            args=(plan,),
            disabled=not now.unsaved,
            help=say("view.review.save_help"),
        )
    evidence, decisions = now.evidence, review_keep.find_decisions(plan)
    st.download_button(
        say("view.review.pack"),
        # the callable runs without session state: everything is passed
        data=lambda: review_keep.pack(evidence, decisions),
        file_name="pianqu-evidence.zip",
        mime="application/zip",
        key="pq-review-pack",
        on_click="ignore",
        help=say("view.review.pack_help"),
    )
    if now.note is not None:
        key, values = now.note
        st.text(say(key, **values))


def step_words(name: str, step: Step) -> str:
    """Return what undo or redo would do.

    Parameters
    ----------
    name
        ``"undo"`` or ``"redo"``.
    step
        The step that it takes back, or makes again.

    Returns
    -------
    str
        Words for the button.
    """
    told = say(step.key, **dict(step.values))
    return say(f"view.review.{name}_what", step=told)


def _show_trouble(now: ReviewDesk) -> None:
    if now.trouble is None:
        return

    def again() -> None:
        now.trouble = now.failed = None

    with st.container(key="pq-trouble", border=True):
        error = now.trouble
        if isinstance(error, PianquError):
            lang = choice().lang
            st.text(error.message(lang))
            st.text(error.action(lang))
        else:
            st.text(say("view.broken", kind=type(error).__name__))
        st.button(say("view.retry"), key="pq-review-retry", on_click=again)
