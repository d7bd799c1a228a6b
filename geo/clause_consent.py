"""Clauses on the consent before the annual plan: 参与率 and 同意率.

No document says of what 同意率 is a share. Both bases are always shown; while they
disagree and neither the profile nor the settings choose, the verdict is unknown. A rate
without counts is one of the base that was chosen, and of none where none was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isnan, nan

from geo.clause_basics import (
    OPEN_STATE,
    SHORT,
    UNKNOWN,
    Asked,
    Check,
    join_said,
    make_share,
    say_percent,
    say_share,
)
from geo.clause_cells import read_numbers
from geo.rates import reaches_given
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said, once

_PARTICIPATION = "@check.what.participation"
_AGREEMENT = "@check.what.agreement"
_BASE = "consent.agree_base"
BASES = ("participated", "total")


@dataclass(frozen=True, slots=True)
class Consent:
    """What is on record of one community's first consent; NaN: unknown.

    Attributes
    ----------
    total, participated, agreed
        Households.
    participation_rate, agree_rate
        Rates as they were given, shares of 1.
    """

    total: float
    participated: float
    agreed: float
    participation_rate: float
    agree_rate: float

    @property
    def participation(self) -> Fraction | None:
        """Share of all households that took part."""
        return make_share(self.participated, self.total)

    @property
    def of_participated(self) -> Fraction | None:
        """Share of those who took part that agreed; nobody took part: nobody agreed."""
        if self.participated == self.agreed == 0:
            return Fraction(0)
        return make_share(self.agreed, self.participated)

    @property
    def of_total(self) -> Fraction | None:
        """Share of all households that agreed."""
        return make_share(self.agreed, self.total)

    @property
    def impossible(self) -> bool:
        """Whether more took part than there are, or more agreed than could."""
        return (
            self.participated > self.total
            or self.agreed > self.participated
            or self.agreed > self.total
        )


def read_consents(ground: Ground) -> list[Consent]:
    """Return what is on record of each community's first consent.

    Parameters
    ----------
    ground
        What is judged by.

    Returns
    -------
    list of Consent
        On the rows of the facts.
    """
    facts = ground.facts
    total = read_numbers(facts, "households_total")
    if "households_total" not in facts:
        own = read_numbers(facts, "households_eligible")
        every = read_numbers(facts, "households")
        total = [b if isnan(a) else a for a, b in zip(own, every, strict=True)]
    names = (
        "households_participated",
        "households_agreed",
        "participation_rate",
        "agree_rate",
    )
    columns = [total, *(read_numbers(facts, name) for name in names)]
    return [Consent(*cells) for cells in zip(*columns, strict=True)]


def say_consent(one: Consent, least: Fraction | None = None) -> Said:
    """Say both rates, the second of both bases.

    Parameters
    ----------
    one
        What is on record.
    least
        What the rates must reach, if there is such a number.

    Returns
    -------
    Said
        The sentence; a rate that was given without counts is said to be so.
    """
    known = (one.participated, one.agreed, one.participation_rate, one.agree_rate)
    if all(isnan(value) for value in known):
        return "check.found.no_consent", {}
    told: Said = (
        "check.found.consent",
        {
            "participation": say_share(one.participated, one.total, least),
            "of_participated": say_share(one.agreed, one.participated, least),
            "of_total": say_share(one.agreed, one.total, least),
        },
    )
    counted = one.of_participated or one.of_total
    given = [
        _say_given("participation", one.participation_rate, one.participation),
        _say_given("agreement", one.agree_rate, counted),
    ]
    return join_said((told, *given))


def _say_given(name: str, rate: float, counted: Fraction | None) -> Said:
    if counted is not None or isnan(rate):
        return NOTHING
    percent = say_percent(Fraction(repr(rate)))
    return "check.found.rate_given", {"what": f"@check.what.{name}", "percent": percent}


def check_participation(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 参与率: households that took part, of all.

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
    return list(_judge_participations(ground))


@once
def _judge_participations(ground: Ground) -> tuple[Ruling, ...]:
    """Judge once what several clauses ask for."""
    asked = Asked(ground.profile.value("consent.participation_min"))
    base = _start(asked, _PARTICIPATION, ground)
    return tuple(
        _judge_participation(replace(base, subject_id=str(subject)), one, asked)
        for subject, one in zip(ground.facts.index, read_consents(ground), strict=True)
    )


def check_agreement(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 同意率 on the base that was chosen, else on both.

    Parameters
    ----------
    row
        The clause.
    ground
        What is judged by; its profile holds the base.

    Returns
    -------
    list of Ruling
        One for each community.
    """
    del row
    return list(_judge_agreements(ground))


@once
def _judge_agreements(ground: Ground) -> tuple[Ruling, ...]:
    """Judge once what several clauses ask for."""
    asked = Asked(ground.profile.value("consent.agree_min"))
    chosen = str(ground.profile.value(_BASE))
    base = _start(asked, _AGREEMENT, ground)
    return tuple(
        _judge_agreement(replace(base, subject_id=str(subject)), one, asked, chosen)
        for subject, one in zip(ground.facts.index, read_consents(ground), strict=True)
    )


def _start(asked: Asked, what: str, ground: Ground) -> Ruling:
    """Begin the ruling of every community: what is required."""
    lenient = ground.profile.value("consent.in_principle") is True
    return Ruling(
        "",
        UNKNOWN,
        required=asked.say(what, in_principle=lenient),
        exception=lenient and asked.least is not None,
    )


def _judge_participation(ruling: Ruling, one: Consent, asked: Asked) -> Ruling:
    share, least = one.participation, asked.least
    given = share is None and not isnan(one.participation_rate) and not one.impossible
    reached = None if share is None or least is None else share >= least
    if given and least is not None:
        reached = reaches_given(one.participation_rate, least)
    reason: Said = ("check.reason.rate_rounded", {}) if given else NOTHING
    lacking = list_lacking(one, "households_total", "households_participated")
    state = asked.judge(reached=reached, known=share is not None or given)
    value = float(share) if share is not None else one.participation_rate
    told = replace(ruling, state=state, value=value, missing=lacking)
    return _finish(told, one, asked, reason)


def _judge_agreement(ruling: Ruling, one: Consent, asked: Asked, chosen: str) -> Ruling:
    least = asked.least
    shares = {"participated": one.of_participated, "total": one.of_total}
    known = [share for share in shares.values() if share is not None]
    given = not isnan(one.agree_rate) and not known and not one.impossible
    reached, reason = None, NOTHING
    if one.impossible:
        known = []
    elif least is not None and chosen in BASES and shares[chosen] is None and given:
        reached = reaches_given(one.agree_rate, least)
        reason = "check.reason.rate_rounded", {}
    elif least is not None:
        reached, reason = _compare_bases(shares, least, chosen)
    if given and chosen not in BASES:
        reason = "check.reason.rate_without_base", {}
    state = asked.judge(reached=reached, known=bool(known) or given)
    value = shares.get(chosen) if chosen in BASES else shares["total"]
    disagree = reason[0] == "check.reason.bases_disagree"
    missing = (_BASE,) if disagree else list_lacking(one)
    told = replace(
        ruling,
        state=state,
        value=nan if value is None else float(value),
        missing=missing,
    )
    return _finish(told, one, asked, reason)


def _compare_bases(
    shares: Mapping[str, Fraction | None], least: Fraction, chosen: str
) -> tuple[bool | None, Said]:
    """Compare on the base chosen, else on both: of one alone, what it implies.

    Those who took part are never more than all: who fails among them fails among all,
    and who passes among all passes among them.
    """
    verdicts = {
        name: None if share is None else share >= least
        for name, share in shares.items()
    }
    active, every = verdicts["participated"], verdicts["total"]
    if chosen in BASES:
        if chosen == "total" and every is None and active is False:
            return False, NOTHING
        if chosen == "participated" and active is None and every is True:
            return True, NOTHING
        return verdicts[chosen], NOTHING
    if active is False or every is True:
        return every is True, NOTHING
    if active is True and every is False:
        return None, ("check.reason.bases_disagree", {})
    return None, NOTHING


def list_lacking(one: Consent, *names: str) -> tuple[str, ...]:
    """Name the counts that are not there.

    Parameters
    ----------
    one
        What is on record.
    *names
        Counts that are needed; all of them if none is named.

    Returns
    -------
    tuple of str
        Those that are unknown, all of them where they contradict each other.
    """
    counts = {
        "households_total": one.total,
        "households_participated": one.participated,
        "households_agreed": one.agreed,
    }
    wanted = names or tuple(counts)
    lacking = tuple(name for name in wanted if isnan(counts[name]))
    if one.total == 0:
        lacking = ("households_total", *lacking)
    return lacking if lacking or not one.impossible else wanted


def _finish(ruling: Ruling, one: Consent, asked: Asked, reason: Said) -> Ruling:
    """Add what was found, and why it is not known or an exception is possible."""
    state = ruling.state
    if asked.missing:
        reason = "check.reason.profile_missing", {}
    elif state == UNKNOWN and one.impossible:
        reason = "check.reason.more_than_households", {}
    elif state == UNKNOWN and reason == NOTHING:
        reason = "check.reason.not_recorded", {}
    elif state == SHORT and ruling.exception:
        reason = "check.reason.exception", {}
    elif state == OPEN_STATE:
        reason = "check.reason.open", {}
    elif state != UNKNOWN:
        reason = NOTHING
    settled = state not in (UNKNOWN, OPEN_STATE)
    return replace(
        ruling,
        found=say_consent(one, asked.least),
        reason=reason,
        missing=() if settled else ruling.missing,
        exception=ruling.exception and state == SHORT,
    )


CONSENT_KINDS: Mapping[str, Check] = {
    "participation": check_participation,
    "agreement": check_agreement,
}
