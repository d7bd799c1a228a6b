"""What each opening would make of the verdicts, by the rules that made them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.capacity import Supply, judge_capacity
from geo.coverage import Bools, Floats, Ints, Test, combine_states, judge_size
from geo.district import District
from geo.edges import make_points
from geo.field import Field
from geo.hidden import Hidden
from geo.network import WalkNetwork
from geo.opening_walks import Trials
from geo.reach import WalkGraph
from geo.readings import Readings, Runs, find_reached
from geo.rules import Requirement
from geo.schema import State
from geo.settings import Settings
from geo.stock import Places, Stock

Words = npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Verdicts of trials; all of shape (trials, categories).

    Attributes
    ----------
    distance_m
        Least distance over the gates.
    share
        Share within the threshold, or within reach.
    distance_state, size_state, capacity_state, state
        States of the tests, and of the category.
    """

    distance_m: Floats
    share: Floats
    distance_state: Words
    size_state: Words
    capacity_state: Words
    state: Words


@dataclass(frozen=True, eq=False)
class Judge:
    """Everything but distances that verdicts are made from.

    Attributes
    ----------
    district, network, settings, needs, stock, runs, graph
        As in :class:`geo.field.Field`.
    searched_m
        How far was searched.
    hidden
        Facilities that cannot be walked to from outside, and who does.
    population
        Of each community, in the order of the sorted ids; NaN: unknown.
    gates
        Places of today's gates, on the rows of the places.
    """

    district: District
    network: WalkNetwork
    settings: Settings
    needs: tuple[Requirement, ...]
    stock: Stock
    runs: Runs
    graph: WalkGraph
    searched_m: float
    hidden: Hidden
    population: Floats
    gates: npt.NDArray[np.object_]

    def judge(
        self,
        trials: Trials,
        readings: Readings,
        *,
        supplies: dict[int, Supply],
        walked: Ints,
    ) -> Verdicts:
        """Judge all trials.

        Parameters
        ----------
        trials
            The trials.
        readings
            What is read at their gates and doors.
        supplies
            Position of a category with a capacity per person to the supply of each
            trial.
        walked
            Trial and row of `hidden`, for facilities that residents walk to only
            through the opening; shape (pairs, 2).

        Returns
        -------
        Verdicts
            The verdicts.
        """
        field = self._make_field(trials, readings, walked)
        distance = field.distance_test(field.threshold_m, ~np.isnan(field.threshold_m))
        size = self._judge_size(field)
        capacity = self._judge_capacity(field, trials, supplies)
        return Verdicts(
            distance_m=field.distance_m,
            share=field.share(field.reach_m).low,
            distance_state=distance.state,
            size_state=size.state,
            capacity_state=capacity.state,
            state=combine_states(
                distance.state, size.state, capacity.state, required=field.required
            ),
        )

    def _make_field(self, trials: Trials, readings: Readings, walked: Ints) -> Field:
        """Let each trial stand for a community of its own."""
        many = trials.access.communities
        hidden_m, maybe_m = self._measure_hidden(trials, walked)
        nothing = np.full(many, np.nan)
        ids = pd.Index(np.arange(many).astype(str))
        gate_ids = pd.Index(np.arange(len(trials.gate_node)).astype(str))
        places = Places(
            trials.access,
            gate_ids,
            trials.gate_node,
            trials.door_node,
            trials.connector_m,
        )
        return Field(
            district=self.district,
            network=self.network,
            settings=self.settings,
            needs=self.needs,
            ids=ids,
            stock=self.stock,
            places=places,
            runs=self.runs,
            readings=readings,
            edge_m=nothing,
            straight_m=np.full((many, len(self.needs)), np.nan),
            hidden_m=hidden_m,
            hidden_maybe_m=maybe_m,
            searched_m=self.searched_m,
            graph=self.graph,
        )

    def _judge_size(self, field: Field) -> Test:
        """Judge the size test, as :mod:`geo.verdicts` does."""
        reached = find_reached(field.places.access, field.readings)
        test = judge_size(
            reached[:, self.runs.every],
            reached[:, self.runs.large],
            reached[:, self.runs.maybe],
            field.reach_m,
            entered=field.entered,
            hidden=field.hidden_maybe_m <= field.reach_m,
        )
        return field.present_or(test, self.runs.large >= 0)

    def _judge_capacity(
        self, field: Field, trials: Trials, supplies: dict[int, Supply]
    ) -> Test:
        """Judge the capacity test with the supply that is left for each trial."""
        state = np.full(field.shape, State.UNKNOWN.value, dtype="U16")
        population = self.population[trials.rows["community"].to_numpy()]
        for at, supply in supplies.items():
            state[:, at] = judge_capacity(
                supply,
                float(self.needs[at].capacity_value or 0.0),
                population=population,
                entered=field.entered[:, 0],
                hidden=field.hidden_m[:, at] <= field.reach_m[at],
            ).state
        ruled = np.array([need.capacity_kind is not None for need in self.needs])
        return field.present_or(Test(state, np.full(field.shape, "")), ruled)

    def _measure_hidden(self, trials: Trials, walked: Ints) -> tuple[Floats, Floats]:
        """Measure straight distances to facilities hidden from each trial."""
        many, hidden = trials.access.communities, self.hidden
        nearest = np.full((2, many, len(self.needs)), np.inf)
        rows = trials.rows
        community = rows["community"].to_numpy(dtype=np.int64)
        new = np.flatnonzero(rows["x"].notna())
        points = make_points(rows[["x", "y"]].to_numpy(dtype=np.float64)[new])
        old = np.flatnonzero(trials.gate >= 0)
        trial = np.append(trials.access.gate_community[old], new)
        gates = np.append(self.gates[trials.gate[old]], points)
        gate, which = shapely.STRtree(hidden.shapes).query(
            gates, predicate="dwithin", distance=self.searched_m
        )
        trial, own = trial[gate], community[trial[gate]]
        served = (hidden.only[which] < 0) | (hidden.only[which] == own)
        served &= ~_among(which, own, hidden.walked[:, 0], hidden.walked[:, 1])
        served &= ~_among(trial, which, walked[:, 0], walked[:, 1])
        gate, which, trial = gate[served], which[served], trial[served]
        far = shapely.distance(gates[gate], hidden.shapes[which])
        label = hidden.label[which]
        category = self.stock.category[label]
        np.minimum.at(nearest[0], (trial, category), far)
        maybe = ~self.stock.small[label]
        cell = trial[maybe], category[maybe]
        np.minimum.at(nearest[1], cell, far[maybe])
        found = np.where(np.isinf(nearest), np.nan, nearest)
        return found[0], found[1]


def _among(one: Ints, two: Ints, first: Ints, second: Ints) -> Bools:
    """Say which pairs are among others."""
    pairs = set(zip(first.tolist(), second.tolist(), strict=True))
    asked = zip(one.tolist(), two.tolist(), strict=True)
    return np.array([pair in pairs for pair in asked], dtype=np.bool_)
