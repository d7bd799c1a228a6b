"""Works against what is protected, against every distance."""

import pandas as pd
import pytest
from works_town import (
    box,
    communities,
    line,
    point,
    random_town,
    table,
    things,
    wkt,
    work,
)

from geo.protected import PROTECTED_COLUMNS, find_protected, name_actions
from geo.work_places import place_works


def find(works, protected, near_m=5.0):
    placed = place_works(table("works", *works), communities())
    return find_protected(placed, protected, near_m=near_m)


def test_a_work_touches_what_is_near():
    trees = things(
        ("P1", "old_tree", point(50, 53)),
        ("P2", "heritage", box(60, 56, 70, 70)),
        ("P3", "old_tree", point(50, 95)),
    )
    road = work("W1", wkt=wkt(line((10, 50), (90, 50))), fell_old_trees=True)
    found = find([road], trees)
    assert found["protected_id"].tolist() == ["P1"]
    assert found.loc[0, "distance_m"] == pytest.approx(3.0, abs=1e-3)
    assert found.loc[0, "action"] == "fell_old_trees"
    assert found.loc[0, "unsure"] == ""
    assert find([road], trees, 6.5)["protected_id"].tolist() == ["P1", "P2"]


def test_an_undrawn_work_touches_all_of_its_community():
    trees = things(
        ("P1", "old_tree", point(50, 50)), ("P2", "old_tree", point(200, 50))
    )
    found = find([work("W1", "A"), work("W2", None)], trees)
    assert found[["work_id", "protected_id", "placed"]].to_numpy().tolist() == [
        ["W1", "P1", "outline"]
    ]


def test_actions_are_named_in_one_order_and_unsaid_apart():
    flags = [
        {"demolish_old_building": True, "relocate_residents": None},
        {"fell_old_trees": True, "demolish_old_building": True},
        {},
    ]
    works = table("works", *(work(f"W{i}", **one) for i, one in enumerate(flags)))
    assert name_actions(works, said=True).tolist() == [
        "demolish_old_building",
        "demolish_old_building|fell_old_trees",
        "",
    ]
    assert name_actions(works, said=False).tolist() == ["relocate_residents", "", ""]


@pytest.mark.parametrize("seed", range(30))
def test_it_finds_every_pair_and_no_other(seed):
    town = random_town(seed)
    placed = place_works(town.works, town.communities)
    found = find_protected(placed, town.protected, near_m=town.near_m)
    expected = sorted(
        (name, thing, row["community_id"], row["geometry"].distance(shape))
        for name, row in placed.iterrows()
        for thing, shape in town.protected.geometry.items()
        if row["geometry"] is not None
        and row["geometry"].distance(shape) <= town.near_m
    )
    assert list(found.columns) == list(PROTECTED_COLUMNS)
    assert [
        (one["work_id"], one["protected_id"]) for one in found.to_dict("records")
    ] == [(name, thing) for name, thing, *_ in expected]
    assert found["distance_m"].tolist() == pytest.approx([one[3] for one in expected])
    felled = {
        one["id"]
        for one in town.works.to_dict("records")
        if one["fell_old_trees"] is True
    }
    for one in found.to_dict("records"):
        assert ("fell_old_trees" in one["action"]) == (one["work_id"] in felled)


def test_rows_do_not_depend_on_the_order_of_the_tables():
    town = random_town(7)
    placed = place_works(town.works, town.communities)
    turned = place_works(town.works[::-1], town.communities)
    pd.testing.assert_frame_equal(
        find_protected(placed, town.protected, near_m=8.0),
        find_protected(turned, town.protected[::-1], near_m=8.0),
    )
