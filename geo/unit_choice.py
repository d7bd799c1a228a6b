"""Choose disjoint sets of the greatest gain: set packing with HiGHS.

The linear relaxation is solved on a few columns; *all* columns are then priced with
its dual values, so that its value, and what the worst prices add to it, is a bound
for every plan. Columns that even the bound cannot lift above the best known plan
are dropped for good; the rest goes to branch and bound.
"""

from typing import NamedTuple

import highspy
import numpy as np
import numpy.typing as npt

from geo.chains import FloatArray, Int64Array, kernel
from geo.unit_problem import as_starts, spread_out
from geo.unit_sets import Sets

__all__ = ["Choice", "Relaxed", "choose_sets", "relax_sets"]

#: Columns that the relaxation starts with, and gets more of, per row.
FEW = 20
#: Rounds of pricing at most.
ROUNDS = 300
#: Columns that branch and bound takes at most.
BRANCHED = 100_000
#: A relative difference that is none.
NEAR = 1e-9


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

    Returns
    -------
    Choice
        `chosen` is None unless it gains more than the plan known.
    """
    best = float(sets.gain[known].sum())
    relaxed = relax_sets(sets, must, known, best)
    bound, chosen = relaxed.bound, None
    slack = NEAR * max(1.0, abs(bound))
    if relaxed.whole is not None and sets.gain[relaxed.whole].sum() > best + slack:
        chosen, best = relaxed.whole, float(sets.gain[relaxed.whole].sum())
    if bound <= best + slack:
        return Choice(chosen, best, proved=True)
    cost, _ = _price(sets.start, sets.member, sets.gain, relaxed.dual)
    # a set that costs more than the bound lies above the best plan is in none better
    kept = np.flatnonzero(cost >= best - bound - slack)
    dropped = kept.size > BRANCHED
    if dropped:
        kept = np.sort(kept[np.argsort(-cost[kept], kind="stable")[:BRANCHED]])
    found, limit = _branch(sets, must, kept, best, nodes_most)
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


def _make_solver() -> highspy.Highs:
    """Return a silent HiGHS on one thread that always does the same."""
    solver = highspy.Highs()
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
) -> highspy.HighsLp:
    """Return the packing model of some sets, column by column."""
    model = highspy.HighsLp()
    start, member = _columns(sets, kept)
    model.num_col_, model.num_row_ = kept.size, must.size
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = sets.gain[kept]
    model.col_lower_ = np.zeros(kept.size)
    model.col_upper_ = np.full(kept.size, 1.0 if whole else highspy.kHighsInf)
    model.row_lower_ = np.where(must, 1.0, -highspy.kHighsInf)
    model.row_upper_ = np.ones(must.size)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = start.astype(np.int32)
    model.a_matrix_.index_ = member.astype(np.int32)
    model.a_matrix_.value_ = np.ones(member.size)
    if whole:
        model.integrality_ = [highspy.HighsVarType.kInteger] * kept.size
    return model


def relax_sets(
    sets: Sets, must: npt.NDArray[np.bool_], known: Int64Array, best: float
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

    Returns
    -------
    Relaxed
        Dual values and what they prove.
    """
    size = np.diff(sets.start)
    first = np.argsort(-sets.gain / size, kind="stable")[: FEW * must.size]
    inside = np.zeros(sets.gain.size, np.bool_)
    inside[first] = inside[known] = True
    used = np.flatnonzero(inside)
    solver = _make_solver()
    solver.passModel(_make_model(sets, used, must, whole=False))
    bound, kept, whole = np.inf, np.zeros(must.size), None
    for _ in range(ROUNDS):
        solver.run()
        solution = solver.getSolution()
        value = np.array(solution.col_value)
        dual = np.array(solution.row_dual)
        dual = np.where(must, dual, np.maximum(dual, 0.0))
        cost, share = _price(sets.start, sets.member, sets.gain, dual)
        proved = float(dual.sum() + share.sum())
        if proved < bound:
            bound, kept = proved, dual
        whole = (
            used[value > 0.5] if np.all((value < 1e-6) | (value > 1 - 1e-6)) else None
        )  # noqa: PLR2004, E501
        near = NEAR * max(1.0, abs(bound))
        cost[used] = -np.inf
        more = np.flatnonzero(cost > near / must.size)
        if not more.size or bound <= best + near:
            break
        order = np.argsort(-cost[more], kind="stable")[: FEW * must.size]
        more = more[order]
        start, member = _columns(sets, more)
        solver.addCols(
            more.size,
            sets.gain[more],
            np.zeros(more.size),
            np.full(more.size, highspy.kHighsInf),
            member.size,
            start[:-1].astype(np.int32),
            member.astype(np.int32),
            np.ones(member.size),
        )
        used = np.concatenate([used, more])
    reached = float(sets.gain[used] @ value) if used.size == value.size else 0.0
    return Relaxed(kept, bound, reached, whole)


def _branch(
    sets: Sets,
    must: npt.NDArray[np.bool_],
    kept: Int64Array,
    best: float,
    nodes_most: int,
) -> tuple[Int64Array | None, float]:
    """Choose whole sets among some; return them and what none can exceed."""
    solver = _make_solver()
    solver.setOptionValue("mip_max_nodes", nodes_most)
    # only what beats the plan known is of interest
    solver.passModel(_make_model(sets, kept, must, whole=True))
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None, best
    info = solver.getInfo()
    limit = float(info.mip_dual_bound)
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None, limit
    value = np.array(solver.getSolution().col_value)
    found = kept[value > 0.5]  # noqa: PLR2004 - nearer to 1
    _, member = _columns(sets, found)
    taken = np.bincount(member, minlength=must.size)
    if (taken > 1).any() or (taken[must] != 1).any():
        return None, limit
    return found, limit
