"""The page of sites without a browser: asking, deciding, moving, words, files."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from app_pages import desk_in, open_at, told, wait_for
from streamlit.testing.v1 import AppTest

from geo.district import District, write_district
from geo.errors import RuleError
from geo.plan import Plan, plan_district
from geo.progress import no_progress
from geo.rules import RuleBook
from geo.sample import make_district
from geo.settings import Settings, SiteSettings
from geo.site_basis import SiteWishes
from geo.site_curve import Elsewhere
from geo.siting import Sites, site_facilities
from geo.text import texts
from geo.town import make_town
from geo.views import (
    site_acts,
    site_bar,
    site_downloads,
    site_fit,
    site_jobs,
    site_map,
    site_need,
    site_panel,
    site_rows,
    site_status,
    site_told,
    site_trade,
    site_work,
)
from geo.views.shapes import Parcel
from geo.views.site_jobs import Ask, Live, Trade
from geo.views.site_work import Desk, Moved, site_id, split_id

ROOT = Path(__file__).resolve().parents[1]
ZH = texts("zh")


@pytest.fixture(scope="module")
def town() -> District:
    return make_district(make_town(5, communities=14))


@pytest.fixture(scope="module")
def plan(town: District, rules: RuleBook) -> Plan:
    return plan_district(town, rules, Settings(), until="gaps")


@pytest.fixture(scope="module")
def sites(plan: Plan) -> Sites:
    return site_facilities(plan.life_circle)


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let the page's words be asked for outside of a page."""
    state: dict[str, Any] = {}
    for module in ("state", "site_work", "unit_work", "work"):
        monkeypatch.setattr(f"geo.views.{module}.st.session_state", state)
    return state


@pytest.fixture
def desk(plan: Plan, sites: Sites) -> Desk:
    now = site_work.desk(plan)
    now.sites, now.solved = sites, now.ask
    # no curve is asked for behind the test's back
    now.trade = Trade(pd.DataFrame(), {})
    return now


def first_of(sites: Sites) -> str:
    row = sites.table.iloc[0]
    return site_id(row["idle_id"], row["category"])


def settle(plan: Plan, now: Desk) -> None:
    """Wait for the solver, without a page."""
    assert now.run is not None
    now.run.job.result()
    site_work.follow(plan)
    assert now.run is None


def value_of(parcel: Parcel) -> dict[str, Any]:
    size = int.from_bytes(parcel.data[:4], "little")
    head: dict[str, Any] = json.loads(parcel.data[4 : 4 + size])
    return head


def told_by(blocks: list[dict[str, Any]]) -> str:
    return json.dumps(blocks, ensure_ascii=False)


# ------------------------------------------------------------------ the desk


def test_the_town_has_something_to_site(sites: Sites) -> None:
    assert len(sites.table)
    assert len(sites.unmet)


def test_ids_of_proposals_can_be_taken_apart() -> None:
    assert split_id(site_id("R|1", "canteen")) == ("R|1", "canteen")


def test_a_proposal_is_accepted_refused_and_freed(plan: Plan, desk: Desk) -> None:
    assert desk.sites is not None
    site = first_of(desk.sites)
    site_acts.tell(plan, {"kind": "forbid", "id": site, "n": 1})
    settle(plan, desk)
    pairs = zip(desk.sites.table["idle_id"], desk.sites.table["category"], strict=True)
    assert site not in {site_id(*pair) for pair in pairs}
    assert desk.ask.wishes.forbidden == (split_id(site),)
    assert ZH["view.sites.mark.kept"]
    site_acts.tell(plan, {"kind": "require", "id": site, "n": 2})
    settle(plan, desk)
    assert desk.ask.wishes == SiteWishes((split_id(site),), ())
    assert site in {mark["id"] for mark in marks(plan, desk)}
    assert next(m for m in marks(plan, desk) if m["id"] == site)["required"]
    site_acts.tell(plan, {"kind": "free", "id": site, "n": 3})
    settle(plan, desk)
    assert desk.ask.wishes == SiteWishes()
    assert len(desk.past) == 3
    site_work.undo(plan)
    settle(plan, desk)
    assert desk.ask.wishes.required == (split_id(site),)
    site_work.redo(plan)
    settle(plan, desk)
    assert desk.ask.wishes == SiteWishes()
    assert "撤回" in site_bar.step_words("undo", desk.past[-1])


def marks(plan: Plan, now: Desk) -> list[dict[str, Any]]:
    assert now.sites is not None
    return [
        site
        for mark in site_map.place_marks(plan, now, now.sites)
        for site in mark["sites"]
    ]


def test_nothing_is_decided_while_the_solver_is_at_work(
    plan: Plan, desk: Desk, sites: Sites
) -> None:
    before = desk.ask
    desk.run = object()  # type: ignore[assignment]
    site_acts.decide(plan, "forbid", first_of(sites))
    site_work.undo(plan)
    site_work.redo(plan)
    site_acts.move(plan, first_of(sites), (0.0, 0.0))
    assert desk.ask is before
    assert desk.moved is None
    desk.run = None


def test_a_point_of_the_curve_is_a_budget(plan: Plan, desk: Desk) -> None:
    site_acts.tell(plan, {"kind": "budget", "id": "1.0", "n": 1})
    settle(plan, desk)
    assert desk.sites is not None
    assert desk.ask.settings.budget == 1.0
    assert len(set(desk.sites.table["idle_id"])) <= 1


def test_an_alternative_is_taken(plan: Plan, desk: Desk, sites: Sites) -> None:
    smaller = site_facilities(
        plan.life_circle, settings=replace(sites.settings, budget=2.0)
    )
    desk.trade = Trade(pd.DataFrame(), {"fewest_sites": smaller})
    site_acts.tell(plan, {"kind": "other", "id": "nothing of the kind", "n": 1})
    assert desk.run is None
    site_acts.tell(plan, {"kind": "other", "id": "fewest_sites", "n": 2})
    settle(plan, desk)
    assert desk.ask.settings.budget == 2.0
    assert desk.ask.fair


def test_clicks_choose_one_thing_at_a_time(
    plan: Plan, desk: Desk, sites: Sites, session: dict[str, Any]
) -> None:
    site = first_of(sites)
    idle_id, category = split_id(site)

    def click(kind: str, name: str | None) -> str:
        site_acts.tell(plan, {"kind": kind, "id": name, "n": 1})
        return desk.picked

    assert click("site", site) == f"site:{site}"
    assert click("site", site) == ""
    assert click("resource", idle_id) == f"resource:{idle_id}"
    assert click("resource", idle_id) == ""
    assert click("row", site) == f"site:{site}"
    assert session["pq_go"]["point"]
    click("rows", "resources")
    assert click("row", idle_id) == f"resource:{idle_id}"
    click("rows", "unmet")
    assert click("row", "C001|canteen") == ""
    assert session["pq_choice"].community == "C001"
    assert session["pq_go"]["id"] == "C001"
    assert click("select", None) == ""
    assert session["pq_choice"].community is None
    click("site", site)
    assert click("clear", None) == ""
    click("category", category)
    assert desk.category == category
    click("category", category)
    assert desk.category == ""
    click("close", None)


def test_a_proposal_is_tried_elsewhere_and_put_back(
    plan: Plan, desk: Desk, sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def fake(_sites: Sites, idle_id: str, category: str, point: Any) -> Elsewhere:
        asked.append((idle_id, category, point))
        return Elsewhere(
            attached=True,
            people=10.0,
            households=4.0,
            loss_people=7.0,
            loss_households=3.0,
            loss_share=0.25,
        )

    monkeypatch.setattr(site_acts, "try_elsewhere", fake)
    site = first_of(sites)
    west, south, _, _ = plan.district.communities.to_crs(4326).total_bounds
    event = {"kind": "drag", "id": site, "point": [west, south], "n": 1}
    site_acts.tell(plan, event)
    x, y = plan.district.communities.total_bounds[:2]
    assert asked[0][:2] == split_id(site)
    assert abs(asked[0][2].x - x) < 100
    assert abs(asked[0][2].y - y) < 100
    assert desk.moved is not None
    assert desk.picked == f"site:{site}"
    told = told_by(site_panel.panel_of(plan, desk, sites))
    assert "25.0%" in told
    assert ZH["view.sites.moved.worse"] in told
    site_acts.tell(plan, {"kind": "stay", "id": "", "n": 2})
    assert not vars(desk)["moved"]
    for attached, loss, word in ((False, 7.0, "nowhere_long"), (True, -2.0, "fine")):
        found = Elsewhere(
            attached=attached,
            people=10.0,
            households=np.nan,
            loss_people=loss,
            loss_households=np.nan,
            loss_share=0.1,
        )
        desk.moved = Moved(site, (west, south), found)
        told = told_by(site_panel.panel_of(plan, desk, sites))
        assert ZH[f"view.sites.moved.{word}"] in told


def test_the_same_question_is_answered_once(plan: Plan) -> None:
    ask = Ask(replace(plan.settings.sites, budget=3.0))
    first = site_jobs.work_on(plan, ask, Live(), None)(no_progress)
    assert site_jobs.work_on(plan, ask, Live(), None)(no_progress) is first
    other = replace(ask, settings=replace(ask.settings, budget=2.0))
    assert site_jobs.work_on(plan, other, Live(), None)(no_progress) is not first


def test_a_stopped_answer_is_not_handed_on(plan: Plan) -> None:
    ask = Ask(replace(plan.settings.sites, budget=4.0))
    live = Live()
    live.stop.set()
    made = site_jobs.work_on(plan, ask, live, None)(no_progress)
    assert isinstance(made, Sites)
    whole = site_jobs.work_on(plan, ask, Live(), None)(no_progress)
    assert whole is not made


def test_units_are_drawn_where_they_are_needed(plan: Plan) -> None:
    ask = Ask(replace(plan.settings.sites, scope="unit", budget=2.0))
    units = site_jobs.find_units(plan, ask, None, no_progress)
    assert units is not None
    assert set(units.index) == set(plan.district.communities.index)
    given = dict.fromkeys(plan.district.communities.index, "one")
    again = site_jobs.find_units(plan, ask, given, no_progress)
    assert again is not None
    assert set(again) == {"one"}
    made = site_jobs.work_on(plan, ask, Live(), given)(no_progress)
    assert isinstance(made, Sites)


def test_a_failure_is_told_and_the_last_plan_stays(
    plan: Plan, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Sites:
        raise RuleError("setting_twice", name="sites.categories")

    kept = desk.sites
    monkeypatch.setattr(site_jobs, "site_facilities", fail)
    site_acts.set_budget(plan, 7.0)
    assert desk.run is not None
    with pytest.raises(RuleError):
        desk.run.job.result()
    site_work.follow(plan)
    assert isinstance(desk.trouble, RuleError)
    assert desk.sites is kept


def test_a_cancelled_run_leaves_everything_as_it_was(plan: Plan, desk: Desk) -> None:
    before = desk.ask
    site_acts.set_budget(plan, 5.0)
    site_work.cancel(plan)
    assert site_work.stopping(desk)
    assert desk.run is not None
    threading.Event().wait(0.05)
    assert desk.run.job.error is None or desk.run.job.error
    site_work.follow(plan)
    assert desk.note is not None
    cancelled = desk.note[0].endswith("cancelled")
    assert (desk.ask == before) == cancelled


# ------------------------------------------------------------------ words and rows


def test_five_numbers_for_all_and_for_one_category(
    plan: Plan, desk: Desk, sites: Sites
) -> None:
    block = site_told.numbers(plan, desk, sites)
    assert len(block["items"]) == 5
    assert block["items"][0]["value"] == str(sites.table["idle_id"].nunique())
    asked = sites.categories[sites.categories["servable"] > 0]
    desk.category = str(asked.index[0])
    share = asked["served"].iloc[0] / asked["demand"].iloc[0]
    item = site_told.numbers(plan, desk, sites)["items"][1]
    assert item["value"] == f"{share:.1%}"


def test_budgets_and_people_are_said_with_their_units() -> None:
    assert site_told.budget_words("sites", 10.0) == "10 处"
    assert site_told.budget_words("area", 1234.0) == "1,234 平方米"
    assert site_told.budget_words("cny", 1_254_000.0) == "125 万元"
    assert site_told.budget_words("cny", 379_000.0) == "37.9 万元"
    assert site_told.budget_words("", 0.0) == "不限"
    assert site_told.people_words(np.nan, None) == ZH["view.sites.people_none"]
    told = site_told.people_words(12.0, "elderly_60", estimated=True)
    assert "12" in told
    assert "估算" in told
    assert site_told.households_words(np.nan) == ZH["view.sites.households_none"]


def test_what_is_proved_is_said(sites: Sites) -> None:
    def said(**values: bool) -> str:
        made = type("Plan", (), {"possible": True, "proved": False, "limited": False})
        for name, value in values.items():
            setattr(made, name, value)
        return site_told.proof_words(made)  # type: ignore[arg-type]

    assert said(proved=True) == ZH["view.sites.proof.proved"]
    assert said(limited=True) == ZH["view.sites.proof.limited"]
    assert said() == ZH["view.sites.proof.open"]
    assert said(possible=False) == ZH["view.sites.proof.impossible"]
    assert site_told.proof_words(sites)


def test_what_is_not_sure_is_marked_everywhere(plan: Plan) -> None:
    settings = SiteSettings(unsure_resources=True, unsure_needs=True)
    made = site_facilities(plan.life_circle, settings=settings)
    assert len(site_told.doubts(settings, made)) >= 2
    now = Desk(Ask(settings), sites=made, solved=Ask(settings))
    told = told_by(site_panel.panel_of(plan, now, made))
    assert ZH["view.sites.doubt.resources"] in told
    row = {"sure": False, "to_check": ""}
    assert site_told.marks_of(row, estimated=True) == ["估算", "待核实"]


def test_the_panel_follows_the_selection(
    plan: Plan, desk: Desk, sites: Sites, session: dict[str, Any]
) -> None:
    def told() -> str:
        return told_by(site_panel.panel_of(plan, desk, sites))

    assert sites.statement("zh") in told()
    site = first_of(sites)
    desk.picked = f"site:{site}"
    assert str(sites.explain("zh").iloc[0]) in told()
    desk.picked = f"resource:{split_id(site)[0]}"
    assert ZH["view.sites.panel.proposed"] in told()
    desk.picked = "site:gone|canteen"
    assert ZH["view.sites.panel.whole"] in told()
    desk.picked = ""
    flow = sites.flows.iloc[0]
    site_acts.tell(plan, {"kind": "pick", "id": flow["community_id"], "n": 1})
    assert ZH["view.sites.panel.served_by"] in told()
    left = str(sites.unmet["community_id"].iloc[0])
    site_acts.tell(plan, {"kind": "pick", "id": left, "n": 1})
    assert ZH["view.sites.panel.unmet"] in told()
    assert session["pq_choice"].community == left


def test_a_refused_proposal_can_be_freed_from_the_panel(
    plan: Plan, desk: Desk, sites: Sites
) -> None:
    pair = split_id(first_of(sites))
    desk.ask = replace(desk.ask, wishes=SiteWishes((), (pair,)))
    told = told_by(site_panel.panel_of(plan, desk, sites))
    assert ZH["view.sites.panel.wishes"] in told
    assert '"kind": "free"' in told
    desk.picked = f"resource:{pair[0]}"
    assert ZH["view.sites.act.free"] in told_by(site_panel.panel_of(plan, desk, sites))


@pytest.mark.parametrize("shown", site_work.LISTS)
def test_rows_are_those_of_the_list(
    plan: Plan, desk: Desk, sites: Sites, shown: str
) -> None:
    desk.shown = shown
    rows = site_rows.pack(plan, desk, sites)
    expected = {
        "sites": len(sites.table),
        "unmet": len(sites.unmet),
        "resources": len(plan.district.idle),
    }[shown]
    value = value_of(rows)["value"]
    assert len(value["ids"]) == expected
    table = site_rows.table(rows, desk)
    assert {one["name"] for one in table["columns"]} <= set(value["columns"])
    assert dict(site_rows.lists(desk, sites))[shown]
    desk.category = sites.settings.categories[0]
    fewer = value_of(site_rows.pack(plan, desk, sites))["value"]["ids"]
    assert len(fewer) <= expected


# ------------------------------------------------------------------ the map


def test_need_is_added_up_by_community(sites: Sites) -> None:
    before = site_need.find_need(sites, "", after=False)
    after = site_need.find_need(sites, "", after=True)
    rows = sites.basis.demand.rows
    assert before["households"].sum() == pytest.approx(rows["households"].sum())
    known = after["households"].notna()
    assert (after["households"] <= before["households"] + 1e-6)[known].all()
    saved = before["households"].sum() - after["households"].sum()
    assert saved == pytest.approx(sites.flows["households"].sum(), rel=1e-6)


def test_limits_are_round_and_rise() -> None:
    assert site_need.find_limits(np.array([])) == []
    assert site_need.find_limits(np.array([np.nan, 0.0])) == []
    limits = site_need.find_limits(np.arange(1.0, 2000.0))
    assert limits == sorted(set(limits))
    assert len(limits) <= 4


@pytest.mark.parametrize("after", [False, True])
def test_every_community_has_a_colour_and_words(
    desk: Desk, sites: Sites, *, after: bool
) -> None:
    desk.after = after
    style, legend = site_need.need_style(sites, desk)
    value = value_of(style)["value"]
    count = len(sites.basis.district.communities)
    assert len(value["codes"]) == len(value["notes"]) == count
    assert all(int(code) < len(value["classes"]) for code in value["codes"])
    told = sum(int(row["count"].split(" ")[0]) for row in legend["rows"])
    assert told == count
    assert site_map.legend_rows(desk, sites)


def test_resources_are_told_by_what_they_are_fit_for(plan: Plan, sites: Sites) -> None:
    every = plan.district.idle.index
    whole = site_fit.find_fit(sites, "")
    assert list(whole.index) == list(every)
    assert set(whole["state"]) <= set(site_fit.FIT_LOOKS)
    for category in ("", sites.settings.categories[0]):
        head = value_of(site_fit.resource_parcel(plan, sites, category))
        assert len(head["codes"]) == len(head["notes"]) == len(every)
        assert all(head["notes"])
    options = sites.basis.options.rows
    sure = set(options.loc[options["sure"].astype(bool), "idle_id"])
    assert set(every[whole["state"] == "yes"]) >= sure


def test_lines_lead_to_whoever_is_served(
    desk: Desk, sites: Sites, session: dict[str, Any], plan: Plan
) -> None:
    assert site_map.draw_lines(desk, sites) == []
    site = first_of(sites)
    idle_id, category = split_id(site)
    flows = sites.flows
    own = flows[(flows["idle_id"] == idle_id) & (flows["category"] == category)]
    desk.picked = f"site:{site}"
    lines = site_map.draw_lines(desk, sites)
    assert {line["from"] for line in lines} == set(own["community_id"])
    assert max((line["share"] for line in lines), default=1.0) == 1.0
    desk.picked = f"resource:{idle_id}"
    assert len(site_map.draw_lines(desk, sites)) >= len(lines)
    desk.picked = ""
    community = str(flows["community_id"].iloc[0])
    site_acts.tell(plan, {"kind": "select", "id": community, "n": 1})
    towards = {line["to"] for line in site_map.draw_lines(desk, sites)}
    assert towards == set(flows.loc[flows["community_id"] == community, "idle_id"])
    assert session["pq_choice"].community == community


# ------------------------------------------------------------------ curve


def test_the_curve_is_drawn_with_the_budget_of_now(
    plan: Plan, desk: Desk, sites: Sites
) -> None:
    every = {one: [0.0, 0.5, 0.9] for one in sites.settings.categories}
    curve = pd.DataFrame(
        {
            "budget": [0.0, 10.0, 20.0],
            "value": [0.0, sites.value, 1.0],
            "fair": [0.0, np.nan, 0.9],
            "sites": [0, 9, 18],
            **every,
        }
    )
    trade = Trade(curve, {"fairest": sites})
    heading, chart = site_trade.curve_blocks(plan, desk, sites, trade)
    assert "20 处" in heading["note"]
    assert [one["active"] for one in chart["points"]] == [False, True, False]
    assert chart["now"] == 10.0
    assert chart["lines"][-1]["kind"] == "value"
    assert chart["lines"][-2]["shares"][1] is None
    desk.category = sites.settings.categories[0]
    _, chart = site_trade.curve_blocks(plan, desk, sites, trade)
    assert chart["points"][1]["share"] == 0.5
    told = told_by(site_trade.other_blocks(sites, trade))
    assert ZH["view.sites.trade.fairest"] in told
    nothing = Trade(pd.DataFrame(), {})
    assert site_trade.curve_blocks(plan, desk, sites, nothing) == []


def test_the_curve_is_measured_behind_the_page(
    plan: Plan, desk: Desk, sites: Sites
) -> None:
    category = str(sites.table["category"].iloc[0])
    settings = replace(plan.settings.sites, categories=(category,))
    desk.trade = None
    site_work.solve(plan, Ask(settings))
    settle(plan, desk)
    assert desk.trading is not None
    made = desk.trading.result()
    assert isinstance(made, Trade)
    site_work.follow(plan)
    assert vars(desk)["trade"] is made
    assert made.curve["budget"].is_monotonic_increasing
    assert desk.sites is not None
    assert site_trade.curve_blocks(plan, desk, desk.sites, made)
    assert set(made.others) == {"fairest", "most_people", "fewest_sites"}


def test_how_far_the_solver_is(plan: Plan, desk: Desk) -> None:
    site_acts.set_budget(plan, 6.0)
    run = desk.run
    assert run is not None
    run.job.result()
    state = run.live.state
    assert state is not None
    assert site_status.live_words(run)
    run.live.state = replace(state, bound=float("nan"))
    assert "上界" not in site_status.live_words(run)
    run.live.state = None
    assert site_status.live_words(run) == ""


# ------------------------------------------------------------------ files


def test_files_hold_what_is_shown(sites: Sites, tmp_path: Path) -> None:
    table = pd.read_csv(io.BytesIO(site_downloads.make_sites_csv(sites, "zh")))
    assert len(table) == len(sites.table)
    assert table["reason"].notna().all()
    unmet = pd.read_csv(io.BytesIO(site_downloads.make_unmet_csv(sites, "en")))
    assert len(unmet) == len(sites.unmet)
    path = tmp_path / "sites.gpkg"
    path.write_bytes(site_downloads.make_gpkg(sites, "zh"))
    assert len(gpd.read_file(path)) == len(sites.table)
    for category in ("", sites.settings.categories[0]):
        page = site_downloads.make_html(sites, "zh", category).decode()
        assert '<script src="http' not in page
        assert '<link rel="stylesheet" href="http' not in page
        assert json.dumps("存量资源")[1:-1] in page


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
    return open_at("sites", "pq_site_desks", **parameters)


def desk_of(app: AppTest) -> Desk:
    found: Desk = desk_in(app, "pq_site_desks")
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_in_both_languages(
    open_page: Callable[..., AppTest], lang: str
) -> None:
    app = open_page(lang=lang)
    assert not app.exception
    assert desk_of(app).trouble is None
    assert texts(lang)["view.sites.panel.whole"] in told(app)
    assert texts(lang)["view.sites.number.gap"] in told(app)


def test_settings_are_applied_taken_back_and_given_back(
    open_page: Callable[..., AppTest],
) -> None:
    app = open_page()
    desk = desk_of(app)
    field(app.number_input, "budget").set_value(2)
    field(app.checkbox, "unsure_resources").check()
    button(app, "view.sites.set.apply").click().run()
    wait_for(app, lambda: desk.run is None)
    assert desk.ask.settings.budget == 2.0
    assert desk.ask.settings.unsure_resources
    assert texts("zh")["view.sites.doubt.resources"] in told(app)
    app.button(key="pq-site-undo").click().run()
    wait_for(app, lambda: desk.run is None)
    assert desk.ask.settings == SiteSettings()
    app.button(key="pq-site-redo").click().run()
    wait_for(app, lambda: desk.run is None)
    field(app.selectbox, "budget_kind").set_value("cny")
    field(app.number_input, "budget").set_value(150)
    button(app, "view.sites.set.apply").click().run()
    wait_for(app, lambda: desk.run is None)
    assert desk.ask.settings.budget == 1_500_000.0
    field(app.number_input, "plot_ratio").set_value(0.0)
    button(app, "view.sites.set.apply").click().run()
    assert any("plot_ratio" in text.value for text in app.text)
    button(app, "view.units.set.restore").click().run()
    wait_for(app, lambda: desk.run is None)
    assert desk.ask.settings == SiteSettings()
    assert not app.exception


def test_views_lists_and_pages_are_kept(open_page: Callable[..., AppTest]) -> None:
    app = open_page()
    desk = desk_of(app)
    app.selectbox(key="pq-site-view-category").set_value("canteen").run()
    assert desk.category == "canteen"
    desk.shown = "unmet"
    app.run()
    app.switch_page(str(ROOT / "geo" / "views" / "data.py")).run()
    app.switch_page(str(ROOT / "geo" / "views" / "sites.py")).run()
    assert desk_of(app) is desk
    assert desk.shown == "unmet"
    assert not app.exception


def field(widgets: Any, name: str) -> Any:
    return next(one for one in widgets if one.key.startswith(f"pq-site-set-{name}-"))


def button(app: AppTest, key: str) -> Any:
    return next(one for one in app.button if one.label == texts("zh")[key])
