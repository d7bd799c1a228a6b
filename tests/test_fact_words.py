"""What a ledger keeps in words, one cell at a time."""

import pandas as pd
import pytest

from geo.fact_words import parse_period, spell_out


def day(text):
    return None if text is None else pd.Timestamp(text)


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("2025-04-01/2025-04-28", "2025-04-01", "2025-04-28"),
        ("2026年3月1日至28日", "2026-03-01", "2026-03-28"),
        ("2026年3月1日-3月28日", "2026-03-01", "2026-03-28"),
        ("2026.3.1-2026.3.28", "2026-03-01", "2026-03-28"),
        ("2026.3.1—3.28", "2026-03-01", "2026-03-28"),
        ("2026/3/1-2026/3/28", "2026-03-01", "2026-03-28"),
        ("2026-03-01 - 2026-03-28", "2026-03-01", "2026-03-28"),
        ("２０２６年３月１日～２８日", "2026-03-01", "2026-03-28"),
        ("2025年12月1日-2026年1月3日", "2025-12-01", "2026-01-03"),
        ("2026年3月—5月", "2026-03-01", "2026-05-31"),
        ("2026-03-01", "2026-03-01", None),
        ("2026-03-01/", "2026-03-01", None),
        ("春季", None, None),
    ],
)
def test_periods(words, first, last):
    assert parse_period(words) == (day(first), day(last))


def spell(**cells):
    frame = pd.DataFrame({name: [cell] for name, cell in cells.items()}, index=["C1"])
    return spell_out(frame).iloc[0]


@pytest.mark.parametrize(
    ("cell", "held", "when"),
    [
        ("有/2026-03-01", True, "2026-03-01"),
        ("有(2026年3月1日)", True, "2026-03-01"),
        ("有", True, None),
        ("无", False, None),
        ("无/2026-03-01", False, None),
        ("2026-03-01", True, "2026-03-01"),
        ("编制中", None, None),
    ],
)
def test_a_document_with_its_date(cell, held, when):
    row = spell(coordinated_plan_doc=cell)
    assert row["coordinated_plan_doc"] is held
    assert row["coordinated_plan_date"] == day(when)


@pytest.mark.parametrize(
    ("cell", "there", "cny"),
    [
        ("有", True, None),
        ("无", False, None),
        ("有/12万元", True, 120_000.0),
        ("350000", True, 350_000.0),
        ("0", False, None),
        ("筹集中", None, None),
    ],
)
def test_a_fund_with_its_balance(cell, there, cny):
    row = spell(maintenance_fund=cell)
    assert row["maintenance_fund_established"] is there
    assert row["maintenance_fund_cny"] == cny


@pytest.mark.parametrize(
    ("name", "cell", "made"),
    [
        (
            "audit_issues",
            "3/2",
            {"audit_issues_found": 3, "audit_issues_rectified": 2},
        ),
        ("audit_issues", "3个/1个", {"audit_issues_rectified": 1}),
        ("audit_issues", "2", {"audit_issues_found": 2}),
        (
            "vote_total_text",
            "300户/2.5万m2",
            {"vote_total": 300, "vote_area_total_m2": 25_000},
        ),
        ("vote_yes_text", "210", {"vote_yes": 210}),
        ("acceptance_result", "合格", {"acceptance_passed": True}),
        ("acceptance_result", "不合格", {"acceptance_passed": False}),
        ("acceptance_result", "整改后再验", {"acceptance_passed": None}),
        ("progress", "60%", {"progress_share": 0.6}),
        ("progress", "已完工", {"progress_share": 1.0}),
        ("progress", "主体施工", {"progress_share": None}),
        ("survey_households", 150.0, {"survey_valid_households": 150}),
        ("satisfied_households", 120.0, {"survey_satisfied": 120}),
        ("utility_handover", "水、电", {"utilities_handed_over": "水、电"}),
    ],
)
def test_one_cell_makes_columns(name, cell, made):
    row = spell(**{name: cell})
    assert {key: row[key] for key in made} == made


def test_what_is_there_stays():
    row = spell(consult_period="2025-04-01/2025-04-28", consult_end_date="2025-05-05")
    assert row["consult_end_date"] == "2025-05-05"
    assert row["consult_start_date"] == day("2025-04-01")
    assert row["consult_period"] == "2025-04-01/2025-04-28"
    assert (
        spell(survey_households=150.0, survey_valid_households=140.0)[
            "survey_valid_households"
        ]
        == 140
    )


def test_blanks_say_nothing():
    for blank in (None, "", "不详", "/"):
        assert spell(consult_period=blank)["consult_start_date"] is None
        assert spell(coordinated_plan_doc=blank)["coordinated_plan_doc"] is None


def test_other_columns_are_left_alone():
    frame = pd.DataFrame({"name": ["东苑"]}, index=["C1"])
    pd.testing.assert_frame_equal(spell_out(frame), frame)
