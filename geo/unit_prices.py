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
    CLOSABLE,
    SIZE,
    SPREAD,
    SPREAD_M,
    TARGET,
    UNLIKE,
    WORKS,
    Town,
    fit_numbers,
)
from geo.unit_scores import Desk, difference, make_desk
from geo.unit_sets import (
    BROKEN,
    TINY,
    Atoms,
    connected,
    gather,
    hostile,
    keep,
    room,
    total_of,
)

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


class Stack(NamedTuple):
    """Where the growing stands: the queue, who is in it, and sums by depth."""

    seen: npt.NDArray[np.bool_]
    queue: Int64Array
    chosen: Int64Array
    tail: Int64Array
    at: Int64Array
    load: FloatArray
    closed: Int64Array


#: Columns of `Stack.load`.
COUNT, HOUSES, AREA, APART, JOINT, ALIKE, CLOSED, DUAL, BASE, RAGGED, TOP = range(11)


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
    allowed = np.zeros(atoms.count.size, np.bool_)
    allowed[chosen] = True
    size, deep = atoms.count.size, min(atoms.count.size, chosen.size) + 2
    stack = Stack(
        seen=~allowed,
        queue=np.empty(size, np.int64),
        chosen=np.empty(size, np.int64),
        tail=np.empty(deep, np.int64),
        at=np.empty(deep, np.int64),
        load=np.zeros((deep, 11)),
        closed=np.zeros(town.owner.size, np.int64),
    )
    desk, other = make_desk(atoms.member.size), make_desk(atoms.member.size)
    limits = np.array([least, keep_most, look_most], np.float64)
    found = _price(town, atoms, chosen, dual, stack, desk, other, limits)
    start, member, gain, share, looked, complete, whole = found
    return Priced(start, member, gain, share, looked, bool(complete), bool(whole))


@kernel
def _add(
    town: Town, members: int, i: Whole, closed: Int64Array, load: FloatArray, desk: Desk
) -> None:
    """Add a community to the sums; the first `members` of the desk are there."""
    mine = town.households[i]
    for at in range(town.helps_start[i], town.helps_start[i + 1]):
        need = town.helps[at]
        closed[need] += 1
        if closed[need] == 1 and desk.mark[town.owner[need]]:
            load[CLOSED] += town.households[town.owner[need]]
    for need in range(town.need_start[i], town.need_start[i + 1]):
        if closed[need] > 0:
            load[CLOSED] += mine
    for at in range(town.start[i], town.start[i + 1]):
        j = town.other[at]
        if desk.mark[j] and town.works[at] > 0:
            load[JOINT] += town.works[at] * min(mine, town.households[j])
    for at in range(members):
        j = desk.member[at]
        load[ALIKE] += (mine + town.households[j]) * difference(town, i, j)
    load[COUNT] += 1
    load[HOUSES] += mine
    load[AREA] += town.area_m2[i]
    load[APART] += abs(mine - town.choice[TARGET])
    desk.mark[i] = 1
    desk.member[members] = i


@kernel
def _rough(choice: FloatArray, load: FloatArray) -> float:
    """Return the score but for the spread."""
    return (
        choice[CLOSABLE] * load[CLOSED]
        + choice[WORKS] * load[JOINT]
        + choice[SIZE] * (load[APART] - abs(load[HOUSES] - choice[TARGET]))
        - choice[UNLIKE] * load[ALIKE] / (load[COUNT] - 1)
    )


@kernel
def _far(town: Town, members: Int64Array, households: float) -> float:
    """Return the households times their distance from the middle, metres."""
    if households <= 0:
        return 0.0
    x = y = far = 0.0
    for i in members:
        x += town.households[i] * town.x[i]
        y += town.households[i] * town.y[i]
    x, y = x / households, y / households
    for i in members:
        dx, dy = town.x[i] - x, town.y[i] - y
        far += town.households[i] * math.sqrt(dx * dx + dy * dy)
    return far


@kernel
def _push(
    town: Town,
    atoms: Atoms,
    dual: FloatArray,
    stack: Stack,
    desk: Desk,
    depth: Whole,
    atom: Whole,
    root: Whole,
) -> None:
    """Put an atom on top of the first `depth`."""
    below, load = stack.load[depth], stack.load[depth + 1]
    load[:] = below
    for at in range(atoms.start[atom], atoms.start[atom + 1]):
        _add(town, int(load[COUNT]), atoms.member[at], stack.closed, load, desk)
    load[DUAL] += dual[atom]
    if atoms.alone[atom] > -BROKEN / 2:
        load[BASE] += atoms.alone[atom]
    else:
        load[RAGGED] += 1
    stack.chosen[depth] = atom
    end = stack.tail[depth]
    for place in range(atoms.other_start[atom], atoms.other_start[atom + 1]):
        other = atoms.other[place]
        if other > root and not stack.seen[other]:
            stack.seen[other] = True
            stack.queue[end] = other
            end += 1
    stack.at[depth + 1], stack.tail[depth + 1] = stack.at[depth], end


@kernel
def _pop(town: Town, atoms: Atoms, stack: Stack, desk: Desk, depth: Whole) -> None:
    """Take the atom at `depth` away."""
    for place in range(stack.tail[depth], stack.tail[depth + 1]):
        stack.seen[stack.queue[place]] = False
    atom = stack.chosen[depth]
    for at in range(atoms.start[atom], atoms.start[atom + 1]):
        i = atoms.member[at]
        desk.mark[i] = 0
        for place in range(town.helps_start[i], town.helps_start[i + 1]):
            stack.closed[town.helps[place]] -= 1


@kernel
def _judge(
    town: Town,
    atoms: Atoms,
    group: Int64Array,
    load: FloatArray,
    desk: Desk,
    other: Desk,
    least: float,
) -> float:
    """Return the gain of the set on top of the stack, or minus infinity.

    That is if it breaks a least bound, if its price is below `least`, or if a set
    that it grew from gains as much.
    """
    count = int(load[COUNT])
    if not fit_numbers(count, load[HOUSES], load[AREA], town.choice):
        return -np.inf
    floor = max(load[TOP], TINY) if load[RAGGED] == 0 else -np.inf
    floor = max(floor, least + load[DUAL])
    gain = _rough(town.choice, load) - load[BASE]
    if gain <= floor:
        return -np.inf
    far = _far(town, desk.member[:count], load[HOUSES])
    gain -= town.choice[SPREAD] * far / town.choice[SPREAD_M]
    if gain <= floor:
        return -np.inf
    if load[RAGGED] == 0:
        load[TOP] = gain
        return gain
    members = other.member[: gather(atoms, group, other)]
    return gain if connected(town, members, other) else -np.inf


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
def _price(
    town: Town,
    atoms: Atoms,
    roots: Int64Array,
    dual: FloatArray,
    stack: Stack,
    desk: Desk,
    other: Desk,
    limits: FloatArray,
) -> tuple[Int64Array, Int64Array, FloatArray, FloatArray, int, bool, bool]:
    """Grow all sets from their smallest atoms and judge each."""
    start, member, cost = (
        np.zeros(1026, np.int64),
        np.empty(4096, np.int64),
        np.empty(1024),
    )
    share = np.zeros(dual.size)
    kept = looked = 0
    whole, least = True, limits[0]
    asked = least
    for root in roots:
        stack.queue[0], stack.tail[0], stack.at[0] = root, 1, 0
        depth = 0
        while depth >= 0:
            if stack.at[depth] == stack.tail[depth]:
                depth -= 1
                if depth >= 0:
                    _pop(town, atoms, stack, desk, depth)
                continue
            atom = stack.queue[stack.at[depth]]
            stack.at[depth] += 1
            group = stack.chosen[:depth]
            if depth > 0 and not room(atoms, town.choice, stack.load[depth], atom):
                continue
            if hostile(atoms, group, atom):
                continue
            _push(town, atoms, dual, stack, desk, depth, atom, root)
            depth += 1
            looked += 1
            if looked > limits[2]:
                return start[:1], member[:0], cost[:0], share, looked, False, False
            if depth == 1:
                continue
            load = stack.load[depth]
            group = stack.chosen[:depth]
            gain = _judge(town, atoms, group, load, desk, other, asked)
            if gain == -np.inf:
                continue
            price = gain - load[DUAL]
            if price > 0:
                for a in group:
                    share[a] = max(share[a], price / depth)
            if price < least:
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
        group = member[start[s] : start[s + 1]]
        gain_of[s] = total_of(town, desk.member[: gather(atoms, group, desk)], desk)
        for a in group:
            if atoms.alone[a] > -BROKEN / 2:
                gain_of[s] -= atoms.alone[a]
    return start[: kept + 1], member[: start[kept]], gain_of, share, looked, True, whole
