"""The table of units below the map."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geo.plan import Plan
from geo.views.shapes import Parcel
from geo.views.state import choice
from geo.views.tables import pack_rows
from geo.views.unit_told import broken_words, unit_title
from geo.views.widgets import say

#: Which units a headline number stands for.
FILTERS = ("", "joint", "single", "closed", "broken")


def pack(
    plan: Plan, table: pd.DataFrame, names: Mapping[str, str], shown: str
) -> Parcel:
    """Return the rows of the table.

    Parameters
    ----------
    plan, table, names
        The plan, what the units measure, and community to name.
    shown
        One of `FILTERS`.

    Returns
    -------
    Parcel
        Rows for ``table.js``; ids are labels of units.
    """
    kept = table[_wanted(table, shown)]
    rules, lang = plan.rules, choice().lang
    unknown = kept["households_unknown"] >= kept["communities"]
    closes = [
        say("view.comma").join(
            rules.category_name(key, lang) for key in keys.split("|") if key
        )
        for keys in kept["shared_shortfalls"]
    ]
    columns: dict[str, list[Any]] = {
        "unit": [
            unit_title(str(label), members, names)
            for label, members in kept["members"].items()
        ],
        "kind": [say(f"view.units.kind.{kind}") for kind in kept["kind"]],
        "communities": kept["communities"].astype(int).tolist(),
        "households": [
            None if none else round(value)
            for value, none in zip(kept["households"], unknown, strict=True)
        ],
        "area": [round(value / 10_000, 1) for value in kept["area_m2"]],
        "closes": closes,
        "closed": [round(value) for value in kept["households_closed"]],
        "idle": [round(value) for value in kept["idle_area_m2"]],
        "score": [round(value) for value in kept["score"]],
        "broken": [broken_words(codes) for codes in kept["broken"]],
        "members": [
            say("view.comma").join(names[one] for one in members)
            for members in kept["members"]
        ],
    }
    return pack_rows([str(label) for label in kept.index], columns)


def table(rows: Parcel, shown: str, selected: str | None) -> dict[str, Any]:
    """Return how the table of units is shown.

    Parameters
    ----------
    rows, shown
        Result of `pack`, and its filter.
    selected
        Label of the selected unit.

    Returns
    -------
    dict
        For ``table.js``.
    """
    wide = choice().lang != "zh"
    households = say("unit.households", value="{value}")
    columns = [
        _column("unit", "text", "minmax(110px, 1.2fr)"),
        _column("kind", "text", "72px" if not wide else "96px"),
        _column("communities", "number", "68px" if not wide else "110px"),
        _column(
            "households", "number", "88px" if not wide else "134px", unit=households
        ),
        _column(
            "area",
            "number",
            "88px" if not wide else "96px",
            digits=1,
            unit=say("view.units.hectares", value="{value}"),
        ),
        _column("closes", "text", "minmax(130px, 2fr)"),
        _column("closed", "number", "92px" if not wide else "120px"),
        _column("score", "number", "72px"),
        _column("broken", "text", "minmax(110px, 1fr)"),
        _column("members", "text", "minmax(160px, 3fr)"),
    ]
    title = say(f"view.units.rows.{shown or 'all'}", shown="{shown}", all="{all}")
    return {
        "key": "units",
        "rows": rows.key,
        "columns": columns,
        "title": title,
        "sort": ["score", "down"],
        "selected": selected,
    }


def _wanted(table: pd.DataFrame, shown: str) -> pd.Series:
    if shown == "joint":
        return table["communities"] > 1
    if shown == "single":
        return table["communities"] == 1
    if shown == "closed":
        return table["households_closed"] > 0
    if shown == "broken":
        return table["broken"] != ""
    return pd.Series(data=True, index=table.index)


def _column(name: str, kind: str, width: str, **more: Any) -> dict[str, Any]:
    label = say(f"view.units.column.{name}")
    return {"name": name, "kind": kind, "label": label, "width": width, **more}
