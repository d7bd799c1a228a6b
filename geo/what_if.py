"""The live what-if: steps on the map, and what every community can walk to then.

Nothing is computed twice: a step repairs the runs that it touches, and only the
communities whose readings change are judged again, by the same functions as always.
The result equals a plan of the district after `geo.what_if_steps.apply_steps`.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from geo.district import District
from geo.findings import Finding, make_findings
from geo.lifecircle import LifeCircle, measure_life_circle
from geo.network import build_network
from geo.progress import Progress, no_progress
from geo.reasons import explain
from geo.schema import Severity
from geo.seeds import SEALED, TOO_FAR
from geo.what_if_counts import (
    compare_columns,
    count_columns,
    find_changed,
    score_columns,
)
from geo.what_if_gates import GATE_FAR, GATE_LOST, GATE_NO_INNER, open_gate
from geo.what_if_journal import Journal
from geo.what_if_judge import judge_again
from geo.what_if_moves import close_facility, put_facility
from geo.what_if_seeds import AfreshError
from geo.what_if_start import make_live
from geo.what_if_steps import (
    CLOSE,
    OPEN_GATE,
    Checker,
    Step,
    apply_steps,
    name_step,
    read_facility,
)
from geo.what_if_walls import Walls

_LOST = {
    TOO_FAR: "step_facility_lost",
    SEALED: "step_facility_sealed",
    GATE_FAR: "step_gate_far",
    GATE_LOST: "step_gate_lost",
    GATE_NO_INNER: "step_gate_no_inner",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """What one step came to.

    Attributes
    ----------
    step
        The step, with its id.
    done
        Whether it was done; if not, the findings say why.
    noticed
        What was noticed.
    changed
        Communities of which a planner sees anything else than before the step.
    afresh
        Whether everything had to be measured anew (a gate that reaches further
        than can be followed).
    seconds
        How long it took.
    """

    step: Step
    done: bool
    noticed: tuple[Finding, ...] = ()
    changed: tuple[str, ...] = ()
    afresh: bool = False
    seconds: float = 0.0

    @property
    def findings(self) -> pd.DataFrame:
        """Return what was noticed as a table, raw."""
        return make_findings(self.noticed)


@dataclass(frozen=True, eq=False)
class _Done:
    step: Step
    journal: Journal
    outcome: Outcome


class WhatIf:
    """Steps on top of a life circle, done and undone at once.

    Parameters
    ----------
    circle
        The life circle of today; it is not changed.
    progress
        Told the stage ``stage.what_if``.

    Notes
    -----
    For one thread at a time.
    """

    def __init__(self, circle: LifeCircle, progress: Progress = no_progress) -> None:
        self.circle = circle
        self._live = make_live(circle, progress)
        self._walls = Walls(self._live)
        self._labels: dict[str, int] = {}
        self._first = self._live
        self._today = {name: np.copy(v) for name, v in self._live.columns.items()}
        self._codes = {name: np.copy(v) for name, v in self._live.codes.items()}
        self._counts: dict[str, pd.DataFrame] = {}
        self._done: list[_Done] = []
        self._future: list[Step] = []
        self._checker = Checker(circle.district, tuple(circle.rules.requirements))
        self._numbered = {one for one in self._checker.taken if one[:1] == "W"}

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the steps that are done, in order."""
        return tuple(one.step for one in self._done)

    @property
    def undone(self) -> tuple[Step, ...]:
        """Return the steps that can be done again, the next one last."""
        return tuple(self._future)

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the communities: the rows of the matrices."""
        return tuple(self._live.ids)

    @property
    def columns(self) -> Mapping[str, Any]:
        """Return the columns of the gaps as matrices.

        Rows are the communities of `ids`, columns the categories in the order of
        the requirements. They change with the next step; `reason` is that of today
        (`gaps` says it anew).
        """
        return self._live.columns

    @property
    def today(self) -> Mapping[str, Any]:
        """Return the same matrices before any step."""
        return self._today

    @property
    def changed(self) -> tuple[str, ...]:
        """Return the communities of which a planner sees anything else than today."""
        live = self._live
        judged = np.flatnonzero(live.judged.any(axis=1))
        rows = find_changed(
            self._today | self._codes,
            live.columns | live.codes,
            judged if live is self._first else None,
        )
        return tuple(self._live.ids[rows])

    def next_id(self) -> str:
        """Return the id that the next step gets.

        Returns
        -------
        str
            ``W001`` ...
        """
        return name_step(self._numbered.union(step.id for step in self.steps))

    def do(self, step: Step) -> Outcome:
        """Do a step; what was undone before is forgotten.

        Parameters
        ----------
        step
            The step, its place in the working CRS; an id is given to it.

        Returns
        -------
        Outcome
            What it came to.
        """
        outcome = self._do(step)
        if outcome.done:
            self._future.clear()
        return outcome

    def undo(self) -> Outcome | None:
        """Take back the last step.

        Returns
        -------
        Outcome or None
            Of the step taken back; None if there is none.
        """
        if not self._done:
            return None
        began = perf_counter()
        last = self._done.pop()
        last.journal.undo()
        self._future.append(last.step)
        self._checker.take_back(last.step)
        return replace(last.outcome, seconds=perf_counter() - began)

    def redo(self) -> Outcome | None:
        """Do again the step that was taken back last.

        Returns
        -------
        Outcome or None
            What it came to; None if there is none.
        """
        return self._do(self._future.pop()) if self._future else None

    def _do(self, step: Step) -> Outcome:
        began = perf_counter()
        named = step if step.id else replace(step, id=self.next_id())
        refused = self._checker.refuse(named)
        if refused is not None:
            return Outcome(step=named, done=False, noticed=(refused,))
        noticed = self._checker.compare_area(named)
        journal, afresh = Journal(), False
        with ExitStack() as stack:
            stack.callback(journal.undo)
            try:
                rows, found = self._change(journal, named)
                changed = self._judge(journal, rows)
                noticed += found
            except AfreshError:
                journal.undo()
                changed, afresh = self._measure_afresh(journal, named), True
            stack.pop_all()
        self._checker.take(named)
        outcome = Outcome(
            step=named,
            done=True,
            changed=changed,
            afresh=afresh,
            noticed=tuple(noticed),
            seconds=perf_counter() - began,
        )
        self._done.append(_Done(named, journal, outcome))
        return outcome

    def _change(
        self, journal: Journal, step: Step
    ) -> tuple[dict[int, set[int]], list[Finding]]:
        """Change what is kept ready; return what is to be judged again."""
        if step.kind == OPEN_GATE:
            rows, state, moved_m = open_gate(self._live, journal, self._walls, step)
            return rows, self._tell(step, state, distance=round(moved_m, 1))
        if step.kind == CLOSE:
            return self._close(journal, step.facility_id), []
        category = list(self.circle.rules.requirements).index(step.category)
        facility = read_facility(step, self.circle.district.idle)
        found, state = put_facility(
            self._live, journal, facility, category, self._labels
        )
        return {category: found}, self._tell(step, state)

    def _close(self, journal: Journal, name: str) -> dict[int, set[int]]:
        for category, kind in enumerate(self._live.kinds):
            row = kind.find(name)
            if row >= 0:
                return {category: close_facility(self._live, journal, category, row)}
        return {}  # of no category that is asked for

    def _tell(self, step: Step, state: str, **params: Any) -> list[Finding]:
        code = _LOST.get(state)
        if code is None:
            return []
        said = {
            "step": step.id,
            "limit": f"{self.circle.settings.attach_max_m:g}",
            "community": step.community_id,
            **params,
        }
        return [Finding("steps", code, Severity.WARNING, id=step.id, params=said)]

    def _judge(self, journal: Journal, rows: dict[int, set[int]]) -> tuple[str, ...]:
        together = set().union(*rows.values()) if rows else set()
        if len(rows) > 1:
            # one judging of all categories costs less than one of each
            changed = set(judge_again(self._live, journal, together, rows).tolist())
        else:
            changed = {
                one
                for category, some in rows.items()
                for one in judge_again(self._live, journal, some, [category]).tolist()
            }
        return tuple(self._live.names[row] for row in sorted(changed))

    def _measure_afresh(self, journal: Journal, step: Step) -> tuple[str, ...]:
        """Measure everything anew, the plain way."""
        circle = self.circle
        district, _ = apply_steps(circle.district, (*self.steps, step))
        network = build_network(district, circle.rules, circle.settings)
        live = make_live(
            measure_life_circle(district, network, circle.rules, circle.settings)
        )
        before = self._live.columns
        journal.swap(self, "_live", live)
        journal.swap(self, "_walls", Walls(live))
        journal.swap(self, "_labels", {})
        return tuple(live.ids[find_changed(before, live.columns)])

    @property
    def gaps(self) -> pd.DataFrame:
        """Return the gaps after the steps, a table like `LifeCircle.gaps`."""
        live, today = self._live, self.circle.gaps
        columns = dict(live.columns)
        table = pd.DataFrame(
            {name: pd.Series(columns[name].ravel()) for name in today.columns}
        ).astype(today.dtypes.to_dict())
        rows = np.flatnonzero(live.judged.ravel())
        if len(rows):
            said = explain(table.iloc[rows], self.circle.rules, live.settings.lang)
            table.loc[rows, "reason"] = said
        return table

    @property
    def scores(self) -> pd.DataFrame:
        """Return the scorecard of the communities, as :mod:`geo.scores` makes it."""
        return score_columns(self._live.columns, self._live.codes, self._live.ids)

    def numbers(self, test: str = "distance_state") -> pd.DataFrame:
        """Return the headline numbers after the steps and today.

        Parameters
        ----------
        test
            Column of states to count.

        Returns
        -------
        pandas.DataFrame
            Index: category in the order of the requirements. Columns: `met`,
            `short`, `unknown` (with ``no_data``), `households_lacking`,
            `elder_lost`, and the same with ``_today``.
        """
        names = tuple(self.circle.rules.requirements)
        now = count_columns(self._live.columns, self._live.codes, names, test)
        if test not in self._counts:
            before = count_columns(self._today, self._codes, names, test)
            self._counts[test] = before.add_suffix("_today")
        return now.join(self._counts[test])

    def compare(self, test: str = "distance_state") -> pd.DataFrame:
        """Compare the scheme with today.

        Parameters
        ----------
        test
            Column of states that says whether a community has a category.

        Returns
        -------
        pandas.DataFrame
            Index: category in the order of the requirements. Columns:
            `communities_gained`, `communities_lost` (that come to be ``met``, or
            cease to be), `households_gained`, `households_lost` (that come within
            the threshold, or fall out of it; NaN where nobody knows them),
            `communities_uncounted` (that change without known households).
        """
        names = tuple(self.circle.rules.requirements)
        return compare_columns(self._today, self._live.columns, names, test)

    def district(self) -> District:
        """Return the district with the steps done the plain way.

        Returns
        -------
        geo.district.District
            For a plan of the scheme.
        """
        return apply_steps(self.circle.district, self.steps)[0]
