"""Made-up towns are sound, varied, and the same for the same seed."""

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.network import build_network
from geo.rules import load_rules
from geo.sample import make_district
from geo.settings import Settings
from geo.town import Town, TownStyle, make_town

SEEDS = range(8)


@cache
def town_of(seed: int) -> Town:
    """A town of 8 to 40 communities; some have no river, railway or buildings."""
    count = int(np.random.default_rng(seed).integers(8, 41))
    return make_town(
        seed,
        communities=count,
        river=seed % 3 != 0,
        railway=seed % 4 != 1,
        buildings=seed % 5 != 2,
        walled_share=0.8 if seed % 2 else 0.4,
        sealed_share=0.3,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_communities_touch_at_most(seed: int) -> None:
    shapes = town_of(seed).layers["communities"].geometry
    assert shapes.is_valid.all()
    left, right = shapes.sindex.query(shapes, predicate="intersects")
    pairs, polygons = left < right, shapes.to_numpy()
    shared = shapely.intersection(polygons[left[pairs]], polygons[right[pairs]])
    assert (shapely.area(shared) == 0.0).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_public_streets_keep_out_of_communities(seed: int) -> None:
    layers = town_of(seed).layers
    public = layers["streets"][layers["streets"]["highway"] != "service"]
    inside = layers["communities"].geometry.buffer(-0.2).union_all()
    assert not public.intersects(inside).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_gates_stand_in_walls_and_on_paths(seed: int) -> None:
    layers = town_of(seed).layers
    gates = layers["gates"]
    walls = layers["communities"].boundary.reindex(gates["community_id"])
    off = walls.reset_index(drop=True).distance(gates.geometry.reset_index(drop=True))
    assert off.max() < 0.01
    paths = layers["streets"].geometry[layers["streets"]["highway"] == "service"]
    vertices = shapely.MultiPoint(shapely.get_coordinates(paths.to_numpy()))
    assert gates.distance(vertices).max() == 0.0
    assert gates.index.is_unique


@pytest.mark.parametrize("seed", SEEDS)
def test_blocks_stand_in_their_community_and_apart(seed: int) -> None:
    layers = town_of(seed).layers
    if "buildings" not in layers:
        return
    homes = layers["buildings"].dropna(subset="community_id")
    own = layers["communities"].geometry.reindex(homes["community_id"])
    assert (
        own.reset_index(drop=True).contains(homes.geometry.reset_index(drop=True)).all()
    )
    left, right = homes.sindex.query(homes.geometry, predicate="intersects")
    assert (left == right).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_chain_takes_it(seed: int) -> None:
    town = town_of(seed)
    district = make_district(town)
    network = build_network(district, load_rules(), Settings())
    table = network.pieces
    lengths = table["length_m"].sort_values()
    assert lengths.iloc[-1] > 0.6 * lengths.sum()
    walled = town.layers["communities"]["walled"].sum()
    assert (network.inside >= 0).any() == bool(walled)


def test_the_same_seed_gives_the_same_town() -> None:
    first, again = make_town(4, communities=12), make_town(4, communities=12)
    for name, frame in first.layers.items():
        other = again.layers[name]
        assert frame.geom_equals_exact(other, 0.0).all()
        left, right = (pd.DataFrame(f.drop(columns="geometry")) for f in (frame, other))
        pd.testing.assert_frame_equal(left, right)
    assert (
        not make_town(5, communities=12)
        .layers["streets"]
        .equals(first.layers["streets"])
    )


def test_together_they_hold_every_case() -> None:
    layers = [town_of(seed).layers for seed in SEEDS]

    def together(name: str) -> gpd.GeoDataFrame:
        return pd.concat([part[name] for part in layers if name in part])

    streets, gates = together("streets"), together("gates")
    facilities, communities = together("facilities"), together("communities")
    assert {-1, 0, 1} == set(streets["level"])
    assert streets["bridge"].any()
    assert streets["tunnel"].any()
    assert streets["crossing"].any()
    assert (streets["name"] == "人行天桥").any()
    assert set(gates["open_to"]) == {"residents", "all"}
    assert gates.index.str.contains("@").any()  # a gate of two communities
    assert set(facilities.geom_type) == {"Point", "Polygon"}
    assert set(facilities["serves"]) == {"all", "residents"}
    assert set(communities["walled"]) == {True, False}
    assert set(together("barriers")["kind"]) == {"river", "railway", "wall"}
    assert set(together("idle")["kind"]) == {"闲置房屋", "边角地", "空闲用地"}


def test_a_footbridge_does_not_meet_the_road_below() -> None:
    for seed in SEEDS:
        streets = town_of(seed).layers["streets"]
        over = streets[streets["name"] == "人行天桥"]
        ground = streets[streets["level"] == 0]
        roads = streets[streets["highway"] == "primary"]
        for line in over.geometry:
            inner = shapely.points(line.coords[1:-1])
            assert (shapely.distance(inner, roads.union_all()) == 0.0).sum() == 1
            ends = [shapely.Point(line.coords[i]) for i in (0, -1)]
            assert all((ground.distance(end) == 0.0).sum() == 1 for end in ends)


def test_what_is_asked_for_is_absent() -> None:
    town = make_town(
        1,
        TownStyle(communities=10, absent=("canteen", "market"), river=False),
        railway=False,
        buildings=False,
    )
    assert "market" not in set(town.layers["facilities"]["category"])
    assert "buildings" not in town.layers
    assert set(town.layers["barriers"]["kind"]) <= {"wall"}
    assert make_district(town).buildings.empty


def test_names_and_ids_are_unique() -> None:
    communities = make_town(2, communities=400).layers["communities"]
    assert len(communities) == 400
    assert communities.index.is_unique
    assert communities["name"].is_unique
    assert communities["street_office"].nunique() == 6
