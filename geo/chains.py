"""The walk graph as the reach engine likes it: chains contracted, Z-curve order.

Most nodes of a street map only bend a line. They lie on *chains* between
junctions; the engine runs on the junctions alone and reads the places inside a
chain off its two ends. Junctions are numbered along a Z-curve, so that what
lies near each other on the ground lies near each other in memory. Lengths are
whole numbers of 2**-18 m: sums are exact and do not depend on their order, and
a walk of a thousand edges errs by 2 mm at worst.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from geo.errors import InputError

Int32Array = npt.NDArray[np.int32]
Int64Array = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
#: A whole number in a kernel: plain, or an element of an array.
Whole: TypeAlias = Any
Array = TypeVar("Array", bound=npt.NDArray[Any])
F = TypeVar("F", bound=Callable[..., Any])

#: Units of length in one metre.
UNITS_PER_M = 2**18
#: Longest cut-off, so that a distance and an edge add up to less than 2**31 units.
MAX_CUTOFF_M = 4000.0
#: An edge at least this long lies beyond every cut-off.
LONGEST = 2**30
#: A chain is cut into two where it would grow longer than this.
LONGEST_CHAIN = 2**29


def kernel(function: F) -> F:
    """Compile `function` on its first call, once per machine.

    Parameters
    ----------
    function
        Function of arrays and numbers.

    Returns
    -------
    collections.abc.Callable
        The same function, compiled; it lets other threads run meanwhile.
    """
    return cast("F", numba.njit(cache=True, nogil=True)(function))


class Net(NamedTuple):
    """Edges between junctions; an arc is ``length << 32 | target``."""

    start: Int32Array
    arc: Int64Array


class Chains(NamedTuple):
    """Nodes inside chains, chain by chain, each from its end `a` to its end `b`.

    `b` is -1 where the chain is a dead end. `start` gives the places of each
    chain; `chain` and `offset` (from `a`) belong to the places.
    """

    a: Int32Array
    b: Int32Array
    length: Int32Array
    start: Int32Array
    chain: Int32Array
    offset: Int32Array


@dataclass(frozen=True, eq=False, slots=True)
class WalkGraph:
    """A walk network made ready for the reach engine.

    Attributes
    ----------
    place
        Per original node: its junction, or ``~place`` inside a chain.
    node
        Original node of each junction.
    inner
        Original node of each place inside a chain.
    net
        Edges between junctions.
    arc_chain
        Chain of each arc of `net`, -1 where nothing lies between its ends.
    chains
        The chains.
    """

    place: Int32Array
    node: Int32Array
    inner: Int32Array
    net: Net
    arc_chain: Int32Array
    chains: Chains

    @property
    def nodes(self) -> int:
        """Number of original nodes."""
        return self.place.size

    @property
    def junctions(self) -> int:
        """Number of nodes left after contraction."""
        return self.node.size


def build_graph(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    u: npt.ArrayLike,
    v: npt.ArrayLike,
    length_m: npt.ArrayLike,
) -> WalkGraph:
    """Make a walk graph from nodes and undirected edges.

    Parameters
    ----------
    x, y
        Coordinates of the n nodes, any plane (they only set the order in memory).
    u, v
        End nodes of the m edges, 0 to n - 1. Parallel edges, edges from a node to
        itself and nodes without edges are allowed.
    length_m
        Lengths of the edges, metres, not negative.

    Returns
    -------
    WalkGraph
        The graph.

    Raises
    ------
    InputError
        If the arrays differ in size, a coordinate or length is not a number, a
        length is negative, or an end is not a node.
    """
    east, north = as_floats(x), as_floats(y)
    same_size(x=east, y=north)
    tail, head = as_nodes(u, east.size), as_nodes(v, east.size)
    units = as_units(length_m, "length_m")
    same_size(u=tail, v=head, length_m=units)
    for values in (east, north):
        _refuse(~np.isfinite(values), "reach_coordinate")
    order = np.argsort(_z_curve(east, north), kind="stable")
    rank = np.empty(order.size, np.int32)
    rank[order] = np.arange(order.size, dtype=np.int32)
    keep = tail != head
    ends = (rank[tail[keep]], rank[head[keep]], units[keep])
    near = _adjacency(order.size, *ends)
    return _contract(order, rank, near)


def as_floats(values: npt.ArrayLike) -> FloatArray:
    """Return `values` as a flat float64 array."""
    return np.ascontiguousarray(values, dtype=np.float64).ravel()


def as_nodes(values: npt.ArrayLike, size: int, name: str = "node") -> Int32Array:
    """Return `values` as int32, refusing what is not among `size` nodes."""
    found = np.asarray(values).ravel()
    if found.size == 0:
        return np.empty(0, np.int32)
    if found.dtype.kind not in "iu":
        raise InputError("reach_whole", name=name, dtype=str(found.dtype))
    bad = (found < 0) | (found >= size)
    _refuse(bad, "reach_node", size=size)
    return np.ascontiguousarray(found, dtype=np.int32)


def as_units(values: npt.ArrayLike, name: str) -> Int64Array:
    """Return metres as whole units, refusing negative ones and NaN."""
    found = as_floats(values)
    _refuse(~(found >= 0), "reach_length", name=name)
    return np.rint(np.minimum(found * UNITS_PER_M, LONGEST)).astype(np.int64)


def same_size(**arrays: npt.NDArray[Any]) -> None:
    """Refuse arrays of different sizes."""
    sizes = {name: array.size for name, array in arrays.items()}
    if len(set(sizes.values())) > 1:
        raise InputError("reach_size", sizes=str(sizes))


def _refuse(bad: npt.NDArray[np.bool_], code: str, **params: Any) -> None:
    if bad.any():
        rows = np.flatnonzero(bad)
        shown = "、".join(map(str, rows[:5].tolist()))
        raise InputError(code, rows=shown, count=rows.size, **params)


def _z_curve(x: FloatArray, y: FloatArray) -> npt.NDArray[np.uint32]:
    codes = np.zeros(x.size, np.uint32)
    if x.size == 0:
        return codes
    span = max(float(np.ptp(x)), float(np.ptp(y)), 1e-9)
    for values, shift in ((x, 0), (y, 1)):
        cell = ((values - values.min()) * (65535 / span)).astype(np.uint32)
        for step, mask in (
            (8, 0x00FF00FF),
            (4, 0x0F0F0F0F),
            (2, 0x33333333),
            (1, 0x55555555),
        ):
            cell = (cell | (cell << np.uint32(step))) & np.uint32(mask)
        codes |= cell << np.uint32(shift)
    return codes


class _Near(NamedTuple):
    """Both directions of every edge, by node: neighbour, length, other direction."""

    start: Int32Array
    target: Int32Array
    length: Int32Array
    twin: Int32Array


def _contract(order: Int64Array, rank: Int32Array, near: _Near) -> WalkGraph:
    junction = _find_junctions(near)
    number = np.cumsum(junction, dtype=np.int32) - np.int32(1)
    found = _walk_chains(near, junction, number)
    chains, inner, arcs = Chains(*found[0]), found[1], found[2]
    net, arc_chain = _pack_arcs(int(junction.sum()), *arcs)
    place = np.where(junction, number, np.int32(0)).astype(np.int32)
    place[inner] = ~np.arange(inner.size, dtype=np.int32)
    return WalkGraph(
        place=place[rank],
        node=order[junction].astype(np.int32),
        inner=order[inner].astype(np.int32),
        net=Net(*net),
        arc_chain=arc_chain,
        chains=chains,
    )


def _adjacency(n: int, u: Int32Array, v: Int32Array, units: Int64Array) -> _Near:
    return _Near(*_list_neighbours(n, u, v, units.astype(np.int32)))


@kernel
def _list_neighbours(
    n: int, u: Int32Array, v: Int32Array, units: Int32Array
) -> tuple[Int32Array, Int32Array, Int32Array, Int32Array]:
    start = np.zeros(n + 1, np.int32)
    for i in range(u.size):
        start[u[i] + 1] += 1
        start[v[i] + 1] += 1
    for i in range(n):
        start[i + 1] += start[i]
    fill = start[:-1].copy()
    target = np.empty(2 * u.size, np.int32)
    length = np.empty(2 * u.size, np.int32)
    twin = np.empty(2 * u.size, np.int32)
    for i in range(u.size):
        there, back = fill[u[i]], fill[v[i]]
        fill[u[i]] += 1
        fill[v[i]] += 1
        target[there], target[back] = v[i], u[i]
        length[there] = length[back] = units[i]
        twin[there], twin[back] = back, there
    return start, target, length, twin


@kernel
def _onward(near: _Near, at: int, came: int) -> int:
    """Return the arc that leaves `at` and is not the twin of `came`, or -1."""
    back = near.twin[came]
    for arc in range(near.start[at], near.start[at + 1]):
        if arc != back:
            return arc
    return -1


@kernel
def _find_junctions(near: _Near) -> npt.NDArray[np.bool_]:
    """Mark the nodes to keep: true junctions, cuts, and one per bare ring or line."""
    n = near.start.size - 1
    junction = np.zeros(n, np.bool_)
    seen = np.zeros(n, np.bool_)
    for i in range(n):
        degree = near.start[i + 1] - near.start[i]
        junction[i] = degree == 0 or degree > 2  # noqa: PLR2004 (a chain has two ends)
    for rest in range(2):
        for i in range(n):
            if rest == 1 and not junction[i] and not seen[i]:
                junction[i] = True
            elif rest == 1 or not junction[i] or seen[i]:
                continue
            for first in range(near.start[i], near.start[i + 1]):
                _cut_chain(near, first, junction, seen)
    return junction


@kernel
def _cut_chain(
    near: _Near,
    first: int,
    junction: npt.NDArray[np.bool_],
    seen: npt.NDArray[np.bool_],
) -> None:
    arc = first
    walked = np.int64(near.length[arc])
    at = near.target[arc]
    while not junction[at] and not seen[at]:
        seen[at] = True
        arc = _onward(near, at, arc)
        if arc < 0:
            return
        step = np.int64(near.length[arc])
        if walked > 0 and walked + step > LONGEST_CHAIN:
            junction[at] = True
            walked = np.int64(0)
        walked += step
        at = near.target[arc]


@kernel
def _walk_chains(
    near: _Near, junction: npt.NDArray[np.bool_], number: Int32Array
) -> tuple[Any, Int32Array, Any]:
    n, m = junction.size, near.target.size
    inside = n - junction.sum()
    a, b = np.empty(inside, np.int32), np.empty(inside, np.int32)
    total, start = np.empty(inside, np.int32), np.zeros(inside + 1, np.int32)
    chain, offset = np.empty(inside, np.int32), np.empty(inside, np.int32)
    inner = np.empty(inside, np.int32)
    arc_from, arc_chain = np.empty(m, np.int32), np.empty(m, np.int32)
    arc_packed = np.empty(m, np.int64)
    used = np.zeros(m, np.bool_)
    chains, places, arcs = 0, 0, 0
    for i in range(n):
        if not junction[i]:
            continue
        for first in range(near.start[i], near.start[i + 1]):
            if used[first]:
                continue
            arc, begin = first, places
            at, walked = near.target[arc], np.int64(near.length[arc])
            while arc >= 0 and not junction[at]:
                inner[places], offset[places] = at, walked
                chain[places] = chains
                places += 1
                arc = _onward(near, at, arc)
                if arc >= 0:
                    walked += np.int64(near.length[arc])
                    at = near.target[arc]
            if arc >= 0:
                used[near.twin[arc]] = True
            if places > begin:
                a[chains], b[chains] = number[i], number[at] if arc >= 0 else -1
                total[chains] = walked
                chains += 1
                start[chains] = places
            if arc >= 0 and at != i and walked < LONGEST:
                between = chains - 1 if places > begin else -1
                arc_from[arcs], arc_from[arcs + 1] = number[i], number[at]
                arc_packed[arcs] = walked << 32 | number[at]
                arc_packed[arcs + 1] = walked << 32 | number[i]
                arc_chain[arcs] = arc_chain[arcs + 1] = between
                arcs += 2
    return (
        (a[:chains], b[:chains], total[:chains], start[: chains + 1], chain, offset),
        inner,
        (arc_from[:arcs], arc_packed[:arcs], arc_chain[:arcs]),
    )


@kernel
def _pack_arcs(
    junctions: int, arc_from: Int32Array, packed: Int64Array, between: Int32Array
) -> tuple[tuple[Int32Array, Int64Array], Int32Array]:
    """Group arcs by junction, by target within, keeping the shortest of parallels."""
    start = np.zeros(junctions + 1, np.int32)
    for i in range(arc_from.size):
        start[arc_from[i] + 1] += 1
    for i in range(junctions):
        start[i + 1] += start[i]
    end = start[:-1].copy()
    arc, chain = np.empty(packed.size, np.int64), np.empty(packed.size, np.int32)
    for i in range(arc_from.size):
        junction = arc_from[i]
        low, new, target = start[junction], packed[i], packed[i] & 0xFFFFFFFF
        at = low
        while at < end[junction] and arc[at] & 0xFFFFFFFF < target:
            at += 1
        if at < end[junction] and arc[at] & 0xFFFFFFFF == target:
            if new < arc[at]:
                arc[at], chain[at] = new, between[i]
            continue
        for move in range(end[junction], at, -1):
            arc[move], chain[move] = arc[move - 1], chain[move - 1]
        arc[at], chain[at] = new, between[i]
        end[junction] += 1
    kept = 0
    for i in range(junctions):
        low, high = start[i], end[i]
        start[i] = kept
        for at in range(low, high):
            arc[kept], chain[kept] = arc[at], chain[at]
            kept += 1
    start[junctions] = kept
    return (start, arc[:kept].copy()), chain[:kept].copy()
