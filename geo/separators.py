"""What keeps two communities apart: rivers, railways, expressways, main roads.

A wall is no separator (units open gates in walls). A separator is a line or an
area on the map; bridges over it and crossings on it do not take it away, but a
stretch of road in a tunnel is none.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geo.edges import Bools, Geometries, Ints
from geo.topology import find_flags

if TYPE_CHECKING:
    from geo.district import District
    from geo.rules import RuleBook

#: Kinds of separators, the one to be named first where several lie between.
SEPARATOR_KINDS = ("river", "railway", "expressway", "main_road")
#: Main roads that are expressways (trunk roads are built like them).
EXPRESSWAYS = frozenset(
    (
        "motorway",
        "motorway_link",
        "trunk",
        "trunk_link",
        "高速公路",
        "快速路",
        "高架路",
    )
)
#: Half the width of the strip that is taken out along a line (m).
STRIP_M = 0.01
#: Long lines are handled in pieces of so many segments.
_PIECE = 16
_AREA = 2


@dataclass(frozen=True, eq=False)
class Separators:
    """Pieces of the separators of one district; all arrays of one length.

    Attributes
    ----------
    shapes
        Short pieces of lines, and polygons, in the working CRS.
    kind
        Position in `SEPARATOR_KINDS`.
    name
        Name of the street or barrier, empty if unknown.
    street
        Row position in ``district.streets``; -1: from the barriers layer.
    """

    shapes: Geometries
    kind: Ints
    name: Geometries
    street: Ints

    @cached_property
    def is_area(self) -> Bools:
        """Tell which of them are polygons."""
        return np.asarray(shapely.get_dimensions(self.shapes) == _AREA)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Return a tree over the shapes."""
        return shapely.STRtree(self.shapes)

    def meet(self, shapes: Geometries, within_m: float = 0.0) -> tuple[Ints, Ints]:
        """Find which of some shapes meet which separators.

        Parameters
        ----------
        shapes
            Shapes in the working CRS.
        within_m
            A separator this near is met.

        Returns
        -------
        row : numpy.ndarray
            Positions in `shapes`, ascending.
        separator : numpy.ndarray
            Positions of separators.
        """
        # the tree does not see lines of no length
        flat = (shapely.get_dimensions(shapes) == 1) & (shapely.length(shapes) == 0)
        seen = np.where(flat, shapely.get_point(shapes, 0), shapes)
        row, found = self.tree.query(seen, predicate="dwithin", distance=within_m)
        order = np.lexsort((found, row))
        return row[order], found[order]

    def take_out(
        self, shapes: Geometries, row: Ints, separator: Ints, half_m: float = STRIP_M
    ) -> Geometries:
        """Take separators out of shapes: areas, and a thin strip along lines.

        Parameters
        ----------
        shapes
            Polygons.
        row, separator
            Which separators to take out of which shapes, as `meet` returns them.
        half_m
            Half the width of the strip.

        Returns
        -------
        numpy.ndarray
            What is left of each.
        """
        left = shapes.copy()
        line = ~self.is_area[separator]
        rows, number = np.unique(row[line], return_inverse=True)
        if len(rows):
            lines = shapely.multilinestrings(
                self.shapes[separator[line]], indices=number
            )
            strips = shapely.buffer(lines, half_m, quad_segs=1)
            left[rows] = shapely.difference(left[rows], strips)
        areas = pd.Series(separator[~line]).groupby(row[~line])
        turn = areas.cumcount().to_numpy()
        for k in range(turn.max(initial=-1) + 1):
            at, area = row[~line][turn == k], separator[~line][turn == k]
            left[at] = shapely.difference(left[at], self.shapes[area])
        return left

    def choose(self, row: Ints, separator: Ints, count: int) -> Ints:
        """Choose the separator to be named for each of some rows.

        Parameters
        ----------
        row, separator
            Candidates.
        count
            Number of rows.

        Returns
        -------
        numpy.ndarray
            Position of the separator of the first kind (`SEPARATOR_KINDS`), named
            ones first, then by name; -1 where there is no candidate.
        """
        name = self.name[separator].astype(str)
        order = np.lexsort((name, name == "", self.kind[separator], row))
        chosen = np.full(count, -1, dtype=np.int64)
        rows, first = np.unique(row[order], return_index=True)
        chosen[rows] = separator[order][first]
        return chosen


def read_separators(district: "District", rules: "RuleBook") -> Separators:
    """Take the separators of a district from its barriers and its streets.

    Parameters
    ----------
    district
        Checked layers in one metric CRS. Of `barriers`, rivers, railways and
        expressways; of `streets`, main roads that are not in a tunnel.
    rules
        Rule book; `street_classes` tells which classes are main roads.

    Returns
    -------
    Separators
        Lines in short pieces, and polygons.
    """
    streets, barriers = district.streets, district.barriers
    road = find_main_roads(streets, rules.street_classes)
    stated = barriers["kind"].astype("object").to_numpy()
    kind = np.array([_KIND_NUMBER.get(word, -1) for word in stated], dtype=np.int64)
    given = np.flatnonzero(kind >= 0)
    rows = np.flatnonzero(road >= 0)
    shapes = np.concatenate(
        (
            barriers.geometry.to_numpy(dtype=object)[given],
            streets.geometry.to_numpy(dtype=object)[rows],
        )
    )
    pieces, of = _cut_up(shapes)
    kinds = np.concatenate((kind[given], road[rows]))
    names = np.concatenate((_read_names(barriers)[given], _read_names(streets)[rows]))
    street = np.concatenate((np.full(len(given), -1, dtype=np.int64), rows))
    return Separators(pieces, kinds[of], names[of], street[of])


_KIND_NUMBER = {name: at for at, name in enumerate(SEPARATOR_KINDS)}


def find_main_roads(streets: pd.DataFrame, street_classes: pd.DataFrame) -> Ints:
    """Tell which streets keep communities apart.

    Parameters
    ----------
    streets
        Streets layer; `highway`, `tunnel` and `level` are read where they exist.
    street_classes
        Columns `key`, `value` and `is_main_road` (``yes`` or not).

    Returns
    -------
    numpy.ndarray
        Position in `SEPARATOR_KINDS` per street; -1: it keeps nothing apart.
    """
    classes = street_classes.astype("str")
    main = classes[(classes["key"] == "highway") & (classes["is_main_road"] == "yes")]
    cells = streets["highway"]
    words = cells.map(lambda cell: "" if pd.isna(cell) else str(cell).strip().lower())
    level = np.zeros(len(streets))
    if "level" in streets:
        level = pd.to_numeric(streets["level"], errors="coerce").to_numpy(dtype=float)
    is_main = words.isin(main["value"]).to_numpy()
    is_main = is_main & ~find_flags(streets, "tunnel") & ~(level < 0)
    fast = words.isin(EXPRESSWAYS).to_numpy()
    kind = np.where(fast, _KIND_NUMBER["expressway"], _KIND_NUMBER["main_road"])
    return np.where(is_main, kind, -1).astype(np.int64)


def _read_names(frame: pd.DataFrame) -> Geometries:
    if "name" not in frame:
        return np.full(len(frame), "", dtype=object)
    said = frame["name"].map(lambda cell: "" if pd.isna(cell) else str(cell).strip())
    return said.to_numpy(dtype=object)


def _cut_up(shapes: Geometries) -> tuple[Geometries, Ints]:
    """Return polygons, and lines in pieces that share their ends; and their rows."""
    parts, of = shapely.get_parts(shapes, return_index=True)
    area = shapely.get_dimensions(parts) == _AREA
    xy, line = shapely.get_coordinates(parts[~area], return_index=True)
    step = np.flatnonzero(line[1:] == line[:-1])
    at = step - np.searchsorted(line, line[step])
    key = line[step] * len(xy) + at // _PIECE
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    index = np.repeat(np.arange(len(first)), count + 1)
    offset = np.arange(len(index)) - np.searchsorted(index, index)
    pieces = shapely.linestrings(xy[step[first][index] + offset], indices=index)
    found = np.concatenate((parts[area], np.asarray(pieces, dtype=object)))
    return found, np.concatenate((of[area], of[~area][line[step[first]]]))


def find_bodies(
    shapes: Geometries, separators: Separators, sliver_m: float
) -> tuple[Geometries, Ints]:
    """Cut communities where separators run through them, and drop the slivers.

    An outline drawn a few metres beyond the middle of a main road does not make
    the community stand on both sides of it: a part that lies wholly within
    `sliver_m` of the separators that cut it off is a sliver. The largest part always
    stays.

    Parameters
    ----------
    shapes
        Outlines.
    separators
        The separators.
    sliver_m
        Metres.

    Returns
    -------
    parts : numpy.ndarray
        Connected parts that bear the community, on one side of every separator.
    owner : numpy.ndarray
        Position in `shapes` of each part, ascending.
    """
    row, separator = separators.meet(shapes)
    cut = separators.take_out(shapes, row, separator)
    cut = np.where(shapely.is_empty(cut), shapes, cut)
    parts, owner = shapely.get_parts(cut, return_index=True)
    solid = shapely.get_dimensions(parts) == _AREA
    parts, owner = parts[solid], owner[solid]
    thin = np.zeros(len(parts), dtype=bool)
    split = np.isin(owner, row)
    zones = _find_zones(shapes, row, separators.shapes[separator], sliver_m)
    thin[split] = shapely.covers(zones[owner[split]], parts[split])
    # the largest part of each stays, whatever it is
    largest = np.lexsort((-shapely.area(parts), owner))
    thin[largest[np.unique(owner[largest], return_index=True)[1]]] = False
    return parts[~thin], owner[~thin]


def _find_zones(
    shapes: Geometries, row: Ints, met: Geometries, within_m: float
) -> Geometries:
    """Return what lies within some metres of the separators that each shape meets."""
    zones = np.full(len(shapes), None, dtype=object)
    rows, number = np.unique(row, return_inverse=True)
    if len(rows):
        around = shapely.buffer(shapes[rows], 2 * within_m, quad_segs=2)
        near = shapely.intersection(met, shapely.envelope(around)[number])
        together = shapely.geometrycollections(near, indices=number)
        zones[rows] = shapely.buffer(together, within_m)
    return zones
