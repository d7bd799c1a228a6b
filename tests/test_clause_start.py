"""The vote and the confirmation before the start."""

import pytest
from clause_cases import judge_one

from geo.rulings import speak

VOTE = {"vote_total": 100, "vote_yes": 70, "vote_channel": "paper"}
DOC = {
    "confirm_doc": True,
    "confirm_date": "2026-03-01",
    "confirm_channel": "paper",
    "property_fee_agreed": True,
}
START = {"start_date": "2026-04-01"}


def vote(profile="gansu", **cells):
    rule = "GS-2c" if profile == "gansu" else "N-1-7b"
    return judge_one(rule, VOTE | cells, profile)


def confirm(profile="gansu", **cells):
    rule = "GS-2d" if profile == "gansu" else "YN-1-8b"
    return judge_one(rule, DOC | cells, profile)


# --- the vote -------------------------------------------------------------------------


def test_the_vote_is_counted_in_households_and_shown_by_area():
    found = vote(vote_area_total_m2=1000, vote_area_yes_m2=600)
    assert found.state == "met"
    assert "600/1,000（60.0 %）" in speak(found.found, "zh")
    assert vote(vote_yes=69).state == "short"


def test_a_vote_after_the_start_does_not_count():
    after = {"vote_date": "2026-04-02", **START}
    for profile in ("gansu", "yunnan"):
        found = vote(profile, **after)
        assert found.state == "short"
        assert "2026-04-02" in speak(found.reason, "zh")
    assert vote(vote_date="2026-04-01", **START).state == "met"
    # while one of the days is not known nothing is held against it
    assert vote(**START).state == "met"


def test_more_in_favour_than_could_vote():
    found = vote(vote_yes=101)
    assert found.state == "unknown"
    assert "多于" in speak(found.reason, "zh")
    assert set(found.missing) == {"vote_total", "vote_yes"}


def test_what_is_missing_of_a_vote():
    assert vote(vote_yes=None).missing == ("vote_yes",)
    assert vote(vote_total=None, vote_yes=None).missing == ("vote_total", "vote_yes")
    assert vote("yunnan", vote_total=None).state == "unknown"


def test_a_profile_that_names_only_writing(tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "paper.toml").write_text(
        'name_zh = "某"\nname_en = "Some"\ndocument = "某"\nextends = "gansu"\n'
        '[consent]\nvote_online = { value = false, rule = "GS-2c" }\n',
        encoding="utf-8",
    )
    for channel, state in (("paper", "met"), ("online", "short"), (None, "unknown")):
        found = judge_one(
            "GS-2c", VOTE | {"vote_channel": channel}, "paper", folder=tmp_path
        )
        assert found.state == state
        assert "没有写线上" in speak(found.required, "zh")
    assert found.missing == ("vote_channel",)


# --- the confirmation -----------------------------------------------------------------


def test_a_confirmation_in_writing_before_the_start():
    assert confirm(**START).state == "met"
    assert confirm().state == "met"
    assert confirm("yunnan", owners_committee_preparing=True, **START).state == "met"


@pytest.mark.parametrize(
    ("cells", "state", "missing"),
    [
        ({"confirm_doc": False, "confirm_date": None}, "short", ()),
        (
            {"confirm_doc": None, "confirm_date": None},
            "unknown",
            ("confirm_doc", "confirm_date"),
        ),
        ({"confirm_date": "2026-04-02", **START}, "short", ()),
        ({"confirm_date": None, **START}, "unknown", ("confirm_date",)),
        ({"confirm_date": None}, "met", ()),
        ({"property_fee_agreed": False}, "short", ()),
        ({"property_fee_agreed": None}, "met", ()),
        # a day on which it was confirmed is a confirmation
        ({"confirm_doc": None}, "met", ()),
    ],
)
def test_what_the_confirmation_comes_to(cells, state, missing):
    found = confirm(**cells)
    assert (found.state, found.missing) == (state, missing)
    national = judge_one("N-1-8b", DOC | cells, "national")
    assert national.state == state


def test_online_counts_in_gansu_and_not_in_yunnan():
    online = {"confirm_channel": "online", "owners_committee_preparing": True}
    assert confirm(**online).state == "met"
    found = confirm("yunnan", **online)
    assert found.state == "short"
    assert "只写书面" in speak(found.reason, "zh")
    # the national clause, in Yunnan too, names both
    assert judge_one("N-1-8b", DOC | online, "yunnan").state == "met"
    unsaid = confirm("yunnan", **(online | {"confirm_channel": None}))
    assert (unsaid.state, unsaid.missing) == ("unknown", ("confirm_channel",))


@pytest.mark.parametrize(
    ("preparing", "has", "state"),
    [
        (True, None, "met"),
        (None, True, "met"),
        (False, True, "met"),
        (False, False, "short"),
        (False, None, "unknown"),
        (None, None, "unknown"),
    ],
)
def test_the_owners_committee_is_asked_for_only_in_yunnan(preparing, has, state):
    cells = {"owners_committee_preparing": preparing, "has_owners_committee": has}
    assert confirm("yunnan", **cells).state == state
    assert confirm(**cells).state == "met"
    assert ("筹备" in speak(confirm("yunnan", **cells).required, "zh")) is True


def test_a_document_is_found_by_its_name():
    paper = {
        "id": "D1",
        "level": "community",
        "subject_id": "c",
        "doc_type": "物业管理确认书",
        "doc_date": "2026-02-01",
    }
    found = judge_one("GS-2d", dict(START), documents=[paper])
    assert found.state == "met"
    assert found.objects == ("D1",)
    other = judge_one("GS-2d", dict(START), documents=[paper | {"subject_id": "d"}])
    assert other.state == "unknown"
