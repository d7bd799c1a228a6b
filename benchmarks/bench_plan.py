"""The whole job, extract to gaps: against OSMnx + pandana, and on growing towns.

Run from the project folder: ``python benchmarks/bench_plan.py``; names of cases may
follow (``las_palmas``, or numbers of communities). Every run is a fresh process
whose kernels were compiled before; contestants take turns; medians are printed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import geopandas as gpd
    import pandana
    import pandas as pd

REAL = Path(__file__).resolve().parents[2] / "shared" / "real"
EXTRACT = REAL / "las_palmas.osm.pbf"
TOWNS = (120, 1000, 5000)
SEED = 7
CUTOFF_M = 1250.0
UNWALKABLE = {"motorway", "motorway_link", "construction", "proposed", "raceway"}
Times = dict[str, list[float]]


def main() -> None:
    """Run the cases, each in fresh processes, and print one block each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*", default=["las_palmas", *map(str, TOWNS)])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--child", nargs="+")
    options = parser.parse_args()
    if options.child:
        name, *words = options.child
        CHILDREN[name](*map(Path, words))
        return
    run_child("warm")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case in options.cases:
            if case == "las_palmas":
                bench_extract(folder, options.runs)
            else:
                bench_town(int(case), folder, options.runs)


def bench_extract(folder: Path, runs: int) -> None:
    """Set geo beside OSMnx + pandana on Las Palmas."""
    contestants = {"geo": ["geo", str(EXTRACT), str(folder)]}
    try:
        import pandana as _pandana  # noqa: F401, PLC0415 (only the benchmark has it)
    except ImportError:
        print("las_palmas: pandana is missing; make bench installs it")
    else:
        run_child("hand_over", str(EXTRACT), str(folder))
        contestants["OSMnx + pandana"] = ["peer", str(EXTRACT), str(folder)]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in contestants}
    for _ in range(runs):
        for name, words in contestants.items():
            found[name].append(run_child(*words))
    for name, results in found.items():
        print_run(f"las_palmas, {name}", results)
    if len(found) > 1:
        pairs = zip(*found.values(), strict=True)
        ratios = [total(ours["steps"]) / total(peer["steps"]) for ours, peer in pairs]
        print(f"las_palmas: CPU of geo / CPU of the peer {median(ratios):.2f}")
        compare_distances(folder)


def bench_town(communities: int, folder: Path, runs: int) -> None:
    """Time geo on a made-up district folder, layer files to result files."""
    town = folder / f"town_{communities}"
    run_child("town", str(town))
    results = [run_child("geo", str(town), str(folder)) for _ in range(min(runs, 3))]
    print_run(f"town of {communities:,} communities", results)


def run_child(*words: str) -> dict[str, Any]:
    """Run one part in a fresh process and return what it measured."""
    command = [sys.executable, __file__, "--child", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{done.stderr}")
    lines = done.stdout.splitlines()
    return json.loads(lines[-1]) if lines else {}


def print_run(name: str, results: list[dict[str, Any]]) -> None:
    """Print seconds per step (CPU / clock), the whole, and memory."""
    steps = list(results[0]["steps"])
    told = []
    for step in steps:
        cpu, clock = (median(r["steps"][step][i] for r in results) for i in (0, 1))
        told.append(f"{step} {cpu:.2f} / {clock:.2f}")
    cpu, clock = (median(total(r["steps"], i) for r in results) for i in (0, 1))
    peak = median(r["peak_mb"] for r in results)
    print(f"{name}: {results[0]['about']}; CPU s / clock s: {', '.join(told)}")
    print(f"{name}: without start {cpu:.2f} / {clock:.2f}; peak {peak:,.0f} MB")


def total(steps: Times, which: int = 0) -> float:
    """Return the seconds of all steps but the start: CPU (0) or clock (1)."""
    return sum(pair[which] for step, pair in steps.items() if step != "start")


# in the child


def report(steps: Times, about: str) -> None:
    """Print what a child measured."""
    print(json.dumps({"steps": steps, "about": about, "peak_mb": peak_mb()}))


def peak_mb() -> float:
    """Return the peak memory of this process (MB)."""
    import resource  # noqa: PLC0415 (POSIX only)

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def timed(steps: Times, name: str) -> Iterator[None]:
    """Note CPU seconds (all threads, user and system) and seconds on the clock."""
    cpu, clock = time.process_time(), time.perf_counter()
    yield
    steps[name] = [time.process_time() - cpu, time.perf_counter() - clock]


def warm_kernels() -> None:
    """Compile the kernels, once per machine."""
    from geo.walks import warm  # noqa: PLC0415 (imports are timed)

    warm()


def make_folder(folder: Path) -> None:
    """Write a made-up town as a district folder; its name ends in the size."""
    from geo.district import write_district  # noqa: PLC0415
    from geo.sample import make_district  # noqa: PLC0415
    from geo.town import make_town  # noqa: PLC0415

    town = make_town(SEED, communities=int(folder.name.rpartition("_")[2]))
    write_district(make_district(town), folder)


def run_geo(source: Path, folder: Path) -> None:
    """Do the job with geo."""
    steps: Times = {}
    with timed(steps, "start"):
        from geo.district import read_district  # noqa: PLC0415
        from geo.lifecircle import measure_life_circle  # noqa: PLC0415
        from geo.network import build_network  # noqa: PLC0415
        from geo.plan import Plan  # noqa: PLC0415
        from geo.plan_files import write_plan  # noqa: PLC0415
        from geo.rules import load_rules  # noqa: PLC0415
        from geo.settings import Settings  # noqa: PLC0415

        warm_kernels()
    settings = Settings()
    with timed(steps, "read"):
        rules = load_rules(settings.profile, source if source.is_dir() else None)
        district = read_district(source, rules=rules)
    with timed(steps, "network"):
        network = build_network(district, rules, settings)
    with timed(steps, "life circle"):
        circle = measure_life_circle(district, network, rules, settings)
    plan = Plan(
        district, rules, settings, network, circle, circle.findings, {}, until="gaps"
    )
    with timed(steps, "write"):
        write_plan(plan, folder / "out")
    about = (
        f"{len(district.communities):,} communities, {len(district.facilities):,}"
        f" facilities, {network.x.size:,} nodes, {len(circle.gaps):,} verdicts"
    )
    report(steps, about)


def hand_over(source: Path, folder: Path) -> None:
    """Write the communities and facilities that geo derives, for the peer to take."""
    from geo.district import read_district  # noqa: PLC0415
    from geo.rules import load_rules  # noqa: PLC0415

    rules = load_rules()
    district = read_district(source, rules=rules)
    district.communities[["geometry"]].to_parquet(folder / "communities.parquet")
    wanted = district.facilities["category"].isin(list(rules.requirements))
    facilities = district.facilities.loc[wanted, ["category", "geometry"]]
    facilities = facilities.set_geometry(facilities.representative_point())
    facilities.to_parquet(folder / "facilities.parquet")


def run_peer(source: Path, folder: Path) -> None:
    """Do the job as one would with OSMnx and pandana.

    Communities and facilities come ready from files; walls, barriers, edges of the
    data, several entrances, size, capacity, certainty and reasons are left out,
    because these libraries have no word for them. Facilities and gates stand on
    the nearest node.
    """
    steps: Times = {}
    with timed(steps, "start"):
        import geopandas as gpd  # noqa: PLC0415
        import osmnx as ox  # noqa: PLC0415
        import pandana  # noqa: PLC0415
    with timed(steps, "pbf to XML"):
        xml = folder / "streets.osm"
        convert(source, xml)
    with timed(steps, "graph"):
        graph = ox.graph_from_xml(xml, bidirectional=True, retain_all=True)
        communities = gpd.read_parquet(folder / "communities.parquet")
        facilities = gpd.read_parquet(folder / "facilities.parquet")
        graph = ox.project_graph(graph, to_crs=communities.crs)
        nodes, edges = ox.graph_to_gdfs(graph)
    with timed(steps, "pandana network"):
        ends = edges.index.to_frame(index=False)
        network = pandana.Network(
            nodes["x"],
            nodes["y"],
            ends["u"],
            ends["v"],
            edges[["length"]].reset_index(drop=True),
            twoway=False,
        )
        network.precompute(CUTOFF_M)
    with timed(steps, "nearest"):
        gates = cross(communities, edges)
        at = network.get_node_ids(gates.geometry.x, gates.geometry.y)
        found = find_nearest(network, facilities, at)
    with timed(steps, "write"):
        found["community_id"] = gates["community_id"].to_numpy()
        found.groupby("community_id").min().to_csv(folder / "peer.csv")
    categories = facilities["category"].nunique()
    about = (
        f"{len(communities):,} communities, {len(facilities):,} facilities of"
        f" {categories} categories, {len(nodes):,} nodes (simplified),"
        f" {len(gates):,} gates"
    )
    report(steps, about)


def convert(source: Path, xml: Path) -> None:
    """Write the walkable ways of an extract as OSM XML, which OSMnx can read."""
    import osmium  # noqa: PLC0415

    things = osmium.FileProcessor(str(source)).with_locations()
    things = things.with_filter(osmium.filter.KeyFilter("highway"))
    with osmium.BackReferenceWriter(
        str(xml), ref_src=str(source), overwrite=True
    ) as out:
        for way in things:
            if not way.is_way() or way.tags["highway"] in UNWALKABLE:
                continue
            # OSMnx refuses ways that lead out of the extract
            inside = [node.ref for node in way.nodes if node.location.valid()]
            if len(inside) > 1 and way.tags.get("foot") != "no":
                out.add(way.replace(nodes=inside))


def cross(communities: gpd.GeoDataFrame, edges: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the points where edges cross the outlines of communities."""
    import geopandas as gpd  # noqa: PLC0415

    outlines = communities.boundary
    community, edge = edges.sindex.query(outlines, predicate="intersects")
    lines = gpd.GeoSeries(outlines.iloc[community].array, crs=communities.crs)
    points = lines.intersection(
        gpd.GeoSeries(edges.geometry.iloc[edge].array, crs=communities.crs)
    )
    frame = gpd.GeoDataFrame(
        {"community_id": communities.index[community]}, geometry=points.array
    )
    frame = frame.explode()
    frame = frame[frame.geom_type == "Point"]
    left = communities[~communities.index.isin(frame["community_id"])]
    inside = gpd.GeoDataFrame(
        {"community_id": left.index}, geometry=left.representative_point().array
    )
    import pandas as pd  # noqa: PLC0415

    return gpd.GeoDataFrame(pd.concat([frame, inside], ignore_index=True))


def find_nearest(
    network: pandana.Network, facilities: gpd.GeoDataFrame, at: pd.Series
) -> pd.DataFrame:
    """Return the distance of each gate to the nearest facility of each category."""
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    columns = {}
    for category, members in facilities.groupby("category"):
        points = members.geometry
        network.set_pois(category, CUTOFF_M, 1, points.x, points.y)
        near = network.nearest_pois(CUTOFF_M, category, num_pois=1)[1]
        metres = near.reindex(at).to_numpy(float)
        columns[category] = np.where(metres >= CUTOFF_M, np.nan, metres)
    return pd.DataFrame(columns)


def compare_distances(folder: Path) -> None:
    """Print how far the two agree, community by community and category."""
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    ours = pd.read_csv(folder / "out" / "gaps.csv")
    wide = pd.read_csv(folder / "peer.csv", index_col="community_id")
    peer = wide.melt(ignore_index=False, var_name="category", value_name="peer")
    peer = peer.set_index("category", append=True)["peer"]
    both = ours.join(peer, on=["community_id", "category"])
    known = both[both["category"].isin(wide.columns) & both["threshold_m"].notna()]
    gap = (known["distance_m"] - known["peer"]).abs().dropna()
    limit = known["threshold_m"]
    mine = known["distance_m"].le(limit)
    theirs = known["peer"].le(limit)
    print(
        f"las_palmas: {len(known):,} pairs with a threshold; within it: the same for"
        f" {(mine == theirs).mean():.1%}; {len(gap):,} distances known to both differ"
        f" by {np.median(gap):.0f} m (median), {np.quantile(gap, 0.9):.0f} m (90 %)"
    )


CHILDREN: dict[str, Callable[..., None]] = {
    "warm": warm_kernels,
    "town": make_folder,
    "geo": run_geo,
    "hand_over": hand_over,
    "peer": run_peer,
}

if __name__ == "__main__":
    main()
