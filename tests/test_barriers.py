"""What barriers cut (definitions 5 and 6 of geo/network.py)."""

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from gridtown import place
from shapely import LineString, Polygon, box

from geo.barriers import cut_at_barriers, read_barriers
from geo.topology import build_topology


def cut(streets, barriers, **columns):
    """Cut street lines by (kind, shape) barriers."""
    frame = pd.DataFrame({"geometry": streets, **columns})
    edges = build_topology(frame, np.ones(len(frame), dtype=bool))
    kinds, shapes = [kind for kind, _ in barriers], [shape for _, shape in barriers]
    layer = gpd.GeoDataFrame({"kind": kinds}, geometry=shapes, crs=4547)
    return cut_at_barriers(edges, read_barriers(layer))


def joined(edges, start, stop):
    """Say whether one can walk from one place to another."""
    graph = nx.Graph(list(zip(edges.u.tolist(), edges.v.tolist(), strict=True)))

    def at(xy):
        found = np.flatnonzero(np.hypot(edges.x - xy[0], edges.y - xy[1]) < 1e-3)
        return [node for node in found.tolist() if node in graph]

    return any(nx.has_path(graph, a, b) for a in at(start) for b in at(stop))


STREET = LineString([(0, 0), (100, 0)])
WALL = LineString([(50, -20), (50, 20)])


@pytest.mark.parametrize("kind", ["wall", "river", "railway", "expressway"])
def test_every_kind_cuts_an_ordinary_street(kind):
    edges = cut([STREET], [(kind, WALL)])
    assert not joined(edges, (0, 0), (100, 0))
    assert edges.length_m.sum() == pytest.approx(100)
    assert joined(edges, (0, 0), (50, 0))
    assert joined(edges, (100, 0), (50, 0))


@pytest.mark.parametrize("flag", ["bridge", "tunnel", "crossing"])
def test_only_walls_cut_what_is_free(flag):
    for kind, expected in {"wall": False, "river": True, "railway": True}.items():
        edges = cut([STREET], [(kind, WALL)], **{flag: [True]})
        assert joined(edges, (0, 0), (100, 0)) is expected


def test_what_is_no_known_kind_cuts_nothing():
    assert joined(cut([STREET], [(None, WALL)]), (0, 0), (100, 0))


def test_no_barriers_change_nothing():
    assert len(cut([STREET], []).u) == 1


def test_a_river_polygon_removes_what_is_within():
    edges = cut([STREET], [("river", box(40, -10, 60, 10))])
    assert edges.length_m.sum() == pytest.approx(80)
    assert not joined(edges, (0, 0), (100, 0))


def test_a_bridge_over_a_river_polygon_stays():
    lines = [
        LineString([(0, 0), (30, 0)]),
        LineString([(30, 0), (70, 0)]),
        LineString([(70, 0), (100, 0)]),
    ]
    river = ("river", box(40, -10, 60, 10))
    edges = cut(lines, [river], bridge=[False, True, False])
    assert joined(edges, (0, 0), (100, 0))
    assert edges.length_m.sum() == pytest.approx(100)


def test_an_island_in_the_river_keeps_its_streets():
    shape = Polygon(
        [(40, -20), (80, -20), (80, 20), (40, 20)],
        [[(50, -10), (70, -10), (70, 10), (50, 10)]],
    )
    edges = cut([STREET], [("river", shape)])
    assert edges.length_m.sum() == pytest.approx(40 + 20 + 20)


def test_a_wall_polygon_cuts_with_its_outline():
    edges = cut([STREET], [("wall", box(40, -10, 60, 10))])
    assert edges.length_m.sum() == pytest.approx(100)
    assert joined(edges, (40, 0), (60, 0))
    assert not joined(edges, (0, 0), (60, 0))
    assert not joined(edges, (40, 0), (100, 0))


def test_a_wall_through_a_junction_separates_its_sides():
    star = [LineString([(50, 0), to]) for to in [(0, 0), (0, 40), (100, 0), (100, 40)]]
    edges = cut(star, [("wall", LineString([(50, -60), (50, 60)]))])
    assert joined(edges, (0, 0), (0, 40))
    assert joined(edges, (100, 0), (100, 40))
    assert not joined(edges, (0, 0), (100, 0))


def test_a_wall_whose_vertex_lies_on_the_street_cuts_it():
    bent = LineString([(40, -20), (50, 0), (60, 20)])
    assert not joined(cut([STREET], [("wall", bent)]), (0, 0), (100, 0))


def test_two_walls_that_meet_on_the_street_cut_it():
    halves = [LineString([(50, -20), (50, 0)]), LineString([(50, 0), (50, 20)])]
    edges = cut([STREET], [("wall", half) for half in halves])
    assert not joined(edges, (0, 0), (100, 0))


def test_a_wall_that_ends_on_the_street_does_not_cut_it():
    end = LineString([(50, 0), (50, 20)])
    assert joined(cut([STREET], [("wall", end)]), (0, 0), (100, 0))
    bent = [LineString([(0, 0), (50, 0), (100, 0)])]
    assert joined(cut(bent, [("wall", end)]), (0, 0), (100, 0))


def test_a_wall_corner_that_touches_the_street_leaves_one_side_whole():
    corner = LineString([(40, 20), (50, 0), (60, 20)])
    assert joined(cut([STREET], [("wall", corner)]), (0, 0), (100, 0))


def test_a_street_on_a_wall_is_joined_to_neither_side():
    streets = [
        LineString([(50, 0), (50, 10)]),
        LineString([(0, 0), (50, 0)]),
        LineString([(50, 0), (100, 0)]),
    ]
    edges = cut(streets, [("wall", WALL)])
    assert not joined(edges, (50, 10), (0, 0))
    assert not joined(edges, (50, 10), (100, 0))
    assert not joined(edges, (0, 0), (100, 0))


def test_a_railway_does_not_cut_where_a_bridge_ends():
    lines = [LineString([(0, 0), (50, 0)]), LineString([(50, 0), (100, 0)])]
    rail = [("railway", WALL)]
    assert joined(cut(lines, rail, bridge=[False, True]), (0, 0), (100, 0))
    assert not joined(cut(lines, rail, bridge=[False, False]), (0, 0), (100, 0))


def test_several_walls_cut_a_street_several_times():
    walls = [("wall", LineString([(x, -5), (x, 5)])) for x in (20, 50, 50, 80)]
    edges = cut([STREET], walls)
    assert sorted(edges.length_m.round(6)) == [20, 20, 30, 30]
    assert edges.degree().max() == 1


def test_a_wall_far_from_the_origin_cuts_too():
    edges = cut([place(STREET)], [("wall", place(WALL))])
    assert len(edges.u) == 2
    assert edges.degree().max() == 1


def test_two_walls_on_top_of_each_other_are_one():
    street = LineString([(50, -50), (50, 50)])
    walls = [LineString([(50, 0), (0, 1e-9)]), LineString([(50, 0), (0, -1e-9)])]
    assert joined(cut([street], [("wall", w) for w in walls]), (50, -50), (50, 50))
