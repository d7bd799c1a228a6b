"""What the reach engine runs on: checked seeds, and a graph ready for the kernels."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo import kernels
from geo.chains import (
    MAX_CUTOFF_M,
    UNITS_PER_M,
    Int32Array,
    Int64Array,
    WalkGraph,
    as_nodes,
    as_units,
    same_size,
)
from geo.errors import InputError

#: Labels lie below this.
MAX_LABEL = 2**31 - 1
#: Places inside chains that `Reach.joined` can make nodes before keys must move.
SPARE = 256


class Seeds(NamedTuple):
    """Where facilities meet the network: one row per facility and node.

    Attributes
    ----------
    category
        Category, 0 to K - 1.
    node
        Node of the graph.
    distance_m
        Way from the facility to the node, metres.
    label
        The facility: a whole number from 0, below 2**31. A facility may stand in
        several rows. At equal distance the smaller label wins.
    """

    category: npt.ArrayLike
    node: npt.ArrayLike
    distance_m: npt.ArrayLike
    label: npt.ArrayLike


def check_seeds(
    seeds: Seeds, graph: WalkGraph, categories: int
) -> tuple[Int32Array, Int32Array, Int64Array]:
    """Return category, place and key of seeds, or refuse them."""
    category = np.atleast_1d(np.asarray(seeds.category))
    if category.size and (category.min() < 0 or category.max() >= categories):
        bad = category[(category < 0) | (category >= categories)]
        raise InputError("reach_category", category=int(bad[0]), size=categories)
    node = as_nodes(seeds.node, graph.nodes)
    units = as_units(seeds.distance_m, "distance_m")
    label = as_nodes(seeds.label, MAX_LABEL, "label")
    same_size(category=category, node=node, distance_m=units, label=label)
    key = units << 32 | label
    return category.astype(np.int32), graph.place[node], key


def far_key(cutoff_m: float) -> int:
    """Return the first key beyond a cut-off.

    Parameters
    ----------
    cutoff_m
        Cut-off, metres.

    Returns
    -------
    int
        The key.

    Raises
    ------
    InputError
        If the cut-off is not within 0 and `MAX_CUTOFF_M`.
    """
    if not 0 < cutoff_m <= MAX_CUTOFF_M:
        raise InputError("reach_cutoff", cutoff_m=cutoff_m, most=MAX_CUTOFF_M)
    return (round(cutoff_m * UNITS_PER_M) + 1) << 32


def empty_frame(graph: WalkGraph) -> kernels.Frame:
    """Return a graph without seeds and temporary edges, for the kernels.

    Parameters
    ----------
    graph
        The walk graph.

    Returns
    -------
    geo.kernels.Frame
        The frame.
    """
    return kernels.Frame(
        graph.net,
        graph.chains,
        _empty_rows(graph.junctions + graph.chains.a.size),
        _empty_extra(),
    )


def _empty_rows(lists: int) -> kernels.Rows:
    return kernels.Rows(
        category=np.empty(0, np.int32),
        place=np.empty(0, np.int32),
        key=np.empty(0, np.int64),
        first=np.full(lists, -1, np.int32),
        after=np.empty(0, np.int32),
    )


def grown_rows(rows: kernels.Rows, size: int) -> kernels.Rows:
    """Return a table of seeds with room for `size` of them."""
    more = size - rows.category.size
    return rows._replace(
        category=np.append(rows.category, np.zeros(more, np.int32)),
        place=np.append(rows.place, np.zeros(more, np.int32)),
        key=np.append(rows.key, np.zeros(more, np.int64)),
        after=np.append(rows.after, np.zeros(3 * more, np.int32)),
    )


def _empty_extra() -> kernels.Extra:
    return kernels.Extra(
        place=np.empty(SPARE, np.int32),
        first=np.empty(0, np.int32),
        after=np.empty(0, np.int32),
        source=np.empty(0, np.int32),
        arc=np.empty(0, np.int64),
        along=np.empty(0, np.int32),
        size=np.zeros(2, np.int64),
    )
