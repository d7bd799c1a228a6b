"""Readings of a live what-if: only where a step changed something.

What residents reach changes only if something changes at their gates, at their doors
or at the ends of the connections that are open to them alone; these nodes are
watched, and those whose values change are read again, as their residents walk.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from geo.coverage import DECIMALS, Bools, Floats, Ints
from geo.reach import Reach, Seeds, measure_reach
from geo.what_if_journal import Journal
from geo.what_if_kinds import Own
from geo.what_if_live import Live, join
from geo.what_if_places import Passage

NONE_INTS = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Values:
    """Distances and nearest facilities at nodes; shapes (runs, nodes), (nodes,)."""

    metres: Floats
    label: Ints

    def differ(self, other: "Values") -> Bools:
        """Return at which nodes anything is different.

        Parameters
        ----------
        other
            Values at the same nodes.

        Returns
        -------
        numpy.ndarray
            One flag per node.
        """
        one, two = (
            np.nan_to_num(self.metres, nan=-1),
            np.nan_to_num(other.metres, nan=-1),
        )
        return np.asarray((one != two).any(axis=0) | (self.label != other.label))


def read_values(reach: Reach, nodes: Ints) -> Values:
    """Read all runs of a category.

    Parameters
    ----------
    reach
        The runs.
    nodes
        Nodes.

    Returns
    -------
    Values
        Distances of all runs, labels of the first.
    """
    metres = np.empty((reach.categories, len(nodes)))
    metres[0], label = reach.values(0, nodes)
    for run in range(1, reach.categories):
        metres[run] = reach.distance_m(run, nodes)
    return Values(metres, label.astype(np.int64))


def update(
    live: Live,
    journal: Journal,
    category: int,
    near: Ints,
    before: Values,
    forced: Collection[int] = (),
) -> set[int]:
    """Read again what changed at the watched nodes.

    Parameters
    ----------
    live
        What is kept ready.
    journal
        Of the step.
    category
        Position of the category.
    near
        Rows of the watch that may have changed.
    before
        Their values before the step.
    forced
        Communities to be read in any case.

    Returns
    -------
    set of int
        Communities that were read again.
    """
    if not len(near):
        for community in sorted(forced):
            read_again(live, journal, category, community)
        return set(forced)
    watch = live.watch
    after = read_values(live.reaches[category], watch.node[near])
    changed = after.differ(before)
    rows = near[changed]
    owners = set(watch.owner[rows].tolist())
    special = {gate.community for gate in live.opened}
    private = {c for c in owners if c in special or live.is_private(category, c)}
    private |= set(forced)
    plain = changed & ~np.isin(watch.owner[near], np.fromiter(private, np.int64))
    rows, metres, label = near[plain], after.metres[:, plain].T, after.label[plain]
    at_gate, at_door = watch.gate[rows] >= 0, watch.door[rows] >= 0
    gates, doors = watch.gate[rows[at_gate]], watch.door[rows[at_door]]
    columns = live.columns_of(category)
    more = live.door_connector_m[doors][:, None]
    _write(live, journal, category, gates, metres[at_gate], label[at_gate])
    values = np.round(metres[at_door] + more, DECIMALS)
    journal.write(live.door_m, np.ix_(doors, columns), values)
    for community in sorted(private):
        read_again(live, journal, category, community)
    return owners | private


def _write(
    live: Live,
    journal: Journal,
    category: int,
    gates: Ints,
    metres: Floats,
    label: Ints,
) -> None:
    columns = live.columns_of(category)
    journal.write(live.gate_m, np.ix_(gates, columns), np.round(metres, DECIMALS))
    journal.write(live.gate_label, (gates, category), label)


def read_again(live: Live, journal: Journal, category: int, community: int) -> None:
    """Read gates and doors of a community as its residents walk.

    Parameters
    ----------
    live
        What is kept ready.
    journal
        Of the step.
    category, community
        Positions.
    """
    own = live.own[category].get(live.names[community])
    gates, doors = find_own_places(live, community)
    with live.as_resident(
        live.reaches[category], community, own.seeds() if own else None
    ) as opened:
        at_gate = read_values(opened, live.gates.node[gates])
        at_door = read_values(opened, live.door_node[doors])
        metres, label = at_gate.metres, at_gate.label
        for gate in live.opened:
            if gate.community == community and gate.outer is not None:
                column = int(np.flatnonzero(gates == gate.row)[0])
                one = read_gate(live, opened, category, gate)
                metres[:, column], label[column] = one.metres[:, 0], one.label[0]
    _write(live, journal, category, gates, metres.T, label)
    more = live.door_connector_m[doors][:, None]
    values = np.round(at_door.metres.T + more, DECIMALS)
    journal.write(live.door_m, np.ix_(doors, live.columns_of(category)), values)


def find_own_places(live: Live, community: int) -> tuple[Ints, Ints]:
    """Return the gates and doors of a community that are on the network.

    Parameters
    ----------
    live
        What is kept ready.
    community
        Its position.

    Returns
    -------
    tuple
        Rows of gates and of doors.
    """
    gates = np.flatnonzero((live.gates.community == community) & (live.gates.node >= 0))
    mine = (live.access.door_community == community) & (live.door_node >= 0)
    return gates, np.flatnonzero(mine)


def read_gate(live: Live, reach: Reach, category: int, gate: Passage) -> Values:
    """Read a gate of a step, which has no node of its own.

    Parameters
    ----------
    live
        What is kept ready.
    reach
        The runs, joined as its residents walk.
    category
        Position of the category.
    gate
        The gate.

    Returns
    -------
    Values
        Of one place.
    """
    arms = gate.arms(live.network)
    found = read_values(reach, arms.node)
    metres = found.metres + arms.distance_m
    label = np.broadcast_to(found.label, metres.shape)
    beside = live.beside(category, gate)
    more = np.full((len(metres), len(beside)), np.inf)
    for at, one in enumerate(beside):
        more[one.runs, at] = one.distance_m
    metres = np.concatenate([np.nan_to_num(metres, nan=np.inf), more], axis=1)
    extra = np.array([one.label for one in beside], dtype=np.int64)
    label = np.concatenate([label[0], extra])
    least = metres.min(axis=1)
    # of equally near ones the smaller label
    first = label[metres[0] == least[0]].min() if np.isfinite(least[0]) else -1
    least[np.isinf(least) | (least > live.searched_m)] = np.nan
    return Values(least[:, None], np.array([-1 if np.isnan(least[0]) else first]))


def find_walkers(
    live: Live,
    node: Ints,
    distance_m: Floats,
    own: dict[int, Own],
    within_m: float,
    facility: tuple[int, int],
) -> Ints:
    """Find the communities that walk to a facility.

    Parameters
    ----------
    live
        What is kept ready.
    node, distance_m
        Its seeds for everyone.
    own
        Community position to its seeds for the residents of it only (run 0).
    within_m
        Farthest walk to any gate or door.
    facility
        Its category and label.

    Returns
    -------
    numpy.ndarray
        Positions of communities, sorted.
    """
    nothing = np.zeros(len(node), dtype=np.int64)
    reach = measure_reach(
        live.reaches[0].graph,
        Seeds(nothing, node, distance_m, nothing),
        categories=1,
        cutoff_m=within_m + 1.0,
    )
    for link in live.passages:
        join(reach, link)
    watch = live.watch
    metres = reach.distance_m(0, watch.node)
    door = watch.door >= 0
    metres[door] += live.door_connector_m[watch.door[door]]
    reached = np.round(metres, DECIMALS) <= within_m
    placed = (watch.gate >= 0) | door
    found = set(watch.owner[reached & placed].tolist())
    open_ = set(watch.owner[~np.isnan(metres)].tolist()) | set(own)
    special = {gate.community for gate in live.opened}
    for community in sorted(open_ - found):
        if (
            community in special
            or community in own
            or live.names[community] in live.links
        ):
            mine = own.get(community)
            if _walks(live, reach, community, mine, within_m, facility):
                found.add(community)
    return np.array(sorted(found), dtype=np.int64)


def _walks(
    live: Live,
    reach: Reach,
    community: int,
    own: Own | None,
    within_m: float,
    facility: tuple[int, int],
) -> bool:
    gates, doors = find_own_places(live, community)
    # a gate of a step has no node of its own: it is read by its arms below
    gates = np.setdiff1d(gates, [gate.row for gate in live.opened])
    with live.as_resident(reach, community, own.seeds() if own else None) as opened:
        found = [
            opened.distance_m(0, live.gates.node[gates]),
            opened.distance_m(0, live.door_node[doors]) + live.door_connector_m[doors],
        ]
        for gate in live.opened:
            if gate.community == community and gate.outer is not None:
                arms = gate.arms(live.network)
                found.append(opened.distance_m(0, arms.node) + arms.distance_m)
                beside = live.beside(facility[0], gate)
                near = [b.distance_m for b in beside if b.label == facility[1]]
                found.append(np.array(near))
    return bool((np.round(np.concatenate(found), DECIMALS) <= within_m).any())
