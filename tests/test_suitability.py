"""Suitability: every row of its table, and resources judged by hand beforehand."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from gridtown import TOWN_CRS, box, make_layer, place, point
from sample_plan import read_sample

from geo.demands import list_words
from geo.errors import RuleError
from geo.rules import load_rules
from geo.suitability import (
    SUITABILITY_COLUMNS,
    explain_suitability,
    judge_suitability,
)
from geo.text import LANGUAGES, data_dir, texts

ANSWERS = tomllib.loads(
    Path(__file__).with_name("sample_answers.toml").read_text(encoding="utf-8")
)
RULES = load_rules()
TABLE = RULES.suitability
ROWS = {row["rule_id"]: row for row in TABLE.to_dict("records")}
REQUIRED = tuple(RULES.requirements)

#: Rooms and a plot against which no table can have anything.
ROOMS = {
    "at": box(0, 0, 30, 30),
    "kind": "闲置房屋",
    "floor_area_m2": 1e5,
    "land_area_m2": 1e5,
    "storeys": 1.0,
    "ground_floor": True,
    "legal_constraints": "无",
    "structure_safety": "A级",
    "fire_access": True,
}
PLOT = {
    "at": box(0, 0, 30, 30),
    "kind": "边角地",
    "land_area_m2": 1e5,
    "legal_constraints": "无",
}


TABLE_TEXT = (data_dir() / "rules" / "suitability.csv").read_text(encoding="utf-8")


def judge(rows, rules=RULES, protected=None):
    """Judge resources (id -> columns); index (idle_id, category)."""
    idle = make_layer("idle", rows)
    layer = None if protected is None else make_layer("protected", protected)
    table = judge_suitability(idle, rules, protected=layer)
    return table.set_index(["idle_id", "category"])


def judge_each(category, row, column, words):
    """Judge a resource with each of the words in a column."""
    found = judge({word: row | {column: word} for word in words})
    return found.xs(category, level="category")


def judge_one(category, row, rules=RULES, protected=None):
    return judge({"r": row}, rules, protected).loc[("r", category)]


def base(category):
    """Return a resource of the first kind that may hold the category, or none."""
    for row in ROWS.values():
        if (row["category"], row["condition"]) == (category, "kind") and row["area"]:
            kind = list_words(row["kinds"])[0]
            return (ROOMS if row["area"] == "floor" else PLOT) | {"kind": kind}
    return None


def rows_of(condition, *, everyone=False):
    return [
        pytest.param(row, id=key)
        for key, row in ROWS.items()
        if row["condition"] == condition and (row["category"] == "*") == everyone
    ]


# --- the table, row by row ------------------------------------------------------------


def test_every_condition_is_tried_below():
    tried = {"kind", "use", "size", "storeys", "constraint", "safety", "fire_access"}
    tried |= {"code_planning", "code_survey", "landuse_planning", "landuse_survey"}
    assert set(TABLE["condition"]) == tried
    # conditions that are for every category only, and those that never are
    every = TABLE["category"] == "*"
    assert not set(TABLE.loc[every, "condition"]) & {"kind", "size", "storeys"}
    assert set(TABLE.loc[~every, "category"]) == set(REQUIRED)


def test_a_word_stands_once_per_category_and_condition():
    for (category, condition), rows in TABLE.groupby(["category", "condition"]):
        for column in ("kinds", "words"):
            words = [word for text in rows[column] for word in list_words(text)]
            assert len(words) == len(set(words)), (category, condition)


def test_rows_hold_what_their_condition_needs():
    for row in ROWS.values():
        condition = row["condition"]
        assert bool(row["kinds"]) == (condition == "kind"), row
        assert bool(row["area"]) == (condition == "kind" and row["verdict"] == "yes")
        assert (row["storeys_most"] >= 1) == (condition == "storeys"), row
        assert bool(row["size_rule"]) == (condition == "size"), row
        if condition not in ("kind", "size", "storeys", "fire_access"):
            assert row["words"], row


@pytest.mark.parametrize("row", rows_of("kind"))
def test_kinds(row):
    kinds = list_words(row["kinds"])
    found = judge_each(row["category"], ROOMS, "kind", kinds)
    assert len(found) == len(kinds)
    assert set(found["area_kind"]) == {row["area"]}
    if row["verdict"] == "yes":
        assert not found["reason_code"].str.startswith("kind").any()
        assert set(found["area_m2"]) == {1e5}
    else:
        assert set(found["state"]) == {row["verdict"]}
        code = {"no": "kind", "unknown": "kind_open"}[row["verdict"]]
        assert set(found["reason_code"]) == {code}
        assert set(found["rule_id"]) == {row["rule_id"]}
        assert found["detail"].tolist() == found.index.tolist()


def test_every_kind_of_the_survey_is_known_to_every_category():
    kinds = ["闲置房屋", "边角地", "空闲用地", "低效厂房", "地下空间", "屋顶"]
    kinds.append("待拆违建腾退")
    found = judge({kind: ROOMS | {"kind": kind} for kind in kinds})
    assert not set(found["reason_code"]) & {"kind_unclear", "category_unlisted"}


def uses(*categories):
    rows = (row for row in ROWS.values() if row["condition"] == "use")
    return {
        word
        for row in rows
        if row["category"] in categories
        for word in list_words(row["words"])
    }


@pytest.mark.parametrize("row", rows_of("use"))
def test_uses(row):
    category = row["category"]
    resource = base(category) or ROOMS | {"kind": "空闲用地"}
    own = uses(category)
    others = uses(*REQUIRED) - own - uses("*")
    words = [*own, "、".join(sorted(others)), ""]
    codes = judge_each(category, resource, "allowed_uses", words)
    assert not codes.loc[list(own), "reason_code"].str.startswith("use").any()
    found = codes.loc["、".join(sorted(others))]
    told = (found["state"], found["reason_code"], found["rule_id"])
    assert told == (row["verdict"], "use", row["rule_id"])
    # nothing said: left to be checked
    found = codes.loc[""]
    assert "allowed_uses" in found["to_check"].split("|")
    assert found["reason_code"] != "use_missing"


def test_uses_without_limits():
    rows = {word: ROOMS | {"allowed_uses": word} for word in uses("*")}
    assert len(rows) > 1
    assert not judge(rows)["reason_code"].str.startswith("use").any()


@pytest.mark.parametrize("row", rows_of("size"))
def test_figures_of_new_building(row):
    category = row["category"]
    need = RULES.requirements[category]
    assert need.size is None, "a row for sizes is only for categories without a rule"
    figures = RULES.standards.loc[row["size_rule"]]
    for area in ("floor", "land"):
        least = figures[f"min_{area}_area_m2"]
        kinds = [
            list_words(r["kinds"])[0]
            for r in ROWS.values()
            if (r["category"], r["area"]) == (category, area)
        ]
        for kind in kinds:
            resource = ROOMS | {"kind": kind}
            if np.isnan(least):
                found = judge_one(category, resource)
                assert (found["state"], found["reason_code"]) == (
                    "unknown",
                    "no_figure",
                )
                continue
            column = f"{area}_area_m2"
            enough = judge_one(category, resource | {column: least})
            told = (enough["state"], enough["reason_code"], enough["rule_id"])
            assert told == ("yes", "enough", row["size_rule"])
            assert enough["needed_m2"] == least
            assert enough["clause"] == figures["clause"]
            less = judge_one(category, resource | {column: least - 0.01})
            told = (less["state"], less["reason_code"], less["rule_id"])
            assert told == (row["verdict"], "below_new", row["size_rule"])


@pytest.mark.parametrize("row", rows_of("storeys"))
def test_storeys(row):
    category, most = row["category"], row["storeys_most"]
    needed = RULES.requirements[category].min_floor_area_m2
    rooms = ROOMS | {"floor_area_m2": needed, "storeys": most}
    found = judge_one(category, rooms)
    assert (found["state"], found["area_m2"]) == ("yes", needed)
    # one storey more: too little of it serves
    found = judge_one(category, rooms | {"storeys": most + 1})
    code = {"no": "storeys", "unknown": "storeys_open"}[row["verdict"]]
    told = (found["state"], found["reason_code"], found["rule_id"])
    assert told == (row["verdict"], code, row["rule_id"])
    assert found["area_m2"] == pytest.approx(needed * most / (most + 1))
    # unless it is as much larger
    more = {"storeys": most + 1, "floor_area_m2": needed * (most + 1) / most + 0.01}
    assert judge_one(category, rooms | more)["state"] == "yes"
    for missing in ({"storeys": None}, {"ground_floor": None, "storeys": 4}):
        found = judge_one(category, rooms | missing)
        told = (found["state"], found["reason_code"], found["rule_id"])
        assert told == (row["if_missing"], "storeys_missing", row["rule_id"])
        assert np.isnan(found["area_m2"])


@pytest.mark.parametrize("row", rows_of("constraint"))
def test_constraints_of_one_category(row):
    words = list_words(row["words"])
    resource = base(row["category"])
    found = judge_each(row["category"], resource, "legal_constraints", words)
    if row["verdict"] == "yes":
        assert not found["reason_code"].str.startswith("constraint").any()
    else:
        assert set(found["state"]) == {row["verdict"]}
        assert set(found["reason_code"]) == {"constraint"}
        assert set(found["rule_id"]) == {row["rule_id"]}
        assert found["detail"].tolist() == found.index.tolist()


@pytest.mark.parametrize("row", rows_of("constraint", everyone=True))
def test_constraints_of_every_category(row):
    words = set(list_words(row["words"]))
    own = {
        other["category"]
        for other in ROWS.values()
        if other["condition"] == "constraint" and words & {*list_words(other["words"])}
    } - {"*"}
    for resource in (ROOMS, PLOT):
        table = judge({w: resource | {"legal_constraints": w} for w in words})
        table = table.reset_index()
        found = table[~table["category"].isin(own) & (table["area_kind"] != "")]
        told = found["reason_code"] == "constraint_open"
        assert set(told) == {row["verdict"] == "unknown"}
        if row["verdict"] == "unknown":
            assert set(found["rule_id"]) == {row["rule_id"]}
            assert set(found["state"]) == {"unknown"}
            assert (found["detail"] == found["idle_id"]).all()


@pytest.mark.parametrize("row", rows_of("safety", everyone=True))
def test_safety(row):
    code = {"yes": "enough", "unknown": "safety_open", "no": "safety"}[row["verdict"]]
    words = list_words(row["words"])
    found = judge_each("childcare", ROOMS, "structure_safety", words)
    assert set(found["state"]) == {row["verdict"]}
    assert set(found["reason_code"]) == {code}
    plots = judge_each("fitness_ground", PLOT, "structure_safety", words)
    assert set(plots["state"]) == {"yes"}


@pytest.mark.parametrize("row", rows_of("fire_access", everyone=True))
def test_fire_access(row):
    found = judge_one("childcare", ROOMS | {"fire_access": False})
    told = (found["state"], found["reason_code"], found["rule_id"])
    assert told == (row["verdict"], "fire_access", row["rule_id"])
    assert judge_one("fitness_ground", PLOT | {"fire_access": False})["state"] == "yes"
    found = judge_one("childcare", ROOMS | {"fire_access": None})
    assert (found["state"], "fire_access" in found["to_check"]) == ("yes", True)


@pytest.mark.parametrize("system", ["planning", "survey"])
def test_code_systems_and_codes_of_idle_land(system):
    rows = [r for r in ROWS.values() if r["condition"] == f"landuse_{system}"]
    (names,) = (r["words"] for r in ROWS.values() if r["condition"] == f"code_{system}")
    for name in names.split("|"):
        for code in list_words(rows[0]["words"]):
            resource = PLOT | {"landuse_code": code, "code_system": name}
            checks = judge_one("fitness_ground", resource)["to_check"]
            assert checks == "allowed_uses", (name, code)


# --- resources judged by hand ---------------------------------------------------------


ROOM_CASES = [
    # 完整居住社区: childcare at least 200 m2, on the lower two storeys
    ("childcare", {"floor_area_m2": 200.0}, "yes", "enough", 200.0, 200.0),
    ("childcare", {"floor_area_m2": 199.99}, "no", "too_small", 199.99, 200.0),
    ("childcare", {"floor_area_m2": None}, "unknown", "area_missing", np.nan, 200),
    ("childcare", {"floor_area_m2": 672, "storeys": 2}, "yes", "enough", 672, 200),
    ("childcare", {"floor_area_m2": 400, "storeys": 4}, "yes", "enough", 200, 200),
    ("childcare", {"floor_area_m2": 396, "storeys": 4}, "no", "storeys", 198, 200),
    (
        "childcare",
        {"ground_floor": False, "storeys": 1},
        "unknown",
        "storeys_missing",
        np.nan,
        200,
    ),
    # small rooms are too small whatever their storeys
    (
        "childcare",
        {"floor_area_m2": 90, "storeys": None},
        "no",
        "too_small",
        90,
        200,
    ),
    # one storey, of which nothing else is said
    (
        "childcare",
        {"ground_floor": None, "floor_area_m2": 250},
        "yes",
        "enough",
        250,
        200,
    ),
    # day care: 350 m2 on the ground floor, or a lift
    (
        "elderly_daycare",
        {"floor_area_m2": 672, "storeys": 2},
        "unknown",
        "storeys_open",
        336,
        350,
    ),
    (
        "elderly_daycare",
        {"floor_area_m2": 350, "ground_floor": False},
        "unknown",
        "storeys_open",
        0,
        350,
    ),
    # no national figure: unknown, never a number of ours
    ("canteen", {}, "unknown", "no_figure", 1e5, np.nan),
    ("pharmacy", {}, "unknown", "no_figure", 1e5, np.nan),
    # the kind rules it out, figure or not
    ("pocket_park", {}, "no", "kind", np.nan, np.nan),
    ("parking", {}, "no", "kind", np.nan, np.nan),
    # kindergarten: 2,200 m2 of floor and 3,500 m2 of land
    (
        "kindergarten",
        {"floor_area_m2": 2200, "land_area_m2": 3500},
        "yes",
        "enough",
        2200,
        2200,
    ),
    (
        "kindergarten",
        {"floor_area_m2": 2200, "land_area_m2": 3499},
        "no",
        "land_short",
        2200,
        2200,
    ),
    # health centre: the figures are for new building only
    (
        "health_center",
        {"floor_area_m2": 1700, "land_area_m2": 1400},
        "unknown",
        "land_below_new",
        1700,
        1700,
    ),
    ("market", {"floor_area_m2": 700}, "unknown", "below_new", 700, 750),
    # what nobody knows
    ("childcare", {"kind": None}, "unknown", "kind_missing", np.nan, np.nan),
    ("childcare", {"kind": "锅炉房"}, "unknown", "kind_unclear", np.nan, np.nan),
    ("childcare", {"allowed_uses": "办公"}, "unknown", "use_unclear", 1e5, 200),
    ("childcare", {"allowed_uses": "养老，停车"}, "no", "use", 1e5, 200),
    ("childcare", {"allowed_uses": "办公/托育"}, "yes", "enough", 1e5, 200),
    (
        "childcare",
        {"legal_constraints": "机场净空"},
        "unknown",
        "constraint_unclear",
        1e5,
        200,
    ),
    (
        "childcare",
        {"structure_safety": "待鉴定"},
        "unknown",
        "safety_unclear",
        1e5,
        200,
    ),
    # of several reasons the one that rules it out is told
    (
        "childcare",
        {"structure_safety": "D级", "legal_constraints": "绿线"},
        "no",
        "safety",
        1e5,
        200,
    ),
]


@pytest.mark.parametrize(
    ("category", "row", "state", "code", "area", "needed"), ROOM_CASES
)
def test_rooms(category, row, state, code, area, needed):
    found = judge_one(category, ROOMS | row)
    assert (found["state"], found["reason_code"]) == (state, code)
    np.testing.assert_allclose(found["area_m2"], area)
    np.testing.assert_allclose(found["needed_m2"], needed)


@pytest.mark.parametrize(
    ("category", "row", "state", "code"),
    [
        ("fitness_ground", {"land_area_m2": 150.0}, "yes", "enough"),
        ("fitness_ground", {"land_area_m2": 149.0}, "no", "too_small"),
        ("fitness_ground", {"legal_constraints": "绿线"}, "unknown", "constraint_open"),
        ("parking", {"legal_constraints": "绿线"}, "no", "constraint"),
        ("pocket_park", {"legal_constraints": "绿线"}, "unknown", "no_figure"),
        ("public_toilet", {"land_area_m2": 60.0}, "yes", "enough"),
        ("childcare", {}, "no", "kind"),
        ("childcare", {"kind": "空闲用地"}, "unknown", "kind_open"),
        ("parcel", {}, "unknown", "no_figure"),
    ],
)
def test_plots(category, row, state, code):
    found = judge_one(category, PLOT | row)
    assert (found["state"], found["reason_code"]) == (state, code)


def test_a_plot_without_an_area_has_that_of_its_outline():
    found = judge_one("fitness_ground", PLOT | {"land_area_m2": None})
    assert (found["state"], found["area_m2"]) == ("yes", 900.0)
    assert "land_area_m2" in found["to_check"]
    found = judge_one(
        "fitness_ground", PLOT | {"land_area_m2": None, "at": point(5, 5)}
    )
    assert (found["state"], found["reason_code"]) == ("unknown", "area_missing")


def test_what_a_simple_ledger_does_not_say_is_left_to_be_checked():
    rooms = {"at": box(0, 0, 9, 9), "kind": "闲置房屋", "floor_area_m2": 60.0}
    found = judge_one("convenience", rooms)
    assert (found["state"], found["reason_code"]) == ("yes", "enough")
    checks = ["allowed_uses", "legal_constraints", "structure_safety", "fire_access"]
    assert found["to_check"].split("|") == checks
    # no list of what is to be checked where it may not be anyway
    assert judge_one("community_station", rooms)["to_check"] == ""


@pytest.mark.parametrize(
    ("category", "code", "system", "check"),
    [
        # the same code, two meanings
        ("community_station", "0702", "国土空间用地用海分类（2023）", ""),
        ("community_station", "0702", "三调", "landuse_code"),
        ("community_station", "1201", "三调", ""),
        ("community_station", "1201", "国土空间规划", "landuse_code"),
        ("community_station", "0702", None, "code_system"),
        ("community_station", "0702", "某市旧标准", "code_system"),
        ("market", "090102", "国土空间规划", ""),
        ("market", "0701", "国土空间规划", "landuse_code"),
        ("market", "05H101", "三调", ""),
        ("market", None, "三调", ""),
    ],
)
def test_land_use_codes(category, code, system, check):
    row = ROOMS | {"allowed_uses": "不限", "landuse_code": code, "code_system": system}
    found = judge_one(category, row)
    assert (found["state"], found["to_check"]) == ("yes", check)


@pytest.mark.parametrize(
    ("thing", "state", "detail"),
    [
        ({"at": box(20, 20, 50, 50), "kind": "heritage"}, "unknown", "heritage"),
        ({"at": point(15, 15), "kind": "old_tree"}, "unknown", "old_tree"),
        ({"at": box(20, 20, 50, 50), "kind": "green_line"}, "unknown", "green_line"),
        ({"at": box(20, 20, 50, 50), "kind": None}, "unknown", "protected"),
        # beside it is not on it
        ({"at": box(30, 0, 50, 30), "kind": "heritage"}, "yes", ""),
        ({"at": point(31, 15), "kind": "old_tree"}, "yes", ""),
    ],
)
def test_what_stands_on_it_constrains_it(thing, state, detail):
    found = judge_one("fitness_ground", PLOT, protected={"p": thing})
    assert (found["state"], found["detail"]) == (state, detail)
    assert judge_one("fitness_ground", PLOT, protected={})["state"] == "yes"


def test_more_area_is_never_worse():
    areas = [1.0, 14.0, 15.0, 49.0, 50.0, 150.0, 200.0, 350.0, 800.0, 2200.0, 1e4]
    level = {"no": 0, "unknown": 1, "yes": 2}
    for resource in (ROOMS, PLOT):
        rows = {
            f"r{at:02d}": resource | {"floor_area_m2": area, "land_area_m2": area}
            for at, area in enumerate(areas)
        }
        for category, found in judge(rows)["state"].groupby(level="category"):
            order = found.map(level).to_numpy()
            assert (np.diff(order) >= 0).all(), category


# --- a district's own -----------------------------------------------------------------


def test_a_district_replaces_the_smallest_area(tmp_path):
    text = '[rules.F020]\nmin_floor_area_m2 = 300\nsource = "某市民政局"\n'
    text += "[rules.F052]\nmin_floor_area_m2 = 500\n"
    (tmp_path / "district.toml").write_text(text, encoding="utf-8")
    rules = load_rules(district_dir=tmp_path)
    found = judge_one("childcare", ROOMS | {"floor_area_m2": 250}, rules)
    assert (found["state"], found["needed_m2"]) == ("no", 300)
    assert (found["source"], found["certainty"]) == ("某市民政局", "unverified")
    found = judge_one("market", ROOMS | {"floor_area_m2": 500}, rules)
    assert (found["state"], found["standard"]) == ("yes", "district.toml")
    assert (found["clause"], found["certainty"]) == ("[rules.F052]", "unverified")


def test_a_district_lays_down_a_figure_where_there_is_none(tmp_path):
    text = '[facilities.use.pocket_park]\nsize = "F051"\n'
    (tmp_path / "district.toml").write_text(text, encoding="utf-8")
    rules = load_rules(district_dir=tmp_path)
    states = [
        judge_one("pocket_park", PLOT | {"land_area_m2": area}, rules)["state"]
        for area in (400, 399)
    ]
    assert states == ["yes", "no"]


def test_a_category_of_which_the_table_says_nothing(tmp_path):
    text = '[facilities.use.mall]\ndistance = "F053"\ntier_min = 10\n'
    (tmp_path / "district.toml").write_text(text, encoding="utf-8")
    found = judge_one("mall", ROOMS, load_rules(district_dir=tmp_path))
    assert (found["state"], found["reason_code"]) == ("unknown", "category_unlisted")


def write_table(folder, *changes):
    text = TABLE_TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "rules").mkdir()
    (folder / "rules" / "suitability.csv").write_text(text, encoding="utf-8")
    return load_rules(district_dir=folder)


def test_a_district_replaces_the_table(tmp_path):
    row = next(key for key, r in ROWS.items() if "|托儿|" in r["words"])
    line = TABLE[TABLE["rule_id"] == row].iloc[0]
    assert line["if_missing"] == "passes"
    old = next(t for t in TABLE_TEXT.splitlines() if t.startswith(f"{row},"))
    rules = write_table(tmp_path, (old, old.replace(",passes,", ",unknown,")))
    found = judge_one("childcare", ROOMS, rules)
    told = (found["state"], found["reason_code"], found["rule_id"])
    assert told == ("unknown", "use_missing", row)
    assert rules.fingerprint != RULES.fingerprint


def test_a_rule_that_does_not_exist_is_refused(tmp_path):
    rules = write_table(tmp_path, (",F052,", ",F999,"))
    with pytest.raises(RuleError) as caught:
        judge({"r": ROOMS}, rules)
    assert caught.value.code == "rule_missing"
    assert "F999" in caught.value.message()


def test_an_unknown_category_is_refused(tmp_path):
    with pytest.raises(RuleError) as caught:
        write_table(tmp_path, (",childcare,", ",childcares,"))
    assert caught.value.code == "rule_category_unknown"


# --- the frame ------------------------------------------------------------------------


def test_one_row_for_each_resource_and_category_whatever_the_order():
    rows = {f"r{at}": ROOMS | {"floor_area_m2": 40.0 * at} for at in range(12)}
    table = judge(rows)
    assert list(table.index) == [(r, c) for r in sorted(rows) for c in REQUIRED]
    assert tuple(table.reset_index().columns) == SUITABILITY_COLUMNS
    shuffled = judge(dict(reversed(rows.items())))
    pd.testing.assert_frame_equal(table, shuffled)


def test_no_resources():
    table = judge({})
    assert len(table) == 0
    assert tuple(table.reset_index().columns) == SUITABILITY_COLUMNS


def test_every_verdict_says_where_it_stands():
    table = judge({"rooms": ROOMS, "plot": PLOT, "small": ROOMS | {"floor_area_m2": 1}})
    ruled = table[table["rule_id"] != ""]
    assert ruled[["standard", "clause", "source", "certainty"]].ne("").all(axis=None)
    assert set(table.loc[table["rule_id"] == "", "reason_code"]) == {"no_figure"}


VARIED = judge_suitability(
    make_layer(
        "idle",
        {f"r{at}": ROOMS | case[1] for at, case in enumerate(ROOM_CASES)}
        | {
            "green": PLOT | {"legal_constraints": "绿线"},
            "bare": {"at": point(0, 0), "kind": "边角地"},
            "fire": ROOMS | {"fire_access": False},
            "worn": ROOMS | {"structure_safety": "C级"},
            "landless": ROOMS | {"land_area_m2": None, "at": point(0, 0)},
        },
    ),
    RULES,
)

# --- sentences ------------------------------------------------------------------------


def test_every_reason_is_a_sentence_in_both_languages(tmp_path):
    changes = {
        "use": ("use", ",passes,"),
        "constraint": ("constraint", ",passes,"),
        "safety": ("safety", ",passes,"),
        "fire_access": ("fire_access", ",passes,"),
    }
    parts = [VARIED]
    for name, (condition, old) in changes.items():
        lines = [
            line
            for line in TABLE_TEXT.splitlines()
            if f",{condition}," in line and old in line
        ]
        folder = tmp_path / name
        folder.mkdir()
        new = [(line, line.replace(old, ",unknown,")) for line in lines]
        bare = {"at": box(0, 0, 9, 9), "kind": "闲置房屋", "floor_area_m2": 1e4}
        rules = write_table(folder, *new)
        parts.append(judge_suitability(make_layer("idle", {"r": bare}), rules))
    table = pd.concat(parts, ignore_index=True)
    keys = {key for key in texts("zh") if key.startswith("suitability.reason.")}
    known = {key.removeprefix("suitability.reason.") for key in keys}
    # what only siting says of a resource: tests/test_site_options.py
    sited = {"no_sizing", "no_least", "below_least"}
    assert set(table["reason_code"]) == known - {"category_unlisted"} - sited
    for lang in LANGUAGES:
        said = explain_suitability(table, lang)
        assert said.name == "reason"
        assert said.index.equals(table.index)
        assert not said.str.contains(r"nan|\{|None").any()
        assert said.str.len().gt(5).all()


def test_the_sentence_names_area_clause_and_doubt():
    table = judge_suitability(make_layer("idle", {"r": ROOMS}), RULES)
    row = table[table["category"] == "childcare"]
    assert explain_suitability(row, "zh").item() == (
        "建筑面积可用 100,000 平方米，不小于 200 平方米（待核）（完整居住社区建设标准"
        "（试行）建科规〔2020〕7号 基本公共服务设施3）；待核实：可用用途"
    )
    assert "still to be checked: allowed uses" in explain_suitability(row, "en").item()


# --- the sample -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample():
    return read_sample()


def test_the_resources_of_the_joint_pair(sample):
    answer = ANSWERS["joint"]
    table = judge_suitability(sample.idle, RULES, protected=sample.protected)
    names = sample.idle["name"].reset_index().set_index("name")["id"]
    found = table.set_index(["idle_id", "category"])
    for own, other in (answer["communities"], answer["communities"][::-1]):
        lacks = answer["lacks"][own]
        theirs = names[answer["idle_of"][other]]
        row = found.loc[(theirs, lacks)]
        assert (row["state"], row["area_m2"]) == ("yes", answer["area_m2"][other])
        mine = names[answer["idle_of"][own]]
        assert found.loc[(mine, lacks), "state"] == "no"


def test_the_crs_is_the_districts():
    assert shapely.area(place(box(0, 0, 30, 30))) == 900
    assert make_layer("idle", {"r": PLOT}).crs == TOWN_CRS
