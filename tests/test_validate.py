import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hamlet import (
    CRS,
    RULES,
    X,
    Y,
    make_communities,
    make_facilities,
    make_streets,
    square,
)

from geo.errors import InputError
from geo.findings import make_findings
from geo.read import RawLayer
from geo.schema import LAYERS
from geo.validate import check_layer, finish_layer, match_layer


def make_raw(frame, layer, kind="GeoPackage"):
    return RawLayer(
        layer, frame, f"{layer}.gpkg", kind, "", len(frame), make_findings()
    )


def check(frame, layer="communities", far=None, declared=None):
    raw = make_raw(frame.reset_index(drop=True), layer)
    matches = match_layer(raw, RULES, declared or {})
    away = np.zeros(len(frame), dtype=bool) if far is None else np.array(far)
    sieve = check_layer(raw, raw.frame, matches, away, RULES)
    checked = finish_layer(sieve, derived=False)
    aside = checked.findings["content"].notna()
    assert checked.rows_used + aside.sum() == len(frame)
    return checked


def codes(checked):
    return checked.findings["code"].tolist()


def changed(**columns):
    return make_communities().assign(**columns)


@pytest.mark.parametrize("layer", LAYERS)
def test_every_column_of_a_layer_exists(layer):
    empty = gpd.GeoDataFrame(geometry=[], crs=CRS)
    sieve = check_layer(make_raw(empty, layer), empty, {}, np.zeros(0, dtype=bool))
    frame = finish_layer(sieve, derived=False).frame
    assert frame.index.name == "id"
    assert {c.name for c in LAYERS[layer].columns} <= {"id", *frame.columns}
    assert frame["derived"].dtype == bool


def test_good_rows_pass_untouched():
    checked = check(make_communities())
    assert checked.frame.index.tolist() == ["c1", "c2", "c3"]
    assert checked.frame["households"].tolist() == [120, 80, 0]
    assert checked.frame["walled"].dtype == "boolean"
    assert codes(checked) == []


@pytest.mark.parametrize("column", ["id"])
def test_a_missing_column_is_refused_with_what_there_is(column):
    frame = make_communities().drop(columns=column)
    with pytest.raises(InputError) as caught:
        check(frame)
    assert caught.value.code == "column_missing"
    assert "households" in caught.value.message("zh")
    assert "columns.communities" in caught.value.action("zh")


def test_a_declared_column_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="实有户数"):
        check(make_communities(), declared={"households": "实有户数"})


def test_facilities_of_which_nothing_tells_the_category_are_refused():
    frame = make_facilities().drop(columns=["category", "name"])
    with pytest.raises(InputError) as caught:
        check(frame, "facilities")
    assert caught.value.params["columns"] == "category"


def test_rows_without_an_id_or_with_one_used_before_are_set_aside():
    checked = check(changed(id=["c1", None, "c1 "]))
    assert checked.frame.index.tolist() == ["c1"]
    assert sorted(codes(checked)) == ["id_duplicate", "id_missing"]
    content = checked.findings.set_index("code").loc["id_missing", "content"]
    assert json.loads(content)["name"] == "西苑"
    assert json.loads(content)["geometry"].startswith("POLYGON")


def test_numbers_as_ids_become_text():
    assert check(changed(id=[1.0, 2.0, 3.0])).frame.index.tolist() == ["1", "2", "3"]


def test_impossible_values_become_unknown():
    checked = check(changed(households=[-5, 12.5, 7], built_year=[1200, 1990, 2999]))
    assert checked.frame["households"].isna().tolist() == [True, True, False]
    assert checked.frame["built_year"].isna().tolist() == [True, False, True]
    assert codes(checked) == ["value_impossible"] * 4
    assert checked.findings["params"].iloc[0] == {
        "column": "built_year",
        "value": "1200",
    }


def test_unreadable_and_rough_values_are_said():
    checked = check(changed(households=["约200户", "很多", ""]))
    assert checked.frame["households"].iloc[0] == 200
    assert checked.frame["households"].isna().tolist() == [False, True, True]
    assert codes(checked) == ["value_unreadable", "value_rough"]
    assert checked.findings["params"].iloc[1]["value"] == "约200户 → 200"


def test_a_part_greater_than_the_whole_is_said():
    checked = check(changed(population=[300, 200, 100], elderly_60=[400, 20, 10]))
    assert codes(checked) == ["part_exceeds_whole"]
    assert checked.frame["elderly_60"].iloc[0] == 400


def test_ledger_headers_and_their_units():
    frame = make_communities().rename(columns={"households": "户数", "id": "小区编码"})
    frame["建筑面积（万平方米）"] = ["1.5", "2", ""]
    frame["应参与户数"] = ["10", "x", "30"]
    checked = check(frame)
    assert checked.frame["floor_area_m2"].tolist()[:2] == [15_000, 20_000]
    assert checked.frame["households"].tolist() == [120, 80, 0]
    assert codes(checked)[0] == "columns_mapped"
    assert "户数 → households" in checked.findings["params"].iloc[0]["columns"]


def test_a_further_column_keeps_the_name_that_a_mapped_one_takes():
    frame = make_communities().rename(columns={"name": "小区名称"}).assign(Name="old")
    hits = match_layer(make_raw(frame, "communities"), RULES, {"name": "小区名称"})
    assert hits["name"].source == "小区名称"
    checked = check(make_communities().assign(户主="a"), declared={"name": "户主"})
    assert checked.frame["name"].tolist() == ["a"] * 3
    assert checked.frame["name_source"].tolist() == ["东苑", "西苑", "南苑"]


def test_empty_and_infinite_geometry_is_set_aside():
    shapes = [None, shapely.Polygon(), square(0, 0)]
    checked = check(make_communities().set_geometry(gpd.GeoSeries(shapes, crs=CRS)))
    assert codes(checked) == ["geometry_missing"] * 2
    assert checked.frame.index.tolist() == ["c3"]


def test_a_row_far_away_is_set_aside():
    checked = check(make_communities(), far=[False, True, False])
    assert codes(checked) == ["far_away"]
    assert checked.findings["row"].tolist() == [1]


def test_a_bow_tie_is_repaired_and_said_so():
    tie = shapely.Polygon([(X, Y), (X + 10, Y + 10), (X + 10, Y), (X, Y + 10)])
    checked = check(make_communities().set_geometry(gpd.GeoSeries([tie] * 3, crs=CRS)))
    assert codes(checked) == ["geometry_repaired"] * 3
    assert checked.frame.geometry.is_valid.all()
    assert checked.frame.geometry.area.iloc[0] == pytest.approx(50)


def test_a_polygon_of_nothing_is_set_aside():
    flat = shapely.Polygon([(X, Y), (X + 10, Y), (X, Y)])
    shapes = gpd.GeoSeries([flat, square(0, 0), square(200, 0)], crs=CRS)
    assert codes(check(make_communities().set_geometry(shapes))) == ["geometry_nothing"]


def test_the_wrong_kind_of_geometry_is_set_aside():
    shapes = gpd.GeoSeries([shapely.Point(X, Y), square(0, 0), square(200, 0)], crs=CRS)
    checked = check(make_communities().set_geometry(shapes))
    assert codes(checked) == ["geometry_wrong"]
    assert checked.findings["params"].iloc[0] == {"wanted": "polygon"}


def test_several_parts_of_one_community_stay_together():
    both = shapely.union(square(0, 0), square(0, 500))
    shapes = gpd.GeoSeries([both, square(200, 0), square(0, 200)], crs=CRS)
    checked = check(make_communities().set_geometry(shapes))
    assert checked.frame.geometry.iloc[0].geom_type == "MultiPolygon"


def test_a_collection_keeps_what_the_layer_takes():
    mixed = shapely.GeometryCollection([square(0, 0), shapely.Point(X, Y)])
    lines = shapely.GeometryCollection([shapely.Point(X, Y)])
    shapes = gpd.GeoSeries([mixed, lines, square(0, 200)], crs=CRS)
    checked = check(make_communities().set_geometry(shapes))
    assert checked.frame.geometry.iloc[0].geom_type == "Polygon"
    assert codes(checked) == ["geometry_wrong"]


def test_heights_are_dropped():
    high = shapely.force_3d(make_communities().geometry.to_numpy(), 12.0)
    checked = check(make_communities().set_geometry(gpd.GeoSeries(high, crs=CRS)))
    assert not checked.frame.geometry.has_z.any()


def test_of_several_points_the_first_is_used_and_said_so():
    points = [shapely.MultiPoint([(X, Y), (X + 1, Y)]), shapely.MultiPoint([(X, Y)])]
    frame = make_facilities().set_geometry(gpd.GeoSeries(points, crs=CRS))
    checked = check(frame, "facilities")
    assert set(checked.frame.geometry.geom_type) == {"Point"}
    assert "multipoint_first" in codes(checked)
    assert checked.findings["code"].eq("multipoint_first").sum() == 1


def test_facilities_serve_all_and_are_open_unless_said():
    checked = check(make_facilities(), "facilities")
    assert checked.frame["serves"].tolist() == ["all", "all"]
    assert checked.frame["status"].tolist() == ["open", "open"]
    assert codes(checked) == ["default_taken", "default_taken"]


def test_words_for_status_and_those_nobody_knows():
    frame = make_facilities().assign(status=["停用", "神秘"], serves=["业主", None])
    checked = check(frame, "facilities")
    assert checked.frame["status"].tolist() == ["closed", "open"]
    assert checked.frame["serves"].tolist() == ["residents", "all"]
    assert codes(checked)[0] == "choice_unreadable"


def test_categories_by_key_and_by_name():
    checked = check(make_facilities(), "facilities")
    assert checked.frame["category"].tolist() == ["pharmacy", "pharmacy"]
    assert checked.frame["ambiguous"].isna().all()
    assert checked.frame["reason"].notna().all()


def test_an_unknown_category_is_said_and_the_row_kept():
    checked = check(
        make_facilities().assign(category=["pharmacy", "moon base"]), "facilities"
    )
    assert checked.frame["category"].isna().tolist() == [False, True]
    assert "category_unknown" in codes(checked)
    value = checked.findings.set_index("code").loc["category_unknown", "params"][
        "value"
    ]
    assert value == "moon base"


def test_a_name_can_close_a_facility():
    frame = make_facilities().assign(name=["光明药店(暂停营业)", "老百姓药店"])
    checked = check(frame, "facilities")
    assert checked.frame["status"].tolist() == ["closed", "open"]
    assert "status_from_name" in codes(checked)


def test_the_same_shop_twice_is_said():
    near = [shapely.Point(X, Y), shapely.Point(X + 20, Y)]
    frame = make_facilities().assign(name="光明", category="pharmacy")
    checked = check(frame.set_geometry(gpd.GeoSeries(near, crs=CRS)), "facilities")
    assert "facility_twice" in codes(checked)


def make_gates(**columns):
    places = [shapely.Point(X + 100, Y + 50), shapely.Point(X + 200, Y + 50)]
    values = {"community_id": ["c1", "c2"]} | columns
    return gpd.GeoDataFrame(values, geometry=places, crs=CRS)


def test_gates_get_ids_and_open_to_residents():
    checked = check(make_gates(), "gates")
    assert checked.frame.index.tolist() == ["g1", "g2"]
    assert checked.frame["open_to"].tolist() == ["residents", "residents"]
    assert checked.findings["severity"].tolist() == ["warning"]


def test_ids_that_are_given_do_not_hang_on_the_order_of_the_rows():
    shared = pd.concat([make_gates(), make_gates(community_id=["c3", "c0"])])
    there, back = (
        check(frame.reset_index(drop=True), "gates").frame["community_id"].to_dict()
        for frame in (shared, shared.iloc[::-1])
    )
    assert there == back == {"g1": "c1", "g2": "c3", "g3": "c0", "g4": "c2"}


def test_a_gate_of_two_communities_has_two_rows():
    checked = check(make_gates(id=["g", "g"]), "gates")
    assert checked.frame.index.tolist() == ["g@c1", "g@c2"]


def test_a_gate_that_repeats_is_set_aside():
    checked = check(make_gates(id=["g", "g"], community_id=["c1", "c1"]), "gates")
    assert codes(checked).count("id_duplicate") == 1
    assert checked.frame.index.tolist() == ["g"]


def test_a_gate_of_no_community_is_set_aside():
    checked = check(make_gates(community_id=["c1", None]), "gates")
    assert "value_missing" in codes(checked)


def test_ids_that_repeat_where_none_is_needed_are_told_apart():
    frame = make_streets().assign(id=["s", "s"])
    assert check(frame, "streets").frame.index.tolist() == ["s", "s#2"]
    three = pd.concat([frame, frame.iloc[:1].assign(id="s#2")], ignore_index=True)
    assert check(gpd.GeoDataFrame(three, crs=CRS), "streets").frame.index.is_unique


def test_multi_lines_become_lines():
    line = shapely.MultiLineString([[(X, Y), (X, Y + 9)], [(X + 5, Y), (X + 5, Y + 9)]])
    shapes = gpd.GeoSeries([line, make_streets().geometry.iloc[0]], crs=CRS)
    checked = check(make_streets().set_geometry(shapes), "streets")
    assert set(checked.frame.geometry.geom_type) == {"LineString"}
    assert checked.rows_used == 2
    assert checked.frame.index.tolist() == ["s1", "s1#2", "s2"]
