"""Suitability: may an idle resource become a facility of a category, by which clause.

What is asked of a resource stands in ``data/rules/suitability.csv`` (kind, allowed
uses, legal constraints, storeys, safety ...), the smallest legal areas in the
facility standards. Every test of a category is put to every resource:

- ``no`` if one rules it out; else ``unknown`` if one cannot be decided; else ``yes``.
- The usable area is the floor area of rooms and the land area of plots; where only
  the lower storeys serve (childcare: two), their share of it, all storeys being taken
  as equally large.
- The smallest area is that of the requirement's own size rule; less is ``no``. Where
  none is laid down for existing communities, the table may name the figure for new
  building: as much as that is enough, with less nobody can say (``unknown``). Where
  there is no figure at all, the needed area is empty and the state ``unknown``.
- What was not surveyed is ``unknown`` or, where the table says so, left to be checked
  (`to_check`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.coverage import Floats, Ints
from geo.errors import RuleError
from geo.idle import Resources, Words, list_resources, plain_word, split_words
from geo.rules import ANY_CATEGORY, Requirement, RuleBook
from geo.schema import FIRM_CERTAINTY
from geo.text import tr

#: Verdicts, from the best to the worst.
LEVELS = ("yes", "unknown", "no")
_YES, _UNKNOWN, _NO = range(3)

#: Where the numbers of a verdict stand.
_SOURCED = ("standard", "clause", "source", "certainty")

SUITABILITY_COLUMNS = (
    "idle_id",
    "category",
    "state",
    "reason_code",
    "detail",
    "area_kind",
    "area_m2",
    "needed_m2",
    "to_check",
    "rule_id",
    *_SOURCED,
)

#: Level, code and rule of one test of one resource.
Verdict = tuple[int, str, str]


@dataclass(frozen=True, eq=False)
class _Test:
    """What one test came to; `code` and `rule` are empty where it is passed."""

    level: Ints
    code: Words
    rule: Words
    detail: Words


@dataclass(frozen=True, eq=False)
class _Figure:
    """The smallest area of a category by floor or by land."""

    rule: str
    least_m2: float
    other_m2: float
    if_less: int


@dataclass(frozen=True, eq=False)
class _Demands:
    """What the tables ask of a resource that is to become one category."""

    rules: RuleBook
    need: Requirement

    @cached_property
    def rows(self) -> list[Mapping[str, Any]]:
        """Rows of the category after those for every category."""
        table = self.rules.suitability
        found = [
            table[table["category"] == c] for c in (ANY_CATEGORY, self.need.category)
        ]
        rows = pd.concat(found).to_dict("records")
        return [{str(name): cell for name, cell in row.items()} for row in rows]

    def of(self, condition: str) -> list[Mapping[str, Any]]:
        """Return the rows of one condition."""
        return [row for row in self.rows if row["condition"] == condition]

    def by_word(self, condition: str, column: str = "words") -> dict[str, Verdict]:
        """Return what each word comes to; the category's own rows come last."""
        return {
            word: (LEVELS.index(row["verdict"]), condition, row["rule_id"])
            for row in self.of(condition)
            for word in _listed(row[column])
        }

    def missing(self, condition: str) -> Verdict:
        """Return what it comes to where the survey says nothing."""
        rows = [row for row in self.of(condition) if row["if_missing"]]
        if not rows or rows[-1]["if_missing"] == "passes":
            return _YES, "", ""
        return _UNKNOWN, f"{condition}_missing", rows[-1]["rule_id"]

    def figure(self, area: str) -> _Figure:
        """Return the smallest area by ``floor`` or ``land``."""
        column = f"min_{area}_area_m2"
        other = "min_land_area_m2" if area == "floor" else column
        size = self.need.size
        if size is not None and size.value(column) is not None:
            numbers = dict(size.numbers)
            rest = numbers.get(other, np.nan) if other != column else np.nan
            return _Figure(size.rule_id, numbers[column], rest, _NO)
        for row in self.of("size"):
            standards = self.rules.standards
            if row["size_rule"] not in standards.index:
                place = {"table": "suitability.csv", "row": row["rule_id"]}
                raise RuleError("rule_missing", **place, rule=row["size_rule"])
            figures = standards.loc[row["size_rule"]]
            rest = figures[other] if other != column else np.nan
            level = LEVELS.index(row["verdict"])
            return _Figure(row["size_rule"], figures[column], rest, level)
        return _Figure("", np.nan, np.nan, _UNKNOWN)

    def conforming(self, system: str) -> tuple[str, ...]:
        """Return the land-use codes of a system that need no change of use."""
        mapping = self.rules.poi_mapping
        own = mapping["category"] == self.need.category
        texts = [*mapping.loc[own, f"landuse_codes_{system}"]]
        texts += [row["words"] for row in self.of(f"landuse_{system}")]
        return tuple(code for text in texts for code in _listed(text))

    @cached_property
    def sources(self) -> dict[str, tuple[str, ...]]:
        """Return where each rule stands: `_SOURCED` by rule id."""
        found = {row["rule_id"]: _source(row) for row in self.rows}
        for row in self.of("size"):
            figures = self.rules.standards.loc[row["size_rule"]]
            found[row["size_rule"]] = _source(
                dict(figures) | {"certainty": figures["certainty_size"]}
            )
        size = self.need.size
        if size is not None:
            named = {name: getattr(size, name) for name in _SOURCED}
            found[size.rule_id] = _source(named)
        return found


def _listed(text: str) -> tuple[str, ...]:
    """Return the words of a cell of the table; only ``|`` stands between them."""
    return tuple(plain_word(word) for word in text.split("|") if word.strip())


def _source(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in _SOURCED)


def judge_suitability(
    idle: gpd.GeoDataFrame,
    rules: RuleBook,
    *,
    protected: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """Judge which idle resource may become a facility of which category.

    Parameters
    ----------
    idle
        Idle layer in a metric CRS, see :func:`geo.idle.list_resources`.
    rules
        The rule book: requirements, standards and ``suitability``.
    protected
        Protected layer in the same CRS; what stands on a resource constrains it.

    Returns
    -------
    pandas.DataFrame
        One row per resource and category of the requirements, sorted by resource
        id and then in their order, columns `SUITABILITY_COLUMNS`: `state` (``yes``,
        ``no``, ``unknown``), `reason_code` and `detail` (what brought it about),
        `area_kind` (``floor``, ``land``), `area_m2` (usable for that category, NaN:
        unknown), `needed_m2` (NaN: no figure), `to_check` (``|``-joined columns of
        the survey), and where it stands: `rule_id`, `standard`, `clause`, `source`,
        `certainty`.

    Raises
    ------
    RuleError
        If the table names a rule that does not exist.
    """
    resources = list_resources(idle, protected)
    needs = list(rules.requirements.values())
    known = _list_uses(rules)
    parts = [
        _judge_category(resources, _Demands(rules, need), known).assign(order=at)
        for at, need in enumerate(needs)
    ]
    if not parts:
        return pd.DataFrame(columns=list(SUITABILITY_COLUMNS))
    table = pd.concat(parts, ignore_index=True).sort_values(["idle_id", "order"])
    return table[list(SUITABILITY_COLUMNS)].reset_index(drop=True)


def _list_uses(rules: RuleBook) -> frozenset[str]:
    """Return every use that any row knows."""
    rows = rules.suitability[rules.suitability["condition"] == "use"]
    return frozenset(word for text in rows["words"] for word in _listed(text))


def _judge_category(
    resources: Resources, demands: _Demands, known: frozenset[str]
) -> pd.DataFrame:
    area_kind = _find_area_kinds(resources, demands)
    size = _measure_size(resources, demands, area_kind)
    tests = [
        _judge_kind(resources, demands),
        _judge_use(resources, demands, known),
        _judge_constraint(resources, demands),
        _rooms_only(_judge_safety(resources, demands), area_kind),
        *_judge_size(size, demands),
        _rooms_only(_judge_fire(resources, demands), area_kind),
    ]
    level = np.max([test.level for test in tests], axis=0)
    first = np.argmax([test.level == level for test in tests], axis=0)
    row = np.arange(len(level))
    code, rule, detail = (
        np.array([getattr(test, name) for test in tests], dtype=object)[first, row]
        for name in ("code", "rule", "detail")
    )
    # passed by all: what is told is the size
    passed = level == _YES
    rule = np.where(passed, size.rule, rule)
    checks = _list_checks(resources, demands, area_kind)
    table = pd.DataFrame(
        {
            "idle_id": resources.ids.astype(str),
            "category": demands.need.category,
            "state": np.array(LEVELS, dtype=object)[level],
            "reason_code": np.where(passed, "enough", code),
            "detail": np.where(passed, "", detail),
            "area_kind": area_kind,
            "area_m2": size.shown_m2,
            "needed_m2": size.needed_m2,
            "to_check": np.where(level == _NO, "", checks),
            "rule_id": rule,
        }
    )
    nowhere = ("",) * len(_SOURCED)
    for at, name in enumerate(_SOURCED):
        table[name] = [demands.sources.get(key, nowhere)[at] for key in rule]
    return table


def _by_text(texts: Words, judge: Callable[[str], Verdict]) -> _Test:
    """Judge each different text once."""
    codes, different = pd.factorize(texts)
    verdicts = [judge(str(text)) for text in different]
    level = np.array([verdict[0] for verdict in verdicts], dtype=np.int64)
    code = np.array([verdict[1] for verdict in verdicts], dtype=object)
    rule = np.array([verdict[2] for verdict in verdicts], dtype=object)
    return _Test(level[codes], code[codes], rule[codes], texts)


def _rooms_only(test: _Test, area_kind: Words) -> _Test:
    level = np.where(area_kind == "floor", test.level, _YES)
    return _Test(level, test.code, test.rule, test.detail)


def _judge_kind(resources: Resources, demands: _Demands) -> _Test:
    kinds = demands.by_word("kind", "kinds")

    def judge(text: str) -> Verdict:
        if not text:
            return _UNKNOWN, "kind_missing", ""
        level, _, rule = kinds.get(plain_word(text), (_UNKNOWN, "", ""))
        if not rule:
            return _UNKNOWN, "kind_unclear", ""
        return level, ("", "kind_open", "kind")[level], rule

    return _by_text(resources.words["kind"], judge)


def _find_area_kinds(resources: Resources, demands: _Demands) -> Words:
    """Return by which area each resource counts, empty where by none."""
    kinds = {
        kind: row["area"]
        for row in demands.of("kind")
        for kind in _listed(row["kinds"])
    }
    found = [kinds.get(plain_word(kind), "") for kind in resources.words["kind"]]
    return np.array(found, dtype=object)


def _judge_use(resources: Resources, demands: _Demands, known: frozenset[str]) -> _Test:
    rows = demands.of("use")
    own = {word for row in rows for word in _listed(row["words"])}
    rule = next((r["rule_id"] for r in rows if r["verdict"] == LEVELS[_NO]), "")

    def judge(text: str) -> Verdict:
        words = set(split_words(text))
        if not words:
            return demands.missing("use")
        if words & own:
            return _YES, "", ""
        if words - known or not rule:
            return _UNKNOWN, "use_unclear", rule
        return _NO, "use", rule

    return _by_text(resources.words["allowed_uses"], judge)


def _judge_constraint(resources: Resources, demands: _Demands) -> _Test:
    known = demands.by_word("constraint")
    said = zip(resources.words["legal_constraints"], resources.protected, strict=True)
    both = ["|".join(filter(None, pair)) for pair in said]

    def judge(text: str) -> Verdict:
        words = split_words(text)
        if not words:
            return demands.missing("constraint")
        unclear = (_UNKNOWN, "constraint_unclear", "")
        verdicts = [known.get(word, unclear) for word in words]
        level, code, rule = max(verdicts, key=lambda verdict: verdict[0])
        open_ = level == _UNKNOWN and code == "constraint"
        return level, "constraint_open" if open_ else code, rule

    return _by_text(np.array(both, dtype=object), judge)


def _judge_safety(resources: Resources, demands: _Demands) -> _Test:
    known = demands.by_word("safety")

    def judge(text: str) -> Verdict:
        if not text:
            return demands.missing("safety")
        level, _, rule = known.get(plain_word(text), (_UNKNOWN, "", ""))
        if not rule:
            return _UNKNOWN, "safety_unclear", ""
        return level, ("", "safety_open", "safety")[level], rule

    return _by_text(resources.words["structure_safety"], judge)


def _judge_fire(resources: Resources, demands: _Demands) -> _Test:
    rows = demands.of("fire_access")

    def judge(text: str) -> Verdict:
        if not text:
            return demands.missing("fire_access")
        if text == "yes" or not rows:
            return _YES, "", ""
        return LEVELS.index(rows[-1]["verdict"]), "fire_access", rows[-1]["rule_id"]

    return _by_text(resources.words["fire_access"], judge)


@dataclass(frozen=True, eq=False)
class _Size:
    """Areas of the resources and what is needed; NaN: unknown, or no figure."""

    area_kind: Words
    total_m2: Floats
    usable_m2: Floats
    land_m2: Floats
    needed_m2: Floats
    other_m2: Floats
    if_less: Ints
    rule: Words

    @property
    def shown_m2(self) -> Floats:
        """Return the usable area, or the whole where that already is too small."""
        whole = np.isnan(self.usable_m2) & ~(self.total_m2 >= self.needed_m2)
        return np.where(whole, self.total_m2, self.usable_m2)


def _measure_size(resources: Resources, demands: _Demands, area_kind: Words) -> _Size:
    count = len(area_kind)
    total, needed, other = (np.full(count, np.nan) for _ in range(3))
    if_less, rule = np.full(count, _UNKNOWN), np.full(count, "", dtype=object)
    for area in ("floor", "land"):
        here = area_kind == area
        figure = demands.figure(area)
        total[here] = resources.area_m2[area][here]
        needed[here], other[here] = figure.least_m2, figure.other_m2
        if_less[here], rule[here] = figure.if_less, figure.rule
    usable = total * _find_share(resources, demands, area_kind)
    land = resources.area_m2["land"]
    return _Size(area_kind, total, usable, land, needed, other, if_less, rule)


def _find_share(resources: Resources, demands: _Demands, area_kind: Words) -> Floats:
    """Return which share of the rooms stands on storeys that serve; NaN: unknown."""
    rows = demands.of("storeys")
    if not rows:
        return np.ones(len(area_kind))
    most = float(rows[-1]["storeys_most"])
    storeys, ground = resources.storeys, resources.words["ground_floor"]
    # rooms of one storey of which nothing else is said are a house of their own
    from_ground = (ground == "yes") | ((ground == "") & (storeys == 1))
    share = np.where(from_ground, np.minimum(most / storeys, 1.0), np.nan)
    upstairs_only = (ground == "no") & (most == 1)
    share = np.where(upstairs_only, 0.0, share)
    return np.where(area_kind == "floor", share, 1.0)


def _judge_size(size: _Size, demands: _Demands) -> tuple[_Test, _Test]:
    """Judge the whole area, and then what of it stands on storeys that serve."""
    asked = size.area_kind != ""
    less = size.total_m2 < size.needed_m2
    plot = asked & ~np.isnan(size.other_m2)
    firm = size.if_less == _NO
    cases = (
        (~asked, _YES, ""),
        (np.isnan(size.needed_m2), _UNKNOWN, "no_figure"),
        (np.isnan(size.total_m2), _UNKNOWN, "area_missing"),
        (less & firm, _NO, "too_small"),
        (less, _UNKNOWN, "below_new"),
        (plot & (size.land_m2 < size.other_m2) & firm, _NO, "land_short"),
        (plot & (size.land_m2 < size.other_m2), _UNKNOWN, "land_below_new"),
        (plot & np.isnan(size.land_m2), _UNKNOWN, "land_missing"),
    )
    none = np.full(len(asked), "", dtype=object)
    masks = [case[0] for case in cases]
    level = np.select(masks, [case[1] for case in cases], default=_YES)
    code = np.select(masks, [np.array(case[2], dtype=object) for case in cases], "")
    whole = _Test(level, code, size.rule, none)
    rows = demands.of("storeys")
    if not rows:
        return whole, _Test(np.full(len(asked), _YES), none, none, none)
    enough = (size.area_kind == "floor") & (size.total_m2 >= size.needed_m2)
    unsure = enough & np.isnan(size.usable_m2)
    above = enough & (size.usable_m2 < size.needed_m2)
    verdict = LEVELS.index(rows[-1]["verdict"])
    level = np.select([above, unsure], [verdict, demands.missing("storeys")[0]], _YES)
    code = np.where(
        above, "storeys" if verdict == _NO else "storeys_open", "storeys_missing"
    )
    rule = np.full(len(asked), rows[-1]["rule_id"], dtype=object)
    return whole, _Test(level, code, rule, none)


def _list_checks(resources: Resources, demands: _Demands, area_kind: Words) -> Words:
    """List the columns of the survey that are still to be checked."""
    words, rooms = resources.words, area_kind == "floor"
    missing = {
        "allowed_uses": words["allowed_uses"] == "",
        "legal_constraints": words["legal_constraints"] == "",
        "structure_safety": rooms & (words["structure_safety"] == ""),
        "fire_access": rooms & (words["fire_access"] == ""),
        "land_area_m2": (area_kind == "land") & resources.outlined,
    }
    lines = [np.where(mask, name, "") for name, mask in missing.items()]
    lines.append(_check_codes(resources, demands))
    found = ["|".join(filter(None, row)) for row in zip(*lines, strict=True)]
    return np.array(found, dtype=object)


def _check_codes(resources: Resources, demands: _Demands) -> Words:
    """Tell a land-use code that asks for a change of use, or that says nothing.

    The same code means different things in the two systems (0702, 1201, 05, 1001), so
    that one without its system says nothing.
    """
    systems = {
        word: system
        for system in ("planning", "survey")
        for word in demands.by_word(f"code_{system}")
    }
    codes = {system: demands.conforming(system) for system in ("planning", "survey")}
    found = []
    for code, said in zip(
        resources.words["landuse_code"], resources.words["code_system"], strict=True
    ):
        system = systems.get(plain_word(said))
        if not code:
            found.append("")
        elif system is None:
            found.append("code_system")
        else:
            # 070101 is a part of 0701
            found.append("" if code.startswith(codes[system]) else "landuse_code")
    return np.array(found, dtype=object)


def explain_suitability(table: pd.DataFrame, lang: str) -> pd.Series:
    """Say in one sentence why each resource may or may not become a facility.

    Parameters
    ----------
    table
        Result of `judge_suitability`.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.Series
        Sentences named ``reason`` on the index of `table`, none of them empty.
    """
    said = [_explain_row(row, lang) for row in table.to_dict("records")]
    return pd.Series(said, index=table.index, name="reason", dtype="str")


def _explain_row(row: Mapping[Any, Any], lang: str) -> str:
    firm = row["certainty"] in FIRM_CERTAINTY or not row["certainty"]
    values = {
        "detail": row["detail"],
        "area": _show(row["area_m2"]),
        "needed": _show(row["needed_m2"]),
        "mark": "" if firm else tr(f"rule_mark.{row['certainty']}", lang),
        "clause": " ".join(
            w for w in (row["standard"], row["clause"]) if w not in ("", "—")
        ),
        "kind": tr(f"suitability.area.{row['area_kind'] or 'none'}", lang),
    }
    sentence = tr(f"suitability.reason.{row['reason_code']}", lang, **values)
    names = [
        tr(f"suitability.check.{name}", lang)
        for name in row["to_check"].split("|")
        if name
    ]
    if names:
        listed = tr("suitability.and", lang).join(names)
        sentence += tr("suitability.to_check", lang, names=listed)
    return sentence


def _show(value: float) -> str:
    return "" if pd.isna(value) else f"{value:,.0f}"
