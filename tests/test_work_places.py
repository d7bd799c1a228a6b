"""Where works are: drawn, in the outline of their community, or nowhere."""

import numpy as np
import pytest
import shapely
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

from geo.findings import render_findings
from geo.work_places import find_misplaced, find_within, place_works


def place(*works):
    return place_works(table("works", *works), communities())


def test_a_drawing_is_where_it_was_drawn():
    placed = place(work("W1", wkt=wkt(line((10, 50), (90, 50)))))
    assert placed.loc["W1", "placed"] == "drawn"
    assert placed.loc["W1", "geometry"].length == pytest.approx(80, abs=1e-3)
    assert placed.crs == communities().crs


def test_without_a_drawing_it_is_the_outline_of_the_community():
    placed = place(work("W1", "B"))
    assert placed.loc["W1", "placed"] == "outline"
    assert placed.loc["W1", "geometry"].equals(communities().loc["B", "geometry"])


@pytest.mark.parametrize(
    "text", ["POINT (1", "hello", "POINT (200 10)", "POINT (10 95)"]
)
def test_what_is_no_drawing_is_said_and_the_outline_taken(text):
    placed = place(work("W1", wkt=text), work("W2", wkt="  "))
    assert placed["placed"].tolist() == ["outline", "outline"]
    assert placed["unreadable"].tolist() == [True, False]


def test_a_shape_that_crosses_itself_is_no_drawing():
    bow = "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))"
    assert place(work("W1", wkt=bow)).loc["W1", "unreadable"]


def test_a_community_that_does_not_exist_is_nowhere():
    placed = place(work("W1", "Z"), work("W2", None))
    assert placed["placed"].tolist() == ["nowhere", "nowhere"]
    assert placed.geometry.isna().all()


def test_a_drawing_without_community_belongs_where_most_of_it_lies():
    across = wkt(line((80, 50), (220, 50)))  # 20 m in A, 70 m in B
    placed = place(
        work("W1", None, wkt=across),
        work("W2", None, wkt=wkt(box(90, 0, 160, 10))),  # 10 m on both sides
        work("W3", None, wkt=wkt(point(120, 50))),
        work("W4", "C", wkt=across),
    )
    owners = placed["community_id"].tolist()
    assert owners[0] == "B"
    assert owners[1] in {"A", "B"}  # equal but for rounding of degrees
    assert owners[2] is None
    assert owners[3] == "C"


def test_rows_come_sorted_whatever_their_order():
    works = [work("W2"), work("W1"), work("W10")]
    assert place(*works).index.tolist() == ["W1", "W10", "W2"]
    assert place(*works).equals(place(*reversed(works)))


def test_no_works_are_no_places():
    placed = place()
    assert placed.empty
    assert {"placed", "unreadable", "community_id"} <= set(placed)


@pytest.mark.parametrize("seed", range(20))
def test_pairs_are_those_of_all_distances(seed):
    town = random_town(seed)
    shapes, others = town.utilities.geometry, town.protected.geometry
    found = find_within(shapes, others, town.near_m)
    expected = [
        (i, j, a.distance(b))
        for i, a in enumerate(shapes)
        for j, b in enumerate(others)
        if a.distance(b) <= town.near_m
    ]
    assert [*zip(found["at"], found["other"], strict=True)] == [
        (i, j) for i, j, _ in expected
    ]
    assert np.allclose(found["distance_m"], [metres for *_, metres in expected])


def test_the_limit_is_near_and_nothing_is_near_to_nothing():
    trees = things(("P1", "old_tree", point(0, 5)), ("P2", "old_tree", point(0, 5.001)))
    road = things(("R", "", line((-5, 0), (5, 0))), ("N", "", shapely.Point()))
    found = find_within(road.geometry, trees.geometry, 5.0)
    assert found[["at", "other"]].to_numpy().tolist() == [[0, 0]]


def test_a_drawing_that_is_none_or_far_away_is_a_finding():
    near, far = wkt(point(-199, 50)), wkt(point(-201, 50))
    placed = place(
        work("W1", wkt="hello"),
        work("W2", wkt=near),
        work("W3", wkt=far),
        work("W4", "Z", wkt=far),
        work("W5"),
    )
    found = find_misplaced(placed, communities())
    assert found[["id", "code"]].to_numpy().tolist() == [
        ["W1", "work_unreadable"],
        ["W3", "work_elsewhere"],
    ]
    for lang in ("zh", "en"):
        said = render_findings(found, lang)["message"].tolist()
        assert "W1" in said[0]
        assert "201" in said[1]


def test_findings_of_no_works_are_none():
    assert find_misplaced(place(), communities()).empty
