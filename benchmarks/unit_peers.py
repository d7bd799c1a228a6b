"""What `bench_unit_peers` measures geo against: MaxP, Ward and METIS, set up.

Each is given the graph, the number of geo's units, and facts without gaps in the
units of geo's score; what it returns is the label of each community.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import connected_components

from geo.settings import UnitSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    from scipy.sparse import csr_array

#: MaxP makes its regions larger than the floor; with this share of the mean
#: households of geo's units it makes about as many.
FLOOR_SHARE = 0.7
SEED = 7
#: Less effort than MaxP's defaults of 99 and 10.
FEW = {"max_iterations_construction": 10, "max_iterations_sa": 1}


def set_peer(
    peer: str, communities: gpd.GeoDataFrame, link: csr_array, count: int
) -> tuple[Callable[[], np.ndarray], str]:
    """Set up a peer; return what is to be measured, and a remark."""
    facts = fill_facts(communities)
    if peer == "ward":
        return set_ward(facts, link, count)
    if peer == "metis":
        return set_metis(facts, link, count)
    return set_maxp(facts, link, count, peer)


def set_maxp(
    facts: gpd.GeoDataFrame, link: csr_array, count: int, peer: str
) -> tuple[Callable[[], np.ndarray], str]:
    """Set up spopt's MaxP heuristic with a floor in households.

    Its own policy joins pieces below the floor to the nearest ones; ``sieved`` keeps
    them from it, and pieces of one community too, over which it stumbles: they stay
    alone (its policy ``drop``, meant for that, ends in an IndexError). ``few`` is
    less effort than its defaults.
    """
    from libpysal.weights import WSP, WSP2W  # noqa: PLC0415 (installed for it only)
    from spopt.region import MaxPHeuristic  # noqa: PLC0415

    np.random.seed(SEED)  # noqa: NPY002 (spopt uses the global state)
    households = facts["households"].to_numpy()
    floor = FLOOR_SHARE * households.sum() / count
    kept = np.ones(len(facts), dtype=bool)
    if "sieved" in peer:
        piece = connected_components(link)[1]
        kept = np.bincount(piece, households)[piece] >= floor
        kept &= np.bincount(piece)[piece] > 1
    model = MaxPHeuristic(
        facts[kept].reset_index(drop=True),
        WSP2W(WSP(link[kept][:, kept].tocsr()), silence_warnings=True),
        ["x", "y", "year"],
        "households",
        floor,
        **(FEW if "few" in peer else {}),
    )

    def solve() -> np.ndarray:
        model.solve()
        label = np.arange(len(facts)) + len(facts)
        label[kept] = model.labels_
        return label

    return solve, f"floor {floor:.0f} households"


def set_ward(
    facts: gpd.GeoDataFrame, link: csr_array, count: int
) -> tuple[Callable[[], np.ndarray], str]:
    """Set up scikit-learn's Ward linkage along the graph.

    It joins the pieces of a graph by links of its own and warns of that.
    """
    from sklearn.cluster import AgglomerativeClustering  # noqa: PLC0415

    warnings.filterwarnings("ignore", "the number of connected components")
    table = facts[["x", "y", "year"]].to_numpy()
    model = AgglomerativeClustering(count, connectivity=link, linkage="ward")
    return lambda: model.fit_predict(table), ""


def set_metis(
    facts: gpd.GeoDataFrame, link: csr_array, count: int
) -> tuple[Callable[[], np.ndarray], str]:
    """Set up METIS, weighted by households; contiguous parts where it can."""
    from pymetis import CSRAdjacency, Options, part_graph  # noqa: PLC0415

    weight = facts["households"].clip(lower=1).astype(np.int64).tolist()
    # it can only promise contiguous parts of a graph in one piece
    whole = int(connected_components(link)[0] == 1)
    graph = CSRAdjacency(link.indptr.astype(np.int64), link.indices.astype(np.int64))

    def solve() -> np.ndarray:
        options = Options(seed=SEED, contig=whole)
        return np.asarray(
            part_graph(count, graph, vweights=weight, options=options).vertex_part
        )

    return solve, f"contig {whole}"


def fill_facts(communities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return facts without gaps: place and year in units of geo's score."""
    settings = UnitSettings()
    points = communities.geometry.representative_point()
    table = communities[["geometry"]].copy()
    for column in ("households", "built_year"):
        known = communities[column].astype(float)
        table[column] = known.fillna(known.median())
    table["year"] = table["built_year"] / settings.unlike_years
    table["x"], table["y"] = points.x / settings.spread_m, points.y / settings.spread_m
    return table
