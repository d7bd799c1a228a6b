"""What is tried out, in words and numbers: headline, list of steps, who is affected."""

from typing import Any

import numpy as np
import pandas as pd

from geo.findings import render_findings
from geo.plan import Plan
from geo.schema import State
from geo.views import panels, reports
from geo.views.board import Board
from geo.views.panels import Block, metres
from geo.views.reports import name_of
from geo.views.state import Choice, choice
from geo.views.what_if_changes import (
    compare_categories,
    find_changes,
    list_rows,
    sum_households,
)
from geo.views.what_if_work import Desk, Picture
from geo.views.widgets import say
from geo.what_if_steps import ADD, CLOSE, OPEN_GATE, USE, Step

#: Signs of the kinds of steps, as on the map.
SIGNS = {ADD: "＋", CLOSE: "✕", OPEN_GATE: "∩", USE: "＋"}
#: Changes that the panel lists at most.
_LISTED = 40
#: Which changes the table can list.
FILTERS = ("", "gained", "lost")


def whole() -> Choice:
    """Return what this part looks at: the chosen test and category, no other limits."""
    now = choice()
    return Choice(
        lang=now.lang, profile=now.profile, category=now.category, test=now.test
    )


def step_name(plan: Plan, step: Step) -> str:
    """Return what a step does.

    Parameters
    ----------
    plan
        The plan that is open.
    step
        The step.

    Returns
    -------
    str
        In the session's language.
    """
    district = plan.district
    values = {
        "category": plan.rules.category_name(step.category, choice().lang)
        if step.category
        else "",
        "community": name_of(district.communities["name"], step.community_id),
        "resource": name_of(district.idle["name"], step.idle_id),
        "facility": name_of(district.facilities["name"], step.facility_id),
    }
    if step.kind == CLOSE and step.facility_id not in district.facilities.index:
        values["facility"] = say("view.what_if.own_facility", id=step.facility_id)
    return say(f"view.what_if.step.{step.kind}", **values)


def step_size(step: Step) -> str:
    """Return how large a step is, or who may go through its gate.

    Parameters
    ----------
    step
        The step.

    Returns
    -------
    str
        Empty where there is nothing to say.
    """
    if step.kind == OPEN_GATE:
        return say(f"view.what_if.map.open_{step.open_to}")
    if step.kind == CLOSE:
        return ""
    area = step.floor_area_m2 or step.land_area_m2
    kind = "floor" if step.floor_area_m2 else "land"
    if area is None:
        return say("view.what_if.size_unknown")
    return say(f"view.what_if.size_{kind}", value=f"{area:,.0f}")


def numbers(plan: Plan, now: Desk, found: Picture) -> Block:
    """Return the line of numbers above the map.

    Parameters
    ----------
    plan, now, found
        The plan, the desk and what its steps lead to.

    Returns
    -------
    dict
        Block: at most five numbers, each with what it was today.
    """
    base = reports.board(plan)
    (short, met), (short_now, met_now) = _counts(base), _counts(found.board)
    gained = found.changes[found.changes["gained"].astype(bool)]
    lost = found.changes[found.changes["lost"].astype(bool)]
    affected = found.changes["community_id"].nunique()
    items = [
        _number("steps", f"{len(found.steps)}", _seconds(found)),
        _number("short", f"{short_now:,}", _than(short_now - short), event="short"),
        _number("met", f"{met_now:.2f}", _than(met_now - met, digits=2)),
        _households("gained", gained, now),
        _households("lost", lost, now),
    ]
    items[0]["event"] = {"kind": "overview"}
    if len(found.steps):
        items[2]["note"] += say("view.what_if.number.affected", value=f"{affected:,}")
    return {"kind": "numbers", "items": items}


def blocks(plan: Plan, now: Desk, found: Picture) -> list[Block]:
    """Return what the panel says.

    Parameters
    ----------
    plan, now, found
        The plan, the desk and what its steps lead to.

    Returns
    -------
    list of dict
        Of the chosen step, else of the chosen community, else of all steps.
    """
    base = reports.board(plan)
    at = base.at(choice().community)
    parts: list[Block] = []
    if now.trouble:
        parts.append({"kind": "text", "text": now.trouble, "alarm": True})
    if found.outcome is not None and len(found.outcome.findings):
        said = render_findings(found.outcome.findings, choice().lang)
        parts += [
            {"kind": "text", "text": f"{one.message} {one.action}", "alarm": True}
            for one in said.itertuples()
        ]
    chosen = next((step for step in now.steps if step.id == now.chosen), None)
    if chosen is not None:
        return parts + _step_blocks(plan, now, chosen)
    if at is not None:
        return parts + _community_blocks(plan, base, found, at)
    return parts + _whole_blocks(plan, now, base, found)


def _whole_blocks(plan: Plan, now: Desk, base: Board, found: Picture) -> list[Block]:
    title = say("view.what_if.panel.whole")
    if not found.steps:
        guide = [
            {"kind": "text", "text": say(f"view.what_if.guide.{name}")}
            for name in ("put", "close", "gate", "use", "undo")
        ]
        return [{"kind": "heading", "title": title}, *guide]
    rows = [_step_row(plan, now, place) for place in range(len(found.steps))]
    parts: list[Block] = [
        {
            "kind": "heading",
            "title": title,
            "note": say("view.what_if.panel.whole_note"),
            "buttons": [
                {"label": say("view.what_if.clear"), "event": {"kind": "clear"}}
            ],
        },
        {"kind": "list", "rows": rows},
    ]
    counted = compare_categories(base, found.changes)
    touched = counted[(counted["gained"] > 0) | (counted["lost"] > 0)]
    parts.append({"kind": "heading", "title": say("view.what_if.panel.categories")})
    if len(touched):
        parts.append(_category_terms(plan, touched))
    else:
        parts.append({"kind": "text", "text": say("view.what_if.panel.nothing")})
    return parts


def _step_row(plan: Plan, now: Desk, place: int) -> dict[str, Any]:
    step = now.done[place].steps[place]
    before = now.done[place - 1].balance if place else 0.0
    return {
        "id": step.id,
        "title": f"{SIGNS[step.kind]} {step_name(plan, step)}",
        "note": step_size(step),
        "value": _effect(now.done[place].balance - before),
        "event": {"kind": "step", "id": step.id},
        "button": {
            "label": say("view.what_if.remove"),
            "event": {"kind": "remove", "id": step.id},
        },
    }


def _effect(value: float) -> str:
    """Say how many households more have a category met after one step."""
    if np.isnan(value):
        return say("view.what_if.effect_unknown")
    return say("view.what_if.effect", value=f"{value:+,.0f}".replace("-", "−"))


def _category_terms(plan: Plan, table: pd.DataFrame) -> Block:
    balance = table["households_gained"] - table["households_lost"]
    counts = list_rows(table.assign(balance=balance).reset_index())
    rows = [
        {
            "label": plan.rules.category_name(row["category"], choice().lang),
            "share": 0.0 if np.isnan(row["balance"]) else float(row["balance"]),
            "value": _signed_households(row["balance"]),
            "title": say(
                "view.what_if.panel.communities",
                gained=int(row["gained"]),
                lost=int(row["lost"]),
            ),
            "event": {"kind": "category", "id": row["category"]},
        }
        for row in counts
    ]
    note = say("view.what_if.panel.terms_note")
    return {"kind": "terms", "rows": rows, "note": note}


def _signed_households(value: float) -> str:
    if np.isnan(value):
        return say("view.what_if.households_unknown")
    said = f"{value:+,.0f}".replace("-", "−")
    return say("unit.households", value=said)


def _step_blocks(plan: Plan, now: Desk, step: Step) -> list[Block]:
    place = now.steps.index(step)
    picture = now.done[place]
    before = now.done[place - 1].board if place else reports.board(plan)
    buttons = [
        {"label": say("view.go"), "event": {"kind": "find", "id": step.id}},
        {
            "label": say("view.what_if.remove"),
            "event": {"kind": "remove", "id": step.id},
        },
        {"label": say("view.close"), "event": {"kind": "step", "id": step.id}},
    ]
    heading: Block = {
        "kind": "heading",
        "title": f"{SIGNS[step.kind]}{place + 1}　{step_name(plan, step)}",
        "note": step_size(step),
        "buttons": buttons,
    }
    changes = find_changes(before, picture.board)
    turned = changes[(changes["gained"] | changes["lost"]).astype(bool)]
    told = turned if len(turned) else changes
    title = say(
        "view.what_if.panel.turned" if len(turned) else "view.what_if.panel.nearer",
        count=f"{len(told):,}",
    )
    rows = [change_row(plan, row) for row in list_rows(told.head(_LISTED))]
    if not rows:
        return [heading, {"kind": "text", "text": say("view.what_if.panel.no_effect")}]
    return [
        heading,
        {"kind": "heading", "title": title},
        {"kind": "list", "rows": rows},
    ]


def change_row(plan: Plan, row: dict[str, Any]) -> dict[str, Any]:
    """Return one change as a row of a list.

    Parameters
    ----------
    plan
        The plan that is open.
    row
        Row of `geo.views.what_if_work.find_changes`.

    Returns
    -------
    dict
        For ``panel.js``; a click goes to the community.
    """
    lang = choice().lang
    category = plan.rules.category_name(row["category"], lang)
    name = name_of(plan.district.communities["name"], row["community_id"])
    sign = "▲" if row["lost"] else ("●" if row["gained"] else "→")
    known = not np.isnan(row["households"])
    return {
        "id": f"{row['community_id']}|{row['category']}",
        "rank": sign,
        "title": f"{name} · {category}",
        "note": change_words(row),
        "value": say("unit.households", value=f"{row['households']:,.0f}")
        if known
        else say("view.what_if.households_unknown"),
        "event": {"kind": "community", "id": row["community_id"]},
    }


def change_words(row: dict[str, Any]) -> str:
    """Return what changes for a community and a category.

    Parameters
    ----------
    row
        Row of `geo.views.what_if_work.find_changes`.

    Returns
    -------
    str
        State and distance, before and after.
    """
    states = [say(f"state.{row[name]}") for name in ("state_before", "state_after")]
    walks = [_walk(row[f"distance_{name}_m"]) for name in ("before", "after")]
    same = states[0] == states[1]
    said = states[0] if same else " → ".join(states)
    return f"{said}　{' → '.join(walks)}"


def _walk(distance: float) -> str:
    return say("view.what_if.too_far") if np.isnan(distance) else metres(distance)


def _community_blocks(plan: Plan, base: Board, found: Picture, at: int) -> list[Block]:
    community = base.ids[at]
    changes = found.changes[found.changes["row"] == at]
    rows = []
    for row in list_rows(changes):
        told = change_row(plan, row)
        told["title"] = plan.rules.category_name(row["category"], choice().lang)
        told["value"] = ""
        told["event"] = {"kind": "category", "id": row["category"]}
        rows.append(told)
    parts = [
        reports.community_heading(plan, community, further="lifecircle"),
        panels.community_facts(plan.district.communities.loc[community]),
    ]
    if rows:
        parts.append({"kind": "heading", "title": say("view.what_if.panel.mine")})
        parts.append({"kind": "list", "rows": rows})
    elif found.steps:
        parts.append({"kind": "text", "text": say("view.what_if.panel.untouched")})
    return parts + panels.scorecard(plan, found.board, at, whole())


def _counts(board: Board) -> tuple[int, float]:
    """Return the communities that lack something, and the mean of categories met."""
    states = board.verdicts(whole())
    short = (states == State.SHORT).any(axis=1).sum()
    return int(short), float((states == State.MET).sum(axis=1).mean())


def _number(
    name: str, value: str, note: str, *, event: str | None = None
) -> dict[str, Any]:
    return {
        "label": say(f"view.what_if.number.{name}"),
        "value": value,
        "unit": say(f"view.what_if.number.{name}_unit"),
        "note": note,
        "event": {"kind": "rows", "id": event} if event in FILTERS else None,
    }


def _households(name: str, rows: pd.DataFrame, now: Desk) -> dict[str, Any]:
    total = sum_households(rows)
    value = "—" if np.isnan(total) else f"{total:,.0f}"
    note = say("view.what_if.number.pairs", count=f"{len(rows):,}")
    unknown = int(rows["households"].isna().sum())
    if unknown:
        note += say("view.what_if.number.uncounted", count=f"{unknown:,}")
    return {**_number(name, value, note, event=name), "active": now.shown == name}


def _than(change: float, *, digits: int = 0) -> str:
    if abs(change) < 0.5 * 10**-digits:
        return say("view.what_if.number.same")
    said = f"{change:+,.{digits}f}".replace("-", "−")
    return say("view.what_if.number.than", value=said)


def _seconds(found: Picture) -> str:
    if found.outcome is None:
        return say("view.what_if.number.none")
    value = f"{1000 * found.outcome.seconds:,.0f}"
    return say("view.what_if.number.seconds", value=value)
