"""Idle resources as the survey describes them."""

import numpy as np
import pytest
from gridtown import box, make_layer, point

from geo.idle import list_resources, plain_word, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("养老|托育|助餐", ("养老", "托育", "助餐")),
        ("养老、托育，助餐；停车", ("养老", "托育", "助餐", "停车")),
        ("养老/托育 助餐", ("养老", "托育", "助餐")),
        ("｜养老｜", ("养老",)),
        ("", ()),
        (" 、 ", ()),
    ],
)
def test_words(text, words):
    assert split_words(text) == words


def test_a_word_is_half_width_without_blanks():
    assert plain_word(" ＧＢ/T ２１０１０ ") == "GB/T21010"


def test_what_was_not_surveyed_is_empty():
    idle = make_layer(
        "idle", {"b": {"at": box(0, 0, 10, 10)}, "a": {"at": point(0, 0)}}
    )
    found = list_resources(idle)
    assert list(found.ids) == ["a", "b"]
    assert {word for words in found.words.values() for word in words} == {""}
    assert np.isnan(found.storeys).all()
    assert np.isnan(found.area_m2["floor"]).all()
    # a plot has the area of its outline, a point has none
    np.testing.assert_array_equal(found.area_m2["land"], [np.nan, 100.0])
    assert found.outlined.tolist() == [False, True]
    assert found.protected.tolist() == ["", ""]


def test_what_was_surveyed():
    row = {
        "at": box(0, 0, 10, 10),
        "kind": " 闲置房屋 ",
        "land_area_m2": 90.0,
        "floor_area_m2": "180",
        "storeys": "2",
        "ground_floor": True,
        "fire_access": False,
        "allowed_uses": "养老",
        "landuse_code": 2301,
    }
    idle = make_layer("idle", {"r": row | {"floor_area_m2": 180.0}})
    found = list_resources(idle)
    assert found.words["kind"].tolist() == ["闲置房屋"]
    assert found.words["ground_floor"].tolist() == ["yes"]
    assert found.words["fire_access"].tolist() == ["no"]
    assert found.words["landuse_code"].tolist() == ["2301"]
    assert found.storeys.tolist() == [2.0]
    assert found.area_m2["land"].tolist() == [90.0]
    assert not found.outlined.any()


def test_protected_things_are_told_once_each():
    idle = make_layer("idle", {"r": {"at": box(0, 0, 10, 10)}})
    things = {
        "a": {"at": point(2, 2), "kind": "old_tree"},
        "b": {"at": point(8, 8), "kind": "old_tree"},
        "c": {"at": box(9, 9, 20, 20), "kind": "heritage"},
        "d": {"at": box(10, 0, 20, 10), "kind": "green_line"},
    }
    found = list_resources(idle, make_layer("protected", things))
    assert found.protected.tolist() == ["heritage|old_tree"]
    empty = make_layer("protected", {})
    assert list_resources(idle, empty).protected.tolist() == [""]
