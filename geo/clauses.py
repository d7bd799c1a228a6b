"""Clauses as data: which function judges each policy rule, at what level and stage.

``data/rules/clauses.csv`` has one row for each rule of ``policy_rules`` that is judged
(the 20 indicators are measured by :mod:`geo.indicators`). Which of them apply, and with
what numbers, the profile says: the rules of its own and its parents' jurisdictions, and
whatever rule it cites. A number that a profile lays down without citing a rule is
judged as a clause of its own.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from geo.profiles import OPEN, Clause, Profile
from geo.rulings import ClauseRow
from geo.schema import RULE_CERTAINTY
from geo.table_columns import TableColumn, make_texts
from geo.text import data_dir

#: What a clause may be about; ``plan`` is the annual plan as a whole.
LEVELS = ("community", "unit", "county", "plan")
STAGES = (
    "annual_plan",
    "pre_construction",
    "construction",
    "completion",
    "evaluation",
)
#: A rule of which only a figure is reported: one of the 20 indicators.
_REPORTED = "report"
#: Kind of a clause that nothing says how to judge.
UNREAD = "unread"

_COLUMNS = {
    column.name: column
    for column in make_texts(
        "rule_id! kind! level! stage! options certainty note",
        level=LEVELS,
        stage=STAGES,
        certainty=RULE_CERTAINTY,
    )
}

#: How a number of a profile is judged that no row of ``clauses.csv`` judges.
_OF_KEY = {
    "consent.participation_min": ("participation", "community", "annual_plan"),
    "consent.agree_min": ("agreement", "community", "annual_plan"),
    "consent.vote_required": ("vote", "community", "pre_construction"),
    "consent.vote_min": ("vote", "community", "pre_construction"),
    "consent.management_confirmed": ("confirmed", "community", "pre_construction"),
    "consent.committee_preparing": ("confirmed", "community", "pre_construction"),
    "satisfaction.min": ("satisfaction", "community", "completion"),
    "satisfaction.survey_min": ("survey_rate", "community", "completion"),
    "shares.party_org_min": ("plan_share", "plan", "annual_plan"),
    "shares.owners_committee_min": ("plan_share", "plan", "annual_plan"),
    "shares.operator_min": ("plan_share", "plan", "annual_plan"),
    "shares.joint_unit_min": ("plan_share", "plan", "annual_plan"),
    "shares.social_fund_min": ("fund_share", "community", "pre_construction"),
    "funds.execution_min": ("execution", "county", "evaluation"),
    "report.before": ("report_due", "county", "evaluation"),
    "build_year": ("eligibility", "community", "annual_plan"),
}
_OPTIONS_OF_KEY = {
    "consent.management_confirmed": {"online": "profile"},
    "consent.committee_preparing": {"online": "profile", "committee": "profile"},
    "shares.party_org_min": {"field": "has_party_org"},
    "shares.owners_committee_min": {"field": "has_owners_committee"},
    "shares.operator_min": {"field": "operator_name"},
    "shares.joint_unit_min": {"field": "in_joint_unit"},
    "shares.social_fund_min": {"sources": "social|utility|owner_unit"},
}


@dataclass(frozen=True, slots=True)
class Reading:
    """How a rule is judged: one row of ``clauses.csv``."""

    kind: str
    level: str
    stage: str
    options: Mapping[str, str]
    certainty: str = ""
    note: str = ""


_NO_READING = Reading(UNREAD, "county", "annual_plan", {})


@cache
def load_readings() -> Mapping[str, Reading]:
    """Read how each rule is judged.

    Returns
    -------
    collections.abc.Mapping
        Rule id to its row, in the order of the file.

    Raises
    ------
    RuleError
        If a cell is empty or not one of the words allowed.
    ValueError
        If a rule stands twice, or an option is not ``name=value``.
    """
    path = data_dir() / "rules" / "clauses.csv"
    found: dict[str, Reading] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, cells in enumerate(csv.DictReader(file), start=2):
            row = {name: _convert(one, cells, line) for name, one in _COLUMNS.items()}
            if row["rule_id"] in found:
                msg = f"clauses.csv, row {line}: {row['rule_id']} stands twice"
                raise ValueError(msg)
            options = _read_options(row["options"], line)
            found[row["rule_id"]] = Reading(
                row["kind"],
                row["level"],
                row["stage"],
                options,
                row["certainty"],
                row["note"],
            )
    return found


def _convert(column: TableColumn, cells: Mapping[str, str], line: int) -> str:
    return str(column.convert(cells[column.name], "clauses.csv", line))


def _read_options(text: str, line: int) -> dict[str, str]:
    pairs = [one.partition("=") for one in text.split(";") if one]
    if not all(name and sign and value for name, sign, value in pairs):
        msg = f"clauses.csv, row {line}: options are {text!r}, but must be a=b;c=d"
        raise ValueError(msg)
    return {name: value for name, _, value in pairs}


def choose_clauses(
    policy: pd.DataFrame, profile: Profile
) -> tuple[list[ClauseRow], list[str]]:
    """Choose the clauses that a profile stands under.

    Parameters
    ----------
    policy
        Policy rules, see :attr:`geo.rules.RuleBook.policy`.
    profile
        The profile.

    Returns
    -------
    list of ClauseRow
        In the order of `policy`, then the numbers of the profile that no rule covers.
    list of str
        Rules among them that nothing says how to judge (kind `UNREAD`).
    """
    readings, cited = load_readings(), _cite(profile)
    rows, unread = [], []
    for rule in policy.to_dict("records"):
        name = str(rule["rule_id"])
        applies = rule["jurisdiction"] in profile.chain or name in cited
        if not applies or rule["operator"] == _REPORTED:
            continue
        reading = readings.get(name) or _read_key(cited.get(name, ""))
        if reading.kind == UNREAD:
            unread.append(name)
        rows.append(_make_row(rule, reading))
    return [*rows, *_own_numbers(profile, rows)], unread


def _cite(profile: Profile) -> dict[str, str]:
    """Return which rules a profile cites, and for which key."""
    cited = {one.rule_id: key for key, one in profile.clauses.items() if key in _OF_KEY}
    years = {one.clause.rule_id: "build_years" for one in profile.build_years}
    return {name: key for name, key in (cited | years).items() if name}


def _read_key(key: str) -> Reading:
    """Judge a rule by the key for which the profile cites it."""
    if key == "build_years":
        return Reading("build_years", "community", "annual_plan", {})
    if key not in _OF_KEY:
        return _NO_READING
    kind, level, stage = _OF_KEY[key]
    options = {"key": key, **_OPTIONS_OF_KEY.get(key, {})}
    return Reading(kind, level, stage, options)


def _make_row(rule: Mapping[Any, Any], reading: Reading) -> ClauseRow:
    return ClauseRow(
        rule_id=str(rule["rule_id"]),
        document=str(rule["doc_no"]),
        clause=str(rule["clause"]),
        quote=str(rule["quote"]),
        source=str(rule["source"]),
        certainty=reading.certainty or str(rule["certainty"]),
        severity=str(rule["severity"]),
        kind=reading.kind,
        level=reading.level,
        stage=reading.stage,
        options=reading.options,
    )


def _own_numbers(profile: Profile, rows: list[ClauseRow]) -> Iterator[ClauseRow]:
    """Make clauses of the numbers that no rule covers, one for each."""
    covered = {key for row in rows for key in _cover(row)}
    for key, clause in _own_clauses(profile):
        if key in covered:
            continue
        reading = _read_key(key)
        covered |= set(_cover_kinds(reading.kind, reading.options))
        yield ClauseRow(
            rule_id=f"{profile.name}:{key}",
            document=profile.document,
            clause=clause.clause,
            quote=clause.quote,
            source=clause.source,
            certainty=clause.certainty,
            severity="hard_gate",
            kind=reading.kind,
            level=reading.level,
            stage=reading.stage,
            options=reading.options,
        )


def _own_clauses(profile: Profile) -> Iterator[tuple[str, Clause]]:
    for key, clause in profile.clauses.items():
        if key in _OF_KEY and clause.value not in (OPEN, False):
            yield key, clause
    if profile.build_years:
        yield "build_year", profile.build_years[0].clause


def _cover(row: ClauseRow) -> Iterator[str]:
    yield from _cover_kinds(row.kind, row.options)


def _cover_kinds(kinds: str, options: Mapping[str, str]) -> Iterator[str]:
    """Name the keys of a profile that kinds of check judge."""
    for kind in kinds.split("+"):
        keys = [key for key, (name, _, _) in _OF_KEY.items() if name == kind]
        if kind in ("plan_share", "fund_share"):
            keys = [options.get("key", "")]
        elif kind == "confirmed" and "committee" not in options:
            keys = ["consent.management_confirmed"]
        yield from keys
