"""What a part of an indicator counts, and what it comes to against its target.

A count that is not known is neither in nor out: the value then lies between two
bounds, and only where both are on one side of the target is it met or missed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, nan

from geo.rulings import NOTHING, Said
from geo.schema import State


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted.

    Attributes
    ----------
    numerator, denominator
        What is proven, and of how much; a count has denominator 1.
    undecided
        How much of the denominator could still be in the numerator (for a count: how
        many could still be added).
    left_out
        Subjects that are in neither, since nothing is known of them.
    met_ids, short_ids, unknown_ids
        The subjects behind it, sorted.
    objects
        Documents, works and issues behind it, sorted.
    missing
        What to collect.
    open
        Whether the documents leave the number open by which subjects are counted.
    asked
        False: nothing is asked of anybody (nothing finished, no such clause).
    reason
        Why it is not known, not asked for, and so on.
    """

    numerator: float = 0.0
    denominator: float = 0.0
    undecided: float = 0.0
    left_out: int = 0
    met_ids: tuple[str, ...] = ()
    short_ids: tuple[str, ...] = ()
    unknown_ids: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    open: bool = False
    asked: bool = True
    reason: Said = NOTHING

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest value; NaN where there is none."""
        if not self.asked or self.denominator <= 0 or self.open:
            return nan, nan
        least = self.numerator / self.denominator
        most = (self.numerator + self.undecided) / self.denominator
        return (least, inf) if self.left_out else (least, most)


def count_states(states: Mapping[str, State]) -> Tally:
    """Count subjects by what a test came to for each.

    Parameters
    ----------
    states
        Subject to state; those of which nothing is required are left out.

    Returns
    -------
    Tally
        Those that meet it, of all.
    """
    asked = {one: s for one, s in states.items() if s != State.NOT_REQUIRED}
    met = _with(asked, State.MET)
    short = _with(asked, State.SHORT)
    open_ = _with(asked, State.OPEN)
    unknown = tuple(sorted(set(asked) - {*met, *short, *open_}))
    left: Said = ("indicators.reason.left_open", {"count": len(open_)})
    return Tally(
        numerator=len(met),
        denominator=len(asked),
        undecided=len(unknown) + len(open_),
        met_ids=met,
        short_ids=short,
        unknown_ids=tuple(sorted((*unknown, *open_))),
        open=bool(open_) and not (met or short),
        asked=bool(asked),
        reason=left if open_ else NOTHING,
    )


def combine_states(states: Iterable[State]) -> State:
    """Put several tests of one subject together.

    Parameters
    ----------
    states
        What each came to.

    Returns
    -------
    State
        ``short`` if any is, else ``unknown`` if any is, else ``open`` if any is, else
        ``met``; ``not_required`` if nothing is asked.
    """
    found = {s for s in states if s != State.NOT_REQUIRED}
    if not found:
        return State.NOT_REQUIRED
    for word in (State.SHORT, State.UNKNOWN, State.NO_DATA, State.OPEN):
        if word in found:
            return State.UNKNOWN if word == State.NO_DATA else word
    return State.MET


def judge_tally(
    tally: Tally, compare: str, unit: str, target: Fraction | None, *, asked: bool
) -> State:
    """Judge what was counted against a target.

    Parameters
    ----------
    tally
        What was counted.
    compare
        ``least``, ``most`` or ``none``.
    unit
        One of :data:`geo.indicator_rules.UNITS`; without a left-out subject the
        bounds of a share hold, with one only those of a count or ratio from below.
    target
        The number; None: the documents leave it open, or none asks for one.
    asked
        Whether any document asks for it.

    Returns
    -------
    State
        ``met`` or ``short`` only where no missing number could change it; ``open``
        where it is computed but no number is laid down.
    """
    if not tally.asked:
        return State.NOT_REQUIRED
    if tally.open:
        return State.OPEN
    if tally.denominator <= 0:
        return State.UNKNOWN
    grows = unit in ("count", "ratio")
    if compare == "none" or target is None:
        if not grows and tally.undecided >= tally.denominator:
            return State.UNKNOWN
        return State.OPEN if asked else State.NOT_REQUIRED
    return _compare(tally, compare, target, grows=grows)


def _compare(tally: Tally, compare: str, target: Fraction, *, grows: bool) -> State:
    whole = Fraction(tally.denominator)
    least = Fraction(tally.numerator) / whole
    most = Fraction(tally.numerator + tally.undecided) / whole
    if tally.left_out and not (grows and least > target):
        return State.UNKNOWN
    if compare == "least":
        sure = (least >= target, most < target)
    else:
        sure = (most <= target and not tally.left_out, least > target)
    return State.MET if sure[0] else State.SHORT if sure[1] else State.UNKNOWN


def say_why(tally: Tally, key: str, **values: object) -> Tally:
    """Return a tally with its reason.

    Parameters
    ----------
    tally
        The tally.
    key
        Text of the area ``indicators.reason``.
    **values
        Values for its places.

    Returns
    -------
    Tally
        A copy.
    """
    return replace(tally, reason=(f"indicators.reason.{key}", values))


def place_ids(
    tally: Tally,
    met: Iterable[str],
    short: Iterable[str],
    unknown: Iterable[str],
) -> Tally:
    """Return a tally with other subjects behind it.

    Parameters
    ----------
    tally
        The tally.
    met, short, unknown
        Ids in any order.

    Returns
    -------
    Tally
        A copy.
    """
    return replace(
        tally,
        met_ids=tuple(sorted(set(met))),
        short_ids=tuple(sorted(set(short))),
        unknown_ids=tuple(sorted(set(unknown))),
    )


def _with(states: Mapping[str, State], word: State) -> tuple[str, ...]:
    return tuple(sorted(one for one, state in states.items() if state == word))
