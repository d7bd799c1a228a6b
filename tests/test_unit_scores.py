"""Terms and bounds of units, by hand and against plain loops."""

import math
from dataclasses import replace
from itertools import chain

import numpy as np
import pandas as pd
import pytest
from unit_towns import NONE, Oracle, make_problem, make_settings

from geo.settings import UnitSettings
from geo.unit_problem import UnitProblem, make_town, take_communities
from geo.unit_scores import TERMS, score_sets, within_bounds


@pytest.fixture
def trio() -> UnitProblem:
    """Three communities 300 m apart in a row; the third knows little of itself."""
    return UnitProblem(
        ids=pd.Index(["A", "B", "C"]),
        households=np.array([400.0, 600.0, np.nan]),
        area_m2=np.array([10_000.0, np.nan, 5_000.0]),
        x=np.array([0.0, 300.0, 600.0]),
        y=np.zeros(3),
        year=np.array([1980.0, 1990.0, np.nan]),
        structure=np.array([0, 1, -1]),
        condition=np.array([0.5, np.nan, 0.2]),
        edges=np.array([[0, 1], [1, 2]]),
        works=np.array([2.0, 1.0]),
        need_community=np.array([0, 0, 2]),
        need_category=np.array([0, 1, 0]),
        helper_start=np.array([0, 2, 3, 4]),
        helper=np.array([1, 2, 2, 0]),
    )


def score(problem, settings, *sets):
    start = np.cumsum([0, *map(len, sets)])
    return score_sets(problem, settings, start, np.array([*chain(*sets)], np.int64))


def test_terms_by_hand(trio):
    row = dict(zip(TERMS, score(trio, UnitSettings(), [0, 1])[0], strict=True))
    # one need of A has B among its helpers
    assert row["closable"] == 400
    assert row["works"] == pytest.approx(0.05 * 2 * 400)
    assert row["size"] == pytest.approx(0.1 * (1100 + 900 - 500))
    # ten of twenty years, and another structure; the condition of B is not known
    assert row["unlike"] == pytest.approx(-0.2 * 1000 * 0.75)
    # the middle lies at 180 m
    assert row["spread"] == pytest.approx(-0.2 * (400 * 180 + 600 * 120) / 500)


def test_unknown_households_count_as_none(trio):
    row = dict(zip(TERMS, score(trio, UnitSettings(), [0, 2])[0], strict=True))
    assert row["closable"] == 800
    assert row["size"] == pytest.approx(0.1 * (1100 + 1500 - 1100))
    assert row["unlike"] == pytest.approx(-0.2 * 400 * 0.3)
    assert row["spread"] == 0


def test_a_community_alone_scores_nothing(trio):
    assert not score(trio, UnitSettings(), [0], [1], [2]).any()


def test_a_unit_without_households_has_a_middle_all_the_same(trio):
    empty = replace(trio, households=np.array([np.nan, 0.0, np.nan]))
    assert np.isfinite(score(empty, UnitSettings(), [0, 1, 2])).all()


def test_nobody_helps_itself(trio):
    own = replace(trio, helper=np.array([0, 0, 0, 2]))
    assert score(own, UnitSettings(), [0, 1, 2])[0, 0] == 0


def test_bounds_hold_for_two_and_more(trio):
    start, members = np.array([0, 1, 3, 6]), np.array([0, 0, 1, 0, 1, 2])

    def check(**bounds):
        settings = UnitSettings(**bounds)
        return within_bounds(trio, settings, start, members).tolist()

    assert check() == [True, True, True]
    assert check(communities_least=3) == [True, False, True]
    assert check(communities_most=2) == [True, True, False]
    assert check(communities_most=0) == [True, True, True]
    assert check(households_most=999) == [True, False, False]
    assert check(households_least=1000) == [True, True, True]
    assert check(households_least=1001) == [True, False, False]
    assert check(area_most_m2=10_000.0) == [True, True, False]
    assert check(area_least_m2=12_000.0) == [True, False, True]


def test_against_plain_loops():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        problem = make_problem(rng, [9, 6])
        settings = make_settings(rng, 8)
        oracle = Oracle(problem, settings)
        sets = [
            sorted(rng.choice(15, rng.integers(1, 9), replace=False).tolist())
            for _ in range(15)
        ]
        expected = [oracle.terms(unit) for unit in sets]
        np.testing.assert_allclose(
            score(problem, settings, *sets), expected, rtol=1e-9, atol=1e-9
        )
        start = np.cumsum([0, *map(len, sets)])
        told = within_bounds(problem, settings, start, np.concatenate(sets))
        assert told.tolist() == [oracle.bounded(unit) for unit in sets]


def test_taking_some_leaves_out_what_hangs_on_the_others(trio):
    part = take_communities(trio, np.array([2, 0]))
    assert part.ids.tolist() == ["C", "A"]
    assert part.edges.size == part.works.size == 0
    assert part.need_community.tolist() == [0, 1, 1]
    assert part.helper_start.tolist() == [0, 1, 2, 3]
    assert part.helper.tolist() == [1, 0, 0]
    settings = UnitSettings()
    same = score(part, settings, [0, 1]), score(trio, settings, [0, 2])
    assert same[0].tolist() == same[1].tolist()


def test_a_town_lists_needs_both_ways(trio):
    town = make_town(trio, UnitSettings())
    assert town.owner.tolist() == [0, 0, 2]
    assert town.helps_start.tolist() == [0, 1, 2, 4]
    assert town.helps.tolist() == [2, 0, 0, 1]
    assert not math.isnan(town.households.sum() + town.area_m2.sum())


def test_arrays_that_do_not_belong_together_are_refused(trio):
    with pytest.raises(ValueError, match="do not belong together"):
        replace(trio, works=np.ones(3))
    with pytest.raises(ValueError, match="do not belong together"):
        replace(trio, helper=np.array([1, 2, 2, 3]))
    with pytest.raises(ValueError, match="do not belong together"):
        replace(trio, edges=np.array([[1, 0], [1, 2]]))
    assert trio.size == 3
    assert NONE.shape == (0, 2)
