"""The page of units without a browser: solving, editing, schemes, files."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from app_pages import desk_in, open_at, told, wait_for
from streamlit.testing.v1 import AppTest

from geo.decisions import Decisions, list_decisions, make_decisions, parse_decisions
from geo.district import District, write_district
from geo.errors import OutputError
from geo.plan import Plan, plan_district
from geo.progress import no_progress
from geo.rules import RuleBook
from geo.sample import make_district
from geo.settings import Settings, UnitSettings
from geo.text import texts
from geo.town import make_town
from geo.unit_drafts import Draft, History, make_draft, start_draft
from geo.unit_edits import EDITS
from geo.units import Units, draw_units
from geo.views import (
    schemes,
    unit_downloads,
    unit_panel,
    unit_rows,
    unit_told,
    unit_work,
)
from geo.views.unit_work import Desk, Live

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def town() -> District:
    return make_district(make_town(5, communities=14))


@pytest.fixture(scope="module")
def plan(town: District, rules: RuleBook) -> Plan:
    return plan_district(town, rules, Settings(), until="gaps")


@pytest.fixture(scope="module")
def units(plan: Plan) -> Units:
    return draw_units(plan.life_circle)


@pytest.fixture
def desk(units: Units) -> Desk:
    draft = make_draft(dict(units.unit_of), Decisions())
    return Desk(units.settings, units=units, history=History(draft))


def now_of(desk: Desk) -> Draft:
    assert desk.history is not None
    return desk.history.now


def joint_of(draft: Draft) -> tuple[str, ...]:
    return max(draft.groups().values(), key=len)


# ------------------------------------------------------------------ the desk


def test_measuring_asks_no_solver(
    desk: Desk, units: Units, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit_work, "draw_units", None)
    table = unit_work.measure(desk, now_of(desk))
    assert table["score"].sum() == pytest.approx(units.score)
    assert unit_work.measure(desk, now_of(desk)) is table
    assert unit_work.as_solved(desk)
    unit_work.edit(
        desk, EDITS["scatter"](now_of(desk), joint_of(now_of(desk))), "scatter"
    )
    after = unit_work.measure(desk, now_of(desk))
    assert after["score"].sum() < table["score"].sum()
    assert not unit_work.as_solved(desk)
    unit_work.undo(desk)
    assert unit_work.as_solved(desk)
    unit_work.redo(desk)
    assert not unit_work.as_solved(desk)
    for _ in range(20):
        unit_work.measure(desk, replace(now_of(desk)))
    assert len(desk.measured) <= unit_work._KEPT


def test_a_broken_wish_is_seen_at_once(desk: Desk) -> None:
    members = joint_of(now_of(desk))
    draft = EDITS["forbid"](now_of(desk), members[:2])
    table = unit_work.measure(desk, draft)
    assert "forbidden" in table.loc[draft.unit_of[members[0]], "broken"]


def test_nothing_is_edited_while_the_solver_is_at_work(desk: Desk) -> None:
    before = now_of(desk)
    desk.run = object()  # type: ignore[assignment]
    unit_work.edit(desk, EDITS["scatter"](before, joint_of(before)), "scatter")
    unit_work.undo(desk)
    unit_work.redo(desk)
    assert now_of(desk) is before


def test_a_stopped_solver_leaves_its_best_plan(plan: Plan) -> None:
    live = Live()
    live.stop.set()
    # settings that no other test asks for: nothing of the answer is on the shelf
    wishes = Decisions(settings=UnitSettings(target_households=1499.0))
    content = unit_work.work_on(plan, wishes, live)
    made = content(no_progress)
    assert live.preview is not None
    assert set(live.preview.index) == set(plan.district.communities.index)
    assert set(made.unit_of.index) == set(plan.district.communities.index)
    if live.state is not None:
        assert not made.finished
    # what was stopped is not handed to the next who asks the same
    whole = unit_work.work_on(plan, Decisions(settings=UnitSettings()), Live())
    assert whole(no_progress).finished


def test_the_same_question_is_answered_once(plan: Plan) -> None:
    wishes = Decisions(name="甲", settings=UnitSettings(communities_most=3))
    first = unit_work.work_on(plan, wishes, Live())(no_progress)
    other = replace(wishes, name="乙")
    assert unit_work.work_on(plan, other, Live())(no_progress) is first
    assert first.settings.communities_most == 3


# ------------------------------------------------------------------ words and rows


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the page's words be asked for outside of a page."""
    state: dict[str, Any] = {}
    for module in ("state", "schemes", "unit_work", "work"):
        monkeypatch.setattr(f"geo.views.{module}.st.session_state", state)


def test_five_numbers_and_what_is_proved(desk: Desk, units: Units) -> None:
    table = unit_work.measure(desk, now_of(desk))
    block = unit_told.numbers(desk, now_of(desk), table)
    assert len(block["items"]) == 5
    assert texts("zh")["view.units.proof.proved"] in block["items"][3]["note"]
    bound = units.pieces.assign(bound=np.nan, state="none")
    desk.units = replace(units, pieces=bound)
    assert unit_told.proof_words(desk, table) == texts("zh")["view.units.proof.none"]
    bound = units.pieces.assign(bound=units.pieces["score"] * 1.25, state="gap")
    desk.units = replace(units, pieces=bound, finished=False)
    told = unit_told.proof_words(desk, table)
    assert "20.00%" in told
    assert texts("zh")["view.units.proof.stopped"] in told


def test_an_edit_is_told_against_what_was_solved(desk: Desk) -> None:
    before = now_of(desk)
    unit_work.edit(desk, EDITS["scatter"](before, joint_of(before)), "scatter")
    table = unit_work.measure(desk, now_of(desk))
    note = unit_told.numbers(desk, now_of(desk), table)["items"][3]["note"]
    assert "比自动划分少" in note
    assert "比上一步 −" in note


def test_the_panel_follows_the_selection(plan: Plan, desk: Desk) -> None:
    draft = now_of(desk)
    table = unit_work.measure(desk, draft)

    def told(*picked: str) -> str:
        desk.picked = picked
        blocks = unit_panel.blocks(plan, desk, now_of(desk), table)
        return json.dumps(blocks, ensure_ascii=False)

    members = joint_of(draft)
    words = texts("zh")
    assert words["view.units.panel.whole"] in told()
    assert words["view.units.panel.terms"] in told(*members)
    assert words["view.units.panel.judged"] in told(members[0])
    other = next(one for one in draft.unit_of if one not in members)
    assert words["view.units.panel.why_not"] in told(members[0], other)
    assert words["view.units.panel.if_merged"] in told(members[0], other)
    assert words["view.units.panel.whole"] in told("nobody")


def test_wishes_can_be_taken_back_from_the_panel(plan: Plan, desk: Desk) -> None:
    members = joint_of(now_of(desk))
    draft = EDITS["exclude"](EDITS["lock"](now_of(desk), members[:2]), members[2:3])
    desk.history = History(draft)
    blocks = unit_panel.blocks(plan, desk, draft, unit_work.measure(desk, draft))
    rows = [row for block in blocks for row in block.get("rows", [])]
    wishes = {
        row["event"]["id"] for row in rows if row.get("event", {}).get("kind") == "wish"
    }
    assert wishes == {"locked", "excluded"} or len(members) < 3


@pytest.mark.parametrize("shown", unit_rows.FILTERS)
def test_rows_stand_for_the_number_that_was_clicked(
    plan: Plan, desk: Desk, shown: str
) -> None:
    table = unit_work.measure(desk, now_of(desk))
    rows = unit_rows.pack(plan, table, unit_told.names_of(desk), shown)
    head = json.loads(rows.data[4 : 4 + int.from_bytes(rows.data[:4], "little")])
    joint = table["communities"] > 1
    expected = {
        "": len(table),
        "joint": int(joint.sum()),
        "single": int((~joint).sum()),
        "closed": int((table["households_closed"] > 0).sum()),
        "broken": 0,
    }[shown]
    assert len(head["value"]["ids"]) == expected
    assert unit_rows.table(rows, shown, None)["rows"] == rows.key


# ------------------------------------------------------------------ schemes


def test_files_hold_the_units_that_are_shown(
    plan: Plan, desk: Desk, tmp_path: Path
) -> None:
    before = now_of(desk)
    unit_work.edit(desk, EDITS["scatter"](before, joint_of(before)), "scatter")
    units = unit_downloads.as_units(plan, desk, now_of(desk))
    assert units is not None
    table = pd.read_csv(io.BytesIO(unit_downloads.make_units_csv(units, "zh")))
    assert dict(zip(table["community_id"], table["unit_id"], strict=True)) == dict(
        now_of(desk).unit_of
    )
    summary = pd.read_csv(io.BytesIO(unit_downloads.make_summary_csv(units, "en")))
    assert len(summary) == len(now_of(desk).groups())
    path = tmp_path / "units.gpkg"
    path.write_bytes(unit_downloads.make_gpkg(units, "zh"))
    assert len(gpd.read_file(path)) == len(summary)
    book = openpyxl.load_workbook(io.BytesIO(unit_downloads.make_xlsx(units, "zh")))
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    scheme = parse_decisions(unit_downloads.make_json(units, "zh").decode(), "x.json")
    again = start_draft(plan.district.communities.index, scheme)
    assert set(again.groups().values()) == set(now_of(desk).groups().values())


def test_names_of_schemes_are_safe_file_names(tmp_path: Path) -> None:
    place = tmp_path / "district"
    names = ["方案一", "../../etc/passwd", "a/b", "", "a b", ".", "CON*?"]
    for name in names:
        path = schemes.scheme_path(place, name)
        assert path.parent == place / "plans"
        assert path.suffix == ".json"
        assert not path.stem.startswith(".")


def test_another_scheme_does_not_take_the_file(tmp_path: Path) -> None:
    place = tmp_path / "district"
    first = schemes.scheme_path(place, "a/b")
    schemes.write_decisions(make_decisions(name="a/b"), first)
    assert schemes.scheme_path(place, "a/b") == first
    assert schemes.scheme_path(place, "a?b") == first.with_name("a_b-2.json")


def test_a_scheme_that_cannot_be_written_is_kept_and_told(
    plan: Plan, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plans").write_text("a file", encoding="utf-8")
    monkeypatch.setattr(schemes, "folder", lambda: tmp_path)
    monkeypatch.setattr(unit_work, "desk", lambda _: desk)
    schemes.save(plan, "甲")
    assert isinstance(desk.trouble, OutputError)
    assert "plans" in desk.trouble.message("zh")
    assert schemes.kept(plan)["甲"].units
    assert (tmp_path / "plans").read_text(encoding="utf-8") == "a file"


def test_two_schemes_are_compared(desk: Desk) -> None:
    mine = now_of(desk)
    other = EDITS["scatter"](mine, joint_of(mine))
    tables = [unit_work.measure(desk, one) for one in (mine, other)]
    rows, table = schemes.difference_rows(desk, mine, other)
    head = json.loads(rows.data[4 : 4 + int.from_bytes(rows.data[:4], "little")])
    assert head["value"]["ids"] == list(joint_of(mine))
    assert table["rows"] == rows.key
    sums, _ = schemes.measure_rows(desk, *tables)
    head = json.loads(sums.data[4 : 4 + int.from_bytes(sums.data[:4], "little")])
    columns = head["value"]["columns"]
    at = head["value"]["ids"].index("joint")
    assert columns["mine"][at] == columns["other"][at] + 1
    assert columns["change"][at] == "+1"
    _, same = schemes.difference_rows(desk, mine, mine)
    assert same["title"] == texts("zh")["view.units.scheme.same"]


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
    return open_at("units", "pq_desks", **parameters)


def desk_of(app: AppTest) -> Desk:
    found: Desk = desk_in(app, "pq_desks")
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_in_both_languages(
    open_page: Callable[..., AppTest], lang: str
) -> None:
    app = open_page(lang=lang)
    assert not app.exception
    assert desk_of(app).trouble is None
    assert texts(lang)["view.units.panel.whole"] in told(app)
    assert texts(lang)["view.units.proof.proved"] in told(app)


def test_the_whole_path_by_buttons(
    open_page: Callable[..., AppTest], folder: Path
) -> None:
    app = open_page()
    desk = desk_of(app)
    first = now_of(desk)
    members = joint_of(first)
    unit_work.edit(desk, EDITS["scatter"](first, members), "scatter")
    app.run()
    undo = app.button(key="pq-unit-undo")
    assert texts("zh")["view.units.step.scatter"] in undo.label
    undo.click().run()
    assert now_of(desk) == first
    app.button(key="pq-unit-redo").click().run()
    assert len(now_of(desk).groups()) == len(first.groups()) + len(members) - 1
    app.button(key="pq-unit-finish").click().run()
    wait_for(app, lambda: desk_of(app).run is None)
    kept = now_of(desk)
    assert all(kept.members(kept.unit_of[one]) == (one,) for one in members)
    app.text_input(key="pq-unit-scheme-name").set_value("方案一").run()
    app.button(key="pq-unit-save").click().run()
    assert [one.name for one in list_decisions(folder).values()] == ["方案一"]
    assert now_of(desk).groups().keys() == kept.groups().keys()
    app.button(key="pq-unit-undo").click().run()
    app.button(key="pq-unit-undo").click().run()
    assert now_of(desk) == first
    app.selectbox(key="pq-unit-against").set_value("方案一").run()
    assert not app.exception
    assert texts("zh")["view.units.scheme.current"] in told(app)
    app.button(key="pq-unit-open-0").click().run()
    wait_for(app, lambda: desk_of(app).run is None)
    assert set(now_of(desk).groups().values()) == set(kept.groups().values())
    app.switch_page(str(ROOT / "geo" / "views" / "data.py")).run()
    app.switch_page(str(ROOT / "geo" / "views" / "units.py")).run()
    assert desk_of(app) is desk
    assert not app.exception


def test_settings_are_applied_and_given_back(
    open_page: Callable[..., AppTest],
) -> None:
    app = open_page()
    number = next(
        one
        for one in app.number_input
        if one.key.startswith("pq-unit-set-communities_most")
    )
    number.set_value(2)
    button(app, "view.units.set.apply").click().run()
    wait_for(app, lambda: desk_of(app).run is None)
    desk = desk_of(app)
    assert desk.settings.communities_most == 2
    assert max(len(members) for members in now_of(desk).groups().values()) == 2
    least = next(
        one
        for one in app.number_input
        if one.key.startswith("pq-unit-set-communities_least")
    )
    least.set_value(3)
    button(app, "view.units.set.apply").click().run()
    assert desk.settings.communities_least == 1
    assert desk.run is None
    assert any("communities_least" in text.value for text in app.text)
    button(app, "view.units.set.restore").click().run()
    wait_for(app, lambda: desk_of(app).run is None)
    assert desk.settings == UnitSettings()
    assert not app.exception


def test_a_link_selects_its_community(open_page: Callable[..., AppTest]) -> None:
    community = "C003"
    app = open_page(at=community)
    assert desk_of(app).picked == (community,)
    assert not app.exception


def button(app: AppTest, key: str) -> Any:
    return next(one for one in app.button if one.label == texts("zh")[key])
