"""Where the rows of a file lie: coordinates of tables, and the CRS of any layer."""

import re
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from geo.cells import plain
from geo.datum import guess_crs, is_old_datum, parse_crs, undo_datum
from geo.errors import CrsError
from geo.findings import Finding, layer_names
from geo.schema import Severity

_LON = frozenset(
    ["lon", "lng", "long", "longitude", "x", "easting", "east", "经度", "东经", "横"]
)
_LAT = frozenset(["lat", "latitude", "y", "northing", "north", "纬度", "北纬", "纵"])
_PAIR = frozenset(
    ["location", "lnglat", "lonlat", "经纬度", "坐标", "位置坐标", "lnglatwgs"]
)
_WKT = frozenset(
    [
        "wkt",
        "geometry",
        "geom",
        "the_geom",
        "wkt_geom",
        "wktgeom",
        "shape",
        "几何",
        "图形",
    ]
)
_DATUM_WORDS = (
    ("wgs84", re.compile(r"wgs_?84|wgs|gps")),
    ("cgcs2000", re.compile(r"cgcs_?2000|cgcs|国家2000|大地2000")),
    ("gcj02", re.compile(r"gcj_?02|gcj|高德|火星|腾讯|amap|gaode|tencent")),
    ("bd09", re.compile(r"bd_?09(?:ll)?|百度|baidu|^bd_?|_bd$")),
)
_NOISE = re.compile(r"[_\-°\s]|\(.*?\)|坐标|point|coord|度$")
_PAIR_TEXT = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*[,，;； ]\s*(-?\d+(?:\.\d+)?)\s*")
_WKT_TEXT = re.compile(r"\s*(MULTI)?(POINT|LINESTRING|POLYGON)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Places:
    """Geometry found in a table.

    Attributes
    ----------
    geometry
        Geometry per row, None where there is none.
    columns
        Columns that it was made of.
    datum
        Datum that their names tell, or ``""``.
    """

    geometry: npt.NDArray[np.object_]
    columns: tuple[str, ...]
    datum: str


def find_places(frame: pd.DataFrame) -> Places | None:
    """Find the coordinates in a table.

    Parameters
    ----------
    frame
        Cells of a ledger.

    Returns
    -------
    Places or None
        WKT where a column holds it, else a pair of columns (x, y), else one column
        of pairs ("102.7,25.0"); None if the table says nothing about places.
    """
    for name in frame.columns:
        cells = frame[name].dropna()
        if plain(name) in _WKT and len(cells) and cells.map(_is_wkt).any():
            texts = [cell if _is_wkt(cell) else None for cell in frame[name]]
            parsed = shapely.from_wkt(texts, on_invalid="ignore")
            return Places(parsed, (name,), "")
    pairs = _coordinate_pairs(list(frame.columns))
    if pairs:
        datum, x, y = pairs[0]
        return Places(_points(_numbers(frame[x]), _numbers(frame[y])), (x, y), datum)
    for name in frame.columns:
        base, datum = _base_and_datum(name)
        found = frame[name].astype("str").str.extract(_PAIR_TEXT)
        if (base in _PAIR or plain(name) in _PAIR) and found[0].notna().any():
            xs, ys = pd.to_numeric(found[0]), pd.to_numeric(found[1])
            return Places(_points(xs, ys), (name,), datum)
    return None


def is_coordinate(name: str) -> bool:
    """Tell whether a header names coordinates.

    Parameters
    ----------
    name
        Header in any form.

    Returns
    -------
    bool
        True for ``经度``, ``lon_wgs84``, ``WKT`` and the like.
    """
    base = _base_and_datum(name)[0]
    return base in _LON | _LAT | _PAIR or plain(name) in _WKT | _PAIR


def give_crs(
    frame: gpd.GeoDataFrame,
    layer: str,
    *,
    source: str,
    declared: str | None = None,
    hint: str = "",
    table: bool = False,
    loose: bool = False,
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Settle the CRS of a layer, or refuse it.

    Parameters
    ----------
    frame
        Layer as read, with or without CRS.
    layer
        Its name.
    source
        Its file, for the messages.
    declared
        Datum or CRS that the planner named.
    hint
        Datum that the column names of a table tell.
    table
        The layer is a table: degrees without a datum are taken as WGS84, said so.
    loose
        The format gives EPSG:4326 to every file (GeoJSON): a declared CRS comes
        first.

    Returns
    -------
    tuple
        The layer with a CRS and true coordinates, and what was noticed.

    Raises
    ------
    CrsError
        If there is no CRS, or the coordinates contradict it.
    """
    noticed: list[Finding] = []
    guess = guess_crs(_middle_bounds(frame))
    word = declared or hint or None
    if guess["swapped"] and (frame.crs is None or frame.crs.is_geographic):
        frame = _swap(frame)
        noticed.append(Finding(layer, "axes_swapped", Severity.WARNING))
    if frame.crs is None or (loose and word is not None):
        frame = _set_crs(frame, layer, word, guess, source=source, table=table)
        if word is None:
            noticed.append(Finding(layer, "datum_assumed", Severity.WARNING))
    elif word is not None and not _same(frame.crs, word):
        noticed.append(_ignored(layer, word, frame.crs))
    _check_degrees(frame, layer, source, guess)
    if is_old_datum(CRS.from_user_input(frame.crs)):
        name = str(frame.crs.name)
        noticed.append(
            Finding(layer, "old_datum", Severity.WARNING, params={"crs": name})
        )
    datum = plain(word or "").replace("-", "")
    if datum in {"gcj02", "bd09"}:
        frame = undo_datum(frame, datum)
        params = {"datum": datum.upper()}
        noticed.append(Finding(layer, "datum_undone", Severity.INFO, params=params))
    return frame, noticed


def _set_crs(
    frame: gpd.GeoDataFrame,
    layer: str,
    word: str | None,
    guess: dict[str, Any],
    *,
    source: str,
    table: bool,
) -> gpd.GeoDataFrame:
    if word is None:
        if not (table and guess["kind"] == "degrees"):
            raise _no_crs(layer, source, guess)
        word = "wgs84"
    crs = parse_crs(word)
    if crs.is_geographic and guess["kind"] == "zone":
        if plain(word) != "cgcs2000":
            raise _no_crs(layer, source, guess)
        crs = CRS.from_epsg(guess["code"])
    elif crs.is_geographic and guess["kind"] == "metres":
        raise _no_crs(layer, source, guess)
    return frame.set_crs(crs, allow_override=True)


def _no_crs(layer: str, source: str, guess: dict[str, Any]) -> CrsError:
    code = f"no_crs_{guess['kind']}"
    return CrsError(code, **layer_names(layer), source=source, epsg=guess["code"])


def _check_degrees(
    frame: gpd.GeoDataFrame, layer: str, source: str, guess: dict[str, Any]
) -> None:
    if frame.crs.is_geographic and guess["kind"] in {"zone", "metres"}:
        raise CrsError(
            "not_degrees", **layer_names(layer), source=source, crs=frame.crs.name
        )


def _same(crs: CRS, word: str) -> bool:
    if plain(word).replace("-", "") in {"gcj02", "bd09"}:
        return True
    one, other = CRS.from_user_input(crs), parse_crs(word)
    return bool(one.equals(other, ignore_axis_order=True)) or (
        one.is_geographic and other.is_geographic and not is_old_datum(one)
    )


def _ignored(layer: str, word: str, crs: CRS) -> Finding:
    params = {"declared": word, "crs": str(crs.name)}
    return Finding(layer, "crs_declared_ignored", Severity.WARNING, params=params)


def _swap(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    turned = shapely.transform(
        shapely.force_2d(frame.geometry.to_numpy()), lambda xy: xy[:, ::-1]
    )
    return frame.set_geometry(gpd.GeoSeries(turned, frame.index, crs=frame.crs))


def _middle_bounds(frame: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    """Return the box of nearly all rows, so that a stray one does not speak for all."""
    bounds = shapely.bounds(frame.geometry.to_numpy())
    bounds = bounds[np.isfinite(bounds).all(axis=1) & (bounds != 0).any(axis=1)]
    if not len(bounds):
        return np.full(4, np.nan)
    low = np.quantile(bounds[:, :2], 0.05, axis=0, method="higher")
    high = np.quantile(bounds[:, 2:], 0.95, axis=0, method="lower")
    return np.concatenate([np.minimum(low, high), np.maximum(low, high)])


def _coordinate_pairs(names: list[str]) -> list[tuple[str, str, str]]:
    """Return datum, x and y column of every pair, the safest datum first."""
    order = ["wgs84", "cgcs2000", "", "gcj02", "bd09"]
    xs: dict[str, str] = {}
    ys: dict[str, str] = {}
    for name in names:
        base, datum = _base_and_datum(name)
        if base in _LON:
            xs.setdefault(datum, name)
        elif base in _LAT:
            ys.setdefault(datum, name)
    return [
        (datum, xs[datum], ys[datum]) for datum in order if datum in xs and datum in ys
    ]


def _base_and_datum(name: str) -> tuple[str, str]:
    word = plain(name)
    for datum, pattern in _DATUM_WORDS:
        if pattern.search(word):
            return _bare(pattern.sub("", word)), datum
    return _bare(word), ""


def _bare(word: str) -> str:
    if word in _LON | _LAT:
        return word
    short = _NOISE.sub("", word)
    return f"{short}度" if short in {"经", "纬"} else short


def _is_wkt(cell: object) -> bool:
    return isinstance(cell, str) and _WKT_TEXT.match(cell) is not None


def _numbers(cells: "pd.Series[Any]") -> "pd.Series[float]":
    texts = cells.map(lambda cell: plain(cell).rstrip("°ewns"), na_action="ignore")
    return pd.to_numeric(texts, errors="coerce").astype("float64")


def _points(x: "pd.Series[float]", y: "pd.Series[float]") -> npt.NDArray[np.object_]:
    xs, ys = x.to_numpy(), y.to_numpy()
    known = np.isfinite(xs) & np.isfinite(ys)
    points = np.full(len(xs), None, dtype=object)
    points[known] = shapely.points(xs[known], ys[known])
    return points
