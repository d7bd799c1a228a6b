"""Compiled loops of the reach engine.

Distance and nearest facility of a node are one whole number, its *key*:
``distance << 32 | label``. The smaller key is the nearer facility and, at equal
distance, the smaller label; to walk an arc is one addition. Every function here
relaxes keys until none improves, so the result does not depend on the order in
which nodes are visited; buckets only make that order a good one.

A key of ``far`` (the first distance beyond the cut-off) or more means that
nothing is in reach.
"""

from typing import Any, NamedTuple

import numpy as np

from geo.chains import (
    UNITS_PER_M,
    Chains,
    FloatArray,
    Int32Array,
    Int64Array,
    Net,
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
    and `after` list the arcs of a node; `gap` and `till` are the places between
    which an arc runs along a chain (both -1: it is an edge).
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
def _longer(array: Any) -> Any:
    """Return a longer array with the same beginning."""
    longer = np.empty(2 * array.size, array.dtype)
    longer[: array.size] = array
    return longer


@kernel
def reserve(work: Work, count: int) -> Work:
    """Return `work` with room for `count` more links and log entries."""
    item, link, node, key = work.item, work.link, work.node, work.key
    while work.state[USED] + count > item.size:
        item, link = _longer(item), _longer(link)
    while work.state[LOGS] and work.state[LOGGED] + count > node.size:
        node, key = _longer(node), _longer(key)
    return Work(work.bucket, item, link, node, key, work.state)


@kernel
def improve(work: Work, keys: Int64Array, node: int, key: int) -> None:
    """Lower the key of `node` if `key` is smaller; the caller has reserved room."""
    if key < keys[node]:
        if work.state[LOGS]:
            logged = work.state[LOGGED]
            work.node[logged], work.key[logged] = node, keys[node]
            work.state[LOGGED] = logged + 1
        keys[node] = key
        _push(work, node, key)


@kernel
def _push(work: Work, node: int, key: int) -> None:
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
                                item, link = _longer(item), _longer(link)
                        c = new >> shift
                        item[slot] = new - (new & LOW) + target
                        link[slot] = bucket[c]
                        bucket[c] = slot
            at = np.int64(bucket[b])
    state[FREE], state[USED] = -1, 0
    return Work(bucket, item, link, work.node, work.key, state)


@kernel
def settle(frame: Frame, keys: Int64Array, work: Work) -> Work:
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
                            log, old = _longer(log), _longer(old)
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
                                item, link = _longer(item), _longer(link)
                        c = new >> shift
                        item[slot] = new - (new & LOW) + target
                        link[slot] = bucket[c]
                        bucket[c] = slot
            at = np.int64(bucket[b])
    state[FREE], state[USED], state[LOGGED] = -1, 0, logged
    return Work(bucket, item, link, log, old, state)


@kernel
def entry_key(frame: Frame, entry: int) -> tuple[int, int]:
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
def link_rows(frame: Frame, low: int, high: int) -> None:
    """Enter the seeds `low` to `high` into the lists."""
    first, after = frame.rows.first, frame.rows.after
    for entry in range(3 * low, 3 * high):
        at = entry_key(frame, entry)[0]
        if at >= 0:
            after[entry] = first[at]
            first[at] = entry


@kernel
def unlink_rows(frame: Frame, low: int, high: int) -> None:
    """Take the seeds `low` to `high`, the last ones entered, out of the lists."""
    for entry in range(3 * high - 1, 3 * low - 1, -1):
        at = entry_key(frame, entry)[0]
        if at >= 0:
            frame.rows.first[at] = frame.rows.after[entry]


@kernel
def _inject(frame: Frame, keys: Int64Array, row: int, work: Work) -> None:
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
def apart(chains: Chains, place: int, other: int) -> int:
    """Return the walk between two places of one chain, along it, as a key."""
    step = np.int64(chains.offset[place]) - np.int64(chains.offset[other])
    return (step if step > 0 else -step) << 32


@kernel
def spread(frame: Frame, keys: Int64Array, low: int, high: int, work: Work) -> Work:
    """Spread the seeds `low` to `high` of one category over the bare graph."""
    work = reserve(work, 2 * (high - low))
    for row in range(low, high):
        _inject(frame, keys, row, work)
    return _flood(frame, keys, work)


@kernel
def insert(frame: Frame, keys: Int64Array, low: int, high: int, work: Work) -> Work:
    """Add the seeds `low` to `high`, which belong to one category."""
    work = reserve(work, (2 + frame.extra.size[0]) * (high - low))
    for row in range(low, high):
        _inject(frame, keys, row, work)
    return settle(frame, keys, work)


@kernel
def place_key(
    frame: Frame, keys: Int64Array, category: int, place: int, made: int
) -> int:
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
    return min(best, _from_seeds(frame, category, ~place))


@kernel
def read_places(
    frame: Frame, keys: Int64Array, category: int, places: Int32Array, far: int
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
    frame: Frame, keys: Int64Array, category: int, places: Int32Array, far: int
) -> tuple[FloatArray, Int32Array]:
    """Return distance and label of all nodes, the chains swept one after the other.

    The place ``~p`` inside a chain is looked up p places before the end.
    """
    chains, junctions = frame.chains, frame.net.start.size - 1
    size, made = junctions + chains.chain.size, frame.extra.size[0] > 0
    every = np.empty(size, np.int64)
    every[:junctions] = keys[:junctions]
    for chain in range(chains.a.size):
        ahead, b = keys[chains.a[chain]], chains.b[chain]
        behind = (keys[b] if b >= 0 else far) + (np.int64(chains.length[chain]) << 32)
        for place in range(chains.start[chain], chains.start[chain + 1]):
            offset = np.int64(chains.offset[place]) << 32
            every[size - 1 - place] = min(ahead + offset, behind - offset)
        if made or frame.rows.first[junctions + chain] >= 0:
            _sweep(frame, keys, category, chain, every)
    distance, label = np.empty(places.size), np.empty(places.size, np.int32)
    for i in range(places.size):
        key = every[places[i]]
        distance[i] = np.float64(key >> 32) * METRE if key < far else np.nan
        label[i] = key & LOW if key < far else -1
    return distance, label


@kernel
def _sweep(
    frame: Frame, keys: Int64Array, category: int, chain: int, every: Int64Array
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
                at = every.size - 1 - place
                key = rows.key[row] + apart(chains, place, ~rows.place[row])
                every[at] = min(every[at], key)
        entry = np.int64(rows.after[entry])
    for i in range(extra.size[0]):
        if chains.chain[extra.place[i]] == chain:
            for place in range(low, high):
                at = every.size - 1 - place
                key = keys[junctions + i] + apart(chains, place, extra.place[i])
                every[at] = min(every[at], key)


@kernel
def _erase(
    frame: Frame, keys: Int64Array, label: int, far: int, begin: list[int], work: Work
) -> Work:
    """Erase the part of a cell that hangs together with `begin`, logging it."""
    start, arcs, extra = frame.net.start, frame.net.arc, frame.extra
    junctions, more = start.size - 1, extra.size[1] > 0
    log, old, logged, done = work.node, work.key, np.int64(0), np.int64(-1)
    for node in begin:
        if keys[node] < far and keys[node] & LOW == label:
            if logged == log.size:
                log, old = _longer(log), _longer(old)
            log[logged], old[logged] = node, keys[node]
            logged += 1
            keys[node] = far
    while done + 1 < logged:
        done += 1
        node = np.int64(log[done])
        low, high, i = np.int64(0), np.int64(0), np.int64(-1)
        if node < junctions:
            low, high = np.int64(start[node]), np.int64(start[node + 1])
        if more:
            i = np.int64(extra.first[node])
        while low < high or i >= 0:
            if low < high:
                target = arcs[low] & LOW
                low += 1
            else:
                target = extra.arc[i] & LOW
                i = np.int64(extra.after[i])
            key = keys[target]
            if key & LOW == label and key < far:
                if logged == log.size:
                    log, old = _longer(log), _longer(old)
                log[logged], old[logged] = target, key
                logged += 1
                keys[target] = far
    work.state[LOGGED] = logged
    return Work(work.bucket, work.item, work.link, log, old, work.state)


@kernel
def _refill(
    frame: Frame, keys: Int64Array, category: int, far: int, work: Work
) -> Work:
    """Offer the erased nodes what their neighbours and the seeds at them give.

    The log holds the erased nodes; their first new keys need no entry in it.
    """
    start, arcs, extra, rows = frame.net.start, frame.net.arc, frame.extra, frame.rows
    junctions, more = start.size - 1, extra.size[1] > 0
    work = reserve(work, work.state[LOGGED])
    for erased in range(work.state[LOGGED]):
        node = np.int64(work.node[erased])
        best = np.int64(far)
        if node < junctions:
            for i in range(start[node], start[node + 1]):
                target = arcs[i] & LOW
                best = min(best, keys[target] + (arcs[i] - target))
            entry = np.int64(rows.first[node])
            while entry >= 0:
                if rows.category[entry // 3] == category:
                    best = min(best, entry_key(frame, entry)[1])
                entry = np.int64(rows.after[entry])
        else:
            place = np.int64(extra.place[node - junctions])
            best = min(best, _from_seeds(frame, category, place))
        if more:
            entry = np.int64(extra.first[node])
            while entry >= 0:
                target = extra.arc[entry] & LOW
                best = min(best, keys[target] + (extra.arc[entry] - target))
                entry = np.int64(extra.after[entry])
        if best < far:
            keys[node] = best
            _push(work, node, best)
    return work


@kernel
def _from_seeds(frame: Frame, category: int, place: int) -> int:
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


@kernel
def remove(
    frame: Frame, keys: Int64Array, rows: Int64Array, label: int, far: int, work: Work
) -> Work:
    """Close the seeds `rows` (all of one label): erase their cell and refill it."""
    category = frame.rows.category[rows[0]]
    begin = [np.int64(frame.net.start.size - 1) + i for i in range(frame.extra.size[0])]
    for row in rows:
        frame.rows.key[row] = far
        place = np.int64(frame.rows.place[row])
        if place >= 0:
            begin.append(place)
        else:
            chain = frame.chains.chain[~place]
            begin.append(np.int64(frame.chains.a[chain]))
            if frame.chains.b[chain] >= 0:
                begin.append(np.int64(frame.chains.b[chain]))
    work = _erase(frame, keys, label, far, begin, work)
    work = _refill(frame, keys, category, far, work)
    return settle(frame, keys, work)


@kernel
def restore(keys: Int64Array, node: Int32Array, key: Int64Array) -> None:
    """Undo what a log tells, last first."""
    for i in range(node.size - 1, -1, -1):
        keys[node[i]] = key[i]


@kernel
def find_rows(
    rows: Rows, category: int, label: int, spans: Int64Array, far: int
) -> Int64Array:
    """Return the open seeds of one label within spans (low, high, low, high ...)."""
    found = np.empty(16, np.int64)
    count = 0
    for span in range(0, spans.size, 2):
        for row in range(spans[span], spans[span + 1]):
            key = rows.key[row]
            if key & LOW == label and key < far and rows.category[row] == category:
                if count == found.size:
                    grown = np.empty(2 * count, np.int64)
                    grown[:count] = found
                    found = grown
                found[count] = row
                count += 1
    return found[:count]


@kernel
def _node_of(frame: Frame, place: int) -> int:
    """Return the node at a place, making one inside a chain if there is none."""
    if place >= 0:
        return place
    extra, junctions = frame.extra, frame.net.start.size - 1
    for i in range(extra.size[0]):
        if extra.place[i] == ~place:
            return junctions + i
    count = extra.size[0]
    extra.place[count] = ~place
    extra.first[junctions + count] = -1
    extra.size[0] = count + 1
    return junctions + np.int64(count)


@kernel
def _connect(extra: Extra, u: int, v: int, length: int, along: int) -> Extra:
    """Add an arc each way, with more room if need be."""
    count = extra.size[1]
    after, source, arc, chain = extra.after, extra.source, extra.arc, extra.along
    if count + 2 > arc.size:
        room = 2 * arc.size + 2
        after, source = np.empty(room, np.int32), np.empty(room, np.int32)
        arc, chain = np.empty(room, np.int64), np.empty(room, np.int32)
        after[:count], source[:count] = extra.after[:count], extra.source[:count]
        arc[:count], chain[:count] = extra.arc[:count], extra.along[:count]
    ends = (np.int64(u), np.int64(v))
    for tail, head in (ends, (ends[1], ends[0])):
        after[count], source[count] = extra.first[tail], tail
        arc[count], chain[count] = length << 32 | head, along
        extra.first[tail] = count
        count += 1
    extra.size[1] = count
    return Extra(extra.place, extra.first, after, source, arc, chain, extra.size)


@kernel
def splice(frame: Frame, u: Int32Array, v: Int32Array, length: Int64Array) -> Extra:
    """Add edges between places; places inside chains become nodes of their own."""
    chains, extra, junctions = frame.chains, frame.extra, frame.net.start.size - 1
    known = extra.size[0]
    for i in range(u.size):
        tail, head = _node_of(frame, u[i]), _node_of(frame, v[i])
        extra = _connect(extra, tail, head, length[i], -1)
    for i in range(known, extra.size[0]):
        place = extra.place[i]
        chain, offset = chains.chain[place], np.int64(chains.offset[place])
        back = np.int64(chains.length[chain]) - offset
        extra = _connect(extra, junctions + i, chains.a[chain], offset, chain)
        if chains.b[chain] >= 0:
            extra = _connect(extra, junctions + i, chains.b[chain], back, chain)
        for j in range(i):
            if chains.chain[extra.place[j]] == chain:
                step = apart(chains, place, extra.place[j]) >> 32
                extra = _connect(extra, junctions + i, junctions + j, step, chain)
    return extra


@kernel
def unsplice(extra: Extra, places: int, arcs: int) -> None:
    """Take out all arcs but the first `arcs`, all new nodes but the first `places`."""
    for i in range(extra.size[1] - 1, arcs - 1, -1):
        extra.first[extra.source[i]] = extra.after[i]
    extra.size[0], extra.size[1] = places, arcs


@kernel
def join(
    frame: Frame, field: Int64Array, sizes: Int64Array, far: int, work: Work
) -> tuple[Work, Int64Array]:
    """Let new arcs (and seeds) improve all categories.

    `sizes` holds the nodes made, the arcs and the seeds there were before, and the
    seeds there are now. The second value tells where each category's log ends.
    """
    extra, junctions = frame.extra, frame.net.start.size - 1
    ends = np.empty(field.shape[0], np.int64)
    for category in range(field.shape[0]):
        keys = field[category]
        for i in range(sizes[0], extra.size[0]):
            place = ~np.int64(extra.place[i])
            key = place_key(frame, keys, category, place, sizes[0])
            keys[junctions + i] = min(key, far)
        for i in range(sizes[1], extra.size[1]):
            target = extra.arc[i] & LOW
            work = reserve(work, 1)
            key = keys[extra.source[i]] + (extra.arc[i] - target)
            improve(work, keys, target, key)
        for row in range(sizes[2], sizes[3]):
            if frame.rows.category[row] == category:
                work = reserve(work, 2 + extra.size[0])
                _inject(frame, keys, row, work)
        work = settle(frame, keys, work)
        ends[category] = work.state[LOGGED]
    return work, ends
