"""The map of units (片区): colours, outlines, links, and how a page shows it.

How a page uses it::

    colours = colour_units(units.unit_of, units.neighbours.pairs, before=last)
    style = unit_style(table, unit_of, communities, colours=colours, drawn=ids)
    outlines = outline_parcel(communities, unit_of)       # cache both by content
    send_parcels([style, outlines], key="units")          # the page sends, once
    show_units_map("units", district, parcels, told, style=style,
                   outlines=outlines, legend=unit_legend(table, colours=colours),
                   multi=True, keys=True, selection=picked, links=links,
                   actions=[{"id": "merge", "label": "合并", "least": 2}])

``last`` is ``colours_of(unit_of, colours)`` of the state before, so that an edit
changes no colour far away. A button of ``actions`` may also say ``most``, ``title``
(a tip) and ``disabled`` (the reason, shown as its tip).

``table`` is `geo.units.Units.table` or what ``Units.measure`` returns: index unit
id; of its columns only ``kind``, ``communities``, ``households``,
``households_unknown`` and ``broken`` are read, and all may be missing.
``communities`` is the layer in the order of the parcel ``communities``.

Events that ``told`` gets, each with its count ``n``, none lost and none twice
(the browser repeats what Python has not answered yet; `show_units_map` sorts that
out, so ``told`` may simply act):

``{"kind": "select", "id": community or None}``
    A click while ``multi`` is off; a second click comes with None.
``{"kind": "selection", "ids": [...]}``
    Another selection while ``multi`` is on (click, box, Esc), in the order of
    picking. Keep the ids and hand them back as ``selection``; what Python hands
    back otherwise (for instance ``()`` after a merge) replaces it.
``{"kind": "undo"}``, ``{"kind": "redo"}``
    Ctrl+Z; Ctrl+Y or Ctrl+Shift+Z, on a map with ``keys``, not while typing.
``{"kind": "action", "id": ..., "ids": [...]}``
    A button of the bar on the map (``actions``) was pressed; ``ids`` is the
    selection in the browser at that moment.

Further arguments: ``link`` (maps on one page with the same word move together and
show the same community below the pointer), ``title`` (words in the map's corner,
the name of the 方案), ``differ`` (ids from `differing`: the other communities are
drawn pale), ``height``, and everything that `geo.views.mapview.
show_district` takes.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import streamlit as st

from geo.district import District
from geo.views import mapview
from geo.views.shapes import Parcel, pack_value
from geo.views.unit_colours import colour_units, colours_of, unit_look
from geo.views.unit_legend import Row, unit_legend, unit_rows
from geo.views.unit_outlines import outline_parcel
from geo.views.widgets import Event, say, words

__all__ = [
    "colour_units",
    "colours_of",
    "differing",
    "outline_parcel",
    "pair_links",
    "show_units_map",
    "unit_legend",
    "unit_name",
    "unit_number",
    "unit_style",
    "unseen",
]

#: Reasons of refused pairs that are worth a line on the map.
_TOLD = ("barrier", "jurisdiction", "neighbourhood")
_NUMBERED = re.compile(r"[A-Z]*0*(\d+)")
_SWITCHES = ("streets", "barriers", "buildings", "gates", "facilities", "names")


def unit_number(unit: str) -> str:
    """Return what stands on the map for a unit.

    Parameters
    ----------
    unit
        Its id.

    Returns
    -------
    str
        The number in it, or the id itself.

    Examples
    --------
    >>> unit_number("U007"), unit_number("河东")
    ('7', '河东')
    """
    found = _NUMBERED.fullmatch(unit)
    return found[1] if found else unit


def unit_name(unit: str, kind: str = "joint") -> str:
    """Return what a unit is called in the session's language.

    Parameters
    ----------
    unit
        Its id.
    kind
        ``"joint"``, ``"drawn"``, ``"single"`` or ``"excluded"``.

    Returns
    -------
    str
        Such as 片区 7, or 单独改造 for a community on its own.
    """
    if kind in {"single", "excluded"}:
        return say(f"unit_map.{kind}")
    return say("unit_map.unit", n=unit_number(unit))


def unit_style(
    table: pd.DataFrame,
    unit_of: pd.Series,
    communities: gpd.GeoDataFrame,
    *,
    colours: pd.Series,
    drawn: Collection[str] = (),
    notes: Mapping[str, str] | None = None,
) -> Parcel:
    """Return the colours of the communities by unit.

    Parameters
    ----------
    table
        One row per unit, index unit id: ``kind`` and, where known, ``communities``,
        ``households``, ``households_unknown``, ``broken``.
    unit_of
        Community id to unit id; who has none is drawn without a fill.
    communities
        The layer, in the order of its parcel; of its columns ``households`` is read.
    colours
        Colour numbers of the units, from `colour_units`.
    drawn
        Ids of units that the planner drew, besides those of that kind.
    notes
        Unit id to what the map says of it instead of its size.

    Returns
    -------
    Parcel
        For ``map.js``.
    """
    of = unit_of.reindex(communities.index)
    size = {str(unit): int(count) for unit, count in of.value_counts().items()}
    ids = sorted(size)
    rows = unit_rows(table.reindex(ids), drawn=drawn)
    looks = {
        unit: unit_look(int(colours.get(unit, 0)), kind=row["kind"])
        for unit, row in rows.items()
    }
    classes = list(dict.fromkeys(looks.values()))
    position = {unit: at for at, unit in enumerate(ids)}
    own = [position.get(str(unit), -1) for unit in of]
    said = notes or {}
    content = {
        "classes": [look.told("") for look in classes],
        "codes": [classes.index(looks[ids[at]]) if at >= 0 else -1 for at in own],
        "unit": own,
        "households": _numbers(communities),
        "units": {
            "ids": ids,
            "kinds": [row["kind"] for row in rows.values()],
            "numbers": [unit_number(unit) for unit in ids],
            "names": [unit_name(unit, row["kind"]) for unit, row in rows.items()],
            "broken": [bool(row["broken"]) for row in rows.values()],
            "notes": [
                said.get(unit) or _note(row, size[unit]) for unit, row in rows.items()
            ],
        },
    }
    return pack_value("units", content)


def pair_links(
    pairs: pd.DataFrame,
    picked: Collection[str],
    notes: pd.Series,
    *,
    locked: Iterable[tuple[str, str]] = (),
    forbidden: Iterable[tuple[str, str]] = (),
) -> list[dict[str, str]]:
    """Return the lines between communities that the map draws.

    Parameters
    ----------
    pairs
        `geo.neighbours.Neighbours.pairs`.
    picked
        Communities whose pairs are drawn.
    notes
        What to say of each pair, index as `pairs`.
    locked, forbidden
        Pairs that the planner wants together or apart: always drawn.

    Returns
    -------
    list of dict
        ``links`` of the map.
    """
    near = pairs["a"].isin(picked) | pairs["b"].isin(picked)
    shown = pairs[near & (pairs["neighbour"] | pairs["refused"].isin(_TOLD))]
    wished = [(*pair, "locked") for pair in locked]
    wished += [(*pair, "forbidden") for pair in forbidden]
    drawn = {(a, b) for a, b, _ in wished}
    columns = (shown[name] for name in ("a", "b", "neighbour"))
    links = [
        {
            "a": a,
            "b": b,
            "kind": "neighbour" if neighbour else "refused",
            "note": str(note),
        }
        for a, b, neighbour, note in zip(
            *columns, notes.reindex(shown.index), strict=True
        )
        if (a, b) not in drawn
    ]
    return links + [
        {"a": a, "b": b, "kind": kind, "note": say(f"unit_map.legend.{kind}")}
        for a, b, kind in wished
    ]


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return the communities that are not with the same fellows in two schemes.

    Parameters
    ----------
    one, other
        Community id to unit id; what a unit is called does not matter.

    Returns
    -------
    list of str
        Their ids, sorted.

    Examples
    --------
    >>> differing({"a": "1", "b": "1", "c": "2"}, {"a": "x", "b": "y", "c": "z"})
    ['a', 'b']
    """
    fellows = [_fellows(units) for units in (one, other)]
    return sorted(
        community
        for community in {*one, *other}
        if fellows[0].get(community) != fellows[1].get(community)
    )


def unseen(event: Event, last: int) -> list[Event]:
    """Return what a map told and Python has not dealt with yet.

    Streamlit passes on only the last of several events between two runs; so each
    event carries those before it that had no answer.

    Parameters
    ----------
    event
        From ``choosing.js``; ``earlier`` holds the events before it.
    last
        Count ``n`` of the last event that was dealt with.

    Returns
    -------
    list of dict
        Events in the order in which they happened, without ``earlier``.
    """
    events = [*event.get("earlier", ()), event]
    return [
        {name: value for name, value in one.items() if name != "earlier"}
        for one in events
        if one["n"] > last
    ]


def show_units_map(
    key: str,
    district: District,
    parcels: Mapping[str, Parcel],
    told: Callable[[Event], None],
    *,
    style: Parcel,
    outlines: Parcel,
    **more: Any,
) -> None:
    """Show the map of a district by unit.

    Parameters
    ----------
    key
        Name of the map on its page.
    district
        What is shown.
    parcels
        Layers that the page has sent.
    told
        Called with each event, see the head of this module.
    style, outlines
        From `unit_style` and `outline_parcel`; the page has sent them.
    **more
        ``legend``, ``multi``, ``keys``, ``selection`` (ids), ``actions``, ``links``
        (from `pair_links`), ``link``, ``title``, ``height`` and what else
        `geo.views.mapview.show_district` takes.
    """
    seen = f"pq-seen-{key}"

    def pass_on(event: Event) -> None:
        for one in unseen(event, st.session_state.get(seen, 0)):
            told(one)
        st.session_state[seen] = event["n"]

    switches = [
        [name, say(f"view.map.{name}")]
        for name in _SWITCHES
        if name == "names" or name in parcels
    ]
    shown = {
        "style": style.key,
        "off": ["facilities", "gates"],
        "switches": switches,
        "multi": False,
        "keys": False,
        "links": [],
        "actions": [],
        "seen": st.session_state.get(seen, 0),
        "texts": words("view.map") | words("unit_map.tools"),
    }
    selection = [str(one) for one in more.pop("selection", ())]
    mapview.show_district(
        key,
        district,
        {**parcels, "unit_outlines": outlines},
        pass_on,
        **{**shown, "selection": selection, **more},
    )


def _fellows(units: Mapping[str, str]) -> dict[str, frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for community, unit in units.items():
        groups.setdefault(unit, set()).add(community)
    whole = {unit: frozenset(members) for unit, members in groups.items()}
    return {community: whole[unit] for community, unit in units.items()}


def _numbers(communities: gpd.GeoDataFrame) -> list[int | None]:
    if "households" not in communities:
        return [None] * len(communities)
    values = communities["households"].astype("float64")
    return [None if np.isnan(value) else round(value) for value in values]


def _note(row: Row, size: int) -> str:
    households, unknown = row["households"], int(row["households_unknown"] or 0)
    count = int(row["communities"] or size)
    parts = [say("unit_map.members", count=count)] if count > 1 else []
    if households is None or unknown >= count:
        parts.append(say("unit_map.households_none"))
    else:
        key = "households_some" if unknown else "households"
        value = f"{households:,.0f}"
        parts.append(say(f"unit_map.{key}", value=value, count=unknown))
    if row["broken"]:
        parts.append(say("unit_map.broken"))
    return " · ".join(parts)
