"""Gates that nobody supplied (definition 15 of geo/network.py)."""

from itertools import pairwise

import pytest
from gridtown import Walker, box, gate_places, line, make_district
from shapely import Polygon

from geo.network import build_network
from geo.settings import Settings

BLOCK = {"c": {"at": box(100, 0, 200, 100)}}


def build(rules, streets, communities=BLOCK):
    rows = {name: {"at": at} for name, at in streets.items()}
    district = make_district(streets=rows, communities=communities)
    return build_network(district, rules, Settings())


def test_every_crossing_is_a_gate(rules):
    network = build(
        rules, {"s": line((0, 50), (300, 50)), "t": line((150, 70), (150, 130))}
    )
    assert gate_places(network, "c") == {(100, 50), (200, 50), (150, 100)}
    assert (network.gates["origin"] == "crossing").all()
    assert (network.gates["connector_m"] == 0).all()
    assert Walker(network).walk_m((0, 50), (300, 50)) == pytest.approx(300)


def test_a_crossing_gate_splits_the_street(rules):
    network = build(rules, {"s": line((0, 50), (300, 50))})
    assert sorted(network.length_m.round(6)) == [100, 100, 100]


def test_a_street_that_ends_on_the_boundary_meets_it(rules):
    network = build(rules, {"s": line((0, 50), (100, 50))})
    assert gate_places(network, "c") == {(100, 50)}


def test_along_a_street_the_junctions_and_the_middle(rules):
    # the street runs 10 m south of the boundary from x = 0 to 300; one junction
    streets = {
        "s": line((0, -10), (130, -10), (300, -10)),
        "b": line((130, -10), (130, -60)),
    }
    network = build(rules, streets)
    # within 15 m of the corner (100, 0) the street begins at 100 - sqrt(125)
    start, stop = 100 - 125**0.5, 200 + 125**0.5
    assert gate_places(network, "c") == {
        (130, 0),
        (round(max((start + 130) / 2, 100), 1), 0),
        (round((130 + stop) / 2, 1), 0),
    }
    assert (network.gates["origin"] == "along").all()
    assert network.gates["connector_m"].round(6).tolist() == [10, 10, 10]


def test_the_middle_of_a_run_of_many_edges(rules):
    # around the corner: 50 m along the south, 110 m along the west
    streets = {
        "s": line((60, 50), (90, 50), (90, 20), (90, -10), (110, -10), (110, -60))
    }
    network = build(rules, streets)
    # within 15 m from x = 85 (5 + 60 + 20 + 5 m to y = -15): 90 m, its middle after 45
    assert gate_places(network, "c") == {(100, 10)}


def test_a_run_that_crosses_has_no_gate_in_its_middle(rules):
    network = build(rules, {"s": line((0, -10), (150, -10), (150, 90), (150, 130))})
    assert gate_places(network, "c") == {(150, 0), (150, 100)}


def test_a_street_beyond_the_tolerance_gives_the_nearest_point(rules):
    network = build(rules, {"s": line((0, -16), (120, -16))})
    assert len(network.gates) == 1
    gate = network.gates.iloc[0]
    assert gate["origin"] == "nearest"
    assert gate["connector_m"] == pytest.approx(16)


@pytest.mark.parametrize("turned", [False, True])
def test_of_equally_near_points_the_one_farther_west_then_south(rules, turned):
    around = [(70, -30), (230, -30), (230, 130), (70, 130), (70, -30)]
    sides = zip("abcd", pairwise(around), strict=True)
    streets = {name: line(*ends) for name, ends in sides}
    shapes = {
        "c": box(100, 0, 200, 100),
        "d": Polygon([(150, 0), (200, 50), (150, 100), (100, 50)]),
    }
    if turned:
        streets = dict(reversed(streets.items()))
        shapes = {name: shape.reverse() for name, shape in shapes.items()}
    for walled in (False, True):
        rows = {n: {"at": at, "walled": walled} for n, at in shapes.items()}
        network = build(rules, streets, rows)
        assert gate_places(network, "c") == {(100, 0)}
        assert gate_places(network, "d") == {(100, 50)}


def test_a_walled_boundary_on_a_street_has_its_gate_at_the_western_end(rules):
    streets = {"s": line((120, 0), (180, 0)), "n": line((120, 130), (180, 130))}
    network = build(rules, streets, {"c": BLOCK["c"] | {"walled": True}})
    assert gate_places(network, "c") == {(120, 0)}


def test_a_boundary_drawn_on_the_street(rules):
    network = build(rules, {"s": line((0, 0), (100, 0), (200, 0), (300, 0))})
    assert {(100, 0), (200, 0)} <= gate_places(network, "c")
    assert (network.gates["connector_m"] == 0).all()


def test_a_ring_around_the_community(rules):
    ring = line((90, -10), (210, -10), (210, 110), (90, 110), (90, -10))
    network = build(rules, {"s": ring})
    assert len(network.gates) == 1
    assert network.gates["connector_m"].iloc[0] <= 15


def test_driveway_gates_do_not_seal_a_community(rules):
    streets = {f"s{y}": {"at": line((50, y), (150, y))} for y in range(10, 100, 10)}
    gates = {"node/1": {"at": box(99, 9, 101, 11).centroid, "community_id": "c"}}
    gates["node/1"] |= {"derived": True, "open_to": "residents"}
    district = make_district(streets=streets, communities=BLOCK, gates=gates)
    network = build_network(district, rules, Settings())
    assert gate_places(network, "c") == {(100, y) for y in range(10, 100, 10)}
    assert (network.gates["node"] >= 0).all()
    crossing = network.gates["origin"] == "crossing"
    assert crossing.sum() == 9
    assert Walker(network).walk_m((50, 10), (150, 10)) == pytest.approx(100)


def test_neighbours_each_have_their_gate_at_a_common_crossing(rules):
    communities = BLOCK | {"d": {"at": box(200, 0, 300, 100)}}
    network = build(rules, {"s": line((0, 50), (400, 50))}, communities)
    assert gate_places(network, "c") == {(100, 50), (200, 50)}
    assert gate_places(network, "d") == {(200, 50), (300, 50)}
    assert network.gates.index.tolist() == ["c#1", "c#2", "d#1", "d#2"]
