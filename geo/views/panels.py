"""Blocks of the panel beside the map: what the district, or one community, is like."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geo.maps import STATE_LOOKS
from geo.plan import Plan
from geo.rules import Requirement, Rule, mark
from geo.schema import Certainty, State
from geo.verdicts import TIERS_M
from geo.views.board import Board
from geo.views.state import Choice, choice
from geo.views.widgets import say, words

Block = dict[str, Any]

#: Bars end at this many times the threshold.
_BAR_END = 2.0
_OUTLINE = {Certainty.EDGE: "dashed", Certainty.BORDERLINE: "dotted"}
_WORST_FIRST = (
    State.SHORT,
    State.UNKNOWN,
    State.NO_DATA,
    State.MET,
    State.NOT_REQUIRED,
)


def state_look(state: str) -> dict[str, Any]:
    """Return colour, sign and word of a state in the session's language.

    Parameters
    ----------
    state
        A `State`.

    Returns
    -------
    dict
        For a component.
    """
    return STATE_LOOKS[State(state)].told(say(f"state.{state}"))


def metres(value: float) -> str:
    """Return a distance with its unit.

    Parameters
    ----------
    value
        Metres.

    Returns
    -------
    str
        Whole metres.
    """
    return say("unit.m", value=f"{value:,.0f}")


def minutes(value: float, plan: Plan) -> str:
    """Return how long a distance takes at the chosen pace.

    Parameters
    ----------
    value
        Metres.
    plan
        Its settings give the paces.

    Returns
    -------
    str
        Minutes, one decimal.
    """
    elder = choice().pace == "elder"
    pace = plan.settings.elder_pace_m_per_min
    speed = pace if elder else plan.settings.adult_pace_m_per_min
    return say("unit.min", value=f"{value / speed:.1f}")


def limit_m(need: Requirement, plan: Plan) -> float | None:
    """Return the walking distance that the chosen tier and pace allow.

    Parameters
    ----------
    need
        The category's requirement.
    plan
        Its settings give the paces.

    Returns
    -------
    float or None
        Metres, None without a distance rule.
    """
    now = choice()
    limit = TIERS_M[now.tier] if now.tier else need.threshold_m
    if limit is None or now.pace == "adult":
        return limit
    paces = plan.settings
    return limit * paces.elder_pace_m_per_min / paces.adult_pace_m_per_min


def community_facts(row: pd.Series) -> Block:
    """Return what the ledger says of a community.

    Parameters
    ----------
    row
        Its row of the communities layer.

    Returns
    -------
    dict
        Block of facts; what is missing is said to be.
    """

    def number(name: str, unit: str) -> str:
        value = row.get(name)
        known = value is not None and not pd.isna(value)
        return say(unit, value=f"{value:,.0f}") if known else say("view.missing")

    year = row.get("built_year")
    street = row.get("jurisdiction")
    walled = row.get("walled")
    yes_no = ("view.no", "view.yes")
    items = [
        (say("view.column.jurisdiction"), street if isinstance(street, str) else None),
        (say("view.column.built_year"), None if pd.isna(year) else f"{year:.0f}"),
        (say("view.column.households"), number("households", "unit.households")),
        (say("view.column.population"), number("population", "view.persons")),
        (say("view.column.elderly_60"), number("elderly_60", "view.persons")),
        (
            say("view.column.walled"),
            None if pd.isna(walled) else say(yes_no[bool(walled)]),
        ),
    ]
    known = [[label, value or say("view.missing")] for label, value in items]
    return {"kind": "facts", "items": known}


def scorecard(plan: Plan, board: Board, at: int, now: Choice) -> list[Block]:
    """Return the bars of one community, worst first.

    Parameters
    ----------
    plan, board
        The results.
    at
        Row of the community.
    now
        What is shown.

    Returns
    -------
    list of dict
        Blocks.
    """
    states = board.verdicts(now)[at]
    distances = board.columns["distance_m"][at]
    # the share of households belongs to the category's own limit, at adults' pace
    own = now.tier == 0 and now.pace == "adult" and now.test in {"distance", "state"}
    rows = []
    for column, category in enumerate(board.categories):
        need = plan.rules.requirements[category]
        limit = limit_m(need, plan)
        sure = board.columns["certainty"][at, column]
        share = board.columns["coverage_share"][at, column] if own else np.nan
        rows.append(
            {
                "id": category,
                "label": plan.rules.category_name(category, now.lang),
                "title": plan.rules.category_name(category, now.lang),
                "look": state_look(states[column]),
                "outline": _OUTLINE.get(sure),
                "value": _bar_value(states[column], distances[column], limit, plan),
                "note": _coverage(states[column], distances[column], limit, share),
                "active": category == now.category,
                "event": {"kind": "category", "id": category},
                **_bar(states[column], distances[column], limit),
            }
        )
    rank = {state: place for place, state in enumerate(_WORST_FIRST)}
    order = sorted(
        range(len(rows)),
        key=lambda i: (rank[State(states[i])], -(rows[i]["share"] or 0)),
    )
    counts = [(state, int((states == state).sum())) for state in _WORST_FIRST]
    line = [
        {"look": state_look(state), "note": say("view.kinds", value=count)}
        for state, count in counts
        if count
    ]
    head = [say("view.column.category"), say("view.bar_head"), say("view.bar_value")]
    return [
        {"kind": "states", "items": line},
        {"kind": "bars", "head": head, "rows": [rows[i] for i in order]},
    ]


def verdict(plan: Plan, board: Board, at: int, category: str, reason: str) -> Block:
    """Return what is required, what was found and how sure, for one category.

    Parameters
    ----------
    plan, board
        The results.
    at
        Row of the community.
    category
        The category.
    reason
        Why, in the session's language.

    Returns
    -------
    dict
        Block.
    """
    row = board.row(at, board.categories.index(category))
    state = board.verdicts(choice())[at, board.categories.index(category)]
    texts = [reason]
    if not pd.isna(row["distance_m"]):
        texts.append(_walk_words(plan, row))
    straight = row["straight_state"]
    if straight in {State.MET, State.SHORT} and straight != row["distance_state"]:
        words = say(f"state.{straight}")
        texts.append(say("view.straight_differs", state=words))
    sure = row["certainty"]
    return {
        "kind": "verdict",
        "title": plan.rules.category_name(category, choice().lang),
        "look": state_look(state),
        "certainty": say(f"certainty.{sure}") if isinstance(sure, str) and sure else "",
        "texts": texts,
    }


def sources(need: Requirement) -> Block:
    """Return where the thresholds of a category come from.

    Parameters
    ----------
    need
        The category's requirement.

    Returns
    -------
    dict
        Block; numbers that are not firm carry their mark.
    """
    items = []
    for test in ("distance", "size", "capacity"):
        rule = need.rule(test)
        if rule is not None:
            items.append({"text": _rule_words(rule), "mark": mark(rule, choice().lang)})
    if not items:
        items = [{"text": say("view.no_rule"), "mark": ""}]
    return {"kind": "sources", "title": say("view.sources"), "items": items}


def stacks(plan: Plan, board: Board, households: Mapping[str, float]) -> Block:
    """Return the shares of states of every category over the district.

    Parameters
    ----------
    plan, board
        The results.
    households
        Category to the households that lack it.

    Returns
    -------
    dict
        Block; a click chooses the category.
    """
    now = choice()
    states = board.verdicts(now)
    looks = {state: state_look(state) for state in _WORST_FIRST}
    rows = []
    for column, category in enumerate(board.categories):
        counts = {state: int((states[:, column] == state).sum()) for state in looks}
        lacking = households[category]
        value = "—" if np.isnan(lacking) else f"{lacking:,.0f}"
        parts = [
            {
                "share": counts[state] / max(1, len(board.ids)),
                "look": looks[state],
                "title": f"{looks[state]['label']} {counts[state]}",
            }
            for state in (State.MET, *_WORST_FIRST[:3], State.NOT_REQUIRED)
        ]
        rows.append(
            {
                "id": category,
                "label": plan.rules.category_name(category, now.lang),
                "parts": parts,
                "value": say("unit.households", value=value),
                "active": category == now.category,
                "event": {"kind": "category", "id": category},
            }
        )
    head = [
        say("view.column.category"),
        say("view.stack_head"),
        say("view.stack_value"),
    ]
    return {"kind": "stacks", "head": head, "rows": rows}


def _bar(state: str, distance: float, limit: float | None) -> dict[str, Any]:
    if limit is None:
        return {"share": None, "limit": None}
    if state in {State.NO_DATA, State.NOT_REQUIRED}:
        return {"share": None, "limit": 1 / _BAR_END}
    reach = _BAR_END * limit
    far = distance / reach if not np.isnan(distance) else None
    if far is None and state == State.SHORT:
        far = 1.01
    return {"share": far, "limit": 1 / _BAR_END}


def _bar_value(state: str, distance: float, limit: float | None, plan: Plan) -> str:
    if state == State.NO_DATA:
        return say("state.no_data")
    if state == State.NOT_REQUIRED:
        return say("state.not_required")
    if np.isnan(distance):
        beyond = metres(plan.settings.cutoff_m)
        return say("view.beyond", value=beyond) if state == State.SHORT else "—"
    if limit is None:
        return metres(distance)
    return say("view.of_limit", distance=f"{distance:,.0f}", limit=f"{limit:,.0f}")


def _coverage(state: str, distance: float, limit: float | None, share: float) -> str:
    """Say why a facility near the gate is still short: too few doors reach it."""
    near = limit is not None and distance <= limit
    if state != State.SHORT or not near or np.isnan(share):
        return ""
    return say("view.coverage", share=f"{share:.0%}")


def _walk_words(plan: Plan, row: Mapping[str, Any]) -> str:
    distance = row["distance_m"]
    names = plan.district.facilities["name"]
    name = names.get(row["nearest_facility_id"])
    settings = plan.settings
    return say(
        "view.walk_words",
        name=name if isinstance(name, str) and name else say("view.unnamed"),
        adult=say("unit.min", value=f"{distance / settings.adult_pace_m_per_min:.1f}"),
        elder=say("unit.min", value=f"{distance / settings.elder_pace_m_per_min:.1f}"),
    )


def _rule_words(rule: Rule) -> str:
    # what is no limit of a test (persons served, storeys ...) is left to the table
    told = words("view.rule_value")
    values = [
        told[column].format(value=f"{value:,.10g}")
        for column, value in rule.numbers
        if column in told
    ]
    return say(
        "view.rule",
        test=say(f"view.test.{rule.test}"),
        values=say("view.comma").join(values) or "—",
        standard=rule.standard,
        clause=rule.clause.strip("—"),
        origin="" if rule.origin == "built-in" else say("view.own_rule"),
    )
