"""What an untrusted file really is, by its content, never by its name.

A file named ``.geojson`` can hold a GDAL virtual dataset that reads local files or
calls out; so only kinds that are recognised here go on, under an extension that
fits the content.
"""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

from geo.errors import InputError

#: Extension that a recognised content gets.
KINDS = (
    ".gpkg",
    ".geojson",
    ".shp",
    ".shx",
    ".dbf",
    ".prj",
    ".cpg",
    ".parquet",
    ".csv",
    ".xlsx",
    ".osm.pbf",
    ".osm",
    ".graphml",
    ".toml",
    ".zip",
)

_SIDECARS = (".prj", ".cpg")
_SIDECAR_MAX_BYTES = 65_536
_HEAD_BYTES = 65_536
_SHAPE_MAGIC = b"\x00\x00\x27\x0a"
_DBF_VERSIONS = (b"\x02", b"\x03", b"\x04", b"\x05", b"\x30", b"\x31", b"\x83", b"\x8b")
_CRS_NAME = re.compile(r"(urn:ogc:def:crs:)?(EPSG|OGC):[\w.]*:?[\w.]+", re.IGNORECASE)
_XML_ROOT = re.compile(r"<(?![?!])(?:\w+:)?(\w+)")


def sniff(path: Path, name: str) -> str:
    """Return the kind of a file by its content.

    Parameters
    ----------
    path
        The file.
    name
        The name that the user gave it; tells only text kinds apart, and is named
        in the error.

    Returns
    -------
    str
        One of `KINDS`.

    Raises
    ------
    InputError
        If the content is none of the kinds that the tool reads.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise InputError("upload_empty", name=name)
    kind = _binary_kind(head, name, path) or _text_kind(head, name)
    if kind is None:
        raise InputError("upload_kind", name=name)
    return kind


def _binary_kind(head: bytes, name: str, path: Path) -> str | None:
    suffix = Path(name).suffix.lower()
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(path)
    shape = head.startswith(_SHAPE_MAGIC) and suffix in {".shp", ".shx"}
    table = suffix == ".dbf" and head[:1] in _DBF_VERSIONS
    if shape or table:
        return suffix
    marks = {
        ".gpkg": head.startswith(b"SQLite format 3\x00"),
        ".parquet": head.startswith(b"PAR1"),
        ".osm.pbf": b"OSMHeader" in head[:64],
    }
    return next((kind for kind, found in marks.items() if found), None)


def _zip_kind(path: Path) -> str:
    if not zipfile.is_zipfile(path):
        return ".zip"
    with zipfile.ZipFile(path) as archive:
        return ".xlsx" if "xl/workbook.xml" in archive.namelist() else ".zip"


def _text_kind(head: bytes, name: str) -> str | None:
    suffix = Path(name).suffix.lower()
    if b"\x00" in head:
        return None
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if suffix in _SIDECARS:
        return suffix
    if text.startswith(b"{"):
        return ".geojson"
    if text.startswith(b"<"):
        root = _XML_ROOT.search(text.decode("utf-8", "replace"))
        return {"osm": ".osm", "graphml": ".graphml"}.get(root[1] if root else "")
    if suffix == ".toml":
        return ".toml"
    return ".csv" if suffix in {".csv", ".txt"} else None


def check_sidecar(path: Path, name: str) -> None:
    """Refuse a projection or encoding file that cannot be one.

    Parameters
    ----------
    path
        The file.
    name
        Its name for the error.

    Raises
    ------
    InputError
        If it is larger than such files are.
    """
    if path.stat().st_size > _SIDECAR_MAX_BYTES:
        raise InputError("upload_kind", name=name)


def clean_geojson(path: Path, name: str) -> None:
    """Rewrite a GeoJSON file without links.

    Parameters
    ----------
    path
        The file, rewritten in place.
    name
        Its name for the error.

    Raises
    ------
    InputError
        If it is not a GeoJSON FeatureCollection or Feature, or its ``crs`` is
        neither absent nor a plain name: GDAL would follow a link.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError("upload_json", name=name) from error
    if not isinstance(content, dict) or content.get("type") not in {
        "FeatureCollection",
        "Feature",
    }:
        raise InputError("upload_kind", name=name)
    features = content.get("features", [content])
    if not isinstance(features, list):
        raise InputError("upload_kind", name=name)
    clean: dict[str, Any] = {
        "type": "FeatureCollection",
        "features": [_plain_feature(feature, name) for feature in features],
    }
    if content.get("crs") is not None:
        clean["crs"] = _named_crs(content["crs"], name)
    path.write_text(json.dumps(clean, ensure_ascii=False), encoding="utf-8")


def _plain_feature(feature: object, name: str) -> dict[str, Any]:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise InputError("upload_kind", name=name)
    plain = {key: feature[key] for key in ("id", "properties") if key in feature}
    geometry = _plain_geometry(feature.get("geometry"), name)
    return {"type": "Feature", **plain, "geometry": geometry}


def _plain_geometry(geometry: object, name: str) -> dict[str, Any] | None:
    """Keep shape only: GDAL reads a ``crs`` of every single geometry, too."""
    if geometry is None:
        return None
    if not isinstance(geometry, dict):
        raise InputError("upload_kind", name=name)
    parts = geometry.get("geometries")
    if isinstance(parts, list):
        inner = [_plain_geometry(part, name) for part in parts]
        return {"type": geometry.get("type"), "geometries": inner}
    return {key: geometry[key] for key in ("type", "coordinates") if key in geometry}


def _named_crs(crs: object, name: str) -> dict[str, Any]:
    properties = crs.get("properties") if isinstance(crs, dict) else None
    label = properties.get("name") if isinstance(properties, dict) else None
    linked = not isinstance(crs, dict) or crs.get("type") != "name"
    if linked or not isinstance(label, str) or not _CRS_NAME.fullmatch(label):
        raise InputError("upload_crs_link", name=name)
    return {"type": "name", "properties": {"name": label}}
