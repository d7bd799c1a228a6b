"""The life circle of the grid town (`gridtown`), counted by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from gridtown import Walker, box, grid_layers, line, make_district, place, point

from geo.errors import InputError, RuleError
from geo.findings import render_findings
from geo.lifecircle import measure_life_circle
from geo.network import build_network
from geo.schema import GAP_COLUMNS
from geo.settings import Settings

#: Where the facilities of most tests stand; metres of the town.
FACILITIES = {
    "ph": {"at": point(600, 0), "category": "pharmacy"},
    "kg": {"at": point(400, 0), "category": "kindergarten", "floor_area_m2": 3000},
    "cc": {"at": point(550, 0), "category": "childcare"},
    "over": {"at": point(500, 300), "category": "market"},
    "inner": {"at": point(250, 60), "category": "canteen"},
}


def measure(rules, facilities=None, settings=None, ambiguous=None, **changed):
    layers = grid_layers() | {"facilities": facilities or FACILITIES}
    for name, rows in changed.items():
        layers[name] = layers.get(name, {}) | rows
    district = replace(make_district(**layers), ambiguous=ambiguous or {})
    settings = settings or Settings()
    network = build_network(district, rules, settings)
    return measure_life_circle(district, network, rules, settings)


@pytest.fixture(scope="module")
def town(rules):
    return measure(rules)


def verdict(circle, community, category, *columns):
    row = circle.verdict(community, category)
    found = tuple(row[list(columns)])
    return found[0] if len(columns) == 1 else found


# --- the frame ---------------------------------------------------------------------


def test_exactly_one_row_for_each_community_and_category(town, rules):
    gaps = town.gaps
    pairs = list(zip(gaps["community_id"], gaps["category"], strict=True))
    communities = ["east", "open", "pass", "shut", "west"]
    assert pairs == [(c, k) for c in communities for k in rules.requirements]
    assert tuple(gaps.columns[: len(GAP_COLUMNS)]) == GAP_COLUMNS
    assert (gaps["reason"].str.len() > 0).all()


def test_certainty_and_share_are_empty_where_nothing_is_decided(town):
    gaps = town.gaps
    decided = gaps["state"].isin(["met", "short"])
    assert ((gaps["certainty"] != "") == decided).all()
    assert (gaps["coverage_share"].notna() == decided).all()


# --- distance ----------------------------------------------------------------------


def test_distance_is_from_the_gate_and_coverage_from_the_doors(town):
    # gate (250, 10) to (250, 0) 10 m, to (600, 0) 350 m; door: 5 + 40 m more
    found = verdict(
        town, "shut", "pharmacy", "distance_m", "coverage_share", "gate_id", "minutes"
    )
    assert found == (360.0, 1.0, "g_shut", pytest.approx(360 / 67))
    # childcare at (550, 0): gate 310 m, door 355 m
    found = verdict(
        town,
        "shut",
        "childcare",
        "distance_m",
        "distance_state",
        "coverage_share",
        "households_uncovered",
    )
    assert found == (310.0, "short", 0.0, 120.0)


def test_without_doors_the_nearest_gate_decides(town):
    # gate (550, 10) of pass: 10 m to (550, 0)
    found = verdict(
        town, "pass", "childcare", "distance_m", "distance_state", "share_in_reach"
    )
    assert found == (10.0, "met", 1.0)
    assert np.isnan(verdict(town, "pass", "childcare", "coverage_share"))


def test_a_facility_inside_is_reached_from_ones_own_gate(town):
    found = verdict(town, "shut", "canteen", "distance_m", "distance_state", "state")
    assert found == (50.0, "met", "met")


def test_a_facility_behind_a_wall_makes_others_unknown_not_short(town):
    # open: (95, 95) to (250, 60) in a straight line is 159 m
    found = verdict(
        town, "open", "canteen", "distance_m", "distance_cause", "state", "certainty"
    )
    assert np.isnan(found[0])
    assert found[1:] == ("hidden", "unknown", "")
    # pass: (510, ...) is more than 300 m away; its gate (550, 10) is 304 m away
    found = verdict(town, "pass", "canteen", "state", "off_piece")
    assert found == ("short", True)
    assert "走不到任何社区食堂" in verdict(town, "pass", "canteen", "reason")


def test_a_facility_on_no_street_makes_short_unknown(rules):
    far = {"lost": {"at": point(250, -150), "category": "pharmacy"}}
    circle = measure(rules, far)
    assert verdict(circle, "shut", "pharmacy", "state") == "unknown"
    assert verdict(circle, "shut", "pharmacy", "distance_cause") == "hidden"
    # pass: (550, 10) to (250, -150) is 340 m, within 500 m; at 300 m it is short
    assert verdict(circle, "pass", "pharmacy", "state", "state_5min") == (
        "unknown",
        "short",
    )


def test_across_the_river_a_buffer_would_have_said_met(rules):
    over = {"m": {"at": point(100, 300), "category": "market"}}
    circle = measure(rules, over)
    found = verdict(
        circle, "open", "market", "distance_m", "state", "straight_state", "certainty"
    )
    # 95 -> 600 on y = 100, over the bridge, back on y = 300: 10 + 500 + 200 + 500
    assert found == (1210.0, "short", "met", "certain")
    assert verdict(circle, "open", "market", "between") == "river"
    straight = verdict(circle, "open", "market", "straight_distance_m")
    assert straight == pytest.approx(np.hypot(5, 205), abs=0.01)


def test_the_reason_names_the_detour_and_what_lies_between(town):
    # (95, 95) to (100, 100) 10 m, to (600, 100) 500, bridge 200, back 100
    assert verdict(town, "open", "market", "distance_m", "between") == (810.0, "river")
    reason = verdict(town, "open", "market", "reason")
    assert reason.startswith(
        "最近的菜市场步行 810 米，超过 500 米（待核）；绕行系数 1.8"
    )
    assert "中间隔着河流" in reason


def test_nothing_within_the_cut_off_is_short_and_nan(rules):
    far = {"m": {"at": point(0, 400), "category": "market"}}
    circle = measure(rules, far)
    found = verdict(circle, "open", "market", "distance_m", "nearest_facility_id")
    assert pd.isna(found[0])
    assert pd.isna(found[1])
    assert verdict(circle, "open", "market", "state", "off_piece") == ("short", False)
    assert "步行 1,250 米以内走不到菜市场" in verdict(
        circle, "open", "market", "reason"
    )


def test_a_community_whose_gates_are_on_no_street_is_unknown(rules):
    away = {"away": {"at": box(200, -400, 300, -300), "walled": True}}
    gate = {"g_away": {"at": point(250, -300), "community_id": "away"}}
    circle = measure(rules, communities=away, gates=gate)
    found = verdict(circle, "away", "pharmacy", "state", "distance_cause")
    assert found == ("unknown", "no_gate")
    assert pd.isna(verdict(circle, "away", "pharmacy", "piece"))
    assert verdict(circle, "away", "market", "state") == "unknown"
    assert verdict(circle, "away", "parcel", "state") == "no_data"


def test_an_island_is_short_with_a_finding(rules):
    street = {"s": {"at": line((1000, 0), (1100, 0))}}
    isle = {"isle": {"at": box(1010, 5, 1090, 95), "walled": False, "name": "孤岛"}}
    circle = measure(rules, communities=isle, streets=street)
    found = verdict(circle, "isle", "pharmacy", "state", "off_piece", "piece")
    assert found[:2] == ("short", True)
    rows = circle.findings[circle.findings["id"] == "isle"]
    assert rows["code"].tolist() == ["category_not_on_piece"]
    said = render_findings(rows, "zh")["message"].item()
    assert "孤岛" in said
    assert "药店" in said
    assert "Pharmacy" in render_findings(rows, "en")["message"].item()


# --- size and capacity ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("areas", "state", "cause"),
    [
        ([2200.0], "met", "large_enough"),
        ([2199.0], "short", "too_small"),
        ([np.nan], "unknown", "area_missing"),
        ([2199.0, np.nan], "unknown", "area_missing"),
        ([2199.0, 2200.0], "met", "large_enough"),
        ([np.nan, 2200.0], "met", "large_enough"),
    ],
)
def test_size(rules, areas, state, cause):
    rows = {
        f"k{at}": {
            "at": point(400 - 10 * at, 0),
            "category": "kindergarten",
            "floor_area_m2": area,
            "land_area_m2": 1.0,
        }
        for at, area in enumerate(areas)
    }
    circle = measure(rules, rows)
    found = verdict(circle, "shut", "kindergarten", "size_state", "size_cause", "state")
    assert found == (state, cause, state)


def test_a_large_facility_out_of_reach_does_not_help(rules):
    rows = {
        "small": {"at": point(250, 0), "category": "kindergarten", "floor_area_m2": 10},
        "large": {"at": point(0, 0), "category": "kindergarten", "floor_area_m2": 9e3},
    }
    circle = measure(rules, rows)
    # large: gate 10 + 250, but the door 305; the gate has it in reach
    assert verdict(circle, "shut", "kindergarten", "size_state") == "met"
    assert verdict(circle, "pass", "kindergarten", "state") == "short"
    assert verdict(circle, "shut", "kindergarten", "large_distance_m") == 260.0


def test_a_rule_of_land_goes_by_land(rules):
    rows = {
        "g": {
            "at": point(250, 0),
            "category": "fitness_ground",
            "land_area_m2": 150.0,
            "floor_area_m2": 1.0,
        }
    }
    assert verdict(measure(rules, rows), "shut", "fitness_ground", "state") == "met"


def test_capacity_is_shared_among_all_in_reach(rules):
    # childcare at (300, 0): shut 60 m, west 5 + 150 m; open (95, 5) 10 + 200 m;
    # pass (550, 10) 10 + 250 m; east has one gate, into west, and cannot get out:
    # 1,800 persons share 8.1 places, 4.5 for 1,000
    rows = {"c": {"at": point(300, 0), "category": "childcare", "floor_area_m2": 300}}
    people = {"open": 500, "shut": 600, "pass": 400, "west": 300, "east": 200}
    for places, state in ((8.1, "met"), (8.0, "short"), (None, "unknown")):
        rows["c"]["capacity"] = places
        layers = grid_layers()["communities"]
        lived = {name: layers[name] | {"population": people[name]} for name in people}
        circle = measure(rules, rows, communities=lived)
        found = verdict(circle, "shut", "childcare", "capacity_state", "distance_m")
        assert found == (state, 60.0)
        if places:
            low = verdict(circle, "shut", "childcare", "capacity_low")
            assert low == pytest.approx(1000 * places / 1800)
            east = verdict(circle, "east", "childcare", "capacity_state")
            assert east == "unknown"


def test_capacity_reaches_those_who_walk_through_their_neighbour(rules):
    # west's own gate is open to all: east walks through the shared gate and west
    rows = {
        "c": {
            "at": point(300, 150),
            "category": "childcare",
            "floor_area_m2": 300,
            "capacity": 9,
        }
    }
    layers = grid_layers()
    lived = {
        name: layers["communities"][name] | {"population": number}
        for name, number in {"west": 1000, "east": 1000}.items()
    }
    lived |= {
        name: layers["communities"][name] | {"population": 0}
        for name in ("open", "shut", "pass")
    }
    gate = {"g_west": layers["gates"]["g_west"] | {"open_to": "all"}}
    circle = measure(rules, rows, communities=lived, gates=gate)
    # 5 m to west's gate; east: 95 m through west more
    assert verdict(circle, "west", "childcare", "distance_m", "capacity_low") == (
        5,
        4.5,
    )
    found = verdict(circle, "east", "childcare", "distance_m", "capacity_state")
    assert found == (100.0, "met")


def test_capacity_inside_a_wall_counts_for_those_who_live_there(rules):
    rows = {
        "c": {
            "at": point(250, 60),
            "category": "childcare",
            "floor_area_m2": 300,
            "capacity": 5,
        }
    }
    lived = {"shut": grid_layers()["communities"]["shut"] | {"population": 1000}}
    circle = measure(rules, rows, communities=lived)
    found = verdict(circle, "shut", "childcare", "capacity_low", "capacity_state")
    assert found == (5.0, "met")
    assert verdict(circle, "open", "childcare", "capacity_state") == "unknown"


def test_rules_per_household_wait_for_units(rules):
    rows = {"p": {"at": point(250, 0), "category": "parking", "capacity": 1000}}
    found = verdict(measure(rules, rows), "shut", "parking", "capacity_state", "state")
    assert found == ("unknown", "unknown")


# --- what the data hold ---------------------------------------------------------------


def test_a_missing_category_is_no_data_and_an_ambiguous_one_unknown(rules):
    circle = measure(rules, ambiguous={"primary_school": 2, "pharmacy": 1})
    assert verdict(circle, "shut", "middle_school", "state") == "no_data"
    found = verdict(circle, "shut", "primary_school", "state", "distance_cause")
    assert found == ("unknown", "ambiguous")
    assert verdict(circle, "shut", "pharmacy", "state") == "met"


def test_a_closed_facility_serves_nobody_but_is_data(rules):
    rows = {"ph": FACILITIES["ph"] | {"status": "closed"}}
    assert verdict(measure(rules, rows), "shut", "pharmacy", "state") == "short"


def test_residents_only_serves_its_own_community(rules):
    rows = {"f": {"at": point(250, 50), "category": "pharmacy", "serves": "residents"}}
    circle = measure(rules, rows)
    found = verdict(circle, "shut", "pharmacy", "state", "distance_m")
    assert found == ("met", 40.0)
    assert verdict(circle, "open", "pharmacy", "state") == "short"


def test_what_is_switched_off_is_not_required(rules, grid_town):
    needs = dict(rules.requirements)
    needs["pharmacy"] = replace(needs["pharmacy"], required=False)
    book = replace(rules, requirements=needs)
    circle = measure(book)
    row = circle.verdict("shut", "pharmacy")
    assert row["state"] == row["distance_state"] == "not_required"
    assert row["reason"] == "当前要求不包括药店"
    assert circle.communities.loc["shut", "required"] == len(needs) - 1
    assert (
        len(grid_town.communities) == circle.categories.loc["pharmacy", "not_required"]
    )


def test_required_without_a_rule_is_unknown_and_said(rules):
    needs = {"pharmacy": replace(rules.requirements["pharmacy"], distance=None)}
    circle = measure(replace(rules, requirements=needs))
    row = circle.verdict("shut", "pharmacy")
    assert (row["state"], row["distance_m"]) == ("unknown", 360.0)
    assert np.isnan(row["threshold_m"])
    assert row["reach_m"] == 500.0
    codes = circle.findings["code"].tolist()
    assert codes.count("category_without_rule") == 1


def test_a_threshold_beyond_the_search_is_refused(rules):
    need = rules.requirements["pharmacy"]
    far = replace(need.distance, numbers=(("max_distance_m", 9000.0),))
    book = replace(rules, requirements={"pharmacy": replace(need, distance=far)})
    with pytest.raises(RuleError):
        measure(book)


# --- certainty ------------------------------------------------------------------------


def test_short_near_the_edge_of_the_data_is_edge_and_met_is_not(rules):
    # the streets leave the extent at x = 350: from shut 10 + 100 m
    extent = {"all": {"at": box(-200, -200, 350, 600)}}
    circle = measure(rules, extent=extent)
    found = verdict(circle, "shut", "childcare", "d_edge_m", "certainty", "state")
    assert found == (110.0, "edge", "short")
    assert "离数据边界只有 110 米" in verdict(circle, "shut", "childcare", "reason")
    assert verdict(circle, "shut", "pharmacy", "state", "certainty") == (
        "met",
        "certain",
    )
    # pass lies outside
    assert verdict(circle, "pass", "canteen", "d_edge_m", "certainty") == (0.0, "edge")


def test_the_extent_of_the_facilities_counts_too(rules):
    extent = {
        "all": {"at": box(-200, -200, 800, 600)},
        "points": {"at": box(-200, -200, 350, 600), "layer": "facilities"},
    }
    circle = measure(rules, extent=extent)
    assert verdict(circle, "shut", "childcare", "d_edge_m", "certainty") == (
        110.0,
        "edge",
    )


def test_borderline_by_gate_and_by_doors(rules):
    # open to (395, 0): gate (95, 5) 5 + 300 m = 305 m
    rows = {"k": {"at": point(395, 0), "category": "canteen"}}
    circle = measure(rules, rows)
    found = verdict(circle, "open", "canteen", "distance_m", "state", "certainty")
    assert found == (305.0, "short", "borderline")
    # shut: gate 155 m, door 200 m: far from 270 and 330 m
    assert verdict(circle, "shut", "canteen", "certainty") == "certain"
    rows["k"]["at"] = point(515, 0)  # door 320 m: short, met at 330 m
    circle = measure(rules, rows)
    assert verdict(circle, "shut", "canteen", "state", "certainty") == (
        "short",
        "borderline",
    )


# --- paces, circles, scores ----------------------------------------------------------


def test_an_elder_loses_what_an_adult_reaches(town):
    # door to pharmacy 405 m: 500 m for adults, 500 x 50 / 67 = 373 m for elders
    found = verdict(
        town, "shut", "pharmacy", "elder_threshold_m", "elder_state", "distance_state"
    )
    assert found == (373.13, "short", "met")
    assert town.categories.loc["pharmacy", "elder_lost"] >= 1
    assert town.categories.loc["pharmacy", "elder_lost_households"] >= 120


def test_circles_are_judged_at_300_500_and_1000_metres(town):
    columns = ["state_5min", "state_10min", "state_15min", "elder_state_10min"]
    assert verdict(town, "shut", "pharmacy", *columns) == (
        "short",
        "met",
        "met",
        "short",
    )
    scores = town.communities.loc["shut"]
    rows = town.gaps[town.gaps["community_id"] == "shut"]
    for minutes in (5, 10, 15):
        met = int((rows[f"state_{minutes}min"] == "met").sum())
        assert scores[f"met_{minutes}min"] == met


def test_scores_add_up_and_the_worst_is_ranked_by_stated_ties(town):
    scores, gaps = town.communities, town.gaps
    states = scores[["met", "short", "unknown", "no_data"]].sum(axis=1)
    assert (states == scores["required"]).all()
    order = scores.assign(key=scores.index, uncovered=scores["households_uncovered"])
    order = order.sort_values(
        ["short", "uncovered", "met", "key"], ascending=[False, False, True, True]
    )
    assert order.index.tolist() == town.worst.index.tolist()
    assert town.worst["rank"].tolist() == [1, 2, 3, 4, 5]
    lacking = gaps[
        (gaps["community_id"] == town.worst.index[0]) & (gaps["state"] == "short")
    ]
    assert town.worst["lacking"].iloc[0] == "|".join(lacking["category"])


def test_households_lacking_are_those_of_the_communities_that_lack_it(town):
    rows = town.gaps[
        (town.gaps["category"] == "market") & (town.gaps["state"] == "short")
    ]
    expected = rows["households_uncovered"].sum()
    assert town.categories.loc["market", "households_lacking"] == expected
    assert np.isnan(town.categories.loc["parcel", "households_lacking"])


# --- drawing --------------------------------------------------------------------------


def test_every_walk_is_as_long_as_its_distance_and_joins_gate_and_facility(town):
    reached = town.gaps[town.gaps["distance_m"].notna()]
    assert len(reached) > 10
    for row in reached.itertuples():
        walk = town.walk(row.community_id, row.category)
        assert walk.length == pytest.approx(row.distance_m, abs=0.01)
        gate = town.network.gates.geometry[row.gate_id]
        facility = town.district.facilities.geometry[row.nearest_facility_id]
        assert shapely.Point(walk.coords[0]).distance(gate) < 0.01
        assert shapely.Point(walk.coords[-1]).distance(facility) < 0.01


def test_there_is_no_walk_to_what_cannot_be_reached(town):
    with pytest.raises(InputError):
        town.walk("open", "canteen")


def test_a_catchment_holds_the_streets_in_reach_and_no_others(town):
    area = town.catchment("pharmacy", 150.0)
    assert area.covers(place(point(500, 0)))
    assert area.covers(place(point(449, 0)))
    assert not area.covers(place(point(420, 0)))
    # the river cuts it but for the bridge
    wide = town.catchment("pharmacy", 400.0)
    assert wide.covers(place(point(600, 300)))
    assert wide.covers(place(point(600, 250)))
    assert not wide.covers(place(point(610, 250)))
    nothing = measure_nothing(town)
    assert nothing.is_empty


def measure_nothing(town):
    return town.catchment("parcel")


def test_reasons_speak_both_languages_and_leave_no_place_open(town):
    for lang in ("zh", "en"):
        said = town.explain(lang)
        assert not said.str.contains("[{}]").any()
        assert said.str.len().min() > 5
    assert town.explain("zh").equals(town.gaps["reason"])


# --- properties -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_distances_are_those_of_a_slow_walker(rules, seed):
    random = np.random.default_rng(seed)
    spots = random.uniform([-40, -40], [640, 440], (30, 2))
    categories = random.choice(["pharmacy", "market", "canteen"], 30)
    rows = {
        f"f{at:02d}": {"at": point(*spot), "category": category}
        for at, (spot, category) in enumerate(zip(spots, categories, strict=True))
    }
    circle = measure(rules, rows)
    gates = circle.network.gates
    for community in circle.communities.index:
        walker = Walker(circle.network, community)
        own = gates.index[(gates["community_id"] == community) & (gates["node"] >= 0)]
        for category in ("pharmacy", "market", "canteen"):
            those = [name for name in rows if rows[name]["category"] == category]
            walks = [walker.walk_m(gate, f) for gate in own for f in those]
            best = min(walks)
            found = verdict(circle, community, category, "distance_m")
            if best > 1250:
                assert np.isnan(found)
            else:
                assert found == pytest.approx(best, abs=0.06)


def test_the_order_of_rows_changes_nothing(rules, town):
    layers = grid_layers() | {"facilities": FACILITIES}
    turned = {name: dict(reversed(rows.items())) for name, rows in layers.items()}
    district = make_district(**turned)
    network = build_network(district, rules, Settings())
    circle = measure_life_circle(district, network, rules, Settings())
    same = [name for name in town.gaps.columns if name != "piece"]
    pd.testing.assert_frame_equal(circle.gaps[same], town.gaps[same])


def test_cancelling_stops(rules, grid_town):
    network = build_network(grid_town, rules, Settings())

    def stop(stage, share):
        raise InterruptedError(stage, share)

    with pytest.raises(InterruptedError):
        measure_life_circle(grid_town, network, rules, Settings(), stop)


def test_doors_on_no_street_leave_a_least_number_and_never_nan(rules):
    west = -2000
    blocks = {"c": (200, 10, 75), "d": (200, 560, 25)}
    circle = measure(
        rules,
        {"p": {"at": point(west + 200, -2000), "category": "pharmacy"}},
        streets={"far": {"at": line((west - 100, -2000), (west + 700, -2000))}},
        communities={
            "wide": {"at": box(west, -1999, west + 600, -1399), "households": 100}
        },
        buildings={
            name: {
                "at": box(west + x, y - 2000, west + x + 9, y - 1996),
                "households": number,
                "community_id": "wide",
            }
            for name, (x, y, number) in blocks.items()
        },
    )
    row = circle.verdict("wide", "pharmacy")
    assert row["distance_cause"] == "doors_unknown"
    assert row["households_within"] == 75
    for lang in ("zh", "en"):
        assert not circle.explain(lang).str.contains("nan").any()
