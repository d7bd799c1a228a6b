"""The page of the plan by years without a browser: words, decisions, files."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from geo.evidence import Evidence, empty_table
from geo.plan import Plan, plan_district
from geo.policy_settings import ScheduleSettings
from geo.review import Review, review_plan
from geo.rules import load_rules
from geo.sample import make_district
from geo.settings import Settings, count_changed
from geo.text import LANGUAGES, texts
from geo.town import make_town
from geo.views import (
    review_work,
    schedule_acts,
    schedule_bar,
    schedule_downloads,
    schedule_gantt,
    schedule_looks,
    schedule_map,
    schedule_panel,
    schedule_rank,
    schedule_rows,
    schedule_told,
    state,
)
from geo.views.review_jobs import first_ask
from geo.views.review_work import Picked, ReviewDesk
from geo.views.schedule_looks import REST_LOOKS
from geo.views.schedule_told import LISTS, Board
from geo.views.shapes import Parcel

YEARS = (2027, 2028, 2029)
BUDGET = 3e6
ZH = texts("zh")


@pytest.fixture(scope="module")
def plan() -> Plan:
    rules = load_rules("gansu")
    chosen = ScheduleSettings(first_year=YEARS[0], unsure_gates=True)
    settings = Settings(profile="gansu", schedule=chosen)
    town = make_district(make_town(5, communities=14))
    return plan_district(town, rules, settings, until="units")


def make_evidence(plan: Plan) -> Evidence:
    """Costs of all communities but one, and budgets that do not reach for all."""
    ids = plan.district.communities.index
    funds = pd.DataFrame(
        {
            "community_id": ids,
            "project_cost_cny": 1e6,
            "fund_central_cny": 4e5,
            "fund_local_cny": 6e5,
        }
    )
    consent = pd.DataFrame(
        {
            "community_id": ids,
            "households_participated": plan.district.communities["households"] - 1,
            "households_agreed": plan.district.communities["households"] - 2,
            "fund_resident_cny": [1000.0, 0.0] * (len(ids) // 2),
        }
    )
    budgets = pd.DataFrame(
        {"year": [float(one) for one in YEARS], "available_cny": BUDGET}
    )
    made = Evidence()
    tables = {"funds": funds.iloc[1:], "consent": consent.iloc[2:], "budgets": budgets}
    for name, rows in tables.items():
        empty = empty_table(name)
        table = rows.reindex(columns=empty.columns).astype(empty.dtypes.to_dict())
        made = made.with_table(name, table.reset_index(drop=True))
    return made


@pytest.fixture(scope="module")
def review(plan: Plan) -> Review:
    evidence = make_evidence(plan)
    return review_plan(plan, evidence=evidence, settings=plan.settings)


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let the page's words be asked for outside of a page."""
    kept: dict[str, Any] = {}
    for module in ("state", "review_work", "work", "schedule_rank", "schedule_bar"):
        monkeypatch.setattr(f"geo.views.{module}.st.session_state", kept)
    return kept


@pytest.fixture
def now(plan: Plan, review: Review, session: dict[str, Any]) -> ReviewDesk:
    desk = ReviewDesk(first_ask(plan), review=review, reviewed=id(review))
    session["pq_review_desks"] = {plan.district.fingerprint: desk}
    return desk


@pytest.fixture(params=LANGUAGES)
def board(request: pytest.FixtureRequest, now: ReviewDesk) -> Board:
    state.choose(lang=request.param, profile="gansu")
    found = schedule_told.board_of(now)
    assert found is not None
    return found


@pytest.fixture
def zh(now: ReviewDesk) -> Board:
    found = schedule_told.board_of(now)
    assert found is not None
    return found


def refuse(word: str) -> None:
    """Refuse what no browser reads."""
    pytest.fail(f"{word} is no JSON")


def value_of(parcel: Parcel) -> dict[str, Any]:
    size = int.from_bytes(parcel.data[:4], "little")
    text = parcel.data[4 : 4 + size]
    head: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return head.get("value", head)


def told_by(blocks: list[dict[str, Any]]) -> str:
    return json.dumps(blocks, ensure_ascii=False, allow_nan=False)


def planned_of(board: Board) -> list[schedule_told.Unit]:
    return [unit for unit in board.units.values() if unit.year is not None]


# --- what is shown ------------------------------------------------------------------


def test_there_is_something_to_show(zh: Board) -> None:
    assert planned_of(zh)
    assert any(unit.year is None for unit in zh.units.values())
    assert zh.years == YEARS


def test_nothing_is_shown_while_nothing_is_reviewed(plan: Plan) -> None:
    assert schedule_told.board_of(ReviewDesk(first_ask(plan))) is None


def test_every_community_is_in_one_unit_and_every_unit_has_words(board: Board) -> None:
    members = [one for unit in board.units.values() for one in unit.members]
    assert sorted(members) == sorted(board.ranking.table.index)
    assert all(board.said[unit] for unit in board.units)
    assert set(board.reasons) == set(board.ranking.table.index)
    year_of = board.schedule.year_of
    for unit in planned_of(board):
        assert {year_of[one] for one in unit.members if one in year_of.index} == {
            unit.year
        }


@pytest.mark.parametrize("units", ["drawn", "none"])
def test_a_district_without_evidence_or_units_is_shown(
    plan: Plan, now: ReviewDesk, units: str
) -> None:
    bare = plan if units == "drawn" else replace(plan, units=None)
    now.review = review_plan(bare, evidence=Evidence(), settings=plan.settings)
    now.reviewed = f"bare {units}"
    board = schedule_told.board_of(now)
    assert board is not None
    members = [one for unit in board.units.values() for one in unit.members]
    assert sorted(members) == sorted(board.ranking.table.index)
    heads = value_of(schedule_gantt.pack(now, board))["years"]
    assert [head["limit"] for head in heads] == [None] * len(YEARS)
    assert schedule_looks.money(np.nan) in told_by(heads)
    assert schedule_map.year_style(now, board).data
    for listed in LISTS[2:]:
        schedule_told.views_of(now).listed = listed
        assert schedule_rows.pack(now, board).data
    # some wait for evidence, but those that are unsure may be planned here
    assert ZH["view.schedule.panel.empty"] not in told_by(
        schedule_panel.panel_of(now, board)
    )
    for unit in board.units:
        now.picked = Picked(subject=unit)
        assert told_by(schedule_panel.panel_of(now, board))


def test_where_nothing_can_be_planned_it_says_what_to_do(
    plan: Plan, now: ReviewDesk
) -> None:
    chosen = replace(plan.settings.schedule, unsure_gates=False)
    settings = replace(plan.settings, schedule=chosen)
    now.review = review_plan(plan, evidence=Evidence(), settings=settings)
    now.reviewed = "empty"
    board = schedule_told.board_of(now)
    assert board is not None
    assert not planned_of(board)
    told = told_by(schedule_panel.panel_of(now, board))
    assert ZH["view.schedule.panel.empty"] in told


def test_units_are_named_in_sentences(zh: Board) -> None:
    unit = next(iter(zh.units.values()))
    assert zh.rename(f"{unit.id} 先行，X{unit.id} 不变") == (
        f"{unit.name} 先行，X{unit.id} 不变"
    )


@pytest.mark.parametrize("count", [1, 2, 3, 5, 12])
def test_years_are_told_apart_also_in_grey(count: int) -> None:
    looks = schedule_looks.year_looks(tuple(range(2027, 2027 + count)))
    fills = [look.fill or "" for look in looks]
    assert len(set(fills)) == count
    parts = np.array([[int(one[at : at + 2], 16) for at in (1, 3, 5)] for one in fills])
    grey = parts @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(grey) > 0).all()
    assert looks[0].ink == "#FFFFFF"


@pytest.mark.parametrize(
    ("cny", "said"),
    [(12_345_000.0, "1,234 万元"), (556_000.0, "55.6 万元"), (np.nan, "未知")],
)
def test_money(cny: float, said: str) -> None:
    assert schedule_looks.money(cny) == said


@pytest.mark.usefixtures("now")
def test_the_map_shows_the_year_of_each_community(board: Board) -> None:
    classes = schedule_map.community_classes(board)
    year_of = board.schedule.year_of
    for community, code in classes.items():
        if community in year_of.index:
            assert YEARS[code] == year_of[community]
        else:
            assert code >= len(YEARS)
    legend = schedule_map.year_legend(board)
    counts = [int("".join(filter(str.isdigit, row["count"]))) for row in legend["rows"]]
    assert sum(counts) == len(classes)


def test_the_style_has_a_place_for_each_community(
    now: ReviewDesk, board: Board
) -> None:
    content = value_of(schedule_map.year_style(now, board))
    count = len(board.review.plan.district.communities)
    assert len(content["codes"]) == len(content["unit"]) == count
    assert len(content["classes"]) == len(YEARS) + len(REST_LOOKS)
    assert min(content["unit"]) >= 0
    units = content["units"]
    planned = {unit.id: unit.year for unit in planned_of(board)}
    for one, number in zip(units["ids"], units["numbers"], strict=True):
        assert (str((planned.get(one) or 0) % 100) in number) or one not in planned
    assert schedule_map.outlines(board).data


def test_the_chart_has_bars_in_their_years(now: ReviewDesk, board: Board) -> None:
    content = value_of(schedule_gantt.pack(now, board))
    assert [head["year"] for head in content["years"]] == list(YEARS)
    for row in content["rows"]:
        unit = board.units[row["id"]]
        assert (row["year"] == -1) == (unit.year is None)
        assert unit.year is None or YEARS[row["year"]] == unit.year
        assert row["why"]
        for mark in row["marks"]:
            found = dict(board.renewals[unit.id].renewals)
            assert any(YEARS[mark["at"]] in years for years in found.values())
    for head in content["years"]:
        year = board.schedule.years.loc[head["year"]]
        assert head["limit"] == pytest.approx(1 / 1.25)
        assert head["share"] == pytest.approx(year["cost_cny"] / BUDGET / 1.25)
    shown = schedule_gantt.data(now, board, schedule_gantt.pack(now, board))
    assert shown["movable"]


def test_the_panel_of_the_whole_plan(now: ReviewDesk, board: Board) -> None:
    told = told_by(schedule_panel.panel_of(now, board))
    assert str(YEARS[0]) in told
    assert "U0" not in told


def test_the_panel_of_each_unit_and_community(now: ReviewDesk, board: Board) -> None:
    for unit in board.units.values():
        now.picked = Picked(subject=unit.id)
        blocks = schedule_panel.panel_of(now, board)
        assert blocks[0]["title"] == unit.name
        events = {one["event"]["kind"] for one in blocks_buttons(blocks)}
        able = unit.year is not None or unit.rest == schedule_looks.LEFT
        assert ({"pin", "bar"} <= events) == able
    now.picked = Picked()
    for community in board.ranking.table.index:
        state.choose(community=community)
        told = told_by(schedule_panel.panel_of(now, board))
        assert schedule_told.community_name(board.review, community) in told


def blocks_buttons(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for block in blocks for one in block.get("buttons", ())]


def test_a_pinned_unit_can_be_set_free(now: ReviewDesk, zh: Board) -> None:
    unit = planned_of(zh)[0]
    now.ask = replace(now.ask, pinned=tuple((one, 2029) for one in unit.members))
    now.picked = Picked(subject=unit.id)
    kinds = [
        one["event"]["kind"] for one in blocks_buttons(schedule_panel.panel_of(now, zh))
    ]
    assert "free" in kinds
    now.ask = replace(now.ask, pinned=(), barred=unit.members)
    events = [
        one["event"]["kind"] for one in blocks_buttons(schedule_panel.panel_of(now, zh))
    ]
    assert "free" in events
    assert "bar" not in events


# --- the ranking --------------------------------------------------------------------


def test_the_ranking_has_the_points_of_each_part(now: ReviewDesk, board: Board) -> None:
    rows = schedule_rank.pack(now, board)
    columns = value_of(rows)["columns"]
    table = board.ranking.table
    for parts, score, most in zip(
        columns["stack"], table["score"], table["score_most"], strict=True
    ):
        assert sum(parts[:3]) == pytest.approx(score, abs=0.05)
        assert sum(parts) == pytest.approx(most, abs=0.05)
    shown = schedule_rank.table(rows)
    assert {one["name"] for one in shown["columns"]} <= set(columns)
    told = told_by(schedule_rank.sensitivity(board))
    assert "×0.8" in told
    assert len(schedule_rank.parts_legend()[0]["items"]) == 4


def test_a_weight_is_set_undone_and_restored(
    plan: Plan, now: ReviewDesk, session: dict[str, Any]
) -> None:
    session["key"] = 70.0
    schedule_rank._set_weight(plan, "weight_scheme", "key")
    assert now.reserve.weight_scheme == 70
    step = now.past[-1]
    assert "70" in dict(step.values)["value"]
    review_work.undo(plan)
    assert now.reserve.weight_scheme == 30
    review_work.redo(plan)
    schedule_rank._restore(plan)
    assert now.reserve == plan.settings.reserve


def test_weights_that_order_nothing_are_refused(
    plan: Plan, now: ReviewDesk, session: dict[str, Any]
) -> None:
    only = {f"weight_{part}": 0.0 for part in ("facilities", "scheme")}
    now.ask = replace(now.ask, reserve=replace(now.reserve, **only))
    session["key"] = 0.0
    schedule_rank._set_weight(plan, "weight_willingness", "key")
    assert now.reserve.weight_willingness == 30
    assert session["pq-schedule-weight-wrong"]


# --- decisions ----------------------------------------------------------------------


def test_accept_pin_bar_and_free(plan: Plan, now: ReviewDesk, zh: Board) -> None:
    unit = planned_of(zh)[0]
    schedule_acts.tell(plan, {"kind": "pin", "id": unit.id, "year": 2029})
    assert dict(now.pinned) == dict.fromkeys(unit.members, 2029)
    schedule_acts.tell(plan, {"kind": "bar", "id": unit.id})
    assert now.pinned == ()
    assert now.barred == unit.members
    schedule_acts.tell(plan, {"kind": "free", "id": unit.id})
    assert now.barred == ()
    schedule_acts.tell(plan, {"kind": "pin", "id": unit.id, "year": 2028})
    schedule_acts.tell(plan, {"kind": "free", "id": unit.id})
    assert now.pinned == ()
    for step in now.past:
        assert ZH[step.key].format(**dict(step.values))
    review_work.undo(plan)
    assert dict(now.pinned) == dict.fromkeys(unit.members, 2028)


def test_clicks_select_units_and_communities(
    plan: Plan, now: ReviewDesk, zh: Board
) -> None:
    unit = next(one for one in zh.units.values() if len(one.members) > 1)
    schedule_acts.tell(plan, {"kind": "unit", "id": unit.id})
    assert schedule_told.selected_unit(now, zh) == unit.id
    schedule_acts.tell(plan, {"kind": "unit", "id": unit.id})
    assert schedule_told.selected_unit(now, zh) == ""
    member = unit.members[0]
    schedule_acts.tell(plan, {"kind": "select", "id": member})
    assert state.choice().community == member
    assert schedule_told.selected_unit(now, zh) == unit.id
    schedule_acts.tell(plan, {"kind": "clear"})
    assert state.choice().community is None
    schedule_acts.tell(plan, {"kind": "row", "id": member})
    assert state.choice().community == member
    schedule_acts.tell(plan, {"kind": "row", "id": f"{unit.id}|other|2027"})
    assert now.picked.subject == unit.id
    schedule_acts.tell(plan, {"kind": "go_unit", "id": unit.id})
    assert state.going()["id"] == member
    schedule_acts.tell(plan, {"kind": "list", "id": "left"})
    assert schedule_told.views_of(now).listed == "left"
    schedule_acts.tell(plan, {"kind": "list", "id": "nothing"})
    assert schedule_told.views_of(now).listed == "left"


def test_clicks_on_what_is_gone_do_nothing(plan: Plan, now: ReviewDesk) -> None:
    for kind in ("unit", "pin", "bar", "go_unit", "row"):
        schedule_acts.tell(plan, {"kind": kind, "id": "gone", "year": 2027})
    assert now.past == ()
    assert state.choice().community is None


# --- lists and files ----------------------------------------------------------------


@pytest.mark.parametrize(
    "listed", [one for one in LISTS if one not in ("gantt", "ranking")]
)
def test_lists_have_a_cell_for_each_column(
    now: ReviewDesk, board: Board, listed: str
) -> None:
    schedule_told.views_of(now).listed = listed
    rows = schedule_rows.pack(now, board)
    content = value_of(rows)
    shown = schedule_rows.table(now, board, rows)
    for column in shown["columns"]:
        assert len(content["columns"][column["name"]]) == len(content["ids"])
    if listed == "left":
        left = [unit for unit in board.units.values() if unit.year is None]
        assert content["ids"] == [unit.id for unit in left]
    if listed == "inversions":
        assert len(content["ids"]) == len(board.schedule.inversions)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_files(zh: Board, lang: str) -> None:
    for make, start in (
        (schedule_downloads.make_ranking_csv, "community_id,rank,score"),
        (schedule_downloads.make_schedule_csv, "unit_id,year"),
        (schedule_downloads.make_left_csv, "unit_id,why"),
        (schedule_downloads.make_funds_csv, "year,source"),
    ):
        text = make(zh, lang).decode("utf-8-sig")
        assert text.startswith(start)
        assert len(text.splitlines()) > 1


def test_settings_of_the_plan(
    plan: Plan, now: ReviewDesk, session: dict[str, Any]
) -> None:
    session["pq-schedule-set-years-x"] = 5
    schedule_bar._apply(plan, "x")
    assert now.schedule.years == 5
    assert count_changed(now.schedule, plan.settings.schedule) == 1
    schedule_bar._restore(plan)
    assert now.schedule == plan.settings.schedule
    session["pq-schedule-set-years-x"] = 0
    schedule_bar._apply(plan, "x")
    assert now.schedule.years == 3
    assert session["pq-schedule-wrong"]


def test_every_setting_and_setting_help_has_words() -> None:
    for name in (*schedule_bar._NUMBERS, *schedule_bar._SWITCHES):
        assert ZH[f"view.schedule.set.{name}"]
        assert ZH[f"view.schedule.set_help.{name}"]
    for name in schedule_rank._STEPS:
        assert ZH[f"view.schedule.weights.{name}"]
        assert ZH[f"view.schedule.weights.help.{name}"]
