"""What each resource is worth at most if people come at a price.

Whoever is served has a price: people may then be sent to several places at once, and
each resource can be judged by itself. Its best use is found exactly but for fractions
of a last module: area, sizes, required options and neighbours on the same resource
are heeded, by branching where the plain greedy filling of its area breaks a rule.
"""

from typing import NamedTuple

import numpy as np

from geo.chains import FloatArray, Int64Array, Whole, kernel
from geo.coverage import Bools
from geo.site_flows import Ground
from geo.site_problem import NEAR

__all__ = ["Shadow", "judge_resources", "make_shadow"]

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
    over those that gain (`gains` of them). `modules` are built of each option,
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
    gains: Int64Array
    modules: FloatArray
    value: FloatArray
    cost: FloatArray
    forced: Bools
    room: FloatArray
    state: Int64Array
    bound: FloatArray
    trial: FloatArray
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
        gains=np.zeros(options, np.int64),
        modules=np.zeros(options),
        value=np.zeros(resources),
        cost=np.zeros(resources),
        forced=np.zeros(resources, np.bool_),
        room=_measure_room(ground),
        state=np.zeros((DEEP, widest), np.int64),
        bound=np.zeros(DEEP),
        trial=np.zeros(widest),
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
def _rank_links(ground: Ground, shadow: Shadow, o: Whole) -> None:
    """Sort the links of an option by gain per capacity and add them up."""
    begin, end = ground.start[o], ground.start[o + 1]
    f = ground.group[o]
    each = shadow.counts[f] / ground.servable[f]
    order, rank = shadow.order, shadow.rank
    endless = ground.capacity[o] == np.inf
    for at in range(begin, end):
        link = order[at]
        d = ground.demand[link]
        gain = each * (1 - shadow.part[d])
        rank[at] = gain if endless else gain / ground.use[d]
    if not endless:
        # the order of the last time is nearly right
        for at in range(begin + 1, end):
            link, key, to = order[at], rank[at], at
            while to > begin and rank[to - 1] < key:
                order[to], rank[to] = order[to - 1], rank[to - 1]
                to -= 1
            order[to], rank[to] = link, key
    load = gain = 0.0
    count = 0
    for at in range(begin, end):
        if rank[at] > 0:
            d = ground.demand[order[at]]
            taken = ground.amount[d] * (1.0 if endless else ground.use[d])
            load += taken
            gain += taken * rank[at]
            count += 1
        shadow.load[at], shadow.gain[at] = load, gain
    shadow.gains[o] = count


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
def _gain_of(ground: Ground, shadow: Shadow, o: Whole, modules: Whole) -> Whole:
    """Return what some modules of an option gain; their cost is taken off."""
    begin, end = ground.start[o], ground.start[o + 1]
    cost = 0.0
    if ground.module_cost[o] > 0:
        cost = modules * ground.module_cost[o] * shadow.money[0]
    if begin == end or modules <= 0:
        return -cost
    if ground.capacity[o] == np.inf:
        return shadow.gain[end - 1] - cost
    room = modules * ground.capacity[o]
    if shadow.load[end - 1] <= room:
        return shadow.gain[end - 1] - cost
    low, high = begin, end - 1
    while low < high:
        middle = (low + high) // 2
        if shadow.load[middle] <= room:
            low = middle + 1
        else:
            high = middle
    before = shadow.load[low - 1] if low > begin else 0.0
    gain = shadow.gain[low - 1] if low > begin else 0.0
    return gain + (room - before) * shadow.rank[low] - cost


@kernel
def _next(
    ground: Ground, shadow: Shadow, o: Whole, modules: Whole, state: Whole
) -> tuple[Whole, Whole]:
    """Return the gain of the next module of an option and the modules it is."""
    if state == OUT or modules >= shadow.limit[o]:
        return 0.0, 0.0
    step = 1.0
    if ground.capacity[o] == np.inf:
        if modules > 0:
            return 0.0, 0.0
        step = float(ground.least[o])
    more = _gain_of(ground, shadow, o, modules + step)
    return more - _gain_of(ground, shadow, o, modules), step


@kernel
def _relax(ground: Ground, shadow: Shadow, r: Whole, state: Int64Array) -> Whole:
    """Fill a resource by gain per area, the last module in part; return its gain.

    Minus infinity if what has to be built does not fit. The gain of further modules
    of one option never grows, so no other filling gains more.
    """
    first, end = ground.option_start[r], ground.option_start[r + 1]
    room, total = shadow.room[r], 0.0
    modules = shadow.trial
    for o in range(first, end):
        modules[o - first] = 0.0
        if state[o - first] == BUILT:
            modules[o - first] = ground.least[o]
            room -= ground.least[o] * ground.module_m2[o]
            total += _gain_of(ground, shadow, o, float(ground.least[o]))
    if room < -NEAR * ground.area_m2[r]:
        return -np.inf
    while True:
        best, found, step, gain = 0.0, -1, 0.0, 0.0
        for o in range(first, end):
            more, size = _next(ground, shadow, o, modules[o - first], state[o - first])
            if more <= NONE:
                continue
            dense = more / max(size * ground.module_m2[o], NONE)
            if dense > best:
                best, found, step, gain = dense, o, size, more
        if found < 0:
            return total
        area = step * ground.module_m2[found]
        share = 1.0 if area <= room else max(room, 0.0) / area
        modules[found - first] += step * share
        total += gain * share
        room -= area
        if share < 1:
            return total


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
