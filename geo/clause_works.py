"""Clauses about the order of works: dig once, first underground, then surface."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import nan
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.clause_basics import Check
from geo.clause_issues import ISSUE_KINDS
from geo.clause_tools import (
    NONE,
    Rows,
    gather,
    group_rows,
    judge_subjects,
    name_few,
    say,
    say_year,
)
from geo.digging import DIGS, PLACE, REPEAT, YEAR, find_repeated_digging
from geo.digs import UTILITY_PLAN, date_works, list_digs, read_plan_years
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said, once
from geo.schema import State
from geo.work_places import DRAWN, find_within, place_works

_BELOW, _ABOVE = "underground", "surface"
#: What would settle a pair that may be dug up twice.
_SETTLES = {YEAR: "planned_start", DIGS: "excavates"}
#: Pairs and moves that a sentence names.
_TOLD = 3


@once
def repeat_digs(ground: Ground) -> pd.DataFrame:
    """Find what is dug up twice in a district.

    Parameters
    ----------
    ground
        Works, utilities and their plans; the tolerances.

    Returns
    -------
    pandas.DataFrame
        See :func:`geo.digging.find_repeated_digging`.
    """
    district, settings = ground.plan.district, ground.settings
    digs = list_digs(
        _place(ground),
        district.utilities,
        ground.tables["utility_plans"],
        district.communities,
        read_plan_years(ground.facts),
    )
    return find_repeated_digging(
        digs,
        district.communities,
        near_m=settings.dig_near_m,
        years=settings.dig_years,
        earliest=ground.as_of.year,
    )


def _place(ground: Ground) -> gpd.GeoDataFrame:
    return place_works(ground.tables["works"], ground.plan.district.communities)


def _group_works(ground: Ground) -> dict[str, Rows]:
    return group_rows(_place(ground).drop(columns="geometry"))


def check_repeat_dig(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 避免反复施工、多次开挖 for each community or unit.

    Parameters
    ----------
    row
        The clause (GS-3b).
    ground
        Works, utilities and their plans.

    Returns
    -------
    list of Ruling
        ``short`` if a place is dug up twice within the years of the settings, with
        the move that would spare it; ``unknown`` if that may be, or no works are on
        record; else ``met``.
    """
    settings = ground.settings
    pairs, works = group_rows(repeat_digs(ground)), _group_works(ground)
    required = say(
        "dig.required", near=f"{settings.dig_near_m:g}", years=settings.dig_years
    )

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        # a pair of two members stands with both
        keyed = {(one["a_id"], one["b_id"]): one for one in gather(pairs, members)}
        mine = list(keyed.values())
        sure = [one for one in mine if one["reason"] == REPEAT]
        bare = [one for one in members if one not in works]
        state = State.UNKNOWN if mine or bare else State.MET
        missing = _miss_digs(mine, {one["id"]: one for one in gather(works, members)})
        missing += ["works_schedule"] if bare else []
        if sure:
            state, missing = State.SHORT, []
        told = sure or mine
        ids = [name for one in told for name in (one["a_id"], one["b_id"])]
        return Ruling(
            subject,
            state,
            found=_tell_pairs(told, sure=bool(sure)),
            required=required,
            reason=_explain_dig(state, told, bare),
            missing=tuple(dict.fromkeys(missing)),
            value=float(len(sure)),
            objects=tuple(dict.fromkeys(ids)),
        )

    return judge_subjects(row, ground, judge)


def _miss_digs(pairs: Rows, works: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Name what would settle pairs that may be dug up twice."""
    missing = []
    for one in pairs:
        if one["reason"] in _SETTLES:
            missing.append(_SETTLES[one["reason"]])
        elif one["reason"] == PLACE:
            for side in ("a", "b"):
                work = works.get(one[f"{side}_id"])
                if one[f"{side}_origin"] == UTILITY_PLAN:
                    missing.append("utility_plan_geom")
                elif work is not None and work["placed"] != DRAWN:
                    missing.append("works_geom")
    return missing


def _tell_pairs(pairs: Rows, *, sure: bool) -> Said:
    told = tuple(
        say(
            "dig.pair",
            a=one["a_id"],
            b=one["b_id"],
            year_a=say_year(one["year_a"]),
            year_b=say_year(one["year_b"]),
            shared="—" if pd.isna(one["shared_m"]) else f"{one['shared_m']:.0f}",
        )
        for one in pairs[:_TOLD]
    )
    if not told:
        return say("dig.found_none")
    key = "dig.found" if sure else "dig.found_maybe"
    return say(key, count=len(pairs), pairs=told)


def _explain_dig(state: State, pairs: Rows, bare: Sequence[str]) -> Said:
    if state == State.SHORT:
        moves = tuple(
            say(
                "dig.move",
                name=one["better_id"],
                year=say_year(one["better_year"]),
                other=one["b_id" if one["better_id"] == one["a_id"] else "a_id"],
            )
            for one in pairs
            if not pd.isna(one["better_year"])
        )
        return say("dig.better", moves=moves[:_TOLD]) if moves else say("dig.stuck")
    if state == State.UNKNOWN and pairs:
        return say(f"dig.{pairs[0]['reason']}")
    return say("no_works", names=name_few(bare)) if bare else NOTHING


def check_underground_first(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 先地下、后地上 within each unit (or community).

    Parameters
    ----------
    row
        The clause (GS-3a).
    ground
        Works with `work_layer` and `planned_start`.

    Returns
    -------
    list of Ruling
        ``short`` if a work on the surface starts before one under the ground has,
        ``not_required`` if there are none of one kind, ``unknown`` if a layer or day
        is missing that could change it, else ``met``.
    """
    works = _group_works(ground)

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine = gather(works, members)
        below, above = _starts(mine, _BELOW), _starts(mine, _ABOVE)
        last, first = (
            max(below.values(), default=None),
            min(above.values(), default=None),
        )
        early = [one for one, day in above.items() if last is not None and day < last]
        late = [one for one, day in below.items() if first is not None and day > first]
        bare = [one for one in members if one not in works]
        missing = _miss_order(mine, bare=bool(bare))
        state = State.MET if below and above else State.NOT_REQUIRED
        if early or missing:
            state = State.SHORT if early else State.UNKNOWN
        return Ruling(
            subject,
            state,
            found=say(
                "order.found",
                below=len(below),
                above=len(above),
                last="—" if last is None else f"{last:%Y-%m-%d}",
                first="—" if first is None else f"{first:%Y-%m-%d}",
            ),
            required=say("order.required"),
            reason=_explain_order(state, early, late, bare),
            missing=missing if state == State.UNKNOWN else (),
            value=float(len(early)),
            objects=(*early, *late),
        )

    return judge_subjects(row, ground, judge)


def _starts(works: Rows, layer: str) -> dict[str, pd.Timestamp]:
    """Return the known starts of the works of a layer, by id."""
    own = [one for one in works if one["work_layer"] == layer]
    return {
        one["id"]: one["planned_start"]
        for one in own
        if not pd.isna(one["planned_start"])
    }


def _miss_order(works: Rows, *, bare: bool) -> tuple[str, ...]:
    """Name what is missing to tell the order."""
    layers = [one["work_layer"] for one in works]
    layerless = any(pd.isna(layer) for layer in layers)
    if not bare and not layerless and len(set(layers)) <= 1:
        return ()
    empty = {
        "work_items": bare,
        "work_layer": layerless,
        "planned_start": any(pd.isna(one["planned_start"]) for one in works),
    }
    return tuple(name for name, here in empty.items() if here)


def _explain_order(
    state: State, early: Sequence[str], late: Sequence[str], bare: Sequence[str]
) -> Said:
    if state == State.SHORT:
        return say("order.early", early=name_few(early), late=name_few(late))
    if state == State.NOT_REQUIRED:
        return say("order.one_layer")
    if state == State.UNKNOWN:
        none = say("no_works", names=name_few(bare))
        return none if bare else say("order.not_known")
    return NOTHING


def check_one_time(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 最多改一次: one window of works in each community, utilities included.

    Parameters
    ----------
    row
        The clause (YN-1-4b).
    ground
        Works, renewals of pipes in the outline, plans of utilities that name it.

    Returns
    -------
    list of Ruling
        Works and renewals whose years differ by no more than `utility_years` are one
        window (this tool's reading). ``short`` if another window follows within
        `dig_years`, ``unknown`` if a year or the works are missing, else ``met``.
    """
    settings = ground.settings
    entries, works = group_rows(list_entries(ground)), _group_works(ground)
    required = say(
        "once.required", years=settings.dig_years, together=settings.utility_years
    )

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine = gather(entries, members)
        windows = find_windows(mine, settings.utility_years)
        bare = [one for one in members if one not in works]
        undated = [one["id"] for one in mine if pd.isna(one["first_year"])]
        state = State.UNKNOWN if bare or undated else State.MET
        if any(b[0] - a[1] <= settings.dig_years for a, b in pairwise(windows)):
            state = State.SHORT
        missing = "works_schedule" if bare else "planned_start"
        spans = tuple(f"{a}" if a == b else f"{a}–{b}" for a, b in windows)
        return Ruling(
            subject,
            state,
            found=say("once.found", count=len(windows), spans=spans or NONE),
            required=required,
            reason=_explain_once(state, bare, undated),
            missing=(missing,) if state == State.UNKNOWN else (),
            value=float(len(windows)) if windows else nan,
            objects=tuple(dict.fromkeys(one["id"] for one in mine)),
        )

    return judge_subjects(row, ground, judge)


def _explain_once(state: State, bare: Sequence[str], undated: Sequence[str]) -> Said:
    if state == State.SHORT:
        return say("once.again")
    if state == State.UNKNOWN:
        none = say("no_works", names=name_few(bare))
        return none if bare else say("once.undated", names=name_few(undated))
    return NOTHING


def find_windows(entries: Rows, together: int) -> list[tuple[int, int]]:
    """Put years of works together to windows.

    Parameters
    ----------
    entries
        Rows with `first_year` and `last_year`; those without are left out.
    together
        Entries whose years differ by no more than this are in one window.

    Returns
    -------
    list of tuple of int
        First and last year of each window, in order.
    """
    spans = [(one["first_year"], one["last_year"]) for one in entries]
    windows: list[tuple[int, int]] = []
    for first, last in sorted(span for span in spans if not pd.isna(span[0])):
        if windows and first - windows[-1][1] <= together:
            windows[-1] = (windows[-1][0], max(windows[-1][1], int(last)))
        else:
            windows.append((int(first), int(last)))
    return windows


def list_entries(ground: Ground) -> pd.DataFrame:
    """List when somebody works in each community: works, pipes, named plans.

    Parameters
    ----------
    ground
        Works, plans of utilities, the map.

    Returns
    -------
    pandas.DataFrame
        Columns `community_id`, `id`, `first_year`, `last_year` (NaN where unknown),
        sorted by the first two.
    """
    district, works = ground.plan.district, _place(ground)
    first, last = date_works(works, read_plan_years(ground.facts))
    own = works["community_id"].to_numpy(dtype=object)
    found = find_within(district.communities.geometry, district.utilities.geometry, 0.0)
    pipes = district.utilities.iloc[found["other"].to_numpy()]
    owners = district.communities.index.to_numpy(dtype=object)[found["at"].to_numpy()]
    plans = ground.tables["utility_plans"]
    parts = [
        _make_entries(own, works.index, first, last),
        _make_entries(owners, pipes.index, pipes["year"], pipes["year"]),
        _make_entries(plans["community_id"], plans["id"], plans["year"], plans["year"]),
    ]
    table = pd.concat([one for one in parts if len(one)] or parts[:1])
    order = ["community_id", "id"]
    return table.dropna(subset="community_id").sort_values(order, ignore_index=True)


def _make_entries(
    communities: object, ids: object, first: object, last: object
) -> pd.DataFrame:
    cells = {"community_id": communities, "id": ids}
    years = {"first_year": first, "last_year": last}
    return pd.DataFrame(
        {name: np.array(cell, dtype=object) for name, cell in cells.items()}
        | {name: np.array(cell, dtype=np.float64) for name, cell in years.items()}
    )


#: Kinds of checks about works and the issues that they leave.
WORK_KINDS: Mapping[str, Check] = {
    "repeat_dig": check_repeat_dig,
    "underground_first": check_underground_first,
    "one_time": check_one_time,
    **ISSUE_KINDS,
}
