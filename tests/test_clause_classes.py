"""基础类应改尽改: what is lacking must be in the scheme, as far as it is known."""

import pandas as pd
import pytest
from clause_cases import ground_of

from geo import clause_classes
from geo.clause_classes import check_class_priority
from geo.rules import load_rules
from geo.rulings import ClauseRow, speak
from geo.shortfalls import list_needs
from geo.text import LANGUAGES, texts

ROW = ClauseRow("YN-1-5", "", "", "", "", "", "", "class_priority", "community", "")


def need(name, item_class="basic", state="lacking", addressed="yes"):
    return {
        "community_id": "c",
        "need": name,
        "item_class": item_class,
        "state": state,
        "addressed": addressed,
    }


def judge(monkeypatch, *needs):
    table = pd.DataFrame(needs, columns=list(need("water")))
    monkeypatch.setattr(clause_classes, "find_shortfalls", lambda _: table)
    (found,) = check_class_priority(ROW, ground_of({"c": {}}, "yunnan"))
    assert speak(found.found, "zh")
    return found


@pytest.mark.parametrize(
    ("needs", "state"),
    [
        ([need("water")], "met"),
        ([need("water"), need("gas", addressed="no")], "short"),
        ([need("water", addressed="unknown")], "unknown"),
        ([need("water"), need("gas", state="unknown", addressed="")], "unknown"),
        ([need("water", state="sound", addressed="")], "not_required"),
        # the other classes are counted and decide nothing
        ([need("water"), need("lift", "improve", addressed="no")], "met"),
        ([need("water"), need("canteen", "enhance", addressed="no")], "met"),
        # one that is left out decides, whatever else is not known
        ([need("water", addressed="no"), need("gas", state="unknown")], "short"),
    ],
)
def test_the_basic_class_decides(monkeypatch, needs, state):
    found = judge(monkeypatch, *needs)
    assert found.state == state
    # 原则上: an exception is possible
    assert found.exception == (state == "short")
    assert bool(found.missing) == (state == "unknown")


def test_what_was_left_out_is_named_and_counted(monkeypatch):
    found = judge(
        monkeypatch,
        need("water"),
        need("drainage", addressed="no"),
        need("lift", "improve", addressed="no"),
    )
    assert "排水" in speak(found.reason, "zh")
    assert "供水" not in speak(found.reason, "zh")
    assert "基础类 1/2，完善类 0/1，提升类 0/0" in speak(found.found, "zh")


def test_every_basic_need_has_a_name():
    basic = [one.key for one in list_needs(load_rules()) if one.item_class == "basic"]
    for lang in LANGUAGES:
        known = texts(lang)
        assert [one for one in basic if f"check.need.{one}" not in known] == []
