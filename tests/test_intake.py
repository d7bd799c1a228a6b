"""Uploads are untrusted: crafted files leak nothing, call nobody, kill nobody."""

import io
import json
import socket
import subprocess
import sys
import threading
import zipfile

import geopandas as gpd
import openpyxl
import pytest
from shapely.geometry import LineString, Point, box

from geo.errors import CancelledError, InputError
from geo.intake import Limits, discard_upload, open_upload, store_upload

SECRET = "SECRET-7f3a9c"  # noqa: S105 (a marker that must not come back)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.csv"
    path.write_text(f"id,name,lon,lat\n1,{SECRET},102.3,39.9\n", encoding="utf-8")
    return path


@pytest.fixture
def listener():
    """A server on loopback that counts who calls."""
    calls = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.1)
    running = threading.Event()
    running.set()

    def serve():
        while running.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            calls.append(connection.recv(300))
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield server.getsockname()[1], calls
    running.clear()
    thread.join()
    server.close()


def district_files():
    """Return the three needed layers as GeoJSON uploads."""
    west, south = 102.30, 39.90
    communities = gpd.GeoDataFrame(
        {"id": ["c1", "c2"], "name": ["甲小区", "乙小区"]},
        geometry=[
            box(west, south, west + 0.002, south + 0.002),
            box(west + 0.003, south, west + 0.005, south + 0.002),
        ],
        crs=4326,
    )
    facilities = gpd.GeoDataFrame(
        {"id": ["f1"], "name": ["药店"], "category": ["pharmacy"]},
        geometry=[Point(west + 0.0025, south)],
        crs=4326,
    )
    streets = gpd.GeoDataFrame(
        {"id": ["s1"]},
        geometry=[LineString([(west - 0.001, south), (west + 0.006, south)])],
        crs=4326,
    )
    layers = {"communities": communities, "facilities": facilities, "streets": streets}
    return [
        (f"{name}.geojson", frame.to_json().encode()) for name, frame in layers.items()
    ]


def zipped(files, **options):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return sink.getvalue()


def vrt(path):
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="secret">'
        f'<SrcDataSource relativeToVRT="0">{path}</SrcDataSource>'
        f"</OGRVRTLayer></OGRVRTDataSource>"
    ).encode()


def gdalg(path):
    command = f"gdal vector pipeline ! read {path} ! write streamed"
    return json.dumps({"type": "gdal_streamed_alg", "command_line": command}).encode()


def crs_link(port):
    content = json.loads(district_files()[0][1])
    link = {"href": f"http://127.0.0.1:{port}/crs", "type": "proj4"}
    content["crs"] = {"type": "link", "properties": link}
    return json.dumps(content).encode()


def inner_crs_link(port):
    content = json.loads(district_files()[0][1])
    link = {"href": f"http://127.0.0.1:{port}/crs", "type": "proj4"}
    for feature in content["features"]:
        feature["geometry"]["crs"] = {"type": "link", "properties": link}
    return json.dumps(content).encode()


def wfs(port):
    url = f"http://127.0.0.1:{port}/wfs"
    return f"<OGRWFSDataSource><URL>{url}</URL></OGRWFSDataSource>".encode()


def without(name):
    return [pair for pair in district_files() if not pair[0].startswith(name)]


def evidence_files():
    book = openpyxl.Workbook()
    book.active.append(["小区编码", "同意户数"])
    book.active.append(["c1", 60])
    sink = io.BytesIO()
    book.save(sink)
    text = "编号,问题来源,销号日期\nR1,审计,2026-03-01\n"
    return [
        ("居民意愿.xlsx", sink.getvalue()),
        ("整改台账.csv", text.encode("gbk")),
        ("consent.csv.bak", "小区编码,同意户数\nc1,1\n".encode()),
        ("consent.xlsx.bak", sink.getvalue()),
    ]


def test_tables_of_evidence_come_with_a_zip_or_one_by_one():
    tables = evidence_files()
    packed = [(f"区/{n}", c) for n, c in [*district_files(), *tables]]
    uploads = [
        open_upload([("示例.zip", zipped(packed))]),
        open_upload([*district_files(), *tables[:2]]),
    ]
    try:
        for upload in uploads:
            evidence = upload.district.evidence
            assert evidence.files == {
                "consent": "居民意愿.xlsx",
                "rectification": "整改台账.csv",
            }
            assert evidence.tables["consent"]["households_agreed"].tolist() == [60]
            assert evidence.tables["rectification"]["source"].tolist() == ["audit"]
    finally:
        for upload in uploads:
            discard_upload(upload)


def test_a_zip_of_a_folder_and_its_single_files_read_alike():
    files = district_files()
    single = open_upload(files)
    packed = open_upload([("示例.zip", zipped([(f"区/{n}", c) for n, c in files]))])
    try:
        for upload in (single, packed):
            assert list(upload.district.communities.index) == ["c1", "c2"]
            assert upload.district.communities["name"].tolist() == ["甲小区", "乙小区"]
            assert len(upload.district.streets) == 1
        assert single.district.crs == packed.district.crs
    finally:
        discard_upload(single)
        discard_upload(packed)
    assert not single.folder.exists()


def test_an_uploaded_district_is_the_one_read_from_disk(tmp_path):
    from geo.district import read_district  # noqa: PLC0415

    for name, content in district_files():
        (tmp_path / name).write_bytes(content)
    here = read_district(tmp_path)
    upload = open_upload(district_files())
    try:
        there = upload.district
        for layer in ("communities", "facilities", "streets", "extent"):
            one, other = getattr(here, layer), getattr(there, layer)
            assert one.columns.tolist() == other.columns.tolist()
            assert one.geometry.geom_equals(other.geometry).all()
            assert one.crs == other.crs
        assert len(here.findings) == len(there.findings)
    finally:
        discard_upload(upload)


NAMES = ["geojson", "csv", "kml", "shp", "gpkg", "xlsx", "vrt", "json", "osm", "zip"]


@pytest.mark.parametrize("suffix", NAMES)
@pytest.mark.parametrize("make", [vrt, gdalg])
def test_virtual_datasets_under_any_name_are_refused(tmp_path, secret, suffix, make):
    crafted = [(f"communities.{suffix}", make(secret))]
    for files in (crafted, [("a.zip", zipped(crafted))]):
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        try:
            stored = store_upload(files, folder, limits=Limits())
        except InputError:
            continue
        # stored only as a table, which GDAL never opens
        assert [path.suffix for path in stored.iterdir()] == [".csv"]


@pytest.mark.parametrize("suffix", ["csv", "geojson", "osm"])
@pytest.mark.parametrize("make", [vrt, gdalg])
def test_no_secret_comes_back(secret, suffix, make):
    with pytest.raises(InputError) as caught:
        open_upload([*without("communities"), (f"communities.{suffix}", make(secret))])
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("make", [crs_link, inner_crs_link, wfs])
@pytest.mark.parametrize("packed", [False, True])
def test_nothing_is_called(listener, make, packed):
    port, calls = listener
    files = [*without("communities"), ("communities.geojson", make(port))]
    try:
        upload = open_upload([("a.zip", zipped(files))] if packed else files)
    except InputError:
        upload = None
    if upload is not None:
        discard_upload(upload)
    assert calls == []


UNGUARDED = """
import sys, pyogrio
try:
    print(pyogrio.read_dataframe(sys.argv[1]).to_csv())
except Exception as error:
    print(error)
"""


def read_unguarded(path):
    command = [sys.executable, "-c", UNGUARDED, str(path)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def test_without_the_intake_gdal_would_call_and_leak(tmp_path, listener, secret):
    # shows that the listener hears, and that the secret would be seen
    port, calls = listener
    path = tmp_path / "communities.geojson"
    path.write_bytes(crs_link(port))
    read_unguarded(path)
    assert calls
    path.write_bytes(vrt(secret))
    assert SECRET in read_unguarded(path)


def lying_zip():
    content = zipped([("communities.csv", b"0" * 5_000_000)])
    # the directory claims one byte
    size = (5_000_000).to_bytes(4, "little")
    return content.replace(size, (1).to_bytes(4, "little"))


def linked_zip():
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        link = zipfile.ZipInfo("communities.geojson")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "../../secret.csv")
    return sink.getvalue()


def matryoshka(depth):
    content = zipped([("a.csv", b"id\n1\n")])
    for _ in range(depth):
        content = zipped([("inner.zip", content)])
    return content


@pytest.mark.parametrize(
    ("code", "files"),
    [
        ("upload_none", []),
        ("upload_empty", [("a.geojson", b"")]),
        ("upload_kind", [("a.exe", b"MZ\x90\x00")]),
        ("upload_kind", [("a.geojson", b'{"type": "Topology"}')]),
        ("upload_kind", [("a.geojson", b'{"type":"FeatureCollection","features":7}')]),
        ("upload_json", [("a.geojson", b'{"type": "FeatureCollection", ')]),
        ("upload_json", [("a.geojson", b'{"a":' + b"[" * 200_000)]),
        ("upload_archive", [("a.zip", b"PK\x03\x04 not an archive")]),
        ("upload_bomb", [("a.zip", zipped([("a.csv", b"0" * 30_000_000)]))]),
        ("upload_path", [("a.zip", zipped([("../../a.csv", b"id\n1")]))]),
        ("upload_path", [("a.zip", zipped([("/etc/a.csv", b"id\n1")]))]),
        ("upload_path", [("a.zip", zipped([("C:\\a.csv", b"id\n1")]))]),
        ("upload_path", [("a.zip", linked_zip())]),
        ("upload_nested", [("a.zip", matryoshka(2))]),
        ("upload_same_name", [("a.csv", b"id\n1"), ("x/a.csv", b"id\n1")]),
        ("upload_toml", [("district.toml", b"[layers\n")]),
        ("upload_path", [("district.toml", b'[layers]\nstreets = "../x.gpkg"\n')]),
        ("upload_path", [("district.toml", b'[layers]\nstreets = "/x.gpkg"\n')]),
        ("upload_kind", [("a.prj", b"x" * 100_000)]),
    ],
)
def test_each_crafted_file_is_refused_with_a_sentence(tmp_path, code, files):
    with pytest.raises(InputError) as caught:
        store_upload(files, tmp_path, limits=Limits())
    assert caught.value.code == code
    for lang in ("zh", "en"):
        assert caught.value.message(lang)
        assert caught.value.action(lang)


def test_limits_on_number_and_size(tmp_path):
    many = zipped([(f"{number}.csv", b"id\n1") for number in range(30)])
    with pytest.raises(InputError, match="超过 20 个"):
        store_upload([("a.zip", many)], tmp_path, limits=Limits(files=20))
    with pytest.raises(InputError, match="MB"):
        store_upload([("a.csv", b"id")], tmp_path, limits=Limits(upload_bytes=1))


def test_an_archive_that_lies_about_its_size_is_stopped(tmp_path):
    with pytest.raises((InputError, zipfile.BadZipFile)):
        store_upload([("a.zip", lying_zip())], tmp_path, limits=Limits(ratio=1e9))


def test_time_and_cancel_end_the_child():
    with pytest.raises(InputError) as caught:
        open_upload(district_files(), limits=Limits(seconds=0.2))
    assert caught.value.code == "upload_too_slow"

    def stop(stage, share):
        del stage
        if share >= 0:
            raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        open_upload(district_files(), progress=stop)


def test_a_crash_in_native_code_costs_one_upload():
    with pytest.raises(InputError) as caught:
        open_upload(district_files(), limits=Limits(memory_bytes=60_000_000))
    assert caught.value.code in {"upload_crashed", "upload_memory"}


def test_a_refusal_of_the_reader_arrives_with_its_words():
    with pytest.raises(InputError) as caught:
        open_upload(without("communities"))
    assert "小区" in str(caught.value)
