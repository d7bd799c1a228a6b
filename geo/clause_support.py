"""Clauses on what follows from consent: central funds, and who comes first."""

from collections.abc import Mapping
from dataclasses import replace
from math import isnan, nan

from geo.clause_basics import (
    NOT_REQUIRED,
    OPEN_STATE,
    UNKNOWN,
    Check,
    join_rulings,
    join_said,
    say_money,
    say_number,
)
from geo.clause_cells import read_numbers
from geo.clause_consent import (
    check_agreement,
    check_participation,
    list_lacking,
    read_consents,
    say_consent,
)
from geo.rulings import ClauseRow, Ground, Ruling, Said


def check_central_support(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge whether the next plan of centrally supported works is open to it.

    Both rates must hold from a year on (option ``since``); before, nothing is asked.

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
    since = int(row.options["since"])
    rates = join_rulings(
        [check_participation(row, ground), check_agreement(row, ground)]
    )
    years = read_numbers(ground.facts, "plan_year")
    found = []
    for ruling, own in zip(rates, years, strict=True):
        year = own if own > 0 else float(ground.plan_year or nan)
        values = {"year": say_number(year), "since": str(since)}
        said: Said = "check.found.plan_year", values
        told = replace(ruling, found=join_said((said, ruling.found)))
        if year < since:
            reason: Said = "check.reason.before_year", values
            found.append(replace(told, state=NOT_REQUIRED, reason=reason, missing=()))
        elif isnan(year):
            found.append(
                replace(told, state=UNKNOWN, missing=("plan_year", *told.missing))
            )
        else:
            found.append(told)
    return found


def check_willing_first(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Show what makes a community come first: its will, its part, its money.

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by.

    Returns
    -------
    list of Ruling
        One for each community, never passed or failed.
    """
    del row
    found = []
    money = read_numbers(ground.facts, "fund_resident_cny")
    rows = zip(ground.facts.index, read_consents(ground), money, strict=True)
    for subject, one, cny in rows:
        rates = (one.participation, one.of_total, one.of_participated)
        known = any(rate is not None for rate in rates) or not isnan(cny)
        told: Said = "check.found.contribution", {"cny": say_money(cny)}
        found.append(
            Ruling(
                str(subject),
                OPEN_STATE if known else UNKNOWN,
                found=join_said((say_consent(one), told)),
                required=("check.required.willing_first", {}),
                missing=(*list_lacking(one), *(["fund_resident_cny"] * isnan(cny))),
            )
        )
    return found


SUPPORT_KINDS: Mapping[str, Check] = {
    "central_support": check_central_support,
    "willing_first": check_willing_first,
}
