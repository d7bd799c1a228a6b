"""Every time the ground is opened: works, renewals of utilities, plans of theirs."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.coverage import Bools, Floats
from geo.gas_works import tell_digging
from geo.work_places import DRAWN, NOWHERE, OUTLINE, Shapes, find_pairs_near

#: Where a dig comes from.
WORK, UTILITY, UTILITY_PLAN = "work", "utility", "utility_plan"

#: Drawings this near touch, whatever the tolerance.
TOUCH_M = 0.01

#: Columns of `list_digs`, besides the geometry.
DIG_COLUMNS = (
    "dig_id",
    "origin",
    "community_id",
    "kind",
    "first_year",
    "last_year",
    "placed",
    "certain",
)


def list_digs(
    works: gpd.GeoDataFrame,
    utilities: gpd.GeoDataFrame,
    plans: pd.DataFrame,
    communities: gpd.GeoDataFrame,
    plan_year: pd.Series,
) -> gpd.GeoDataFrame:
    """List every time the ground is to be opened.

    Parameters
    ----------
    works
        Result of :func:`geo.work_places.place_works`; works that are known not to
        dig are left out.
    utilities
        Layer of that name: each row is dug up in its year of renewal.
    plans
        Table ``utility_plans``: it names a community, but no place in it. What stands
        in `utilities` under the same id is drawn there.
    communities
        Outlines by id, in the CRS of the others.
    plan_year
        Year of the plan of each community: that of its works without dates.

    Returns
    -------
    geopandas.GeoDataFrame
        `DIG_COLUMNS`, sorted by origin and id and numbered from 0. `first_year` and
        `last_year` are NaN where unknown, `certain` is False where nobody said
        whether the work digs.
    """
    found = [
        _from_works(works, plan_year),
        _from_utilities(utilities),
        _from_plans(plans[~plans["id"].isin(utilities.index)], communities),
    ]
    filled = [one for one in found if len(one)] or found[:1]
    table = pd.concat(filled, ignore_index=True)
    table = table.sort_values(["origin", "dig_id"], ignore_index=True)
    owner = table["community_id"].to_numpy(dtype=object, copy=True)
    owner[table["community_id"].isna().to_numpy(dtype=np.bool_)] = None
    table["community_id"] = pd.Series(owner, table.index, dtype="object")
    shapes = gpd.GeoSeries(table.pop("shape"), crs=communities.crs)
    return gpd.GeoDataFrame(table[list(DIG_COLUMNS)], geometry=shapes)


def find_meetings(digs: gpd.GeoDataFrame, near_m: float) -> pd.DataFrame:
    """Find the digs that open the same place.

    Parameters
    ----------
    digs
        Result of `list_digs`.
    near_m
        Excavations this near to each other are in the same place.

    Returns
    -------
    pandas.DataFrame
        Columns `a`, `b` (row positions, ``a < b``) and `drawn`, sorted. What is only
        known by its community meets what is drawn in the outline, and whatever else
        is only known by the same community: it may be the same place (`drawn` False).
    """
    drawn = (digs["placed"] == DRAWN).to_numpy()
    a, b = find_pairs_near(digs.geometry, digs.geometry, near_m)
    owner = pd.factorize(digs["community_id"])[0]
    same = (owner[a] == owner[b]) & (owner[a] >= 0)
    may = (a < b) & (drawn[a] | drawn[b] | same)
    a, b = a[may], b[may]
    return pd.DataFrame({"a": a, "b": b, "drawn": drawn[a] & drawn[b]})


def measure_shared(a: Shapes, b: Shapes, near_m: float) -> Floats:
    """Measure along which length pairs of geometries share their place.

    Parameters
    ----------
    a, b
        Geometries, shape (pairs,).
    near_m
        As in `find_meetings`.

    Returns
    -------
    numpy.ndarray
        Metres of the line (of two lines, the smaller figure) that lie within `near_m`
        of the other; NaN where neither is a line.
    """
    # the smaller one that there is: no figure for what is no line
    return np.fmin(_measure_side(a, b, near_m), _measure_side(b, a, near_m))


def _measure_side(line: Shapes, other: Shapes, near_m: float) -> Floats:
    is_line: Bools = shapely.get_dimensions(line) == 1
    shared = np.full(len(line), np.nan)
    near = shapely.buffer(other[is_line], max(near_m, TOUCH_M))
    shared[is_line] = shapely.length(shapely.intersection(line[is_line], near))
    return shared


def date_works(works: pd.DataFrame, plan_year: pd.Series) -> tuple[Floats, Floats]:
    """Tell the years in which works are done.

    Parameters
    ----------
    works
        Works with `planned_start`, `planned_finish` and `community_id`.
    plan_year
        Year of the plan of each community.

    Returns
    -------
    first : numpy.ndarray
        First years on the rows of `works`: of the start, else of the finish, else of
        the plan; NaN without any.
    last : numpy.ndarray
        Last years. A finish before the start is not believed.
    """
    first = pd.to_datetime(works["planned_start"]).dt.year.astype("float64")
    last = pd.to_datetime(works["planned_finish"]).dt.year.astype("float64")
    planned = works["community_id"].map(plan_year).astype("float64")
    start = first.fillna(last).fillna(planned)
    end = last.where(last >= start, start)
    return np.array(start, dtype=np.float64), np.array(end, dtype=np.float64)


def _from_works(works: gpd.GeoDataFrame, plan_year: pd.Series) -> pd.DataFrame:
    digs = tell_digging(works)
    may: Bools = digs.fillna(value=True).to_numpy(dtype=np.bool_)
    works, digs = works[may], digs[may]
    first, last = date_works(works, plan_year)
    return pd.DataFrame(
        {
            "dig_id": works.index.astype("object"),
            "origin": WORK,
            "community_id": works["community_id"].to_numpy(dtype=object),
            "kind": works["utility_kind"].to_numpy(dtype=object),
            "first_year": first,
            "last_year": last,
            "placed": works["placed"].to_numpy(dtype=object),
            "certain": digs.notna().to_numpy(),
            "shape": works.geometry.to_numpy(dtype=object),
        }
    )


def _from_utilities(utilities: gpd.GeoDataFrame) -> pd.DataFrame:
    years = utilities["year"].to_numpy(dtype=np.float64)
    return pd.DataFrame(
        {
            "dig_id": utilities.index.astype("object"),
            "origin": UTILITY,
            "community_id": np.full(len(utilities), None, dtype=object),
            "kind": utilities["kind"].to_numpy(dtype=object),
            "first_year": years,
            "last_year": years,
            "placed": DRAWN,
            "certain": True,
            "shape": utilities.geometry.to_numpy(dtype=object),
        }
    )


def _from_plans(plans: pd.DataFrame, communities: gpd.GeoDataFrame) -> pd.DataFrame:
    owner = plans["community_id"].astype("object")
    shapes = communities.geometry.reindex(owner).to_numpy(dtype=object)
    years = plans["year"].to_numpy(dtype=np.float64)
    return pd.DataFrame(
        {
            "dig_id": plans["id"].astype("object"),
            "origin": UTILITY_PLAN,
            "community_id": owner.where(owner.notna(), None).to_numpy(dtype=object),
            "kind": plans["kind"].to_numpy(dtype=object),
            "first_year": years,
            "last_year": years,
            "placed": np.where(shapely.is_missing(shapes), NOWHERE, OUTLINE),
            "certain": True,
            "shape": shapes,
        }
    )


def read_plan_years(facts: Mapping[str, pd.Series] | pd.DataFrame) -> pd.Series:
    """Return the year of the plan of each community.

    Parameters
    ----------
    facts
        Facts by community id.

    Returns
    -------
    pandas.Series
        Years as floats, NaN where unknown, on the index of `facts`.
    """
    table = pd.DataFrame(facts)
    if "plan_year" not in table:
        return pd.Series(np.nan, table.index)
    return pd.to_numeric(table["plan_year"], errors="coerce").astype("float64")
