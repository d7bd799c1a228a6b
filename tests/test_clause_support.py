"""What follows from consent: central funds, and who comes first."""

from clause_cases import ground_of, judge, judge_one

from geo.rulings import speak


def cells(total=None, participated=None, agreed=None, **more):
    return {
        "households_eligible": total,
        "households_participated": participated,
        "households_agreed": agreed,
        **more,
    }


def test_central_funds_need_both_rates_from_2022_on():
    both = cells(100, 90, 90)
    few = cells(100, 70, 70)
    for own, plan_year, state in (
        (both, 2027, "met"),
        (few, 2027, "short"),
        (few, 2021, "not_required"),
        (both, None, "unknown"),
        ({}, 2027, "unknown"),
    ):
        found = judge_one("GS-2g", own | {"plan_year": plan_year})
        assert found.state == state
    # without a year of its own it is that of the plan to be submitted
    ground = ground_of({"c": few}, county=[{"year": 2027}])
    assert judge("GS-2g", ground)["c"].state == "short"


def test_the_willing_come_first_and_are_not_judged():
    found = judge_one("YN-1-7c", cells(100, 90, 90, fund_resident_cny=5e5), "yunnan")
    assert found.state == "open"
    assert "500,000" in speak(found.found, "zh")
    assert judge_one("YN-1-7c", {"households": 10}, "yunnan").state == "unknown"
