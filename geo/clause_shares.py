"""Clauses on rates and shares: satisfaction, spending, shares of the annual plan."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from math import isnan, nan

import pandas as pd

from geo.clause_basics import (
    MET,
    SHORT,
    UNKNOWN,
    Asked,
    Check,
    join_said,
    make_share,
    say_day,
    say_number,
    say_percent,
    say_share,
)
from geo.clause_cells import latest_row, read_flags, read_numbers, read_texts
from geo.rates import reaches_given
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said
from geo.schema import State

#: Field that is known from the units, not from the facts.
_IN_UNIT = "in_joint_unit"


def check_survey_rate(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 调查率: valid answers of all households (the base is this tool's reading).

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each community; the share of those asked is shown, too.
    """
    del row
    asked = Asked(ground.profile.value("satisfaction.survey_min"))
    facts = ground.facts
    total = read_numbers(facts, "households_total")
    if "households_total" not in facts:
        total = read_numbers(facts, "households")
    rows = zip(
        facts.index,
        read_numbers(facts, "survey_valid_households"),
        total,
        read_numbers(facts, "survey_rate"),
        read_numbers(facts, "survey_sent_households"),
        strict=True,
    )
    names = ("survey_valid_households", "households_total")
    found = []
    for subject, valid, whole, given, sent in rows:
        more: Said = NOTHING
        if make_share(valid, sent) is not None:
            more = "check.found.of_sent", {"share": say_share(valid, sent)}
        ruling = _judge_rate(
            str(subject), (valid, whole, given), asked, "survey_rate", names
        )
        found.append(_add_found(ruling, more))
    return found


def check_satisfaction(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 满意度: satisfied households of those who answered.

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
    del row
    asked = Asked(ground.profile.value("satisfaction.min"))
    facts = ground.facts
    rows = zip(
        facts.index,
        read_numbers(facts, "survey_satisfied"),
        read_numbers(facts, "survey_valid_households"),
        read_numbers(facts, "satisfaction_rate"),
        strict=True,
    )
    names = ("survey_satisfied", "survey_valid_households")
    return [
        _judge_rate(str(subject), tuple(cells), asked, "satisfaction", names)
        for subject, *cells in rows
    ]


def _judge_rate(
    subject: str,
    cells: tuple[float, ...],
    asked: Asked,
    what: str,
    names: tuple[str, str],
) -> Ruling:
    """Judge a share by its counts, else by the rate that was given."""
    part, whole, rate = cells
    share, least = make_share(part, whole), asked.least
    given = share is None and not isnan(rate) and not part > whole
    reached = None if share is None or least is None else share >= least
    if given and least is not None:
        reached = reaches_given(rate, least)
    state = asked.judge(reached=reached, known=share is not None or given)
    lacking = tuple(
        name for name, value in zip(names, (part, whole), strict=True) if isnan(value)
    )
    told: Said = (
        "check.found.rate",
        {
            "what": f"@check.what.{what}",
            "share": say_share(part, whole, least),
        },
    )
    if isnan(part) and isnan(whole):
        told = "check.found.nothing", {}
    if given:
        percent = say_percent(Fraction(repr(rate)), least)
        told = (
            "check.found.rate_given",
            {"what": f"@check.what.{what}", "percent": percent},
        )
    settled = state not in (UNKNOWN, State.OPEN)
    return Ruling(
        subject,
        state,
        found=told,
        required=asked.say(f"@check.what.{what}"),
        reason=_explain(asked, state, given=given, crowded=part > whole),
        missing=() if settled else lacking or (names if state == UNKNOWN else ()),
        value=rate if share is None else float(share),
    )


def _explain(asked: Asked, state: State, *, given: bool, crowded: bool) -> Said:
    if asked.missing:
        return "check.reason.profile_missing", {}
    if state == State.OPEN:
        return "check.reason.open", {}
    if state != UNKNOWN:
        return NOTHING
    if crowded:
        return "check.reason.more_than_whole", {}
    return f"check.reason.{'rate_rounded' if given else 'not_recorded'}", {}


def _add_found(ruling: Ruling, more: Said) -> Ruling:
    return replace(ruling, found=join_said((ruling.found, more)))


def check_execution(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 资金执行进度 of the year: spent of what was allocated.

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by: the latest year of the table ``county`` with both amounts.

    Returns
    -------
    list of Ruling
        One for the county.
    """
    del row
    asked = Asked(ground.profile.value("funds.execution_min"))
    names = ("fund_executed_cny", "fund_allocated_cny")
    table = ground.tables["county"]
    cells = latest_row(table, *names) or latest_row(table)
    part, whole = (_to_number(cells.get(name)) for name in names)
    ruling = _judge_rate(ground.county, (part, whole, nan), asked, "execution", names)
    year: Said = "check.found.year", {"year": say_number(_to_number(cells.get("year")))}
    return [_add_found(ruling, year if cells else NOTHING)]


def _to_number(cell: object) -> float:
    return nan if cell is None or pd.isna(cell) else float(str(cell))  # type: ignore[call-overload]


def check_report_due(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge whether the evaluation of a year was reported before the day due.

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by: the latest year of the table ``county`` with a report, which
        is due before that day of the year after it.

    Returns
    -------
    list of Ruling
        One for the county. Whether the very day is still before it, the document does
        not say; a report that is not on record is unknown, however late it is.
    """
    del row
    due = ground.profile.value("report.before")
    asked = Asked(due)
    cells = latest_row(ground.tables["county"], "report_date")
    day, year = cells.get("report_date"), _to_number(cells.get("year"))
    if asked.value is None or asked.least is not None:
        return [Ruling(ground.county, State.NOT_REQUIRED, required=asked.say(""))]
    reported = day.date() if isinstance(day, pd.Timestamp) else None
    state = UNKNOWN
    reason: Said = "check.reason.not_recorded", {}
    last = _due_day(str(due), year)
    if reported is not None and last is not None:
        state = MET if reported < last else SHORT if reported > last else UNKNOWN
        reason = ("check.reason.on_the_day", {}) if state == UNKNOWN else NOTHING
    told = {"day": say_day(reported), "year": say_number(year)}
    return [
        Ruling(
            ground.county,
            state,
            found=("check.found.report", told),
            required=("check.required.report", {"due": str(due)}),
            reason=reason,
            missing=("report_date",) if state == UNKNOWN else (),
        )
    ]


def _due_day(due: str, year: float) -> date | None:
    """Return the day of the year after; 29 February is the last of its month."""
    if isnan(year):
        return None
    month, day = (int(part) for part in due.split("-"))
    try:
        return date(int(year) + 1, month, day)
    except ValueError:
        return date(int(year) + 1, month, day - 1)


def check_plan_share(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge a share of the communities of the annual plan.

    Options ``field`` (flag, name or ``in_joint_unit``) and ``key`` (of the profile).

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for the plan; its objects are the communities without it. What is not
        known of some decides only where it could change the verdict.
    """
    asked = Asked(ground.profile.value(row.options["key"]))
    what = f"@check.what.{row.options['field']}"
    if not ground.planned:
        reason: Said = "check.reason.no_plan", {}
        state = UNKNOWN if asked.value is not None else State.NOT_REQUIRED
        return [
            Ruling(
                ground.county,
                state,
                required=asked.say(what),
                reason=reason,
                missing=("plan_year",),
            )
        ]
    held = _read_planned(row.options["field"], ground)
    yes = [name for name, has in held.items() if has]
    unsure = [name for name, has in held.items() if has is None]
    return [_judge_plan_share(row, ground, asked, yes, unsure)]


def _read_planned(field: str, ground: Ground) -> dict[str, bool | None]:
    """Tell which communities of the plan have it; None: nobody said."""
    if field == _IN_UNIT:
        return _read_units(ground)
    facts = ground.facts.reindex(list(ground.planned))
    if field == "operator_name":
        told: list[bool | None] = [
            bool(name) or None for name in read_texts(facts, field)
        ]
    else:
        told = read_flags(facts, field)
    return dict(zip(ground.planned, told, strict=True))


def _read_units(ground: Ground) -> dict[str, bool | None]:
    """Tell which stand in a unit of two communities or more."""
    if ground.unit_of is None:
        return dict.fromkeys(ground.planned)
    sizes = ground.unit_of.value_counts()
    unit = ground.unit_of.reindex(list(ground.planned))
    several = unit.map(sizes).fillna(0) > 1
    return {name: bool(one) for name, one in zip(ground.planned, several, strict=True)}


def _judge_plan_share(
    row: ClauseRow, ground: Ground, asked: Asked, yes: list[str], unsure: list[str]
) -> Ruling:
    whole, least = len(ground.planned), asked.least
    lowest = Fraction(len(yes), whole)
    highest = Fraction(len(yes) + len(unsure), whole)
    reached = None
    if least is not None:
        reached = True if lowest >= least else False if highest < least else None
    known = len(unsure) < whole
    state = asked.judge(reached=reached, known=known)
    field = "unit_id" if row.options["field"] == _IN_UNIT else row.options["field"]
    what = f"@check.what.{row.options['field']}"
    told: Said = (
        "check.found.plan_share",
        {
            "what": what,
            "share": say_share(len(yes), whole, least),
            "unsure": str(len(unsure)),
        },
    )
    lacking = unsure and state in (UNKNOWN, State.OPEN)
    return Ruling(
        ground.county,
        state,
        found=told,
        required=asked.say(what),
        reason=_explain(asked, state, given=False, crowded=False),
        missing=(field,) if lacking else (),
        value=float(lowest) if known else nan,
        objects=tuple(name for name in ground.planned if name not in yes),
    )


SHARE_KINDS: Mapping[str, Check] = {
    "survey_rate": check_survey_rate,
    "satisfaction": check_satisfaction,
    "execution": check_execution,
    "report_due": check_report_due,
    "plan_share": check_plan_share,
}
