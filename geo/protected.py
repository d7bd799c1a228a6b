"""Old trees, heritage and other protected things that works come near to."""

import geopandas as gpd
import pandas as pd

from geo.work_places import find_within

#: What the documents forbid (建办城〔2021〕50号 一(二)), as columns of the works.
ACTIONS = ("demolish_old_building", "relocate_residents", "fell_old_trees")

#: Columns of `find_protected`.
PROTECTED_COLUMNS = (
    "work_id",
    "community_id",
    "protected_id",
    "kind",
    "distance_m",
    "placed",
    "action",
    "unsure",
)


def find_protected(
    works: gpd.GeoDataFrame, protected: gpd.GeoDataFrame, *, near_m: float
) -> pd.DataFrame:
    """Find the works that touch something protected.

    Parameters
    ----------
    works
        Result of :func:`geo.work_places.place_works`.
    protected
        Layer of that name in the same CRS, by id.
    near_m
        Works this near touch it.

    Returns
    -------
    pandas.DataFrame
        One row per work and protected thing, sorted by both ids:
        `PROTECTED_COLUMNS`. `action` names what the work is said to do of `ACTIONS`,
        `unsure` what nobody said, joined by ``|``; `placed` tells whether the work is
        drawn or only known by its community.
    """
    found = find_within(works.geometry, protected.geometry, near_m)
    at = found["at"].to_numpy()
    touched = protected.iloc[found["other"].to_numpy()]
    table = pd.DataFrame(
        {
            "work_id": works.index[at].astype("str"),
            "community_id": works["community_id"].to_numpy(dtype=object)[at],
            "protected_id": touched.index.astype("str"),
            "kind": touched["kind"].to_numpy(dtype=object),
            "distance_m": found["distance_m"].to_numpy(),
            "placed": works["placed"].to_numpy(dtype=object)[at],
            "action": name_actions(works, said=True).to_numpy(dtype=object)[at],
            "unsure": name_actions(works, said=False).to_numpy(dtype=object)[at],
        }
    )
    return table.sort_values(["work_id", "protected_id"], ignore_index=True)


def name_actions(works: pd.DataFrame, *, said: bool) -> pd.Series:
    """Name what works do, or what nobody said whether they do.

    Parameters
    ----------
    works
        Works with the flags `ACTIONS`.
    said
        True: actions that are said to be done; False: those that nobody said.

    Returns
    -------
    pandas.Series
        Names joined by ``|``, on the index of `works`.
    """
    named = pd.Series("", index=works.index, dtype="object")
    for action in ACTIONS:
        flags = works[action].astype("boolean")
        here = flags.fillna(value=False) if said else flags.isna()
        joined = named.where(named == "", named + "|") + action
        named = joined.where(here.astype("bool"), named)
    return named
