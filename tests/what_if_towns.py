"""Random towns and random steps, and a plan made the plain way to compare with."""

from typing import Any

import numpy as np
import pandas as pd

from geo.lifecircle import LifeCircle, measure_life_circle
from geo.network import build_network
from geo.sample import make_district
from geo.settings import Settings
from geo.town import make_town
from geo.walls import find_walled
from geo.what_if import WhatIf
from geo.what_if_judge import SEEN
from geo.what_if_steps import Step, apply_steps

#: Columns compared: what a planner sees, and what it is made from.
COMPARED = (
    *SEEN,
    "straight_state",
    "straight_distance_m",
    "elder_state",
    "elder_state_5min",
    "state_10min",
    "facilities",
    "d_edge_m",
    "large_distance_m",
    "capacity_low",
    "capacity_high",
    "distance_cause",
    "size_cause",
    "capacity_cause",
    "households_within",
    "households_beyond",
    "gate_id",
    "off_piece",
)
#: Lengths are kept to the millimetre, distances told to the centimetre.
TOLERANCE_M = 0.015


def measure(district: Any, rules: Any, settings: Settings) -> LifeCircle:
    """Measure a district from the beginning."""
    network = build_network(district, rules, settings)
    return measure_life_circle(district, network, rules, settings)


def make_random_town(seed: int) -> Any:
    """Make a small town, with walls, fences and things missing by chance."""
    rng = np.random.default_rng(seed)
    town = make_town(
        seed,
        communities=int(rng.integers(8, 20)),
        river=bool(rng.random() < 0.8),
        railway=bool(rng.random() < 0.8),
        walled_share=float(rng.uniform(0.2, 1)),
        all_share=float(rng.uniform(0, 0.8)),
        buildings=bool(rng.random() < 0.75),
        sealed_share=float(rng.choice([0, 0.1, 0.4])),
        absent=("canteen", "market", "childcare") if rng.random() < 0.3 else (),
    )
    return make_district(town)


def draw_step(rng: Any, district: Any, done: Any, categories: Any) -> Step:
    """Draw a step that can be done on a district, as a rule."""
    kind = rng.choice(["add", "close", "open_gate", "use"], p=[0.35, 0.2, 0.25, 0.2])
    category = str(rng.choice(categories))
    if kind == "close":
        open_ = district.facilities["status"] == "open"
        new = [step.id for step in done if step.kind in ("add", "use")]
        pool = [*district.facilities.index[open_], *new * 5]
        return Step(kind="close", facility_id=str(rng.choice(pool)))
    if kind == "use" and len(district.idle):
        capacity = None if rng.random() < 0.5 else 20.0
        name = str(rng.choice(district.idle.index))
        return Step(kind="use", category=category, idle_id=name, capacity=capacity)
    walled = np.flatnonzero(find_walled(district.communities, district.gates))
    if kind == "open_gate" and len(walled):
        row = rng.choice(walled)
        ring = district.communities.geometry.iloc[row].exterior
        point = ring.interpolate(rng.uniform(0, ring.length))
        x, y = np.array([point.x, point.y]) + rng.uniform(-5, 5, 2)
        name = str(district.communities.index[row])
        to = str(rng.choice(["all", "residents"]))
        return Step(
            kind="open_gate", community_id=name, x=float(x), y=float(y), open_to=to
        )
    return draw_facility(rng, district, category)


def draw_facility(rng: Any, district: Any, category: str) -> Step:
    """Draw a facility in or beside a community."""
    row = rng.integers(len(district.communities))
    west, south, east, north = district.communities.geometry.iloc[row].bounds
    sizes = [
        None if rng.random() < 0.4 else float(rng.choice([10, 100, 400, 2000, 5000]))
        for _ in range(2)
    ]
    return Step(
        kind="add",
        category=category,
        x=float(rng.uniform(west - 60, east + 60)),
        y=float(rng.uniform(south - 60, north + 60)),
        floor_area_m2=sizes[0],
        land_area_m2=sizes[1],
        capacity=None if rng.random() < 0.3 else float(rng.integers(5, 100)),
    )


def disagree(told: pd.DataFrame, seen: pd.DataFrame) -> list[Any]:
    """Return every cell in which two tables of gaps are not alike."""
    found = []
    assert told["community_id"].tolist() == seen["community_id"].tolist()
    assert told["category"].tolist() == seen["category"].tolist()
    for name in COMPARED:
        one, two = told[name], seen[name]
        assert one.dtype == two.dtype
        same = (one == two) | (one.isna() & two.isna())
        if one.dtype.kind == "f":
            same |= (one - two).abs() <= TOLERANCE_M
        rows = np.flatnonzero(~same.to_numpy(dtype=bool))
        found += [
            (told["community_id"][row], told["category"][row], name, one[row], two[row])
            for row in rows.tolist()
        ]
    return found


def disagree_plainly(what_if: WhatIf) -> list[Any]:
    """Compare a what-if with a plan of the district after its steps."""
    circle = what_if.circle
    district, _ = apply_steps(circle.district, what_if.steps)
    plain = measure(district, circle.rules, circle.settings)
    return disagree(what_if.gaps, plain.gaps)
