"""What a straight line says: buffers, hidden facilities, and what lies between."""

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geo.coverage import Bools, Floats, Ints

Geometries = npt.NDArray[np.object_]

#: A line is shortened by this at both ends, so that a gate's own wall is not
#: "between".
END_M = 1.0


def measure_straight(
    gates: Geometries,
    gate_community: Ints,
    facilities: Geometries,
    category: Ints,
    *,
    shape: tuple[int, int],
) -> Floats:
    """Measure the straight distance from gates to the nearest facility.

    Parameters
    ----------
    gates
        Points of the gates; metric CRS.
    gate_community
        Row position of the community of each gate.
    facilities
        Points or polygons.
    category
        Position of the category of each facility, -1: none.
    shape
        Numbers of communities and categories.

    Returns
    -------
    numpy.ndarray
        Metres, shape `shape`; NaN where there is no gate or no facility.
    """
    nearest = np.full(shape, np.inf)
    for at in range(shape[1]):
        those = facilities[category == at]
        if len(those) and len(gates):
            pairs, distance = shapely.STRtree(those).query_nearest(
                gates, return_distance=True, all_matches=False
            )
            np.minimum.at(nearest, (gate_community[pairs[0]], at), distance)
    return np.where(np.isinf(nearest), np.nan, nearest)


def measure_lines(gates: Geometries, facilities: Geometries) -> Floats:
    """Measure the straight distance of each gate to its facility.

    Parameters
    ----------
    gates, facilities
        Geometries of equal number; None where there is none.

    Returns
    -------
    numpy.ndarray
        Metres, NaN where either is missing.
    """
    return np.asarray(shapely.distance(gates, facilities), dtype=np.float64)


def find_between(
    gates: Geometries,
    facilities: Geometries,
    obstacles: Geometries,
    kinds: npt.NDArray[Any],
    *,
    order: tuple[str, ...],
) -> npt.NDArray[np.object_]:
    """Find what lies between each gate and its facility.

    Parameters
    ----------
    gates, facilities
        Geometries of equal number.
    obstacles
        Walls, rivers and the like; lines or polygons.
    kinds
        Kind of each obstacle.
    order
        Kinds in the order in which they are to be named; others are left out.

    Returns
    -------
    numpy.ndarray
        Kinds joined by ``|``, empty where nothing lies between.
    """
    lines = _shorten(shapely.shortest_line(gates, facilities))
    line, obstacle = shapely.STRtree(obstacles).query(lines, predicate="intersects")
    crossed: Bools = np.zeros((len(lines), len(order)), dtype=np.bool_)
    for at, kind in enumerate(order):
        crossed[line[kinds[obstacle] == kind], at] = True
    patterns, which = np.unique(crossed, axis=0, return_inverse=True)
    words = ["|".join(np.asarray(order)[pattern]) for pattern in patterns]
    return np.asarray(words, dtype=object)[which.reshape(-1)]


def _shorten(lines: Geometries) -> Geometries:
    ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
    along = ends[:, 1] - ends[:, 0]
    length = np.hypot(along[:, 0], along[:, 1])
    cut = np.divide(
        END_M, length, out=np.full_like(length, 0.5), where=length > 2 * END_M
    )
    step = along * cut[:, None]
    shortened = np.stack([ends[:, 0] + step, ends[:, 1] - step], axis=1)
    return np.asarray(shapely.linestrings(shortened), dtype=object)
