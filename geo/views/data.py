"""The page 数据: what did I give it, and can it be trusted."""

import re
from collections.abc import Hashable, Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import streamlit as st

from geo.district import District
from geo.findings import render_findings
from geo.schema import Severity
from geo.views import layers, mapview, panels, work
from geo.views.shapes import Parcel, pack_shapes
from geo.views.state import choice, choose, go_to, tell_address
from geo.views.tables import pack_rows, plain
from geo.views.widgets import Event, say, send_parcels, show_panel, show_table, words

_SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_LOOKS = {
    Severity.ERROR: {"fill": "#A4262C", "sign": "✕"},
    Severity.WARNING: {"fill": "#B7791F", "sign": "!"},
    Severity.INFO: {"fill": "#5F6B76", "sign": "i"},
}

#: English words of the EPSG register -> Chinese ones.
_CRS_WORDS = (
    (r" / (\d)-degree Gauss-Kruger", r" \1 度带高斯-克吕格投影"),
    (r" CM (\d+)E", r"，中央经线 \1°E"),
    (r" zone (\d+)", r"，第 \1 带"),
    (r" / UTM", " UTM 投影"),
    (r"^[Uu]nknown$|^[Uu]nnamed$", "未命名"),
)


def show() -> None:
    """Show the page."""
    _show_open()
    opened = work.bench().opened
    if opened is None:
        st.text(say("view.empty.no_district"))
        return
    plan = work.plan()
    raw = opened.district.findings if plan is None else plan.findings
    parcels = layers.backdrop(opened.district)
    places = find_places(opened.district, raw)
    if len(places):
        parcels["findings"] = _pack_places(opened.district, raw, places)
    send_parcels(layers.listed(parcels))
    _show_rest(parcels, opened.district, raw, places)


@st.fragment
def _show_rest(
    parcels: dict[str, Parcel],
    district: District,
    raw: pd.DataFrame,
    places: gpd.GeoSeries,
) -> None:
    mapview.turn_page()
    rows = finding_rows(district, raw)
    send_parcels([rows], key="more")
    show_panel("numbers", [_numbers(district, raw)], mapview.act)
    with st.container(key="pq-bench"):
        left, right = st.columns([2, 1], gap="small")
        with left:
            mapview.show_district(
                "data",
                district,
                parcels,
                mapview.select,
                marks=_marks(places),
                legend=_legend(raw, places),
            )
        with right:
            blocks = _layers(district)
            show_panel("side", blocks, mapview.act, height=mapview.HEIGHT)
    show_table("findings", _table(rows), lambda event: _picked(event, places))
    tell_address()


def find_places(district: District, raw: pd.DataFrame) -> gpd.GeoSeries:
    """Return where findings lie, by the row that each is about.

    Parameters
    ----------
    district
        The checked layers.
    raw
        Findings; a row that was set aside has no place any more.

    Returns
    -------
    geopandas.GeoSeries
        One point per finding that has one, EPSG:4326; index: position in `raw`.
    """
    found: dict[int, Any] = {}
    for layer, rows in raw.reset_index(drop=True).groupby("layer"):
        frame = getattr(district, str(layer), None)
        if frame is None or not len(frame):
            continue
        at = frame.index.get_indexer(rows["id"])
        points = frame.geometry.representative_point().to_numpy()
        found |= {
            row: points[place]
            for row, place in zip(rows.index, at, strict=True)
            if place >= 0
        }
    kept = {row: point for row, point in found.items() if point is not None}
    series = gpd.GeoSeries(kept, crs=district.crs).sort_index()
    return series.to_crs(4326)


def finding_rows(district: District, raw: pd.DataFrame) -> Parcel:
    """Return the table of findings in the session's language.

    Parameters
    ----------
    district
        Its fingerprint is the key.
    raw
        Findings.

    Returns
    -------
    Parcel
        Rows for ``table.js``; ids are positions in `raw`.
    """
    lang = choice().lang

    def make() -> Parcel:
        said = render_findings(raw.reset_index(drop=True), lang)
        names = words("layer")
        columns = {
            "severity": [
                _SEVERITIES.index(Severity(word)) for word in said["severity"]
            ],
            "layer": [names.get(layer, layer) for layer in said["layer"]],
            "row": [None if pd.isna(row) else int(row) + 1 for row in said["row"]],
            "id": plain(said["id"]),
            "message": list(said["message"]),
            "action": list(said["action"]),
        }
        return pack_rows([str(at) for at in range(len(said))], columns)

    key = ("finding rows", district.fingerprint, len(raw), choice().profile, lang)
    rows: Parcel = work.shelf().view(key, make)
    return rows


def crs_words(name: object) -> str:
    """Return the name of a coordinate system in the session's language.

    Parameters
    ----------
    name
        Its name in the EPSG register, or nothing.

    Returns
    -------
    str
        The name; zones and meridians are said in Chinese where that is chosen.
    """
    if not isinstance(name, str):
        return ""
    if choice().lang != "zh":
        return name
    said = name
    for pattern, words_zh in _CRS_WORDS:
        said = re.sub(pattern, words_zh, said)
    return said


def _show_open() -> None:
    opened = work.bench().opened
    sample = opened is not None and opened.origin == "sample"
    with st.container(key="pq-open", border=True):
        left, right = st.columns([2, 1], gap="medium", vertical_alignment="top")
        with left:
            files = st.file_uploader(
                say("view.data.upload"),
                accept_multiple_files=True,
                key=f"pq-files-{st.session_state.get('pq-uploads', 0)}",
            )
            st.html(f'<span class="pq-hint-line">{say("view.data.formats")}</span>')
        with right:
            if files:
                st.button(
                    say("view.data.open_files"),
                    key="pq-open-files",
                    type="primary",
                    on_click=_open_files,
                    width="stretch",
                )
            if not sample:
                st.button(
                    say("view.data.open_sample"),
                    key="pq-open-sample",
                    on_click=work.open_folder,
                    args=(work.sample_folder(),),
                    width="stretch",
                )
            st.html(f'<span class="pq-hint-line">{say("view.data.private")}</span>')


def _open_files() -> None:
    count = st.session_state.get("pq-uploads", 0)
    files = st.session_state.get(f"pq-files-{count}") or []
    if files:
        work.open_files([(file.name, file.getvalue()) for file in files])
        # a fresh uploader: the bytes are not kept longer than needed
        st.session_state["pq-uploads"] = count + 1


def _numbers(district: District, raw: pd.DataFrame) -> panels.Block:
    table = district.layers
    severity = raw["severity"]
    counts = {
        "layers": (len(table), "view.unit.layers", district.name),
        "rows": (int(table["rows_used"].sum()), "view.unit.rows", ""),
        "aside": (int(table["rows_set_aside"].sum()), "view.unit.rows", ""),
        "errors": (int((severity == Severity.ERROR).sum()), "view.unit.findings", ""),
        "warnings": (
            int((severity == Severity.WARNING).sum()),
            "view.unit.findings",
            "",
        ),
    }
    items = [
        {
            "label": say(f"view.data.{name}"),
            "value": f"{count:,}",
            "unit": say(unit),
            "note": note or say(f"view.data.{name}_note"),
        }
        for name, (count, unit, note) in counts.items()
    ]
    return {"kind": "numbers", "items": items}


def _layers(district: District) -> list[panels.Block]:
    names = words("layer")
    given: list[panels.Block] = []
    derived: list[panels.Block] = []
    for row in district.layers.to_dict("records"):
        aside = int(row["rows_set_aside"])
        entry = {
            "id": row["layer"],
            "rank": "",
            "title": names.get(row["layer"], row["layer"]),
            "note": _source_words(row, district),
            "value": say(
                "view.data.used_aside" if aside else "view.data.used",
                used=f"{int(row['rows_used']):,}",
                aside=f"{aside:,}",
            ),
        }
        (derived if row["derived"] else given).append(entry)
    crs = say("view.data.crs", name=crs_words(district.crs.name))
    blocks: list[panels.Block] = [
        {"kind": "heading", "title": say("view.data.given"), "note": crs},
        {"kind": "list", "rows": given},
    ]
    if derived:
        note = say("view.data.derived_note")
        blocks.append(
            {"kind": "heading", "title": say("view.data.derived"), "note": note}
        )
        blocks.append({"kind": "list", "rows": derived})
    return blocks


def _source_words(row: Mapping[Hashable, Any], district: District) -> str:
    other = row["crs"] != district.crs.name
    parts = [
        row["source"] or say(row["taken_as"]),
        crs_words(row["crs"]) if other else "",
    ]
    return " · ".join(part for part in parts if isinstance(part, str) and part)


def _pack_places(
    district: District, raw: pd.DataFrame, places: gpd.GeoSeries
) -> Parcel:
    severity = raw["severity"].reset_index(drop=True).loc[places.index]
    frame = gpd.GeoDataFrame(geometry=places.to_crs(district.crs))
    said = render_findings(raw.reset_index(drop=True).loc[places.index], choice().lang)
    extra = {"codes": list(severity), "notes": list(said["message"])}
    names = [say(f"severity.{word}") for word in severity]
    return pack_shapes("findings", frame, names=names, extra=extra)


def _marks(places: gpd.GeoSeries) -> list[list[float]]:
    chosen = st.session_state.get("pq-finding")
    if chosen is None or int(chosen) not in places.index:
        return []
    point = places.loc[int(chosen)]
    return [[round(point.x, 6), round(point.y, 6)]]


def _legend(raw: pd.DataFrame, places: gpd.GeoSeries) -> dict[str, Any]:
    severity = raw["severity"].reset_index(drop=True).loc[places.index]
    rows = [
        {
            "look": _LOOKS[word],
            "label": say(f"severity.{word}"),
            "count": say(
                "view.data.places", value=f"{int((severity == word).sum()):,}"
            ),
        }
        for word in _SEVERITIES
    ]
    return {"title": say("view.data.legend"), "rows": rows}


def _table(rows: Parcel) -> dict[str, Any]:
    def column(name: str, kind: str, width: str) -> dict[str, Any]:
        label = say(f"view.column.{name}")
        return {"name": name, "kind": kind, "label": label, "width": width}

    columns = [
        column("severity", "class", "84px"),
        column("layer", "text", "96px"),
        column("row", "year", "64px"),
        column("id", "text", "96px"),
        column("message", "text", "minmax(240px, 3fr)"),
        column("action", "text", "minmax(200px, 2fr)"),
    ]
    classes = [
        {**_LOOKS[word], "label": say(f"severity.{word}")} for word in _SEVERITIES
    ]
    return {
        "key": "findings",
        "rows": rows.key,
        "columns": columns,
        "classes": classes,
        "title": say("view.data.findings", shown="{shown}", all="{all}"),
        "sort": ["severity", "up"],
        "selected": st.session_state.get("pq-finding"),
    }


def _picked(event: Event, places: gpd.GeoSeries) -> None:
    st.session_state["pq-finding"] = event["id"]
    at = int(event["id"])
    if at in places.index:
        point = places.loc[at]
        choose(community=None)
        go_to(point=[round(point.x, 6), round(point.y, 6)])


show()
