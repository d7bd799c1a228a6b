"""Reach engine against scipy: CPU time, working memory, repairs.

Run from the project folder: ``python benchmarks/bench_reach.py``. Pairs are run
alternately and stated as medians; names of cases may follow the command.
"""

import argparse
import ctypes
import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
import osmium
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.reach import Reach, Seeds, WalkGraph, build_graph, measure_reach
from geo.walks import warm

REAL = Path(__file__).resolve().parents[2] / "shared" / "real"
CATEGORIES = 12
CUTOFF_M = 1250.0
#: Share of the grid's streets that exist; degree of a node that only bends.
STREETS, DEGREE = 0.95, 2
#: Within this of scipy's distance, metres.
TOLERANCE_M = 0.005
UNWALKABLE = {"motorway", "motorway_link", "construction", "proposed", "raceway"}
Town = tuple[npt.NDArray[Any], ...]
Matrix = csr_array


def main() -> None:
    """Run the cases and print one line each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*", default=list(CASES))
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--memory-only", action="store_true")
    parser.add_argument("--child", nargs=2)
    options = parser.parse_args()
    if options.child:
        measure_memory(*options.child)
        return
    warm()
    for name in options.cases:
        if name == "repair":
            bench_repair()
        elif options.memory_only:
            print_memory(name, *CASES[name]())
        else:
            bench_case(name, CASES[name], options.runs)


def bench_case(name: str, make: Callable[[], tuple[Town, Town]], runs: int) -> None:
    """Measure one town: time of the three contestants, agreement, memory."""
    town, seeds = make()
    began = time.process_time()
    graph = build_graph(*town)
    build = time.process_time() - began
    order = z_order(town[0], town[1])
    sorted_town, sorted_seeds = renumber(town, seeds, order)
    matrix, sorted_matrix = to_matrix(town), to_matrix(sorted_town)
    contestants = {
        "ours": lambda: ours(graph, seeds),
        "scipy": lambda: scipy_run(matrix, seeds),
        "scipy, our order": lambda: scipy_run(sorted_matrix, sorted_seeds),
    }
    times: dict[str, list[float]] = {key: [] for key in contestants}
    walls: list[tuple[float, float]] = []
    for _ in range(runs):
        for key, run in contestants.items():
            began = time.process_time()
            run()
            times[key].append(time.process_time() - began)
        walls.append(
            (wall(lambda: ours(graph, seeds)), wall(lambda: ours(graph, seeds, 2)))
        )
    mid = {key: median(values) for key, values in times.items()}
    ratios = {
        key: median(a / b for a, b in zip(times["ours"], times[key], strict=True))
        for key in ("scipy", "scipy, our order")
    }
    error = check_agreement(graph, matrix, seeds)
    print(
        f"{name}: nodes {graph.nodes:,} ({bends(town):.0%} of degree 2), "
        f"junctions {graph.junctions:,}, edges {town[2].size:,}; "
        f"preparation {build:.2f} s; CPU ours {mid['ours']:.3f} s, "
        f"scipy {mid['scipy']:.3f} s (ratio {ratios['scipy']:.2f}), on our order "
        f"{mid['scipy, our order']:.3f} s (ratio {ratios['scipy, our order']:.2f}); "
        f"wall 1 thread {median(w[0] for w in walls):.3f} s, "
        f"2 threads {median(w[1] for w in walls):.3f} s; "
        f"largest difference {error * 1000:.2f} mm"
    )
    print_memory(name, town, seeds)


def ours(graph: WalkGraph, seeds: Town, threads: int = 1) -> list[Any]:
    """Distance and label of every original node, for every category."""
    reach = measure_reach(
        graph,
        Seeds(seeds[0], seeds[1], np.zeros(seeds[0].size), seeds[2]),
        categories=CATEGORIES,
        cutoff_m=CUTOFF_M,
        threads=threads,
    )
    return [reach.values(category) for category in range(CATEGORIES)]


def scipy_run(matrix: Matrix, seeds: Town) -> list[Any]:
    """Do the same with scipy; its third result names the seed's node."""
    found = []
    for category in range(CATEGORIES):
        distance, _, source = dijkstra(
            matrix,
            indices=np.unique(seeds[1][seeds[0] == category]),
            min_only=True,
            limit=CUTOFF_M,
            return_predecessors=True,
        )
        found.append((distance, source))
    return found


def bends(town: Town) -> float:
    """Return the share of nodes of degree 2."""
    degree = np.bincount(np.append(town[2], town[3]), minlength=town[0].size)
    return float((degree == DEGREE).mean())


def wall(run: Callable[[], Any]) -> float:
    """Return the seconds on the clock that a run takes."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def check_agreement(graph: WalkGraph, matrix: Matrix, seeds: Town) -> float:
    """Return the largest difference to scipy; reach must differ only at the cut-off."""
    worst = 0.0
    for mine, peer in zip(ours(graph, seeds), scipy_run(matrix, seeds), strict=True):
        both = np.isfinite(peer[0]) & np.isfinite(mine[0])
        if both.any():
            worst = max(worst, float(np.abs(mine[0] - peer[0])[both].max()))
        odd = np.isfinite(peer[0]) != np.isfinite(mine[0])
        edge = np.fmin(np.where(np.isfinite(peer[0]), peer[0], np.nan), mine[0])[odd]
        assert worst < TOLERANCE_M  # noqa: S101 (a benchmark's own check)
        assert (np.abs(edge - CUTOFF_M) < TOLERANCE_M).all()  # noqa: S101 (a benchmark's own check)
    return worst


def print_memory(name: str, town: Town, seeds: Town) -> None:
    """Print the peak working memory of both, outputs excluded, from fresh processes."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "town.npz")
        np.savez(path, *town, *seeds)
        found = {}
        for who in ("ours", "scipy"):
            command = [sys.executable, __file__, "--child", who, path]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found[who] = json.loads(done.stdout)
    mine, peer = found["ours"], found["scipy"]
    work = mine["peak"] - mine["field"]
    print(
        f"{name}: peak memory beyond graph and outputs: ours {work:.1f} MB and "
        f"{mine['field']:.1f} MB for the field that is kept for repairs; "
        f"scipy {peer['peak']:.1f} MB (ratio without the field "
        f"{work / peer['peak']:.2f}, with it {mine['peak'] / peer['peak']:.2f})"
    )


def measure_memory(who: str, path: str) -> None:
    """Print peak memory of one contestant beyond graph and outputs, in MB."""
    with np.load(path) as file:
        arrays = [file[key] for key in file.files]
    town, seeds = tuple(arrays[:5]), tuple(arrays[5:])
    field = 0
    if who == "ours":
        graph = build_graph(*town)
        tiny = build_graph([0.0, 1.0, 2.0], [0.0] * 3, [0, 1], [1, 2], [1.0, 1.0])
        ours(tiny, (seeds[0][:1], np.array([0]), seeds[2][:1]))
        lists = graph.junctions + graph.chains.a.size
        field = CATEGORIES * graph.junctions * 8 + 4 * lists
        run: Callable[[], list[Any]] = lambda: ours(graph, seeds)  # noqa: E731
    else:
        matrix = to_matrix(town)
        scipy_run(matrix[:3, :3], (seeds[0][:1] * 0, np.array([0]), seeds[2][:1]))
        run = lambda: scipy_run(matrix, seeds)  # noqa: E731
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = resident("VmRSS")
    result = run()
    peak = resident("VmHWM") - before
    outputs = sum(array.nbytes for pair in result for array in pair)
    print(json.dumps({"peak": (peak - outputs) / 1e6, "field": field / 1e6}))


def resident(name: str) -> int:
    """Return a memory figure of this process in bytes (Linux; else the peak)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def bench_repair() -> None:
    """Time add, close and joined on a town of 200,000 nodes."""
    town, seeds = make_town(200_000, 0.3, per_category=200)
    graph = build_graph(*town)
    reach = measure_reach(
        graph,
        Seeds(seeds[0], seeds[1], np.zeros(seeds[0].size), seeds[2]),
        categories=CATEGORIES,
        cutoff_m=CUTOFF_M,
    )
    rng = np.random.default_rng(2)
    spent: dict[str, list[float]] = {"add": [], "close": [], "undo": [], "joined": []}
    for i in range(1000):
        category, node = i % CATEGORIES, int(rng.integers(graph.nodes))
        label = int(rng.choice(seeds[2][seeds[0] == category]))
        timed_edit(
            reach,
            spent,
            lambda c=category, v=node: reach.add(c, [v], [0.0], 99_999),
            "add",
        )
        timed_edit(reach, spent, lambda c=category, v=label: reach.close(c, v), "close")
        near = int(min(node + 3, graph.nodes - 1))
        began = time.perf_counter()
        with reach.joined([node], [near], [30.0]):
            spent["joined"].append(time.perf_counter() - began)
    whole = [wall(lambda: ours(graph, seeds)) for _ in range(3)]
    line = ", ".join(f"{key} {median(v) * 1000:.3f} ms" for key, v in spent.items())
    print(
        f"repair: nodes {graph.nodes:,}, medians of {len(spent['add'])}: {line} "
        f"(joined: all {CATEGORIES} categories); "
        f"all {CATEGORIES} fields anew {median(whole) * 1000:.0f} ms"
    )


def timed_edit(
    reach: Reach, spent: dict[str, list[float]], edit: Callable[[], Any], name: str
) -> None:
    """Time an edit and taking it back."""
    began = time.perf_counter()
    change = edit()
    middle = time.perf_counter()
    reach.undo(change)
    spent[name].append(middle - began)
    spent["undo"].append(time.perf_counter() - middle)


def z_order(x: npt.NDArray[Any], y: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the order of nodes along a Z-curve, the one our graph uses."""
    span = max(np.ptp(x), np.ptp(y))
    cells = [((v - v.min()) / span * 65535).astype(np.uint64) for v in (x, y)]
    code = np.zeros(x.size, np.uint64)
    for bit in range(16):
        for shift, cell in enumerate(cells):
            code |= (cell >> np.uint64(bit) & np.uint64(1)) << np.uint64(
                2 * bit + shift
            )
    return np.argsort(code, kind="stable")


def renumber(town: Town, seeds: Town, order: npt.NDArray[Any]) -> tuple[Town, Town]:
    """Return town and seeds with their nodes in the order given."""
    rank = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size)
    x, y, u, v, length = town
    moved = (x[order], y[order], rank[u], rank[v], length)
    return moved, (seeds[0], rank[seeds[1]], seeds[2])


def to_matrix(town: Town) -> Matrix:
    """Return the symmetric matrix of least edge lengths."""
    x, _, u, v, length = town
    tail, head = np.concatenate([u, v]), np.concatenate([v, u])
    both = np.concatenate([length, length])
    order = np.lexsort((both, head, tail))
    tail, head, both = tail[order], head[order], both[order]
    first = np.ones(tail.size, bool)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    first &= tail != head
    return csr_array(
        (both[first], (tail[first].astype(np.int32), head[first].astype(np.int32))),
        shape=(x.size, x.size),
    )


def make_seeds(n: int, per_category: int) -> Town:
    """Return made-up facilities on random nodes."""
    rng = np.random.default_rng(1)
    category = np.repeat(np.arange(CATEGORIES), per_category)
    node = np.concatenate(
        [rng.choice(n, per_category, replace=False) for _ in range(CATEGORIES)]
    )
    return category, node, np.tile(np.arange(per_category), CATEGORIES)


def make_town(n: int, bends: float, per_category: int = 1000) -> tuple[Town, Town]:
    """Return a perturbed grid of streets; a share of its nodes has degree 2."""
    rng = np.random.default_rng(0)
    corners, bare = n, 0.0
    for _ in range(20):  # missing streets leave corners of degree 2: count them in
        corners = round(n * (1 - bends) / (1 - bare))
        u, v, x, y = make_grid(round(corners**0.5), np.random.default_rng(0))
        bare = float((np.bincount(np.append(u, v), minlength=x.size) == DEGREE).mean())
    extra = max(n - x.size, 0)
    per_edge = np.bincount(rng.integers(0, u.size, extra), minlength=u.size)
    pieces = per_edge + 1
    edge = np.repeat(np.arange(u.size), pieces)
    step = np.arange(edge.size) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    share = (step + 1) / pieces[edge]
    new = x.size + np.arange(edge.size) - edge
    last = step == per_edge[edge]
    head = np.where(last, v[edge], new)
    tail = np.where(step == 0, u[edge], new - 1)
    inner = ~last
    wobble = rng.normal(0, 2, (2, int(inner.sum())))
    at = [
        np.append(c, (c[u][edge] + share * (c[v] - c[u])[edge])[inner] + w)
        for c, w in zip((x, y), wobble, strict=True)
    ]
    length = np.hypot(at[0][tail] - at[0][head], at[1][tail] - at[1][head])
    shuffle = rng.permutation(at[0].size)
    town = (at[0], at[1], tail, head, length)
    return renumber(town, make_seeds(at[0].size, per_category), shuffle)


def make_grid(side: int, rng: np.random.Generator) -> Town:
    """Return ends and places of a grid with blocks of 100 m, 5 % of it missing."""
    cell = np.arange(side * side).reshape(side, side)
    x = (cell % side * 100.0 + rng.normal(0, 15, cell.shape)).ravel()
    y = (cell // side * 100.0 + rng.normal(0, 15, cell.shape)).ravel()
    u = np.concatenate([cell[:, :-1].ravel(), cell[:-1].ravel()])
    v = np.concatenate([cell[:, 1:].ravel(), cell[1:].ravel()])
    keep = rng.random(u.size) < STREETS
    return u[keep], v[keep], x, y


def read_las_palmas() -> tuple[Town, Town]:
    """Return all walkable ways of the extract, node by node."""
    u, v, where = [], [], {}
    path = REAL / "las_palmas.osm.pbf"
    for way in osmium.FileProcessor(path).with_locations():
        kind = way.tags.get("highway") if way.is_way() else None
        if kind is None or kind in UNWALKABLE:
            continue
        nodes = [n for n in way.nodes if n.location.valid()]
        for node in nodes:
            where[node.ref] = (node.lon, node.lat)
        u += [n.ref for n in nodes[:-1]]
        v += [n.ref for n in nodes[1:]]
    ids = np.array(list(where))
    lon, lat = np.array(list(where.values())).T
    x = np.radians(lon - lon.mean()) * np.cos(np.radians(lat.mean())) * 6_371_000
    y = np.radians(lat - lat.mean()) * 6_371_000
    order = np.argsort(ids)
    tail, head = (order[np.searchsorted(ids[order], end)] for end in (u, v))
    length = np.hypot(x[tail] - x[head], y[tail] - y[head])
    return (x, y, tail, head, length), make_seeds(x.size, 100)


def read_wuhan() -> tuple[Town, Town]:
    """Return the street lines as edges between their ends."""
    lines = read_lines(REAL / "wuhan_roads.parquet")
    ends = np.array([line.coords[i] for line in lines for i in (0, -1)])[:, :2]
    places, index = np.unique(ends.round(2), axis=0, return_inverse=True)
    index = index.ravel()
    town = (places[:, 0], places[:, 1], index[::2], index[1::2], shapely.length(lines))
    return town, make_seeds(len(places), 1000)


def read_lines(path: Path) -> npt.NDArray[Any]:
    """Return the lines of a GeoParquet file."""
    import geopandas as gpd  # noqa: PLC0415 (only one case needs it)

    return gpd.read_parquet(path).geometry.explode(index_parts=False).to_numpy()


CASES: dict[str, Any] = {
    "las_palmas": read_las_palmas,
    "wuhan": read_wuhan,
    "town_10": lambda: make_town(1_000_000, 0.10),
    "town_75": lambda: make_town(1_000_000, 0.75),
    "repair": None,
}

if __name__ == "__main__":
    main()
