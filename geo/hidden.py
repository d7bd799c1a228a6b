"""Facilities that exist but cannot be walked to from outside.

On no street, or behind a wall without a gate for strangers: within the threshold
in a straight line such a facility turns ``short`` into ``unknown`` (METHODS §1),
except for those who do walk to it: as a rule the residents of its own community,
and those of a neighbour that shares a gate.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.coverage import Floats, Ints
from geo.network import WalkNetwork
from geo.pairs import find_pairs
from geo.reach import WalkGraph
from geo.seeds import NO_COMMUNITY, SEALED, TOO_FAR
from geo.stock import Places, Stock, find_rows
from geo.straight import Geometries


@dataclass(frozen=True, eq=False)
class Hidden:
    """The facilities in question, one row of each array.

    Attributes
    ----------
    label
        Label of the facility.
    shapes
        Its geometry.
    only
        Row position of the one community that it serves, -1: all.
    walked
        Facility (row) and row position of a community whose residents do walk to
        it; shape (pairs, 2).
    """

    label: Ints
    shapes: Geometries
    only: Ints
    walked: Ints


def find_hidden(
    facilities: gpd.GeoDataFrame,
    network: WalkNetwork,
    places: Places,
    stock: Stock,
    ids: pd.Index,
    *,
    graph: WalkGraph,
    within_m: float,
) -> Hidden:
    """Find the open facilities that cannot be walked to from outside.

    Parameters
    ----------
    facilities
        Facilities layer: `serves`, geometry.
    network
        The walk network.
    places
        Gates and doors.
    stock
        Open facilities.
    ids
        Community ids, sorted.
    graph
        Graph of the walk network.
    within_m
        Farthest that anybody walks: who is farther does not walk to it.

    Returns
    -------
    Hidden
        Those of a required category.
    """
    state = network.attached.reindex(stock.ids)
    lost = state.isin([TOO_FAR, SEALED, NO_COMMUNITY]).to_numpy()
    label = np.flatnonzero(lost & (stock.category >= 0))
    rows = facilities.loc[stock.ids[label]]
    shapes = np.asarray(rows.geometry, dtype=object)
    around, _ = network.seeder.find_places(shapely.point_on_surface(shapes))
    owner = find_rows(ids, network.seeder.territory.name(around))
    private = (rows["serves"] == "residents").to_numpy(dtype=bool)
    seeded = stock.ids[label].isin(network.facility_seeds["facility_id"])
    some = np.flatnonzero(seeded)
    community, facility = find_pairs(
        graph, network, places, ids, label[some], stock, reach_m=within_m
    )
    return Hidden(
        label=label,
        shapes=shapes,
        only=np.where(private, owner, -1).astype(np.int64),
        walked=np.stack([some[facility], community], axis=1),
    )


def measure_hidden(
    hidden: Hidden,
    network: WalkNetwork,
    places: Places,
    stock: Stock,
    *,
    categories: int,
    within_m: float,
) -> tuple[Floats, Floats]:
    """Measure the straight distance from gates to facilities that are hidden.

    Parameters
    ----------
    hidden
        The facilities in question.
    network
        The walk network, with its gates.
    places
        Gates and doors.
    stock
        Open facilities.
    categories
        Number of categories.
    within_m
        Farthest to look.

    Returns
    -------
    any_m : numpy.ndarray
        Metres to the nearest one; (communities, categories), NaN where there is
        none.
    maybe_m : numpy.ndarray
        The same for the nearest one that is not known to be too small.
    """
    access = places.access
    nearest = np.full((2, access.communities, categories), np.inf)
    gates = np.asarray(network.gates.geometry.loc[places.gate_ids], dtype=object)
    tree = shapely.STRtree(hidden.shapes)
    gate, which = tree.query(gates, predicate="dwithin", distance=within_m)
    community = access.gate_community[gate]
    served = (hidden.only[which] < 0) | (hidden.only[which] == community)
    walked = {(facility, own) for facility, own in hidden.walked.tolist()}
    pairs = zip(which.tolist(), community.tolist(), strict=True)
    served &= np.array([pair not in walked for pair in pairs], dtype=np.bool_)
    gate, which, community = gate[served], which[served], community[served]
    distance = shapely.distance(gates[gate], hidden.shapes[which])
    label = hidden.label[which]
    np.minimum.at(nearest[0], (community, stock.category[label]), distance)
    maybe = ~stock.small[label]
    cell = community[maybe], stock.category[label[maybe]]
    np.minimum.at(nearest[1], cell, distance[maybe])
    found = np.where(np.isinf(nearest), np.nan, nearest)
    return found[0], found[1]
