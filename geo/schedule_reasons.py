"""Why a unit is left out, what it would need, and who passes whom for what reason."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from geo.chains import FloatArray, Int64Array
from geo.schedule_funds import PROJECTS
from geo.schedule_problem import ALIKE_CNY, BoolArray, Rest, ScheduleProblem
from geo.schedule_problem import measure_rest as _measure
from geo.schedule_solve import Choice

__all__ = [
    "Frame",
    "find_inversions",
    "list_needs",
    "say_delays",
    "say_left_out",
]

#: Why a project is in no year.
UTILITIES, UNKNOWN_COST, PINNED_OUTSIDE = "utilities", "unknown_cost", "pinned_outside"
TOO_DEAR, NO_PLACE, FUNDS, ORDER = "too_dear", "projects", "funds", "order"

#: Why one of lower rank goes earlier.
PINNED, PINNED_LATER, ROOM, WORTH = "pinned", "pinned_later", "room", "worth"

NEED_COLUMNS = ("unit_id", "year", "source", "missing")
INVERSION_COLUMNS = (
    "earlier",
    "year",
    "later",
    "later_year",
    "reason",
    "source",
    "missing",
    "loss",
)


class Frame(NamedTuple):
    """What the positions of a problem stand for.

    Attributes
    ----------
    units
        Unit of each project.
    years
        The years.
    lines
        The lines of funds.
    outside
        Units that are pinned to a year outside of the plan.
    """

    units: tuple[str, ...]
    years: tuple[int, ...]
    lines: tuple[str, ...]
    outside: frozenset[str] = frozenset()

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the lines, and places last."""
        return (*self.lines, PROJECTS)


def list_needs(problem: ScheduleProblem, choice: Choice, frame: Frame) -> pd.DataFrame:
    """List what each project that is left out would need, year by year.

    Parameters
    ----------
    problem, choice, frame
        The problem, its plan, and names.

    Returns
    -------
    pandas.DataFrame
        `NEED_COLUMNS`, in the order of the ranking: for every year in which the
        project may go, what is missing of each line beside the plan (`source` is a
        line, or `PROJECTS` for places; `missing` yuan or projects). Where nothing is
        missing there is one row with an empty source.
    """
    left = np.flatnonzero((choice.year < 0) & problem.known)
    lack = _lacks(problem, _measure(problem, choice.year), left)
    rows: list[tuple[str, int, str, float]] = []
    for at, p in enumerate(left):
        for t in np.flatnonzero(problem.allowed[p]):
            short = np.flatnonzero(lack[at, t] > 0)
            place = frame.units[p], frame.years[t]
            rows += [
                (*place, frame.sources[k], round(float(lack[at, t, k]), 2))
                for k in short
            ] or [(*place, "", 0.0)]
    kinds = ("str", "int64", "str", "float64")
    return pd.DataFrame(rows, columns=list(NEED_COLUMNS)).astype(
        dict(zip(NEED_COLUMNS, kinds, strict=True))
    )


def say_left_out(
    problem: ScheduleProblem, choice: Choice, frame: Frame
) -> pd.DataFrame:
    """Say why each project without a year has none.

    Parameters
    ----------
    problem, choice, frame
        The problem, its plan, and names.

    Returns
    -------
    pandas.DataFrame
        Index `unit_id` in the order of the ranking; `why` (``utilities``: no year of
        the plan suits its networks; ``unknown_cost``; ``pinned_outside``;
        ``too_dear``: no year's funds reach for it alone; ``projects``: only a place
        among the projects is missing; ``funds``: they are used up; ``order``: it would
        fit into a year, which one of higher rank has closed), `year` (the one in
        which least is missing; NaN: none) and `behind` (unit that closed it).
    """
    left = np.flatnonzero(choice.year < 0)
    lack = _lacks(problem, _measure(problem, choice.year), left)
    rows = [
        _judge(problem, choice, frame, int(p), lack[at]) for at, p in enumerate(left)
    ]
    index = pd.Index([frame.units[p] for p in left], name="unit_id", dtype="str")
    why, year, behind = zip(*rows, strict=True) if rows else ((), (), ())
    return pd.DataFrame(
        {
            "why": pd.Series(why, index, dtype="str"),
            "year": pd.Series(year, index, dtype="float64"),
            "behind": pd.Series(behind, index, dtype="object"),
        }
    )


def say_delays(
    problem: ScheduleProblem, choice: Choice, frame: Frame
) -> dict[str, tuple[tuple[int, str], ...]]:
    """Say of each project that is planned why it does not come earlier.

    Parameters
    ----------
    problem, choice, frame
        The problem, its plan, and names.

    Returns
    -------
    dict
        Unit to every earlier year and a reason: ``utilities``, ``too_dear``,
        ``funds``, ``projects`` (of the ones for which units are left out), ``order``
        or ``worth`` (it would fit, but the ranking, or the worth of the whole plan,
        stands against it). Nothing for pinned ones.
    """
    done = np.flatnonzero((choice.year >= 0) & (problem.pinned < 0))
    lack = _lacks(problem, _measure(problem, choice.year), done)
    return {
        frame.units[p]: tuple(
            (frame.years[t], _say_year(problem, choice, int(p), t, lack[at, t]))
            for t in range(choice.year[p])
        )
        for at, p in enumerate(done)
    }


def _say_year(
    problem: ScheduleProblem, choice: Choice, p: int, t: int, lack: FloatArray
) -> str:
    if not problem.allowed[p, t]:
        return UTILITIES
    if not problem.possible[p, t]:
        return TOO_DEAR
    if (lack[:-1] > 0).any():
        return FUNDS
    if lack[-1] > 0:
        return NO_PLACE
    return ORDER if choice.solver == "ranking" else WORTH


def _judge(
    problem: ScheduleProblem, choice: Choice, frame: Frame, p: int, lack: FloatArray
) -> tuple[str, float, str | None]:
    if frame.units[p] in frame.outside:
        return PINNED_OUTSIDE, np.nan, None
    if not problem.allowed[p].any():
        return UTILITIES, np.nan, None
    if not problem.known[p]:
        return UNKNOWN_COST, np.nan, None
    # the total and its sources lack the same money: it is counted once
    money = np.maximum(lack[:, 0], lack[:, 1:-1].sum(axis=1))
    may = np.flatnonzero(problem.allowed[p])
    best = int(may[np.lexsort((lack[may, -1], money[may]))[0]])
    fits = problem.possible[p] & (lack <= 0).all(axis=1)
    if fits.any():
        best = int(fits.argmax())
        closed = choice.closed_by[best]
        behind = frame.units[closed] if closed >= 0 else None
        return ORDER, float(frame.years[best]), behind
    alone = FUNDS if problem.possible[p].any() else TOO_DEAR
    why = NO_PLACE if (money[may] <= 0).any() else alone
    return why, float(frame.years[best]), None


def _lacks(problem: ScheduleProblem, rest: Rest, projects: Int64Array) -> FloatArray:
    """Return what is missing of each line, and of places last; (n, T, L + 1)."""
    money = problem.need[projects][:, None, :] - rest.cny
    money = np.where(money > ALIKE_CNY, money, 0.0)
    places = np.maximum(1.0 - rest.projects, 0.0)
    places = np.broadcast_to(places[None, :, None], (*money.shape[:2], 1))
    return np.concatenate([money, places], axis=2)


def find_inversions(
    problem: ScheduleProblem, choice: Choice, frame: Frame
) -> pd.DataFrame:
    """Find every project that goes before one of higher rank, and why.

    Parameters
    ----------
    problem, choice, frame
        The problem, its plan, and names.

    Returns
    -------
    pandas.DataFrame
        `INVERSION_COLUMNS`, sorted by the higher rank, then the lower one: `earlier`
        goes in `year`, `later`, of higher rank, in `later_year` (NaN: not at all).
        `reason`: ``pinned`` (the earlier one), ``pinned_later``, ``pinned_outside``,
        ``unknown_cost``, ``utilities`` (not in that year), ``too_dear`` (that year's
        funds, or places, do not reach for it alone; `source` and `missing` say which
        and by how much), ``room`` (nor for it in the place of the earlier one) and
        ``worth`` (they do, but the plan would be worth less by `loss`).
    """
    later, earlier = _find_pairs(problem, choice)
    year = choice.year[earlier]
    rest = _measure(problem, choice.year)
    alone = _lacks(problem, problem.rest, later)[np.arange(len(later)), year]
    instead = problem.need[later] - rest.cny[year] - problem.need[earlier]
    instead = np.where(instead > ALIKE_CNY, instead, 0.0)
    instead = np.column_stack([instead, np.zeros(len(later))])
    outside = np.array([unit in frame.outside for unit in frame.units], np.bool_)
    cases = {
        PINNED: problem.pinned[earlier] >= 0,
        PINNED_LATER: problem.pinned[later] >= 0,
        PINNED_OUTSIDE: outside[later],
        UNKNOWN_COST: ~problem.known[later],
        UTILITIES: ~problem.allowed[later, year],
        TOO_DEAR: (alone > 0).any(axis=1),
        ROOM: (instead > 0).any(axis=1),
    }
    reason = np.select(list(cases.values()), list(cases), WORTH)
    lack = np.where((reason == TOO_DEAR)[:, None], alone, instead)
    lack[~np.isin(reason, [TOO_DEAR, ROOM])] = 0.0
    loss = np.where(
        reason == WORTH, _losses(problem, choice, rest, later, earlier), np.nan
    )
    return _tell(frame, choice, (later, earlier), reason, lack, loss)


def _find_pairs(
    problem: ScheduleProblem, choice: Choice
) -> tuple[Int64Array, Int64Array]:
    """Return those of higher rank that go later or not at all, and who passes them."""
    when = np.where(choice.year >= 0, choice.year, problem.years)
    passes: BoolArray = when[None, :] < when[:, None]
    later, earlier = np.nonzero(np.triu(passes, k=1))
    return later.astype(np.int64), earlier.astype(np.int64)


def _losses(
    problem: ScheduleProblem,
    choice: Choice,
    rest: Rest,
    later: Int64Array,
    earlier: Int64Array,
) -> FloatArray:
    """Return what the plan would lose if the higher rank took the other's place."""
    year, own = choice.year[earlier], choice.year[later]
    at = np.arange(len(later))
    goes = problem.possible[earlier] & rest.holds(problem.need)[earlier]
    swapped = np.flatnonzero(own >= 0)
    freed = rest.cny[own[swapped]] + problem.need[later[swapped]]
    back = (problem.need[earlier[swapped]] <= freed + ALIKE_CNY).all(axis=1)
    back &= problem.possible[earlier[swapped], own[swapped]]
    goes[swapped, own[swapped]] = back
    goes[at, year] = False
    kept = np.where(goes, problem.worth[earlier], 0.0).max(axis=1, initial=0.0)
    had = np.where(own >= 0, problem.worth[later, own], 0.0)
    gain = problem.worth[later, year] + kept - had - problem.worth[earlier, year]
    return np.asarray(-gain)


def _tell(
    frame: Frame,
    choice: Choice,
    pairs: tuple[Int64Array, Int64Array],
    reason: np.ndarray,
    lack: FloatArray,
    loss: FloatArray,
) -> pd.DataFrame:
    later, earlier = pairs
    units = np.array(frame.units, dtype=object)
    years = np.array(frame.years, dtype=np.float64)
    most = lack.argmax(axis=1) if len(later) else np.zeros(0, np.int64)
    missing = lack[np.arange(len(later)), most]
    source = np.array(frame.sources, dtype=object)[most]
    own = choice.year[later]
    return pd.DataFrame(
        {
            "earlier": units[earlier],
            "year": years[choice.year[earlier]].astype(np.int64),
            "later": units[later],
            "later_year": np.where(own >= 0, years[own], np.nan),
            "reason": reason,
            "source": np.where(missing > 0, source, None),
            "missing": np.where(missing > 0, missing.round(2), np.nan),
            "loss": loss,
        },
        columns=list(INVERSION_COLUMNS),
    )
