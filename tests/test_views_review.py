"""The pages of the policy step without a browser: the desk, the clauses, the files."""

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from app_pages import desk_in, open_at, told, wait_for
from streamlit.testing.v1 import AppTest

from geo.district import District, read_district, write_district
from geo.errors import CancelledError, InputError
from geo.evidence_edits import add_row, set_cell
from geo.evidence_schema import EVIDENCE
from geo.plan import Plan, plan_district
from geo.policy_settings import CheckSettings, ReserveSettings
from geo.progress import no_progress
from geo.review import Review, review_plan
from geo.rules import load_rules
from geo.sample import make_district
from geo.schema import Column, State
from geo.settings import Settings, count_changed
from geo.text import texts
from geo.town import make_town
from geo.views import (
    check_acts,
    check_cells,
    check_downloads,
    check_forms,
    check_gates,
    check_lists,
    check_map,
    check_objects,
    check_panel,
    check_rows,
    check_told,
    check_verdict,
    review_bar,
    review_jobs,
    review_keep,
    review_work,
    schemes,
)
from geo.views.check_told import STATES
from geo.views.review_work import Picked, ReviewDesk
from geo.views.shapes import Parcel

ROOT = Path(__file__).resolve().parents[1]
ZH = texts("zh")
YEAR = 2027


@pytest.fixture(scope="module")
def town() -> District:
    """Fourteen communities; one consents well, one not, one is in the wrong order."""
    made = make_district(make_town(5, communities=14))
    evidence = made.evidence
    ids = sorted(made.communities.index)
    for at, one in enumerate(ids[:4]):
        key = {"community_id": one}
        evidence = set_cell(evidence, "progress", key, "plan_year", str(YEAR))
        total = made.communities.loc[one, "households"]
        yes = 0.9 if at % 2 == 0 else 0.2
        for name, share in (("participated", 0.95), ("agreed", yes)):
            value = f"{int(total * share)}"
            evidence = set_cell(evidence, "consent", key, f"households_{name}", value)
    county = {"year": str(YEAR), "name": "示例区", "application_date": "2026-11-30"}
    evidence = add_row(evidence, "county", county)
    return replace(made, evidence=evidence)


@pytest.fixture(scope="module")
def plan(town: District) -> Plan:
    settings = Settings(profile="yunnan", checks=CheckSettings(as_of="2026-11-22"))
    return plan_district(town, load_rules("yunnan"), settings, until="gaps")


@pytest.fixture(scope="module")
def unit_of(plan: Plan) -> pd.Series:
    """Two neighbours by name are a unit, the others stand alone."""
    ids = sorted(plan.district.communities.index)
    units = [f"U{max(1, at):02d}" for at in range(len(ids))]
    return pd.Series(units, index=ids, dtype="str")


@pytest.fixture(scope="module")
def review(plan: Plan, unit_of: pd.Series) -> Review:
    return review_plan(plan, unit_of=unit_of, until="checks")


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let the page's words be asked for outside of a page."""
    state: dict[str, Any] = {}
    for module in ("state", "site_work", "unit_work", "work", "review_work", "schemes"):
        monkeypatch.setattr(f"geo.views.{module}.st.session_state", state)
    return state


@pytest.fixture
def now(plan: Plan, review: Review, monkeypatch: pytest.MonkeyPatch) -> ReviewDesk:
    """A desk whose review is quick: clauses only, units as given."""
    assert review.checks.ground.unit_of is not None
    units = dict(review.checks.ground.unit_of)
    monkeypatch.setattr(review_work, "known_units", lambda _plan: units)

    def quick(*args: Any, **more: Any) -> Review:
        return review_plan(*args, **more, until="checks")

    monkeypatch.setattr(review_jobs, "review_plan", quick)
    found = review_work.desk(plan)
    found.review = review
    found.reviewed = review_jobs.review_key(plan, found.ask, units)
    return found


def settle(plan: Plan) -> ReviewDesk:
    """Wait for the review, without a page."""
    found = review_work.follow(plan)
    if found.run is not None:
        threading.Event().wait(0.01)
        if found.run.job.error is None:
            found.run.job.result()
        found = review_work.follow(plan)
    assert found.run is None
    return found


def value_of(parcel: Parcel) -> dict[str, Any]:
    size = int.from_bytes(parcel.data[:4], "little")
    head: dict[str, Any] = json.loads(parcel.data[4 : 4 + size])
    return head


def said(blocks: Any) -> str:
    return json.dumps(blocks, ensure_ascii=False, default=str)


def state_of(found: Review | None, rule: str, subject: str) -> str:
    assert found is not None
    row = check_told.find_row(found.checks, rule, subject)
    assert row is not None
    return str(row["state"])


def first(plan: Plan) -> str:
    return str(min(plan.district.communities.index))


# ------------------------------------------------------------------ the desk


def test_an_edit_is_worked_out_undone_and_made_again(
    plan: Plan, now: ReviewDesk
) -> None:
    one = first(plan)
    assert state_of(now.review, "YN-1-7b", one) == State.MET
    key = {"community_id": one}
    fewer = set_cell(now.evidence, "consent", key, "households_agreed", "3")
    review_work.edit(plan, fewer, "view.checks.step.evidence", name="甲", fields="乙")
    settle(plan)
    assert state_of(now.review, "YN-1-7b", one) == State.SHORT
    assert "甲" in review_bar.step_words("undo", now.past[-1])
    review_work.undo(plan)
    settle(plan)
    assert state_of(now.review, "YN-1-7b", one) == State.MET
    assert not now.past
    review_work.redo(plan)
    settle(plan)
    assert state_of(now.review, "YN-1-7b", one) == State.SHORT
    assert not now.future


def test_nothing_is_done_where_nothing_can_be(plan: Plan, now: ReviewDesk) -> None:
    review_work.undo(plan)
    review_work.redo(plan)
    review_work.cancel(plan)
    review_work.edit(plan, now.evidence, "view.checks.step.settings")
    assert not now.past
    assert not now.future


def test_the_last_good_review_stays_until_the_new_one_is_there(
    plan: Plan, now: ReviewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def slow(*args: Any, **more: Any) -> Review:
        go.wait(20)
        return review_plan(*args, **more, until="checks")

    monkeypatch.setattr(review_jobs, "review_plan", slow)
    before = now.review
    checks = CheckSettings(as_of="2026-11-23")
    review_work.set_settings(plan, "view.checks.step.settings", checks=checks)
    review_work.follow(plan)
    assert now.stale
    assert now.review is before
    # another change while one is worked out: the first is given up
    running = now.run
    checks = CheckSettings(as_of="2026-11-24")
    review_work.set_settings(plan, "view.checks.step.settings", checks=checks)
    review_work.follow(plan)
    assert now.run is not running
    go.set()
    settle(plan)
    assert now.review is not None
    assert now.review is not before
    assert now.review.checks.ground.as_of.isoformat() == "2026-11-24"


def test_clauses_are_judged_anew_when_units_are_edited(
    plan: Plan, now: ReviewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = sorted(plan.district.communities.index)
    edited = dict.fromkeys(ids, "U01")
    monkeypatch.setattr(review_work, "known_units", lambda _plan: edited)
    settle(plan)
    assert now.review is not None
    units = now.review.checks.ground.unit_of
    assert units is not None
    assert dict(units) == edited
    assert state_of(now.review, "N-2-2", "U01")


def test_what_fails_is_told_and_nothing_is_lost(
    plan: Plan, now: ReviewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_more: Any) -> Review:
        raise InputError("view_upload_gone")

    monkeypatch.setattr(review_jobs, "review_plan", broken)
    before = now.review
    checks = CheckSettings(as_of="2026-12-01")
    review_work.set_settings(plan, "view.checks.step.settings", checks=checks)
    settle(plan)
    assert isinstance(now.trouble, InputError)
    assert now.review is before
    # it is not tried again by itself, only after another change
    review_work.follow(plan)
    assert now.run is None
    review_work.undo(plan)
    review_work.follow(plan)
    assert now.trouble is None


def test_a_programming_error_is_logged_and_told(
    plan: Plan,
    now: ReviewDesk,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_args: Any, **_more: Any) -> Review:
        raise ZeroDivisionError

    monkeypatch.setattr(review_jobs, "review_plan", broken)
    checks = CheckSettings(as_of="2026-12-02")
    review_work.set_settings(plan, "view.checks.step.settings", checks=checks)
    settle(plan)
    assert isinstance(now.trouble, ZeroDivisionError)
    assert "unexpectedly" in caplog.text


def test_a_review_can_be_stopped(
    plan: Plan, now: ReviewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def slow(*_args: Any, progress: Any, **_more: Any) -> Review:
        go.wait(20)
        progress("stage.checks", 0.5)
        raise AssertionError

    monkeypatch.setattr(review_jobs, "review_plan", slow)
    checks = CheckSettings(as_of="2026-12-03")
    review_work.set_settings(plan, "view.checks.step.settings", checks=checks)
    review_work.follow(plan)
    review_work.cancel(plan)
    go.set()
    settle(plan)
    assert isinstance(now.trouble, CancelledError)
    assert now.review is not None


def test_pins_and_bars_take_turns(plan: Plan, now: ReviewDesk) -> None:
    unit = ("C1", "C2")
    review_work.pin(plan, unit, 2028, "view.checks.step.settings")
    assert [*now.pinned] == [("C1", 2028), ("C2", 2028)]
    review_work.bar(plan, unit, "view.checks.step.settings", out=True)
    assert [*now.barred] == [*unit]
    assert [*now.pinned] == []
    review_work.pin(plan, ("C1",), 2029, "view.checks.step.settings")
    assert [*now.barred] == ["C2"]
    review_work.pin(plan, ("C1",), None, "view.checks.step.settings")
    review_work.bar(plan, unit, "view.checks.step.settings", out=False)
    assert len(now.pinned) + len(now.barred) == 0
    assert len(now.past) == 5


def test_settings_other_than_given_stay(plan: Plan, now: ReviewDesk) -> None:
    reserve = ReserveSettings(weight_facilities=50.0)
    review_work.set_settings(plan, "view.checks.step.settings", reserve=reserve)
    assert now.reserve == reserve
    assert now.checks == plan.settings.checks
    assert now.schedule == plan.settings.schedule


def test_evidence_outlives_a_change_of_the_profile(plan: Plan, now: ReviewDesk) -> None:
    other = replace(plan, rules=load_rules("gansu"))
    review_work.pin(plan, ("C1",), 2028, "view.checks.step.settings")
    assert review_work.desk(other) is now


def test_districts_are_forgotten_the_oldest_first(
    plan: Plan, now: ReviewDesk, session: dict[str, Any]
) -> None:
    for number in range(8):
        district = replace(plan.district, fingerprint=f"other {number}")
        review_work.desk(replace(plan, district=district))
    assert len(session["pq_review_desks"]) < 8
    assert review_work.desk(plan) is not now


def test_units_that_nobody_drew_are_drawn(plan: Plan) -> None:
    heard: list[float] = []
    units, rest = review_jobs._find_units(
        plan, None, lambda _stage, share: heard.append(share)
    )
    assert set(units.index) == set(plan.district.communities.index)
    rest("stage.checks", 0.5)
    assert max(heard[:-1]) <= 0.5 + 1e-9
    assert heard[-1] == pytest.approx(0.75)
    known, same = review_jobs._find_units(plan, {"b": "U1", "a": "U1"}, no_progress)
    assert list(known.index) == ["a", "b"]
    assert same is no_progress


# ------------------------------------------------------------------ keeping


def test_evidence_is_saved_in_the_folder_and_read_again(
    plan: Plan,
    now: ReviewDesk,
    town: District,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "district"
    write_district(town, folder)
    monkeypatch.setattr(schemes, "folder", lambda: folder)
    one = first(plan)
    key = {"community_id": one}
    more = set_cell(now.evidence, "consent", key, "vote_yes", "77")
    review_work.edit(plan, more, "view.checks.step.evidence", name="甲", fields="乙")
    review_work.pin(plan, (one,), 2028, "view.checks.step.settings")
    assert [now.unsaved] == [True]
    review_keep.save(plan)
    assert now.trouble is None
    assert [now.unsaved] == [False]
    assert now.note is not None
    again = read_district(folder).evidence.tables["consent"].set_index("community_id")
    assert again.loc[one, "vote_yes"] == 77
    kept = schemes.kept(plan)[ZH["view.review.scheme"]]
    assert kept.pinned == ((one, 2028),)
    # whoever opens the district again has the pins, too
    fresh = review_work._new_desk(plan)
    assert fresh.pinned == ((one, 2028),)
    review_work.pin(plan, (one,), None, "view.checks.step.settings")
    review_keep.save(plan)
    assert schemes.kept(plan)[ZH["view.review.scheme"]].pinned == ()


def test_a_folder_that_cannot_be_written_is_told(
    plan: Plan, now: ReviewDesk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_args: Any, **_more: Any) -> list[Path]:
        raise InputError("view_upload_gone")

    monkeypatch.setattr(schemes, "folder", lambda: tmp_path)
    monkeypatch.setattr(review_keep, "write_evidence", refuse)
    review_work.pin(plan, ("C1",), 2028, "view.checks.step.settings")
    review_keep.save(plan)
    assert isinstance(now.trouble, InputError)
    assert now.unsaved
    assert now.pinned == (("C1", 2028),)


def test_without_a_folder_it_is_taken_away_as_a_zip(
    plan: Plan, now: ReviewDesk, town: District, tmp_path: Path
) -> None:
    assert not review_keep.can_save()
    review_keep.save(plan)
    assert now.note is None
    assert review_keep.find_decisions(plan) is None
    one = first(plan)
    review_work.pin(plan, (one,), 2028, "view.checks.step.settings")
    content = review_keep.pack(now.evidence, review_keep.find_decisions(plan))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = set(archive.namelist())
        folder = tmp_path / "district"
        write_district(replace(town, evidence=type(town.evidence)()), folder)
        archive.extractall(folder)
    assert {"consent.csv", "county.csv", "progress.csv"} <= names
    assert any(name.startswith("plans/") for name in names)
    again = read_district(folder)
    tables = now.evidence.tables
    assert len(again.evidence.tables["consent"]) == len(tables["consent"])


# ------------------------------------------------------------------ the matrix


def test_clauses_of_units_stand_at_their_members(review: Review) -> None:
    spread = check_gates.spread_checks(review)
    rules = list(spread.rules["rule_id"])
    table = review.checks.table
    for level in ("community", "unit"):
        rows = table[table["level"] == level]
        assert len(rows)
        for row in rows.to_dict("records"):
            column = rules.index(row["rule_id"])
            for at, one in enumerate(spread.ids):
                mine = one if level == "community" else spread.units[at]
                if mine == row["subject_id"]:
                    assert STATES[spread.codes[at, column]] == row["state"]
    counted = table["level"].isin(check_gates.SPREAD)
    assert set(rules) == set(table.loc[counted, "rule_id"])
    assert list(spread.planned) == [
        one in review.checks.ground.planned for one in spread.ids
    ]


def test_the_worst_gate_wins(review: Review) -> None:
    spread = check_gates.spread_checks(review)
    worst = spread.worst(spread.gates)
    for at in range(len(spread.ids)):
        states = {STATES[code] for code in spread.codes[at, spread.gates] if code < 5}
        expected = next(
            (one for one in ("short", "unknown", "met") if one in states),
            "not_required",
        )
        assert STATES[worst[at]] == expected
    none = np.zeros(len(spread.rules), dtype=bool)
    assert {STATES[code] for code in spread.worst(none)} == {State.NOT_REQUIRED}


def test_filters_let_through_what_they_say(review: Review) -> None:
    spread = check_gates.spread_checks(review)
    views = check_rows.CheckViews(planned=False)
    rows, columns = check_rows.filter_spread(spread, views)
    assert sorted(rows) == list(range(len(spread.ids)))
    assert list(columns) == list(range(len(spread.rules)))
    views = check_rows.CheckViews()
    rows, _ = check_rows.filter_spread(spread, views)
    assert {spread.ids[at] for at in rows} == set(review.checks.ground.planned)
    views = check_rows.CheckViews(stage="annual_plan", gates=True, state="short")
    rows, columns = check_rows.filter_spread(spread, views)
    part = spread.rules.iloc[columns]
    assert set(part["stage"]) == {"annual_plan"}
    assert set(part["severity"]) == {"hard_gate"}
    for at in rows:
        assert (spread.codes[at, columns] == STATES.index(State.SHORT)).any()
    views = check_rows.CheckViews(planned=False, unit="U01")
    rows, _ = check_rows.filter_spread(spread, views)
    assert len(rows) == 2


def test_headline_numbers_by_a_plain_count(review: Review) -> None:
    spread = check_gates.spread_checks(review)
    counts = check_rows.count_numbers(spread, review)
    table = review.checks.table
    gates = table[
        (table["severity"] == "hard_gate") & (table["stage"] == "annual_plan")
    ]
    units = review.checks.ground.unit_of
    assert units is not None
    short, unknown, ready = 0, 0, 0
    for one in review.checks.ground.planned:
        mine = gates[gates["subject_id"].isin([one, units[one]])]
        states = set(mine["state"])
        short += "short" in states
        unknown += "unknown" in states
        ready += not states & {"short", "unknown"}
    assert counts["planned"] == 4
    assert (counts["short"], counts["unknown"]) == (short, unknown)
    assert counts["ready"] == ready
    whole = gates[~gates["level"].isin(check_gates.SPREAD)]
    every = table[~table["level"].isin(check_gates.SPREAD)]
    every = every[every["stage"] == "annual_plan"]
    assert counts["county_short"] == (every["state"] == "short").sum()
    assert len(whole) <= len(every)


def test_the_matrix_holds_a_sign_for_each_cell(
    plan: Plan, now: ReviewDesk, review: Review
) -> None:
    parcel = check_rows.pack_matrix(plan, now, review)
    content = value_of(parcel)["value"]
    assert len(content["ids"]) == 4
    assert all(content["tags"])
    for line in content["cells"]:
        assert len(line) == len(content["columns"])
    column = [one["id"] for one in content["columns"]].index("YN-1-7b")
    for one, line in zip(content["ids"], content["cells"], strict=True):
        state = STATES[int(line[column])]
        assert state == state_of(review, "YN-1-7b", one)
    assert content["columns"][column]["hard"]
    assert content["columns"][column]["label"] == "同意率"
    data = check_rows.matrix_data(now, parcel)
    assert [one["sign"] for one in data["classes"]] == ["▲", "?", "●", "◇", "○"]


def test_rows_keep_their_place_while_evidence_is_supplied(
    plan: Plan, now: ReviewDesk, review: Review
) -> None:
    before = value_of(check_rows.pack_matrix(plan, now, review))["value"]["ids"]
    key = {"community_id": before[-1]}
    evidence = set_cell(now.evidence, "consent", key, "households_agreed", "1")
    review_work.edit(plan, evidence, "view.checks.step.settings")
    settle(plan)
    assert now.review is not None
    after = value_of(check_rows.pack_matrix(plan, now, now.review))["value"]["ids"]
    assert after == before
    check_rows.views_of(now).gates = True
    other = value_of(check_rows.pack_matrix(plan, now, now.review))["value"]["ids"]
    assert sorted(other) == sorted(before)


@pytest.mark.parametrize("listed", check_rows.LISTS)
def test_lists_hold_what_their_columns_say(
    now: ReviewDesk, review: Review, listed: str
) -> None:
    views = check_rows.views_of(now)
    views.listed, views.planned = listed, False
    parcel = check_lists.pack_list(now, review)
    rows = value_of(parcel)["value"]
    told = check_lists.list_data(now, parcel)
    for column in told["columns"]:
        assert len(rows["columns"][column["name"]]) == len(rows["ids"])
    if listed == "rulings":
        assert len(rows["ids"]) == len(review.checks.table)
    if listed == "collect":
        assert len(rows["ids"]) == len(review.checks.collect("zh"))
        views.planned = True
        fewer = value_of(check_lists.pack_list(now, review))["value"]
        assert len(fewer["ids"]) > 0


def test_the_list_of_rulings_follows_the_filters(
    now: ReviewDesk, review: Review
) -> None:
    views = check_rows.views_of(now)
    views.listed, views.stage, views.state = "rulings", "annual_plan", "short"
    views.gates = True
    rows = value_of(check_lists.pack_list(now, review))["value"]
    table = review.checks.table
    wanted = table[
        (table["stage"] == "annual_plan")
        & (table["state"] == "short")
        & (table["severity"] == "hard_gate")
    ]
    assert len(rows["ids"]) == len(wanted) > 0


# ------------------------------------------------------------------ evidence in place


def column_of(name: str) -> Column:
    return next(one for one in EVIDENCE["consent"].columns if one.name == name)


def fill(plan: Plan, rule: str, subject: str, at: str, **values: str) -> None:
    named = {name.replace("__", "|"): value for name, value in values.items()}
    event = {
        "kind": "evidence",
        "rule": rule,
        "id": subject,
        "at": at,
        "values": named,
        "n": 1,
    }
    check_acts.tell(plan, event)


def test_evidence_is_supplied_where_the_verdict_stands(
    plan: Plan, now: ReviewDesk, review: Review
) -> None:
    lacking = sorted(plan.district.communities.index)[6]
    assert state_of(review, "YN-1-7a", lacking) == State.UNKNOWN
    row = check_told.find_row(review.checks, "YN-1-7a", lacking)
    assert row is not None
    (form,) = check_forms.evidence_form(review, now, row, lacking)
    names = [field["name"] for field in form["fields"]]
    assert names[0] in {
        f"{one.table}|{one.column.name}"
        for one in check_cells.find_cells(review, row, lacking)
        if one.missing
    }
    assert "consent|households_participated" in names
    households = plan.district.communities.loc[lacking, "households"]
    fill(
        plan,
        "YN-1-7a",
        lacking,
        lacking,
        consent__households_participated=f"{households:.0f}",
    )
    settle(plan)
    assert state_of(now.review, "YN-1-7a", lacking) == State.MET
    assert "参与户" in review_bar.step_words("undo", now.past[-1])


def test_a_unit_is_supplied_for_every_member_that_lacks_it(
    plan: Plan, now: ReviewDesk, review: Review
) -> None:
    row = check_told.find_row(review.checks, "N-2-3a", "U01")
    assert row is not None
    members = sorted(plan.district.communities.index)[:2]
    names = [f"surveys|survey_date|{one}" for one in members]
    (form,) = check_forms.evidence_form(review, now, row, members[1])
    fields = [field["name"] for field in form["fields"]]
    assert fields[:2] == names
    assert form["fields"][0]["label"].startswith(
        plan.district.communities.loc[members[0], "name"]
    )
    days = {name.replace("|", "__"): "2026-05-01" for name in names}
    fill(plan, "N-2-3a", "U01", members[1], **days)
    settle(plan)
    assert list(now.evidence.tables["surveys"]["community_id"]) == members
    assert state_of(now.review, "N-2-3a", "U01") == State.MET


def test_what_is_not_valid_is_told_at_its_field_and_nothing_is_taken(
    plan: Plan, now: ReviewDesk, review: Review
) -> None:
    one = first(plan)
    before = now.ask
    fill(
        plan,
        "YN-1-7b",
        one,
        one,
        consent__households_agreed="很多",
        consent__households_participated="10",
    )
    assert now.ask is before
    assert "很多" in now.wrong["consent|households_agreed"]
    row = check_told.find_row(review.checks, "YN-1-7b", one)
    assert row is not None
    (form,) = check_forms.evidence_form(review, now, row, one)
    assert any(field.get("wrong") for field in form["fields"])
    fill(plan, "YN-1-7b", one, one)
    assert now.wrong[""] == ZH["view.checks.form.nothing"]
    check_acts.tell(plan, {"kind": "clear", "n": 2})
    assert now.wrong == {}


def test_a_document_is_entered_with_its_date(
    plan: Plan, now: ReviewDesk, review: Review
) -> None:
    county = check_told.county_of(review)
    row = check_told.find_row(review.checks, "N-1-6", county)
    assert row is not None
    (form,) = check_forms.evidence_form(review, now, row, "")
    kinds = next(f for f in form["fields"] if f["name"] == "document|type")["options"]
    fill(
        plan,
        "N-1-6",
        county,
        "",
        document__type=kinds[1][0],
        document__doc_date="2026-03-01",
    )
    settle(plan)
    added = now.evidence.tables["documents"]
    assert list(added["doc_type"]) == [kinds[1][0]]
    assert list(added["level"]) == ["county"]
    assert state_of(now.review, "N-1-6", county) == State.MET
    fill(plan, "N-1-6", county, "", document__type=kinds[1][0])
    assert now.evidence.tables["documents"]["id"].is_unique
    assert len(now.evidence.tables["documents"]) == 2
    wrong = {"document__type": kinds[1][0], "document__doc_date": "昨天"}
    fill(plan, "N-1-6", county, "", **wrong)
    assert now.wrong


def test_the_base_of_consent_is_chosen_where_it_is_missing(
    plan: Plan, now: ReviewDesk
) -> None:
    one = first(plan)
    households = plan.district.communities.loc[one, "households"]
    key = {"community_id": one}
    evidence = now.evidence
    for name, share in (("participated", 0.7), ("agreed", 0.5)):
        value = f"{int(households * share)}"
        evidence = set_cell(evidence, "consent", key, f"households_{name}", value)
    review_work.edit(plan, evidence, "view.checks.step.settings")
    settle(plan)
    assert state_of(now.review, "YN-1-7b", one) == State.UNKNOWN
    fill(plan, "YN-1-7b", one, one, setting__consent_base="participated")
    settle(plan)
    assert now.checks.consent_base == "participated"
    assert state_of(now.review, "YN-1-7b", one) == State.MET
    assert len(now.past) == 2


def test_settings_typed_wrongly_are_refused() -> None:
    checks = CheckSettings()
    put = check_forms._set_setting
    assert put(checks, "plan_year", "2028").plan_year == 2028
    assert put(checks, "secured_share_least", "60%").secured_share_least == 0.6
    assert put(checks, "secured_share_least", "").secured_share_least == 0
    assert put(checks, "as_of", " 2026-01-02 ").as_of == "2026-01-02"
    for name, text in (("plan_year", "明年"), ("as_of", "1 月")):
        with pytest.raises(ValueError):  # noqa: PT011 - two kinds of the same
            put(checks, name, text)


def test_cells_show_what_is_known_as_it_would_be_typed(
    plan: Plan, now: ReviewDesk, review: Review
) -> None:
    one = first(plan)
    shown = check_cells.spell_value
    rows = {row["rule_id"] for row in review.checks.of(one).to_dict("records")}
    seen = set()
    for rule in sorted(rows):
        row = check_told.find_row(review.checks, rule, one)
        assert row is not None
        for cell in check_cells.find_cells(review, row, one):
            value = check_cells.read_value(review, now, cell)
            assert isinstance(shown(cell, value), str)
            seen.add(cell.column.kind)
    assert {"flag", "date"} <= seen
    flag = check_cells.Cell(
        "x",
        "consent",
        column_of("consensus_doc"),
        (),
        missing=True,
    )
    assert shown(flag, value=True) == "有"
    assert shown(flag, value=pd.NA) == ""
    rate = replace(flag, column=column_of("agree_rate"))
    assert shown(rate, 0.755) == "75.5%"
    day = replace(flag, column=column_of("vote_date"))
    assert shown(day, pd.Timestamp("2026-05-01")) == "2026-05-01"


# ------------------------------------------------------------------ by hand


def test_a_verdict_is_overruled_shown_and_taken_back(
    plan: Plan, now: ReviewDesk
) -> None:
    one = first(plan)
    event = {"kind": "override", "rule": "YN-1-7b", "id": one, "n": 1}
    check_acts.tell(plan, {**event, "values": {"state": "short", "author": "张三"}})
    assert now.wrong["override"] == ZH["view.checks.form.needs"]
    values = {
        "state": "short",
        "author": "张三",
        "date": "2026-11-20",
        "reason": "复核",
    }
    check_acts.tell(plan, {**event, "values": {**values, "state": "大概"}})
    assert now.wrong["override"]
    check_acts.tell(plan, {**event, "values": values})
    settle(plan)
    found = now.review
    assert found is not None
    row = check_told.find_row(found.checks, "YN-1-7b", one)
    assert row is not None
    assert (row["state"], row["judged"]) == ("short", "met")
    words = check_verdict.overruled_words(row)
    for part in ("张三", "2026-11-20", "复核", "满足"):
        assert part in words
    check_acts.tell(plan, {"kind": "cell", "id": one, "rule": "YN-1-7b", "n": 2})
    assert words in said(check_panel.panel_of(plan, now, found))
    hands = value_of(check_rows.pack_matrix(plan, now, found))["value"]["hands"]
    assert list(hands) == [one]
    # overruled again: still one row
    check_acts.tell(plan, {**event, "values": {**values, "reason": "再复核"}})
    assert len(now.evidence.tables["overrides"]) == 1
    check_acts.tell(plan, {**event, "kind": "override_drop"})
    settle(plan)
    assert state_of(now.review, "YN-1-7b", one) == State.MET
    assert now.evidence.tables["overrides"].empty


# ------------------------------------------------------------------ words


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_clause_has_a_short_name(
    review: Review, session: dict[str, Any], lang: str
) -> None:
    from geo.clauses import load_readings  # noqa: PLC0415 - only here
    from geo.views.state import choose  # noqa: PLC0415

    choose(lang=lang)
    assert session
    for rule in load_readings():
        name = check_told.rule_name(review, rule)
        assert name != rule
        assert len(name) <= (12 if lang == "zh" else 34), name
    assert check_told.rule_name(review, "X-1") == "X-1"


def test_a_rule_of_the_district_is_called_by_its_metric(review: Review) -> None:
    policy = review.plan.rules.policy
    own = policy.iloc[[0]].assign(rule_id="OWN-1", metric="own_metric")
    rules = replace(review.plan.rules, policy=pd.concat([policy, own]))
    other = replace(review, plan=replace(review.plan, rules=rules))
    assert check_told.rule_name(other, "OWN-1") == "own_metric"


def test_subjects_are_called_by_name(review: Review) -> None:
    names = review.plan.district.communities["name"]
    one = min(names.index)
    assert check_told.subject_name(review, one) == names[one]
    assert "2" in check_told.subject_name(review, "U01")
    assert check_told.subject_name(review, "U05").endswith("U05")
    assert check_told.subject_name(review, "示例区") == "示例区"
    assert check_told.subject_name(review, "") == ZH["view.checks.district"]
    bare = replace(review, evidence=type(review.evidence)())
    assert check_told.subject_name(bare, "示例区") == ZH["view.checks.district"]


def test_the_statement_counts_days(plan: Plan, now: ReviewDesk, review: Review) -> None:
    text = check_panel.statement(plan, now, review)
    assert "2027 年计划 4 个小区" in text
    assert "8 天" in text
    ground = replace(review.checks.ground, as_of=pd.Timestamp("2026-12-02").date())
    late = replace(review, checks=replace(review.checks, ground=ground))
    assert "已过 2 天" in check_told.days_words(late)
    nothing = replace(review.checks.ground, plan_year=None, planned=())
    other = replace(review, checks=replace(review.checks, ground=nothing))
    now.reviewed = "another"
    assert "全部 14 个小区" in check_panel.statement(plan, now, other)


def test_panels_for_what_is_selected(
    plan: Plan, now: ReviewDesk, review: Review
) -> None:
    whole = said(check_panel.panel_of(plan, now, review))
    assert ZH["view.checks.panel.county"] in whole
    assert ZH["view.checks.bare"] in whole
    one = first(plan)
    check_acts.tell(plan, {"kind": "cell", "id": one, "rule": "", "n": 1})
    card = check_panel.panel_of(plan, now, review)
    assert "2027" in said(card)
    listed = {row["id"] for block in lists_in(card) for row in block["rows"]}
    units = review.checks.ground.unit_of
    assert units is not None
    mine = review.checks.table["subject_id"].isin([one, units[one]])
    assert len(listed) == mine.sum()
    check_acts.tell(plan, {"kind": "clear", "n": 2})
    check_acts.tell(plan, {"kind": "cell", "id": "", "rule": "YN-1-7b", "n": 3})
    rule = said(check_panel.panel_of(plan, now, review))
    assert "居民参与率、同意率原则上均要达到2/3以上" in rule
    county = check_told.county_of(review)
    for row in check_gates.whole_rows(review.checks).to_dict("records"):
        event = {"kind": "cell", "id": county, "rule": row["rule_id"], "n": 4}
        check_acts.tell(plan, event)
        panel = said(check_panel.panel_of(plan, now, review))
        assert check_told.state_word(row["state"]) in panel


def lists_in(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for block in blocks:
        if block["kind"] == "list":
            yield block
        yield from lists_in(block.get("blocks", []))


def test_every_verdict_says_required_found_and_source(
    plan: Plan, now: ReviewDesk, review: Review
) -> None:
    """Never a bare verdict, in either language."""
    from geo.views.state import choose  # noqa: PLC0415

    rows = review.checks.table.drop_duplicates(["rule_id", "state"])
    for lang in ("zh", "en"):
        choose(lang=lang)
        for row in rows.to_dict("records"):
            check_acts.pick(plan, now, row["subject_id"], row["rule_id"])
            panel = check_panel.panel_of(plan, now, review)
            kinds = {block["kind"] for block in panel}
            assert {"verdict", "quote"} <= kinds, row["rule_id"]
            verdict = next(one for one in panel if one["kind"] == "verdict")
            assert verdict["texts"], row["rule_id"]
            assert row["document"] in said(panel)


# ------------------------------------------------------------------ clicks


def test_a_unit_is_picked_at_a_member(
    plan: Plan, now: ReviewDesk, review: Review
) -> None:
    from geo.views.state import choice  # noqa: PLC0415

    ids = sorted(plan.district.communities.index)
    check_acts.pick(plan, now, ids[1], "N-2-3a")
    check_acts.pick(plan, now, "U01", "N-2-3a")
    assert choice().community == ids[1]
    check_acts.pick(plan, now, ids[5], "")
    check_acts.pick(plan, now, "U01", "N-2-3a")
    assert choice().community == ids[0]
    assert check_told.subject_of(review, "N-2-3a", ids[0]) == "U01"
    county = check_told.county_of(review)
    assert check_told.subject_of(review, "N-1-6", ids[0]) == county
    check_acts.tell(plan, {"kind": "row", "id": f"{county}|N-1-6|3", "n": 1})
    assert now.picked == Picked("N-1-6", county)
    assert choice().community is None
    check_acts.tell(plan, {"kind": "row", "id": "7", "n": 2})
    assert now.picked == Picked("N-1-6", county)
    check_acts.tell(plan, {"kind": "select", "id": ids[2], "n": 3})
    assert (choice().community, now.picked) == (ids[2], Picked("N-1-6"))


def test_headline_numbers_filter_the_matrix(plan: Plan, now: ReviewDesk) -> None:
    views = check_rows.views_of(now)
    check_acts.tell(plan, {"kind": "rows", "id": "short", "n": 1})
    assert (views.stage, views.state, views.gates) == ("annual_plan", "short", True)
    check_acts.tell(plan, {"kind": "rows", "id": "short", "n": 2})
    assert views.key == check_rows.CheckViews().key
    check_acts.tell(plan, {"kind": "rows", "id": "unknown", "n": 3})
    assert views.state == "unknown"
    check_acts.tell(plan, {"kind": "rows", "id": "planned", "n": 4})
    assert views.key == check_rows.CheckViews().key
    views.listed = "rulings"
    check_acts.tell(plan, {"kind": "rows", "id": "collect", "n": 5})
    assert views.listed == "collect"


class Tab:
    """A browser's tab: its address, and what Streamlit knows of it."""

    def __init__(self) -> None:
        self.session_state: dict[str, Any] = {}
        self.context = SimpleNamespace(url="http://localhost/checks")
        self.query_params = self
        self.given: dict[str, str] = {}

    def to_dict(self) -> dict[str, str]:
        return dict(self.given)

    def from_dict(self, values: dict[str, str]) -> None:
        self.given = dict(values)


def test_a_link_to_another_page_keeps_what_was_chosen_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from geo.views import state  # noqa: PLC0415 - only here

    tab = Tab()
    monkeypatch.setattr(state, "st", tab)
    state.follow_address()
    linked = state.tell_links()
    # a part of the page runs again: the links stay as they were
    state.choose(community="C1")
    state.tell_address()
    assert tab.given["at"] == "C1"
    tab.given = dict(linked)
    tab.context.url = "http://localhost/lifecircle"
    state.follow_address()
    assert state.choice().community == "C1"
    state.tell_address()
    assert tab.given["at"] == "C1"
    # the browser's way back on the same page is taken as it is
    tab.given = dict(linked)
    state.follow_address()
    assert state.choice().community is None


# ------------------------------------------------------------------ the map


def test_the_map_shows_the_worst_gate_or_one_clause(
    plan: Plan, now: ReviewDesk, review: Review
) -> None:
    style, legend = check_map.state_style(plan, now, review)
    spread = check_gates.spread_checks(review)
    codes = value_of(style)["value"]["codes"]
    worst = dict(zip(spread.ids, spread.worst(spread.gates), strict=True))
    ids = plan.district.communities.index
    assert codes == "".join(str(worst[one]) for one in ids)
    assert legend["title"] == ZH["view.checks.map.title"]
    now.picked = Picked("YN-1-7b")
    style, legend = check_map.state_style(plan, now, review)
    codes = value_of(style)["value"]["codes"]
    for one, code in zip(ids, codes, strict=True):
        assert STATES[int(code)] == state_of(review, "YN-1-7b", one)
    assert legend["title"] == "同意率"


def test_objects_of_a_verdict_are_found_in_layers_and_works(
    plan: Plan, now: ReviewDesk, review: Review
) -> None:
    one = first(plan)
    point = plan.district.communities.geometry.loc[[one]].representative_point()
    place = point.to_crs(4326).iloc[0]
    evidence = review.evidence
    for name, wkt in (("W1", place.wkt), ("W2", "不是几何"), ("W3", "")):
        row = {"id": name, "community_id": one, "item": f"工程{name}", "wkt": wkt}
        evidence = add_row(evidence, "works", row)
    tables = evidence.tables
    ground = replace(review.checks.ground, tables=tables)
    other = replace(review, checks=replace(review.checks, ground=ground))
    protected = str(plan.district.protected.index[0])
    things = check_objects.list_objects(other, ["W1", "W2", protected, "没有的"])
    assert [thing.id for thing in things] == ["W1", "W2", protected]
    assert things[0].name == "工程W1"
    assert check_objects.point_of(other, things[0]) == pytest.approx(
        [round(place.x, 6), round(place.y, 6)], abs=2e-6
    )
    # without a place of its own a work is where its community is
    assert things[1].geometry is not None
    own = plan.district.communities.geometry.loc[one]
    assert things[1].geometry == own
    assert check_objects.object_lines(other, [things[0]]) == []
    assert check_objects.object_lines(other, things)
    now.review = other
    check_acts.tell(plan, {"kind": "object", "id": "W1", "n": 1})
    assert check_rows.views_of(now).show == "map"


# ------------------------------------------------------------------ files


def test_files_to_take_away(review: Review, tmp_path: Path) -> None:
    table = pd.read_csv(io.BytesIO(check_downloads.make_checks_csv(review, "zh")))
    assert len(table) == len(review.checks.table)
    assert list(table.columns[:4]) == ["rule_id", "level", "subject_id", "state"]
    listed = pd.read_csv(io.BytesIO(check_downloads.make_collect_csv(review, "en")))
    assert len(listed) == len(review.checks.collect("en"))
    content = check_downloads.make_blank_zip(review)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path)
    assert "overrides.csv" not in names
    blank = pd.read_csv(tmp_path / "surveys.csv", dtype=str)
    assert len(blank) == len(review.plan.district.communities)
    assert set(blank["小区名称"]) <= set(review.plan.district.communities["name"])
    assert len(pd.read_csv(tmp_path / "works.csv")) == 0


# ------------------------------------------------------------------ the page


@pytest.fixture(scope="module")
def folder(town: District, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("district") / "town"
    write_district(town, made)
    return made


@pytest.fixture
def open_page(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., AppTest]]:
    monkeypatch.undo()  # the pages have a session of their own
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIANQU_DISTRICT", str(folder))
        yield load_page


def load_page(**parameters: str) -> AppTest:
    return open_at("checks", "pq_review_desks", **parameters)


def desk_of(app: AppTest) -> ReviewDesk:
    found: ReviewDesk = desk_in(app, "pq_review_desks")
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_in_both_languages(
    open_page: Callable[..., AppTest], lang: str
) -> None:
    app = open_page(lang=lang, profile="gansu")
    assert not app.exception
    found = desk_of(app)
    assert found.trouble is None
    assert found.review is not None
    assert found.review.ranking is not None
    assert texts(lang)["view.checks.panel.whole"] in told(app)
    assert texts(lang)["view.checks.number.ready"] in told(app)


def test_filters_settings_and_undo_on_the_page(
    open_page: Callable[..., AppTest], folder: Path
) -> None:
    app = open_page()
    found = desk_of(app)
    views = check_rows.views_of(found)
    app.selectbox(key="pq-check-stage").set_value("annual_plan").run()
    app.selectbox(key="pq-check-state").set_value("unknown").run()
    app.checkbox(key="pq-check-gates").check().run()
    app.checkbox(key="pq-check-planned").uncheck().run()
    assert views.key == ("annual_plan", "unknown", "", False, True)
    field(app.number_input, "dig_years").set_value(7)
    field(app.text_input, "as_of").set_value("明天")
    button(app, "view.checks.set.apply").click().run()
    assert any("as_of" in text.value for text in app.text)
    field(app.text_input, "as_of").set_value("2026-11-01")
    button(app, "view.checks.set.apply").click().run()
    wait_for(app, lambda: found.run is None)
    assert (found.checks.dig_years, found.checks.as_of) == (7, "2026-11-01")
    assert count_changed(found.checks, CheckSettings()) == 2
    app.button(key="pq-review-undo").click().run()
    wait_for(app, lambda: found.run is None)
    assert found.checks == CheckSettings()
    app.button(key="pq-review-redo").click().run()
    wait_for(app, lambda: found.run is None)
    button(app, "view.checks.set.restore").click().run()
    wait_for(app, lambda: found.run is None)
    assert found.checks == CheckSettings()
    app.switch_page(str(ROOT / "geo" / "views" / "data.py")).run()
    app.switch_page(str(ROOT / "geo" / "views" / "checks.py")).run()
    assert desk_of(app) is found
    views.show = "map"
    app.run()
    assert ZH["view.checks.map.title"] in told(app)
    assert not app.exception
    assert folder.is_dir()


def test_trouble_is_told_and_tried_again(open_page: Callable[..., AppTest]) -> None:
    app = open_page()
    found = desk_of(app)
    for error in (InputError("view_upload_gone"), ZeroDivisionError()):
        found.trouble, found.failed = error, None
        app.run()
        app.button(key="pq-review-retry").click().run()
        assert found.trouble is None
    assert not app.exception


def field(widgets: Any, name: str) -> Any:
    return next(one for one in widgets if one.key.startswith(f"pq-check-set-{name}-"))


def button(app: AppTest, key: str) -> Any:
    return next(one for one in app.button if one.label == texts("zh")[key])
