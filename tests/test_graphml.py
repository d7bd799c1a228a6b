from pathlib import Path

import networkx as nx
import osmnx
import pytest
from shapely import LineString

from geo.errors import CrsError, InputError
from geo.graphml import read_graphml


def write(graph: nx.MultiDiGraph, folder: Path) -> Path:
    path = folder / "network.graphml"
    osmnx.save_graphml(graph, path)
    return path


def simplified() -> nx.MultiDiGraph:
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for node, x in ((1, 0.0), (2, 0.01), (3, 0.02)):
        graph.add_node(node, x=x, y=0.0)
    bent = [(0.0, 0.0), (0.004, 0.001), (0.006, 0.001), (0.01, 0.0)]
    tags = {"osmid": [5, 6], "highway": ["residential", "service"], "bridge": "yes"}
    graph.add_edge(1, 2, geometry=LineString(bent), layer="1", **tags)
    graph.add_edge(2, 1, geometry=LineString(bent[::-1]), **tags)
    graph.add_edge(1, 2, osmid=7, highway="footway", foot="designated")
    graph.add_edge(2, 3, osmid=8, highway="tertiary", tunnel="['yes', 'no']")
    loop = [(0.02, 0.0), (0.021, 0.001), (0.022, 0.0), (0.02, 0.0)]
    graph.add_edge(3, 3, osmid=9, highway="service", geometry=LineString(loop))
    return graph


def test_both_directions_are_one_street(tmp_path: Path) -> None:
    streets = read_graphml(write(simplified(), tmp_path))
    assert streets["directions"].tolist() == [2, 1, 1, 1]
    assert streets["directions"].sum() == simplified().number_of_edges()
    assert streets["osm_id"].tolist() == ["way/5;way/6", "way/7", "way/8", "way/9"]
    assert streets["highway"].tolist() == [
        "residential",
        "footway",
        "tertiary",
        "service",
    ]
    assert streets["bridge"].tolist() == [True, False, False, False]
    assert streets["tunnel"].tolist() == [False, False, True, False]
    assert streets["level"].tolist() == [1, 0, 0, 0]
    assert streets["foot"].tolist()[1] == "designated"
    assert streets.crs.to_epsg() == 4326
    assert streets["id"].is_unique


def test_vertices_inside_a_simplified_edge_have_ids_of_their_own(
    tmp_path: Path,
) -> None:
    streets = read_graphml(write(simplified(), tmp_path))
    ids = [list(found) for found in streets["node_ids"]]
    assert ids[0][0] == 1
    assert ids[0][-1] == 2
    inner = [n for found in ids for n in found if n < 0]
    assert len(inner) == len(set(inner)) == 4
    lengths = [len(line.coords) for line in streets.geometry]
    assert [len(found) for found in ids] == lengths
    assert all(found.dtype == "int64" for found in streets["node_ids"])


def test_a_line_drawn_backwards_is_turned(tmp_path: Path) -> None:
    graph = nx.MultiDiGraph(crs="EPSG:32650")
    graph.add_node(1, x=0.0, y=0.0)
    graph.add_node(2, x=9.0, y=0.0)
    graph.add_edge(1, 2, geometry=LineString([(9, 0), (4, 1), (0, 0)]))
    streets = read_graphml(write(graph, tmp_path))
    assert streets.geometry.iloc[0].coords[0] == (0.0, 0.0)
    assert streets["node_ids"].iloc[0].tolist() == [1, -1, 2]
    assert streets.crs.to_epsg() == 32650


def test_names_of_nodes_may_be_words(tmp_path: Path) -> None:
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    graph.add_node("a", x=0.0, y=0.0)
    graph.add_node("b", x=1.0, y=0.0)
    graph.add_edge("a", "b", highway="path")
    assert read_graphml(write(graph, tmp_path))["node_ids"].iloc[0].tolist() == [1, 2]


GOOD = """<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="graph" attr.name="crs"/><key id="d1" for="node" attr.name="x"/>
<key id="d2" for="node" attr.name="y"/><key id="d3" for="edge" attr.name="geometry"/>
<graph edgedefault="directed">
<node id="1"><data key="d1">0</data><data key="d2">0</data></node>
<node id="2"><data key="d1">1</data><data key="d2">0</data></node>
<edge source="1" target="2"><data key="d3">LINESTRING (0 0, 1 0)</data></edge>
<data key="d0">EPSG:4326</data></graph></graphml>"""


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("</graphml>", "", "graphml_unreadable"),
        ("<graphml", "<!DOCTYPE x [<!ENTITY a 'b'>]><graphml", "graphml_unreadable"),
        ('<data key="d1">1</data>', "", "graphml_unreadable"),
        ('<data key="d1">1</data>', '<data key="d1">x</data>', "graphml_unreadable"),
        ('target="2"', 'target="3"', "graphml_unreadable"),
        ("LINESTRING (0 0, 1 0)", "LINESTRING (0", "graphml_unreadable"),
        ("LINESTRING (0 0, 1 0)", "POINT EMPTY", "graphml_unreadable"),
        ("xmlns=", "xmlns:a=", "graphml_unreadable"),
        ("<edge", "<other", "graphml_unreadable"),
        ("EPSG:4326", "none", "graphml_crs"),
        ("EPSG:4326", "", "graphml_crs"),
    ],
)
def test_bad_graphs_are_refused(old: str, new: str, code: str, tmp_path: Path) -> None:
    path = tmp_path / "network.graphml"
    path.write_text(GOOD, encoding="utf-8")
    assert len(read_graphml(path)) == 1
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_graphml(path)
    assert caught.value.code == code
    assert isinstance(caught.value, CrsError) == (code == "graphml_crs")
    assert "network.graphml" in caught.value.message("zh")


def test_a_graph_without_edges_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "network.graphml"
    start, end = GOOD.index("<edge"), GOOD.index("</edge>") + len("</edge>")
    path.write_text(GOOD[:start] + GOOD[end:], encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_graphml(path)
    assert caught.value.code == "osm_no_streets"


def test_a_missing_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_graphml(tmp_path / "none.graphml")
