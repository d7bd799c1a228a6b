"""Clauses on what must be there before works start: the vote and the confirmation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from math import isnan, nan

from geo.clause_basics import (
    MET,
    SHORT,
    UNKNOWN,
    Asked,
    Check,
    join_said,
    make_share,
    say_day,
    say_share,
)
from geo.clause_cells import read_days, read_flags, read_numbers, read_texts
from geo.clause_documents import Held, read_held
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said
from geo.schema import State

_VOTE = "@check.what.vote"
_ONLINE = "online"
#: Words for the document on property management.
_CONFIRM_DOCS = "物业管理确认|物业服务确认|物业模式确认|物业管理模式|物业确认"


@dataclass(frozen=True, slots=True)
class _Vote:
    total: float
    yes: float
    area_total_m2: float
    area_yes_m2: float
    channel: str
    day: date | None
    start: date | None


def check_vote(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge the vote on the scheme, by households; by area it is shown, too.

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each community. A vote after the start, or by a way that the profile
        does not name, is short.
    """
    del row
    facts = ground.facts
    asked = Asked(ground.profile.value("consent.vote_min"))
    if asked.value is None and ground.profile.value("consent.vote_required") is True:
        asked = Asked("open")
    online = ground.profile.value("consent.vote_online") is not False
    numbers = ("vote_total", "vote_yes", "vote_area_total_m2", "vote_area_yes_m2")
    rows = zip(
        facts.index,
        *(read_numbers(facts, name) for name in numbers),
        read_texts(facts, "vote_channel"),
        read_days(facts, "vote_date"),
        read_days(facts, "start_date"),
        strict=True,
    )
    required = join_said(
        (asked.say(_VOTE), (f"check.required.{'any' if online else 'paper'}", {}))
    )
    start = Ruling("", UNKNOWN, required=required)
    return [
        _judge_vote(replace(start, subject_id=str(s)), _Vote(*cells), asked, online)
        for s, *cells in rows
    ]


def _judge_vote(
    ruling: Ruling,
    one: _Vote,
    asked: Asked,
    online: bool,  # noqa: FBT001 (always passed by place)
) -> Ruling:
    share, least = make_share(one.yes, one.total), asked.least
    reached = None if share is None or least is None else share >= least
    state = asked.judge(reached=reached, known=share is not None)
    lacking = [
        name
        for name, value in (("vote_total", one.total), ("vote_yes", one.yes))
        if isnan(value)
    ]
    reason, missing = _explain_vote(one, asked, state)
    fault = _find_fault(one, online=online)
    if fault != NOTHING and share is not None and state != State.NOT_REQUIRED:
        state, reason = SHORT, fault
    elif not online and not one.channel and state in (MET, State.OPEN):
        state, reason = UNKNOWN, ("check.reason.channel_missing", {})
        missing = ("vote_channel",)
    if state == UNKNOWN and not missing:
        missing = tuple(lacking) or ("vote_total", "vote_yes")
    return replace(
        ruling,
        state=state,
        found=_say_vote(one, least),
        reason=reason,
        missing=missing,
        value=nan if share is None else float(share),
    )


def _explain_vote(
    one: _Vote, asked: Asked, state: State
) -> tuple[Said, tuple[str, ...]]:
    if asked.missing:
        return ("check.reason.profile_missing", {}), ("consent.vote_min",)
    if one.yes > one.total:
        return ("check.reason.more_yes", {}), ("vote_total", "vote_yes")
    if state == State.OPEN:
        return ("check.reason.open", {}), ()
    if state == UNKNOWN:
        return ("check.reason.not_recorded", {}), ()
    return NOTHING, ()


def _find_fault(one: _Vote, *, online: bool) -> Said:
    """Say why a vote does not count, whatever it came to."""
    if one.day is not None and one.start is not None and one.day > one.start:
        days = {"day": say_day(one.day), "start": say_day(one.start)}
        return "check.reason.after_start", days
    if not online and one.channel == _ONLINE:
        return "check.reason.online", {}
    return NOTHING


def _say_vote(one: _Vote, least: Fraction | None) -> Said:
    if isnan(one.total) and isnan(one.yes):
        return "check.found.no_vote", {}
    channel = f"@check.channel.{one.channel}" if one.channel else "@check.not_known"
    told: Said = (
        "check.found.vote",
        {
            "share": say_share(one.yes, one.total, least),
            "channel": channel,
            "day": say_day(one.day),
        },
    )
    area = make_share(one.area_yes_m2, one.area_total_m2)
    if area is None:
        return told
    by_area = say_share(one.area_yes_m2, one.area_total_m2)
    return join_said((told, ("check.found.vote_area", {"share": by_area})))


@dataclass(frozen=True, slots=True)
class _Confirmed:
    held: Held
    channel: str
    fee: bool | None
    mode: str
    start: date | None
    preparing: bool | None
    committee: bool | None


def check_confirmed(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge the confirmation of property management before the start.

    Options: ``online`` (``yes``: allowed by the clause itself; ``profile``: as the
    profile says), ``committee`` (``profile``: an owners committee in preparation, if
    the profile asks for one).

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each community.
    """
    facts, profile = ground.facts, ground.profile
    allowed = profile.value("consent.management_online") is not False
    online = row.options.get("online") == "yes" or allowed
    committee = (
        row.options.get("committee") == "profile"
        and profile.value("consent.committee_preparing") is True
    )
    wanted = replace(
        row,
        options={
            "field": "confirm_doc",
            "date": "confirm_date",
            "docs": _CONFIRM_DOCS,
        },
    )
    rows = zip(
        read_held(wanted, ground).items(),
        read_texts(facts, "confirm_channel"),
        read_flags(facts, "property_fee_agreed"),
        read_texts(facts, "property_mode"),
        read_days(facts, "start_date"),
        read_flags(facts, "owners_committee_preparing"),
        read_flags(facts, "has_owners_committee"),
        strict=True,
    )
    required = join_said(
        (
            (f"check.required.confirmed_{'any' if online else 'paper'}", {}),
            ("check.required.committee", {}) if committee else NOTHING,
        )
    )
    found = []
    for (subject, held), *cells in rows:
        one = _Confirmed(held, *cells)
        faults = _judge_parts(one, online=online, committee=committee)
        found.append(_make_confirmed(subject, one, faults, required, committee))
    return found


#: One part of a check: its state, why, and what would settle it.
_Part = tuple[State, Said, tuple[str, ...]]


def _judge_parts(one: _Confirmed, *, online: bool, committee: bool) -> list[_Part]:
    """Judge what is not as it must be."""
    parts: list[_Part] = []
    if one.held.there is None:
        parts.append(
            (
                UNKNOWN,
                ("check.reason.confirm_unknown", {}),
                ("confirm_doc", "confirm_date"),
            )
        )
    elif not one.held.there:
        parts.append((SHORT, ("check.reason.not_confirmed", {}), ()))
    else:
        parts += _judge_paper(one, online=online)
    if one.fee is False:
        parts.append((SHORT, ("check.reason.no_fee", {}), ()))
    if committee:
        parts += _judge_committee(one)
    return parts


def _judge_paper(one: _Confirmed, *, online: bool) -> list[_Part]:
    parts: list[_Part] = []
    if not online and one.channel == _ONLINE:
        parts.append((SHORT, ("check.reason.online", {}), ()))
    elif not online and not one.channel:
        missing = ("confirm_channel",)
        parts.append((UNKNOWN, ("check.reason.channel_missing", {}), missing))
    if one.start is None:
        return parts
    if one.held.day is None:
        parts.append((UNKNOWN, ("check.reason.day_missing", {}), ("confirm_date",)))
    elif one.held.day > one.start:
        days = {"day": say_day(one.held.day), "start": say_day(one.start)}
        parts.append((SHORT, ("check.reason.after_start", days), ()))
    return parts


def _judge_committee(one: _Confirmed) -> list[_Part]:
    """Judge the preparing; an owners committee that exists needs none."""
    if one.preparing or one.committee:
        return []
    if one.preparing is False and one.committee is False:
        return [(SHORT, ("check.reason.no_committee", {}), ())]
    missing = ("owners_committee_preparing",)
    return [(UNKNOWN, ("check.reason.committee_unknown", {}), missing)]


def _make_confirmed(
    subject: str,
    one: _Confirmed,
    parts: list[_Part],
    required: Said,
    committee: bool,  # noqa: FBT001 (always passed by place)
) -> Ruling:
    states = [state for state, _, _ in parts]
    state = SHORT if SHORT in states else UNKNOWN if UNKNOWN in states else MET
    deciding = [part for part in parts if part[0] == state]
    lacking = (name for part in parts for name in part[2])
    words = {None: "@check.not_known", True: "@check.yes", False: "@check.no"}
    has = True if one.preparing or one.committee else one.preparing
    told: Said = (
        "check.found.confirmed",
        {
            "there": words[one.held.there],
            "day": say_day(one.held.day),
            "start": say_day(one.start),
            "channel": f"@check.channel.{one.channel}"
            if one.channel
            else "@check.not_known",
            "mode": one.mode or "@check.not_known",
            "fee": words[one.fee],
        },
    )
    more: Said = ("check.found.committee", {"there": words[has]})
    return Ruling(
        subject,
        state,
        found=join_said((told, more if committee else NOTHING)),
        required=required,
        reason=join_said(part[1] for part in deciding),
        missing=tuple(dict.fromkeys(lacking)),
        objects=one.held.documents,
    )


START_KINDS: Mapping[str, Check] = {
    "vote": check_vote,
    "confirmed": check_confirmed,
}
