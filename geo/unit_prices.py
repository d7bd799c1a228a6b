"""Price all connected sets of some atoms without keeping them all.

Given what each atom is worth elsewhere (a dual value), the *price* of a set is what
its gain leaves beyond that. Sets are grown as in `geo.unit_sets`; their terms are
carried along, so that a set costs a tenth of a microsecond. A set that is no better
than one that it grew from, the rest alone, is in no plan worth having.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.chains import FloatArray, Int64Array, Whole, kernel
from geo.kernels import longer
from geo.unit_problem import (
    AREA_MOST,
    CLOSABLE,
    COUNT_MOST,
    HOUSEHOLDS_MOST,
    SIZE,
    SPREAD,
    SPREAD_M,
    TARGET,
    UNLIKE,
    UNLIKE_YEARS,
    WORKS,
    Town,
    fit_numbers,
)
from geo.unit_scores import Int8Array, make_desk
from geo.unit_sets import (
    BROKEN,
    TINY,
    Atoms,
    connected,
    gather,
    hostile,
    keep,
)

BoolArray = npt.NDArray[np.bool_]

__all__ = ["Priced", "price_sets"]


class Priced(NamedTuple):
    """Sets ``member[start[s]:start[s + 1]]`` (ascending) and their gains.

    `share` is, for each atom, the greatest positive price per member of a set that
    holds it. `looked` counts the sets looked at; not `complete` if there were more
    than allowed (`share` proves nothing then); not `whole` if not every set of the
    price asked for was kept.
    """

    start: Int64Array
    member: Int64Array
    gain: FloatArray
    share: FloatArray
    looked: int
    complete: bool
    whole: bool


#: What is carried along; the first three stand for a community, too.
COUNT, HOUSES, AREA, APART, JOINT, ALIKE, CLOSED, DUAL, BASE, RAGGED, TOP = range(11)
#: The others of a community.
X, Y, YEAR, STRUCTURE, CONDITION = range(3, 8)


def price_sets(
    town: Town,
    atoms: Atoms,
    chosen: Int64Array,
    dual: FloatArray,
    *,
    least: float,
    keep_most: int,
    look_most: int,
) -> Priced:
    """Price the sets of two atoms and more that a plan may want.

    Parameters
    ----------
    town
        The communities, weights and bounds.
    atoms
        The atoms.
    chosen
        Atoms that sets are made of, ascending.
    dual
        What each atom (of all) is worth elsewhere.
    least
        Keep sets of this price and more; 0 at most, minus infinity for all.
    keep_most
        Sets to keep at most; where there are more, the dearer ones.
    look_most
        Sets to look at at most.

    Returns
    -------
    Priced
        The sets and what they prove.
    """
    allowed = np.zeros(atoms.communities.size, np.bool_)
    allowed[chosen] = True
    facts = np.column_stack(
        [
            np.ones(town.x.size),
            town.households,
            town.area_m2,
            town.x,
            town.y,
            town.year / town.choice[UNLIKE_YEARS],
            town.structure.astype(np.float64),
            town.condition,
        ]
    )
    limits = np.array([least, keep_most, look_most], np.float64)
    found = _price(town, atoms, facts, chosen, dual, ~allowed, limits)
    start, member, gain, share, looked, complete, whole = found
    return Priced(start, member, gain, share, looked, bool(complete), bool(whole))


@kernel
def _liken(facts: FloatArray, members: Int64Array, i: Whole) -> float:
    """Return how unlike `i` is to some communities, times the households of both."""
    total = 0.0
    mine, year = facts[i, HOUSES], facts[i, YEAR]
    structure, condition = facts[i, STRUCTURE], facts[i, CONDITION]
    for j in members:
        unlike, known = 0.0, 0
        years = abs(year - facts[j, YEAR])
        if years == years:  # noqa: PLR0124 - known
            unlike += min(years, 1.0)
            known += 1
        if structure >= 0 and facts[j, STRUCTURE] >= 0:
            unlike += structure != facts[j, STRUCTURE]
            known += 1
        worse = abs(condition - facts[j, CONDITION])
        if worse == worse:  # noqa: PLR0124 - known
            unlike += worse
            known += 1
        if known:
            total += (mine + facts[j, HOUSES]) * unlike / known
    return total


@kernel
def _far(facts: FloatArray, members: Int64Array, households: float) -> float:
    """Return the households times their distance from the middle, metres."""
    if households <= 0:
        return 0.0
    x = y = far = 0.0
    for i in members:
        x += facts[i, HOUSES] * facts[i, X]
        y += facts[i, HOUSES] * facts[i, Y]
    x, y = x / households, y / households
    for i in members:
        dx, dy = facts[i, X] - x, facts[i, Y] - y
        far += facts[i, HOUSES] * math.sqrt(dx * dx + dy * dy)
    return far


@kernel
def _close(
    i: Whole,
    mark: Int8Array,
    facts: FloatArray,
    closed: Int64Array,
    owner: Int64Array,
    helps_start: Int64Array,
    helps: Int64Array,
    need_start: Int64Array,
) -> float:
    """Add a helper; return the households whose needs it and its fellows close."""
    total = 0.0
    for at in range(helps_start[i], helps_start[i + 1]):
        need = helps[at]
        closed[need] += 1
        if closed[need] == 1 and mark[owner[need]]:
            total += facts[owner[need], HOUSES]
    for need in range(need_start[i], need_start[i + 1]):
        if closed[need] > 0:
            total += facts[i, HOUSES]
    return total


@kernel
def _join(
    i: Whole,
    mark: Int8Array,
    facts: FloatArray,
    start: Int64Array,
    other: Int64Array,
    works: FloatArray,
) -> float:
    """Return the joint works of a community with those marked."""
    total = 0.0
    for at in range(start[i], start[i + 1]):
        if mark[other[at]]:
            total += works[at] * min(facts[i, HOUSES], facts[other[at], HOUSES])
    return total


@kernel
def _rough(choice: FloatArray, load: FloatArray) -> Whole:
    """Return the score but for the spread."""
    return (
        choice[CLOSABLE] * load[CLOSED]
        + choice[WORKS] * load[JOINT]
        + choice[SIZE] * (load[APART] - abs(load[HOUSES] - choice[TARGET]))
        - choice[UNLIKE] * load[ALIKE] / (load[COUNT] - 1)
    )


@kernel
def _halve(
    start: Int64Array, member: Int64Array, cost: FloatArray, kept: Whole
) -> tuple[int, float]:
    """Keep the dearer half of the sets; return how many, and the price of the rest."""
    least = np.median(cost[:kept])
    left, end = 0, 0
    for s in range(kept):
        if cost[s] > least:
            first, size = start[s], start[s + 1] - start[s]
            for place in range(size):
                member[end + place] = member[first + place]
            cost[left] = cost[s]
            start[left] = end
            end += size
            left += 1
    start[left] = end
    return left, least


@kernel
def _price(  # noqa: C901, PLR0912, PLR0915 - one compiled loop
    town: Town,
    atoms: Atoms,
    facts: FloatArray,
    roots: Int64Array,
    dual: FloatArray,
    seen: BoolArray,
    limits: FloatArray,
) -> tuple[Int64Array, Int64Array, FloatArray, FloatArray, int, bool, bool]:
    """Grow all sets from their smallest atoms and judge each."""
    choice, works = town.choice, town.works
    near_start, near = town.start, town.other
    owner, need_start = town.owner, town.need_start
    helps_start, helps = town.helps_start, town.helps
    held_start, held, alone = atoms.start, atoms.member, atoms.alone
    other_start, other = atoms.other_start, atoms.other
    counts, houses, areas = atoms.communities, atoms.households, atoms.area_m2
    foe_start = atoms.foe_start
    most = np.array([choice[COUNT_MOST], choice[HOUSEHOLDS_MOST], choice[AREA_MOST]])
    most = np.where(most > 0, most * (1 + 1e-9), np.inf)
    size, deep = alone.size, roots.size + 2
    queue, chosen = np.empty(size, np.int64), np.empty(deep, np.int64)
    tail, at, loads = (
        np.empty(deep, np.int64),
        np.empty(deep, np.int64),
        np.zeros((deep, 11)),
    )
    mark, closed = np.zeros(held.size, np.int8), np.zeros(owner.size, np.int64)
    members = np.empty(held.size, np.int64)
    desk = make_desk(held.size)
    start, member, cost = (
        np.zeros(1026, np.int64),
        np.empty(4096, np.int64),
        np.empty(1024),
    )
    share = np.zeros(size)
    kept = looked = 0
    whole, least = True, limits[0]
    asked = least
    for root in roots:
        queue[0], tail[0], at[0], depth = root, 1, 0, 0
        while depth >= 0:
            if at[depth] == tail[depth]:
                depth -= 1
                if depth >= 0:
                    for place in range(tail[depth], tail[depth + 1]):
                        seen[queue[place]] = False
                    atom = chosen[depth]
                    for spot in range(held_start[atom], held_start[atom + 1]):
                        i = held[spot]
                        mark[i] = 0
                        for place in range(helps_start[i], helps_start[i + 1]):
                            closed[helps[place]] -= 1
                continue
            atom = queue[at[depth]]
            at[depth] += 1
            weight = loads[depth]
            if depth > 0 and (
                weight[COUNT] + counts[atom] > most[0]
                or weight[HOUSES] + houses[atom] > most[1]
                or weight[AREA] + areas[atom] > most[2]
            ):
                continue
            if foe_start[atom] < foe_start[atom + 1] and hostile(
                atoms, chosen[:depth], atom
            ):
                continue
            load = loads[depth + 1]
            load[:] = loads[depth]
            count = int(load[COUNT])
            for spot in range(held_start[atom], held_start[atom + 1]):
                i = held[spot]
                load[CLOSED] += _close(
                    i, mark, facts, closed, owner, helps_start, helps, need_start
                )
                load[JOINT] += _join(i, mark, facts, near_start, near, works)
                load[ALIKE] += _liken(facts, members[:count], i)
                load[HOUSES] += facts[i, HOUSES]
                load[AREA] += facts[i, AREA]
                load[APART] += abs(facts[i, HOUSES] - choice[TARGET])
                mark[i] = 1
                members[count] = i
                count += 1
            load[COUNT] = count
            load[DUAL] += dual[atom]
            if alone[atom] > -BROKEN / 2:
                load[BASE] += alone[atom]
            else:
                load[RAGGED] += 1
            chosen[depth] = atom
            end = tail[depth]
            for place in range(other_start[atom], other_start[atom + 1]):
                if other[place] > root and not seen[other[place]]:
                    seen[other[place]] = True
                    queue[end] = other[place]
                    end += 1
            at[depth + 1], tail[depth + 1] = at[depth], end
            depth += 1
            looked += 1
            if looked > limits[2]:
                return start[:1], member[:0], cost[:0], share, looked, False, False
            if depth == 1 or not fit_numbers(count, load[HOUSES], load[AREA], choice):
                continue
            # no set that it grew from may gain as much
            floor = max(load[TOP], TINY) if load[RAGGED] == 0 else -np.inf
            floor = max(floor, asked + load[DUAL])
            gain = _rough(choice, load) - load[BASE]
            if gain <= floor:
                continue
            gain -= (
                choice[SPREAD]
                * _far(facts, members[:count], load[HOUSES])
                / choice[SPREAD_M]
            )
            if gain <= floor:
                continue
            group = chosen[:depth]
            if load[RAGGED] == 0:
                load[TOP] = gain
            elif not connected(town, desk.member[: gather(atoms, group, desk)], desk):
                continue
            price = gain - load[DUAL]
            if price > 0:
                for a in group:
                    share[a] = max(share[a], price / depth)
            if price < least:
                continue
            if limits[1] == 0:
                whole = False
                continue
            if kept >= limits[1]:
                whole = False
                kept, least = _halve(start, member, cost, kept)
                if price <= least:
                    continue
            if kept + 2 > start.size:
                start = longer(start)
            if kept == cost.size:
                cost = longer(cost)
            member = keep(start, member, group, kept)
            cost[kept] = price
            kept += 1
    gain_of = cost[:kept].copy()
    for s in range(kept):
        for place in range(start[s], start[s + 1]):
            gain_of[s] += dual[member[place]]
    return start[: kept + 1], member[: start[kept]], gain_of, share, looked, True, whole
