"""The map of the indicators: how each community stands in the selected figure."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from geo.indicators import Indicators
from geo.review import Review
from geo.schema import State
from geo.views import mapview, work
from geo.views.check_told import CHECK_LOOKS, STATES, look_of
from geo.views.evaluation_told import WORDS, looks_of, part_words
from geo.views.evaluation_work import members_of, part_of, views_of
from geo.views.review_work import ReviewDesk
from geo.views.shapes import Parcel, pack_value
from geo.views.state import choice
from geo.views.widgets import Event, say

#: The first figure of this one colours the map while nothing is selected.
_FIRST = ("IND-1-07", "consensus")


def shown_part(found: Indicators, now: ReviewDesk) -> pd.Series:
    """Return the figure that colours the map.

    Parameters
    ----------
    found, now
        The indicators of the district, and the desk.

    Returns
    -------
    pandas.Series
        A row of their table.
    """
    row = part_of(found, views_of(now))
    if row is not None:
        return row
    rows = found.of(_FIRST[0])
    return rows[rows["part"] == _FIRST[1]].iloc[0]


def state_style(
    now: ReviewDesk, review: Review, found: Indicators
) -> tuple[Parcel, dict[str, Any]]:
    """Return the colours of the communities in one figure, and the legend.

    Parameters
    ----------
    now, review, found
        The desk, its last good review, and the indicators of the district.

    Returns
    -------
    style : Parcel
        For ``map.js``; who is not counted has no fill.
    legend : dict
        Its legend.
    """
    row = shown_part(found, now)
    looks = looks_of(dict(row))
    words = {one: word for word in WORDS for one in members_of(review, row, word)}
    states = {one: looks[word][0] for one, word in words.items()}
    ids = [str(one) for one in review.plan.district.communities.index]
    codes = [STATES.index(states.get(one, State.NOT_REQUIRED)) for one in ids]

    def make() -> Parcel:
        rest = say("view.evaluation.not_counted")
        notes = [looks[words[one]][1] if one in words else rest for one in ids]
        return pack_value(
            "style",
            {
                "classes": [look.told("") for look in CHECK_LOOKS.values()],
                "codes": "".join(str(code) for code in codes),
                "notes": notes,
            },
        )

    key = (
        *("indicator style", now.reviewed, views_of(now).key, row["indicator_id"]),
        *(row["part"], choice().lang),
    )
    rows = [
        {
            "look": look_of(state),
            "label": _word(state, [looks[word] for word in sorted({*words.values()})]),
            "count": say("view.communities", value=f"{codes.count(at):,}"),
        }
        for at, state in enumerate(STATES)
        if codes.count(at)
    ]
    title = part_words(dict(row)).names[choice().lang]
    return work.shelf().view(key, make), {"title": title, "rows": rows}


def show(
    now: ReviewDesk,
    review: Review,
    parcels: Mapping[str, Parcel],
    told: Callable[[Event], None],
    *,
    style: Parcel,
    legend: Mapping[str, Any],
    height: int,
) -> None:
    """Show the map.

    Parameters
    ----------
    now, review
        The desk, and its last good review.
    parcels
        Layers that the page has sent.
    told
        Called with a click on a community.
    style, legend
        Results of `state_style`.
    height
        Height of the map, pixels.
    """
    mapview.show_district(
        "evaluation",
        review.plan.district,
        parcels,
        told,
        style=style.key,
        legend=legend,
        stale=now.stale,
        height=height,
        off=["facilities", "gates"],
    )


def _word(state: State, looks: list[tuple[State, str]]) -> str:
    """Return what a look stands for; without fill also those who do not count."""
    told = [word for one, word in looks if one == state]
    if state == State.NOT_REQUIRED:
        told.append(say("view.evaluation.not_counted"))
    return say("view.comma").join(dict.fromkeys(told))
