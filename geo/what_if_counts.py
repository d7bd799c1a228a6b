"""Counting the verdicts of a live what-if, and comparing them with today's."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coverage import Floats, Ints
from geo.schema import Certainty, State
from geo.scores import TIERS_MIN
from geo.what_if_codes import WORDS, Codes
from geo.what_if_judge import SEEN, differ

Matrices = Mapping[str, npt.NDArray[Any]]


def _code(word: str) -> int:
    return int(np.searchsorted(WORDS, str(word)))


def find_changed(one: Matrices, other: Matrices, rows: Ints | None = None) -> Ints:
    """Return the communities of which a planner sees anything else.

    Parameters
    ----------
    one, other
        Columns of the gaps as matrices.
    rows
        Rows to look at; None: all.

    Returns
    -------
    numpy.ndarray
        Rows.
    """
    asked = np.arange(len(one["state"])) if rows is None else rows
    changed = np.zeros(len(asked), dtype=np.bool_)
    for name in SEEN:
        changed |= differ(one[name][asked], other[name][asked]).any(axis=1)
    return asked[changed]


def count_columns(
    columns: Matrices, codes: Mapping[str, Codes], categories: Sequence[str], test: str
) -> pd.DataFrame:
    """Count the states and the households of each category.

    Parameters
    ----------
    columns, codes
        Columns of the gaps as matrices, and those of `CODED` as numbers.
    categories
        Their columns.
    test
        Column of states to count.

    Returns
    -------
    pandas.DataFrame
        Index: category. `met`, `short`, `unknown` (with ``no_data``);
        `households_lacking`: households beyond the threshold of communities that
        lack it (NaN where none of them is known, or nothing was judged);
        `elder_lost`: communities that adults are served in and elders are not.
    """
    states = codes[test]
    met, short = states == _code(State.MET), states == _code(State.SHORT)
    unknown = (states == _code(State.UNKNOWN)) | (states == _code(State.NO_DATA))
    beyond = columns["households_beyond"].astype(np.float64)
    lacking = np.where(short & ~np.isnan(beyond), beyond, 0.0).sum(axis=0)
    uncounted = short.any(axis=0) & ~(short & ~np.isnan(beyond)).any(axis=0)
    judged = (met | short).any(axis=0)
    adult = codes["distance_state"] == _code(State.MET)
    lost = adult & (codes["elder_state"] == _code(State.SHORT))
    return pd.DataFrame(
        {
            "met": met.sum(axis=0),
            "short": short.sum(axis=0),
            "unknown": unknown.sum(axis=0),
            "households_lacking": np.where(judged & ~uncounted, lacking, np.nan),
            "elder_lost": lost.sum(axis=0),
        },
        index=pd.Index(categories, name="category"),
    )


def compare_columns(
    before: Matrices, after: Matrices, categories: Sequence[str], test: str
) -> pd.DataFrame:
    """Count who gains and who loses each category.

    Parameters
    ----------
    before, after
        Columns of the gaps as matrices.
    categories
        Their columns.
    test
        Column of states that says whether a community has a category.

    Returns
    -------
    pandas.DataFrame
        See :meth:`geo.what_if.WhatIf.compare`.
    """
    had, has = (columns[test] == State.MET.value for columns in (before, after))
    gained, lost = has & ~had, had & ~has
    nearer = _households_within(after) - _households_within(before)
    unknown = (gained | lost) & np.isnan(nearer)
    counted = ~np.isnan(nearer).all(axis=0)

    def total(values: Floats) -> Floats:
        return np.where(counted, np.nansum(np.maximum(values, 0.0), axis=0), np.nan)

    return pd.DataFrame(
        {
            "communities_gained": gained.sum(axis=0),
            "communities_lost": lost.sum(axis=0),
            "households_gained": total(nearer),
            "households_lost": total(-nearer),
            "communities_uncounted": unknown.sum(axis=0),
        },
        index=pd.Index(categories, name="category"),
    )


def _households_within(columns: Matrices) -> Floats:
    """Return the households within the threshold, NaN where they are not known.

    Of a category that no record names nobody has any within it.
    """
    households = columns["households"].astype(np.float64)
    share = columns["share_in_reach"].astype(np.float64)
    absent = columns["distance_state"] == State.NO_DATA.value
    return np.asarray(np.where(absent, 0.0, share) * households, dtype=np.float64)


def score_columns(
    columns: Matrices, codes: Mapping[str, Codes], ids: pd.Index
) -> pd.DataFrame:
    """Count the verdicts of each community, as `geo.scores.score_communities` does.

    Parameters
    ----------
    columns, codes
        Columns of the gaps as matrices, and those of `CODED` as numbers.
    ids
        Community ids, sorted: their rows.

    Returns
    -------
    pandas.DataFrame
        The same table.
    """
    state = codes["state"]
    asked = state != _code(State.NOT_REQUIRED)
    found: dict[str, npt.NDArray[Any]] = {"required": asked.sum(axis=1)}
    for one in (State.MET, State.SHORT, State.UNKNOWN, State.NO_DATA):
        found[one.value] = (state == _code(one)).sum(axis=1)
    for word in (Certainty.EDGE, Certainty.BORDERLINE):
        flags = asked & (codes["certainty"] == _code(word))
        found[word.value] = flags.sum(axis=1)
    for minutes in TIERS_MIN:
        for pace in ("", "elder_"):
            flags = codes[f"{pace}state_{minutes}min"] == _code(State.MET)
            found[f"{pace}met_{minutes}min"] = (asked & flags).sum(axis=1)
    uncovered = columns["households_uncovered"].astype(np.float64)
    lacking = np.where(state == _code(State.SHORT), uncovered, np.nan)
    some = ~np.isnan(lacking).all(axis=1)
    total = np.where(some, np.nansum(lacking, axis=1), np.nan)
    households = columns["households"].astype(np.float64)
    known = ~np.isnan(households).all(axis=1)
    found["households_uncovered"] = np.where(some | ~known, total, 0.0)
    order = np.lexsort(
        (np.arange(len(ids)), found["met"], -np.nan_to_num(total), -found["short"])
    )
    rank = np.empty(len(ids), dtype=np.int64)
    rank[order] = np.arange(1, len(ids) + 1)
    return pd.DataFrame(found | {"rank": rank}, index=ids.rename("id"))
