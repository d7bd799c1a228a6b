"""The gaps counted up: per community, per category, and who is worst off."""

import numpy as np
import pandas as pd

from geo.schema import Certainty, State

#: Minutes of the life circles; their metres are the standard's.
TIERS_MIN = (5, 10, 15)


def score_communities(gaps: pd.DataFrame) -> pd.DataFrame:
    """Count the verdicts of each community.

    Parameters
    ----------
    gaps
        Rows of :attr:`geo.lifecircle.LifeCircle.gaps`.

    Returns
    -------
    pandas.DataFrame
        Index: community id, sorted. Columns: `required` (categories), `met`,
        `short`, `unknown`, `no_data`, `edge`, `borderline`; `met_5min`,
        `met_10min`, `met_15min` (required categories within 300, 500, 1,000 m) and
        the same with ``elder_`` before (at an elder's pace);
        `households_uncovered` (households times categories they lack, NaN where
        households are unknown) and `rank` (1: worst).

    Notes
    -----
    The worst is the one with the most ``short`` categories; then the one with more
    `households_uncovered` (unknown counts as none), fewer ``met`` and, in the end,
    the smaller id.
    """
    asked = gaps[gaps["state"] != State.NOT_REQUIRED]
    community = asked["community_id"]
    index = pd.Index(gaps["community_id"].unique(), name="id").sort_values()

    def count(flags: pd.Series) -> pd.Series:
        return (
            flags.groupby(community).sum().reindex(index, fill_value=0).astype("int64")
        )

    table = pd.DataFrame({"required": count(asked["state"].notna())}, index=index)
    for state in (State.MET, State.SHORT, State.UNKNOWN, State.NO_DATA):
        table[state.value] = count(asked["state"] == state)
    for word in (Certainty.EDGE, Certainty.BORDERLINE):
        table[word.value] = count(asked["certainty"] == word)
    for minutes in TIERS_MIN:
        for pace in ("", "elder_"):
            met = asked[f"{pace}state_{minutes}min"] == State.MET
            table[f"{pace}met_{minutes}min"] = count(met)
    lacking = asked["households_uncovered"].where(asked["state"] == State.SHORT)
    total = lacking.groupby(community).sum(min_count=1).reindex(index)
    known = gaps.groupby("community_id")["households"].first().reindex(index).notna()
    table["households_uncovered"] = total.where(total.notna() | ~known, 0.0)
    order = table.assign(uncovered=total.fillna(0.0), name=index).sort_values(
        ["short", "uncovered", "met", "name"], ascending=[False, False, True, True]
    )
    table["rank"] = pd.Series(np.arange(1, len(order) + 1), index=order.index)
    return table


def rank_worst(scores: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """List the communities from the worst on.

    Parameters
    ----------
    scores
        Result of `score_communities`.
    gaps
        The rows it was made from.

    Returns
    -------
    pandas.DataFrame
        Index: community id in the order of `rank`. Columns: `rank`, `short`,
        `households_uncovered`, `met`, `required` and `lacking` (the categories it
        lacks, joined by ``|``).
    """
    short = gaps[gaps["state"] == State.SHORT]
    lacking = short.groupby("community_id")["category"].agg("|".join)
    columns = ["rank", "short", "households_uncovered", "met", "required"]
    worst = scores.sort_values("rank")[columns]
    return worst.assign(lacking=lacking.reindex(worst.index).fillna(""))


def score_categories(gaps: pd.DataFrame) -> pd.DataFrame:
    """Count the verdicts of each category over the district.

    Parameters
    ----------
    gaps
        Rows of :attr:`geo.lifecircle.LifeCircle.gaps`.

    Returns
    -------
    pandas.DataFrame
        Index: category in the order of the requirements. Columns: `threshold_m`,
        `facilities`, one column per state, `edge`, `borderline`;
        `households_lacking` (households beyond the threshold of communities that
        lack it, NaN where none of these knows its households, and where no
        verdict was possible) and
        `communities_uncounted` (those that lack it without known households);
        `elder_lost` (communities that an adult's pace serves and an elder's does
        not) and `elder_lost_households`.
    """
    index = pd.Index(gaps["category"].unique(), name="category")
    category = gaps["category"]

    def count(flags: pd.Series) -> pd.Series:
        return flags.groupby(category).sum().reindex(index).astype("int64")

    first = gaps.groupby("category")[["threshold_m", "facilities"]].first()
    table = first.reindex(index)
    for state in (s for s in State if s is not State.OPEN):
        table[state.value] = count(gaps["state"] == state)
    for word in (Certainty.EDGE, Certainty.BORDERLINE):
        table[word.value] = count(gaps["certainty"] == word)
    short = gaps["state"] == State.SHORT
    uncovered = gaps["households_uncovered"].where(short)
    table["households_lacking"] = uncovered.groupby(category).sum(min_count=1)
    decided = gaps["state"].isin([State.MET, State.SHORT])
    none_short = (decided & ~short).groupby(category).any() & ~short.groupby(
        category
    ).any()
    table.loc[none_short.reindex(index), "households_lacking"] = 0.0
    table["communities_uncounted"] = count(short & uncovered.isna())
    lost = (gaps["distance_state"] == State.MET) & (gaps["elder_state"] == State.SHORT)
    table["elder_lost"] = count(lost)
    slower = (gaps["elder_households_beyond"] - gaps["households_beyond"]).where(lost)
    table["elder_lost_households"] = slower.groupby(category).sum(min_count=1)
    table.loc[table["elder_lost"] == 0, "elder_lost_households"] = 0.0
    return table
