"""The ledger of issues to be rectified (整改台账): what is open, late, incomplete."""

from datetime import date

import numpy as np
import pandas as pd

#: How an issue stands.
CLOSED, CLOSED_LATE, PENDING = "closed", "closed_late", "pending"
OVERDUE, UNDATED = "overdue", "undated"

#: Cells without which a row of the ledger is incomplete.
NEEDED = ("issue", "responsible", "due")

#: What misuse of funds is called (严禁截留、挪用; Yunnan: 挤占、截留和挪用); the rest
#: are other words of auditors for the same.
MISUSE_WORDS = ("截留", "挪用", "挤占", "侵占", "套取", "冒领", "挪作他用")

FUNDS = "funds"

_NOTE = r"^\s*(\d+)(?:\.0)?\s*(?:[/／]\s*(\d+))?\s*$"


def judge_issues(table: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Tell how each issue of the ledger stands.

    Parameters
    ----------
    table
        Table ``rectification`` of the evidence.
    as_of
        Day on which it is judged; what is closed later is still open.

    Returns
    -------
    pandas.DataFrame
        The rows by `id`, sorted, with `status` (``closed``; ``closed_late``: closed
        after it was due; ``pending``: open, not yet due; ``overdue``; ``undated``:
        open, and nobody said when it is due), `lacking` (cells of `NEEDED` that are
        empty, and `evidence` where it is closed without, joined by ``|``), `misuse`
        (``yes``: its words name misuse of funds; ``unknown``: it is about funds and
        has no words; ``no``).
    """
    rows = table.assign(id=table["id"].astype("str")).set_index("id").sort_index()
    today = pd.Timestamp(as_of)
    closed = rows["closed_date"] <= today
    due = rows["due"]
    late = (rows["closed_date"] > due).to_numpy(dtype=np.bool_)
    status = np.select(
        [closed & late, closed, due.isna(), due < today],
        [CLOSED_LATE, CLOSED, UNDATED, OVERDUE],
        PENDING,
    )
    return rows.assign(
        status=status,
        lacking=_name_lacking(rows, closed.to_numpy(dtype=np.bool_)),
        misuse=_find_misuse(rows),
    )


def count_noted(notes: pd.Series) -> tuple[int, int, int]:
    """Add up notes of the ledger such as ``3/2``: issues, and those rectified.

    Parameters
    ----------
    notes
        Notes by community (`audit_issues`), ``3/2`` or a number of issues.

    Returns
    -------
    tuple of int
        Communities with a note, issues, and those rectified.
    """
    parts = notes.astype("str").str.extract(
        r"^\s*(\d+)(?:\.0)?\s*(?:[/／]\s*(\d+))?\s*$"
    )
    numbers = parts.astype("float64")
    known = numbers[numbers[0].notna()]
    done = known[1].where(known[0] > 0, 0.0).fillna(0.0)
    return len(known), int(known[0].sum()), int(done.sum())


def _name_lacking(rows: pd.DataFrame, closed: np.ndarray) -> pd.Series:
    named = pd.Series("", index=rows.index, dtype="object")
    for column in (*NEEDED, "evidence"):
        empty = rows[column].isna().to_numpy(dtype=np.bool_)
        if column == "evidence":
            empty = empty & closed
        joined = named.where(named == "", named + "|") + column
        named = joined.where(empty, named)
    return named


def _find_misuse(rows: pd.DataFrame) -> np.ndarray:
    words = rows["issue"].fillna("").astype("str").str.strip()
    named = words.str.contains("|".join(MISUSE_WORDS), regex=True)
    mute = (rows["kind"] == FUNDS) & (words == "")
    return np.select([named, mute], ["yes", "unknown"], "no")
