"""The map on which things are tried out: states after the steps, and the steps."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import streamlit as st

from geo.maps import STATE_LOOKS
from geo.plan import Plan
from geo.schema import State
from geo.suitability import explain_suitability, judge_suitability
from geo.views import layers, mapview, panels, reports, work
from geo.views.board import Board
from geo.views.reports import plan_key
from geo.views.shapes import Parcel, pack_shapes, pack_value
from geo.views.state import choice
from geo.views.unit_map import unseen
from geo.views.what_if_told import step_name, step_size, whole
from geo.views.what_if_work import Desk, Picture
from geo.views.widgets import Event, say, words
from geo.what_if_steps import ADD, CLOSE, OPEN_GATE, USE, Step

#: Kinds of steps as the map's tools call them.
TOOLS = {ADD: "put", CLOSE: "close", OPEN_GATE: "gate", USE: "use"}
_SWITCHES = (
    "streets",
    "barriers",
    "buildings",
    "gates",
    "facilities",
    "resources",
    "names",
)


def send_layers(plan: Plan, parcels: Mapping[str, Parcel]) -> dict[str, Parcel]:
    """Return the layers that this map shows besides those of the page.

    Parameters
    ----------
    plan
        The plan that is open.
    parcels
        Layers that the page has sent.

    Returns
    -------
    dict
        Name to parcel: facilities, gates and resources, where there are any.
    """
    district = plan.district
    found: dict[str, Parcel] = {}
    if "facilities" not in parcels:
        found["facilities"] = layers.facilities(district, plan.rules, choice().lang)
    if "gates" not in parcels:
        found["gates"] = layers.gates(district, plan.network)
    if "resources" not in parcels and len(district.idle):
        found["resources"] = work.shelf().view(
            ("shapes", district.fingerprint, "what if resources"),
            lambda: pack_shapes("resources", district.idle),
        )
    return found


def colours(
    plan: Plan, found: Picture, *, title: str = ""
) -> tuple[Parcel, dict[str, Any]]:
    """Return the colours of the communities after the steps, and their legend.

    Parameters
    ----------
    plan, found
        The plan, and what steps lead to.
    title
        What stands before the legend's title.

    Returns
    -------
    style : Parcel
        By state of the chosen category, else by share of categories met.
    legend : dict
        For ``map.js``.
    """
    now, board = whole(), found.board
    if now.category not in board.categories:
        shares = reports.shares(board, now)
        style = mapview.share_style(shares, reports.share_notes(board, now))
        said = title + say("view.what_if.map.share_legend")
        return style, mapview.share_legend(said, shares)
    at = board.categories.index(now.category)
    states = board.verdicts(now)[:, at]
    certainty = board.columns["certainty"][:, at]
    style = mapview.state_style(states, certainty, _state_notes(board, at))
    name = plan.rules.category_name(now.category, now.lang)
    return style, mapview.state_legend(title + name, states, certainty)


def fits_parcel(plan: Plan) -> Parcel | None:
    """Return which resources may become the chosen category, and why.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    Parcel or None
        One verdict and one sentence per resource; None without resources. It is
        sent once per category.
    """
    if not len(plan.district.idle):
        return None
    key = ("fits parcel", plan_key(plan), choice().category, choice().lang)
    return work.shelf().view(
        key, lambda: pack_value("fits", _fits(plan, choice().category))
    )


def legend_rows(plan: Plan, trial: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the legend says besides the states.

    Parameters
    ----------
    plan
        The plan that is open.
    trial
        From `make_trial`.

    Returns
    -------
    list of dict
        Who gains and who loses, and resources that may be used; what is not there
        is left out.
    """
    rows = []
    for name, colour in (("gained", "#00664B"), ("lost", "#8A3D00")):
        if trial[name]:
            count = say("view.communities", value=f"{len(trial[name]):,}")
            look = {"fill": "#FFFFFF", "stroke": colour, "outline": "double"}
            label = say(f"view.what_if.change.{name}")
            rows.append({"look": look, "label": label, "count": count})
    fit = _fits(plan, trial["category"])["fits"].count("yes")
    if fit and trial["category"] in plan.rules.requirements:
        look = {"fill": "#A9C6E4", "stroke": "#0B5CAD"}
        label = say("view.what_if.map.fit")
        rows.append({"look": look, "label": label, "count": f"{fit:,}"})
    return rows


def show_map(
    key: str,
    plan: Plan,
    parcels: Mapping[str, Parcel],
    told: Callable[[Event], None],
    **more: Any,
) -> None:
    """Show the map.

    Parameters
    ----------
    key
        Name of the map on its page.
    plan
        The plan that is open.
    parcels
        Layers that were sent.
    told
        Called with each event, in their order.
    **more
        ``style``, ``legend``, ``trial`` and what else ``map.js`` reads.
    """
    seen = f"pq-seen-{key}"

    def pass_on(event: Event) -> None:
        for one in unseen(event, st.session_state.get(seen, 0)):
            told(one)
        st.session_state[seen] = event["n"]

    switches = [
        [
            name,
            say(
                f"view.what_if.map.{name}"
                if name == "resources"
                else f"view.map.{name}"
            ),
        ]
        for name in _SWITCHES
        if name == "names" or name in parcels
    ]
    shown: dict[str, Any] = {
        "extra": "what_if",
        "off": [] if choice().category else ["facilities"],
        "category": choice().category,
        "switches": switches,
        "multi": False,
        "keys": True,
        "seen": st.session_state.get(seen, 0),
        "selection": [],
        "actions": [],
        "texts": words("view.map") | words("unit_map.tools"),
    }
    mapview.show_district(key, plan.district, parcels, pass_on, **{**shown, **more})


def make_trial(
    plan: Plan, now: Desk, found: Picture, *, title: str = "", still: bool = False
) -> dict[str, Any]:
    """Return what ``what_if.js`` reads.

    Parameters
    ----------
    plan, now, found
        The plan, the desk and what steps lead to.
    title
        What the map shows.
    still
        Whether nothing can be done on the map.

    Returns
    -------
    dict
        Steps, who gains and loses, tools and their words.
    """
    category = choice().category
    changes = found.changes
    if category:
        changes = changes[changes["category"] == category]
    gained = changes[changes["gained"].astype(bool)]["community_id"].unique()
    lost = changes[changes["lost"].astype(bool)]["community_id"].unique()
    places = _places(plan, found.steps)
    steps = [
        {
            "id": step.id,
            "n": number,
            "kind": TOOLS[step.kind],
            "at": place,
            "title": step_name(plan, step),
            "note": step_size(step),
            "chosen": step.id == now.chosen,
            "movable": step.kind in {ADD, OPEN_GATE},
        }
        for number, (step, place) in enumerate(zip(found.steps, places, strict=True), 1)
        if place is not None
    ]
    return {
        "title": title,
        "still": still,
        "steps": steps,
        "gained": gained.tolist(),
        "lost": [one for one in lost if one not in set(gained)],
        "category": category,
        "categories": _categories(plan),
        "texts": words("view.what_if.map"),
    }


def category_size(plan: Plan, category: str) -> tuple[str, float | None]:
    """Return the smallest size that a new facility must have.

    Parameters
    ----------
    plan
        Its rules say so.
    category
        The category.

    Returns
    -------
    kind : str
        ``"floor_area_m2"`` or ``"land_area_m2"``: what a size given by hand means.
    least : float or None
        Square metres; None where no rule says.
    """
    need = plan.rules.requirements[category]
    if need.min_floor_area_m2 is None and need.min_land_area_m2 is not None:
        return "land_area_m2", need.min_land_area_m2
    return "floor_area_m2", need.min_floor_area_m2


def fitness(plan: Plan) -> pd.DataFrame:
    """Return which resource may become what, and why.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    pandas.DataFrame
        As `geo.suitability.judge_suitability`, index (resource, category).
    """

    def make() -> pd.DataFrame:
        district = plan.district
        table = judge_suitability(
            district.idle, plan.rules, protected=district.protected
        )
        return table.set_index(["idle_id", "category"], drop=False)

    return work.shelf().view(("suitability", plan_key(plan)), make)


def fit_reason(plan: Plan, rows: pd.DataFrame) -> list[str]:
    """Return why resources may or may not be used, in the session's language.

    Parameters
    ----------
    plan
        The plan that is open.
    rows
        Rows of `fitness`.

    Returns
    -------
    list of str
        One sentence per row.
    """
    del plan
    return explain_suitability(rows, choice().lang).tolist()


def _categories(plan: Plan) -> list[dict[str, Any]]:
    found = []
    for category in plan.rules.requirements:
        _, least = category_size(plan, category)
        size = "" if least is None else f"{least:g}"
        name = plan.rules.category_name(category, choice().lang)
        found.append({"key": category, "name": name, "size": size})
    return found


def _fits(plan: Plan, category: str) -> dict[str, Any]:
    idle = plan.district.idle
    if not len(idle):
        return {"fits": [], "notes": []}
    if category not in plan.rules.requirements:
        return {"fits": ["unknown"] * len(idle), "notes": _plain_notes(idle)}
    lang = choice().lang

    def make() -> dict[str, Any]:
        table = fitness(plan)
        rows = table.loc[[(one, category) for one in idle.index]]
        return {"fits": rows["state"].tolist(), "notes": fit_reason(plan, rows)}

    return work.shelf().view(("fits", plan_key(plan), category, lang), make)


def _plain_notes(idle: gpd.GeoDataFrame) -> list[str]:
    kinds = idle["kind"] if "kind" in idle else pd.Series("", idle.index)
    return [kind if isinstance(kind, str) else "" for kind in kinds]


def _places(plan: Plan, steps: Sequence[Step]) -> list[list[float] | None]:
    """Return longitude and latitude of steps; None for what is nowhere."""
    district = plan.district
    points: list[shapely.Geometry | None] = []
    own = {step.id: step for step in steps}
    for step in steps:
        at = own.get(step.facility_id, step) if step.kind == CLOSE else step
        if at.kind == USE:
            points.append(district.idle.geometry[at.idle_id].representative_point())
        elif at.x is not None and at.y is not None:
            points.append(shapely.Point(at.x, at.y))
        elif at.facility_id in district.facilities.index:
            shape = district.facilities.geometry[at.facility_id]
            points.append(shape.representative_point())
        else:
            points.append(None)
    series = gpd.GeoSeries(points, crs=district.crs).to_crs(4326)
    return [
        None if point is None else [round(point.x, 6), round(point.y, 6)]
        for point in series
    ]


def _state_notes(board: Board, at: int) -> list[str]:
    states = board.verdicts(whole())[:, at]
    distances = board.columns["distance_m"][:, at]
    label = {state: say(f"state.{state}") for state in STATE_LOOKS}
    walk = say("view.map.walk_note")
    return [
        label[State(state)]
        if np.isnan(distance)
        else walk.format(state=label[State(state)], distance=panels.metres(distance))
        for state, distance in zip(states, distances, strict=True)
    ]
