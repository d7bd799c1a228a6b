"""Who walks where once it is said what is built.

Categories have nothing in common then: each serves as many as it can.
"""

from types import ModuleType

import numpy as np

from geo.chains import FloatArray, Int64Array
from geo.highs import Sheet, make_solver
from geo.site_problem import SitingProblem, measure_served_people

__all__ = [
    "add_load",
    "assign_people",
    "find_nearest",
    "measure_room",
    "nearest_choice",
    "shrink_modules",
]

#: Relative differences that are none: of one flow, and of all who are served.
NEAR, EXACT = 1e-9, 1e-12


def find_nearest(problem: SitingProblem, modules: Int64Array) -> Int64Array:
    """Find the nearest built option of every demand.

    Parameters
    ----------
    problem
        The problem.
    modules
        What is built; (O,).

    Returns
    -------
    numpy.ndarray
        Link of each demand to it, of options as near as each other the first; -1
        where nothing is in reach; (D,).
    """
    link = np.flatnonzero(modules[problem.link_option] > 0)
    demand = problem.demand[link]
    order = np.lexsort((link, problem.distance_m[link], demand))
    first, at = np.unique(demand[order], return_index=True)
    nearest = np.full(len(problem.amount), -1, np.int64)
    nearest[first] = link[order[at]]
    return nearest


def measure_room(problem: SitingProblem, modules: Int64Array) -> FloatArray:
    """Measure the capacity of what is built.

    Parameters
    ----------
    problem
        The problem.
    modules
        What is built; (O,).

    Returns
    -------
    numpy.ndarray
        Capacity of each option, 0 where it is not built; (O,).
    """
    room = np.zeros(problem.options)
    built = modules > 0
    room[built] = problem.capacity[built] * modules[built]
    return room


def add_load(problem: SitingProblem, flow: FloatArray) -> FloatArray:
    """Add up the capacity that flows take.

    Parameters
    ----------
    problem
        The problem.
    flow
        People over each link; (L,).

    Returns
    -------
    numpy.ndarray
        Capacity taken of each option; (O,).
    """
    taken = flow * problem.use[problem.demand]
    return np.bincount(problem.link_option, taken, problem.options).astype(np.float64)


def shrink_modules(
    problem: SitingProblem, modules: Int64Array, flow: FloatArray
) -> Int64Array:
    """Leave out modules that nobody needs.

    Parameters
    ----------
    problem
        The problem.
    modules, flow
        A plan.

    Returns
    -------
    numpy.ndarray
        What it needs of the modules: at least the smallest number where anybody
        goes, and of options that are required; (O,).
    """
    load = add_load(problem, flow)
    limited = np.isfinite(problem.capacity) & (problem.capacity > 0)
    need = np.where(load > 0, problem.least, 0)
    full = load[limited] / problem.capacity[limited]
    need[limited] = np.maximum(need[limited], np.ceil(full * (1 - NEAR)))
    need = np.maximum(need, np.where(problem.required, problem.least, 0))
    return np.minimum(modules, need)


def nearest_choice(
    problem: SitingProblem, modules: Int64Array
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Let everybody walk to the nearest place that is built.

    What exceeds the capacity of a place is not served, the same share of all who
    come.

    Parameters
    ----------
    problem
        The problem.
    modules
        What is built; (O,).

    Returns
    -------
    served : numpy.ndarray
        People of each category who are served; (F,).
    walk_m : numpy.ndarray
        Person-metres that they walk; (F,).
    overflow : numpy.ndarray
        People who come and find it full; (F,).
    """
    nearest = find_nearest(problem, modules)
    link = nearest[nearest >= 0]
    flow = np.zeros(problem.demand.size)
    flow[link] = problem.amount[problem.demand[link]]
    came = measure_served_people(problem, flow)
    load, room = add_load(problem, flow), measure_room(problem, modules)
    part = np.ones(problem.options)
    over = load > room
    part[over] = room[over] / load[over]
    flow *= part[problem.link_option]
    served = measure_served_people(problem, flow)
    walk_m = measure_served_people(problem, flow * problem.distance_m)
    return served, walk_m, np.maximum(came - served, 0.0)


def assign_people(
    problem: SitingProblem, modules: Int64Array, *, solver: ModuleType
) -> FloatArray | None:
    """Serve as many people as a plan can, on the shortest walks.

    Parameters
    ----------
    problem
        The problem.
    modules
        What is built; (O,).
    solver
        The module ``highspy``.

    Returns
    -------
    numpy.ndarray or None
        People over each link, (L,); None if the solver found no way.
    """
    nearest = find_nearest(problem, modules)
    link = nearest[nearest >= 0]
    flow = np.zeros(problem.demand.size)
    flow[link] = problem.amount[problem.demand[link]]
    room = measure_room(problem, modules)
    over = add_load(problem, flow) > room
    # where all find room at the nearest, nobody can be served better
    full = np.bincount(problem.option_category[over], minlength=problem.categories)
    option = problem.link_option
    hard = full[problem.option_category[option]] > 0
    flow[hard] = 0.0
    some = np.flatnonzero(hard & (room[option] > 0))
    if some.size:
        found = _solve(problem, some, room, solver)
        if found is None:
            return None
        flow[some] = found
    return _mend(problem, flow, room)


def _solve(
    problem: SitingProblem, link: Int64Array, room: FloatArray, solver: ModuleType
) -> FloatArray | None:
    """Return people over some links: as many as can be, and then the nearest."""
    who, option = problem.demand[link], problem.link_option[link]
    people = problem.amount[who]
    worth = people / people.mean()
    sheet = Sheet()
    flow = sheet.add_columns(link.size, cost=worth)
    demands, row = np.unique(who, return_inverse=True)
    sheet.put(sheet.add_rows(len(demands), upper=1.0)[row], flow)
    tight = np.flatnonzero(np.isfinite(room[option]))
    options, row = np.unique(option[tight], return_inverse=True)
    load = (people * problem.use[who])[tight] / room[option[tight]]
    sheet.put(sheet.add_rows(len(options), upper=1.0)[row], flow[tight], load)
    categories, which = np.unique(problem.category[who], return_inverse=True)
    rows = sheet.add_rows(len(categories), lower=0.0, upper=np.inf)
    sheet.put(rows[which], flow, worth)
    highs = make_solver(solver, np.inf)
    sheet.hand_over(solver, highs)
    highs.run()
    best = solver.HighsModelStatus.kOptimal
    if highs.getModelStatus() != best:
        return None
    most = np.array(highs.getSolution().col_value)
    served = np.bincount(which, worth * most)
    steps = problem.distance_m[link]
    steps = worth * steps / max(float(steps.max()), 1.0)
    highs.changeColsCost(link.size, flow.astype(np.int32), -steps)
    for k, least in zip(rows, served * (1 - EXACT), strict=True):
        highs.changeRowBounds(int(k), float(least), np.inf)
    highs.run()
    if highs.getModelStatus() == best:
        most = np.array(highs.getSolution().col_value)
    return most * people


def _mend(problem: SitingProblem, flow: FloatArray, room: FloatArray) -> FloatArray:
    """Take off by how little a solver's sums exceed what there is."""
    amount = problem.amount[problem.demand]
    flow = np.clip(flow, 0.0, amount)
    flow[flow < NEAR * amount] = 0.0
    served = np.bincount(problem.demand, flow, len(problem.amount))
    part = problem.amount / np.maximum(served, problem.amount)
    flow = flow * part[problem.demand]
    load = add_load(problem, flow)
    part = np.ones(problem.options)
    over = load > room
    part[over] = room[over] / load[over]
    return flow * part[problem.link_option]
