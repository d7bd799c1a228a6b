"""Walks and catchments as lines and areas to draw; nothing is counted from them."""

import numpy as np
import numpy.typing as npt
import shapely

from geo.coverage import Floats, Ints
from geo.network import WalkNetwork
from geo.reach import Reach, Seeds
from geo.readings import as_resident
from geo.walks import trace_walk

Geometries = npt.NDArray[np.object_]

#: Half the width of a street as it is drawn in a catchment.
BUFFER_M = 25.0
#: Half the width of the way across a barrier (a bridge), and of a barrier line.
BRIDGE_M = 3.0
#: How far a drawn street may lie from the true one.
SIMPLE_M = 1.0
#: How well the end of a walk must fit the way that was measured.
_FIT_M = 0.01


def draw_walk(
    reach: Reach,
    network: WalkNetwork,
    run: int,
    *,
    community: str,
    gate: str,
    own: Seeds | None,
    name: str,
    shape: shapely.Geometry,
) -> shapely.LineString:
    """Draw the walk from a gate to the nearest facility of a run.

    Parameters
    ----------
    reach
        Runs over the public network.
    network
        The walk network.
    run
        The run.
    community
        Community whose gate it is.
    gate
        The gate.
    own
        Seeds that serve only its residents.
    name, shape
        The nearest facility.

    Returns
    -------
    shapely.LineString
        From the gate to the facility, in the working CRS.

    """
    start = int(network.gates.at[gate, "node"])
    with as_resident(reach, network, community, own) as joined:
        distance = joined.distance_m(run, [start])
        nodes = trace_walk(joined, run, start)
    steps = np.stack([network.x[nodes], network.y[nodes]], axis=1)
    walked = np.hypot(*np.diff(steps, axis=0).T).sum()
    left = float(distance[0] - walked)
    end = _find_end(network, int(nodes[-1]), left, shape, name)
    line = np.concatenate([steps, end])
    keep = np.append(True, np.any(np.diff(line, axis=0) != 0, axis=1))
    line = line[keep]
    return shapely.LineString(line if len(line) > 1 else np.repeat(line, 2, axis=0))


def _find_end(
    network: WalkNetwork, node: int, left_m: float, shape: shapely.Geometry, name: str
) -> Floats:
    """Return the last points of a walk: along the edge, then to the facility.

    The facility meets the network on an edge of `node`: its seeds at both ends of
    that edge tell where (the two ways add up to the edge and twice the connector).
    """
    here = np.array([network.x[node], network.y[node]])
    seeds = network.facility_seeds
    mine = seeds[(seeds["facility_id"] == name).to_numpy()]
    other = dict(zip(mine["node"], mine["distance_m"], strict=True))
    best, best_error = _nearest_on(shape, here), np.inf
    error = abs(shapely.distance(shapely.Point(here), shape) - left_m)
    feet = [(here, error)]
    for neighbour, length in _neighbours(network, node):
        if neighbour in other:
            connector = max(0.0, (left_m + other[neighbour] - length) / 2)
            along = np.clip(left_m - connector, 0.0, length) / length
            there = np.array([network.x[neighbour], network.y[neighbour]])
            foot = here + along * (there - here)
            gap = shapely.distance(shapely.Point(foot), shape)
            feet.append((foot, abs(along * length + gap - left_m)))
    for foot, error in feet:
        if error < best_error - _FIT_M:
            best_error = error
            best = np.stack([foot, _nearest_on(shape, foot)])
    return np.atleast_2d(best)


def _neighbours(network: WalkNetwork, node: int) -> list[tuple[int, float]]:
    ends = ((network.u, network.v), (network.v, network.u))
    found: list[tuple[int, float]] = []
    for near, far in ends:
        edges = np.flatnonzero(near == node)
        found += zip(far[edges].tolist(), network.length_m[edges].tolist(), strict=True)
    return found


def _nearest_on(shape: shapely.Geometry, place: Floats) -> Floats:
    line = shapely.shortest_line(shapely.Point(place), shape)
    return np.asarray(shapely.get_coordinates(line)[-1])


def draw_catchment(
    reach: Reach, network: WalkNetwork, barriers: Geometries, run: int, within_m: float
) -> shapely.Geometry:
    """Draw the streets within reach of a run as an area.

    Parameters
    ----------
    reach
        Runs over the public network.
    network
        The walk network.
    barriers
        Lines and polygons that cut the area, except where a street crosses them.
    run
        The run.
    within_m
        Metres of walking; at most the cut-off of `reach`.

    Returns
    -------
    shapely.Geometry
        Area in the working CRS; empty where nothing is in reach.
    """
    left = within_m - np.nan_to_num(reach.distance_m(run), nan=np.inf)
    edges = _clip_edges(network, left)
    # long lines first: buffering and joining single segments takes ten times as long
    lines = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(edges)))
    streets = shapely.simplify(lines, SIMPLE_M)
    area = shapely.union_all(shapely.buffer(streets, BUFFER_M, quad_segs=4))
    shapely.prepare(area)
    near = barriers[shapely.intersects(area, barriers)]
    cuts = shapely.union_all(
        shapely.buffer(near, BRIDGE_M / 2, cap_style="flat", quad_segs=1)
    )
    shapely.prepare(cuts)
    across = streets[shapely.intersects(cuts, streets)]
    ways = shapely.union_all(shapely.buffer(across, BRIDGE_M, quad_segs=1))
    return shapely.union(shapely.difference(area, cuts), ways)


def _clip_edges(network: WalkNetwork, left_m: Floats) -> Geometries:
    """Return the parts of edges that are within reach of either end."""
    u, v, length = network.u, network.v, network.length_m
    from_u = np.clip(left_m[u] / length, 0.0, 1.0)
    from_v = np.clip(left_m[v] / length, 0.0, 1.0)
    whole = from_u + from_v >= 1
    parts = (
        (whole, np.zeros_like(length), np.ones_like(length)),
        (~whole & (from_u > 0), np.zeros_like(length), from_u),
        (~whole & (from_v > 0), 1 - from_v, np.ones_like(length)),
    )
    return np.concatenate([_cut(network, np.flatnonzero(k), a, b) for k, a, b in parts])


def _cut(network: WalkNetwork, edge: Ints, first: Floats, last: Floats) -> Geometries:
    ends = np.stack([network.x, network.y], axis=1)
    start, along = ends[network.u[edge]], ends[network.v[edge]] - ends[network.u[edge]]
    shares = np.stack([first[edge], last[edge]], axis=1)[:, :, None]
    points = start[:, None, :] + shares * along[:, None, :]
    return np.asarray(shapely.linestrings(points), dtype=object)
