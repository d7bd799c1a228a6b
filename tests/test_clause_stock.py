"""Clauses about what to build where, by hand."""

from types import SimpleNamespace

import pandas as pd
import pytest
from works_town import (
    box,
    gap,
    judge,
    make_ground,
    point,
    resources,
    row,
    states,
    table,
    work,
)

from geo.clause_stock import (
    USES,
    check_idle_use,
    check_need_ranked,
    list_built,
    list_uses,
    parse_votes,
)
from geo.rules import load_rules
from geo.rulings import speak

UNITS = {"A": "U001", "B": "U001", "C": "U002"}
ROOM = {"id": "R1", "shape": box(10, 10, 20, 20)}


def make_sites(*flows, table_rows=()):
    columns = ["community_id", "idle_id", "category"]
    return SimpleNamespace(
        flows=pd.DataFrame(flows, columns=columns),
        table=pd.DataFrame(table_rows, columns=["idle_id", "category"]),
    )


# ---- uses ----------------------------------------------------------------------------


def quotes():
    policy = load_rules("gansu").policy.set_index("rule_id")["quote"]
    return policy["GS-1a"], policy["YN-2-6"]


def test_the_uses_are_those_that_the_document_names():
    gansu, yunnan = quotes()
    assert list_uses(row("idle_use", "unit", gansu)) == (
        "养老",
        "托育",
        "助餐",
        "停车",
        "加装电梯",
        "体育健身",
    )
    assert list_uses(row("idle_use", "unit", yunnan)) == (
        "养老",
        "托育",
        "家政",
        "物流",
        "便民",
        "物业服务",
        "商旅文创",
    )
    assert list_uses(row("idle_use", "unit", gansu, uses="停车|无此")) == ("停车",)


def test_every_use_means_categories_that_there_are():
    known = {*load_rules().requirements, "lift"}
    rules = load_rules()
    for keys in USES.values():
        for key in keys:
            assert key in known or rules.category_name(key, "zh")


def use(*idle, sites=None, quote=None, **told):
    facts = {one: {"idle_survey_date": pd.Timestamp(day)} for one, day in told.items()}
    layers = {"idle": resources(*idle)}
    place = make_ground(facts, unit_of=UNITS, layers=layers, sites=sites)
    quote = quotes()[0] if quote is None else quote
    return judge(check_idle_use, place, level="unit", quote=quote)


def test_a_resource_that_is_proposed_for_a_use_named_is_met():
    sites = make_sites(table_rows=[("R1", "canteen")])
    found = use(ROOM, sites=sites)
    assert states(found) == {"U001": "met", "U002": "unknown"}
    assert (found["U001"].value, found["U001"].objects) == (1.0, ("R1",))
    # Yunnan names no canteen
    assert use(ROOM, sites=sites, quote=quotes()[1])["U001"].state == "short"


def test_a_use_that_is_written_down_counts_too():
    assert use(ROOM | {"target_use": "社区养老用房"})["U001"].state == "met"
    assert use(ROOM | {"target_use": "办公"})["U001"].state == "unknown"


def test_resources_without_any_use_are_short_once_sites_are_proposed():
    assert use(ROOM, sites=make_sites())["U001"].state == "short"
    one = use(ROOM)["U001"]
    assert (one.state, one.missing) == ("unknown", ("target_use",))


def test_no_resources_are_not_required_only_if_somebody_looked():
    found = use(A="2026-01-01", B="2026-01-01")
    assert states(found) == {"U001": "not_required", "U002": "unknown"}
    assert found["U002"].missing == ("idle_geom",)
    assert use(A="2026-01-01")["U001"].state == "unknown"


# ---- needs ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "votes"),
    [
        ("养老:87、托育:59、助餐:5、停车:42、体育健身:8", [87, 59, 5, 42, 8]),
        ("养老服务：120；停车位 90", [120, 0, 0, 90, 0]),
        ("canteen=12|parking=3|fitness_ground=1", [0, 0, 12, 3, 1]),
        ("停车:4，停车位:5", [0, 0, 0, 9, 0]),
        ("绿化:40", [0, 0, 0, 0, 0]),
        ("", [0, 0, 0, 0, 0]),
    ],
)
def test_votes_are_read_from_words_and_numbers(text, votes):
    names = ("养老", "托育", "助餐", "停车", "体育健身")
    assert parse_votes(text) == {
        name: count for name, count in zip(names, votes, strict=True) if count
    }


VOTES = {
    "A": {"households": 100.0, "need_votes": "养老:60、停车:50"},
    "B": {"households": 300.0, "need_votes": "停车:20"},
}
GAPS = [gap("A", "elderly_daycare"), gap("A", "parking"), gap("B", "parking")]


def need(*works, facts=VOTES, gaps=GAPS, sites=None):
    place = make_ground(
        facts,
        {"works": table("works", *works)},
        unit_of=UNITS,
        gaps=[*gaps, gap("A", "canteen", "met"), gap("C", "canteen", "unknown")],
        sites=sites,
    )
    return judge(check_need_ranked, place, level="unit")


def test_what_most_lack_and_want_comes_first():
    # parking: 400 households x 70 votes; elderly care: 100 x 60
    one = need()["U001"]
    assert (one.state, one.value) == ("short", 2)
    assert one.reason[1]["use"] == "@places.use.parking"
    said = speak(one.found, "zh")
    assert said.index("停车（70 票，未安排）") < said.index("养老（60 票，未安排）")


def test_it_is_met_by_works_or_by_a_proposal_they_walk_to():
    assert need(work("W1", category="parking"))["U001"].state == "met"
    assert need(work("W1", "B", category="新增停车位"))["U001"].state == "met"
    assert need(work("W1", "C", category="parking"))["U001"].state == "short"
    assert need(work("W1", category="elderly_daycare"))["U001"].state == "short"
    assert need(sites=make_sites(("B", "R9", "parking")))["U001"].state == "met"


def test_nothing_lacking_needs_nothing_and_no_votes_are_unknown():
    assert need()["U002"].state == "not_required"
    bare = {"A": {"households": 100.0}}
    one = need(facts=bare)["U001"]
    assert (one.state, one.missing) == ("unknown", ("need_votes",))


def test_what_is_to_be_built_is_listed_by_community():
    works = [work("W1", category="parking"), work("W2", "B"), work("W3", None)]
    sites = make_sites(("A", "R1", "canteen"), ("C", "R1", "canteen"))
    place = make_ground(
        None, {"works": table("works", *works)}, sites=sites, layers={"idle": point}
    )
    assert list_built(place) == {"A": {"parking", "canteen"}, "C": {"canteen"}}
