"""Walks and catchments as the map draws them, and counts that go with them."""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import InputError
from geo.plan import Plan
from geo.schema import State
from geo.views.board import Board
from geo.views.panels import limit_m
from geo.views.reports import plan_key
from geo.views.shapes import degrees_of
from geo.views.state import Choice
from geo.views.widgets import say
from geo.views.work import shelf

#: Outlines of catchments may leave the true line by this much.
_SIMPLIFY_M = 3.0


def walk(plan: Plan, community: str, category: str) -> dict[str, Any] | None:
    """Return the walk from a community to its nearest facility.

    Parameters
    ----------
    plan
        The results.
    community, category
        From where to what.

    Returns
    -------
    dict or None
        Lines for ``map.js`` and what to write at the end; None without a walk.
    """

    def make() -> list[Any]:
        try:
            line = plan.life_circle.walk(community, category)
        except InputError:
            return []
        return degrees_of(gpd.GeoSeries([line], crs=plan.district.crs))

    key = ("walk", plan_key(plan), community, category)
    lines = shelf().view(key, make)
    if not lines:
        return None
    verdict = plan.life_circle.verdict(community, category)
    name = plan.district.facilities["name"].get(verdict["nearest_facility_id"])
    label = name if isinstance(name, str) else ""
    return {"lines": lines, "label": label}


def catchment(plan: Plan, now: Choice) -> list[Any]:
    """Return the area from which the chosen category is within reach.

    Parameters
    ----------
    plan
        The results.
    now
        Category, tier and pace.

    Returns
    -------
    list
        Rings of longitude and latitude; a picture, no counts come from it.
    """
    need = plan.rules.requirements[now.category]
    limit = limit_m(need, plan)

    def make() -> list[Any]:
        area = plan.life_circle.catchment(now.category, limit)
        simple = shapely.simplify(area, _SIMPLIFY_M)
        return degrees_of(gpd.GeoSeries([simple], crs=plan.district.crs))

    found: list[Any] = shelf().view(
        ("catchment", plan_key(plan), now.category, limit), make
    )
    return found


def households_lacking(board: Board, now: Choice) -> dict[str, float]:
    """Return the households that lack each category.

    Parameters
    ----------
    board
        The results.
    now
        Tier, pace and test; households beyond the threshold are counted for the
        category's own threshold and an adult's pace, else those of communities
        that lack it.

    Returns
    -------
    dict
        Category to households; NaN where nothing is known of it.
    """
    states = board.verdicts(now)
    short = states == State.SHORT
    judged = np.asarray(np.isin(states, [State.MET, State.SHORT]).any(axis=0))
    own = now.tier == 0 and now.test == "distance"
    column = "elder_households_beyond" if now.pace == "elder" else "households_beyond"
    counts = board.columns[column if own else "households"].astype(float)
    found = {}
    for at, category in enumerate(board.categories):
        values = counts[short[:, at], at]
        known = values[~np.isnan(values)]
        none = not judged[at] or (len(values) and not len(known))
        found[category] = float("nan") if none else float(known.sum())
    return found


def elder_lost(board: Board, now: Choice) -> NDArray[np.bool_]:
    """Return which verdicts an elder's pace turns from met to short.

    Parameters
    ----------
    board
        The results.
    now
        Category (or all) and tier.

    Returns
    -------
    numpy.ndarray
        Flags, communities x the categories looked at.
    """
    tier = f"_{now.tier}min" if now.tier else ""
    adult = board.columns[f"state{tier}" if tier else "distance_state"]
    lost = (adult == State.MET) & (board.columns[f"elder_state{tier}"] == State.SHORT)
    if now.category:
        lost = lost[:, [board.categories.index(now.category)]]
    return np.asarray(lost, dtype=np.bool_)


def facility_words(plan: Plan, category: str) -> str:
    """Return how many facilities of a category there are, and how many are sized.

    Parameters
    ----------
    plan
        The results.
    category
        The category.

    Returns
    -------
    str
        One sentence.
    """
    found = plan.district.facilities
    mine = found[found["category"] == category]
    known = int(mine[["floor_area_m2", "land_area_m2"]].notna().any(axis=1).sum())
    return say("view.lifecircle.facilities", count=f"{len(mine):,}", known=f"{known:,}")
