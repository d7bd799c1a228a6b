"""Choose what to build with HiGHS, and prove how good that is."""

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geo.chains import FloatArray, Int64Array
from geo.highs import make_solver
from geo.site_draft import Goal, Model, draft_model
from geo.site_packs import Packs
from geo.site_problem import SitingProblem, measure_served_people

if TYPE_CHECKING:
    import highspy

__all__ = ["Choice", "Going", "choose_modules"]

#: The middle between a no and a yes.
HALF = 0.5
#: Flows up to which the tight model is taken.
TIGHT = 20_000

#: Asked now and then, told what no plan can exceed; False ends the work.
Going = Callable[[float], bool]


class Choice(NamedTuple):
    """Modules of each option, or None; what no plan can exceed.

    Where steps are counted, the bound is one for walks below 0, as a share of those
    of the plan known. `cut` says whether the clock or the caller ended the search.
    """

    modules: Int64Array | None
    bound: float
    cut: bool


def choose_modules(
    problem: SitingProblem,
    goal: Goal,
    *,
    solver: ModuleType,
    known: tuple[Int64Array, FloatArray],
    nodes_most: int,
    seconds_most: float,
    going: Going,
) -> Choice:
    """Choose modules of the greatest service, or of the shortest walks.

    Parameters
    ----------
    problem
        The problem; some category of it is asked.
    goal
        What to look for, and what to hold.
    solver
        The module ``highspy``.
    known
        Modules and flow of a plan that holds it, without modules that are of no use:
        the one to begin with.
    nodes_most, seconds_most
        Nodes of the branch and bound tree, and for how long.
    going
        Whether to go on.

    Returns
    -------
    Choice
        Modules and bound; who is served by what is for `assign_people` to find.
    """
    model = draft_model(problem, goal, tight=problem.demand.size <= TIGHT)
    highs = make_solver(solver, seconds_most)
    highs.setOptionValue("mip_max_nodes", int(nodes_most))
    highs.setOptionValue("mip_abs_gap", 1e-8 * model.scale)
    model.sheet.hand_over(solver, highs)
    begin = solver.HighsSolution()
    begin.col_value = _write_plan(problem, model, *known).tolist()
    highs.setSolution(begin)

    def in_tree(event: "highspy.highs.HighsCallbackEvent") -> None:
        if not going(float(event.data_out.mip_dual_bound) / model.scale):
            event.interrupt()

    def in_line(event: "highspy.highs.HighsCallbackEvent") -> None:
        if not going(np.inf):
            event.interrupt()

    highs.cbMipInterrupt += in_tree
    highs.cbSimplexInterrupt += in_line
    highs.run()
    choice = _read_choice(problem, model, solver, highs)
    if np.isfinite(choice.bound) or choice.cut:
        return choice
    # a plan is known, so there is one: presolve took what is tight for impossible
    highs.setOptionValue("presolve", "off")
    highs.setSolution(begin)
    highs.run()
    return _read_choice(problem, model, solver, highs)


def _write_plan(
    problem: SitingProblem, model: Model, modules: Int64Array, flow: FloatArray
) -> FloatArray:
    """Return a plan as values of all columns."""
    value = np.zeros(model.sheet.width)
    built, flows = model.built, model.flows
    value[built.modules] = modules[built.option]
    value[built.built] = modules[built.option] > 0
    value[built.pack[_find_packs(problem, built.packs, modules)]] = 1
    stands = problem.option_resource[modules > 0]
    value[built.used] = np.isin(built.resource, stands)
    value[flows.flow] = (flow / problem.amount[problem.demand])[flows.link]
    free = ~np.isfinite(problem.capacity[problem.link_option])
    near = np.bincount(problem.demand[free], flow[free], len(problem.amount))
    value[flows.near] = (near / problem.amount)[flows.demand]
    served = measure_served_people(problem, flow)[model.asked]
    value[model.share] = served / problem.servable[model.asked]
    if model.least >= 0:
        value[model.least] = value[model.share].min()
    return np.clip(value, 0.0, model.sheet.columns[1])


def _find_packs(
    problem: SitingProblem, packs: Packs, modules: Int64Array
) -> Int64Array:
    """Return a pack for every resource in use that holds what is built there."""
    built = modules[packs.option]
    held = (built > 0) & (built <= packs.modules)
    holds = np.bincount(packs.pack[held], minlength=len(packs.resource))
    stands = problem.option_resource[modules > 0]
    needs = np.bincount(stands, minlength=len(problem.area_m2))[packs.resource]
    whole = np.flatnonzero((holds == needs) & (needs > 0))
    _, first = np.unique(packs.resource[whole], return_index=True)
    return whole[first]


def _read_choice(
    problem: SitingProblem, model: Model, solver: ModuleType, highs: "highspy.Highs"
) -> Choice:
    """Return what HiGHS has found."""
    status, info = highs.getModelStatus(), highs.getInfo()
    ended = solver.HighsModelStatus
    cut = status in (ended.kTimeLimit, ended.kInterrupt)
    bound = float(info.mip_dual_bound) / model.scale
    if status == ended.kInfeasible or not np.isfinite(bound):
        bound = np.inf
    if info.primal_solution_status != solver.SolutionStatus.kSolutionStatusFeasible:
        return Choice(None, bound, cut)
    value, built = np.array(highs.getSolution().col_value), model.built
    modules = np.zeros(problem.options, np.int64)
    count = np.round(built.step * np.round(value[built.modules]))
    modules[built.option] = np.where(value[built.built] > HALF, count, 0)
    return Choice(modules, bound, cut)
