"""Street networks for benchmarks have the nodes and bends they were asked for."""

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.street_town import StreetTown, street_town


def degrees(town: StreetTown) -> np.ndarray:
    return np.bincount(np.concatenate([town.u, town.v]), minlength=len(town.x))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.75])
def test_it_has_the_nodes_and_bends_asked_for(share: float) -> None:
    town = street_town(20_000, share, seed=3)
    assert len(town.x) == len(town.y) == 20_000
    assert (degrees(town) == 2).mean() == pytest.approx(share, abs=0.02)


def test_lengths_are_those_of_the_edges() -> None:
    town = street_town(5_000, 0.75, seed=1)
    dx, dy = town.x[town.u] - town.x[town.v], town.y[town.u] - town.y[town.v]
    np.testing.assert_allclose(town.length_m, np.hypot(dx, dy))
    assert (town.length_m > 0).all()
    assert (town.u != town.v).all()


def test_nearly_all_of_it_hangs_together() -> None:
    town = street_town(20_000, 0.5, seed=2)
    shape = (len(town.x), len(town.x))
    matrix = coo_array((town.length_m, (town.u, town.v)), shape=shape)
    _, piece = connected_components(matrix, directed=False)
    assert np.bincount(piece).max() > 0.99 * len(town.x)


def test_the_same_seed_gives_the_same_network() -> None:
    first, again = street_town(1_000, 0.4, seed=5), street_town(1_000, 0.4, seed=5)
    other = street_town(1_000, 0.4, seed=6)
    for left, right in zip(first, again, strict=True):
        np.testing.assert_array_equal(left, right)
    assert not np.array_equal(first.x, other.x)


@pytest.mark.parametrize(("nodes", "share"), [(99, 0.5), (1000, 0.04), (1000, 0.96)])
def test_bounds_are_named(nodes: int, share: float) -> None:
    with pytest.raises(ValueError, match="nodes is"):
        street_town(nodes, share)
