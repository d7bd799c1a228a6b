"""What is there: open facilities with their sizes, gates and doors with their nodes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.coverage import Access, Bools, Floats, Ints
from geo.network import WalkNetwork
from geo.rules import Requirement


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


def _number(value: float | None) -> float:
    return np.nan if value is None else value
