"""Eligibility as a clause: which state, and why, in the words of the documents."""

import pytest
from clause_cases import SOUND, WORN, ground_of, judge

from geo.rulings import speak

KEEN = {
    "condition_fire": "缺失",
    "households": 300,
    "households_participated": 290,
    "households_agreed": 280,
}


def scope(cells, profile="yunnan", units=None):
    ground = ground_of({"c": cells, "core": {"built_year": 1990}}, profile, units=units)
    return ground, judge("N-1-2a", ground)["c"]


@pytest.mark.parametrize(
    ("cells", "state", "missing"),
    [
        ({"built_year": 2000}, "met", ()),
        ({"built_year": 2003, **WORN, **KEEN}, "met", ()),
        ({"built_year": 2003, **KEEN, **SOUND}, "short", ()),
        ({"built_year": 2011}, "short", ()),
        ({"built_year": None}, "unknown", ("built_year",)),
        ({"built_year": 2008, **WORN}, "unknown", ("unit_id",)),
    ],
)
def test_what_may_be_renovated(cells, state, missing):
    _, found = scope(cells)
    assert (found.state, found.missing) == (state, missing)
    assert speak(found.reason, "zh")
    year = cells["built_year"]
    assert (str(year) in speak(found.found, "en")) == (year is not None)


def test_what_would_settle_a_condition_is_named():
    _, found = scope({"built_year": 2003, **WORN, "condition_fire": "缺失"})
    assert found.state == "unknown"
    assert set(found.missing) >= {"households_participated", "households_agreed"}


def test_the_tools_reading_is_said():
    _, found = scope({"built_year": 2003, **WORN, **KEEN})
    assert "本工具的判读" in speak(found.reason, "zh")
    assert "云建更〔2022〕19号 一·二是" in speak(found.reason, "zh")
    _, found = scope({"built_year": 1990})
    assert "待核" in speak(found.reason, "zh")


def test_a_range_judges_only_those_built_in_it():
    towns = {
        "old": {"built_year": 1999},
        "mid": {"built_year": 2004, **WORN, **KEEN},
        "new": {"built_year": 2009, **WORN},
        "young": {"built_year": 2015},
        "when": {"built_year": None},
    }
    units = {"new": "U1", "old": "U1", "mid": "U2", "young": "U3", "when": "U4"}
    ground = ground_of(towns, "yunnan", units=units)
    middle, late = judge("YN-1-2a", ground), judge("YN-1-2b", ground)
    assert {name: str(one.state) for name, one in middle.items()} == {
        "old": "not_required",
        "mid": "met",
        "new": "not_required",
        "young": "not_required",
        "when": "unknown",
    }
    assert {name: str(one.state) for name, one in late.items()} == {
        "old": "not_required",
        "mid": "not_required",
        "new": "met",
        "young": "not_required",
        "when": "unknown",
    }
    assert "不在这一条的范围内" in speak(middle["old"].reason, "zh")
    # outside of every range it is the scope as a whole that fails
    assert judge("N-1-2a", ground)["young"].state == "short"


def test_a_unit_of_late_communities_only_does_not_qualify():
    towns = {name: {"built_year": 2008, **WORN} for name in ("a", "b")}
    ground = ground_of(towns, "yunnan", units={"a": "U1", "b": "U1"})
    assert {str(one.state) for one in judge("YN-1-2b", ground).values()} == {"short"}


def test_without_a_range_in_the_document_it_is_open():
    _, found = scope({"built_year": 1990}, "gansu")
    assert found.state == "open"
    assert found.missing == ("local_scope_profile",)
