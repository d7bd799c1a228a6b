"""What a click on the page of clauses does."""

from collections.abc import Callable

from geo.plan import Plan
from geo.views import check_forms, mapview, review_work
from geo.views.check_gates import SPREAD
from geo.views.check_objects import list_objects, point_of
from geo.views.check_rows import LISTS, CheckViews, views_of
from geo.views.check_told import FIRST_STAGE
from geo.views.review_work import Picked, ReviewDesk
from geo.views.state import choice, choose, go_to
from geo.views.widgets import Event


def tell(plan: Plan, event: Event) -> None:
    """Do what a click on the page asks for.

    Parameters
    ----------
    plan
        The plan that is open.
    event
        From a component.
    """
    now = review_work.desk(plan)
    kind = str(event["kind"])
    found = event.get("id")
    name = "" if found is None else str(found)
    if kind not in {"evidence", "override", "override_drop"}:
        now.wrong = {}
    if kind in _ACTS:
        _ACTS[kind](plan, now, name, event)
    elif kind in {"override", "override_drop"}:
        check_forms.take_override(plan, event)
    else:
        mapview.act(event)


def pick(plan: Plan, now: ReviewDesk, subject: str, rule: str) -> None:
    """Select a clause for a subject.

    Parameters
    ----------
    plan, now
        The plan that is open, and the desk.
    subject
        Community, unit or county; ``""``: none.
    rule
        Clause; ``""``: none.
    """
    if subject in plan.district.communities.index:
        choose(community=subject)
        now.picked = Picked(rule)
        return
    members = _members(now, subject)
    if members:
        # a unit is judged at its members: stay with the one that is selected
        kept = choice().community
        choose(community=kept if kept in members else members[0])
        now.picked = Picked(rule)
        return
    choose(community=None)
    now.picked = Picked(rule, subject)


def show_rows(now: ReviewDesk, name: str) -> None:
    """Let through the communities behind a headline number.

    Parameters
    ----------
    now
        The desk.
    name
        ``planned``, ``ready``, ``short``, ``unknown`` or ``collect``.
    """
    views = views_of(now)
    if name == "collect":
        views.listed = "collect"
        return
    wanted = CheckViews(stage=FIRST_STAGE, gates=True)
    wanted.state = name if name in {"short", "unknown"} else ""
    same = views.key == wanted.key
    views.clear()
    if not same and name in {"short", "unknown"}:
        views.stage, views.gates = wanted.stage, wanted.gates
        views.state = wanted.state


def _cell(plan: Plan, now: ReviewDesk, name: str, event: Event) -> None:
    pick(plan, now, name, str(event.get("rule") or ""))


def _select(_plan: Plan, now: ReviewDesk, name: str, _event: Event) -> None:
    now.picked = Picked(now.picked.rule)
    choose(community=name or None)


def _row(plan: Plan, now: ReviewDesk, name: str, _event: Event) -> None:
    subject, _, rest = name.partition("|")
    rule = rest.partition("|")[0]
    if rest:
        pick(plan, now, subject, rule)


def _clear(_plan: Plan, now: ReviewDesk, _name: str, _event: Event) -> None:
    now.picked = Picked()
    choose(community=None)


def _map(plan: Plan, now: ReviewDesk, name: str, _event: Event) -> None:
    views_of(now).show = "map"
    if name in plan.district.communities.index:
        go_to(id=name)


def _object(_plan: Plan, now: ReviewDesk, name: str, _event: Event) -> None:
    if now.review is None:
        return
    things = list_objects(now.review, [name])
    point = point_of(now.review, things[0]) if things else None
    if point is not None:
        views_of(now).show = "map"
        go_to(point=point)


def _rows(_plan: Plan, now: ReviewDesk, name: str, _event: Event) -> None:
    if name in LISTS:
        views_of(now).listed = name
    else:
        show_rows(now, name)


def _evidence(plan: Plan, _now: ReviewDesk, _name: str, event: Event) -> None:
    check_forms.take_evidence(plan, event)


_ACTS: dict[str, Callable[[Plan, ReviewDesk, str, Event], None]] = {
    "cell": _cell,
    "select": _select,
    "row": _row,
    "clear": _clear,
    "map": _map,
    "object": _object,
    "rows": _rows,
    "evidence": _evidence,
}


def _members(now: ReviewDesk, subject: str) -> list[str]:
    if now.review is None or not subject:
        return []
    table = now.review.checks.table
    levels = set(table.loc[table["subject_id"] == subject, "level"])
    units = now.review.checks.ground.unit_of
    if units is None or not levels & set(SPREAD):
        return []
    return sorted(units.index[units == subject])
