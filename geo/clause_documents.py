"""Clauses that ask for something on record: a flag, a document, days in order.

A flag that says no is short; nothing on record is unknown. Documents are found by words
in their type or title; one of a unit counts for its members.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from geo.clause_basics import (
    MET,
    SHORT,
    UNKNOWN,
    Check,
    join_rulings,
    say_asked,
    say_day,
)
from geo.clause_cells import latest_row, read_days, read_flags, read_texts
from geo.conditions import FAILS, HOLDS, read_condition
from geo.evidence_schema import UTILITY_KINDS
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said
from geo.schema import State
from geo.utility_match import NOT_EVERYWHERE

#: Begins a field that is a column of the table ``county``.
COUNTY = "county."


@dataclass(frozen=True, slots=True)
class Held:
    """What is on record of one subject.

    Attributes
    ----------
    flag
        What the ledger says: yes, no or None.
    day
        Day of it, the earliest where there are several.
    documents
        Ids of documents.
    """

    flag: bool | None
    day: date | None
    documents: tuple[str, ...]

    @property
    def there(self) -> bool | None:
        """Whether it is there; None: nobody said."""
        return True if self.documents or self.day else self.flag


def find_documents(
    documents: pd.DataFrame, words: str, levels: Sequence[str]
) -> dict[str, list[tuple[str, date | None]]]:
    """Find documents by words in their type or title.

    Parameters
    ----------
    documents
        Table ``documents``.
    words
        Words with ``|`` between them.
    levels
        Levels of the documents.

    Returns
    -------
    dict
        Subject (``""`` where none is named) to id and day of its documents.
    """
    found: dict[str, list[tuple[str, date | None]]] = {}
    if documents.empty or not words:
        return found
    kind, title = read_texts(documents, "doc_type"), read_texts(documents, "title")
    wanted = words.split("|")
    rows = zip(
        read_texts(documents, "id"),
        read_texts(documents, "level"),
        read_texts(documents, "subject_id"),
        read_days(documents, "doc_date"),
        kind,
        title,
        strict=True,
    )
    for name, level, subject, day, *texts in sorted(rows, key=lambda row: row[0]):
        named = any(word in text for word in wanted for text in texts)
        if named and level in levels:
            found.setdefault(subject, []).append((name, day))
    return found


def read_held(row: ClauseRow, ground: Ground) -> dict[str, Held]:
    """Return what is on record of each community, documents of its unit included.

    Parameters
    ----------
    row
        Its options: ``field`` (flag), ``date`` (day), ``docs`` (words of documents).
    ground
        What is judged by.

    Returns
    -------
    dict
        Community to what is on record.
    """
    facts, options = ground.facts, row.options
    flags = read_flags(facts, options.get("field", ""))
    days = read_days(facts, options.get("date", ""))
    table, words = ground.tables["documents"], options.get("docs", "")
    own = find_documents(table, words, ("community", ""))
    shared = find_documents(table, words, ("unit",))
    unit_of = {} if ground.unit_of is None else ground.unit_of.to_dict()
    held = {}
    for subject, flag, day in zip(facts.index, flags, days, strict=True):
        papers = own.get(subject, []) + shared.get(str(unit_of.get(subject)), [])
        dated = sorted(when for _, when in papers if when is not None)
        first = day or (dated[0] if dated else None)
        names = tuple(name for name, _ in papers)
        held[str(subject)] = Held(flag, first, names)
    return held


def check_flag(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge a flag of the ledger (option ``field``).

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each community.
    """
    held = read_held(row, ground)
    return [_judge_held(row, subject, one) for subject, one in held.items()]


def check_document(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge whether a document is on record (options ``field``, ``docs``).

    Parameters
    ----------
    row
        The clause, of a community or the county.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each subject.
    """
    if row.level != "county":
        return check_flag(row, ground)
    return [_judge_held(row, ground.county, _read_county(row, ground))]


def _read_county(row: ClauseRow, ground: Ground) -> Held:
    """Return what is on record of the county: a cell of its table, or documents."""
    field = row.options.get("field", "")
    day, flag = None, None
    if field.startswith(COUNTY):
        column = field.removeprefix(COUNTY)
        cell = latest_row(ground.tables["county"], column).get(column)
        flag = None if cell is None else True
        day = cell.date() if isinstance(cell, pd.Timestamp) else None
    papers = list_county_papers(row, ground, ("county", ""))
    return Held(flag, day, tuple(name for name, _ in papers))


def list_county_papers(
    row: ClauseRow, ground: Ground, levels: Sequence[str]
) -> list[tuple[str, date | None]]:
    """Find documents of the county.

    Parameters
    ----------
    row
        The clause; option ``docs``.
    ground
        What is judged by.
    levels
        Levels of the documents.

    Returns
    -------
    list of tuple
        Id and day; the county may go unnamed.
    """
    table, words = ground.tables["documents"], row.options.get("docs", "")
    found = find_documents(table, words, levels)
    own = {"", ground.county, ground.plan.district.name}
    return [one for name in sorted(own) for one in found.get(name, [])]


def _judge_held(row: ClauseRow, subject: str, one: Held) -> Ruling:
    there = one.there
    state = UNKNOWN if there is None else MET if there else SHORT
    found: Said = "check.found.nothing", {}
    if one.documents or one.day:
        day = say_day(one.day)
        papers = one.documents or ("@check.yes",)
        found = "check.found.document", {"documents": papers, "day": day}
    elif there is not None:
        found = f"check.found.{'yes' if there else 'no'}", {}
    field = row.options.get("field", "").removeprefix(COUNTY) or "documents"
    return Ruling(
        subject,
        state,
        found=found,
        required=say_asked(row),
        reason=("check.reason.not_recorded", {}) if state == UNKNOWN else NOTHING,
        missing=(field,) if state == UNKNOWN else (),
        objects=one.documents,
    )


def check_dated_document(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge whether a document is on record and not younger than a day.

    Options ``field``, ``docs``, ``date`` (its day), ``before`` (the day, usually of the
    start) and ``needs`` (``utilities``: only of those with a network to renew). While
    there is no start, it is early enough.

    Parameters
    ----------
    row
        The clause, of a community or of a unit: all its members.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each subject.
    """
    held = read_held(row, ground)
    starts = read_days(ground.facts, row.options["before"])
    spared = _find_sound(ground) if row.options.get("needs") == "utilities" else set()
    found = [
        _spare(_judge_dated(row, subject, one, start), one, spared)
        for (subject, one), start in zip(held.items(), starts, strict=True)
    ]
    return found if row.level == "community" else join_members(found, ground)


def _judge_dated(row: ClauseRow, subject: str, one: Held, start: date | None) -> Ruling:
    ruling = _judge_held(row, subject, one)
    if not one.there or start is None:
        return ruling
    days = {"day": say_day(one.day), "start": say_day(start)}
    papers = one.documents or ("@check.yes",)
    found: Said = "check.found.document_start", {"documents": papers, **days}
    if one.day is None:
        date_field = (row.options["date"],)
        reason: Said = "check.reason.day_missing", {}
        return replace(
            ruling, state=UNKNOWN, found=found, reason=reason, missing=date_field
        )
    if one.day > start:
        reason = "check.reason.after_start", days
        return replace(ruling, state=SHORT, found=found, reason=reason)
    return replace(ruling, found=found)


def _find_sound(ground: Ground) -> set[str]:
    """Find communities without a network to renew; see :mod:`geo.utility_match`."""
    facts, works = ground.facts, ground.tables["works"]
    sound = np.ones(len(facts), dtype=np.bool_)
    for kind in UTILITY_KINDS:
        level = read_condition(facts, f"condition_{kind}")
        sound &= level != HOLDS if kind in NOT_EVERYWHERE else level == FAILS
    renewed = set(works.loc[works["utility_kind"].notna(), "community_id"])
    return {str(name) for name in facts.index[sound]} - renewed


def _spare(ruling: Ruling, one: Held, spared: set[str]) -> Ruling:
    """Ask nothing of a community that needs nothing, unless it has it all the same."""
    if one.there or ruling.subject_id not in spared:
        return ruling
    reason: Said = "check.reason.no_utilities", {}
    return replace(ruling, state=State.NOT_REQUIRED, reason=reason, missing=())


def join_members(rulings: Iterable[Ruling], ground: Ground) -> list[Ruling]:
    """Join rulings on communities into one per unit: all members must hold.

    Parameters
    ----------
    rulings
        Rulings on communities.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each unit, sorted; none while there are no units.
    """
    own = {one.subject_id: one for one in rulings}
    parts = {
        unit: [own[name] for name in members if name in own]
        for unit, members in list_members(ground).items()
    }
    return [_join_unit(unit, members) for unit, members in parts.items() if members]


def list_members(ground: Ground) -> dict[str, list[str]]:
    """List the units with their communities.

    Parameters
    ----------
    ground
        What is judged by.

    Returns
    -------
    dict
        Unit to its communities, both sorted; empty while there are no units.
    """
    if ground.unit_of is None:
        return {}
    found: dict[str, list[str]] = {}
    for name, unit in sorted(ground.unit_of.dropna().items()):
        found.setdefault(str(unit), []).append(str(name))
    return {unit: found[unit] for unit in sorted(found)}


def _join_unit(unit: str, members: list[Ruling]) -> Ruling:
    joined = join_rulings([[replace(one, subject_id=unit)] for one in members])[0]
    by_state: dict[str, list[str]] = {}
    for one in members:
        by_state.setdefault(one.state, []).append(one.subject_id)
    deciding = tuple(by_state[joined.state])
    told: Said = (
        "check.found.members",
        {
            "met": str(len(by_state.get(MET, []))),
            "all": str(len(members)),
            "members": deciding,
            "state": f"@state.{joined.state}",
        },
    )
    return replace(joined, found=told)


DOCUMENT_KINDS: Mapping[str, Check] = {
    "flag": check_flag,
    "document": check_document,
    "dated_document": check_dated_document,
}
