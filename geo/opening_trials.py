"""All places tried one after the other: walks, verdicts, and what they change."""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.attach import make_attacher
from geo.coverage import Floats, Ints, combine_states
from geo.edges import Geometries
from geo.ground import lay_ground
from geo.hidden import find_hidden, measure_hidden
from geo.lifecircle import LifeCircle
from geo.near_pairs import find_near_pairs
from geo.opening_gains import (
    CHANGE_COLUMNS,
    list_changes,
)
from geo.opening_ground import Laid, lay_openings, open_to_all
from geo.opening_others import Others, find_shown
from geo.opening_pairs import Shared, Supplied, Walkers, share_out
from geo.opening_places import Tried, find_places
from geo.opening_states import Judge
from geo.opening_walks import (
    Field,
    Trials,
    Walks,
    lay_trials,
    list_trials,
    measure_field,
    read_trials,
)
from geo.progress import Progress
from geo.reach import WalkGraph, build_graph
from geo.rules import Requirement
from geo.settings import OpeningSettings
from geo.stock import Places, Stock, place_people, take_stock

_STAGE = "stage.openings"
#: Nobody but those whose wall is opened.
_NOBODY = pd.DataFrame(columns=["place", "community_id"])
#: Gates and doors that one batch of trials may hold.
_BATCH = 40_000


def try_places(
    circle: LifeCircle,
    openings: OpeningSettings,
    choose: Callable[[Tried, pd.DataFrame], Ints],
    progress: Progress,
) -> tuple[Tried, pd.DataFrame]:
    """Try every place along the walls.

    Parameters
    ----------
    circle
        The life circle of the district as it is.
    openings
        How openings are looked for. Those for all are tried for residents first.
    choose
        From the places, and what they change for residents, the ones that are then
        tried for all.
    progress
        Told the stage ``stage.openings``.

    Returns
    -------
    Tried
        The places.
    pandas.DataFrame
        What they change, see :data:`geo.opening_gains.CHANGE_COLUMNS`.
    """
    district, settings = circle.district, circle.settings
    progress(_STAGE, 0.0)
    ground = lay_ground(district, circle.rules, settings)
    progress(_STAGE, 0.03)
    attacher = make_attacher(ground.edges, ground.obstacles)
    tried = find_places(district, ground, attacher, settings, openings)
    progress(_STAGE, 0.2)
    if not len(tried.table):
        return tried, pd.DataFrame(columns=list(CHANGE_COLUMNS))
    laid = lay_openings(district, circle.network, ground, tried, settings)
    progress(_STAGE, 0.3)
    twice = openings.open_to == "all"
    trying = _Trying(circle, laid, _part(progress, 0.3, 0.65 if twice else 1.0))
    changes = trying.run(laid, _NOBODY)
    if not twice:
        return tried, changes
    best = choose(tried, changes)
    if not len(best):
        return tried, changes.iloc[:0]
    opened = open_to_all(laid, best)
    again = trying.again(_part(progress, 0.65, 1.0))
    return tried, again.run(opened, again.find_others(opened))


def _part(progress: Progress, low: float, high: float) -> Progress:
    """Tell a part of the way, from `low` to `high`."""

    def tell(stage: str, share: float) -> None:
        progress(stage, low + share * (high - low))

    return tell


@dataclass(frozen=True, slots=True, eq=False)
class _Fresh:
    """What comes within reach through openings.

    Attributes
    ----------
    hidden
        Trial and row of the hidden facilities; shape (pairs, 2).
    supplied
        Position of a category with a capacity per person to what becomes of it.
    """

    hidden: Ints
    supplied: dict[int, Supplied]


class _Trying:
    """Everything that the trials of one run share."""

    def __init__(self, circle: LifeCircle, laid: Laid, progress: Progress) -> None:
        district, network = circle.district, laid.network
        self._circle, self._laid, self._progress = circle, laid, progress
        self._needs: tuple[Requirement, ...] = tuple(circle.rules.requirements.values())
        self._ids = district.communities.index.sort_values()
        self._graph: WalkGraph = build_graph(
            network.x, network.y, network.u, network.v, network.length_m
        )
        self._stock: Stock = take_stock(district.facilities, self._needs)
        self._places: Places = place_people(network, self._ids)
        self._searched_m = circle.reach.cutoff_m
        self._population = self._numbers("population")
        self._judge = self._make_judge()

    def again(self, progress: Progress) -> "_Trying":
        """Return the same, telling another progress."""
        other = copy(self)
        other._progress = progress  # noqa: SLF001 (its own copy)
        return other

    def run(self, laid: Laid, more: pd.DataFrame) -> pd.DataFrame:
        """Try all places; return what they change.

        `more` names who is tried besides those whose wall is opened.
        """
        self._laid = laid
        rows = list_trials(laid, self._ids, more)
        fresh = self._find_fresh(rows)
        field = self._measure(laid)
        found = []
        for low, high in self._cut(rows):
            found.append(self._try(field, rows, low, high, fresh))
        found.append(self._list_ripples(fresh.supplied))
        filled = [frame for frame in found if len(frame)]
        return pd.concat(filled, ignore_index=True) if filled else found[-1]

    def _numbers(self, column: str) -> Floats:
        values = pd.to_numeric(self._circle.district.communities[column])
        numbers = values.reindex(self._ids).to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(numbers, dtype=np.float64)

    def _shapes(self, labels: Ints) -> Geometries:
        shapes = self._circle.district.facilities.geometry.loc[self._stock.ids[labels]]
        return np.asarray(shapes, dtype=object)

    def _make_judge(self) -> Judge:
        """Find what is hidden today, and where the gates are."""
        circle, network = self._circle, self._laid.network
        hidden = find_hidden(
            circle.district.facilities,
            network,
            self._places,
            self._stock,
            self._ids,
            graph=self._graph,
            within_m=self._searched_m,
        )
        gates = network.gates.geometry.loc[self._places.gate_ids]
        return Judge(
            district=circle.district,
            network=network,
            settings=circle.settings,
            needs=self._needs,
            stock=self._stock,
            runs=circle.runs,
            graph=self._graph,
            searched_m=self._searched_m,
            hidden=hidden,
            population=self._population,
            gates=gates.to_numpy(dtype=object),
        )

    def _find_fresh(self, rows: pd.DataFrame) -> _Fresh:
        """Find what comes within reach, facility by facility, through openings."""
        trials = lay_trials(rows, self._laid, self._places)
        walkers = Walkers(self._laid, self._graph, trials, self._stock)
        hidden = self._judge.hidden
        seeds = (self._laid.network.facility_seeds, self._laid.seeds)
        seeded = pd.concat([frame["facility_id"] for frame in seeds])
        some = np.flatnonzero(self._stock.ids[hidden.label].isin(seeded))
        known = pd.Series(np.arange(len(some)), index=some)
        walked = hidden.walked[np.isin(hidden.walked[:, 0], some)]
        found = walkers.find_pairs(
            hidden.label[some],
            hidden.shapes[some],
            np.stack([walked[:, 1], known[walked[:, 0]].to_numpy()], axis=1),
            within_m=self._searched_m,
            told=lambda share: self._progress(_STAGE, 0.1 * share),
        )
        supplied = {
            at: self._share(walkers, at, need)
            for at, need in enumerate(self._needs)
            if need.capacity_kind == "per_1000_persons"
        }
        shown = find_shown(self._laid, hidden, self._stock)
        place = rows["place"].to_numpy(dtype=np.int64)
        trial, which = np.nonzero(place[:, None] == shown[:, 0])
        seen = np.stack([trial, shown[which, 1]], axis=1)
        walked = np.stack([found[:, 0], some[found[:, 1]]], axis=1)
        return _Fresh(np.unique(np.concatenate((walked, seen)), axis=0), supplied)

    def find_others(self, laid: Laid) -> pd.DataFrame:
        """Find who else would walk otherwise if openings are for all."""
        field = self._measure(laid)
        nobody = list_trials(laid, self._ids, _NOBODY).iloc[:0]
        walks = Walks(field, lay_trials(nobody, laid, self._places), laid)
        others = Others(laid, self._places, self._ids, self._searched_m)
        hidden = self._judge.hidden
        shown = find_shown(laid, hidden, self._stock)
        return others.find(field, walks, (hidden.shapes[shown[:, 1]], shown[:, 0]))

    def _measure(self, laid: Laid) -> Field:
        return measure_field(
            laid,
            self._graph,
            self._stock,
            self._circle.runs,
            cutoff_m=self._searched_m,
        )

    def _share(self, walkers: Walkers, at: int, need: Requirement) -> Supplied:
        """Share the capacity of a category among all who reach it."""
        facilities = np.flatnonzero(self._stock.category == at)
        shapes = self._shapes(facilities)
        reach_m = need.reach_m(self._circle.settings)
        community, facility = find_near_pairs(
            self._graph,
            self._laid.network,
            self._places,
            self._ids,
            facilities,
            self._stock,
            shapes=shapes,
            reach_m=reach_m,
        )
        pairs = np.stack([community, facility], axis=1)
        fresh = walkers.find_pairs(
            facilities,
            shapes,
            pairs,
            within_m=reach_m,
            told=lambda share: self._progress(_STAGE, 0.1 + 0.1 * share),
        )
        hidden_m, _ = measure_hidden(
            self._judge.hidden,
            self._laid.network,
            self._places,
            self._stock,
            categories=len(self._needs),
            within_m=self._searched_m,
        )
        shared = Shared(
            pairs=pairs,
            capacity=self._stock.capacity[facilities],
            population=self._population,
            needed=float(need.capacity_value or 0.0),
            entered=self._places.access.entered,
            hidden=hidden_m[:, at] <= reach_m,
        )
        return share_out(shared, walkers.trials.rows, fresh)

    def _cut(self, rows: pd.DataFrame) -> Iterator[tuple[int, int]]:
        """Cut the trials into batches, whole communities each."""
        access = self._places.access
        size = 1 + np.bincount(
            np.append(access.gate_community, access.door_community),
            minlength=access.communities,
        )
        community = rows["community"].to_numpy(dtype=np.int64)
        batch = np.cumsum(size[community]) // _BATCH
        # a community belongs where its first trial does
        first = np.flatnonzero(np.append(True, community[1:] != community[:-1]))
        owner = np.searchsorted(first, np.arange(len(rows)), side="right") - 1
        batch = batch[first[owner]]
        low = np.flatnonzero(np.append(True, batch[1:] != batch[:-1]))
        yield from zip(low.tolist(), [*low[1:].tolist(), len(rows)], strict=True)

    def _try(
        self, field: Field, rows: pd.DataFrame, low: int, high: int, fresh: _Fresh
    ) -> pd.DataFrame:
        """Try one batch."""
        many = len(rows)

        def tell(share: float) -> None:
            self._progress(_STAGE, 0.2 + 0.8 * (low + share * (high - low)) / many)

        part = rows.iloc[low:high].reset_index(drop=True)
        trials: Trials = lay_trials(part, self._laid, self._places)
        readings = read_trials(field, trials, self._laid, tell)
        here = (fresh.hidden[:, 0] >= low) & (fresh.hidden[:, 0] < high)
        verdicts = self._judge.judge(
            trials,
            readings,
            supplies={at: s.cut(low, high) for at, s in fresh.supplied.items()},
            walked=fresh.hidden[here] - np.array([low, 0]),
        )
        return list_changes(
            part,
            verdicts,
            categories=[need.category for need in self._needs],
            households=self._count_households(),
        )

    def _count_households(self) -> Floats:
        """Return the households of each community, as the gaps have them."""
        rows = self._circle.gaps.drop_duplicates("community_id")
        counted = rows.set_index("community_id")["households"].reindex(self._ids)
        return counted.to_numpy(dtype=np.float64)

    def _list_ripples(self, supplied: dict[int, Supplied]) -> pd.DataFrame:
        """List what changes for those who then share with more people."""
        rows = [
            (place, str(self._ids[community]), at, state)
            for at, found in supplied.items()
            for place, community, state in found.others
        ]
        table = pd.DataFrame(rows, columns=["place", "community_id", "at", "capacity"])
        keys = np.array([need.category for need in self._needs], dtype=object)
        table["category"] = keys[table["at"].to_numpy(dtype=np.int64)]
        today = self._circle.gaps[_TODAY_COLUMNS]
        table = table.merge(today, on=["community_id", "category"], how="left")
        required = np.array([need.required for need in self._needs], dtype=np.bool_)
        before, test, size, capacity = (
            table[name].to_numpy(dtype="U16")
            for name in ("state", "distance_state", "size_state", "capacity")
        )
        chosen = required[table["at"].to_numpy(dtype=np.int64)]
        after = combine_states(test, size, capacity, required=chosen)
        far = table["distance_m"].to_numpy(dtype=np.float64)
        # nobody comes nearer, and sharing with more people gives nothing
        columns = {
            "place": table["place"],
            "community_id": table["community_id"],
            "category": table["category"],
            "state_before": before,
            "state_after": after,
            "distance_state_before": test,
            "distance_state_after": test,
            "distance_before_m": far,
            "distance_after_m": far,
            "households": 0.0,
            "gained": np.zeros(len(table), dtype=np.bool_),
        }
        rippled = pd.DataFrame(columns)[list(CHANGE_COLUMNS)]
        changed: pd.DataFrame = rippled[before != after]
        return changed.reset_index(drop=True)


#: What is known of today about those who do not go through an opening.
_TODAY_COLUMNS = [
    "community_id",
    "category",
    "state",
    "distance_state",
    "size_state",
    "distance_m",
]
