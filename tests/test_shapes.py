import geopandas as gpd
import numpy as np
import pytest
import shapely
from hamlet import CRS, X, Y, make_communities, square

from geo.shapes import check_places, check_shapes
from geo.sieve import Sieve


def make_sieve(layer, *shapes):
    frame = gpd.GeoDataFrame({"id": range(len(shapes))}, geometry=list(shapes), crs=CRS)
    return Sieve(layer, frame, frame)


def codes(sieve):
    return [found.code for found in sieve.noticed]


def test_each_reason_for_which_a_row_lies_nowhere():
    lost = shapely.Point(np.inf, 0)
    shapes = [None, lost, shapely.Point(X, Y), shapely.Point(X, Y), shapely.Point()]
    sieve = make_sieve("gates", *shapes)
    check_places(sieve, np.array([True, True, True, False, False]))
    assert sorted(codes(sieve)) == [
        "far_away",
        "geometry_missing",
        "geometry_missing",
        "geometry_outside_crs",
    ]
    assert sieve.frame["id"].tolist() == [3]


@pytest.mark.parametrize(
    ("layer", "shape", "code"),
    [
        ("streets", square(0, 0), "geometry_wrong"),
        ("communities", shapely.LineString([(X, Y), (X, Y + 1)]), "geometry_wrong"),
        ("streets", shapely.LineString([(X, Y), (X, Y)]), "geometry_nothing"),
        ("gates", square(0, 0), "geometry_wrong"),
    ],
)
def test_geometry_that_a_layer_does_not_take(layer, shape, code):
    sieve = make_sieve(layer, shape)
    check_shapes(sieve)
    assert codes(sieve) == [code]
    assert len(sieve.frame) == 0


def test_a_spike_goes_and_the_polygon_stays():
    corners = [(0, 0), (10, 0), (10, 10), (10, 20), (10, 10), (0, 10)]
    spike = shapely.Polygon([(X + x, Y + y) for x, y in corners])
    sieve = make_sieve("communities", spike)
    check_shapes(sieve)
    assert codes(sieve) == ["geometry_repaired"]
    assert sieve.frame.geometry.iloc[0].geom_type == "Polygon"
    assert sieve.frame.geometry.area.iloc[0] == pytest.approx(100)


def test_an_invalid_polygon_without_area_is_set_aside():
    line = shapely.Polygon([(X, Y), (X + 10, Y), (X + 20, Y), (X, Y)])
    sieve = make_sieve("communities", line)
    check_shapes(sieve)
    assert codes(sieve) == ["geometry_nothing"]


def test_the_frame_of_the_caller_is_left_alone():
    frame = make_communities()
    before = frame.copy()
    sieve = Sieve("communities", frame, frame)
    check_shapes(sieve)
    assert frame.equals(before)
