import networkx as nx
import pytest
from hamlet import CRS, RULES, X, Y, make_facilities, write_folder

from geo.errors import InputError
from geo.manifest import Manifest, read_manifest
from geo.progress import no_progress
from geo.sources import list_inputs, read_sources


def read(path, manifest=None):
    return read_sources(path, manifest or read_manifest(path), RULES, no_progress)


def codes(source):
    return [fault.code for fault in source.faults]


def test_a_folder_gives_its_layers(tmp_path):
    source = read(write_folder(tmp_path / "d"))
    assert set(source.raws) == {"communities", "facilities", "streets"}
    assert source.faults == []
    assert len(source.files) == 3


def test_hidden_and_lock_files_are_no_layers(tmp_path):
    folder = write_folder(tmp_path / "d")
    (folder / "~$gates.xlsx").write_bytes(b"lock")
    (folder / ".gates.csv").write_text("x")
    (folder / "notes.docx").write_text("x")
    assert set(read(folder).raws) == {"communities", "facilities", "streets"}


def test_stems_in_any_case_and_in_chinese(tmp_path):
    folder = write_folder(tmp_path / "d")
    (folder / "streets.gpkg").rename(folder / "Streets.gpkg")
    (folder / "communities.gpkg").rename(folder / "小区.gpkg")
    assert set(read(folder).raws) == {"communities", "facilities", "streets"}


def test_a_file_of_the_manifest_that_is_missing(tmp_path):
    folder = write_folder(tmp_path / "d")
    source = read(folder, Manifest(layers={"gates": "门.shp"}))
    assert codes(source) == ["file_missing"]
    assert "门.shp" in source.faults[0].message()


def test_a_damaged_layer_is_told_once(tmp_path):
    folder = write_folder(tmp_path / "d")
    (folder / "streets.gpkg").write_bytes(b"rubbish")
    assert codes(read(folder)) == ["unreadable"]


def write_graph(path):
    graph = nx.MultiDiGraph(crs=f"EPSG:{CRS}")
    for number, (x, y) in enumerate([(0, 0), (100, 0), (100, 100)]):
        graph.add_node(number, x=str(X + x), y=str(Y + y))
    for one, other in [(0, 1), (1, 2)]:
        graph.add_edge(one, other, osmid=str(one), highway="residential", length="100")
    nx.write_graphml(graph, path)


def test_a_graph_gives_the_streets(tmp_path):
    folder = write_folder(tmp_path / "d")
    (folder / "streets.gpkg").unlink()
    write_graph(folder / "network.graphml")
    source = read(folder)
    assert source.faults == []
    raw = source.raws["streets"]
    assert (raw.format, raw.derived, raw.rows_in) == ("GraphML", True, len(raw.frame))
    assert raw.frame["node_ids"].notna().all()


def test_given_streets_come_before_a_graph(tmp_path):
    folder = write_folder(tmp_path / "d")
    write_graph(folder / "network.graphml")
    assert read(folder).raws["streets"].format == "GeoPackage"


def test_several_networks_are_refused(tmp_path):
    folder = write_folder(tmp_path / "d")
    write_graph(folder / "a.graphml")
    write_graph(folder / "b.graphml")
    assert codes(read(folder)) == ["layer_twice"]
    write_graph(folder / "network.graphml")
    assert codes(read(folder)) == []
    named = read(folder, Manifest(layers={"network": "b.graphml"}))
    assert "b.graphml" in {file.name for file in named.files}


def test_a_damaged_extract_is_a_fault(tmp_path):
    path = tmp_path / "d.osm.pbf"
    path.write_bytes(b"rubbish")
    assert "layer_missing" in codes(read(path))
    assert len(codes(read(path))) == 4


def test_a_file_that_is_no_extract_is_refused(tmp_path):
    path = tmp_path / "a.gpkg"
    make_facilities().to_file(path)
    with pytest.raises(InputError, match="既不是文件夹"):
        read(path)


def test_the_fingerprint_does_not_depend_on_the_order(tmp_path):
    one, two = tmp_path / "a", tmp_path / "b"
    one.write_text("1")
    two.write_text("2")
    frame, digest = list_inputs([two, one, one])
    assert frame["file"].tolist() == ["a", "b"]
    assert frame["bytes"].tolist() == [1, 1]
    assert list_inputs([one, two])[1] == digest
    two.rename(tmp_path / "c")
    assert list_inputs([one, tmp_path / "c"])[1] != digest
