"""Walled communities: which edges are inside, and where the wall cuts the streets.

Exact meaning: :mod:`geo.network`, definitions 8 to 11.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely

from geo.barriers import split_where_met
from geo.edges import (
    SAME_PLACE_M,
    Bools,
    Edges,
    Geometries,
    Ints,
    find_ends,
    separate_nodes,
)

#: Deeper than this (metres) is inside a wall, farther than this is outside it: a
#: line that only touches a wall does not cross it.
WALL_M = 0.01

#: Segments per quarter circle of outlines moved inwards (error below 0.5 mm, less
#: than the millimetre by which what is deep must be deeper than the tolerance).
_QUAD_SEGS = 128


@dataclass(frozen=True, slots=True, eq=False)
class Walled:
    """The walled communities.

    Attributes
    ----------
    community
        Row position of each in the communities layer, smallest area first.
    outline
        Their polygons.
    core, reach
        The polygons shrunk and grown by `WALL_M`.
    """

    community: Ints
    outline: Geometries
    core: Geometries
    reach: Geometries

    def find_side(self, points: Geometries) -> Ints:
        """Return the smallest walled community that each point is inside.

        Parameters
        ----------
        points
            Points in the working CRS.

        Returns
        -------
        numpy.ndarray
            Row positions in the communities layer; -1: outside all.
        """
        side = np.full(len(points), -1, dtype=np.int64)
        point, which = shapely.STRtree(self.core).query(points, predicate="intersects")
        # written from the largest to the smallest, so that the smallest stays
        order = np.argsort(-which, kind="stable")
        side[point[order]] = self.community[which[order]]
        return side


def find_walled(communities: gpd.GeoDataFrame, gates: pd.DataFrame) -> Bools:
    """Say which communities are walled.

    Parameters
    ----------
    communities
        Communities layer: `walled` (nullable flag), index `id`.
    gates
        Gates layer: `community_id`, `derived` (True: not supplied).

    Returns
    -------
    numpy.ndarray
        One flag per community: `walled` says so, or it says nothing and a
        supplied gate of it exists.
    """
    said = communities["walled"].astype("boolean")
    supplied = gates.loc[~find_derived(gates), "community_id"]
    gated = pd.Series(communities.index.isin(supplied), index=communities.index)
    walled: Bools = said.fillna(gated.astype("boolean")).to_numpy(dtype=bool)
    return walled


def find_derived(gates: pd.DataFrame) -> Bools:
    """Say which gates were derived from tags and not supplied.

    Parameters
    ----------
    gates
        Gates layer; `derived` may be missing.

    Returns
    -------
    numpy.ndarray
        One flag per gate.
    """
    if "derived" not in gates:
        return np.zeros(len(gates), dtype=bool)
    return gates["derived"].astype("boolean").fillna(value=False).to_numpy(dtype=bool)


def make_walled(communities: gpd.GeoDataFrame, walled: Bools) -> Walled:
    """Prepare the outlines of the walled communities.

    Parameters
    ----------
    communities
        Communities layer, metric CRS.
    walled
        One flag per community.

    Returns
    -------
    Walled
        The walled communities, smallest first.
    """
    position = np.flatnonzero(walled)
    shapes = communities.geometry.to_numpy(dtype=object)[position]
    order = np.argsort(shapely.area(shapes), kind="stable")
    shapes = shapes[order]
    core = shapely.buffer(shapes, -WALL_M, join_style="mitre")
    reach = shapely.buffer(shapes, WALL_M, join_style="mitre")
    for prepared in (shapes, core, reach):
        shapely.prepare(prepared)
    return Walled(position[order].astype(np.int64), shapes, core, reach)


def separate_walled(
    edges: Edges,
    walled: Walled,
    gates: pd.DataFrame,
    *,
    gated: Bools,
    tolerance_m: float,
) -> tuple[Edges, pd.DataFrame]:
    """Label inner edges and cut the streets where they meet public ones.

    Parameters
    ----------
    edges
        The edges, metric CRS.
    walled
        The walled communities.
    gates
        Supplied gates that can be used: `community` (row position), `x`, `y`.
    gated
        One flag per community: gates of it were supplied.
    tolerance_m
        How far a boundary drawn along a street may lie from it, and how near a
        crossing is a gate's own.

    Returns
    -------
    Edges
        The edges with `inside` and `along`; cut except at the communities
        without supplied gates.
    pandas.DataFrame
        `community` and `node`: where inner edges of a community without
        supplied gates meet others; its derived gates.
    """
    none = pd.DataFrame(
        {"community": np.empty(0, np.int64), "node": np.empty(0, np.int64)}
    )
    if not len(walled.community):
        return edges, none
    tree = shapely.STRtree(edges.lines())
    rings = shapely.boundary(walled.outline)
    which, edge = tree.query(rings, predicate="intersects")
    edges, node, row = split_where_met(edges, edge, rings[which])
    which = which[row]
    pairs = _find_inner(edges, walled, tolerance_m)
    far = _is_far(edges, node, walled.community[which], gates, tolerance_m)
    crossings = pd.DataFrame({"which": which[far], "node": node[far]}).drop_duplicates()
    pairs["runs"] = _runs_along(edges, pairs, crossings)
    edges = _label(edges, walled, pairs)
    return _separate(edges, gated)


def _find_inner(edges: Edges, walled: Walled, tolerance_m: float) -> pd.DataFrame:
    """Pair walled communities with the edges inside them; say which are deep."""
    middles = edges.middles()
    edge, which = shapely.STRtree(walled.outline).query(middles, predicate="within")
    rings = shapely.boundary(walled.outline)
    # an edge on the boundary itself is outside
    inner = shapely.distance(middles[edge], rings[which]) > 1e-6  # noqa: PLR2004
    edge, which = edge[inner], which[inner]
    deep = shapely.buffer(
        walled.outline, -(tolerance_m + SAME_PLACE_M), quad_segs=_QUAD_SEGS
    )
    shapely.prepare(deep)
    lines = edges.lines(edge)
    return pd.DataFrame(
        {"which": which, "edge": edge, "deep": shapely.intersects(deep[which], lines)}
    )


def _is_far(
    edges: Edges, node: Ints, community: Ints, gates: pd.DataFrame, tolerance_m: float
) -> Bools:
    """Say which boundary crossings are farther from every gate of the community."""
    far = np.ones(len(node), dtype=bool)
    table = pd.DataFrame({"community": community, "k": np.arange(len(node))})
    near = table.merge(gates[["community", "x", "y"]], on="community")
    k = near["k"].to_numpy(dtype=np.int64)
    dx = edges.x[node[k]] - near["x"].to_numpy()
    dy = edges.y[node[k]] - near["y"].to_numpy()
    far[k[np.hypot(dx, dy) <= tolerance_m]] = False
    return far


def _runs_along(edges: Edges, pairs: pd.DataFrame, crossings: pd.DataFrame) -> Bools:
    """Say which inner edges run along the boundary (definition 10)."""
    runs = np.zeros(len(pairs), dtype=bool)
    crossings = _true_crossings(edges, pairs, crossings)
    several = crossings.groupby("which")["node"].size()
    shallow = pairs[~pairs["deep"] & pairs["which"].isin(several[several > 1].index)]
    nodes = crossings.groupby("which")["node"].agg(list)
    for which, table in shallow.groupby("which"):
        edge = table["edge"].to_numpy()
        found = _on_paths(edges.u[edge], edges.v[edge], nodes[which])
        runs[table.index[found].to_numpy()] = True
    return runs


def _true_crossings(
    edges: Edges, pairs: pd.DataFrame, crossings: pd.DataFrame
) -> pd.DataFrame:
    """Keep the boundary nodes at which both an inner and an outer edge end."""
    ends = pd.concat(
        pd.DataFrame({"which": pairs["which"], "node": end[pairs["edge"].to_numpy()]})
        for end in (edges.u, edges.v)
    )
    inner = ends.groupby(["which", "node"]).size().rename("inner").reset_index()
    met = crossings.merge(inner, on=["which", "node"])
    kept: pd.DataFrame = met[met["inner"] < edges.degree()[met["node"].to_numpy()]]
    return kept


def _on_paths(u: Ints, v: Ints, crossings: Iterable[int]) -> Bools:
    """Say which edges lie on a simple path from one crossing to another."""
    outside = -1
    graph = nx.Graph(zip(u.tolist(), v.tolist(), strict=True))
    graph.add_edges_from((outside, node) for node in crossings)
    on = {
        frozenset(pair)
        for block in nx.biconnected_component_edges(graph)
        if len(block) > 1 and any(outside in pair for pair in block)
        for pair in block
    }
    return np.array(
        [frozenset(p) in on for p in zip(u.tolist(), v.tolist(), strict=True)],
        dtype=bool,
    )


def _label(edges: Edges, walled: Walled, pairs: pd.DataFrame) -> Edges:
    """Give each edge the smallest walled community that it is inside of.

    An edge that runs along the boundary of one may be an inner edge of another.
    """
    inside = np.full(len(edges.u), -1, dtype=np.int64)
    # written from the largest to the smallest, so that the smallest stays
    table = pairs[~pairs["runs"]].sort_values("which", ascending=False, kind="stable")
    inside[table["edge"].to_numpy()] = walled.community[table["which"].to_numpy()]
    runs = pairs[pairs["runs"]]
    edge, row = np.unique(runs["edge"].to_numpy(dtype=np.int64), return_inverse=True)
    beside = np.zeros((len(edge), len(walled.community)), dtype=bool)
    beside[row, runs["which"].to_numpy(dtype=np.int64)] = True
    beside, same = np.unique(beside, axis=0, return_inverse=True)
    along = np.full(len(edges.u), -1, dtype=np.int64)
    along[edge] = same.reshape(-1)
    return replace(edges, inside=inside, along=along, beside=beside)


def _separate(edges: Edges, gated: Bools) -> tuple[Edges, pd.DataFrame]:
    """Cut where edges of different labels meet; leave open what no gate serves."""
    shut = np.append(gated, False)
    group = np.where(shut[edges.inside], edges.inside, -1)
    ends = pd.DataFrame(
        {
            "node": np.concatenate((edges.u, edges.v)),
            "community": np.concatenate((edges.inside, edges.inside)),
            "group": np.concatenate((group, group)),
        }
    )
    met = ends[["node", "group"]].drop_duplicates()["node"]
    edge, end = find_ends(edges, met[met.duplicated()].unique())
    # the first group keeps the node, so what stays open keeps its number
    split = separate_nodes(edges, edge, end, group[edge])
    still = ends.loc[ends["group"] < 0, ["community", "node"]].drop_duplicates()
    meets = still[still["node"].duplicated(keep=False) & (still["community"] >= 0)]
    return split, meets.sort_values(["community", "node"], ignore_index=True)
