"""Choices of the policy step that no document makes (certainty ``tool_default``)."""

from dataclasses import dataclass, fields
from datetime import date

from geo.errors import RuleError

#: What 同意率 may be a share of, and whether anybody chose.
CONSENT_BASES = ("", "participated", "total")

#: How units and years are chosen.
SCHEDULE_MODES = ("strict", "optimise")


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """How clauses are judged, where the documents leave it to those who apply them."""

    #: Year of the plan that is to be submitted; 0: that of the table ``county``, else
    #: the earliest of the ledger.
    plan_year: int = 0
    #: Day on which it is judged (``2026-11-22``); empty: today.
    as_of: str = ""
    #: Base of 同意率: ``"participated"``, ``"total"``; empty: nobody chose.
    consent_base: str = ""
    #: A renewal plan of a utility this near to a community is one for it.
    utility_near_m: float = 20.0
    #: Years by which that plan and the community's may differ.
    utility_years: int = 1
    #: Works this near to a gas pipe need a protection plan.
    gas_near_m: float = 5.0
    #: Excavations this near to each other are in the same place.
    dig_near_m: float = 2.0
    #: The same place dug up again within so many years is dug up twice.
    dig_years: int = 5
    #: Works this near to something protected touch it.
    protected_near_m: float = 5.0
    #: Idle resources are to be surveyed in and this far around a community.
    idle_near_m: float = 50.0
    #: Share of the cost that must be secured before the start; 0: left open.
    secured_share_least: float = 0.0

    def __post_init__(self) -> None:
        """Refuse values with which nothing could be judged."""
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, int | float) and not 0 <= value < float("inf"):
                raise RuleError("setting_negative", name=f"checks.{one.name}")
        if self.consent_base not in CONSENT_BASES:
            known = "、".join(f'"{word}"' for word in CONSENT_BASES)
            raise RuleError("setting_word", name="checks.consent_base", known=known)
        if self.as_of and not _is_day(self.as_of):
            raise RuleError("setting_day", name="checks.as_of", value=self.as_of)


@dataclass(frozen=True, slots=True)
class ReserveSettings:
    """How the reserve library is scored (METHODS §5; the documents give no weights)."""

    weight_facilities: float = 40.0
    weight_scheme: float = 30.0
    weight_willingness: float = 30.0
    #: A shortfall or hazard that must be mended (应改尽改) counts so many times.
    must_factor: float = 2.0
    #: Share of the facility part that hazards make up.
    hazard_share: float = 0.5
    #: What each of contribution, maintenance fund, owners committee and party
    #: organisation adds to willingness (of 1, capped).
    bonus: float = 0.05

    def __post_init__(self) -> None:
        """Refuse weights that order nothing."""
        for one in fields(self):
            if not 0 <= getattr(self, one.name) < float("inf"):
                raise RuleError("setting_negative", name=f"reserve.{one.name}")
        weights = (self.weight_facilities, self.weight_scheme, self.weight_willingness)
        if sum(weights) <= 0:
            raise RuleError(
                "setting_not_positive", name="reserve.weight_*", value=sum(weights)
            )


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """How units and years are chosen (METHODS §5)."""

    #: First year of the plan; 0: the year of the plan that is to be submitted.
    first_year: int = 0
    years: int = 3
    #: ``"strict"`` (the order of the ranking decides) or ``"optimise"``.
    mode: str = "strict"
    #: Projects that can be organised per year; 0: as the table ``budgets`` says.
    projects_most: int = 0
    #: Years by which a unit may be renovated after its utilities (never before:
    #: underground first).
    utility_years: int = 1
    #: Whether a unit's utilities bind it to their years.
    utilities_bind: bool = True
    #: Take communities, too, whose hard gates are unknown.
    unsure_gates: bool = False
    #: A unit is a project only if all its members are ready.
    whole_only: bool = False
    #: Seconds that the optimising mode may take.
    seconds_most: float = 10.0

    def __post_init__(self) -> None:
        """Refuse values with which nothing could be planned."""
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, int | float) and not 0 <= value < float("inf"):
                raise RuleError("setting_negative", name=f"schedule.{one.name}")
        if self.years < 1:
            raise RuleError(
                "setting_not_positive", name="schedule.years", value=self.years
            )
        if self.mode not in SCHEDULE_MODES:
            known = "、".join(f'"{word}"' for word in SCHEDULE_MODES)
            raise RuleError("setting_word", name="schedule.mode", known=known)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
