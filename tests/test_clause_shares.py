"""Rates of surveys, spending, the day of the report, shares of the plan."""

import pytest
from clause_cases import ground_of, judge, judge_one

from geo.rulings import speak


def test_the_survey_rate_is_of_all_households_and_shows_those_asked():
    cells = {"households": 200, "survey_valid_households": 149}
    found = judge_one("GS-2e", cells | {"survey_sent_households": 160})
    assert found.state == "short"
    assert "149/160" in speak(found.found, "zh")
    assert judge_one("GS-2e", cells | {"survey_valid_households": 150}).state == "met"
    assert judge_one("GS-2e", {"households": 200}).missing == (
        "survey_valid_households",
    )


def test_a_rate_stands_in_for_counts_only_where_rounding_does_not_decide():
    assert judge_one("GS-2f", {"satisfaction_rate": 0.9}).state == "met"
    assert judge_one("GS-2f", {"satisfaction_rate": 0.7}).state == "short"
    # 79.96 % rounds to 80.0 %, but 80 % is the very number asked for
    assert judge_one("GS-2f", {"satisfaction_rate": 0.8}).state == "met"
    crowded = {"survey_valid_households": 100, "survey_satisfied": 110}
    found = judge_one("GS-2f", crowded | {"satisfaction_rate": 0.9})
    assert found.state == "unknown"
    assert "矛盾" in speak(found.reason, "zh")


def test_satisfaction_has_no_number_in_the_national_notice():
    ground = ground_of({"c": {}}, "national")
    assert ground.profile.value("satisfaction.min") == "open"


def test_funds_of_the_latest_year_with_both_amounts():
    county = [
        {"year": 2025, "fund_allocated_cny": 100, "fund_executed_cny": 90},
        {"year": 2026, "fund_allocated_cny": 100, "fund_executed_cny": 96},
        {"year": 2027, "fund_allocated_cny": 100},
    ]
    (found,) = judge("YN-1-3b", ground_of({"c": {}}, "yunnan", county=county)).values()
    assert found.state == "met"
    assert "2026 年度" in speak(found.found, "zh")
    (found,) = judge(
        "YN-1-3b", ground_of({"c": {}}, "yunnan", county=county[2:])
    ).values()
    assert (found.state, found.missing) == ("unknown", ("fund_executed_cny",))
    (found,) = judge("YN-1-3b", ground_of({"c": {}}, "yunnan")).values()
    assert found.state == "unknown"


@pytest.mark.parametrize(
    ("day", "state"),
    [
        ("2027-02-28", "met"),
        ("2027-03-02", "short"),
        # 3月1日前: whether the day itself still counts, nobody wrote
        ("2027-03-01", "unknown"),
        (None, "unknown"),
    ],
)
def test_the_report_of_a_year_is_due_in_the_next(day, state):
    county = [{"year": 2026, "report_date": day}]
    (found,) = judge("YN-3", ground_of({"c": {}}, "yunnan", county=county)).values()
    assert found.state == state
    assert "03-01" in speak(found.required, "zh")


def test_a_last_day_of_february_is_a_day_in_every_year(tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "late.toml").write_text(
        'name_zh = "某"\nname_en = "Some"\ndocument = "某"\nextends = "yunnan"\n'
        '[report]\nbefore = { value = "02-29", rule = "YN-3" }\n',
        encoding="utf-8",
    )
    for day, state in (("2027-02-27", "met"), ("2027-03-01", "short")):
        county = [{"year": 2026, "report_date": day}]
        ground = ground_of({"c": {}}, "late", folder=tmp_path, county=county)
        assert next(iter(judge("YN-3", ground).values())).state == state


# --- shares of the plan ---------------------------------------------------------------


def party(flags, profile="yunnan", **more):
    towns = {
        f"c{at}": {"plan_year": 2027, "has_party_org": flag}
        for at, flag in enumerate(flags)
    }
    towns["other"] = {"plan_year": 2028, "has_party_org": False}
    ground = ground_of(towns, profile, county=[{"year": 2027}], **more)
    (found,) = judge("YN-2-1", ground).values()
    return found


@pytest.mark.parametrize(
    ("flags", "state"),
    [
        ([True] * 3 + [False] * 2, "met"),
        ([True] * 2 + [False] * 3, "short"),
        # what nobody said decides only where it could
        ([True] * 3 + [None] * 2, "met"),
        ([True] * 2 + [None] * 3, "unknown"),
        ([False] * 3 + [None] * 2, "short"),
        ([None] * 5, "unknown"),
    ],
)
def test_sixty_per_cent_of_the_plan(flags, state):
    found = party(flags)
    assert found.state == state
    assert (found.missing == ("has_party_org",)) == (state == "unknown")
    # its objects are the communities without, those of the plan only
    assert found.objects == tuple(f"c{at}" for at, f in enumerate(flags) if not f)


def test_without_a_plan_there_is_no_share():
    ground = ground_of({"c": {"has_party_org": True}}, "yunnan")
    (found,) = judge("YN-2-1", ground).values()
    assert (found.state, found.missing) == ("unknown", ("plan_year",))


def test_joint_units_are_those_of_several_communities():
    towns = {name: {"plan_year": 2027} for name in "abc"} | {"d": {"plan_year": 2030}}
    units = {"a": "U1", "b": "U2", "c": "U3", "d": "U1"}
    ground = ground_of(towns, "yunnan", units=units, county=[{"year": 2027}])
    (found,) = judge("YN-2-2a", ground).values()
    assert found.state == "open"
    assert "1/3（33.3 %）" in speak(found.found, "zh")
    ground = ground_of(towns, "yunnan", county=[{"year": 2027}])
    (found,) = judge("YN-2-2a", ground).values()
    assert (found.state, found.missing) == ("unknown", ("unit_id",))
