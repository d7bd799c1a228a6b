"""Short walks from the gates of one community to those of another."""

import numpy as np
import pandas as pd
import shapely

from geo.coverage import DECIMALS
from geo.edges import Bools, Geometries, Ints, make_points
from geo.network import WalkNetwork
from geo.pavements import Pavements, find_sides, lay_pavements
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
    gates = pd.DataFrame({"node": node, "owner": owner, "way_m": 0.0})
    shared = _find_shared(network, gates)
    everywhere = pd.concat((_walk(plain, gates, walk_m), shared))
    pavements = lay_pavements(network, separators)
    placed = _place_on_side(pavements, network, separators, gates, bodies)
    whole = shared[~_is_crossed(shared, network, separators)]
    aside = pd.concat((_walk(pavements.graph, placed, walk_m), whole))
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


def _place_on_side(
    pavements: Pavements,
    network: WalkNetwork,
    separators: Separators,
    gates: pd.DataFrame,
    bodies: Geometries,
) -> pd.DataFrame:
    """Put gates onto the side of the separators on which their community lies.

    Where an outline is drawn beyond a separator, a gate on it may stand on the far
    side: it moves along its connector onto the separator; without one it is left
    out.
    """
    node, owner = gates["node"].to_numpy(), gates["owner"].to_numpy()
    place = make_points(np.column_stack((network.x[node], network.y[node])))
    crossed, _ = separators.meet(shapely.shortest_line(place, bodies[owner]))
    upon, _ = separators.meet(place, STRIP_M)
    beyond = np.setdiff1d(crossed, upon)
    near = gates.drop(gates.index[beyond])
    link = np.flatnonzero(network.street < 0)
    ends = [end[link].astype(np.int64) for end in (network.u, network.v)]
    links = pd.DataFrame(
        {
            "node": np.concatenate(ends),
            "other": np.concatenate(ends[::-1]),
            "length_m": np.tile(network.length_m[link], 2),
        }
    )
    moved = gates.iloc[beyond].merge(links, on="node")
    moved = moved[pavements.count[moved["other"]] > 1]
    moved = moved.assign(node=moved["other"], way_m=moved["length_m"])
    stood = pd.concat((near, moved[["node", "owner", "way_m"]]), ignore_index=True)
    node, owner = stood["node"].to_numpy(), stood["owner"].to_numpy()
    row, sector = find_sides(pavements, network, node, owner, bodies)
    return stood.iloc[row].assign(node=sector).reset_index(drop=True)


def _walk(graph: WalkGraph, gates: pd.DataFrame, walk_m: float) -> pd.DataFrame:
    """Walk from the gates of each community to those of the others."""
    caught = catchments(
        graph,
        gates["owner"],
        gates["node"],
        gates["way_m"],
        nodes=gates["node"],
        cutoff_m=min(walk_m + _MARGIN_M, MAX_CUTOFF_M),
    )
    there = gates.rename(columns={"owner": "b"})
    found = pd.DataFrame(
        {
            "a": caught.source,
            "node": caught.node.astype(np.int64),
            "distance_m": caught.distance_m,
        }
    )
    found = found.merge(there, on="node")
    found["distance_m"] = (found["distance_m"] + found["way_m"]).round(DECIMALS)
    # the way back is as long
    found = found[(found["a"] < found["b"]) & (found["distance_m"] <= walk_m)]
    return found[["a", "b", "distance_m"]]


def _find_shared(network: WalkNetwork, gates: pd.DataFrame) -> pd.DataFrame:
    """Find the gates that open from one community straight into another."""
    gate = gates[["node", "owner"]]
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
