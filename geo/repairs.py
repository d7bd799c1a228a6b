"""Compiled loops of the reach engine that change what a whole run found.

Facilities are added and closed, and edges join the graph for a while; only the
nodes whose key changes are visited, and every key overwritten is logged.
"""

import numpy as np

from geo.chains import Int32Array, Int64Array, Whole, kernel
from geo.kernels import (
    LOGGED,
    LOW,
    Extra,
    Frame,
    Rows,
    Work,
    apart,
    entry_key,
    from_seeds,
    improve,
    inject,
    longer,
    place_key,
    push,
    reserve,
    settle,
)


@kernel
def insert(frame: Frame, keys: Int64Array, low: Whole, high: Whole, work: Work) -> Work:
    """Add the seeds `low` to `high`, which belong to one category."""
    work = reserve(work, (2 + frame.extra.size[0]) * (high - low))
    for row in range(low, high):
        inject(frame, keys, row, work)
    return settle(frame, keys, work)


@kernel
def _erase(  # noqa: C901 (calls in the inner loop cost half the speed)
    frame: Frame,
    keys: Int64Array,
    label: Whole,
    far: Whole,
    begin: list[Whole],
    work: Work,
) -> Work:
    """Erase the part of a cell that hangs together with `begin`, logging it."""
    start, arcs, extra = frame.net.start, frame.net.arc, frame.extra
    junctions, more = start.size - 1, extra.size[1] > 0
    log, old, logged, done = work.node, work.key, np.int64(0), np.int64(-1)
    for node in begin:
        if keys[node] < far and keys[node] & LOW == label:
            if logged == log.size:
                log, old = longer(log), longer(old)
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
                    log, old = longer(log), longer(old)
                log[logged], old[logged] = target, key
                logged += 1
                keys[target] = far
    work.state[LOGGED] = logged
    return Work(work.bucket, work.item, work.link, log, old, work.state)


@kernel
def _refill(
    frame: Frame, keys: Int64Array, category: Whole, far: Whole, work: Work
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
            best = min(best, from_seeds(frame, category, place))
        if more:
            entry = np.int64(extra.first[node])
            while entry >= 0:
                target = extra.arc[entry] & LOW
                best = min(best, keys[target] + (extra.arc[entry] - target))
                entry = np.int64(extra.after[entry])
        if best < far:
            keys[node] = best
            push(work, node, best)
    return work


@kernel
def remove(
    frame: Frame,
    keys: Int64Array,
    rows: Int64Array,
    label: Whole,
    far: Whole,
    work: Work,
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
    rows: Rows, category: Whole, label: Whole, spans: Int64Array, far: Whole
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
def _node_of(frame: Frame, place: Whole) -> Whole:
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
def _connect(extra: Extra, u: Whole, v: Whole, length: Whole, along: Whole) -> Extra:
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
def unsplice(extra: Extra, places: Whole, arcs: Whole) -> None:
    """Take out all arcs but the first `arcs`, all new nodes but the first `places`."""
    for i in range(extra.size[1] - 1, arcs - 1, -1):
        extra.first[extra.source[i]] = extra.after[i]
    extra.size[0], extra.size[1] = places, arcs


@kernel
def join(
    frame: Frame, field: Int64Array, sizes: Int64Array, far: Whole, work: Work
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
                inject(frame, keys, row, work)
        work = settle(frame, keys, work)
        ends[category] = work.state[LOGGED]
    return work, ends
