"""The panel beside the indicators: all of them, one of them, or one community."""

from typing import Any

import pandas as pd

from geo.indicator_tables import list_evidence, name_missing
from geo.indicators import Indicators
from geo.review import Review
from geo.schema import State
from geo.views import site_blocks as blocks
from geo.views.check_told import look_of, subject_name
from geo.views.evaluation_told import (
    WORDS,
    count_changes,
    found_words,
    indicator_of,
    is_judged,
    last_words,
    looks_of,
    name_of,
    number_of,
    part_words,
    reason_words,
    required_words,
)
from geo.views.evaluation_work import members_of, part_of, views_of
from geo.views.panels import Block
from geo.views.review_work import ReviewDesk
from geo.views.state import choice
from geo.views.widgets import say

_LISTED = 40
#: What stands first in the list of what to look at.
_FIRST = (State.SHORT, State.UNKNOWN)


def panel_of(now: ReviewDesk, review: Review, found: Indicators) -> list[Block]:
    """Return the panel for what is selected.

    Parameters
    ----------
    now, review, found
        The desk, its last good review, and the indicators that are shown.

    Returns
    -------
    list of dict
        Blocks for ``panel.js``.
    """
    views = views_of(now)
    row = part_of(found, views)
    community = choice().community or ""
    known = community in review.plan.district.communities.index
    if row is not None:
        return _indicator(now, review, found, _plain(row))
    if known and not views.merged:
        return _community(review, found, community)
    return _whole(now, found)


def _whole(now: ReviewDesk, found: Indicators) -> list[Block]:
    views = views_of(now)
    made: list[Block] = [
        {"kind": "heading", "title": say("view.evaluation.panel.whole")},
        blocks.text(say("view.evaluation.panel.note"), soft=True),
    ]
    if views.merged:
        names = say("view.comma").join(found.members)
        told = say("view.evaluation.panel.members", names=names)
        made.append(blocks.text(told))
    if found.absent:
        names = say("view.comma").join(found.absent)
        made.append(blocks.alarm(say("view.evaluation.panel.absent", names=names)))
    changes = count_changes(found)
    if sum(changes.values()):
        made.append(blocks.text(say("view.evaluation.panel.changes", **changes)))
    summary = found.summary
    for state in _FIRST:
        rows = summary[summary["state"] == state]
        if not len(rows):
            continue
        title = f"{look_of(state)['sign']} {say(f'view.evaluation.panel.{state}')}"
        lines = [_line(str(key), _plain(row)) for key, row in rows.iterrows()]
        made += [blocks.sub(title), {"kind": "list", "rows": lines}]
    return made


def _line(key: str, row: dict[str, Any]) -> Block:
    """Return one indicator as a line: which of its items is the matter."""
    indicator = indicator_of(key)
    look = look_of(str(row["state"]))
    parts = str(row[f"parts_{row['state']}"]).split("|")
    names = [
        part_words({"indicator_id": key, "part": one}).names[choice().lang]
        for one in parts
        if one
    ]
    return {
        "id": key,
        "title": f"{number_of(indicator)}　{name_of(indicator)}",
        "note": say("view.comma").join(names),
        "rank": look["sign"],
        "ink": look["ink"],
        "event": {"kind": "indicator", "id": key, "part": parts[0]},
    }


# ------------------------------------------------------------------ one indicator


def _indicator(
    now: ReviewDesk, review: Review, found: Indicators, row: dict[str, Any]
) -> list[Block]:
    views = views_of(now)
    indicator = indicator_of(str(row["indicator_id"]))
    parts = found.of(indicator.indicator_id)
    buttons = [{"label": say("view.close"), "event": {"kind": "clear"}}]
    if not views.merged:
        show = "table" if views.show == "map" else "map"
        label = say(f"view.evaluation.show_{show}")
        buttons.insert(0, {"label": label, "event": {"kind": "show", "id": show}})
    made: list[Block] = [
        {
            "kind": "heading",
            "title": f"{number_of(indicator)}　{name_of(indicator)}",
            "note": _scope(found),
            "buttons": buttons,
        },
        {
            "kind": "list",
            "rows": [_part_line(_plain(one), row) for _, one in parts.iterrows()],
        },
        *_part(found, row),
    ]
    if views.merged:
        return [*made, *_wording(indicator.indicator_id, found)]
    for word in WORDS:
        made += _members(review, row, word)
    made += _objects(found, row)
    return [*made, *_wording(indicator.indicator_id, found)]


def _part_line(one: dict[str, Any], chosen: dict[str, Any]) -> Block:
    look = look_of(str(one["state"]))
    mark = "" if one["role"] != "extra" else say("view.evaluation.extra")
    return {
        "id": str(one["part"]),
        "title": f"{part_words(one).names[choice().lang]}{mark}",
        "note": found_words(one),
        "rank": look["sign"],
        "ink": look["ink"],
        "active": one["part"] == chosen["part"],
        "event": {
            "kind": "indicator",
            "id": str(one["indicator_id"]),
            "part": str(one["part"]),
        },
    }


def _part(found: Indicators, row: dict[str, Any]) -> list[Block]:
    part, lang = part_words(row), choice().lang
    texts = [
        say("view.evaluation.panel.found", text=found_words(row)),
        say("view.evaluation.panel.required", text=required_words(row)),
        reason_words(row),
        last_words(row),
    ]
    rows = pd.DataFrame([row])
    missing = name_missing(found, rows, lang)
    evidence = list_evidence(found, rows, lang)
    made = [
        blocks.verdict(
            part.names[lang],
            look_of(str(row["state"])),
            [one for one in texts if one],
        ),
        blocks.text(
            say("view.evaluation.panel.formula", text=part.formulas[lang]), soft=True
        ),
        blocks.text(say("view.evaluation.panel.evidence", text=evidence), soft=True),
    ]
    if missing:
        made.append(blocks.alarm(say("view.evaluation.panel.missing", text=missing)))
    return made


def _members(review: Review, row: dict[str, Any], word: str) -> list[Block]:
    ids = members_of(review, pd.Series(row), word)
    if not ids:
        return []
    chosen = choice().community
    state, label = looks_of(row)[word]
    look = look_of(state)
    lines = [
        {
            "id": one,
            "title": subject_name(review, one),
            "note": "",
            "rank": look["sign"],
            "ink": look["ink"],
            "active": one == chosen,
            "event": {"kind": "member", "id": one},
        }
        for one in ids[:_LISTED]
    ]
    if len(ids) > _LISTED:
        more = say("view.evaluation.panel.more", count=f"{len(ids) - _LISTED:,}")
        lines.append({"id": "", "title": more, "note": "", "rank": ""})
    title = say("view.evaluation.behind_of", word=label, count=f"{len(ids):,}")
    inner: Block = {"kind": "list", "rows": lines}
    if word == "met" or len(ids) > _LISTED // 4:
        return [{"kind": "folded", "title": title, "blocks": [inner]}]
    return [blocks.sub(title), inner]


def _objects(found: Indicators, row: dict[str, Any]) -> list[Block]:
    ids = [one for one in row["objects"] if one in found.titles]
    if not ids:
        return []
    lines = [
        {"id": one, "title": found.titles[one], "note": one, "rank": ""}
        for one in ids[:_LISTED]
    ]
    title = say("view.evaluation.panel.objects", count=f"{len(ids):,}")
    return [
        {"kind": "folded", "title": title, "blocks": [{"kind": "list", "rows": lines}]}
    ]


def _wording(key: str, found: Indicators) -> list[Block]:
    indicator = indicator_of(key)
    worded = indicator.worded(found.chain)
    made = []
    for document, items in worded.items():
        note = say(
            "view.evaluation.panel.source", document=document, clause=indicator.clause
        )
        made.append({"kind": "quote", "text": "".join(items), "note": note})
    if len(worded) > 1:
        made.insert(0, blocks.text(say("view.evaluation.panel.differ"), soft=True))
    return made


def _scope(found: Indicators) -> str:
    plan_year = found.plan_year or say("view.missing")
    return say("view.evaluation.scope", plan_year=plan_year, year=found.year)


# ------------------------------------------------------------------ a community


def _community(review: Review, found: Indicators, community: str) -> list[Block]:
    made: list[Block] = [
        {
            "kind": "heading",
            "title": subject_name(review, community),
            "note": say("view.evaluation.panel.counts_in"),
            "buttons": [
                {
                    "label": f"{say('view.page.checks')} ›",
                    "event": {"kind": "page", "id": "checks"},
                },
                {"label": say("view.close"), "event": {"kind": "clear"}},
            ],
        }
    ]
    any_found = False
    told = found.table.to_dict("records")
    mask = [is_judged({str(k): v for k, v in row.items()}) for row in told]
    judged = found.table[mask]
    for word in WORDS:
        lines = [
            _counted_line(_plain(row), word)
            for _, row in judged.iterrows()
            if community in members_of(review, row, word)
        ]
        if not lines:
            continue
        any_found = True
        title = say(f"view.evaluation.community_{word}", count=len(lines))
        inner: Block = {"kind": "list", "rows": lines}
        if word == "met":
            made.append({"kind": "folded", "title": title, "blocks": [inner]})
        else:
            made += [blocks.sub(title), inner]
    if not any_found:
        made.append(blocks.text(say("view.evaluation.panel.nowhere")))
    return made


def _counted_line(row: dict[str, Any], word: str) -> Block:
    indicator, look = indicator_of(str(row["indicator_id"])), look_of(word)
    return {
        "id": f"{row['indicator_id']}|{row['part']}",
        "title": part_words(row).names[choice().lang],
        "note": f"{number_of(indicator)}　{name_of(indicator)}",
        "rank": look["sign"],
        "ink": look["ink"],
        "event": {
            "kind": "indicator",
            "id": str(row["indicator_id"]),
            "part": str(row["part"]),
        },
    }


def _plain(row: pd.Series) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}
