"""The map of sites: proposals, whom they serve, and one that is tried elsewhere."""

from collections.abc import Callable, Mapping
from typing import Any

import geopandas as gpd

from geo.plan import Plan
from geo.siting import Sites
from geo.views import mapview
from geo.views.shapes import Parcel
from geo.views.site_fit import FIT_LOOKS, find_fit
from geo.views.site_told import (
    category_name,
    glyph,
    marks_of,
    of_category,
    people_words,
    records,
)
from geo.views.site_work import Desk, site_id, split_id
from geo.views.state import choice
from geo.views.widgets import Event, say

_SWITCHES = ("streets", "barriers", "buildings", "gates", "facilities", "names")


def place_marks(plan: Plan, now: Desk, sites: Sites) -> list[dict[str, Any]]:
    """Return the proposals on the map, one pill per resource.

    Parameters
    ----------
    plan, now, sites
        The plan that is open, the desk, and the sites.

    Returns
    -------
    list of dict
        ``idle``, ``chosen`` and ``sites``: ``id``, ``category``, ``glyph``,
        ``title``, ``note``, ``unsure``, ``required``, ``chosen``.
    """
    required = set(now.ask.wishes.required)
    estimated = sites.categories["estimated"]
    marks: dict[str, dict[str, Any]] = {}
    for row in records(sites.table):
        idle_id, category = str(row["idle_id"]), str(row["category"])
        one = site_id(idle_id, category)
        chosen = now.picked == f"site:{one}"
        mark = marks.setdefault(
            idle_id, {"idle": idle_id, "chosen": False, "sites": []}
        )
        mark["chosen"] |= chosen
        words = [people_words(row["people_served"], row["group"])]
        words += marks_of(row, estimated=estimated[category])
        mark["sites"].append(
            {
                "id": one,
                "category": category,
                "glyph": glyph(plan, category),
                "title": f"{category_name(plan, category)} · {row['name']}",
                "note": " · ".join(words),
                "unsure": not row["sure"],
                "required": (idle_id, category) in required,
                "chosen": chosen,
            }
        )
    return list(marks.values())


def draw_lines(now: Desk, sites: Sites) -> list[dict[str, Any]]:
    """Return who walks to what is chosen, or from where.

    Parameters
    ----------
    now, sites
        The desk, and the sites.

    Returns
    -------
    list of dict
        ``from`` (community), ``to`` (resource), ``share`` of the most people.
    """
    flows = sites.flows
    kind, _, name = now.picked.partition(":")
    if kind == "site":
        idle_id, category = split_id(name)
        flows = flows[(flows["idle_id"] == idle_id) & (flows["category"] == category)]
    elif kind == "resource":
        flows = of_category(flows[flows["idle_id"] == name], now.category)
    elif choice().community:
        flows = flows[flows["community_id"] == choice().community]
        flows = of_category(flows, now.category)
    else:
        return []
    sums = flows.groupby(["community_id", "idle_id"], as_index=False)[["people"]].sum()
    most = float(sums["people"].max()) if len(sums) else 1.0
    return [
        {
            "from": str(row["community_id"]),
            "to": str(row["idle_id"]),
            "share": round(float(row["people"]) / most, 3),
        }
        for row in records(sums)
    ]


def show(
    plan: Plan,
    now: Desk,
    sites: Sites,
    parcels: Mapping[str, Parcel],
    told: Callable[[Event], None],
    **more: Any,
) -> None:
    """Show the map.

    Parameters
    ----------
    plan, now, sites
        The plan that is open, the desk, and the sites.
    parcels
        Layers that the page has sent.
    told
        Called with each event: ``select``, ``site``, ``resource``, ``drag``.
    **more
        ``style`` and ``legend`` of `need_style`.
    """
    switches = [["resources", say("layer.idle")]] + [
        [name, say(f"view.map.{name}")]
        for name in _SWITCHES
        if name == "names" or name in parcels
    ]
    kind, _, name = now.picked.partition(":")
    chosen = split_id(name)[0] if kind == "site" else name
    content = {
        "marks": place_marks(plan, now, sites),
        "lines": draw_lines(now, sites),
        "looks": {code: look.told("") for code, look in FIT_LOOKS.items()},
        "order": list(FIT_LOOKS),
        "category": now.category,
        "chosen": chosen,
        "movable": now.run is None,
        "ghost": _ghost(plan, now),
    }
    mapview.show_district(
        "sites",
        plan.district,
        parcels,
        told,
        extra="sites",
        sites=content,
        category=now.category or None,
        off=["gates"] if now.category else ["gates", "facilities"],
        switches=switches,
        stale=now.run is not None,
        **more,
    )


def legend_rows(now: Desk, sites: Sites) -> list[dict[str, Any]]:
    """Return the rows of the legend that tell of resources and proposals.

    Parameters
    ----------
    now, sites
        The desk, and the sites.

    Returns
    -------
    list of dict
        For ``map.js``.
    """
    fit = find_fit(sites, now.category)["state"]
    rows = [
        {
            "look": {**look.told(""), "mark": "fit"},
            "label": say(f"view.sites.map.fit_{code}"),
            "count": say("view.sites.places", value=f"{(fit == code).sum():,}"),
        }
        for code, look in FIT_LOOKS.items()
        if (fit == code).any()
    ]
    sure = sites.table["sure"].astype(bool).tolist()
    kinds = {
        "site": any(sure),
        "unsure": not all(sure),
        "kept": bool(now.ask.wishes.required),
    }
    return rows + [
        {"look": {"mark": f"site-{kind}"}, "label": say(f"view.sites.map.{kind}")}
        for kind, there in kinds.items()
        if there
    ]


def place_of(frame: gpd.GeoDataFrame, one: str) -> list[float] | None:
    """Return where something is.

    Parameters
    ----------
    frame
        A layer.
    one
        Id of a row.

    Returns
    -------
    list of float or None
        Longitude and latitude; None if there is no such row.
    """
    if one not in frame.index:
        return None
    point = frame.geometry.loc[[one]].representative_point().to_crs(4326).iloc[0]
    return [round(point.x, 6), round(point.y, 6)]


def _ghost(plan: Plan, now: Desk) -> dict[str, Any] | None:
    if now.moved is None:
        return None
    idle_id, category = split_id(now.moved.site)
    found = now.moved.found
    note = say("view.sites.moved.nowhere")
    if found.attached:
        note = say("view.sites.moved.short", value=f"{-found.loss_people:+,.0f}")
    return {
        "from": idle_id,
        "at": list(now.moved.point),
        "glyph": glyph(plan, category),
        "note": note,
        "bad": not found.attached or found.loss_people > 0,
    }
