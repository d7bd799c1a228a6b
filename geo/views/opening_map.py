"""New gates on the map: places by rank, and for the chosen one wall, gate and walks."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.maps import ACCENT
from geo.openings import Openings
from geo.plan import Plan
from geo.views import pictures, what_if_place
from geo.views.opening_told import gain_words
from geo.views.reports import name_of
from geo.views.shapes import degrees_of
from geo.views.state import choice
from geo.views.what_if_changes import list_rows
from geo.views.widgets import say
from geo.walks import trace_walk

#: Half of the stretch of wall that is drawn, metres.
_WALL_M = 25.0
#: A gate leads to a street that lies this near to it, metres.
_NEAR_M = 60.0
#: How well a drawn walk must fit the distance that was measured, metres.
_FIT_M = 2.0


def make_data(plan: Plan, found: Openings, chosen: str) -> dict[str, Any]:
    """Return what ``openings.js`` reads.

    Parameters
    ----------
    plan, found
        The plan, and its openings.
    chosen
        Id of the opening that is looked at, or ``""``.

    Returns
    -------
    dict
        Places, and what the chosen one changes.
    """
    table = found.table
    places = what_if_place.to_degrees(
        plan, list(zip(table["x"], table["y"], strict=True))
    )
    names = plan.district.communities["name"]
    rows = [
        {
            "id": str(one),
            "rank": rank,
            "at": place,
            "gains": row["households_gaining"] > 0 or bool(row["categories"]),
            "title": say(
                "view.openings.rank_title",
                rank=rank,
                community=name_of(names, row["community_id"]),
            ),
            "note": gain_words(plan, row),
        }
        for rank, (one, row, place) in enumerate(
            zip(table.index, list_rows(table), places, strict=True), 1
        )
    ]
    data: dict[str, Any] = {
        "list": rows,
        "chosen": chosen,
        "gaining": [],
        "walls": [],
        "before": [],
        "after": [],
        "labels": [],
    }
    if chosen in table.index:
        data |= _draw(plan, found, chosen)
    return data


def legend(found: Openings, chosen: str) -> dict[str, Any]:
    """Return the legend.

    Parameters
    ----------
    found
        The openings.
    chosen
        Id of the opening that is looked at, or ``""``.

    Returns
    -------
    dict
        For ``map.js``.
    """
    looks = [("legend_gain", {"fill": ACCENT, "stroke": "#FFFFFF"}, len(found.table))]
    rows: list[dict[str, Any]] = [
        {"look": look, "label": say(f"view.openings.{name}"), "count": f"{count:,}"}
        for name, look, count in looks
    ]
    if chosen:
        green = {"fill": "#FFFFFF", "stroke": "#00664B"}
        rows += [
            {"look": green, "label": say("view.openings.legend_gaining")},
            {"look": _line("#1F2933"), "label": say("view.openings.legend_wall")},
            {"look": _line("#5F6B76"), "label": say("view.openings.legend_before")},
            {"look": _line(ACCENT), "label": say("view.openings.legend_after")},
        ]
    return {"title": say("view.openings.legend"), "rows": rows}


def _line(colour: str) -> dict[str, str]:
    return {"fill": colour, "stroke": colour}


def _draw(plan: Plan, found: Openings, chosen: str) -> dict[str, Any]:
    (row,) = list_rows(found.table.loc[[chosen]])
    gains = found.gains[found.gains["opening_id"] == chosen]
    x, y = float(row["x"]), float(row["y"])
    wall = what_if_place.wall_near(plan, str(row["community_id"]), x, y, _WALL_M)
    walls = degrees_of(gpd.GeoSeries([wall], crs=plan.district.crs))
    data: dict[str, Any] = {
        "gaining": sorted(set(gains["community_id"])),
        "walls": walls,
    }
    first = _first_gain(gains)
    if first is None:
        return data
    before = pictures.walk(plan, first["community_id"], first["category"])
    after = _walk_after(plan, first["category"], x, y, first["distance_after_m"])
    labels = []
    if before is not None:
        data["before"] = before["lines"]
        text = say("view.openings.walk_before", value=_metres(first, "before"))
        labels.append({"at": before["lines"][0][0], "text": text, "colour": "#3B4754"})
    if after:
        data["after"] = after
        text = say("view.openings.walk_after", value=_metres(first, "after"))
        labels.append({"at": after[-1][-1], "text": text, "colour": ACCENT})
    return data | {"labels": labels}


def _first_gain(gains: pd.DataFrame) -> dict[str, Any] | None:
    """Return the gain whose walks are drawn: of the chosen category, else the most."""
    if not len(gains):
        return None
    wanted = gains[gains["category"] == choice().category]
    rows = wanted if len(wanted) else gains
    rows = rows.assign(saved=rows["distance_before_m"] - rows["distance_after_m"])
    order = ["households", "saved"]
    return list_rows(rows.sort_values(order, ascending=False).head(1))[0]


def _walk_after(
    plan: Plan, category: str, x: float, y: float, distance_m: float
) -> list[list[list[float]]]:
    """Return the walk from a new gate to the facility, if it is the one measured."""
    circle, network = plan.life_circle, plan.network
    if np.isnan(distance_m):
        return []
    run = int(circle.runs.every[list(plan.rules.requirements).index(category)])
    away = np.hypot(network.x - x, network.y - y)
    near = np.flatnonzero(away <= _NEAR_M)
    if not len(near):
        return []
    left = np.asarray(circle.reach.distance_m(run, near), dtype=float)
    misfit = np.abs(away[near] + left - distance_m)
    if np.isnan(misfit).all() or np.nanmin(misfit) > _FIT_M:
        return []
    nodes = trace_walk(circle.reach, run, int(near[np.nanargmin(misfit)]))
    steps = [(x, y), *zip(network.x[nodes], network.y[nodes], strict=True)]
    line = shapely.LineString(steps) if len(steps) > 1 else shapely.LineString()
    return degrees_of(gpd.GeoSeries([line], crs=plan.district.crs))


def _metres(row: dict[str, Any], name: str) -> str:
    return say("unit.m", value=f"{row[f'distance_{name}_m']:,.0f}")


def ranks(found: Openings) -> Sequence[str]:
    """Return the ids of openings, the best first.

    Parameters
    ----------
    found
        The openings.

    Returns
    -------
    sequence of str
        Ids.
    """
    return [str(one) for one in found.table.index]
