"""The referee of `bench_unit_peers`: any plan of units, measured alike."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.neighbours import find_neighbours
from geo.unit_tables import measure_units

if TYPE_CHECKING:
    import pandas as pd

    from geo.unit_inputs import UnitBasis


def find_wide(basis: UnitBasis, gap_m: float) -> pd.DataFrame:
    """Find who adjoins whom, and what parts them, with gaps as wide as the peers'."""
    circle = basis.circle
    settings = replace(basis.settings, gap_m=gap_m)
    return find_neighbours(
        basis.district,
        circle.network,
        circle.rules,
        replace(circle.settings, units=settings),
    ).pairs


def judge_one(
    basis: UnitBasis, wide: pd.DataFrame, unit_of: pd.Series
) -> dict[str, Any]:
    """Measure one plan and say how many of its units break what.

    A unit that does not hang together by geo's graph holds over a wide gap only, or
    only across a barrier, or not at all: the graphs are tried in this order.
    """
    table = measure_units(basis, basis.settings, unit_of)
    ids = basis.problem.ids
    unit = table.index.get_indexer(unit_of.reindex(ids).astype(str))
    pairs = np.stack([ids.get_indexer(wide[end]) for end in ("a", "b")], 1)
    neighbour = wide["neighbour"].to_numpy(dtype=bool)
    parted = (wide["refused"] == "barrier").to_numpy()
    own = hang_together(basis.problem.edges, unit)
    by_gap = hang_together(pairs[neighbour], unit)
    by_any = hang_together(pairs[neighbour | parted], unit)
    codes = table["broken"].str.split("|")
    if not ((~own) == codes.map(lambda c: "not_connected" in c).to_numpy()).all():
        sys.exit("the referee and measure_units differ on what hangs together")
    beyond = codes.map(lambda c: any("_most" in one for one in c)).to_numpy()
    sound = (table["broken"] == "").to_numpy()
    return {
        "units": len(table),
        "joint": int((table["communities"] > 1).sum()),
        "gap": int((~own & by_gap).sum()),
        "barrier": int((~own & ~by_gap & by_any).sum()),
        "apart": int((~own & ~by_any).sum()),
        "bounds": int(beyond.sum()),
        "broken": int((~sound).sum()),
        "score": float(table["score"].sum()),
        "sound_score": float(table.loc[sound, "score"].sum()),
        "complete": bool(
            sorted(name for row in table["members"] for name in row) == sorted(ids)
        ),
    }


def hang_together(edges: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Tell which units are one piece of a graph."""
    inside = edges[unit[edges[:, 0]] == unit[edges[:, 1]]]
    part = find_parts(inside, len(unit))
    pieces = np.unique(np.stack([unit, part], 1), axis=0)[:, 0]
    return np.bincount(pieces, minlength=int(unit.max()) + 1) == 1


def count_pieces(edges: np.ndarray, count: int) -> int:
    """Count the connected pieces of a graph."""
    return int(find_parts(edges, count).max()) + 1


def find_parts(edges: np.ndarray, count: int) -> np.ndarray:
    """Give each vertex the number of its connected piece."""
    link = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), (count,) * 2)
    return connected_components(link, directed=False)[1]
