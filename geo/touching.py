"""Which outlines touch within the gap, with the separators between them taken out.

Both outlines are widened by half the gap and the separators are taken out of the
whole; two communities touch if one remaining piece holds a part of each (METHODS
§2). The parts that count are those of :func:`geo.separators.find_bodies`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from geo.edges import Bools, Geometries, Ints
from geo.separators import STRIP_M, Separators, find_bodies

#: Pairs that are cut at a time, to bound the memory.
_CHUNK = 4000
#: Vertices of a quarter circle.
_QUAD = 16
_LEAST_M = 0.001


@dataclass(frozen=True, eq=False)
class Bodies:
    """Communities as the separators leave them.

    Attributes
    ----------
    shapes
        Outlines, in the order of the communities.
    bodies
        What is left of each, without slivers.
    parts, owner
        The connected parts, and whose they are (ascending).
    """

    shapes: Geometries
    bodies: Geometries
    parts: Geometries
    owner: Ints


def make_bodies(shapes: Geometries, separators: Separators, sliver_m: float) -> Bodies:
    """Cut communities at the separators that run through them.

    Parameters
    ----------
    shapes
        Outlines.
    separators
        The separators.
    sliver_m
        A part that reaches no farther from the separators is a drawing error.

    Returns
    -------
    Bodies
        The outlines with their parts.
    """
    parts, owner = find_bodies(shapes, separators, sliver_m)
    bodies = shapely.multipolygons(parts, indices=owner)
    return Bodies(shapes, np.asarray(bodies, dtype=object), parts, owner)


def find_touching(
    places: Bodies, one: Ints, two: Ints, separators: Separators, gap_m: float
) -> Bools:
    """Tell which pairs touch within the gap with no separator between.

    Parameters
    ----------
    places
        The communities.
    one, two
        Pairs whose outlines are at most `gap_m` apart.
    separators
        The separators.
    gap_m
        Metres; half of it is added to each outline.

    Returns
    -------
    numpy.ndarray
        One flag per pair.
    """
    # a straight way from part to part that meets nothing settles most pairs
    line = shapely.shortest_line(places.bodies[one], places.bodies[two])
    touching = shapely.length(line) <= gap_m
    touching[np.unique(separators.meet(line, STRIP_M)[0])] = False
    doubt = np.flatnonzero(~touching)
    half_m = max(gap_m / 2, _LEAST_M)
    for start in range(0, len(doubt), _CHUNK):
        some = doubt[start : start + _CHUNK]
        touching[some] = _cut_pairs(places, one[some], two[some], separators, half_m)
    return touching


def _cut_pairs(
    places: Bodies, one: Ints, two: Ints, separators: Separators, half_m: float
) -> Bools:
    both = np.stack((one, two))
    wide = shapely.buffer(places.shapes[both], half_m, quad_segs=_QUAD)
    whole = shapely.union(wide[0], wide[1])
    left = separators.take_out(whole, *separators.meet(whole))
    piece, pair = shapely.get_parts(left, return_index=True)
    pieces = pd.DataFrame({"pair": pair, "piece": np.arange(len(piece))})
    known = pd.DataFrame({"owner": places.owner, "part": np.arange(len(places.owner))})
    asked = pd.DataFrame(
        {
            "owner": both.ravel(),
            "pair": np.tile(np.arange(len(one)), 2),
            "side": np.repeat([0, 1], len(one)),
        }
    )
    found = asked.merge(known, on="owner").merge(pieces, on="pair")
    place = shapely.point_on_surface(places.parts[found["part"].to_numpy()])
    found = found[shapely.intersects(piece[found["piece"].to_numpy()], place)]
    sides = found.groupby(["pair", "piece"])["side"].nunique()
    touching = np.zeros(len(one), dtype=bool)
    touching[sides.index.get_level_values("pair")[sides.to_numpy() > 1]] = True
    return touching
