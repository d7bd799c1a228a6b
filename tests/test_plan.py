"""The chain and its files, on the grid town."""

import json
import os
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from gridtown import grid_layers, make_district, point

from geo.decisions import Decisions
from geo.errors import InputError, OutputError
from geo.plan import plan_district
from geo.plan_files import round_columns, write_plan
from geo.schema import FINDING_COLUMNS, GAP_COLUMNS
from geo.settings import Settings
from geo.site_files import SITE_COLUMNS
from geo.unit_files import UNIT_COLUMNS
from geo.what_if_files import Step, unproject_steps

LAYERS = "communities gates facilities idle walk_edges gaps units sites openings"


def make_plan(rules, facilities=None):
    layers = grid_layers()
    layers["communities"]["shut"]["name"] = "=1+1"
    layers["facilities"] = facilities or {
        "ph": {"at": point(400, 0), "category": "pharmacy", "name": "药店"}
    }
    return plan_district(make_district(**layers), rules, Settings())


@pytest.fixture(scope="module")
def made(rules):
    return make_plan(rules)


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("plan") / "out"
    write_plan(made, path)
    return path


def test_every_file_of_the_contract_is_there(folder):
    names = {path.name for path in folder.iterdir()}
    gaps = {"plan.gpkg", "gaps.csv", "findings.csv", "summary.json"}
    units = {"units.csv", "unit_summary.csv"}
    assert names == gaps | units | {"sites.csv", "unmet.csv", "openings.csv"}


def test_steps_that_are_not_asked_for_write_no_file(rules, grid_town, tmp_path):
    plan = plan_district(grid_town, rules, Settings(), until="gaps")
    write_plan(plan, tmp_path / "out")
    assert plan.units is None
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"plan.gpkg", "gaps.csv", "findings.csv", "summary.json"}
    assert gpd.read_file(tmp_path / "out" / "plan.gpkg", layer="units").empty


def test_units_hold_each_community_once_and_begin_with_the_contract(folder, made):
    unit_of = pd.read_csv(folder / "units.csv")
    assert unit_of.columns[:2].tolist() == ["community_id", "unit_id"]
    assert unit_of["community_id"].tolist() == sorted(made.district.communities.index)
    summary = pd.read_csv(folder / "unit_summary.csv")
    assert tuple(summary.columns[: len(UNIT_COLUMNS)]) == UNIT_COLUMNS
    assert set(summary["unit_id"]) == set(unit_of["unit_id"])
    counts = unit_of["unit_id"].value_counts()
    assert summary.set_index("unit_id")["communities"].to_dict() == counts.to_dict()
    assert summary["reason"].notna().all()
    stored = gpd.read_file(folder / "plan.gpkg", layer="units")
    assert stored["unit_id"].tolist() == summary["unit_id"].tolist()
    assert stored.to_crs(made.district.crs).area.sum() == pytest.approx(
        made.district.communities.union_all().area, rel=1e-6
    )


def test_gaps_hold_one_row_per_pair_and_begin_with_the_contract(folder, made):
    table = pd.read_csv(folder / "gaps.csv")
    assert tuple(table.columns[: len(GAP_COLUMNS)]) == GAP_COLUMNS
    assert len(table) == 5 * len(made.rules.requirements)
    assert not table.duplicated(["community_id", "category"]).any()
    assert table["reason"].notna().all()
    assert table["community_id"].is_monotonic_increasing


def test_distances_have_two_decimals_and_a_byte_order_mark_stands_first(folder):
    raw = (folder / "gaps.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfcommunity_id,")
    assert b"\r" not in raw
    distance = pd.read_csv(folder / "gaps.csv", dtype=str)["distance_m"].dropna()
    assert distance.str.fullmatch(r"\d+(\.\d{1,2})?").all()


def test_names_that_excel_would_run_are_made_harmless(folder):
    names = pd.read_csv(folder / "gaps.csv")["community_name"].dropna().unique()
    assert names.tolist() == ["'=1+1"]


def test_findings_say_what_to_do(folder):
    table = pd.read_csv(folder / "findings.csv")
    assert tuple(table.columns[: len(FINDING_COLUMNS)]) == FINDING_COLUMNS


def test_the_geopackage_holds_the_layers_in_the_crs_of_the_country(folder):
    listed = pyogrio.list_layers(folder / "plan.gpkg")[:, 0].tolist()
    assert listed == LAYERS.split()
    gaps = gpd.read_file(folder / "plan.gpkg", layer="gaps")
    assert gaps.crs.to_epsg() == 4490
    assert len(gaps) == len(pd.read_csv(folder / "gaps.csv"))
    communities = gpd.read_file(folder / "plan.gpkg", layer="communities")
    assert {"id", "met", "short", "met_5min", "rank"} <= set(communities.columns)
    for name in ("sites", "openings"):
        layer = gpd.read_file(folder / "plan.gpkg", layer=name)
        assert len(layer) == len(pd.read_csv(folder / f"{name}.csv"))


def test_sites_and_unmet_needs_begin_with_the_contract(folder, made):
    sites = pd.read_csv(folder / "sites.csv")
    assert tuple(sites.columns[: len(SITE_COLUMNS)]) == SITE_COLUMNS
    assert len(sites) == len(made.sites.table)
    unmet = pd.read_csv(folder / "unmet.csv")
    assert len(unmet) == len(made.sites.unmet)
    assert unmet["reason"].notna().all()


def test_steps_of_a_scheme_are_taken_before_anything_is_measured(rules, grid_town):
    before = plan_district(grid_town, rules, Settings(), until="gaps")
    lacking = before.gaps[before.gaps["state"] == "no_data"].iloc[0]
    middle = grid_town.communities.geometry[lacking["community_id"]].centroid
    here = Step(kind="add", category=lacking["category"], x=middle.x + 400, y=middle.y)
    wrong = Step(kind="close", facility_id="nothing")
    steps = tuple(unproject_steps([here, wrong], grid_town.crs))
    after = plan_district(
        grid_town, rules, Settings(), until="gaps", decisions=Decisions(steps=steps)
    )
    assert len(after.district.facilities) == len(grid_town.facilities) + 1
    rows = after.gaps[after.gaps["category"] == lacking["category"]]
    assert (rows["state"] != "no_data").all()
    new = after.district.facilities.index.difference(grid_town.facilities.index)
    assert new.tolist() == ["W001"]
    assert "steps" in set(after.findings["layer"])


def test_walk_edges_are_those_of_the_network(folder, made):
    edges = gpd.read_file(folder / "plan.gpkg", layer="walk_edges").to_crs(
        made.network.crs
    )
    assert edges["length_m"].sum() == pytest.approx(made.network.length_m.sum(), abs=1)
    assert edges.length.sum() == pytest.approx(made.network.length_m.sum(), abs=1)
    assert edges["street_id"].dropna().isin(made.district.streets.index).all()


def test_the_summary_counts_and_names_its_sources(folder, made):
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["counts"]["communities"] == 5
    assert summary["counts"]["pairs"] == len(made.gaps)
    assert sum(summary["totals"]["states"].values()) == len(made.gaps)
    assert summary["settings"]["coverage_share_min"] == 0.8
    assert summary["fingerprint"] == made.district.fingerprint
    steps = ["network", "life_circle", "units", "sites", "openings"]
    assert list(summary["seconds"]) == steps
    assert summary["sites"]["proposals"] == len(made.sites.table)
    assert summary["openings"] == len(made.openings.table)
    assert summary["units"]["units"] == len(made.units.table)
    assert summary["units"]["reproducible"] is True
    assert {"pianqu", "geopandas", "numba"} <= set(summary["versions"])
    assert [row["category"] for row in summary["totals"]["categories"]] == list(
        made.rules.requirements
    )


def test_another_language_and_crs_on_request(made, tmp_path):
    write_plan(made, tmp_path / "out", lang="en", crs="EPSG:4547")
    table = pd.read_csv(tmp_path / "out" / "gaps.csv")
    assert table["reason"].str.contains("on foot|data hold no").any()
    assert "Pharmacy" in set(table["category_name"])
    assert (
        gpd.read_file(tmp_path / "out" / "plan.gpkg", layer="gates").crs.to_epsg()
        == 4547
    )


def test_an_unknown_crs_is_refused_before_anything_is_written(made, tmp_path):
    with pytest.raises(InputError):
        write_plan(made, tmp_path / "out", crs="nonsense")
    assert not (tmp_path / "out").exists()


def test_a_step_that_is_not_there_is_refused(rules, grid_town):
    with pytest.raises(InputError):
        plan_district(grid_town, rules, Settings(), until="checks")


def test_writing_twice_gives_the_same_rows(made, folder, tmp_path):
    write_plan(made, tmp_path / "again")
    for name in ("gaps.csv", "findings.csv", "units.csv", "sites.csv", "openings.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_an_older_folder_is_replaced_and_other_files_stay(made, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "gaps.csv").write_text("old", encoding="utf-8")
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    write_plan(made, out)
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (out / "gaps.csv").stat().st_size > 1000


@pytest.mark.parametrize(
    "error", [pyogrio.errors.DataSourceError("disk full"), OSError(28, "No space left")]
)
def test_a_failure_while_writing_leaves_the_old_folder(
    made, tmp_path, monkeypatch, error
):
    out = tmp_path / "out"
    out.mkdir()
    (out / "gaps.csv").write_text("old", encoding="utf-8")

    def fail(*_args, **_options):
        raise error

    monkeypatch.setattr(pyogrio, "write_dataframe", fail)
    with pytest.raises(OutputError):
        write_plan(made, out)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert [path.name for path in out.iterdir()] == ["gaps.csv"]
    assert (out / "gaps.csv").read_text(encoding="utf-8") == "old"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_said(made, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError):
        write_plan(made, tmp_path / "out")


def test_a_file_in_the_way_is_said(made, tmp_path):
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(OutputError):
        write_plan(made, tmp_path / "out")


def test_flags_and_objects_can_be_stored(made, tmp_path):
    facilities = made.district.facilities.assign(surveyed=pd.array([True], "boolean"))
    district = replace(made.district, facilities=facilities)
    write_plan(replace(made, district=district), tmp_path / "out")
    stored = gpd.read_file(tmp_path / "out" / "plan.gpkg", layer="facilities")
    assert stored["surveyed"].tolist() == [1]


def test_columns_that_a_geopackage_confuses_are_told_apart(made, tmp_path):
    communities = made.district.communities.assign(FID=7, Name="x", rank=9)
    district = replace(made.district, communities=communities)
    write_plan(replace(made, district=district), tmp_path / "out")
    stored = gpd.read_file(tmp_path / "out" / "plan.gpkg", layer="communities")
    assert {"FID_", "name", "Name_", "rank", "rank_circle"} <= set(stored.columns)
    assert stored["rank"].tolist() == [9] * 5


def test_shares_keep_four_decimals_and_the_rest_two():
    frame = pd.DataFrame(
        {"coverage_share": [0.123456], "distance_m": [1.23456], "n": [3]}
    )
    rounded = round_columns(frame).iloc[0]
    assert rounded.tolist() == [0.1235, 1.23, 3]


def test_progress_goes_from_the_network_to_writing(rules, grid_town, tmp_path):
    told = []
    tell = lambda stage, share: told.append((stage, share))  # noqa: E731 - one line
    plan = plan_district(grid_town, rules, Settings(), progress=tell)
    write_plan(plan, tmp_path / "out", progress=tell)
    stages = list(dict.fromkeys(stage for stage, _ in told))
    assert stages == [
        "stage.network",
        "stage.lifecircle",
        "stage.reasons",
        "stage.neighbours",
        "stage.closable",
        "stage.units",
        "stage.site_demand",
        "stage.site_links",
        "stage.sites",
        "stage.openings",
        "stage.write",
    ]
    assert all(0 <= share <= 1 for _, share in told)
