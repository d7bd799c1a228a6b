"""The map as the pages use it: colours, legend, selection, and where to go."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import ArrayLike

from geo.district import District
from geo.maps import (
    ACCENT,
    JUDGED_LOOKS,
    SHARE_LIMITS,
    SHARE_LOOKS,
    STATE_LOOKS,
    share_class,
)
from geo.schema import Certainty, State
from geo.views import layers, work
from geo.views.shapes import Parcel, pack_value
from geo.views.state import choice, choose, go_to, going
from geo.views.widgets import Event, say, show_map, words

#: Height of the map and of the panel beside it, pixels.
HEIGHT = 560

_CODES = {
    Certainty.EDGE: "e",
    Certainty.BORDERLINE: "b",
}
_STATES = tuple(STATE_LOOKS)
_SWITCHES = (
    "streets",
    "barriers",
    "buildings",
    "gates",
    "facilities",
    "findings",
    "names",
)


def state_style(
    states: Iterable[str], certainty: Iterable[Any], notes: Sequence[str]
) -> Parcel:
    """Return the colours of the communities by state.

    Parameters
    ----------
    states, certainty, notes
        One per community, in the order of the layer.

    Returns
    -------
    Parcel
        For ``map.js``.
    """
    codes = "".join(str(_STATES.index(State(state))) for state in states)
    sure = "".join(_CODES.get(word, "c") for word in certainty)
    classes = [STATE_LOOKS[state].told("") for state in _STATES]
    content = {"classes": classes, "codes": codes, "certainty": sure, "notes": [*notes]}
    return pack_value("style", content)


def share_style(shares: Sequence[float], notes: Sequence[str]) -> Parcel:
    """Return the colours of the communities by share of categories met.

    Parameters
    ----------
    shares
        0 to 1, one per community.
    notes
        What the map says of each.

    Returns
    -------
    Parcel
        For ``map.js``.
    """
    codes = "".join(str(share_class(share)) for share in shares)
    classes = [look.told("") for look in JUDGED_LOOKS]
    return pack_value("style", {"classes": classes, "codes": codes, "notes": [*notes]})


def state_legend(
    title: str, states: ArrayLike, certainty: Iterable[Any]
) -> dict[str, Any]:
    """Return the legend of a map by state.

    Parameters
    ----------
    title
        What the map shows.
    states, certainty
        One per community; classes without a community are left out.

    Returns
    -------
    dict
        For ``map.js``.
    """
    found = np.asarray(states)
    counts = {state: int((found == state).sum()) for state in _STATES}
    rows = [
        {
            "look": STATE_LOOKS[state].told(""),
            "label": say(f"state.{state}"),
            "count": say("view.communities", value=f"{count:,}"),
        }
        for state, count in counts.items()
        if count
    ]
    outlines = {Certainty.EDGE: "dashed", Certainty.BORDERLINE: "dotted"}
    for word, outline in outlines.items():
        count = sum(1 for sure in certainty if sure == word)
        if count:
            look = {"outline": outline, "stroke": "#1F2933"}
            value = say("view.communities", value=f"{count:,}")
            label = say(f"certainty.{word}")
            rows.append({"look": look, "label": label, "count": value})
    return {"title": title, "rows": rows}


def share_legend(title: str, shares: Sequence[float]) -> dict[str, Any]:
    """Return the legend of a map by share of categories met.

    Parameters
    ----------
    title
        What the map shows.
    shares
        0 to 1, one per community.

    Returns
    -------
    dict
        For ``map.js``.
    """
    found = [share_class(share) for share in shares]
    ends = [0.0, *SHARE_LIMITS, 1.0]
    labels = [f"{low:.0%} – {high:.0%}" for low, high in pairwise(ends)]
    rows = [
        {
            "look": look.told(""),
            "label": label,
            "count": say("view.communities", value=f"{found.count(at):,}"),
        }
        for at, (look, label) in enumerate(
            zip(JUDGED_LOOKS, [*labels, say("state.unknown")], strict=True)
        )
        if at < len(SHARE_LOOKS) or at in found
    ]
    return {"title": title, "rows": rows}


def show_district(
    key: str,
    district: District,
    parcels: Mapping[str, Parcel],
    told: Callable[[Event], None],
    **more: Any,
) -> None:
    """Show the map of a district.

    Parameters
    ----------
    key
        Name of the map on its page.
    district
        What is shown.
    parcels
        Layers that the page has sent.
    told
        Called with a click.
    **more
        Further content for ``map.js``: ``style``, ``legend``, ``walk`` ...
    """
    switches = [
        [name, say(f"view.map.{name}")]
        for name in _SWITCHES
        if name == "names" or name in parcels
    ]
    data = {
        "key": key,
        "place": district.fingerprint,
        "layers": {name: parcel.key for name, parcel in parcels.items()},
        "bounds": layers.bounds(district),
        "selected": choice().community,
        "go": going(),
        "accent": ACCENT,
        "height": HEIGHT,
        "stale": work.bench().job is not None,
        "switches": switches,
        "credit": _credit(district),
        "texts": words("view.map"),
    }
    show_map(key, data | more, told)


def show_waiting(parcels: Mapping[str, Parcel]) -> None:
    """Show the district while its plan is not there yet.

    Parameters
    ----------
    parcels
        Layers that the page has sent.
    """
    opened = work.bench().opened
    if opened is not None:
        show_district("waiting", opened.district, parcels, select)


def act(event: Event) -> None:
    """Do what a click on a block of a panel asks for.

    Parameters
    ----------
    event
        From ``panel.js``.
    """
    kind, found = event["kind"], event.get("id")
    if kind == "community":
        choose(community=found)
        go_to(id=found)
    elif kind == "close":
        choose(community=None)
    elif kind == "go":
        go_to(id=choice().community)
    elif kind == "whole":
        go_to(whole=True)
    elif kind == "category":
        choose(category=found)
    elif kind == "page":
        open_page(str(found))


def open_page(name: str) -> None:
    """Ask for another page; a click's function may not turn it itself.

    Parameters
    ----------
    name
        Name of the page.
    """
    st.session_state["pq-next"] = name


def turn_page() -> None:
    """Turn to the page that a click asked for, if any."""
    name = st.session_state.pop("pq-next", None)
    if name is not None:
        st.switch_page(st.session_state["pq-pages"][name])


def select(event: Event) -> None:
    """Choose the community that was clicked on the map.

    Parameters
    ----------
    event
        From ``map.js``; a second click comes without an id.
    """
    choose(community=event.get("id"))


def _credit(district: District) -> str:
    opened = work.bench().opened
    if opened is not None and opened.origin == "sample":
        return say("view.credit.sample")
    formats = set(district.layers["format"].astype(str).str.lower())
    osm = any("osm" in name or "pbf" in name or "graphml" in name for name in formats)
    return say("view.credit.osm") if osm else say("view.credit.own")
