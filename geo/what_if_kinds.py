"""The open facilities of each category, ready to change."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.coverage import Bools, Floats, Ints
from geo.network import WalkNetwork
from geo.reach import Seeds
from geo.readings import Runs
from geo.rules import Requirement
from geo.stock import Stock, find_rows
from geo.straight import Geometries

Words = npt.NDArray[np.object_]

#: Room between the labels of two facilities of today, for those of the steps.
STRIDE = 1024


@dataclass(frozen=True, eq=False)
class Kind:
    """The open facilities of one category, sorted by label (and so by id).

    Attributes
    ----------
    label
        Labels in the runs.
    ids
        Ids of the facilities.
    large, small, capacity
        As in :class:`geo.stock.Stock`.
    shapes
        Points or polygons.
    seed_label, seed_node, seed_m
        All seeds: the facility, the node and the way between them.
    seed_owner
        Row position of the community that a seed serves alone, -1: everyone.
    """

    label: Ints
    ids: Words
    large: Bools
    small: Bools
    capacity: Floats
    shapes: Geometries
    seed_label: Ints
    seed_node: Ints
    seed_m: Floats
    seed_owner: Ints

    def find(self, facility_id: str) -> int:
        """Return the row of a facility, -1 if it is not among them.

        Parameters
        ----------
        facility_id
            Its id.

        Returns
        -------
        int
            Its row.
        """
        row = int(np.searchsorted(self.ids, facility_id)) if len(self.ids) else 0
        return row if row < len(self.ids) and self.ids[row] == facility_id else -1

    def without(self, row: int) -> "Kind":
        """Return the others.

        Parameters
        ----------
        row
            Row of the facility left out.

        Returns
        -------
        Kind
            The others.
        """
        kept = self.seed_label != self.label[row]
        return Kind(
            **{name: np.delete(getattr(self, name), row) for name in _BY_FACILITY},
            **{name: getattr(self, name)[kept] for name in _BY_SEED},
        )

    def plus(self, one: "Facility") -> "Kind":
        """Return them with one more.

        Parameters
        ----------
        one
            The facility.

        Returns
        -------
        Kind
            All of them.
        """
        row = int(np.searchsorted(self.label, one.label))
        columns = {}
        for name in _BY_FACILITY:
            values = getattr(self, name)
            item = np.empty(1, dtype=values.dtype)
            item[0] = getattr(one, _SINGULAR.get(name, name))
            columns[name] = np.concatenate([values[:row], item, values[row:]])
        more = np.full(len(one.node), one.label, dtype=np.int64)
        return Kind(
            **columns,
            seed_label=np.append(self.seed_label, more),
            seed_node=np.append(self.seed_node, one.node),
            seed_m=np.append(self.seed_m, one.distance_m),
            seed_owner=np.append(self.seed_owner, one.owner),
        )


_BY_FACILITY = ("label", "ids", "large", "small", "capacity", "shapes")
_BY_SEED = ("seed_label", "seed_node", "seed_m", "seed_owner")
_SINGULAR = {"ids": "id", "shapes": "shape"}


@dataclass(frozen=True, eq=False)
class Facility:
    """One facility on the network.

    Attributes
    ----------
    label, id, large, small, capacity, shape
        As in `Kind`.
    node, distance_m
        Its seeds.
    owner
        Row position of the community that each seed serves alone, -1: everyone.
    """

    label: int
    id: str
    large: bool
    small: bool
    capacity: float
    shape: shapely.Geometry
    node: Ints
    distance_m: Floats
    owner: Ints


@dataclass(frozen=True, eq=False)
class Own:
    """Seeds of one category that serve the residents of one community only."""

    run: Ints
    node: Ints
    distance_m: Floats
    label: Ints

    def seeds(self) -> Seeds:
        """Return them for the reach."""
        return Seeds(self.run, self.node, self.distance_m, self.label)

    def of(self, kept: Bools) -> "Own":
        """Return some of them."""
        return Own(
            self.run[kept], self.node[kept], self.distance_m[kept], self.label[kept]
        )

    def plus(self, other: "Own") -> "Own":
        """Return them and others."""
        names = ("run", "node", "distance_m", "label")
        return Own(
            *(np.append(getattr(self, name), getattr(other, name)) for name in names)
        )


def make_kinds(
    stock: Stock,
    network: WalkNetwork,
    shapes: Geometries,
    ids: pd.Index,
    count: int,
) -> list[Kind]:
    """Sort the open facilities by category.

    Parameters
    ----------
    stock
        Open facilities.
    network
        The walk network, with their seeds.
    shapes
        Geometries, by row of the stock.
    ids
        Community ids, sorted.
    count
        Number of categories.

    Returns
    -------
    list of Kind
        One per category.
    """
    seeds = network.facility_seeds
    row = find_rows(stock.ids, seeds["facility_id"])
    node = seeds["node"].to_numpy(dtype=np.int64)
    seed_category = np.append(stock.category, -1)[row]
    metres = seeds["distance_m"].to_numpy(dtype=np.float64)
    owner = find_rows(ids, seeds["community_id"])
    names = stock.ids.to_numpy(dtype=object)
    found = []
    for at in range(count):
        mine = np.flatnonzero(stock.category == at)
        sown = (seed_category == at) & (row >= 0)
        found.append(
            Kind(
                label=label_of(mine),
                ids=names[mine],
                large=stock.large[mine],
                small=stock.small[mine],
                capacity=stock.capacity[mine],
                shapes=shapes[mine],
                seed_label=label_of(row[sown]),
                seed_node=node[sown],
                seed_m=metres[sown],
                seed_owner=owner[sown],
            )
        )
    return found


def label_of(row: Ints) -> Ints:
    """Return the labels of rows of the stock.

    Parameters
    ----------
    row
        Row positions in the stock of today.

    Returns
    -------
    numpy.ndarray
        Labels, in the same order, with room between them.
    """
    return np.asarray((row + 1) * STRIDE, dtype=np.int64)


def part_seeds(
    everyone: Seeds, residents: Mapping[str, Seeds], runs: Runs
) -> tuple[list[Own], list[dict[str, Own]]]:
    """Part the seeds of all facilities by category.

    Parameters
    ----------
    everyone, residents
        Seeds of the runs of all categories, labelled by row of the stock.
    runs
        The runs of all categories.

    Returns
    -------
    public : list of Own
        Per category, the seeds that serve all; its runs are 0 (all), 1 (large
        enough) and 2 (not too small).
    own : list of dict
        Per category, community id to the seeds that serve only its residents.
    """
    by_community = {name: _part(seeds, runs) for name, seeds in residents.items()}
    own = [
        {name: parts[at] for name, parts in by_community.items() if len(parts[at].run)}
        for at in range(len(runs.every))
    ]
    return _part(everyone, runs), own


def _part(seeds: Seeds, runs: Runs) -> list[Own]:
    """Part seeds by category."""
    category, local = np.full((2, runs.count), -1, dtype=np.int64)
    for number, run in enumerate((runs.every, runs.large, runs.maybe)):
        kept = np.flatnonzero(run >= 0)
        category[run[kept]], local[run[kept]] = kept, number
    run = np.asarray(seeds.category, dtype=np.int64)
    node = np.asarray(seeds.node, dtype=np.int64)
    distance = np.asarray(seeds.distance_m, dtype=np.float64)
    label = label_of(np.asarray(seeds.label, dtype=np.int64))
    every = Own(local[run], node, distance, label)
    return [every.of(category[run] == at) for at in range(len(runs.every))]


def is_sized(need: Requirement) -> bool:
    """Return whether a category takes three runs."""
    return need.size is not None


def runs_of(need: Requirement, *, large: bool, small: bool) -> list[int]:
    """Return the runs of its category that a facility belongs to.

    Parameters
    ----------
    need
        The requirement.
    large, small
        Known to be large enough; known to be too small.

    Returns
    -------
    list of int
        0: all, 1: large enough, 2: not too small.
    """
    if not is_sized(need):
        return [0]
    return [0, *([1] if large else []), *([] if small else [2])]
