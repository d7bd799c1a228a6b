"""What OSM objects mean: communities, facilities, idle resources and the rest.

Facilities go by ``data/rules/osm_tags.csv``. The other layers follow a handful of
tags that stand here, because each is a convention of OpenStreetMap rather than a
rule that a planner would change.
"""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.findings import Finding
from geo.osm_barriers import (
    EXPRESSWAYS,
    RAILS,
    RIVERS,
    TRUNKS,
    WALLS,
    is_river_area,
    make_barriers,
)
from geo.osm_facilities import is_facility, make_facilities, measure_land
from geo.osm_objects import (
    CLOSED_ACCESS,
    DEAD,
    GONE,
    Derived,
    Tags,
    finish_layer,
    is_set,
    read_number,
    select_objects,
    set_aside,
    take_columns,
)
from geo.progress import Progress
from geo.schema import Severity
from geo.tags import TagTable, classify_osm

#: A gate this near a community's boundary is a gate of it (METHODS, Gates).
GATE_MAX_M = 15.0
#: An entrance counts only where it is drawn on the boundary.
ENTRANCE_MAX_M = 0.5

IDLE_LAND = "空闲用地"
IDLE_BUILDING = "闲置房屋"

_GATES = frozenset({"gate", "lift_gate", "swing_gate", "kissing_gate", "sliding_gate"})
_ENTRANCES = frozenset({"main", "yes"})
_IDLE_KINDS = {"idle_land": IDLE_LAND, "idle_building": IDLE_BUILDING}
_COMMUNITY = frozenset({"community"})
_IDLE = frozenset(_IDLE_KINDS)
#: Never idle: a site that is taken, and green land that is to be kept.
_NEVER_IDLE = frozenset({"construction", "grass"})
#: Uses of a room or a plot; whoever has one of them is not idle.
_USES = ("amenity", "shop", "office", "craft", "healthcare", "leisure", "tourism")
_TREES = frozenset({"natural_monument", "landmark"})

#: Keys and values (None: any) of the layers that have no row in the table.
_LAYER_VALUES: dict[str, frozenset[str] | None] = {
    "building": None,
    "barrier": _GATES | WALLS,
    "entrance": _ENTRANCES,
    "waterway": RIVERS,
    "natural": frozenset({"water", "tree"}),
    "railway": RAILS,
    "highway": EXPRESSWAYS | TRUNKS,
    "historic": None,
    "heritage": None,
}
#: Keys that a file must hold for every layer: those, streets, and level crossings.
LAYER_KEYS = frozenset(_LAYER_VALUES)


def is_interesting(table: TagTable) -> Callable[[Tags], bool]:
    """Return a quick test whether tags may belong to any layer but streets.

    Parameters
    ----------
    table
        OSM tags of facilities.

    Returns
    -------
    callable
        Tags to bool; True for every object that `derive_layers` would use.
    """
    values = dict(_LAYER_VALUES)
    for key, wanted in table.first_values().items():
        known = values.get(key, frozenset())
        values[key] = None if wanted is None or known is None else wanted | known
    missing: frozenset[str] = frozenset()

    def keep(tags: Tags) -> bool:
        for key, value in tags.items():
            wanted = values.get(key, missing)
            if wanted is None or value in wanted or (";" in value and wanted):
                return True
        return False

    return keep


def find_layer(tags: Tags, table: TagTable) -> str | None:
    """Return the layer to which an area with these tags would belong.

    Parameters
    ----------
    tags
        Tags of the object.
    table
        OSM tags of facilities.

    Returns
    -------
    str or None
        A layer name; None for none.
    """
    if classify_osm(tags, table, among=_COMMUNITY).category is not None:
        return "communities"
    if is_facility(tags, table):
        return "facilities"
    if is_set(tags, "building"):
        return "buildings"
    if _idle_kind(tags, table, is_area=True) is not None:
        return "idle"
    if is_set(tags, "historic") or is_set(tags, "heritage"):
        return "protected"
    return "barriers" if is_river_area(tags) else None


def derive_layers(
    objects: gpd.GeoDataFrame,
    extent: shapely.Polygon | None,
    streets: gpd.GeoDataFrame,
    *,
    table: TagTable,
    progress: Progress,
) -> dict[str, Derived]:
    """Derive every layer but the streets.

    Parameters
    ----------
    objects
        Columns `kind` (``node``, ``line``, ``loop``: a closed line, ``area``),
        `osm_id`, `tags` and geometry in EPSG:4326.
    extent
        Box of the file's header, None if there is none.
    streets
        The streets layer of the same file.
    table
        OSM tags of facilities.
    progress
        Told ``stage.osm_layers``.

    Returns
    -------
    dict
        Layer name to `Derived`.
    """
    communities = _make_communities(objects, extent, table)
    progress("stage.osm_layers", 0.2)
    layers = {"communities": communities}
    layers["facilities"] = Derived(*make_facilities(objects, table))
    progress("stage.osm_layers", 0.6)
    layers["gates"] = _make_gates(objects, communities.frame)
    layers["buildings"] = _make_buildings(objects)
    layers["idle"] = _make_idle(objects, table)
    layers["barriers"] = make_barriers(objects, streets)
    layers["protected"] = _make_protected(objects)
    progress("stage.osm_layers", 1.0)
    return layers


def _tag(objects: gpd.GeoDataFrame, *keys: str) -> pd.Series:
    """Return the first of some tags that each object has."""
    found = [next((t[k] for k in keys if k in t), None) for t in objects["tags"]]
    return pd.Series(found, index=objects.index, dtype=object)


def _number(objects: gpd.GeoDataFrame, key: str) -> pd.Series:
    found = [read_number(tags.get(key)) for tags in objects["tags"]]
    return pd.Series(found, index=objects.index, dtype="float64")


def _make_communities(
    objects: gpd.GeoDataFrame, extent: shapely.Polygon | None, table: TagTable
) -> Derived:
    """Take residential areas that intersect the extent, named or not."""
    areas = select_objects(
        objects,
        "area",
        lambda tags: classify_osm(tags, table, among=_COMMUNITY).category is not None,
    )
    inside = np.ones(len(areas), dtype=bool)
    if extent is not None:
        inside = areas.intersects(extent).to_numpy()
    findings = [
        set_aside("communities", "osm_outside", osm_id, tags)
        for osm_id, tags in areas.loc[~inside, ["osm_id", "tags"]].to_numpy()
    ]
    used = areas[inside]
    year = _tag(used, "start_date").str.extract(r"^(\d{4})(?!\d)", expand=False)
    frame = take_columns(
        used,
        name=_tag(used, "name", "name:zh"),
        built_year=pd.to_numeric(year),
        population=_number(used, "population"),
    )
    return Derived(finish_layer("communities", frame), len(areas), findings)


def _make_buildings(objects: gpd.GeoDataFrame) -> Derived:
    """Take building areas that stand."""
    areas = select_objects(objects, "area", lambda tags: is_set(tags, "building"))
    standing = [
        tags["building"] not in GONE and not any(is_set(tags, key) for key in GONE)
        for tags in areas["tags"]
    ]
    used = areas[np.array(standing, dtype=bool)]
    findings = [
        set_aside("buildings", "osm_building_gone", osm_id, tags)
        for osm_id, tags in areas.drop(used.index)[["osm_id", "tags"]].to_numpy()
    ]
    frame = take_columns(
        used,
        name=_tag(used, "name", "name:zh"),
        building=_tag(used, "building"),
        storeys=_number(used, "building:levels"),
        households=_number(used, "building:flats"),
    )
    return Derived(finish_layer("buildings", frame), len(areas), findings)


def _make_gates(objects: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> Derived:
    """Give each community the gates on its boundary, once for each community."""
    gates = select_objects(objects, "node", lambda tags: tags.get("barrier") in _GATES)
    doors = select_objects(
        objects,
        "node",
        lambda tags: (
            tags.get("entrance") in _ENTRANCES and tags.get("barrier") not in _GATES
        ),
    )
    found = gpd.GeoDataFrame(pd.concat([gates, doors]))
    limit = np.repeat([GATE_MAX_M, ENTRANCE_MAX_M], [len(gates), len(doors)])
    near, owner = _match_boundaries(found, limit, communities)
    used = found.iloc[near]
    open_to = ["residents" if _keeps_out(tags) else "all" for tags in used["tags"]]
    frame = take_columns(
        used,
        community_id=pd.Series(communities["id"].to_numpy()[owner], index=used.index),
        open_to=pd.Series(open_to, index=used.index, dtype=object),
    )
    elsewhere = len(found) - len(np.unique(near))
    findings = []
    if elsewhere:
        findings.append(
            Finding(
                "gates",
                "osm_gates_elsewhere",
                Severity.INFO,
                params={"count": elsewhere},
            )
        )
    done = finish_layer("gates", frame)
    return Derived(done, int(done["osm_id"].nunique()), findings)


def _match_boundaries(
    points: gpd.GeoDataFrame, limit: np.ndarray, communities: gpd.GeoDataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Return positions of points and of the communities whose boundary is near."""
    if points.empty or communities.empty:
        return np.array([], dtype=int), np.array([], dtype=int)
    metric = communities.estimate_utm_crs()
    edges = communities.to_crs(metric).boundary
    places = points.geometry.to_crs(metric)
    tree = shapely.STRtree(edges.to_numpy())
    near, owner = tree.query(places.to_numpy(), predicate="dwithin", distance=limit)
    order = np.lexsort((owner, near))
    return near[order], owner[order]


def _keeps_out(tags: Tags) -> bool:
    return tags.get("foot", tags.get("access", "yes")) in CLOSED_ACCESS


def _make_idle(objects: gpd.GeoDataFrame, table: TagTable) -> Derived:
    """Take land and rooms that nobody uses; never sites at work, never grass."""
    places = objects[objects["kind"].isin(["area", "node"])]
    kinds = [
        _idle_kind(tags, table, is_area=kind == "area")
        for kind, tags in places[["kind", "tags"]].to_numpy()
    ]
    found = places.assign(idle=pd.Series(kinds, index=places.index, dtype=object))
    found = found[found["idle"].notna()]
    kind = found["idle"].map(_IDLE_KINDS).astype(object)
    frame = take_columns(
        found, name=_tag(found, "name", "name:zh"), kind=kind.where(kind.notna(), None)
    )
    frame["land_area_m2"] = measure_land(frame).where(kind == IDLE_LAND)
    return Derived(finish_layer("idle", frame), len(frame))


def _idle_kind(tags: Tags, table: TagTable, *, is_area: bool) -> str | None:
    """Return the category or categories of an idle resource, None if it is none."""
    verdict = classify_osm(tags, table, among=_IDLE)
    taken = (
        tags.get("landuse") in _NEVER_IDLE
        or tags.get("building") in GONE
        or any(is_set(tags, key) for key in GONE)
    )
    if verdict.reason is None or taken:
        return None
    used = any(is_set(tags, key) and tags[key] != "vacant" for key in _USES)
    closed = any(is_set(tags, key) for key in (*DEAD, "vacant"))
    # A point that may be land or rooms may as well be a telephone.
    vague = verdict.category is None and not is_area
    if (used and not closed) or vague:
        return None
    return verdict.category or verdict.ambiguous


def _make_protected(objects: gpd.GeoDataFrame) -> Derived:
    """Take heritage and old trees."""
    trees = select_objects(objects, "node", _is_old_tree)
    sites = select_objects(
        objects,
        "node area",
        lambda tags: (
            (is_set(tags, "historic") or is_set(tags, "heritage"))
            and not _is_old_tree(tags)
        ),
    )
    found = gpd.GeoDataFrame(pd.concat([trees, sites]))
    kind = np.repeat(["old_tree", "heritage"], [len(trees), len(sites)])
    frame = take_columns(
        found,
        name=_tag(found, "name", "name:zh"),
        kind=pd.Series(kind, index=found.index, dtype=object),
    )
    return Derived(finish_layer("protected", frame), len(frame))


def _is_old_tree(tags: Tags) -> bool:
    return tags.get("natural") == "tree" and (
        tags.get("denotation") in _TREES or is_set(tags, "heritage")
    )
