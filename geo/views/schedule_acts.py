"""What a click on the page of the plan by years does."""

from collections.abc import Callable

from geo.plan import Plan
from geo.views import mapview, review_work
from geo.views.review_work import Picked, ReviewDesk
from geo.views.schedule_told import LISTS, Board, board_of, views_of
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
    board = board_of(now)
    kind = str(event["kind"])
    found = event.get("id")
    name = "" if found is None else str(found)
    if kind in _DECIDE and board is not None and name in board.units:
        decide(plan, board, kind, name, event.get("year"))
    elif kind in _ACTS:
        _ACTS[kind](now, board, name)
    else:
        mapview.act(event)


def decide(
    plan: Plan, board: Board, kind: str, name: str, year: float | None = None
) -> None:
    """Fix the year of a unit, keep it out, or let the solver decide again.

    Parameters
    ----------
    plan
        The plan that is open.
    board
        What is shown.
    kind
        ``"pin"``, ``"bar"`` or ``"free"``.
    name
        The unit.
    year
        The year it is pinned to.
    """
    unit = board.units[name]
    key = f"view.schedule.step.{kind}"
    if kind == "pin" and year is not None:
        at = int(year)
        review_work.pin(plan, unit.members, at, key, name=unit.name, at=str(at))
    elif kind == "bar":
        review_work.bar(plan, unit.members, key, out=True, name=unit.name)
    elif kind == "free":
        pinned = any(one in dict(review_work.desk(plan).pinned) for one in unit.members)
        if pinned:
            review_work.pin(plan, unit.members, None, key, name=unit.name)
        else:
            review_work.bar(plan, unit.members, key, out=False, name=unit.name)


def _unit(now: ReviewDesk, board: Board | None, name: str) -> None:
    if board is None or name not in board.units:
        return
    again = now.picked.subject == name and choice().community is None
    now.picked = Picked(now.picked.rule, "" if again else name)
    choose(community=None)
    if not again:
        go_to(id=board.units[name].members[0])


def _go_unit(_now: ReviewDesk, board: Board | None, name: str) -> None:
    if board is not None and name in board.units:
        go_to(id=board.units[name].members[0])


def _select(now: ReviewDesk, _board: Board | None, name: str) -> None:
    now.picked = Picked(now.picked.rule)
    choose(community=name or None)


def _card(now: ReviewDesk, board: Board | None, name: str) -> None:
    _select(now, board, name)
    go_to(id=name)


def _row(now: ReviewDesk, board: Board | None, name: str) -> None:
    # by what it is, not by the list: a click may be on the list that was shown before
    first = name.partition("|")[0]
    if board is not None and first in board.units and first not in board.unit_of.index:
        _unit(now, board, first)
    elif board is not None and first in board.unit_of.index:
        _card(now, board, first)


def _clear(now: ReviewDesk, _board: Board | None, _name: str) -> None:
    now.picked = Picked()
    choose(community=None)


def _list(now: ReviewDesk, _board: Board | None, name: str) -> None:
    if name in LISTS:
        views_of(now).listed = name


_DECIDE = frozenset({"pin", "bar", "free"})
_ACTS: dict[str, Callable[[ReviewDesk, Board | None, str], None]] = {
    "unit": _unit,
    "go_unit": _go_unit,
    "select": _select,
    "community_card": _card,
    "row": _row,
    "clear": _clear,
    "list": _list,
}
