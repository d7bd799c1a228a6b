"""The sample district holds what its answers, worked out on paper, say it holds."""

import dataclasses
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.district import District, read_district
from geo.lifecircle import LifeCircle, measure_life_circle
from geo.network import build_network
from geo.rules import load_rules
from geo.sample import (
    FORMATS,
    HEADERS,
    demo_district,
    make_district,
    make_sample,
    write_sample,
)
from geo.schema import LAYERS
from geo.settings import Settings
from geo.text import data_dir

ANSWERS = tomllib.loads(
    Path(__file__).with_name("sample_answers.toml").read_text(encoding="utf-8")
)
#: Easting and northing of the quarter's zero point.
ZERO = np.array([527_500.0, 4_418_000.0])


@pytest.fixture(scope="module")
def sample() -> District:
    """The sample as `data/sample` holds it, read like any other district."""
    return read_district(data_dir() / "sample")


@pytest.fixture(scope="module")
def circle(sample: District) -> LifeCircle:
    return measure(sample)


@cache
def _rules() -> Any:
    return load_rules()


def measure(district: District) -> LifeCircle:
    network = build_network(district, _rules(), Settings())
    return measure_life_circle(district, network, _rules(), Settings())


def around(district: District, community: str, *, margin_m: float = 1600.0) -> District:
    """Cut a district down to what lies near a community, for a quicker answer."""
    place = district.communities.geometry[community].centroid
    box = shapely.box(*place.buffer(margin_m).bounds)
    near = {}
    for name in LAYERS:
        frame = getattr(district, name)
        keep = frame.intersects(box) if len(frame) and name != "extent" else None
        near[name] = frame if keep is None else frame[keep]
    known = near["gates"]["community_id"].isin(near["communities"].index)
    near["gates"] = near["gates"][known]
    return dataclasses.replace(district, **near)


def change(frame: gpd.GeoDataFrame, rows: Any, **values: Any) -> gpd.GeoDataFrame:
    changed = frame.copy()
    for column, value in values.items():
        changed.loc[rows, column] = value
    return changed


def add_row(frame: gpd.GeoDataFrame, name: str, **values: Any) -> gpd.GeoDataFrame:
    """Add a row like the first one, under a new id."""
    row = frame.iloc[[0]].copy()
    row.index = pd.Index([name], dtype="str", name="id")
    for column, value in values.items():
        row[column] = [value]
    return gpd.GeoDataFrame(pd.concat([frame, row]), crs=frame.crs)


def place(x: float, y: float) -> shapely.Point:
    return shapely.Point(np.add(ZERO, (x, y)))


def facility_at(district: District, x: float, y: float) -> str:
    off = district.facilities.distance(place(x, y))
    assert off.min() < 0.001
    return str(off.idxmin())


# ---- what it holds -------------------------------------------------------------


def test_it_is_as_large_as_it_should_be(sample: District) -> None:
    assert len(sample.communities) == 120
    assert sample.communities["street_office"].nunique() == 6
    assert 650 <= len(sample.facilities) <= 750
    assert 55 <= len(sample.idle) <= 65
    assert set(sample.idle["kind"]) == {"闲置房屋", "边角地", "空闲用地"}
    assert set(sample.utilities["kind"]) == {
        "water", "drainage", "power", "gas", "heat", "telecom",
    }  # fmt: skip
    assert sample.utilities["year"].between(2025, 2035).all()
    assert {"old_tree", "heritage", "green_line"} <= set(sample.protected["kind"])
    assert {"river", "railway", "wall"} == set(sample.barriers["kind"])
    size = sum(path.stat().st_size for path in (data_dir() / "sample").iterdir())
    assert size < 5_000_000


def test_every_required_category_but_one_is_there(sample: District) -> None:
    required = set(_rules().requirements)
    assert required - set(sample.facilities["category"]) == {"canteen"}


def test_much_is_not_known_as_in_life(sample: District) -> None:
    facilities = sample.facilities
    for column in ("floor_area_m2", "land_area_m2", "capacity", "surveyed"):
        share = facilities[column].isna().mean()
        assert (0.05 < share < 0.95) or column == "surveyed"
    assert (facilities["status"] != "open").sum() >= 5
    assert (facilities["serves"] == "residents").sum() >= 10
    assert set(facilities.geom_type) == {"Point", "Polygon"}
    doors = sample.buildings.groupby("community_id")["households"].count()
    assert 20 <= (doors == 0).sum() <= 60


def test_the_ledger_speaks_as_offices_do() -> None:
    path = data_dir() / "sample" / "communities.gpkg"
    headers = set(gpd.read_file(path).columns)
    assert set(HEADERS.values()) <= headers
    assert {
        "应参与户数",
        "参与户数",
        "同意户数",
        "参与率(%)",
        "供水",
        "加梯需求",
    } <= headers
    assert "households" not in headers


def test_figures_of_a_community_fit_each_other(sample: District) -> None:
    table = sample.communities
    assert (
        table["population"]
        .between(1.8 * table["households"], 3.2 * table["households"])
        .all()
    )
    assert (table["elderly_60"] < 0.5 * table["population"]).all()
    assert (table["infants_0_3"] < 0.05 * table["population"]).all()
    years = table["built_year"].dropna()
    assert years.between(1975, 2012).all()
    assert (years < 2000).mean() > 0.6
    asked = table[table["households_participated"].notna()]
    assert len(asked) == len(table) - 2
    assert (asked["households_participated"] <= asked["households_eligible"]).all()
    assert (asked["households_agreed"] <= asked["households_participated"]).all()


def test_communities_lie_apart_and_hold_their_buildings(sample: District) -> None:
    shapes = sample.communities.geometry
    assert shapes.is_valid.all()
    left, right = shapes.sindex.query(shapes, predicate="overlaps")
    assert len(left) == len(right) == 0
    homes = sample.buildings[sample.buildings["community_id"].notna()]
    own = shapes.reindex(homes["community_id"]).reset_index(drop=True)
    assert own.contains(homes.geometry.reset_index(drop=True)).all()


def test_gates_stand_in_the_walls(sample: District) -> None:
    gates = sample.gates
    walls = sample.communities.boundary.reindex(gates["community_id"])
    off = walls.reset_index(drop=True).distance(gates.geometry.reset_index(drop=True))
    assert off.max() < 0.01
    walled = sample.communities.index[sample.communities["walled"]]
    assert walled.isin(gates["community_id"]).all()
    assert set(gates["open_to"]) == {"residents", "all"}


def test_reading_it_finds_only_what_is_meant(sample: District) -> None:
    assert set(sample.findings["code"]) <= set(ANSWERS["findings"]["codes"])
    assert sample.layers["rows_set_aside"].sum() == 0
    assert sample.crs.to_epsg() == 4543


def test_the_network_finds_only_what_is_meant(circle: LifeCircle) -> None:
    found = circle.network.findings
    serious = found[found["severity"] != "info"]
    sealed = facility_at(circle.district, 984.0, 176.0)
    assert list(zip(serious["code"], serious["id"], strict=True)) == [
        ("facility_sealed", sealed)
    ]


# ---- the files are what the generator makes ------------------------------------


def test_the_files_are_what_the_generator_makes(tmp_path: Path) -> None:
    write_sample(tmp_path)
    stored = data_dir() / "sample"
    assert {p.name for p in tmp_path.iterdir()} == {p.name for p in stored.iterdir()}
    for name, kind in FORMATS.items():
        ours = gpd.read_file(tmp_path / f"{name}.{kind}")
        theirs = gpd.read_file(stored / f"{name}.{kind}")
        assert ours.crs == theirs.crs
        assert ours.geom_equals_exact(
            theirs, 1e-8 if kind == "geojson" else 0.002
        ).all()
        pd.testing.assert_frame_equal(
            pd.DataFrame(ours.drop(columns="geometry")),
            pd.DataFrame(theirs.drop(columns="geometry")),
        )
    text = (tmp_path / "district.toml").read_bytes()
    assert text == (stored / "district.toml").read_bytes()


def test_read_or_made_it_is_the_same_district(sample: District) -> None:
    made = make_district(make_sample())
    for name in LAYERS:
        read = getattr(sample, name)
        ours = getattr(made, name)
        assert list(read.index) == list(ours.index), name
        # GeoJSON turns the rings of polygons, so vertices are not compared one by one
        assert (ours.geom_type == read.geom_type).all(), name
        assert (ours.hausdorff_distance(read) < 0.002).all(), name
        for column in LAYERS[name].columns:
            if column.name not in {"id", "floor_area_m2"}:
                pd.testing.assert_series_equal(read[column.name], ours[column.name])


def test_the_demo_is_the_sample(tmp_path: Path) -> None:
    demo_district(tmp_path / "示例区")
    names = sorted(p.name for p in (tmp_path / "示例区").iterdir())
    assert names == sorted(p.name for p in (data_dir() / "sample").iterdir())
    assert read_district(tmp_path / "示例区").name == "示例区"


# ---- the answers ---------------------------------------------------------------


def check(circle: LifeCircle, community: str, category: str, **answer: Any) -> None:
    row = circle.verdict(community, category)
    for name, value in answer.items():
        if isinstance(value, float):
            assert row[name] == pytest.approx(value, abs=0.006), name
        else:
            assert row[name] == value, name


def test_absent_category_is_no_data(sample: District, circle: LifeCircle) -> None:
    answer = ANSWERS["absent"]
    gaps = circle.gaps[circle.gaps["category"] == answer["category"]]
    assert len(gaps) == answer["communities"]
    assert set(gaps["state"]) == {answer["state"]}
    # one canteen, and the others are known to be without
    facilities = add_row(
        sample.facilities, "canteen", category="canteen", geometry=place(420, 592)
    )
    small = dataclasses.replace(around(sample, "C118"), facilities=facilities)
    turned = measure(small)
    check(turned, "C118", "canteen", state="met", distance_m=12.0 + 100.0 + 8.0)
    check(turned, "C115", "canteen", state="short", distance_m=650.0)


def test_near_the_edge_a_short_is_not_certain(
    sample: District, circle: LifeCircle
) -> None:
    answer = ANSWERS["edge"]
    found = {k: answer[k] for k in ("distance_m", "state", "certainty")}
    check(circle, answer["community"], answer["category"], **found)
    # with the surveyed area moved outwards the street no longer leaves it
    beyond = shapely.union_all([place(1700, -450), place(2400, 900)]).envelope
    extent = sample.extent.copy()
    extent.geometry = extent.geometry.union(beyond)
    turned = measure(dataclasses.replace(around(sample, "C116"), extent=extent))
    found["certainty"] = answer["certainty_inside"]
    check(turned, answer["community"], answer["category"], **found)


def test_one_gate_would_close_a_gap(sample: District, circle: LifeCircle) -> None:
    answer = ANSWERS["gate"]
    community, category = answer["community"], answer["category"]
    found = {k: answer[k] for k in ("distance_m", "certainty")}
    check(circle, community, category, distance_state=answer["state"], **found)
    gates = add_row(
        sample.gates,
        "new",
        community_id=community,
        open_to="residents",
        geometry=place(*answer["gate_at"]),
    )
    near = around(dataclasses.replace(sample, gates=gates), community)
    check(
        measure(near),
        community,
        category,
        distance_m=answer["distance_with_gate_m"],
        distance_state=answer["state_with_gate"],
    )


def test_two_communities_need_each_other(sample: District, circle: LifeCircle) -> None:
    answer = ANSWERS["joint"]
    idle = sample.idle.set_index("name")
    shapes = sample.communities.geometry
    for own, other in (answer["communities"], answer["communities"][::-1]):
        category = answer["lacks"][own]
        distance = answer["distance_m"][own]
        check(circle, own, category, state=answer["state"], distance_m=distance)
        near = sample.idle[sample.idle.distance(shapes[own]) <= 50.0]
        assert list(near["name"]) == [answer["idle_of"][own]]
        theirs = idle.loc[answer["idle_of"][other]]
        area = theirs[["land_area_m2", "floor_area_m2"]].max()
        assert area == answer["area_m2"][other]
        rule = _rules().requirements[category]
        least = rule.min_floor_area_m2 or rule.min_land_area_m2
        assert area >= least
        # put what is missing on the other's idle resource: the gap is closed
        spots = {"C106": place(268, 384), "C107": place(74, 290)}
        facilities = add_row(
            sample.facilities,
            "new",
            category=category,
            serves="all",
            geometry=spots[own],
        )
        turned = measure(
            around(dataclasses.replace(sample, facilities=facilities), own)
        )
        walk = answer["walk_to_other_m"][own]
        check(turned, own, category, distance_state="met", distance_m=walk)


def test_a_2008_community_has_an_older_neighbour(sample: District) -> None:
    answer, table = ANSWERS["year_2008"], sample.communities
    own, other = answer["community"], answer["neighbour"]
    assert table.loc[own, "built_year"] == answer["built_year"]
    assert table.loc[other, "built_year"] == answer["neighbour_built_year"]
    assert table.geometry[own].distance(table.geometry[other]) == answer["gap_m"]
    for column, value in answer["condition"].items():
        assert table.loc[own, column] == value


def test_one_year_is_missing(sample: District) -> None:
    unknown = sample.communities.index[sample.communities["built_year"].isna()]
    assert list(unknown) == [ANSWERS["no_year"]["community"]]


@pytest.mark.parametrize("category", ["health_station", "culture_station"])
def test_strangers_do_not_pass_a_wall(
    category: str, sample: District, circle: LifeCircle
) -> None:
    answer = ANSWERS["wall"]
    found = answer[category]
    community, inside = answer["community"], answer["inside"]
    check(
        circle,
        community,
        category,
        distance_m=found["distance_m"],
        distance_state=found["state"],
    )
    check(circle, inside, category, distance_m=found["own_distance_m"])
    y = {"health_station": 170.0, "culture_station": 176.0}[category]
    behind = facility_at(sample, 984.0, y)
    gate = sample.gates[sample.gates["community_id"] == community].geometry.iloc[0]
    straight = gate.distance(sample.facilities.geometry[behind])
    assert straight == pytest.approx(found["straight_m"], abs=0.05)
    # open the gate to all, and let the station serve all
    gates = sample.gates
    opened = change(gates, gates["community_id"] == inside, open_to="all")
    serving = change(sample.facilities, behind, serves="all")
    near = around(
        dataclasses.replace(sample, gates=opened, facilities=serving), community
    )
    check(
        measure(near),
        community,
        category,
        distance_m=found["distance_if_open_m"],
        distance_state="met",
    )


def test_an_open_gate_alone_does_not_serve_strangers(sample: District) -> None:
    answer = ANSWERS["wall"]
    gates = sample.gates
    opened = change(gates, gates["community_id"] == answer["inside"], open_to="all")
    turned = measure(around(dataclasses.replace(sample, gates=opened), "C113"))
    found = answer["health_station"]
    check(turned, "C113", "health_station", distance_m=found["distance_m"])


def test_a_river_is_crossed_on_bridges_only(
    sample: District, circle: LifeCircle
) -> None:
    answer = ANSWERS["river"]
    community, category = answer["community"], answer["category"]
    found = {k: answer[k] for k in ("distance_m", "state")}
    check(circle, community, category, **found)
    school = sample.facilities.geometry[facility_at(sample, 540.0, -108.0)]
    gate = sample.gates[sample.gates["community_id"] == community].geometry.iloc[0]
    assert gate.distance(school) == pytest.approx(answer["straight_m"], abs=0.01)
    assert circle.verdict(community, category)["straight_state"] == "met"
    turned = {
        "distance_m": answer["distance_with_bridge_m"],
        "state": answer["state_with_bridge"],
    }
    near = around(sample, community)
    # a bridge where only a line is drawn, or no river at all: a short walk
    streets = near.streets
    built = change(streets, streets["name"] == answer["street"], bridge=True)
    check(
        measure(dataclasses.replace(near, streets=built)), community, category, **turned
    )
    dry = near.barriers[near.barriers["kind"] != "river"]
    check(
        measure(dataclasses.replace(near, barriers=dry)), community, category, **turned
    )
    # and without the footbridge it is farther still
    cut = streets[streets["name"] != "东郊人行桥"]
    far = measure(dataclasses.replace(near, streets=cut)).verdict(community, category)
    assert not far["distance_m"] <= answer["distance_m"]


def test_the_worst_community_is_the_one_laid_by_hand(circle: LifeCircle) -> None:
    answer = ANSWERS["worst"]
    community = answer["community"]
    found = {k: answer[k] for k in ("distance_m", "state", "certainty")}
    check(circle, community, answer["category"], **found)
    assert circle.worst.index[0] == community
    short = circle.worst["short"]
    assert short.iloc[0] >= short.iloc[1] + 2
    own = circle.gaps[circle.gaps["community_id"] == community]
    assert list(own.loc[own["state"] == "met", "category"]) == answer["met"]


def test_plain_distances(circle: LifeCircle) -> None:
    for community, distances in ANSWERS["plain"].items():
        for category, distance_m in distances.items():
            check(circle, community, category, distance_m=distance_m)


def test_doors_count_and_not_the_gate(sample: District, circle: LifeCircle) -> None:
    answer = ANSWERS["doors"]
    community, category = answer["community"], answer["category"]
    found = {
        k: answer[k]
        for k in ("distance_m", "coverage_share", "households_uncovered", "certainty")
    }
    check(circle, community, category, distance_state=answer["state"], **found)
    # where nobody counted the households, the gate decides
    own = sample.buildings["community_id"] == community
    uncounted = change(sample.buildings, own, households=np.nan)
    near = around(dataclasses.replace(sample, buildings=uncounted), community)
    check(measure(near), community, category, distance_state="met", coverage_share=1.0)
