"""Single walks and catchments on the reach engine's graph."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.chains import (
    Chains,
    FloatArray,
    Int32Array,
    Int64Array,
    WalkGraph,
    Whole,
    as_nodes,
    as_units,
    kernel,
    same_size,
)
from geo.engine import empty_frame, far_key
from geo.kernels import (
    LOGGED,
    METRE,
    Frame,
    Work,
    apart,
    improve,
    make_work,
    reserve,
    settle,
)
from geo.progress import Progress, no_progress
from geo.reach import (
    BUCKET_SHIFT,
    Reach,
    Seeds,
    build_graph,
    measure_reach,
)
from geo.tracing import trace

__all__ = ["Catchments", "catchments", "trace_walk", "warm"]


def trace_walk(reach: Reach, category: int, node: int) -> Int32Array:
    """Return the walk from a node to the nearest facility.

    Works inside `Reach.joined` too; the walk may then use the new edges.

    Parameters
    ----------
    reach
        Measured distances.
    category
        The category.
    node
        Node of the graph.

    Returns
    -------
    numpy.ndarray
        Original nodes from `node` to the one where the facility meets the network,
        both included; the edges between them add up to the distance, less the way
        from the facility to its node. Empty if no facility is in reach.

    Raises
    ------
    InputError
        If the category or the node does not exist.
    """
    graph = reach.graph
    place = graph.place[as_nodes([node], graph.nodes)]
    frame, keys, far = reach.state(category)
    found = trace(frame, graph.arc_chain, keys, category, int(place[0]), far)
    inside = found < 0
    nodes = np.empty(found.size, np.int32)
    nodes[inside] = graph.inner[~found[inside]]
    nodes[~inside] = graph.node[found[~inside]]
    return nodes if np.unique(nodes).size == nodes.size else _without_rings(nodes)


def _without_rings(nodes: Int32Array) -> Int32Array:
    """Leave out what lies between two visits of a node: edges of no length."""
    kept: dict[int, None] = {}
    for node in nodes.tolist():
        if node in kept:
            while next(reversed(kept)) != node:
                kept.popitem()
        kept[node] = None
    return np.array(list(kept), np.int32)


class Catchments(NamedTuple):
    """Pairs within reach of each other, by source.

    Attributes
    ----------
    source
        Source number, ascending.
    node
        Node of the graph, each at most once per source.
    distance_m
        Distance on the network, metres.
    """

    source: Int64Array
    node: Int32Array
    distance_m: FloatArray


def catchments(
    graph: WalkGraph,
    source: npt.ArrayLike,
    node: npt.ArrayLike,
    distance_m: npt.ArrayLike,
    *,
    nodes: npt.ArrayLike,
    cutoff_m: float,
) -> Catchments:
    """Find which nodes each source reaches, for two-step floating catchments.

    Parameters
    ----------
    graph
        The walk graph.
    source
        Number of the source, one row per source and node where it meets the
        network.
    node, distance_m
        That node, and the way from the source to it, metres.
    nodes
        The nodes asked for.
    cutoff_m
        Reach, metres.

    Returns
    -------
    Catchments
        One row per source and asked node within reach.

    Raises
    ------
    InputError
        If a node, a distance or the cut-off is not valid.
    """
    number = np.asarray(source).ravel()
    place = graph.place[as_nodes(node, graph.nodes)]
    units = as_units(distance_m, "distance_m")
    same_size(source=number, node=place, distance_m=units)
    far = far_key(cutoff_m)
    order = np.argsort(number, kind="stable")
    names, starts = np.unique(number[order], return_index=True)
    starts = np.append(starts, number.size).astype(np.int64)
    asked, original = _ask(graph, np.unique(graph.place[as_nodes(nodes, graph.nodes)]))
    work = make_work(far - 1, BUCKET_SHIFT, logs=True)
    found = _catch(
        empty_frame(graph), asked, (starts, place[order], units[order]), far, work
    )
    return Catchments(
        names[found[0]].astype(np.int64),
        original[found[1]],
        found[2].astype(np.float64) * METRE,
    )


def warm(progress: Progress = no_progress) -> None:
    """Compile everything, so that nobody waits for it later.

    Takes half a minute or more once per machine; compiled code is kept beside the
    package or, where that may not be written, in the user's cache (numba's rules;
    ``NUMBA_CACHE_DIR`` sets another place).

    Parameters
    ----------
    progress
        Told ``"stage.warm"`` and the share done.
    """
    progress("stage.warm", 0.0)
    u, v = np.array([0, 1, 1, 3, 4]), np.array([1, 2, 3, 4, 5])
    graph = build_graph(np.arange(6.0), np.zeros(6), u, v, np.ones(5))
    progress("stage.warm", 0.3)
    seeds = Seeds([0, 0], [4, 0], [0.0, 1.0], [0, 1])
    reach = measure_reach(graph, seeds, categories=1, cutoff_m=10.0)
    reach.values(0)
    progress("stage.warm", 0.6)
    reach.undo(reach.add(0, [2], [0.5], 2))
    reach.undo(reach.close(0, 1))
    with reach.joined([4], [2], [1.0]):
        reach.values(0, [0, 3])
    progress("stage.warm", 0.8)
    trace_walk(reach, 0, 0)
    catchments(graph, [0], [4], [0.0], nodes=[0, 1, 2], cutoff_m=10.0)
    progress("stage.warm", 1.0)


class _Asked(NamedTuple):
    """Asked nodes: by the junction that leads to them, and those inside chains."""

    start: Int64Array
    number: Int32Array
    offset: Int64Array
    inside: Int32Array
    first_inside: int


def _ask(graph: WalkGraph, places: Int32Array) -> tuple[_Asked, Int32Array]:
    chains = graph.chains
    junction, inside = places[places >= 0], ~places[places < 0][::-1]
    chain = chains.chain[inside]
    offset = chains.offset[inside].astype(np.int64)
    index = junction.size + np.arange(inside.size)
    ends = np.concatenate([junction, chains.a[chain], chains.b[chain]])
    rows = np.concatenate([np.arange(junction.size), index, index])
    away = np.concatenate(
        [np.zeros(junction.size, np.int64), offset, chains.length[chain] - offset]
    )
    order = np.argsort(ends, kind="stable")
    asked = _Asked(
        start=np.searchsorted(ends[order], np.arange(graph.junctions + 1)),
        number=rows[order].astype(np.int32),
        offset=away[order],
        inside=inside,
        first_inside=junction.size,
    )
    return asked, np.concatenate([graph.node[junction], graph.inner[inside]])


@kernel
def _catch(
    frame: Frame,
    asked: _Asked,
    seeds: tuple[Int64Array, Int32Array, Int64Array],
    far: Whole,
    work: Work,
) -> tuple[Int64Array, Int32Array, Int64Array]:
    start, place, units = seeds
    keys = np.full(frame.net.start.size - 1, far, np.int64)
    best = np.full(asked.first_inside + asked.inside.size, far, np.int64)
    touched = np.empty(best.size, np.int32)
    source, index = np.empty(1024, np.int64), np.empty(1024, np.int32)
    distance, total = np.empty(1024, np.int64), 0
    for one in range(start.size - 1):
        work.state[LOGGED] = 0
        count = 0
        for row in range(start[one], start[one + 1]):
            key = min(units[row] << 32, far)
            work = _start(frame, keys, place[row], key, work)
            count = _beside(frame.chains, asked, place[row], key, best, touched, count)
        work = settle(frame, keys, work)
        for i in range(work.state[LOGGED]):
            if work.key[i] == far:
                node = work.node[i]
                for at in range(asked.start[node], asked.start[node + 1]):
                    key = keys[node] + (asked.offset[at] << 32)
                    count = _note(best, touched, count, asked.number[at], key)
        for i in range(work.state[LOGGED]):
            keys[work.node[i]] = far
        if total + count > source.size:
            room = 2 * source.size + count
            grown = np.empty(room, np.int64), np.empty(room, np.int32)
            grown[0][:total], grown[1][:total] = source[:total], index[:total]
            more = np.empty(room, np.int64)
            more[:total] = distance[:total]
            (source, index), distance = grown, more
        for i in range(count):
            source[total], index[total] = one, touched[i]
            distance[total] = best[touched[i]] >> 32
            best[touched[i]] = far
            total += 1
    return source[:total], index[:total], distance[:total]


@kernel
def _note(
    best: Int64Array, touched: Int32Array, count: Whole, index: Whole, key: Whole
) -> Whole:
    """Keep the nearer way to an asked node; `best` starts at the cut-off."""
    if key < best[index]:
        known = False
        for i in range(count - 1, -1, -1):
            if touched[i] == index:
                known = True
                break
        best[index] = key
        if not known:
            touched[count] = index
            count += 1
    return count


@kernel
def _start(
    frame: Frame, keys: Int64Array, place: Whole, key: Whole, work: Work
) -> Work:
    chains = frame.chains
    work = reserve(work, 2)
    if place >= 0:
        improve(work, keys, place, key)
        return work
    chain, offset = chains.chain[~place], np.int64(chains.offset[~place])
    improve(work, keys, chains.a[chain], key + (offset << 32))
    if chains.b[chain] >= 0:
        back = np.int64(chains.length[chain]) - offset
        improve(work, keys, chains.b[chain], key + (back << 32))
    return work


@kernel
def _beside(
    chains: Chains,
    asked: _Asked,
    place: Whole,
    key: Whole,
    best: Int64Array,
    touched: Int32Array,
    count: Whole,
) -> Whole:
    """Reach the asked nodes on the seed's own chain directly along it."""
    if place >= 0:
        return count
    chain = chains.chain[~place]
    low = np.searchsorted(asked.inside, chains.start[chain])
    high = np.searchsorted(asked.inside, chains.start[chain + 1])
    for i in range(low, high):
        way = key + apart(chains, asked.inside[i], ~place)
        count = _note(best, touched, count, asked.first_inside + i, way)
    return count
