"""Frames as maps that stand alone: for notebooks, and as one HTML file to hand on.

Colours and signs of states are here once, for every map, table and chart. A map
asks nothing of the internet: what folium would load comes out of installed
packages. Names out of files are hostile input; all of them pass `entities`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
from branca.element import CssLink, Element, Figure, JavascriptLink

from geo.assets import FOLIUM_ASSETS, asset_text
from geo.files import write_text
from geo.schema import Certainty, State
from geo.text import DEFAULT_LANGUAGE, tr

#: The one colour for what can be clicked and for what is chosen.
ACCENT = "#0B5CAD"
INK = "#1F2933"
#: More communities than this carry no sign on a stand-alone map.
MOST_SIGNS = 600

_HATCH = "pq-hatch"
_FIELDS = ("name", "verdict", "note")
_HOSTILE = str.maketrans({char: f"&#{ord(char)};" for char in "&<>\"'\\${}`"})


@dataclass(frozen=True, slots=True)
class Look:
    """How a class looks everywhere.

    Attributes
    ----------
    fill
        Colour, None: without fill.
    hatch
        Colour of the hatching, None: none.
    stroke
        Colour of the outline.
    sign
        What says the same in grey print.
    ink
        Colour of the sign where it stands on paper.
    """

    fill: str | None
    hatch: str | None = None
    stroke: str = "#5F6B76"
    sign: str = ""
    ink: str = INK

    def told(self, label: str) -> dict[str, Any]:
        """Return this look and its words for a component.

        Parameters
        ----------
        label
            What the class is called.

        Returns
        -------
        dict
            Fields that have a value, and ``label``.
        """
        fields = {name: value for name, value in asdict(self).items() if value}
        return fields | {"label": label}


STATE_LOOKS = {
    State.MET: Look("#009E73", sign="●", stroke="#00664B", ink="#00664B"),
    State.SHORT: Look("#D55E00", sign="▲", stroke="#8A3D00", ink="#A84A00"),
    State.UNKNOWN: Look("#8C8C8C", sign="?", stroke="#5A5A5A", ink="#4A4A4A"),
    State.NO_DATA: Look("#D9D9D9", hatch="#8C8C8C", sign="∅", ink="#5A5A5A"),
    State.NOT_REQUIRED: Look(None, ink="#8C8C8C"),
}

#: Share of judged categories met, least first: cividis.
SHARE_LOOKS = tuple(
    Look(fill, stroke="#3B4754")
    for fill in ("#00204D", "#414D6B", "#7C7B78", "#BCAF6F", "#FFEA46")
)
#: Least share of each class but the first.
SHARE_LIMITS = (0.2, 0.4, 0.6, 0.8)
#: Looks of the shares, and of a community of which nothing could be judged.
JUDGED_LOOKS = (*SHARE_LOOKS, STATE_LOOKS[State.UNKNOWN])

#: Outline of each certainty: CSS word and pattern of dashes.
OUTLINES = {
    Certainty.CERTAIN: ("solid", None),
    Certainty.EDGE: ("dashed", "7 4"),
    Certainty.BORDERLINE: ("dotted", "1.5 4"),
}


def entities(text: object) -> str:
    r"""Return a text in which nothing can act as markup or script.

    Parameters
    ----------
    text
        Any value; None and not-a-number are an empty text.

    Returns
    -------
    str
        The text with ``& < > " ' \ $ { } ``` as numeric entities.

    Examples
    --------
    >>> entities("<b>${1}</b>")
    '&#60;b&#62;&#36;&#123;1&#125;&#60;/b&#62;'
    """
    if text is None or (isinstance(text, float) and np.isnan(text)):
        return ""
    return str(text).translate(_HOSTILE)


def share_class(share: float) -> int:
    """Return the class of a share of categories met.

    Parameters
    ----------
    share
        0 to 1; NaN: nothing could be judged.

    Returns
    -------
    int
        Position in `JUDGED_LOOKS`.
    """
    if np.isnan(share):
        return len(SHARE_LOOKS)
    return int(np.searchsorted(SHARE_LIMITS, share, side="right"))


def make_state_map(
    communities: gpd.GeoDataFrame,
    *,
    title: str,
    backdrop: Mapping[str, gpd.GeoDataFrame] | None = None,
    facilities: gpd.GeoDataFrame | None = None,
    lang: str = DEFAULT_LANGUAGE,
) -> folium.Map:
    """Draw the communities of a district by state.

    Parameters
    ----------
    communities
        Polygons with ``name``, ``state``, ``certainty`` (may be empty) and ``note``
        (a sentence), any CRS.
    title
        What the map shows.
    backdrop
        Lines and polygons to draw below: ``streets``, ``barriers``.
    facilities
        Points or polygons with ``name``, drawn as dots.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    folium.Map
        The map; it asks for nothing outside, see `make_offline`.
    """
    west, south, east, north = communities.to_crs(4326).total_bounds
    board = folium.Map(
        location=((south + north) / 2, (west + east) / 2),
        tiles=None,
        max_zoom=19,
        zoom_snap=0.25,
    )
    board.options["attributionControl"] = False
    for name, frame in (backdrop or {}).items():
        _add_backdrop(board, name, frame, lang)
    _add_communities(board, communities, lang)
    if facilities is not None and not facilities.empty:
        _add_facilities(board, facilities, lang)
    folium.LayerControl(collapsed=False).add_to(board)
    board.fit_bounds(((south, west), (north, east)))
    found = [state for state in STATE_LOOKS if (communities["state"] == state).any()]
    _add_frame(board, title, found, lang)
    return make_offline(board)


def make_offline(board: folium.Map) -> folium.Map:
    """Put what a map would load from outside into the map itself.

    Parameters
    ----------
    board
        Any map of folium's classes that `geo.assets.FOLIUM_ASSETS` knows.

    Returns
    -------
    folium.Map
        The same map.

    Raises
    ------
    OutputError
        If an asset wheel is not installed.
    KeyError
        If a class in use asks for an asset that is not known; nothing is then left
        to load from outside by mistake.
    """
    parts = [board, *_below(board)]
    for part in parts:
        for kind in ("default_js", "default_css"):
            for name, _ in getattr(part, kind, []):
                _inline(board, name, css=kind == "default_css")
            if hasattr(part, kind):
                setattr(part, kind, [])
    _drop_links(board)
    return board


def save_map(board: folium.Map, path: Path) -> None:
    """Write a map as one HTML file, wholly or not at all.

    Parameters
    ----------
    board
        The map.
    path
        The file to write.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    write_text(path, render_map(board))


def render_map(board: folium.Map) -> str:
    """Return a map as one HTML page.

    Parameters
    ----------
    board
        The map.

    Returns
    -------
    str
        The page.
    """
    page = str(make_offline(board).get_root().render())
    # folium's head links a style sheet of its own accord
    return page.replace("<html>", '<html lang="zh">', 1)


def _figure(board: folium.Map) -> Figure:
    root = board.get_root()
    if not isinstance(root, Figure):
        msg = "the map is not on a page of its own"
        raise TypeError(msg)
    return root


def _below(part: Element) -> list[Element]:
    children = list(part._children.values())  # noqa: SLF001 - branca has no public way
    return [*children, *(lower for child in children for lower in _below(child))]


def _inline(board: folium.Map, name: str, *, css: bool) -> None:
    source = FOLIUM_ASSETS[name]
    header = _figure(board).header
    key = f"pq_{name}"
    if source is None or key in header._children:  # noqa: SLF001 - as above
        return
    text = asset_text(*source)
    tag = ("style", "script")[not css]
    # braces of the asset are not to be read as a template
    body = "{% raw %}" + text.replace("</script", "<\\/script") + "{% endraw %}"
    header.add_child(Element(f"<{tag}>{body}</{tag}>"), name=key)


def _drop_links(board: folium.Map) -> None:
    header = _figure(board).header
    links = [
        key
        for key, child in header._children.items()  # noqa: SLF001 - as above
        if isinstance(child, CssLink | JavascriptLink)
    ]
    for key in links:
        del header._children[key]  # noqa: SLF001 - as above


def _add_backdrop(
    board: folium.Map, name: str, frame: gpd.GeoDataFrame, lang: str
) -> None:
    if frame.empty:
        return
    colours = {"river": "#A9CBE6", "railway": "#6B7280", "expressway": "#C9A227"}
    kinds = frame.get("kind")
    shapes = _plain(frame, {} if kinds is None else {"kind": kinds.map(entities)})

    def style(feature: dict[str, Any]) -> dict[str, Any]:
        kind = feature["properties"].get("kind")
        wide = 4.0 if kind in colours else 1.0
        colour = colours.get(kind, "#C3CAD1")
        return {
            "color": colour,
            "weight": wide,
            "fillColor": "#CFE3F2",
            "fillOpacity": 0.9,
            "fill": feature["geometry"]["type"].endswith("Polygon"),
        }

    folium.GeoJson(
        shapes,
        name=entities(tr(f"layer.{name}", lang)),
        style_function=style,
        interactive=False,
    ).add_to(board)


def _add_communities(board: folium.Map, frame: gpd.GeoDataFrame, lang: str) -> None:
    verdicts = frame["state"].map(
        {state: tr(f"state.{state}", lang) for state in State}
    )
    sure = frame["certainty"].map(
        {word: tr(f"certainty.{word}", lang) for word in Certainty}
    )
    said = verdicts.where(sure.isna(), verdicts + " · " + sure.fillna(""))
    values = {
        "name": frame["name"].map(entities),
        "verdict": said.map(entities),
        "note": frame["note"].map(entities),
        "state": frame["state"].astype(str),
        "certainty": frame["certainty"].fillna("").astype(str),
    }
    shapes = _plain(frame, values)
    folium.GeoJson(
        shapes,
        name=entities(tr("layer.communities", lang)),
        style_function=_style,
        highlight_function=lambda _: {"weight": 3, "color": ACCENT},
        tooltip=folium.GeoJsonTooltip(list(_FIELDS), labels=False, sticky=True),
    ).add_to(board)
    if len(frame) > MOST_SIGNS:
        return
    signs = folium.FeatureGroup(name=entities(tr("view.map.signs", lang)))
    inside = frame.geometry.representative_point().to_crs(4326)
    for point, state in zip(inside, frame["state"], strict=True):
        look = STATE_LOOKS[State(state)]
        icon = folium.DivIcon(
            html=f'<b style="color:{look.ink}">{look.sign}</b>',
            icon_size=(14, 14),
        )
        place = (point.y, point.x)
        folium.Marker(place, icon=icon, interactive=False).add_to(signs)
    signs.add_to(board)


def _style(feature: dict[str, Any]) -> dict[str, Any]:
    properties = feature["properties"]
    look = STATE_LOOKS[State(properties["state"])]
    sure = properties["certainty"]
    dashes = OUTLINES[Certainty(sure)][1] if sure else None
    return {
        "color": INK if dashes else look.stroke,
        "weight": 2.2 if dashes else 1,
        "dashArray": dashes,
        "fillColor": f"url(#{_HATCH})" if look.hatch else look.fill,
        "fillOpacity": 0.72 if look.fill else 0,
    }


def _add_facilities(board: folium.Map, frame: gpd.GeoDataFrame, lang: str) -> None:
    places = frame.set_geometry(frame.geometry.representative_point())
    shapes = _plain(places, {"name": places["name"].map(entities)})
    dot = folium.CircleMarker(
        radius=4, color="#FFFFFF", weight=1.4, fill_color=INK, fill_opacity=1
    )
    folium.GeoJson(
        shapes,
        name=entities(tr("layer.facilities", lang)),
        marker=dot,
        tooltip=folium.GeoJsonTooltip(["name"], labels=False),
    ).add_to(board)


def _plain(frame: gpd.GeoDataFrame, values: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """Return geometry in degrees, and nothing of the frame but what is named."""
    shapes = frame.geometry.to_crs(4326).set_precision(1e-6, mode="pointwise")
    plain = gpd.GeoDataFrame(dict(values), geometry=shapes.array, crs=4326)
    return plain.reset_index(drop=True)


def _add_frame(
    board: folium.Map, title: str, states: Sequence[State], lang: str
) -> None:
    rows = "".join(
        f'<div><i style="display:inline-block;width:14px;height:11px;margin-right:5px;'
        f'border:1px solid {look.stroke};{_swatch(look)}"></i>{look.sign} '
        f"{entities(tr(f'state.{state}', lang))}</div>"
        for state, look in ((state, STATE_LOOKS[state]) for state in states)
    )
    sure = "".join(
        f'<div><i style="display:inline-block;width:14px;height:0;margin:0 5px 3px 0;'
        f'border-top:2px {OUTLINES[word][0]} {INK}"></i>'
        f"{entities(tr(f'certainty.{word}', lang))}</div>"
        for word in (Certainty.EDGE, Certainty.BORDERLINE)
    )
    box = (
        '<div style="position:fixed;z-index:900;left:12px;bottom:12px;padding:8px 12px;'
        "background:rgba(255,255,255,.94);border-radius:5px;font:13px/1.6 "
        "'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif\">"
        f"<b>{entities(title)}</b>{rows}{sure}</div>"
    )
    pattern = (
        '<svg width="0" height="0" style="position:absolute"><defs>'
        f'<pattern id="{_HATCH}" width="7" height="7" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="7" height="7" fill="#D9D9D9"/>'
        '<line x1="0" y1="0" x2="0" y2="7" stroke="#8C8C8C" stroke-width="2"/>'
        "</pattern></defs></svg>"
    )
    paper = "<style>.leaflet-container{background:#F4F6F8}</style>"
    _figure(board).html.add_child(Element(paper + pattern + box))


def _swatch(look: Look) -> str:
    if look.hatch:
        lines = f"{look.hatch} 0 1px,transparent 1px 4px"
        return (
            f"background:repeating-linear-gradient(45deg,{lines});"
            f"background-color:{look.fill}"
        )
    return f"background:{look.fill or 'transparent'}"
