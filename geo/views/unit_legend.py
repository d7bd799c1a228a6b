"""The legend of the map of units (片区), and what it reads of a table of units."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from geo.views.unit_colours import EXCLUDED_LOOK, UNIT_FILLS, unit_look
from geo.views.widgets import say

#: One unit as the map needs it: the columns that are there, None for the others.
Row = dict[str, Any]

_COLUMNS = ("kind", "communities", "households", "households_unknown", "broken")


def unit_rows(table: pd.DataFrame, *, drawn: Collection[str] = ()) -> dict[str, Row]:
    """Return what the map reads of each unit.

    Parameters
    ----------
    table
        One row per unit, index unit id; ``kind``, ``communities``, ``households``,
        ``households_unknown`` and ``broken`` where they are known.
    drawn
        Ids of units that the planner drew: a joint one becomes ``"drawn"``.

    Returns
    -------
    dict
        Unit id to its row; unknown is None.
    """
    found = table.reindex(columns=list(_COLUMNS)).astype(object)
    known = found.where(found.notna(), None)
    rows: dict[str, Row] = {
        str(unit): {str(name): value for name, value in row.items()}
        for unit, row in known.to_dict("index").items()
    }
    for unit, row in rows.items():
        row["kind"] = row["kind"] or "joint"
        if row["kind"] == "joint" and unit in drawn:
            row["kind"] = "drawn"
    return rows


def unit_legend(
    table: pd.DataFrame,
    *,
    colours: pd.Series,
    drawn: Collection[str] = (),
    links: Sequence[Mapping[str, str]] = (),
    compared: bool = False,
) -> dict[str, Any]:
    """Return the legend of a map by unit.

    Parameters
    ----------
    table
        One row per unit, see `unit_style`.
    colours
        Colour numbers of the units.
    drawn
        Ids of units that the planner drew.
    links
        What `pair_links` gave; kinds that occur get a row.
    compared
        Whether what two schemes have in common is drawn pale.

    Returns
    -------
    dict
        For ``map.js``; what does not occur is left out.
    """
    rows = unit_rows(table, drawn=drawn)
    joint = [unit for unit, row in rows.items() if row["kind"] in {"joint", "drawn"}]
    size = sum(int(rows[unit]["communities"] or 0) for unit in joint)
    used = sorted({int(colours.get(unit, 0)) % len(UNIT_FILLS) for unit in joint})
    made = [_row("joint", {"fills": [UNIT_FILLS[at] for at in used]})]
    made[0]["count"] = say(
        "unit_map.legend.joint_count", units=len(joint), communities=size
    )
    pale = [unit_look(at, kind="single").fill for at in used[:3] or [0]]
    kinds = [row["kind"] for row in rows.values()]
    counts: dict[str, tuple[dict[str, Any], int]] = {
        "drawn": ({"mark": "drawn"}, kinds.count("drawn")),
        "broken": (
            {"mark": "broken"},
            sum(1 for row in rows.values() if row["broken"]),
        ),
        "single": ({"fills": pale, "stroke": "#8A96A1"}, kinds.count("single")),
        "excluded": (EXCLUDED_LOOK.told(""), kinds.count("excluded")),
    }
    for kind, (look, count) in counts.items():
        if count:
            unit = "view.communities"
            if kind in {"drawn", "broken"}:
                unit = "unit_map.legend.units"
            made.append(_row(kind, look) | {"count": say(unit, value=f"{count:,}")})
    if compared:
        pale = [unit_look(at, kind="same").fill for at in used[:3] or [0]]
        made.append(_row("same", {"fills": pale, "stroke": "#8A96A1"}))
    found = dict.fromkeys(link["kind"] for link in links)
    made += [_row(kind, {"mark": kind}) for kind in found]
    return {"title": say("unit_map.legend.title"), "rows": made}


def _row(kind: str, look: Mapping[str, Any]) -> dict[str, Any]:
    return {"look": dict(look), "label": say(f"unit_map.legend.{kind}")}
