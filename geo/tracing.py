"""Compiled loops that walk from a node back to its nearest facility."""

import numpy as np

from geo.chains import Int32Array, Int64Array, Whole, kernel
from geo.kernels import LOW, Frame, apart, entry_key, place_key


@kernel
def trace(
    frame: Frame,
    arc_chain: Int32Array,
    keys: Int64Array,
    category: Whole,
    place: Whole,
    far: Whole,
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
def _run(out: Int32Array, size: Whole, begin: Whole, end: Whole) -> Whole:
    """Append the places strictly between two of one chain."""
    step = 1 if end > begin else -1
    for place in range(begin + step, end, step):
        out[size] = ~place
        size += 1
    return size


@kernel
def _to_seed(
    frame: Frame,
    category: Whole,
    place: Whole,
    key: Whole,
    out: Int32Array,
    size: Whole,
) -> Whole:
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
    frame: Frame,
    keys: Int64Array,
    category: Whole,
    place: Whole,
    key: Whole,
    out: Int32Array,
) -> tuple[Whole, Whole]:
    """Walk from inside a chain to a seed on it, or to a node; return node and size."""
    chains, extra, junctions = frame.chains, frame.extra, frame.net.start.size - 1
    size = _to_seed(frame, category, place, key, out, 1)
    if size >= 0:
        return np.int64(-1), size
    chain = chains.chain[place]
    for i in range(extra.size[0]):
        other = np.int64(extra.place[i])
        step = apart(chains, place, other)
        if chains.chain[other] == chain and keys[junctions + i] + step == key:
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
    category: Whole,
    at: Whole,
    out: Int32Array,
    size: Whole,
) -> tuple[Whole, Whole]:
    """Walk from a node to its seed (-1) or to a node that is strictly nearer to it.

    Nodes at no distance from each other are searched breadth first, because each
    would name the other.
    """
    queue, parent, via = [np.int64(at)], [np.int64(-1)], [np.int64(-1)]
    goal, best, done = np.int64(-1), np.int64(-1), np.int64(-1)
    while goal < 0 and best < 0:
        done += 1
        node = queue[done]
        goal = _seed_entry(frame, category, node, keys[node])
        if goal < 0:
            best = _nearer(frame, keys, node, queue, via)
        while len(parent) < len(queue):
            parent.append(done)
    hops, step = [best], done
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
def _nearer(
    frame: Frame, keys: Int64Array, node: Whole, queue: list[Whole], via: list[Whole]
) -> Whole:
    """Return the arc to a node strictly nearer to the seed, or -1.

    Nodes just as near are queued, with the arc to them. Temporary arcs count on
    from the others.
    """
    start, arcs, extra = frame.net.start, frame.net.arc, frame.extra
    low, high = np.int64(0), np.int64(0)
    if node < start.size - 1:
        low, high = np.int64(start[node]), np.int64(start[node + 1])
    more = np.int64(extra.first[node]) if extra.size[1] > 0 else np.int64(-1)
    while low < high or more >= 0:
        number, packed = low, arcs[low] if low < high else np.int64(0)
        if low < high:
            low += 1
        else:
            number, packed = arcs.size + more, extra.arc[more]
            more = np.int64(extra.after[more])
        target = packed & LOW
        if keys[target] + (packed - target) == keys[node]:
            if packed > LOW:
                return number
            if target not in queue:
                queue.append(target)
                via.append(number)
    return np.int64(-1)


@kernel
def _seed_entry(frame: Frame, category: Whole, node: Whole, key: Whole) -> Whole:
    """Return the entry of a seed that gives `node` its key, 0 for a new node, or -1."""
    rows, junctions = frame.rows, frame.net.start.size - 1
    if node >= junctions:
        place = np.int64(frame.extra.place[node - junctions])
        scratch = np.empty(frame.chains.chain.size + 4, np.int32)
        found = _to_seed(frame, category, place, key, scratch, 0)
        return np.int64(0) if found >= 0 else np.int64(-1)
    entry = np.int64(rows.first[node])
    while entry >= 0:
        mine = rows.category[entry // 3] == category
        if mine and entry_key(frame, entry)[1] == key:
            return entry
        entry = np.int64(rows.after[entry])
    return np.int64(-1)


@kernel
def _finish(
    frame: Frame,
    category: Whole,
    at: Whole,
    key: Whole,
    entry: Whole,
    out: Int32Array,
    size: Whole,
) -> Whole:
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
    frame: Frame,
    arc_chain: Int32Array,
    at: Whole,
    arc: Whole,
    out: Int32Array,
    size: Whole,
) -> tuple[Whole, Whole]:
    """Append the places on an arc (temporary ones follow the others) and its target."""
    extra, junctions = frame.extra, frame.net.start.size - 1
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
def _where(
    frame: Frame, chain: Whole, node: Whole, length: Whole, other: Whole
) -> Whole:
    """Return where on a chain an arc's end lies: a place, or just beyond."""
    chains, junctions = frame.chains, frame.net.start.size - 1
    if node >= junctions:
        return np.int64(frame.extra.place[node - junctions])
    first, last = np.int64(chains.start[chain]) - 1, np.int64(chains.start[chain + 1])
    if chains.a[chain] != chains.b[chain]:
        return first if chains.a[chain] == node else last
    offset = np.int64(chains.offset[frame.extra.place[other - junctions]])
    return first if offset == length else last
