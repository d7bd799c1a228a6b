"""Clauses on days in order, records of quality and the reserve library."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from geo.clause_basics import (
    MET,
    OPEN_STATE,
    SHORT,
    UNKNOWN,
    Check,
    say_asked,
    say_day,
)
from geo.clause_cells import (
    latest_row,
    read_days,
    read_flags,
    read_numbers,
    read_texts,
    read_year,
)
from geo.clause_documents import COUNTY, find_documents, list_county_papers
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said


def check_quality(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge records of inspection, acceptance and warranty (options of those names).

    Parameters
    ----------
    row
        The clause; each option has the words of its documents.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each community; an acceptance that failed is short.
    """
    table = ground.tables["documents"]
    names = ("inspection", "acceptance", "warranty")
    papers = {
        name: find_documents(table, row.options[name], ("community", ""))
        for name in names
    }
    passed = read_flags(ground.facts, "acceptance_passed")
    found = []
    for subject, accepted in zip(ground.facts.index, passed, strict=True):
        have = {name: papers[name].get(subject, []) for name in names}
        lacking = [name for name in names if not have[name]]
        if accepted is not None and "acceptance" in lacking:
            lacking.remove("acceptance")
        found.append(_judge_quality(row, str(subject), have, lacking, accepted))
    return found


_QUALITY_FIELDS = {
    "inspection": "inspection_records",
    "acceptance": "acceptance_doc",
    "warranty": "warranty_doc",
}


def _judge_quality(
    row: ClauseRow,
    subject: str,
    have: Mapping[str, list[tuple[str, date | None]]],
    lacking: list[str],
    accepted: bool | None,  # noqa: FBT001 (three values)
) -> Ruling:
    state = UNKNOWN if lacking else MET
    reason: Said = ("check.reason.not_recorded", {}) if lacking else NOTHING
    if accepted is False:
        state, reason = SHORT, ("check.reason.not_accepted", {})
    names = tuple(name for papers in have.values() for name, _ in papers)
    word = {None: "@check.not_known", True: "@check.yes", False: "@check.no"}[accepted]
    return Ruling(
        subject,
        state,
        found=(
            "check.found.quality",
            {"documents": names or ("@check.none",), "accepted": word},
        ),
        required=say_asked(row),
        reason=reason,
        missing=tuple(_QUALITY_FIELDS[name] for name in lacking),
        objects=names,
    )


def check_reserve_library(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge whether there is a reserve library with the times of its projects.

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for the county: met if every community has a year of a plan or a phase.
    """
    years = read_numbers(ground.facts, "plan_year")
    phases = read_texts(ground.facts, "phase")
    placed = sum(
        1 for year, phase in zip(years, phases, strict=True) if year > 0 or phase
    )
    papers = tuple(name for name, _ in list_county_papers(row, ground, ("county", "")))
    whole = len(ground.facts)
    state = MET if placed == whole and whole else UNKNOWN
    counts = {"placed": str(placed), "all": str(whole)}
    return [
        Ruling(
            ground.county,
            state,
            found=(
                "check.found.library",
                counts | {"documents": papers or ("@check.none",)},
            ),
            required=say_asked(row),
            reason=("check.reason.not_placed", {}) if state == UNKNOWN else NOTHING,
            missing=("plan_year", "phase") if state == UNKNOWN else (),
            objects=papers,
        )
    ]


_LIBRARY_LEVELS = {
    "province": ("province", "省"),
    "city": ("city", "市级", "州级", "州（市）"),
    "county": ("county", "县级", "区级"),
}


def check_reserve_levels(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge whether the reserve libraries of all three levels are on record.

    Parameters
    ----------
    row
        The clause; option ``docs``.
    ground
        What is judged by; `reserve_updated` of the table ``county`` stands for the
        county's own.

    Returns
    -------
    list of Ruling
        One for the county.
    """
    table, words = ground.tables["documents"], row.options["docs"].split("|")
    held = dict.fromkeys(_LIBRARY_LEVELS, False)
    columns = ("id", "level", "doc_type", "title", "topic")
    papers = []
    for name, level, *texts in zip(
        *(read_texts(table, c) for c in columns), strict=True
    ):
        told = " ".join(texts)
        if not any(word in told for word in words):
            continue
        papers.append(name)
        for one, signs in _LIBRARY_LEVELS.items():
            held[one] |= level == one or any(sign in told for sign in signs[1:])
    updated = latest_row(ground.tables["county"], "reserve_updated")
    day = updated.get("reserve_updated")
    held["county"] |= day is not None
    lacking = tuple(f"@check.level.{one}" for one, there in held.items() if not there)
    when = say_day(day.date() if isinstance(day, pd.Timestamp) else None)
    there = tuple(f"@check.level.{one}" for one, has in held.items() if has)
    return [
        Ruling(
            ground.county,
            UNKNOWN if lacking else MET,
            found=(
                "check.found.levels",
                {"levels": there or ("@check.none",), "day": when},
            ),
            required=say_asked(row),
            reason=("check.reason.levels", {"levels": lacking}) if lacking else NOTHING,
            missing=("reserve_level", "updated_at") if lacking else (),
            objects=tuple(sorted(papers)),
        )
    ]


def check_reference(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Show a document of which the rules stand elsewhere: never passed or failed.

    Parameters
    ----------
    row
        The clause; option ``docs``.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for the county.
    """
    papers = list_county_papers(row, ground, ("county", "city", ""))
    names = tuple(name for name, _ in papers)
    day = next((day for _, day in papers if day is not None), None)
    found: Said = "check.found.nothing", {}
    if names:
        found = "check.found.document", {"documents": names, "day": say_day(day)}
    return [
        Ruling(
            ground.county,
            OPEN_STATE if names else UNKNOWN,
            found=found,
            required=say_asked(row),
            reason=("check.reason.rules_elsewhere", {}),
            missing=() if names else ("evaluation_score",),
            objects=names,
        )
    ]


def check_in_order(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge whether one day is not after another (options ``first``, ``then``).

    Parameters
    ----------
    row
        The clause; ``then`` may be a column of the table ``county``.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each community.
    """
    first, then = row.options["first"], row.options["then"]
    later = read_days(ground.facts, then)
    if then.startswith(COUNTY):
        then = then.removeprefix(COUNTY)
        cell = _county_cell(ground, then)
        later = [cell] * len(ground.facts)
    rows = zip(ground.facts.index, read_days(ground.facts, first), later, strict=True)
    return [_judge_order(row, str(s), (first, a), (then, b)) for s, a, b in rows]


def _county_cell(ground: Ground, column: str) -> date | None:
    """Return a day of the county: that of the plan's year, else of the latest."""
    table = ground.tables["county"]
    own = table[read_year(table) == ground.plan_year] if len(table) else table
    cell = (latest_row(own, column) or latest_row(table, column)).get(column)
    return cell.date() if isinstance(cell, pd.Timestamp) else None


def _judge_order(
    row: ClauseRow,
    subject: str,
    first: tuple[str, date | None],
    then: tuple[str, date | None],
) -> Ruling:
    lacking = tuple(name for name, day in (first, then) if day is None)
    days = {"first": say_day(first[1]), "then": say_day(then[1])}
    state = UNKNOWN
    reason: Said = "check.reason.not_recorded", {}
    if first[1] is not None and then[1] is not None:
        state, reason = (MET if first[1] <= then[1] else SHORT), NOTHING
    return Ruling(
        subject,
        state,
        found=("check.found.order", days),
        required=say_asked(row),
        reason=reason,
        missing=lacking,
    )


LIBRARY_KINDS: Mapping[str, Check] = {
    "in_order": check_in_order,
    "quality": check_quality,
    "reserve_library": check_reserve_library,
    "reserve_levels": check_reserve_levels,
    "reference": check_reference,
}
