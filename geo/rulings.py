"""What a clause came to for one subject, and the ground on which it is judged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import wraps
from math import nan
from typing import Any, TypeVar

import pandas as pd

from geo.plan import Plan
from geo.policy_settings import CheckSettings
from geo.profiles import Profile
from geo.schema import State
from geo.text import tr

#: A sentence: text key and values for its named places. A value that starts with
#: ``@`` is itself a text key, a value of this kind is said in its place; a tuple of
#: such is said one after the other.
Said = tuple[str, Mapping[str, Any]]

NOTHING: Said = ("", {})

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """One clause as the tables give it.

    Attributes
    ----------
    rule_id, document, clause, quote, source, certainty, severity
        As in ``policy_rules``.
    kind
        Which function judges it.
    level
        ``community``, ``unit``, ``county`` or ``plan``.
    stage
        ``annual_plan``, ``pre_construction``, ``construction``, ``completion`` or
        ``evaluation``; shown, never decides a state.
    options
        What the function needs besides (``part=households_agreed`` and so on).
    """

    rule_id: str
    document: str
    clause: str
    quote: str
    source: str
    certainty: str
    severity: str
    kind: str
    level: str
    stage: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a clause came to for one subject.

    Attributes
    ----------
    subject_id
        Community, unit or county.
    state
        Never ``no_data``.
    found
        What was found, with the counts behind it.
    required
        What was required.
    reason
        Why an unknown is unknown, an exception possible and so on; may be `NOTHING`.
    missing
        Fields of the field list that would settle it, for the list to collect.
    exception
        Whether the document allows exceptions (原则上).
    value
        The number found (share of 1, or a count); NaN: there is none.
    objects
        Ids of works, protected things, utilities and so on that the map can show.
    """

    subject_id: str
    state: State
    found: Said = NOTHING
    required: Said = NOTHING
    reason: Said = NOTHING
    missing: tuple[str, ...] = ()
    exception: bool = False
    value: float = nan
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Ground:
    """Everything that clauses are judged by.

    Attributes
    ----------
    plan
        The results up to units, sites and openings.
    profile
        What the documents ask for.
    facts
        One row per community, see :func:`geo.facts.gather_facts`.
    tables
        Checked tables of evidence.
    eligibility
        Result of :func:`geo.eligibility.judge_eligibility`, with units.
    unit_of
        Community to unit; None while there are no units.
    county
        Id of the county.
    plan_year
        Year of the plan that is to be submitted; None: nobody said.
    planned
        Communities of that plan, sorted.
    settings
        This tool's own choices.
    as_of
        The day on which it is judged.
    kept
        What several clauses ask for, worked out once, see `once`; dies with the ground.
    """

    plan: Plan
    profile: Profile
    facts: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    eligibility: pd.DataFrame
    unit_of: pd.Series | None
    county: str
    plan_year: int | None
    planned: tuple[str, ...]
    settings: CheckSettings
    as_of: date
    kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False)


def once(make: Callable[[Ground], Made]) -> Callable[[Ground], Made]:
    """Let a function of the ground work only once per ground.

    Parameters
    ----------
    make
        Function of nothing but the ground; nobody may change what it returns.

    Returns
    -------
    callable
        The same, with its answer kept on the ground.
    """
    name = f"{make.__module__}.{make.__qualname__}"

    @wraps(make)
    def kept(ground: Ground) -> Made:
        if name not in ground.kept:
            ground.kept[name] = make(ground)
        found: Made = ground.kept[name]
        return found

    return kept


def speak(said: Said, lang: str) -> str:
    """Say a sentence in one language.

    Parameters
    ----------
    said
        Text key and values.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        The sentence; ``""`` for `NOTHING`.
    """
    key, values = said
    if not key:
        return ""
    return tr(key, lang, **{name: _word(one, lang) for name, one in values.items()})


def _word(value: object, lang: str) -> object:
    if isinstance(value, tuple):
        if len(value) == len(NOTHING) and isinstance(value[1], Mapping):
            return speak(value, lang)
        return tr("view.comma", lang).join(str(_word(one, lang)) for one in value)
    if isinstance(value, str) and value.startswith("@"):
        return tr(value[1:], lang)
    return value
