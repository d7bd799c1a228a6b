"""A second walk network, slow and plain, to hold the first against.

It is written from the definitions in the docstring of `geo.network` (their numbers
stand in the comments) and from METHODS §1 alone, shares no code with `geo`, and
takes the layers of a district as they are. Lists, loops and one geometry at a time:
nothing here is meant to be fast. `oracle_verdicts` judges what is found here.
"""

import bisect
import itertools
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import networkx as nx
import pandas as pd
import shapely
import shapely.ops
from shapely.geometry import LineString, Point

Place = tuple[float, float]

MM = 0.001
CM = 0.01
OTHERS = ("river", "railway", "expressway")


@dataclass
class Edge:
    """A straight piece of street from node `a` at `p` to node `b` at `q`."""

    a: int
    b: int
    p: Place
    q: Place
    street: int
    free: bool
    level: int = 0
    owner: str | None = None
    along: frozenset[str] = frozenset()

    @property
    def length(self) -> float:
        return math.dist(self.p, self.q)

    @property
    def line(self) -> LineString:
        return LineString([self.p, self.q])

    def at(self, t: float) -> Place:
        (x0, y0), (x1, y1) = self.p, self.q
        return x0 + t * (x1 - x0), y0 + t * (y1 - y0)

    def foot(self, place: Place) -> float:
        """Share of the way from `p` to `q` where the edge is nearest to a place."""
        (x0, y0), (x1, y1) = self.p, self.q
        dx, dy = x1 - x0, y1 - y0
        t = ((place[0] - x0) * dx + (place[1] - y0) * dy) / (dx * dx + dy * dy)
        return min(1.0, max(0.0, t))


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


@dataclass
class Net:
    """The finished network, with everything that hangs on it."""

    edges: list[Edge]
    gates: list[Gate]
    graph: nx.Graph
    walled: dict[str, Any]
    resident: list[tuple[int, int, float, frozenset[str]]] = field(default_factory=list)
    doors: dict[str, tuple[str, float, list[tuple[int, float]]]] = field(
        default_factory=dict
    )
    seeds: dict[str, list[tuple[int, float, str | None]]] = field(default_factory=dict)
    attached: dict[str, str] = field(default_factory=dict)
    exits: dict[str | None, set[int]] = field(default_factory=dict)
    areas: dict[str | None, Any] = field(default_factory=dict)
    home: dict[str, str | None] = field(default_factory=dict)
    inside: dict[str, str | None] = field(default_factory=dict)


def parts(shape: Any) -> list[Any]:
    return list(getattr(shape, "geoms", [shape]))


def meeting_places(edge: Edge, line: Any) -> list[float]:
    """Where an edge meets a line; where they run together, both ends of that."""
    found = []
    for part in parts(edge.line.intersection(line)):
        found += (
            [edge.foot(place) for place in part.coords] if not part.is_empty else []
        )
    return found


def boundary_corners(boundary: Any) -> list[Any]:
    return [place for ring in parts(boundary) for place in ring.coords]


def true(value: Any) -> bool:
    return not pd.isna(value) and bool(value)


class Builder:
    """Makes the network step by step; the order is that of the definitions."""

    def __init__(self, district: Any, street_classes: pd.DataFrame, settings: Any):
        self.district, self.settings = district, settings
        self.classes = {
            (row.key, str(row.value)): row for row in street_classes.itertuples()
        }
        self.nodes = itertools.count()
        self.edges: list[Edge] = []
        self.shapes = dict(district.communities.geometry.items())
        self.areas = {name: shape.area for name, shape in self.shapes.items()}

    def build(self) -> Net:
        self.lay_streets()
        self.street_ends = [
            node for node, ends in self.ends().items() if len(ends) == 1
        ]
        self.read_barriers()
        self.cut_at_lines()
        self.part_sectors()
        self.drown()
        self.find_walled()
        self.snap_gates()
        self.raise_walls()
        self.index()
        self.open_gates()
        self.derive_gates()
        self.put_doors()
        self.put_facilities()
        self.find_exits()
        return self.finish()

    # ---- 1-4: topology

    def may_walk(self, row: Any) -> bool:
        def word(key: str, column: str) -> str:
            value = getattr(row, key, None)
            if isinstance(value, bool):
                value = "yes" if value else "no"
            found = self.classes.get((key, "" if pd.isna(value) else str(value)))
            return "" if found is None else str(getattr(found, column))

        if word("foot", "walkable") == "no":
            return False
        allowed = word("foot", "walkable") == "yes"
        for key in ("highway", "access", "motorroad"):
            if word(key, "walkable") == "no" and not (
                allowed and word(key, "foot_may_allow") == "yes"
            ):
                return False
        return True

    def lay_streets(self) -> None:
        spots: list[tuple[Any, int, bool]] = []  # key of the place, level, is an end
        joins: list[tuple[int, int, Place, Place, int, bool, int]] = []
        for number, row in enumerate(self.district.streets.itertuples()):
            if not self.may_walk(row):
                continue
            bridge, tunnel, crossing = (
                true(getattr(row, name, None))
                for name in ("bridge", "tunnel", "crossing")
            )
            level = getattr(row, "level", None)
            level = 0 if pd.isna(level) else int(level)
            level = level or (1 if bridge else -1 if tunnel else 0)
            free = bridge or tunnel or crossing
            ids = getattr(row, "node_ids", None)
            for line in parts(row.geometry):
                places = [(x, y) for x, y, *_ in line.coords]
                first = len(spots)
                for at, place in enumerate(places):
                    key: Any = ("xy", round(place[0], 3), round(place[1], 3))
                    if ids is not None and not isinstance(ids, float):
                        key = ("id", int(ids[at]))
                    spots.append((key, level, at in {0, len(places) - 1}))
                for at, (p, q) in enumerate(itertools.pairwise(places)):
                    joins.append(
                        (first + at, first + at + 1, p, q, number, free, level)
                    )
        node = self.meet(spots)
        for a, b, p, q, number, free, level in joins:
            if p != q:
                self.edges.append(Edge(node[a], node[b], p, q, number, free, level))
        self.nodes = itertools.count(len(spots))

    @staticmethod
    def meet(spots: list[tuple[Any, int, bool]]) -> dict[int, int]:
        """Say which vertices are one node (2)."""
        together = nx.Graph()
        together.add_nodes_from(range(len(spots)))
        at_place = defaultdict(list)
        for number, (key, _, _) in enumerate(spots):
            at_place[key].append(number)
        for key, here in at_place.items():
            for one, other in itertools.combinations(here, 2):
                (_, level, end), (_, level2, end2) = spots[one], spots[other]
                alone = [
                    spots[n][2] and sum(spots[m][1] == spots[n][1] for m in here) == 1
                    for n in (one, other)
                ]
                if key[0] == "id" or level == level2 or (end and end2) or any(alone):
                    together.add_edge(one, other)
        return {
            number: min(group)
            for group in nx.connected_components(together)
            for number in group
        }

    def ends(self) -> dict[int, list[tuple[int, str]]]:
        """Which ends of which edges are at each node."""
        found = defaultdict(list)
        for number, edge in enumerate(self.edges):
            found[edge.a].append((number, "a"))
            found[edge.b].append((number, "b"))
        return found

    def split(self, cuts: dict[int, list[tuple[float, bool]]]) -> None:
        """Split edges at shares of their length; True: the halves do not meet."""
        done = []
        for number, edge in enumerate(self.edges):
            places = [
                (t, apart)
                for t, apart in sorted(cuts.get(number, []))
                if MM < t * edge.length < edge.length - MM
            ]
            node, place, last = edge.a, edge.p, 0.0
            for t, apart in places:
                if (t - last) * edge.length < MM:
                    continue
                stop = next(self.nodes)
                done.append(replace(edge, a=node, p=place, b=stop, q=edge.at(t)))
                node, place, last = (
                    next(self.nodes) if apart else stop,
                    edge.at(t),
                    t,
                )
            done.append(replace(edge, a=node, p=place))
        self.edges = done

    # ---- 5-6: barriers

    def read_barriers(self) -> None:
        self.fences: list[tuple[LineString, str]] = []  # straight pieces, group
        self.waters = []
        outlines = []
        for row in self.district.barriers.itertuples():
            if row.kind != "wall" and row.kind not in OTHERS:
                continue
            for shape in parts(row.geometry):
                flat = shape.geom_type == "Polygon"
                outlines.append(shape.boundary if flat else shape)
                if flat and row.kind != "wall":
                    self.waters.append(shape)
                    continue
                for line in parts(outlines[-1]):
                    group = "wall" if row.kind == "wall" else "other"
                    for p, q in itertools.pairwise(line.coords):
                        if p[:2] != q[:2]:
                            self.fences.append((LineString([p[:2], q[:2]]), group))
        self.fence_tree = shapely.STRtree([fence for fence, _ in self.fences])
        self.barriers = shapely.STRtree(outlines)

    def fences_near(self, shape: Any) -> Iterable[tuple[LineString, str]]:
        for number in self.fence_tree.query(shape.buffer(2 * MM)):
            if self.fences[number][0].distance(shape) <= MM:
                yield self.fences[number]

    def cut_at_lines(self) -> None:
        cuts = defaultdict(list)
        for number, edge in enumerate(self.edges):
            for fence, group in self.fences_near(edge.line):
                if edge.free and group == "other":
                    continue
                touches = [
                    edge.foot(end)
                    for end in fence.coords
                    if edge.line.distance(Point(end)) <= MM
                ]
                cuts[number] += [(t, False) for t in touches]
                at_end = any(fence.distance(Point(e)) <= MM for e in (edge.p, edge.q))
                if not touches and not at_end:
                    crossing = edge.line.intersection(fence)
                    cuts[number].append((edge.foot(crossing.coords[0]), True))
        self.split(cuts)

    def part_sectors(self) -> None:
        """Where a vertex of barrier or edge is: part edges by sectors (6)."""
        for ends in list(self.ends().values()):
            number, end = ends[0]
            edge = self.edges[number]
            place = edge.p if end == "a" else edge.q
            near = list(self.fences_near(Point(place)))
            labels: dict[tuple[int, str], tuple[Any, ...]] = dict.fromkeys(ends, ())
            for group in ("wall", "other"):
                if group == "other" and any(self.edges[n].free for n, _ in ends):
                    continue
                rays = self.rays(place, [fence for fence, g in near if g == group])
                for number, end in ends:
                    edge = self.edges[number]
                    away = edge.q if end == "a" else edge.p
                    labels[number, end] += (self.sector(place, away, rays),)
            groups = defaultdict(list)
            for key, label in labels.items():
                groups[label].append(key)
            for members in list(groups.values())[1:]:
                new = next(self.nodes)
                for number, end in members:
                    setattr(self.edges[number], end, new)

    @staticmethod
    def rays(place: Place, fences: list[LineString]) -> list[Place]:
        """Where the barriers that leave a place lead to, once per direction."""
        stops: list[Place] = []
        for fence in fences:
            for stop in fence.coords:
                far = math.dist(place, stop)
                if far <= MM:
                    continue
                ray = LineString([place, stop])
                same = [
                    other
                    for other in stops
                    if min(
                        ray.distance(Point(other)),
                        LineString([place, other]).distance(Point(stop)),
                    )
                    <= MM
                ]
                if not same:
                    stops.append(stop)
        return stops

    @staticmethod
    def sector(place: Place, away: Place, rays: list[Place]) -> Any:
        if len(rays) < 2:
            return 0
        edge = LineString([place, away])
        for stop in rays:
            ray = LineString([place, stop])
            if min(ray.distance(Point(away)), edge.distance(Point(stop))) <= MM:
                return "on"

        def angle(to: Place) -> float:
            return math.atan2(to[1] - place[1], to[0] - place[0])

        return bisect.bisect(sorted(map(angle, rays)), angle(away)) % len(rays)

    def drown(self) -> None:
        """Remove what is not free inside rivers and the like."""
        self.split_at_lines([water.boundary for water in self.waters], free=False)
        self.edges = [
            edge
            for edge in self.edges
            if edge.free
            or not any(self.is_within(edge.at(0.5), water) for water in self.waters)
        ]

    def split_at_lines(self, lines: list[Any], *, free: bool) -> None:
        cuts = defaultdict(list)
        for line in lines:
            for number, edge in enumerate(self.edges):
                if (free or not edge.free) and edge.line.intersects(line):
                    cuts[number] += [(t, False) for t in meeting_places(edge, line)]
        self.split(cuts)

    @staticmethod
    def is_within(place: Place, shape: Any) -> bool:
        point = Point(place)
        return shape.contains(point) and shape.boundary.distance(point) > MM

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

    # ---- 14-15: gates

    def has_inner(self, name: str) -> bool:
        return any(edge.owner == name for edge in self.edges)

    def open_gates(self) -> None:
        shared = self.find_shared()
        for number, gate in enumerate(self.gates):
            members = shared.get(number, [])
            if members:
                gate.shared = frozenset(self.gates[n].community for n in members)
            self.connect(gate, needs_outer=not members)
        for members in {tuple(group) for group in shared.values()}:
            gates = [self.gates[n] for n in members]
            everyone = all(gate.open_all for gate in gates)
            for gate in gates:
                gate.open_all = everyone
            for one, other in itertools.combinations(gates, 2):
                far = math.dist(one.place, other.place)
                self.link(one.node, other.node, far, one.shared, everyone=everyone)
        for gate in self.gates:
            if gate.used:
                self.connect_inside(gate)
        for name in self.walled:
            self.cross_inside(name)

    def find_shared(self) -> dict[int, list[int]]:
        near = nx.Graph()
        for (i, one), (j, other) in itertools.combinations(enumerate(self.gates), 2):
            both = one.community in self.walled and other.community in self.walled
            if (
                both
                and one.community != other.community
                and math.dist(one.raw, other.raw) <= 0.5
            ):
                near.add_edge(i, j)
        groups = [sorted(group) for group in nx.connected_components(near)]
        return {number: group for group in groups for number in group}

    def link(
        self,
        u: int,
        v: int,
        length: float,
        members: frozenset[str],
        *,
        everyone: bool,
    ) -> None:
        if everyone:
            self.join(u, v, length)
        else:
            self.resident.append((u, v, max(length, MM), members))

    def connect(self, gate: Gate, *, needs_outer: bool = True) -> None:
        """Lead a gate to the nearest edge on the outer side."""
        found = self.attach(
            Point(gate.place),
            self.side(gate.place),
            most=self.settings.attach_max_m,
            lead=1.0,
        )
        if found is None and needs_outer:
            return
        gate.used = True
        gate.node = next(self.nodes)
        self.graph.add_node(gate.node)
        if found is not None:
            number, t, gate.connector_m = found
            self.join(gate.node, self.foot_node(number, t), gate.connector_m)

    def connect_inside(self, gate: Gate) -> None:
        if gate.community not in self.walled:
            return
        found = self.attach(Point(gate.place), gate.community, most=math.inf, lead=1.0)
        if found is not None:
            number, t, far = found
            members = gate.shared or frozenset([gate.community])
            foot = self.foot_node(number, t)
            self.link(gate.node, foot, far, members, everyone=gate.open_all)

    def cross_inside(self, name: str) -> None:
        """Join the gates for all of a walled community without inner edges."""
        if self.has_inner(name):
            return
        gates = [g for g in self.gates if g.community == name and g.used and g.open_all]
        for one, other in itertools.combinations(gates, 2):
            if not self.is_blocked(one.place, other.place, lead=1.0, trail=1.0):
                far = math.dist(one.place, other.place)
                self.join(one.node, other.node, far)

    def derive_gates(self) -> None:
        for name, shape in self.shapes.items():
            if name in self.walled:
                if name not in self.supplied:
                    self.derive_behind_wall(name)
            elif not self.supplied_places[name]:
                count = len(self.gates)
                self.derive_crossings(name, shape.boundary)
                self.derive_along(name, shape.boundary)
                if len(self.gates) == count:
                    self.put_gate(name, self.nearest(shape.boundary), "nearest")

    def derive_crossings(self, name: str, boundary: Any) -> None:
        for number, edge in enumerate(self.edges):
            if edge.line.intersects(boundary):
                for t in meeting_places(edge, boundary):
                    if self.side(edge.at(t)) == edge.owner:
                        node = self.foot_node(number, t)
                        self.put_gate(name, edge.at(t), "crossing", node=node)

    def derive_along(self, name: str, boundary: Any) -> None:
        for place, owner in self.beside(boundary):
            near = shapely.shortest_line(boundary, Point(place)).coords[0]
            if self.side(near) == owner:
                self.put_gate(name, near, "along")

    def nearest(self, boundary: Any) -> Place:
        """Nearest place of a boundary to the public edges; ties: west, south."""
        options = []
        for edge in self.edges:
            if edge.owner is None:
                places = [place[:2] for place in boundary_corners(boundary)]
                for place in (edge.p, edge.q):
                    foot = shapely.shortest_line(boundary, Point(place))
                    places.append(foot.coords[0])
                if edge.line.intersects(boundary):
                    places += [edge.at(t) for t in meeting_places(edge, boundary)]
                options += [(edge.line.distance(Point(at)), at) for at in places]
        least = min(far for far, _ in options)
        near = [at for far, at in options if far <= least + 1e-6]
        return min(near, key=lambda at: (round(at[0], 6), round(at[1], 6)))

    def put_gate(self, name: str, place: Place, origin: str, node: int = -1) -> Gate:
        gate = Gate("", name, open_all=True, place=place, origin=origin)
        self.gates.append(gate)
        if node < 0:
            self.connect(gate)
        else:
            gate.used, gate.node, gate.connector_m = True, node, 0.0
        return gate

    def derive_behind_wall(self, name: str) -> None:
        here = [(node, place) for owner, node, place in self.met if owner == name]
        boundary = self.shapes[name].boundary
        for node, place in here:
            near = shapely.shortest_line(boundary, Point(place)).coords[0]
            self.put_gate(name, near, "crossing", node=node)
        if not here:
            place = self.nearest(self.shapes[name].boundary)
            gate = self.put_gate(name, place, "nearest")
            if gate.used:
                self.connect_inside(gate)

    def beside(self, boundary: Any) -> list[tuple[Place, str | None]]:
        """Places of the network along a boundary that a gate belongs to (15b)."""
        band = boundary.buffer(self.settings.boundary_tolerance_m, quad_segs=1024)
        degree = {node: len(ends) for node, ends in self.ends().items()}
        part = nx.MultiGraph()
        spot, owner = {}, {}
        fresh = itertools.count()
        for edge in self.edges:
            for piece in parts(edge.line.intersection(band)):
                if piece.is_empty or piece.length < 1e-6:
                    continue
                names: list[Any] = []
                for place in (piece.coords[0], piece.coords[-1]):
                    at = [
                        node
                        for node, end in ((edge.a, edge.p), (edge.b, edge.q))
                        if math.dist(end, place) < 1e-6
                    ]
                    names.append(at[0] if at else ("end", next(fresh)))
                    spot[names[-1]] = place
                    owner[names[-1]] = edge.owner
                part.add_edge(*names, line=piece, owner=edge.owner)
        found = [
            (spot[node], owner[node])
            for node in part
            if not isinstance(node, tuple) and degree[node] > 2
        ]
        stops = {n for n in part if isinstance(n, tuple) or degree[n] != 2}
        for stretch in self.stretches(part, stops):
            line = shapely.ops.linemerge([piece for piece, _ in stretch])
            if line.distance(boundary) > 1e-9:
                middle = line.interpolate(0.5, normalized=True).coords[0]
                found.append((middle, stretch[0][1]))
        return found

    @staticmethod
    def stretches(part: nx.MultiGraph, stops: set[Any]) -> list[list[Any]]:
        chains = nx.Graph()  # pieces that follow each other at a node of two ends
        pieces = [
            (u, v, (data["line"], data["owner"]))
            for u, v, data in part.edges(data=True)
        ]
        chains.add_nodes_from(range(len(pieces)))
        at_node = defaultdict(list)
        for number, (u, v, _) in enumerate(pieces):
            at_node[u].append(number)
            at_node[v].append(number)
        for node, here in at_node.items():
            if node not in stops:
                chains.add_edges_from(itertools.combinations(set(here), 2))
        groups = nx.connected_components(chains)
        return [[pieces[number][2] for number in sorted(group)] for group in groups]

    # ---- 16-19: points

    def home(self, place: Place) -> str | None:
        names = [n for n, shape in self.shapes.items() if shape.covers(Point(place))]
        return min(names, key=lambda name: (self.areas[name], name), default=None)

    def to_gates(self, shape: Any, name: str) -> list[tuple[Gate, float]]:
        """Straight lines to the gates of a walled community that are not blocked."""
        found = []
        for gate in self.gates:
            if gate.community == name and gate.used:
                start = shapely.shortest_line(shape, Point(gate.place)).coords[0]
                if not self.is_blocked(start, gate.place, trail=1.0):
                    found.append((gate, math.dist(start, gate.place)))
        return found

    def put_doors(self) -> None:
        self.doors = {}
        for row in self.district.buildings.itertuples():
            if pd.isna(row.households) or row.households <= 0:
                continue
            point = row.geometry.representative_point()
            place = (point.x, point.y)
            given = row.community_id
            community = self.home(place) if pd.isna(given) else given
            if community not in self.shapes:
                continue
            side = self.side(place)
            links = []
            found = self.attach(point, side, most=self.settings.attach_max_m)
            if found is not None:
                links = [(self.foot_node(found[0], found[1]), found[2])]
            elif side is not None:
                links = [(gate.node, far) for gate, far in self.to_gates(point, side)]
            self.doors[row.Index] = (community, float(row.households), links)

    def put_facilities(self) -> None:
        self.seeds: dict[str, list[tuple[int, float, str | None]]] = {}
        self.attached = {}
        self.homes, self.sides = {}, {}
        self.touching: list[tuple[str, int, Any, str | None]] = []
        for row in self.district.facilities.itertuples():
            point = row.geometry.representative_point()
            place = (point.x, point.y)
            self.homes[row.Index] = self.home(place)
            self.sides[row.Index] = self.side(place)
            self.seeds[row.Index] = []
            only = self.homes[row.Index] if row.serves == "residents" else None
            if row.status not in {"open", None} and not pd.isna(row.status):
                self.attached[row.Index] = "not_open"
            elif row.serves == "residents" and only is None:
                self.attached[row.Index] = "no_community"
            else:
                self.seed(row.Index, row.geometry, self.side(place), only)

    def seed(self, name: str, shape: Any, side: str | None, only: str | None) -> None:
        outline = shape if shape.geom_type == "Point" else shape.boundary
        found = []
        if shape.geom_type != "Point":
            for number, edge in enumerate(self.edges):
                if edge.owner == side and edge.line.intersects(outline):
                    feet = meeting_places(edge, outline)
                    found += [(self.foot_node(number, t), 0.0, only) for t in feet]
                    self.touching.append((name, number, outline, only))
        if not found:
            near = self.attach(outline, side, most=self.settings.attach_max_m)
            if near is not None:
                found = [(self.foot_node(near[0], near[1]), near[2], only)]
            elif side is not None:
                for gate, far in self.to_gates(outline, side):
                    whom = only if gate.open_all else side
                    if only in {None, whom}:
                        found.append((gate.node, far, whom))
        self.seeds[name] = found
        self.attached[name] = "attached" if found else "too_far"

    # ---- 20: extent

    def find_exits(self) -> None:
        self.exits, self.extents = {}, {}
        places = {}
        for edge in self.edges:
            places[edge.a], places[edge.b] = edge.p, edge.q
        for row in self.district.extent.itertuples():
            layer = None if pd.isna(row.layer) else row.layer
            boundary = row.geometry.boundary
            found = set()
            for number, edge in enumerate(self.edges):
                if edge.line.intersects(boundary):
                    for t in meeting_places(edge, boundary):
                        found.add(self.foot_node(number, t))
            for node in self.street_ends:
                if node in places and boundary.distance(Point(places[node])) <= (
                    self.settings.extent_tolerance_m
                ):
                    found.add(node)
            self.exits[layer], self.extents[layer] = found, row.geometry

    def finish(self) -> Net:
        # an outline along an edge is at every place of it
        for name, number, outline, only in self.touching:
            for t, node in self.feet[number]:
                if outline.distance(Point(self.edges[number].at(t))) < 1e-6:
                    self.seeds[name].append((node, 0.0, only))
        for number, edge in enumerate(self.edges):
            stops = [(0.0, edge.a), *sorted(self.feet[number]), (1.0, edge.b)]
            for (t0, u), (t1, v) in itertools.pairwise(stops):
                self.join(u, v, (t1 - t0) * edge.length)
        street = {n for e in self.edges if e.owner is None for n in (e.a, e.b)}
        open_air = set()
        for piece in nx.connected_components(self.graph):
            if piece & street:
                open_air |= piece
        for name, state in self.attached.items():
            seeds = self.seeds[name]
            if (
                state == "attached"
                and self.district.facilities.loc[name, "serves"] != "residents"
                and not any(
                    node in open_air and only is None for node, _, only in seeds
                )
            ):
                self.attached[name] = "sealed"
        return Net(
            self.edges,
            self.gates,
            self.graph,
            self.walled,
            self.resident,
            self.doors,
            self.seeds,
            self.attached,
            self.exits,
            self.extents,
            self.homes,
            self.sides,
        )


def build(district: Any, street_classes: pd.DataFrame, settings: Any) -> Net:
    """Build the network of a district from its layers."""
    return Builder(district, street_classes, settings).build()
