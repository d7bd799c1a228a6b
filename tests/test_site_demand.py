"""Who needs a facility and has none: by hand, and against the gaps and the units."""

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
from geo.settings import Settings, SiteSettings
from geo.site_demand import DEMAND_COLUMNS, LEFT_OUT_COLUMNS, measure_demand
from geo.text import LANGUAGES, texts

RULES = load_rules()
ALL = tuple(RULES.requirements)


def measure(district, rules=RULES):
    network = build_network(district, rules, Settings())
    return measure_life_circle(district, network, rules, Settings())


def build(people=None, facilities=None, buildings=None, rules=RULES):
    """Measure the town by the grid with other people or facilities."""
    layers = grid_layers() | {"facilities": facilities or {}}
    layers["buildings"] |= buildings or {}
    for name, columns in (people or {}).items():
        layers["communities"][name] = layers["communities"][name] | columns
    return measure(make_district(**layers), rules)


def count(circle, category, **chosen):
    """Return demand rows by place, and reasons by community."""
    settings = SiteSettings(categories=(category,), **chosen)
    demand = measure_demand(circle, settings)
    assert tuple(demand.rows.columns) == DEMAND_COLUMNS
    assert tuple(demand.left_out.columns) == LEFT_OUT_COLUMNS
    assert not (set(demand.left_out["community_id"]) & set(demand.rows["community_id"]))
    for lang in LANGUAGES:
        render_findings(demand.findings, lang)
    left = demand.left_out.set_index("community_id")["reason"]
    return demand.rows.set_index("place"), left.to_dict()


def only(circle, category, community, **chosen):
    """Return the one row of a community, or why it has none."""
    rows, left = count(circle, category, **chosen)
    mine = rows[rows["community_id"] == community]
    assert len(mine) <= 1
    return mine.iloc[0] if len(mine) else left.get(community)


# --- how many people ------------------------------------------------------------------


@pytest.fixture(scope="module")
def bare():
    return build()


def test_nobody_recorded_one_anywhere(bare):
    rows, left = count(bare, "canteen")
    assert left == {}
    # by door where the households are counted there, else by community
    assert sorted(rows.index) == ["b_shut", "east", "open", "pass", "west"]
    assert rows["households"].to_dict() == {
        "b_shut": 120.0,
        "east": 70.0,
        "open": 80.0,
        "pass": 60.0,
        "west": 90.0,
    }
    assert rows["amount"].to_dict() == pytest.approx(
        {name: 2.62 * many for name, many in rows["households"].items()}
    )
    assert set(rows["basis"]) == {"households"}
    assert rows["estimated"].all()
    assert set(rows["state"]) == set(rows["counted"]) == {"no_data"}
    assert set(rows["use"]) == {1.0}
    assert set(rows["group"]) == {"persons"}


def test_absent_needs_may_be_left_out_by_name(bare):
    rows, left = count(bare, "canteen", absent_needs=False)
    assert len(rows) == 0
    assert left == dict.fromkeys(["east", "open", "pass", "shut", "west"], "no_data")


def test_age_groups_of_the_ledger_come_before_shares():
    people = {"population": 250.0, "elderly_60": 50.0, "infants_0_3": 5.0}
    circle = build({"open": people})
    row = only(circle, "elderly_daycare", "open")
    assert (row["amount"], row["basis"], row["estimated"]) == (50.0, "ledger", False)
    # 80 households: 16 m2, 0.32 for each of 50
    assert row["use"] == pytest.approx(16 / 50)
    row = only(circle, "childcare", "open")
    assert (row["amount"], row["basis"], row["estimated"]) == (5.0, "ledger", False)
    assert row["use"] == pytest.approx(250 * 4.5 / 1000 / 5)
    row = only(circle, "health_station", "open")
    assert (row["amount"], row["basis"], row["estimated"]) == (250.0, "ledger", False)


def test_shares_of_the_population():
    circle = build({"open": {"population": 250.0}})
    row = only(circle, "elderly_daycare", "open")
    assert row["amount"] == pytest.approx(250 * 0.187)
    assert (row["basis"], row["estimated"]) == ("population", True)
    row = only(circle, "childcare", "open")
    assert row["amount"] == pytest.approx(250 * 0.02)


def test_nobody_of_the_group_needs_nothing():
    circle = build({"open": {"elderly_60": 0.0, "infants_0_3": 0.0}})
    assert only(circle, "elderly_daycare", "open") is None
    assert only(circle, "childcare", "open") is None
    assert only(circle, "canteen", "open") is not None


NONE = {"households": None}


def test_missing_households_are_estimated():
    people = {
        "open": NONE | {"population": 262.0},
        "pass": NONE | {"floor_area_m2": 9000.0},
        "west": NONE | {"floor_area_m2": 0.0},
    }
    # 20 x 15 m and 3 storeys of 90 m2; 10 x 9 m of unknown storeys: 3; and one of
    # 20 x 15 m that stands elsewhere
    houses = {
        "h1": {"at": box(310, 110, 330, 125), "storeys": 3.0},
        "h2": {"at": box(340, 110, 350, 119)},
        "h3": {"at": box(20, 20, 40, 35), "community_id": "west"},
    }
    circle = build(people, buildings=houses)
    for community, households, basis in (
        ("open", 100.0, "population"),
        ("pass", 100.0, "floor_area"),
        ("west", 23.0, "buildings"),
    ):
        row = only(circle, "elderly_daycare", community)
        assert row["households"] == pytest.approx(households)
        assert row["amount"] == pytest.approx(households * 2.62 * 0.187)
        assert (row["basis"], row["estimated"]) == (basis, True)
        row = only(circle, "parking", community, unsure_needs=True)
        assert row["amount"] == pytest.approx(households / 2)
        assert (row["basis"], row["estimated"]) == (basis, True)


def test_where_nothing_is_known_the_community_is_named():
    circle = build({"open": NONE, "east": NONE | {"elderly_60": 30.0}})
    rows, left = count(circle, "canteen")
    assert left == {"open": "households_missing", "east": "households_missing"}
    assert not rows["amount"].isna().any()
    # the elders are known, but not how much area their households need
    assert only(circle, "elderly_daycare", "east") == "households_missing"


def test_zero_households_are_nobody():
    assert only(build({"open": {"households": 0.0}}), "canteen", "open") is None


def test_houses_that_hold_no_homes_do_not_count():
    layers = grid_layers()
    layers["communities"]["open"] |= NONE
    layers["buildings"] |= {
        "school": {"at": box(10, 10, 30, 25)},
        "flats": {"at": box(50, 50, 60, 59)},
        "house": {"at": box(70, 70, 80, 79)},
    }
    district = make_district(**layers)
    tags = pd.Series({"school": "school", "flats": "apartments"})
    buildings = district.buildings.assign(building=tags)
    circle = measure(replace(district, buildings=buildings))
    assert only(circle, "canteen", "open")["households"] == pytest.approx(6.0)


# --- who is served already ------------------------------------------------------------

#: Doors of pass, 5 m beside its inner path at (550, 20) and (550, 80).
HOUSES = {
    "south": {"at": box(553, 18, 557, 22), "community_id": "pass", "households": 60},
    "north": {"at": box(553, 78, 557, 82), "community_id": "pass", "households": 40},
}


def test_only_doors_beyond_the_threshold():
    # from (290, 100) to the northern door 260 + 20 + 5 = 285, to the southern 345
    there = {"f": {"at": point(290, 100), "category": "canteen"}}
    circle = build({"pass": {"households": 200.0}}, there, HOUSES)
    rows, _ = count(circle, "canteen")
    assert "north" not in rows.index
    # 60 of the 100 counted at doors, of 200 households in all
    assert rows.loc["south", "households"] == pytest.approx(120.0)
    assert rows.loc["south", "counted"] == "short"
    # by the rule of the gates: east is 400 - 290 ... away, open 200
    assert "open" not in rows.index


def test_what_is_too_small_serves_nobody():
    there = {"category": "health_station", "at": point(100, 0)}
    small = build(facilities={"f": there | {"floor_area_m2": 100.0}})
    assert only(small, "health_station", "open")["households"] == 80.0
    large = build(facilities={"f": there | {"floor_area_m2": 120.0}})
    assert only(large, "health_station", "open") is None


def test_who_may_be_served_is_left_out_by_name_or_taken_as_not_served():
    there = {"category": "health_station", "at": point(100, 0)}
    circle = build(facilities={"f": there})
    assert only(circle, "health_station", "open") == "state_unknown"
    row = only(circle, "health_station", "open", unsure_needs=True)
    assert (row["households"], row["counted"]) == (80.0, "unknown")


def test_the_share_that_the_capacity_in_reach_leaves_over():
    # 3 places for 1,000 people where 4.5 are asked for: a third is left over
    there = {
        "f": {
            "category": "childcare",
            "at": point(100, 0),
            "floor_area_m2": 500.0,
            "capacity": 3.0,
        }
    }
    people = {"open": {"population": 1000.0, "infants_0_3": 30.0}}
    circle = build(people | {"shut": {"population": 9.0}}, there)
    reached = circle.gaps[circle.gaps["category"] == "childcare"]
    assert reached.set_index("community_id").loc["open", "state"] == "short"
    row = only(circle, "childcare", "open")
    low = circle.gaps.set_index(["community_id", "category"]).loc[
        ("open", "childcare"), "capacity_low"
    ]
    assert row["amount"] == pytest.approx(30 * (1 - low / 4.5))
    assert row["households"] == pytest.approx(80 * (1 - low / 4.5))


def test_a_capacity_that_is_unknown_serves_all_unless_doubted():
    there = {"category": "childcare", "at": point(100, 0), "floor_area_m2": 500.0}
    circle = build({"open": {"population": 1000.0}}, {"f": there})
    assert only(circle, "childcare", "open") == "state_unknown"
    row = only(circle, "childcare", "open", unsure_needs=True)
    assert row["amount"] == pytest.approx(20.0)


def test_spaces_of_ones_own_are_taken_off():
    # half a space for each of 80, 60, 90 and 70 households
    own = {"open": 30.0, "pass": 0.0, "west": 45.0, "east": 900.0}
    there = {"far": {"at": point(600, 400), "category": "parking"}}
    circle = build({k: {"parking_spaces": v} for k, v in own.items()}, there)
    rows, left = count(circle, "parking")
    assert left == {"shut": "spaces_missing"}
    assert rows["amount"].to_dict() == pytest.approx({"open": 10.0, "pass": 30.0})
    assert rows["households"].to_dict() == pytest.approx({"open": 20.0, "pass": 60.0})
    assert set(rows["basis"]) == {"households"}
    assert not rows["estimated"].any()
    assert set(rows["group"]) == {"cars"}
    assert set(rows["use"]) == {1.0}


def test_spaces_that_nobody_counted():
    there = {"far": {"at": point(600, 400), "category": "parking"}}
    circle = build(facilities=there)
    assert only(circle, "parking", "open") == "spaces_missing"
    row = only(circle, "parking", "open", unsure_needs=True)
    assert (row["amount"], row["estimated"]) == (40.0, True)


def test_a_car_park_in_reach_is_shared():
    # (100, 0) is 5 + 5 m from open's corner: 20 spaces there, 10 of its own, of 40
    there = {"p": {"at": point(100, 0), "category": "parking", "capacity": 20.0}}
    circle = build({"open": {"parking_spaces": 10.0}}, there)
    row = only(circle, "parking", "open", unsure_needs=True)
    assert row["amount"] == pytest.approx(10.0)
    assert row["counted"] == "unknown"


# --- bad input ------------------------------------------------------------------------


def test_categories_without_rules_are_told():
    named = SiteSettings(categories=("canteen", "sauna", "elderly_home"))
    demand = measure_demand(build(), named)
    assert set(demand.rows["category"]) == {"canteen"}
    assert list(demand.sited) == ["canteen"]
    codes = demand.findings["code"].tolist()
    assert codes.count("site_category_ruleless") == 2
    for lang in LANGUAGES:
        said = render_findings(demand.findings, lang)
        assert said["message"].str.contains("sauna").sum() == 1


def test_a_category_that_is_not_required_has_no_demand(tmp_path):
    (tmp_path / "district.toml").write_text('[facilities]\noff = ["canteen"]\n')
    rules = load_rules(district_dir=tmp_path)
    circle = build(rules=rules)
    demand = measure_demand(circle, SiteSettings(categories=("canteen",)))
    assert len(demand.rows) == len(demand.left_out) == 0
    assert demand.findings["code"].tolist() == ["site_category_off"]


def test_a_rule_for_spaces_that_is_switched_off(tmp_path):
    text = '[facilities.use.parking]\ncapacity = ""\n'
    (tmp_path / "district.toml").write_text(text)
    circle = build(rules=load_rules(district_dir=tmp_path))
    assert only(circle, "parking", "open") == "no_capacity_rule"


def test_no_communities_and_no_categories():
    layers = grid_layers() | {"communities": {}, "gates": {}, "buildings": {}}
    empty = measure_demand(measure(make_district(**layers)), SiteSettings())
    assert len(empty.rows) == len(empty.left_out) == 0
    none = measure_demand(build(), SiteSettings(categories=()))
    assert tuple(none.rows.columns) == DEMAND_COLUMNS
    assert none.rows["amount"].dtype == np.float64


def test_a_radius_of_next_to_nothing(tmp_path):
    (tmp_path / "district.toml").write_text("[rules.F037]\nmax_distance_m = 0.1\n")
    there = {"f": {"at": point(100, 0), "category": "canteen"}}
    circle = build(facilities=there, rules=load_rules(district_dir=tmp_path))
    rows, left = count(circle, "canteen")
    assert len(rows) == 5
    assert left == {}


def test_every_reason_and_basis_has_a_text():
    for lang in LANGUAGES:
        known = texts(lang)
        for reason in (
            "state_unknown",
            "no_data",
            "households_missing",
            "spaces_missing",
            "no_capacity_rule",
        ):
            assert known[f"sites.unmet.{reason}"]
            assert known[f"finding.site_left_{reason}.message"]
        for basis in ("ledger", "households", "population", "floor_area", "buildings"):
            assert known[f"site_rules.basis.{basis}"]


# --- the sample -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample():
    return measure_sample()


def test_the_six_kinds_have_demand(sample):
    demand = measure_demand(sample, SiteSettings())
    assert list(dict.fromkeys(demand.rows["category"])) == list(
        SiteSettings().categories
    )
    assert (demand.rows["amount"] > 0).all()
    assert (demand.rows["use"] > 0).all()
    assert not demand.rows["estimated"].any()
    keys = ["category", "community_id", "place"]
    assert not demand.rows.duplicated(keys).any()


def test_households_are_those_that_the_gaps_leave_uncovered(sample):
    settings = SiteSettings(categories=ALL)
    rows = measure_demand(sample, settings).rows
    found = rows.groupby(["community_id", "category"])["households"].sum()
    gaps = sample.gaps.set_index(["community_id", "category"])
    plain = [key for key, need in RULES.requirements.items() if need.capacity is None]
    short = gaps[(gaps["state"] == "short") & gaps.index.isin(plain, level="category")]
    too_small = short[short["size_state"] == "short"]
    far = short[short["size_state"] != "short"]
    assert len(too_small) > 10
    assert len(far) > 100
    np.testing.assert_allclose(found[too_small.index], too_small["households"])
    np.testing.assert_allclose(found[far.index], far["households_beyond"])
    gone = gaps.index[gaps["state"] == "no_data"]
    np.testing.assert_allclose(found[gone], gaps.loc[gone, "households"])
    met = gaps.index[gaps["state"].isin(["met", "unknown"])]
    assert not found.index.isin(met).any()


def test_the_order_of_the_layers_makes_no_difference(sample):
    settings = SiteSettings(unsure_needs=True)
    before = measure_demand(sample, settings)
    district = sample.district
    turned = replace(
        district,
        communities=district.communities.iloc[::-1],
        buildings=district.buildings.iloc[::-1],
        facilities=district.facilities.iloc[::-1],
    )
    after = measure_demand(measure(turned), settings)
    pd.testing.assert_frame_equal(after.rows, before.rows)
    pd.testing.assert_frame_equal(after.left_out, before.left_out)
