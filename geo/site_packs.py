"""What finds room on a resource: how many modules, and which of them together."""

from typing import NamedTuple

import numpy as np

from geo.chains import FloatArray, Int64Array
from geo.coverage import Bools
from geo.site_problem import NEAR, SitingProblem

__all__ = ["Packs", "limit_modules", "list_packs", "measure_load"]

#: Relative difference that is none, for whole numbers.
WHOLE = 1e-9
#: Packs of one resource beyond which they are not listed.
PACKS_MOST = 300
#: Numbers of modules on one resource beyond which packs are not looked for.
LISTED_MOST = 5_000


class Packs(NamedTuple):
    """Packs: what may stand together on a resource, as much of it as finds room.

    `resource` is the resource of each pack, ascending. Pack ``pack[e]`` holds
    ``modules[e]`` modules of option ``option[e]``, packs ascending.
    """

    resource: Int64Array
    pack: Int64Array
    option: Int64Array
    modules: Int64Array


def measure_load(problem: SitingProblem) -> FloatArray:
    """Add up the capacity that all who can walk to an option would take.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    numpy.ndarray
        Capacity of each option; (O,).
    """
    load = (problem.amount * problem.use)[problem.demand]
    return np.bincount(problem.link_option, load, problem.options).astype(np.float64)


def limit_modules(problem: SitingProblem) -> Int64Array:
    """Find how many modules of an option could be of use and find room.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    numpy.ndarray
        The most modules of each option, 0 where none can be built or serve; (O,).
    """
    resource = problem.option_resource
    most = problem.most.astype(np.float64)
    room = problem.area_m2[resource] * (1 + NEAR)
    most = np.minimum(most, _how_many(room, problem.module_m2))
    left = problem.budget * (1 + NEAR) - problem.resource_cost[resource]
    money = _how_many(np.maximum(left, 0.0), problem.module_cost)
    most = np.where(left >= 0, np.minimum(most, money), 0.0)
    load = measure_load(problem)
    limited = np.isfinite(problem.capacity) & (problem.capacity > 0)
    need = np.ones(problem.options)
    need[limited] = np.ceil(load[limited] / problem.capacity[limited] * (1 - WHOLE))
    most = np.minimum(most, np.maximum(need, problem.least))
    idle = ((load <= 0) | (problem.capacity <= 0)) & ~problem.required
    most[idle | (most < problem.least)] = 0
    return most.astype(np.int64)


def _how_many(there: FloatArray, each: FloatArray) -> FloatArray:
    """Return how often something fits in; infinite if it takes nothing."""
    times = np.full(len(each), np.inf)
    taken = each > 0
    times[taken] = np.floor(there[taken] / each[taken])
    return times


def list_packs(problem: SitingProblem, most: Int64Array) -> Packs:
    """List the packs of every resource that several options could share.

    A pack is left out if another one of the resource holds all of it. What is left
    out of a pack breaks no rule, so packs say all that area and neighbours under one
    roof have to say.

    Parameters
    ----------
    problem
        The problem.
    most
        The most modules of each option, as `limit_modules` has it; (O,).

    Returns
    -------
    Packs
        None of a resource on which a single option could stand, or that has more
        packs than can be told.
    """
    option = np.flatnonzero(most > 0)
    resources, start = np.unique(problem.option_resource[option], return_index=True)
    owner: list[Int64Array] = []
    parts: list[Int64Array] = []
    ends = np.append(start[1:], len(option))
    for r, a, b in zip(resources, start, ends, strict=False):
        own = option[a:b]
        table = _pack(problem, most, own, int(r)) if len(own) > 1 else None
        if table is None:
            continue
        at, which = np.nonzero(table)
        first = sum(map(len, owner))
        owner.append(np.full(len(table), r, np.int64))
        parts.append(np.stack([first + at, own[which], table[at, which]]))
    whole = np.hstack([np.zeros((3, 0), np.int64), *parts])
    resource = np.concatenate([np.zeros(0, np.int64), *owner])
    return Packs(resource, whole[0], whole[1], whole[2])


def _pack(
    problem: SitingProblem, most: Int64Array, own: Int64Array, resource: int
) -> Int64Array | None:
    """Return the packs of a resource, one a row, or None if they are too many."""
    area = problem.module_m2[own]
    cost = problem.module_cost[own]
    room = problem.area_m2[resource] * (1 + NEAR)
    purse = problem.budget * (1 + NEAR) - problem.resource_cost[resource]
    apart = np.isin(problem.conflicts, own).all(axis=1)
    pairs = np.searchsorted(own, problem.conflicts[apart])
    table = np.zeros((1, len(own)), np.int64)
    for k, o in enumerate(own):
        levels = np.append(0, np.arange(problem.least[o], most[o] + 1))
        table = np.repeat(table, len(levels), axis=0)
        table[:, k] = np.tile(levels, len(table) // len(levels))
        table = table[_fits(table, area, cost, (room, purse), pairs)]
        if len(table) > LISTED_MOST:
            return None
    best = np.ones(len(table), np.bool_)
    for k, o in enumerate(own):
        more = table.copy()
        more[:, k] = np.maximum(more[:, k] + 1, problem.least[o])
        fits = _fits(more, area, cost, (room, purse), pairs)
        best &= ~(fits & (more[:, k] <= most[o]))
    table = table[best]
    return table if len(table) <= PACKS_MOST else None


def _fits(
    table: Int64Array,
    area: FloatArray,
    cost: FloatArray,
    limits: tuple[float, float],
    pairs: Int64Array,
) -> Bools:
    """Tell which rows find room and money, and no bad neighbours."""
    room, purse = limits
    stand = table > 0
    bad = (stand[:, pairs[:, 0]] & stand[:, pairs[:, 1]]).any(axis=1)
    return (table @ area <= room) & (table @ cost <= purse) & ~bad
