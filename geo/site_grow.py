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
    is_free,
    note,
    send,
    serve,
)

__all__ = [
    "BARE",
    "EQUAL",
    "MEAN",
    "Trial",
    "adopt",
    "grow",
    "make_trial",
    "restore",
]

#: How categories weigh: by their weights; the worst alone; those behind more.
MEAN, BARE, EQUAL = range(3)
#: How far behind is behind, where `EQUAL`.
BEHIND = 0.05
#: Share of their weight that other categories than the worst have.
REST = 1e-4
#: Multiplier and addend of a plain random sequence modulo 2**31.
_STEP, _ADD, _RANGE = 1103515245, 12345, 2**31
#: Differences of shares that are none; slack of areas and budgets.
ALIKE, SLACK = 1e-9, 1e-9
#: Places of `Trial.top`: least share, mean of the shares.
LEAST, VALUE = range(2)


class Trial(NamedTuple):
    """What a search holds besides its plan.

    `best` is the best plan so far, `top` its marks; `current` the plan to return to;
    `order` demands by use; `worth` what serving one person counts, by category;
    `pick` and `size` options of one resource and their modules.
    """

    best: Int64Array
    current: Int64Array
    order: Int64Array
    fair: Int64Array
    top: FloatArray
    state: Int64Array
    worth: FloatArray
    pick: Int64Array
    size: Int64Array


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
    options = ground.group.size
    widest = int(np.diff(ground.option_start).max(initial=0))
    return Trial(
        best=np.zeros(options, np.int64),
        current=np.zeros(options, np.int64),
        order=np.argsort(ground.use, kind="stable").astype(np.int64),
        fair=np.array([fair], np.int64),
        top=np.full(2, -1.0),
        state=np.zeros(2, np.int64),
        worth=np.zeros(ground.weight.size),
        pick=np.zeros(widest, np.int64),
        size=np.zeros(widest, np.int64),
    )


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
def _weigh(ground: Ground, draft: Draft, trial: Trial, how: Whole) -> None:
    """Say what serving one person of each category counts."""
    least, _ = measure(ground, draft)
    for f in range(ground.weight.size):
        share = draft.served[f] / ground.servable[f]
        counts = ground.weight[f]
        if how == BARE and counts > 0:
            counts = 1.0 if share <= least + ALIKE else REST * counts
        if how == EQUAL and counts > 0:
            counts = np.exp((least - share) / BEHIND) + REST * counts
        trial.worth[f] = counts / ground.servable[f]


@kernel
def _fit(
    ground: Ground, draft: Draft, o: Whole, room: Whole, money: Whole
) -> tuple[Whole, Whole]:
    """Return how many modules more of an option would be used, and by how many."""
    near, capacity = draft.near[o], ground.capacity[o]
    reach = ground.start[o + 1] - ground.start[o]
    if near <= TINY * reach or capacity <= 0:
        return 0, 0.0
    built = draft.modules[o]
    fewest = ground.least[o] if built == 0 else 1
    most = float(ground.most[o] - built)
    if ground.module_m2[o] > 0:
        room += SLACK * ground.area_m2[ground.resource[o]]
        most = min(most, np.floor(room / ground.module_m2[o]))
    if ground.module_cost[o] > 0:
        money += SLACK * ground.purse[0]
        most = min(most, np.floor(money / ground.module_cost[o]))
    if most < fewest:
        return 0, 0.0
    if capacity == np.inf:
        return fewest, near
    each = capacity / ground.mean_use[o]
    more = int(min(most, max(fewest, np.ceil(near / each - TINY))))
    return more, min(near, more * each)


@kernel
def _is_foe(ground: Ground, trial: Trial, o: Whole, picked: Whole) -> bool:
    """Return whether an option may not stand with those picked."""
    for at in range(ground.foe_start[o], ground.foe_start[o + 1]):
        for k in range(picked):
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
) -> tuple[float, int]:
    """Put the option of a resource that gains most next; return its gain and it."""
    best, gain, found, size = 0.0, 0.0, -1, 0
    for o in range(ground.option_start[r], ground.option_start[r + 1]):
        again = False
        for k in range(picked):
            again = again or trial.pick[k] == o
        worth = trial.worth[ground.group[o]]
        if again or worth <= 0 or draft.foes[o] > 0:
            continue
        more, people = _fit(ground, draft, o, rest[0], rest[1])
        if more == 0 or _is_foe(ground, trial, o, picked):
            continue
        cost = ground.module_cost[o] if ground.module_cost[o] > 0 else 0.0
        if cost == 0 or ground.purse[0] == np.inf:
            cost = ground.module_m2[o]
        dear = worth * people / max(more * cost, TINY)
        if dear > best:
            best, gain, found, size = dear, worth * people, o, more
    if found >= 0:
        trial.pick[picked], trial.size[picked] = found, size
    return gain, found


@kernel
def _judge(ground: Ground, draft: Draft, trial: Trial, r: Whole) -> tuple[float, int]:
    """Return what a resource gains for its cost, and how many options are picked."""
    cost = ground.resource_cost[r] if draft.built[r] == 0 else 0.0
    money = ground.purse[0] - draft.spent[0] - cost
    room, total = draft.room[r], 0.0
    best, kept = 0.0, 0
    if money < -SLACK * ground.purse[0]:
        return best, kept
    for picked in range(ground.option_start[r + 1] - ground.option_start[r]):
        gain, o = _pick(ground, draft, trial, r, picked, (room, money))
        if o < 0:
            break
        room -= trial.size[picked] * ground.module_m2[o]
        money -= trial.size[picked] * ground.module_cost[o]
        cost += trial.size[picked] * ground.module_cost[o]
        total += gain
        ratio = total
        if ground.purse[0] < np.inf:
            ratio = total / max(cost, TINY * ground.purse[0], TINY)
        if ratio >= best:
            best, kept = ratio, picked + 1
    return best, kept


@kernel
def _add(ground: Ground, draft: Draft, o: Whole, more: Whole) -> None:
    """Build modules and let people come who were not served."""
    links = ground.demand.size
    build(ground, draft, o, more)
    note(draft, 2 * links + o, more)
    for link in range(ground.start[o], ground.start[o + 1]):
        d = ground.demand[link]
        if draft.left[d] > TINY * ground.amount[d]:
            if not is_free(ground, draft, o):
                return
            people = min(draft.left[d], draft.free[o] / ground.use[d])
            send(ground, draft, link, people)
            note(draft, link, people)


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
        How categories weigh: `MEAN`, `BARE` or `EQUAL`.
    noise
        By how much luck may raise a gain, as a share.
    """
    while True:
        _weigh(ground, draft, trial, how)
        best, found = 0.0, -1
        for r in range(draft.room.size):
            gain, _ = _judge(ground, draft, trial, r)
            if noise > 0 and gain > 0:
                gain *= 1 + noise * draw(draft)
            if gain > best:
                best, found = gain, r
        draft.tally[WORK] += draft.modules.size
        if found < 0:
            return
        _, kept = _judge(ground, draft, trial, found)
        before = draft.served.sum()
        for k in range(kept):
            _add(ground, draft, trial.pick[k], trial.size[k])
        if draft.served.sum() <= before:
            return
