"""Distances and verdicts against a second, slow and plain implementation.

`oracle` and `oracle_verdicts` are written from the definitions and share no code
with `geo`. ``PIANQU_ORACLE_TOWNS`` says how many random towns are compared.
"""

import math
import os
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from gridtown import box, line, make_district, point
from oracle import build
from oracle_verdicts import Judge, walk
from scrambled import scramble

from geo.plan import plan_district
from geo.sample import make_district as make_town_district
from geo.settings import Settings
from geo.town import make_town

TOWNS = int(os.environ.get("PIANQU_ORACLE_TOWNS", "3"))
#: Those that once disagreed, and the first few; a longer run takes as many of both.
SCRAMBLED = sorted({13, 15, 17, 18, 22, 23, 27, 29, *range(TOWNS)})
#: Distances are told to the centimetre and lengths kept to the millimetre.
TOLERANCE_M = 0.015
STATES = ("distance_state", "size_state", "capacity_state", "state", "certainty")


def disagree(district: Any, rules: Any, settings: Settings | None = None) -> list[Any]:
    """Return everything that the two implementations do not see alike."""
    settings = settings or Settings()
    plan = plan_district(district, rules, settings, until="gaps")
    judge = Judge(district, rules, settings)
    found: list[Any] = compare_networks(plan.network, judge.net, district)
    told, seen = plan.gaps, judge.rows()
    assert told["community_id"].tolist() == seen["community_id"].tolist()
    assert told["category"].tolist() == seen["category"].tolist()
    for row, other in zip(told.itertuples(), seen.itertuples(), strict=True):
        differing = compare_row(row, other)
        if differing:
            found.append((row.community_id, row.category, differing))
    return found


def same_m(one: float, other: float) -> bool:
    one, other = (math.inf if math.isnan(m) else m for m in (one, other))
    return one == other or abs(one - other) <= TOLERANCE_M


def compare_row(row: Any, other: Any) -> list[Any]:
    found = []
    # both measure to 1,250 m; either side of it is the same place
    far = [m for m in (row.distance_m, other.distance_m) if not math.isnan(m)]
    if not same_m(row.distance_m, other.distance_m) and max(far) < 1249.98:
        found.append(("distance_m", row.distance_m, other.distance_m))
    if not math.isnan(row.distance_m):
        way = other.ways[row.nearest_facility_id]
        if way > row.distance_m + 2 * TOLERANCE_M:
            found.append(("nearest_facility_id", row.nearest_facility_id, way))
    if min(row.d_edge_m, other.edge_m) < 1249.98 and not same_m(
        row.d_edge_m, other.edge_m
    ):
        found.append(("d_edge_m", row.d_edge_m, other.edge_m))
    if other.touchy:  # a distance stands at a threshold, or the text is not clear
        return found
    for name in STATES:
        said = getattr(row, name)
        said = "" if pd.isna(said) else said
        if said != getattr(other, name):
            found.append((name, said, getattr(other, name)))
    # a share of households is not told where nobody knows how far they walk
    decided = other.state in {"met", "short"} and other.distance_state != "unknown"
    low, high = other.share
    if decided and not low - 1e-9 <= row.coverage_share <= high + 1e-9:
        found.append(("coverage_share", row.coverage_share, other.share))
    if not decided and not pd.isna(row.coverage_share):
        found.append(("coverage_share", row.coverage_share, math.nan))
    return found


def compare_networks(network: Any, net: Any, district: Any) -> list[Any]:
    found: list[Any] = []
    if network.attached.to_dict() != net.attached:
        pairs = network.attached.items()
        found += [(k, v, net.attached[k]) for k, v in pairs if v != net.attached[k]]
    for position, name in enumerate([None, *district.communities.index]):
        mine = (network.street >= 0) & (network.inside == position - 1)
        length = network.length_m[mine].sum()
        other = sum(edge.length for edge in net.edges if edge.owner == name)
        if abs(length - other) > 0.01 + 0.001 * mine.sum():
            found.append(("length", name, length, other))
        gates = network.gates[network.gates["community_id"] == name]
        told = {
            (row.geometry.x, row.geometry.y, row.node >= 0)
            for row in gates.itertuples()
        }
        seen = {(*g.place, g.used) for g in net.gates if g.community == name}
        for one, many in [(g, seen) for g in told] + [(g, told) for g in seen]:
            near = (math.dist(one[:2], g[:2]) < 0.02 and one[2] == g[2] for g in many)
            if not any(near):
                found.append(("gate", name, one))
    doors = {row.Index: row for row in network.doors.itertuples()}
    if set(doors) != set(net.doors):
        found.append(("doors", set(doors) ^ set(net.doors)))
    for name in set(doors) & set(net.doors):
        owner, _, links = net.doors[name]
        if (doors[name].community_id, doors[name].node >= 0) != (owner, bool(links)):
            found.append(("door", name))
    return found


@pytest.mark.parametrize("seed", range(TOWNS))
def test_random_towns(rules, seed):
    rng = np.random.default_rng(seed)
    town = make_town(
        seed,
        communities=int(rng.integers(8, 31 if TOWNS > 12 else 19)),
        river=bool(rng.random() < 0.8),
        railway=bool(rng.random() < 0.8),
        walled_share=float(rng.uniform(0.2, 1)),
        all_share=float(rng.uniform(0, 0.8)),
        buildings=bool(rng.random() < 0.75),
        sealed_share=float(rng.choice([0, 0.1, 0.4])),
        absent=("canteen", "market") if rng.random() < 0.3 else (),
    )
    assert disagree(make_town_district(town), rules) == []


@pytest.mark.parametrize("seed", SCRAMBLED)
def test_scrambled_towns(rules, seed):
    # 14.7 m: no wing of a block is exactly twice as wide
    settings = Settings(boundary_tolerance_m=14.7)
    assert disagree(scramble(seed), rules, settings) == []


def test_the_oracle_sees_a_false_distance(rules, monkeypatch):
    town = make_town_district(make_town(1, communities=8))
    monkeypatch.setattr("oracle_walls.CM", 1.0)
    for module in ("oracle_streets", "oracle_walls", "oracle"):
        monkeypatch.setattr(f"{module}.MM", 0.5)
    assert disagree(town, rules) != []


def test_networkx_walks_as_far(rules):
    district = scramble(4)
    net = build(district, rules.street_classes, Settings())
    source = next(gate.node for gate in net.gates if gate.used)
    order, far = walk(net, "", [source], 1250.0)
    lengths = nx.single_source_dijkstra_path_length(net.graph, source, 1250.0, "m")
    told = {node: far[0][at] for node, at in order.items() if far[0][at] < math.inf}
    assert told == pytest.approx(lengths)


# ---- towns by hand; the streets of most are one lattice of 50 m


def lattice(**more: Any) -> dict[str, Any]:
    steps = range(0, 301, 50)
    rows = {}
    for k in steps:
        rows[f"h{k}"] = {"at": line(*((n, k) for n in steps))}
        rows[f"v{k}"] = {"at": line(*((k, n) for n in steps))}
    return rows | more


def clinics(**places: Any) -> dict[str, Any]:
    rows = {}
    for name, place in places.items():
        at = point(*place) if isinstance(place, tuple) else place
        rows[name] = {"at": at, "category": "pharmacy"}
    return rows


def gate(owner: str, x: float, y: float, open_to: str) -> dict[str, Any]:
    return {"at": point(x, y), "community_id": owner, "open_to": open_to}


CONCAVE = box(60, 60, 190, 190).difference(box(110, 110, 190, 190))
AWRY = shapely.Polygon([(212, 215), (240, 222), (225, 242)])
FACILITIES = clinics(
    north=(125, 280), south=(20, 5), inside=(75, 120), notch=(150, 150)
)
TWINS = {
    "west": {"at": box(20, 20, 120, 130), "population": 300},
    "east": {"at": box(120, 20, 220, 130), "population": 500},
}

BY_HAND: dict[str, dict[str, Any]] = {
    "a concave walled block": {
        "communities": {"c": {"at": CONCAVE, "walled": True}},
        "gates": {
            "a": gate("c", 110, 150, "all"),
            "b": gate("c", 150, 110, "residents"),
        },
    },
    "a gate at a corner": {
        "communities": {"c": {"at": box(60, 60, 190, 190)}},
        "gates": {"a": gate("c", 60, 60, "residents")},
        "buildings": {"b": {"at": box(80, 90, 90, 99), "households": 40}},
    },
    "a street along the boundary": {
        "communities": {"c": {"at": box(40, 60, 190, 190), "walled": True}},
        "gates": {"a": gate("c", 115, 190, "residents")},
        "buildings": {"b": {"at": box(58, 90, 66, 99), "households": 40}},
    },
    "a river with one bridge": {
        "communities": {"c": {"at": box(105, 10, 145, 40)}},
        "barriers": {"r": {"at": box(-50, 110, 350, 140), "kind": "river"}},
        "streets": lattice(
            b={"at": line((220, 100), (220, 150)), "bridge": True},
            a={"at": line((200, 100), (220, 100))},
            d={"at": line((220, 150), (250, 150))},
        ),
    },
    "communities in communities": {
        "communities": {
            "big": {"at": box(20, 20, 280, 280), "walled": True},
            "small": {"at": box(60, 60, 190, 190), "walled": True},
            "open": {"at": box(90, 90, 160, 240), "walled": False},
        },
        "gates": {
            "a": gate("big", 100, 20, "all"),
            "b": gate("small", 150, 60, "residents"),
        },
    },
    "a shared gate, one side for all": {
        "communities": TWINS,
        "gates": {
            "a": gate("west", 120, 100, "all"),
            "a@east": gate("east", 120, 100, "residents"),
            "b": gate("east", 200, 20, "residents"),
        },
        "buildings": {"b": {"at": box(160, 60, 170, 70), "households": 40}},
    },
    "a shared gate for all": {
        "communities": TWINS,
        "gates": {
            "a": gate("west", 120, 100, "all"),
            "a@east": gate("east", 120, 100, "all"),
            "b": gate("east", 200, 20, "all"),
        },
    },
    "only a shared gate, people share a place of care": {
        "communities": TWINS,
        "gates": {
            "a": gate("west", 120, 100, "residents"),
            "a@east": gate("east", 120, 100, "residents"),
            "b": gate("east", 200, 20, "residents"),
        },
        "facilities": {
            "k": {"at": point(160, 104), "category": "childcare", "capacity": 4},
            "m": {"at": point(155, 96), "category": "childcare", "capacity": 1},
        },
    },
    "a facility across a wall": {
        "communities": {"c": {"at": box(60, 60, 190, 190)}},
        "gates": {"a": gate("c", 100, 60, "all")},
        "facilities": clinics(f=box(140, 140, 210, 160), g=box(185, 90, 260, 110)),
    },
    "doors behind a wall without streets": {
        "communities": {"c": {"at": box(55, 55, 95, 95)}},
        "gates": {
            "a": gate("c", 75, 55, "all"),
            "b": gate("c", 55, 75, "residents"),
        },
        "barriers": {"w": {"at": line((60, 60), (70, 90)), "kind": "wall"}},
        "buildings": {"b": {"at": box(80, 80, 90, 90), "households": 40}},
        "facilities": clinics(f=(85, 65), g=(20, 105)),
    },
    "a bridge over a street": {
        "communities": {"c": {"at": box(105, 10, 145, 40)}},
        "streets": {
            "low": {"at": line((0, 0), (100, 0), (200, 0), (300, 0))},
            "high": {
                "at": line((0, 100), (100, 100), (100, 0), (100, -100)),
                "bridge": True,
            },
            "ramp": {"at": line((200, 0), (200, 100), (100, 100))},
        },
        "facilities": clinics(f=(100, -90), g=(205, 60)),
    },
    "a railway with a level crossing": {
        "communities": {"c": {"at": box(105, 10, 145, 40)}},
        "streets": lattice(
            x={"at": line((275, 100), (275, 150)), "crossing": True},
            y={"at": line((250, 100), (275, 100))},
            z={"at": line((250, 150), (275, 150))},
        ),
        "barriers": {"r": {"at": line((-50, 120), (350, 130)), "kind": "railway"}},
    },
    "pieces": {
        "communities": {
            "c": {"at": box(105, 10, 145, 40)},
            "d": {"at": box(505, 10, 545, 40)},
        },
        "streets": lattice(x={"at": line((500, 0), (600, 0))}),
    },
    "walls through junctions": {
        "communities": {"c": {"at": box(105, 10, 145, 40)}},
        "barriers": {
            "w": {"at": line((50, 50), (150, 150), (250, 150)), "kind": "wall"},
            "v": {"at": line((150, 150), (150, 250)), "kind": "wall"},
            "r": {"at": line((100, 20), (100, 200), (130, 230)), "kind": "river"},
        },
    },
    "a path behind the neighbour's wall": {
        "communities": {
            "open": {"at": box(20, 20, 120, 130), "walled": False},
            "shut": {"at": box(120, 20, 220, 130), "walled": True},
        },
        "gates": {"a": gate("shut", 120, 100, "residents")},
    },
    "a wall on the boundary of an open community": {
        "communities": {"c": {"at": box(60, 60, 190, 190), "walled": False}},
        "barriers": {"w": {"at": box(60, 60, 190, 190).exterior, "kind": "wall"}},
    },
    "walled, but no gate is known": {
        "communities": {
            "c": {"at": box(60, 60, 190, 190), "walled": True},
            # askew: it is nearest to the streets at one place
            "d": {"at": AWRY, "walled": True},
        },
    },
    "sealed, for residents, planned": {
        "communities": {
            "c": {"at": box(60, 60, 190, 190)},
            "d": {"at": box(5, 5, 45, 45)},
        },
        "gates": {"a": gate("c", 100, 60, "residents")},
        "facilities": {
            "in": {"at": point(120, 104), "category": "pharmacy"},
            "own": {"at": point(140, 90), "category": "market", "serves": "residents"},
            "soon": {"at": point(20, 2), "category": "childcare", "status": "planned"},
        },
    },
    "facilities with an extent of their own": {
        "communities": {"c": {"at": box(105, 10, 145, 40)}},
        "extent": {
            "x": {"at": box(-200, -200, 500, 320)},
            "f": {"at": box(-20, -20, 180, 500), "layer": "facilities"},
        },
    },
}


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("turned", [False, True], ids=["rows", "rows turned round"])
def test_towns_by_hand(rules, name, turned):
    layers = {"streets": lattice(), "facilities": FACILITIES} | BY_HAND[name]
    if turned:
        layers = {key: dict(reversed(rows.items())) for key, rows in layers.items()}
    assert disagree(make_district(**layers), rules) == []


# ---- what the comparison has found


@pytest.mark.parametrize("first", ["street", "path"])
def test_a_neighbours_inner_path_is_no_gate(rules, first):
    # both end at one place of the common boundary, as they do at a gate
    streets = {
        "street": {"at": line((0, 50), (100, 50))},
        "path": {"at": line((100, 50), (200, 50), (300, 50))},
        "around": {"at": line((0, 50), (0, -200), (300, -200), (300, 50))},
    }
    layers = {
        "streets": {first: streets.pop(first)} | streets,
        "communities": {
            "open": {"at": box(20, 0, 100, 100), "walled": False},
            "shut": {"at": box(100, 0, 220, 100), "walled": True},
        },
        "gates": {"g": gate("shut", 100, 50, "residents")},
        "facilities": clinics(f=(205, 45)),
    }
    network = plan_district(
        make_district(**layers), rules, Settings(), until="gaps"
    ).network
    ends = network.gates.loc[network.gates["community_id"] == "open", "node"]
    inner = network.inside >= 0
    assert not np.isin(ends, [network.u[inner], network.v[inner]]).any()


def test_runs_beside_a_boundary_end_where_they_leave_it(rules):
    # 10 degrees away from the boundary, so that its end says much about its middle
    streets = {"s": {"at": line((100, -2), (100 + 200, -2 - 200 * math.tan(0.1)))}}
    community = box(0, 0, 400, 100)
    district = make_district(streets=streets, communities={"c": {"at": community}})
    network = plan_district(district, rules, Settings(), until="gaps").network
    gates = network.gates[network.gates["origin"] == "along"]
    stop = 100 + 13 / math.tan(0.1)  # 15 m south of the boundary
    place = shapely.get_coordinates(gates.geometry.to_numpy())
    assert place[:, 0].tolist() == pytest.approx([500_000 + (100 + stop) / 2], abs=1e-3)
