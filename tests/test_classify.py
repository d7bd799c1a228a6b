import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point

from geo.classify import (
    classify_amap,
    classify_facilities,
    classify_names,
    find_duplicates,
)
from geo.errors import InputError
from geo.rules import load_rules

RULES = load_rules()


def amap(code: object, name: str | None) -> tuple[object, object, object]:
    said = classify_amap(pd.Series([code]), pd.Series([name]), RULES)
    category, ambiguous, reason = said.iloc[0]
    return category, ambiguous, None if reason is None else reason.split(":")[0]


@pytest.mark.parametrize(
    ("code", "name", "expected"),
    [
        ("141204", "翠香幼儿园", ("kindergarten", None, "amap_name")),
        ("141204", "阳光托育园", ("childcare", None, "amap_name")),
        ("141204", "红旗园", ("kindergarten", None, "amap")),
        (
            "141204",
            "某某幼儿园托育部",
            (None, "childcare|kindergarten", "amap_name"),
        ),
        ("141203", "第一小学", ("primary_school", None, "amap_name")),
        (
            "141202",
            "九年一贯制学校",
            (None, "primary_school|middle_school", "whole_school"),
        ),
        ("090102", "拱北卫生院", ("health_center", None, "amap_name")),
        ("090100", "人民医院", (None, None, None)),
        ("090102", "吉大社区卫生服务中心", ("health_center", None, "amap_name")),
        ("090300", "宠物卫生室", (None, None, None)),
        ("60400", "华润超市", ("supermarket", None, "amap_name")),
        (60400.0, "华润超市", ("supermarket", None, "amap_name")),
        ("150907", "某停车场入口", (None, None, "entrance")),
        ("150905|150907", "某停车场", (None, None, None)),
        ("141207", None, (None, None, "entrance")),
        ("050100", "饭店", (None, None, None)),
        ("050100", "幸福里长者食堂", ("canteen", None, "amap_name")),
        (None, "小学", (None, None, None)),
    ],
)
def test_codes_and_names(
    code: object, name: str | None, expected: tuple[object, object, object]
) -> None:
    got = amap(code, name)
    assert got == expected


def test_names_alone_need_the_word_at_the_end() -> None:
    names = pd.Series(
        ["翠香小学", "翠香小学停车场", "国贸广场", "同仁堂药店(东门店)", None, "公园路"]
    )
    said = classify_names(names, RULES)
    assert said["category"].tolist() == [
        "primary_school",
        None,
        None,
        "pharmacy",
        None,
        None,
    ]


def test_facilities_keep_given_keys_and_names_of_categories() -> None:
    childcare = RULES.category_name("childcare", "zh")
    frame = pd.DataFrame(
        {
            "category": [
                "pharmacy",
                childcare,
                "诊所x",
                None,
            ],
            "name": [None, None, "某药店", "翠香幼儿园（建设中）"],
            "status": ["open", None, None, None],
        },
        index=["a", "b", "c", "d"],
    )
    said = classify_facilities(frame, RULES)
    assert said["category"].tolist() == [
        "pharmacy",
        "childcare",
        None,
        "kindergarten",
    ]
    assert said["reason"].tolist()[:3] == ["given:", "given:", "unknown:诊所x"]
    assert said.loc["d", "status"] == "planned"
    assert said.loc["d", "status_word"] == "建设中"
    assert said.loc["a", "status"] == "open"
    assert list(said.index) == ["a", "b", "c", "d"]


def test_facilities_from_osm_keep_what_the_tags_said() -> None:
    frame = pd.DataFrame(
        {
            "category": [None, "pharmacy"],
            "ambiguous": ["a|b", None],
            "reason": ["osm:amenity=x", "osm:amenity=pharmacy"],
            "name": ["翠香幼儿园", "某药店"],
        }
    )
    said = classify_facilities(frame, RULES)
    assert pd.isna(said.loc[0, "category"])
    assert said.loc[0, "ambiguous"] == "a|b"
    assert said["reason"].tolist() == frame["reason"].tolist()


def test_columns_named_after_osm_keys_classify() -> None:
    frame = pd.DataFrame(
        {"amenity": ["toilets", None, "bench"], "shop": [None, "convenience", None]}
    )
    said = classify_facilities(frame, RULES)
    assert said["category"].tolist()[:2] == ["public_toilet", "convenience"]
    assert pd.isna(said.loc[2, "category"])
    assert said.loc[0, "reason"] == "osm:amenity=toilets"


def test_codes_come_before_tags_and_tags_before_names() -> None:
    frame = pd.DataFrame(
        {
            "typecode": ["200300", None, None],
            "amenity": ["pharmacy", "pharmacy", None],
            "name": ["翠香小学", "翠香小学", "翠香小学"],
        }
    )
    said = classify_facilities(frame, RULES)
    assert said["category"].tolist() == ["public_toilet", "pharmacy", "primary_school"]


def test_closed_places_say_so() -> None:
    frame = pd.DataFrame({"name": ["某药店（暂停营业）", "某药店"]})
    said = classify_facilities(frame, RULES)
    assert said.loc[0, "status"] == "closed"
    assert pd.isna(said.loc[1, "status"])


def test_nothing_to_go_by_is_refused_in_both_languages() -> None:
    with pytest.raises(InputError) as caught:
        classify_facilities(pd.DataFrame({"x": [1]}), RULES)
    assert "typecode" in caught.value.action("zh")
    assert "typecode" in caught.value.action("en")


def test_an_empty_table_stays_empty() -> None:
    said = classify_facilities(pd.DataFrame({"name": [], "typecode": []}), RULES)
    assert len(said) == 0
    assert {"category", "ambiguous", "reason", "status"} <= set(said.columns)


def test_duplicates_need_name_category_and_nearness() -> None:
    frame = gpd.GeoDataFrame(
        {
            "name": ["甲", "甲", "甲", "乙", None, None, "甲"],
            "category": ["p", "p", "p", "p", "p", "p", "q"],
        },
        geometry=[Point(x, 0) for x in (0, 50, 120, 0, 0, 0, 0)],
        index=list("abcdefg"),
        crs=32650,
    )
    found = find_duplicates(frame)
    assert found.tolist() == [
        None, "a", None, None, None, None, None,
    ]  # fmt: skip
