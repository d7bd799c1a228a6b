"""Gates onto the network (definitions 13 and 14 of geo/network.py)."""

import numpy as np
import pytest
from gridtown import Walker, box, codes, gate_places, line, point
from test_walls import BLOCK, build

STREET = {"s": line((0, -20), (300, -20))}


def test_a_gate_is_moved_to_the_boundary_and_joined_to_the_street(rules):
    gates = {"g": ("c", (150, -12), "all")}
    network = build(rules, STREET, {"c": (BLOCK, None)}, gates)
    assert gate_places(network, "c") == {(150, 0)}
    assert network.gates.loc["g", "connector_m"] == pytest.approx(20)
    assert Walker(network).walk_m("g", (0, -20)) == pytest.approx(170)
    assert codes(network) == set()


def test_a_gate_farther_from_the_street_than_the_greatest_distance(rules):
    streets = {"s": line((0, -101), (300, -101))}
    gates = {"g": ("c", (150, 0), "all")}
    network = build(rules, streets, {"c": (BLOCK, None)}, gates)
    assert network.gates.loc["g", "node"] == -1
    assert np.isnan(network.gates.loc["g", "connector_m"])
    expected = {("gate_unattached", "g"), ("community_without_way", "c")}
    assert codes(network) == expected


def test_the_outer_connector_crosses_no_barrier_but_its_own_wall(rules):
    gates = {"g": ("c", (150, 0), "all")}

    def connector_m(y):
        wall = {"w": {"at": line((100, y), (200, y)), "kind": "wall"}}
        network = build(rules, STREET, {"c": (BLOCK, None)}, gates, barriers=wall)
        return network.gates.loc["g", "connector_m"]

    assert connector_m(0) == pytest.approx(20)
    assert connector_m(-0.5) == pytest.approx(20)
    assert np.isnan(connector_m(-5))


def test_the_outer_connector_crosses_no_other_walled_community(rules):
    communities = {"c": (BLOCK, None), "d": (box(100, -15, 200, -5), None)}
    gates = {
        "g": ("c", (150, 0), "all"),
        "h": ("d", (150, -15), "all"),
    }
    network = build(rules, STREET, communities, gates)
    assert network.gates.loc["g", "node"] == -1
    assert network.gates.loc["h", "connector_m"] == pytest.approx(5)


def test_the_outer_connector_does_not_cross_its_own_community(rules):
    # the only street lies on the other side
    gates = {"g": ("c", (150, 100), "all")}
    communities = {"c": (box(100, 0, 200, 50), None)}
    gates = {"g": ("c", (150, 50), "all")}
    network = build(rules, STREET, communities, gates)
    assert network.gates.loc["g", "node"] == -1


def test_a_connector_does_not_run_along_a_wall(rules):
    # g lies on the side between two walled neighbours; the street is straight ahead
    communities = {"c": (BLOCK, None), "d": (box(200, 0, 300, 100), True)}
    gates = {"g": ("c", (200, 50), "all"), "h": ("d", (250, 0), "all")}
    network = build(rules, STREET, communities, gates)
    assert network.gates.loc["g", "node"] == -1


def test_the_inner_connector_may_be_any_length(rules):
    streets = STREET | {"p": line((150, 160), (180, 160))}
    gates = {"g": ("c", (150, 0), "residents")}
    network = build(rules, streets, {"c": (box(100, 0, 200, 300), None)}, gates)
    assert Walker(network).walk_m("g", (150, 160)) == np.inf
    assert Walker(network, "c").walk_m("g", (150, 160)) == pytest.approx(160)


def test_gates_split_the_edges_they_attach_to(rules):
    streets = STREET | {"p": line((120, 40), (180, 40))}
    gates = {"g": ("c", (150, 0), "all"), "h": ("c", (130, 0), "residents")}
    network = build(rules, streets, {"c": (BLOCK, None)}, gates)
    # in by h is for residents; strangers go by g
    assert Walker(network).walk_m("h", (130, 40)) == pytest.approx(
        20 + 20 + 20 + 40 + 20
    )
    assert Walker(network, "c").walk_m("h", (130, 40)) == pytest.approx(40)


def test_open_gates_without_inner_streets_lead_straight_through(rules):
    streets = STREET | {"n": line((0, 120), (300, 120))}
    gates = {"g": ("c", (150, 0), "all"), "h": ("c", (150, 100), "all")}
    network = build(rules, streets, {"c": (BLOCK, None)}, gates)
    assert Walker(network).walk_m((150, -20), (150, 120)) == pytest.approx(140)
    gates["h"] = ("c", (150, 100), "residents")
    network = build(rules, streets, {"c": (BLOCK, None)}, gates)
    assert Walker(network).walk_m((150, -20), (150, 120)) == np.inf


def test_a_shared_gate_on_an_alley_also_leads_out(rules):
    # two walled communities 0.8 m apart, an alley between them
    communities = {"c": (BLOCK, None), "d": (box(200.8, 0, 300, 100), None)}
    streets = {
        "alley": line((200.4, -50), (200.4, 50)),
        "p": line((150, 50), (190, 50)),
    }
    gates = {
        "g": ("c", (200.4, 50), "residents"),
        "h": ("d", (200.4, 50), "residents"),
    }
    network = build(rules, streets, communities, gates)
    assert Walker(network, "c").walk_m((190, 50), (200.4, -50)) == pytest.approx(110.4)
    assert Walker(network, "d").walk_m((190, 50), (200.4, -50)) == pytest.approx(110.4)
    assert Walker(network).walk_m((190, 50), (200.4, -50)) == np.inf


def test_supplied_gates_of_an_unwalled_community_are_its_only_ones(rules):
    gates = {"g": ("c", (150, 0), "residents")}
    network = build(rules, STREET, {"c": (BLOCK, False)}, gates)
    assert network.gates.loc["g", "connector_m"] == pytest.approx(20)
    assert network.gates["origin"].tolist() == ["supplied"]


def test_an_unwalled_community_whose_supplied_gates_cannot_be_used_gets_its_own(rules):
    gates = {"g": ("c", (150, -500), "residents")}
    network = build(rules, STREET, {"c": (BLOCK, False)}, gates)
    assert network.gates["origin"].tolist() == ["nearest"]
    assert ("gate_unusable", "g") in codes(network)


def test_a_gate_outside_the_extent_is_marked(rules):
    extent = {"all": {"at": box(0, -100, 160, 200)}}
    gates = {"g": ("c", (150, 0), "all"), "h": ("c", (180, 0), "all")}
    network = build(rules, STREET, {"c": (BLOCK, None)}, gates, extent=extent)
    assert network.gates["outside_extent"].to_dict() == {"g": False, "h": True}


def test_ids_of_derived_gates_never_repeat_supplied_ones(rules):
    gates = {"c#1": ("d", (150, 0), "all")}
    blocks = {"c": (BLOCK, False), "d": (BLOCK, True)}
    network = build(rules, STREET, blocks, gates)
    assert len(network.gates) > 1
    assert network.gates.index.is_unique
    assert network.gates.index.name == "id"
    assert point(0, 0).is_valid
