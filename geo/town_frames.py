"""From the plan of a made-up town to frames in a metric CRS."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.random import Generator
from shapely.geometry.base import BaseGeometry

from geo.town_compounds import Slab
from geo.town_grid import Bend, Way
from geo.town_plots import outline

if TYPE_CHECKING:
    from geo.town import TownPlan

#: CGCS2000, 3-degree zone around 102° E.
CRS = "EPSG:4543"
#: Where the plan's zero point lies: sand and nothing else, near 102.3° E 39.9° N.
ORIGIN = (527_500.0, 4_418_000.0)


def make_frame(
    rows: Sequence[Mapping[Any, Any]],
    shapes: Sequence[BaseGeometry],
    prefix: str,
    digits: int = 4,
    *,
    columns: Sequence[str] | None = None,
) -> gpd.GeoDataFrame:
    """Return a frame with ids such as ``F0001`` in `CRS`."""
    frame = pd.DataFrame(list(rows), columns=None if columns is None else list(columns))
    ids = [f"{prefix}{i + 1:0{digits}d}" for i in range(len(shapes))]
    frame.index = pd.Index(ids, name="id", dtype="str")
    return gpd.GeoDataFrame(frame, geometry=list(shapes), crs=CRS)


def frame_communities(plan: "TownPlan", ledger: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the communities with their ledger."""
    rings = [shapely.Polygon(plan.bend.apply(plot.ring())) for plot in plan.homes]
    frame = make_frame(ledger.to_dict("records"), rings, "C", 3)
    frame["walled"] = frame["walled"].astype("boolean")
    return frame


def frame_streets(bend: Bend, ways: Sequence[Way]) -> gpd.GeoDataFrame:
    """Return the streets; they meet at equal vertices of one level."""
    lines = [shapely.LineString(bend.apply(way.points())) for way in ways]
    rows = [
        {
            "name": way.name,
            "highway": way.highway,
            "foot": None,
            "access": None,
            "bridge": way.bridge,
            "tunnel": way.tunnel,
            "level": way.level,
            "crossing": way.crossing,
        }
        for way in ways
    ]
    frame = make_frame(rows, lines, "S")
    frame["node_ids"] = None
    return frame


def frame_gates(plan: "TownPlan") -> gpd.GeoDataFrame:
    """Return the gates of walled communities, and of some others."""
    rows: list[dict[str, Any]] = []
    places: list[tuple[float, float]] = []
    seen: dict[tuple[float, float], str] = {}
    for at, plot in enumerate(plan.homes):
        if not plot.listed:
            continue
        for gate in plot.gates:
            place = plot.gate_point(gate)
            name = seen.setdefault(place, f"G{len(seen) + 1:04d}")
            community = f"C{at + 1:03d}"
            again = any(row["id"] == name for row in rows[-12:]) or name in {
                row["id"] for row in rows
            }
            rows.append(
                {
                    "id": f"{name}@{community}" if again else name,
                    "community_id": community,
                    "open_to": gate.open_to,
                }
            )
            places.append(place)
    spots = shapely.points(plan.bend.apply(np.array(places).reshape(-1, 2)))
    columns = ["id", "community_id", "open_to"]
    frame = pd.DataFrame(rows, columns=columns).set_index("id")
    return gpd.GeoDataFrame(frame, geometry=spots, crs=CRS)


def frame_facilities(
    bend: Bend, found: Sequence[Mapping[str, Any]]
) -> gpd.GeoDataFrame:
    """Return the facilities: points, and polygons where one fills a plot."""
    facilities = pd.DataFrame(list(found))
    spots = bend.apply(facilities[["x", "y"]].to_numpy(dtype=float))
    shapes: list[BaseGeometry] = [shapely.Point(*spot) for spot in spots]
    for at, site in enumerate(facilities["site"]):
        if site is not None:
            ring = outline(*site)
            shapes[at] = shapely.Polygon(bend.apply(ring))
    columns = ["name", "category", "floor_area_m2", "land_area_m2", "capacity"]
    rows = facilities[[*columns, "serves", "status", "surveyed"]].to_dict("records")
    frame = make_frame(rows, shapes, "F")
    frame[columns[2:]] = frame[columns[2:]].astype("float64")
    frame["surveyed"] = frame["surveyed"].astype("boolean")
    return frame


def frame_buildings(
    rng: Generator, plan: "TownPlan", ledger: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Return the buildings; not all communities counted their doors."""
    rows, slabs = list[dict[str, Any]](), list[Slab]()
    for at, blocks in enumerate(plan.slabs):
        unknown = at in plan.uncounted
        share = ledger.loc[at, ["elderly_60", "infants_0_3"]].to_numpy(dtype=float)
        share = share / max(sum(slab.households for slab in blocks), 1)
        for slab in blocks:
            persons = rng.poisson(share * slab.households)
            rows.append(
                {
                    "community_id": f"C{at + 1:03d}",
                    "households": np.nan if unknown else float(slab.households),
                    "storeys": float(slab.storeys),
                    "elderly_60": np.nan if unknown else float(persons[0]),
                    "infants_0_3": np.nan if unknown else float(persons[1]),
                }
            )
        slabs += blocks
    for _, slab in plan.others:
        rows.append({"community_id": None, "storeys": float(slab.storeys)})
        slabs.append(slab)
    shapes = draw_slabs(plan.bend, slabs)
    return make_frame(rows, list(shapes), "H", 5, columns=_BUILDING_COLUMNS)


_BUILDING_COLUMNS = (
    "community_id",
    "households",
    "storeys",
    "elderly_60",
    "infants_0_3",
)


def draw_slabs(bend: Bend, slabs: Sequence[Slab]) -> np.ndarray[Any, Any]:
    """Return the outlines of blocks, each turned as the town is turned there."""
    middles = np.array([(slab.x, slab.y) for slab in slabs]).reshape(-1, 2)
    half = (
        np.array([(slab.length_m, slab.depth_m) for slab in slabs]).reshape(-1, 2) / 2
    )
    places, turns = bend.apply(middles), bend.turn(middles)
    half = half * np.minimum(bend.scale(middles), 1.0)
    corners = np.array([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)])
    local = corners[None] * half[:, None, :]
    cos, sin = np.cos(turns)[:, None], np.sin(turns)[:, None]
    x = places[:, :1] + local[..., 0] * cos - local[..., 1] * sin
    y = places[:, 1:] + local[..., 0] * sin + local[..., 1] * cos
    rings = np.round(np.stack([x, y], axis=-1), 3)
    return np.atleast_1d(np.asarray(shapely.polygons(rings), dtype=object))


def frame_idle(bend: Bend, idle: Sequence[Mapping[str, Any]]) -> gpd.GeoDataFrame:
    """Return the idle resources."""
    rings = [shapely.Polygon(bend.apply(outline(*row["box"]))) for row in idle]
    rows = [{k: v for k, v in row.items() if k != "box"} for row in idle]
    return make_frame(rows, rings, "R", 3, columns=None if rows else ["name", "kind"])


def frame_protected(rng: Generator, plan: "TownPlan") -> gpd.GeoDataFrame:
    """Return old trees, protected buildings and the green line along the river."""
    rows, shapes = [], list[BaseGeometry]()
    homes = plan.homes
    for i in rng.permutation(len(homes))[: max(1, len(homes) // 4)]:
        plot = homes[i]
        spot = np.array(
            [[plot.x0 + 5.0, plot.y0 + plot.height_m * rng.uniform(0.3, 0.7)]]
        )
        kind = str(rng.choice(["槐树", "榆树", "杨树", "沙枣"]))
        rows.append({"kind": "old_tree", "name": f"古{kind}"})
        shapes.append(shapely.Point(plan.bend.apply(spot)[0]))
    others = [plot for plot in plan.plots if plot.use in ("works", "shops", "park")]
    for plot in others[: max(1, len(homes) // 15)]:
        x, y = plot.middle
        ring = outline(x - 14.0, x + 14.0, y - 8.0, y + 8.0)
        rows.append({"kind": "heritage", "name": "示例近代建筑"})
        shapes.append(shapely.Polygon(plan.bend.apply(ring)))
    if plan.river is not None:
        bank = shapely.Polygon(plan.bend.apply(plan.river))
        rows.append({"kind": "green_line", "name": "示例河绿线"})
        shapes.append(bank.buffer(9.0).difference(bank))
    return make_frame(rows, shapes, "P", 3)
