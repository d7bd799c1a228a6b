"""Steps of a scheme: to files and back, checked, and done the plain way."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from geo.errors import InputError
from geo.findings import render_findings
from geo.sample import make_district
from geo.text import LANGUAGES
from geo.town import make_town
from geo.walls import find_walled
from geo.what_if_steps import (
    KINDS,
    Step,
    apply_steps,
    check_steps,
    dump_steps,
    name_step,
    number_steps,
    parse_steps,
    place_step,
)


@pytest.fixture(scope="module")
def district():
    return make_district(make_town(1, communities=10))


@pytest.fixture(scope="module")
def walled(district):
    rows = np.flatnonzero(find_walled(district.communities, district.gates))
    return str(district.communities.index[rows[0]])


def gate(community, **more):
    return Step(kind="open_gate", community_id=community, x=1.0, y=2.0, **more)


def add(category="canteen", **more):
    return Step(kind="add", category=category, x=500_100.0, y=3_400_100.0, **more)


def codes(findings):
    return findings["code"].tolist()


def test_steps_are_numbered_after_those_there_are():
    steps = number_steps([add(), add(id="W007"), add()], taken={"F1", "Wx", "W003"})
    assert [step.id for step in steps] == ["W008", "W007", "W009"]
    assert name_step([]) == "W001"
    assert name_step(["W999"]) == "W1000"


def test_what_is_written_is_read_again(district):
    steps = (
        add(floor_area_m2=120.5, capacity=20.0, id="W001"),
        Step(kind="close", facility_id="F0001", id="W002"),
        gate("C001", open_to="all", id="W003"),
        Step(kind="use", category="canteen", idle_id="R1", land_area_m2=3.0),
    )
    assert parse_steps(dump_steps(steps), "x") == steps
    crs = district.crs
    values = json.loads(json.dumps(dump_steps(steps, crs)))
    assert set(values[0]) == {
        "kind", "id", "category", "lon", "lat", "floor_area_m2", "capacity",
    }  # fmt: skip
    assert -180 <= values[0]["lon"] <= 180
    for one, other in zip(parse_steps(values, "x", crs), steps, strict=True):
        if other.x is not None:
            assert place_step(one).distance(place_step(other)) < 1e-3
    assert parse_steps(dump_steps(parse_steps(values, "x", crs), crs), "x") == (
        parse_steps(values, "x")
    )


def test_degrees_are_those_of_the_working_crs():
    step = Step(kind="add", x=500_000.0, y=4_000_000.0)
    (said,) = dump_steps([step], CRS("EPSG:4549"))
    assert said["lon"] == pytest.approx(120.0)
    assert said["lat"] == pytest.approx(36.13, abs=0.01)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "steps_list"),
        ([1], "steps_kind"),
        ([{"kind": "fly"}], "steps_kind"),
        ([{"id": "W001"}], "steps_kind"),
        ([{"kind": "add", "colour": "red"}], "steps_key"),
        ([{"kind": "add", "x": 1.0}], "steps_key"),
        ([{"kind": "add", "lon": "1"}], "steps_key"),
        ([{"kind": "add", "lon": True}], "steps_key"),
        ([{"kind": "add", "lon": float("nan")}], "steps_key"),
        ([{"kind": "add", "category": 3}], "steps_key"),
    ],
)
def test_what_is_no_list_of_steps_is_refused(values, code):
    with pytest.raises(InputError) as caught:
        parse_steps(values, "plans/一.json")
    assert caught.value.code == code
    for lang in LANGUAGES:
        assert "一.json" in caught.value.message(lang)
        assert caught.value.action(lang)


def test_what_cannot_be_done_is_left_out_and_said(district, walled):
    open_ = district.facilities.index[district.facilities["status"] == "open"]
    shut = district.facilities.index[district.facilities["status"] != "open"]
    free = district.communities.index[
        ~find_walled(district.communities, district.gates)
    ]
    idle = district.idle.index
    steps = [
        Step(kind="fly"),
        add(""),
        Step(kind="add", category="canteen", x=float("nan"), y=0.0),
        add(floor_area_m2=-1.0),
        gate(walled, open_to="cats"),
        add("casino"),
        add(id=str(open_[0])),
        Step(kind="close", facility_id="nowhere"),
        Step(kind="close", facility_id=str(shut[0])),
        gate("nowhere"),
        gate(str(free[0])),
        Step(kind="use", category="canteen", idle_id="nowhere"),
        Step(kind="use", category="canteen", idle_id=str(idle[0])),
        Step(kind="use", category="canteen", idle_id=str(idle[0])),
        Step(kind="close", facility_id=str(open_[0])),
        Step(kind="close", facility_id=str(open_[0])),
        Step(kind="use", category="parcel", idle_id=str(idle[0]), land_area_m2=1e7),
    ]
    kept, findings = check_steps(steps, district, {"canteen", "parcel"})
    assert codes(findings) == [
        *["step_incomplete"] * 5,
        "step_category_unknown",
        "step_id_taken",
        *["step_facility_gone"] * 2,
        "step_community_gone",
        "step_not_walled",
        "step_resource_gone",
        "step_resource_twice",
        "step_facility_gone",
        "step_area_more",
    ]
    assert [step.kind for step in kept] == ["use", "close", "use"]
    for lang in LANGUAGES:
        told = render_findings(findings, lang)
        assert told["message"].str.len().min() > 5
        assert not told["message"].str.contains("{", regex=False).any()
    assert codes(check_steps([add("casino")], district)[1]) == []


def test_no_step_changes_nothing(district):
    done, findings = apply_steps(district, [Step(kind="fly")])
    assert done is district
    assert len(findings) == 1


def test_steps_are_done_to_the_layers(district, walled):
    idle = district.idle.index[district.idle["floor_area_m2"] > 20][0]
    steps = [
        add(floor_area_m2=120.0, capacity=9.0),
        Step(kind="close", facility_id="W001"),
        gate(walled, open_to="all"),
        Step(kind="use", category="canteen", idle_id=str(idle)),
    ]
    done, findings = apply_steps(district, steps)
    assert findings.empty
    new = done.facilities.loc[["W001", "W004"]]
    assert new["status"].tolist() == ["closed", "open"]
    assert new["capacity"].tolist()[0] == 9.0
    assert new.loc["W004", "floor_area_m2"] == district.idle.loc[idle, "floor_area_m2"]
    assert new.geometry["W004"].equals(district.idle.geometry[idle])
    assert idle not in done.idle.index
    assert done.gates.loc["W003", ["community_id", "open_to"]].tolist() == [
        walled,
        "all",
    ]
    assert find_walled(done.communities, done.gates).tolist() == (
        find_walled(district.communities, district.gates).tolist()
    )
    for name in ("facilities", "gates"):
        before, after = getattr(district, name), getattr(done, name)
        pd.testing.assert_frame_equal(
            pd.DataFrame(after.loc[before.index, before.columns]), pd.DataFrame(before)
        )
    assert "W001" not in district.facilities.index


def test_what_is_left_of_a_resource_stays_one(district):
    idle = district.idle.index[district.idle["floor_area_m2"] > 20][0]
    has = district.idle.loc[idle, "floor_area_m2"]

    def use(area, category="canteen"):
        return Step(
            kind="use", category=category, idle_id=str(idle), floor_area_m2=area
        )

    done, _ = apply_steps(district, [use(10.0)])
    assert done.idle.loc[idle, "floor_area_m2"] == has - 10
    done, _ = apply_steps(district, [use(has)])
    assert idle not in done.idle.index
    done, _ = apply_steps(district, [use(has), use(1.0, "parcel")])
    assert idle not in done.idle.index
    assert done.facilities.loc["W002", "floor_area_m2"] == 1.0


def test_a_gates_layer_without_the_column_derived_gets_it(district, walled):
    plain = replace(district, gates=district.gates.drop(columns="derived"))
    done, _ = apply_steps(plain, [gate(walled)])
    assert done.gates["derived"].tolist() == [False] * len(plain.gates) + [True]


def test_a_step_without_a_place_has_an_empty_one():
    assert place_step(Step(kind=KINDS[0])) == shapely.Point()
