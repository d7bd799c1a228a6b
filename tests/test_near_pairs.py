"""Pairs found square by square are those found all at once."""

import numpy as np
import pytest
from scrambled import scramble

from geo import near_pairs
from geo.near_pairs import find_near_pairs
from geo.network import build_network
from geo.pairs import find_pairs
from geo.reach import build_graph
from geo.sample import make_district, make_sample
from geo.settings import Settings
from geo.stock import place_people, take_stock
from geo.town import make_town


def assert_same(district, rules, reach_m):
    network = build_network(district, rules, Settings())
    graph = build_graph(network.x, network.y, network.u, network.v, network.length_m)
    needs = tuple(rules.requirements.values())
    ids = district.communities.index.sort_values()
    stock = take_stock(district.facilities, needs)
    places = place_people(network, ids)
    facilities = np.flatnonzero(stock.category >= 0)[::-1][::2].copy()
    given = graph, network, places, ids, facilities, stock
    shapes = district.facilities.geometry.loc[stock.ids[facilities]].to_numpy()
    found = find_near_pairs(*given, shapes=shapes, reach_m=reach_m)
    expected = find_pairs(*given, reach_m=reach_m)
    assert len(expected[0]) > 0
    for one, other in zip(found, expected, strict=True):
        assert one.tolist() == other.tolist()


@pytest.mark.parametrize("side", [120.0, 1500.0])
def test_in_the_sample(rules, side, monkeypatch):
    monkeypatch.setattr(near_pairs, "SIDE_M", side)
    assert_same(make_district(make_sample()), rules, 150.0)


@pytest.mark.parametrize("seed", range(3))
def test_in_random_towns(rules, seed, monkeypatch):
    monkeypatch.setattr(near_pairs, "SIDE_M", 150.0)
    town = make_town(seed, communities=16, walled_share=0.9, sealed_share=0.3)
    assert_same(make_district(town), rules, 300.0)


@pytest.mark.parametrize("seed", [13, 15, 18, 23, 27, 29])
def test_in_scrambled_towns(rules, seed, monkeypatch):
    monkeypatch.setattr(near_pairs, "SIDE_M", 60.0)
    assert_same(scramble(seed), rules, 120.0)


def test_no_facilities_no_pairs(rules):
    district = make_district(make_town(1, communities=8))
    network = build_network(district, rules, Settings())
    graph = build_graph(network.x, network.y, network.u, network.v, network.length_m)
    ids = district.communities.index.sort_values()
    stock = take_stock(district.facilities, tuple(rules.requirements.values()))
    community, facility = find_near_pairs(
        graph,
        network,
        place_people(network, ids),
        ids,
        np.empty(0, dtype=np.int64),
        stock,
        shapes=np.empty(0, dtype=object),
        reach_m=300.0,
    )
    assert len(community) == len(facility) == 0
