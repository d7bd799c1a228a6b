"""Every time the ground is opened, and which openings meet."""

import numpy as np
import pandas as pd
import pytest
from works_town import box, communities, line, pipes, point, table, wkt, work

from geo.digs import (
    DIG_COLUMNS,
    date_works,
    find_meetings,
    list_digs,
    measure_shared,
    read_plan_years,
)
from geo.work_places import place_works

YEARS = pd.Series({"A": 2027.0, "B": np.nan})


def dig(*works, lines=(), plans=()):
    placed = place_works(table("works", *works), communities())
    named = [
        {"id": name, "community_id": one, "kind": "gas", "year": year}
        for name, one, year in plans
    ]
    plan = table("utility_plans", *named)
    return list_digs(placed, pipes(*lines), plan, communities(), YEARS)


def test_works_pipes_and_named_plans_are_digs():
    found = dig(
        work("W1", planned_start="2028-03-01", planned_finish="2029-10-01"),
        work("W2", excavates=False),
        work("W3", work_layer="surface", excavates=None),
        lines=[("U1", "gas", 2030.0, line((0, 0), (9, 0)))],
        plans=[("J1", "B", 2031.0)],
    )
    assert list(found.columns) == [*DIG_COLUMNS, "geometry"]
    assert found["dig_id"].tolist() == ["U1", "J1", "W1", "W3"]
    assert found["origin"].tolist() == ["utility", "utility_plan", "work", "work"]
    assert found["first_year"].tolist() == [2030, 2031, 2028, 2027]
    assert found["last_year"].tolist() == [2030, 2031, 2029, 2027]
    assert found["placed"].tolist() == ["drawn", "outline", "outline", "outline"]
    assert found["certain"].tolist() == [True, True, True, False]
    assert found["community_id"].tolist() == [None, "B", "A", "A"]


def test_a_plan_whose_pipe_is_drawn_is_one_dig():
    lines = [("J1", "gas", 2030.0, line((0, 0), (9, 0)))]
    found = dig(lines=lines, plans=[("J1", "A", 2030.0), ("J2", "A", 2030.0)])
    assert found[["dig_id", "placed"]].to_numpy().tolist() == [
        ["J1", "drawn"],
        ["J2", "outline"],
    ]


def test_years_come_from_either_date_then_from_the_plan():
    works = table(
        "works",
        work("W1", planned_start="2028-03-01"),
        work("W2", planned_finish="2029-03-01"),
        work("W3"),
        work("W4", "B"),
        work("W5", planned_start="2030-03-01", planned_finish="2028-03-01"),
    )
    first, last = date_works(works, YEARS)
    assert first[:3].tolist() == [2028, 2029, 2027]
    assert last[:3].tolist() == [2028, 2029, 2027]
    assert np.isnan(first[3])
    assert np.isnan(last[3])
    assert (first[4], last[4]) == (2030, 2030)


def test_no_column_of_years_is_no_year():
    facts = pd.DataFrame({"x": [1]}, index=["A"])
    assert read_plan_years(facts).isna().all()
    assert read_plan_years(facts.assign(plan_year="2027")).tolist() == [2027.0]


def meet(*works, near_m=2.0, **more):
    digs = dig(*works, **more)
    names = digs["dig_id"].tolist()
    found = find_meetings(digs, near_m)
    return [
        (names[a], names[b], drawn)
        for a, b, drawn in found[["a", "b", "drawn"]].itertuples(index=False)
    ]


def test_drawn_digs_meet_within_the_tolerance_whoever_owns_them():
    def trench(name, y, community="A"):
        return work(name, community, wkt=wkt(line((10, y), (90, y))))

    assert meet(trench("W1", 50), trench("W2", 51.99, "B")) == [("W1", "W2", True)]
    assert meet(trench("W1", 50), trench("W2", 52.01)) == []


def test_what_is_not_drawn_may_meet_only_its_own_and_what_is_drawn_in_it():
    drawn_in_b = wkt(line((160, 50), (170, 50)))
    found = meet(
        work("W1"),
        work("W2"),
        work("W3", "B"),
        work("W4", "C", wkt=drawn_in_b),
        work("W5", None),
        near_m=60.0,
    )
    assert found == [
        ("W1", "W2", False),
        # 60 m from A, and inside B
        ("W1", "W4", False),
        ("W2", "W4", False),
        ("W3", "W4", False),
    ]


def test_shared_length_is_that_of_the_shorter_stretch():
    long, short = line((0, 0), (100, 0)), line((40, 1), (60, 1))
    area, spot = box(10, -5, 30, 5), point(50, 0)
    shapes = [(long, short), (short, long), (long, area), (area, area), (long, spot)]
    a, b = (np.array(side, dtype=object) for side in zip(*shapes, strict=True))
    shared = measure_shared(a, b, 2.0)
    # the long one reaches 2 m round each end of the short one, but 1 m beside it
    reach = 2 * np.sqrt(2.0**2 - 1.0**2)
    assert shared[:2] == pytest.approx([20.0, 20.0])
    assert shared[0] < 20.0 + reach
    assert shared[2] == pytest.approx(24.0)
    assert np.isnan(shared[3])
    assert shared[4] == pytest.approx(4.0, abs=0.01)


def test_a_crossing_shares_its_square():
    a = np.array([line((0, 0), (100, 0))], dtype=object)
    crossing = np.array([line((50, -50), (50, 50))], dtype=object)
    assert measure_shared(a, crossing, 2.0) == pytest.approx([4.0], abs=0.01)
