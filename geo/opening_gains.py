"""What openings change, who gains, and which of them come first."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coverage import Bools, Floats, Ints
from geo.opening_states import Verdicts
from geo.opening_walks import TODAY
from geo.schema import State

#: Columns of the changes, one row per place, community and category that change.
CHANGE_COLUMNS = (
    "place",
    "community_id",
    "category",
    "state_before",
    "state_after",
    "distance_state_before",
    "distance_state_after",
    "distance_before_m",
    "distance_after_m",
    "households",
    "gained",
)

#: Columns of ranked places.
_RANKED = ("households_gaining", "gained", "pairs", "detour_removed_m")

Words = npt.NDArray[np.str_]


def list_changes(
    rows: pd.DataFrame,
    verdicts: Verdicts,
    *,
    categories: list[str],
    households: Floats,
) -> pd.DataFrame:
    """List what the openings change for those who go through them.

    Parameters
    ----------
    rows
        `Trials.rows`; each community has its trial of today.
    verdicts
        Verdicts of the trials.
    categories
        Keys of the categories.
    households
        Of each community, in the order of the sorted ids; NaN: unknown.

    Returns
    -------
    pandas.DataFrame
        `CHANGE_COLUMNS`. A category is *gained* if its distance test turns to met and
        nothing else is known to fail, or if its state turns to met. `households` are
        those who gain: who come within the threshold or, where the distance was met
        before, all within it; 0 where nothing is gained, NaN where unknown.
    """
    before = _find_today(rows)
    after = np.flatnonzero(rows["place"].to_numpy() != TODAY)
    before = before[after]
    state = verdicts.state[before], verdicts.state[after]
    test = verdicts.distance_state[before], verdicts.distance_state[after]
    far = verdicts.distance_m[before], verdicts.distance_m[after]
    gained = find_gained(state, test)
    share = verdicts.share[before], verdicts.share[after]
    part = np.where(test[0] == State.MET, share[1], share[1] - share[0])
    who = households[rows["community"].to_numpy(dtype=np.int64)[after]]
    many = np.where(gained, np.maximum(part, 0.0) * who[:, None], 0.0)
    moved = ~((far[0] == far[1]) | (np.isnan(far[0]) & np.isnan(far[1])))
    trial, at = np.nonzero((state[0] != state[1]) | (test[0] != test[1]) | moved)
    names = np.array(categories, dtype=object)
    row = rows.iloc[after[trial]].reset_index(drop=True)
    values = {
        "place": row["place"],
        "community_id": row["community_id"],
        "category": names[at],
        "state_before": state[0][trial, at],
        "state_after": state[1][trial, at],
        "distance_state_before": test[0][trial, at],
        "distance_state_after": test[1][trial, at],
        "distance_before_m": far[0][trial, at],
        "distance_after_m": far[1][trial, at],
        "households": many[trial, at].round(1),
        "gained": gained[trial, at],
    }
    return pd.DataFrame(values)[list(CHANGE_COLUMNS)]


def _find_today(rows: pd.DataFrame) -> Ints:
    """Return the trial of today of each trial's community."""
    today = np.flatnonzero(rows["place"].to_numpy() == TODAY)
    community = rows["community"].to_numpy()
    return today[np.searchsorted(community[today], community)]


def find_gained(state: tuple[Words, Words], test: tuple[Words, Words]) -> Bools:
    """Say where a category is gained.

    Parameters
    ----------
    state
        States of the category, before and after.
    test
        States of its distance test, before and after.

    Returns
    -------
    numpy.ndarray
        Whether the distance test turns to met while no other test is known to fail,
        or the state as a whole turns to met.
    """
    lacked = (state[0] == State.SHORT) | (state[0] == State.UNKNOWN)
    near = (test[0] != State.MET) & (test[1] == State.MET)
    sound = (state[1] == State.MET) | (state[1] == State.UNKNOWN)
    return np.asarray(lacked & sound & (near | (state[1] == State.MET)), dtype=np.bool_)


def rank_places(changes: pd.DataFrame, households: pd.Series) -> pd.DataFrame:
    """Add up what each place brings, and put the best first.

    Parameters
    ----------
    changes
        Result of `list_changes`.
    households
        Community id to its households; NaN: unknown.

    Returns
    -------
    pandas.DataFrame
        Index place; `households_gaining` (who gain at least one category: the most of
        any category, by community), `gained` (households, summed over the categories
        that they gain), `pairs` (communities times categories), `detour_removed_m`
        (mean of what is saved by who changes distance, weighted by households; NaN:
        only what was out of reach comes nearer). Best first: most
        `households_gaining` (METHODS §4), then most `gained`, then most `pairs`, then
        the longest detour, then the first place.
    """
    gains = changes[changes["gained"].astype(bool)]
    if not len(gains):
        return pd.DataFrame(columns=list(_RANKED), dtype="float64")
    each = gains.groupby(["place", "community_id"])["households"]
    table = pd.DataFrame(
        {
            "households_gaining": _add(each.max()),
            "gained": _add(each.sum(min_count=1)),
            "pairs": gains.groupby("place").size(),
            "detour_removed_m": _average_detour(changes, households),
        }
    )
    table = table[table["pairs"] > 0]
    order = np.lexsort(
        (
            table.index.to_numpy(),
            -table["detour_removed_m"].fillna(0.0).to_numpy(),
            -table["pairs"].to_numpy(),
            -table["gained"].fillna(0.0).to_numpy(),
            -table["households_gaining"].fillna(0.0).to_numpy(),
        )
    )
    return table.iloc[order]


def _add(of_communities: pd.Series) -> pd.Series:
    return of_communities.groupby("place").sum(min_count=1).round(1)


def _average_detour(changes: pd.DataFrame, households: pd.Series) -> pd.Series:
    saved = changes["distance_before_m"] - changes["distance_after_m"]
    rows = changes.assign(saved=saved)[saved > 0]
    # where nobody counted, a community weighs like a small one
    weight = households.reindex(rows["community_id"]).fillna(1.0).to_numpy()
    rows = rows.assign(weight=weight, part=weight * rows["saved"])
    sums = rows.groupby("place")[["part", "weight"]].sum()
    return (sums["part"] / sums["weight"]).round(1)


def choose_told(
    ranked: pd.DataFrame, changes: pd.DataFrame, stretch: pd.Series
) -> Ints:
    """Leave out places that bring nothing that a better one beside them does not.

    Parameters
    ----------
    ranked
        Result of `rank_places`.
    changes
        Result of `list_changes`.
    stretch
        Place to the stretch of wall that it is on.

    Returns
    -------
    numpy.ndarray
        Places, the best first: of each stretch those that bring a category to a
        community to which no better place of the same stretch brings it.
    """
    gains = changes[changes["gained"].astype(bool)]
    keys = zip(gains["community_id"], gains["category"], strict=True)
    of: dict[int, set[tuple[str, str]]] = {}
    for place, key in zip(gains["place"].tolist(), keys, strict=True):
        of.setdefault(place, set()).add(key)
    brought: dict[str, set[tuple[str, str]]] = {}
    told = []
    for place in ranked.index.tolist():
        there = brought.setdefault(str(stretch[place]), set())
        if not of[place] <= there:
            there |= of[place]
            told.append(place)
    return np.array(told, dtype=np.int64)
