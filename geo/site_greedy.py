"""Sites by building and mending: greedy, then drop and add again.

Nothing is proved; a plan that breaks no rule is always at hand. The worst-served
category comes first where fairness is asked for: plans are compared by the least
share of a category, then by the weighted mean of the shares.
"""

from collections.abc import Callable

import numpy as np

from geo.chains import Int64Array
from geo.site_flows import WORK, Draft, Ground, fill, make_draft, make_ground
from geo.site_grow import (
    BARE,
    EQUAL,
    MEAN,
    Trial,
    adopt,
    grow,
    make_trial,
    restore,
    weigh,
)
from geo.site_moves import build_worth, lean_on, mend, trim
from geo.site_prices import make_prices, restrict, step_prices
from geo.site_problem import SitingProblem

__all__ = ["fill", "search"]

#: Work (links looked at) after which the search ends, and between two questions
#: whether to go on.
WORK_MOST, WORK_STEP = 150_000_000, 4_000_000
#: How often plans are drawn from prices, and rounds of prices between.
ASKED, STEPS = 12, 8
#: Rounds without a better plan after which it ends: so many, and for each resource.
PATIENCE, PATIENCE_EACH = 100, 20


def keep_going() -> bool:
    """Go on.

    Returns
    -------
    bool
        True.
    """
    return True


def search(
    problem: SitingProblem,
    *,
    fair: bool = True,
    start: Int64Array | None = None,
    going: Callable[[], bool] = keep_going,
) -> Int64Array:
    """Build a good plan that breaks no rule.

    Parameters
    ----------
    problem
        The problem.
    fair
        Whether the least share of a category comes before the mean of shares.
    start
        Modules of a plan to begin with; left out if it breaks a rule.
    going
        Asked now and then; the search ends when it says no.

    Returns
    -------
    numpy.ndarray
        Modules of each option, all 0 if the required ones cannot be built together;
        the flows are those of `fill`. The same problem has the same answer, unless
        `going` ends the search.
    """
    ground = make_ground(problem)
    draft, trial = make_draft(ground), make_trial(ground, fair=fair)
    bare = np.where(problem.required, problem.least, 0).astype(np.int64)
    if not restore(ground, draft, trial, bare):
        return np.zeros(problem.options, np.int64)
    adopt(ground, draft, trial)
    if problem.asked.any():
        _begin(ground, draft, trial, bare, start)
        _mend(ground, draft, trial, going)
    return trial.best.copy()


def _begin(
    ground: Ground,
    draft: Draft,
    trial: Trial,
    bare: Int64Array,
    start: Int64Array | None,
) -> None:
    """Find a first plan: the one given and what can be added, or the best greedy."""
    if start is not None and restore(ground, draft, trial, start.astype(np.int64)):
        grow(ground, draft, trial, BARE, 0.0)
        adopt(ground, draft, trial)
    _ask_prices(ground, draft, trial, bare)
    for how in (BARE, EQUAL, MEAN) if trial.fair[0] else (MEAN,):
        restore(ground, draft, trial, bare)
        grow(ground, draft, trial, how, 0.0)
        adopt(ground, draft, trial)
    restore(ground, draft, trial, trial.best.copy())


def _ask_prices(ground: Ground, draft: Draft, trial: Trial, bare: Int64Array) -> None:
    """Build what is worth most at the prices of a bound, as they become better."""
    alike = bool(trial.fair[0]) and int((ground.weight > 0).sum()) > 1
    within = restrict(ground)
    prices = make_prices(within, fair=0.0, known=0.0, alike=alike)
    for _ in range(ASKED):
        ended = step_prices(within, prices, STEPS)
        restore(ground, draft, trial, bare)
        build_worth(ground, draft, trial, prices)
        grow(ground, draft, trial, EQUAL if alike else MEAN, 0.0)
        adopt(ground, draft, trial)
        if ended:
            break


def _mend(
    ground: Ground, draft: Draft, trial: Trial, going: Callable[[], bool]
) -> None:
    """Drop and add until nothing better is found, or the work is done."""
    patience = PATIENCE + PATIENCE_EACH * ground.area_m2.size
    limited = bool(np.isfinite(ground.capacity).any())
    weigh(ground, draft, trial, MEAN)
    while draft.tally[WORK] < WORK_MOST and going():
        if trial.fair[0]:
            lean_on(ground, draft, trial)
        if mend(ground, draft, trial, draft.tally[WORK] + WORK_STEP, patience):
            break
        if limited:
            # others make way where that serves more
            restore(ground, draft, trial, trial.current)
            adopt(ground, draft, trial)
    # modules that nobody needs make room for others
    restore(ground, draft, trial, trial.best)
    trim(ground, draft)
    grow(ground, draft, trial, MEAN, 0.0)
    adopt(ground, draft, trial)
