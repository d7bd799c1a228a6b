"""Compile what sites facilities ahead of time, so that nobody waits for it later."""

import numpy as np

from geo.progress import Progress, no_progress
from geo.site_bound import bound_fair, bound_value
from geo.site_greedy import search
from geo.site_problem import SitingProblem


def warm_sites(progress: Progress = no_progress) -> None:
    """Compile the search and the bounds.

    Parameters
    ----------
    progress
        Told ``"stage.warm"`` and the share done.

    Notes
    -----
    As :func:`geo.walks.warm`: once per machine, kept in numba's cache; a matter of
    milliseconds afterwards.
    """
    one, first, count = np.ones(1), np.zeros(1, np.int64), np.ones(1, np.int64)
    least = SitingProblem(
        *(first, one, one, first, first, one, one, count, count, one, one, one),
        *(np.arange(2), first, one, np.zeros((0, 2), np.int64), first > 0, 2.0, one),
    )
    progress("stage.warm", 0.0)
    search(least)
    progress("stage.warm", 1 / 3)
    bound_fair(least)
    progress("stage.warm", 2 / 3)
    bound_value(least)
    progress("stage.warm", 1.0)
