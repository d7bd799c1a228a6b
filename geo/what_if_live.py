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
import shapely

from geo.capacity import Supply, share_supply
from geo.coverage import Access, Bools, Floats, Ints
from geo.district import District
from geo.network import WalkNetwork
from geo.reach import Reach, Seeds
from geo.readings import (
    Runs,
)
from geo.rules import Requirement, RuleBook
from geo.settings import Settings
from geo.straight import Geometries
from geo.what_if_codes import Codes
from geo.what_if_hidden import Hidden
from geo.what_if_journal import Journal
from geo.what_if_kinds import Kind, Own
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

    @cached_property
    def xy(self) -> Floats:
        """Return their places; shape (gates, 2)."""
        return shapely.get_coordinates(self.shapes)

    def far_from(self, shape: shapely.Geometry) -> Floats:
        """Return how far each is from a shape in a straight line.

        Parameters
        ----------
        shape
            Point or polygon.

        Returns
        -------
        numpy.ndarray
            Metres.
        """
        if shapely.get_dimensions(shape):
            return np.asarray(shapely.distance(self.shapes, shape))
        return np.asarray(np.hypot(*(self.xy - shapely.get_coordinates(shape)).T))


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
    codes
        Those of :data:`geo.what_if_codes.CODED` as numbers.
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
    codes: dict[str, Codes]
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
