"""The table of the 20 indicators, and the list of whom a figure counts."""

from typing import Any

import pandas as pd

from geo.indicator_rules import list_indicators
from geo.indicators import Indicators
from geo.review import Review
from geo.schema import State
from geo.views import work
from geo.views.check_told import CHECK_LOOKS, STATES, look_of, unit_name
from geo.views.evaluation_told import (
    WORDS,
    found_words,
    looks_of,
    name_of,
    number_of,
    part_words,
    short_required,
    year_words,
)
from geo.views.evaluation_work import (
    EvaluationViews,
    members_of,
    part_of,
    views_of,
)
from geo.views.panels import Block
from geo.views.reports import name_of as community_name
from geo.views.review_work import ReviewDesk
from geo.views.shapes import Parcel
from geo.views.state import choice
from geo.views.tables import pack_rows
from geo.views.widgets import say


def pack_indicators(now: ReviewDesk, found: Indicators) -> Parcel:
    """Return the rows of the 20 indicators.

    Parameters
    ----------
    now, found
        The desk, and the indicators that are shown.

    Returns
    -------
    Parcel
        Rows for ``table.js``.
    """
    views = views_of(now)

    def make() -> Parcel:
        rows = found.summary.reset_index()
        if views.state:
            rows = rows[rows["state"] == views.state]
        told = [{str(k): v for k, v in row.items()} for row in rows.to_dict("records")]
        known = {one.indicator_id: one for one in list_indicators()}
        own = [known[str(row["indicator_id"])] for row in told]
        years = [year_words(row) for row in told]
        return pack_rows(
            [one.indicator_id for one in own],
            {
                "number": [number_of(one) for one in own],
                "name": [name_of(one) for one in own],
                "state": [STATES.index(State(row["state"])) for row in told],
                "value": [_or_none(one["value"]) for one in years],
                "value_sort": [_number(row["value_least"]) for row in told],
                "required": [short_required(row) for row in told],
                "last": [_or_none(one["last"]) for one in years],
                "last_sort": [_number(row["last_value"]) for row in told],
                "change": [_or_none(one["change"]) for one in years],
                "change_sort": [_number(row["change"]) for row in told],
                "first": [_first_words(row) for row in told],
            },
        )

    key = ("indicator rows", now.reviewed, views.key, views.state, choice().lang)
    return work.shelf().view(key, make)


def indicator_table(now: ReviewDesk, rows: Parcel, height: int) -> dict[str, Any]:
    """Return how the 20 indicators are shown.

    Parameters
    ----------
    now, rows
        The desk, and the result of `pack_indicators`.
    height
        Height of the table, pixels.

    Returns
    -------
    dict
        For ``table.js``.
    """
    return {
        "key": "evaluation",
        "rows": rows.key,
        "columns": [
            _column("number", "text", "62px"),
            _column("name", "text", "minmax(130px, 2fr)"),
            _column("state", "class", "104px"),
            _column("value", "text", "108px"),
            _column("required", "text", "78px", missing=say("view.evaluation.open")),
            _column("last", "text", "72px"),
            _column("change", "text", "76px"),
            _column("first", "text", "minmax(110px, 1.8fr)", missing=""),
        ],
        "classes": [look_of(state) for state in STATES],
        "title": say("view.evaluation.rows", shown="{shown}", all="{all}"),
        "sort": None,
        "selected": views_of(now).indicator,
        "height": height,
    }


def _first_words(row: dict[str, Any]) -> str:
    """Name the items that decide the state; empty where none stands out."""
    keys = str(row.get(f"parts_{row['state']}") or "").split("|")
    names = [
        part_words(row | {"part": key}).names[choice().lang] for key in keys if key
    ]
    return say("view.comma").join(names)


def pack_behind(now: ReviewDesk, review: Review, found: Indicators) -> Parcel:
    """Return whom the selected figure counts.

    Parameters
    ----------
    now, review, found
        The desk, its last good review, and the indicators that are shown.

    Returns
    -------
    Parcel
        Rows for ``table.js``: communities, or the counties put together.
    """
    views = views_of(now)

    def make() -> Parcel:
        row = part_of(found, views)
        if row is None:
            return pack_rows([], {name: [] for name in _BEHIND})
        if views.merged:
            return _pack_counties(found, row)
        return _pack_communities(review, row)

    key = (
        *("indicator behind", now.reviewed, views.key),
        *(views.indicator, views.part, choice().lang),
    )
    return work.shelf().view(key, make)


def behind_table(now: ReviewDesk, rows: Parcel, found: Indicators) -> dict[str, Any]:
    """Return how those behind a figure are shown.

    Parameters
    ----------
    now, rows, found
        The desk, the result of `pack_behind`, and the indicators that are shown.

    Returns
    -------
    dict
        For ``table.js``.
    """
    views = views_of(now)
    row = part_of(found, views)
    name = "" if row is None else part_words(dict(row)).names[choice().lang]
    key = "none" if row is None else "counties" if views.merged else "behind"
    return {
        "key": f"evaluation-{key}",
        "rows": rows.key,
        "columns": _county_columns() if views.merged else _community_columns(),
        "classes": _behind_looks(views, row),
        "title": say(f"view.evaluation.{key}", name=name, shown="{shown}", all="{all}"),
        "sort": None,
        "selected": choice().community or "",
    }


def _behind_looks(
    views: EvaluationViews, row: pd.Series | None
) -> list[dict[str, Any]]:
    if views.merged or row is None:
        return [look_of(state) for state in STATES]
    looks = looks_of(dict(row))
    return [CHECK_LOOKS[looks[word][0]].told(looks[word][1]) for word in WORDS]


def _pack_communities(review: Review, row: pd.Series) -> Parcel:
    facts, ground = review.checks.ground.facts, review.checks.ground
    names = review.plan.district.communities["name"]
    sizes = {} if ground.unit_of is None else ground.unit_of.value_counts().to_dict()
    ids: list[str] = []
    states: list[int] = []
    for at, word in enumerate(WORDS):
        members = members_of(review, row, word)
        ids += members
        states += [at] * len(members)
    units = [
        "" if ground.unit_of is None else str(ground.unit_of.get(one, ""))
        for one in ids
    ]
    return pack_rows(
        ids,
        {
            "community": [community_name(names, one) for one in ids],
            "state": states,
            "households": [_number(facts["households"].get(one)) for one in ids],
            "plan_year": [_whole(facts["plan_year"].get(one)) for one in ids],
            "unit": [
                unit_name(one, int(sizes.get(one, 1))) if one else "" for one in units
            ],
            "phase": [_text(facts["phase"].get(one)) for one in ids],
        },
    )


def _pack_counties(found: Indicators, row: pd.Series) -> Parcel:
    given = found.given
    rows = given[
        (given["indicator_id"] == row["indicator_id"]) & (given["part"] == row["part"])
    ].sort_values("name")
    told = [{str(k): v for k, v in one.items()} for one in rows.to_dict("records")]
    years = [year_words({"last_value": float("nan")} | one) for one in told]
    ids = [str(one["name"]) for one in told]
    lost = [*found.absent]
    pad: list[Any] = [None] * len(lost)
    return pack_rows(
        [*ids, *lost],
        {
            "county": [*ids, *lost],
            "state": [
                *(STATES.index(State(one["state"])) for one in told),
                *([STATES.index(State.UNKNOWN)] * len(lost)),
            ],
            "value": [*(_or_none(one["value"]) for one in years), *pad],
            "last": [*(_or_none(one["last"]) for one in years), *pad],
            "found": [
                *(_given_words(one) for one in told),
                *([say("view.evaluation.absent")] * len(lost)),
            ],
        },
    )


def _given_words(row: dict[str, Any]) -> str:
    """Say what a county found: as it said itself, else in our words."""
    own = row.get("found")
    return own if isinstance(own, str) and own else found_words(row)


def _column(name: str, kind: str, width: str, **more: Any) -> Block:
    label = say(f"view.evaluation.column.{name}")
    return {"name": name, "kind": kind, "label": label, "width": width, **more}


def _community_columns() -> list[Block]:
    unit = say("unit.households", value="{value}")
    return [
        _column("community", "text", "minmax(140px, 1.6fr)"),
        _column("state", "class", "112px"),
        _column("households", "number", "108px", unit=unit),
        _column("plan_year", "text", "92px"),
        _column("phase", "text", "minmax(90px, 1fr)"),
        _column("unit", "text", "minmax(150px, 1.4fr)"),
    ]


def _county_columns() -> list[Block]:
    return [
        _column("county", "text", "minmax(140px, 1fr)"),
        _column("state", "class", "112px"),
        _column("value", "text", "minmax(110px, 0.8fr)"),
        _column("last", "text", "92px"),
        _column("found", "text", "minmax(220px, 3fr)"),
    ]


_BEHIND = ("community", "state", "households", "plan_year", "phase", "unit")


def _or_none(text: str) -> str | None:
    return None if text == "—" else text


def _number(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _whole(value: float | None) -> str | None:
    return None if value is None or pd.isna(value) else f"{value:.0f}"


def _text(value: str | float | None) -> str | None:
    return None if value is None or pd.isna(value) else str(value)
