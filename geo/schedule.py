"""The annual and multi-year plan: which units, in which years, and why not others.

Units go whole and once, within the funds of each year and source, the number of
projects that can be organised, and the years that their utilities leave. The ranking
decides (:mod:`geo.schedule_strict`), or the plan of the greatest worth is looked for
(METHODS §5); pinned units stand where they are pinned, and by how much they exceed the
funds is said (尽力而为、量力而行). Nothing is planned whose hard gates fail.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo.chains import FloatArray
from geo.policy_settings import ScheduleSettings
from geo.rulings import Ground, Said, speak
from geo.schedule_exports import (
    make_inversions_table,
    make_left_out_table,
    make_schedule_table,
    make_years_table,
)
from geo.schedule_funds import PROJECTS, Budgets, find_overrun, read_budgets
from geo.schedule_problem import NEVER, ScheduleProblem
from geo.schedule_projects import (
    ALL,
    Projects,
    Wishes,
    describe_members,
    find_units,
    gather_projects,
    money_column,
    need_column,
    read_wishes,
)
from geo.schedule_reasons import Frame, find_inversions, list_needs, say_left_out
from geo.schedule_solve import Choice, Watch, keep_going, solve_schedule
from geo.schedule_tables import measure_years, tell_units
from geo.schedule_words import explain_units, state_plan
from geo.schedule_years import UnitYears, allow_years, find_renewals, find_unit_years

if TYPE_CHECKING:
    from geo.reserve import Ranking

__all__ = [
    "Schedule",
    "add_missing",
    "make_inversions_table",
    "make_left_out_table",
    "make_schedule_table",
    "make_years_table",
    "plan_schedule",
]

LEFT_COLUMNS = (
    "why",
    "rank",
    "best_rank",
    "communities",
    "cost_cny",
    "year",
    "missing_cny",
    "missing",
    "behind",
)


@dataclass(frozen=True, eq=False)
class Schedule:
    """A plan of units and years.

    Attributes
    ----------
    table
        Index `unit_id`, by year and rank: `year`, `rank` (1: first of the projects),
        `best_rank`, `score`, `households`, `households_unknown`, `communities` and
        `members_left_out` (joined by ``|``), `cost_cny`, ``fund_<source>_cny`` (NaN:
        unknown), `unnamed_cny` (what named sources leave of the cost; counted against
        each limited source that is not named), `unsourced_cny` (cost of members without
        any named source; counted in the total only), `pinned`,
        `utility_years` (``gas:2027|water:2027,2028``), `to_coordinate` (those of them
        that its year does not suit), `underground_first` (``kept``; ``broken``;
        ``none``: no renewal is known) and `later_because` (``2027=funds|...``, why not
        earlier).
    years
        Index year: `projects`, `communities`, `households`, `cost_cny` (known ones),
        `cost_unknown` (units), `available_cny`, `left_cny`, `over_cny`,
        `projects_most`, `over_projects` and `closed_by` (unit of the ranking that
        found no room; None: none). NaN: no limit on record.
    funds
        One row per `year` and `source` (``all`` and each): `used_cny` (known ones),
        `reserved_cny` (what unnamed shares may take besides), `unknown` (units that do
        not name it), `available_cny`, `left_cny`, `over_cny` (without the reserved).
    left_out
        Index `unit_id`: `why`, `rank` (NaN: no project), `best_rank`, `communities`,
        `cost_cny`, `year` (the one in which least is missing; NaN: none),
        `missing_cny`, `missing` (``source=yuan|...``) and `behind`.
    needs, inversions
        See :mod:`geo.schedule_reasons`.
    over
        By how much the ledger's own plan exceeds what there is, see
        :func:`geo.schedule_funds.find_overrun`.
    choice
        Value, bound, gap and whether it is proved.
    notes
        What else there is to know.
    problem, frame, settings, ground
        What it was made from.
    """

    table: pd.DataFrame
    years: pd.DataFrame
    funds: pd.DataFrame
    left_out: pd.DataFrame
    needs: pd.DataFrame
    inversions: pd.DataFrame
    over: pd.DataFrame
    choice: Choice
    notes: tuple[Said, ...]
    problem: ScheduleProblem
    frame: Frame
    settings: ScheduleSettings
    ground: Ground

    @property
    def mode(self) -> str:
        """Return ``strict`` or ``optimise``."""
        return self.settings.mode

    @property
    def value(self) -> float:
        """Return score times households times years left, summed over the plan."""
        return self.choice.value

    @property
    def bound(self) -> float:
        """Return what no plan is worth more than."""
        return self.choice.bound

    @property
    def gap(self) -> float:
        """Return the share of the bound that is missing."""
        return self.choice.gap

    @property
    def proved(self) -> bool:
        """Return whether no plan is worth more."""
        return self.choice.proved

    @property
    def year_of(self) -> pd.Series:
        """Return the year of each community that is planned, by community id."""
        pairs = {
            name: int(year)
            for names, year in zip(
                self.table["communities"], self.table["year"], strict=True
            )
            for name in names.split("|")
        }
        return pd.Series(pairs, name="year", dtype="int64").sort_index()

    def explain(self, lang: str) -> pd.Series:
        """Say of every unit when it is renovated and why, or why not.

        Parameters
        ----------
        lang
            ``"zh"`` or ``"en"``.

        Returns
        -------
        pandas.Series
            One sentence by `unit_id`: `table`, then `left_out`.
        """
        return explain_units(self, lang)

    def statement(self, lang: str) -> str:
        """Say what the plan comes to, and by how much anything is exceeded.

        Parameters
        ----------
        lang
            ``"zh"`` or ``"en"``.

        Returns
        -------
        str
            A few sentences, one a line.
        """
        return "\n".join(speak(one, lang) for one in state_plan(self))


def plan_schedule(
    ranking: "Ranking",
    *,
    settings: ScheduleSettings | None = None,
    pinned: Mapping[str, int] | None = None,
    barred: Collection[str] = (),
    watch: Watch = keep_going,
) -> Schedule:
    """Plan which units are renovated in which years.

    Parameters
    ----------
    ranking
        The order of the reserve library, and what it stands on.
    settings
        Horizon, mode, capacity and utilities; by default those of the plan.
    pinned
        Community (or unit) and the year in which its unit is renovated in any case.
    barred
        Communities (or units) whose units must not be planned.
    watch
        Told how far the optimising mode has come; may stop it.

    Returns
    -------
    Schedule
        The plan, what it uses and leaves out, and why.
    """
    ground = ranking.ground
    settings = settings or ground.plan.settings.schedule
    years, notes = _find_years(ground, settings)
    budgets = read_budgets(
        ground.tables["budgets"], years, projects_most=settings.projects_most
    )
    wishes = read_wishes(find_units(ranking.table), pinned or {}, barred)
    members = describe_members(ranking.table, ground.facts)
    projects = gather_projects(members, settings, barred=wishes.barred)
    found = find_unit_years(
        find_renewals(ground),
        {str(unit): names for unit, names in projects.table["communities"].items()},
        years,
        within=settings.utility_years,
    )
    problem, frame = _draft(projects, budgets, found, wishes, settings)
    choice = solve_schedule(problem, settings, watch=watch)
    table = tell_units(projects.table, problem, choice, frame, found)
    year_rows, funds = measure_years(table, budgets, choice, frame)
    needs = list_needs(problem, choice, frame)
    said = say_left_out(problem, choice, frame)
    return Schedule(
        table=table.loc[:, ~table.columns.str.startswith("need_")],
        years=year_rows,
        funds=funds,
        left_out=_tell_left_out(said, needs, projects),
        needs=needs,
        inversions=find_inversions(problem, choice, frame),
        over=find_overrun(members, budgets),
        choice=choice,
        notes=(*notes, *wishes.notes, *_note_pins(wishes, projects, years)),
        problem=problem,
        frame=frame,
        settings=settings,
        ground=ground,
    )


def _find_years(
    ground: Ground, settings: ScheduleSettings
) -> tuple[tuple[int, ...], tuple[Said, ...]]:
    """Return the years of the plan."""
    first, notes = settings.first_year or ground.plan_year, []
    if not first:
        known = ground.tables["budgets"]["year"].dropna()
        first = int(known.min()) if len(known) else ground.as_of.year + 1
        notes.append(("schedule.note.first_year", {"year": first}))
    return tuple(range(first, first + settings.years)), tuple(notes)


def _draft(
    projects: Projects,
    budgets: Budgets,
    found: Mapping[str, UnitYears],
    wishes: Wishes,
    settings: ScheduleSettings,
) -> tuple[ScheduleProblem, Frame]:
    """Lay projects, years and funds out as arrays."""
    table = projects.table
    years = tuple(int(year) for year in budgets.projects_most.index)
    units = tuple(str(unit) for unit in table.index)
    outside = {unit for unit, year in wishes.pinned.items() if year not in years}
    frame = Frame(units, years, budgets.lines, frozenset(outside & set(units)))
    allowed = np.ones((len(units), len(years)), np.bool_)
    if settings.utilities_bind:
        allowed = allow_years(found, units, years)
    allowed[[unit in outside for unit in units]] = False
    at = {year: position for position, year in enumerate(years)}
    pinned = [at.get(wishes.pinned.get(unit, NEVER), NEVER) for unit in units]
    available, most = budgets.limits()
    problem = ScheduleProblem(
        score=_numbers(table["score"]),
        households=_numbers(table["households"]),
        need_cny=_numbers(
            table[[need_column(money_column(line)) for line in frame.lines]]
        ),
        available_cny=available,
        projects_most=most,
        allowed=allowed,
        pinned=np.array(pinned, dtype=np.int64),
    )
    return problem, frame


def _numbers(values: pd.Series | pd.DataFrame) -> FloatArray:
    return values.to_numpy(dtype=np.float64)


def _tell_left_out(
    said: pd.DataFrame,
    needs: pd.DataFrame,
    projects: Projects,
) -> pd.DataFrame:
    """Say of every unit that is not planned why, and what would help."""
    own = projects.table.loc[
        said.index, ["rank", "best_rank", "communities", "cost_cny"]
    ]
    said = said.copy()
    lacks: dict[str, dict[str, float]] = {str(unit): {} for unit in said.index}
    best = said["year"].to_dict()
    for unit, year, source, missing in needs.itertuples(index=False):
        if year == best[unit] and source:
            lacks[unit][source] = missing
    said["missing"] = [
        "|".join(f"{source}={missing:.15g}" for source, missing in one.items())
        for one in lacks.values()
    ]
    known = np.isin(said.index, needs["unit_id"])
    said["missing_cny"] = [add_missing(one) for one in lacks.values()]
    said["missing_cny"] = said["missing_cny"].where(known)
    refused = projects.refused.assign(rank=np.nan)
    refused = refused.assign(year=np.nan, missing_cny=np.nan, missing="", behind=None)
    both = [one[list(LEFT_COLUMNS)] for one in (own.join(said), refused)]
    table = pd.concat([one for one in both if len(one)] or both[:1])
    table["communities"] = ["|".join(names) for names in table["communities"]]
    table.index.name = "unit_id"
    return table


def add_missing(lacks: Mapping[str, float]) -> float:
    """Add up the money that is missing.

    Parameters
    ----------
    lacks
        What is missing by line of funds; places do not count.

    Returns
    -------
    float
        Yuan; the total and its sources lack the same money, which counts once.
    """
    parts = sum(v for k, v in lacks.items() if k not in (ALL, PROJECTS))
    return max(lacks.get(ALL, 0.0), parts)


def _note_pins(
    wishes: Wishes, projects: Projects, years: tuple[int, ...]
) -> tuple[Said, ...]:
    """Say which pins could not be kept, and which go without known need."""
    notes: list[Said] = []
    refused = {str(unit): str(why) for unit, why in projects.refused["why"].items()}
    costs = {str(unit): float(v) for unit, v in projects.table["cost_cny"].items()}
    for unit, year in wishes.pinned.items():
        told = {"unit": unit, "year": year}
        if unit in refused:
            why = f"@schedule.why.{refused[unit]}"
            notes.append(("schedule.note.pin_refused", {**told, "why": why}))
        elif year not in years:
            notes.append(("schedule.note.pin_outside", told))
        elif np.isnan(costs[unit]):
            notes.append(("schedule.note.pin_cost", told))
    return tuple(notes)
