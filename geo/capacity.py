"""How much of a facility is left for each person who can walk to it.

Two-step floating catchment (2SFCA): a facility shares its capacity among all
people in reach of it, and a community adds up the shares it can walk to. Where a
capacity or a population is not known the result is a pair of bounds, and only
what holds for both is said.
"""

from dataclasses import dataclass

import numpy as np

from geo.coverage import Bools, Floats, Ints, Test, select
from geo.schema import State

PER_PERSONS = 1000.0


@dataclass(frozen=True, eq=False)
class Supply:
    """Capacity per 1,000 persons in reach of each community, from both sides.

    Attributes
    ----------
    low, high
        Bounds; shape (communities,). Equal where everything is known; `high` is
        infinite where a facility of unknown capacity is in reach.
    facilities
        Number of facilities in reach; shape (communities,).
    capacity_missing, population_missing
        Whether a capacity, or a population that shares, is unknown; (communities,).
    """

    low: Floats
    high: Floats
    facilities: Ints
    capacity_missing: Bools
    population_missing: Bools


def share_supply(
    community: Ints, facility: Ints, *, population: Floats, capacity: Floats
) -> Supply:
    """Share the capacity of facilities among the people in reach.

    An unknown capacity is anything from nothing to boundless, an unknown
    population anything from nobody to more than can be served.

    Parameters
    ----------
    community, facility
        Pairs within reach of each other, each at most once, as row positions.
    population
        Persons of each community, NaN where unknown; shape (communities,).
    capacity
        Capacity of each facility, NaN where unknown; shape (facilities,).

    Returns
    -------
    Supply
        Bounds of the capacity per 1,000 persons.

    Examples
    --------
    >>> one = np.array([0])
    >>> supply = share_supply(
    ...     one, one, population=np.array([2000.0]), capacity=np.array([9.0])
    ... )
    >>> supply.low.tolist(), supply.high.tolist()
    ([4.5], [4.5])
    """
    known = np.nan_to_num(population)
    unknown = np.isnan(population).astype(np.float64)
    demand = np.bincount(facility, known[community], minlength=len(capacity))
    shared = np.bincount(facility, unknown[community], minlength=len(capacity)) > 0
    # dividing a capacity among nobody leaves it boundless, and nothing stays nothing
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.nan_to_num(PER_PERSONS * capacity / demand, nan=0.0, posinf=np.inf)
    each_low = np.where(np.isnan(capacity) | shared, 0.0, each)
    each_high = np.where(np.isnan(capacity), np.inf, each)
    size = len(population)
    count = np.bincount(community, minlength=size)
    return Supply(
        low=_add_up(each_low[facility], community, size),
        high=_add_up(each_high[facility], community, size),
        facilities=count.astype(np.int64),
        capacity_missing=_any(np.isnan(capacity)[facility], community, size),
        population_missing=_any(shared[facility], community, size),
    )


def judge_capacity(
    supply: Supply,
    needed: float,
    *,
    population: Floats,
    entered: Bools,
    hidden: Bools,
) -> Test:
    """Judge the capacity test of one category.

    Parameters
    ----------
    supply
        Capacity per 1,000 persons in reach.
    needed
        Capacity per 1,000 persons that the rule asks for.
    population
        Persons of each community, NaN where unknown; shape (communities,).
    entered
        Whether any gate is on the network; shape (communities,).
    hidden
        Whether a facility that cannot be walked to stands within reach in a
        straight line; shape (communities,).

    Returns
    -------
    Test
        ``met`` and ``short`` only where every possible value says so.
    """
    none = supply.facilities == 0
    short = supply.high < needed
    cases = (
        (~entered, State.UNKNOWN, "no_gate"),
        (none, State.UNKNOWN, "none_in_reach"),
        ((supply.low >= needed) | (population == 0), State.MET, "enough"),
        (short & hidden, State.UNKNOWN, "hidden"),
        (short, State.SHORT, "too_little"),
        (supply.capacity_missing, State.UNKNOWN, "capacity_missing"),
    )
    return Test(
        select(*((m, s) for m, s, _ in cases), default=State.UNKNOWN),
        select(*((m, c) for m, _, c in cases), default="population_missing"),
    )


def _add_up(values: Floats, group: Ints, size: int) -> Floats:
    # bincount would turn infinities into NaN only when they meet -inf: there are none
    return np.bincount(group, values, minlength=size).astype(np.float64)


def _any(flags: Bools, group: Ints, size: int) -> Bools:
    return np.asarray(np.bincount(group[flags], minlength=size) > 0, dtype=np.bool_)
