"""Joint renovation units (片区联动): which communities are renovated together.

Neighbours, what they can close for each other, and the planner's wishes go in; the
solver's best units come out, each with its terms, its reason, and how good the whole
is (METHODS §2). Whatever the planner draws by hand is measured in the same way.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from geo.coverage import Ints
from geo.decisions import Decisions, Pair, check_decisions
from geo.findings import Finding, concat_findings, make_findings
from geo.lifecircle import LifeCircle
from geo.progress import Progress, no_progress
from geo.schema import Severity
from geo.settings import UnitSettings
from geo.stock import find_rows
from geo.unit_gaps import judge_units
from geo.unit_inputs import UnitBasis, judge_members, prepare_units
from geo.unit_problem import UnitProblem
from geo.unit_solve import Watch, keep_going, preview_units, solve_units
from geo.unit_tables import measure_units
from geo.unit_wishes import check_locks, find_free
from geo.unit_words import explain_units, say_why_not

__all__ = [
    "UnitBasis",
    "Units",
    "draw_units",
    "name_units",
    "prepare_units",
    "preview",
    "warm_units",
]


@dataclass(frozen=True, eq=False)
class Units:
    """Joint renovation units and how good they are.

    Attributes
    ----------
    basis
        What they stand on.
    settings, decisions
        Bounds and weights; what the planner asked for, as far as it fits.
    unit_of
        Community id, sorted, to unit id (``U001`` ... by the smallest member).
    table
        One row per unit, see :func:`geo.unit_tables.measure_units`.
    pieces
        One row per connected piece that was solved, see
        :class:`geo.unit_solve.Solution`.
    eligibility
        Who may take part now that units exist.
    findings
        What was noticed, raw.
    finished
        False if it was stopped: the best units so far, not reproducible.
    """

    basis: UnitBasis
    settings: UnitSettings
    decisions: Decisions
    unit_of: pd.Series
    table: pd.DataFrame
    pieces: pd.DataFrame
    eligibility: pd.DataFrame
    findings: pd.DataFrame
    finished: bool

    @property
    def score(self) -> float:
        """Return the score of all units, equivalent households."""
        return float(self.table["score"].sum())

    @property
    def bound(self) -> float:
        """Return what no plan with the same wishes can exceed, NaN if not known.

        Units drawn by hand are as they are: the bound is for the rest.
        """
        solved = float(self.pieces["score"].sum())
        bound = (
            float(self.pieces["bound"].sum(skipna=False)) if len(self.pieces) else 0.0
        )
        return self.score - solved + bound

    @property
    def gap_share(self) -> float:
        """Return how far the bound lies above the score, as a share of the bound."""
        bound = self.bound
        if np.isnan(bound) or bound <= self.score:
            return np.nan if np.isnan(bound) else 0.0
        return (bound - self.score) / bound

    @cached_property
    def gaps(self) -> pd.DataFrame:
        """Return the verdicts of the units, see :func:`geo.unit_gaps.judge_units`."""
        return judge_units(self.basis.circle, self.unit_of)

    def measure(self, unit_of: pd.Series) -> pd.DataFrame:
        """Measure any other units of the same communities.

        Parameters
        ----------
        unit_of
            Name of the unit of each community id.

        Returns
        -------
        pandas.DataFrame
            As `table`.
        """
        return measure_units(self.basis, self.settings, unit_of, self.decisions)

    def explain(self, lang: str) -> pd.Series:
        """Say of each unit why these are together, or why one is alone.

        Parameters
        ----------
        lang
            ``"zh"`` or ``"en"``.

        Returns
        -------
        pandas.Series
            Sentences on the index of `table`, none of them empty.
        """
        return explain_units(self.basis, self.table, lang)

    def why_not(self, a: str, b: str, lang: str) -> str:
        """Say why two communities are not in one unit.

        Parameters
        ----------
        a, b
            Community ids.
        lang
            ``"zh"`` or ``"en"``.

        Returns
        -------
        str
            One sentence; if they are in one unit, it says so.
        """
        return say_why_not(
            self.basis, self.settings, self.decisions, self.unit_of, (a, b), lang
        )


def draw_units(
    circle: LifeCircle,
    decisions: Decisions | None = None,
    *,
    basis: UnitBasis | None = None,
    watch: Watch = keep_going,
    progress: Progress = no_progress,
) -> Units:
    """Group the communities into joint renovation units.

    Parameters
    ----------
    circle
        Verdicts of the communities.
    decisions
        What the planner asks for; its settings, if any, are used instead of those
        of the run.
    basis
        What was prepared before; if it was for other ground settings or crossings, or
        by default, it is prepared here.
    watch
        Told each better plan; answers False to stop with the best so far.
    progress
        Told the stages.

    Returns
    -------
    Units
        Every community in exactly one unit. The solver's units are connected, within
        the bounds, and obey the wishes that can be met; the others are named in
        `findings`. Units drawn by hand stay as they are.
    """
    wishes = decisions or Decisions()
    settings = wishes.settings or circle.settings.units
    wishes, gone = check_decisions(wishes, circle.district.communities.index)
    if basis is None or not basis.serves(settings, wishes.crossings):
        basis = prepare_units(
            circle, settings, crossings=wishes.crossings, progress=progress
        )
    basis = replace(basis, settings=settings)
    problem = basis.problem
    free = find_free(basis, settings, wishes)
    locked, impossible = check_locks(basis, settings, wishes, free)
    progress("stage.units", 0.0)
    solution = solve_units(
        problem,
        settings,
        free=free,
        locked=_positions(problem, locked),
        forbidden=_positions(problem, wishes.forbidden),
        watch=watch,
    )
    progress("stage.units", 1.0)
    unit_of = name_units(problem, _with_drawn(problem, solution.unit, wishes))
    table = measure_units(basis, settings, unit_of, wishes)
    found = concat_findings(gone, basis.findings, impossible, _notice(table, settings))
    return Units(
        basis,
        settings,
        wishes,
        unit_of,
        table,
        solution.pieces,
        judge_members(circle, unit_of),
        found,
        finished=solution.finished,
    )


def preview(basis: UnitBasis, decisions: Decisions | None = None) -> pd.Series:
    """Group the communities at once, roughly, while the solver is still at work.

    Parameters
    ----------
    basis
        What the units stand on.
    decisions
        What the planner asks for; pairs are not heeded.

    Returns
    -------
    pandas.Series
        Community id to unit id.
    """
    wishes = decisions or Decisions()
    settings = wishes.settings or basis.settings
    free = find_free(basis, settings, wishes)
    unit = preview_units(basis.problem, settings, free=free)
    return name_units(basis.problem, _with_drawn(basis.problem, unit, wishes))


def warm_units(progress: Progress = no_progress) -> None:
    """Compile what draws units, so that nobody waits for it later.

    Parameters
    ----------
    progress
        Told ``"stage.warm"`` and the share done.

    Notes
    -----
    As :func:`geo.walks.warm`: once per machine, kept in numba's cache.
    """
    progress("stage.warm", 0.0)
    count = 4
    whole, row = np.arange(count), np.arange(count, dtype=np.float64)
    problem = UnitProblem(
        ids=pd.Index([f"C{at}" for at in whole]),
        households=100 + row,
        area_m2=100 + row,
        x=100 * row,
        y=row,
        year=1990 + row,
        structure=whole,
        condition=row / count,
        edges=np.stack([whole[:-1], whole[1:]], axis=1),
        works=np.ones(count - 1),
        need_community=whole[:1],
        need_category=np.zeros(1, dtype=np.int64),
        helper_start=np.array([0, 1]),
        helper=whole[1:2],
    )
    free = np.ones(count, dtype=np.bool_)
    none = np.empty((0, 2), dtype=np.int64)
    # once with every set listed, once with none: both ways are taken later
    for columns_most in (100, 0):
        settings = UnitSettings(columns_most=columns_most)
        solve_units(problem, settings, free=free, locked=none, forbidden=none)
    progress("stage.warm", 1.0)


def name_units(problem: UnitProblem, unit: Ints) -> pd.Series:
    """Name units by the order of their smallest member.

    Parameters
    ----------
    problem
        Communities.
    unit
        Any number per unit; each -1 is a community alone.

    Returns
    -------
    pandas.Series
        Community id, sorted, to ``U001`` ...
    """
    alone = unit < 0
    labels = np.where(alone, unit.max(initial=0) + 1 + np.arange(len(unit)), unit)
    number, _ = pd.factorize(labels)
    width = max(3, len(str(len(unit))))
    names = [f"U{at + 1:0{width}d}" for at in number]
    return pd.Series(names, index=problem.ids, name="unit_id", dtype="str")


def _with_drawn(problem: UnitProblem, unit: Ints, wishes: Decisions) -> Ints:
    whole = unit.copy()
    first = int(unit.max(initial=-1)) + 1
    for at, members in enumerate(wishes.units):
        whole[find_rows(problem.ids, members)] = first + at
    return whole


def _positions(problem: UnitProblem, pairs: Iterable[Pair]) -> Ints:
    found = [find_rows(problem.ids, pair) for pair in pairs]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _notice(table: pd.DataFrame, settings: UnitSettings) -> pd.DataFrame:
    """Say when no two communities could be joined within the bounds."""
    least = settings.communities_least > 1 or settings.households_least
    most = settings.households_most or settings.area_most_m2 or settings.area_least_m2
    if (table["communities"] > 1).any() or not (least or most) or len(table) < 2:  # noqa: PLR2004  # a pair
        return make_findings()
    return make_findings([Finding("units", "units_bounds", Severity.WARNING)])
