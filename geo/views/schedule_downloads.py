"""Ranking and plan, as files to take away."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from geo.exports import write_csv
from geo.plan_files import round_columns
from geo.reserve_words import make_ranking_table
from geo.schedule import make_schedule_table
from geo.views.schedule_told import Board
from geo.views.state import choice
from geo.views.widgets import say

Make = Callable[[Board, str], bytes]


def show(board: Board) -> None:
    """Show a button for each file.

    Parameters
    ----------
    board
        The plan.
    """
    makers: dict[str, tuple[str, Make]] = {
        "ranking": ("ranking.csv", make_ranking_csv),
        "schedule": ("schedule.csv", make_schedule_csv),
        "left": ("left_out.csv", make_left_csv),
        "funds": ("funds.csv", make_funds_csv),
    }
    with st.container(key="pq-downloads", horizontal=True, vertical_alignment="center"):
        st.html(f'<span class="pq-note">{say("view.download.title")}</span>')
        for kind, (name, make) in makers.items():
            # the callable runs without session state: everything is passed
            st.download_button(
                say(f"view.schedule.file.{kind}"),
                data=partial(make, board, choice().lang),
                file_name=name,
                mime="text/csv",
                key=f"pq-download-schedule-{kind}",
                on_click="ignore",
            )


def make_ranking_csv(board: Board, lang: str) -> bytes:
    """Return the ranking, as CSV that Excel opens.

    Parameters
    ----------
    board, lang
        The plan, and the language.

    Returns
    -------
    bytes
        The file.
    """
    return _as_csv(make_ranking_table(board.ranking, lang))


def make_schedule_csv(board: Board, lang: str) -> bytes:
    """Return the plan by units and years, as CSV that Excel opens.

    Parameters
    ----------
    board, lang
        The plan, and the language.

    Returns
    -------
    bytes
        The file.
    """
    return _as_csv(make_schedule_table(board.schedule, lang))


def make_left_csv(board: Board, lang: str) -> bytes:
    """Return what is left out and what it would need, as CSV that Excel opens.

    Parameters
    ----------
    board, lang
        The plan, and the language of the sentences that it was made in.

    Returns
    -------
    bytes
        The file.
    """
    del lang
    table = board.schedule.left_out.copy()
    table["reason"] = [board.said.get(str(one), "") for one in table.index]
    return _as_csv(table.reset_index())


def make_funds_csv(board: Board, lang: str) -> bytes:
    """Return the funds of each year and source, as CSV that Excel opens.

    Parameters
    ----------
    board, lang
        The plan, and the language.

    Returns
    -------
    bytes
        The file.
    """
    del lang
    return _as_csv(board.schedule.funds)


def _as_csv(table: pd.DataFrame) -> bytes:
    with tempfile.TemporaryDirectory(prefix="pianqu-") as name:
        path = Path(name) / "table.csv"
        write_csv(round_columns(table), path)
        return path.read_bytes()
