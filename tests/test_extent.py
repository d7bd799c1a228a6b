"""Where the network leaves the surveyed area (definition 20 of geo/network.py)."""

import numpy as np
import pytest
from gridtown import Walker, box, line, make_district

from geo.network import build_network
from geo.settings import Settings

COMMUNITY = {"c": {"at": box(40, 10, 60, 30)}}


def build(rules, streets, extent, **layers):
    rows = {name: {"at": at} for name, at in streets.items()}
    district = make_district(
        streets=rows, communities=COMMUNITY, extent=extent, **layers
    )
    return build_network(district, rules, Settings())


def exit_m(network, exits, x, y):
    """Return the walk from a place to the nearest exit."""
    walker = Walker(network)
    for row in exits.itertuples():
        walker.graph.add_edge(int(row.node), "exit", weight=row.offset_m)
    return walker.walk_m((x, y), "exit") if "exit" in walker.graph else np.inf


AREA = {"all": {"at": box(0, -100, 200, 100)}}


def test_where_a_street_crosses_the_boundary(rules):
    network = build(rules, {"s": line((30, 0), (100, 0), (300, 0))}, AREA)
    assert exit_m(network, network.exits, 100, 0) == pytest.approx(100)


@pytest.mark.parametrize(("x", "leaves"), [(176, True), (174, False)])
def test_a_dead_end_near_the_boundary_leaves_it(rules, x, leaves):
    network = build(rules, {"s": line((50, 0), (x, 0))}, AREA)
    assert np.isfinite(exit_m(network, network.exits, 50, 0)) == leaves


def test_a_bend_near_the_boundary_does_not(rules):
    streets = {"s": line((50, 0), (190, 0), (190, 50), (50, 50))}
    assert len(build(rules, streets, AREA).exits) == 0


def test_a_street_cut_at_a_wall_near_the_boundary_does_not(rules):
    wall = {"w": {"at": line((180, -50), (180, 90)), "kind": "wall"}}
    streets = {"s": line((50, 0), (190, 0), (190, 50), (50, 50))}
    assert len(build(rules, streets, AREA, barriers=wall).exits) == 0


def test_layers_with_an_extent_of_their_own(rules):
    extent = AREA | {"f": {"at": box(0, -100, 120, 100), "layer": "facilities"}}
    network = build(rules, {"s": line((50, 0), (100, 0), (300, 0))}, extent)
    assert exit_m(network, network.exits, 100, 0) == pytest.approx(100)
    assert exit_m(network, network.exits_of("facilities"), 100, 0) == pytest.approx(20)
    assert network.exits_of("buildings") is network.exits


def test_an_extent_in_parts(rules):
    extent = {
        "a": {"at": box(0, -100, 100, 100)},
        "b": {"at": box(100, -100, 200, 100)},
    }
    network = build(rules, {"s": line((50, 0), (90, 0), (300, 0))}, extent)
    assert exit_m(network, network.exits, 90, 0) == pytest.approx(110)
    assert network.extent_m.area == pytest.approx(200 * 200)


def test_without_any_extent_there_is_no_exit(rules):
    extent = {"f": {"at": box(0, 0, 9, 9), "layer": "facilities"}}
    network = build(rules, {"s": line((20, 0), (100, 0))}, extent)
    assert len(network.exits) == 0
    assert network.extent_m.is_empty
