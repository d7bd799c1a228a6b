"""What could be built on idle resources: by hand, row by row."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from gridtown import box, grid_layers, make_district, point
from sample_plan import measure_sample

from geo.findings import render_findings
from geo.lifecircle import measure_life_circle
from geo.network import build_network
from geo.rules import load_rules
from geo.sample import make_district as make_town_district
from geo.settings import Settings, SiteSettings
from geo.site_options import (
    CONFLICT_COLUMNS,
    OPTION_COLUMNS,
    REFUSED_COLUMNS,
    RESOURCE_COLUMNS,
    list_options,
)
from geo.suitability import judge_suitability
from geo.text import LANGUAGES, data_dir, texts
from geo.town import make_town

RULES = load_rules()
ALL = tuple(RULES.requirements)

#: Rooms of one storey on the ground, to be changed.
ROOMS = {
    "at": box(310, -40, 330, -10),
    "kind": "闲置房屋",
    "floor_area_m2": 600.0,
    "land_area_m2": 600.0,
    "storeys": 1.0,
    "ground_floor": True,
}
PLOT = {"at": box(310, -40, 330, -10), "kind": "空闲用地", "land_area_m2": 1000.0}


def measure(district, rules=RULES):
    network = build_network(district, rules, Settings())
    return measure_life_circle(district, network, rules, Settings())


@pytest.fixture(scope="module")
def town():
    return measure(make_district(**grid_layers()))


def offer(town, idle, rules=RULES, resources=None, **chosen):
    """List options on the resources given; the survey has further columns."""
    district = make_district(**grid_layers() | {"idle": idle})
    surveyed = ("storeys", "ground_floor", "legal_constraints", "structure_safety")
    surveyed += ("fire_access",)
    for name in surveyed:
        values = pd.Series({key: row.get(name) for key, row in idle.items()})
        district.idle[name] = values.astype("object")
    circle = replace(town, district=district, rules=rules)
    table = judge_suitability(district.idle, rules)
    settings = SiteSettings(**{"categories": ALL} | chosen)
    found = list_options(circle, table, settings, resources=resources)
    check(found, settings, table)
    return found


def check(found, settings, table):
    """Check what holds for all options."""
    rows = found.rows
    assert tuple(rows.columns) == OPTION_COLUMNS
    assert tuple(found.resources.columns) == RESOURCE_COLUMNS
    assert tuple(found.refused.columns) == REFUSED_COLUMNS
    assert tuple(found.conflicts.columns) == CONFLICT_COLUMNS
    assert (rows["area_m2"] > 0).all()
    assert (rows["least"] >= 1).all()
    assert (rows["least"] <= rows["most"]).all()
    near = 1 + 1e-9
    assert (rows["most"] * rows["module_m2"] <= rows["stock_m2"] * near).all()
    assert (rows["most"] * rows["built_m2"] <= rows["area_m2"] * near).all()
    pairs = ["idle_id", "category"]
    both = pd.concat([rows[pairs], found.refused[pairs]])
    assert not both.duplicated().any()
    wanted = table[table["category"].isin(settings.categories)]
    asked = wanted[wanted["idle_id"].isin(found.resources.index)]
    assert len(both) == len(asked)
    verdict = table.set_index(pairs)["state"]
    states = verdict.loc[pd.MultiIndex.from_frame(rows[pairs])].to_numpy()
    assert not (states == "no").any()
    if not settings.unsure_resources:
        assert rows["sure"].all()
    for lang in LANGUAGES:
        known = texts(lang)
        for code in {*"|".join(rows["to_check"]).split("|")} - {""}:
            assert known[f"suitability.check.{code}"]
        for code in set(found.refused["reason_code"]):
            assert known.get(f"suitability.reason.{code}"), code
        render_findings(found.findings, lang)


def only(found, category, idle_id="r"):
    rows = found.rows.set_index(["idle_id", "category"])
    return rows.loc[(idle_id, category)]


def refused(found, idle_id="r"):
    rows = found.refused[found.refused["idle_id"] == idle_id]
    return rows.set_index("category")["reason_code"].to_dict()


# --- sizes ----------------------------------------------------------------------------


def test_rooms_of_600_m2(town):
    found = offer(town, {"r": ROOMS | {"cost_cny": 90000.0}})
    row = only(found, "elderly_daycare")
    # 350 to 600 m2 in modules of 50, each of them capacity
    assert (row["least"], row["most"]) == (7, 12)
    assert (row["module_m2"], row["built_m2"], row["capacity"]) == (50.0, 50.0, 50.0)
    assert (row["capacity_unit"], row["group"]) == ("m2", "elderly_60")
    assert (row["area_kind"], row["area_m2"], row["stock_m2"]) == ("floor", 600, 600)
    assert row["resource_cost_cny"] == 90000.0
    assert np.isnan(row["module_cost_cny"])
    assert (row["sure"], row["reason_code"]) == (True, "enough")
    assert (row["rule_id"], row["certainty"]) == ("F008", "expert")
    assert row["clause"] == "基本公共服务设施4"
    row = only(found, "childcare")
    # 200 to 600 m2, 10 m2 a place
    assert (row["least"], row["most"], row["capacity"]) == (4, 12, 5.0)
    row = only(found, "health_station")
    # it serves whoever can walk there: as large as the law asks for, and no larger
    assert (row["least"], row["most"], row["built_m2"]) == (1, 1, 120.0)
    assert np.isinf(row["capacity"])
    assert row["capacity_unit"] == ""
    assert list(found.rows["category"]) == [
        c for c in ALL if c in set(found.rows["category"])
    ]


def test_where_no_standard_has_a_size_the_tool_says_so(town):
    row = only(offer(town, {"r": ROOMS}), "canteen")
    assert (row["built_m2"], row["sure"], row["reason_code"]) == (
        100,
        True,
        "no_figure",
    )
    assert (row["rule_id"], row["certainty"]) == ("", "tool_default")
    assert "least_m2" in row["to_check"].split("|")
    small = offer(town, {"r": ROOMS | {"floor_area_m2": 99.0}})
    assert refused(small)["canteen"] == "below_least"
    assert refused(small)["elderly_daycare"] == "too_small"


def test_the_largest_sensible_size(town):
    found = offer(town, {"r": ROOMS | {"floor_area_m2": 9000.0}})
    assert only(found, "elderly_daycare")["most"] == 15
    assert only(found, "childcare")["most"] == 30


def test_between_the_smallest_size_and_what_there_is_no_module_fits(town, tmp_path):
    text = "[rules.F008]\nmin_floor_area_m2 = 360\n"
    (tmp_path / "district.toml").write_text(text)
    rules = load_rules(district_dir=tmp_path)
    found = offer(town, {"r": ROOMS | {"floor_area_m2": 380.0}}, rules)
    row = only(found, "elderly_daycare")
    assert (row["least"], row["most"], row["built_m2"]) == (1, 1, 360.0)
    assert row["capacity"] == 360.0
    assert (row["rule_id"], row["clause"]) == ("F008", "[rules.F008]")


def test_a_plot_for_cars(town):
    found = offer(town, {"r": PLOT})
    row = only(found, "parking")
    # 33 spaces of 30 m2, at least 5
    assert (row["least"], row["most"], row["capacity"]) == (5, 33, 1.0)
    assert (row["area_kind"], row["capacity_unit"]) == ("land", "spaces")
    assert only(found, "fitness_ground")["built_m2"] == 150.0
    assert only(found, "pocket_park")["built_m2"] == 400.0
    assert found.resources.loc["r", "stock_kind"] == "land"
    assert refused(found)["elderly_daycare"] == "kind_open"


def test_a_cellar_for_cars(town):
    found = offer(town, {"r": {"at": point(300, 0), "kind": "地下空间"} | FLOOR_400})
    row = only(found, "parking")
    assert (row["area_kind"], row["least"], row["most"]) == ("floor", 5, 10)


FLOOR_400 = {"floor_area_m2": 400.0}


def test_a_plot_without_an_area_has_that_of_its_outline(town):
    found = offer(town, {"r": PLOT | {"land_area_m2": None}})
    assert only(found, "parking")["area_m2"] == pytest.approx(600.0)
    assert "land_area_m2" in only(found, "parking")["to_check"]


def test_modules_of_the_district(town, tmp_path):
    table = (data_dir() / "rules" / "siting.csv").read_text(encoding="utf-8")
    old = "childcare,infants_0_3,floor,50,,1500,10,places,,"
    assert old in table
    new = "childcare,infants_0_3,floor,100,,300,8,places,2500,"
    (tmp_path / "rules").mkdir()
    path = tmp_path / "rules" / "siting.csv"
    path.write_text(table.replace(old, new), encoding="utf-8")
    found = offer(town, {"r": ROOMS}, load_rules(district_dir=tmp_path))
    row = only(found, "childcare")
    assert (row["least"], row["most"], row["capacity"]) == (2, 3, 12.5)
    assert row["module_cost_cny"] == 250_000.0


# --- what is not sure -----------------------------------------------------------------


def test_rooms_on_a_plot_as_its_ratio_allows(town):
    found = offer(town, {"r": PLOT}, unsure_resources=True, plot_ratio=0.5)
    row = only(found, "elderly_daycare")
    assert (row["area_kind"], row["area_m2"], row["stock_m2"]) == ("floor", 500, 1000)
    # 50 m2 of floor take 100 m2 of the plot
    assert (row["built_m2"], row["module_m2"]) == (50.0, 100.0)
    assert (row["least"], row["most"]) == (7, 10)
    assert (row["sure"], row["reason_code"]) == (False, "kind_open")
    assert "plot_ratio" in row["to_check"].split("|")
    # cars stand on the same land, for sure
    assert only(found, "parking")["sure"]
    assert only(found, "parking")["module_m2"] == 30.0
    less = offer(town, {"r": PLOT}, unsure_resources=True, plot_ratio=0.3)
    assert refused(less)["elderly_daycare"] == "below_least"


def test_a_kindergarten_needs_land_besides(town):
    plot = PLOT | {"land_area_m2": 3000.0}
    found = offer(town, {"r": plot}, unsure_resources=True, plot_ratio=1.0)
    assert refused(found)["kindergarten"] == "land_short"
    plot = PLOT | {"land_area_m2": 3600.0}
    found = offer(town, {"r": plot}, unsure_resources=True, plot_ratio=1.0)
    assert only(found, "kindergarten")["built_m2"] == 2200.0


@pytest.mark.parametrize(
    ("survey", "code"),
    [
        ({"legal_constraints": "文保"}, "constraint_open"),
        ({"structure_safety": "C级"}, "safety_open"),
        ({"fire_access": False}, "fire_access"),
    ],
)
def test_what_is_not_known_is_an_option_only_when_asked_for(town, survey, code):
    idle = {"r": ROOMS | survey}
    assert refused(offer(town, idle))["elderly_daycare"] == code
    row = only(offer(town, idle, unsure_resources=True), "elderly_daycare")
    assert (row["sure"], row["reason_code"]) == (False, code)


@pytest.mark.parametrize("category", ["canteen", "pharmacy"])
def test_a_missing_figure_does_not_hide_a_missing_fire_access(town, category):
    idle = {"r": ROOMS | {"fire_access": False}}
    assert refused(offer(town, idle))[category] == "fire_access"
    row = only(offer(town, idle, unsure_resources=True), category)
    assert (row["sure"], row["reason_code"]) == (False, "fire_access")


def test_a_missing_figure_does_not_hide_a_missing_survey(town, tmp_path):
    # a district that insists on both, for canteens
    table = (data_dir() / "rules" / "suitability.csv").read_text(encoding="utf-8")
    own = "{},canteen,{},,,,,{},unknown,unknown,某市,—,某市,published,\n"
    rows = own.format("X1", "fire_access", "") + own.format("X2", "storeys", 1)
    (tmp_path / "rules").mkdir()
    path = tmp_path / "rules" / "suitability.csv"
    path.write_text(table + rows, encoding="utf-8")
    rules = load_rules(district_dir=tmp_path)
    access = {"fire_access": True}
    assert refused(offer(town, {"r": ROOMS}, rules))["canteen"] == "fire_access_missing"
    assert only(offer(town, {"r": ROOMS | access}, rules), "canteen")["sure"]
    unknown = ROOMS | access | {"storeys": None, "ground_floor": None}
    assert refused(offer(town, {"r": unknown}, rules))["canteen"] == "storeys_missing"
    # 600 m2 on eight storeys: 75 below, fewer than the 100 of this tool
    high = ROOMS | access | {"storeys": 8.0}
    assert refused(offer(town, {"r": high}, rules))["canteen"] == "below_least"


def test_the_ground_floor_only(town):
    # 300 m2 on each of two storeys: too little below for elders, unless upstairs counts
    idle = {"r": ROOMS | {"storeys": 2.0}}
    found = offer(town, idle)
    assert refused(found)["elderly_daycare"] == "storeys_open"
    assert only(found, "childcare")["area_m2"] == 600.0
    row = only(offer(town, idle, unsure_resources=True), "elderly_daycare")
    assert (row["area_m2"], row["sure"]) == (600.0, False)
    assert "storeys" in row["to_check"].split("|")


def test_enough_of_the_ground_floor_stays_the_ground_floor(town):
    survey = {"storeys": 2.0, "floor_area_m2": 800.0, "legal_constraints": "文保"}
    found = offer(town, {"r": ROOMS | survey}, unsure_resources=True)
    row = only(found, "elderly_daycare")
    assert (row["area_m2"], row["stock_m2"], row["most"]) == (400.0, 800.0, 8)
    assert "storeys" not in row["to_check"].split("|")


def test_storeys_that_nobody_surveyed(town):
    idle = {"r": ROOMS | {"storeys": None, "ground_floor": None}}
    assert refused(offer(town, idle))["elderly_daycare"] == "storeys_missing"
    row = only(offer(town, idle, unsure_resources=True), "elderly_daycare")
    assert (row["area_m2"], row["sure"]) == (600.0, False)


@pytest.mark.parametrize(
    "idle",
    [
        ROOMS | {"floor_area_m2": None},
        {"at": point(300, 0), "kind": "空闲用地"},
        {"at": point(300, 0)},
        {"at": point(300, 0), "kind": "屋顶"},
    ],
)
def test_never_without_an_area(town, idle):
    found = offer(town, {"r": idle}, unsure_resources=True)
    assert len(found.rows) == 0
    assert "site_area_missing" in found.findings["code"].tolist()


def test_of_no_kind_but_with_an_area(town):
    idle = {"r": {"at": point(300, 0), "land_area_m2": 900.0}}
    assert len(offer(town, idle).rows) == 0
    found = offer(town, idle, unsure_resources=True)
    assert only(found, "parking")["area_kind"] == "land"
    assert only(found, "canteen")["area_kind"] == "floor"
    assert not found.rows["sure"].any()


def test_what_is_ruled_out_never_is_an_option(town):
    idle = {"r": ROOMS | {"structure_safety": "D级"}}
    found = offer(town, idle, unsure_resources=True)
    assert len(found.rows) == 0
    assert refused(found)["elderly_daycare"] == "safety"


# --- what may not stand together ------------------------------------------------------


def test_no_market_beside_small_children(town):
    found = offer(town, {"r": ROOMS | {"floor_area_m2": 2000.0}, "s": PLOT})
    pairs = {tuple(row) for row in found.conflicts.to_numpy(dtype=object)}
    assert ("r", "childcare", "r", "market", "A001") in pairs
    assert ("r", "canteen", "r", "public_toilet", "A003") in pairs
    # another resource is another place
    assert not any(pair[0] != pair[2] for pair in pairs)


def test_not_within_some_metres(town, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "apart.csv").write_text(
        "rule_id,category_a,category_b,within_m,source,certainty,note\n"
        "X1,canteen,canteen,25,某市,published,\nX2,canteen,childcare,9,某市,published,\n",
        encoding="utf-8",
    )
    idle = {
        name: ROOMS | {"at": box(x, -40, x + 20, -10)}
        for name, x in (("a", 300), ("b", 340), ("c", 390))
    }
    chosen = ("childcare", "canteen")
    rules = load_rules(district_dir=tmp_path)
    found = offer(town, idle, rules, categories=chosen)
    pairs = {tuple(row) for row in found.conflicts.to_numpy(dtype=object)}
    assert pairs == {
        ("a", "canteen", "b", "canteen", "X1"),
        *((x, "canteen", x, "childcare", "X2") for x in "abc"),
    }


def test_two_that_need_the_same_ground_floor(town):
    # 400 m2 below: elders may take all of it, then none is left for health
    idle = {"r": ROOMS | {"storeys": 2.0, "floor_area_m2": 800.0}}
    chosen = ("elderly_daycare", "health_station", "canteen")
    found = offer(town, idle, categories=chosen)
    assert found.conflicts.to_numpy().tolist() == [
        ["r", "elderly_daycare", "r", "health_station", "storeys"]
    ]
    # 1,000 m2 below hold both at their largest
    wide = {"r": ROOMS | {"storeys": 2.0, "floor_area_m2": 2000.0}}
    assert len(offer(town, wide, categories=chosen).conflicts) == 0
    # on one storey the shared area says it all
    assert len(offer(town, {"r": ROOMS}, categories=chosen).conflicts) == 0


# --- bad input ------------------------------------------------------------------------


@pytest.mark.parametrize("unsure", [False, True])
def test_no_resources(town, unsure):
    found = offer(town, {}, unsure_resources=unsure)
    assert len(found.rows) == len(found.refused) == len(found.findings) == 0
    assert found.rows["module_m2"].dtype == np.float64
    none = offer(town, {"r": ROOMS}, categories=())
    assert len(none.rows) == len(none.refused) == 0


def test_only_some_resources(town):
    found = offer(town, {"r": ROOMS, "s": PLOT}, resources=["s"])
    assert set(found.rows["idle_id"]) == {"s"}
    assert found.resources.index.tolist() == ["s"]


def test_a_category_without_a_size(town, tmp_path):
    table = (data_dir() / "rules" / "siting.csv").read_text(encoding="utf-8")
    lines = [row for row in table.splitlines() if not row.startswith("parking,cars,la")]
    (tmp_path / "rules").mkdir()
    path = tmp_path / "rules" / "siting.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    found = offer(town, {"r": PLOT}, load_rules(district_dir=tmp_path))
    assert refused(found)["parking"] == "no_sizing"


def test_a_capacity_in_another_unit_is_told(town, tmp_path):
    table = (data_dir() / "rules" / "siting.csv").read_text(encoding="utf-8")
    (tmp_path / "rules").mkdir()
    path = tmp_path / "rules" / "siting.csv"
    path.write_text(table.replace(",10,places,", ",10,m2,"), encoding="utf-8")
    found = offer(town, {"r": ROOMS}, load_rules(district_dir=tmp_path))
    assert np.isinf(only(found, "childcare")["capacity"])
    assert found.findings["code"].tolist() == ["site_capacity_open"]


def test_a_resource_that_no_street_reaches_is_told(town):
    found = offer(town, {"r": ROOMS | {"at": box(310, -190, 330, -160)}})
    assert "site_unattached" in found.findings["code"].tolist()


# --- the sample -----------------------------------------------------------------------


def test_the_six_kinds_have_options_in_the_sample():
    circle = measure_sample()
    district = circle.district
    table = judge_suitability(district.idle, RULES, protected=district.protected)
    settings = SiteSettings()
    found = list_options(circle, table, settings)
    check(found, settings, table)
    assert set(found.rows["category"]) == set(settings.categories)
    assert not (
        district.idle["structure_safety"].loc[found.rows["idle_id"]] == "C级"
    ).any()
    turned = list_options(circle, table.iloc[::-1], settings)
    pd.testing.assert_frame_equal(turned.rows, found.rows)
    whole = SiteSettings(categories=ALL, unsure_resources=True)
    more = list_options(circle, table, whole)
    check(more, whole, table)
    assert len(more.rows) > len(found.rows)


@pytest.mark.parametrize("seed", range(2))
def test_options_of_random_towns_keep_all_rules(seed):
    district = make_town_district(make_town(seed + 20, communities=14, idle_share=2.0))
    circle = measure(district)
    table = judge_suitability(district.idle, RULES, protected=district.protected)
    for unsure in (False, True):
        for plot_ratio in (0.1, 2.0):
            settings = SiteSettings(
                categories=ALL, unsure_resources=unsure, plot_ratio=plot_ratio
            )
            found = list_options(circle, table, settings)
            check(found, settings, table)
            assert len(found.rows) > 20
            for row in found.rows[found.rows["rule_id"] != ""].to_dict("records"):
                figures = RULES.standards.loc[row["rule_id"]]
                least_m2 = figures[f"min_{row['area_kind']}_area_m2"]
                assert row["least"] * row["built_m2"] >= least_m2 - 1e-6
