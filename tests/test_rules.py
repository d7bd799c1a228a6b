"""What a district replaces, what is marked, and what is refused."""

import pickle
from dataclasses import replace
from fractions import Fraction

import pytest

from geo.errors import RuleError
from geo.rules import load_rules, mark
from geo.schema import RULE_CERTAINTY
from geo.settings import Settings
from geo.text import data_dir

SIX = "category,tier_min,distance_rule,size_rule,capacity_rule,source"


@pytest.fixture(scope="module")
def rules():
    return load_rules()


def copy_table(folder, name, *changes, encoding="utf-8"):
    """Put a built-in table, with texts replaced, into a district folder."""
    text = (data_dir() / "rules" / f"{name}.csv").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / f"{name}.csv").write_bytes(text.encode(encoding))


def write_district(folder, text):
    (folder / "district.toml").write_text(text, encoding="utf-8")
    return folder


# --- what a district replaces ----------------------------------------------------


def test_nothing_replaced(tmp_path):
    built, same = load_rules(), load_rules(district_dir=tmp_path)
    assert set(same.sources["kind"]) == {"built-in"}
    assert same.fingerprint == built.fingerprint
    assert same.sources["sha256"].str.fullmatch("[0-9a-f]{64}").all()


def test_a_file_in_place_of_a_folder_replaces_nothing(tmp_path):
    extract = tmp_path / "city.osm.pbf"
    extract.write_bytes(b"x")
    assert load_rules(district_dir=extract).fingerprint == load_rules().fingerprint


def test_a_replaced_number_is_the_districts_own(tmp_path):
    write_district(tmp_path, "[rules.F006]\nmax_distance_m = 450\n")
    book = load_rules(district_dir=tmp_path)
    need = book.requirements["elderly_daycare"]
    assert need.threshold_m == 450
    assert need.distance.origin == "district"
    assert need.distance.certainty == "unverified"
    assert need.distance.source == "district.toml [rules.F006]"
    assert need.distance.standard == "district.toml"
    assert need.distance.clause == "[rules.F006]"
    # the size comes from another row, and this row's own size stays what it was
    assert need.size.origin == "built-in"
    row = book.standards.loc["F006"]
    assert (row["max_distance_m"], row["min_floor_area_m2"]) == (450, 350)
    assert (row["origin_distance"], row["origin_size"]) == ("district", "built-in")
    assert book.fingerprint != load_rules().fingerprint
    assert "district.toml" in set(book.sources["table"])


def test_a_replaced_number_carries_the_source_given(tmp_path):
    text = """
    [rules.F006]
    max_distance_m = "500"
    standard = "某市专项规划"
    clause = "第 12 条"
    source = "某市民政局"
    certainty_distance = "published"
    """
    write_district(tmp_path, text)
    rule = load_rules(district_dir=tmp_path).requirements["elderly_daycare"].distance
    assert (rule.standard, rule.clause, rule.source) == (
        "某市专项规划",
        "第 12 条",
        "某市民政局",
    )
    assert rule.firm
    assert mark(rule) == ""


def test_a_replaced_number_names_the_source_given_as_its_standard(tmp_path):
    text = '[rules.F006]\nmax_distance_m = 450\nsource = "某市民政局"\n'
    write_district(tmp_path, text)
    rule = load_rules(district_dir=tmp_path).requirements["elderly_daycare"].distance
    assert (rule.standard, rule.clause) == ("某市民政局", "[rules.F006]")


def test_a_source_alone_touches_every_number_of_its_row(tmp_path):
    write_district(tmp_path, '[rules.F006]\nsource = "已核对原文"\n')
    book = load_rules(district_dir=tmp_path)
    rule = book.requirements["elderly_daycare"].distance
    assert (rule.source, rule.origin, rule.certainty) == (
        "已核对原文",
        "district",
        "expert",
    )
    assert rule.value("max_distance_m") == 300


def test_a_certainty_alone_touches_its_own_test(tmp_path):
    write_district(tmp_path, '[rules.F024]\ncertainty_distance = "published"\n')
    row = load_rules(district_dir=tmp_path).standards.loc["F024"]
    assert (row["certainty_distance"], row["origin_distance"]) == (
        "published",
        "district",
    )
    assert (row["certainty_size"], row["origin_size"]) == ("expert", "built-in")


def test_an_emptied_number_is_no_rule(tmp_path):
    write_district(tmp_path, '[rules.F030]\nmin_floor_area_m2 = ""\n')
    with pytest.raises(RuleError) as caught:
        load_rules(district_dir=tmp_path)
    assert caught.value.code == "rule_gives_nothing"
    assert caught.value.params["rule"] == "F030"


def test_a_replaced_clause_of_a_document_reaches_the_profile(tmp_path):
    write_district(tmp_path, '[rules.GS-2a]\nthreshold = "4/5"\nsource = "某市办法"\n')
    book = load_rules("gansu", tmp_path)
    clause = book.profile.clauses["consent.participation_min"]
    assert clause.value == Fraction(4, 5)
    assert (clause.origin, clause.source, clause.certainty) == (
        "district",
        "某市办法",
        "unverified",
    )
    assert book.profile.value("consent.agree_min") == Fraction(3, 4)
    row = book.policy.set_index("rule_id").loc["GS-2a"]
    assert (row["threshold"], row["origin"]) == ("4/5", "district")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_replaced_table_is_the_districts_own(tmp_path, encoding):
    change = ("childcare,5,F019,F020,F022", "childcare,5,F021,F020,F023")
    copy_table(tmp_path, "required", change, encoding=encoding)
    copy_table(tmp_path, "facility_standards", encoding=encoding)
    book = load_rules(district_dir=tmp_path)
    need = book.requirements["childcare"]
    assert need.capacity_value == 5
    assert need.distance.rule_id == "F021"
    assert need.distance.origin == "district"
    assert need.distance.standard.startswith("安徽《居住区托育")
    kinds = book.sources.set_index("table")["kind"]
    assert kinds["required"] == "district"
    assert kinds["osm_tags"] == "built-in"


def test_categories_are_switched_off_and_on(tmp_path):
    text = """
    [facilities]
    off = ["parcel"]
    [facilities.use.elderly_daycare]
    capacity = "F017"
    size = ""
    [facilities.use.mall]
    distance = "F053"
    size = "F053"
    tier_min = 10
    """
    write_district(tmp_path, text)
    needs = load_rules(district_dir=tmp_path).requirements
    assert not needs["parcel"].required
    assert needs["market"].required
    assert needs["elderly_daycare"].capacity_value == 15
    assert needs["elderly_daycare"].size is None
    assert needs["elderly_daycare"].threshold_m == 300
    assert needs["mall"].min_floor_area_m2 == 1500
    assert list(needs)[-1] == "mall"


def test_a_requirement_without_distance_reaches_the_default(tmp_path):
    write_district(tmp_path, '[facilities.use.parcel]\ndistance = ""\n')
    need = load_rules(district_dir=tmp_path).requirements["parcel"]
    assert need.threshold_m is None
    assert need.reach_m(Settings(default_reach_m=700.0)) == 700
    assert need.rule("distance") is None
    assert need.capacity_kind is need.capacity_value is need.capacity_unit is None


# --- marks -----------------------------------------------------------------------


def test_numbers_that_are_not_firm_are_marked(rules):
    needs = rules.requirements
    assert mark(needs["childcare"].distance) == "（待核）"
    assert mark(needs["childcare"].distance, "en") == " (to be checked)"
    assert mark(needs["parking"].capacity) == "（工具取值）"
    assert mark(needs["elderly_daycare"].capacity) == ""
    assert mark(None) == ""


@pytest.mark.parametrize("certainty", RULE_CERTAINTY)
def test_every_certainty_is_firm_or_marked(rules, certainty):
    rule = replace(rules.requirements["childcare"].distance, certainty=certainty)
    for lang in ("zh", "en"):
        assert bool(mark(rule, lang)) == (not rule.firm)


def test_a_rule_book_crosses_processes(rules):
    copy = pickle.loads(pickle.dumps(rules))  # noqa: S301 - our own bytes
    assert copy.requirements == rules.requirements
    assert copy.fingerprint == rules.fingerprint


# --- refused ---------------------------------------------------------------------

REQUIRED_ROW = "childcare,5,F019,F020,F022"
STANDARD_ROW = "F006,elderly_daycare,老年人日间照料中心（托老所）,提升类,5min"

BAD_TABLES = {
    "unknown category": (
        "required",
        (REQUIRED_ROW, "childcar,5,F019,F020,F022"),
        "rule_category_unknown",
        "childcare",
    ),
    "a category that is no facility": (
        "required",
        (REQUIRED_ROW, "idle_land,5,F019,F020,F022"),
        "rule_category_unknown",
        "idle_land",
    ),
    "wrong unit": (
        "facility_standards",
        ("max_distance_m", "max_distance_km"),
        "rule_column_unknown",
        "max_distance_m",
    ),
    "missing column": (
        "facility_standards",
        ("rule_id,category", "rule_id,note"),
        "rule_column_missing",
        "category",
    ),
    "column twice": (
        "required",
        (f"{SIX},note\n", f"{SIX},note,note\n"),
        "rule_column_twice",
        "note",
    ),
    "not a number": (
        "facility_standards",
        (",300,5,", ",三百米,5,"),
        "rule_cell_number",
        "三百米",
    ),
    "not a finite number": (
        "facility_standards",
        (",300,5,", ",nan,5,"),
        "rule_cell_negative",
        "nan",
    ),
    "negative": (
        "facility_standards",
        (",300,5,", ",-300,5,"),
        "rule_cell_negative",
        "-300",
    ),
    "unknown certainty": (
        "facility_standards",
        (",mirror,mirror,,mirror,", ",mirror,sure,,mirror,"),
        "rule_cell_choice",
        "sure",
    ),
    "number without certainty": (
        "facility_standards",
        (",mirror,mirror,,mirror,", ",mirror,,,mirror,"),
        "rule_cell_empty",
        "certainty_distance",
    ),
    "no source": (
        "required",
        ("完整居住社区建设标准（试行）建科规〔2020〕7号；距离按 GB 50180-2018", ""),
        "rule_cell_empty",
        "source",
    ),
    "duplicate rule id": (
        "facility_standards",
        ("F007,", "F006,"),
        "rule_row_twice",
        "F006",
    ),
    "missing rule": (
        "required",
        (REQUIRED_ROW, "childcare,5,F999,F020,F022"),
        "rule_missing",
        "F999",
    ),
    "rule without the number": (
        "required",
        (REQUIRED_ROW, "childcare,5,F020,F020,F022"),
        "rule_gives_nothing",
        "max_distance_m",
    ),
    "rule of another category": (
        "required",
        (REQUIRED_ROW, "childcare,5,F024,F020,F022"),
        "rule_other_category",
        "kindergarten",
    ),
    "tier": (
        "required",
        (REQUIRED_ROW, "childcare,7,F019,F020,F022"),
        "rule_tier",
        "7",
    ),
    "range": (
        "facility_standards",
        (",350,750,", ",850,750,"),
        "rule_range",
        "850 > 750",
    ),
    "pattern": (
        "poi_mapping",
        ("日间照料|", "(日间照料|"),
        "rule_cell_pattern",
        "日间照料",
    ),
    "tag conditions": (
        "osm_tags",
        ("amenity=childcare,", "amenity:childcare,"),
        "rule_cell_pattern",
        "amenity:childcare",
    ),
    "factor": ("ledger_headers", (",10000,万m2", ",0,万m2"), "rule_factor", "0"),
    "header twice": (
        "ledger_headers",
        ("小区编码,", "小区 名称,"),
        "rule_row_twice",
        "小区名称",
    ),
    "layer": (
        "ledger_headers",
        (",communities,", ",community,"),
        "rule_cell_choice",
        "communities",
    ),
    "cells": (
        "required",
        (REQUIRED_ROW, "childcare,5,F019,F020"),
        "rule_row_length",
        "7",
    ),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_tables_are_refused_with_place_and_remedy(tmp_path, case):
    table, change, code, said = BAD_TABLES[case]
    copy_table(tmp_path, table, change)
    with pytest.raises(RuleError) as caught:
        load_rules(district_dir=tmp_path)
    error = caught.value
    assert error.code == code
    for lang in ("zh", "en"):
        text = error.message(lang) + error.action(lang)
        assert table in text
        assert said in text
        assert "{" not in text


BAD_DISTRICTS = {
    "bad TOML": ("[rules.F006\n", "rule_toml"),
    "unknown rule": ("[rules.F999]\nmax_distance_m = 1\n", "rule_missing"),
    "unknown column": ("[rules.F006]\nmax_distance_km = 1\n", "rule_column_unknown"),
    "fixed column": ('[rules.F006]\ncategory = "market"\n', "rule_column_fixed"),
    "no number": ('[rules.F006]\nmax_distance_m = "far"\n', "rule_cell_number"),
    "not a table": ("[rules]\nF006 = 300\n", "rule_toml_table"),
    "no tables": ("rules = 3\n", "rule_toml_table"),
    "facilities": ("facilities = 3\n", "profile_facilities"),
    "off": ('[facilities]\noff = "parcel"\n', "profile_facilities"),
    "unknown switch": ('[facilities]\non = ["parcel"]\n', "profile_facilities"),
    "unknown category off": (
        '[facilities]\noff = ["parcels"]\n',
        "rule_category_unknown",
    ),
    "unknown category on": (
        '[facilities.use.malls]\ndistance = "F053"\ntier_min = 10\n',
        "rule_category_unknown",
    ),
    "without tier": ('[facilities.use.mall]\ndistance = "F053"\n', "rule_tier"),
    "unknown test": ('[facilities.use.mall]\nspeed = "F053"\n', "rule_column_unknown"),
    "use is no table": ('[facilities.use]\nmall = "F053"\n', "profile_facilities"),
    "open number": ('[rules.GS-2a]\nthreshold = "most"\n', "profile_value"),
}


@pytest.mark.parametrize("case", BAD_DISTRICTS)
def test_bad_district_files_are_refused(tmp_path, case):
    text, code = BAD_DISTRICTS[case]
    write_district(tmp_path, text)
    with pytest.raises(RuleError) as caught:
        load_rules("gansu", tmp_path)
    assert caught.value.code == code
    for lang in ("zh", "en"):
        assert "district.toml" in caught.value.message(lang) or code == "profile_value"
        assert caught.value.action(lang)
