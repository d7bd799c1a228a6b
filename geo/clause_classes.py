"""The clause on classes of works: the basic ones all, the others as far as they can."""

from collections.abc import Mapping

import pandas as pd

from geo.clause_basics import (
    MET,
    NOT_REQUIRED,
    SHORT,
    UNKNOWN,
    Check,
    say_asked,
)
from geo.evidence_schema import ITEM_CLASSES
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said
from geo.schema import State
from geo.shortfalls import find_shortfalls

_BASIC = ITEM_CLASSES[0]


def check_class_priority(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge whether the scheme mends everything basic that is lacking.

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by; shortfalls of :func:`geo.shortfalls.find_shortfalls`.

    Returns
    -------
    list of Ruling
        One for each community. The other two classes are counted, but decide nothing;
        since it is asked in principle (原则上), an exception is possible.
    """
    needs = find_shortfalls(ground)
    own = {str(name): rows for name, rows in needs.groupby("community_id")}
    return [
        _judge_classes(row, str(subject), own.get(str(subject), needs.iloc[:0]))
        for subject in ground.facts.index
    ]


def _judge_classes(row: ClauseRow, subject: str, needs: pd.DataFrame) -> Ruling:
    listed = list(
        zip(
            needs["need"],
            needs["item_class"],
            needs["state"],
            needs["addressed"],
            strict=True,
        )
    )
    told = {}
    for name in ITEM_CLASSES:
        answers = [a for _, c, s, a in listed if c == name and s == "lacking"]
        told[f"{name}_in"] = str(answers.count("yes"))
        told[f"{name}_all"] = str(len(answers))
    basic = [(n, s, a) for n, c, s, a in listed if c == _BASIC]
    left = tuple(n for n, s, a in basic if s == "lacking" and a == "no")
    unsure = any(s == "lacking" and a == "unknown" for _, s, a in basic)
    blind = tuple(n for n, s, _ in basic if s == "unknown")
    lacking = any(s == "lacking" for _, s, _ in basic)
    state, reason = _settle(left=left, unsure=unsure, blind=blind, lacking=lacking)
    missing = [
        *(["scheme_items"] if unsure else []),
        *(["shortfall_list"] if blind else []),
    ]
    return Ruling(
        subject,
        state,
        found=("check.found.classes", told),
        required=say_asked(row),
        reason=reason,
        missing=tuple(missing) if state == UNKNOWN else (),
        exception=state == SHORT,
    )


def _settle(
    *, left: tuple[str, ...], unsure: bool, blind: tuple[str, ...], lacking: bool
) -> tuple[State, Said]:
    if left:
        needs = tuple(f"@check.need.{name}" for name in left)
        return SHORT, ("check.reason.basic_left", {"needs": needs})
    if unsure:
        return UNKNOWN, ("check.reason.no_scheme", {})
    if blind:
        return UNKNOWN, ("check.reason.not_surveyed", {})
    if not lacking:
        return NOT_REQUIRED, ("check.reason.no_basic", {})
    return MET, NOTHING


CLASS_KINDS: Mapping[str, Check] = {"class_priority": check_class_priority}
