"""The walk network with every possible opening laid, but still shut.

The network is built once more, by the code that builds it, with a gate at every
place: so each lies where it would lie if it were a row of the gates layer. Their
connectors are then taken out; what is left is the network of today, with nodes where
the openings would join it, and a list of what each opening adds.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely

from geo.attach import make_attacher
from geo.district import District
from geo.edges import SAME_PLACE_M, Edges, Geometries, Ints, add_nodes, make_points
from geo.gates import Connected, connect_gates, join_open_gates, snap_gates
from geo.ground import Ground
from geo.network import WalkNetwork
from geo.opening_places import Tried
from geo.pieces import find_pieces
from geo.seeds import Seeder, connect_doors, make_territory, seed_facilities
from geo.settings import Settings

#: In place of a community: for everyone.
EVERYONE = ""
#: Columns of the connections that an opening adds.
LINK_COLUMNS = ("place", "community_id", "u", "v", "length_m")


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """Openings on the network, shut.

    Attributes
    ----------
    network
        The network of today with nodes where openings would join it.
    gates
        One row per row of the gates layer that the openings would add: `place`
        (index of the place), `community` (row position), `community_id`, `node` (-1:
        on no street), `x`, `y` (on the wall).
    links
        Connections for the residents of `community_id` (`EVERYONE`: for all) that a
        place adds: `place`, `community_id`, `u`, `v`, `length_m`.
    seeds
        Facilities that residents of `community_id` (None: all) reach straight from
        an opening: `place`, `community_id`, `facility_id`, `node`, `distance_m`,
        `own` (the facility is for residents only).
    through
        Connections of an opening that is open to all with the other such gates of a
        community without paths inside: `place`, `u`, `v`, `length_m`.
    doors
        Doors that only openings join to the network: index building id, `node`.
    """

    network: WalkNetwork
    gates: pd.DataFrame
    links: pd.DataFrame
    seeds: pd.DataFrame
    through: pd.DataFrame
    doors: pd.Series


def open_to_all(laid: Laid, places: Ints) -> Laid:
    """Let everyone go through some of the openings.

    Parameters
    ----------
    laid
        Openings for residents.
    places
        Those that are opened to all; the others are left out.

    Returns
    -------
    Laid
        The same network, with what these openings add.
    """
    links = pd.concat((laid.links, laid.through), ignore_index=True)
    links = links[links["place"].isin(places)].assign(community_id=EVERYONE)
    seeds = laid.seeds[laid.seeds["place"].isin(places)]
    owner = seeds["community_id"].astype("object").where(seeds["own"], None)
    return replace(
        laid,
        gates=laid.gates[laid.gates["place"].isin(places)].reset_index(drop=True),
        links=links.drop_duplicates(["place", "u", "v"], ignore_index=True),
        seeds=seeds.assign(community_id=owner).reset_index(drop=True),
    )


def lay_openings(
    district: District,
    today: WalkNetwork,
    ground: Ground,
    tried: Tried,
    settings: Settings,
) -> Laid:
    """Lay all openings on the network, shut.

    Parameters
    ----------
    district
        Checked layers in a metric working CRS.
    today
        Its walk network.
    ground
        Its streets and walls, before gates are connected.
    tried
        The places.
    settings
        `attach_max_m`.

    Returns
    -------
    Laid
        The network of today, and what each opening adds.
    """
    attacher = make_attacher(ground.edges, ground.obstacles)
    table, place = _table_gates(district, tried, settings)
    joined = connect_gates(
        attacher,
        pd.concat((ground.gates, table), ignore_index=True),
        walled=ground.is_walled,
        max_m=settings.attach_max_m,
    )
    many = len(ground.gates)
    new = joined.gates.iloc[many:].assign(place=place).reset_index(drop=True)
    # a row that leads nowhere adds nothing
    new.loc[new["connector_m"].isna(), "node"] = -1
    mine = np.isin(joined.resident_edges[["u", "v"]], new["node"]).any(axis=1)
    kept = replace(
        joined,
        gates=joined.gates.iloc[:many],
        resident_edges=pd.DataFrame(joined.resident_edges[~mine]),
    )
    opened = _Opened(district, ground, new, settings)
    base = join_open_gates(kept, ground.obstacles, ground.is_walled)
    edges, doors, shut = connect_doors(
        opened.make_seeder(base.edges, base.gates), district.buildings
    )
    edges, waiting = _add_waiting(district, edges, doors)
    node = doors["node"].where(doors["node"] >= 0, waiting.reindex(doors.index))
    seeder = opened.make_seeder(edges, base.gates)
    resident = pd.concat((base.resident_edges, shut), ignore_index=True)
    network = _fill_network(district, today, seeder, base, doors, resident)
    return Laid(
        network=network,
        gates=opened.name(new[["place", "community", "node", "x", "y"]]),
        links=opened.link(pd.DataFrame(joined.resident_edges[mine]), edges, node),
        seeds=opened.seed(edges),
        through=opened.join_open(kept),
        doors=waiting,
    )


def _table_gates(
    district: District, tried: Tried, settings: Settings
) -> tuple[pd.DataFrame, Ints]:
    """Move the rows of the openings onto the walls, as any gate is moved."""
    rows = tried.rows()
    owner = district.communities.index.to_numpy(dtype=object)[rows["community"]]
    frame = district.gates.iloc[:0][["geometry"]].reindex(np.arange(len(rows)))
    frame.geometry = make_points(rows[["x", "y"]].to_numpy())
    frame = frame.assign(community_id=owner, open_to="residents", derived=False)
    table, _ = snap_gates(frame, district.communities, settings)
    place = rows["place"].to_numpy(dtype=np.int64)[table["row"]]
    return table.assign(edge=-1, at_m=np.nan, node=-1), place


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """What openings add to the network."""

    district: District
    ground: Ground
    new: pd.DataFrame
    settings: Settings

    def make_seeder(self, edges: Edges, gates: pd.DataFrame) -> Seeder:
        """Prepare the search of doors and facilities on edges and gates."""
        walled = self.ground.is_walled[gates["community"].to_numpy(dtype=np.int64)]
        used = gates[(gates["node"] >= 0).to_numpy() & walled]
        return Seeder(
            make_attacher(edges, self.ground.obstacles),
            make_territory(self.district.communities),
            used[["community", "node", "x", "y", "open"]].reset_index(drop=True),
            self.settings.attach_max_m,
        )

    def name(self, table: pd.DataFrame) -> pd.DataFrame:
        """Add the ids of communities to their row positions."""
        names = self.district.communities.index.to_numpy(dtype=object)
        owner = table["community"].to_numpy(dtype=np.int64)
        return table.assign(community_id=names[owner])

    def link(self, shut: pd.DataFrame, edges: Edges, doors: pd.Series) -> pd.DataFrame:
        """List the connections that each place adds."""
        place = self._find_place(shut["u"])
        inner = shut.assign(place=place)[["place", "community", "u", "v"]]
        shapes = self.district.buildings.geometry.loc[doors.index]
        points = shapely.point_on_surface(shapes.to_numpy(dtype=object))
        found = self._look_straight(edges, points)
        row = found["row"].to_numpy(dtype=np.int64)
        straight = pd.DataFrame(
            {
                "place": found["place"],
                "community": found["side"],
                "u": doors.to_numpy(dtype=np.int64)[row],
                "v": found["node"],
            }
        )
        links = pd.concat((inner, straight), ignore_index=True).astype(np.int64)
        u, v = (links[end].to_numpy() for end in ("u", "v"))
        length = np.hypot(edges.x[v] - edges.x[u], edges.y[v] - edges.y[u])
        links["length_m"] = np.maximum(length, SAME_PLACE_M)
        return self.name(links)[list(LINK_COLUMNS)]

    def join_open(self, kept: Connected) -> pd.DataFrame:
        """List the straight ways between openings to all and the gates there are."""
        gates = pd.concat((kept.gates, self.new.assign(open=True)), ignore_index=True)
        many = len(kept.edges.u)
        obstacles, walled = self.ground.obstacles, self.ground.is_walled
        edges = join_open_gates(replace(kept, gates=gates), obstacles, walled).edges
        ways = pd.DataFrame({"u": edges.u[many:], "v": edges.v[many:]})
        ways["length_m"] = np.maximum(edges.length_m[many:], SAME_PLACE_M)
        fresh = ways[["u", "v"]].isin(set(self.new["node"]))
        ways = ways[fresh.sum(axis=1) == 1]
        place = self._find_place(ways["u"].where(fresh["u"], ways["v"]))
        return ways.assign(place=place)[["place", "u", "v", "length_m"]]

    def seed(self, edges: Edges) -> pd.DataFrame:
        """List the facilities that only gates lead to, as seeds at the openings."""
        facilities = self.district.facilities
        live = facilities[(facilities["status"].fillna("open") == "open").to_numpy()]
        shapes = live.geometry.to_numpy(dtype=object)
        found = self._look_straight(edges, shapes)
        row = found["row"].to_numpy(dtype=np.int64)
        points = shapely.point_on_surface(shapes[row])
        home = make_territory(self.district.communities).find_community(points)
        own = (live["serves"] == "residents").to_numpy(dtype=bool)[row]
        whose = np.where(own, home, found["side"].to_numpy(dtype=np.int64))
        seeds = pd.DataFrame(
            {
                "place": found["place"],
                "community": whose,
                "facility_id": live.index.to_numpy(dtype=object)[row],
                "node": found["node"],
                "distance_m": found["distance_m"],
                "own": own,
            }
        )
        return self.name(seeds[whose >= 0]).drop(columns="community")

    def _find_place(self, node: pd.Series) -> Ints:
        place = self.new.drop_duplicates("node").set_index("node")["place"]
        return place.loc[node.to_numpy()].to_numpy(dtype=np.int64)

    def _look_straight(self, edges: Edges, shapes: Geometries) -> pd.DataFrame:
        """Find which openings shapes reach straight that attach to no path."""
        side = self.ground.obstacles.walled.find_side(shapely.point_on_surface(shapes))
        asked = np.flatnonzero(np.isin(side, self.new["community"]))
        without = self.make_seeder(edges, self.new.iloc[:0])
        placed = without.seed(shapes[asked], side[asked])["row"]
        lost = np.delete(asked, placed.unique())
        seeder = self.make_seeder(edges, self.new)
        found = seeder.find_straight(shapes[lost], side[lost])
        row = lost[found["row"].to_numpy(dtype=np.int64)]
        return found.assign(
            row=row, side=side[row], place=self._find_place(found["node"])
        )


def _add_waiting(
    district: District, edges: Edges, doors: pd.DataFrame
) -> tuple[Edges, pd.Series]:
    """Give nodes to the doors that are on no street today."""
    lost = doors.index[doors["node"] < 0]
    shapes = district.buildings.geometry.loc[lost].to_numpy(dtype=object)
    xy = shapely.get_coordinates(shapely.point_on_surface(shapes))
    edges, node = add_nodes(edges, xy.reshape(-1, 2))
    return edges, pd.Series(node, index=lost, dtype=np.int64)


def _fill_network(
    district: District,
    today: WalkNetwork,
    seeder: Seeder,
    base: Connected,
    doors: pd.DataFrame,
    resident: pd.DataFrame,
) -> WalkNetwork:
    """Put the network of today together again, on the new nodes."""
    edges = seeder.attacher.edges
    pieces, piece = find_pieces(edges, {})
    sealed = np.flatnonzero(pieces["walled"].to_numpy()[piece])
    seeds = seed_facilities(seeder, district.facilities, sealed)
    u, v = (resident[end].to_numpy(dtype=np.int64) for end in ("u", "v"))
    names = district.communities.index.to_numpy(dtype=object)
    shut = pd.DataFrame(
        {
            "u": u.astype(np.int32),
            "v": v.astype(np.int32),
            "length_m": np.maximum(
                np.hypot(edges.x[v] - edges.x[u], edges.y[v] - edges.y[u]), SAME_PLACE_M
            ),
            "community_id": names[resident["community"].to_numpy(dtype=np.int64)],
        }
    )
    return replace(
        today,
        x=edges.x,
        y=edges.y,
        u=edges.u.astype(np.int32),
        v=edges.v.astype(np.int32),
        length_m=np.maximum(edges.length_m, SAME_PLACE_M),
        street=edges.street.astype(np.int32),
        inside=edges.inside.astype(np.int32),
        gates=today.gates.assign(node=base.gates["node"].to_numpy(dtype=np.int32)),
        doors=doors,
        resident_edges=shut,
        facility_seeds=seeds.seeds,
        attached=seeds.attached,
        pieces=pieces,
        node_piece=piece.astype(np.int32),
        seeder=seeder,
    )
