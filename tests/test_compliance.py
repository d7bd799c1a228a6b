"""All clauses on the sample district: complete, said in both languages, in order."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geo.clauses import UNREAD, load_readings
from geo.compliance import CHECK_COLUMNS, HARD_GATE, KINDS, check_clauses, make_ground
from geo.district import read_district
from geo.plan import plan_district
from geo.policy_settings import CheckSettings
from geo.rules import load_rules
from geo.rulings import speak
from geo.schema import State
from geo.settings import Settings
from geo.text import LANGUAGES, data_dir

DAY = CheckSettings(as_of="2026-11-22")
FIRST = [
    "rule_id",
    "level",
    "subject_id",
    "state",
    "required",
    "found",
    "source",
    "quote",
]


@pytest.fixture(scope="module")
def plan():
    settings, rules = Settings(profile="yunnan", checks=DAY), load_rules("yunnan")
    district = read_district(data_dir() / "sample", rules=rules, settings=settings)
    return plan_district(district, rules, settings, until="units")


@pytest.fixture(scope="module")
def checks(plan):
    return check_clauses(plan)


def test_every_clause_is_judged_for_every_subject(plan, checks):
    table = checks.table
    assert tuple(table.columns) == CHECK_COLUMNS
    assert not table.duplicated(["rule_id", "subject_id"]).any()
    sizes = table.groupby(["level", "rule_id"]).size()
    assert set(sizes["community"]) == {len(plan.district.communities)}
    assert set(sizes["unit"]) == {plan.units.unit_of.nunique()}
    assert set(sizes["county"]) == set(sizes["plan"]) == {1}
    assert set(table["state"]) <= {str(one) for one in State} - {"no_data"}
    assert len(checks.findings) == 0


def test_no_verdict_is_bare(checks):
    """Each says what is required and found; an unknown says why."""
    for lang in LANGUAGES:
        said = checks.render(lang)
        assert list(said.columns[:8]) == FIRST
        assert (said["required"] != "").all()
        assert (said["formula"] != "").all()
        assert not said["required"].str.contains(r"[{}@]").any()
        assert not said["found"].str.contains(r"[{}@]").any()
        unsure = said["state"].isin(["unknown", "open"])
        assert (said.loc[unsure, "found"] != "").all()
        silent = said[(said["state"] == "unknown") & (said["reason"] == "")]
        assert list(silent["rule_id"].unique()) == []


def test_what_is_settled_waits_for_nothing(checks):
    table = checks.table
    waits = table["missing"].map(len) > 0
    assert set(table.loc[waits, "state"]) <= {"unknown", "open"}


def test_everything_to_collect_has_a_name_and_a_source(checks):
    for lang in LANGUAGES:
        listed = checks.collect(lang)
        assert not listed.duplicated(["subject_id", "field"]).any()
        unnamed = listed.loc[listed["what"] == listed["field"], "field"]
        assert sorted(unnamed.unique()) == []
        assert (listed["where"] != "").all()
    # those of the plan first
    assert listed["planned"].is_monotonic_decreasing
    waiting = checks.table[checks.table["state"].isin(["unknown", "open"])]
    # what is decided once for all is asked of the county, and once
    county = checks.ground.county
    decided = {"consent.agree_base", "local_scope_profile", "scope_profile"}
    pairs = {
        (county if name in decided else subject, name)
        for subject, missing in zip(
            waiting["subject_id"], waiting["missing"], strict=True
        )
        for name in missing
    }
    assert (county, "consent.agree_base") in pairs
    found = listed[["subject_id", "field"]].itertuples(index=False, name=None)
    assert set(found) == pairs
    once = listed[listed["field"] == "consent.agree_base"]
    assert once["level"].tolist() == ["county"]
    assert {"N-1-7a", "YN-1-7b"} <= set(once["clauses"].iloc[0].split("|"))


def test_the_order_of_rows_changes_nothing(plan, checks):
    rng = np.random.default_rng(5)
    district = plan.district
    communities = district.communities.sample(frac=1, random_state=3)
    tables = {
        name: frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
        for name, frame in district.evidence.tables.items()
    }
    evidence = replace(district.evidence, tables=tables)
    other = replace(
        plan, district=replace(district, communities=communities, evidence=evidence)
    )
    again = check_clauses(other)
    for lang in LANGUAGES:
        pd.testing.assert_frame_equal(again.render(lang), checks.render(lang))
        pd.testing.assert_frame_equal(again.collect(lang), checks.collect(lang))


def test_the_county_and_its_plan(checks):
    ground = checks.ground
    assert (ground.county, ground.plan_year) == ("示例区", 2027)
    years = ground.facts["plan_year"]
    assert list(ground.planned) == sorted(years.index[years == 2027])
    assert ground.as_of.isoformat() == "2026-11-22"


def test_what_stands_between_the_district_and_its_submission(checks):
    bars = checks.barriers
    assert len(bars) > 0
    assert set(bars["state"]) <= {"short", "unknown"}
    assert set(bars["severity"]) == {HARD_GATE}
    assert set(bars["stage"]) == {"annual_plan"}
    planned = set(checks.ground.planned)
    units = set(checks.ground.unit_of.reindex(list(planned)))
    own = bars[bars["level"] == "community"]["subject_id"]
    assert set(own) <= planned
    assert set(bars[bars["level"] == "unit"]["subject_id"]) <= units
    # the ledger's plan of this year costs more than there is
    assert "N-1-3a" in set(bars["rule_id"])
    # an overdue rectification warns, and never bars
    assert "YN-1-10" not in set(bars["rule_id"])


def test_the_summary_counts_every_row(checks):
    summary = checks.summary()
    assert list(summary.columns) == ["stage", "severity", "state", "rows"]
    assert summary["rows"].sum() == len(checks.table)


def test_the_rows_of_one_subject(checks):
    rows = checks.of("C007")
    assert set(rows["subject_id"]) == {"C007"}
    assert len(rows) == (checks.table["level"] == "community").sum() / 120


def test_the_base_that_is_chosen_settles_what_the_bases_dispute(plan, checks):
    reasons = checks.table["reason"].map(lambda said: said[0])
    disputed = checks.table[reasons == "check.reason.bases_disagree"]
    assert len(disputed) > 0
    for base, state in (("participated", "met"), ("total", "short")):
        settings = replace(DAY, consent_base=base)
        table = check_clauses(plan, settings=settings).table
        same = table.loc[disputed.index]
        agreed = same[same["rule_id"] == "YN-1-7b"]
        assert set(agreed["state"]) == {state}
        assert not table["reason"].map(lambda said: "bases_disagree" in said[0]).any()


def test_the_year_that_is_set_is_the_one_planned(plan):
    ground = make_ground(plan, settings=replace(DAY, plan_year=2028))
    years = ground.facts["plan_year"]
    assert ground.plan_year == 2028
    assert list(ground.planned) == sorted(years.index[years == 2028])


def test_edited_units_are_judged_anew(plan, checks):
    """A community that is eligible only inside a unit loses it when it is alone."""
    late = checks.table[
        (checks.table["rule_id"] == "YN-1-2b") & (checks.table["state"] == "met")
    ]["subject_id"]
    assert len(late) > 0
    alone = plan.units.unit_of.copy()
    alone[late.iloc[0]] = "U999"
    again = check_clauses(plan, unit_of=alone).of(late.iloc[0])
    states = again.set_index("rule_id")["state"]
    assert states["YN-1-2b"] == states["N-1-2a"] == "short"


def test_without_units_there_are_none_to_judge(plan):
    bare = replace(plan, units=None)
    table = check_clauses(bare).table
    told = table[table["level"] == "unit"]
    assert set(told["state"]) <= {"unknown"}
    assert set(told["subject_id"]) <= {"示例区"}
    asked = table[(table["rule_id"] == "YN-1-2b") & (table["state"] == "unknown")]
    assert ("unit_id",) in set(asked["missing"])


def test_an_override_is_shown_with_its_author(plan, checks):
    bars = checks.barriers
    bar = bars[(bars["level"] == "community") & (bars["state"] == "short")].iloc[0]
    rule, name = bar["rule_id"], bar["subject_id"]
    rows = pd.DataFrame(
        {
            "rule_id": [rule],
            "subject_id": [name],
            "state": ["met"],
            "author": ["王某"],
            "date": pd.to_datetime(["2026-11-20"]),
            "reason": ["补做了征询，见会议纪要"],
        }
    )
    evidence = plan.district.evidence.with_table("overrides", rows)
    again = check_clauses(plan, evidence=evidence)
    row = again.of(name).set_index("rule_id").loc[rule]
    assert (row["state"], row["judged"]) == ("met", "short")
    said = again.render("zh")
    told = said[(said["rule_id"] == rule) & (said["subject_id"] == name)].iloc[0]
    assert told["overruled_by"] == "王某"
    assert told["overruled_on"] == "2026-11-20"
    assert told["overruled_why"] == "补做了征询，见会议纪要"
    assert told["judged"] == "short"
    # nothing else is touched
    changed = again.table["state"] != checks.table["state"]
    assert changed.sum() == 1
    assert len(again.barriers) == len(checks.barriers) - 1


def test_a_plan_up_to_the_gaps_is_enough(plan):
    settings = Settings(profile="national", checks=DAY)
    rules = load_rules("national")
    district = plan.district
    until_gaps = plan_district(district, rules, settings, until="gaps")
    table = check_clauses(until_gaps).table
    assert {"N-1-2a", "N-1-7a"} <= set(table["rule_id"])
    # the national notice leaves both numbers to the province
    for rule in ("N-1-2a", "N-1-7a", "N-1-7b"):
        states = set(table.loc[table["rule_id"] == rule, "state"])
        assert states <= {"open", "unknown", "short"}
    assert set(table.loc[table["rule_id"] == "N-1-7a", "state"]) == {"open", "unknown"}


def test_every_kind_is_used():
    used = {kind for one in load_readings().values() for kind in one.kind.split("+")}
    assert set(KINDS) == used | {UNREAD}


def test_sentences_of_the_table_are_speakable_in_pieces(checks):
    row = checks.table.iloc[0]
    for lang in LANGUAGES:
        assert speak(row["required"], lang)
