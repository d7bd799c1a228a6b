"""Siting: how near to the best, how soon; coverage beside spopt's MCLP.

Run from the project folder: ``python benchmarks/bench_siting.py``; names of cases may
follow (``small``, ``middle``, ``large``, ``shared``). Places and resources lie at
random in a square; everybody walks as far as holds 30 resources on average (15 in the
small case). Every contestant is a fresh process; kernels were compiled before. A
plan's value is added up here from the links, not taken from who made it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from bench_unit_peers import measured

from geo.site_bound import bound_fair, bound_value
from geo.site_greedy import fill, search
from geo.site_problem import SitingProblem, find_faults, measure_served_people

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = 5
#: Demands, resources, sites of the budget, resources in reach of a demand.
COVER = {
    "small": (1_000, 200, 8, 15),
    "middle": (10_000, 1_000, 20, 30),
    "large": (50_000, 2_000, 50, 30),
}
#: Cases that the peer is given, too, and its limits (CPU seconds of the process, and
#: seconds that its solver may search).
PEERED = ("small", "middle")
LIMIT_S, SOLVER_S = 240, 90
#: What the budget of the shared case counts.
BUDGETS = ("sites", "cny")
RUNS = 3
Report = dict[str, Any]


def main() -> None:
    """Run the cases and print one block each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*", default=[*COVER, "shared"])
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--child", nargs="+")
    options = parser.parse_args()
    if options.child:
        name, *words = options.child
        print(json.dumps(CHILDREN[name](*words)))
        return
    run_child("warm")
    for name in options.cases:
        print(f"-- {name}, load {os.getloadavg()[0]:.0f}", flush=True)
        if name == "shared":
            for budget in BUDGETS:
                tell(f"solve_sites, {budget}", run_child("shared", budget))
                tell(f"search, {budget}", run_child("searched", budget))
            continue
        ours = [run_child("ours", name) for _ in range(options.runs)]
        tell("geo", middle_of(ours))
        if name in PEERED:
            tell("spopt", run_child("peer", name))


def run_child(*words: str) -> Report:
    """Run one part in a fresh process; return what it reported, or how it failed."""
    command = [sys.executable, __file__, "--child", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return {"error": f"over {LIMIT_S} s of CPU"}
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["no word"])[-1][:160]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def middle_of(found: list[Report]) -> Report:
    """Return the report with medians of time and memory."""
    if any("error" in one for one in found):
        return found[-1]
    times = ("cpu", "clock", "peak_mb", "grown_mb")
    return found[0] | {what: median(one[what] for one in found) for what in times}


def tell(name: str, found: Report) -> None:
    """Print one row."""
    if "error" in found:
        print(f"{name}: FAILED: {found['error']}", flush=True)
        return
    print(
        f"{name}: value {found['value']:.5f}, bound {found['bound']:.5f}, gap"
        f" {1 - found['value'] / max(found['bound'], 1e-9):.3%}; {found['cpu']:.2f} CPU"
        f" s, {found['clock']:.2f} s on the clock, peak {found['peak_mb']:,.0f} MB"
        f" (grown by {found['grown_mb']:,.0f} MB); {found['note']}",
        flush=True,
    )


# in the child


def lie_about(
    demands: int, resources: int, near: float
) -> tuple[np.random.Generator, np.ndarray, np.ndarray, float]:
    """Return a random sequence, places of demands and resources, and a reach."""
    rng = np.random.default_rng(SEED)
    places, sites = rng.random((demands, 2)), rng.random((resources, 2))
    return rng, places, sites, float(np.sqrt(near / (np.pi * resources)))


def walk(place: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return distances in a straight line."""
    return np.hypot(*(others - place).T)


def make_cover(name: str) -> SitingProblem:
    """Make a problem of maximal coverage: one category, no capacity."""
    demands, resources, sites, near = COVER[name]
    rng, places, where, reach = lie_about(demands, resources, near)
    far = [walk(site, places) for site in where]
    links = [np.flatnonzero(row <= reach) for row in far]
    count = [len(link) for link in links]
    each = np.ones(resources)
    return SitingProblem(
        category=np.zeros(demands, np.int64),
        amount=rng.integers(1, 100, demands).astype(np.float64),
        use=np.ones(demands),
        option_resource=np.arange(resources),
        option_category=np.zeros(resources, np.int64),
        module_m2=each,
        capacity=np.full(resources, np.inf),
        least=np.ones(resources, np.int64),
        most=np.ones(resources, np.int64),
        module_cost=np.zeros(resources),
        area_m2=each,
        resource_cost=each,
        start=np.append(0, np.cumsum(count)).astype(np.int64),
        demand=np.concatenate(links).astype(np.int64),
        distance_m=np.concatenate(
            [row[link] for row, link in zip(far, links, strict=True)]
        ),
        conflicts=np.zeros((0, 2), np.int64),
        required=np.zeros(resources, np.bool_),
        budget=float(sites),
        weight=np.ones(1),
    )


def make_shared(budget: str) -> SitingProblem:
    """Make four categories that share 500 resources for 4,000 demands."""
    demands, resources, groups = 4_000, 500, 4
    rng, places, where, reach = lie_about(demands, resources, 25)
    category = np.arange(demands) * groups // demands
    allowed = np.argwhere(rng.random((resources, groups)) < 0.75)  # noqa: PLR2004
    links, far = [], []
    for r, f in allowed:
        own = np.flatnonzero(category == f)
        row = walk(where[r], places[own])
        kept = row <= reach * (0.8 + 0.4 * f / (groups - 1))
        links.append(own[kept])
        far.append(row[kept])
    own, kind = allowed[:, 0], allowed[:, 1]
    module_m2 = np.array([50.0, 100.0, 30.0, 200.0])[kind]
    apart = (own[1:] == own[:-1]) & (kind[1:] == 2) & (kind[:-1] == 1)  # noqa: PLR2004
    first = np.flatnonzero(apart)
    money = budget == "cny"
    cost = module_m2 * rng.integers(10, 30, len(kind))
    buy = rng.integers(5, 50, resources) * 1000.0
    return SitingProblem(
        category=category.astype(np.int64),
        amount=rng.integers(5, 60, demands).astype(np.float64),
        use=np.array([1.0, 1.0, 0.5, 1.0])[category],
        option_resource=own.astype(np.int64),
        option_category=kind.astype(np.int64),
        module_m2=module_m2,
        capacity=np.array([60.0, 40.0, 10.0, np.inf])[kind],
        least=np.array([4, 2, 1, 1])[kind],
        most=np.array([30, 12, 60, 1])[kind],
        module_cost=cost if money else np.zeros(len(kind)),
        area_m2=rng.integers(2, 21, resources) * 100.0,
        resource_cost=buy if money else np.ones(resources),
        start=np.append(0, np.cumsum([len(link) for link in links])).astype(np.int64),
        demand=np.concatenate(links).astype(np.int64),
        distance_m=np.concatenate(far),
        conflicts=np.column_stack([first, first + 1]),
        required=np.zeros(len(kind), np.bool_),
        budget=1.8e6 if money else 60.0,
        weight=np.ones(groups),
    )


def add_up(problem: SitingProblem, modules: np.ndarray) -> np.ndarray:
    """Return the share of each category that a plan serves; fail if it is none."""
    flow = fill(problem, modules)
    faults = find_faults(problem, modules, flow)
    if faults:
        sys.exit(f"broken: {', '.join(faults)}")
    return measure_served_people(problem, flow) / problem.servable


def warm() -> Report:
    """Compile, or load what was compiled."""
    problem = make_cover("small")
    bound_value(problem, known=add_up(problem, search(problem))[0], rounds=9)
    return {}


def run_ours(name: str) -> Report:
    """Search and bound."""
    warm()
    problem = make_cover(name)
    modules, found = measured(lambda: search(problem))
    value = add_up(problem, modules)[0]
    bound, more = measured(lambda: bound_value(problem, known=value))
    note = f"search {found['cpu']:.2f}, bound {more['cpu']:.2f} CPU s"
    return join(found, more) | {"value": value, "bound": bound, "note": note}


def join(one: Report, other: Report) -> Report:
    """Add times up, keep the greater memory."""
    both = {what: one[what] + other[what] for what in ("cpu", "clock")}
    return both | {
        what: max(one[what], other[what]) for what in ("peak_mb", "grown_mb")
    }


def run_searched(budget: str) -> Report:
    """Search and bound the shared case without a solver."""
    warm()
    problem = make_shared(budget)
    modules, found = measured(lambda: search(problem))
    share = add_up(problem, modules)
    fair, value = share.min(), share.mean()
    most, more = measured(lambda: bound_fair(problem, known=fair))
    bound, last = measured(lambda: bound_value(problem, fair=fair, known=value))
    note = (
        f"least share {fair:.4f}, bound {most:.4f}, gap {1 - fair / most:.2%}; search"
        f" {found['cpu']:.2f}, bounds {more['cpu']:.2f} and {last['cpu']:.2f} CPU s"
    )
    times = join(join(found, more), last)
    return times | {"value": value, "bound": bound, "note": note}


def run_shared(budget: str) -> Report:
    """Solve the shared case as a user would."""
    from geo.settings import SiteSettings  # noqa: PLC0415 (the peer does without)
    from geo.site_solve import solve_sites  # noqa: PLC0415

    warm()
    problem = make_shared(budget)
    plan, found = measured(lambda: solve_sites(problem, SiteSettings()))
    note = (
        f"{plan.solver}; least share {plan.fair:.4f}, bound {plan.fair_bound:.4f}, gap"
        f" {1 - plan.fair / plan.fair_bound:.2%}; limited {plan.limited}"
    )
    return found | {"value": plan.value, "bound": plan.bound, "note": note}


def run_peer(name: str) -> Report:
    """Solve coverage with spopt's MCLP by HiGHS."""
    import pulp  # noqa: PLC0415
    from spopt.locate import MCLP  # noqa: PLC0415

    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
    problem = make_cover(name)
    demands, resources, sites, _ = COVER[name]
    matrix = np.full((demands, resources), 2.0)
    matrix[problem.demand, problem.link_option] = 0.0
    model, found = measured(
        lambda: MCLP.from_cost_matrix(
            matrix, problem.amount, 1.0, p_facilities=sites, name="cover"
        )
    )
    solver = pulp.HiGHS(msg=False, threads=1, timeLimit=SOLVER_S)
    _, more = measured(lambda: model.solve(solver, results=False))
    modules = np.array([round(one.value() or 0) for one in model.fac_vars])
    value = add_up(problem, modules.astype(np.int64))[0]
    highs = model.problem.solverModel
    bound = highs.getInfo().mip_dual_bound / problem.servable[0]
    note = (
        f"model {found['cpu']:.2f}, HiGHS {more['cpu']:.2f} CPU s,"
        f" {pulp.LpStatus[model.problem.status]}"
    )
    return join(found, more) | {"value": value, "bound": abs(bound), "note": note}


CHILDREN: dict[str, Callable[..., Report]] = {
    "warm": warm,
    "ours": run_ours,
    "peer": run_peer,
    "shared": run_shared,
    "searched": run_searched,
}

if __name__ == "__main__":
    main()
