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
from geo.views.panels import Block, metres
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
    """Return the share of met categories among those judged, for each community.

    What is unknown or without data is neither met nor lacking: a district whose
    clinics nobody mapped is not a district without clinics.

    Parameters
    ----------
    board
        The results.
    now
        Which verdict counts.

    Returns
    -------
    list of float
        0 to 1, NaN where nothing could be judged, in the order of the layer.
    """
    states = board.verdicts(now)
    met = (states == State.MET).sum(axis=1)
    judged = met + (states == State.SHORT).sum(axis=1)
    return [float(share) for share in met / np.where(judged > 0, judged, np.nan)]


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
