"""The page 片区: which communities are renovated together, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import shapely
import streamlit as st

from geo.neighbours import explain_pairs
from geo.plan import Plan
from geo.unit_drafts import Draft
from geo.unit_edits import (
    EDITS,
    declare_crossing,
    move_communities,
    withdraw_crossing,
)
from geo.views import (
    layers,
    mapview,
    schemes,
    unit_bar,
    unit_downloads,
    unit_panel,
    unit_rows,
    unit_status,
    unit_told,
    unit_work,
    work,
)
from geo.views.shapes import Parcel
from geo.views.state import choice, choose, go_to, tell_address
from geo.views.unit_map import (
    colour_units,
    differing,
    outline_parcel,
    pair_links,
    show_units_map,
    unit_legend,
    unit_style,
)
from geo.views.unit_told import names_of, unit_title
from geo.views.unit_work import Desk
from geo.views.widgets import Event, say, send_parcels, show_panel, show_table

_PAIR = 2
#: Outlines of units that are kept besides those that are shown.
_OUTLINES = 2_000


def show() -> None:
    """Show the page."""
    opened = work.bench().opened
    if opened is None:
        st.text(say("view.empty.no_district"))
        return
    parcels = layers.backdrop(opened.district)
    plan = work.plan()
    if plan is not None:
        parcels |= {"gates": layers.gates(opened.district, plan.network)}
    send_parcels(layers.listed(parcels))
    if plan is None:
        st.html(f'<div class="pq-note">{say("view.units.no_plan")}</div>')
        mapview.show_waiting(parcels)
        return
    now = unit_work.follow(plan)
    _follow_link(plan, now)
    now.watched = (now.run, now.trouble)
    # always there, so that what comes and goes in it does not move the map's place
    with st.container(key="pq-unit-status"):
        if now.run is not None:
            unit_status.watch_run(plan)
        unit_status.show_trouble(now)
    _show_rest(plan, parcels)


@st.fragment
def _show_rest(plan: Plan, parcels: dict[str, Parcel]) -> None:
    mapview.turn_page()
    now = unit_work.follow(plan)
    if (now.run, now.trouble) != now.watched:
        # the work and what went wrong are told outside of this fragment
        st.rerun()
    draft = now.history.now if now.history else _preview(now)
    if draft is None:
        mapview.show_waiting(parcels)
        return
    table = unit_work.measure(now, draft) if now.units else _bare(draft)
    # made before anything is shown: meanwhile the last picture stays
    other = schemes.other_units(plan, now) if now.against else None
    pictures = [_picture(plan, now, draft, table, keep=True)]
    if other is not None:
        pictures.append(_picture(plan, now, *other, keep=False))
    if now.units is not None:
        show_panel(
            "numbers",
            [unit_told.numbers(now, draft, table)],
            lambda one: _told(plan, one),
        )
    with st.container(key="pq-unit-bar", horizontal=True, vertical_alignment="center"):
        unit_bar.show(plan, now)
        schemes.show(plan, now)
        _show_note(now)
    _send(*pictures)
    if other is None:
        _show_one(plan, now, pictures[0], parcels)
    else:
        _show_two(plan, now, pictures, parcels)
    if now.units is not None and now.history is not None:
        unit_downloads.show(plan, now, draft)
    tell_address()


def _show_one(
    plan: Plan, now: Desk, picture: "_Picture", parcels: Mapping[str, Parcel]
) -> None:
    draft, table = picture.draft, picture.table
    with st.container(key="pq-bench"):
        left, right = st.columns([2, 1], gap="small")
        with left:
            _show_map("units", plan, now, picture, parcels)
        with right:
            if now.units is None:
                blocks = [{"kind": "text", "text": say("view.units.preview")}]
            else:
                blocks = unit_panel.blocks(plan, now, draft, table)
            subject = " ".join(now.picked)
            show_panel(
                "side",
                blocks,
                lambda one: _told(plan, one),
                subject=subject,
                height=mapview.HEIGHT,
            )
    if now.units is None:
        return
    names = names_of(now)
    rows = unit_rows.pack(plan, table, names, now.shown)
    send_parcels([rows], key="unit-rows")
    units = draft.units_of(now.picked)
    chosen = units[0] if len(units) == 1 else None
    show_table(
        "unit-list",
        unit_rows.table(rows, now.shown, chosen),
        lambda one: _told(plan, one),
    )


def _show_two(
    plan: Plan,
    now: Desk,
    pictures: Sequence["_Picture"],
    parcels: Mapping[str, Parcel],
) -> None:
    mine, other = pictures
    linked = {
        "link": "schemes",
        "differ": differing(mine.draft.unit_of, other.draft.unit_of),
    }
    with st.container(key="pq-bench"):
        left, right = st.columns(2, gap="small")
        with left:
            title = say("view.units.scheme.current")
            _show_map("units", plan, now, mine, parcels, title=title, **linked)
        with right:
            title = say("view.units.scheme.other", name=now.against)
            _show_map("other", plan, now, other, parcels, title=title, **linked)
    sums, sums_table = schemes.measure_rows(now, mine.table, other.table)
    rows, rows_table = schemes.difference_rows(now, mine.draft, other.draft)
    send_parcels([sums, rows], key="unit-rows")
    with st.container(key="pq-compare"):
        left, right = st.columns([2, 3], gap="small")
    with left:
        show_table("measures", sums_table, lambda _: None)
    with right:
        show_table(
            "differences",
            rows_table,
            lambda one: _told(plan, {"kind": "pick", "ids": [one["id"]]}),
        )


@dataclass(frozen=True, eq=False)
class _Picture:
    """Units as the map shows them."""

    draft: Draft
    table: pd.DataFrame
    colours: pd.Series
    style: Parcel
    outlines: Parcel


def _picture(
    plan: Plan, now: Desk, draft: Draft, table: pd.DataFrame, *, keep: bool
) -> _Picture:
    """Colour the units; with `keep` they keep these colours from now on."""
    communities = plan.district.communities
    unit_of = pd.Series(dict(draft.unit_of), dtype="str")
    colours = colour_units(unit_of, _pairs(now), before=now.colours)
    if keep:
        found = unit_of.map(colours)
        now.colours = {str(one): int(at) for one, at in found.items()}
    content = (plan.district.fingerprint, tuple(sorted(draft.unit_of.items())))
    if len(now.outlines) > _OUTLINES + 4 * len(unit_of):
        now.outlines.clear()
    outlines = work.shelf().view(
        ("unit outlines", content),
        lambda: outline_parcel(communities, unit_of, kept=now.outlines),
    )
    style = unit_style(table, unit_of, communities, colours=colours, drawn=draft.drawn)
    return _Picture(draft, table, colours, style, outlines)


def _send(*pictures: _Picture) -> None:
    """Send each parcel once, though two schemes may have the same outlines."""
    parcels = [part for one in pictures for part in (one.style, one.outlines)]
    send_parcels({part.key: part for part in parcels}.values(), key="units")


def _show_map(
    key: str,
    plan: Plan,
    now: Desk,
    picture: _Picture,
    parcels: Mapping[str, Parcel],
    **more: Any,
) -> None:
    draft = picture.draft
    mine = key == "units" and now.history is not None
    links = _links(now, draft) if mine else []
    show_units_map(
        key,
        plan.district,
        parcels,
        lambda one: _told(plan, one),
        style=picture.style,
        outlines=picture.outlines,
        legend=unit_legend(
            picture.table,
            colours=picture.colours,
            drawn=draft.drawn,
            links=links,
            compared="differ" in more,
        ),
        multi=mine,
        keys=mine,
        selection=now.picked if mine else (),
        links=links,
        actions=_actions(draft, now.picked) if mine and now.run is None else [],
        stale=now.run is not None,
        **more,
    )


def _pairs(now: Desk) -> pd.DataFrame:
    if now.units is not None:
        return now.units.basis.neighbours.pairs
    return pd.DataFrame({"a": [], "b": []}, dtype="str")


def _links(now: Desk, draft: Draft) -> list[dict[str, str]]:
    if now.units is None:
        return []
    pairs = _pairs(now)
    picked = now.picked if len(now.picked) <= _PAIR else ()
    near = pairs[pairs["a"].isin(picked) | pairs["b"].isin(picked)]
    notes = explain_pairs(near, names_of(now), choice().lang)
    return pair_links(
        near,
        picked,
        notes,
        locked=sorted(draft.locked),
        forbidden=sorted(draft.forbidden),
    )


def _actions(draft: Draft, picked: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the buttons on the map; a wish that stands is offered to be taken back."""
    chosen = set(picked)
    pair = tuple(sorted(chosen)) if len(chosen) == _PAIR else ()
    held = {
        "unlock": any(chosen.issuperset(one) for one in draft.locked),
        "allow": any(chosen.issuperset(one) for one in draft.forbidden),
        "include": bool(chosen) and chosen <= draft.excluded,
        "uncross": pair in draft.crossings,
    }
    names = [
        ("merge", 2),
        ("split", 1),
        ("scatter", 1),
        ("unlock" if held["unlock"] else "lock", 2),
        ("allow" if held["allow"] else "forbid", 2),
        ("include" if held["include"] else "exclude", 1),
        ("uncross" if held["uncross"] else "crossing", 2),
    ]
    return [
        {
            "id": name,
            "label": say(f"view.units.act.{name}"),
            "title": say(f"view.units.act_help.{name}"),
            "least": least,
            **({"most": _PAIR} if name in {"crossing", "uncross"} else {}),
        }
        for name, least in names
    ]


def _preview(now: Desk) -> Draft | None:
    rough = now.run.live.preview if now.run else None
    return None if rough is None else Draft({str(k): str(v) for k, v in rough.items()})


def _bare(draft: Draft) -> pd.DataFrame:
    groups = draft.groups()
    kinds = ["joint" if len(members) > 1 else "single" for members in groups.values()]
    counts = [len(members) for members in groups.values()]
    return pd.DataFrame({"kind": kinds, "communities": counts}, index=list(groups))


def _show_note(now: Desk) -> None:
    if now.note is None:
        return
    key, values = now.note
    st.text(say(key, **values))


# ------------------------------------------------------------------ what was clicked


def _told(plan: Plan, event: Event) -> None:
    now = unit_work.desk(plan)
    kind = event["kind"]
    if kind == "undo":
        unit_work.undo(now)
    elif kind == "redo":
        unit_work.redo(now)
    elif kind in {"selection", "pick", "select"}:
        found = event.get("ids", [event.get("id")])
        pick(now, [str(one) for one in found if one], go=kind == "pick", plan=plan)
    elif kind in {"unit", "row"}:
        draft = now.history.now if now.history else None
        pick(now, draft.members(str(event["id"])) if draft else (), go=True, plan=plan)
    elif kind == "rows":
        now.shown = "" if now.shown == event["id"] else str(event["id"])
    elif kind == "action":
        act(now, str(event["id"]), [str(one) for one in event["ids"]])
    elif kind == "act":
        act(now, str(event["id"]), list(now.picked))
    elif kind == "move":
        _move(now, str(event["id"]))
    elif kind == "wish":
        _take_back(now, str(event["id"]), [str(one) for one in event["ids"]])
    else:
        mapview.act(event)


def pick(now: Desk, ids: Iterable[str], *, go: bool, plan: Plan) -> None:
    """Select communities.

    Parameters
    ----------
    now
        The desk.
    ids
        The communities.
    go
        Whether the map goes there.
    plan
        The plan that is open.
    """
    now.picked = tuple(ids)
    choose(community=now.picked[-1] if now.picked else None)
    if go and now.picked:
        shapes = plan.district.communities.geometry.reindex(list(now.picked))
        middle = shapely.centroid(shapely.union_all(shapes.envelope.to_numpy()))
        point = type(shapes)([middle], crs=plan.district.crs).to_crs(4326).iloc[0]
        go_to(point=[round(point.x, 6), round(point.y, 6)])


def act(now: Desk, name: str, ids: list[str]) -> None:
    """Do what a button asks for.

    Parameters
    ----------
    now
        The desk.
    name
        Name of the edit.
    ids
        The communities it is for.
    """
    if now.history is None:
        return
    draft = now.history.now
    if name == "clear":
        now.picked = ()
        choose(community=None)
    elif name == "release_all":
        unit_work.edit(now, EDITS["release"](draft, draft.unit_of), "release")
    elif name in {"crossing", "uncross"} and len(ids) == _PAIR:
        edit = declare_crossing if name == "crossing" else withdraw_crossing
        unit_work.edit(now, edit(draft, *ids), name)
    elif name in EDITS and ids:
        unit_work.edit(now, EDITS[name](draft, ids), name, count=str(len(ids)))


def _move(now: Desk, unit: str) -> None:
    if now.history is None or now.units is None:
        return
    draft = now.history.now
    title = unit_title(unit, draft.members(unit), names_of(now))
    unit_work.edit(now, move_communities(draft, now.picked, unit), "move", unit=title)


def _take_back(now: Desk, wish: str, ids: list[str]) -> None:
    names = {
        "locked": "unlock",
        "forbidden": "allow",
        "crossing": "uncross",
        "excluded": "include",
    }
    act(now, names[wish], ids)


def _follow_link(plan: Plan, now: Desk) -> None:
    """Select the community that the link or another page has chosen."""
    wanted = choice().community
    if wanted in now.picked or wanted not in plan.district.communities.index:
        return
    now.picked = (str(wanted),)


show()
