"""A second walk network, slow and plain, to hold the first against.

It is written from the definitions in the docstring of `geo.network` (their numbers
stand in the comments) and from METHODS §1 alone, shares no code with `geo`, and
takes the layers of a district as they are. Lists, loops and one geometry at a time:
nothing here is meant to be fast. Streets and barriers are in `oracle_streets`, walls
and attaching in `oracle_walls`; `oracle_verdicts` judges what is found here.
"""

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import networkx as nx
import pandas as pd
import shapely
import shapely.ops
from oracle_streets import MM, Edge, Place, corners, meeting_places, parts
from oracle_walls import Gate, Walls
from shapely.geometry import Point


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


class Builder(Walls):
    """Makes the network step by step; the order is that of the definitions."""

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
                places = [place[:2] for place in corners(boundary)]
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
