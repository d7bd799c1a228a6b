"""Candidate units: connected sets of communities, each listed once.

Communities that the planner has locked together are one *atom*; all others are an
atom each. What follows is about sets of atoms. Every set is grown from its first
atom by neighbours that come later in a queue, so none is met twice and none is
missed; growing stops where a *most* bound or a forbidden pair forbids more.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.chains import FloatArray, Int64Array, Whole, kernel
from geo.kernels import longer
from geo.settings import UnitSettings
from geo.unit_problem import (
    AREA_MOST,
    COUNT_MOST,
    HOUSEHOLDS_MOST,
    Town,
    UnitProblem,
    as_starts,
    list_neighbours,
    make_town,
)
from geo.unit_scores import Desk, fill_terms, fits, make_desk, score_sets

__all__ = ["Atoms", "Sets", "find_atoms", "list_sets"]

#: What it costs to leave a locked group alone that must not stand alone.
BROKEN = 1e9
#: Gains below this are none.
TINY = 1e-9


class Atoms(NamedTuple):
    """Communities that stay together, and how their groups adjoin each other.

    Atom a has the communities ``member[start[a]:start[a + 1]]``, the neighbours
    ``other[other_start[a]:other_start[a + 1]]`` and the atoms that it must not join,
    ``foe[foe_start[a]:foe_start[a + 1]]``, all ascending. `alone` is the score of
    the atom by itself, less `BROKEN` if it breaks a bound, a prohibition or is not
    connected; `communities`, `households` and `area_m2` are sums.
    """

    start: Int64Array
    member: Int64Array
    other_start: Int64Array
    other: Int64Array
    foe_start: Int64Array
    foe: Int64Array
    communities: Int64Array
    households: FloatArray
    area_m2: FloatArray
    alone: FloatArray


class Sets(NamedTuple):
    """Sets ``member[start[s]:start[s + 1]]``; `complete` unless a cap was met."""

    start: Int64Array
    member: Int64Array
    gain: FloatArray
    complete: bool


def find_atoms(
    problem: UnitProblem, town: Town, locked: Int64Array, forbidden: Int64Array
) -> Atoms:
    """Group the communities that are locked together.

    Parameters
    ----------
    problem
        The communities.
    town
        The same with weights and bounds.
    locked
        Pairs that stay together, two columns.
    forbidden
        Pairs that must not be in one unit, two columns.

    Returns
    -------
    Atoms
        Numbered by their smallest communities.
    """
    size = problem.size
    link = coo_array(
        (np.ones(len(locked), np.int8), (locked[:, 0], locked[:, 1])), (size, size)
    )
    _, label = connected_components(link, directed=False)
    _, first, atom = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(first.size, np.int64)
    rank[np.argsort(first)] = np.arange(first.size)
    atom = rank[atom]
    count = np.bincount(atom, minlength=first.size)
    apart = np.unique(np.sort(atom[forbidden], axis=1), axis=0).reshape(-1, 2)
    broken = apart[apart[:, 0] == apart[:, 1], 0]
    other_start, other, _ = list_neighbours(_join(atom, problem.edges), first.size)
    foe_start, foe, _ = list_neighbours(apart, first.size)
    atoms = Atoms(
        start=as_starts(count),
        member=np.argsort(atom, kind="stable").astype(np.int64),
        other_start=other_start,
        other=other,
        foe_start=foe_start,
        foe=foe,
        communities=count.astype(np.int64),
        households=np.bincount(atom, town.households, first.size).astype(np.float64),
        area_m2=np.bincount(atom, town.area_m2, first.size).astype(np.float64),
        alone=np.zeros(first.size),
    )
    atoms.alone[:] = _score_alone(town, atoms, make_desk(size))
    atoms.alone[broken] -= BROKEN * (atoms.alone[broken] > -BROKEN / 2)
    return atoms


def _join(atom: Int64Array, pairs: Int64Array) -> Int64Array:
    """Return the different pairs of atoms behind pairs of communities."""
    joined = np.sort(atom[pairs], axis=1)
    joined = joined[joined[:, 0] < joined[:, 1]]
    return np.unique(joined, axis=0).astype(np.int64).reshape(-1, 2)


def list_sets(
    problem: UnitProblem,
    settings: UnitSettings,
    *,
    communities: Int64Array | None = None,
    most: int = 1_000_000,
) -> Sets:
    """List the connected sets of communities that keep the *most* bounds.

    Parameters
    ----------
    problem
        The communities.
    settings
        The bounds.
    communities
        Numbers of those that sets are made of, such as one piece of the graph; all
        by default.
    most
        Sets to list at most.

    Returns
    -------
    Sets
        Each set once, its members ascending; in the order of their first members
        and always the same. `gain` is the score. Not `complete` if there are more
        sets than `most`.
    """
    town = make_town(problem, settings)
    none = np.zeros((0, 2), np.int64)
    atoms = find_atoms(problem, town, none, none)
    chosen = np.arange(problem.size) if communities is None else np.unique(communities)
    start, member, complete = _list(town, atoms, chosen.astype(np.int64), most)
    score = score_sets(problem, settings, start, member).sum(axis=1)
    return Sets(start, member, score, bool(complete))


@kernel
def gather(atoms: Atoms, group: Int64Array, desk: Desk) -> int:
    """Write the communities of some atoms to the desk, ascending; return how many."""
    count = 0
    for a in group:
        for at in range(atoms.start[a], atoms.start[a + 1]):
            i = atoms.member[at]
            place = count
            while place > 0 and desk.member[place - 1] > i:
                desk.member[place] = desk.member[place - 1]
                place -= 1
            desk.member[place] = i
            count += 1
    return count


@kernel
def connected(town: Town, members: Int64Array, desk: Desk) -> bool:
    """Tell whether some communities hang together."""
    for i in members:
        desk.mark[i] = 1
    desk.queue[0] = members[0]
    desk.mark[members[0]] = 0
    head, tail = 0, 1
    while head < tail:
        i = desk.queue[head]
        head += 1
        for at in range(town.start[i], town.start[i + 1]):
            j = town.other[at]
            if desk.mark[j]:
                desk.mark[j] = 0
                desk.queue[tail] = j
                tail += 1
    for i in members:
        desk.mark[i] = 0
    return tail == members.size


@kernel
def hostile(atoms: Atoms, group: Int64Array, atom: Whole) -> bool:
    """Tell whether an atom must not join a group (or, its own foe, any)."""
    for at in range(atoms.foe_start[atom], atoms.foe_start[atom + 1]):
        if atoms.foe[at] == atom:
            return True
        for a in group:
            if a == atoms.foe[at]:
                return True
    return False


@kernel
def value_of(town: Town, atoms: Atoms, group: Int64Array, desk: Desk) -> Whole:
    """Return the score of a group of atoms, minus infinity if it is no unit."""
    if group.size == 0:
        return 0.0
    if group.size == 1:
        return atoms.alone[group[0]]
    for a in group:
        if hostile(atoms, group, a):
            return -np.inf
    count = gather(atoms, group, desk)
    members = desk.member[:count]
    if not fits(town, members) or not connected(town, members, desk):
        return -np.inf
    return total_of(town, members, desk)


@kernel
def total_of(town: Town, members: Int64Array, desk: Desk) -> Whole:
    """Return the score of some communities."""
    fill_terms(town, members, desk.mark, desk.terms)
    return desk.terms.sum()


@kernel
def _score_alone(town: Town, atoms: Atoms, desk: Desk) -> FloatArray:
    out = np.zeros(atoms.communities.size)
    for a in range(atoms.communities.size):
        members = atoms.member[atoms.start[a] : atoms.start[a + 1]]
        out[a] = total_of(town, members, desk)
        if not fits(town, members) or not connected(town, members, desk):
            out[a] -= BROKEN
    return out


@kernel
def _list(
    town: Town, atoms: Atoms, roots: Int64Array, most: Whole
) -> tuple[Int64Array, Int64Array, bool]:
    """Grow all sets from their smallest atoms; see the module's docstring."""
    start, member = np.zeros(1026, np.int64), np.empty(4096, np.int64)
    size = atoms.communities.size
    seen = np.ones(size, np.bool_)
    seen[roots] = False
    queue, chosen = np.empty(size, np.int64), np.empty(size, np.int64)
    tail, at = np.empty(size + 1, np.int64), np.empty(size + 1, np.int64)
    load = np.zeros((size + 1, 3))
    kept = 0
    for root in roots:
        queue[0], tail[0], at[0], depth = root, 1, 0, 0
        while depth >= 0:
            if at[depth] == tail[depth]:
                depth -= 1
                _forget(seen, queue, tail, depth)
                continue
            atom = queue[at[depth]]
            at[depth] += 1
            if depth > 0 and not room(atoms, town.choice, load[depth], atom):
                continue
            if kept == most:
                return start[: kept + 1], member[: start[kept]], False
            put(atoms, load[depth], load[depth + 1], atom)
            chosen[depth] = atom
            tail[depth + 1] = tail[depth]
            for place in range(atoms.other_start[atom], atoms.other_start[atom + 1]):
                other = atoms.other[place]
                if other > root and not seen[other]:
                    seen[other] = True
                    queue[tail[depth + 1]] = other
                    tail[depth + 1] += 1
            depth += 1
            at[depth] = at[depth - 1]
            if kept + 2 > start.size:
                start = longer(start)
            member = keep(start, member, chosen[:depth], kept)
            kept += 1
    return start[: kept + 1], member[: start[kept]], True


@kernel
def _forget(
    seen: npt.NDArray[np.bool_], queue: Int64Array, tail: Int64Array, depth: Whole
) -> None:
    """Let what was queued above a depth be found again; below 0 there is nothing."""
    if depth >= 0:
        for place in range(tail[depth], tail[depth + 1]):
            seen[queue[place]] = False


@kernel
def put(atoms: Atoms, below: FloatArray, load: FloatArray, atom: Whole) -> None:
    """Put an atom on top of a load of count, households and area."""
    load[0] = below[0] + atoms.communities[atom]
    load[1] = below[1] + atoms.households[atom]
    load[2] = below[2] + atoms.area_m2[atom]


@kernel
def room(atoms: Atoms, choice: FloatArray, load: FloatArray, atom: Whole) -> bool:
    """Tell whether an atom fits on top of a load of count, households and area."""
    high = 1 + 1e-9
    if 0 < choice[COUNT_MOST] < load[0] + atoms.communities[atom]:
        return False
    if 0 < choice[HOUSEHOLDS_MOST] * high < load[1] + atoms.households[atom]:
        return False
    return not 0 < choice[AREA_MOST] * high < load[2] + atoms.area_m2[atom]


@kernel
def keep(
    start: Int64Array, member: Int64Array, group: Int64Array, kept: Whole
) -> Int64Array:
    """Write a group, sorted, as set number `kept`; return the members' array."""
    first = start[kept]
    while first + group.size > member.size:
        member = longer(member)
    for place in range(group.size):
        down = first + place
        while down > first and member[down - 1] > group[place]:
            member[down] = member[down - 1]
            down -= 1
        member[down] = group[place]
    start[kept + 1] = first + group.size
    return member
