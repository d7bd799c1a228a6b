"""Made-up unit problems, and units scored and chosen the slow and plain way.

`Oracle` is written from METHODS §2 and shares no code with `geo`: plain loops over
plain numbers, and every partition counted.
"""

import math
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import Delaunay, cKDTree

from geo.settings import UnitSettings
from geo.unit_problem import UnitProblem

NONE = np.zeros((0, 2), np.int64)


def find_pairs(places: Any) -> Any:
    """Return the Gabriel graph of some places (a path of fewer than five)."""
    count = len(places)
    if count < 5:
        return np.array([(i, i + 1) for i in range(count - 1)]).reshape(-1, 2)
    sides = Delaunay(places).simplices[:, [0, 1, 1, 2, 0, 2]].reshape(-1, 2)
    pairs = np.unique(np.sort(sides, axis=1), axis=0)
    middle = places[pairs].mean(axis=1)
    radius = np.linalg.norm(places[pairs[:, 0]] - places[pairs[:, 1]], axis=1) / 2
    return pairs[cKDTree(places).query(middle)[0] >= radius * (1 - 1e-9)]


def make_problem(
    rng: Any, pieces: tuple[int, ...] | list[int], cut: float = 0.0
) -> UnitProblem:
    """Make pieces of so many communities, numbered at random.

    `cut` is the share of the pairs that a barrier parts.
    """
    places, pairs, count = [], [], 0
    for number, size in enumerate(pieces):
        here = rng.random((size, 2)) * 200 * np.sqrt(size)
        places.append(here + np.array([20_000 * number, 0]))
        pairs.append(find_pairs(here) + count)
        count += size
    place = np.concatenate(places)
    edges = np.concatenate(pairs).astype(np.int64)
    edges = edges[rng.random(len(edges)) >= cut]
    number = rng.permutation(count)
    edges = np.sort(number[edges], axis=1)
    edges = edges[np.lexsort((edges[:, 1], edges[:, 0]))]
    placed = np.empty_like(place)
    placed[number] = place
    return add_facts(rng, placed, edges)


def add_facts(rng: Any, place: Any, edges: Any) -> UnitProblem:
    """Give communities at some places households, needs, works and the rest."""
    count = len(place)

    def gaps(values: Any, share: float) -> Any:
        return np.where(rng.random(count) < share, np.nan, values)

    households = gaps(rng.integers(30, 1200, count), 0.08)
    near = [set() for _ in range(count)]  # type: ignore[var-annotated]
    for i, j in edges.tolist():
        near[i].add(j)
        near[j].add(i)
    needs = []
    for i in range(count):
        around = near[i].union(*(near[j] for j in near[i])) - {i}
        for category in range(4):
            if around and rng.random() < 0.25:
                few = min(len(around), int(rng.integers(1, 4)))
                chosen = rng.choice(sorted(around), few, replace=False)
                needs.append((i, category, sorted(chosen.tolist())))
    helpers = [helper for *_, helper in needs]
    return UnitProblem(
        ids=pd.Index([f"C{i:05d}" for i in range(count)]),
        households=households,
        area_m2=gaps(rng.uniform(2_000, 60_000, count), 0.08),
        x=place[:, 0].copy(),
        y=place[:, 1].copy(),
        year=gaps(rng.integers(1965, 2008, count), 0.15),
        structure=rng.integers(-1, 3, count),
        condition=gaps(rng.random(count), 0.2),
        edges=edges,
        works=np.where(rng.random(len(edges)) < 0.4, 1.0, 0) * rng.integers(1, 4),
        need_community=np.array([need[0] for need in needs], np.int64),
        need_category=np.array([need[1] for need in needs], np.int64),
        helper_start=np.cumsum([0, *map(len, helpers)]).astype(np.int64),
        helper=np.array([one for some in helpers for one in some], np.int64),
    )


def make_settings(rng: Any, count: int) -> UnitSettings:
    """Make settings that bind now and then."""

    def now_and_then(value: float) -> float:
        return value if rng.random() < 0.3 else 0.0

    most = int(rng.integers(2, max(3, min(count, 8)) + 1))
    return UnitSettings(
        communities_least=int(rng.integers(1, min(most, 3) + 1)),
        communities_most=0 if rng.random() < 0.1 else most,
        households_least=int(now_and_then(600)),
        households_most=int(now_and_then(3000)),
        area_least_m2=now_and_then(30_000.0),
        area_most_m2=now_and_then(150_000.0),
        target_households=float(rng.choice([800, 1500, 3000])),
        weight_closable=float(rng.choice([0.0, 1.0])),
        weight_unlike=float(rng.choice([0.2, 1.0])),
        weight_spread=float(rng.choice([0.0, 0.2, 1.0])),
    )


class Oracle:
    """Units by the book."""

    def __init__(
        self,
        problem: UnitProblem,
        settings: UnitSettings,
        locked: Any = NONE,
        forbidden: Any = NONE,
    ) -> None:
        self.settings = settings
        self.count = len(problem.ids)
        self.households = [0.0 if math.isnan(h) else h for h in problem.households]
        self.area = [0.0 if math.isnan(m) else m for m in problem.area_m2]
        self.place = list(zip(problem.x.tolist(), problem.y.tolist(), strict=True))
        self.year = problem.year.tolist()
        self.structure = problem.structure.tolist()
        self.condition = problem.condition.tolist()
        works = zip(problem.edges.tolist(), problem.works.tolist(), strict=True)
        self.works = {tuple(pair): work for pair, work in works}
        self.near: list[set[int]] = [set() for _ in range(self.count)]
        for i, j in self.works:
            self.near[i].add(j)
            self.near[j].add(i)
        self.needs = [
            (int(owner), set(problem.helper[start:end].tolist()))
            for owner, start, end in zip(
                problem.need_community,
                problem.helper_start[:-1],
                problem.helper_start[1:],
                strict=True,
            )
        ]
        self.locked = [tuple(pair) for pair in locked.tolist()]
        self.forbidden = [tuple(pair) for pair in forbidden.tolist()]

    def unlike(self, i: int, j: int) -> float:
        """Return how different two communities are."""
        known = []
        if not math.isnan(self.year[i]) and not math.isnan(self.year[j]):
            years = abs(self.year[i] - self.year[j])
            known.append(min(years / self.settings.unlike_years, 1))
        if self.structure[i] != -1 and self.structure[j] != -1:
            known.append(float(self.structure[i] != self.structure[j]))
        if not math.isnan(self.condition[i]) and not math.isnan(self.condition[j]):
            known.append(abs(self.condition[i] - self.condition[j]))
        return sum(known) / len(known) if known else 0.0

    def terms(self, unit: list[int]) -> list[float]:
        """Return the five terms of a unit."""
        if len(unit) == 1:
            return [0.0] * 5
        own, h, inside = self.settings, self.households, set(unit)
        closable = sum(h[i] for i, by in self.needs if i in inside and by & inside)
        works = sum(
            work * min(h[i], h[j])
            for i in unit
            for j in self.near[i] & inside
            if i < j and (work := self.works[i, j])
        )
        apart = sum(abs(h[i] - own.target_households) for i in unit)
        size = apart - abs(sum(h[i] for i in unit) - own.target_households)
        unlike = sum(
            h[i] * sum(self.unlike(i, j) for j in unit if j != i) / (len(unit) - 1)
            for i in unit
        )
        weight = [h[i] for i in unit] if any(h[i] for i in unit) else [1] * len(unit)
        middle = [
            sum(w * self.place[i][axis] for w, i in zip(weight, unit, strict=True))
            / sum(weight)
            for axis in (0, 1)
        ]
        spread = sum(h[i] * math.dist(self.place[i], middle) for i in unit)
        return [
            own.weight_closable * closable,
            own.weight_works * works,
            own.weight_size * size,
            -own.weight_unlike * unlike,
            -own.weight_spread * spread / own.spread_m,
        ]

    def connected(self, unit: list[int]) -> bool:
        """Tell whether a unit hangs together."""
        reached, waiting = {unit[0]}, [unit[0]]
        while waiting:
            for other in self.near[waiting.pop()]:
                if other in unit and other not in reached:
                    reached.add(other)
                    waiting.append(other)
        return len(reached) == len(unit)

    def bounded(self, unit: list[int]) -> bool:
        """Tell whether a unit keeps the bounds; one community always does."""
        own = self.settings
        if len(unit) == 1:
            return True
        return all(
            least <= value and (most == 0 or value <= most)
            for value, least, most in (
                (len(unit), own.communities_least, own.communities_most),
                (
                    sum(self.households[i] for i in unit),
                    own.households_least,
                    own.households_most,
                ),
                (
                    sum(self.area[i] for i in unit),
                    own.area_least_m2,
                    own.area_most_m2,
                ),
            )
        )

    def allowed(self, unit: list[int]) -> bool:
        """Tell whether a unit may be."""
        inside = set(unit)
        return (
            all((i in inside) == (j in inside) for i, j in self.locked)
            and not any({i, j} <= inside for i, j in self.forbidden)
            and self.bounded(unit)
            and self.connected(unit)
        )

    def units(self) -> list[list[int]]:
        """Return all units that may be."""
        return [
            list(unit)
            for size in range(1, self.count + 1)
            for unit in combinations(range(self.count), size)
            if self.allowed(list(unit))
        ]

    def best(self) -> float:
        """Return the greatest score of all partitions (minus infinity: none)."""
        by_first: dict[int, list[tuple[int, float]]] = {}
        for unit in self.units():
            mask = sum(1 << i for i in unit)
            by_first.setdefault(unit[0], []).append((mask, sum(self.terms(unit))))

        @cache
        def search(left: int) -> float:
            if not left:
                return 0.0
            first = (left & -left).bit_length() - 1
            return max(
                (
                    score + search(left & ~mask)
                    for mask, score in by_first.get(first, [])
                    if mask & left == mask
                ),
                default=-math.inf,
            )

        return search((1 << self.count) - 1)


def list_units(unit: Any) -> list[list[int]]:
    """Return the members of each unit."""
    labels = sorted(set(unit.tolist()) - {-1})
    return [np.flatnonzero(unit == label).tolist() for label in labels]
