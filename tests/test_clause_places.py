"""Clauses about what lies where: by hand, and on the sample district."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from works_town import (
    box,
    judge,
    line,
    make_ground,
    pipes,
    point,
    row,
    states,
    table,
    things,
    wkt,
    work,
)

from geo.clause_issues import check_fund_misuse, check_ledger, check_rectified
from geo.clause_places import (
    PLACE_KINDS,
    check_gas_protection,
    check_protected,
    check_utility_match,
    match_ground,
)
from geo.clause_survey import check_hazards_in_scheme
from geo.clause_works import (
    WORK_KINDS,
    check_repeat_dig,
    check_underground_first,
    repeat_digs,
)
from geo.district import read_district
from geo.facts import gather_facts
from geo.policy_settings import CheckSettings
from geo.protected import ACTIONS
from geo.rectification import judge_issues
from geo.rules import load_rules
from geo.rulings import speak

TREES = things(
    ("P1", "old_tree", point(50, 53)), ("P2", "heritage", box(160, 0, 170, 9))
)
PIPES = pipes(
    ("U1", "gas", 2028.0, line((0, 54), (100, 54))),
    ("U2", "water", 2027.0, line((0, 54), (100, 54))),
)
NO = dict.fromkeys(ACTIONS, "否")


def road(name="W1", community="A", **cells):
    return work(name, community, wkt=wkt(line((10, 50), (90, 50))), **cells)


def ground(*works, facts=None, documents=(), plans=(), unit_of=None, **layers):
    tables = {
        "works": table("works", *works),
        "documents": table("documents", *documents),
        "utility_plans": table("utility_plans", *plans),
    }
    layers = {"protected": TREES, "utilities": PIPES} | layers
    return make_ground(facts, tables, layers=layers, unit_of=unit_of)


# ---- protected -----------------------------------------------------------------------


@pytest.mark.parametrize("action", ACTIONS)
def test_each_of_the_three_is_short_wherever_it_is_done(action):
    far = work("W2", wkt=wkt(point(5, 5)), **{action: True})
    one = judge(check_protected, ground(road(), far))["A"]
    assert (one.state, one.value, one.missing) == ("short", 1, ())
    assert one.objects[0] == "W2"
    name = {"zh": "拆除老建筑", "en": "pulling down old buildings"}
    for lang, word in name.items():
        assert (word in speak(one.found, lang)) == (action == ACTIONS[0])


def test_what_is_said_not_to_be_done_is_met_and_what_is_near_is_told():
    one = judge(check_protected, ground(road()))["A"]
    assert (one.state, one.objects, one.value) == ("met", ("W1", "P1"), 0)
    assert one.reason == ("places.protected.near", {"names": ("P1",)})
    apart = things(("P1", "old_tree", point(50, 55.1)))
    one = judge(check_protected, ground(road(), protected=apart))["A"]
    assert (one.state, one.objects, one.reason) == ("met", (), ("", {}))


def test_what_nobody_said_is_unknown():
    one = judge(check_protected, ground(road(fell_old_trees=None)))["A"]
    assert (one.state, one.missing) == ("unknown", ("fell_old_trees",))
    bare = judge(check_protected, ground())["A"]
    assert (bare.state, bare.missing) == ("unknown", ACTIONS)
    assert bare.reason[0] == "places.protected.no_works"


def test_what_the_ledger_says_of_the_community_counts_for_its_works():
    blank = dict.fromkeys(ACTIONS)
    one = judge(check_protected, ground(road(**blank), facts={"A": NO}))["A"]
    assert one.state == "met"
    assert judge(check_protected, ground(facts={"A": NO}))["A"].state == "met"
    yes = {"A": NO | {"fell_old_trees": "是"}}
    assert judge(check_protected, ground(road(), facts=yes))["A"].state == "short"


def test_without_a_map_of_protected_things_that_is_said():
    one = judge(check_protected, ground(road(), protected=things()))["A"]
    assert one.state == "met"
    assert "没有保护对象图层" in speak(one.found, "zh")
    assert "no map of protected things" in speak(one.found, "en")


# ---- gas -----------------------------------------------------------------------------


def paper(subject, kind="燃气设施保护方案"):
    return {"id": "D1", "level": "community", "subject_id": subject, "doc_type": kind}


@pytest.mark.parametrize(
    ("more", "state", "missing"),
    [
        ({}, "unknown", ("protection_plan_doc",)),
        ({"documents": [paper("A")]}, "met", ()),
        ({"documents": [paper("B")]}, "unknown", ("protection_plan_doc",)),
        ({"documents": [paper("A", "改造方案")]}, "unknown", ("protection_plan_doc",)),
        ({"facts": {"A": {"protection_plan_doc": "有"}}}, "met", ()),
        ({"facts": {"A": {"protection_plan_doc": "无"}}}, "short", ()),
        ({"utilities": pipes(*[])}, "unknown", ("gas_pipe_geom",)),
        (
            {"documents": [paper("U001")], "unit_of": {"A": "U001", "B": "U001"}},
            "met",
            (),
        ),
    ],
)
def test_digging_near_gas_needs_a_plan_on_record(more, state, missing):
    one = judge(check_gas_protection, ground(road(), **more))["A"]
    assert (one.state, one.missing) == (state, missing)


def test_far_works_need_none_and_no_works_are_unknown():
    found = judge(check_gas_protection, ground(work("W1", wkt=wkt(point(5, 5)))))
    assert states(found) == {"A": "not_required", "B": "unknown", "C": "unknown"}
    assert found["B"].missing == ("works_geom",)
    one = judge(check_gas_protection, ground(road(excavates=False)))["A"]
    assert one.state == "not_required"


def test_works_without_a_drawing_are_said_to_be():
    one = judge(check_gas_protection, ground(work("W1")))["A"]
    assert one.state == "unknown"
    assert "没有上图" in speak(one.found, "zh")
    drawn = judge(check_gas_protection, ground(road()))["A"]
    assert "4.0 米（按施工范围图）" in speak(drawn.found, "zh")
    assert drawn.objects == ("W1", "U1")


# ---- utilities -----------------------------------------------------------------------

SURVEYED = {f"condition_{kind}": "完好" for kind in ("drainage", "power", "telecom")}


def needs(**conditions):
    plain = SURVEYED | {"condition_water": "完好", "plan_year": 2027.0}
    return {"A": plain | {f"condition_{k}": v for k, v in conditions.items()}}


@pytest.mark.parametrize(
    ("facts", "state", "missing"),
    [
        (needs(), "not_required", ()),
        (needs(water="破损"), "met", ()),
        (needs(gas="破损"), "met", ()),
        (needs(water="破损", power="缺失"), "short", ()),
        (needs(water=None), "unknown", ("condition_water",)),
        (needs(water=None, power="缺失"), "short", ()),
        (
            {"A": needs(water="破损")["A"] | {"plan_year": None}},
            "unknown",
            ("plan_year",),
        ),
    ],
)
def test_every_network_needed_is_to_be_matched(facts, state, missing):
    one = judge(check_utility_match, ground(facts=facts))["A"]
    assert (one.state, one.missing) == (state, missing)


def test_without_a_year_of_the_plan_it_is_unknown():
    facts = {"A": needs(water="破损")["A"] | {"plan_year": None}}
    one = judge(check_utility_match, ground(facts=facts))["A"]
    assert (one.state, one.missing) == ("unknown", ("plan_year",))


def test_plans_off_by_more_than_a_year_are_short_and_named():
    late = pipes(("U9", "water", 2029.0, line((0, 54), (100, 54))))
    one = judge(check_utility_match, ground(facts=needs(water="破损"), utilities=late))[
        "A"
    ]
    assert (one.state, one.value, one.objects) == ("short", 0, ("U9",))
    assert "供水 U9（2029）" in speak(one.found, "zh")
    assert "water U9 (2029)" in speak(one.found, "en")


def test_without_any_plans_on_record_it_is_unknown():
    place = ground(facts=needs(water="破损"), utilities=pipes())
    one = judge(check_utility_match, place)["A"]
    assert (one.state, one.missing) == ("unknown", ("utility_plan_geom",))


def test_a_plan_without_a_year_is_unknown():
    bare = pipes(("U9", "water", None, line((0, 54), (100, 54))))
    one = judge(check_utility_match, ground(facts=needs(water="破损"), utilities=bare))[
        "A"
    ]
    assert (one.state, one.missing) == ("unknown", ("utility_year",))


@pytest.mark.parametrize("kind", sorted(PLACE_KINDS))
def test_every_kind_does_without_any_evidence(kind):
    units = {"A": "U001", "B": "U001", "C": "U002"}
    for unit_of in (None, units):
        for level in ("community", "unit"):
            found = PLACE_KINDS[kind](row(kind, level), make_ground(unit_of=unit_of))
            assert found
            assert "short" not in {str(one.state) for one in found}
            assert all(one.missing for one in found if one.state == "unknown")


# ---- the sample district -------------------------------------------------------------


@pytest.fixture(scope="module")
def sample():
    """Return a ground of the sample district as it stands in its folder."""
    district = read_district(Path(__file__).parents[1] / "data" / "sample")
    place = make_ground()
    return replace(
        place,
        plan=type(place.plan)(**vars(place.plan) | {"district": district}),
        facts=gather_facts(district.communities, district.evidence),
        tables=district.evidence.tables,
        settings=CheckSettings(as_of="2026-11-22"),
    )


@pytest.fixture(scope="module")
def answers():
    path = Path(__file__).parent / "sample_answers.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_the_sample_fells_a_tree_and_pulls_a_house_down(sample, answers):
    found, said = judge(check_protected, sample), answers["protected"]
    short = {name for name, one in found.items() if one.state == "short"}
    assert short == {said["felled"]["community"], said["demolished"]["community"]}
    for trap in ("felled", "demolished"):
        assert said[trap]["protected"] in found[said[trap]["community"]].objects
    near = found[said["near"]["community"]]
    assert near.state == "met"
    assert said["near"]["protected"] in near.objects


def test_the_sample_digs_near_gas(sample, answers):
    found = judge(check_gas_protection, sample)
    for trap in answers["gas"].values():
        assert found[trap["community"]].state == trap["GS"]


def test_the_sample_matches_utilities_and_does_not(sample, answers):
    found = match_ground(sample).set_index(["community_id", "kind"])
    for word, trap in answers["utility"].items():
        one = found.loc[(trap["community"], trap["kind"])]
        assert (one["needed"], one["state"]) == ("yes", word)
        if "year" in trap:
            assert one["item_year"] == trap["year"]
    rulings = judge(check_utility_match, sample)
    for word in ("year_off", "no_plan"):
        assert rulings[answers["utility"][word]["community"]].state == "short"


def test_the_sample_digs_twice_and_paves_too_early(sample, answers):
    said = answers["repeated"]
    pairs = repeat_digs(sample)
    mine = pairs[(pairs["community_id"] == said["community"])]
    mine = mine[mine["reason"] == "repeat"]
    assert mine[["year_a", "year_b"]].to_numpy().tolist() == [said["years"]]
    assert mine["shared_m"].iloc[0] == pytest.approx(said["shared_m"], abs=0.5)
    assert judge(check_repeat_dig, sample)[said["community"]].state == "short"
    said = answers["underground_first"]
    one = judge(check_underground_first, sample)[said["community"]]
    assert one.state == "short"
    assert said["surface"] in speak(one.found, "zh")
    assert said["underground"] in speak(one.found, "zh")


def test_the_sample_has_issues_of_every_kind(sample, answers):
    said = answers["rectification"]
    issues = judge_issues(sample.tables["rectification"], sample.as_of)
    names = {
        "overdue": "overdue",
        "late": "closed_late",
        "in_time": "closed",
        "pending": "pending",
        "no_due": "undated",
    }
    for trap, status in names.items():
        assert issues.index[issues["status"] == status].tolist() == said[trap]
    nobody = issues.index[issues["responsible"].isna()].tolist()
    assert nobody == said["nobody"]
    for check, state in (
        (check_rectified, "short"),
        (check_ledger, "short"),
        (check_fund_misuse, "met"),
    ):
        assert judge(check, sample, level="county")[sample.county].state == state


def test_the_sample_leaves_out_a_hazard_and_surveys_too_late(sample, answers):
    found = judge(check_hazards_in_scheme, sample)
    left = found[answers["hazards"]["left_out"]["community"]]
    assert (left.state, left.reason[0]) == ("short", "places.hazards.left_out")
    late = found[answers["hazards"]["surveyed_late"]]
    assert (late.state, late.reason[0]) == ("short", "places.hazards.too_late")


def test_every_field_to_collect_has_a_name():
    fields = set(load_rules().fields["field"])
    for kind, check in (PLACE_KINDS | WORK_KINDS).items():
        for one in check(row(kind), make_ground(unit_of={"A": "U001"})):
            assert set(one.missing) <= fields, kind
