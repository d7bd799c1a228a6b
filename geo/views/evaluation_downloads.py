"""The evaluation as files to take away."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from geo.evaluation_files import write_evaluation
from geo.exports import write_csv
from geo.indicator_tables import make_indicators_table, make_parts_table
from geo.indicators import Indicators
from geo.views.state import choice
from geo.views.widgets import say

_OFFICE = "application/vnd.openxmlformats-officedocument"
_MIMES = {
    ".csv": "text/csv",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".docx": f"{_OFFICE}.wordprocessingml.document",
}


def show(found: Indicators) -> None:
    """Show a button for each file.

    Parameters
    ----------
    found
        The indicators that are shown.
    """
    lang = choice().lang
    files: dict[str, tuple[str, Callable[[], bytes]]] = {
        "xlsx": ("evaluation.xlsx", partial(make_file, found, lang, ".xlsx")),
        "docx": ("evaluation.docx", partial(make_file, found, lang, ".docx")),
        "csv": ("indicators.csv", partial(make_indicators_csv, found, lang)),
        "parts": ("indicator_parts.csv", partial(make_parts_csv, found, lang)),
    }
    with st.container(key="pq-downloads", horizontal=True, vertical_alignment="center"):
        st.html(f'<span class="pq-note">{say("view.download.title")}</span>')
        for kind, (name, make) in files.items():
            # the callable runs without session state: everything is passed
            st.download_button(
                say(f"view.evaluation.download.{kind}"),
                data=make,
                file_name=name,
                mime=_MIMES[Path(name).suffix],
                key=f"pq-evaluation-download-{kind}",
                on_click="ignore",
                help=say(f"view.evaluation.download.{kind}_help"),
            )


def make_file(found: Indicators, lang: str, suffix: str) -> bytes:
    """Return the self-evaluation.

    Parameters
    ----------
    found, lang
        The indicators, and the language.
    suffix
        ``.xlsx`` or ``.docx``.

    Returns
    -------
    bytes
        The file.
    """
    return _through_file(
        f"evaluation{suffix}", lambda path: write_evaluation(found, path, lang=lang)
    )


def make_indicators_csv(found: Indicators, lang: str) -> bytes:
    """Return the 20 indicators as CSV that Excel opens.

    Parameters
    ----------
    found, lang
        The indicators, and the language.

    Returns
    -------
    bytes
        The file, as the command line writes ``indicators.csv``.
    """
    table = make_indicators_table(found, lang)
    return _through_file("table.csv", lambda path: write_csv(table, path))


def make_parts_csv(found: Indicators, lang: str) -> bytes:
    """Return all parts as CSV that city and province read.

    Parameters
    ----------
    found, lang
        The indicators, and the language.

    Returns
    -------
    bytes
        The file.
    """
    table = make_parts_table(found, lang)
    return _through_file("table.csv", lambda path: write_csv(table, path))


def _through_file(name: str, write: Callable[[Path], None]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="pianqu-") as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()
