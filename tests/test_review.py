"""The policy step as one, and its files, on the grid town."""

from dataclasses import replace

import pandas as pd
import pytest
from gridtown import grid_layers, make_district, point

from geo.evidence import Evidence, empty_table
from geo.evidence_checks import DOUBTS
from geo.plan import plan_district
from geo.plan_files import write_plan
from geo.review import review_plan
from geo.review_files import make_review_tables, summarise_review
from geo.rules import load_rules
from geo.settings import Settings

FILES = {
    "checks.csv",
    "collect.csv",
    "ranking.csv",
    "schedule.csv",
    "left_out.csv",
    "indicators.csv",
    "indicator_parts.csv",
}


def put(evidence, name, *rows):
    """Return evidence whose table holds these rows."""
    empty = empty_table(name)
    table = pd.DataFrame(list(rows), columns=empty.columns)
    return evidence.with_table(name, table.astype(empty.dtypes.to_dict()))


@pytest.fixture(scope="module")
def plan():
    layers = grid_layers()
    layers["facilities"] = {"ph": {"at": point(400, 0), "category": "pharmacy"}}
    settings = Settings(profile="gansu")
    settings = replace(settings, checks=replace(settings.checks, as_of="2026-11-22"))
    return plan_district(
        make_district(**layers), load_rules("gansu"), settings, until="units"
    )


@pytest.fixture(scope="module")
def review(plan):
    first, second = sorted(plan.district.communities.index)[:2]
    evidence = put(
        Evidence(),
        "consent",
        {
            "community_id": first,
            "households_eligible": 300,
            "households_participated": 270,
            "households_agreed": 250,
        },
        {
            "community_id": second,
            "households_eligible": 300,
            "households_participated": 100,
            "households_agreed": 90,
        },
    )
    return review_plan(plan, evidence=evidence)


def state_of(review, rule, community):
    rows = review.checks.of(community).set_index("rule_id")
    return rows.loc[rule, "state"]


def test_evidence_decides_and_lack_of_it_does_not(review):
    first, second, third = sorted(review.plan.district.communities.index)[:3]
    assert state_of(review, "GS-2a", first) == "met"
    assert state_of(review, "GS-2a", second) == "short"
    assert state_of(review, "GS-2a", third) == "unknown"
    assert review.has_unmet


def test_nothing_known_is_nothing_unmet(plan):
    bare = review_plan(plan, evidence=Evidence(), until="checks")
    assert not bare.has_unmet
    assert bare.ranking is None
    assert bare.schedule is None
    assert bare.indicators is None


def test_what_was_overruled_counts(review, plan):
    second = sorted(plan.district.communities.index)[1]
    row = {"subject_id": second, "state": "met", "author": "张三", "reason": "另有表决"}
    row["date"] = "2026-11-20"
    gates = ["GS-2a", "GS-2b", "GS-2g", "N-1-7a"]
    named = put(
        review.evidence, "overrides", *({"rule_id": gate, **row} for gate in gates)
    )
    again = review_plan(plan, evidence=named, until="checks")
    assert state_of(again, "GS-2a", second) == "met"
    rows = again.checks.of(second).set_index("rule_id")
    assert rows.loc["GS-2a", "judged"] == "short"
    assert rows.loc["GS-2a", "author"] == "张三"
    assert summarise_review(again)["checks"]["overruled"] == len(
        set(gates) & set(rows.index)
    )


def test_the_files_hold_every_clause_and_indicator(review, tmp_path):
    tables = make_review_tables(review, "zh")
    assert set(tables) == FILES
    checks = tables["checks.csv"]
    assert not checks.duplicated(["rule_id", "level", "subject_id"]).any()
    assert len(checks) == len(review.checks.table) + 20
    assert (checks["rule_id"].str.startswith("IND-")).sum() == 20
    assert len(tables["indicators.csv"]) == 20
    assert set(tables["ranking.csv"]["community_id"]) == set(
        review.plan.district.communities.index
    )
    write_plan(review.plan, tmp_path / "out", review=review)
    assert {path.name for path in (tmp_path / "out").iterdir()} >= FILES
    read = pd.read_csv(tmp_path / "out" / "checks.csv", encoding="utf-8-sig")
    contract = "rule_id level subject_id state required found source quote"
    assert list(read.columns[:8]) == contract.split()
    assert len(read) == len(checks)


def test_english_files_speak_english(review):
    for table in make_review_tables(review, "en").values():
        for name in ("required", "found", "formula", "reason"):
            if name in table:
                said = table[name].dropna().astype("str")
                assert not said.str.contains("[。；]").any()


def test_the_summary_counts_what_the_tables_hold(review):
    told = summarise_review(review)
    assert told["until"] == "indicators"
    assert sum(told["checks"]["states"].values()) == len(review.checks.table)
    assert sum(told["indicators"].values()) == 20
    assert sum(told["ranking"]["gates"].values()) == len(review.ranking.table)
    assert told["checks"]["as_of"] == "2026-11-22"


def test_every_stage_is_named(plan):
    stages = []
    review_plan(plan, progress=lambda stage, _share: stages.append(stage))
    wanted = ["stage.checks", "stage.reserve", "stage.schedule", "stage.indicators"]
    assert [one for one in dict.fromkeys(stages) if one in wanted] == wanted


def test_edited_evidence_is_checked_anew(plan):
    first = min(plan.district.communities.index)
    row = {
        "community_id": first,
        "households_eligible": 100,
        "households_participated": 300,
    }
    wrong = put(Evidence(), "consent", row)
    told = review_plan(plan, evidence=wrong, until="checks").evidence.findings
    assert "more_than_whole" in set(told["code"])
    assert set(told["code"]) <= set(DOUBTS)
    right = put(Evidence(), "consent", row | {"households_participated": 80})
    right = replace(right, findings=told)
    again = review_plan(plan, evidence=right, until="checks").evidence.findings
    assert "more_than_whole" not in set(again["code"])
