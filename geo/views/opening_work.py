"""New gates of one session: found in the background, one of them looked at."""

import logging
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import streamlit as st

from geo.errors import PianquError
from geo.openings import Openings, find_openings
from geo.plan import Plan
from geo.progress import Progress
from geo.settings import OpeningSettings
from geo.views import work
from geo.views.jobs import Job
from geo.views.reports import plan_key
from geo.views.state import choice
from geo.views.widgets import say

_LOG = logging.getLogger(__name__)

#: Plans whose openings a session keeps.
_KEPT = 6
#: Seconds between two looks at the work.
_TICK = 0.4


@dataclass(eq=False)
class Desk:
    """What one session does with the openings of one plan.

    Attributes
    ----------
    settings
        How they are looked for.
    openings
        What was found last.
    job
        What is running.
    watched
        The job that the page that is shown tells of.
    trouble
        What went wrong last.
    chosen
        Id of the opening that is looked at.
    note
        Key of a sentence to say once, and its values.
    """

    settings: OpeningSettings
    openings: Openings | None = None
    job: Job | None = None
    watched: Job | None = None
    trouble: BaseException | None = None
    chosen: str = ""
    note: tuple[str, Mapping[str, str]] | None = None


def desk(plan: Plan) -> Desk:
    """Return what this session does with the openings of a plan.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    Desk
        Kept while the session lasts, for the last few plans.
    """
    desks: dict[Hashable, Desk] = st.session_state.setdefault("pq_openings", {})
    key = plan_key(plan)
    found = desks.pop(key, None) or Desk(plan.settings.openings)
    desks[key] = found
    while len(desks) > _KEPT:
        del desks[next(iter(desks))]
    return found


def follow(plan: Plan) -> Desk:
    """Take what has become ready, and begin to look where nobody has.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    Desk
        The desk of the plan.
    """
    now = desk(plan)
    if now.job is not None and now.job.done:
        _take(now)
    if now.openings is None and now.job is None and now.trouble is None:
        look(plan, now.settings)
    return now


def look(plan: Plan, settings: OpeningSettings) -> None:
    """Have openings looked for in the background.

    Parameters
    ----------
    plan
        The plan that is open.
    settings
        How to look.
    """
    now = desk(plan)
    now.settings, now.trouble, now.note = settings, None, None
    circle = plan.life_circle

    def content(progress: Progress) -> Openings:
        return find_openings(circle, settings, progress=progress)

    key = ("openings", plan_key(plan), settings)
    now.job = work.shelf().start(key, content, work.bench().session)


def cancel(plan: Plan) -> None:
    """Stop looking; what was found before stays.

    Parameters
    ----------
    plan
        The plan that is open.
    """
    now = desk(plan)
    if now.job is not None:
        now.job.cancel(work.bench().session)


@st.fragment(run_every=_TICK)
def watch(plan: Plan) -> None:
    """Tell how far the search is, with a way to stop it.

    Parameters
    ----------
    plan
        The plan that is open.
    """
    job = desk(plan).job
    if job is None:
        return
    if job.done:
        st.rerun(scope="app")
    with st.container(key="pq-progress", horizontal=True, vertical_alignment="center"):
        text = f"{say('view.openings.finding')}　{job.share:.0%}"
        st.progress(job.share, text=text)
        st.button(
            say("view.cancel"), key="pq-openings-stop", on_click=cancel, args=(plan,)
        )


def show_trouble(plan: Plan, now: Desk) -> None:
    """Say what went wrong, and offer to look again.

    Parameters
    ----------
    plan, now
        The plan, and the desk.
    """
    if now.trouble is None:
        return
    error = now.trouble
    with st.container(key="pq-trouble", border=True):
        if isinstance(error, PianquError):
            st.text(error.message(choice().lang))
            st.text(error.action(choice().lang))
        else:
            st.text(say("view.broken", kind=type(error).__name__))
        st.button(
            say("view.retry"),
            key="pq-openings-retry",
            on_click=look,
            args=(plan, now.settings),
        )


def _take(now: Desk) -> None:
    job = now.job
    now.job = None
    if job is None:
        return
    if job.error is not None:
        if not isinstance(job.error, PianquError):
            _LOG.error("looking for openings failed unexpectedly", exc_info=job.error)
        now.trouble = job.error
        return
    made = job.result()
    if isinstance(made, Openings):
        now.openings = made
        if now.chosen not in made.table.index:
            now.chosen = ""
