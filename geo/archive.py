"""How complete the archive of each project of the reserve library is.

建办城〔2021〕50号, annex 一(三), names five groups: 改造项目基本情况、居民改造意愿、
改造方案、工程进度、改造前后效果, as 数据、图片信息. Which items make up a group stands
in ``data/rules/archive.csv``; that images belong to every group is this tool's reading
(the sentence may also mean only the last one). An item that cannot exist yet (images
after the works, while there are none) is not asked for.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.rulings import Ground
from geo.text import data_dir

#: The five groups, in the order of the document.
GROUPS = ("basic", "willing", "scheme", "progress", "before_after")

#: Where a project stands.
RESERVE, STARTED, FINISHED = "reserve", "started", "finished"

_FINISHED = ("完工", "竣工", "已改造", "finished", "completed")
_STARTED = ("施工", "开工", "在建", "started", "building", "under construction")
_NOT_YET = ("未", "not")
_RENOVATED = frozenset({"是", "已改造", "yes", "true"})
_YEAR = re.compile(r"(19|20)[0-9]{2}")

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ArchiveItem:
    """One item of a group.

    Attributes
    ----------
    group, key
        Its group and name.
    kind
        ``field`` (one of `names` is filled), ``works`` (there is a work) or ``image``
        (a document whose type or title holds one of `names` has images).
    names
        Columns or words.
    applies
        ``started``, ``finished`` or empty: from when on it is asked for.
    label_zh, label_en
        What it is called.
    """

    group: str
    key: str
    kind: str
    names: tuple[str, ...]
    applies: str
    label_zh: str
    label_en: str


@cache
def list_items() -> tuple[ArchiveItem, ...]:
    """Return the items of all groups, in the order of the table.

    Returns
    -------
    tuple of ArchiveItem
        Rows of ``data/rules/archive.csv``.
    """
    path = data_dir() / "rules" / "archive.csv"
    rows = pd.read_csv(path, dtype="str", keep_default_na=False).to_dict("records")
    return tuple(
        ArchiveItem(
            row["group"],
            row["item"],
            row["kind"],
            tuple(filter(None, row["names"].split("|"))),
            row["applies"],
            row["name_zh"],
            row["name_en"],
        )
        for row in rows
    )


def find_status(facts: pd.DataFrame, as_of: date) -> pd.Series:
    """Tell where each project stands.

    Parameters
    ----------
    facts
        Facts of the communities.
    as_of
        The day on which it is judged.

    Returns
    -------
    pandas.Series
        ``reserve``, ``started`` or ``finished`` on the index of `facts`: by the
        dates, else by the phase that is recorded; without either it is ``reserve``.
    """
    today = pd.Timestamp(as_of)
    finished = _until(facts, "finish_date", today) | _until(
        facts, "acceptance_date", today
    )
    started = _until(facts, "start_date", today)
    phase = _texts(facts, "phase")
    begun = _flag(not text.startswith(_NOT_YET) for text in phase)
    dated = _dates(facts, "start_date").notna() | _dates(facts, "finish_date").notna()
    free = ~dated.to_numpy(dtype=np.bool_) & begun
    renovated = _flag(_is_renovated(text) for text in _texts(facts, "renovated"))
    finished |= free & (renovated | _flag(_holds(text, _FINISHED) for text in phase))
    started |= free & _flag(_holds(text, _STARTED) for text in phase)
    status = np.where(finished, FINISHED, np.where(started, STARTED, RESERVE))
    return pd.Series(status, index=facts.index, name="status")


def measure_archive(ground: Ground) -> pd.DataFrame:
    """Measure which share of the archive of each community is filled.

    Parameters
    ----------
    ground
        Facts, works and documents.

    Returns
    -------
    pandas.DataFrame
        Index community id, sorted: `status` (see `find_status`), ``archive_<group>``
        (share of the items asked for that are there, 0 to 1), `archive_missing`
        (keys of what is not there, in the order of the table), `archive_full`
        (groups that are complete) and `completeness` (mean of the five shares).
    """
    facts = ground.facts.sort_index()
    status = find_status(facts, ground.as_of)
    asked, held = {}, {}
    for item in list_items():
        asked[item.key] = _applies(item, status)
        held[item.key] = _find_item(item, ground, facts)
    missing = [
        tuple(key for key in held if asked[key][at] and not held[key][at])
        for at in range(len(facts))
    ]
    table = pd.DataFrame({"status": status})
    for group in GROUPS:
        keys = [item.key for item in list_items() if item.group == group]
        wanted = np.sum([asked[key] for key in keys], axis=0)
        there = np.sum([asked[key] & held[key] for key in keys], axis=0)
        table[f"archive_{group}"] = there / wanted
    shares = table[[f"archive_{group}" for group in GROUPS]]
    table["archive_missing"] = pd.Series(missing, index=facts.index, dtype=object)
    table["archive_full"] = (shares == 1).sum(axis=1)
    table["completeness"] = shares.mean(axis=1)
    return table


def _applies(item: ArchiveItem, status: pd.Series) -> Flags:
    late = {STARTED: (STARTED, FINISHED), FINISHED: (FINISHED,)}
    if not item.applies:
        return np.ones(len(status), dtype=np.bool_)
    return np.asarray(status.isin(late[item.applies]), dtype=np.bool_)


def _find_item(item: ArchiveItem, ground: Ground, facts: pd.DataFrame) -> Flags:
    if item.kind == "field":
        columns = [facts[name].notna() for name in item.names if name in facts]
        found = np.zeros(len(facts), dtype=np.bool_)
        for column in columns:
            found = found | column.to_numpy(dtype=np.bool_)
        return found
    if item.kind == "works":
        named = set(ground.tables["works"]["community_id"].dropna().astype("str"))
        listed = _flag(text != "" for text in _texts(facts, "scheme_items"))
        return np.array(facts.index.isin(named) | listed, dtype=np.bool_)
    papers = ground.tables["documents"]
    papers = papers[(papers["level"] == "community") & (papers["images"] > 0)]
    titles = papers["doc_type"].fillna("") + "|" + papers["title"].fillna("")
    fits = _flag(_holds(str(one), item.names) for one in titles)
    subjects = set(papers.loc[fits, "subject_id"].dropna().astype("str"))
    return np.asarray(facts.index.isin(subjects), dtype=np.bool_)


def _flag(flags: Iterable[bool]) -> Flags:
    return np.fromiter(flags, dtype=np.bool_)


def _dates(facts: pd.DataFrame, column: str) -> pd.Series:
    if column not in facts:
        return pd.Series(pd.NaT, index=facts.index, dtype="datetime64[ns]")
    return pd.to_datetime(facts[column], errors="coerce")


def _until(facts: pd.DataFrame, column: str, today: pd.Timestamp) -> Flags:
    early = _dates(facts, column) <= today
    return np.array(early, dtype=np.bool_)


def _texts(facts: pd.DataFrame, column: str) -> list[str]:
    if column not in facts:
        return [""] * len(facts)
    said = facts[column].astype("object")
    return ["" if pd.isna(one) else str(one).strip().lower() for one in said]


def _holds(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)


def _is_renovated(text: str) -> bool:
    """Return whether 是否已改造 says yes, or the year in which."""
    return text in _RENOVATED or bool(_YEAR.match(text))
