"""A town small enough to count by hand, and the tools to build others.

All positions are metres from the town's south-west corner (x to the east, y to the
north); `place` moves a shape into the working CRS (CGCS2000, zone 114 E), where the
origin stands at (500000, 3400000).

The streets are a grid of 100 m blocks, x = 0 ... 600 and y = 0 ... 400: 35
junctions, 58 blocks' sides, 5,800 m. A river runs along y = 250 from x = -50 to 650
(a line); it cuts all seven streets that cross it but x = 600, which is a bridge
there.

      y
    400 +-----+-----+-----+-----+-----+-----+
        |     |     |     |     |     |     |
    300 +-----+-----+-----+-----+-----+-----+
     ~~~~~ river ~~~~~~~~~~~~~~~~~~~~~~~~~~~=~   (=: bridge, x = 600)
    200 +-----+-----+-----+-----+-----+-----+
        |     |     |     | twin| twin|     |
    100 +-----+-----+-----+west-+-east+-----+   (one wall between the twins)
        |open |     |shut |     |     |pass |
      0 +-----+-----+-----+-----+-----+-----+
        0    100   200   300   400   500   600 x

- ``open``: 5 to 95, 5 to 95; not walled. Four streets run 5 m outside.
- ``shut``: 210 to 290, 10 to 90; walled by its gate. Residents' gate ``g_shut`` at
  (250, 10), inner path from (250, 10) to (250, 60), joined to the street at
  (250, 0) by a street piece. 120 households in building ``b_shut`` at (255, 50).
- ``pass``: 510 to 590, 10 to 90; walled, gates ``g_south`` (550, 10) and
  ``g_north`` (550, 90), both open to all, inner path straight through, x = 550.
- ``west``, ``east``: 305 to 400 and 400 to 495, 105 to 195; walled, one shared gate
  ``g_twin`` at (400, 150) for residents; inner paths along y = 150. ``west`` has a
  second gate ``g_west`` for residents at (305, 150) on a path to the street x = 300.
  The street x = 400 does not exist between y = 100 and y = 200.

The extent is -200 to 800, -200 to 600, so no street end lies within 25 m of it.
"""

from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely.affinity import translate

from geo.district import District
from geo.findings import make_findings
from geo.network import WalkNetwork
from geo.schema import LAYERS

X0, Y0 = 500_000.0, 3_400_000.0
TOWN_CRS = CRS.from_epsg(4547)

_DTYPES = {
    "text": "object",
    "flag": "boolean",
    "number": "float64",
    "count": "float64",
    "year": "float64",
}


def place(shape: shapely.Geometry) -> shapely.Geometry:
    """Move a shape from the town's own metres into the working CRS."""
    return translate(shape, X0, Y0)


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString(points)


def box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    return shapely.box(x0, y0, x1, y1)


def point(x: float, y: float) -> shapely.Point:
    return shapely.Point(x, y)


def make_layer(name: str, rows: dict[str, dict[str, Any]]) -> gpd.GeoDataFrame:
    """Make a checked layer: id -> columns; ``at`` holds the shape in town metres."""
    frame = pd.DataFrame.from_dict(rows, orient="index").drop(
        columns="at", errors="ignore"
    )
    frame.index = pd.Index(list(rows), dtype="str", name="id")
    for column in LAYERS[name].columns:
        if column.name == "id":
            continue
        if column.name not in frame:
            frame[column.name] = None
        frame[column.name] = frame[column.name].astype(_DTYPES[column.kind])
        if column.default is not None:
            frame[column.name] = frame[column.name].fillna(column.default)
    shapes = np.array([place(row["at"]) for row in rows.values()], dtype=object)
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=TOWN_CRS)


def make_district(**layers: dict[str, dict[str, Any]]) -> District:
    """Make a district of hand-written layers; absent layers are empty."""
    frames = {name: make_layer(name, layers.get(name, {})) for name in LAYERS}
    if not len(frames["extent"]):
        frames["extent"] = make_layer(
            "extent", {"all": {"at": box(-200, -200, 800, 600)}}
        )
    return District(
        name="示例",
        crs=TOWN_CRS,
        **frames,
        findings=make_findings(),
        layers=pd.DataFrame({"layer": list(layers)}),
        fingerprint="0" * 64,
        inputs=pd.DataFrame(columns=["file", "sha256", "bytes"]),
        ambiguous={},
    )


def grid_streets() -> dict[str, dict[str, Any]]:
    """Return the streets of the grid, one line per side of a block."""
    streets = {}
    for x in range(0, 601, 100):
        for y in range(0, 400, 100):
            if (x, y) != (400, 100):
                streets[f"v{x}_{y}"] = {"at": line((x, y), (x, y + 100))}
    streets["v600_200"]["bridge"] = True
    for y in range(0, 401, 100):
        for x in range(0, 600, 100):
            stop = (x + 50, y) if (x, y) in _JOINED else None
            between = [stop] if stop else []
            streets[f"h{x}_{y}"] = {"at": line((x, y), *between, (x + 100, y))}
    return streets


#: Sides of blocks in whose middle a path begins.
_JOINED = {(200, 0), (500, 0), (500, 100)}


def grid_layers() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the layers of the grid town, to be changed before use."""
    streets = grid_streets()
    streets["v300_100"]["at"] = line((300, 100), (300, 150), (300, 200))
    paths = {
        "p_shut": line((250, 0), (250, 60)),
        "p_pass": line((550, 0), (550, 50), (550, 100)),
        "p_west": line((300, 150), (350, 150), (400, 150)),
        "p_east": line((400, 150), (450, 150)),
    }
    streets |= {name: {"at": at, "highway": "footway"} for name, at in paths.items()}
    gates = {
        "g_shut": ("shut", (250, 10), "residents"),
        "g_south": ("pass", (550, 10), "all"),
        "g_north": ("pass", (550, 90), "all"),
        "g_west": ("west", (305, 150), "residents"),
        "g_twin": ("west", (400, 150), "residents"),
        "g_twin@east": ("east", (400, 150), "residents"),
    }
    return {
        "streets": streets,
        "communities": {
            "open": {"at": box(5, 5, 95, 95), "walled": False, "households": 80},
            "shut": {"at": box(210, 10, 290, 90), "households": 120},
            "pass": {"at": box(510, 10, 590, 90), "households": 60},
            "west": {"at": box(305, 105, 400, 195), "households": 90},
            "east": {"at": box(400, 105, 495, 195), "households": 70},
        },
        "gates": {
            name: {"at": point(*at), "community_id": community, "open_to": open_to}
            for name, (community, at, open_to) in gates.items()
        },
        "buildings": {
            "b_shut": {
                "at": box(253, 45, 257, 55),
                "community_id": "shut",
                "households": 120,
            }
        },
        "barriers": {"river": {"at": line((-50, 250), (650, 250)), "kind": "river"}},
        "facilities": {},
    }


class Walker:
    """Walks a network the slow way (NetworkX), as a stranger or as a resident."""

    def __init__(self, network: WalkNetwork, resident_of: str | None = None) -> None:
        self.network = network
        self.graph = nx.Graph()
        edges = zip(network.u, network.v, network.length_m, strict=True)
        for u, v, length in edges:
            self._join(int(u), int(v), length)
        shut = network.resident_edges
        for row in shut[shut["community_id"] == resident_of].itertuples():
            self._join(int(row.u), int(row.v), row.length_m)
        seeds = network.facility_seeds
        mine = seeds["community_id"].isna() | (seeds["community_id"] == resident_of)
        for row in seeds[mine].itertuples():
            self.graph.add_edge(int(row.node), row.facility_id, weight=row.distance_m)

    def _join(self, u: int, v: int, length: float) -> None:
        known = self.graph.get_edge_data(u, v)
        if known is None or known["weight"] > length:
            self.graph.add_edge(u, v, weight=length)

    def nodes_at(self, x: float, y: float) -> list[int]:
        far = np.hypot(self.network.x - X0 - x, self.network.y - Y0 - y)
        return np.flatnonzero(far < 0.002).tolist()

    def walk_m(self, start: Any, stop: Any) -> float:
        """Return the walk between places (x, y), gates ("g") or facilities ("f")."""
        best = np.inf
        starts, stops = self._nodes(start), set(self._nodes(stop))
        for node in starts:
            if node in self.graph:
                reached = nx.single_source_dijkstra_path_length(self.graph, node)
                best = min([best, *(reached[n] for n in stops if n in reached)])
        return round(best, 1)

    def _nodes(self, thing: Any) -> list[Any]:
        if isinstance(thing, tuple):
            return self.nodes_at(*thing)
        if thing in self.network.gates.index:
            return [int(self.network.gates.loc[thing, "node"])]
        if thing in self.network.doors.index:
            return [int(self.network.doors.loc[thing, "node"])]
        return [thing]


def gate_places(network: WalkNetwork, community: str) -> set[tuple[float, float]]:
    """Return where the gates of a community are, in town metres."""
    gates = network.gates[network.gates["community_id"] == community]
    return {(round(p.x - X0, 1), round(p.y - Y0, 1)) for p in gates.geometry.to_numpy()}


def codes(network: WalkNetwork) -> set[tuple[str, str | None]]:
    """Return code and id of all findings."""
    rows = network.findings[["code", "id"]].itertuples(index=False)
    return {(row.code, None if pd.isna(row.id) else row.id) for row in rows}
