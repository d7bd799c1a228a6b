"""Every number that is this tool's own choice, with its default.

None of these stands in a policy document or a standard (certainty
``tool_default``); the thresholds that do are in ``data/rules``. Settings are
shown beside the results they change and written into ``summary.json``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from geo.errors import RuleError
from geo.policy_settings import CheckSettings, ReserveSettings, ScheduleSettings

#: What the members of a unit must have in common besides being neighbours.
WITHIN = ("", "jurisdiction", "neighbourhood")

#: Who may go through a gate.
OPEN_TO = ("residents", "all")

_SITE_WORDS = {
    "budget_kind": ("", "sites", "area", "cny"),
    "scope": ("district", "unit"),
}
_WORDS = {"conditions_reading": ("all", "any"), "fiscal_allows": ("", "yes", "no")}


@dataclass(frozen=True, slots=True)
class UnitSettings:
    """How joint renovation units are drawn (METHODS §2).

    Bounds hold for units of two communities and more; a community alone is always
    allowed. A bound of 0 is no bound. The weights turn each term of the score into
    equivalent households.
    """

    communities_least: int = 1
    communities_most: int = 5
    households_least: int = 0
    households_most: int = 0
    area_least_m2: float = 0.0
    area_most_m2: float = 0.0
    #: ``""``, ``"jurisdiction"`` (street office) or ``"neighbourhood"`` (社区).
    within: str = ""
    #: Draw only communities that the profile does not rule out.
    only_eligible: bool = False
    #: Outlines this near each other touch (half of it is added to each).
    gap_m: float = 20.0
    #: Gates this near each other on foot make neighbours, too.
    walk_m: float = 150.0
    #: A resource belongs to the communities that it lies in or this near to.
    resource_near_m: float = 50.0
    #: Size that a unit should come to.
    target_households: float = 1500.0
    #: Utilities due within so many years of each other are joint works.
    works_years: int = 1
    #: Built so many years apart, two communities are wholly unlike.
    unlike_years: float = 20.0
    #: Households this far from the unit's middle count in full as spread.
    spread_m: float = 500.0
    weight_closable: float = 1.0
    weight_works: float = 0.05
    weight_size: float = 0.1
    weight_unlike: float = 0.2
    weight_spread: float = 0.2
    #: Candidate units of one piece beyond which they are not all listed.
    columns_most: int = 400_000
    #: Nodes of the branch and bound tree per piece.
    nodes_most: int = 200

    def __post_init__(self) -> None:
        """Refuse values with which no unit would make sense."""
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, int | float) and not 0 <= value < float("inf"):
                raise RuleError("setting_negative", name=f"units.{one.name}")
        for name in ("target_households", "unlike_years", "spread_m"):
            if getattr(self, name) == 0:
                raise RuleError("setting_not_positive", name=f"units.{name}", value=0)
        if self.within not in WITHIN:
            known = "、".join(f'"{word}"' for word in WITHIN)
            raise RuleError("setting_word", name="units.within", known=known)
        for what in ("communities", "households", "area"):
            unit = "_m2" if what == "area" else ""
            least = getattr(self, f"{what}_least{unit}")
            most = getattr(self, f"{what}_most{unit}")
            if most and least > most:
                raise RuleError("setting_bounds", name=f"units.{what}_least{unit}")


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """How facilities are sited on idle resources (METHODS §3)."""

    #: Categories to site, in the order in which they are told.
    categories: tuple[str, ...] = (
        "elderly_daycare",
        "childcare",
        "parking",
        "canteen",
        "health_station",
        "fitness_ground",
    )
    #: Weight of each of them, in the same order; empty: all alike.
    weights: tuple[float, ...] = ()
    #: What the budget counts: ``"sites"`` (resources used), ``"area"`` (m2 used),
    #: ``"cny"``, or ``""``: there is none.
    budget_kind: str = "sites"
    budget: float = 10.0
    #: ``"district"``, or ``"unit"``: each unit by itself, with its own resources and
    #: a budget of its own.
    scope: str = "district"
    #: Use resources, too, of which it is not known whether they may be used.
    unsure_resources: bool = False
    #: Where nobody can tell whether a community is served, take it as not served.
    unsure_needs: bool = False
    #: A category that no record names anywhere counts as missing everywhere.
    absent_needs: bool = True
    #: Floor area of a new building per area of its plot (with `unsure_resources`).
    plot_ratio: float = 1.0
    #: Floor area of one household, where households are estimated from it.
    m2_per_household: float = 90.0
    #: Storeys of a building of which nobody says how many it has.
    storeys_assumed: float = 3.0
    #: Seconds for which each stage of the solver may search; a plan that was cut
    #: short says so.
    seconds_most: float = 20.0
    #: Nodes of the branch and bound tree per stage.
    nodes_most: int = 20_000
    #: Flows beyond which the solver is not asked for the optimum, only for a bound.
    flows_most: int = 60_000

    def __post_init__(self) -> None:
        """Refuse values with which no plan would make sense."""
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, int | float) and not 0 <= value < float("inf"):
                raise RuleError("setting_negative", name=f"sites.{one.name}")
        for name in ("plot_ratio", "m2_per_household", "storeys_assumed"):
            if getattr(self, name) == 0:
                raise RuleError("setting_not_positive", name=f"sites.{name}", value=0)
        for name, known in _SITE_WORDS.items():
            if getattr(self, name) not in known:
                listed = "、".join(f'"{word}"' for word in known)
                raise RuleError("setting_word", name=f"sites.{name}", known=listed)
        if len(set(self.categories)) < len(self.categories):
            raise RuleError("setting_twice", name="sites.categories")
        if self.weights and len(self.weights) != len(self.categories):
            raise RuleError("setting_weights", name="sites.weights")
        if not all(0 < weight < float("inf") for weight in self.weights):
            raise RuleError("setting_not_positive", name="sites.weights", value=0)


@dataclass(frozen=True, slots=True)
class OpeningSettings:
    """How new gates are looked for along walls (METHODS §4)."""

    #: Distance between two places of a wall that are tried.
    step_m: float = 20.0
    #: Farthest that a street may lie from the wall; for paths inside, as for any
    #: place, it is `attach_max_m`.
    reach_m: float = 30.0
    #: A new gate this near to one that there is changes nothing.
    apart_m: float = 30.0
    #: Who may go through: ``"residents"`` or ``"all"``.
    open_to: str = "residents"
    #: Openings that are told at most.
    told_most: int = 200

    def __post_init__(self) -> None:
        """Refuse values with which nothing could be found."""
        for name in ("step_m", "reach_m"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                told = f"openings.{name}"
                raise RuleError("setting_not_positive", name=told, value=value)
        for name in ("apart_m", "told_most"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise RuleError("setting_negative", name=f"openings.{name}")
        if self.open_to not in OPEN_TO:
            listed = "、".join(f'"{word}"' for word in OPEN_TO)
            raise RuleError("setting_word", name="openings.open_to", known=listed)


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices of one run; distances in metres, paces in metres per minute."""

    profile: str = "national"
    lang: str = "zh"
    #: Farthest that a point may lie from a walkable edge and still attach to it.
    attach_max_m: float = 100.0
    #: How far a boundary drawn along a street may lie from it; depth from which
    #: edges inside a walled community are its own; reach of a gate along the wall.
    boundary_tolerance_m: float = 15.0
    #: An edge that ends this near the extent's boundary leaves it.
    extent_tolerance_m: float = 25.0
    #: Share of households within the threshold from which a community counts as served.
    coverage_share_min: float = 0.8
    #: A verdict that changes within this share of the threshold is borderline.
    borderline_share: float = 0.1
    #: Reach for size and capacity where a category has no distance rule.
    default_reach_m: float = 500.0
    #: Walking pace of adults (4 km/h): 1,000 m in 15 minutes.
    adult_pace_m_per_min: float = 67.0
    #: Walking pace of elders.
    elder_pace_m_per_min: float = 50.0
    #: Search distance beyond which `distance_m` is not measured.
    cutoff_m: float = 1250.0
    #: Join lines where they merely cross (only for data drawn without nodes).
    planarise: bool = False
    #: ``"all"`` or ``"any"`` of the conditions that a document strings together.
    conditions_reading: str = "all"
    #: Whether local finances allow renovation: ``"yes"``, ``"no"``, ``""`` (not said).
    fiscal_allows: str = ""
    units: UnitSettings = field(default_factory=UnitSettings)
    sites: SiteSettings = field(default_factory=SiteSettings)
    openings: OpeningSettings = field(default_factory=OpeningSettings)
    checks: CheckSettings = field(default_factory=CheckSettings)
    reserve: ReserveSettings = field(default_factory=ReserveSettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)

    def __post_init__(self) -> None:
        """Refuse values with which no result would make sense."""
        for one in fields(self):
            value = getattr(self, one.name)
            positive = one.name.endswith(("_m", "_min", "_share"))
            if positive and not (isinstance(value, int | float) and value > 0):
                raise RuleError("setting_not_positive", name=one.name, value=value)
        for name, known in _WORDS.items():
            if getattr(self, name) not in known:
                listed = "、".join(f'"{word}"' for word in known)
                raise RuleError("setting_word", name=name, known=listed)
        if self.coverage_share_min > 1 or self.borderline_share >= 1:
            raise RuleError("setting_share", name="coverage_share_min/borderline_share")


_Section = (
    Settings
    | UnitSettings
    | SiteSettings
    | OpeningSettings
    | CheckSettings
    | ReserveSettings
    | ScheduleSettings
)
_SECTIONS = (
    UnitSettings,
    SiteSettings,
    OpeningSettings,
    CheckSettings,
    ReserveSettings,
    ScheduleSettings,
)
Kind = TypeVar("Kind", bound=_Section)


def make_settings(values: dict[str, Any]) -> Settings:
    """Make settings from a table of names and values.

    Parameters
    ----------
    values
        Names of `Settings` and their values; what is not named keeps its default.

    Returns
    -------
    Settings
        The settings.

    Raises
    ------
    RuleError
        If a name is not a setting, or a value is of the wrong kind.
    """
    return Settings(**_check_names(Settings, values))


def make_unit_settings(values: Mapping[str, Any]) -> UnitSettings:
    """Make unit settings from a table of names and values.

    Parameters
    ----------
    values
        Names of `UnitSettings` and their values; the others keep their defaults.

    Returns
    -------
    UnitSettings
        The settings.

    Raises
    ------
    RuleError
        As `make_settings`.
    """
    return UnitSettings(**_check_names(UnitSettings, values, "units."))


def make_site_settings(values: Mapping[str, Any]) -> SiteSettings:
    """Make site settings from a table of names and values.

    Parameters
    ----------
    values
        Names of `SiteSettings` and their values; the others keep their defaults.

    Returns
    -------
    SiteSettings
        The settings.

    Raises
    ------
    RuleError
        As `make_settings`.
    """
    return SiteSettings(**_check_names(SiteSettings, values, "sites."))


def count_changed(settings: Kind, defaults: Kind) -> int:
    """Return how many settings of a section are not as by default.

    Parameters
    ----------
    settings, defaults
        Two settings of the same section.

    Returns
    -------
    int
        Their number.

    Examples
    --------
    >>> count_changed(UnitSettings(gap_m=10.0), UnitSettings())
    1
    """
    return sum(
        getattr(settings, one.name) != getattr(defaults, one.name)
        for one in fields(defaults)
    )


def _check_names(
    kind: type[_Section], values: Mapping[str, Any], section: str = ""
) -> dict[str, Any]:
    defaults = kind()
    known = {one.name: getattr(defaults, one.name) for one in fields(kind)}
    checked = dict(values)
    for name, value in values.items():
        if name not in known:
            listed = "、".join(known)
            raise RuleError("setting_unknown", name=f"{section}{name}", known=listed)
        default = known[name]
        if isinstance(default, _SECTIONS) and isinstance(value, Mapping):
            part = type(default)
            checked[name] = part(**_check_names(part, value, f"{name}."))
            continue
        if isinstance(default, tuple) and isinstance(value, list):
            checked[name] = _check_list(f"{section}{name}", value)
            continue
        number = isinstance(default, float) and isinstance(value, int | float)
        if isinstance(value, bool) != isinstance(default, bool) or not (
            number or isinstance(value, type(default))
        ):
            raise RuleError(
                "setting_kind", name=f"{section}{name}", value=value, default=default
            )
    return checked


def _check_list(name: str, value: list[Any]) -> tuple[Any, ...]:
    """Return the list of a settings file: all words or all numbers."""
    words = all(isinstance(one, str) for one in value)
    numbers = all(isinstance(one, int | float) for one in value)
    if any(isinstance(one, bool) for one in value) or not (words or numbers):
        raise RuleError("setting_kind", name=name, value=value, default=[])
    return tuple(value)
