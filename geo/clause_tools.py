"""What the clauses about places and works share: cells, members, documents, lists."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias, TypeVar

import pandas as pd

from geo.clause_cells import read_days, read_flags, read_numbers, read_texts
from geo.rulings import ClauseRow, Ground, Ruling, Said
from geo.schema import State

T = TypeVar("T")
#: Rows of a table, as mappings of column to cell.
Rows: TypeAlias = list[dict[str, Any]]
#: Judges one subject, made of these communities.
Judge: TypeAlias = Callable[[str, tuple[str, ...]], Ruling]

#: Ids that a sentence names before it says that there are more.
NAMED_MOST = 5
#: What stands where there is nothing to name.
NONE = ("—",)


def map_flags(ground: Ground, column: str) -> dict[str, bool | None]:
    """Return yes or no of each community, None where it is unknown.

    Parameters
    ----------
    ground
        Facts.
    column
        Name of the fact; it may be absent.

    Returns
    -------
    dict
        Community id to flag.
    """
    return _map(ground, read_flags(ground.facts, column))


def map_days(ground: Ground, column: str) -> dict[str, date | None]:
    """Return a day of each community, None where it is unknown.

    Parameters
    ----------
    ground, column
        As for `map_flags`.

    Returns
    -------
    dict
        Community id to day.
    """
    return _map(ground, read_days(ground.facts, column))


def map_texts(ground: Ground, column: str) -> dict[str, str]:
    """Return a text of each community, empty where it is unknown.

    Parameters
    ----------
    ground, column
        As for `map_flags`.

    Returns
    -------
    dict
        Community id to text.
    """
    return _map(ground, read_texts(ground.facts, column))


def map_numbers(ground: Ground, column: str) -> dict[str, float]:
    """Return a number of each community, NaN where it is unknown.

    Parameters
    ----------
    ground, column
        As for `map_flags`.

    Returns
    -------
    dict
        Community id to number.
    """
    return _map(ground, read_numbers(ground.facts, column))


def _map(ground: Ground, cells: Sequence[T]) -> dict[str, T]:
    return dict(zip(ground.facts.index.astype("str"), cells, strict=True))


def list_units(ground: Ground) -> dict[str, tuple[str, ...]]:
    """List the units and their members.

    Parameters
    ----------
    ground
        Units.

    Returns
    -------
    dict
        Unit id, sorted, to ids of its communities, sorted; empty without units.
    """
    if ground.unit_of is None:
        return {}
    found: dict[str, list[str]] = {}
    for community, unit in ground.unit_of.dropna().items():
        found.setdefault(str(unit), []).append(str(community))
    return {unit: tuple(sorted(found[unit])) for unit in sorted(found)}


def judge_units(ground: Ground, judge: Judge) -> list[Ruling]:
    """Judge every unit.

    Parameters
    ----------
    ground
        Units.
    judge
        Unit id and members to ruling.

    Returns
    -------
    list of Ruling
        In the order of the ids. Without units: that the county's are not drawn.
    """
    units = list_units(ground)
    if not units:
        reason, missing = say("no_units"), ("unit_id",)
        return [Ruling(ground.county, State.UNKNOWN, reason=reason, missing=missing)]
    return [judge(unit, members) for unit, members in units.items()]


def judge_subjects(row: ClauseRow, ground: Ground, judge: Judge) -> list[Ruling]:
    """Judge every community, or every unit, as the clause says.

    Parameters
    ----------
    row
        The clause; its level is ``community`` or ``unit``.
    ground
        Communities and units.
    judge
        Subject and the communities it is made of to ruling.

    Returns
    -------
    list of Ruling
        In the order of the ids.
    """
    if row.level == "unit":
        return judge_units(ground, judge)
    return [judge(one, (one,)) for one in sorted(map(str, ground.facts.index))]


def group_rows(table: pd.DataFrame) -> dict[str, Rows]:
    """Part a table by community.

    Parameters
    ----------
    table
        A table with `community_id`; a named index becomes a column.

    Returns
    -------
    dict
        Community id to its rows in their order; no entry for one without rows.
    """
    rows = pd.DataFrame(table.reset_index() if table.index.name else table)
    found: dict[str, Rows] = {}
    for row in rows.to_dict("records"):
        if not pd.isna(row["community_id"]):
            named = {str(name): cell for name, cell in row.items()}
            found.setdefault(str(row["community_id"]), []).append(named)
    return found


def gather(parts: Mapping[str, Rows], members: Iterable[str]) -> Rows:
    """Put the rows of some communities together.

    Parameters
    ----------
    parts
        Result of `group_rows`.
    members
        Community ids.

    Returns
    -------
    list of dict
        The rows, in the order of `members`.
    """
    return [row for one in members for row in parts.get(one, ())]


def map_documents(ground: Ground, words: Sequence[str]) -> dict[str, list[str]]:
    """Find the documents whose type or title names something.

    Parameters
    ----------
    ground
        Documents.
    words
        Any of these words must stand in the type or the title.

    Returns
    -------
    dict
        Subject (community, unit, county) to ids of its documents, sorted.
    """
    table = ground.tables["documents"].sort_values("id")
    cells = [read_texts(table, name) for name in ("doc_type", "title", "subject_id")]
    found: dict[str, list[str]] = {}
    for name, kind, title, subject in zip(table["id"], *cells, strict=True):
        if any(word in kind or word in title for word in words):
            found.setdefault(subject, []).append(str(name))
    return found


def gather_documents(
    papers: Mapping[str, list[str]], subjects: Collection[str]
) -> tuple[str, ...]:
    """Name the documents of some subjects.

    Parameters
    ----------
    papers
        Result of `map_documents`.
    subjects
        Ids of communities, units or the county.

    Returns
    -------
    tuple of str
        Ids of documents, sorted.
    """
    return tuple(sorted({name for one in subjects for name in papers.get(one, ())}))


def say(key: str, **values: Any) -> Said:
    """Say a sentence of this area.

    Parameters
    ----------
    key
        Key under ``places``.
    **values
        Its places.

    Returns
    -------
    Said
        The sentence.
    """
    return (f"places.{key}", values)


def say_name(name_zh: str, name_en: str) -> Said:
    """Say a name that has one in each language.

    Parameters
    ----------
    name_zh, name_en
        The two names.

    Returns
    -------
    Said
        The name.
    """
    return say("name", name_zh=name_zh, name_en=name_en)


def say_year(year: float) -> str:
    """Write a year, or that there is none.

    Parameters
    ----------
    year
        The year; NaN: unknown.

    Returns
    -------
    str
        Digits, or a text key.
    """
    return "@places.no_year" if pd.isna(year) else f"{year:.0f}"


def name_few(names: Iterable[Any]) -> tuple[str, ...]:
    """Shorten a list of names for a sentence.

    Parameters
    ----------
    names
        Names.

    Returns
    -------
    tuple of str
        Each once: all of them, or the first few and ``…``; a dash if there is none.
    """
    found = tuple(dict.fromkeys(map(str, names)))
    return (*found[:NAMED_MOST], "…") if len(found) > NAMED_MOST else found or NONE


def call_few(layer: pd.DataFrame, ids: Iterable[str]) -> tuple[str, ...]:
    """Name rows of a layer in a sentence, the first few.

    Parameters
    ----------
    layer
        Layer with the column `name`, by id.
    ids
        Ids of its rows.

    Returns
    -------
    tuple of str
        As `name_few`: name and id, the id alone where there is no name.
    """
    names = layer["name"].dropna().to_dict()
    return name_few(f"{names[one]} ({one})" if one in names else one for one in ids)
