"""Mend a plan of sites: give resources up, grow again, take it back if it is worse."""

import numpy as np

from geo.chains import Whole, kernel
from geo.site_flows import (
    ENTRIES,
    EPOCH,
    TINY,
    WORK,
    Draft,
    Ground,
    build,
    note,
    place_demand,
    push,
    send,
    serve,
    shift,
)
from geo.site_grow import (
    ALIKE,
    KEPT,
    SLIP,
    Trial,
    adopt,
    draw,
    grow,
    restore,
    score_plan,
)
from geo.site_prices import Prices

__all__ = ["build_worth", "lean_on", "mend", "trim"]

#: Resources that are given up at once at most.
DROPPED = 5
#: How often chance decides, and by how much it raises a gain.
LUCK, NOISE = 0.5, 0.5
#: How often options that were given up are shunned, and which of them are not.
SHUNNED, SHUN_EVERY = 0.5, 4
#: By how much a share behind the mean raises a weight; the least weight.
LEAN, LEAST_LEAN = 5.0, 0.01
#: Places of `Trial.state`: rounds since the best plan, the resource in turn.
WAITED, TURN = range(2)


@kernel
def _drop(ground: Ground, draft: Draft, o: Whole, least: Whole) -> None:
    """Give an option up but for its `least` modules; its people go home."""
    links = ground.demand.size
    flow = draft.flow
    for link in range(ground.start[o], ground.start[o + 1]):
        people = flow[link]
        if people != 0:
            send(ground, draft, link, -people)
            note(draft, link, -people)
    fewer = least - draft.modules[o]
    build(ground, draft, o, fewer)
    note(draft, 2 * links + o, fewer)


@kernel
def _settle(ground: Ground, draft: Draft, o: Whole) -> None:
    """Serve the people of an option that was given up elsewhere."""
    left, amount, demand = draft.left, ground.amount, ground.demand
    limited = ground.capacity[o] < np.inf
    for link in range(ground.start[o], ground.start[o + 1]):
        d = demand[link]
        if left[d] > TINY * amount[d]:
            place_demand(ground, draft, d)
            if limited and left[d] > TINY * amount[d]:
                push(ground, draft, d)


@kernel
def _undo(ground: Ground, draft: Draft, trial: Trial) -> None:
    """Take back what the journal tells."""
    links, entries = ground.demand.size, draft.tally[ENTRIES]
    if entries > draft.what.size:
        restore(ground, draft, trial, trial.current)
        return
    for at in range(entries - 1, -1, -1):
        what, much = draft.what[at], draft.much[at]
        if what < links:
            send(ground, draft, what, -much)
        elif what < 2 * links:
            shift(ground, draft, what - links, -much)
        else:
            build(ground, draft, what - 2 * links, -int(much))


@kernel
def _pass_on(ground: Ground, draft: Draft, r: Whole) -> Whole:
    """Return a built resource that shares people with another, or that one."""
    options = ground.option_start[r + 1] - ground.option_start[r]
    o = ground.option_start[r] + int(draw(draft) * options)
    reach = ground.start[o + 1] - ground.start[o]
    if reach == 0:
        return r
    d = ground.demand[ground.start[o] + int(draw(draft) * reach)]
    first, count = ground.first[d], ground.first[d + 1] - ground.first[d]
    begin = int(draw(draft) * count)
    for k in range(count):
        other = ground.resource[ground.choice[first + (begin + k) % count]]
        if other != r and draft.built[other] > 0:
            return other
    return r


@kernel
def _ruin(ground: Ground, draft: Draft, r: Whole, often: Whole) -> None:
    """Give up a resource and some near it; their people go elsewhere."""
    draft.tally[EPOCH] += 1
    for _ in range(often):
        for o in range(ground.option_start[r], ground.option_start[r + 1]):
            least = ground.least[o] if ground.required[o] else 0
            if draft.modules[o] > least:
                _drop(ground, draft, o, least)
        r = _pass_on(ground, draft, r)
    links = ground.demand.size
    for at in range(min(draft.tally[ENTRIES], draft.what.size)):
        if draft.what[at] >= 2 * links:
            _settle(ground, draft, draft.what[at] - 2 * links)


@kernel
def _shun(ground: Ground, draft: Draft, step: Whole) -> None:
    """Keep some of the options that were given up from being built, or no longer."""
    links = ground.demand.size
    for at in range(min(draft.tally[ENTRIES], draft.what.size)):
        o = draft.what[at] - 2 * links
        if o >= 0 and draft.much[at] < 0 and (at + o) % SHUN_EVERY > 0:
            draft.foes[o] += step
            draft.stale[ground.resource[o]] = True


@kernel
def _choose(draft: Draft, trial: Trial) -> Whole:
    """Return a built resource: the next in turn, or one by chance; -1: none is."""
    count = draft.built.size
    begin = trial.state[TURN] + 1
    if draw(draft) < LUCK:
        begin = int(draw(draft) * count)
    for k in range(count):
        r = (begin + k) % count
        if draft.built[r] > 0:
            trial.state[TURN] = r
            return r
    return -1


@kernel
def lean_on(ground: Ground, draft: Draft, trial: Trial) -> None:
    """Give categories that lie behind more weight than before, in a random measure.

    Parameters
    ----------
    ground
        The problem.
    draft
        The plan.
    trial
        The search; takes `lean` and `worth`.
    """
    mean, asked, total = 0.0, 0, 0.0
    for f in range(ground.weight.size):
        if ground.weight[f] > 0:
            mean += draft.served[f] / ground.servable[f]
            asked += 1
    for f in range(ground.weight.size):
        share = draft.served[f] / ground.servable[f]
        if ground.weight[f] > 0:
            behind = min(1.0, max(-1.0, LEAN * (mean / asked - share)))
            trial.lean[f] *= np.exp(behind)
            total += trial.lean[f]
    part = draw(draft)
    if draw(draft) < LUCK:
        part = np.round(part)
    for f in range(ground.weight.size):
        if ground.weight[f] > 0:
            trial.lean[f] = max(trial.lean[f] / total, LEAST_LEAN)
            counts = part * trial.lean[f] + (1 - part) * ground.weight[f]
            trial.worth[f] = counts / ground.servable[f]
    draft.stale[:] = True


@kernel
def _try_round(
    ground: Ground, draft: Draft, trial: Trial, r: Whole, record: Whole
) -> Whole:
    """Give up a resource and others, grow, and keep what is not much worse."""
    draft.tally[ENTRIES] = 0
    often = 1
    while often < DROPPED and draw(draft) < LUCK:
        often += 1
    _ruin(ground, draft, r, often)
    noise = NOISE * draw(draft) if draw(draft) < LUCK else 0.0
    if draw(draft) < SHUNNED:
        # what was given up may come back only where nothing else would
        _shun(ground, draft, 1)
        grow(ground, draft, trial, KEPT, noise)
        _shun(ground, draft, -1)
    grow(ground, draft, trial, KEPT, noise)
    score = score_plan(ground, draft, trial)
    trial.state[WAITED] += 1
    if adopt(ground, draft, trial):
        trial.state[WAITED] = 0
    if score >= max(record, score) - trial.top[SLIP] * draw(draft) ** 6:
        trial.current[:] = draft.modules
    else:
        _undo(ground, draft, trial)
    return max(record, score)


@kernel
def mend(
    ground: Ground, draft: Draft, trial: Trial, spare: Whole, patience: Whole
) -> bool:
    """Give resources up and grow again, round by round.

    Parameters
    ----------
    ground
        The problem.
    draft
        The plan.
    trial
        The search.
    spare
        Work after which to stop.
    patience
        Rounds without a better plan after which to stop.

    Returns
    -------
    bool
        Whether patience ended, or nothing can be given up.
    """
    trial.current[:] = draft.modules
    record = score_plan(ground, draft, trial)
    while draft.tally[WORK] < spare:
        r = _choose(draft, trial)
        if r < 0 or trial.state[WAITED] > patience:
            return True
        record = _try_round(ground, draft, trial, r, record)
    return False


@kernel
def build_worth(ground: Ground, draft: Draft, trial: Trial, prices: Prices) -> None:
    """Build what is worth most at some prices, as far as the rules allow.

    Parameters
    ----------
    ground
        The problem.
    draft
        A plan of required options only.
    trial
        The search.
    prices
        Prices and what resources are worth at them.
    """
    shadow, purse = prices.shadow, ground.purse[0]
    for r in np.argsort(-shadow.value * (prices.used > 0), kind="mergesort"):
        if prices.used[r] <= 0:
            break
        for o in range(ground.option_start[r], ground.option_start[r + 1]):
            more = int(shadow.modules[o] + ALIKE) - draft.modules[o]
            cost = more * ground.module_cost[o]
            if draft.built[r] == 0:
                cost += ground.resource_cost[r]
            if (
                more > 0
                and draft.foes[o] == 0
                and draft.modules[o] + more >= ground.least[o]
                and more * ground.module_m2[o] <= draft.room[r]
                and draft.spent[0] + cost <= purse
            ):
                build(ground, draft, o, more)
    serve(ground, draft, trial.order)


@kernel
def trim(ground: Ground, draft: Draft) -> None:
    """Take modules away that nobody uses.

    Parameters
    ----------
    ground
        The problem.
    draft
        The plan.
    """
    for o in range(draft.modules.size):
        capacity = ground.capacity[o]
        if draft.modules[o] == 0 or capacity == np.inf or capacity <= 0:
            continue
        unused = int(np.floor(draft.free[o] / capacity + TINY))
        unused = min(unused, draft.modules[o] - ground.least[o])
        idle = draft.free[o] >= draft.modules[o] * capacity * (1 - TINY)
        if idle and not ground.required[o]:
            unused = draft.modules[o]
        if unused > 0:
            build(ground, draft, o, -unused)
