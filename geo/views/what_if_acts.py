"""What is done upon a click, a drop or a key where things are tried out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import isnan

import geopandas as gpd

from geo.plan import Plan
from geo.views import (
    mapview,
    what_if_map,
    what_if_place,
    what_if_told,
    what_if_work,
)
from geo.views.state import choice, choose, go_to
from geo.views.what_if_work import Desk
from geo.views.widgets import Event, say
from geo.what_if_steps import ADD, CLOSE, OPEN_GATE, USE, Step

#: Longitude and latitude, and nothing else.
_PLACE = 2


def act(plan: Plan, event: Event) -> None:
    """Do what a click, a drop or a key asks for.

    Parameters
    ----------
    plan
        The plan that is open.
    event
        From the map, the panel or a table.
    """
    now = what_if_work.desk(plan)
    kind = event["kind"]
    if kind in _MAKERS:
        _add(plan, now, _MAKERS[kind](plan, now, event))
    elif kind in _ACTS:
        _ACTS[kind](plan, now, event)
    else:
        if kind == "community":
            now.chosen = ""
        mapview.act(event)


def try_gates(plan: Plan, gates: gpd.GeoDataFrame) -> bool:
    """Put new gates among the steps, all in one turn.

    Parameters
    ----------
    plan
        The plan that is open.
    gates
        `community_id`, `open_to` and points in the working CRS.

    Returns
    -------
    bool
        Whether they stand.
    """
    now = what_if_work.desk(plan)
    steps = list(now.steps)
    for community, open_to, point in zip(
        gates["community_id"], gates["open_to"], gates.geometry, strict=True
    ):
        place = {"x": float(point.x), "y": float(point.y)}
        names = {"community_id": str(community), "open_to": str(open_to)}
        found = replace(now, steps=tuple(steps))
        steps.append(what_if_work.new_step(plan, found, OPEN_GATE, **place, **names))
    if len(steps) == len(now.steps):
        return False
    now.chosen = ""
    said = what_if_told.step_name(plan, steps[-1])
    return what_if_work.take(plan, now, steps, "add", step=said)


def _add(plan: Plan, now: Desk, step: Step | None) -> bool:
    if step is None:
        return False
    name = what_if_told.step_name(plan, step)
    now.chosen = ""
    return what_if_work.take(plan, now, (*now.steps, step), "add", step=name)


def _put(plan: Plan, now: Desk, event: Event) -> Step | None:
    category = choice().category
    if category not in plan.rules.requirements or not _is_place(event.get("at")):
        now.trouble = say("view.what_if.map.choose")
        return None
    x, y = what_if_place.to_metres(plan, event["at"])
    kind, least = what_if_map.category_size(plan, category)
    size = _number(event.get("size")) or least
    said = what_if_place.describe_size(plan, category, {kind: size})
    return what_if_work.new_step(plan, now, ADD, category=category, x=x, y=y, **said)


def _shut(plan: Plan, now: Desk, event: Event) -> Step | None:
    return what_if_work.new_step(plan, now, CLOSE, facility_id=str(event["id"]))


def _open_gate(plan: Plan, now: Desk, event: Event) -> Step | None:
    if not _is_place(event.get("at")):
        return None
    within = _number(event.get("within")) or 0.0
    found = what_if_place.find_wall(plan, event["at"], within)
    if found is None:
        now.trouble = say("view.what_if.no_wall")
        return None
    community, x, y = found
    open_to = "all" if event.get("open_to") == "all" else "residents"
    place = {"community_id": community, "x": x, "y": y, "open_to": open_to}
    return what_if_work.new_step(plan, now, OPEN_GATE, **place)


def _use(plan: Plan, now: Desk, event: Event) -> Step | None:
    category, idle = choice().category, str(event["id"])
    if category not in plan.rules.requirements:
        now.trouble = say("view.what_if.map.choose")
        return None
    if idle not in plan.district.idle.index:
        return None
    row = what_if_map.fitness(plan).loc[[(idle, category)]]
    verdict = row.iloc[0]
    if verdict["state"] == "no":
        now.trouble = what_if_map.fit_reason(plan, row)[0]
        return None
    area = float(verdict["area_m2"])
    kind = f"{verdict['area_kind']}_area_m2"
    known = not isnan(area) and kind in {"floor_area_m2", "land_area_m2"}
    said = what_if_place.describe_size(plan, category, {kind: area} if known else {})
    return what_if_work.new_step(
        plan, now, USE, category=category, idle_id=idle, **said
    )


def _move(plan: Plan, now: Desk, event: Event) -> None:
    """Put a step elsewhere; a gate stays in the wall of its community."""
    old = next((step for step in now.steps if step.id == event["id"]), None)
    if old is None or old.kind not in {ADD, OPEN_GATE} or not _is_place(event["at"]):
        return
    x, y = what_if_place.to_metres(plan, event["at"])
    if old.kind == OPEN_GATE:
        x, y = what_if_place.snap_wall(plan, old.community_id, x, y)
    steps = [replace(old, x=x, y=y) if step is old else step for step in now.steps]
    what_if_work.take(plan, now, steps, "move", step=what_if_told.step_name(plan, old))


def _remove(plan: Plan, now: Desk, event: Event) -> None:
    name = str(event["id"])
    step = next((one for one in now.steps if one.id == name), None)
    if step is None:
        return
    # what was put by a step and closed by another goes with both
    kept = [one for one in now.steps if name not in {one.id, one.facility_id}]
    said = what_if_told.step_name(plan, step)
    if what_if_work.take(plan, now, kept, "remove", step=said):
        now.chosen = ""


def _undo(_plan: Plan, now: Desk, _event: Event) -> None:
    what_if_work.undo(now)


def _redo(_plan: Plan, now: Desk, _event: Event) -> None:
    what_if_work.redo(now)


def _clear(plan: Plan, now: Desk, _event: Event) -> None:
    what_if_work.take(plan, now, (), "clear")


def _look_at(_plan: Plan, now: Desk, event: Event) -> None:
    same = now.chosen == event.get("id")
    now.chosen = "" if same else str(event.get("id", ""))


def _list(_plan: Plan, now: Desk, event: Event) -> None:
    now.shown = "" if now.shown == event["id"] else str(event["id"])


def _select(_plan: Plan, now: Desk, event: Event) -> None:
    now.chosen = ""
    mapview.select(event)


def _overview(_plan: Plan, now: Desk, _event: Event) -> None:
    now.chosen, now.shown = "", ""
    choose(community=None)


def _find(plan: Plan, now: Desk, event: Event) -> None:
    name = str(event["id"])
    trial = what_if_map.make_trial(plan, now, what_if_work.picture(plan, now))
    for step in trial["steps"]:
        if step["id"] == name:
            go_to(point=step["at"])


def _is_place(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == _PLACE
        and all(isinstance(one, int | float) and not isnan(one) for one in value)
    )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < float("inf") else None


#: What makes a step of an event.
_MAKERS: Mapping[str, Callable[[Plan, Desk, Event], Step | None]] = {
    "put": _put,
    "close": _shut,
    "gate": _open_gate,
    "use": _use,
}
#: What else is done upon an event.
_ACTS: Mapping[str, Callable[[Plan, Desk, Event], None]] = {
    "move": _move,
    "remove": _remove,
    "undo": _undo,
    "redo": _redo,
    "clear": _clear,
    "step": _look_at,
    "find": _find,
    "rows": _list,
    "select": _select,
    "overview": _overview,
}
