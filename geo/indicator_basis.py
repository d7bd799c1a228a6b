"""What the parts of the indicators are measured on, and who is counted in each."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

from geo.archive import FINISHED, STARTED, find_status
from geo.eligibility import NOT_ELIGIBLE
from geo.reserve import Ranking
from geo.reserve_gates import Checked
from geo.rulings import Ground
from geo.schema import State
from geo.shortfalls import find_shortfalls

#: The evaluation of a year is due before 1 March of the next.
_REPORT_MONTH = 3


@dataclass(frozen=True)
class Scope:
    """Who is counted.

    Attributes
    ----------
    ids
        Subjects, sorted.
    unsure
        Communities that may belong to them, but nobody can tell.
    """

    ids: tuple[str, ...]
    unsure: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Basis:
    """What indicators are measured on.

    Attributes
    ----------
    ground
        Facts, tables of evidence, units and settings.
    states
        Rule to subject to what it came to.
    objects
        Rule and subject to the things that the map can show.
    ranking
        Table of the reserve library; None: nobody ranked it.
    year
        Year that is evaluated: what is finished, is finished in it.
    """

    ground: Ground
    states: Mapping[str, Mapping[str, State]]
    objects: Mapping[tuple[str, str], tuple[str, ...]]
    ranking: pd.DataFrame | None
    year: int

    @cached_property
    def shortfalls(self) -> pd.DataFrame:
        """See :func:`geo.shortfalls.find_shortfalls`."""
        return find_shortfalls(self.ground)

    @cached_property
    def scopes(self) -> Mapping[str, Scope]:
        """Who is counted, by name of the scope."""
        ground = self.ground
        plan = tuple(sorted(ground.planned))
        finished, unsure = _find_finished(ground, self.year)
        started = _find_started(ground, self.year)
        return {
            "plan": Scope(plan),
            "started": Scope(started),
            "finished": Scope(finished, unsure),
            "running": Scope(tuple(sorted({*started, *finished})), unsure),
            "unit": Scope(self._units(plan)),
            "library": Scope(self._library()),
            **dict.fromkeys(("county", "city", "province"), Scope((ground.county,))),
        }

    def table(self, name: str) -> pd.DataFrame:
        """Return a table of evidence.

        Parameters
        ----------
        name
            Its name.

        Returns
        -------
        pandas.DataFrame
            Its rows.
        """
        return self.ground.tables[name]

    def facts(self, ids: Collection[str], column: str) -> pd.Series:
        """Return a fact of some communities.

        Parameters
        ----------
        ids
            Community ids.
        column
            Name of the fact.

        Returns
        -------
        pandas.Series
            On `ids`; missing where the facts do not have it.
        """
        facts = self.ground.facts
        if column not in facts:
            return pd.Series(None, index=list(ids), dtype="object")
        return facts[column].reindex(list(ids))

    def numbers(self, ids: Collection[str], column: str) -> pd.Series:
        """Return a fact as numbers.

        Parameters
        ----------
        ids
            Community ids.
        column
            Name of the fact.

        Returns
        -------
        pandas.Series
            Float, NaN where unknown.
        """
        said = pd.to_numeric(self.facts(ids, column), errors="coerce")
        return said.astype("float64")

    def _units(self, plan: tuple[str, ...]) -> tuple[str, ...]:
        unit_of = self.ground.unit_of
        if unit_of is None:
            return ()
        named = unit_of.reindex(list(plan)).dropna()
        return tuple(sorted({str(one) for one in named}))

    def _library(self) -> tuple[str, ...]:
        """Everything that the documents do not keep out."""
        judged = self.ground.eligibility
        inside = judged[judged["state"] != NOT_ELIGIBLE]
        return tuple(sorted(str(one) for one in inside.index))


def make_basis(
    checks: Checked, ranking: Ranking | None, *, year: int | None = None
) -> Basis:
    """Gather what the indicators are measured on.

    Parameters
    ----------
    checks
        The clauses and their ground.
    ranking
        The reserve library.
    year
        Year that is evaluated; by default that of the next report.

    Returns
    -------
    Basis
        The basis.
    """
    table = checks.table
    states: dict[str, dict[str, State]] = {}
    objects = {}
    for row in table.to_dict("records"):
        rule, subject = str(row["rule_id"]), str(row["subject_id"])
        states.setdefault(rule, {})[subject] = State(row["state"])
        objects[rule, subject] = tuple(row.get("objects", ()))
    told = year if year is not None else evaluated_year(checks.ground.as_of)
    listed = None if ranking is None else ranking.table
    return Basis(checks.ground, states, objects, listed, told)


def evaluated_year(as_of: date) -> int:
    """Return the year of which the next evaluation is due.

    Parameters
    ----------
    as_of
        The day.

    Returns
    -------
    int
        Last year until the end of February, then this year (云建更〔2022〕19号 三:
        每年3月1日前提交上一年度的评价报告).
    """
    return as_of.year if as_of.month >= _REPORT_MONTH else as_of.year - 1


def _find_finished(
    ground: Ground, year: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what was finished in a year, and what may have been.

    Of what is recorded as finished without a date, only a community of that year's
    plan may have been.
    """
    facts = ground.facts
    done = pd.to_datetime(facts["finish_date"], errors="coerce")
    today = pd.Timestamp(ground.as_of)
    sure = (done.dt.year == year) & (done <= today)
    status = find_status(facts, ground.as_of)
    planned = pd.to_numeric(facts["plan_year"], errors="coerce") == year
    unsure = done.isna() & (status == FINISHED) & planned
    return _named(sure), _named(unsure)


def _find_started(ground: Ground, year: int) -> tuple[str, ...]:
    """Return where works were under way in a year."""
    facts = ground.facts
    start = pd.to_datetime(facts["start_date"], errors="coerce")
    done = pd.to_datetime(facts["finish_date"], errors="coerce")
    status = find_status(facts, ground.as_of)
    begun = (start <= pd.Timestamp(ground.as_of)) & (start.dt.year <= year)
    begun |= start.isna() & (status == STARTED)
    return _named(begun & ~(done.dt.year < year))


def _named(mask: pd.Series) -> tuple[str, ...]:
    return tuple(sorted(str(one) for one in mask.index[mask.astype("bool")]))
