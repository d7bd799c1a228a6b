"""What a ledger keeps in words: "2026-03-01/2026-03-28", "有/12万元", "3/2".

A ledger has one cell where the tables of evidence have several columns, or another
name for the same. :func:`spell_out` fills those columns where they are blank and
leaves the words where they stand.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from geo.cell_words import BLANKS
from geo.cells import parse_date, parse_flag, parse_number, plain
from geo.schema import Column

#: Columns that only the words of a ledger fill.
MADE = (
    Column("coordinated_plan_doc", "flag"),
    Column("coordinated_plan_date", "date"),
    Column("audit_issues_found", "count", least=0.0, most=1e6),
    Column("audit_issues_rectified", "count", least=0.0, most=1e6),
)

#: Other names of a ledger for columns of the tables of evidence.
SAME = {
    "survey_households": "survey_valid_households",
    "satisfied_households": "survey_satisfied",
    "utility_handover": "utilities_handed_over",
    "fund_utilities_cny": "fund_utility_cny",
}

_DATE = re.compile(
    r"(?:(\d{4})\s*[-/.年]\s*)?(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"|(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?"
)
_PASSED = frozenset(["合格", "通过", "验收合格", "已验收", "passed", "优良"])
_FAILED = frozenset(["不合格", "未通过", "验收不合格", "failed"])


def spell_out(frame: pd.DataFrame) -> pd.DataFrame:
    """Fill the columns that a ledger keeps in words or under other names.

    Parameters
    ----------
    frame
        Columns of one source.

    Returns
    -------
    pandas.DataFrame
        The same with further columns on its index; a cell that is there stays.
    """
    made = frame.copy()
    for old, new in SAME.items():
        if old in made:
            _fill(made, new, made[old])
    for name, parts in _PARTS.items():
        if name not in made:
            continue
        said = made[name].astype("object")
        values = [{} if _is_blank(cell) else _read(parts, str(cell)) for cell in said]
        for part in parts.makes:
            cells = pd.Series(
                [one.get(part) for one in values], made.index, dtype="object"
            )
            if part == name:
                made[name] = cells
            else:
                _fill(made, part, cells)
    return made


def parse_period(text: str) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
    """Make two days of a period.

    Parameters
    ----------
    text
        ``"2026-03-01/2026-03-28"``, ``"2026年3月1日至28日"``, ``"2026.3.1-3.28"`` ...

    Returns
    -------
    tuple
        First and last day, None where it is not told.

    Examples
    --------
    >>> parse_period("2026.3.1—3.28")[1]
    Timestamp('2026-03-28 00:00:00')
    """
    word = unicodedata.normalize("NFKC", text).strip()
    halves = _halves(word)
    first = _day_of(halves[0], None)
    last = _day_of(halves[1], first) if len(halves) > 1 else None
    return first, last


class _Parts:
    """How one cell is parted, and into which columns."""

    def __init__(
        self, makes: tuple[str, ...], read: Callable[[str], tuple[Any, ...]]
    ) -> None:
        self.makes = makes
        self.read = read


def _read(parts: _Parts, text: str) -> Mapping[str, Any]:
    return dict(zip(parts.makes, parts.read(text), strict=True))


def _fill(frame: pd.DataFrame, name: str, cells: pd.Series) -> None:
    if name in frame:
        old = frame[name].astype("object")
        frame[name] = old.where(old.notna(), cells.astype("object"))
    else:
        frame[name] = cells


def _is_blank(cell: Any) -> bool:  # noqa: ANN401 (whatever stands in a cell)
    return bool(pd.isna(cell)) or plain(cell) in BLANKS


def _halves(word: str) -> list[str]:
    """Part a period at the sign between its two days."""
    for sign in (r"\s*[至到~—–]+\s*", r"\s+-+\s+"):
        parts = re.split(sign, word)
        if len(parts) == 2:  # noqa: PLR2004 - from and to
            return parts
    found = list(_DATE.finditer(word))
    if len(found) == 2:  # noqa: PLR2004 - from and to
        return [found[0][0], found[1][0]]
    parts = word.split("/")
    return parts if len(parts) == 2 else [word]  # noqa: PLR2004 - from and to


def _day_of(text: str, first: pd.Timestamp | None) -> pd.Timestamp | None:
    """Read one day; the later one may leave out its year and month."""
    word = text.strip()
    if first is not None and re.fullmatch(r"\d{1,2}\s*日?", word):
        word = f"{first.year}-{first.month}-{word.rstrip('日 ')}"
    elif first is not None and not re.match(r"\d{4}", word):
        word = f"{first.year}-{word}"
    found = parse_date(word, late=first is not None)
    return None if found is None else found[0]


def _pair_numbers(text: str) -> tuple[float | None, float | None]:
    halves = [*plain(text).split("/"), ""][:2]
    found = [parse_number(half) for half in halves]
    return (
        None if found[0] is None else found[0][0],
        None if found[1] is None else found[1][0],
    )


def _flag_and_date(text: str) -> tuple[bool | None, pd.Timestamp | None]:
    """Read "有/2026-03-01", "有", "无" or only the date of a document."""
    word = unicodedata.normalize("NFKC", text).strip()
    flag = parse_flag(re.split(r"[/(,，;；\s]", word)[0])
    found = _DATE.search(word)
    day = None if found is None else parse_date(found[0])
    held = flag[0] if flag is not None else True if day is not None else None
    return held, None if day is None or not held else day[0]


def _fund_words(text: str) -> tuple[bool | None, float | None]:
    """Read "有", "无", "有/12万元" or only a balance."""
    first, _, rest = plain(text).partition("/")
    flag, number = parse_flag(first), parse_number(rest or first)
    if flag is None and number is not None:
        return number[0] > 0, number[0]
    return (
        None if flag is None else flag[0],
        None if number is None or not rest else number[0],
    )


def _acceptance(text: str) -> tuple[bool | None]:
    word = plain(text)
    if word in _PASSED or word in _FAILED:
        return (word in _PASSED,)
    flag = parse_flag(text)
    return (None if flag is None else flag[0],)


def _share(text: str) -> tuple[float | None]:
    """Read "60%" or "已完工"; a stage in words says no number."""
    number = parse_number(text)
    if number is not None and 0 <= number[0] <= 1:
        return (number[0],)
    done = plain(text) in {"完工", "已完工", "竣工", "已竣工"}
    return (1.0 if done else None,)


_PARTS: Mapping[str, _Parts] = {
    "consult_period": _Parts(("consult_start_date", "consult_end_date"), parse_period),
    "start_finish_date": _Parts(("start_date", "finish_date"), parse_period),
    "audit_issues": _Parts(
        ("audit_issues_found", "audit_issues_rectified"), _pair_numbers
    ),
    "vote_total_text": _Parts(("vote_total", "vote_area_total_m2"), _pair_numbers),
    "vote_yes_text": _Parts(("vote_yes", "vote_area_yes_m2"), _pair_numbers),
    "maintenance_fund": _Parts(
        ("maintenance_fund_established", "maintenance_fund_cny"), _fund_words
    ),
    "coordinated_plan_doc": _Parts(
        ("coordinated_plan_doc", "coordinated_plan_date"), _flag_and_date
    ),
    "acceptance_result": _Parts(("acceptance_passed",), _acceptance),
    "progress": _Parts(("progress_share",), _share),
}
