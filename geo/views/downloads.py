"""What is shown, as files to take away."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import streamlit as st

from geo.district import output_crs
from geo.exports import write_csv
from geo.maps import make_state_map, render_map
from geo.plan import Plan
from geo.plan_files import make_gaps_table
from geo.views.board import Board
from geo.views.state import Choice, choice
from geo.views.widgets import say

_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "gpkg": "application/geopackage+sqlite3",
    "html": "text/html",
}


def show(plan: Plan, board: Board) -> None:
    """Show a button for each kind of file.

    Parameters
    ----------
    plan, board
        The results.
    """
    now = choice()
    makers: dict[str, Callable[[Plan, Board, Choice], bytes]] = {
        "csv": make_csv,
        "xlsx": make_xlsx,
        "gpkg": make_gpkg,
        "html": make_html,
    }
    with st.container(key="pq-downloads", horizontal=True, vertical_alignment="center"):
        st.html(f'<span class="pq-note">{say("view.download.title")}</span>')
        for kind, make in makers.items():
            # the callable runs without session state: everything is passed
            st.download_button(
                say(f"view.download.{kind}"),
                data=partial(make, plan, board, now),
                file_name=f"{_stem(now)}.{kind}",
                mime=_TYPES[kind],
                key=f"pq-download-{kind}",
                on_click="ignore",
            )


def make_table(plan: Plan, now: Choice) -> pd.DataFrame:
    """Return the rows that are shown, whole.

    Parameters
    ----------
    plan
        The results.
    now
        What is shown.

    Returns
    -------
    pandas.DataFrame
        Rows of ``gaps.csv``: of the chosen category, or of all.
    """
    table = make_gaps_table(plan, now.lang)
    if now.category:
        table = table[table["category"] == now.category]
    return table


def make_csv(plan: Plan, _board: Board, now: Choice) -> bytes:
    """Return the rows as CSV that Excel opens.

    Parameters
    ----------
    plan, _board, now
        The results, and what is shown.

    Returns
    -------
    bytes
        The file.
    """
    table = make_table(plan, now)
    return _through_file("gaps.csv", lambda path: write_csv(table, path))


def make_xlsx(plan: Plan, _board: Board, now: Choice) -> bytes:
    """Return the rows as a workbook without a live formula.

    Parameters
    ----------
    plan, _board, now
        The results, and what is shown.

    Returns
    -------
    bytes
        The file.
    """
    table = make_table(plan, now)

    def write(path: Path) -> None:
        options = {"strings_to_formulas": False, "strings_to_urls": False}
        with pd.ExcelWriter(
            path, engine="xlsxwriter", engine_kwargs={"options": options}
        ) as book:
            table.to_excel(book, sheet_name=say_sheet(now), index=False)

    return _through_file("gaps.xlsx", write)


def say_sheet(now: Choice) -> str:
    """Return the name of the sheet.

    Parameters
    ----------
    now
        Its language.

    Returns
    -------
    str
        At most 31 characters.
    """
    return {"zh": "缺口", "en": "gaps"}[now.lang]


def make_gpkg(plan: Plan, _board: Board, now: Choice) -> bytes:
    """Return the rows with the outlines of the communities.

    Parameters
    ----------
    plan, _board, now
        The results, and what is shown.

    Returns
    -------
    bytes
        The file; EPSG:4490 in China, else EPSG:4326.
    """
    table = make_table(plan, now)
    shapes = plan.district.communities.geometry.loc[table["community_id"]]
    layer = gpd.GeoDataFrame(table, geometry=shapes.array, crs=plan.district.crs)
    layer = layer.to_crs(output_crs(plan.district))
    return _through_file(
        "gaps.gpkg",
        lambda path: pyogrio.write_dataframe(layer, path, layer="gaps", driver="GPKG"),
    )


def make_html(plan: Plan, board: Board, now: Choice) -> bytes:
    """Return the map as one page that asks nothing of the internet.

    Parameters
    ----------
    plan, board, now
        The results, and what is shown.

    Returns
    -------
    bytes
        The page; without a chosen category, of the first.
    """
    category = now.category or board.categories[0]
    at = board.categories.index(category)
    communities = plan.district.communities[["name", "geometry"]].copy()
    communities["state"] = board.verdicts(now)[:, at]
    communities["certainty"] = board.columns["certainty"][:, at]
    communities["note"] = board.columns["reason"][:, at]
    if now.lang != plan.settings.lang:
        told = plan.life_circle.explain(now.lang)
        communities["note"] = told.to_numpy()[board.rows_of(at)]
    found = plan.district.facilities
    page = make_state_map(
        communities,
        title=plan.rules.category_name(category, now.lang),
        backdrop={
            "barriers": plan.district.barriers,
            "streets": plan.district.streets[["geometry"]],
        },
        facilities=found[found["category"] == category],
        lang=now.lang,
    )
    return render_map(page).encode()


def _stem(now: Choice) -> str:
    return f"pianqu-{now.category or 'all'}"


def _through_file(name: str, write: Callable[[Path], None]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="pianqu-") as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()
