"""Seeded runs over the walk network, read where people enter and live.

Rows are communities in the order of their ids, columns are categories in the
order of the requirements; distances are metres, rounded to
:data:`geo.coverage.DECIMALS`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely

from geo.coverage import DECIMALS, Access, Bools, Floats, Ints, find_least
from geo.network import WalkNetwork
from geo.reach import Reach, Seeds, WalkGraph, measure_reach
from geo.rules import Requirement
from geo.walks import catchments

#: Nodes times categories that one batch of single-facility runs may hold.
_BATCH_CELLS = 8_000_000


@dataclass(frozen=True, eq=False)
class Stock:
    """The open facilities, in the order of their ids: rows of all arrays.

    Attributes
    ----------
    ids
        Index of the facilities layer; a facility's label is its row here.
    category
        Position of its category among the requirements, -1: none of them.
    large, small
        Known to have at least the least area; known to have less.
    capacity
        Its capacity, NaN where unknown.
    """

    ids: pd.Index
    category: Ints
    large: Bools
    small: Bools
    capacity: Floats


@dataclass(frozen=True, eq=False)
class Runs:
    """Which category of the reach holds which run; each of shape (categories,).

    `every` counts all facilities, `large` those known to be large enough and
    `maybe` those not known to be too small; -1 where a run is not needed.
    """

    every: Ints
    large: Ints
    maybe: Ints

    @property
    def count(self) -> int:
        """Return the number of runs."""
        return int(max(self.every.max(), self.large.max(), self.maybe.max())) + 1


@dataclass(frozen=True, eq=False)
class Places:
    """Nodes of the gates and doors, on the rows of an :class:`Access`.

    Attributes
    ----------
    access
        Which community they belong to, and whether they are attached.
    gate_ids
        Identifiers of the gates, sorted.
    gate_node, door_node
        Their nodes, -1 where unattached.
    door_connector_m
        Way from each door to its node.
    """

    access: Access
    gate_ids: pd.Index
    gate_node: Ints
    door_node: Ints
    door_connector_m: Floats


@dataclass(frozen=True, eq=False)
class Readings:
    """Distances of one run per category, at gates and doors.

    Attributes
    ----------
    gate_m, door_m
        Distances; shapes (gates, runs) and (doors, runs).
    gate_label
        Nearest facility of the `every` runs at each gate; (gates, runs).
    """

    gate_m: Floats
    door_m: Floats
    gate_label: Ints


def find_rows(index: pd.Index, names: Iterable[object]) -> Ints:
    """Return where names stand in an index.

    Parameters
    ----------
    index
        Unique names.
    names
        Names to find.

    Returns
    -------
    numpy.ndarray
        Row positions, -1 where a name is missing.
    """
    return np.asarray(index.get_indexer(pd.Index(names)), dtype=np.int64)


def take_stock(facilities: pd.DataFrame, requirements: Sequence[Requirement]) -> Stock:
    """Sort the open facilities and compare their areas with the rules.

    Parameters
    ----------
    facilities
        Facilities layer: `category`, `status`, `floor_area_m2`, `land_area_m2`,
        `capacity`.
    requirements
        Requirements in order.

    Returns
    -------
    Stock
        Open facilities. Size goes by floor area where the rule gives one, else by
        land area.
    """
    rows = facilities[facilities["status"] == "open"].sort_index()
    position = {need.category: at for at, need in enumerate(requirements)}
    position_of = rows["category"].map(position).fillna(-1)
    category = np.asarray(position_of, dtype=np.int64)
    floor = np.array([_number(need.min_floor_area_m2) for need in requirements])
    land = np.array([_number(need.min_land_area_m2) for need in requirements])
    by_land = np.isnan(floor)
    # facilities of no required category take the row of NaN at the end
    least = np.append(np.where(by_land, land, floor), np.nan)[category]
    area = np.where(
        np.append(by_land, False)[category],
        rows["land_area_m2"].to_numpy(dtype=np.float64),
        rows["floor_area_m2"].to_numpy(dtype=np.float64),
    )
    capacity = rows["capacity"].to_numpy(dtype=np.float64)
    return Stock(rows.index, category, area >= least, area < least, capacity)


def place_people(network: WalkNetwork, communities: pd.Index) -> Places:
    """Collect the nodes of gates and doors.

    Parameters
    ----------
    network
        The walk network.
    communities
        Community ids, sorted.

    Returns
    -------
    Places
        Gates and doors of these communities, sorted by id.
    """
    gates = network.gates.sort_index()
    doors = network.doors.sort_index()
    doors = doors[doors["households"] > 0]
    gate_node = gates["node"].to_numpy(dtype=np.int64)
    door_node = doors["node"].to_numpy(dtype=np.int64)
    access = Access(
        communities=len(communities),
        gate_community=find_rows(communities, gates["community_id"]),
        gate_attached=gate_node >= 0,
        door_community=find_rows(communities, doors["community_id"]),
        door_attached=door_node >= 0,
        door_households=doors["households"].to_numpy(dtype=np.float64),
    )
    connector = doors["connector_m"].to_numpy(dtype=np.float64)
    return Places(access, gates.index, gate_node, door_node, connector)


def plan_runs(requirements: Sequence[Requirement]) -> Runs:
    """Give a number to each run that the requirements need.

    Parameters
    ----------
    requirements
        Requirements in order.

    Returns
    -------
    Runs
        One run per category, and two more where a size rule asks for them.
    """
    sized = np.array([need.size is not None for need in requirements])
    count, extra = len(requirements), int(sized.sum())
    large = np.full(count, -1, dtype=np.int64)
    large[sized] = count + np.arange(extra)
    return Runs(np.arange(count), large, np.where(sized, large + extra, -1))


def make_seeds(
    network: WalkNetwork, stock: Stock, runs: Runs
) -> tuple[Seeds, dict[str, Seeds]]:
    """Turn the facility seeds of the network into seeds of the runs.

    Parameters
    ----------
    network
        The walk network.
    stock
        Open facilities.
    runs
        The runs.

    Returns
    -------
    everyone : Seeds
        Seeds that serve all.
    residents : dict
        Community id to the seeds that serve only its residents.
    """
    seeds = network.facility_seeds
    label = find_rows(stock.ids, seeds["facility_id"])
    seeds = seeds.assign(label=label)[label >= 0]
    seeds = seeds[stock.category[seeds["label"].to_numpy(dtype=np.int64)] >= 0]
    public = seeds["community_id"].isna()
    own = seeds[~public].groupby("community_id", sort=True)
    return (
        _seed_runs(seeds[public], stock, runs),
        {str(key): _seed_runs(rows, stock, runs) for key, rows in own},
    )


def _seed_runs(rows: pd.DataFrame, stock: Stock, runs: Runs) -> Seeds:
    label = rows["label"].to_numpy(dtype=np.int64)
    category = stock.category[label]
    wanted = (
        (runs.every[category], np.ones(len(label), dtype=np.bool_)),
        (runs.large[category], stock.large[label]),
        (runs.maybe[category], ~stock.small[label]),
    )
    chosen = [(run, keep & (run >= 0)) for run, keep in wanted]
    picked = np.concatenate([np.flatnonzero(keep) for _, keep in chosen])
    return Seeds(
        category=np.concatenate([run[keep] for run, keep in chosen]),
        node=rows["node"].to_numpy(dtype=np.int64)[picked],
        distance_m=rows["distance_m"].to_numpy(dtype=np.float64)[picked],
        label=label[picked],
    )


@contextmanager
def as_resident(
    reach: Reach, network: WalkNetwork, community: str, own: Seeds | None
) -> Iterator[Reach]:
    """Walk as a resident of a community does.

    Parameters
    ----------
    reach
        Runs over the public network.
    network
        The walk network with the connectors that only residents may use.
    community
        Community id.
    own
        Seeds that serve only its residents.

    Yields
    ------
    Reach
        `reach`, for as long as the block lasts.
    """
    edges = network.resident_edges
    mine = edges[(edges["community_id"] == community).to_numpy()]
    with reach.joined(
        mine["u"].to_numpy(dtype=np.int64),
        mine["v"].to_numpy(dtype=np.int64),
        mine["length_m"].to_numpy(dtype=np.float64),
        own,
    ) as joined:
        yield joined


def read_runs(
    reach: Reach,
    network: WalkNetwork,
    places: Places,
    communities: pd.Index,
    residents: Mapping[str, Seeds],
    *,
    joined: Iterable[str],
    labelled: int = 0,
) -> Readings:
    """Read the runs at all gates and doors, as their residents walk.

    Parameters
    ----------
    reach
        Runs over the public network.
    network
        The walk network.
    places
        Gates and doors.
    communities
        Community ids, sorted.
    residents
        Community id to the seeds that serve only its residents.
    joined
        Communities whose residents can walk where others cannot.
    labelled
        Number of runs, from the first, whose labels are wanted.

    Returns
    -------
    Readings
        Distances and labels, NaN and -1 where nothing is in reach.
    """
    access = places.access
    gates = np.flatnonzero(access.gate_attached)
    doors = np.flatnonzero(access.door_attached)
    readings = Readings(
        gate_m=np.full((len(places.gate_node), reach.categories), np.nan),
        door_m=np.full((len(places.door_node), reach.categories), np.nan),
        gate_label=np.full((len(places.gate_node), labelled), -1, dtype=np.int64),
    )
    _read_at(reach, places, gates, doors, readings)
    gate_rows = _rows_by_community(access.gate_community, gates)
    door_rows = _rows_by_community(access.door_community, doors)
    none = np.empty(0, dtype=np.int64)
    for community in joined:
        at = int(find_rows(communities, [community])[0])
        own = residents.get(community)
        with as_resident(reach, network, community, own) as opened:
            own_gates, own_doors = gate_rows.get(at, none), door_rows.get(at, none)
            _read_at(opened, places, own_gates, own_doors, readings)
    return Readings(
        np.round(readings.gate_m, DECIMALS),
        np.round(readings.door_m, DECIMALS),
        readings.gate_label,
    )


def find_private(network: WalkNetwork, residents: Mapping[str, Seeds]) -> list[str]:
    """Find the communities whose residents can walk where others cannot.

    Parameters
    ----------
    network
        The walk network with the connectors of residents.
    residents
        Community id to the seeds that serve only its residents.

    Returns
    -------
    list
        Community ids, sorted.
    """
    return sorted({*network.resident_edges["community_id"].astype(str), *residents})


def _rows_by_community(community: Ints, rows: Ints) -> dict[int, Ints]:
    order = rows[np.argsort(community[rows], kind="stable")]
    owner, first = np.unique(community[order], return_index=True)
    parts = np.split(order, first)[1:]
    return dict(zip(owner.tolist(), parts, strict=True))


def _read_at(
    reach: Reach, places: Places, gates: Ints, doors: Ints, into: Readings
) -> None:
    """Read all runs at some gates and doors into the arrays of `into`."""
    nodes = np.concatenate([places.gate_node[gates], places.door_node[doors]])
    if not len(nodes):
        return
    labelled = into.gate_label.shape[1]
    for run in range(reach.categories):
        distance, label = reach.values(run, nodes)
        into.gate_m[gates, run] = distance[: len(gates)]
        into.door_m[doors, run] = (
            distance[len(gates) :] + places.door_connector_m[doors]
        )
        if run < labelled:
            into.gate_label[gates, run] = label[: len(gates)]


def measure_edge(
    graph: WalkGraph,
    network: WalkNetwork,
    places: Places,
    *,
    areas: Sequence[shapely.Geometry],
    layer: str,
    cutoff_m: float,
) -> Floats:
    """Measure how far each community is from the edge of the data of a layer.

    Parameters
    ----------
    graph
        Graph of the walk network.
    network
        The walk network, with its exits.
    places
        Gates and doors.
    areas
        Surveyed areas of the district and of the layer.
    layer
        The layer; where it has an extent of its own, the nearer edge counts.
    cutoff_m
        Distance beyond which the edge does not matter.

    Returns
    -------
    numpy.ndarray
        Metres on the network from the nearest gate, NaN beyond `cutoff_m`; 0 where
        a gate is outside an area; shape (communities,).
    """
    exits = pd.concat((network.exits, network.exits_of(layer)), ignore_index=True)
    nothing = np.zeros(len(exits), dtype=np.int64)
    seeds = Seeds(nothing, exits["node"], exits["offset_m"], nothing)
    reach = measure_reach(graph, seeds, categories=1, cutoff_m=cutoff_m)
    attached = places.access.gate_attached
    edge_m = np.full(len(attached), np.nan)
    edge_m[attached] = reach.distance_m(0, places.gate_node[attached])
    points = network.gates.geometry.loc[places.gate_ids].to_numpy()
    for area in areas:
        shapely.prepare(area)
        edge_m[~shapely.intersects(area, points)] = 0.0
    access = places.access
    least, _ = find_least(edge_m[:, None], access.gate_community, access.communities)
    return np.round(least[:, 0], DECIMALS)


def find_pairs(
    graph: WalkGraph,
    network: WalkNetwork,
    places: Places,
    communities: pd.Index,
    facilities: Ints,
    stock: Stock,
    *,
    reach_m: float,
) -> tuple[Ints, Ints]:
    """Find which communities each facility can be walked to from.

    Parameters
    ----------
    graph
        Graph of the walk network.
    network
        The walk network.
    places
        Gates and doors.
    communities
        Community ids, sorted.
    facilities
        Labels of the facilities.
    stock
        Open facilities.
    reach_m
        What is in reach of any gate or door.

    Returns
    -------
    community, facility : numpy.ndarray
        Pairs in reach, each once: row positions among `communities` and
        `facilities`.
    """
    position = pd.Series(np.arange(len(facilities)), index=stock.ids[facilities])
    seeds = network.facility_seeds
    seeds = seeds.assign(facility=seeds["facility_id"].map(position))
    seeds = seeds[seeds["facility"].notna()].astype({"facility": "int64"})
    found = [_find_public_pairs(graph, places, seeds, reach_m)]
    inside = find_owners(network, seeds)
    locked = _find_locked(network, places, communities)
    within = np.sort(inside["facility"].unique())
    if locked:
        within = np.arange(len(facilities))
    size = max(1, _BATCH_CELLS // max(1, graph.nodes))
    for start in range(0, len(within), size):
        batch = within[start : start + size]
        category = np.full(len(stock.ids), -1, dtype=np.int64)
        category[facilities[batch]] = np.arange(len(batch))
        nothing = np.full(len(batch), -1, dtype=np.int64)
        runs = Runs(np.arange(len(batch)), nothing, nothing)
        public, own = make_seeds(network, replace(stock, category=category), runs)
        reach = measure_reach(
            graph, public, categories=len(batch), cutoff_m=reach_m + 1.0
        )
        owners = inside.loc[inside["facility"].isin(batch), "community_id"]
        readings = read_runs(
            reach, network, places, communities, own, joined=sorted({*owners, *locked})
        )
        rows, columns = np.nonzero(find_reached(places.access, readings) <= reach_m)
        found.append(np.stack([rows, batch[columns]], axis=1))
    pairs = np.unique(np.concatenate(found), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _find_public_pairs(
    graph: WalkGraph, places: Places, seeds: pd.DataFrame, reach_m: float
) -> Ints:
    """Find the pairs that the public network joins, counted from the facilities."""
    access = places.access
    node = np.concatenate([places.gate_node, places.door_node])
    extra = np.append(np.zeros(len(places.gate_node)), places.door_connector_m)
    owner = np.concatenate([access.gate_community, access.door_community])
    table = pd.DataFrame({"node": node, "extra": extra, "community": owner})
    table = table[node >= 0]
    public = seeds[seeds["community_id"].isna()]
    caught = catchments(
        graph,
        public["facility"],
        public["node"],
        public["distance_m"],
        nodes=table["node"],
        cutoff_m=reach_m + 1.0,
    )
    pairs = pd.DataFrame(caught._asdict()).merge(table, on="node")
    walked = (pairs["distance_m"] + pairs["extra"]).round(DECIMALS)
    reached = pairs.loc[walked <= reach_m, ["community", "source"]]
    return reached.drop_duplicates().to_numpy(dtype=np.int64)


def _find_locked(
    network: WalkNetwork, places: Places, communities: pd.Index
) -> list[str]:
    """Find the communities with a gate that no street outside walls leads to."""
    walled = network.pieces["walled"].to_numpy(dtype=np.bool_)
    gates = np.flatnonzero(places.access.gate_attached)
    shut = gates[walled[network.node_piece[places.gate_node[gates]]]]
    owners = np.unique(places.access.gate_community[shut])
    return [str(name) for name in communities[owners]]


def find_owners(network: WalkNetwork, seeds: pd.DataFrame) -> pd.DataFrame:
    """Find which communities reach a facility from inside their own wall.

    Parameters
    ----------
    network
        The walk network.
    seeds
        Rows of its facility seeds, with a column `facility`.

    Returns
    -------
    pandas.DataFrame
        `facility` and `community_id`, each pair once.
    """
    owner = np.full(len(network.x), -1, dtype=np.int64)
    inner = network.inside >= 0
    for ends in (network.u, network.v):
        owner[ends[inner]] = network.inside[inner]
    names = network.seeder.territory.name(owner[seeds["node"]])
    behind = seeds[["facility"]].assign(community_id=names)
    told = seeds[["facility", "community_id"]]
    both = pd.concat((told, behind), ignore_index=True).dropna()
    return both.drop_duplicates().reset_index(drop=True)


def find_reached(access: Access, readings: Readings) -> Floats:
    """Return the least distance over gates and doors.

    Parameters
    ----------
    access
        Gates and doors.
    readings
        Distances at them.

    Returns
    -------
    numpy.ndarray
        Shape (communities, runs), NaN where nothing is in reach.
    """
    values = np.concatenate([readings.gate_m, readings.door_m])
    owner = np.concatenate([access.gate_community, access.door_community])
    return find_least(values, owner, access.communities)[0]


def _number(value: float | None) -> float:
    return np.nan if value is None else value
