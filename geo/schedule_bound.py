"""What no plan can exceed, and prices of money that lead to good plans.

Lagrangian relaxation: every line of a year and every place in it gets a price; each
project then goes for itself where it is worth most beyond what it pays. What all of
them gain, and what the funds are worth at these prices, no plan can exceed. The prices
are found by subgradient steps (Held, Wolfe and Crowder 1974; step length after Polyak).
"""

from typing import NamedTuple

import numpy as np

from geo.chains import FloatArray
from geo.schedule_problem import ScheduleProblem

__all__ = ["Prices", "bound_value"]

#: Rounds, and rounds without a better bound after which steps are halved.
ROUNDS, PATIENCE = 600, 15
#: Steps smaller than this lead nowhere.
SMALLEST = 1e-4


class Prices(NamedTuple):
    """A bound and what it stands on.

    Attributes
    ----------
    bound
        What no plan is worth more than, pinned projects included.
    gain
        What each project gains in each year at the prices; -inf where it cannot go;
        (P, T).
    """

    bound: float
    gain: FloatArray


def bound_value(
    problem: ScheduleProblem, *, known: float = 0.0, rounds: int = ROUNDS
) -> Prices:
    """Find what no plan can exceed.

    Parameters
    ----------
    problem
        The problem.
    known
        What some plan is worth, to measure the steps by.
    rounds
        Steps at most.

    Returns
    -------
    Prices
        The least bound found, never below `known`, and the gains at its prices.
    """
    fixed = problem.value(problem.pinned)
    worth = np.where(problem.possible, problem.worth, -np.inf)
    use = _share_needs(problem)
    price = np.zeros(use.shape[1:])
    counts = np.isfinite(_join_limits(problem))
    best = Prices(np.inf, worth)
    step, idle = 1.0, 0
    for _ in range(rounds):
        gain = worth - (use * price).sum(axis=2)
        at = gain.argmax(axis=1)
        most = gain[np.arange(len(at)), at]
        bound = fixed + np.maximum(most, 0.0).sum() + price.sum()
        idle += 1
        if bound < best.bound * (1 - 1e-9):
            best, idle = Prices(float(bound), gain), 0
        taken = np.flatnonzero(most > 0)
        slack = np.where(counts, 1.0, 0.0)
        np.subtract.at(slack, at[taken], use[taken, at[taken]])
        length = (slack**2).sum()
        if idle >= PATIENCE:
            step, idle = step / 2, 0
        if length == 0 or bound <= known or step < SMALLEST:
            break
        price = np.maximum(price - step * (bound - known) / length * slack, 0.0)
    return best._replace(bound=max(best.bound, known))


def _join_limits(problem: ScheduleProblem) -> FloatArray:
    """Return what is left of each line, and of places last; (T, L + 1)."""
    rest = problem.rest
    return np.column_stack([rest.cny, rest.projects])


def _share_needs(problem: ScheduleProblem) -> FloatArray:
    """Return each need as a share of what is left in each year; (P, T, L + 1)."""
    need = np.column_stack([problem.need, np.ones(problem.projects)])
    limits = _join_limits(problem)
    counts = np.isfinite(limits) & (limits > 0)
    share = need[:, None, :] / np.where(counts, limits, np.inf)
    return np.where(problem.possible[:, :, None], share, 0.0)
