"""Verdicts of a live what-if: only of the communities and categories concerned.

They are judged by :func:`geo.verdicts.judge_columns`, as everything is, on a field
that holds nothing else.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.capacity import Supply
from geo.coverage import DECIMALS, Access, Floats, Ints
from geo.district import District
from geo.field import Field
from geo.readings import Readings, Runs, plan_runs
from geo.stock import Places, Stock
from geo.straight import Geometries
from geo.verdicts import judge_columns
from geo.what_if_codes import CODED, encode
from geo.what_if_journal import Journal
from geo.what_if_kinds import Kind
from geo.what_if_live import Live

if TYPE_CHECKING:
    import geopandas as gpd

#: What a planner sees of a verdict: where one of these is another, it has changed.
SEEN = (
    "state",
    "distance_state",
    "size_state",
    "capacity_state",
    "certainty",
    "distance_m",
    "nearest_facility_id",
    "coverage_share",
    "households_uncovered",
)


def judge_again(
    live: Live, journal: Journal, rows: Iterable[int], categories: Collection[int]
) -> Ints:
    """Judge some communities again, for some categories.

    Parameters
    ----------
    live
        What is kept ready.
    journal
        Of the step.
    rows
        Positions of communities.
    categories
        Positions of categories.

    Returns
    -------
    numpy.ndarray
        Communities of which anything that is seen has changed.
    """
    where = np.array(sorted(rows), dtype=np.int64)
    what = np.array(sorted(categories), dtype=np.int64)
    if not len(where) or not len(what):
        return where[:0]
    found = judge_columns(_make_field(live, where, what), _supplies(live, where, what))
    found["d_edge_m"] = np.repeat(live.edge_m[where, None], len(what), axis=1)
    cells = np.ix_(where, what)
    changed = np.zeros((len(where), len(what)), dtype=np.bool_)
    for name, values in found.items():
        rounded = np.round(values, DECIMALS) if name.endswith("_m") else values
        if name in SEEN:
            changed |= differ(live.columns[name][cells], rounded)
        journal.write(live.columns[name], cells, rounded)
        if name in CODED:
            journal.write(live.codes[name], cells, encode(values))
    journal.write(live.judged, cells, values=True)
    return where[changed.any(axis=1)]


def differ(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return where values differ; two missing ones do not.

    Parameters
    ----------
    one, other
        Values of one shape: numbers, or texts where None or NaN is missing.

    Returns
    -------
    numpy.ndarray
        One flag each.
    """
    if one.dtype == object:
        other = np.asarray(other)
        found = np.asarray(one != other)
        where = np.nonzero(found)
        found[where] = ~(pd.isna(one[where]) & pd.isna(other[where]))
        return found
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    return np.asarray(~same)


def _supplies(live: Live, rows: Ints, categories: Ints) -> dict[int, Supply]:
    found = {}
    for at, category in enumerate(categories.tolist()):
        whole = live.supplies.get(category)
        if whole is not None:
            parts = {name: getattr(whole, name)[rows] for name in _SUPPLY}
            found[at] = Supply(**parts)
    return found


_SUPPLY = ("low", "high", "facilities", "capacity_missing", "population_missing")


def supply_differs(one: Supply, other: Supply) -> Ints:
    """Return the communities whose supply is another.

    Parameters
    ----------
    one, other
        Supplies of all communities.

    Returns
    -------
    numpy.ndarray
        Positions.
    """
    changed = np.zeros(len(one.low), dtype=np.bool_)
    for name in _SUPPLY:
        changed |= getattr(one, name) != getattr(other, name)
    return np.flatnonzero(changed)


def _make_field(live: Live, rows: Ints, categories: Ints) -> Field:
    """Put together what some verdicts are made from."""
    needs = [live.needs[at] for at in categories.tolist()]
    runs = plan_runs(needs)
    gates, doors, places = _list_places(live, rows)
    kinds = [live.kinds[at] for at in categories.tolist()]
    stock, shapes, labels = _list_stock(kinds)
    columns = _list_columns(live, runs, categories)
    label = live.gate_label[np.ix_(gates, categories)]
    readings = Readings(
        live.gate_m[np.ix_(gates, columns)],
        live.door_m[np.ix_(doors, columns)],
        np.where(label < 0, -1, np.searchsorted(labels, label)),
    )
    cells = np.ix_(rows, categories)
    seeds = _list_seeds(live, kinds)
    field = Field(
        district=_take_communities(live, rows),
        network=replace(live.network, facility_seeds=seeds, node_piece=live.node_piece),
        settings=live.settings,
        needs=needs,
        ids=live.ids[rows],
        stock=stock,
        places=places,
        runs=runs,
        readings=readings,
        edge_m=live.edge_m[rows],
        straight_m=live.straight_m[cells],
        hidden_m=live.hidden_m[cells],
        hidden_maybe_m=live.maybe_m[cells],
        searched_m=live.searched_m,
        graph=live.reaches[0].graph,
    )
    # what the field would work out from the layers is known already
    vars(field).update(
        present=live.present[categories],
        gate_shapes=live.gates.shapes[gates],
        facility_shapes=shapes,
        obstacles=live.obstacles,
    )
    return field


def _list_places(live: Live, rows: Ints) -> tuple[Ints, Ints, Places]:
    """Return the gates and doors of some communities."""
    position = np.full(live.size, -1, dtype=np.int64)
    position[rows] = np.arange(len(rows))
    gates = np.flatnonzero(position[live.gates.community] >= 0)
    gates = gates[np.argsort(live.gates.rank[gates], kind="stable")]
    doors = np.flatnonzero(position[live.access.door_community] >= 0)
    node, door_node = live.gates.node[gates], live.door_node[doors]
    access = Access(
        communities=len(rows),
        gate_community=position[live.gates.community[gates]],
        gate_attached=node >= 0,
        door_community=position[live.access.door_community[doors]],
        door_attached=door_node >= 0,
        door_households=live.access.door_households[doors],
    )
    names = pd.Index(live.gates.ids[gates], dtype=object)
    connector_m = live.door_connector_m[doors]
    return gates, doors, Places(access, names, node, door_node, connector_m)


def _list_stock(kinds: list[Kind]) -> tuple[Stock, Geometries, Ints]:
    """Return the facilities of some categories, and their labels, sorted."""
    label = np.concatenate([kind.label for kind in kinds])
    order = np.argsort(label, kind="stable")

    def take(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(kind, name) for kind in kinds])[order]

    category = np.repeat(np.arange(len(kinds)), [len(kind.label) for kind in kinds])
    stock = Stock(
        pd.Index(take("ids"), dtype=object),
        category[order],
        take("large"),
        take("small"),
        take("capacity"),
    )
    return stock, take("shapes"), label[order]


def _list_columns(live: Live, runs: Runs, categories: Ints) -> Ints:
    """Return the columns of the readings, in the order of the runs of a field."""
    columns = np.full(runs.count, -1, dtype=np.int64)
    for name in ("every", "large", "maybe"):
        run = getattr(runs, name)
        columns[run[run >= 0]] = getattr(live.runs, name)[categories][run >= 0]
    return columns


def _list_seeds(live: Live, kinds: list[Kind]) -> pd.DataFrame:
    """Return one seed for each piece of the network that holds a category."""
    names, nodes = [], []
    for kind in kinds:
        piece = live.node_piece[kind.seed_node]
        _, first = np.unique(piece, return_index=True)
        row = np.searchsorted(kind.label, kind.seed_label[first])
        names.append(kind.ids[row])
        nodes.append(kind.seed_node[first])
    return pd.DataFrame(
        {
            "facility_id": pd.Series(np.concatenate(names), dtype=object),
            "node": np.concatenate(nodes),
        }
    )


def _take_communities(live: Live, rows: Ints) -> District:
    """Return the district with the numbers of some communities only."""
    some = cast("gpd.GeoDataFrame", live.people.iloc[rows])
    return replace(live.district, communities=some)


def find_off_piece(live: Live, category: int) -> Ints:
    """Return the communities from which nothing of a category is reached.

    Parameters
    ----------
    live
        What is kept ready.
    category
        Its position.

    Returns
    -------
    numpy.ndarray
        Positions; whether a piece of the network holds the category matters to them.
    """
    unreached: Floats = live.columns["distance_m"][:, category]
    return np.flatnonzero(np.isnan(unreached))
