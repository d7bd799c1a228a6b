"""Clauses about joint units, by hand."""

from dataclasses import replace
from types import MappingProxyType, SimpleNamespace

import pandas as pd
import pytest
from works_town import RULES, gap, judge, make_ground, states, table

from geo.clause_units import check_joint_unit, check_life_circle, check_renewal_unit
from geo.rulings import speak

UNITS = {"A": "U001", "B": "U001", "C": "U002"}


def make_units(*pairs, unit_of=UNITS):
    """Make units whose measures tell that they were measured anew."""
    rows = [(a, b, flag) for a, b, flag in pairs]
    neighbours = pd.DataFrame(rows, columns=["a", "b", "neighbour"])

    def measure(given):
        names = sorted(set(given))
        cells = {"shared_shortfalls": "canteen|parking", "idle_area_m2": 120.0}
        return pd.DataFrame([cells] * len(names), index=pd.Index(names))

    own = pd.Series(unit_of, dtype="str")
    quiet = measure(own).assign(shared_shortfalls="", idle_area_m2=0.0)
    basis = SimpleNamespace(neighbours=SimpleNamespace(pairs=neighbours))
    return SimpleNamespace(basis=basis, unit_of=own, table=quiet, measure=measure)


def test_several_are_met_and_one_alone_is_short_if_it_has_a_neighbour():
    units = make_units(("A", "B", True), ("B", "C", True))
    found = judge(
        check_joint_unit, make_ground(unit_of=UNITS, units=units), level="unit"
    )
    assert states(found) == {"U001": "met", "U002": "short"}
    assert found["U001"].objects == ("A", "B")
    assert found["U002"].reason == ("places.joint.alone", {"around": 1})
    parted = make_units(("A", "B", True), ("B", "C", False))
    place = make_ground(unit_of=UNITS, units=parted)
    assert judge(check_joint_unit, place, level="unit")["U002"].state == "not_required"


def test_who_has_neighbours_is_not_known_before_units_are_drawn():
    found = judge(check_joint_unit, make_ground(unit_of=UNITS), level="unit")
    assert states(found) == {"U001": "met", "U002": "unknown"}
    assert found["U002"].missing == ("unit_id",)


def test_units_are_measured_as_they_are_now():
    drawn = {"A": "U001", "B": "U002", "C": "U002"}
    place = make_ground(unit_of=drawn, units=make_units(("B", "C", True)))
    one = judge(check_joint_unit, place, level="unit")["U002"]
    assert one.found[1]["idle"] == "120"
    assert "社区食堂" in speak(one.found, "zh")
    same = make_ground(unit_of=UNITS, units=make_units(("B", "C", True)))
    one = judge(check_joint_unit, same, level="unit")["U001"]
    assert one.found[1]["idle"] == "0"


# ---- renewal units -------------------------------------------------------------------


def paper(subject):
    return {"id": "D1", "subject_id": subject, "doc_type": "城市更新单元划定文件"}


@pytest.mark.parametrize(
    ("facts", "papers", "state"),
    [
        ({}, (), "unknown"),
        ({"A": "更新单元一", "B": "更新单元一"}, (), "met"),
        ({"A": "更新单元一"}, (), "unknown"),
        ({"A": "更新单元一", "B": "无"}, (), "short"),
        ({}, ("U001",), "met"),
        ({}, ("示例区",), "met"),
        ({}, ("A",), "unknown"),
        ({"B": "更新单元一"}, ("A",), "met"),
        ({}, ("C",), "unknown"),
    ],
)
def test_members_lie_in_a_renewal_unit_by_ledger_or_document(facts, papers, state):
    given = {one: {"renewal_unit_id": word} for one, word in facts.items()}
    documents = table("documents", *(paper(one) for one in papers))
    place = make_ground(given, {"documents": documents}, unit_of=UNITS)
    one = judge(check_renewal_unit, place, level="unit")["U001"]
    assert one.state == state
    assert one.missing == (("renewal_unit_geom",) if state == "unknown" else ())


# ---- life circle ---------------------------------------------------------------------


def circle(*gaps, profile=RULES.profile):
    place = make_ground(gaps=list(gaps), unit_of=UNITS, profile=profile)
    return judge(check_life_circle, place, level="unit")


def walk(community, category, minutes, state="met"):
    return gap(community, category, state, minutes=minutes, distance_state=state)


def test_all_members_walk_to_all_categories_in_fifteen_minutes():
    near = walk("A", "canteen", 15.0), walk("B", "canteen", 3.0)
    assert circle(*near)["U001"].state == "met"
    one = circle(*near, walk("B", "market", 15.01))["U001"]
    assert (one.state, one.value) == ("short", 0.5)
    assert "走不到的：菜市场" in speak(one.found, "zh")
    assert "15 分钟" in speak(one.required, "zh")


def test_nothing_in_reach_is_short_and_nobody_knows_is_unknown():
    nan = float("nan")
    assert circle(walk("A", "canteen", nan, "short"))["U001"].state == "short"
    assert circle(walk("A", "canteen", nan, "unknown"))["U001"].state == "unknown"
    # near enough although the verdict itself is in doubt
    assert circle(walk("A", "canteen", 9.0, "unknown"))["U001"].state == "met"
    assert circle(walk("A", "canteen", nan, "no_data"))["U001"].state == "unknown"
    assert circle()["U002"].missing == ("facility_points",)


def test_without_a_number_the_walks_are_told_and_not_judged():
    clauses = dict(RULES.profile.clauses)
    del clauses["life_circle.walk_min"]
    bare = replace(RULES.profile, clauses=MappingProxyType(clauses))
    assert circle(walk("A", "canteen", 40.0), profile=bare)["U001"].state == "open"
