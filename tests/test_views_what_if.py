"""Trying things out and new gates, without a browser."""

import json
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geo.decisions import Decisions, parse_decisions
from geo.district import District
from geo.errors import InputError, OutputError
from geo.lifecircle import measure_life_circle
from geo.network import build_network
from geo.openings import Openings, find_openings
from geo.plan import Plan, plan_district
from geo.rules import RuleBook
from geo.sample import make_district
from geo.schema import State
from geo.settings import OpeningSettings, Settings
from geo.text import texts
from geo.town import make_town
from geo.views import (
    opening_map,
    opening_told,
    opening_work,
    openings,
    reports,
    schemes,
    what_if_acts,
    what_if_carry,
    what_if_changes,
    what_if_map,
    what_if_place,
    what_if_rows,
    what_if_schemes,
    what_if_told,
    what_if_work,
)
from geo.views.board import make_board
from geo.views.state import choice, choose
from geo.views.what_if_work import Desk, Picture
from geo.views.work import Bench, Opened
from geo.walls import find_walled
from geo.what_if_steps import ADD, CLOSE, OPEN_GATE, USE, apply_steps

CATEGORY = "elderly_daycare"


@pytest.fixture(scope="module")
def town() -> District:
    return make_district(make_town(5, communities=14))


@pytest.fixture(scope="module")
def plan(town: District, rules: RuleBook) -> Plan:
    return plan_district(town, rules, Settings(), until="gaps")


@pytest.fixture(scope="module")
def found(plan: Plan) -> Openings:
    return find_openings(plan.life_circle, OpeningSettings(step_m=60.0))


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let the page's words and desks be asked for outside of a page."""
    state: dict[str, Any] = {}
    modules = "state schemes work what_if_work what_if_carry openings"
    for module in (*modules.split(), "opening_work"):
        monkeypatch.setattr(f"geo.views.{module}.st.session_state", state)
    return state


@pytest.fixture
def desk(plan: Plan, session: dict[str, Any]) -> Desk:
    del session
    now = what_if_work.desk(plan)
    choose(category=CATEGORY)
    return now


def middle(plan: Plan, community: str) -> list[float]:
    point = plan.district.communities.geometry[community].representative_point()
    return what_if_place.to_degrees(plan, [(point.x, point.y)])[0]


def short_of(plan: Plan, category: str = CATEGORY) -> str:
    gaps = plan.gaps
    lacking = gaps[(gaps["category"] == category) & (gaps["distance_state"] == "short")]
    return str(lacking["community_id"].iloc[0])


def walled_of(plan: Plan) -> str:
    district = plan.district
    walled = find_walled(district.communities, district.gates)
    return str(district.communities.index[walled][0])


def put(plan: Plan, community: str, **more: Any) -> None:
    what_if_acts.act(plan, {"kind": "put", "at": middle(plan, community), **more})


def picture(plan: Plan, desk: Desk) -> Picture:
    return what_if_work.picture(plan, desk)


def told(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


# ------------------------------------------------------------------ steps


def test_a_facility_is_put_and_the_board_is_that_of_the_changed_district(
    plan: Plan, desk: Desk
) -> None:
    put(plan, short_of(plan))
    put(plan, walled_of(plan), size=1200)
    assert [step.kind for step in desk.steps] == [ADD, ADD]
    least = plan.rules.requirements[CATEGORY].min_floor_area_m2
    assert [step.floor_area_m2 for step in desk.steps] == [least, 1200.0]
    assert desk.steps[1].capacity == 1200.0
    after = picture(plan, desk)
    district, _ = apply_steps(plan.district, desk.steps)
    network = build_network(district, plan.rules, plan.settings)
    circle = measure_life_circle(district, network, plan.rules, plan.settings)
    board = make_board(replace(plan, life_circle=circle, network=network))
    for name in ("state", "distance_state", "distance_m", "certainty", "size_state"):
        mine, theirs = after.board.columns[name], board.columns[name]
        if mine.dtype.kind == "f":
            np.testing.assert_allclose(mine, theirs, atol=0.011)
        else:
            assert (mine == theirs).all(), name
    assert after.changes["gained"].any()
    today = reports.board(plan)
    assert (today.columns["state"] != after.board.columns["state"]).any()


def test_undo_redo_and_remove_lead_to_the_same_pictures(plan: Plan, desk: Desk) -> None:
    put(plan, short_of(plan))
    one = picture(plan, desk)
    choose(category="canteen")
    put(plan, short_of(plan))
    two = picture(plan, desk)
    assert len(desk.steps) == 2
    what_if_acts.act(plan, {"kind": "undo"})
    assert picture(plan, desk) is one
    what_if_acts.act(plan, {"kind": "redo"})
    again = picture(plan, desk)
    pd.testing.assert_frame_equal(again.changes, two.changes)
    what_if_acts.act(plan, {"kind": "remove", "id": desk.steps[0].id})
    assert [step.category for step in desk.steps] == ["canteen"]
    only = picture(plan, desk).changes
    assert set(only["category"]) == {"canteen"}
    what_if_acts.act(plan, {"kind": "undo"})
    pd.testing.assert_frame_equal(picture(plan, desk).changes, two.changes)
    what_if_acts.act(plan, {"kind": "clear"})
    assert not picture(plan, desk).changes.size
    what_if_acts.act(plan, {"kind": "undo"})
    assert len(desk.steps) == 2
    what_if_acts.act(plan, {"kind": "remove", "id": "nobody"})
    assert len(desk.steps) == 2


def test_a_facility_is_closed_and_what_was_put_can_be_closed(
    plan: Plan, desk: Desk
) -> None:
    near = plan.gaps[
        (plan.gaps["distance_state"] == "met")
        & plan.gaps["nearest_facility_id"].notna()
    ]
    name = str(near["nearest_facility_id"].iloc[0])
    what_if_acts.act(plan, {"kind": "close", "id": name, "at": [0, 0]})
    assert desk.steps[0].kind == CLOSE
    changes = picture(plan, desk).changes
    farther = changes["distance_after_m"] > changes["distance_before_m"]
    assert (farther | changes["distance_after_m"].isna()).all()
    what_if_acts.act(plan, {"kind": "close", "id": name, "at": [0, 0]})
    assert len(desk.steps) == 1
    assert desk.trouble
    put(plan, short_of(plan))
    own = desk.steps[-1].id
    assert not desk.trouble
    what_if_acts.act(plan, {"kind": "close", "id": own})
    assert own in what_if_told.step_name(plan, desk.steps[-1])
    what_if_acts.act(plan, {"kind": "remove", "id": own})
    assert [step.facility_id for step in desk.steps] == [name]


def test_a_gate_is_opened_where_the_wall_is_and_moved_along_it(
    plan: Plan, desk: Desk
) -> None:
    community = walled_of(plan)
    outline = plan.district.communities.geometry[community].boundary
    spot = outline.interpolate(0.35, normalized=True)
    place = what_if_place.to_degrees(plan, [(spot.x + 2.0, spot.y)])[0]
    event = {"kind": "gate", "at": place, "open_to": "all", "within": 10.0}
    what_if_acts.act(plan, event)
    (step,) = desk.steps
    assert (step.kind, step.open_to) == (OPEN_GATE, "all")
    wall = plan.district.communities.geometry[step.community_id].boundary
    assert wall.distance(gpd.points_from_xy([step.x], [step.y])[0]) < 0.01
    other = outline.interpolate(0.6, normalized=True)
    there = what_if_place.to_degrees(plan, [(other.x, other.y)])[0]
    what_if_acts.act(plan, {"kind": "move", "id": step.id, "at": there})
    moved = desk.steps[0]
    assert moved.id == step.id
    assert (moved.x, moved.y) != (step.x, step.y)
    what_if_acts.act(plan, {"kind": "gate", "at": [100.0, 10.0], "within": 5.0})
    assert desk.trouble == texts("zh")["view.what_if.no_wall"]
    assert len(desk.steps) == 1


def test_a_resource_is_used_unless_the_rules_forbid_it(plan: Plan, desk: Desk) -> None:
    table = what_if_map.fitness(plan)
    yes = table[table["state"] == "yes"].iloc[0]
    choose(category=str(yes["category"]))
    what_if_acts.act(plan, {"kind": "use", "id": yes["idle_id"]})
    (step,) = desk.steps
    assert (step.kind, step.idle_id) == (USE, yes["idle_id"])
    assert getattr(step, f"{yes['area_kind']}_area_m2") == yes["area_m2"]
    no = table[table["state"] == "no"].iloc[0]
    choose(category=str(no["category"]))
    what_if_acts.act(plan, {"kind": "use", "id": no["idle_id"]})
    assert len(desk.steps) == 1
    assert desk.trouble
    choose(category="")
    what_if_acts.act(plan, {"kind": "use", "id": no["idle_id"]})
    assert desk.trouble == texts("zh")["view.what_if.map.choose"]
    what_if_acts.act(plan, {"kind": "use", "id": "nothing"})
    assert len(desk.steps) == 1


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "put", "at": None},
        {"kind": "put", "at": [1.0]},
        {"kind": "put", "at": ["x", "y"]},
        {"kind": "gate", "at": None},
        {"kind": "close", "id": "nothing"},
        {"kind": "move", "id": "nobody", "at": [1.0, 2.0]},
        {"kind": "use", "id": "nothing"},
    ],
)
def test_an_event_that_makes_no_sense_changes_nothing(
    plan: Plan, desk: Desk, event: dict[str, Any]
) -> None:
    what_if_acts.act(plan, event)
    assert desk.steps == ()
    assert desk.past == ()


def test_a_bad_size_is_taken_as_the_smallest(plan: Plan, desk: Desk) -> None:
    for size in (None, -3, 0, "x", True, float("nan")):
        put(plan, short_of(plan), size=size)
    least = plan.rules.requirements[CATEGORY].min_floor_area_m2
    assert {step.floor_area_m2 for step in desk.steps} == {least}


# ------------------------------------------------------------------ words


def test_numbers_and_panel_tell_what_follows(plan: Plan, desk: Desk) -> None:
    today = picture(plan, desk)
    assert texts("zh")["view.what_if.guide.put"] in told(
        what_if_told.blocks(plan, desk, today)
    )
    first = what_if_told.numbers(plan, desk, today)["items"]
    assert [item["value"] for item in first][0::3] == ["0", "0"]
    community = short_of(plan)
    put(plan, community)
    after = picture(plan, desk)
    items = what_if_told.numbers(plan, desk, after)["items"]
    gained = after.changes[after.changes["gained"]]
    assert items[3]["value"] == f"{gained['households'].sum():,.0f}"
    assert "毫秒" in items[0]["note"]
    blocks = told(what_if_told.blocks(plan, desk, after))
    assert "新建老年人日间照料中心" in blocks
    what_if_acts.act(plan, {"kind": "step", "id": desk.steps[0].id})
    assert "因这一步改变结论" in told(what_if_told.blocks(plan, desk, after))
    what_if_acts.act(plan, {"kind": "find", "id": desk.steps[0].id})
    what_if_acts.act(plan, {"kind": "select", "id": community})
    assert "与今天相比" in told(what_if_told.blocks(plan, desk, after))
    what_if_acts.act(plan, {"kind": "overview"})
    assert choice().community is None
    what_if_acts.act(plan, {"kind": "rows", "id": "gained"})
    assert desk.shown == "gained"
    what_if_acts.act(plan, {"kind": "community", "id": community})
    assert choice().community == community


def test_a_step_without_effect_says_so(plan: Plan, desk: Desk) -> None:
    community = short_of(plan)
    put(plan, community)
    put(plan, community)
    what_if_acts.act(plan, {"kind": "step", "id": desk.steps[1].id})
    blocks = told(what_if_told.blocks(plan, desk, picture(plan, desk)))
    assert texts("zh")["view.what_if.panel.no_effect"] in blocks


def test_the_test_that_is_looked_at_can_be_chosen(plan: Plan, desk: Desk) -> None:
    put(plan, short_of(plan), size=1)
    after = picture(plan, desk)
    by_distance = int(after.changes["gained"].sum())
    choose(test="state")
    assert int(after.changes["gained"].sum()) < by_distance
    assert what_if_changes.verdict_column() == "state"


def test_tables_hold_what_changes(plan: Plan, desk: Desk) -> None:
    put(plan, short_of(plan))
    after = picture(plan, desk)
    rows = what_if_rows.pack_changes(plan, after, "gained")
    table = what_if_rows.table_changes(rows, "gained")
    assert table["columns"][0]["name"] == "name"
    value = read_value(rows.data)
    assert len(value["ids"]) == int(after.changes["gained"].sum())
    assert set(value["columns"]["change"]) == {"变为满足"}
    sums, shown = what_if_rows.pack_compared(plan, after, None)
    value = read_value(sums.data)
    assert value["ids"] == [CATEGORY, "sum"]
    gained = after.changes[after.changes["gained"]]["households"].sum()
    assert value["columns"]["mine"] == [round(gained), round(gained)]
    other = what_if_work.other_picture(plan, ())
    sums, shown = what_if_rows.pack_compared(plan, after, other)
    assert "difference" in [one["name"] for one in shown["columns"]]
    assert read_value(sums.data)["columns"]["other"] == [0, 0]


def read_value(data: bytes) -> dict[str, Any]:
    length = int.from_bytes(data[:4], "little")
    value: dict[str, Any] = json.loads(data[4 : 4 + length])["value"]
    return value


def test_the_map_is_told_steps_and_who_gains(plan: Plan, desk: Desk) -> None:
    put(plan, short_of(plan))
    after = picture(plan, desk)
    trial = what_if_map.make_trial(plan, desk, after)
    assert trial["steps"][0]["kind"] == "put"
    gained = after.changes[after.changes["gained"]]["community_id"]
    assert set(trial["gained"]) == set(gained)
    fits = what_if_map.fits_parcel(plan)
    assert fits is not None
    assert len(read_value(fits.data)["fits"]) == len(plan.district.idle)
    style, legend = what_if_map.colours(plan, after)
    today, _ = what_if_map.colours(plan, what_if_work.other_picture(plan, ()))
    assert style.key != today.key
    more = what_if_map.legend_rows(plan, trial)
    assert more[0]["count"] == f"{len(trial['gained'])} 个小区"
    assert legend["title"] == plan.rules.category_name(CATEGORY, "zh")
    choose(category="")
    trial = what_if_map.make_trial(plan, desk, after, still=True)
    assert trial["still"]
    assert what_if_map.colours(plan, after)[0].key != style.key
    assert set(what_if_map.send_layers(plan, {})) == {
        "facilities",
        "gates",
        "resources",
    }


# ------------------------------------------------------------------ schemes


@pytest.fixture
def bench(plan: Plan, session: dict[str, Any]) -> Bench:
    opened = Opened(plan.district, {"national": plan.rules}, "upload")
    made = Bench("me", ("upload", "x"), opened=opened, held=("upload", "x"), plan=plan)
    session["pq_bench"] = made
    return made


@pytest.mark.usefixtures("bench")
def test_a_scheme_is_kept_opened_and_compared(plan: Plan, desk: Desk) -> None:
    put(plan, short_of(plan))
    what_if_schemes.save(plan, " 一 ")
    assert list(what_if_schemes.with_steps(plan)) == ["一"]
    what_if_acts.act(plan, {"kind": "clear"})
    desk.against = "一"
    other = what_if_schemes.other(plan, desk)
    assert other is not None
    assert other.changes["gained"].any()
    assert "一" in what_if_schemes.against_name(desk)
    what_if_schemes.open_steps(plan, what_if_schemes.with_steps(plan)["一"])
    assert len(desk.steps) == 1
    pd.testing.assert_frame_equal(
        picture(plan, desk).changes[["community_id", "gained"]],
        other.changes[["community_id", "gained"]],
    )
    desk.against = what_if_schemes.TODAY
    today = what_if_schemes.other(plan, desk)
    assert today is not None
    assert not len(today.changes)
    assert what_if_schemes.against_name(desk) == "今天"
    desk.against = "gone"
    assert what_if_schemes.other(plan, desk) is None
    assert desk.against == ""


@pytest.mark.usefixtures("bench")
def test_a_scheme_of_units_keeps_its_units(plan: Plan, desk: Desk) -> None:
    assert not desk.steps
    ids = tuple(sorted(plan.district.communities.index)[:2])
    schemes.keep(plan, Decisions(name="一", units=(ids,)))
    put(plan, short_of(plan))
    what_if_schemes.save(plan, "一")
    kept = schemes.kept(plan)["一"]
    assert kept.units == (ids,)
    assert len(kept.steps) == 1


@pytest.mark.usefixtures("bench")
def test_a_scheme_is_downloaded_and_read_again(plan: Plan, desk: Desk) -> None:
    put(plan, short_of(plan))
    content = what_if_carry.make_file(plan, desk)
    scheme = parse_decisions(content.decode(), "scheme.json")
    assert len(scheme.steps) == 1
    assert 100 < (scheme.steps[0].x or 0) < 125  # a longitude
    what_if_acts.act(plan, {"kind": "clear"})
    what_if_schemes.read(plan, desk, "scheme.json", content)
    assert len(desk.steps) == 1
    what_if_schemes.read(plan, desk, "x.json", b"{")
    assert "x.json" in desk.trouble
    what_if_schemes.read(plan, desk, "x.json", b" " * 20_000_001)
    assert "x.json" in desk.trouble
    gone = replace(scheme.steps[0], kind=CLOSE, id="W009", facility_id="gone")
    what_if_schemes.open_steps(plan, replace(scheme, steps=(*scheme.steps, gone)))
    assert len(desk.steps) == 1
    assert desk.note == ("view.what_if.note.left_out", {"count": "1"})


@pytest.mark.usefixtures("bench")
def test_a_scheme_that_cannot_be_written_is_not_lost(
    plan: Plan, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> str:
        raise OutputError("asset_missing", name="a", package="b")

    monkeypatch.setattr(schemes, "keep", fail)
    put(plan, short_of(plan))
    what_if_schemes.save(plan, "一")
    assert desk.trouble


def test_steps_are_carried_into_the_plan_and_taken_out(
    plan: Plan, desk: Desk, bench: Bench
) -> None:
    put(plan, short_of(plan))
    name = desk.steps[0].id
    what_if_carry.carry(plan)
    assert bench.opened
    changed = bench.opened.district
    assert name in changed.facilities.index
    assert changed.fingerprint != plan.district.fingerprint
    after = plan_district(changed, plan.rules, Settings(), until="gaps")
    carried = what_if_carry.carried(after)
    assert carried is not None
    assert what_if_carry.carried(plan) is None
    states = after.gaps.set_index(["community_id", "category"])["distance_state"]
    assert states[(short_of(plan), CATEGORY)] == State.MET
    # a second scheme on top of it
    more = what_if_work.desk(after)
    assert not more.steps
    put(after, walled_of(plan))
    assert more.steps[0].id != name
    scheme = parse_decisions(what_if_carry.make_file(after, more).decode(), "x")
    assert [step.id for step in scheme.steps] == [name, more.steps[0].id]
    what_if_carry.carry(after)
    assert len(bench.opened.district.facilities) == len(changed.facilities) + 1
    third = replace(after, district=bench.opened.district)
    choose(community="nobody")
    what_if_carry.withdraw(third)
    assert bench.opened.district is plan.district
    assert choice().community is None
    assert len(what_if_work.desk(plan).steps) == 1
    what_if_carry.withdraw(third)
    what_if_carry.carry(replace(plan, district=changed))


# ------------------------------------------------------------------ the engine


@pytest.mark.usefixtures("bench")
def test_the_distances_are_made_ready_in_the_background(plan: Plan) -> None:
    now = what_if_work.follow(plan)
    assert now.job is not None
    now.job.result()
    assert what_if_work.follow(plan).engine is not None
    assert now.job is None


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize("error", [InputError("no_walk"), ValueError("broken")])
def test_what_cannot_be_made_ready_is_told(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(what_if_work, "WhatIf", fail)
    now = what_if_work.follow(plan)
    assert now.job is not None
    assert now.job.error is error
    assert what_if_work.follow(plan).broken is error
    assert now.job is None


def test_desks_of_old_plans_are_forgotten(plan: Plan) -> None:
    first = what_if_work.desk(plan)
    assert what_if_work.desk(plan) is first
    for at in range(what_if_work._KEPT):
        district = replace(plan.district, fingerprint=str(at))
        what_if_work.desk(replace(plan, district=district))
        opening_work.desk(replace(plan, district=district))
    assert what_if_work.desk(plan) is not first


# ------------------------------------------------------------------ openings


def test_the_best_places_are_told(plan: Plan, found: Openings) -> None:
    assert len(found.table)
    numbers = opening_told.numbers(found)["items"]
    assert len(numbers) == 5
    assert numbers[0]["value"] == f"{len(found.table):,}"
    whole = told(opening_told.blocks(plan, found, ""))
    assert texts("zh")["view.openings.panel.best"] in whole
    best = str(found.table.index[0])
    one = told(opening_told.blocks(plan, found, best))
    assert str(found.table.loc[best, "reason"]) in one
    rows = opening_told.pack(plan, found)
    value = read_value(rows.data)
    assert value["ids"] == list(found.table.index)
    assert opening_told.table_data(rows, best)["selected"] == best
    nothing = replace(found, table=found.table.head(0), gains=found.gains.head(0))
    assert opening_told.numbers(nothing)["items"][0]["value"] == "0"


def test_the_map_shows_wall_and_walks_of_the_chosen_place(
    plan: Plan, found: Openings
) -> None:
    data = opening_map.make_data(plan, found, "")
    assert len(data["list"]) == len(found.table)
    assert data["walls"] == []
    best = str(found.table.index[0])
    data = opening_map.make_data(plan, found, best)
    assert data["walls"]
    assert data["gaining"]
    assert len(opening_map.legend(found, best)["rows"]) > len(
        opening_map.legend(found, "")["rows"]
    )
    drawn = [opening_map.make_data(plan, found, str(one)) for one in found.table.index]
    assert any(one["after"] for one in drawn)
    assert any(one["before"] for one in drawn)


def test_an_opening_is_tried(
    plan: Plan, found: Openings, session: dict[str, Any]
) -> None:
    now = opening_work.desk(plan)
    now.openings = found
    best = str(found.table.index[0])
    openings.act(plan, {"kind": "try"})
    openings.act(plan, {"kind": "opening", "id": best})
    assert now.chosen == best
    openings.act(plan, {"kind": "try"})
    assert session[openings.PART] == "what_if"
    desk = what_if_work.desk(plan)
    assert desk.steps[0].kind == OPEN_GATE
    changes = picture(plan, desk).changes
    gains = found.gains[found.gains["opening_id"] == best]
    expected = set(zip(gains["community_id"], gains["category"], strict=True))
    turned = changes[changes["gained"]]
    assert expected == set(zip(turned["community_id"], turned["category"], strict=True))
    openings.act(plan, {"kind": "opening", "id": best})
    assert now.chosen == ""
    openings.act(plan, {"kind": "row", "id": best})
    openings.act(plan, {"kind": "find"})
    assert now.chosen == best
    openings.act(plan, {"kind": "select", "id": None})
    openings.act(plan, {"kind": "category", "id": CATEGORY})
    assert choice().category == CATEGORY
    openings.act(plan, {"kind": "whole"})
    assert not what_if_acts.try_gates(plan, found.gates.head(0))


@pytest.mark.usefixtures("bench")
def test_openings_are_found_in_the_background(
    plan: Plan, found: Openings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quick(*_: Any, **__: Any) -> Openings:
        return found

    monkeypatch.setattr(opening_work, "find_openings", quick)
    now = opening_work.follow(plan)
    for _ in range(2):
        if now.job is not None:
            now.job.result()
        now = opening_work.follow(plan)
    assert now.openings is found
    opening_work.look(plan, OpeningSettings(step_m=33.0))
    opening_work.cancel(plan)
    assert now.job is not None
    assert now.settings.step_m == 33.0


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize("error", [InputError("no_walk"), ValueError("broken")])
def test_trouble_with_openings_is_kept(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(opening_work, "find_openings", fail)
    opening_work.look(plan, OpeningSettings(step_m=17.0))
    now = opening_work.desk(plan)
    assert now.job is not None
    assert now.job.error is error
    assert opening_work.follow(plan).trouble is error


def test_a_district_without_walls_says_so(plan: Plan, found: Openings) -> None:
    now = opening_work.desk(plan)
    assert openings._blocks(plan, now, None)[0]["kind"] == "text"
    nothing = replace(found, table=found.table.head(0))
    assert texts("zh")["view.openings.none"] in told(
        openings._blocks(plan, now, nothing)
    )
    communities = plan.district.communities.assign(walled=False)
    district = replace(plan.district, communities=communities)
    bare = replace(plan, district=district)
    assert not what_if_place.has_walls(bare)
    assert what_if_place.find_wall(bare, middle(plan, short_of(plan)), 5.0) is None
    assert texts("zh")["view.openings.no_walls"] in told(
        openings._blocks(bare, now, nothing)
    )
