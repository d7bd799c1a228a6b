"""What no plan of sites can exceed: bounds by Lagrangian prices.

Every demand gets a price at which it may be served more than once; the budget gets
one where modules cost; a share that every category has to reach gets one per category.
Whatever the prices, no plan serves more than the sum of the prices and of what the
resources are worth at them (`geo.site_shadow`). Prices are bettered by the volume
method (Barahona and Anbil, 2000): they follow the mean of what was built before.
"""

from collections.abc import Callable

import numpy as np

from geo.site_flows import Ground, make_ground
from geo.site_greedy import keep_going
from geo.site_prices import Prices, make_prices, restrict, start_from, step_prices
from geo.site_problem import SitingProblem

__all__ = ["bound_fair", "bound_value"]

#: Rounds of prices by default, and between two questions whether to go on.
ROUNDS, ASKED = 600, 20
#: Part of the rounds that bound the least share before the mean.
FIRST = 3
#: Slack for sums.
SLACK = 1e-9


def bound_value(
    problem: SitingProblem,
    *,
    fair: float = 0.0,
    known: float = 0.0,
    rounds: int = ROUNDS,
    going: Callable[[], bool] = keep_going,
) -> float:
    """Bound the weighted mean of the shares.

    Parameters
    ----------
    problem
        The problem.
    fair
        Least share that every category asked for has to have, 0 to 1.
    known
        Value of a plan that is known: the bound need not be lower.
    rounds
        Rounds of prices.
    going
        Asked now and then; the search for better prices ends when it says no.

    Returns
    -------
    float
        What no plan with these shares can exceed, 0 to 1; never below `fair`, even
        if there is no such plan.
    """
    if not problem.asked.any():
        return 0.0
    ground = restrict(make_ground(problem))
    prices = make_prices(ground, fair=fair, known=known, alike=False)
    if fair > 0 and problem.asked.sum() > 1:
        first = make_prices(ground, fair=0.0, known=fair, alike=True)
        _run(ground, first, rounds // FIRST, fair, going)
        if np.isfinite(first.best[0]):
            start_from(ground, prices, first)
    bound = _run(ground, prices, rounds, known, going)
    return float(min(1.0, max(bound + SLACK, fair)))


def bound_fair(
    problem: SitingProblem,
    *,
    known: float = 0.0,
    rounds: int = ROUNDS,
    going: Callable[[], bool] = keep_going,
) -> float:
    """Bound the least share of a category asked for.

    Parameters
    ----------
    problem
        The problem.
    known
        Least share in a plan that is known: the bound need not be lower.
    rounds
        Rounds of prices.
    going
        Asked now and then; the search for better prices ends when it says no.

    Returns
    -------
    float
        What no plan can exceed, 0 to 1.
    """
    if not problem.asked.any():
        return 0.0
    ground = restrict(make_ground(problem))
    prices = make_prices(ground, fair=0.0, known=known, alike=True)
    return float(min(1.0, _run(ground, prices, rounds, known, going) + SLACK))


def _run(
    ground: Ground,
    prices: Prices,
    rounds: int,
    known: float,
    going: Callable[[], bool],
) -> float:
    """Better the prices; return the least bound seen."""
    done = 0
    while done < rounds and going():
        more = min(ASKED, rounds - done)
        if step_prices(ground, prices, more):
            break
        done += more
    return max(float(prices.best[0]), known)
