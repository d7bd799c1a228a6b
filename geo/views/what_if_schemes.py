"""Schemes (方案) of steps: kept, opened, compared, downloaded."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from geo.decisions import Decisions, dump_decisions, parse_decisions
from geo.errors import InputError, PianquError
from geo.plan import Plan
from geo.views import schemes, what_if_work
from geo.views.state import choice
from geo.views.what_if_work import Desk, Picture
from geo.views.widgets import say
from geo.what_if_steps import Step, check_steps, project_steps, unproject_steps

#: Largest scheme file that is read, bytes.
_LARGEST = 20_000_000
_LONGEST_NAME = 60


def with_steps(plan: Plan) -> dict[str, Decisions]:
    """Return the schemes that have steps.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    dict
        Name to scheme.
    """
    return {name: one for name, one in schemes.kept(plan).items() if one.steps}


def make_scheme(plan: Plan, now: Desk, name: str) -> Decisions:
    """Return the steps that stand as a scheme.

    Parameters
    ----------
    plan, now
        The plan, and the desk.
    name
        Name of the scheme; what a scheme of this name says besides is kept.

    Returns
    -------
    Decisions
        The scheme, its places in longitude and latitude.
    """
    before = schemes.kept(plan).get(name, Decisions())
    steps = tuple(unproject_steps(now.steps, plan.district.crs))
    return replace(before, name=name, steps=steps)


def save(plan: Plan, name: str) -> None:
    """Keep the steps that stand under a name.

    Parameters
    ----------
    plan
        The plan that is open.
    name
        Name of the scheme; one of the same name has these steps from now on.
    """
    now = what_if_work.desk(plan)
    called = name.strip()[:_LONGEST_NAME] or say("view.units.scheme.untitled")
    now.note, now.trouble = ("view.units.note.saved", {"name": called}), ""
    try:
        file = schemes.keep(plan, make_scheme(plan, now, called))
    except PianquError as error:
        now.trouble = _words(error)
        return
    if file:
        now.note = ("view.units.note.saved_folder", {"name": called, "file": file})


def open_steps(plan: Plan, scheme: Decisions) -> None:
    """Let the steps of a scheme stand in place of those that do.

    Parameters
    ----------
    plan
        The plan that is open.
    scheme
        The scheme; steps that do not fit the district are left out and counted.
    """
    now = what_if_work.desk(plan)
    steps = fitting(plan, scheme)
    taken = what_if_work.take(plan, now, steps, "open", name=scheme.name)
    gone = len(scheme.steps) - len(steps)
    if taken and gone:
        now.note = ("view.what_if.note.left_out", {"count": str(gone)})


def fitting(plan: Plan, scheme: Decisions) -> tuple[Step, ...]:
    """Return the steps of a scheme that fit the district.

    Parameters
    ----------
    plan
        The plan that is open.
    scheme
        The scheme.

    Returns
    -------
    tuple of Step
        Places in the working CRS.
    """
    steps = project_steps(scheme.steps, plan.district.crs)
    kept, _ = check_steps(steps, plan.district, set(plan.rules.requirements))
    return tuple(kept)


def other(plan: Plan, now: Desk) -> Picture | None:
    """Return what the scheme to compare with leads to.

    Parameters
    ----------
    plan, now
        The plan, and the desk.

    Returns
    -------
    Picture or None
        None if there is nothing to compare with. Today is a scheme without steps.
    """
    if not now.against:
        return None
    if now.against == TODAY:
        return what_if_work.other_picture(plan, ())
    scheme = with_steps(plan).get(now.against)
    if scheme is None:
        now.against = ""
        return None
    return what_if_work.other_picture(plan, fitting(plan, scheme))


#: What stands for today among the names of schemes; no name can be it.
TODAY = "\n"


def against_name(now: Desk) -> str:
    """Return what the scheme to compare with is called.

    Parameters
    ----------
    now
        The desk.

    Returns
    -------
    str
        In the session's language.
    """
    if now.against == TODAY:
        return say("view.what_if.today")
    return say("view.units.scheme.other", name=now.against)


def show(plan: Plan, now: Desk) -> None:
    """Show the menu of schemes, and with which one to compare.

    Parameters
    ----------
    plan, now
        The plan, and the desk.
    """
    found = with_steps(plan)
    with st.popover(say("view.units.scheme.title"), width="content"):
        _show_menu(plan, now, found)
    if now.against not in {"", TODAY, *found}:
        now.against = ""
    key = "pq-what-if-against"
    st.session_state[key] = now.against

    def keep() -> None:
        now.against = st.session_state[key]

    none = say("view.units.scheme.compare_none")
    names = {"": none, TODAY: say("view.what_if.compare_today")}
    st.selectbox(
        say("view.units.scheme.compare"),
        ["", TODAY, *sorted(found)],
        format_func=lambda one: names.get(one, one),
        key=key,
        on_change=keep,
        filter_mode=None,
        placeholder=none,
        label_visibility="collapsed",
        width=180,
    )


def _show_menu(plan: Plan, now: Desk, found: Mapping[str, Decisions]) -> None:
    key = "pq-what-if-name"
    st.text_input(
        say("view.units.scheme.name"),
        key=key,
        max_chars=_LONGEST_NAME,
        placeholder=say("view.units.scheme.name_hint"),
    )
    st.button(
        say("view.units.scheme.save"),
        key="pq-what-if-save",
        type="primary",
        on_click=lambda: save(plan, st.session_state.get(key, "")),
        disabled=not now.steps,
    )
    where = "where_folder" if schemes.folder() else "where_session"
    st.html(f'<div class="pq-note">{say(f"view.units.scheme.{where}")}</div>')
    if not found:
        st.html(f'<div class="pq-note">{say("view.what_if.no_schemes")}</div>')
    own = schemes.in_session(plan)
    for at, (name, scheme) in enumerate(sorted(found.items())):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(name, width="stretch")
            st.button(
                say("view.units.scheme.open"),
                key=f"pq-what-if-open-{at}",
                on_click=partial(open_steps, plan, scheme),
            )
            if name in own:
                st.button(
                    say("view.units.scheme.delete"),
                    key=f"pq-what-if-delete-{at}",
                    on_click=partial(_delete, plan, now, name),
                )
    turn = st.session_state.setdefault("pq-what-if-uploads", 0)
    given = st.file_uploader(
        say("view.units.scheme.upload"), type=["json"], key=f"pq-what-if-upload-{turn}"
    )
    if given is not None:
        st.session_state["pq-what-if-uploads"] = turn + 1
        read(plan, now, given.name, given.getvalue())
        st.rerun()


def read(plan: Plan, now: Desk, name: str, content: bytes) -> None:
    """Read a scheme that was uploaded, and open it.

    Parameters
    ----------
    plan, now
        The plan, and the desk.
    name, content
        Name of the file, and its bytes.
    """
    try:
        if len(content) > _LARGEST:
            size = f"{len(content) / 1e6:,.0f}"
            raise InputError("scheme_too_large", file=name, size=size)
        scheme = parse_decisions(content.decode("utf-8-sig", "replace"), name)
    except PianquError as error:
        now.trouble = _words(error)
        return
    called = (scheme.name or Path(name).stem)[:_LONGEST_NAME]
    open_steps(plan, replace(scheme, name=called))


def download(plan: Plan, now: Desk) -> bytes:
    """Return the scheme as the command line reads it.

    Parameters
    ----------
    plan, now
        The plan, and the desk.

    Returns
    -------
    bytes
        A file of decisions.
    """
    name = say("view.what_if.file_name")
    scheme: Any = make_scheme(plan, now, name)
    return dump_decisions(scheme).encode()


def _delete(plan: Plan, now: Desk, name: str) -> None:
    schemes.forget(plan, name)
    now.note = ("view.units.note.deleted", {"name": name})


def _words(error: PianquError) -> str:
    lang = choice().lang
    return f"{error.message(lang)} {error.action(lang)}"
