"""Clauses about joint units: together or alone, renewal units, life circle."""

from collections.abc import Mapping

import pandas as pd

from geo.clause_tools import (
    Check,
    find_documents,
    get_fact,
    judge_units,
    name_few,
    say,
    say_name,
)
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said
from geo.schema import State

#: What a document about an urban renewal unit is called.
RENEWAL_WORDS = ("更新单元", "renewal_unit")


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
        alone although it has a neighbour, ``not_required`` where it has none.
    """
    del row
    neighbours = _count_neighbours(ground)
    table = _measure(ground)

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        around = sum(neighbours.get(one, 0) for one in members)
        state = State.MET
        if len(members) == 1:
            state = State.SHORT if around else State.NOT_REQUIRED
        one = table.loc[subject]
        return Ruling(
            subject,
            state,
            found=say(
                "joint.found",
                communities=len(members),
                shared=_name_categories(ground, str(one["shared_shortfalls"])),
                idle=f"{one['idle_area_m2']:.0f}",
            ),
            required=say("joint.required"),
            reason=_explain_alone(state, around),
            value=float(len(members)),
            objects=members,
        )

    return judge_units(ground, judge)


def _measure(ground: Ground) -> pd.DataFrame:
    """Measure the units as they are now, whoever drew them."""
    units = ground.plan.units
    if units is None or ground.unit_of is None:
        return pd.DataFrame()
    if ground.unit_of is units.unit_of or ground.unit_of.equals(units.unit_of):
        return units.table
    return units.measure(ground.unit_of)


def _count_neighbours(ground: Ground) -> dict[str, int]:
    units = ground.plan.units
    if units is None:
        return {}
    pairs = units.basis.neighbours.pairs
    pairs = pairs[pairs["neighbour"].astype(bool)]
    counts = pd.concat([pairs["a"], pairs["b"]]).value_counts()
    return {str(name): int(count) for name, count in counts.items()}


def _name_categories(ground: Ground, joined: str) -> tuple[object, ...]:
    rules = ground.plan.rules
    return tuple(
        say_name(rules.category_name(key, "zh"), rules.category_name(key, "en"))
        for key in joined.split("|")
        if key
    ) or ("—",)


def _explain_alone(state: State, around: int) -> Said:
    if state == State.MET:
        return NOTHING
    return say("joint.alone", around=around) if around else say("joint.far")


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

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        said = {one: _read_renewal(ground, one) for one in members}
        papers = find_documents(
            ground, RENEWAL_WORDS, {subject, *members, ground.county}
        )
        held = set(papers["subject_id"].astype("str"))
        whole = bool(held & {subject, ground.county})
        inside = [one for one in members if said[one] or one in held]
        outside = [one for one in members if said[one] == ""]
        if whole or len(inside) == len(members):
            state = State.MET
        else:
            state = State.SHORT if outside else State.UNKNOWN
        unknown = state == State.UNKNOWN
        return Ruling(
            subject,
            state,
            found=say(
                "renewal.found",
                inside=len(members) if whole else len(inside),
                members=len(members),
                papers=name_few(papers["id"].astype("str")),
            ),
            required=say("renewal.required"),
            reason=say("renewal.not_known") if unknown else NOTHING,
            missing=("renewal_unit_geom",) if unknown else (),
            objects=tuple(papers["id"].astype("str")),
        )

    return judge_units(ground, judge)


def _read_renewal(ground: Ground, community: str) -> str | None:
    """Return the renewal unit of a community, "" for none, None if nobody said."""
    value = get_fact(ground, community, "renewal_unit_id")
    if value is None:
        return None
    word = str(value).strip()
    return "" if word in {"无", "否", "未划入", "none", "no"} else word


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
        that time, ``short`` if one does not, ``unknown`` where the map cannot tell.
        The document states an aim; that it is asked of every category is this tool's
        reading.
    """
    del row
    asked = ground.profile.value("life_circle.walk_min")
    minutes = asked if isinstance(asked, int) and asked is not True else None
    gaps = ground.plan.gaps
    open_states = (State.NO_DATA, State.NOT_REQUIRED)
    walks = gaps[~gaps["state"].isin(open_states)]
    walks = walks.assign(minutes=walks["minutes"].astype("float64"))
    parts = {str(name): rows for name, rows in walks.groupby("community_id")}

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        own = [parts[one] for one in members if one in parts]
        mine = pd.concat(own) if own else walks.iloc[:0]
        far, unsure = _part_walks(mine, minutes)
        state = State.SHORT if len(far) else State.UNKNOWN if len(unsure) else State.MET
        if minutes is None and state != State.UNKNOWN:
            state = State.OPEN
        if mine.empty:
            state = State.UNKNOWN
        every = mine["category"].nunique()
        bad = pd.concat([far["category"], unsure["category"]]).nunique()
        said = "—" if minutes is None else minutes
        return Ruling(
            subject,
            state,
            found=say(
                "circle.found",
                within=every - bad,
                categories=every,
                far=_name_categories(ground, "|".join(far["category"].unique())),
            ),
            required=say("circle.required", minutes=said),
            reason=say("circle.unsure" if state == State.UNKNOWN else "circle.aim"),
            missing=("facility_points",) if state == State.UNKNOWN else (),
            value=(every - bad) / every if every else float("nan"),
        )

    return judge_units(ground, judge)


def _part_walks(
    walks: pd.DataFrame, minutes: int | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part the walks that are too long from those that nobody can tell."""
    least = float("inf") if minutes is None else float(minutes)
    unsure = walks["distance_state"] == State.UNKNOWN
    long = (walks["minutes"] > least) | (walks["minutes"].isna() & ~unsure)
    return walks[long], walks[unsure & ~long]


#: Kinds of checks about units.
UNIT_KINDS: Mapping[str, Check] = {
    "joint_unit": check_joint_unit,
    "renewal_unit": check_renewal_unit,
    "life_circle": check_life_circle,
}
