"""Profiles are data: those of REQUIREMENTS §5 are files, and nothing else changes."""

import pandas as pd
import pytest
from clause_cases import SOUND, WORN, ground_of, judge, list_rules
from gridtown import grid_layers, make_district, point

from geo.clauses import choose_clauses
from geo.compliance import KINDS
from geo.lifecircle import measure_life_circle
from geo.network import build_network
from geo.profiles import OPEN
from geo.rules import load_rules
from geo.rulings import speak
from geo.settings import Settings
from geo.unit_gaps import judge_units

HEAD = 'name_zh = "某市"\nname_en = "Some city"\ndocument = "某建〔2023〕1号"\n'
#: Where a number that the test makes up stands.
MADE = (
    'clause = "一", source = "某建〔2023〕1号", quote = "某", certainty = "published"'
)

ZHUMADIAN = (
    HEAD
    + """extends = "national"

[[build_years]]
most = 2000
state = "eligible"
rule = "X-HN-ZMD-1"

[[build_years]]
least = 2001
most = 2005
state = "reserve"
rule = "X-HN-ZMD-2"
"""
)
SHANXI = (
    HEAD
    + """extends = "national"

[[build_years]]
least = 2001
most = 2010
state = "eligible"
rule = "X-SX-1"
"""
)


def write(folder, text, name="city"):
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "profiles" / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def town(**years):
    return {
        name: {"built_year": year, "households": 100, **SOUND}
        for name, year in years.items()
    }


def states(rule, ground):
    return {name: str(one.state) for name, one in judge(rule, ground).items()}


# --- build years ----------------------------------------------------------------------


def test_a_reserve_tier_is_a_third_state(tmp_path):
    folder = write(tmp_path, ZHUMADIAN)
    communities = town(old=2000, kept=2001, last=2005, new=2006)
    ground = ground_of(communities, "city", folder=folder)
    assert states("N-1-2a", ground) == {
        "old": "met",
        "kept": "open",
        "last": "open",
        "new": "short",
    }
    # told apart from a number left open: it is kept for later
    assert "储备" in speak(judge("N-1-2a", ground)["kept"].reason, "zh")
    # a rule applies where its profile cites it, whatever its jurisdiction
    assert states("X-HN-ZMD-2", ground) == {
        "old": "not_required",
        "kept": "open",
        "last": "open",
        "new": "not_required",
    }
    assert states("X-HN-ZMD-1", ground)["old"] == "met"
    assert "X-SX-1" not in list_rules(ground)


def test_2001_to_2010(tmp_path):
    folder = write(tmp_path, SHANXI)
    communities = town(before=2000, first=2001, last=2010, after=2011)
    ground = ground_of(communities, "city", folder=folder)
    expected = {"before": "short", "first": "met", "last": "met", "after": "short"}
    assert states("N-1-2a", ground) == expected
    assert states("X-SX-1", ground)["last"] == "met"


def test_without_the_national_notice_its_range_is_still_judged(tmp_path):
    alone = SHANXI.replace('extends = "national"\n', "")
    folder = write(tmp_path, alone)
    ground = ground_of(town(last=2010, after=2011), "city", folder=folder)
    # the range of its rule, and whether a community is in any range at all
    assert list_rules(ground) == {"X-SX-1", "city:build_year"}
    assert states("X-SX-1", ground) == {"last": "met", "after": "not_required"}
    assert states("city:build_year", ground) == {"last": "met", "after": "short"}


def test_a_range_that_cites_no_rule_is_a_clause_of_its_own(tmp_path):
    text = (
        HEAD
        + '[[build_years]]\nmost = 1990\nstate = "eligible"\nclause = "二"\n'
        + 'source = "某建〔2023〕1号"\ncertainty = "published"\n'
    )
    ground = ground_of(town(old=1990, new=1991), "city", folder=write(tmp_path, text))
    assert list_rules(ground) == {"city:build_year"}
    assert states("city:build_year", ground) == {"old": "met", "new": "short"}


# --- a pooled area for elders ---------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "area", "state"),
    [
        ("F014", 36, "met"),
        ("F014", 35.9, "short"),
        ("F013", 36, "short"),
        ("F013", 54, "met"),
    ],
)
def test_the_area_for_elders_is_pooled_in_the_unit(tmp_path, rule, area, state):
    """20 m2 per 100 households of existing areas, 30 of new ones (安徽)."""
    text = (
        HEAD
        + 'extends = "national"\n[facilities.use.elderly_daycare]\n'
        + f'capacity = "{rule}"\nsize = ""\n'
    )
    rules = load_rules("city", write(tmp_path, text))
    layers = grid_layers()
    layers["communities"]["pass"]["households"] = 60
    # 60 m from pass, 310 m from shut, whose 120 households count all the same
    layers["facilities"] = {
        "f": {"at": point(500, 0), "category": "elderly_daycare", "floor_area_m2": area}
    }
    district = make_district(**layers)
    network = build_network(district, rules, Settings())
    circle = measure_life_circle(district, network, rules, Settings())
    unit = judge_units(circle, pd.Series("U1", index=["shut", "pass"]))
    row = unit[unit["category"] == "elderly_daycare"].iloc[0]
    assert row["households"] == 180
    assert row["capacity_state"] == state


# --- every 一定比例 filled ------------------------------------------------------------

SHARES = {
    "owners_committee_min": "1/2",
    "operator_min": "1/3",
    "joint_unit_min": "60/100",
    "social_fund_min": "10/100",
}


def fill(extends):
    lines = [
        f'{name} = {{ value = "{value}", {MADE} }}' for name, value in SHARES.items()
    ]
    vote = f'[consent]\nvote_min = {{ value = "2/3", {MADE} }}\n'
    return f'{HEAD}extends = "{extends}"\n{vote}[shares]\n' + "\n".join(lines)


def planned(count):
    cells = {"built_year": 1995, "households": 100, "plan_year": 2027, **WORN}
    return {
        f"c{at}": cells
        | {
            "has_owners_committee": at % 2 == 0,
            "operator_name": "甲公司" if at < 2 else None,
            "project_cost_cny": 1000.0,
            "fund_social_cny": 60.0,
            "fund_utility_cny": 40.0 if at else 39.0,
            "fund_owner_unit_cny": 0.0,
            "vote_total": 300,
            "vote_yes": 200 if at else 199,
        }
        for at in range(count)
    }


def test_every_share_filled_is_passed_or_failed(tmp_path):
    folder = write(tmp_path, fill("yunnan"))
    units = {"c0": "U1", "c1": "U1", "c2": "U1", "c3": "U2", "c4": "U3"}
    ground = ground_of(planned(5), "city", folder=folder, units=units)
    found = {
        rule: one
        for rule in ("YN-1-8", "YN-1-4a", "YN-2-2a")
        for one in judge(rule, ground).values()
    }
    # 3 of 5 have a committee, 3 of 5 stand in a unit of several
    assert found["YN-1-8"].state == "met"
    assert found["YN-2-2a"].state == "met"
    # 2 of 5 have an operator; of the others nobody said: already a third
    assert found["YN-1-4a"].state == "met"
    assert states("YN-2-4", ground) == {"c0": "short"} | {
        f"c{at}": "met" for at in range(1, 5)
    }
    assert states("N-1-7b", ground)["c0"] == "short"
    assert states("N-1-7b", ground)["c1"] == "met"
    profile = ground.profile
    assert not [name for name in SHARES if profile.value(f"shares.{name}") == OPEN]


def test_the_same_numbers_left_open_are_shown_and_not_judged():
    units = {"c0": "U1", "c1": "U1", "c2": "U1", "c3": "U2", "c4": "U3"}
    ground = ground_of(planned(5), "yunnan", units=units)
    for rule in ("YN-1-8", "YN-1-4a", "YN-2-2a"):
        (one,) = judge(rule, ground).values()
        assert one.state == "open"
        assert "文件没有写明数值" in speak(one.reason, "zh")
        assert "/5" in speak(one.found, "zh")
    assert set(states("YN-2-4", ground).values()) == {"open"}


def test_a_share_that_only_the_profile_names_is_a_clause_of_its_own(tmp_path):
    folder = write(tmp_path, fill("national"))
    ground = ground_of(planned(4), "city", folder=folder)
    own = {f"city:shares.{name}" for name in SHARES}
    assert own <= list_rules(ground)
    (one,) = judge("city:shares.owners_committee_min", ground).values()
    assert one.state == "met"
    rows, _ = choose_clauses(ground.plan.rules.policy, ground.plan.rules.profile)
    told = {row.rule_id: row for row in rows}["city:shares.operator_min"]
    assert (told.document, told.clause) == ("某建〔2023〕1号", "一")
    assert set(KINDS) >= {kind for row in rows for kind in row.kind.split("+")}


# --- faults ---------------------------------------------------------------------------


def test_a_profile_that_lacks_a_value_is_unknown_and_says_so(tmp_path):
    text = HEAD + 'extends = "gansu"\n[consent]\nvote_min = { rule = "GS-2c" }\n'
    ground = ground_of(
        {"c": {"households": 300, "vote_total": 300, "vote_yes": 300}},
        "city",
        folder=write(tmp_path, text),
    )
    (one,) = judge("GS-2c", ground).values()
    assert one.state == "unknown"
    assert "口径文件里缺这一数值" in speak(one.reason, "zh")
    assert "300/300" in speak(one.found, "zh")


def test_a_number_that_the_district_changes_is_the_one_asked_for(tmp_path):
    (tmp_path / "district.toml").write_text(
        '[rules.GS-2c]\nthreshold = "0.8"\n', encoding="utf-8"
    )
    votes = {"c": {"households": 300, "vote_total": 300, "vote_yes": 239}}
    ground = ground_of(votes, "gansu", folder=tmp_path)
    assert states("GS-2c", ground) == {"c": "short"}
    assert "80 %" in speak(judge("GS-2c", ground)["c"].required, "zh")
