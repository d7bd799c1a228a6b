"""Words and looks of indicators on their page."""

from collections.abc import Mapping
from math import isnan
from typing import Any

import pandas as pd

from geo.evaluation_files import say_years
from geo.indicator_rules import Indicator, Part, find_part, list_indicators
from geo.indicator_words import format_value, say_found, say_required
from geo.indicators import Indicators
from geo.rulings import speak
from geo.schema import State
from geo.views.check_told import STATES, state_word
from geo.views.state import choice
from geo.views.widgets import say

#: What a community is to a part, best last; the fourth: it is not counted.
WORDS = ("short", "unknown", "met")


def indicator_of(key: str) -> Indicator:
    """Return an indicator by its name.

    Parameters
    ----------
    key
        ``IND-1-01`` and so on.

    Returns
    -------
    Indicator
        The indicator.
    """
    return {one.indicator_id: one for one in list_indicators()}[key]


def number_of(indicator: Indicator) -> str:
    """Return where an indicator stands in the annex.

    Parameters
    ----------
    indicator
        The indicator.

    Returns
    -------
    str
        ``一(一)`` and so on, ``1(1)`` in English.
    """
    if choice().lang == "zh":
        return indicator.clause.partition(" ")[2]
    _, group, number = indicator.indicator_id.split("-")
    return f"{group}({int(number)})"


def name_of(indicator: Indicator) -> str:
    """Return what an indicator is called.

    Parameters
    ----------
    indicator
        The indicator.

    Returns
    -------
    str
        In the session's language.
    """
    return indicator.names[choice().lang]


def part_words(row: Mapping[str, Any]) -> Part:
    """Return what a row of the indicators counts.

    Parameters
    ----------
    row
        The row.

    Returns
    -------
    Part
        Its names, formula and evidence.
    """
    return find_part(str(row["indicator_id"]), str(row["part"]))


def found_words(row: Mapping[str, Any]) -> str:
    """Say what was found.

    Parameters
    ----------
    row
        A row of the indicators.

    Returns
    -------
    str
        With the counts behind it.
    """
    return speak(say_found(row), choice().lang)


def required_words(row: Mapping[str, Any]) -> str:
    """Say what was required, and where it stands.

    Parameters
    ----------
    row
        A row of the indicators.

    Returns
    -------
    str
        Or that no number is laid down.
    """
    return speak(say_required(row), choice().lang)


def short_required(row: Mapping[str, Any]) -> str:
    """Say what was required in a few signs.

    Parameters
    ----------
    row
        A row of the indicators.

    Returns
    -------
    str
        ``≥ 60.0 %``; empty where no number is laid down.
    """
    if isnan(row["target"]):
        return ""
    sign = {"least": "≥", "most": "≤"}.get(str(row["compare"]), "")
    whole = row["target"] == 1 and row["unit"] == "share"
    value = "100 %" if whole else format_value(row["target"], row["unit"])
    return value if whole or not row["target"] else f"{sign} {value}"


def reason_words(row: Mapping[str, Any]) -> str:
    """Say why something is not known.

    Parameters
    ----------
    row
        A row of the indicators.

    Returns
    -------
    str
        Empty where nothing is to be said.
    """
    return speak(row["reason"], choice().lang)


def year_words(row: Mapping[str, Any]) -> dict[str, str]:
    """Say last year, this year and the change.

    Parameters
    ----------
    row
        A row of the indicators.

    Returns
    -------
    dict
        ``last``, ``value`` and ``change``.
    """
    return say_years(row, choice().lang)


def last_words(row: Mapping[str, Any]) -> str:
    """Say what last year came to.

    Parameters
    ----------
    row
        A row of the indicators.

    Returns
    -------
    str
        Empty where nobody said.
    """
    told = year_words(row)
    if told["last"] == "—":
        return ""
    year = row["last_year"]
    when = say("view.evaluation.last") if pd.isna(year) else f"{year:.0f}"
    change = "" if told["change"] == "—" else told["change"]
    key = "last_changed" if change else "last_value"
    values = {"year": when, "value": told["last"], "change": change}
    return say(f"view.evaluation.{key}", **values)


def is_judged(row: Mapping[str, Any]) -> bool:
    """Return whether a figure is held against a number.

    Parameters
    ----------
    row
        A row of the indicators.

    Returns
    -------
    bool
        Otherwise a community only counts in it, or does not.
    """
    return not isnan(row["target"]) and row["state"] != State.OPEN


def looks_of(row: Mapping[str, Any]) -> dict[str, tuple[State, str]]:
    """Return how those behind a figure look, and what they are called.

    Parameters
    ----------
    row
        A row of the indicators.

    Returns
    -------
    dict
        One of `WORDS` to the state whose look it has, and its word. Where no number is
        laid down nobody is short of it.
    """
    if is_judged(row):
        return {
            "short": (State.SHORT, state_word(State.SHORT)),
            "unknown": (State.UNKNOWN, state_word(State.UNKNOWN)),
            "met": (State.MET, state_word(State.MET)),
        }
    left = (State.UNKNOWN, state_word(State.UNKNOWN))
    if row["state"] == State.OPEN and isnan(row["value_least"]):
        left = (State.OPEN, state_word(State.OPEN))
    return {
        "short": (State.NOT_REQUIRED, say("view.evaluation.counted_out")),
        "unknown": left,
        "met": (State.OPEN, say("view.evaluation.counted_in")),
    }


def count_states(found: Indicators) -> dict[State, int]:
    """Count the indicators by state.

    Parameters
    ----------
    found
        The indicators.

    Returns
    -------
    dict
        State to number, those without any left out.
    """
    states = found.summary["state"]
    counts = {state: int((states == state).sum()) for state in STATES}
    return {state: count for state, count in counts.items() if count}


def count_changes(found: Indicators) -> dict[str, int]:
    """Count the first figures that rose, fell or stayed since last year.

    Parameters
    ----------
    found
        The indicators.

    Returns
    -------
    dict
        ``better``, ``worse`` and ``same``; where less is better, that counts.
    """
    rows = found.summary
    known = rows[rows["change"].notna()]
    way = known["compare"].map({"most": -1.0}).fillna(1.0)
    moved = known["change"] * way
    return {
        "better": int((moved > 0).sum()),
        "worse": int((moved < 0).sum()),
        "same": int((moved == 0).sum()),
    }
