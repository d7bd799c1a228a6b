"""Exact shares, thresholds, rates without counts, and how rulings join."""

from fractions import Fraction
from itertools import permutations
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.clause_basics import (
    Asked,
    join_rulings,
    join_said,
    make_share,
    say_asked,
    say_day,
    say_least,
    say_money,
    say_number,
    say_percent,
    say_share,
)
from geo.profiles import MISSING, OPEN
from geo.rates import reaches_given
from geo.rulings import NOTHING, ClauseRow, Ruling, speak
from geo.schema import State

TWO_THIRDS = Fraction(2, 3)


@given(st.integers(0, 3000), st.integers(1, 3000))
def test_two_thirds_is_a_fraction(part, whole):
    share = make_share(part, whole)
    if part > whole:
        assert share is None
        return
    assert (share >= TWO_THIRDS) == (3 * part >= 2 * whole)
    assert (share >= Fraction(3, 4)) == (4 * part >= 3 * whole)


@pytest.mark.parametrize(
    ("part", "whole"), [(nan, 3), (3, nan), (0, 0), (4, 3), (-1, 3)]
)
def test_what_is_no_share(part, whole):
    assert make_share(part, whole) is None


@given(st.integers(0, 999), st.integers(1, 999))
def test_a_percentage_never_looks_as_if_it_were_on_the_other_side(part, whole):
    share = Fraction(min(part, whole), whole)
    for least in (TWO_THIRDS, Fraction(3, 4), Fraction(7, 10)):
        shown = Fraction(say_percent(share, least)) / 100
        assert (shown >= least) == (share >= least)


def test_percentages_of_the_documents():
    assert say_percent(Fraction(200, 300), TWO_THIRDS) == "66.7"
    assert say_percent(Fraction(133, 200), TWO_THIRDS) == "66.5"
    assert say_percent(Fraction(7496, 10000)) == "75.0"
    assert say_percent(Fraction(7496, 10000), Fraction(3, 4)) == "74.96"
    assert say_least(TWO_THIRDS) == "2/3"
    assert say_least(Fraction(3, 4)) == "75 %"
    assert say_least(Fraction(665, 1000)) == "66.5 %"


@pytest.mark.parametrize(
    ("rate", "least", "reached"),
    [
        (0.75, Fraction(3, 4), True),
        (0.80, Fraction(3, 4), True),
        (0.74, Fraction(3, 4), False),
        # 66.7 % may be 66.65 %, 67 % may be 66.5 %
        (0.667, TWO_THIRDS, None),
        (0.67, TWO_THIRDS, None),
        (0.6667, TWO_THIRDS, None),
        (0.668, TWO_THIRDS, True),
        (0.66, TWO_THIRDS, False),
        (1.0, TWO_THIRDS, True),
        (0.0, TWO_THIRDS, False),
    ],
)
def test_a_rate_without_counts(rate, least, reached):
    assert reaches_given(rate, least) is reached


@given(st.integers(1, 400), st.integers(1, 400))
def test_a_rounded_rate_is_never_judged_otherwise_than_its_counts(part, whole):
    share = Fraction(min(part, whole), whole)
    for digits in (2, 3, 4):
        rate = float(round(share, digits))
        reached = reaches_given(rate, TWO_THIRDS)
        assert reached is None or reached == (share >= TWO_THIRDS)


@pytest.mark.parametrize(
    ("value", "reached", "known", "state"),
    [
        (Fraction(1, 2), True, True, State.MET),
        (Fraction(1, 2), False, True, State.SHORT),
        (Fraction(1, 2), None, False, State.UNKNOWN),
        (OPEN, None, True, State.OPEN),
        (OPEN, None, False, State.UNKNOWN),
        (MISSING, None, True, State.UNKNOWN),
        (None, None, True, State.NOT_REQUIRED),
    ],
)
def test_what_a_number_comes_to(value, reached, known, state):
    asked = Asked(value)
    assert asked.judge(reached=reached, known=known) == state
    assert asked.missing == (value == MISSING)
    for lang in ("zh", "en"):
        assert speak(asked.say("@check.what.vote"), lang)


def test_shares_and_cells_in_words():
    assert speak(say_share(225, 300), "zh") == "225/300（75.0 %）"
    assert speak(say_share(nan, 300), "en") == "not recorded/300"
    assert speak(say_share(400, 300), "en") == "400/300"
    assert say_number(3.5) == "3.50"
    assert say_money(1234567.0) == "1,234,567"
    assert say_money(nan) == say_day(None) == "@check.not_known"


ORDER = (State.SHORT, State.UNKNOWN, State.OPEN, State.MET, State.NOT_REQUIRED)


@pytest.mark.parametrize("pair", list(permutations(ORDER, 2)))
def test_of_two_checks_the_worse_decides(pair):
    parts = [
        [Ruling("a", state, reason=(f"check.reason.{name}", {}), missing=(name,))]
        for state, name in zip(pair, ("open", "unread"), strict=True)
    ]
    (joined,) = join_rulings(parts)
    assert joined.state == min(pair, key=ORDER.index)
    assert joined.missing == ("open", "unread")
    told = dict(zip(pair, ("open", "unread"), strict=True))[joined.state]
    assert joined.reason == (f"check.reason.{told}", {})


def test_subjects_of_several_checks_are_kept_apart():
    parts = [
        [Ruling("a", State.MET), Ruling("b", State.MET, exception=True)],
        [Ruling("b", State.SHORT, objects=("x",))],
    ]
    found = {one.subject_id: one for one in join_rulings(parts)}
    assert found["a"].state == "met"
    assert found["b"].state == "short"
    assert found["b"].exception is False
    assert found["b"].objects == ("x",)


def test_sentences_join_without_repeating_themselves():
    first, second = ("check.found.yes", {}), ("check.found.no", {})
    assert join_said([NOTHING, NOTHING]) == NOTHING
    assert join_said([first, NOTHING, first]) == first
    assert speak(join_said([first, second, first]), "zh") == "有；无"


def test_what_a_clause_asks_for_in_words():
    row = ClauseRow(
        "N-1-6", "", "", "", "", "", "", "document", "county", "annual_plan"
    )
    assert "职责分工" in speak(say_asked(row), "zh")
    other = ClauseRow("OWN", "", "", "", "", "", "", "flag", "county", "annual_plan")
    assert speak(say_asked(other), "zh") == "符合该条款"


def test_shares_of_amounts_are_exact_too():
    assert make_share(0.5, 2.0) == Fraction(1, 4)
    told = speak(say_share(1_500_000, 3_000_000), "en")
    assert told == "1,500,000/3,000,000 (50.0 %)"
