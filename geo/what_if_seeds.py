"""Seeds of facilities in a live what-if, also those beyond a new gate beside them."""

from dataclasses import replace

import numpy as np
import shapely

from geo.coverage import Floats, Ints
from geo.edges import SAME_PLACE_M
from geo.straight import Geometries
from geo.what_if_journal import Journal
from geo.what_if_kinds import Own
from geo.what_if_live import Beside, Extra, Live
from geo.what_if_places import Footing, Passage, ways_of

#: A straight line this much longer than the least is not the least, metres.
SAME_M = 1e-6


class AfreshError(Exception):
    """A step changes more than can be followed: all has to be made anew."""


def attracts(
    live: Live,
    place: shapely.Geometry,
    wall: int,
    shapes: Geometries,
    sides: Ints,
    far_m: Floats,
) -> bool:
    """Say whether anything would attach to a place rather than where it is.

    Parameters
    ----------
    live
        What is kept ready.
    place
        A point on a street.
    wall
        Row position, in the communities layer, of the wall that it is behind; -1.
    shapes, sides, far_m
        Points or polygons, the walls that they are behind, and their connectors
        (infinite: they attach nowhere).

    Returns
    -------
    bool
        Whether one of them is nearer to it, with nothing between.
    """
    near = np.flatnonzero(sides == wall)
    metres = shapely.distance(shapes[near], place)
    limit = np.minimum(far_m[near], live.network.seeder.max_m)
    near = near[metres < limit - SAME_M]
    if not len(near):
        return False
    lines = shapely.shortest_line(shapes[near], place)
    ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
    obstacles = live.network.seeder.attacher.obstacles
    crossed = obstacles.crosses(ends[:, 0], ends[:, 1], own_m=SAME_PLACE_M)
    return not crossed.all()


def note_beside(
    live: Live,
    journal: Journal,
    gate: Passage,
    far_m: float,
    beyond: Footing | None,
    one: Beside,
) -> None:
    """Note a facility beside a new gate, and its seeds beyond it.

    Parameters
    ----------
    live
        What is kept ready.
    journal
        Of the step.
    gate
        The gate.
    far_m
        Way between the two.
    beyond
        Where the gate meets the network on its other side; None: nowhere.
    one
        The facility.
    """
    noted = (*live.nearby.get(gate.id, ()), replace(one, distance_m=far_m))
    journal.put(live.nearby, gate.id, noted)
    who = one.owner if gate.open else gate.community
    if beyond is None or one.owner not in (-1, who):
        return
    ways, key = ways_of(live.network, beyond), (one.category, one.label)
    more = tuple(
        Extra(gate.id, node, far_m + far, who)
        for node, far in zip(ways.node.tolist(), ways.distance_m.tolist(), strict=True)
    )
    journal.put(live.extra, key, (*live.extra.get(key, ()), *more))


def seeds_of(live: Live, category: int, label: int) -> tuple[Ints, Floats, Ints]:
    """Return all seeds of a facility, also those beyond new gates beside it.

    Parameters
    ----------
    live
        What is kept ready.
    category, label
        The facility.

    Returns
    -------
    tuple
        Nodes, metres, and the community served alone (-1: everyone).
    """
    kind = live.kinds[category]
    mine = kind.seed_label == label
    more = live.extra.get((category, label), ())
    return (
        np.append(kind.seed_node[mine], np.array([e.node for e in more], np.int64)),
        np.append(kind.seed_m[mine], np.array([e.distance_m for e in more])),
        np.append(kind.seed_owner[mine], np.array([e.owner for e in more], np.int64)),
    )


def add_own(
    live: Live,
    journal: Journal,
    category: int,
    label: int,
    runs: list[int],
    seeds: tuple[Ints, Floats, Ints],
) -> set[int]:
    """Add seeds that serve residents only.

    Parameters
    ----------
    live
        What is kept ready.
    journal
        Of the step.
    category, label, runs
        The facility and its runs.
    seeds
        Nodes, metres and owners; those for everyone are passed over.

    Returns
    -------
    set of int
        The communities served.
    """
    node, metres, owner = seeds
    owners = set(owner[owner >= 0].tolist())
    for community in owners:
        mine = np.flatnonzero(owner == community)
        run = np.repeat(np.array(runs, dtype=np.int64), len(mine))
        rows = np.tile(mine, len(runs))
        labels = np.full(len(rows), label, dtype=np.int64)
        more = Own(run, node[rows], metres[rows], labels)
        name = live.names[community]
        held = live.own[category].get(name)
        journal.put(live.own[category], name, held.plus(more) if held else more)
    return owners
