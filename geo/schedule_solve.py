"""Which projects in which years: by the ranking, or of the greatest worth.

``strict`` follows the ranking (:mod:`geo.schedule_strict`). ``optimise`` looks for the
greatest sum of score times households times years left (METHODS §5): prices of money
and local search give a plan at once, HiGHS, where it is installed, betters it and
proves what no plan can exceed; elsewhere the prices do. Whatever a solver says is
counted again before it is believed.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.chains import FloatArray, Int64Array
from geo.highs import Sheet, load_solver, make_solver
from geo.policy_settings import ScheduleSettings
from geo.schedule_bound import bound_value
from geo.schedule_problem import NEVER, ScheduleProblem, find_faults
from geo.schedule_search import better_plan, fill_gaps, place_projects
from geo.schedule_strict import follow_ranking

if TYPE_CHECKING:
    from types import ModuleType

    import highspy

__all__ = ["Choice", "ScheduleState", "Watch", "keep_going", "solve_schedule"]

#: The middle between a no and a yes.
HALF = 0.5
#: A bound as near to its value, in shares, proves it.
PROVED = 1e-9
#: Projects times years up to which a plan is begun in all ways: with a solver, which
#: does the rest better, and without.
FEW, MANY = 1_000, 5_000
#: Seconds between two questions to the watch.
PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """How far a solve has come.

    `value` is what the best plan so far is worth, `bound` what none can exceed (inf:
    not known yet) and `share` the share of the time used.
    """

    value: float
    bound: float
    share: float


#: Called now and then; False stops the solve, and the best plan so far is kept.
Watch = Callable[[ScheduleState], bool]


def keep_going(state: ScheduleState) -> bool:  # noqa: ARG001 - a watch takes the state
    """Watch nothing and never stop.

    Parameters
    ----------
    state
        How far the solve has come.

    Returns
    -------
    bool
        True.
    """
    return True


@dataclass(frozen=True, eq=False, slots=True)
class Choice:
    """A plan and how good it is.

    Attributes
    ----------
    year
        Position of the year of each project, -1: none; (P,).
    value
        Score times households times years left, summed; what the settings ask for.
    bound
        What no plan is worth more than.
    gap
        Share of the bound that is missing; 0 where it is reached.
    proved
        Whether no plan is worth more.
    solver
        ``"ranking"``, ``"highs"`` or ``"search"``.
    limited
        Whether the clock or the watch ended the search.
    closed_by
        In strict order: the project that closed each year, -1: none did; (T,).
    """

    year: Int64Array
    value: float
    bound: float
    gap: float
    proved: bool
    solver: str
    limited: bool
    closed_by: Int64Array


def solve_schedule(
    problem: ScheduleProblem,
    settings: ScheduleSettings | None = None,
    *,
    watch: Watch = keep_going,
) -> Choice:
    """Choose a year for each project, or none.

    Parameters
    ----------
    problem
        Projects in the order of the ranking, years, funds and capacity.
    settings
        `mode` and `seconds_most`.
    watch
        Is told how far the solve has come and may stop it.

    Returns
    -------
    Choice
        A plan that breaks no rule. The same for the same problem unless it is
        `limited`.
    """
    settings = settings or ScheduleSettings()
    closed = np.full(problem.years, NEVER, dtype=np.int64)
    if settings.mode == "strict":
        year, closed = follow_ranking(problem)
        bound = bound_value(problem, known=problem.value(year)).bound
        return _tell(problem, year, bound, "ranking", closed_by=closed)
    run = _Run(problem, settings, watch)
    year, bound = run.solve()
    solver = "search" if run.solver is None else "highs"
    return _tell(problem, year, bound, solver, closed_by=closed, limited=run.limited)


def _tell(
    problem: ScheduleProblem,
    year: Int64Array,
    bound: float,
    solver: str,
    *,
    closed_by: Int64Array,
    limited: bool = False,
) -> Choice:
    value = problem.value(year)
    proved = bound <= value * (1 + PROVED)
    bound = value if proved else bound
    gap = (bound - value) / bound if bound > value else 0.0
    return Choice(year, value, bound, gap, proved, solver, limited, closed_by)


class _Run:
    """One solve: search, prices, solver, and what each has found."""

    def __init__(
        self, problem: ScheduleProblem, settings: ScheduleSettings, watch: Watch
    ) -> None:
        self.problem, self.settings, self.watch = problem, settings, watch
        self.solver: ModuleType | None = load_solver()
        self.begun, self.told = time.monotonic(), -np.inf
        self.stopped = self.limited = False
        self.value, self.bound = 0.0, np.inf

    def solve(self) -> tuple[Int64Array, float]:
        """Return the best plan found, and what none can exceed."""
        year = self._search()
        if self.solver is not None and not self._proved() and self._going():
            found, bound = _ask(self.problem, year, self.solver, self)
            self.bound = min(self.bound, bound)
            if found is not None:
                found = better_plan(self.problem, found)
                year = max((year, found), key=self.problem.value)
        return fill_gaps(self.problem, year), self.bound

    def seconds_left(self) -> float:
        """Return for how long the solve may still go on."""
        return self.settings.seconds_most - (time.monotonic() - self.begun)

    def going(self, bound: float = np.inf) -> bool:
        """Tell the watch now and then; return whether to go on."""
        self.bound = min(self.bound, bound)
        return self._going()

    def _search(self) -> Int64Array:
        """Return a plan by prices, by the ranking, and by local search."""
        problem = self.problem
        strict = follow_ranking(problem).year
        best, known = strict, problem.value(strict)
        # steps are as good as what they are measured by
        for _ in range(2):
            prices = bound_value(problem, known=known)
            self.bound = min(self.bound, prices.bound)
            best = self._better(place_projects(problem, prices.gain), best)
            known = self.value
        if problem.possible.size <= (MANY if self.solver is None else FEW):
            starts = [place_projects(problem, order) for order in self._orders()]
            for year in (strict, *starts):
                best = self._better(year, best)
        return best

    def _better(self, year: Int64Array, best: Int64Array) -> Int64Array:
        """Better a plan; return it, or the best so far if that is worth more."""
        year = better_plan(self.problem, year, going=self._going)
        best = max((best, year), key=self.problem.value)
        self.value = self.problem.value(best)
        return best

    def _orders(self) -> tuple[FloatArray, ...]:
        """Return orders of projects and years: by worth, and by worth for money."""
        problem = self.problem
        limits = problem.rest.cny
        counts = np.isfinite(limits) & (limits > 0)
        share = problem.need[:, None, :] / np.where(counts, limits, np.inf)
        return problem.worth, problem.worth / (share.max(axis=2, initial=0.0) + 1e-3)

    def _proved(self) -> bool:
        return self.bound <= self.value * (1 + PROVED)

    def _going(self) -> bool:
        now = time.monotonic()
        late = now - self.begun > self.settings.seconds_most
        if not self.stopped and now - self.told >= PAUSE:
            self.told = now
            share = min((now - self.begun) / max(self.settings.seconds_most, 1.0), 1.0)
            self.stopped = not self.watch(ScheduleState(self.value, self.bound, share))
        self.limited |= late or self.stopped
        return not (late or self.stopped)


def _ask(
    problem: ScheduleProblem, known: Int64Array, solver: "ModuleType", run: _Run
) -> tuple[Int64Array | None, float]:
    """Ask HiGHS for a plan; return it if it breaks no rule, and its bound."""
    sheet, p, t = _draft(problem)
    scale = max(problem.worth.max(initial=0.0), 1e-9)
    fixed = problem.value(problem.pinned)
    highs = make_solver(solver, max(run.seconds_left(), 0.1))
    highs.setOptionValue("mip_abs_gap", 1e-9)
    sheet.hand_over(solver, highs)
    begin = solver.HighsSolution()
    begin.col_value = (known[p] == t).astype(float).tolist()
    highs.setSolution(begin)

    def in_tree(event: "highspy.highs.HighsCallbackEvent") -> None:
        bound = float(event.data_out.mip_dual_bound)
        if not run.going(bound * scale + fixed if np.isfinite(bound) else np.inf):
            event.interrupt()

    def in_line(event: "highspy.highs.HighsCallbackEvent") -> None:
        if not run.going():
            event.interrupt()

    highs.cbMipInterrupt += in_tree
    highs.cbSimplexInterrupt += in_line
    highs.run()
    ended = solver.HighsModelStatus
    run.limited |= highs.getModelStatus() in (ended.kTimeLimit, ended.kInterrupt)
    bound = float(highs.getInfo().mip_dual_bound)
    bound = bound * scale + fixed if np.isfinite(bound) else np.inf
    return _read_plan(problem, solver, highs, (p, t)), bound


def _read_plan(
    problem: ScheduleProblem,
    solver: "ModuleType",
    highs: "highspy.Highs",
    columns: tuple[Int64Array, Int64Array],
) -> Int64Array | None:
    """Return the plan that HiGHS found, None if there is none that keeps all rules."""
    feasible = solver.SolutionStatus.kSolutionStatusFeasible
    if highs.getInfo().primal_solution_status != feasible:
        return None
    chosen = np.array(highs.getSolution().col_value) > HALF
    year = problem.pinned.copy()
    year[columns[0][chosen]] = columns[1][chosen]
    return None if find_faults(problem, year) else year


def _draft(problem: ScheduleProblem) -> tuple[Sheet, Int64Array, Int64Array]:
    """Return the model, and project and year of each of its columns."""
    sheet = Sheet()
    p, t = np.nonzero(problem.possible)
    scale = max(problem.worth.max(initial=0.0), 1e-9)
    column = sheet.add_columns(len(p), cost=problem.worth[p, t] / scale, whole=True)
    projects, row = np.unique(p, return_inverse=True)
    rows = sheet.add_rows(len(projects), upper=1.0)
    sheet.put(rows[row], column)
    for at in np.flatnonzero(problem.limited):
        # shares of what there is: sums of yuan are too large to be told apart
        limit = problem.rest.cny[:, at]
        counts = np.isfinite(limit) & (limit > 0)
        rows = sheet.add_rows(problem.years, upper=np.where(counts, 1.0, np.inf))
        share = problem.need[p, at] / np.where(counts, limit, np.inf)[t]
        sheet.put(rows[t], column, share)
    rows = sheet.add_rows(problem.years, upper=np.floor(problem.rest.projects))
    sheet.put(rows[t], column)
    return sheet, p.astype(np.int64), t.astype(np.int64)
