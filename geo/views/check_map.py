"""The map of the page of clauses: worst hard clause, or one clause, per community."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from geo.plan import Plan
from geo.review import Review
from geo.schema import State
from geo.views import mapview, work
from geo.views.check_gates import NONE, find_spread
from geo.views.check_objects import list_objects, object_lines, point_of
from geo.views.check_told import (
    CHECK_LOOKS,
    STATES,
    find_row,
    look_of,
    rule_name,
    state_word,
    subject_of,
    unit_name,
)
from geo.views.review_work import ReviewDesk
from geo.views.shapes import Parcel, pack_value
from geo.views.state import choice
from geo.views.widgets import Event, say


def state_style(
    plan: Plan, now: ReviewDesk, review: Review
) -> tuple[Parcel, dict[str, Any]]:
    """Return the colours of the communities by clause, and the legend.

    Parameters
    ----------
    plan, now, review
        The plan that is open, the desk, and its last good review.

    Returns
    -------
    style : Parcel
        For ``map.js``: of the chosen clause, else of the worst hard clause of the
        annual plan.
    legend : dict
        Its legend.
    """
    spread = find_spread(plan, now, review)
    rules = list(spread.rules["rule_id"])
    rule = now.picked.rule if now.picked.rule in rules else ""
    if rule:
        codes = spread.codes[:, rules.index(rule)]
        title = rule_name(review, rule)
    else:
        codes = spread.worst(spread.gates)
        title = say("view.checks.map.title")
    order = {one: at for at, one in enumerate(spread.ids)}
    ids = review.plan.district.communities.index
    codes = codes[[order[one] for one in ids]]
    codes = np.where(codes == NONE, STATES.index(State.NOT_REQUIRED), codes)

    def make() -> Parcel:
        sizes = {unit: spread.units.count(unit) for unit in set(spread.units)}
        units = [spread.units[order[one]] for one in ids]
        notes = [
            " · ".join(
                part
                for part in (
                    state_word(str(STATES[code])),
                    unit_name(unit, sizes[unit]) if unit else "",
                )
                if part
            )
            for code, unit in zip(codes, units, strict=True)
        ]
        return pack_value(
            "style",
            {
                "classes": [look.told("") for look in CHECK_LOOKS.values()],
                "codes": "".join(str(code) for code in codes),
                "notes": notes,
            },
        )

    key = ("check style", now.reviewed, rule, choice().lang)
    rows = [
        {
            "look": look_of(state),
            "label": state_word(str(state)),
            "count": say("view.communities", value=f"{(codes == at).sum():,}"),
        }
        for at, state in enumerate(STATES)
        if (codes == at).any()
    ]
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
    things = list_objects(review, _objects(now, review))
    points = [point_of(review, one) for one in things]
    lines = object_lines(review, things)
    mapview.show_district(
        "checks",
        review.plan.district,
        parcels,
        told,
        style=style.key,
        legend=legend,
        stale=now.stale,
        marks=[point for point in points if point is not None],
        walk={"lines": lines} if lines and choice().community else None,
        off=["facilities", "gates"],
    )


def _objects(now: ReviewDesk, review: Review) -> tuple[str, ...]:
    rule, community = now.picked.rule, choice().community
    if not rule or not (community or now.picked.subject):
        return ()
    subject = now.picked.subject or subject_of(review, rule, community or "")
    row = find_row(review.checks, rule, subject)
    return () if row is None else tuple(row["objects"])
