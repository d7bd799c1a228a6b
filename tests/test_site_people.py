"""Households and age groups: what is recorded, what is estimated."""

import numpy as np
import pytest
from gridtown import box, grid_layers, make_district

from geo.lifecircle import measure_life_circle
from geo.network import build_network
from geo.rules import load_rules
from geo.settings import Settings, SiteSettings
from geo.site_people import count_people

RULES = load_rules()


def count(communities, buildings=None, settings=None):
    layers = grid_layers() | {"buildings": buildings or {}}
    for name, columns in communities.items():
        layers["communities"][name] |= columns
    district = make_district(**layers)
    network = build_network(district, RULES, Settings())
    circle = measure_life_circle(district, network, RULES, Settings())
    people = count_people(circle, settings or SiteSettings())
    for one in (people.households, *people.groups.values()):
        unknown = np.isnan(one.amount)
        assert ((one.basis == "") == unknown).all()
        assert not (one.estimated & unknown).any()
        assert ((one.basis == "ledger") == (~one.estimated & ~unknown)).all()
    return people


def of(count, people, community):
    at = people.ids.get_loc(community)
    return count.amount[at], count.basis[at]


def test_the_order_of_what_is_known():
    every = {
        "households": None,
        "population": 524.0,
        "floor_area_m2": 900.0,
    }
    house = {"at": box(20, 20, 50, 50), "storeys": 2.0}
    known = {"b": house | {"community_id": "open", "households": 11.0}}
    told = [
        ({"households": 80.0}, known, (80.0, "ledger")),
        (every, known, (11.0, "ledger")),
        (every, {"b": house}, (200.0, "population")),
        (every | {"population": None}, {"b": house}, (10.0, "floor_area")),
        (
            every | {"population": None, "floor_area_m2": None},
            {"b": house},
            (20.0, "buildings"),
        ),
        (every | {"population": None, "floor_area_m2": None}, {}, (None, "")),
    ]
    for columns, buildings, (amount, basis) in told:
        people = count({"open": columns}, buildings)
        found = of(people.households, people, "open")
        assert found[1] == basis
        assert (amount is None and np.isnan(found[0])) or found[0] == amount


def test_settings_of_the_estimate():
    house = {"b": {"at": box(20, 20, 50, 50)}}
    settings = SiteSettings(m2_per_household=45.0, storeys_assumed=1.0)
    people = count({"open": {"households": None}}, house, settings)
    assert of(people.households, people, "open") == (20.0, "buildings")


def test_persons_and_groups():
    people = count({"open": {"households": 100.0, "parking_spaces": 7.0}})
    amount, basis = of(people.groups["persons"], people, "open")
    assert (amount, basis) == (pytest.approx(262.0), "households")
    amount, basis = of(people.groups["elderly_60"], people, "open")
    assert (amount, basis) == (pytest.approx(262.0 * 0.187), "households")
    assert people.spaces[people.ids.get_loc("open")] == 7.0
    assert np.isnan(people.spaces[people.ids.get_loc("east")])


def test_a_building_beyond_all_communities_is_nobodys():
    people = count(
        {"open": {"households": None}}, {"b": {"at": box(-99, -99, -60, -60)}}
    )
    assert of(people.households, people, "open")[1] == ""
