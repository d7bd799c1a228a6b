"""Clauses about issues to be rectified (整改台账) and misuse of funds.

An issue that is overdue is a warning to the county: its eligibility for the next year
may be withdrawn (视情况). No community fails for it.
"""

from collections.abc import Mapping

import pandas as pd

from geo.clause_basics import Check
from geo.clause_tools import name_few, say
from geo.evidence_schema import ISSUE_SOURCES
from geo.rectification import (
    CLOSED_LATE,
    FUNDS,
    OVERDUE,
    PENDING,
    UNDATED,
    count_noted,
    judge_issues,
)
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said
from geo.schema import State

#: Cells of the ledger whose fields are called otherwise.
_FIELDS = {"evidence": "rectification.evidence"}
#: Who finds the issues that the sanction is about (审计、国务院大督查).
SANCTIONED = ("audit", "inspection")


def check_rectified(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 审计、国务院大督查发现的问题 rectified in time, for the county.

    Parameters
    ----------
    row
        The clause (N-1-10, YN-1-10); its option `sources` names who found them.
    ground
        Table ``rectification``, and the notes `audit_issues` of communities.

    Returns
    -------
    list of Ruling
        One, of the county: ``short`` if an issue is overdue, ``unknown`` if one is
        open without a due date, nobody said who found it, or there is no ledger;
        else ``met``, closed too late or not.
    """
    sources = row.options.get("sources", "|".join(SANCTIONED)).split("|")
    issues = judge_issues(ground.tables["rectification"], ground.as_of)
    mine = issues[issues["source"].isin(sources)]
    unsure = issues[issues["source"].isna() & issues["status"].isin([OVERDUE, UNDATED])]
    overdue = mine[mine["status"] == OVERDUE]
    undated = mine[mine["status"] == UNDATED]
    missing: tuple[str, ...] = ()
    reason: Said = NOTHING
    state = State.MET
    if len(overdue):
        state = State.SHORT
        reason = say("issues.may_withdraw", names=name_few(overdue.index))
    elif len(undated):
        state, missing = State.UNKNOWN, ("due",)
        reason = say("issues.undated", names=name_few(undated.index))
    elif len(unsure):
        state, missing = State.UNKNOWN, ("issue_source",)
        reason = say("issues.no_source", names=name_few(unsure.index))
    elif issues.empty:
        return [_judge_notes(ground)]
    elif (mine["status"] == CLOSED_LATE).any():
        late = mine.index[mine["status"] == CLOSED_LATE]
        reason = say("issues.closed_late", names=name_few(late))
    said = tuple(f"@places.source.{one}" for one in sources if one in ISSUE_SOURCES)
    return [
        Ruling(
            ground.county,
            state,
            found=_tell_issues(mine),
            required=say("issues.required", sources=said or ("—",)),
            reason=reason,
            missing=missing,
            value=float(len(overdue)),
            objects=tuple(mine.index),
        )
    ]


def _judge_notes(ground: Ground) -> Ruling:
    """Judge by the notes of the communities, where there is no ledger of issues."""
    notes = ground.facts.get("audit_issues", pd.Series(dtype="str"))
    told, issues, done = count_noted(notes)
    every = told == len(ground.facts) and told > 0
    state = State.MET if every and issues == done else State.UNKNOWN
    code = "issues.notes" if told else "issues.no_ledger"
    sources = tuple(f"@places.source.{one}" for one in SANCTIONED)
    unknown = state == State.UNKNOWN
    values = {"told": told, "every": len(ground.facts), "issues": issues, "done": done}
    return Ruling(
        ground.county,
        state,
        found=say("issues.found_notes", **values),
        required=say("issues.required", sources=sources),
        reason=say(code) if unknown else NOTHING,
        missing=("audit_issues", "due", "closed_date") if unknown else (),
    )


def _tell_issues(issues: pd.DataFrame) -> Said:
    status = issues["status"]
    return say(
        "issues.found",
        count=len(issues),
        closed=int(status.str.startswith("closed").sum()),
        late=int((status == CLOSED_LATE).sum()),
        pending=int(status.isin([PENDING, UNDATED]).sum()),
        overdue=int((status == OVERDUE).sum()),
    )


def check_ledger(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 建立整改台账，落实责任人，及时销号 for the county.

    Parameters
    ----------
    row
        The clause (GS-4a).
    ground
        Table ``rectification``.

    Returns
    -------
    list of Ruling
        One, of the county: ``short`` if an issue is overdue, ``unknown`` if a cell of
        the ledger is empty or there is no ledger, else ``met``.
    """
    del row
    issues = judge_issues(ground.tables["rectification"], ground.as_of)
    overdue = issues[issues["status"] == OVERDUE]
    blank = issues[issues["lacking"] != ""]
    missing: tuple[str, ...] = ()
    reason: Said = NOTHING
    state = State.MET
    if issues.empty:
        state, missing = State.UNKNOWN, ("issue_id",)
        reason = say("issues.no_ledger")
    elif len(overdue):
        state = State.SHORT
        reason = say("issues.overdue", names=name_few(overdue.index))
    elif len(blank):
        state = State.UNKNOWN
        cells = dict.fromkeys("|".join(blank["lacking"]).split("|"))
        missing = tuple(_FIELDS.get(cell, cell) for cell in cells)
        reason = say("issues.incomplete", names=name_few(blank.index))
    return [
        Ruling(
            ground.county,
            state,
            found=_tell_issues(issues),
            required=say("issues.ledger_required"),
            reason=reason,
            missing=missing,
            value=float(len(overdue)),
            objects=tuple(issues.index),
        )
    ]


def check_fund_misuse(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 中央补助资金严禁截留、挪用 for the county.

    Parameters
    ----------
    row
        The clause (N-1-3c).
    ground
        Table ``rectification``.

    Returns
    -------
    list of Ruling
        One, of the county: ``short`` if an issue is called misuse, rectified or not,
        ``unknown`` if one is about funds and does not say what it is, or there is no
        ledger; else ``met``.
    """
    del row
    issues = judge_issues(ground.tables["rectification"], ground.as_of)
    misuse = issues[issues["misuse"] == "yes"]
    unsure = issues[issues["misuse"] == "unknown"]
    about = issues.index[issues["kind"] == FUNDS].union(misuse.index)
    missing: tuple[str, ...] = ()
    reason: Said = NOTHING
    state = State.MET
    if len(misuse):
        state = State.SHORT
        closed = misuse["status"].str.startswith("closed").all()
        key = "funds.rectified" if closed else "funds.misuse"
        reason = say(key, names=name_few(misuse.index))
    elif len(unsure):
        state, missing = State.UNKNOWN, ("audit_findings",)
        reason = say("funds.unclear", names=name_few(unsure.index))
    elif issues.empty:
        state, missing = State.UNKNOWN, ("audit_findings",)
        reason = say("issues.no_ledger")
    elif len(about):
        reason = say("funds.other", names=name_few(about))
    return [
        Ruling(
            ground.county,
            state,
            found=say(
                "funds.found",
                count=len(issues),
                funds=len(about),
                misuse=len(misuse),
            ),
            required=say("funds.required"),
            reason=reason,
            missing=missing,
            value=float(len(misuse)),
            objects=tuple(about),
        )
    ]


#: Kinds of checks about issues.
ISSUE_KINDS: Mapping[str, Check] = {
    "rectified": check_rectified,
    "rectification_ledger": check_ledger,
    "fund_misuse": check_fund_misuse,
}
