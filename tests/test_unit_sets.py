"""Connected sets: each once, none missed, and what they are worth elsewhere."""

import numpy as np
import pytest
from unit_towns import NONE, Oracle, make_problem, make_settings

from geo.settings import UnitSettings
from geo.unit_prices import price_sets
from geo.unit_problem import make_town
from geo.unit_sets import BROKEN, find_atoms, list_sets


def as_lists(sets):
    return [
        tuple(sets.member[a:b].tolist())
        for a, b in zip(sets.start[:-1], sets.start[1:], strict=True)
    ]


def price(problem, settings, dual, locked=NONE, forbidden=NONE, **limits):
    town = make_town(problem, settings)
    atoms = find_atoms(problem, town, locked, forbidden)
    chosen = np.arange(atoms.communities.size)
    given = {"least": -np.inf, "keep_most": 10**6, "look_most": 10**6, **limits}
    return atoms, price_sets(town, atoms, chosen, dual[chosen], **given)


def test_all_connected_sets_once():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        problem = make_problem(rng, [int(rng.integers(1, 9)), 2], cut=0.1)
        settings = UnitSettings(communities_most=int(rng.integers(1, 6)))
        found = list_sets(problem, settings)
        listed = as_lists(found)
        oracle = Oracle(problem, settings)
        assert found.complete
        assert sorted(listed) == sorted(map(tuple, oracle.units()))
        expected = [sum(oracle.terms(list(unit))) for unit in listed]
        np.testing.assert_allclose(found.gain, expected, rtol=1e-9, atol=1e-9)


def test_only_the_most_bounds_stop_the_growing():
    rng = np.random.default_rng(3)
    problem = make_problem(rng, [8])
    loose = UnitSettings(communities_most=4)
    least = UnitSettings(communities_least=3, households_least=900, communities_most=4)
    assert as_lists(list_sets(problem, loose)) == as_lists(list_sets(problem, least))
    tight = UnitSettings(communities_most=4, households_most=1500)
    oracle = Oracle(problem, tight)
    assert sorted(as_lists(list_sets(problem, tight))) == sorted(
        map(tuple, oracle.units())
    )


def test_some_communities_only():
    problem = make_problem(np.random.default_rng(1), [9])
    chosen = np.array([6, 1, 4, 1])
    listed = as_lists(list_sets(problem, UnitSettings(), communities=chosen))
    everything = as_lists(list_sets(problem, UnitSettings()))
    assert listed == [unit for unit in everything if set(unit) <= {1, 4, 6}]


def test_a_cap_is_told():
    problem = make_problem(np.random.default_rng(2), [12])
    everything = as_lists(list_sets(problem, UnitSettings()))
    exact = list_sets(problem, UnitSettings(), most=len(everything))
    assert exact.complete
    assert as_lists(exact) == everything
    capped = list_sets(problem, UnitSettings(), most=len(everything) - 1)
    assert not capped.complete
    assert as_lists(capped) == everything[:-1]


def test_prices_against_plain_loops():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        problem = make_problem(rng, [8, 2])
        settings = make_settings(rng, 6)
        forbidden = rng.integers(0, 10, (2, 2))
        forbidden = forbidden[forbidden[:, 0] != forbidden[:, 1]]
        dual = rng.random(10) * 300
        oracle = Oracle(problem, settings, NONE, forbidden)
        worth = {
            tuple(unit): sum(oracle.terms(unit))
            for unit in oracle.units()
            if len(unit) > 1
        }
        _, found = price(problem, settings, dual, forbidden=forbidden)
        told = dict(zip(as_lists(found), found.gain, strict=True))
        assert told == pytest.approx({unit: worth[unit] for unit in told}, abs=1e-6)
        for unit, gain in worth.items():
            # what is left out gains nothing beyond a part of it
            if unit not in told and gain > 1e-6:
                parts = [worth[part] for part in told if set(part) < set(unit)]
                assert max(parts) >= gain - 1e-6
        shares = np.zeros(10)
        for unit, gain in told.items():
            share = (gain - dual[list(unit)].sum()) / len(unit)
            shares[list(unit)] = np.maximum(shares[list(unit)], share)
        np.testing.assert_allclose(found.share, shares, atol=1e-6)


def test_only_the_dearest_are_kept():
    problem = make_problem(np.random.default_rng(5), [14])
    dual = np.full(14, 50.0)
    _, everything = price(problem, UnitSettings(), dual)
    _, dear = price(problem, UnitSettings(), dual, least=0.0)
    _, few = price(problem, UnitSettings(), dual, least=0.0, keep_most=20)
    assert dear.whole
    assert not few.whole
    assert few.gain.size <= 20
    prices = [
        gain - 50 * len(unit)
        for unit, gain in zip(as_lists(everything), everything.gain, strict=True)
    ]
    assert dear.gain.size == sum(one >= 0 for one in prices)
    assert set(as_lists(few)) < set(as_lists(dear))
    np.testing.assert_allclose(few.share, everything.share)
    _, blind = price(problem, UnitSettings(), dual, look_most=30)
    assert not blind.complete


def test_locked_communities_are_one_atom():
    problem = make_problem(np.random.default_rng(4), [6])
    i, j = problem.edges[0]
    locked = np.array([[i, j]])
    atoms, found = price(problem, UnitSettings(), np.zeros(6), locked)
    assert atoms.communities.sum() == 6
    assert atoms.communities.max() == 2
    joint = int(np.argmax(atoms.communities))
    oracle = Oracle(problem, UnitSettings())
    assert atoms.alone[joint] == pytest.approx(sum(oracle.terms([i, j])))
    assert found.complete


def test_a_group_that_cannot_stand_is_marked():
    problem = make_problem(np.random.default_rng(4), [6, 3])
    oracle = Oracle(problem, UnitSettings())
    apart = next(
        [i, j] for i in range(9) for j in range(i) if not oracle.connected([i, j])
    )
    atoms, _ = price(problem, UnitSettings(), np.zeros(9), np.array([apart]))
    assert atoms.alone.min() == pytest.approx(sum(oracle.terms(apart)) - BROKEN)
    pair = problem.edges[:1]
    atoms, found = price(problem, UnitSettings(), np.zeros(9), pair, pair)
    joint = int(np.argmax(atoms.communities))
    assert atoms.alone[joint] < -BROKEN / 2
    assert joint not in found.member
