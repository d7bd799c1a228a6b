"""Points onto edges: the nearest walkable edge that a free connector reaches.

Exact meaning: :mod:`geo.network`, definitions 7 and 12.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from geo.edges import (
    SAME_PLACE_M,
    Bools,
    Edges,
    Floats,
    Geometries,
    Ints,
    locate_on_edges,
    make_lines,
    make_points,
)
from geo.walls import Walled

#: A connector that ends at an edge's end is tested to this far along the edge, so
#: that it must come from the edge's own side of a wall.
_INWARD_M = 0.05

#: A wall this near to a gate is the gate's own.
OWN_WALL_M = 1.0

#: Distances closer than this are equal (micrometres are rounding).
_EQUALLY_NEAR_M = 1e-6

#: How many further edges are tried at a time where the nearest is out of reach.
_BATCH = 8


@dataclass(frozen=True, slots=True, eq=False)
class Obstacles:
    """What connectors must not cross.

    Attributes
    ----------
    barriers
        Tree of all barriers and their outlines.
    walled
        The walled communities.
    cores, reaches
        Trees of their shrunk and grown polygons.
    """

    barriers: shapely.STRtree
    walled: Walled
    cores: shapely.STRtree
    reaches: shapely.STRtree

    def crosses(
        self,
        start: Floats,
        stop: Floats,
        *,
        own_m: float,
        along: Ints | None = None,
        beside: Bools | None = None,
    ) -> Bools:
        """Say which straight connectors cross a barrier or a walled boundary.

        Parameters
        ----------
        start, stop
            Ends of the connectors (k x 2), metres.
        own_m
            Barriers this near to the start do not count.
        along, beside
            Row of `beside` for each, -1: none; the walled communities (columns)
            whose boundary it may cross.

        Returns
        -------
        numpy.ndarray
            One flag per connector.
        """
        crossed = np.zeros(len(start), dtype=bool)
        lines = make_lines(start[:, 0], start[:, 1], stop[:, 0], stop[:, 1])
        length = shapely.length(lines)
        longer = np.flatnonzero(length > own_m)
        share = (own_m / length[longer])[:, None]
        later = start[longer] + share * (stop[longer] - start[longer])
        rest = make_lines(later[:, 0], later[:, 1], *stop[longer].T)
        hit, _ = self.barriers.query(rest, predicate="intersects")
        crossed[longer[hit]] = True
        line, which = self.cores.query(lines, predicate="intersects")
        out = ~shapely.covers(self.walled.reach[which], lines[line])
        ran, wall = self._find_beside(lines)
        line, which = np.append(line, ran), np.append(which, wall)
        out = np.append(out, np.ones(len(ran), dtype=bool))
        if along is not None and beside is not None:
            may = np.flatnonzero(along[line] >= 0)
            out[may] &= ~beside[along[line[may]], which[may]]
        crossed[line[out]] = True
        return crossed

    def _find_beside(self, lines: Geometries) -> tuple[Ints, Ints]:
        """Find the connectors that run along a walled boundary."""
        line, which = self.reaches.query(lines, predicate="intersects")
        long = shapely.length(lines[line]) > OWN_WALL_M
        line, which = line[long], which[long]
        within = shapely.length(
            shapely.intersection(lines[line], self.walled.reach[which])
        )
        core = shapely.intersection(lines[line], self.walled.core[which])
        beside = within - shapely.length(core) > OWN_WALL_M
        return line[beside], which[beside]


def make_obstacles(barriers: Geometries, walled: Walled) -> Obstacles:
    """Prepare the test for connectors.

    Parameters
    ----------
    barriers
        Lines that no connector crosses.
    walled
        The walled communities.

    Returns
    -------
    Obstacles
        The prepared test.
    """
    return Obstacles(
        shapely.STRtree(barriers),
        walled,
        shapely.STRtree(walled.core),
        shapely.STRtree(walled.reach),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Attachments:
    """Where things attach, one row for each of them.

    Attributes
    ----------
    edge
        Edge position; -1: not attached.
    at_m
        Metres from `u` of the edge to the foot of the connector; NaN if none.
    connector_m
        Length of the connector in metres; NaN if none.
    """

    edge: Ints
    at_m: Floats
    connector_m: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Attacher:
    """Finds the edge that a point attaches to.

    Attributes
    ----------
    edges
        The edges; connectors among them are no target.
    obstacles
        What connectors must not cross.
    lines
        The street edges as lines; `target` are their positions in `edges`.
    target
        Positions of the street edges, public ones first.
    trees
        Trees of the public and of the inner street edges.
    """

    edges: Edges
    obstacles: Obstacles
    lines: Geometries
    target: Ints
    trees: tuple[shapely.STRtree, shapely.STRtree]

    def attach(
        self,
        shapes: Geometries,
        side: Ints,
        *,
        max_m: float | None,
        own_m: float = SAME_PLACE_M,
    ) -> Attachments:
        """Attach points or polygons to the nearest free edge on their side.

        Parameters
        ----------
        shapes
            Points or polygons in the working CRS.
        side
            Position of the walled community whose inner edges each attaches to;
            -1: public edges.
        max_m
            Greatest length of a connector; None: any, for places inside a wall.
        own_m
            Barriers this near to the start of a connector do not count.

        Returns
        -------
        Attachments
            One row per shape.
        """
        edge = np.full(len(shapes), -1, dtype=np.int64)
        at, far = np.full(len(shapes), np.nan), np.full(len(shapes), np.nan)
        for inner, tree in enumerate(self.trees):
            rows = np.flatnonzero((side >= 0) == bool(inner))
            if not len(rows) or not len(tree.geometries):
                continue
            found = _Search(self, tree, bool(inner), max_m, own_m)
            near = found.nearest(shapes[rows], side[rows])
            left = np.flatnonzero(near.edge < 0)
            wide = found.wide(shapes[rows[left]], side[rows[left]])
            for into, first, second in (
                (edge, near.edge, wide.edge),
                (at, near.at_m, wide.at_m),
                (far, near.connector_m, wide.connector_m),
            ):
                first[left] = second
                into[rows] = first
        return Attachments(edge, at, far)

    def meet(self, shapes: Geometries, side: Ints) -> tuple[Ints, Ints, Floats]:
        """Find where the outlines of polygons meet street edges of their side.

        Parameters
        ----------
        shapes
            Polygons in the working CRS.
        side
            As for `attach`.

        Returns
        -------
        tuple
            Row of the polygon, edge position, metres from `u` of the edge.
        """
        outline = shapely.boundary(shapes)
        found = []
        for inner, tree in enumerate(self.trees):
            row, index = tree.query(outline, predicate="intersects")
            edge = self.position(index, inner=bool(inner))
            kept = self.edges.inside[edge] == side[row]
            row, edge = row[kept], edge[kept]
            xy, part = shapely.get_coordinates(
                shapely.intersection(self.edges.lines(edge), outline[row]),
                return_index=True,
            )
            found.append((row[part], edge[part], self.locate(edge[part], xy)))
        rows, edges, at = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return rows, edges, at

    def locate(self, edge: Ints, xy: Floats) -> Floats:
        """Return metres from `u` of edges to the feet of points.

        Parameters
        ----------
        edge
            Edge positions.
        xy
            Points (k x 2).

        Returns
        -------
        numpy.ndarray
            Metres along each edge.
        """
        return locate_on_edges(self.edges, edge, xy)

    def position(self, index: Ints, *, inner: bool) -> Ints:
        """Return the positions, in the edges, of what a tree found.

        Parameters
        ----------
        index
            Positions in the tree.
        inner
            Whether it is the tree of inner edges.

        Returns
        -------
        numpy.ndarray
            Edge positions.
        """
        public = len(self.trees[0].geometries)
        return self.target[index + public if inner else index]


def make_attacher(edges: Edges, obstacles: Obstacles) -> Attacher:
    """Prepare the search for nearest edges.

    Parameters
    ----------
    edges
        The edges.
    obstacles
        What connectors must not cross.

    Returns
    -------
    Attacher
        The prepared search.
    """
    street = edges.street >= 0
    public = np.flatnonzero(street & (edges.inside < 0))
    inner = np.flatnonzero(street & (edges.inside >= 0))
    trees = shapely.STRtree(edges.lines(public)), shapely.STRtree(edges.lines(inner))
    target = np.concatenate((public, inner))
    lines = np.concatenate((trees[0].geometries, trees[1].geometries))
    return Attacher(edges, obstacles, lines, target, trees)


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """One search on public or on inner edges."""

    attacher: Attacher
    tree: shapely.STRtree
    inner: bool
    max_m: float | None
    own_m: float

    def nearest(self, shapes: Geometries, side: Ints) -> Attachments:
        """Try the nearest edge of all."""
        row, index = self.tree.query_nearest(shapes, max_distance=self.max_m)
        edge = self.attacher.position(index, inner=self.inner)
        kept = self.attacher.edges.inside[edge] == side[row]
        return self._choose(shapes, row[kept], edge[kept])

    def wide(self, shapes: Geometries, side: Ints) -> Attachments:
        """Try all edges within the greatest distance, nearest first."""
        row, edge = self._list_near(shapes, side)
        far = shapely.distance(shapes[row], self.attacher.edges.lines(edge))
        order = np.lexsort((edge, far, row))
        row, edge = row[order], edge[order]
        rank = np.arange(len(row)) - np.searchsorted(row, row)
        best = Attachments(*_nothing(len(shapes)))
        for batch in range(0, int(rank.max(initial=-1)) + 1, _BATCH):
            due = (rank >= batch) & (rank < batch + _BATCH) & (best.edge[row] < 0)
            found = self._choose(shapes, row[due], edge[due])
            hit = found.edge >= 0
            best.edge[hit], best.at_m[hit] = found.edge[hit], found.at_m[hit]
            best.connector_m[hit] = found.connector_m[hit]
        return best

    def _list_near(self, shapes: Geometries, side: Ints) -> tuple[Ints, Ints]:
        """Pair each shape with the edges of its side within the greatest distance."""
        inside = self.attacher.edges.inside
        if self.max_m is None:
            target = self.attacher.position(
                np.arange(len(self.tree.geometries)), inner=self.inner
            )
            shape = pd.DataFrame({"row": np.arange(len(shapes)), "side": side})
            edges = pd.DataFrame({"edge": target, "side": inside[target]})
            pairs = shape.merge(edges, on="side")
            return pairs["row"].to_numpy(), pairs["edge"].to_numpy()
        row, index = self.tree.query(shapes, predicate="dwithin", distance=self.max_m)
        edge = self.attacher.position(index, inner=self.inner)
        kept = inside[edge] == side[row]
        return row[kept], edge[kept]

    def _choose(self, shapes: Geometries, row: Ints, edge: Ints) -> Attachments:
        """Choose, for each row, the nearest edge that a free connector reaches."""
        edges = self.attacher.edges
        start, foot = _find_feet(shapes[row], edges.lines(edge))
        at = self.attacher.locate(edge, foot)
        far = np.hypot(*(foot - start).T)
        length = edges.length_m[edge]
        inward = np.minimum(_INWARD_M, length / 2)
        share = (np.clip(at, inward, length - inward) / length)[:, None]
        u = np.column_stack((edges.x[edges.u[edge]], edges.y[edges.u[edge]]))
        v = np.column_stack((edges.x[edges.v[edge]], edges.y[edges.v[edge]]))
        blocked = self.attacher.obstacles.crosses(
            start,
            u + share * (v - u),
            own_m=self.own_m,
            along=edges.along[edge],
            beside=edges.beside,
        )
        table = pd.DataFrame({"row": row, "edge": edge, "at": at, "far": far})
        # of equally near edges the one farther west, then south, whatever the order
        table["near"], table["x"], table["y"] = far.round(6), foot[:, 0], foot[:, 1]
        table = table[~blocked].sort_values(["row", "near", "x", "y", "edge"])
        table = table.drop_duplicates("row")
        result = Attachments(*_nothing(len(shapes)))
        rows = table["row"].to_numpy()
        result.edge[rows], result.at_m[rows] = table["edge"], table["at"]
        result.connector_m[rows] = table["far"]
        return result


def _find_feet(shapes: Geometries, lines: Geometries) -> tuple[Floats, Floats]:
    """Return the ends of the shortest connectors from shapes to edges."""
    ends = shapely.get_coordinates(shapely.shortest_line(shapes, lines))
    ends = ends.reshape(-1, 2, 2)
    far = np.hypot(*(ends[:, 1] - ends[:, 0]).T)
    # an outline beside an edge is equally near to many places of it: take the first
    wide = np.flatnonzero((shapely.get_dimensions(shapes) > 0) & (far > 0))
    xy, index = shapely.get_coordinates(shapes[wide], return_index=True)
    place = shapely.line_locate_point(lines[wide[index]], shapely.points(xy))
    feet = shapely.line_interpolate_point(lines[wide[index]], place)
    both = shapely.get_coordinates(lines[wide]).reshape(-1, 2)
    feet = np.concatenate((feet, make_points(both)))
    index = np.concatenate((index, np.repeat(np.arange(len(wide)), 2)))
    table = pd.DataFrame({"row": wide[index], "foot": feet})
    table["x"], table["y"] = shapely.get_x(feet), shapely.get_y(feet)
    table["far"] = shapely.distance(shapes[table["row"]], feet)
    table = table[table["far"] <= far[table["row"]] + _EQUALLY_NEAR_M]
    first = table.sort_values(["row", "x", "y"]).drop_duplicates("row")
    rows = first["row"].to_numpy()
    best = shapely.shortest_line(shapes[rows], first["foot"].to_numpy(dtype=object))
    ends[rows] = shapely.get_coordinates(best).reshape(-1, 2, 2)
    return ends[:, 0], ends[:, 1]


def _nothing(size: int) -> tuple[Ints, Floats, Floats]:
    none = np.full(size, np.nan)
    return np.full(size, -1, dtype=np.int64), none, none.copy()
