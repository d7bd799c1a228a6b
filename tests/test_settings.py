"""Settings: defaults of the method, and what is refused."""

from dataclasses import FrozenInstanceError, fields

import pytest

from geo.errors import RuleError
from geo.settings import Settings, make_settings, make_site_settings


def test_defaults_are_those_of_the_method():
    settings = Settings()
    assert settings.profile == "national"
    assert settings.lang == "zh"
    assert settings.attach_max_m == 100
    assert settings.boundary_tolerance_m == 15
    assert settings.extent_tolerance_m == 25
    assert settings.coverage_share_min == 0.8
    assert settings.borderline_share == 0.1
    assert settings.default_reach_m == 500
    assert (settings.adult_pace_m_per_min, settings.elder_pace_m_per_min) == (67, 50)
    assert settings.cutoff_m == 1250
    assert not settings.planarise


def test_settings_do_not_change_and_serve_as_a_key():
    with pytest.raises(FrozenInstanceError):
        Settings().cutoff_m = 1.0
    assert {Settings(): 1}[make_settings({})] == 1


def test_values_are_taken():
    settings = make_settings({"cutoff_m": 900, "lang": "en", "planarise": True})
    assert (settings.cutoff_m, settings.lang, settings.planarise) == (900, "en", True)
    assert settings.attach_max_m == 100


NUMBERS = [field.name for field in fields(Settings) if isinstance(field.default, float)]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_numbers_must_be_positive(name, value):
    with pytest.raises(RuleError) as caught:
        make_settings({name: value})
    assert caught.value.code == "setting_not_positive"
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"), [("coverage_share_min", 1.1), ("borderline_share", 1.0)]
)
def test_shares_are_shares(name, value):
    with pytest.raises(RuleError) as caught:
        make_settings({name: value})
    assert caught.value.code == "setting_share"


def test_all_may_be_asked_to_be_served():
    assert make_settings({"coverage_share_min": 1.0}).coverage_share_min == 1


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(RuleError, match="cutoff_m") as caught:
        make_settings({"cutof_m": 3.0})
    assert caught.value.code == "setting_unknown"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cutoff_m", "far"),
        ("cutoff_m", True),
        ("planarise", 1),
        ("lang", 3),
        ("cutoff_m", None),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(name, value):
    with pytest.raises(RuleError) as caught:
        make_settings({name: value})
    assert caught.value.code == "setting_kind"
    assert caught.value.message("en")


@pytest.mark.parametrize("name", ["conditions_reading", "fiscal_allows"])
def test_a_word_that_is_not_known_is_refused(name):
    with pytest.raises(RuleError) as caught:
        make_settings({name: "maybe"})
    assert caught.value.code == "setting_word"
    assert name in caught.value.message("zh")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"communities_most": -1}, "setting_negative"),
        ({"spread_m": 0.0}, "setting_not_positive"),
        ({"within": "street"}, "setting_word"),
        ({"communities_least": 9}, "setting_bounds"),
        ({"area_least_m2": 9.0, "area_most_m2": 8.0}, "setting_bounds"),
        ({"communities": 3}, "setting_unknown"),
        ({"communities_most": 2.5}, "setting_kind"),
    ],
)
def test_unit_settings_that_make_no_sense_are_refused(values, code):
    with pytest.raises(RuleError) as caught:
        make_settings({"units": values})
    assert caught.value.code == code
    assert "units." in caught.value.message("zh")


def test_unit_settings_stand_in_a_section_of_their_own():
    made = make_settings({"units": {"communities_most": 10, "within": "jurisdiction"}})
    assert made.units.communities_most == 10
    assert made.units.within == "jurisdiction"
    assert made.units.communities_least == 1


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"sites": {"budget": -1.0}}, "setting_negative"),
        ({"sites": {"budget_kind": "gold"}}, "setting_word"),
        ({"sites": {"plot_ratio": 0.0}}, "setting_not_positive"),
        ({"sites": {"categories": ["parking", "parking"]}}, "setting_twice"),
        ({"sites": {"weights": [1.0, 2.0]}}, "setting_weights"),
        (
            {"sites": {"categories": ["parking"], "weights": [0.0]}},
            "setting_not_positive",
        ),
        ({"sites": {"categories": ["parking", 2]}}, "setting_kind"),
        ({"sites": {"categories": "parking"}}, "setting_kind"),
        ({"sites": {"colour": 1}}, "setting_unknown"),
        ({"openings": {"step_m": 0.0}}, "setting_not_positive"),
        ({"openings": {"apart_m": -1.0}}, "setting_negative"),
        ({"openings": {"open_to": "nobody"}}, "setting_word"),
    ],
)
def test_settings_of_sites_and_openings_are_checked(values, code):
    with pytest.raises(RuleError) as caught:
        make_settings(values)
    assert caught.value.code == code


def test_lists_of_a_settings_file_become_tuples():
    made = make_settings({"sites": {"categories": ["parking"], "weights": [2]}})
    assert made.sites.categories == ("parking",)
    assert made.sites.weights == (2,)
    assert make_site_settings({"budget": 3.0}).budget == 3.0
