"""Street lines to nodes and edges.

Which vertices are one node is defined in :mod:`geo.network` (definitions 1 to 4).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.edges import (
    SAME_PLACE_M,
    Bools,
    Edges,
    Floats,
    Ints,
    keep_edges,
    locate_on_edges,
    split_edges,
)

#: Cells that mean "no" in a flag column, whatever program wrote it.
_NO_WORDS = frozenset(("", "no", "n", "f", "false", "0", "none", "nan", "<na>", "否"))


def find_flags(frame: pd.DataFrame, name: str) -> Bools:
    """Read a yes-or-no column that any program may have written.

    Parameters
    ----------
    frame
        Frame that may lack the column.
    name
        Column name.

    Returns
    -------
    numpy.ndarray
        True where the cell says anything but no; missing means no.
    """
    if name not in frame:
        return np.zeros(len(frame), dtype=bool)
    words = frame[name].map(lambda cell: "" if pd.isna(cell) else str(cell).lower())
    return ~words.isin(_NO_WORDS).to_numpy(dtype=bool)


def find_walkable(streets: pd.DataFrame, street_classes: pd.DataFrame) -> Bools:
    """Say which streets may be walked, after the table of street classes.

    Parameters
    ----------
    streets
        Streets layer; `highway`, `access`, `foot` and `motorroad` are read where
        they exist.
    street_classes
        Columns `key` (`highway`, `access`, `foot`, `motorroad`), `value` (``*``:
        any other and missing), `walkable` and `foot_may_allow` (``yes``, ``no``
        or empty).

    Returns
    -------
    numpy.ndarray
        One flag per street: False if `foot` forbids it, if a key forbids it for
        good, or if a key forbids it and `foot` does not allow it.
    """
    classes = street_classes.astype("str")
    allowed = np.zeros(len(streets), dtype=bool)
    closed, barred = allowed.copy(), allowed.copy()
    for key, table in classes.groupby("key"):
        said = _look_up(streets, str(key), table.set_index("value"))
        if key == "foot":
            allowed |= said["walkable"] == "yes"
            barred |= said["walkable"] == "no"
            continue
        shut = said["walkable"] == "no"
        closed |= shut
        barred |= shut & (said["foot_may_allow"] != "yes")
    return ~barred & (allowed | ~closed)


def _look_up(
    streets: pd.DataFrame, key: str, table: pd.DataFrame
) -> dict[str, npt.NDArray[Any]]:
    cells = streets[key] if key in streets else pd.Series(None, index=streets.index)
    words = cells.map(lambda cell: "" if pd.isna(cell) else str(cell).strip().lower())
    words = words.where(words.isin(table.index), "*")
    return {
        column: words.map(table[column].str.strip().str.lower())
        .fillna("")
        .to_numpy(dtype=object)
        for column in ("walkable", "foot_may_allow")
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Vertices:
    """The vertices of all walkable lines, in order."""

    xy: Floats
    row: Ints
    part: Ints
    end: Bools
    level: Ints


def build_topology(
    streets: pd.DataFrame, walkable: Bools, *, planarise: bool = False
) -> Edges:
    """Turn walkable lines into nodes and edges.

    Parameters
    ----------
    streets
        Streets layer in a metric CRS; `bridge`, `tunnel`, `crossing`, `level`
        and `node_ids` are read where they exist.
    walkable
        One flag per street.
    planarise
        Join lines without `node_ids` where they merely cross on one level.

    Returns
    -------
    Edges
        Edges of the walkable streets, without any of no length.
    """
    vertices = _find_vertices(streets, walkable)
    known = _know_ids(streets)
    node = _number_nodes(vertices, streets, known)
    x, y = np.empty(node.max(initial=-1) + 1), np.empty(node.max(initial=-1) + 1)
    x[node[::-1]], y[node[::-1]] = vertices.xy[::-1, 0], vertices.xy[::-1, 1]
    step = np.flatnonzero(vertices.part[1:] == vertices.part[:-1])
    step = step[node[step] != node[step + 1]]
    row = vertices.row[step]
    free = np.zeros(len(streets), dtype=bool)
    for name in ("bridge", "tunnel", "crossing"):
        free |= find_flags(streets, name)
    nowhere = np.full(len(step), -1, dtype=np.int64)
    edges = Edges(
        x, y, node[step], node[step + 1], row, free[row], nowhere, nowhere.copy()
    )
    if planarise:
        level = vertices.level[step]
        edges = _join_crossings(edges, np.flatnonzero(~known[row]), level)
    return edges


def _find_vertices(streets: pd.DataFrame, walkable: Bools) -> _Vertices:
    rows = np.flatnonzero(walkable)
    shapes = streets["geometry"].to_numpy(dtype=object)[rows]
    parts, of_row = shapely.get_parts(shapes, return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    row = rows[of_row[part]] if len(part) else np.empty(0, dtype=np.int64)
    end = np.ones(len(part), dtype=bool)
    end[1:-1] = (part[1:-1] != part[:-2]) | (part[1:-1] != part[2:])
    return _Vertices(xy, row, part.astype(np.int64), end, _find_levels(streets)[row])


def _find_levels(streets: pd.DataFrame) -> Ints:
    level = np.zeros(len(streets), dtype=np.int64)
    if "level" in streets:
        numbers = pd.to_numeric(streets["level"], errors="coerce").fillna(0)
        level = numbers.round().to_numpy(dtype=np.int64).copy()
    # a bridge or tunnel that does not say its level is not on the ground
    level[(level == 0) & find_flags(streets, "bridge")] = 1
    level[(level == 0) & find_flags(streets, "tunnel")] = -1
    return level


def _know_ids(streets: pd.DataFrame) -> Bools:
    if "node_ids" not in streets:
        return np.zeros(len(streets), dtype=bool)
    ids = streets["node_ids"]
    return np.array([isinstance(i, np.ndarray | list | tuple) for i in ids], dtype=bool)


def _number_nodes(vertices: _Vertices, streets: pd.DataFrame, known: Bools) -> Ints:
    node = np.full(len(vertices.row), -1, dtype=np.int64)
    by_id = known[vertices.row]
    if by_id.any():
        rows = pd.unique(vertices.row[by_id])
        listed = [np.asarray(ids) for ids in streets["node_ids"].to_numpy()[rows]]
        counts = np.bincount(vertices.row[by_id], minlength=len(streets))[rows]
        if any(len(ids) != count for ids, count in zip(listed, counts, strict=True)):
            msg = "streets: node_ids must be as long as the vertices of its line"
            raise ValueError(msg)
        node[by_id] = pd.factorize(np.concatenate(listed))[0]
    places = _number_places(vertices, np.flatnonzero(~by_id))
    node[~by_id] = places + node.max(initial=-1) + 1
    return node


def _number_places(vertices: _Vertices, chosen: Ints) -> Ints:
    """Give numbers to vertices by coordinate and level (definitions 2 and 3)."""
    cell = np.rint(vertices.xy[chosen] / SAME_PLACE_M).astype(np.int64)
    table = pd.DataFrame({"x": cell[:, 0], "y": cell[:, 1]})
    table["place"] = table.groupby(["x", "y"], sort=False).ngroup()
    table["level"], table["end"] = vertices.level[chosen], vertices.end[chosen]
    group = table.groupby(["place", "level"])["end"]
    ended = group.transform("any").to_numpy()
    table["lonely"] = ended & (group.transform("size").to_numpy() == 1)
    open_place = table.groupby("place")["lonely"].transform("any").to_numpy()
    # one node for all, one for all levels that end here, or one for each level
    level = table["level"].to_numpy()
    level = np.where(level >= 0, level + 2, level)
    table["key"] = np.where(open_place, 0, np.where(ended, 1, level))
    node = table.groupby(["place", "key"], sort=False).ngroup()
    return np.asarray(node, dtype=np.int64)


def _join_crossings(edges: Edges, chosen: Ints, level: Ints) -> Edges:
    lines = edges.lines(chosen)
    one, two = shapely.STRtree(lines).query(lines, predicate="intersects")
    first, second = chosen[one], chosen[two]
    pairs = (first < second) & (level[first] == level[second])
    first, second = first[pairs], second[pairs]
    meeting = shapely.intersection(edges.lines(first), edges.lines(second))
    xy, index = shapely.get_coordinates(meeting, return_index=True)
    both = np.concatenate((first[index], second[index]))
    at = locate_on_edges(edges, both, np.vstack((xy, xy)))
    split, node, _ = split_edges(edges, both, at)
    half = len(index)
    return _merge_nodes(split, node[:half], node[half:])


def _merge_nodes(edges: Edges, one: Ints, two: Ints) -> Edges:
    size = len(edges.x)
    links = coo_array((np.ones(len(one)), (one, two)), shape=(size, size))
    label = connected_components(links, directed=False)[1]
    _, first, node = np.unique(label, return_index=True, return_inverse=True)
    u, v = node[edges.u].astype(np.int64), node[edges.v].astype(np.int64)
    merged = replace(edges, x=edges.x[first], y=edges.y[first], u=u, v=v)
    return keep_edges(merged, u != v)
