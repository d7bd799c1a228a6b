"""OpenStreetMap extracts: every layer that the tags can give, marked derived.

Read with osmium, not with GDAL's driver, which fails on real multipolygons.
Coordinates are longitude and latitude (EPSG:4326). What the tags mean stands in
``data/rules/osm_tags.csv``; which object belongs to which layer, in
:mod:`geo.osm_layers`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely
from osmium import osm

from geo.errors import InputError
from geo.findings import make_findings
from geo.graphml import read_graphml
from geo.osm_layers import derive_layers, find_layer, is_interesting
from geo.osm_objects import Derived, Tags, set_aside
from geo.osm_streets import OsmWay, make_streets, split_way
from geo.progress import Progress, no_progress
from geo.rules import RuleBook
from geo.schema import Severity
from geo.tags import make_tag_table

__all__ = ["OSM_SUFFIXES", "OsmExtract", "read_graphml", "read_osm"]

#: Names of OSM extracts end in one of these.
OSM_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")

#: An object of this many is one step of the progress.
_STEP = 20_000

#: Node tags that join a street to a railway.
_LEVEL_CROSSINGS = frozenset(
    {"level_crossing", "crossing", "tram_level_crossing", "tram_crossing"}
)

#: Closed ways with one of these keys may be meant as lines.
_LINE_KEYS = frozenset({"barrier", "waterway", "railway", "highway"})
#: Closed ways with one of these keys are meant as areas.
_AREA_KEYS = frozenset(
    {
        "landuse",
        "building",
        "amenity",
        "leisure",
        "shop",
        "natural",
        "place",
        "historic",
    }
)


_Thing = osm.Node | osm.Way | osm.Relation | osm.Area | osm.Changeset


@dataclass(frozen=True, eq=False)
class OsmExtract:
    """Layers derived from one OSM extract.

    Attributes
    ----------
    layers
        Layer name to frame (EPSG:4326), rows numbered from 0, with the columns of
        the layer in :data:`geo.schema.LAYERS`, `osm_id` (``way/123``), `derived`
        (always True), and `id`: the `osm_id`, with ``/2`` and so on behind it for
        the further pieces of a way of which nodes are missing. A gate of two
        communities stands in two rows of one `id`.
    extent
        Box of the file's header in EPSG:4326; None where it has none.
    counts
        One row per layer: `layer`, `rows_in` (objects whose tags belong to it),
        `rows_used` (objects in the frame) and `rows_set_aside` (objects in the
        findings, with their tags). Used and set aside add up to in.
    findings
        Raw findings.
    """

    layers: dict[str, gpd.GeoDataFrame]
    extent: shapely.Polygon | None
    counts: pd.DataFrame
    findings: pd.DataFrame


@dataclass(slots=True)
class _Scan:
    """What one pass over the file gathers."""

    kinds: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)
    wkb: list[str] = field(default_factory=list)
    factory: osmium.geom.WKBFactory = field(default_factory=osmium.geom.WKBFactory)
    ways: list[OsmWay] = field(default_factory=list)
    rail_nodes: list[int] = field(default_factory=list)
    #: Tags of closed ways and relations that are meant to become areas.
    awaited: dict[str, dict[str, str]] = field(default_factory=dict)
    #: Those that did.
    areas: set[str] = field(default_factory=set)

    def add(self, kind: str, osm_id: str, tags: dict[str, str], wkb: str) -> None:
        """Keep one object."""
        self.kinds.append(kind)
        self.ids.append(osm_id)
        self.tags.append(tags)
        self.wkb.append(wkb)

    def objects(self) -> gpd.GeoDataFrame:
        """Return all kept objects: `kind`, `osm_id`, `tags` and geometry."""
        columns = {"kind": self.kinds, "osm_id": self.ids, "tags": self.tags}
        geometry = shapely.from_wkb(np.array(self.wkb, dtype=object))
        single = shapely.get_num_geometries(geometry) == 1
        geometry[single] = shapely.get_geometry(geometry[single], 0)
        return gpd.GeoDataFrame(
            pd.DataFrame(columns, dtype=object), geometry=geometry, crs=4326
        )


def read_osm(
    path: Path, *, rules: RuleBook, progress: Progress = no_progress
) -> OsmExtract:
    """Read an OSM extract and derive every layer that its tags can give.

    Parameters
    ----------
    path
        File whose name ends in one of `OSM_SUFFIXES`.
    rules
        Rule tables: the OSM tags of facilities.
    progress
        Told the stages ``stage.osm_read`` and ``stage.osm_layers``.

    Returns
    -------
    OsmExtract
        Layers ``communities``, ``facilities``, ``streets``, ``gates``,
        ``buildings``, ``idle``, ``barriers`` and ``protected``, what was set
        aside, and the header's box.

    Raises
    ------
    InputError
        If the file cannot be read, or holds no street.
    """
    if not path.is_file():
        raise InputError("osm_missing", file=path.name)
    table = make_tag_table(rules.osm_tags)
    scan, extent = _scan_file(path, is_interesting(table), progress)
    if not scan.ways:
        raise InputError("osm_no_streets", file=path.name)
    progress("stage.osm_layers", 0.0)
    streets, findings = make_streets(scan.ways, np.array(scan.rail_nodes, dtype="i8"))
    derived = derive_layers(
        scan.objects(), extent, streets, table=table, progress=progress
    )
    derived["streets"] = Derived(
        streets, len({way.osm_id for way in scan.ways}), findings
    )
    lost = {name: tags for name, tags in scan.awaited.items() if name not in scan.areas}
    for osm_id, tags in lost.items():
        layer = find_layer(tags, table)
        if layer is None:
            continue
        found = set_aside(layer, "osm_broken_area", osm_id, tags)
        part = derived[layer]
        derived[layer] = replace(
            part,
            rows_in=part.rows_in + 1,
            findings=[*part.findings, replace(found, severity=Severity.WARNING)],
        )
    return OsmExtract(
        layers={name: part.frame for name, part in derived.items()},
        extent=extent,
        counts=_count_rows(derived),
        findings=make_findings(
            row for part in derived.values() for row in part.findings
        ),
    )


def _scan_file(
    path: Path, keep: Callable[[Tags], bool], progress: Progress
) -> tuple[_Scan, shapely.Polygon | None]:
    """Gather every object of interest in one pass."""
    scan = _Scan()
    try:
        source = osmium.FileProcessor(str(path)).with_locations().with_areas()
        source = source.with_filter(osmium.filter.EmptyTagFilter())
        box = source.header.box()
        for number, thing in enumerate(source):
            if number % _STEP == 0:
                progress("stage.osm_read", 1 - _STEP / (number + _STEP))
            tags = dict(thing.tags)
            if isinstance(thing, osm.Way) and "highway" in tags:
                scan.ways.append(_read_way(f"way/{thing.id}", thing.nodes, tags))
            if isinstance(thing, osm.Area) and "highway" in tags:
                scan.ways.extend(_read_outlines(thing, tags))
            if isinstance(thing, osm.Node) and tags.get("railway") in _LEVEL_CROSSINGS:
                scan.rail_nodes.append(thing.id)
            if keep(tags):
                _keep_object(scan, thing, tags)
    except RuntimeError as error:
        raise InputError("osm_unreadable", file=path.name, why=str(error)) from error
    return scan, _header_box(box)


def _header_box(box: osm.Box) -> shapely.Polygon | None:
    if not box.valid():
        return None
    low, high = box.bottom_left, box.top_right
    if not (low.lon < high.lon and low.lat < high.lat):
        return None
    corners = [(low.lon, low.lat), (high.lon, low.lat), (high.lon, high.lat)]
    return shapely.Polygon([*corners, (low.lon, high.lat)])


def _keep_object(scan: _Scan, thing: _Thing, tags: dict[str, str]) -> None:
    """Keep a node, a line or an area; remember what should become an area."""
    if isinstance(thing, osm.Node):
        scan.add("node", f"node/{thing.id}", tags, scan.factory.create_point(thing))
    elif isinstance(thing, osm.Way):
        name = f"way/{thing.id}"
        closed = len(thing.nodes) > 1 and thing.is_closed()
        as_line = not closed or not _LINE_KEYS.isdisjoint(tags)
        wkb = _line_wkb(thing) if as_line else None
        if wkb is not None:
            scan.add("loop" if closed else "line", name, tags, wkb)
        if closed and tags.get("area") != "no" and not _AREA_KEYS.isdisjoint(tags):
            scan.awaited[name] = tags
    elif isinstance(thing, osm.Relation):
        if tags.get("type") == "multipolygon":
            scan.awaited[f"relation/{thing.id}"] = tags
    elif isinstance(thing, osm.Area):
        name = f"{'way' if thing.from_way() else 'relation'}/{thing.orig_id()}"
        try:
            wkb = scan.factory.create_multipolygon(thing)
        except RuntimeError:  # osmium could not close its rings
            scan.awaited[name] = tags
        else:
            scan.areas.add(name)
            scan.add("area", name, tags, wkb)


def _read_way(osm_id: str, nodes: osm.NodeRefList, tags: dict[str, str]) -> OsmWay:
    """Return a line with the position of each node, NaN where it is missing."""
    refs = np.fromiter((node.ref for node in nodes), dtype="i8", count=len(nodes))
    return OsmWay(osm_id, tags, refs, np.array(list(_positions(nodes))).reshape(-1, 2))


def _read_outlines(area: osm.Area, tags: dict[str, str]) -> Iterator[OsmWay]:
    """Yield the rings of a square that is a relation; that of a way is the way."""
    if area.from_way():
        return
    for outer in area.outer_rings():
        for ring in (outer, *area.inner_rings(outer)):
            yield _read_way(f"relation/{area.orig_id()}", ring, tags)


def _positions(nodes: osm.NodeRefList) -> Iterator[tuple[float, float]]:
    for node in nodes:
        place = node.location
        yield (place.lon, place.lat) if place.valid() else (np.nan, np.nan)


def _line_wkb(way: osm.Way) -> str | None:
    """Return the parts of a way whose nodes are in the file, None without any."""
    lines = [
        shapely.LineString(xy) for _, xy in split_way(_read_way("", way.nodes, {}))
    ]
    if not lines:
        return None
    whole = lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)
    return shapely.to_wkb(whole, hex=True)


def _count_rows(derived: dict[str, Derived]) -> pd.DataFrame:
    rows = []
    for name, part in derived.items():
        used = int(part.frame["osm_id"].nunique())
        rows.append((name, part.rows_in, used, part.rows_in - used))
    columns = ["layer", "rows_in", "rows_used", "rows_set_aside"]
    return pd.DataFrame(rows, columns=columns)
