"""Two-step floating catchment, worked out by hand."""

import numpy as np
import pytest

from geo.capacity import judge_capacity, share_supply

NAN = np.nan


def supply_of(pairs, population, capacity):
    community, facility = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return share_supply(
        community,
        facility,
        population=np.array(population, dtype=float),
        capacity=np.array(capacity, dtype=float),
    )


def verdict(supply, population, *, needed=4.5, entered=True, hidden=False):
    size = len(population)
    test = judge_capacity(
        supply,
        needed,
        population=np.array(population, dtype=float),
        entered=np.full(size, entered),
        hidden=np.full(size, hidden),
    )
    return list(zip(test.state.tolist(), test.cause.tolist(), strict=True))


def test_a_facility_shares_its_places_among_all_in_reach():
    # f0 (30 places) serves c0 and c1 (4,000 persons): 7.5 per 1,000;
    # f1 (6 places) serves c1 alone (1,000 persons): 6 more
    population = [3000, 1000, 500]
    supply = supply_of([(0, 0), (1, 0), (1, 1)], population, [30, 6])
    assert supply.low.tolist() == supply.high.tolist() == [7.5, 13.5, 0.0]
    assert supply.facilities.tolist() == [1, 2, 0]
    assert verdict(supply, population) == [
        ("met", "enough"),
        ("met", "enough"),
        ("unknown", "none_in_reach"),
    ]


def test_exactly_what_is_needed_is_enough():
    supply = supply_of([(0, 0)], [2000], [9])
    assert verdict(supply, [2000]) == [("met", "enough")]


def test_too_little_is_short_unless_a_facility_may_be_hidden():
    supply = supply_of([(0, 0)], [2000], [8.9])
    assert verdict(supply, [2000]) == [("short", "too_little")]
    assert verdict(supply, [2000], hidden=True) == [("unknown", "hidden")]
    assert verdict(supply, [2000], entered=False) == [("unknown", "no_gate")]


def test_an_unknown_capacity_leaves_a_lower_bound():
    enough = supply_of([(0, 0), (0, 1)], [2000], [9, NAN])
    assert (enough.low.item(), enough.high.item()) == (4.5, np.inf)
    assert verdict(enough, [2000]) == [("met", "enough")]
    scarce = supply_of([(0, 0), (0, 1)], [2000], [8, NAN])
    assert verdict(scarce, [2000]) == [("unknown", "capacity_missing")]


def test_an_unknown_population_leaves_an_upper_bound():
    # c1 is unknown: whoever lives there, c0 gets at most 8 / 2,000
    population = [2000, NAN]
    scarce = supply_of([(0, 0), (1, 0)], population, [8])
    assert (scarce.low.tolist(), scarce.high.tolist()) == ([0, 0], [4, 4])
    assert verdict(scarce, population) == [("short", "too_little")] * 2
    plenty = supply_of([(0, 0), (1, 0)], population, [9])
    assert verdict(plenty, population) == [("unknown", "population_missing")] * 2


def test_nobody_needs_nothing():
    supply = supply_of([(0, 0), (0, 1)], [0], [0, 5])
    assert (supply.low.item(), supply.high.item()) == (np.inf, np.inf)
    assert verdict(supply, [0]) == [("met", "enough")]
    nothing = supply_of([(0, 0)], [0], [0])
    assert verdict(nothing, [0]) == [("met", "enough")]


@pytest.mark.parametrize("seed", range(5))
def test_bounds_hold_for_every_way_to_fill_what_is_unknown(seed):
    random = np.random.default_rng(seed)
    pairs = np.argwhere(random.random((6, 4)) < 0.5)
    population = np.where(random.random(6) < 0.3, NAN, random.integers(100, 3000, 6))
    capacity = np.where(random.random(4) < 0.3, NAN, random.integers(0, 20, 4))
    bounds = supply_of(pairs, population, capacity)
    for _ in range(50):
        people = np.where(np.isnan(population), random.integers(0, 9000, 6), population)
        places = np.where(np.isnan(capacity), random.integers(0, 90, 4), capacity)
        exact = supply_of(pairs, people + 0.001, places)
        assert (bounds.low <= exact.low * 1.0001 + 1e-9).all()
        assert (exact.high <= bounds.high * 1.0001 + 1e-9).all()
