"""What the drawing of joint renovation units needs to know, and nothing else.

A `UnitProblem` holds plain arrays: no outlines, no streets, no clauses. `Town` is
the same for compiled loops, with lists by community; the settings' weights and
bounds stand in it as numbers.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.chains import FloatArray, Int64Array, kernel
from geo.settings import UnitSettings

__all__ = [
    "Town",
    "UnitProblem",
    "lay_out",
    "make_town",
    "number_labels",
    "take_communities",
]

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class UnitProblem:
    """Communities, who neighbours whom, and what they could close together.

    Unknown households and areas count as 0 in every sum; unknown likeness (year,
    structure, condition) is left out of the comparison.
    """

    #: Community ids, sorted.
    ids: pd.Index
    #: Households and area of each community, NaN where unknown.
    households: FloatArray
    area_m2: FloatArray
    #: A point of each community, metres.
    x: FloatArray
    y: FloatArray
    #: Year built (NaN unknown), structure (-1 unknown) and the share of items in a
    #: bad condition (0 to 1, NaN unknown).
    year: FloatArray
    structure: Int64Array
    condition: FloatArray
    #: Pairs of neighbours, two columns, the smaller number first, sorted.
    edges: Int64Array
    #: Joint works of each of these pairs.
    works: FloatArray
    #: Need k of a community is closed in a unit that holds one of its helpers.
    need_community: Int64Array
    need_category: Int64Array
    helper_start: Int64Array
    helper: Int64Array

    def __post_init__(self) -> None:
        """Refuse arrays that do not belong together."""
        each: list[npt.NDArray[Any]] = [self.households, self.area_m2, self.x, self.y]
        each += [self.year, self.structure, self.condition]
        needs = self.need_community.size
        fits = (
            all(array.shape == (len(self.ids),) for array in each)
            and self.edges.shape == (self.works.size, 2)
            and self.need_category.size == needs
            and self.helper_start.size == needs + 1
            and self.helper_start[-1] == self.helper.size
            and bool((self.edges[:, 0] < self.edges[:, 1]).all())
        )
        numbers = (self.edges.ravel(), self.need_community, self.helper)
        for array in numbers:
            fits = fits and bool(((array >= 0) & (array < len(self.ids))).all())
        if not fits:
            msg = "the arrays of a unit problem do not belong together"
            raise ValueError(msg)

    @property
    def size(self) -> int:
        """Number of communities."""
        return len(self.ids)


class Town(NamedTuple):
    """A `UnitProblem` for compiled loops; unknown households and areas are 0.

    ``other[start[i]:start[i + 1]]`` are the neighbours of i, `works` the joint works
    with them; ``need_start[i]:need_start[i + 1]`` are the needs of i and
    ``helper[helper_start[k]:helper_start[k + 1]]`` who closes need k, and
    ``helps[helps_start[i]:helps_start[i + 1]]`` are the needs that i closes; nobody
    helps itself. `owner` is whose need it is. `choice` holds the weights and bounds
    in the order of the numbers below.
    """

    households: FloatArray
    area_m2: FloatArray
    x: FloatArray
    y: FloatArray
    year: FloatArray
    structure: Int64Array
    condition: FloatArray
    start: Int64Array
    other: Int64Array
    works: FloatArray
    need_start: Int64Array
    helper_start: Int64Array
    helper: Int64Array
    owner: Int64Array
    helps_start: Int64Array
    helps: Int64Array
    choice: FloatArray


(
    CLOSABLE,
    WORKS,
    SIZE,
    UNLIKE,
    SPREAD,
    TARGET,
    UNLIKE_YEARS,
    SPREAD_M,
    COUNT_LEAST,
    COUNT_MOST,
    HOUSEHOLDS_LEAST,
    HOUSEHOLDS_MOST,
    AREA_LEAST,
    AREA_MOST,
) = range(14)


def lay_out(settings: UnitSettings) -> FloatArray:
    """Return the weights and bounds of the settings as `Town.choice` holds them.

    Parameters
    ----------
    settings
        How units are drawn.

    Returns
    -------
    numpy.ndarray
        Fourteen numbers; a bound of 0 is no bound.
    """
    return np.array(
        [
            settings.weight_closable,
            settings.weight_works,
            settings.weight_size,
            settings.weight_unlike,
            settings.weight_spread,
            settings.target_households,
            settings.unlike_years,
            settings.spread_m,
            settings.communities_least,
            settings.communities_most,
            settings.households_least,
            settings.households_most,
            settings.area_least_m2,
            settings.area_most_m2,
        ],
        np.float64,
    )


def make_town(problem: UnitProblem, settings: UnitSettings) -> Town:
    """Make a problem ready for compiled loops.

    Parameters
    ----------
    problem
        The communities.
    settings
        Weights and bounds.

    Returns
    -------
    Town
        The same, listed by community.
    """
    start, other, edge = list_neighbours(problem.edges, problem.size)
    needs = np.argsort(problem.need_community, kind="stable")
    owner = problem.need_community[needs].astype(np.int64)
    count = np.diff(problem.helper_start)[needs]
    helper = problem.helper[spread_out(problem.helper_start[needs], count)]
    need = np.repeat(np.arange(needs.size), count)
    fellow = helper != owner[need]
    helper, need = helper[fellow].astype(np.int64), need[fellow]
    return Town(
        households=np.nan_to_num(problem.households, nan=0.0),
        area_m2=np.nan_to_num(problem.area_m2, nan=0.0),
        x=problem.x.astype(np.float64),
        y=problem.y.astype(np.float64),
        year=problem.year.astype(np.float64),
        structure=problem.structure.astype(np.int64),
        condition=problem.condition.astype(np.float64),
        start=start,
        other=other,
        works=problem.works.astype(np.float64)[edge],
        need_start=as_starts(np.bincount(owner, minlength=problem.size)),
        helper_start=as_starts(np.bincount(need, minlength=needs.size)),
        helper=helper,
        owner=owner,
        helps_start=as_starts(np.bincount(helper, minlength=problem.size)),
        helps=need[np.argsort(helper, kind="stable")].astype(np.int64),
        choice=lay_out(settings),
    )


def list_neighbours(
    pairs: Int64Array, size: int
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """List the partners of each number in some pairs.

    Parameters
    ----------
    pairs
        Two columns of numbers below `size`.
    size
        How many numbers there are.

    Returns
    -------
    tuple
        Starts, partners (ascending) and the row of the pair, for both directions.
    """
    source = np.concatenate([pairs[:, 0], pairs[:, 1]])
    target = np.concatenate([pairs[:, 1], pairs[:, 0]])
    order = np.lexsort((target, source))
    count = np.bincount(source, minlength=size)
    edge = np.tile(np.arange(len(pairs), dtype=np.int64), 2)[order]
    return as_starts(count), target[order].astype(np.int64), edge


def as_starts(count: npt.NDArray[Any]) -> Int64Array:
    """Return where each of some lists begins, and where the last one ends.

    Parameters
    ----------
    count
        Lengths of the lists.

    Returns
    -------
    numpy.ndarray
        One number more than there are lists.
    """
    start = np.zeros(count.size + 1, np.int64)
    np.cumsum(count, out=start[1:])
    return start


def spread_out(start: Int64Array, count: npt.NDArray[Any]) -> Int64Array:
    """Return the positions of some lists' entries, list by list.

    Parameters
    ----------
    start
        Position at which each list begins.
    count
        Its length.

    Returns
    -------
    numpy.ndarray
        ``start[0], start[0] + 1, ...`` for each list in turn.
    """
    before = as_starts(count)
    place = np.arange(before[-1], dtype=np.int64)
    return place + np.repeat(start - before[:-1], count)


def take_communities(problem: UnitProblem, order: Int64Array) -> UnitProblem:
    """Take some communities in a new order.

    Parameters
    ----------
    problem
        The communities.
    order
        Numbers of those to take; the first becomes number 0.

    Returns
    -------
    UnitProblem
        Pairs, needs and helpers of which a community is left out are left out; the
        ids are no longer sorted.
    """
    place = np.full(problem.size, -1, np.int64)
    place[order] = np.arange(order.size)
    edges = np.sort(place[problem.edges], axis=1)
    kept = np.flatnonzero((edges >= 0).all(axis=1))
    kept = kept[np.lexsort((edges[kept, 1], edges[kept, 0]))]
    owner = place[problem.need_community]
    needs = np.flatnonzero(owner >= 0)
    needs = needs[np.lexsort((problem.need_category[needs], owner[needs]))]
    count = np.diff(problem.helper_start)[needs]
    helper = place[problem.helper[spread_out(problem.helper_start[needs], count)]]
    helped = np.repeat(np.arange(needs.size), count)
    return UnitProblem(
        ids=problem.ids[order],
        households=problem.households[order],
        area_m2=problem.area_m2[order],
        x=problem.x[order],
        y=problem.y[order],
        year=problem.year[order],
        structure=problem.structure[order],
        condition=problem.condition[order],
        edges=edges[kept],
        works=problem.works[kept],
        need_community=owner[needs],
        need_category=problem.need_category[needs],
        helper_start=as_starts(np.bincount(helped[helper >= 0], minlength=needs.size)),
        helper=helper[helper >= 0],
    )


def number_labels(label: Int64Array) -> Int64Array:
    """Replace labels by 0, 1, ... as they first occur.

    Parameters
    ----------
    label
        Labels from 0; -1 stays.

    Returns
    -------
    numpy.ndarray
        The numbers.
    """
    out = np.full(label.size, -1, np.int64)
    there = np.flatnonzero(label >= 0)
    if there.size:
        _, first, back = np.unique(label[there], return_index=True, return_inverse=True)
        rank = np.empty(first.size, np.int64)
        rank[np.argsort(first)] = np.arange(first.size)
        out[there] = rank[back]
    return out


@kernel
def fit_numbers(count: int, households: float, area: float, choice: FloatArray) -> bool:
    """Tell whether a unit of so much is within all bounds, least and most.

    Sums may come out differently in the last digit when added in another order;
    a billionth is nothing.
    """
    low, high = 1 - 1e-9, 1 + 1e-9
    if count < choice[COUNT_LEAST]:
        return False
    if households < choice[HOUSEHOLDS_LEAST] * low or area < choice[AREA_LEAST] * low:
        return False
    if 0 < choice[COUNT_MOST] < count:
        return False
    if 0 < choice[HOUSEHOLDS_MOST] * high < households:
        return False
    return not 0 < choice[AREA_MOST] * high < area
