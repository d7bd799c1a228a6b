"""Prices of demands, shares and money, bettered round by round.

The sum of the prices and of what the resources are worth at them bounds every plan.
Each round moves the best prices so far towards what the mean of the last uses of the
resources lacks or has too much of (the volume method): a demand that is served twice
gets dearer, one that is not served cheaper.
"""

from typing import NamedTuple

import numpy as np

from geo.chains import FloatArray, Int64Array, Whole, kernel
from geo.site_flows import Ground
from geo.site_problem import NEAR
from geo.site_shadow import Shadow, judge_resources, make_shadow

__all__ = ["Prices", "make_prices", "restrict", "start_from", "step_prices"]

#: How a budget is heeded: there is none, it buys so many resources alike, or parts
#: of resources, or it has a price.
FREE, UNIT, PART, PRICE = range(4)
#: Places of `Prices.step`: length of a step, share of the newest use, rounds, rounds
#: without a better bound, the bound some time ago, known value, least share asked,
#: step of the prices of shares and money to that of demands.
LENGTH, NEWEST, ROUND, WAITED, BEFORE, KNOWN, FAIR, SOFT = range(8)
#: First, greatest and least length of a step; how it shrinks and grows.
LENGTH_FIRST, LENGTH_MOST, LENGTH_LEAST = 0.5, 2.0, 1e-3
SHRINK, SWELL = 0.66, 1.1
#: Rounds without a better bound after which steps shrink.
PATIENCE = 10
#: Share of the newest use: at first, at last.
NEWEST_FIRST, NEWEST_LEAST = 0.2, 0.01
#: Gap aimed at, as a share of the bound: at most, at least.
AIM_MOST, AIM_LEAST = 0.05, 1e-4
#: Rounds over which a bound has to become better by this share, or it ends.
LOOK_BACK, BETTER = 100, 2e-5
#: Betterment, as a share, below which the mean has to become steadier.
SLOW = 0.003
#: Step of the prices of shares and money to that of demands.
SOFTLY = 0.2
#: Halvings of the range in which the first price of money lies.
HALVINGS = 15
#: How often prices of the least share are added to those of the mean.
TIMES = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
#: A number that is none.
NONE = 1e-12


class Prices(NamedTuple):
    """The prices being bettered.

    `shadow` holds those being tried; `part`, `counts` and `money` are the best so
    far, their bound is ``best[0]``. `cover` is how often a demand is served, `mean`
    its mean; `spent` and `spent_mean` the share of the budget. `used` is the part of
    each resource in use. ``kind`` holds how the budget is heeded, how many resources
    it buys, and whether the categories' prices share 1 out among them.
    """

    shadow: Shadow
    part: FloatArray
    counts: FloatArray
    money: FloatArray
    best: FloatArray
    size: FloatArray
    cover: FloatArray
    mean: FloatArray
    spent: FloatArray
    used: FloatArray
    slope: FloatArray
    step: FloatArray
    kind: Int64Array
    group: Int64Array


def restrict(ground: Ground) -> Ground:
    """Take out what the budget could never buy.

    Parameters
    ----------
    ground
        The problem.

    Returns
    -------
    Ground
        The same with fewer modules at most.
    """
    purse = ground.purse[0] * (1 + NEAR)
    rest = purse - ground.resource_cost[ground.resource]
    cost = ground.module_cost
    with np.errstate(divide="ignore", invalid="ignore"):
        most = np.where(cost > 0, np.floor(rest / cost), np.inf)
    most = np.where(rest < 0, 0, np.clip(most, 0, ground.most))
    return ground._replace(most=most.astype(np.int64))


def _find_kind(ground: Ground) -> tuple[int, int]:
    """Return how the budget is heeded, and how many resources it buys."""
    can = ground.most >= ground.least
    costs = ground.resource_cost[np.unique(ground.resource[can])]
    purse = ground.purse[0]
    dear = bool((ground.module_cost[can] > 0).any())
    if not np.isfinite(purse) or (not dear and not (costs > 0).any()):
        return FREE, 0
    if dear:
        return PRICE, 0
    if np.ptp(costs) == 0:
        return UNIT, int(np.floor(purse * (1 + NEAR) / costs[0]))
    return PART, 0


def make_prices(ground: Ground, *, fair: float, known: float, alike: bool) -> Prices:
    """Begin with prices that are the same everywhere.

    Parameters
    ----------
    ground
        The problem, restricted.
    fair
        Least share that every category has to reach.
    known
        Value of a known plan, 0 if there is none.
    alike
        Whether the least share is bounded, not the weighted mean.

    Returns
    -------
    Prices
        The first prices; no bound yet.
    """
    demands, groups = ground.amount.size, ground.weight.size
    asked = ground.weight > 0
    linked = np.zeros(demands, np.bool_)
    linked[ground.demand] = True
    group = np.zeros(demands, np.int64)
    group[ground.demand] = ground.group[ground.option]
    shadow = make_shadow(ground)
    counts = asked / max(asked.sum(), 1) if alike else ground.weight.copy()
    kind, count = _find_kind(ground)
    step = np.zeros(8)
    step[SOFT] = SOFTLY
    step[[LENGTH, NEWEST]] = LENGTH_FIRST, NEWEST_FIRST
    step[[BEFORE, KNOWN, FAIR]] = np.inf, known, fair
    return Prices(
        shadow=shadow,
        part=np.zeros(demands),
        counts=counts.astype(np.float64),
        money=np.zeros(1),
        best=np.full(1, np.inf),
        size=np.where(linked, ground.amount / ground.servable[group], 0.0),
        cover=np.zeros(demands),
        mean=np.zeros(demands),
        spent=np.zeros(2),
        used=np.zeros(ground.area_m2.size),
        slope=np.zeros(groups),
        step=step,
        kind=np.array([kind, count, alike], np.int64),
        group=group,
    )


def start_from(ground: Ground, prices: Prices, other: Prices) -> None:
    """Begin with the prices that bounded the least share.

    They are added to what the categories count, as often as proves most.

    Parameters
    ----------
    ground
        The problem, restricted.
    prices
        Prices for the weighted mean; takes the new ones.
    other
        Prices for the least share, bettered.
    """
    best = np.inf
    for times in TIMES:
        prices.part[:] = other.part
        prices.counts[:] = ground.weight + times * other.counts
        prices.money[:] = other.money * (1 + times)
        _try_first(ground, prices)
        if prices.best[0] < best:
            best, found = float(prices.best[0]), times
    prices.counts[:] = ground.weight + found * other.counts
    prices.money[:] = other.money * (1 + found)


@kernel
def step_prices(ground: Ground, prices: Prices, rounds: Whole) -> bool:
    """Better the prices.

    Parameters
    ----------
    ground
        The problem, restricted.
    prices
        The prices.
    rounds
        How often.

    Returns
    -------
    bool
        Whether they do not become much better any more.
    """
    step = prices.step
    for _ in range(rounds):
        if step[ROUND] == 0:
            _try_first(ground, prices)
        else:
            _move(ground, prices)
            _weigh(ground, prices)
        step[ROUND] += 1
        best = prices.best[0]
        if best <= step[KNOWN] + NONE or step[LENGTH] < NONE:
            return True
        if step[ROUND] % LOOK_BACK == 0:
            slow = step[BEFORE] - best
            if slow < SLOW * best:
                step[NEWEST] = max(step[NEWEST] / 2, NEWEST_LEAST)
            if slow < BETTER * best and step[LENGTH] < LENGTH_LEAST:
                return True
            step[BEFORE] = best
    return False


@kernel
def _try_first(ground: Ground, prices: Prices) -> None:
    """Judge the first prices."""
    shadow = prices.shadow
    shadow.part[:] = prices.part
    shadow.counts[:] = prices.counts
    if prices.kind[0] == PRICE and prices.money[0] == 0:
        _price_money(ground, prices)
    prices.best[0] = _bound(ground, prices)
    prices.money[0] = shadow.money[0]
    prices.mean[:] = prices.cover
    prices.spent[1] = prices.spent[0]


@kernel
def _price_money(ground: Ground, prices: Prices) -> None:
    """Halve the range of prices of money until the budget is about spent."""
    shadow, low = prices.shadow, 0.0
    high = 1.0 / max(ground.purse[0], NONE)
    shadow.money[0] = high
    for _ in range(HALVINGS):
        _bound(ground, prices)
        if prices.spent[0] > 1:
            low = shadow.money[0]
            high = max(high, 2 * low)
        else:
            high = shadow.money[0]
        shadow.money[0] = (low + high) / 2


@kernel
def _bound(ground: Ground, prices: Prices) -> Whole:
    """Return what the prices prove; note how often each demand is served."""
    shadow = prices.shadow
    judge_resources(ground, shadow)
    total = _choose(ground, prices)
    for d in range(prices.group.size):
        total += prices.size[d] * shadow.part[d] * shadow.counts[prices.group[d]]
    if prices.kind[0] == PRICE:
        total += shadow.money[0] * ground.purse[0]
    if prices.kind[2] == 0:
        for f in range(ground.weight.size):
            total -= prices.step[FAIR] * (shadow.counts[f] - ground.weight[f])
    _count(ground, prices)
    return total


@kernel
def _order(ground: Ground, prices: Prices) -> Int64Array:
    """Return the resources: those that have to be used, then by worth for cost."""
    shadow, kind = prices.shadow, prices.kind[0]
    key = np.zeros(shadow.value.size)
    for r in range(key.size):
        if kind == PRICE:
            shadow.value[r] -= ground.resource_cost[r] * shadow.money[0]
        key[r] = -shadow.value[r]
        if kind == PART and ground.resource_cost[r] > 0:
            key[r] /= ground.resource_cost[r]
        if shadow.forced[r]:
            key[r] = -np.inf
    return np.argsort(key, kind="mergesort")


@kernel
def _choose(ground: Ground, prices: Prices) -> Whole:
    """Use the resources that are worth most for the budget; return their worth."""
    shadow, used, kind = prices.shadow, prices.used, prices.kind[0]
    used[:] = 0.0
    total = 0.0
    rest = float(prices.kind[1]) if kind == UNIT else ground.purse[0] * (1 + NEAR)
    for r in _order(ground, prices):
        forced, value = shadow.forced[r], shadow.value[r]
        if not forced and value <= 0:
            continue
        cost = 1.0 if kind == UNIT else 0.0
        if kind == PART:
            cost = ground.resource_cost[r]
        share = 1.0
        if cost > rest and not forced:
            share = rest / cost if kind == PART else 0.0
        rest = max(rest - cost, 0.0)
        used[r] = share
        total += share * value
    return total


@kernel
def _count(ground: Ground, prices: Prices) -> None:
    """Count how often each demand is served, and what is spent."""
    shadow, cover = prices.shadow, prices.cover
    cover[:] = 0.0
    spent = 0.0
    for r in range(prices.used.size):
        share = prices.used[r]
        if share <= 0:
            continue
        spent += share * shadow.cost[r]
        for o in range(ground.option_start[r], ground.option_start[r + 1]):
            if shadow.modules[o] > 0:
                _cover(ground, prices, o, share)
    prices.spent[0] = spent / ground.purse[0] if ground.purse[0] > 0 else 0.0


@kernel
def _cover(ground: Ground, prices: Prices, o: Whole, share: Whole) -> None:
    """Send people to an option, those who gain most first."""
    shadow, cover = prices.shadow, prices.cover
    rank, order, demand = shadow.rank, shadow.order, ground.demand
    amount, use = ground.amount, ground.use
    endless = ground.capacity[o] == np.inf
    room = shadow.modules[o] * ground.capacity[o]
    if endless:
        share *= min(1.0, shadow.modules[o] / ground.least[o])
    for at in range(ground.start[o], ground.start[o + 1]):
        if rank[at] > 0:
            d = demand[order[at]]
            part = 1.0
            if not endless:
                part = min(1.0, room / (amount[d] * use[d]))
                room -= amount[d] * use[d]
            cover[d] += share * part
            if room <= 0:
                return


@kernel
def _lean(ground: Ground, prices: Prices) -> Whole:
    """Find which way the categories' prices should go; return the whole slope."""
    steep = 0.0
    slope = prices.slope
    slope[:] = 0.0
    for d in range(prices.group.size):
        part, much = prices.part[d], prices.mean[d]
        slope[prices.group[d]] += prices.size[d] * (part + (1 - part) * much)
        lack = 1 - much
        if (lack > 0 and part > 0) or (lack < 0 and part < 1):
            steep += prices.size[d] * prices.counts[prices.group[d]] * lack * lack
    mean, asked = 0.0, 0
    for f in range(slope.size):
        if ground.weight[f] > 0:
            mean += slope[f]
            asked += 1
    for f in range(slope.size):
        least = mean / asked if prices.kind[2] else prices.step[FAIR]
        slope[f] -= least
        floor = 0.0 if prices.kind[2] else ground.weight[f]
        moves = prices.kind[2] > 0 or prices.step[FAIR] > 0
        fixed = slope[f] > 0 and prices.counts[f] <= floor
        if ground.weight[f] == 0 or not moves or fixed:
            slope[f] = 0.0
        steep += prices.step[SOFT] * slope[f] * slope[f]
    if prices.kind[0] == PRICE:
        lack = 1 - prices.spent[1]
        if lack < 0 or prices.money[0] > 0:
            steep += prices.step[SOFT] * lack * lack
    return steep


@kernel
def _move(ground: Ground, prices: Prices) -> None:
    """Take a step from the best prices."""
    shadow, best = prices.shadow, prices.best[0]
    gap = AIM_MOST * best
    if prices.step[KNOWN] > 0:
        gap = min(gap, best - prices.step[KNOWN])
    gap = max(gap, AIM_LEAST * best)
    steep = _lean(ground, prices)
    much = prices.step[LENGTH] * gap / max(steep, NONE)
    for d in range(prices.group.size):
        part = prices.part[d] - much * (1 - prices.mean[d])
        shadow.part[d] = min(1.0, max(0.0, part))
    much *= prices.step[SOFT]
    for f in range(ground.weight.size):
        least = 0.0 if prices.kind[2] else ground.weight[f]
        shadow.counts[f] = max(prices.counts[f] - much * prices.slope[f], least)
    if prices.kind[2]:
        shadow.counts[:] /= shadow.counts.sum()
    if prices.kind[0] == PRICE:
        money = prices.money[0] * ground.purse[0] - much * (1 - prices.spent[1])
        shadow.money[0] = max(money, 0.0) / ground.purse[0]


@kernel
def _weigh(ground: Ground, prices: Prices) -> None:
    """Judge the prices tried; keep them if they prove more, and learn from them."""
    shadow, step = prices.shadow, prices.step
    bound = _bound(ground, prices)
    newest = _mix(prices)
    along = 0.0
    for d in range(prices.group.size):
        size = prices.size[d] * prices.counts[prices.group[d]]
        along += size * (1 - prices.cover[d]) * (1 - prices.mean[d])
    for d in range(prices.group.size):
        prices.mean[d] += newest * (prices.cover[d] - prices.mean[d])
    prices.spent[1] += newest * (prices.spent[0] - prices.spent[1])
    if bound < prices.best[0] * (1 - NONE):
        prices.best[0] = bound
        prices.part[:] = shadow.part
        prices.counts[:] = shadow.counts
        prices.money[0] = shadow.money[0]
        step[WAITED] = 0
        if along > 0:
            step[LENGTH] = min(step[LENGTH] * SWELL, LENGTH_MOST)
        return
    step[WAITED] += 1
    if step[WAITED] >= PATIENCE:
        step[WAITED] = 0
        step[LENGTH] *= SHRINK


@kernel
def _mix(prices: Prices) -> Whole:
    """Return the share of the newest use with which the mean lacks least."""
    across = square = 0.0
    for d in range(prices.group.size):
        size = prices.size[d] * prices.counts[prices.group[d]]
        change = prices.cover[d] - prices.mean[d]
        across += size * change * (1 - prices.mean[d])
        square += size * change * change
    newest = across / max(square, NONE)
    return max(prices.step[NEWEST] / 10, min(newest, prices.step[NEWEST]))
