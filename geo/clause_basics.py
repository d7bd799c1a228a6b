"""What the functions that judge clauses share: cells, shares, thresholds, joining."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import isnan

from geo.profiles import OPEN, Value
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said
from geo.schema import State
from geo.text import DEFAULT_LANGUAGE, texts

#: Judges one clause for all its subjects.
Check = Callable[[ClauseRow, Ground], list[Ruling]]

MET, SHORT, UNKNOWN = State.MET, State.SHORT, State.UNKNOWN
OPEN_STATE, NOT_REQUIRED = State.OPEN, State.NOT_REQUIRED

#: What decides where several things must hold, strongest first.
_DECIDES = (SHORT, UNKNOWN, OPEN_STATE, MET, NOT_REQUIRED)

#: Digits after which a percentage is not written out further.
_DIGITS_MOST = 6


def make_share(part: float, whole: float) -> Fraction | None:
    """Return an exact share, None where it is not known or cannot be.

    Parameters
    ----------
    part, whole
        Counts or amounts; NaN: unknown. More than the whole is no share.

    Returns
    -------
    fractions.Fraction or None
        The share of 1.
    """
    if not 0 <= part <= whole or whole <= 0:
        return None
    if part == int(part) and whole == int(whole):
        return Fraction(int(part), int(whole))
    return Fraction(part) / Fraction(whole)


def say_percent(share: Fraction, least: Fraction | None = None) -> str:
    """Write a share in per cent, never rounded across what it must reach.

    Parameters
    ----------
    share
        Share of 1.
    least
        What it must reach, if there is such a number.

    Returns
    -------
    str
        One digit after the point, more where rounding would change the verdict.

    Examples
    --------
    >>> say_percent(Fraction(200, 300), Fraction(2, 3))
    '66.7'
    >>> say_percent(Fraction(7496, 10000), Fraction(3, 4))
    '74.96'
    """
    hundreds, whole = share.numerator * 100, share.denominator
    for digits in range(1, _DIGITS_MOST + 1):
        scale = 10**digits
        shown = (2 * hundreds * scale + whole) // (2 * whole)
        if least is None or (shown >= least * 100 * scale) == (share >= least):
            break
    return f"{shown // scale}.{shown % scale:0{digits}d}"


def say_least(least: Fraction) -> str:
    """Write a threshold exactly.

    Parameters
    ----------
    least
        Share of 1.

    Returns
    -------
    str
        ``"75 %"``, or ``"2/3"`` where no decimal is exact.
    """
    tenths = least * 1000
    if tenths.denominator != 1:
        return f"{least.numerator}/{least.denominator}"
    return f"{float(least * 100):g} %"


def say_share(part: float, whole: float, least: Fraction | None = None) -> Said:
    """Say a share with the counts behind it.

    Parameters
    ----------
    part, whole
        Counts; NaN: unknown.
    least
        What the share must reach, if there is such a number.

    Returns
    -------
    Said
        ``225/300（75.0 %）``; what is not known is said to be so.
    """
    share = make_share(part, whole)
    counts = {"part": say_money(part), "whole": say_money(whole)}
    if share is None:
        return "check.share.counts", counts
    return "check.share.full", counts | {"percent": say_percent(share, least)}


def say_number(value: float) -> str:
    """Write a number, or that it is not known.

    Parameters
    ----------
    value
        Number; NaN: unknown.

    Returns
    -------
    str
        Digits, or a text key.
    """
    if isnan(value):
        return "@check.not_known"
    return f"{value:.0f}" if value == int(value) else f"{value:.2f}"


def say_money(value: float) -> str:
    """Write an amount or a count, or that it is not known.

    Parameters
    ----------
    value
        CNY, households and so on; NaN: unknown.

    Returns
    -------
    str
        Whole number with separators, or a text key.
    """
    return "@check.not_known" if isnan(value) else f"{value:,.0f}"


def say_day(day: date | None) -> str:
    """Write a day, or that it is not known.

    Parameters
    ----------
    day
        The day, if any.

    Returns
    -------
    str
        ``2026-11-22``, or a text key.
    """
    return "@check.not_known" if day is None else day.isoformat()


def say_asked(row: ClauseRow) -> Said:
    """Say in a few words what a clause asks for.

    Parameters
    ----------
    row
        The clause.

    Returns
    -------
    Said
        Its own words, else those of its kind.
    """
    known = texts(DEFAULT_LANGUAGE)
    for name in (row.rule_id, row.kind):
        key = f"check.asked.{name}"
        if key in known:
            return key, {}
    return "check.asked.other", {}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a profile asks of a share.

    Attributes
    ----------
    value
        As the profile has it: a fraction, ``"open"``, None (nobody asks), or a word
        in place of a value that is missing.
    """

    value: Value | None

    @property
    def least(self) -> Fraction | None:
        """The number, if there is one."""
        return self.value if isinstance(self.value, Fraction) else None

    @property
    def missing(self) -> bool:
        """Whether the profile has the entry, but no value."""
        return isinstance(self.value, str) and self.value != OPEN

    def judge(self, *, reached: bool | None, known: bool) -> State:
        """Return the state.

        Parameters
        ----------
        reached
            Whether the number is reached; None: not known, or there is no number.
        known
            Whether there is anything to show.

        Returns
        -------
        State
            The state; an open number neither passes nor fails.
        """
        if self.value is None:
            return NOT_REQUIRED
        if self.value == OPEN:
            return OPEN_STATE if known else UNKNOWN
        if self.least is None or reached is None:
            return UNKNOWN
        return MET if reached else SHORT

    def say(self, what: str, *, in_principle: bool = False) -> Said:
        """Say what is required.

        Parameters
        ----------
        what
            Text key (with ``@``) of what must reach it.
        in_principle
            Whether exceptions are possible (原则上).

        Returns
        -------
        Said
            The sentence.
        """
        if self.value is None:
            return "check.required.nothing", {}
        if self.missing:
            return "check.required.missing", {"what": what}
        if self.least is None:
            return "check.required.open", {"what": what}
        key = "in_principle" if in_principle else "least"
        return f"check.required.{key}", {"what": what, "least": say_least(self.least)}


def join_rulings(parts: Sequence[list[Ruling]]) -> list[Ruling]:
    """Join what several checks say of the same subjects: all must hold.

    Parameters
    ----------
    parts
        Rulings of each check.

    Returns
    -------
    list of Ruling
        One for each subject that any of them names, in the order in which they come.
    """
    by_subject: dict[str, list[Ruling]] = {}
    for ruling in (one for part in parts for one in part):
        by_subject.setdefault(ruling.subject_id, []).append(ruling)
    return [_join(several) for several in by_subject.values()]


def _join(several: list[Ruling]) -> Ruling:
    if len(several) == 1:
        return several[0]
    state = min((one.state for one in several), key=_DECIDES.index)
    deciding = [one for one in several if one.state == state]
    return Ruling(
        several[0].subject_id,
        state,
        found=join_said(one.found for one in several),
        required=join_said(one.required for one in several),
        reason=join_said(one.reason for one in deciding),
        missing=tuple(dict.fromkeys(name for one in several for name in one.missing)),
        exception=any(one.exception for one in deciding),
        value=deciding[0].value,
        objects=tuple(dict.fromkeys(item for one in several for item in one.objects)),
    )


def join_said(said: Iterable[Said]) -> Said:
    """Say several sentences one after the other, none of them twice.

    Parameters
    ----------
    said
        Sentences; `NOTHING` is left out.

    Returns
    -------
    Said
        One sentence.
    """
    kept: list[Said] = []
    for one in said:
        if one != NOTHING and one not in kept:
            kept.append(one)
    if len(kept) <= 1:
        return kept[0] if kept else NOTHING
    joined = kept[0]
    for one in kept[1:]:
        joined = "check.joined", {"first": joined, "second": one}
    return joined
