"""Facility categories from what sources say: OSM tags, AMap codes, names.

One object proves at most one category. Where its tags, code or name would fit
several, it is a facility of none, and the categories it could be are kept.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from geo.text import tr

Tags = Mapping[str, str]

#: Between the categories of an ambiguous object.
SEPARATOR = "|"


class Verdict(NamedTuple):
    """What an object is.

    Attributes
    ----------
    category
        Its one category, or None.
    ambiguous
        The categories it could be (``a|b``), or None.
    reason
        How it was found out: ``source:detail``, see `describe_reason`.
    """

    category: str | None
    ambiguous: str | None
    reason: str | None


NOTHING = Verdict(None, None, None)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on one tag: `wanted` None means any value."""

    key: str
    wanted: frozenset[str] | None
    negated: bool

    def holds(self, tags: Tags) -> bool:
        """Return whether the tags meet the condition."""
        value = tags.get(self.key)
        if value is None:
            return self.negated
        if self.wanted is None:
            return not self.negated
        found = value in self.wanted or (
            ";" in value
            and not self.wanted.isdisjoint(part.strip() for part in value.split(";"))
        )
        return found != self.negated


@dataclass(frozen=True, slots=True)
class TagRule:
    """One row of ``osm_tags.csv``."""

    category: str
    conditions: tuple[Condition, ...]
    ambiguous: bool

    def holds(self, tags: Tags) -> bool:
        """Return whether the tags meet every condition."""
        return all(condition.holds(tags) for condition in self.conditions)


@dataclass(frozen=True, slots=True, eq=False)
class TagTable:
    """``osm_tags.csv`` in the form in which it is asked, object by object.

    Attributes
    ----------
    rules
        All rows.
    by_key
        Rows by the key of their first condition that asks for a tag.
    order
        Position of each category in the table.
    """

    rules: tuple[TagRule, ...]
    by_key: Mapping[str, tuple[TagRule, ...]]
    order: Mapping[str, int]

    def first_values(self) -> dict[str, frozenset[str] | None]:
        """Return the keys and values (None: any) that some row starts from."""
        found: dict[str, frozenset[str] | None] = {}
        for rule in self.rules:
            first = _first_condition(rule.conditions)
            known = found.get(first.key, frozenset())
            if first.wanted is None or known is None:
                found[first.key] = None
            else:
                found[first.key] = first.wanted | known
        return found

    def matches(self, tags: Tags) -> list[TagRule]:
        """Return all rows whose conditions the tags meet."""
        return [
            rule
            for key in tags
            for rule in self.by_key.get(key, ())
            if rule.holds(tags)
        ]


def make_tag_table(rows: pd.DataFrame) -> TagTable:
    """Read the conditions of ``osm_tags.csv``.

    Parameters
    ----------
    rows
        Columns `category`, `conditions` (``key=a|b&key!=*``) and `ambiguous`
        (``yes`` or ``no``, or bool).

    Returns
    -------
    TagTable
        The table.

    Raises
    ------
    ValueError
        If no condition of a row asks for a tag.
    """
    rules = tuple(
        TagRule(
            str(category),
            tuple(_read_condition(text) for text in str(conditions).split("&")),
            ambiguous in {"yes", True},
        )
        for category, conditions, ambiguous in zip(
            rows["category"], rows["conditions"], rows["ambiguous"], strict=True
        )
    )
    by_key: dict[str, list[TagRule]] = {}
    for rule in rules:
        by_key.setdefault(_first_condition(rule.conditions).key, []).append(rule)
    order: dict[str, int] = {}
    for rule in rules:
        order.setdefault(rule.category, len(order))
    return TagTable(rules, {key: tuple(found) for key, found in by_key.items()}, order)


def classify_osm(
    tags: Tags, table: TagTable, *, among: frozenset[str] | None = None
) -> Verdict:
    """Return the category that the tags of an OSM object prove.

    Parameters
    ----------
    tags
        Tags of the object.
    table
        Rows of ``osm_tags.csv``.
    among
        Categories to be considered; None: all.

    Returns
    -------
    Verdict
        The one category that a firm row proves; else every category that rows
        would allow, as ambiguous; else nothing. Rows that allow a category only
        perhaps count where no firm row does.

    Examples
    --------
    >>> rows = pd.DataFrame(
    ...     [("pharmacy", "amenity=pharmacy", "no")],
    ...     columns=["category", "conditions", "ambiguous"],
    ... )
    >>> classify_osm({"amenity": "pharmacy"}, make_tag_table(rows)).category
    'pharmacy'
    """
    found = [
        rule for rule in table.matches(tags) if among is None or rule.category in among
    ]
    if not found:
        return NOTHING
    sure = [rule for rule in found if not rule.ambiguous]
    deciding = sure or found
    categories = sorted(
        {rule.category for rule in deciding}, key=table.order.__getitem__
    )
    first = _first_condition(deciding[0].conditions).key
    reason = f"osm:{first}={tags[first]}"
    if sure and len(categories) == 1:
        return Verdict(categories[0], None, reason)
    return Verdict(None, SEPARATOR.join(categories), reason)


def describe_reason(reason: str, lang: str) -> str:
    """Say how a facility was classified.

    Parameters
    ----------
    reason
        ``source:detail`` of a `Verdict`.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        One short sentence.

    Examples
    --------
    >>> describe_reason("osm:amenity=pharmacy", "en")
    'from the OSM tag amenity=pharmacy'
    """
    source, _, detail = reason.partition(":")
    return tr(f"classify.{source}", lang, detail=detail)


def _read_condition(text: str) -> Condition:
    match = re.fullmatch(r"\s*([^=!&|\s]+)\s*(!?=)\s*(.+?)\s*", text)
    if match is None:
        msg = f"{text!r} is no condition on a tag (key=value, key!=value, key=*)"
        raise ValueError(msg)
    key, sign, values = match.groups()
    wanted = None if values == "*" else frozenset(v.strip() for v in values.split("|"))
    return Condition(key, wanted, sign == "!=")


def _first_condition(conditions: tuple[Condition, ...]) -> Condition:
    for condition in conditions:
        if not condition.negated:
            return condition
    msg = f"no condition asks for a tag: {conditions}"
    raise ValueError(msg)
