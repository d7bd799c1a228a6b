"""The walk network: streets, walls, gates, doors and facilities of one district.

Everything is planar, in metres of the working CRS. The definitions, in order; who
follows them gets the same network (lengths to the centimetre):

**Topology.**

1. A street is walkable if the table of street classes says so for `highway`,
   `access`, `foot` and `motorroad`: `foot` may forbid it; another key that forbids
   it is overruled by `foot` only where the table lets it.
2. Nodes are the vertices of walkable lines. Lines with `node_ids` meet where they
   hold the same id. Others meet at equal coordinates (to the millimetre): vertices
   of one level meet; end points of lines meet whatever their level; an end point
   that is the only vertex of its level at its place meets all vertices there.
   Interior vertices of different levels do not meet, and lines that merely cross
   do not meet.
3. The level is the column `level`; where it is 0 or missing a bridge is 1 and a
   tunnel -1.
4. Edges are the segments between consecutive vertices, as long as they are
   straight. With ``settings.planarise``, lines without `node_ids` also meet where
   segments of one level cross or touch.

**Barriers.**

5. A barrier of kind wall cuts every edge that it crosses; a wall polygon does so
   with its outline. Lines of rivers, railways and expressways cut the edges that
   are not free; an edge is free if its street is a bridge, tunnel or crossing.
   Inside a polygon of these kinds, what is not free is removed.
6. Where barrier and edge meet in the interior of both, the edge is cut: two nodes
   at one place. Elsewhere (a vertex of either is there) the barriers of the same
   group (walls; the others) that leave the place divide its surroundings into
   sectors; edges of one sector stay joined, those of different sectors do not, and
   those that run on the barrier itself are joined to none but each other. A
   barrier that only ends there divides nothing. Where a free edge ends, rivers,
   railways and expressways do not cut.
7. A connector is a straight line from a point to an edge. It is blocked if it
   touches a barrier of any kind (of polygons: the outline), or if it crosses the
   boundary of a walled community: part of it lies more than 1 cm inside and part
   more than 1 cm outside; or more than 1 m of it lies within 1 cm of that boundary.
   Its first millimetre (of a gate's connector: its first metre) may touch a
   barrier. If it ends at an end of the edge, the line tested ends 5 cm further
   along the edge instead. A connector to an edge that runs along the boundary of C
   (10) may cross the boundary of C.

**Walls.** A community is *walled* if `walled` is true, or if `walled` is missing
and the gates layer holds a supplied gate of it (one whose `derived` is not true).

8. P is the polygon of a walled community C. Edges are split where they meet the
   boundary of P. A piece is *inside* if its middle is within P and not on the
   boundary. A piece is *deep* if it reaches deeper than `boundary_tolerance_m`
   (15 m) by more than 1 mm; the others are shallow.
9. A *crossing* is a node on the boundary of P where a piece inside and one not
   inside end. It is *far* if no supplied gate of C (as snapped, 13) lies within
   15 m.
10. A piece inside *runs along the boundary* if it lies on a simple path that leads
    from one far crossing to another and only through shallow pieces inside P.
11. Every other piece inside is an inner edge of C; of several walled communities
    the smallest for which this holds. All other edges are public. Where edges that
    differ in this meet, they are separated: each group has its own node. If no
    gate of C was supplied, its inner edges are separated neither from the public
    ones nor from those of others without supplied gates; the nodes where they meet
    either are its derived gates.

**Attachment.**

12. A point's *side* is the smallest walled community of which it is more than 1 cm
    inside, else the public. It attaches to the nearest edge of its side (inner
    edges of that community, or public edges) whose connector from the point to
    the edge's nearest point is not blocked, and is at most `attach_max_m` (100 m)
    long; of equally near ones that with the foot farther west, then south.
    Connectors are no target. The edge is split there. Connections between
    different nodes are at least 1 mm long.

**Gates.**

13. A gate of the gates layer is moved to the nearest point of its community's
    boundary; farther than 15 m is a finding; farther than `attach_max_m` it is not
    used.
14. Its *outer connector* leads to the edge that its place attaches to by 12. If
    its community is walled its *inner connector* leads in the same way to the
    nearest inner edge, at any distance. Without an outer connector it is
    unattached and not used. The inner connector belongs to the public network if
    the gate is open to all, else to the residents of its community.
    Rows of different walled communities within 0.5 m of each other, as supplied,
    are one *shared gate*: it needs no outer connector; its places are joined; it
    is open to all only if all its rows are, else its inner connectors and what
    joins them belong to the residents of all its communities.
    Between two gates, open to all, of a walled community without inner edges
    there is a straight connection if it is not blocked.
15. Gates are derived for every community that is not walled and has no usable
    supplied gate (gates mapped in OSM are used besides, never instead): (a) every
    point where an edge meets the boundary (where they run together: the ends of the
    common part of each edge). (b) Of the part of the network within 15 m of the
    boundary: the boundary point nearest to each node in it with three or more edge
    ends; and, for each stretch of it between such nodes, dead ends and the ends of
    the part, unless it meets the boundary itself, the boundary point nearest to its
    middle. Of (a) and (b) only edges of the boundary point's side (12) count: none
    behind another's wall. (c) If there are none: the boundary point nearest to the
    public edges; of equally near ones the one farther west, then south. Gates of (b)
    and (c) attach by 12. A walled community without supplied gates has those of 11,
    else one as in (c), with an inner connector. Derived gates are open to all.

**Points.**

16. A point belongs to the smallest community that contains it.
17. A door is the representative point of a building with known households; its
    community is `community_id`, else by 16. It attaches by 12. Behind a wall where
    it attaches to no inner edge it is joined to every used gate of its walled
    community by a straight line, at any length, unless that is blocked.
18. A facility belongs to the side of its representative point. A polygon is seeded
    on every edge of its side that meets its outline, at distance 0; else it attaches
    by 12 like a point, from its outline (of equally near places on an edge: the one
    farther west, then south); behind a wall, else straight
    to the gates as in 17 (gates not open to all: for residents). The seeds are the
    ends of the edge, with the connector and the way along the edge added.
    `serves` = residents: for its community (16) only. A status other than open
    seeds nothing.
19. A facility for all whose seeds strangers reach from no street outside walls is
    *sealed*.

**Extent.** 20. The network leaves the extent where a street edge meets its
boundary, and at street ends (one edge end before any cut) within
`extent_tolerance_m` (25 m) of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from geo.attach import make_attacher
from geo.edges import SAME_PLACE_M, Bools, Edges, Floats, make_points
from geo.extent import find_exits, find_extent
from geo.findings import Finding, make_findings
from geo.gates import connect_gates, join_open_gates
from geo.ground import Ground, lay_ground
from geo.pieces import find_pieces
from geo.progress import Progress, no_progress
from geo.schema import Severity
from geo.seeds import (
    NO_COMMUNITY,
    SEALED,
    SEED_COLUMNS,
    TOO_FAR,
    Seeder,
    Seeds,
    connect_doors,
    make_territory,
    seed_facilities,
)
from geo.settings import Settings

if TYPE_CHECKING:
    from geo.district import District
    from geo.rules import RuleBook

Int32s = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class WalkNetwork:
    """The walk network of one district; the definitions stand above.

    Attributes
    ----------
    crs
        Metric working CRS.
    x, y
        Node positions (n), metres.
    u, v
        End nodes of the edges of the public network (m); those behind a wall are
        among them, connections for residents only are not.
    length_m
        Length of each edge (m), at least 0.001.
    street
        Row position of each edge in ``district.streets``; -1: a connector.
    inside
        Row position, in ``district.communities``, of the walled community whose
        inner edge it is; -1: public.
    walled
        One flag per community, in the order of ``district.communities``.
    gates
        Index gate id; `community_id`, `open_to` (``all``, ``residents``),
        `derived`, `origin` (``supplied``, ``mapped``, ``crossing``, ``along``,
        ``nearest``), `node` (-1: unattached), `connector_m` (NaN: unattached),
        `outside_extent`, and the place on the boundary.
    doors
        Index building id: buildings with known households of a community;
        `community_id`, `households`, `node` (-1: unattached), `connector_m` (to be
        added to distances from the node; NaN: unattached).
    resident_edges
        `u`, `v`, `length_m`, `community_id`: open to residents of one community.
    exits
        `node`, `offset_m`: where the network leaves the default extent.
    facility_seeds
        `facility_id`, `node`, `distance_m`, `community_id` (None: for everyone).
    attached
        State of each facility: ``attached``, ``too_far``, ``sealed`` (only its own
        community reaches it), ``not_open``, ``no_community`` (for residents, but
        of no community).
    pieces
        Components of the public network, largest first: `nodes`, `length_m`,
        `gates`, `doors`, `facilities`, `walled` (no street outside walls in it).
    node_piece
        Row position in `pieces` of each node (n).
    findings
        Raw findings.
    extent_m
        The default surveyed area.
    layer_exits
        Exits of layers with an extent of their own.
    """

    crs: CRS
    x: Floats
    y: Floats
    u: Int32s
    v: Int32s
    length_m: Floats
    street: Int32s
    inside: Int32s
    walled: Bools
    gates: gpd.GeoDataFrame
    doors: pd.DataFrame
    resident_edges: pd.DataFrame
    exits: pd.DataFrame
    facility_seeds: pd.DataFrame
    attached: pd.Series
    pieces: pd.DataFrame
    node_piece: Int32s
    findings: pd.DataFrame
    extent_m: shapely.Geometry
    layer_exits: Mapping[str, pd.DataFrame]
    seeder: Seeder

    def exits_of(self, layer: str) -> pd.DataFrame:
        """Return where the network leaves the extent of a layer.

        Parameters
        ----------
        layer
            Layer name; one without an extent of its own has the default one.

        Returns
        -------
        pandas.DataFrame
            `node` and `offset_m` in metres.
        """
        return self.layer_exits.get(layer, self.exits)


def build_network(
    district: "District",
    rules: "RuleBook",
    settings: Settings,
    progress: Progress = no_progress,
) -> WalkNetwork:
    """Build the walk network of a district.

    Parameters
    ----------
    district
        Checked layers in one metric CRS.
    rules
        Rule book; its `street_classes` are used.
    settings
        Distances of attachment, boundary and extent; `planarise`.
    progress
        Told the stage ``stage.network``.

    Returns
    -------
    WalkNetwork
        The network with gates, doors and facilities.

    Raises
    ------
    InputError
        If no street may be walked.
    """
    progress("stage.network", 0.0)
    ground = lay_ground(district, rules, settings)
    progress("stage.network", 0.4)
    attacher = make_attacher(ground.edges, ground.obstacles)
    joined = connect_gates(
        attacher, ground.gates, walled=ground.is_walled, max_m=settings.attach_max_m
    )
    joined = join_open_gates(joined, ground.obstacles, ground.is_walled)
    progress("stage.network", 0.6)
    seeder = _make_seeder(joined.edges, ground, joined.gates, district, settings)
    edges, doors, shut = connect_doors(seeder, district.buildings)
    seeder = _make_seeder(edges, ground, joined.gates, district, settings)
    progress("stage.network", 0.8)
    resident = pd.concat((joined.resident_edges, shut), ignore_index=True)
    network = _finish(district, settings, ground, seeder, joined.gates, doors, resident)
    progress("stage.network", 1.0)
    return network


def attach_points(
    network: WalkNetwork,
    points: gpd.GeoSeries,
    *,
    residents_of: pd.Series | None = None,
) -> pd.DataFrame:
    """Put further places onto the finished network, without changing it.

    Parameters
    ----------
    network
        The walk network.
    points
        Points or polygons in its CRS; the index names them.
    residents_of
        On the same index, the community whose residents alone each place serves;
        None or a missing value: everyone.

    Returns
    -------
    pandas.DataFrame
        Seeds as in ``network.facility_seeds``; a place that attaches nowhere has
        none.
    """
    shapes = points.to_numpy(dtype=object)
    _, side = network.seeder.find_places(shapely.point_on_surface(shapes))
    found = network.seeder.seed(shapes, side)
    row = found["row"].to_numpy(dtype=np.int64)
    shut = np.where(found["open"], -1, side[row])
    owner = pd.Series(network.seeder.territory.name(shut), dtype="object")
    if residents_of is not None:
        said = residents_of.reindex(points.index).astype("object").to_numpy()[row]
        owner = pd.Series(said, dtype="object").where(~pd.isna(said), owner)
    seeds = found[["node", "distance_m"]].assign(
        facility_id=points.index.to_numpy(dtype=object)[row],
        community_id=owner.to_numpy(dtype=object),
    )
    return seeds[list(SEED_COLUMNS)]


def _make_seeder(
    edges: Edges,
    ground: Ground,
    gates: pd.DataFrame,
    district: "District",
    settings: Settings,
) -> Seeder:
    used = gates[(gates["node"] >= 0) & ground.is_walled[gates["community"]]]
    return Seeder(
        make_attacher(edges, ground.obstacles),
        make_territory(district.communities),
        used[["community", "node", "x", "y", "open"]].reset_index(drop=True),
        settings.attach_max_m,
    )


def _finish(
    district: "District",
    settings: Settings,
    ground: Ground,
    seeder: Seeder,
    table: pd.DataFrame,
    doors: pd.DataFrame,
    resident: pd.DataFrame,
) -> WalkNetwork:
    """Seed the facilities, count the pieces, and put everything together."""
    edges = seeder.attacher.edges
    things = {"gates": table["node"].to_numpy(), "doors": doors["node"].to_numpy()}
    pieces, piece = find_pieces(edges, things)
    sealed = np.flatnonzero(pieces["walled"].to_numpy()[piece])
    seeds = seed_facilities(seeder, district.facilities, sealed)
    # a facility with seeds on several pieces counts on each
    hung = pd.DataFrame(
        {
            "facility": seeds.seeds["facility_id"],
            "piece": piece[seeds.seeds["node"].to_numpy()],
        }
    ).drop_duplicates()
    pieces["facilities"] = np.bincount(hung["piece"], minlength=len(pieces))
    area = find_extent(district.extent)
    exits = {
        layer: find_exits(
            edges,
            ground.dead_ends,
            find_extent(district.extent, layer),
            tolerance_m=settings.extent_tolerance_m,
        )
        for layer in (None, *district.extent["layer"].dropna().unique())
    }
    gates = _finish_gates(table, district, area)
    noticed = [*ground.findings, *_notice(gates, doors, seeds, pieces, piece)]
    return WalkNetwork(
        crs=district.crs,
        x=edges.x,
        y=edges.y,
        u=edges.u.astype(np.int32),
        v=edges.v.astype(np.int32),
        length_m=np.maximum(edges.length_m, SAME_PLACE_M),
        street=edges.street.astype(np.int32),
        inside=edges.inside.astype(np.int32),
        walled=ground.is_walled,
        gates=gates,
        doors=doors,
        resident_edges=_finish_resident(resident, edges, district),
        exits=exits.pop(None),
        facility_seeds=seeds.seeds,
        attached=seeds.attached,
        pieces=pieces,
        node_piece=piece.astype(np.int32),
        findings=make_findings(noticed),
        extent_m=area,
        layer_exits={str(layer): rows for layer, rows in exits.items()},
        seeder=seeder,
    )


def _finish_gates(
    table: pd.DataFrame, district: "District", area: shapely.Geometry
) -> gpd.GeoDataFrame:
    points = make_points(table[["x", "y"]].to_numpy())
    owner = district.communities.index.to_numpy(dtype=object)[table["community"]]
    shapely.prepare(area)
    gates = gpd.GeoDataFrame(
        {
            "community_id": owner,
            "open_to": table["open_to"].to_numpy(),
            "derived": table["derived"].to_numpy(dtype=bool),
            "origin": table["origin"].to_numpy(),
            "node": table["node"].to_numpy(dtype=np.int32),
            "connector_m": table["connector_m"].to_numpy(dtype=float),
            "outside_extent": ~shapely.intersects(area, points),
        },
        geometry=points,
        crs=district.crs,
    )
    gates.index = pd.Index(table["id"], name="id", dtype="str")
    return gates


def _finish_resident(
    resident: pd.DataFrame, edges: Edges, district: "District"
) -> pd.DataFrame:
    u, v = (resident[end].to_numpy(dtype=np.int64) for end in ("u", "v"))
    length = np.hypot(edges.x[v] - edges.x[u], edges.y[v] - edges.y[u])
    names = district.communities.index.to_numpy(dtype=object)
    owner = names[resident["community"].to_numpy(dtype=np.int64)]
    columns = {
        "u": u.astype(np.int32),
        "v": v.astype(np.int32),
        "length_m": np.maximum(length, SAME_PLACE_M),
        "community_id": owner,
    }
    return pd.DataFrame(columns)


def _notice(
    gates: gpd.GeoDataFrame,
    doors: pd.DataFrame,
    seeds: Seeds,
    pieces: pd.DataFrame,
    piece: npt.NDArray[np.int64],
) -> Iterator[Finding]:
    """Say what does not hang together."""
    warning, error, info = Severity.WARNING, Severity.ERROR, Severity.INFO
    lost = gates["node"] < 0
    for gate in gates.index[lost & ~gates["derived"]]:
        yield Finding("gates", "gate_unattached", warning, id=gate)
    shut = lost.groupby(gates["community_id"]).all()
    for community in shut.index[shut]:
        yield Finding("communities", "community_without_way", error, id=community)
    derived = gates.loc[gates["derived"], "community_id"].nunique()
    if derived:
        yield Finding("gates", "gates_derived", info, params={"count": derived})
    for door in doors.index[doors["node"] < 0]:
        yield Finding("buildings", "door_unattached", warning, id=door)
    codes = {
        TOO_FAR: "facility_too_far",
        SEALED: "facility_sealed",
        NO_COMMUNITY: "facility_no_community",
    }
    for facility, state in seeds.attached[seeds.attached.isin(list(codes))].items():
        yield Finding("facilities", codes[state], warning, id=str(facility))
    streets = pieces[~pieces["walled"]]
    if len(streets) > 1:
        share = round(100 * streets["nodes"].iloc[0] / streets["nodes"].sum(), 1)
        params = {"count": len(streets), "share": share}
        yield Finding("network", "network_pieces", info, params=params)
    main = gates["node"].map(lambda node: node >= 0 and piece[node] == streets.index[0])
    apart = ~main.groupby(gates["community_id"]).any()
    for community in apart.index[apart & ~shut]:
        yield Finding("communities", "community_on_island", warning, id=community)
