"""Every row of the tables of siting, and what is refused in them."""

import numpy as np
import pytest

from geo.errors import RuleError
from geo.rules import load_rules
from geo.settings import Settings
from geo.site_rules import PER, list_apart, list_sited, measure_reaches
from geo.tables import GROUPS, PEOPLE
from geo.text import LANGUAGES, data_dir

RULES = load_rules()
SIX = (
    "elderly_daycare",
    "childcare",
    "parking",
    "canteen",
    "health_station",
    "fitness_ground",
)


def replace_table(folder, name, *changes):
    """Put a built-in table, with texts replaced, into a district folder."""
    text = (data_dir() / "rules" / f"{name}.csv").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


# --- the built-in rows ----------------------------------------------------------------


@pytest.mark.parametrize("category", RULES.requirements)
def test_every_required_category_has_a_size(category):
    one = list_sited(RULES, [category])[category]
    need = one.need
    assert one.group in GROUPS
    for area, sizing in one.sizings.items():
        assert (sizing.category, sizing.area) == (category, area)
        assert sizing.module_m2 > 0
        assert not sizing.firm  # all of them this tool's own choices
        assert np.isnan(sizing.cost_per_m2_cny)  # no invented money
        legal = {"floor": need.min_floor_area_m2, "land": need.min_land_area_m2}[area]
        # own figures only where no standard has one
        assert np.isnan(sizing.least_m2) or legal is None
        if legal is not None:
            assert (legal / sizing.module_m2) % 1 == 0
            assert legal <= sizing.most_m2
        if sizing.capacity_unit:
            assert sizing.capacity_unit == need.capacity_unit


@pytest.mark.parametrize("row", RULES.siting.to_dict("records"), ids=str)
def test_largest_sizes_are_those_of_the_standards_named(row):
    named = [word for word in row["rule_refs"].split("|") if word]
    assert named
    standards = RULES.standards.loc[named]
    most = standards[f"max_{row['area']}_area_m2"].dropna()
    if len(most) and f"上限取 {most.index[0]}" in row["note"]:
        assert row["most_m2"] == most.iloc[0]
    allowed = {*named, "F050"}
    told = {word for word in RULES.standards.index if word in row["note"]}
    assert told <= allowed


def test_the_areas_of_parking_lie_within_the_standard():
    rows = RULES.siting.set_index(["category", "area"])
    standard = RULES.standards.loc["F061"]
    land = rows.loc[("parking", "land"), "m2_per_capacity"]
    floor = rows.loc[("parking", "floor"), "m2_per_capacity"]
    assert land == standard["land_area_m2_per_space_max"] == 30
    assert floor == standard["floor_area_m2_per_garage_space_max"] == 40


def test_figures_of_people():
    assert list(RULES.people.index) == list(PEOPLE)
    assert RULES.people["value"].tolist() == [2.62, 0.187, 0.02]
    assert RULES.people["source"].str.len().gt(0).all()


def test_health_and_childcare_may_share_a_house():
    pairs = {
        frozenset(pair)
        for pair in RULES.apart[["category_a", "category_b"]].to_numpy().tolist()
    }
    assert frozenset({"childcare", "market"}) in pairs
    assert frozenset({"childcare", "health_station"}) not in pairs
    assert frozenset({"elderly_daycare", "canteen"}) not in pairs


# --- reading them ---------------------------------------------------------------------


def test_categories_come_in_the_order_asked():
    asked = ("parking", "sauna", "canteen", "elderly_home")
    assert list(list_sited(RULES, asked)) == ["parking", "canteen"]
    sited = list_sited(RULES, SIX)
    assert [key for key, one in sited.items() if one.limited] == [
        "elderly_daycare",
        "childcare",
        "parking",
    ]
    assert measure_reaches(sited, Settings()) == {
        key: RULES.requirements[key].threshold_m for key in SIX
    }
    assert [one.category for one in sited.values()] == [*SIX]


@pytest.mark.parametrize(
    ("category", "needed"),
    # 1,000 households of 2,500 people
    [("elderly_daycare", 200.0), ("childcare", 11.25), ("parking", 500.0)],
)
def test_what_people_need(category, needed):
    one = list_sited(RULES, [category])[category]
    households, persons = np.array([1000.0, np.nan]), np.array([2500.0, np.nan])
    found = one.needed_by(households, persons)
    assert found[0] == pytest.approx(needed)
    assert np.isnan(found[1])
    assert one.need.capacity_kind in PER


def test_without_a_capacity_nobody_knows_what_they_need():
    one = list_sited(RULES, ["canteen"])["canteen"]
    assert np.isnan(one.needed)
    assert np.isnan(one.needed_by(np.array([3.0]), np.array([9.0]))).all()


def test_pairs_of_which_both_are_asked_for():
    assert len(list_apart(RULES, SIX)) == 0
    found = list_apart(RULES, [*SIX, "market", "public_toilet"])
    assert found["rule_id"].tolist() == ["A001", "A003", "A004"]


# --- what a district replaces, and what is refused ------------------------------------


def test_a_district_replaces_the_tables(tmp_path):
    replace_table(tmp_path, "siting", (",10,places,,", ",12,places,3000,"))
    replace_table(tmp_path, "people", (",2.62,", ",2.4,"))
    replace_table(tmp_path, "apart", ("childcare,market,0", "childcare,market,50"))
    rules = load_rules(district_dir=tmp_path)
    sizing = list_sited(rules, ["childcare"])["childcare"].sizings["floor"]
    assert (sizing.m2_per_capacity, sizing.cost_per_m2_cny) == (12.0, 3000.0)
    assert rules.people.loc["persons_per_household", "value"] == 2.4
    assert rules.apart["within_m"].tolist() == [50, 0, 0, 0]
    for table in (rules.siting, rules.people, rules.apart):
        assert set(table["origin"]) == {"district"}
    assert rules.fingerprint != RULES.fingerprint


@pytest.mark.parametrize(
    ("table", "old", "new", "code"),
    [
        ("siting", "childcare,inf", "childcar,inf", "rule_category_unknown"),
        ("siting", "childcare,inf", "elderly_area,inf", "rule_category_unknown"),
        ("siting", "infants_0_3,floor", "babies,floor", "rule_cell_choice"),
        ("siting", "infants_0_3,floor,50", "infants_0_3,floor,0", "rule_cell_zero"),
        ("siting", ",1500,10,places", ",1500,0,places", "rule_cell_zero"),
        ("siting", ",1500,10,places", ",1500,10,", "rule_cell_empty"),
        ("siting", ",1500,10,places", ",1500,,places", "rule_cell_empty"),
        (
            "siting",
            "infants_0_3,floor,50,,",
            "infants_0_3,floor,50,9999,",
            "rule_range",
        ),
        ("siting", "parking,cars,floor", "parking,persons,floor", "rule_group"),
        ("siting", "parking,cars,floor", "parking,cars,land", "rule_row_twice"),
        ("people", "share_elderly_60", "share_elderly", "rule_cell_choice"),
        ("people", "2.62", "-1", "rule_cell_negative"),
        ("apart", "childcare,market", "childcare,markt", "rule_category_unknown"),
        ("apart", "childcare,market", "day_care,market", "rule_category_unknown"),
    ],
)
def test_what_is_not_valid_is_refused(tmp_path, table, old, new, code):
    replace_table(tmp_path, table, (old, new))
    with pytest.raises(RuleError) as caught:
        load_rules(district_dir=tmp_path)
    assert caught.value.code == code
    for lang in LANGUAGES:
        assert f"{table}.csv" in caught.value.message(lang)
        assert caught.value.action(lang)


def test_a_figure_that_is_missing_is_refused(tmp_path):
    replace_table(tmp_path, "people")
    path = tmp_path / "rules" / "people.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        load_rules(district_dir=tmp_path)
    assert caught.value.code == "rule_row_missing"
    for lang in LANGUAGES:
        assert "share_infants_0_3" in caught.value.message(lang)


def test_a_district_may_strike_out_all_pairs(tmp_path):
    replace_table(tmp_path, "apart")
    path = tmp_path / "rules" / "apart.csv"
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0], encoding="utf-8")
    rules = load_rules(district_dir=tmp_path)
    assert len(list_apart(rules, RULES.requirements)) == 0
