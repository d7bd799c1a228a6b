"""Whom an opening that is for all concerns besides those behind its wall."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
import shapely

from geo.coverage import Bools, Floats, Ints
from geo.edges import Geometries, make_points
from geo.hidden import Hidden
from geo.opening_ground import EVERYONE, Laid
from geo.opening_walks import Field, Walks, read_nodes
from geo.reach import Seeds
from geo.readings import as_resident, find_private
from geo.stock import Places, Stock

#: What an opening adds: ends and lengths of connections, and seeds.
Added: TypeAlias = tuple[Ints, Ints, Floats, Seeds | None]

#: How much farther in a straight line than on foot a place may seem (snapping).
_SLACK_M = 50.0
#: Differences below this (metres) are rounding.
_NONE_M = 1e-3


def find_shown(laid: Laid, hidden: Hidden, stock: Stock) -> Ints:
    """Find which hidden facilities an opening lets strangers, or owners, walk to.

    Parameters
    ----------
    laid
        Openings on the network.
    hidden
        Facilities that cannot be walked to from outside.
    stock
        Open facilities.

    Returns
    -------
    numpy.ndarray
        Place and row of `hidden`, each pair once; shape (pairs, 2).
    """
    row_of = {str(stock.ids[label]): row for row, label in enumerate(hidden.label)}
    rows = [np.empty((0, 2), dtype=np.int64)]
    shut = laid.network.pieces["walled"].to_numpy(dtype=np.bool_)
    piece = laid.network.node_piece
    seeds = laid.network.facility_seeds
    seeds = seeds[seeds["community_id"].isna() & seeds["facility_id"].isin(row_of)]
    of_piece: dict[int, set[int]] = {}
    for node, name in zip(seeds["node"], seeds["facility_id"], strict=True):
        of_piece.setdefault(int(piece[node]), set()).add(row_of[str(name)])
    links = laid.links[laid.links["community_id"] == EVERYONE]
    opened: dict[int, set[int]] = {}
    for place, table in links.groupby("place"):
        ends = piece[table[["u", "v"]].to_numpy(dtype=np.int64)]
        found = _find_opened(ends, shut)
        opened[int(str(place))] = found
        shown = sorted({row for one in found for row in of_piece.get(one, ())})
        rows.append(_pair(int(str(place)), shown))
    for seed in laid.seeds.to_dict("records"):
        place, at = int(seed["place"]), int(piece[int(seed["node"])])
        free = bool(seed["own"]) or at in opened.get(place, set())
        outside = pd.isna(seed["community_id"]) and not shut[at]
        if str(seed["facility_id"]) in row_of and (free or outside):
            rows.append(_pair(place, [row_of[str(seed["facility_id"])]]))
    return np.unique(np.concatenate(rows), axis=0)


def _pair(place: int, rows: list[int]) -> Ints:
    return np.array([(place, row) for row in rows], dtype=np.int64).reshape(-1, 2)


def _find_opened(ends: Ints, shut: Bools) -> set[int]:
    """Return the pieces behind walls that links join to streets outside."""
    groups: list[set[int]] = []
    for one, two in ends.tolist():
        joined = {one, two}.union(*(g for g in groups if g & {one, two}))
        groups = [g for g in groups if not g & joined] + [joined]
    opened = [group for group in groups if not shut[list(group)].all()]
    return set().union(*opened)


@dataclass(frozen=True, slots=True, eq=False)
class Others:
    """Finds whom openings for all concern.

    Attributes
    ----------
    laid
        Openings for all.
    places
        Gates and doors of today.
    ids
        Community ids, sorted.
    searched_m
        Farthest that anybody walks.
    """

    laid: Laid
    places: Places
    ids: pd.Index
    searched_m: float

    def find(
        self, field: Field, walks: Walks, shown: tuple[Geometries, Ints]
    ) -> pd.DataFrame:
        """Find the communities whose walks, or what is hidden from them, may change.

        Parameters
        ----------
        field
            The runs.
        walks
            What the openings add.
        shown
            Facilities no longer hidden, and the places that show them.

        Returns
        -------
        pandas.DataFrame
            `place`, `community_id`, each pair once.
        """
        names, areas = self._draw_areas()
        table = self.laid.gates.drop_duplicates("place").set_index("place")
        spots = make_points(table[["x", "y"]].to_numpy(dtype=np.float64))
        of = table.index.to_numpy(dtype=np.int64)
        within = self.searched_m + _SLACK_M
        tree = shapely.STRtree(areas)
        spot, area = tree.query(spots, predicate="dwithin", distance=within)
        private = set(find_private(field.network, field.own))
        open_links = [walks.open(int(place), EVERYONE) for place in of]
        found = []
        free: dict[int, bool] = {}
        for at in np.unique(area).tolist():
            name = str(self.ids[names[at]])
            near = spot[area == at]
            if name in private:
                changed = self._find_changed(field, name, near, open_links)
            else:
                fresh = np.array([s for s in near.tolist() if s not in free], np.int64)
                known = set(
                    self._find_changed(field, EVERYONE, fresh, open_links).tolist()
                )
                free |= {int(one): int(one) in known for one in fresh}
                changed = np.array([s for s in near.tolist() if free[s]], np.int64)
            found += [(int(of[s]), name) for s in changed]
        which, area = tree.query(shown[0], predicate="dwithin", distance=within)
        found += [
            (int(shown[1][w]), str(self.ids[names[a]]))
            for w, a in zip(which.tolist(), area.tolist(), strict=True)
        ]
        pairs = pd.DataFrame(found, columns=["place", "community_id"])
        return pairs.drop_duplicates(ignore_index=True)

    def _find_changed(
        self, field: Field, name: str, near: Ints, links: list[Added]
    ) -> Ints:
        """Find the places at which a link is shorter than what there is today."""
        if not len(near):
            return near
        ends = [np.stack([links[s][0], links[s][1]], axis=1) for s in near]
        length = np.concatenate([links[s][2] for s in near])
        owner = np.repeat(near, [len(e) for e in ends])
        nodes = np.concatenate(ends).astype(np.int64)
        own = field.own.get(name)
        runs = np.arange(field.reach.categories)
        with as_resident(field.reach, field.network, name, own) as reach:
            far = np.nan_to_num(read_nodes(reach, nodes.ravel(), runs), nan=np.inf)
        one, two = far[0::2], far[1::2]
        better: Floats = np.minimum(one, two) + length[:, None]
        shorter = (better < np.maximum(one, two) - _NONE_M).any(axis=1)
        seeded = [s for s in near.tolist() if links[s][3] is not None]
        return np.union1d(owner[shorter], np.array(seeded, dtype=np.int64))

    def _draw_areas(self) -> tuple[Ints, Geometries]:
        """Return the communities that are on the network, and where they live."""
        access, network = self.places.access, self.laid.network
        node = np.append(self.places.gate_node, self.places.door_node)
        owner = np.append(access.gate_community, access.door_community)
        kept = (node >= 0) & (owner >= 0)
        order = np.argsort(owner[kept], kind="stable")
        at, owner = node[kept][order], owner[kept][order]
        points = make_points(np.column_stack((network.x[at], network.y[at])))
        names, number = np.unique(owner, return_inverse=True)
        areas = shapely.convex_hull(shapely.multipoints(points, indices=number))
        return names.astype(np.int64), np.atleast_1d(np.asarray(areas, dtype=object))
