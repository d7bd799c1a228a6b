"""The pieces of the walk network, and what hangs on each."""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.edges import Edges, Ints


def find_pieces(edges: Edges, things: dict[str, Ints]) -> tuple[pd.DataFrame, Ints]:
    """Find the components of the public network.

    Parameters
    ----------
    edges
        The edges.
    things
        Name of a column, and one node for each thing to count (-1: none).

    Returns
    -------
    pandas.DataFrame
        One row per piece, most nodes first: `nodes`, `length_m`, `walled` (it
        holds no street outside walls), and the counts.
    numpy.ndarray
        Row position of the piece of each node.
    """
    size = len(edges.x)
    graph = coo_array((np.ones(len(edges.u)), (edges.u, edges.v)), shape=(size, size))
    count, label = connected_components(graph, directed=False)
    nodes = np.bincount(label, minlength=count)
    order = np.argsort(-nodes, kind="stable")
    piece = np.argsort(order, kind="stable")[label]
    outside = (edges.street >= 0) & (edges.inside < 0)
    of_edge = piece[edges.u]
    columns = {
        "nodes": nodes[order],
        "length_m": np.bincount(of_edge, weights=edges.length_m, minlength=count),
        "walled": np.bincount(of_edge[outside], minlength=count) == 0,
    }
    for name, node in things.items():
        columns[name] = np.bincount(piece[node[node >= 0]], minlength=count)
    table = pd.DataFrame(columns)
    table.index.name = "piece"
    return table, piece.astype(np.int64)
