"""Units and years: how near to the best, how soon.

Run from the project folder: ``python benchmarks/bench_schedule.py``; names of cases may
follow (``annual``, ``plain``, ``sources``, ``tight``, ``large``). Every run is a fresh
process; costs, households and scores are drawn at random. A plan's worth is added up
here, and it stops if a plan breaks a rule or exceeds its bound.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from geo import schedule_solve
from geo.policy_settings import ScheduleSettings
from geo.schedule_problem import ScheduleProblem, find_faults

if TYPE_CHECKING:
    from geo.schedule_solve import ScheduleState

#: Units, years, sources beside the total, share of all cost that the years pay for,
#: and share of years in which a unit may go.
CASES = {
    "annual": (500, 1, 4, 0.2, 1.0),
    "plain": (500, 5, 0, 0.5, 1.0),
    "sources": (500, 5, 5, 0.5, 0.7),
    "tight": (500, 5, 8, 0.1, 0.4),
    "large": (2_000, 5, 5, 0.3, 0.7),
}
#: Contestants: the ranking, HiGHS, and what is left without it.
WAYS = ("strict", "highs", "search")
SEED, RUNS, NEAR = 8, 3, 0.01
Report = dict[str, Any]


def make_problem(name: str) -> ScheduleProblem:
    """Draw a problem: costs are log-normal, sources share them unevenly."""
    units, years, sources, paid, free = CASES[name]
    rng = np.random.default_rng(SEED)
    cost = np.round(rng.lognormal(15.5, 0.7, units), 2)
    parts = rng.dirichlet(np.full(max(sources, 1), 1.5), units)[:, :sources]
    need = np.column_stack([cost, np.round(parts * cost[:, None], 2)])
    share = rng.uniform(0.7, 1.3, (years, 1 + sources))
    return ScheduleProblem(
        score=np.sort(rng.uniform(20, 95, units))[::-1].copy(),
        households=rng.integers(20, 900, units).astype(float),
        need_cny=need,
        available_cny=np.round(need.sum(axis=0) * paid / years * share, 2),
        projects_most=np.full(years, np.ceil(units * paid / years)),
        allowed=rng.random((units, years)) < free,
        pinned=np.full(units, -1),
    )


def run_child(name: str, way: str) -> Report:
    """Solve one case in one way; return what came of it."""
    problem = make_problem(name)
    if way == "search":
        schedule_solve.load_solver = lambda: None
    mode = "strict" if way == "strict" else "optimise"
    settings = ScheduleSettings(mode=mode)
    # the first call loads the solver
    brief = ScheduleSettings(mode=mode, seconds_most=0.5)
    schedule_solve.solve_schedule(make_problem("annual"), brief)
    near: list[float] = []
    begun, cpu = time.perf_counter(), time.process_time()

    def watch(state: ScheduleState) -> bool:
        if not near and state.value >= (1 - NEAR) * state.bound:
            near.append(time.perf_counter() - begun)
        return True

    choice = schedule_solve.solve_schedule(problem, settings, watch=watch)
    clock, cpu = time.perf_counter() - begun, time.process_time() - cpu
    done = np.flatnonzero(choice.year >= 0)
    worth = problem.score * problem.households
    value = (worth[done] * (problem.years - choice.year[done])).sum()
    faults = find_faults(problem, choice.year)
    if faults or not value <= choice.bound * (1 + 1e-9):
        sys.exit(f"broken: {faults}, {value} of {choice.bound}")
    return {
        "units": len(done),
        "value": value,
        "bound": choice.bound,
        "proved": choice.proved,
        "near": near[0] if near else None,
        "clock": clock,
        "cpu": cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Run the cases and print one line per way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*", default=list(CASES))
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--child", nargs=2)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(run_child(*options.child), default=float))
        return
    for name in options.cases:
        print(f"{name}: {CASES[name]}")
        for way in WAYS:
            show(way, [start_child(name, way) for _ in range(options.runs)])


def start_child(name: str, way: str) -> Report:
    """Solve in a fresh process."""
    command = [sys.executable, __file__, "--child", name, way]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def show(way: str, reports: list[Report]) -> None:
    """Print medians of the times and the worst gap."""
    gaps = [1 - one["value"] / one["bound"] for one in reports]
    times = [one["near"] for one in reports if one["near"] is not None]
    near = f"{median(times):.2f} s" if len(times) == len(reports) else "-"
    print(
        f"  {way:7} {reports[0]['units']:4} units  gap {max(gaps):8.4%}"
        f"  proved {all(one['proved'] for one in reports)!s:5}"
        f"  within {NEAR:.0%} after {near:>7}"
        f"  whole {median(one['clock'] for one in reports):6.2f} s"
        f" ({median(one['cpu'] for one in reports):.2f} CPU)"
        f"  peak {max(one['peak_mb'] for one in reports):.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
