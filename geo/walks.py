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
    as_nodes,
    as_units,
    kernel,
    same_size,
)
from geo.kernels import (
    LOGGED,
    LOW,
    METRE,
    Frame,
    Work,
    apart,
    entry_key,
    improve,
    make_work,
    place_key,
    reserve,
    settle,
)
from geo.progress import Progress, no_progress
from geo.reach import (
    BUCKET_SHIFT,
    Reach,
    Seeds,
    build_graph,
    empty_frame,
    far_key,
    measure_reach,
)

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
    found = _trace(frame, graph.arc_chain, keys, category, int(place[0]), far)
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
        names[found[0]].astype(np.int64), original[found[1]], found[2] * METRE
    )


def warm(progress: Progress = no_progress) -> None:
    """Compile everything, so that nobody waits for it later.

    Takes a minute once per machine; compiled code is kept beside the package or,
    where that may not be written, in the user's cache (numba's rules;
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
    index: Int32Array
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
        index=rows[order].astype(np.int32),
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
    far: int,
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
                    count = _note(best, touched, count, asked.index[at], key)
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
    best: Int64Array, touched: Int32Array, count: int, index: int, key: int
) -> int:
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
def _start(frame: Frame, keys: Int64Array, place: int, key: int, work: Work) -> Work:
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
    place: int,
    key: int,
    best: Int64Array,
    touched: Int32Array,
    count: int,
) -> int:
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


@kernel
def _trace(
    frame: Frame,
    arc_chain: Int32Array,
    keys: Int64Array,
    category: int,
    place: int,
    far: int,
) -> Int32Array:
    """Walk from a place back to its seed; junctions, and ``~place`` inside chains."""
    room = keys.size + 2 * frame.chains.chain.size + 4
    out, size = np.empty(room, np.int32), np.int64(1)
    out[0] = place
    made = frame.extra.size[0]
    key = place_key(frame, keys, category, place, made)
    if key >= far:
        return out[:0]
    at = np.int64(place)
    if place < 0:
        at, size = _leave_chain(frame, keys, category, ~at, key, out)
    while at >= 0:
        at, size = _step(frame, arc_chain, keys, category, at, out, size)
    return out[:size].copy()


@kernel
def _run(out: Int32Array, size: int, begin: int, end: int) -> int:
    """Append the places strictly between two of one chain."""
    step = 1 if end > begin else -1
    for place in range(begin + step, end, step):
        out[size] = ~place
        size += 1
    return size


@kernel
def _to_seed(
    frame: Frame, category: int, place: int, key: int, out: Int32Array, size: int
) -> int:
    """Append the walk to a seed on the chain that gives `key`; -1 if there is none."""
    rows, chains = frame.rows, frame.chains
    entry = rows.first[frame.net.start.size - 1 + chains.chain[place]]
    while entry >= 0:
        row = entry // 3
        if rows.category[row] == category:
            seed = ~np.int64(rows.place[row])
            if rows.key[row] + apart(chains, place, seed) == key:
                if seed == place:
                    return size
                size = _run(out, size, place, seed)
                out[size] = ~seed
                return size + 1
        entry = rows.after[entry]
    return -1


@kernel
def _leave_chain(
    frame: Frame, keys: Int64Array, category: int, place: int, key: int, out: Int32Array
) -> tuple[int, int]:
    """Walk from inside a chain to a seed on it, or to a node; return node and size."""
    chains, extra, junctions = frame.chains, frame.extra, frame.net.start.size - 1
    size = _to_seed(frame, category, place, key, out, 1)
    if size >= 0:
        return np.int64(-1), size
    chain = chains.chain[place]
    for i in range(extra.size[0]):
        other = np.int64(extra.place[i])
        if chains.chain[other] == chain:
            if keys[junctions + i] + apart(chains, place, other) == key:
                if other == place:
                    return junctions + i, np.int64(1)
                size = _run(out, 1, place, other)
                out[size] = ~other
                return junctions + i, size + 1
    end, edge = np.int64(chains.a[chain]), np.int64(chains.start[chain]) - 1
    if keys[end] + (np.int64(chains.offset[place]) << 32) != key:
        end, edge = np.int64(chains.b[chain]), np.int64(chains.start[chain + 1])
    size = _run(out, 1, place, edge)
    out[size] = end
    return end, size + 1


@kernel
def _step(
    frame: Frame,
    arc_chain: Int32Array,
    keys: Int64Array,
    category: int,
    at: int,
    out: Int32Array,
    size: int,
) -> tuple[int, int]:
    """Walk from a node to its seed (-1) or to a node that is strictly nearer to it.

    Nodes at no distance from each other are searched breadth first, because each
    would name the other.
    """
    start, arcs, extra = frame.net.start, frame.net.arc, frame.extra
    queue, parent, via = [at], [-1], [np.int64(-1)]
    done = 0
    while True:
        node = queue[done]
        goal = _seed_entry(frame, category, node, keys[node])
        best = np.int64(-1)
        if goal < 0 and node < start.size - 1:
            for i in range(start[node], start[node + 1]):
                target = arcs[i] & LOW
                if keys[target] + (arcs[i] - target) == keys[node]:
                    if arcs[i] > LOW:
                        best = np.int64(i)
                        break
                    if target not in queue:
                        queue.append(target)
                        parent.append(done)
                        via.append(np.int64(i))
        i = np.int64(extra.first[node])
        while goal < 0 and best < 0 and i >= 0:
            target = extra.arc[i] & LOW
            if keys[target] + (extra.arc[i] - target) == keys[node]:
                if extra.arc[i] > LOW:
                    best = arcs.size + i
                elif target not in queue:
                    queue.append(target)
                    parent.append(done)
                    via.append(arcs.size + i)
            i = np.int64(extra.after[i])
        if goal >= 0 or best >= 0:
            break
        done += 1
    hops = [best]
    step = done
    while step > 0:
        hops.append(via[step])
        step = parent[step]
    for i in range(len(hops) - 1, -1, -1):
        if hops[i] >= 0:
            at, size = _hop(frame, arc_chain, at, hops[i], out, size)
    if goal < 0:
        return at, size
    return np.int64(-1), _finish(frame, category, at, keys[at], goal, out, size)


@kernel
def _seed_entry(frame: Frame, category: int, node: int, key: int) -> int:
    """Return the entry of a seed that gives `node` its key, 0 for a new node, or -1."""
    rows, junctions = frame.rows, frame.net.start.size - 1
    if node >= junctions:
        place = np.int64(frame.extra.place[node - junctions])
        scratch = np.empty(frame.chains.chain.size + 4, np.int32)
        found = _to_seed(frame, category, place, key, scratch, 0)
        return np.int64(0) if found >= 0 else np.int64(-1)
    entry = np.int64(rows.first[node])
    while entry >= 0:
        if rows.category[entry // 3] == category:
            if entry_key(frame, entry)[1] == key:
                return entry
        entry = np.int64(rows.after[entry])
    return np.int64(-1)


@kernel
def _finish(
    frame: Frame,
    category: int,
    at: int,
    key: int,
    entry: int,
    out: Int32Array,
    size: int,
) -> int:
    """Append the last part of a walk: from a node to the seed on a chain at it."""
    chains, junctions = frame.chains, frame.net.start.size - 1
    if at >= junctions:
        place = np.int64(frame.extra.place[at - junctions])
        return _to_seed(frame, category, place, key, out, size)
    if entry % 3 == 0:
        return size
    seed = ~np.int64(frame.rows.place[entry // 3])
    chain = chains.chain[seed]
    edge = chains.start[chain] - 1 if entry % 3 == 1 else chains.start[chain + 1]
    size = _run(out, size, edge, seed)
    out[size] = ~seed
    return size + 1


@kernel
def _hop(
    frame: Frame, arc_chain: Int32Array, at: int, arc: int, out: Int32Array, size: int
) -> tuple[int, int]:
    """Append the places on an arc (temporary ones follow the others) and its target."""
    chains, extra, junctions = frame.chains, frame.extra, frame.net.start.size - 1
    if arc < frame.net.arc.size:
        packed, chain = frame.net.arc[arc], np.int64(arc_chain[arc])
    else:
        packed = extra.arc[arc - frame.net.arc.size]
        chain = np.int64(extra.along[arc - frame.net.arc.size])
    target = packed & LOW
    if chain >= 0:
        begin = _where(frame, chain, at, packed >> 32, target)
        end = _where(frame, chain, target, packed >> 32, at)
        size = _run(out, size, begin, end)
    out[size] = target if target < junctions else ~extra.place[target - junctions]
    return target, size + 1


@kernel
def _where(frame: Frame, chain: int, node: int, length: int, other: int) -> int:
    """Return where on a chain an arc's end lies: a place, or beyond its first or last."""
    chains, junctions = frame.chains, frame.net.start.size - 1
    if node >= junctions:
        return np.int64(frame.extra.place[node - junctions])
    first, last = np.int64(chains.start[chain]) - 1, np.int64(chains.start[chain + 1])
    if chains.a[chain] != chains.b[chain]:
        return first if chains.a[chain] == node else last
    offset = np.int64(chains.offset[frame.extra.place[other - junctions]])
    return first if offset == length else last
