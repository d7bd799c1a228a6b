"""What the last three pages stand on, worked out in the background: the review."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from geo.decisions import Decisions
from geo.evidence import Evidence
from geo.plan import Plan
from geo.policy_settings import CheckSettings, ReserveSettings, ScheduleSettings
from geo.progress import Progress
from geo.review import Review, review_plan
from geo.views import unit_work
from geo.views.reports import plan_key

#: Share of the work that drawing the units takes, where nobody has drawn them.
_UNITS_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Ask:
    """What is reviewed: the evidence as edited, and the choices beside it.

    Attributes
    ----------
    evidence
        Tables of the policy step.
    checks, reserve, schedule
        Settings of the clauses, of the score and of the plan by years.
    pinned
        Community and the year in which its unit is renovated in any case, sorted.
    barred
        Communities whose units are not planned, sorted.
    """

    evidence: Evidence
    checks: CheckSettings = field(default_factory=CheckSettings)
    reserve: ReserveSettings = field(default_factory=ReserveSettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    pinned: tuple[tuple[str, int], ...] = ()
    barred: tuple[str, ...] = ()

    @cached_property
    def key(self) -> Hashable:
        """All of it as one key for caches; the evidence by its fingerprint."""
        return (self.kept, self.checks, self.reserve, self.schedule)

    @cached_property
    def kept(self) -> Hashable:
        """What of it is kept on disk: evidence, by its fingerprint, and pins."""
        return (self.evidence.fingerprint, self.pinned, self.barred)


def first_ask(plan: Plan) -> Ask:
    """Return what is reviewed before anybody edited anything.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    Ask
        Evidence of the district, settings of the plan.
    """
    chosen = plan.settings
    return Ask(plan.district.evidence, chosen.checks, chosen.reserve, chosen.schedule)


def review_key(
    plan: Plan, ask: Ask, units: Mapping[str, str] | None
) -> tuple[Hashable, ...]:
    """Return what tells one review from another.

    Parameters
    ----------
    plan, ask
        The plan, and what is asked.
    units
        Community to unit, as far as drawn.

    Returns
    -------
    tuple
        Its whole input.
    """
    drawn = None if units is None else tuple(sorted(units.items()))
    return ("review", plan_key(plan), ask.key, drawn)


def work_on(
    plan: Plan, ask: Ask, units: Mapping[str, str] | None
) -> Callable[[Progress], Review]:
    """Return the work of reviewing a plan.

    Parameters
    ----------
    plan, ask
        The plan, and what is asked.
    units
        Community to unit; None: they are drawn first.

    Returns
    -------
    callable
        For `geo.views.jobs.Shelf.start`, which shares the answer.
    """

    def content(progress: Progress) -> Review:
        unit_of, rest = _find_units(plan, units, progress)
        settings = replace(
            plan.settings,
            checks=ask.checks,
            reserve=ask.reserve,
            schedule=ask.schedule,
        )
        return review_plan(
            plan,
            evidence=ask.evidence,
            unit_of=unit_of,
            settings=settings,
            pinned=ask.pinned,
            barred=ask.barred,
            progress=rest,
        )

    return content


def _find_units(
    plan: Plan, units: Mapping[str, str] | None, progress: Progress
) -> tuple[pd.Series, Progress]:
    """Return the units, and how to tell the rest of the work."""
    if units is not None:
        return pd.Series(dict(units), dtype="str").sort_index(), progress

    def first(stage: str, share: float) -> None:
        progress(stage, _UNITS_SHARE * share)

    def rest(stage: str, share: float) -> None:
        progress(stage, _UNITS_SHARE + (1 - _UNITS_SHARE) * share)

    wishes = Decisions(settings=plan.settings.units)
    drawn = unit_work.work_on(plan, wishes, unit_work.Live())(first)
    return drawn.unit_of, rest
