"""What serves people already: against the units, and by hand."""

import numpy as np
import pytest
from gridtown import box, grid_layers, make_district, point
from sample_plan import measure_sample

from geo.lifecircle import measure_life_circle
from geo.network import build_network
from geo.rules import load_rules
from geo.settings import Settings, SiteSettings
from geo.site_people import count_people
from geo.site_rules import list_sited
from geo.site_supply import measure_supplied
from geo.unit_members import gather_members

RULES = load_rules()


def measure(district):
    network = build_network(district, RULES, Settings())
    return measure_life_circle(district, network, RULES, Settings())


@pytest.fixture(scope="module")
def sample():
    return measure_sample()


def test_supplies_are_those_of_units(sample):
    members = gather_members(sample)
    people = count_people(sample, SiteSettings())
    sited = list_sited(RULES, ("elderly_daycare", "childcare", "parking"))
    supplied = measure_supplied(sample, sited, people)
    names = [need.category for need in members.needs]
    for key, one in sited.items():
        at = names.index(key)
        own = supplied.own[key]
        # units take what is hidden or cannot be entered for anything
        plain = np.isfinite(members.supply.high[:, at])
        low = (supplied.low[key] + own) * one.needed
        high = (supplied.high[key] + own) * one.needed
        np.testing.assert_allclose(low[plain], members.supply.low[plain, at])
        np.testing.assert_allclose(high[plain], members.supply.high[plain, at])
        assert plain.sum() > 20


def test_places_and_their_parts(sample):
    people = count_people(sample, SiteSettings())
    supplied = measure_supplied(sample, list_sited(RULES, ["canteen"]), people)
    doors = sample.network.doors
    assert supplied.place.isin(doors.index).sum() == len(doors)
    parts = np.bincount(supplied.community, supplied.part)
    np.testing.assert_allclose(parts, np.ones(len(people.ids)))
    assert np.isnan(supplied.distance_m["canteen"]).all()  # there is none


HOUSES = {
    "south": {"at": box(553, 18, 557, 22), "community_id": "pass", "households": 60},
    "north": {"at": box(553, 78, 557, 82), "community_id": "pass", "households": 40},
}
SPOT = {"at": point(290, 100), "category": "elderly_daycare"}


@pytest.fixture(scope="module")
def town():
    layers = grid_layers()
    layers["buildings"] |= HOUSES
    layers["communities"]["pass"]["households"] = 100.0
    layers["facilities"] = {"f": SPOT | {"floor_area_m2": 8.0}}
    return measure(make_district(**layers))


def share(town, *, useful=True, unsure=False):
    people = count_people(town, SiteSettings())
    supplied = measure_supplied(town, list_sited(RULES, ["elderly_daycare"]), people)
    size = len(people.ids)
    found = supplied.share(
        "elderly_daycare",
        useful=np.full(size, useful),
        unsure=np.full(size, unsure),
    )
    assert ((found >= 0) & (found <= 1)).all()
    return dict(zip(supplied.place, found, strict=True))


def test_the_share_that_is_covered_of_those_in_reach(town):
    # 8 m2 for the households in reach, where 20 m2 are asked for each 100
    found = share(town)
    assert found["south"] == 0.0  # 345 m away
    assert 0.0 < found["north"] < 1.0  # 285 m
    near = [name for name, part in found.items() if part > 0]
    assert len({found[name] for name in near}) == 1  # it is shared alike
    assert share(town, useful=False) == dict.fromkeys(found, 0.0)
    # everything is known, so that both bounds agree
    assert share(town, unsure=True) == found


def test_a_floor_area_that_is_unknown_covers_all_or_nothing():
    layers = grid_layers() | {"facilities": {"f": SPOT}}
    layers["buildings"] |= HOUSES
    town = measure(make_district(**layers))
    assert share(town)["north"] == 1.0
    assert share(town, unsure=True)["north"] == 0.0


def test_no_categories_are_no_work(town):
    people = count_people(town, SiteSettings())
    supplied = measure_supplied(town, {}, people)
    assert len(supplied.place) == 6
    assert supplied.distance_m == {}
