"""The pages without a browser: state, jobs, parcels, rows, files to take away."""

import io
import json
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from streamlit.testing.v1 import AppTest

from geo.district import District, write_district
from geo.errors import CancelledError, InputError
from geo.plan import Plan, plan_district
from geo.progress import Progress
from geo.rules import RuleBook
from geo.sample import make_district
from geo.schema import State
from geo.settings import Settings
from geo.text import texts
from geo.town import make_town
from geo.views import downloads, jobs
from geo.views.board import Board, make_board
from geo.views.jobs import Shelf
from geo.views.shapes import Parcel, degrees_of, pack_shapes, pack_value
from geo.views.state import TIERS, Choice, read_address

ROOT = Path(__file__).resolve().parents[1]
WAIT_S = 600


# ------------------------------------------------------------------ state


@pytest.mark.parametrize(
    "choice",
    [
        Choice(),
        Choice("en", "gansu", "childcare", 10, "elder", "size", "C001"),
        Choice(community="<script>", category="a&b=c"),
    ],
)
def test_a_link_restores_the_choice(choice: Choice) -> None:
    assert read_address(choice.address(), Choice("en", "yunnan")) == choice


def test_a_bad_link_is_as_by_default() -> None:
    given = {"lang": "fr", "t": "7", "pace": "run", "test": "x", "c": "market"}
    assert read_address(given, Choice("en")) == Choice(category="market")


def test_an_empty_address_changes_nothing() -> None:
    now = Choice("en", "gansu", "market", 5)
    assert read_address({}, now) == now
    assert read_address({"utm": "1"}, now) == now


# ------------------------------------------------------------------ jobs


def test_two_sessions_share_a_job_and_one_may_leave() -> None:
    shelf, go, calls = Shelf(), threading.Event(), []

    def work(progress: Progress) -> str:
        calls.append(1)
        progress("stage.read", 0.5)
        go.wait(5)
        progress("stage.read", 0.9)
        return "made"

    first = shelf.start("key", work, "one")
    second = shelf.start("key", work, "two")
    first.cancel("one")
    go.set()
    assert first is second
    assert second.result() == "made"
    assert calls == [1]


def test_a_job_that_nobody_waits_for_is_stopped() -> None:
    shelf, begun, go = Shelf(), threading.Event(), threading.Event()

    def work(progress: Progress) -> None:
        begun.set()
        go.wait(5)
        progress("stage.read", 0.9)

    job = shelf.start("key", work, "one")
    assert begun.wait(5)
    job.cancel("one")
    go.set()
    with pytest.raises(CancelledError):
        job.result()
    assert job.failed
    again = shelf.start("key", lambda _: "anew", "one")
    assert again.result() == "anew"


def test_the_shelf_keeps_what_was_used_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KEPT_RESULTS", 2)
    monkeypatch.setattr(jobs, "KEPT_VIEWS", 2)
    shelf = Shelf()
    for key in ("a", "b", "a", "c"):
        shelf.start(key, lambda _: None, "one").result()
    shelf.start("d", lambda _: None, "one").result()
    shelf.start("d", lambda _: None, "one")
    assert shelf.peek("b") is None
    assert shelf.peek("d") is not None
    made = [shelf.view(key, lambda key=key: [key]) for key in ("x", "y", "x", "z")]
    assert shelf.view("x", lambda: ["other"]) is made[0]
    assert shelf.view("y", lambda: ["again"]) == ["again"]


# ------------------------------------------------------------------ parcels


def unpack(parcel: Parcel) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """Read a parcel as ``store.js`` does."""
    (length,) = struct.unpack_from("<I", parcel.data)
    head = json.loads(parcel.data[4 : 4 + length])
    start = 4 + length + (-length % 4)
    numbers = np.frombuffer(parcel.data, "<i4", offset=start)
    sections = head.get("sections", {})
    return head, {
        name: numbers[at : at + count].tolist()
        for name, (at, count) in sections.items()
    }


def test_shapes_arrive_with_holes_and_parts() -> None:
    west = shapely.box(500_000, 3_000_000, 500_300, 3_000_300)
    ring = west.difference(west.buffer(-100))
    parts = shapely.MultiPolygon(
        [west, shapely.transform(west, lambda xy: xy + np.array([900.0, 0.0]))]
    )
    line = shapely.LineString([(500_000, 3_000_000), (500_500, 3_000_100)])
    frame = gpd.GeoDataFrame(
        {"name": ["环", None, "线", "空"]},
        geometry=[ring, parts, line, None],
        index=list("abcd"),
        crs=4544,
    )
    head, sections = unpack(pack_shapes("layer", frame, extra={"codes": "xyzu"}))
    assert head["ids"] == list("abcd")
    assert head["names"] == ["环", "", "线", "空"]
    assert head["codes"] == "xyzu"
    rings_of = np.diff(sections["shapes"])
    assert rings_of.tolist() == [2, 2, 1, 0]
    degrees = frame.geometry.to_crs(4326)
    points = np.reshape(sections["xy"], (-1, 2)) / 1e6
    first = points[sections["rings"][0] : sections["rings"][1]]
    outline = shapely.get_coordinates(degrees.iloc[0].exterior)
    assert np.abs(np.sort(first, axis=0) - np.sort(outline, axis=0)).max() < 1e-6
    anchors = shapely.points(np.reshape(sections["anchors"], (-1, 2)) / 1e6)
    assert shapely.covers(degrees.iloc[0], anchors[0])
    assert shapely.covers(degrees.iloc[1], anchors[1])


def test_keys_follow_the_content() -> None:
    one, same, other = (pack_value("rows", {"a": x}) for x in (1, 1, 2))
    assert one == same
    assert one.key != other.key
    with pytest.raises(ValueError, match="JSON"):
        pack_value("rows", float("nan"))


def test_degrees_of_lines_and_outlines() -> None:
    line = shapely.LineString([(500_000, 3_000_000), (500_500, 3_000_100)])
    hole = shapely.box(500_000, 3_000_000, 500_300, 3_000_300)
    found = degrees_of(
        gpd.GeoSeries([line, hole.difference(hole.buffer(-9))], crs=4544)
    )
    assert [len(part) for part in found] == [2, 5, 5]


# ------------------------------------------------------------------ plan


@pytest.fixture(scope="module")
def town() -> District:
    return make_district(make_town(5, communities=12))


@pytest.fixture(scope="module")
def plan(town: District, rules: RuleBook) -> Plan:
    return plan_district(town, rules, Settings(), until="gaps")


@pytest.fixture(scope="module")
def board(plan: Plan) -> Board:
    return make_board(plan)


def test_the_board_says_what_the_gaps_say(plan: Plan, board: Board) -> None:
    shuffled = plan.gaps.sample(frac=1, random_state=1)
    for row in shuffled.head(60).to_dict("records"):
        at = board.at(row["community_id"])
        assert at is not None
        found = board.row(at, board.categories.index(row["category"]))
        assert found["state"] == row["state"]
        assert found["reason"] == row["reason"]
    assert board.at("nobody") is None
    assert board.at(None) is None
    kind = board.categories.index("market")
    rows = plan.gaps.iloc[board.rows_of(kind)]
    assert list(rows["community_id"]) == list(board.ids)
    assert set(rows["category"]) == {"market"}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("pace", ["adult", "elder"])
def test_tier_and_pace_choose_their_column(
    plan: Plan, board: Board, tier: int, pace: str
) -> None:
    states = board.verdicts(Choice(tier=tier, pace=pace))
    start = "elder_" if pace == "elder" else ""
    own = "elder_state" if pace == "elder" else "distance_state"
    name = f"{start}state_{tier}min" if tier else own
    count = int((plan.gaps[name] == State.MET).sum())
    assert int((states == State.MET).sum()) == count
    assert (board.verdicts(Choice(test="size")) == board.columns["size_state"]).all()
    assert (board.verdicts(Choice(test="state")) == board.columns["state"]).all()


def test_files_hold_what_is_shown(plan: Plan, board: Board, tmp_path: Path) -> None:
    now = Choice(category="market")
    table = pd.read_csv(io.BytesIO(downloads.make_csv(plan, board, now)))
    assert set(table["category"]) == {"market"}
    assert len(table) == len(board.ids)
    everything = pd.read_csv(io.BytesIO(downloads.make_csv(plan, board, Choice())))
    assert len(everything) == len(plan.gaps)
    path = tmp_path / "shown.gpkg"
    path.write_bytes(downloads.make_gpkg(plan, board, now))
    layer = gpd.read_file(path)
    assert len(layer) == len(board.ids)
    assert layer.crs is not None
    for lang in ("zh", "en"):
        page = downloads.make_html(plan, board, replace(now, lang=lang)).decode()
        assert plan.rules.category_name("market", lang) in page


def test_workbooks_hold_no_formula(plan: Plan, board: Board) -> None:
    named = plan.district.communities.assign(name='=HYPERLINK("http://x","y")')
    hostile = replace(plan, district=replace(plan.district, communities=named))
    content = downloads.make_xlsx(hostile, board, Choice(category="market"))
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds


# ------------------------------------------------------------------ pages


@pytest.fixture(scope="module")
def served(
    town: District, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., AppTest]]:
    folder = tmp_path_factory.mktemp("district") / "town"
    write_district(town, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIANQU_DISTRICT", str(folder))
        yield open_app


def open_app(page: str = "overview", **parameters: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    for _ in range(WAIT_S * 4):
        running = app.session_state["pq_bench"].job
        if running is None:
            break
        threading.Event().wait(0.25)
        app.run()
    if page != "overview":
        app.switch_page(str(ROOT / "geo" / "views" / f"{page}.py")).run()
    return app


def told(app: AppTest) -> str:
    """Return everything that panels, maps and tables on the page were told."""
    parts = [part.proto.json for part in app.get("bidi_component")]
    plain = [json.dumps(json.loads(part), ensure_ascii=False) for part in parts if part]
    return "\n".join(plain)


@pytest.mark.parametrize("page", ["overview", "data", "lifecircle"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_in_both_languages(
    served: Callable[..., AppTest], page: str, lang: str
) -> None:
    app = served(page, lang=lang)
    assert not app.exception
    words = texts(lang)
    expected = {
        "overview": words["view.overview.worst"],
        "data": words["view.data.given"],
        "lifecircle": words["view.lifecircle.by_category"],
    }[page]
    assert expected in told(app)


def test_controls_change_the_choice_and_the_address(
    served: Callable[..., AppTest],
) -> None:
    app = served("lifecircle", c="market")
    assert app.selectbox(key="pq-category").value == "market"
    app.selectbox(key="pq-category").set_value("pharmacy").run()
    assert app.session_state["pq_choice"].category == "pharmacy"
    assert app.query_params["c"] in ("pharmacy", ["pharmacy"])
    assert not app.exception


def test_an_unknown_category_or_profile_in_a_link_is_put_right(
    served: Callable[..., AppTest],
) -> None:
    app = served("lifecircle", c="no_such", profile="atlantis", at="nobody")
    assert not app.exception
    assert app.session_state["pq_choice"].category == ""
    assert app.session_state["pq_choice"].profile == "national"


def test_a_district_that_cannot_be_read_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIANQU_DISTRICT", str(tmp_path / "nothing"))
    app = open_app()
    assert not app.exception
    trouble = app.session_state["pq_bench"].trouble
    assert isinstance(trouble[1], InputError)
    shown = [text.value for text in app.text]
    assert trouble[1].message() in shown
    assert trouble[1].action() in shown
    app.button(key="pq-retry").click().run()
    assert not app.exception
