"""Streets, barriers and walls put together, before anything attaches to them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.attach import Obstacles, make_obstacles
from geo.barriers import cut_at_barriers, read_barriers
from geo.edges import Bools, Edges, Ints, drop_lone_nodes, make_points
from geo.entrances import derive_entrances, nearest_entrances
from geo.errors import InputError
from geo.findings import Finding
from geo.gates import snap_gates
from geo.settings import Settings
from geo.topology import build_topology, find_walkable
from geo.walls import (
    Walled,
    find_derived,
    find_walled,
    make_walled,
    separate_walled,
)

if TYPE_CHECKING:
    from geo.district import District
    from geo.rules import RuleBook


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The network before anything attaches to it.

    Attributes
    ----------
    edges
        Street edges, cut at barriers and walls.
    obstacles
        What connectors must not cross.
    is_walled
        One flag per community.
    dead_ends
        Nodes at which a street ends and no other goes on.
    gates
        Table of all gates, yet to be connected: `id, community, x, y, open_to,
        derived, origin, given_x, given_y, edge, at_m, node`.
    findings
        What was noticed.
    """

    edges: Edges
    obstacles: Obstacles
    is_walled: Bools
    dead_ends: Ints
    gates: pd.DataFrame
    findings: list[Finding]


def lay_ground(district: "District", rules: "RuleBook", settings: Settings) -> Ground:
    """Build the street edges and find all gates.

    Parameters
    ----------
    district
        Checked layers in one metric CRS.
    rules
        Rule book; its `street_classes` are used.
    settings
        Distances of attachment and boundary; `planarise`.

    Returns
    -------
    Ground
        The network before anything attaches to it.

    Raises
    ------
    InputError
        If no street may be walked.
    """
    communities = district.communities
    walkable = find_walkable(district.streets, rules.street_classes)
    edges = build_topology(district.streets, walkable, planarise=settings.planarise)
    if not len(edges.u):
        raise InputError("no_walkable_street", layer="streets", rows=len(walkable))
    dead_ends = np.flatnonzero(edges.degree() == 1)
    barriers = read_barriers(district.barriers)
    edges = cut_at_barriers(edges, barriers)
    is_walled = find_walled(communities, district.gates)
    walled = make_walled(communities, is_walled)
    given, findings = snap_gates(district.gates, communities, settings)
    supplied = district.gates.loc[~find_derived(district.gates), "community_id"]
    gated = communities.index.isin(supplied)
    edges, meets = separate_walled(
        edges,
        walled,
        given[~given["derived"]],
        gated=gated,
        tolerance_m=settings.boundary_tolerance_m,
    )
    edges, number = drop_lone_nodes(edges)
    meets["node"] = number[meets["node"].to_numpy(dtype=np.int64)]
    dead_ends = number[dead_ends]
    entered = np.union1d(given.loc[~given["derived"], "community"], walled.community)
    derived = _derive_gates(
        edges,
        communities,
        walled,
        gated=gated,
        entered=entered,
        meets=meets,
        settings=settings,
    )
    return Ground(
        edges,
        make_obstacles(barriers.outlines(), walled),
        is_walled,
        dead_ends[dead_ends >= 0],
        _list_gates(given, derived, communities),
        findings,
    )


def _derive_gates(
    edges: Edges,
    communities: gpd.GeoDataFrame,
    walled: Walled,
    *,
    gated: Bools,
    entered: Ints,
    meets: pd.DataFrame,
    settings: Settings,
) -> pd.DataFrame:
    rings = shapely.boundary(communities.geometry.to_numpy(dtype=object))
    free = np.setdiff1d(np.arange(len(rings)), entered)
    tolerance_m = settings.boundary_tolerance_m
    open_gates = derive_entrances(
        edges, rings[free], free, walled=walled, tolerance_m=tolerance_m
    )
    node, owner = (
        meets[name].to_numpy(dtype=np.int64) for name in ("node", "community")
    )
    places = make_points(np.column_stack((edges.x[node], edges.y[node])))
    xy = shapely.get_coordinates(shapely.shortest_line(rings[owner], places))[::2]
    met = meets.assign(x=xy[:, 0], y=xy[:, 1], origin="crossing")
    closed = np.setdiff1d(walled.community[~gated[walled.community]], owner)
    last = nearest_entrances(edges, rings[closed], closed)
    return pd.concat((open_gates, met, last), ignore_index=True)


def _list_gates(
    given: pd.DataFrame, derived: pd.DataFrame, communities: gpd.GeoDataFrame
) -> pd.DataFrame:
    derived = derived.sort_values(["community", "x", "y"], ignore_index=True)
    number = derived.groupby("community").cumcount() + 1
    owner = communities.index.to_numpy(dtype=object)[derived["community"].astype(int)]
    names = pd.Series(owner, dtype="str") + "#" + number.astype("str")
    derived = derived.assign(id=names, open_to="all", derived=True)
    table = pd.concat((given, derived), ignore_index=True)
    for name in ("edge", "node"):
        said = table[name] if name in table else pd.Series(-1, index=table.index)
        table[name] = said.fillna(-1).astype(np.int64)
    table["derived"] = table["derived"].astype(bool)
    again = table["id"].duplicated()
    table.loc[again, "id"] += "#"
    columns = ["id", "community", "x", "y", "open_to", "derived", "origin"]
    columns += ["given_x", "given_y", "edge", "at_m", "node"]
    return table[columns].astype({"community": np.int64})
