"""What the tables ask of an idle resource that is to become one category.

``data/rules/suitability.csv`` holds one row per category and condition; a row of the
category ``*`` is for every category, and the category's own rows win over it, word by
word. The smallest areas stand in the facility standards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from geo.coverage import Ints
from geo.errors import RuleError
from geo.idle import Words, plain_word
from geo.rules import ANY_CATEGORY, Requirement, RuleBook
from geo.standards import DISTRICT_FILE

#: Verdicts, from the best to the worst; their positions are the levels.
LEVELS = ("yes", "unknown", "no")
YES, UNKNOWN, NO = range(3)

#: Where the numbers of a verdict stand.
SOURCED = ("standard", "clause", "source", "certainty")

#: Level, code and rule of one test of one resource; code and rule empty if passed.
Verdict = tuple[int, str, str]


@dataclass(frozen=True, eq=False)
class Ruling:
    """What one test came to for every resource.

    Attributes
    ----------
    level
        Position in `LEVELS`.
    code, rule
        What brought it about, and by which rule; only told where it is not passed.
    detail
        The words of the survey that it went by.
    """

    level: Ints
    code: Words
    rule: Words
    detail: Words


@dataclass(frozen=True, slots=True)
class Figure:
    """The smallest area of a category by floor or by land.

    Attributes
    ----------
    rule
        Its row of the standards, empty where there is none.
    least_m2
        The area, NaN where there is none.
    land_m2
        The land that the same rule asks for besides floor area, NaN: none.
    if_less
        Level of a resource that has less.
    """

    rule: str
    least_m2: float
    land_m2: float
    if_less: int


@dataclass(frozen=True, eq=False)
class Demands:
    """What the tables ask of a resource that is to become one category.

    Attributes
    ----------
    rules
        The rule book.
    need
        Requirement of the category.
    rows
        Rows of the table: those for every category, then those of this one.
    codes
        System to the land-use codes that need no change of use.
    """

    rules: RuleBook
    need: Requirement
    rows: tuple[Mapping[str, Any], ...]
    codes: Mapping[str, tuple[str, ...]]

    def of(self, condition: str) -> list[Mapping[str, Any]]:
        """Return the rows of one condition."""
        return [row for row in self.rows if row["condition"] == condition]

    def by_word(self, condition: str, column: str = "words") -> dict[str, Verdict]:
        """Return what each word comes to; the category's own rows come last."""
        return {
            word: (LEVELS.index(row["verdict"]), condition, row["rule_id"])
            for row in self.of(condition)
            for word in list_words(row[column])
        }

    def missing(self, condition: str) -> Verdict:
        """Return what it comes to where the survey says nothing."""
        rows = [row for row in self.of(condition) if row["if_missing"]]
        if not rows or rows[-1]["if_missing"] == "passes":
            return YES, "", ""
        return UNKNOWN, f"{condition}_missing", rows[-1]["rule_id"]

    def figure(self, area: str) -> Figure:
        """Return the smallest area by ``floor`` or ``land``."""
        column = f"min_{area}_area_m2"
        size, rows = self.need.size, self.of("size")
        if size is not None and size.value(column) is not None:
            rule, numbers, level = size.rule_id, dict(size.numbers), NO
        elif rows:
            rule, level = rows[-1]["size_rule"], LEVELS.index(rows[-1]["verdict"])
            numbers = self._standard(rows[-1])
        else:
            rule, numbers, level = "", {}, UNKNOWN
        least = numbers.get(column, np.nan)
        land = numbers.get("min_land_area_m2", np.nan) if area == "floor" else np.nan
        return Figure("" if np.isnan(least) else rule, least, land, level)

    def _standard(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the row of the standards that a row for sizes names."""
        standards = self.rules.standards
        if row["size_rule"] not in standards.index:
            place = {"table": "suitability.csv", "row": row["rule_id"]}
            raise RuleError("rule_missing", **place, rule=row["size_rule"])
        return {str(k): v for k, v in standards.loc[row["size_rule"]].items()}

    @cached_property
    def sources(self) -> dict[str, tuple[str, ...]]:
        """Return where each rule stands: `SOURCED` by rule id."""
        found = {row["rule_id"]: _source(row) for row in self.rows}
        for row in self.of("size"):
            figures = self._standard(row)
            figures["certainty"] = figures["certainty_size"]
            if figures["origin_size"] == "district":
                own = {
                    "standard": DISTRICT_FILE,
                    "clause": f"[rules.{row['size_rule']}]",
                }
                figures |= own
            found[row["size_rule"]] = _source(figures)
        size = self.need.size
        if size is not None:
            named = {name: getattr(size, name) for name in SOURCED}
            found[size.rule_id] = _source(named)
        return found


def list_demands(rules: RuleBook) -> list[Demands]:
    """List what the tables ask, category by category.

    Parameters
    ----------
    rules
        The rule book.

    Returns
    -------
    list of Demands
        One for each requirement, in their order.
    """
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for cells in rules.suitability.to_dict("records"):
        row = {str(name): cell for name, cell in cells.items()}
        rows.setdefault(row["category"], []).append(row)
    mapping = rules.poi_mapping.to_dict("records")
    found = []
    for category, need in rules.requirements.items():
        own = (*rows.get(ANY_CATEGORY, ()), *rows.get(category, ()))
        codes = {}
        for system in ("planning", "survey"):
            words = [r["words"] for r in own if r["condition"] == f"landuse_{system}"]
            column = f"landuse_codes_{system}"
            words += [str(r[column]) for r in mapping if r["category"] == category]
            codes[system] = tuple(code for text in words for code in list_words(text))
        found.append(Demands(rules, need, own, codes))
    return found


def list_words(text: str) -> tuple[str, ...]:
    """Return the words of a cell of the table.

    Parameters
    ----------
    text
        Words with ``|`` between them.

    Returns
    -------
    tuple of str
        The words, plain.

    Examples
    --------
    >>> list_words("三调|GB/T 21010")
    ('三调', 'GB/T21010')
    """
    return tuple(plain_word(word) for word in text.split("|") if word.strip())


def _source(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in SOURCED)
