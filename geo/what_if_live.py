"""Everything that a live what-if keeps ready: made once, then changed step by step.

Each category has a reach of its own, so that a step touches only the runs that it
changes. Rows are communities in the order of their ids, columns categories in the
order of the requirements.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.capacity import Supply, share_supply
from geo.coverage import Access, Bools, Floats, Ints
from geo.district import District
from geo.lifecircle import LifeCircle
from geo.network import WalkNetwork
from geo.pairs import find_pairs
from geo.progress import Progress, no_progress
from geo.reach import Reach, Seeds, measure_reach
from geo.readings import (
    Readings,
    Runs,
    find_private,
    make_seeds,
    plan_runs,
    read_runs,
)
from geo.rules import Requirement, RuleBook
from geo.settings import Settings
from geo.stock import Places, Stock, find_rows, place_people, take_stock
from geo.straight import Geometries, measure_straight
from geo.what_if_hidden import Hidden, list_hidden
from geo.what_if_journal import Journal
from geo.what_if_kinds import Kind, Own, is_sized, label_of, make_kinds, part_seeds
from geo.what_if_places import Passage

Columns = dict[str, npt.NDArray[Any]]
Link = tuple[Ints, Ints, Floats]

_NO_LINK: Link = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


@dataclass(frozen=True, eq=False)
class Watch:
    """The nodes at which changes are noticed.

    Attributes
    ----------
    node, x, y
        Node of the network and its place.
    owner
        Row position of the community that it matters to.
    gate, door
        Row of the gate or door that stands there, -1: none (the end of a
        connection for residents).
    """

    node: Ints
    x: Floats
    y: Floats
    owner: Ints
    gate: Ints
    door: Ints

    def near(self, bounds: Floats, within_m: float) -> Ints:
        """Return the rows near a box.

        Parameters
        ----------
        bounds
            West, south, east and north of the box.
        within_m
            How near along each axis.

        Returns
        -------
        numpy.ndarray
            Rows.
        """
        west, south, east, north = bounds.tolist()
        inside = (self.x >= west - within_m) & (self.x <= east + within_m)
        inside &= (self.y >= south - within_m) & (self.y <= north + within_m)
        return np.flatnonzero(inside)


@dataclass(frozen=True, eq=False)
class Gates:
    """Gates of all communities; those of the steps come last.

    Attributes
    ----------
    ids
        Identifiers.
    community
        Row position of the community of each.
    node
        Node, -1: unattached; of a gate of a step a node beside it.
    shapes
        Points on the boundary.
    rank
        Order of the ids.
    """

    ids: npt.NDArray[np.object_]
    community: Ints
    node: Ints
    shapes: Geometries
    rank: Floats


@dataclass(frozen=True, eq=False)
class Beside:
    """A facility that stands beside a new gate, with no node between them.

    Attributes
    ----------
    category, label
        The facility.
    runs
        Runs of its category that it belongs to.
    owner
        Row position of the community that it serves alone, -1: everyone.
    distance_m
        Way between the two.
    """

    category: int
    label: int
    runs: list[int]
    owner: int
    distance_m: float = 0.0


@dataclass(frozen=True, eq=False)
class Extra:
    """A further seed of a facility, beyond a gate beside it."""

    gate: str
    node: int
    distance_m: float
    owner: int


@dataclass(eq=False)
class Live:
    """Everything that is kept ready; see the module.

    Attributes
    ----------
    district, network, rules, settings, needs, ids, searched_m, runs
        As in :class:`geo.field.Field`.
    reaches
        One per category; runs 0: all, 1: large enough, 2: not too small.
    kinds, own
        Open facilities, and seeds for residents only, of each category.
    links
        Community id to the connections open to its residents only.
    gates, access, door_node, door_connector_m, watch
        Gates, doors and what is watched; the gates of `access` are those of the
        base and not up to date.
    gate_m, gate_label, door_m
        Readings, columns as in :class:`geo.readings.Readings`; labels are those of
        the kinds.
    edge_m, straight_m, hidden_m, maybe_m, present
        As in :class:`geo.field.Field`.
    hidden
        Per category, the facilities that cannot be walked to.
    pairs, supplies
        Per category with a capacity per person: label to the communities that walk
        there, and the supply that comes of it.
    columns
        The columns of the gaps as matrices.
    judged
        Which of their cells were judged again.
    node_piece, piece_walled
        Piece of each node; whether no street outside walls is in it.
    stock_ids
        Ids of the open facilities of today, sorted.
    people
        Population and households of the communities, sorted by id.
    obstacles
        As in :class:`geo.field.Field`.
    opened
        Gates of the steps.
    passages
        Connections that they open to everyone.
    nearby
        Gate of a step to the facilities beside it, with no node between them.
    extra
        Category and label to further seeds of a facility, beyond such a gate.
    """

    district: District
    network: WalkNetwork
    rules: RuleBook
    settings: Settings
    needs: tuple[Requirement, ...]
    ids: pd.Index
    searched_m: float
    runs: Runs
    reaches: list[Reach]
    kinds: list[Kind]
    own: list[dict[str, Own]]
    links: dict[str, Link]
    gates: Gates
    access: Access
    door_node: Ints
    door_connector_m: Floats
    watch: Watch
    gate_m: Floats
    gate_label: Ints
    door_m: Floats
    edge_m: Floats
    straight_m: Floats
    hidden_m: Floats
    maybe_m: Floats
    present: Bools
    hidden: list[list[Hidden]]
    pairs: dict[int, dict[int, Ints]]
    supplies: dict[int, Supply]
    columns: Columns
    judged: Bools
    node_piece: npt.NDArray[np.int32]
    piece_walled: Bools
    stock_ids: npt.NDArray[np.object_]
    people: pd.DataFrame
    obstacles: tuple[Geometries, npt.NDArray[np.object_]]
    opened: tuple[Passage, ...] = ()
    passages: tuple[Link, ...] = ()
    nearby: dict[str, tuple[Beside, ...]] = field(default_factory=dict)
    extra: dict[tuple[int, int], tuple[Extra, ...]] = field(default_factory=dict)

    @cached_property
    def names(self) -> list[str]:
        """Return the community ids, sorted."""
        return [str(name) for name in self.ids]

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Return the row of each community."""
        return {name: row for row, name in enumerate(self.names)}

    @cached_property
    def layer_names(self) -> list[str]:
        """Return the community ids in the order of the layer."""
        return [str(name) for name in self.district.communities.index]

    def layer_row_of(self, name: str) -> int:
        """Return the row of a community in the communities layer.

        Parameters
        ----------
        name
            Its id.

        Returns
        -------
        int
            Its row.
        """
        return self.layer_names.index(name)

    @property
    def size(self) -> int:
        """Return the number of communities."""
        return len(self.ids)

    def columns_of(self, category: int) -> Ints:
        """Return the columns of the readings that belong to a category.

        Parameters
        ----------
        category
            Position of the category.

        Returns
        -------
        numpy.ndarray
            One per run of its reach.
        """
        runs = (self.runs.every, self.runs.large, self.runs.maybe)
        return np.array([run[category] for run in runs if run[category] >= 0])

    @contextmanager
    def as_resident(
        self, reach: Reach, community: int, own: Seeds | None = None
    ) -> Iterator[Reach]:
        """Walk as a resident of a community does.

        Parameters
        ----------
        reach
            Any runs over the public network.
        community
            Row position of the community.
        own
            Seeds that serve only its residents.

        Yields
        ------
        Reach
            `reach`, for as long as the block lasts.
        """
        link = self.links.get(self.names[community])
        if link is None and own is None:
            yield reach
            return
        with reach.joined(*(link or _NO_LINK), own) as joined:
            yield joined

    def beside(
        self, category: int, gate: Passage, *, everyone: bool = False
    ) -> list[Beside]:
        """Return the open facilities that stand beside a gate of a step.

        Parameters
        ----------
        category
            Position of the category.
        gate
            The gate.
        everyone
            Also those that do not serve the community of the gate.

        Returns
        -------
        list of Beside
            The facilities.
        """
        return [
            one
            for one in self.nearby.get(gate.id, ())
            if one.category == category
            and (everyone or one.owner in (-1, gate.community))
            and one.label in self.kinds[category].label
        ]

    def is_private(self, category: int, community: int) -> bool:
        """Return whether residents of a community may walk where others cannot.

        Parameters
        ----------
        category, community
            Positions.

        Returns
        -------
        bool
            Whether it has connections or seeds of its own.
        """
        name = self.names[community]
        return name in self.links or name in self.own[category]


def join(
    reach: Reach, link: Link, seeds: Seeds | None = None, journal: Journal | None = None
) -> None:
    """Add connections beyond any block, until the journal is undone.

    Parameters
    ----------
    reach
        The runs.
    link
        End nodes and lengths.
    seeds
        Further seeds.
    journal
        Of the step; None: for good.
    """
    change = reach._join(*link, seeds)  # noqa: SLF001 (`joined` ends with its block)
    if journal is not None:
        journal.later(partial(reach.undo, change))


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
    runs = plan_runs(needs)
    searched_m = circle.reach.cutoff_m
    everyone, residents = make_seeds(network, stock, runs)
    graph = circle.reach.graph
    readings = _read(
        measure_reach(graph, everyone, categories=runs.count, cutoff_m=searched_m),
        circle,
        places,
        ids,
        residents,
        progress,
    )
    public, own = part_seeds(everyone, residents, runs)
    reaches = [
        measure_reach(
            graph,
            seeds.seeds(),
            categories=3 if is_sized(need) else 1,
            cutoff_m=searched_m,
        )
        for need, seeds in zip(needs, public, strict=True)
    ]
    progress("stage.what_if", 0.7)
    shapes = np.asarray(district.facilities.geometry.loc[stock.ids], dtype=object)
    gates = _list_gates(network, places)
    shape = len(ids), len(needs)
    straight_m = measure_straight(
        gates.shapes, gates.community, shapes, stock.category, shape=shape
    )
    hidden, hidden_m, maybe_m = list_hidden(
        circle, stock, places, ids, searched_m, shape
    )
    pairs = _list_pairs(circle, needs, stock, places, ids)
    live = Live(
        district=district,
        network=network,
        rules=circle.rules,
        settings=circle.settings,
        needs=needs,
        ids=ids,
        searched_m=searched_m,
        runs=runs,
        reaches=reaches,
        kinds=make_kinds(stock, network, shapes, ids, len(needs)),
        own=own,
        links=_list_links(network),
        gates=gates,
        access=places.access,
        door_node=places.door_node,
        door_connector_m=places.door_connector_m,
        watch=_list_watch(network, places, ids),
        gate_m=readings.gate_m,
        gate_label=np.where(readings.gate_label < 0, -1, label_of(readings.gate_label)),
        door_m=readings.door_m,
        edge_m=_first_column(circle.gaps, "d_edge_m", shape),
        straight_m=straight_m,
        hidden_m=hidden_m,
        maybe_m=maybe_m,
        present=_find_present(district, needs),
        hidden=hidden,
        pairs=pairs,
        supplies={},
        columns=make_columns(circle.gaps, shape),
        judged=np.zeros(shape, dtype=np.bool_),
        node_piece=network.node_piece,
        piece_walled=network.pieces["walled"].to_numpy(dtype=np.bool_).copy(),
        stock_ids=stock.ids.to_numpy(dtype=object),
        people=_count_people(district, ids),
        obstacles=_list_obstacles(district, network),
    )
    for at in pairs:
        live.supplies[at] = measure_supply(live, at)
    progress("stage.what_if", 1.0)
    return live


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


def measure_supply(live: Live, at: int) -> Supply:
    """Share the capacity of the facilities of a category.

    Parameters
    ----------
    live
        What is kept ready.
    at
        Position of the category.

    Returns
    -------
    Supply
        Capacity in reach of each community.
    """
    kind, pairs = live.kinds[at], live.pairs[at]
    walkers = [pairs[label] for label in kind.label.tolist()]
    none = np.empty(0, np.int64)
    community = np.concatenate([none, *walkers])
    facility = np.repeat(np.arange(len(walkers)), [len(one) for one in walkers])
    # in the one order, so that sums are the same to the last bit
    order = np.lexsort((facility, community))
    values = live.people["population"].to_numpy(dtype=np.float64, na_value=np.nan)
    return share_supply(
        community[order],
        facility[order],
        population=values,
        capacity=kind.capacity,
    )
