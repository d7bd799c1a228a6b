"""What a joint unit lacks: the shortfalls judged again with the unit as one community.

The documents say that the 居住社区 is the unit of analysis and that gaps of the
提升类 are filled 在片区层面 (REQUIREMENTS, trap 7), but not how a unit is to be judged.
The reading chosen here:

- **Every category**, of whatever class, is judged for the unit as if it were one
  community with many gates and doors: all of them come from the 完整居住社区 standard,
  which asks for one of each per 居住社区.
- **Distance**: the share of the members' households within the threshold, against
  the same least share as for a community. A community without doors counts as
  wholly within or wholly beyond. A member with many households therefore carries
  one with few; `households_uncovered` says how many people are left all the same.
- **Size**: one facility of at least the legal minimum in reach of any member. Areas
  are never added up: two rooms of 100 m² are no room of 200 m².
- **Capacity**: places, floor areas and parking spaces are added up over the unit and
  divided by its persons or households, each facility shared among all who reach it
  so that nothing counts twice (:mod:`geo.unit_members`). Rules per household, which
  wait for units, are judged here; a community alone is a unit, too.
- **Whose task it is**: `filled_at` is ``unit`` for the 提升类 (also where a category
  is listed in two classes): there a unit that has what it needs closes the gaps of
  its members (`closed_by_pooling`). For the 基础类, the 完善类 and what stands in no
  class it is ``community``: the unit's state is told, but members that are short
  remain so and keep their own task (`communities_left`).
- **Unknown stays unknown**: households, population, areas or capacities that are
  missing may be anything, and ``met`` or ``short`` is only said where every
  possible value says so. A member whose households are known to be 0 weighs nothing.

A unit of one community has exactly the community's own verdict, but for the rules
per household. States, their order and certainty: METHODS, What is measured.
"""

from collections.abc import Collection, Iterable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coverage import (
    DECIMALS,
    Bools,
    Floats,
    Share,
    Test,
    Words,
    combine_states,
    judge_certainty,
    select,
    set_presence,
)
from geo.lifecircle import LifeCircle
from geo.rules import TESTS
from geo.schema import State
from geo.unit_members import Members, gather_members
from geo.unit_pools import (
    DECIMALS_COMPARED,
    Groups,
    Weights,
    average_known,
    group_communities,
    judge_share,
    pool_bounds,
    round_bounds,
    weigh_members,
)
from geo.unit_reasons import explain_unit_gaps

__all__ = ["Members", "explain_unit_gaps", "gather_members", "judge_units"]

#: The class whose gaps are filled at the level of the unit (建办城〔2021〕50号 一(五)).
POOLED_CLASS = "提升类"

Columns: TypeAlias = dict[str, npt.NDArray[Any]]


def judge_units(
    circle: LifeCircle,
    unit_of: pd.Series,
    *,
    only: Collection[str] | None = None,
    members: Members | None = None,
) -> pd.DataFrame:
    """Judge every unit and required category with the unit as one community.

    Parameters
    ----------
    circle
        Verdicts of the communities.
    unit_of
        Name of the unit of each community, by community id; communities that are
        missing or without a name are in no unit.
    only
        Judge only these units, such as those that an edit has changed. A name that
        no community has gives no rows.
    members
        Result of `gather_members` of the same life circle; gathered here if not
        given, which takes long compared to the judging.

    Returns
    -------
    pandas.DataFrame
        One row per unit (in the order of their smallest member) and required
        category (in the order of the requirements). Columns:

        - `unit_id`, `category`, `communities` (number of members), `households`
          (known ones added up, NaN if none is), `households_unknown` (members
          without);
        - `communities_short` (members whose own state is ``short``), `short_members`
          (their ids, joined by ``|``), `filled_at` (``unit`` or ``community``),
          `closed_by_pooling` (some member is short, the unit is met and it is the
          unit's task), `communities_left` (members that stay short);
        - `distance_state`, `size_state`, `capacity_state`, `state`, `certainty` and
          the `distance_cause`, `size_cause`, `capacity_cause` behind them;
        - `coverage_share`, `households_uncovered` (of the known households; NaN
          where nothing is decided), `share_in_reach` (whatever the state);
        - `distance_m`, `large_distance_m` (metres of walking from the nearest
          member to any facility, to one known to be large enough), `d_edge_m`;
        - `capacity_low`, `capacity_high` (bounds of what the unit has, in
          `capacity_unit` for `capacity_kind`), `capacity_needed`;
        - `threshold_m`, `reach_m`, `share_required`, `min_floor_area_m2`,
          `min_land_area_m2`, `ambiguous_objects`, and the certainty of each rule.

    Raises
    ------
    InputError
        If `unit_of` names a community twice, or one that the district lacks.
    """
    members = members or gather_members(circle)
    groups = group_communities(unit_of, members.ids, only)
    homes = weigh_members(members.households[:, None], groups)
    share = pool_bounds(members.share, homes, groups)
    least = circle.settings.coverage_share_min
    distance = _judge_distance(members, homes, share, groups, least)
    capacity, supply = _judge_capacity(members, groups)
    tests = {
        "distance": _present_or(members, distance, "distance"),
        "size": _present_or(members, _judge_size(members, groups), "size"),
        "capacity": _present_or(members, capacity, "capacity"),
    }
    every = np.ones(len(members.needs), dtype=np.bool_)
    state = combine_states(*(test.state for test in tests.values()), required=every)
    edge_m = groups.least(members.edge_m[:, None])
    certainty = judge_certainty(
        state,
        _find_borderline(members, homes, groups, least),
        edge_m,
        _reach(circle, members),
    )
    columns: Columns = {
        "unit_id": groups.names[:, None],
        "category": _words(need.category for need in members.needs),
        **_count_communities(members, groups, state),
        **{f"{name}_state": test.state for name, test in tests.items()},
        "state": state,
        "certainty": certainty,
        **_count_households(members, groups, homes, state, share, distance),
        **{f"{name}_cause": test.cause for name, test in tests.items()},
        "distance_m": groups.least(members.distance_m),
        "large_distance_m": groups.least(members.large_m),
        "d_edge_m": edge_m,
        "capacity_low": supply.low,
        "capacity_high": supply.high,
        **_describe(circle, members),
    }
    return _make_table(columns, state.shape)


def _judge_distance(
    members: Members, homes: Weights, share: Share, groups: Groups, least: float
) -> Test:
    """Judge the distance test of each unit by the share of its households."""
    verdict = judge_share(share, least)
    sways = [
        (groups.any_member(homes.counts & (members.doubt[groups.member] == word)), word)
        for word in ("no_gate", "hidden", "doors_unknown")
    ]
    cases = (
        (verdict == State.MET, "within"),
        (verdict == State.SHORT, "beyond"),
        *sways,
    )
    return Test(verdict, select(*cases, default="households_missing"))


def _judge_size(members: Members, groups: Groups) -> Test:
    """Judge the size test: one that is large enough, never several together."""
    entered = members.entered[:, None]
    outside = groups.any(~entered)
    found = groups.any(members.in_reach & entered)
    cases = (
        (~groups.any(entered), State.UNKNOWN, "no_gate"),
        (groups.any(members.large & entered), State.MET, "large_enough"),
        (~found & outside, State.UNKNOWN, "no_gate"),
        (~found, State.UNKNOWN, "none_in_reach"),
        (groups.any(members.maybe & entered), State.UNKNOWN, "area_missing"),
        (outside, State.UNKNOWN, "no_gate"),
        (groups.any(members.hidden_maybe), State.UNKNOWN, "hidden"),
    )
    return Test(
        select(*((mask, state) for mask, state, _ in cases), default=State.SHORT),
        select(*((mask, cause) for mask, _, cause in cases), default="too_small"),
    )


def _judge_capacity(members: Members, groups: Groups) -> tuple[Test, Share]:
    """Judge the capacity test of each unit by what its members have together."""
    weights = weigh_members(members.demand, groups)
    supply = pool_bounds(members.supply, weights, groups)
    rounded = round_bounds(supply)
    needed = np.round(_numbers(members, "capacity_value"), DECIMALS_COMPARED)
    entered = members.entered[:, None]

    def sways(flags: Bools) -> Bools:
        up = weights.counts & np.broadcast_to(flags, members.state.shape)[groups.member]
        return groups.any_member(up)

    served = groups.any(members.served)
    cases = (
        (~groups.any(entered), State.UNKNOWN, "no_gate"),
        (~served & sways(~entered), State.UNKNOWN, "no_gate"),
        (~served, State.UNKNOWN, "none_in_reach"),
        ((rounded.low >= needed) | weights.empty, State.MET, "enough"),
        (rounded.high < needed, State.SHORT, "too_little"),
        (sways(~entered), State.UNKNOWN, "no_gate"),
        (sways(members.hidden), State.UNKNOWN, "hidden"),
        (sways(members.capacity_missing), State.UNKNOWN, "capacity_missing"),
    )
    test = Test(
        select(*((mask, state) for mask, state, _ in cases), default=State.UNKNOWN),
        select(*((mask, cause) for mask, _, cause in cases), default="demand_missing"),
    )
    return test, supply


def _present_or(members: Members, test: Test, name: str) -> Test:
    """Replace verdicts of categories without a rule, or without any data."""
    return set_presence(
        test,
        ruled=np.array([need.rule(name) is not None for need in members.needs]),
        required=np.ones(len(members.needs), dtype=np.bool_),
        present=members.present[int(name == "capacity")],
        ambiguous=members.ambiguous > 0,
    )


def _find_borderline(
    members: Members, homes: Weights, groups: Groups, least: float
) -> Bools:
    """Find units whose distance test a small change of the threshold would turn."""
    verdicts = [
        judge_share(pool_bounds(share, homes, groups), least)
        for share in (members.narrow, members.wide)
    ]
    return np.asarray(verdicts[0] != verdicts[1], dtype=np.bool_)


def _count_communities(members: Members, groups: Groups, state: Words) -> Columns:
    """Count the members that are short by themselves, and say whose task it is."""
    short = (members.state == State.SHORT)[groups.member]
    count = groups.add(short).astype(np.int64)
    pooled = np.array(
        [POOLED_CLASS in need.renovation_class.split("/") for need in members.needs]
    )
    closed = (count > 0) & (state == State.MET) & pooled
    names = np.full(state.shape, "", dtype=object)
    ids = members.ids.to_numpy(dtype=object)[groups.member]
    for row, at in zip(*np.nonzero(short), strict=True):
        cell = groups.unit[row], at
        names[cell] = f"{names[cell]}|{ids[row]}" if names[cell] else str(ids[row])
    return {
        "communities": np.bincount(groups.unit)[:, None],
        "communities_short": count,
        "short_members": names,
        "filled_at": np.where(pooled, "unit", "community"),
        "closed_by_pooling": closed,
        "communities_left": np.where(closed, 0, count),
    }


def _count_households(
    members: Members,
    groups: Groups,
    homes: Weights,
    state: Words,
    share: Share,
    distance: Test,
) -> Columns:
    """Count households beyond the threshold, where something is decided."""
    own = members.households[groups.member][:, None]
    unknown = groups.add(np.isnan(own)).astype(np.int64)
    known = groups.add(~np.isnan(own)) > 0
    households = np.where(known, homes.known, np.nan)
    decided = (state == State.MET) | (state == State.SHORT)
    measured = (distance.state == State.MET) | (distance.state == State.SHORT)
    average = average_known(members.share.low[groups.member], homes, groups)
    within = np.where(homes.known > 0, average, share.low)
    within = np.where(measured & members.present[0], within, np.nan)
    coverage = np.where(decided, within, np.nan)
    return {
        "households": households,
        "households_unknown": unknown,
        "share_in_reach": within,
        "coverage_share": coverage,
        "households_uncovered": (1 - coverage) * households,
    }


def _reach(circle: LifeCircle, members: Members) -> Floats:
    return np.array([need.reach_m(circle.settings) for need in members.needs])


def _numbers(members: Members, name: str) -> Floats:
    """Return a number of each requirement, NaN where its rules give none."""
    values = [getattr(need, name) for need in members.needs]
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def _words(values: Iterable[str | None]) -> npt.NDArray[Any]:
    return np.array(list(values), dtype=object)


def _describe(circle: LifeCircle, members: Members) -> Columns:
    """Return what a category has in every unit: its rules and numbers."""
    needs = members.needs
    certainty = {
        test: _words(
            None if (rule := need.rule(test)) is None else rule.certainty
            for need in needs
        )
        for test in TESTS
    }
    return {
        "capacity_needed": _numbers(members, "capacity_value"),
        "capacity_unit": _words(need.capacity_unit for need in needs),
        "capacity_kind": _words(need.capacity_kind for need in needs),
        "threshold_m": _numbers(members, "threshold_m"),
        "reach_m": _reach(circle, members),
        "share_required": np.asarray(circle.settings.coverage_share_min),
        "min_floor_area_m2": _numbers(members, "min_floor_area_m2"),
        "min_land_area_m2": _numbers(members, "min_land_area_m2"),
        "ambiguous_objects": members.ambiguous,
        **{f"{test}_rule_certainty": words for test, words in certainty.items()},
    }


def _make_table(columns: Columns, shape: tuple[int, ...]) -> pd.DataFrame:
    """Put everything into rows, unit by unit."""
    table = pd.DataFrame(
        {
            name: np.broadcast_to(values, shape).reshape(-1)
            for name, values in columns.items()
        }
    )
    texts = [n for n in table.columns if pd.api.types.is_object_dtype(table[n])]
    table[texts] = table[texts].astype("str")
    metres = [name for name in table.columns if name.endswith("_m")]
    table[metres] = table[metres].round(DECIMALS)
    return table
