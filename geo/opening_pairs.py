"""Which facilities residents would come to reach, one by one, through each opening.

Two tests ask not for the nearest facility but for each in reach: capacity, which is
shared among all who reach it, and facilities that are hidden from those who do not walk
to them. Only pairs that are new matter here: an opening takes nothing out of reach.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.capacity import Supply, judge_capacity, share_supply
from geo.coverage import DECIMALS, Bools, Floats, Ints
from geo.edges import Geometries, make_points
from geo.opening_ground import Laid
from geo.opening_walks import TODAY, Told, Trials, Walks, measure_field
from geo.reach import WalkGraph
from geo.readings import Runs
from geo.stock import Stock

#: Nodes times facilities that one batch of single-facility runs may hold.
_BATCH_CELLS = 8_000_000
#: How much farther in a straight line than on foot a place may seem (snapping).
_SLACK_M = 50.0
#: What a supply is made of.
_PARTS = ("low", "high", "facilities", "capacity_missing", "population_missing")

Words = npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class Walkers:
    """Everything that is walked with, for any facilities.

    Attributes
    ----------
    laid
        Openings on the network.
    graph
        Graph of its network.
    trials
        The trials.
    stock
        Open facilities.
    """

    laid: Laid
    graph: WalkGraph
    trials: Trials
    stock: Stock

    def find_pairs(
        self,
        labels: Ints,
        shapes: Geometries,
        known: Ints,
        *,
        within_m: float,
        told: Told,
    ) -> Ints:
        """Find which facilities come within reach in which trials.

        Parameters
        ----------
        labels
            Labels of the facilities.
        shapes
            Their geometries.
        known
            Community (row position) and row of `labels`, for what is in reach today;
            shape (pairs, 2).
        within_m
            What is in reach.
        told
            Called with the share done.

        Returns
        -------
        numpy.ndarray
            Trial and row of `labels`, each pair once, sorted; shape (pairs, 2).
        """
        near = self._find_near(shapes, within_m + _SLACK_M, known)
        found = [np.empty((0, 2), dtype=np.int64)]
        asked = np.unique(near[:, 1])
        size = max(1, _BATCH_CELLS // max(1, self.graph.nodes))
        for start in range(0, len(asked), size):
            batch = asked[start : start + size]
            some = near[np.isin(near[:, 1], batch)]
            some[:, 1] = np.searchsorted(batch, some[:, 1])
            pairs = self._walk(labels[batch], some, within_m)
            found.append(np.stack([pairs[:, 0], batch[pairs[:, 1]]], axis=1))
            told(min(1.0, (start + size) / len(asked)))
        return np.unique(np.concatenate(found), axis=0)

    def _walk(self, labels: Ints, near: Ints, within_m: float) -> Ints:
        """Walk to some facilities from the communities near them."""
        category = np.full(len(self.stock.ids), -1, dtype=np.int64)
        category[labels] = np.arange(len(labels))
        nothing = np.full(len(labels), -1, dtype=np.int64)
        runs = Runs(np.arange(len(labels)), nothing, nothing)
        stock = replace(self.stock, category=category)
        field = measure_field(
            self.laid, self.graph, stock, runs, cutoff_m=within_m + 1.0
        )
        trials = self.trials
        wanted = [np.empty(0, dtype=np.int64)] * len(trials.rows)
        near = near[np.lexsort((near[:, 1], near[:, 0]))]
        asked, first = np.unique(near[:, 0], return_index=True)
        for trial, columns in zip(
            asked.tolist(), np.split(near[:, 1], first[1:]), strict=True
        ):
            wanted[trial] = columns
        found = [np.empty((0, 2), dtype=np.int64)]
        owner = np.append(trials.access.gate_community, trials.access.door_community)
        gates = len(trials.gate_node)
        walks = Walks(field, trials, self.laid)
        for gate, door, read_m in walks.read(wanted, _tell_nobody):
            read_m[len(gate) :] += trials.connector_m[door][:, None]
            within = np.round(read_m, DECIMALS) <= within_m
            if within.any():
                trial = owner[np.append(gate, door + gates)[0]]
                run = wanted[int(trial)][within.any(axis=0)]
                found.append(np.stack([np.full(len(run), trial), run], axis=1))
        return np.concatenate(found)

    def _find_near(self, shapes: Geometries, within_m: float, known: Ints) -> Ints:
        """Pair trials with the facilities near the opening that are not known.

        Whoever comes to reach a facility through an opening walks from there no
        farther than the reach.
        """
        rows = self.trials.rows
        spots = self.laid.gates.drop_duplicates("place").set_index("place")[["x", "y"]]
        trial = np.flatnonzero(rows["place"].isin(spots.index))
        place = rows["place"].to_numpy(dtype=np.int64)[trial]
        points = make_points(spots.loc[place].to_numpy(dtype=np.float64))
        one, which = shapely.STRtree(shapes).query(
            points, predicate="dwithin", distance=within_m
        )
        owner = rows["community"].to_numpy(dtype=np.int64)[trial[one]]
        met = set(map(tuple, known.tolist()))
        pairs = zip(owner.tolist(), which.tolist(), strict=True)
        fresh = np.array([pair not in met for pair in pairs], dtype=np.bool_)
        return np.stack([trial[one[fresh]], which[fresh]], axis=1)


def _tell_nobody(_: float) -> None:
    """Tell nobody: the batches are told."""


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """The capacity of one category, shared among all who reach it.

    Attributes
    ----------
    pairs
        Community and facility in reach today; shape (pairs, 2).
    capacity
        Of each facility, NaN where unknown.
    population
        Of each community, NaN where unknown.
    needed
        Capacity per 1,000 persons that the rule asks for.
    entered, hidden
        Whether each community can be entered today, and has a hidden facility near.
    """

    pairs: Ints
    capacity: Floats
    population: Floats
    needed: float
    entered: Bools
    hidden: Bools

    def supply(self, more: Ints) -> Supply:
        """Share the capacity among those of today and some more.

        Parameters
        ----------
        more
            Further communities and facilities; shape (pairs, 2).

        Returns
        -------
        Supply
            Of every community.
        """
        pairs = np.unique(np.concatenate((self.pairs, more)), axis=0)
        return share_supply(
            pairs[:, 0],
            pairs[:, 1],
            population=self.population,
            capacity=self.capacity,
        )

    def judge(self, supply: Supply) -> Words:
        """Return the state of the capacity test of each community, gates as today."""
        return judge_capacity(
            supply,
            self.needed,
            population=self.population,
            entered=self.entered,
            hidden=self.hidden,
        ).state


@dataclass(frozen=True, slots=True, eq=False)
class Supplied:
    """What the openings make of the supply of one category.

    Attributes
    ----------
    trials
        The supply of each trial.
    others
        Place, community (row position) and new state of the capacity test of those
        who would have to share with more people.
    """

    trials: Supply
    others: list[tuple[int, int, str]]

    def cut(self, low: int, high: int) -> Supply:
        """Return the supply of some trials.

        Parameters
        ----------
        low, high
            The first trial, and the first after the last.

        Returns
        -------
        Supply
            Of these trials.
        """
        return Supply(**{name: getattr(self.trials, name)[low:high] for name in _PARTS})


def share_out(shared: Shared, rows: pd.DataFrame, fresh: Ints) -> Supplied:
    """Share the capacity of a category anew for each opening.

    Parameters
    ----------
    shared
        The category.
    rows
        `Trials.rows`.
    fresh
        Trial and facility that comes within reach; shape (pairs, 2).

    Returns
    -------
    Supplied
        The supply of all trials, and whom it is taken from.
    """
    community = rows["community"].to_numpy(dtype=np.int64)
    place = rows["place"].to_numpy(dtype=np.int64)
    today = shared.supply(np.empty((0, 2), dtype=np.int64))
    before = shared.judge(today)
    parts = {name: getattr(today, name)[community].copy() for name in _PARTS}
    others: list[tuple[int, int, str]] = []
    of = place[fresh[:, 0]]
    for one in np.unique(of[of != TODAY]).tolist():
        chosen = fresh[of == one]
        more = np.stack([community[chosen[:, 0]], chosen[:, 1]], axis=1)
        supply = shared.supply(more)
        mine = np.flatnonzero(place == one)
        for name, values in parts.items():
            values[mine] = getattr(supply, name)[community[mine]]
        after = shared.judge(supply)
        changed = np.setdiff1d(np.flatnonzero(after != before), community[mine])
        others += [(one, int(c), str(after[c])) for c in changed]
    return Supplied(Supply(**parts), others)
