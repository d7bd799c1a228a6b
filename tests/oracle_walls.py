"""The plain network's walls, and how places attach to its edges.

Definitions 7 to 13 of `geo.network`; see `oracle`.
"""

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import networkx as nx
import pandas as pd
import shapely
import shapely.ops
from oracle_streets import MM, Edge, Place, Streets, parts, true
from shapely.geometry import LineString, Point

CM = 0.01


@dataclass
class Gate:
    name: str
    community: str
    open_all: bool
    place: Place
    origin: str
    node: int = -1
    connector_m: float = math.nan
    raw: Place | None = None
    shared: frozenset[str] = frozenset()
    used: bool = False


class Walls(Streets):
    """Inner edges of walled communities, and the nearest edge of a place."""

    # ---- 8-11, 13: walls

    def find_walled(self) -> None:
        gates = self.district.gates
        self.supplied = {
            row.community_id
            for row in gates.itertuples()
            if not true(getattr(row, "derived", None))
            and row.community_id in self.shapes
        }
        self.walled = {}
        for name, flag in self.district.communities["walled"].items():
            if name in self.supplied if pd.isna(flag) else bool(flag):
                self.walled[name] = self.shapes[name]
        self.by_area = sorted(self.walled, key=lambda name: (self.areas[name], name))

    def snap_gates(self) -> None:
        self.gates: list[Gate] = []
        self.supplied_places = defaultdict(list)
        for row in self.district.gates.itertuples():
            if row.community_id not in self.shapes:
                continue
            boundary = self.shapes[row.community_id].boundary
            if boundary.distance(row.geometry) > self.settings.attach_max_m:
                continue
            near = shapely.shortest_line(boundary, row.geometry).coords[0]
            mapped = true(getattr(row, "derived", None))
            self.gates.append(
                Gate(
                    row.Index,
                    row.community_id,
                    row.open_to == "all",
                    near,
                    "mapped" if mapped else "supplied",
                    raw=(row.geometry.x, row.geometry.y),
                )
            )
            if not mapped:
                self.supplied_places[row.community_id].append(near)

    def is_deep(self, p: Place, q: Place, boundary: Any) -> bool:
        """Whether a straight line reaches deeper than the tolerance."""
        middle = ((p[0] + q[0]) / 2, (p[1] + q[1]) / 2)
        tolerance = self.settings.boundary_tolerance_m + MM
        deep = boundary.distance(Point(middle)) - tolerance
        if deep > 0:
            return True
        half = math.dist(p, q) / 2
        if deep + half <= 0 or half < MM / 100:
            return False
        return self.is_deep(p, middle, boundary) or self.is_deep(middle, q, boundary)

    def raise_walls(self) -> None:
        self.split_at_lines(
            [shape.boundary for shape in self.walled.values()], free=True
        )
        for name in self.by_area:
            self.claim(name)
        self.separate()

    def claim(self, name: str) -> None:
        """Find the inner edges of one walled community (8-11)."""
        shape = self.walled[name]
        boundary = shape.boundary
        inside = {
            number
            for number, edge in enumerate(self.edges)
            if self.is_within(edge.at(0.5), shape)
        }
        shallow = nx.Graph()
        for number in inside:
            edge = self.edges[number]
            if not self.is_deep(edge.p, edge.q, boundary):
                nx.add_path(shallow, [edge.a, ("piece", number), edge.b])
        for node, ends in self.ends().items():
            number, end = ends[0]
            place = self.edges[number].p if end == "a" else self.edges[number].q
            if len({n in inside for n, _ in ends}) == 2 and self.is_far(name, place):
                shallow.add_edge("outside", node)
        run = set()
        for block in nx.biconnected_components(shallow):
            if "outside" in block:
                run |= {n[1] for n in block if isinstance(n, tuple)}
        for number in inside:
            edge = self.edges[number]
            if number in run:
                edge.along |= {name}
            elif edge.owner is None:
                edge.owner = name

    def is_far(self, name: str, place: Place) -> bool:
        """Whether a crossing lies away from every supplied gate (9)."""
        on = self.walled[name].boundary.distance(Point(place)) <= MM
        tolerance = self.settings.boundary_tolerance_m
        gates = self.supplied_places[name]
        return on and all(math.dist(place, gate) > tolerance for gate in gates)

    def separate(self) -> None:
        """Give edges of different owners nodes of their own (11)."""
        self.met: list[tuple[str, int, Place]] = []
        for node, ends in self.ends().items():
            number, end = ends[0]
            place = self.edges[number].p if end == "a" else self.edges[number].q
            groups: dict[Any, list[tuple[int, str]]] = {None: []}  # keeps the node
            for number, end in ends:
                owner = self.edges[number].owner
                # who has no gate of its own is open to the street and to the like
                group = owner if owner in self.supplied else None
                groups.setdefault(group, []).append((number, end))
            gateless = {self.edges[number].owner for number, _ in groups[None]}
            if len(gateless) > 1:
                self.met += [(owner, node, place) for owner in gateless - {None}]
            others = [group for group in groups.values() if group]
            for members in others[1:]:
                new = next(self.nodes)
                for n, e in members:
                    setattr(self.edges[n], e, new)

    # ---- 7, 12: attaching

    def index(self) -> None:
        self.graph = nx.Graph()
        self.feet: dict[int, list[tuple[float, int]]] = defaultdict(list)
        self.tree = shapely.STRtree([edge.line for edge in self.edges])
        self.resident: list[tuple[int, int, float, frozenset[str]]] = []
        self.bands = {
            name: (shape.buffer(-CM), shape.buffer(CM), shape.boundary.buffer(CM))
            for name, shape in self.walled.items()
        }
        for bands in self.bands.values():
            for band in bands:
                shapely.prepare(band)

    def join(self, u: int, v: int, length: float) -> None:
        length = max(length, MM)
        if u != v and length < self.graph.get_edge_data(u, v, {"m": math.inf})["m"]:
            self.graph.add_edge(u, v, m=length)

    def foot_node(self, number: int, t: float) -> int:
        """Return the node on an edge at a share of its length; split it there."""
        edge = self.edges[number]
        known = [(0.0, edge.a), (1.0, edge.b), *self.feet[number]]
        for other, node in known:
            if abs(other - t) * edge.length < 1e-5:
                return node
        node = next(self.nodes)
        self.feet[number].append((t, node))
        return node

    def side(self, place: Place) -> str | None:
        for name in self.by_area:
            point = Point(place)
            shape = self.walled[name]
            if shape.contains(point) and shape.boundary.distance(point) > CM:
                return name
        return None

    def is_blocked(
        self,
        p: Place,
        q: Place,
        *,
        lead: float = MM,
        trail: float = 0.0,
        beside: frozenset[str] = frozenset(),
    ) -> bool:
        length = math.dist(p, q)
        if length < 1e-9:
            return False
        line = LineString([p, q])
        if length > lead + trail:
            tested = shapely.ops.substring(line, lead, length - trail)
            if len(self.barriers.query(tested, predicate="intersects")):
                return True
        for name in self.walled:
            inner, outer, rim = self.bands[name]
            if name in beside or not outer.intersects(line):
                continue
            if inner.intersects(line) and not outer.covers(line):
                return True
            if line.intersection(rim).length > 1.0:
                return True
        return False

    def attach(
        self, shape: Any, owner: str | None, *, most: float, lead: float = MM
    ) -> tuple[int, float, float] | None:
        """Return edge, share of its length and connector, nearest first (12)."""
        options = []
        if math.isinf(most):
            numbers = range(len(self.edges))
        else:
            numbers = self.tree.query(shape.buffer(most + 1)).tolist()
        for number in numbers:
            edge = self.edges[number]
            if edge.owner != owner:
                continue
            if shape.geom_type == "Point":
                start = (shape.x, shape.y)
                t = edge.foot(start)
                foot = edge.at(t)
            else:
                start, t = self.nearest_pair(shape, edge)
                foot = edge.at(t)
            far = math.dist(start, foot)
            if far <= most:
                key = (round(far, 6), round(foot[0], 6), round(foot[1], 6), number)
                options.append((key, far, number, t, start))
        for _, far, number, t, start in sorted(options):
            edge = self.edges[number]
            stop = edge.at(t)
            ahead = min(1.0, 0.05 / edge.length)
            if t * edge.length < MM:
                stop = edge.at(ahead)
            elif (1 - t) * edge.length < MM:
                stop = edge.at(1 - ahead)
            if not self.is_blocked(start, stop, lead=lead, beside=edge.along):
                return number, t, far
        return None

    @staticmethod
    def nearest_pair(outline: Any, edge: Edge) -> tuple[Place, float]:
        """Nearest place of an outline and share of the edge; ties: west, south."""
        pairs = []
        for ring in parts(outline):
            pairs += [(place[:2], edge.foot(place)) for place in ring.coords]
        for t in (0.0, 1.0):
            near = shapely.shortest_line(outline, Point(edge.at(t))).coords[0]
            pairs.append((near, t))

        def key(pair: tuple[Place, float]) -> tuple[float, Place]:
            x, y = edge.at(pair[1])
            far = math.dist(pair[0], (x, y))
            return round(far, 6), (round(x, 6), round(y, 6))

        return min(pairs, key=key)
