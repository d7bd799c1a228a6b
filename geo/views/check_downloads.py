"""The clauses as files to take away, and tables to fill in."""

import io
import tempfile
import zipfile
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from geo.district import name_communities
from geo.evidence_files import write_table
from geo.evidence_schema import EVIDENCE
from geo.exports import write_csv
from geo.review import Review
from geo.views.state import choice
from geo.views.widgets import say

_CSV = "text/csv"
#: Tables that this tool fills, or that stand in for a layer.
_OWN = ("ledger", "overrides", "last_indicators")
#: Header of the column that says which community a row is about.
_NAME = "小区名称"


def show(review: Review) -> None:
    """Show a button for each file.

    Parameters
    ----------
    review
        What was reviewed.
    """
    lang = choice().lang
    files = {
        "checks": ("checks.csv", _CSV, partial(make_checks_csv, review, lang)),
        "collect": ("to_collect.csv", _CSV, partial(make_collect_csv, review, lang)),
        "blank": (
            "pianqu-blank.zip",
            "application/zip",
            partial(make_blank_zip, review),
        ),
    }
    with st.container(key="pq-downloads", horizontal=True, vertical_alignment="center"):
        st.html(f'<span class="pq-note">{say("view.download.title")}</span>')
        for kind, (name, mime, make) in files.items():
            # the callable runs without session state: everything is passed
            st.download_button(
                say(f"view.checks.download.{kind}"),
                data=make,
                file_name=name,
                mime=mime,
                key=f"pq-check-download-{kind}",
                on_click="ignore",
            )


def make_checks_csv(review: Review, lang: str) -> bytes:
    """Return every clause for every subject as CSV that Excel opens.

    Parameters
    ----------
    review, lang
        What was reviewed, and the language of its sentences.

    Returns
    -------
    bytes
        The file, as the command line writes ``checks.csv``.
    """
    return _as_csv(review.checks.render(lang))


def make_collect_csv(review: Review, lang: str) -> bytes:
    """Return what is to be collected as CSV that Excel opens.

    Parameters
    ----------
    review, lang
        What was reviewed, and the language of its sentences.

    Returns
    -------
    bytes
        The file.
    """
    return _as_csv(review.checks.collect(lang))


def make_blank_zip(review: Review) -> bytes:
    """Return the tables of evidence to fill in, with what is known already.

    Parameters
    ----------
    review
        What was reviewed.

    Returns
    -------
    bytes
        One CSV per table, with headers; those per community have a row for each
        community, and its name.
    """
    made = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="pianqu-") as name:
        folder = Path(name)
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for table in EVIDENCE:
                if table in _OWN:
                    continue
                path = folder / f"{table}.csv"
                write_table(fill_rows(review, table), table, path)
                archive.write(path, path.name)
    return made.getvalue()


def fill_rows(review: Review, name: str) -> pd.DataFrame:
    """Return a table of evidence with a row for every community.

    Parameters
    ----------
    review
        What was reviewed.
    name
        Name of the table.

    Returns
    -------
    pandas.DataFrame
        The rows that there are, and blank ones; a table that is not per community as
        it is.
    """
    table = review.evidence.tables[name]
    if not EVIDENCE[name].per_community:
        return table
    called = name_communities(review.plan.district.communities)
    known = set(table["community_id"])
    rest = [one for one in called.index if one not in known]
    more = pd.DataFrame({"community_id": pd.Series(rest, dtype="str")})
    whole = pd.concat([table, more.reindex(columns=table.columns)], ignore_index=True)
    names = called.reindex(whole["community_id"]).fillna("")
    return whole.assign(**{_NAME: names.to_numpy()})


def _as_csv(table: pd.DataFrame) -> bytes:
    with tempfile.TemporaryDirectory(prefix="pianqu-") as folder:
        path = Path(folder) / "table.csv"
        write_csv(table, path)
        return path.read_bytes()
