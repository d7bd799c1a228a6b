import geopandas as gpd
import numpy as np
import pytest
import shapely
from hamlet import CRS, X, Y, square

from geo.errors import InputError
from geo.relations import (
    check_communities,
    check_together,
    find_anchor,
    find_far,
    measure_centres,
)


def test_centres_are_in_degrees():
    frame = gpd.GeoDataFrame(geometry=[square(0, 0), None], crs=CRS)
    centres = measure_centres(frame)
    assert centres[0] == pytest.approx([114.0, 30.7], abs=0.1)
    assert np.isnan(centres[1]).all()


def test_coordinates_beyond_the_poles_have_no_centre():
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(0, 95)], crs=4326)
    assert np.isnan(measure_centres(frame)).all()


def test_the_anchor_is_where_most_rows_are():
    centres = np.array(
        [[114.0, 30.0], [114.1, 30.0], [114.2, 30.0], [0.0, 0.0], [np.nan, 1.0]]
    )
    assert find_anchor(centres) == pytest.approx([114.05, 30.0])
    assert np.isnan(find_anchor(centres[4:])).all()


def test_far_rows_are_found_and_placeless_ones_left():
    centres = np.array([[114.0, 30.0], [117.0, 30.0], [np.nan, np.nan]])
    assert find_far(centres, np.array([114.0, 30.0])).tolist() == [False, True, False]


def test_a_layer_of_another_province_is_refused():
    anchor = np.array([114.0, 30.0])
    check_together("gates", "g.csv", np.array([[114.0, 30.0], [104.0, 36.0]]), anchor)
    check_together("gates", "g.csv", np.full((1, 2), np.nan), anchor)
    with pytest.raises(InputError, match=r"1,1\d\d 公里"):
        check_together("gates", "g.csv", np.array([[104.0, 36.0]]), anchor)


def communities(*shapes):
    frame = gpd.GeoDataFrame(geometry=list(shapes), crs=CRS)
    frame.index = [f"c{i}" for i in range(len(shapes))]
    return frame, frame.index.to_series().str[1:].astype(int)


def test_neighbours_that_touch_or_overlap_by_a_hair_are_fine():
    frame, rows = communities(square(0, 0), square(100, 0), square(199.5, 0))
    assert check_communities(frame, rows) == []


def test_an_overlap_is_said_once():
    frame, rows = communities(
        square(0, 0), square(50, 0), shapely.Point(X, Y + 500).buffer(9)
    )
    found = check_communities(frame, rows)
    assert [(f.id, f.row, f.params["other"], f.params["area_m2"]) for f in found] == [
        ("c0", 0, "c1", "5,000")
    ]
