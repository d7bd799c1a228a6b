"""Every number that is this tool's own choice, with its default.

None of these stands in a policy document or a standard (certainty
``tool_default``); the thresholds that do are in ``data/rules``. Settings are
shown beside the results they change and written into ``summary.json``.
"""

from dataclasses import dataclass, fields
from typing import Any

from geo.errors import RuleError


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

    def __post_init__(self) -> None:
        """Refuse values with which no result would make sense."""
        for field in fields(self):
            value = getattr(self, field.name)
            positive = field.name.endswith(("_m", "_min", "_share"))
            if positive and not (isinstance(value, int | float) and value > 0):
                raise RuleError("setting_not_positive", name=field.name, value=value)
        if self.coverage_share_min > 1 or self.borderline_share >= 1:
            raise RuleError("setting_share", name="coverage_share_min/borderline_share")


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
    known = {field.name: field for field in fields(Settings)}
    for name, value in values.items():
        if name not in known:
            raise RuleError("setting_unknown", name=name, known="、".join(known))
        default = known[name].default
        number = isinstance(default, float) and isinstance(value, int | float)
        if isinstance(value, bool) != isinstance(default, bool) or not (
            number or isinstance(value, type(default))
        ):
            raise RuleError("setting_kind", name=name, value=value, default=default)
    return Settings(**values)
