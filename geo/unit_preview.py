"""Units at a glance: clusters of neighbours, while the solve is running."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.chains import FloatArray, Int64Array, kernel
from geo.settings import UnitSettings
from geo.unit_problem import (
    AREA_MOST,
    COUNT_MOST,
    HOUSEHOLDS_MOST,
    UnitProblem,
    lay_out,
    number_labels,
    take_communities,
)

__all__ = ["preview_units"]


def preview_units(
    problem: UnitProblem,
    settings: UnitSettings,
    *,
    free: npt.NDArray[np.bool_] | None = None,
) -> Int64Array:
    """Cluster neighbouring communities by where they lie.

    Ward's clustering with connectivity (scikit-learn) runs in each piece of the
    graph by itself; its tree is cut where the units keep the *most* bounds and,
    where there is a target, where another merger would lead away from it.

    Parameters
    ----------
    problem
        The communities.
    settings
        The bounds.
    free
        Which communities to draw; all by default.

    Returns
    -------
    numpy.ndarray
        Unit of each community, 0, 1, ... by their smallest members; -1 where it was
        not free. Units are connected and keep the *most* bounds; they may break the
        *least* bounds, locks and prohibitions.
    """
    if free is None:
        free = np.ones(problem.size, np.bool_)
    order = np.lexsort((problem.y, problem.x))
    order = order[free[order]].astype(np.int64)
    taken = take_communities(problem, order)
    load = np.column_stack(
        [
            np.ones(taken.size),
            np.nan_to_num(taken.households, nan=0.0),
            np.nan_to_num(taken.area_m2, nan=0.0),
        ]
    )
    unit = np.full(problem.size, -1, np.int64)
    unit[order] = _cluster(taken, lay_out(settings), load)
    return number_labels(unit)


def _cluster(problem: UnitProblem, choice: FloatArray, load: FloatArray) -> Int64Array:
    """Return a label for each community."""
    from sklearn.cluster import ward_tree  # noqa: PLC0415 - takes two seconds to load

    size = problem.size
    label = np.arange(size, dtype=np.int64)
    ones = np.ones(len(problem.edges), np.int8)
    link = coo_array((ones, problem.edges.T), (size, size)).tocsr()
    link = (link + link.T).tocsr()
    count, piece = connected_components(link, directed=False)
    member = np.argsort(piece, kind="stable")
    place = np.column_stack([problem.x, problem.y])
    for inside in np.split(member, np.cumsum(np.bincount(piece, minlength=count))[:-1]):
        if inside.size > 1:
            near = link[inside][:, inside]
            tree = ward_tree(place[inside], connectivity=near)[0].astype(np.int64)
            label[inside] = inside[_cut(tree, load[inside], choice)]
    return label


@kernel
def _cut(tree: Int64Array, load: FloatArray, choice: FloatArray) -> Int64Array:
    """Merge along the tree as far as the bounds allow."""
    size = load.shape[0]
    label = np.arange(size)
    parent = np.arange(2 * size - 1)
    total = np.zeros((2 * size - 1, 3))
    total[:size] = load
    whole = np.ones(2 * size - 1, np.bool_)
    most = np.array([choice[COUNT_MOST], choice[HOUSEHOLDS_MOST], choice[AREA_MOST]])
    for k in range(tree.shape[0]):
        new, a, b = size + k, tree[k, 0], tree[k, 1]
        total[new] = total[a] + total[b]
        whole[new] = whole[a] and whole[b]
        for what in range(3):
            if 0 < most[what] < total[new, what]:
                whole[new] = False
        if whole[new]:
            parent[a] = parent[b] = new
    for i in range(size):
        top = i
        while parent[top] != top:
            top = parent[top]
        label[i] = top
    # a cluster is known by its smallest member
    least = np.full(2 * size - 1, size)
    for i in range(size - 1, -1, -1):
        least[label[i]] = i
    return least[label]
