"""Issues to be rectified: a warning to the county, never a fail of a community."""

import pytest
from works_town import days, issue, judge, make_ground, states, table

from geo.clause_issues import check_fund_misuse, check_ledger, check_rectified

COUNTY = "示例区"
OVERDUE = days(due="2026-09-30")
DONE = days(due="2026-09-30", closed_date="2026-09-01")


def rule(check, *issues, facts=None, **options):
    ground = make_ground(facts, {"rectification": table("rectification", *issues)})
    found = judge(check, ground, level="county", **options)
    assert list(found) == [COUNTY]
    return found[COUNTY]


@pytest.mark.parametrize(
    ("cells", "state", "missing"),
    [
        (OVERDUE, "short", ()),
        (DONE, "met", ()),
        (days(due="2026-12-30"), "met", ()),
        ({}, "unknown", ("due",)),
        (OVERDUE | {"source": "complaint"}, "met", ()),
        (OVERDUE | {"source": None}, "unknown", ("issue_source",)),
        (days(due="2026-09-30", closed_date="2026-10-01"), "met", ()),
    ],
)
def test_only_what_is_overdue_is_short(cells, state, missing):
    one = rule(check_rectified, issue("Z1", **cells))
    assert (one.state, one.missing) == (state, missing)


def test_an_overdue_issue_is_a_warning_in_words():
    one = rule(check_rectified, issue("Z1", **OVERDUE), issue("Z2", **DONE))
    assert one.reason == ("places.issues.may_withdraw", {"names": ("Z1",)})
    assert one.value == 1
    assert one.objects == ("Z1", "Z2")


def test_who_found_it_may_be_chosen():
    late = issue("Z1", source="media", **OVERDUE)
    assert rule(check_rectified, late, sources="media").state == "short"


def test_what_was_closed_late_is_said():
    late = issue("Z1", **days(due="2026-09-30", closed_date="2026-10-01"))
    assert rule(check_rectified, late).reason[0] == "places.issues.closed_late"


def test_without_a_ledger_notes_of_all_communities_may_do():
    noted = {"A": {"audit_issues": "3/3"}, "B": {"audit_issues": "0"}}
    one = rule(check_rectified, facts=noted)
    assert (one.state, one.reason[0]) == ("unknown", "places.issues.notes")
    noted["C"] = {"audit_issues": "1/1"}
    assert rule(check_rectified, facts=noted).state == "met"
    noted["C"] = {"audit_issues": "2/1"}
    assert rule(check_rectified, facts=noted).state == "unknown"
    assert rule(check_rectified).reason[0] == "places.issues.no_ledger"


@pytest.mark.parametrize(
    ("cells", "state", "missing"),
    [
        (DONE, "met", ()),
        (OVERDUE | {"responsible": None}, "short", ()),
        (DONE | {"responsible": None}, "unknown", ("responsible",)),
        (DONE | {"evidence": None}, "unknown", ("rectification.evidence",)),
        ({"source": "complaint"} | OVERDUE, "short", ()),
    ],
)
def test_the_ledger_is_to_be_complete_and_in_time(cells, state, missing):
    one = rule(check_ledger, issue("Z1", **cells))
    assert (one.state, one.missing) == (state, missing)


def test_no_ledger_is_unknown():
    assert rule(check_ledger).state == "unknown"
    one = rule(check_fund_misuse)
    assert (one.state, one.missing) == ("unknown", ("audit_findings",))


@pytest.mark.parametrize(
    ("cells", "state", "code"),
    [
        ({"issue": "挪用补助资金", "kind": "funds"}, "short", "funds.misuse"),
        ({"issue": "挪用补助资金"} | DONE, "short", "funds.rectified"),
        ({"issue": None, "kind": "funds"}, "unknown", "funds.unclear"),
        ({"issue": "拨付滞后", "kind": "funds"}, "met", "funds.other"),
    ],
)
def test_misuse_of_funds(cells, state, code):
    one = rule(check_fund_misuse, issue("Z1", **cells), issue("Z2"))
    assert (one.state, one.reason[0]) == (state, f"places.{code}")
    assert one.objects == ("Z1",)


def test_a_ledger_without_issues_of_funds_is_met():
    one = rule(check_fund_misuse, issue("Z1"))
    assert states({"x": one}) == {"x": "met"}
    assert one.reason == ("", {})
