"""The map of the indicators: how each community stands in the selected figure."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from geo.indicators import Indicators
from geo.review import Review
from geo.schema import State
from geo.views import mapview, work
from geo.views.check_told import CHECK_LOOKS, STATES, look_of, state_word
from geo.views.evaluation_told import WORDS, part_words
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
    states = {
        one: State(word) for word in WORDS for one in members_of(review, row, word)
    }
    ids = [str(one) for one in review.plan.district.communities.index]
    codes = [STATES.index(states.get(one, State.NOT_REQUIRED)) for one in ids]

    def make() -> Parcel:
        notes = [_note(states.get(one)) for one in ids]
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
            "label": _word(state),
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
    """
    mapview.show_district(
        "evaluation",
        review.plan.district,
        parcels,
        told,
        style=style.key,
        legend=legend,
        stale=now.stale,
        off=["facilities", "gates"],
    )


def _word(state: State) -> str:
    if state == State.NOT_REQUIRED:
        return say("view.evaluation.not_counted")
    return state_word(str(state))


def _note(state: State | None) -> str:
    return _word(State.NOT_REQUIRED if state is None else state)
