"""Clauses on money: capacity of the plan, what is secured, shares by source, operator.

A source that is not recorded is unknown, not nothing: a share then lies between what is
known and what the rest could add.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isnan, nan

from geo.clause_basics import (
    MET,
    OPEN_STATE,
    SHORT,
    UNKNOWN,
    Asked,
    Check,
    join_said,
    make_share,
    say_asked,
    say_money,
    say_number,
    say_percent,
    say_share,
)
from geo.clause_cells import read_numbers, read_texts, read_year
from geo.clause_documents import list_members
from geo.evidence_schema import FUND_SOURCES
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said
from geo.schema import State

_COST = "project_cost_cny"
#: The source of a budget that stands for all.
_ALL = "all"


def name_fund(source: str) -> str:
    """Return the column of a source of funds.

    Parameters
    ----------
    source
        One of :data:`geo.evidence_schema.FUND_SOURCES`.

    Returns
    -------
    str
        Column of the facts, CNY.
    """
    return f"fund_{source}_cny"


def check_capacity(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge whether the plan stays within funds and what can be organised.

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by: costs of the communities of the plan against the table
        ``budgets`` of its year; a unit is one project.

    Returns
    -------
    list of Ruling
        One for the plan.
    """
    if not ground.planned:
        reason: Said = "check.reason.no_plan", {}
        missing = ("plan_year",)
        return [Ruling(ground.county, UNKNOWN, reason=reason, missing=missing)]
    facts = ground.facts.reindex(list(ground.planned))
    costs = read_numbers(facts, _COST)
    known = sum(cost for cost in costs if not isnan(cost))
    unknown = sum(1 for cost in costs if isnan(cost))
    funds, most = _read_budget(ground)
    projects = _count_projects(ground)
    parts = [
        _compare(known, funds, unsure=unknown > 0),
        _compare(projects, most, unsure=False),
    ]
    state = SHORT if False in parts else UNKNOWN if None in parts else MET
    lacking = {
        "funding_capacity": isnan(funds),
        "delivery_capacity": isnan(most),
        _COST: unknown > 0,
    }
    told = {
        "cost": say_money(known),
        "funds": say_money(funds),
        "unknown": str(unknown),
        "projects": str(projects),
        "most": say_number(most),
        "over": say_money(nan if isnan(funds) else max(known - funds, 0.0)),
    }
    short = [
        f"@check.reason.over_{name}"
        for name, one in zip(("funds", "projects"), parts, strict=True)
        if one is False
    ]
    reason = ("check.reason.over", {"what": tuple(short)}) if short else NOTHING
    if state == UNKNOWN:
        reason = "check.reason.not_recorded", {}
    return [
        Ruling(
            ground.county,
            state,
            found=("check.found.capacity", told),
            required=say_asked(row),
            reason=reason,
            missing=tuple(name for name, lacks in lacking.items() if lacks)
            if state == UNKNOWN
            else (),
            value=known / funds if funds > 0 else nan,
        )
    ]


def _compare(part: float, most: float, *, unsure: bool) -> bool | None:
    if isnan(most):
        return None
    if part > most:
        return False
    return None if unsure else True


def _read_budget(ground: Ground) -> tuple[float, float]:
    """Return the funds of the plan's year, and how many projects can be organised."""
    table = ground.tables["budgets"]
    if table.empty or ground.plan_year is None:
        return nan, nan
    own = table[read_year(table) == ground.plan_year]
    money = dict(
        zip(read_texts(own, "source"), read_numbers(own, "available_cny"), strict=True)
    )
    whole = money.get(_ALL, money.get("", nan))
    if isnan(whole):
        whole = sum(money.values()) if money else nan
    counts = [one for one in read_numbers(own, "projects_most") if not isnan(one)]
    return whole, min(counts, default=nan)


def _count_projects(ground: Ground) -> int:
    """Count projects: a unit is one, a community outside of units is one."""
    if ground.unit_of is None:
        return len(ground.planned)
    unit = ground.unit_of.reindex(list(ground.planned))
    return int(unit.nunique() + unit.isna().sum())


def check_secured(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge which share of the cost is secured; the least share is a setting.

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each community, open while the setting is 0.
    """
    del row
    share = ground.settings.secured_share_least
    asked = Asked(Fraction(repr(share)) if share > 0 else "open")
    rows = zip(
        ground.facts.index,
        read_numbers(ground.facts, "fund_secured_cny"),
        read_numbers(ground.facts, _COST),
        strict=True,
    )
    return [_judge_secured(str(s), got, cost, asked) for s, got, cost in rows]


def _judge_secured(subject: str, got: float, cost: float, asked: Asked) -> Ruling:
    known = not isnan(got) and cost > 0
    share = Fraction(got) / Fraction(cost) if known else None
    reached = None if share is None or asked.least is None else share >= asked.least
    state = asked.judge(reached=reached, known=known)
    names = {"fund_secured_cny": isnan(got), _COST: not cost > 0}
    told: Said = (
        "check.found.secured",
        {"got": say_money(got), "cost": say_money(cost)},
    )
    if share is not None:
        percent = say_percent(share, asked.least)
        told = join_said((told, ("check.found.percent", {"percent": percent})))
    reason: Said = NOTHING
    if state in (UNKNOWN, OPEN_STATE):
        reason = f"check.reason.{'open' if state == OPEN_STATE else 'not_recorded'}", {}
    return Ruling(
        subject,
        state,
        found=told,
        required=asked.say("@check.what.secured"),
        reason=reason,
        missing=tuple(name for name, lacks in names.items() if lacks),
        value=nan if share is None else float(share),
    )


def check_fund_mix(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Show the share of every source in the cost; nothing is passed or failed.

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each community.
    """
    money = _read_money(ground)
    found = []
    for at, subject in enumerate(ground.facts.index):
        known = {s: money[s][at] for s in FUND_SOURCES if not isnan(money[s][at])}
        whole = _total(money, at)
        shares = tuple(
            (
                "check.found.source",
                {"source": f"@check.fund.{s}", "percent": say_percent(share)},
            )
            for s, cny in known.items()
            if (share := make_share(cny, whole)) is not None and share > 0
        )
        missing = [] if known else [name_fund(source) for source in FUND_SOURCES]
        found.append(
            Ruling(
                str(subject),
                OPEN_STATE if shares else UNKNOWN,
                found=("check.found.mix", {"shares": shares})
                if shares
                else ("check.found.nothing", {}),
                required=say_asked(row),
                reason=NOTHING if shares else ("check.reason.not_recorded", {}),
                missing=(*missing, *([] if whole > 0 else [_COST])),
            )
        )
    return found


def _read_money(ground: Ground) -> dict[str, list[float]]:
    columns = {source: name_fund(source) for source in FUND_SOURCES}
    columns[_COST] = _COST
    return {key: read_numbers(ground.facts, name) for key, name in columns.items()}


def _total(money: Mapping[str, Sequence[float]], at: int) -> float:
    """Return the cost, else the sum of all sources if every one is known."""
    cost = money[_COST][at]
    parts = [money[source][at] for source in FUND_SOURCES]
    if cost > 0:
        return cost
    return nan if any(isnan(one) for one in parts) else sum(parts)


def check_fund_share(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge the share of some sources in the cost (options ``sources``, ``key``).

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each community.
    """
    asked = Asked(ground.profile.value(row.options["key"]))
    sources = row.options["sources"].split("|")
    money = _read_money(ground)
    return [
        _judge_fund_share(str(subject), at, money, sources, asked)
        for at, subject in enumerate(ground.facts.index)
    ]


def _judge_fund_share(
    subject: str,
    at: int,
    money: Mapping[str, Sequence[float]],
    sources: Sequence[str],
    asked: Asked,
) -> Ruling:
    whole, least = _total(money, at), asked.least
    own = [money[source][at] for source in sources]
    others = [money[s][at] for s in FUND_SOURCES if s not in sources]
    lowest = sum(one for one in own if not isnan(one))
    rest = sum(one for one in others if not isnan(one))
    sure = not any(isnan(one) for one in own)
    highest = lowest if sure else max(whole - rest, lowest)
    low, high = make_share(lowest, whole), make_share(highest, whole)
    reached = None
    if least is not None and low is not None and high is not None:
        reached = True if low >= least else False if high < least else None
    something = low is not None and any(not isnan(one) for one in own)
    state = asked.judge(reached=reached, known=something)
    names = [name_fund(s) for s, one in zip(sources, own, strict=True) if isnan(one)]
    names += [] if whole > 0 else [_COST]
    told: Said = (
        "check.found.fund_share",
        {
            "sources": tuple(f"@check.fund.{source}" for source in sources),
            "share": say_share(lowest, whole, least),
        },
    )
    unsure: Said = "check.found.at_least", {}
    if not something:
        told, unsure = (
            ("check.found.no_source", {"sources": told[1]["sources"]}),
            NOTHING,
        )
    reason: Said = NOTHING
    if state in (UNKNOWN, State.OPEN):
        reason = f"check.reason.{'open' if state == State.OPEN else 'not_recorded'}", {}
    return Ruling(
        subject,
        state,
        found=join_said((told, NOTHING if sure else unsure)),
        required=asked.say("@check.what.fund_share"),
        reason=reason,
        missing=tuple(names) if state in (UNKNOWN, State.OPEN) else (),
        value=float(low) if low is not None and sure else nan,
    )


def check_operator(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Show who operates the communities of a unit; nothing is passed or failed.

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each unit.
    """
    names = read_texts(ground.facts, "operator_name")
    held = dict(zip(map(str, ground.facts.index), names, strict=True))
    return [
        _show_operators(row, unit, [held.get(one, "") for one in members])
        for unit, members in list_members(ground).items()
    ]


def _show_operators(row: ClauseRow, unit: str, names: list[str]) -> Ruling:
    known = sorted({name for name in names if name})
    told: Said = "check.found.nothing", {}
    if known:
        counts = {"named": str(sum(map(bool, names))), "all": str(len(names))}
        told = "check.found.operators", {"operators": tuple(known), **counts}
    return Ruling(
        unit,
        OPEN_STATE if known else UNKNOWN,
        found=told,
        required=say_asked(row),
        reason=NOTHING if known else ("check.reason.not_recorded", {}),
        missing=() if all(names) else ("operator_name",),
    )


FUND_KINDS: Mapping[str, Check] = {
    "capacity": check_capacity,
    "secured": check_secured,
    "fund_mix": check_fund_mix,
    "fund_share": check_fund_share,
    "operator": check_operator,
}
