"""The desk of the last three pages: evidence under the user's hand, never lost.

What is edited belongs to the district and outlives a change of the profile. Every
change is one step that can be undone; clauses, ranking, plan and indicators are
worked out anew in the background, and the last good ones stay until then.
"""

import logging
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from geo.errors import PianquError
from geo.evidence import Evidence
from geo.plan import Plan
from geo.policy_settings import CheckSettings, ReserveSettings, ScheduleSettings
from geo.review import Review
from geo.views import schemes, work
from geo.views.jobs import Job
from geo.views.review_jobs import Ask, first_ask, review_key, work_on
from geo.views.site_jobs import known_units
from geo.views.widgets import say

_LOG = logging.getLogger(__name__)

#: Districts whose edits a session keeps.
_KEPT = 6
#: Reviews that are kept, so that what was undone is there at once.
_REVIEWS_KEPT = 4
#: Changes that can be taken back, the oldest are forgotten first.
_STEPS_KEPT = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One change in the history.

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
    """One review in the making, and its key."""

    job: Job
    key: Hashable


@dataclass(frozen=True, slots=True)
class Picked:
    """What is selected besides the community of the address.

    Attributes
    ----------
    rule
        Clause, or indicator.
    subject
        Unit or county; ``""`` while a community, or nothing, is selected.
    """

    rule: str = ""
    subject: str = ""


@dataclass(eq=False)
class ReviewDesk:
    """What one session does with the evidence of one district.

    Attributes
    ----------
    ask
        What is asked now: evidence, settings, pins.
    past, future
        Changes that can be undone, and redone, the nearest last.
    review
        The last good review; it stands on its own plan, units and evidence.
    reviewed
        Key of what `review` answers.
    run
        What is running.
    trouble
        What went wrong last; `failed` is with what key.
    picked
        Clause, and unit or county, that is selected.
    note
        Key of a sentence to say once, and its values.
    wrong
        Field to sentence: what was typed last and is not valid.
    saved
        Evidence and pins that are on disk: their key.
    views
        Choices of the three pages that are not results (filters, lists ...).
    recent
        Keys of the last reviews.
    watched
        Run and trouble that the page that is shown tells of.
    """

    ask: Ask
    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()
    review: Review | None = None
    reviewed: Hashable = None
    run: Run | None = None
    trouble: BaseException | None = None
    failed: Hashable = None
    picked: Picked = field(default_factory=Picked)
    note: tuple[str, Mapping[str, str]] | None = None
    wrong: Mapping[str, str] = field(default_factory=dict)
    saved: Hashable = None
    views: dict[str, Any] = field(default_factory=dict)
    recent: tuple[Hashable, ...] = ()
    watched: tuple[Run | None, BaseException | None] = (None, None)

    @property
    def evidence(self) -> Evidence:
        """The evidence as edited."""
        return self.ask.evidence

    @property
    def checks(self) -> CheckSettings:
        """Settings of the clauses."""
        return self.ask.checks

    @property
    def reserve(self) -> ReserveSettings:
        """Settings of the score."""
        return self.ask.reserve

    @property
    def schedule(self) -> ScheduleSettings:
        """Settings of the plan by years."""
        return self.ask.schedule

    @property
    def pinned(self) -> tuple[tuple[str, int], ...]:
        """Community and the year of its unit in any case."""
        return self.ask.pinned

    @property
    def barred(self) -> tuple[str, ...]:
        """Communities whose units are not planned."""
        return self.ask.barred

    @property
    def stale(self) -> bool:
        """Whether a newer review is being worked out."""
        return self.run is not None

    @property
    def unsaved(self) -> bool:
        """Whether evidence or pins are other than on disk."""
        return self.saved != self.ask.kept


def desk(plan: Plan) -> ReviewDesk:
    """Return what this session does with the evidence of a district.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    ReviewDesk
        Kept while the session lasts, for the last few districts.
    """
    desks: dict[str, ReviewDesk] = st.session_state.setdefault("pq_review_desks", {})
    key = plan.district.fingerprint
    found = desks.pop(key, None) or _new_desk(plan)
    desks[key] = found
    while len(desks) > _KEPT:
        del desks[next(iter(desks))]
    return found


def follow(plan: Plan) -> ReviewDesk:
    """Take what has become ready, and begin what is missing.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    ReviewDesk
        The desk of its district.
    """
    now = desk(plan)
    units = known_units(plan)
    wanted = review_key(plan, now.ask, units)
    if now.run is not None and now.run.key != wanted:
        _drop(now)
    if now.run is not None and now.run.job.done:
        _take(now)
    if now.failed not in {wanted, None}:
        now.trouble = now.failed = None
    if now.reviewed != wanted and now.run is None and now.failed != wanted:
        content = work_on(plan, now.ask, units)
        job = work.shelf().start(wanted, content, work.bench().session)
        now.run = Run(job, wanted)
        if job.done:
            _take(now)
    return now


def change(plan: Plan, ask: Ask, key: str, **values: str) -> None:
    """Take a change of the user's; what depends on it is worked out anew.

    Parameters
    ----------
    plan
        The plan that is open.
    ask
        What is asked from now on.
    key
        Dotted key of the text that says what was changed.
    **values
        Values for the text's named places.
    """
    now = desk(plan)
    now.note, now.wrong = None, {}
    if ask.key == now.ask.key:
        return
    step = Step(now.ask, key, tuple(sorted(values.items())))
    now.past, now.future = (*now.past, step)[-_STEPS_KEPT:], ()
    now.ask = ask


def edit(plan: Plan, evidence: Evidence, key: str, **values: str) -> None:
    """Take evidence that was edited.

    Parameters
    ----------
    plan
        The plan that is open.
    evidence
        Its tables from now on, see `geo.evidence_edits`.
    key, **values
        See `change`.
    """
    change(plan, replace(desk(plan).ask, evidence=evidence), key, **values)


def set_settings(
    plan: Plan,
    key: str,
    *,
    checks: CheckSettings | None = None,
    reserve: ReserveSettings | None = None,
    schedule: ScheduleSettings | None = None,
    **values: str,
) -> None:
    """Take other settings.

    Parameters
    ----------
    plan
        The plan that is open.
    key
        See `change`.
    checks, reserve, schedule
        The settings from now on; None: they stay.
    **values
        See `change`.
    """
    now = desk(plan).ask
    asked = replace(
        now,
        checks=checks or now.checks,
        reserve=reserve or now.reserve,
        schedule=schedule or now.schedule,
    )
    change(plan, asked, key, **values)


def pin(
    plan: Plan, communities: tuple[str, ...], year: int | None, key: str, **values: str
) -> None:
    """Fix the year of a unit, or set it free.

    Parameters
    ----------
    plan
        The plan that is open.
    communities
        The unit's communities; a pin takes back that they are barred.
    year
        The year; None: free.
    key, **values
        See `change`.
    """
    now = desk(plan).ask
    pinned = {one: at for one, at in now.pinned if one not in communities}
    barred = now.barred
    if year is not None:
        pinned |= dict.fromkeys(communities, year)
        barred = tuple(one for one in barred if one not in communities)
    asked = replace(now, pinned=tuple(sorted(pinned.items())), barred=barred)
    change(plan, asked, key, **values)


def bar(
    plan: Plan, communities: tuple[str, ...], key: str, *, out: bool, **values: str
) -> None:
    """Keep a unit out of the plan, or let it in again.

    Parameters
    ----------
    plan
        The plan that is open.
    communities
        The unit's communities; what is barred is pinned no more.
    key
        See `change`.
    out
        Whether it is kept out.
    **values
        See `change`.
    """
    now = desk(plan).ask
    barred = set(now.barred) - set(communities)
    pinned = now.pinned
    if out:
        barred |= set(communities)
        pinned = tuple(pair for pair in pinned if pair[0] not in communities)
    asked = replace(now, pinned=pinned, barred=tuple(sorted(barred)))
    change(plan, asked, key, **values)


def undo(plan: Plan) -> None:
    """Take back the last change.

    Parameters
    ----------
    plan
        The plan that is open.
    """
    now = desk(plan)
    if now.past:
        last = now.past[-1]
        now.past = now.past[:-1]
        now.future = (*now.future, replace(last, ask=now.ask))
        now.ask, now.note, now.wrong = last.ask, None, {}


def redo(plan: Plan) -> None:
    """Make again the change that was taken back last.

    Parameters
    ----------
    plan
        The plan that is open.
    """
    now = desk(plan)
    if now.future:
        following = now.future[-1]
        now.future = now.future[:-1]
        now.past = (*now.past, replace(following, ask=now.ask))
        now.ask, now.note, now.wrong = following.ask, None, {}


def cancel(plan: Plan) -> None:
    """Stop the review that is running; the last good one stays.

    Parameters
    ----------
    plan
        The plan that is open.
    """
    run = desk(plan).run
    if run is not None:
        run.job.cancel(work.bench().session)


def _new_desk(plan: Plan) -> ReviewDesk:
    ask = first_ask(plan)
    if schemes.folder() is not None:
        kept = schemes.kept(plan).get(say("view.review.scheme"))
        if kept is not None:
            ask = replace(ask, pinned=kept.pinned, barred=kept.barred)
    return ReviewDesk(ask, saved=ask.kept)


def _drop(now: ReviewDesk) -> None:
    if now.run is not None:
        now.run.job.cancel(work.bench().session)
    now.run = None


def _take(now: ReviewDesk) -> None:
    run = now.run
    now.run = None
    if run is None:
        return
    error: Any = run.job.error
    if error is None:
        made = run.job.result()
        if isinstance(made, Review):
            now.review, now.reviewed = made, run.key
            now.trouble = now.failed = None
            _forget(now)
        return
    if not isinstance(error, PianquError):
        _LOG.error("the review failed unexpectedly", exc_info=error)
    now.trouble, now.failed = error, run.key


def _forget(now: ReviewDesk) -> None:
    """Keep the last few reviews only: each is as large as the district."""
    recent = (*(key for key in now.recent if key != now.reviewed), now.reviewed)
    for key in recent[:-_REVIEWS_KEPT]:
        work.shelf().drop(key)
    now.recent = recent[-_REVIEWS_KEPT:]
