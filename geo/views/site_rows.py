"""The tables below the map of sites: proposals, unmet needs, resources."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo.plan import Plan
from geo.siting import Sites
from geo.views import work
from geo.views.shapes import Parcel
from geo.views.site_fit import FIT_LOOKS, said_fit, suitability_of
from geo.views.site_told import (
    category_name,
    listed,
    marks_of,
    of_category,
    records,
    said_unmet,
)
from geo.views.site_work import Desk, site_id
from geo.views.state import choice
from geo.views.tables import pack_rows, plain
from geo.views.widgets import say


def pack(plan: Plan, now: Desk, sites: Sites) -> Parcel:
    """Return the rows of the table that is shown.

    Parameters
    ----------
    plan, now, sites
        The plan that is open, the desk, and the sites.

    Returns
    -------
    Parcel
        Rows for ``table.js``.
    """
    makers = {"sites": _pack_sites, "unmet": _pack_unmet, "resources": _pack_resources}
    key = ("site rows", id(sites), now.shown, now.category, choice().lang)

    def make() -> tuple[Sites, Parcel]:
        return sites, makers[now.shown](plan, now, sites)

    # the sites are kept with the rows, so that no other's can have their id
    return work.shelf().view(key, make)[1]


def table(rows: Parcel, now: Desk) -> dict[str, Any]:
    """Return how the table is shown.

    Parameters
    ----------
    rows, now
        Result of `pack`, and the desk.

    Returns
    -------
    dict
        For ``table.js``.
    """
    columns = {"sites": _site_columns, "unmet": _unmet_columns}
    make = columns.get(now.shown, _resource_columns)
    sort = {
        "sites": ["people", "down"],
        "unmet": ["households", "down"],
        "resources": ["fit", "up"],
    }
    return {
        "key": f"site-{now.shown}",
        "rows": rows.key,
        "columns": make(),
        "classes": [
            look.told(say(f"view.sites.fit.{code}")) for code, look in FIT_LOOKS.items()
        ],
        "title": say(f"view.sites.rows.{now.shown}", shown="{shown}", all="{all}"),
        "sort": sort[now.shown],
        "selected": _selected(now),
    }


def _selected(now: Desk) -> str | None:
    kind, _, name = now.picked.partition(":")
    wanted = {"sites": "site", "resources": "resource"}.get(now.shown)
    if wanted is None:
        place = choice().community
        return f"{place}|{now.category}" if place and now.category else None
    return name if kind == wanted else None


def _pack_sites(plan: Plan, now: Desk, sites: Sites) -> Parcel:
    rows = of_category(sites.table, now.category)
    said = sites.explain(choice().lang).reindex(rows.index)
    guess = sites.categories["estimated"]
    kept = set(now.ask.wishes.required)
    told = records(rows)
    columns = {
        "category": [category_name(plan, str(one)) for one in rows["category"]],
        "resource": plain(rows["name"]),
        "kind": plain(rows["kind"]),
        "area": _whole(rows["area_m2"]),
        "capacity": _whole(rows["capacity"]),
        "people": _whole(rows["people_served"]),
        "households": _whole(rows["households_served"]),
        "walk": _whole(rows["walk_mean_m"]),
        "mark": [
            listed(
                [
                    *(
                        [say("view.sites.mark.kept")]
                        if (row["idle_id"], row["category"]) in kept
                        else []
                    ),
                    *marks_of(row, estimated=guess[row["category"]]),
                ]
            )
            for row in told
        ],
        "reason": said.tolist(),
    }
    ids = [site_id(row["idle_id"], row["category"]) for row in told]
    return pack_rows(ids, columns)


def _pack_unmet(plan: Plan, now: Desk, sites: Sites) -> Parcel:
    rows = of_category(sites.unmet, now.category)
    said = said_unmet(sites).reindex(rows.index)
    names = sites.basis.names
    columns = {
        "name": [names[one] for one in rows["community_id"]],
        "category": [category_name(plan, str(one)) for one in rows["category"]],
        "people": _whole(rows["people"]),
        "households": _whole(rows["households"]),
        "nearest": _whole(rows["nearest_m"]),
        "reach": _whole(rows["reach_m"]),
        "change": [say(f"view.sites.change.{one}") for one in rows["change"]],
        "mark": [
            say("view.sites.mark.estimated") if one else "" for one in rows["estimated"]
        ],
        "reason": said.tolist(),
    }
    ids = [
        site_id(a, b)
        for a, b in zip(rows["community_id"], rows["category"], strict=True)
    ]
    return pack_rows(ids, columns)


def _pack_resources(plan: Plan, now: Desk, sites: Sites) -> Parcel:
    rows = suitability_of(sites, now.category)
    rank = rows["state"].map(list(FIT_LOOKS).index)
    able = rows[rank == 0].groupby("idle_id")["category"].agg(list)
    first = rows.assign(rank=rank).sort_values(["idle_id", "rank"], kind="stable")
    first = first.drop_duplicates("idle_id").set_index("idle_id")
    idle = sites.basis.district.idle
    first = first.loc[[one for one in idle.index if one in first.index]]
    said = said_fit(first)
    idle = idle.loc[first.index]
    names = sites.basis.resource_names
    columns = {
        "resource": [names[one] for one in idle.index],
        "kind": plain(idle["kind"]),
        "floor": _whole(idle["floor_area_m2"]),
        "land": _whole(idle["land_area_m2"]),
        "fit": first["rank"].astype(int).tolist(),
        "able": [
            listed([category_name(plan, key) for key in able.get(one, [])])
            for one in idle.index
        ],
        "mark": [
            say("view.sites.mark.check") if words else "" for words in first["to_check"]
        ],
        "reason": said.tolist(),
    }
    return pack_rows([str(one) for one in idle.index], columns)


def _whole(values: pd.Series) -> list[int | None]:
    numbers = values.astype("float64")
    return [None if np.isnan(value) else round(value) for value in numbers]


def _site_columns() -> list[dict[str, Any]]:
    return [
        _column("category", "text", "minmax(92px, 1.2fr)"),
        _column("resource", "text", "minmax(90px, 1.2fr)"),
        _column("kind", "text", "64px"),
        _column("area", "number", "88px", unit=say("unit.m2", value="{value}")),
        _column("capacity", "number", "60px", missing=say("view.sites.capacity_short")),
        _column("people", "number", "74px"),
        _households(),
        _column("walk", "number", "66px", unit=say("unit.m", value="{value}")),
        _column("mark", "text", "88px"),
        _column("reason", "text", "minmax(120px, 4fr)"),
    ]


def _unmet_columns() -> list[dict[str, Any]]:
    metre = say("unit.m", value="{value}")
    return [
        _column("name", "text", "minmax(92px, 1.2fr)"),
        _column("category", "text", "minmax(92px, 1fr)"),
        _column("people", "number", "74px"),
        _households(),
        _column("nearest", "number", "72px", unit=metre),
        _column("reach", "number", "66px", unit=metre),
        _column("change", "text", "minmax(84px, 0.8fr)"),
        _column("mark", "text", "52px"),
        _column("reason", "text", "minmax(120px, 4fr)"),
    ]


def _resource_columns() -> list[dict[str, Any]]:
    area = say("unit.m2", value="{value}")
    return [
        _column("resource", "text", "minmax(100px, 1.3fr)"),
        _column("kind", "text", "64px"),
        _column("floor", "number", "92px", unit=area),
        _column("land", "number", "92px", unit=area),
        _column("fit", "class", "84px"),
        _column("able", "text", "minmax(110px, 1.6fr)"),
        _column("mark", "text", "60px"),
        _column("reason", "text", "minmax(120px, 4fr)"),
    ]


def _households() -> dict[str, Any]:
    width = "70px" if choice().lang == "zh" else "122px"
    unit = say("unit.households", value="{value}")
    return _column("households", "number", width, unit=unit)


def _column(name: str, kind: str, width: str, **more: Any) -> dict[str, Any]:
    label = say(f"view.sites.column.{name}")
    return {"name": name, "kind": kind, "label": label, "width": width, **more}


def lists(now: Desk, sites: Sites) -> Sequence[tuple[str, str]]:
    """Return the lists that can be shown, each with its count.

    Parameters
    ----------
    now, sites
        The desk, and the sites.

    Returns
    -------
    sequence of tuple
        Name and words.
    """
    counts = {
        "sites": len(of_category(sites.table, now.category)),
        "unmet": len(of_category(sites.unmet, now.category)),
        "resources": len(sites.basis.district.idle),
    }
    return [
        (name, say(f"view.sites.list.{name}", count=f"{count:,}"))
        for name, count in counts.items()
    ]
