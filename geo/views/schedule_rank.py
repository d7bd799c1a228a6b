"""The ranking: sub-scores as stacked bars, and the weights beside them."""

from dataclasses import fields, replace
from functools import partial
from typing import Any

import streamlit as st

from geo.errors import RuleError
from geo.maps import STATE_LOOKS, Look
from geo.plan import Plan
from geo.policy_settings import ReserveSettings
from geo.reserve_gates import GATES
from geo.reserve_scores import PARTS
from geo.reserve_words import make_sensitivity_table
from geo.schema import State
from geo.views import review_work, work
from geo.views import site_blocks as blocks
from geo.views.panels import Block
from geo.views.review_work import ReviewDesk
from geo.views.schedule_told import Board, community_name
from geo.views.shapes import Parcel
from geo.views.state import choice
from geo.views.tables import pack_rows
from geo.views.widgets import say

#: Looks of the three factors, and of what could still be added.
PART_LOOKS = {
    "facilities": Look("#0072B2", stroke="#004B75"),
    "scheme": Look("#E69F00", stroke="#8A5F00"),
    "willingness": Look("#56B4E9", stroke="#2A6E96"),
}
MORE_LOOK = Look("#FFFFFF", hatch="#AEB7C0", stroke="#AEB7C0")
_GATE_LOOKS = {
    "ready": STATE_LOOKS[State.MET],
    "waiting": STATE_LOOKS[State.UNKNOWN],
    "out": STATE_LOOKS[State.SHORT],
}
_FULL = 100.0
#: Weights and factors of the score, and how far a click moves them.
_STEPS = {
    "weight_facilities": 5.0,
    "weight_scheme": 5.0,
    "weight_willingness": 5.0,
    "must_factor": 0.5,
    "hazard_share": 0.1,
    "bonus": 0.01,
}
_WRONG = "pq-schedule-weight-wrong"


def pack(now: ReviewDesk, board: Board) -> Parcel:
    """Return the rows of the ranking.

    Parameters
    ----------
    now, board
        The desk, and the plan.

    Returns
    -------
    Parcel
        Rows for ``table.js``.
    """
    key = ("schedule ranking", now.reviewed, choice().lang)

    def make() -> Parcel:
        table = board.ranking.table
        more = (table["score_most"] - table["score"]).round(2)
        points = [table[f"points_{part}"].round(2) for part in PARTS]
        year_of = board.schedule.year_of
        ids = [str(one) for one in table.index]
        columns: dict[str, list[Any]] = {
            "rank": [int(one) for one in table["rank"]],
            "name": [community_name(board.review, one) for one in ids],
            "unit": [_unit_name(board, one) for one in ids],
            "gate": [GATES.index(str(one)) for one in table["gate"]],
            "stack": [list(one) for one in zip(*points, more, strict=True)],
            "stack_sort": [float(one) for one in table["score"]],
            "score": [round(float(one), 1) for one in table["score"]],
            "shortfalls": [int(one) for one in table["shortfalls"]],
            "hazards": [int(one) for one in table["hazards"]],
            "year": [
                say("view.schedule.year", year=year_of[one]) if one in year_of else ""
                for one in ids
            ],
            "reason": [board.reasons[one] for one in ids],
        }
        return pack_rows(ids, columns)

    return work.shelf().view(key, make)


def table(rows: Parcel) -> dict[str, Any]:
    """Return how the ranking is shown.

    Parameters
    ----------
    rows
        Result of `pack`.

    Returns
    -------
    dict
        For ``table.js``.
    """
    looks = part_looks()
    columns = [
        _column("rank", "number", "44px"),
        _column("name", "text", "minmax(84px, 1.1fr)"),
        _column("unit", "text", "minmax(64px, .7fr)"),
        _column("gate", "class", "84px" if choice().lang == "zh" else "136px"),
        _column("stack", "stack", "minmax(150px, 3fr)", parts=looks, whole=_FULL),
        _column("score", "number", "52px", digits=1),
        _column("hazards", "number", "46px"),
        _column("year", "text", "66px"),
        _column("reason", "text", "minmax(90px, 2fr)"),
    ]
    return {
        "key": "schedule-ranking",
        "rows": rows.key,
        "columns": columns,
        "classes": [_GATE_LOOKS[one].told(say(f"reserve.gate.{one}")) for one in GATES],
        "title": say("view.schedule.rows.ranking", shown="{shown}", all="{all}"),
        "sort": ["rank", "up"],
        "selected": choice().community,
        "height": 640,
    }


def part_looks() -> list[dict[str, Any]]:
    """Return the looks of the parts of a score, and of what could still be added.

    Returns
    -------
    list of dict
        In the order of the bars.
    """
    looks = [PART_LOOKS[part].told(say(f"reserve.part.{part}")) for part in PARTS]
    return [*looks, MORE_LOOK.told(say("view.schedule.more"))]


def parts_legend() -> list[Block]:
    """Return what the colours of the bars stand for.

    Returns
    -------
    list of dict
        Blocks for ``panel.js``.
    """
    return [{"kind": "states", "items": [{"look": look} for look in part_looks()]}]


def show_weights(plan: Plan, now: ReviewDesk) -> None:
    """Show the weights of the score; a change is worked out at once.

    Parameters
    ----------
    plan, now
        The plan that is open, and the desk.
    """
    settings, defaults = now.reserve, plan.settings.reserve
    st.html(f'<div class="pq-sub">{say("view.schedule.weights.title")}</div>')
    places = st.columns(2, gap="small")
    for at, (name, step) in enumerate(_STEPS.items()):
        key = f"pq-schedule-weight-{name}"
        st.session_state[key] = float(getattr(settings, name))
        with places[at % 2]:
            st.number_input(
                _told(name, settings, defaults),
                min_value=0.0,
                step=step,
                format="%.2f" if step < 0.1 else "%.1f" if step < 1 else "%.0f",  # noqa: PLR2004 - digits of the step
                key=key,
                on_change=partial(_set_weight, plan, name, key),
                help=say(f"view.schedule.weights.help.{name}"),
            )
    changed = [
        one.name for one in fields(settings) if _changed(one.name, settings, defaults)
    ]
    st.button(
        say("view.units.set.restore"),
        key="pq-schedule-weights-restore",
        on_click=partial(_restore, plan),
        disabled=not changed,
    )
    if st.session_state.get(_WRONG):
        st.text(st.session_state[_WRONG])


def sensitivity(board: Board) -> list[Block]:
    """Return how much of the order depends on each weight.

    Parameters
    ----------
    board
        The plan.

    Returns
    -------
    list of dict
        Blocks for ``panel.js``.
    """
    items = []
    for row in make_sensitivity_table(board.ranking, choice().lang).to_dict("records"):
        way = "more" if row["factor"] > 1 else "less"
        name = say(f"view.schedule.weights.by.{way}", name=row["name"])
        key = "moved" if row["moved"] else "still"
        told = say(
            f"view.schedule.weights.{key}",
            moved=f"{row['moved']:,}",
            most=row["most"],
            name=community_name(board.review, row["community_id"])
            if row["community_id"]
            else "",
        )
        items.append({"id": name, "rank": "", "title": name, "note": told})
    return [
        blocks.sub(say("view.schedule.weights.moves")),
        {"kind": "list", "rows": items},
        blocks.text(say("view.schedule.weights.note"), soft=True),
    ]


def _unit_name(board: Board, community: str) -> str:
    unit = board.units.get(str(board.unit_of[community]))
    return "" if unit is None or len(unit.members) == 1 else unit.name


def _column(name: str, kind: str, width: str, **more: Any) -> dict[str, Any]:
    label = say(f"view.schedule.column.{name}")
    return {"name": name, "kind": kind, "label": label, "width": width, **more}


def _changed(name: str, settings: ReserveSettings, defaults: ReserveSettings) -> bool:
    return bool(getattr(settings, name) != getattr(defaults, name))


def _told(name: str, settings: ReserveSettings, defaults: ReserveSettings) -> str:
    key = "changed" if _changed(name, settings, defaults) else "default"
    label = say(f"view.schedule.weights.{name}")
    return say(
        f"view.units.set.{key}", name=label, value=f"{getattr(defaults, name):g}"
    )


def _set_weight(plan: Plan, name: str, key: str) -> None:
    settings = review_work.desk(plan).reserve
    try:
        made = replace(settings, **{name: float(st.session_state[key])})
    except RuleError as error:
        st.session_state[_WRONG] = error.message(choice().lang)
        return
    st.session_state.pop(_WRONG, None)
    review_work.set_settings(
        plan,
        "view.schedule.step.weight",
        reserve=made,
        name=say(f"view.schedule.weights.{name}"),
        value=f"{getattr(made, name):g}",
    )


def _restore(plan: Plan) -> None:
    st.session_state.pop(_WRONG, None)
    review_work.set_settings(
        plan, "view.schedule.step.weights_restored", reserve=plan.settings.reserve
    )
