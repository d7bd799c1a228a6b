"""The policy step as a whole: clauses, reserve library, years, 20 indicators."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from geo.compliance import HARD_GATE, Checks, check_clauses
from geo.evidence import Evidence
from geo.evidence_checks import renew_findings
from geo.findings import concat_findings
from geo.indicators import Indicators, measure_indicators
from geo.plan import Plan
from geo.progress import Progress, no_progress
from geo.reserve import Ranking, rank_reserve
from geo.schedule import Schedule, plan_schedule
from geo.schedule_solve import ScheduleState
from geo.schema import State
from geo.settings import Settings

#: The last step of a review: clauses only, or all.
Until = Literal["checks", "indicators"]


@dataclass(frozen=True, eq=False)
class Review:
    """What stands between a district and the submission of its plan.

    Attributes
    ----------
    plan
        Gaps, units and sites that it stands on.
    evidence
        The tables that it goes by; its findings are those of the tables as edited.
    checks
        What every clause came to.
    findings
        Raw findings of this step.
    ranking, schedule, indicators
        Reserve library, units and years, the 20 indicators; None: not asked for.
    """

    plan: Plan
    evidence: Evidence
    checks: Checks
    findings: pd.DataFrame
    ranking: Ranking | None = None
    schedule: Schedule | None = None
    indicators: Indicators | None = None

    @property
    def has_unmet(self) -> bool:
        """Return whether a hard gate of any subject is short, overruled or not."""
        table = self.checks.table
        gates = table["severity"] == HARD_GATE
        return bool((gates & (table["state"] == State.SHORT)).any())


def review_plan(
    plan: Plan,
    *,
    evidence: Evidence | None = None,
    unit_of: pd.Series | None = None,
    settings: Settings | None = None,
    pinned: Mapping[str, int] | Collection[tuple[str, int]] = (),
    barred: Collection[str] = (),
    until: Until = "indicators",
    progress: Progress = no_progress,
) -> Review:
    """Judge the clauses, order the reserve library, plan the years, evaluate.

    Parameters
    ----------
    plan
        Results of the chain, at least up to the life circles.
    evidence
        Tables of the policy step; None: those of the district.
    unit_of
        Community to unit; None: the units of `plan`. Without any unit each community
        is planned by itself.
    settings
        Choices of clauses, score and schedule; None: those of `plan`.
    pinned
        Community and the year in which its unit is renovated in any case.
    barred
        Communities whose units are not to be planned.
    until
        ``"checks"``: nothing but the clauses.
    progress
        Told the stage and its share.

    Returns
    -------
    Review
        The results.
    """
    chosen = settings or plan.settings
    known = _know(plan, evidence)
    progress("stage.checks", 0.0)
    checks = check_clauses(
        plan, evidence=known, unit_of=unit_of, settings=chosen.checks
    )
    if until == "checks":
        return Review(plan, known, checks, checks.findings)
    progress("stage.reserve", 0.0)
    ranking = rank_reserve(checks, settings=chosen.reserve)

    def watch(state: ScheduleState) -> bool:
        progress("stage.schedule", state.share)
        return True

    progress("stage.schedule", 0.0)
    schedule = plan_schedule(
        ranking,
        settings=chosen.schedule,
        pinned=dict(pinned),
        barred=barred,
        watch=watch,
    )
    progress("stage.indicators", 0.0)
    indicators = measure_indicators(checks, ranking)
    found = concat_findings(checks.findings, indicators.findings)
    return Review(plan, known, checks, found, ranking, schedule, indicators)


def _know(plan: Plan, evidence: Evidence | None) -> Evidence:
    """Return the evidence, checked anew if it is not as it was read."""
    district = plan.district
    if evidence is None or evidence is district.evidence:
        return district.evidence
    return renew_findings(district.communities, evidence, names=(district.name,))
