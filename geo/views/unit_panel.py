"""Blocks beside the map of units: the district, one unit, or what is selected."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from geo.decisions import Decisions
from geo.findings import render_findings
from geo.plan import Plan
from geo.schema import State
from geo.unit_drafts import Draft, draft_decisions
from geo.unit_edits import EDITS, move_communities
from geo.unit_gaps import judge_units
from geo.unit_scores import TERMS
from geo.unit_tables import measure_units
from geo.unit_words import explain_units, say_why_not
from geo.views import unit_work
from geo.views.panels import Block, state_look
from geo.views.state import choice
from geo.views.unit_terms import term_bars
from geo.views.unit_told import (
    broken_words,
    households_words,
    list_names,
    names_of,
    signed_words,
    unit_title,
)
from geo.views.unit_work import Desk
from geo.views.widgets import say

#: Units listed in the panel of the district.
_LISTED = 6


def blocks(plan: Plan, now: Desk, draft: Draft, table: pd.DataFrame) -> list[Block]:
    """Return the panel for what is selected.

    Parameters
    ----------
    plan, now, draft, table
        The plan, the desk, its units and what they measure.

    Returns
    -------
    list of dict
        Blocks for ``panel.js``.
    """
    picked = [one for one in now.picked if one in draft.unit_of]
    units = draft.units_of(picked)
    if not units:
        return _district(now, draft, table)
    if len(units) == 1:
        made = _unit(plan, now, draft, table, units[0])
        part = set(picked) < set(draft.members(units[0]))
        return (
            [*made, *_moves(now, draft, table, picked)]
            if part or len(picked) == 1
            else made
        )
    return _several(plan, now, draft, table, picked)


# ------------------------------------------------------------------ the district


def _district(now: Desk, draft: Draft, table: pd.DataFrame) -> list[Block]:
    names = names_of(now)
    heading = {
        "kind": "heading",
        "title": say("view.units.panel.whole"),
        "note": say("view.units.panel.whole_note"),
        "buttons": [_button("release_all", "release")] if draft.drawn else [],
    }
    made: list[Block] = [heading]
    apart, together = draft.unmet()
    if apart or together:
        count = len(apart) + len(together)
        made.append(_alarm(say("view.units.panel.apart", count=count)))
    made += _wishes(draft, names)
    broken = table[table["broken"] != ""]
    if len(broken):
        made.append(_sub("broken"))
        made.append(_unit_list(broken, names, lambda row: broken_words(row["broken"])))
    else:
        made.append({"kind": "text", "text": say("view.units.panel.none_broken")})
    best = table[(table["communities"] > 1)].sort_values(
        "score", ascending=False, kind="stable"
    )
    if len(best):
        made.append(_sub("best"))
        made.append(
            _unit_list(best, names, lambda row: list_names(row["members"], names))
        )
    return made + _findings(now)


def _unit_list(
    table: pd.DataFrame, names: Mapping[str, str], note: Callable[[pd.Series], str]
) -> Block:
    rows = [
        {
            "id": label,
            "title": unit_title(str(label), row["members"], names),
            "note": note(row),
            "value": say("view.units.score", value=f"{row['score']:,.0f}"),
            "event": {"kind": "unit", "id": label},
            "rank": "",
        }
        for label, row in table.head(_LISTED).iterrows()
    ]
    return {"kind": "list", "rows": rows}


def _wishes(draft: Draft, names: Mapping[str, str]) -> list[Block]:
    rows = [
        {
            "id": f"{kind}|{a}|{b}",
            "title": say(
                f"view.units.panel.{kind}", a=names.get(a, a), b=names.get(b, b)
            ),
            "event": {"kind": "wish", "id": kind, "ids": [a, b]},
            "rank": "×",
        }
        for kind, pairs in (
            ("locked", draft.locked),
            ("forbidden", draft.forbidden),
            ("crossing", draft.crossings),
        )
        for a, b in sorted(pairs)
    ]
    rows += [
        {
            "id": f"excluded|{one}",
            "title": say("view.units.panel.excluded", a=names.get(one, one)),
            "event": {"kind": "wish", "id": "excluded", "ids": [one]},
            "rank": "×",
        }
        for one in sorted(draft.excluded)
    ]
    return [_sub("wishes"), {"kind": "list", "rows": rows}] if rows else []


def _findings(now: Desk) -> list[Block]:
    if now.units is None or not len(now.units.findings):
        return []
    told = render_findings(now.units.findings, choice().lang)
    told = told[told["severity"] != "info"]
    if not len(told):
        return []
    # the same sentence of many places is said once
    alike = zip(told["message"], told["action"], strict=True)
    counts = dict(Counter(alike).most_common(_LISTED))
    rows = [
        {
            "id": str(at),
            "title": message,
            "note": action,
            "rank": "!",
            "value": say("view.data.places", value=count) if count > 1 else "",
        }
        for at, ((message, action), count) in enumerate(counts.items())
    ]
    return [_sub("findings"), {"kind": "list", "rows": rows}]


# ------------------------------------------------------------------ one unit


def _unit(
    plan: Plan, now: Desk, draft: Draft, table: pd.DataFrame, label: str
) -> list[Block]:
    row = _row(table, label)
    names = names_of(now)
    members = tuple(row["members"])
    joint = len(members) > 1
    held = "release" if label in draft.drawn else "keep"
    buttons = [_button(held, held), _button("clear", "clear")]
    if members[0] in draft.excluded:
        buttons = [_button("include", "include"), _button("clear", "clear")]
    counted = households_words(row)
    if joint:
        count = len(members)
        counted = say("view.units.panel.members", count=count, households=counted)
    if label in draft.drawn:
        counted = say("view.comma").join([counted, say("view.units.panel.kept")])
    made: list[Block] = [
        {
            "kind": "heading",
            "title": unit_title(label, members, names),
            "note": counted,
            "buttons": buttons,
        }
    ]
    if row["broken"]:
        words = broken_words(row["broken"])
        made.append(_alarm(say("view.units.panel.broken_one", words=words)))
    made.append({"kind": "text", "text": _reason(now, draft, table, label)})
    made.append(_facts(row))
    if joint:
        made += _closes(plan, row)
        made += _terms(now, row)
        made.append(_sub("member_list"))
        made.append(_member_list(plan, members, names, now))
        made += _judged(plan, members)
    return made


def _row(table: pd.DataFrame, label: str) -> dict[str, Any]:
    return {str(name): value for name, value in table.loc[label].items()}


def _reason(now: Desk, draft: Draft, table: pd.DataFrame, label: str) -> str:
    if now.units is None:
        return ""
    if label in draft.drawn and len(draft.members(label)) == 1:
        return say("view.units.panel.alone_drawn")
    basis = now.units.basis
    told = explain_units(basis, table.loc[[label]], choice().lang)
    return str(told.iloc[0])


def _facts(row: Mapping[str, Any]) -> Block:
    idle = row["idle_area_m2"]
    items = [
        [
            say("view.units.panel.area"),
            say("view.units.hectares", value=f"{row['area_m2'] / 10_000:,.1f}"),
        ],
        [
            say("view.units.panel.idle"),
            say("unit.m2", value=f"{idle:,.0f}")
            if idle > 0
            else say("view.units.panel.idle_none"),
        ],
    ]
    if row["communities"] > 1:
        value = say("view.units.number.closed_unit")
        closed = f"{row['households_closed']:,.0f} {value}"
        items.append([say("view.units.panel.closed"), closed])
    return {"kind": "facts", "items": items}


def _closes(plan: Plan, row: Mapping[str, Any]) -> list[Block]:
    lang = choice().lang
    found = [key for key in row["shared_shortfalls"].split("|") if key]
    if not found:
        return [{"kind": "text", "text": say("view.units.panel.closes_none")}]
    names = say("view.comma").join(plan.rules.category_name(key, lang) for key in found)
    return [
        {
            "kind": "verdict",
            "title": say("view.units.panel.closes"),
            "look": state_look(State.MET),
            "certainty": "",
            "texts": [names, say("view.units.panel.closes_note")],
        }
    ]


def _terms(now: Desk, row: Mapping[str, Any]) -> list[Block]:
    before = _before(now, tuple(row["members"]))
    bars = term_bars(
        {name: float(row[name]) for name in TERMS},
        lambda name: say(f"units.term.{name}"),
        before=before,
        title=lambda name: say(f"units.term_help.{name}"),
    )
    return [_sub("terms"), bars]


def _before(now: Desk, members: tuple[str, ...]) -> dict[str, float] | None:
    """Return the terms of the units that the last step turned into this one."""
    if now.history is None or not now.history.past:
        return None
    last = now.history.past[-1].draft
    if members in last.groups().values():
        return None
    table = unit_work.measure(now, last)
    found = table.loc[list(last.units_of(members)), list(TERMS)].sum()
    return {str(name): float(value) for name, value in found.items()}


def _member_list(
    plan: Plan, members: Iterable[str], names: Mapping[str, str], now: Desk
) -> Block:
    households = plan.district.communities["households"]
    rows = []
    for one in members:
        value = households.get(one)
        known = value is not None and not pd.isna(value)
        rows.append(
            {
                "id": one,
                "title": names[one],
                "value": say("unit.households", value=f"{value:,.0f}")
                if known
                else say("view.units.panel.households_none"),
                "rank": "",
                "active": one in now.picked,
                "event": {"kind": "pick", "ids": [one]},
            }
        )
    return {"kind": "list", "rows": rows}


def _judged(plan: Plan, members: Sequence[str]) -> list[Block]:
    """Return the verdicts of the unit as a whole, where they differ or fall short."""
    unit_of = pd.Series("unit", index=pd.Index(list(members)), dtype="str")
    found = judge_units(plan.life_circle, unit_of, members=unit_work.find_members(plan))
    counts = {
        "short": int((found["state"] == State.SHORT).sum()),
        "met": int((found["state"] == State.MET).sum()),
    }
    rest = len(found) - sum(counts.values())
    looks = {
        "pooled": found[found["closed_by_pooling"].astype(bool)],
        "still": found[found["state"] == State.SHORT],
    }
    rows = [
        {
            "id": f"{kind} {key}",
            "title": plan.rules.category_name(key, choice().lang),
            "note": say(f"view.units.panel.{kind}"),
            "rank": "●" if kind == "pooled" else "▲",
        }
        for kind, part in looks.items()
        for key in part["category"]
    ]
    note = {
        "kind": "text",
        "text": say("view.units.panel.judged_note", unknown=rest, **counts),
    }
    return [
        {
            "kind": "folded",
            "title": say("view.units.panel.judged"),
            "blocks": [note, {"kind": "list", "rows": rows}],
        }
    ]


# ------------------------------------------------------------------ several units


def _several(
    plan: Plan, now: Desk, draft: Draft, table: pd.DataFrame, picked: list[str]
) -> list[Block]:
    names = names_of(now)
    units = draft.units_of(picked)
    known = plan.district.communities["households"].reindex(picked)
    total = say("unit.households", value=f"{known.sum():,.0f}")
    made: list[Block] = [
        {
            "kind": "heading",
            "title": list_names(picked, names),
            "note": say(
                "view.units.panel.picked_note", units=len(units), households=total
            ),
            "buttons": [_button("clear", "clear")],
        }
    ]
    if len(picked) == len(("a", "b")) and now.units is not None:
        pair = (picked[0], picked[1])
        told = say_why_not(
            now.units.basis,
            now.settings,
            draft_decisions(draft, whole=False),
            pd.Series(dict(draft.unit_of), dtype="str"),
            pair,
            choice().lang,
        )
        made += [_sub("why_not"), {"kind": "text", "text": told}]
    for kind, edit in (("if_merged", "merge"), ("if_split", "split")):
        made += _what_if(now, table, EDITS[edit](draft, picked), kind)
    made += _moves(now, draft, table, picked)
    made.append(_sub("their_units"))
    scores = table["score"]
    rows = [
        {
            "id": label,
            "title": unit_title(label, draft.members(label), names),
            "note": list_names(draft.members(label), names),
            "value": say("view.units.score", value=f"{scores[label]:,.0f}"),
            "rank": "",
            "event": {"kind": "unit", "id": label},
        }
        for label in units
    ]
    made.append({"kind": "list", "rows": rows})
    return made


def _what_if(now: Desk, table: pd.DataFrame, then: Draft, kind: str) -> list[Block]:
    after = unit_work.measure(now, then)
    change = float(after["score"].sum() - table["score"].sum())
    closed = float(after["households_closed"].sum() - table["households_closed"].sum())
    words = say(
        "view.units.panel.change",
        signed=signed_words(change),
        closed=signed_words(closed),
    )
    before = set(table.loc[table["broken"] != "", "members"])
    bad = after[(after["broken"] != "") & ~after["members"].isin(before)]
    made: list[Block] = [_sub(kind), {"kind": "text", "text": words}]
    if len(bad):
        codes = "|".join(dict.fromkeys("|".join(bad["broken"]).split("|")))
        told = say("view.units.panel.broken_one", words=broken_words(codes))
        made.append(_alarm(told))
    return made


def _moves(
    now: Desk, draft: Draft, table: pd.DataFrame, picked: Iterable[str]
) -> list[Block]:
    """Return the units next to what is selected, to move it there."""
    if now.units is None:
        return []
    chosen = set(picked) - draft.excluded
    pairs = now.units.basis.neighbours.pairs
    joined = pairs[pairs["neighbour"]]
    near = set(joined.loc[joined["a"].isin(chosen), "b"])
    near |= set(joined.loc[joined["b"].isin(chosen), "a"])
    own = draft.units_of(chosen)
    targets = [
        label
        for label in draft.units_of(near - draft.excluded)
        if label not in own or len(own) > 1
    ]
    if not targets or not chosen:
        return []
    names, basis = names_of(now), now.units.basis
    before = float(table["score"].sum())
    rows = []
    for label in targets[:_LISTED]:
        then = pd.Series(dict(move_communities(draft, chosen, label).unit_of))
        after = measure_units(basis, now.settings, then, Decisions())
        change = float(after["score"].sum()) - before
        rows.append(
            {
                "id": f"move {label}",
                "title": unit_title(label, draft.members(label), names),
                "note": list_names(draft.members(label), names),
                "value": say(
                    "view.units.panel.move_value", signed=signed_words(change)
                ),
                "rank": "→",
                "event": {"kind": "move", "id": label},
            }
        )
    return [_sub("move"), {"kind": "list", "rows": rows}]


# ------------------------------------------------------------------ small parts


def _sub(name: str) -> Block:
    return {"kind": "text", "text": say(f"view.units.panel.{name}"), "strong": True}


def _alarm(text: str) -> Block:
    return {"kind": "text", "text": text, "alarm": True}


def _button(act: str, name: str) -> dict[str, Any]:
    label = "view.units.panel.clear" if name == "clear" else f"view.units.act.{act}"
    return {"label": say(label), "event": {"kind": "act", "id": act}}
