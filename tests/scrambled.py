"""Small towns in which everything may fall on everything else.

Streets, walls, rivers, gates and facilities stand on a coarse lattice, so that
vertices meet lines, gates stand at corners, streets run on boundaries and barriers
end at junctions: what real data does now and then happens here all the time.
"""

from typing import Any

import numpy as np
import shapely
from gridtown import box, line, make_district, point

from geo.district import District

SIDE, STEP = 6, 40.0
CATEGORIES = ("childcare", "kindergarten", "pharmacy", "convenience", "market")


class Dice:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def pick(self, values: Any) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def spot(self, step: float = 10.0) -> tuple[float, float]:
        many = int(SIDE * STEP / step)
        return tuple(float(k) * step for k in self.rng.integers(0, many + 1, 2))


def scramble(seed: int) -> District:
    dice = Dice(seed)
    streets = lay_streets(dice)
    communities, gates = lay_communities(dice)
    return make_district(
        streets=streets,
        communities=communities,
        gates=gates,
        buildings=lay_buildings(dice, communities),
        facilities=lay_facilities(dice, communities),
        barriers=lay_barriers(dice),
        extent=lay_extent(dice),
    )


def lay_streets(dice: Dice) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}

    def add(*places: tuple[float, float]) -> None:
        row: dict[str, Any] = {"at": line(*places), "highway": "residential"}
        row["bridge"] = dice.chance(0.08)
        row["crossing"] = dice.chance(0.03)
        row["level"] = 1 if row["bridge"] and dice.chance(0.5) else 0
        if dice.chance(0.04):
            row["foot"] = "no"
        rows[f"s{len(rows):03d}"] = row

    # a bent lattice with gaps; some streets hold the junctions as inner vertices
    for k in range(SIDE + 1):
        for upright in (True, False):
            for run in cut_up(dice, bend(dice, k)):
                add(*(place if upright else place[::-1] for place in run))
    for _ in range(6):
        start, stop = dice.spot(), dice.spot()
        if start != stop:
            add(start, stop)
    return rows


def bend(dice: Dice, k: int) -> list[tuple[float, float]]:
    places = []
    for n in range(SIDE + 1):
        bent = n % 2 and dice.chance(0.3)
        shift = dice.pick([0.0, 0.0, 0.0, 3.0, 10.0]) if bent else 0.0
        places.append((k * STEP + shift, n * STEP))
    return places


def cut_up(dice: Dice, places: list[tuple[float, float]]) -> list[list[Any]]:
    runs: list[list[Any]] = [[places[0]]]
    for place in places[1:]:
        if dice.chance(0.2):
            runs.append([place])
            continue
        runs[-1].append(place)
        if dice.chance(0.5):
            runs.append([place])
    return [run for run in runs if len(run) > 1]


def lay_communities(dice: Dice) -> tuple[dict[str, Any], dict[str, Any]]:
    communities: dict[str, Any] = {}
    gates: dict[str, Any] = {}
    for k in range(int(dice.rng.integers(2, 6))):
        x, y = dice.spot(20.0)
        wide, deep = (float(v) * 10 for v in dice.rng.integers(4, 13, 2))
        shape = box(x, y, x + wide, y + deep)
        if dice.chance(0.4):  # a notch makes it concave
            shape = shape.difference(
                box(x + wide / 2, y + deep / 2, x + wide, y + deep)
            )
        if dice.chance(0.2):
            shape = shapely.affinity.rotate(shape, 17.0)
        name = f"c{k}"
        communities[name] = {
            "at": shape,
            "walled": dice.pick([None, True, False]),
            "households": dice.pick([None, 100.0]),
            "population": dice.pick([None, 300.0]),
        }
        ring = shape.exterior
        for n in range(int(dice.rng.integers(0, 4))):
            corner = dice.chance(0.2)
            at = (
                ring.coords[n]
                if corner
                else ring.interpolate(dice.rng.random(), normalized=True)
            )
            at = shapely.Point(at)
            if dice.chance(0.2):
                at = shapely.Point(at.x + 4.0, at.y)
            gates[f"g{k}_{n}"] = {
                "at": at,
                "community_id": name,
                "open_to": dice.pick(["all", "residents"]),
            }
            for other, row in list(communities.items())[:-1]:
                if row["at"].distance(at) < 5 and dice.chance(0.7):
                    gates[f"g{k}_{n}@{other}"] = {
                        "at": at,
                        "community_id": other,
                        "open_to": dice.pick(["all", "residents"]),
                    }
    return communities, gates


def lay_buildings(dice: Dice, communities: dict[str, Any]) -> dict[str, Any]:
    rows = {}
    for n in range(14):
        x, y = dice.spot(5.0)
        owner = dice.pick([None, None, *communities])
        rows[f"b{n}"] = {
            "at": box(x, y, x + 7, y + 9),
            "households": dice.pick([None, 10.0, 24.0]),
            "community_id": owner if dice.chance(0.3) else None,
        }
    return rows if dice.chance(0.7) else {}


def lay_facilities(dice: Dice, communities: dict[str, Any]) -> dict[str, Any]:
    rows = {}
    for n in range(18):
        x, y = dice.spot(5.0)
        at: Any = point(x + 1, y + 2)
        if dice.chance(0.3):
            at = box(x, y, x + 31, y + 17)
        elif dice.chance(0.4):
            shape = dice.pick(list(communities.values()))["at"]
            at = shape.representative_point()
        rows[f"f{n:02d}"] = {
            "at": at,
            "category": dice.pick(CATEGORIES),
            "floor_area_m2": dice.pick([None, 40.0, 250.0, 3000.0]),
            "capacity": dice.pick([None, 2.0, 30.0]),
            "serves": "residents" if dice.chance(0.2) else "all",
            "status": "planned" if dice.chance(0.1) else "open",
        }
    return rows


def lay_barriers(dice: Dice) -> dict[str, Any]:
    rows = {}
    for n in range(int(dice.rng.integers(0, 5))):
        places = [dice.spot(dice.pick([10.0, 20.0, 40.0])) for _ in range(3)]
        at: Any = line(*places)
        if dice.chance(0.25):
            x, y = places[0]
            at = box(x, y, x + 60, y + 25)
        if at.length == 0:
            continue
        kind = dice.pick(["wall", "river", "railway", "expressway"])
        rows[f"w{n}"] = {"at": at, "kind": kind}
    return rows


def lay_extent(dice: Dice) -> dict[str, Any]:
    rows = {"x": {"at": box(-10, -10, 235, 260)}}
    if dice.chance(0.3):
        rows["xf"] = {"at": box(-40, -40, 150, 300), "layer": "facilities"}
    return rows
