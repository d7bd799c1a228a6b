"""The units that are shown, as files to take away."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
import pyogrio
import streamlit as st

from geo.decisions import dump_decisions
from geo.district import output_crs
from geo.exports import write_csv
from geo.plan import Plan
from geo.unit_drafts import Draft, draft_decisions
from geo.unit_files import make_unit_of_table, make_unit_table, unit_shapes
from geo.unit_inputs import judge_members
from geo.units import Units
from geo.views import unit_work
from geo.views.state import choice
from geo.views.unit_work import Desk
from geo.views.widgets import say

_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "gpkg": "application/geopackage+sqlite3",
    "json": "application/json",
}

Make = Callable[[Units, str], bytes]


def show(plan: Plan, now: Desk, draft: Draft) -> None:
    """Show a button for each kind of file.

    Parameters
    ----------
    plan, now, draft
        The plan, the desk and the units that are shown.
    """
    units = as_units(plan, now, draft)
    if units is None:
        return
    makers: dict[str, tuple[str, Make]] = {
        "units": ("units.csv", make_units_csv),
        "summary": ("unit_summary.csv", make_summary_csv),
        "xlsx": ("unit_summary.xlsx", make_xlsx),
        "gpkg": ("units.gpkg", make_gpkg),
        "json": ("scheme.json", make_json),
    }
    with st.container(key="pq-downloads", horizontal=True, vertical_alignment="center"):
        st.html(f'<span class="pq-note">{say("view.download.title")}</span>')
        for kind, (name, make) in makers.items():
            # the callable runs without session state: everything is passed
            st.download_button(
                say(f"view.units.file.{kind}"),
                data=partial(make, units, choice().lang),
                file_name=name,
                mime=_TYPES[name.rsplit(".", 1)[1]],
                key=f"pq-download-{kind}",
                on_click="ignore",
            )


def as_units(plan: Plan, now: Desk, draft: Draft) -> Units | None:
    """Return the units under the planner's hand as if they had been solved.

    Parameters
    ----------
    plan, now, draft
        The plan, the desk and its units.

    Returns
    -------
    Units or None
        None while nothing was solved. The pieces, and so the bound, are those of
        what was solved last.
    """
    if now.units is None:
        return None
    unit_of = pd.Series(dict(draft.unit_of), dtype="str", name="unit_id").sort_index()
    return replace(
        now.units,
        settings=now.settings,
        decisions=draft_decisions(draft, now.settings, whole=True),
        unit_of=unit_of,
        table=unit_work.measure(now, draft),
        eligibility=judge_members(plan.life_circle, unit_of),
    )


def make_units_csv(units: Units, _lang: str) -> bytes:
    """Return which community is in which unit, as CSV that Excel opens.

    Parameters
    ----------
    units, _lang
        The units, and the language.

    Returns
    -------
    bytes
        The file.
    """
    table = make_unit_of_table(units)
    return _through_file("units.csv", lambda path: write_csv(table, path))


def make_summary_csv(units: Units, lang: str) -> bytes:
    """Return one row per unit, as CSV that Excel opens.

    Parameters
    ----------
    units, lang
        The units, and the language.

    Returns
    -------
    bytes
        The file.
    """
    table = make_unit_table(units, lang)
    return _through_file("unit_summary.csv", lambda path: write_csv(table, path))


def make_xlsx(units: Units, lang: str) -> bytes:
    """Return one row per unit as a workbook without a live formula.

    Parameters
    ----------
    units, lang
        The units, and the language.

    Returns
    -------
    bytes
        The file.
    """
    table = make_unit_table(units, lang)
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    sheet = {"zh": "片区", "en": "units"}[lang]

    def write(path: Path) -> None:
        with pd.ExcelWriter(
            path, engine="xlsxwriter", engine_kwargs={"options": options}
        ) as book:
            table.to_excel(book, sheet_name=sheet, index=False)

    return _through_file("unit_summary.xlsx", write)


def make_gpkg(units: Units, lang: str) -> bytes:
    """Return the units with their outlines.

    Parameters
    ----------
    units, lang
        The units, and the language.

    Returns
    -------
    bytes
        The file; EPSG:4490 in China, else EPSG:4326.
    """
    layer = unit_shapes(units, lang).to_crs(output_crs(units.basis.district))
    return _through_file(
        "units.gpkg",
        lambda path: pyogrio.write_dataframe(layer, path, layer="units", driver="GPKG"),
    )


def make_json(units: Units, _lang: str) -> bytes:
    """Return the scheme as the command line reads it.

    Parameters
    ----------
    units, _lang
        The units, and the language.

    Returns
    -------
    bytes
        The file.
    """
    return dump_decisions(units.decisions).encode()


def _through_file(name: str, write: Callable[[Path], None]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="pianqu-") as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()
