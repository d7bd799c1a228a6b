"""What each resource is worth at most if people come at a price.

Whoever is served has a price: people may then be sent to several places at once, and
each resource can be judged by itself. Its best use is found exactly but for fractions
of a last module: area, sizes, required options and neighbours on the same resource
are heeded, by branching where the plain greedy filling of its area breaks a rule.
"""

from typing import NamedTuple, TypeAlias

import numpy as np

from geo.chains import FloatArray, Int64Array, Whole, kernel
from geo.coverage import Bools
from geo.site_flows import Ground
from geo.site_problem import NEAR

__all__ = ["Shadow", "judge_resources", "make_shadow"]

#: First link of an option, and the first beyond.
Spans: TypeAlias = tuple[Whole, Whole]
#: What a node of the branching knows of an option.
OPEN, OUT, BUILT = range(3)
#: Nodes per resource; beyond them the bound of what is open counts.
NODES = 60
#: A gain or a part of a module that is none.
NONE = 1e-12
#: Branches waiting at most.
DEEP = 64


class Shadow(NamedTuple):
    """Prices, and what resources are worth at them.

    `part` is the price of a demand as a share of what serving it counts, `counts` what
    a full share of a category counts, `money` what the whole budget costs. ``order``
    are the links of each option, the best first; `load` and `gain` run along them,
    over those that gain. `modules` are built of each option,
    `value` is what a resource is worth, `cost` what it costs; `forced` resources have
    to be used. `room` is the area that modules can fill. The others are room to work
    in.
    """

    part: FloatArray
    counts: FloatArray
    money: FloatArray
    order: Int64Array
    load: FloatArray
    gain: FloatArray
    modules: FloatArray
    value: FloatArray
    cost: FloatArray
    forced: Bools
    room: FloatArray
    state: Int64Array
    bound: FloatArray
    trial: FloatArray
    ahead: FloatArray
    size: FloatArray
    left: FloatArray
    limit: FloatArray
    rank: FloatArray


def make_shadow(ground: Ground) -> Shadow:
    """Return room for prices, all 0.

    Parameters
    ----------
    ground
        The problem.

    Returns
    -------
    Shadow
        The prices and what resources are worth.
    """
    options, links = ground.group.size, ground.demand.size
    resources = ground.area_m2.size
    widest = int(np.diff(ground.option_start).max(initial=0))
    return Shadow(
        part=np.zeros(ground.amount.size),
        counts=np.zeros(ground.weight.size),
        money=np.zeros(1),
        order=np.arange(links, dtype=np.int64),
        load=np.zeros(links),
        gain=np.zeros(links),
        modules=np.zeros(options),
        value=np.zeros(resources),
        cost=np.zeros(resources),
        forced=np.zeros(resources, np.bool_),
        room=_measure_room(ground),
        state=np.zeros((DEEP, widest), np.int64),
        bound=np.zeros(DEEP),
        trial=np.zeros(widest),
        ahead=np.zeros(widest),
        size=np.zeros(widest),
        left=np.zeros(1),
        limit=np.zeros(options),
        rank=np.zeros(links),
    )


def _measure_room(ground: Ground) -> FloatArray:
    """Return the area of each resource that whole modules can fill."""
    room = ground.area_m2 * (1 + NEAR)
    for r in range(room.size):
        sizes = ground.module_m2[ground.option_start[r] : ground.option_start[r + 1]]
        whole = np.round(sizes * 100).astype(np.int64)
        if sizes.size and (whole > 0).all() and np.array_equal(whole / 100, sizes):
            step = np.gcd.reduce(whole) / 100
            room[r] = min(room[r], np.floor(room[r] / step) * step * (1 + NEAR))
    return room


@kernel
def judge_resources(ground: Ground, shadow: Shadow) -> None:
    """Find what each resource is worth at the prices.

    Parameters
    ----------
    ground
        The problem.
    shadow
        Prices; takes `modules`, `value` and `cost`.
    """
    for o in range(ground.group.size):
        _rank_links(ground, shadow, o)
        _limit(ground, shadow, o)
    for r in range(ground.area_m2.size):
        _judge(ground, shadow, r)


@kernel
def _sort(order: Int64Array, rank: FloatArray, begin: Whole, end: Whole) -> None:
    """Sort by rank, the greatest first; the order of the last time is nearly right."""
    for at in range(begin + 1, end):
        link, key, to = order[at], rank[at], at
        while to > begin and rank[to - 1] < key:
            order[to], rank[to] = order[to - 1], rank[to - 1]
            to -= 1
        order[to], rank[to] = link, key


@kernel
def _rank_links(ground: Ground, shadow: Shadow, o: Whole) -> None:
    """Sort the links of an option by gain per capacity and add them up."""
    begin, end = ground.start[o], ground.start[o + 1]
    each = shadow.counts[ground.group[o]] / ground.servable[ground.group[o]]
    order, rank, part = shadow.order, shadow.rank, shadow.part
    demand, amount, use = ground.demand, ground.amount, ground.use
    loads, gains = shadow.load, shadow.gain
    endless = ground.capacity[o] == np.inf
    for at in range(begin, end):
        d = demand[order[at]]
        rank[at] = each * (1 - part[d]) / (1.0 if endless else use[d])
    if not endless:
        _sort(order, rank, begin, end)
    load = gain = 0.0
    for at in range(begin, end):
        if rank[at] > 0:
            d = demand[order[at]]
            taken = amount[d] * (1.0 if endless else use[d])
            load += taken
            gain += taken * rank[at]
        loads[at], gains[at] = load, gain


@kernel
def _limit(ground: Ground, shadow: Shadow, o: Whole) -> None:
    """Say how many modules of an option could be of use; 0 if it cannot be built."""
    r, least = ground.resource[o], float(ground.least[o])
    most: Whole = float(ground.most[o])
    if ground.module_m2[o] > 0:
        most = min(most, np.floor(shadow.room[r] / ground.module_m2[o]))
    shadow.limit[o] = 0.0
    reach = ground.start[o + 1] - ground.start[o]
    if most < least or (reach == 0 and not ground.required[o]):
        return
    useful = 0.0
    if reach > 0 and ground.capacity[o] > 0:
        useful = shadow.load[ground.start[o + 1] - 1] / ground.capacity[o]
    shadow.limit[o] = min(most, max(least, np.ceil(useful)))


@kernel
def _gain_at(
    load: FloatArray, gain: FloatArray, rank: FloatArray, span: Spans, room: Whole
) -> Whole:
    """Return what so much capacity gains among the links of an option."""
    begin, end = span
    if begin == end or room <= 0:
        return 0.0
    if load[end - 1] <= room:
        return gain[end - 1]
    low, high = begin, end - 1
    while low < high:
        middle = (low + high) // 2
        if load[middle] <= room:
            low = middle + 1
        else:
            high = middle
    if low == begin:
        return room * rank[low]
    return gain[low - 1] + (room - load[low - 1]) * rank[low]


@kernel
def _next(ground: Ground, shadow: Shadow, o: Whole, modules: Whole) -> Whole:
    """Return the gain of the next modules of an option, their cost taken off."""
    span = (ground.start[o], ground.start[o + 1])
    load, gain, rank = shadow.load, shadow.gain, shadow.rank
    capacity, cost = ground.capacity[o], ground.module_cost[o]
    if cost > 0:
        cost *= shadow.money[0]
    if capacity == np.inf:
        return _gain_at(load, gain, rank, span, np.inf) - ground.least[o] * cost
    more = _gain_at(load, gain, rank, span, (modules + 1) * capacity)
    return more - _gain_at(load, gain, rank, span, modules * capacity) - cost


@kernel
def _start(ground: Ground, shadow: Shadow, r: Whole, state: Int64Array) -> Whole:
    """Build what has to be built; return its gain. `ahead` is what comes next."""
    first, end = ground.option_start[r], ground.option_start[r + 1]
    total = 0.0
    shadow.left[0] = shadow.room[r]
    for o in range(first, end):
        k = o - first
        built, least, size = 0.0, float(ground.least[o]), 1.0
        endless = ground.capacity[o] == np.inf
        if endless:
            size = least
        if state[k] == BUILT:
            built = least
            shadow.left[0] -= least * ground.module_m2[o]
            if endless:
                total += _next(ground, shadow, o, 0.0)
            else:
                for modules in range(ground.least[o]):
                    total += _next(ground, shadow, o, float(modules))
        shadow.trial[k] = built
        shadow.size[k] = size
        shadow.ahead[k] = 0.0
        if state[k] != OUT and built < shadow.limit[o] and not (endless and built):
            shadow.ahead[k] = _next(ground, shadow, o, built)
    return total


@kernel
def _relax(ground: Ground, shadow: Shadow, r: Whole, state: Int64Array) -> Whole:
    """Fill a resource by gain per area, the last module in part; return its gain.

    Minus infinity if what has to be built does not fit. The gain of further modules
    of one option never grows, so no other filling gains more.
    """
    first, end = ground.option_start[r], ground.option_start[r + 1]
    total = _start(ground, shadow, r, state)
    room = shadow.left[0]
    modules, ahead, sizes = shadow.trial, shadow.ahead, shadow.size
    each = ground.module_m2
    if room < -NEAR * ground.area_m2[r]:
        return -np.inf
    while True:
        best, found = 0.0, -1
        for o in range(first, end):
            if ahead[o - first] > NONE:
                area = sizes[o - first] * each[o]
                dense = ahead[o - first] / max(area, NONE)
                if dense > best:
                    best, found = dense, o
        if found < 0:
            return total
        k = found - first
        area = sizes[k] * each[found]
        share = 1.0 if area <= room else max(room, 0.0) / area
        modules[k] += sizes[k] * share
        total += ahead[k] * share
        room -= area
        if share < 1:
            return total
        ahead[k] = 0.0
        if ground.capacity[found] < np.inf and modules[k] < shadow.limit[found]:
            ahead[k] = _next(ground, shadow, found, modules[k])


@kernel
def _find_breach(
    ground: Ground, shadow: Shadow, r: Whole, state: Int64Array
) -> tuple[Whole, Whole]:
    """Return an option of which too little is built, or two that are foes, or -1."""
    first, end = ground.option_start[r], ground.option_start[r + 1]
    for o in range(first, end):
        modules = shadow.trial[o - first]
        least = ground.least[o] * (1 - 1e-9)
        if modules > 0 and modules < least and state[o - first] == OPEN:
            return o - first, -1
    for o in range(first, end):
        if shadow.trial[o - first] <= 0:
            continue
        for at in range(ground.foe_start[o], ground.foe_start[o + 1]):
            other = ground.foe[at]
            if first <= other < end and shadow.trial[other - first] > 0:
                return o - first, other - first
    return -1, -1


@kernel
def _branch(shadow: Shadow, top: Whole, a: Whole, b: Whole) -> Whole:
    """Put the two ways out of a breach on the stack; return its height."""
    state = shadow.state
    state[top + 1] = state[top]
    bound = shadow.bound[top]
    height = top
    if b < 0:
        state[top, a] = OUT
        state[top + 1, a] = BUILT
        shadow.bound[top + 1] = bound
        return top + 2
    if state[top, a] == OPEN:
        # the other branch builds it, so that no filling is looked at twice
        state[top, a] = OUT
        state[top + 1, a] = BUILT
        height += 1
    if state[top + 1, b] == OPEN:
        state[height] = state[top + 1]
        state[height, b] = OUT
        shadow.bound[height] = bound
        height += 1
    return height


@kernel
def _judge(ground: Ground, shadow: Shadow, r: Whole) -> None:
    """Find the best use of a resource by branching."""
    first, end = ground.option_start[r], ground.option_start[r + 1]
    shadow.modules[first:end] = 0.0
    forced = False
    for o in range(first, end):
        shadow.state[0, o - first] = OPEN if shadow.limit[o] > 0 else OUT
        if ground.required[o] and shadow.limit[o] > 0:
            shadow.state[0, o - first] = BUILT
            forced = True
    shadow.forced[r] = forced
    best = -np.inf if forced else 0.0
    shadow.bound[0] = np.inf
    height, nodes = 1, 0
    while height > 0:
        height -= 1
        if shadow.bound[height] <= best:
            continue
        nodes += 1
        total = _relax(ground, shadow, r, shadow.state[height])
        if total <= best:
            continue
        a, b = _find_breach(ground, shadow, r, shadow.state[height])
        if a >= 0 and nodes < NODES and height + 3 < DEEP:
            shadow.bound[height] = total
            height = _branch(shadow, height, a, b)
            continue
        best = total
        shadow.modules[first:end] = shadow.trial[: end - first]
    _settle(ground, shadow, r, 0.0 if best == -np.inf else best)


@kernel
def _settle(ground: Ground, shadow: Shadow, r: Whole, gain: Whole) -> None:
    """Write down what a resource is worth and what it costs."""
    used = False
    cost: Whole = 0.0
    for o in range(ground.option_start[r], ground.option_start[r + 1]):
        cost += shadow.modules[o] * ground.module_cost[o]
        used = used or shadow.modules[o] > 0
    if used:
        cost += ground.resource_cost[r]
    shadow.cost[r] = cost
    shadow.value[r] = gain
