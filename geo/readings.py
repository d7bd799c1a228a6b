"""Seeded runs over the walk network, read where people enter and live.

Rows are communities in the order of their ids, columns are categories in the
order of the requirements; distances are metres, rounded to
:data:`geo.coverage.DECIMALS`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from geo.coverage import DECIMALS, Access, Floats, Ints, find_least
from geo.network import WalkNetwork
from geo.reach import Reach, Seeds, WalkGraph, measure_reach
from geo.rules import Requirement
from geo.stock import Places, Stock, find_rows


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
    joined: Sequence[str],
    labelled: int = 0,
    told: Callable[[float], None] | None = None,
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
    told
        Called with the share done, now and then.

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
    for done, community in enumerate(joined):
        if told is not None:
            told(done / len(joined))
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
    communities: pd.Index,
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
    communities
        Community ids, sorted.
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
    # some gates lead through a neighbour's streets, as their residents may walk
    readings = read_runs(
        reach, network, places, communities, {}, joined=find_private(network, {})
    )
    edge_m = readings.gate_m[:, 0]
    points = network.gates.geometry.loc[places.gate_ids].to_numpy()
    for area in areas:
        shapely.prepare(area)
        edge_m[~shapely.intersects(area, points)] = 0.0
    access = places.access
    least, _ = find_least(edge_m[:, None], access.gate_community, access.communities)
    return least[:, 0]


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
