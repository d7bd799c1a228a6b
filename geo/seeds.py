"""Facilities and doors on the walk network.

Exact meaning: :mod:`geo.network`, definitions 17 to 19.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.attach import OWN_WALL_M, Attacher
from geo.edges import (
    Edges,
    Floats,
    Geometries,
    Ints,
    add_connectors,
    add_nodes,
    make_points,
    split_edges,
)

#: What became of a facility.
ATTACHED, TOO_FAR, SEALED = "attached", "too_far", "sealed"
NOT_OPEN, NO_COMMUNITY = "not_open", "no_community"

SEED_COLUMNS = ("facility_id", "node", "distance_m", "community_id")


@dataclass(frozen=True, slots=True, eq=False)
class Territory:
    """The communities, to ask which one a point belongs to.

    Attributes
    ----------
    ids
        Community ids by row position.
    order
        Row positions, smallest community first.
    tree
        Tree of their polygons in that order.
    """

    ids: pd.Index
    order: Ints
    tree: shapely.STRtree

    def find_community(self, points: Geometries) -> Ints:
        """Return the smallest community that contains each point.

        Parameters
        ----------
        points
            Points in the working CRS.

        Returns
        -------
        numpy.ndarray
            Row positions; -1: in none.
        """
        found = np.full(len(points), -1, dtype=np.int64)
        point, which = self.tree.query(points, predicate="intersects")
        turn = np.argsort(-which, kind="stable")
        found[point[turn]] = self.order[which[turn]]
        return found

    def name(self, position: Ints) -> Geometries:
        """Return the ids of communities.

        Parameters
        ----------
        position
            Row positions; -1: none.

        Returns
        -------
        numpy.ndarray
            Ids; None where there is none.
        """
        names: Geometries = np.array([*self.ids, None], dtype=object)[position]
        return names


def make_territory(communities: gpd.GeoDataFrame) -> Territory:
    """Prepare the search for the community of a point.

    Parameters
    ----------
    communities
        Communities layer, metric CRS.

    Returns
    -------
    Territory
        The prepared search.
    """
    shapes = communities.geometry.to_numpy(dtype=object)
    order = np.argsort(shapely.area(shapes), kind="stable").astype(np.int64)
    return Territory(communities.index, order, shapely.STRtree(shapes[order]))


@dataclass(frozen=True, slots=True, eq=False)
class Seeder:
    """Turns places into nodes with a distance.

    Attributes
    ----------
    attacher
        Search for nearest edges.
    territory
        Search for the community of a point.
    gates
        Attached gates of walled communities: `community`, `node`, `x`, `y`,
        `open`.
    max_m
        Greatest length of a connector.
    """

    attacher: Attacher
    territory: Territory
    gates: pd.DataFrame
    max_m: float

    def find_places(self, points: Geometries) -> tuple[Ints, Ints]:
        """Return the community of each point and the wall it is behind.

        Parameters
        ----------
        points
            Points in the working CRS.

        Returns
        -------
        tuple
            Row positions of the community and of the walled community; -1: none.
        """
        side = self.attacher.obstacles.walled.find_side(points)
        return self.territory.find_community(points), side

    def find_straight(self, shapes: Geometries, side: Ints) -> pd.DataFrame:
        """Find the gates that shapes inside a wall reach in a straight line.

        Parameters
        ----------
        shapes
            Points or polygons in the working CRS.
        side
            Position of the walled community that each is inside.

        Returns
        -------
        pandas.DataFrame
            `row`, `node`, `distance_m`, `open`, one row per shape and gate.
        """
        rows = pd.DataFrame({"row": np.arange(len(shapes)), "community": side})
        pairs = rows.merge(self.gates, on="community")
        row = pairs["row"].to_numpy(dtype=np.int64)
        gates = make_points(pairs[["x", "y"]].to_numpy())
        lines = shapely.shortest_line(gates, shapes[row])
        ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
        crossed = self.attacher.obstacles.crosses(
            ends[:, 0], ends[:, 1], own_m=OWN_WALL_M
        )
        pairs["distance_m"] = shapely.length(lines)
        columns = ["row", "node", "distance_m", "open"]
        return pairs.loc[~crossed, columns].reset_index(drop=True)

    def seed(self, shapes: Geometries, side: Ints) -> pd.DataFrame:
        """Find the nodes from which places are reached.

        Parameters
        ----------
        shapes
            Points or polygons in the working CRS.
        side
            Position of the walled community that each is inside; -1: none.

        Returns
        -------
        pandas.DataFrame
            `row`, `node`, `distance_m`, `open` (False: only through a gate for
            residents), one row per shape and node, least distance.
        """
        area = np.flatnonzero(shapely.get_dimensions(shapes) == 2)  # noqa: PLR2004
        row, edge, at = self.attacher.meet(shapes[area], side[area])
        row, far = area[row], np.zeros(len(row))
        rest = np.setdiff1d(np.arange(len(shapes)), row)
        near = self.attacher.attach(shapes[rest], side[rest], max_m=self.max_m)
        hit = near.edge >= 0
        seeds = _two_ends(
            self.attacher.edges,
            np.concatenate((row, rest[hit])),
            np.concatenate((edge, near.edge[hit])),
            np.concatenate((at, near.at_m[hit])),
            np.concatenate((far, near.connector_m[hit])),
        )
        lost = rest[~hit & (side[rest] >= 0)]
        straight = self.find_straight(shapes[lost], side[lost])
        straight["row"] = lost[straight["row"].to_numpy(dtype=np.int64)]
        found = pd.concat((seeds, straight), ignore_index=True)
        found = found.sort_values(["row", "node", "distance_m"])
        return found.drop_duplicates(["row", "node"]).reset_index(drop=True)


def _two_ends(
    edges: Edges, row: Ints, edge: Ints, at: Floats, far: Floats
) -> pd.DataFrame:
    length = edges.length_m[edge]
    return pd.DataFrame(
        {
            "row": np.concatenate((row, row)),
            "node": np.concatenate((edges.u[edge], edges.v[edge])),
            "distance_m": np.concatenate((far + at, far + length - at)),
            "open": np.ones(2 * len(row), dtype=bool),
        }
    )


@dataclass(frozen=True, slots=True, eq=False)
class Seeds:
    """Facilities on the network.

    Attributes
    ----------
    seeds
        Columns `SEED_COLUMNS`, several rows per facility.
    attached
        What became of each facility, on the facilities' index: one of
        `ATTACHED`, `TOO_FAR`, `SEALED`, `NOT_OPEN`, `NO_COMMUNITY`.
    """

    seeds: pd.DataFrame
    attached: pd.Series


def seed_facilities(
    seeder: Seeder, facilities: gpd.GeoDataFrame, sealed: Ints
) -> Seeds:
    """Put the facilities that are open onto the network.

    Parameters
    ----------
    seeder
        Turns places into nodes.
    facilities
        Facilities layer: geometry, `serves`, `status`.
    sealed
        Nodes that strangers cannot reach from any street outside a wall.

    Returns
    -------
    Seeds
        Seeds and the state of each facility.
    """
    shapes = facilities.geometry.to_numpy(dtype=object)
    community, side = seeder.find_places(shapely.point_on_surface(shapes))
    state = np.full(len(shapes), TOO_FAR, dtype=object)
    own = (facilities["serves"] == "residents").to_numpy(dtype=bool)
    shut = facilities["status"].fillna("open") != "open"
    state[own & (community < 0)] = NO_COMMUNITY
    state[shut.to_numpy(dtype=bool)] = NOT_OPEN
    live = np.flatnonzero(state == TOO_FAR)
    found = seeder.seed(shapes[live], side[live])
    row = live[found["row"].to_numpy(dtype=np.int64)]
    state[row] = ATTACHED
    closed = ~found["open"].to_numpy(dtype=bool)
    lonely = closed | np.isin(found["node"], sealed)
    served = pd.Series(~lonely).groupby(row).any()
    for_all = served.index[~served].to_numpy(dtype=np.int64)
    state[for_all[~own[for_all]]] = SEALED
    only = np.where(own[row], community[row], np.where(closed, side[row], -1))
    names = facilities.index.to_numpy(dtype=object)
    seeds = found[["node", "distance_m"]].assign(
        facility_id=names[row], community_id=seeder.territory.name(only)
    )
    seeds["node"] = seeds["node"].astype("int32")
    attached = pd.Series(state, index=facilities.index, name="attached", dtype="str")
    return Seeds(seeds[list(SEED_COLUMNS)], attached)


def connect_doors(
    seeder: Seeder, buildings: gpd.GeoDataFrame
) -> tuple[Edges, pd.DataFrame, pd.DataFrame]:
    """Put the doors of buildings with known households onto the network.

    Parameters
    ----------
    seeder
        Turns places into nodes.
    buildings
        Buildings layer: `community_id`, `households`.

    Returns
    -------
    Edges
        The network, split at the doors.
    pandas.DataFrame
        Doors: index building id; `community_id`, `households`, `node` (-1:
        unattached), `connector_m` (NaN: unattached).
    pandas.DataFrame
        Further connections for residents only: `u`, `v`, `community`.
    """
    households = pd.to_numeric(buildings["households"])
    known = buildings[(households > 0).to_numpy(dtype=bool)]
    points = shapely.point_on_surface(known.geometry.to_numpy(dtype=object))
    around, side = seeder.find_places(points)
    said = seeder.territory.ids.get_indexer(known["community_id"])
    community = np.where(said >= 0, said, around)
    lived = np.flatnonzero(community >= 0)
    points, side = points[lived], side[lived]
    near = seeder.attacher.attach(points, side, max_m=seeder.max_m)
    hit = near.edge >= 0
    edges, nodes, _ = split_edges(seeder.attacher.edges, near.edge[hit], near.at_m[hit])
    node = np.full(len(points), -1, dtype=np.int64)
    node[hit] = nodes
    far = near.connector_m.copy()
    lost = np.flatnonzero(~hit & (side >= 0))
    straight = seeder.find_straight(points[lost], side[lost])
    row = lost[straight["row"].to_numpy(dtype=np.int64)]
    behind = np.unique(row)
    edges, node[behind] = add_nodes(edges, shapely.get_coordinates(points[behind]))
    far[behind] = 0.0
    is_open = straight["open"].to_numpy(dtype=bool)
    gate = straight["node"].to_numpy(dtype=np.int64)
    edges = add_connectors(edges, node[row[is_open]], gate[is_open], side[row[is_open]])
    doors = known.iloc[lived][["households"]].assign(
        community_id=seeder.territory.name(community[lived]),
        node=node.astype(np.int32),
        connector_m=far,
    )
    shut = row[~is_open]
    resident = pd.DataFrame(
        {"u": node[shut], "v": gate[~is_open], "community": side[shut]}
    )
    columns = ["community_id", "households", "node", "connector_m"]
    return edges, pd.DataFrame(doors[columns]), resident
