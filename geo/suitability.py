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
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.demands import (
    LEVELS,
    NO,
    SOURCED,
    UNKNOWN,
    YES,
    Demands,
    Ruling,
    Verdict,
    list_demands,
    list_words,
)
from geo.idle import Resources, Words, list_resources, plain_word, split_words
from geo.rules import RuleBook
from geo.schema import FIRM_CERTAINTY
from geo.sizes import judge_storeys, judge_whole, measure_size
from geo.text import tr

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
    *SOURCED,
)


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
    known = _list_uses(rules)
    parts = [
        _judge_category(resources, demands, known) for demands in list_demands(rules)
    ]
    # by resource, and then in the order of the requirements
    shape = len(parts), len(resources.ids)
    columns = {
        name: np.array([part[name] for part in parts]).reshape(shape).T.ravel()
        for name in SUITABILITY_COLUMNS
    }
    return pd.DataFrame(columns)


def _list_uses(rules: RuleBook) -> frozenset[str]:
    """Return every use that any row knows."""
    rows = rules.suitability[rules.suitability["condition"] == "use"]
    return frozenset(word for text in rows["words"] for word in list_words(text))


def _judge_category(
    resources: Resources, demands: Demands, known: frozenset[str]
) -> dict[str, npt.NDArray[Any]]:
    area_kind = _find_area_kinds(resources, demands)
    size = measure_size(resources, demands, area_kind)
    tests = [
        _judge_kind(resources, demands),
        _judge_use(resources, demands, known),
        _judge_constraint(resources, demands),
        _rooms_only(_judge_safety(resources, demands), area_kind),
        judge_whole(size),
        judge_storeys(size, demands),
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
    passed = level == YES
    rule = np.where(passed, size.rule, rule)
    checks = _list_checks(resources, demands, area_kind)
    nowhere = ("",) * len(SOURCED)
    sources = np.array(
        [demands.sources.get(key, nowhere) for key in rule], dtype=object
    ).reshape(len(rule), len(SOURCED))
    return {
        "idle_id": resources.ids.to_numpy(dtype=object),
        "category": np.full(len(rule), demands.need.category, dtype=object),
        "state": np.array(LEVELS, dtype=object)[level],
        "reason_code": np.where(passed, "enough", code),
        "detail": np.where(passed, "", detail),
        "area_kind": area_kind,
        "area_m2": size.shown_m2,
        "needed_m2": size.needed_m2,
        "to_check": np.where(level == NO, "", checks),
        "rule_id": rule,
        **dict(zip(SOURCED, sources.T, strict=True)),
    }


def _by_text(texts: Words, judge: Callable[[str], Verdict]) -> Ruling:
    """Judge each different text once."""
    codes, different = pd.factorize(texts)
    verdicts = [judge(str(text)) for text in different]
    level = np.array([verdict[0] for verdict in verdicts], dtype=np.int64)
    code = np.array([verdict[1] for verdict in verdicts], dtype=object)
    rule = np.array([verdict[2] for verdict in verdicts], dtype=object)
    return Ruling(level[codes], code[codes], rule[codes], texts)


def _rooms_only(test: Ruling, area_kind: Words) -> Ruling:
    level = np.where(area_kind == "floor", test.level, YES)
    return Ruling(level, test.code, test.rule, test.detail)


def _judge_kind(resources: Resources, demands: Demands) -> Ruling:
    kinds = demands.by_word("kind", "kinds")

    def judge(text: str) -> Verdict:
        if not kinds:
            return UNKNOWN, "category_unlisted", ""
        if not text:
            return UNKNOWN, "kind_missing", ""
        level, _, rule = kinds.get(plain_word(text), (UNKNOWN, "", ""))
        if not rule:
            return UNKNOWN, "kind_unclear", ""
        return level, ("", "kind_open", "kind")[level], rule

    return _by_text(resources.words["kind"], judge)


def _find_area_kinds(resources: Resources, demands: Demands) -> Words:
    """Return by which area each resource counts, empty where by none."""
    kinds = {
        kind: row["area"]
        for row in demands.of("kind")
        for kind in list_words(row["kinds"])
    }
    found = [kinds.get(plain_word(kind), "") for kind in resources.words["kind"]]
    return np.array(found, dtype=object)


def _judge_use(resources: Resources, demands: Demands, known: frozenset[str]) -> Ruling:
    rows = demands.of("use")
    own = {word for row in rows for word in list_words(row["words"])}
    rule = next((r["rule_id"] for r in rows if r["verdict"] == LEVELS[NO]), "")

    def judge(text: str) -> Verdict:
        words = set(split_words(text))
        if not words:
            return demands.missing("use")
        if words & own:
            return YES, "", ""
        if words - known or not rule:
            return UNKNOWN, "use_unclear", rule
        return NO, "use", rule

    return _by_text(resources.words["allowed_uses"], judge)


def _judge_constraint(resources: Resources, demands: Demands) -> Ruling:
    known = demands.by_word("constraint")
    free = {word for word, (level, _, _) in known.items() if level == YES}
    said = zip(resources.words["legal_constraints"], resources.protected, strict=True)
    both = [
        "、".join(dict.fromkeys(word for part in pair for word in split_words(part)))
        for pair in said
    ]

    def judge(text: str) -> Verdict:
        words = split_words(text)
        if not words:
            return demands.missing("constraint")
        unclear = (UNKNOWN, "constraint_unclear", "")
        verdicts = [known.get(word, unclear) for word in words]
        level, code, rule = max(verdicts, key=lambda verdict: verdict[0])
        open_ = level == UNKNOWN and code == "constraint"
        return level, "constraint_open" if open_ else code, rule

    ruling = _by_text(np.array(both, dtype=object), judge)
    told = ["、".join(w for w in split_words(text) if w not in free) for text in both]
    return replace(ruling, detail=np.array(told, dtype=object))


def _judge_safety(resources: Resources, demands: Demands) -> Ruling:
    known = demands.by_word("safety")

    def judge(text: str) -> Verdict:
        if not text:
            return demands.missing("safety")
        level, _, rule = known.get(plain_word(text), (UNKNOWN, "", ""))
        if not rule:
            return UNKNOWN, "safety_unclear", ""
        return level, ("", "safety_open", "safety")[level], rule

    return _by_text(resources.words["structure_safety"], judge)


def _judge_fire(resources: Resources, demands: Demands) -> Ruling:
    rows = demands.of("fire_access")

    def judge(text: str) -> Verdict:
        if not text:
            return demands.missing("fire_access")
        if text == "yes" or not rows:
            return YES, "", ""
        return LEVELS.index(rows[-1]["verdict"]), "fire_access", rows[-1]["rule_id"]

    return _by_text(resources.words["fire_access"], judge)


def _list_checks(resources: Resources, demands: Demands, area_kind: Words) -> Words:
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


def _check_codes(resources: Resources, demands: Demands) -> Words:
    """Tell a land-use code that asks for a change of use, or that says nothing.

    The same code means different things in the two systems (0702, 1201, 05, 1001), so
    that one without its system says nothing.
    """
    systems = {
        word: system
        for system in ("planning", "survey")
        for word in demands.by_word(f"code_{system}")
    }
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
            found.append(
                "" if code.startswith(demands.codes[system]) else "landuse_code"
            )
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
