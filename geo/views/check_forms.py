"""Forms of the panel: evidence in place, and verdicts overruled by hand."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from geo.clauses import load_readings
from geo.errors import InputError, PianquError
from geo.evidence import Evidence
from geo.evidence_edits import add_row, drop_row, set_cell
from geo.plan import Plan
from geo.policy_settings import CheckSettings
from geo.review import Review
from geo.text import texts
from geo.views import review_work
from geo.views.check_cells import (
    SETTING,
    Cell,
    find_cells,
    read_value,
    spell_day,
    spell_value,
)
from geo.views.check_told import (
    field_names,
    find_row,
    rule_name,
    state_word,
    subject_name,
)
from geo.views.panels import Block
from geo.views.review_jobs import Ask
from geo.views.review_work import ReviewDesk
from geo.views.state import choice
from geo.views.widgets import Event, say

#: States that a hand may give.
OVERRULED = ("met", "short", "unknown", "not_required")
_DOCUMENT = "documents"
#: Inputs of a document that is entered.
_TYPE, _DAY = "document|type", "document|doc_date"


def evidence_form(
    review: Review, now: ReviewDesk, row: Mapping[str, Any], community: str
) -> list[Block]:
    """Return the form with which evidence for a clause is supplied.

    Parameters
    ----------
    review, now
        What was reviewed, and the desk.
    row
        The clause for a subject.
    community
        Community whose cells are meant; ``""``: none is selected.

    Returns
    -------
    list of dict
        Blocks for ``panel.js``; none where no table holds what it asks for.
    """
    cells = find_cells(review, row, community)
    inputs = [_input(review, now, cell) for cell in cells]
    inputs += _document_inputs(review, now, row)
    if not inputs:
        return []
    event = {
        "kind": "evidence",
        "id": row["subject_id"],
        "rule": row["rule_id"],
        "at": community,
    }
    return [
        {
            "kind": "form",
            "key": f"{row['rule_id']} {row['subject_id']} {community}",
            "title": say("view.checks.form.evidence"),
            "note": say("view.checks.form.evidence_note"),
            "fields": inputs,
            "button": say("view.checks.form.apply"),
            "event": event,
            "told": now.wrong.get("", ""),
        }
    ]


def override_form(
    review: Review, now: ReviewDesk, row: Mapping[str, Any], *, by_hand: bool
) -> Block:
    """Return the form with which a verdict is overruled.

    Parameters
    ----------
    review, now
        What was reviewed, and the desk.
    row
        The clause for a subject.
    by_hand
        Whether it was overruled already.

    Returns
    -------
    dict
        Block for ``panel.js``.
    """
    day = review.checks.ground.as_of.isoformat()
    values = {"state": str(row["state"]), "author": "", "date": day, "reason": ""}
    if by_hand:
        values |= {"author": _text(row["author"]), "reason": _text(row["why"])}
        values["date"] = spell_day(row["date"]) or day
    states = [(one, state_word(one)) for one in OVERRULED]
    if values["state"] not in OVERRULED:
        values["state"] = OVERRULED[0]
    label = {name: say(f"view.checks.form.{name}") for name in ("state", "author")}
    fields: list[Block] = [
        {"name": "state", "label": label["state"], "options": states},
        {"name": "author", "label": label["author"]},
        {"name": "date", "label": say("view.checks.form.date"), "type": "date"},
        {"name": "reason", "label": say("view.checks.form.why"), "wide": True},
    ]
    who = {"id": row["subject_id"], "rule": row["rule_id"]}
    drop = {
        "label": say("view.checks.form.override_drop"),
        "event": {"kind": "override_drop", **who},
    }
    return {
        "kind": "form",
        "key": f"override {row['rule_id']} {row['subject_id']}",
        "note": say("view.checks.form.override_note"),
        "fields": [field | {"value": values[field["name"]]} for field in fields],
        "button": say("view.checks.form.override_apply"),
        "buttons": [drop] if by_hand else [],
        "event": {"kind": "override", **who},
        "whole": True,
        "told": now.wrong.get("override", ""),
    }


def take_evidence(plan: Plan, event: Event) -> None:
    """Put what was typed into the tables, all of it or nothing.

    Parameters
    ----------
    plan
        The plan that is open.
    event
        From the form: ``values`` by name of the input, ``rule``, ``id``, ``at``.
    """
    now = review_work.desk(plan)
    review = now.review
    values: dict[str, str] = dict(event.get("values") or {})
    if review is None:
        return
    if not values:
        now.wrong = {"": say("view.checks.form.nothing")}
        return
    rule, subject = str(event["rule"]), str(event["id"])
    community = str(event.get("at") or "")
    row = find_row(review.checks, rule, subject)
    if row is None:
        return
    cells = {one.name: one for one in find_cells(review, row, community)}
    asked, wrong = now.ask, {}
    for name, text in values.items():
        try:
            if name in cells:
                asked = _fill(asked, cells[name], text)
            elif name == _TYPE and text:
                level = str(row["level"])
                evidence = _add_document(asked.evidence, level, subject, values)
                asked = replace(asked, evidence=evidence)
        except PianquError as error:
            wrong[name] = _told(error)
    if wrong:
        now.wrong = wrong
        return
    named = [cells[name].field if name in cells else "doc_type" for name in values]
    fields = say("view.comma").join(dict.fromkeys(field_names(review, named)))
    who = subject_name(review, community or subject)
    review_work.change(
        plan, asked, "view.checks.step.evidence", name=who, fields=fields
    )


def take_override(plan: Plan, event: Event) -> None:
    """Overrule a verdict, or take that back.

    Parameters
    ----------
    plan
        The plan that is open.
    event
        From the form: ``values``, ``rule`` and ``id``.
    """
    now = review_work.desk(plan)
    review = now.review
    if review is None:
        return
    rule, subject = str(event["rule"]), str(event["id"])
    key = {"rule_id": rule, "subject_id": subject}
    told = {"name": subject_name(review, subject), "rule": rule_name(review, rule)}
    evidence = now.evidence
    if _has_row(evidence, key):
        evidence = drop_row(evidence, "overrides", key)
    if event["kind"] == "override_drop":
        review_work.edit(plan, evidence, "view.checks.step.override_drop", **told)
        return
    values: dict[str, str] = dict(event.get("values") or {})
    if not values.get("author", "").strip() or not values.get("reason", "").strip():
        now.wrong = {"override": say("view.checks.form.needs")}
        return
    try:
        evidence = add_row(evidence, "overrides", {**key, **values})
    except PianquError as error:
        now.wrong = {"override": _told(error)}
        return
    review_work.edit(plan, evidence, "view.checks.step.override", **told)


def _told(error: PianquError) -> str:
    lang = choice().lang
    return f"{error.message(lang)} {error.action(lang)}"


def _fill(asked: Ask, cell: Cell, text: str) -> Ask:
    name = cell.column.name
    if cell.table == SETTING:
        return replace(asked, checks=_set_setting(asked.checks, name, text))
    evidence = set_cell(asked.evidence, cell.table, dict(cell.key), name, text)
    return replace(asked, evidence=evidence)


def _set_setting(checks: CheckSettings, name: str, text: str) -> CheckSettings:
    kinds: dict[str, Callable[[str], Any]] = {"plan_year": int}
    kinds["secured_share_least"] = _read_share
    try:
        value = kinds.get(name, str)(text.strip() or ("0" if name in kinds else ""))
    except ValueError as error:
        raise InputError("view_not_a_number", text=text) from error
    return replace(checks, **{name: value})


def _read_share(text: str) -> float:
    number = float(text.rstrip("%％ "))
    return number / 100 if text.endswith(("%", "％")) else number


def _has_row(evidence: Evidence, key: Mapping[str, str]) -> bool:
    table = evidence.tables["overrides"]
    same = pd.Series(data=True, index=table.index)
    for name, value in key.items():
        same &= table[name].astype("str") == value
    return bool(same.any())


def _input(review: Review, now: ReviewDesk, cell: Cell) -> Block:
    """Return the input of a cell with what stands in it."""
    label = field_names(review, [cell.field])[0]
    if cell.member:
        label = f"{subject_name(review, cell.member)} {label}"
    unit = _unit(cell.column.name)
    made: Block = {
        "name": cell.name,
        "label": f"{label}（{unit}）" if unit else label,
        "value": spell_value(cell, read_value(review, now, cell)),
        "missing": cell.missing,
        "wrong": now.wrong.get(cell.name, ""),
    }
    if not made["value"]:
        made["hint"] = _hint(review, cell)
    else:
        # it is another member of the unit that lacks it
        made["missing"] = False
    kind = cell.column.kind
    blank = ("", say("view.checks.form.blank"))
    if kind == "flag":
        yes, no = say("view.checks.form.yes"), say("view.checks.form.no")
        made["options"] = [blank, ("有", yes), ("无", no)]
    elif cell.column.choices:
        made["options"] = [
            blank,
            *((one, _choice_word(one)) for one in cell.column.choices),
        ]
    elif kind == "date":
        made["type"] = "date"
    else:
        made["numeric"] = kind in {"number", "count", "year"}
    return made


def _hint(review: Review, cell: Cell) -> str:
    """Return what holds as long as a cell stays blank."""
    facts = review.checks.ground.facts
    community = cell.member or dict(cell.key).get("community_id", "")
    if cell.field not in facts or community not in facts.index:
        return ""
    return spell_value(cell, facts.loc[community, cell.field])


def _choice_word(value: str) -> str:
    known = f"choice.{value}" in texts(choice().lang)
    return say(f"choice.{value}" if known else f"view.checks.base.{value}")


def _unit(name: str) -> str:
    if name.endswith("_cny"):
        return say("view.checks.form.unit_cny")
    return say("view.checks.form.unit_m2") if name.endswith("_m2") else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _document_inputs(
    review: Review, now: ReviewDesk, row: Mapping[str, Any]
) -> list[Block]:
    """Return the inputs with which a document of a clause is entered."""
    kinds = _document_kinds(review, row)
    if not kinds:
        return []
    lacking = row["state"] == "unknown"
    blank = ("", say("view.checks.form.blank"))
    return [
        {
            "name": _TYPE,
            "label": say("view.checks.form.document"),
            "options": [blank, *((one, one) for one in kinds)],
            "value": "",
            "missing": lacking,
        },
        {
            "name": _DAY,
            "label": say("view.checks.form.document_date"),
            "type": "date",
            "value": "",
            "missing": lacking,
            "wrong": now.wrong.get(_DAY, ""),
        },
    ]


def _document_kinds(review: Review, row: Mapping[str, Any]) -> list[str]:
    """Return the words by which documents of a clause are known."""
    reading = load_readings().get(str(row["rule_id"]))
    kinds = [] if reading is None else reading.options.get("docs", "").split("|")
    fields = review.plan.rules.fields
    for one in row["missing"]:
        for where in fields.loc[fields["field"] == one, "where"]:
            parts = [part.partition(":") for part in str(where).split("|")]
            kinds += [word for origin, _, word in parts if origin == _DOCUMENT]
    return [one for one in dict.fromkeys(kinds) if one]


def _add_document(
    evidence: Evidence, level: str, subject: str, values: Mapping[str, str]
) -> Evidence:
    kind = values[_TYPE]
    taken = set(evidence.tables[_DOCUMENT]["id"].astype("str"))
    number = len(taken) + 1
    while f"DOC{number}" in taken:
        number += 1
    given = {
        "id": f"DOC{number}",
        "level": "county" if level == "plan" else level,
        "subject_id": subject,
        "doc_type": kind,
        "title": kind,
        "doc_date": values.get(_DAY, ""),
    }
    return add_row(evidence, _DOCUMENT, given)
