"""Gates: onto the boundary, onto the network, and who may pass.

Exact meaning: :mod:`geo.network`, definitions 12 to 16.
"""

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.attach import OWN_WALL_M, Attacher, Attachments, Obstacles
from geo.edges import (
    SAME_PLACE_M,
    Bools,
    Edges,
    Ints,
    add_connectors,
    add_nodes,
    make_points,
    split_edges,
)
from geo.findings import Finding
from geo.schema import Severity
from geo.settings import Settings
from geo.walls import find_derived

#: Gates supplied this near to each other are one gate of several communities.
SHARED_GATE_M = 0.5

#: Columns of the table of gates while the network is built.
GATE_TABLE = ("id", "community", "x", "y", "open_to", "derived", "origin")


def snap_gates(
    gates: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, settings: Settings
) -> tuple[pd.DataFrame, list[Finding]]:
    """Move the gates of the gates layer onto the boundary of their community.

    Parameters
    ----------
    gates
        Gates layer (points): `community_id`, `open_to`, `derived`.
    communities
        Communities layer in the same metric CRS.
    settings
        `boundary_tolerance_m` and `attach_max_m`.

    Returns
    -------
    pandas.DataFrame
        `GATE_TABLE` columns (`community` is a row position) and `given_x`,
        `given_y`; gates of unknown communities or too far away are left out.
    list of Finding
        Gates far from the boundary, too far, or of unknown communities.
    """
    position = communities.index.get_indexer(gates["community_id"])
    table = pd.DataFrame(
        {
            "id": gates.index.astype("str"),
            "row": np.arange(len(gates)),
            "community": position,
            "open_to": gates["open_to"].fillna("residents").to_numpy(),
            "derived": find_derived(gates),
        }
    )
    points = gates.geometry.to_numpy(dtype=object)
    table["given_x"], table["given_y"] = shapely.get_x(points), shapely.get_y(points)
    table["origin"] = np.where(table["derived"], "mapped", "supplied")
    findings = _tell(table[position < 0], "gate_community_unknown", Severity.ERROR)
    table = table[position >= 0]
    shapes = communities.geometry.to_numpy(dtype=object)[table["community"]]
    lines = shapely.shortest_line(points[table["row"]], shapely.boundary(shapes))
    table["moved_m"] = shapely.length(lines)
    ends = shapely.get_coordinates(lines)[1::2]
    table["x"], table["y"] = ends[:, 0], ends[:, 1]
    lost = table["moved_m"] > settings.attach_max_m
    far = ~lost & (table["moved_m"] > settings.boundary_tolerance_m)
    findings += _tell(table[far], "gate_far_from_boundary", Severity.WARNING)
    findings += _tell(table[lost], "gate_unusable", Severity.ERROR)
    return table[~lost].reset_index(drop=True), findings


def _tell(table: pd.DataFrame, code: str, severity: Severity) -> list[Finding]:
    moved = table["moved_m"].round(1) if "moved_m" in table else table["row"] * np.nan
    return [
        Finding(
            "gates",
            code,
            severity,
            row=int(row),
            id=str(gate),
            params={"distance_m": m},
        )
        for row, gate, m in zip(table["row"], table["id"], moved, strict=True)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Connected:
    """The network with its gates.

    Attributes
    ----------
    edges
        The edges; those open to residents only are not among them.
    gates
        The table of gates with `node` (-1: unattached), `connector_m` (NaN:
        unattached) and `inner` (its inner connector exists).
    resident_edges
        `u`, `v`, `community` (row position): connections for the residents of
        one community only.
    """

    edges: Edges
    gates: pd.DataFrame
    resident_edges: pd.DataFrame


def connect_gates(
    attacher: Attacher, table: pd.DataFrame, *, walled: Bools, max_m: float
) -> Connected:
    """Put the gates onto the network.

    Parameters
    ----------
    attacher
        Search for nearest edges.
    table
        Table of gates: `GATE_TABLE`, `given_x`, `given_y` (supplied ones), `edge`
        and `at_m` (on an edge already) and `node` (on a node already), else -1.
    walled
        One flag per community.
    max_m
        Greatest length of an outer connector.

    Returns
    -------
    Connected
        The network with its gates.
    """
    table = table.reset_index(drop=True)
    table["group"] = _group_shared(table, walled)
    shared = table["group"].duplicated(keep=False)
    table["open"] = (table["open_to"] == "all").groupby(table["group"]).transform("all")
    outer, inner = _attach_gates(attacher, table, walled, max_m)
    dropped = ((table["node"] < 0) & (outer.edge < 0) & ~shared).to_numpy()
    table["connector_m"] = np.where(dropped, np.nan, np.nan_to_num(outer.connector_m))
    inner.edge[dropped] = -1
    asked = np.concatenate((outer.edge, inner.edge))
    at = np.concatenate((outer.at_m, inner.at_m))
    due = np.flatnonzero(asked >= 0)
    edges, nodes, _ = split_edges(attacher.edges, asked[due], at[due])
    reached = np.full(len(asked), -1, dtype=np.int64)
    reached[due] = nodes
    outside, inside = np.split(reached, 2)
    edges = _set_gate_nodes(edges, table, outside, dropped)
    table["inner"] = inside >= 0
    return _join(edges, table, outside, inside)


def _group_shared(table: pd.DataFrame, walled: Bools) -> Ints:
    """Give numbers to the gates: one for all rows of a shared gate."""
    rows = np.flatnonzero(
        walled[table["community"].to_numpy()] & table["given_x"].notna().to_numpy()
    )
    points = make_points(table[["given_x", "given_y"]].to_numpy()[rows])
    tree = shapely.STRtree(points)
    one, two = tree.query(points, predicate="dwithin", distance=SHARED_GATE_M)
    owner = table["community"].to_numpy()[rows]
    other = owner[one] != owner[two]
    one, two = rows[one[other]], rows[two[other]]
    graph = coo_array((np.ones(len(one)), (one, two)), shape=(len(table),) * 2)
    group: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
    return group


def _attach_gates(
    attacher: Attacher, table: pd.DataFrame, walled: Bools, max_m: float
) -> tuple[Attachments, Attachments]:
    """Find the places of the outer and the inner connectors."""
    points = make_points(table[["x", "y"]].to_numpy())
    owner = table["community"].to_numpy(dtype=np.int64)
    edge = table["edge"].to_numpy(dtype=np.int64).copy()
    known = table["node"].to_numpy() >= 0
    outer = Attachments(
        edge, table["at_m"].to_numpy(dtype=float).copy(), np.zeros(len(table))
    )
    outer.connector_m[(edge < 0) & ~known] = np.nan
    free = np.flatnonzero((edge < 0) & ~known)
    side = attacher.obstacles.walled.find_side(points[free])
    _fill(
        outer, free, attacher.attach(points[free], side, max_m=max_m, own_m=OWN_WALL_M)
    )
    none = np.full(len(table), np.nan)
    inner = Attachments(np.full(len(table), -1, dtype=np.int64), none, none.copy())
    rows = np.flatnonzero(walled[owner] & ~known)
    # one's own streets may be any distance behind the gate
    for limit in (max_m, None):
        rows = rows[inner.edge[rows] < 0]
        has = np.isin(owner[rows], attacher.edges.inside)
        rows = rows[has]
        found = attacher.attach(
            points[rows], owner[rows], max_m=limit, own_m=OWN_WALL_M
        )
        _fill(inner, rows, found)
    return outer, inner


def _fill(into: Attachments, rows: Ints, found: Attachments) -> None:
    into.edge[rows], into.at_m[rows] = found.edge, found.at_m
    into.connector_m[rows] = found.connector_m


def _set_gate_nodes(
    edges: Edges, table: pd.DataFrame, outside: Ints, dropped: Bools
) -> Edges:
    """Give each attached gate its node: of the street where it stands on it."""
    node = table["node"].to_numpy(dtype=np.int64).copy()
    on_street = (node < 0) & (outside >= 0) & (table["connector_m"] < SAME_PLACE_M)
    node[on_street] = outside[on_street]
    new = (node < 0) & ~dropped
    edges, node[new] = add_nodes(edges, table.loc[new, ["x", "y"]].to_numpy())
    table["node"] = node
    return edges


def _join(edges: Edges, table: pd.DataFrame, outside: Ints, inside: Ints) -> Connected:
    """Add the connectors: public ones as edges, the others for residents."""
    node = table["node"].to_numpy(dtype=np.int64)
    owner = table["community"].to_numpy(dtype=np.int64)
    is_open = table["open"].to_numpy(dtype=bool)
    out = np.flatnonzero((outside >= 0) & (node >= 0) & (node != outside))
    none = np.full(len(out), -1, dtype=np.int64)
    edges = add_connectors(edges, node[out], outside[out], none)
    into = np.flatnonzero(inside >= 0)
    links = _link_shared(table)
    first, second = (table["node"].to_numpy(dtype=np.int64)[end] for end in links)
    u, v = np.concatenate((node[into], first)), np.concatenate((inside[into], second))
    row = np.concatenate((into, links[0]))
    own = np.concatenate((owner[into], np.full(len(first), -1, dtype=np.int64)))
    apart = u != v
    u, v, row, own = u[apart], v[apart], row[apart], own[apart]
    public = is_open[row]
    edges = add_connectors(edges, u[public], v[public], own[public])
    shut = pd.DataFrame({"u": u, "v": v, "group": table["group"].to_numpy()[row]})
    members = table[["group", "community"]].drop_duplicates()
    resident = shut[~public].merge(members, on="group")[["u", "v", "community"]]
    return Connected(edges, table, resident)


def _link_shared(table: pd.DataFrame) -> tuple[Ints, Ints]:
    """Pair the rows of each shared gate, one after the other."""
    order = np.argsort(table["group"].to_numpy(), kind="stable")
    group = table["group"].to_numpy()[order]
    same = np.flatnonzero(group[1:] == group[:-1])
    return order[same], order[same + 1]


def join_open_gates(
    joined: Connected, obstacles: Obstacles, walled: Bools
) -> Connected:
    """Join the gates, open to all, of walled communities without inner edges.

    Parameters
    ----------
    joined
        The network with its gates.
    obstacles
        What connectors must not cross.
    walled
        One flag per community.

    Returns
    -------
    Connected
        The same with a straight connection between each two such gates.
    """
    table, edges = joined.gates, joined.edges
    owner = table["community"].to_numpy(dtype=np.int64)
    bare = walled[owner] & ~np.isin(owner, edges.inside)
    rows = table[bare & table["open"] & (table["node"] >= 0)].reset_index()
    pairs = rows.merge(rows, on="community")
    pairs = pairs[pairs["index_x"] < pairs["index_y"]]
    start, stop = (pairs[[f"x_{end}", f"y_{end}"]].to_numpy() for end in "xy")
    length = np.hypot(*(stop - start).T)
    pairs, start, stop, length = (
        part[length > 2 * OWN_WALL_M] for part in (pairs, start, stop, length)
    )
    # the walls at both ends are the gates' own
    stop = stop - (OWN_WALL_M / length)[:, None] * (stop - start)
    pairs = pairs[~obstacles.crosses(start, stop, own_m=OWN_WALL_M)]
    u, v, own = (
        pairs[name].to_numpy(dtype=np.int64)
        for name in ("node_x", "node_y", "community")
    )
    return replace(joined, edges=add_connectors(edges, u, v, own))
