"""What a new gate in a wall changes in a live what-if.

A gate of a step counts as one of the gates layer with `derived` set: it leads to the
nearest street outside and to the nearest path inside, and nothing else changes on the
ground. Where it would change more (doors that reach it in a straight line, a gate
shared with a neighbour, two new gates on one street edge) everything is made anew.
"""

import numpy as np
import shapely

from geo.coverage import DECIMALS, Floats, Ints
from geo.reach import Seeds, measure_reach
from geo.what_if_files import Step
from geo.what_if_hidden import Hidden
from geo.what_if_journal import Journal
from geo.what_if_kinds import runs_of
from geo.what_if_live import Beside, Gates, Live, Watch, join
from geo.what_if_moves import (
    count_walkers,
    hide,
    show_hidden,
)
from geo.what_if_places import (
    Footing,
    Passage,
    apart_m,
    find_inner,
    find_outer,
    find_spot,
    ways_of,
)
from geo.what_if_reads import read_values, update
from geo.what_if_seeds import add_own, note_beside, seeds_of
from geo.what_if_steps import place_step
from geo.what_if_walls import Walls, check_gate

GATE_FAR, GATE_LOST, GATE_NO_INNER = "far", "lost", "no_inner"


def open_gate(
    live: Live, journal: Journal, walls: Walls, step: Step
) -> tuple[dict[int, set[int]], str, float]:
    """Open a gate.

    Parameters
    ----------
    live
        What is kept ready.
    journal
        Of the step.
    walls
        What is known of the walls.
    step
        The step.

    Returns
    -------
    rows : dict
        Category to the communities to be judged again.
    state : str
        Empty, or what the gate fails to do.
    moved_m : float
        How far it was moved onto the boundary.

    Raises
    ------
    AfreshError
        If it changes more than can be followed.
    """
    layer_row = live.layer_row_of(step.community_id)
    given = place_step(step)
    line = shapely.shortest_line(given, walls.ring(layer_row))
    moved_m = float(shapely.length(line))
    if moved_m > live.settings.attach_max_m:
        return {}, GATE_FAR, moved_m
    point = shapely.Point(shapely.get_coordinates(line)[1])
    outer = find_outer(walls.ground, live.network, point)
    inner = find_inner(walls.ground, live.network, point, layer_row) if outer else None
    gate = Passage(
        id=step.id,
        community=live.row_of[step.community_id],
        layer_row=layer_row,
        row=len(live.gates.ids),
        point=point,
        given=given,
        open=step.open_to == "all",
        outer=outer,
        inner=inner,
    )
    check_gate(live, walls, gate)
    state = "" if inner else GATE_NO_INNER if outer else GATE_LOST
    return _follow(live, journal, walls, gate), state, moved_m


def _follow(
    live: Live, journal: Journal, walls: Walls, gate: Passage
) -> dict[int, set[int]]:
    """Follow what a gate changes."""
    beside = _list_beside(live, gate)
    _enter_gate(live, journal, gate)
    forced = {gate.community}
    near = np.empty(0, dtype=np.int64)
    if gate.through and gate.open:
        # what is open to residents only changes nothing for others
        near = live.watch.near(shapely.bounds(gate.point), live.searched_m + 1.0)
        forced |= _find_neighbours(live, gate)
    node = live.watch.node[near]
    before = [read_values(reach, node) for reach in live.reaches]
    edge_before = walls.edge.distance_m(0, live.watch.node[near])
    for one, far_m, beyond in beside:
        note_beside(live, journal, gate, far_m, beyond, one)
    if gate.through and gate.open:
        link = gate.link(live.network)
        journal.swap(live, "passages", (*live.passages, link))
        join(walls.edge, link, journal=journal)
        _merge_pieces(live, journal, gate)
    elif gate.through:
        _let_residents(live, journal, gate)
    moved = _read_edge(live, journal, walls, near, edge_before, forced)
    _draw_lines(live, journal, gate)
    rows = {}
    for category in range(len(live.needs)):
        owners = _pass(live, journal, category, gate)
        found = update(live, journal, category, near, before[category], forced | owners)
        found |= _look_again(live, journal, category, gate)
        rows[category] = found | moved | {gate.community}
    return rows


def _list_beside(
    live: Live, gate: Passage
) -> list[tuple[Beside, float, Footing | None]]:
    """List the facilities on the edges that a new gate meets."""
    found = []
    for here, beyond in ((gate.outer, gate.inner), (gate.inner, gate.outer)):
        if here is None:
            continue
        u, v = live.network.u[here.edge], live.network.v[here.edge]
        for category, kind in enumerate(live.kinds):
            at_u = kind.seed_label[kind.seed_node == u]
            for label in np.intersect1d(at_u, kind.seed_label[kind.seed_node == v]):
                row = int(np.searchsorted(kind.label, label))
                spot = find_spot(live.network, kind.shapes[row])
                feet = [foot for foot in spot.feet if foot.edge == here.edge]
                owner = int(kind.seed_owner[kind.seed_label == label][0])
                large, small = bool(kind.large[row]), bool(kind.small[row])
                runs = runs_of(live.needs[category], large=large, small=small)
                one = Beside(category, int(label), runs, owner)
                if feet:
                    far_m = min(apart_m(foot, here) for foot in feet)
                    found.append((one, far_m, beyond))
    return found


def _enter_gate(live: Live, journal: Journal, gate: Passage) -> None:
    """Put a gate among the gates, and what is beside it among what is watched."""
    arms, gates = gate.arms(live.network), live.gates
    node = int(arms.node[arms.distance_m.argmin()]) if len(arms.node) else -1
    low = gates.rank[gates.ids < gate.id].max(initial=-1.0)
    high = gates.rank[gates.ids > gate.id].min(initial=float(len(gates.ids)))
    entered = Gates(
        ids=np.append(gates.ids, gate.id),
        community=np.append(gates.community, gate.community),
        node=np.append(gates.node, node),
        shapes=np.concatenate([gates.shapes, [gate.point]]),
        rank=np.append(gates.rank, (low + high) / 2),
    )
    journal.swap(live, "gates", entered)
    row = np.full((1, live.gate_m.shape[1]), np.nan)
    journal.swap(live, "gate_m", np.concatenate([live.gate_m, row]))
    label = np.full((1, live.gate_label.shape[1]), -1, dtype=np.int64)
    journal.swap(live, "gate_label", np.concatenate([live.gate_label, label]))
    watch, none = live.watch, np.full(len(arms.node), -1, dtype=np.int64)
    watched = Watch(
        node=np.append(watch.node, arms.node),
        x=np.append(watch.x, live.network.x[arms.node]),
        y=np.append(watch.y, live.network.y[arms.node]),
        owner=np.append(watch.owner, np.full(len(arms.node), gate.community)),
        gate=np.append(watch.gate, none),
        door=np.append(watch.door, none),
    )
    journal.swap(live, "watch", watched)
    journal.swap(live, "opened", (*live.opened, gate))


def _find_neighbours(live: Live, gate: Passage) -> set[int]:
    """Find who may leave through one's own gate, pass the new one, and come back.

    Only for them the watched nodes do not tell all. They have one place from which
    the street side of the gate is nearer, and one from which the other side is.
    """
    if gate.outer is None or gate.inner is None:
        return set()
    ways = [ways_of(live.network, foot) for foot in (gate.outer, gate.inner)]
    nothing = np.zeros(sum(len(one.node) for one in ways), dtype=np.int64)
    seeds = Seeds(
        np.repeat([0, 1], [len(one.node) for one in ways]),
        np.concatenate([one.node for one in ways]),
        np.concatenate([one.distance_m for one in ways]),
        nothing,
    )
    graph = live.reaches[0].graph
    reach = measure_reach(graph, seeds, categories=2, cutoff_m=live.searched_m)
    for link in live.passages:
        join(reach, link)
    node, owner = [live.watch.node], [live.watch.owner]
    for own in live.own:
        for name, seeds_of_name in own.items():
            node.append(seeds_of_name.node)
            owner.append(np.full(len(seeds_of_name.node), live.row_of[name]))
    nodes, owners = np.concatenate(node), np.concatenate(owner)
    out, into = (
        np.nan_to_num(reach.distance_m(side, nodes), nan=np.inf) for side in (0, 1)
    )
    both = set(owners[out < into].tolist()) & set(owners[into < out].tolist())
    private = set(live.links).union(*live.own)
    return {one for one in both if live.names[one] in private}


def _merge_pieces(live: Live, journal: Journal, gate: Passage) -> None:
    """Make one piece of the network of those on both sides of the gate."""
    if gate.outer is None or gate.inner is None:
        return
    ends = live.network.u[[gate.outer.edge, gate.inner.edge]]
    kept, gone = live.node_piece[ends].tolist()
    if kept != gone:
        merged = np.where(live.node_piece == gone, kept, live.node_piece)
        journal.swap(live, "node_piece", merged.astype(np.int32))
        both = bool(live.piece_walled[kept] and live.piece_walled[gone])
        journal.write(live.piece_walled, [kept], both)


def _let_residents(live: Live, journal: Journal, gate: Passage) -> None:
    name = live.names[gate.community]
    link, held = gate.link(live.network), live.links.get(name)
    if held is not None:
        u, v, length = (np.append(a, b) for a, b in zip(held, link, strict=True))
        link = (u, v, length)
    journal.put(live.links, name, link)


def _pass(live: Live, journal: Journal, category: int, gate: Passage) -> set[int]:
    """Let people through, and the facilities beside the gate be reached from beyond.

    Returns the communities that alone reach some of these.
    """
    owners: set[int] = set()
    public: list[tuple[int, int, float, int]] = []
    for one in live.beside(category, gate, everyone=True):
        held = live.extra.get((category, one.label), ())
        seeds = [seed for seed in held if seed.gate == gate.id]
        public += [
            (run, seed.node, seed.distance_m, one.label)
            for seed in seeds
            if seed.owner < 0
            for run in one.runs
        ]
        table = (
            np.array([seed.node for seed in seeds], dtype=np.int64),
            np.array([seed.distance_m for seed in seeds], dtype=np.float64),
            np.array([seed.owner for seed in seeds], dtype=np.int64),
        )
        owners |= add_own(live, journal, category, one.label, one.runs, table)
    if gate.through and gate.open:
        more = Seeds(*map(np.array, zip(*public, strict=True))) if public else None
        join(live.reaches[category], gate.link(live.network), more, journal)
    return owners


def _look_again(live: Live, journal: Journal, category: int, gate: Passage) -> set[int]:
    """Find anew who walks to the facilities around a gate."""
    kind, rows = live.kinds[category], set()
    if category in live.pairs:
        within_m = live.needs[category].reach_m(live.settings)
        near = shapely.dwithin(kind.shapes, gate.point, within_m)
        rows |= count_walkers(live, journal, category, kind.label[near].tolist())
    if live.hidden[category]:
        hidden = [
            _hide_again(live, category, one, gate) for one in live.hidden[category]
        ]
        kept = [one for one in hidden if one is not None]
        rows |= show_hidden(live, journal, category, kept)
    return rows


def _hide_again(live: Live, category: int, one: Hidden, gate: Passage) -> Hidden | None:
    """Look at a hidden facility again; None: it is hidden no more."""
    node, _, owner = seeds_of(live, category, one.label)
    if not live.piece_walled[live.node_piece[node[owner < 0]]].all():
        return None
    if not shapely.dwithin(one.shape, gate.point, live.searched_m):
        return one
    return hide(
        live,
        category,
        one.label,
        one.shape,
        small=not one.maybe,
        seeded=bool(len(node)),
        only=one.only,
    )


def _read_edge(
    live: Live,
    journal: Journal,
    walls: Walls,
    near: Ints,
    before: Floats,
    forced: set[int],
) -> set[int]:
    """Measure again how far the edge of the data is; return who has it elsewhere."""
    after = walls.edge.distance_m(0, live.watch.node[near])
    changed = np.nan_to_num(after, nan=-1.0) != np.nan_to_num(before, nan=-1.0)
    rows = set()
    for community in sorted(forced | set(live.watch.owner[near[changed]].tolist())):
        gates = np.flatnonzero(live.gates.community == community)
        metres = np.full(len(gates), np.nan)
        held = live.gates.node[gates] >= 0
        with live.as_resident(walls.edge, community) as opened:
            metres[held] = opened.distance_m(0, live.gates.node[gates[held]])
            for gate in live.opened:
                if gate.community == community and gate.outer is not None:
                    arms = gate.arms(live.network)
                    far = opened.distance_m(0, arms.node) + arms.distance_m
                    metres[gates == gate.row] = np.fmin.reduce(far)
        metres[metres > live.searched_m] = np.nan
        metres[walls.outside(live.gates.shapes[gates])] = 0.0
        least = float(np.round(np.fmin.reduce(metres, initial=np.inf), DECIMALS))
        least = np.nan if np.isinf(least) else least
        if not (
            least == live.edge_m[community]
            or (np.isnan(least) and np.isnan(live.edge_m[community]))
        ):
            journal.write(live.edge_m, [community], least)
            rows.add(community)
    return rows


def _draw_lines(live: Live, journal: Journal, gate: Passage) -> None:
    """Shorten the straight lines of the community."""
    for category, kind in enumerate(live.kinds):
        if len(kind.shapes):
            far = float(shapely.distance(gate.point, kind.shapes).min())
            least = np.fmin(far, live.straight_m[gate.community, category])
            journal.write(live.straight_m, (gate.community, category), least)
