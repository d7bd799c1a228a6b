import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.datum import wgs84_to_gcj02
from geo.errors import CrsError
from geo.places import find_places, give_crs, is_coordinate


def place(frame):
    return shapely.get_coordinates(find_places(frame).geometry).tolist()


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ("经度", "纬度"),
        ("lon", "lat"),
        ("LNG", "LAT"),
        ("Longitude", "Latitude"),
        ("x", "y"),
        ("X坐标", "Y坐标"),
        ("东经(°)", "北纬(°)"),
        ("point_x", "point_y"),
        ("横坐标", "纵坐标"),
    ],
)
def test_usual_names_of_coordinates(x, y):
    frame = pd.DataFrame({"id": ["a"], y: ["３６.06"], x: [" 103.83 "]})
    assert place(frame) == [[103.83, 36.06]]
    assert find_places(frame).datum == ""
    assert is_coordinate(x)


@pytest.mark.parametrize(
    ("x", "y", "datum"),
    [
        ("gcj02_lng", "gcj02_lat", "gcj02"),
        ("高德经度", "高德纬度", "gcj02"),
        ("lon_wgs84", "lat_wgs84", "wgs84"),
        ("百度经度", "百度纬度", "bd09"),
        ("bd_lng", "bd_lat", "bd09"),
        ("经度(CGCS2000)", "纬度(CGCS2000)", "cgcs2000"),
    ],
)
def test_names_that_tell_the_datum(x, y, datum):
    found = find_places(pd.DataFrame({x: [103.83], y: [36.06]}))
    assert found.datum == datum
    assert found.columns == (x, y)


def test_the_true_datum_is_preferred():
    frame = pd.DataFrame(
        {"gcj_lng": [1.0], "gcj_lat": [1.0], "lng_wgs84": [2.0], "lat_wgs84": [2.0]}
    )
    assert find_places(frame).columns == ("lng_wgs84", "lat_wgs84")


def test_a_pair_in_one_column():
    assert place(pd.DataFrame({"location": ["103.83,36.06"]})) == [[103.83, 36.06]]
    assert place(pd.DataFrame({"经纬度": ["103.83， 36.06"]})) == [[103.83, 36.06]]


def test_well_known_text_comes_first():
    frame = pd.DataFrame(
        {"lon": [1, 2], "lat": [1, 2], "WKT": ["POINT (3 4)", "rubbish"]}
    )
    found = find_places(frame)
    assert shapely.get_coordinates(found.geometry[:1]).tolist() == [[3, 4]]
    assert found.geometry[1] is None


def test_rows_without_a_number_have_no_place():
    found = find_places(pd.DataFrame({"lon": ["x", 2], "lat": [1, 2]}))
    assert found.geometry[0] is None
    assert found.geometry[1] == shapely.Point(2, 2)


def test_a_table_without_coordinates():
    assert find_places(pd.DataFrame({"id": ["a"], "坐标说明": ["东边"]})) is None
    assert find_places(pd.DataFrame({"坐标": ["东边"]})) is None


def frame_at(x, y, crs=None):
    return gpd.GeoDataFrame(geometry=[shapely.Point(x, y)] * 3, crs=crs)


def settle(frame, **options):
    options = {"source": "gates.csv", "table": True} | options
    found, noticed = give_crs(frame, "gates", **options)
    return found, [finding.code for finding in noticed]


def test_degrees_of_a_table_are_taken_as_wgs84_and_said_so():
    found, codes = settle(frame_at(103.8, 36.0))
    assert found.crs.to_epsg() == 4326
    assert codes == ["datum_assumed"]


def test_a_declared_datum_is_no_assumption():
    found, codes = settle(frame_at(103.8, 36.0), declared="cgcs2000")
    assert found.crs.to_epsg() == 4490
    assert codes == []


@pytest.mark.parametrize("how", ["declared", "hint"])
def test_gcj02_is_undone(how):
    lon, lat = wgs84_to_gcj02(np.array([103.834]), np.array([36.061]))
    found, codes = settle(frame_at(lon[0], lat[0]), **{how: "gcj02"})
    assert shapely.get_coordinates(found.geometry)[0] == pytest.approx(
        (103.834, 36.061)
    )
    assert codes == ["datum_undone"]


def test_swapped_axes_are_exchanged_and_said_so():
    found, codes = settle(frame_at(36.0, 103.8))
    assert found.geometry[0] == shapely.Point(103.8, 36.0)
    assert codes == ["axes_swapped", "datum_assumed"]


def test_one_stray_row_does_not_hide_swapped_axes():
    rows = [shapely.Point(36 + i / 100, 103.8) for i in range(30)]
    frame = gpd.GeoDataFrame(
        geometry=[*rows, shapely.Point(0, 0), shapely.Point(103.8, 36)]
    )
    assert settle(frame)[1][0] == "axes_swapped"


def test_northing_first_is_exchanged_when_the_crs_is_declared():
    found, codes = settle(frame_at(3_990_000, 500_000), declared="EPSG:4544")
    assert found.geometry[0] == shapely.Point(500_000, 3_990_000)
    assert codes == ["axes_swapped"]


def test_a_zone_prefix_and_a_declared_datum_give_the_zone():
    found, codes = settle(frame_at(35_500_000, 3_990_000), declared="cgcs2000")
    assert found.crs.to_epsg() == 4523
    assert codes == []


@pytest.mark.parametrize(
    ("x", "y", "table", "code"),
    [
        (103.8, 36.0, False, "no_crs_degrees"),
        (35_500_000, 3_990_000, True, "no_crs_zone"),
        (500_000, 3_990_000, True, "no_crs_metres"),
        (np.inf, 0, True, "no_crs_none"),
    ],
)
def test_no_crs_is_refused_with_what_the_coordinates_suggest(x, y, table, code):
    with pytest.raises(CrsError) as caught:
        settle(frame_at(x, y), table=table)
    assert caught.value.code == code
    for lang in ("zh", "en"):
        assert "gates" in caught.value.action(lang) + caught.value.message(lang)


def test_the_zone_of_a_prefix_is_named_in_the_remedy():
    with pytest.raises(CrsError) as caught:
        settle(frame_at(35_500_000, 3_990_000))
    assert "EPSG:4523" in caught.value.action("en")


@pytest.mark.parametrize(("x", "word"), [(35_500_000, "gcj02"), (500_000, "wgs84")])
def test_metres_are_not_taken_for_the_degrees_that_were_declared(x, word):
    with pytest.raises(CrsError):
        settle(frame_at(x, 3_990_000), declared=word)


def test_a_file_that_says_degrees_and_holds_metres_is_refused():
    with pytest.raises(CrsError, match="不是经纬度"):
        settle(frame_at(500_000, 3_990_000, 4326), table=False)


def test_geojson_takes_the_declared_crs():
    found, codes = settle(
        frame_at(500_000, 3_990_000, 4326), table=False, loose=True, declared="4544"
    )
    assert found.crs.to_epsg() == 4544
    assert codes == []


def test_the_file_is_believed_before_the_manifest():
    found, codes = settle(
        frame_at(500_000, 3_990_000, 4544), table=False, declared="4543"
    )
    assert found.crs.to_epsg() == 4544
    assert codes == ["crs_declared_ignored"]


def test_wgs84_and_cgcs2000_are_no_contradiction():
    assert (
        settle(frame_at(103.8, 36.0, 4326), table=False, declared="cgcs2000")[1] == []
    )


def test_an_old_datum_is_said():
    assert settle(frame_at(500_000, 3_990_000, 2380), table=False)[1] == ["old_datum"]
