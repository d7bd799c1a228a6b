"""Which vertices are one node (definitions 1 to 4 of geo/network.py)."""

import numpy as np
import pandas as pd
import pytest
from shapely import LineString, MultiLineString

from geo.topology import build_topology, find_flags, find_walkable


def build(*lines, planarise=False, **columns):
    streets = pd.DataFrame({"geometry": list(lines), **columns})
    walkable = np.ones(len(streets), dtype=bool)
    return build_topology(streets, walkable, planarise=planarise)


def meet(edges, a, b):
    """Say whether edges a and b share a node."""
    return bool({edges.u[a], edges.v[a]} & {edges.u[b], edges.v[b]})


CROSS = LineString([(0, 0), (50, 0), (100, 0)]), LineString([(50, -50), (50, 50)])
KNOT = CROSS[0], LineString([(50, -50), (50, 0), (50, 50)])


def test_lines_meet_at_shared_vertices():
    edges = build(*KNOT)
    assert len(edges.x) == 5
    assert edges.degree().max() == 4
    assert edges.length_m.tolist() == [50, 50, 50, 50]
    assert edges.street.tolist() == [0, 0, 1, 1]


def test_lines_that_merely_cross_do_not_meet():
    edges = build(*CROSS)
    assert len(edges.x) == 5
    assert edges.degree().max() == 2


def test_lines_that_cross_meet_when_asked():
    edges = build(*CROSS, planarise=True)
    assert len(edges.x) == 5
    assert len(edges.u) == 4
    assert edges.degree().max() == 4


def test_planarising_respects_levels_and_known_nodes():
    assert build(*CROSS, planarise=True, level=[0, 1]).degree().max() == 2
    ids = [np.array([1, 2, 3]), np.array([4, 5])]
    assert build(*CROSS, planarise=True, node_ids=ids).degree().max() == 2


def test_planarising_joins_a_line_that_ends_on_another():
    tee = LineString([(0, 0), (100, 0)]), LineString([(30, 0), (30, 50)])
    assert build(*tee).degree().max() == 1
    edges = build(*tee, planarise=True)
    assert sorted(edges.length_m) == [30, 50, 70]
    assert edges.degree().max() == 3


@pytest.mark.parametrize("over", [{"level": [0, 1]}, {"bridge": [None, "yes"]}])
def test_a_footbridge_does_not_meet_the_road_under_it(over):
    assert build(*KNOT, **over).degree().max() == 2


def test_a_tunnel_does_not_meet_the_road_over_it():
    assert build(*KNOT, tunnel=[False, True]).degree().max() == 2


def test_a_footbridge_does_not_meet_a_road_split_under_it():
    parts = LineString([(0, 0), (50, 0)]), LineString([(50, 0), (100, 0)]), KNOT[1]
    edges = build(*parts, level=[0, 0, 1])
    assert meet(edges, 0, 1)
    assert not meet(edges, 0, 2)


def test_end_points_meet_across_levels():
    ramp = LineString([(0, 0), (50, 0)]), LineString([(50, 0), (100, 0)])
    assert meet(build(*ramp, level=[0, 1]), 0, 1)


def test_a_ramp_that_ends_on_a_bridge_meets_it():
    ramp = LineString([(0, 0), (50, 0)]), KNOT[1]
    assert build(*ramp, level=[0, 1]).degree().max() == 3


def test_known_nodes_decide_alone():
    ids = [np.array([1, 2, 3]), np.array([4, 5, 6])]
    assert build(*KNOT, node_ids=ids).degree().max() == 2
    ids[1][1] = 2
    # the id joins whatever the level says
    assert build(*KNOT, node_ids=ids, level=[0, 1]).degree().max() == 4


def test_known_and_unknown_nodes_stand_side_by_side():
    edges = build(*KNOT, node_ids=[np.array([1, 2, 3]), None])
    assert len(edges.x) == 6


def test_node_ids_of_the_wrong_length_are_refused():
    with pytest.raises(ValueError, match="as long as"):
        build(*KNOT, node_ids=[np.array([1, 2]), np.array([4, 5, 6])])


def test_parts_and_repeated_vertices():
    parts = MultiLineString([[(0, 0), (10, 0), (10, 0)], [(10, 0), (10, 5)]])
    edges = build(parts)
    assert edges.length_m.tolist() == [10, 5]
    assert len(edges.x) == 3


def test_coordinates_meet_to_the_millimetre():
    near = LineString([(0, 0), (50, 0)]), LineString([(50.0003, 0), (100, 0)])
    assert meet(build(*near), 0, 1)
    apart = LineString([(0, 0), (50, 0)]), LineString([(50.01, 0), (100, 0)])
    assert not meet(build(*apart), 0, 1)


def test_streets_that_are_not_walkable_are_left_out():
    streets = pd.DataFrame({"geometry": list(KNOT)})
    edges = build_topology(streets, np.array([True, False]))
    assert edges.street.tolist() == [0, 0]
    assert len(build_topology(streets, np.zeros(2, dtype=bool)).u) == 0


def test_bridges_tunnels_and_crossings_are_free():
    edges = build(
        *[LineString([(0, y), (9, y)]) for y in range(4)],
        bridge=["yes", "no", None, None],
        tunnel=[None, True, False, None],
        crossing=[False, False, True, np.nan],
    )
    assert edges.free.tolist() == [True, True, True, False]


def test_flags_of_any_program():
    frame = pd.DataFrame({"a": ["T", "F", 1, 0, "no", None, "viaduct", "否", True]})
    expected = [True, False, True, False, False, False, True, False, True]
    assert find_flags(frame, "a").tolist() == expected
    assert not find_flags(frame, "b").any()


@pytest.mark.parametrize(
    ("highway", "foot", "access", "motorroad", "walkable"),
    [
        ("residential", None, None, None, True),
        (None, None, None, None, True),
        ("of_no_known_class", None, None, None, True),
        ("motorway", None, None, None, False),
        ("motorway", "yes", None, None, False),
        ("trunk", None, None, None, True),
        ("trunk", "no", None, None, False),
        ("trunk", None, None, "yes", False),
        ("service", None, "private", None, False),
        ("service", "yes", "private", None, True),
        ("service", None, "permissive", None, True),
        ("cycleway", None, None, None, False),
        ("cycleway", "designated", None, None, True),
        ("construction", "yes", None, None, False),
    ],
)
def test_the_table_of_street_classes(rules, highway, foot, access, motorroad, walkable):
    row = {"highway": highway, "foot": foot, "access": access, "motorroad": motorroad}
    streets = pd.DataFrame({key: [value] for key, value in row.items()}, dtype=object)
    assert find_walkable(streets, rules.street_classes).tolist() == [walkable]


def test_streets_without_any_column_are_walkable(rules):
    streets = pd.DataFrame({"geometry": list(KNOT)})
    assert find_walkable(streets, rules.street_classes).all()
