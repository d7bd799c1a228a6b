"""A plan as the pages need it: one matrix per verdict, communities x categories."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.plan import Plan
from geo.views.state import Choice

Words = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Board:
    """Verdicts of one plan.

    Attributes
    ----------
    ids, categories
        Communities in the order of the layer, categories in that of the rules.
    columns
        Column of the gaps table -> matrix, communities x categories.
    communities
        The layer, in the order of `ids`.
    positions
        Row and column in the matrices of each row of the gaps table.
    """

    ids: tuple[str, ...]
    categories: tuple[str, ...]
    columns: Mapping[str, NDArray[Any]]
    communities: pd.DataFrame
    positions: tuple[NDArray[np.int64], NDArray[np.int64]]

    def at(self, community: str | None) -> int | None:
        """Return the row of a community, None if there is no such one.

        Parameters
        ----------
        community
            Its id.

        Returns
        -------
        int or None
            Its row.
        """
        found = self.communities.index.get_indexer(pd.Index([community or ""]))[0]
        return None if found < 0 else int(found)

    def verdicts(self, choice: Choice) -> Words:
        """Return the states of the chosen test, tier and pace.

        Parameters
        ----------
        choice
            What is shown.

        Returns
        -------
        numpy.ndarray
            States, communities x categories.
        """
        if choice.test != "distance":
            name = "state" if choice.test == "state" else f"{choice.test}_state"
        elif choice.tier:
            name = f"{_pace(choice)}state_{choice.tier}min"
        else:
            name = "elder_state" if choice.pace == "elder" else "distance_state"
        return self.columns[name]

    def rows_of(self, category: int) -> NDArray[np.int64]:
        """Return where the rows of a category stand in the gaps table.

        Parameters
        ----------
        category
            Column of the matrices.

        Returns
        -------
        numpy.ndarray
            Positions, in the order of `ids`.
        """
        row, column = self.positions
        found = np.flatnonzero(column == category)
        return found[np.argsort(row[found])]

    def row(self, community: int, category: int) -> dict[str, Any]:
        """Return one verdict with all its columns.

        Parameters
        ----------
        community, category
            Row and column.

        Returns
        -------
        dict
            Column of the gaps table to value.
        """
        return {
            name: values[community, category] for name, values in self.columns.items()
        }


def _pace(choice: Choice) -> str:
    return "elder_" if choice.pace == "elder" else ""


def make_board(plan: Plan) -> Board:
    """Turn the gaps table of a plan into matrices.

    Parameters
    ----------
    plan
        The results.

    Returns
    -------
    Board
        The matrices; categories in the order of the rules.
    """
    gaps = plan.gaps
    communities = pd.DataFrame(plan.district.communities.drop(columns="geometry"))
    found = set(gaps["category"].unique())
    categories = tuple(name for name in plan.rules.requirements if name in found)
    row = communities.index.get_indexer(pd.Index(gaps["community_id"]))
    column = pd.Index(categories).get_indexer(pd.Index(gaps["category"]))
    shape = (len(communities), len(categories))
    columns: dict[str, NDArray[Any]] = {}
    for name in gaps.columns.drop(["community_id", "category"]):
        values = gaps[name].to_numpy()
        if values.dtype.kind not in "fiub":
            values = gaps[name].astype(object).to_numpy()
        matrix = np.empty(shape, dtype=values.dtype)
        matrix[row, column] = values
        columns[name] = matrix
    ids = tuple(communities.index)
    return Board(ids, categories, columns, communities, (row, column))
