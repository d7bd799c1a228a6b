"""The units of one session: solved in the background, edited by hand, never lost."""

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event as Flag
from uuid import uuid4

import pandas as pd
import streamlit as st
from shapely import Geometry

from geo.decisions import Decisions
from geo.errors import PianquError
from geo.plan import Plan
from geo.progress import Progress
from geo.settings import UnitSettings
from geo.unit_drafts import Draft, History, draft_decisions, make_draft, take_units
from geo.unit_gaps import Members, gather_members
from geo.unit_inputs import GROUND, UnitBasis, prepare_units
from geo.unit_solve import WatchState
from geo.unit_tables import measure_units
from geo.units import Units, draw_units, preview, warm_units
from geo.views import work
from geo.views.jobs import Job
from geo.views.reports import plan_key

_LOG = logging.getLogger(__name__)

#: Plans (district, rules, profile) whose edits a session keeps.
_KEPT = 6


class Live:
    """What the solver's thread tells, and how it is asked to stop."""

    def __init__(self) -> None:
        self.preview: pd.Series | None = None
        self.state: WatchState | None = None
        self.stop = Flag()

    def watch(self, state: WatchState) -> bool:
        """Take a better plan from the solver.

        Parameters
        ----------
        state
            Its best plan and bound so far.

        Returns
        -------
        bool
            Whether it shall go on.
        """
        self.state = state
        return not self.stop.is_set()


@dataclass(frozen=True, eq=False)
class Run:
    """One piece of work on the units.

    Attributes
    ----------
    job
        The work.
    live
        What it tells.
    settings
        Settings it is done with.
    opens
        Name of the scheme that it puts on the map; None: it draws units.
    """

    job: Job
    live: Live
    settings: UnitSettings
    opens: str | None = None


@dataclass(eq=False)
class Desk:
    """What one session does with the units of one plan.

    Attributes
    ----------
    settings
        Bounds and weights of what is shown.
    units
        What was solved last.
    history
        The units under the planner's hand.
    run
        What is running.
    trouble
        What went wrong last.
    picked
        Selected communities.
    note
        Key of a sentence to say once, and its values.
    shown
        Which units the table lists.
    against
        Name of the scheme to compare with.
    colours
        Community to colour number, so that units keep theirs.
    outlines
        Members to outline of the units that were shown.
    watched
        Run and trouble that the page that is shown tells of.
    measured
        Drafts measured last, and their tables.
    """

    settings: UnitSettings
    units: Units | None = None
    history: History | None = None
    run: Run | None = None
    trouble: BaseException | None = None
    picked: tuple[str, ...] = ()
    note: tuple[str, Mapping[str, str]] | None = None
    shown: str = ""
    against: str = ""
    colours: Mapping[str, int] = field(default_factory=dict)
    outlines: dict[tuple[str, ...], Geometry] = field(default_factory=dict)
    watched: tuple[Run | None, BaseException | None] = (None, None)
    measured: Sequence[tuple[Draft, pd.DataFrame]] = ()


def desk(plan: Plan) -> Desk:
    """Return what this session does with the units of a plan.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    Desk
        Kept while the session lasts, for the last few plans.
    """
    desks: dict[Hashable, Desk] = st.session_state.setdefault("pq_desks", {})
    key = plan_key(plan)
    found = desks.pop(key, None) or Desk(plan.settings.units)
    desks[key] = found
    while len(desks) > _KEPT:
        del desks[next(iter(desks))]
    return found


def follow(plan: Plan) -> Desk:
    """Take what has become ready, and begin the first solution.

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
    if now.history is None and now.run is None and now.trouble is None:
        solve(plan, Decisions(), now.settings)
    _reground(plan, now)
    return now


def solve(plan: Plan, decisions: Decisions, settings: UnitSettings) -> None:
    """Have the units drawn in the background.

    Parameters
    ----------
    plan
        The plan that is open.
    decisions
        Units that stay as they are, and the planner's wishes.
    settings
        Bounds and weights.
    """
    now = desk(plan)
    cancel(plan)
    live = Live()
    wishes = replace(decisions, settings=settings)
    content = work_on(plan, wishes, live)
    # a run that is stopped keeps its own answer, so none is shared while it runs
    key = ("units run", uuid4().hex)
    job = work.shelf().start(key, content, work.bench().session)
    now.run, now.trouble, now.note = Run(job, live, settings), None, None


def open_scheme(plan: Plan, decisions: Decisions) -> None:
    """Have a scheme put on the map; what it does not name is drawn.

    Parameters
    ----------
    plan
        The plan that is open.
    decisions
        The scheme; its settings, if any, become those of the page.
    """
    now = desk(plan)
    solve(plan, decisions, decisions.settings or now.settings)
    if now.run is not None:
        now.run = replace(now.run, opens=decisions.name)


def work_on(plan: Plan, wishes: Decisions, live: Live) -> Callable[[Progress], Units]:
    """Return the work of drawing units.

    Parameters
    ----------
    plan
        The plan that is open.
    wishes
        What the planner asks for, with settings.
    live
        Where to tell.

    Returns
    -------
    callable
        For `geo.views.jobs.Shelf.start`. Finished answers are shared by whoever asks
        the same.
    """
    # not by name: what a scheme is called changes no unit
    key = ("units", plan_key(plan), replace(wishes, name=""))

    def content(progress: Progress) -> Units:
        found = work.shelf().find(key)
        if isinstance(found, Units):
            return found
        warm_units(progress)
        basis = find_basis(plan, wishes, progress)
        live.preview = preview(basis, wishes)

        def watch(state: WatchState) -> bool:
            progress("stage.units", state.share)
            return live.watch(state)

        made = draw_units(
            plan.life_circle, wishes, basis=basis, watch=watch, progress=progress
        )
        # here, not at the first click: it takes seconds in a large district
        find_members(plan)
        return work.shelf().view(key, lambda: made) if made.finished else made

    return content


def find_basis(plan: Plan, wishes: Decisions, progress: Progress) -> UnitBasis:
    """Return what units stand on, made once per ground settings and crossings.

    Parameters
    ----------
    plan
        The plan that is open.
    wishes
        Settings and crossings.
    progress
        Told the stages.

    Returns
    -------
    UnitBasis
        With the settings of the wishes.
    """
    settings = wishes.settings or plan.settings.units
    ground = tuple(getattr(settings, name) for name in GROUND)
    known = set(plan.district.communities.index)
    crossings = tuple(pair for pair in wishes.crossings if known.issuperset(pair))
    circle = plan.life_circle
    made = work.shelf().view(
        ("unit basis", plan_key(plan), ground, crossings),
        lambda: prepare_units(circle, settings, crossings=crossings, progress=progress),
    )
    return replace(made, settings=settings)


def find_members(plan: Plan) -> Members:
    """Return what communities bring into a unit, gathered once per plan.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    geo.unit_gaps.Members
        For `geo.unit_gaps.judge_units`.
    """
    key = ("unit members", plan_key(plan))
    return work.shelf().view(key, lambda: gather_members(plan.life_circle))


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


def edit(now: Desk, draft: Draft, key: str, **values: str) -> None:
    """Take a step of the planner's.

    Parameters
    ----------
    now
        The desk.
    draft
        The units after it.
    key
        Key of the text that says what it did, below ``view.units.step``.
    **values
        Values for the text's named places.
    """
    if now.history is not None and now.run is None:
        now.history = now.history.do(draft, f"view.units.step.{key}", **values)
        now.note = None


def undo(now: Desk) -> None:
    """Take back the last step.

    Parameters
    ----------
    now
        The desk.
    """
    if now.history is not None and now.run is None:
        now.history, now.note = now.history.undo(), None


def redo(now: Desk) -> None:
    """Take again what was taken back last.

    Parameters
    ----------
    now
        The desk.
    """
    if now.history is not None and now.run is None:
        now.history, now.note = now.history.redo(), None


def measure(now: Desk, draft: Draft) -> pd.DataFrame:
    """Measure units under the planner's hand; no solver is asked.

    Parameters
    ----------
    now
        The desk; it has units.
    draft
        Units to measure.

    Returns
    -------
    pandas.DataFrame
        See `geo.unit_tables.measure_units`, index sorted.
    """
    if now.units is None:
        return pd.DataFrame()
    for kept, table in now.measured:
        if kept is draft:
            return table
    wishes = draft_decisions(draft, whole=False)
    unit_of = pd.Series(dict(draft.unit_of), dtype="str")
    table = measure_units(now.units.basis, now.settings, unit_of, wishes)
    now.measured = [*now.measured[1 - _KEPT :], (draft, table)]
    return table


def as_solved(now: Desk) -> bool:
    """Return whether the units shown are those that were solved last.

    Parameters
    ----------
    now
        The desk.

    Returns
    -------
    bool
        Same members in every unit and same settings.
    """
    if now.units is None or now.history is None:
        return False
    solved = now.units.table["members"]
    same = {tuple(members) for members in solved} == set(
        now.history.now.groups().values()
    )
    return same and now.settings == now.units.settings


def _take(now: Desk) -> None:
    run = now.run
    now.run = None
    st.session_state.pop("pq-unit-preview", None)
    if run is None:
        return
    if run.job.error is not None:
        _fail(now, run.job.error, stopped=run.live.stop.is_set())
        return
    made = run.job.result()
    if isinstance(made, UnitBasis) and now.units is not None:
        now.units, now.measured = replace(now.units, basis=made), ()
    if not isinstance(made, Units):
        return
    now.units, now.settings, now.measured = made, run.settings, ()
    solved = dict(made.unit_of)
    if run.opens is not None:
        opened = make_draft(solved, made.decisions)
        key = "view.units.step.open"
        now.history = (now.history or History(opened)).do(opened, key, name=run.opens)
    elif now.history is None:
        now.history = History(make_draft(solved, made.decisions))
    else:
        taken = take_units(now.history.now, solved)
        now.history = now.history.do(taken, "view.units.step.solve")
    if not made.finished:
        now.note = ("view.units.note.stopped", {"score": f"{made.score:,.0f}"})


def _reground(plan: Plan, now: Desk) -> None:
    """Look again who is a neighbour once a crossing was declared or withdrawn."""
    if now.units is None or now.history is None or now.run is not None or now.trouble:
        return
    crossings = tuple(sorted(now.history.now.crossings))
    if crossings == now.units.basis.crossings:
        return
    wishes = Decisions(crossings=crossings, settings=now.settings)
    job = work.shelf().start(
        ("units ground", uuid4().hex),
        lambda progress: find_basis(plan, wishes, progress),
        work.bench().session,
    )
    now.run = Run(job, Live(), now.settings)


def _fail(now: Desk, error: BaseException, *, stopped: bool) -> None:
    if stopped and now.history is not None:
        now.note = ("view.units.note.cancelled", {})
        return
    if not isinstance(error, PianquError):
        _LOG.error("drawing units failed unexpectedly", exc_info=error)
    now.trouble = error
