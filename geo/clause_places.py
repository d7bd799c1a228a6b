"""Clauses about what lies where: protected things, utilities' plans, gas pipes."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from geo.clause_stock import STOCK_KINDS
from geo.clause_survey import SURVEY_KINDS
from geo.clause_tools import (
    Check,
    find_documents,
    gather,
    get_flag,
    group_own,
    judge_subjects,
    name_few,
    say,
)
from geo.clause_units import UNIT_KINDS
from geo.gas_works import find_gas_works
from geo.protected import ACTIONS, find_protected
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said
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
    touches = find_protected(works, district.protected, near_m=near_m)
    own, near = group_own(works), group_own(touches)
    required = say("protected.required", near=f"{near_m:g}")

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine = pd.DataFrame(gather(own, members, works))
        beside = gather(near, members, touches)
        done, unsaid = _tell_actions(ground, members, mine)
        state = State.SHORT if done else State.UNKNOWN if unsaid else State.MET
        acting = [
            str(name) for name, flags in mine[list(ACTIONS)].iterrows() if _any(flags)
        ]
        touched = beside["protected_id"].tolist()
        return Ruling(
            subject,
            state,
            found=_tell_touches(ground, mine, beside, (done, unsaid)),
            required=required,
            reason=_explain_protected(state, mine, touched, unsaid),
            missing=() if done else unsaid,
            value=float(len(acting)) if len(mine) else float("nan"),
            objects=tuple(dict.fromkeys([*acting, *beside["work_id"], *touched])),
        )

    return judge_subjects(row, ground, judge)


def _any(flags: pd.Series) -> bool:
    return any(flag is not pd.NA and bool(flag) for flag in flags)


def _tell_actions(
    ground: Ground, members: tuple[str, ...], works: pd.DataFrame
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which of the actions are done, and of which nobody said."""
    done, unsaid = [], []
    for action in ACTIONS:
        said = [get_flag(ground, one, action) for one in members]
        flags = works[action].astype("boolean")
        if any(said) or bool(flags.fillna(value=False).any()):
            done.append(action)
        elif not all(one is False for one in said) and (
            not len(works) or bool(flags.isna().any())
        ):
            unsaid.append(action)
    return tuple(done), tuple(unsaid)


def _tell_touches(
    ground: Ground,
    works: pd.DataFrame,
    beside: pd.DataFrame,
    actions: tuple[tuple[str, ...], tuple[str, ...]],
) -> Said:
    layer = len(ground.plan.district.protected) > 0
    done, unsaid = actions
    word = "done" if done else "found" if unsaid else "clear"
    names = [f"@places.action.{one}" for one in done or ACTIONS]
    return say(
        f"protected.{word}",
        **({} if word == "clear" else {"actions": tuple(names)}),
        works=len(works),
        drawn=int((works["placed"] == DRAWN).sum()),
        touched=beside["protected_id"].nunique() if layer else "—",
        names=name_few(sorted(set(beside["protected_id"]))),
        layer="@places.layer.there" if layer else "@places.layer.none",
    )


def _explain_protected(
    state: State, works: pd.DataFrame, touched: list[str], unsaid: tuple[str, ...]
) -> Said:
    if state == State.UNKNOWN:
        key = "protected.unsaid" if len(works) else "protected.no_works"
        return say(key, actions=tuple(f"@places.action.{one}" for one in unsaid))
    if state == State.MET and touched:
        return say("protected.near", names=name_few(sorted(set(touched))))
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
    found = find_gas_works(works, district.utilities, near_m=near_m)
    own, near = group_own(works), group_own(found)
    piped = bool((district.utilities["kind"] == "gas").any())
    required = say("gas.required", near=f"{near_m:g}")

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine = gather(own, members, works)
        beside = gather(near, members, found)
        subjects = {subject, *members}
        if ground.unit_of is not None:
            subjects |= {str(ground.unit_of.get(one, one)) for one in members}
        papers = find_documents(ground, GAS_PLAN_WORDS, subjects)
        said = [get_flag(ground, one, "protection_plan_doc") for one in members]
        held = bool(len(papers)) or any(said)
        denied = any(one is False for one in said)
        state, code, missing = _judge_gas(
            works=len(mine), piped=piped, near=len(beside), held=held, denied=denied
        )
        return Ruling(
            subject,
            state,
            found=_tell_gas(mine, beside, papers),
            required=required,
            reason=say(f"gas.{code}") if code else NOTHING,
            missing=missing,
            value=float(beside["work_id"].nunique()) if piped else float("nan"),
            objects=tuple(
                dict.fromkeys([*beside["work_id"], *beside["pipe_id"], *papers["id"]])
            ),
        )

    return judge_subjects(row, ground, judge)


def _judge_gas(
    *, works: int, piped: bool, near: int, held: bool, denied: bool
) -> tuple[State, str, tuple[str, ...]]:
    if held:
        return State.MET, "", ()
    if not works:
        return State.UNKNOWN, "no_works", ("works_geom",)
    if not piped:
        return State.UNKNOWN, "no_pipes", ("gas_pipe_geom",)
    if not near:
        return State.NOT_REQUIRED, "none_near", ()
    if denied:
        return State.SHORT, "", ()
    return State.UNKNOWN, "no_plan", ("protection_plan_doc",)


def _tell_gas(works: pd.DataFrame, near: pd.DataFrame, papers: pd.DataFrame) -> Said:
    least = near["distance_m"].min()
    drawn = bool((near["placed"] == DRAWN).all())
    return say(
        "gas.found" if len(near) else "gas.found_none",
        works=len(works),
        near=near["work_id"].nunique(),
        names=name_few(sorted(set(near["work_id"]))),
        least="—" if pd.isna(least) else f"{least:.1f}",
        place="@places.by_drawing" if drawn else "@places.by_outline",
        papers=name_few(papers["id"].astype("str")),
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
    district, settings = ground.plan.district, ground.settings
    found = match_utilities(
        ground.facts,
        ground.tables,
        district.communities,
        district.utilities,
        near_m=settings.utility_near_m,
        years=settings.utility_years,
    )
    own = group_own(found)
    required = say(
        "utility.required",
        near=f"{settings.utility_near_m:g}",
        years=settings.utility_years,
    )

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine = gather(own, members, found)
        needed = mine[mine["needed"] == NEEDED]
        unsure = mine[mine["needed"] == NOT_SURVEYED]
        state = _judge_match(needed, unsure)
        met = int((needed["state"] == MATCHED).sum())
        return Ruling(
            subject,
            state,
            found=_tell_match(needed, unsure),
            required=required,
            reason=_explain_match(state, needed, unsure),
            missing=_miss_match(needed, unsure) if state == State.UNKNOWN else (),
            value=met / len(needed) if len(needed) else float("nan"),
            objects=tuple(dict.fromkeys(needed["item_id"].dropna().astype("str"))),
        )

    return judge_subjects(row, ground, judge)


def _judge_match(needed: pd.DataFrame, unsure: pd.DataFrame) -> State:
    if needed["state"].isin([YEAR_OFF, NO_PLAN]).any():
        return State.SHORT
    if len(unsure) or (needed["state"] != MATCHED).any():
        return State.UNKNOWN
    return State.MET if len(needed) else State.NOT_REQUIRED


def _tell_match(needed: pd.DataFrame, unsure: pd.DataFrame) -> Said:
    words: dict[str, tuple[str | Said, ...]] = {}
    for word, states in (
        ("matched", [MATCHED]),
        ("year_off", [YEAR_OFF]),
        ("no_plan", [NO_PLAN]),
        ("open", [ITEM_YEAR, PLAN_YEAR, NO_DATA]),
    ):
        rows = needed[needed["state"].isin(states)]
        words[word] = tuple(_name_item(one) for one in rows.to_dict("records"))
    kinds = tuple(f"@places.kind.{kind}" for kind in unsure["kind"].unique())
    return say(
        "utility.found",
        needed=len(needed),
        unsure=kinds or ("—",),
        **{word: names or ("—",) for word, names in words.items()},
    )


def _name_item(one: Mapping[Hashable, Any]) -> str | Said:
    """Name a network by its kind; where there is an item, its id and year as well."""
    kind = f"@places.kind.{one['kind']}"
    if pd.isna(one["item_id"]):
        return kind
    year = one["item_year"]
    when = "@places.no_year" if pd.isna(year) else f"{year:.0f}"
    return say("utility.item", kind=kind, id=str(one["item_id"]), year=when)


def _explain_match(state: State, needed: pd.DataFrame, unsure: pd.DataFrame) -> Said:
    if state == State.NOT_REQUIRED:
        return say("utility.none_needed")
    if state != State.UNKNOWN:
        return NOTHING
    states = set(needed["state"])
    for code in (NO_DATA, PLAN_YEAR, ITEM_YEAR):
        if code in states:
            return say(f"utility.{code}")
    return say("utility.not_surveyed") if len(unsure) else NOTHING


def _miss_match(needed: pd.DataFrame, unsure: pd.DataFrame) -> tuple[str, ...]:
    states = set(needed["state"])
    fields = {
        NO_DATA: "utility_plan_geom",
        PLAN_YEAR: "plan_year",
        ITEM_YEAR: "utility_year",
    }
    told = [field for code, field in fields.items() if code in states]
    return (*told, *(f"condition_{kind}" for kind in unsure["kind"].unique()))


#: Kinds of checks about places.
PLACE_KINDS: Mapping[str, Check] = {
    "protected": check_protected,
    "utility_match": check_utility_match,
    "gas_protection": check_gas_protection,
    **SURVEY_KINDS,
    **STOCK_KINDS,
    **UNIT_KINDS,
}
