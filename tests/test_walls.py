"""Walled communities (definitions 8 to 11 of geo/network.py)."""

import numpy as np
import pytest
from gridtown import Walker, box, codes, gate_places, line, make_district, point
from shapely import Polygon

from geo.network import build_network
from geo.settings import Settings


def build(rules, streets, communities, gates=None, **layers):
    """Build from id -> line, id -> (shape, walled) and id -> (owner, xy, open_to)."""
    district = make_district(
        streets={name: {"at": at} for name, at in streets.items()},
        communities={
            name: {"at": at, "walled": walled}
            for name, (at, walled) in communities.items()
        },
        gates={
            name: {"at": point(*xy), "community_id": owner, "open_to": open_to}
            for name, (owner, xy, open_to) in (gates or {}).items()
        },
        **layers,
    )
    return build_network(district, rules, Settings())


def own_m(network, inside):
    """Return the length of inner (or public) street edges."""
    chosen = (network.street >= 0) & ((network.inside >= 0) == inside)
    return pytest.approx(network.length_m[chosen].sum())


THROUGH = {"s": line((0, 50), (300, 50))}
BLOCK = box(100, 0, 200, 100)
FAR_GATE = {"g": ("c", (150, 100), "residents")}


@pytest.mark.parametrize(
    ("said", "gated", "walled"),
    [
        (None, False, False),
        (None, True, True),
        (False, True, False),
        (True, False, True),
    ],
)
def test_who_is_walled(rules, said, gated, walled):
    gates = FAR_GATE if gated else None
    network = build(rules, THROUGH, {"c": (BLOCK, said)}, gates)
    assert network.walled.tolist() == [walled]


def test_gates_from_tags_wall_nobody(rules):
    network = build_network(
        make_district(
            streets={"s": {"at": THROUGH["s"]}},
            communities={"c": {"at": BLOCK}},
            gates={
                "node/1": {"at": point(150, 100), "community_id": "c", "derived": True}
            },
        ),
        rules,
        Settings(),
    )
    assert not network.walled.any()
    # the driveway gate stands beside the crossings and seals nothing
    assert gate_places(network, "c") >= {(100, 50), (200, 50), (150, 100)}
    assert network.gates.loc["node/1", "origin"] == "mapped"
    assert Walker(network).walk_m((0, 50), (300, 50)) == pytest.approx(300)


def test_a_street_far_from_every_gate_is_cut_at_the_wall(rules):
    network = build(rules, THROUGH, {"c": (BLOCK, None)}, FAR_GATE)
    walker = Walker(network)
    assert walker.walk_m((0, 50), (300, 50)) == np.inf
    assert walker.walk_m((0, 50), (100, 50)) == pytest.approx(100)
    assert own_m(network, inside=True) == 100
    assert own_m(network, inside=False) == 200


def test_walled_false_keeps_the_street_open(rules):
    network = build(rules, THROUGH, {"c": (BLOCK, False)}, FAR_GATE)
    assert Walker(network).walk_m((0, 50), (300, 50)) == pytest.approx(300)


def test_a_gate_on_the_crossing_lets_its_residents_through(rules):
    gates = {"g": ("c", (100, 55), "residents")}
    network = build(rules, THROUGH, {"c": (BLOCK, None)}, gates)
    assert Walker(network).walk_m((0, 50), (200, 50)) == np.inf
    walk = Walker(network, "c").walk_m((0, 50), (200, 50))
    # 5 m along the wall would be no connector; the gate is 5 m from the crossing
    assert walk == np.inf
    network = build(
        rules, THROUGH, {"c": (BLOCK, None)}, {"g": ("c", (95, 50), "residents")}
    )
    assert gate_places(network, "c") == {(100, 50)}
    assert Walker(network, "c").walk_m((0, 50), (200, 50)) == pytest.approx(200)
    # the far side has no gate: its residents cannot leave there
    assert Walker(network, "c").walk_m((0, 50), (300, 50)) == np.inf


def test_a_street_along_the_boundary_stays_public(rules):
    # drawn 5 m inside the southern boundary over its whole length
    streets = {"s": line((0, 5), (300, 5)), "n": line((150, 160), (150, 40))}
    network = build(rules, streets, {"c": (BLOCK, None)}, FAR_GATE)
    assert Walker(network).walk_m((0, 5), (300, 5)) == pytest.approx(300)
    assert own_m(network, inside=False) == 300 + 60
    assert own_m(network, inside=True) == 60


def test_a_branch_of_that_street_into_the_community_is_cut_off(rules):
    streets = {"s": line((0, 5), (150, 5), (300, 5)), "b": line((150, 5), (150, 60))}
    network = build(rules, streets, {"c": (BLOCK, None)}, FAR_GATE)
    walker = Walker(network)
    assert walker.walk_m((0, 5), (300, 5)) == pytest.approx(300)
    assert walker.walk_m((0, 5), (150, 60)) == np.inf
    assert own_m(network, inside=True) == 55


def test_a_street_deeper_than_the_tolerance_is_inner(rules):
    # a path exactly as deep as the tolerance is not deeper
    for y, inner in ((14, 0), (15, 0), (15.01, 100), (16, 100)):
        streets = {"s": line((0, y), (300, y))}
        network = build(rules, streets, {"c": (BLOCK, None)}, FAR_GATE)
        assert own_m(network, inside=True) == inner


def test_the_tolerance_goes_round_corners_that_point_inwards(rules):
    # exactly 15 m from the corner, and 1 cm more; 15.05 m from the walls behind
    corner = 15.05 + 15 / 2**0.5
    block = BLOCK.difference(box(100 + corner, corner, 200, 100))
    gate = {"g": ("c", (110, 100), "residents")}
    for beyond, inner in ((0.0, False), (0.01, True)):
        far = 30.1 - beyond * 2**0.5
        streets = {"s": line((90, far + 10), (150, far - 50))}
        network = build(rules, streets, {"c": (block, None)}, gate)
        assert (network.inside >= 0).any() == inner


def test_an_inner_street_may_run_along_the_boundary_of_another(rules):
    # inside a, 10 m behind the southern wall of the smaller b
    streets = {
        "s": line((50, 50), (150, 50)),
        "t": line((0, -10), (200, -10)),
        "u": line((0, 150), (200, 150)),
    }
    communities = {
        "a": (box(0, 0, 200, 100), True),
        "b": (box(80, 40, 130, 140), True),
    }
    gates = {
        "ga": ("a", (105, 0), "residents"),
        "gb": ("b", (105, 140), "residents"),
    }
    network = build(rules, streets, communities, gates)
    own = network.resident_edges.query("community_id == 'a'")
    assert own["length_m"].tolist() == pytest.approx([50])
    assert own_m(network, inside=True) == 100


def test_a_shallow_stub_or_ring_is_no_street_along_the_boundary(rules):
    # one leaves the boundary and ends, one is a ring on a stalk from one crossing
    stub = {"s": line((120, -20), (120, 10))}
    assert own_m(build(rules, stub, {"c": (BLOCK, None)}, FAR_GATE), inside=True) == 10
    ring = {"r": line((120, -20), (120, 5), (130, 5), (130, 10), (120, 10), (120, 5))}
    network = build(rules, ring, {"c": (BLOCK, None)}, FAR_GATE)
    assert own_m(network, inside=True) == 35


def test_a_run_that_leads_to_a_gate_is_inner(rules):
    # in at the far west crossing, out within 15 m of the gate
    streets = {"s": line((0, 5), (300, 5))}
    gates = {"g": ("c", (200, 5), "residents")}
    network = build(rules, streets, {"c": (BLOCK, None)}, gates)
    assert own_m(network, inside=True) == 100
    assert Walker(network).walk_m((0, 5), (300, 5)) == np.inf
    assert Walker(network, "c").walk_m((100, 5), (300, 5)) == pytest.approx(200)


def test_a_concave_community_cuts_the_street_twice(rules):
    # a U open to the north; the street passes both arms and the yard between
    shape = Polygon(
        [
            (0, 0),
            (200, 0),
            (200, 100),
            (150, 100),
            (150, 40),
            (50, 40),
            (50, 100),
            (0, 100),
        ]
    )
    streets = {"s": line((-50, 70), (250, 70))}
    gates = {"g": ("c", (100, 0), "residents")}
    network = build(rules, streets, {"c": (shape, None)}, gates)
    assert own_m(network, inside=True) == 100
    assert own_m(network, inside=False) == 200
    assert Walker(network).walk_m((-50, 70), (250, 70)) == np.inf


def test_nested_walls_belong_to_the_smallest(rules):
    communities = {"big": (box(50, 0, 250, 100), True), "small": (BLOCK, True)}
    gates = {
        "g_big": ("big", (150, 100), "residents"),
        "g_small": ("small", (150, 100), "residents"),
    }
    network = build(rules, THROUGH, communities, gates)
    inner = network.street >= 0
    lengths = {
        who: network.length_m[inner & (network.inside == who)].sum() for who in (0, 1)
    }
    assert lengths == {0: pytest.approx(100), 1: pytest.approx(100)}


def test_a_wall_without_supplied_gates_opens_where_streets_pass(rules):
    network = build(rules, THROUGH, {"c": (BLOCK, True)})
    assert gate_places(network, "c") == {(100, 50), (200, 50)}
    assert (network.gates["origin"] == "crossing").all()
    assert (network.gates["open_to"] == "all").all()
    assert own_m(network, inside=True) == 100
    assert Walker(network).walk_m((0, 50), (300, 50)) == pytest.approx(300)


def test_a_wall_without_gates_or_streets_has_one_gate(rules):
    streets = {"s": line((0, -30), (300, -30))}
    network = build(rules, streets, {"c": (BLOCK, True)})
    assert len(network.gates) == 1
    gate = network.gates.iloc[0]
    assert (gate["origin"], gate["connector_m"]) == ("nearest", 30)


def test_two_walls_without_gates_meet_openly_but_not_a_gated_one(rules):
    communities = {
        "a": (box(100, 0, 200, 100), True),
        "b": (box(200, 0, 300, 100), True),
    }
    network = build(rules, {"s": line((0, 50), (400, 50))}, communities)
    assert gate_places(network, "a") == {(100, 50), (200, 50)}
    assert gate_places(network, "b") == {(200, 50), (300, 50)}
    gates = {"g": ("b", (250, 100), "residents")}
    network = build(rules, {"s": line((0, 50), (400, 50))}, communities, gates)
    assert gate_places(network, "a") == {(100, 50)}
    assert ("gate_unattached", "g") in codes(network)
