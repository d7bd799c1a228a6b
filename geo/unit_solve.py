"""The units of the greatest score: each piece of the graph by itself.

A plan of all pieces comes first, from greedy merging and local search. Then piece
by piece all connected sets are listed and the best disjoint ones chosen, with a
bound for what any plan could score; a piece with too many sets keeps the plan of
the local search and has no bound. Communities are taken in the order of their
places on the ground, so ids and rows do not matter.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.chains import FloatArray, Int64Array
from geo.settings import UnitSettings
from geo.unit_pieces import guess_bound, settle_piece, value_plan
from geo.unit_preview import preview_units
from geo.unit_problem import (
    Town,
    UnitProblem,
    as_starts,
    make_town,
    number_labels,
    take_communities,
)
from geo.unit_search import grow_units, improve_units, merge_units
from geo.unit_sets import BROKEN, Atoms, find_atoms

__all__ = [
    "Solution",
    "Watch",
    "WatchState",
    "keep_going",
    "preview_units",
    "solve_units",
]

#: Kicks of the local search: per atom, at most, and at a time. Pieces of less than
#: so many atoms go without: their optimum is found at once.
KICKS, KICKS_MOST, ROUND, SMALL = 2, 6_000, 500, 15
#: Share of the work that the first plan is.
DRAFTED = 0.2
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class WatchState:
    """How far a solve has come.

    `unit` is the best plan so far (as in `Solution`), `score` its score, `bound`
    what no plan can exceed (NaN while some piece has no bound), `share` the share
    of the work done, `pieces_done` the number of pieces that are finished.
    """

    unit: Int64Array
    score: float
    bound: float
    share: float
    pieces_done: int


#: Called now and then; False stops the solve, and the best plan so far is kept.
Watch = Callable[[WatchState], bool]


def keep_going(state: WatchState) -> bool:  # noqa: ARG001 - a watch takes the state
    """Watch nothing and never stop.

    Parameters
    ----------
    state
        How far the solve has come.

    Returns
    -------
    bool
        True.
    """
    return True


@dataclass(frozen=True, eq=False, slots=True)
class Solution:
    """Units, and how good they are.

    Attributes
    ----------
    unit
        Unit of each community, 0, 1, ... by their smallest members; -1 where a
        community was not free.
    pieces
        One row per piece of the graph, by its smallest member: `communities`,
        `columns` (sets listed; -1: not all), `score`, `bound` (NaN: none),
        `gap_share` (of the bound; NaN: none) and `state` ("proved": no plan is
        better; "gap": none is better than the bound; "none": no bound).
    piece
        Piece of each community, -1 where it was not free.
    finished
        False if the watch stopped the solve.
    """

    unit: Int64Array
    pieces: pd.DataFrame
    piece: Int64Array
    finished: bool


def solve_units(
    problem: UnitProblem,
    settings: UnitSettings,
    *,
    free: BoolArray | None = None,
    locked: Int64Array | None = None,
    forbidden: Int64Array | None = None,
    watch: Watch = keep_going,
) -> Solution:
    """Draw units of the greatest total score.

    Parameters
    ----------
    problem
        The communities.
    settings
        Bounds, weights and budgets.
    free
        Which communities to draw; all by default.
    locked
        Pairs that stay together, two columns. A group that is no unit by itself
        (outside a bound, not connected) gets fellow members that make it one where
        the local search finds such, and else stands as it is.
    forbidden
        Pairs that must not be in one unit, two columns.
    watch
        Is told the best plan so far and may stop the solve.

    Returns
    -------
    Solution
        Each free community in one unit. The same for any order of the ids.
    """
    if free is None:
        free = np.ones(problem.size, np.bool_)
    none = np.zeros((0, 2), np.int64)
    run = _Run(
        problem,
        settings,
        free,
        none if locked is None else locked,
        none if forbidden is None else forbidden,
        watch,
    )
    finished = run.draft() and run.guess() and run.prove()
    return run.solution(finished=finished)


class _Run:
    """One solve: the atoms, their pieces, the best plan and the bounds so far."""

    def __init__(
        self,
        problem: UnitProblem,
        settings: UnitSettings,
        free: BoolArray,
        locked: Int64Array,
        forbidden: Int64Array,
        watch: Watch,
    ) -> None:
        self.settings = settings
        self.watch = watch
        self.size = problem.size
        order = np.lexsort((problem.y, problem.x))
        self.order = order[free[order]].astype(np.int64)
        place = np.full(problem.size, -1, np.int64)
        place[self.order] = np.arange(self.order.size)
        taken = take_communities(problem, self.order)
        self.town: Town = make_town(taken, settings)
        self.atoms: Atoms = find_atoms(
            taken, self.town, _keep(place[locked]), _keep(place[forbidden])
        )
        self.atom_of = np.empty(self.order.size, np.int64)
        self.atom_of[self.atoms.member] = np.repeat(
            np.arange(self.atoms.communities.size), np.diff(self.atoms.start)
        )
        self.pieces = self._find_pieces()
        count = len(self.pieces)
        self.label = np.arange(self.atoms.communities.size, dtype=np.int64)
        self.bound = np.full(count, np.nan)
        self.columns = np.full(count, -1, np.int64)
        self.proved = np.zeros(count, np.bool_)
        self.share, self.done, self.going = 0.0, 0, True
        self.value = np.array([self._value(piece) for piece in self.pieces])

    def _find_pieces(self) -> list[Int64Array]:
        """Return the atoms of each piece, the smallest piece first."""
        atoms = self.atoms
        if not atoms.communities.size:
            return []
        ones = np.ones(atoms.other.size, np.int8)
        source = np.repeat(
            np.arange(atoms.communities.size), np.diff(atoms.other_start)
        )
        link = coo_array(
            (ones, (source, atoms.other)),
            (atoms.communities.size, atoms.communities.size),
        )
        count, piece = connected_components(link, directed=False)
        member = np.argsort(piece, kind="stable")
        start = as_starts(np.bincount(piece, minlength=count))
        pieces = [
            member[start[k] : start[k + 1]].astype(np.int64) for k in range(count)
        ]
        return sorted(pieces, key=lambda piece: (piece.size, int(piece[0])))

    @property
    def score(self) -> FloatArray:
        """Score of each piece's plan; `value` is less for what stands wrongly."""
        wrong: FloatArray = np.round(np.maximum(-self.value, 0.0) / BROKEN)
        return self.value + BROKEN * wrong

    def _value(self, piece: Int64Array) -> float:
        """Return the score of a piece's plan, less what stands wrongly."""
        return value_plan(self.town, self.atoms, piece, self.label[piece])

    def draft(self) -> bool:
        """Plan every piece quickly; tell whether to go on."""
        self.tell()
        for k, piece in enumerate(self.pieces):
            if not self.going:
                break
            self.share = DRAFTED * (k + 1) / len(self.pieces)
            if piece.size > 1:
                self._draft_piece(k)
                self.tell()
            else:
                self.bound[k], self.columns[k] = self.score[k], 0
                self.proved[k] = True
        return self.going

    def _draft_piece(self, k: int) -> None:
        town, atoms, piece = self.town, self.atoms, self.pieces[k]
        own = self.settings
        plans = [merge_units(town, atoms, piece)]
        least = max(own.communities_least - 2, own.households_least, own.area_least_m2)
        if least > 0:
            plans.append(grow_units(town, atoms, piece))
        for label in plans:
            self.offer(k, improve_units(town, atoms, piece, label, kicks=0))

    def offer(self, k: int, label: Int64Array) -> None:
        """Take over a plan of a piece if it is better."""
        piece = self.pieces[k]
        before = self.label[piece]
        self.label[piece] = label
        value = self._value(piece)
        if value > self.value[k]:
            self.value[k] = value
        else:
            self.label[piece] = before

    def guess(self) -> bool:
        """Bound every piece whose sets are few; tell whether to go on."""
        for k, piece in enumerate(self.pieces):
            if self.going and not self.proved[k]:
                look = self.settings.columns_most
                label = self.label[piece]
                bound = guess_bound(self.town, self.atoms, piece, label, look)
                self.bound[k] = max(bound, self.score[k])
        return self.tell()

    def prove(self) -> bool:
        """Look for the optimum of every piece; tell whether to go on."""
        for k in range(len(self.pieces)):
            if not self.proved[k]:
                self.kick(k)
                self.settle(k)
            self.done = k + 1
            self.share = DRAFTED + (1 - DRAFTED) * self.done / len(self.pieces)
            if not self.tell():
                return False
        return True

    def kick(self, k: int) -> None:
        """Better a piece's plan by local search."""
        piece = self.pieces[k]
        kicks = min(KICKS * piece.size, KICKS_MOST) if piece.size >= SMALL else 0
        for seed, first in enumerate(range(0, kicks, ROUND)):
            label = improve_units(
                self.town,
                self.atoms,
                piece,
                self.label[piece],
                kicks=min(ROUND, kicks - first),
                seed=seed + 1,
            )
            self.offer(k, label)
            if kicks > ROUND and not self.tell():
                return

    def settle(self, k: int) -> None:
        """Look for the optimum of a piece."""
        piece = self.pieces[k]
        outcome = settle_piece(
            self.town, self.atoms, piece, self.label[piece], self.settings, self.tell
        )
        self.offer(k, outcome.label)
        self.columns[k] = outcome.columns
        self.proved[k] = outcome.proved
        bound = np.fmin(outcome.bound, self.bound[k])
        self.bound[k] = max(bound, self.score[k])
        if outcome.proved:
            self.bound[k] = self.score[k]

    def tell(self) -> bool:
        """Tell the watch; return whether to go on."""
        if self.going:
            state = WatchState(
                self._units(),
                float(self.score.sum()),
                float(self.bound.sum()),
                self.share,
                self.done,
            )
            self.going = bool(self.watch(state))
        return self.going

    def _units(self) -> Int64Array:
        """Return the unit of each community, as in `Solution`."""
        unit = np.full(self.size, -1, np.int64)
        unit[self.order] = self.label[self.atom_of]
        return number_labels(unit)

    def solution(self, *, finished: bool) -> Solution:
        """Return the plan as it stands."""
        piece = np.full(self.size, -1, np.int64)
        for k, atoms in enumerate(self.pieces):
            inside = np.isin(self.atom_of, atoms)
            piece[self.order[inside]] = k
        number = number_labels(piece)
        kept, first = np.unique(number, return_index=True)
        order = piece[first[kept >= 0]]
        gap = self.bound[order] - self.score[order]
        size = np.maximum(np.abs(self.bound[order]), np.abs(self.score[order]))
        share = np.divide(gap, size, out=np.where(gap > 0, 1.0, 0.0), where=size > 0)
        table = pd.DataFrame(
            {
                "communities": np.bincount(number[number >= 0], minlength=order.size),
                "columns": self.columns[order],
                "score": self.score[order],
                "bound": self.bound[order],
                "gap_share": np.where(np.isnan(gap), np.nan, share),
                "state": np.where(
                    np.isnan(self.bound[order]),
                    "none",
                    np.where(self.proved[order], "proved", "gap"),
                ),
            }
        )
        return Solution(self._units(), table, number, finished)


def _keep(pairs: Int64Array) -> Int64Array:
    """Return the pairs of which both are there."""
    return pairs[(pairs >= 0).all(axis=1)].reshape(-1, 2)
