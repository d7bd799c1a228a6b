"""The score of a unit: five terms in equivalent households (METHODS §2).

A community alone scores 0 in every term, so that each says what joining brings.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.chains import FloatArray, Int64Array, Whole, kernel
from geo.settings import UnitSettings
from geo.unit_problem import (
    CLOSABLE,
    SIZE,
    SPREAD,
    SPREAD_M,
    TARGET,
    UNLIKE,
    UNLIKE_YEARS,
    WORKS,
    Town,
    UnitProblem,
    fit_numbers,
    make_town,
)

__all__ = ["TERMS", "score_sets", "within_bounds"]

#: Terms of a unit's score, in the order of the columns of `score_sets`.
TERMS = ("closable", "works", "size", "unlike", "spread")

Int8Array = npt.NDArray[np.int8]


class Desk(NamedTuple):
    """Room to work in: marks of communities (all 0 between calls), lists, terms."""

    mark: Int8Array
    member: Int64Array
    queue: Int64Array
    terms: FloatArray


@kernel
def make_desk(size: Whole) -> Desk:
    """Return room for sets of up to `size` communities."""
    queue = np.empty(size, np.int64)
    return Desk(np.zeros(size, np.int8), queue.copy(), queue, np.zeros(5))


def score_sets(
    problem: UnitProblem,
    settings: UnitSettings,
    start: Int64Array,
    members: Int64Array,
) -> FloatArray:
    """Score sets of communities.

    Parameters
    ----------
    problem
        The communities.
    settings
        Weights and scales.
    start
        Set s is ``members[start[s]:start[s + 1]]``.
    members
        Numbers of communities, ascending within each set.

    Returns
    -------
    numpy.ndarray
        One row per set, one column per term of `TERMS`, weighted and signed, in
        equivalent households; their sum is the score.

    Notes
    -----
    With households h (unknown: 0) and the target T, a set S of two and more scores:
    closable, h of each need closed by a fellow member; works, the joint works of
    each pair of neighbours times the smaller h; size,
    ``sum |h_i - T| - |sum h_i - T|``; unlike, less h_i times the mean difference
    from the others (year, structure, condition; means of what is known); spread,
    less h_i times the distance from the unit's middle over `spread_m`.
    """
    town = make_town(problem, settings)
    return _score_all(town, start, members, make_desk(problem.size))


def within_bounds(
    problem: UnitProblem,
    settings: UnitSettings,
    start: Int64Array,
    members: Int64Array,
) -> npt.NDArray[np.bool_]:
    """Tell which sets keep the bounds on communities, households and area.

    Parameters
    ----------
    problem
        The communities.
    settings
        The bounds, least and most.
    start
        Set s is ``members[start[s]:start[s + 1]]``.
    members
        Numbers of communities.

    Returns
    -------
    numpy.ndarray
        One flag per set; a community alone always keeps them.
    """
    town = make_town(problem, settings)
    return _fit_all(town, start, members)


@kernel
def fits(town: Town, members: Int64Array) -> bool:
    """Tell whether a set keeps all bounds."""
    if members.size < 2:  # noqa: PLR2004 - a pair
        return True
    households = area = 0.0
    for i in members:
        households += town.households[i]
        area += town.area_m2[i]
    return fit_numbers(members.size, households, area, town.choice)


@kernel
def difference(town: Town, i: Whole, j: Whole) -> Whole:
    """Return how unlike two communities are, 0 to 1: the mean of what is known."""
    total: Whole = 0.0
    known = 0
    years = abs(town.year[i] - town.year[j])
    if not math.isnan(years):
        total += min(years / town.choice[UNLIKE_YEARS], 1.0)
        known += 1
    if town.structure[i] >= 0 and town.structure[j] >= 0:
        total += 1.0 if town.structure[i] != town.structure[j] else 0.0
        known += 1
    worse = abs(town.condition[i] - town.condition[j])
    if not math.isnan(worse):
        total += worse
        known += 1
    return total / known if known else 0.0


@kernel
def _together(town: Town, mark: Int8Array, i: Whole) -> Whole:
    """Return the households of `i` for each of its needs that those marked close."""
    total: Whole = 0.0
    for need in range(town.need_start[i], town.need_start[i + 1]):
        for at in range(town.helper_start[need], town.helper_start[need + 1]):
            helper = town.helper[at]
            if helper != i and mark[helper]:
                total += town.households[i]
                break
    return total


@kernel
def _works(town: Town, mark: Int8Array, i: Whole) -> Whole:
    """Return the joint works of `i` with marked neighbours of a larger number."""
    total: Whole = 0.0
    for at in range(town.start[i], town.start[i + 1]):
        j = town.other[at]
        if j > i and mark[j] and town.works[at] > 0:
            total += town.works[at] * min(town.households[i], town.households[j])
    return total


@kernel
def _spread(town: Town, members: Int64Array) -> Whole:
    """Return the households times their distance from the middle, metres."""
    total: Whole = 0.0
    x: Whole = 0.0
    y: Whole = 0.0
    weighted = False
    for i in members:
        weighted = weighted or town.households[i] > 0
    for i in members:
        weight = town.households[i] if weighted else 1.0
        total += weight
        x += weight * town.x[i]
        y += weight * town.y[i]
    x, y = x / total, y / total
    far: Whole = 0.0
    for i in members:
        away = math.sqrt((town.x[i] - x) ** 2 + (town.y[i] - y) ** 2)
        far += town.households[i] * away
    return far


@kernel
def fill_terms(
    town: Town, members: Int64Array, mark: Int8Array, out: FloatArray
) -> None:
    """Write the five terms of a set into `out`."""
    choice = town.choice
    out[:] = 0.0
    if members.size < 2:  # noqa: PLR2004 - a pair
        return
    for i in members:
        mark[i] = 1
    closable = works = apart = total = unlike = 0.0
    for at in range(members.size):
        i = members[at]
        closable += _together(town, mark, i)
        works += _works(town, mark, i)
        apart += abs(town.households[i] - choice[TARGET])
        total += town.households[i]
        for before in range(at):
            j = members[before]
            both = town.households[i] + town.households[j]
            unlike += both * difference(town, i, j)
    for i in members:
        mark[i] = 0
    out[CLOSABLE] = choice[CLOSABLE] * closable
    out[WORKS] = choice[WORKS] * works
    out[SIZE] = choice[SIZE] * (apart - abs(total - choice[TARGET]))
    # each pair counts in the means of both of its communities
    out[UNLIKE] = 0.0 - choice[UNLIKE] * unlike / (members.size - 1)
    far = _spread(town, members)
    out[SPREAD] = 0.0 - choice[SPREAD] * far / choice[SPREAD_M]


@kernel
def _score_all(
    town: Town, start: Int64Array, members: Int64Array, desk: Desk
) -> FloatArray:
    out = np.zeros((start.size - 1, 5))
    for s in range(start.size - 1):
        fill_terms(town, members[start[s] : start[s + 1]], desk.mark, out[s])
    return out


@kernel
def _fit_all(
    town: Town, start: Int64Array, members: Int64Array
) -> npt.NDArray[np.bool_]:
    out = np.zeros(start.size - 1, np.bool_)
    for s in range(start.size - 1):
        out[s] = fits(town, members[start[s] : start[s + 1]])
    return out
