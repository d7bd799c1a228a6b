import json
import shutil
import struct
import zipfile

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from hamlet import RULES, make_communities, make_facilities, make_streets, write_layer

from geo.errors import InputError
from geo.read import SUFFIXES, find_inputs, read_layer_file

FORMATS = [".gpkg", ".geojson", ".shp", ".parquet", ".csv", ".xlsx"]


def read(path, layer="communities"):
    return read_layer_file(path, layer, headers=RULES.headers)


def write_shape(path, frame, encoding, cpg=None):
    frame.to_file(path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(
    ("layer", "make"),
    [
        ("communities", make_communities),
        ("facilities", make_facilities),
        ("streets", make_streets),
    ],
)
def test_every_format_gives_every_row(tmp_path, suffix, layer, make):
    path = tmp_path / f"{layer}{suffix}"
    frame = make()
    write_layer(frame, path)
    raw = read(path, layer)
    assert raw.rows_in == len(raw.frame) == len(frame)
    assert raw.frame.index.tolist() == list(range(len(frame)))
    assert not shapely.is_missing(raw.frame.geometry.to_numpy()).any()
    if "name" in frame.columns:
        assert raw.frame["name"].tolist() == frame["name"].tolist()


def test_a_zipped_shapefile(tmp_path):
    write_layer(make_communities(), tmp_path / "小区.shp")
    path = tmp_path / "communities.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in find_inputs(tmp_path / "小区.shp"):
            archive.write(part, f"数据/{part.name}")
    raw = read(path)
    assert (raw.source, raw.format, raw.rows_in) == ("communities.zip", "Shapefile", 3)


@pytest.mark.parametrize("count", [0, 2])
def test_an_archive_must_hold_one_shapefile(tmp_path, count):
    path = tmp_path / "communities.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "x")
        for number in range(count):
            archive.writestr(f"{number}.shp", "x")
    with pytest.raises(InputError, match=f"{count} 个 Shapefile"):
        read(path)


@pytest.mark.parametrize(
    ("written", "cpg", "told"),
    [
        ("gb18030", None, "gb18030"),
        ("utf-8", None, "utf-8"),
        ("gb18030", "936", "gb18030"),
        ("utf-8", "UTF-8", "utf-8"),
    ],
)
def test_the_encoding_of_a_shapefile(tmp_path, written, cpg, told):
    frame = make_communities().rename(columns={"households": "户数"})
    path = tmp_path / "communities.shp"
    write_shape(path, frame, written, cpg)
    raw = read(path)
    assert raw.encoding == told
    assert raw.frame["name"].tolist() == ["东苑", "西苑", "南苑"]
    assert "户数" in raw.frame.columns
    assert raw.findings.empty


def test_a_wrong_declaration_of_the_encoding_is_said(tmp_path):
    path = tmp_path / "communities.shp"
    write_shape(path, make_communities(), "gb18030", "UTF-8")
    raw = read(path)
    assert raw.frame["name"].iloc[0] == "东苑"
    assert raw.findings["code"].tolist() == ["encoding_wrong"]


def test_a_declared_encoding_that_nobody_knows(tmp_path):
    path = tmp_path / "communities.shp"
    write_shape(path, make_communities(), "utf-8", "KLINGON")
    assert read(path).encoding == "utf-8"


@pytest.mark.filterwarnings("ignore:Could not decode error message:RuntimeWarning")
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_field_names_cut_inside_a_character(tmp_path, encoding):
    frame = make_communities().rename(columns={"households": "户数和人口总计"})
    path = tmp_path / "communities.shp"
    frame.to_file(path, encoding=encoding)
    raw = read(path)
    cut = {"utf-8": "户数和", "gb18030": "户数和人口"}[encoding]
    assert cut in raw.frame.columns
    assert raw.frame["name"].iloc[1] == "西苑"


@pytest.mark.parametrize("suffix", [".shp", ".dbf"])
def test_a_shapefile_that_was_cut_off(tmp_path, suffix):
    path = tmp_path / "communities.shp"
    write_layer(make_communities(), path)
    part = path.with_suffix(suffix)
    part.write_bytes(part.read_bytes()[:-40])
    with pytest.raises(InputError, match="不完整"):
        read(path)


def test_a_file_that_is_no_shapefile(tmp_path):
    path = tmp_path / "communities.shp"
    path.write_bytes(struct.pack(">i", 1) * 30)
    with pytest.raises(InputError, match="不完整"):
        read(path)


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet", ".xlsx"])
@pytest.mark.parametrize("how", ["cut", "rubbish", "nothing"])
def test_a_damaged_file_is_refused(tmp_path, suffix, how):
    path = tmp_path / f"communities{suffix}"
    write_layer(make_communities(), path)
    content = path.read_bytes()
    cut = content[: len(content) * 2 // 3]
    path.write_bytes({"cut": cut, "rubbish": b"\x00" * 4000, "nothing": b""}[how])
    with pytest.raises(InputError) as caught:
        read(path)
    assert caught.value.code in {"unreadable", "layer_empty"}
    assert path.name in caught.value.message("en")


@pytest.mark.parametrize(
    "suffix", [".gpkg", ".geojson", ".shp", ".parquet", ".csv", ".xlsx"]
)
def test_a_layer_without_rows_is_refused(tmp_path, suffix):
    path = tmp_path / f"communities{suffix}"
    empty = make_communities().iloc[:0]
    if suffix in {".csv", ".xlsx"}:
        table = pd.DataFrame(columns=["小区编码", "小区名称", "经度", "纬度"])
        table.to_csv(path, index=False) if suffix == ".csv" else table.to_excel(
            path, index=False
        )
    else:
        empty.to_file(path) if suffix != ".parquet" else empty.to_parquet(path)
    with pytest.raises(InputError, match="没有任何一行") as caught:
        read(path)
    assert "communities" in caught.value.message("en")


def test_a_geojson_without_features(tmp_path):
    path = tmp_path / "communities.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    with pytest.raises(InputError, match="没有任何一行"):
        read(path)


def test_other_layers_of_a_geopackage_are_named(tmp_path):
    path = tmp_path / "data.gpkg"
    pyogrio.write_dataframe(make_streets(), path, layer="roads")
    pyogrio.write_dataframe(make_communities(), path, layer="communities", append=True)
    raw = read(path)
    assert raw.rows_in == 3
    assert raw.findings["code"].tolist() == ["other_layers"]
    assert raw.findings["params"].iloc[0] == {
        "chosen": "communities",
        "others": "roads",
    }


def test_a_geopackage_of_tables_only(tmp_path):
    path = tmp_path / "communities.gpkg"
    pyogrio.write_dataframe(pd.DataFrame({"a": [1]}), path, layer="t", driver="GPKG")
    with pytest.raises(InputError, match="没有任何一行"):
        read(path)


def test_hostile_column_names_are_cleaned_and_recorded(tmp_path):
    frame = make_communities().rename(
        columns={"households": "<img src=x onerror=alert(1)>户数`${1}"}
    )
    path = tmp_path / "communities.gpkg"
    frame.to_file(path)
    raw = read(path)
    assert "户数1" in raw.frame.columns
    assert raw.findings["code"].tolist() == ["column_renamed"]


def test_a_table_tells_its_datum(tmp_path):
    path = tmp_path / "facilities.csv"
    path.write_text("id,高德经度,高德纬度\nf1,103.8,36.0\n", encoding="utf-8")
    raw = read(path, "facilities")
    assert (raw.datum, raw.format, raw.encoding) == ("gcj02", "CSV", "utf-8")
    assert raw.is_table


def test_a_totals_row_is_counted_as_set_aside(tmp_path):
    path = tmp_path / "facilities.csv"
    path.write_text("id,lon,lat\nf1,103.8,36.0\n合计,,\n", encoding="utf-8")
    raw = read(path, "facilities")
    assert (raw.rows_in, len(raw.frame)) == (2, 1)
    assert raw.findings["content"].notna().sum() == 1


def test_a_table_without_places_is_kept_without(tmp_path):
    path = tmp_path / "facilities.csv"
    path.write_text("id,name\nf1,a\n", encoding="utf-8")
    assert shapely.is_missing(read(path, "facilities").frame.geometry.to_numpy()).all()


def test_formats_that_are_not_read_are_named(tmp_path):
    path = tmp_path / "communities.dwg"
    path.write_bytes(b"AC1027")
    with pytest.raises(InputError) as caught:
        read(path)
    for suffix in SUFFIXES:
        assert suffix in caught.value.action("en")


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="不存在"):
        read(tmp_path / "communities.gpkg")


def test_a_parquet_without_geometry_is_refused(tmp_path):
    path = tmp_path / "communities.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(InputError, match="无法读取"):
        read(path)


def test_a_table_of_a_geopackage_format_without_geometry(tmp_path):
    path = tmp_path / "communities.geojson"
    path.write_text(
        '{"type": "FeatureCollection", "features": '
        '[{"type": "Feature", "properties": {"a": 1}, "geometry": null}]}'
    )
    raw = read(path)
    assert raw.rows_in == 1
    assert isinstance(raw.frame, gpd.GeoDataFrame)


def test_companions_of_a_shapefile_are_inputs(tmp_path):
    write_layer(make_communities(), tmp_path / "communities.shp")
    shutil.copy(tmp_path / "communities.shp", tmp_path / "other.shp")
    names = {path.name for path in find_inputs(tmp_path / "communities.shp")}
    assert names == {
        f"communities.{ext}" for ext in ("shp", "shx", "dbf", "prj", "cpg")
    }
    assert find_inputs(tmp_path / "a.gpkg") == [tmp_path / "a.gpkg"]
