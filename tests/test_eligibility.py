"""Eligibility under the profiles: the worked cases of REQUIREMENTS, and the sample."""

import itertools
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sample_plan import read_sample

from geo.conditions import BASICS
from geo.eligibility import (
    ELIGIBILITY_COLUMNS,
    STATES,
    explain_eligibility,
    judge_eligibility,
)
from geo.rules import load_rules
from geo.text import LANGUAGES, texts

ANSWERS = tomllib.loads(
    Path(__file__).with_name("sample_answers.toml").read_text(encoding="utf-8")
)
HEAD = 'name_zh = "某市"\nname_en = "Some city"\ndocument = "某建〔2023〕1号"\n'

SOUND = dict.fromkeys(BASICS, "完好")
WORN = SOUND | {"condition_water": "破损", "condition_drainage": "破损"}
#: All that Yunnan asks of 2001 to 2005, but for local finances.
KEEN = {
    "condition_fire": "缺失",
    "households": 300,
    "households_participated": 290,
    "households_agreed": 280,
}


def make(**rows):
    """Make communities: id -> columns."""
    table = pd.DataFrame.from_dict(rows, orient="index")
    for column in ("built_year",):
        table[column] = table[column].astype("float64")
    table.index = pd.Index(table.index, dtype="str", name="id")
    return table


def judge(communities, profile, folder=None, units=None, **options):
    rules = load_rules(profile, folder)
    unit_of = None if units is None else pd.Series(units, dtype="object")
    table = judge_eligibility(communities, rules, unit_of=unit_of, **options)
    for lang in LANGUAGES:
        assert explain_eligibility(table, lang).str.len().gt(0).all()
    return table


def write(folder, text, name="city"):
    (folder / "profiles").mkdir(exist_ok=True)
    path = folder / "profiles" / f"{name}.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return folder


# --- the worked cases of REQUIREMENTS, 1.4 ------------------------------------------


def test_2008_in_a_unit_of_three_with_a_member_of_1995():
    three = make(
        new={"built_year": 2008, **WORN},
        old={"built_year": 1995},
        other={"built_year": 2008, **WORN},
    )
    units = {"new": "U1", "old": "U1", "other": "U1"}
    found = judge(three, "yunnan", units=units)
    assert found.loc["new", "state"] == "eligible"
    assert found.loc["new", "rule_id"] == "YN-1-2b"
    assert found.loc["new", "certainty"] == "policy_text"
    assert found.loc["new", "held"] == "infra_incomplete|in_joint_unit"
    assert judge(three, "gansu", units=units)["state"].tolist() == ["open"] * 3


def test_2008_without_a_unit():
    one = make(new={"built_year": 2008, **WORN})
    for units in ({"new": "U1"}, {"new": None}, {}):
        found = judge(one, "yunnan", units=units).loc["new"]
        assert (found["state"], found["reason_code"]) == ("not_eligible", "unit_none")
        assert found["failed"] == "in_joint_unit"
    assert judge(one, "gansu", units={}).loc["new", "state"] == "open"


def test_a_unit_made_only_of_2006_to_2010_does_not_qualify():
    rows = {f"c{year}": {"built_year": year, **WORN} for year in range(2006, 2011)}
    found = judge(make(**rows), "yunnan", units=dict.fromkeys(rows, "U1"))
    assert set(found["state"]) == {"not_eligible"}
    assert set(found["reason_code"]) == {"unit_without_core"}


def test_a_missing_year_is_unknown():
    for units in (None, {"c": "U1"}):
        found = judge(make(c={"built_year": np.nan, **WORN}), "yunnan", units=units)
        row = found.loc["c"]
        assert (row["state"], row["missing"]) == ("unknown", "built_year")
        assert not row["needs_unit"]


# --- before there are units ---------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "state", "missing"),
    [
        (WORN, "conditional", ""),
        (SOUND, "not_eligible", ""),
        ({}, "conditional", "|".join(BASICS)),
    ],
)
def test_conditional_only_while_all_else_holds_or_is_unknown(row, state, missing):
    found = judge(make(c={"built_year": 2008, **row}), "yunnan").loc["c"]
    assert (found["state"], found["missing"]) == (state, missing)
    assert found["needs_unit"]


def test_unknown_basics_stay_unknown_inside_a_unit():
    two = make(new={"built_year": 2008}, old={"built_year": 1990})
    found = judge(two, "yunnan", units={"new": 1, "old": 1}).loc["new"]
    assert (found["state"], found["reason_code"]) == ("unknown", "condition_unsure")
    assert found["missing"] == "|".join(BASICS)
    assert found["held"] == "in_joint_unit"
    # alone it is out, whatever its basics are
    found = judge(two, "yunnan", units={"new": 1, "old": 2}).loc["new"]
    assert (found["state"], found["missing"]) == ("not_eligible", "")


def test_a_unit_whose_core_is_unknown_is_unknown():
    rows = {"new": {"built_year": 2008, **WORN}, "old": {"built_year": np.nan}}
    found = judge(make(**rows), "yunnan", units={"new": 1, "old": 1}).loc["new"]
    assert (found["state"], found["reason_code"]) == ("unknown", "unit_unsure")
    # a third that is eligible settles it
    rows["third"] = {"built_year": 1980}
    units = dict.fromkeys(rows, 1)
    assert judge(make(**rows), "yunnan", units=units).loc["new", "state"] == "eligible"


def test_a_member_that_is_not_eligible_itself_is_no_core():
    two = make(new={"built_year": 2008, **WORN}, late={"built_year": 2015})
    found = judge(two, "yunnan", units={"new": 1, "late": 1})
    assert found["state"].tolist() == ["not_eligible", "not_eligible"]
    assert found.loc["new", "reason_code"] == "unit_without_core"
    assert found.loc["late", "reason_code"] == "year_outside"


# --- years and conditions -----------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "state", "rule"),
    [
        (1960, "eligible", ""),
        (2000, "eligible", ""),
        (2001, "unknown", "YN-1-2a"),
        (2005, "unknown", "YN-1-2a"),
        (2006, "conditional", "YN-1-2b"),
        (2010, "conditional", "YN-1-2b"),
        (2011, "not_eligible", "YN-1-2b"),
    ],
)
def test_both_ends_of_a_range_belong_to_it(year, state, rule):
    row = judge(make(c={"built_year": year, **WORN}), "yunnan").loc["c"]
    assert (row["state"], row["rule_id"]) == (state, rule)
    assert row["clause"]
    assert row["source"]


def test_the_year_2000_is_marked_as_expert_knowledge():
    table = judge(make(c={"built_year": 1999}), "yunnan")
    assert table.loc["c", "certainty"] == "expert"
    assert "（待核）" in explain_eligibility(table, "zh").loc["c"]


@pytest.mark.parametrize(
    ("row", "fiscal", "all_state", "any_state"),
    [
        (KEEN, True, "eligible", "eligible"),
        (KEEN, None, "unknown", "unknown"),
        (KEEN, False, "not_eligible", "not_eligible"),
        (KEEN | {"households_agreed": 10}, True, "not_eligible", "eligible"),
        (KEEN | {"households_agreed": None}, True, "unknown", "eligible"),
    ],
)
def test_the_reading_of_the_conditions(row, fiscal, all_state, any_state):
    one = make(c={"built_year": 2003, **row})
    states = [
        judge(one, "yunnan", reading=reading, fiscal_allows=fiscal).loc["c", "state"]
        for reading in ("all", "any")
    ]
    assert states == [all_state, any_state]


def test_the_reading_is_said():
    table = judge(make(c={"built_year": 2003, **KEEN}), "yunnan", fiscal_allows=True)
    assert "同时满足（本工具的判读）" in explain_eligibility(table, "zh").loc["c"]
    assert "this tool's reading" in explain_eligibility(table, "en").loc["c"]
    table = judge(make(c={"built_year": 1990}), "yunnan")
    assert "判读" not in explain_eligibility(table, "zh").loc["c"]


def test_what_is_missing_is_said():
    table = judge(make(c={"built_year": 2003, **KEEN}), "yunnan")
    assert table.loc["c", "missing"] == "fiscal_capacity"
    said = explain_eligibility(table, "zh").loc["c"]
    assert "还不能判断：财力允许；请补充本地财力是否允许" in said


def test_another_reading_is_refused():
    with pytest.raises(ValueError, match="must be one of"):
        judge(make(c={"built_year": 2003}), "yunnan", reading="most")


def test_three_values_against_every_combination():
    """The strung conditions, finances and reading against a table of truth."""
    own = ("infra_incomplete", "has_hazard", "resident_enthusiasm")
    own = (*own, "resident_willingness", "fiscal_capacity")
    values = (True, False, None)
    combinations = list(itertools.product(values, repeat=5))
    rows = {
        f"c{at:03d}": {"built_year": 2003, **dict(zip(own, row, strict=True))}
        for at, row in enumerate(combinations)
    }
    for reading in ("all", "any"):
        found = judge(make(**rows), "yunnan", reading=reading)["state"]
        for state, (*strung, fiscal) in zip(found, combinations, strict=True):
            if reading == "all":
                held = [*strung, fiscal]
            else:
                one = True if True in strung else None if None in strung else False
                held = [one, fiscal]
            expected = (
                "not_eligible"
                if False in held
                else "unknown"
                if None in held
                else "eligible"
            )
            assert state == expected, (reading, strung, fiscal)


# --- other profiles -----------------------------------------------------------------

ZHUMADIAN = """
extends = "national"
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


def test_the_reserve_tier_is_a_third_state(tmp_path):
    write(tmp_path, ZHUMADIAN)
    rows = {f"c{year}": {"built_year": year} for year in (1990, 2000, 2001, 2005, 2006)}
    found = judge(make(**rows), "city", tmp_path)
    assert found["state"].tolist() == [
        "eligible",
        "eligible",
        "reserve",
        "reserve",
        "not_eligible",
    ]
    assert found.loc["c2001", "rule_id"] == "X-HN-ZMD-2"
    assert found.loc["c2001", "certainty"] == "mirror"
    assert "储备" in explain_eligibility(found, "zh").loc["c2001"]
    # units change nothing here
    units = dict.fromkeys(rows, "U1")
    again = judge(make(**rows), "city", tmp_path, units=units)
    pd.testing.assert_frame_equal(found, again)


def test_a_range_from_2001_to_2010(tmp_path):
    text = """
    extends = "national"
    [[build_years]]
    least = 2001
    most = 2010
    state = "eligible"
    rule = "X-SX-1"
    """
    write(tmp_path, text)
    rows = {f"c{year}": {"built_year": year} for year in (2000, 2001, 2010, 2011)}
    found = judge(make(**rows), "city", tmp_path)
    states = ["not_eligible", "eligible", "eligible", "not_eligible"]
    assert found["state"].tolist() == states


SOURCED = 'clause = "三"\nsource = "某建〔2023〕1号"\ncertainty = "published"\n'


@pytest.mark.parametrize(
    ("text", "state", "code"),
    [
        ('state = "conditional"', "unknown", "conditions_unnamed"),
        ('state = "not_eligible"', "not_eligible", "year_excluded"),
        (
            'state = "reserve"\nneeds = ["infra_incomplete"]',
            "reserve",
            "conditions_met",
        ),
        ('state = "eligible"\nneeds = ["in_joint_unit"]', "conditional", "unit_needed"),
        ('state = "reserve"\nneeds = ["in_joint_unit"]', "conditional", "unit_needed"),
    ],
)
def test_other_ranges(tmp_path, text, state, code):
    write(tmp_path, f"[[build_years]]\nleast = 2001\n{SOURCED}{text}\n")
    one = make(c={"built_year": 2020, **WORN})
    row = judge(one, "city", tmp_path).loc["c"]
    assert (row["state"], row["reason_code"]) == (state, code)
    assert np.isnan(row["most_year"])


def test_a_reserve_inside_a_unit_stays_a_reserve(tmp_path):
    text = f"""
[[build_years]]
most = 2000
state = "eligible"
{SOURCED}
[[build_years]]
least = 2001
state = "reserve"
needs = ["in_joint_unit"]
{SOURCED}"""
    write(tmp_path, text)
    two = make(new={"built_year": 2008}, old={"built_year": 1990})
    found = judge(two, "city", tmp_path, units={"new": 1, "old": 1})
    assert found["state"].tolist() == ["reserve", "eligible"]


def test_where_ranges_overlap_the_first_counts(tmp_path):
    text = f"""
[[build_years]]
most = 2005
state = "eligible"
{SOURCED}
[[build_years]]
least = 2001
most = 2010
state = "reserve"
{SOURCED}"""
    write(tmp_path, text)
    rows = {f"c{year}": {"built_year": year} for year in (2003, 2006)}
    found = judge(make(**rows), "city", tmp_path)
    assert found["state"].tolist() == ["eligible", "reserve"]


def test_every_reason_is_a_sentence_in_both_languages(tmp_path):
    """Every code comes up, and no sentence has a hole."""
    rows = {
        "a": {"built_year": 1990},
        "b": {"built_year": 2008, **WORN},
        "c": {"built_year": 2008, **SOUND},
        "d": {"built_year": 2008},
        "e": {"built_year": 2015},
        "f": {"built_year": np.nan},
        "g": {"built_year": 2003, **KEEN},
        "h": {"built_year": 2009, **WORN},
    }
    table = make(**rows)
    drawn = ({"a": 1, "b": 1, "d": 1}, {"b": 1, "h": 1}, {"b": 1, "f": 1})
    found = [
        judge(table, "national"),
        judge(table, "yunnan"),
        *(judge(table, "yunnan", units=u, fiscal_allows=True) for u in drawn),
    ]
    write(tmp_path, ZHUMADIAN)
    found.append(judge(table, "city", tmp_path))
    for state in ("conditional", "not_eligible"):
        write(tmp_path, f'[[build_years]]\nmost = 1995\n{SOURCED}state = "{state}"\n')
        found.append(judge(table, "city", tmp_path))
    both = pd.concat(found)
    prefix = "eligibility.reason."
    keys = {key.removeprefix(prefix) for key in texts("zh") if key.startswith(prefix)}
    assert set(both["reason_code"]) == keys
    assert set(both["state"]) == set(STATES)
    for lang in LANGUAGES:
        said = explain_eligibility(both, lang)
        assert said.name == "reason"
        assert not said.str.contains(r"\bnan\b|\{|None|: ;|、、").any()


# --- the frame ----------------------------------------------------------------------


def test_rows_are_sorted_by_id_whatever_their_order():
    rows = {f"c{at}": {"built_year": 1995 + at, **WORN} for at in range(15)}
    table = make(**rows)
    units = {name: at // 4 for at, name in enumerate(rows)}
    found = judge(table, "yunnan", units=units)
    assert found.index.tolist() == sorted(rows)
    assert tuple(found.columns) == ELIGIBILITY_COLUMNS
    assert set(found["state"]) <= set(STATES)
    shuffled = judge(table.sample(frac=1, random_state=3), "yunnan", units=units)
    pd.testing.assert_frame_equal(found, shuffled)


@pytest.mark.parametrize("profile", ["national", "yunnan"])
def test_no_communities(profile):
    none = make(c={"built_year": 1990}).iloc[:0]
    for units in (None, {}):
        found = judge(none, profile, units=units)
        assert len(found) == 0
        assert tuple(found.columns) == ELIGIBILITY_COLUMNS


# --- the sample ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample():
    return read_sample().communities


def test_the_community_of_2008(sample):
    answer = ANSWERS["year_2008"]
    own, other = answer["community"], answer["neighbour"]
    assert judge(sample, "yunnan").loc[own, "state"] == "conditional"
    together = judge(sample, "yunnan", units={own: "U1", other: "U1"})
    assert together.loc[[own, other], "state"].tolist() == ["eligible", "eligible"]
    alone = judge(sample, "yunnan", units={own: "U1", other: "U2"})
    assert alone.loc[own, "state"] == "not_eligible"
    # among its like alone
    late = sample.index[sample["built_year"].between(2006, 2010)]
    assert len(late) > 1
    like = judge(sample, "yunnan", units=dict.fromkeys(late, "U1"))
    assert like.loc[own, "state"] == "not_eligible"
    for profile in ("gansu", "national"):
        assert set(judge(sample, profile)["state"]) == {"open"}


def test_the_community_without_a_year(sample):
    name = ANSWERS["no_year"]["community"]
    row = judge(sample, "yunnan").loc[name]
    assert (row["state"], row["missing"]) == ("unknown", "built_year")
