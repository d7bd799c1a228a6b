"""The page of the 20 indicators without a browser: rows, drill-down, counties."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import openpyxl
import pandas as pd
import pytest
from docx import Document

from geo.district import District
from geo.evidence_edits import add_row, set_cell
from geo.indicator_rules import list_indicators, list_parts
from geo.indicators import Indicators
from geo.plan import Plan, plan_district
from geo.policy_settings import CheckSettings
from geo.review import Review, review_plan
from geo.rules import load_rules
from geo.sample import make_district
from geo.schema import State
from geo.settings import Settings
from geo.text import texts
from geo.town import make_town
from geo.views import (
    evaluation_downloads,
    evaluation_map,
    evaluation_panel,
    evaluation_rows,
    evaluation_told,
    evaluation_work,
    review_jobs,
    review_work,
)
from geo.views.evaluation_work import EvaluationViews
from geo.views.review_work import ReviewDesk
from geo.views.shapes import Parcel
from geo.views.state import Choice

YEAR = 2027


@pytest.fixture(scope="module")
def town() -> District:
    """Ten communities: three planned, of which one has no party organisation."""
    made = make_district(make_town(5, communities=10))
    evidence = made.evidence
    ids = sorted(made.communities.index)
    for at, one in enumerate(ids[:3]):
        key = {"community_id": one}
        evidence = set_cell(evidence, "progress", key, "plan_year", str(YEAR))
        flag = "无" if at == 2 else "有"
        evidence = set_cell(evidence, "consent", key, "has_party_org", flag)
    key = {"community_id": ids[4]}
    for column, value in (
        ("plan_year", "2026"),
        ("start_date", "2026-03-01"),
        ("finish_date", "2026-10-01"),
        ("acceptance_passed", "是"),
    ):
        evidence = set_cell(evidence, "progress", key, column, value)
    county = {"year": str(YEAR), "name": "甲县", "city": "某市", "province": "某省"}
    evidence = add_row(evidence, "county", county)
    paper = {"id": "D1", "level": "county", "doc_type": "工作规则", "title": "规则"}
    evidence = add_row(evidence, "documents", paper)
    last = {"indicator_id": "IND-2-01", "part": "party", "value": "0.5", "year": "2025"}
    evidence = add_row(evidence, "last_indicators", last)
    return replace(made, evidence=evidence)


@pytest.fixture(scope="module")
def plan(town: District) -> Plan:
    settings = Settings(profile="yunnan", checks=CheckSettings(as_of="2026-11-22"))
    return plan_district(town, load_rules("yunnan"), settings, until="gaps")


@pytest.fixture(scope="module")
def review(plan: Plan) -> Review:
    ids = sorted(plan.district.communities.index)
    units = pd.Series([f"U{max(1, at):02d}" for at in range(len(ids))], index=ids)
    return review_plan(plan, unit_of=units.astype("str"))


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let the page's words be asked for outside of a page."""
    state: dict[str, Any] = {}
    for module in ("state", "site_work", "unit_work", "work", "review_work", "schemes"):
        monkeypatch.setattr(f"geo.views.{module}.st.session_state", state)
    return state


@pytest.fixture
def now(plan: Plan, review: Review) -> Iterator[ReviewDesk]:
    found = review_work.desk(plan)
    found.review = review
    found.reviewed = review_jobs.review_key(plan, found.ask, {})
    yield found
    found.views.clear()


@pytest.fixture
def views(now: ReviewDesk) -> EvaluationViews:
    return evaluation_work.views_of(now)


@pytest.fixture
def found(now: ReviewDesk, review: Review, views: EvaluationViews) -> Indicators:
    del views
    return evaluation_work.find_indicators(now, review)


def value_of(parcel: Parcel) -> dict[str, Any]:
    size = int.from_bytes(parcel.data[:4], "little")
    head: dict[str, Any] = json.loads(parcel.data[4 : 4 + size])
    found: dict[str, Any] = head.get("value", head)
    return found


def said(blocks: Any) -> str:
    return json.dumps(blocks, ensure_ascii=False, default=str)


def row_of(found: Indicators, indicator: str, part: str) -> pd.Series:
    rows = found.of(indicator)
    return rows[rows["part"] == part].iloc[0]


def test_the_table_has_20_rows_with_their_figures(
    now: ReviewDesk, found: Indicators
) -> None:
    rows = value_of(evaluation_rows.pack_indicators(now, found))
    assert rows["ids"] == [one.indicator_id for one in list_indicators()]
    at = rows["ids"].index("IND-2-01")
    cells = {name: column[at] for name, column in rows["columns"].items()}
    assert (cells["value"], cells["required"]) == ("66.7 %", "≥ 60.0 %")
    assert (cells["last"], cells["change"]) == ("50.0 %", "+16.7 %")
    # without a document only what all must have is asked for
    assert rows["columns"]["required"][rows["ids"].index("IND-2-06")] == ""


def test_a_headline_number_filters_the_table(
    now: ReviewDesk, found: Indicators, views: EvaluationViews
) -> None:
    counts = evaluation_told.count_states(found)
    assert sum(counts.values()) == 20
    for state, count in counts.items():
        views.state = str(state)
        rows = value_of(evaluation_rows.pack_indicators(now, found))
        assert len(rows["ids"]) == count
    assert evaluation_told.count_changes(found) == {"better": 1, "worse": 0, "same": 0}


def test_a_figure_leads_to_its_communities_and_back(
    now: ReviewDesk,
    review: Review,
    found: Indicators,
    views: EvaluationViews,
    session: dict[str, Any],
) -> None:
    evaluation_work.pick(views, "IND-2-01", "party")
    rows = value_of(evaluation_rows.pack_behind(now, review, found))
    ids = sorted(review.checks.ground.planned)
    assert rows["ids"] == [ids[2], ids[0], ids[1]]
    panel = said(evaluation_panel.panel_of(now, review, found))
    assert "成立党组织的小区占比" in panel
    assert all(one in panel for one in ids)
    assert "云建更〔2022〕19号" in panel
    # from the community back to what it counts in
    evaluation_work.pick(views, "")
    session["pq_choice"] = replace(Choice(), community=ids[2])
    back = evaluation_panel.panel_of(now, review, found)
    assert '"id": "IND-2-01", "part": "party"' in said(back)
    assert "成立党组织的小区占比" in said(back)


def test_where_no_number_is_laid_down_nobody_is_short(found: Indicators) -> None:
    row = dict(row_of(found, "IND-2-01", "committee"))
    assert not evaluation_told.is_judged(row)
    looks = evaluation_told.looks_of(row)
    assert State.SHORT not in {state for state, _ in looks.values()}
    judged = evaluation_told.looks_of(dict(row_of(found, "IND-2-01", "party")))
    assert judged["short"][0] == State.SHORT


def test_units_stand_for_their_members(review: Review, found: Indicators) -> None:
    row = row_of(found, "IND-2-03", "surveyed")
    members = {
        one
        for word in evaluation_told.WORDS
        for one in evaluation_work.members_of(review, row, word)
    }
    assert members == set(review.checks.ground.planned)


def test_the_map_shows_who_counts(
    now: ReviewDesk, review: Review, found: Indicators, views: EvaluationViews
) -> None:
    evaluation_work.pick(views, "IND-2-01", "party")
    style, legend = evaluation_map.state_style(now, review, found)
    codes = value_of(style)["codes"]
    states = [evaluation_told.STATES[int(code)] for code in codes]
    assert states.count(State.MET) == 2
    assert states.count(State.SHORT) == 1
    assert states.count(State.NOT_REQUIRED) == len(codes) - 3
    assert legend["title"] == "成立党组织的小区占比"


@pytest.mark.parametrize("part", [one.key for one in list_parts()], ids="-".join)
def test_every_part_can_be_shown(
    now: ReviewDesk,
    review: Review,
    found: Indicators,
    views: EvaluationViews,
    part: tuple[str, str],
) -> None:
    evaluation_work.pick(views, *part)
    assert evaluation_panel.panel_of(now, review, found)
    rows = evaluation_rows.pack_behind(now, review, found)
    assert evaluation_rows.behind_table(now, rows, found)["title"]
    assert evaluation_map.state_style(now, review, found)[1]["rows"]


def test_another_year_is_measured_anew(
    now: ReviewDesk, review: Review, views: EvaluationViews
) -> None:
    accepted = ("IND-1-09", "accepted")
    this = evaluation_work.find_indicators(now, review)
    assert row_of(this, *accepted)["denominator"] == 1
    views.year = 2024
    other = evaluation_work.find_indicators(now, review)
    assert other.year == 2024
    assert row_of(other, *accepted)["state"] == "not_required"


def test_counties_are_put_together(
    now: ReviewDesk, review: Review, views: EvaluationViews, found: Indicators
) -> None:
    own = evaluation_downloads.make_parts_csv(found, "zh")
    other = own.decode("utf-8-sig").replace("甲县", "乙县").encode()
    evaluation_work.take_files(views, [("乙.csv", other), ("bad.csv", b"a,b\n1,2\n")])
    assert [one.name for one in views.files] == ["乙.csv"]
    assert "bad.csv" in views.wrong[0]
    views.expected = "甲县、乙县，丙县"
    both = evaluation_work.find_indicators(now, review)
    assert (both.level, both.name, both.members) == ("city", "某市", ("乙县", "甲县"))
    assert both.absent == ("丙县",)
    assert row_of(both, "IND-2-01", "party")["denominator"] == 6
    evaluation_work.pick(views, "IND-2-01", "party")
    rows = value_of(evaluation_rows.pack_behind(now, review, both))
    assert rows["columns"]["county"] == ["乙县", "甲县", "丙县"]
    panel = said(evaluation_panel.panel_of(now, review, both))
    assert "丙县" in panel
    evaluation_work.clear_files(views)
    assert not views.files


def test_the_same_county_twice_counts_once(
    now: ReviewDesk, review: Review, views: EvaluationViews, found: Indicators
) -> None:
    own = evaluation_downloads.make_parts_csv(found, "zh")
    evaluation_work.take_files(views, [("again.csv", own)])
    both = evaluation_work.find_indicators(now, review)
    assert row_of(both, "IND-2-01", "party")["denominator"] == 3
    assert list(both.findings["code"]) == ["indicator_twice"]


def test_the_files_are_what_the_page_shows(found: Indicators) -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(evaluation_downloads.make_file(found, "zh", ".xlsx"))
    )
    assert "66.7 %" in {cell.value for row in book.worksheets[0] for cell in row}
    paper = Document(io.BytesIO(evaluation_downloads.make_file(found, "zh", ".docx")))
    assert len(paper.tables[0].rows) == 21
    table = pd.read_csv(
        io.BytesIO(evaluation_downloads.make_indicators_csv(found, "zh"))
    )
    assert len(table) == 20


def test_the_panel_without_a_selection_says_where_to_look(
    now: ReviewDesk, review: Review, found: Indicators
) -> None:
    panel = said(evaluation_panel.panel_of(now, review, found))
    zh = texts("zh")
    assert zh["view.evaluation.panel.note"] in panel
    assert "市（州）的三项制度文件" in panel
