"""The sites of one session: solved in the background, decided by hand, never lost."""

import logging
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pandas as pd
import streamlit as st

from geo.errors import PianquError
from geo.plan import Plan
from geo.site_curve import Elsewhere
from geo.siting import Sites
from geo.views import work
from geo.views.jobs import Job
from geo.views.reports import plan_key
from geo.views.site_jobs import (
    Ask,
    Live,
    Trade,
    find_units,
    known_units,
    trade_on,
    units_key,
    work_on,
)

_LOG = logging.getLogger(__name__)

#: Plans (district, rules, profile) whose sites a session keeps.
_KEPT = 6
#: Decisions that can be taken back, the oldest are forgotten first.
_STEPS_KEPT = 60
#: Which rows the table below the map lists.
LISTS = ("sites", "unmet", "resources")


@dataclass(frozen=True, slots=True)
class Step:
    """One decision in the history.

    Attributes
    ----------
    ask
        What was asked before it (in the past) or after it (in the future).
    key, values
        Text that says what it did, and values for its named places.
    """

    ask: Ask
    key: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class Run:
    """One piece of work on the sites.

    Attributes
    ----------
    job, live
        The work, and what it tells.
    ask
        What it was asked.
    """

    job: Job
    live: Live
    ask: Ask


@dataclass(frozen=True, eq=False)
class Moved:
    """A proposal that was tried elsewhere.

    Attributes
    ----------
    site
        Its id, see `site_id`.
    point
        Where to: longitude and latitude.
    found
        What it comes to there.
    """

    site: str
    point: tuple[float, float]
    found: Elsewhere


@dataclass(eq=False)
class Desk:
    """What one session does with the sites of one plan.

    Attributes
    ----------
    ask
        What is asked now; `solved` is what `sites` answers.
    sites
        The last good answer.
    past, future
        Decisions that can be undone, and redone, the nearest last.
    run
        What is running.
    trade, trading
        Curve and alternatives of `solved`, or the work on them.
    trouble
        What went wrong last.
    picked
        ``"site:<id>"``, ``"resource:<id>"`` or ``""``.
    moved
        The proposal that was tried elsewhere.
    note
        Key of a sentence to say once, and its values.
    shown
        One of `LISTS`.
    category
        Category that map and tables are about; empty: all.
    after
        Whether the map shows what is left once all is built.
    watched
        Run and trouble that the page that is shown tells of.
    """

    ask: Ask
    solved: Ask | None = None
    sites: Sites | None = None
    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()
    run: Run | None = None
    trade: Trade | None = None
    trading: Job | None = None
    trouble: BaseException | None = None
    picked: str = ""
    moved: Moved | None = None
    note: tuple[str, Mapping[str, str]] | None = None
    shown: str = "sites"
    category: str = ""
    after: bool = False
    watched: tuple[Run | None, BaseException | None] = (None, None)


def site_id(idle_id: object, category: object) -> str:
    """Return the id of a proposal on the page.

    Parameters
    ----------
    idle_id, category
        Resource and category.

    Returns
    -------
    str
        Both in one; `split_id` takes it apart.
    """
    return f"{idle_id}|{category}"


def split_id(site: str) -> tuple[str, str]:
    """Take the id of a proposal apart.

    Parameters
    ----------
    site
        From `site_id`.

    Returns
    -------
    tuple of str
        Resource and category.

    Examples
    --------
    >>> split_id("R|1|canteen")
    ('R|1', 'canteen')
    """
    idle_id, _, category = site.rpartition("|")
    return idle_id, category


def desk(plan: Plan) -> Desk:
    """Return what this session does with the sites of a plan.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    Desk
        Kept while the session lasts, for the last few plans.
    """
    desks: dict[Hashable, Desk] = st.session_state.setdefault("pq_site_desks", {})
    key = plan_key(plan)
    found = desks.pop(key, None) or Desk(Ask(plan.settings.sites))
    desks[key] = found
    while len(desks) > _KEPT:
        del desks[next(iter(desks))]
    return found


def follow(plan: Plan) -> Desk:
    """Take what has become ready, and begin what is missing.

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
    if now.run is not None and now.run.job.done:
        _take(now)
    if now.sites is None and now.run is None and now.trouble is None:
        solve(plan, now.ask)
    if now.run is None and now.sites is not None:
        _follow_trade(plan, now, now.sites)
    return now


def solve(plan: Plan, ask: Ask) -> None:
    """Have sites proposed in the background.

    Parameters
    ----------
    plan
        The plan that is open.
    ask
        Settings and wishes.
    """
    now = desk(plan)
    cancel(plan)
    _drop_trade(now)
    live = Live()
    content = work_on(plan, ask, live, known_units(plan))
    # a run that is stopped keeps its own answer, so none is shared while it runs
    key = ("sites run", uuid4().hex)
    job = work.shelf().start(key, content, work.bench().session)
    now.ask, now.run, now.trouble, now.note = ask, Run(job, live, ask), None, None
    now.moved = None


def change(plan: Plan, ask: Ask, key: str, **values: str) -> None:
    """Take a decision of the planner's, and solve again.

    Parameters
    ----------
    plan
        The plan that is open.
    ask
        What is asked from now on.
    key
        Key of the text that says what was decided, below ``view.sites.step``.
    **values
        Values for the text's named places.
    """
    now = desk(plan)
    if now.run is not None or ask == now.ask:
        return
    told = tuple(sorted(values.items()))
    step = Step(now.ask, f"view.sites.step.{key}", told)
    now.past, now.future = (*now.past, step)[-_STEPS_KEPT:], ()
    solve(plan, ask)


def undo(plan: Plan) -> None:
    """Take back the last decision.

    Parameters
    ----------
    plan
        The plan that is open.
    """
    now = desk(plan)
    if now.past and now.run is None:
        last = now.past[-1]
        step = replace(last, ask=now.ask)
        now.past, now.future = now.past[:-1], (*now.future, step)
        solve(plan, last.ask)


def redo(plan: Plan) -> None:
    """Take again what was taken back last.

    Parameters
    ----------
    plan
        The plan that is open.
    """
    now = desk(plan)
    if now.future and now.run is None:
        following = now.future[-1]
        step = replace(following, ask=now.ask)
        now.past, now.future = (*now.past, step), now.future[:-1]
        solve(plan, following.ask)


def cancel(plan: Plan) -> None:
    """Stop the solver; the best plan it has by then is kept.

    Parameters
    ----------
    plan
        The plan that is open.
    """
    run = desk(plan).run
    if run is None:
        return
    run.live.stop.set()
    if run.live.state is None:
        run.job.cancel(work.bench().session)


def stopping(now: Desk) -> bool:
    """Return whether the solver was asked to stop and has not yet.

    Parameters
    ----------
    now
        The desk.

    Returns
    -------
    bool
        Whether it is.
    """
    return now.run is not None and now.run.live.stop.is_set()


def _follow_trade(plan: Plan, now: Desk, sites: Sites) -> None:
    """Take curve and alternatives, or begin them."""
    if now.trade is not None or now.solved is None or not now.solved.fair:
        return
    if now.trading is None:
        unit_of = find_units(plan, now.solved, known_units(plan), lambda *_: None)
        key = ("site trade", plan_key(plan), now.solved, units_key(unit_of))
        content = trade_on(plan, sites, now.solved, unit_of)
        now.trading = work.shelf().start(key, content, work.bench().session)
    if not now.trading.done:
        return
    if now.trading.failed:
        error: Any = now.trading.error
        if not isinstance(error, PianquError):
            _LOG.error("the budget curve failed unexpectedly", exc_info=error)
        now.trade = Trade(pd.DataFrame(), {})
        return
    made = now.trading.result()
    if isinstance(made, Trade):
        now.trade = made


def _drop_trade(now: Desk) -> None:
    if now.trading is not None and not now.trading.done:
        now.trading.cancel(work.bench().session)
    now.trade = now.trading = None


def _take(now: Desk) -> None:
    run = now.run
    now.run = None
    if run is None:
        return
    stopped = run.live.stop.is_set()
    if run.job.error is not None:
        _fail(now, run.job.error, stopped=stopped)
        return
    made = run.job.result()
    if not isinstance(made, Sites):
        return
    now.sites, now.solved = made, run.ask
    kept = {f"site:{site_id(*pair)}" for pair in _pairs(made.table)}
    if now.picked.startswith("site:") and now.picked not in kept:
        now.picked = f"resource:{split_id(now.picked[5:])[0]}"
    if now.category and now.category not in run.ask.settings.categories:
        now.category = ""
    if stopped:
        now.note = ("view.sites.note.stopped", {})


def _fail(now: Desk, error: BaseException, *, stopped: bool) -> None:
    if stopped and now.solved is not None:
        now.ask = now.solved
        now.note = ("view.sites.note.cancelled", {})
        return
    if not isinstance(error, PianquError):
        _LOG.error("proposing sites failed unexpectedly", exc_info=error)
    now.trouble = error


def _pairs(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["idle_id"], table["category"], strict=True))
