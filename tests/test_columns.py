import pytest
from hamlet import RULES

from geo.columns import Match, clean_names, known_headers, match_columns

HEADERS = RULES.headers


def found(names, layer="communities", **options):
    return match_columns(names, layer, HEADERS, **options)


def test_names_of_the_schema_and_of_ledgers():
    hits = found(["ID", "小区名称", "户数", "建成年份"])
    assert {key: match.source for key, match in hits.items()} == {
        "id": "ID",
        "name": "小区名称",
        "households": "户数",
        "built_year": "建成年份",
    }


@pytest.mark.parametrize(
    ("header", "factor"),
    [
        ("建筑面积(万m2)", 1e4),
        ("建筑面积（万平方米）", 1e4),
        ("建筑面积(㎡)", 1),
        ("建筑面积（公顷）", 1e4),
    ],
)
def test_the_unit_in_a_header_sets_the_factor(header, factor):
    hit = found(["编号", header])["floor_area_m2"]
    assert (hit.source, hit.factor) == (header, factor)


def test_the_planner_has_the_first_word():
    hits = found(["户数", "实际户数(户)"], declared={"households": "实际户数(户)"})
    assert hits["households"] == Match("实际户数(户)", 1.0)


def test_a_name_of_the_schema_comes_before_a_ledger_header():
    assert found(["户数", "households"])["households"].source == "households"


def test_one_column_is_taken_once():
    sources = [match.source for match in found(["id", "编号", "小区编码"]).values()]
    assert sources.count("id") == 1
    assert "编号" not in sources


@pytest.mark.parametrize(
    ("name", "target"),
    [("community_", "community_id"), ("household", None), ("open_to", "open_to")],
)
def test_names_cut_to_ten_bytes(name, target):
    hits = found([name], "gates", cut=True)
    assert list(hits) == ([target] if target else [])


def test_ambiguous_cut_names_are_not_guessed():
    # floor_area_m2 alone begins so, but land_area_ would fit only land_area_m2
    assert list(found(["floor_area", "land_area_"], "idle", cut=True)) == [
        "floor_area_m2",
        "land_area_m2",
    ]
    assert found(["floor_area"], "idle") == {}


def test_known_headers_hold_both_languages_without_units():
    known = known_headers("communities", HEADERS)
    assert {"households", "户数", "建筑面积"} <= known


def test_hostile_names_become_harmless():
    names = [
        "<img src=x onerror=alert(1)>",
        "a`b${c}",
        "",
        "a\x00b",
        "户数 (户)",
        "户数 (户)",
    ]
    clean = clean_names(names)
    assert clean == ["column_1", "abc", "column_3", "ab", "户数 (户)", "户数 (户)_2"]
    assert not set("<>`${}") & set("".join(clean))


def test_names_differ_even_where_only_case_does():
    assert clean_names(["Name", "name", "NAME"]) == ["Name", "name_2", "NAME_3"]


def test_a_long_name_is_cut():
    assert len(clean_names(["户" * 500])[0]) == 80


def test_a_table_of_evidence_has_columns_and_headers_of_its_own():
    hits = found(["编号", "可用资金（千元）", "Year"], layer="budgets")
    assert hits["available_cny"] == Match("可用资金（千元）", 1e3, "number")
    assert hits["year"].source == "Year"
    assert "可用资金" in known_headers("budgets", HEADERS)
    assert "available_cny" not in found(["可用资金"], layer="county")
