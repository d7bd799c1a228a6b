"""What a facility that is put or closed changes in a live what-if."""

from collections.abc import Iterable
from functools import partial

import numpy as np
import shapely

from geo.seeds import SEALED, TOO_FAR
from geo.what_if_hidden import Hidden, make_hidden, nearest_hidden
from geo.what_if_journal import Journal
from geo.what_if_judge import find_off_piece, supply_differs
from geo.what_if_kinds import STRIDE, Facility, Own, runs_of
from geo.what_if_live import Beside, Live, measure_supply
from geo.what_if_places import (
    Spot,
    apart_m,
    find_spot,
    place_of,
)
from geo.what_if_reads import find_walkers, read_values, update
from geo.what_if_seeds import (
    SAME_M,
    AfreshError,
    add_own,
    attracts,
    note_beside,
    seeds_of,
)
from geo.what_if_steps import NewFacility

#: Labels left free between one new facility and the next.
_STEP = 8


def make_label(live: Live, name: str, used: Iterable[tuple[str, int]]) -> int:
    """Return a label that stands where the id stands among all ids.

    Parameters
    ----------
    live
        What is kept ready.
    name
        Id of a new facility.
    used
        Ids and labels of the facilities of other steps.

    Returns
    -------
    int
        The label.

    Raises
    ------
    AfreshError
        If there is none left.
    """
    at = int(np.searchsorted(live.stock_ids, name)) if len(live.stock_ids) else 0
    low, high = at * STRIDE, (at + 1) * STRIDE
    for other, label in used:
        if at * STRIDE < label < (at + 1) * STRIDE:
            low, high = (
                (max(low, label), high) if other < name else (low, min(high, label))
            )
    if low + 1 >= high:
        raise AfreshError
    # ids come in order, as a rule: room is kept for those that do not
    last = high == (at + 1) * STRIDE and low + _STEP < high
    return low + _STEP if last else (low + high) // 2


def put_facility(
    live: Live,
    journal: Journal,
    row: NewFacility,
    category: int,
    used: dict[str, int],
) -> tuple[set[int], str]:
    """Put a facility.

    Parameters
    ----------
    live
        What is kept ready.
    journal
        Of the step.
    row
        The facility.
    category
        Position of its category.
    used
        Ids and labels of the facilities of other steps; this one is entered.

    Returns
    -------
    rows : set of int
        Communities to be judged again.
    state : str
        What became of it, as in :class:`geo.seeds.Seeds`.
    """
    shape, name = row.shape, row.id
    need = live.needs[category]
    spot = find_spot(live.network, shape, live.opened)
    _check_feet(live, spot, shape)
    large, small = _compare_area(live, category, row)
    label = make_label(live, name, used.items())
    journal.put(used, name, label)
    owner = np.where(spot.shut, _sorted_row(live, spot.side), -1)
    one = Facility(
        label=label,
        id=name,
        large=large,
        small=small,
        capacity=row.capacity,
        shape=shape,
        node=spot.node,
        distance_m=spot.distance_m,
        owner=owner,
    )
    runs = runs_of(need, large=large, small=small)
    _stand_beside(live, journal, Beside(category, label, runs, -1), spot)
    journal.swap_item(live.kinds, category, live.kinds[category].plus(one))
    near = live.watch.near(shapely.bounds(shape), live.searched_m + 1.0)
    before = read_values(live.reaches[category], live.watch.node[near])
    forced = _add_seeds(live, journal, category, one, runs)
    rows = update(live, journal, category, near, before, forced)
    rows |= _come_nearer(live, journal, category, shape)
    state = _find_state(live, spot)
    if state in (SEALED, TOO_FAR):
        hidden = hide(
            live, category, label, one.shape, small=small, seeded=bool(len(one.node))
        )
        rows |= show_hidden(live, journal, category, [*live.hidden[category], hidden])
    rows |= count_walkers(live, journal, category, [label])
    if not live.present[category]:
        journal.write(live.present, category, values=True)
        rows |= set(range(live.size))
    return rows | _recount(live, journal, category), state


def _check_feet(live: Live, spot: Spot, shape: shapely.Geometry) -> None:
    """Refuse a facility that attaches where a new gate has split a street."""
    far = np.array([min((foot.far_m for foot in spot.feet), default=np.inf)])
    shapes, side = np.array([shape], dtype=object), np.array([spot.side])
    for gate in live.opened:
        for foot in (gate.outer, gate.inner):
            if foot is None or any(own.edge == foot.edge for own in spot.feet):
                continue
            wall, place = (
                int(live.network.inside[foot.edge]),
                place_of(live.network, foot),
            )
            if attracts(live, place, wall, shapes, side, far):
                raise AfreshError


def _compare_area(live: Live, category: int, row: NewFacility) -> tuple[bool, bool]:
    """Return whether it is known to be large enough, and known to be too small."""
    need = live.needs[category]
    least, area = need.min_floor_area_m2, row.floor_area_m2
    if least is None:
        least, area = need.min_land_area_m2, row.land_area_m2
    if least is None:
        return False, False
    return bool(area >= least), bool(area < least)


def _sorted_row(live: Live, layer_row: int) -> int:
    """Return the row among the sorted ids of a row of the communities layer."""
    if layer_row < 0:
        return -1
    return live.row_of[live.layer_names[layer_row]]


def _find_state(live: Live, spot: Spot) -> str:
    """Return what became of a facility for everyone."""
    if not len(spot.node):
        return TOO_FAR
    lonely = spot.shut | live.piece_walled[live.node_piece[spot.node]]
    return SEALED if lonely.all() else "attached"


def _stand_beside(live: Live, journal: Journal, one: Beside, spot: Spot) -> None:
    """Note the new gates that a new facility stands beside."""
    for gate, far_m in spot.gates:
        note_beside(live, journal, gate, far_m, None, one)
    for gate in live.opened:
        for here, beyond in ((gate.outer, gate.inner), (gate.inner, gate.outer)):
            feet = [foot for foot in spot.feet if here and foot.edge == here.edge]
            if here is not None and feet and gate.outer is not None:
                far_m = min(apart_m(foot, here) for foot in feet)
                note_beside(live, journal, gate, far_m, beyond, one)


def _add_seeds(
    live: Live, journal: Journal, category: int, one: Facility, runs: list[int]
) -> set[int]:
    """Seed the runs; return the communities with seeds of their own."""
    node, metres, owner = seeds_of(live, category, one.label)
    public, reach = owner < 0, live.reaches[category]
    for run in runs if public.any() else ():
        change = reach.add(run, node[public], metres[public], one.label)
        journal.later(partial(reach.undo, change))
    return add_own(live, journal, category, one.label, runs, (node, metres, owner))


def _come_nearer(
    live: Live, journal: Journal, category: int, shape: shapely.Geometry
) -> set[int]:
    """Shorten the straight lines."""
    least = np.full(live.size, np.inf)
    far = live.gates.far_from(shape)
    np.minimum.at(least, live.gates.community, far)
    old = live.straight_m[:, category]
    rows = np.flatnonzero(least < np.nan_to_num(old, nan=np.inf))
    journal.write(live.straight_m, (rows, category), least[rows])
    return set(rows.tolist())


def _go_farther(
    live: Live, journal: Journal, category: int, shape: shapely.Geometry
) -> set[int]:
    """Lengthen the straight lines that led to a facility that is closed."""
    owner = live.gates.community
    far = live.gates.far_from(shape)
    lost = far <= live.straight_m[owner, category] + SAME_M
    rows = np.unique(owner[lost])
    journal.write(live.straight_m, (rows, category), np.nan)
    others = live.kinds[category].shapes
    gates = np.flatnonzero(np.isin(owner, rows))
    if len(others) and len(gates):
        pairs, far = shapely.STRtree(others).query_nearest(
            live.gates.shapes[gates], return_distance=True, all_matches=False
        )
        least = np.full(live.size, np.inf)
        np.minimum.at(least, owner[gates[pairs[0]]], far)
        live.straight_m[rows, category] = least[rows]
    return set(rows.tolist())


def hide(
    live: Live,
    category: int,
    label: int,
    shape: shapely.Geometry,
    *,
    small: bool,
    seeded: bool,
    only: int = -1,
) -> Hidden:
    """Find from where a facility is seen that cannot be walked to.

    Parameters
    ----------
    live
        What is kept ready.
    category, label, shape
        The facility.
    small
        Whether it is known to be too small.
    seeded
        Whether anybody walks to it.
    only
        Position of the one community that it serves, -1: all.

    Returns
    -------
    Hidden
        With who has it near.
    """
    walked = _walkers(live, category, label, live.searched_m) if seeded else ()
    return make_hidden(
        label,
        shape,
        live.gates.shapes,
        live.gates.community,
        maybe=not small,
        only=only,
        walked=frozenset(walked),
        within_m=live.searched_m,
    )


def show_hidden(
    live: Live, journal: Journal, category: int, hidden: list[Hidden]
) -> set[int]:
    """Take other hidden facilities of a category for those of before.

    Parameters
    ----------
    live
        What is kept ready.
    journal
        Of the step.
    category
        Its position.
    hidden
        Those there are now.

    Returns
    -------
    set of int
        Communities to which it matters.
    """
    journal.swap_item(live.hidden, category, hidden)
    rows: set[int] = set()
    found = nearest_hidden(hidden, live.size)
    for held, values in zip((live.hidden_m, live.maybe_m), found, strict=True):
        old = np.nan_to_num(held[:, category], nan=-1.0)
        changed = np.flatnonzero(old != np.nan_to_num(values, nan=-1.0))
        journal.write(held, (changed, category), values[changed])
        rows |= set(changed.tolist())
    return rows


def _walkers(live: Live, category: int, label: int, within_m: float) -> list[int]:
    node, metres, owner = seeds_of(live, category, label)
    own = {}
    for community in np.unique(owner[owner >= 0]).tolist():
        mine = owner == community
        nothing = np.zeros(int(mine.sum()), dtype=np.int64)
        own[community] = Own(nothing, node[mine], metres[mine], nothing)
    public = owner < 0
    beside = (category, label)
    found = find_walkers(live, node[public], metres[public], own, within_m, beside)
    walkers: list[int] = found.tolist()
    return walkers


def count_walkers(
    live: Live, journal: Journal, category: int, labels: Iterable[int]
) -> set[int]:
    """Share the capacity anew where facilities come, go or are reached otherwise.

    Parameters
    ----------
    live
        What is kept ready.
    journal
        Of the step.
    category
        Position of the category.
    labels
        Facilities whose walkers are found anew.

    Returns
    -------
    set of int
        Communities whose supply is another.
    """
    if category not in live.pairs:
        return set()
    need = live.needs[category]
    within_m = need.reach_m(live.settings)
    for label in labels:
        found = _walkers(live, category, label, within_m)
        journal.put(live.pairs[category], label, np.array(found, dtype=np.int64))
    old, new = live.supplies[category], measure_supply(live, category)
    journal.put(live.supplies, category, new)
    return set(supply_differs(old, new).tolist())


def _recount(live: Live, journal: Journal, category: int) -> set[int]:
    """Count the facilities anew; return whom the pieces of the network concern."""
    counts = live.columns["facilities"]
    journal.write(counts, (slice(None), category), len(live.kinds[category].label))
    return set(find_off_piece(live, category).tolist())


def close_facility(live: Live, journal: Journal, category: int, row: int) -> set[int]:
    """Close a facility.

    Parameters
    ----------
    live
        What is kept ready.
    journal
        Of the step.
    category
        Position of its category.
    row
        Its row among the facilities of the category.

    Returns
    -------
    set of int
        Communities to be judged again.
    """
    kind = live.kinds[category]
    label, shape = int(kind.label[row]), kind.shapes[row]
    runs = runs_of(
        live.needs[category], large=bool(kind.large[row]), small=bool(kind.small[row])
    )
    _, _, owner = seeds_of(live, category, label)
    near = live.watch.near(shapely.bounds(shape), live.searched_m + 1.0)
    before = read_values(live.reaches[category], live.watch.node[near])
    journal.swap_item(live.kinds, category, kind.without(row))
    reach = live.reaches[category]
    for run in runs if (owner < 0).any() else ():
        journal.later(partial(reach.undo, reach.close(run, label)))
    owners = _drop_own(live, journal, category, label)
    rows = update(live, journal, category, near, before, owners)
    rows |= _go_farther(live, journal, category, shape)
    kept = [one for one in live.hidden[category] if one.label != label]
    if len(kept) < len(live.hidden[category]):
        rows |= show_hidden(live, journal, category, kept)
    rows |= count_walkers(live, journal, category, ())
    return rows | _recount(live, journal, category)


def _drop_own(live: Live, journal: Journal, category: int, label: int) -> set[int]:
    found = set()
    for name, own in list(live.own[category].items()):
        kept = own.label != label
        if not kept.all():
            left = own.of(kept) if kept.any() else None
            journal.put(live.own[category], name, left)
            found.add(live.row_of[name])
    return found
