"""Grow a plan of sites: build on what serves most for its cost, again and again.

Whole resources are judged at once: what their free area would serve for the money.
A category weighs by how much it counts, or by how far it lies behind.
"""

from typing import NamedTuple

import numpy as np

from geo.chains import FloatArray, Int64Array, Whole, kernel
from geo.site_flows import (
    ENTRIES,
    SEED,
    TINY,
    WORK,
    Draft,
    Ground,
    build,
    has_room,
    is_free,
    note,
    send,
    serve,
    shift,
)

__all__ = [
    "BARE",
    "EQUAL",
    "KEPT",
    "MEAN",
    "Trial",
    "adopt",
    "grow",
    "make_trial",
    "restore",
    "weigh",
]

#: How categories weigh: by their weights; the worst first; those behind more; as
#: they did before.
MEAN, BARE, EQUAL, KEPT = range(4)
#: How far behind is behind, where `EQUAL`.
BEHIND = 0.05
#: Share of their weight that other categories than the worst have.
REST = 1e-4
#: Multiplier and addend of a plain random sequence modulo 2**31.
_STEP, _ADD, _RANGE = 1103515245, 12345, 2**31
#: Differences of shares that are none; slack of areas and budgets.
ALIKE, SLACK = 1e-9, 1e-9
#: Work of judging an option, in links looked at; a finite budget.
JUDGED, BIG = 20, 1e300
#: Places of `Trial.top`: least share, mean of the shares, and how much worse than the
#: best a plan may be from which the search goes on.
LEAST, VALUE, SLIP = range(3)
#: The same where one number counts, and where the least share comes first.
WORSE, WORSE_FAIR = 0.04, 0.002


class Trial(NamedTuple):
    """What a search holds besides its plan.

    `best` is the best plan so far, `top` its marks; `current` the plan to return to;
    `order` demands by use; `lean` is how much categories weigh that lie behind, `worth`
    what serving one person counts, by category;
    `pick` and `size` options of one resource and their modules. `ratio` is what a
    resource gains for its cost if money does not lack, `price` that cost, `known`
    the people near each option at the time; `entry` and `cheapest` are the least
    that anything and that one more module costs there.
    """

    best: Int64Array
    current: Int64Array
    order: Int64Array
    fair: Int64Array
    top: FloatArray
    state: Int64Array
    lean: FloatArray
    worth: FloatArray
    pick: Int64Array
    size: Int64Array
    ratio: FloatArray
    price: FloatArray
    known: FloatArray
    entry: FloatArray
    cheapest: FloatArray


def make_trial(ground: Ground, *, fair: bool) -> Trial:
    """Begin a search.

    Parameters
    ----------
    ground
        The problem.
    fair
        Whether the least share comes first.

    Returns
    -------
    Trial
        No plan yet.
    """
    options, resources = ground.group.size, ground.area_m2.size
    several = fair and int((ground.weight > 0).sum()) > 1
    widest = int(np.diff(ground.option_start).max(initial=0))
    return Trial(
        best=np.zeros(options, np.int64),
        current=np.zeros(options, np.int64),
        order=np.argsort(ground.use, kind="stable").astype(np.int64),
        fair=np.array([fair], np.int64),
        top=np.array([-1.0, -1.0, WORSE_FAIR if several else WORSE]),
        state=np.zeros(2, np.int64),
        lean=np.where(ground.weight > 0, 1 / max((ground.weight > 0).sum(), 1), 0.0),
        worth=np.zeros(ground.weight.size),
        pick=np.zeros(widest, np.int64),
        size=np.zeros(widest, np.int64),
        ratio=np.zeros(resources),
        price=np.zeros(resources),
        known=np.full(options, -1.0),
        entry=_least(ground, ground.module_cost * ground.least),
        cheapest=_least(ground, ground.module_cost),
    )


def _least(ground: Ground, cost: FloatArray) -> FloatArray:
    """Return the least cost of the options of each resource."""
    least = np.full(ground.area_m2.size, np.inf)
    np.minimum.at(least, ground.resource, cost)
    return least


@kernel
def restore(ground: Ground, draft: Draft, trial: Trial, modules: Int64Array) -> Whole:
    """Make `modules` the plan; return whether it breaks no rule.

    Parameters
    ----------
    ground
        The problem.
    draft
        The plan.
    trial
        The search.
    modules
        Modules of each option; (O,).

    Returns
    -------
    bool
        Whether sizes, areas, budget, conflicts and required options are heeded.
    """
    draft.flow[:] = 0.0
    draft.left[:] = ground.amount
    draft.room[:] = ground.area_m2
    draft.modules[:] = 0
    draft.free[:] = 0.0
    draft.built[:] = 0
    draft.near[:] = 0.0
    draft.foes[:] = 0
    draft.stale[:] = True
    draft.served[:] = 0.0
    draft.spent[:] = 0.0
    draft.tally[ENTRIES] = 0
    for link in range(ground.demand.size):
        draft.near[ground.option[link]] += ground.amount[ground.demand[link]]
    for o in range(modules.size):
        if modules[o] != 0:
            build(ground, draft, o, modules[o])
    serve(ground, draft, trial.order)
    draft.tally[ENTRIES] = 0
    return _is_allowed(ground, draft)


@kernel
def _is_allowed(ground: Ground, draft: Draft) -> Whole:
    """Return whether a plan breaks no rule."""
    for o in range(draft.modules.size):
        modules = draft.modules[o]
        if modules != 0 and (modules < ground.least[o] or modules > ground.most[o]):
            return False
        if modules > 0 and draft.foes[o] > 0:
            return False
        if modules == 0 and ground.required[o]:
            return False
    for r in range(draft.room.size):
        if draft.room[r] < -SLACK * ground.area_m2[r]:
            return False
    return draft.spent[0] <= ground.purse[0] * (1 + SLACK)


@kernel
def measure(ground: Ground, draft: Draft) -> tuple[float, float]:
    """Return the least share of a category and the weighted mean of the shares."""
    least, mean = 1.0, 0.0
    for f in range(ground.weight.size):
        if ground.weight[f] > 0:
            share = draft.served[f] / ground.servable[f]
            least = min(least, share)
            mean += ground.weight[f] * share
    return least, mean


@kernel
def adopt(ground: Ground, draft: Draft, trial: Trial) -> bool:
    """Keep the plan if it is the best so far; return whether it is."""
    least, mean = measure(ground, draft)
    before, top = trial.top[LEAST], trial.top[VALUE]
    if not trial.fair[0]:
        least = before = 0.0
    if least < before - ALIKE or (least <= before + ALIKE and mean <= top + ALIKE):
        return False
    trial.top[LEAST], trial.top[VALUE] = least, mean
    trial.best[:] = draft.modules
    return True


@kernel
def score_plan(ground: Ground, draft: Draft, trial: Trial) -> Whole:
    """Return one number for the least share and the mean."""
    least, mean = measure(ground, draft)
    return mean + trial.fair[0] * ground.weight.size * least


@kernel
def draw(draft: Draft) -> Whole:
    """Return the next random number, 0 to 1."""
    draft.tally[SEED] = (draft.tally[SEED] * _STEP + _ADD) % _RANGE
    return (draft.tally[SEED] >> 8) / (_RANGE >> 8)


@kernel
def weigh(ground: Ground, draft: Draft, trial: Trial, how: Whole) -> None:
    """Say what serving one person of each category counts.

    Parameters
    ----------
    ground
        The problem.
    draft
        The plan.
    trial
        The search.
    how
        `MEAN`: as they are weighted; `BARE`: the worst served before all others;
        `EQUAL`: more the worse they are served.
    """
    least, _ = measure(ground, draft)
    changed = False
    for f in range(ground.weight.size):
        share = draft.served[f] / ground.servable[f]
        counts = ground.weight[f]
        if how == BARE and counts > 0:
            counts = 1.0 if share <= least + ALIKE else REST * counts
        if how == EQUAL and counts > 0:
            counts = np.exp((least - share) / BEHIND) + REST * counts
        counts /= ground.servable[f]
        changed = changed or counts != trial.worth[f]
        trial.worth[f] = counts
    if changed:
        draft.stale[:] = True


@kernel
def _fit(
    ground: Ground, o: Whole, near: Whole, built: Whole, rest: tuple[Whole, Whole]
) -> tuple[Whole, Whole]:
    """Return how many modules more of an option would be used, and by how many."""
    capacity = ground.capacity[o]
    fewest = ground.least[o] if built == 0 else 1
    most = float(ground.most[o] - built)
    area, cost = ground.module_m2[o], ground.module_cost[o]
    if area > 0:
        room = rest[0] + SLACK * ground.area_m2[ground.resource[o]]
        most = min(most, np.floor(room / area))
    if cost > 0:
        most = min(most, np.floor((rest[1] + SLACK * ground.purse[0]) / cost))
    if most < fewest or capacity <= 0:
        return 0, 0.0
    if capacity == np.inf:
        return fewest, near
    each = capacity / ground.mean_use[o]
    more = int(min(most, max(fewest, np.ceil(near / each - TINY))))
    return more, min(near, more * each)


@kernel
def _is_foe(ground: Ground, trial: Trial, o: Whole, picked: Whole) -> Whole:
    """Return whether an option is picked, or may not stand with one that is."""
    for k in range(picked):
        if trial.pick[k] == o:
            return True
        for at in range(ground.foe_start[o], ground.foe_start[o + 1]):
            if trial.pick[k] == ground.foe[at]:
                return True
    return False


@kernel
def _pick(
    ground: Ground,
    draft: Draft,
    trial: Trial,
    r: Whole,
    picked: Whole,
    rest: tuple[Whole, Whole],
) -> tuple[Whole, Whole]:
    """Put the option of a resource that gains most next; return its gain and it."""
    best, gain, found, size = 0.0, 0.0, -1, 0
    near, foes, start = draft.near, draft.foes, ground.start
    for o in range(ground.option_start[r], ground.option_start[r + 1]):
        worth = trial.worth[ground.group[o]]
        people = near[o]
        if worth <= 0 or foes[o] > 0 or people <= TINY * (start[o + 1] - start[o]):
            continue
        if picked > 0 and _is_foe(ground, trial, o, picked):
            continue
        more, people = _fit(ground, o, people, draft.modules[o], rest)
        cost = ground.module_cost[o]
        if cost <= 0 or ground.purse[0] == np.inf:
            cost = ground.module_m2[o]
        dear = worth * people / max(more * cost, TINY)
        if more > 0 and dear > best:
            best, gain, found, size = dear, worth * people, o, more
    if found >= 0:
        trial.pick[picked], trial.size[picked] = found, size
    return gain, found


@kernel
def _judge(
    ground: Ground, draft: Draft, trial: Trial, r: Whole, money: Whole
) -> tuple[Whole, Whole, Whole]:
    """Return what a resource gains for its cost, that cost, and the options picked."""
    cost = ground.resource_cost[r] if draft.built[r] == 0 else 0.0
    purse = ground.purse[0]
    money -= cost
    room, total = draft.room[r], 0.0
    best, price, kept = 0.0, 0.0, 0
    if money < -SLACK * purse:
        return best, price, kept
    for picked in range(ground.option_start[r + 1] - ground.option_start[r]):
        gain, o = _pick(ground, draft, trial, r, picked, (room, money))
        if o < 0:
            break
        area = trial.size[picked] * ground.module_m2[o]
        spent = trial.size[picked] * ground.module_cost[o]
        room, money, cost = room - area, money - spent, cost + spent
        total += gain
        ratio = total
        if purse < np.inf:
            ratio = total / max(cost, TINY * purse, TINY)
        if ratio >= best:
            best, price, kept = ratio, cost, picked + 1
    return best, price, kept


@kernel
def _refresh(ground: Ground, draft: Draft, trial: Trial) -> None:
    """Judge resources again where something changed."""
    near, known, stale = draft.near, trial.known, draft.stale
    first, resource = ground.option_start, ground.resource
    for o in range(near.size):
        if near[o] != known[o]:
            stale[resource[o]] = True
            known[o] = near[o]
    work = near.size
    for r in range(stale.size):
        if stale[r]:
            stale[r] = False
            found = _judge(ground, draft, trial, r, ground.purse[0])
            trial.ratio[r], trial.price[r] = found[0], found[1]
            work += JUDGED * (first[r + 1] - first[r])
    draft.tally[WORK] += work


@kernel
def _find_best(ground: Ground, draft: Draft, trial: Trial, noise: Whole) -> Whole:
    """Return the resource that gains most for its cost and can be paid, or -1."""
    best, found = 0.0, -1
    money = ground.purse[0] - draft.spent[0] + SLACK * min(ground.purse[0], BIG)
    for r in range(draft.room.size):
        ratio = trial.ratio[r]
        if ratio <= 0 or (noise == 0 and ratio <= best):
            continue
        least = trial.cheapest[r]
        if draft.built[r] == 0:
            least = trial.entry[r] + ground.resource_cost[r]
        if least > money:
            continue
        if trial.price[r] > money:
            ratio, _, _ = _judge(ground, draft, trial, r, money)
            draft.tally[WORK] += JUDGED
        if noise > 0:
            ratio *= 1 + noise * draw(draft)
        if ratio > best:
            best, found = ratio, r
    return found


@kernel
def _invite(ground: Ground, draft: Draft, o: Whole) -> None:
    """Let people come who are not served, as long as there is room."""
    left, amount, demand, free = draft.left, ground.amount, ground.demand, draft.free
    for link in range(ground.start[o], ground.start[o + 1]):
        d = demand[link]
        if left[d] > TINY * amount[d]:
            if not has_room(draft.modules[o], free[o], ground.capacity[o]):
                return
            people = min(left[d], free[o] / ground.use[d])
            send(ground, draft, link, people)
            note(draft, link, people)


@kernel
def _relieve(ground: Ground, draft: Draft, o: Whole) -> None:
    """Let people come from full places where others wait."""
    flow, near, start = draft.flow, draft.near, ground.start
    for link in range(start[o], start[o + 1]):
        d = ground.demand[link]
        least = TINY * ground.amount[d]
        for at in range(ground.first[d], ground.first[d + 1]):
            other, b = ground.link[at], ground.choice[at]
            if b == o or flow[other] <= least:
                continue
            if near[b] > TINY * (start[b + 1] - start[b]):
                _swap(ground, draft, link, other)
                if not is_free(ground, draft, o):
                    return
        draft.tally[WORK] += ground.first[d + 1] - ground.first[d]


@kernel
def _swap(ground: Ground, draft: Draft, link: Whole, other: Whole) -> None:
    """Let people change to a link from another, and others take their place."""
    links = ground.demand.size
    o, b = ground.option[link], ground.option[other]
    use = ground.use[ground.demand[link]]
    people = min(draft.flow[other], draft.free[o] / use)
    people = min(people, draft.near[b] * ground.mean_use[b] / use)
    for which, much in ((link, people), (other, -people)):
        shift(ground, draft, which, much)
        note(draft, links + which, much)
    _invite(ground, draft, b)


@kernel
def _add(ground: Ground, draft: Draft, o: Whole, more: Whole) -> None:
    """Build modules and let people come."""
    build(ground, draft, o, more)
    note(draft, 2 * ground.demand.size + o, more)
    _invite(ground, draft, o)
    if ground.capacity[o] < np.inf and is_free(ground, draft, o):
        _relieve(ground, draft, o)


@kernel
def grow(ground: Ground, draft: Draft, trial: Trial, how: Whole, noise: Whole) -> None:
    """Build on the resource that gains most for its cost until none gains.

    Parameters
    ----------
    ground
        The problem.
    draft
        The plan.
    trial
        The search.
    how
        How categories weigh: `MEAN`, `BARE` or `EQUAL`, or `KEPT`: as they do.
    noise
        By how much luck may raise a gain, as a share.
    """
    while True:
        if how != KEPT:
            weigh(ground, draft, trial, how)
        _refresh(ground, draft, trial)
        found = _find_best(ground, draft, trial, noise)
        if found < 0:
            return
        money = ground.purse[0] - draft.spent[0]
        _, _, kept = _judge(ground, draft, trial, found, money)
        before = draft.served.sum()
        for k in range(kept):
            _add(ground, draft, trial.pick[k], trial.size[k])
        if draft.served.sum() <= before:
            return
