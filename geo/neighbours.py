"""Which communities are neighbours, and why, or why not (METHODS §2, Graph).

Two communities are neighbours

- *by the gap*: if their outlines, each widened by half of ``gap_m``, less the
  separators, have a piece that holds a part of both (:mod:`geo.touching`); or
- *by the walk*: if somebody can walk from a gate of one to a gate of the other in
  at most ``walk_m`` without crossing a separator (:mod:`geo.pavements`);

and, if ``within`` asks for it, if both belong to one street office or to one 社区.
Separators are rivers, railways, expressways and main roads (:mod:`geo.separators`).

A pair that is no neighbour is refused because of a *barrier* if it would be one
without separators, or if a separator lies on the shortest line between the two;
declaring a crossing makes every such pair neighbours. Other pairs are *far*.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geo.belonging import find_areas
from geo.coverage import DECIMALS
from geo.edges import Bools, Ints
from geo.findings import Finding, make_findings
from geo.gate_walks import find_gate_walks, join_gates
from geo.neighbour_words import explain_pairs
from geo.network import WalkNetwork
from geo.progress import Progress, no_progress
from geo.schema import Severity
from geo.separators import SEPARATOR_KINDS, STRIP_M, Separators, read_separators
from geo.settings import Settings, UnitSettings
from geo.touching import Bodies, find_touching, make_bodies

if TYPE_CHECKING:
    from geo.district import District
    from geo.rules import RuleBook

__all__ = ["PAIR_COLUMNS", "Neighbours", "explain_pairs", "find_neighbours"]

#: Columns of `Neighbours.pairs`.
PAIR_COLUMNS = (
    "a",
    "b",
    "neighbour",
    "by",
    "gap_m",
    "walk_m",
    "touches",
    "refused",
    "barrier",
    "barrier_name",
    "declared",
    "within_a",
    "within_b",
)

_WORD_COLUMNS = ("by", "refused", "barrier", "barrier_name")


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Which communities are neighbours.

    Attributes
    ----------
    pairs
        One row per pair whose outlines or gates lie near each other, sorted by
        `a` and `b` (ids, a before b): `neighbour`; `by` (``gap``, ``walk`` or
        empty); `gap_m` between the outlines; `walk_m` between the gates (NaN if
        there is no such walk within the limit); `touches` (neighbours by the
        gap); `refused` (``barrier``, ``far``, ``jurisdiction``,
        ``neighbourhood`` or empty); `barrier` (one of `SEPARATOR_KINDS` or empty)
        and `barrier_name`; `declared` (neighbours only by a declared crossing);
        `within_a` and `within_b` (name of the street office or 社区 where it was
        asked for, empty if unknown).
    findings
        Raw findings.
    """

    pairs: pd.DataFrame
    findings: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """What pairs are looked at on; communities in the order of their ids."""

    ids: pd.Index
    places: Bodies
    separators: Separators
    network: WalkNetwork
    units: UnitSettings


def find_neighbours(
    district: "District",
    network: WalkNetwork,
    rules: "RuleBook",
    settings: Settings,
    *,
    crossings: Collection[tuple[str, str]] = (),
    progress: Progress = no_progress,
) -> Neighbours:
    """Find which communities are neighbours.

    Parameters
    ----------
    district
        Checked layers in one metric CRS.
    network
        Its walk network.
    rules
        Rule book; its `street_classes` tell which streets are main roads.
    settings
        `units.gap_m`, `units.walk_m`, `units.within`; `boundary_tolerance_m` tells
        how far beyond a separator an outline may be drawn by mistake.
    crossings
        Pairs of ids for which the planner declares a crossing: separators between
        them do not count.
    progress
        Told the stage ``stage.neighbours``.

    Returns
    -------
    Neighbours
        All pairs looked at, in an order that does not depend on the input's.
    """
    progress("stage.neighbours", 0.0)
    order = np.argsort(district.communities.index.to_numpy(dtype=str), kind="stable")
    communities = district.communities.iloc[order]
    separators = read_separators(district, rules)
    shapes = communities.geometry.to_numpy(dtype=object)
    places = make_bodies(shapes, separators, settings.boundary_tolerance_m)
    ground = _Ground(communities.index, places, separators, network, settings.units)
    pairs = _list_pairs(ground)
    progress("stage.neighbours", 0.5)
    declared = _find_declared(pairs, ground.ids, crossings)
    pairs = _judge(pairs, ground, declared)
    progress("stage.neighbours", 0.9)
    areas = find_areas(communities, district.neighbourhoods, settings.units.within)
    pairs = _keep_within(pairs, areas, settings.units.within)
    noticed = [
        *_notice_streets(district),
        *_notice_crossings(pairs, ground.ids, crossings),
        *_notice_areas(areas, settings.units.within),
    ]
    names = ground.ids.to_numpy(dtype=object)
    for side in ("a", "b"):
        pairs[side] = pd.Series(names[pairs[side]], index=pairs.index, dtype="str")
    progress("stage.neighbours", 1.0)
    return Neighbours(pairs[list(PAIR_COLUMNS)], make_findings(noticed))


def _list_pairs(ground: _Ground) -> pd.DataFrame:
    """List the pairs to look at, with the gap and the walks between them."""
    shapes, units = ground.places.shapes, ground.units
    reach_m = max(units.gap_m, units.walk_m)
    one, two = shapely.STRtree(shapes).query(
        shapes, predicate="dwithin", distance=reach_m
    )
    near = pd.DataFrame({"a": one, "b": two})[one < two]
    walks = find_gate_walks(
        ground.network,
        ground.separators,
        ground.ids,
        ground.places.bodies,
        units.walk_m,
    )
    pairs: pd.DataFrame = near.merge(walks, on=["a", "b"], how="outer")
    pairs = pairs.sort_values(["a", "b"], ignore_index=True)
    gap = shapely.distance(shapes[pairs["a"]], shapes[pairs["b"]])
    return pairs.assign(gap_m=gap.round(DECIMALS))


def _judge(pairs: pd.DataFrame, ground: _Ground, declared: Bools) -> pd.DataFrame:
    """Tell which pairs are neighbours, and what is between the others."""
    one, two = (pairs[side].to_numpy(dtype=np.int64) for side in ("a", "b"))
    units, places = ground.units, ground.places
    close = (pairs["gap_m"] <= units.gap_m).to_numpy()
    touches = np.zeros(len(pairs), dtype=bool)
    touches[close] = find_touching(
        places, one[close], two[close], ground.separators, units.gap_m
    )
    walks = pairs["walk_m"].notna().to_numpy()
    strolls = pairs["any_m"].notna().to_numpy()
    apart = np.flatnonzero(~touches & ~walks)
    between = np.full(len(pairs), -1, dtype=np.int64)
    certain = (close | strolls)[apart]
    between[apart] = _name_between(ground, one[apart], two[apart], certain)
    barred = between >= 0
    crossed = barred & declared
    # -1, nothing between, takes the entry at the end: there may be no separator
    kind = np.append(ground.separators.kind, -1)[between]
    name = np.append(ground.separators.name, "")[between]
    words = np.array([*SEPARATOR_KINDS, ""], dtype=object)
    neighbour = touches | walks | crossed
    by_gap = touches | (crossed & close)
    table = {
        "neighbour": neighbour,
        "by": np.where(by_gap, "gap", np.where(neighbour, "walk", "")),
        "touches": by_gap,
        "refused": np.where(neighbour, "", np.where(barred, "barrier", "far")),
        "barrier": words[np.where(barred, kind, -1)],
        "barrier_name": np.where(barred, name, ""),
        "declared": crossed,
    }
    judged = pairs.assign(**table)
    judged.loc[crossed, "walk_m"] = judged.loc[crossed, "any_m"]
    return judged.astype(dict.fromkeys(_WORD_COLUMNS, "str"))


def _name_between(ground: _Ground, one: Ints, two: Ints, certain: Bools) -> Ints:
    """Name what lies between pairs; where that is `certain`, by whatever is near."""
    separators, bodies = ground.separators, ground.places.bodies
    line = np.asarray(shapely.shortest_line(bodies[one], bodies[two]), dtype=object)
    between = separators.choose(*separators.meet(line, STRIP_M), len(line))
    left = np.flatnonzero(certain & (between < 0))
    if len(left):
        gates = join_gates(ground.network, ground.ids, one[left], two[left])
        line[left] = np.where(pd.isna(gates), line[left], gates)
        found = separators.meet(line[left], STRIP_M)
        between[left] = separators.choose(*found, len(left))
        left = left[between[left] < 0]
        row, near = separators.tree.query_nearest(line[left])
        between[left] = separators.choose(row, near, len(left))
    return between


def _find_declared(
    pairs: pd.DataFrame, ids: pd.Index, crossings: Collection[tuple[str, str]]
) -> Bools:
    """Tell for which pairs a crossing is declared."""
    named = [pd.Index([pair[k] for pair in crossings], dtype="str") for k in (0, 1)]
    ends = [ids.get_indexer(end) for end in named]
    low, high = np.minimum(*ends), np.maximum(*ends)
    key = pairs["a"].to_numpy() * len(ids) + pairs["b"].to_numpy()
    return np.asarray(np.isin(key, (low * len(ids) + high)[low >= 0]))


def _keep_within(
    pairs: pd.DataFrame, areas: pd.DataFrame | None, within: str
) -> pd.DataFrame:
    """Refuse neighbours of different or unknown areas, if one is asked for."""
    if areas is None:
        return pairs.assign(within_a="", within_b="")
    rows = [areas.iloc[pairs[side]] for side in ("a", "b")]
    keys = [row["key"].to_numpy(dtype=object) for row in rows]
    names = [row["name"].to_numpy(dtype=object) for row in rows]
    parted = pd.isna(keys[0]) | pd.isna(keys[1]) | (keys[0] != keys[1])
    refused = parted & pairs["neighbour"].to_numpy()
    kept = pairs.assign(within_a=names[0], within_b=names[1])
    kept.loc[refused, ["neighbour", "touches", "declared"]] = False
    kept.loc[refused, "by"] = ""
    kept.loc[refused, "refused"] = within
    return kept.astype({"within_a": "str", "within_b": "str"})


def _notice_streets(district: "District") -> Iterator[Finding]:
    """Tell if no street says what it is: then no main road keeps anything apart."""
    streets = district.streets
    if len(streets) and streets["highway"].isna().all():
        yield Finding("streets", "streets_without_class", Severity.WARNING)


def _notice_crossings(
    pairs: pd.DataFrame, ids: pd.Index, crossings: Collection[tuple[str, str]]
) -> Iterator[Finding]:
    """Tell which declared crossings change nothing."""
    asked = {(min(pair), max(pair)) for pair in crossings}
    names = ids.to_numpy(dtype=object)
    used = pairs["barrier"].to_numpy() != ""
    known = {
        (names[a], names[b])
        for a, b in pairs.loc[used, ["a", "b"]].itertuples(index=False)
    }
    for a, b in sorted(asked - known):
        params = {"a": a, "b": b}
        yield Finding("communities", "crossing_idle", Severity.WARNING, params=params)


def _notice_areas(areas: pd.DataFrame | None, within: str) -> Iterator[Finding]:
    """Tell how many communities are in no known street office or 社区."""
    lost = 0 if areas is None else int(areas["key"].isna().sum())
    if lost:
        code = f"{within}_missing"
        params = {"count": lost}
        yield Finding("communities", code, Severity.WARNING, params=params)
