"""The tables of evidence as files: written back as CSV with Chinese headers.

Only tables that changed are written. What a file held besides (a title, rows that
were set aside, other sheets) is kept: the file that is replaced stays beside the new
one as ``<name>.bak``, unless the tool itself had written it.
"""

import io
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from geo.errors import InputError
from geo.evidence import Evidence, empty_table
from geo.evidence_read import find_tables, headers_of, read_table_file
from geo.evidence_schema import EVIDENCE
from geo.exports import write_csv
from geo.files import make_folder, replace_file
from geo.manifest import read_manifest
from geo.schema import Column
from geo.tables import read_table
from geo.text import data_dir, tr

BACKUP = ".bak"
_TEXT_FILES = (".csv", ".txt")


def write_evidence(
    evidence: Evidence,
    folder: Path,
    *,
    headers: pd.DataFrame | None = None,
    before: Evidence | None = None,
) -> list[Path]:
    """Write the tables of evidence that changed into a district folder.

    Parameters
    ----------
    evidence
        The tables.
    folder
        District folder.
    headers
        Headers of ledgers of the rule book; None: those built in.
    before
        What was read from the folder: a table that is still the same is left alone,
        even where somebody else has changed its file since. None: every table is
        compared with its file.

    Returns
    -------
    list of pathlib.Path
        The files written: ``<table>.csv``, or a text file that was there under
        another name. An Excel file becomes ``<name>.bak``. Tables without rows are
        written only where a file has some.

    Raises
    ------
    OutputError
        If the folder cannot be written; what was there is then as before.
    """
    known = load_headers() if headers is None else headers
    make_folder(folder)
    files = find_tables(folder, read_manifest(folder))
    written = []
    for name in EVIDENCE:
        old = [path for path in files.get(name, []) if path.is_file()]
        table = evidence.tables[name]
        same = before is not None and table.equals(before.tables[name])
        if same or _is_there(table, name, old, known):
            continue
        text = [path for path in old if path.suffix.lower() in _TEXT_FILES]
        target = text[0] if text else folder / f"{name}.csv"
        for path in old:
            if not _is_own(path, name, known):
                keep_aside(path)
        with replace_file(target) as temporary:
            write_table(table, name, temporary, headers=known)
        for path in old:
            if path != target:
                path.unlink()
        written.append(target)
    return written


def write_table(
    table: pd.DataFrame, name: str, path: Path, *, headers: pd.DataFrame | None = None
) -> None:
    """Write one table of evidence as CSV.

    Parameters
    ----------
    table
        Its rows.
    name
        Its name.
    path
        The file (UTF-8 with byte order mark).
    headers
        Headers of ledgers of the rule book; None: those built in.
    """
    known = load_headers() if headers is None else headers
    write_csv(spell_table(table, name, known), path)


def spell_table(table: pd.DataFrame, name: str, headers: pd.DataFrame) -> pd.DataFrame:
    """Write the cells of a table as offices do.

    Parameters
    ----------
    table
        A checked table.
    name
        Its name.
    headers
        Headers of ledgers of the rule book.

    Returns
    -------
    pandas.DataFrame
        Chinese headers, all cells text: days as ``2026-03-01``, flags as 是 and 否,
        words of a choice in Chinese; blank where unknown.
    """
    columns = {column.name: column for column in EVIDENCE[name].columns}
    words = find_headers(name, headers)
    said = {
        words.get(str(one), str(one)): [
            spell_cell(cell, columns.get(str(one), Column(str(one))))
            for cell in table[one]
        ]
        for one in table.columns
    }
    return pd.DataFrame(said, dtype="str")


def spell_cell(cell: object, column: Column, lang: str = "zh") -> str:
    """Write one cell as it is read back.

    Parameters
    ----------
    cell
        Value of a checked table.
    column
        Its column.
    lang
        Language of flags and words of a choice.

    Returns
    -------
    str
        Its text, ``""`` where unknown.
    """
    if cell is None or cell is pd.NaT or cell is pd.NA or cell != cell:  # noqa: PLR0124 - NaN
        return ""
    if isinstance(cell, pd.Timestamp):
        return f"{cell:%Y-%m-%d}"
    if isinstance(cell, bool | np.bool_):
        return tr("choice.yes" if cell else "choice.no", lang)
    if isinstance(cell, float):
        return repr(int(cell)) if cell.is_integer() else repr(float(cell))
    return tr(f"choice.{cell}", lang) if column.choices else str(cell)


def find_headers(name: str, headers: pd.DataFrame) -> dict[str, str]:
    """Return the Chinese header of every column of a table that has one.

    Parameters
    ----------
    name
        Name of the table.
    headers
        Headers of ledgers of the rule book.

    Returns
    -------
    dict
        Column to the first header without a factor that stands for it.
    """
    own = headers_of(name, headers)
    plain = own[own["factor"] == 1].drop_duplicates("column")
    return {
        str(column): str(header)
        for column, header in zip(plain["column"], plain["header"], strict=True)
    }


def keep_aside(path: Path) -> Path:
    """Copy a file beside itself before it is replaced.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    pathlib.Path
        The copy: ``<name>.bak``, or ``<name>.2.bak`` and so on.
    """
    number, copy = 1, path.with_name(path.name + BACKUP)
    while copy.exists():
        number += 1
        copy = path.with_name(f"{path.name}.{number}{BACKUP}")
    with replace_file(copy) as temporary:
        shutil.copy2(path, temporary)
    return copy


def load_headers() -> pd.DataFrame:
    """Return the headers of ledgers that are built in."""
    return read_table("ledger_headers", data_dir() / "rules" / "ledger_headers.csv")[0]


def _is_there(
    table: pd.DataFrame, name: str, old: list[Path], headers: pd.DataFrame
) -> bool:
    """Tell whether the files say the same already."""
    if len(old) > 1:
        return False
    found = _read_back(old[0], name, headers) if old else None
    return table.equals(empty_table(name) if found is None else found)


def _read_back(path: Path, name: str, headers: pd.DataFrame) -> pd.DataFrame | None:
    declared = read_manifest(path.parent).columns.get(name, {})
    try:
        return read_table_file(path, name, headers, declared=declared)[0]
    except InputError:
        return None


def _is_own(path: Path, name: str, headers: pd.DataFrame) -> bool:
    """Tell whether the tool wrote a file: writing what it says gives it again."""
    table = _read_back(path, name, headers)
    if table is None or path.suffix.lower() not in _TEXT_FILES:
        return False
    text = io.BytesIO()
    write_csv(spell_table(table, name, headers), text)
    return text.getvalue() == path.read_bytes()
