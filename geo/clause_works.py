"""Clauses about the order of works: dig once, first underground, then surface."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.clause_issues import ISSUE_KINDS
from geo.clause_tools import (
    Check,
    gather,
    group_own,
    judge_subjects,
    name_few,
    say,
)
from geo.digging import DIGS, PLACE, REPEAT, YEAR, find_repeated_digging
from geo.digs import list_digs, read_plan_years
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said
from geo.schema import State
from geo.work_places import find_within, place_works

_BELOW, _ABOVE = "underground", "surface"
#: What would settle a pair that may be dug up twice.
_SETTLES = {PLACE: "works_geom", YEAR: "planned_start", DIGS: "excavates"}


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
    works = place_works(ground.tables["works"], district.communities)
    digs = list_digs(
        works,
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
    found = repeat_digs(ground)
    pairs, works = group_own(found), group_own(_own_works(ground))
    required = say(
        "dig.required", near=f"{settings.dig_near_m:g}", years=settings.dig_years
    )

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine = gather(pairs, members, found).drop_duplicates(["a_id", "b_id"])
        sure = mine[mine["reason"] == REPEAT]
        bare = [one for one in members if one not in works]
        state = State.SHORT if len(sure) else State.MET
        if state == State.MET and (len(mine) or bare):
            state = State.UNKNOWN
        missing = [
            _SETTLES[code] for code in dict.fromkeys(mine["reason"]) if code in _SETTLES
        ]
        missing += ["works_schedule"] if bare else []
        return Ruling(
            subject,
            state,
            found=_tell_pairs(sure if len(sure) else mine, len(sure)),
            required=required,
            reason=_explain_dig(state, sure if len(sure) else mine, bare),
            missing=tuple(missing) if state == State.UNKNOWN else (),
            value=float(len(sure)),
            objects=tuple(dict.fromkeys([*mine["a_id"], *mine["b_id"]])),
        )

    return judge_subjects(row, ground, judge)


def _own_works(ground: Ground) -> gpd.GeoDataFrame:
    return place_works(ground.tables["works"], ground.plan.district.communities)


def _tell_pairs(pairs: pd.DataFrame, sure: int) -> Said:
    told = tuple(
        (
            "places.dig.pair",
            {
                "a": one["a_id"],
                "b": one["b_id"],
                "year_a": _say_year(one["year_a"]),
                "year_b": _say_year(one["year_b"]),
                "shared": "—" if pd.isna(one["shared_m"]) else f"{one['shared_m']:.0f}",
            },
        )
        for one in pairs.head(3).to_dict("records")
    )
    if not told:
        return say("dig.found_none")
    key = "dig.found" if sure else "dig.found_maybe"
    return say(key, count=len(pairs), pairs=told)


def _say_year(year: float) -> str:
    return "@places.no_year" if np.isnan(year) else f"{year:.0f}"


def _explain_dig(state: State, pairs: pd.DataFrame, bare: Sequence[str]) -> Said:
    better = pairs[pairs["better_id"].notna()]
    if state == State.SHORT and len(better):
        moves = tuple(
            (
                "places.dig.move",
                {"name": one["better_id"], "year": f"{one['better_year']:.0f}"},
            )
            for one in better.head(3).to_dict("records")
        )
        return say("dig.better", moves=moves)
    if state == State.SHORT:
        return say("dig.no_better")
    if state == State.UNKNOWN and len(pairs):
        return say(f"dig.{pairs['reason'].iloc[0]}")
    if state == State.UNKNOWN:
        return say("no_works", names=name_few(bare))
    return NOTHING


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
    works = _own_works(ground)
    own = group_own(works)

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine = gather(own, members, works)
        below, above = (_starts(mine, layer) for layer in (_BELOW, _ABOVE))
        last, first = below.max(), above.min()
        early = above.index[above < last] if len(below) else above.index[:0]
        late = below.index[below > first] if len(above) else below.index[:0]
        bare = [one for one in members if one not in own]
        missing = _miss_order(mine, bare)
        if len(early):
            state = State.SHORT
        elif missing:
            state = State.UNKNOWN
        else:
            both = len(below) and len(above)
            state = State.MET if both else State.NOT_REQUIRED
        return Ruling(
            subject,
            state,
            found=say(
                "order.found",
                below=len(below),
                above=len(above),
                last=_say_day(below, last=True),
                first=_say_day(above, last=False),
            ),
            required=say("order.required"),
            reason=_explain_order(state, list(early), list(late), bare),
            missing=missing if state == State.UNKNOWN else (),
            value=float(len(early)),
            objects=(*early, *late),
        )

    return judge_subjects(row, ground, judge)


def _starts(works: pd.DataFrame, layer: str) -> pd.Series:
    """Return the known starts of the works of a layer, by id."""
    rows = works[(works["work_layer"] == layer).to_numpy(dtype=np.bool_)]
    return pd.to_datetime(rows["planned_start"]).dropna()


def _miss_order(works: pd.DataFrame, bare: Sequence[str]) -> tuple[str, ...]:
    """Name what is missing to tell the order."""
    empty = {
        "work_items": bool(bare),
        "work_layer": bool(works["work_layer"].isna().any()),
        "planned_start": bool(works["planned_start"].isna().any()),
    }
    layers = set(works["work_layer"].dropna())
    if not bare and len(layers) == 1 and not empty["work_layer"]:
        return ()
    return tuple(name for name, here in empty.items() if here)


def _say_day(days: pd.Series, *, last: bool) -> str:
    if days.empty:
        return "—"
    return f"{days.max() if last else days.min():%Y-%m-%d}"


def _explain_order(
    state: State, early: Sequence[str], late: Sequence[str], bare: Sequence[str]
) -> Said:
    if state == State.SHORT:
        return say("order.early", early=name_few(early), late=name_few(late))
    if state == State.NOT_REQUIRED:
        return say("order.one_layer")
    if state == State.UNKNOWN and bare:
        return say("no_works", names=name_few(bare))
    return say("order.not_known") if state == State.UNKNOWN else NOTHING


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
    entries = _list_entries(ground)
    own, works = group_own(entries), group_own(_own_works(ground))
    required = say(
        "once.required", years=settings.dig_years, together=settings.utility_years
    )

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        mine = gather(own, members, entries)
        windows = find_windows(mine, settings.utility_years)
        apart = [b[0] - a[1] for a, b in pairwise(windows)]
        bare = [one for one in members if one not in works]
        undated = mine.loc[mine["first_year"].isna(), "id"].tolist()
        if any(gap <= settings.dig_years for gap in apart):
            state = State.SHORT
        else:
            state = State.UNKNOWN if bare or undated else State.MET
        missing = ["works_schedule"] if bare else ["planned_start"] if undated else []
        spans = tuple(f"{a}" if a == b else f"{a}–{b}" for a, b in windows)
        return Ruling(
            subject,
            state,
            found=say("once.found", count=len(windows), spans=spans or ("—",)),
            required=required,
            reason=_explain_once(state, bare, undated),
            missing=tuple(missing) if state == State.UNKNOWN else (),
            value=float(len(windows)) if windows else float("nan"),
            objects=tuple(dict.fromkeys(mine["id"])),
        )

    return judge_subjects(row, ground, judge)


def _explain_once(state: State, bare: Sequence[str], undated: Sequence[str]) -> Said:
    if state == State.SHORT:
        return say("once.again")
    if state == State.UNKNOWN and bare:
        return say("no_works", names=name_few(bare))
    if state == State.UNKNOWN:
        return say("once.undated", names=name_few(undated))
    return NOTHING


def find_windows(entries: pd.DataFrame, together: int) -> list[tuple[int, int]]:
    """Put years of works together to windows.

    Parameters
    ----------
    entries
        Columns `first_year`, `last_year`; rows without are left out.
    together
        Entries whose years differ by no more than this are in one window.

    Returns
    -------
    list of tuple of int
        First and last year of each window, in order.
    """
    known = entries.dropna(subset=["first_year", "last_year"])
    windows: list[tuple[int, int]] = []
    for first, last in sorted(
        zip(known["first_year"], known["last_year"], strict=True)
    ):
        if windows and first - windows[-1][1] <= together:
            windows[-1] = (windows[-1][0], max(windows[-1][1], int(last)))
        else:
            windows.append((int(first), int(last)))
    return windows


def _list_entries(ground: Ground) -> pd.DataFrame:
    """List when somebody works in each community: works, pipes, named plans."""
    district = ground.plan.district
    works = _own_works(ground)
    planned = works["community_id"].map(read_plan_years(ground.facts)).astype("float64")
    first = pd.to_datetime(works["planned_start"]).dt.year.astype("float64")
    last = pd.to_datetime(works["planned_finish"]).dt.year.astype("float64")
    first = first.fillna(last).fillna(planned)
    own = pd.DataFrame(
        {
            "community_id": works["community_id"].to_numpy(dtype=object),
            "id": works.index.to_numpy(dtype=object),
            "first_year": first.to_numpy(),
            "last_year": np.fmax(first, last).to_numpy(),
        }
    )
    found = find_within(district.communities.geometry, district.utilities.geometry, 0.0)
    pipes = district.utilities.iloc[found["other"].to_numpy()]
    owners = district.communities.index.to_numpy(dtype=object)
    piped = pd.DataFrame(
        {
            "community_id": owners[found["at"].to_numpy()],
            "id": pipes.index.to_numpy(dtype=object),
            "first_year": pipes["year"].to_numpy(dtype=np.float64),
            "last_year": pipes["year"].to_numpy(dtype=np.float64),
        }
    )
    plans = ground.tables["utility_plans"]
    named = pd.DataFrame(
        {
            "community_id": plans["community_id"].astype("object"),
            "id": plans["id"].astype("object"),
            "first_year": plans["year"].astype("float64"),
            "last_year": plans["year"].astype("float64"),
        }
    )
    filled = [one for one in (own, piped, named) if len(one)]
    table = pd.concat(filled or [own], ignore_index=True)
    return table.dropna(subset=["community_id"]).sort_values(["community_id", "id"])


#: Kinds of checks about works and the issues that they leave.
WORK_KINDS: Mapping[str, Check] = {
    "repeat_dig": check_repeat_dig,
    "underground_first": check_underground_first,
    "one_time": check_one_time,
    **ISSUE_KINDS,
}
