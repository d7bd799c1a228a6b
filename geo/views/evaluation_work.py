"""What the page of the indicators shows, and of whom: the district, or several."""

import hashlib
import re
from collections.abc import Hashable
from dataclasses import dataclass

import pandas as pd

from geo.errors import InputError
from geo.indicator_basis import evaluated_year
from geo.indicator_merge import merge_indicators
from geo.indicator_rules import list_indicators
from geo.indicator_tables import make_parts_table, read_parts
from geo.indicators import Indicators, measure_indicators
from geo.review import Review
from geo.views import work
from geo.views.review_work import ReviewDesk
from geo.views.state import choice
from geo.views.widgets import say

#: What other counties are put together into.
LEVELS = ("city", "province")
#: What stands between the names of counties that are typed.
_BETWEEN = re.compile(r"[、，,;；\n]+")


@dataclass(frozen=True, eq=False)
class CountyFile:
    """The indicators of another county, as they were uploaded.

    Attributes
    ----------
    name
        Name of the file.
    digest
        SHA-256 of its content.
    rows
        Its parts.
    """

    name: str
    digest: str
    rows: pd.DataFrame


@dataclass(eq=False)
class EvaluationViews:
    """What the page shows of the evaluation.

    Attributes
    ----------
    show
        ``"table"`` or ``"map"``.
    indicator, part
        What is selected; ``""``: nothing, and the first figure.
    state
        Only indicators with this state, ``""``: all.
    year
        Year that is evaluated; 0: that of the next report.
    level
        ``"county"``, or what several counties are put together into.
    own
        Whether this district is one of them.
    expected
        Counties that belong to it, as typed.
    files
        The other counties.
    wrong
        Sentences about files that could not be read.
    turn
        How often the files were cleared: the field for them is then a new one.
    """

    show: str = "table"
    indicator: str = ""
    part: str = ""
    state: str = ""
    year: int = 0
    level: str = "county"
    own: bool = True
    expected: str = ""
    files: tuple[CountyFile, ...] = ()
    wrong: tuple[str, ...] = ()
    turn: int = 0

    @property
    def merged(self) -> bool:
        """Whether several counties are shown."""
        return self.level != "county" and bool(self.files or self.own)

    @property
    def key(self) -> Hashable:
        """What the indicators depend on besides the review."""
        if not self.merged:
            return (self.year,)
        digests = tuple(sorted(one.digest for one in self.files))
        return (self.year, self.level, self.own, self.expected, digests)


def views_of(now: ReviewDesk) -> EvaluationViews:
    """Return what the page shows, kept on the desk.

    Parameters
    ----------
    now
        The desk.

    Returns
    -------
    EvaluationViews
        Its choices.
    """
    found = now.views.setdefault("evaluation", EvaluationViews())
    return found if isinstance(found, EvaluationViews) else EvaluationViews()


def year_of(review: Review, views: EvaluationViews) -> int:
    """Return the year that is evaluated.

    Parameters
    ----------
    review, views
        The review, and what is shown of it.

    Returns
    -------
    int
        As chosen, else that of the next report.
    """
    return views.year or evaluated_year(review.checks.ground.as_of)


def find_indicators(now: ReviewDesk, review: Review) -> Indicators:
    """Return the indicators that are shown.

    Parameters
    ----------
    now, review
        The desk, and its last good review.

    Returns
    -------
    Indicators
        Of the district, or of all counties together.
    """
    views = views_of(now)

    def make() -> Indicators:
        own = _measure(review, views)
        return _merge(own, views) if views.merged else own

    return work.shelf().view(
        ("indicators", now.reviewed, views.key, choice().lang), make
    )


def take_files(views: EvaluationViews, given: list[tuple[str, bytes]]) -> None:
    """Read the indicators of other counties.

    Parameters
    ----------
    views
        What the page shows; what cannot be read is told there.
    given
        Names and contents of files; one that is there already is left as it is.
    """
    lang = choice().lang
    known = {one.digest for one in views.files}
    taken, wrong = list(views.files), []
    for name, data in given:
        digest = hashlib.sha256(data).hexdigest()
        if digest in known:
            continue
        try:
            rows = read_parts(data, name)
        except InputError as error:
            wrong.append(f"{error.message(lang)} {error.action(lang)}")
            continue
        known.add(digest)
        taken.append(CountyFile(name, digest, rows))
    views.files, views.wrong = tuple(taken), tuple(wrong)
    if taken and views.level == "county":
        views.level = "city"


def clear_files(views: EvaluationViews) -> None:
    """Forget the other counties.

    Parameters
    ----------
    views
        What the page shows.
    """
    views.files, views.wrong = (), ()
    views.turn += 1


def split_names(text: str) -> tuple[str, ...]:
    """Return the names of counties that are typed.

    Parameters
    ----------
    text
        Names with any of the usual signs between them.

    Returns
    -------
    tuple of str
        Names, each once.
    """
    names = (one.strip() for one in _BETWEEN.split(text))
    return tuple(dict.fromkeys(one for one in names if one))


def part_of(found: Indicators, views: EvaluationViews) -> pd.Series | None:
    """Return the part that is selected.

    Parameters
    ----------
    found, views
        The indicators, and what is shown of them.

    Returns
    -------
    pandas.Series or None
        A row of their table; None while nothing is selected.
    """
    rows = found.of(views.indicator)
    if not len(rows):
        return None
    own = rows[rows["part"] == views.part]
    return (own if len(own) else rows[rows["role"] == "main"]).iloc[0]


def pick(views: EvaluationViews, indicator: str, part: str = "") -> None:
    """Select an indicator.

    Parameters
    ----------
    views
        What the page shows.
    indicator, part
        Its names; ``""``: none, or its first figure.
    """
    known = {one.indicator_id for one in list_indicators()}
    views.indicator = indicator if indicator in known else ""
    views.part = part if views.indicator else ""


def members_of(review: Review, row: pd.Series, word: str) -> tuple[str, ...]:
    """Return the communities behind a part.

    Parameters
    ----------
    review
        What was reviewed.
    row
        A row of the indicators of this district.
    word
        ``"met"``, ``"short"`` or ``"unknown"``.

    Returns
    -------
    tuple of str
        Ids, sorted; of a unit, those of its members that the part counts.
    """
    ids = tuple(str(one) for one in row[f"{word}_ids"])
    if row["subject"] != "unit":
        known = review.plan.district.communities.index
        return tuple(one for one in ids if one in known)
    unit_of, planned = review.checks.ground.unit_of, review.checks.ground.planned
    if unit_of is None:
        return ()
    units = set(ids)
    return tuple(sorted(one for one in planned if str(unit_of.get(one, "")) in units))


def _measure(review: Review, views: EvaluationViews) -> Indicators:
    made = review.indicators
    year = year_of(review, views)
    if made is not None and made.year == year:
        return made
    return measure_indicators(review.checks, review.ranking, year=year)


def _merge(own: Indicators, views: EvaluationViews) -> Indicators:
    files = {f"{one.name} {one.digest[:6]}": one.rows for one in views.files}
    if views.own:
        table = make_parts_table(own, choice().lang)
        data = table.to_csv(index=False).encode()
        # the first by name: another file of the same county is set aside
        files = {f" {say('view.evaluation.own')}": read_parts(data, own.name), **files}
    names = split_names(views.expected)
    return merge_indicators(files, views.level, expected=names)
