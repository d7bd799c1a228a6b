"""The same place dug up again (最多改一次), and the years that would spare it.

Two digs are in conflict if they open the same place, do not fall into the same year,
and no more than ``dig_years`` lie between the end of one and the start of the other
(以内 includes the number). Moving one of them removes the conflict if it then falls
together with the other or far enough from it, and meets nobody else anew (of what is
drawn, only what is drawn; of what is only known by its community, all it may meet).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.coverage import Bools, Floats, Ints
from geo.digs import UTILITY, WORK, find_meetings, measure_shared
from geo.work_places import find_pairs_near

#: Why a pair stands in the table: dug up twice for sure, or perhaps, because nobody
#: knows whether it is the same place, whether the work digs, or in which year.
REPEAT, PLACE, DIGS, YEAR = "repeat", "place_unsure", "digging_unsure", "year_unknown"

#: Columns of `find_repeated_digging`.
REPEAT_COLUMNS = (
    "a_id",
    "a_origin",
    "b_id",
    "b_origin",
    "community_id",
    "year_a",
    "year_b",
    "shared_m",
    "reason",
    "years_a",
    "years_b",
    "better_id",
    "better_year",
)


def find_repeated_digging(
    digs: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    *,
    near_m: float,
    years: int,
    earliest: int,
) -> pd.DataFrame:
    """Find places that are dug up twice, and the years that would spare it.

    Parameters
    ----------
    digs
        Result of :func:`geo.digs.list_digs`.
    communities
        Outlines by id, in the CRS of `digs`.
    near_m
        Excavations this near to each other are in the same place.
    years
        The same place dug up again within so many years is dug up twice.
    earliest
        No dig can be moved to a year before this one.

    Returns
    -------
    pandas.DataFrame
        One row per pair and community, sorted by community and ids:
        `REPEAT_COLUMNS`. A pair belongs to the communities of its works and named
        plans; two pipes belong to the communities in whose outline they share a
        place, and are left out elsewhere. `year_a`, `year_b` are first years;
        `shared_m` the length dug up twice (NaN where neither is a line, or only the
        community is known). `years_a`, `years_b`: every year at most `years` away to
        which moving ``a`` (or ``b``) removes the conflict without making a new one,
        joined by ``|``. `better_id`, `better_year`: the least of these moves, works
        before pipes, earlier years first; None and NaN where there is none.
    """
    every = find_meetings(digs, near_m)
    theirs = _give_to_communities(every, digs, communities, near_m)
    spans = Spans.of(digs)
    gap = spans.gap(theirs["a"].to_numpy(), theirs["b"].to_numpy())
    theirs = theirs[np.isnan(gap) | ((gap >= 1) & (gap <= years))]
    table = _describe(theirs.reset_index(drop=True), digs, near_m)
    sure, may = (
        _list_neighbours(part, len(digs)) for part in (every[every["drawn"]], every)
    )
    moves = [
        find_moves(
            spans, sure if drawn else may, (a, b), years=years, earliest=earliest
        )
        for a, b, drawn in zip(theirs["a"], theirs["b"], theirs["drawn"], strict=True)
    ]
    names = digs["dig_id"].to_numpy(dtype=object)
    pipes = (digs["origin"] != WORK).to_numpy(dtype=np.bool_)
    better = [
        _choose([(spans.first[at], pipes[at], names[at]) for at in pair], move)
        for pair, move in zip(theirs[["a", "b"]].to_numpy(), moves, strict=True)
    ]
    table["years_a"] = ["|".join(map(str, move[0])) for move in moves]
    table["years_b"] = ["|".join(map(str, move[1])) for move in moves]
    table["better_id"] = pd.Series([one[0] for one in better], dtype="object")
    table["better_year"] = np.array([one[1] for one in better], dtype=np.float64)
    order = ["community_id", "a_id", "b_id"]
    return table[list(REPEAT_COLUMNS)].sort_values(order, ignore_index=True)


@dataclass(frozen=True, slots=True)
class Spans:
    """First and last year of each dig, NaN where unknown."""

    first: Floats
    last: Floats

    @classmethod
    def of(cls, digs: pd.DataFrame) -> "Spans":
        """Return the spans of digs, see :func:`geo.digs.list_digs`."""
        return cls(
            digs["first_year"].to_numpy(dtype=np.float64),
            digs["last_year"].to_numpy(dtype=np.float64),
        )

    def gap(self, a: Ints, b: Ints, shift: Ints | int = 0) -> Floats:
        """Return the years between two digs, the first moved by `shift`."""
        before = self.first[b] - self.last[a] - shift
        after = self.first[a] + shift - self.last[b]
        return np.asarray(np.maximum(before, after), dtype=np.float64)


def find_moves(
    spans: Spans,
    neighbours: Sequence[Ints],
    pair: tuple[int, int],
    *,
    years: int,
    earliest: int,
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Find the years to which one of two digs in conflict could be moved.

    Parameters
    ----------
    spans
        Years of all digs.
    neighbours
        For each dig, the others that open the same place.
    pair
        The two.
    years
        As in `find_repeated_digging`; no dig is moved farther either.
    earliest
        No dig starts before this year.

    Returns
    -------
    tuple of tuple of int
        First years for the one and for the other; empty where a year is unknown.
    """
    a, b = pair
    return (
        _find_years(spans, neighbours[a], a, b, years, earliest),
        _find_years(spans, neighbours[b], b, a, years, earliest),
    )


def _find_years(
    spans: Spans, near: Ints, moved: int, other: int, years: int, earliest: int
) -> tuple[int, ...]:
    if np.isnan(spans.gap(np.array([moved]), np.array([other]))[0]):
        return ()
    at, shift = np.full(len(near), moved), np.arange(-years, years + 1)
    now = _conflicts(spans.gap(at, near), years) & (near != other)
    then = _conflicts(spans.gap(at, near, shift[:, None]), years)
    year = int(spans.first[moved]) + shift
    good = (shift != 0) & (year >= earliest) & ~(then & ~now).any(axis=1)
    return tuple(year[good].tolist())


def _conflicts(gap: Floats, years: int) -> Bools:
    """Tell which gaps of years are conflicts; unknown ones are not."""
    with np.errstate(invalid="ignore"):
        return np.asarray((gap >= 1) & (gap <= years), dtype=np.bool_)


def _choose(
    pair: Sequence[tuple[float, bool, str]],
    moves: tuple[tuple[int, ...], tuple[int, ...]],
) -> tuple[str | None, float]:
    """Choose the least move of a pair: of works rather than of pipes."""
    options = [
        (abs(year - first), pipe, year, str(name))
        for (first, pipe, name), years in zip(pair, moves, strict=True)
        for year in years
    ]
    if not options:
        return None, float("nan")
    _, _, year, name = min(options)
    return name, float(year)


def _list_neighbours(meetings: pd.DataFrame, count: int) -> list[Ints]:
    a, b = meetings["a"].to_numpy(), meetings["b"].to_numpy()
    own, other = np.concatenate([a, b]), np.concatenate([b, a])
    order = np.lexsort((other, own))
    cuts = np.searchsorted(own[order], np.arange(1, count))
    return [np.asarray(part) for part in np.split(other[order], cuts)]


def _give_to_communities(
    meetings: pd.DataFrame,
    digs: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    near_m: float,
) -> pd.DataFrame:
    """Tell whose each meeting is: one row per meeting and community."""
    pipes = (digs["origin"] == UTILITY).to_numpy()
    owner = digs["community_id"].to_numpy(dtype=object)
    both = pipes[meetings["a"].to_numpy()] & pipes[meetings["b"].to_numpy()]
    named = meetings[~both]
    sides = [
        named.assign(community_id=owner[named[side].to_numpy()]) for side in ("a", "b")
    ]
    between = _find_inside(meetings[both], digs, communities, near_m)
    filled = [one for one in (*sides, between) if len(one)] or [between]
    table: pd.DataFrame = pd.concat(filled).dropna(subset=["community_id"])
    return table.drop_duplicates(["a", "b", "community_id"])


def _find_inside(
    meetings: pd.DataFrame,
    digs: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    near_m: float,
) -> pd.DataFrame:
    """Find the outlines in which two pipes open the same place."""
    shapes, met = digs.geometry, np.unique(meetings[["a", "b"]].to_numpy().ravel())
    inside, at = find_pairs_near(shapes.iloc[met], communities.geometry, 0.0)
    held = pd.DataFrame({"a": met[inside], "at": at})
    pairs = meetings.merge(held, on="a").merge(held.rename(columns={"a": "b"}))
    every = shapes.to_numpy(dtype=object)
    a, b = every[pairs["a"].to_numpy()], every[pairs["b"].to_numpy()]
    outline = communities.geometry.to_numpy(dtype=object)[pairs["at"].to_numpy()]
    metres = [
        shapely.distance(shapely.intersection(one, outline), two)
        for one, two in ((a, b), (b, a))
    ]
    kept = pairs[(np.array(metres) <= near_m).all(axis=0)]
    names = communities.index.to_numpy(dtype=object)[kept["at"].to_numpy()]
    return kept.drop(columns="at").assign(community_id=names)


def _describe(
    pairs: pd.DataFrame, digs: gpd.GeoDataFrame, near_m: float
) -> pd.DataFrame:
    """Put names, years and shared lengths beside pairs, the smaller id first."""
    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    shapes = digs.geometry.to_numpy(dtype=object)
    drawn = pairs["drawn"].to_numpy(dtype=np.bool_)
    shared = np.full(len(pairs), np.nan)
    shared[drawn] = measure_shared(shapes[a[drawn]], shapes[b[drawn]], near_m)
    certain = digs["certain"].to_numpy(dtype=np.bool_)
    first = digs["first_year"].to_numpy(dtype=np.float64)
    unknown = np.isnan(first[a]) | np.isnan(first[b])
    columns = {}
    for side, at in (("a", a), ("b", b)):
        columns[f"{side}_id"] = digs["dig_id"].to_numpy(dtype=object)[at]
        columns[f"{side}_origin"] = digs["origin"].to_numpy(dtype=object)[at]
        columns[f"year_{side}"] = first[at]
    reason = np.select(
        [~drawn, unknown, ~(certain[a] & certain[b])], [PLACE, YEAR, DIGS], REPEAT
    )
    return pd.DataFrame(columns).assign(
        community_id=pairs["community_id"].to_numpy(dtype=object),
        shared_m=shared,
        reason=reason,
    )
