"""The 20 indicators on a county of five communities, counted by hand."""

from dataclasses import replace
from datetime import date
from math import isnan
from types import SimpleNamespace

import pandas as pd
import pytest
from reserve_town import make_checks, make_ground

from geo.indicator_basis import evaluated_year
from geo.indicator_records import read_utilities
from geo.indicator_rules import (
    COMPARES,
    MERGES,
    ROLES,
    UNITS,
    list_indicators,
    list_parts,
)
from geo.indicator_words import format_value
from geo.indicators import _KINDS, PART_COLUMNS, join_parts, measure_indicators
from geo.profiles import PROFILE_KEYS
from geo.rulings import speak
from geo.schema import State
from geo.text import tr

DAY = pd.Timestamp
#: A, B and C are planned for 2027; D was finished in 2026, E is under way.
FACTS = {
    "A": {"households": 100, "has_party_org": True, "plan_year": 2027},
    "B": {"households": 200, "has_party_org": True, "plan_year": 2027},
    "C": {"households": 300, "has_party_org": False, "plan_year": 2027},
    "D": {
        "households": 400,
        "plan_year": 2026,
        "start_date": DAY("2026-03-01"),
        "finish_date": DAY("2026-10-01"),
        "survey_valid_households": 150,
        "survey_satisfied": 120,
        "incident_count": 0,
        "acceptance_passed": True,
        "utilities_due": "水电气热信",
        "utilities_handed_over": "供水、电力",
    },
    "E": {
        "households": 500,
        "plan_year": 2026,
        "start_date": DAY("2026-04-01"),
        "incident_count": 0,
    },
}
COLUMNS = (
    "finish_date",
    "start_date",
    "acceptance_date",
    "plan_year",
    "phase",
    "operator_name",
    "project_cost_cny",
)


def make_county(facts=FACTS, *, planned=("A", "B", "C"), rules=(), **more):
    columns = dict.fromkeys(COLUMNS)
    full = {one: columns | row for one, row in facts.items()}
    ground = replace(make_ground(full, **more), planned=planned)
    return make_checks(ground, rules)


def measure(facts=FACTS, *, last=None, year=None, **more):
    return measure_indicators(make_county(facts, **more), last=last, year=year)


def part_of(found, indicator, part):
    rows = found.of(f"IND-{indicator}").set_index("part")
    return rows.loc[part]


def facts_with(**columns):
    """Facts of A, B and C with further columns, one value for each."""
    return {
        one: row | {name: values[at] for name, values in columns.items()}
        for at, (one, row) in enumerate(list(FACTS.items())[:3])
    } | {one: FACTS[one] for one in "DE"}


def test_there_are_20_with_all_their_parts():
    found = measure()
    assert len(found.summary) == 20
    assert list(found.table.columns) == list(PART_COLUMNS)
    assert not found.table.duplicated(["indicator_id", "part"]).any()
    said = {lang: found.explain(lang) for lang in ("zh", "en")}
    assert all(text.strip() for lang in said for text in said[lang])


def test_without_evidence_nothing_is_met_and_nothing_fails():
    bare = {one: {"households": 10, "plan_year": 2027} for one in "AB"}
    found = measure(bare, planned=("A", "B"))
    # what is on file is measured, not guessed: an empty archive is an empty archive
    judged = found.table[found.table["part"] != "archive"]
    assert set(judged["state"]) <= {"unknown", "not_required", "open"}


def test_a_share_counts_who_meets_it():
    row = part_of(measure(profile="yunnan"), "2-01", "party")
    assert (row["numerator"], row["denominator"], row["value"]) == (2, 3, 2 / 3)
    assert row["state"] == "met"
    assert (row["met_ids"], row["short_ids"]) == (("A", "B"), ("C",))
    assert "二·一是" in row["target_from"]


def test_the_same_share_is_open_where_no_number_is_laid_down():
    row = part_of(measure(profile="gansu"), "2-01", "party")
    assert row["value"] == 2 / 3
    assert row["state"] == "open"


def test_an_unknown_community_makes_two_bounds():
    facts = facts_with(has_party_org=(True, True, None))
    row = part_of(measure(facts, profile="yunnan"), "2-01", "party")
    # two of three are enough for 60 % whatever the third says
    assert (row["value_least"], row["value_most"]) == (2 / 3, 1.0)
    assert isnan(row["value"])
    assert row["state"] == "met"
    assert row["unknown_ids"] == ("C",)
    assert row["missing"] == ("has_party_org",)


@pytest.mark.parametrize(
    ("flags", "state"),
    [
        ((True, None, None), "unknown"),
        ((False, False, None), "short"),
        ((None, None, None), "unknown"),
    ],
)
def test_bounds_on_both_sides_of_the_number_settle_nothing(flags, state):
    found = measure(facts_with(has_party_org=flags), profile="yunnan")
    assert part_of(found, "2-01", "party")["state"] == state


@pytest.mark.parametrize(
    ("valid", "satisfied", "state"),
    [(150, 120, "met"), (150, 119, "short"), (150, None, "unknown")],
)
def test_satisfaction_is_pooled_over_what_was_finished_this_year(
    valid, satisfied, state
):
    more = {"survey_valid_households": valid, "survey_satisfied": satisfied}
    found = measure(FACTS | {"D": FACTS["D"] | more})
    row = part_of(found, "1-06", "satisfaction")
    assert row["state"] == state


def test_nothing_finished_is_not_required():
    row = part_of(measure(year=2020), "1-06", "satisfaction")
    assert row["state"] == "not_required"
    assert "没有完工" in speak(row["reason"], "zh")


def test_the_survey_rate_is_asked_for_only_in_gansu():
    gansu, yunnan = (
        part_of(measure(profile=name), "1-06", "surveyed")
        for name in ("gansu", "yunnan")
    )
    assert (gansu["value"], gansu["state"]) == (150 / 400, "short")
    assert (yunnan["value"], yunnan["state"]) == (150 / 400, "not_required")


def test_rules_of_the_checks_are_not_judged_again():
    rules = [
        ("GS-2a", "A", "met"),
        ("GS-2b", "A", "met"),
        ("GS-2a", "B", "met"),
        ("GS-2b", "B", "short"),
        ("GS-2a", "C", "met"),
        ("GS-2b", "C", "unknown"),
        ("GS-2a", "D", "short"),
    ]
    row = part_of(measure(rules=rules), "1-07", "consensus")
    assert (row["numerator"], row["undecided"], row["denominator"]) == (1, 1, 3)
    assert (row["met_ids"], row["short_ids"], row["unknown_ids"]) == (
        ("A",),
        ("B",),
        ("C",),
    )
    assert row["state"] == "short"


def test_a_number_left_to_the_place_is_open():
    rules = [("N-1-7a", one, "open") for one in "ABC"]
    row = part_of(measure(rules=rules, profile="national"), "1-07", "consensus")
    assert row["state"] == "open"
    assert isnan(row["value"])
    assert row["unknown_ids"] == ("A", "B", "C")


def test_who_needs_no_utility_is_not_counted():
    rules = [
        ("N-1-4a", "A", "not_required"),
        ("N-1-4a", "B", "met"),
        ("N-1-4a", "C", "short"),
        ("N-1-4b", "A", "unknown"),
        ("N-1-4b", "B", "met"),
        ("N-1-4b", "C", "met"),
    ]
    found = measure(rules=rules)
    link, plan = (part_of(found, "1-04", one) for one in ("link", "coordinated"))
    assert (link["numerator"], link["denominator"]) == (1, 2)
    assert (plan["numerator"], plan["denominator"], plan["state"]) == (2, 2, "met")


def test_a_count_of_none_is_met_only_when_all_is_known():
    sure = [("N-1-2b", one, "met") for one in "ABC"]
    row = part_of(measure(rules=sure), "1-02", "prohibited")
    assert (row["value"], row["state"]) == (0, "met")
    unsure = [*sure[:2], ("N-1-2b", "C", "unknown")]
    row = part_of(measure(rules=unsure), "1-02", "prohibited")
    assert (row["value_least"], row["value_most"], row["state"]) == (0, 1, "unknown")
    broken = [*unsure[:1], ("N-1-2b", "B", "short"), unsure[2]]
    row = part_of(measure(rules=broken), "1-02", "prohibited")
    assert (row["state"], row["short_ids"]) == ("short", ("B",))


def test_documents_are_counted_by_level_and_kind():
    papers = [
        {"id": "D1", "level": "county", "doc_type": "工作规则"},
        {"id": "D2", "level": "county", "title": "某县改造责任清单（2026）"},
        {"id": "D3", "level": "city", "doc_type": "议事规程"},
        {"id": "D4", "level": "county", "topic": "审批", "doc_type": "政策"},
    ]
    found = measure(documents=papers)
    county, city = (part_of(found, "1-01", one) for one in ("county", "city"))
    assert (county["numerator"], county["denominator"]) == (2, 3)
    # a paper that is not on record is not known, never a fail
    assert county["state"] == "unknown"
    assert county["objects"] == ("D1", "D2")
    assert "议事规程" in speak(county["reason"], "zh")
    assert city["numerator"] == 1
    policies = part_of(found, "2-07", "county")
    assert (policies["numerator"], policies["objects"]) == (1, ("D4",))


def test_issues_count_when_they_are_due_or_closed():
    audit = {"source": "audit", "kind": "other", "subject_id": "A"}
    rows = [
        {"id": "I1", "due": DAY("2026-05-01"), "closed_date": DAY("2026-05-01")},
        {"id": "I2", "due": DAY("2026-05-01"), "closed_date": DAY("2026-05-02")},
        {"id": "I3", "due": DAY("2026-05-01"), "subject_id": "B"},
        {"id": "I4", "due": DAY("2027-05-01"), "subject_id": "C"},
        {"id": "I5", "due": DAY("2026-05-01"), "source": "media"},
    ]
    found = measure(rectification=[audit | row for row in rows])
    row = part_of(found, "1-10", "closed")
    # I1 in time, I2 late, I3 overdue; I4 is not due yet, I5 from elsewhere
    assert (row["numerator"], row["denominator"], row["state"]) == (1, 3, "short")
    assert row["short_ids"] == ("A", "B")
    assert row["met_ids"] == ()
    assert part_of(found, "1-10", "all_sources")["denominator"] == 4


def test_without_a_ledger_nobody_knows_what_was_rectified():
    row = part_of(measure(), "1-10", "closed")
    assert row["state"] == "unknown"


def test_the_two_wordings_of_quality_are_kept_apart():
    closed = {"id": "I1", "kind": "quality", "source": "audit", "subject_id": "E"}
    closed |= {"closed_date": DAY("2026-05-01")}
    gansu = measure(rectification=[closed], profile="gansu")
    assert "hazards" not in set(gansu.of("IND-1-09")["part"])
    assert part_of(gansu, "1-09", "problems")["state"] == "short"
    yunnan = measure(rectification=[closed], profile="yunnan")
    # 隐患: what is closed is none any more; 问题 also stands in Yunnan's own text
    assert part_of(yunnan, "1-09", "hazards")["state"] == "met"
    assert part_of(yunnan, "1-09", "problems")["state"] == "short"


def test_the_two_wordings_of_local_funds_are_kept_apart():
    parts = {
        name: set(measure(profile=name).of("IND-2-04")["part"])
        for name in ("national", "gansu", "yunnan")
    }
    assert {"government", "treasury"} <= parts["national"]
    assert ("government" in parts["gansu"], "treasury" in parts["gansu"]) == (
        True,
        False,
    )
    assert ("government" in parts["yunnan"], "treasury" in parts["yunnan"]) == (
        False,
        True,
    )


def test_funds_that_nobody_wrote_down_widen_the_share():
    none = dict.fromkeys(
        ("fund_province_cny", "fund_local_cny", "fund_utility_cny", "fund_social_cny"),
        0.0,
    )
    facts = facts_with(
        project_cost_cny=(1000.0, 1000.0, None),
        fund_central_cny=(700.0, 600.0, 500.0),
        fund_resident_cny=(300.0, None, None),
        fund_loan_cny=(0.0, 100.0, None),
    )
    for one in "ABC":
        facts[one] = facts[one] | none
    found = measure(facts, planned=("A", "B"))
    row = part_of(found, "2-04", "social_resident")
    # A: 300 of 1000 (all of it is named); B: 300 of 1000 may be theirs
    assert (row["numerator"], row["denominator"], row["undecided"]) == (300, 2000, 300)
    assert (row["value_least"], row["value_most"]) == (0.15, 0.3)
    assert row["unknown_ids"] == ("B",)
    # Yunnan 2(4) counts without residents
    assert part_of(found, "2-04", "social")["numerator"] == 0
    loans = part_of(found, "2-06", "finance")
    assert loans["numerator"] == 100
    whole = part_of(measure(facts), "2-04", "social_resident")
    assert (whole["left_out"], isnan(whole["value"])) == (1, True)


def test_joint_units_have_two_or_more():
    units = {"A": "U1", "B": "U1", "C": "U2", "D": "U3", "E": "U3"}
    found = measure(unit_of=units)
    row = part_of(found, "2-02", "joint")
    assert (row["numerator"], row["denominator"]) == (2, 3)
    people = part_of(found, "2-02", "joint_households")
    assert people["value"] == 300 / 600
    assert part_of(found, "2-02", "unit_size")["value"] == 2.0
    assert part_of(measure(), "2-02", "joint")["state"] == "unknown"


def test_units_of_the_plan_are_counted_by_their_rule():
    units = {"A": "U1", "B": "U1", "C": "U2", "D": "U3", "E": "U3"}
    rules = [
        ("N-2-3a", "U1", "met"),
        ("N-2-3a", "U2", "unknown"),
        ("N-2-3a", "U3", "met"),
    ]
    row = part_of(measure(unit_of=units, rules=rules), "2-03", "surveyed")
    assert (row["numerator"], row["denominator"], row["subject"]) == (1, 2, "unit")
    assert row["met_ids"] == ("U1",)


def test_the_cost_of_the_plan_against_its_funds():
    facts = facts_with(project_cost_cny=(400.0, 300.0, 300.0))
    budgets = [{"year": 2027, "source": "all", "available_cny": 999.0}]
    row = part_of(measure(facts, budgets=budgets), "1-02", "capacity")
    assert (row["numerator"], row["denominator"], row["state"]) == (1000, 999, "short")
    budgets = [{"year": 2027, "source": "all", "available_cny": 1000.0}]
    assert (
        part_of(measure(facts, budgets=budgets), "1-02", "capacity")["state"] == "met"
    )
    facts = facts_with(project_cost_cny=(400.0, 300.0, None))
    row = part_of(measure(facts, budgets=budgets), "1-02", "capacity")
    assert (row["state"], row["left_out"]) == ("unknown", 1)
    assert part_of(measure(facts), "1-02", "capacity")["missing"][0] == (
        "budgets.available_cny"
    )


def test_projects_of_the_plan_are_units():
    budgets = [{"year": 2027, "source": "all", "projects_most": 2}]
    row = part_of(
        measure(unit_of={"A": "U1", "B": "U1", "C": "U2"}, budgets=budgets),
        "1-02",
        "delivery",
    )
    assert (row["numerator"], row["denominator"], row["state"]) == (2, 2, "met")


def test_shortfalls_are_addressed_by_class():
    facts = facts_with(
        condition_water=("破损", "完好", None),
        condition_lighting=("缺失", "缺失", "完好"),
        condition_security=("缺失", "缺失", "完好"),
    )
    works = [
        {"id": "W1", "community_id": "A", "item": "供水管网"},
        {"id": "W2", "community_id": "A", "item": "路灯照明"},
        {"id": "W3", "community_id": "B", "item": "屋面"},
    ]
    found = measure(facts, works=works)
    basic, improve = (part_of(found, "1-05", one) for one in ("basic", "improve"))
    # basics of C were never looked at: it is left out, and the share cannot be told
    assert (basic["numerator"], basic["denominator"], basic["left_out"]) == (1, 1, 1)
    assert basic["state"] == "unknown"
    # 有相关内容: one of two is enough for A, none for B
    assert (improve["met_ids"], improve["short_ids"]) == (("A",), ("B",))
    assert improve["state"] == "short"


def test_utilities_are_handed_over_by_kind():
    found = measure()
    row = part_of(found, "2-08", "handover")
    assert (row["numerator"], row["denominator"], row["value"]) == (2, 5, 0.4)
    assert part_of(found, "2-08", "gas")["value"] == 0.0
    assert part_of(found, "2-08", "drainage")["state"] == "not_required"


def test_last_year_stands_beside_this_year():
    last = pd.DataFrame(
        [
            ("IND-2-01", "party", 1, 4, None, "short", 2025),
            ("IND-2-01", "party", 3, 4, None, "met", 2024),
            ("IND-2-01", "committee", None, None, 0.5, "open", 2025),
        ],
        columns=[
            *("indicator_id", "part", "numerator", "denominator"),
            *("value", "state", "year"),
        ],
    )
    found = measure(last=last)
    row = part_of(found, "2-01", "party")
    assert (row["last_value"], row["last_state"], row["last_year"]) == (
        0.25,
        "short",
        2025,
    )
    assert row["change"] == pytest.approx(2 / 3 - 0.25)
    row = part_of(found, "2-01", "committee")
    # this year is not known, so neither is the change
    assert (row["last_value"], isnan(row["change"])) == (0.5, True)


def test_order_of_rows_does_not_matter():
    turned = dict(reversed(FACTS.items()))
    rules = [("GS-2a", one, "met") for one in "ABC"]
    one = measure(rules=rules).table
    other = measure(turned, rules=rules[::-1], planned=("C", "B", "A")).table
    pd.testing.assert_frame_equal(one, other)


def test_rulings_have_a_row_for_each_indicator():
    rows = measure().rulings()
    assert len(rows) == 20
    assert set(rows["level"]) == {"county"}
    assert set(rows["stage"]) == {"evaluation"}
    assert rows["quote"].str.len().min() > 0
    for said in (*rows["found"], *rows["required"]):
        assert speak(said, "zh")
        assert speak(said, "en")


@pytest.mark.parametrize(
    ("states", "joined"),
    [
        (["met", "open"], "met"),
        (["open", "open"], "open"),
        (["met", "unknown", "open"], "unknown"),
        (["met", "unknown", "short"], "short"),
        (["not_required"], "not_required"),
        (["not_required", "met"], "met"),
    ],
)
def test_items_are_put_together(states, joined):
    assert join_parts([State(one) for one in states]) == joined


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2027, 2, 28), 2026),
        (date(2027, 3, 1), 2027),
        (date(2026, 11, 22), 2026),
    ],
)
def test_the_evaluation_of_a_year_is_due_before_march(day, year):
    assert evaluated_year(day) == year


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_formulas_of_the_checks_are_those_of_the_parts(lang):
    for one in list_indicators():
        said = tr(f"check.formula.{one.indicator_id}", lang)
        for part in list_parts():
            if part.indicator_id == one.indicator_id and part.role != "extra":
                assert part.formulas[lang] in said


def test_a_ruling_names_the_items_that_decide_it():
    papers = [
        {"id": f"D{at}", "level": "county", "doc_type": name}
        for at, name in enumerate(("工作规则", "责任清单", "议事规程"))
    ]
    rows = measure(documents=papers).rulings().set_index("rule_id")
    row = rows.loc["IND-1-01"]
    # the county has all three, the city none on record
    assert (row["state"], row["value"]) == ("unknown", 1.0)
    for lang, name in (("zh", "市（州）的三项制度文件"), ("en", "city's three")):
        assert name in speak(row["reason"], lang)
    assert row["missing"]


def test_every_part_can_be_measured_and_named():
    for part in list_parts():
        for lang in ("zh", "en"):
            named = f"indicators.part.{part.indicator_id}.{part.part}"
            assert tr(named, lang) == part.names[lang]
        assert part.kind in _KINDS
        assert part.role in ROLES
        assert part.unit in UNITS
        assert part.compare in COMPARES
        assert part.merge in MERGES
        assert part.target in {*PROFILE_KEYS, "", "0", "1"}
        assert tr(f"indicators.counts.{part.counts}", "en")
        assert all((*part.names.values(), *part.formulas.values()))
    mains = [part.indicator_id for part in list_parts() if part.role == "main"]
    assert mains == [one.indicator_id for one in list_indicators()]


def test_what_is_to_be_collected_has_a_name(rules):
    known = set(rules.fields.reset_index()["field"])
    assert not {one for part in list_parts() for one in part.fields} - known


def test_clauses_that_do_not_apply_here_are_not_asked_for():
    found = measure()
    for part in ("scope", "prohibited", "misuse"):
        indicator = "1-03" if part == "misuse" else "1-02"
        row = part_of(found, indicator, part)
        assert row["state"] == "not_required"
        assert "没有对应条款" in speak(row["reason"], "zh")


@pytest.mark.parametrize(
    ("state", "value", "judged"),
    [("met", 0.0, "met"), ("short", 2.0, "short"), ("unknown", None, "unknown")],
)
def test_misuse_of_funds_goes_by_the_county_s_clause(state, value, judged):
    checks = make_county(rules=[("N-1-3c", "某县", state)])
    objects = [("Z1", "Z2") if state == "short" else ()]
    checks.table["objects"] = pd.Series(objects, index=checks.table.index)
    row = part_of(measure_indicators(checks), "1-03", "misuse")
    assert row["state"] == judged
    assert (value is None and isnan(row["value"])) or row["value"] == value
    assert row["objects"] == objects[0]


def test_without_a_plan_nothing_is_counted_and_the_year_is_asked_for():
    found = measure(planned=())
    for indicator, part in (
        ("2-01", "party"),
        ("2-04", "social_resident"),
        ("1-02", "capacity"),
        ("1-02", "delivery"),
        ("1-06", "mobilised"),
        ("2-03", "attained"),
    ):
        row = part_of(found, indicator, part)
        assert (row["state"], row["missing"]) == ("unknown", ("plan_year",)), part


def test_operators_count_by_community_and_by_cost():
    facts = facts_with(
        operator_name=("某公司", "无", None), project_cost_cny=(500.0, 300.0, 200.0)
    )
    found = measure(facts)
    by_head, by_cost = (
        part_of(found, "2-05", one) for one in ("operator", "operator_cost")
    )
    assert (by_head["met_ids"], by_head["short_ids"]) == (("A",), ("B",))
    assert (by_head["value_least"], by_head["value_most"]) == (1 / 3, 2 / 3)
    assert (by_cost["value_least"], by_cost["value_most"]) == (0.5, 0.7)
    facts["A"] = facts["A"] | {"project_cost_cny": None}
    lost = part_of(measure(facts), "2-05", "operator_cost")
    assert (lost["numerator"], lost["left_out"]) == (0, 1)
    assert isnan(lost["value"])


def test_votes_online_are_a_share_of_those_that_voted():
    facts = facts_with(
        vote_channel=("online", None, None), vote_total=(100.0, 200.0, None)
    )
    row = part_of(measure(facts), "2-01", "online")
    # A voted online, B in a way that nobody wrote down, C not at all
    assert (row["numerator"], row["denominator"], row["undecided"]) == (1, 2, 1)
    none = part_of(measure(), "2-01", "online")
    assert none["state"] == "unknown"
    assert "没有小区登记表决" in speak(none["reason"], "zh")


def test_a_unit_alone_is_no_joint_unit():
    units = {one: f"U{one}" for one in "ABCDE"}
    found = measure(unit_of=units)
    assert part_of(found, "2-02", "joint")["value"] == 0.0
    row = part_of(found, "2-02", "unit_size")
    assert row["state"] == "not_required"
    assert part_of(measure(), "2-02", "unit_size")["missing"] == ("unit_id",)


def test_without_units_nobody_knows_which_of_them_were_surveyed():
    rules = [("N-2-3a", "U1", "met")]
    row = part_of(measure(rules=rules), "2-03", "surveyed")
    assert row["state"] == "unknown"


def test_a_ranking_scores_all_of_the_library():
    checks = make_county()
    table = pd.DataFrame(
        {"rank": [1, 2, 3, 4, None], "score": [9.0, 8.0, 7.0, 6.0, None]},
        index=list("ABCDE"),
    )
    found = measure_indicators(checks, SimpleNamespace(table=table))
    row = part_of(found, "1-03", "ranked")
    assert (row["numerator"], row["denominator"]) == (4, 5)
    assert part_of(measure(), "1-03", "ranked")["state"] == "unknown"


def test_a_community_that_the_documents_keep_out_is_in_no_library():
    row = part_of(measure(eligibility={"E": "not_eligible"}), "1-03", "archive")
    assert row["denominator"] == 4 * 5
    assert "E" not in row["short_ids"]


def test_papers_of_communities_are_counted_each():
    papers = [
        {"id": "P1", "level": "community", "subject_id": "A", "doc_type": "协商记录"},
        {"id": "P2", "level": "community", "subject_id": "D", "doc_type": "协商记录"},
        {"id": "P3", "level": "county", "subject_id": "B", "doc_type": "协商记录"},
    ]
    row = part_of(measure(documents=papers), "1-06", "mobilised")
    assert (row["met_ids"], row["unknown_ids"]) == (("A",), ("B", "C"))
    assert row["objects"] == ("P1",)


def test_incidents_nobody_counted_leave_it_unknown_and_one_is_one_too_many():
    facts = FACTS | {"E": FACTS["E"] | {"incident_count": None}}
    ledger = [{"id": "I1", "source": "media", "kind": "other"}]
    row = part_of(measure(facts, rectification=ledger), "1-09", "problems")
    assert (row["value_least"], row["left_out"], row["state"]) == (0, 1, "unknown")
    assert row["unknown_ids"] == ("E",)
    facts["D"] = facts["D"] | {"incident_count": 1}
    row = part_of(measure(facts, rectification=ledger), "1-09", "problems")
    assert (row["state"], row["short_ids"]) == ("short", ("D",))
    idle = {one: FACTS[one] for one in "ABC"}
    assert part_of(measure(idle), "1-09", "problems")["state"] == "not_required"


def test_an_issue_that_says_too_little_is_unknown():
    rows = [
        {"id": "I1", "source": "audit", "closed_date": DAY("2026-05-01")},
        {"id": "I2", "due": DAY("2026-05-01"), "closed_date": DAY("2026-05-01")},
    ]
    row = part_of(measure(rectification=rows), "1-10", "closed")
    assert (row["denominator"], row["undecided"], row["state"]) == (2, 2, "unknown")
    later = [{"id": "I1", "source": "audit", "due": DAY("2028-01-01")}]
    row = part_of(measure(rectification=later), "1-10", "closed")
    assert row["state"] == "not_required"


def test_funds_by_source_make_up_what_is_available():
    facts = facts_with(project_cost_cny=(400.0, 300.0, 300.0))
    budgets = [
        {"year": 2027, "source": "central", "available_cny": 600.0},
        {"year": 2027, "source": "local", "available_cny": 650.0},
        {"year": 2028, "source": "all", "available_cny": 1.0},
    ]
    row = part_of(measure(facts, budgets=budgets), "1-02", "capacity")
    assert (row["denominator"], row["state"]) == (1250.0, "met")
    budgets[0]["available_cny"] = None
    row = part_of(measure(facts, budgets=budgets), "1-02", "capacity")
    assert row["state"] == "unknown"
    assert row["missing"] == ("budgets.available_cny",)


def test_a_finish_without_a_date_may_be_of_this_year():
    unsure = {"plan_year": 2026, "phase": "已完工", "households": 10}
    row = part_of(measure(FACTS | {"F": unsure}), "1-09", "accepted")
    assert (row["numerator"], row["left_out"], row["state"]) == (1, 1, "unknown")
    assert row["unknown_ids"] == ("F",)


@pytest.mark.parametrize(
    ("cell", "kinds"),
    [
        ("水电气热信", {"water", "power", "gas", "heat", "telecom"}),
        ("排水、电信、暖气", {"drainage", "telecom", "heat"}),
        ("无", set()),
        ("gas|heat", {"gas", "heat"}),
        (None, None),
        ("  ", None),
    ],
)
def test_lists_of_utilities_are_read(cell, kinds):
    assert read_utilities(cell) == kinds


def test_what_was_handed_over_without_a_list_is_unknown():
    facts = FACTS | {"D": FACTS["D"] | {"utilities_handed_over": None}}
    row = part_of(measure(facts), "2-08", "handover")
    assert (row["undecided"], row["unknown_ids"]) == (5, ("D",))
    facts = FACTS | {"D": FACTS["D"] | {"utilities_due": None}}
    row = part_of(measure(facts), "2-08", "handover")
    assert (row["left_out"], row["state"]) == (1, "unknown")


def test_every_way_of_counting_is_said_in_both_languages():
    facts = facts_with(project_cost_cny=(2e6, 3e6, None), has_party_org=(True,) * 3)
    budgets = [{"year": 2027, "available_cny": 1e6, "projects_most": 9}]
    rules = [("N-1-2b", "A", "met"), ("N-1-2b", "B", "unknown")]
    units = {"A": "U1", "B": "U1", "C": "U2"}
    found = measure(facts, budgets=budgets, rules=rules, unit_of=units)
    zh, en = (found.explain(lang) for lang in ("zh", "en"))
    keys = found.table["indicator_id"] + "." + found.table["part"]
    said = {key: (zh[at], en[at]) for at, key in keys.items()}
    assert "500.0 万元 / 100.0 万元，至少 5.00" in said["IND-1-02.capacity"][0]
    assert "at least 5.00" in said["IND-1-02.capacity"][1]
    assert "0 个小区，另有 1 个小区无法判断" in said["IND-1-02.prohibited"][0]
    assert "2 communities / 1 units" in said["IND-2-02.unit_size"][1]
    assert "2 个项目 / 9 个项目，0.22" in said["IND-1-02.delivery"][0]
    assert "3 / 3 个小区，100.0 %" in said["IND-2-01.party"][0]


@pytest.mark.parametrize(
    ("value", "target", "text"),
    [
        (0.94996, 0.95, "95.00 %"),
        (0.66666, 2 / 3, "66.67 %"),
        (0.6, 0.6, "60.0 %"),
        (0.5996, 0.6, "59.96 %"),
        (0.75, float("nan"), "75.0 %"),
    ],
)
def test_a_rounded_share_stays_on_its_side_of_the_number(value, target, text):
    said = format_value(value, "share", target=target)
    if text in {"95.00 %", "66.67 %"}:
        # enough decimals to tell it from what was required
        assert float(said.removesuffix(" %")) <= 100 * target
        assert said not in {"95.0 %", "66.7 %"}
    else:
        assert said == text
