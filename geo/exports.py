"""Result tables as CSV that Excel and programs read alike."""

from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

#: Excel takes a CSV for UTF-8 only if it begins with a byte order mark.
ENCODING = "utf-8-sig"

#: Excel runs a cell that begins so as a formula, also from a CSV.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(frame: pd.DataFrame, path: Path | IO[bytes]) -> None:
    """Write a result table as CSV (UTF-8 with byte order mark, LF).

    Parameters
    ----------
    frame
        The table; its index is not written. Missing cells stay empty.
    path
        The file, by its path or open for bytes.

    Notes
    -----
    A text that a spreadsheet would run as a formula (from a name in an uploaded
    file) gets a leading apostrophe, unless it is a number.
    """
    safe = frame.copy()
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            safe[name] = defuse_formulas(frame[name])
    safe.to_csv(path, index=False, encoding=ENCODING, lineterminator="\n")


def defuse_formulas(texts: pd.Series) -> pd.Series:
    """Put an apostrophe before texts that a spreadsheet would run.

    Parameters
    ----------
    texts
        Texts; missing values stay missing.

    Returns
    -------
    pandas.Series
        The same texts on the same index, each formula made harmless.

    Examples
    --------
    >>> defuse_formulas(pd.Series(["=1+1", "-12.5", "吉大"])).tolist()
    ["'=1+1", '-12.5', '吉大']
    """
    plain = texts.astype("str")
    # few cells begin so: only these are looked at one by one
    runs = plain.str.startswith(FORMULA_STARTS, na=False).to_numpy(
        dtype=bool, copy=True
    )
    found = [_is_formula(text) for text in texts[runs]]
    runs[runs] = np.array(found, dtype=bool)
    return texts.where(~runs, "'" + plain) if runs.any() else texts


def _is_formula(text: object) -> bool:
    return isinstance(text, str) and not _is_number(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
