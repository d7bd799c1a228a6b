"""The plain network's streets: what they are, where they meet, what cuts them.

Definitions 1 to 6 of `geo.network`; see `oracle`.
"""

import bisect
import itertools
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import networkx as nx
import pandas as pd
import shapely
from shapely.geometry import LineString, Point

Place = tuple[float, float]

MM = 0.001
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


def corners(line: Any) -> list[Any]:
    return [place for part in parts(line) for place in part.coords]


def true(value: Any) -> bool:
    return not pd.isna(value) and bool(value)


class Streets:
    """Streets and barriers: the edges, with nothing attached to them."""

    def __init__(self, district: Any, street_classes: pd.DataFrame, settings: Any):
        self.district, self.settings = district, settings
        self.classes = {
            (row.key, str(row.value)): row for row in street_classes.itertuples()
        }
        self.nodes = itertools.count()
        self.edges: list[Edge] = []
        self.shapes = dict(district.communities.geometry.items())
        self.areas = {name: shape.area for name, shape in self.shapes.items()}

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
