"""What units lack, counted by hand in the grid town, and against a plain oracle.

Ways from the gates of the grid town along y = 0 (see `gridtown`): to a place at
(x, 0) it is 10 + |x - 250| from ``shut`` (its door 60 + |x - 250| + 5 - 5), 10 +
|x - 550| from ``pass`` and, from ``west``, 5 + 150 + |x - 300|.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from gridtown import box, grid_layers, make_district, point
from oracle_verdicts import Judge
from scrambled import scramble

from geo.lifecircle import measure_life_circle
from geo.network import build_network
from geo.plan import plan_district
from geo.sample import make_district as make_town_district
from geo.sample import make_sample
from geo.settings import Settings
from geo.town import make_town
from geo.unit_gaps import explain_unit_gaps, gather_members, judge_units

QUOTAS = ("per_household", "per_100_households")
#: Columns that a unit of one shares with its community, whatever the category.
ALIKE = (
    "distance_state",
    "size_state",
    "distance_m",
    "large_distance_m",
    "share_in_reach",
    "d_edge_m",
    "threshold_m",
    "households",
)
#: The same, but for rules per household, which wait for units.
ALIKE_OTHERWISE = (
    "capacity_state",
    "state",
    "certainty",
    "coverage_share",
    "households_uncovered",
    "capacity_low",
)


def measure(rules, facilities, settings=None, **changed):
    """Measure the grid town with facilities and changed columns of communities."""
    layers = grid_layers() | {"facilities": facilities}
    for name, columns in changed.items():
        layers["communities"][name] |= columns
    district = make_district(**layers)
    settings = settings or Settings()
    network = build_network(district, rules, settings)
    return measure_life_circle(district, network, rules, settings)


def judge(circle, category, *communities, **more):
    """Judge one unit; return its row of a category."""
    table = judge_units(circle, pd.Series("U1", index=list(communities)), **more)
    (row,) = table[table["category"] == category].to_dict("records")
    return row


def get(row, *columns):
    return tuple(row[name] for name in columns)


def same(one, other):
    return (one == other) | (one.isna() & other.isna())


# --- distance -------------------------------------------------------------------------

#: 60 m from the gate of pass, 310 m from the one door of shut (260 m from its gate).
CANTEEN = {"f": {"at": point(500, 0), "category": "canteen"}}


@pytest.mark.parametrize(
    ("households", "state", "share"), [(480, "met", 0.8), (479, "short", 479 / 599)]
)
def test_the_share_of_the_households_of_all_members(rules, households, state, share):
    circle = measure(rules, CANTEEN, **{"pass": {"households": households}})
    row = judge(circle, "canteen", "shut", "pass")
    assert get(row, "state", "distance_state", "communities") == (state, state, 2)
    assert row["share_in_reach"] == pytest.approx(share)
    assert row["coverage_share"] == pytest.approx(share)
    assert row["households_uncovered"] == pytest.approx(120)
    assert row["distance_m"] == 60.0


def test_a_unit_that_has_it_closes_the_gap_of_a_member_of_the_raising_class(rules):
    circle = measure(rules, CANTEEN, **{"pass": {"households": 480}})
    assert circle.verdict("shut", "canteen")["state"] == "short"
    row = judge(circle, "canteen", "shut", "pass")
    told = get(row, "communities_short", "short_members", "filled_at")
    assert told == (1, "shut", "unit")
    assert get(row, "closed_by_pooling", "communities_left") == (True, 0)


def test_other_classes_stay_the_task_of_the_community(rules):
    rows = {"f": CANTEEN["f"] | {"category": "public_toilet"}}
    circle = measure(rules, rows, **{"pass": {"households": 480}})
    row = judge(circle, "public_toilet", "shut", "pass")
    assert get(row, "state", "communities_short", "filled_at") == (
        "met",
        1,
        "community",
    )
    assert get(row, "closed_by_pooling", "communities_left") == (False, 1)


def test_a_category_of_two_classes_may_be_filled_by_the_unit(rules):
    row = judge(measure(rules, CANTEEN), "pharmacy", "shut")
    assert row["filled_at"] == "unit"
    assert judge(measure(rules, CANTEEN), "bus_stop", "shut")["filled_at"] == (
        "community"
    )


def test_a_unit_that_lacks_it_leaves_its_members_short(rules):
    row = judge(measure(rules, CANTEEN), "canteen", "shut", "pass", "open")
    assert row["state"] == "short"
    assert get(row, "communities_short", "short_members") == (2, "open|shut")
    assert get(row, "closed_by_pooling", "communities_left") == (False, 2)
    # pass 60 of 80 + 120 + 60
    assert row["coverage_share"] == pytest.approx(60 / 260)
    assert row["households_uncovered"] == pytest.approx(200)


def test_unknown_households_leave_open_what_they_could_turn(rules):
    circle = measure(rules, CANTEEN, open={"households": None})
    row = judge(circle, "canteen", "pass", "open")
    assert get(row, "distance_state", "distance_cause", "state") == (
        "unknown",
        "households_missing",
        "unknown",
    )
    assert get(row, "households", "households_unknown") == (60.0, 1)
    assert np.isnan(row["coverage_share"])
    assert np.isnan(row["households_uncovered"])


def test_unknown_households_do_no_harm_where_all_agree(rules):
    circle = measure(rules, CANTEEN, open={"households": None})
    row = judge(circle, "canteen", "shut", "open")
    assert get(row, "state", "coverage_share") == ("short", 0.0)
    assert get(row, "households", "households_uncovered") == (120.0, 120.0)
    said = explain_unit_gaps(pd.DataFrame([row]), rules, "zh")[0]
    assert "另有 1 个小区缺户数，未计入" in said


def test_a_unit_without_any_households_counts_communities(rules):
    unknown = {name: {"households": None} for name in ("open", "west", "pass")}
    circle = measure(rules, CANTEEN, **unknown)
    row = judge(circle, "canteen", "open", "west")
    assert row["state"] == "short"
    assert np.isnan(row["households"])
    assert np.isnan(row["households_uncovered"])
    said = explain_unit_gaps(pd.DataFrame([row]), rules, "zh")[0]
    assert said.startswith("片区 2 个小区都没有可计的户数，但各自步行 300 米")
    assert judge(circle, "canteen", "open", "pass")["state"] == "unknown"


def test_nobody_at_home_weighs_nothing(rules):
    circle = measure(rules, CANTEEN, open={"households": 0})
    row = judge(circle, "canteen", "pass", "open")
    assert get(row, "state", "coverage_share") == ("met", 1.0)
    assert get(row, "households", "households_uncovered") == (60.0, 0.0)


def test_a_facility_on_no_street_makes_a_short_unit_unknown(rules):
    # 150 m from every street, 247 m from the gate of pass
    far = {"at": point(750, -150), "category": "canteen"}
    circle = measure(rules, {"f": far})
    assert circle.verdict("pass", "canteen")["distance_cause"] == "hidden"
    assert circle.verdict("shut", "canteen")["state"] == "short"
    row = judge(circle, "canteen", "pass", "shut")
    assert get(row, "distance_state", "distance_cause") == ("short", "beyond")
    circle = measure(rules, {"f": far}, **{"pass": {"households": 480}})
    row = judge(circle, "canteen", "pass", "shut")
    assert get(row, "distance_state", "distance_cause") == ("unknown", "hidden")


def test_a_member_that_nobody_can_enter_leaves_the_unit_open(rules):
    layers = grid_layers() | {"facilities": CANTEEN}
    layers["communities"]["far"] = {"at": box(700, 500, 780, 580), "households": 60}
    district = make_district(**layers)
    network = build_network(district, rules, Settings())
    circle = measure_life_circle(district, network, rules, Settings())
    assert circle.verdict("far", "canteen")["distance_cause"] == "no_gate"
    row = judge(circle, "canteen", "pass", "far")
    assert get(row, "distance_state", "distance_cause") == ("unknown", "no_gate")
    assert judge(circle, "canteen", "shut", "open", "far")["distance_state"] == "short"
    assert judge(circle, "childcare", "far")["size_state"] == "no_data"


# --- size -----------------------------------------------------------------------------


def rooms(*areas, category="childcare", **more):
    """Rooms at (400, 0): 160 m from the gates of shut and of pass."""
    row = {"at": point(400, 0), "category": category, **more}
    return {f"f{at}": row | {"floor_area_m2": area} for at, area in enumerate(areas)}


def test_two_rooms_of_100_are_no_room_of_200(rules):
    circle = measure(rules, rooms(100, 100))
    row = judge(circle, "childcare", "shut", "pass")
    assert get(row, "size_state", "size_cause") == ("short", "too_small")
    assert row["state"] == "short"
    said = explain_unit_gaps(pd.DataFrame([row]), rules, "zh")[0]
    assert "几处小的不能相加" in said


def test_however_many_small_rooms_there_are(rules):
    circle = measure(rules, rooms(*[199.9] * 30))
    table = judge_units(circle, pd.Series("U", index=circle.communities.index))
    sized = table[table["category"] == "childcare"]
    assert sized["size_state"].tolist() == ["short"]


def test_one_that_is_large_enough_serves_the_unit(rules):
    # 10 m from the gate of pass; shut has only the small one
    large = {"at": point(550, 0), "category": "childcare", "floor_area_m2": 200}
    circle = measure(rules, rooms(100) | {"large": large})
    assert circle.verdict("shut", "childcare")["size_state"] == "short"
    row = judge(circle, "childcare", "shut", "pass")
    assert get(row, "size_state", "size_cause") == ("met", "large_enough")
    assert row["large_distance_m"] == 10.0


def test_an_unknown_area_leaves_the_size_open(rules):
    unknown = {"at": point(550, 0), "category": "childcare"}
    circle = measure(rules, rooms(100) | {"f9": unknown})
    row = judge(circle, "childcare", "shut", "pass")
    assert get(row, "size_state", "size_cause") == ("unknown", "area_missing")


def test_a_hidden_one_seen_by_a_member_with_none_in_reach_leaves_the_size_open(rules):
    # shut has only a small room; pass has none in reach but sees one on no street
    small = {"at": point(150, 0), "category": "childcare", "floor_area_m2": 100}
    far = {"at": point(750, -150), "category": "childcare"}
    circle = measure(rules, {"small": small, "far": far})
    assert circle.verdict("shut", "childcare")["size_state"] == "short"
    assert circle.verdict("pass", "childcare")["size_cause"] == "none_in_reach"
    row = judge(circle, "childcare", "shut", "pass")
    assert get(row, "size_state", "size_cause") == ("unknown", "hidden")
    known = {"far": far | {"floor_area_m2": 150}, "small": small}
    assert judge(measure(rules, known), "childcare", "shut", "pass")["size_state"] == (
        "short"
    )


def test_nothing_in_reach_says_nothing_about_size(rules):
    row = judge(measure(rules, rooms(500)), "childcare", "open")
    assert get(row, "size_state", "size_cause") == ("unknown", "none_in_reach")


# --- capacity -------------------------------------------------------------------------

#: In reach: of shut (110 m) and open; of pass alone (20 m).
WESTERN, EASTERN = point(150, 0), point(560, 0)


def supply(category, column, western, eastern):
    return {
        "w": {"at": WESTERN, "category": category, column: western},
        "e": {"at": EASTERN, "category": category, column: eastern},
    }


PEOPLE = {
    "shut": {"population": 1000},
    "open": {"population": 1000},
    "pass": {"population": 500},
}


def test_places_are_added_up_each_facility_once(rules):
    circle = measure(rules, supply("childcare", "capacity", 6, 20), **PEOPLE)
    # 6 places for 2,000; counted once for each they would be 6 per 1,000
    row = judge(circle, "childcare", "shut", "open")
    assert get(row, "capacity_low", "capacity_high") == (3.0, 3.0)
    assert get(row, "capacity_state", "capacity_cause") == ("short", "too_little")
    # with pass: 26 for 2,500
    row = judge(circle, "childcare", "shut", "open", "pass")
    assert row["capacity_low"] == pytest.approx(10.4)
    assert row["capacity_state"] == "met"
    # without open: half of the 6, and 20, for 1,500
    row = judge(circle, "childcare", "shut", "pass")
    assert row["capacity_low"] == pytest.approx(23 / 1.5)


def test_an_unknown_population_leaves_the_capacity_open(rules):
    people = PEOPLE | {"pass": {"population": None}}
    circle = measure(rules, supply("childcare", "capacity", 6, 20), **people)
    row = judge(circle, "childcare", "shut", "pass")
    assert get(row, "capacity_state", "capacity_cause") == ("unknown", "demand_missing")
    assert row["capacity_low"] == 0.0
    # shut and open alone do not hang on it
    assert judge(circle, "childcare", "shut", "open")["capacity_state"] == "short"


def test_floor_areas_are_added_up_for_households(rules):
    # 40 m2 for 80 + 120 households, 6 m2 for 60: 20 and 10 per 100 households
    circle = measure(rules, supply("elderly_daycare", "floor_area_m2", 40, 6))
    found = {
        units: judge(circle, "elderly_daycare", *units)
        for units in (("shut",), ("pass",), ("shut", "open"), ("shut", "pass"))
    }
    low = {units: row["capacity_low"] for units, row in found.items()}
    assert low["shut",] == pytest.approx(20)
    assert low["pass",] == pytest.approx(10)
    assert low["shut", "open"] == pytest.approx(20)
    # 24 m2 of the western one and 6 m2 for 180 households
    assert low["shut", "pass"] == pytest.approx(100 * 30 / 180)
    state = {units: row["capacity_state"] for units, row in found.items()}
    assert state["shut", "open"] == state["shut",] == "met"
    assert state["pass",] == state["shut", "pass"] == "short"


def test_enough_in_all_is_enough_for_the_unit_and_size_is_not_added_up(rules):
    # 40 + 12 m2 for 260 households are 20 per 100, and neither room has 350 m2
    circle = measure(rules, supply("elderly_daycare", "floor_area_m2", 40, 12))
    row = judge(circle, "elderly_daycare", "open", "shut", "pass")
    assert row["capacity_low"] == pytest.approx(20)
    assert get(row, "capacity_state", "size_state") == ("met", "short")
    assert row["state"] == "short"


def test_an_unknown_floor_area_leaves_the_capacity_open(rules):
    circle = measure(rules, supply("elderly_daycare", "floor_area_m2", 40, None))
    row = judge(circle, "elderly_daycare", "shut", "pass")
    assert row["capacity_low"] == pytest.approx(100 * 24 / 180)
    assert row["capacity_high"] == np.inf
    assert get(row, "capacity_state", "capacity_cause") == (
        "unknown",
        "capacity_missing",
    )
    # what is known may be enough by itself
    circle = measure(rules, supply("elderly_daycare", "floor_area_m2", 90, None))
    assert judge(circle, "elderly_daycare", "shut", "pass")["capacity_state"] == "met"


def test_unknown_households_leave_a_quota_open(rules):
    rows = supply("elderly_daycare", "floor_area_m2", 40, 60)
    circle = measure(rules, rows, **{"pass": {"households": None}})
    row = judge(circle, "elderly_daycare", "shut", "pass")
    assert get(row, "capacity_state", "capacity_cause") == ("unknown", "demand_missing")


def test_spaces_of_the_communities_and_car_parks_are_added_up(rules):
    rows = supply("parking", "capacity", 0, 24)
    own = {
        "shut": {"parking_spaces": 60},
        "pass": {"parking_spaces": 6},
        "open": {"parking_spaces": 0},
    }
    circle = measure(rules, rows, **own)
    row = judge(circle, "parking", "shut", "pass")
    # 60 + 6 + 24 for 180 households
    assert row["capacity_low"] == pytest.approx(0.5)
    assert get(row, "capacity_state", "capacity_kind") == ("met", "per_household")
    assert judge(circle, "parking", "shut")["capacity_low"] == pytest.approx(0.5)
    assert judge(circle, "parking", "open")["capacity_state"] == "short"
    assert circle.verdict("shut", "parking")["capacity_state"] == "unknown"


def test_a_car_park_inside_is_among_the_communitys_own_spaces(rules):
    inside = {"at": point(550, 40), "category": "parking", "capacity": 100}
    circle = measure(rules, {"p": inside}, **{"pass": {"parking_spaces": 6}})
    row = judge(circle, "parking", "pass")
    assert get(row, "capacity_low", "capacity_high") == (0.1, 0.1)
    row = judge(measure(rules, {"p": inside}), "parking", "pass")
    assert row["capacity_low"] == pytest.approx(100 / 60)


def test_uncounted_spaces_leave_the_quota_open(rules):
    rows = supply("parking", "capacity", 0, 12)
    circle = measure(rules, rows, **{"pass": {"parking_spaces": 6}})
    row = judge(circle, "parking", "shut", "pass")
    assert row["capacity_low"] == pytest.approx(18 / 180)
    assert get(row, "capacity_state", "capacity_cause") == (
        "unknown",
        "capacity_missing",
    )
    # too many spaces known to fail, whatever the others have
    circle = measure(
        rules, supply("parking", "capacity", 0, 84), **{"pass": {"parking_spaces": 6}}
    )
    assert judge(circle, "parking", "shut", "pass")["capacity_state"] == "met"


def test_own_spaces_are_judged_even_without_a_single_car_park(rules):
    circle = measure(rules, CANTEEN, shut={"parking_spaces": 60})
    row = judge(circle, "parking", "shut")
    assert get(row, "distance_state", "capacity_state") == ("no_data", "met")
    assert row["state"] == "no_data"


# --- the table ------------------------------------------------------------------------


def test_a_missing_category_is_no_data_and_an_ambiguous_one_unknown(rules):
    circle = measure(rules, CANTEEN)
    row = judge(circle, "market", "shut", "pass")
    assert get(row, "state", "certainty") == ("no_data", "")
    layers = grid_layers() | {"facilities": CANTEEN}
    district = replace(make_district(**layers), ambiguous={"market": 2})
    network = build_network(district, rules, Settings())
    circle = measure_life_circle(district, network, rules, Settings())
    row = judge(circle, "market", "shut", "pass")
    assert get(row, "state", "distance_cause") == ("unknown", "ambiguous")


def test_what_is_switched_off_has_no_row(rules):
    needs = dict(rules.requirements)
    needs["canteen"] = replace(needs["canteen"], required=False)
    circle = measure(replace(rules, requirements=needs), CANTEEN)
    table = judge_units(circle, pd.Series("U1", index=["shut"]))
    assert table["category"].tolist() == [key for key in needs if key != "canteen"]


def test_rows_stand_by_smallest_member_and_requirement(rules):
    circle = measure(rules, CANTEEN)
    unit_of = pd.Series({"west": "A", "east": "B", "open": "A", "pass": "C"})
    table = judge_units(circle, unit_of)
    assert table["unit_id"].unique().tolist() == ["B", "A", "C"]
    first = table.loc[table["unit_id"] == "A", "category"]
    assert first.tolist() == list(rules.requirements)
    assert not table.duplicated(["unit_id", "category"]).any()


def test_nothing_to_judge_gives_no_rows_and_all_columns(rules):
    circle = measure(rules, CANTEEN)
    nothing = judge_units(circle, pd.Series([], index=pd.Index([], dtype="str")))
    assert len(nothing) == 0
    some = judge_units(circle, pd.Series("U1", index=["shut"]))
    assert nothing.columns.tolist() == some.columns.tolist()
    assert explain_unit_gaps(nothing, rules, "en").empty


def test_only_the_changed_units_are_judged(rules):
    circle = measure(rules, CANTEEN)
    unit_of = pd.Series(list("ABAC"), index=["east", "open", "pass", "shut"])
    members = gather_members(circle)
    whole = judge_units(circle, unit_of, members=members)
    part = judge_units(circle, unit_of, members=members, only=["C", "A", "Z"])
    expected = whole[whole["unit_id"] != "B"].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, expected)


# --- properties -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(rules):
    return plan_district(
        make_town_district(make_sample()), rules, Settings()
    ).life_circle


@pytest.fixture(scope="module")
def sample_members(sample):
    return gather_members(sample)


def assert_alone_alike(circle, members=None):
    """Units of one have the verdicts of their communities."""
    ids = circle.district.communities.index
    table = judge_units(circle, pd.Series(ids, index=ids), members=members)
    gaps = circle.gaps[circle.gaps["state"] != "not_required"].reset_index(drop=True)
    assert table["unit_id"].tolist() == gaps["community_id"].tolist()
    assert table["category"].tolist() == gaps["category"].tolist()
    for name in ALIKE:
        assert same(table[name], gaps[name]).all(), name
    others = ~table["capacity_kind"].isin(QUOTAS)
    for name in ALIKE_OTHERWISE:
        assert same(table[name], gaps[name])[others].all(), name
    # what cannot be walked to may hold any amount
    high = table["capacity_high"]
    assert (same(high, gaps["capacity_high"]) | (high == np.inf))[others].all()
    assert not table["closed_by_pooling"].any()
    assert (table["communities_short"] == (gaps["state"] == "short")).all()
    # what waited for units may only have become known
    changed = table["state"] != gaps["state"]
    assert (gaps.loc[changed, "state"] == "unknown").all()
    assert (gaps.loc[changed, "capacity_state"] == "unknown").all()


def test_alone_is_alike_in_the_whole_sample(sample, sample_members):
    assert_alone_alike(sample, sample_members)


@pytest.mark.parametrize("seed", range(4))
def test_alone_is_alike_in_random_towns(rules, seed):
    town = make_town(seed, communities=12, buildings=seed % 2 == 0, sealed_share=0.3)
    assert_alone_alike(
        plan_district(
            make_town_district(town), rules, Settings(), until="gaps"
        ).life_circle
    )


@pytest.mark.parametrize("seed", [13, 15, 18, 23])
def test_alone_is_alike_in_scrambled_towns(rules, seed):
    settings = Settings(boundary_tolerance_m=14.7)
    assert_alone_alike(
        plan_district(scramble(seed), rules, settings, until="gaps").life_circle
    )


def test_all_supply_is_given_away_once(sample, sample_members):
    """Summed over all units it is what stands in somebody's reach, and no more."""
    ids = sample_members.ids
    rng = np.random.default_rng(3)
    unit_of = pd.Series(rng.integers(0, 25, len(ids)).astype(str), index=ids)
    table = judge_units(sample, unit_of, members=sample_members)
    rows = table[table["category"] == "elderly_daycare"]
    given = (rows["capacity_low"] * rows["households"] / 100).sum()
    facilities = sample.district.facilities
    there = facilities["category"] == "elderly_daycare"
    assert 0 < given <= facilities.loc[there, "floor_area_m2"].sum() + 1e-6


def test_the_order_of_rows_changes_nothing(rules):
    layers = grid_layers() | {
        "facilities": supply("elderly_daycare", "floor_area_m2", 40, 6) | CANTEEN
    }
    unit_of = pd.Series(list("ABABA"), index=["open", "shut", "pass", "west", "east"])
    tables = []
    for turn in (False, True):
        rows = {
            name: dict(reversed(frame.items())) if turn else frame
            for name, frame in layers.items()
        }
        district = make_district(**rows)
        network = build_network(district, rules, Settings())
        circle = measure_life_circle(district, network, rules, Settings())
        tables.append(judge_units(circle, unit_of[::-1] if turn else unit_of))
    pd.testing.assert_frame_equal(*tables)


def test_the_sample_pair_as_one_unit(sample, sample_members):
    row = judge(sample, "childcare", "C106", "C107", members=sample_members)
    # both lack it (638 m and 550 m), so the unit does, until they build together
    assert get(row, "state", "communities_short", "households_uncovered") == (
        "short",
        2,
        656.0,
    )
    assert row["distance_m"] == 550.0
    # 320 of 656 households have a health station, 300 m away, large enough
    row = judge(sample, "health_station", "C106", "C107", members=sample_members)
    assert get(row, "state", "size_state", "short_members") == ("short", "met", "C107")
    assert row["coverage_share"] == pytest.approx(320 / 656)


def test_every_sentence_is_filled_in_both_languages(sample, sample_members, rules):
    ids = sample_members.ids
    rng = np.random.default_rng(5)
    unit_of = pd.Series(rng.integers(0, 30, len(ids)).astype(str), index=ids)
    table = judge_units(sample, unit_of, members=sample_members)
    for lang in ("zh", "en"):
        said = explain_unit_gaps(table, rules, lang)
        assert said.index.equals(table.index)
        assert said.str.len().min() > 8
        assert not said.str.contains(r"[{}]|nan|None").any()


# --- against the oracle ---------------------------------------------------------------


def pool_slowly(parts, weights):
    """Return the least and greatest mean that unknown weights allow."""
    known = [(p, w) for p, w in zip(parts, weights, strict=True) if w > 0]
    free = [p for p, w in zip(parts, weights, strict=True) if np.isnan(w)]
    if not known and not free:
        free = parts
    means = (
        [
            tuple(
                sum(p[at] * w for p, w in known) / sum(w for _, w in known)
                for at in (0, 1)
            )
        ]
        if known
        else []
    )
    return (
        min(low for low, _ in means + free),
        max(high for _, high in means + free),
    )


def judge_slowly(judge, need, unit):
    """Judge distance and size of a unit from the words of the module."""
    names = list(judge.open.index[judge.open["category"] == need.category])
    reach = need.reach_m(judge.settings)
    homes = pd.to_numeric(judge.district.communities["households"])
    parts, weights, sizes = [], [], set()
    entered = [judge.near[name].entered for name in unit]
    seen = False
    for name in unit:
        near = judge.near[name]
        low, high = judge.share(near, names, reach)
        if any(near.hidden.get(f, np.inf) <= reach for f in names):
            high = 1.0
        parts.append((low, high) if near.entered else (0.0, 1.0))
        counted = sum(h for h, _, _ in near.doors)
        own = homes[name]
        weights.append((counted or np.nan) if np.isnan(own) else own)
        if need.size is None or not near.entered:
            continue
        sizes |= {judge.size_of(need, f) for f in names if near.any[f] <= reach}
        seen |= any(
            near.hidden.get(f, np.inf) <= reach and judge.size_of(need, f) != "small"
            for f in names
        )
    low, high = pool_slowly(parts, weights)
    least = judge.settings.coverage_share_min
    distance = "met" if low >= least - 1e-9 else "unknown"
    distance = "short" if high < least - 1e-9 else distance
    if "large" in sizes:
        return distance, "met"
    sure = sizes == {"small"} and all(entered) and not seen
    return distance, "short" if sure else "unknown"


@pytest.mark.parametrize("seed", [1, 2, 13, 22])
def test_units_of_scrambled_towns_against_the_oracle(rules, seed):
    settings = Settings(boundary_tolerance_m=14.7)
    district = scramble(seed)
    rng = np.random.default_rng(seed)
    lost = rng.random(len(district.communities)) < 0.25
    communities = district.communities.copy()
    communities.loc[lost, "households"] = np.nan
    district = replace(district, communities=communities)
    circle = plan_district(district, rules, settings, until="gaps").life_circle
    slow = Judge(district, rules, settings)
    ids, members = sorted(communities.index), gather_members(circle)
    checked = 0
    for _ in range(8):
        unit_of = pd.Series(rng.integers(0, 4, len(ids)).astype(str), index=ids)
        table = judge_units(circle, unit_of, members=members)
        checked += compare(table, unit_of, slow, rules)
    assert checked > 40


def compare(table, unit_of, slow, rules):
    """Compare every row that no distance makes doubtful; return how many."""
    present = set(slow.district.facilities["category"].dropna())
    checked = 0
    for row in table[table["category"].isin(present)].to_dict("records"):
        need = rules.requirements[row["category"]]
        unit = sorted(unit_of.index[unit_of == row["unit_id"]])
        if any(slow_touchy(slow, need, name) for name in unit):
            continue
        distance, size = judge_slowly(slow, need, unit)
        checked += 1
        if need.distance is not None:
            assert row["distance_state"] == distance, (unit, need.category)
        if need.size is not None:
            assert row["size_state"] == size, (unit, need.category)
    return checked


def slow_touchy(slow, need, name):
    """Whether a distance stands too near to its limit to compare."""
    names = list(slow.open.index[slow.open["category"] == need.category])
    reach = need.reach_m(slow.settings)
    return slow.is_touchy(slow.near[name], names, reach, reach)
