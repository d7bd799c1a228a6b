"""Rows, notes and names that several pages show, each made once per plan."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.maps import STATE_LOOKS
from geo.plan import Plan
from geo.schema import State
from geo.views.board import Board, make_board
from geo.views.panels import Block, limit_m, metres, state_look
from geo.views.shapes import Parcel, pack_value
from geo.views.state import Choice, choice
from geo.views.widgets import say
from geo.views.work import shelf

_STATES = tuple(STATE_LOOKS)


def plan_key(plan: Plan) -> Hashable:
    """Return what a plan is made from, whole.

    Parameters
    ----------
    plan
        The results.

    Returns
    -------
    Hashable
        Fingerprints of district and rules, and the settings.
    """
    return (plan.district.fingerprint, plan.rules.fingerprint, plan.settings)


def board(plan: Plan) -> Board:
    """Return the matrices of a plan.

    Parameters
    ----------
    plan
        The results.

    Returns
    -------
    Board
        Made once per plan.
    """
    found: Board = shelf().view(("board", plan_key(plan)), lambda: make_board(plan))
    return found


def reasons(plan: Plan, board: Board) -> NDArray[Any]:
    """Return why each verdict is what it is, in the session's language.

    Parameters
    ----------
    plan, board
        The results.

    Returns
    -------
    numpy.ndarray
        Sentences, communities x categories.
    """
    lang = choice().lang
    if lang == plan.settings.lang:
        return board.columns["reason"]

    def make() -> NDArray[Any]:
        sentences = plan.life_circle.explain(lang).to_numpy(dtype=object)
        found = np.empty(board.columns["reason"].shape, dtype=object)
        found[board.positions] = sentences
        return found

    told: NDArray[Any] = shelf().view(("reasons", plan_key(plan), lang), make)
    return told


def name_of(names: pd.Series, one: str) -> str:
    """Return the name of a row, or the words for one without a name.

    Parameters
    ----------
    names
        Names by id.
    one
        An id.

    Returns
    -------
    str
        The name.
    """
    name = names.get(one)
    return name if isinstance(name, str) and name else say("view.unnamed_id", id=one)


def names(plan: Plan, categories: Sequence[str]) -> list[str]:
    """Return the names of categories in the session's language.

    Parameters
    ----------
    plan
        Its rules name them.
    categories
        Keys.

    Returns
    -------
    list of str
        Names.
    """
    return [plan.rules.category_name(key, choice().lang) for key in categories]


def lacking_words(plan: Plan, lacking: str, *, most: int | None = None) -> str:
    """Return the categories that a community lacks, as words.

    Parameters
    ----------
    plan
        Its rules name them.
    lacking
        Keys joined by ``|``.
    most
        How many to name; None: all.

    Returns
    -------
    str
        Names, and a word for the rest.
    """
    keys = [key for key in lacking.split("|") if key]
    told = say("view.comma").join(names(plan, keys[:most]))
    return say("view.and_more", value=told) if most and len(keys) > most else told


def absent(board: Board) -> list[str]:
    """Return the categories of which the data hold nothing.

    Parameters
    ----------
    board
        The results.

    Returns
    -------
    list of str
        Keys.
    """
    nothing = (board.columns["state"] == State.NO_DATA).all(axis=0)
    return [key for key, none in zip(board.categories, nothing, strict=True) if none]


def shares(board: Board, now: Choice) -> list[float]:
    """Return the share of required categories that each community has.

    Parameters
    ----------
    board
        The results.
    now
        Which verdict counts.

    Returns
    -------
    list of float
        0 to 1, in the order of the layer.
    """
    states = board.verdicts(now)
    asked = (states != State.NOT_REQUIRED).sum(axis=1)
    met = (states == State.MET).sum(axis=1)
    return [float(share) for share in met / np.maximum(1, asked)]


def share_notes(board: Board, now: Choice) -> list[str]:
    """Return what the map says of each community: how many it has of how many.

    Parameters
    ----------
    board
        The results.
    now
        Which verdict counts.

    Returns
    -------
    list of str
        One per community.
    """
    states = board.verdicts(now)
    counts = zip(
        (states == State.MET).sum(axis=1),
        (states != State.NOT_REQUIRED).sum(axis=1),
        (states == State.SHORT).sum(axis=1),
        strict=True,
    )
    template = say("view.map.share_note")
    return [
        template.format(met=met, all=asked, short=short) for met, asked, short in counts
    ]


def state_notes(board: Board, category: str) -> list[str]:
    """Return what the map says of each community about one category.

    Parameters
    ----------
    board
        The results.
    category
        The category.

    Returns
    -------
    list of str
        One per community.
    """
    at = board.categories.index(category)
    states = board.verdicts(choice())[:, at]
    distances = board.columns["distance_m"][:, at]
    label = {state: say(f"state.{state}") for state in _STATES}
    walk = say("view.map.walk_note")
    return [
        label[State(state)]
        if np.isnan(distance)
        else walk.format(state=label[State(state)], distance=metres(distance))
        for state, distance in zip(states, distances, strict=True)
    ]


def community_rows(plan: Plan, board: Board, wanted: str = "") -> Parcel:
    """Return the table of communities.

    Parameters
    ----------
    plan, board
        The results.
    wanted
        ``""`` for all, else a column of the scores that must be above 0.

    Returns
    -------
    Parcel
        Rows for ``table.js``.
    """

    def make() -> Parcel:
        scores = plan.life_circle.communities.reindex(list(board.ids))
        ranked = np.argsort(scores["rank"].to_numpy())
        found = (
            np.ones(len(scores), bool)
            if not wanted
            else (scores[wanted] > 0).to_numpy()
        )
        layer = board.communities
        lacking = plan.life_circle.worst["lacking"].reindex(list(board.ids)).fillna("")
        columns = {
            "name": [name_of(layer["name"], one) for one in board.ids],
            "jurisdiction": plain(layer["jurisdiction"]),
            "built_year": plain(layer["built_year"]),
            "households": plain(layer["households"]),
            **{
                name: plain(scores[name])
                for name in ("short", "met", "unknown", "no_data", "edge")
            },
            "lacking": [lacking_words(plan, keys) for keys in lacking],
        }
        return pack_rows(board.ids, columns, ranked[found[ranked]])

    key = ("community rows", plan_key(plan), choice().lang, wanted)
    found: Parcel = shelf().view(key, make)
    return found


def community_table(rows: Parcel, wanted: str) -> dict[str, Any]:
    """Return how the table of communities is shown.

    Parameters
    ----------
    rows
        Result of `community_rows`.
    wanted
        Its `wanted`.

    Returns
    -------
    dict
        For ``table.js``.
    """
    kinds = say("view.kinds", value="{value}")
    columns = [
        _column("name", "text", "minmax(140px, 1.4fr)"),
        _column("jurisdiction", "text", "minmax(90px, 1fr)"),
        _column("built_year", "year", "76px"),
        _column(
            "households", "number", "88px", unit=say("unit.households", value="{value}")
        ),
        _column("short", "number", "72px", unit=kinds),
        _column("met", "number", "72px", unit=kinds),
        _column("unknown", "number", "80px", unit=kinds),
        _column("no_data", "number", "72px", unit=kinds),
        _column("lacking", "text", "minmax(160px, 3fr)"),
    ]
    title = say(f"view.overview.rows.{wanted or 'all'}", shown="{shown}", all="{all}")
    return {
        "key": "communities",
        "rows": rows.key,
        "columns": columns,
        "title": title,
        "sort": ["short", "down"],
        "selected": choice().community,
    }


def gap_rows(plan: Plan, board: Board, now: Choice, states: Sequence[str]) -> Parcel:
    """Return the table of verdicts of the chosen category, or of all.

    Parameters
    ----------
    plan, board
        The results.
    now
        What is shown.
    states
        Only verdicts of these states; empty: all.

    Returns
    -------
    Parcel
        Rows for ``table.js``; ids are ``community|category``.
    """
    shown = Choice(
        lang=now.lang,
        category=now.category,
        tier=now.tier,
        pace=now.pace,
        test=now.test,
    )

    def make() -> Parcel:
        verdicts = board.verdicts(shown)
        one = now.category in board.categories
        at = (
            [board.categories.index(now.category)]
            if one
            else range(len(board.categories))
        )
        part = np.zeros(verdicts.shape, bool)
        part[:, list(at)] = True
        if states:
            part &= np.isin(verdicts, list(states))
        elif not one:
            part &= verdicts == State.SHORT
        row, column = np.nonzero(part)
        return _pack_gaps(plan, board, row, column, verdicts)

    key = ("gap rows", plan_key(plan), shown, tuple(states))
    found: Parcel = shelf().view(key, make)
    return found


def gap_table(rows: Parcel, now: Choice) -> dict[str, Any]:
    """Return how the table of verdicts is shown.

    Parameters
    ----------
    rows
        Result of `gap_rows`.
    now
        What is shown.

    Returns
    -------
    dict
        For ``table.js``.
    """
    unit = say("unit.m", value="{value}")
    columns = [
        _column("name", "text", "minmax(130px, 1.3fr)"),
        _column("category", "text", "minmax(110px, 1fr)"),
        _column("state", "class", "96px"),
        _column("distance_m", "number", "92px", unit=unit),
        _column("limit_m", "number", "82px", unit=unit),
        _column(
            "uncovered", "number", "96px", unit=say("unit.households", value="{value}")
        ),
        _column("certainty", "text", "104px"),
        _column("reason", "text", "minmax(220px, 4fr)"),
    ]
    selected = now.community
    if selected and now.category:
        selected = f"{selected}|{now.category}"
    return {
        "key": f"gaps-{now.category or 'all'}",
        "rows": rows.key,
        "columns": columns,
        "classes": [state_look(state) for state in _STATES],
        "title": say("view.lifecircle.rows", shown="{shown}", all="{all}"),
        "sort": ["distance_m", "down"] if now.category else ["uncovered", "down"],
        "selected": selected,
    }


def community_heading(plan: Plan, community: str, *, further: str = "") -> Block:
    """Return the name of a community, with what can be done.

    Parameters
    ----------
    plan
        The results.
    community
        Its id.
    further
        Page that says more, if any.

    Returns
    -------
    dict
        Block.
    """
    buttons = [{"label": say("view.go"), "event": {"kind": "go"}}]
    if further:
        label = say(f"view.page.{further}")
        buttons.append(
            {"label": f"{label} ›", "event": {"kind": "page", "id": further}}
        )
    buttons.append({"label": say("view.close"), "event": {"kind": "close"}})
    title = name_of(plan.district.communities["name"], community)
    return {"kind": "heading", "title": title, "buttons": buttons}


def _pack_gaps(
    plan: Plan,
    board: Board,
    row: NDArray[np.int64],
    column: NDArray[np.int64],
    verdicts: NDArray[Any],
) -> Parcel:
    label = names(plan, board.categories)
    limits = _limits(plan, board)
    cells = {name: values[row, column] for name, values in board.columns.items()}
    told = [name_of(board.communities["name"], one) for one in board.ids]
    sure = {"": None, None: None}
    columns = {
        "name": [told[at] for at in row],
        "category": [label[at] for at in column],
        "state": [_STATES.index(State(state)) for state in verdicts[row, column]],
        "distance_m": _numbers(cells["distance_m"], 0),
        "limit_m": _numbers(limits[column], 0),
        "uncovered": _numbers(cells["households_uncovered"], 0),
        "certainty": [
            sure[word] if word in sure or word != word else say(f"certainty.{word}")  # noqa: PLR0124 - not-a-number differs from itself
            for word in cells["certainty"]
        ],
        "reason": list(reasons(plan, board)[row, column]),
    }
    ids = [
        f"{board.ids[at]}|{board.categories[kind]}"
        for at, kind in zip(row, column, strict=True)
    ]
    return pack_rows(ids, columns)


def _limits(plan: Plan, board: Board) -> NDArray[np.float64]:
    needs = [plan.rules.requirements[key] for key in board.categories]
    found = [limit_m(need, plan) for need in needs]
    return np.array([np.nan if limit is None else limit for limit in found])


def pack_rows(
    ids: Sequence[str],
    columns: dict[str, list[Any]],
    keep: NDArray[np.int64] | None = None,
) -> Parcel:
    """Return rows as a parcel.

    Parameters
    ----------
    ids
        One per row.
    columns
        Name to cells; missing cells are None.
    keep
        Positions of the rows to keep, in their order; None: all as they are.

    Returns
    -------
    Parcel
        For ``table.js``.
    """
    kept = np.arange(len(ids)) if keep is None else keep
    value = {
        "ids": [str(ids[at]) for at in kept],
        "columns": {
            name: [cells[at] for at in kept] for name, cells in columns.items()
        },
    }
    return pack_value("rows", value)


def _numbers(values: NDArray[Any], digits: int) -> list[float | None]:
    return [
        None if np.isnan(value) else round(float(value), digits) for value in values
    ]


def plain(values: pd.Series) -> list[Any]:
    """Return cells as JSON can say them.

    Parameters
    ----------
    values
        A column.

    Returns
    -------
    list
        Missing cells are None.
    """
    cells = values.astype(object)
    return cells.where(cells.notna(), None).tolist()


def _column(name: str, kind: str, width: str, **more: Any) -> dict[str, Any]:
    label = say(f"view.column.{name}")
    return {"name": name, "kind": kind, "label": label, "width": width, **more}
