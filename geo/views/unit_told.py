"""What is said of units wherever they appear: names, numbers, how good they are."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from geo.unit_drafts import Draft
from geo.views import unit_work
from geo.views.panels import Block
from geo.views.reports import name_of
from geo.views.unit_map import unit_number
from geo.views.unit_work import Desk
from geo.views.widgets import say

#: Names that are written out before the rest is counted.
_NAMED = 3
#: What weighs less than this is no change, equivalent households.
_SMALL = 0.5


def names_of(now: Desk) -> Mapping[str, str]:
    """Return what the communities are called.

    Parameters
    ----------
    now
        The desk.

    Returns
    -------
    Mapping
        Community to its name, or the words for one without; empty while nothing
        was solved.
    """
    if now.units is None:
        return {}
    names = now.units.basis.district.communities["name"]
    return {str(one): name_of(names, str(one)) for one in names.index}


def numbers(now: Desk, draft: Draft, table: pd.DataFrame) -> Block:
    """Return the headline numbers.

    Parameters
    ----------
    now, draft, table
        The desk, its units and what they measure.

    Returns
    -------
    dict
        Block of five numbers.
    """
    joint = table["communities"] > 1
    inside = int(table.loc[joint, "communities"].sum())
    broken = int((table["broken"] != "").sum())
    closing = int((table["households_closed"] > 0).sum())
    mean = inside / max(1, int(joint.sum()))
    parted = say("view.units.number.joint_mean", value=f"{mean:.1f}")
    if draft.drawn:
        parted = say("view.units.number.joint_note", drawn=len(draft.drawn))
    if broken:
        parted = say("view.units.number.joint_broken", value=broken)
    items = [
        _number(
            "joint", f"{int(joint.sum()):,}", parted, "broken" if broken else "joint"
        ),
        _number(
            "inside",
            f"{inside:,}",
            say("view.share_of", share=f"{inside / max(1, len(draft.unit_of)):.0%}"),
            "joint",
        ),
        _number(
            "closed",
            f"{table['households_closed'].sum():,.0f}",
            _closed_note(now, closing),
            "closed",
        ),
        _number("score", f"{table['score'].sum():,.0f}", _score_note(now, table), ""),
        _number(
            "alone",
            f"{int((~joint).sum()):,}",
            _alone_note(draft),
            "single",
        ),
    ]
    for item in items:
        item["active"] = bool(now.shown) and item["event"]["id"] == now.shown
    return {"kind": "numbers", "items": items}


def _number(name: str, value: str, note: str, rows: str) -> dict[str, Any]:
    units = {
        "joint": "view.units.number.joint_unit",
        "closed": "view.units.number.closed_unit",
        "score": "view.units.number.score_unit",
    }
    return {
        "label": say(f"view.units.number.{name}"),
        "value": value,
        "unit": say(units.get(name, "view.unit.communities")),
        "note": note,
        "event": {"kind": "rows", "id": rows},
    }


def _closed_note(now: Desk, closing: int) -> str:
    # without resources in the data a 0 says nothing of the district
    if now.units is not None and not len(now.units.basis.district.idle):
        return say("view.units.number.closed_none")
    return say("view.units.number.closed_note", value=closing)


def _alone_note(draft: Draft) -> str:
    if not draft.excluded:
        return say("view.units.number.alone_note_none")
    return say("view.units.number.alone_note", value=len(draft.excluded))


def _score_note(now: Desk, table: pd.DataFrame) -> str:
    parts = [proof_words(now, table)]
    unknown = int(table["households_unknown"].sum())
    if unknown:
        parts.append(say("view.units.proof.unknown", value=f"{unknown:,}"))
    if now.history is not None and now.history.past:
        before = unit_work.measure(now, now.history.past[-1].draft)
        change = float(table["score"].sum() - before["score"].sum())
        if abs(change) >= _SMALL:
            parts.append(say("view.units.signed", value=signed_words(change)))
    return say("view.units.proof.join").join(parts)


def proof_words(now: Desk, table: pd.DataFrame) -> str:
    """Say how good the units shown are known to be.

    Parameters
    ----------
    now, table
        The desk, and what its units measure.

    Returns
    -------
    str
        Proved, how far from the bound, no bound, or how they compare with what was
        solved.
    """
    units = now.units
    if units is None:
        return ""
    if not unit_work.as_solved(now):
        change = float(table["score"].sum()) - units.score
        if abs(change) < _SMALL:
            return say("view.units.proof.same")
        key = "better" if change > 0 else "worse"
        return say(f"view.units.proof.{key}", value=f"{abs(change):,.0f}")
    gap = units.gap_share
    if np.isnan(gap):
        words = say("view.units.proof.none")
    elif bool((units.pieces["state"] == "proved").all()):
        drawn = bool(units.decisions.units)
        words = say(
            "view.units.proof.proved_rest" if drawn else "view.units.proof.proved"
        )
    else:
        words = say("view.units.proof.gap", gap=f"{max(gap, 1e-4):.2%}")
    if units.finished:
        return words
    return say("view.units.proof.join").join([say("view.units.proof.stopped"), words])


def unit_title(label: str, members: Iterable[str], names: Mapping[str, str]) -> str:
    """Return what a unit is called.

    Parameters
    ----------
    label
        Its label.
    members
        Its communities.
    names
        Community to name.

    Returns
    -------
    str
        Its number, or the name of the only community in it.
    """
    found = tuple(members)
    if len(found) == 1:
        return say("view.units.alone_of", name=names[found[0]])
    return say("view.units.unit_n", n=unit_number(label))


def list_names(ids: Iterable[str], names: Mapping[str, str]) -> str:
    """Return the names of communities, the first few written out.

    Parameters
    ----------
    ids
        Communities.
    names
        Community to name.

    Returns
    -------
    str
        Names, and how many there are if not all are written.
    """
    found = list(ids)
    listed = say("view.comma").join(names[one] for one in found[:_NAMED])
    if len(found) <= _NAMED:
        return listed
    return say("view.units.names_more", names=listed, count=len(found))


def households_words(row: Mapping[str, Any]) -> str:
    """Return the households of a unit, with what is not known.

    Parameters
    ----------
    row
        Its row of the table.

    Returns
    -------
    str
        Households.
    """
    unknown, count = int(row["households_unknown"]), int(row["communities"])
    if unknown >= count:
        return say("view.units.panel.households_none")
    value = f"{row['households']:,.0f}"
    if unknown:
        return say("view.units.panel.households_some", value=value, count=unknown)
    return say("unit.households", value=value)


def broken_words(codes: str) -> str:
    """Return what a unit breaks.

    Parameters
    ----------
    codes
        Codes joined by ``|``; may be empty.

    Returns
    -------
    str
        Words.
    """
    found = [code for code in codes.split("|") if code]
    return say("view.comma").join(say(f"units.broken.{code}") for code in found)


def signed_words(value: float) -> str:
    """Return a change with its sign.

    Parameters
    ----------
    value
        Any number.

    Returns
    -------
    str
        Whole number with its sign.
    """
    if abs(value) < _SMALL:
        return "±0"
    return f"{value:+,.0f}".replace("-", "−")
