"""Works near to gas pipes, against every distance."""

import pandas as pd
import pytest
from works_town import communities, line, pipes, random_town, table, wkt, work

from geo.gas_works import GAS_COLUMNS, find_gas_works, tell_digging
from geo.work_places import place_works

PIPES = pipes(
    ("U1", "gas", 2028.0, line((0, 60), (100, 60))),
    ("U2", "water", 2028.0, line((0, 50), (100, 50))),
)


def find(*works, near_m=5.0):
    placed = place_works(table("works", *works), communities())
    return find_gas_works(placed, PIPES, near_m=near_m)


def trench(name, y, **cells):
    return work(name, wkt=wkt(line((10, y), (90, y))), **cells)


def test_only_gas_counts_and_only_what_is_near():
    found = find(trench("W1", 56), trench("W2", 54.5), trench("W3", 50))
    assert found["work_id"].tolist() == ["W1"]
    assert found["pipe_id"].tolist() == ["U1"]
    assert found.loc[0, "distance_m"] == pytest.approx(4.0, abs=1e-3)


def test_what_does_not_dig_is_left_out_and_what_may_dig_is_not():
    layers = {"work_layer": "surface"}
    found = find(
        trench("W1", 60, excavates=False),
        trench("W2", 60, excavates=None, **layers),
        trench("W3", 60, excavates=None),
        trench("W4", 60, excavates=True, **layers),
    )
    assert found["work_id"].tolist() == ["W2", "W3", "W4"]
    assert found["digs"].isna().tolist() == [True, False, False]


def test_works_under_the_ground_dig_unless_it_is_denied():
    works = table(
        "works",
        work("W1", excavates=None),
        work("W2", excavates=False),
        work("W3", excavates=None, work_layer=None),
        work("W4", excavates=None, work_layer="surface"),
    )
    told = tell_digging(works)
    assert told.iloc[0]
    assert not told.iloc[1]
    assert told.iloc[2:].isna().all()


@pytest.mark.parametrize("seed", range(30))
def test_it_finds_every_pair_and_no_other(seed):
    town = random_town(seed)
    placed = place_works(town.works, town.communities)
    found = find_gas_works(placed, town.utilities, near_m=town.near_m)
    expected = []
    for name, one in placed.iterrows():
        denied = not pd.isna(one["excavates"]) and not one["excavates"]
        if denied or one["geometry"] is None:
            continue
        for pipe, other in town.utilities.iterrows():
            metres = one["geometry"].distance(other["geometry"])
            if other["kind"] == "gas" and metres <= town.near_m:
                expected.append((name, pipe))
    assert list(found.columns) == list(GAS_COLUMNS)
    pairs = [*zip(found["work_id"], found["pipe_id"], strict=True)]
    assert pairs == sorted(expected)
