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
    make_points,
)
from geo.walls import Walled

#: Halvings by which the ends of a stretch are found (1 km to less than 0.1 mm).
_HALVINGS = 24

#: Distances closer than this are equal (micrometres are rounding).
_EQUALLY_NEAR_M = 1e-6

#: Edge ends from which a node is a junction, and at which a line merely goes on.
_JUNCTION, _GOES_ON = 3, 2


def derive_entrances(
    edges: Edges,
    rings: Geometries,
    community: Ints,
    *,
    walled: Walled,
    tolerance_m: float,
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
    walled
        The walled communities: streets behind their walls give no gates outside.
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
    found = pd.concat((met, along), ignore_index=True)
    side = walled.find_side(make_points(found[["x", "y"]].to_numpy()))
    found = _drop_repeated(edges, found[found["inside"].to_numpy() == side])
    lost = np.setdiff1d(np.arange(len(rings)), found["which"])
    found = pd.concat((found, _find_nearest(edges, rings, lost)), ignore_index=True)
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
    found = _find_nearest(edges, rings, np.arange(len(rings)))
    return found.assign(community=community[found["which"].to_numpy(dtype=np.int64)])


def _make_entrances(
    which: Ints, xy: Floats, edge: Ints, at_m: Floats, origin: str
) -> pd.DataFrame:
    columns = {"which": which, "x": xy[:, 0], "y": xy[:, 1], "edge": edge, "at_m": at_m}
    return pd.DataFrame(columns).assign(origin=origin)


def _drop_repeated(edges: Edges, found: pd.DataFrame) -> pd.DataFrame:
    """Keep one gate per node; what is yet to attach only where there is none."""
    cell = (found[["x", "y"]] / SAME_PLACE_M).round().assign(which=found["which"])
    edge, at_m = found["edge"].to_numpy(), found["at_m"].to_numpy()
    # nodes at one place may be parted by a barrier: the two sides are two gates
    node = np.where(at_m <= SAME_PLACE_M, edges.u[edge], -1)
    at_end = at_m >= edges.length_m[edge] - SAME_PLACE_M
    node = np.where(at_end, edges.v[edge], node)
    apart = np.where(node < 0, len(edges.x) + edge, node)
    crossing = edge >= 0
    again = cell.assign(node=np.where(crossing, apart, -1)).duplicated()
    return found[~np.where(crossing, again, cell.duplicated())]


def _find_crossings(
    edges: Edges, tree: shapely.STRtree, rings: Geometries
) -> pd.DataFrame:
    which, edge = tree.query(rings, predicate="intersects")
    xy, row = shapely.get_coordinates(
        shapely.intersection(tree.geometries[edge], rings[which]), return_index=True
    )
    which, edge = which[row], edge[row]
    at = locate_on_edges(edges, edge, xy)
    found = _make_entrances(which, xy, edge, at, "crossing")
    return found.assign(inside=edges.inside[edge])


def _find_nearest(edges: Edges, rings: Geometries, chosen: Ints) -> pd.DataFrame:
    public = np.flatnonzero(edges.inside < 0)
    tree = shapely.STRtree(edges.lines(public if len(public) else None))
    near, far = tree.query_nearest(
        rings[chosen], return_distance=True, all_matches=False
    )
    reach = np.zeros(len(chosen))
    reach[near[0]] = far + _EQUALLY_NEAR_M
    row, edge = tree.query(rings[chosen], predicate="dwithin", distance=reach)
    table = _list_nearest(rings[chosen[row]], tree.geometries[edge], reach[row])
    table["ring"] = row[table["row"].to_numpy(dtype=np.int64)]
    table = table.sort_values(["ring", "x", "y"]).drop_duplicates("ring")
    which, xy = chosen[table["ring"]], table[["x", "y"]].to_numpy()
    none = np.full(len(which), -1, dtype=np.int64)
    return _make_entrances(which, xy, none, np.full(len(which), np.nan), "nearest")


def _list_nearest(rings: Geometries, lines: Geometries, reach: Floats) -> pd.DataFrame:
    """List the places of each ring that may be the one nearest to its line.

    Where the two run side by side, those are the ends of the common part.
    """
    ends, end_row = shapely.get_coordinates(lines, return_index=True)
    nearest = shapely.shortest_line(rings, lines)
    feet = shapely.shortest_line(rings[end_row], make_points(ends))
    met = shapely.intersection(rings, lines)
    found = [
        (shapely.get_coordinates(nearest)[::2], np.arange(len(rings))),
        (shapely.get_coordinates(feet)[::2], end_row),
        shapely.get_coordinates(rings, return_index=True),
        shapely.get_coordinates(met, return_index=True),
    ]
    xy = np.concatenate([places for places, _ in found])
    row = np.concatenate([rows for _, rows in found])
    held = shapely.distance(lines[row], make_points(xy)) <= reach[row]
    table = pd.DataFrame({"row": row, "x": xy[:, 0], "y": xy[:, 1]})
    # micrometres are rounding
    near: pd.DataFrame = table[held].round({"x": 6, "y": 6})
    return near


def _find_along(
    edges: Edges,
    tree: shapely.STRtree,
    rings: Geometries,
    met: pd.DataFrame,
    tolerance_m: float,
) -> pd.DataFrame:
    """Find the boundary points nearest the junctions and middles of runs."""
    band = _find_band(edges, tree, rings, tolerance_m)
    band["inside"] = edges.inside[band["edge"].to_numpy()]
    degree = edges.degree()
    ends = _list_ends(edges, band)
    turning = ends[degree[ends["node"]] >= _JUNCTION]
    turning = turning.drop_duplicates(["which", "node"])
    node = turning["node"].to_numpy()
    middles = _find_middles(edges, band, ends[degree[ends["node"]] == _GOES_ON], met)
    which = np.concatenate((turning["which"], middles["which"])).astype(np.int64)
    inside = band["inside"].to_numpy()
    inside = inside[np.concatenate((turning["piece"], middles["piece"])).astype(int)]
    xy = np.concatenate(
        (np.column_stack((edges.x[node], edges.y[node])), middles[["x", "y"]])
    )
    lines = shapely.shortest_line(rings[which], shapely.points(xy))
    xy = shapely.get_coordinates(lines)[::2]
    none = np.full(len(which), -1, dtype=np.int64)
    found = _make_entrances(which, xy, none, np.full(len(which), np.nan), "along")
    return found.assign(inside=inside)


def _find_band(
    edges: Edges, tree: shapely.STRtree, rings: Geometries, tolerance_m: float
) -> pd.DataFrame:
    """Find the stretches of edges within the tolerance of a boundary."""
    segments, ring = _list_segments(rings)
    segment, edge = tree.query(segments, predicate="dwithin", distance=tolerance_m)
    which = ring[segment]
    start, stop = _find_within(
        tree.geometries[edge], segments[segment], tolerance_m=tolerance_m
    )
    length = edges.length_m[edge]
    table = pd.DataFrame(
        {"which": which, "edge": edge, "start": start * length, "stop": stop * length}
    )
    return _merge_stretches(table)


def _list_segments(rings: Geometries) -> tuple[Geometries, Ints]:
    """Return the straight segments of boundaries, and the row of each one's ring."""
    lines, ring = shapely.get_parts(rings, return_index=True)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    longer = (xy[:-1] != xy[1:]).any(axis=1)
    first = np.flatnonzero((line[:-1] == line[1:]) & longer)
    pairs = np.stack((xy[first], xy[first + 1]), axis=1)
    return np.asarray(shapely.linestrings(pairs), dtype=object), ring[line[first]]


def _find_within(
    lines: Geometries, segments: Geometries, *, tolerance_m: float
) -> tuple[Floats, Floats]:
    """Return from where to where (shares) lines are within reach of segments.

    What is within reach of a segment is convex, so on a line it is one stretch;
    each of its ends lies between the nearest place and an end of the line.
    """
    ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
    others = shapely.get_coordinates(segments).reshape(-1, 2, 2)
    near = shapely.get_coordinates(shapely.shortest_line(lines, segments))[::2]
    middle = _find_foot(near, ends)
    shares = []
    for end in (0.0, 1.0):
        inner, outer = middle.copy(), np.full(len(middle), end)
        tried = outer.copy()
        for _ in range(_HALVINGS):
            places = _place_at(tried, ends)
            away = places - _place_at(_find_foot(places, others), others)
            held = np.hypot(away[:, 0], away[:, 1]) <= tolerance_m
            inner, outer = np.where(held, tried, inner), np.where(held, outer, tried)
            tried = (inner + outer) / 2
        shares.append(inner)
    return shares[0], shares[1]


def _find_foot(places: Floats, ends: Floats) -> Floats:
    """Return the share of each segment at which it is nearest to a place."""
    span = ends[:, 1] - ends[:, 0]
    along = ((places - ends[:, 0]) * span).sum(axis=1) / (span**2).sum(axis=1)
    share: Floats = np.clip(along, 0.0, 1.0)
    return share


def _place_at(share: Floats, ends: Floats) -> Floats:
    places: Floats = ends[:, 0] + share[:, None] * (ends[:, 1] - ends[:, 0])
    return places


def _merge_stretches(table: pd.DataFrame) -> pd.DataFrame:
    """Put stretches of an edge that overlap together; drop the tiny ones."""
    table = table.sort_values(["which", "edge", "start", "stop"], ignore_index=True)
    reached = table.groupby(["which", "edge"])["stop"].cummax()
    same = table[["which", "edge"]].eq(table[["which", "edge"]].shift()).all(axis=1)
    new = ~(same & (table["start"] <= reached.shift() + SAME_PLACE_M))
    grouped = table.assign(stop=reached).groupby(new.cumsum())
    merged = grouped.agg(
        {"which": "first", "edge": "first", "start": "first", "stop": "last"}
    )
    kept: pd.DataFrame = merged[merged["stop"] - merged["start"] > SAME_PLACE_M]
    return kept.reset_index(drop=True)


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
    which = band["which"].to_numpy()[piece]
    return pd.DataFrame({"which": which, "piece": piece, "x": x, "y": y})


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
