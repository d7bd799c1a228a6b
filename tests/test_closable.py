"""What idle resources close: the sample's joint pair, a town by hand, random towns."""

import tomllib
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from gridtown import Walker, box, grid_layers, make_district, point
from sample_plan import measure_sample, read_sample

from geo.closable import find_closable, find_owned
from geo.errors import CancelledError
from geo.findings import render_findings
from geo.lifecircle import measure_life_circle
from geo.network import build_network
from geo.rules import load_rules
from geo.sample import make_district as make_town_district
from geo.settings import Settings
from geo.suitability import judge_suitability
from geo.text import LANGUAGES
from geo.town import make_town

ANSWERS = tomllib.loads(
    Path(__file__).with_name("sample_answers.toml").read_text(encoding="utf-8")
)
#: Easting and northing of the zero point of the sample's quarter.
ZERO = np.array([527_500.0, 4_418_000.0])
RULES = load_rules()
NEAR_M = Settings().units.resource_near_m


def measure(district):
    network = build_network(district, RULES, Settings())
    return measure_life_circle(district, network, RULES, Settings())


def all_suitable(district, state="yes"):
    """Pretend that every resource may become anything."""
    pairs = pd.MultiIndex.from_product(
        [district.idle.index, RULES.requirements], names=["idle_id", "category"]
    )
    return pairs.to_frame(index=False).assign(state=state)


# --- the sample -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample():
    return read_sample()


@pytest.fixture(scope="module")
def circle():
    return measure_sample()


def close(circle, idle=None):
    district = circle.district if idle is None else replace(circle.district, idle=idle)
    circle = replace(circle, district=district)
    table = judge_suitability(district.idle, RULES, protected=district.protected)
    return find_closable(circle, table, near_m=NEAR_M)


def walk_of(found, community, category, name):
    rows = found.reach.set_index(["community_id", "category", "idle_id"])
    return rows.loc[(community, category, name), "distance_m"]


def test_the_joint_pair_closes_its_shortfalls_only_together(sample, circle):
    answer = ANSWERS["joint"]
    found = close(circle)
    needs = found.needs.set_index(["community_id", "category"])
    names = sample.idle["name"].reset_index().set_index("name")["id"]
    for own, other in (answer["communities"], answer["communities"][::-1]):
        lacks = answer["lacks"][own]
        need = needs.loc[(own, lacks)]
        assert not need["alone"]
        assert other in need["helpers"]
        rows = found.reach[
            (found.reach["community_id"] == own) & (found.reach["category"] == lacks)
        ]
        assert rows["idle_id"].tolist() == [names[answer["idle_of"][other]]]
    assert needs.loc[("C107", "fitness_ground"), "helpers"] == ("C106",)
    # C117 stands across the street from the shop, which is its own, too
    assert needs.loc[("C106", "childcare"), "helpers"] == ("C107", "C117")
    assert needs.loc[("C107", "childcare"), "alone"]
    assert needs.loc[("C106", "fitness_ground"), "alone"]


def test_the_walks_of_the_joint_pair(sample, circle):
    # The hand-counted walks are to the middle of the shop's front and to that of the
    # yard's southern side: put there as points, they come out to the metre.
    answer = ANSWERS["joint"]
    idle = sample.idle.copy()
    spots = {"C106": (268.0, 384.0), "C107": (74.0, 290.0)}
    names = sample.idle["name"].reset_index().set_index("name")["id"]
    for own, other in (answer["communities"], answer["communities"][::-1]):
        name = names[answer["idle_of"][other]]
        idle.loc[[name], "geometry"] = gpd.GeoSeries.from_xy(
            *ZERO[:, None] + np.array(spots[own])[:, None], index=[name], crs=idle.crs
        )
    found = close(circle, idle)
    for own, other in (answer["communities"], answer["communities"][::-1]):
        name = names[answer["idle_of"][other]]
        walk = walk_of(found, own, answer["lacks"][own], name)
        assert walk == answer["walk_to_other_m"][own]
    # As outlines they attach at their nearest place, of equally near ones the one
    # farther west, then south (geo.network, 18). The shop at (254, 384): 6 + 144 +
    # 104 to (254, 400) + 16 = 270. The yard at (88, 290): 6 + 88 + 6 + 44 + 34 to
    # (100, 290) + 12 = 190.
    found = close(circle)
    walks = {"C106": 270.0, "C107": 190.0}
    for own, other in (answer["communities"], answer["communities"][::-1]):
        name = names[answer["idle_of"][other]]
        assert walk_of(found, own, answer["lacks"][own], name) == walks[own]


def test_rows_are_sorted_whatever_the_order_of_the_layers(circle):
    found = close(circle)
    district = circle.district
    turned = replace(
        circle,
        district=replace(
            district,
            idle=district.idle.iloc[::-1],
            communities=district.communities.iloc[::-1],
        ),
    )
    again = close(turned)
    for name in ("owners", "reach", "needs"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(again, name))
    assert found.reach.equals(
        found.reach.sort_values(["community_id", "category", "idle_id"])
    )
    assert not found.reach.duplicated(["community_id", "category", "idle_id"]).any()


def test_only_suitable_resources_within_the_threshold_of_what_is_short(circle):
    found = close(circle)
    gaps = circle.gaps.set_index(["community_id", "category"])
    assert len(found.reach) > 20
    for row in found.reach.itertuples():
        gap = gaps.loc[(row.community_id, row.category)]
        assert gap["state"] == "short"
        assert row.distance_m <= gap["threshold_m"]
    table = judge_suitability(
        circle.district.idle, RULES, protected=circle.district.protected
    ).set_index(["idle_id", "category"])["state"]
    pairs = list(zip(found.reach["idle_id"], found.reach["category"], strict=True))
    assert set(table.loc[pairs]) == {"yes"}


def test_needs_follow_from_reach_and_owners(circle):
    suited = all_suitable(circle.district)
    before = None
    for near_m in (0.0, 50.0, 200.0):
        found = find_closable(circle, suited, near_m=near_m)
        own = found.owners.groupby("idle_id")["community_id"].agg(set).to_dict()
        keys = ["community_id", "category"]
        closers = {
            key: set().union(*(own.get(name, set()) for name in rows["idle_id"]))
            for key, rows in found.reach[found.reach["closes"]].groupby(keys)
        }
        needs = found.needs.set_index(keys)
        assert needs.index.tolist() == sorted(closers)
        for key, names in closers.items():
            assert needs.loc[key, "alone"] == (key[0] in names)
            assert needs.loc[key, "helpers"] == tuple(sorted(names - {key[0]}))
        # the nearer one must be, the fewer own it; who walks where does not change
        if before is not None:
            pd.testing.assert_frame_equal(found.reach, before.reach)
            assert (needs["alone"] >= before.needs.set_index(keys)["alone"]).all()
            assert len(found.owners) > len(before.owners)
        before = found


# --- a town by hand -------------------------------------------------------------------

#: So far away that everything asked for is short; the market is in reach of all.
FAR = {
    "k": {"at": point(0, 400), "category": "childcare", "floor_area_m2": 300},
    "p": {"at": point(300, 100), "category": "pharmacy"},
}


def close_town(idle, facilities=None, category="childcare", near_m=NEAR_M, **changed):
    layers = grid_layers() | {"facilities": facilities or FAR, "idle": idle}
    for name, rows in changed.items():
        layers[name] = layers.get(name, {}) | rows
    district = make_district(**layers)
    circle = measure(district)
    suited = all_suitable(district)
    found = find_closable(circle, suited[suited["category"] == category], near_m=near_m)
    walks = found.reach.set_index(["community_id", "idle_id"])["distance_m"]
    return found, walks.to_dict()


def test_from_the_gate_along_the_streets():
    # r at (300, 0): shut (250, 10) 10 + 50; open (95, 5) 5 + 5 + 200 (its gate on the
    # corner of the outline nearest the street); pass (550, 10) 10 + 250;
    # west (305, 150) 5 + 150; east leaves only through west, for residents only
    found, walks = close_town({"r": {"at": point(300, 0)}})
    assert walks[("shut", "r")] == 60.0
    assert walks[("pass", "r")] == 260.0
    assert walks[("west", "r")] == 155.0
    assert ("east", "r") not in walks
    assert walks[("open", "r")] == 210.0
    # it lies 14.1 m from shut's outline, and more than 50 m from any other
    assert found.owners["community_id"].tolist() == ["shut"]
    needs = found.needs.set_index("community_id")
    assert needs.loc["shut", "alone"]
    assert needs.loc["shut", "helpers"] == ()
    for other in ("open", "pass", "west"):
        assert not needs.loc[other, "alone"]
        assert needs.loc[other, "helpers"] == ("shut",)
    assert len(found.findings) == 0


def test_behind_a_residents_gate_only_its_own_walk():
    # shut's own: (250, 10) to (250, 60) 50 m; for all others it is behind a wall
    found, walks = close_town({"r": {"at": point(250, 60)}})
    assert walks == {("shut", "r"): 50.0}
    assert found.needs["helpers"].tolist() == [()]
    assert found.needs["alone"].tolist() == [True]


def test_through_gates_that_are_open_to_all_everybody_walks():
    # pass's inner path: (550, 50) is 40 m from either gate; shut: 10 + 300 + 10 + 40
    # is beyond 300 m
    found, walks = close_town({"r": {"at": point(550, 50)}})
    assert walks == {("pass", "r"): 40.0}
    # from a lane between: open's gate is 455 + 50 m away
    idle = {"r": {"at": point(550, 50)}}
    _, walks = close_town(idle, category="pharmacy", facilities=FAR | {
        "p": {"at": point(0, 400), "category": "pharmacy"}})  # fmt: skip
    # shut: 10 + 300 to (550, 0), 50 up
    assert walks[("shut", "r")] == 360.0
    assert walks[("pass", "r")] == 40.0
    assert found.owners["community_id"].tolist() == ["pass"]


def test_a_shared_gate_leads_its_residents_into_the_neighbour():
    # in west, on the path at (340, 150): west 35 from its gate; east 60 from the twins'
    found, walks = close_town({"r": {"at": point(340, 150)}})
    assert walks == {("west", "r"): 35.0, ("east", "r"): 60.0}
    assert found.needs["community_id"].tolist() == ["east", "west"]
    assert found.needs["alone"].tolist() == [False, True]
    assert found.needs["helpers"].tolist() == [("west",), ()]


def test_a_river_is_walked_around():
    # over the river at (100, 300): 205 m in a straight line from open, 1,210 on foot
    _, walks = close_town({"r": {"at": point(100, 300)}})
    assert ("open", "r") not in walks


def test_the_threshold_belongs_to_what_is_in_reach():
    # shut's gate is 10 m from (250, 0): 290 m along the street make exactly 300
    _, walks = close_town({"on": {"at": point(540, 0)}, "off": {"at": point(540.5, 0)}})
    assert walks[("shut", "on")] == 300.0
    assert ("shut", "off") not in walks


def test_what_is_not_short_is_not_closed():
    near = FAR | {"k": {"at": point(250, 0), "category": "childcare",
                        "floor_area_m2": 300, "capacity": 500}}  # fmt: skip
    found, walks = close_town({"r": {"at": point(300, 0)}}, facilities=near)
    short = {community for community, _ in walks}
    assert "shut" not in short
    found, walks = close_town({"r": {"at": point(300, 0)}}, category="parcel")
    # no data on parcel points: nobody is known to lack one
    assert walks == {}
    assert found.needs.columns.tolist() == [
        "community_id",
        "category",
        "alone",
        "helpers",
    ]
    assert len(found.needs) == 0


@pytest.mark.parametrize("near_m", [5.0, 15.0, 300.0])
def test_whose_it_is(near_m):
    # 14.14 m from shut's corner (290, 10), 105 m from west's (305, 105)
    found, _ = close_town({"r": {"at": point(300, 0)}}, near_m=near_m)
    owners = {5.0: [], 15.0: ["shut"], 300.0: ["east", "open", "pass", "shut", "west"]}
    assert found.owners["community_id"].tolist() == owners[near_m]
    need = found.needs.set_index("community_id").loc["west"]
    assert need["alone"] == (near_m == 300.0)
    helpers = {5.0: (), 15.0: ("shut",), 300.0: ("east", "open", "pass", "shut")}
    assert need["helpers"] == helpers[near_m]


def test_several_resources_join_their_owners():
    idle = {"a": {"at": point(300, 0)}, "b": {"at": point(490, 0)}}
    found, walks = close_town(idle)
    # pass: a 260, b 70; shut: a 60, b 250, and its door 45 m more
    assert walks[("pass", "b")] == 70.0
    assert walks[("shut", "b")] == 250.0
    needs = found.needs.set_index("community_id")
    assert needs.loc["pass", "helpers"] == ("shut",)
    assert needs.loc["west", "helpers"] == ("shut",)  # b is 345 m away
    assert needs.loc["shut", "helpers"] == ("pass",)


def test_near_the_gate_is_not_near_the_doors():
    # shut: 260 m from its gate, 305 from the only door
    found, walks = close_town({"b": {"at": point(500, 0)}})
    assert walks[("shut", "b")] == 260.0
    rows = found.reach.set_index("community_id")
    assert (rows.loc["shut", "coverage_share"], rows.loc["shut", "closes"]) == (
        0,
        False,
    )
    assert np.isnan(rows.loc["pass", "coverage_share"])
    assert rows.loc["pass", "closes"]
    assert found.needs["community_id"].tolist() == ["pass"]


def test_a_resource_that_no_street_reaches_is_told():
    found, walks = close_town({"r": {"at": point(250, -150)}})
    assert walks == {}
    assert found.findings["code"].tolist() == ["resource_unattached"]
    for lang in LANGUAGES:
        assert render_findings(found.findings, lang)["message"].str.len().gt(0).all()


@pytest.mark.parametrize("idle", [{}, {"r": {"at": point(300, 0)}}])
def test_nothing_is_suitable(idle):
    district = make_district(**grid_layers() | {"facilities": FAR, "idle": idle})
    circle = measure(district)
    table = judge_suitability(district.idle, RULES)
    found = find_closable(circle, table, near_m=NEAR_M)
    assert len(found.reach) == len(found.needs) == len(found.findings) == 0
    assert len(found.owners) == len(idle)


def test_it_can_be_cancelled():
    district = make_district(
        **grid_layers() | {"facilities": FAR, "idle": {"r": {"at": point(300, 0)}}}
    )
    circle = measure(district)

    def stop(stage, share):
        assert stage == "stage.closable"
        if share == 0.0:
            raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        find_closable(circle, all_suitable(district), near_m=50.0, progress=stop)


def test_owners_of_outlines_that_overlap():
    communities = make_district(
        communities={
            "a": {"at": box(0, 0, 100, 100)},
            "b": {"at": box(50, 0, 150, 100)},
            "c": {"at": box(200, 0, 300, 100)},
        }
    ).communities
    idle = make_district(
        idle={"in": {"at": point(75, 50)}, "by": {"at": box(160, 0, 170, 9)}}
    ).idle
    owners = find_owned(idle, communities, near_m=30.0)
    assert list(owners.itertuples(index=False, name=None)) == [
        ("by", "b"),
        ("by", "c"),
        ("in", "a"),
        ("in", "b"),
    ]


# --- random towns ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_walks_are_those_of_facilities_walked_the_slow_way(seed):
    """Put every resource there as a facility for all, and walk with NetworkX."""
    town = make_town(seed, communities=14, idle_share=1.5, all_share=0.3)
    district = make_town_district(town)
    assert len(district.idle) > 10
    circle = measure(district)
    found = find_closable(circle, all_suitable(district), near_m=NEAR_M)
    new = district.idle[["geometry"]].assign(status="open", serves="all")
    both = gpd.GeoDataFrame(pd.concat([district.facilities, new]), crs=district.crs)
    network = build_network(replace(district, facilities=both), RULES, Settings())
    gates = network.gates[network.gates["node"] >= 0]
    short = circle.gaps[circle.gaps["state"] == "short"]
    walked = {}
    for community in sorted(set(short["community_id"])):
        walker = Walker(network, community)
        for resource in district.idle.index.intersection(list(walker.graph)):
            ways = [
                walker.walk_m(gate, resource)
                for gate in gates.index[gates["community_id"] == community]
            ]
            walked[(community, resource)] = min(ways, default=np.inf)
    expected = {}
    for row in short.itertuples():
        for resource in district.idle.index:
            walk = walked.get((row.community_id, resource), np.inf)
            if walk <= row.threshold_m:
                expected[(row.community_id, row.category, resource)] = walk
    keys = zip(*(found.reach[c] for c in found.reach.columns[:3]), strict=True)
    measured = dict(zip(keys, found.reach["distance_m"], strict=True))
    assert len(expected) > 50
    assert set(measured) == set(expected)
    for key, walk in expected.items():
        assert measured[key] == pytest.approx(walk, abs=0.06), key


@pytest.mark.parametrize("seed", range(2))
def test_what_is_said_to_close_does_close_once_it_is_built(seed):
    town = make_town(seed + 40, communities=8, idle_share=1.0, all_share=0.3)
    district = make_town_district(town)
    district = replace(
        district, idle=district.idle.assign(floor_area_m2=1e5, land_area_m2=1e5)
    )
    circle = measure(district)
    suited = all_suitable(district)
    categories = ["childcare", "fitness_ground"]
    suited = suited[suited["category"].isin(categories)]
    found = find_closable(circle, suited, near_m=NEAR_M)
    checked = []
    for (name, category), rows in found.reach.groupby(["idle_id", "category"]):
        columns = ["geometry", "floor_area_m2", "land_area_m2"]
        new = district.idle.loc[[name], columns].assign(
            status="open", serves="all", category=category
        )
        both = gpd.GeoDataFrame(pd.concat([district.facilities, new]), crs=district.crs)
        built = measure(replace(district, facilities=both))
        for row in rows.itertuples():
            after = built.verdict(row.community_id, category)
            checked.append(row.closes)
            assert row.closes == (after["state"] != "short"), row
            if not np.isnan(row.coverage_share):
                share = after["share_in_reach"]
                assert row.coverage_share == pytest.approx(share, abs=1e-9), row
            assert after["distance_m"] <= row.distance_m
    assert set(checked) == {True, False}
