"""Compiled loops of the reach engine.

Distance and nearest facility of a node are one whole number, its *key*:
``distance << 32 | label``. The smaller key is the nearer facility and, at equal
distance, the smaller label; to walk an arc is one addition. Every function here
relaxes keys until none improves, so the result does not depend on the order in
which nodes are visited; buckets only make that order a good one.

A key of ``far`` (the first distance beyond the cut-off) or more means that
nothing is in reach.
"""

from typing import NamedTuple

import numpy as np

from geo.chains import (
    UNITS_PER_M,
    Array,
    Chains,
    FloatArray,
    Int32Array,
    Int64Array,
    Net,
    Whole,
    kernel,
)

LOW = 0xFFFFFFFF
#: One unit of length in metres, exactly.
METRE = 1 / UNITS_PER_M


class Rows(NamedTuple):
    """Seeds: category, place, key; and lists of them by junction and by chain.

    Seed r has the list entries 3 r (at its own junction or chain), 3 r + 1 and
    3 r + 2 (what it gives to the two ends of its chain). `first` holds the first
    entry of each junction, then of each chain; `after` the next entry.
    """

    category: Int32Array
    place: Int32Array
    key: Int64Array
    first: Int32Array
    after: Int32Array


class Extra(NamedTuple):
    """Temporary arcs, and places inside chains that they made nodes.

    The nodes follow the junctions. `size` counts the places and the arcs; `first`
    and `after` list the arcs of a node; an arc comes from `source` and runs along a
    chain (`along`) or is an edge (-1).
    """

    place: Int32Array
    first: Int32Array
    after: Int32Array
    source: Int32Array
    arc: Int64Array
    along: Int32Array
    size: Int64Array


class Frame(NamedTuple):
    """What all runs on one graph share."""

    net: Net
    chains: Chains
    rows: Rows
    extra: Extra


class Work(NamedTuple):
    """Buckets as linked lists in one pool, and the log of overwritten keys.

    `state` holds the first free link, the links used, the log's length, whether
    to log, and the bucket's width as a shift of the key.
    """

    bucket: Int32Array
    item: Int64Array
    link: Int32Array
    node: Int32Array
    key: Int64Array
    state: Int64Array


FREE, USED, LOGGED, LOGS, SHIFT = range(5)


def make_work(limit: int, shift: int, *, logs: bool, room: int = 1024) -> Work:
    """Return empty buckets up to the key `limit`."""
    return Work(
        bucket=np.full((limit >> shift) + 1, -1, np.int32),
        item=np.empty(room, np.int64),
        link=np.empty(room, np.int32),
        node=np.empty(room if logs else 0, np.int32),
        key=np.empty(room if logs else 0, np.int64),
        state=np.array([-1, 0, 0, logs, shift], np.int64),
    )


@kernel
def longer(array: Array) -> Array:
    """Return a longer array with the same beginning."""
    grown = np.empty(2 * array.size, array.dtype)
    grown[: array.size] = array
    return grown  # type: ignore[return-value]


@kernel
def reserve(work: Work, count: Whole) -> Work:
    """Return `work` with room for `count` more links and log entries."""
    item, link, node, key = work.item, work.link, work.node, work.key
    while work.state[USED] + count > item.size:
        item, link = longer(item), longer(link)
    while work.state[LOGS] and work.state[LOGGED] + count > node.size:
        node, key = longer(node), longer(key)
    return Work(work.bucket, item, link, node, key, work.state)


@kernel
def improve(work: Work, keys: Int64Array, node: Whole, key: Whole) -> None:
    """Lower the key of `node` if `key` is smaller; the caller has reserved room."""
    if key < keys[node]:
        if work.state[LOGS]:
            logged = work.state[LOGGED]
            work.node[logged], work.key[logged] = node, keys[node]
            work.state[LOGGED] = logged + 1
        keys[node] = key
        push(work, node, key)


@kernel
def push(work: Work, node: Whole, key: Whole) -> None:
    """Put a node into its bucket; the caller has reserved room."""
    at = work.state[USED]
    work.state[USED] = at + 1
    bucket = key >> work.state[SHIFT]
    work.item[at] = (key >> 32) << 32 | node
    work.link[at] = work.bucket[bucket]
    work.bucket[bucket] = at


@kernel
def _flood(frame: Frame, keys: Int64Array, work: Work) -> Work:
    """Empty the buckets, nearest first, without log and without temporary arcs.

    All time of a whole run goes into this loop, hence the second copy of `settle`:
    with the log it takes three times as long.
    """
    start, arcs = frame.net.start, frame.net.arc
    bucket, item, link, state = work.bucket, work.item, work.link, work.state
    free, used, shift = state[FREE], state[USED], state[SHIFT]
    for b in range(bucket.size):
        at = np.int64(bucket[b])
        while at >= 0:
            taken = item[at]
            bucket[b] = link[at]
            link[at] = free
            free = at
            node = taken & LOW
            key = keys[node]
            if key >> 32 == taken >> 32:
                for i in range(start[node], start[node + 1]):
                    target = arcs[i] & LOW
                    new = key + (arcs[i] - target)
                    if new < keys[target]:
                        keys[target] = new
                        slot = free
                        if slot >= 0:
                            free = np.int64(link[slot])
                        else:
                            slot = used
                            used += 1
                            if slot == item.size:
                                item, link = longer(item), longer(link)
                        c = new >> shift
                        item[slot] = new - (new & LOW) + target
                        link[slot] = bucket[c]
                        bucket[c] = slot
            at = np.int64(bucket[b])
    state[FREE], state[USED] = -1, 0
    return Work(bucket, item, link, work.node, work.key, state)


@kernel
def settle(  # noqa: C901, PLR0912 (calls in the inner loop cost half the speed)
    frame: Frame, keys: Int64Array, work: Work
) -> Work:
    """Empty the buckets, nearest first, logging every key that is overwritten."""
    start, arcs, extra = frame.net.start, frame.net.arc, frame.extra
    more, junctions = extra.size[1] > 0, start.size - 1
    bucket, item, link, state = work.bucket, work.item, work.link, work.state
    free, used, shift = state[FREE], state[USED], state[SHIFT]
    log, old, logged = work.node, work.key, state[LOGGED]
    for b in range(bucket.size):
        at = np.int64(bucket[b])
        while at >= 0:
            taken = item[at]
            bucket[b] = link[at]
            link[at] = free
            free = at
            node = taken & LOW
            key = keys[node]
            if key >> 32 == taken >> 32:
                low, high, i = np.int64(0), np.int64(0), np.int64(-1)
                if node < junctions:
                    low, high = np.int64(start[node]), np.int64(start[node + 1])
                if more:
                    i = np.int64(extra.first[node])
                while low < high or i >= 0:
                    if low < high:
                        arc = arcs[low]
                        low += 1
                    else:
                        arc = extra.arc[i]
                        i = np.int64(extra.after[i])
                    target = arc & LOW
                    new = key + (arc - target)
                    if new < keys[target]:
                        if logged == log.size:
                            log, old = longer(log), longer(old)
                        log[logged], old[logged] = target, keys[target]
                        logged += 1
                        keys[target] = new
                        slot = free
                        if slot >= 0:
                            free = np.int64(link[slot])
                        else:
                            slot = used
                            used += 1
                            if slot == item.size:
                                item, link = longer(item), longer(link)
                        c = new >> shift
                        item[slot] = new - (new & LOW) + target
                        link[slot] = bucket[c]
                        bucket[c] = slot
            at = np.int64(bucket[b])
    state[FREE], state[USED], state[LOGGED] = -1, 0, logged
    return Work(bucket, item, link, log, old, state)


@kernel
def entry_key(frame: Frame, entry: Whole) -> tuple[Whole, Whole]:
    """Return the list that a seed's entry belongs to (or -1) and the key it gives."""
    row, kind = entry // 3, entry % 3
    place, key = np.int64(frame.rows.place[row]), frame.rows.key[row]
    if place >= 0:
        return place if kind == 0 else np.int64(-1), key
    chains = frame.chains
    chain = np.int64(chains.chain[~place])
    offset = np.int64(chains.offset[~place])
    if kind == 0:
        return frame.net.start.size - 1 + chain, key
    if kind == 1:
        return np.int64(chains.a[chain]), key + (offset << 32)
    back = np.int64(chains.length[chain]) - offset
    return np.int64(chains.b[chain]), key + (back << 32)


@kernel
def link_rows(frame: Frame, low: Whole, high: Whole) -> None:
    """Enter the seeds `low` to `high` into the lists."""
    first, after = frame.rows.first, frame.rows.after
    for entry in range(3 * low, 3 * high):
        at = entry_key(frame, entry)[0]
        if at >= 0:
            after[entry] = first[at]
            first[at] = entry


@kernel
def unlink_rows(frame: Frame, low: Whole, high: Whole) -> None:
    """Take the seeds `low` to `high`, the last ones entered, out of the lists."""
    for entry in range(3 * high - 1, 3 * low - 1, -1):
        at = entry_key(frame, entry)[0]
        if at >= 0:
            frame.rows.first[at] = frame.rows.after[entry]


@kernel
def inject(frame: Frame, keys: Int64Array, row: Whole, work: Work) -> None:
    """Give a seed's key to its junction, or to the nodes at hand on its chain.

    Needs room for two keys more than there are new nodes.
    """
    rows, chains, extra = frame.rows, frame.chains, frame.extra
    place = rows.place[row]
    if place >= 0:
        improve(work, keys, place, rows.key[row])
        return
    for kind in range(1, 3):
        at, key = entry_key(frame, 3 * row + kind)
        if at >= 0:
            improve(work, keys, at, key)
    for i in range(extra.size[0]):
        if chains.chain[extra.place[i]] == chains.chain[~place]:
            step = apart(chains, extra.place[i], ~place)
            node = frame.net.start.size - 1 + i
            improve(work, keys, node, rows.key[row] + step)


@kernel
def apart(chains: Chains, place: Whole, other: Whole) -> Whole:
    """Return the walk between two places of one chain, along it, as a key."""
    step = np.int64(chains.offset[place]) - np.int64(chains.offset[other])
    return (step if step > 0 else -step) << 32


@kernel
def spread(frame: Frame, keys: Int64Array, low: Whole, high: Whole, work: Work) -> Work:
    """Spread the seeds `low` to `high` of one category over the bare graph."""
    work = reserve(work, 2 * (high - low))
    for row in range(low, high):
        inject(frame, keys, row, work)
    return _flood(frame, keys, work)


@kernel
def place_key(
    frame: Frame, keys: Int64Array, category: Whole, place: Whole, made: Whole
) -> Whole:
    """Return the key of a junction, or of the place ``~place`` inside a chain.

    Of the nodes made inside chains, the first `made` are trusted.
    """
    if place >= 0:
        return keys[place]
    chains, junctions = frame.chains, frame.net.start.size - 1
    chain, offset = chains.chain[~place], np.int64(chains.offset[~place])
    best = keys[chains.a[chain]] + (offset << 32)
    if chains.b[chain] >= 0:
        back = np.int64(chains.length[chain]) - offset
        best = min(best, keys[chains.b[chain]] + (back << 32))
    for i in range(made):
        if chains.chain[frame.extra.place[i]] == chain:
            step = apart(chains, ~place, frame.extra.place[i])
            best = min(best, keys[junctions + i] + step)
    return min(best, from_seeds(frame, category, ~place))


@kernel
def read_places(
    frame: Frame, keys: Int64Array, category: Whole, places: Int32Array, far: Whole
) -> tuple[FloatArray, Int32Array]:
    """Return distance (metres, NaN) and label (-1) of places."""
    distance, label = np.empty(places.size), np.empty(places.size, np.int32)
    made = frame.extra.size[0]
    for i in range(places.size):
        key = place_key(frame, keys, category, places[i], made)
        distance[i] = np.float64(key >> 32) * METRE if key < far else np.nan
        label[i] = key & LOW if key < far else -1
    return distance, label


@kernel
def read_all(
    frame: Frame,
    keys: Int64Array,
    category: Whole,
    nodes: tuple[Int32Array, Int32Array],
    far: Whole,
) -> tuple[FloatArray, Int32Array]:
    """Return distance and label of all nodes, the chains swept one after the other.

    `nodes` are the original nodes of junctions and of places inside chains. The keys
    wait in the memory of the distances, so that no other is needed.
    """
    chains, (node, inner) = frame.chains, nodes
    distance = np.empty(node.size + inner.size)
    label, every = np.empty(distance.size, np.int32), distance.view(np.int64)
    made = frame.extra.size[0] > 0
    for i in range(node.size):
        every[node[i]] = keys[i]
    for chain in range(chains.a.size):
        ahead, b = keys[chains.a[chain]], chains.b[chain]
        behind = (keys[b] if b >= 0 else far) + (np.int64(chains.length[chain]) << 32)
        for place in range(chains.start[chain], chains.start[chain + 1]):
            offset = np.int64(chains.offset[place]) << 32
            every[inner[place]] = min(ahead + offset, behind - offset)
        if made or frame.rows.first[node.size + chain] >= 0:
            _sweep(frame, keys, category, chain, inner, every)
    for i in range(distance.size):
        key = every[i]
        distance[i] = np.float64(key >> 32) * METRE if key < far else np.nan
        label[i] = key & LOW if key < far else -1
    return distance, label


@kernel
def _sweep(
    frame: Frame,
    keys: Int64Array,
    category: Whole,
    chain: Whole,
    inner: Int32Array,
    every: Int64Array,
) -> None:
    """Let the seeds and the new nodes on a chain improve the places on it."""
    chains, rows, extra = frame.chains, frame.rows, frame.extra
    junctions = frame.net.start.size - 1
    low, high = np.int64(chains.start[chain]), np.int64(chains.start[chain + 1])
    entry = np.int64(rows.first[junctions + chain])
    while entry >= 0:
        row = entry // 3
        if rows.category[row] == category:
            for place in range(low, high):
                at = inner[place]
                key = rows.key[row] + apart(chains, place, ~rows.place[row])
                every[at] = min(every[at], key)
        entry = np.int64(rows.after[entry])
    for i in range(extra.size[0]):
        if chains.chain[extra.place[i]] == chain:
            for place in range(low, high):
                at = inner[place]
                key = keys[junctions + i] + apart(chains, place, extra.place[i])
                every[at] = min(every[at], key)


@kernel
def from_seeds(frame: Frame, category: Whole, place: Whole) -> Whole:
    """Return the best key that seeds on its own chain give to a place."""
    rows, chains = frame.rows, frame.chains
    best = np.int64(1) << 62
    entry = rows.first[frame.net.start.size - 1 + chains.chain[place]]
    while entry >= 0:
        row = entry // 3
        if rows.category[row] == category:
            step = apart(chains, place, ~rows.place[row])
            best = min(best, rows.key[row] + step)
        entry = rows.after[entry]
    return best
