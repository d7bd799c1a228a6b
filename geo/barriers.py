"""Walls, rivers, railways and expressways: they cut edges and stop connectors.

Exact meaning: :mod:`geo.network`, definitions 5 to 7.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from geo.edges import (
    SAME_PLACE_M,
    Bools,
    Edges,
    Floats,
    Geometries,
    Ints,
    find_ends,
    keep_edges,
    locate_on_edges,
    make_lines,
    make_points,
    separate_nodes,
    split_edges,
)

#: Kinds that cut only edges that are no bridge, tunnel or crossing.
CROSSABLE = ("river", "railway", "expressway")

#: Directions closer than this (radians) are one direction.
_SAME_DIRECTION = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Barriers:
    """The barriers layer, sorted by what it does to an edge.

    Attributes
    ----------
    walls
        Lines that cut every edge (of wall polygons: the outline).
    lines
        Lines that cut edges which are not free.
    waters
        Polygons inside which edges that are not free are removed.
    """

    walls: Geometries
    lines: Geometries
    waters: Geometries

    def outlines(self) -> Geometries:
        """Return everything that no connector crosses, as lines.

        Returns
        -------
        numpy.ndarray
            Two-vertex lines.
        """
        edges = shapely.boundary(self.waters)
        return _explode(np.concatenate((self.walls, self.lines, edges)))


def read_barriers(barriers: gpd.GeoDataFrame) -> Barriers:
    """Sort the barriers layer by kind and geometry.

    Parameters
    ----------
    barriers
        Barriers layer; rows of no known kind stop nothing.

    Returns
    -------
    Barriers
        The sorted geometries.
    """
    parts, row = shapely.get_parts(
        barriers.geometry.to_numpy(dtype=object), return_index=True
    )
    kind = barriers["kind"].astype("object").to_numpy()[row]
    area = shapely.get_dimensions(parts) == 2  # noqa: PLR2004 (polygons)
    wall, crossable = kind == "wall", np.isin(kind.astype("str"), CROSSABLE)
    walls = np.concatenate((parts[wall & ~area], shapely.boundary(parts[wall & area])))
    return Barriers(walls, parts[crossable & ~area], parts[crossable & area])


def cut_at_barriers(edges: Edges, barriers: Barriers) -> Edges:
    """Cut the edges that barriers cross.

    Parameters
    ----------
    edges
        The edges, metric CRS.
    barriers
        The barriers in the same CRS.

    Returns
    -------
    Edges
        The edges; where one is cut its pieces end in different nodes at the
        same place.
    """
    edges = _remove_within(edges, barriers.waters)
    edges = _cut(edges, _explode(barriers.walls), np.zeros(len(edges.u), dtype=bool))
    return _cut(edges, _explode(barriers.lines), edges.free)


def _explode(lines: Geometries) -> Geometries:
    xy, part = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
    step = np.flatnonzero(part[1:] == part[:-1])
    step = step[(xy[step] != xy[step + 1]).any(axis=1)]
    return make_lines(*xy[step].T, *xy[step + 1].T)


def _remove_within(edges: Edges, waters: Geometries) -> Edges:
    if not len(waters):
        return edges
    tree = shapely.STRtree(edges.lines())
    water, edge = tree.query(shapely.boundary(waters), predicate="intersects")
    kept = ~edges.free[edge]
    split, _, _ = split_where_met(
        edges, edge[kept], shapely.boundary(waters)[water[kept]]
    )
    shapely.prepare(waters)
    middle, _ = shapely.STRtree(waters).query(split.middles(), predicate="within")
    within = np.zeros(len(split.u), dtype=bool)
    within[middle] = True
    return keep_edges(split, split.free | ~within)


def split_where_met(
    edges: Edges, edge: Ints, outline: Geometries
) -> tuple[Edges, Ints, Ints]:
    """Split edges wherever they meet a line.

    Parameters
    ----------
    edges
        The edges.
    edge
        Positions of edges (k).
    outline
        The line that each may meet (k); where they run together, the ends of
        the common part count.

    Returns
    -------
    Edges
        The edges, split.
    numpy.ndarray
        Nodes at the meeting places.
    numpy.ndarray
        For each node the row (of `edge`) it belongs to.
    """
    xy, row = shapely.get_coordinates(
        shapely.intersection(edges.lines(edge), outline), return_index=True
    )
    split, node, _ = split_edges(
        edges, edge[row], locate_on_edges(edges, edge[row], xy)
    )
    return split, node, row


def _cut(edges: Edges, segments: Geometries, free: Bools) -> Edges:
    """Cut edges that are not free at wall segments."""
    if not len(segments):
        return edges
    target = np.flatnonzero(~free)
    tree = shapely.STRtree(segments)
    index, wall = tree.query(edges.lines(target), predicate="intersects")
    edge = target[index]
    xy, row = shapely.get_coordinates(
        shapely.intersection(edges.lines(edge), segments[wall]), return_index=True
    )
    edge, wall = edge[row], wall[row]
    at = locate_on_edges(edges, edge, xy)
    plain = _is_plain(edges, edge, at, segments[wall], xy)
    split, node, parent = split_edges(edges, edge, at)
    touched = np.unique(node[~plain])
    clean = np.setdiff1d(node[plain], touched)
    ends, side = find_ends(split, clean)
    group = side  # the piece that ends here and the piece that starts here
    parts = _find_sectors(split, touched, tree, free[parent])
    return separate_nodes(
        split,
        np.concatenate((ends, parts[0])),
        np.concatenate((side, parts[1])),
        np.concatenate((group, parts[2])),
    )


def _is_plain(
    edges: Edges, edge: Ints, at: Floats, wall: Geometries, xy: Floats
) -> Bools:
    """Tell crossings of two interiors from touches at an end or a vertex."""
    margin = 2 * SAME_PLACE_M
    ends = shapely.get_coordinates(wall).reshape(-1, 2, 2)
    near = np.hypot(*(ends - xy[:, None, :]).transpose(2, 0, 1)).min(axis=1)
    length = edges.length_m[edge]
    plain: Bools = (at > margin) & (at < length - margin) & (near > margin)
    return plain


def _find_sectors(
    edges: Edges, nodes: Ints, tree: shapely.STRtree, free: Bools
) -> tuple[Ints, Ints, Ints]:
    """Group the edge ends at nodes on a wall by the side of the wall."""
    edge, end = find_ends(edges, nodes)
    if not len(nodes):
        return edge, end, edge
    here = np.where(end == 0, edges.u[edge], edges.v[edge])
    there = np.where(end == 0, edges.v[edge], edges.u[edge])
    angle = np.arctan2(edges.y[there] - edges.y[here], edges.x[there] - edges.x[here])
    group = np.zeros(len(edge), dtype=np.int64)
    places = make_points(np.column_stack((edges.x[nodes], edges.y[nodes])))
    found, wall = tree.query(places, predicate="dwithin", distance=2 * SAME_PLACE_M)
    bridged = np.zeros(len(edges.x), dtype=bool)
    bridged[here[free[edge]]] = True
    order = np.argsort(here, kind="stable")
    cuts = np.searchsorted(here[order], nodes[1:])
    walls = np.split(wall, np.searchsorted(found, np.arange(1, len(nodes))))
    for node, ends_here, near in zip(nodes, np.split(order, cuts), walls, strict=True):
        if bridged[node]:
            continue
        at = np.array((edges.x[node], edges.y[node]))
        leaving = _directions(shapely.get_coordinates(tree.geometries[near]), at)
        group[ends_here] = _sector(angle[ends_here], leaving)
    return edge, end, group


def _directions(walls: Floats, at: Floats) -> Floats:
    """Return the directions in which walls leave a place, sorted, each once."""
    away = walls - at
    away = away[np.hypot(away[:, 0], away[:, 1]) > 2 * SAME_PLACE_M]
    angles = np.sort(np.arctan2(away[:, 1], away[:, 0]))
    fresh = np.ones(len(angles), dtype=bool)
    fresh[1:] = np.diff(angles) > _SAME_DIRECTION
    if len(angles) > 1 and angles[0] + 2 * np.pi - angles[-1] <= _SAME_DIRECTION:
        fresh[0] = False
    return angles[fresh]


def _sector(angle: Floats, walls: Floats) -> Ints:
    """Return the sector of each direction between walls; on a wall: -1."""
    if len(walls) < 2:  # noqa: PLR2004 (a wall that ends here separates nothing)
        return np.zeros(len(angle), dtype=np.int64)
    turn = np.abs(angle[:, None] - walls[None, :])
    on_wall = np.minimum(turn, 2 * np.pi - turn).min(axis=1) <= _SAME_DIRECTION
    sector = np.searchsorted(walls, angle) % len(walls)
    return np.where(on_wall, -1, sector).astype(np.int64)
