"""The tables below the map: what changes where, and households gained by category."""

from typing import Any

import numpy as np
import pandas as pd

from geo.maps import STATE_LOOKS
from geo.plan import Plan
from geo.schema import State
from geo.views import reports
from geo.views.panels import state_look
from geo.views.pictures import households_lacking
from geo.views.reports import name_of
from geo.views.shapes import Parcel
from geo.views.state import choice
from geo.views.tables import pack_rows
from geo.views.what_if_changes import compare_categories, list_rows
from geo.views.what_if_told import whole
from geo.views.what_if_work import Picture
from geo.views.widgets import say

_STATES = tuple(STATE_LOOKS)
#: Changes that the table holds at most; the most households first.
_MOST = 5_000


def pack_changes(plan: Plan, found: Picture, shown: str) -> Parcel:
    """Return the rows of the table of changes.

    Parameters
    ----------
    plan, found
        The plan, and what steps lead to.
    shown
        One of `geo.views.what_if_told.FILTERS`.

    Returns
    -------
    Parcel
        Rows for ``table.js``; ids are ``community|category``.
    """
    table = found.changes
    if shown:
        table = table[table[shown].astype(bool)]
    turned = (table["gained"] | table["lost"]).astype(bool)
    keys = table.assign(turned=turned)
    order = ["turned", "households", "community_id"]
    table = keys.sort_values(order, ascending=[False, False, True]).head(_MOST)
    names, lang = plan.district.communities["name"], choice().lang
    columns: dict[str, list[Any]] = {
        "name": [name_of(names, one) for one in table["community_id"]],
        "category": [plan.rules.category_name(one, lang) for one in table["category"]],
        "before": [_STATES.index(State(one)) for one in table["state_before"]],
        "after": [_STATES.index(State(one)) for one in table["state_after"]],
        "walk_before": _round(table["distance_before_m"]),
        "walk_after": _round(table["distance_after_m"]),
        "households": _round(table["households"]),
        "change": [_what(one) for one in list_rows(table)],
    }
    ids = [
        f"{one}|{category}"
        for one, category in zip(table["community_id"], table["category"], strict=True)
    ]
    return pack_rows(ids, columns)


def table_changes(rows: Parcel, shown: str) -> dict[str, Any]:
    """Return how the table of changes is shown.

    Parameters
    ----------
    rows, shown
        Result of `pack_changes`, and its filter.

    Returns
    -------
    dict
        For ``table.js``.
    """
    metres = say("unit.m", value="{value}")
    far = say("view.what_if.too_far")
    wide = choice().lang != "zh"
    columns = [
        _column("name", "text", "minmax(140px, 1.4fr)"),
        _column("category", "text", "minmax(110px, 1fr)"),
        _column("before", "class", "104px"),
        _column("after", "class", "104px"),
        _column("walk_before", "number", "104px", unit=metres, missing=far),
        _column("walk_after", "number", "104px", unit=metres, missing=far),
        _column(
            "households",
            "number",
            "134px" if wide else "88px",
            unit=say("unit.households", value="{value}"),
        ),
        _column("change", "text", "minmax(90px, 1fr)"),
    ]
    selected = choice().community
    if selected and choice().category:
        selected = f"{selected}|{choice().category}"
    return {
        "key": "what-if-changes",
        "rows": rows.key,
        "columns": columns,
        "classes": [state_look(state) for state in _STATES],
        "title": say(
            f"view.what_if.rows.{shown or 'all'}", shown="{shown}", all="{all}"
        ),
        "selected": selected,
        "height": 260,
    }


def pack_compared(
    plan: Plan, mine: Picture, other: Picture | None
) -> tuple[Parcel, dict[str, Any]]:
    """Return the households gained in each category, side by side.

    Parameters
    ----------
    plan
        The plan that is open.
    mine, other
        What the steps, and those of another scheme, lead to; None: only today.

    Returns
    -------
    rows : Parcel
        For ``table.js``: one row per category that changes, and the sum.
    table : dict
        How it is shown.
    """
    base = reports.board(plan)
    lacking = households_lacking(base, whole())
    own = _balances(plan, mine)
    theirs = None if other is None else _balances(plan, other)
    touched = [
        key
        for key in base.categories
        if own.loc[key, "touched"]
        or (theirs is not None and theirs.loc[key, "touched"])
    ]
    parts = {"mine": own} if theirs is None else {"mine": own, "other": theirs}
    columns: dict[str, list[Any]] = {
        "category": [*reports.names(plan, touched), say("view.what_if.sum")],
        "lacking": _with_sum([lacking[key] for key in touched]),
    }
    for name, table in parts.items():
        columns[name] = _with_sum(table.loc[touched, "balance"].tolist())
        counts = table.loc[touched, "communities"].astype(float).tolist()
        columns[f"{name}_communities"] = _with_sum(counts)
    if theirs is not None:
        pairs = zip(columns["mine"], columns["other"], strict=True)
        columns["difference"] = [
            None if a is None or b is None else round(a - b) for a, b in pairs
        ]
    rows = pack_rows([*touched, "sum"], columns)
    return rows, {
        "key": "what-if-compared",
        "rows": rows.key,
        "columns": [_compared_column(name) for name in columns],
        "title": say("view.what_if.rows.compared"),
        "selected": choice().category or None,
        "height": min(320, 30 * (len(touched) + 2) + 4),
    }


def _balances(plan: Plan, found: Picture) -> pd.DataFrame:
    table = compare_categories(reports.board(plan), found.changes)
    return pd.DataFrame(
        {
            "balance": table["households_gained"] - table["households_lost"],
            "communities": table["gained"] - table["lost"],
            "touched": (table["gained"] > 0) | (table["lost"] > 0),
        }
    )


def _with_sum(values: list[float]) -> list[int | None]:
    known = [value for value in values if not np.isnan(value)]
    total = None if values and not known else round(sum(known))
    return [*(None if np.isnan(one) else round(one) for one in values), total]


def _compared_column(name: str) -> dict[str, Any]:
    kind = "text" if name == "category" else "number"
    width = "minmax(120px, 1.5fr)" if name == "category" else "minmax(92px, 1fr)"
    label = say(f"view.what_if.column.{name}")
    return {"name": name, "kind": kind, "label": label, "width": width}


def _what(row: dict[str, Any]) -> str:
    if row["gained"] or row["lost"]:
        return say(f"view.what_if.change.{'gained' if row['gained'] else 'lost'}")
    if row["state_before"] != row["state_after"]:
        return say("view.what_if.change.judged")
    before, after = row["distance_before_m"], row["distance_after_m"]
    nearer = np.isnan(before) or after < before
    return say(f"view.what_if.change.{'nearer' if nearer else 'farther'}")


def _round(values: pd.Series) -> list[int | None]:
    return [None if np.isnan(value) else round(value) for value in values]


def _column(name: str, kind: str, width: str, **more: Any) -> dict[str, Any]:
    label = say(f"view.what_if.column.{name}")
    return {"name": name, "kind": kind, "label": label, "width": width, **more}
