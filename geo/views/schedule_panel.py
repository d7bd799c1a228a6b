"""The panel beside the map of the plan: the plan, or the unit that is selected."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geo.archive import RESERVE
from geo.evidence_schema import FUND_SOURCES
from geo.maps import STATE_LOOKS
from geo.reserve_scores import PARTS
from geo.reserve_words import name_things
from geo.schedule_words import state_plan
from geo.schema import State
from geo.views import site_blocks as blocks
from geo.views.panels import Block
from geo.views.review_work import ReviewDesk
from geo.views.schedule_gantt import inversions_of, marks_of
from geo.views.schedule_looks import (
    LEFT,
    REST_LOOKS,
    cost_words,
    known_cost,
    money,
    share,
    spoken,
    year_looks,
)
from geo.views.schedule_rank import PART_LOOKS
from geo.views.schedule_told import Board, Unit, community_name, selected_unit
from geo.views.state import choice
from geo.views.widgets import say

_ALARMS = ("over", "ledger_over", "no_funds")
_SUBS = (
    ("facilities", ("gap_part", "hazard_part")),
    ("scheme", ("completeness", "targeting")),
    ("willingness", ("participation", "agree")),
)
_BONUSES = ("contribution", "fund", "committee", "party", "priority")
_GATE_STATES = {"ready": State.MET, "waiting": State.UNKNOWN, "out": State.SHORT}
_LISTED = 12


def panel_of(now: ReviewDesk, board: Board) -> list[Block]:
    """Return the panel for what is selected.

    Parameters
    ----------
    now, board
        The desk, and the plan.

    Returns
    -------
    list of dict
        Blocks for ``panel.js``.
    """
    community = choice().community
    if community in board.ranking.table.index and not now.picked.subject:
        return _community(now, board, str(community))
    unit = board.units.get(selected_unit(now, board))
    return _whole(board) if unit is None else _unit(now, board, unit)


def _whole(board: Board) -> list[Block]:
    schedule = board.schedule
    made: list[Block] = [
        {
            "kind": "heading",
            "title": say("view.schedule.panel.whole"),
            "note": say("view.schedule.panel.note"),
        }
    ]
    unsure = (board.ranking.table["gate"] == "waiting").any()
    if not len(schedule.table) and unsure:
        made += [blocks.alarm(say("view.schedule.panel.empty")), _pages()]
    for key, values in state_plan(schedule):
        text = board.rename(spoken((key, values)))
        loud = key.removeprefix("schedule.statement.") in _ALARMS
        made.append(blocks.alarm(text) if loud else blocks.text(text))
    made += [blocks.sub(say("view.schedule.panel.funds")), _years(board)]
    table = board.ranking.table
    begun = int((table["status"] != RESERVE).sum())
    counts = table["gate"].value_counts()
    ready, waiting, out = (int(counts.get(one, 0)) for one in _GATE_STATES)
    told = say(
        "view.schedule.panel.gates",
        ready=ready,
        waiting=waiting,
        out=out - begun,
        begun=begun,
    )
    made += [blocks.sub(say("view.schedule.panel.library")), blocks.text(told)]
    if board.ranking.willing_first:
        made.append(blocks.text(say("view.schedule.panel.willing"), soft=True))
    return [*made, blocks.text(say("view.schedule.panel.how"), soft=True), _pages()]


def _years(board: Board) -> Block:
    rows = []
    looks = year_looks(board.years)
    told = board.schedule.years.to_dict("index")
    for look, (year, row) in zip(looks, told.items(), strict=True):
        cost, available = known_cost(row), float(row["available_cny"])
        limited = available > 0
        whole = np.nanmax([available, cost, 1.0])
        key = "funds_of" if limited else "funds_free"
        rows.append(
            {
                "id": str(year),
                "label": say("view.schedule.year", year=year),
                "look": look.told(""),
                "share": None if np.isnan(cost) else cost / whole,
                "limit": min(1.0, available / whole) if limited else None,
                "value": say(
                    f"view.schedule.{key}_short",
                    used=cost_words(row),
                    all=money(available),
                ),
            }
        )
    return {"kind": "bars", "rows": rows}


def _pages() -> Block:
    """Return the ways to the pages beside."""
    rows = [
        {
            "id": name,
            "title": say(f"view.schedule.to.{name}"),
            "rank": "→",
            "event": {"kind": "page", "id": name},
        }
        for name in ("checks", "units", "evaluation")
    ]
    return {"kind": "list", "rows": rows}


# ------------------------------------------------------------------ a unit


def _unit(now: ReviewDesk, board: Board, unit: Unit) -> list[Block]:
    households = [_number(board, one, "households") for one in unit.members]
    known = np.nansum(households)
    note = say(
        "view.schedule.panel.unit_note",
        count=len(unit.members),
        households=f"{known:,.0f}",
    )
    made: list[Block] = [
        {
            "kind": "heading",
            "title": unit.name,
            "note": note,
            "buttons": [
                {
                    "label": say("view.schedule.act.go"),
                    "event": {"kind": "go_unit", "id": unit.id},
                },
                {"label": say("view.schedule.act.close"), "event": {"kind": "clear"}},
            ],
        },
        _verdict(board, unit),
        *_decide(now, board, unit),
        *[blocks.text(text) for text in inversions_of(board, unit.id)[:_LISTED]],
        blocks.sub(say("view.schedule.panel.members")),
        _members(board, unit),
        *_money(unit),
        *_networks(board, unit),
    ]
    made.append(_pages())
    return made


def _verdict(board: Board, unit: Unit) -> Block:
    if unit.year is None:
        look = REST_LOOKS[unit.rest].told(say(f"view.schedule.rest.{unit.rest}"))
    else:
        looks = year_looks(board.years)
        word = say(
            "view.schedule.planned"
            if not unit.row["pinned"]
            else "view.schedule.pinned"
        )
        look = looks[board.years.index(unit.year)].told(word)
    title = (
        say("view.schedule.not_planned")
        if unit.year is None
        else say("view.schedule.in_year", year=unit.year)
    )
    return blocks.verdict(title, look, [board.said.get(unit.id, "")])


def _decide(now: ReviewDesk, board: Board, unit: Unit) -> list[Block]:
    """Return the buttons with which the user decides, and what stands so far."""
    pins = dict(now.pinned)
    pinned = {pins[one] for one in unit.members if one in pins}
    barred = any(one in now.barred for one in unit.members)
    # what fails a gate, or lacks evidence, is settled on the page of clauses
    able = unit.year is not None or unit.rest == LEFT
    years = [year for year in board.years if able and year not in pinned]
    buttons = [
        _button("accept" if year == unit.year else "pin", unit, year)
        for year in sorted(years, key=lambda year: (year != unit.year, year))
    ]
    if able and not barred:
        buttons.append(_button("bar", unit))
    if pinned or barred:
        buttons.append(_button("free", unit))
    made: list[Block] = [
        blocks.text(say("view.schedule.panel.pinned", year=year), soft=True)
        for year in sorted(pinned - {unit.year})
    ]
    if barred:
        made.append(blocks.text(say("view.schedule.panel.barred"), soft=True))
    if buttons:
        made.append({"kind": "heading", "title": "", "buttons": buttons})
    return made


def _button(act: str, unit: Unit, year: int | None = None) -> dict[str, Any]:
    event: dict[str, Any] = {"kind": "pin" if act == "accept" else act, "id": unit.id}
    if year is not None:
        event["year"] = year
    return {"label": say(f"view.schedule.act.{act}", year=year), "event": event}


def _members(board: Board, unit: Unit) -> Block:
    table = board.ranking.table.loc[list(unit.members)].sort_values("rank")
    rows = [
        {
            "id": str(one),
            "rank": f"{row['rank']}",
            "title": community_name(board.review, str(one)),
            "note": say(f"reserve.gate.{row['gate']}"),
            "value": say("view.schedule.points", value=f"{row['score']:.1f}"),
            "event": {"kind": "community_card", "id": str(one)},
        }
        for one, row in table.iterrows()
    ]
    return {"kind": "list", "rows": rows}


def _money(unit: Unit) -> list[Block]:
    if unit.year is None:
        return []
    items = [[say("schedule.source.all"), money(unit.cost_cny)]]
    for source in FUND_SOURCES:
        amount = unit.row[f"fund_{source}_cny"]
        if pd.isna(amount) or amount > 0:
            items.append([say(f"schedule.source.{source}"), money(float(amount))])
    title = say("view.schedule.panel.money")
    return [blocks.sub(title), {"kind": "facts", "items": items}]


def _networks(board: Board, unit: Unit) -> list[Block]:
    found = board.renewals[unit.id]
    title = blocks.sub(say("view.schedule.panel.networks"))
    if not found.renewals:
        return [title, blocks.text(say("view.schedule.panel.no_networks"), soft=True)]
    items = [
        [say(f"schedule.network.{kind}"), say("view.comma").join(map(str, years))]
        for kind, years in found.renewals
    ]
    made: list[Block] = [title, {"kind": "facts", "items": items}]
    if not marks_of(found, board.years):
        made.append(blocks.text(say("view.schedule.panel.outside"), soft=True))
    return made


def _number(board: Board, community: str, column: str) -> float:
    return float(board.ranking.table[column].loc[[community]].iloc[0])


# ------------------------------------------------------------------ a community


def _community(now: ReviewDesk, board: Board, community: str) -> list[Block]:
    row = board.ranking.table.loc[[community]].to_dict("records")[0]
    unit = board.units.get(selected_unit(now, board))
    state = _GATE_STATES[str(row["gate"])]
    look = STATE_LOOKS[state].told(say(f"reserve.gate.{row['gate']}"))
    made: list[Block] = [
        {
            "kind": "heading",
            "title": community_name(board.review, community),
            "note": say(
                "view.schedule.panel.rank",
                rank=row["rank"],
                all=len(board.ranking.table),
            ),
            "buttons": [
                {"label": say("view.schedule.act.go"), "event": {"kind": "go"}},
                {"label": say("view.schedule.act.close"), "event": {"kind": "clear"}},
            ],
        },
        blocks.verdict(
            say("view.schedule.panel.gate"), look, [board.reasons[community]]
        ),
    ]
    if unit is not None:
        made.append(_to_unit(unit))
        made += _decide(now, board, unit)
    made += [blocks.sub(say("view.schedule.panel.score")), *_points(row)]
    made += _missing(board, row)
    made += _moves(board, community)
    return [*made, _pages()]


def _to_unit(unit: Unit) -> Block:
    told = (
        say(f"view.schedule.rest.{unit.rest}")
        if unit.year is None
        else say("view.schedule.in_year", year=unit.year)
    )
    line = {
        "id": unit.id,
        "rank": "→",
        "title": unit.name,
        "note": told,
        "event": {"kind": "unit", "id": unit.id},
    }
    return {"kind": "list", "rows": [line]}


def _points(row: Mapping[Any, Any]) -> list[Block]:
    """Return the sub-scores as bars, and what the bonuses add."""
    rows = []
    for part, subs in _SUBS:
        look = PART_LOOKS[part].told("")
        title = say("view.schedule.points", value=f"{row[f'points_{part}']:.1f}")
        rows.append(
            _bar(part, say(f"reserve.part.{part}"), row[part], look, note=title)
        )
        for sub in subs:
            value = float(row[sub])
            label = say(f"reserve.sub.{sub}")
            rows.append(_bar(sub, f"　{label}", value, {**look, "outline": "none"}))
    bonuses = [
        [say(f"reserve.sub.bonus_{name}"), f"+{row[f'bonus_{name}']:.2f}"]
        for name in _BONUSES
        if row[f"bonus_{name}"]
    ]
    made: list[Block] = [{"kind": "bars", "rows": rows}]
    if bonuses:
        made.append({"kind": "facts", "items": bonuses})
    return made


def _bar(
    name: str, label: str, value: float, look: dict[str, Any], *, note: str = ""
) -> dict[str, Any]:
    known = not np.isnan(value)
    told: dict[str, Any] = {
        "id": name,
        "label": label,
        "look": look if known else {**look, "fill": None},
    }
    told |= {"share": value if known else None, "value": share(value)}
    return told | ({"note": note} if note else {})


def _missing(board: Board, row: Mapping[Any, Any]) -> list[Block]:
    if not row["unknown"]:
        return []
    names = name_things(board.ranking, choice().lang)
    listed = list(dict.fromkeys(names.get(one, one) for one in row["unknown"]))
    title = say(
        "view.schedule.panel.missing",
        most=f"{row['score_most']:.1f}",
        count=len(listed),
    )
    text = say("view.comma").join(listed)
    return [blocks.sub(title), blocks.text(text)]


def _moves(board: Board, community: str) -> list[Block]:
    moved = board.ranking.sensitivity
    own = moved[moved["community_id"] == community]
    items = []
    for part in PARTS:
        ranks = own.loc[own["weight"] == part, "rank"]
        told = say("view.schedule.panel.range", least=ranks.min(), most=ranks.max())
        items.append([say(f"reserve.part.{part}"), told])
    return [
        blocks.sub(say("view.schedule.panel.moves")),
        {"kind": "facts", "items": items},
    ]
