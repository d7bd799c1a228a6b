"""Which share of a community is served once a resource has become a facility.

The distance test of a community whose households are counted door by door asks for a
share of them within the threshold (METHODS §1): a resource near its gate may still be
too far from most of its doors.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from geo.coverage import DECIMALS, Floats, Ints
from geo.lifecircle import LifeCircle
from geo.reach import Reach, Seeds, measure_reach
from geo.readings import Runs, find_private, make_seeds, read_runs
from geo.stock import Places, find_rows, place_people, take_stock

#: Pairs between two reports of progress.
_TOLD = 64


def measure_served(
    life_circle: LifeCircle,
    pairs: pd.DataFrame,
    seeds: pd.DataFrame,
    told: Callable[[float], None] | None = None,
) -> Floats:
    """Measure which share of each community is served once a resource is used.

    Parameters
    ----------
    life_circle
        The life circle.
    pairs
        `community_id`, `category`, `idle_id` and `reach_m` (what is in reach, metres).
    seeds
        Where the resources meet the network (:func:`geo.network.attach_points`).
    told
        Called with the share done, now and then.

    Returns
    -------
    numpy.ndarray
        For each pair, the share of the households behind doors that have the category
        within reach, by what there is or by the resource; a door on no street counts
        as beyond. NaN where no households are counted.
    """
    network = life_circle.network
    ids = life_circle.district.communities.index.sort_values()
    places = place_people(network, ids)
    counted = places.access.households_counted
    community = find_rows(ids, pairs["community_id"])
    asked = np.flatnonzero(~np.isnan(counted[community]))
    share = np.full(len(pairs), np.nan)
    if not len(asked):
        return share
    rows = pairs.iloc[asked]
    categories = sorted(set(rows["category"]))
    before_m = _measure_before(life_circle, places, rows, categories)
    after_m = _Resources(life_circle, places, seeds, float(rows["reach_m"].max()))
    households = places.access.door_households
    column = {category: at for at, category in enumerate(categories)}
    for done, (at, row) in enumerate(
        zip(asked.tolist(), rows.itertuples(), strict=True)
    ):
        if told is not None and done % _TOLD == 0:
            told(done / len(asked))
        name = str(row.community_id)
        doors = after_m.doors[community[at]]
        nearer = np.fmin(
            before_m[doors, column[str(row.category)]],
            after_m.walk(name, str(row.idle_id), doors),
        )
        within = households[doors][nearer <= row.reach_m].sum()
        share[at] = within / counted[community[at]]
    return share


def _measure_before(
    life_circle: LifeCircle,
    places: Places,
    rows: pd.DataFrame,
    categories: list[str],
) -> Floats:
    """Measure the walk from every door to what there is; (doors, categories)."""
    network, rules = life_circle.network, life_circle.rules
    ids = life_circle.district.communities.index.sort_values()
    needs = [rules.requirements[category] for category in categories]
    stock = take_stock(life_circle.district.facilities, needs)
    nothing = np.full(len(needs), -1, dtype=np.int64)
    runs = Runs(np.arange(len(needs)), nothing, nothing)
    public, residents = make_seeds(network, stock, runs)
    reach = measure_reach(
        life_circle.reach.graph,
        public,
        categories=len(needs),
        cutoff_m=float(rows["reach_m"].max()) + 1.0,
    )
    private = set(find_private(network, residents)) & set(rows["community_id"])
    readings = read_runs(reach, network, places, ids, residents, joined=sorted(private))
    return readings.door_m


class _Resources:
    """Walks between doors and resources, each measured once."""

    def __init__(
        self,
        life_circle: LifeCircle,
        places: Places,
        seeds: pd.DataFrame,
        reach_m: float,
    ) -> None:
        nothing = np.empty(0, dtype=np.int64)
        none = Seeds(nothing, nothing, nothing.astype(np.float64), nothing)
        graph = life_circle.reach.graph
        self._reach: Reach = measure_reach(
            graph, none, categories=1, cutoff_m=reach_m + 1.0
        )
        self._places = places
        edges = life_circle.network.resident_edges
        self._ways = [edges[name].to_numpy() for name in ("u", "v", "length_m")]
        self._edges = group_rows(edges["community_id"])
        self._node = seeds["node"].to_numpy(dtype=np.int64)
        self._far_m = seeds["distance_m"].to_numpy(dtype=np.float64)
        self._only = seeds["community_id"].astype("object").to_numpy()
        self._ends = group_rows(seeds["facility_id"])
        self._walks: dict[tuple[str, str], Floats] = {}
        self.doors = group_rows(pd.Series(places.access.door_community))

    def walk(self, community: str, resource: str, doors: Ints) -> Floats:
        """Return the walk from doors of a community to a resource, NaN beyond reach."""
        key = (community, resource)
        if key not in self._walks:
            self._walks[key] = self._measure(community, resource, doors)
        return self._walks[key]

    def _measure(self, community: str, resource: str, doors: Ints) -> Floats:
        ends = self._ends[resource]
        only = self._only[ends]
        ends = ends[pd.isna(only) | (only == community)]
        zero = np.zeros(len(ends), dtype=np.int64)
        own = Seeds(zero, self._node[ends], self._far_m[ends], zero)
        mine = self._edges.get(community, np.empty(0, dtype=np.int64))
        u, v, length_m = (way[mine] for way in self._ways)
        node = self._places.door_node[doors]
        on = node >= 0
        found = np.full(len(doors), np.nan)
        with self._reach.joined(u, v, length_m, own) as joined:
            found[on] = joined.distance_m(0, node[on])
        total = found + self._places.door_connector_m[doors]
        return np.asarray(total.round(DECIMALS), dtype=np.float64)


def group_rows(names: pd.Series) -> Mapping[object, Ints]:
    """Return which rows hold each name.

    Parameters
    ----------
    names
        Names, one per row.

    Returns
    -------
    collections.abc.Mapping
        Name to row positions, ascending.

    Examples
    --------
    >>> group_rows(pd.Series(["a", "b", "a"]))["a"].tolist()
    [0, 2]
    """
    groups = names.reset_index(drop=True).groupby(names.to_numpy()).indices
    return {name: np.asarray(rows, dtype=np.int64) for name, rows in groups.items()}
