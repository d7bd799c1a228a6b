"""Flags, documents and their days; units hold if all their members do."""

from dataclasses import replace

import pytest
from clause_cases import ground_of, judge, judge_one, make_table

from geo.clause_documents import check_dated_document, find_documents
from geo.clauses import choose_clauses
from geo.rulings import speak


def paper(name="D1", **cells):
    row = {"id": name, "level": "community", "subject_id": "c"}
    return row | {"doc_type": "统筹施工方案"} | cells


# --- flags ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flag", "state", "missing"),
    [
        (True, "met", ()),
        (False, "short", ()),
        (None, "unknown", ("longterm_mgmt_consensus",)),
    ],
)
def test_a_flag(flag, state, missing):
    found = judge_one("N-1-8a", {"longterm_mgmt_consensus": flag}, "national")
    assert (found.state, found.missing) == (state, missing)


def test_words_of_a_ledger_are_flags():
    found = judge_one("N-2-9", {"maintenance_fund_established": True}, "national")
    assert found.state == "met"


# --- documents ------------------------------------------------------------------------


def test_documents_are_found_by_type_or_title_and_level():
    table = make_table(
        "documents",
        [
            paper("D2", doc_type="方案", title="某小区统筹施工方案"),
            paper("D1"),
            paper("D3", level="county"),
            paper("D4", doc_type="照片"),
        ],
    )
    found = find_documents(table, "统筹施工方案", ("community",))
    assert [name for name, _ in found["c"]] == ["D1", "D2"]
    assert find_documents(table, "", ("community",)) == {}
    assert find_documents(table.iloc[:0], "照片", ("community",)) == {}


def test_a_document_of_the_community():
    roles = paper(doc_type="长效管理机制")
    ground = ground_of({"c": {}, "d": {}}, documents=[roles])
    found = judge("GS-1b", ground)
    assert found["c"].state == "met"
    assert found["c"].objects == ("D1",)
    # nothing on record is unknown, never short
    assert (found["d"].state, found["d"].missing) == ("unknown", ("longterm_mgmt_doc",))


def test_a_document_of_the_county():
    roles = paper(level="county", subject_id="某县", doc_type="街道社区职责分工")
    ground = ground_of({"c": {}}, documents=[roles])
    assert judge("N-1-6", ground)["某县"].state == "met"
    unnamed = ground_of({"c": {}}, documents=[roles | {"subject_id": None}])
    assert judge("N-1-6", unnamed)["某县"].state == "met"
    other = ground_of({"c": {}}, documents=[roles | {"subject_id": "别县"}])
    assert judge("N-1-6", other)["某县"].state == "unknown"


def test_a_cell_of_the_county_will_do():
    county = [{"year": 2026, "health_check_id": "TJ-1"}, {"year": 2027}]
    ground = ground_of({"c": {}}, "yunnan", county=county)
    assert judge("YN-1-2c", ground)["某县"].state == "met"
    county = [{"year": 2026, "report_date": "2027-02-01"}]
    (found,) = judge("N-3-1", ground_of({"c": {}}, county=county)).values()
    assert found.state == "met"
    assert "2027-02-01" in speak(found.found, "zh")
    (found,) = judge("N-3-1", ground_of({"c": {}})).values()
    assert (found.state, found.missing) == ("unknown", ("report_date",))


# --- before the start -----------------------------------------------------------------

WORN = {"condition_water": "破损"}


@pytest.mark.parametrize(
    ("day", "start", "state"),
    [
        ("2026-03-01", "2026-03-01", "met"),
        ("2026-03-02", "2026-03-01", "short"),
        (None, "2026-03-01", "unknown"),
        (None, None, "met"),
        ("2026-03-02", None, "met"),
    ],
)
def test_a_document_before_the_start(day, start, state):
    found = judge_one(
        "N-1-4b", WORN | {"start_date": start}, documents=[paper(doc_date=day)]
    )
    assert found.state == state
    if state == "unknown":
        assert found.missing == ("coordinated_plan_date",)


def test_of_several_documents_the_first_counts():
    papers = [paper("D1", doc_date="2026-05-01"), paper("D2", doc_date="2026-02-01")]
    found = judge_one("N-1-4b", WORN | {"start_date": "2026-03-01"}, documents=papers)
    assert found.state == "met"
    assert found.objects == ("D1", "D2")


SOUND = {
    f"condition_{one}": "完好" for one in ("water", "drainage", "power", "telecom")
}


@pytest.mark.parametrize(
    ("cells", "state"),
    [
        (SOUND, "not_required"),
        (SOUND | {"condition_gas": "完好"}, "not_required"),
        (SOUND | {"condition_heat": "破损"}, "unknown"),
        (SOUND | {"condition_water": "破损"}, "unknown"),
        # what nobody looked at may be broken
        (SOUND | {"condition_water": None}, "unknown"),
    ],
)
def test_a_works_plan_is_asked_for_where_a_network_is_to_be_renewed(cells, state):
    assert judge_one("N-1-4b", cells).state == state
    found = judge_one("N-1-4b", cells, documents=[paper()])
    assert found.state == "met"
    works = [{"id": "W1", "community_id": "c", "utility_kind": "gas"}]
    assert judge_one("N-1-4b", cells, works=works).state == "unknown"


def test_consensus_before_the_start():
    cells = {"consensus_doc": True, "consensus_date": "2026-01-01"}
    for start, state in (("2026-02-01", "met"), ("2025-12-31", "short")):
        found = judge_one("YN-1-7d", cells | {"start_date": start}, "yunnan")
        assert found.state == state
    refused = judge_one("YN-1-7d", {"consensus_doc": False}, "yunnan")
    assert refused.state == "short"


# --- units ----------------------------------------------------------------------------


def units_of(documents, communities=None):
    towns = communities or {name: dict(WORN) for name in ("a", "b", "c")}
    units = {"a": "U1", "b": "U1", "c": "U2"}
    return ground_of(towns, "gansu", units=units, documents=documents)


def joint(ground):
    """Judge the plan alone, without the digging that its clause asks for, too."""
    rows, _ = choose_clauses(ground.plan.rules.policy, ground.plan.rules.profile)
    row = next(one for one in rows if one.rule_id == "GS-3b")
    row = replace(row, kind="dated_document")
    return {one.subject_id: one for one in check_dated_document(row, ground)}


def test_a_unit_holds_if_every_member_does():
    papers = [paper("D1", subject_id="a"), paper("D2", subject_id="c")]
    found = joint(units_of(papers))
    assert [*found] == ["U1", "U2"]
    assert found["U1"].state == "unknown"
    assert "b" in speak(found["U1"].found, "zh")
    assert found["U2"].state == "met"


def test_a_document_of_the_unit_is_one_of_its_members():
    found = joint(units_of([paper(level="unit", subject_id="U1")]))
    assert found["U1"].state == "met"
    assert found["U2"].state == "unknown"


def test_members_that_need_nothing_do_not_hold_up_their_unit():
    towns = {"a": dict(WORN), "b": SOUND, "c": SOUND}
    found = joint(units_of([paper(subject_id="a")], towns))
    assert found["U1"].state == "met"
    assert found["U2"].state == "not_required"


def test_without_units_there_is_nothing_to_join():
    assert joint(ground_of({"a": dict(WORN)}, "gansu")) == {}
