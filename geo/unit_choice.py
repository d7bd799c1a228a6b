"""Choose disjoint sets of the greatest gain: set packing with HiGHS.

The linear relaxation is solved on a few columns; *all* columns are then priced with
its dual values, so that its value, and what the worst prices add to it, is a bound
for every plan. Columns that even the bound cannot lift above the best known plan
are dropped for good; the rest goes to branch and bound.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.chains import FloatArray, Int64Array, kernel
from geo.unit_problem import as_starts, spread_out
from geo.unit_sets import Sets

if TYPE_CHECKING:
    import highspy

__all__ = ["Choice", "Going", "Relaxed", "choose_sets", "relax_sets"]

#: Asked now and then; False ends the work, what is known by then is kept.
Going = Callable[[], bool]

#: Columns that the relaxation starts with, and gets more of, per row.
FEW = 20
#: Rounds of pricing at most.
ROUNDS = 300
#: Columns that branch and bound takes at most.
BRANCHED = 100_000
#: A relative difference that is none; a value that is 0; one that is nearer to 1.
NEAR, NOUGHT, HALF = 1e-9, 1e-6, 0.5


class Choice(NamedTuple):
    """Sets chosen, or none if nothing better was found; what no plan can exceed."""

    chosen: Int64Array | None
    bound: float
    proved: bool


class Relaxed(NamedTuple):
    """The relaxation over some sets.

    `dual` are values of the rows, `bound` what they prove for these sets, `value`
    what the relaxation reached, `whole` the sets chosen if it came out whole.
    """

    dual: FloatArray
    bound: float
    value: float
    whole: Int64Array | None


def choose_sets(
    sets: Sets,
    must: npt.NDArray[np.bool_],
    known: Int64Array,
    *,
    nodes_most: int,
    going: Going,
) -> Choice:
    """Choose disjoint sets of the greatest total gain.

    Parameters
    ----------
    sets
        All sets that a plan may want; members are numbers of rows, from 0.
    must
        Rows that some chosen set has to contain; the others may be left out.
    known
        Numbers of disjoint sets that are a plan: the one to beat.
    nodes_most
        Nodes of the branch and bound tree.
    going
        Whether to go on.

    Returns
    -------
    Choice
        `chosen` is None unless it gains more than the plan known.
    """
    best = float(sets.gain[known].sum())
    relaxed = relax_sets(sets, must, known, best, going=going)
    bound, chosen = relaxed.bound, None
    slack = NEAR * max(1.0, abs(bound))
    if relaxed.whole is not None and sets.gain[relaxed.whole].sum() > best + slack:
        chosen, best = relaxed.whole, float(sets.gain[relaxed.whole].sum())
    if bound <= best + slack:
        return Choice(chosen, best, proved=True)
    if not going():
        return Choice(chosen, bound, proved=False)
    cost, _ = _price(sets.start, sets.member, sets.gain, relaxed.dual)
    # a set that costs more than the bound lies above the best plan is in none better
    kept = np.flatnonzero(cost >= best - bound - slack)
    dropped = kept.size > BRANCHED
    if dropped:
        kept = np.sort(kept[np.argsort(-cost[kept], kind="stable")[:BRANCHED]])
    found, limit = _branch(sets, must, kept, nodes_most, going)
    if found is not None and sets.gain[found].sum() > best + slack:
        chosen, best = found, float(sets.gain[found].sum())
    if not dropped:
        bound = min(bound, max(limit, best))
    proved = bound <= best + slack
    return Choice(chosen, best if proved else bound, proved)


@kernel
def _price(
    start: Int64Array, member: Int64Array, gain: FloatArray, dual: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the reduced cost of each set, and each row's best share of one."""
    cost = np.empty(gain.size)
    share = np.zeros(dual.size)
    for s in range(gain.size):
        left = gain[s]
        for at in range(start[s], start[s + 1]):
            left -= dual[member[at]]
        cost[s] = left
        if left > 0:
            left /= start[s + 1] - start[s]
            for at in range(start[s], start[s + 1]):
                share[member[at]] = max(share[member[at]], left)
    return cost, share


def _columns(sets: Sets, kept: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Return starts and members of some sets."""
    count = np.diff(sets.start)[kept]
    return as_starts(count), sets.member[spread_out(sets.start[kept], count)]


def _make_solver() -> "highspy.Highs":
    """Return a silent HiGHS on one thread that always does the same."""
    # loaded when it is needed: what needs none works where it is not installed
    solver: highspy.Highs = import_module("highspy").Highs()
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("parallel", "off"),
        ("random_seed", 1),
        ("mip_rel_gap", 0.0),
        ("mip_abs_gap", 1e-7),
        ("mip_feasibility_tolerance", 1e-9),
    ):
        solver.setOptionValue(name, value)
    return solver


def _make_model(
    sets: Sets, kept: Int64Array, must: npt.NDArray[np.bool_], *, whole: bool
) -> "highspy.HighsLp":
    """Return the packing model of some sets, column by column."""
    solver = import_module("highspy")
    model: highspy.HighsLp = solver.HighsLp()
    start, member = _columns(sets, kept)
    model.num_col_, model.num_row_ = kept.size, must.size
    model.sense_ = solver.ObjSense.kMaximize
    model.col_cost_ = sets.gain[kept]
    model.col_lower_ = np.zeros(kept.size)
    model.col_upper_ = np.full(kept.size, 1.0 if whole else np.inf)
    model.row_lower_ = np.where(must, 1.0, -np.inf)
    model.row_upper_ = np.ones(must.size)
    model.a_matrix_.format_ = solver.MatrixFormat.kColwise
    model.a_matrix_.start_ = start.astype(np.int32)
    model.a_matrix_.index_ = member.astype(np.int32)
    model.a_matrix_.value_ = np.ones(member.size)
    if whole:
        model.integrality_ = [solver.HighsVarType.kInteger] * kept.size
    return model


def relax_sets(
    sets: Sets,
    must: npt.NDArray[np.bool_],
    known: Int64Array,
    best: float,
    *,
    going: Going,
) -> Relaxed:
    """Solve the relaxation over all sets, column by column.

    Parameters
    ----------
    sets
        The sets; members are numbers of rows, from 0.
    must
        Rows that some chosen set has to contain.
    known
        Numbers of sets that fulfil this.
    best
        A bound down to this is good enough.
    going
        Whether to go on.

    Returns
    -------
    Relaxed
        Dual values and what they prove.
    """
    used = _begin(sets, must.size, known)
    solver = _make_solver()
    solver.passModel(_make_model(sets, used, must, whole=False))
    found = Relaxed(np.zeros(must.size), np.inf, -np.inf, None)
    for _ in range(ROUNDS):
        solver.run()
        solution = solver.getSolution()
        value = np.array(solution.col_value)
        dual = np.array(solution.row_dual)
        dual = np.where(must, dual, np.maximum(dual, 0.0))
        cost, share = _price(sets.start, sets.member, sets.gain, dual)
        bound = float(dual.sum() + share.sum())
        if bound < found.bound:
            found = found._replace(dual=dual, bound=bound)
        found = found._replace(
            value=float(sets.gain[used] @ value), whole=_whole(used, value)
        )
        near = NEAR * max(1.0, abs(found.bound))
        cost[used] = -np.inf
        more = np.flatnonzero(cost > near / must.size)
        if not more.size or found.bound <= best + near or not going():
            break
        order = np.argsort(-cost[more], kind="stable")
        more = more[order[: FEW * must.size]]
        _add_columns(solver, sets, more)
        used = np.concatenate([used, more])
    return found


def _begin(sets: Sets, rows: int, known: Int64Array) -> Int64Array:
    """Return the columns to begin with: those of the most gain per member."""
    worth = sets.gain / np.diff(sets.start)
    first = np.argsort(-worth, kind="stable")[: FEW * rows]
    return np.union1d(first, known)


def _whole(used: Int64Array, value: FloatArray) -> Int64Array | None:
    """Return the columns of value 1 if all others have the value 0."""
    if np.all(np.minimum(np.abs(value), np.abs(value - 1)) < NOUGHT):
        return used[value > HALF]
    return None


def _add_columns(solver: "highspy.Highs", sets: Sets, more: Int64Array) -> None:
    start, member = _columns(sets, more)
    solver.addCols(
        more.size,
        sets.gain[more],
        np.zeros(more.size),
        np.full(more.size, np.inf),
        member.size,
        start[:-1].astype(np.int32),
        member.astype(np.int32),
        np.ones(member.size),
    )


def _branch(
    sets: Sets,
    must: npt.NDArray[np.bool_],
    kept: Int64Array,
    nodes_most: int,
    going: Going,
) -> tuple[Int64Array | None, float]:
    """Choose whole sets among some; return them and what none can exceed.

    No plan at all among them means that none is better than the one known.
    """
    words, solver = import_module("highspy"), _make_solver()
    solver.setOptionValue("mip_max_nodes", nodes_most)
    solver.passModel(_make_model(sets, kept, must, whole=True))

    def ask(event: "highspy.highs.HighsCallbackEvent") -> None:
        if not going():
            event.interrupt()

    solver.cbMipInterrupt += ask
    solver.run()
    if solver.getModelStatus() == words.HighsModelStatus.kInfeasible:
        return None, -np.inf
    info = solver.getInfo()
    limit = float(info.mip_dual_bound)
    if info.primal_solution_status != words.SolutionStatus.kSolutionStatusFeasible:
        return None, limit
    found = kept[np.array(solver.getSolution().col_value) > HALF]
    taken = np.bincount(_columns(sets, found)[1], minlength=must.size)
    if (taken > 1).any() or (taken[must] != 1).any():
        return None, limit
    return found, limit
