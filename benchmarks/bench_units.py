"""Joint units: how much is proved, how soon, at what cost; how good the search is.

Run from the project folder: ``python benchmarks/bench_units.py``; names of cases may
follow (``pieces``, ``towns``, ``memory``, ``search``). The towns are those of
``tests/unit_towns.py``: random places joined by their Gabriel graph, in pieces that
are not joined. CPU seconds of one process; kernels were compiled before.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np

from geo.settings import UnitSettings
from geo.unit_pieces import value_plan
from geo.unit_problem import UnitProblem, make_town
from geo.unit_search import improve_units, merge_units
from geo.unit_sets import find_atoms
from geo.unit_solve import Solution, WatchState, preview_units, solve_units

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

from unit_towns import NONE, make_problem  # noqa: E402 - found only now

SEED = 5
PATIENCE_S = 60.0
#: Kicks per community where the local search is tried by itself.
KICKS = 5


def main() -> None:
    """Run the cases and print one block each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*", default=list(CASES))
    parser.add_argument("--child", nargs=3)
    options = parser.parse_args()
    if options.child:
        measure_memory(*options.child)
        return
    warm()
    for name in options.cases:
        print(f"-- {name}", flush=True)
        CASES[name]()


def warm() -> None:
    """Compile, or load what was compiled."""
    problem = make_problem(np.random.default_rng(0), [20, 9, 1])
    solve_units(problem, UnitSettings(communities_least=2))
    solve_units(problem, UnitSettings(columns_most=300))
    preview_units(problem, UnitSettings())


def make_pieces(count: int, kind: str) -> list[int]:
    """Return sizes of pieces: 5 to 60 each, 9 on average, or one."""
    rng = np.random.default_rng(SEED)
    sizes: list[int] = []
    while sum(sizes) < count:
        size = {
            "5to60": int(rng.integers(5, 61)),
            "nine": int(rng.geometric(1 / 9)),
            "one": count,
        }[kind]
        sizes.append(min(size, count - sum(sizes)))
    return sizes


def run(count: int, kind: str, most: int) -> tuple[Solution, list[tuple[float, ...]]]:
    """Solve a town; return the solution and when which score was told."""
    problem = make_problem(np.random.default_rng(SEED), make_pieces(count, kind))
    told: list[tuple[float, ...]] = []
    began = time.process_time()

    def watch(state: WatchState) -> bool:
        now = time.process_time() - began
        told.append((now, state.score, state.bound, state.share))
        return now < PATIENCE_S

    solution = solve_units(problem, UnitSettings(communities_most=most), watch=watch)
    told.append((time.process_time() - began, told[-1][1], told[-1][2], 1.0))
    return solution, told


def line(solution: Solution) -> str:
    """Return the shares of communities by what is known of their pieces."""
    pieces = solution.pieces
    shares = pieces.groupby("state")["communities"].sum() / pieces["communities"].sum()
    words = [f"{state} {share:.1%}" for state, share in shares.items()]
    score, bound = pieces["score"].sum(), pieces["bound"].sum(skipna=False)
    gap = "no bound" if np.isnan(bound) else f"gap {1 - score / bound:.3%}"
    columns = pieces["columns"]
    sets = f"{columns[columns >= 0].sum():,} sets"
    return f"{len(pieces)} pieces, {', '.join(words)}; {gap}; {sets}"


def bench_pieces() -> None:
    """1,000 communities in pieces of 5 to 60."""
    for most in (5, 10):
        solution, told = run(1_000, "5to60", most)
        print(f"units of up to {most}: {line(solution)}; {told[-1][0]:.1f} CPU s")


def bench_towns() -> None:
    """5,000 communities: the first plan, and the gap within a minute."""
    for kind, most in (("nine", 5), ("nine", 10), ("5to60", 5), ("one", 5)):
        solution, told = run(5_000, kind, most)
        first = next(row for row in told if row[3] >= 0.2)  # noqa: PLR2004 - drafted
        better = told[-1][1] / first[1] - 1
        print(
            f"{kind}, units of up to {most}: first plan {first[0]:.1f} s "
            f"(later {better:.1%} better), {line(solution)}, "
            f"finished {solution.finished}, {told[-1][0]:.1f} CPU s",
            flush=True,
        )


def bench_memory() -> None:
    """20,000 communities: peak memory, each in a fresh process."""
    for kind, most in (("nine", 5), ("nine", 10), ("5to60", 5), ("one", 5)):
        command = [sys.executable, __file__, "--child", "20000", kind, str(most)]
        subprocess.run(command, check=True)


def measure_memory(count: str, kind: str, most: str) -> None:
    """Solve a town and print by how much the process grew."""
    warm()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    solution, told = run(int(count), kind, int(most))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    first = next(row for row in told if row[3] >= 0.2 or row is told[-1])  # noqa: PLR2004
    print(
        f"{count} {kind}, units of up to {most}: peak {peak / 1024:.0f} MB "
        f"(before {before / 1024:.0f}), first plan {first[0]:.1f} s, "
        f"{line(solution)}, finished {solution.finished}, {told[-1][0]:.1f} CPU s",
        flush=True,
    )


def bench_search() -> None:
    """200 random pieces with a proved optimum: what the local search misses."""
    rng = np.random.default_rng(SEED)
    names = ("greedy", "local search", f"with {KICKS} kicks a community")
    missed: list[list[float]] = [[], [], []]
    spent, tried = 0.0, 0
    while len(missed[0]) < 200:  # noqa: PLR2004 - as many as the issue asks for
        tried += 1
        size, most = int(rng.integers(5, 61)), (5, 10)[tried % 2]
        problem = make_problem(np.random.default_rng(1_000 + tried), [size])
        settings = UnitSettings(communities_most=most)
        pieces = solve_units(problem, settings).pieces
        if set(pieces["state"]) != {"proved"} or pieces["score"].sum() <= 0:
            continue
        values, took = search_alone(problem, settings, size)
        spent += took
        for gaps, value in zip(missed, values, strict=True):
            gaps.append(max(0.0, 1 - value / pieces["score"].sum()))
    for name, gaps in zip(names, missed, strict=True):
        best = sum(gap < 1e-9 for gap in gaps)  # noqa: PLR2004 - rounding
        print(
            f"{name}: median {median(gaps):.2%}, mean {np.mean(gaps):.2%}, worst "
            f"{max(gaps):.2%}, the optimum in {best} of 200"
        )
    print(f"{tried} pieces tried, local search {spent:.1f} CPU s")


def search_alone(
    problem: UnitProblem, settings: UnitSettings, size: int
) -> tuple[list[float], float]:
    """Return what greedy merging, local search and kicks reach, and the CPU time."""
    town = make_town(problem, settings)
    atoms = find_atoms(problem, town, NONE, NONE)
    chosen = np.arange(size)
    began = time.process_time()
    greedy = merge_units(town, atoms, chosen)
    mended = improve_units(town, atoms, chosen, greedy, kicks=0)
    kicks = max(KICKS * size, 60)
    kicked = improve_units(town, atoms, chosen, mended, kicks=kicks)
    spent = time.process_time() - began
    labels = (greedy, mended, kicked)
    return [value_plan(town, atoms, chosen, label) for label in labels], spent


CASES = {
    "pieces": bench_pieces,
    "towns": bench_towns,
    "memory": bench_memory,
    "search": bench_search,
}

if __name__ == "__main__":
    main()
