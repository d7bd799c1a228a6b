"""The best units of one piece of the graph, and a bound for them.

Where the sets are few enough they are all kept and the best disjoint ones chosen.
Where they are too many to keep, they are priced again and again: those that could
better the relaxation are added to a pool, and what all of them together prove is a
bound; in the end only those that a better plan could hold are kept. Where they are
too many to look at, there is no bound.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.chains import FloatArray, Int64Array, kernel
from geo.highs import load_solver
from geo.settings import UnitSettings
from geo.unit_choice import NEAR, Going, choose_sets, relax_sets
from geo.unit_prices import Priced, price_sets
from geo.unit_problem import Town, as_starts, number_labels
from geo.unit_scores import Desk, make_desk
from geo.unit_sets import BROKEN, Atoms, Sets, value_of

__all__ = ["Outcome", "guess_bound", "settle_piece", "value_plan"]

#: Sets looked at for each that may be kept.
LOOKS = 50
#: Passes over all sets where they are not kept, and sets kept of each.
PASSES, POOL = 20, 20_000
#: Atoms of a piece beyond which the relaxation takes too long.
LARGE = 6_000
#: Weight of the best dual values known in those of the next pass.
STEADY = 0.4


class Outcome(NamedTuple):
    """A plan of a piece: labels, bound (NaN: none), proved, sets (-1: too many)."""

    label: Int64Array
    bound: float
    proved: bool
    columns: int


class Piece(NamedTuple):
    """A piece: its atoms, what they score alone, and which must not be alone."""

    town: Town
    atoms: Atoms
    chosen: Int64Array
    base: FloatArray
    must: npt.NDArray[np.bool_]


class Budget(NamedTuple):
    """Sets to keep and nodes to branch at most, and whether to go on."""

    columns: int
    nodes: int
    going: Going


def value_plan(
    town: Town, atoms: Atoms, chosen: Int64Array, label: Int64Array
) -> float:
    """Return the score of a plan, less `BROKEN` for each group that stands wrongly.

    Parameters
    ----------
    town
        The communities, weights and bounds.
    atoms
        The atoms.
    chosen
        The atoms planned, ascending.
    label
        Their units.

    Returns
    -------
    float
        The value, in equivalent households.
    """
    start, member = _group(chosen, label)
    return float(
        _values(town, atoms, start, member, make_desk(atoms.member.size)).sum()
    )


def settle_piece(
    town: Town,
    atoms: Atoms,
    chosen: Int64Array,
    label: Int64Array,
    settings: UnitSettings,
    going: Going,
) -> Outcome:
    """Look for the optimum of a piece.

    Parameters
    ----------
    town
        The communities, weights and bounds.
    atoms
        The atoms.
    chosen
        Atoms of the piece, ascending.
    label
        Their units in the best plan known.
    settings
        Budgets.
    going
        Is asked now and then; False ends the search for this piece.

    Returns
    -------
    Outcome
        A plan that is at least as good, its bound if there is one: none for a piece
        that is too large, or where HiGHS is not installed.
    """
    piece = _make_piece(town, atoms, chosen)
    if chosen.size > LARGE or load_solver() is None:
        return Outcome(label, np.nan, proved=False, columns=-1)
    budget = Budget(settings.columns_most, settings.nodes_most, going)
    most = budget.columns
    found = _pass(piece, np.zeros(chosen.size), -np.inf, most, 4 * most)
    if found.complete and found.whole:
        outcome = _choose(piece, label, _local(piece, found), budget)
        return outcome._replace(columns=found.looked)
    return _stream(piece, label, budget)


def guess_bound(
    town: Town, atoms: Atoms, chosen: Int64Array, label: Int64Array, look_most: int
) -> float:
    """Bound what any plan of a piece can score, in one pass over all sets.

    Parameters
    ----------
    town
        The communities, weights and bounds.
    atoms
        The atoms.
    chosen
        Atoms of the piece, ascending.
    label
        Their units in some good plan: an atom is worth its part of its unit's gain.
    look_most
        Sets to look at at most.

    Returns
    -------
    float
        A bound, not a close one; NaN if there are more sets or a group that must
        not stand alone.
    """
    piece = _make_piece(town, atoms, chosen)
    if piece.must.any() or chosen.size > LARGE:
        return np.nan
    dual = _divide(_known(piece, label)[0], chosen.size)
    found = _pass(piece, dual, 0.0, 0, look_most)
    if not found.complete:
        return np.nan
    return float(dual.sum() + found.share.sum() + piece.base.sum())


def _make_piece(town: Town, atoms: Atoms, chosen: Int64Array) -> Piece:
    alone = atoms.alone[chosen]
    must = alone <= -BROKEN / 2
    return Piece(town, atoms, chosen, np.where(must, 0.0, alone), must)


def _divide(known: Sets, size: int) -> FloatArray:
    """Return what atoms are worth if units share their gains out evenly."""
    dual = np.zeros(size)
    sizes = np.diff(known.start)
    dual[known.member] = np.repeat(np.maximum(known.gain, 0.0) / sizes, sizes)
    return dual


def _pass(piece: Piece, dual: FloatArray, least: float, keep: int, look: int) -> Priced:
    """Price all sets of a piece with the dual values of its atoms."""
    whole = np.zeros(piece.atoms.communities.size)
    whole[piece.chosen] = dual
    return price_sets(
        piece.town,
        piece.atoms,
        piece.chosen,
        whole,
        least=least,
        keep_most=keep,
        look_most=look,
    )


def _local(piece: Piece, found: Priced) -> Sets:
    """Return the sets with the places of their members in the piece."""
    place = np.searchsorted(piece.chosen, found.member)
    return Sets(found.start, place, found.gain, found.whole)


def _known(piece: Piece, label: Int64Array) -> tuple[Sets, Int64Array]:
    """Return the joint units of a plan, and the places of atoms that are alone."""
    start, member = _group(piece.chosen, label)
    desk = make_desk(piece.atoms.member.size)
    value = _values(piece.town, piece.atoms, start, member, desk)
    place = np.searchsorted(piece.chosen, member)
    base = np.add.reduceat(piece.base[place], start[:-1])
    joint = np.flatnonzero(np.diff(start) > 1)
    inside = np.repeat(np.diff(start) > 1, np.diff(start))
    sizes = as_starts(np.diff(start)[joint])
    known = Sets(sizes, place[inside], (value - base)[joint], complete=True)
    return known, place[~inside]


def _together(one: Sets, two: Sets) -> Sets:
    """Return the sets of both, in turn."""
    return Sets(
        np.concatenate([one.start[:-1], two.start + one.start[-1]]),
        np.concatenate([one.member, two.member]),
        np.concatenate([one.gain, two.gain]),
        complete=True,
    )


def _relabel(piece: Piece, sets: Sets, chosen: Int64Array) -> Int64Array:
    """Return the labels of a plan of some sets; the other atoms are alone."""
    label = piece.chosen.copy()
    for s in chosen:
        group = sets.member[sets.start[s] : sets.start[s + 1]]
        label[group] = piece.chosen[group[0]]
    return label


def _mend(piece: Piece, label: Int64Array, sets: Sets, budget: Budget) -> Int64Array:
    """Bring as many as possible of the groups that stand wrongly into sets."""
    known, single = _known(piece, label)
    if not piece.must[single].any():
        return label
    both = _together(known, sets)
    inside = np.repeat(np.arange(both.gain.size), np.diff(both.start))
    helped = np.bincount(inside, piece.must[both.member], both.gain.size)
    # among plans that bring in as many, one that gains
    size = 1.0 + np.abs(both.gain).sum()
    gain = helped + np.where(helped > 0, both.gain / size, 0.0) / (2 * helped + 1)
    gain = np.where(helped > 0, gain, 0.0)
    choice = choose_sets(
        both._replace(gain=gain),
        np.zeros_like(piece.must),
        np.arange(known.gain.size),
        nodes_most=budget.nodes,
        going=budget.going,
    )
    if choice.chosen is None:
        return label
    useful = choice.chosen[helped[choice.chosen] > 0]
    return _better(piece, label, _relabel(piece, both, useful))


def _better(piece: Piece, one: Int64Array, two: Int64Array) -> Int64Array:
    """Return the better of two plans, the first if they are equal."""
    values = [value_plan(piece.town, piece.atoms, piece.chosen, x) for x in (one, two)]
    return two if values[1] > values[0] else one


def _choose(piece: Piece, label: Int64Array, sets: Sets, budget: Budget) -> Outcome:
    """Choose the best of all sets that a better plan could hold."""
    label = _mend(piece, label, sets, budget)
    known, single = _known(piece, label)
    must = piece.must.copy()
    must[single] = False
    both = _together(known, sets)
    choice = choose_sets(
        both,
        must,
        np.arange(known.gain.size),
        nodes_most=budget.nodes,
        going=budget.going,
    )
    if choice.chosen is not None:
        label = _better(piece, label, _relabel(piece, both, choice.chosen))
    # a group that stands wrongly although a set holds it: no claim is made
    left = piece.must & ~must
    if left.any() and left[sets.member].any():
        return Outcome(label, np.nan, proved=False, columns=-1)
    wrong = piece.atoms.alone[piece.chosen[left]] + BROKEN
    bound = choice.bound + float(piece.base.sum() + wrong.sum())
    return Outcome(label, bound, choice.proved, sets.gain.size)


def _stream(piece: Piece, label: Int64Array, budget: Budget) -> Outcome:
    """Settle a piece whose sets are too many to keep."""
    known, single = _known(piece, label)
    nothing = Outcome(label, np.nan, proved=False, columns=-1)
    if piece.must[single].any():
        return nothing
    look = LOOKS * budget.columns
    dual = _divide(known, piece.chosen.size)
    best, steady, pool, looked = np.inf, dual, known, 0
    score = known.gain.sum()
    for _ in range(PASSES):
        found = _pass(piece, dual, 0.0, POOL, look)
        if not found.complete:
            return nothing
        looked = found.looked
        proved = float(dual.sum() + found.share.sum())
        if proved < best:
            best, steady = proved, dual
        pool = _together(pool, _local(piece, found))
        relaxed = relax_sets(
            pool,
            piece.must,
            np.arange(known.gain.size),
            -np.inf,
            going=budget.going,
        )
        near = NEAR * max(1.0, abs(best))
        if best <= max(score, relaxed.value) + near or not budget.going():
            break
        dual = (1 - STEADY) * relaxed.dual + STEADY * steady
    return _finish(piece, label, budget, (pool, steady, best, looked))


def _finish(
    piece: Piece,
    label: Int64Array,
    budget: Budget,
    state: tuple[Sets, FloatArray, float, int],
) -> Outcome:
    """Choose from the pool, then from all sets that the bound leaves."""
    pool, dual, best, looked = state
    outcome = _choose(piece, label, pool, budget)
    label = outcome.label
    known, _ = _known(piece, label)
    score = float(known.gain.sum())
    near = NEAR * max(1.0, abs(best))
    if best > score + near:
        most = budget.columns
        found = _pass(piece, dual, score - best - near, most, LOOKS * most)
        if found.whole:
            outcome = _choose(piece, label, _local(piece, found), budget)
            bound = min(outcome.bound, best + piece.base.sum())
            return outcome._replace(bound=bound, columns=looked)
    bound = max(best, score) + piece.base.sum()
    return Outcome(label, bound, best <= score + near, looked)


def _group(chosen: Int64Array, label: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Return starts and atoms of units, by their smallest atoms."""
    number = number_labels(label)
    return as_starts(np.bincount(number)), chosen[np.argsort(number, kind="stable")]


@kernel
def _values(
    town: Town, atoms: Atoms, start: Int64Array, member: Int64Array, desk: Desk
) -> FloatArray:
    out = np.empty(start.size - 1)
    for s in range(start.size - 1):
        out[s] = value_of(town, atoms, member[start[s] : start[s + 1]], desk)
    return out
