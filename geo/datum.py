"""Coordinate systems of Chinese data, brought into one metric working CRS.

GCJ-02 and BD-09 are the shifted coordinates of Chinese web maps: public
formulas (see the coordtransform project), inverted by iteration. CGCS2000 and
WGS84 differ by centimetres, which is ignored here.
"""

from collections.abc import Callable, Iterable
from math import floor, isfinite
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError as ProjError

from geo.errors import CrsError
from geo.findings import layer_names

Floats = npt.NDArray[np.float64]
#: Longitudes and latitudes in degrees to longitudes and latitudes in degrees.
Shift = Callable[[Floats, Floats], tuple[Floats, Floats]]

_AXIS_M = 6378245.0
_ECCENTRICITY2 = 0.00669342162296594323
#: West, south, east, north of the box in which coordinates are shifted.
_SHIFTED = (72.004, 0.8293, 137.8347, 55.8271)
_BD_PI = np.pi * 3000.0 / 180.0
#: Each round of the inverse gains about four digits; ten leave none to gain.
_ROUNDS = 10

#: Words that name a datum without an EPSG code.
DATUM_CRS = {
    "wgs84": "EPSG:4326",
    "cgcs2000": "EPSG:4490",
    "gcj02": "EPSG:4326",
    "bd09": "EPSG:4326",
}
_CODE_BY_ZONE_3 = 4488  # EPSG 4513 to 4533 for the zones 25 to 45
_CODE_BY_ZONE_6 = 4478  # EPSG 4491 to 4501 for the zones 13 to 23
_OLD_DATUMS = ("Xian 1980", "Xian_1980", "Beijing 1954", "Beijing_1954")


def wgs84_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Shift WGS84 (or CGCS2000) coordinates to GCJ-02.

    Parameters
    ----------
    lon, lat
        Degrees, arrays of one shape; places outside the box in which the shift
        is applied (72 to 137.8 E, 0.8 to 55.8 N) stay where they are.

    Returns
    -------
    tuple of numpy.ndarray
        Longitudes and latitudes in degrees.

    Examples
    --------
    >>> lon, lat = wgs84_to_gcj02(np.array([116.404]), np.array([39.915]))
    >>> round(float(lon[0]), 6), round(float(lat[0]), 6)
    (116.410244, 39.916404)
    """
    west, south, east, north = _SHIFTED
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    d_lon, d_lat = _gcj02_shift(lon, lat)
    return lon + np.where(inside, d_lon, 0.0), lat + np.where(inside, d_lat, 0.0)


def gcj02_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Shift GCJ-02 coordinates back to WGS84, to far below a millimetre.

    Parameters
    ----------
    lon, lat
        Degrees, arrays of one shape.

    Returns
    -------
    tuple of numpy.ndarray
        Longitudes and latitudes in degrees.
    """
    return _invert(wgs84_to_gcj02, lon, lat)


def gcj02_to_bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Shift GCJ-02 coordinates to BD-09 (Baidu).

    Parameters
    ----------
    lon, lat
        Degrees, arrays of one shape.

    Returns
    -------
    tuple of numpy.ndarray
        Longitudes and latitudes in degrees.
    """
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_PI)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_PI)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def bd09_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Shift BD-09 coordinates back to GCJ-02, to far below a millimetre.

    Parameters
    ----------
    lon, lat
        Degrees, arrays of one shape.

    Returns
    -------
    tuple of numpy.ndarray
        Longitudes and latitudes in degrees.
    """
    return _invert(gcj02_to_bd09, lon, lat)


def undo_datum(frame: gpd.GeoDataFrame, datum: str) -> gpd.GeoDataFrame:
    """Bring a layer of a web map back to WGS84.

    Parameters
    ----------
    frame
        Layer with a CRS; its coordinates are GCJ-02 or BD-09.
    datum
        ``"gcj02"`` or ``"bd09"``; any other word leaves the layer as it is.

    Returns
    -------
    geopandas.GeoDataFrame
        The layer, in EPSG:4326 where it was shifted.
    """
    if datum not in {"gcj02", "bd09"}:
        return frame

    def unshift(points: Floats) -> Floats:
        lon, lat = points[:, 0], points[:, 1]
        if datum == "bd09":
            lon, lat = bd09_to_gcj02(lon, lat)
        return np.column_stack(gcj02_to_wgs84(lon, lat))

    degrees = frame.to_crs(4326)
    plain = shapely.force_2d(degrees.geometry.to_numpy())
    return degrees.set_geometry(
        gpd.GeoSeries(shapely.transform(plain, unshift), frame.index, crs=4326)
    )


def parse_crs(text: str | int) -> CRS:
    """Return the CRS that a planner named.

    Parameters
    ----------
    text
        ``"wgs84"``, ``"cgcs2000"``, ``"gcj02"``, ``"bd09"``, an EPSG code
        (``4547``, ``"EPSG:4547"``) or WKT.

    Returns
    -------
    pyproj.CRS
        The coordinate system.

    Raises
    ------
    CrsError
        If nothing of this name is known.
    """
    word = str(text).strip()
    plain = word.lower().replace("-", "").replace(" ", "").replace("_", "")
    try:
        return CRS.from_user_input(
            DATUM_CRS.get(plain, f"EPSG:{word}" if word.isdigit() else word)
        )
    except ProjError as error:
        raise CrsError("crs_unknown", crs=word) from error


def uses_cgcs2000(lon: float, lat: float) -> bool:
    """Tell whether a place lies where the CGCS2000 zones apply.

    Parameters
    ----------
    lon, lat
        Degrees.

    Returns
    -------
    bool
        True within the latitudes that the EPSG register gives for the CGCS2000
        zone of this longitude.
    """
    meridian = _meridian(lon)
    if not 75 <= meridian <= 135:  # noqa: PLR2004 - the zones of EPSG 4534 to 4554
        return False
    area = CRS.from_epsg(_code_of_meridian(meridian)).area_of_use
    return area is not None and area.south <= lat <= area.north


def choose_crs(
    bounds: tuple[float, float, float, float], given: Iterable[CRS] = ()
) -> CRS:
    """Choose the metric working CRS of a district.

    Parameters
    ----------
    bounds
        West, south, east, north of the district, in degrees.
    given
        CRS of its layers, most important first.

    Returns
    -------
    pyproj.CRS
        In China the first given CGCS2000 zone whose strip covers the district,
        else the 3-degree zone (by central meridian) of its middle; elsewhere the
        UTM zone of its middle.
    """
    west, south, east, north = bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    if not uses_cgcs2000(lon, lat):
        zone = min(floor((lon + 180) / 6) + 1, 60)
        return CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)
    for crs in given:
        code = cgcs2000_zone(crs)
        if code is not None and _covers(code, west, east):
            return CRS.from_epsg(code)
    return CRS.from_epsg(_code_of_meridian(_meridian(lon)))


def cgcs2000_zone(crs: CRS) -> int | None:
    """Return the EPSG code of a projected CGCS2000 zone.

    Parameters
    ----------
    crs
        Any CRS, also one in ESRI's words without a code.

    Returns
    -------
    int or None
        4491 to 4554, or None if `crs` is no such zone.
    """
    code = crs.to_epsg(min_confidence=25) if crs.is_projected else None
    return code if code is not None and 4491 <= code <= 4554 else None  # noqa: PLR2004 - the block of codes


def zone_of_easting(easting: float) -> int | None:
    """Return the CGCS2000 zone that an easting with a zone prefix belongs to.

    Parameters
    ----------
    easting
        Metres, eight digits (``35500000.0``).

    Returns
    -------
    int or None
        EPSG code, or None where there is no such prefix.
    """
    prefix, rest = divmod(easting, 1e6)
    if not 150_000 <= rest <= 850_000:  # noqa: PLR2004 - a zone's width
        return None
    if 25 <= prefix <= 45:  # noqa: PLR2004 - 3-degree zones
        return _CODE_BY_ZONE_3 + int(prefix)
    if 13 <= prefix <= 23:  # noqa: PLR2004 - 6-degree zones
        return _CODE_BY_ZONE_6 + int(prefix)
    return None


def is_old_datum(crs: CRS) -> bool:
    """Tell whether a CRS is Xian 1980 or Beijing 1954, tens of metres off.

    Parameters
    ----------
    crs
        Any CRS.

    Returns
    -------
    bool
        True if it is one of the two.
    """
    names = f"{crs.name} {crs.datum.name if crs.datum else ''}"
    return any(old in names for old in _OLD_DATUMS)


def result_crs(crs: CRS) -> str:
    """Return the CRS in which results of a district are written.

    Parameters
    ----------
    crs
        Working CRS of the district.

    Returns
    -------
    str
        ``"EPSG:4490"`` for a CGCS2000 zone, else ``"EPSG:4326"``.
    """
    return "EPSG:4326" if cgcs2000_zone(crs) is None else "EPSG:4490"


def require_metric(frame: gpd.GeoDataFrame, layer: str = "network") -> None:
    """Refuse a layer in which lengths are not metres.

    Parameters
    ----------
    frame
        Layer to be measured.
    layer
        Its name, for the message.

    Raises
    ------
    CrsError
        If the layer has no CRS, or one that is not projected in metres.
    """
    if frame.crs is None:
        raise CrsError("no_crs", **layer_names(layer), source=layer, hint="")
    crs = CRS.from_user_input(frame.crs)
    metric = crs.is_projected and crs.axis_info[0].unit_conversion_factor == 1
    if not metric:
        raise CrsError("not_metric", **layer_names(layer), crs=crs.name)


def guess_crs(bounds: Iterable[Any]) -> dict[str, Any]:
    """Say what the size of coordinates without CRS suggests.

    Parameters
    ----------
    bounds
        Least x, least y, greatest x, greatest y as they stand in the file.

    Returns
    -------
    dict
        `kind` (``"degrees"``, ``"zone"``, ``"metres"`` or ``"none"``), `code`
        (EPSG of the zone, or None) and `swapped` (the northing comes first).
    """
    x0, y0, x1, y1 = (float(value) for value in bounds)
    if not all(isfinite(value) for value in (x0, y0, x1, y1)):
        return {"kind": "none", "code": None, "swapped": False}
    if max(abs(x0), abs(x1)) <= 180 and max(abs(y0), abs(y1)) <= 180:  # noqa: PLR2004 - degrees
        swapped = _is_lat(x0, x1) and _is_lon(y0, y1)
        return {"kind": "degrees", "code": None, "swapped": swapped}
    swapped = _is_northing(x0, x1) and not _is_northing(y0, y1)
    east0, east1 = (y0, y1) if swapped else (x0, x1)
    codes = {zone_of_easting(east0), zone_of_easting(east1)}
    code = codes.pop() if len(codes) == 1 else None
    kind = "metres" if code is None else "zone"
    return {"kind": kind, "code": code, "swapped": swapped}


def _is_northing(least: float, most: float) -> bool:
    # China lies between 1.9 and 6 million metres from the equator
    return least >= 1.9e6 and most <= 6.0e6  # noqa: PLR2004


def _is_lat(least: float, most: float) -> bool:
    return least >= 15 and most <= 55  # noqa: PLR2004 - latitudes of China


def _is_lon(least: float, most: float) -> bool:
    return least >= 73 and most <= 136  # noqa: PLR2004 - longitudes of China


def _meridian(lon: float) -> int:
    return 3 * floor(lon / 3 + 0.5)


def _code_of_meridian(meridian: int) -> int:
    return 4534 + (meridian - 75) // 3


def _covers(code: int, west: float, east: float) -> bool:
    if code >= 4513:  # noqa: PLR2004 - from here on 3-degree zones
        first, step, half = (4513 if code < 4534 else 4534), 3, 1.5  # noqa: PLR2004
    else:
        first, step, half = (4491 if code < 4502 else 4502), 6, 3.0  # noqa: PLR2004
    meridian = 75 + step * (code - first)
    return bool(meridian - half <= west and east <= meridian + half)


def _gcj02_shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    x, y = lon - 105.0, lat - 35.0
    waves = (20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)) * 2 / 3
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y
    d_lat += 0.2 * np.sqrt(np.abs(x)) + waves
    d_lat += (20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi / 3.0 * y)) * 2 / 3
    d_lat += (
        (160.0 * np.sin(np.pi / 12.0 * y) + 320.0 * np.sin(np.pi / 30.0 * y)) * 2 / 3
    )
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y
    d_lon += 0.1 * np.sqrt(np.abs(x)) + waves
    d_lon += (20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi / 3.0 * x)) * 2 / 3
    d_lon += (
        (150.0 * np.sin(np.pi / 12.0 * x) + 300.0 * np.sin(np.pi / 30.0 * x)) * 2 / 3
    )
    radians = np.radians(lat)
    bulge = 1.0 - _ECCENTRICITY2 * np.sin(radians) ** 2
    per_lat = _AXIS_M * (1.0 - _ECCENTRICITY2) / bulge**1.5 * np.pi / 180.0
    per_lon = _AXIS_M / np.sqrt(bulge) * np.cos(radians) * np.pi / 180.0
    return d_lon / per_lon, d_lat / per_lat


def _invert(forward: Shift, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    out_lon, out_lat = lon.copy(), lat.copy()
    for _ in range(_ROUNDS):
        back_lon, back_lat = forward(out_lon, out_lat)
        out_lon, out_lat = out_lon + lon - back_lon, out_lat + lat - back_lat
    return out_lon, out_lat
