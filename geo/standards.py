"""Facility standards as rules, and what a district replaces in them.

A row of the standards gives numbers to up to three tests (distance, size,
capacity); each test has its own certainty, so each is a rule of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pandas as pd

from geo.errors import RuleError
from geo.schema import FIRM_CERTAINTY
from geo.tables import NUMBERS, TABLES
from geo.text import DEFAULT_LANGUAGE, tr

TESTS = ("distance", "size", "capacity")
DISTRICT_FILE = "district.toml"
_RANGES = (
    ("min_floor_area_m2", "max_floor_area_m2"),
    ("min_land_area_m2", "max_land_area_m2"),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """The numbers that one row of the standards gives to one test.

    Attributes
    ----------
    rule_id, category
        Its row and the category it is written for.
    test
        ``distance``, ``size`` or ``capacity``.
    standard, clause, source, note
        Where the numbers stand; `certainty` is theirs alone.
    origin
        ``built-in``, or ``district`` where the district replaced the table or a
        number of this test.
    numbers
        Column and number, for the columns that the row fills.
    """

    rule_id: str
    category: str
    test: str
    standard: str
    clause: str
    source: str
    certainty: str
    note: str
    origin: str
    numbers: tuple[tuple[str, float], ...]

    @property
    def firm(self) -> bool:
        """Whether the number needs no mark where it is shown."""
        return self.certainty in FIRM_CERTAINTY

    def value(self, column: str) -> float | None:
        """Return the number of a column.

        Parameters
        ----------
        column
            Column of the facility standards, such as ``max_distance_m``.

        Returns
        -------
        float or None
            The number, None where the rule gives none.
        """
        return dict(self.numbers).get(column)


def mark(rule: Rule | None, lang: str = DEFAULT_LANGUAGE) -> str:
    """Return the mark to show after a number of a rule.

    Parameters
    ----------
    rule
        The rule, or None.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        Empty where the number is firm (policy text or published) or there is none.
    """
    if rule is None or rule.firm:
        return ""
    return tr(f"rule_mark.{rule.certainty}", lang)


def check_changes(
    changes: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]
) -> dict[str, dict[str, str | float]]:
    """Convert the values that a district replaces.

    Parameters
    ----------
    changes
        Rule id to columns and their new values, from ``district.toml``.
    tables
        The tables ``facility_standards`` and ``policy_rules``.

    Returns
    -------
    dict
        The same, every value checked and converted.

    Raises
    ------
    RuleError
        If a rule or column is unknown, or a value not valid.
    """
    return {
        rule_id: _check_change(rule_id, values, tables)
        for rule_id, values in changes.items()
    }


def _check_change(
    rule_id: str, values: object, tables: Mapping[str, pd.DataFrame]
) -> dict[str, str | float]:
    place = f"{DISTRICT_FILE} [rules.{rule_id}]"
    owners = [
        name
        for name in ("facility_standards", "policy_rules")
        if (tables[name]["rule_id"] == rule_id).any()
    ]
    if not owners:
        raise RuleError("rule_missing", table=DISTRICT_FILE, row="rules", rule=rule_id)
    if not isinstance(values, Mapping):
        raise RuleError("rule_toml_table", file=DISTRICT_FILE, name=f"rules.{rule_id}")
    checked = {}
    for name, value in values.items():
        if name in ("rule_id", "category"):
            raise RuleError("rule_column_fixed", table=place, column=name)
        column = TABLES[owners[0]].column(name, place)
        checked[name] = column.convert(value, place, rule_id)
    return checked


def change_policy(
    policy: pd.DataFrame, changes: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """Put a district's values into the policy rules.

    Parameters
    ----------
    policy
        Policy rules with the column ``origin``.
    changes
        Result of `check_changes`.

    Returns
    -------
    pandas.DataFrame
        The policy rules; what a district does not source is ``unverified``.
    """
    rows = []
    for row in policy.to_dict("records"):
        own = changes.get(row["rule_id"])
        sourced = {
            "source": DISTRICT_FILE,
            "quote": "—",
            "certainty": "unverified",
            "origin": "district",
        }
        rows.append(row | sourced | dict(own) if own else row)
    return pd.DataFrame(rows, columns=policy.columns)


def make_rules(
    standards: pd.DataFrame, changes: Mapping[str, Mapping[str, Any]]
) -> dict[tuple[str, str], Rule]:
    """Make a rule for every row and every test that it gives numbers to.

    Parameters
    ----------
    standards
        Facility standards with the columns ``line`` and ``origin``.
    changes
        Result of `check_changes`.

    Returns
    -------
    dict
        ``(rule_id, test)`` to rule; one without numbers says nothing.

    Raises
    ------
    RuleError
        If a number has no certainty, or a least size is above the greatest.
    """
    rules = {}
    for cells in standards.to_dict("records"):
        row = {str(name): cell for name, cell in cells.items()}
        own = changes.get(row["rule_id"], {})
        for test in TESTS:
            rule = _make_rule(row, test, own)
            _check_rule(rule, row["line"])
            rules[rule.rule_id, test] = rule
    return rules


def _make_rule(row: Mapping[str, Any], test: str, own: Mapping[str, Any]) -> Rule:
    """Make a rule; a number that the district replaces needs a source of its own."""
    place = f"{DISTRICT_FILE} [rules.{row['rule_id']}]"
    replaced = any(name in own for name in NUMBERS[test])
    sourced = {
        "standard": own.get("source") or DISTRICT_FILE,
        "clause": f"[rules.{row['rule_id']}]",
        "source": place,
        f"certainty_{test}": "unverified",
        "note": "",
    }
    touched = replaced or _touches_texts(own, test)
    merged = dict(row) | (sourced if replaced else {}) | (dict(own) if touched else {})
    names = ("rule_id", "category", "standard", "clause", "source", "note")
    return Rule(
        **{name: str(merged[name]) for name in names},
        test=test,
        certainty=str(merged[f"certainty_{test}"]),
        origin="district" if touched else str(row["origin"]),
        numbers=tuple(
            (name, merged[name]) for name in NUMBERS[test] if merged[name] >= 0
        ),
    )


def _touches_texts(own: Mapping[str, Any], test: str) -> bool:
    """Tell whether texts alone, or the certainty of this test, are replaced."""
    special = set(chain(*NUMBERS.values())) | {f"certainty_{name}" for name in TESTS}
    return f"certainty_{test}" in own or bool(own and not special & set(own))


def _check_rule(rule: Rule, line: int) -> None:
    place = {"table": "facility_standards.csv", "row": line}
    if rule.numbers and not rule.certainty:
        column = f"certainty_{rule.test}"
        raise RuleError("rule_cell_empty", **place, column=column, value="")
    given = dict(rule.numbers)
    for least, most in _RANGES:
        if given.get(least, 0.0) > given.get(most, float("inf")):
            value = f"{given[least]:g} > {given[most]:g}"
            column = f"{least} / {most}"
            raise RuleError("rule_range", **place, column=column, value=value)


def change_standards(
    standards: pd.DataFrame,
    rules: Mapping[tuple[str, str], Rule],
    changes: Mapping[str, Mapping[str, Any]],
) -> pd.DataFrame:
    """Put a district's values into the facility standards.

    Parameters
    ----------
    standards
        Facility standards with the columns ``line`` and ``origin``.
    rules
        Result of `make_rules`.
    changes
        Result of `check_changes`.

    Returns
    -------
    pandas.DataFrame
        Index ``rule_id``; ``origin_distance``, ``origin_size`` and
        ``origin_capacity`` say whose numbers they are (empty: no number).
    """
    rows = [
        row | dict(changes.get(row["rule_id"], {}))
        for row in standards.to_dict("records")
    ]
    changed = pd.DataFrame(rows, columns=standards.columns)
    for test in TESTS:
        own = [rules[rule_id, test] for rule_id in changed["rule_id"]]
        for name in ("origin", "certainty"):
            changed[f"{name}_{test}"] = [
                getattr(rule, name) if rule.numbers else "" for rule in own
            ]
    return changed.drop(columns=["line", "origin"]).set_index("rule_id")
