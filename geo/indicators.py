"""The 20 indicators of 建办城〔2021〕50号 for a county, a city or a province.

Every indicator has parts (:mod:`geo.indicator_rules`); each is a number with what it is
made of, never a bare verdict. A number that hangs on something unknown is given as two
bounds. The annex gives no formulas and no scores, so none are invented: a state is only
said where a document names a number or says that all must (均、未、无).
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import pandas as pd

from geo.findings import make_findings
from geo.indicator_basis import Basis, make_basis
from geo.indicator_communities import COMMUNITY_KINDS
from geo.indicator_funds import FUND_KINDS
from geo.indicator_library import LIBRARY_KINDS
from geo.indicator_parts import PART_COLUMNS, add_last, make_row, text_of
from geo.indicator_records import RECORD_KINDS
from geo.indicator_rules import Part, list_indicators, parts_for
from geo.indicator_tally import combine_states
from geo.indicator_words import explain_parts, say_found, say_required
from geo.profiles import Profile
from geo.reserve import Ranking
from geo.reserve_gates import Checked
from geo.rulings import NOTHING, Said
from geo.schema import State

__all__ = ["PART_COLUMNS", "Indicators", "join_parts", "measure_indicators"]

_KINDS = {**COMMUNITY_KINDS, **LIBRARY_KINDS, **RECORD_KINDS, **FUND_KINDS}


@dataclass(frozen=True, eq=False)
class Indicators:
    """What the 20 indicators came to.

    Attributes
    ----------
    table
        One row per part, columns `PART_COLUMNS`; `target` is a number of 1 (NaN: none),
        `target_from` the document and clause of it.
    level
        ``county``, ``city`` or ``province``.
    name, city, province
        Of what it is, and what that belongs to; empty where nobody said.
    year
        Year that is evaluated.
    plan_year
        Year of the plan whose communities are counted; None: nobody said.
    chain
        The profile and those that it extends.
    members
        Counties that it was put together from; empty for one county.
    absent
        Counties of which nothing was given.
    given
        The parts of each of `members`, see :func:`geo.indicator_tables.read_parts`.
    titles
        Documents and issues by id.
    fields
        Names of what is to be collected, as in ``data/rules/fields.csv``.
    policy
        Rows of ``policy_rules`` of the indicators; empty when merged.
    findings
        What was noticed, raw.
    """

    table: pd.DataFrame
    level: str
    name: str
    city: str
    province: str
    year: int
    plan_year: int | None
    chain: tuple[str, ...]
    members: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    given: pd.DataFrame = field(default_factory=pd.DataFrame)
    titles: Mapping[str, str] = field(default_factory=dict)
    fields: pd.DataFrame = field(default_factory=pd.DataFrame)
    policy: pd.DataFrame = field(default_factory=pd.DataFrame)
    findings: pd.DataFrame = field(default_factory=make_findings)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per indicator: its first figure, and the states of all its items.

        Index indicator id, columns as `table`. `state` is ``short`` if an item of the
        annex is, else ``unknown`` if one is, else ``met`` if one is, else ``open``;
        `parts_short` and `parts_unknown` name them (``|``-joined).
        """
        rows = []
        for indicator in list_indicators():
            parts = self.of(indicator.indicator_id)
            main = parts[parts["role"] == "main"].iloc[0].to_dict()
            items = parts[parts["role"] != "extra"]
            told = {
                f"parts_{word}": "|".join(items.loc[items["state"] == word, "part"])
                for word in (State.SHORT, State.UNKNOWN)
            }
            state = join_parts(State(one) for one in items["state"])
            rows.append(main | told | {"state": state.value})
        return pd.DataFrame(rows).set_index("indicator_id")

    def of(self, indicator_id: str) -> pd.DataFrame:
        """Return the parts of one indicator.

        Parameters
        ----------
        indicator_id
            Its name.

        Returns
        -------
        pandas.DataFrame
            Rows of `table`.
        """
        return self.table[self.table["indicator_id"] == indicator_id]

    def explain(self, lang: str) -> pd.Series:
        """Say of each part what it came to, what was required, and what is unknown.

        Parameters
        ----------
        lang
            ``"zh"`` or ``"en"``.

        Returns
        -------
        pandas.Series
            Sentences on the index of `table`, none of them empty.
        """
        return explain_parts(self.table, lang)

    def rulings(self) -> pd.DataFrame:
        """Return the indicators as rows of ``checks.csv``.

        Returns
        -------
        pandas.DataFrame
            20 rows in the shape of :attr:`geo.compliance.Checks.table`, level
            ``county``; none if it was merged.
        """
        rules = {str(one["rule_id"]): one for one in self.policy.to_dict("records")}
        rows = [
            self._make_ruling(row, rules[row["indicator_id"]])
            for row in self.summary.reset_index().to_dict("records")
            if row["indicator_id"] in rules
        ]
        return pd.DataFrame(rows)

    def _make_ruling(
        self, row: Mapping[Hashable, Any], rule: Mapping[Hashable, Any]
    ) -> dict[str, Any]:
        parts = self.of(str(row["indicator_id"]))
        items = parts[parts["role"] != "extra"]
        missing = [one for names in items["missing"] for one in names]
        objects = {one for names in items["objects"] for one in names}
        return {
            "rule_id": row["indicator_id"],
            "kind": "report",
            "level": "county",
            "subject_id": self.name,
            "state": State(row["state"]),
            "judged": State(row["state"]),
            "required": say_required(row),
            "found": say_found(row),
            "reason": _say_deciding(row, items),
            "stage": "evaluation",
            "severity": rule["severity"],
            "document": rule["doc_no"],
            "clause": rule["clause"],
            "quote": rule["quote"],
            "source": rule["source"],
            "certainty": rule["certainty"],
            "missing": tuple(dict.fromkeys(missing)),
            "exception": False,
            "value": row["value"],
            "objects": tuple(sorted(objects)),
            "author": "",
            "date": pd.NaT,
            "why": "",
        }


def join_parts(states: Iterable[State]) -> State:
    """Put the items of an indicator together.

    Parameters
    ----------
    states
        What each came to.

    Returns
    -------
    State
        As :func:`geo.indicator_tally.combine_states`; an item whose number is left open
        does not keep the indicator from being met by the others.
    """
    found = list(states)
    told = [one for one in found if one != State.OPEN]
    joined = combine_states(told)
    return (
        State.OPEN if joined == State.NOT_REQUIRED and State.OPEN in found else joined
    )


def measure_indicators(
    checks: Checked,
    ranking: Ranking | None = None,
    *,
    last: pd.DataFrame | None = None,
    year: int | None = None,
) -> Indicators:
    """Measure the 20 indicators for one county.

    Parameters
    ----------
    checks
        The clauses and their ground: what they came to is not judged again.
    ranking
        The reserve library; without it nothing is known of scores and ranks.
    last
        Last year's parts (columns of the table ``last_indicators``); by default that
        table.
    year
        Year that is evaluated; by default that of the next report.

    Returns
    -------
    Indicators
        The indicators.
    """
    basis = make_basis(checks, ranking, year=year)
    ground = basis.ground
    rows = [
        _measure(part, basis, ground.profile)
        for part in parts_for(ground.profile.chain)
    ]
    before = ground.tables["last_indicators"] if last is None else last
    table = add_last(pd.DataFrame(rows), before)
    county = _read_county(basis)
    policy = ground.plan.rules.policy
    return Indicators(
        table,
        "county",
        ground.county,
        county["city"],
        county["province"],
        basis.year,
        ground.plan_year,
        tuple(ground.profile.chain),
        titles=_list_titles(basis),
        fields=ground.plan.rules.fields.reset_index(),
        policy=policy[policy["rule_id"].str.startswith("IND-")],
    )


def _measure(part: Part, basis: Basis, profile: Profile) -> dict[str, Any]:
    target, asked, told = _find_target(part, profile)
    return make_row(
        part, _KINDS[part.kind](part, basis), target, asked=asked, told=told
    )


def _find_target(part: Part, profile: Profile) -> tuple[Fraction | None, bool, str]:
    """Return the number of a part, whether any is asked for, and where it stands."""
    if not part.target:
        return None, True, ""
    if part.target.isdecimal():
        return Fraction(part.target), True, ""
    clause = profile.clauses.get(part.target)
    if clause is None:
        return None, False, ""
    told = (
        clause.clause
        if clause.clause in clause.source
        else (f"{clause.source} {clause.clause}")
    )
    value = clause.value
    return (value if isinstance(value, Fraction) else None), True, told


def _read_county(basis: Basis) -> dict[str, str]:
    rows = basis.table("county").sort_values("year", kind="stable")
    latest: Mapping[Hashable, Any] = rows.iloc[-1].to_dict() if len(rows) else {}
    return {name: text_of(latest.get(name)) for name in ("city", "province")}


def _list_titles(basis: Basis) -> dict[str, str]:
    """Return what documents, issues and works are called."""
    columns = {"documents": "title", "rectification": "issue", "works": "item"}
    titles: dict[str, str] = {}
    for name, column in columns.items():
        rows = basis.table(name)
        known = rows[rows[column].notna()]
        titles |= dict(zip(known["id"].astype("str"), known[column], strict=True))
    return titles


def _say_deciding(row: Mapping[Hashable, Any], items: pd.DataFrame) -> Said:
    """Say which items decide the state, where the first figure does not."""
    said = [
        (
            "indicators.reason.item",
            {
                "name": f"@indicators.part.{one['indicator_id']}.{one['part']}",
                "said": say_found(one),
            },
        )
        for one in items[items["state"] == row["state"]].to_dict("records")
        if one["part"] != row["part"]
    ]
    if not said or row["state"] not in (State.SHORT, State.UNKNOWN):
        return row["reason"] or NOTHING
    return "indicators.reason.items", {"items": (*said,)}
