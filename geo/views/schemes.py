"""Schemes (方案): units with a name, kept, opened, compared, taken along."""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from geo.decisions import (
    ABOUT_UNITS,
    FOLDER,
    Decisions,
    check_decisions,
    list_decisions,
    parse_decisions,
    write_decisions,
)
from geo.errors import InputError, PianquError
from geo.plan import Plan
from geo.progress import no_progress
from geo.unit_drafts import Draft, draft_decisions, number_units, start_draft
from geo.unit_tables import measure_units
from geo.views import unit_work, work
from geo.views.shapes import Parcel
from geo.views.state import choice
from geo.views.tables import pack_rows
from geo.views.unit_told import list_names, names_of, unit_title
from geo.views.unit_work import Desk
from geo.views.widgets import say

#: Largest scheme file that is read, bytes.
_LARGEST = 20_000_000
_LONGEST_NAME = 60
#: What a scheme says besides of its units.
_OTHERS = tuple(one.name for one in fields(Decisions) if one.name not in ABOUT_UNITS)
_UNSAFE = re.compile(r"[^\w\-（）()]+")


def folder() -> Path | None:
    """Return the district folder in which schemes are kept.

    Returns
    -------
    pathlib.Path or None
        None if the district is no folder of the server that the user opened.
    """
    now = work.bench()
    if now.opened is None or now.opened.origin != "folder" or now.held is None:
        return None
    path = Path(now.held[1])
    return path if path.is_dir() else None


def kept(plan: Plan) -> dict[str, Decisions]:
    """Return the schemes of a district.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    dict
        Name to scheme: those of the session, and those in the district folder.
    """
    found: dict[str, Decisions] = {}
    place = folder()
    if place is not None:
        for file, decisions in list_decisions(place).items():
            name = decisions.name or Path(file).stem
            found[name] = replace(decisions, name=name)
    return found | _session(plan)


def save(plan: Plan, name: str) -> None:
    """Keep the units as they stand under a name.

    Parameters
    ----------
    plan
        The plan that is open.
    name
        Name of the scheme; one of the same name is replaced.
    """
    now = unit_work.desk(plan)
    if now.history is None:
        return
    called = name.strip()[:_LONGEST_NAME] or say("view.units.scheme.untitled")
    # numbered as the command line will number them; no step, since no unit changes
    draft = replace(number_units(now.history.now), name=called)
    now.history = replace(now.history, now=draft)
    decisions = draft_decisions(draft, now.settings, whole=True)
    before = kept(plan).get(called)
    if before is not None:
        # what the scheme says of sites and steps is none of the units' business
        other = {name: getattr(before, name) for name in _OTHERS}
        decisions = replace(decisions, **other)
    now.note = ("view.units.note.saved", {"name": called})
    try:
        file = keep(plan, decisions)
    except PianquError as error:
        now.trouble = error
        return
    if file:
        values = {"name": called, "file": file}
        now.note = ("view.units.note.saved_folder", values)


def keep(plan: Plan, decisions: Decisions) -> str:
    """Keep a scheme under its name: in the district folder, else in the session.

    Parameters
    ----------
    plan
        The plan that is open.
    decisions
        The scheme; one of the same name is replaced.

    Returns
    -------
    str
        The file below the district folder; ``""``: the session keeps it.

    Raises
    ------
    OutputError
        If the file cannot be written; the session keeps the scheme then.
    """
    place = folder()
    if place is None:
        _session(plan)[decisions.name] = decisions
        return ""
    path = scheme_path(place, decisions.name)
    try:
        write_decisions(decisions, path)
    except PianquError:
        # nothing is lost: the session keeps it
        _session(plan)[decisions.name] = decisions
        raise
    return f"{FOLDER}/{path.name}"


def forget(plan: Plan, name: str) -> None:
    """Delete a scheme that only the session keeps.

    Parameters
    ----------
    plan
        The plan that is open.
    name
        Name of the scheme.
    """
    _session(plan).pop(name, None)


def in_session(plan: Plan) -> frozenset[str]:
    """Return the names of the schemes that only the session keeps.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    frozenset of str
        Names.
    """
    return frozenset(_session(plan))


def scheme_path(place: Path, name: str) -> Path:
    """Return the file of a scheme.

    Parameters
    ----------
    place
        District folder.
    name
        Name of the scheme, of any characters.

    Returns
    -------
    pathlib.Path
        The file that holds the scheme of this name, else one that is not taken.
    """
    for file, decisions in list_decisions(place).items():
        if decisions.name == name:
            return place / FOLDER / file
    stem = _UNSAFE.sub("_", name).strip("_") or "scheme"
    path, number = place / FOLDER / f"{stem}.json", 1
    while path.exists():
        number += 1
        path = place / FOLDER / f"{stem}-{number}.json"
    return path


def show(plan: Plan, now: Desk) -> None:
    """Show the menu of schemes, and with which one to compare.

    Parameters
    ----------
    plan, now
        The plan, and the desk.
    """
    found = kept(plan)
    with st.popover(
        say("view.units.scheme.title"),
        width="content",
        disabled=now.run is not None or now.history is None,
    ):
        _show_menu(plan, now, found)
    if now.against not in found:
        now.against = ""
    if found:
        key = "pq-unit-against"
        st.session_state[key] = now.against

        def keep() -> None:
            now.against = st.session_state[key]

        st.selectbox(
            say("view.units.scheme.compare"),
            ["", *sorted(found)],
            format_func=lambda one: one or say("view.units.scheme.compare_none"),
            key=key,
            on_change=keep,
            filter_mode=None,
            placeholder=say("view.units.scheme.compare_none"),
            label_visibility="collapsed",
            width=180,
        )


def _show_menu(plan: Plan, now: Desk, found: Mapping[str, Decisions]) -> None:
    key = "pq-unit-scheme-name"
    st.text_input(
        say("view.units.scheme.name"),
        key=key,
        max_chars=_LONGEST_NAME,
        placeholder=say("view.units.scheme.name_hint"),
    )
    st.button(
        say("view.units.scheme.save"),
        key="pq-unit-save",
        type="primary",
        on_click=lambda: save(plan, st.session_state.get(key, "")),
    )
    where = "where_folder" if folder() else "where_session"
    st.html(f'<div class="pq-note">{say(f"view.units.scheme.{where}")}</div>')
    if not found:
        st.html(f'<div class="pq-note">{say("view.units.scheme.none")}</div>')
    for at, (name, decisions) in enumerate(sorted(found.items())):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(name, width="stretch")
            st.button(
                say("view.units.scheme.open"),
                key=f"pq-unit-open-{at}",
                on_click=partial(unit_work.open_scheme, plan, decisions),
            )
            if name in _session(plan):
                st.button(
                    say("view.units.scheme.delete"),
                    key=f"pq-unit-delete-{at}",
                    on_click=partial(_delete, plan, now, name),
                )
    turn = st.session_state.setdefault("pq-unit-uploads", 0)
    given = st.file_uploader(
        say("view.units.scheme.upload"), type=["json"], key=f"pq-unit-upload-{turn}"
    )
    if given is not None:
        st.session_state["pq-unit-uploads"] = turn + 1
        _read(plan, now, given.name, given.getvalue())


def _read(plan: Plan, now: Desk, name: str, content: bytes) -> None:
    try:
        if len(content) > _LARGEST:
            size = f"{len(content) / 1e6:,.0f}"
            raise InputError("scheme_too_large", file=name, size=size)
        decisions = parse_decisions(content.decode("utf-8-sig", "replace"), name)
    except PianquError as error:
        now.trouble = error
    else:
        called = decisions.name or Path(name).stem
        named = replace(decisions, name=called[:_LONGEST_NAME])
        _session(plan)[named.name] = named
        unit_work.open_scheme(plan, named)
    st.rerun()


def _delete(plan: Plan, now: Desk, name: str) -> None:
    _session(plan).pop(name, None)
    now.note = ("view.units.note.deleted", {"name": name})


def _session(plan: Plan) -> dict[str, Decisions]:
    every: dict[str, dict[str, Decisions]] = st.session_state.setdefault(
        "pq_schemes", {}
    )
    return every.setdefault(plan.district.fingerprint, {})


# ------------------------------------------------------------------ comparing


def other_units(plan: Plan, now: Desk) -> tuple[Draft, pd.DataFrame] | None:
    """Return the scheme to compare with, measured as what is shown.

    Parameters
    ----------
    plan, now
        The plan, and the desk.

    Returns
    -------
    tuple or None
        Its units and what they measure, with the bounds and weights of the page;
        None if there is none.
    """
    decisions = kept(plan).get(now.against)
    if decisions is None or now.units is None:
        return None
    ids = plan.district.communities.index
    checked, _ = check_decisions(decisions, ids)

    def make() -> tuple[Draft, pd.DataFrame]:
        wishes = replace(checked, settings=now.settings)
        basis = unit_work.find_basis(plan, wishes, no_progress)
        # all units of a scheme are given: to mark them as drawn would say nothing
        draft = replace(start_draft(ids, checked), drawn=frozenset())
        unit_of = pd.Series(dict(draft.unit_of), dtype="str")
        plain = replace(checked, units=())
        return draft, measure_units(basis, now.settings, unit_of, plain)

    key = ("scheme", plan.district.fingerprint, plan.settings, checked, now.settings)
    return work.shelf().view(key, make)


def measure_rows(
    now: Desk, mine: pd.DataFrame, other: pd.DataFrame
) -> tuple[Parcel, dict[str, Any]]:
    """Return what two schemes come to, side by side.

    Parameters
    ----------
    now, mine, other
        The desk, and the two measured tables.

    Returns
    -------
    rows : Parcel
        For ``table.js``: one row per number.
    table : dict
        How it is shown.
    """
    one, two = _sums(mine), _sums(other)
    columns: dict[str, list[Any]] = {
        "measure": [say(f"view.units.measure.{name}") for name in one],
        "mine": list(one.values()),
        "other": list(two.values()),
        "change": [_change(one[name] - two[name]) for name in one],
    }
    widths = {"measure": "minmax(150px, 2fr)", "change": "110px"}
    shown = [
        {
            "name": name,
            "kind": "number" if name in {"mine", "other"} else "text",
            "label": say(f"view.units.column.{name}"),
            "width": widths.get(name, "110px"),
        }
        for name in columns
    ]
    rows = pack_rows(list(one), columns)
    return rows, {
        "key": "measures",
        "rows": rows.key,
        "columns": shown,
        "title": say("view.units.scheme.differences"),
        "selected": None,
        "height": 30 * (len(one) + 1) + 4,
        "told": now.against,
    }


def difference_rows(
    now: Desk, mine: Draft, other: Draft
) -> tuple[Parcel, dict[str, Any]]:
    """Return the communities whose unit differs.

    Parameters
    ----------
    now, mine, other
        The desk, and the units of the two schemes.

    Returns
    -------
    rows : Parcel
        For ``table.js``: one row per community whose fellows differ.
    table : dict
        How it is shown.
    """
    names = names_of(now)
    groups, others = mine.groups(), other.groups()
    ids = [
        one
        for one in sorted(mine.unit_of)
        if groups[mine.unit_of[one]] != others[other.unit_of[one]]
    ]

    def told(draft: Draft, found: Mapping[str, tuple[str, ...]], one: str) -> str:
        label = draft.unit_of[one]
        members = found[label]
        title = unit_title(label, members, names)
        if len(members) == 1:
            return title
        return f"{title}　{list_names(members, names)}"

    columns = {
        "name": [names.get(one, one) for one in ids],
        "unit_mine": [told(mine, groups, one) for one in ids],
        "unit_other": [told(other, others, one) for one in ids],
    }
    shown = [
        {
            "name": name,
            "kind": "text",
            "label": say(f"view.units.column.{name}"),
            "width": "minmax(120px, 1fr)" if name == "name" else "minmax(180px, 2fr)",
        }
        for name in columns
    ]
    rows = pack_rows(ids, columns)
    key = "differing" if ids else "same"
    return rows, {
        "key": "differences",
        "rows": rows.key,
        "columns": shown,
        "title": say(f"view.units.scheme.{key}", shown="{shown}", all="{all}"),
        "selected": choice().community,
        "height": 240,
    }


def _sums(table: pd.DataFrame) -> dict[str, int]:
    joint = table["communities"] > 1
    return {
        "joint": int(joint.sum()),
        "inside": int(table.loc[joint, "communities"].sum()),
        "closed": round(float(table["households_closed"].sum())),
        "closing": int((table["households_closed"] > 0).sum()),
        "score": round(float(table["score"].sum())),
        "alone": int((~joint).sum()),
        "broken": int((table["broken"] != "").sum()),
    }


def _change(value: int) -> str:
    return f"{value:+,}".replace("-", "−") if value else "—"
