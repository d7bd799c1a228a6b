"""Choices of the policy step."""

from dataclasses import fields

import pytest

from geo.errors import RuleError
from geo.policy_settings import CheckSettings, ReserveSettings, ScheduleSettings
from geo.settings import Settings, make_settings


def test_nobody_has_chosen_the_base_of_agreement():
    assert CheckSettings().consent_base == ""


def test_a_settings_file_reaches_every_section():
    made = make_settings(
        {
            "checks": {"consent_base": "total", "plan_year": 2027},
            "reserve": {"weight_scheme": 10},
            "schedule": {"mode": "optimise", "years": 5},
        }
    )
    assert made.checks.consent_base == "total"
    assert made.checks.plan_year == 2027
    assert made.reserve.weight_scheme == 10
    assert (made.schedule.mode, made.schedule.years) == ("optimise", 5)
    # what is not named keeps its default
    assert made.reserve.weight_facilities == Settings().reserve.weight_facilities


@pytest.mark.parametrize(
    ("section", "name", "value", "code"),
    [
        ("checks", "consent_base", "everybody", "setting_word"),
        ("checks", "as_of", "22.11.2026", "setting_day"),
        ("checks", "gas_near_m", -1.0, "setting_negative"),
        ("checks", "utility_years", 1.5, "setting_kind"),
        ("checks", "colour", "red", "setting_unknown"),
        ("reserve", "weight_scheme", -1.0, "setting_negative"),
        ("reserve", "bonus", float("nan"), "setting_negative"),
        ("schedule", "years", 0, "setting_not_positive"),
        ("schedule", "mode", "magic", "setting_word"),
        ("schedule", "seconds_most", float("inf"), "setting_negative"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(section, name, value, code):
    with pytest.raises(RuleError) as refused:
        make_settings({section: {name: value}})
    assert refused.value.code == code
    assert refused.value.params["name"] == f"{section}.{name}"
    assert refused.value.message("zh") != refused.value.message("en")


def test_weights_of_nothing_order_nothing():
    names = [one.name for one in fields(ReserveSettings) if "weight" in one.name]
    with pytest.raises(RuleError) as refused:
        ReserveSettings(**dict.fromkeys(names, 0.0))
    assert refused.value.code == "setting_not_positive"


def test_the_order_of_the_ranking_is_the_default():
    assert ScheduleSettings().mode == "strict"
