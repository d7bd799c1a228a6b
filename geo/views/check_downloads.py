"""The clauses as files to take away, and tables to fill in."""

import io
import tempfile
import zipfile
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from geo.evidence import Evidence, empty_table
from geo.evidence_files import write_evidence
from geo.evidence_schema import EVIDENCE
from geo.exports import write_csv
from geo.review import Review
from geo.views.state import choice
from geo.views.widgets import say

_CSV = "text/csv"


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
        One CSV per table: those per community with a row for each community.
    """
    communities = review.plan.district.communities
    evidence = Evidence()
    for name, shape in EVIDENCE.items():
        table = review.evidence.tables[name]
        if not shape.per_community:
            rows = table if len(table) else empty_table(name)
            evidence = evidence.with_table(name, rows)
            continue
        known = set(table["community_id"])
        rest = [one for one in communities.index if one not in known]
        more = pd.DataFrame({"community_id": pd.Series(rest, dtype="str")})
        whole = pd.concat([table, more], ignore_index=True) if len(table) else more
        evidence = evidence.with_table(name, whole.reindex(columns=table.columns))
    return pack_tables(evidence)


def pack_tables(evidence: Evidence) -> bytes:
    """Return tables of evidence as a zip.

    Parameters
    ----------
    evidence
        The tables.

    Returns
    -------
    bytes
        The files that `geo.evidence_files.write_evidence` writes.
    """
    made = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="pianqu-") as name:
        folder = Path(name)
        write_evidence(evidence, folder)
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, path.name)
    return made.getvalue()


def _as_csv(table: pd.DataFrame) -> bytes:
    with tempfile.TemporaryDirectory(prefix="pianqu-") as folder:
        path = Path(folder) / "table.csv"
        write_csv(table, path)
        return path.read_bytes()
