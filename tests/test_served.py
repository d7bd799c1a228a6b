"""Households behind doors once a resource has become a facility, by hand."""

import numpy as np
import pandas as pd
import pytest
from gridtown import box, grid_layers, make_district, point

from geo.lifecircle import measure_life_circle
from geo.network import attach_points, build_network
from geo.rules import load_rules
from geo.served import group_rows, measure_served
from geo.settings import Settings

RULES = load_rules()

#: Doors of pass: 5 m beside its inner path at (550, 20) and (550, 80), and one that
#: is on no street, far outside.
HOUSES = {
    "south": {"at": box(553, 18, 557, 22), "community_id": "pass", "households": 60},
    "north": {"at": box(553, 78, 557, 82), "community_id": "pass", "households": 40},
}
LOST = {"lost": {"at": box(550, -300, 560, -290), "community_id": "pass"}}


def serve(resources, pairs, houses=HOUSES, reach_m=300.0, facilities=None):
    layers = grid_layers() | {"facilities": facilities or {}, "idle": resources}
    layers["buildings"] = layers["buildings"] | houses
    district = make_district(**layers)
    network = build_network(district, RULES, Settings())
    circle = measure_life_circle(district, network, RULES, Settings())
    seeds = attach_points(network, district.idle.geometry)
    table = pd.DataFrame(pairs, columns=["community_id", "idle_id"])
    table = table.assign(category="childcare", reach_m=reach_m)
    return measure_served(circle, table, seeds).tolist()


@pytest.mark.parametrize(
    ("x", "share"),
    [
        # from (x, 0): to (550, 0), 20 (80) m up the path, 5 m aside
        (300, 0.6),  # 275, 335
        (325, 0.6),  # 250, 310
        (335, 1.0),  # 240, 300
        (274, 0.0),  # 301
        (275, 0.6),  # 300
    ],
)
def test_doors_within_reach_of_the_resource(x, share):
    assert serve({"r": {"at": point(x, 0)}}, [("pass", "r")]) == [share]


def test_what_there_is_counts_with_the_resource():
    # a childcare at (270, 100) serves the northern door: 280 + 20 + 5 = 305, no;
    # at (290, 100): 260 + 20 + 5 = 285
    there = {"c": {"at": point(290, 100), "category": "childcare"}}
    resource = {"r": {"at": point(300, 0)}}
    assert serve(resource, [("pass", "r")], facilities=there) == [1.0]
    assert serve(resource, [("pass", "r")], facilities=there, reach_m=280.0) == [0.6]


def test_a_door_on_no_street_is_beyond():
    lost = {"lost": LOST["lost"] | {"households": 100}}
    found = serve({"r": {"at": point(400, 0)}}, [("pass", "r")], HOUSES | lost)
    assert found == [0.5]


def test_behind_a_residents_gate_only_its_own_doors():
    # shut's door: (255, 50) is 5 m from the path; (250, 60) is 10 m farther on
    pairs = [("shut", "r"), ("pass", "r"), ("open", "r")]
    found = serve({"r": {"at": point(250, 60)}}, pairs)
    assert found[:2] == [1.0, 0.0]
    # nobody's households are known in open
    assert np.isnan(found[2])


def test_no_pairs():
    assert serve({"r": {"at": point(250, 60)}}, []) == []


def test_rows_by_name():
    found = group_rows(pd.Series(["b", "a", "b"], index=[7, 8, 9]))
    assert {name: rows.tolist() for name, rows in found.items()} == {
        "a": [1],
        "b": [0, 2],
    }
