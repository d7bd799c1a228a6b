"""Mistakes in rules that leave the rest usable: each a finding with a sentence."""

import pandas as pd
import pytest

from geo.evidence_schema import EVIDENCE, FACT_TABLES
from geo.facts import FACT_COLUMNS
from geo.findings import make_findings, render_findings
from geo.rule_fields import (
    find_forgotten_values,
    find_strange_fields,
    is_place,
    list_columns,
    part_twins,
    settle_fields,
)
from geo.rules import load_rules
from geo.text import data_dir


@pytest.fixture(scope="module")
def rules():
    return load_rules("yunnan")


def write_policy(folder, *changes):
    """Put the policy rules, with texts replaced, into a district folder."""
    text = (data_dir() / "rules" / "policy_rules.csv").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "rules").mkdir()
    (folder / "rules" / "policy_rules.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("profile", ["national", "gansu", "yunnan"])
def test_the_built_in_rules_are_without_mistakes(profile):
    assert load_rules(profile).findings.empty


def test_every_field_of_every_rule_has_its_place_and_its_words(rules):
    fields = rules.fields.set_index("field")
    asked = {
        name for cell in rules.policy["fields"] for name in cell.split(";") if name
    }
    assert len(asked) > 100
    assert asked <= set(fields.index)
    assert fields.map(len).min().min() > 0


def test_every_column_that_may_be_missing_has_words(rules):
    fields = set(rules.fields["field"])
    assert set(FACT_COLUMNS) <= fields
    for name, table in EVIDENCE.items():
        names = {column.name for column in table.columns}
        if name in FACT_TABLES:
            assert names - {"id", "community_id"} <= fields
        else:
            assert {f"{name}.{one}" for one in names} <= fields


def test_every_place_is_there(rules):
    columns = list_columns(rules.headers)
    places = rules.fields["where"].str.split("|").explode()
    assert [one for one in places if not is_place(one, columns)] == []


@pytest.mark.parametrize(
    ("where", "there"),
    [
        ("consent.households_agreed", True),
        ("communities.condition_gas", True),
        ("consent.households_agree", False),
        ("votes.total", False),
        ("layer:utilities", True),
        ("layer:utilities.year", True),
        ("layer:utilities.month", False),
        ("layer:pipes", False),
        ("documents:保修", True),
        ("documents:", False),
        ("profile:consent.agree_base", True),
        ("profile:build_years", True),
        ("profile:consent.luck", False),
        ("setting:checks.as_of", True),
        ("derived:units", True),
        ("rumour:units", False),
    ],
)
def test_places(rules, where, there):
    assert is_place(where, list_columns(rules.headers)) is there


def test_a_rule_id_that_stands_twice_keeps_its_first_row(tmp_path, rules):
    folder = write_policy(tmp_path, ("\nGS-2b,gansu", "\nGS-2a,gansu"))
    book = load_rules("national", folder)
    assert book.findings["code"].tolist() == ["rule_twice"]
    assert book.findings["severity"].tolist() == ["error"]
    (row,) = book.policy[book.policy["rule_id"] == "GS-2a"].to_dict("records")
    assert row["metric"] == "participation_rate"
    assert len(book.policy) == len(rules.policy) - 1
    line = rules.policy.index[rules.policy["rule_id"] == "GS-2b"][0] + 2
    said = render_findings(book.findings, "zh")["message"].iloc[0]
    assert "GS-2a" in said
    assert f"第 {line} 行" in said


def test_a_field_that_no_table_has(tmp_path):
    folder = write_policy(
        tmp_path, (",vote_total;vote_yes;vote_channel,", ",vote_total;moon_phase,")
    )
    found = load_rules("gansu", folder).findings
    assert found["code"].tolist() == ["rule_field_unknown"]
    assert found["id"].tolist() == ["GS-2c"]
    for lang, words in (("zh", "moon_phase"), ("en", "GS-2c")):
        assert words in render_findings(found, lang)["message"].iloc[0]


def test_a_field_that_the_ledger_of_the_district_has(tmp_path):
    folder = write_policy(
        tmp_path,
        (",vote_total;vote_yes;vote_channel,", ",vote_total;moon_phase,"),
        ("\nGS-4b,gansu", "\nGS-4a,gansu"),
    )
    found = load_rules("gansu", folder).findings
    assert found["code"].tolist() == ["rule_twice", "rule_field_unknown"]
    assert settle_fields(found, {"sun"})["code"].tolist() == found["code"].tolist()
    assert settle_fields(found, {"moon_phase"})["code"].tolist() == ["rule_twice"]
    assert settle_fields(make_findings(), {"moon_phase"}).empty


def test_a_place_that_is_not_there_makes_its_field_strange(rules):
    policy = pd.DataFrame({"rule_id": ["A", "B"], "fields": ["moon;moon", "sun;"]})
    fields = pd.DataFrame(
        {"field": ["moon", "sun"], "where": ["sky.moon", "sky.sun|funds.fund_loan_cny"]}
    )
    (found,) = find_strange_fields(policy, fields, rules.headers)
    assert found.params == {"rule": "A", "field": "moon"}


def test_a_forgotten_value_is_told_with_its_file_and_key(tmp_path):
    (tmp_path / "profiles").mkdir()
    text = 'name_zh = "某市"\nname_en = "City"\ndocument = "1号"\nextends = "gansu"\n'
    text += '[satisfaction]\nmin = { rule = "GS-2f" }\n'
    (tmp_path / "profiles" / "city.toml").write_text(text, encoding="utf-8")
    book = load_rules("city", tmp_path)
    assert book.findings["code"].tolist() == ["profile_value_missing"]
    said = render_findings(book.findings, "en").iloc[0]
    assert "city.toml" in said["message"]
    assert "satisfaction.min" in said["message"]
    assert '"open"' in said["action"]


def test_nothing_wrong_nothing_said(rules):
    first, found = part_twins(rules.policy.assign(line=1))
    assert not found
    assert len(first) == len(rules.policy)
    assert make_findings(find_forgotten_values(rules.profile)).empty
