"""Capacity of the plan, what is secured, shares of sources, operators."""

import pytest
from clause_cases import ground_of, judge, judge_one

from geo.policy_settings import CheckSettings
from geo.rulings import speak

SOURCES = (
    "central",
    "province",
    "local",
    "bond_special",
    "bond_general",
    "utility",
    "owner_unit",
    "social",
    "loan",
    "bond_corp",
    "resident",
)


def capacity(costs, budgets, units=None):
    towns = {
        f"c{at}": {"plan_year": 2027, "project_cost_cny": cost}
        for at, cost in enumerate(costs)
    } | {"other": {"plan_year": 2028, "project_cost_cny": 1e9}}
    ground = ground_of(
        towns, "national", units=units, budgets=budgets, county=[{"year": 2027}]
    )
    (found,) = judge("N-1-3a", ground).values()
    return found


def budget(money=100.0, most=2.0, source="all", year=2027):
    return {
        "year": year,
        "source": source,
        "available_cny": money,
        "projects_most": most,
    }


@pytest.mark.parametrize(
    ("costs", "budgets", "state"),
    [
        ([60, 40], [budget()], "met"),
        ([60, 41], [budget()], "short"),
        ([60, 30, 10], [budget()], "short"),
        ([60, None], [budget()], "unknown"),
        # what is known already exceeds it
        ([101, None], [budget()], "short"),
        ([60, 40], [budget(most=None)], "unknown"),
        ([60, 40], [budget(money=None)], "unknown"),
        ([60, 40], [budget(year=2028)], "unknown"),
        ([60, 40], [], "unknown"),
    ],
)
def test_the_plan_within_funds_and_hands(costs, budgets, state):
    found = capacity(costs, budgets)
    assert found.state == state
    assert bool(found.missing) == (state == "unknown")


def test_by_how_much_it_exceeds_them():
    found = capacity([60, 41], [budget()])
    assert "超出 1 元" in speak(found.found, "zh")
    assert "资金筹措能力" in speak(found.reason, "zh")
    assert "组织实施能力" not in speak(found.reason, "zh")
    assert "组织实施能力" in speak(capacity([1, 1, 1], [budget()]).reason, "zh")


def test_sources_add_up_where_there_is_no_row_for_all():
    rows = [budget(60, 2, "central"), budget(40, None, "province")]
    assert capacity([60, 40], rows).state == "met"
    assert capacity([60, 41], rows).state == "short"
    # a source whose amount nobody knows leaves the sum unknown
    assert capacity([60, 40], [rows[0], budget(None, None, "province")]).state == (
        "unknown"
    )


def test_a_unit_is_one_project():
    units = {"c0": "U1", "c1": "U1", "c2": "U2"}
    assert capacity([30, 30, 30], [budget()], units=units).state == "met"
    assert capacity([30, 30, 30], [budget()]).state == "short"


def test_without_a_plan_nothing_is_compared():
    (found,) = judge("N-1-3a", ground_of({"c": {}}, "national")).values()
    assert (found.state, found.missing) == ("unknown", ("plan_year",))


# --- secured --------------------------------------------------------------------------


def secured(least, **cells):
    settings = CheckSettings(secured_share_least=least)
    return judge_one("GS-3d", cells, settings=settings)


def test_how_much_is_secured_is_open_until_somebody_sets_a_share():
    cells = {"project_cost_cny": 100, "fund_secured_cny": 80}
    assert secured(0.0, **cells).state == "open"
    assert secured(0.8, **cells).state == "met"
    assert secured(0.81, **cells).state == "short"
    assert secured(0.8, project_cost_cny=100).missing == ("fund_secured_cny",)
    assert secured(0.8, fund_secured_cny=1).state == "unknown"
    # more than the cost is secured well
    assert secured(0.8, project_cost_cny=100, fund_secured_cny=120).state == "met"


# --- sources --------------------------------------------------------------------------


def test_the_mix_of_sources_is_shown():
    cells = {"project_cost_cny": 200, "fund_central_cny": 90, "fund_resident_cny": 10}
    found = judge_one("N-2-4", cells, "national")
    assert found.state == "open"
    assert speak(found.found, "zh") == "中央 45.0 %、居民 5.0 %"
    assert judge_one("N-2-4", {"project_cost_cny": 200}, "national").state == "unknown"
    whole = {f"fund_{source}_cny": 10 for source in SOURCES}
    assert judge_one("N-2-4", whole, "national").state == "open"
    # without the cost the sum stands in, but only where every source is known
    del whole["fund_loan_cny"]
    found = judge_one("N-2-4", whole, "national")
    assert found.state == "unknown"
    assert "project_cost_cny" in found.missing


def test_a_source_that_is_not_recorded_is_not_nothing():
    cells = {"project_cost_cny": 100, "fund_social_cny": 10, "fund_central_cny": 70}
    found = judge_one("YN-2-4", cells, "yunnan")
    assert found.state == "open"
    assert "可能更高" in speak(found.found, "zh")
    assert found.missing == ("fund_utility_cny", "fund_owner_unit_cny")
    nothing = judge_one("YN-2-4", {"project_cost_cny": 100}, "yunnan")
    assert nothing.state == "unknown"
    # what nobody recorded is not shown as 0
    assert "0/100" not in speak(nothing.found, "zh")


@pytest.mark.parametrize(
    ("known", "state"),
    [
        ({"social": 20}, "met"),
        ({"social": 19, "utility": 0, "owner_unit": 0}, "short"),
        ({"social": 10}, "unknown"),
        # the other sources leave no room for more
        ({"social": 10, "central": 85}, "short"),
    ],
)
def test_a_share_lies_between_what_is_known_and_what_could_be(tmp_path, known, state):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "fifth.toml").write_text(
        'name_zh = "某"\nname_en = "Some"\ndocument = "某"\nextends = "yunnan"\n'
        '[shares]\nsocial_fund_min = { value = "20/100", rule = "YN-2-4" }\n',
        encoding="utf-8",
    )
    cells = {f"fund_{name}_cny": cny for name, cny in known.items()}
    found = judge_one(
        "YN-2-4", cells | {"project_cost_cny": 100}, "fifth", folder=tmp_path
    )
    assert found.state == state


def test_operators_are_shown_per_unit():
    towns = {
        "a": {"operator_name": "甲公司"},
        "b": {"operator_name": "甲公司"},
        "c": {},
    }
    units = {"a": "U1", "b": "U1", "c": "U2"}
    found = judge("N-2-5", ground_of(towns, "national", units=units))
    assert found["U1"].state == "open"
    assert speak(found["U1"].found, "zh") == "运营主体：甲公司（2 个小区中 2 个）"
    assert (found["U2"].state, found["U2"].missing) == ("unknown", ("operator_name",))
