"""Overrides: applied whole or not at all, and nothing of them is lost."""

import json

import pandas as pd
import pytest
from clause_cases import make_table

from geo.check_overrides import overrule
from geo.findings import render_findings

CHECKS = pd.DataFrame(
    {
        "rule_id": ["A", "A", "B"],
        "subject_id": ["c", "d", "c"],
        "state": ["short", "met", "unknown"],
        "judged": ["short", "met", "unknown"],
        "author": None,
        "date": None,
        "why": None,
    }
)
HAND = {
    "rule_id": "A",
    "subject_id": "c",
    "state": "met",
    "author": "王某",
    "date": "2026-11-20",
    "reason": "见会议纪要",
}


def test_a_state_of_hand_stands_beside_what_was_found():
    table, findings = overrule(CHECKS, make_table("overrides", [HAND]))
    assert list(table["state"]) == ["met", "met", "unknown"]
    assert list(table["judged"]) == ["short", "met", "unknown"]
    assert table.loc[0, ["author", "date", "why"]].to_list() == [
        "王某",
        "2026-11-20",
        "见会议纪要",
    ]
    assert table.loc[1:, "author"].isna().all()
    assert findings.empty
    # the frame that was given is as it was
    assert CHECKS["state"].to_list() == ["short", "met", "unknown"]


@pytest.mark.parametrize("lacking", ["state", "author", "date", "reason"])
def test_an_override_that_lacks_something_is_told_and_not_used(lacking):
    rows = make_table("overrides", [HAND | {lacking: None}])
    table, findings = overrule(CHECKS, rows)
    assert list(table["state"]) == list(CHECKS["state"])
    assert list(findings["code"]) == ["override_incomplete"]
    assert json.loads(findings["content"][0])["rule_id"] == "A"
    for lang in ("zh", "en"):
        said = render_findings(findings, lang).iloc[0]
        assert "A" in said["message"]
        assert said["action"]


@pytest.mark.parametrize("change", [{"rule_id": "X"}, {"subject_id": "x"}])
def test_an_override_that_fits_nothing_is_told(change):
    rows = make_table("overrides", [HAND | change, HAND])
    table, findings = overrule(CHECKS, rows)
    assert list(table["state"]) == ["met", "met", "unknown"]
    assert list(findings["code"]) == ["override_no_row"]
    assert list(findings["row"]) == [0]


def test_without_overrides_nothing_happens():
    table, findings = overrule(CHECKS, make_table("overrides", []))
    assert table is CHECKS
    assert findings.empty
