"""Adding up over units, against all that unknown weights could be."""

import itertools

import numpy as np
import pandas as pd
import pytest

from geo.coverage import Share
from geo.errors import InputError
from geo.unit_pools import (
    group_communities,
    judge_share,
    pool_bounds,
    weigh_members,
)

IDS = pd.Index(["a", "b", "c", "d", "e"])
#: What an unknown weight is tried as: nobody, somebody, nearly everybody.
TRIED = (0.0, 7.0, 1e12)


def group(names, **more):
    return group_communities(pd.Series(list(names), index=IDS), IDS, **more)


def test_units_stand_in_the_order_of_their_smallest_member():
    groups = group("zyzxy")
    assert groups.names.tolist() == ["z", "y", "x"]
    assert groups.member.tolist() == [0, 2, 1, 4, 3]
    assert groups.start.tolist() == [0, 2, 4]
    assert groups.unit.tolist() == [0, 0, 1, 1, 2]


def test_the_order_of_rows_changes_nothing():
    unit_of = pd.Series(list("zyzxy"), index=IDS)
    turned, straight = (
        group_communities(rows, IDS) for rows in (unit_of[::-1], unit_of)
    )
    assert turned.names.tolist() == straight.names.tolist()
    assert turned.member.tolist() == straight.member.tolist()


def test_communities_without_a_unit_are_left_out():
    unit_of = pd.Series({"b": "y", "d": None, "a": "z"}, dtype="object")
    groups = group_communities(unit_of, IDS)
    assert groups.names.tolist() == ["z", "y"]
    assert groups.member.tolist() == [0, 1]


def test_only_some_units():
    groups = group("zyzxy", only={"y", "gone"})
    assert groups.names.tolist() == ["y"]
    assert groups.member.tolist() == [1, 4]
    assert len(group("zyzxy", only=()).names) == 0


@pytest.mark.parametrize(
    ("index", "code"),
    [
        (["a", "a"], "unit_community_twice"),
        (["a", "nobody"], "unit_community_unknown"),
    ],
)
def test_what_cannot_be_grouped_is_named(index, code):
    with pytest.raises(InputError) as error:
        group_communities(pd.Series("U", index=index), IDS)
    assert error.value.code == code
    for lang in ("zh", "en"):
        assert index[1] in error.value.message(lang)
        assert error.value.action(lang)


def pool(low, high, weight):
    """Pool one unit of one category."""
    ids = pd.Index([f"c{at}" for at in range(len(low))])
    groups = group_communities(pd.Series("U", index=ids), ids)
    columns = [np.array(values, dtype=float)[:, None] for values in (low, high, weight)]
    weights = weigh_members(columns[2], groups)
    pooled = pool_bounds(Share(columns[0], columns[1]), weights, groups)
    return float(pooled.low[0, 0]), float(pooled.high[0, 0])


def test_a_mean_is_weighted():
    assert pool([0, 1], [0, 1], [30, 10]) == (0.25, 0.25)
    assert pool([0, 1], [1, 1], [30, 10]) == (0.25, 1.0)


def test_an_unknown_weight_may_be_anything():
    assert pool([0, 1], [0, 1], [30, np.nan]) == (0.0, 1.0)
    assert pool([1, 1], [1, 1], [30, np.nan]) == (1.0, 1.0)
    assert pool([0, 1], [0, 1], [np.nan, np.nan]) == (0.0, 1.0)


def test_who_weighs_nothing_changes_nothing_unless_nobody_weighs():
    assert pool([0, 1], [0, np.inf], [0, 10]) == (1.0, np.inf)
    assert pool([0, 1], [np.inf, 1], [0, 10]) == (1.0, 1.0)
    assert pool([0, 1], [0, 1], [0, 0]) == (0.0, 1.0)
    assert pool([0.3], [0.4], [0]) == (0.3, 0.4)


def test_one_member_keeps_its_own_bounds_to_the_last_bit():
    rng = np.random.default_rng(0)
    for low, weight in rng.uniform(0, 1000, (200, 2)):
        assert pool([low], [low], [weight]) == (low, low)


@pytest.mark.parametrize("seed", range(40))
def test_bounds_hold_whatever_the_unknown_is_and_are_no_wider(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 5))
    low = rng.integers(0, 5, size) / 4
    high = np.minimum(1, low + rng.integers(0, 3, size) / 4)
    weight = rng.integers(0, 4, size) * 10.0
    weight[rng.random(size) < 0.4] = np.nan
    tries = [TRIED if np.isnan(w) else (w,) for w in weight]
    found_low, found_high = pool(low, high, weight)
    means = [
        (np.average(low, weights=w), np.average(high, weights=w))
        for w in itertools.product(*tries)
        if sum(w) > 0
    ]
    if not means:
        means = [(low.min(), high.max())]
    assert found_low == pytest.approx(min(mean for mean, _ in means), abs=1e-9)
    assert found_high == pytest.approx(max(mean for _, mean in means), abs=1e-9)


def test_rounding_errors_decide_nothing():
    share = np.array([0.1 + 0.7, 0.8 - 1e-6])
    assert judge_share(Share(share, share), 0.8).tolist() == ["met", "short"]
