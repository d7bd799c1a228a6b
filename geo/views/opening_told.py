"""New gates in words and numbers: headline, the best places, one place, the table."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geo.openings import Openings
from geo.plan import Plan
from geo.views import reports
from geo.views.panels import Block, metres
from geo.views.reports import name_of
from geo.views.shapes import Parcel
from geo.views.state import choice
from geo.views.tables import pack_rows
from geo.views.what_if_changes import list_rows
from geo.views.what_if_told import change_words
from geo.views.widgets import say

#: Places in the list of the best.
_BEST = 8
#: Gains that the panel lists.
_GAINS = 40


def numbers(found: Openings) -> Block:
    """Return the line of numbers above the map.

    Parameters
    ----------
    found
        The openings.

    Returns
    -------
    dict
        Block.
    """
    table, gains = found.table, found.gains
    useful = table[table["categories"] != ""]
    first = gains.drop_duplicates(["community_id", "category"])
    saved = int(table["facilities_saved"].iloc[0]) if len(table) else 0
    items = [
        _number("places", f"{len(table):,}", value=f"{len(useful):,}"),
        _number("best", _count(table["households_gaining"].iloc[0]) if saved else "0"),
        _number("all", _count(first["households"].sum() if len(first) else 0.0)),
        _number("communities", f"{gains['community_id'].nunique():,}"),
        _number("replaces", f"{saved:,}"),
    ]
    return {"kind": "numbers", "items": items}


def blocks(plan: Plan, found: Openings, chosen: str) -> list[Block]:
    """Return what the panel says.

    Parameters
    ----------
    plan, found
        The plan, and its openings.
    chosen
        Id of the opening that is looked at, or ``""``.

    Returns
    -------
    list of dict
        Of the chosen opening, else of the best ones.
    """
    if chosen in found.table.index:
        return _one(plan, found, chosen)
    title = say("view.openings.panel.whole")
    note = say("view.openings.panel.whole_note")
    best = [
        {
            "id": str(one),
            "title": name_of(plan.district.communities["name"], row["community_id"]),
            "note": category_words(plan, row["categories"]),
            "value": say("unit.households", value=_count(row["households_gaining"])),
            "event": {"kind": "opening", "id": str(one)},
        }
        for one, row in found.table.head(_BEST).iterrows()
    ]
    return [
        {"kind": "heading", "title": title, "note": note},
        {"kind": "heading", "title": say("view.openings.panel.best")},
        {"kind": "list", "rows": best},
    ]


def _one(plan: Plan, found: Openings, chosen: str) -> list[Block]:
    (row,) = list_rows(found.table.loc[[chosen]])
    names = plan.district.communities["name"]
    rank = list(found.table.index).index(chosen) + 1
    title = say(
        "view.openings.rank_title",
        rank=rank,
        community=name_of(names, str(row["community_id"])),
    )
    gains = found.gains[found.gains["opening_id"] == chosen]
    buttons = [
        {"label": say("view.openings.try"), "event": {"kind": "try", "id": chosen}},
        {"label": say("view.go"), "event": {"kind": "find", "id": chosen}},
        {"label": say("view.close"), "event": {"kind": "opening", "id": chosen}},
    ]
    reason = str(found.explain(choice().lang).loc[chosen])
    facts = [
        [say("view.openings.panel.faces"), faces(plan, row)],
        [say("view.openings.panel.gaining"), _count(row["gained"])],
        [
            say("view.openings.panel.households"),
            say("unit.households", value=_count(row["households_gaining"])),
        ],
        [say("view.openings.panel.detour"), _metres(row["detour_removed_m"])],
        [
            say("view.openings.panel.otherwise"),
            category_words(plan, row["replaces"]) or say("view.openings.panel.nothing"),
        ],
    ]
    rows = [_gain_row(plan, one) for one in list_rows(gains.head(_GAINS))]
    return [
        {"kind": "heading", "title": title, "buttons": buttons},
        {"kind": "text", "text": reason},
        {"kind": "facts", "items": facts},
        {"kind": "heading", "title": say("view.openings.panel.gains")},
        {"kind": "list", "rows": rows}
        if rows
        else {"kind": "text", "text": say("view.openings.no_gain")},
    ]


def _gain_row(plan: Plan, row: Mapping[str, Any]) -> dict[str, Any]:
    name = name_of(plan.district.communities["name"], row["community_id"])
    category = plan.rules.category_name(row["category"], choice().lang)
    known = not np.isnan(row["households"])
    return {
        "id": f"{row['community_id']}|{row['category']}",
        "rank": "●",
        "title": f"{name} · {category}",
        "note": change_words(_by_distance(row)),
        "value": say("unit.households", value=f"{row['households']:,.0f}")
        if known
        else say("view.what_if.households_unknown"),
        "active": choice().category == row["category"],
        "event": {"kind": "category", "id": row["category"]},
    }


def _by_distance(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a gain with the states of the walk: what a gate can change."""
    states = {
        f"state_{name}": row[f"distance_state_{name}"] for name in ("before", "after")
    }
    return {**row, **states}


def faces(plan: Plan, row: Mapping[str, Any]) -> str:
    """Return what lies outside of the wall.

    Parameters
    ----------
    plan
        The plan that is open.
    row
        Row of the openings.

    Returns
    -------
    str
        A neighbour's or a street's name.
    """
    if row["along"] == "community" and row["other_id"]:
        name = name_of(plan.district.communities["name"], str(row["other_id"]))
        return say("view.openings.neighbour", name=name)
    street = row["street"]
    if isinstance(street, str) and street:
        return street
    return say(
        f"view.openings.{'path_end' if row['along'] == 'path_end' else 'street'}"
    )


def split_keys(keys: object) -> list[str]:
    """Return the categories of a cell.

    Parameters
    ----------
    keys
        Keys joined by ``|``.

    Returns
    -------
    list of str
        Keys.
    """
    return [key for key in str(keys).split("|") if key] if isinstance(keys, str) else []


def category_words(plan: Plan, keys: object) -> str:
    """Return the categories of a cell as words.

    Parameters
    ----------
    plan
        Its rules name them.
    keys
        Keys joined by ``|``.

    Returns
    -------
    str
        Names.
    """
    return say("view.comma").join(reports.names(plan, split_keys(keys)))


def gain_words(plan: Plan, row: Mapping[str, Any]) -> str:
    """Return what an opening brings, in a few words.

    Parameters
    ----------
    plan
        The plan that is open.
    row
        Row of the openings.

    Returns
    -------
    str
        Households and categories.
    """
    if not row["categories"]:
        return say("view.openings.no_gain")
    households = say("unit.households", value=_count(row["households_gaining"]))
    categories = category_words(plan, row["categories"])
    return say("view.openings.hint", households=households, categories=categories)


def pack(plan: Plan, found: Openings) -> Parcel:
    """Return the rows of the table of openings.

    Parameters
    ----------
    plan, found
        The plan, and its openings.

    Returns
    -------
    Parcel
        Rows for ``table.js``; ids are those of the openings.
    """
    table, names = found.table, plan.district.communities["name"]
    records = list_rows(table)
    columns: dict[str, list[Any]] = {
        "rank": list(range(1, len(table) + 1)),
        "community": [name_of(names, one) for one in table["community_id"]],
        "faces": [faces(plan, row) for row in records],
        "categories": [category_words(plan, row["categories"]) for row in records],
        "gaining": _whole(table["gained"]),
        "households": _whole(table["households_gaining"]),
        "detour": _whole(table["detour_removed_m"]),
        "replaces": [category_words(plan, row["replaces"]) for row in records],
    }
    return pack_rows([str(one) for one in table.index], columns)


def table_data(rows: Parcel, chosen: str) -> dict[str, Any]:
    """Return how the table of openings is shown.

    Parameters
    ----------
    rows, chosen
        Result of `pack`, and the opening that is looked at.

    Returns
    -------
    dict
        For ``table.js``.
    """
    wide = choice().lang != "zh"
    metre = say("unit.m", value="{value}")
    household = say("unit.households", value="{value}")
    columns = [
        _column("rank", "number", "56px"),
        _column("community", "text", "minmax(140px, 1.2fr)"),
        _column("faces", "text", "minmax(110px, 1fr)"),
        _column("categories", "text", "minmax(160px, 2fr)"),
        _column("gaining", "number", "150px" if wide else "76px"),
        _column("households", "number", "134px" if wide else "92px", unit=household),
        _column("detour", "number", "96px", unit=metre),
        _column("replaces", "text", "minmax(130px, 1.5fr)"),
    ]
    return {
        "key": "openings",
        "rows": rows.key,
        "columns": columns,
        "title": say("view.openings.rows.all", shown="{shown}", all="{all}"),
        "sort": ["rank", "up"],
        "selected": chosen or None,
        "height": 260,
    }


def _number(name: str, shown: str, **more: str) -> dict[str, Any]:
    noted = {"places", "all", "replaces"}
    return {
        "label": say(f"view.openings.number.{name}"),
        "value": shown,
        "unit": say(f"view.openings.number.{name}_unit"),
        "note": say(f"view.openings.number.{name}_note", **more)
        if name in noted
        else "",
        "event": None,
    }


def _count(value: float) -> str:
    return "—" if np.isnan(value) else f"{value:,.0f}"


def _metres(value: float) -> str:
    return "—" if np.isnan(value) else metres(value)


def _whole(values: pd.Series) -> list[int | None]:
    return [None if np.isnan(value) else round(value) for value in values.astype(float)]


def _column(name: str, kind: str, width: str, **more: Any) -> dict[str, Any]:
    label = say(f"view.openings.column.{name}")
    return {"name": name, "kind": kind, "label": label, "width": width, **more}
