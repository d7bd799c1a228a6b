"""Walking distance and nearest facility for many categories, kept ready to change.

One bounded run per category from all its facilities gives, for every node of the
walk network, the distance to the nearest one and which it is. The runs are kept,
so that a facility added or closed, or a gate opened, touches only the nodes whose
answer it changes; and every change can be undone.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo import kernels, repairs
from geo.chains import (
    MAX_CUTOFF_M,
    FloatArray,
    Int32Array,
    Int64Array,
    WalkGraph,
    as_nodes,
    as_units,
    build_graph,
    same_size,
)
from geo.engine import (
    MAX_LABEL,
    SPARE,
    Seeds,
    check_seeds,
    empty_frame,
    far_key,
    grown_rows,
)
from geo.errors import InputError

__all__ = [
    "MAX_CUTOFF_M",
    "Change",
    "Reach",
    "Seeds",
    "WalkGraph",
    "build_graph",
    "measure_reach",
]

#: Width of a bucket: 2**23 units are 32 m.
BUCKET_SHIFT = 32 + 23
#: Junctions that one batch of seeds should cover, so that they stay in the cache.
_BATCH_JUNCTIONS = 25_000


@dataclass(frozen=True, eq=False, slots=True)
class Change:
    """What one `Reach.add`, `close` or `joined` overwrote.

    Attributes
    ----------
    node, key
        Overwritten keys in order.
    ends
        Categories touched, each with the end of its part of the log.
    rows, row_keys
        Seeds closed, with their keys.
    sizes
        Seeds, new nodes and new arcs there were before.
    """

    node: Int32Array
    key: Int64Array
    ends: tuple[tuple[int, int], ...]
    rows: Int64Array
    row_keys: Int64Array
    sizes: tuple[int, int, int]


def measure_reach(
    graph: WalkGraph,
    seeds: Seeds,
    *,
    categories: int,
    cutoff_m: float,
    threads: int = 1,
) -> "Reach":
    """Measure distance and nearest facility of every node, for every category.

    Parameters
    ----------
    graph
        The walk graph.
    seeds
        Facilities on the network, of all categories.
    categories
        Number of categories K.
    cutoff_m
        Distance beyond which nothing counts as reached, metres, at most
        `MAX_CUTOFF_M`.
    threads
        Threads to share the categories among.

    Returns
    -------
    Reach
        The distances and labels.

    Raises
    ------
    InputError
        If a seed, the number of categories or the cut-off is not valid.
    """
    reach = Reach(graph, categories=categories, cutoff_m=cutoff_m)
    reach._measure(*check_seeds(seeds, graph, categories), threads)  # noqa: SLF001
    return reach


class Reach:
    """Distance and nearest facility per category, with local repair.

    Made by `measure_reach`. Reading is safe from several threads; changing is not.

    Parameters
    ----------
    graph
        The walk graph.
    categories
        Number of categories.
    cutoff_m
        Cut-off, metres.
    """

    def __init__(self, graph: WalkGraph, *, categories: int, cutoff_m: float) -> None:
        if categories < 0:
            raise InputError("reach_categories", categories=categories)
        self.graph = graph
        self.categories = categories
        self.cutoff_m = float(cutoff_m)
        self._far = far_key(cutoff_m)
        self._keys = np.full((categories, graph.junctions + SPARE), self._far, np.int64)
        self._frame = empty_frame(graph)
        self._work = self._make_work(logs=True)
        self._span = np.zeros(categories + 1, np.int64)
        self._rows = 0
        self._changes: list[Change] = []

    def values(
        self, category: int, nodes: npt.ArrayLike | None = None
    ) -> tuple[FloatArray, Int32Array]:
        """Return distance and nearest facility together.

        Parameters
        ----------
        category
            The category.
        nodes
            Nodes to read; all in order if not given.

        Returns
        -------
        distance_m : numpy.ndarray
            Metres on the network, NaN where nothing is within the cut-off.
        label : numpy.ndarray
            Label of the nearest facility, int32, -1 where there is none.
        """
        keys = self._row(category)
        graph = self.graph
        found: tuple[FloatArray, Int32Array]
        if nodes is None:
            both = (graph.node, graph.inner)
            found = kernels.read_all(self._frame, keys, category, both, self._far)
        else:
            places = graph.place[as_nodes(nodes, graph.nodes)]
            found = kernels.read_places(self._frame, keys, category, places, self._far)
        return found

    def distance_m(
        self, category: int, nodes: npt.ArrayLike | None = None
    ) -> FloatArray:
        """Return the distance to the nearest facility.

        Parameters
        ----------
        category
            The category.
        nodes
            Nodes to read; all in order if not given.

        Returns
        -------
        numpy.ndarray
            Metres on the network, NaN where nothing is within the cut-off.
        """
        return self.values(category, nodes)[0]

    def label(self, category: int, nodes: npt.ArrayLike | None = None) -> Int32Array:
        """Return the nearest facility.

        Parameters
        ----------
        category
            The category.
        nodes
            Nodes to read; all in order if not given.

        Returns
        -------
        numpy.ndarray
            Label of the nearest facility, int32, -1 where none is in reach.
        """
        return self.values(category, nodes)[1]

    def add(
        self,
        category: int,
        nodes: npt.ArrayLike,
        distances_m: npt.ArrayLike,
        label: int,
    ) -> Change:
        """Add a facility; only the nodes it improves are touched.

        Parameters
        ----------
        category
            Its category.
        nodes
            Nodes where it meets the network.
        distances_m
            Way from the facility to each node, metres.
        label
            Its label.

        Returns
        -------
        Change
            What `undo` needs.

        Raises
        ------
        InputError
            If the category, a node, a distance or the label is not valid.
        """
        keys = self._row(category)
        place = self.graph.place[as_nodes(nodes, self.graph.nodes)]
        units = as_units(distances_m, "distances_m")
        same_size(nodes=place, distances_m=units)
        key = units << 32 | int(as_nodes(label, MAX_LABEL, "label")[0])
        low, high = self._append(category, place, key)
        self._work.state[kernels.LOGGED] = 0
        self._work = repairs.insert(self._frame, keys, low, high, self._work)
        return self._record(((category, self._logged()),), low)

    def close(self, category: int, label: int) -> Change:
        """Close a facility; only the nodes it was nearest to are touched.

        Parameters
        ----------
        category
            Its category.
        label
            Its label.

        Returns
        -------
        Change
            What `undo` needs.

        Raises
        ------
        InputError
            If the category has no open facility of this label.
        """
        keys = self._row(category)
        base = self._span[-1]
        spans = np.array(
            [self._span[category], self._span[category + 1], base, self._rows], np.int64
        )
        rows = repairs.find_rows(self._frame.rows, category, label, spans, self._far)
        if rows.size == 0:
            raise InputError("reach_label_unknown", category=category, label=label)
        before = self._frame.rows.key[rows]
        self._work.state[kernels.LOGGED] = 0
        self._work = repairs.remove(
            self._frame, keys, rows, label, self._far, self._work
        )
        return self._record(((category, self._logged()),), self._rows, rows, before)

    @contextmanager
    def joined(
        self,
        u: npt.ArrayLike,
        v: npt.ArrayLike,
        length_m: npt.ArrayLike,
        seeds: Seeds | None = None,
    ) -> Iterator["Reach"]:
        """Add edges and facilities for as long as the block lasts.

        Inside the block all reading, adding and closing sees the new edges; at its
        end everything is as before. Blocks may be nested.

        Parameters
        ----------
        u, v
            End nodes of the new edges.
        length_m
            Their lengths, metres.
        seeds
            Further facilities, such as those that serve residents only.

        Yields
        ------
        Reach
            This reach.

        Raises
        ------
        InputError
            If a node, a length or a seed is not valid.
        """
        change = self._join(u, v, length_m, seeds)
        try:
            yield self
        finally:
            while self._changes and self._changes[-1] is not change:
                self.undo(self._changes[-1])
            self.undo(change)

    def undo(self, change: Change) -> None:
        """Take back the latest change that has not been taken back.

        Parameters
        ----------
        change
            What `add` or `close` returned.

        Raises
        ------
        InputError
            If `change` is not the latest.
        """
        if not self._changes or self._changes[-1] is not change:
            raise InputError("reach_undo")
        self._changes.pop()
        low = 0
        for category, high in change.ends:
            part = slice(low, high)
            keys = self._keys[category]
            repairs.restore(keys, change.node[part], change.key[part])
            low = high
        rows, places, arcs = change.sizes
        self._frame.rows.key[change.rows] = change.row_keys
        kernels.unlink_rows(self._frame, rows, self._rows)
        repairs.unsplice(self._frame.extra, places, arcs)
        self._rows = rows

    def state(self, category: int) -> tuple[kernels.Frame, Int64Array, int]:
        """Return what the kernels of other modules work on, not to be changed.

        Parameters
        ----------
        category
            The category.

        Returns
        -------
        frame : geo.kernels.Frame
            Graph, seeds and temporary edges.
        keys : numpy.ndarray
            Keys of the junctions and the nodes made inside chains.
        far : int
            The first key beyond the cut-off.
        """
        return self._frame, self._row(category), self._far

    def _row(self, category: int) -> Int64Array:
        if not 0 <= category < self.categories:
            raise InputError("reach_category", category=category, size=self.categories)
        row: Int64Array = self._keys[category]
        return row

    def _make_work(self, *, logs: bool) -> kernels.Work:
        return kernels.make_work(self._far - 1, BUCKET_SHIFT, logs=logs)

    def _logged(self) -> int:
        return int(self._work.state[kernels.LOGGED])

    def _measure(
        self, category: Int32Array, place: Int32Array, key: Int64Array, threads: int
    ) -> None:
        chains = self.graph.chains
        near = place.copy()
        inside = place < 0
        near[inside] = chains.a[chains.chain[~place[inside]]]
        order = np.lexsort((near, category))
        self._append(category[order], place[order], key[order])
        bounds = np.searchsorted(category[order], np.arange(self.categories + 1))
        self._span[:] = bounds
        if threads > 1:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(self._run, range(self.categories)))
        else:
            for one in range(self.categories):
                self._run(one)

    def _run(self, category: int) -> None:
        work = self._make_work(logs=False)
        low, high = int(self._span[category]), int(self._span[category + 1])
        batches = max(1, min(high - low, self.graph.junctions // _BATCH_JUNCTIONS))
        cuts = np.linspace(low, high, batches + 1).astype(np.int64)
        keys = self._keys[category]
        for first, last in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
            work = kernels.spread(self._frame, keys, first, last, work)

    def _append(
        self, category: Int32Array | int, place: Int32Array, key: Int64Array
    ) -> tuple[int, int]:
        """Store seeds and enter them into the lists."""
        low, high = self._rows, self._rows + place.size
        if high > self._frame.rows.category.size:
            rows = grown_rows(self._frame.rows, max(high, 2 * low))
            self._frame = self._frame._replace(rows=rows)
        rows = self._frame.rows
        rows.category[low:high] = category
        rows.place[low:high] = place
        rows.key[low:high] = np.minimum(key, self._far)
        kernels.link_rows(self._frame, low, high)
        self._rows = high
        return low, high

    def _record(
        self,
        ends: tuple[tuple[int, int], ...],
        rows_before: int,
        rows: Int64Array | None = None,
        row_keys: Int64Array | None = None,
        extra_before: tuple[int, int] | None = None,
    ) -> Change:
        logged = self._logged()
        none = np.empty(0, np.int64)
        places, arcs = extra_before or self._frame.extra.size.tolist()
        change = Change(
            node=self._work.node[:logged].copy(),
            key=self._work.key[:logged].copy(),
            ends=ends,
            rows=none if rows is None else rows,
            row_keys=none if row_keys is None else row_keys,
            sizes=(rows_before, places, arcs),
        )
        self._changes.append(change)
        return change

    def _join(
        self,
        u: npt.ArrayLike,
        v: npt.ArrayLike,
        length_m: npt.ArrayLike,
        seeds: Seeds | None,
    ) -> Change:
        size = self.graph.nodes
        tail, head = as_nodes(u, size), as_nodes(v, size)
        length = as_units(length_m, "length_m")
        same_size(u=tail, v=head, length_m=length)
        found = check_seeds(seeds, self.graph, self.categories) if seeds else None
        tail, head = self.graph.place[tail], self.graph.place[head]
        places, arcs = self._frame.extra.size.tolist()
        self._make_room(places + int((tail < 0).sum() + (head < 0).sum()))
        rows = self._rows
        extra = repairs.splice(self._frame, tail, head, length)
        self._frame = self._frame._replace(extra=extra)
        if found:
            self._append(*found)
        sizes = np.array([places, arcs, rows, self._rows], np.int64)
        self._work.state[kernels.LOGGED] = 0
        self._work, ends = repairs.join(
            self._frame, self._keys, sizes, self._far, self._work
        )
        return self._record(
            tuple(enumerate(ends.tolist())), rows, extra_before=(places, arcs)
        )

    def _make_room(self, places: int) -> None:
        """Make the lists of arcs, or move keys and lists if there are too many places.

        Most fields are never joined: the lists are made when they are first needed.
        """
        extra, room = self._frame.extra, self._frame.extra.place.size
        more = max(places, 2 * room) - room if places > room else 0
        missing = self.graph.junctions + room + more - extra.first.size
        if not missing:
            return
        if more:
            wide = np.full((self.categories, more), self._far, np.int64)
            self._keys = np.concatenate([self._keys, wide], axis=1)
        extra = extra._replace(
            place=np.append(extra.place, np.full(more, -1, np.int32)),
            first=np.append(extra.first, np.full(missing, -1, np.int32)),
        )
        self._frame = self._frame._replace(extra=extra)
