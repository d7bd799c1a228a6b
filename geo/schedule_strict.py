"""The plan that the ranking makes: nobody is passed by somebody of a lower rank.

Year after year the ranking is walked from its top. Everyone who is not yet in the plan
and could go in this year (its utilities allow it, its need is known, and the year's
funds would reach for it alone, beside the pinned ones) is next. Whoever still fits is
taken; the first who does not closes the year, and waits for the next. So no money of a
year goes to a project while one of higher rank that could go in that year has to wait,
even where the smaller one would fit into the rest. What is left of a closed year is
said, not filled.
"""

from typing import NamedTuple

import numpy as np

from geo.chains import Int64Array
from geo.schedule_problem import ALIKE_CNY, NEVER, ScheduleProblem

__all__ = ["StrictPlan", "follow_ranking"]


class StrictPlan(NamedTuple):
    """A plan and who closed the years.

    Attributes
    ----------
    year
        Position of the year of each project, -1: none; (P,).
    closed_by
        Project that closed each year, -1: none did; (T,).
    """

    year: Int64Array
    closed_by: Int64Array


def follow_ranking(problem: ScheduleProblem) -> StrictPlan:
    """Fill the years in the order of the ranking.

    Parameters
    ----------
    problem
        The problem, projects in the order of the ranking.

    Returns
    -------
    StrictPlan
        The plan; pinned projects stand where they are pinned.
    """
    year = problem.pinned.copy()
    closed_by = np.full(problem.years, NEVER, dtype=np.int64)
    for t in range(problem.years):
        left, places = problem.rest.cny[t].copy(), problem.rest.projects[t]
        for p in np.flatnonzero(problem.possible[:, t] & (year < 0)):
            if places < 1 or (problem.need[p] > left + ALIKE_CNY).any():
                closed_by[t] = p
                break
            left, places, year[p] = left - problem.need[p], places - 1, t
    return StrictPlan(year, closed_by)
