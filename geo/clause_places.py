"""Clauses about what lies where: protected things, utilities' plans, gas pipes."""

from collections.abc import Mapping, Sequence
from math import nan
from types import MappingProxyType

import pandas as pd

from geo.clause_basics import Check
from geo.clause_stock import STOCK_KINDS
from geo.clause_survey import SURVEY_KINDS
from geo.clause_tools import (
    NONE,
    Rows,
    gather,
    gather_documents,
    group_rows,
    judge_subjects,
    map_documents,
    map_flags,
    name_few,
    say,
    say_year,
)
from geo.clause_units import UNIT_KINDS
from geo.gas_works import find_gas_works
from geo.protected import ACTIONS, find_protected
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said, once
from geo.schema import State
from geo.utility_match import (
    ITEM_YEAR,
    MATCHED,
    NEEDED,
    NO_DATA,
    NO_PLAN,
    NOT_SURVEYED,
    PLAN_YEAR,
    YEAR_OFF,
    match_utilities,
)
from geo.work_places import DRAWN, place_works

#: What the plan to protect gas pipes is called.
GAS_PLAN_WORDS = ("燃气设施保护", "燃气保护", "gas_protection")

#: What would settle a match that cannot be told.
_SETTLES = MappingProxyType(
    {NO_DATA: "utility_plan_geom", PLAN_YEAR: "plan_year", ITEM_YEAR: "utility_year"}
)


def check_protected(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 严禁随意拆除老建筑、搬迁居民、砍伐老树 for each community.

    Parameters
    ----------
    row
        The clause (N-1-2b, YN-1-2d).
    ground
        Flags of the works, or of the community; the layer of protected things.

    Returns
    -------
    list of Ruling
        ``short`` if a work is said to do one of the three, ``met`` if it is said of
        all of them that they are not done, else ``unknown``. That works come near to
        something protected is told with them, and never decides.
    """
    district = ground.plan.district
    works = place_works(ground.tables["works"], district.communities)
    near_m = ground.settings.protected_near_m
    own = group_rows(works.drop(columns="geometry"))
    near = group_rows(find_protected(works, district.protected, near_m=near_m))
    said = {action: map_flags(ground, action) for action in ACTIONS}
    mapped = len(district.protected) > 0
    required = say("protected.required", near=f"{near_m:g}")

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine, beside = gather(own, members), gather(near, members)
        flags = {
            action: [said[action].get(one) for one in members] for action in ACTIONS
        }
        done = tuple(one for one in ACTIONS if _is_done(mine, one, flags[one]))
        unsaid = tuple(one for one in ACTIONS if _is_unsaid(mine, one, flags[one]))
        state = State.SHORT if done else State.UNKNOWN if unsaid else State.MET
        acting = [one["id"] for one in mine if any(one[name] is True for name in done)]
        touched = sorted({one["protected_id"] for one in beside})
        return Ruling(
            subject,
            state,
            found=_tell_touches(mine, touched, (done, unsaid), mapped=mapped),
            required=required,
            reason=_explain_protected(state, mine, touched, unsaid),
            missing=unsaid if state == State.UNKNOWN else (),
            value=float(len(acting)) if mine else nan,
            objects=tuple(
                dict.fromkeys([*acting, *(one["work_id"] for one in beside), *touched])
            ),
        )

    return judge_subjects(row, ground, judge)


def _is_done(works: Rows, action: str, said: Sequence[bool | None]) -> bool:
    return any(said) or any(work[action] is True for work in works)


def _is_unsaid(works: Rows, action: str, said: Sequence[bool | None]) -> bool:
    """Tell whether nobody said if something is done: neither place nor works say."""
    if all(one is False for one in said):
        return False
    return not works or any(pd.isna(work[action]) for work in works)


def _tell_touches(
    works: Rows,
    touched: Sequence[str],
    actions: tuple[tuple[str, ...], tuple[str, ...]],
    *,
    mapped: bool,
) -> Said:
    done, unsaid = actions
    counts = {
        "works": len(works),
        "drawn": sum(work["placed"] == DRAWN for work in works),
        "touched": len(touched) if mapped else "—",
        "names": name_few(touched),
        "layer": f"@places.layer.{'there' if mapped else 'none'}",
    }
    if not done and not unsaid:
        return say("protected.clear", **counts)
    named = tuple(f"@places.action.{one}" for one in done or unsaid)
    key = "protected.done" if done else "protected.found"
    return say(key, actions=named, **counts)


def _explain_protected(
    state: State, works: Rows, touched: Sequence[str], unsaid: Sequence[str]
) -> Said:
    if state == State.UNKNOWN:
        key = "protected.unsaid" if works else "protected.no_works"
        return say(key, actions=tuple(f"@places.action.{one}" for one in unsaid))
    if state == State.MET and touched:
        return say("protected.near", names=name_few(touched))
    return NOTHING


def check_gas_protection(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 对可能影响燃气设施安全的施工，严格制定燃气设施保护方案.

    Parameters
    ----------
    row
        The clause (GS-3c).
    ground
        Works, gas pipes, documents; a fact `protection_plan_doc` is believed, too.

    Returns
    -------
    list of Ruling
        ``not_required`` where no digging work comes near to a gas pipe; else ``met``
        with a protection plan on record, ``short`` if it is said that there is none,
        ``unknown`` if nobody said. Without gas pipes on the map ``unknown``.
    """
    district = ground.plan.district
    works = place_works(ground.tables["works"], district.communities)
    near_m = ground.settings.gas_near_m
    own = group_rows(works.drop(columns="geometry"))
    near = group_rows(find_gas_works(works, district.utilities, near_m=near_m))
    piped = bool((district.utilities["kind"] == "gas").any())
    papers = map_documents(ground, GAS_PLAN_WORDS)
    said = map_flags(ground, "protection_plan_doc")
    required = say("gas.required", near=f"{near_m:g}")

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine, beside = gather(own, members), gather(near, members)
        subjects = {subject, *members}
        if ground.unit_of is not None:
            subjects |= {str(ground.unit_of.get(one, one)) for one in members}
        held = gather_documents(papers, subjects)
        flags = [said.get(one) for one in members]
        state, code, missing = State.MET, "", ""
        if not held and not any(flags):
            denied = any(one is False for one in flags)
            state, code, missing = _judge_gas(mine, beside, piped=piped, denied=denied)
        ids = [one["work_id"] for one in beside] + [one["pipe_id"] for one in beside]
        return Ruling(
            subject,
            state,
            found=_tell_gas(mine, beside, held),
            required=required,
            reason=say(f"gas.{code}") if code else NOTHING,
            missing=(missing,) if missing else (),
            value=float(len({one["work_id"] for one in beside})) if piped else nan,
            objects=tuple(dict.fromkeys([*ids, *held])),
        )

    return judge_subjects(row, ground, judge)


def _judge_gas(
    works: Rows, near: Rows, *, piped: bool, denied: bool
) -> tuple[State, str, str]:
    """Judge works without a plan on record: state, reason, what is missing."""
    if not works:
        return State.UNKNOWN, "no_works", "works_geom"
    if not piped:
        return State.UNKNOWN, "no_pipes", "gas_pipe_geom"
    if not near:
        return State.NOT_REQUIRED, "none_near", ""
    if denied:
        return State.SHORT, "", ""
    return State.UNKNOWN, "no_plan", "protection_plan_doc"


def _tell_gas(works: Rows, near: Rows, papers: Sequence[str]) -> Said:
    named = name_few(papers)
    if not near:
        return say("gas.found_none", works=len(works), papers=named)
    drawn = all(one["placed"] == DRAWN for one in near)
    ids = sorted({one["work_id"] for one in near})
    return say(
        "gas.found",
        works=len(works),
        near=len(ids),
        names=name_few(ids),
        least=f"{min(one['distance_m'] for one in near):.1f}",
        place=f"@places.{'by_drawing' if drawn else 'by_outline'}",
        papers=named,
    )


def check_utility_match(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 将需改造的水电气热信等配套设施纳入专营设施年度更新改造计划，并做好衔接.

    Parameters
    ----------
    row
        The clause (N-1-4a).
    ground
        What communities need, their years, and plans of utilities.

    Returns
    -------
    list of Ruling
        ``met`` if every network needed has a plan in kind, place and year, ``short``
        if one has none or in another year, ``not_required`` if none is needed,
        ``unknown`` if it is not surveyed or a year is missing.
    """
    own = group_rows(match_ground(ground))
    settings = ground.settings
    required = say(
        "utility.required",
        near=f"{settings.utility_near_m:g}",
        years=settings.utility_years,
    )

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine = gather(own, members)
        needed = [one for one in mine if one["needed"] == NEEDED]
        unsure = [one["kind"] for one in mine if one["needed"] == NOT_SURVEYED]
        state = _judge_match(needed, unsure)
        met = sum(one["state"] == MATCHED for one in needed)
        ids = [str(one["item_id"]) for one in needed if not pd.isna(one["item_id"])]
        return Ruling(
            subject,
            state,
            found=_tell_match(needed, unsure),
            required=required,
            reason=_explain_match(state, needed),
            missing=_miss_match(needed, unsure) if state == State.UNKNOWN else (),
            value=met / len(needed) if needed else nan,
            objects=tuple(dict.fromkeys(ids)),
        )

    return judge_subjects(row, ground, judge)


@once
def match_ground(ground: Ground) -> pd.DataFrame:
    """Match renewal plans of utilities with the communities of a district.

    Parameters
    ----------
    ground
        Facts, evidence, the map and the tolerances.

    Returns
    -------
    pandas.DataFrame
        See :func:`geo.utility_match.match_utilities`.
    """
    district, settings = ground.plan.district, ground.settings
    return match_utilities(
        ground.facts,
        ground.tables,
        district.communities,
        district.utilities,
        near_m=settings.utility_near_m,
        years=settings.utility_years,
    )


def _judge_match(needed: Rows, unsure: Sequence[str]) -> State:
    states = {one["state"] for one in needed}
    if states & {YEAR_OFF, NO_PLAN}:
        return State.SHORT
    if unsure or states - {MATCHED}:
        return State.UNKNOWN
    return State.MET if needed else State.NOT_REQUIRED


def _tell_match(needed: Rows, unsure: Sequence[str]) -> Said:
    told: dict[str, list[str | Said]] = {
        word: [] for word in (MATCHED, YEAR_OFF, NO_PLAN, "open")
    }
    for one in needed:
        told.get(one["state"], told["open"]).append(_name_item(one))
    kinds = tuple(f"@places.kind.{kind}" for kind in dict.fromkeys(unsure))
    return say(
        "utility.found",
        needed=len(needed),
        unsure=kinds or NONE,
        **{word: tuple(names) or NONE for word, names in told.items()},
    )


def _name_item(one: Mapping[str, object]) -> str | Said:
    """Name a network by its kind; where there is an item, its id and year as well."""
    kind = f"@places.kind.{one['kind']}"
    if pd.isna(one["item_id"]):  # type: ignore[call-overload] # a cell of any kind
        return kind
    year = say_year(float(str(one["item_year"])))
    return say("utility.item", kind=kind, id=str(one["item_id"]), year=year)


def _explain_match(state: State, needed: Rows) -> Said:
    if state == State.NOT_REQUIRED:
        return say("utility.none_needed")
    if state != State.UNKNOWN:
        return NOTHING
    states = {one["state"] for one in needed}
    codes = [code for code in _SETTLES if code in states]
    return say(f"utility.{codes[0]}" if codes else "utility.not_surveyed")


def _miss_match(needed: Rows, unsure: Sequence[str]) -> tuple[str, ...]:
    states = {one["state"] for one in needed}
    told = [field for code, field in _SETTLES.items() if code in states]
    return (*told, *(f"condition_{kind}" for kind in dict.fromkeys(unsure)))


#: Kinds of checks about places.
PLACE_KINDS: Mapping[str, Check] = {
    "protected": check_protected,
    "utility_match": check_utility_match,
    "gas_protection": check_gas_protection,
    **SURVEY_KINDS,
    **STOCK_KINDS,
    **UNIT_KINDS,
}
