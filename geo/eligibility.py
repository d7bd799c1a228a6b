"""Eligibility: does a profile allow the renovation of a community.

A profile names ranges of built years, what each means (``eligible``, ``reserve``,
``not_eligible``, ``conditional``) and what else must hold (:mod:`geo.conditions`, and
to stand in a joint unit). The first range that holds the year decides; a year in no
range is ``not_eligible``; without ranges the document leaves it ``open``. All
conditions that a range names must hold: one that fails rules the community out, one
that nobody can tell leaves it ``unknown``.

Two things are this tool's reading, since the documents do not say (REQUIREMENTS, traps
5 and 6):

- Of 基础不完善、存在安全隐患、居民积极性高、改造意愿强烈 all must hold; with
  ``reading="any"`` one is enough. Local finances and the joint unit always must.
- A joint unit makes a community eligible if another member is eligible by itself: a
  unit made only of those that need a unit does not qualify.

While units do not exist, what is eligible only inside one is ``conditional``.
"""

from collections.abc import Mapping
from math import isnan
from typing import Any

import numpy as np
import pandas as pd

from geo.conditions import FAILS, HOLDS, UNSURE, Condition, measure_conditions
from geo.profiles import BuildYears, Clause, Profile
from geo.rules import RuleBook
from geo.schema import FIRM_CERTAINTY
from geo.text import tr

ELIGIBLE, RESERVE, NOT_ELIGIBLE = "eligible", "reserve", "not_eligible"
CONDITIONAL, UNKNOWN, OPEN = "conditional", "unknown", "open"
#: All states, in the order in which they are shown.
STATES = (ELIGIBLE, CONDITIONAL, RESERVE, NOT_ELIGIBLE, UNKNOWN, OPEN)

#: How to read conditions that a document only strings together.
READINGS = ("all", "any")
_STRUNG = ("infra_incomplete", "hazard", "active", "willing")
_UNIT = "in_joint_unit"

#: States of a range without named conditions that say something else then.
_BARE = {
    NOT_ELIGIBLE: (NOT_ELIGIBLE, "year_excluded"),
    CONDITIONAL: (UNKNOWN, "conditions_unnamed"),
}

ELIGIBILITY_COLUMNS = (
    "state",
    "needs_unit",
    "missing",
    "rule_id",
    "clause",
    "source",
    "certainty",
    "reason_code",
    "built_year",
    "least_year",
    "most_year",
    "held",
    "failed",
    "unsure",
    "reading",
)


def judge_eligibility(
    communities: pd.DataFrame,
    rules: RuleBook,
    *,
    unit_of: pd.Series | None = None,
    reading: str = "all",
    fiscal_allows: bool | None = None,
) -> pd.DataFrame:
    """Judge which communities the profile allows to be renovated.

    Parameters
    ----------
    communities
        Communities layer: `built_year` (year of acceptance, 竣工验收) and the columns
        of the ledger that the conditions go by.
    rules
        The rule book with its profile.
    unit_of
        Community id to its unit, missing: none; None while units do not exist.
    reading
        ``"all"`` or ``"any"`` of the conditions that a document strings together.
    fiscal_allows
        Whether local finances allow renovation; None: nobody said.

    Returns
    -------
    pandas.DataFrame
        Index community id, sorted; columns `ELIGIBILITY_COLUMNS`: `state`,
        `needs_unit` (eligible only inside a unit), `missing` (``|``-joined columns and
        choices that would settle it), where it stands, `reason_code`, the year and its
        range, and the conditions `held`, `failed` and `unsure` (``|``-joined).

    Raises
    ------
    ValueError
        If `reading` is neither of the two.
    """
    if reading not in READINGS:
        msg = f"reading is {reading!r}, but must be one of {READINGS}"
        raise ValueError(msg)
    rows = communities.sort_index()
    profile = rules.profile
    years = np.asarray(rows["built_year"].astype("float64"), dtype=np.float64)
    conditions = measure_conditions(rows, profile, fiscal_allows=fiscal_allows)
    alone = _judge(profile, years, conditions, reading)
    columns = [*ELIGIBILITY_COLUMNS, "met"]
    table = pd.DataFrame(alone, index=rows.index.astype("str"), columns=columns)
    table = table.astype({"needs_unit": "bool"})
    if unit_of is not None:
        table = _settle_units(table, unit_of)
    return table[list(ELIGIBILITY_COLUMNS)]


def _judge(
    profile: Profile,
    years: np.ndarray[Any, Any],
    conditions: Mapping[str, Condition],
    reading: str,
) -> list[dict[str, Any]]:
    """Judge every community as if there were no units yet."""
    found = []
    for at, year in enumerate(years.tolist()):
        levels = {name: int(one.level[at]) for name, one in conditions.items()}
        missing = {name: str(one.missing[at]) for name, one in conditions.items()}
        found.append(_judge_one(profile, year, levels, missing, reading))
    return found


def _judge_one(
    profile: Profile,
    year: float,
    levels: Mapping[str, int],
    missing: Mapping[str, str],
    reading: str,
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "needs_unit": False,
        "missing": "",
        "built_year": year,
        "least_year": np.nan,
        "most_year": np.nan,
        "reading": reading,
        "met": "",
        **dict.fromkeys(("held", "failed", "unsure"), ""),
    }
    ranges = profile.build_years
    if not ranges:
        clause = profile.clauses.get("build_year.scope")
        return row | _say(OPEN, "open", clause)
    if isnan(year):
        said = _say(UNKNOWN, "year_missing", ranges[0].clause)
        return row | said | {"missing": "built_year"}
    one = min(ranges, key=lambda r: _years_off(r, year))
    row |= _span(one)
    if _years_off(one, year) > 0:
        return row | _say(NOT_ELIGIBLE, "year_outside", one.clause)
    if one.needs and one.state != NOT_ELIGIBLE:
        return row | _judge_needs(one, levels, missing, reading)
    state, code = _BARE.get(one.state, (one.state, f"year_{one.state}"))
    return row | _say(state, code, one.clause)


def _years_off(one: BuildYears, year: float) -> float:
    """Return how far a year lies outside a range; of several the first counts."""
    below = 0.0 if one.least is None else one.least - year
    above = 0.0 if one.most is None else year - one.most
    return max(below, above, 0.0)


def _span(one: BuildYears) -> dict[str, float]:
    return {
        "least_year": np.nan if one.least is None else float(one.least),
        "most_year": np.nan if one.most is None else float(one.most),
    }


def _say(state: str, code: str, clause: Clause | None) -> dict[str, Any]:
    names = ("rule_id", "clause", "source", "certainty")
    told = {name: getattr(clause, name) if clause else "" for name in names}
    return told | {"state": state, "reason_code": code}


def _judge_needs(
    one: BuildYears,
    levels: Mapping[str, int],
    missing: Mapping[str, str],
    reading: str,
) -> dict[str, Any]:
    """Put the conditions of a range together, all but the joint unit."""
    needs = [name for name in one.needs if name != _UNIT]
    strung = [name for name in needs if name in _STRUNG]
    rest = [name for name in needs if name not in _STRUNG]
    signs = [levels[name] for name in rest]
    if strung:
        join = min if reading == "all" else max
        signs.append(join(levels[name] for name in strung))
    level = min(signs, default=HOLDS)
    by_level = {
        word: [name for name in needs if levels[name] == value]
        for word, value in (("held", HOLDS), ("failed", FAILS), ("unsure", UNSURE))
    }
    needs_unit = _UNIT in one.needs
    met = ELIGIBLE if one.state == CONDITIONAL else one.state
    if level == FAILS:
        said = _say(NOT_ELIGIBLE, "condition_failed", one.clause)
    elif needs_unit:
        said = _say(CONDITIONAL, "unit_needed", one.clause)
    elif level == UNSURE:
        said = _say(UNKNOWN, "condition_unsure", one.clause)
    else:
        said = _say(met, "conditions_met", one.clause)
    collect = by_level["unsure"] if level == UNSURE else []
    columns = dict.fromkeys(
        column for name in collect for column in missing[name].split("|")
    )
    told = {word: "|".join(names) for word, names in by_level.items()}
    more = {"needs_unit": needs_unit, "missing": "|".join(columns), "met": met}
    return said | told | more


def _settle_units(table: pd.DataFrame, unit_of: pd.Series) -> pd.DataFrame:
    """Settle what is eligible only inside a unit, now that there are units."""
    unit = unit_of.reindex(table.index)
    core = np.select(
        [table["needs_unit"], table["state"] == ELIGIBLE, table["state"] == UNKNOWN],
        [FAILS, HOLDS, UNSURE],
        FAILS,
    )
    best = pd.Series(core, table.index).groupby(unit).max().reindex(unit).to_numpy()
    size = unit.map(unit.value_counts()).fillna(0).to_numpy()
    asked = (table["state"] == CONDITIONAL).to_numpy()
    own = (table["missing"] != "").to_numpy()
    cases = (
        (asked & (size <= 1), NOT_ELIGIBLE, "unit_none", "failed"),
        (asked & (best == FAILS), NOT_ELIGIBLE, "unit_without_core", "failed"),
        (asked & (best == UNSURE), UNKNOWN, "unit_unsure", "unsure"),
        (asked & own, UNKNOWN, "condition_unsure", "held"),
        (asked, "", "unit_met", "held"),
    )
    settled, left = table.copy(), np.ones(len(table), dtype=np.bool_)
    for mask, state, code, where in cases:
        here, left = mask & left, left & ~mask
        settled.loc[here, "state"] = state or table.loc[here, "met"]
        settled.loc[here, "reason_code"] = code
        told = table.loc[here, where]
        settled.loc[here, where] = told.where(told == "", told + "|") + _UNIT
    gone = asked & (settled["state"] == NOT_ELIGIBLE).to_numpy()
    settled.loc[gone, "missing"] = ""
    return settled


def explain_eligibility(table: pd.DataFrame, lang: str) -> pd.Series:
    """Say in one sentence why each community is eligible or not.

    Parameters
    ----------
    table
        Result of `judge_eligibility`.
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
    words = {
        name: _list_words(row[name], "need", lang)
        for name in ("held", "failed", "unsure")
    }
    values = {
        "year": "" if pd.isna(row["built_year"]) else f"{row['built_year']:.0f}",
        "span": _name_span(row["least_year"], row["most_year"], lang),
        "clause": _name_clause(row["source"], row["clause"]),
        "mark": "" if firm else tr(f"rule_mark.{row['certainty']}", lang),
        **words,
    }
    parts = [tr(f"eligibility.reason.{row['reason_code']}", lang, **values)]
    if row["missing"] and row["reason_code"] != "year_missing":
        collect = _list_words(row["missing"], "field", lang)
        parts.append(
            tr("eligibility.collect", lang, unsure=words["unsure"], missing=collect)
        )
    needs = "|".join(row[name] for name in words).split("|")
    if len([name for name in needs if name in _STRUNG]) > 1:
        parts.append(tr(f"eligibility.reading.{row['reading']}", lang))
    return tr("eligibility.join", lang).join(parts)


def _name_clause(source: str, clause: str) -> str:
    return clause if clause in source else f"{source} {clause}"


def _list_words(names: str, group: str, lang: str) -> str:
    said = [
        tr(f"eligibility.{group}.{name}", lang) for name in names.split("|") if name
    ]
    return tr("eligibility.and", lang).join(said)


def _name_span(least: float, most: float, lang: str) -> str:
    years = {"least": f"{least:.0f}", "most": f"{most:.0f}"}
    if isnan(least) and isnan(most):
        return ""
    kind = "until" if isnan(least) else "since" if isnan(most) else "between"
    return tr(f"eligibility.span.{kind}", lang, **years)
