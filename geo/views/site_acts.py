"""What a click on the page of sites does."""

from collections.abc import Callable
from dataclasses import replace

import shapely
from pyproj import Transformer

from geo.plan import Plan
from geo.site_basis import SiteWishes
from geo.site_curve import try_elsewhere
from geo.views import mapview, site_map, site_told, site_work
from geo.views.site_work import Desk, Moved, site_id, split_id
from geo.views.state import choose, go_to
from geo.views.widgets import Event, say


def tell(plan: Plan, event: Event) -> None:
    """Do what a click on the page asks for.

    Parameters
    ----------
    plan
        The plan that is open.
    event
        From a component.
    """
    now = site_work.desk(plan)
    kind, found = event["kind"], event.get("id")
    name = "" if found is None else str(found)
    if kind in _PICKS:
        _PICKS[kind](plan, now, name)
    elif kind in {"require", "forbid", "free"}:
        decide(plan, kind, name)
    elif kind == "category":
        now.category = "" if now.category == name else name
    elif kind == "rows":
        now.shown = name
    elif kind == "count":
        count_unsure(plan, name)
    elif kind == "budget":
        set_budget(plan, float(name))
    elif kind == "other":
        take_other(plan, name)
    elif kind == "drag":
        longitude, latitude = event["point"]
        move(plan, name, (float(longitude), float(latitude)))
    elif kind == "stay":
        now.moved = None
    else:
        mapview.act(event)


def _select(_plan: Plan, now: Desk, name: str) -> None:
    now.picked = ""
    choose(community=name or None)


def _pick(_plan: Plan, now: Desk, name: str) -> None:
    _select(_plan, now, name)
    go_to(id=name)


def _site(_plan: Plan, now: Desk, name: str) -> None:
    now.picked = "" if now.picked == f"site:{name}" else f"site:{name}"
    choose(community=None)


def _resource(_plan: Plan, now: Desk, name: str) -> None:
    now.picked = "" if now.picked == f"resource:{name}" else f"resource:{name}"
    choose(community=None)


def _row(plan: Plan, now: Desk, name: str) -> None:
    # by what it is, not by the list: a click may be on the list that was shown before
    idle = plan.district.idle.index
    if name in idle:
        now.picked = f"resource:{name}"
    elif split_id(name)[0] in idle:
        now.picked = f"site:{name}"
    else:
        _pick(plan, now, split_id(name)[0])
        return
    choose(community=None)
    _go(plan, name if name in idle else split_id(name)[0])


def _clear(_plan: Plan, now: Desk, _name: str) -> None:
    now.picked, now.moved = "", None
    choose(community=None)


def _go(plan: Plan, idle_id: str) -> None:
    point = site_map.place_of(plan.district.idle, idle_id)
    if point is not None:
        go_to(point=point)


_PICKS: dict[str, Callable[[Plan, Desk, str], None]] = {
    "select": _select,
    "pick": _pick,
    "site": _site,
    "resource": _resource,
    "row": _row,
    "clear": _clear,
}


def decide(plan: Plan, kind: str, site: str) -> None:
    """Accept or refuse a proposal, or take that back, and solve again around it.

    Parameters
    ----------
    plan
        The plan that is open.
    kind
        ``"require"``, ``"forbid"`` or ``"free"``.
    site
        Id of the proposal.
    """
    now = site_work.desk(plan)
    pair = split_id(site)
    required = set(now.ask.wishes.required) - {pair}
    forbidden = set(now.ask.wishes.forbidden) - {pair}
    if kind == "require":
        required.add(pair)
    elif kind == "forbid":
        forbidden.add(pair)
    wishes = SiteWishes(tuple(sorted(required)), tuple(sorted(forbidden)))
    name = now.sites.basis.resource_names.get(pair[0]) if now.sites else None
    site_work.change(
        plan,
        replace(now.ask, wishes=wishes),
        kind,
        name=name if isinstance(name, str) else pair[0],
        category=site_told.category_name(plan, pair[1]),
    )


def set_budget(plan: Plan, budget: float) -> None:
    """Take a point of the curve as the budget, and solve again.

    Parameters
    ----------
    plan
        The plan that is open.
    budget
        How much.
    """
    now = site_work.desk(plan)
    kind = now.ask.settings.budget_kind or "sites"
    settings = replace(now.ask.settings, budget_kind=kind, budget=budget)
    words = site_told.budget_words(kind, budget)
    asked = replace(now.ask, settings=settings)
    site_work.change(plan, asked, "budget", budget=words)


def count_unsure(plan: Plan, name: str) -> None:
    """Count what nobody knows for sure, marked so everywhere, and solve again.

    Parameters
    ----------
    plan
        The plan that is open.
    name
        ``"unsure_resources"`` or ``"unsure_needs"``.
    """
    now = site_work.desk(plan)
    settings = now.ask.settings
    if name == "unsure_resources":
        settings = replace(settings, unsure_resources=True)
    elif name == "unsure_needs":
        settings = replace(settings, unsure_needs=True)
    site_work.change(plan, replace(now.ask, settings=settings), name)


def take_other(plan: Plan, name: str) -> None:
    """Take one of the alternatives.

    Parameters
    ----------
    plan
        The plan that is open.
    name
        ``"fairest"``, ``"most_people"`` or ``"fewest_sites"``.
    """
    now = site_work.desk(plan)
    if now.trade is None or name not in now.trade.others:
        return
    made = now.trade.others[name]
    asked = replace(now.ask, settings=made.settings, fair=name != "most_people")
    site_work.change(plan, asked, "other", name=say(f"view.sites.trade.{name}"))


def move(plan: Plan, site: str, point: tuple[float, float]) -> None:
    """Try a proposal elsewhere.

    Parameters
    ----------
    plan
        The plan that is open.
    site
        Id of the proposal.
    point
        Longitude and latitude.
    """
    now = site_work.desk(plan)
    sites = now.sites
    if sites is None or now.run is not None:
        return
    idle_id, category = split_id(site)
    to_metres = Transformer.from_crs(4326, plan.district.crs, always_xy=True)
    place = shapely.Point(*to_metres.transform(*point))
    found = try_elsewhere(sites, idle_id, category, place)
    now.picked = f"site:{site_id(idle_id, category)}"
    choose(community=None)
    now.moved = Moved(site, point, found)
