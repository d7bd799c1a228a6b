"""Units by building and mending: greedy merging, then local search.

Neither proves anything; both are quick, always hold a whole plan, and give the
search for the optimum something to beat. A plan is a label per atom.
"""

import numpy as np

from geo.chains import Int64Array, Whole, kernel
from geo.unit_moves import (
    SEED,
    SPARE,
    STAMP,
    Draft,
    descend,
    gain_merged,
    hand_over,
    is_single,
    make_draft,
    new_unit,
    take,
    wait,
    weigh,
)
from geo.unit_problem import Town
from geo.unit_scores import Desk, make_desk
from geo.unit_sets import TINY, Atoms, value_of

__all__ = ["grow_units", "improve_units", "merge_units"]

#: Units that a kick takes apart at most.
KICKED = 4
#: Multiplier and addend of a plain random sequence modulo 2**31.
_STEP, _ADD, _RANGE = 1103515245, 12345, 2**31
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
    label = np.arange(atoms.communities.size, dtype=np.int64)
    draft = make_draft(town, atoms, chosen, label, make_desk(atoms.member.size))
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
    label = np.arange(atoms.communities.size, dtype=np.int64)
    desk = make_desk(atoms.member.size)
    draft = make_draft(town, atoms, chosen, label, desk)
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
    whole = np.arange(atoms.communities.size, dtype=np.int64)
    whole[chosen] = label
    draft = make_draft(town, atoms, chosen, whole, desk)
    draft.state[SEED] = seed
    _better(town, atoms, chosen, draft, desk, kicks)
    return draft.label[chosen]


@kernel
def _find_partner(
    town: Town, atoms: Atoms, draft: Draft, unit: Whole, desk: Desk
) -> tuple[Whole, Whole]:
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
            gain = gain_merged(town, atoms, draft, unit, other, desk)
            if gain > best:
                best, partner = gain, other
        a = draft.after[a]
    return best, partner


@kernel
def _merge(  # noqa: C901 - one compiled loop
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
        count = take(draft, gone, draft.two, 0)
        for a in draft.two[:count]:
            hand_over(draft, a, unit)
        weigh(town, atoms, draft, unit, desk)
        gain[unit], partner[unit] = _find_partner(town, atoms, draft, unit, desk)
        # the neighbours' best partner may have changed
        count = take(draft, unit, draft.two, 0)
        for a in draft.two[:count]:
            for at in range(atoms.other_start[a], atoms.other_start[a + 1]):
                other = draft.label[atoms.other[at]]
                if other != unit and draft.first[other] >= 0:
                    found = _find_partner(town, atoms, draft, other, desk)
                    gain[other], partner[other] = found


@kernel
def _grow(
    town: Town, atoms: Atoms, draft: Draft, seed: Whole, desk: Desk
) -> tuple[Whole, Whole]:
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
                if draft.stamp[a] == draft.state[STAMP] or not is_single(draft, a):
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
def _away(town: Town, atoms: Atoms, a: Whole, b: Whole) -> Whole:
    i, j = atoms.member[atoms.start[a]], atoms.member[atoms.start[b]]
    return (town.x[i] - town.x[j]) ** 2 + (town.y[i] - town.y[j]) ** 2


@kernel
def _grow_best(
    town: Town, atoms: Atoms, chosen: Int64Array, draft: Draft, desk: Desk
) -> bool:
    """Grow from every single atom; keep the best units that do not overlap."""
    gains = np.zeros(chosen.size)
    for k in range(chosen.size):
        if is_single(draft, chosen[k]):
            gains[k], _ = _grow(town, atoms, draft, chosen[k], desk)
    grown = False
    for k in np.argsort(-gains, kind="mergesort"):
        seed = chosen[k]
        if gains[k] <= TINY or not is_single(draft, seed):
            continue
        gain, size = _grow(town, atoms, draft, seed, desk)
        if gain <= TINY:
            continue
        grown = True
        unit = draft.label[seed]
        count = size - 1
        draft.two[:count] = draft.one[1:size]
        for a in draft.two[:count]:
            hand_over(draft, a, unit)
        weigh(town, atoms, draft, unit, desk)
    return grown


@kernel
def _random(draft: Draft, below: Whole) -> Whole:
    draft.state[SEED] = (draft.state[SEED] * _STEP + _ADD) % _RANGE
    return (draft.state[SEED] >> 8) % below


@kernel
def _worth(chosen: Int64Array, draft: Draft) -> Whole:
    total = 0.0
    for a in chosen:
        total += draft.worth[a]
    return total


@kernel
def _kick(
    town: Town, atoms: Atoms, chosen: Int64Array, draft: Draft, desk: Desk
) -> None:
    """Take a random unit and some of its neighbours apart, in a random order."""
    count = take(draft, draft.label[chosen[_random(draft, chosen.size)]], draft.best, 0)
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
            count = take(draft, draft.label[b], draft.best, count)
    for at in range(count - 1, 0, -1):
        other = _random(draft, at + 1)
        draft.best[at], draft.best[other] = draft.best[other], draft.best[at]
    for a in draft.best[:count]:
        if not is_single(draft, a):
            unit = draft.label[a]
            alone = new_unit(draft)
            hand_over(draft, a, alone)
            weigh(town, atoms, draft, alone, desk)
            weigh(town, atoms, draft, unit, desk)
    for a in draft.best[:count]:
        wait(draft, a)
    _throw_together(town, atoms, draft, draft.best[0], desk)


@kernel
def _throw_together(
    town: Town, atoms: Atoms, draft: Draft, seed: Whole, desk: Desk
) -> None:
    """Let single atoms join a unit at random, whether that gains or not."""
    unit = draft.label[seed]
    for _ in range(_random(draft, KICKED)):
        count = take(draft, unit, draft.two, 0)
        a = draft.two[_random(draft, count)]
        degree = atoms.other_start[a + 1] - atoms.other_start[a]
        if degree == 0:
            continue
        b = atoms.other[atoms.other_start[a] + _random(draft, degree)]
        other = draft.label[b]
        if other == unit or draft.first[other] < 0 or not is_single(draft, b):
            continue
        if gain_merged(town, atoms, draft, unit, other, desk) > -np.inf:
            hand_over(draft, b, unit)
            weigh(town, atoms, draft, unit, desk)


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
        wait(draft, a)
    descend(town, atoms, draft, desk)
    best = _worth(chosen, draft)
    label, worth = draft.label.copy(), draft.worth.copy()
    for _ in range(kicks):
        _kick(town, atoms, chosen, draft, desk)
        descend(town, atoms, draft, desk)
        total = _worth(chosen, draft)
        if total >= best + TINY:
            best = total
            for a in chosen:
                label[a], worth[a] = draft.label[a], draft.worth[a]
        else:
            _restore(chosen, draft, label)
            for a in chosen:
                draft.worth[a] = worth[a]
