"""The ledger of issues: how each one stands, on 22 November 2026."""

from datetime import date

import pandas as pd
import pytest
from works_town import days, issue, table

from geo.rectification import count_noted, judge_issues

TODAY = date(2026, 11, 22)


def stand(**cells):
    found = judge_issues(table("rectification", issue("Z1", **cells)), TODAY)
    return found.loc["Z1", "status"]


@pytest.mark.parametrize(
    ("due", "closed", "status"),
    [
        ("2026-11-21", None, "overdue"),
        ("2026-11-22", None, "pending"),
        (None, None, "undated"),
        ("2026-10-01", "2026-10-01", "closed"),
        ("2026-10-01", "2026-10-02", "closed_late"),
        (None, "2026-10-02", "closed"),
        # what is closed tomorrow is open today
        ("2026-10-01", "2026-11-23", "overdue"),
        ("2026-12-01", "2026-11-23", "pending"),
    ],
)
def test_an_issue_is_open_until_it_is_closed(due, closed, status):
    given = {"due": due, "closed_date": closed}
    said = days(**{name: day for name, day in given.items() if day})
    assert stand(**said) == status


def test_empty_cells_are_named_and_evidence_only_of_what_is_closed():
    found = judge_issues(
        table(
            "rectification",
            issue("Z1", responsible=None, evidence=None),
            issue("Z2", evidence=None, **days(closed_date="2026-10-01")),
            issue("Z3", **days(due="2026-12-01")),
        ),
        TODAY,
    )
    assert found["lacking"].tolist() == ["responsible|due", "due|evidence", ""]


@pytest.mark.parametrize(
    ("kind", "words", "misuse"),
    [
        ("funds", "挪用中央补助资金 20 万元", "yes"),
        ("other", "截留专项资金", "yes"),
        ("funds", "专项资金拨付滞后", "no"),
        ("funds", None, "unknown"),
        ("quality", None, "no"),
    ],
)
def test_misuse_is_what_its_words_say(kind, words, misuse):
    found = judge_issues(
        table("rectification", issue("Z1", kind=kind, issue=words)), TODAY
    )
    assert found["misuse"].tolist() == [misuse]


def test_rows_come_sorted_and_none_is_none():
    found = judge_issues(table("rectification", issue("Z2"), issue("Z1")), TODAY)
    assert found.index.tolist() == ["Z1", "Z2"]
    assert judge_issues(table("rectification"), TODAY).empty


def test_notes_add_up_and_others_are_no_notes():
    notes = pd.Series(["3/2", "0", "1／1", None, "若干", "2"])
    assert count_noted(notes) == (4, 6, 3)
    assert count_noted(pd.Series(dtype="str")) == (0, 0, 0)
