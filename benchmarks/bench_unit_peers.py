"""Units against spopt, scikit-learn and METIS on the same towns, scored alike.

Run from the project folder: ``python benchmarks/bench_unit_peers.py``; numbers of
communities may follow, ``--large 0`` leaves out the town that only geo is given.
Every contestant is a fresh process of at most 120 CPU seconds (geo has no limit)
and hands over nothing but the unit of each community; one referee scores them all.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import fields, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from geo.lifecircle import LifeCircle
    from geo.unit_inputs import UnitBasis
    from geo.unit_problem import UnitProblem

TOWNS = (200, 1000, 5000)
LARGE = 20_000
SEED = 7
#: What a user without knowledge of barriers would take for adjacent (m).
NEAR_M = 50.0
LIMIT_S = 120
#: Runs shorter than this are repeated (CPU seconds).
SHORT_S = 5.0
PEERS = (
    ("maxp", "near"),
    ("maxp", "barriers"),
    ("maxp_sieved", "barriers"),
    ("ward", "near"),
    ("ward", "barriers"),
    ("metis", "near"),
    ("metis", "barriers"),
)
Report = dict[str, Any]
#: CPU seconds, seconds on the clock, score, bound, share of the work.
State = tuple[float, float, float, float, float]


def main() -> None:
    """Run the towns one after the other and print a table for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("towns", nargs="*", type=int, default=list(TOWNS))
    parser.add_argument("--large", type=int, default=LARGE)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keeps towns from run to run")
    parser.add_argument("--child", nargs="+")
    options = parser.parse_args()
    if options.child:
        name, folder, *words = options.child
        CHILDREN[name](Path(folder), *words)
        return
    run_child("warm", ".")
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        for size in options.towns:
            bench_town(folder / str(size), size, options.runs)
        if options.large:
            bench_large(folder / str(max(options.towns)), options.large)


def prepare_town(folder: Path, size: int) -> None:
    """Make a town in a fresh process and say what it is like."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "made.json").is_file():
        made = run_child("town", folder, str(size))
        if "error" in made:
            sys.exit(made["error"])
        (folder / "made.json").write_text(json.dumps(made), "utf-8")
    made = json.loads((folder / "made.json").read_text("utf-8"))
    print(f"\n{size:,} communities, load {os.getloadavg()[0]:.0f}: {made['about']}")
    print(f"preparation (neighbours, what can be closed): {told(made)}", flush=True)


def bench_town(folder: Path, size: int, runs: int) -> None:
    """Set geo beside the peers on one town."""
    prepare_town(folder, size)
    results = {"ours": run_often(runs, "ours", folder)}
    effort = "maxp"
    for peer, graph in PEERS:
        name = f"{peer}_{graph}"
        if not peer.startswith("maxp"):
            results[name] = run_often(runs, "peer", folder, peer, graph)
            continue
        while effort:
            name = f"{peer.replace('maxp', effort)}_{graph}"
            results[name] = run_often(runs, "peer", folder, *name.rsplit("_", 1))
            if not results[name].get("late"):
                break
            # with less effort from here on, then not at all
            effort = "maxp_few" if effort == "maxp" else ""
        else:
            results[f"{peer}_{graph}"] = {"error": "not tried: late above"}
    names = [name for name, found in results.items() if "error" not in found]
    verdicts = run_child("judge", folder, *names)
    for name, found in results.items():
        print_row(name, found, verdicts.get(name, {}))
    print_way(results["ours"])


def bench_large(folder: Path, size: int) -> None:
    """Let geo's solver draw copies of the last town side by side."""
    found = run_child("large", folder, str(size))
    if "error" in found:
        print(f"\n{size:,} communities: FAILED: {found['error']}")
        return
    print(f"\n{size:,} communities, load {os.getloadavg()[0]:.0f}: {found['about']}")
    print(f"solver alone: {told(found)}; every community once: {found['complete']}")
    print_way(found)


def run_often(runs: int, *words: object) -> Report:
    """Run a contestant, several times if it is quick; medians of time and memory."""
    found = [run_child(*words)]
    if "error" in found[0] or found[0]["cpu"] > SHORT_S:
        return found[0]
    found += [run_child(*words) for _ in range(runs - 1)]
    return found[0] | {
        what: median(one[what] for one in found)
        for what in ("cpu", "clock", "peak_mb", "grown_mb")
    }


def run_child(*words: object) -> Report:
    """Run one part in a fresh process; return what it reported, or how it failed."""
    command = [sys.executable, __file__, "--child", *map(str, words)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return {"error": f"over {LIMIT_S} s of CPU", "late": True}
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["no word"])[-1][:160]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def told(found: Report) -> str:
    """Say how long it took and how much memory it needed."""
    return (
        f"{found['cpu']:.2f} CPU s, {found['clock']:.2f} s on the clock, peak"
        f" {found['peak_mb']:,.0f} MB (grown by {found['grown_mb']:,.0f} MB)"
    )


def print_row(name: str, found: Report, verdict: Report) -> None:
    """Print what the referee says of one contestant."""
    if "error" in found:
        print(f"{name}: FAILED: {found['error']}", flush=True)
        return
    print(
        f"{name}: {verdict['units']:,} units, {verdict['joint']:,} of several;"
        f" across a barrier {verdict['barrier']:,}, apart {verdict['apart']:,},"
        f" only by a gap up to {NEAR_M:.0f} m {verdict['gap']:,}; beyond the bounds"
        f" {verdict['bounds']:,}; broken {verdict['broken']:,}"
        f" ({verdict['broken'] / max(1, verdict['joint']):.0%}); score"
        f" {verdict['score']:,.0f}, of sound units {verdict['sound_score']:,.0f};"
        f" every community once: {verdict['complete']}; {told(found)}"
        + (f"; {found['note']}" if found.get("note") else ""),
        flush=True,
    )


def print_way(found: Report) -> None:
    """Print how geo's plan came about."""
    if "error" in found:
        return
    for moment in found["way"]:
        print(
            f"  {moment['what']}: {moment['cpu']:.2f} CPU s, {moment['clock']:.2f} s"
            f" on the clock, score {moment['score']:,.0f}"
        )
    print(f"  pieces: {found['pieces']}", flush=True)


# in the child


def peak_mb(line: str = "VmHWM") -> float:
    """Return the peak memory of this process, or another line of its status (MB)."""
    for text in Path("/proc/self/status").read_text("ascii").splitlines():
        if text.startswith(line):
            return int(text.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(work: Callable[[], Any]) -> tuple[Any, Report]:
    """Do some work; return its result, its time and the memory it took."""
    before = peak_mb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # forget the peak so far
    cpu, clock = time.process_time(), time.perf_counter()
    result = work()
    return result, {
        "cpu": time.process_time() - cpu,
        "clock": time.perf_counter() - clock,
        "peak_mb": peak_mb(),
        "grown_mb": peak_mb() - before,
    }


def warm_kernels(_: Path | None = None) -> None:
    """Compile the kernels, once per machine, or load them."""
    from geo.units import warm_units  # noqa: PLC0415
    from geo.walks import warm  # noqa: PLC0415

    warm()
    warm_units()
    print("{}")


def make_town(folder: Path, size: str) -> None:
    """Make a town, judge its communities, and write what contestants are given."""
    import numpy as np  # noqa: PLC0415
    from unit_judge import count_pieces  # noqa: PLC0415

    from geo.units import prepare_units  # noqa: PLC0415

    warm_kernels()
    circle = judge_town(int(size))
    basis, found = measured(lambda: prepare_units(circle))
    with (folder / "basis.pickle").open("wb") as file:
        pickle.dump(basis, file, protocol=5)
    communities = circle.district.communities.sort_index()
    shapes = communities.geometry
    near = np.stack(shapes.sindex.query(shapes, "dwithin", distance=NEAR_M), 1)
    near = near[near[:, 0] < near[:, 1]]
    kept = communities[["households", "built_year", "geometry"]]
    kept.to_parquet(folder / "communities.parquet")
    np.savez(folder / "edges.npz", near=near, barriers=basis.problem.edges)
    pairs = basis.neighbours.pairs
    touching = len(shapes.sindex.query(shapes, "intersects")[0]) - len(shapes)
    about = (
        f"{touching // 2:,} pairs touch (queen); {len(near):,} pairs within"
        f" {NEAR_M:.0f} m ({count_pieces(near, len(shapes)):,} pieces);"
        f" {len(basis.problem.edges):,} neighbours that no barrier parts"
        f" ({count_pieces(basis.problem.edges, len(shapes)):,} pieces);"
        f" {(pairs['refused'] == 'barrier').sum():,} pairs parted by a barrier"
    )
    print(json.dumps(found | {"about": about}))


def judge_town(size: int) -> LifeCircle:
    """Make a town and judge its communities."""
    from geo.lifecircle import measure_life_circle  # noqa: PLC0415
    from geo.network import build_network  # noqa: PLC0415
    from geo.rules import load_rules  # noqa: PLC0415
    from geo.sample import make_district  # noqa: PLC0415
    from geo.settings import Settings  # noqa: PLC0415
    from geo.town import make_town  # noqa: PLC0415

    rules, settings = load_rules(), Settings()
    district = make_district(make_town(SEED, communities=size))
    network = build_network(district, rules, settings)
    return measure_life_circle(district, network, rules, settings)


def load_basis(folder: Path) -> UnitBasis:
    """Read what `make_town` wrote."""
    with (folder / "basis.pickle").open("rb") as file:
        basis: UnitBasis = pickle.load(file)  # noqa: S301 (our own file)
    return basis


def draw_ours(folder: Path) -> None:
    """Draw units with geo and keep how the plan came about."""
    from geo.units import draw_units  # noqa: PLC0415

    warm_kernels()
    basis = load_basis(folder)
    watch, states = watch_states()
    units, found = measured(
        lambda: draw_units(basis.circle, basis=basis, watch=watch),
    )
    units.unit_of.to_frame().to_parquet(folder / "ours.parquet")
    found["way"] = tell_way(states)
    found["pieces"] = tell_pieces(units.pieces)
    print(json.dumps(found))


def draw_large(folder: Path, size: str) -> None:
    """Draw the units of copies of a town side by side, by the solver alone."""
    import numpy as np  # noqa: PLC0415

    from geo.unit_solve import solve_units  # noqa: PLC0415
    from geo.unit_tables import find_connected  # noqa: PLC0415

    warm_kernels()
    basis = load_basis(folder)
    settings = basis.settings
    copies = -(-int(size) // len(basis.problem.ids))
    problem = lay_beside(basis.problem, copies)
    del basis
    watch, states = watch_states()
    solution, found = measured(lambda: solve_units(problem, settings, watch=watch))
    counts = np.bincount(solution.unit)
    about = (
        f"{copies} copies of the town, {len(problem.ids):,} communities,"
        f" {counts.size:,} units of up to {counts.max()}, not connected:"
        f" {(~find_connected(problem, solution.unit)).sum()}"
    )
    complete = bool((solution.unit >= 0).all() and (counts > 0).all())
    found |= {"about": about, "complete": complete, "way": tell_way(states)}
    print(json.dumps(found | {"pieces": tell_pieces(solution.pieces)}))


def lay_beside(problem: UnitProblem, copies: int) -> UnitProblem:
    """Lay copies of a problem side by side, 100 km apart."""
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    count = len(problem.ids)
    changed = {
        "ids": pd.Index([f"{k}-{name}" for k in range(copies) for name in problem.ids]),
        "x": np.concatenate([problem.x + 1e5 * k for k in range(copies)]),
        "helper_start": np.concatenate(
            [
                [0],
                *(
                    problem.helper_start[1:] + k * problem.helper.size
                    for k in range(copies)
                ),
            ]
        ),
    }
    for name in ("edges", "need_community", "helper"):
        values = getattr(problem, name)
        changed[name] = np.concatenate([values + k * count for k in range(copies)])
    for one in fields(problem):
        if one.name not in changed:
            changed[one.name] = np.concatenate([getattr(problem, one.name)] * copies)
    return replace(problem, **changed)


def watch_states() -> tuple[Callable[[Any], bool], list[State]]:
    """Return a watch, and the list to which it adds what it is told and when."""
    states: list[State] = []
    cpu, clock = time.process_time(), time.perf_counter()

    def watch(state: Any) -> bool:  # noqa: ANN401 (a WatchState)
        now = (time.process_time() - cpu, time.perf_counter() - clock)
        states.append((*now, state.score, state.bound, state.share))
        return True

    return watch, states


def tell_pieces(pieces: pd.DataFrame) -> str:
    """Say how much of a plan has a bound, and how near it comes."""
    bounded = pieces[pieces["bound"].notna()]
    share = bounded["communities"].sum() / pieces["communities"].sum()
    gap = 1 - bounded["score"].sum() / max(bounded["bound"].sum(), 1e-9)
    return (
        f"{len(pieces):,} (largest {pieces['communities'].max():,}), states"
        f" {pieces.groupby('state')['communities'].sum().to_dict()} communities;"
        f" with a bound {share:.1%} of the communities, gap there {gap:.3%}"
    )


def tell_way(states: list[State]) -> list[Report]:
    """Pick the moments worth telling from what the watch was told."""
    final = states[-1][2]
    moments = {
        "first word (everyone alone)": lambda s: True,  # noqa: ARG005
        "every piece has a plan": lambda s: s[4] >= 0.2,  # noqa: PLR2004
        "within 2 % of the final score": lambda s: s[2] >= 0.98 * final,
        "within 0.1 %": lambda s: s[2] >= 0.999 * final,
        "60 CPU seconds": lambda s: s[0] >= 60,  # noqa: PLR2004
        "end": lambda s: s is states[-1],
    }
    way = []
    for what, test in moments.items():
        state = next((state for state in states if test(state)), None)
        if state:
            way.append(
                {
                    "what": what,
                    "cpu": state[0],
                    "clock": state[1],
                    "score": state[2],
                }
            )
    return way


def run_peer(folder: Path, peer: str, graph: str) -> None:
    """Draw as many units as geo with one of the peers."""
    import geopandas as gpd  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415
    from scipy.sparse import csr_array  # noqa: PLC0415
    from unit_peers import set_peer  # noqa: PLC0415

    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
    communities = gpd.read_parquet(folder / "communities.parquet")
    count = pd.read_parquet(folder / "ours.parquet")["unit_id"].nunique()
    edges = np.load(folder / "edges.npz")[graph]
    both = np.concatenate([edges, edges[:, ::-1]])
    link = csr_array(
        (np.ones(len(both)), (both[:, 0], both[:, 1])), (len(communities),) * 2
    )
    model, note = set_peer(peer, communities, link, count)
    label, found = measured(model)
    frame = pd.DataFrame({"unit_id": label.astype(str)}, index=communities.index)
    frame.to_parquet(folder / f"{peer}_{graph}.parquet")
    print(json.dumps(found | {"note": note}))


def judge(folder: Path, *names: str) -> None:
    """Score all contestants by the same function."""
    import pandas as pd  # noqa: PLC0415
    from unit_judge import find_wide, judge_one  # noqa: PLC0415

    basis = load_basis(folder)
    wide = find_wide(basis, NEAR_M)
    verdicts = {}
    for name in names:
        unit_of = pd.read_parquet(folder / f"{name}.parquet")["unit_id"]
        verdicts[name] = judge_one(basis, wide, unit_of)
    print(json.dumps(verdicts))


CHILDREN: dict[str, Callable[..., None]] = {
    "warm": warm_kernels,
    "town": make_town,
    "ours": draw_ours,
    "peer": run_peer,
    "large": draw_large,
    "judge": judge,
}

if __name__ == "__main__":
    main()
