"""A scheme carried into the plan: every page then shows the district with its steps."""

import hashlib
import json
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from geo.decisions import Decisions, dump_decisions
from geo.findings import concat_findings
from geo.plan import Plan
from geo.views import what_if_schemes, what_if_work, work
from geo.views.state import choice, choose
from geo.views.what_if_work import Desk
from geo.views.widgets import say
from geo.views.work import Opened
from geo.what_if_steps import Step, apply_steps, dump_steps, unproject_steps

_KEY = "pq_carried"


@dataclass(frozen=True, eq=False)
class Carried:
    """What the plan was made from before steps were carried into it.

    Attributes
    ----------
    origin
        The district as it was opened.
    steps
        All steps that were carried into it.
    fingerprint
        Of the district with the steps.
    """

    origin: Opened
    steps: tuple[Step, ...]
    fingerprint: str


def carried(plan: Plan) -> Carried | None:
    """Return what was carried into the plan that is open.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    Carried or None
        None if nothing was.
    """
    found: Carried | None = st.session_state.get(_KEY)
    if found is None or found.fingerprint != plan.district.fingerprint:
        return None
    return found


def carry(plan: Plan) -> None:
    """Make the steps that stand part of the plan; it is worked out anew.

    Parameters
    ----------
    plan
        The plan that is open.
    """
    now, bench = what_if_work.desk(plan), work.bench()
    if not now.steps or bench.opened is None:
        return
    before = carried(plan)
    origin = bench.opened if before is None else before.origin
    steps = now.steps if before is None else (*before.steps, *now.steps)
    district, findings = apply_steps(
        origin.district, steps, set(plan.rules.requirements)
    )
    content = json.dumps(dump_steps(unproject_steps(steps, district.crs)))
    whole = f"{origin.district.fingerprint} {content}"
    fingerprint = hashlib.sha256(whole.encode()).hexdigest()
    district = replace(
        district,
        findings=concat_findings(district.findings, findings),
        fingerprint=fingerprint,
    )
    st.session_state[_KEY] = Carried(origin, steps, fingerprint)
    bench.opened = replace(bench.opened, district=district)


def withdraw(plan: Plan) -> None:
    """Take all steps out of the plan again; the desk of before still has them.

    Parameters
    ----------
    plan
        The plan that is open.
    """
    found = carried(plan)
    if found is None:
        return
    work.bench().opened = found.origin
    st.session_state.pop(_KEY)
    if choice().community not in found.origin.district.communities.index:
        choose(community=None)


def make_file(plan: Plan, now: Desk) -> bytes:
    """Return all steps, those of the plan and those tried out, as a decisions file.

    Parameters
    ----------
    plan, now
        The plan, and the desk.

    Returns
    -------
    bytes
        A file as ``pianqu plan --decisions`` reads it.
    """
    found = carried(plan)
    if found is None:
        return what_if_schemes.download(plan, now)
    steps = unproject_steps((*found.steps, *now.steps), plan.district.crs)
    name = say("view.what_if.file_name")
    return dump_decisions(Decisions(name=name, steps=tuple(steps))).encode()


def show(plan: Plan, now: Desk) -> None:
    """Show the buttons that carry steps into the plan and take them out.

    Parameters
    ----------
    plan, now
        The plan, and the desk.
    """
    found = carried(plan)
    with st.popover(say("view.what_if.carry.title"), width="content"):
        st.text(say("view.what_if.carry.what", count=len(now.steps)))
        st.button(
            say("view.what_if.carry.do"),
            key="pq-what-if-carry",
            type="primary",
            on_click=partial(carry, plan),
            disabled=not now.steps,
        )
        if found is not None:
            st.text(say("view.what_if.carry.stands", count=len(found.steps)))
            st.button(
                say("view.what_if.carry.back"),
                key="pq-what-if-withdraw",
                on_click=partial(withdraw, plan),
            )
        st.download_button(
            say("view.what_if.carry.file"),
            data=make_file(plan, now),
            file_name="scheme.json",
            mime="application/json",
            key="pq-what-if-file",
            on_click="ignore",
            disabled=not now.steps and found is None,
        )
