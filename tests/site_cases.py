"""Small siting problems, and what the best plan of each is, by trying all of them."""

import math
from functools import cache
from itertools import product

import numpy as np
from scipy.optimize import linprog

from geo.site_problem import SitingProblem

#: What a budget can count.
BUDGETS = ("none", "sites", "area", "cny")


def make_problem(demands, options, links, **more):
    """Make a problem of plain lists.

    `demands` are (category, amount, use), `options` (resource, category, module_m2,
    capacity, least, most, module_cost), `links` (option, demand, distance_m).
    """
    options_ = np.array(options, float).reshape(-1, 7)
    demands_ = np.array(demands, float).reshape(-1, 3)
    links_ = sorted(links)
    count = np.bincount([link[0] for link in links_], minlength=len(options_))
    resources = int(options_[:, 0].max(initial=-1)) + 1
    categories = int(max([*demands_[:, 0], *options_[:, 1], 0])) + 1
    given = {
        "area_m2": np.full(resources, 1e6),
        "resource_cost": np.zeros(resources),
        "conflicts": np.zeros((0, 2), np.int64),
        "required": np.zeros(len(options_), np.bool_),
        "budget": math.inf,
        "weight": np.ones(categories),
        **more,
    }
    return SitingProblem(
        category=demands_[:, 0].astype(np.int64),
        amount=demands_[:, 1],
        use=demands_[:, 2],
        option_resource=options_[:, 0].astype(np.int64),
        option_category=options_[:, 1].astype(np.int64),
        module_m2=options_[:, 2],
        capacity=options_[:, 3],
        least=options_[:, 4].astype(np.int64),
        most=options_[:, 5].astype(np.int64),
        module_cost=options_[:, 6],
        start=np.append(0, np.cumsum(count)).astype(np.int64),
        demand=np.array([link[1] for link in links_], np.int64),
        distance_m=np.array([link[2] for link in links_], float),
        **given,
    )


def make_case(seed):
    """Return a random problem, small enough to try all plans."""
    return make_contest(seed) if seed % 8 == 0 else make_medley(seed)


def make_medley(seed):
    """Return a random problem of all kinds of limits."""
    rng = np.random.default_rng(seed)
    categories, resources = int(rng.choice([1, 2, 2, 3])), int(rng.integers(1, 5))
    pairs = [(r, c) for r in range(resources) for c in range(categories)]
    rng.shuffle(pairs)
    pairs = sorted(pairs[: int(rng.integers(2, 9))])
    kind = BUDGETS[int(rng.integers(4))]
    whole = rng.random() < 0.5
    demands = [
        (
            int(rng.integers(categories)),
            float(rng.integers(1, 20)) if whole else rng.uniform(0.5, 20),
            float(rng.choice([0.5, 1.0, 3.0])) if rng.random() < 0.4 else 1.0,
        )
        for _ in range(int(rng.integers(2, 13)))
    ]
    endless, dense = rng.random(), rng.uniform(0.3, 1.0)
    options = []
    for resource, category in pairs:
        module_m2 = float(rng.integers(1, 4) * 10)
        least = int(rng.choice([1, 1, 1, 2]))
        capacity = math.inf if rng.random() < endless else float(rng.integers(4, 30))
        cost = {"area": module_m2, "cny": float(rng.integers(0, 15) * 100)}
        most = least + int(rng.integers(0, 2))
        options.append(
            (resource, category, module_m2, capacity, least, most, cost.get(kind, 0.0))
        )
    links = [
        (o, d, float(rng.integers(1, 10) * 50) if whole else rng.uniform(0, 500))
        for o, option in enumerate(options)
        for d, demand in enumerate(demands)
        if option[1] == demand[0] and rng.random() < dense
    ]
    return make_problem(
        demands, options, links, **_make_limits(rng, kind, resources, len(options))
    )


def _make_limits(rng, kind, resources, options):
    """Return areas, costs, conflicts, what is required, budget and weights."""
    pairs = [(a, b) for b in range(options) for a in range(b)]
    apart = [pair for pair in pairs if rng.random() < 0.1]
    cost = {
        "sites": np.ones(resources),
        "cny": rng.integers(0, 20, resources) * 100.0,
    }
    budget = {
        "none": math.inf,
        "sites": float(rng.integers(0, 4)),
        "area": float(rng.integers(0, 20) * 10),
        "cny": float(rng.integers(0, 60) * 100),
    }
    return {
        "area_m2": rng.integers(2, 14, resources) * 10.0,
        "resource_cost": cost.get(kind, np.zeros(resources)),
        "conflicts": np.array(apart, np.int64).reshape(-1, 2),
        "required": rng.random(options) < 0.04,
        "budget": budget[kind],
        "weight": rng.choice([0.5, 1.0, 2.0], 3),
    }


def make_contest(seed):
    """Return a random problem in which categories contend for a few sites."""
    rng = np.random.default_rng(seed)
    categories = int(rng.integers(2, 4))
    resources = 7 - categories
    demands = [(d % categories, float(rng.lognormal(2.0, 1.0)), 1.0) for d in range(18)]
    options = [
        (r, c, 10.0, math.inf if rng.random() < 0.5 else 40.0, 1, 1, 0.0)
        for r in range(resources)
        for c in range(categories)
    ]
    links = [
        (o, d, rng.uniform(0, 500))
        for o, option in enumerate(options)
        for d, demand in enumerate(demands)
        if option[1] == demand[0] and rng.random() < 0.4
    ]
    return make_problem(
        demands,
        options,
        links,
        area_m2=np.full(resources, 10.0),
        resource_cost=np.ones(resources),
        budget=float(rng.integers(2, resources)),
        weight=rng.choice([0.5, 1.0, 2.0], categories),
    )


def list_plans(problem):
    """Yield all numbers of modules that obey the rules of METHODS §3."""
    each = [
        [0] * (not must) + list(range(least, most + 1))
        for must, least, most in zip(
            problem.required.tolist(),
            problem.least.tolist(),
            problem.most.tolist(),
            strict=True,
        )
    ]
    for plan in product(*each):
        used = {int(problem.option_resource[o]) for o, n in enumerate(plan) if n}
        cost = sum(problem.resource_cost[r] for r in used)
        area = dict.fromkeys(used, 0.0)
        for o, n in enumerate(plan):
            cost += n * problem.module_cost[o]
            if n:
                area[int(problem.option_resource[o])] += n * problem.module_m2[o]
        fits = all(area[r] <= problem.area_m2[r] + 1e-9 for r in used)
        apart = all(not (plan[a] and plan[b]) for a, b in problem.conflicts)
        if fits and apart and cost <= problem.budget + 1e-9:
            yield plan


def _rows(problem, plan, links):
    """Return the rows of all demands and of all limited options over some links."""
    rows, most = [], []
    for d in sorted({int(problem.demand[k]) for k in links}):
        rows.append([float(problem.demand[k] == d) for k in links])
        most.append(problem.amount[d])
    for o in sorted({int(problem.link_option[k]) for k in links}):
        if math.isfinite(problem.capacity[o]):
            rows.append(
                [problem.use[problem.demand[k]] * (problem.link_option[k] == o)
                 for k in links]
            )  # fmt: skip
            most.append(problem.capacity[o] * plan[o])
    return rows, most


def serve_most(problem, plan, category, *, walks=True):
    """Return how many of a category a plan can serve, and how far they walk then."""
    links = [
        k
        for k, o in enumerate(problem.link_option)
        if plan[o] and problem.option_category[o] == category
    ]
    if not links:
        return 0.0, 0.0
    rows, most = _rows(problem, plan, links)
    first = linprog(-np.ones(len(links)), rows, most)
    assert first.status == 0
    if not walks:
        return -first.fun, math.nan
    then = linprog(
        problem.distance_m[links],
        [*rows, -np.ones(len(links))],
        [*most, first.fun * (1 - 1e-12)],
    )
    assert then.status == 0
    return -first.fun, then.fun


@cache
def find_best_of(seed):
    """Return `find_best` of the case of a seed."""
    return find_best(make_case(seed))


def find_best(problem):
    """Return the least share, the mean, the walks and the free mean, or None.

    Once it is said what is built, categories have nothing in common: what serves the
    most of each serves the least share and the mean best.
    """
    asked = np.flatnonzero(problem.asked).tolist()
    weight = problem.weight[asked] / problem.weight[asked].sum()

    @cache
    def serve(category, own, walks):
        plan = np.zeros(problem.options, int)
        plan[problem.option_category == category] = own
        return serve_most(problem, plan, category, walks=walks)

    def serve_all(plan, which, *, walks):
        built = np.array(plan, int)
        own = [tuple(built[problem.option_category == c].tolist()) for c in asked]
        return np.array(
            [serve(c, one, walks)[which] for c, one in zip(asked, own, strict=True)]
        )

    found = []
    for plan in list_plans(problem):
        share = serve_all(plan, 0, walks=False) / problem.servable[asked]
        found.append((share.min(initial=1.0), share @ weight, plan))
    if not found:
        return None
    free = max(one[1] for one in found)
    fair = max(one[0] for one in found)
    found = [one for one in found if one[0] >= fair - 1e-9]
    value = max(one[1] for one in found)
    found = [one for one in found if one[1] >= value - 1e-9]
    walk = min(serve_all(plan, 1, walks=True).sum() for *_, plan in found)
    return fair, value, walk, free


def find_best_plainly(problem):
    """Return the same by the definition, three linear models for every plan."""
    asked = np.flatnonzero(problem.asked).tolist()
    weight = problem.weight[asked] / problem.weight[asked].sum()
    every = range(len(problem.demand))
    which = problem.option_category[problem.link_option]
    share = np.array([(which == c) / problem.servable[c] for c in asked])
    found = []
    for plan in list_plans(problem):
        rows, most = _rows(problem, plan, every)
        room = [(0, None if plan[o] else 0) for o in problem.link_option]
        least = np.column_stack([-share, np.ones(len(asked))])
        joined = np.vstack([np.column_stack([rows, np.zeros(len(rows))]), least])
        best = linprog(
            [*np.zeros(len(every)), -1],
            joined,
            [*most, *np.zeros(len(asked))],
            bounds=[*room, (0, None)],
        )
        fair = -best.fun
        rows, most = [*rows, *-share], [*most, *[-fair + 1e-9] * len(asked)]
        value = -linprog(-(weight @ share), rows, most, bounds=room).fun
        rows, most = [*rows, -(weight @ share)], [*most, -value + 1e-9]
        walk = linprog(problem.distance_m, rows, most, bounds=room)
        found.append((fair, value, walk.fun))
    fair = max(one[0] for one in found)
    value = max(one[1] for one in found if one[0] >= fair - 1e-7)
    walks = [w for f, v, w in found if f >= fair - 1e-7 and v >= value - 1e-7]
    return fair, value, min(walks)
