"""What to build where: the plan that lifts the worst-served first, and how good it is.

Lexicographic (METHODS §3): the greatest least share of a category; holding it, the
greatest weighted mean of the shares; holding both, the least walking. Greedy and swap
give a plan at once; HiGHS, where it is installed and the problem not too large, betters
it stage by stage and proves what no plan can exceed; elsewhere the Lagrangian bound
does. Whatever a solver says is counted again from who walks where.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geo.chains import FloatArray, Int64Array
from geo.highs import load_solver
from geo.settings import SiteSettings
from geo.site_assign import assign_people, nearest_choice, shrink_modules
from geo.site_bound import bound_fair, bound_value
from geo.site_choice import choose_modules
from geo.site_draft import FAIR, VALUE, WALK, Goal
from geo.site_greedy import fill, search
from geo.site_problem import (
    SiteSolution,
    SitingProblem,
    find_faults,
    measure_served_people,
)

if TYPE_CHECKING:
    from types import ModuleType
from geo.site_warm import warm_sites

__all__ = [
    "SiteState",
    "Watch",
    "keep_going",
    "nearest_choice",
    "route_people",
    "solve_sites",
]

#: The run that heeds only the mean.
FREE = "free"
#: Shares that differ by less are alike; a bound as near to its value proves it.
ALIKE, PROVED = 1e-7, 1e-6
#: Walks that differ by this share are alike.
STEPS = 1e-6
#: Flows up to which walks are shortened by more than sending people elsewhere.
WALKED = 20_000
#: Seconds between two questions to the watch.
PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class SiteState:
    """How far a solve has come.

    `stage` is ``"fair"``, ``"value"``, ``"free"`` or ``"walk"``, `value` what the
    stage has reached so far (a share; for ``"walk"`` person-metres), `bound` what it
    cannot exceed (go below), and `share` the share of the work done.
    """

    stage: str
    value: float
    bound: float
    share: float


#: Called now and then; False stops the solve, and the best plan so far is kept.
Watch = Callable[[SiteState], bool]


def keep_going(state: SiteState) -> bool:  # noqa: ARG001 - a watch takes the state
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


def solve_sites(
    problem: SitingProblem,
    settings: SiteSettings,
    *,
    known: Int64Array | None = None,
    fair: bool = True,
    watch: Watch = keep_going,
) -> SiteSolution:
    """Choose what to build where.

    Parameters
    ----------
    problem
        Demand, options and links.
    settings
        `seconds_most` and `nodes_most` per stage, and `flows_most`.
    known
        Modules of a plan to begin with, (O,); one that breaks a rule is left out.
    fair
        Whether the least share comes first; else only the mean and the walks count.
    watch
        Is told how far the solve has come and may stop it.

    Returns
    -------
    SiteSolution
        A plan that breaks no rule. The same for the same problem unless it is
        `limited`.
    """
    least = np.where(problem.required, problem.least, 0)
    nobody = np.zeros(problem.demand.size)
    if find_faults(problem, least, nobody):
        return _tell_nothing(problem, np.zeros_like(least), possible=False)
    if not problem.asked.any():
        return _tell_nothing(problem, least, possible=True)
    # no clock runs while kernels are compiled
    warm_sites()
    return _Run(problem, settings, watch, fair=fair).solve(known)


def _tell_nothing(
    problem: SitingProblem, modules: Int64Array, *, possible: bool
) -> SiteSolution:
    """Return the plan where there is nobody to be served, or no plan at all."""
    return SiteSolution(
        modules=modules,
        flow=np.zeros(problem.demand.size),
        **dict.fromkeys(("fair", "fair_bound", "value", "bound", "walk_m"), 0.0),
        **dict.fromkeys(("free_value", "free_bound"), 0.0),
        walk_proved=possible,
        proved=possible,
        limited=False,
        solver="search",
        possible=possible,
    )


class _Plan(NamedTuple):
    """Modules, who walks where, and what comes of it."""

    modules: Int64Array
    flow: FloatArray
    fair: float
    value: float
    walk_m: float

    def is_better(self, other: "_Plan") -> bool:
        """Tell whether the least share, the mean, then the walks are better."""
        if abs(self.fair - other.fair) > ALIKE:
            return self.fair > other.fair
        return self.gives_more(other)

    def gives_more(self, other: "_Plan") -> bool:
        """Tell whether the mean, then the walks are better."""
        if abs(self.value - other.value) > ALIKE:
            return self.value > other.value
        return self.walk_m < other.walk_m * (1 - STEPS)


class _Run:
    """One solve: the stages, the best plans, and what none can exceed."""

    def __init__(
        self,
        problem: SitingProblem,
        settings: SiteSettings,
        watch: Watch,
        *,
        fair: bool,
    ) -> None:
        self.problem, self.settings, self.watch = problem, settings, watch
        small = problem.demand.size <= settings.flows_most
        self.solver: ModuleType | None = load_solver() if small else None
        # of one category alone the least share is the mean
        self.several = fair and int(problem.asked.sum()) > 1
        self.stages = [FAIR, VALUE, FREE, WALK] if self.several else [VALUE, WALK]
        self.bound = dict.fromkeys((FAIR, VALUE, FREE), 1.0)
        self.walk_proved = self.limited = self.stopped = False
        self.stage, self.reached = self.stages[0], 0.0
        self.begun = self.told = -np.inf

    def solve(self, known: Int64Array | None) -> SiteSolution:
        """Go through all stages; return the best plan."""
        plan = self._search(known, fair=self.several)
        if self.several:
            plan = self._better(FAIR, Goal(FAIR), plan)
        plan = self._better(VALUE, Goal(VALUE, fair=self._held(plan)), plan)
        free = plan
        if self.several:
            found = self._search(plan.modules, fair=False)
            free = found if found.gives_more(plan) else plan
            free = self._better(FREE, Goal(VALUE), free)
        return self._tell(self._walk_less(plan), free)

    def _held(self, plan: _Plan) -> float:
        """Return the least share that later stages hold."""
        return plan.fair if self.several else 0.0

    def _heeds_mean(self, stage: str) -> bool:
        """Tell whether only the mean counts at a stage, not the least share."""
        return stage == FREE or not self.several

    def _going(self, bound: float = np.inf) -> bool:
        """Tell the watch now and then; return whether to go on."""
        now = time.monotonic()
        late = now - self.begun > self.settings.seconds_most
        if not self.stopped and now - self.told >= PAUSE:
            self.told = now
            done = min((now - self.begun) / max(self.settings.seconds_most, 1.0), 1.0)
            share = (self.stages.index(self.stage) + done) / len(self.stages)
            limit = min(bound, self.bound.get(self.stage, np.inf))
            if self.stage == WALK:
                limit = max(-bound, 0.0) * self.reached
            state = SiteState(self.stage, self.reached, limit, share)
            self.stopped = not self.watch(state)
        self.limited |= late or self.stopped
        return not (late or self.stopped)

    def _enter(self, stage: str, reached: float) -> bool:
        """Begin a stage, or a part of one; return whether to go on."""
        if stage != self.stage:
            # a stage is told, however soon it follows
            self.told = -np.inf
        self.stage, self.reached = stage, reached
        self.begun = time.monotonic()
        return self._going()

    def _search(self, start: Int64Array | None, *, fair: bool) -> _Plan:
        """Return a plan by greedy and swap."""
        self._enter(self.stages[0] if start is None or fair else FREE, 0.0)
        problem = self.problem
        modules = search(problem, fair=fair, start=start, going=self._going)
        return self._measure(modules)

    def _measure(self, modules: Int64Array) -> _Plan:
        """Return the plan that some modules make, less those that nobody needs."""
        problem = self.problem
        flow = None
        if self.solver is not None:
            flow = assign_people(problem, modules, solver=self.solver)
        if flow is None:
            flow = fill(problem, modules)
        modules = shrink_modules(problem, modules, flow)
        served = measure_served_people(problem, flow)[problem.asked]
        share = served / problem.servable[problem.asked]
        weight = problem.weight[problem.asked]
        return _Plan(
            modules,
            flow,
            float(share.min()),
            float(share @ weight / weight.sum()),
            float(flow @ problem.distance_m),
        )

    def _choose(self, goal: Goal, plan: _Plan) -> tuple[_Plan | None, float]:
        """Ask HiGHS for a plan; return it if it breaks no rule, and a bound."""
        if self.solver is None or self.stopped:
            return None, np.inf
        choice = choose_modules(
            self.problem,
            goal,
            solver=self.solver,
            known=(plan.modules, plan.flow),
            nodes_most=self.settings.nodes_most,
            seconds_most=self.settings.seconds_most,
            going=self._going,
        )
        self.limited |= choice.cut
        if choice.modules is None:
            return None, choice.bound
        found = self._measure(choice.modules)
        if find_faults(self.problem, found.modules, found.flow):
            return None, choice.bound
        return found, choice.bound

    def _better(self, stage: str, goal: Goal, plan: _Plan) -> _Plan:
        """Better a plan as far as a stage can, and find what none can exceed."""
        aim = goal.aim
        self._enter(stage, plan.fair if aim == FAIR else plan.value)
        found, bound = self._choose(goal, plan)
        if found is not None:
            better = found.gives_more if self._heeds_mean(stage) else found.is_better
            plan = found if better(plan) else plan
        reached = plan.fair if aim == FAIR else plan.value
        if bound > reached + PROVED:
            self._enter(stage, reached)
            bound = min(bound, self._bound(stage, goal, reached))
        self.bound[stage] = min(bound, 1.0)
        return plan

    def _bound(self, stage: str, goal: Goal, known: float) -> float:
        """Return what no plan can exceed, without a solver."""
        if stage == FAIR:
            return bound_fair(self.problem, known=known, going=self._going)
        return bound_value(self.problem, fair=goal.fair, known=known, going=self._going)

    def _walk_less(self, plan: _Plan) -> _Plan:
        """Shorten the walks, nobody being served less."""
        self._enter(WALK, plan.walk_m)
        if plan.walk_m == 0 or self.problem.demand.size > WALKED:
            self.walk_proved = plan.walk_m == 0
            return plan
        goal = Goal(WALK, self._held(plan), plan.value, plan.walk_m)
        found, bound = self._choose(goal, plan)
        limit = -bound * plan.walk_m
        better = found is not None and (
            found.is_better(plan) if self.several else found.gives_more(plan)
        )
        if found is not None and better:
            plan = found
        self.walk_proved = plan.walk_m <= limit * (1 + STEPS)
        return plan

    def _tell(self, plan: _Plan, free: _Plan) -> SiteSolution:
        """Return the solution; bounds that are as near as sums are exact count so."""
        if not self.several:
            self.bound[FAIR] = self.bound[FREE] = self.bound[VALUE]
        free_value = max(free.value, plan.value)
        free_bound = _settle(self.bound[FREE], free_value)
        bound = _settle(min(self.bound[VALUE], free_bound), plan.value)
        fair_bound = _settle(min(self.bound[FAIR], free_bound), plan.fair)
        return SiteSolution(
            modules=plan.modules,
            flow=plan.flow,
            fair=plan.fair,
            fair_bound=fair_bound,
            value=plan.value,
            bound=bound,
            free_value=free_value,
            free_bound=free_bound,
            walk_m=plan.walk_m,
            walk_proved=self.walk_proved,
            proved=bound == plan.value
            and (fair_bound == plan.fair or not self.several),
            limited=self.limited,
            solver="search" if self.solver is None else "highs",
        )


def _settle(bound: float, value: float) -> float:
    """Return a bound, or the value where nothing to speak of lies between."""
    return value if bound <= value + PROVED else bound


def route_people(problem: SitingProblem, modules: Int64Array) -> FloatArray:
    """Send people to what is built, as a plan of these modules would.

    Parameters
    ----------
    problem
        The problem.
    modules
        What is built; (O,).

    Returns
    -------
    numpy.ndarray
        People over each link: fair, as many as can be, on short ways where a solver
        is installed; (L,).
    """
    solver = load_solver()
    flow = None
    if solver is not None:
        flow = assign_people(problem, modules, solver=solver)
    return fill(problem, modules) if flow is None else flow
