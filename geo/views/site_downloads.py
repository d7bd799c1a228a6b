"""The sites that are shown, as files to take away."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import streamlit as st

from geo.district import output_crs
from geo.exports import write_csv
from geo.maps import ACCENT, entities, make_offline, render_map
from geo.plan import Plan
from geo.site_files import make_site_table, make_unmet_table, site_shapes
from geo.siting import Sites
from geo.text import tr
from geo.views.site_fit import FIT_LOOKS, find_fit
from geo.views.site_need import HEAT, NONE_LOOK, find_limits, find_need
from geo.views.site_work import Desk
from geo.views.state import choice
from geo.views.widgets import say

_TYPES = {
    "csv": "text/csv",
    "gpkg": "application/geopackage+sqlite3",
    "html": "text/html",
}

Make = Callable[[Sites, str], bytes]


def show(_plan: Plan, now: Desk, sites: Sites) -> None:
    """Show a button for each kind of file.

    Parameters
    ----------
    _plan, now, sites
        The plan that is open, the desk, and the sites that are shown.
    """
    makers: dict[str, tuple[str, Make]] = {
        "sites": ("sites.csv", make_sites_csv),
        "unmet": ("unmet.csv", make_unmet_csv),
        "gpkg": ("sites.gpkg", make_gpkg),
        "html": ("sites.html", partial(make_html, category=now.category)),
    }
    with st.container(key="pq-downloads", horizontal=True, vertical_alignment="center"):
        st.html(f'<span class="pq-note">{say("view.download.title")}</span>')
        for kind, (name, make) in makers.items():
            # the callable runs without session state: everything is passed
            st.download_button(
                say(f"view.sites.file.{kind}"),
                data=partial(make, sites, choice().lang),
                file_name=name,
                mime=_TYPES[name.rsplit(".", 1)[1]],
                key=f"pq-download-{kind}",
                on_click="ignore",
            )


def make_sites_csv(sites: Sites, lang: str) -> bytes:
    """Return the proposals, as CSV that Excel opens.

    Parameters
    ----------
    sites, lang
        The sites, and the language.

    Returns
    -------
    bytes
        The file.
    """
    return _as_csv(make_site_table(sites, lang))


def make_unmet_csv(sites: Sites, lang: str) -> bytes:
    """Return who stays unserved, as CSV that Excel opens.

    Parameters
    ----------
    sites, lang
        The sites, and the language.

    Returns
    -------
    bytes
        The file.
    """
    return _as_csv(make_unmet_table(sites, lang))


def make_gpkg(sites: Sites, lang: str) -> bytes:
    """Return the proposals with the outlines of their resources.

    Parameters
    ----------
    sites, lang
        The sites, and the language.

    Returns
    -------
    bytes
        The file; EPSG:4490 in China, else EPSG:4326.
    """
    layer = site_shapes(sites, lang).to_crs(output_crs(sites.basis.district))
    return _through_file(
        "sites.gpkg",
        lambda path: pyogrio.write_dataframe(layer, path, layer="sites", driver="GPKG"),
    )


def make_html(sites: Sites, lang: str, category: str = "") -> bytes:
    """Return a map that asks nothing of the internet.

    Parameters
    ----------
    sites, lang
        The sites, and the language.
    category
        Category of the need that is drawn; empty: all.

    Returns
    -------
    bytes
        One HTML file: unserved households today, resources, proposals.
    """
    communities = sites.basis.district.communities
    west, south, east, north = communities.to_crs(4326).total_bounds
    middle = ((south + north) / 2, (west + east) / 2)
    board = folium.Map(location=middle, tiles=None, max_zoom=19, zoom_snap=0.25)
    board.options["attributionControl"] = False
    _add_need(board, sites, category, lang)
    _add_resources(board, sites, category, lang)
    _add_proposals(board, sites, category, lang)
    folium.LayerControl(collapsed=False).add_to(board)
    board.fit_bounds(((south, west), (north, east)))
    return render_map(make_offline(board)).encode()


def _add_need(board: folium.Map, sites: Sites, category: str, lang: str) -> None:
    need = find_need(sites, category, after=False)
    limits = find_limits(need["households"].to_numpy())
    values = need["households"]
    key = f"view.sites.map.lacking{'' if category else '_times'}"
    words = values.map(
        lambda value: (
            tr("view.sites.map.unknown", lang)
            if pd.isna(value)
            else tr(key, lang, value=f"{value:,.0f}")
        )
    )
    guess = words.map(lambda text: tr("view.sites.estimated_of", lang, value=text))
    words = words.where(~need["estimated"], guess)
    fill = values.map(lambda value: _heat(value, limits))
    shapes = _plain(
        sites.basis.district.communities,
        {"name": sites.basis.names, "note": words, "fill": fill},
    )
    title = tr("view.sites.map.before", lang, name=_category(sites, category, lang))
    folium.GeoJson(
        shapes,
        name=entities(title),
        style_function=_style,
        tooltip=folium.GeoJsonTooltip(["name", "note"], labels=False, sticky=True),
    ).add_to(board)


def _heat(value: float, limits: list[int]) -> str:
    if np.isnan(value):
        return "#8C8C8C"
    if value <= 0:
        return str(NONE_LOOK.fill)
    at = sum(value >= limit for limit in limits)
    return str(HEAT[round(at * (len(HEAT) - 1) / max(1, len(limits)))].fill)


def _add_resources(board: folium.Map, sites: Sites, category: str, lang: str) -> None:
    idle = sites.basis.district.idle
    if idle.empty:
        return
    fit = find_fit(sites, category)["state"]
    notes = fit.map(lambda code: tr(f"view.sites.fit.{code}", lang))
    fill = fit.map(lambda code: FIT_LOOKS[code].fill or "#FFFFFF")
    shapes = _plain(
        idle, {"name": sites.basis.resource_names, "note": notes, "fill": fill}
    )
    folium.GeoJson(
        shapes,
        name=entities(tr("layer.idle", lang)),
        style_function=_style,
        tooltip=folium.GeoJsonTooltip(["name", "note"], labels=False),
    ).add_to(board)


def _add_proposals(board: folium.Map, sites: Sites, category: str, lang: str) -> None:
    shapes = site_shapes(sites, lang)
    shapes = shapes[(shapes["category"] == category) | (category == "")]
    if shapes.empty:
        return
    points = shapes.set_geometry(shapes.geometry.representative_point())
    made = _plain(
        points,
        {
            "name": points["category_name"] + " · " + points["name"],
            "note": points["reason"],
        },
    )
    dot = folium.CircleMarker(
        radius=7, color="#FFFFFF", weight=2, fill_color=ACCENT, fill_opacity=1
    )
    folium.GeoJson(
        made,
        name=entities(tr("view.sites.map.site", lang)),
        marker=dot,
        tooltip=folium.GeoJsonTooltip(["name", "note"], labels=False),
    ).add_to(board)


def _style(feature: dict[str, Any]) -> dict[str, Any]:
    fill = feature["properties"]["fill"]
    return {"color": "#3B4754", "weight": 1, "fillColor": fill, "fillOpacity": 0.7}


def _plain(frame: gpd.GeoDataFrame, values: dict[str, Any]) -> gpd.GeoDataFrame:
    """Return geometry in degrees with words in which nothing acts as markup."""
    shapes = frame.geometry.to_crs(4326).set_precision(1e-6, mode="pointwise")
    plain = {
        name: pd.Series(column).reindex(frame.index).map(entities).to_numpy()
        for name, column in values.items()
    }
    return gpd.GeoDataFrame(plain, geometry=shapes.array, crs=4326)


def _category(sites: Sites, category: str, lang: str) -> str:
    if not category:
        return tr("view.sites.all", lang)
    return sites.basis.circle.rules.category_name(category, lang)


def _as_csv(table: pd.DataFrame) -> bytes:
    return _through_file("table.csv", lambda path: write_csv(table, path))


def _through_file(name: str, write: Callable[[Path], None]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="pianqu-") as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()
