"""Clauses about looking before planning: surveys, idle resources, hazards."""

from collections.abc import Mapping, Sequence

import pandas as pd

from geo.clause_tools import (
    Check,
    gather,
    get_day,
    group_own,
    judge_subjects,
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
#: What a resource must be known by to be in the inventory (N-2-3b).
_KNOWN_BY = ("kind", "area", "owner")
_LACKING, _UNKNOWN = "lacking", "unknown"


def find_deadline(
    ground: Ground, members: Sequence[str]
) -> tuple[pd.Timestamp | None, bool]:
    """Find the day before which members were to be surveyed.

    Parameters
    ----------
    ground
        The plan and the table ``county``.
    members
        Community ids.

    Returns
    -------
    day : pandas.Timestamp or None
        The day of application, if a member is in the plan that is to be submitted;
        else the day on which it is judged. None: nobody said.
    planned : bool
        Whether a member is in the plan.
    """
    planned = not set(members).isdisjoint(ground.planned)
    if not planned:
        return pd.Timestamp(ground.as_of), False
    table = ground.tables["county"]
    rows = table[
        (table["year"] == ground.plan_year) & table["application_date"].notna()
    ]
    return (None if rows.empty else rows["application_date"].max()), True


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
    short = gaps[gaps["state"] == State.SHORT].groupby("community_id")["category"]
    lacking = {str(name): set(rows) for name, rows in short}

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        days = {one: get_day(ground, one, "survey_date") for one in members}
        state, reason, missing = _judge_days(ground, days, "survey_date")
        known = set().union(*(lacking.get(one, set()) for one in members))
        return Ruling(
            subject,
            state,
            found=say(
                "survey.found",
                surveyed=sum(day is not None for day in days.values()),
                members=len(members),
                categories=len(known),
            ),
            required=_require_by(ground, members, "survey.required"),
            reason=reason,
            missing=missing,
            value=sum(day is not None for day in days.values()) / len(members),
        )

    return judge_subjects(row, ground, judge)


def _require_by(ground: Ground, members: Sequence[str], key: str) -> Said:
    day, planned = find_deadline(ground, members)
    said = "@places.application_unknown" if day is None else f"{day:%Y-%m-%d}"
    return say(key, day=said if planned else "@places.before_plan")


def _judge_days(
    ground: Ground, days: Mapping[str, pd.Timestamp | None], field: str
) -> tuple[State, Said, tuple[str, ...]]:
    """Judge whether all members were looked at in time."""
    limit, _ = find_deadline(ground, tuple(days))
    late = [
        one
        for one, day in days.items()
        if day is not None and limit is not None and day > limit
    ]
    none = [one for one, day in days.items() if day is None]
    if late:
        return State.SHORT, say("survey.late", names=name_few(late)), ()
    if none:
        reason = say("survey.not_surveyed", names=name_few(none))
        return State.UNKNOWN, reason, (field,)
    if limit is None:
        reason = say("survey.no_application")
        return State.UNKNOWN, reason, ("application_date",)
    return State.MET, NOTHING, ()


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
    district = ground.plan.district
    near_m = ground.settings.idle_near_m
    found = find_within(district.communities.geometry, district.idle.geometry, near_m)
    owner = district.communities.index[found["at"].to_numpy()]
    listed = district.idle.iloc[found["other"].to_numpy()].assign(community_id=owner)
    parts = group_own(listed)

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine = gather(parts, members, listed)
        mine = mine[~mine.index.duplicated()].sort_index()
        days = {
            one: get_day(ground, one, "idle_survey_date")
            for one in members
            if one not in parts or get_day(ground, one, "idle_survey_date")
        }
        state, reason, missing = _judge_days(ground, days, "idle_survey_date")
        blank = _name_blank(mine)
        if state == State.MET and blank:
            ids = sorted({name for names in blank.values() for name in names})
            state, missing = State.UNKNOWN, tuple(blank)
            reason = say("idle.incomplete", names=name_few(ids))
        return Ruling(
            subject,
            state,
            found=_tell_idle(mine),
            required=_require_by(ground, members, "idle.required"),
            reason=reason,
            missing=missing,
            value=float(len(mine)),
            objects=tuple(mine.index.astype("str")),
        )

    return judge_subjects(row, ground, judge)


def _name_blank(idle: pd.DataFrame) -> dict[str, list[str]]:
    """Name the cells of the inventory that are empty: field to resources."""
    area = idle["floor_area_m2"].fillna(idle["land_area_m2"])
    cells = {"idle_type": idle["kind"], "area": area, "ownership": idle["owner"]}
    empty = {name: idle.index[column.isna()] for name, column in cells.items()}
    return {name: list(ids.astype("str")) for name, ids in empty.items() if len(ids)}


def _tell_idle(idle: pd.DataFrame) -> Said:
    rooms = idle["floor_area_m2"].notna()
    return say(
        "idle.found" if len(idle) else "idle.found_none",
        count=len(idle),
        floor=f"{idle['floor_area_m2'].sum():.0f}",
        land=f"{idle.loc[~rooms, 'land_area_m2'].sum():.0f}",
    )


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
    hazards = table[table["hazard"].astype(bool) | table["need"].isin(names)]
    parts = group_own(hazards)
    needs = {need.key: need.names for need in list_needs(ground.plan.rules)}

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine = pd.concat(
            [parts[one] for one in members if one in parts] or [hazards.iloc[:0]]
        )
        deciding = mine[mine["need"].isin(names)]
        order = [_judge_order(ground, one) for one in members]
        state, reason, missing = _judge_hazards(deciding, order)
        found = mine[mine["state"] == _LACKING]
        left = found[found["addressed"] != "yes"]
        return Ruling(
            subject,
            state,
            found=say(
                "hazards.found",
                hazards=_name_needs(found["need"], needs),
                left=_name_needs(left["need"], needs),
                surveyed=_say_day(ground, members[0], "survey_date"),
                scheme=_say_day(ground, members[0], "scheme_date"),
            ),
            required=say("hazards.required", hazards=_name_needs(names, needs)),
            reason=reason,
            missing=missing,
            objects=tuple(
                dict.fromkeys(one for works in found["works"] for one in works)
            ),
        )

    return judge_subjects(row, ground, judge)


def _say_day(ground: Ground, subject: str, name: str) -> str:
    day = get_day(ground, subject, name)
    return "@places.no_day" if day is None else f"{day:%Y-%m-%d}"


def _name_needs(
    keys: Sequence[str] | pd.Series, needs: Mapping[str, Mapping[str, str]]
) -> tuple[object, ...]:
    """Name things that are lacking, in whichever language it is said."""
    found = list(dict.fromkeys(keys))
    named = [needs.get(key, {"zh": key, "en": key}) for key in found]
    return tuple(say_name(one["zh"], one["en"]) for one in named) or ("—",)


def _judge_order(ground: Ground, subject: str) -> tuple[bool | None, tuple[str, ...]]:
    """Tell whether the survey is older than the scheme, and what is missing."""
    surveyed = get_day(ground, subject, "survey_date")
    scheme = get_day(ground, subject, "scheme_date")
    days = {"survey_date": surveyed, "scheme_date": scheme}
    missing = tuple(name for name, day in days.items() if day is None)
    if surveyed is None or scheme is None:
        return None, missing
    return surveyed < scheme, ()


def _judge_hazards(
    deciding: pd.DataFrame, order: Sequence[tuple[bool | None, tuple[str, ...]]]
) -> tuple[State, Said, tuple[str, ...]]:
    lacking = deciding[deciding["state"] == _LACKING]
    if (lacking["addressed"] == "no").any():
        return State.SHORT, say("hazards.left_out"), ()
    if any(before is False for before, _ in order):
        return State.SHORT, say("hazards.too_late"), ()
    missing = [name for _, names in order for name in names]
    unknown = deciding[deciding["state"] == _UNKNOWN]
    if len(unknown):
        missing.append("hazard_list")
    if (lacking["addressed"] == _UNKNOWN).any():
        missing.append("scheme_items")
    if missing:
        return State.UNKNOWN, say("hazards.not_known"), tuple(dict.fromkeys(missing))
    return State.MET, NOTHING, ()


#: Kinds of checks about surveys.
SURVEY_KINDS: Mapping[str, Check] = {
    "neighbourhood_survey": check_neighbourhood_survey,
    "idle_inventory": check_idle_inventory,
    "hazards_in_scheme": check_hazards_in_scheme,
}
