"""Walks to idle resources: by hand, and against the same places as real facilities."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from gridtown import box, grid_layers, make_district, make_layer, point
from sample_plan import read_sample

from geo import site_links
from geo.errors import CancelledError, InputError
from geo.lifecircle import measure_life_circle
from geo.network import build_network
from geo.readings import find_private, read_runs
from geo.rules import load_rules
from geo.sample import make_district as make_town_district
from geo.settings import Settings
from geo.site_links import LINK_COLUMNS, measure_links
from geo.stock import place_people
from geo.text import LANGUAGES
from geo.town import make_town

RULES = load_rules()
FAR_M = 1200.0


def measure(district):
    network = build_network(district, RULES, Settings())
    return measure_life_circle(district, network, RULES, Settings())


def make_rows(*places, category="childcare"):
    """Return demand rows: community, or (door, community)."""
    pairs = [(one, one) if isinstance(one, str) else one for one in places]
    table = pd.DataFrame(pairs, columns=["place", "community_id"], dtype="str")
    return table.assign(category=category)


def walk(circle, resources, rows, reach_m):
    links = measure_links(circle, rows, resources, reach_m)
    assert list(links.columns) == list(LINK_COLUMNS)
    return {
        (rows["place"].iloc[row], idle): distance
        for row, idle, distance in links.itertuples(index=False)
    }


# --- the town by hand -----------------------------------------------------------------


@pytest.fixture(scope="module")
def grid():
    return measure(make_district(**grid_layers()))


def place(**shapes):
    return make_layer(
        "idle", {name: {"at": at} for name, at in shapes.items()}
    ).geometry


SHUT = ("b_shut", "shut")


def test_walks_by_hand(grid):
    resources = place(
        a=point(300, 0),
        # behind the wall of shut: only its residents, through their own gate
        b=point(250, 60),
        # a shop with its front on the street y = 100
        c=box(505, 98, 530, 104),
    )
    rows = make_rows("open", "pass", SHUT)
    found = walk(grid, resources, rows, {"childcare": 300.0})
    # shut: from the door (255, 50) 5 m to the path, 50 m out, 50 m along the street;
    # inside 10 m up the path. pass: by the northern gate 10 m and 20 m, by the southern
    # 10 m and 250 m. open: from its corner (95, 5), 5 m and 205 m
    assert found == {
        ("b_shut", "a"): 105.0,
        ("b_shut", "b"): 15.0,
        ("pass", "a"): 260.0,
        ("pass", "c"): 30.0,
        ("open", "a"): 210.0,
    }


def test_each_category_has_its_own_reach(grid):
    rows = pd.concat(
        [make_rows("pass", category=c) for c in ("childcare", "parking", "mall")],
        ignore_index=True,
    )
    resources = place(a=point(300, 0), c=point(530, 100))
    links = measure_links(grid, rows, resources, {"childcare": 260.0, "parking": 259.9})
    assert links.to_dict("list") == {
        "row": [0, 0, 1],
        "idle_id": ["a", "c", "c"],
        "distance_m": [260.0, 30.0, 30.0],
    }


def test_radius_zero_reaches_only_what_is_there(grid):
    # the gate of pass stands on the outline of the one, 10 m from the other
    resources = place(there=box(545, 85, 555, 95), near=point(550, 100))
    found = walk(grid, resources, make_rows("pass"), {"childcare": 0.0})
    assert set(found.values()) <= {0.0}
    assert ("pass", "near") not in found


def test_a_resource_that_no_street_reaches_has_no_links(grid):
    resources = place(lost=point(250, -150), a=point(300, 0))
    found = walk(grid, resources, make_rows("pass"), {"childcare": 300.0})
    assert set(found) == {("pass", "a")}


@pytest.mark.parametrize("reach_m", [{"childcare": 300.0}, {}])
@pytest.mark.parametrize("rows", [make_rows(), make_rows("pass")])
def test_nothing_to_measure(grid, rows, reach_m):
    links = measure_links(grid, rows, place(), reach_m)
    assert list(links.columns) == list(LINK_COLUMNS)
    assert len(links) == 0
    none = measure_links(grid, make_rows(), place(a=point(300, 0)), reach_m)
    assert len(none) == 0
    assert none["row"].dtype == np.int64


def test_a_door_may_bear_the_name_of_a_community():
    layers = grid_layers()
    door = layers["buildings"].pop("b_shut")
    layers["buildings"]["pass"] = door
    circle = measure(make_district(**layers))
    resources = place(a=point(300, 0))
    rows = make_rows("pass", ("pass", "shut"))
    links = measure_links(circle, rows, resources, {"childcare": 300.0})
    assert links["distance_m"].tolist() == [260.0, 105.0]


def test_a_community_of_another_district_is_refused(grid):
    with pytest.raises(InputError) as caught:
        measure_links(grid, make_rows("nowhere"), place(), {})
    for lang in LANGUAGES:
        assert "nowhere" in caught.value.message(lang)
        assert caught.value.action(lang)


def test_it_can_be_cancelled(grid):
    def stop(stage, share):
        assert (stage, share) == ("stage.site_links", 0.0)
        raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        measure_links(grid, make_rows("pass"), place(), {}, progress=stop)


# --- against facilities that are there ------------------------------------------------


def add_as_facilities(district, names):
    """Return the district with each resource as the only facility of a category."""
    shapes = district.idle.geometry.loc[names]
    frame = district.facilities.iloc[:0]
    columns = {name: pd.Series(dtype=frame[name].dtype) for name in frame.columns}
    made = pd.DataFrame({name: columns[name].reindex(names) for name in columns})
    made = made.drop(columns="geometry").assign(
        category=list(RULES.requirements)[: len(names)], status="open", serves="all"
    )
    facilities = gpd.GeoDataFrame(made, geometry=shapes, crs=district.crs)
    facilities.index.name = "id"
    return replace(district, facilities=facilities)


def check_with_oracle(district, names):
    """Compare links with the distances after the district was built anew."""
    circle = measure(district)
    built = measure(add_as_facilities(district, names))
    ids = built.district.communities.index.sort_values()
    places = place_people(built.network, ids)
    doors = built.network.doors.sort_index()
    doors = doors[doors["households"] > 0]
    rows = pd.concat(
        [
            make_rows(*ids.astype(str)),
            make_rows(*zip(doors.index, doors["community_id"], strict=True)),
        ],
        ignore_index=True,
    )
    joined = find_private(built.network, built.residents)
    readings = read_runs(
        built.reach, built.network, places, ids, built.residents, joined=joined
    )
    at_gates = built.gaps.pivot_table(
        index="community_id", columns="category", values="distance_m", dropna=False
    )
    want = {}
    for run, (name, category) in enumerate(
        zip(names, RULES.requirements, strict=False)
    ):
        gate_m = at_gates[category].reindex(ids).to_numpy(dtype=float)
        walked = np.append(gate_m, readings.door_m[:, run])
        for row in np.flatnonzero(walked <= FAR_M):
            want[(int(row), name)] = walked[row]
    links = measure_links(
        circle, rows, district.idle.geometry.loc[names], {"childcare": FAR_M}
    )
    got = dict(
        zip(
            zip(links["row"], links["idle_id"], strict=True),
            links["distance_m"],
            strict=True,
        )
    )
    assert set(got) == set(want)
    assert all(got[key] == pytest.approx(want[key], abs=0.011) for key in want)
    return len(want)


def test_links_equal_facilities_of_the_sample():
    district = read_sample()
    names = district.idle.index.sort_values()[::3].tolist()
    assert check_with_oracle(district, names) > 1000


@pytest.mark.parametrize("seed", range(3))
def test_links_equal_facilities_of_random_towns(seed):
    town = make_town(seed + 70, communities=14, idle_share=1.5, all_share=0.3)
    district = make_town_district(town)
    names = district.idle.index.sort_values()[:20].tolist()
    assert check_with_oracle(district, names) > 50


def test_batches_make_no_difference(monkeypatch):
    town = make_town(91, communities=14, idle_share=1.5, all_share=0.3)
    district = make_town_district(town)
    circle = measure(district)
    rows = make_rows(*district.communities.index.astype(str))
    asked = circle, rows, district.idle.geometry, {"childcare": 500.0}
    before = measure_links(*asked)
    assert len(before)
    for batch, side_m in ((1, 1000.0), (3, 100.0), (99, 1e6)):
        monkeypatch.setattr(site_links, "_BATCH", batch)
        monkeypatch.setattr(site_links, "_SIDE_M", side_m)
        pd.testing.assert_frame_equal(measure_links(*asked), before)
