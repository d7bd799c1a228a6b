"""Making everything ready for a live what-if, once."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coverage import Bools, Floats, Ints
from geo.district import District
from geo.lifecircle import LifeCircle
from geo.network import WalkNetwork
from geo.pairs import find_pairs
from geo.progress import Progress, no_progress
from geo.reach import Reach, Seeds, measure_reach
from geo.readings import (
    Readings,
    find_private,
    make_seeds,
    plan_runs,
    read_runs,
)
from geo.rules import Requirement
from geo.stock import Places, Stock, find_rows, place_people, take_stock
from geo.straight import Geometries, measure_straight
from geo.what_if_codes import CODED, encode
from geo.what_if_hidden import list_hidden
from geo.what_if_kinds import is_sized, label_of, make_kinds, part_seeds
from geo.what_if_live import Columns, Gates, Link, Live, Watch, measure_supply


def make_live(circle: LifeCircle, progress: Progress = no_progress) -> Live:
    """Make everything ready.

    Parameters
    ----------
    circle
        The life circle of today.
    progress
        Told the stage ``stage.what_if``.

    Returns
    -------
    Live
        Ready to be changed.
    """
    progress("stage.what_if", 0.0)
    district, network = circle.district, circle.network
    needs = tuple(circle.rules.requirements.values())
    ids = district.communities.index.sort_values()
    stock, places = take_stock(district.facilities, needs), place_people(network, ids)
    pairs = _list_pairs(circle, needs, stock, places, ids)
    live = Live(
        district=district,
        network=network,
        rules=circle.rules,
        settings=circle.settings,
        needs=needs,
        ids=ids,
        searched_m=circle.reach.cutoff_m,
        links=_list_links(network),
        access=places.access,
        door_node=places.door_node,
        door_connector_m=places.door_connector_m,
        watch=_list_watch(network, places, ids),
        present=_find_present(district, needs),
        pairs=pairs,
        supplies={},
        node_piece=network.node_piece,
        piece_walled=network.pieces["walled"].to_numpy(dtype=np.bool_).copy(),
        stock_ids=stock.ids.to_numpy(dtype=object),
        people=_count_people(district, ids),
        obstacles=_list_obstacles(district, network),
        **_prepare_runs(circle, stock, places, ids, progress),
        **_look_around(circle, stock, places, ids),
        **_take_verdicts(circle, (len(ids), len(needs))),
    )
    for at in pairs:
        live.supplies[at] = measure_supply(live, at)
    progress("stage.what_if", 1.0)
    return live


def _prepare_runs(
    circle: LifeCircle, stock: Stock, places: Places, ids: pd.Index, progress: Progress
) -> dict[str, Any]:
    """Run over the network, category by category, and read at gates and doors."""
    needs = tuple(circle.rules.requirements.values())
    runs, graph, cutoff_m = plan_runs(needs), circle.reach.graph, circle.reach.cutoff_m
    everyone, residents = make_seeds(circle.network, stock, runs)
    whole = measure_reach(graph, everyone, categories=runs.count, cutoff_m=cutoff_m)
    readings = _read(whole, circle, places, ids, residents, progress)
    public, own = part_seeds(everyone, residents, runs)
    reaches = [
        measure_reach(
            graph,
            seeds.seeds(),
            categories=3 if is_sized(need) else 1,
            cutoff_m=cutoff_m,
        )
        for need, seeds in zip(needs, public, strict=True)
    ]
    progress("stage.what_if", 0.7)
    label = readings.gate_label
    return {
        "runs": runs,
        "reaches": reaches,
        "own": own,
        "gate_m": readings.gate_m,
        "gate_label": np.where(label < 0, -1, label_of(label)),
        "door_m": readings.door_m,
    }


def _look_around(
    circle: LifeCircle, stock: Stock, places: Places, ids: pd.Index
) -> dict[str, Any]:
    """Measure the straight lines, and find what cannot be walked to."""
    district, network = circle.district, circle.network
    shape = len(ids), len(circle.rules.requirements)
    shapes = np.asarray(district.facilities.geometry.loc[stock.ids], dtype=object)
    gates = _list_gates(network, places)
    straight_m = measure_straight(
        gates.shapes, gates.community, shapes, stock.category, shape=shape
    )
    hidden, hidden_m, maybe_m = list_hidden(
        circle, stock, places, ids, circle.reach.cutoff_m, shape
    )
    return {
        "gates": gates,
        "kinds": make_kinds(stock, network, shapes, ids, shape[1]),
        "straight_m": straight_m,
        "hidden": hidden,
        "hidden_m": hidden_m,
        "maybe_m": maybe_m,
    }


def _take_verdicts(circle: LifeCircle, shape: tuple[int, int]) -> dict[str, Any]:
    """Take over the verdicts of today."""
    columns = make_columns(circle.gaps, shape)
    return {
        "columns": columns,
        "codes": {name: encode(columns[name]) for name in CODED},
        "judged": np.zeros(shape, dtype=np.bool_),
        "edge_m": _first_column(circle.gaps, "d_edge_m", shape),
    }


def _find_present(district: District, needs: tuple[Requirement, ...]) -> Bools:
    held = set(district.facilities["category"].dropna())
    return np.array([need.category in held for need in needs], dtype=np.bool_)


def _count_people(district: District, ids: pd.Index) -> pd.DataFrame:
    rows = district.communities
    columns = {name: pd.to_numeric(rows[name]) for name in ("population", "households")}
    return pd.DataFrame(columns, index=rows.index).reindex(ids)


def _list_obstacles(
    district: District, network: WalkNetwork
) -> tuple[Geometries, npt.NDArray[np.object_]]:
    walls = district.communities.geometry[network.walled].boundary.to_numpy()
    shapes = np.concatenate([walls, district.barriers.geometry.to_numpy()])
    kinds = np.append(np.full(len(walls), "wall", object), district.barriers["kind"])
    return shapes.astype(object), kinds.astype(object)


def make_columns(gaps: pd.DataFrame, shape: tuple[int, int]) -> Columns:
    """Turn the gaps into matrices.

    Parameters
    ----------
    gaps
        Rows sorted by community and then by category.
    shape
        Numbers of communities and categories.

    Returns
    -------
    dict
        Column to matrix; texts are objects.
    """
    found = {}
    for name in gaps.columns:
        values = gaps[name].to_numpy()
        if values.dtype.kind not in "fiub":
            values = gaps[name].astype(object).to_numpy()
        found[name] = values.reshape(shape).copy()
    return found


def _first_column(gaps: pd.DataFrame, name: str, shape: tuple[int, int]) -> Floats:
    values = gaps[name].to_numpy(dtype=np.float64).reshape(shape)
    return values[:, 0].copy() if shape[1] else np.full(shape[0], np.nan)


def _read(
    reach: Reach,
    circle: LifeCircle,
    places: Places,
    ids: pd.Index,
    residents: dict[str, Seeds],
    progress: Progress,
) -> Readings:
    """Read all runs at all gates and doors, as their residents walk."""
    return read_runs(
        reach,
        circle.network,
        places,
        ids,
        residents,
        joined=find_private(circle.network, residents),
        labelled=len(circle.rules.requirements),
        told=lambda share: progress("stage.what_if", 0.1 + 0.5 * share),
    )


def _list_gates(network: WalkNetwork, places: Places) -> Gates:
    shapes = np.asarray(network.gates.geometry.loc[places.gate_ids], dtype=object)
    return Gates(
        ids=places.gate_ids.to_numpy(dtype=object),
        community=places.access.gate_community,
        node=places.gate_node,
        shapes=shapes,
        rank=np.arange(len(shapes), dtype=np.float64),
    )


def _list_links(network: WalkNetwork) -> dict[str, Link]:
    edges = network.resident_edges
    ends = [edges[name].to_numpy(dtype=np.int64) for name in ("u", "v")]
    length = edges["length_m"].to_numpy(dtype=np.float64)
    found: dict[str, Link] = {}
    for name, rows in edges.groupby("community_id", sort=True).indices.items():
        found[str(name)] = (ends[0][rows], ends[1][rows], length[rows])
    return found


def _list_watch(network: WalkNetwork, places: Places, ids: pd.Index) -> Watch:
    access, edges = places.access, network.resident_edges
    gate = np.flatnonzero(places.gate_node >= 0)
    door = np.flatnonzero(places.door_node >= 0)
    ends = edges[["u", "v"]].to_numpy(dtype=np.int64).T.ravel()
    owner = np.tile(find_rows(ids, edges["community_id"]), 2)
    node = np.concatenate([places.gate_node[gate], places.door_node[door], ends])
    none = [np.full(size, -1) for size in (len(gate), len(door), len(ends))]
    return Watch(
        node=node,
        x=network.x[node],
        y=network.y[node],
        owner=np.concatenate(
            [access.gate_community[gate], access.door_community[door], owner]
        ),
        gate=np.concatenate([gate, none[1], none[2]]),
        door=np.concatenate([none[0], door, none[2]]),
    )


def _list_pairs(
    circle: LifeCircle,
    needs: tuple[Requirement, ...],
    stock: Stock,
    places: Places,
    ids: pd.Index,
) -> dict[int, dict[int, Ints]]:
    """Find who walks to which facility, where a capacity is shared by persons."""
    found: dict[int, dict[int, Ints]] = {}
    for at, need in enumerate(needs):
        if need.capacity_kind != "per_1000_persons":
            continue
        facilities = np.flatnonzero(stock.category == at)
        community, facility = find_pairs(
            circle.reach.graph,
            circle.network,
            places,
            ids,
            facilities,
            stock,
            reach_m=need.reach_m(circle.settings),
        )
        labels = label_of(facilities).tolist()
        found[at] = {
            label: community[facility == row] for row, label in enumerate(labels)
        }
    return found
