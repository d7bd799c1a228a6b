"""Fetching against made-up answers, served on 127.0.0.1."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs

import geopandas as gpd
import osmnx
import pytest

from geo.district import read_district
from geo.errors import CancelledError, FetchError
from geo.fetch import fetch_district
from geo.osm import read_osm
from geo.rules import load_rules

#: A made-up place in the sea, one kilometre square.
RING = [[121.0, 20.0], [121.01, 20.0], [121.01, 20.01], [121.0, 20.01], [121.0, 20.0]]
FOUND = {
    "place_id": 1,
    "licence": "made up for tests",
    "osm_type": "relation",
    "osm_id": 1,
    "lat": "20.005",
    "lon": "121.005",
    "boundingbox": ["20.0", "20.01", "121.0", "121.01"],
    "importance": 0.5,
    "display_name": "示例区, 虚构市",
    "geojson": {"type": "Polygon", "coordinates": [RING]},
}
POINT = FOUND | {"geojson": {"type": "Point", "coordinates": [121.0, 20.0]}}
MAP = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="Overpass API, made up for tests">
  <node id="1" lat="20.004" lon="121.001"/>
  <node id="2" lat="20.004" lon="121.009"/>
  <node id="3" lat="20.003" lon="121.001"/>
  <node id="4" lat="20.003" lon="121.003"/>
  <node id="5" lat="20.005" lon="121.003"/>
  <node id="6" lat="20.005" lon="121.001"/>
  <node id="7" lat="20.004" lon="121.002">
    <tag k="amenity" v="pharmacy"/><tag k="name" v="示例药店"/>
  </node>
  <way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>
  <way id="2"><nd ref="3"/><nd ref="4"/><nd ref="5"/><nd ref="6"/><nd ref="3"/>
    <tag k="landuse" v="residential"/><tag k="name" v="示例小区"/>
  </way>
</osm>
"""
EMPTY = '<?xml version="1.0"?>\n<osm version="0.6" generator="made up"></osm>\n'
LATE = EMPTY.replace("></osm>", "><remark>runtime error: timed out</remark></osm>")


class Answers(BaseHTTPRequestHandler):
    """Serves what a test has put down, and writes down what it was asked."""

    search: ClassVar[tuple[int, bytes]]
    interpreter: ClassVar[tuple[int, bytes]]
    asked: ClassVar[list[str]]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.reply(*self.search)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append(parse_qs(body)["data"][0])
        self.reply(*self.interpreter)

    def reply(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def put(search: object = (FOUND,), status: int = 200) -> None:
    Answers.search = status, json.dumps(search, ensure_ascii=False).encode()


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Answers]]:
    put()
    Answers.interpreter = 200, MAP.encode()
    Answers.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(osmnx.settings, "nominatim_url", url)
    monkeypatch.setattr(osmnx.settings, "overpass_url", f"{url}/api")
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield Answers
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(folder: Path) -> Path:
    target = folder / "district"
    return fetch_district("示例区", target, cache=folder / "cache")


def fails(folder: Path) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetch(folder)
    assert not (folder / "district").exists()
    for lang in ("zh", "en"):
        assert "示例区" in caught.value.message(lang)
        assert caught.value.action(lang)
    return caught.value


@pytest.mark.usefixtures("net")
def test_a_fetched_folder_is_a_district(tmp_path: Path) -> None:
    folder = fetch(tmp_path)
    extract = read_osm(folder / "network.osm", rules=load_rules())
    assert extract.layers["communities"]["name"].tolist() == ["示例小区"]
    extent = gpd.read_file(folder / "extent.gpkg")
    assert extent.crs.to_epsg() == 4326
    assert extent.total_bounds.tolist() == [121.0, 20.0, 121.01, 20.01]
    text = (folder / "district.toml").read_text(encoding="utf-8")
    assert 'name = "示例区"' in text
    assert "ODbL" in text
    assert "OpenStreetMap contributors" in text
    assert "示例区, 虚构市" in text
    district = read_district(folder)
    assert district.name == "示例区"
    assert district.facilities["category"].tolist() == ["pharmacy"]
    assert district.extent["origin"].tolist() == ["given"]


def test_the_query_asks_for_every_layer(tmp_path: Path, net: type[Answers]) -> None:
    fetch(tmp_path)
    query = net.asked[-1]
    for key in ("highway", "landuse", "amenity", "building", "barrier", "railway"):
        assert key in query
    assert "20.000000 121.000000 20.000000 121.010000" in query


def test_a_second_time_nothing_is_asked(tmp_path: Path, net: type[Answers]) -> None:
    fetch(tmp_path)
    before = list(net.asked)
    assert len(before) == 2
    fetch(tmp_path)
    assert net.asked == before


@pytest.mark.usefixtures("net")
def test_progress_is_told_and_can_cancel(tmp_path: Path) -> None:
    told: list[str] = []

    def stop(stage: str, share: float) -> None:
        assert 0 <= share <= 1
        told.append(stage)
        if stage == "stage.fetch_write":
            raise CancelledError("cancelled", stage=stage)

    target = tmp_path / "district"
    with pytest.raises(CancelledError):
        fetch_district("示例区", target, stop, cache=tmp_path / "cache")
    assert list(dict.fromkeys(told)) == [
        "stage.fetch_place",
        "stage.fetch_streets",
        "stage.fetch_write",
    ]
    assert not target.exists()


@pytest.mark.usefixtures("net")
def test_settings_of_osmnx_are_left_as_they_were(tmp_path: Path) -> None:
    before = osmnx.settings.cache_folder, osmnx.settings.requests_kwargs
    fetch(tmp_path)
    assert (osmnx.settings.cache_folder, osmnx.settings.requests_kwargs) == before


@pytest.mark.usefixtures("net")
@pytest.mark.parametrize("found", [[], [POINT]])
def test_an_unknown_place_is_told(found: object, tmp_path: Path) -> None:
    put(found)
    assert fails(tmp_path).code == "fetch_not_found"


@pytest.mark.usefixtures("net")
@pytest.mark.parametrize("status", [429, 504])
def test_a_busy_search_is_told_at_once(status: int, tmp_path: Path) -> None:
    put(status=status)
    error = fails(tmp_path)
    assert error.code == "fetch_busy"
    assert str(status) in error.message("en")


@pytest.mark.parametrize(
    ("status", "content", "code"),
    [
        (429, "", "fetch_busy"),
        (504, "<html>gateway</html>", "fetch_busy"),
        (200, LATE, "fetch_busy"),
        (200, EMPTY, "fetch_empty"),
        (200, MAP[:600], "fetch_answer"),
        (200, "<html>login</html>", "fetch_answer"),
        (400, EMPTY, "fetch_answer"),
    ],
)
def test_what_is_no_map_is_told_and_not_kept(
    status: int, content: str, code: str, tmp_path: Path, net: type[Answers]
) -> None:
    net.interpreter = status, content.encode()
    assert fails(tmp_path).code == code
    assert not list((tmp_path / "cache").glob("*.osm"))
    net.interpreter = 200, MAP.encode()
    assert fetch(tmp_path).is_dir()


@pytest.mark.usefixtures("net")
@pytest.mark.parametrize(
    ("status", "content"),
    [(200, b"<html>login</html>"), (400, b"bad"), (200, b"{}"), (200, b'[{"x": 1}]')],
)
def test_what_is_no_search_answer_is_told(
    status: int, content: bytes, tmp_path: Path
) -> None:
    Answers.search = status, content
    assert fails(tmp_path).code in {"fetch_answer", "fetch_not_found"}


@pytest.mark.usefixtures("net")
@pytest.mark.parametrize("service", ["nominatim_url", "overpass_url"])
def test_no_connection_is_told(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(osmnx.settings, service, "http://127.0.0.1:9")
    error = fails(tmp_path)
    assert error.code == "fetch_offline"
    assert "127.0.0.1" in error.message("zh")
