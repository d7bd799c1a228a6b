"""Where a new gate in a wall would do what a building would (METHODS §4).

Places along the walls are tried one by one: each is laid on the walk network as a gate
of the gates layer would be, the distance fields of all categories are repaired where
its connections change them, and the verdicts are made anew for whoever may go through.
So what is stated is what a new run over the district with this gate would find.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.coverage import Ints
from geo.edges import Geometries, make_points
from geo.findings import Finding, make_findings
from geo.lifecircle import LifeCircle
from geo.opening_gains import choose_told, rank_places
from geo.opening_places import Tried
from geo.opening_trials import try_places
from geo.opening_words import explain_openings
from geo.progress import Progress, no_progress
from geo.schema import Severity
from geo.settings import OpeningSettings

#: Columns of the table of openings, whose index is `opening_id`.
TABLE_COLUMNS = (
    "community_id",
    "other_id",
    "street",
    "x",
    "y",
    "along",
    "shared",
    "open_to",
    "households_gaining",
    "categories",
    "gained",
    "detour_removed_m",
    "replaces",
    "facilities_saved",
    "reason",
)
#: Columns of the gains and changes.
GAIN_COLUMNS = (
    "opening_id",
    "community_id",
    "category",
    "state_before",
    "state_after",
    "distance_state_before",
    "distance_state_after",
    "distance_before_m",
    "distance_after_m",
    "households",
)


@dataclass(frozen=True, eq=False)
class Openings:
    """New gates, the best first.

    Attributes
    ----------
    table
        Index `opening_id` (``O001`` is the best): `community_id`; `other_id`, whose
        ground it leads to (``""``: a street's); `street`, its name; `x`, `y`, metres
        of the working CRS; `along` (``street``, ``community``, ``path_end``);
        `shared`, it leads through the walls of both communities; `open_to`;
        `households_gaining`, who gain at least one category; `categories` gained,
        keys joined by ``|``; `gained`, households summed over the categories that
        they gain; `detour_removed_m`, mean over the households and categories whose
        distance falls; `replaces`, categories of which something would have to be
        built instead; `facilities_saved`, how many at least; `reason`.
    gains
        One row per opening, community and category gained (`GAIN_COLUMNS`).
    changes
        The same for everything that changes, gained or not; `households` is 0 where
        nothing is gained.
    gates
        The rows that the gates layer would get: index `id` (that of the opening, for
        the second row of a shared gate followed by ``@`` and its community),
        `opening_id`, `community_id`, `open_to`, `derived`, points.
    findings
        What was noticed, raw.
    circle, settings
        What they were found from.
    places
        How many places were tried.
    """

    table: pd.DataFrame
    gains: pd.DataFrame
    changes: pd.DataFrame
    gates: gpd.GeoDataFrame
    findings: pd.DataFrame
    circle: LifeCircle
    settings: OpeningSettings
    places: int

    def explain(self, lang: str) -> "pd.Series[str]":
        """Say in a sentence what each opening brings.

        Parameters
        ----------
        lang
            ``"zh"`` or ``"en"``.

        Returns
        -------
        pandas.Series
            Sentences named ``reason`` on the index of `table`.
        """
        return explain_openings(self.table, self.gains, self.circle, lang)


def find_openings(
    circle: LifeCircle,
    settings: OpeningSettings | None = None,
    *,
    progress: Progress = no_progress,
) -> Openings:
    """Find where new gates would bring facilities within reach.

    Parameters
    ----------
    circle
        The life circle of the district as it is.
    settings
        How they are looked for; by default those of the life circle's settings.
    progress
        Told the stage ``stage.openings``.

    Returns
    -------
    Openings
        Openings that bring somebody a category, ranked by the households that gain.
        Openings for all (`open_to`) are those that help most behind their own wall;
        what they change for everybody else is counted then, too.
    """
    chosen = circle.settings.openings if settings is None else settings

    def choose(tried: Tried, changes: pd.DataFrame) -> Ints:
        ranked = rank_places(changes, _count_households(circle))
        return choose_told(ranked, changes, _name_stretches(circle, tried))

    def shorten(tried: Tried, changes: pd.DataFrame) -> Ints:
        return choose(tried, changes)[: chosen.told_most]

    tried, tried_changes = try_places(circle, chosen, shorten, progress)
    ranked = rank_places(tried_changes, _count_households(circle))
    best = choose(tried, tried_changes)
    told = best[: chosen.told_most]
    ids = pd.Index([f"O{n:03d}" for n in range(1, len(told) + 1)], dtype="str")
    changes = _number(tried_changes, told, ids, circle)
    table = _make_table(circle, tried.table, ranked.loc[told], ids, chosen)
    gains = changes[changes["gained"]].drop(columns="gained").reset_index(drop=True)
    table |= _join_categories(gains, ids)
    frame = pd.DataFrame(table, index=ids.rename("opening_id"))
    frame["reason"] = explain_openings(frame, gains, circle, circle.settings.lang)
    progress("stage.openings", 1.0)
    return Openings(
        table=frame[list(TABLE_COLUMNS)],
        gains=gains,
        changes=changes.drop(columns="gained"),
        gates=_make_gates(circle, frame),
        findings=make_findings(_notice(circle, tried, len(ranked), best, told)),
        circle=circle,
        settings=chosen,
        places=len(tried.table),
    )


def _count_households(circle: LifeCircle) -> pd.Series:
    rows = circle.gaps.drop_duplicates("community_id")
    return rows.set_index("community_id")["households"].astype("float64")


def _name_stretches(circle: LifeCircle, tried: Tried) -> pd.Series:
    """Name the stretch of wall of each place: whose it is, and what is before it."""
    table = tried.table
    owner, other = table["community"], table["other"]
    low, high = np.minimum(owner, other), np.maximum(owner, other)
    shared = table["shared"].to_numpy(dtype=bool)
    street = _name_streets(circle, table["street"].to_numpy(dtype=np.int64))
    faces = np.where(street == "", table["street"].astype("str"), street)
    whose: pd.Series = owner.astype("str") + "/" + other.astype("str") + "/" + faces
    both = low.astype("str") + "//" + high.astype("str")
    return pd.Series(np.where(shared, both, whose), index=table.index)


def _name_streets(circle: LifeCircle, row: Ints) -> Geometries:
    """Return the names of streets; ``""`` where there is none."""
    streets = circle.district.streets
    if "name" not in streets or not len(streets):
        return np.full(len(row), "", dtype=object)
    names = streets["name"].astype("object").where(streets["name"].notna(), "")
    known: Geometries = np.append(names.to_numpy(dtype=object), "")[row]
    return known


def _number(
    changes: pd.DataFrame, told: Ints, ids: pd.Index, circle: LifeCircle
) -> pd.DataFrame:
    """Give the changes of the places that are told their openings, in order."""
    rank = pd.Series(np.arange(len(told)), index=told)
    rows = changes[changes["place"].isin(told)]
    at = rank.reindex(rows["place"]).to_numpy(dtype=np.int64)
    keys = pd.Index(list(circle.rules.requirements))
    order = np.lexsort(
        (
            keys.get_indexer(pd.Index(rows["category"])),
            rows["community_id"].astype(str),
            at,
        )
    )
    rows = rows.iloc[order].assign(opening_id=ids[at[order]])
    rows["gained"] = rows["gained"].astype(bool)
    return rows[[*GAIN_COLUMNS, "gained"]].reset_index(drop=True)


def _make_table(
    circle: LifeCircle,
    places: pd.DataFrame,
    ranked: pd.DataFrame,
    ids: pd.Index,
    settings: OpeningSettings,
) -> dict[str, Any]:
    """Return the columns that say where the openings are, and how much they bring."""
    rows = places.loc[ranked.index]
    names = np.append(circle.district.communities.index.to_numpy(dtype=object), "")
    return {
        "community_id": names[rows["community"].to_numpy(dtype=np.int64)],
        "other_id": names[rows["other"].to_numpy(dtype=np.int64)],
        "street": _name_streets(circle, rows["street"].to_numpy(dtype=np.int64)),
        "x": rows["x"].to_numpy(dtype=np.float64),
        "y": rows["y"].to_numpy(dtype=np.float64),
        "along": rows["along"].to_numpy(dtype=object),
        "shared": rows["shared"].to_numpy(dtype=bool),
        "open_to": np.full(len(ids), settings.open_to, dtype=object),
        "households_gaining": ranked["households_gaining"].to_numpy(dtype=np.float64),
        "gained": ranked["gained"].to_numpy(dtype=np.float64),
        "detour_removed_m": ranked["detour_removed_m"].to_numpy(dtype=np.float64),
    }


def _join_categories(gains: pd.DataFrame, ids: pd.Index) -> dict[str, Any]:
    """Return what each opening brings, and what would have to be built instead."""
    each = gains.drop_duplicates(["opening_id", "category"]).groupby("opening_id")
    keys = each["category"].agg("|".join).reindex(ids).fillna("")
    # what is there already but is too small or shared by too many has to be built, too
    count = each.size().reindex(ids).fillna(0)
    return {
        "categories": keys.to_numpy(dtype=object),
        "replaces": keys.to_numpy(dtype=object),
        "facilities_saved": count.to_numpy(dtype=np.int64),
    }


def _make_gates(circle: LifeCircle, table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Make the rows that the gates layer would get."""
    first = table[["community_id", "open_to", "x", "y"]].assign(opening_id=table.index)
    second = first[table["shared"]].copy()
    second["community_id"] = table.loc[table["shared"], "other_id"]
    second.index = second.index + "@" + second["community_id"].astype("str")
    rows = pd.concat((first, second)).sort_values("opening_id", kind="stable")
    points = make_points(rows[["x", "y"]].to_numpy(dtype=np.float64))
    gates = rows[["opening_id", "community_id", "open_to"]].assign(derived=False)
    gates.index = pd.Index(gates.index, name="id", dtype="str")
    return gpd.GeoDataFrame(gates, geometry=points, crs=circle.district.crs)


def _notice(
    circle: LifeCircle, tried: Tried, useful: int, best: Ints, told: Ints
) -> Iterator[Finding]:
    """Say what was not looked at, and what is not told."""
    info = Severity.INFO
    if not circle.network.walled.any():
        yield Finding("communities", "openings_no_walls", info)
    if len(tried.gateless):
        count = len(tried.gateless)
        yield Finding("gates", "openings_gateless", info, params={"count": count})
    if tried.moving:
        yield Finding("gates", "openings_moving", info, params={"count": tried.moving})
    if len(tried.table) and not useful:
        params = {"count": len(tried.table)}
        yield Finding("gates", "openings_none", info, params=params)
    if len(told) < len(best):
        params = {"count": len(told), "all": len(best)}
        yield Finding("gates", "openings_cut", info, params=params)


def opening_shapes(openings: Openings, lang: str) -> gpd.GeoDataFrame:
    """Return the layer of openings, as it is written.

    Parameters
    ----------
    openings
        The openings.
    lang
        ``"zh"`` or ``"en"``: language of the reasons.

    Returns
    -------
    geopandas.GeoDataFrame
        `opening_id` and the columns of the table with the `reason` last, points on
        the walls in the working CRS; best first.
    """
    table = openings.table.assign(reason=openings.explain(lang)).reset_index()
    points = make_points(table[["x", "y"]].to_numpy(dtype=np.float64))
    return gpd.GeoDataFrame(table, geometry=points, crs=openings.circle.district.crs)
