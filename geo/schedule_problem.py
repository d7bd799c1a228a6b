"""Projects, years and funds, as whole arrays: what a plan may and may not do.

A project is a joint unit (its members go together, in one year). Projects stand in
the order of the ranking, the best first. A line is one limit of funds: the total of a
year, or what one source gives in it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geo.chains import FloatArray, Int64Array

__all__ = ["BoolArray", "Rest", "ScheduleProblem", "find_faults", "measure_rest"]

#: Half a cent: sums of money that differ by less are alike.
ALIKE_CNY = 0.005
#: No year.
NEVER = -1

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ScheduleProblem:
    """Which projects could be done in which years.

    Attributes
    ----------
    score
        Score of each project; (P,), in the order of the ranking.
    households
        Households of each project; NaN: unknown, they add nothing to the aim; (P,).
    need_cny
        What a project takes of each line of funds; NaN: unknown; (P, L).
    available_cny
        What each year has on each line; inf: no limit; (T, L).
    projects_most
        Projects that can be organised in each year; inf: no limit; (T,).
    allowed
        Whether a project may go in a year, funds and capacity apart; (P, T).
    pinned
        Position of the year in which a project is done in any case, whatever it
        needs; -1: none; (P,).
    """

    score: FloatArray
    households: FloatArray
    need_cny: FloatArray
    available_cny: FloatArray
    projects_most: FloatArray
    allowed: BoolArray
    pinned: Int64Array

    @property
    def projects(self) -> int:
        """Return the number of projects."""
        return len(self.score)

    @property
    def years(self) -> int:
        """Return the number of years."""
        return len(self.projects_most)

    @cached_property
    def limited(self) -> BoolArray:
        """Tell which lines are limited in some year; (L,)."""
        return np.asarray(np.isfinite(self.available_cny).any(axis=0))

    @cached_property
    def need(self) -> FloatArray:
        """Return what projects take of the limited lines, else 0; (P, L)."""
        return np.where(self.limited, np.nan_to_num(self.need_cny), 0.0)

    @cached_property
    def known(self) -> BoolArray:
        """Tell of which projects all limited lines are known; (P,)."""
        return np.asarray(~(np.isnan(self.need_cny) & self.limited).any(axis=1))

    @cached_property
    def worth(self) -> FloatArray:
        """Return what a project adds in each year (METHODS §5); (P, T).

        Score times households times the years that are left, this one included.
        """
        left = self.years - np.arange(self.years)
        each = self.score * np.nan_to_num(self.households)
        return np.asarray(each[:, None] * left)

    @cached_property
    def rest(self) -> "Rest":
        """Return what the pinned projects leave."""
        return measure_rest(self, self.pinned)

    @cached_property
    def possible(self) -> BoolArray:
        """Tell which projects could go in which years beside the pinned ones; (P, T).

        Of the money it is asked whether a project fits if it is the only one.
        """
        may = self.allowed & self.known[:, None] & (self.pinned < 0)[:, None]
        return may & self.rest.holds(self.need)

    def value(self, year: Int64Array) -> float:
        """Return what a plan is worth: the sum over its projects.

        Parameters
        ----------
        year
            Position of the year of each project, -1: none; (P,).

        Returns
        -------
        float
            Score times households times years left.
        """
        done = np.flatnonzero(year >= 0)
        return float(self.worth[done, year[done]].sum())


@dataclass(frozen=True, eq=False, slots=True)
class Rest:
    """What a plan leaves.

    Attributes
    ----------
    cny
        Money left per year and line, never below 0; inf: no limit; (T, L).
    projects
        Projects that could still be organised, never below 0; (T,).
    over_cny, over_projects
        By how much a plan exceeds what there is; same shapes.
    """

    cny: FloatArray
    projects: FloatArray
    over_cny: FloatArray
    over_projects: FloatArray

    def holds(self, need: FloatArray) -> BoolArray:
        """Tell which needs, (P, L), fit into which years; (P, T)."""
        fits = (need[:, None, :] <= self.cny + ALIKE_CNY).all(axis=2)
        return np.asarray(fits & (self.projects >= 1))


def measure_rest(problem: ScheduleProblem, year: Int64Array) -> Rest:
    """Measure what a plan leaves of funds and capacity.

    Parameters
    ----------
    problem
        The problem.
    year
        Position of the year of each project, -1: none; (P,).

    Returns
    -------
    Rest
        What is left, and by how much it is exceeded.
    """
    used = np.zeros(problem.available_cny.shape)
    done = np.flatnonzero(year >= 0)
    np.add.at(used, year[done], problem.need[done])
    left = problem.available_cny - used
    count = np.bincount(year[done], minlength=problem.years)
    places = problem.projects_most - count
    return Rest(
        np.maximum(left, 0.0),
        np.maximum(places, 0.0),
        np.where(left < -ALIKE_CNY, -left, 0.0),
        np.maximum(-places, 0.0),
    )


def find_faults(problem: ScheduleProblem, year: Int64Array) -> list[str]:
    """Name the rules that a plan breaks.

    Parameters
    ----------
    problem
        The problem.
    year
        Position of the year of each project, -1: none; (P,).

    Returns
    -------
    list of str
        Of ``pinned`` (a pinned project elsewhere), ``year`` (one in a year in which it
        may not go), ``unknown`` (one of unknown need), ``funds`` and ``projects``
        (exceeded by more than the pinned ones do); empty: none.
    """
    pinned = problem.pinned >= 0
    free = (year >= 0) & ~pinned
    rest = measure_rest(problem, year)
    faults = {
        "pinned": (year[pinned] != problem.pinned[pinned]).any(),
        "year": ~problem.allowed[free, year[free]].all(),
        "unknown": not problem.known[free].all(),
        "funds": (rest.over_cny > problem.rest.over_cny).any(),
        "projects": (rest.over_projects > problem.rest.over_projects).any(),
    }
    return [name for name, broken in faults.items() if broken]
