"""Everything that the verdicts are made from, as arrays (communities, categories)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coverage import (
    Bools,
    Floats,
    Ints,
    Share,
    Test,
    find_least,
    judge_distance,
    measure_share,
    set_presence,
)
from geo.district import District
from geo.network import WalkNetwork
from geo.reach import WalkGraph
from geo.readings import Readings, Runs
from geo.rules import Requirement
from geo.settings import Settings
from geo.stock import Places, Stock
from geo.straight import Geometries


@dataclass(frozen=True, eq=False)
class Field:
    """Everything that the verdicts are made from.

    Attributes
    ----------
    district, network, settings
        Inputs of the life circle.
    needs
        Requirements in order: the categories.
    ids
        Community ids, sorted: the rows.
    stock, places, runs, readings
        Facilities, gates and doors, and distances between them.
    edge_m
        Distance from each community to the edge of the data; shape (communities,).
    straight_m, hidden_m, hidden_maybe_m
        Straight distance to any facility, to one that cannot be walked to, and to
        one of those that is not known to be too small; (communities, categories).
    searched_m
        How far was searched.
    graph
        Graph of the walk network.
    """

    district: District
    network: WalkNetwork
    settings: Settings
    needs: Sequence[Requirement]
    ids: pd.Index
    stock: Stock
    places: Places
    runs: Runs
    readings: Readings
    edge_m: Floats
    straight_m: Floats
    hidden_m: Floats
    hidden_maybe_m: Floats
    searched_m: float
    graph: WalkGraph

    @property
    def shape(self) -> tuple[int, int]:
        """Return the numbers of communities and categories."""
        return len(self.ids), len(self.needs)

    @property
    def elder_pace(self) -> float:
        """Return the pace of elders as a share of that of adults."""
        settings = self.settings
        return settings.elder_pace_m_per_min / settings.adult_pace_m_per_min

    @cached_property
    def threshold_m(self) -> Floats:
        """Return the threshold of each category, NaN without a distance rule."""
        given = [need.threshold_m for need in self.needs]
        return np.array([np.nan if m is None else m for m in given], dtype=np.float64)

    @cached_property
    def reach_m(self) -> Floats:
        """Return what is in reach of each category."""
        return np.array([need.reach_m(self.settings) for need in self.needs])

    @cached_property
    def required(self) -> Bools:
        """Return whether each category is required."""
        return np.array([need.required for need in self.needs], dtype=np.bool_)

    @cached_property
    def present(self) -> Bools:
        """Return whether the input holds any facility of each category."""
        held = set(self.district.facilities["category"].dropna())
        return np.array([need.category in held for need in self.needs], dtype=np.bool_)

    @cached_property
    def ambiguous(self) -> Ints:
        """Return how many objects may be of each category."""
        counts = self.district.ambiguous
        return np.array([counts.get(need.category, 0) for need in self.needs])

    @cached_property
    def entered(self) -> Bools:
        """Return whether each community can be entered; (communities, 1)."""
        return self.places.access.entered[:, None]

    @cached_property
    def doors(self) -> Bools:
        """Return whether households behind doors are counted; (communities, 1)."""
        return ~np.isnan(self.places.access.households_counted)[:, None]

    @cached_property
    def nearest(self) -> tuple[Floats, Ints]:
        """Return the least distance over the gates of every run, and the gate."""
        access = self.places.access
        return find_least(
            self.readings.gate_m, access.gate_community, access.communities
        )

    @cached_property
    def distance_m(self) -> Floats:
        """Return the least distance over the gates to any facility."""
        return self.nearest[0][:, self.runs.every]

    @cached_property
    def gate_shapes(self) -> Geometries:
        """Return the points of the gates."""
        gates = self.network.gates.geometry.loc[self.places.gate_ids]
        return np.asarray(gates, dtype=object)

    @cached_property
    def facility_shapes(self) -> Geometries:
        """Return the geometries of the facilities, by label."""
        shapes = self.district.facilities.geometry.loc[self.stock.ids]
        return np.asarray(shapes, dtype=object)

    @cached_property
    def obstacles(self) -> tuple[Geometries, npt.NDArray[np.object_]]:
        """Return boundaries of walled communities and barriers, and their kinds."""
        communities, barriers = self.district.communities, self.district.barriers
        walls = communities.geometry[self.network.walled].boundary.to_numpy()
        shapes = np.concatenate([walls, barriers.geometry.to_numpy()])
        kinds = np.append(np.full(len(walls), "wall", dtype=object), barriers["kind"])
        return shapes.astype(object), kinds.astype(object)

    def share(self, threshold_m: Floats) -> Share:
        """Return the share of each community within thresholds; (categories,)."""
        door_m = self.readings.door_m[:, self.runs.every]
        return measure_share(self.places.access, self.distance_m, door_m, threshold_m)

    def present_or(self, test: Test, ruled: Bools) -> Test:
        """Return `test` with the verdicts that no distance can give."""
        return set_presence(
            test,
            ruled=ruled,
            required=self.required,
            present=self.present,
            ambiguous=self.ambiguous > 0,
        )

    def distance_test(self, threshold_m: Floats, ruled: Bools) -> Test:
        """Return the distance test at thresholds; (categories,)."""
        test = judge_distance(
            self.share(threshold_m),
            self.settings.coverage_share_min,
            doors=self.doors,
            entered=self.entered,
            hidden=self.hidden_m <= threshold_m,
        )
        return self.present_or(test, ruled)
