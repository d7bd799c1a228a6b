"""What a joint unit is added up from: every community's part, measured once.

Distances, sizes and supplies do not depend on how units are drawn. They are read
here once from a life circle; :mod:`geo.unit_gaps` then adds them up for any units
within milliseconds. Rows of all arrays are communities in the order of their ids,
columns the required categories in the order of the requirements.

Supply is shared before it is added up: every place, square metre and parking space
is divided among all people (for rules per household: among all households) that can
walk to it, in the unit or not, so that nothing is counted twice, neither within a
unit nor between two of them (two-step floating catchment, METHODS §1).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from geo.capacity import PER_PERSONS, Supply, share_supply
from geo.coverage import (
    Bools,
    Floats,
    Ints,
    Share,
    Words,
    find_least,
    measure_share,
    select,
)
from geo.hidden import find_hidden, measure_hidden
from geo.lifecircle import LifeCircle
from geo.near_pairs import find_near_pairs
from geo.readings import Readings, find_private, find_reached, read_runs
from geo.rules import Requirement
from geo.stock import Places, Stock, place_people, take_stock
from geo.straight import Geometries

#: Kind of a capacity rule -> for how many (persons or households) it is given.
PER = {"per_1000_persons": 1000.0, "per_household": 1.0, "per_100_households": 100.0}


@dataclass(frozen=True, eq=False)
class Members:
    """The part of every community in whatever unit it comes to belong to.

    Attributes
    ----------
    ids
        Community ids, sorted: the rows.
    needs
        Required categories: the columns.
    households, population
        Known numbers, NaN where unknown (households: of the community, else those
        counted behind doors); shape (communities,).
    entered
        Whether any gate is on the network; shape (communities,).
    edge_m
        Walk to where the network leaves the data; shape (communities,).
    state
        The community's own state.
    distance_m, large_m
        Walk to the nearest facility, and to the nearest known to be large enough.
    share
        Share of its households within the threshold, bounds: the two differ where
        a gate or door is on no street, or where a facility that nobody can walk to
        stands within the threshold.
    doubt
        Why they differ: ``no_gate``, ``hidden``, ``doors_unknown`` or empty.
    narrow, wide
        The same share with the threshold a little less and a little more.
    in_reach, large, maybe
        Whether any facility, one known to be large enough, or one not known to be
        too small is in reach.
    hidden, hidden_maybe
        Whether a facility (not known to be too small) that cannot be walked to
        stands within reach in a straight line.
    supply
        Capacity per person or household as the rule counts it, bounds; NaN where
        the rule asks for none.
    served
        Whether there is any supply at all.
    capacity_missing
        Whether the capacity or area of a facility in reach is unknown.
    present
        Whether the data can tell anything; shape (2, categories): for distance and
        size, for capacity.
    ambiguous
        Objects of the input that may be of the category; shape (categories,).
    """

    ids: pd.Index
    needs: tuple[Requirement, ...]
    households: Floats
    population: Floats
    entered: Bools
    edge_m: Floats
    state: Words
    distance_m: Floats
    large_m: Floats
    share: Share
    doubt: Words
    narrow: Share
    wide: Share
    in_reach: Bools
    large: Bools
    maybe: Bools
    hidden: Bools
    hidden_maybe: Bools
    supply: Share
    served: Bools
    capacity_missing: Bools
    present: Bools
    ambiguous: Ints

    @property
    def demand(self) -> Floats:
        """Return who uses a capacity: persons or households; as the columns."""
        persons = [need.capacity_kind == "per_1000_persons" for need in self.needs]
        counts = self.population[:, None], self.households[:, None]
        return np.where(np.array(persons, dtype=np.bool_), *counts)


@dataclass(frozen=True, eq=False)
class _Ground:
    """What is read again from a life circle; columns are all its requirements."""

    circle: LifeCircle
    ids: pd.Index
    needs: tuple[Requirement, ...]
    stock: Stock
    places: Places
    readings: Readings
    hidden_m: Floats
    hidden_maybe_m: Floats

    @property
    def reach_m(self) -> Floats:
        settings = self.circle.settings
        return np.array([need.reach_m(settings) for need in self.needs])

    def numbers(self, column: str) -> Floats:
        """Return a column of the communities, NaN where unknown."""
        values = pd.to_numeric(self.circle.district.communities[column])
        found = values.reindex(self.ids).to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(found)

    def gaps(self, column: str) -> pd.Series:
        """Return a column of the gaps, community by community."""
        return self.circle.gaps[column]

    def grid(self, column: str) -> Floats:
        """Return numbers of the gaps as rows and columns."""
        values = self.gaps(column).to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(values.reshape(len(self.ids), len(self.needs)))

    def words(self, column: str) -> Words:
        """Return words of the gaps as rows and columns."""
        values = self.gaps(column).to_numpy(dtype=object).astype(np.str_)
        return np.asarray(values.reshape(len(self.ids), len(self.needs)))

    def shapes(self, facilities: Ints) -> Geometries:
        """Return the geometries of facilities by their labels."""
        layer = self.circle.district.facilities.geometry
        return np.asarray(layer.loc[self.stock.ids[facilities]], dtype=object)

    @property
    def households(self) -> Floats:
        own = self.numbers("households")
        return np.where(np.isnan(own), self.places.access.households_counted, own)


def gather_members(circle: LifeCircle) -> Members:
    """Gather what every community brings into a unit.

    Parameters
    ----------
    circle
        Verdicts of the communities, with the runs behind them.

    Returns
    -------
    Members
        The parts that :func:`geo.unit_gaps.judge_units` adds up. It takes half
        as long as a life circle (4 s for 1,000 communities, 20 s for 5,000): keep it
        together with the life circle.
    """
    ground = _read_ground(circle)
    asked = np.array([need.required for need in ground.needs], dtype=np.bool_)
    entered = ground.places.access.entered
    share, narrow, wide, doubt = _measure_shares(ground)
    supply, served, missing = _measure_supplies(ground)
    reached, runs = find_reached(ground.places.access, ground.readings), circle.runs
    reach_m, sized = ground.reach_m, runs.large >= 0
    counts = circle.district.ambiguous
    return Members(
        ids=ground.ids,
        needs=tuple(need for need in ground.needs if need.required),
        households=ground.households,
        population=ground.numbers("population"),
        entered=entered,
        edge_m=ground.grid("d_edge_m")[:, 0] if ground.needs else np.empty(0),
        state=ground.words("state")[:, asked],
        distance_m=ground.grid("distance_m")[:, asked],
        large_m=ground.grid("large_distance_m")[:, asked],
        share=_columns(share, asked),
        doubt=doubt[:, asked],
        narrow=_columns(narrow, asked),
        wide=_columns(wide, asked),
        in_reach=(reached[:, runs.every] <= reach_m)[:, asked],
        large=((reached[:, runs.large] <= reach_m) & sized)[:, asked],
        maybe=((reached[:, runs.maybe] <= reach_m) & sized)[:, asked],
        hidden=(ground.hidden_m <= reach_m)[:, asked],
        hidden_maybe=(ground.hidden_maybe_m <= reach_m)[:, asked],
        supply=_columns(supply, asked),
        served=served[:, asked],
        capacity_missing=missing[:, asked],
        present=_find_present(ground)[:, asked],
        ambiguous=np.array(
            [counts.get(need.category, 0) for need in ground.needs], dtype=np.int64
        )[asked],
    )


def _columns(share: Share, asked: Bools) -> Share:
    return Share(share.low[:, asked], share.high[:, asked])


def _read_ground(circle: LifeCircle) -> _Ground:
    """Read the runs of a life circle again, and what stands where."""
    needs = tuple(circle.rules.requirements.values())
    district, network, graph = circle.district, circle.network, circle.reach.graph
    ids = district.communities.index.sort_values()
    stock, places = take_stock(district.facilities, needs), place_people(network, ids)
    joined = find_private(network, circle.residents)
    readings = read_runs(
        circle.reach, network, places, ids, circle.residents, joined=joined
    )
    within_m = circle.gaps["searched_m"].max() if len(circle.gaps) else 0.0
    hidden = find_hidden(
        district.facilities,
        network,
        places,
        stock,
        ids,
        graph=graph,
        within_m=within_m,
    )
    any_m, maybe_m = measure_hidden(
        hidden, network, places, stock, categories=len(needs), within_m=within_m
    )
    return _Ground(circle, ids, needs, stock, places, readings, any_m, maybe_m)


def _measure_shares(ground: _Ground) -> tuple[Share, Share, Share, Words]:
    """Measure the share of each community in reach, and what is doubtful of it.

    Of a community that nobody can enter, or with a facility in reach that nobody
    can walk to, the share may be anything from what is measured to all.
    """
    access, settings = ground.places.access, ground.circle.settings
    every, reach_m = ground.circle.runs.every, ground.reach_m
    gate_m, _ = find_least(
        ground.readings.gate_m, access.gate_community, access.communities
    )
    gate_m, door_m = gate_m[:, every], ground.readings.door_m[:, every]
    by, doors = settings.borderline_share, ~np.isnan(access.households_counted)[:, None]

    def widen(factor: float) -> Share:
        share = measure_share(access, gate_m, door_m, factor * reach_m)
        # without doors it is the distance that is lessened or widened
        near = np.round((2 - factor) * gate_m, 6) <= reach_m
        by_gate = near.astype(np.float64)
        low, high = (np.where(doors, s, by_gate) for s in (share.low, share.high))
        return Share(low, high)

    share = measure_share(access, gate_m, door_m, reach_m)
    entered = access.entered[:, None]
    hidden = ground.hidden_m <= reach_m
    low = np.where(entered, share.low, 0.0)
    high = np.where(~entered | hidden, 1.0, share.high)
    doubt = select(
        (low == high, ""),
        (~entered, "no_gate"),
        (hidden, "hidden"),
        default="doors_unknown",
    )
    return Share(low, high), widen(1 - by), widen(1 + by), doubt


def _measure_supplies(ground: _Ground) -> tuple[Share, Bools, Bools]:
    """Measure the supply of each community, category by category."""
    shape = len(ground.ids), len(ground.needs)
    low, high = np.full(shape, np.nan), np.full(shape, np.nan)
    served, missing = np.zeros((2, *shape), dtype=np.bool_)
    entered = ground.places.access.entered
    for at, need in enumerate(ground.needs):
        if need.capacity_kind is None or not need.required:
            continue
        if need.capacity_kind == "per_1000_persons":
            supply = _known_supply(ground, at)
        else:
            supply = _share_quota(ground, at)
        # who cannot be entered, or sees a facility that cannot, may have any amount
        doubtful = ~entered | (ground.hidden_m[:, at] <= ground.reach_m[at])
        low[:, at] = np.where(entered, supply.low, 0.0)
        high[:, at] = np.where(doubtful, np.inf, supply.high)
        served[:, at] = entered & (supply.facilities > 0)
        missing[:, at] = supply.capacity_missing
    return Share(low, high), served, missing


def _known_supply(ground: _Ground, at: int) -> Supply:
    """Return what the life circle has measured for a rule per person."""
    cause = ground.words("capacity_cause")[:, at]
    high, people = ground.grid("capacity_high")[:, at], ground.numbers("population")
    boundless = np.isinf(high) & (people > 0)
    return Supply(
        low=ground.grid("capacity_low")[:, at],
        high=high,
        facilities=(cause != "none_in_reach").astype(np.int64),
        capacity_missing=(cause == "capacity_missing") | boundless,
        population_missing=np.isnan(people),
    )


def _share_quota(ground: _Ground, at: int) -> Supply:
    """Share floor areas or parking spaces among the households in reach.

    Spaces that a community counts as its own (`parking_spaces`) are for its own
    households; car parks inside its boundary are among them. Where it has not
    counted them the supply is unknown.
    """
    need, households = ground.needs[at], ground.households
    spaces = need.capacity_unit == "spaces"
    own = ground.numbers("parking_spaces") if spaces else np.zeros(len(ground.ids))
    facilities = np.flatnonzero(ground.stock.category == at)
    shapes = ground.shapes(facilities)
    if spaces:
        mine = _find_counted(ground, shapes, own)
        facilities, shapes = facilities[~mine], shapes[~mine]
    community, facility = find_near_pairs(
        ground.circle.reach.graph,
        ground.circle.network,
        ground.places,
        ground.ids,
        facilities,
        ground.stock,
        shapes=shapes,
        reach_m=float(ground.reach_m[at]),
    )
    floor_m2 = ground.circle.district.facilities["floor_area_m2"]
    floor = floor_m2.loc[ground.stock.ids].to_numpy(dtype=np.float64)
    amount = (ground.stock.capacity if spaces else floor)[facilities]
    supply = share_supply(community, facility, population=households, capacity=amount)
    factor = PER[str(need.capacity_kind)] / PER_PERSONS
    known = np.nan_to_num(own)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.nan_to_num(known / np.nan_to_num(households), posinf=np.inf)
    each_low = np.where(np.isnan(households), 0.0, each)
    return Supply(
        low=factor * supply.low + each_low,
        high=np.where(np.isnan(own), np.inf, factor * supply.high + each),
        facilities=supply.facilities + np.int64(spaces),
        capacity_missing=supply.capacity_missing | np.isnan(own),
        population_missing=supply.population_missing | np.isnan(households),
    )


def _find_counted(ground: _Ground, shapes: Geometries, own: Floats) -> Bools:
    """Find the facilities inside a community that has counted its own."""
    points = shapely.point_on_surface(shapes)
    territory = ground.circle.network.seeder.territory
    inside = ground.ids.get_indexer(
        pd.Index(territory.name(territory.find_community(points)), dtype="object")
    )
    return np.append(~np.isnan(own), False)[inside]


def _find_present(ground: _Ground) -> Bools:
    """Find the categories of which the data hold anything."""
    held = set(ground.circle.district.facilities["category"].dropna())
    present = np.array([need.category in held for need in ground.needs], dtype=np.bool_)
    counted = bool(np.isfinite(ground.numbers("parking_spaces")).any())
    spaces = np.array([need.capacity_unit == "spaces" for need in ground.needs])
    return np.stack([present, present | (spaces & counted)])
