"""The whole chain in one readable function."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from geo.decisions import Decisions
from geo.district import District
from geo.errors import InputError
from geo.findings import concat_findings
from geo.lifecircle import LifeCircle, measure_life_circle
from geo.network import WalkNetwork, build_network
from geo.openings import Openings, find_openings
from geo.progress import Progress, no_progress
from geo.rule_fields import settle_fields
from geo.rules import RuleBook
from geo.schema import Severity
from geo.settings import Settings
from geo.siting import Sites, SiteWishes, site_facilities
from geo.units import Units, draw_units
from geo.what_if_steps import apply_steps, project_steps

Step = Literal["gaps", "units", "sites"]

#: Steps of the chain that this version has, in order.
STEPS: tuple[Step, ...] = ("gaps", "units", "sites")


@dataclass(frozen=True, eq=False)
class Plan:
    """What the chain came to, up to the last step that was asked for.

    Attributes
    ----------
    district
        The checked layers it stands on.
    rules, settings
        The requirements and choices it was made with.
    network
        The walk network.
    life_circle
        Verdicts of every community and category.
    findings
        Raw findings of all steps, reading included.
    seconds
        Wall-clock seconds per step.
    until
        The last step that was taken.
    units
        Joint renovation units; None if they were not asked for.
    sites, openings
        What to build where, and new gates that do what a building would; None if
        they were not asked for.
    """

    district: District
    rules: RuleBook
    settings: Settings
    network: WalkNetwork
    life_circle: LifeCircle
    findings: pd.DataFrame
    seconds: Mapping[str, float]
    until: str
    units: Units | None = None
    sites: Sites | None = None
    openings: Openings | None = None

    @property
    def gaps(self) -> pd.DataFrame:
        """Return the verdicts, see :attr:`geo.lifecircle.LifeCircle.gaps`."""
        return self.life_circle.gaps

    @property
    def has_errors(self) -> bool:
        """Return whether any finding is an error."""
        return bool((self.findings["severity"] == Severity.ERROR).any())


def plan_district(
    district: District,
    rules: RuleBook,
    settings: Settings,
    *,
    until: Step = "sites",
    decisions: Decisions | None = None,
    progress: Progress = no_progress,
) -> Plan:
    """Run the chain on one district.

    Parameters
    ----------
    district
        Checked layers in a metric working CRS.
    rules
        Requirements of the profile.
    settings
        Choices of the run.
    until
        The last step to take: ``"gaps"``, ``"units"`` or ``"sites"`` (facilities
        and new gates).
    decisions
        What the planner decided: steps that are taken in any case are done to the
        district first.
    progress
        Told the stage and its share.

    Returns
    -------
    Plan
        The results of all steps.

    Raises
    ------
    InputError
        If the district cannot carry the analysis, or `until` is no step.
    """
    if until not in STEPS:
        raise InputError("step_not_there", step=until)
    seconds: dict[str, float] = {}
    wishes = decisions or Decisions()
    steps = project_steps(wishes.steps, district.crs)
    district, refused = apply_steps(district, steps, rules.requirements)
    with _timed(seconds, "network"):
        network = build_network(district, rules, settings, progress)
    with _timed(seconds, "life_circle"):
        circle = measure_life_circle(district, network, rules, settings, progress)
    found = concat_findings(
        settle_fields(rules.findings, _list_columns(district)),
        district.findings,
        refused,
        network.findings,
        circle.findings,
    )
    plan = Plan(district, rules, settings, network, circle, found, seconds, until)
    if until == "gaps":
        return plan
    with _timed(seconds, "units"):
        units = draw_units(circle, decisions, progress=progress)
    found = concat_findings(found, units.findings)
    plan = replace(plan, findings=found, units=units)
    return plan if until == "units" else _site(plan, wishes, progress)


def _list_columns(district: District) -> set[str]:
    tables = (district.communities, *district.evidence.tables.values())
    return {str(column) for table in tables for column in table.columns}


def _site(plan: Plan, wishes: Decisions, progress: Progress) -> Plan:
    """Say what to build where, and where a gate does as much."""
    seconds = dict(plan.seconds)
    with _timed(seconds, "sites"):
        sites = site_facilities(
            plan.life_circle,
            SiteWishes(wishes.sites_required, wishes.sites_forbidden),
            settings=wishes.site_settings,
            unit_of=None if plan.units is None else plan.units.unit_of,
            progress=progress,
        )
    with _timed(seconds, "openings"):
        openings = find_openings(plan.life_circle, progress=progress)
    found = concat_findings(plan.findings, sites.findings, openings.findings)
    return replace(
        plan, findings=found, seconds=seconds, sites=sites, openings=openings
    )


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[step] = round(time.perf_counter() - start, 3)
