"""A district from the internet: its outline from Nominatim, its map from Overpass.

OSMnx looks the place up and keeps the addresses, time limits and headers of both
services (:mod:`osmnx.settings`). The map is kept as OSM wrote it
(``network.osm``), so that a fetched district goes through the same reading, and
carries the same marks, as any extract. OSMnx itself would wait and ask again for
ever where a service is busy; here that is an error at once.
"""

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import geopandas as gpd
import platformdirs
import requests
import shapely

from geo.errors import FetchError
from geo.files import replace_file, replace_folder
from geo.osm_layers import LAYER_KEYS
from geo.progress import Progress, no_progress
from geo.rules import load_rules
from geo.settings import Settings
from geo.tags import make_tag_table

LICENCE = "ODbL 1.0"
ATTRIBUTION = "© OpenStreetMap contributors"

_BUSY = frozenset({429, 502, 503, 504})
_LOG = logging.getLogger(__name__)


def fetch_district(
    place: str,
    folder: Path,
    progress: Progress = no_progress,
    *,
    settings: Settings | None = None,
    cache: Path | None = None,
) -> Path:
    """Fetch a place and write it as a district folder.

    Parameters
    ----------
    place
        Name of an administrative area, as one would write it into a map search.
    folder
        Folder to write: ``network.osm``, ``extent.gpkg`` (EPSG:4326) and
        ``district.toml`` with source, date and licence. It appears only when all
        has come.
    progress
        Told ``stage.fetch_place``, ``stage.fetch_streets`` and
        ``stage.fetch_write``.
    settings
        Settings; the profile names the rule tables, whose OSM keys are fetched.
    cache
        Folder that keeps answers; by default in the user's cache folder.

    Returns
    -------
    pathlib.Path
        `folder`, which :func:`geo.district.read_district` reads.

    Raises
    ------
    FetchError
        If there is no connection, no such place, a service is busy, its answer is
        not one, or the place has no streets.
    OutputError
        If the folder cannot be written.
    """
    store = cache or Path(platformdirs.user_cache_dir("pianqu")) / "osm"
    rules = load_rules((settings or Settings()).profile)
    keys = LAYER_KEYS | make_tag_table(rules.osm_tags).first_values().keys()
    progress("stage.fetch_place", 0.0)
    outline, name = _find_outline(place, store)
    progress("stage.fetch_streets", 0.0)
    answer = _ask_overpass(place, _write_query(outline, sorted(keys)), store, progress)
    progress("stage.fetch_write", 0.0)
    with replace_folder(folder) as fresh:
        (fresh / "network.osm").write_bytes(answer)
        extent = gpd.GeoDataFrame({"layer": [None]}, geometry=[outline], crs=4326)
        extent.to_file(fresh / "extent.gpkg", layer="extent", engine="pyogrio")
        text = _write_manifest(place, name)
        (fresh / "district.toml").write_text(text, encoding="utf-8")
    progress("stage.fetch_write", 1.0)
    return folder


def _find_outline(place: str, store: Path) -> tuple[shapely.Geometry, str]:
    """Return the outline of a place and its full name."""
    import osmnx  # noqa: PLC0415 - takes a second, and only fetching needs it

    host = _host(osmnx.settings.nominatim_url)
    with _osmnx_settings(osmnx.settings, place, store), _told(place, host):
        try:
            found = osmnx.geocoder.geocode_to_gdf(place)
        except TypeError as error:  # what is found has no area
            raise FetchError("fetch_not_found", place=place) from error
        except osmnx._errors.ResponseStatusCodeError as error:  # noqa: SLF001 - no other name
            raise FetchError(
                "fetch_answer", place=place, host=host, why=str(error)[:80]
            ) from error
        except osmnx._errors.InsufficientResponseError as error:  # noqa: SLF001 - as above
            raise FetchError("fetch_not_found", place=place) from error
        except (ValueError, KeyError) as error:
            raise FetchError(
                "fetch_answer", place=place, host=host, why=repr(error)[:80]
            ) from error
    outline = shapely.make_valid(found.geometry.iloc[0])
    return outline, str(found.get("display_name", found.index.to_series()).iloc[0])


@contextmanager
def _osmnx_settings(config: Any, place: str, store: Path) -> Iterator[None]:  # noqa: ANN401 - a module
    """Let OSMnx keep its answers with ours and stop where a service is busy."""

    def check(response: requests.Response, **_: object) -> None:
        _check_status(response, place)

    hooked = {**config.requests_kwargs, "hooks": {"response": check}}
    ours: Mapping[str, Any] = {
        "cache_folder": store,
        "use_cache": True,
        "requests_kwargs": hooked,
    }
    before = {name: getattr(config, name) for name in ours}
    for name, value in ours.items():
        setattr(config, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(config, name, value)


@contextmanager
def _told(place: str, host: str) -> Iterator[None]:
    """Turn a missing connection into an error that says what to do."""
    try:
        yield
    except requests.exceptions.RequestException as error:
        raise FetchError("fetch_offline", place=place, host=host) from error


def _check_status(response: requests.Response, place: str) -> None:
    if response.status_code in _BUSY:
        # nobody reads what it says: the connection would stay open
        response.close()
        raise FetchError(
            "fetch_busy",
            place=place,
            host=_host(response.url),
            status=response.status_code,
        )


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _write_query(outline: shapely.Geometry, keys: list[str]) -> str:
    """Return the Overpass query for all objects with one of the keys."""
    pattern = "|".join(key.replace('"', "") for key in keys)
    areas = [
        " ".join(f"{y:.6f} {x:.6f}" for x, y in part.exterior.coords)
        for part in shapely.get_parts(outline)
        if isinstance(part, shapely.Polygon)
    ]
    clauses = "".join(f'nwr(poly:"{area}")[~"^({pattern})$"~"."];' for area in areas)
    return f"[out:xml][timeout:180];({clauses});(._;>;);out body;"


def _ask_overpass(place: str, query: str, store: Path, progress: Progress) -> bytes:
    """Return the map as OSM XML, from the store where it has been asked before."""
    import osmnx  # noqa: PLC0415 - takes a second, and only fetching needs it

    config = osmnx.settings
    url = config.overpass_url.rstrip("/") + "/interpreter"
    kept = store / f"{hashlib.sha256(f'{url} {query}'.encode()).hexdigest()}.osm"
    if kept.is_file():
        _LOG.info("taken from %s", kept.name)
        return kept.read_bytes()
    parts = []
    with (
        _told(place, _host(url)),
        requests.post(
            url,
            data={"data": query},
            timeout=config.requests_timeout,
            headers={"User-Agent": config.http_user_agent},
            stream=True,
        ) as response,
    ):
        _check_status(response, place)
        for part in response.iter_content(1 << 18):
            parts.append(part)
            progress("stage.fetch_streets", 1 - 1 / (1 + len(parts)))
    answer = b"".join(parts)
    _check_answer(answer, place, _host(url), response.status_code)
    store.mkdir(parents=True, exist_ok=True)
    with replace_file(kept) as temporary:
        temporary.write_bytes(answer)
    return answer


def _check_answer(answer: bytes, place: str, host: str, status: int) -> None:
    """Refuse what is no map, what broke off, and a map without streets."""
    head = answer[:1000]
    if not 200 <= status < 300 or b"<osm" not in head or b"</osm>" not in answer[-100:]:  # noqa: PLR2004 - HTTP
        raise FetchError("fetch_answer", place=place, host=host, why=f"HTTP {status}")
    if b"<remark>" in answer:
        raise FetchError("fetch_busy", place=place, host=host, status=status)
    if b'k="highway"' not in answer:
        raise FetchError("fetch_empty", place=place)


def _write_manifest(place: str, name: str) -> str:
    """Return a manifest that says what was fetched, when, and under which licence."""
    today = dt.datetime.now(dt.UTC).date().isoformat()
    lines = {
        "place": place,
        "found": name,
        "attribution": ATTRIBUTION,
        "licence": LICENCE,
        "date": today,
    }
    quoted = [
        f"{key} = {json.dumps(v, ensure_ascii=False)}" for key, v in lines.items()
    ]
    title = json.dumps(place, ensure_ascii=False)
    return "\n".join([f"name = {title}", "", "[source]", *quoted, ""])
