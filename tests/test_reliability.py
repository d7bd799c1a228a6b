"""What must not happen: half-written results, tracebacks, answers from bad input.

``PIANQU_KILLS=100`` kills `plan` that many times instead of eight.
"""

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hamlet import (
    CRS,
    X,
    Y,
    make_communities,
    make_facilities,
    make_streets,
    make_table,
    write_folder,
)

from geo import cli, commands
from geo.district import write_district
from geo.sample import make_district
from geo.text import data_dir, texts
from geo.town import make_town
from geo.walks import warm

ROOT = Path(__file__).parents[1]
KILLS = int(os.environ.get("PIANQU_KILLS", "4"))
FILES = {
    "plan.gpkg",
    "gaps.csv",
    "units.csv",
    "unit_summary.csv",
    "sites.csv",
    "unmet.csv",
    "openings.csv",
    "checks.csv",
    "collect.csv",
    "ranking.csv",
    "schedule.csv",
    "left_out.csv",
    "indicators.csv",
    "indicator_parts.csv",
    "findings.csv",
    "summary.json",
}
LANGUAGES = ("zh", "en")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


class Towns(NamedTuple):
    """Two towns of different size, and how long `plan` takes on them."""

    folders: tuple[Path, Path]
    run_s: float
    write_s: float


def start(folder: Path, out: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "geo", "plan", str(folder), "--out", str(out)]
    # a limit on files would hit the coverage data first
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COV", "COVERAGE"))
    }
    # a background shell hands on an ignored SIGINT; a handler is not handed on
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [*command, *words],
            cwd=ROOT,
            env=plain,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)


def plan(folder: Path, out: Path, *words: str) -> int:
    """Run `plan` in this process."""
    return cli.main(["plan", str(folder), "--out", str(out), *words])


def wait_until_it_writes(run: subprocess.Popen[str], out: Path) -> None:
    """Wait for the private folder that `plan` fills beside its output."""
    while run.poll() is None and not any(out.parent.glob(f".{out.name}.{run.pid}.*")):
        time.sleep(0.002)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def check_set(out: Path) -> str:
    """Check that the files of one run stand together; return the run's input."""
    assert names(out) == FILES
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    gaps = pd.read_csv(out / "gaps.csv", encoding="utf-8-sig", dtype=str)
    findings = pd.read_csv(out / "findings.csv", encoding="utf-8-sig", dtype=str)
    counts = summary["counts"]
    assert len(gaps) == counts["pairs"]
    severities = findings["severity"].value_counts()
    assert counts["findings"] == {
        word: severities.get(word, 0) for word in counts["findings"]
    }
    units = pd.read_csv(out / "units.csv", encoding="utf-8-sig", dtype=str)
    table = pd.read_csv(out / "unit_summary.csv", encoding="utf-8-sig", dtype=str)
    assert len(units) == counts["communities"]
    assert set(units["unit_id"]) == set(table["unit_id"])
    assert len(table) == summary["units"]["units"]
    states = gaps["state"].value_counts()
    for word, count in summary["totals"]["states"].items():
        assert states.get(word, 0) == count
    base = sqlite3.connect(out / "plan.gpkg")
    try:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        base.close()
    for layer in ("communities", "facilities", "gates"):
        info = pyogrio.read_info(out / "plan.gpkg", layer=layer)
        assert info["features"] == counts[layer]
    keys = ["community_id", "category", "state", "reason"]
    held = pyogrio.read_dataframe(out / "plan.gpkg", layer="gaps", read_geometry=False)
    assert held[keys].astype(str).to_numpy().tolist() == gaps[keys].to_numpy().tolist()
    return summary["fingerprint"]


@pytest.fixture(scope="module")
def towns(tmp_path_factory) -> Towns:
    warm()
    place = tmp_path_factory.mktemp("towns")
    folders = place / "eight", place / "five"
    for folder, size in zip(folders, (8, 5), strict=True):
        write_district(make_district(make_town(3, communities=size)), folder)
    began = time.perf_counter()
    run = start(folders[0], place / "out")
    wait_until_it_writes(run, place / "out")
    writing = time.perf_counter()
    _, said = run.communicate(timeout=300)
    ended = time.perf_counter()
    assert run.returncode == 0, said
    return Towns(folders, ended - began, ended - writing)


@pytest.fixture(scope="module")
def older(towns) -> Path:
    """The set of files of the smaller town."""
    out = towns.folders[0].parent / "older"
    assert plan(towns.folders[1], out) == 0
    check_set(out)
    return out


# killed, interrupted


@POSIX
def test_a_kill_at_any_moment_leaves_one_whole_set_or_none(towns, tmp_path):
    moments = np.random.default_rng(20269)
    out = tmp_path / "out"
    run_s, write_s = towns.run_s, towns.write_s
    met = []
    cleared = 0
    while met.count("killed") < KILLS and len(met) < 3 * KILLS:
        turn = len(met)
        if turn == KILLS // 4:  # from here on over an older set
            assert plan(towns.folders[0], out) == 0
        run = start(towns.folders[1 - turn % 2], out)
        if turn % 2:  # one of two while it writes, which is short
            wait_until_it_writes(run, out)
            time.sleep(moments.uniform(0, write_s))
        else:
            time.sleep(moments.uniform(0, run_s))
        run.kill()
        run.communicate(timeout=60)
        met.append("done" if run.returncode == 0 else "killed")
        if run.returncode == 0:  # the machine has become faster: aim earlier
            run_s *= 0.97
            write_s *= 0.85
        left = names(tmp_path) - {"out"}
        cleared += bool(left)
        assert all(name.startswith(".out.") for name in left)
        if turn >= KILLS // 4 or out.exists():
            check_set(out)
    assert met.count("killed") == KILLS
    assert plan(towns.folders[1], out) == 0
    assert names(tmp_path) == {"out"}
    check_set(out)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["counts"]["communities"] == 5
    told = f"{KILLS} kills in {len(met)} runs, {cleared} while files were written\n"
    sys.stdout.write(told)


@POSIX
@pytest.mark.parametrize("moment", ["starting", "working", "writing"])
def test_ctrl_c_says_one_line_and_leaves_the_older_set(towns, tmp_path, moment):
    out = tmp_path / "out"
    out.mkdir()
    (out / "gaps.csv").write_text("older", encoding="utf-8")
    for share in (1.0, 0.7, 0.5):  # the machine may have become faster: aim earlier
        run = start(towns.folders[0], out, "--lang", "en")
        if moment == "starting":  # libraries are being loaded
            time.sleep(0.15 * share * towns.run_s)
        elif moment == "working":
            time.sleep(0.6 * share * (towns.run_s - towns.write_s))
        else:
            wait_until_it_writes(run, out)
            time.sleep(0.2 * share * towns.write_s)
        run.send_signal(signal.SIGINT)
        said, complained = run.communicate(timeout=120)
        if run.returncode == cli.INTERRUPTED:
            break
        assert run.returncode == 0, complained
        shutil.rmtree(out)
        out.mkdir()
        (out / "gaps.csv").write_text("older", encoding="utf-8")
    assert run.returncode == cli.INTERRUPTED, complained
    assert complained.strip().splitlines() == [texts("en")["cli.interrupted"]]
    assert said == ""
    assert names(tmp_path) == {"out"}
    assert (out / "gaps.csv").read_text(encoding="utf-8") == "older"
    assert names(out) == {"gaps.csv"}


@POSIX
def test_an_error_that_ctrl_c_became_is_still_ctrl_c(capfd, monkeypatch):
    def run(_options):
        with suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        raise RuntimeError

    monkeypatch.setattr(commands, "run", run)
    # whoever starts the tests in the background has SIGINT ignored
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert cli.main(["version", "--lang", "en"]) == cli.INTERRUPTED
    finally:
        signal.signal(signal.SIGINT, usual)
    said = capfd.readouterr().err.strip()
    assert said == texts("en")["cli.interrupted"]


# nowhere to write to


def check_block(said: str, lang: str, *parts: str) -> None:
    """Check that stderr holds one block: what is wrong, then what to do."""
    error, action = {"zh": ("错误：", "怎么办："), "en": ("Error: ", "What to do: ")}[
        lang
    ]
    assert said.startswith(error), said
    assert said.count(error) == 1
    assert said.count(action) == 1
    message, _, remedy = said.partition(action)
    assert len(message.strip()) > len(error)
    assert len(remedy.strip()) > 5
    assert "Traceback" not in said
    assert "{" not in said
    assert str(ROOT) not in said
    for part in parts:
        assert part in said, said


@pytest.mark.skipif(sys.platform != "linux", reason="sets limits of another process")
@pytest.mark.parametrize("bytes_", [2_000, 300_000])
def test_no_room_for_a_file_keeps_the_older_set(towns, older, tmp_path, bytes_):
    out = tmp_path / "out"
    shutil.copytree(older, out)
    sizes = {path.name: path.stat().st_size for path in out.iterdir()}
    assert 2_000 < sizes["gaps.csv"] < 300_000 < sizes["plan.gpkg"]
    run = start(towns.folders[0], out, "--lang", "en")
    resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (bytes_, bytes_))
    _, said = run.communicate(timeout=120)
    assert run.returncode == 2, said
    check_block(said, "en", "out" if bytes_ == 2_000 else "plan.gpkg")
    assert names(tmp_path) == {"out"}
    assert check_set(out) == check_set(older)


FULL_DISK = """
set -e
mount -t tmpfs -o size=4m tmpfs "$1"
cp -r "$2" "$1/out"
head -c $((4 * 1024 * 1024)) /dev/zero > "$1/ballast" 2>/dev/null || true
code=0
"$3" -m geo plan "$4" --out "$1/out" --lang "$5" || code=$?
ls -A "$1" > "$6/left"
cp -r "$1/out" "$6/after"
exit $code
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a small disk")
def test_a_full_disk_keeps_the_older_set(towns, older, tmp_path):
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    kept.mkdir()
    private = ["unshare", "--map-root-user", "--mount"]
    mount = [*private, "mount", "-t", "tmpfs", "tmpfs", str(disk)]
    if (
        shutil.which("unshare") is None
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        pytest.skip("this system lets nobody but root mount a small disk")
    words = [disk, older, sys.executable, towns.folders[0], "zh", kept]
    run = subprocess.run(
        [*private, "sh", "-c", FULL_DISK, "sh", *map(str, words)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2, run.stderr
    check_block(run.stderr, "zh")
    assert set((kept / "left").read_text(encoding="utf-8").split()) == {
        "out",
        "ballast",
    }
    assert check_set(kept / "after") == check_set(older)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("place", ["under a file", "not allowed"])
def test_a_folder_that_cannot_be_written_is_said(tmp_path, capfd, lang, place):
    folder = write_folder(tmp_path / "hamlet")
    if place == "under a file":
        parent = tmp_path / "file"
        parent.write_text("mine", encoding="utf-8")
    elif sys.platform != "linux":
        pytest.skip("needs a file system that refuses everyone")
    else:
        parent = Path("/sys")  # also root may make no folder there
    words = ["plan", str(folder), "--out", str(parent / "out"), "--lang", lang]
    assert cli.main(words) == 2
    check_block(capfd.readouterr().err, lang, "out")
    assert names(tmp_path) - {"file"} == {"hamlet"}


# bad input, each kind that the requirements name


def with_rules(folder: Path, table: str, old: str, new: str) -> Path:
    """Put a changed copy of a rule table into a district folder."""
    (folder / "rules").mkdir()
    text = (data_dir() / "rules" / table).read_text(encoding="utf-8-sig")
    assert old in text
    changed = text.replace(old, new, 1)
    (folder / "rules" / table).write_text(changed, encoding="utf-8")
    return folder


def cut(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def missing_layer(folder):
    (write_folder(folder) / "streets.gpkg").unlink()
    return folder


def missing_column(folder):
    return write_folder(folder, facilities=make_facilities().drop(columns="id"))


def missing_community_of_gates(folder):
    points = [shapely.Point(X + 100, Y + 50)]
    gates = gpd.GeoDataFrame({"id": ["g1"]}, geometry=points, crs=CRS)
    return write_folder(folder, gates=gates)


def no_crs(folder):
    write_folder(folder, ".shp")
    (folder / "communities.prj").unlink()
    return folder


def layers_apart(folder):
    far = make_facilities().set_geometry(make_facilities().translate(0, 1_000_000))
    return write_folder(folder, facilities=far)


def empty_layer(folder):
    return write_folder(folder, communities=make_communities().iloc[:0])


def truncated_geopackage(folder):
    cut(write_folder(folder) / "communities.gpkg", 0.3)
    return folder


def truncated_shapefile(folder):
    cut(write_folder(folder, ".shp") / "streets.shp", 0.5)
    return folder


def truncated_geojson(folder):
    cut(write_folder(folder, ".geojson") / "facilities.geojson", 0.6)
    return folder


def unreadable_file(folder):
    (write_folder(folder) / "streets.gpkg").write_bytes(os.urandom(5000))
    return folder


OSM = """\
<osm version="0.6">
<node id="1" version="1" lon="114.0" lat="30.0"/>
<node id="2" version="1" lon="114.001" lat="30.0"/>
<node id="3" version="1" lon="114.001" lat="30.001"/>
<node id="9" version="1" lon="114.0005" lat="30.0">
  <tag k="amenity" v="pharmacy"/>
</node>
<way id="1" version="1">
  <nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/>
  <tag k="landuse" v="residential"/>
</way>
<way id="2" version="1">
  <nd ref="1"/><nd ref="2"/>
  <tag k="highway" v="residential"/>
</way>
</osm>
"""


def write_osm(folder: Path, old: str, new: str) -> Path:
    assert old in OSM
    path = folder.with_suffix(".osm")
    path.write_text(OSM.replace(old, new), encoding="utf-8")
    return path


def osm_without_streets(folder):
    return write_osm(folder, "highway", "natural")


def osm_of_motorways(folder):
    return write_osm(folder, 'highway" v="residential', 'highway" v="motorway')


def truncated_extract(folder):
    path = write_osm(folder, "residential", "residential")
    cut(path, 0.6)
    return path


def all_motorways(folder):
    return write_folder(folder, streets=make_streets().assign(highway="motorway"))


def facilities_outside(folder):
    away = make_facilities().set_geometry(make_facilities().translate(20_000, 0))
    return write_folder(folder, facilities=away)


def wrong_unit(folder):
    write_folder(folder)
    return with_rules(
        folder, "facility_standards.csv", "max_distance_m", "max_distance_km"
    )


def unit_in_a_cell(folder):
    write_folder(folder)
    return with_rules(folder, "facility_standards.csv", "yes,1000,15", "yes,1 km,15")


def unknown_category(folder):
    write_folder(folder)
    return with_rules(folder, "required.csv", "kindergarten,", "kindergarden,")


#: What stderr must hold besides the block: the layer or file, rows where there are.
BAD = {
    missing_layer: ("streets",),
    missing_column: ("facilities", "id"),
    missing_community_of_gates: ("gates", "community_id"),
    no_crs: ("communities.shp", "EPSG"),
    layers_apart: ("facilities", "1,000"),
    empty_layer: ("communities",),
    truncated_geopackage: ("communities.gpkg",),
    truncated_shapefile: ("streets",),
    truncated_geojson: ("facilities.geojson",),
    unreadable_file: ("streets.gpkg",),
    osm_without_streets: (".osm",),
    osm_of_motorways: ("highway", "street_classes.csv"),
    truncated_extract: (".osm",),
    all_motorways: ("highway", "street_classes.csv"),
    facilities_outside: ("facilities",),
    wrong_unit: ("facility_standards.csv", "max_distance_km", "max_distance_m"),
    unit_in_a_cell: ("facility_standards.csv", "max_distance_m", "2", "1 km"),
    unknown_category: ("required.csv", "kindergarden", "kindergarten"),
}


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_bad_input_gets_a_block_that_names_it(tmp_path, capfd, make):
    source = make(tmp_path / "district")
    before = names(tmp_path)
    for lang in LANGUAGES:
        words = ["plan", str(source), "--out", str(tmp_path / "out"), "--lang", lang]
        code = cli.main(words)
        said = capfd.readouterr()
        assert code == 2, said
        check_block(said.err, lang, *BAD[make])
        assert said.out == ""
        assert names(tmp_path) == before


def test_every_fault_of_a_folder_is_told_in_one_go(tmp_path, capfd):
    folder = write_folder(tmp_path / "district", ".csv")
    (folder / "streets.csv").unlink()
    table = make_table(make_facilities()).drop(columns="id")
    table.to_csv(folder / "facilities.csv", index=False)
    for lang in LANGUAGES:
        words = ["plan", str(folder), "--out", str(tmp_path / "out"), "--lang", lang]
        assert cli.main(words) == 2
        check_block(capfd.readouterr().err, lang, "streets", "facilities", "id")


def test_duplicate_ids_are_findings_that_name_the_row(tmp_path, capfd):
    twice = make_communities().assign(id=["c1", "c1", "c3"])
    folder = write_folder(tmp_path / "district", communities=twice)
    out = tmp_path / "out"
    assert cli.main(["plan", str(folder), "--out", str(out), "--lang", "en"]) == 0
    assert capfd.readouterr().err == ""
    check_set(out)
    found = pd.read_csv(out / "findings.csv", encoding="utf-8-sig", dtype=str)
    rows = found[(found["layer"] == "communities") & (found["severity"] == "error")]
    assert rows["id"].tolist() == ["c1"]
    assert rows["row"].astype(float).tolist() == [1]
    assert rows["message"].str.contains("c1").all()
    assert rows["action"].str.len().gt(3).all()
