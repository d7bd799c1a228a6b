"""A part of an indicator as a row: what was counted, against what, and last year."""

from collections.abc import Hashable, Mapping
from fractions import Fraction
from math import isfinite, nan
from typing import Any

import pandas as pd

from geo.indicator_rules import Part
from geo.indicator_tally import Tally, judge_tally

#: Columns of the parts, in order.
PART_COLUMNS = (
    "indicator_id",
    "part",
    "role",
    "unit",
    "subject",
    "numerator",
    "denominator",
    "undecided",
    "left_out",
    "value",
    "value_least",
    "value_most",
    "state",
    "compare",
    "target",
    "target_from",
    "inputs",
    "missing",
    "reason",
    "objects",
    "met_ids",
    "short_ids",
    "unknown_ids",
    "last_numerator",
    "last_denominator",
    "last_value",
    "last_state",
    "last_year",
    "change",
)
#: What the ids of a part are, where they are no communities.
_SUBJECTS = {"unit": "unit"}


def add_last(table: pd.DataFrame, last: pd.DataFrame) -> pd.DataFrame:
    """Put last year beside this year.

    Parameters
    ----------
    table
        Parts.
    last
        Parts of last year: `indicator_id`, `part`, `numerator`, `denominator`,
        `value`, `state`, `year`; of several years the latest counts.

    Returns
    -------
    pandas.DataFrame
        Columns `PART_COLUMNS`; `change` is known only where both values are.
    """
    rows = last.sort_values("year", kind="stable") if len(last) else last
    known = {
        (str(row["indicator_id"]), str(row["part"])): row
        for row in rows.to_dict("records")
    }
    found = table.copy()
    keys = zip(found["indicator_id"], found["part"], strict=True)
    before = [known.get(key, {}) for key in keys]
    for name in ("numerator", "denominator", "year"):
        numbers = [row.get(name, nan) for row in before]
        found[f"last_{name}"] = pd.Series(numbers, found.index, dtype="float64")
    values = [_read_value(row) for row in before]
    found["last_value"] = pd.Series(values, found.index, dtype="float64")
    states = [text_of(row.get("state")) for row in before]
    found["last_state"] = pd.Series(states, found.index, dtype="str")
    found["change"] = found["value"] - found["last_value"]
    return found[list(PART_COLUMNS)]


def make_row(
    part: Part, tally: Tally, target: Fraction | None, *, asked: bool, told: str
) -> dict[str, Any]:
    """Return a part as a row of the table.

    Parameters
    ----------
    part
        The part.
    tally
        What was counted.
    target
        Its number; None: none is laid down.
    asked
        Whether any document asks for it.
    told
        Where the number stands.

    Returns
    -------
    dict
        Columns of `PART_COLUMNS` but for those of last year.
    """
    least, most = tally.bounds
    state = judge_tally(tally, part.compare, part.unit, target, asked=asked)
    row = {
        name: getattr(tally, name)
        for name in (
            *("numerator", "denominator", "undecided", "left_out", "missing", "reason"),
            *("objects", "met_ids", "short_ids", "unknown_ids"),
        )
    }
    return row | {
        "indicator_id": part.indicator_id,
        "part": part.part,
        "role": part.role,
        "unit": part.unit,
        "subject": _SUBJECTS.get(part.scope, "community"),
        "value": least if least == most else nan,
        "value_least": least,
        "value_most": most,
        "state": state.value,
        "compare": part.compare,
        "target": nan if target is None else float(target),
        "target_from": told,
        "inputs": part.fields,
    }


def _read_value(row: Mapping[Hashable, Any]) -> float:
    value = float(row.get("value", nan))
    if isfinite(value):
        return value
    part, whole = (float(row.get(name, nan)) for name in ("numerator", "denominator"))
    return part / whole if whole > 0 else nan


def text_of(cell: str | float | None) -> str:
    """Return a cell as text.

    Parameters
    ----------
    cell
        Text or missing.

    Returns
    -------
    str
        Empty where it is missing.
    """
    return "" if cell is None or pd.isna(cell) else str(cell)
