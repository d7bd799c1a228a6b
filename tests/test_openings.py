"""New gates: found where one counts them by hand, and exact wherever they are told."""

import os
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from gridtown import X0, Y0, box, grid_layers, line, make_district, point
from opened import differ, measure
from sample_plan import measure_sample
from scrambled import scramble

from geo.errors import CancelledError, RuleError
from geo.findings import render_findings
from geo.openings import GAIN_COLUMNS, TABLE_COLUMNS, find_openings, opening_shapes
from geo.sample import make_district as make_town_district
from geo.settings import OpeningSettings
from geo.town import make_town

TOWNS = int(os.environ.get("PIANQU_OPENING_TOWNS", "1"))
ANSWERS = tomllib.loads(
    Path(__file__).with_name("sample_answers.toml").read_text(encoding="utf-8")
)
#: Easting and northing of the sample quarter's zero point.
ZERO = np.array([527_500.0, 4_418_000.0])


def street(*places: tuple[float, float], **more: Any) -> dict[str, Any]:
    return {"at": line(*places), "highway": "residential", **more}


def block_layers() -> dict[str, dict[str, dict[str, Any]]]:
    """A walled block, 100 to 200 by 0 to 100, whose only gate is in the north.

    The childcare stands behind its southern wall: 20 to the street, 150 along it, 140
    down, 150 back and 5: 465 from the gate, 25 from a gate right before it.
    """
    return {
        "streets": {
            "n": street((0, 120), (300, 120), name="北街"),
            "s": street((0, -20), (150, -20), (300, -20), name="南街"),
            "w": street((0, 120), (0, -20)),
            "p": street((150, 100), (150, 20), highway="footway"),
        },
        "communities": {
            "c": {"at": box(100, 0, 200, 100), "walled": True, "households": 60},
        },
        "gates": {
            "g": {"at": point(150, 100), "community_id": "c", "open_to": "residents"}
        },
        "facilities": {"f": {"at": point(150, -25), "category": "childcare"}},
    }


def twin_layers() -> dict[str, dict[str, dict[str, Any]]]:
    """Two walled blocks with one wall between them, x = 200.

    The gate of the first leads to the northern street, that of the second, open to
    all, to the end of a street in the east where the parcel station is: a long way
    round from the first, but a short one through the second.
    """
    return {
        "streets": {
            "n": street((0, 120), (300, 120)),
            "e": street((300, 120), (700, 120), (700, 20), (305, 20)),
            "p": street((150, 100), (150, 50), (190, 50), highway="footway"),
            "q": street((250, 100), (250, 50), (210, 50), highway="footway"),
        },
        "communities": {
            "c": {"at": box(100, 0, 200, 100), "walled": True, "households": 60},
            "d": {"at": box(200, 0, 300, 100), "walled": True, "households": 40},
        },
        "gates": {
            "g": {"at": point(150, 100), "community_id": "c", "open_to": "residents"},
            "h": {"at": point(300, 20), "community_id": "d", "open_to": "all"},
        },
        "facilities": {"f": {"at": point(305, 20), "category": "parcel"}},
    }


def test_a_gate_stands_before_what_is_behind_the_wall(rules):
    circle = measure(make_district(**block_layers()), rules)
    found = find_openings(circle)
    best = found.table.iloc[0]
    assert found.table.index[0] == "O001"
    assert (best["x"] - X0, best["y"] - Y0) == pytest.approx((150, 0))
    assert best["community_id"] == "c"
    assert (best["street"], best["along"], best["other_id"]) == ("南街", "path_end", "")
    assert (best["households_gaining"], best["gained"]) == (60, 60)
    assert (best["categories"], best["replaces"]) == ("childcare", "childcare")
    assert best["facilities_saved"] == 1
    gain = found.gains.iloc[0]
    assert gain["distance_before_m"] == pytest.approx(465)
    assert gain["distance_after_m"] == pytest.approx(25)
    assert best["detour_removed_m"] == pytest.approx(440)
    assert (gain["distance_state_before"], gain["distance_state_after"]) == (
        "short",
        "met",
    )
    assert not differ(found, "O001", rules)


def test_one_stretch_of_wall_is_told_once_for_the_same_gain(rules):
    circle = measure(make_district(**block_layers()), rules)
    found = find_openings(circle)
    assert found.places > 3
    assert len(found.table) == found.table["street"].nunique()


def test_sentences_in_both_languages(rules):
    found = find_openings(measure(make_district(**block_layers()), rules))
    assert found.explain("zh").iloc[0] == found.table["reason"].iloc[0]
    assert "465 米变为 25 米" in found.explain("zh").iloc[0]
    assert "465 m becomes 25 m" in found.explain("en").iloc[0]
    assert "60 households" in found.explain("en").iloc[0]


def test_the_layer_of_openings(rules):
    found = find_openings(measure(make_district(**block_layers()), rules))
    layer = opening_shapes(found, "en")
    assert list(layer.columns) == ["opening_id", *TABLE_COLUMNS, "geometry"]
    assert layer["reason"].tolist() == found.explain("en").tolist()
    assert layer.crs == found.circle.district.crs
    at = layer.geometry.iloc[0]
    assert (at.x - X0, at.y - Y0) == pytest.approx((150, 0))


def test_doors_count_who_comes_within_reach(rules):
    layers = block_layers()
    layers["buildings"] = {
        f"b{n}": {
            "at": box(155, y, 165, y + 4),
            "community_id": "c",
            "households": many,
        }
        for n, (y, many) in enumerate([(88, 10), (22, 50)])
    }
    found = find_openings(measure(make_district(**layers), rules))
    # of both: 465 + the way to the gate is beyond 300 m
    assert found.table["households_gaining"].iloc[0] == 60
    assert not differ(found, "O001", rules)


def test_a_block_without_paths_is_crossed_straight(rules):
    layers = block_layers()
    del layers["streets"]["p"]
    layers["buildings"] = {
        "b": {"at": box(140, 40, 160, 60), "community_id": "c", "households": 30},
        # behind a wall inside, out of sight of the gate in the north
        "lost": {"at": box(140, 10, 160, 14), "community_id": "c", "households": 200},
    }
    layers["barriers"] = {
        "w": {"at": line((101, 30), (199, 30)), "kind": "wall"},
    }
    layers["facilities"]["r"] = {
        "at": point(150, 20),
        "category": "pharmacy",
        "serves": "residents",
    }
    found = find_openings(measure(make_district(**layers), rules))
    assert len(found.table)
    for opening in found.table.index:
        assert not differ(found, opening, rules)


def test_a_gate_between_two_walled_neighbours(rules):
    district = make_district(**twin_layers())
    found = find_openings(measure(district, rules))
    shared = found.table[found.table["shared"]]
    assert len(shared)
    best = shared.iloc[0]
    assert {best["community_id"], best["other_id"]} == {"c", "d"}
    assert best["along"] == "community"
    assert best["x"] - X0 == pytest.approx(200)
    rows = found.gates[found.gates["opening_id"] == shared.index[0]]
    assert set(rows["community_id"]) == {"c", "d"}
    assert rows.index.is_unique
    for opening in shared.index:
        assert not differ(found, opening, rules)


def test_walls_a_few_metres_apart_share_a_gate(rules):
    layers = twin_layers()
    layers["communities"]["c"]["at"] = box(100, 0, 196, 100)
    found = find_openings(measure(make_district(**layers), rules))
    shared = found.table[found.table["shared"]]
    assert shared["x"].iloc[0] - X0 == pytest.approx(198)
    assert not differ(found, shared.index[0], rules)
    layers["barriers"] = {"w": {"at": line((198, -50), (198, 200)), "kind": "wall"}}
    found = find_openings(measure(make_district(**layers), rules))
    assert not found.table["shared"].any()


def test_a_gate_to_an_open_neighbour_needs_one_row(rules):
    layers = block_layers()
    layers["communities"]["o"] = {
        "at": box(100, -60, 200, -1),
        "walled": False,
        "households": 10,
    }
    found = find_openings(measure(make_district(**layers), rules))
    best = found.table.iloc[0]
    assert (best["other_id"], best["along"]) == ("o", "community")
    assert not best["shared"]
    assert len(found.gates[found.gates["opening_id"] == "O001"]) == 1
    assert not differ(found, "O001", rules)


def test_strangers_walk_through_what_is_open_to_all(rules):
    layers = block_layers()
    layers["gates"]["g"]["open_to"] = "all"
    # 10 inside its own wall, from the north: 20 + 150 + 140 + 150 + 5 round the block
    layers["communities"]["o"] = {
        "at": box(140, 125, 160, 160),
        "walled": False,
        "households": 7,
    }
    circle = measure(make_district(**layers), rules)
    closed = find_openings(circle)
    assert set(closed.changes["community_id"]) == {"c"}
    found = find_openings(circle, OpeningSettings(open_to="all"))
    assert found.table["households_gaining"].iloc[0] == 67
    assert set(found.gains["community_id"]) == {"c", "o"}
    assert set(found.gates["open_to"]) == {"all"}
    assert not differ(found, "O001", rules)
    # without a path inside one walks straight from gate to gate
    del layers["streets"]["p"]
    found = find_openings(
        measure(make_district(**layers), rules), OpeningSettings(open_to="all")
    )
    assert set(found.gains["community_id"]) == {"c", "o"}
    assert not differ(found, "O001", rules)


def test_what_stood_behind_a_wall_is_shown_to_strangers(rules):
    layers = block_layers()
    layers["facilities"]["inside"] = {"at": point(150, 60), "category": "parcel"}
    layers["communities"]["o"] = {
        "at": box(140, -60, 160, -25),
        "walled": False,
        "households": 7,
    }
    circle = measure(make_district(**layers), rules)
    # it stands near, but nobody outside can walk to it
    assert circle.verdict("o", "parcel")["distance_state"] == "unknown"
    found = find_openings(circle, OpeningSettings(open_to="all"))
    rows = found.gains[found.gains["community_id"] == "o"]
    assert "parcel" in set(rows["category"])
    for opening in found.table.index:
        assert not differ(found, opening, rules)


def test_households_nobody_counted_are_not_none(rules):
    layers = block_layers()
    layers["communities"]["c"]["households"] = None
    found = find_openings(measure(make_district(**layers), rules))
    assert np.isnan(found.table["households_gaining"].iloc[0])
    assert np.isnan(found.gains["households"].iloc[0])
    assert "户数不详" in found.table["reason"].iloc[0]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("open", "openings_no_walls"),
        ("gateless", "openings_gateless"),
        ("nothing", "openings_none"),
        ("far", None),
        ("no_communities", "openings_no_walls"),
    ],
)
def test_without_anything_to_open_the_table_is_empty(rules, change, code):
    layers = block_layers()
    if change == "open":
        layers["communities"]["c"]["walled"] = False
    elif change == "gateless":
        layers["gates"] = {}
    elif change == "nothing":
        layers["facilities"] = {}
    elif change == "no_communities":
        layers["communities"], layers["gates"] = {}, {}
    else:
        layers["streets"] = {
            "n": street((0, 200), (300, 200)),
            "p": street((150, 100), (150, 20), highway="footway"),
        }
    found = find_openings(measure(make_district(**layers), rules))
    assert found.table.empty
    assert list(found.table.columns) == list(TABLE_COLUMNS)
    assert list(found.gains.columns) == list(GAIN_COLUMNS)
    assert found.gates.empty
    assert opening_shapes(found, "zh").empty
    assert found.explain("en").empty
    told = render_findings(found.findings, "zh")["code"].tolist()
    assert told == ([code] if code else [])


def test_settings_say_where_and_how_much(rules):
    circle = measure(make_district(**block_layers()), rules)

    def tried(**settings: Any) -> int:
        return find_openings(circle, OpeningSettings(**settings)).places

    assert tried(step_m=10.0) > tried()
    assert tried(apart_m=105.0) < tried()
    assert tried(reach_m=15.0) == 0
    one = find_openings(circle, OpeningSettings(told_most=1))
    everything = find_openings(circle)
    assert len(one.table) == min(1, len(everything.table))
    with pytest.raises(RuleError):
        OpeningSettings(step_m=0.0)


def test_what_is_not_told_is_said(rules):
    layers = block_layers()
    layers["streets"]["e"] = street((220, 120), (220, -20))
    for name, y in (("n", 120), ("s", -20)):
        layers["streets"][name] = street((0, y), (150, y), (220, y), name=name)
    circle = measure(make_district(**layers), rules)
    everything = find_openings(circle)
    assert len(everything.table) > 1
    found = find_openings(circle, OpeningSettings(told_most=1))
    assert found.findings["code"].tolist() == ["openings_cut"]
    assert found.table["reason"].tolist() == everything.table["reason"].tolist()[:1]


@pytest.mark.parametrize("open_to", ["residents", "all"])
def test_it_tells_where_it_is_and_can_be_stopped(rules, open_to):
    circle = measure(make_district(**block_layers()), rules)
    shares: list[float] = []
    wished = OpeningSettings(open_to=open_to)

    def told(stage: str, share: float) -> None:
        assert stage == "stage.openings"
        shares.append(share)

    find_openings(circle, wished, progress=told)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)

    def stop(_: str, share: float) -> None:
        if share > 0.4:
            raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        find_openings(circle, wished, progress=stop)
    # nothing of what was stopped is left behind
    pd.testing.assert_frame_equal(
        find_openings(circle).changes, find_openings(circle).changes
    )


def test_the_order_of_rows_changes_nothing(rules):
    layers = grid_layers()
    layers["facilities"] = {
        "f": {"at": point(330, 205), "category": "parcel"},
        "g": {"at": point(250, -5), "category": "childcare"},
    }
    turned = {
        name: dict(reversed(list(rows.items()))) if name != "streets" else rows
        for name, rows in layers.items()
    }
    one, two = (
        find_openings(measure(make_district(**each), rules))
        for each in (layers, turned)
    )
    assert len(one.table)
    pd.testing.assert_frame_equal(one.table, two.table)


def test_the_grid_town_is_exact(rules):
    layers = grid_layers()
    layers["facilities"] = {
        name: {"at": point(*at), "category": category}
        for name, at, category in (
            ("a", (330, 205), "parcel"),
            ("b", (250, 95), "parcel"),
            ("c", (450, 205), "childcare"),
            ("d", (205, 50), "fitness_ground"),
        )
    }
    found = find_openings(measure(make_district(**layers), rules))
    assert len(found.table)
    for opening in found.table.index:
        assert not differ(found, opening, rules)


@pytest.mark.parametrize("open_to", ["residents", "all"])
@pytest.mark.parametrize("seed", range(2 * TOWNS))
def test_scrambled_towns_are_exact(rules, seed, open_to):
    circle = measure(scramble(seed), rules)
    wished = OpeningSettings(step_m=15.0, apart_m=5.0, open_to=open_to)
    found = find_openings(circle, wished)
    for opening in found.table.index[:8]:
        assert not differ(found, opening, rules)


@pytest.mark.parametrize("open_to", ["residents", "all"])
@pytest.mark.parametrize("seed", range(TOWNS))
def test_random_towns_are_exact(rules, seed, open_to):
    town = make_town(
        seed + 11, communities=10, walled_share=0.9, all_share=0.3, sealed_share=0.3
    )
    circle = measure(make_town_district(town), rules)
    found = find_openings(circle, OpeningSettings(open_to=open_to))
    some = found.table.index[:: max(1, len(found.table) // 3)]
    assert len(some)
    for opening in some:
        assert not differ(found, opening, rules)


def test_sharing_a_capacity_with_more_people_is_seen(rules):
    layers = block_layers()
    layers["communities"]["c"]["population"] = 1000
    layers["communities"]["o"] = {
        "at": box(20, -120, 90, -30),
        "walled": False,
        "households": 100,
        "population": 1000,
    }
    # enough for one thousand, not for two; the parcel station is gained all the same
    needed = rules.requirements["childcare"].capacity_value
    layers["facilities"]["f"] |= {"capacity": 1.2 * needed, "floor_area_m2": 900}
    layers["facilities"]["p"] = {"at": point(150, -25), "category": "parcel"}
    circle = measure(make_district(**layers), rules)
    assert circle.verdict("o", "childcare")["capacity_state"] == "met"
    found = find_openings(circle)
    assert found.table["categories"].iloc[0] == "parcel"
    lost = found.changes[found.changes["community_id"] == "o"]
    assert lost["category"].tolist() == ["childcare"]
    assert (lost["state_before"].iloc[0], lost["state_after"].iloc[0]) == (
        "met",
        "short",
    )
    assert not differ(found, "O001", rules)


@pytest.fixture(scope="module")
def sample_openings():
    return find_openings(measure_sample())


def test_the_gate_trap_of_the_sample(sample_openings):
    answer, found = ANSWERS["gate"], sample_openings
    gains = found.gains[
        (found.gains["community_id"] == answer["community"])
        & (found.gains["category"] == answer["category"])
    ]
    assert gains["distance_before_m"].unique() == pytest.approx(answer["distance_m"])
    nearest = gains.loc[gains["distance_after_m"].idxmin()]
    assert nearest["distance_after_m"] == pytest.approx(
        answer["distance_with_gate_m"], abs=0.05
    )
    assert nearest["distance_state_after"] == answer["state_with_gate"]
    assert nearest["opening_id"] == "O001"
    row = found.table.loc["O001"]
    at = np.array([row["x"], row["y"]]) - ZERO
    assert at == pytest.approx(answer["gate_at"], abs=0.05)


def test_ranked_by_households(sample_openings):
    table, gains = sample_openings.table, sample_openings.gains
    assert table["households_gaining"].is_monotonic_decreasing
    summed = gains.groupby("opening_id")["households"].sum()
    assert summed.loc[table.index].tolist() == pytest.approx(table["gained"].tolist())
    assert len(table) <= OpeningSettings().told_most


def test_every_place_stands_on_its_wall(sample_openings):
    found = sample_openings
    walls = found.circle.district.communities.geometry.boundary
    for row in found.table.itertuples():
        at = shapely.Point(row.x, row.y)
        # between two walls, in the middle
        assert walls[row.community_id].distance(at) <= 7.5


@pytest.mark.parametrize("at", [0, 40, 110])
def test_the_sample_is_exact(sample_openings, rules, at):
    opening = sample_openings.table.index[at]
    assert not differ(sample_openings, opening, rules)
