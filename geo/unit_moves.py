"""Changes of a plan of units: one atom moved, two units merged, and the like.

A draft is a plan being worked on. `look` makes the best change that begins with an
atom; `descend` goes on until no single change gains.
"""

from typing import NamedTuple

import numpy as np

from geo.chains import FloatArray, Int64Array, Whole, kernel
from geo.unit_problem import Town
from geo.unit_scores import Desk
from geo.unit_sets import TINY, Atoms, value_of


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


@kernel
def make_draft(
    town: Town, atoms: Atoms, chosen: Int64Array, label: Int64Array, desk: Desk
) -> Draft:
    """Return a draft of a plan; `chosen` are the atoms that it is about."""
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
            weigh(town, atoms, draft, a, desk)
    return draft


@kernel
def take(draft: Draft, unit: Whole, out: Int64Array, count: Whole) -> Whole:
    """Write the atoms of a unit behind the first `count` of `out`."""
    a = draft.first[unit]
    while a >= 0:
        out[count] = a
        count += 1
        a = draft.after[a]
    return count


@kernel
def weigh(town: Town, atoms: Atoms, draft: Draft, unit: Whole, desk: Desk) -> None:
    """Note what a unit is worth."""
    count = take(draft, unit, draft.one, 0)
    draft.worth[unit] = value_of(town, atoms, draft.one[:count], desk)


@kernel
def hand_over(draft: Draft, atom: Whole, unit: Whole) -> None:
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
def new_unit(draft: Draft) -> Whole:
    """Return a label that is not in use; an atom must be put there at once."""
    draft.state[SPARE] -= 1
    return draft.spare[draft.state[SPARE]]


@kernel
def is_single(draft: Draft, atom: Whole) -> Whole:
    """Tell whether an atom is a unit by itself."""
    first = draft.first[draft.label[atom]]
    return first == atom and draft.after[atom] < 0


@kernel
def gain_merged(
    town: Town, atoms: Atoms, draft: Draft, u: Whole, v: Whole, desk: Desk
) -> Whole:
    """Return what merging two units gains."""
    count = take(draft, v, draft.one, take(draft, u, draft.one, 0))
    value = value_of(town, atoms, draft.one[:count], desk)
    return value - draft.worth[u] - draft.worth[v]


@kernel
def wait(draft: Draft, atom: Whole) -> None:
    """Put an atom into the ring of those to look at."""
    if not draft.waits[atom]:
        size = draft.queue.size
        draft.queue[(draft.state[HEAD] + draft.state[WAITING]) % size] = atom
        draft.state[WAITING] += 1
        draft.waits[atom] = 1


@kernel
def wake(atoms: Atoms, draft: Draft, unit: Whole) -> None:
    """Let the atoms of a unit and their neighbours be looked at again."""
    a = draft.first[unit]
    while a >= 0:
        wait(draft, a)
        for at in range(atoms.other_start[a], atoms.other_start[a + 1]):
            other = atoms.other[at]
            if draft.first[draft.label[other]] >= 0:
                wait(draft, other)
        a = draft.after[a]


@kernel
def less(group: Int64Array, count: Whole, atom: Whole) -> int:
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
) -> Whole:
    """Return the value of the groups in `one` and `two` together."""
    value = value_of(town, atoms, draft.one[: counts[0]], desk)
    if value == -np.inf:
        return value
    return value + value_of(town, atoms, draft.two[: counts[1]], desk)


@kernel
def look(  # noqa: C901 - one case after the other
    town: Town, atoms: Atoms, draft: Draft, a: Whole, desk: Desk
) -> bool:
    """Make the best change that begins with an atom; tell whether there was one."""
    unit = draft.label[a]
    best, kind, partner, mate = TINY, NONE, -1, -1
    sizes = np.zeros(2, np.int64)
    # alone
    if not is_single(draft, a):
        sizes[0] = less(draft.one, take(draft, unit, draft.one, 0), a)
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
        gain = gain_merged(town, atoms, draft, unit, other, desk)
        if gain > best:
            best, kind, partner = gain, MERGE, other
        sizes[0] = less(draft.one, take(draft, unit, draft.one, 0), a)
        sizes[1] = take(draft, other, draft.two, 0)
        draft.two[sizes[1]] = a
        sizes[1] += 1
        gain = _try(town, atoms, draft, sizes, desk) - before
        if gain > best:
            best, kind, partner = gain, MOVE, other
        c = draft.first[other]
        while c >= 0 and not is_single(draft, a):
            sizes[0] = less(draft.one, take(draft, unit, draft.one, 0), a)
            sizes[1] = less(draft.two, take(draft, other, draft.two, 0), c)
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
) -> Whole:
    """Return the value of two units, or one, without a and b, and of the pair."""
    draft.two[0], draft.two[1] = a, b
    value = value_of(town, atoms, draft.two[:2], desk)
    unit, other = draft.label[a], draft.label[b]
    if value == -np.inf:
        return value
    count = less(draft.one, take(draft, unit, draft.one, 0), a)
    if unit == other:
        count = less(draft.one, count, b)
    value += value_of(town, atoms, draft.one[:count], desk)
    if unit != other and value > -np.inf:
        count = less(draft.one, take(draft, other, draft.one, 0), b)
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
) -> tuple[Whole, Whole]:
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
def _change(  # noqa: C901 - one case after the other
    town: Town, atoms: Atoms, draft: Draft, change: Int64Array, desk: Desk
) -> None:
    """Carry a change out: its kind, the atom, the other unit, the mate or cut."""
    kind, a, partner, mate = change
    unit = draft.label[a]
    third = -1
    if kind == MERGE:
        partner, unit = unit, partner
        count = take(draft, partner, draft.two, 0)
        for b in draft.two[:count]:
            hand_over(draft, b, unit)
    elif kind in (MOVE, SWAP):
        hand_over(draft, a, partner)
        if kind == SWAP:
            hand_over(draft, mate, unit)
    elif kind == SPLIT:
        _flood(atoms, draft, a)
        partner = new_unit(draft)
        for b in draft.best[:mate]:
            hand_over(draft, b, partner)
    else:
        partner = unit
        if not is_single(draft, a):
            partner = new_unit(draft)
            hand_over(draft, a, partner)
        if kind == PAIR:
            third = draft.label[mate]
            hand_over(draft, mate, partner)
    for changed in (unit, partner, third):
        if changed >= 0 and draft.first[changed] >= 0:
            weigh(town, atoms, draft, changed, desk)
            wake(atoms, draft, changed)


@kernel
def descend(town: Town, atoms: Atoms, draft: Draft, desk: Desk) -> None:
    """Look at all waiting atoms until none waits."""
    while draft.state[WAITING] > 0:
        head = draft.state[HEAD]
        a = draft.queue[head]
        draft.state[HEAD] = (head + 1) % draft.queue.size
        draft.state[WAITING] -= 1
        draft.waits[a] = 0
        look(town, atoms, draft, a, desk)
