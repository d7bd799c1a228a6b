"""Adding up over units: groups of communities, their weights, bounds of means.

Rows of arrays are communities (sorted by id) or members (sorted by unit); columns
are categories. What is unknown stays within bounds: the mean of values whose
weights are not all known may be that of the known ones, any of the others, or
anything between.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coverage import Bools, Floats, Ints, Share
from geo.errors import InputError

#: Sums are compared to this many decimals, so that 0.1 + 0.2 is 0.3.
DECIMALS_COMPARED = 9


@dataclass(frozen=True, eq=False)
class Groups:
    """Communities sorted by unit.

    Attributes
    ----------
    names
        Units in the order of their smallest member.
    member
        Row positions of communities: those of unit ``u`` are
        ``member[start[u]:start[u + 1]]``, ascending.
    start
        First member of each unit.
    unit
        Unit of each member.
    """

    names: npt.NDArray[np.object_]
    member: Ints
    start: Ints
    unit: Ints

    def add(self, values: npt.NDArray[Any]) -> Floats:
        """Add up rows of members by unit."""
        found = np.add.reduceat(values, self.start, axis=0)
        return np.asarray(found, dtype=np.float64)

    def any_member(self, flags: Bools) -> Bools:
        """Say of each unit whether a flag of a member is up; rows are members."""
        found = np.logical_or.reduceat(flags, self.start, axis=0)
        return np.asarray(found, dtype=np.bool_)

    def any(self, flags: Bools) -> Bools:
        """Say of each unit whether a flag is up; rows are communities."""
        return self.any_member(flags[self.member])

    def least(self, values: Floats) -> Floats:
        """Return the least of the known values; rows are communities."""
        filled = np.where(np.isnan(values), np.inf, values)[self.member]
        found = np.minimum.reduceat(filled, self.start, axis=0)
        return np.where(np.isinf(found), np.nan, found)


@dataclass(frozen=True, eq=False)
class Weights:
    """How much each member weighs in its unit.

    Attributes
    ----------
    part
        Share of the unit's known weight; rows are members.
    free
        Whether the weight may be anything: it is unknown, or nobody in the unit
        weighs anything; rows are members.
    known
        Known weight of each unit.
    empty
        Whether the unit is known to weigh nothing at all.
    """

    part: Floats
    free: Bools
    known: Floats
    empty: Bools

    @property
    def counts(self) -> Bools:
        """Return which members can sway their unit."""
        return self.free | (self.part > 0)


def group_communities(
    unit_of: pd.Series, ids: pd.Index, only: Collection[str] | None = None
) -> Groups:
    """Sort communities by unit.

    Parameters
    ----------
    unit_of
        Name of the unit by community id; communities that are missing or without
        a name are in none.
    ids
        All community ids, sorted.
    only
        Units to keep, by default all.

    Returns
    -------
    Groups
        The units, whatever the order of `unit_of`.

    Raises
    ------
    InputError
        If a community is there twice or not among `ids`.

    Examples
    --------
    >>> unit_of = pd.Series({"b": "U1", "a": "U2", "c": "U1"})
    >>> groups = group_communities(unit_of, pd.Index(["a", "b", "c"]))
    >>> groups.names.tolist(), groups.member.tolist()
    (['U2', 'U1'], [0, 1, 2])
    """
    if not unit_of.index.is_unique:
        twice = unit_of.index[unit_of.index.duplicated()]
        raise InputError("unit_community_twice", community=str(twice[0]))
    strange = unit_of.index.difference(ids)
    if len(strange):
        raise InputError("unit_community_unknown", community=str(strange[0]))
    named = unit_of.reindex(ids)
    rows = np.flatnonzero(named.notna().to_numpy())
    label = named.iloc[rows].astype(str)
    if only is not None:
        wanted = label.isin(set(only)).to_numpy()
        rows, label = rows[wanted], label[wanted]
    unit, names = pd.factorize(label.to_numpy(dtype=object))
    order = np.argsort(unit, kind="stable")
    counts = np.bincount(unit, minlength=len(names))
    start = np.cumsum(counts) - counts
    return Groups(np.asarray(names, dtype=object), rows[order], start, unit[order])


def weigh_members(weight: Floats, groups: Groups) -> Weights:
    """Weigh the members of each unit.

    Parameters
    ----------
    weight
        Weights, NaN where unknown; rows are communities.
    groups
        The units.

    Returns
    -------
    Weights
        Their weights.
    """
    own = weight[groups.member]
    unknown = np.isnan(own)
    filled = np.where(unknown, 0.0, own)
    known = groups.add(filled)
    lost = groups.any_member(unknown)
    total = known[groups.unit]
    part = np.divide(filled, total, out=np.zeros_like(filled), where=total > 0)
    nobody = (total == 0) & ~lost[groups.unit]
    return Weights(part, unknown | nobody, known, (known == 0) & ~lost)


def average_known(values: Floats, weights: Weights, groups: Groups) -> Floats:
    """Return the mean of each unit by the known weights.

    Parameters
    ----------
    values
        Values; rows are members.
    weights
        Their weights.
    groups
        The units.

    Returns
    -------
    numpy.ndarray
        Rows are units; 0 where nobody is known to weigh anything.
    """
    part = np.broadcast_to(weights.part, values.shape)
    # nothing times boundless is nothing here
    added = np.multiply(part, values, out=np.zeros_like(values), where=part > 0)
    return groups.add(added)


def pool_bounds(values: Share, weights: Weights, groups: Groups) -> Share:
    """Return the bounds of the weighted mean of each unit.

    Parameters
    ----------
    values
        Bounds of each community.
    weights
        Weights of the members.
    groups
        The units.

    Returns
    -------
    Share
        Bounds; rows are units. Of a unit of one member they are the member's.
    """
    some = weights.known > 0
    low, high = values.low[groups.member], values.high[groups.member]
    lowest = np.where(weights.free, low, np.inf)
    highest = np.where(weights.free, high, -np.inf)
    return Share(
        np.minimum(
            np.where(some, average_known(low, weights, groups), np.inf),
            np.minimum.reduceat(lowest, groups.start, axis=0),
        ),
        np.maximum(
            np.where(some, average_known(high, weights, groups), -np.inf),
            np.maximum.reduceat(highest, groups.start, axis=0),
        ),
    )


def judge_share(share: Share, least: float) -> npt.NDArray[np.str_]:
    """Return ``met``, ``short`` or ``unknown``, heedless of rounding errors.

    Parameters
    ----------
    share
        Bounds.
    least
        Share from which it is met.

    Returns
    -------
    numpy.ndarray
        Words.

    Examples
    --------
    >>> third = np.array([0.1 + 0.2])
    >>> judge_share(Share(third, third), 0.3).tolist()
    ['met']
    """
    return round_bounds(share).verdict(round(least, DECIMALS_COMPARED))


def round_bounds(bounds: Share) -> Share:
    """Round bounds to the decimals that are compared.

    Parameters
    ----------
    bounds
        Bounds.

    Returns
    -------
    Share
        Rounded.
    """
    low, high = bounds.low, bounds.high
    return Share(np.round(low, DECIMALS_COMPARED), np.round(high, DECIMALS_COMPARED))
