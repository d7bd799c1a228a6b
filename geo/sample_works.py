"""Works of the sample's schemes and the plans of its utilities."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.random import Generator
from pyproj import Transformer
from shapely.ops import substring

from geo.sample_facts import (
    LEFT_OUT,
    NETWORKS,
    PLAN_YEAR,
    THIS_YEAR,
    find_shortfalls,
    rng_of,
)
from geo.town_grid import chance

#: Shortfall to item, class, layer, category, and whether it is dug for.
_ITEMS: Mapping[str, tuple[str, str, str, str | None]] = {
    "供水": ("供水管网改造", "basic", "underground", None),
    "排水": ("雨污分流及排水管网改造", "basic", "underground", None),
    "供电": ("供电线路入地", "basic", "underground", None),
    "供气": ("燃气管线更新", "basic", "underground", None),
    "供热": ("供热管网改造", "basic", "underground", None),
    "通信": ("弱电入地及光纤改造", "basic", "underground", None),
    "消防": ("消防设施改造", "basic", "surface", None),
    "道路": ("道路修复", "basic", "surface", None),
    "无障碍": ("无障碍坡道改造", "basic", "surface", None),
    "适老": ("适老化改造", "basic", "surface", None),
    "适儿": ("适儿化改造", "basic", "surface", None),
    "充电": ("电动自行车充电设施", "improve", "surface", None),
    "安防": ("安防监控系统", "improve", "surface", None),
    "照明": ("照明设施改造", "improve", "surface", None),
    "快件箱": ("智能快件箱", "improve", "surface", "parcel"),
    "体育健身": ("体育健身场地", "enhance", "surface", "fitness_ground"),
    "便民": ("便民服务点", "enhance", "surface", "convenience"),
}
_KINDS = {header: kind for kind, header in NETWORKS.items()}
_MODES = ("renovate", "build", "rent", "buy")
#: Metres from the middle of the path at which each network lies.
_ASIDE_M = dict(zip(NETWORKS, (-1.5, -0.9, -0.3, 0.3, 0.9, 1.5), strict=True))
_HARMLESS = {
    "demolish_old_building": False,
    "relocate_residents": False,
    "fell_old_trees": False,
}

#: Of these communities a work stands in the table for each trap (see `_lay_traps`).
TREE_FELLED, TREE_NEAR = ("C094", "P020"), ("C081", "P019")
HERITAGE_GONE = ("C017", "P032")
#: Community, gas pipe of its street, and how far aside a sewer is laid along it.
GAS_PLANNED, GAS_UNPLANNED = ("C071", "U0021", 4.5), ("C101", "U0287", -4.0)
DUG_TWICE, SURFACE_FIRST = "C001", "C118"
#: Community, kind and year of plans of utilities: in time, off by two years.
PLAN_MATCHES, PLAN_TOO_LATE = ("C036", "heat", 2027), ("C120", "power", 2029)
#: And this one needs a kind that nobody has planned anywhere near.
PLAN_NONE = ("C064", "water")


def make_works(layers: Mapping[str, gpd.GeoDataFrame]) -> pd.DataFrame:
    """Make the table of works.

    Parameters
    ----------
    layers
        Layers of the town.

    Returns
    -------
    pandas.DataFrame
        Columns of the table ``works``; `wkt` in longitude and latitude.
    """
    communities, streets = layers["communities"], layers["streets"]
    rows: list[dict[str, Any]] = []
    for name, ledger in communities.iterrows():
        rng = rng_of(str(name))
        year = int(ledger["计划年度"])
        if year <= PLAN_YEAR or (year == PLAN_YEAR + 1 and chance(rng, 0.3)):
            path = _find_path(streets, ledger["geometry"])
            rows += _list_works(rng, str(name), ledger, year, path)
    rows += _lay_traps(layers)
    table = pd.DataFrame(rows)
    table.insert(0, "id", [f"W{number:04d}" for number in range(1, len(table) + 1)])
    table["wkt"] = _to_degrees(table["wkt"], communities)
    return table


def _list_works(
    rng: Generator,
    name: str,
    ledger: "pd.Series[Any]",
    year: int,
    path: shapely.LineString | None,
) -> list[dict[str, Any]]:
    """Return the works that a scheme has against what is short."""
    rows = []
    said = chance(rng, 0.8)
    for short in find_shortfalls(ledger):
        must = short in {"排水", "供气", "消防"}
        if short in LEFT_OUT.get(name, ()) or not (must or chance(rng, 0.85)):
            continue
        row = _work(rng, name, short, year, path)
        rows.append(row | (_HARMLESS if said else {}))
    parts = rng.dirichlet(np.full(len(rows) + 1, 4.0))
    total = float(ledger["总投资"]) * 1e4
    for row, part in zip(rows, parts, strict=False):
        row["cost_cny"] = float(round(total * part, -3))
    return rows


def _work(
    rng: Generator, name: str, short: str, year: int, path: shapely.LineString | None
) -> dict[str, Any]:
    item, grade, layer, category = _ITEMS[short]
    below = layer == "underground"
    row: dict[str, Any] = {
        "community_id": name,
        "item": item,
        "item_class": grade,
        "category": category,
        "work_layer": layer,
        "excavates": below,
        "addresses": short,
        "planned_start": f"{year}-{'04-10' if below else '07-15'}",
        "planned_finish": f"{year}-{'06-30' if below else '10-20'}",
    }
    if below:
        kind = _KINDS[short]
        row["utility_kind"] = kind
        if path is not None:
            row["wkt"] = path.offset_curve(_ASIDE_M[kind])
    if grade == "enhance":
        row["supply_mode"] = _MODES[int(rng.integers(4))]
    return row


def _find_path(
    streets: gpd.GeoDataFrame, place: shapely.Polygon
) -> shapely.LineString | None:
    """Return the longest path inside a community."""
    own = streets.geometry[streets.within(place.buffer(-1.0))]
    if own.empty:
        return None
    longest = own[own.length.sort_values(kind="stable").index[-1]]
    return shapely.LineString(longest)


def _need_path(streets: gpd.GeoDataFrame, place: shapely.Polygon) -> shapely.LineString:
    path = _find_path(streets, place)
    if path is None:
        msg = "the sample lays this work along a path, but there is none"
        raise ValueError(msg)
    return path


def _lay_traps(layers: Mapping[str, gpd.GeoDataFrame]) -> list[dict[str, Any]]:
    """Return the works that are meant to be found."""
    spots = layers["protected"].geometry
    fixed = {"planned_start": f"{PLAN_YEAR}-08-01", "planned_finish": "2027-09-30"}
    surface = {"work_layer": "surface", "excavates": False, **fixed, **_HARMLESS}
    return [
        _row(TREE_FELLED[0], "新增停车位", "parking",
             spots[TREE_FELLED[1]].buffer(6, quad_segs=1))
        | surface
        | {"fell_old_trees": True, "addresses": "停车"},
        _row(TREE_NEAR[0], "道路拓宽", None, _beside(spots[TREE_NEAR[1]], 3.0))
        | surface
        | {"addresses": "道路"},
        _row(HERITAGE_GONE[0], "拆除旧房建停车场", "parking",
             spots[HERITAGE_GONE[1]].buffer(2, join_style="mitre"))
        | surface
        | {"demolish_old_building": True, "addresses": "停车"},
        *(_dig_beside(layers, *place) for place in (GAS_PLANNED, GAS_UNPLANNED)),
        *_dig_twice(layers),
        *_begin_above(layers),
    ]  # fmt: skip


def _row(
    name: str, item: str, category: str | None, place: shapely.Geometry
) -> dict[str, Any]:
    grade = "improve" if category == "parking" else "basic"
    return {
        "community_id": name,
        "item": item,
        "item_class": grade,
        "category": category,
        "supply_mode": "build" if category == "parking" else None,
        "wkt": place,
    }


def _beside(spot: shapely.Point, away_m: float) -> shapely.LineString:
    x, y = spot.x, spot.y + away_m
    return shapely.LineString([(x - 6.0, y), (x + 6.0, y)])


def _below(
    name: str, item: str, kind: str, day: str, place: shapely.Geometry
) -> dict[str, Any]:
    year = day[:4]
    return _row(name, item, None, place) | {
        "work_layer": "underground",
        "utility_kind": kind,
        "excavates": True,
        "addresses": NETWORKS[kind],
        "planned_start": day,
        "planned_finish": f"{year}-09-30",
        **_HARMLESS,
    }


def _dig_beside(
    layers: Mapping[str, gpd.GeoDataFrame], name: str, pipe: str, aside_m: float
) -> dict[str, Any]:
    """Lay a sewer along a gas pipe in front of a community, far from all others."""
    line = layers["utilities"].geometry[pipe]
    at = line.project(layers["communities"].geometry[name].centroid)
    part = shapely.LineString(substring(line, at - 6.0, at + 6.0).coords)
    day, trench = f"{PLAN_YEAR}-05-10", part.offset_curve(aside_m)
    return _below(name, "排水接户管", "drainage", day, trench)


def _dig_twice(layers: Mapping[str, gpd.GeoDataFrame]) -> list[dict[str, Any]]:
    place = layers["communities"].geometry[DUG_TWICE]
    path = _need_path(layers["streets"], place)
    line = shapely.LineString(substring(path, 5.0, 45.0).coords)
    first = _below(DUG_TWICE, "供水主管更换", "water", "2027-05-10", line)
    again = line.offset_curve(1.0)
    later = _below(DUG_TWICE, "排水主管更换", "drainage", "2029-05-10", again)
    return [first, later]


def _begin_above(layers: Mapping[str, gpd.GeoDataFrame]) -> list[dict[str, Any]]:
    place = layers["communities"].geometry[SURFACE_FIRST]
    path = _need_path(layers["streets"], place)
    above = _row(SURFACE_FIRST, "路面铺装", None, path) | {
        "work_layer": "surface",
        "excavates": False,
        "addresses": "道路",
        "planned_start": "2027-03-20",
        "planned_finish": "2027-04-30",
        **_HARMLESS,
    }
    return [above]


def _to_degrees(
    shapes: "pd.Series[Any]", communities: gpd.GeoDataFrame
) -> "pd.Series[Any]":
    """Return shapes in longitude and latitude, as WKT."""
    turn = Transformer.from_crs(communities.crs, 4326, always_xy=True)
    known = shapes[shapes.notna()]
    turned = shapely.transform(
        known.to_numpy(),
        lambda xy: np.column_stack(turn.transform(xy[:, 0], xy[:, 1])),
    )
    words = shapely.to_wkt(turned, rounding_precision=7)
    return pd.Series(words, known.index, dtype="object").reindex(shapes.index)


def make_utility_plans(communities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Make the table of what utilities plan for single communities.

    Parameters
    ----------
    communities
        Communities of the town, with the headers of the ledger.

    Returns
    -------
    pandas.DataFrame
        Columns of the table ``utility_plans``.
    """
    laid = {PLAN_MATCHES[:2], PLAN_TOO_LATE[:2], PLAN_NONE}
    rows = [PLAN_MATCHES, PLAN_TOO_LATE]
    for name, ledger in communities.iterrows():
        rng = rng_of(str(name))
        year = int(ledger["计划年度"])
        for kind, header in NETWORKS.items():
            late = int(rng.choice([-1, 0, 0, 0, 1, 2]))
            wanted = THIS_YEAR <= year <= PLAN_YEAR + 1 and chance(rng, 0.4)
            if wanted and ledger[header] != "完好" and (name, kind) not in laid:
                rows.append((str(name), kind, year + late))
    table = pd.DataFrame(rows, columns=["community_id", "kind", "year"])
    table.insert(0, "id", [f"J{number:03d}" for number in range(1, len(table) + 1)])
    owners = {kind: f"示例区{header}公司" for kind, header in NETWORKS.items()}
    return table.assign(owner=table["kind"].map(owners))
