"""Connectors (definitions 7 and 12 of geo/network.py)."""

import numpy as np
import pytest
from gridtown import Walker, box, codes, line, make_district, point

from geo.network import build_network
from geo.settings import Settings

STREETS = {
    "s": {"at": line((0, 0), (100, 0))},
    "n": {"at": line((0, 60), (100, 60))},
}


def build(rules, shape, settings=None, streets=None, **layers):
    """Build two streets and the facility f; its community is far away."""
    layers.setdefault("communities", {"c": {"at": box(0, -90, 50, -60)}})
    facilities = {"f": {"at": shape, "category": "market"}}
    district = make_district(
        streets=streets or STREETS, facilities=facilities, **layers
    )
    return build_network(district, rules, settings or Settings())


def barrier(*points, kind="wall"):
    return {"w": {"at": line(*points), "kind": kind}}


def test_the_offset_both_ways_and_the_distance_are_added(rules):
    walker = Walker(build(rules, point(30, 20)))
    assert walker.walk_m("f", (0, 0)) == pytest.approx(20 + 30)
    assert walker.walk_m("f", (100, 0)) == pytest.approx(20 + 70)


def test_beyond_the_end_of_a_street(rules):
    assert Walker(build(rules, point(130, -40))).walk_m("f", (100, 0)) == 50


@pytest.mark.parametrize(("y", "state"), [(-99.9, "attached"), (-100.1, "too_far")])
def test_the_greatest_distance(rules, y, state):
    network = build(rules, point(50, y))
    assert network.attached.to_dict() == {"f": state}
    assert (("facility_too_far", "f") in codes(network)) is (state == "too_far")
    assert (len(network.facility_seeds) == 0) is (state == "too_far")


def test_the_greatest_distance_is_a_setting(rules):
    network = build(rules, point(50, -30), Settings(attach_max_m=20))
    assert network.attached["f"] == "too_far"


@pytest.mark.parametrize("kind", ["wall", "river", "railway", "expressway"])
def test_no_barrier_is_crossed(rules, kind):
    network = build(
        rules, point(50, 20), barriers=barrier((0, 10), (100, 10), kind=kind)
    )
    walker = Walker(network)
    assert walker.walk_m("f", (0, 60)) == pytest.approx(40 + 50)
    assert walker.walk_m("f", (0, 0)) == np.inf


def test_behind_barriers_on_all_sides(rules):
    ring = barrier((40, 10), (60, 10), (60, 30), (40, 30), (40, 10))
    assert build(rules, point(50, 20), barriers=ring).attached["f"] == "too_far"


def test_many_nearer_edges_behind_a_wall(rules):
    # forty edges of the street lie nearer than the one that can be reached
    streets = STREETS | {"s": {"at": line(*[(2.5 * i, 0) for i in range(41)])}}
    network = build(
        rules,
        point(50, 20),
        streets=streets,
        barriers=barrier((-60, 10), (160, 10)),
    )
    assert Walker(network).walk_m("f", (0, 60)) == pytest.approx(90)


def test_a_street_that_ends_at_the_far_side_of_a_wall_is_not_reached(rules):
    streets = {"s": {"at": line((50, 0), (50, 40))}}
    wall = barrier((0, 40), (100, 40))
    far = build(rules, point(50, 60), streets=streets, barriers=wall)
    assert far.attached["f"] == "too_far"
    near = build(rules, point(60, 39), streets=streets, barriers=wall)
    assert Walker(near).walk_m("f", (50, 40)) == pytest.approx(10 + 1)


def test_a_cut_street_is_reached_on_the_own_side_only(rules):
    # the wall cuts the street at (50, 0); the point is west of it
    network = build(
        rules,
        point(45, 30),
        barriers=barrier((50, -50), (50, 50)),
        streets={"s": STREETS["s"]},
    )
    walker = Walker(network)
    assert walker.walk_m("f", (0, 0)) == pytest.approx(30 + 45)
    assert walker.walk_m("f", (100, 0)) == np.inf


def test_no_walled_boundary_is_crossed_by_a_point_outside(rules):
    # a walled community lies between the point and the street; n is farther
    communities = {"c": {"at": box(0, 5, 100, 15), "walled": True}}
    gates = {"g": {"at": point(0, 5), "community_id": "c"}}
    network = build(rules, point(50, 20), communities=communities, gates=gates)
    assert Walker(network).walk_m("f", (0, 60)) == pytest.approx(90)


def test_a_point_inside_attaches_inside(rules):
    communities = {"c": {"at": box(0, 5, 100, 50)}}
    gates = {"g": {"at": point(0, 5), "community_id": "c", "open_to": "all"}}
    streets = STREETS | {"p": {"at": line((80, 45), (95, 45))}}
    network = build(
        rules, point(50, 10), communities=communities, gates=gates, streets=streets
    )
    # not the street 10 m away: 30 m across and 35 m up to the path
    expected = np.hypot(30, 35)
    assert Walker(network).walk_m("f", (80, 45)) == pytest.approx(expected, abs=0.1)


def test_a_concave_community_does_not_lead_through_its_yard(rules):
    # f in the west arm, the path in the east arm, the yard between them
    shape = box(0, 10, 100, 50) - box(30, 20, 70, 50)
    gates = {"g": {"at": point(15, 10), "community_id": "c", "open_to": "all"}}
    streets = STREETS | {"p": {"at": line((75, 45), (95, 45))}}
    network = build(
        rules,
        point(15, 45),
        communities={"c": {"at": shape}},
        gates=gates,
        streets=streets,
    )
    # straight to the gate and 10 m on to the street
    assert Walker(network).walk_m("f", (15, 10)) == pytest.approx(35)


def test_a_shop_across_the_street_along_the_boundary(rules):
    # the boundary is drawn on the far side of the street s; the shop is outside
    communities = {"c": {"at": box(20, -5, 80, 50)}}
    gates = {"g": {"at": point(50, 50), "community_id": "c"}}
    network = build(rules, point(50, -20), communities=communities, gates=gates)
    assert Walker(network).walk_m("f", (0, 0)) == pytest.approx(20 + 50)


def test_a_facility_on_the_street(rules):
    assert Walker(build(rules, point(50, 0))).walk_m("f", (0, 0)) == pytest.approx(50)
