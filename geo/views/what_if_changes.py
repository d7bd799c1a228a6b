"""What steps change: which verdicts turn, whose, and how many households that is."""

from typing import Any

import numpy as np
import pandas as pd

from geo.schema import State
from geo.views.board import Board
from geo.views.state import choice

#: Distances that differ by less are the same, metres.
_SAME_M = 0.5
#: States from which a verdict can turn to met.
_OPEN = (State.SHORT, State.UNKNOWN, State.NO_DATA)


def verdict_column() -> str:
    """Return which states count, by the test that the session has chosen.

    Returns
    -------
    str
        Column of the gaps; the category's own threshold at an adult's pace.
    """
    test = choice().test
    return "state" if test == "state" else f"{test}_state"


def find_changes(before: Board, after: Board) -> pd.DataFrame:
    """Return where the verdicts of the chosen test, or the distances, differ.

    Parameters
    ----------
    before, after
        Verdicts of the same district.

    Returns
    -------
    pandas.DataFrame
        One row per community and category: `row`, `column` (in the matrices),
        `community_id`, `category`, `state_before`, `state_after`,
        `distance_before_m`, `distance_after_m`, `households` (NaN unknown), `gained`
        (now met), `lost` (no longer met).
    """
    names = (verdict_column(), "distance_m")
    old, new = ([board.columns[name] for name in names] for board in (before, after))
    nearer = ~np.isclose(old[1], new[1], rtol=0, atol=_SAME_M, equal_nan=True)
    row, column = np.nonzero((old[0] != new[0]) | nearer)
    state_before, state_after = old[0][row, column], new[0][row, column]
    met_before, met_after = state_before == State.MET, state_after == State.MET
    ids = np.array(before.ids, dtype=object)
    keys = np.array(before.categories, dtype=object)
    return pd.DataFrame(
        {
            "row": row,
            "column": column,
            "community_id": ids[row],
            "category": keys[column],
            "state_before": state_before,
            "state_after": state_after,
            "distance_before_m": old[1][row, column],
            "distance_after_m": new[1][row, column],
            "households": before.columns["households"][row, column].astype(float),
            "gained": met_after & np.isin(state_before, _OPEN),
            "lost": met_before & ~met_after,
        }
    )


def list_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table one by one.

    Parameters
    ----------
    table
        Any table with named columns.

    Returns
    -------
    list of dict
        Column to value.
    """
    rows = table.to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def sum_households(rows: pd.DataFrame) -> float:
    """Return the households of rows.

    Parameters
    ----------
    rows
        With `households`.

    Returns
    -------
    float
        Their sum; NaN if there are rows and none of them knows its households.
    """
    known = rows["households"].dropna()
    return float("nan") if len(rows) and not len(known) else float(known.sum())


def compare_categories(base: Board, changes: pd.DataFrame) -> pd.DataFrame:
    """Count what changes for each category.

    Parameters
    ----------
    base
        Today's verdicts.
    changes
        From `find_changes`.

    Returns
    -------
    pandas.DataFrame
        Index: category in the order of the rules. Columns: `gained`, `lost`
        (communities), `households_gained`, `households_lost` (NaN unknown).
    """
    table = pd.DataFrame(index=pd.Index(base.categories, name="category"))
    for name in ("gained", "lost"):
        rows = changes[changes[name].astype(bool)]
        groups = rows.groupby("category", sort=False)
        table[name] = groups.size().reindex(table.index, fill_value=0)
        households = groups["households"].sum(min_count=1).reindex(table.index)
        table[f"households_{name}"] = households.where(table[name] > 0, 0.0)
    return table
