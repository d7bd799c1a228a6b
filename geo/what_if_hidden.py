"""Facilities that cannot be walked to, one by one, for the live what-if.

Meaning: :mod:`geo.hidden`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from geo.coverage import Floats, Ints
from geo.hidden import find_hidden
from geo.lifecircle import LifeCircle
from geo.stock import Places, Stock
from geo.straight import Geometries
from geo.what_if_kinds import STRIDE


@dataclass(frozen=True, eq=False)
class Hidden:
    """One facility that cannot be walked to from outside.

    Attributes
    ----------
    label
        Its label.
    maybe
        Whether it is not known to be too small.
    shape
        Its geometry.
    only
        Row position of the one community that it serves, -1: all.
    walked
        Row positions of communities whose residents do walk to it.
    community, distance_m
        Communities that have it within the farthest walk in a straight line, and
        the distance from their nearest gate.
    """

    label: int
    maybe: bool
    shape: shapely.Geometry
    only: int
    walked: frozenset[int]
    community: Ints
    distance_m: Floats


def make_hidden(
    label: int,
    shape: shapely.Geometry,
    gates: Geometries,
    gate_community: Ints,
    *,
    maybe: bool,
    only: int = -1,
    walked: frozenset[int] = frozenset(),
    within_m: float,
) -> Hidden:
    """Measure the straight lines from gates to a facility.

    Parameters
    ----------
    label, shape
        The facility.
    gates
        Points of all gates.
    gate_community
        Row positions of their communities.
    maybe, only, walked
        See `Hidden`.
    within_m
        Farthest to look.

    Returns
    -------
    Hidden
        The facility with who has it near.
    """
    near = np.flatnonzero(shapely.dwithin(gates, shape, within_m))
    owner = gate_community[near]
    served = (only < 0) | (owner == only)
    served &= ~np.isin(owner, np.fromiter(walked, np.int64, len(walked)))
    near, owner = near[served], owner[served]
    community, row = np.unique(owner, return_inverse=True)
    least = np.full(len(community), np.inf)
    np.minimum.at(least, row, shapely.distance(gates[near], shape))
    return Hidden(label, maybe, shape, only, walked, community, least)


def nearest_hidden(hidden: list[Hidden], communities: int) -> tuple[Floats, Floats]:
    """Return the straight distance to the nearest of some hidden facilities.

    Parameters
    ----------
    hidden
        Those of one category.
    communities
        Number of communities.

    Returns
    -------
    any_m : numpy.ndarray
        As in :func:`geo.hidden.measure_hidden`, for one category.
    maybe_m : numpy.ndarray
        The same for those that are not known to be too small.
    """
    nearest = np.full((2, communities), np.inf)
    for one in hidden:
        for row in nearest[: 2 if one.maybe else 1]:
            row[one.community] = np.minimum(row[one.community], one.distance_m)
    found = np.where(np.isinf(nearest), np.nan, nearest)
    return found[0], found[1]


def list_hidden(
    circle: LifeCircle,
    stock: Stock,
    places: Places,
    ids: pd.Index,
    within_m: float,
    shape: tuple[int, int],
) -> tuple[list[list[Hidden]], Floats, Floats]:
    """List the hidden facilities of today.

    Parameters
    ----------
    circle
        The life circle of today.
    stock, places
        Its facilities, gates and doors.
    ids
        Community ids, sorted.
    within_m
        Farthest to look.
    shape
        Numbers of communities and categories.

    Returns
    -------
    hidden : list of list
        Per category.
    any_m : numpy.ndarray
        Straight distances to the nearest; of shape `shape`.
    maybe_m : numpy.ndarray
        The same for those that are not known to be too small.
    """
    network = circle.network
    found = find_hidden(
        circle.district.facilities,
        network,
        places,
        stock,
        ids,
        graph=circle.reach.graph,
        within_m=within_m,
    )
    gates = np.asarray(network.gates.geometry.loc[places.gate_ids], dtype=object)
    walked = pd.DataFrame(found.walked, columns=["row", "community"]).groupby("row")
    walkers = {row: frozenset(part) for row, part in walked["community"]}
    hidden: list[list[Hidden]] = [[] for _ in range(shape[1])]
    for row, label in enumerate(found.label.tolist()):
        one = make_hidden(
            (label + 1) * STRIDE,
            found.shapes[row],
            gates,
            places.access.gate_community,
            maybe=not stock.small[label],
            only=int(found.only[row]),
            walked=walkers.get(row, frozenset()),
            within_m=within_m,
        )
        hidden[stock.category[label]].append(one)
    both = np.full((2, *shape), np.nan)
    for at, some in enumerate(hidden):
        both[:, :, at] = nearest_hidden(some, shape[0])
    return hidden, both[0], both[1]
