"""What to build where, as numbers: demand, options on resources, and what a plan is.

The model of METHODS §3. A *demand* is a number of people (or cars) of one category at
one place, existing capacity taken off. An *option* is one category on one resource,
built in whole modules. A *link* says that a demand may walk to an option. Nothing
here knows a district, a rule or a language.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geo.chains import FloatArray, Int64Array
from geo.coverage import Bools

__all__ = ["SiteSolution", "SitingProblem", "find_faults", "measure_served_people"]

#: Relative difference that is none, for sums of flows.
NEAR = 1e-6


@dataclass(frozen=True, eq=False)
class SitingProblem:
    """What is demanded, what could be built, and who could walk there.

    Attributes
    ----------
    category
        Category of each demand, 0 to F-1; shape (D,).
    amount
        People to be served, above 0; (D,).
    use
        Capacity that one of them takes, above 0; (D,).
    option_resource, option_category
        What each option is, sorted by both, each pair once; (O,).
    module_m2
        Area of one module; (O,).
    capacity
        Capacity of one module, infinite where it serves whoever can walk to it; (O,).
    least, most
        Modules that are built if any are; ``1 <= least <= most``; (O,).
    module_cost
        What one module takes from the budget; (O,).
    area_m2
        Usable area of each resource; (R,).
    resource_cost
        What using a resource at all takes from the budget; (R,).
    start, demand, distance_m
        Links of each option: the rows ``start[o]`` to ``start[o + 1]`` hold demands of
        its category, ascending, and how far they walk; (O + 1,), (L,), (L,).
    conflicts
        Pairs of options of which at most one may be built, ``a < b``; (C, 2).
    required
        Options that have to be built; (O,).
    budget
        What may be spent, infinite where there is no limit.
    weight
        Weight of each category, above 0; (F,).
    """

    category: Int64Array
    amount: FloatArray
    use: FloatArray
    option_resource: Int64Array
    option_category: Int64Array
    module_m2: FloatArray
    capacity: FloatArray
    least: Int64Array
    most: Int64Array
    module_cost: FloatArray
    area_m2: FloatArray
    resource_cost: FloatArray
    start: Int64Array
    demand: Int64Array
    distance_m: FloatArray
    conflicts: Int64Array
    required: Bools
    budget: float
    weight: FloatArray

    @property
    def categories(self) -> int:
        """Return the number of categories F."""
        return len(self.weight)

    @property
    def options(self) -> int:
        """Return the number of options O."""
        return len(self.option_resource)

    @cached_property
    def link_option(self) -> Int64Array:
        """Return the option of each link; (L,)."""
        return np.repeat(np.arange(self.options), np.diff(self.start))

    @cached_property
    def total(self) -> FloatArray:
        """Return what is demanded of each category; (F,)."""
        total = np.bincount(self.category, self.amount, minlength=self.categories)
        return total.astype(np.float64)

    @cached_property
    def servable(self) -> FloatArray:
        """Return what of it some option could reach; (F,)."""
        linked = np.zeros(len(self.amount), dtype=np.bool_)
        linked[self.demand] = True
        return np.bincount(
            self.category[linked], self.amount[linked], minlength=self.categories
        ).astype(np.float64)

    @cached_property
    def asked(self) -> Bools:
        """Return which categories count: those with demand that can be served; (F,)."""
        return self.servable > 0


@dataclass(frozen=True, eq=False)
class SiteSolution:
    """A plan, and how good it is.

    Shares are served / servable, of the categories that are asked; values are their
    weighted mean, 0 to 1.

    Attributes
    ----------
    modules
        Modules built of each option; (O,).
    flow
        People who are served over each link; (L,).
    fair, fair_bound
        Least share of a category, and what no plan can exceed.
    value, bound
        Weighted mean of the shares, and what no plan that is as fair can exceed.
    free_value, free_bound
        What a plan that heeds only the weighted mean reaches, and what none can
        exceed: `free_value` - `value` is the price of fairness.
    walk_m
        Person-metres of all flows.
    walk_proved
        Whether no plan as fair and as good lets people walk less.
    proved
        Whether neither `fair` nor `value` can be exceeded.
    limited
        Whether a limit of time cut the search short: not reproducible.
    solver
        ``"highs"``, or ``"search"`` where the plan comes from greedy and swap only.
    possible
        False if the required options cannot be built together: then nothing is.
    """

    modules: Int64Array
    flow: FloatArray
    fair: float
    fair_bound: float
    value: float
    bound: float
    free_value: float
    free_bound: float
    walk_m: float
    walk_proved: bool
    proved: bool
    limited: bool
    solver: str
    possible: bool = True

    @property
    def gap_share(self) -> float:
        """Return how far the bound lies above the value, as a share of the bound."""
        if self.bound <= self.value:
            return 0.0
        return (self.bound - self.value) / self.bound


def measure_served_people(problem: SitingProblem, flow: FloatArray) -> FloatArray:
    """Add up who is served.

    Parameters
    ----------
    problem
        The problem.
    flow
        People over each link; (L,).

    Returns
    -------
    numpy.ndarray
        People served of each category; (F,).
    """
    which = problem.option_category[problem.link_option]
    return np.bincount(which, flow, minlength=problem.categories).astype(np.float64)


def find_faults(
    problem: SitingProblem, modules: Int64Array, flow: FloatArray
) -> list[str]:
    """Check a plan against every rule, apart from any solver.

    Parameters
    ----------
    problem
        The problem.
    modules, flow
        The plan.

    Returns
    -------
    list of str
        Names of the rules that it breaks: ``size``, ``area``, ``budget``,
        ``conflict``, ``required``, ``closed`` (people sent to what is not built),
        ``capacity``, ``demand`` (more served than there are), ``negative``; empty for
        a plan that breaks none.
    """
    built = modules > 0
    resource = problem.option_resource
    area = np.bincount(
        resource, modules * problem.module_m2, minlength=len(problem.area_m2)
    )
    used = np.bincount(resource[built], minlength=len(problem.area_m2)) > 0
    spent = float(modules @ problem.module_cost) + float(
        problem.resource_cost[used].sum()
    )
    taken = flow * problem.use[problem.demand]
    load = np.bincount(problem.link_option, taken, minlength=problem.options)
    room = np.full(problem.options, np.inf)
    limited = np.isfinite(problem.capacity)
    room[limited] = problem.capacity[limited] * modules[limited]
    served = np.bincount(problem.demand, flow, minlength=len(problem.amount))
    a, b = problem.conflicts[:, 0], problem.conflicts[:, 1]
    broken: dict[str, Bools] = {
        "size": built & ((modules < problem.least) | (modules > problem.most)),
        "area": area > problem.area_m2 * (1 + NEAR),
        "budget": np.array([spent > problem.budget * (1 + NEAR)]),
        "conflict": built[a] & built[b],
        "required": problem.required & ~built,
        "closed": (flow > NEAR) & ~built[problem.link_option],
        "capacity": load > room * (1 + NEAR) + NEAR,
        "demand": served > problem.amount * (1 + NEAR) + NEAR,
        "negative": np.append(flow < 0, (modules < 0).any()),
    }
    return [name for name, where in broken.items() if where.any()]
