"""Which shortfalls an idle resource closes, and whose resource it is.

A shortfall of a community is *closable* by a resource that may become such a facility
(suitability ``yes``) and lies within the walking threshold of one of its gates; where
its households are counted at their doors, enough of them must then have the category
within the threshold, as the distance test asks. The walk is that of facilities
(:mod:`geo.network`, definition 18): a polygon is reached at its outline, a resource
behind a wall through the gates that are open to all, one's own through every gate.

A resource belongs to the communities that it lies in or near to; what an owner may
close alone needs no unit, what only a neighbour's resource closes does (METHODS §2).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.coverage import DECIMALS, Floats, Ints
from geo.findings import Finding, make_findings
from geo.lifecircle import LifeCircle
from geo.network import attach_points
from geo.progress import Progress, no_progress
from geo.reach import Seeds, measure_reach
from geo.schema import Severity, State
from geo.served import measure_served

#: Communities between two reports of progress.
_TOLD = 64


@dataclass(frozen=True, eq=False)
class Closable:
    """Which shortfalls could be closed with what there is.

    Attributes
    ----------
    owners
        `idle_id`, `community_id`: whose resource it is; sorted, every pair once.
    reach
        `community_id`, `category`, `idle_id`, `distance_m`: suitable resources within
        the threshold of a gate of a community that is short of the category; sorted.
        `coverage_share`: households within the threshold of what there is or of the
        resource, NaN where none are counted at doors; `closes`: whether that is
        enough.
    needs
        `community_id`, `category`, `alone` (a resource of its own closes it),
        `helpers` (ids of the other owners of resources that would, sorted): one row
        per shortfall that some resource closes; without `alone` and helpers it is one
        that belongs to no community.
    findings
        Raw findings: suitable resources that no street reaches.
    """

    owners: pd.DataFrame
    reach: pd.DataFrame
    needs: pd.DataFrame
    findings: pd.DataFrame


def find_closable(
    life_circle: LifeCircle,
    suitability: pd.DataFrame,
    *,
    near_m: float,
    progress: Progress = no_progress,
) -> Closable:
    """Find which shortfalls a resource of one's own or of another's would close.

    Parameters
    ----------
    life_circle
        The life circle, whose rows with the state ``short`` are the shortfalls.
    suitability
        Result of :func:`geo.suitability.judge_suitability`: `idle_id`, `category`,
        `state`.
    near_m
        How near, in a straight line, a resource must lie to belong to a community.
    progress
        Told the stage ``stage.closable``.

    Returns
    -------
    Closable
        Owners, resources in reach, and what is needed from whom.
    """
    progress("stage.closable", 0.0)
    district = life_circle.district
    owners = find_owned(district.idle, district.communities, near_m=near_m)
    short = _list_short(life_circle)
    suited = suitability.loc[suitability["state"] == "yes", ["idle_id", "category"]]
    suited = suited[suited["category"].isin(short["category"])]
    used = district.idle.geometry.loc[sorted(set(suited["idle_id"]))]
    seeds = attach_points(life_circle.network, used)
    pairs = short.merge(suited, on="category")
    walks = _measure_walks(life_circle, short, seeds, progress)
    reach = pairs.merge(walks, on=["community_id", "idle_id"])
    reach = reach[reach["distance_m"] <= reach["reach_m"]]
    columns = ["community_id", "category", "idle_id", "distance_m"]
    reach = reach.sort_values(columns[:3], ignore_index=True)
    share = measure_served(
        life_circle,
        reach,
        seeds,
        lambda done: progress("stage.closable", (1 + done) / 2),
    )
    least = life_circle.settings.coverage_share_min
    reach = reach[columns].assign(
        coverage_share=share, closes=np.isnan(share) | (share >= least)
    )
    progress("stage.closable", 1.0)
    return Closable(
        owners=owners,
        reach=reach,
        needs=_list_needs(reach[reach["closes"]], owners),
        findings=make_findings(_notice(used, seeds)),
    )


def find_owned(
    idle: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, *, near_m: float
) -> pd.DataFrame:
    """Find which communities each resource belongs to.

    Parameters
    ----------
    idle, communities
        Layers in one metric CRS.
    near_m
        Farthest from the outline of a community.

    Returns
    -------
    pandas.DataFrame
        `idle_id`, `community_id`, sorted; a resource may have several owners or none.
    """
    tree = shapely.STRtree(communities.geometry.to_numpy(dtype=object))
    shapes = idle.geometry.to_numpy(dtype=object)
    row, which = tree.query(shapes, predicate="dwithin", distance=near_m)
    columns = ["idle_id", "community_id"]
    names = (idle.index[row].astype(str), communities.index[which].astype(str))
    owners = pd.DataFrame(dict(zip(columns, names, strict=True)))
    return owners.sort_values(columns, ignore_index=True)


def _list_short(life_circle: LifeCircle) -> pd.DataFrame:
    gaps = life_circle.gaps
    columns = ["community_id", "category", "reach_m"]
    rows = gaps.loc[gaps["state"] == State.SHORT, columns]
    return rows.astype({"community_id": "str", "category": "str"})


def _measure_walks(
    life_circle: LifeCircle,
    short: pd.DataFrame,
    seeds: pd.DataFrame,
    progress: Progress,
) -> pd.DataFrame:
    """Measure the walk between communities and resources, from the nearest gate.

    It runs from the gates, as their residents walk, to where the resources meet the
    network: the way is as long in both directions.
    """
    network = life_circle.network
    gates = network.gates[network.gates["node"] >= 0]
    nodes, edges = gates["node"].to_numpy(dtype=np.int64), network.resident_edges
    starts = gates.reset_index().groupby("community_id").indices
    asked = sorted(set(short["community_id"]) & set(starts)) if len(seeds) else []
    private = edges.reset_index().groupby("community_id").indices
    ways = [edges[name].to_numpy() for name in ("u", "v", "length_m")]
    cutoff_m = float(short["reach_m"].max()) + 1.0 if asked else 1.0
    nothing = np.empty(0, dtype=np.int64)
    none = Seeds(nothing, nothing, nothing.astype(np.float64), nothing)
    graph = life_circle.reach.graph
    reach = measure_reach(graph, none, categories=1, cutoff_m=cutoff_m)
    ends = seeds["node"].to_numpy(dtype=np.int64)
    found = []
    for done, community in enumerate(asked):
        if done % _TOLD == 0:
            progress("stage.closable", done / len(asked) / 2)
        start = nodes[starts[community]]
        zero = np.zeros(len(start), dtype=np.int64)
        u, v, length_m = (way[private.get(community, nothing)] for way in ways)
        with reach.joined(u, v, length_m, Seeds(zero, start, zero, zero)) as joined:
            walked = joined.distance_m(0, ends)
        row = np.flatnonzero(walked <= cutoff_m)
        found.append((np.full(len(row), done), row, walked[row]))
    return _find_least(found, asked, seeds)


def _find_least(
    found: Sequence[tuple[Ints, Ints, Floats]],
    asked: Sequence[str],
    seeds: pd.DataFrame,
) -> pd.DataFrame:
    """Return the least walk of each community and resource that has one."""
    parts = zip(*found, strict=True) if found else ([], [], [])
    who, row, walked = (np.concatenate([*part, []]) for part in parts)
    ends = seeds.iloc[row.astype(np.int64)].reset_index(drop=True)
    names = np.array([*asked, None], dtype=object)[who.astype(np.int64)]
    table = pd.DataFrame(
        {
            "community_id": pd.Series(names, dtype="str"),
            "idle_id": ends["facility_id"].astype("str"),
            "distance_m": (walked + ends["distance_m"]).round(DECIMALS),
        }
    )
    only = ends["community_id"]
    table = table[only.isna() | (only == table["community_id"])]
    keys = ["community_id", "idle_id"]
    return table.sort_values([*keys, "distance_m"]).drop_duplicates(keys)


def _list_needs(reach: pd.DataFrame, owners: pd.DataFrame) -> pd.DataFrame:
    """Say for each shortfall who could close it."""
    held: dict[str, list[str]] = {}
    for resource, owner in owners.itertuples(index=False, name=None):
        held.setdefault(resource, []).append(owner)
    closers: dict[tuple[str, str], set[str]] = {}
    for row in reach.itertuples():
        community, category = str(row.community_id), str(row.category)
        found = closers.setdefault((community, category), set())
        found.update(held.get(str(row.idle_id), ()))
    keys = sorted(closers)
    helpers = [tuple(sorted(closers[key] - {key[0]})) for key in keys]
    return pd.DataFrame(
        {
            "community_id": pd.Series([key[0] for key in keys], dtype="str"),
            "category": pd.Series([key[1] for key in keys], dtype="str"),
            "alone": np.array([key[0] in closers[key] for key in keys], dtype=np.bool_),
            "helpers": pd.Series(helpers, dtype="object"),
        }
    )


def _notice(used: gpd.GeoSeries, seeds: pd.DataFrame) -> Iterator[Finding]:
    """Tell which suitable resources no street reaches."""
    for name in used.index.difference(pd.Index(seeds["facility_id"])):
        yield Finding("idle", "resource_unattached", Severity.WARNING, id=str(name))
