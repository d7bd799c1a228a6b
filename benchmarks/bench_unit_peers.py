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
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from scipy.sparse import csr_array

    from geo.lifecircle import LifeCircle
    from geo.unit_inputs import UnitBasis

TOWNS = (200, 1000, 5000)
LARGE = 20_000
SEED = 7
#: What a user without knowledge of barriers would take for adjacent (m).
NEAR_M = 50.0
LIMIT_S = 120
#: MaxP makes its regions larger than the floor; this share of the mean size of
#: geo's units gave about as many regions.
FLOOR_SHARE = 0.7
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


def main() -> None:
    """Run the towns one after the other and print a table for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("towns", nargs="*", type=int, default=list(TOWNS))
    parser.add_argument("--large", type=int, default=LARGE)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--child", nargs="+")
    options = parser.parse_args()
    if options.child:
        name, folder, *words = options.child
        CHILDREN[name](Path(folder), *words)
        return
    with tempfile.TemporaryDirectory() as name:
        for size in options.towns:
            bench_town(Path(name) / str(size), size, options.runs)
        if options.large:
            folder = Path(name) / str(options.large)
            prepare_town(folder, options.large)
            found = run_child("ours", folder)
            print_row("geo", found, run_child("judge", folder, "ours").get("ours", {}))
            print_way(found)


def prepare_town(folder: Path, size: int) -> None:
    """Make a town in a fresh process and say what it is like."""
    folder.mkdir()
    made = run_child("town", folder, str(size))
    if "error" in made:
        sys.exit(made["error"])
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


def make_town(folder: Path, size: str) -> None:
    """Make a town, judge its communities, and write what contestants are given."""
    import numpy as np  # noqa: PLC0415

    from geo.units import prepare_units  # noqa: PLC0415

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

    basis = load_basis(folder)
    states: list[tuple[float, float, float, float, float]] = []
    cpu, clock = time.process_time(), time.perf_counter()

    def watch(state: Any) -> bool:  # noqa: ANN401 (a WatchState)
        now = (time.process_time() - cpu, time.perf_counter() - clock)
        states.append((*now, state.score, state.bound, state.share))
        return True

    units, found = measured(
        lambda: draw_units(basis.circle, basis=basis, watch=watch),
    )
    units.unit_of.to_frame().to_parquet(folder / "ours.parquet")
    found["way"] = tell_way(states)
    pieces = units.pieces
    bounded = pieces[pieces["bound"].notna()]
    share = bounded["communities"].sum() / pieces["communities"].sum()
    gap = 1 - bounded["score"].sum() / max(bounded["bound"].sum(), 1e-9)
    found["pieces"] = (
        f"{len(pieces):,} (largest {pieces['communities'].max():,}), states"
        f" {pieces.groupby('state')['communities'].sum().to_dict()} communities;"
        f" with a bound {share:.1%} of the communities, gap there {gap:.3%};"
        f" bound of the whole {units.bound:,.0f}, gap {units.gap_share:.3%}"
    )
    print(json.dumps(found))


def tell_way(states: list[tuple[float, float, float, float, float]]) -> list[Report]:
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

    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
    communities = gpd.read_parquet(folder / "communities.parquet")
    count = pd.read_parquet(folder / "ours.parquet")["unit_id"].nunique()
    edges = np.load(folder / "edges.npz")[graph]
    both = np.concatenate([edges, edges[:, ::-1]])
    link = csr_array(
        (np.ones(len(both)), (both[:, 0], both[:, 1])), (len(communities),) * 2
    )
    function = {"ward": run_ward, "metis": run_metis}.get(peer)
    if function is None:
        label, found = run_maxp(communities, link, count, peer)
    else:
        label, found = function(communities, link, count)
    frame = pd.DataFrame({"unit_id": label.astype(str)}, index=communities.index)
    frame.to_parquet(folder / f"{peer}_{graph}.parquet")
    print(json.dumps(found))


def run_maxp(
    communities: gpd.GeoDataFrame, link: csr_array, count: int, peer: str
) -> tuple[np.ndarray, Report]:
    """Draw regions with spopt's MaxP heuristic, floor in households.

    Its own policy joins pieces below the floor to the nearest ones; ``sieved`` keeps
    them from it, and their communities stay alone (its policy ``drop``, meant for
    that, ends in an IndexError). ``few``: 10 constructions and one annealing
    instead of 99 and 10.
    """
    import numpy as np  # noqa: PLC0415
    from libpysal.weights import WSP, WSP2W  # noqa: PLC0415
    from spopt.region import MaxPHeuristic  # noqa: PLC0415

    np.random.seed(SEED)  # noqa: NPY002 (spopt uses the global state)
    table = fill_facts(communities).reset_index(drop=True)
    floor = FLOOR_SHARE * table["households"].sum() / count
    kept = np.ones(len(table), dtype=bool)
    if "sieved" in peer:
        kept = keep_pieces(link, table["households"].to_numpy(), floor)
    weights = WSP2W(WSP(link[kept][:, kept].tocsr()), silence_warnings=True)
    effort = {"max_iterations_construction": 10, "max_iterations_sa": 1}
    model = MaxPHeuristic(
        table[kept].reset_index(drop=True),
        weights,
        ["x", "y", "year"],
        "households",
        floor,
        **(effort if "few" in peer else {}),
    )
    _, found = measured(model.solve)
    label = np.arange(len(table)) + len(table)
    label[kept] = model.labels_
    return label, found | {"note": f"floor {floor:.0f} households"}


def run_ward(
    communities: gpd.GeoDataFrame, link: csr_array, count: int
) -> tuple[np.ndarray, Report]:
    """Draw clusters with scikit-learn's Ward linkage along the graph."""
    import warnings  # noqa: PLC0415

    from sklearn.cluster import AgglomerativeClustering  # noqa: PLC0415

    facts = fill_facts(communities)[["x", "y", "year"]].to_numpy()
    model = AgglomerativeClustering(count, connectivity=link, linkage="ward")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _, found = measured(lambda: model.fit(facts))
    note = "; ".join(str(one.message).split(".")[0] for one in caught)
    return model.labels_, found | {"note": note[:160]}


def run_metis(
    communities: gpd.GeoDataFrame, link: csr_array, count: int
) -> tuple[np.ndarray, Report]:
    """Part the graph with METIS, households as weights; in one piece if it can."""
    import numpy as np  # noqa: PLC0415
    from pymetis import CSRAdjacency, Options, part_graph  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    weight = fill_facts(communities)["households"].clip(lower=1).astype(np.int64)
    whole = connected_components(link)[0] == 1
    options = Options(seed=SEED, contig=int(whole))
    adjacency = CSRAdjacency(link.indptr.astype(np.int64), link.indices.astype("i8"))
    parts, found = measured(
        lambda: (
            part_graph(
                count, adjacency, vweights=weight.tolist(), options=options
            ).vertex_part
        )
    )
    return np.asarray(parts), found | {"note": f"contig {int(whole)}"}


def fill_facts(communities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give peers numbers without gaps: place and year in units of geo's score."""
    from geo.settings import UnitSettings  # noqa: PLC0415

    settings = UnitSettings()
    points = communities.geometry.representative_point()
    table = communities[["geometry"]].copy()
    for column in ("households", "built_year"):
        known = communities[column].astype(float)
        table[column] = known.fillna(known.median())
    table["year"] = table["built_year"] / settings.unlike_years
    table["x"], table["y"] = points.x / settings.spread_m, points.y / settings.spread_m
    return table


def keep_pieces(link: csr_array, households: np.ndarray, floor: float) -> np.ndarray:
    """Find the communities in pieces that reach the floor."""
    import numpy as np  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    piece = connected_components(link)[1]
    return np.bincount(piece, households)[piece] >= floor


def count_pieces(edges: np.ndarray, count: int) -> int:
    """Count the connected pieces of a graph."""
    return int(find_parts(edges, count).max()) + 1


def find_parts(edges: np.ndarray, count: int) -> np.ndarray:
    """Give each vertex the number of its connected piece."""
    import numpy as np  # noqa: PLC0415
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    link = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), (count,) * 2)
    return connected_components(link, directed=False)[1]


def judge(folder: Path, *names: str) -> None:
    """Score all contestants by the same function."""
    import pandas as pd  # noqa: PLC0415

    basis = load_basis(folder)
    wide = find_wide(basis)
    verdicts = {}
    for name in names:
        unit_of = pd.read_parquet(folder / f"{name}.parquet")["unit_id"]
        verdicts[name] = judge_one(basis, wide, unit_of)
    print(json.dumps(verdicts))


def find_wide(basis: UnitBasis) -> pd.DataFrame:
    """Find who adjoins whom, and what parts them, with gaps as wide as the peers'."""
    from geo.neighbours import find_neighbours  # noqa: PLC0415

    circle = basis.circle
    settings = replace(basis.settings, gap_m=NEAR_M)
    return find_neighbours(
        basis.district,
        circle.network,
        circle.rules,
        replace(circle.settings, units=settings),
    ).pairs


def judge_one(basis: UnitBasis, wide: pd.DataFrame, unit_of: pd.Series) -> Report:
    """Measure one plan and say how many of its units break what.

    A unit that does not hang together by geo's graph holds over a wide gap only, or
    only across a barrier, or not at all: the graphs are tried in this order.
    """
    import numpy as np  # noqa: PLC0415

    from geo.unit_tables import measure_units  # noqa: PLC0415

    table = measure_units(basis, basis.settings, unit_of)
    ids = basis.problem.ids
    unit = table.index.get_indexer(unit_of.reindex(ids).astype(str))
    pairs = np.stack([ids.get_indexer(wide[end]) for end in ("a", "b")], 1)
    neighbour = wide["neighbour"].to_numpy(dtype=bool)
    parted = (wide["refused"] == "barrier").to_numpy()
    own = hang_together(basis.problem.edges, unit)
    by_gap = hang_together(pairs[neighbour], unit)
    by_any = hang_together(pairs[neighbour | parted], unit)
    codes = table["broken"].str.split("|")
    if not ((~own) == codes.map(lambda c: "not_connected" in c).to_numpy()).all():
        sys.exit("the referee and measure_units differ on what hangs together")
    beyond = codes.map(lambda c: any("_most" in one for one in c)).to_numpy()
    sound = (table["broken"] == "").to_numpy()
    return {
        "units": len(table),
        "joint": int((table["communities"] > 1).sum()),
        "gap": int((~own & by_gap).sum()),
        "barrier": int((~own & ~by_gap & by_any).sum()),
        "apart": int((~own & ~by_any).sum()),
        "bounds": int(beyond.sum()),
        "broken": int((~sound).sum()),
        "score": float(table["score"].sum()),
        "sound_score": float(table.loc[sound, "score"].sum()),
        "complete": bool(
            sorted(name for row in table["members"] for name in row) == sorted(ids)
        ),
    }


def hang_together(edges: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Tell which units are one piece of a graph."""
    import numpy as np  # noqa: PLC0415

    inside = edges[unit[edges[:, 0]] == unit[edges[:, 1]]]
    part = find_parts(inside, len(unit))
    pieces = np.unique(np.stack([unit, part], 1), axis=0)[:, 0]
    return np.bincount(pieces, minlength=int(unit.max()) + 1) == 1


CHILDREN: dict[str, Callable[..., None]] = {
    "town": make_town,
    "ours": draw_ours,
    "peer": run_peer,
    "judge": judge,
}

if __name__ == "__main__":
    main()
