"""Whether the tables of evidence fit together: what cannot be, or cannot be checked.

Nothing is changed and nothing dropped here. A clause that needs two numbers of which
one must be wrong says so itself; the findings say which they are.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from geo.evidence import Evidence
from geo.evidence_schema import EVIDENCE, FUND_SOURCES
from geo.facts import Known, find_conflicts, gather_known
from geo.findings import Finding, concat_findings, make_findings
from geo.schema import Severity

#: Part and whole of the facts: more of the part than of the whole cannot be.
WHOLES = (
    ("households_participated", "households_total"),
    ("households_agreed", "households_participated"),
    ("households_agreed", "households_total"),
    ("vote_yes", "vote_total"),
    ("vote_area_yes_m2", "vote_area_total_m2"),
    ("survey_valid_households", "survey_sent_households"),
    ("survey_valid_households", "households"),
    ("survey_satisfied", "survey_valid_households"),
    ("indoor_households", "households"),
    ("audit_issues_rectified", "audit_issues_found"),
    ("fund_executed_cny", "fund_allocated_cny"),
)
#: Days of the facts, of which the first cannot lie after the second.
ORDERS = (
    ("consult_start_date", "consult_end_date"),
    ("consult_start_date", "consensus_date"),
    ("consult_start_date", "vote_date"),
    ("start_date", "finish_date"),
    ("start_date", "acceptance_date"),
    ("finish_date", "acceptance_date"),
)
#: The same within the rows of other tables.
ROW_ORDERS = {
    "works": (("planned_start", "planned_finish"),),
    "rectification": (("found_date", "due"), ("found_date", "closed_date")),
}
#: Rate, its part, and the wholes that it may be one of.
RATES = (
    ("participation_rate", "households_participated", ("households_total",)),
    (
        "agree_rate",
        "households_agreed",
        ("households_participated", "households_total"),
    ),
    (
        "survey_rate",
        "survey_valid_households",
        ("households_total", "households", "survey_sent_households"),
    ),
    ("satisfaction_rate", "survey_satisfied", ("survey_valid_households",)),
)
#: Sources may be rounded to 0.1 of 10,000 CNY each.
_ROUNDING_CNY = 500.0 * len(FUND_SOURCES)
_TINY = 1e-6
_NAMED = 5
#: Units are named by the tool; those of one scheme are not those of another.
_UNIT_ID = r"U\d+"
_SEPARATORS = re.compile(r"[|、,，;；\s]+")


#: Codes of what `check_evidence` finds; all others are of the reading.
DOUBTS = (
    "more_than_whole",
    "dates_out_of_order",
    "rate_without_counts",
    "rate_contradicts",
    "funds_do_not_add_up",
    "funds_incomplete",
    "row_dates_out_of_order",
    "subject_unknown",
    "facts_conflict",
)


def renew_findings(
    communities: pd.DataFrame, evidence: Evidence, *, names: Collection[str] = ()
) -> Evidence:
    """Check evidence again that was edited since it was read.

    Parameters
    ----------
    communities
        Layer of that name.
    evidence
        Tables as edited, with the findings of the reading.
    names
        Further names of the county (the district's name).

    Returns
    -------
    Evidence
        The same tables; findings of the reading, and what holds of the tables now.
    """
    read = evidence.findings[~evidence.findings["code"].isin(DOUBTS)]
    doubts = check_evidence(communities, evidence, names=names)
    return replace(evidence, findings=concat_findings(read, doubts))


def check_evidence(
    communities: pd.DataFrame,
    evidence: Evidence,
    *,
    names: Collection[str] = (),
    units: Collection[str] | None = None,
) -> pd.DataFrame:
    """Check the tables of evidence against each other and the layer.

    Parameters
    ----------
    communities
        Layer of that name.
    evidence
        Tables of the policy step.
    names
        Further names of the county (the district's name).
    units
        Ids of the joint units; None: there are none yet, and nothing that may be
        one is doubted.

    Returns
    -------
    pandas.DataFrame
        Raw findings, see :mod:`geo.findings`; a community is named as `id`.
    """
    known = gather_known(communities, evidence)
    found = [
        *_check_wholes(known),
        *_check_orders(known),
        *_check_rates(known),
        *_check_funds(known),
        *_check_rows(evidence),
        *_check_subjects(communities, evidence, names, units),
    ]
    return concat_findings(make_findings(found), find_conflicts(communities, evidence))


def _check_wholes(known: Known) -> Iterator[Finding]:
    for part, whole in WHOLES:
        values, most = known.facts[part], known.facts[whole]
        over = (values > most + _TINY).to_numpy(dtype=bool)
        for at in np.flatnonzero(over).tolist():
            yield _finding(
                known,
                at,
                "more_than_whole",
                Severity.ERROR,
                columns=(part, whole),
                part=f"@column.{part}",
                whole=f"@column.{whole}",
                part_value=f"{values.iloc[at]:,.10g}",
                whole_value=f"{most.iloc[at]:,.10g}",
            )


def _check_orders(known: Known) -> Iterator[Finding]:
    for first, then in ORDERS:
        earlier, later = known.facts[first], known.facts[then]
        for at in np.flatnonzero((later < earlier).to_numpy(dtype=bool)).tolist():
            yield _finding(
                known,
                at,
                "dates_out_of_order",
                Severity.WARNING,
                columns=(first, then),
                **_order_words(first, then, earlier.iloc[at], later.iloc[at]),
            )


def _order_words(first: str, then: str, earlier: Any, later: Any) -> dict[str, str]:  # noqa: ANN401 - days
    return {
        "earlier": f"@column.{first}",
        "later": f"@column.{then}",
        "earlier_value": f"{earlier:%Y-%m-%d}",
        "later_value": f"{later:%Y-%m-%d}",
    }


def _check_rates(known: Known) -> Iterator[Finding]:
    facts = known.facts
    for name, part, wholes in RATES:
        rates, parts = facts[name], facts[part]
        bases = [facts[whole] for whole in wholes]
        for at in np.flatnonzero(rates.notna().to_numpy()).tolist():
            rate, value = float(rates.iloc[at]), float(parts.iloc[at])
            given = [float(base.iloc[at]) for base in bases]
            usable = [one for one in given if one > 0 and not np.isnan(value)]
            if not usable:
                yield _finding(
                    known,
                    at,
                    "rate_without_counts",
                    Severity.INFO,
                    columns=(name,),
                    rate=f"@column.{name}",
                    value=f"{rate:.4%}".rstrip("0%").rstrip(".") + "%",
                    counts=part,
                )
            elif not any(_is_same_rate(rate, value / base) for base in usable):
                yield _contradiction(known, at, name, value, usable[0])


def _is_same_rate(rate: float, computed: float) -> bool:
    """Compare within the last digit of the percentage that is given."""
    percent = rate * 100
    digit = next(
        (
            one
            for one in (1.0, 0.1, 0.01)
            if abs(percent / one - round(percent / one)) < _TINY
        ),
        0.001,
    )
    return abs(percent - computed * 100) < digit + _TINY


def _contradiction(
    known: Known, at: int, name: str, part: float, whole: float
) -> Finding:
    rate = float(known.facts[name].iloc[at])
    return _finding(
        known,
        at,
        "rate_contradicts",
        Severity.WARNING,
        columns=(name,),
        rate=f"@column.{name}",
        value=f"{rate:.1%}",
        part_value=f"{part:,.10g}",
        whole_value=f"{whole:,.10g}",
        computed=f"{part / whole:.1%}",
    )


def _check_funds(known: Known) -> Iterator[Finding]:
    """Compare the sum of the sources with the cost; a blank source may be the rest."""
    facts = known.facts
    columns = [f"fund_{source}_cny" for source in FUND_SOURCES]
    total = facts["project_cost_cny"]
    told = facts[columns].sum(axis=1, min_count=1)
    over = (told - total > _ROUNDING_CNY).to_numpy(dtype=bool)
    for at in np.flatnonzero(over).tolist():
        yield _finding(
            known,
            at,
            "funds_do_not_add_up",
            Severity.WARNING,
            columns=("project_cost_cny", *columns),
            sum=f"{told.iloc[at]:,.0f}",
            total=f"{total.iloc[at]:,.0f}",
            difference=f"{told.iloc[at] - total.iloc[at]:,.0f}",
        )
    under = facts.index[(total - told > _ROUNDING_CNY).to_numpy(dtype=bool)]
    if len(under):
        params = {"count": len(under), "ids": _list_ids(under)}
        yield Finding("funds", "funds_incomplete", Severity.INFO, params=params)


def _check_rows(evidence: Evidence) -> Iterator[Finding]:
    for name, orders in ROW_ORDERS.items():
        table = evidence.tables[name]
        for first, then in orders:
            wrong = table[table[then] < table[first]]
            for row in wrong.to_dict("records"):
                words = _order_words(first, then, row[first], row[then])
                yield Finding(
                    name,
                    "row_dates_out_of_order",
                    Severity.WARNING,
                    id=str(row["id"]),
                    params=words,
                )
    county = evidence.tables["county"]
    more = county[county["fund_executed_cny"] > county["fund_allocated_cny"]]
    for row in more.to_dict("records"):
        yield Finding(
            "county",
            "more_than_whole",
            Severity.ERROR,
            id=f"{row['year']:.0f}",
            params={
                "part": "@column.fund_executed_cny",
                "whole": "@column.fund_allocated_cny",
                "part_value": f"{row['fund_executed_cny']:,.0f}",
                "whole_value": f"{row['fund_allocated_cny']:,.0f}",
            },
        )


def _check_subjects(
    communities: pd.DataFrame,
    evidence: Evidence,
    names: Collection[str],
    units: Collection[str] | None,
) -> Iterator[Finding]:
    ids = set(communities.index.astype("str"))
    places = _list_places(communities, evidence, names)
    drawn = re.compile("|".join(map(re.escape, units)) if units else _UNIT_ID)
    for table, schema in EVIDENCE.items():
        rows = evidence.tables[table]
        for column, allowed in _list_subjects(table, ids, places):
            for row in rows[rows[column].notna()].to_dict("records"):
                cell = str(row[column])
                parts = [cell] if cell in allowed else _SEPARATORS.split(cell)
                strange = [one for one in parts if one and one not in allowed]
                if column == "subject_id":
                    strange = [one for one in strange if not drawn.fullmatch(one)]
                if strange:
                    params = {
                        "column": f"@column.{column}",
                        "value": "、".join(strange),
                    }
                    ident = str(row[schema.keys[0]])
                    code, weight = "subject_unknown", Severity.WARNING
                    yield Finding(table, code, weight, id=ident, params=params)


def _list_places(
    communities: pd.DataFrame, evidence: Evidence, names: Collection[str]
) -> set[str]:
    """Return the names of the county and what lies above it."""
    county = evidence.tables["county"]
    found = set(names)
    for column in ("name", "city", "province"):
        found |= set(county[column].dropna().astype("str"))
    for column in ("county", "prefecture", "unit_id", "jurisdiction", "street_office"):
        if column in communities:
            found |= set(communities[column].dropna().astype("str"))
    return found


def _list_subjects(
    table: str, ids: set[str], places: set[str]
) -> Iterator[tuple[str, set[str]]]:
    """Return the columns of a table that name whom a row is about."""
    if table == "ledger":
        yield "id", ids
    for column in EVIDENCE[table].columns:
        if column.name == "community_id":
            yield column.name, ids
        elif column.name == "subject_id":
            yield column.name, ids | places


def _finding(
    known: Known,
    at: int,
    code: str,
    severity: Severity,
    columns: tuple[str, ...],
    **params: str,
) -> Finding:
    """Make a finding about one community, under the table that said it last."""
    said = [
        str(known.origin[column].iloc[at])
        for column in columns
        if column in known.origin and pd.notna(known.origin[column].iloc[at])
    ]
    order = ["communities", *EVIDENCE]
    layer = max(said, key=order.index, default="communities")
    return Finding(layer, code, severity, id=str(known.facts.index[at]), params=params)


def _list_ids(ids: pd.Index) -> str:
    named = "、".join(str(one) for one in ids[:_NAMED])
    return f"{named} …" if len(ids) > _NAMED else named
