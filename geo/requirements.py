"""What is asked of each category: one rule for each of the three tests.

Which rules those are stands in ``data/rules/required.csv``; a profile or a
district may switch categories off and other rules of the standards on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pandas as pd

from geo.errors import RuleError
from geo.settings import Settings
from geo.standards import TESTS, Rule

TIERS = (5, 10, 15)
#: Column of the capacity that a rule gives -> its kind and unit.
CAPACITY_KINDS = {
    "places_per_1000_persons": ("per_1000_persons", "places"),
    "spaces_per_household": ("per_household", "spaces"),
    "floor_area_m2_per_100_households": ("per_100_households", "m2"),
}
#: The columns of which a rule must give at least one to serve as such a test.
_LEAST = {
    "distance": ("max_distance_m",),
    "size": ("min_floor_area_m2", "min_land_area_m2"),
    "capacity": tuple(CAPACITY_KINDS),
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """What is asked of one category of facilities.

    Attributes
    ----------
    category, name_zh, name_en, renovation_class
        Key, names and 基础类, 完善类 or 提升类 (may be empty).
    tier_min
        Life circle it belongs to: 5, 10 or 15 minutes.
    required
        False where the profile or the district switches it off.
    distance, size, capacity
        The rule of each test, None where it is not required.
    note
        Why these rules.
    """

    category: str
    name_zh: str
    name_en: str
    renovation_class: str
    tier_min: int
    required: bool
    distance: Rule | None
    size: Rule | None
    capacity: Rule | None
    note: str = ""

    @property
    def threshold_m(self) -> float | None:
        """Farthest that the nearest facility may be, in metres of walking."""
        return self.distance.value("max_distance_m") if self.distance else None

    @property
    def min_floor_area_m2(self) -> float | None:
        """Least floor area that counts as large enough."""
        return self.size.value("min_floor_area_m2") if self.size else None

    @property
    def min_land_area_m2(self) -> float | None:
        """Least land area that counts as large enough."""
        return self.size.value("min_land_area_m2") if self.size else None

    @property
    def capacity_column(self) -> str | None:
        """Column that gives the capacity, a key of `CAPACITY_KINDS`."""
        given = dict(self.capacity.numbers) if self.capacity else {}
        return next((column for column in CAPACITY_KINDS if column in given), None)

    @property
    def capacity_kind(self) -> str | None:
        """``per_1000_persons``, ``per_household`` or ``per_100_households``."""
        column = self.capacity_column
        return CAPACITY_KINDS[column][0] if column else None

    @property
    def capacity_unit(self) -> str | None:
        """``places``, ``spaces`` or ``m2``."""
        column = self.capacity_column
        return CAPACITY_KINDS[column][1] if column else None

    @property
    def capacity_value(self) -> float | None:
        """Least capacity, in `capacity_unit` and `capacity_kind`."""
        column = self.capacity_column
        return self.capacity.value(column) if self.capacity and column else None

    def reach_m(self, settings: Settings) -> float:
        """Return the distance that counts as in reach.

        Parameters
        ----------
        settings
            Its `default_reach_m` stands in where there is no distance rule.

        Returns
        -------
        float
            Metres of walking.
        """
        threshold = self.threshold_m
        return settings.default_reach_m if threshold is None else threshold

    def rule(self, test: str) -> Rule | None:
        """Return the rule of a test.

        Parameters
        ----------
        test
            One of `TESTS`.

        Returns
        -------
        Rule or None
            None where the test is not required.
        """
        return {"distance": self.distance, "size": self.size}.get(test, self.capacity)


def _compose(
    required: pd.DataFrame, uses: Iterable[tuple[str, Mapping[str, Any]]]
) -> dict[str, dict[str, Any]]:
    """Say for every category which rules it has, the later word winning."""
    asked: dict[str, dict[str, Any]] = {}
    for row in required.to_dict("records"):
        rules = {test: row[f"{test}_rule"] for test in TESTS}
        more = {"tier_min": row["tier_min"], "note": row["note"], "required": True}
        place = {"table": "required.csv", "row": row["line"]}
        asked[row["category"]] = rules | more | {"place": place}
    for file, facilities in uses:
        for category, own in facilities.get("use", {}).items():
            nothing = dict.fromkeys(TESTS, "") | {"note": "", "required": True}
            before = asked.get(category, nothing)
            asked[category] = before | _check_use(category, own, file)
        for category in facilities.get("off", []):
            if category not in asked:
                place = {"table": file, "row": "facilities.off", "column": "off"}
                near = get_close_matches(str(category), asked, n=1, cutoff=0.0)[0]
                raise RuleError(
                    "rule_category_unknown", **place, value=category, near=near
                )
            asked[category]["required"] = False
    return asked


def _check_use(category: str, own: object, file: str) -> dict[str, Any]:
    """Return which rules a file puts in place of those of `required.csv`."""
    known = (*TESTS, "tier_min")
    name = f"facilities.use.{category}"
    if not isinstance(own, Mapping):
        raise RuleError("profile_facilities", file=file, name=name)
    for key in own:
        if key not in known:
            near = get_close_matches(str(key), known, n=1, cutoff=0.0)[0]
            table = f"{file} [{name}]"
            raise RuleError("rule_column_unknown", table=table, column=key, near=near)
    return dict(own) | {"place": {"table": file, "row": name}}


def make_requirements(
    required: pd.DataFrame,
    uses: Iterable[tuple[str, Mapping[str, Any]]],
    rules: Mapping[tuple[str, str], Rule],
    categories: pd.DataFrame,
) -> dict[str, Requirement]:
    """Put the requirements together.

    Parameters
    ----------
    required
        The table of that name, with the column ``line``.
    uses
        File and its ``facilities`` (``off``, ``use``), the later one winning.
    rules
        Result of `geo.standards.make_rules`.
    categories
        The table of that name, indexed by category.

    Returns
    -------
    dict
        Category to requirement, in the order of `required`, further ones after.

    Raises
    ------
    RuleError
        If a category or rule is unknown, a rule gives no number for the test or is
        written for another category, or the tier is not 5, 10 or 15.
    """
    asked = _compose(required, uses)
    made = {}
    for category, words in asked.items():
        place = words["place"]
        if category not in categories.index[categories["kind"] == "facility"]:
            near = get_close_matches(category, categories.index, n=1, cutoff=0.0)[0]
            raise RuleError(
                "rule_category_unknown",
                **place,
                column="category",
                value=category,
                near=near,
            )
        if words.get("tier_min") not in TIERS:
            value = words.get("tier_min", "")
            raise RuleError("rule_tier", **place, column="tier_min", value=value)
        names = categories.loc[category]
        found = {
            test: _find_rule(category, test, str(words[test]), place, rules, categories)
            for test in TESTS
        }
        made[category] = Requirement(
            category=category,
            name_zh=str(names["name_zh"]),
            name_en=str(names["name_en"]),
            renovation_class=str(names["renovation_class"]),
            tier_min=int(words["tier_min"]),
            required=words["required"],
            **found,
            note=words["note"],
        )
    return made


def _find_rule(
    category: str,
    test: str,
    rule_id: str,
    place: Mapping[str, Any],
    rules: Mapping[tuple[str, str], Rule],
    categories: pd.DataFrame,
) -> Rule | None:
    """Return the rule that a requirement names, or refuse the name."""
    if not rule_id:
        return None
    where = dict(place) | {"column": test, "rule": rule_id}
    rule = rules.get((rule_id, test))
    if rule is None:
        raise RuleError("rule_missing", **where)
    if not any(rule.value(column) for column in _LEAST[test]):
        raise RuleError("rule_gives_nothing", **where, columns="、".join(_LEAST[test]))
    if category not in (rule.category, categories.loc[rule.category, "rules_for"]):
        raise RuleError(
            "rule_other_category", **where, category=category, other=rule.category
        )
    return rule
