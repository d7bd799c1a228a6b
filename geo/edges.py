"""The segments of the walk network, and the few things done to them.

An edge is one straight segment between two nodes; which vertices of the streets are
one node is defined in :mod:`geo.network` (definitions 1 to 4).
"""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Geometries = npt.NDArray[np.object_]

#: Places closer than this are one place (the precision of the whole network).
SAME_PLACE_M = 0.001


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """The segments of the walk network while it is built.

    Attributes
    ----------
    x, y
        Node positions (n) in metres of the working CRS.
    u, v
        End nodes of the edges (m).
    street
        Row position of each edge in the streets layer; -1: a connector.
    free
        Bridges, tunnels and crossings, which rivers and railways do not cut.
    inside
        Position of the walled community whose inner edge it is; -1: public.
    along
        Row of `beside`; -1: the edge runs along no walled boundary.
    beside
        Which walled communities (columns, smallest first) have a boundary along
        which an edge inside runs (rows: what occurs).
    """

    x: Floats
    y: Floats
    u: Ints
    v: Ints
    street: Ints
    free: Bools
    inside: Ints
    along: Ints
    beside: Bools = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))

    @property
    def length_m(self) -> Floats:
        """Straight length of each edge in metres."""
        u, v = self.u, self.v
        length: Floats = np.hypot(self.x[v] - self.x[u], self.y[v] - self.y[u])
        return length

    def lines(self, edge: Ints | None = None) -> Geometries:
        """Return the edges, or those at `edge`, as lines.

        Parameters
        ----------
        edge
            Positions of edges; None: all.

        Returns
        -------
        numpy.ndarray
            One two-vertex line per edge.
        """
        u, v = (self.u, self.v) if edge is None else (self.u[edge], self.v[edge])
        return make_lines(self.x[u], self.y[u], self.x[v], self.y[v])

    def middles(self, edge: Ints | None = None) -> Geometries:
        """Return the middle points of the edges, or of those at `edge`.

        Parameters
        ----------
        edge
            Positions of edges; None: all.

        Returns
        -------
        numpy.ndarray
            One point per edge.
        """
        u, v = (self.u, self.v) if edge is None else (self.u[edge], self.v[edge])
        xy = np.column_stack(((self.x[u] + self.x[v]) / 2, (self.y[u] + self.y[v]) / 2))
        return make_points(xy)

    def degree(self) -> Ints:
        """Return how many edge ends meet at each node.

        Returns
        -------
        numpy.ndarray
            One count per node.
        """
        ends = np.concatenate((self.u, self.v))
        return np.bincount(ends, minlength=len(self.x)).astype(np.int64)


def make_lines(x0: Floats, y0: Floats, x1: Floats, y1: Floats) -> Geometries:
    """Make two-vertex lines.

    Parameters
    ----------
    x0, y0, x1, y1
        Start and end positions in metres.

    Returns
    -------
    numpy.ndarray
        One line per row.
    """
    pairs = np.stack((np.column_stack((x0, y0)), np.column_stack((x1, y1))), axis=1)
    lines: Geometries = np.asarray(shapely.linestrings(pairs), dtype=object)
    return lines


def make_points(xy: Floats) -> Geometries:
    """Make points.

    Parameters
    ----------
    xy
        Positions (k x 2) in metres.

    Returns
    -------
    numpy.ndarray
        One point per row.
    """
    points: Geometries = np.asarray(shapely.points(xy), dtype=object)
    return points


def locate_on_edges(edges: Edges, edge: Ints, xy: Floats) -> Floats:
    """Return where points lie along edges.

    Parameters
    ----------
    edges
        The edges.
    edge
        Position of an edge for each point.
    xy
        Points (k x 2), metres.

    Returns
    -------
    numpy.ndarray
        Metres from `u` to the foot of each point, between 0 and the length.
    """
    u, v = edges.u[edge], edges.v[edge]
    dx, dy = edges.x[v] - edges.x[u], edges.y[v] - edges.y[u]
    length = np.hypot(dx, dy)
    along = ((xy[:, 0] - edges.x[u]) * dx + (xy[:, 1] - edges.y[u]) * dy) / length
    return np.clip(along, 0.0, length)


def split_edges(edges: Edges, edge: Ints, at_m: Floats) -> tuple[Edges, Ints, Ints]:
    """Split edges where something attaches to them or cuts them.

    Parameters
    ----------
    edges
        The edges.
    edge
        Position of the edge of each place (k); an edge may come several times.
    at_m
        Metres from `u` of the edge to the place (k).

    Returns
    -------
    Edges
        The edges, each split one replaced by its pieces; old nodes keep their
        numbers.
    numpy.ndarray
        Node of each place (k); within a millimetre of an end it is that end,
        and places within a millimetre of each other are one.
    numpy.ndarray
        Old edge of each new edge.
    """
    length = edges.length_m[edge]
    node = np.where(at_m <= length / 2, edges.u[edge], edges.v[edge])
    inner = np.flatnonzero((at_m > SAME_PLACE_M) & (at_m < length - SAME_PLACE_M))
    order = inner[np.lexsort((at_m[inner], edge[inner]))]
    e, at = edge[order], at_m[order]
    fresh = np.ones(len(e), dtype=bool)
    fresh[1:] = (e[1:] != e[:-1]) | (np.diff(at) > SAME_PLACE_M)
    node[order] = len(edges.x) + np.cumsum(fresh) - 1
    e, share = e[fresh], at[fresh] / length[order][fresh]
    u, v = edges.u[e], edges.v[e]
    x = edges.x[u] + share * (edges.x[v] - edges.x[u])
    y = edges.y[u] + share * (edges.y[v] - edges.y[u])
    # pieces of one edge stand together, in order, where the edge stood
    count = np.bincount(e, minlength=len(edges.u))
    parent = np.repeat(np.arange(len(edges.u)), count + 1)
    new_u, new_v = edges.u[parent], edges.v[parent]
    piece = e + np.arange(len(e))
    new_v[piece] = new_u[piece + 1] = len(edges.x) + np.arange(len(e))
    pieces = take_edges(edges, parent)
    xs, ys = np.concatenate((edges.x, x)), np.concatenate((edges.y, y))
    return replace(pieces, x=xs, y=ys, u=new_u, v=new_v), node, parent


def take_edges(edges: Edges, chosen: Ints | Bools) -> Edges:
    """Return some of the edges, or some of them more than once.

    Parameters
    ----------
    edges
        The edges.
    chosen
        Positions or flags.

    Returns
    -------
    Edges
        The chosen edges, all nodes.
    """
    names = ("u", "v", "street", "free", "inside", "along")
    return replace(edges, **{name: getattr(edges, name)[chosen] for name in names})


def keep_edges(edges: Edges, kept: Bools) -> Edges:
    """Leave out the edges that are not kept.

    Parameters
    ----------
    edges
        The edges.
    kept
        One flag per edge.

    Returns
    -------
    Edges
        The kept edges; nodes keep their numbers, some may have no edge now.
    """
    return edges if kept.all() else take_edges(edges, kept)


def separate_nodes(edges: Edges, edge: Ints, end: Ints, group: Ints) -> Edges:
    """Give each group of edge ends at a node a node of its own.

    Parameters
    ----------
    edges
        The edges.
    edge, end
        All edge ends (0: `u`, 1: `v`) at the nodes that are separated.
    group
        Group of each; ends of one node and one group stay joined. The first
        group of a node, by number, keeps the node.

    Returns
    -------
    Edges
        The edges; further copies of a node stand at the same place.
    """
    node = np.where(end == 0, edges.u[edge], edges.v[edge])
    table = pd.DataFrame({"node": node, "group": group})
    pairs = table.drop_duplicates().sort_values(["node", "group"], ignore_index=True)
    extra = pairs["node"].duplicated().to_numpy()
    pairs["copy"] = pairs["node"]
    pairs.loc[extra, "copy"] = len(edges.x) + np.arange(extra.sum())
    copies = table.merge(pairs, how="left")["copy"].to_numpy(dtype=np.int64)
    u, v = edges.u.copy(), edges.v.copy()
    u[edge[end == 0]], v[edge[end == 1]] = copies[end == 0], copies[end == 1]
    source = pairs.loc[extra, "node"].to_numpy(dtype=np.int64)
    x, y = (np.concatenate((a, a[source])) for a in (edges.x, edges.y))
    return replace(edges, x=x, y=y, u=u, v=v)


def find_ends(edges: Edges, nodes: Ints) -> tuple[Ints, Ints]:
    """Return all edge ends at some nodes.

    Parameters
    ----------
    edges
        The edges.
    nodes
        Node numbers.

    Returns
    -------
    tuple
        Edge positions, and the end of each (0: `u`, 1: `v`).
    """
    wanted = np.zeros(len(edges.x), dtype=bool)
    wanted[nodes] = True
    at_u, at_v = np.flatnonzero(wanted[edges.u]), np.flatnonzero(wanted[edges.v])
    end = np.repeat([0, 1], [len(at_u), len(at_v)]).astype(np.int64)
    return np.concatenate((at_u, at_v)), end


def add_nodes(edges: Edges, xy: Floats) -> tuple[Edges, Ints]:
    """Add nodes that have no edge yet.

    Parameters
    ----------
    edges
        The edges.
    xy
        Positions (k x 2), metres.

    Returns
    -------
    tuple
        The edges, and the numbers of the new nodes.
    """
    node = len(edges.x) + np.arange(len(xy), dtype=np.int64)
    x, y = np.concatenate((edges.x, xy[:, 0])), np.concatenate((edges.y, xy[:, 1]))
    return replace(edges, x=x, y=y), node


def add_connectors(edges: Edges, u: Ints, v: Ints, inside: Ints) -> Edges:
    """Add connectors between nodes.

    Parameters
    ----------
    edges
        The edges.
    u, v
        End nodes.
    inside
        Position of the walled community that each lies in; -1: none.

    Returns
    -------
    Edges
        The edges, connectors last.
    """
    none = np.full(len(u), -1, dtype=np.int64)
    return replace(
        edges,
        u=np.concatenate((edges.u, u)),
        v=np.concatenate((edges.v, v)),
        street=np.concatenate((edges.street, none)),
        free=np.concatenate((edges.free, none >= 0)),
        inside=np.concatenate((edges.inside, inside)),
        along=np.concatenate((edges.along, none)),
    )


def drop_lone_nodes(edges: Edges) -> tuple[Edges, Ints]:
    """Leave out nodes without an edge.

    Parameters
    ----------
    edges
        The edges.

    Returns
    -------
    tuple
        The edges, and the new number of each old node; -1: left out.
    """
    used = edges.degree() > 0
    number = np.where(used, np.cumsum(used) - 1, -1).astype(np.int64)
    u, v = number[edges.u], number[edges.v]
    return replace(edges, x=edges.x[used], y=edges.y[used], u=u, v=v), number
