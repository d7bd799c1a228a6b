"""How each rule is judged: the table, what applies under a profile, what has no row."""

import csv

import pandas as pd
import pytest
from clause_cases import ground_of, judge, list_rules

from geo import clauses
from geo.clauses import LEVELS, STAGES, UNREAD, choose_clauses, load_readings
from geo.compliance import KINDS
from geo.errors import RuleError
from geo.rules import load_rules
from geo.rulings import speak
from geo.text import LANGUAGES, data_dir, texts

PROFILES = ("national", "gansu", "yunnan")


def read_policy():
    path = data_dir() / "rules" / "policy_rules.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_rule_that_is_judged_has_one_row():
    judged = [
        row["rule_id"]
        for row in read_policy()
        if row["operator"] != "report" and row["severity"] != "profile_example"
    ]
    assert len(judged) == 63
    assert sorted(load_readings()) == sorted(judged)


def test_the_words_of_every_row_are_known():
    for name, one in load_readings().items():
        assert one.level in LEVELS
        assert one.stage in STAGES
        kinds = one.kind.split("+")
        assert set(kinds) <= set(KINDS), name
        assert UNREAD not in kinds


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_kind_can_say_how_it_judges(lang):
    known = texts(lang)
    kinds = {kind for one in load_readings().values() for kind in one.kind.split("+")}
    assert [kind for kind in kinds if f"check.formula.{kind}" not in known] == []


def test_every_option_is_read_by_its_kind():
    """An option that no function reads would be a setting without effect."""
    names = {name for one in load_readings().values() for name in one.options}
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in (data_dir().parent / "geo").glob("clause_*.py")
    )
    assert [name for name in names if f'"{name}"' not in source] == []


@pytest.mark.parametrize("profile", PROFILES)
def test_rules_of_the_profile_and_its_parents_apply(profile):
    rules = load_rules(profile)
    rows, unread = choose_clauses(rules.policy, rules.profile)
    wanted = {
        "national": ("national",),
        "gansu": ("gansu", "national"),
        "yunnan": ("yunnan", "national"),
    }[profile]
    expected = [
        row["rule_id"]
        for row in read_policy()
        if row["jurisdiction"] in wanted and row["operator"] != "report"
    ]
    assert [row.rule_id for row in rows] == expected
    assert unread == []
    assert all(row.quote and row.source and row.document for row in rows)


def test_a_rule_of_the_district_without_a_row_is_unknown_and_told(tmp_path):
    path = data_dir() / "rules" / "policy_rules.csv"
    frame = pd.read_csv(path, dtype="str", keep_default_na=False)
    own = frame[frame["rule_id"] == "GS-2c"].assign(rule_id="OWN-1", quote="某")
    (tmp_path / "rules").mkdir()
    table = pd.concat([frame, own])
    table.to_csv(tmp_path / "rules" / "policy_rules.csv", index=False)
    ground = ground_of({"c": {}}, "gansu", folder=tmp_path)
    assert "OWN-1" in list_rules(ground)
    (one,) = judge("OWN-1", ground).values()
    assert one.state == "unknown"
    assert "没有写明怎样核对" in speak(one.reason, "zh")
    rules = load_rules("gansu", tmp_path)
    assert choose_clauses(rules.policy, rules.profile)[1] == ["OWN-1"]


def test_a_rule_of_the_district_that_its_profile_cites_is_judged(tmp_path):
    path = data_dir() / "rules" / "policy_rules.csv"
    frame = pd.read_csv(path, dtype="str", keep_default_na=False)
    change = {"rule_id": "OWN-1", "jurisdiction": "city", "threshold": "60/100"}
    own = frame[frame["rule_id"] == "GS-2c"].assign(**change)
    (tmp_path / "rules").mkdir()
    table = pd.concat([frame, own])
    table.to_csv(tmp_path / "rules" / "policy_rules.csv", index=False)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "city.toml").write_text(
        'name_zh = "某市"\nname_en = "Some city"\ndocument = "某"\n'
        'extends = "national"\n[consent]\n'
        'vote_min = { value = "60/100", rule = "OWN-1" }\n',
        encoding="utf-8",
    )
    votes = {"c": {"vote_total": 100, "vote_yes": 60}}
    ground = ground_of(votes, "city", folder=tmp_path)
    assert judge("OWN-1", ground)["c"].state == "met"
    # the national clause is judged by the same number
    assert judge("N-1-7b", ground)["c"].state == "met"


BAD = [
    ("N-1-2a,,community,annual_plan,,,", RuleError),
    ("N-1-2a,eligibility,town,annual_plan,,,", RuleError),
    ("N-1-2a,eligibility,community,someday,,,", RuleError),
    ("N-1-2a,eligibility,community,annual_plan,,sure,", RuleError),
    ("N-1-2a,flag,community,annual_plan,field,,", ValueError),
    ("A,flag,unit,annual_plan,,,\nA,flag,unit,annual_plan,,,", ValueError),
]


@pytest.mark.parametrize(("lines", "error"), BAD)
def test_a_row_that_cannot_be_read_is_refused(tmp_path, monkeypatch, lines, error):
    (tmp_path / "rules").mkdir()
    header = "rule_id,kind,level,stage,options,certainty,note\n"
    path = tmp_path / "rules" / "clauses.csv"
    path.write_text(header + lines + "\n", encoding="utf-8")
    monkeypatch.setattr(clauses, "data_dir", lambda: tmp_path)
    with pytest.raises(error):
        load_readings.__wrapped__()
