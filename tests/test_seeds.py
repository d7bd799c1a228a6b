"""Facilities and doors (definitions 16 to 19 of geo/network.py)."""

import numpy as np
import pytest
from gridtown import Walker, box, codes, line, make_district, point

from geo.network import build_network
from geo.settings import Settings

STREET = {"s": {"at": line((0, -20), (300, -20))}}
PATH = {"p": {"at": line((150, 0), (150, 50))}}
BLOCK = {"c": {"at": box(100, 0, 200, 100)}}
GATE = {"g": {"at": point(150, 0), "community_id": "c"}}


def build(rules, facility=None, *, open_to="residents", streets=None, **layers):
    gates = {name: row | {"open_to": open_to} for name, row in GATE.items()}
    layers = {"communities": BLOCK, "gates": gates} | layers
    if facility:
        layers["facilities"] = {"f": {"category": "market"} | facility}
    district = make_district(streets=streets or STREET | PATH, **layers)
    return build_network(district, rules, Settings())


INSIDE = {"at": point(160, 40)}


def test_a_facility_behind_an_open_gate_serves_everyone(rules):
    network = build(rules, INSIDE, open_to="all")
    assert network.attached["f"] == "attached"
    # 10 m to the path, 40 m to the gate, 20 m to the street
    assert Walker(network).walk_m("f", (150, -20)) == pytest.approx(70)


def test_a_facility_behind_a_residents_gate_is_sealed(rules):
    network = build(rules, INSIDE)
    assert network.attached["f"] == "sealed"
    assert ("facility_sealed", "f") in codes(network)
    assert Walker(network).walk_m("f", (150, -20)) == np.inf
    assert Walker(network, "c").walk_m("f", "g") == pytest.approx(50)


def test_a_facility_behind_the_wall_is_not_reached_over_it(rules):
    # 23 m from the street in a straight line, with the wall between
    network = build(
        rules,
        {"at": point(280, 3)},
        communities=BLOCK | {"d": {"at": box(210, -10, 290, 100), "walled": True}},
        gates={"h": {"at": point(250, -10), "community_id": "d"}},
    )
    assert network.attached["f"] == "sealed"


def test_a_facility_for_residents_serves_its_community_only(rules):
    for open_to in ("all", "residents"):
        network = build(rules, INSIDE | {"serves": "residents"}, open_to=open_to)
        assert network.attached["f"] == "attached"
        assert set(network.facility_seeds["community_id"]) == {"c"}
        assert Walker(network, "c").walk_m("f", "g") == pytest.approx(50)
        assert Walker(network).walk_m("f", "g") == np.inf


def test_a_facility_for_residents_of_no_community(rules):
    network = build(rules, {"at": point(20, -10), "serves": "residents"})
    assert network.attached["f"] == "no_community"
    assert ("facility_no_community", "f") in codes(network)
    assert len(network.facility_seeds) == 0


@pytest.mark.parametrize("status", ["planned", "closed"])
def test_a_facility_that_is_not_open_seeds_nothing(rules, status):
    network = build(rules, {"at": point(20, -10), "status": status})
    assert network.attached["f"] == "not_open"
    assert len(network.facility_seeds) == 0
    assert not {code for code, _ in codes(network)} & {"facility_too_far"}


@pytest.mark.parametrize(
    ("open_to", "state"), [("all", "attached"), ("residents", "sealed")]
)
def test_without_inner_streets_straight_to_the_gate(rules, open_to, state):
    # no limit of 100 m to one's own gate
    communities = {"c": {"at": box(100, 0, 200, 300)}}
    network = build(
        rules,
        {"at": point(150, 250)},
        open_to=open_to,
        streets=STREET,
        communities=communities,
    )
    assert network.attached["f"] == state
    assert Walker(network, "c").walk_m("f", "g") == pytest.approx(250)
    expected = 270 if open_to == "all" else np.inf
    assert Walker(network).walk_m("f", (150, -20)) == pytest.approx(expected)
    assert network.facility_seeds["community_id"].isna().all() == (open_to == "all")


def test_no_straight_line_out_of_a_concave_community(rules):
    shape = box(100, 0, 200, 100) - box(120, 20, 180, 80)
    shape = shape - box(150, 40, 200, 60)
    communities = {"c": {"at": shape}}
    network = build(
        rules, {"at": point(150, 90)}, streets=STREET, communities=communities
    )
    assert network.attached["f"] == "too_far"


@pytest.mark.parametrize("spot", [(160, 40), (110, 90)])
def test_doors_behind_a_wall(rules, spot):
    x, y = spot
    house = {
        "at": box(x - 1, y - 1, x + 1, y + 1),
        "households": 9,
        "community_id": "c",
    }
    inner = build(rules, buildings={"b": house})
    assert inner.doors.loc["b", "connector_m"] == pytest.approx(
        10 if y == 40 else np.hypot(40, 40)
    )
    straight = build(rules, buildings={"b": house}, streets=STREET)
    assert straight.doors.loc["b", "connector_m"] == 0
    assert Walker(straight, "c").walk_m("b", "g") == pytest.approx(
        np.hypot(x - 150, y), abs=0.1
    )
    assert Walker(straight).walk_m("b", "g") == np.inf
    opened = build(rules, buildings={"b": house}, streets=STREET, open_to="all")
    assert Walker(opened).walk_m("b", "g") == pytest.approx(
        np.hypot(x - 150, y), abs=0.1
    )


def test_which_buildings_have_doors(rules):
    def house(x, **row):
        return {"at": box(x, 30, x + 4, 34)} | row

    buildings = {
        "known": house(110, households=9, community_id="c"),
        "placed": house(120, households=8),
        "empty": house(130, households=0, community_id="c"),
        "unknown": house(140, community_id="c"),
        "nowhere": {"at": box(20, -15, 24, -11), "households": 7},
        "elsewhere": {
            "at": box(30, -15, 34, -11),
            "households": 6,
            "community_id": "c",
        },
        "lost": {"at": box(-500, 0, -490, 9), "households": 5, "community_id": "c"},
    }
    network = build(rules, buildings=buildings)
    assert network.doors["community_id"].to_dict() == dict.fromkeys(
        ["known", "placed", "elsewhere", "lost"], "c"
    )
    assert network.doors["node"].lt(0).to_dict()["lost"]
    assert np.isnan(network.doors.loc["lost", "connector_m"])
    assert ("door_unattached", "lost") in codes(network)
    # where the building stands decides on which side of the wall its door is
    assert Walker(network).walk_m("elsewhere", (0, -20)) == pytest.approx(32)


def test_a_point_belongs_to_the_smallest_community(rules):
    communities = {
        "big": {"at": box(0, 0, 300, 300), "walled": False},
        "small": {"at": box(100, 100, 200, 200), "walled": False},
    }
    buildings = {
        "in_both": {"at": box(150, 150, 155, 155), "households": 1},
        "in_big": {"at": box(50, 50, 55, 55), "households": 1},
    }
    network = build(rules, buildings=buildings, communities=communities, gates={})
    assert network.doors["community_id"].to_dict() == {
        "in_both": "small",
        "in_big": "big",
    }


def test_a_polygon_is_reached_wherever_a_street_meets_its_outline(rules):
    park = {"at": box(40, -40, 60, 0)}
    network = build(rules, park)
    walker = Walker(network)
    assert walker.walk_m("f", (0, -20)) == pytest.approx(40)
    assert walker.walk_m("f", (300, -20)) == pytest.approx(240)


def test_a_polygon_beside_the_street_attaches_by_its_outline(rules):
    network = build(rules, {"at": box(40, -10, 60, 40)})
    # the outline runs parallel to the street, 10 m off: the western corner
    assert Walker(network).walk_m("f", (0, -20)) == pytest.approx(10 + 40)


def test_a_polygon_is_inside_iff_its_representative_point_is(rules):
    # it straddles the wall; more than half of it lies inside
    school = {"at": box(140, -10, 170, 40)}
    network = build(rules, school)
    assert network.attached["f"] == "sealed"
    # its outline meets the path at (150, 40)
    assert Walker(network, "c").walk_m("f", "g") == pytest.approx(40)


def test_several_entrances_and_two_points_on_one_edge(rules):
    house = {"at": box(49, -11, 51, -9), "households": 5, "community_id": "c"}
    network = build(rules, {"at": point(80, -20)}, buildings={"b": house})
    # along the edge, not by way of its ends
    assert Walker(network).walk_m("f", "b") == pytest.approx(30)
