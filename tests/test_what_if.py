"""The live what-if: the same as a plan of the district after the steps, always."""

import os
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scrambled import scramble
from what_if_towns import (
    disagree_plainly,
    draw_step,
    make_random_town,
    measure,
)

from geo.findings import render_findings
from geo.network import attach_points, build_network
from geo.sample import make_district, make_sample
from geo.scores import score_categories, score_communities
from geo.settings import Settings
from geo.text import LANGUAGES
from geo.town import make_town
from geo.what_if import WhatIf
from geo.what_if_places import find_spot
from geo.what_if_steps import Step, apply_steps

#: How many random towns of each kind are compared.
TOWNS = int(os.environ.get("PIANQU_WHAT_IF_TOWNS", "1"))
STEPS = 10


@pytest.fixture(scope="module")
def circle(rules):
    town = make_town(3, communities=14, all_share=0.5, absent=("market",))
    return measure(make_district(town), rules, Settings())


@pytest.fixture
def what_if(circle):
    return WhatIf(circle)


def middle(circle, row=0):
    point = circle.district.communities.geometry.iloc[row].representative_point()
    return {"x": point.x, "y": point.y}


def wall_place(circle, community, share=0.3, out_m=0.0):
    ring = circle.district.communities.geometry[community].exterior
    point = ring.interpolate(share, normalized=True)
    return {"x": point.x + out_m, "y": point.y}


def walled_ids(circle):
    return list(circle.district.communities.index[circle.network.walled])


def snapshot(what_if):
    return what_if.gaps, what_if.scores, what_if.numbers(), what_if.compare()


def same(one, other):
    for left, right in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(left, right)


def play(circle, seed, steps=STEPS, often=5):
    """Do, undo and redo at random; compare with the plain way now and then."""
    rng, what_if = np.random.default_rng(seed), WhatIf(circle)
    before = snapshot(what_if)
    past = {(): before}
    categories = list(circle.rules.requirements)
    for number in range(1, steps + 1):
        chance = rng.random()
        if chance < 0.2 and what_if.steps:
            what_if.undo()
        elif chance < 0.3 and what_if.undone:
            what_if.redo()
        else:
            step = draw_step(rng, circle.district, what_if.steps, categories)
            what_if.do(step)
        if what_if.steps in past:
            same(snapshot(what_if), past[what_if.steps])
        past[what_if.steps] = snapshot(what_if)
        if number % often == 0 or number == steps:
            assert disagree_plainly(what_if) == []
    while what_if.undo() is not None:
        pass
    assert what_if.steps == ()
    assert what_if.changed == ()
    same(snapshot(what_if), before)


@pytest.mark.parametrize("seed", range(TOWNS))
def test_random_towns(rules, seed):
    play(measure(make_random_town(seed), rules, Settings()), seed)


@pytest.mark.parametrize("seed", sorted({2, 9, *range(TOWNS - 1)}))
def test_scrambled_towns(rules, seed):
    settings = Settings(boundary_tolerance_m=14.7)
    play(measure(scramble(seed), rules, settings), seed)


@pytest.mark.parametrize("seed", [2, 5])
def test_the_sample(rules, seed):
    district = make_district(make_sample())
    play(measure(district, rules, Settings()), seed, steps=12, often=12)


def test_a_new_gate_counts_its_way_to_what_is_put_later(rules):
    """Just out of reach through the gate, in reach of the node beside it."""
    circle = measure(make_district(make_sample()), rules, Settings())
    what_if = WhatIf(circle)
    gate = {"community_id": "C114", "x": 528122.695652174, "y": 4418188.0}
    what_if.do(Step(kind="open_gate", **gate))
    place = {"x": 528410.67, "y": 4418197.37, "floor_area_m2": 400.0, "capacity": 30.0}
    what_if.do(Step(kind="add", category="childcare", **place))
    assert disagree_plainly(what_if) == []


def test_before_any_step_it_is_today(what_if, circle):
    pd.testing.assert_frame_equal(what_if.gaps, circle.gaps)
    pd.testing.assert_frame_equal(what_if.scores, circle.communities)
    assert what_if.changed == ()
    assert what_if.steps == ()
    assert what_if.undo() is None
    assert what_if.redo() is None
    assert (
        not what_if.compare()
        .drop(columns="households_gained")
        .iloc[:, :2]
        .any(axis=None)
    )
    told, table = what_if.numbers("state"), circle.categories
    assert told["met"].tolist() == table["met"].tolist()
    assert told["short"].tolist() == table["short"].tolist()
    assert told["unknown"].tolist() == (table["unknown"] + table["no_data"]).tolist()
    assert told["elder_lost"].tolist() == table["elder_lost"].tolist()
    assert set(what_if.columns) == set(circle.gaps.columns)
    assert what_if.ids == tuple(circle.communities.index)


def test_the_counts_are_those_of_the_whole_table(what_if, circle):
    for step in (
        Step(kind="add", category="canteen", **middle(circle)),
        Step(kind="add", category="market", **middle(circle, 3)),
    ):
        what_if.do(step)
    scores = score_communities(what_if.gaps)
    pd.testing.assert_frame_equal(what_if.scores, scores)
    table = score_categories(what_if.gaps)
    assert what_if.numbers("state")["short"].tolist() == table["short"].tolist()
    assert what_if.numbers("state")["met_today"].tolist() == (
        circle.categories["met"].tolist()
    )


def test_a_facility_where_none_was_serves_those_around_it(what_if, circle):
    outcome = what_if.do(Step(kind="add", category="market", **middle(circle)))
    assert outcome.done
    assert not outcome.afresh
    assert outcome.step.id == "W001"
    # no data became a verdict everywhere
    assert len(outcome.changed) == len(what_if.ids)
    told = what_if.compare().loc["market"]
    assert told["communities_gained"] > 0
    assert told["communities_lost"] == 0
    assert told["households_gained"] > 0
    assert (what_if.compare().drop(index="market").iloc[:, :2] == 0).all(axis=None)
    assert what_if.changed == outcome.changed


def test_closing_it_again_is_less_than_no_data(what_if, circle):
    what_if.do(Step(kind="add", category="market", **middle(circle)))
    what_if.do(Step(kind="close", facility_id="W001"))
    states = what_if.gaps.loc[what_if.gaps["category"] == "market", "state"]
    assert set(states) <= {"short", "unknown"}
    assert disagree_plainly(what_if) == []
    assert what_if.undo().step.kind == "close"
    assert [step.id for step in what_if.undone] == ["W002"]
    assert what_if.redo().step.id == "W002"
    assert what_if.undone == ()


def test_a_new_step_forgets_what_was_undone(what_if, circle):
    what_if.do(Step(kind="add", category="canteen", **middle(circle)))
    what_if.undo()
    what_if.do(Step(kind="add", category="parcel", **middle(circle)))
    assert what_if.undone == ()
    assert [step.category for step in what_if.steps] == ["parcel"]


def test_what_cannot_be_done_changes_nothing(what_if, circle):
    before = what_if.gaps
    outcome = what_if.do(Step(kind="close", facility_id="nowhere"))
    assert not outcome.done
    assert outcome.findings["code"].tolist() == ["step_facility_gone"]
    assert what_if.steps == ()
    assert not what_if.do(Step(kind="add", category="no_such", **middle(circle))).done
    pd.testing.assert_frame_equal(what_if.gaps, before)


def test_facilities_and_gates_that_lead_nowhere_are_said(what_if, circle):
    name = walled_ids(circle)[0]
    west, south, *_ = circle.district.communities.total_bounds
    codes = []
    for step in (
        Step(kind="add", category="canteen", x=west - 5000, y=south - 5000),
        Step(kind="open_gate", community_id=name, x=west - 5000, y=south),
    ):
        outcome = what_if.do(step)
        assert outcome.done
        codes += outcome.findings["code"].tolist()
        for lang in LANGUAGES:
            told = render_findings(outcome.findings, lang)
            assert not told["message"].str.contains("{", regex=False).any()
    assert codes == ["step_facility_lost", "step_gate_far"]
    assert disagree_plainly(what_if) == []


@pytest.mark.parametrize("to", ["residents", "all"])
def test_a_gate_lets_residents_take_the_short_way(circle, to):
    """Along every wall some gate helps its own community, and never harms it."""
    helped = 0
    for name in walled_ids(circle)[:6]:
        what_if = WhatIf(circle)
        for share in (0.1, 0.6):
            place = wall_place(circle, name, share)
            outcome = what_if.do(
                Step(kind="open_gate", community_id=name, open_to=to, **place)
            )
            assert outcome.done
            helped += name in outcome.changed
        told = what_if.compare()
        assert (told["communities_lost"] == 0).all()
    assert helped > 1


def test_a_facility_beside_a_new_gate_is_reached_straight(circle):
    """Facility and gate on one street edge, put in either order."""
    for name in walled_ids(circle)[:2]:
        place = wall_place(circle, name, 0.4)
        put = Step(kind="add", category="canteen", floor_area_m2=500.0, **place)
        gate = Step(kind="open_gate", community_id=name, open_to="all", **place)
        tables = []
        for steps in ((put, gate), (gate, put)):
            what_if = WhatIf(circle)
            for step in steps:
                assert what_if.do(step).done
            assert disagree_plainly(what_if) == []
            tables.append(what_if.gaps)
        ids = ["nearest_facility_id", "reason", "gate_id"]
        pd.testing.assert_frame_equal(
            *(table.drop(columns=ids) for table in tables), atol=0.011
        )


def test_a_gate_shared_with_a_neighbour_is_measured_afresh(circle):
    first, second = walled_ids(circle)[:2]
    what_if = WhatIf(circle)
    gates = circle.district.gates
    place = gates.geometry[gates["community_id"] == first].iloc[0]
    outcome = what_if.do(
        Step(kind="open_gate", community_id=second, x=place.x, y=place.y)
    )
    # too far from its own wall it is no gate; beside a neighbour's it is shared
    assert outcome.done
    assert outcome.afresh or "step_gate_far" in set(outcome.findings["code"])
    assert disagree_plainly(what_if) == []


def test_two_gates_on_one_edge_are_measured_afresh(circle):
    name = walled_ids(circle)[0]
    what_if = WhatIf(circle)
    before = snapshot(what_if)
    for share in (0.5, 0.502):
        place = wall_place(circle, name, share)
        last = what_if.do(Step(kind="open_gate", community_id=name, **place))
    assert last.afresh
    what_if.do(Step(kind="add", category="market", **middle(circle)))
    assert disagree_plainly(what_if) == []
    while what_if.undo() is not None:
        pass
    same(snapshot(what_if), before)


def test_ids_between_those_of_today_keep_their_order(circle):
    """Of two facilities at one place the one with the smaller id is the nearest."""
    rows = circle.district.facilities
    points = rows[(rows.geom_type == "Point") & (rows["status"] == "open")]
    category = str(points["category"].iloc[0])
    point = points.geometry.iloc[0]
    what_if = WhatIf(circle)
    for name in ("W003", "W001", "W002", "A001"):
        step = Step(kind="add", category=category, id=name, x=point.x, y=point.y)
        assert not what_if.do(step).afresh
    assert disagree_plainly(what_if) == []
    near = what_if.gaps.query("category == @category")["nearest_facility_id"]
    assert "A001" in set(near)
    assert not {"W001", "W002", "W003"} & set(near)


def test_an_error_within_a_step_leaves_everything_as_it_was(
    what_if, circle, monkeypatch
):
    before = snapshot(what_if)

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr("geo.what_if.judge_again", fail)
    with pytest.raises(MemoryError):
        what_if.do(Step(kind="add", category="canteen", **middle(circle)))
    assert what_if.steps == ()
    same(snapshot(what_if), before)


def test_the_district_after_the_steps_is_the_plain_one(what_if, circle):
    step = Step(kind="add", category="canteen", **middle(circle))
    what_if.do(step)
    plain, _ = apply_steps(circle.district, [replace(step, id="W001")])
    pd.testing.assert_frame_equal(
        pd.DataFrame(what_if.district().facilities), pd.DataFrame(plain.facilities)
    )


@pytest.mark.parametrize("seed", [2, 3, 9])
def test_spots_are_those_of_attach_points(rules, seed):
    """Points and polygons inside and outside walls get the same seeds."""
    district = scramble(seed)
    rng, network = np.random.default_rng(4), build_network(district, rules, Settings())
    west, south, east, north = district.communities.total_bounds
    points = shapely.points(rng.uniform(west, east, 60), rng.uniform(south, north, 60))
    shapes = np.concatenate([points, shapely.buffer(points[:30], 12.0)])
    names = [f"P{row:02d}" for row in range(len(shapes))]
    series = gpd.GeoSeries(shapes, index=names, crs=district.crs)
    table = attach_points(network, series)
    for name, shape in series.items():
        spot = find_spot(network, shape)
        mine = table[table["facility_id"] == name].sort_values("node")
        assert spot.node.tolist() == mine["node"].tolist()
        assert spot.distance_m == pytest.approx(mine["distance_m"].to_numpy())
