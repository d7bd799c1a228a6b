"""The app's own components: parcels, map, table and panel, without an iframe.

Their scripts lie under ``app/static`` (see `geo.assets`); what Streamlit carries
is a loader of a few lines. A click comes back with a running count.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from geo.assets import static_folder
from geo.text import texts, tr
from geo.views.shapes import Parcel
from geo.views.state import choice

#: What a component was told: ``kind``, often ``id``, and the count ``n``.
Event = dict[str, Any]

_LOADER = """
// Streamlit calls this for each new content of a place. The script is loaded
// meanwhile, and calls may overtake each other on the way: only the latest one that
// still stands is drawn.
export default function ({ parentElement: place, ...component }) {
  const calls = (place.pqCalls ??= []);
  const mine = { ...component, parentElement: place };
  calls.push(mine);
  if (calls.length > 8) calls.shift();
  draw(place, calls);
  return () => {
    if (calls.includes(mine)) calls.splice(calls.indexOf(mine), 1);
    if (!place.isConnected) {
      calls.length = 0;
      place.pqClose?.();
    } else if (place.pqDrawn === mine) {
      draw(place, calls);
    }
  };
}

async function draw(place, calls) {
  // Streamlit's own script tells where the server's root is, behind any proxy
  const own = document.querySelector('script[src*="static/js/"]');
  const base = new URL("../../app/static/%(folder)s/", own.src).href;
  if (!document.getElementById("pq-style")) {
    const sheet = document.createElement("link");
    sheet.id = "pq-style";
    sheet.rel = "stylesheet";
    sheet.href = base + "app.css";
    document.head.append(sheet);
  }
  const module = await import(base + "%(name)s.js");
  const tools = await module.prepare?.(base);
  const latest = calls.at(-1);
  if (!latest || place.pqDrawn === latest) return;
  place.pqDrawn = latest;
  place.pqClose = module.default(latest, tools);
}
"""


def say(key: str, /, **values: Any) -> str:
    """Return a text in the session's language.

    Parameters
    ----------
    key
        Dotted key of the text.
    **values
        Values for its named places.

    Returns
    -------
    str
        The text.
    """
    return tr(key, choice().lang, **values)


def words(prefix: str) -> dict[str, str]:
    """Return the texts below a prefix, for a component.

    Parameters
    ----------
    prefix
        Begin of the dotted keys.

    Returns
    -------
    dict
        Rest of the key to text.
    """
    found = texts(choice().lang)
    start = f"{prefix}."
    return {
        key[len(start) :]: text for key, text in found.items() if key.startswith(start)
    }


def send_parcels(parcels: Iterable[Parcel], *, key: str = "layers") -> None:
    """Bring parcels into the browser's memory; what is there already is not sent.

    Parameters
    ----------
    parcels
        Geometry and tables that maps and tables on this page refer to.
    key
        Name of the place on the page from which they are sent.
    """
    with st.container(key=f"pq-parcels-{key}"):
        for parcel in parcels:
            _component("store")(key=f"store-{parcel.key}", data=parcel.data, height=1)


def show_map(key: str, data: Mapping[str, Any], told: Callable[[Event], None]) -> None:
    """Show the district's map.

    Parameters
    ----------
    key
        Name of the map on its page.
    data
        What ``map.js`` reads: keys of parcels, style, selection, where to go.
    told
        Called with a click, before the page runs again.
    """
    _show("map", key, dict(data), told)


def show_table(
    key: str, data: Mapping[str, Any], told: Callable[[Event], None]
) -> None:
    """Show a sortable table.

    Parameters
    ----------
    key
        Name of the table on its page.
    data
        What ``table.js`` reads: key of the rows' parcel, columns, selection.
    told
        Called with a click on a row.
    """
    shown = {"texts": words("view.table"), "lang": choice().lang, "height": 300}
    _show("table", key, shown | dict(data), told)


def show_matrix(
    key: str, data: Mapping[str, Any], told: Callable[[Event], None]
) -> None:
    """Show a matrix of signs.

    Parameters
    ----------
    key
        Name of the matrix on its page.
    data
        What ``matrix.js`` reads: key of the content's parcel, classes, selection.
    told
        Called with a click on a cell, a row or a column.
    """
    shown = {"texts": words("view.matrix"), "height": 480}
    _show("matrix", key, shown | dict(data), told)


def show_gantt(
    key: str, data: Mapping[str, Any], told: Callable[[Event], None]
) -> None:
    """Show a plan by years.

    Parameters
    ----------
    key
        Name of the plan on its page.
    data
        What ``gantt.js`` reads: key of the content's parcel, selection.
    told
        Called with a click on a row, or a bar that was dragged to another year.
    """
    shown = {"texts": words("view.gantt"), "height": 420}
    _show("gantt", key, shown | dict(data), told)


def show_panel(
    key: str,
    blocks: list[dict[str, Any]],
    told: Callable[[Event], None],
    *,
    subject: str = "",
    height: int = 0,
) -> None:
    """Show blocks of words, numbers and bars.

    Parameters
    ----------
    key
        Name of the panel on its page.
    blocks
        What ``panel.js`` builds, each with its ``kind``.
    told
        Called with a click on a block that has an ``event``.
    subject
        What the panel is about; it scrolls to its top when that changes.
    height
        Height in pixels; 0: as high as its content.
    """
    data = {"blocks": blocks, "subject": subject, "height": height}
    _show("panel", key, data, told)


def show_tab(data: Mapping[str, Any], told: Callable[[Event], None]) -> None:
    """Let the browser's tab remember what was uploaded in it.

    Parameters
    ----------
    data
        ``upload`` (name of the open upload, or ``""``), ``fresh`` (whether the
        session has just begun) and ``lang``.
    told
        Called with the name that the tab remembers.
    """
    with st.container(key="pq-parcels-tab"):
        _show("tab", "tab", dict(data), told)


def _show(
    name: str, key: str, data: dict[str, Any], told: Callable[[Event], None]
) -> None:
    def pass_on() -> None:
        event = st.session_state[key].get("event")
        # a rerun for another reason must not apply an old click again
        seen = st.session_state.setdefault("pq_clicks", {})
        if event and event.get("n") != seen.get(key):
            seen[key] = event.get("n")
            told(event)

    _component(name)(key=key, data=data, on_event_change=pass_on)


@cache
def _component(name: str) -> ComponentRenderer:
    script = _LOADER % {"folder": static_folder(), "name": name}
    return st.components.v2.component(f"pianqu_{name}", js=script, isolate_styles=False)
