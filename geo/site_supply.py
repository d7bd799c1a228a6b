"""How far people are served already: by what is near, and by what they own.

Places are the doors of communities whose households are counted there, and the other
communities as a whole (their gates). What is near serves; where a rule asks for a
capacity, only the share of the need that it covers, shared among all in reach
(two-step floating catchment, METHODS §1), from below and from above.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from geo.capacity import PER_PERSONS, share_supply
from geo.coverage import Bools, Floats, Ints
from geo.lifecircle import LifeCircle
from geo.near_pairs import find_near_pairs
from geo.reach import measure_reach
from geo.readings import Runs, find_private, make_seeds, read_runs
from geo.site_people import People
from geo.site_rules import PER, SitedCategory
from geo.stock import Places, Stock, find_rows, place_people, take_stock
from geo.straight import Geometries


@dataclass(frozen=True, eq=False)
class Supplied:
    """How far each place is served already.

    Attributes
    ----------
    place
        Ids of doors, then those of communities without counted doors; (places,).
    community
        Row position of its community; (places,).
    part
        Its part of the households of the community; (places,).
    distance_m
        Category to the walk to the nearest open facility; (places,).
    low, high
        Category to the share of the need that the capacity in reach covers, from
        below and from above; (communities,). 1 without a rule.
    own
        Category to the share that the community owns; NaN: unknown; (communities,).
    reach_m
        Category to what is in reach.
    """

    place: pd.Index
    community: Ints
    part: Floats
    distance_m: Mapping[str, Floats]
    low: Mapping[str, Floats]
    high: Mapping[str, Floats]
    own: Mapping[str, Floats]
    reach_m: Mapping[str, float]

    def share(self, category: str, *, useful: Bools, unsure: Bools) -> Floats:
        """Return which share of the need of each place is covered.

        Parameters
        ----------
        category
            Category.
        useful
            Whether what is near to a community serves it at all; (communities,).
        unsure
            Whether only what is certain counts; (communities,).

        Returns
        -------
        numpy.ndarray
            Shares from 0 to 1; (places,).
        """
        covered = np.where(unsure, self.low[category], self.high[category])
        near = self.distance_m[category] <= self.reach_m[category]
        near &= useful[self.community]
        owned = np.nan_to_num(self.own[category])[self.community]
        return np.minimum(np.where(near, covered[self.community], 0.0) + owned, 1.0)


def measure_supplied(
    circle: LifeCircle, sited: Mapping[str, SitedCategory], people: People
) -> Supplied:
    """Measure how far each place is served already.

    Parameters
    ----------
    circle
        The life circle.
    sited
        Categories, see :func:`geo.site_rules.list_sited`.
    people
        Who lives in each community.

    Returns
    -------
    Supplied
        Walks and shares of the need.
    """
    ids = people.ids
    places = place_people(circle.network, ids)
    access = places.access
    doors = circle.network.doors.sort_index()
    names = doors.index[doors["households"] > 0]
    counted = access.households_counted
    whole = np.flatnonzero(np.isnan(counted))
    mine = access.door_community >= 0
    owner = access.door_community[mine]
    reach_m = {k: one.need.reach_m(circle.settings) for k, one in sited.items()}
    door_m = _measure_doors(circle, places, sited, max(reach_m.values(), default=0.0))
    distance_m = {
        key: np.concatenate([door_m[mine, at], _gap(circle, key, "distance_m")[whole]])
        for at, key in enumerate(sited)
    }
    bounds = {key: _cover(circle, places, one, people) for key, one in sited.items()}
    return Supplied(
        place=pd.Index(names[mine]).append(ids[whole]),
        community=np.concatenate([owner, whole]),
        part=np.append(
            access.door_households[mine] / counted[owner], np.ones(len(whole))
        ),
        distance_m=distance_m,
        low={key: low for key, (low, _) in bounds.items()},
        high={key: high for key, (_, high) in bounds.items()},
        own={key: _own(one, people) for key, one in sited.items()},
        reach_m=reach_m,
    )


def _gap(circle: LifeCircle, category: str, column: str) -> Floats:
    """Return a column of the gaps for one category, community by community."""
    gaps = circle.gaps
    values = gaps.loc[gaps["category"] == category, column]
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _measure_doors(
    circle: LifeCircle,
    places: Places,
    sited: Mapping[str, SitedCategory],
    farthest_m: float,
) -> Floats:
    """Measure the walk from every door to what there is; (doors, categories)."""
    network, needs = circle.network, [one.need for one in sited.values()]
    if not len(places.door_node) or not needs:
        return np.full((len(places.door_node), len(needs)), np.nan)
    ids = circle.district.communities.index.sort_values()
    stock = take_stock(circle.district.facilities, needs)
    nothing = np.full(len(needs), -1, dtype=np.int64)
    runs = Runs(np.arange(len(needs)), nothing, nothing)
    public, residents = make_seeds(network, stock, runs)
    reach = measure_reach(
        circle.reach.graph,
        public,
        categories=len(needs),
        cutoff_m=farthest_m + 1.0,
    )
    owners = places.access.door_community
    inhabited = {str(name) for name in ids[np.unique(owners[owners >= 0])]}
    joined = sorted(inhabited & set(find_private(network, residents)))
    return read_runs(reach, network, places, ids, residents, joined=joined).door_m


def _cover(
    circle: LifeCircle, places: Places, one: SitedCategory, people: People
) -> tuple[Floats, Floats]:
    """Return bounds of the share of the need that the capacity in reach covers."""
    size = len(people.ids)
    kind = one.need.capacity_kind
    if kind is None or not one.needed > 0:
        return np.ones(size), np.ones(size)
    if kind == "per_1000_persons":
        bounds = (_gap(circle, one.category, f"capacity_{k}") for k in ("low", "high"))
        low, high = (values / one.needed for values in bounds)
    else:
        low, high = _share_quota(circle, places, one, people)
    # what is not measured may cover all or nothing
    return np.nan_to_num(low, nan=0.0), np.nan_to_num(high, nan=np.inf, posinf=np.inf)


def _share_quota(
    circle: LifeCircle, places: Places, one: SitedCategory, people: People
) -> tuple[Floats, Floats]:
    """Share floor areas or parking spaces among the households in reach."""
    stock = take_stock(circle.district.facilities, [one.need])
    facilities = np.flatnonzero(stock.category == 0)
    layer = circle.district.facilities.geometry.loc[stock.ids]
    shapes = layer.to_numpy(dtype=object)[facilities]
    spaces = one.need.capacity_unit == "spaces"
    if spaces:
        kept = ~_find_counted(circle, people, shapes)
        facilities, shapes = facilities[kept], shapes[kept]
    community, facility = find_near_pairs(
        circle.reach.graph,
        circle.network,
        places,
        people.ids,
        facilities,
        stock,
        shapes=shapes,
        reach_m=one.need.reach_m(circle.settings),
    )
    amount = _find_amounts(circle, stock, spaces=spaces)[facilities]
    households = people.households.amount
    supply = share_supply(community, facility, population=households, capacity=amount)
    each = one.needed * PER_PERSONS / PER[str(one.need.capacity_kind)]
    return supply.low / each, supply.high / each


def _find_amounts(circle: LifeCircle, stock: Stock, *, spaces: bool) -> Floats:
    if spaces:
        return stock.capacity
    floor_m2 = circle.district.facilities["floor_area_m2"].loc[stock.ids]
    return np.asarray(floor_m2.to_numpy(dtype=np.float64, na_value=np.nan))


def _find_counted(circle: LifeCircle, people: People, shapes: Geometries) -> Bools:
    """Find the car parks inside a community that counts its own spaces."""
    territory = circle.network.seeder.territory
    around = territory.find_community(shapely.point_on_surface(shapes))
    inside = find_rows(people.ids, territory.name(around))
    return np.append(~np.isnan(people.spaces), False)[inside]


def _own(one: SitedCategory, people: People) -> Floats:
    """Return the share of the need that a community owns."""
    if one.group != "cars":
        return np.zeros(len(people.ids))
    need = one.needed_by(people.households.amount, people.groups["persons"].amount)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = people.spaces / need
    return np.where(need > 0, share, np.where(np.isnan(people.spaces), np.nan, 1.0))
