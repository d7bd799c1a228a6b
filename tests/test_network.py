"""The whole network, counted by hand on the grid town (`gridtown`) and small cases."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from gridtown import (
    X0,
    Walker,
    box,
    codes,
    gate_places,
    line,
    make_district,
    place,
    point,
)

from geo.district import read_district
from geo.errors import CancelledError, InputError
from geo.findings import render_findings
from geo.network import attach_points, build_network
from geo.settings import Settings


def build(rules, settings=None, **layers):
    return build_network(make_district(**layers), rules, settings or Settings())


@pytest.fixture(scope="module")
def town(grid_town, rules):
    return build_network(grid_town, rules, Settings())


# --- the grid town ----------------------------------------------------------------


def test_the_streets_of_the_town_add_up(town):
    own = (town.street >= 0) & (town.inside < 0)
    # 57 sides of 100 m; paths: shut 10 m, pass 10 + 10 m, west 5 m outside the walls
    assert town.length_m[own].sum() == pytest.approx(5700 + 10 + 20 + 5)
    # inner: shut 50 m, pass 80 m, west 95 m, east 50 m
    inner = (town.street >= 0) & (town.inside >= 0)
    assert town.length_m[inner].sum() == pytest.approx(50 + 80 + 95 + 50)
    assert town.walled.tolist() == [False, True, True, True, True]


def test_inner_edges_carry_the_position_of_their_community(town):
    inner = (town.street >= 0) & (town.inside >= 0)
    lengths = pd.Series(town.length_m[inner]).groupby(town.inside[inner]).sum()
    assert lengths.round(6).to_dict() == {1: 50, 2: 80, 3: 95, 4: 50}


def test_gates_of_a_community_between_four_streets(town):
    # junctions (100, 0), (0, 100), (100, 100); the corner (0, 0) is the middle of
    # the run between the first two, (50, 100) and (100, 50) of the other runs
    assert gate_places(town, "open") == {
        (95, 5),
        (5, 95),
        (95, 95),
        (5, 5),
        (50, 95),
        (95, 50),
    }
    gates = town.gates[town.gates["community_id"] == "open"]
    assert (gates["connector_m"].round(6) == 5).all()
    assert (gates["open_to"] == "all").all()
    assert gates["derived"].all()
    assert set(gates["origin"]) == {"along"}


def test_a_stranger_does_not_enter_by_a_gate_for_residents(town):
    assert Walker(town).walk_m((250, 0), (250, 60)) == np.inf
    assert Walker(town, "shut").walk_m((250, 0), (250, 60)) == pytest.approx(60)
    assert Walker(town, "west").walk_m((250, 0), (250, 60)) == np.inf


def test_a_stranger_passes_from_one_open_gate_to_another(town):
    assert Walker(town).walk_m((550, 0), (550, 100)) == pytest.approx(100)


def test_a_shared_gate_joins_the_interiors_for_residents_of_both(town):
    for community in ("west", "east"):
        walker = Walker(town, community)
        assert walker.walk_m((350, 150), (450, 150)) == pytest.approx(100)
        assert walker.walk_m("g_twin", "g_twin@east") == pytest.approx(0)
    assert Walker(town).walk_m((350, 150), (450, 150)) == np.inf
    # residents of west leave by their own gate; those of east have no other way out
    assert Walker(town, "west").walk_m((450, 150), (300, 150)) == pytest.approx(150)
    assert Walker(town, "east").walk_m((450, 150), (300, 150)) == np.inf


def test_a_shared_gate_lets_strangers_through_only_if_both_rows_say_all(
    town_layers, rules
):
    town_layers["gates"]["g_twin"]["open_to"] = "all"
    half = Walker(build(rules, **town_layers))
    assert half.walk_m((350, 150), (450, 150)) == np.inf
    town_layers["gates"]["g_twin@east"]["open_to"] = "all"
    full = Walker(build(rules, **town_layers))
    assert full.walk_m((350, 150), (450, 150)) == pytest.approx(100)
    assert full.walk_m((350, 150), (300, 150)) == np.inf


def test_the_river_is_crossed_only_on_the_bridge(town):
    # 600 m east, 200 m north over the bridge, 600 m back
    assert Walker(town).walk_m((0, 200), (0, 300)) == pytest.approx(1300)


def test_the_bridge_is_cut_when_it_is_no_bridge(town_layers, rules):
    town_layers["streets"]["v600_200"]["bridge"] = False
    walker = Walker(build(rules, **town_layers))
    assert walker.walk_m((0, 200), (0, 300)) == np.inf


def test_a_door_attaches_inside_its_wall(town):
    door = town.doors.loc["b_shut"]
    assert door["connector_m"] == pytest.approx(5)
    assert door["households"] == 120
    assert Walker(town, "shut").walk_m("b_shut", "g_shut") == pytest.approx(40)
    assert Walker(town).walk_m("b_shut", "g_shut") == np.inf


def test_pieces_of_the_town(town):
    # streets with pass; the interiors of shut, west and east; the two rows of the
    # twins' gate, which hangs on no public edge
    assert town.pieces["walled"].tolist() == [False, True, True, True, True, True]
    assert town.pieces["nodes"].tolist()[4:] == [1, 1]
    assert town.pieces["length_m"].sum() == pytest.approx(town.length_m.sum(), abs=0.1)
    assert town.pieces["nodes"].sum() == len(town.x) == len(town.node_piece)
    assert "network_pieces" not in set(town.findings["code"])


def test_no_street_of_the_town_leaves_its_extent(town):
    assert len(town.exits) == 0
    assert not town.gates["outside_extent"].any()


def test_findings_have_texts_in_both_languages(town_layers, rules):
    town_layers["facilities"] = {"far": {"at": point(-150, 0), "category": "market"}}
    network = build(rules, **town_layers)
    for lang in ("zh", "en"):
        said = render_findings(network.findings, lang)
        assert said["message"].str.len().gt(0).all()


def test_nothing_depends_on_the_order_of_rows(town_layers, rules):
    def measure(layers):
        network = build(rules, **layers)
        walker = Walker(network, "shut")
        places = [(0, 0), (600, 400), "g_west", "b_shut", "open#1", "open#4"]
        return [walker.walk_m(a, b) for a in places for b in places], sorted(
            (i, round(p.x, 3), round(p.y, 3)) for i, p in network.gates.geometry.items()
        )

    first = measure(town_layers)
    turned = {n: dict(reversed(rows.items())) for n, rows in town_layers.items()}
    assert measure(turned) == first


def test_progress_is_told_and_can_stop_the_work(grid_town, rules):
    seen = []
    build_network(grid_town, rules, Settings(), lambda *a: seen.append(a))
    assert {stage for stage, _ in seen} == {"stage.network"}
    assert [share for _, share in seen] == sorted(share for _, share in seen)

    def stop(stage, share):
        if share > 0.3:
            raise CancelledError("cancelled", stage=stage)

    with pytest.raises(CancelledError):
        build_network(grid_town, rules, Settings(), stop)


def test_streets_that_nobody_may_walk_are_refused(rules):
    streets = {"m": {"at": line((0, 0), (100, 0)), "highway": "motorway"}}
    with pytest.raises(InputError) as caught:
        build(rules, streets=streets, communities={"c": {"at": box(0, 10, 50, 50)}})
    assert caught.value.code == "no_walkable_street"
    assert "1" in caught.value.message("en")
    assert caught.value.action("zh")


# --- findings ---------------------------------------------------------------------


def test_gates_far_from_their_boundary(town_layers, rules):
    gates = town_layers["gates"]
    gates["g_shut"]["at"] = point(250, -10)  # 20 m before the boundary
    gates["g_west"]["at"] = point(150, 150)  # 155 m
    gates["odd"] = {"at": point(0, 0), "community_id": "nobody", "open_to": "all"}
    network = build(rules, **town_layers)
    assert {
        ("gate_far_from_boundary", "g_shut"),
        ("gate_unusable", "g_west"),
        ("gate_community_unknown", "odd"),
    } <= codes(network)
    assert gate_places(network, "shut") == {(250, 10)}
    assert "g_west" not in network.gates.index
    assert network.findings["layer"].eq("gates").sum() == 4
    render_findings(network.findings, "zh")


def test_a_walled_community_whose_only_gate_is_unusable_is_not_opened(rules):
    network = build(
        rules,
        streets={"s": {"at": line((0, 0), (100, 0)), "highway": "residential"}},
        communities={"c": {"at": box(10, 5, 90, 60)}},
        gates={"g": {"at": point(50, 300), "community_id": "c"}},
    )
    assert network.walled.all()
    assert len(network.gates) == 0


def test_a_community_out_of_reach_is_reported(rules):
    network = build(
        rules,
        streets={"s": {"at": line((0, 0), (100, 0))}},
        communities={"c": {"at": box(0, 150, 90, 200)}},
    )
    assert network.gates["node"].tolist() == [-1]
    assert network.gates["connector_m"].isna().all()
    assert ("community_without_way", "c") in codes(network)


def test_communities_on_an_island_are_reported(rules):
    network = build(
        rules,
        streets={
            "s1": {"at": line((0, 0), (100, 0), (200, 0))},
            "s2": {"at": line((0, 300), (100, 300))},
        },
        communities={
            "a": {"at": box(10, 5, 90, 60)},
            "b": {"at": box(10, 305, 90, 350)},
        },
    )
    assert ("community_on_island", "b") in codes(network)
    assert ("community_on_island", "a") not in codes(network)
    assert ("network_pieces", None) in codes(network)
    assert network.pieces["nodes"].tolist() == sorted(network.pieces["nodes"])[::-1]


# --- what-if ----------------------------------------------------------------------


def test_further_points_attach_without_a_new_network(town):
    places = gpd.GeoSeries(
        {
            "street": place(point(30, -20)),
            "behind": place(point(260, 40)),
            "far": place(point(-150, 0)),
        },
        crs=town.crs,
    )
    seeds = attach_points(town, places)
    assert set(seeds["facility_id"]) == {"street", "behind"}
    street = seeds[seeds["facility_id"] == "street"].set_index("node")["distance_m"]
    # the foot is (30, 0); gate (95, 5) splits that side of the block at (95, 0)
    at = dict(zip(np.round(town.x[street.index] - X0), street.round(6), strict=True))
    assert at == {0: 50, 95: 85}
    assert seeds["community_id"].isna().all()
    own = attach_points(
        town, places, residents_of=pd.Series({"street": "open", "behind": None})
    )
    assert set(own.loc[own["facility_id"] == "street", "community_id"]) == {"open"}
    assert own.loc[own["facility_id"] == "behind", "community_id"].isna().all()


# --- real extracts ----------------------------------------------------------------

REAL = Path(__file__).parents[2] / "shared" / "real"


@pytest.mark.real
@pytest.mark.parametrize("name", ["monaco", "zhuhai_jida"])
def test_nobody_is_sealed_in_by_driveway_gates(rules, name):
    path = REAL / f"{name}.osm.pbf"
    if not path.exists():
        pytest.skip(f"{path.name} is not on this machine")
    network = build_network(read_district(path, rules=rules), rules, Settings())
    assert not network.walled.any()
    assert (network.inside < 0).all()
    ways_in = network.gates[network.gates["node"] >= 0].groupby("community_id").size()
    assert (ways_in >= 2).all()
    # the largest piece holds nearly all of the network
    assert network.pieces["nodes"].iloc[0] > 0.9 * len(network.x)
    assert len(network.exits) > 0
