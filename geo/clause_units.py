"""Clauses about joint units: together or alone, renewal units, life circle."""

from collections.abc import Iterable, Mapping
from math import inf, nan

import numpy as np
import pandas as pd

from geo.clause_basics import Check
from geo.clause_tools import (
    NONE,
    Rows,
    gather,
    gather_documents,
    group_rows,
    judge_units,
    map_documents,
    map_texts,
    name_few,
    say,
    say_name,
)
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said
from geo.schema import State

#: What a document about an urban renewal unit is called.
RENEWAL_WORDS = ("更新单元", "renewal_unit")

_OUTSIDE = frozenset({"无", "否", "未划入", "none", "no"})


def check_joint_unit(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 积极推进相邻小区及周边地区联动改造 for each unit.

    Parameters
    ----------
    row
        The clause (N-2-2).
    ground
        Units, neighbours, what members close for each other.

    Returns
    -------
    list of Ruling
        ``met`` for a unit of several communities, ``short`` for one that stands
        alone although it has a neighbour, ``not_required`` where it has none,
        ``unknown`` where nobody looked for neighbours.
    """
    del row
    neighbours = _count_neighbours(ground)
    measured = _measure(ground)

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        around = sum(neighbours.get(one, 0) for one in members)
        state, reason = State.MET, NOTHING
        if len(members) == 1 and ground.plan.units is None:
            state, reason = State.UNKNOWN, say("no_units")
        elif len(members) == 1:
            state = State.SHORT if around else State.NOT_REQUIRED
            reason = say("joint.alone", around=around) if around else say("joint.far")
        shared, idle_m2 = measured.get(subject, ("", nan))
        return Ruling(
            subject,
            state,
            found=say(
                "joint.found",
                communities=len(members),
                shared=_name_categories(ground, shared.split("|")),
                idle="—" if np.isnan(idle_m2) else f"{idle_m2:.0f}",
            ),
            required=say("joint.required"),
            reason=reason,
            missing=("unit_id",) if state == State.UNKNOWN else (),
            value=float(len(members)),
            objects=members,
        )

    return judge_units(ground, judge)


def _measure(ground: Ground) -> dict[str, tuple[str, float]]:
    """Measure the units as they are now, whoever drew them."""
    units = ground.plan.units
    if units is None or ground.unit_of is None:
        return {}
    same = ground.unit_of is units.unit_of or ground.unit_of.equals(units.unit_of)
    table = units.table if same else units.measure(ground.unit_of)
    cells = zip(table["shared_shortfalls"], table["idle_area_m2"], strict=True)
    return {
        str(unit): (str(shared), float(idle_m2))
        for unit, (shared, idle_m2) in zip(table.index, cells, strict=True)
    }


def _count_neighbours(ground: Ground) -> dict[str, int]:
    units = ground.plan.units
    if units is None:
        return {}
    pairs = units.basis.neighbours.pairs
    pairs = pairs[pairs["neighbour"].astype("bool")]
    counts = pd.concat([pairs["a"], pairs["b"]]).value_counts()
    return {str(name): int(count) for name, count in counts.items()}


def _name_categories(ground: Ground, keys: Iterable[str]) -> tuple[str | Said, ...]:
    rules = ground.plan.rules
    return (
        tuple(
            say_name(rules.category_name(key, "zh"), rules.category_name(key, "en"))
            for key in dict.fromkeys(keys)
            if key
        )
        or NONE
    )


def check_renewal_unit(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 将城镇老旧小区、老旧厂区……统一纳入城市更新单元划定范围 for each unit.

    Parameters
    ----------
    row
        The clause (YN-2-2b).
    ground
        Facts `renewal_unit_id` of the members, documents.

    Returns
    -------
    list of Ruling
        ``met`` if every member is said to lie in an urban renewal unit, or a document
        of the unit, of all its members or of the county lays one down; ``short`` if
        it is said of a member that it lies in none; else ``unknown``.
    """
    del row
    papers = map_documents(ground, RENEWAL_WORDS)
    said = map_texts(ground, "renewal_unit_id")

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        whole = bool(papers.keys() & {subject, ground.county})
        words = {one: said.get(one, "") for one in members}
        inside = [
            one
            for one, word in words.items()
            if whole or one in papers or (word and word not in _OUTSIDE)
        ]
        state = State.MET if len(inside) == len(members) else State.UNKNOWN
        if state == State.UNKNOWN and _OUTSIDE & set(words.values()):
            state = State.SHORT
        unknown = state == State.UNKNOWN
        held = gather_documents(papers, {subject, *members, ground.county})
        return Ruling(
            subject,
            state,
            found=say(
                "renewal.found",
                inside=len(inside),
                members=len(members),
                papers=name_few(held),
            ),
            required=say("renewal.required"),
            reason=say("renewal.not_known") if unknown else NOTHING,
            missing=("renewal_unit_geom",) if unknown else (),
            value=len(inside) / len(members),
            objects=held,
        )

    return judge_units(ground, judge)


def check_life_circle(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 构建社区“15 分钟”便民生活圈 for each unit.

    Parameters
    ----------
    row
        The clause (YN-2-3).
    ground
        Walks of the life circle, the pace of the run, `life_circle.walk_min` of the
        profile.

    Returns
    -------
    list of Ruling
        ``met`` if every member walks to a facility of every required category in
        that time, ``short`` if one does not, ``unknown`` where the map cannot tell,
        ``open`` without a number. The document states an aim; that it is asked of
        every category is this tool's reading.
    """
    del row
    asked = ground.profile.value("life_circle.walk_min")
    minutes = None if isinstance(asked, bool | str) or asked is None else int(asked)
    gaps = ground.plan.gaps
    judged = ~gaps["state"].isin([State.NO_DATA, State.NOT_REQUIRED])
    columns = ["community_id", "category", "minutes", "distance_state"]
    walks = group_rows(gaps.loc[judged, columns])
    required = say("circle.required", minutes="—" if minutes is None else minutes)

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine = gather(walks, members)
        every = list(dict.fromkeys(one["category"] for one in mine))
        far, unsure = _part_walks(mine, inf if minutes is None else minutes)
        within = [one for one in every if one not in far and one not in unsure]
        state = State.SHORT if far else State.UNKNOWN if unsure else State.MET
        if not mine:
            state = State.UNKNOWN
        elif minutes is None and state != State.UNKNOWN:
            state = State.OPEN
        unknown = state == State.UNKNOWN
        return Ruling(
            subject,
            state,
            found=say(
                "circle.found",
                within=len(within),
                categories=len(every),
                far=_name_categories(ground, far),
            ),
            required=required,
            reason=say("circle.unsure" if unknown else "circle.aim"),
            missing=("facility_points",) if unknown else (),
            value=len(within) / len(every) if every else nan,
        )

    return judge_units(ground, judge)


def _part_walks(walks: Rows, most: float) -> tuple[list[str], list[str]]:
    """Name the categories that a member does not reach, and those not known."""
    far: list[str] = []
    unsure: list[str] = []
    for one in walks:
        if one["minutes"] <= most:
            continue
        known = one["distance_state"] != State.UNKNOWN
        (far if known else unsure).append(one["category"])
    return far, [one for one in unsure if one not in far]


#: Kinds of checks about units.
UNIT_KINDS: Mapping[str, Check] = {
    "joint_unit": check_joint_unit,
    "renewal_unit": check_renewal_unit,
    "life_circle": check_life_circle,
}
