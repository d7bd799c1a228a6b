"""Bare street networks of any size, for measuring how fast walking distances are."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
NodeArray = npt.NDArray[np.int32]

#: Metres between two junctions, how far they are off a regular grid, and the share
#: of streets of the grid that are missing.
_SPACING_M, _OFF_M, _MISSING = 85.0, 24.0, 0.08


class StreetTown(NamedTuple):
    """A street network: places of its nodes, ends and lengths of its edges.

    Attributes
    ----------
    x, y
        Places of the nodes, in metres, shape (n,).
    u, v
        Nodes at the ends of the edges, shape (m,).
    length_m
        Lengths of the edges, shape (m,).
    """

    x: FloatArray
    y: FloatArray
    u: NodeArray
    v: NodeArray
    length_m: FloatArray


def street_town(nodes: int, degree2_share: float, seed: int = 0) -> StreetTown:
    """Make a street network with a given share of nodes that are no junctions.

    Parameters
    ----------
    nodes
        Number of nodes, at least 100.
    degree2_share
        About this share of them has two edges: bends of a street. Between 0.05
        and 0.95; OSM streets with their bends have 0.7 to 0.8, simplified ones 0.1.
    seed
        The same seed gives the same network.

    Returns
    -------
    StreetTown
        The network: an uneven grid, some of its streets missing; a few nodes are
        cut off from the rest, as in life.

    Raises
    ------
    ValueError
        If there are fewer than 100 nodes, or the share is out of bounds.

    Examples
    --------
    >>> town = street_town(10_000, 0.75)
    >>> len(town.x)
    10000
    """
    if nodes < 100 or not 0.05 <= degree2_share <= 0.95:  # noqa: PLR2004 (documented)
        msg = f"nodes is {nodes} (>= 100), degree2_share {degree2_share} (0.05 to 0.95)"
        raise ValueError(msg)
    rng = np.random.default_rng(seed)
    natural = 6.0 * (_MISSING * (1.0 - _MISSING)) ** 2
    side = int(np.sqrt(nodes * (1.0 - degree2_share) / (1.0 - natural)))
    side = min(side, int(np.sqrt(nodes)))
    grid = np.arange(side * side, dtype=np.int32).reshape(side, side)
    x, y = (axis.ravel() * _SPACING_M for axis in np.meshgrid(*[np.arange(side)] * 2))
    x = x + rng.uniform(-_OFF_M, _OFF_M, x.size)
    y = y + rng.uniform(-_OFF_M, _OFF_M, y.size)
    u = np.concatenate([grid[:, :-1].ravel(), grid[:-1].ravel()])
    v = np.concatenate([grid[:, 1:].ravel(), grid[1:].ravel()])
    kept = rng.random(u.size) >= _MISSING
    return _bend_streets(rng, (x, y), (u[kept], v[kept]), nodes - side * side)


def _bend_streets(
    rng: np.random.Generator,
    places: tuple[FloatArray, FloatArray],
    ends: tuple[NodeArray, NodeArray],
    count: int,
) -> StreetTown:
    """Put `count` further nodes on the edges, each a little off the straight line."""
    (x, y), (u, v) = places, ends
    edge = np.sort(rng.integers(0, u.size, count))
    bends = np.bincount(edge, minlength=u.size)
    first = np.concatenate([[0], np.cumsum(bends)])
    rank = np.arange(count) - first[edge] + 1
    part = rank / (bends[edge] + 1)
    off = rng.uniform(-0.3, 0.3, (2, count)) * _SPACING_M / (bends[edge] + 1)
    bent_x = x[u[edge]] * (1.0 - part) + x[v[edge]] * part + off[0]
    bent_y = y[u[edge]] * (1.0 - part) + y[v[edge]] * part + off[1]
    bent = np.arange(count, dtype=np.int32) + np.int32(x.size)
    all_x, all_y = np.concatenate([x, bent_x]), np.concatenate([y, bent_y])
    before = np.where(rank == 1, u[edge], bent - 1)
    last = np.where(bends > 0, x.size + first[1:] - 1, u).astype(np.int32)
    all_u = np.concatenate([before, last]).astype(np.int32)
    all_v = np.concatenate([bent, v]).astype(np.int32)
    step_x, step_y = all_x[all_u] - all_x[all_v], all_y[all_u] - all_y[all_v]
    return StreetTown(all_x, all_y, all_u, all_v, np.hypot(step_x, step_y))
