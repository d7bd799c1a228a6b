"""Colours and figures of the page of the plan by years."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from geo.maps import INK, Look
from geo.rulings import Said, speak
from geo.views.state import choice
from geo.views.widgets import say

#: Years, the first the darkest: ColorBrewer's YlGnBu, safe for colour-blind eyes and
#: in grey print.
_ANCHORS = ("#225EA8", "#1D91C0", "#41B6C4", "#7FCDBB", "#C7E9B4")
_LIGHT_FROM = 150
_WAN, _MILLION = 1e4, 1e6

#: Units in no year: no room for them, evidence missing, gates that fail.
LEFT, WAITING, OUT = "left", "waiting", "out"
REST_LOOKS: Mapping[str, Look] = {
    LEFT: Look("#F6E3D3", stroke="#A84A00", sign="…", ink="#8A3D00"),
    WAITING: Look("#D9D9D9", hatch="#8C8C8C", sign="?", ink="#4A4A4A"),
    OUT: Look(None, stroke="#8C8C8C", sign="×", ink="#5A5A5A"),
}


def year_looks(years: tuple[int, ...]) -> list[Look]:
    """Return the colours of the years.

    Parameters
    ----------
    years
        The years of the plan.

    Returns
    -------
    list of geo.maps.Look
        One per year, the first the darkest.
    """
    places = np.linspace(0, len(_ANCHORS) - 1, max(len(years), 2))[: len(years)]
    return [_look_at(float(place)) for place in places]


def _look_at(place: float) -> Look:
    low = int(place)
    high = min(low + 1, len(_ANCHORS) - 1)
    one, other = (
        np.array([int(fill[at : at + 2], 16) for at in (1, 3, 5)])
        for fill in (_ANCHORS[low], _ANCHORS[high])
    )
    mixed = np.rint(one + (other - one) * (place - low)).astype(int)
    fill = "#" + "".join(f"{part:02X}" for part in mixed)
    stroke = "#" + "".join(f"{part // 2:02X}" for part in mixed)
    luma = float(mixed @ np.array([0.299, 0.587, 0.114]))
    return Look(fill, stroke=stroke, ink=INK if luma > _LIGHT_FROM else "#FFFFFF")


def money(cny: float) -> str:
    """Return a sum of money.

    Parameters
    ----------
    cny
        Yuan; NaN: unknown.

    Returns
    -------
    str
        万元 in Chinese, millions in English.
    """
    if np.isnan(cny):
        return say("view.schedule.unknown")
    amounts = {
        "amount_zh": _write(cny / _WAN),
        "amount_en": _write(cny / _MILLION),
    }
    return say("view.schedule.money", **amounts)


def _write(value: float) -> str:
    """Write three figures or more."""
    small = 100  # below this, a decimal is one of them
    digits = 1 if abs(value) < small and value % 1 else 0
    return f"{value:,.{digits}f}"


def known_cost(row: Mapping[Any, Any]) -> float:
    """Return what the units of a year cost, as far as it is known.

    Parameters
    ----------
    row
        Row of :attr:`geo.schedule.Schedule.years`.

    Returns
    -------
    float
        Yuan; NaN: there are units, and the cost of none is known.
    """
    if row["projects"] and row["cost_unknown"] >= row["projects"]:
        return float("nan")
    return float(row["cost_cny"])


def cost_words(row: Mapping[Any, Any]) -> str:
    """Return what the units of a year cost, and how many do not say.

    Parameters
    ----------
    row
        Row of :attr:`geo.schedule.Schedule.years`.

    Returns
    -------
    str
        Such as ``450 万元``.
    """
    cost, unknown = known_cost(row), int(row["cost_unknown"])
    if np.isnan(cost) or not unknown:
        return money(cost)
    return say("view.schedule.cost_some", known=money(cost), count=unknown)


def share(value: float) -> str:
    """Return a share in per cent.

    Parameters
    ----------
    value
        0 to 1; NaN: unknown.

    Returns
    -------
    str
        One decimal.
    """
    if np.isnan(value):
        return say("view.schedule.unknown")
    return say("unit.percent", value=f"{100 * value:.1f}")


def spoken(said: Said) -> str:
    """Return a sentence in the session's language.

    Parameters
    ----------
    said
        Text key and values.

    Returns
    -------
    str
        The sentence.
    """
    return speak(said, choice().lang)
