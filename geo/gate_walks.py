"""Short walks from the gates of one community to those of another."""

import numpy as np
import pandas as pd
import shapely

from geo.coverage import DECIMALS
from geo.edges import Bools, Geometries, Ints, make_points
from geo.network import WalkNetwork
from geo.pavements import find_sides, lay_pavements
from geo.reach import MAX_CUTOFF_M, WalkGraph, build_graph
from geo.separators import STRIP_M, Separators
from geo.walks import catchments

#: Searched beyond the limit, so that rounding decides what is within it (m).
_MARGIN_M = 0.01


def find_gate_walks(
    network: WalkNetwork,
    separators: Separators,
    ids: pd.Index,
    bodies: Geometries,
    walk_m: float,
) -> pd.DataFrame:
    """Find the pairs of communities whose gates are a short walk apart.

    Parameters
    ----------
    network
        The walk network.
    separators
        The separators of the same district.
    ids
        Community ids.
    bodies
        Communities as the separators leave them, in the order of `ids`.
    walk_m
        Longest walk, metres; 0: none.

    Returns
    -------
    pandas.DataFrame
        `a` and `b` (positions in `ids`, a before b), sorted; `any_m`, the shortest
        walk, at most `walk_m`; `walk_m`, the shortest that crosses no separator,
        NaN if that is longer. Metres, rounded to centimetres.
    """
    gates = network.gates[network.gates["node"] >= 0]
    owner = ids.get_indexer(gates["community_id"])
    node = gates["node"].to_numpy(dtype=np.int64)[owner >= 0]
    owner = owner[owner >= 0].astype(np.int64)
    if walk_m <= 0 or not len(node):
        columns = {"a": "int64", "b": "int64", "any_m": "float64", "walk_m": "float64"}
        return pd.DataFrame(columns=list(columns)).astype(columns)
    plain = build_graph(network.x, network.y, network.u, network.v, network.length_m)
    shared = _find_shared(network, node, owner)
    everywhere = pd.concat((_walk(plain, node, owner, walk_m), shared))
    pavements = lay_pavements(network, separators)
    row, sector = find_sides(pavements, network, node, owner, bodies)
    whole = shared[~_is_crossed(shared, network, separators)]
    aside = pd.concat((_walk(pavements.graph, sector, owner[row], walk_m), whole))
    least = everywhere.groupby(["a", "b"])["distance_m"].min().rename("any_m")
    kept = aside.groupby(["a", "b"])["distance_m"].min().rename("walk_m")
    return pd.concat((least, kept), axis=1).sort_index().reset_index()


def join_gates(network: WalkNetwork, ids: pd.Index, one: Ints, two: Ints) -> Geometries:
    """Draw the straight line between the nearest gates of pairs of communities.

    Parameters
    ----------
    network
        The walk network.
    ids
        Community ids.
    one, two
        Positions in `ids`.

    Returns
    -------
    numpy.ndarray
        Lines; None where a community has no gate on the network.
    """
    gates = network.gates[network.gates["node"] >= 0]
    owner = ids.get_indexer(gates["community_id"])
    node = gates["node"].to_numpy(dtype=np.int64)
    order = np.lexsort((network.y[node], network.x[node], owner))
    order = order[owner[order] >= 0]
    xy = np.column_stack((network.x[node[order]], network.y[node[order]]))
    places = np.full(len(ids), None, dtype=object)
    owners, number = np.unique(owner[order], return_inverse=True)
    if len(owners):
        places[owners] = shapely.multipoints(make_points(xy), indices=number)
    return np.asarray(shapely.shortest_line(places[one], places[two]), dtype=object)


def _walk(graph: WalkGraph, node: Ints, owner: Ints, walk_m: float) -> pd.DataFrame:
    """Walk from the gates of each community to those of the others."""
    caught = catchments(
        graph,
        owner,
        node,
        np.zeros(len(node)),
        nodes=node,
        cutoff_m=min(walk_m + _MARGIN_M, MAX_CUTOFF_M),
    )
    there = pd.DataFrame({"node": node, "b": owner})
    found = pd.DataFrame(
        {
            "a": caught.source,
            "node": caught.node.astype(np.int64),
            "distance_m": caught.distance_m.round(DECIMALS),
        }
    )
    # the way back is as long
    found = found.merge(there, on="node")
    found = found[(found["a"] < found["b"]) & (found["distance_m"] <= walk_m)]
    return found[["a", "b", "distance_m", "node"]]


def _find_shared(network: WalkNetwork, node: Ints, owner: Ints) -> pd.DataFrame:
    """Find the gates that open from one community straight into another."""
    gate = pd.DataFrame({"node": node, "owner": owner})
    edges = network.resident_edges
    joined = (
        edges.merge(gate, left_on="u", right_on="node")
        .merge(gate, left_on="v", right_on="node", suffixes=("_u", "_v"))
        .reset_index(drop=True)
    )
    pair = np.sort(joined[["owner_u", "owner_v"]].to_numpy(dtype=np.int64), axis=1)
    found = pd.DataFrame(
        {
            "a": pair[:, 0],
            "b": pair[:, 1],
            "distance_m": joined["length_m"].round(DECIMALS),
            "node": joined["u"].to_numpy(dtype=np.int64),
            "other": joined["v"].to_numpy(dtype=np.int64),
        }
    )
    return found[found["a"] < found["b"]]


def _is_crossed(
    shared: pd.DataFrame, network: WalkNetwork, separators: Separators
) -> Bools:
    ends = [shared[name].to_numpy(dtype=np.int64) for name in ("node", "other")]
    xy = np.stack([np.stack((network.x[e], network.y[e]), axis=1) for e in ends], 1)
    row, _ = separators.meet(np.asarray(shapely.linestrings(xy)), STRIP_M)
    crossed = np.zeros(len(shared), dtype=bool)
    crossed[row] = True
    return crossed
