"""Units by building and mending: greedy merging, then local search.

Neither proves anything; both are quick, always hold a whole plan, and give the
search for the optimum something to beat. A plan is a label per atom.
"""

from typing import NamedTuple

import numpy as np

from geo.chains import FloatArray, Int64Array, Whole, kernel
from geo.unit_problem import Town
from geo.unit_scores import Desk, make_desk
from geo.unit_sets import TINY, Atoms, value_of

__all__ = ["grow_units", "improve_units", "merge_units"]

#: Units that a kick takes apart at most.
KICKED = 4
#: Multiplier and addend of a plain random sequence modulo 2**31.
_STEP, _ADD, _RANGE = 1103515245, 12345, 2**31


class Draft(NamedTuple):
    """A plan being worked on, as linked lists of atoms.

    Unit u begins with atom ``first[u]`` (-1: no such unit) and goes on with `after`;
    `worth` is its score. `spare` lists the labels not in use, as many as
    ``state[0]``; ``state[1]`` is the random sequence. `queue` is a ring of the
    ``state[3]`` atoms to look at, from ``state[2]`` on, and `waits` marks them.
    `one`, `two`, `best` are room for groups; `stamp` marks units already seen.
    """

    label: Int64Array
    first: Int64Array
    after: Int64Array
    worth: FloatArray
    spare: Int64Array
    queue: Int64Array
    waits: Int64Array
    one: Int64Array
    two: Int64Array
    best: Int64Array
    stamp: Int64Array
    state: Int64Array


SPARE, SEED, HEAD, WAITING, STAMP = range(5)
#: Kinds of change.
NONE, ALONE, PAIR, MERGE, MOVE, SWAP, SPLIT = range(7)
#: Additions without a better unit after which growing stops, and the size from
#: which additions count even where no unit was found yet.
PATIENCE, GROWN = 3, 60


def merge_units(town: Town, atoms: Atoms, chosen: Int64Array) -> Int64Array:
    """Merge neighbouring units as long as a merger gains, the best one first.

    Parameters
    ----------
    town
        The communities, weights and bounds.
    atoms
        The atoms.
    chosen
        The atoms to plan, ascending.

    Returns
    -------
    numpy.ndarray
        Label of the unit of each chosen atom: one of its atoms.
    """
    label = np.arange(atoms.count.size, dtype=np.int64)
    draft = _make_draft(town, atoms, chosen, label, make_desk(atoms.member.size))
    _merge(town, atoms, chosen, draft, make_desk(atoms.member.size))
    return draft.label[chosen]


def grow_units(town: Town, atoms: Atoms, chosen: Int64Array) -> Int64Array:
    """Grow units from single atoms through sizes that the *least* bounds refuse.

    Parameters
    ----------
    town
        The communities, weights and bounds.
    atoms
        The atoms.
    chosen
        The atoms to plan, ascending.

    Returns
    -------
    numpy.ndarray
        Label of the unit of each chosen atom.
    """
    label = np.arange(atoms.count.size, dtype=np.int64)
    desk = make_desk(atoms.member.size)
    draft = _make_draft(town, atoms, chosen, label, desk)
    grown = True
    while grown:
        grown = _grow_best(town, atoms, chosen, draft, desk)
    return draft.label[chosen]


def improve_units(
    town: Town,
    atoms: Atoms,
    chosen: Int64Array,
    label: Int64Array,
    *,
    kicks: int,
    seed: int = 1,
) -> Int64Array:
    """Better a plan until no single change gains, and again from kicked plans.

    A change moves an atom, merges two units, swaps two atoms, takes a pair out of
    two units or splits a unit. A kick takes a few neighbouring units apart; what
    comes of it is kept if it is better.

    Parameters
    ----------
    town
        The communities, weights and bounds.
    atoms
        The atoms.
    chosen
        The atoms to plan, ascending.
    label
        Their units, labels below the number of atoms.
    kicks
        How often to kick.
    seed
        Begins the random sequence; the same seed makes the same kicks.

    Returns
    -------
    numpy.ndarray
        Label of the unit of each chosen atom; never a worse plan.
    """
    desk = make_desk(atoms.member.size)
    whole = np.arange(atoms.count.size, dtype=np.int64)
    whole[chosen] = label
    draft = _make_draft(town, atoms, chosen, whole, desk)
    draft.state[SEED] = seed
    _better(town, atoms, chosen, draft, desk, kicks)
    return draft.label[chosen]


@kernel
def _make_draft(
    town: Town, atoms: Atoms, chosen: Int64Array, label: Int64Array, desk: Desk
) -> Draft:
    size = label.size
    draft = Draft(
        label,
        np.full(size, -1, np.int64),
        np.full(size, -1, np.int64),
        np.zeros(size),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.zeros(size, np.int64),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.zeros(size, np.int64),
        np.zeros(5, np.int64),
    )
    draft.state[SEED] = 1
    for a in chosen[::-1]:
        draft.after[a] = draft.first[label[a]]
        draft.first[label[a]] = a
    for a in chosen[::-1]:
        if draft.first[a] < 0:
            draft.spare[draft.state[SPARE]] = a
            draft.state[SPARE] += 1
        else:
            _weigh(town, atoms, draft, a, desk)
    return draft


@kernel
def _take(draft: Draft, unit: Whole, out: Int64Array, count: Whole) -> int:
    """Write the atoms of a unit behind the first `count` of `out`."""
    a = draft.first[unit]
    while a >= 0:
        out[count] = a
        count += 1
        a = draft.after[a]
    return count


@kernel
def _weigh(town: Town, atoms: Atoms, draft: Draft, unit: Whole, desk: Desk) -> None:
    count = _take(draft, unit, draft.one, 0)
    draft.worth[unit] = value_of(town, atoms, draft.one[:count], desk)


@kernel
def _hand_over(draft: Draft, atom: Whole, unit: Whole) -> None:
    """Put an atom into another unit; a unit left empty becomes spare."""
    old = draft.label[atom]
    if draft.first[old] == atom:
        draft.first[old] = draft.after[atom]
    else:
        a = draft.first[old]
        while draft.after[a] != atom:
            a = draft.after[a]
        draft.after[a] = draft.after[atom]
    if draft.first[old] < 0:
        draft.worth[old] = 0.0
        draft.spare[draft.state[SPARE]] = old
        draft.state[SPARE] += 1
    draft.label[atom] = unit
    draft.after[atom] = draft.first[unit]
    draft.first[unit] = atom


@kernel
def _new_unit(draft: Draft) -> int:
    """Return a label that is not in use; an atom must be put there at once."""
    draft.state[SPARE] -= 1
    return draft.spare[draft.state[SPARE]]


@kernel
def _merged(
    town: Town, atoms: Atoms, draft: Draft, u: Whole, v: Whole, desk: Desk
) -> float:
    """Return what merging two units gains."""
    count = _take(draft, v, draft.one, _take(draft, u, draft.one, 0))
    value = value_of(town, atoms, draft.one[:count], desk)
    return value - draft.worth[u] - draft.worth[v]


@kernel
def _find_partner(
    town: Town, atoms: Atoms, draft: Draft, unit: Whole, desk: Desk
) -> tuple[float, int]:
    """Return the gain of a unit's best merger, and with whom."""
    best, partner = TINY, -1
    draft.state[STAMP] += 1
    a = draft.first[unit]
    while a >= 0:
        for at in range(atoms.other_start[a], atoms.other_start[a + 1]):
            other = draft.label[atoms.other[at]]
            fresh = draft.stamp[other] != draft.state[STAMP]
            if draft.first[other] < 0 or other == unit or not fresh:
                continue
            draft.stamp[other] = draft.state[STAMP]
            gain = _merged(town, atoms, draft, unit, other, desk)
            if gain > best:
                best, partner = gain, other
        a = draft.after[a]
    return best, partner


@kernel
def _merge(
    town: Town, atoms: Atoms, chosen: Int64Array, draft: Draft, desk: Desk
) -> None:
    """Merge the best pair of units until none gains."""
    gain = np.zeros(draft.label.size)
    partner = np.full(draft.label.size, -1, np.int64)
    for a in chosen:
        if draft.first[a] >= 0:
            gain[a], partner[a] = _find_partner(town, atoms, draft, a, desk)
    while True:
        unit = -1
        for a in chosen:
            if partner[a] >= 0 and (unit < 0 or gain[a] > gain[unit]):
                unit = a
        if unit < 0:
            return
        gone = partner[unit]
        partner[gone] = -1
        count = _take(draft, gone, draft.two, 0)
        for a in draft.two[:count]:
            _hand_over(draft, a, unit)
        _weigh(town, atoms, draft, unit, desk)
        gain[unit], partner[unit] = _find_partner(town, atoms, draft, unit, desk)
        # the neighbours' best partner may have changed
        count = _take(draft, unit, draft.two, 0)
        for a in draft.two[:count]:
            for at in range(atoms.other_start[a], atoms.other_start[a + 1]):
                other = draft.label[atoms.other[at]]
                if other != unit and draft.first[other] >= 0:
                    found = _find_partner(town, atoms, draft, other, desk)
                    gain[other], partner[other] = found


@kernel
def _grow(
    town: Town, atoms: Atoms, draft: Draft, seed: Whole, desk: Desk
) -> tuple[float, int]:
    """Grow a group of single atoms into `draft.one`; return its gain and size.

    The best atom to add is the one with the greatest gain if the group is a unit,
    else the one nearest to the seed.
    """
    group = draft.one
    group[0] = seed
    size, kept, best = 1, 1, 0.0
    alone = draft.worth[seed]
    waiting = 0
    draft.state[STAMP] += 1
    draft.stamp[seed] = draft.state[STAMP]
    while waiting < PATIENCE:
        found, value, near = -1, -np.inf, np.inf
        for b in group[:size]:
            for at in range(atoms.other_start[b], atoms.other_start[b + 1]):
                a = atoms.other[at]
                if draft.stamp[a] == draft.state[STAMP] or not _single(draft, a):
                    continue
                group[size] = a
                new = value_of(town, atoms, group[: size + 1], desk)
                away = _away(town, atoms, seed, a)
                gained = new - draft.worth[a]
                if gained > value or (gained == value and away < near):
                    found, value, near = a, gained, away
        if found < 0:
            break
        group[size] = found
        draft.stamp[found] = draft.state[STAMP]
        size += 1
        alone += draft.worth[found]
        total = value_of(town, atoms, group[:size], desk)
        if total - alone > best:
            best, kept, waiting = total - alone, size, 0
        elif total > -np.inf or size > GROWN:
            waiting += 1
    return best, kept


@kernel
def _single(draft: Draft, atom: Whole) -> bool:
    first = draft.first[draft.label[atom]]
    return first == atom and draft.after[atom] < 0


@kernel
def _away(town: Town, atoms: Atoms, a: Whole, b: Whole) -> float:
    i, j = atoms.member[atoms.start[a]], atoms.member[atoms.start[b]]
    return (town.x[i] - town.x[j]) ** 2 + (town.y[i] - town.y[j]) ** 2


@kernel
def _grow_best(
    town: Town, atoms: Atoms, chosen: Int64Array, draft: Draft, desk: Desk
) -> bool:
    """Grow from every single atom; keep the best units that do not overlap."""
    gains = np.zeros(chosen.size)
    for k in range(chosen.size):
        if _single(draft, chosen[k]):
            gains[k], _ = _grow(town, atoms, draft, chosen[k], desk)
    grown = False
    for k in np.argsort(-gains, kind="mergesort"):
        seed = chosen[k]
        if gains[k] <= TINY or not _single(draft, seed):
            continue
        gain, size = _grow(town, atoms, draft, seed, desk)
        if gain <= TINY:
            continue
        grown = True
        unit = draft.label[seed]
        count = size - 1
        draft.two[:count] = draft.one[1:size]
        for a in draft.two[:count]:
            _hand_over(draft, a, unit)
        _weigh(town, atoms, draft, unit, desk)
    return grown


@kernel
def _wait(draft: Draft, atom: Whole) -> None:
    """Put an atom into the ring of those to look at."""
    if not draft.waits[atom]:
        size = draft.queue.size
        draft.queue[(draft.state[HEAD] + draft.state[WAITING]) % size] = atom
        draft.state[WAITING] += 1
        draft.waits[atom] = 1


@kernel
def _wake(atoms: Atoms, draft: Draft, unit: Whole) -> None:
    """Let the atoms of a unit and their neighbours be looked at again."""
    a = draft.first[unit]
    while a >= 0:
        _wait(draft, a)
        for at in range(atoms.other_start[a], atoms.other_start[a + 1]):
            other = atoms.other[at]
            if draft.first[draft.label[other]] >= 0:
                _wait(draft, other)
        a = draft.after[a]


@kernel
def _less(group: Int64Array, count: Whole, atom: Whole) -> int:
    """Take an atom out of a group; return what is left of its size."""
    kept = 0
    for at in range(count):
        if group[at] != atom:
            group[kept] = group[at]
            kept += 1
    return kept


@kernel
def _try(
    town: Town, atoms: Atoms, draft: Draft, counts: Int64Array, desk: Desk
) -> float:
    """Return the value of the groups in `one` and `two` together."""
    value = value_of(town, atoms, draft.one[: counts[0]], desk)
    if value == -np.inf:
        return value
    return value + value_of(town, atoms, draft.two[: counts[1]], desk)


@kernel
def _look(town: Town, atoms: Atoms, draft: Draft, a: Whole, desk: Desk) -> bool:
    """Make the best change that begins with an atom; tell whether there was one."""
    unit = draft.label[a]
    best, kind, partner, mate = TINY, NONE, -1, -1
    sizes = np.zeros(2, np.int64)
    # alone
    if not _single(draft, a):
        sizes[0] = _less(draft.one, _take(draft, unit, draft.one, 0), a)
        draft.two[0], sizes[1] = a, 1
        gain = _try(town, atoms, draft, sizes, desk) - draft.worth[unit]
        if gain > best:
            best, kind = gain, ALONE
    draft.state[STAMP] += 1
    stamp = draft.state[STAMP]
    for at in range(atoms.other_start[a], atoms.other_start[a + 1]):
        b = atoms.other[at]
        other = draft.label[b]
        if draft.first[other] < 0:
            continue
        before = draft.worth[unit] + draft.worth[other] * (unit != other)
        # a pair of their own, out of one unit or two
        gain = _pair_value(town, atoms, draft, a, b, desk) - before
        if gain > best:
            best, kind, mate = gain, PAIR, b
        if other == unit or draft.stamp[other] == stamp:
            continue
        draft.stamp[other] = stamp
        gain = _merged(town, atoms, draft, unit, other, desk)
        if gain > best:
            best, kind, partner = gain, MERGE, other
        sizes[0] = _less(draft.one, _take(draft, unit, draft.one, 0), a)
        sizes[1] = _take(draft, other, draft.two, 0)
        draft.two[sizes[1]] = a
        sizes[1] += 1
        gain = _try(town, atoms, draft, sizes, desk) - before
        if gain > best:
            best, kind, partner = gain, MOVE, other
        c = draft.first[other]
        while c >= 0 and not _single(draft, a):
            sizes[0] = _less(draft.one, _take(draft, unit, draft.one, 0), a)
            sizes[1] = _less(draft.two, _take(draft, other, draft.two, 0), c)
            draft.one[sizes[0]], draft.two[sizes[1]] = c, a
            sizes += 1
            gain = _try(town, atoms, draft, sizes, desk) - before
            if gain > best:
                best, kind, partner, mate = gain, SWAP, other, c
            c = draft.after[c]
    gain, count = _split(town, atoms, draft, a, desk)
    if gain > best:
        best, kind, mate = gain, SPLIT, count
    if kind != NONE:
        _change(town, atoms, draft, np.array([kind, a, partner, mate]), desk)
    return kind != NONE


@kernel
def _pair_value(
    town: Town, atoms: Atoms, draft: Draft, a: Whole, b: Whole, desk: Desk
) -> float:
    """Return the value of two units, or one, without a and b, and of the pair."""
    draft.two[0], draft.two[1] = a, b
    value = value_of(town, atoms, draft.two[:2], desk)
    unit, other = draft.label[a], draft.label[b]
    if value == -np.inf:
        return value
    count = _less(draft.one, _take(draft, unit, draft.one, 0), a)
    if unit == other:
        count = _less(draft.one, count, b)
    value += value_of(town, atoms, draft.one[:count], desk)
    if unit != other and value > -np.inf:
        count = _less(draft.one, _take(draft, other, draft.one, 0), b)
        value += value_of(town, atoms, draft.one[:count], desk)
    return value


@kernel
def _flood(atoms: Atoms, draft: Draft, a: Whole) -> int:
    """Write the unit of an atom into `draft.best`, in waves from that atom."""
    unit = draft.label[a]
    draft.state[STAMP] += 1
    stamp = draft.state[STAMP]
    # stamps of units serve for atoms here: both are numbers of atoms
    draft.stamp[a] = stamp
    draft.best[0] = a
    head, tail = 0, 1
    while head < tail:
        b = draft.best[head]
        head += 1
        for at in range(atoms.other_start[b], atoms.other_start[b + 1]):
            c = atoms.other[at]
            if draft.label[c] == unit and draft.stamp[c] != stamp:
                draft.stamp[c] = stamp
                draft.best[tail] = c
                tail += 1
    return tail


@kernel
def _split(
    town: Town, atoms: Atoms, draft: Draft, a: Whole, desk: Desk
) -> tuple[float, int]:
    """Return the best gain of cutting a unit in two around an atom, and the cut."""
    unit = draft.label[a]
    size = _flood(atoms, draft, a)
    best, cut = TINY, 0
    for count in range(2, size):
        value = value_of(town, atoms, draft.best[:count], desk)
        if value > -np.inf:
            value += value_of(town, atoms, draft.best[count:size], desk)
        if value - draft.worth[unit] > best:
            best, cut = value - draft.worth[unit], count
    return best, cut


@kernel
def _change(
    town: Town, atoms: Atoms, draft: Draft, change: Int64Array, desk: Desk
) -> None:
    """Carry a change out: its kind, the atom, the other unit, the mate or cut."""
    kind, a, partner, mate = change
    unit = draft.label[a]
    third = -1
    if kind == MERGE:
        partner, unit = unit, partner
        count = _take(draft, partner, draft.two, 0)
        for b in draft.two[:count]:
            _hand_over(draft, b, unit)
    elif kind in (MOVE, SWAP):
        _hand_over(draft, a, partner)
        if kind == SWAP:
            _hand_over(draft, mate, unit)
    elif kind == SPLIT:
        _flood(atoms, draft, a)
        partner = _new_unit(draft)
        for b in draft.best[:mate]:
            _hand_over(draft, b, partner)
    else:
        partner = unit
        if not _single(draft, a):
            partner = _new_unit(draft)
            _hand_over(draft, a, partner)
        if kind == PAIR:
            third = draft.label[mate]
            _hand_over(draft, mate, partner)
    for changed in (unit, partner, third):
        if changed >= 0 and draft.first[changed] >= 0:
            _weigh(town, atoms, draft, changed, desk)
            _wake(atoms, draft, changed)


@kernel
def _descend(town: Town, atoms: Atoms, draft: Draft, desk: Desk) -> None:
    """Look at all waiting atoms until none waits."""
    while draft.state[WAITING] > 0:
        head = draft.state[HEAD]
        a = draft.queue[head]
        draft.state[HEAD] = (head + 1) % draft.queue.size
        draft.state[WAITING] -= 1
        draft.waits[a] = 0
        _look(town, atoms, draft, a, desk)


@kernel
def _random(draft: Draft, below: Whole) -> int:
    draft.state[SEED] = (draft.state[SEED] * _STEP + _ADD) % _RANGE
    return (draft.state[SEED] >> 8) % below


@kernel
def _worth(chosen: Int64Array, draft: Draft) -> float:
    total = 0.0
    for a in chosen:
        total += draft.worth[a]
    return total


@kernel
def _kick(
    town: Town, atoms: Atoms, chosen: Int64Array, draft: Draft, desk: Desk
) -> None:
    """Take a random unit and some of its neighbours apart, in a random order."""
    count = _take(
        draft, draft.label[chosen[_random(draft, chosen.size)]], draft.best, 0
    )
    units = 1
    while units < KICKED:
        a = draft.best[_random(draft, count)]
        degree = atoms.other_start[a + 1] - atoms.other_start[a]
        units += 1
        if degree == 0:
            continue
        b = atoms.other[atoms.other_start[a] + _random(draft, degree)]
        known = draft.first[draft.label[b]] < 0
        for c in draft.best[:count]:
            known = known or c == b
        if not known:
            count = _take(draft, draft.label[b], draft.best, count)
    for at in range(count - 1, 0, -1):
        other = _random(draft, at + 1)
        draft.best[at], draft.best[other] = draft.best[other], draft.best[at]
    for a in draft.best[:count]:
        if not _single(draft, a):
            unit = draft.label[a]
            alone = _new_unit(draft)
            _hand_over(draft, a, alone)
            _weigh(town, atoms, draft, alone, desk)
            _weigh(town, atoms, draft, unit, desk)
    for a in draft.best[:count]:
        _wait(draft, a)
    _throw_together(town, atoms, draft, draft.best[0], desk)


@kernel
def _throw_together(
    town: Town, atoms: Atoms, draft: Draft, seed: Whole, desk: Desk
) -> None:
    """Let single atoms join a unit at random, whether that gains or not."""
    unit = draft.label[seed]
    for _ in range(_random(draft, KICKED)):
        count = _take(draft, unit, draft.two, 0)
        a = draft.two[_random(draft, count)]
        degree = atoms.other_start[a + 1] - atoms.other_start[a]
        if degree == 0:
            continue
        b = atoms.other[atoms.other_start[a] + _random(draft, degree)]
        other = draft.label[b]
        if other == unit or draft.first[other] < 0 or not _single(draft, b):
            continue
        if _merged(town, atoms, draft, unit, other, desk) > -np.inf:
            _hand_over(draft, b, unit)
            _weigh(town, atoms, draft, unit, desk)


@kernel
def _restore(chosen: Int64Array, draft: Draft, label: Int64Array) -> None:
    """Return to an earlier plan."""
    draft.state[SPARE] = 0
    for a in chosen:
        draft.first[a] = -1
        draft.label[a] = label[a]
    for a in chosen[::-1]:
        draft.after[a] = draft.first[label[a]]
        draft.first[label[a]] = a
    for a in chosen[::-1]:
        if draft.first[a] < 0:
            draft.spare[draft.state[SPARE]] = a
            draft.state[SPARE] += 1


@kernel
def _better(
    town: Town,
    atoms: Atoms,
    chosen: Int64Array,
    draft: Draft,
    desk: Desk,
    kicks: Whole,
) -> None:
    """Mend, then kick and mend."""
    for a in chosen:
        _wait(draft, a)
    _descend(town, atoms, draft, desk)
    best = _worth(chosen, draft)
    label, worth = draft.label.copy(), draft.worth.copy()
    for _ in range(kicks):
        _kick(town, atoms, chosen, draft, desk)
        _descend(town, atoms, draft, desk)
        total = _worth(chosen, draft)
        if total >= best + TINY:
            best = total
            for a in chosen:
                label[a], worth[a] = draft.label[a], draft.worth[a]
        else:
            _restore(chosen, draft, label)
            for a in chosen:
                draft.worth[a] = worth[a]
