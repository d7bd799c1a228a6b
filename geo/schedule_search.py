"""Good plans without a solver: by prices, then bettered project by project."""

from collections.abc import Callable, Iterator

import numpy as np

from geo.chains import FloatArray, Int64Array
from geo.schedule_problem import (
    ALIKE_CNY,
    NEVER,
    BoolArray,
    ScheduleProblem,
    measure_rest,
)

__all__ = ["better_plan", "fill_gaps", "place_projects"]

#: Gains that are smaller than this share of the plan's value are none.
ALIKE = 1e-12
#: Times that all projects are gone through at most.
PASSES = 50


def place_projects(problem: ScheduleProblem, order: FloatArray) -> Int64Array:
    """Place projects one after the other, each where it comes first.

    Parameters
    ----------
    problem
        The problem.
    order
        The greater, the sooner this project gets this year; (P, T).

    Returns
    -------
    numpy.ndarray
        Position of the year of each project, -1: none; (P,).
    """
    year = problem.pinned.copy()
    left, places = problem.rest.cny.copy(), problem.rest.projects.copy()
    turn = np.argsort(-order, axis=None, kind="stable")
    for p, t in zip(*np.unravel_index(turn, order.shape), strict=True):
        if year[p] >= 0 or not problem.possible[p, t] or places[t] < 1:
            continue
        if (problem.need[p] <= left[t] + ALIKE_CNY).all():
            year[p] = t
            left[t], places[t] = left[t] - problem.need[p], places[t] - 1
    return year


def fill_gaps(problem: ScheduleProblem, year: Int64Array) -> Int64Array:
    """Give projects that have no year, best rank first, the first that has room.

    Parameters
    ----------
    problem
        The problem.
    year
        A plan that breaks no rule; (P,).

    Returns
    -------
    numpy.ndarray
        The plan with those that still fit.
    """
    year = year.copy()
    for p in np.flatnonzero((year < 0) & problem.possible.any(axis=1)):
        free = problem.possible[p] & _fits(problem, year, problem.need[[p]])[0]
        if free.any():
            year[p] = int(free.argmax())
    return year


def better_plan(
    problem: ScheduleProblem,
    year: Int64Array,
    *,
    going: Callable[[], bool] = lambda: True,
) -> Int64Array:
    """Better a plan until no single move or exchange of two does.

    A project is moved to an earlier year, put in, or put in the place of another one,
    which then goes where it still fits or out. Of two plans of the same worth the one
    is kept that has the higher rank earlier.

    Parameters
    ----------
    problem
        The problem.
    year
        A plan that breaks no rule; (P,).
    going
        Asked before each project; False ends the work.

    Returns
    -------
    numpy.ndarray
        A plan that breaks no rule and is worth no less.
    """
    year = year.copy()
    for _ in range(PASSES):
        before = year.copy()
        for p in np.flatnonzero(problem.possible.any(axis=1)):
            if not going():
                return year
            for moved in _moves(problem, year, int(p)):
                year = moved
        if (year == before).all():
            break
    return year


def _fits(problem: ScheduleProblem, year: Int64Array, need: FloatArray) -> BoolArray:
    return measure_rest(problem, year).holds(need)


def _moves(problem: ScheduleProblem, year: Int64Array, p: int) -> Iterator[Int64Array]:
    """Yield the plan bettered by moving one project, then by exchanging it."""
    without = year.copy()
    without[p] = NEVER
    now = problem.worth[p, year[p]] if year[p] >= 0 else 0.0
    eps = ALIKE * max(problem.value(year), 1.0)
    free = problem.possible[p] & _fits(problem, without, problem.need[[p]])[0]
    gain = np.where(free, problem.worth[p] - now, -np.inf)
    best = int(gain.argmax())
    if gain[best] > eps:
        year = without.copy()
        year[p] = best
        yield year
        now = problem.worth[p, best]
        without = year.copy()
        without[p] = NEVER
    found = _exchange(problem, year, without, p, float(now), eps)
    if found is not None:
        yield found


def _exchange(
    problem: ScheduleProblem,
    year: Int64Array,
    without: Int64Array,
    p: int,
    now: float,
    eps: float,
) -> Int64Array | None:
    """Put a project in the place of another, if that betters the plan."""
    others = np.flatnonzero((without >= 0) & (problem.pinned < 0))
    others = others[problem.possible[p, without[others]]]
    if not others.size:
        return None
    rest, at = measure_rest(problem, without), without[others]
    spare = rest.cny[at] + problem.need[others] - problem.need[p]
    goes = (spare >= -ALIKE_CNY).all(axis=1)
    # where the one that makes room can still go: not back to where it was
    to = rest.holds(problem.need[others]) & problem.possible[others]
    to[np.arange(len(others)), at] = False
    kept = np.where(to, problem.worth[others], 0.0)
    second = kept.argmax(axis=1)
    lands = to[np.arange(len(others)), second]
    gain = problem.worth[p, at] - now + kept[np.arange(len(others)), second]
    gain = np.where(goes, gain - problem.worth[others, at], -np.inf)
    best = int(gain.argmax())
    even = goes & (np.abs(gain) <= eps) & lands & (others > p)
    even &= (second == year[p]) & (at < year[p])
    if gain[best] <= eps:
        if not even.any():
            return None
        best = int(even.argmax())
    made = without.copy()
    made[p] = at[best]
    made[others[best]] = second[best] if lands[best] else NEVER
    return made
