"""Distances and verdicts of a plain network, from METHODS §1, one row at a time.

The network is that of `oracle`. Shortest ways are SciPy's over the NetworkX graph,
from every gate and door to every node; everything after that is a least of a list.
"""

import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import shapely
from oracle import Net, build
from scipy.sparse.csgraph import dijkstra

INF = math.inf


@dataclass
class Near:
    """What one community can walk to: metres, infinite beyond the cut-off."""

    gate: dict[str, float]  # facility -> least over the gates
    doors: list[tuple[float, bool, dict[str, float]]]  # households, attached, ways
    entered: bool
    edge_m: float
    hidden: dict[str, float]  # facility -> straight line from the nearest gate

    @cached_property
    def any(self) -> dict[str, float]:
        """Facility -> least over gates and doors: what size and capacity go by."""
        ways = [self.gate, *(ways for _, _, ways in self.doors)]
        return {name: min(way[name] for way in ways) for name in self.gate}


def walk(net: Net, community: str, sources: list[int], cutoff_m: float) -> Any:
    """Return node -> column, and the distances from each source as a resident."""
    graph = net.graph
    own = [row for row in net.resident if community in row[3]]
    if own:
        graph = graph.copy()
        for u, v, length, _ in own:
            known = graph.get_edge_data(u, v, {"m": INF})["m"]
            graph.add_edge(u, v, m=min(known, length))
    order = {node: at for at, node in enumerate(graph.nodes)}
    matrix = nx.to_scipy_sparse_array(graph, weight="m", format="csr")
    rows = [order[node] for node in sources]
    if not rows:
        return order, np.zeros((0, len(order)))
    far = dijkstra(matrix, directed=False, indices=rows, limit=cutoff_m)
    return order, far


def to_facilities(net: Net, community: str, order: Any, far: Any) -> dict[str, float]:
    found = {}
    for name, seeds in net.seeds.items():
        ways = [
            far[order[node]] + connector
            for node, connector, only in seeds
            if only in {None, community}
        ]
        found[name] = min(ways, default=INF)
    return found


def look_around(net: Net, district: Any, community: str, cutoff_m: float) -> Near:
    mine = [gate for gate in net.gates if gate.community == community]
    used = [gate for gate in mine if gate.used]
    doors = [door for door in net.doors.values() if door[0] == community]
    links = [link for _, _, links in doors for link in links]
    sources = [gate.node for gate in used] + [node for node, _ in links]
    order, far = walk(net, community, sources, cutoff_m)

    # from the gates, inner walk not included
    gate: dict[str, float] = dict.fromkeys(net.seeds, INF)
    for row in range(len(used)):
        for name, way in to_facilities(net, community, order, far[row]).items():
            gate[name] = min(gate[name], way)

    # from the doors
    counted = []
    rows = iter(range(len(used), len(sources)))
    for _, households, own in doors:
        ways = dict.fromkeys(net.seeds, INF)
        for (_, connector), row in zip(own, rows, strict=False):
            found = to_facilities(net, community, order, far[row])
            ways = {name: min(ways[name], found[name] + connector) for name in ways}
        counted.append((households, bool(own), ways))
    near = Near(
        cap(gate, cutoff_m),
        [(h, on, cap(ways, cutoff_m)) for h, on, ways in counted],
        bool(used),
        edge_distance(net, mine, used, order, far),
        hidden_from(net, district, community, mine),
    )
    # what its own people walk to is not hidden from them
    near.hidden = {n: m for n, m in near.hidden.items() if near.any[n] == INF}
    return near


def cap(ways: dict[str, float], cutoff_m: float) -> dict[str, float]:
    return {name: way if way <= cutoff_m else INF for name, way in ways.items()}


def edge_distance(net: Net, mine: Any, used: Any, order: Any, far: Any) -> float:
    """Least way from a gate to where the network leaves the extent."""
    best = INF
    layers = {None, "facilities"} & set(net.exits)
    for layer, gate in itertools.product(layers, mine):
        if not net.areas[layer].covers(shapely.Point(gate.place)):
            best = 0.0
    for layer, (row, _) in itertools.product(layers, enumerate(used)):
        nodes = [order[node] for node in net.exits[layer] if node in order]
        best = min([best, *far[row][nodes].tolist()])
    return best


def hidden_from(net: Net, district: Any, community: str, mine: Any) -> dict[str, float]:
    """Facilities that are there but cannot be walked to, by straight line."""
    found = {}
    for row in district.facilities.itertuples():
        name = row.Index
        state = net.attached[name]
        if state not in {"too_far", "sealed", "no_community"}:
            continue
        if row.serves == "residents" and net.home[name] not in {None, community}:
            continue
        found[name] = min(
            (row.geometry.distance(shapely.Point(gate.place)) for gate in mine),
            default=INF,
        )
    return found


class Judge:
    """One community and one category at a time, in the words of METHODS §1."""

    def __init__(self, district: Any, rules: Any, settings: Any) -> None:
        self.district, self.rules, self.settings = district, rules, settings
        self.net = build(district, rules.street_classes, settings)
        self.searched = settings.cutoff_m
        self.communities = sorted(district.communities.index)
        self.near = {
            name: look_around(self.net, district, name, self.searched)
            for name in self.communities
        }
        table = district.facilities
        status = table["status"].fillna("open")
        self.open = table[status == "open"]

    def rows(self) -> pd.DataFrame:
        rows = [
            self.judge(community, need)
            for community in self.communities
            for need in self.rules.requirements.values()
        ]
        return pd.DataFrame(rows)

    def judge(self, community: str, need: Any) -> dict[str, Any]:
        near = self.near[community]
        names = list(self.open.index[self.open["category"] == need.category])
        threshold, reach = need.threshold_m, need.reach_m(self.settings)
        ways = {name: near.gate[name] for name in names}
        best = min(ways.values(), default=INF)
        reached = {name: near.any[name] for name in names}
        hidden = {n: near.hidden[n] for n in names if n in near.hidden}
        limit = reach if threshold is None else threshold
        share, distance = self.test_distance(near, names, limit, hidden)
        states = [
            distance if need.distance is not None else "not_required",
            self.test_size(near, need, reached, hidden, reach),
            self.test_capacity(community, need, reached, hidden, reach),
        ]
        absent = not (self.district.facilities["category"] == need.category).any()
        if absent:
            doubt = self.district.ambiguous.get(need.category, 0) > 0
            word = "unknown" if doubt else "no_data"
            states = ["not_required" if s == "not_required" else word for s in states]
        if not need.required:
            states = ["not_required"] * 3
        state = self.combine(need, states, absent=absent)
        verdicts = {
            self.test_distance(near, names, limit * by, {})[1]
            for by in (
                1 - self.settings.borderline_share,
                1 + self.settings.borderline_share,
            )
        }
        doors = bool(near.doors)
        if doors:
            borderline = len(verdicts) == 2
        else:
            by = self.settings.borderline_share
            borderline = (1 - by) * best <= limit < (1 + by) * best
        certainty = ""
        if state == "short" and near.edge_m < limit:
            certainty = "edge"
        elif state in {"met", "short"}:
            certainty = "borderline" if borderline else "certain"
        return {
            "community_id": community,
            "category": need.category,
            "distance_m": best if best < INF else math.nan,
            "ways": ways,
            "share": share,
            "distance_state": states[0],
            "size_state": states[1],
            "capacity_state": states[2],
            "state": state,
            "certainty": certainty,
            "edge_m": near.edge_m,
            "touchy": self.is_touchy(near, names, reach, limit),
        }

    @staticmethod
    def combine(need: Any, states: list[str], *, absent: bool) -> str:
        if not need.required:
            return "not_required"
        if absent and "no_data" in states:
            return "no_data"
        left = [state for state in states if state != "not_required"]
        if not left:
            return "unknown"
        for word in ("no_data", "short", "unknown"):
            if word in left:
                return word
        return "met"

    def share(
        self, near: Near, names: list[str], within_m: float
    ) -> tuple[float, float]:
        """Bounds of the share of households within a distance."""
        if not near.doors:
            best = min((near.gate[name] for name in names), default=INF)
            return (float(best <= within_m),) * 2
        total = sum(households for households, _, _ in near.doors)
        met = lost = 0.0
        for households, attached, ways in near.doors:
            if not attached:
                lost += households
            elif min((ways[name] for name in names), default=INF) <= within_m:
                met += households
        return met / total, (met + lost) / total

    def test_distance(
        self, near: Near, names: list[str], within_m: float, hidden: dict[str, float]
    ) -> tuple[tuple[float, float], str]:
        low, high = self.share(near, names, within_m)
        least = self.settings.coverage_share_min
        if not near.entered:
            return (low, high), "unknown"
        if low >= least:
            return (low, high), "met"
        if high >= least or any(far <= within_m for far in hidden.values()):
            return (low, high), "unknown"
        return (low, high), "short"

    def size_of(self, need: Any, name: str) -> str:
        row = self.open.loc[name]
        if need.min_floor_area_m2 is not None:
            have, least = row["floor_area_m2"], need.min_floor_area_m2
        else:
            have, least = row["land_area_m2"], need.min_land_area_m2
        if pd.isna(have):
            return "unknown"
        return "large" if have >= least else "small"

    def test_size(
        self, near: Near, need: Any, ways: Any, hidden: dict[str, float], reach: float
    ) -> str:
        if need.size is None:
            return "not_required"
        sizes = {self.size_of(need, name) for name, way in ways.items() if way <= reach}
        if not near.entered:
            return "unknown"
        if "large" in sizes:
            return "met"
        if not sizes or "unknown" in sizes:
            return "unknown"
        doubt = any(
            far <= reach and self.size_of(need, name) != "small"
            for name, far in hidden.items()
        )
        return "unknown" if doubt else "short"

    def test_capacity(
        self,
        community: str,
        need: Any,
        ways: Any,
        hidden: dict[str, float],
        reach: float,
    ) -> str:
        if need.capacity is None:
            return "not_required"
        if need.capacity_kind != "per_1000_persons":
            return "unknown"
        people = self.district.communities["population"]
        low = high = 0.0
        reached = [name for name, way in ways.items() if way <= reach]
        for name in reached:
            sharing = [
                people[other]
                for other in self.communities
                if self.near[other].any[name] <= reach
            ]
            known = sum(number for number in sharing if not pd.isna(number))
            capacity = self.open.loc[name, "capacity"]
            if not any(pd.isna(number) for number in sharing) and not pd.isna(capacity):
                low += 1000 * capacity / known
            # nobody knows how many share it: it may be for one alone
            doubt = pd.isna(capacity) or known == 0
            high += INF if doubt else 1000 * capacity / known
        if not reached or not self.near[community].entered:
            return "unknown"
        if low >= need.capacity_value:
            return "met"
        doubt = any(far <= reach for far in hidden.values())
        return "unknown" if high >= need.capacity_value or doubt else "short"

    def is_touchy(
        self, near: Near, names: list[str], reach: float, limit: float
    ) -> bool:
        """Whether a distance stands within 2 cm of what it is held against."""
        by = self.settings.borderline_share
        marks = [
            limit * (1 - by),
            limit,
            limit * (1 + by),
            limit / (1 - by),
            limit / (1 + by),
            reach,
        ]
        marks.append(self.searched)
        far = [near.edge_m, *(near.hidden.get(name, INF) for name in names)]
        for ways in [near.gate, *(ways for _, _, ways in near.doors)]:
            far += [ways[name] for name in names]
        # the people who share a facility
        for other in self.near.values():
            far += [other.any[name] for name in names]
        return any(abs(f - mark) <= 0.02 for f in far if f < INF for mark in marks)
