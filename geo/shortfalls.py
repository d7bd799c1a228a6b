"""Shortfalls and hazards of each community, and what its scheme does about them.

What counts, in which class (基础类, 完善类, 提升类) and whether as a hazard stands in
``data/rules/shortfalls.csv``; the categories of the life circle that have a class of
their own are added. The verdict of the map is believed first, then the ledger
(破损、缺失), then the lists of the survey (`shortfall_list`, `hazard_list`). A survey
that lists hazards, or says that there are none, has looked at all of them. What not
every place has (gas, district heating, energy saving) is only there where somebody
looked at it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import pandas as pd

from geo.conditions import FAILS, HOLDS, UNSURE, read_condition
from geo.coverage import Ints
from geo.evidence_schema import ITEM_CLASSES
from geo.rules import RuleBook
from geo.rulings import Ground, once
from geo.schema import State
from geo.text import data_dir

#: Columns of `find_shortfalls`.
SHORTFALL_COLUMNS = (
    "community_id",
    "need",
    "item_class",
    "hazard",
    "facility",
    "state",
    "told_by",
    "addressed",
    "works",
)
#: A house that is unsafe is a hazard, but no facility.
UNSAFE = "unsafe"

_CLASSES = dict(zip(("基础类", "完善类", "提升类"), ITEM_CLASSES, strict=True))
_NONE = frozenset({"无", "没有", "未发现", "none", "no"})
#: Columns of a work that say what it is for.
_TOLD = ("item", "category", "addresses")
_SEPARATORS = re.compile(r"[|;,、，；\s/]+")
_STATES = {HOLDS: "lacking", FAILS: "sound", UNSURE: "unknown"}


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that may be lacking or dangerous.

    Attributes
    ----------
    key
        Its name.
    item_class
        One of :data:`geo.evidence_schema.ITEM_CLASSES`.
    hazard
        Whether it is a hazard when it is lacking.
    category
        Category of the life circle that judges it; empty: none.
    column, reading
        Column of the ledger that tells, and how it is read.
    utility_kind
        Network that it is; empty: none.
    words
        Words that name it in lists and works.
    names
        Language to name.
    """

    key: str
    item_class: str
    hazard: bool
    category: str
    column: str
    reading: str
    utility_kind: str
    words: tuple[str, ...]
    names: Mapping[str, str]

    def named_by(self, text: str) -> bool:
        """Return whether a text of a list or of a work means this.

        Parameters
        ----------
        text
            Any text.

        Returns
        -------
        bool
            Whether it is its key or column, or one of its words stands in it.
        """
        own = (self.key, self.column, self.category)
        return _names(own, self.words, text)


@lru_cache(maxsize=100_000)
def _names(own: tuple[str, ...], words: tuple[str, ...], text: str) -> bool:
    """Compare once: the same few texts stand at many communities."""
    plain = text.strip().lower()
    return (bool(plain) and plain in own) or any(word in plain for word in words)


@cache
def _read_needs() -> pd.DataFrame:
    path = data_dir() / "rules" / "shortfalls.csv"
    return pd.read_csv(path, dtype="str", keep_default_na=False)


def list_needs(rules: RuleBook) -> tuple[Need, ...]:
    """List what may be lacking: the table, then further categories of the profile.

    Parameters
    ----------
    rules
        Requirements; a category without a class of renovation (schools, bus stops)
        is nothing that a scheme could mend and is left out.

    Returns
    -------
    tuple of Need
        In the order in which they are shown.
    """
    listed = [
        Need(
            row["need"],
            row["item_class"],
            row["hazard"] == "yes",
            row["category"],
            row["column"],
            row["reading"],
            row["utility_kind"],
            tuple(filter(None, row["words"].split("|"))),
            {"zh": row["name_zh"], "en": row["name_en"]},
        )
        for row in _read_needs().to_dict("records")
    ]
    known = {need.category for need in listed}
    for key, asked in rules.requirements.items():
        # of two classes the weaker one: 应改尽改 only where it is certain
        item_class = _CLASSES.get(asked.renovation_class.split("/")[-1], "")
        if item_class and asked.required and key not in known:
            names = {"zh": asked.name_zh, "en": asked.name_en}
            words = (asked.name_zh, asked.name_en.lower())
            need = Need(key, item_class, False, key, "", "", "", words, names)  # noqa: FBT003 - not a hazard
            listed.append(need)
    return tuple(listed)


@once
def find_shortfalls(ground: Ground) -> pd.DataFrame:
    """Find what each community lacks, and whether its scheme does something about it.

    Parameters
    ----------
    ground
        Facts, verdicts of the life circle, works and units.

    Returns
    -------
    pandas.DataFrame
        One row per community and need, sorted by community and then in the order of
        `list_needs`: `item_class`, `hazard`, `facility` (False for what is a hazard
        only), `state` (``lacking``, ``sound``, ``unknown``), `told_by` (``map``,
        ``ledger``, ``survey`` or empty), `addressed` (``yes``, ``no``, ``unknown``:
        there is no scheme on record; empty where nothing is lacking) and `works`
        (ids, sorted).

    Notes
    -----
    A work of another member of the same unit counts for needs of 提升类, which are to
    be solved 在片区层面 (建办城〔2021〕50号, annex 一(五)).
    """
    facts = ground.facts.sort_index()
    needs = list_needs(ground.plan.rules)
    vocabulary = _Vocabulary(needs)
    works = _name_works(ground, facts, vocabulary)
    gaps = ground.plan.gaps
    verdicts = {
        str(category): rows.set_index("community_id")["state"]
        for category, rows in gaps.groupby("category")
    }
    short, danger = (
        [
            None if one is None else vocabulary.name(one)
            for one in _read_lists(facts, name)
        ]
        for name in ("shortfall_list", "hazard_list")
    )
    found = [
        _judge_need(need, at, facts, verdicts, (short, danger), works)
        for at, need in enumerate(needs)
    ]
    table = pd.concat(found, ignore_index=True)
    rare = [need.key for need in needs if need.reading == "where_surveyed"]
    table = table[~(table["need"].isin(rare) & (table["state"] == "unknown"))]
    ordered = table.sort_values(["community_id", "order"], kind="stable")
    return ordered[list(SHORTFALL_COLUMNS)].reset_index(drop=True)


def _judge_need(
    need: Need,
    order: int,
    facts: pd.DataFrame,
    verdicts: Mapping[str, pd.Series],
    lists: tuple["_Named", "_Named"],
    works: "_Works",
) -> pd.DataFrame:
    level, told = np.full(len(facts), UNSURE), np.full(len(facts), "", dtype=object)
    sources = (
        ("map", _read_map(need, facts, verdicts)),
        ("ledger", _read_ledger(need, facts)),
        ("survey", _read_survey(need, lists)),
    )
    for name, said in sources:
        new = (level == UNSURE) & (said != UNSURE)
        level, told = np.where(new, said, level), np.where(new, name, told)
    named = [works.find(str(one), need) for one in facts.index]
    known = [str(one) in works.known for one in facts.index]
    answer = [
        "yes" if ids else "no" if there else "unknown"
        for ids, there in zip(named, known, strict=True)
    ]
    lacking = level == HOLDS
    return pd.DataFrame(
        {
            "community_id": facts.index.astype("str"),
            "need": need.key,
            "item_class": need.item_class,
            "hazard": need.hazard,
            "facility": need.key != UNSAFE,
            "state": [_STATES[int(one)] for one in level],
            "told_by": told,
            "addressed": np.where(lacking, np.array(answer, dtype=object), ""),
            "works": [
                ids if on else () for ids, on in zip(named, lacking, strict=True)
            ],
            "order": order,
        }
    )


def _read_map(
    need: Need, facts: pd.DataFrame, verdicts: Mapping[str, pd.Series]
) -> Ints:
    states = verdicts.get(need.category)
    if states is None:
        return np.full(len(facts), UNSURE)
    said = states.reindex(facts.index)
    sound = said.isin([State.MET, State.NOT_REQUIRED])
    return np.where(said == State.SHORT, HOLDS, np.where(sound, FAILS, UNSURE))


def _read_ledger(need: Need, facts: pd.DataFrame) -> Ints:
    if need.column not in facts:
        return np.full(len(facts), UNSURE)
    if need.reading in ("condition", "where_surveyed"):
        return read_condition(facts, need.column)
    if need.reading == "count":
        number = pd.to_numeric(facts[need.column], errors="coerce").astype("float64")
        return np.where(number.isna(), UNSURE, np.where(number > 0, HOLDS, FAILS))
    # a flag or yes and no in words: "yes" is the shortfall
    said = read_condition(facts, need.column)
    turned = np.where(said == HOLDS, FAILS, np.where(said == FAILS, HOLDS, UNSURE))
    words = facts[need.column].astype("object")
    plain = ["" if pd.isna(one) else str(one).strip().lower() for one in words]
    yes = np.array([one in {"是", "yes", "true", "1", "1.0"} for one in plain])
    no = np.array([one in {"否", "no", "false", "0", "0.0"} for one in plain])
    return np.where(yes, HOLDS, np.where(no, FAILS, turned))


def _read_lists(facts: pd.DataFrame, column: str) -> list[tuple[str, ...] | None]:
    """Split the list of each community; None: nobody wrote one."""
    if column not in facts:
        return [None] * len(facts)
    said = facts[column].astype("object")
    texts = [None if pd.isna(one) else str(one).strip() for one in said]
    return [
        tuple(word for word in _SEPARATORS.split(one) if word) if one else None
        for one in texts
    ]


def _read_survey(need: Need, lists: tuple["_Named", "_Named"]) -> Ints:
    level = []
    for short, danger in zip(*lists, strict=True):
        own = danger if need.hazard else short
        if any(need.key in one for one in (short, danger) if one is not None):
            level.append(HOLDS)
        else:
            level.append(UNSURE if own is None else FAILS)
    return np.array(level, dtype=np.int64)


#: Needs that the list of each community names; None: nobody wrote one.
_Named = list[frozenset[str] | None]
#: Works by community: id, the needs that its words name, its network.
_Listed = dict[str, list[tuple[str, frozenset[str], str]]]


class _Vocabulary:
    """Which needs a text names; each text is looked at once."""

    def __init__(self, needs: Sequence[Need]) -> None:
        self.needs = needs
        self.known: dict[str, frozenset[str]] = {}

    def name(self, words: Iterable[str]) -> frozenset[str]:
        """Return the keys of the needs that any of the words names."""
        return frozenset().union(*(self._find(word) for word in words))

    def _find(self, word: str) -> frozenset[str]:
        if word not in self.known:
            named = [need.key for need in self.needs if need.named_by(word)]
            self.known[word] = frozenset(named)
        return self.known[word]


@dataclass(frozen=True, slots=True)
class _Works:
    """Works of each community, and of its unit; whose works are on record."""

    own: _Listed
    unit: _Listed
    known: frozenset[str]

    def find(self, community: str, need: Need) -> tuple[str, ...]:
        """Return the works that do something about a need of a community."""
        works = self.own.get(community, [])
        if need.item_class == "enhance":
            works = [*works, *self.unit.get(community, [])]
        found = {
            name
            for name, named, kind in works
            if need.key in named or (need.utility_kind and kind == need.utility_kind)
        }
        return tuple(sorted(found))


def _name_works(ground: Ground, facts: pd.DataFrame, vocabulary: _Vocabulary) -> _Works:
    """Take the works of the table, and those that the ledger only lists."""
    own: _Listed = {}
    table = ground.tables["works"]
    for row in table[table["community_id"].notna()].to_dict("records"):
        said = [str(row[name]) for name in _TOLD if not pd.isna(row[name])]
        words = [word for text in said for word in _SEPARATORS.split(text) if word]
        kind = "" if pd.isna(row["utility_kind"]) else str(row["utility_kind"])
        work = (str(row["id"]), vocabulary.name(words), kind)
        own.setdefault(str(row["community_id"]), []).append(work)
    listed = _read_lists(facts, "scheme_items")
    for community, items in zip(facts.index.astype("str"), listed, strict=True):
        for word in items or ():
            if word not in _NONE:
                work = (word, vocabulary.name([word]), "")
                own.setdefault(community, []).append(work)
    return _Works(own, _share_in_units(ground, own), frozenset(own))


def _share_in_units(ground: Ground, own: _Listed) -> _Listed:
    """Return the works of all members of the unit of each community."""
    unit: _Listed = {}
    if ground.unit_of is not None:
        for _, members in ground.unit_of.groupby(ground.unit_of):
            ids = [str(one) for one in members.index]
            shared = [work for one in ids for work in own.get(one, [])]
            unit |= dict.fromkeys(ids, shared)
    return unit
