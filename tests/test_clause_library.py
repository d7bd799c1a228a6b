"""Days in order, records of quality, and the reserve library."""

import pytest
from clause_cases import ground_of, judge, judge_one

from geo.rulings import speak


def paper(name, kind, **cells):
    row = {"id": name, "level": "community", "subject_id": "c", "doc_type": kind}
    return row | cells


# --- in order -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ended", "applied", "state", "missing"),
    [
        ("2026-11-30", "2026-11-30", "met", ()),
        ("2026-12-01", "2026-11-30", "short", ()),
        (None, "2026-11-30", "unknown", ("consult_end_date",)),
        ("2026-11-01", None, "unknown", ("application_date",)),
    ],
)
def test_the_consultation_ends_before_the_application(ended, applied, state, missing):
    county = [{"year": 2027, "application_date": applied}]
    found = judge_one("GS-2h", {"consult_end_date": ended}, county=county)
    assert (found.state, found.missing) == (state, missing)


def test_the_application_of_the_plans_own_year_counts():
    county = [
        {"year": 2026, "application_date": "2025-11-30"},
        {"year": 2027, "application_date": "2026-11-30"},
    ]
    cells = {"consult_end_date": "2026-05-01"}
    assert judge_one("GS-2h", cells, county=county).state == "met"
    county[1]["application_date"] = None
    # without one of that year the latest there is
    assert judge_one("GS-2h", cells, county=county).state == "short"
    assert judge_one("GS-2h", cells).state == "unknown"


# --- quality --------------------------------------------------------------------------

RECORDS = [
    paper("D1", "巡检记录"),
    paper("D2", "竣工验收报告"),
    paper("D3", "工程质量保修书"),
]


def quality(papers, **cells):
    return judge_one("N-1-9", cells, "national", documents=papers)


def test_all_three_records():
    found = quality(RECORDS)
    assert found.state == "met"
    assert found.objects == ("D1", "D2", "D3")
    assert quality(RECORDS[:2]).missing == ("warranty_doc",)
    assert quality([]).state == "unknown"
    # that works were accepted is a record of its own
    assert quality([RECORDS[0], RECORDS[2]], acceptance_passed=True).state == "met"
    assert quality(RECORDS, acceptance_passed=False).state == "short"


# --- the reserve library --------------------------------------------------------------


def test_the_library_places_every_community():
    towns = {"a": {"plan_year": 2027}, "b": {"phase": "储备"}, "c": {"plan_year": None}}
    (found,) = judge("N-1-3b", ground_of(towns, "national")).values()
    assert found.state == "unknown"
    assert found.missing == ("plan_year", "phase")
    assert "3 个小区中 2 个" in speak(found.found, "zh")
    towns["c"]["plan_year"] = 2028
    (found,) = judge("N-1-3b", ground_of(towns, "national")).values()
    assert found.state == "met"


def test_the_libraries_of_three_levels():
    papers = [
        paper("D1", "储备库", level="city", subject_id="某市"),
        paper("D2", "项目表", level="county", subject_id=None, title="省级储备库导出"),
    ]
    ground = ground_of({"c": {}}, "yunnan", documents=papers[:1])
    (found,) = judge("YN-1-3a", ground).values()
    assert found.state == "unknown"
    for word in ("省级", "县（市、区）级"):
        assert word in speak(found.reason, "zh")
    county = [{"year": 2026, "reserve_updated": "2026-10-01"}]
    ground = ground_of({"c": {}}, "yunnan", documents=papers, county=county)
    (found,) = judge("YN-1-3a", ground).values()
    assert found.state == "met"
    assert found.objects == ("D1", "D2")


def test_a_document_whose_rules_stand_elsewhere_is_only_shown():
    (found,) = judge("GS-4b", ground_of({"c": {}})).values()
    assert (found.state, found.missing) == ("unknown", ("evaluation_score",))
    papers = [paper("D1", "考核评价结果", level="city", subject_id=None)]
    (found,) = judge("GS-4b", ground_of({"c": {}}, documents=papers)).values()
    assert found.state == "open"
