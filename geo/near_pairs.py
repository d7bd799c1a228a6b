"""Which facilities and communities can walk to each other, square by square.

The same pairs as :func:`geo.pairs.find_pairs`, whose work grows with facilities times
communities where residents have ways of their own. Nobody walks to a facility that is
farther in a straight line than the reach, so for many facilities only the communities
around each square kilometre or so are looked at.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import shapely

from geo.coverage import Access, Bools, Floats, Ints
from geo.network import WalkNetwork
from geo.pairs import find_pairs
from geo.reach import WalkGraph
from geo.stock import Places, Stock
from geo.straight import Geometries

#: Side of a square, metres.
SIDE_M = 1500.0
#: How much farther in a straight line than on foot a place may seem (snapping).
_SLACK_M = 50.0


def find_near_pairs(
    graph: WalkGraph,
    network: WalkNetwork,
    places: Places,
    communities: pd.Index,
    facilities: Ints,
    stock: Stock,
    *,
    shapes: Geometries,
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
    shapes
        Geometries of `facilities`.
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
    found = [np.empty((0, 2), dtype=np.int64)]
    for batch in _sort_into_squares(shapes):
        box = shapely.total_bounds(shapes[batch])
        near = _find_near(network, places, box, reach_m + _SLACK_M)
        community, facility = find_pairs(
            graph,
            _keep_ways(network, communities, near, stock.ids[facilities[batch]]),
            _keep_places(places, near),
            communities,
            facilities[batch],
            stock,
            reach_m=reach_m,
        )
        found.append(np.stack([community, batch[facility]], axis=1))
    pairs = np.unique(np.concatenate(found), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _sort_into_squares(shapes: Geometries) -> Iterator[Ints]:
    """Yield row positions, one square after the other."""
    points = shapely.get_coordinates(shapely.point_on_surface(shapes))
    square = np.floor(points / SIDE_M).astype(np.int64)
    _, number = np.unique(square, axis=0, return_inverse=True)
    order = np.argsort(number, kind="stable").astype(np.int64)
    ends = np.cumsum(np.bincount(number))
    yield from np.split(order, ends[:-1]) if len(order) else []


def _find_near(
    network: WalkNetwork, places: Places, box: Floats, within_m: float
) -> Bools:
    """Find the communities with a gate or door around a box; (communities,)."""
    access = places.access
    near = np.zeros(access.communities, dtype=np.bool_)
    for node, owner in (
        (places.gate_node, access.gate_community),
        (places.door_node, access.door_community),
    ):
        attached = node >= 0
        x, y = network.x[node[attached]], network.y[node[attached]]
        inside = (x >= box[0] - within_m) & (x <= box[2] + within_m)
        inside &= (y >= box[1] - within_m) & (y <= box[3] + within_m)
        near[owner[attached][inside]] = True
    return near


def _keep_ways(
    network: WalkNetwork, communities: pd.Index, near: Bools, names: pd.Index
) -> WalkNetwork:
    """Return the network with the residents' ways and the facilities in question.

    Who shares a gate with one of those communities keeps all own ways, too.
    """
    own, seeds = network.resident_edges, network.facility_seeds
    mine = own["community_id"].isin(communities[near])
    keys = pd.MultiIndex.from_frame(own[["u", "v"]])
    shared = keys.isin(keys[mine.to_numpy()])
    kept = own["community_id"].isin(own.loc[shared, "community_id"])
    return replace(
        network,
        resident_edges=own[kept],
        facility_seeds=seeds[seeds["facility_id"].isin(names)],
    )


def _keep_places(places: Places, near: Bools) -> Places:
    """Return the gates and doors of some communities."""
    access = places.access
    gates, doors = near[access.gate_community], near[access.door_community]
    return Places(
        Access(
            communities=access.communities,
            gate_community=access.gate_community[gates],
            gate_attached=access.gate_attached[gates],
            door_community=access.door_community[doors],
            door_attached=access.door_attached[doors],
            door_households=access.door_households[doors],
        ),
        places.gate_ids[gates],
        places.gate_node[gates],
        places.door_node[doors],
        places.door_connector_m[doors],
    )
