"""Which facilities and communities can walk to each other, each pair once."""

from dataclasses import replace

import numpy as np
import pandas as pd

from geo.coverage import DECIMALS, Ints
from geo.network import WalkNetwork
from geo.reach import WalkGraph, measure_reach
from geo.readings import Runs, find_reached, make_seeds, read_runs
from geo.stock import Places, Stock, find_owners
from geo.walks import catchments

#: Nodes times categories that one batch of single-facility runs may hold.
_BATCH_CELLS = 8_000_000


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
    community : numpy.ndarray
        Row positions among `communities`; together with `facility` each pair in
        reach stands once.
    facility : numpy.ndarray
        Row positions among `facilities`.
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
    """Find the communities that enter through a neighbour or behind its walls.

    That is: one of their gates is shared for residents only, or no street outside
    walls leads to it.
    """
    walled = network.pieces["walled"].to_numpy(dtype=np.bool_)
    gates = np.flatnonzero(places.access.gate_attached)
    shut = gates[walled[network.node_piece[places.gate_node[gates]]]]
    owners = communities[np.unique(places.access.gate_community[shut])]
    own = network.resident_edges
    shared = own.loc[own.duplicated(["u", "v"], keep=False), "community_id"]
    return sorted({*owners.astype(str), *shared.astype(str)})
