"""Who walks where: people sent to what is built, as many as can be served.

A *ground* is a siting problem as kernels like it; a *draft* is a plan with its flows,
kept up to date while options are built and dropped, and undone by its journal. Each
category is a flow problem of its own. Demands are served in the order of the capacity
that one of them takes, each by rerouting others where that helps: then as many are
served as can be.
"""

from typing import NamedTuple

import numpy as np

from geo.chains import FloatArray, Int64Array, Whole, kernel
from geo.coverage import Bools
from geo.site_problem import SitingProblem

__all__ = ["Draft", "Ground", "fill", "make_draft", "make_ground"]

#: Share of a demand or of a module that is none.
TINY = 1e-9
#: Places of `Draft.tally`: the journal's entries, stamps, work done, random seed.
ENTRIES, STAMP, EPOCH, WORK, SEED = range(5)
#: Links beyond which the journal does not grow.
JOURNAL_MOST = 4_000_000


class Ground(NamedTuple):
    """A siting problem whose links stand by option, use and distance.

    `place` says where each link stands in the problem; ``link[first[d]:first[d + 1]]``
    are the links of a demand, nearest first, `choice` the
    options to which they lead; ``rivals[foe_start[o]:foe_start[o + 1]]``
    are options that may not be built with `o`; options of a resource `r` are
    ``option_start[r]`` to ``option_start[r + 1]``. `mean_use` is the mean use of the
    people within reach. `purse` is the budget.
    """

    start: Int64Array
    demand: Int64Array
    option: Int64Array
    place: Int64Array
    first: Int64Array
    link: Int64Array
    choice: Int64Array
    amount: FloatArray
    use: FloatArray
    group: Int64Array
    resource: Int64Array
    module_m2: FloatArray
    capacity: FloatArray
    least: Int64Array
    most: Int64Array
    module_cost: FloatArray
    area_m2: FloatArray
    resource_cost: FloatArray
    option_start: Int64Array
    foe_start: Int64Array
    foe: Int64Array
    required: Bools
    mean_use: FloatArray
    servable: FloatArray
    weight: FloatArray
    purse: FloatArray


class Draft(NamedTuple):
    """A plan and its flows.

    `left` are people not served, `free` capacity not taken, `room` area not built
    on, `built` options on a resource, `near` people not served within reach of an
    option, `foes` built options that an option may not stand with, `stale` resources on
    or against which something was built or given up. `what` and `much`
    are the journal; the others are room to work in.
    """

    modules: Int64Array
    flow: FloatArray
    left: FloatArray
    free: FloatArray
    room: FloatArray
    built: Int64Array
    near: FloatArray
    foes: Int64Array
    stale: Bools
    served: FloatArray
    spent: FloatArray
    what: Int64Array
    much: FloatArray
    tally: Int64Array
    seen: Int64Array
    met: Int64Array
    dead: Int64Array
    via: Int64Array
    back: Int64Array
    queue: Int64Array


def make_ground(problem: SitingProblem) -> Ground:
    """Lay a problem out for the kernels.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    Ground
        The same, links sorted.
    """
    option = problem.link_option
    place = np.lexsort((problem.distance_m, problem.use[problem.demand], option))
    demand, walk = problem.demand[place], problem.distance_m[place]
    link = np.lexsort((walk, demand))
    people = np.bincount(option, problem.amount[problem.demand], problem.options)
    load = problem.amount * problem.use
    taken = np.bincount(option, load[problem.demand], problem.options)
    pairs = np.concatenate([problem.conflicts, problem.conflicts[:, ::-1]])
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].astype(np.int64)
    asked = problem.asked
    weight = np.where(asked, problem.weight, 0.0)
    resources = len(problem.area_m2)
    return Ground(
        start=problem.start.astype(np.int64),
        demand=demand.astype(np.int64),
        option=option.astype(np.int64),
        place=place.astype(np.int64),
        first=_starts(demand, len(problem.amount)),
        link=link.astype(np.int64),
        choice=option[link].astype(np.int64),
        amount=problem.amount.astype(np.float64),
        use=problem.use.astype(np.float64),
        group=problem.option_category.astype(np.int64),
        resource=problem.option_resource.astype(np.int64),
        module_m2=problem.module_m2.astype(np.float64),
        capacity=problem.capacity.astype(np.float64),
        least=problem.least.astype(np.int64),
        most=problem.most.astype(np.int64),
        module_cost=problem.module_cost.astype(np.float64),
        area_m2=problem.area_m2.astype(np.float64),
        resource_cost=problem.resource_cost.astype(np.float64),
        option_start=_starts(problem.option_resource, resources),
        foe_start=_starts(pairs[:, 0], problem.options),
        foe=pairs[:, 1].copy(),
        required=problem.required.astype(np.bool_),
        mean_use=np.where(people > 0, taken / np.where(people > 0, people, 1), 1.0),
        servable=np.where(asked, problem.servable, 1.0),
        weight=weight / max(weight.sum(), 1e-300),
        purse=np.array([problem.budget], np.float64),
    )


def _starts(values: Int64Array, count: int) -> Int64Array:
    """Return where each of `count` values begins in a sorted array."""
    counts = np.bincount(values, minlength=count)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def make_draft(ground: Ground) -> Draft:
    """Return a plan in which nothing is built.

    Parameters
    ----------
    ground
        The problem.

    Returns
    -------
    Draft
        The plan; nobody is served.
    """
    options, links = ground.group.size, ground.demand.size
    journal = min(4 * links + 16 * options + 1024, JOURNAL_MOST)
    people = ground.amount[ground.demand]
    return Draft(
        modules=np.zeros(options, np.int64),
        flow=np.zeros(links),
        left=ground.amount.copy(),
        free=np.zeros(options),
        room=ground.area_m2.copy(),
        built=np.zeros(ground.area_m2.size, np.int64),
        near=np.bincount(ground.option, people, options).astype(np.float64),
        foes=np.zeros(options, np.int64),
        stale=np.ones(ground.area_m2.size, np.bool_),
        served=np.zeros(ground.weight.size),
        spent=np.zeros(1),
        what=np.zeros(journal, np.int64),
        much=np.zeros(journal),
        tally=np.zeros(5, np.int64),
        seen=np.zeros(options, np.int64),
        met=np.zeros(ground.amount.size, np.int64),
        dead=np.zeros(options, np.int64),
        via=np.zeros(options, np.int64),
        back=np.zeros(options, np.int64),
        queue=np.zeros(options, np.int64),
    )


def fill(problem: SitingProblem, modules: Int64Array) -> FloatArray:
    """Send as many people as can be served to what is built.

    Parameters
    ----------
    problem
        The problem.
    modules
        Modules built of each option; (O,).

    Returns
    -------
    numpy.ndarray
        People over each link; (L,). No other flow serves more people of any
        category; nearer options come first, but the way is not the shortest.
    """
    ground = make_ground(problem)
    draft = make_draft(ground)
    order = np.lexsort((problem.use,)).astype(np.int64)
    _fill(ground, draft, modules.astype(np.int64), order)
    flow = np.zeros(problem.demand.size)
    flow[ground.place] = draft.flow
    return flow


@kernel
def _fill(ground: Ground, draft: Draft, modules: Int64Array, order: Int64Array) -> None:
    """Build, and serve demands of the least use first."""
    for o in range(modules.size):
        if modules[o] > 0:
            build(ground, draft, o, modules[o])
    serve(ground, draft, order)
    for at in range(draft.flow.size):
        draft.flow[at] = max(draft.flow[at], 0.0)


@kernel
def serve(ground: Ground, draft: Draft, order: Int64Array) -> None:
    """Serve as many as can be of the demands in `order`, of the least use first."""
    draft.tally[EPOCH] += 1
    begin = 0
    while begin < order.size:
        # those alike go to free places first, then others make way for them
        end = begin
        while end < order.size and ground.use[order[end]] == ground.use[order[begin]]:
            if draft.left[order[end]] > 0:
                place_demand(ground, draft, order[end])
            end += 1
        for at in range(begin, end):
            push(ground, draft, order[at])
        begin = end


@kernel
def note(draft: Draft, what: Whole, much: Whole) -> None:
    """Write one line of the journal; where it is full, count only."""
    at = draft.tally[ENTRIES]
    if at < draft.what.size:
        draft.what[at], draft.much[at] = what, much
    draft.tally[ENTRIES] += 1


@kernel
def send(ground: Ground, draft: Draft, link: Whole, people: Whole) -> None:
    """Send people over a link, or (below 0) send them home."""
    d, o = ground.demand[link], ground.option[link]
    draft.flow[link] += people
    draft.left[d] -= people
    draft.free[o] -= people * ground.use[d]
    draft.served[ground.group[o]] += people
    begin, end = ground.first[d], ground.first[d + 1]
    near, choice = draft.near, ground.choice
    for at in range(begin, end):
        near[choice[at]] -= people
    draft.tally[WORK] += end - begin


@kernel
def shift(ground: Ground, draft: Draft, link: Whole, people: Whole) -> None:
    """Change the flow of a link only; another link of the demand makes up for it."""
    draft.flow[link] += people
    use = ground.use[ground.demand[link]]
    draft.free[ground.option[link]] -= people * use


@kernel
def build(ground: Ground, draft: Draft, o: Whole, more: Whole) -> None:
    """Build more modules of an option, or (below 0) fewer."""
    before = draft.modules[o]
    after = before + more
    r = ground.resource[o]
    draft.modules[o] = after
    draft.stale[r] = True
    draft.room[r] -= more * ground.module_m2[o]
    draft.spent[0] += more * ground.module_cost[o]
    if np.isfinite(ground.capacity[o]):
        draft.free[o] += more * ground.capacity[o]
    else:
        draft.free[o] = np.inf if after > 0 else 0.0
    if (before > 0) == (after > 0):
        return
    step = 1 if after > 0 else -1
    if draft.built[r] == 0:
        draft.spent[0] += ground.resource_cost[r]
    draft.built[r] += step
    if draft.built[r] == 0:
        draft.spent[0] -= ground.resource_cost[r]
    for at in range(ground.foe_start[o], ground.foe_start[o + 1]):
        draft.foes[ground.foe[at]] += step
        draft.stale[ground.resource[ground.foe[at]]] = True


@kernel
def has_room(modules: Whole, free: Whole, capacity: Whole) -> Whole:
    """Return whether an option can serve somebody more."""
    return modules > 0 and (free == np.inf or free > TINY * modules * capacity)


@kernel
def is_free(ground: Ground, draft: Draft, o: Whole) -> Whole:
    """Return whether a built option can serve somebody more."""
    return has_room(draft.modules[o], draft.free[o], ground.capacity[o])


@kernel
def place_demand(ground: Ground, draft: Draft, d: Whole) -> None:
    """Send a demand to free places, the nearest first."""
    modules, free, capacity = draft.modules, draft.free, ground.capacity
    choice, left = ground.choice, draft.left
    least = TINY * ground.amount[d]
    for at in range(ground.first[d], ground.first[d + 1]):
        o = choice[at]
        if has_room(modules[o], free[o], capacity[o]):
            people = min(left[d], free[o] / ground.use[d])
            send(ground, draft, ground.link[at], people)
            note(draft, ground.link[at], people)
            if left[d] <= least:
                return


@kernel
def push(ground: Ground, draft: Draft, d: Whole) -> None:
    """Serve what is left of a demand by letting others make way, as far as it goes."""
    while draft.left[d] > TINY * ground.amount[d]:
        end = _find_way(ground, draft, d)
        if end < 0:
            return
        load = min(draft.left[d] * ground.use[d], draft.free[end])
        o = end
        while draft.back[o] >= 0:
            other = draft.back[o]
            load = min(load, draft.flow[other] * ground.use[ground.demand[other]])
            o = ground.option[other]
        _reroute(ground, draft, end, load)


@kernel
def _find_way(ground: Ground, draft: Draft, d: Whole) -> int:
    """Look for a free option that a demand can reach if others make way; or -1.

    `via` of an option is the link by which somebody comes to it, `back` the link from
    which he comes. Options from which no way leads on are dead until the epoch ends.
    """
    draft.tally[STAMP] += 1
    stamp, epoch = draft.tally[STAMP], draft.tally[EPOCH]
    met, flow, amount, demand = draft.met, draft.flow, ground.amount, ground.demand
    met[d] = stamp
    found, count = _spread(ground, draft, d, -1, 0)
    done = 0
    while found < 0 and done < count:
        o = draft.queue[done]
        done += 1
        for link in range(ground.start[o], ground.start[o + 1]):
            other = demand[link]
            if met[other] != stamp and flow[link] > TINY * amount[other]:
                met[other] = stamp
                found, count = _spread(ground, draft, other, link, count)
                if found >= 0:
                    break
        draft.tally[WORK] += ground.start[o + 1] - ground.start[o]
    if found < 0:
        for at in range(count):
            draft.dead[draft.queue[at]] = epoch
    return found


@kernel
def _spread(
    ground: Ground, draft: Draft, d: Whole, leaves: Whole, count: Whole
) -> tuple[int, int]:
    """Add the built options that a demand reaches to the queue; return a free one."""
    stamp, epoch = draft.tally[STAMP], draft.tally[EPOCH]
    modules, free, capacity = draft.modules, draft.free, ground.capacity
    seen, dead, choice = draft.seen, draft.dead, ground.choice
    for at in range(ground.first[d], ground.first[d + 1]):
        o = choice[at]
        if modules[o] == 0 or seen[o] == stamp or dead[o] == epoch:
            continue
        seen[o] = stamp
        draft.via[o], draft.back[o] = ground.link[at], leaves
        if has_room(modules[o], free[o], capacity[o]):
            return o, count
        draft.queue[count] = o
        count += 1
    return -1, count


@kernel
def _reroute(ground: Ground, draft: Draft, end: Whole, load: Whole) -> None:
    """Move a load (in capacity) along the way that ends at an option."""
    links = ground.demand.size
    o = end
    while True:
        link, other = draft.via[o], draft.back[o]
        people = load / ground.use[ground.demand[link]]
        if other < 0:
            send(ground, draft, link, people)
            note(draft, link, people)
            return
        for at, much in ((link, people), (other, -people)):
            shift(ground, draft, at, much)
            note(draft, links + at, much)
        o = ground.option[other]
