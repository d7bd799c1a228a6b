"""Neighbours found the slow way: by flooding a grid, and by walking drawn lines.

Nothing here is taken from the package but the district and its walk network: what
a separator is, which parts of an outline count, what touches and what is walked
are found anew from the definitions of :mod:`geo.neighbours`.
"""

from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import shapely
from scipy import ndimage

MAIN = {
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
}
SLIVER_M = 15.0


def list_separators(district: Any) -> tuple[list[Any], list[Any]]:
    """Return the lines and the areas that keep communities apart."""
    shapes = [
        row.geometry
        for row in district.barriers.itertuples()
        if row.kind in {"river", "railway", "expressway"}
    ]
    for row in district.streets.itertuples():
        tunnel = bool(getattr(row, "tunnel", False) or False)
        level = getattr(row, "level", 0)
        below = not pd.isna(level) and float(level) < 0
        if row.highway in MAIN and not tunnel and not below:
            shapes.append(row.geometry)
    lines = [s for s in shapes if "Line" in s.geom_type]
    areas = [s for s in shapes if "Polygon" in s.geom_type]
    return lines, areas


class Flood:
    """Floods a grid over two communities."""

    def __init__(self, one: Any, two: Any, separators: Any, step: float) -> None:
        lines, areas = separators
        self.shapes, self.step = (one, two), step
        west, south, east, north = shapely.union(one, two).bounds
        xs = np.arange(west - 20, east + 20, step) + step / 3
        ys = np.arange(south - 20, north + 20, step) + step / 3
        grid = np.meshgrid(xs, ys)
        self.size = grid[0].shape
        self.points = shapely.points(grid[0].ravel(), grid[1].ravel())
        window = shapely.box(west - 60, south - 60, east + 60, north + 60)
        self.lines = [s.intersection(window) for s in lines if s.intersects(window)]
        self.areas = [s.intersection(window) for s in areas if s.intersects(window)]
        # wide enough that the flood, which goes straight, does not leak across
        self.dry = ~self.near(self.lines, 0.75 * step) & ~self.near(self.areas, 0.0)
        self.bodies = [self.body(shape) for shape in self.shapes]
        away = [shapely.distance(shape, self.points) for shape in self.shapes]
        self.away = np.min(away, axis=0).reshape(self.size)

    def near(self, shapes: list[Any], within: float) -> np.ndarray:
        found = np.zeros(self.size, dtype=bool)
        for shape in shapes:
            shapely.prepare(shape)
            found |= shapely.dwithin(shape, self.points, within).reshape(self.size)
        return found

    def body(self, shape: Any) -> np.ndarray:
        inside = self.near([shape], 0.0) & self.dry
        label, count = ndimage.label(inside)
        met = [s for s in (*self.lines, *self.areas) if s.intersects(shape)]
        far = ~self.near(met, SLIVER_M)
        sizes = ndimage.sum_labels(inside, label, range(1, count + 1))
        kept = {int(np.argmax(sizes)) + 1} if count else set()
        deep = ndimage.sum_labels(far & inside, label, range(1, count + 1))
        # of outlines that nothing cuts every part counts
        kept |= {k + 1 for k in range(count) if deep[k] or not met}
        return np.isin(label, list(kept)) & inside

    def touches(self, gap_m: float) -> bool:
        label, _ = ndimage.label((self.away <= gap_m / 2) & self.dry)
        ones, twos = (set(label[body]) - {0} for body in self.bodies)
        return bool(ones & twos)


def flood(district: Any, a: str, b: str, gap_m: float, step: float) -> bool | None:
    """Tell whether two communities touch; None if a little more or less decides."""
    one, two = district.communities.geometry[[a, b]]
    grid = Flood(one, two, list_separators(district), step)
    said = {grid.touches(gap_m + more) for more in (-2 * step, 0.0, 2 * step)}
    return said.pop() if len(said) == 1 else None


def find_body(shape: Any, separators: Any) -> Any:
    """Return what separators leave of a community, without slivers."""
    met = [s for s in (*separators[0], *separators[1]) if s.intersects(shape)]
    if not met:
        return shape
    for separator in met:
        line = "Line" in separator.geom_type
        shape = shape.difference(separator.buffer(0.01) if line else separator)
    zone = shapely.union_all([s.intersection(shape.buffer(50)) for s in met])
    parts = list(getattr(shape, "geoms", [shape]))
    deep = [p for p in parts if not zone.buffer(SLIVER_M).covers(p)]
    largest = max(parts, key=lambda part: part.area)
    return shapely.union_all([*deep, largest])


class Stroller:
    """Walks the network drawn on the ground, never across a separator.

    A node on a separator becomes a ring of places around it; walkers go round it
    unless a separator leaves there, and along each street on its left or right.
    """

    def __init__(self, district: Any, network: Any) -> None:
        lines, areas = self.separators = list_separators(district)
        self.network = network
        self.lines = shapely.union_all(lines)
        self.areas = shapely.union_all(areas).buffer(-0.05)
        shapely.prepare(self.lines)
        shapely.prepare(self.areas)
        self.graph = nx.Graph()
        self.xy = np.stack((network.x, network.y), axis=1)
        self.ends: dict[int, list[tuple[int, float]]] = {}
        for u, v, length in zip(network.u, network.v, network.length_m, strict=True):
            self.ends.setdefault(int(u), []).append((int(v), length))
            self.ends.setdefault(int(v), []).append((int(u), length))
        self.rings: dict[int, list[tuple[Any, np.ndarray]]] = {}
        for node in self.ends:
            self.lay_ring(node)
        for u, v, length in zip(network.u, network.v, network.length_m, strict=True):
            self.lay_edge(int(u), int(v), float(length))

    def bearing(self, u: int, v: int) -> float:
        way = self.xy[v] - self.xy[u]
        return float(np.arctan2(way[1], way[0]))

    def lay_ring(self, node: int) -> None:
        here = self.xy[node]
        if shapely.distance(self.lines, shapely.Point(here)) > 0.003:
            self.rings[node] = [((node,), here)]
            return
        radius = min(0.2, 0.3 * min(length for _, length in self.ends[node]))
        angles: list[tuple[float, Any]] = []
        angles += [(k * np.pi / 10 + 0.1, (node, "o", k)) for k in range(20)]
        for other, _ in self.ends[node]:
            for side in (-1, 1):
                angle = (self.bearing(node, other) + side * 0.05) % (2 * np.pi)
                angles.append((float(angle), (node, other, side)))
        ring = [
            (name, here + radius * np.array((np.cos(angle), np.sin(angle))))
            for angle, name in sorted(angles, key=lambda pair: pair[0])
        ]
        self.rings[node] = ring
        for (one, p), (two, q) in pairwise([*ring, ring[0]]):
            if not self.lines.intersects(shapely.LineString((p, q))):
                self.graph.add_edge(one, two, weight=0.0)

    def lay_edge(self, u: int, v: int, length: float) -> None:
        way = shapely.LineString(self.xy[[u, v]])
        if self.areas.intersects(way):
            return
        for side in (-1, 1):
            ends = []
            for node, other, hand in ((u, v, side), (v, u, -side)):
                ring = dict(self.rings[node])
                name = (node, other, hand) if len(ring) > 1 else (node,)
                ends.append((name, self.beside(u, v, side, name, ring[name])))
            (one, p), (two, q) = ends
            clear = not self.lines.intersects(shapely.LineString((p, q)))
            if clear:
                self.graph.add_edge(one, two, weight=length)

    def beside(self, u: int, v: int, side: int, name: Any, place: Any) -> Any:
        """Step aside by a centimetre, so that what ends on the line is passed."""
        if len(name) > 1:
            return place
        angle = self.bearing(u, v) + side * np.pi / 2
        return place + 0.01 * np.array((np.cos(angle), np.sin(angle)))

    def starts(self, node: int, shape: Any) -> list[Any]:
        ring = [
            (name, place)
            for name, place in self.rings.get(node, [])
            if len(name) == 1 or name[1] == "o"
        ]
        away = [shapely.distance(shape, shapely.Point(p)) for _, p in ring]
        return [
            name
            for (name, _), far in zip(ring, away, strict=True)
            if far <= min(away) + 0.005
        ]

    def stand(self, node: int, shape: Any) -> list[tuple[int, float]]:
        """Move a gate beyond a separator onto it, along its connector."""
        here = shapely.Point(self.xy[node])
        way = shapely.shortest_line(here, shape)
        crossed = self.lines.intersects(way) or self.areas.intersects(way)
        if self.lines.dwithin(here, 0.01) or not crossed:
            return [(node, 0.0)]
        network = self.network
        links = zip(network.u, network.v, network.street, strict=True)
        others = [
            int(v if u == node else u)
            for u, v, street in links
            if street < 0 and node in {u, v}
        ]
        lengths = dict(self.ends[node])
        return [(n, lengths[n]) for n in others if len(self.rings[n]) > 1]

    def walks(self, district: Any, most_m: float) -> dict[tuple[str, str], float]:
        gates = self.network.gates[self.network.gates["node"] >= 0]
        doors: dict[str, set[Any]] = {}
        for row in gates.itertuples():
            outline = district.communities.geometry[row.community_id]
            shape = find_body(outline, self.separators)
            for node, way_m in self.stand(int(row.node), shape):
                for name in self.starts(node, shape):
                    door = ("gate", row.Index, name)
                    self.graph.add_edge(name, door, weight=way_m)
                    doors.setdefault(row.community_id, set()).add(door)
        found: dict[tuple[str, str], float] = {}
        for a, starts in doors.items():
            reached = nx.multi_source_dijkstra_path_length(
                self.graph, starts, cutoff=most_m
            )
            for b, stops in doors.items():
                least = min(reached.get(name, np.inf) for name in stops)
                if a < b and least <= most_m:
                    found[a, b] = least
        return self.add_shared(gates, found)

    def add_shared(self, gates: Any, found: dict[Any, float]) -> dict[Any, float]:
        """Add the gates that lead from one community straight into another."""
        for row in self.network.resident_edges.itertuples():
            way = shapely.LineString(self.xy[[row.u, row.v]])
            ones, twos = (
                set(gates["community_id"][gates["node"] == node])
                for node in (row.u, row.v)
            )
            for a in ones:
                for b in twos - {a}:
                    key = (min(a, b), max(a, b))
                    if not self.lines.dwithin(way, 0.01):
                        found[key] = min(found.get(key, np.inf), row.length_m)
        return found
