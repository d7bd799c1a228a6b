"""The consent before the plan: both rates, both bases, and what contradicts itself."""

from fractions import Fraction

import pytest
from clause_cases import judge_one
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.clause_consent import Consent, _compare_bases
from geo.policy_settings import CheckSettings
from geo.rulings import speak

LEAST = Fraction(3, 4)


def cells(total=None, participated=None, agreed=None, **more):
    return {
        "households_eligible": total,
        "households_participated": participated,
        "households_agreed": agreed,
        **more,
    }


def agree(base="", profile="gansu", **more):
    rule = {"gansu": "GS-2b", "yunnan": "YN-1-7b"}[profile]
    chosen = CheckSettings(consent_base=base)
    known = cells(**more) | {"households": None}
    return judge_one(rule, known, profile, settings=chosen)


# --- bases ----------------------------------------------------------------------------


@given(
    st.integers(1, 60),
    st.integers(0, 60),
    st.integers(0, 60),
    st.sampled_from([0, 1, 2]),
)
@settings(deadline=None)
def test_the_verdict_without_a_base_holds_on_either(total, took, agreed, hidden):
    """Whatever is left out, a verdict is only given where no base contradicts it."""
    took, agreed = min(took, total), min(agreed, took, total)
    whole = Consent(total, took, agreed, float("nan"), float("nan"))
    truth = {
        share >= LEAST
        for share in (whole.of_participated, whole.of_total)
        if share is not None
    }
    shares = {"participated": whole.of_participated, "total": whole.of_total}
    if hidden:
        shares[["participated", "total"][hidden - 1]] = None
    reached, _ = _compare_bases(shares, LEAST, "")
    assert reached is None or truth == {reached}


def test_one_base_may_settle_both():
    # of those who took part too few: of all even fewer
    assert agree(participated=100, agreed=74).state == "short"
    assert agree(total=100, agreed=75).state == "met"
    # of all too few says nothing of those who took part
    assert agree(total=100, agreed=74).state == "unknown"
    assert agree(participated=100, agreed=75).state == "unknown"


def test_a_chosen_base_asks_for_its_own_counts():
    assert agree("participated", participated=100, agreed=75).state == "met"
    assert agree("total", participated=100, agreed=75).state == "unknown"
    assert agree("total", participated=100, agreed=74).state == "short"
    assert agree("participated", total=100, agreed=75).state == "met"
    assert agree("participated", total=100, agreed=74).state == "unknown"


def test_nobody_took_part():
    found = agree(total=100, participated=0, agreed=0)
    assert found.state == "short"
    assert found.value == 0


# --- rates without counts -------------------------------------------------------------


def test_a_rate_of_participation_has_but_one_base():
    for rate, state in ((0.80, "met"), (0.75, "met"), (0.70, "short")):
        found = judge_one("GS-2a", cells(participation_rate=rate))
        assert found.state == state
        assert "没有户数" in speak(found.found, "zh")
    found = judge_one("YN-1-7a", cells(participation_rate=0.667), "yunnan")
    assert found.state == "unknown"
    assert "四舍五入" in speak(found.reason, "zh")


def test_a_rate_of_agreement_counts_only_where_the_base_is_chosen():
    assert agree("participated", agree_rate=0.9).state == "met"
    assert agree("total", agree_rate=0.6).state == "short"
    found = agree("", agree_rate=0.9)
    assert found.state == "unknown"
    assert "没有户数" in speak(found.reason, "zh")
    assert "households_agreed" in found.missing


def test_counts_are_believed_before_a_rate():
    found = judge_one("GS-2a", cells(300, 200, participation_rate=0.9))
    assert found.state == "short"


# --- what contradicts itself ----------------------------------------------------------


@pytest.mark.parametrize(
    "bad", [cells(300, 400, 300), cells(300, 200, 250), cells(300, None, 310)]
)
def test_counts_that_cannot_be_are_unknown_and_said(bad):
    found = judge_one("GS-2b", bad)
    assert found.state == "unknown"
    assert "矛盾" in speak(found.reason, "zh")
    assert found.missing


def test_a_rate_does_not_stand_in_for_counts_that_cannot_be():
    bad = cells(300, 400, 100, participation_rate=0.9)
    assert judge_one("GS-2a", bad).state == "unknown"


# --- the rest -------------------------------------------------------------------------


def test_all_households_stand_in_for_those_eligible():
    found = judge_one("GS-2a", cells(None, 225) | {"households": 300})
    assert found.state == "met"
    found = judge_one("GS-2a", cells(225, 225) | {"households": 400})
    assert found.value == 1


def test_nothing_on_record_is_unknown_and_never_short():
    for rule, profile in (
        ("GS-2a", "gansu"),
        ("YN-1-7b", "yunnan"),
        ("N-1-7a", "national"),
    ):
        found = judge_one(rule, {}, profile)
        assert found.state == "unknown"
        assert "没有征询记录" in speak(found.found, "zh")


def test_national_rates_are_shown_and_left_open():
    found = judge_one("N-1-7a", cells(300, 225, 169), "national")
    assert found.state == "open"
    assert "225/300" in speak(found.found, "zh")
