"""Facilities that exist but cannot be walked to (`geo.hidden`)."""

from gridtown import box, line, make_district, point

from geo.plan import plan_district
from geo.settings import Settings


def judge(rules, **layers):
    """Return the state of the distance to a kindergarten (300 m), by community."""
    gaps = plan_district(make_district(**layers), rules, Settings(), until="gaps").gaps
    rows = gaps[gaps["category"] == "kindergarten"].set_index("community_id")
    return rows["distance_state"].to_dict(), rows["distance_m"].to_dict()


def gate(owner, x, y):
    return {"at": point(x, y), "community_id": owner, "open_to": "residents"}


OUTSIDE = {"o": {"at": line((0, 0), (500, 0))}}
SOUTH = {"south": {"at": box(120, -60, 200, -10)}}


def test_cut_off_from_ones_own_gates_is_unknown(rules):
    # a garden wall parts the street with the kindergarten from the gate
    state, _ = judge(
        rules,
        streets=OUTSIDE | {"s": {"at": line((150, 30), (150, 150))}},
        communities={"c": {"at": box(100, 20, 200, 180)}} | SOUTH,
        gates={"g": gate("c", 150, 20)},
        barriers={"w": {"at": line((100, 80), (200, 80)), "kind": "wall"}},
        facilities={"f": {"at": point(152, 140), "category": "kindergarten"}},
    )
    assert state == {"c": "unknown", "south": "unknown"}


def test_not_hidden_from_neighbours_with_a_shared_gate(rules):
    # through the gate it is 590 m, in a straight line 42 m
    street = line((125, 100), (400, 100), (400, 60), (130, 60))
    state, far = judge(
        rules,
        streets=OUTSIDE | {"s": {"at": street}},
        communities={
            "east": {"at": box(120, 20, 420, 130)},
            "west": {"at": box(20, 20, 120, 130)},
        }
        | SOUTH,
        gates={"g": gate("west", 120, 100), "g@east": gate("east", 120, 100)},
        facilities={"f": {"at": point(130, 58), "category": "kindergarten"}},
    )
    assert state == {"east": "short", "south": "unknown", "west": "short"}
    assert (far["east"], far["west"]) == (592.0, 592.0)
