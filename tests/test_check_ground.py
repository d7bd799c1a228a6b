"""The ground: the base that is chosen, the county's name, the year of its plan."""

from datetime import date

import pytest
from clause_cases import ground_of

from geo.check_ground import choose_base
from geo.policy_settings import CheckSettings
from geo.rules import load_rules

BASE = "consent.agree_base"


def test_a_base_is_chosen_only_where_the_profile_leaves_it_open(tmp_path):
    open_ = load_rules("gansu").profile
    for base in ("participated", "total"):
        chosen = choose_base(open_, CheckSettings(consent_base=base))
        assert chosen.value(BASE) == base
    assert choose_base(open_, CheckSettings()).value(BASE) == "open"
    assert open_.value(BASE) == "open"
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "fixed.toml").write_text(
        'name_zh = "某"\nname_en = "Some"\ndocument = "某"\nextends = "gansu"\n'
        '[consent]\nagree_base = { value = "total", rule = "GS-2b" }\n',
        encoding="utf-8",
    )
    fixed = load_rules("fixed", tmp_path).profile
    chosen = choose_base(fixed, CheckSettings(consent_base="participated"))
    assert chosen.value(BASE) == "total"


def test_eligibility_goes_by_the_chosen_base():
    """Willing (改造意愿强烈) is a matter of the rate of agreement, too."""
    cells = {
        "built_year": 2003,
        "infra_incomplete": "是",
        "has_hazard": "是",
        "households": 300,
        "households_participated": 225,
        "households_agreed": 160,
    }
    states = {}
    for base in ("", "participated", "total"):
        settings = CheckSettings(consent_base=base)
        ground = ground_of({"c": cells}, "yunnan", settings=settings)
        states[base] = ground.eligibility.loc["c", "state"]
    assert states == {
        "": "unknown",
        "participated": "eligible",
        "total": "not_eligible",
    }


@pytest.mark.parametrize(
    ("setting", "county", "years", "expected"),
    [
        (2028, [{"year": 2027}], [2026], 2028),
        (0, [{"year": 2026}, {"year": 2027}, {"year": 2025}], [2025], 2027),
        (0, [], [2029, 2028, None], 2028),
        (0, [], [None], None),
    ],
)
def test_the_year_of_the_plan(setting, county, years, expected):
    towns = {f"c{at}": {"plan_year": year} for at, year in enumerate(years)}
    settings = CheckSettings(plan_year=setting)
    ground = ground_of(towns, settings=settings, county=county)
    assert ground.plan_year == expected
    planned = tuple(f"c{at}" for at, year in enumerate(years) if year == expected)
    assert ground.planned == (planned if expected else ())


def test_the_name_of_the_county():
    assert ground_of({"c": {}}).county == "某县"
    named = [{"year": 2026, "name": "甲县"}, {"year": 2027, "name": None}]
    assert ground_of({"c": {}}, county=named).county == "甲县"
    assert ground_of({"c": {"county": "乙县"}}).county == "乙县"
    two = {"c": {"county": "乙县"}, "d": {"county": "丙县"}}
    assert ground_of(two).county == "某县"


def test_the_day_on_which_it_is_judged():
    settings = CheckSettings(as_of="2026-11-22")
    assert ground_of({"c": {}}, settings=settings).as_of == date(2026, 11, 22)
    assert isinstance(ground_of({"c": {}}).as_of, date)
