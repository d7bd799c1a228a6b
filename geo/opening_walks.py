"""What residents would walk with each opening: the runs repaired, read, put back.

A *trial* is one place together with one community whose residents could go through.
For each, the connections of the place are joined to the runs, which repairs them where
they change; gates and doors are read; and the runs are as before again. Each community
has one trial more, without a place: today.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geo import kernels
from geo.coverage import DECIMALS, Access, Floats, Ints
from geo.network import WalkNetwork
from geo.opening_ground import EVERYONE, Laid
from geo.reach import Reach, Seeds, WalkGraph, measure_reach
from geo.readings import Readings, Runs, as_resident, make_seeds
from geo.stock import Places, Stock, find_rows

#: The place of the trial that stands for today.
TODAY = -1

Told = Callable[[float], None]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Seeded runs on the network, all openings shut.

    Attributes
    ----------
    network
        The walk network.
    reach
        Runs of what serves everyone.
    own
        Community id to the seeds that serve its residents only.
    opened
        Place and community id (`EVERYONE`: for all) to the seeds that the place adds.
    """

    network: WalkNetwork
    reach: Reach
    own: Mapping[str, Seeds]
    opened: Mapping[tuple[int, str], Seeds]


def measure_field(
    laid: Laid, graph: WalkGraph, stock: Stock, runs: Runs, *, cutoff_m: float
) -> Field:
    """Measure runs over the network, all openings shut.

    Parameters
    ----------
    laid
        Openings on the network.
    graph
        Graph of its network.
    stock
        Facilities.
    runs
        Which category of the reach holds which run.
    cutoff_m
        How far to search.

    Returns
    -------
    Field
        The runs.
    """
    public, own = make_seeds(laid.network, stock, runs)
    reach = measure_reach(graph, public, categories=runs.count, cutoff_m=cutoff_m)
    opened: dict[tuple[int, str], Seeds] = {}
    for place, rows in laid.seeds.groupby("place"):
        there = replace(laid.network, facility_seeds=rows)
        everyone, seeds = make_seeds(there, stock, runs)
        seeds = {EVERYONE: everyone, **seeds}
        opened |= {(int(str(place)), name): found for name, found in seeds.items()}
    return Field(laid.network, reach, own, opened)


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Trials, with their gates and doors.

    Attributes
    ----------
    rows
        One row per trial, sorted by community: `place` (-1: today), `community_id`,
        `community` (row position in the sorted ids), `node`, `x`, `y` (its new gate;
        -1 and NaN: none).
    access
        Gates and doors of the trials, which stand for its communities; the new gate
        of a trial comes last.
    gate, door
        Row of each in the places of today; -1: a new gate.
    gate_node, door_node, connector_m
        Nodes (-1: none) and ways from the doors to them.
    """

    rows: pd.DataFrame
    access: Access
    gate: Ints
    door: Ints
    gate_node: Ints
    door_node: Ints
    connector_m: Floats


def list_trials(laid: Laid, ids: pd.Index, more: pd.DataFrame) -> pd.DataFrame:
    """List which residents can go through which opening.

    Parameters
    ----------
    laid
        Openings on the network.
    ids
        Community ids, sorted.
    more
        Further places and communities: `place`, `community_id`.

    Returns
    -------
    pandas.DataFrame
        `Trials.rows`.
    """
    keys = ["place", "community_id"]
    whose = [frame[keys] for frame in (laid.gates, laid.links, laid.seeds, more)]
    pairs = pd.concat(whose, ignore_index=True).drop_duplicates()
    pairs = pairs[pairs["community_id"].notna() & (pairs["community_id"] != EVERYONE)]
    today = pairs[["community_id"]].drop_duplicates().assign(place=TODAY)
    gates = laid.gates[[*keys, "node", "x", "y"]]
    rows = pd.concat((today, pairs), ignore_index=True).merge(
        gates, on=keys, how="left"
    )
    rows["node"] = rows["node"].fillna(-1).astype(np.int64)
    rows["place"] = rows["place"].astype(np.int64)
    rows["community"] = find_rows(ids, rows["community_id"])
    columns = ["place", "community_id", "community", "node", "x", "y"]
    return rows.sort_values(["community", "place"], ignore_index=True)[columns]


def lay_trials(rows: pd.DataFrame, laid: Laid, places: Places) -> Trials:
    """Give trials their gates and doors.

    Parameters
    ----------
    rows
        Trials, sorted by community.
    laid
        Openings on the network.
    places
        Gates and doors of today.

    Returns
    -------
    Trials
        The trials.
    """
    access = places.access
    community = rows["community"].to_numpy(dtype=np.int64)
    trial, gate = _repeat(community, access.gate_community, access.communities)
    new = np.flatnonzero(rows["x"].notna())
    gate = np.append(gate, np.full(len(new), -1, dtype=np.int64))
    gate_trial = np.append(trial, new)
    gate_node = np.append(
        places.gate_node[gate[: len(trial)]], rows["node"].to_numpy()[new]
    )
    door_trial, door = _repeat(community, access.door_community, access.communities)
    door_node, attached = places.door_node[door].copy(), access.door_attached[door]
    connector_m = places.door_connector_m[door].copy()
    lost = np.flatnonzero(~attached)
    if len(lost):
        names = laid.network.doors.sort_index().index
        names = names[laid.network.doors.sort_index()["households"] > 0]
        node = laid.doors.reindex(names).to_numpy()[door[lost]].astype(np.int64)
        joined = set(zip(laid.links["place"], laid.links["u"], strict=True))
        where = rows["place"].to_numpy()[door_trial[lost]]
        pairs = zip(where.tolist(), node.tolist(), strict=True)
        found = np.array([pair in joined for pair in pairs], dtype=np.bool_)
        attached[lost[found]], connector_m[lost[found]] = True, 0.0
        door_node[lost[found]] = node[found]
    return Trials(
        rows=rows,
        access=Access(
            communities=len(rows),
            gate_community=gate_trial,
            gate_attached=gate_node >= 0,
            door_community=door_trial,
            door_attached=attached,
            door_households=access.door_households[door],
        ),
        gate=gate,
        door=door,
        gate_node=gate_node.astype(np.int64),
        door_node=door_node,
        connector_m=connector_m,
    )


def _repeat(community: Ints, owner: Ints, communities: int) -> tuple[Ints, Ints]:
    """Pair each trial with the rows that its community owns, in their order."""
    order = np.argsort(owner, kind="stable")
    order = order[owner[order] >= 0]
    count = np.bincount(owner[order], minlength=communities)
    first = np.cumsum(count) - count
    many = count[community]
    trial = np.repeat(np.arange(len(community)), many)
    number = np.arange(len(trial)) - np.repeat(np.cumsum(many) - many, many)
    return trial.astype(np.int64), order[first[community[trial]] + number]


def read_trials(field: Field, trials: Trials, laid: Laid, told: Told) -> Readings:
    """Read the runs at the gates and doors of all trials.

    Parameters
    ----------
    field
        The runs.
    trials
        The trials.
    laid
        Openings on the network.
    told
        Called with the share done, after each community.

    Returns
    -------
    Readings
        Distances, rounded; no labels.
    """
    walks = Walks(field, trials, laid)
    runs = np.arange(field.reach.categories)
    gate_m = np.full((len(trials.gate_node), len(runs)), np.nan)
    door_m = np.full((len(trials.door_node), len(runs)), np.nan)
    for gates, doors, found in walks.read([runs] * len(trials.rows), told):
        gate_m[gates], door_m[doors] = found[: len(gates)], found[len(gates) :]
    return Readings(
        np.round(gate_m, DECIMALS),
        np.round(door_m + trials.connector_m[:, None], DECIMALS),
        np.empty((len(gate_m), 0), dtype=np.int64),
    )


class Walks:
    """Walks of residents, trial by trial.

    Parameters
    ----------
    field
        The runs.
    trials
        The trials.
    laid
        Openings on the network.
    """

    def __init__(self, field: Field, trials: Trials, laid: Laid) -> None:
        self._field = field
        self._rows = trials.rows
        self._node = np.concatenate((trials.gate_node, trials.door_node))
        self._gates = len(trials.gate_node)
        access = trials.access
        owner = np.concatenate((access.gate_community, access.door_community))
        attached = np.concatenate((access.gate_attached, access.door_attached))
        order = np.argsort(owner, kind="stable")
        self._order = order[attached[order]]
        self._bounds = np.searchsorted(
            owner[self._order], np.arange(len(self._rows) + 1)
        )
        links = laid.links
        self._links: dict[tuple[int, str], list[int]] = {}
        keys = zip(links["place"], links["community_id"], strict=True)
        for row, (place, name) in enumerate(keys):
            self._links.setdefault((int(place), str(name)), []).append(row)
        self._ends = [links[end].to_numpy(dtype=np.int64) for end in ("u", "v")]
        self._length_m = links["length_m"].to_numpy(dtype=np.float64)

    def read(
        self, wanted: Sequence[Ints], told: Told
    ) -> Iterator[tuple[Ints, Ints, Floats]]:
        """Read some runs in every trial.

        Parameters
        ----------
        wanted
            The runs that are read in each trial; none: it is passed over.
        told
            Called with the share done, after each community.

        Yields
        ------
        gate : numpy.ndarray
            Attached gates of one trial (rows of the trials' gates).
        door : numpy.ndarray
            Attached doors.
        distance_m : numpy.ndarray
            Distance from each; shape (gates + doors, runs), NaN where nothing is in
            reach.
        """
        community = self._rows["community"].to_numpy()
        first = np.flatnonzero(np.append(True, community[1:] != community[:-1]))
        for low, high in zip(first, np.append(first[1:], len(community)), strict=True):
            asked = [t for t in range(int(low), int(high)) if len(wanted[t])]
            if asked:
                yield from self._read_community(asked, wanted)
            told(high / len(community))

    def open(self, place: int, name: str) -> tuple[Ints, Ints, Floats, Seeds | None]:
        """Return what a place adds for the residents of a community.

        Parameters
        ----------
        place
            The place; `TODAY`: nothing.
        name
            Community id.

        Returns
        -------
        tuple
            Ends and lengths of connections, and seeds.
        """
        keys = list(dict.fromkeys([(place, EVERYONE), (place, name)]))
        rows = [row for key in keys for row in self._links.get(key, [])]
        at = np.array(rows, dtype=np.int64)
        found = [self._field.opened[key] for key in keys if key in self._field.opened]
        seeds = None
        if found:
            parts = zip(*found, strict=True)
            seeds = Seeds(*(np.concatenate(part) for part in parts))
        u, v = (end[at] for end in self._ends)
        return u, v, self._length_m[at], seeds

    def _read_community(
        self, asked: Sequence[int], wanted: Sequence[Ints]
    ) -> Iterator[tuple[Ints, Ints, Floats]]:
        name = str(self._rows["community_id"].iloc[asked[0]])
        place = self._rows["place"].to_numpy()
        own = self._field.own.get(name)
        with as_resident(self._field.reach, self._field.network, name, own) as reach:
            for trial in asked:
                u, v, length_m, seeds = self.open(int(place[trial]), name)
                at = self._order[self._bounds[trial] : self._bounds[trial + 1]]
                with reach.joined(u, v, length_m, seeds) as opened:
                    found = read_nodes(opened, self._node[at], wanted[trial])
                gates = int(np.searchsorted(at, self._gates))
                yield at[:gates], at[gates:] - self._gates, found


def read_nodes(reach: Reach, nodes: Ints, runs: Ints) -> Floats:
    """Read some runs at nodes.

    Parameters
    ----------
    reach
        The runs.
    nodes, runs
        What is read.

    Returns
    -------
    numpy.ndarray
        Metres, NaN where nothing is in reach; shape (nodes, runs).
    """
    places = reach.graph.place[nodes]
    found = np.empty((len(nodes), len(runs)))
    for at, run in enumerate(runs.tolist()):
        frame, keys, far = reach.state(run)
        found[:, at] = kernels.read_places(frame, keys, run, places, far)[0]
    return found
