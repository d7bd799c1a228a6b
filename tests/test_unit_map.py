"""Colours, outlines, links, legend and bars of units, as the browser gets them."""

import json
import struct
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.views.shapes import Parcel
from geo.views.unit_colours import UNIT_FILLS, unit_look
from geo.views.unit_legend import unit_legend, unit_rows
from geo.views.unit_map import (
    colour_units,
    colours_of,
    differing,
    outline_parcel,
    pair_links,
    unit_name,
    unit_number,
    unit_style,
    unseen,
)
from geo.views.unit_outlines import CLOSE_M
from geo.views.unit_terms import term_bars


def unpack(parcel: Parcel) -> dict[str, Any]:
    (length,) = struct.unpack_from("<I", parcel.data)
    return json.loads(parcel.data[4 : 4 + length])


def shapes_of(parcel: Parcel) -> list[list[np.ndarray]]:
    """Return the rings of each shape, degrees."""
    head = unpack(parcel)
    (length,) = struct.unpack_from("<I", parcel.data)
    numbers = np.frombuffer(parcel.data, "<i4", offset=4 + length + (-length % 4))
    part = {
        name: numbers[at : at + count] for name, (at, count) in head["sections"].items()
    }
    points = part["xy"].reshape(-1, 2) / 1e6
    rings = [
        points[a:b] for a, b in zip(part["rings"], part["rings"][1:], strict=False)
    ]
    return [
        rings[a:b] for a, b in zip(part["shapes"], part["shapes"][1:], strict=False)
    ]


def pairs_of(*pairs: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(pairs), columns=["a", "b"], dtype="object")


def row_of_four() -> gpd.GeoDataFrame:
    """Return four squares of 100 m in a row: gaps of 0, 12 and 60 m."""
    left = np.array([0.0, 100.0, 212.0, 372.0]) + 500_000
    boxes = shapely.box(left, 3_000_000, left + 100, 3_000_100)
    columns = {
        "name": list("甲乙丙丁"),
        "households": [100.0, 200.0, np.nan, 400.0],
    }
    return gpd.GeoDataFrame(columns, geometry=boxes, index=list("abcd"), crs=4544)


# ------------------------------------------------------------------ colours


@given(
    st.lists(st.integers(0, 24), min_size=1, max_size=40),
    st.sets(st.tuples(st.integers(0, 39), st.integers(0, 39)), max_size=120),
    st.lists(st.integers(0, 9), max_size=40),
)
@settings(deadline=None, max_examples=150)
def test_neighbours_never_share_a_colour(
    units: list[int], edges: set[tuple[int, int]], before: list[int]
) -> None:
    names = [f"c{at}" for at in range(len(units))]
    unit_of = pd.Series([f"U{unit}" for unit in units], index=names)
    near = [(f"c{a}", f"c{b}") for a, b in sorted(edges) if max(a, b) < len(units)]
    last = dict(zip(names, before, strict=False))
    found = colour_units(unit_of, pairs_of(*near), before=last)
    assert list(found.index) == sorted(set(unit_of))
    for a, b in near:
        if unit_of[a] != unit_of[b]:
            assert found[unit_of[a]] != found[unit_of[b]]
    mixed = unit_of.sample(frac=1, random_state=1)
    again = colour_units(mixed, pairs_of(*reversed(near)), before=last)
    assert again.equals(found)


def test_more_neighbours_than_fills_are_hatched() -> None:
    count = len(UNIT_FILLS) + 2
    names = [f"c{at:02}" for at in range(count)]
    all_pairs = [(a, b) for a in names for b in names if a < b]
    unit_of = pd.Series(names, index=names)
    found = colour_units(unit_of, pairs_of(*all_pairs))
    assert sorted(found) == list(range(count))
    looks = {unit_look(int(colour)) for colour in found}
    assert len(looks) == count
    assert unit_look(0).hatch is None
    assert unit_look(len(UNIT_FILLS)).hatch is not None


def test_an_edit_changes_no_colour_far_away() -> None:
    names = [f"c{at:02}" for at in range(30)]
    unit_of = pd.Series([f"U{at // 3:02}" for at in range(30)], index=names)
    near = pairs_of(*pairwise(names))
    first = colour_units(unit_of, near)
    edited = unit_of.copy()
    edited["c03"] = "U00"
    again = colour_units(edited, near, before=colours_of(unit_of, first))
    assert again.equals(first)
    merged = unit_of.replace({"U04": "U03"})
    kept = colour_units(merged, near, before=colours_of(unit_of, first))
    assert kept.drop(["U03"]).equals(first.drop(["U03", "U04"]))


def test_communities_without_a_unit_have_no_colour() -> None:
    unit_of = pd.Series({"a": "U001", "b": None, "c": np.nan})
    found = colour_units(unit_of, pairs_of(("a", "b"), ("b", "c"), ("a", "z")))
    assert found.to_dict() == {"U001": 0}
    assert colours_of(unit_of, found) == {"a": 0}
    assert colour_units(unit_of[:0], pairs_of()).empty


#: Severe red, green and blue blindness (Machado, Oliveira, Fernandes 2009), linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def lab(fills: list[str], blindness: Any) -> np.ndarray:
    """Return CIE L*a*b* of fills as an eye with that blindness sees them."""
    rgb = np.array([[int(one[at : at + 2], 16) for at in (1, 3, 5)] for one in fills])
    share = rgb / 255
    linear = np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)
    seen = np.clip(linear @ np.array(blindness).T, 0, 1)
    to_xyz = np.array(
        [
            [0.4124, 0.3576, 0.1805],
            [0.2126, 0.7152, 0.0722],
            [0.0193, 0.1192, 0.9505],
        ]
    )
    xyz = seen @ to_xyz.T / [0.9505, 1.0, 1.089]
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = root.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


@pytest.mark.parametrize("blindness", BLINDNESS.values(), ids=BLINDNESS)
def test_fills_are_told_apart_by_all_eyes_and_carry_dark_words(
    blindness: Any,
) -> None:
    colours = lab(list(UNIT_FILLS), blindness)
    gaps = np.linalg.norm(colours[:, None] - colours[None, :], axis=2)
    assert gaps[np.triu_indices(len(gaps), 1)].min() > 9
    assert colours[:, 0].min() > 60


# ------------------------------------------------------------------ parcels


def test_style_says_unit_kind_and_number_of_each_community() -> None:
    communities = row_of_four()
    unit_of = pd.Series({"d": "U002", "a": "U001", "b": "U001", "c": None})
    table = pd.DataFrame(
        {
            "kind": ["single", "joint"],
            "communities": [1, 2],
            "households": [400.0, 300.0],
            "households_unknown": [0, 0],
            "broken": ["", "not_connected"],
        },
        index=["U002", "U001"],
    )
    colours = colour_units(unit_of, pairs_of(("b", "c")))
    style = unpack(unit_style(table, unit_of, communities, colours=colours))["value"]
    assert style["unit"] == [0, 0, -1, 1]
    assert style["codes"] == [0, 0, -1, 1]
    assert style["households"] == [100, 200, None, 400]
    assert style["units"] == {
        "ids": ["U001", "U002"],
        "kinds": ["joint", "single"],
        "numbers": ["1", "2"],
        "names": ["片区 1", "单独改造"],
        "broken": [True, False],
        "notes": ["2 个小区 · 300 户 · 不符合要求", "400 户"],
    }
    assert (
        style["classes"][1]["fill"]
        == unit_look(int(colours["U002"]), kind="single").fill
    )


def test_style_of_bare_units_and_of_drawn_and_excluded_ones() -> None:
    communities = row_of_four().drop(columns="households")
    unit_of = pd.Series({"a": "U001", "b": "U001", "c": "U002", "d": "河东"})
    table = pd.DataFrame({"kind": ["joint", "excluded"]}, index=["U001", "U002"])
    parcel = unit_style(
        table,
        unit_of,
        communities,
        colours=pd.Series({"U001": 3}),
        drawn=["U001", "U002"],
        notes={"河东": "说明"},
    )
    style = unpack(parcel)["value"]
    assert style["households"] == [None] * 4
    assert style["units"]["kinds"] == ["drawn", "excluded", "joint"]
    assert style["units"]["numbers"] == ["1", "2", "河东"]
    assert style["units"]["notes"] == ["2 个小区 · 户数不详", "户数不详", "说明"]
    assert style["classes"][1]["hatch"]


def test_unknown_households_are_told() -> None:
    communities = row_of_four()
    unit_of = pd.Series("U001", index=communities.index)
    columns = {"communities": [4], "households": [700.0], "households_unknown": [1]}
    table = pd.DataFrame(columns, index=["U001"])
    colours = pd.Series({"U001": 0})
    units = unpack(unit_style(table, unit_of, communities, colours=colours))["value"]
    assert units["units"]["notes"] == ["4 个小区 · 700 户（1 个小区户数不详）"]


def test_outlines_close_lanes_and_keep_what_lies_apart() -> None:
    communities = row_of_four()
    unit_of = pd.Series({"a": "U001", "b": "U001", "c": "U001", "d": "U001"})
    (whole,) = shapes_of(outline_parcel(communities, unit_of))
    assert len(whole) == 2  # 60 m is farther than CLOSE_M
    widths = sorted(np.ptp(ring[:, 0]) for ring in whole)
    assert widths[1] / widths[0] == pytest.approx(3.12, rel=0.01)
    (tie,) = unpack(outline_parcel(communities, unit_of))["ties"]
    width = abs(tie[0][0] - tie[1][0])
    assert width / widths[0] == pytest.approx(0.6, rel=0.01)
    parcel = outline_parcel(communities, unit_of.replace("U001", np.nan))
    assert unpack(parcel)["ids"] == []


def test_outlines_fill_small_holes_only() -> None:
    size = CLOSE_M + 8  # what closing leaves open, but less than CLOSE_M squared
    plain = shapely.box(500_000, 3_000_000, 500_400, 3_000_400)
    court = shapely.box(500_100, 3_000_100, 500_250, 3_000_250)
    small = shapely.box(500_300, 3_000_300, 500_300 + size, 3_000_300 + size / 2)
    corner = shapely.box(500_300, 3_000_040, 500_320, 3_000_060)
    shape = plain.difference(shapely.union_all([court, small, corner]))
    frame = gpd.GeoDataFrame(geometry=[shape], index=["a"], crs=4544)
    (rings,) = shapes_of(outline_parcel(frame, pd.Series({"a": "U001"})))
    assert len(rings) == 2


def test_links_tell_neighbours_refusals_and_wishes() -> None:
    pairs = pairs_of(("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("c", "d"))
    pairs["neighbour"] = [True, False, False, True, True]
    pairs["refused"] = ["", "barrier", "far", "", ""]
    notes = pd.Series(["相接", "隔着河", "太远", "相接", "相接"])
    links = pair_links(pairs, ["a"], notes, locked=[("a", "b")], forbidden=[("c", "d")])
    assert [(link["a"], link["b"], link["kind"]) for link in links] == [
        ("a", "c", "refused"),
        ("a", "b", "locked"),
        ("c", "d", "forbidden"),
    ]
    assert links[0]["note"] == "隔着河"
    assert links[1]["note"] == "要求在一起"
    near = pair_links(pairs, ["b"], notes)
    assert [link["kind"] for link in near] == ["neighbour", "neighbour"]
    assert pair_links(pairs, [], notes) == []


# ------------------------------------------------------------------ events


def test_no_event_is_lost_and_none_comes_twice() -> None:
    first = {"kind": "undo", "n": 5, "earlier": []}
    both = {"kind": "undo", "n": 6, "earlier": [{"kind": "undo", "n": 5}]}
    assert unseen(first, 4) == [{"kind": "undo", "n": 5}]
    assert unseen(both, 5) == [{"kind": "undo", "n": 6}]
    assert [one["n"] for one in unseen(both, 4)] == [5, 6]
    assert unseen(both, 6) == []
    assert unseen({"kind": "select", "id": None, "n": 9}, 0)[0]["id"] is None


# ------------------------------------------------------------------ words


def test_numbers_and_names() -> None:
    assert [unit_number(one) for one in ("U001", "U120", "7", "河东", "")] == [
        "1",
        "120",
        "7",
        "河东",
        "",
    ]
    assert unit_name("U003") == "片区 3"
    assert unit_name("U003", "excluded") == "不参与划分"


def test_legend_counts_and_leaves_out_what_there_is_not() -> None:
    columns = {
        "kind": ["joint", "drawn", "single", "single", "excluded"],
        "communities": [3, 2, 1, 1, 1],
        "broken": ["", "barrier", "", None, ""],
    }
    table = pd.DataFrame(columns, index=[f"U{at}" for at in range(5)])
    colours = pd.Series([0, 9, 2, 3, 4], index=table.index)
    links = [{"a": "x", "b": "y", "kind": "refused", "note": ""}]
    legend = unit_legend(table, colours=colours, links=links)
    told = [(row["label"], row.get("count")) for row in legend["rows"]]
    assert told == [
        ("联动片区", "2 个片区，5 个小区"),
        ("手工划定", "1 个片区"),
        ("不符合要求", "1 个片区"),
        ("单独改造", "2 个小区"),
        ("不参与划分", "1 个小区"),
        ("不能相连", None),
    ]
    assert legend["rows"][0]["look"]["fills"] == [UNIT_FILLS[0], UNIT_FILLS[1]]
    plain = unit_legend(table[:1], colours=colours)
    assert [row["label"] for row in plain["rows"]] == ["联动片区"]
    compared = unit_legend(table[:1], colours=colours, compared=True)
    assert compared["rows"][-1]["label"] == "两个方案相同"
    assert compared["rows"][-1]["look"]["fills"] != [UNIT_FILLS[0]]


def test_schemes_differ_by_fellows_and_not_by_names() -> None:
    one = {"a": "U1", "b": "U1", "c": "U2", "d": "U3"}
    assert differing(one, {"a": "U9", "b": "U9", "c": "U1", "d": "U2"}) == []
    assert differing(one, {"a": "U1", "b": "U1", "c": "U1", "d": "U3"}) == [*"abc"]
    assert differing(one, {"a": "U1", "b": "U1", "c": "U2"}) == ["d"]
    assert differing({}, {}) == []


def test_rows_of_a_table_without_columns() -> None:
    rows = unit_rows(pd.DataFrame(index=["U001"]), drawn=["U001"])
    assert rows == {
        "U001": {
            "kind": "drawn",
            "communities": None,
            "households": None,
            "households_unknown": None,
            "broken": None,
        }
    }


def test_bars_carry_their_sign_and_their_sum() -> None:
    terms = {"closable": 300.0, "unlike": -100.4, "works": np.nan, "spread": -0.2}
    block = term_bars(terms, str.upper, before={"closable": 280.0, "unlike": -100.0})
    rows = block["rows"]
    assert [row["label"] for row in rows] == ["CLOSABLE", "UNLIKE", "WORKS", "SPREAD"]
    assert [row["value"] for row in rows] == ["+300", "−100", "0", "0"]
    assert [round(row["share"], 3) for row in rows] == [1.0, -0.335, 0.0, -0.001]
    assert [row.get("change") for row in rows] == ["▲ 20", None, None, None]
    assert block["sum"]["value"] == "+199 等效户"
    assert block["sum"]["change"] == "▲ 19"
    assert "change" not in term_bars(terms, str)["sum"]
    titled = term_bars({"size": 0.0}, str, title=lambda one: f"{one}?")
    assert titled["rows"][0]["title"] == "size?"
    assert titled["sum"]["share"] == 0
