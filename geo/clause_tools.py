"""What the functions that judge clauses have in common: cells, members, lists."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pandas as pd

from geo.rulings import ClauseRow, Ground, Ruling, Said
from geo.schema import State

#: A kind of check: a clause and the ground in, one ruling per subject out.
Check: TypeAlias = Callable[[ClauseRow, Ground], list[Ruling]]

#: Ids that a sentence names before it says how many more there are.
NAMED_MOST = 5

_YES = frozenset({"是", "有", "true", "yes", "1", "1.0", "已", "y"})
_NO = frozenset({"否", "无", "没有", "未", "false", "no", "0", "0.0", "n"})


def get_fact(ground: Ground, subject: str, name: str) -> object:
    """Return a fact of a community, None where it is unknown.

    Parameters
    ----------
    ground
        Facts.
    subject
        Community id.
    name
        Column.

    Returns
    -------
    object
        The cell.
    """
    if name not in ground.facts or subject not in ground.facts.index:
        return None
    value: Any = ground.facts[name].loc[subject]
    return None if pd.isna(value) else value


def get_day(ground: Ground, subject: str, name: str) -> pd.Timestamp | None:
    """Return a date among the facts of a community, None where it is unknown.

    Parameters
    ----------
    ground, subject, name
        As for `get_fact`.

    Returns
    -------
    pandas.Timestamp or None
        The day; what is no day is unknown.
    """
    value = get_fact(ground, subject, name)
    day = pd.to_datetime(pd.Series([value]), errors="coerce").iloc[0]
    return None if pd.isna(day) else pd.Timestamp(day)


def get_number(ground: Ground, subject: str, name: str) -> float | None:
    """Return a number among the facts of a community, None where it is unknown.

    Parameters
    ----------
    ground, subject, name
        As for `get_fact`.

    Returns
    -------
    float or None
        The number; what is no number is unknown.
    """
    value = get_fact(ground, subject, name)
    number = pd.to_numeric(pd.Series([value]), errors="coerce").iloc[0]
    return None if pd.isna(number) else float(number)


def get_flag(ground: Ground, subject: str, name: str) -> bool | None:
    """Return yes or no among the facts of a community, None where it is unknown.

    Parameters
    ----------
    ground, subject, name
        As for `get_fact`.

    Returns
    -------
    bool or None
        Words (有, 无, 是, 否) are understood.
    """
    value = get_fact(ground, subject, name)
    word = "" if value is None else str(value).strip().lower()
    return True if word in _YES else False if word in _NO else None


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


def judge_units(
    ground: Ground, judge: Callable[[str, tuple[str, ...]], Ruling]
) -> list[Ruling]:
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
        reason = say("no_units")
        missing = ("unit_id",)
        return [Ruling(ground.county, State.UNKNOWN, reason=reason, missing=missing)]
    return [judge(unit, members) for unit, members in units.items()]


def judge_subjects(
    row: ClauseRow,
    ground: Ground,
    judge: Callable[[str, tuple[str, ...]], Ruling],
) -> list[Ruling]:
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


def name_few(names: Iterable[str]) -> tuple[str, ...]:
    """Shorten a list of names for a sentence.

    Parameters
    ----------
    names
        Names.

    Returns
    -------
    tuple of str
        All of them, or the first few and ``…``; one dash if there is none.
    """
    found = list(dict.fromkeys(names))
    if not found:
        return ("—",)
    shown = found[:NAMED_MOST]
    return (*shown, "…") if len(found) > NAMED_MOST else tuple(shown)


def keep_own(table: pd.DataFrame, members: Collection[str]) -> pd.DataFrame:
    """Keep the rows of some communities.

    Parameters
    ----------
    table
        A table with `community_id`.
    members
        Community ids.

    Returns
    -------
    pandas.DataFrame
        Its rows of these communities.
    """
    return table[table["community_id"].isin(list(members))]


def group_own(table: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
    """Part a table by community.

    Parameters
    ----------
    table
        A table with `community_id`.

    Returns
    -------
    collections.abc.Mapping
        Community id to its rows; communities without any have no entry.
    """
    return {str(name): rows for name, rows in table.groupby("community_id")}


def gather(
    parts: Mapping[str, pd.DataFrame], members: Sequence[str], empty: pd.DataFrame
) -> pd.DataFrame:
    """Put the rows of some communities together.

    Parameters
    ----------
    parts
        Result of `group_own`.
    members
        Community ids.
    empty
        What to return if none of them has any.

    Returns
    -------
    pandas.DataFrame
        The rows, in the order of `members`.
    """
    found = [parts[name] for name in members if name in parts]
    if not found:
        return empty.iloc[:0]
    return found[0] if len(found) == 1 else pd.concat(found)


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
    return ("places.name", {"name_zh": name_zh, "name_en": name_en})


def find_documents(
    ground: Ground, words: Sequence[str], subjects: Collection[str]
) -> pd.DataFrame:
    """Find the documents of some subjects whose type or title names something.

    Parameters
    ----------
    ground
        Documents.
    words
        Any of these words must stand in the type or the title.
    subjects
        Ids of communities, units or the county.

    Returns
    -------
    pandas.DataFrame
        Their rows.
    """
    table = ground.tables["documents"]
    named = table["doc_type"].fillna("") + "\n" + table["title"].fillna("")
    told = [any(word in text for word in words) for text in named.astype("str")]
    return table[
        table["subject_id"].isin(list(subjects))
        & pd.Series(told, table.index, dtype=bool)
    ]
