"""Conditions of the documents, told from the ledger: yes, no or unsure."""

import numpy as np
import pandas as pd
import pytest

from geo.conditions import (
    BASICS,
    FAILS,
    HOLDS,
    OWN,
    UNSURE,
    measure_conditions,
    share_broken,
)
from geo.rules import load_rules

SOUND = dict.fromkeys(BASICS, "完好")


@pytest.fixture(scope="module")
def yunnan():
    return load_rules("yunnan").profile


def tell(profile, condition, row, **options):
    table = pd.DataFrame([row], index=["c"])
    found = measure_conditions(table, profile, **options)[condition]
    return int(found.level[0]), found.missing[0]


@pytest.mark.parametrize(
    ("row", "level", "missing"),
    [
        (SOUND, FAILS, ""),
        (SOUND | {"condition_road": "破损"}, HOLDS, ""),
        (SOUND | {"condition_water": "缺失"}, HOLDS, ""),
        # one sign is enough, whatever else nobody surveyed
        ({"condition_power": "破损"}, HOLDS, ""),
        (SOUND | {"condition_fire": None}, UNSURE, "condition_fire"),
        (SOUND | {"condition_fire": "待查"}, UNSURE, "condition_fire"),
        # gas and heating are not everywhere
        (SOUND | {"condition_heat": None, "condition_gas": None}, FAILS, ""),
        (SOUND | {"condition_heat": "不适用"}, FAILS, ""),
        (SOUND | {"condition_gas": "破损"}, HOLDS, ""),
        (SOUND | {"condition_road": "Broken"}, HOLDS, ""),
        (dict.fromkeys(BASICS, "good"), FAILS, ""),
        ({}, UNSURE, "|".join(BASICS)),
        # a column of its own is believed
        (SOUND | {"infra_incomplete": True}, HOLDS, ""),
        ({"infra_incomplete": "否"}, FAILS, ""),
        ({"infra_incomplete": None, **SOUND}, FAILS, ""),
    ],
)
def test_basics(yunnan, row, level, missing):
    assert tell(yunnan, "infra_incomplete", row) == (level, missing)


@pytest.mark.parametrize(
    ("row", "level", "missing"),
    [
        ({"unsafe_or_expropriation": "是"}, HOLDS, ""),
        ({"condition_fire": "缺失"}, HOLDS, ""),
        ({"condition_building_envelope": "破损"}, HOLDS, ""),
        (
            {
                "unsafe_or_expropriation": "否",
                "condition_fire": "完好",
                "condition_building_envelope": "完好",
            },
            FAILS,
            "",
        ),
        (
            {"unsafe_or_expropriation": "否", "condition_fire": "完好"},
            UNSURE,
            "condition_building_envelope",
        ),
        ({"has_hazard": False, "condition_fire": "缺失"}, FAILS, ""),
    ],
)
def test_dangers(yunnan, row, level, missing):
    assert tell(yunnan, "hazard", row) == (level, missing)


@pytest.mark.parametrize(
    ("total", "took_part", "level"),
    [
        (300, 200, HOLDS),  # two thirds exactly
        (300, 199, FAILS),
        (200, 133, FAILS),  # 66.5 %
        (200, 134, HOLDS),
        (0, 0, UNSURE),
        (None, 200, UNSURE),
        (300, None, UNSURE),
    ],
)
def test_activity_is_an_exact_fraction(yunnan, total, took_part, level):
    row = {"households_eligible": total, "households_participated": took_part}
    missing = "" if level != UNSURE else "households_participated"
    assert tell(yunnan, "active", row) == (level, missing)


def test_households_stand_in_for_those_who_should_take_part(yunnan):
    row = {"households": 300, "households_participated": 200}
    assert tell(yunnan, "active", row)[0] == HOLDS


@pytest.mark.parametrize(
    ("rate", "level"),
    # 66.7 % may have been less than two thirds: only the counts would tell
    [(0.668, HOLDS), (0.667, UNSURE), (0.6667, UNSURE), (0.665, FAILS), (0.66, FAILS)],
)
def test_a_rate_stands_in_for_counts(yunnan, rate, level):
    assert tell(yunnan, "active", {"participation_rate": rate})[0] == level


@pytest.mark.parametrize(
    ("took_part", "agreed", "level", "missing"),
    [
        (225, 200, HOLDS, ""),  # of 225: 89 %, of 300: 67 %
        (225, 149, FAILS, ""),  # of 225: 66.2 %, of 300: 50 %
        # of 225: 75 %, of 300: 56 %; no document says which
        (225, 169, UNSURE, "consent.agree_base"),
        (225, None, UNSURE, "households_agreed"),
        (None, 200, UNSURE, "households_agreed"),
    ],
)
def test_agreement_while_its_base_is_open(yunnan, took_part, agreed, level, missing):
    row = {
        "households_eligible": 300,
        "households_participated": took_part,
        "households_agreed": agreed,
        "agree_rate": 0.9,
    }
    assert tell(yunnan, "willing", row) == (level, missing)


@pytest.mark.parametrize(
    ("base", "level", "by_rate"),
    [("participated", HOLDS, HOLDS), ("total", FAILS, HOLDS)],
)
def test_agreement_once_its_base_is_laid_down(tmp_path, base, level, by_rate):
    text = f"""
    name_zh = "某市"
    name_en = "Some city"
    document = "某建〔2023〕1号"
    extends = "yunnan"
    [consent.agree_base]
    value = "{base}"
    clause = "1"
    source = "s"
    certainty = "expert"
    """
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "city.toml").write_text(text, encoding="utf-8")
    profile = load_rules("city", tmp_path).profile
    row = {
        "households_eligible": 300,
        "households_participated": 225,
        "households_agreed": 169,
    }
    assert tell(profile, "willing", row) == (level, "")
    assert tell(profile, "willing", {"agree_rate": 0.7}) == (by_rate, "")


def test_where_the_share_is_open_nobody_can_tell():
    profile = load_rules("national").profile
    row = {
        "households": 300,
        "households_participated": 300,
        "households_agreed": 300,
    }
    assert tell(profile, "active", row) == (UNSURE, "consent.participation_min")
    assert tell(profile, "willing", row) == (UNSURE, "consent.agree_min")


@pytest.mark.parametrize(
    ("said", "level", "missing"),
    [(None, UNSURE, "fiscal_capacity"), (True, HOLDS, ""), (False, FAILS, "")],
)
def test_finances_are_the_planners_word(yunnan, said, level, missing):
    assert tell(yunnan, "fiscal", {}, fiscal_allows=said) == (level, missing)


def test_a_community_without_finances_of_its_own(yunnan):
    row = {"fiscal_capacity": "否"}
    assert tell(yunnan, "fiscal", row, fiscal_allows=True) == (FAILS, "")


def test_every_condition_for_every_community(yunnan):
    table = pd.DataFrame({"households": [1.0, np.nan]}, index=["a", "b"])
    found = measure_conditions(table, yunnan)
    assert set(found) == set(OWN)
    assert all(len(one.level) == len(one.missing) == 2 for one in found.values())
    none = measure_conditions(table.iloc[:0], yunnan)
    assert all(len(one.level) == 0 for one in none.values())


def test_the_share_that_is_broken_is_of_what_was_surveyed():
    rows = {
        "none": {},
        "half": {"condition_water": "破损", "condition_road": "完好"},
        "third": {"condition_gas": "缺失", "condition_heat": "完好",
                  "condition_fire": "good", "condition_power": "待查"},
        "sound": SOUND,
    }  # fmt: skip
    table = pd.DataFrame.from_dict(rows, orient="index")
    share = share_broken(table.reindex(list(rows)))
    np.testing.assert_allclose(share, [np.nan, 1 / 2, 1 / 3, 0.0])
