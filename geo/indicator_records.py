"""Parts of the indicators that count documents, issues, funds and utilities."""

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from geo.evidence_schema import UTILITY_KINDS
from geo.indicator_basis import Basis
from geo.indicator_rules import Part
from geo.indicator_tally import Tally, count_states, place_ids, say_why
from geo.schema import State

_SEPARATORS = re.compile(r"[|;,、，；\s/]+")
#: What utilities are called in ledgers, by kind.
_UTILITY_WORDS = {
    "water": ("water", "给水", "供水", "水"),
    "drainage": ("drainage", "排水", "污水", "雨水"),
    "power": ("power", "供电", "电力", "电"),
    "gas": ("gas", "供气", "燃气", "煤气", "气"),
    "heat": ("heat", "供热", "供暖", "暖气", "热力", "热"),
    "telecom": ("telecom", "通信", "电信", "弱电", "信"),
}
_NONE = frozenset({"无", "没有", "none", "no"})


def count_documents(part: Part, basis: Basis) -> Tally:
    """Count kinds of documents that a level of government has.

    Parameters
    ----------
    part
        Options: `level`, and `types` (by type or title) or `topics` (by topic or
        title), as ``key:word/word``.
    basis
        What is measured on.

    Returns
    -------
    Tally
        Kinds on record, of all asked for; one that is not on record is unknown.
    """
    papers = basis.table("documents")
    papers = papers[papers["level"] == part.options["level"]]
    column = "topic" if "topics" in part.options else "doc_type"
    wanted = part.words("topics") or part.words("types")
    found, missing = [], []
    for one in wanted:
        key, _, words = one.partition(":")
        ids = _find_papers(papers, column, words)
        found += ids
        if not ids:
            missing.append(f"@indicators.paper.{key}")
    tally = Tally(
        float(len(wanted) - len(missing)),
        float(len(wanted)),
        undecided=float(len(missing)),
        objects=tuple(sorted(set(found))),
    )
    if not missing:
        return tally
    told = say_why(tally, "no_paper", papers=tuple(missing))
    return replace(told, missing=part.fields)


def count_documents_each(part: Part, basis: Basis) -> Tally:
    """Count communities that have a document.

    Parameters
    ----------
    part
        Option `types`, as ``key:word/word``.
    basis
        What is measured on.

    Returns
    -------
    Tally
        Those that have one, of all of the scope; the others are unknown.
    """
    papers = basis.table("documents")
    papers = papers[papers["level"] == "community"]
    words = "/".join(one.partition(":")[2] for one in part.words("types"))
    there = papers[papers["id"].isin(_find_papers(papers, "doc_type", words))]
    held = set(there["subject_id"].dropna().astype("str"))
    scope = basis.scopes[part.scope]
    if not scope.ids:
        return replace(say_why(Tally(), "no_plan"), missing=("plan_year",))
    states = {one: State.MET if one in held else State.UNKNOWN for one in scope.ids}
    ids = there.loc[there["subject_id"].isin(scope.ids), "id"].astype("str")
    counted = replace(count_states(states), objects=tuple(sorted(ids)))
    return replace(counted, missing=part.fields if counted.unknown_ids else ())


def count_issues(part: Part, basis: Basis) -> Tally:
    """Count issues that were closed in time.

    Parameters
    ----------
    part
        Option `sources` (of :data:`geo.evidence_schema.ISSUE_SOURCES`).
    basis
        What is measured on.

    Returns
    -------
    Tally
        Those closed in time, of those that are due or closed; what is not due yet
        does not count.
    """
    issues = basis.table("rectification")
    if not len(issues):
        return replace(say_why(Tally(), "no_ledger"), missing=part.fields)
    from_here = issues["source"].isin(part.words("sources")) | issues["source"].isna()
    rows = issues[from_here].sort_values("id")
    today = pd.Timestamp(basis.ground.as_of)
    states = {
        str(row["id"]): _judge_issue(row, today) for row in rows.to_dict("records")
    }
    counted = count_states(states)
    if not counted.asked:
        return say_why(counted, "no_issues")
    where = rows.set_index(rows["id"].astype("str"))["subject_id"]
    return replace(
        _place_ids(counted, where, basis),
        objects=tuple(sorted(one for one in states)),
        missing=part.fields if counted.unknown_ids else (),
    )


def count_quality(part: Part, basis: Basis) -> Tally:
    """Count incidents and issues of quality.

    Parameters
    ----------
    part
        Option `issues`: ``all``, or only those that are still ``open``.
    basis
        What is measured on.

    Returns
    -------
    Tally
        A count. Communities of which nobody says how many incidents there were are
        left out.
    """
    scope = basis.scopes[part.scope]
    happened = basis.numbers(scope.ids, "incident_count")
    issues = basis.table("rectification")
    rows = issues[issues["kind"] == "quality"]
    if part.options["issues"] == "open":
        rows = rows[~(rows["closed_date"] <= pd.Timestamp(basis.ground.as_of))]
    lost = [str(one) for one in happened.index[happened.isna()]] + [*scope.unsure]
    named = set(rows["subject_id"].dropna().astype("str"))
    hit = {str(one) for one in happened.index[happened > 0]} | (named & set(scope.ids))
    tally = Tally(
        float(happened.sum() + len(rows)),
        1.0,
        left_out=len(lost) + (0 if len(issues) else 1),
        met_ids=tuple(sorted({*scope.ids} - hit - {*lost})),
        short_ids=tuple(sorted(hit)),
        unknown_ids=tuple(sorted({*lost} - hit)),
        objects=tuple(sorted(rows["id"].astype("str"))),
        asked=bool(scope.ids or scope.unsure or len(rows)),
    )
    if not tally.asked:
        return say_why(tally, "none_running")
    if not len(issues):
        tally = say_why(tally, "no_ledger")
    return replace(tally, missing=part.fields if tally.left_out else ())


def count_county_rule(part: Part, basis: Basis) -> Tally:
    """Count what breaks a rule that is laid upon the county.

    Parameters
    ----------
    part
        Option `rules`.
    basis
        What is measured on.

    Returns
    -------
    Tally
        A count, 0 where the rule is met.
    """
    rule = part.options["rules"]
    state = basis.states.get(rule, {}).get(basis.ground.county)
    if state is None:
        return say_why(Tally(asked=False), "no_clause")
    objects = basis.objects.get((rule, basis.ground.county), ())
    if state in (State.UNKNOWN, State.OPEN):
        lost = Tally(denominator=1.0, left_out=1, open=state == State.OPEN)
        return replace(lost, missing=part.fields, objects=objects)
    broken = state == State.SHORT
    count = float(max(len(objects), 1)) if broken else 0.0
    return Tally(count, 1.0, objects=objects if broken else ())


def count_handover(part: Part, basis: Basis) -> Tally:
    """Count kinds of utilities that were handed over.

    Parameters
    ----------
    part
        Option `kinds` (of :data:`geo.evidence_schema.UTILITY_KINDS`).
    basis
        What is measured on.

    Returns
    -------
    Tally
        Kinds handed over, of those due, summed over the communities of the scope;
        one that says nothing of what is due is left out.
    """
    scope = basis.scopes[part.scope]
    due = basis.facts(scope.ids, "utilities_due")
    done = basis.facts(scope.ids, "utilities_handed_over")
    asked = set(part.words("kinds"))
    tally = Tally(left_out=len(scope.unsure))
    ids: dict[str, list[str]] = {"met": [], "short": [], "unknown": [*scope.unsure]}
    for one in scope.ids:
        wanted = read_utilities(due[one])
        if wanted is None:
            ids["unknown"].append(one)
            tally = replace(tally, left_out=tally.left_out + 1)
            continue
        wanted &= asked
        over = read_utilities(done[one])
        held = 0 if over is None else len(wanted & over)
        tally = replace(
            tally,
            numerator=tally.numerator + held,
            denominator=tally.denominator + len(wanted),
            undecided=tally.undecided + (len(wanted) if over is None else 0),
        )
        if wanted:
            word = "met" if held == len(wanted) else "short"
            ids["unknown" if over is None else word].append(one)
    if not tally.denominator and not tally.left_out:
        key = "none_needs" if scope.ids else "none_finished"
        return say_why(Tally(asked=False), key)
    missing = part.fields if ids["unknown"] else ()
    return replace(place_ids(tally, **ids), missing=missing)


def read_utilities(cell: str | float | None) -> set[str] | None:
    """Read a list of utilities.

    Parameters
    ----------
    cell
        Kinds, or their names in Chinese, in any of the usual separators; also run
        together (水电气热信).

    Returns
    -------
    set of str or None
        Kinds; None where nobody said.

    Examples
    --------
    >>> sorted(read_utilities("供水、燃气"))
    ['gas', 'water']
    """
    if pd.isna(cell) or not str(cell).strip():
        return None
    found: set[str] = set()
    for word in _SEPARATORS.split(str(cell).strip().lower()):
        if word in _NONE:
            continue
        rest = word
        # 排水 is no water supply, 电信 no power, 暖气 no gas
        for kind in dict.fromkeys(("drainage", "telecom", "heat", *UTILITY_KINDS)):
            for name in _UTILITY_WORDS[kind]:
                if name in rest:
                    found.add(kind)
                    rest = rest.replace(name, "")
    return found


def _find_papers(papers: pd.DataFrame, column: str, words: str) -> list[str]:
    said = papers[column].fillna("") + "|" + papers["title"].fillna("")
    fits = [any(word in str(one) for word in words.split("/")) for one in said]
    return [str(one) for one in papers.loc[fits, "id"]]


def _judge_issue(row: Mapping[Hashable, Any], today: pd.Timestamp) -> State:
    closed, due = row["closed_date"], row["due"]
    over = not pd.isna(closed) and pd.Timestamp(closed) <= today
    if pd.isna(due) or pd.isna(row["source"]):
        return State.UNKNOWN
    until = pd.Timestamp(due)
    if over:
        return State.MET if pd.Timestamp(closed) <= until else State.SHORT
    return State.SHORT if until < today else State.NOT_REQUIRED


def _place_ids(counted: Tally, where: pd.Series, basis: Basis) -> Tally:
    """Turn issues into the communities that they are about, the worst word first."""
    known = set(basis.ground.facts.index.astype("str"))

    def find(ids: tuple[str, ...]) -> set[str]:
        return set(where.reindex(list(ids)).dropna().astype("str")) & known

    short = find(counted.short_ids)
    unknown = find(counted.unknown_ids) - short
    met = find(counted.met_ids) - short - unknown
    return place_ids(counted, met, short, unknown)


#: Kind of a part to the function that measures it.
RECORD_KINDS: Mapping[str, Callable[[Part, Basis], Tally]] = {
    "documents": count_documents,
    "documents_each": count_documents_each,
    "closed": count_issues,
    "quality": count_quality,
    "county_rule": count_county_rule,
    "handover": count_handover,
}
