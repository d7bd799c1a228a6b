"""The panel beside the matrix: the district, a community, a clause, or one verdict."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geo.plan import Plan
from geo.review import Review
from geo.schema import State
from geo.views import site_blocks as blocks
from geo.views.check_gates import Spread, find_spread, whole_rows
from geo.views.check_lists import collect_table
from geo.views.check_rows import count_numbers
from geo.views.check_told import (
    HARD,
    STATES,
    days_words,
    find_row,
    look_of,
    rule_name,
    spoken,
    subject_name,
    subject_of,
    unit_name,
)
from geo.views.check_verdict import (
    button,
    place_words,
    quote_block,
    say_how,
    verdict_card,
)
from geo.views.panels import Block
from geo.views.review_work import ReviewDesk
from geo.views.state import choice
from geo.views.widgets import say

_LISTED = 12
#: A district with less of its clauses judged than this has next to no evidence.
_BARE_SHARE = 0.15


def panel_of(plan: Plan, now: ReviewDesk, review: Review) -> list[Block]:
    """Return the panel for what is selected.

    Parameters
    ----------
    plan, now, review
        The plan that is open, the desk, and its last good review.

    Returns
    -------
    list of dict
        Blocks for ``panel.js``.
    """
    community = choice().community or ""
    if community not in review.plan.district.communities.index:
        community = ""
    rule = now.picked.rule
    if rule and (community or now.picked.subject):
        subject = now.picked.subject or subject_of(review, rule, community)
        row = find_row(review.checks, rule, subject)
        if row is not None:
            return verdict_card(review, now, row, community)
    if community:
        return _community(review, community)
    if rule and rule in set(review.checks.table["rule_id"]):
        return _rule(plan, now, review, rule)
    return _whole(plan, now, review)


def statement(plan: Plan, now: ReviewDesk, review: Review) -> str:
    """Return what stands between the district and submission, in one sentence.

    Parameters
    ----------
    plan, now, review
        The plan that is open, the desk, and its last good review.

    Returns
    -------
    str
        With the days left, where they are known.
    """
    spread = find_spread(plan, now, review)
    counts = {
        name: f"{value:,}" for name, value in count_numbers(spread, review).items()
    }
    year = review.checks.ground.plan_year
    if year is None or not spread.planned.any():
        text = say("view.checks.statement_all", **counts)
    else:
        text = say("view.checks.statement", year=year, **counts)
    return " ".join(one for one in (text, days_words(review)) if one)


# ------------------------------------------------------------------ the district


def _whole(plan: Plan, now: ReviewDesk, review: Review) -> list[Block]:
    spread = find_spread(plan, now, review)
    made: list[Block] = [
        {"kind": "heading", "title": say("view.checks.panel.whole")},
    ]
    judged = np.isin(spread.codes, [STATES.index(State.MET), STATES.index(State.SHORT)])
    share = judged.sum() / max(1, (spread.codes < len(STATES)).sum())
    key = "bare" if share < _BARE_SHARE else "partly"
    told = say(f"view.checks.{key}")
    made.append(blocks.alarm(told) if key == "bare" else blocks.text(told, soft=True))
    if key == "bare":
        made += _collect_first(now, review)
    made += _county(review)
    made += _stuck(review, spread)
    if key != "bare":
        made += _collect_first(now, review)
    return made


def _county(review: Review) -> list[Block]:
    rows = whole_rows(review.checks)
    if not len(rows):
        return []
    lines = [_line(review, row, title=False) for row in _records(rows)]
    title = say("view.checks.panel.county")
    return [blocks.sub(title), {"kind": "list", "rows": lines}]


def _stuck(review: Review, spread: Spread) -> list[Block]:
    """List the hard clauses that hold up most communities."""
    part = spread.codes[spread.planned] if spread.planned.any() else spread.codes
    short = (part == STATES.index(State.SHORT)).sum(axis=0)
    unknown = (part == STATES.index(State.UNKNOWN)).sum(axis=0)
    hard = spread.rules["severity"].to_numpy() == HARD
    order = np.lexsort((-unknown, -short))
    picked = [at for at in order if hard[at] and short[at] + unknown[at]][:_LISTED]
    rows = [
        {
            "id": str(spread.rules["rule_id"].iloc[at]),
            "title": rule_name(review, str(spread.rules["rule_id"].iloc[at])),
            "note": say(f"view.checks.stage.{spread.rules['stage'].iloc[at]}"),
            "value": say(
                "view.checks.panel.stuck",
                short=f"{short[at]:,}",
                unknown=f"{unknown[at]:,}",
            ),
            "rank": "",
            "event": {
                "kind": "cell",
                "id": "",
                "rule": str(spread.rules["rule_id"].iloc[at]),
            },
        }
        for at in picked
    ]
    if not rows:
        return []
    title = say("view.checks.panel.clauses")
    return [blocks.sub(title), {"kind": "list", "rows": rows}]


def _collect_first(now: ReviewDesk, review: Review) -> list[Block]:
    """List what settles most clauses once it is there."""
    table = collect_table(now, review)
    if not len(table):
        return []
    hard = review.checks.table
    gates = set(hard.loc[hard["severity"] == HARD, "rule_id"])
    asked = table["clauses"].astype("str").str.split("|")
    weight = asked.map(lambda rules: sum(rule in gates for rule in rules))
    groups = table.assign(weight=weight, asked=asked).groupby("what", sort=False)
    rows = []
    for what, part in groups:
        every = {rule for rules in part["asked"] for rule in rules}
        told = say(
            "view.checks.panel.settles",
            subjects=f"{part['subject_id'].nunique():,}",
            clauses=f"{len(every):,}",
        )
        where = next((str(one) for one in part["where"].dropna() if one), "")
        rows.append((-int(part["weight"].sum()), str(what), told, where))
    listed = [
        {"id": what, "title": what, "note": where, "value": told, "rank": str(at + 1)}
        for at, (_, what, told, where) in enumerate(sorted(rows)[:_LISTED])
    ]
    return [
        blocks.sub(say("view.checks.panel.first")),
        blocks.text(say("view.checks.panel.first_note"), soft=True),
        {"kind": "list", "rows": listed},
    ]


# ------------------------------------------------------------------ a community


def _community(review: Review, community: str) -> list[Block]:
    ground = review.checks.ground
    table = review.checks.table
    unit = ""
    if ground.unit_of is not None:
        unit = str(ground.unit_of.get(community, ""))
    mine = table[table["subject_id"].isin([community, unit])]
    made: list[Block] = [
        {
            "kind": "heading",
            "title": subject_name(review, community),
            "buttons": [
                button("show_map", "map", community),
                button("lifecircle", "page", "lifecircle"),
                {"label": say("view.close"), "event": {"kind": "clear"}},
            ],
        },
        _community_facts(review, community, unit),
        {
            "kind": "states",
            "items": [
                {"look": look_of(state), "note": f"{count:,}"}
                for state in STATES
                if (count := int((mine["state"] == state).sum()))
            ],
        },
    ]
    for state in STATES:
        rows = mine[mine["state"] == state]
        if not len(rows):
            continue
        order = np.argsort(rows["severity"] != HARD, kind="stable")
        lines = [_line(review, row, title=False) for row in _records(rows.iloc[order])]
        title = f"{look_of(state)['sign']} {say(f'view.checks.panel.{state}')}"
        inner: Block = {"kind": "list", "rows": lines}
        if state in {State.SHORT, State.UNKNOWN}:
            made += [blocks.sub(title), inner]
        else:
            folded = f"{title}（{len(rows):,}）"
            made.append({"kind": "folded", "title": folded, "blocks": [inner]})
    return made


def _community_facts(review: Review, community: str, unit: str) -> Block:
    ground = review.checks.ground
    facts = ground.facts.loc[community]
    year = facts.get("plan_year")
    households = facts.get("households")
    size = 0 if ground.unit_of is None else int((ground.unit_of == unit).sum())
    none = say("view.missing")
    items = [
        [
            say("view.checks.panel.plan_year"),
            say("view.checks.panel.no_year") if pd.isna(year) else f"{year:.0f}",
        ],
        [
            say("view.checks.panel.households"),
            none
            if pd.isna(households)
            else say("unit.households", value=f"{households:,.0f}"),
        ],
        [say("view.checks.panel.unit"), unit_name(unit, size) if unit else none],
    ]
    return {"kind": "facts", "items": items}


# ------------------------------------------------------------------ a clause


def _rule(plan: Plan, now: ReviewDesk, review: Review, rule: str) -> list[Block]:
    table = review.checks.table
    rows = table[table["rule_id"] == rule]
    spread = find_spread(plan, now, review)
    first = _records(rows.iloc[[0]])[0]
    made: list[Block] = [
        {
            "kind": "heading",
            "title": rule_name(review, rule),
            "note": place_words(first),
            "buttons": [
                button("show_map", "map", ""),
                {"label": say("view.close"), "event": {"kind": "clear"}},
            ],
        },
        *quote_block(first),
        blocks.text(say("view.checks.panel.formula", text=say_how(first)), soft=True),
        {
            "kind": "states",
            "items": [
                {"look": look_of(state), "note": f"{count:,}"}
                for state in STATES
                if (count := int((rows["state"] == state).sum()))
            ],
        },
    ]
    place = {one: at for at, one in enumerate(spread.ids)}
    order = rows["state"].map({str(one): at for at, one in enumerate(STATES)})
    late = ~rows["subject_id"].map(
        lambda one: bool(spread.planned[place[one]]) if one in place else True
    )
    rows = rows.iloc[np.lexsort((order, late))]
    lines = [_line(review, row, title=True) for row in _records(rows.head(60))]
    title = say("view.checks.panel.by_rule")
    return [*made, blocks.sub(title), {"kind": "list", "rows": lines}]


def _line(review: Review, row: Mapping[str, Any], *, title: bool) -> Block:
    """Return one verdict as a line: with its subject, else with its clause."""
    look = look_of(str(row["state"]))
    name = (
        subject_name(review, str(row["subject_id"]))
        if title
        else rule_name(review, str(row["rule_id"]))
    )
    told = spoken(row, "found") or spoken(row, "reason") or spoken(row, "required")
    note = told if title else f"{place_words(row)}　{told}"
    if row["state"] != row["judged"]:
        note = f"{say('view.checks.hand')} · {note}"
    return {
        "id": f"{row['subject_id']}|{row['rule_id']}",
        "title": name,
        "note": note,
        "rank": look["sign"],
        "ink": look["ink"],
        "event": {
            "kind": "cell",
            "id": str(row["subject_id"]),
            "rule": str(row["rule_id"]),
        },
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]
