"""Clauses about looking before planning: surveys, idle resources, hazards."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain
from math import nan
from typing import Any

import pandas as pd

from geo.clause_basics import Check
from geo.clause_tools import (
    NONE,
    Rows,
    call_few,
    gather,
    group_rows,
    judge_subjects,
    map_days,
    name_few,
    say,
    say_name,
)
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said
from geo.schema import State
from geo.shortfalls import find_shortfalls, list_needs
from geo.work_places import find_within

#: Hazards that the national document names (存在安全隐患的排水、燃气等老旧管线).
PIPES = ("drainage", "gas")

_LACKING, _UNKNOWN = "lacking", "unknown"
#: Cells by which a resource is known in the inventory (N-2-3b), by field.
_KNOWN_BY = {
    "idle_type": ("kind",),
    "area": ("floor_area_m2", "land_area_m2"),
    "ownership": ("owner",),
}


def find_deadline(ground: Ground, members: Sequence[str]) -> tuple[date | None, bool]:
    """Find the day by which members were to be surveyed.

    Parameters
    ----------
    ground
        The plan and the table ``county``.
    members
        Community ids.

    Returns
    -------
    day : datetime.date or None
        The day of application, if a member is in the plan that is to be submitted;
        else the day on which it is judged. None: nobody said.
    planned : bool
        Whether a member is in the plan.
    """
    if set(members).isdisjoint(ground.planned):
        return ground.as_of, False
    table = ground.tables["county"]
    days = table.loc[table["year"] == ground.plan_year, "application_date"].dropna()
    return (None if days.empty else days.max().date()), True


def check_neighbourhood_survey(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 在确定改造计划之前，应以居住社区为单元开展普查.

    Parameters
    ----------
    row
        The clause (N-2-3a).
    ground
        Days of the surveys; units.

    Returns
    -------
    list of Ruling
        ``met`` if all members of the unit were surveyed by the day of application,
        ``short`` if one was later, ``unknown`` if a day is missing.
    """
    gaps = ground.plan.gaps
    short = group_rows(
        gaps.loc[gaps["state"] == State.SHORT, ["community_id", "category"]]
    )
    surveyed = map_days(ground, "survey_date")

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        days = {one: surveyed.get(one) for one in members}
        state, reason, missing = _judge_days(ground, days, "survey_date")
        known = sum(day is not None for day in days.values())
        return Ruling(
            subject,
            state,
            found=say(
                "survey.found",
                surveyed=known,
                members=len(members),
                categories=len({one["category"] for one in gather(short, members)}),
            ),
            required=_require_by(ground, members, "survey.required"),
            reason=reason,
            missing=missing,
            value=known / len(members),
        )

    return judge_subjects(row, ground, judge)


def _require_by(ground: Ground, members: Sequence[str], key: str) -> Said:
    day, planned = find_deadline(ground, members)
    if not planned:
        return say(key, day="@places.before_plan")
    return say(key, day=day.isoformat() if day else "@places.application_unknown")


def _judge_days(
    ground: Ground, days: Mapping[str, date | None], field: str
) -> tuple[State, Said, tuple[str, ...]]:
    """Judge whether all members were looked at in time."""
    limit, _ = find_deadline(ground, tuple(days))
    communities = ground.plan.district.communities
    late = [one for one, day in days.items() if day and limit and day > limit]
    none = [one for one, day in days.items() if day is None]
    if late:
        return State.SHORT, say("survey.late", names=call_few(communities, late)), ()
    if none:
        reason = say("survey.not_surveyed", names=call_few(communities, none))
        return State.UNKNOWN, reason, (field,)
    if limit is None and days:
        return State.UNKNOWN, say("survey.no_application"), ("application_date",)
    return State.MET, NOTHING, ()


def list_idle_near(ground: Ground) -> dict[str, Rows]:
    """List the idle resources in and around each community.

    Parameters
    ----------
    ground
        The map, and how far around a community it is to be surveyed.

    Returns
    -------
    dict
        Community id to the rows of the layer `idle` (with `id`), sorted by id.
    """
    district = ground.plan.district
    idle = pd.DataFrame(district.idle.drop(columns="geometry"))
    near_m = ground.settings.idle_near_m
    found = find_within(district.communities.geometry, district.idle.geometry, near_m)
    rows = idle.iloc[found["other"].to_numpy()]
    owner = district.communities.index[found["at"].to_numpy()]
    return group_rows(rows.assign(community_id=owner).rename_axis("id").sort_index())


def check_idle_inventory(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge whether idle rooms and land in and around the unit are listed.

    Parameters
    ----------
    row
        The clause (N-2-3b).
    ground
        Layer of idle resources, days of their survey, units.

    Returns
    -------
    list of Ruling
        ``met`` if every member was surveyed in time or has a resource on the list
        in or around it, and all of these are known by kind, area and owner;
        ``short`` if the survey was later than the application; else ``unknown``.
    """
    listed, surveyed = list_idle_near(ground), map_days(ground, "idle_survey_date")
    idle = ground.plan.district.idle

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine = {str(one["id"]): one for one in gather(listed, members)}
        days = {one: surveyed.get(one) for one in members}
        # what stands on the list was looked at, whenever that was
        asked = {one: day for one, day in days.items() if day or one not in listed}
        state, reason, missing = _judge_days(ground, asked, "idle_survey_date")
        blank = _name_blank(mine)
        if state == State.MET and blank:
            ids = sorted({name for names in blank.values() for name in names})
            state, missing = State.UNKNOWN, tuple(blank)
            reason = say("idle.incomplete", names=call_few(idle, ids))
        return Ruling(
            subject,
            state,
            found=_tell_idle(list(mine.values())),
            required=_require_by(ground, members, "idle.required"),
            reason=reason,
            missing=missing,
            value=float(len(mine)),
            objects=tuple(sorted(mine)),
        )

    return judge_subjects(row, ground, judge)


def _name_blank(idle: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Name the cells of the inventory that are empty: field to resources."""
    blank: dict[str, list[str]] = {}
    for name, one in idle.items():
        for field, columns in _KNOWN_BY.items():
            if all(pd.isna(one[column]) for column in columns):
                blank.setdefault(field, []).append(name)
    return blank


def _tell_idle(idle: Rows) -> Said:
    if not idle:
        return say("idle.found_none")
    floors = [one["floor_area_m2"] for one in idle]
    lands = [one["land_area_m2"] for one in idle if pd.isna(one["floor_area_m2"])]
    floor, land = (
        sum(area for area in areas if not pd.isna(area)) for areas in (floors, lands)
    )
    return say("idle.found", count=len(idle), floor=f"{floor:.0f}", land=f"{land:.0f}")


def check_hazards_in_scheme(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 方案之前摸底排查，存在安全隐患的排水、燃气等老旧管线列为改造内容.

    Parameters
    ----------
    row
        The clause (N-1-5); its option `needs` names the hazards that decide.
    ground
        Days of survey and scheme, hazards and works.

    Returns
    -------
    list of Ruling
        ``met`` if the survey is older than the scheme and the scheme does something
        about every such hazard, ``short`` if not, ``unknown`` if a day, the hazards
        or the scheme are not known. Other hazards are told and do not decide.
    """
    names = row.options.get("needs", "|".join(PIPES)).split("|")
    table = find_shortfalls(ground)
    hazards = table["hazard"].astype("bool") | table["need"].isin(names)
    parts = group_rows(table[hazards])
    needs = {need.key: need.names for need in list_needs(ground.plan.rules)}
    days = {name: map_days(ground, name) for name in ("survey_date", "scheme_date")}
    required = say("hazards.required", hazards=_name_needs(names, needs))

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine = gather(parts, members)
        found = [one for one in mine if one["state"] == _LACKING]
        left = [one["need"] for one in found if one["addressed"] != "yes"]
        told = [[days[name].get(one) for one in members] for name in days]
        deciding = [one for one in mine if one["need"] in names]
        state, reason, missing = _judge_hazards(deciding, told[0], told[1])
        return Ruling(
            subject,
            state,
            found=say(
                "hazards.found",
                hazards=_name_needs([one["need"] for one in found], needs),
                left=_name_needs(left, needs),
                surveyed=_say_days(told[0]),
                scheme=_say_days(told[1]),
            ),
            required=required,
            reason=reason,
            missing=missing,
            value=len(left) / len(found) if found else nan,
            objects=tuple(
                dict.fromkeys(chain.from_iterable(one["works"] for one in found))
            ),
        )

    return judge_subjects(row, ground, judge)


def _say_days(days: Sequence[date | None]) -> tuple[str, ...]:
    return name_few(
        "@places.no_day" if day is None else day.isoformat() for day in days
    )


def _name_needs(
    keys: Sequence[str], needs: Mapping[str, Mapping[str, str]]
) -> tuple[str | Said, ...]:
    """Name things that are lacking, in whichever language it is said."""
    named = [needs.get(key, {"zh": key, "en": key}) for key in dict.fromkeys(keys)]
    return tuple(say_name(one["zh"], one["en"]) for one in named) or NONE


def _judge_hazards(
    deciding: Rows,
    surveyed: Sequence[date | None],
    schemes: Sequence[date | None],
) -> tuple[State, Said, tuple[str, ...]]:
    lacking = [one["addressed"] for one in deciding if one["state"] == _LACKING]
    if "no" in lacking:
        return State.SHORT, say("hazards.left_out"), ()
    pairs = list(zip(surveyed, schemes, strict=True))
    if any(day and then and day >= then for day, then in pairs):
        return State.SHORT, say("hazards.too_late"), ()
    empty = {
        "survey_date": None in surveyed,
        "scheme_date": None in schemes,
        "hazard_list": any(one["state"] == _UNKNOWN for one in deciding),
        "scheme_items": _UNKNOWN in lacking,
    }
    missing = tuple(name for name, here in empty.items() if here)
    if missing:
        return State.UNKNOWN, say("hazards.not_known"), missing
    return State.MET, NOTHING, ()


#: Kinds of checks about surveys.
SURVEY_KINDS: Mapping[str, Check] = {
    "neighbourhood_survey": check_neighbourhood_survey,
    "idle_inventory": check_idle_inventory,
    "hazards_in_scheme": check_hazards_in_scheme,
}
