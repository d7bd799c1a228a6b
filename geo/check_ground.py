"""The ground on which clauses are judged: facts, tables, units, the county's plan."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pandas as pd

from geo.clause_cells import latest_row, read_numbers
from geo.clause_consent import BASES
from geo.eligibility import judge_eligibility
from geo.evidence import Evidence
from geo.facts import gather_facts
from geo.plan import Plan
from geo.policy_settings import CheckSettings
from geo.profiles import Profile
from geo.rulings import Ground


def make_ground(
    plan: Plan,
    *,
    evidence: Evidence | None = None,
    unit_of: pd.Series | None = None,
    settings: CheckSettings | None = None,
) -> Ground:
    """Gather everything that clauses are judged by.

    Parameters
    ----------
    plan, evidence, unit_of, settings
        As for `check_clauses`.

    Returns
    -------
    Ground
        Facts, tables, eligibility with units, the county and its plan.
    """
    chosen = settings or plan.settings.checks
    told = plan.district.evidence if evidence is None else evidence
    units = plan.units.unit_of if unit_of is None and plan.units else unit_of
    profile = choose_base(plan.rules.profile, chosen)
    facts = gather_facts(plan.district.communities, told)
    eligibility = judge_eligibility(
        facts,
        replace(plan.rules, profile=profile),
        unit_of=units,
        reading=plan.settings.conditions_reading,
        fiscal_allows={"yes": True, "no": False}.get(plan.settings.fiscal_allows),
    )
    year = _find_year(chosen, told.tables["county"], facts)
    return Ground(
        plan=plan,
        profile=profile,
        facts=facts,
        tables=told.tables,
        eligibility=eligibility,
        unit_of=units,
        county=_name_county(plan, told.tables["county"], facts),
        plan_year=year,
        planned=_list_planned(facts, year),
        settings=chosen,
        as_of=_find_day(chosen),
    )


def choose_base(profile: Profile, settings: CheckSettings) -> Profile:
    """Lay down the base of 同意率 that was chosen, where the profile leaves it open.

    Parameters
    ----------
    profile
        The profile.
    settings
        Choices that no document makes.

    Returns
    -------
    Profile
        The profile, with that value.
    """
    key = "consent.agree_base"
    if not settings.consent_base or profile.value(key) in BASES:
        return profile
    clause = profile.clauses.get(key) or profile.clauses.get("consent.agree_min")
    if clause is None:
        return profile
    own = replace(clause, key=key, value=settings.consent_base)
    return replace(profile, clauses={**profile.clauses, key: own})


def _find_year(
    settings: CheckSettings, county: pd.DataFrame, facts: pd.DataFrame
) -> int | None:
    """Return the year of the plan: as set, else of the county, else the earliest."""
    if settings.plan_year:
        return settings.plan_year
    latest = latest_row(county)
    if latest:
        return int(float(str(latest["year"])))
    years = [one for one in read_numbers(facts, "plan_year") if one > 0]
    return int(min(years)) if years else None


def _list_planned(facts: pd.DataFrame, year: int | None) -> tuple[str, ...]:
    years = read_numbers(facts, "plan_year")
    pairs = zip(facts.index, years, strict=True)
    return tuple(sorted(str(name) for name, own in pairs if own == year))


def _name_county(plan: Plan, county: pd.DataFrame, facts: pd.DataFrame) -> str:
    named = str(latest_row(county, "name").get("name", "")).strip()
    if named:
        return named
    if "county" in facts:
        names = {str(one) for one in facts["county"].dropna()}
        if len(names) == 1:
            return names.pop()
    return plan.district.name


def _find_day(settings: CheckSettings) -> date:
    if settings.as_of:
        return date.fromisoformat(settings.as_of)
    return datetime.now(tz=UTC).astimezone().date()
