"""Clauses on which communities may be renovated at all, and what comes first in them.

Both rest on :func:`geo.eligibility.judge_eligibility`, units included.
"""

from collections.abc import Mapping
from math import isnan
from typing import Any

from geo.clause_basics import (
    MET,
    NOT_REQUIRED,
    OPEN_STATE,
    SHORT,
    UNKNOWN,
    Check,
    say_asked,
)
from geo.eligibility import (
    CONDITIONAL,
    ELIGIBLE,
    NOT_ELIGIBLE,
    OPEN,
    RESERVE,
)
from geo.eligibility import UNKNOWN as UNSURE
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said
from geo.schema import FIRM_CERTAINTY

#: A reserve community is neither in nor out: it is admitted in time (择机纳入).
_STATES = {
    ELIGIBLE: MET,
    NOT_ELIGIBLE: SHORT,
    RESERVE: OPEN_STATE,
    CONDITIONAL: UNKNOWN,
    UNSURE: UNKNOWN,
    OPEN: OPEN_STATE,
}
_UNIT = "unit_id"
_STRUNG = frozenset({"infra_incomplete", "hazard", "active", "willing"})


def check_eligibility(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge whether a community is within what may be renovated.

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each community; a reserve tier is open.
    """
    return [
        _judge(row, str(subject), told)
        for subject, told in ground.eligibility.to_dict("index").items()
    ]


def check_build_years(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge one range of built years, for the communities that fall into it.

    Parameters
    ----------
    row
        The clause: the rule that the range cites.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each community; not required where another range decides.
    """
    found = []
    for subject, told in ground.eligibility.to_dict("index").items():
        unsure = told["reason_code"] == "year_missing"
        if told["rule_id"] == row.rule_id or unsure:
            outside = told["reason_code"] == "year_outside"
            found.append(_judge(row, str(subject), told))
            if outside:
                found[-1] = _set_aside(row, str(subject), told)
        else:
            found.append(_set_aside(row, str(subject), told))
    return found


def _set_aside(row: ClauseRow, subject: str, told: Mapping[Any, Any]) -> Ruling:
    return Ruling(
        subject,
        NOT_REQUIRED,
        found=("check.found.built_year", {"year": _say_year(told["built_year"])}),
        required=say_asked(row),
        reason=("check.reason.other_years", {}),
    )


def _judge(row: ClauseRow, subject: str, told: Mapping[Any, Any]) -> Ruling:
    state = _STATES[told["state"]]
    missing = tuple(name for name in str(told["missing"]).split("|") if name)
    if told["reason_code"] == "unit_needed":
        missing = (*missing, _UNIT)
    elif told["reason_code"] == "open":
        missing = ("local_scope_profile",)
    return Ruling(
        subject,
        state,
        found=("check.found.built_year", {"year": _say_year(told["built_year"])}),
        required=say_asked(row),
        reason=_explain(told),
        missing=missing,
        value=float(told["built_year"]),
    )


def _say_year(year: float) -> str:
    return "@check.not_known" if isnan(year) else f"{year:.0f}"


def _explain(told: Mapping[Any, Any]) -> Said:
    """Say why, in the words of the eligibility, in either language later."""
    firm = not told["certainty"] or told["certainty"] in FIRM_CERTAINTY
    words = {
        name: tuple(f"@eligibility.need.{one}" for one in told[name].split("|") if one)
        for name in ("held", "failed", "unsure")
    }
    values = {
        "year": _say_year(told["built_year"]),
        "span": _name_span(told["least_year"], told["most_year"]),
        "clause": told["clause"]
        if told["clause"] in told["source"]
        else f"{told['source']} {told['clause']}",
        "mark": "" if firm else f"@rule_mark.{told['certainty']}",
        **words,
    }
    said: Said = f"eligibility.reason.{told['reason_code']}", values
    needs = {one for name in words for one in told[name].split("|")}
    if len(needs & _STRUNG) > 1:
        reading: Said = f"eligibility.reading.{told['reading']}", {}
        said = "check.joined", {"first": said, "second": reading}
    return said


def _name_span(least: float, most: float) -> Said:
    if isnan(least) and isnan(most):
        return NOTHING
    kind = "until" if isnan(least) else "since" if isnan(most) else "between"
    years = {"least": f"{least:.0f}", "most": f"{most:.0f}"}
    return f"eligibility.span.{kind}", years


SCOPE_KINDS: Mapping[str, Check] = {
    "eligibility": check_eligibility,
    "build_years": check_build_years,
}
