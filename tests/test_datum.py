import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod

from geo.datum import (
    bd09_to_gcj02,
    cgcs2000_zone,
    choose_crs,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    guess_crs,
    is_old_datum,
    parse_crs,
    require_metric,
    result_crs,
    undo_datum,
    uses_cgcs2000,
    wgs84_to_gcj02,
    zone_of_easting,
)
from geo.errors import CrsError

#: DATA_REALITY 3.1: WGS84, GCJ-02, shift in metres.
VECTORS = [
    ((103.834, 36.061), (103.836404, 36.060673), 219.6),
    ((102.712, 25.040), (102.713441, 25.037027), 360.0),
    ((105.725, 34.581), (105.728937, 34.579682), 389.7),
    ((100.267, 25.607), (100.268098, 25.603966), 353.8),
]


def at(lon: float, lat: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array([lon]), np.array([lat])


def metres(one: tuple[np.ndarray, ...], other: tuple[np.ndarray, ...]) -> float:
    return Geod(ellps="WGS84").inv(one[0][0], one[1][0], other[0][0], other[1][0])[2]


def test_gcj02_of_the_well_known_point():
    lon, lat = wgs84_to_gcj02(*at(116.404, 39.915))
    assert lon[0] == pytest.approx(116.41024449916938, abs=1e-11)
    assert lat[0] == pytest.approx(39.91640428150164, abs=1e-11)


def test_bd09_of_the_well_known_point():
    lon, lat = gcj02_to_bd09(*at(116.404, 39.915))
    assert lon[0] == pytest.approx(116.41036949371029, abs=1e-11)
    assert lat[0] == pytest.approx(39.92133699351021, abs=1e-11)


@pytest.mark.parametrize(("wgs", "gcj", "shift_m"), VECTORS)
def test_gcj02_vectors(wgs, gcj, shift_m):
    found = wgs84_to_gcj02(*at(*wgs))
    assert (found[0][0], found[1][0]) == pytest.approx(gcj, abs=6e-7)
    assert metres(at(*wgs), found) == pytest.approx(shift_m, abs=0.06)


@given(st.floats(73.5, 134.5), st.floats(18.5, 53.5))
def test_both_inverses_are_better_than_a_millimetre(lon, lat):
    place = at(lon, lat)
    assert metres(gcj02_to_wgs84(*wgs84_to_gcj02(*place)), place) < 1e-3
    assert metres(bd09_to_gcj02(*gcj02_to_bd09(*place)), place) < 1e-3


def test_nothing_is_shifted_outside_china():
    lon, lat = wgs84_to_gcj02(*at(7.42, 43.74))
    assert (lon[0], lat[0]) == (7.42, 43.74)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_shifted_layer_comes_back(datum):
    true = gpd.GeoSeries([shapely.box(103.83, 36.06, 103.84, 36.07)], crs=4326)

    def shift(xy):
        lon, lat = wgs84_to_gcj02(xy[:, 0], xy[:, 1])
        return np.column_stack(
            gcj02_to_bd09(lon, lat) if datum == "bd09" else (lon, lat)
        )

    drawn = gpd.GeoDataFrame(
        geometry=shapely.transform(true.to_numpy(), shift), crs=4326
    )
    back = undo_datum(drawn, datum)
    assert back.crs == CRS.from_epsg(4326)
    assert shapely.hausdorff_distance(back.geometry[0], true[0]) < 1e-9
    assert drawn.geometry[0].distance(shapely.Point(103.83, 36.06)) > 1e-4


def test_another_datum_leaves_the_layer_alone():
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(1, 2)], crs=4490)
    assert undo_datum(frame, "cgcs2000") is frame


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("wgs84", 4326),
        ("WGS-84", 4326),
        ("CGCS2000", 4490),
        ("4547", 4547),
        (4547, 4547),
        ("EPSG:4525", 4525),
        ("gcj02", 4326),
        ("BD-09", 4326),
    ],
)
def test_words_for_coordinate_systems(word, code):
    assert parse_crs(word).to_epsg() == code


def test_an_unknown_word_is_refused_with_the_remedy():
    with pytest.raises(CrsError, match="兰州独立坐标系") as caught:
        parse_crs("兰州独立坐标系")
    assert "EPSG" in caught.value.action("en")


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ((103.8, 36.06), 4544),
        ((102.7, 25.0), 4543),
        ((100.27, 25.6), 4542),
        ((113.55, 22.25), 4547),
        ((-15.43, 28.12), 32628),
        ((7.42, 43.74), 32632),
        ((151.2, -33.9), 32756),
        ((179.9, 10.0), 32660),
    ],
)
def test_the_working_crs_of_a_place(place, code):
    lon, lat = place
    assert choose_crs((lon, lat, lon, lat)).to_epsg() == code


@pytest.mark.parametrize("code", [4543, 4522, 4509, 4498])
def test_a_given_zone_that_covers_the_district_is_kept(code):
    kept = choose_crs(
        (102.6, 24.9, 102.8, 25.1), [CRS.from_epsg(4490), CRS.from_epsg(code)]
    )
    covers = code in {4543, 4522, 4507, 4496}
    assert kept.to_epsg() == (code if covers else 4543)


@pytest.mark.parametrize("code", [4507, 4496])
def test_a_six_degree_zone_is_kept_too(code):
    # 105 E: strip 102 to 108
    assert (
        choose_crs((103.0, 36.0, 103.1, 36.1), [CRS.from_epsg(code)]).to_epsg() == code
    )


def test_a_zone_that_the_district_leaves_is_not_kept():
    assert (
        choose_crs((104.4, 36.0, 104.6, 36.1), [CRS.from_epsg(4544)]).to_epsg() == 4544
    )
    assert (
        choose_crs((105.4, 34.5, 106.6, 34.6), [CRS.from_epsg(4543)]).to_epsg() == 4544
    )


@pytest.mark.parametrize(
    ("place", "inside"),
    [
        ((116.4, 39.9), True),
        ((126.98, 37.56), False),
        ((105.85, 21.03), False),
        ((106.9, 47.9), False),
        ((60.0, 40.0), False),
    ],
)
def test_where_the_zones_apply(place, inside):
    assert uses_cgcs2000(*place) is inside


def test_a_zone_in_esris_words_is_recognised():
    words = CRS.from_epsg(4543).to_wkt("WKT1_ESRI")
    assert cgcs2000_zone(CRS.from_wkt(words)) == 4543
    assert cgcs2000_zone(CRS.from_epsg(32649)) is None
    assert cgcs2000_zone(CRS.from_epsg(4490)) is None


@pytest.mark.parametrize(
    ("easting", "code"),
    [
        (35500000.0, 4523),
        (25400000.0, 4513),
        (45600000.0, 4533),
        (18500000.0, 4496),
        (500000.0, None),
        (35050000.0, None),
        (60500000.0, None),
    ],
)
def test_the_zone_of_an_easting(easting, code):
    assert zone_of_easting(easting) == code


@pytest.mark.parametrize(
    ("bounds", "kind", "code", "swapped"),
    [
        ((103.8, 36.0, 103.9, 36.1), "degrees", None, False),
        ((36.0, 103.8, 36.1, 103.9), "degrees", None, True),
        ((35_500_000, 3_900_000, 35_501_000, 3_901_000), "zone", 4523, False),
        ((3_900_000, 35_500_000, 3_901_000, 35_501_000), "zone", 4523, True),
        ((500_000, 3_900_000, 501_000, 3_901_000), "metres", None, False),
        ((3_900_000, 500_000, 3_901_000, 501_000), "metres", None, True),
        ((np.nan, 0, 1, 1), "none", None, False),
    ],
)
def test_what_the_size_of_coordinates_tells(bounds, kind, code, swapped):
    assert guess_crs(bounds) == {"kind": kind, "code": code, "swapped": swapped}


@pytest.mark.parametrize(("code", "old"), [(2362, True), (2422, True), (4547, False)])
def test_old_datums(code, old):
    assert is_old_datum(CRS.from_epsg(code)) is old


def test_results_are_written_in_degrees():
    assert result_crs(CRS.from_epsg(4547)) == "EPSG:4490"
    assert result_crs(CRS.from_epsg(32628)) == "EPSG:4326"


def test_metres_are_required():
    place = gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)])
    require_metric(place.set_crs(4547))
    with pytest.raises(CrsError, match="没有坐标系"):
        require_metric(place, "gates")
    with pytest.raises(CrsError, match="不以米为单位") as caught:
        require_metric(place.set_crs(4490), "gates")
    assert "CGCS2000" in caught.value.action("en")
    with pytest.raises(CrsError):
        require_metric(place.set_crs(2263), "gates")  # feet
