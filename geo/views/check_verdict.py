"""The panel of one verdict: required, found, source, evidence, and the hand."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geo.check_words import say_formula
from geo.review import Review
from geo.views import site_blocks as blocks
from geo.views.check_forms import evidence_form, override_form
from geo.views.check_objects import list_objects
from geo.views.check_told import (
    field_names,
    field_source,
    look_of,
    rule_name,
    source_words,
    spoken,
    state_word,
    subject_name,
)
from geo.views.panels import Block
from geo.views.review_work import ReviewDesk
from geo.views.state import choice
from geo.views.widgets import say

_LISTED = 12


def verdict_card(
    review: Review, now: ReviewDesk, row: Mapping[str, Any], community: str
) -> list[Block]:
    """Return the panel of one verdict.

    Parameters
    ----------
    review, now
        What was reviewed, and the desk.
    row
        Row of the clauses.
    community
        Community that is selected; ``""``: none.

    Returns
    -------
    list of dict
        Blocks for ``panel.js``.
    """
    subject = str(row["subject_id"])
    by_hand = bool(_text(row["author"])) or row["state"] != row["judged"]
    texts = [
        say(f"view.checks.panel.{name}", text=told)
        for name in ("required", "found", "reason")
        if (told := spoken(row, name))
    ]
    made: list[Block] = [
        {
            "kind": "heading",
            "title": rule_name(review, str(row["rule_id"])),
            "note": place_words(row),
            "buttons": [
                button("show_map", "map", community or subject),
                {"label": say("view.close"), "event": {"kind": "clear"}},
            ],
        },
        {
            "kind": "verdict",
            "title": subject_name(review, subject),
            "look": look_of(str(row["state"])),
            "certainty": say("view.checks.exception") if row["exception"] else "",
            "texts": texts,
        },
    ]
    if by_hand:
        made.append(blocks.alarm(overruled_words(row)))
    made += _missing(review, row)
    made += evidence_form(review, now, row, community)
    made += quote_block(row)
    made.append(
        blocks.text(say("view.checks.panel.formula", text=say_how(row)), soft=True)
    )
    made += _objects(review, row)
    form = override_form(review, now, row, by_hand=by_hand)
    title = say("view.checks.form.override")
    return [*made, {"kind": "folded", "title": title, "blocks": [form]}]


def overruled_words(row: Mapping[str, Any]) -> str:
    """Return who overruled a verdict, when and why, and what the tool had said.

    Parameters
    ----------
    row
        Row of the clauses.

    Returns
    -------
    str
        Two sentences.
    """
    day = row["date"]
    told = say(
        "view.checks.panel.overruled",
        state=state_word(str(row["state"])),
        author=_text(row["author"]) or say("view.missing"),
        date=say("view.missing") if pd.isna(day) else str(day)[:10],
        why=_text(row["why"]) or say("view.missing"),
    )
    judged = state_word(str(row["judged"]))
    return f"{told} {say('view.checks.panel.judged', state=judged)}"


def _missing(review: Review, row: Mapping[str, Any]) -> list[Block]:
    fields = list(row["missing"])
    if not fields:
        return []
    lines = [
        {"id": one, "title": name, "note": field_source(review, one), "rank": "＋"}
        for one, name in zip(fields, field_names(review, fields), strict=True)
    ]
    title = say("view.checks.panel.missing")
    return [blocks.sub(title), {"kind": "list", "rows": lines}]


def _objects(review: Review, row: Mapping[str, Any]) -> list[Block]:
    objects = list_objects(review, row["objects"])
    if not objects:
        return []
    lines = [
        {
            "id": one.id,
            "title": one.name,
            "note": one.kind,
            "rank": "",
            "event": {"kind": "object", "id": one.id},
        }
        for one in objects[:_LISTED]
    ]
    title = say("view.checks.panel.objects", count=f"{len(objects):,}")
    return [blocks.sub(title), {"kind": "list", "rows": lines}]


def quote_block(row: Mapping[str, Any]) -> list[Block]:
    """Return the words of a clause and where they stand.

    Parameters
    ----------
    row
        Row of the clauses.

    Returns
    -------
    list of dict
        Blocks for ``panel.js``.
    """
    words, mark = source_words(row)
    note = f"{words}　{mark}" if mark else words
    quote = str(row["quote"] or "")
    text = f"“{quote}”" if quote else say("view.checks.panel.no_quote")
    return [{"kind": "quote", "text": text, "note": note}]


def say_how(row: Mapping[str, Any]) -> str:
    """Return how a clause is judged.

    Parameters
    ----------
    row
        Row of the clauses.

    Returns
    -------
    str
        Its formula in words.
    """
    return say_formula(str(row["rule_id"]), str(row["kind"]), choice().lang)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def place_words(row: Mapping[str, Any]) -> str:
    """Return at what stage a clause counts, and how much.

    Parameters
    ----------
    row
        Row of the clauses.

    Returns
    -------
    str
        Stage and weight.
    """
    stage = say(f"view.checks.stage.{row['stage']}")
    weight = say(f"view.checks.severity.{row['severity']}")
    return f"{stage} · {weight}"


def button(label: str, kind: str, name: str) -> Block:
    """Return a button of a heading.

    Parameters
    ----------
    label
        Its text below ``view.checks.panel``.
    kind, name
        What it does, and with what.

    Returns
    -------
    dict
        Its label and event.
    """
    known = {"lifecircle": "view.page.lifecircle"}
    words = say(known.get(label, f"view.checks.panel.{label}"))
    more = " ›" if kind == "page" else ""
    return {"label": f"{words}{more}", "event": {"kind": kind, "id": name}}
