"""Measured distances become the rows of the gaps: states, certainty, numbers.

Further columns of the gaps, after :data:`geo.schema.GAP_COLUMNS`:

======================== ====================================================
`distance_cause`, ...     what brought each test's state about
`reach_m`, `searched_m`   what counts as in reach; how far was searched
`minutes`                 `distance_m` at an adult's pace
`gate_id`                 the gate that the distance is measured from
`straight_distance_m`     from the nearest gate in a straight line
`straight_state`          what a buffer of the threshold would have said
`detour_ratio`, `between` walk over straight line, and what lies between
`d_edge_m`                to where the network leaves the data
`share_in_reach`          households within the threshold, whatever the state
`households`, ...         of the community; counted behind doors; within; beyond
`elder_...`               the same at an elder's pace
`state_5min`, ...         distance test at 300, 500 and 1,000 m
`large_distance_m`        to the nearest that is known to be large enough
`capacity_low`, `_high`   bounds of the capacity per 1,000 persons in reach
`facilities`              open ones of the category in the whole input
`ambiguous_objects`       objects that may be of the category
`piece`, `off_piece`      piece of the network; no facility stands on it
`<test>_rule`, ...        rule id, source, certainty and origin of each number
`rule_certainty`          the weakest certainty among them
======================== ====================================================
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.capacity import Supply, judge_capacity, share_supply
from geo.coverage import (
    DECIMALS,
    Floats,
    Test,
    combine_states,
    find_borderline,
    judge_certainty,
    judge_size,
    select,
)
from geo.field import Field
from geo.pairs import find_pairs
from geo.readings import find_reached
from geo.reasons import BETWEEN, DETOUR_SHOWN
from geo.rules import TESTS, Requirement
from geo.schema import GAP_COLUMNS, RULE_CERTAINTY, State
from geo.scores import TIERS_MIN
from geo.stock import find_rows
from geo.straight import find_between, measure_lines

#: Metres of the 5, 10 and 15 minute circles (GB 50180-2018, 2.0.2 to 2.0.4).
TIERS_M = dict(zip(TIERS_MIN, (300.0, 500.0, 1000.0), strict=True))

#: Columns of a test's rule, after the name of the test.
_RULE_COLUMNS = ("rule", "rule_source", "rule_certainty", "rule_origin")

Columns = dict[str, npt.NDArray[Any]]


def judge(field: Field, supplies: Mapping[int, Supply] | None = None) -> pd.DataFrame:
    """Judge every community and category.

    Parameters
    ----------
    field
        Distances, facilities and rules.
    supplies
        Position of a category to its capacity in reach, where that is known
        already (as the live what-if keeps it).

    Returns
    -------
    pandas.DataFrame
        One row per community and category, sorted by community and then in the
        order of the requirements; :data:`geo.schema.GAP_COLUMNS` (`reason` still
        empty), then the further columns above.
    """
    table = _make_table(field, judge_columns(field, supplies))
    further = [name for name in table.columns if name not in GAP_COLUMNS]
    return table[[*GAP_COLUMNS, *further]]


def judge_columns(
    field: Field, supplies: Mapping[int, Supply] | None = None
) -> Columns:
    """Judge every community and category, without making a table of it.

    Parameters
    ----------
    field, supplies
        As for `judge`.

    Returns
    -------
    dict
        The columns that vary by community and category, not rounded; each of shape
        (communities, categories).
    """
    distance = field.distance_test(field.threshold_m, ~np.isnan(field.threshold_m))
    size, large_m = _judge_size(field)
    capacity, bounds = _judge_capacity(field, supplies or {})
    state = combine_states(
        distance.state, size.state, capacity.state, required=field.required
    )
    decided = (state == State.MET) | (state == State.SHORT)
    columns: Columns = {
        "distance_m": field.distance_m,
        "distance_state": distance.state,
        "size_state": size.state,
        "capacity_state": capacity.state,
        "state": state,
        "certainty": judge_certainty(
            state, _find_borderline(field), field.edge_m[:, None], field.reach_m
        ),
        "distance_cause": distance.cause,
        "size_cause": size.cause,
        "capacity_cause": capacity.cause,
        "large_distance_m": large_m,
        **bounds,
    }
    columns |= _count_households(field, decided)
    columns |= _measure_ways(field)
    columns |= _judge_paces(field)
    return columns


def _judge_size(field: Field) -> tuple[Test, Floats]:
    """Judge the size test; also return the distance to the nearest large one."""
    reached = find_reached(field.places.access, field.readings)
    sized = field.runs.large >= 0
    test = judge_size(
        reached[:, field.runs.every],
        reached[:, field.runs.large],
        reached[:, field.runs.maybe],
        field.reach_m,
        entered=field.entered,
        hidden=field.hidden_maybe_m <= field.reach_m,
    )
    large_m = np.where(sized, reached[:, field.runs.large], np.nan)
    return field.present_or(test, sized), large_m


def _judge_capacity(
    field: Field, supplies: Mapping[int, Supply]
) -> tuple[Test, Columns]:
    """Judge the capacity test, category by category."""
    state = np.full(field.shape, State.UNKNOWN.value, dtype="U16")
    cause = np.full(field.shape, "", dtype="U32")
    bounds = {name: np.full(field.shape, np.nan) for name in ("low", "high")}
    population = _numbers(field, "population")
    for at, need in enumerate(field.needs):
        if need.capacity_kind == "per_1000_persons":
            supply = supplies.get(at) or _measure_supply(field, at, population)
            test = judge_capacity(
                supply,
                float(need.capacity_value or 0.0),
                population=population,
                entered=field.entered[:, 0],
                hidden=field.hidden_m[:, at] <= field.reach_m[at],
            )
            state[:, at], cause[:, at] = test.state, test.cause
            bounds["low"][:, at], bounds["high"][:, at] = supply.low, supply.high
        elif need.capacity_kind is not None:
            cause[:, at] = need.capacity_kind
    ruled = np.array([need.capacity_kind is not None for need in field.needs])
    named = {f"capacity_{name}": values for name, values in bounds.items()}
    return field.present_or(Test(state, cause), ruled), named


def _measure_supply(field: Field, at: int, population: Floats) -> Supply:
    facilities = np.flatnonzero(field.stock.category == at)
    community, facility = find_pairs(
        field.graph,
        field.network,
        field.places,
        field.ids,
        facilities,
        field.stock,
        reach_m=float(field.reach_m[at]),
    )
    capacity = field.stock.capacity[facilities]
    return share_supply(community, facility, population=population, capacity=capacity)


def _find_borderline(field: Field) -> npt.NDArray[np.bool_]:
    share, least = field.settings.borderline_share, field.settings.coverage_share_min
    return find_borderline(
        field.distance_m,
        field.reach_m,
        field.share((1 - share) * field.reach_m),
        field.share((1 + share) * field.reach_m),
        doors=field.doors,
        least=least,
        share=share,
    )


def _count_households(field: Field, decided: npt.NDArray[np.bool_]) -> Columns:
    """Count households within and beyond the threshold, where that is known.

    Where the distance is unknown the coverage is NaN even if another test fails.
    """
    counted = field.places.access.households_counted
    own = _numbers(field, "households")
    households = np.where(np.isnan(own), counted, own)[:, None]
    share = _known_share(field, field.reach_m)
    elder = _known_share(field, field.reach_m * field.elder_pace)
    coverage = np.where(decided, share, np.nan)
    return {
        "coverage_share": coverage,
        "households_uncovered": (1 - coverage) * households,
        "share_in_reach": share,
        "households": np.broadcast_to(households, field.shape),
        "households_counted": np.broadcast_to(counted[:, None], field.shape),
        "households_within": _least_share(field) * counted[:, None],
        "households_beyond": (1 - share) * households,
        "elder_households_beyond": (1 - elder) * households,
    }


def _least_share(field: Field) -> Floats:
    """Return the share in reach; where doors leave the verdict open, at least it."""
    every = np.ones(len(field.needs), dtype=np.bool_)
    open_doors = field.distance_test(field.reach_m, every).cause == "doors_unknown"
    least = field.share(field.reach_m).low
    return np.where(open_doors, least, _known_share(field, field.reach_m))


def _known_share(field: Field, within_m: Floats) -> Floats:
    """Return the share within a distance, NaN where the verdict is not known."""
    every = np.ones(len(field.needs), dtype=np.bool_)
    test = field.distance_test(within_m, every)
    known = (test.state == State.MET) | (test.state == State.SHORT)
    return np.where(known, field.share(within_m).low, np.nan)


def _measure_ways(field: Field) -> Columns:
    """Name gate and facility of the least distance; compare with a straight line."""
    gate = field.nearest[1][:, field.runs.every]
    column = np.broadcast_to(np.arange(field.shape[1]), field.shape)
    label = np.where(gate >= 0, field.readings.gate_label[gate, column], -1)
    found = label >= 0
    gates = field.gate_shapes[gate[found]]
    facilities = field.facility_shapes[label[found]]
    straight = np.full(field.shape, np.nan)
    straight[found] = measure_lines(gates, facilities)
    with np.errstate(divide="ignore", invalid="ignore"):
        detour = np.maximum(field.distance_m / straight, 1.0)
    # within a metre a ratio says nothing
    detour = np.where(straight >= 1.0, detour, np.nan)
    between = np.full(field.shape, "", dtype=object)
    far = detour >= DETOUR_SHOWN
    walls, kinds = field.obstacles
    between[far] = find_between(
        field.gate_shapes[gate[far]],
        field.facility_shapes[label[far]],
        walls,
        kinds,
        order=BETWEEN,
    )
    return {
        "nearest_facility_id": _named(field.stock.ids, label),
        "gate_id": _named(field.places.gate_ids, gate),
        "minutes": field.distance_m / field.settings.adult_pace_m_per_min,
        "straight_distance_m": field.straight_m,
        "straight_state": _judge_straight(field),
        "detour_ratio": detour,
        "between": between,
        **_find_pieces(field, gate),
    }


def _named(names: pd.Index, position: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    with_none = np.array([*names, None], dtype=object)
    return np.asarray(with_none[position])


def _judge_straight(field: Field) -> npt.NDArray[np.str_]:
    near = field.straight_m <= field.threshold_m
    verdict = select((near, State.MET), default=State.SHORT)
    test = Test(verdict, np.zeros(field.shape, dtype="U1"))
    return field.present_or(test, ~np.isnan(field.threshold_m)).state


def _find_pieces(field: Field, gate: npt.NDArray[np.int64]) -> Columns:
    """Name the piece of the network, and say where a category is not on it."""
    access, network = field.places.access, field.network
    attached = np.flatnonzero(access.gate_attached)
    piece = np.full(len(access.gate_attached), -1, dtype=np.int64)
    piece[attached] = network.node_piece[field.places.gate_node[attached]]
    own = np.full(access.communities, -1, dtype=np.int64)
    own[access.gate_community[attached[::-1]]] = piece[attached[::-1]]
    seeds = network.facility_seeds
    label = find_rows(field.stock.ids, seeds["facility_id"])
    category = np.where(label >= 0, field.stock.category[label], -1)
    known = category >= 0
    holds = np.zeros((len(network.pieces), field.shape[1]), dtype=np.bool_)
    holds[network.node_piece[seeds["node"][known]], category[known]] = True
    reachable = np.zeros(field.shape, dtype=np.bool_)
    np.logical_or.at(reachable, access.gate_community[attached], holds[piece[attached]])
    unreached = np.isnan(field.distance_m) & ~reachable & field.present
    named = np.where(gate >= 0, piece[gate], own[:, None])
    return {
        "piece": np.where(named < 0, np.nan, named.astype(np.float64)),
        "off_piece": unreached & field.entered,
    }


def _judge_paces(field: Field) -> Columns:
    """Judge the distance test at an elder's pace and in the three circles."""
    ruled, every = ~np.isnan(field.threshold_m), np.ones(field.shape[1], dtype=np.bool_)
    slow = field.elder_pace
    columns = {
        "elder_state": field.distance_test(slow * field.threshold_m, ruled).state
    }
    for minutes, metres in TIERS_M.items():
        circle = np.full(field.shape[1], metres)
        for name, pace in (("", 1.0), ("elder_", slow)):
            state = field.distance_test(pace * circle, every).state
            columns[f"{name}state_{minutes}min"] = state
    return columns


def _make_table(field: Field, columns: Mapping[str, npt.NDArray[Any]]) -> pd.DataFrame:
    """Put everything into rows: what varies by both, by category, by community."""
    rows, repeats = field.shape
    by_category = pd.concat(
        [_describe(field, at, need) for at, need in enumerate(field.needs)],
        ignore_index=True,
    )
    table = (
        pd.concat([by_category] * rows, ignore_index=True) if rows else by_category[:0]
    )
    table.insert(0, "community_id", np.repeat(field.ids.to_numpy(), repeats))
    table["d_edge_m"] = np.repeat(field.edge_m, repeats)
    more = pd.DataFrame({name: values.reshape(-1) for name, values in columns.items()})
    table = pd.concat([table, more], axis="columns")
    table["reason"] = ""
    texts = [n for n in table.columns if pd.api.types.is_object_dtype(table[n])]
    table[texts] = table[texts].astype("str")
    metres = [name for name in table.columns if name.endswith("_m")]
    table[metres] = table[metres].round(DECIMALS)
    return table


def _describe(field: Field, at: int, need: Requirement) -> pd.DataFrame:
    """Return the one row of a category: its rules and numbers."""
    row: dict[str, Any] = {
        "category": need.category,
        "threshold_m": field.threshold_m[at],
        "reach_m": field.reach_m[at],
        "elder_threshold_m": field.threshold_m[at] * field.elder_pace,
        "searched_m": field.searched_m,
        "share_required": field.settings.coverage_share_min,
        "tier_min": need.tier_min,
        "facilities": int((field.stock.category == at).sum()),
        "ambiguous_objects": int(field.ambiguous[at]),
        "min_floor_area_m2": _or_nan(need.min_floor_area_m2),
        "min_land_area_m2": _or_nan(need.min_land_area_m2),
        "capacity_needed": _or_nan(need.capacity_value),
        "capacity_unit": need.capacity_unit,
    }
    weakest = ""
    for test in TESTS:
        rule = need.rule(test)
        told: tuple[str | None, ...] = (None,) * len(_RULE_COLUMNS)
        if rule is not None:
            source = f"{rule.standard} {rule.clause}".strip()
            told = (rule.rule_id, source, rule.certainty, rule.origin)
            weakest = max(weakest, rule.certainty, key=_weakness)
        row |= {f"{test}_{c}": v for c, v in zip(_RULE_COLUMNS, told, strict=True)}
    row["rule_certainty"] = weakest or None
    frame = pd.DataFrame([row])
    texts = [name for name in frame.columns if frame[name].dtype == object]
    return frame.astype(dict.fromkeys(texts, "str"))


def _weakness(certainty: str) -> int:
    return RULE_CERTAINTY.index(certainty) if certainty in RULE_CERTAINTY else -1


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else float(value)


def _numbers(field: Field, column: str) -> Floats:
    values = pd.to_numeric(field.district.communities[column]).reindex(field.ids)
    return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
