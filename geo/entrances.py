"""Gates that nobody supplied: where a community's boundary meets the network.

Exact meaning: :mod:`geo.network`, definition 15.
"""

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.edges import (
    SAME_PLACE_M,
    Edges,
    Floats,
    Geometries,
    Ints,
    locate_on_edges,
)

#: Segments per quarter circle of the band along a boundary (error below 2 cm).
_QUAD_SEGS = 16

#: Edge ends from which a node is a junction, and at which a line merely goes on.
_JUNCTION, _GOES_ON = 3, 2


def derive_entrances(
    edges: Edges, rings: Geometries, community: Ints, *, tolerance_m: float
) -> pd.DataFrame:
    """Derive the gates of communities that are not walled.

    Parameters
    ----------
    edges
        The edges, all of them streets, metric CRS.
    rings
        Boundaries of the communities.
    community
        Row position of each in the communities layer.
    tolerance_m
        How far a boundary drawn along a street may lie from it.

    Returns
    -------
    pandas.DataFrame
        `community`, `x`, `y`, `edge`, `at_m` (-1 and NaN where the gate is yet to
        be attached) and `origin` (``crossing``, ``along`` or ``nearest``).
    """
    tree = shapely.STRtree(edges.lines())
    met = _find_crossings(edges, tree, rings)
    along = _find_along(edges, tree, rings, met, tolerance_m)
    found = _drop_repeated(pd.concat((met, along), ignore_index=True))
    lost = np.setdiff1d(np.arange(len(rings)), found["which"])
    found = pd.concat((found, _find_nearest(tree, rings, lost)), ignore_index=True)
    found["community"] = community[found["which"].to_numpy(dtype=np.int64)]
    return found.sort_values(["community", "x", "y"], ignore_index=True)


def nearest_entrances(edges: Edges, rings: Geometries, community: Ints) -> pd.DataFrame:
    """Derive for each community the boundary point nearest the network.

    Parameters
    ----------
    edges
        The edges, all of them streets, metric CRS.
    rings
        Boundaries of the communities.
    community
        Row position of each in the communities layer.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`derive_entrances`, one row per community.
    """
    tree = shapely.STRtree(edges.lines())
    found = _find_nearest(tree, rings, np.arange(len(rings)))
    return found.assign(community=community[found["which"].to_numpy(dtype=np.int64)])


def _make_entrances(
    which: Ints, xy: Floats, edge: Ints, at_m: Floats, origin: str
) -> pd.DataFrame:
    columns = {"which": which, "x": xy[:, 0], "y": xy[:, 1], "edge": edge, "at_m": at_m}
    return pd.DataFrame(columns).assign(origin=origin)


def _drop_repeated(found: pd.DataFrame) -> pd.DataFrame:
    cell = (found[["x", "y"]] / SAME_PLACE_M).round()
    return found[~cell.assign(which=found["which"]).duplicated()]


def _find_crossings(
    edges: Edges, tree: shapely.STRtree, rings: Geometries
) -> pd.DataFrame:
    which, edge = tree.query(rings, predicate="intersects")
    xy, row = shapely.get_coordinates(
        shapely.intersection(tree.geometries[edge], rings[which]), return_index=True
    )
    which, edge = which[row], edge[row]
    at = locate_on_edges(edges, edge, xy)
    return _make_entrances(which, xy, edge, at, "crossing")


def _find_nearest(
    tree: shapely.STRtree, rings: Geometries, chosen: Ints
) -> pd.DataFrame:
    row, edge = tree.query_nearest(rings[chosen])
    first = np.unique(row, return_index=True)[1]
    row, edge = row[first], edge[first]
    lines = shapely.shortest_line(rings[chosen[row]], tree.geometries[edge])
    xy = shapely.get_coordinates(lines)[::2]
    none = np.full(len(row), -1, dtype=np.int64)
    return _make_entrances(chosen[row], xy, none, np.full(len(row), np.nan), "nearest")


def _find_along(
    edges: Edges,
    tree: shapely.STRtree,
    rings: Geometries,
    met: pd.DataFrame,
    tolerance_m: float,
) -> pd.DataFrame:
    """Find the boundary points nearest the junctions and middles of runs."""
    band = _find_band(edges, tree, rings, tolerance_m)
    degree = edges.degree()
    ends = _list_ends(edges, band)
    turning = ends[degree[ends["node"]] >= _JUNCTION]
    turning = turning.drop_duplicates(["which", "node"])
    node = turning["node"].to_numpy()
    middles = _find_middles(edges, band, ends[degree[ends["node"]] == _GOES_ON], met)
    which = np.concatenate((turning["which"], middles["which"])).astype(np.int64)
    xy = np.concatenate(
        (np.column_stack((edges.x[node], edges.y[node])), middles[["x", "y"]])
    )
    lines = shapely.shortest_line(rings[which], shapely.points(xy))
    xy = shapely.get_coordinates(lines)[::2]
    none = np.full(len(which), -1, dtype=np.int64)
    return _make_entrances(which, xy, none, np.full(len(which), np.nan), "along")


def _find_band(
    edges: Edges, tree: shapely.STRtree, rings: Geometries, tolerance_m: float
) -> pd.DataFrame:
    """Find the stretches of edges within the tolerance of a boundary."""
    which, edge = tree.query(rings, predicate="dwithin", distance=tolerance_m)
    bands = shapely.buffer(rings, tolerance_m, quad_segs=_QUAD_SEGS)
    shapely.prepare(bands)
    lines = tree.geometries[edge]
    whole = shapely.covers(bands[which], lines)
    partly = np.flatnonzero(~whole)
    cut = shapely.intersection(lines[partly], bands[which[partly]])
    parts, row = shapely.get_parts(cut, return_index=True)
    kept = shapely.length(parts) > SAME_PLACE_M
    parts, row = parts[kept], partly[row[kept]]
    xy = shapely.get_coordinates(parts).reshape(-1, 2, 2)
    starts = locate_on_edges(edges, edge[row], xy[:, 0])
    stops = locate_on_edges(edges, edge[row], xy[:, 1])
    every = np.concatenate((np.flatnonzero(whole), row))
    length = edges.length_m[edge[whole]]
    return pd.DataFrame(
        {
            "which": which[every],
            "edge": edge[every],
            "start": np.concatenate((np.zeros(len(length)), np.minimum(starts, stops))),
            "stop": np.concatenate((length, np.maximum(starts, stops))),
        }
    )


def _list_ends(edges: Edges, band: pd.DataFrame) -> pd.DataFrame:
    """List the nodes at which stretches of the band end."""
    edge = band["edge"].to_numpy()
    at_u = band["start"].to_numpy() <= SAME_PLACE_M
    at_v = band["stop"].to_numpy() >= edges.length_m[edge] - SAME_PLACE_M
    piece = np.concatenate((np.flatnonzero(at_u), np.flatnonzero(at_v)))
    return pd.DataFrame(
        {
            "which": band["which"].to_numpy()[piece],
            "piece": piece,
            "side": np.repeat([0, 1], [at_u.sum(), at_v.sum()]),
            "node": np.concatenate((edges.u[edge[at_u]], edges.v[edge[at_v]])),
        }
    )


def _find_middles(
    edges: Edges, band: pd.DataFrame, links: pd.DataFrame, met: pd.DataFrame
) -> pd.DataFrame:
    """Find the middles of the runs that meet no boundary themselves."""
    both = links[links.duplicated(["which", "node"], keep=False)]
    both = both.sort_values(["which", "node", "piece"])
    pairs = both[["piece", "side"]].to_numpy(dtype=np.int64).reshape(-1, 2, 2)
    size = len(band)
    graph = coo_array(
        (np.ones(len(pairs)), (pairs[:, 0, 0], pairs[:, 1, 0])), shape=(size, size)
    )
    run = connected_components(graph, directed=False)[1].astype(np.int64)
    crossed = band.assign(run=run).merge(met, on=["which", "edge"])
    first, last = crossed["start"] - SAME_PLACE_M, crossed["stop"] + SAME_PLACE_M
    on = crossed["at_m"].between(first, last)
    free = ~np.isin(run, crossed.loc[on, "run"])
    piece, at = _walk_runs(band, run, np.flatnonzero(free), pairs)
    edge = band["edge"].to_numpy()[piece]
    share = at / edges.length_m[edge]
    u, v = edges.u[edge], edges.v[edge]
    x = edges.x[u] + share * (edges.x[v] - edges.x[u])
    y = edges.y[u] + share * (edges.y[v] - edges.y[u])
    return pd.DataFrame({"which": band["which"].to_numpy()[piece], "x": x, "y": y})


def _walk_runs(
    band: pd.DataFrame, run: Ints, pieces: Ints, pairs: Ints
) -> tuple[Ints, Floats]:
    """Walk each run from an end to its middle; return piece and place there."""
    beyond = np.full((len(band), 2, 2), -1, dtype=np.int64)
    beyond[pairs[:, 0, 0], pairs[:, 0, 1]] = pairs[:, 1]
    beyond[pairs[:, 1, 0], pairs[:, 1, 1]] = pairs[:, 0]
    start, stop = band["start"].to_numpy(), band["stop"].to_numpy()
    length = stop - start
    total = np.bincount(run, weights=length, minlength=len(band))
    # begin at an end of the run; of a ring, anywhere
    loose = (beyond[pieces, :, 0] < 0).any(axis=1)
    order = pieces[np.lexsort((pieces, ~loose, run[pieces]))]
    begins = order[np.unique(run[order], return_index=True)[1]]
    found = np.empty(len(begins), dtype=np.int64)
    at = np.empty(len(begins))
    for i, begin in enumerate(begins):
        piece, side = begin, int(beyond[begin, 0, 0] >= 0 > beyond[begin, 1, 0])
        left = total[run[begin]] / 2
        while length[piece] < left:
            left -= length[piece]
            piece, side = beyond[piece, 1 - side]
        found[i] = piece
        at[i] = start[piece] + left if side == 0 else stop[piece] - left
    return found, at
