"""One file of a district folder, as it stands: rows, columns, geometry, CRS.

Nothing is judged here; rows that are no objects (totals of a ledger) are the only
ones that are set aside.
"""

import json
import struct
import tempfile
import threading
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import pyogrio.errors

from geo.columns import clean_names, known_headers
from geo.errors import InputError
from geo.findings import Finding, concat_findings, layer_names, make_findings
from geo.ledger import read_ledger
from geo.places import find_places, is_coordinate
from geo.schema import Severity

#: What GDAL, Arrow and the file system say about a file that is damaged.
_DAMAGED = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.GeometryError,
    pyogrio.errors.CRSError,
    pa.ArrowException,
    zipfile.BadZipFile,
    UnicodeDecodeError,
    ValueError,
    OSError,
)
_SHAPE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_ENCODING_NAMES = {
    "936": "gb18030",
    "cp936": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "ansi 936": "gb18030",
    "65001": "utf-8",
    "utf8": "utf-8",
}


@dataclass(frozen=True, eq=False)
class RawLayer:
    """A layer as it stands in its file.

    Attributes
    ----------
    layer
        Layer name.
    frame
        Cells and geometry; the index counts the rows of the source from 0.
    source
        File name.
    format
        Name of the format.
    encoding
        Encoding of text, ``""`` where the format fixes it.
    rows_in
        Rows of the source, those set aside by the reader included.
    findings
        What the reader noticed.
    datum
        Datum that column names of a table tell, or ``""``.
    derived
        The layer was derived from the tags of an OSM extract.
    """

    layer: str
    frame: gpd.GeoDataFrame
    source: str
    format: str
    encoding: str
    rows_in: int
    findings: pd.DataFrame
    datum: str = ""
    derived: bool = False

    @property
    def is_table(self) -> bool:
        """Whether the layer is a table, whose columns are all its own."""
        return self.format in {"CSV", "XLSX"}


RECORDING = threading.Lock()

#: Packages whose warnings are about the file; others come from other threads.
_SPEAKERS = {"geo", "geopandas", "openpyxl", "pandas", "pyarrow", "pyogrio", "shapely"}


def read_layer_file(
    path: Path, layer: str, *, headers: pd.DataFrame | None = None
) -> RawLayer:
    """Read one layer from one file.

    Parameters
    ----------
    path
        File whose name ends in one of `SUFFIXES`.
    layer
        Layer name of :data:`geo.schema.LAYERS`.
    headers
        Ledger headers of the rule book (`header`, `layer`): they help to find the
        header row of a table.

    Returns
    -------
    RawLayer
        Its rows.

    Raises
    ------
    InputError
        If the format is not known, or the file is missing, damaged, cut off, or
        holds no rows.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = "、".join(SUFFIXES)
        raise InputError(
            "format_unknown", **layer_names(layer), source=path.name, known=known
        )
    if not path.is_file():
        raise InputError("file_missing", **layer_names(layer), source=path.name)
    if headers is None:
        headers = pd.DataFrame(columns=["header", "layer", "column", "factor"])
    try:
        # recording is one for the whole process: one reader at a time
        with RECORDING, warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            raw = reader(path, layer, headers)
    except InputError:
        raise
    except _DAMAGED as error:
        raise InputError(
            "unreadable",
            **layer_names(layer),
            source=path.name,
            reason=str(error).splitlines()[0][:200] if str(error) else "",
        ) from error
    if raw.rows_in == 0:
        raise InputError("layer_empty", **layer_names(layer), source=path.name)
    about = [told for told in said if _SPEAKERS & set(Path(told.filename).parts)]
    return _with_warnings(_with_clean_names(raw), about)


def find_inputs(path: Path) -> list[Path]:
    """Return the files that a layer file consists of.

    Parameters
    ----------
    path
        A layer file.

    Returns
    -------
    list of pathlib.Path
        The file; of a Shapefile also its companions.
    """
    if path.suffix.lower() != ".shp":
        return [path]
    return sorted(
        part
        for part in path.parent.glob("*")
        if part.stem == path.stem and part.suffix.lower() in _SHAPE_PARTS
    )


def _with_warnings(raw: RawLayer, said: list[warnings.WarningMessage]) -> RawLayer:
    texts = dict.fromkeys(str(warning.message).splitlines()[0] for warning in said)
    found = make_findings(
        Finding(raw.layer, "file_warning", Severity.INFO, params={"text": text})
        for text in texts
    )
    return replace(raw, findings=concat_findings(raw.findings, found))


def _with_clean_names(raw: RawLayer) -> RawLayer:
    geometry = raw.frame.geometry.name
    old = [str(name) for name in raw.frame.columns if name != geometry]
    new = clean_names(["geometry", *old])[1:]
    changed = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    findings = make_findings(
        Finding(raw.layer, "column_renamed", Severity.INFO, params={"old": a, "new": b})
        for a, b in changed
    )
    plain = raw.frame.drop(columns=geometry).set_axis(new, axis="columns")
    frame = gpd.GeoDataFrame(plain, geometry=raw.frame.geometry.array)
    return replace(raw, frame=frame, findings=concat_findings(raw.findings, findings))


def _read_gpkg(path: Path, layer: str, _headers: pd.DataFrame) -> RawLayer:
    _check_start(path, layer, b"SQLite format 3\x00")
    names = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
    if not names:
        raise InputError("layer_empty", **layer_names(layer), source=path.name)
    chosen = layer if layer in names else names[0]
    findings = make_findings()
    if len(names) > 1:
        params = {
            "chosen": chosen,
            "others": "、".join(n for n in names if n != chosen),
        }
        findings = make_findings(
            [Finding(layer, "other_layers", Severity.INFO, params=params)]
        )
    frame = pyogrio.read_dataframe(path, layer=chosen)
    return _make_raw(layer, frame, path, "GeoPackage", findings=findings)


def _read_geojson(path: Path, layer: str, _headers: pd.DataFrame) -> RawLayer:
    content = path.read_bytes().lstrip(b"\xef\xbb\xbf \t\r\n")
    if not content.startswith(b"{"):
        raise InputError(
            "unreadable", **layer_names(layer), source=path.name, reason="JSON"
        )
    kind = json.loads(content)["type"] if len(content) < 200 else ""  # noqa: PLR2004 - tiny
    if kind == "FeatureCollection" and b'"Feature"' not in content:
        raise InputError("layer_empty", **layer_names(layer), source=path.name)
    return _make_raw(layer, pyogrio.read_dataframe(path), path, "GeoJSON")


def _read_parquet(path: Path, layer: str, _headers: pd.DataFrame) -> RawLayer:
    frame = gpd.read_parquet(path).reset_index(drop=False)
    frame = frame.drop(columns=[c for c in ("index",) if c in frame.columns])
    return _make_raw(layer, frame, path, "GeoParquet")


def _read_table(path: Path, layer: str, headers: pd.DataFrame) -> RawLayer:
    known = _Headers(known_headers(layer, headers))
    table = read_ledger(path, layer, known)
    places = find_places(table.frame)
    cells, datum = table.frame, ""
    geometry = np.full(len(cells), None, dtype=object)
    if places is not None:
        geometry, datum = places.geometry, places.datum
    frame = gpd.GeoDataFrame(cells, geometry=gpd.GeoSeries(geometry, cells.index))
    kind = "XLSX" if path.suffix.lower().startswith(".xls") else "CSV"
    raw = _make_raw(layer, frame, path, kind, findings=table.findings)
    return replace(raw, encoding=table.encoding, datum=datum, rows_in=table.rows_in)


class _Headers(frozenset[str]):
    """Known headers, coordinates included."""

    __slots__ = ()

    def __contains__(self, word: object) -> bool:
        return super().__contains__(word) or is_coordinate(str(word))


def _read_shape(path: Path, layer: str, _headers: pd.DataFrame) -> RawLayer:
    _check_shape_size(path, layer)
    # one byte, one character: decoded below, where a wrong guess is noticed
    frame = pyogrio.read_dataframe(path, encoding="ISO-8859-1")
    declared = _declared_encoding(path)
    tried = dict.fromkeys([*([declared] if declared else []), "utf-8", "gb18030"])
    for encoding in tried:
        decoded = _decode(frame, encoding)
        if decoded is None:
            continue
        findings = make_findings()
        if declared not in {"", encoding}:
            params = {"declared": declared, "encoding": encoding}
            findings = make_findings(
                [Finding(layer, "encoding_wrong", Severity.WARNING, params=params)]
            )
        raw = _make_raw(layer, decoded, path, "Shapefile", findings=findings)
        return replace(raw, encoding=encoding)
    raise InputError("encoding_unknown", **layer_names(layer), source=path.name)


def _read_zip(path: Path, layer: str, headers: pd.DataFrame) -> RawLayer:
    """Read the one Shapefile of an archive, through files of our own names."""
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        names = [PurePosixPath(info.filename) for info in archive.infolist()]
        shapes = [name for name in names if name.suffix.lower() == ".shp"]
        named = [name for name in shapes if name.stem.lower() == layer]
        if len(named or shapes) != 1:
            raise InputError(
                "zip_shapes", **layer_names(layer), source=path.name, count=len(shapes)
            )
        chosen = (named or shapes)[0]
        for name in names:
            if name.with_suffix("") == chosen.with_suffix(""):
                suffix = name.suffix.lower()
                if suffix in _SHAPE_PARTS:
                    part = Path(folder) / f"{layer}{suffix}"
                    part.write_bytes(archive.read(str(name)))
        raw = _read_shape(Path(folder) / f"{layer}.shp", layer, headers)
    return replace(raw, source=path.name)


def _make_raw(
    layer: str,
    frame: pd.DataFrame,
    path: Path,
    kind: str,
    *,
    findings: pd.DataFrame | None = None,
) -> RawLayer:
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputError("no_geometry", **layer_names(layer), source=path.name)
    noticed = make_findings() if findings is None else findings
    return RawLayer(layer, frame, path.name, kind, "", len(frame), noticed)


def _check_start(path: Path, layer: str, start: bytes) -> None:
    with path.open("rb") as file:
        if file.read(len(start)) != start:
            raise InputError(
                "unreadable", **layer_names(layer), source=path.name, reason="header"
            )


def _check_shape_size(path: Path, layer: str) -> None:
    """Refuse a Shapefile that was cut off: GDAL reads it as rows without geometry."""
    with path.open("rb") as file:
        head = file.read(100)
    table = path.with_suffix(".dbf")
    whole = len(head) == 100 and struct.unpack(">i", head[:4])[0] == 9994  # noqa: PLR2004 - the format's numbers
    if whole:
        whole = 2 * struct.unpack(">i", head[24:28])[0] <= path.stat().st_size
    if whole and table.is_file():
        with table.open("rb") as file:
            start = file.read(12)
        count, first, width = struct.unpack("<IHH", start[4:12])
        whole = first + count * width <= table.stat().st_size + 1
    if not whole:
        raise InputError("file_cut_off", **layer_names(layer), source=path.name)


def _declared_encoding(path: Path) -> str:
    for part in find_inputs(path):
        if part.suffix.lower() == ".cpg":
            word = part.read_text(encoding="latin-1").strip().lower()
            return _ENCODING_NAMES.get(word, word)
    return ""


def _decode(frame: gpd.GeoDataFrame, encoding: str) -> gpd.GeoDataFrame | None:
    """Return the frame with its text decoded, None if `encoding` does not fit."""
    try:
        names = [_decode_name(str(name), encoding) for name in frame.columns]
        columns = {}
        for old, new in zip(frame.columns, names, strict=True):
            cells = frame[old]
            if pd.api.types.is_string_dtype(cells.dtype) and old != "geometry":
                codes, uniques = pd.factorize(cells, use_na_sentinel=True)
                texts = [_decode_cell(text, encoding) for text in uniques]
                values = np.array([*texts, None], dtype=object)[codes]
                cells = pd.Series(values, cells.index, dtype="str")
            columns[new] = cells
    except (UnicodeDecodeError, LookupError):
        return None
    return gpd.GeoDataFrame(columns, geometry="geometry", crs=frame.crs)


def _decode_name(name: str, encoding: str) -> str:
    return _decode_cell(name, encoding, limit=9)


def _decode_cell(text: str, encoding: str, limit: int = 240) -> str:
    """Decode strictly, except that a long text may end inside a character."""
    content = text.encode("latin-1")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        if len(content) < limit or error.start < len(content) - 3:
            raise
        return content[: error.start].decode(encoding)


_READERS: dict[str, Callable[[Path, str, pd.DataFrame], RawLayer]] = {
    ".gpkg": _read_gpkg,
    ".geojson": _read_geojson,
    ".json": _read_geojson,
    ".shp": _read_shape,
    ".zip": _read_zip,
    ".parquet": _read_parquet,
    ".geoparquet": _read_parquet,
    ".csv": _read_table,
    ".tsv": _read_table,
    ".txt": _read_table,
    ".xlsx": _read_table,
    ".xlsm": _read_table,
}

#: Endings of the names of layer files.
SUFFIXES = tuple(_READERS)
