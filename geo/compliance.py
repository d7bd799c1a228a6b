"""Which clauses of the documents hold, for every community, unit, county and plan.

The rules are rows of a table, the numbers stand in the profile, and one function per
kind of check judges all its subjects (:data:`KINDS`). Missing evidence is ``unknown``
and goes to the list of what to collect; a number that the document leaves open neither
passes nor fails; what was overruled by hand shows both states.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from geo.check_ground import make_ground
from geo.check_overrides import overrule
from geo.check_words import list_to_collect, render_checks
from geo.clause_basics import Check, join_rulings
from geo.clause_classes import CLASS_KINDS
from geo.clause_consent import CONSENT_KINDS
from geo.clause_documents import DOCUMENT_KINDS
from geo.clause_funds import FUND_KINDS
from geo.clause_library import LIBRARY_KINDS
from geo.clause_places import PLACE_KINDS
from geo.clause_scope import SCOPE_KINDS
from geo.clause_shares import SHARE_KINDS
from geo.clause_start import START_KINDS
from geo.clause_support import SUPPORT_KINDS
from geo.clause_works import WORK_KINDS
from geo.clauses import choose_clauses
from geo.evidence import Evidence
from geo.findings import Finding, concat_findings, make_findings
from geo.plan import Plan
from geo.policy_settings import CheckSettings
from geo.rulings import ClauseRow, Ground, Ruling, Said
from geo.schema import Severity, State
from geo.work_places import find_misplaced, place_works

__all__ = [
    "CHECK_COLUMNS",
    "KINDS",
    "Checks",
    "check_clauses",
    "judge_clause",
    "make_ground",
]

#: Columns of the table of checks; the last three are filled where a state was
#: overruled by hand.
CHECK_COLUMNS = (
    "rule_id",
    "kind",
    "level",
    "subject_id",
    "state",
    "judged",
    "required",
    "found",
    "reason",
    "stage",
    "severity",
    "document",
    "clause",
    "quote",
    "source",
    "certainty",
    "missing",
    "exception",
    "value",
    "objects",
    "author",
    "date",
    "why",
)
#: Severity of a clause that bars a community or the plan.
HARD_GATE = "hard_gate"
#: What stands between a district and its submission.
_BARS = (State.SHORT, State.UNKNOWN)
#: What more evidence could settle or complete.
_WAITING = (State.UNKNOWN, State.OPEN)
_NO_ROW: Said = ("check.reason.unread", {})


def check_unread(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Say of a rule that nothing tells how to judge it.

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for the county, unknown.
    """
    del row
    return [Ruling(ground.county, State.UNKNOWN, reason=_NO_ROW)]


#: Every kind of check by the word of ``clauses.csv``.
KINDS: Mapping[str, Check] = {
    **SCOPE_KINDS,
    **CONSENT_KINDS,
    **START_KINDS,
    **SUPPORT_KINDS,
    **DOCUMENT_KINDS,
    **LIBRARY_KINDS,
    **SHARE_KINDS,
    **FUND_KINDS,
    **CLASS_KINDS,
    **PLACE_KINDS,
    **WORK_KINDS,
    "unread": check_unread,
}


@dataclass(frozen=True, eq=False)
class Checks:
    """What every clause came to.

    Attributes
    ----------
    table
        One row per clause and subject, in the order of the rules and then of the
        subjects; columns `CHECK_COLUMNS`. `state` is what holds, overruled by hand or
        not, `judged` what this tool found; `required`, `found` and `reason` are
        sentences (:data:`geo.rulings.Said`), see `render`.
    ground
        What it was judged by.
    findings
        Raw findings: rules that nothing says how to judge, overrides that fit nothing,
        drawings of works that cannot be read or lie elsewhere.
    settings
        Choices that no document makes.
    """

    table: pd.DataFrame
    ground: Ground
    findings: pd.DataFrame
    settings: CheckSettings

    def of(self, subject_id: str) -> pd.DataFrame:
        """Return the rows of one subject.

        Parameters
        ----------
        subject_id
            Community, unit or county.

        Returns
        -------
        pandas.DataFrame
            Rows of `table`, on its index.
        """
        return self.table[self.table["subject_id"] == subject_id]

    def render(self, lang: str) -> pd.DataFrame:
        """Return the table of ``checks.csv``.

        Parameters
        ----------
        lang
            ``"zh"`` or ``"en"``.

        Returns
        -------
        pandas.DataFrame
            See :func:`geo.check_words.render_checks`.
        """
        return render_checks(self.table, self.ground, lang)

    def collect(self, lang: str) -> pd.DataFrame:
        """Return what is to be collected before submission.

        Parameters
        ----------
        lang
            ``"zh"`` or ``"en"``.

        Returns
        -------
        pandas.DataFrame
            See :func:`geo.check_words.list_to_collect`.
        """
        return list_to_collect(self.table, self.ground, lang)

    def summary(self) -> pd.DataFrame:
        """Count the rows by stage, severity and state.

        Returns
        -------
        pandas.DataFrame
            Columns ``stage``, ``severity``, ``state``, ``rows``, sorted.
        """
        groups = self.table.groupby(["stage", "severity", "state"], sort=True)
        return groups.size().rename("rows").reset_index()

    @cached_property
    def barriers(self) -> pd.DataFrame:
        """Return what stands between the district and its submission.

        Rows of `table`: hard gates of the stage before the annual plan that are short
        or unknown, of the communities of the plan and their units, of the county and
        of the plan.
        """
        table, ground = self.table, self.ground
        planned = set(ground.planned)
        if ground.unit_of is not None:
            own = ground.unit_of.reindex(list(ground.planned)).dropna()
            planned |= {str(unit) for unit in own}
        whole = ~table["level"].isin(["community", "unit"])
        bars = (
            (table["severity"] == HARD_GATE)
            & (table["stage"] == "annual_plan")
            & table["state"].isin([str(state) for state in _BARS])
        )
        return table[bars & (whole | table["subject_id"].isin(list(planned)))]


def check_clauses(
    plan: Plan,
    *,
    evidence: Evidence | None = None,
    unit_of: pd.Series | None = None,
    settings: CheckSettings | None = None,
) -> Checks:
    """Judge every clause that the profile stands under.

    Parameters
    ----------
    plan
        Results of the chain, at least up to the life circles.
    evidence
        Tables of the policy step; None: those of the district.
    unit_of
        Community to unit; None: the units of `plan`, if there are any.
    settings
        Choices that no document makes; None: those of `plan`.

    Returns
    -------
    Checks
        One row per clause and subject.
    """
    ground = make_ground(plan, evidence=evidence, unit_of=unit_of, settings=settings)
    rows, unread = choose_clauses(plan.rules.policy, plan.rules.profile)
    found = [(row, one) for row in rows for one in judge_clause(row, ground)]
    table = _make_table(found)
    table, refused = overrule(table, ground.tables["overrides"])
    told = make_findings(
        Finding("policy_rules", "check_unread", Severity.WARNING, id=name)
        for name in unread
    )
    communities = plan.district.communities
    placed = place_works(ground.tables["works"], communities)
    misplaced = find_misplaced(placed, communities)
    findings = concat_findings(told, refused, misplaced)
    return Checks(table, ground, findings, ground.settings)


def judge_clause(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge a clause by its kind; of several kinds all must hold.

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One per subject, sorted; what is settled waits for nothing more.
    """
    parts = [KINDS[kind](row, ground) for kind in row.kind.split("+")]
    rulings = parts[0] if len(parts) == 1 else join_rulings(parts)
    told = [
        one if one.state in _WAITING or not one.missing else replace(one, missing=())
        for one in rulings
    ]
    return sorted(told, key=lambda one: one.subject_id)


def _make_table(found: Iterable[tuple[ClauseRow, Ruling]]) -> pd.DataFrame:
    rows = [
        (
            row.rule_id,
            row.kind,
            row.level,
            one.subject_id,
            str(one.state),
            str(one.state),
            one.required,
            one.found,
            one.reason,
            row.stage,
            row.severity,
            row.document,
            row.clause,
            row.quote,
            row.source,
            row.certainty,
            one.missing,
            one.exception,
            one.value,
            one.objects,
            None,
            None,
            None,
        )
        for row, one in found
    ]
    return pd.DataFrame(rows, columns=list(CHECK_COLUMNS))
