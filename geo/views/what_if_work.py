"""What one session tries out: its steps, undo and redo, and what follows from them."""

import gc
import logging
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pandas as pd
import streamlit as st

from geo.errors import InputError, PianquError
from geo.findings import render_findings
from geo.lifecircle import LifeCircle
from geo.plan import Plan
from geo.progress import Progress
from geo.views import reports, work
from geo.views.board import Board
from geo.views.jobs import Job
from geo.views.reports import plan_key
from geo.views.state import choice
from geo.views.what_if_changes import find_changes, sum_households, verdict_column
from geo.what_if import Outcome, WhatIf
from geo.what_if_steps import Step, check_steps

_LOG = logging.getLogger(__name__)

#: Plans whose steps a session keeps.
_KEPT = 6


@dataclass(frozen=True, slots=True)
class Turn:
    """What undo or redo leads to.

    Attributes
    ----------
    steps
        The steps then.
    key, values
        Key of the text that says what was done between them and now, and its values.
    """

    steps: tuple[Step, ...]
    key: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class Picture:
    """What steps lead to.

    Attributes
    ----------
    steps
        The steps.
    base, board
        All verdicts today, and after them.
    outcome
        What the last step came to; None without a step.
    """

    steps: tuple[Step, ...]
    base: Board
    board: Board
    outcome: Outcome | None = None
    _changes: dict[str, pd.DataFrame] = field(default_factory=dict)
    _balances: dict[str, float] = field(default_factory=dict)

    @property
    def balance(self) -> float:
        """Return the households whose verdicts turn to met, less those that cease."""
        column = verdict_column()
        if column not in self._balances:
            rows = self.changes
            found = [rows[rows[name].astype(bool)] for name in ("gained", "lost")]
            gained, lost = (sum_households(one) for one in found)
            self._balances[column] = gained - lost
        return self._balances[column]

    @property
    def changes(self) -> pd.DataFrame:
        """Return what is otherwise than today by the chosen test (`find_changes`)."""
        column = verdict_column()
        if column not in self._changes:
            self._changes[column] = find_changes(self.base, self.board)
        return self._changes[column]


@dataclass(eq=False)
class Desk:
    """What one session tries out on one plan.

    Attributes
    ----------
    steps
        The steps that stand.
    past, future
        What undo and redo lead to, the nearest last.
    engine
        Holds the distances after `done`.
    done
        What was led to by each step that the engine has taken.
    job
        Makes the engine.
    watched
        Whether the page that is shown tells of the job.
    broken
        Why there is no engine.
    trouble
        Why the last step could not be taken.
    note
        Key of a sentence to say once, and its values.
    chosen
        Id of the step that is looked at.
    shown
        Which changes the table lists.
    against
        Name of the scheme to compare with; ``""``: none.
    """

    steps: tuple[Step, ...] = ()
    past: tuple[Turn, ...] = ()
    future: tuple[Turn, ...] = ()
    engine: WhatIf | None = None
    done: list[Picture] = field(default_factory=list)
    job: Job | None = None
    watched: bool = False
    broken: BaseException | None = None
    trouble: str = ""
    note: tuple[str, Mapping[str, str]] | None = None
    chosen: str = ""
    shown: str = ""
    against: str = ""


def desk(plan: Plan) -> Desk:
    """Return what this session tries out on a plan.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    Desk
        Kept while the session lasts, for the last few plans.
    """
    desks: dict[Hashable, Desk] = st.session_state.setdefault("pq_what_ifs", {})
    key = plan_key(plan)
    found = desks.pop(key, None) or Desk()
    desks[key] = found
    while len(desks) > _KEPT:
        del desks[next(iter(desks))]
    return found


def take(plan: Plan, now: Desk, steps: Sequence[Step], key: str, **values: str) -> bool:
    """Let other steps stand, if they can be done; undo leads back.

    Parameters
    ----------
    plan, now
        The plan, and the desk.
    steps
        The steps that shall stand.
    key
        Key of the text that says what was done, below ``view.what_if.did``.
    **values
        Values for the text's named places.

    Returns
    -------
    bool
        Whether they stand; else `Desk.trouble` says why not.
    """
    wanted, before = tuple(steps), now.steps
    now.trouble, now.note = "", None
    now.steps = wanted
    try:
        picture(plan, now)
    except PianquError as error:
        lang = choice().lang
        now.steps = before
        now.trouble = f"{error.message(lang)} {error.action(lang)}"
        return False
    turn = Turn(before, f"view.what_if.did.{key}", tuple(values.items()))
    now.past, now.future = (*now.past, turn), ()
    return True


def new_step(plan: Plan, now: Desk, kind: str, **values: Any) -> Step:
    """Return a step with an id that nothing else has.

    Parameters
    ----------
    plan, now
        The plan, and the desk.
    kind
        Kind of the step.
    **values
        Its other attributes.

    Returns
    -------
    Step
        The step; it is not taken yet.
    """
    picture(plan, now)
    engine = now.engine
    return Step(kind=kind, id="" if engine is None else engine.next_id(), **values)


def undo(now: Desk) -> None:
    """Go back to the steps before the last turn.

    Parameters
    ----------
    now
        The desk.
    """
    if now.past:
        turn = now.past[-1]
        back = replace(turn, steps=now.steps)
        now.past, now.future = now.past[:-1], (*now.future, back)
        now.steps, now.trouble, now.note = turn.steps, "", None


def redo(now: Desk) -> None:
    """Take the turn again that was undone last.

    Parameters
    ----------
    now
        The desk.
    """
    if now.future:
        turn = now.future[-1]
        back = replace(turn, steps=now.steps)
        now.future, now.past = now.future[:-1], (*now.past, back)
        now.steps, now.trouble, now.note = turn.steps, "", None


def follow(plan: Plan) -> Desk:
    """Have the distances made ready in the background, and take them.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    Desk
        The desk of the plan; its engine is None as long as it is not ready.
    """
    now = desk(plan)
    if now.engine is None and now.job is None and now.broken is None:
        circle = plan.life_circle
        # each session has one of its own, since steps change it
        now.job = work.shelf().start(
            ("what if engine", uuid4().hex),
            lambda progress: make_engine(circle, progress),
            work.bench().session,
        )
    if now.job is not None and now.job.done:
        job, now.job = now.job, None
        now.broken = job.error
        if job.error is None:
            made = job.result()
            now.engine = made if isinstance(made, WhatIf) else None
        elif not isinstance(job.error, PianquError):
            _LOG.error("a what-if failed unexpectedly", exc_info=job.error)
    return now


def make_engine(circle: LifeCircle, progress: Progress) -> WhatIf:
    """Make the distances ready, and take them out of the garbage collector's way.

    Streamlit collects all garbage after every run of a page. Looking through what a
    large district and its distances are made of took 0.7 s of each drop at 1,000
    communities; what stays anyway is looked through once, here.

    Parameters
    ----------
    circle
        The life circle of today.
    progress
        Told the stage.

    Returns
    -------
    geo.what_if.WhatIf
        Ready for the first step.
    """
    engine = WhatIf(circle, progress)
    # what was set aside before and has become garbage since is let go first
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    return engine


def picture(plan: Plan, now: Desk) -> Picture:
    """Return what the steps lead to; only what is new is analysed.

    Parameters
    ----------
    plan, now
        The plan, and the desk.

    Returns
    -------
    Picture
        After all steps that stand.

    Raises
    ------
    InputError
        If a step cannot be done.
    """
    base = reports.board(plan)
    if now.engine is None:
        now.engine, now.done = WhatIf(plan.life_circle), []
    while now.done and now.done[-1].steps != now.steps[: len(now.done)]:
        now.engine.undo()
        now.done.pop()
    for at in range(len(now.done), len(now.steps)):
        outcome = now.engine.do(now.steps[at])
        if not outcome.done:
            said = render_findings(outcome.findings, choice().lang).iloc[0]
            raise InputError(
                "what_if_refused", message=said["message"], action=said["action"]
            )
        before = now.done[-1].board if now.done else base
        board = patch_board(before, now.engine, outcome.changed)
        now.done.append(Picture(now.steps[: at + 1], base, board, outcome))
    return now.done[-1] if now.done else Picture((), base, base)


def other_picture(plan: Plan, steps: tuple[Step, ...]) -> Picture:
    """Return what the steps of another scheme lead to.

    Parameters
    ----------
    plan
        The plan that is open.
    steps
        The steps of the scheme.

    Returns
    -------
    Picture
        Made once for everybody who asks the same.
    """

    def make() -> Picture:
        kept = check_steps(steps, plan.district, tuple(plan.rules.requirements))[0]
        return picture(plan, Desk(steps=tuple(kept)))

    if not steps:
        base = reports.board(plan)
        return Picture((), base, base)
    return work.shelf().view(("what if", plan_key(plan), steps), make)


def patch_board(before: Board, engine: WhatIf, changed: Sequence[str]) -> Board:
    """Return verdicts with those of some communities measured anew.

    Parameters
    ----------
    before
        The verdicts before.
    engine
        Holds the new ones.
    changed
        Communities whose verdicts are taken from it.

    Returns
    -------
    Board
        Of the same shape; `reason` stays as it was.
    """
    if not changed:
        return before
    to = before.communities.index.get_indexer(pd.Index(changed))
    rows = pd.Index(engine.ids).get_indexer(pd.Index(changed))
    needs = pd.Index(engine.circle.rules.requirements)
    kinds = needs.get_indexer(pd.Index(before.categories))
    columns = dict(before.columns)
    for name, matrix in before.columns.items():
        patched = matrix.copy()
        patched[to] = engine.columns[name][rows][:, kinds]
        columns[name] = patched
    return replace(before, columns=columns)
