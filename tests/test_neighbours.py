"""Neighbours: every case by hand, then against the slow ways of `oracle_neighbours`."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.affinity
from gridtown import box, line, make_district, point
from oracle_neighbours import Stroller, flood
from scrambled import scramble

from geo.findings import render_findings
from geo.neighbours import PAIR_COLUMNS, explain_pairs, find_neighbours
from geo.network import build_network
from geo.sample import make_district as lay_town
from geo.sample import make_sample
from geo.separators import SEPARATOR_KINDS
from geo.settings import Settings, UnitSettings
from geo.town import make_town

#: A street so far away that no gate hangs on it: only the gap decides.
FAR_STREET = {"far": {"at": line((-190, 590), (790, 590)), "highway": "residential"}}
NAMES = {"a": "东苑", "b": "西苑", "c": "南苑"}
A = box(0, 0, 100, 100)


def settle(**units):
    return Settings(units=UnitSettings(**units))


def lay(communities, *, streets=(), barriers=(), **layers):
    """Lay communities, further streets, and barriers as (kind, shape)."""
    rows = {
        name: one if isinstance(one, dict) else {"at": one}
        for name, one in communities.items()
    }
    walls = {
        f"b{k}": {"at": shape, "kind": kind, "name": f"{kind}{k}"}
        for k, (kind, shape) in enumerate(barriers)
    }
    ways = FAR_STREET | {f"s{k}": row for k, row in enumerate(streets)}
    return make_district(communities=rows, streets=ways, barriers=walls, **layers)


def look(district, rules, settings=None, **kwargs):
    chosen = settings or Settings()
    network = build_network(district, rules, chosen)
    return find_neighbours(district, network, rules, chosen, **kwargs)


def pair(found, a="a", b="b"):
    rows = found.pairs[(found.pairs["a"] == a) & (found.pairs["b"] == b)]
    assert len(rows) == 1
    return rows.iloc[0]


def road(shape, **columns):
    return {"at": shape, "highway": "primary", "name": "胜利街"} | columns


@pytest.mark.parametrize(
    ("b", "gap_m"),
    [
        (box(100, 0, 200, 100), 0.0),
        (box(90, 0, 200, 100), 0.0),
        (box(112, 0, 200, 100), 12.0),
        (box(120, 0, 200, 100), 20.0),
        (box(30, 30, 60, 60), 0.0),
        (A, 0.0),
        (box(100, 100, 200, 200), 0.0),
        (shapely.union(box(108, 0, 120, 20), box(300, 300, 400, 400)), 8.0),
    ],
    ids=["touch", "overlap", "12", "20", "nested", "same", "corner", "two pieces"],
)
def test_near_each_other_with_nothing_between(rules, b, gap_m):
    found = look(lay({"a": A, "b": b}), rules)
    row = pair(found)
    assert (row["neighbour"], row["by"], row["touches"]) == (True, "gap", True)
    assert row["gap_m"] == gap_m
    assert (row["refused"], row["barrier"], row["declared"]) == ("", "", False)
    assert np.isnan(row["walk_m"])
    assert found.findings.empty
    assert tuple(found.pairs.columns) == PAIR_COLUMNS


def test_too_far_is_refused_and_farther_is_not_looked_at(rules):
    homes = {"a": A, "b": box(120.01, 0, 200, 100), "c": box(0, 251, 100, 300)}
    found = look(lay(homes), rules)
    assert found.pairs[["a", "b"]].to_numpy().tolist() == [["a", "b"]]
    row = pair(found)
    assert (row["neighbour"], row["refused"], row["by"]) == (False, "far", "")
    assert row["gap_m"] == 20.01
    assert explain_pairs(found.pairs, NAMES, "zh").tolist() == [
        "东苑与西苑相隔 20 米，不够近，出入口之间步行也不够近"
    ]


def test_one_community_has_no_pairs(rules):
    found = look(lay({"a": A}), rules)
    assert found.pairs.empty
    assert tuple(found.pairs.columns) == PAIR_COLUMNS
    assert explain_pairs(found.pairs, NAMES, "zh").empty


@pytest.mark.parametrize(
    ("barrier", "kind"),
    [
        (("river", line((106, -50), (106, 150))), "river"),
        (("railway", line((106, -50), (106, 150))), "railway"),
        (("expressway", line((106, -50), (106, 150))), "expressway"),
        (("river", box(103, -50, 109, 150)), "river"),
        (("river", box(95, -50, 117, 150)), "river"),
        (("river", line((100, -50), (100, 150))), "river"),
    ],
)
def test_a_barrier_between(rules, barrier, kind):
    b = box(112, 0, 200, 100)
    found = look(lay({"a": A, "b": b}, barriers=[barrier]), rules)
    row = pair(found)
    assert (row["neighbour"], row["touches"]) == (False, False)
    assert (row["refused"], row["barrier"]) == ("barrier", kind)
    assert row["barrier_name"] == f"{kind}0"
    assert row["gap_m"] == 12.0


@pytest.mark.parametrize(
    "barrier",
    [
        ("wall", line((106, -50), (106, 150))),
        # it ends half way up, and past it they touch
        ("river", line((106, -50), (106, 50))),
        # it runs through one of them, and the other is beside both parts
        ("railway", line((-50, 50), (250, 50))),
        ("railway", line((50, -50), (50, 150))),
    ],
    ids=["wall", "ends", "through both", "inside one"],
)
def test_what_is_no_barrier_between(rules, barrier):
    b = box(112, 0, 200, 100)
    row = pair(look(lay({"a": A, "b": b}, barriers=[barrier]), rules))
    assert (row["neighbour"], row["by"]) == (True, "gap")


def test_a_community_on_both_banks_is_the_neighbour_of_both_sides(rules):
    homes = {
        "a": shapely.union(box(0, 0, 100, 100), box(0, 150, 100, 250)),
        "b": box(110, 0, 200, 100),
        "c": box(110, 150, 200, 250),
    }
    found = look(lay(homes, barriers=[("river", box(-100, 110, 300, 140))]), rules)
    assert pair(found)["neighbour"]
    assert pair(found, "a", "c")["neighbour"]
    row = pair(found, "b", "c")
    assert (row["refused"], row["barrier"], row["gap_m"]) == ("barrier", "river", 50.0)


def test_of_several_barriers_the_strongest_is_named(rules):
    barriers = [
        ("railway", line((104, -50), (104, 150))),
        ("river", line((108, -50), (108, 150))),
    ]
    streets = [road(line((106, -50), (106, 150)))]
    homes = {"a": A, "b": box(112, 0, 200, 100)}
    row = pair(look(lay(homes, streets=streets, barriers=barriers), rules))
    assert (row["barrier"], row["barrier_name"]) == ("river", "river1")
    row = pair(look(lay(homes, streets=streets, barriers=barriers[:1]), rules))
    assert row["barrier"] == "railway"
    assert SEPARATOR_KINDS == ("river", "railway", "expressway", "main_road")


@pytest.mark.parametrize(
    ("columns", "barrier"),
    [
        ({}, "main_road"),
        ({"highway": "secondary"}, "main_road"),
        ({"highway": "主干路"}, "main_road"),
        ({"highway": "Primary "}, "main_road"),
        ({"highway": "trunk"}, "expressway"),
        ({"highway": "快速路"}, "expressway"),
        ({"highway": "motorway", "bridge": True}, "expressway"),
        ({"highway": "tertiary"}, ""),
        ({"highway": None}, ""),
        ({"tunnel": True}, ""),
        ({"level": -1}, ""),
        ({"level": 1}, "main_road"),
    ],
)
def test_which_streets_keep_apart(rules, columns, barrier):
    streets = [road(line((106, -50), (106, 150)), **columns)]
    b = box(112, 0, 200, 100)
    row = pair(look(lay({"a": A, "b": b}, streets=streets), rules, settle(walk_m=0)))
    assert row["barrier"] == barrier
    assert row["neighbour"] == (barrier == "")
    assert row["barrier_name"] == ("胜利街" if barrier else "")


def test_a_barrier_on_the_line_that_two_share(rules):
    homes = {"a": A, "b": box(100, 0, 200, 100), "c": box(90, 200, 200, 300)}
    found = look(lay(homes, barriers=[("river", line((100, -50), (100, 150)))]), rules)
    assert pair(found)["refused"] == "barrier"


@pytest.mark.parametrize("over", [0.0, 3.0, 14.0])
def test_an_outline_drawn_beyond_the_middle_of_the_road_stays_on_its_side(rules, over):
    homes = {"a": box(0, 0, 100 + over, 100), "b": box(104, 0, 200, 100)}
    streets = [road(line((100, -50), (100, 150)))]
    row = pair(look(lay(homes, streets=streets), rules, settle(walk_m=0)))
    assert (row["refused"], row["barrier"]) == ("barrier", "main_road")


def test_a_community_that_really_stands_on_both_sides_of_the_road(rules):
    homes = {"a": box(0, 0, 140, 100), "b": box(144, 0, 200, 100)}
    streets = [road(line((100, -50), (100, 150)))]
    row = pair(look(lay(homes, streets=streets), rules, settle(walk_m=0)))
    assert row["by"] == "gap"


# Walks along 胜利街, a road at y = 0: a and b lie 10 m north of it, c lies 15 m south
# of it, opposite a.
HOMES = {
    "a": {"at": box(0, 10, 100, 60), "walled": False},
    "b": {"at": box(150, 10, 250, 60), "walled": False},
    "c": {"at": box(0, -60, 100, -15), "walled": False},
}
GATES = {"ga": ("a", (90, 10)), "gb": ("b", (160, 10)), "gc": ("c", (90, -15))}


def walk(rules, streets, settings=None, homes=HOMES, gates=GATES, **kwargs):
    layers = {
        name: {"at": point(*at), "community_id": owner, "open_to": "all"}
        for name, (owner, at) in gates.items()
    }
    crossings = kwargs.pop("crossings", ())
    district = lay(homes, streets=streets, gates=layers, **kwargs)
    return look(district, rules, settings, crossings=crossings)


def test_gates_on_one_side_of_a_main_road_share_its_pavement(rules):
    found = walk(rules, [road(line((-100, 0), (400, 0)))])
    row = pair(found)
    assert (row["neighbour"], row["by"], row["touches"]) == (True, "walk", False)
    assert (row["gap_m"], row["walk_m"]) == (50.0, 10 + 70 + 10)
    for b, c in (("a", "c"), ("b", "c")):
        row = pair(found, b, c)
        assert (row["refused"], row["barrier"]) == ("barrier", "main_road")
        assert row["barrier_name"] == "胜利街"
        assert np.isnan(row["walk_m"])


def test_any_street_but_a_main_road_may_be_crossed(rules):
    found = walk(rules, [road(line((-100, 0), (400, 0)), highway="tertiary")])
    assert pair(found, "a", "c")["walk_m"] == 25.0
    assert pair(found, "b", "c")["walk_m"] == 95.0


def test_the_walk_is_limited(rules):
    streets = [road(line((-100, 0), (400, 0)))]
    assert pair(walk(rules, streets, settle(walk_m=90.0)))["by"] == "walk"
    row = pair(walk(rules, streets, settle(walk_m=89.0)))
    assert (row["refused"], row["barrier"]) == ("far", "")
    assert np.isnan(row["walk_m"])


def test_round_the_end_of_a_main_road(rules):
    streets = [
        road(line((-100, 0), (120, 0))),
        road(line((120, 0), (400, 0)), highway="residential"),
    ]
    found = walk(rules, streets)
    # down 10, 30 to the end of the road, 30 back on its other side, down 15
    assert pair(found, "a", "c")["walk_m"] == 85.0
    assert pair(found, "b", "c")["walk_m"] == 15 + 30 + 40 + 10


@pytest.mark.parametrize(("end", "north"), [(5, 10), (22, 30)])
def test_a_barrier_that_only_the_walk_crosses(rules, end, north):
    """It is named whether it crosses the line between the gates (22) or not (5)."""
    homes = HOMES | {"b": {"at": box(150, north, 250, 80), "walled": False}}
    gates = GATES | {"gb": ("b", (160, north))}
    streets = [road(line((-100, 0), (400, 0)), highway="residential")]
    rail = [("railway", line((125, -50), (125, end)))]
    level = [streets[0] | {"crossing": True}]
    found = walk(rules, level, homes=homes, gates=gates, barriers=rail)
    row = pair(found)
    assert (row["refused"], row["barrier_name"]) == ("barrier", "railway0")
    asked = [("a", "b")]
    found = walk(rules, level, homes=homes, gates=gates, barriers=rail, crossings=asked)
    row = pair(found)
    assert (row["by"], row["declared"], row["touches"]) == ("walk", True, False)
    assert row["walk_m"] == 10 + 70 + north


def test_a_side_street_does_not_lead_across(rules):
    """A crossroads has four corners; a footbridge over the road crosses it, too."""
    streets = [
        road(line((-100, 0), (120, 0), (400, 0))),
        {"at": line((120, -100), (120, 0), (120, 100)), "highway": "residential"},
        {"at": line((130, -50), (130, 50)), "highway": "footway", "bridge": True},
        {"at": line((120, 50), (130, 50)), "highway": "footway"},
        {"at": line((120, -50), (130, -50)), "highway": "footway"},
    ]
    found = walk(rules, streets)
    assert pair(found)["walk_m"] == 90.0  # across the mouth of the side street
    assert pair(found, "a", "c")["barrier"] == "main_road"
    assert pair(found, "b", "c")["barrier"] == "main_road"


def test_crossing_main_roads_part_all_four_corners(rules):
    streets = [
        road(line((-100, 0), (120, 0), (400, 0))),
        road(line((120, -100), (120, 0), (120, 100)), name="北街"),
    ]
    found = walk(rules, streets)
    row = pair(found)
    assert (row["refused"], row["barrier_name"]) == ("barrier", "北街")


def test_a_bridge_does_not_take_the_river_away(rules):
    homes = {
        "a": {"at": box(10, 0, 100, 50), "walled": False},
        "b": {"at": box(10, 100, 100, 150), "walled": False},
    }
    gates = {"ga": ("a", (10, 40)), "gb": ("b", (10, 110))}
    streets = [
        {"at": line((0, -50), (0, 55)), "highway": "residential"},
        {"at": line((0, 55), (0, 95)), "highway": "residential", "bridge": True},
        {"at": line((0, 95), (0, 200)), "highway": "residential"},
    ]
    river = [("river", box(-100, 60, 300, 90))]
    found = walk(rules, streets, homes=homes, gates=gates, barriers=river)
    row = pair(found)
    assert (row["refused"], row["barrier"], row["gap_m"]) == ("barrier", "river", 50.0)
    dry = pair(walk(rules, streets, homes=homes, gates=gates))
    assert (dry["by"], dry["walk_m"]) == ("walk", 90.0)
    bridged = walk(
        rules, streets, homes=homes, gates=gates, barriers=river, crossings=[("b", "a")]
    )
    row = pair(bridged)
    assert (row["neighbour"], row["declared"], row["by"]) == (True, True, "walk")
    assert (row["walk_m"], row["barrier"], row["refused"]) == (90.0, "river", "")


def test_a_gate_beyond_the_middle_of_the_road_stands_on_its_communitys_side(rules):
    homes = HOMES | {"a": {"at": box(0, -4, 100, 60), "walled": False}}
    gates = GATES | {"ga": ("a", (90, -4))}
    found = walk(rules, [road(line((-100, 0), (400, 0)))], homes=homes, gates=gates)
    assert pair(found)["walk_m"] == 4 + 70 + 10
    assert pair(found, "a", "c")["refused"] == "barrier"


def test_a_shared_gate_leads_from_one_into_the_other(rules):
    homes = {"a": box(0, 0, 100, 100), "b": box(100, 0, 200, 100)}
    gates = {"ga": ("a", (100, 50)), "gb": ("b", (100, 50))}
    layers = {
        name: {"at": point(*at), "community_id": owner, "open_to": "residents"}
        for name, (owner, at) in gates.items()
    }
    paths = [{"at": line((10, 50), (190, 50)), "highway": "footway"}]
    row = pair(look(lay(homes, streets=paths, gates=layers), rules, settle(gap_m=0)))
    assert row["touches"]
    assert row["walk_m"] == 0.0
    # and not through a wall of water
    river = [("river", line((100, -50), (100, 150)))]
    wet = look(lay(homes, streets=paths, gates=layers, barriers=river), rules)
    assert pair(wet)["refused"] == "barrier"


def test_declared_crossings(rules):
    homes = {"a": A, "b": box(112, 0, 200, 100), "c": box(0, 112, 100, 200)}
    barriers = [("river", line((106, -50), (106, 300)))]
    district = lay(homes, barriers=barriers)
    asked = [("b", "a"), ("a", "c"), ("a", "x")]
    found = look(district, rules, crossings=asked)
    row = pair(found)
    assert (row["neighbour"], row["by"], row["declared"]) == (True, "gap", True)
    assert row["touches"]
    assert (row["barrier"], row["refused"]) == ("river", "")
    assert not pair(found, "a", "c")["declared"]
    assert pair(found, "b", "c")["refused"] == "barrier"
    assert found.findings["code"].tolist() == ["crossing_idle"] * 2
    assert "x" in render_findings(found.findings, "zh")["message"].iloc[1]
    assert explain_pairs(found.pairs.head(1), NAMES, "zh").tolist() == [
        "东苑与西苑相隔 12 米，中间隔着河流river0，已声明有通道，按相邻处理"
    ]


def test_within_one_street_office(rules):
    homes = {
        "a": {"at": A, "jurisdiction": "城东街道"},
        "b": {"at": box(100, 0, 200, 100), "jurisdiction": "城西街道"},
        "c": {"at": box(0, 100, 100, 200), "jurisdiction": None},
        "d": {"at": box(0, -100, 100, 0), "jurisdiction": " 城东街道 "},
    }
    found = look(lay(homes), rules, settle(within="jurisdiction", walk_m=0))
    row = pair(found)
    assert (row["neighbour"], row["refused"]) == (False, "jurisdiction")
    assert (row["within_a"], row["within_b"]) == ("城东街道", "城西街道")
    assert not row["touches"]
    assert pair(found, "a", "c")["refused"] == "jurisdiction"
    assert pair(found, "a", "d")["neighbour"]
    assert found.findings["code"].tolist() == ["jurisdiction_missing"]
    said = explain_pairs(found.pairs, NAMES, "zh").tolist()
    assert said[0] == "东苑属于城东街道，西苑属于城西街道，不在同一街道"
    assert said[1] == "东苑与南苑无法确认在同一街道：南苑没有所属街道的资料"
    free = look(lay(homes), rules)
    assert pair(free)["neighbour"]


def test_within_one_neighbourhood(rules):
    homes = {"a": A, "b": box(100, 0, 200, 100), "c": box(0, 100, 100, 200)}
    areas = {
        "n1": {"at": box(0, 0, 140, 100), "name": "甲社区"},
        "n2": {"at": box(140, 0, 300, 100), "name": None},
    }
    district = lay(homes, neighbourhoods=areas)
    found = look(district, rules, settle(within="neighbourhood"))
    row = pair(found)
    # most of b lies in n2, which has no name
    assert (row["refused"], row["within_a"]) == ("neighbourhood", "甲社区")
    assert row["within_b"] == "n2"
    assert pair(found, "a", "c")["within_b"] == ""
    assert found.findings["code"].tolist() == ["neighbourhood_missing"]
    ledger = lay(homes)
    ledger.communities["neighbourhood"] = ["甲", "甲", None]
    found = look(ledger, rules, settle(within="neighbourhood"))
    assert pair(found)["neighbour"]
    assert pair(found, "a", "c")["refused"] == "neighbourhood"


def test_streets_of_no_class_are_a_finding(rules):
    district = lay({"a": A})
    district.streets["highway"] = None
    assert look(district, rules).findings["code"].tolist() == ["streets_without_class"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_outcome_has_a_sentence(rules, lang):
    homes = HOMES | {"d": {"at": box(0, 61, 100, 100)}}
    found = walk(rules, [road(line((-100, 0), (400, 0)))], homes=homes)
    apart = found.pairs.tail(1).assign(refused="far", barrier="", neighbour=False)
    nameless = found.pairs.head(2).tail(1).assign(barrier_name="")
    rows = pd.concat((found.pairs, apart, nameless), ignore_index=True)
    said = explain_pairs(rows, NAMES, lang, units=UnitSettings())
    assert said.index.equals(rows.index)
    expected = {
        "zh": [
            "东苑与西苑相隔 50 米，出入口之间步行 90 米，不用跨越阻隔",
            "东苑与南苑相隔 25 米，中间隔着主干道胜利街",
            "东苑与d相隔 1 米，中间没有阻隔",
            "东苑与南苑相隔 25 米，中间隔着主干道",
        ],
        "en": [
            (
                "东苑 and 西苑, 50 m apart: a walk of 90 m from gate to gate that "
                "crosses no barrier"
            ),
            "东苑 and 南苑, 25 m apart: the main road 胜利街 lies between them",
            "东苑 and d, 1 m apart, with nothing between them",
            "东苑 and 南苑, 25 m apart: a main road lies between them",
        ],
    }[lang]
    assert [*said.iloc[:3], said.iloc[-1]] == expected
    assert ("20 米" if lang == "zh" else "20 m") in said.iloc[-2]


def shuffled(district, seed):
    rng = np.random.default_rng(seed)
    layers = ("communities", "streets", "gates", "barriers", "neighbourhoods")
    mixed = {
        name: getattr(district, name).iloc[
            rng.permutation(len(getattr(district, name)))
        ]
        for name in layers
    }
    return replace(district, **mixed)


def test_the_order_of_rows_changes_nothing(rules):
    district = lay_town(make_town(5, communities=40))
    chosen = settle(gap_m=60.0, within="neighbourhood")
    plain = look(district, rules, chosen)
    assert plain.pairs["neighbour"].any()
    assert {"barrier", "neighbourhood"} <= set(plain.pairs["refused"])
    mixed = look(shuffled(district, 3), rules, chosen)
    pd.testing.assert_frame_equal(mixed.pairs, plain.pairs)


def test_the_sample(rules):
    district = lay_town(make_sample())
    found = look(district, rules)
    row = pair(found, "C106", "C107")
    assert (row["by"], row["gap_m"]) == ("gap", 12.0)
    row = pair(found, "C109", "C110")
    assert (row["by"], row["gap_m"]) == ("gap", 0.0)
    # nobody is joined with somebody across the river, or across a primary road
    joined = found.pairs[found.pairs["neighbour"]]
    river = district.barriers.geometry[district.barriers["kind"] == "river"].iloc[0]
    streets = district.streets
    primary = streets.geometry[(streets["highway"] == "primary").to_numpy()]
    homes = district.communities.geometry
    way = shapely.shortest_line(
        homes[joined["a"]].to_numpy(), homes[joined["b"]].to_numpy()
    )
    assert not shapely.intersects(way, river).any()
    crossing = shapely.intersects(way, shapely.union_all(primary.to_numpy()))
    assert not crossing.any()
    assert (found.pairs["barrier"] == "river").sum() >= 10


def walked(found):
    rows = found.pairs[found.pairs["walk_m"].notna()]
    return {(r.a, r.b): r.walk_m for r in rows.itertuples()}


def disagree(district, rules, settings):
    """Return pairs whose walk the oracle finds to be another."""
    network = build_network(district, rules, settings)
    mine = walked(find_neighbours(district, network, rules, settings))
    theirs = Stroller(district, network).walks(district, settings.units.walk_m)
    return mine, [
        (key, mine.get(key), theirs.get(key))
        for key in sorted({*mine, *theirs})
        if abs(mine.get(key, 150.0) - theirs.get(key, 150.0)) > 0.05
    ]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_walks_in_towns_as_the_oracle_walks(rules, seed):
    district = lay_town(make_town(seed, communities=25))
    mine, other = disagree(district, rules, Settings())
    assert len(mine) > 5
    assert other == []


def scrambled(seed):
    """Return a scrambled town with some main roads in it."""
    district = scramble(seed)
    rng = np.random.default_rng(seed)
    streets = district.streets
    streets.loc[rng.random(len(streets)) < 0.25, "highway"] = "primary"
    streets.loc[rng.random(len(streets)) < 0.04, "highway"] = "motorway"
    return district


@pytest.mark.parametrize("seed", [2, 5, 15, 21, 29, 34, 51, 53])
def test_walks_in_scrambled_towns_as_the_oracle_walks(rules, seed):
    assert disagree(scrambled(seed), rules, Settings())[1] == []


def lay_at_random(seed):
    """Lay two communities and some separators, on and across each other."""
    rng = np.random.default_rng(seed)

    def corner():
        return rng.integers(0, 9, 2) * 8.0

    def patch():
        x, y = corner()
        wide, high = rng.integers(2, 6, 2) * 8.0
        return box(x, y, x + wide, y + high)

    homes = {"a": patch(), "b": patch()}
    if rng.random() < 0.3:
        homes["b"] = shapely.union(homes["b"], patch())
    streets, barriers = [], []
    for _ in range(rng.integers(1, 5)):
        start, stop = corner() + rng.normal(0, 2, 2), corner() + rng.normal(0, 2, 2)
        # half of them run past both communities
        way = line(start, stop)
        if rng.random() < 0.5:
            way = shapely.affinity.scale(way, 6.0, 6.0)
        if way.length < 1:
            continue
        if rng.random() < 0.5:
            streets.append(road(way))
        elif rng.random() < 0.5:
            barriers.append(("railway", way))
        else:
            barriers.append(("river", way.buffer(3.0, cap_style="flat")))
    return lay(homes, streets=streets, barriers=barriers)


def test_gaps_laid_at_random_as_the_flood_finds_them(rules):
    said = {True: 0, False: 0, None: 0}
    for seed in range(20):
        district = lay_at_random(seed)
        found = look(district, rules, settle(walk_m=0)).pairs
        if len(found):
            wet = flood(district, "a", "b", 20.0, 0.5)
            said[wet] += 1
            assert wet in {None, found["touches"].iloc[0]}, seed
    assert min(said[True], said[False]) >= 3
