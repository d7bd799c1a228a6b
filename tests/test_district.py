import json
import time
from dataclasses import fields
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hamlet import (
    CRS,
    RULES,
    X,
    Y,
    make_communities,
    make_facilities,
    make_layers,
    make_streets,
    make_table,
    square,
    write_folder,
    write_layer,
)

from geo.district import (
    DISTRICT_LAYERS,
    District,
    output_crs,
    read_district,
    write_district,
)
from geo.errors import CrsError, InputError, OutputError
from geo.evidence import Evidence
from geo.findings import render_findings
from geo.schema import NEEDED_LAYERS

REAL = Path(__file__).parents[2] / "shared" / "real"
FORMATS = [".gpkg", ".geojson", ".shp", ".parquet", ".csv", ".xlsx"]


def read(folder) -> District:
    district = read_district(folder, rules=RULES)
    check_books(district)
    return district


def check_books(district: District) -> None:
    """Rows in are rows used and rows set aside; what is set aside has its content."""
    layers = district.layers.set_index("layer")
    total = layers["rows_used"] + layers["rows_set_aside"]
    assert (layers["rows_in"] == total).all()
    aside = district.findings[district.findings["content"].notna()]
    counted = aside.groupby("layer").size().reindex(layers.index, fill_value=0)
    assert counted.to_dict() == layers["rows_set_aside"].to_dict()
    for content in aside["content"]:
        assert json.loads(content)
    for lang in ("zh", "en"):
        render_findings(district.findings, lang)


def codes(district):
    return set(district.findings["code"])


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_district(tmp_path, suffix):
    district = read(write_folder(tmp_path / "示例", suffix))
    assert district.name == "示例"
    assert district.crs.to_epsg() == CRS
    for layer, frame in make_layers().items():
        found = getattr(district, layer)
        assert len(found) == len(frame)
        gap = shapely.hausdorff_distance(
            shapely.union_all(found.geometry), shapely.union_all(frame.geometry)
        )
        assert gap < 0.01
    assert district.communities["households"].tolist() == [120, 80, 0]
    assert district.facilities["category"].tolist() == ["pharmacy", "pharmacy"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_rows_in_are_rows_used_and_rows_set_aside(tmp_path, suffix):
    frame = make_communities().assign(id=["c1", "c1", "c3"])
    facilities = make_facilities().assign(id=["f1", None])
    folder = write_folder(
        tmp_path / "d", suffix, communities=frame, facilities=facilities
    )
    district = read(folder)
    layers = district.layers.set_index("layer")
    assert layers.loc["communities", ["rows_in", "rows_used"]].tolist() == [3, 2]
    assert layers.loc["facilities", ["rows_in", "rows_used"]].tolist() == [2, 1]


def test_the_layers_are_listed_with_where_they_come_from(tmp_path):
    district = read(write_folder(tmp_path / "d"))
    layers = district.layers.set_index("layer")
    assert list(layers.index) == list(DISTRICT_LAYERS)
    assert layers.loc["streets", "source"] == "streets.gpkg"
    assert layers.loc["streets", "taken_as"] == "taken_as.given"
    assert layers.loc["idle", "taken_as"] == "taken_as.absent"
    assert len(district.idle) == 0
    assert "kind" in district.idle.columns


def test_all_layers_are_in_one_metric_crs(tmp_path):
    folder = write_folder(tmp_path / "d", streets=make_streets().to_crs(4326))
    district = read(folder)
    for layer in DISTRICT_LAYERS:
        assert getattr(district, layer).crs == district.crs
    assert output_crs(district) == "EPSG:4490"


def test_the_hull_of_the_streets_is_the_extent_of_last_resort(tmp_path):
    extent = read(write_folder(tmp_path / "d")).extent
    assert extent["origin"].tolist() == ["hull"]
    assert extent["layer"].isna().all()
    assert extent.geometry.iloc[0].covers(make_streets().geometry.iloc[0])


def test_a_given_extent_is_taken(tmp_path):
    area = gpd.GeoDataFrame(geometry=[square(-100, -100, 900)], crs=CRS)
    extent = read(write_folder(tmp_path / "d", extent=area)).extent
    assert extent["origin"].tolist() == ["given"]
    assert extent.geometry.area.iloc[0] == pytest.approx(810_000, rel=1e-6)


def test_an_extent_of_one_layer_leaves_the_others_to_the_hull(tmp_path):
    area = gpd.GeoDataFrame(
        {"layer": ["facilities"]}, geometry=[square(-100, -100, 900)], crs=CRS
    )
    extent = read(write_folder(tmp_path / "d", extent=area)).extent
    assert extent["origin"].tolist() == ["hull", "given"]
    assert extent["layer"].iloc[1] == "facilities"


def test_a_folder_of_chinese_names_with_a_manifest(tmp_path):
    folder = tmp_path / "d"
    folder.mkdir()
    frame = make_communities().rename(columns={"households": "登记户"})
    write_layer(frame, folder / "小区底图.shp")
    write_layer(make_facilities(), folder / "设施.gpkg")
    write_layer(make_streets(), folder / "streets.gpkg")
    (folder / "district.toml").write_text(
        'name = "老城"\n[layers]\ncommunities = "小区底图.shp"\n'
        '[columns.communities]\nhouseholds = "登记户"\n',
        encoding="utf-8",
    )
    district = read(folder)
    assert district.name == "老城"
    assert district.communities["households"].tolist() == [120, 80, 0]
    assert "district.toml" in set(district.inputs["file"])


def test_the_declared_datum_moves_a_table(tmp_path):
    folder = write_folder(tmp_path / "d")
    (folder / "facilities.gpkg").unlink()
    make_table(make_facilities()).to_csv(folder / "facilities.csv", index=False)
    plain = read(folder)
    assert "datum_assumed" in codes(plain)
    (folder / "district.toml").write_text('[datum]\nfacilities = "gcj02"\n')
    moved = read(folder)
    assert "datum_undone" in codes(moved)
    shift = plain.facilities.geometry.iloc[0].distance(
        moved.facilities.geometry.iloc[0]
    )
    assert 200 < shift < 800


def test_the_fingerprint_follows_content_and_manifest(tmp_path):
    folder = write_folder(tmp_path / "d", ".csv")
    first = read(folder)
    assert read(folder).fingerprint == first.fingerprint
    (folder / "readme.md").write_text("no input")
    assert read(folder).fingerprint == first.fingerprint
    (folder / "district.toml").write_text('name = "x"\n')
    second = read(folder)
    assert second.fingerprint != first.fingerprint
    path = folder / "communities.csv"
    path.write_bytes(path.read_bytes().replace(b"120", b"121"))
    assert read(folder).fingerprint != second.fingerprint
    assert set(second.inputs.columns) == {"file", "sha256", "bytes"}


@pytest.mark.parametrize("layer", NEEDED_LAYERS)
def test_a_missing_layer_is_refused(tmp_path, layer):
    folder = write_folder(tmp_path / "d")
    (folder / f"{layer}.gpkg").unlink()
    with pytest.raises(InputError) as caught:
        read(folder)
    assert caught.value.code == "layer_missing"
    assert layer in caught.value.message("zh") + caught.value.message("en")


def test_all_faults_are_told_at_once(tmp_path):
    folder = write_folder(tmp_path / "d", ".csv")
    (folder / "streets.csv").unlink()
    (folder / "facilities.csv").write_text("name,category,lon,lat\na,pharmacy,114,30\n")
    table = make_table(make_communities(), wkt=True).assign(
        WKT="POLYGON ((5e5 34e5, 5e5 35e5, 6e5 35e5, 5e5 34e5))"
    )
    table.to_csv(folder / "communities.csv", index=False)
    with pytest.raises(InputError) as caught:
        read(folder)
    assert caught.value.params["codes"] == [
        "layer_missing",
        "no_crs_metres",
        "column_missing",
    ]
    for lang in ("zh", "en"):
        said = caught.value.message(lang)
        assert "3" in said
        for layer in ("streets", "facilities.csv", "communities.csv"):
            assert layer in said
        assert len(caught.value.action(lang).splitlines()) == 3


def test_no_crs_is_refused_and_the_manifest_mends_it(tmp_path):
    folder = write_folder(tmp_path / "d", ".shp")
    for layer in make_layers():
        (folder / f"{layer}.prj").unlink()
    with pytest.raises(CrsError) as caught:
        read(folder)
    assert caught.value.code == "faults"
    assert caught.value.params["count"] == 3
    (folder / "district.toml").write_text(
        "[crs]\n" + "\n".join(f'{layer} = "EPSG:{CRS}"' for layer in make_layers())
    )
    assert len(read(folder).communities) == 3


def test_layers_a_thousand_kilometres_apart_are_refused(tmp_path):
    folder = write_folder(
        tmp_path / "d", streets=make_streets().set_crs(4541, allow_override=True)
    )
    with pytest.raises(InputError) as caught:
        read(folder)
    assert caught.value.code == "layers_apart"
    assert "公里" in caught.value.message()


@pytest.mark.parametrize("layer", ["streets", "facilities"])
def test_facilities_or_streets_all_outside_are_refused(tmp_path, layer):
    frame = make_layers()[layer]
    away = frame.set_geometry(frame.translate(20_000, 0))
    with pytest.raises(InputError) as caught:
        read(write_folder(tmp_path / "d", **{layer: away}))
    assert caught.value.code == "layers_disjoint"


def test_another_layer_outside_is_a_finding(tmp_path):
    idle = gpd.GeoDataFrame({"name": ["x"]}, geometry=[square(9000, 0)], crs=CRS)
    district = read(write_folder(tmp_path / "d", idle=idle))
    found = district.findings.set_index("code").loc["layers_disjoint"]
    assert (found["layer"], found["severity"]) == ("idle", "error")


def test_a_row_at_null_island_does_not_move_the_district(tmp_path):
    frame = make_facilities().to_crs(4326)
    stray = frame.set_geometry(
        gpd.GeoSeries([shapely.Point(0, 0), frame.geometry.iloc[1]], crs=4326)
    )
    district = read(write_folder(tmp_path / "d", ".geojson", facilities=stray))
    assert district.crs.to_epsg() == CRS
    assert district.facilities.index.tolist() == ["f2"]
    assert "far_away" in codes(district)


def test_a_layer_of_which_nothing_is_left_is_refused_with_the_reasons(tmp_path):
    folder = write_folder(
        tmp_path / "d", communities=make_communities().assign(id=None)
    )
    with pytest.raises(InputError) as caught:
        read(folder)
    assert caught.value.code == "layer_unusable"
    assert "3 × 没有编号" in caught.value.message("zh")
    assert "3 × no id" in caught.value.message("en")


def test_a_layer_without_any_place_is_refused(tmp_path):
    folder = write_folder(tmp_path / "d")
    (folder / "facilities.gpkg").unlink()
    (folder / "facilities.csv").write_text("id,category\nf1,pharmacy\n")
    with pytest.raises(InputError, match="没有任何坐标"):
        read(folder)


def test_two_files_of_one_layer_are_refused(tmp_path):
    folder = write_folder(tmp_path / "d")
    write_layer(make_streets(), folder / "streets.geojson")
    with pytest.raises(InputError, match=r"streets\.geojson、streets\.gpkg"):
        read(folder)


def test_what_is_no_district(tmp_path):
    with pytest.raises(InputError, match="找不到"):
        read(tmp_path / "nowhere")
    file = tmp_path / "a.pdf"
    file.write_text("x")
    with pytest.raises(InputError, match="既不是文件夹"):
        read(file)


def test_gates_and_buildings_find_their_communities(tmp_path):
    gates = gpd.GeoDataFrame(
        {"id": ["g1", "g2"], "community_id": ["c1", "zz"]},
        geometry=[shapely.Point(X + 100, Y + 50)] * 2,
        crs=CRS,
    )
    buildings = gpd.GeoDataFrame(
        {"id": list("abcd"), "community_id": ["c1", None, "zz", None]},
        geometry=[
            square(10, 10, 5),
            square(210, 10, 5),
            square(10, 210, 5),
            square(900, 0, 5),
        ],
        crs=CRS,
    )
    district = read(write_folder(tmp_path / "d", gates=gates, buildings=buildings))
    assert district.gates.index.tolist() == ["g1"]
    assert district.buildings["community_id"].tolist()[:3] == ["c1", "c2", "c3"]
    assert pd.isna(district.buildings["community_id"].iloc[3])
    assert {
        "community_unknown",
        "building_community_unknown",
        "buildings_placed",
    } <= codes(district)


def test_a_building_in_two_communities_belongs_to_the_smaller(tmp_path):
    frame = make_communities().set_geometry(
        gpd.GeoSeries([square(0, 0, 300), square(10, 10, 50), square(0, 400)], crs=CRS)
    )
    buildings = gpd.GeoDataFrame(geometry=[square(20, 20, 5)], crs=CRS)
    district = read(
        write_folder(tmp_path / "d", communities=frame, buildings=buildings)
    )
    assert district.buildings["community_id"].tolist() == ["c2"]
    overlap = district.findings.set_index("code").loc["communities_overlap"]
    assert overlap["params"] == {"other": "c2", "area_m2": "2,500"}


def test_rows_of_one_place_are_said(tmp_path):
    frame = make_communities().set_geometry(
        gpd.GeoSeries([square(0, 0), square(0, 0), square(200, 0)], crs=CRS)
    )
    facilities = make_facilities().set_geometry(
        gpd.GeoSeries([shapely.Point(X, Y)] * 2, crs=CRS)
    )
    district = read(
        write_folder(tmp_path / "d", communities=frame, facilities=facilities)
    )
    twins = district.findings[district.findings["code"] == "geometry_duplicate"]
    assert twins["layer"].tolist() == ["communities", "facilities"]
    assert twins["row"].tolist() == [1, 1]


def known(cells):
    return cells.astype("object").where(cells.notna(), None)


def equal_districts(one: District, other: District) -> None:
    assert one.name == other.name
    assert one.crs == other.crs
    assert one.ambiguous == other.ambiguous
    for layer in DISTRICT_LAYERS:
        left, right = getattr(one, layer), getattr(other, layer)
        assert list(left.index) == list(right.index)
        if not len(left):
            continue
        assert set(left.columns) == set(right.columns)
        right = right[left.columns]
        moved = shapely.hausdorff_distance(
            left.geometry.to_numpy(), right.geometry.to_numpy()
        )
        assert np.nanmax(moved) < 1e-4
        for name in left.columns.drop(
            ["geometry", *({"node_ids"} & set(left.columns))]
        ):
            pd.testing.assert_series_equal(
                known(left[name]), known(right[name]), obj=f"{layer}.{name}"
            )
        if "node_ids" in left.columns:
            for mine, yours in zip(left["node_ids"], right["node_ids"], strict=True):
                assert np.array_equal(mine, yours)


def test_a_written_district_reads_back_equal(tmp_path):
    gates = gpd.GeoDataFrame(
        {"community_id": ["c1"], "open_to": ["all"]},
        geometry=[shapely.Point(X + 100, Y + 50)],
        crs=CRS,
    )
    streets = make_streets().assign(bridge=[True, False], level=[1, 0])
    streets["node_ids"] = ["1 2", None]
    frame = make_communities().assign(walled=["是", "否", ""], 备注=["a", None, "b"])
    district = read(
        write_folder(tmp_path / "d", gates=gates, streets=streets, communities=frame)
    )
    write_district(district, tmp_path / "copy")
    equal_districts(district, read(tmp_path / "copy"))
    write_district(district, tmp_path / "copy")
    equal_districts(district, read(tmp_path / "copy"))


def test_a_kept_zone_is_kept_in_the_copy(tmp_path):
    layers = {name: frame.to_crs(4526) for name, frame in make_layers().items()}
    district = read(write_folder(tmp_path / "d", **layers))
    assert district.crs.to_epsg() == 4526
    write_district(district, tmp_path / "copy")
    equal_districts(district, read(tmp_path / "copy"))


def test_a_working_crs_in_degrees_is_refused(tmp_path):
    folder = write_folder(tmp_path / "d")
    (folder / "district.toml").write_text('[crs]\nworking = "EPSG:4490"\n')
    with pytest.raises(CrsError, match="不以米为单位"):
        read(folder)


def test_a_folder_with_other_layers_is_not_written_into(tmp_path):
    district = read(write_folder(tmp_path / "d"))
    other = tmp_path / "other"
    other.mkdir()
    (other / "idle.csv").write_text("id\n")
    with pytest.raises(OutputError, match=r"idle\.csv"):
        write_district(district, other)
    assert [file.name for file in other.iterdir()] == ["idle.csv"]


def test_every_layer_of_the_contract_is_there():
    names = {field.name for field in fields(District)}
    assert {
        "name",
        "crs",
        "extent",
        "findings",
        "layers",
        "fingerprint",
        "inputs",
    } <= names


def write_tables(folder):
    (folder / "居民意愿.csv").write_bytes(
        "小区编码,应参与户数,参与户数,同意户数\nc1,120,121,90\nc9,1,1,1\n".encode("gbk")
    )
    path = folder / "budgets.csv"
    path.write_text("年度,资金来源,可用资金(元)\n2027,合计,5000\n", encoding="utf-8")
    return folder


def test_the_tables_of_evidence_are_part_of_the_district(tmp_path):
    plain = read_district(write_folder(tmp_path / "a"), rules=RULES)
    folder = write_tables(write_folder(tmp_path / "b"))
    district = read_district(folder, rules=RULES)
    assert district.evidence.files == {
        "consent": "居民意愿.csv",
        "budgets": "budgets.csv",
    }
    assert {"居民意愿.csv", "budgets.csv"} <= set(district.inputs["file"])
    assert district.fingerprint != plain.fingerprint
    codes = ["more_than_whole", "subject_unknown"]
    own = district.findings[district.findings["code"].isin(codes)]
    assert own[["layer", "id"]].to_numpy().tolist() == [
        ["consent", "c1"],
        ["consent", "c9"],
    ]
    assert set(own["code"]) == set(codes)
    assert district.evidence.findings["code"].isin(codes).sum() == 2
    assert plain.evidence.fingerprint == Evidence().fingerprint


def test_the_tables_of_evidence_are_written_with_the_district(tmp_path):
    district = read_district(write_tables(write_folder(tmp_path / "a")), rules=RULES)
    for _ in range(2):
        write_district(district, tmp_path / "b")
    back = read_district(tmp_path / "b", rules=RULES)
    assert back.evidence.fingerprint == district.evidence.fingerprint
    assert set(back.evidence.files.values()) == {"consent.csv", "budgets.csv"}


def test_tables_of_another_district_are_not_mixed_in(tmp_path):
    district = read_district(write_folder(tmp_path / "a"), rules=RULES)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "consent.xlsx").write_bytes(b"x")
    with pytest.raises(OutputError, match=r"consent\.xlsx"):
        write_district(district, tmp_path / "b")


def test_progress_goes_up(tmp_path):
    told = []
    read_district(
        write_folder(tmp_path / "d"),
        rules=RULES,
        progress=lambda stage, share: told.append((stage, share)),
    )
    assert {stage for stage, _ in told} == {"stage.read", "stage.check"}
    for stage in ("stage.read", "stage.check"):
        shares = [share for name, share in told if name == stage]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0


def test_the_rules_of_the_folder_are_read_when_none_are_given(tmp_path):
    district = read_district(write_folder(tmp_path / "d"))
    assert len(district.communities) == 3


def test_five_thousand_communities_and_a_hundred_thousand_streets_in_seconds(tmp_path):
    side = np.arange(5000)
    x, y = X + side % 100 * 120.0, Y + side // 100 * 120.0
    communities = gpd.GeoDataFrame(
        {"id": [f"c{i}" for i in side], "households": side},
        geometry=shapely.box(x, y, x + 100, y + 100),
        crs=CRS,
    )
    many = np.arange(100_000)
    x, y = X + many % 400 * 30.0, Y + many // 400 * 24.0
    ends = np.stack([np.column_stack([x, y]), np.column_stack([x + 30, y])], axis=1)
    streets = gpd.GeoDataFrame(geometry=shapely.linestrings(ends), crs=CRS)
    folder = tmp_path / "d"
    folder.mkdir()
    pyogrio.write_dataframe(communities, folder / "communities.gpkg")
    pyogrio.write_dataframe(streets, folder / "streets.gpkg")
    pyogrio.write_dataframe(make_facilities(), folder / "facilities.gpkg")
    start = time.process_time()
    district = read(folder)
    assert len(district.streets) == 100_000
    assert time.process_time() - start < 20


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "code", "communities"),
    [("zhuhai_jida", 4547, 23), ("monaco", 32632, 7)],
)
def test_one_extract_is_a_district(tmp_path, name, code, communities):
    path = REAL / f"{name}.osm.pbf"
    if not path.is_file():
        pytest.skip(f"{path} is not on this machine")
    district = read(path)
    assert district.crs.to_epsg() == code
    assert len(district.communities) == communities
    assert district.extent["origin"].tolist() == ["header"]
    assert district.communities["derived"].all()
    assert district.layers.set_index("layer").loc["streets", "derived"]
    write_district(district, tmp_path / "copy")
    copy = read(tmp_path / "copy")
    assert copy.ambiguous == district.ambiguous
    equal_districts(district, copy)


@pytest.mark.real
def test_the_box_of_zhuhai_is_smaller_than_the_hull_of_its_streets():
    path = REAL / "zhuhai_jida.osm.pbf"
    if not path.is_file():
        pytest.skip(f"{path} is not on this machine")
    district = read(path)
    hull = shapely.convex_hull(shapely.union_all(district.streets.geometry))
    assert district.extent.geometry.area.iloc[0] / 1e6 == pytest.approx(9.9, abs=0.1)
    assert hull.area / 1e6 == pytest.approx(17.8, abs=0.1)


@pytest.mark.real
def test_an_extract_in_a_folder_gives_the_missing_layers(tmp_path):
    path = REAL / "zhuhai_jida.osm.pbf"
    if not path.is_file():
        pytest.skip(f"{path} is not on this machine")
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "network.osm.pbf").symlink_to(path)
    whole = read(path)
    given = whole.communities.iloc[:5].reset_index()[["id", "name", "geometry"]]
    given.to_file(folder / "communities.gpkg")
    district = read(folder)
    assert len(district.communities) == 5
    layers = district.layers.set_index("layer")["derived"]
    assert not layers["communities"]
    assert layers["streets"]
    assert_geodataframe_equal(
        district.streets.drop(columns="node_ids"),
        whole.streets.drop(columns="node_ids"),
    )
