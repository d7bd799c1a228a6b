"""Profiles: the threshold card, exactness, inheritance, and what is refused."""

from fractions import Fraction

import pandas as pd
import pytest

from geo.errors import RuleError
from geo.profiles import MISSING, OPEN, PROFILE_KEYS, list_profiles, load_profile
from geo.rules import load_rules
from geo.schema import RULE_CERTAINTY

PROFILES = ("national", "gansu", "yunnan")

HEAD = 'name_zh = "某市"\nname_en = "Some city"\ndocument = "某建〔2023〕1号"\n'


@pytest.fixture(scope="module")
def policy():
    return load_rules().policy


def write(folder, name, text, *, head=HEAD):
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "profiles" / f"{name}.toml").write_text(head + text, encoding="utf-8")
    return folder


def read(folder, policy, name="city"):
    return load_profile(name, policy, district_dir=folder)[0]


def test_national_comes_first():
    assert list_profiles()[0] == "national"
    assert set(list_profiles()) == set(PROFILES)


# REQUIREMENTS, 1.1; None: no document asks for it
CARD = [
    ("consent.participation_min", OPEN, Fraction(3, 4), Fraction(2, 3)),
    ("consent.agree_min", OPEN, Fraction(3, 4), Fraction(2, 3)),
    ("consent.agree_base", OPEN, OPEN, OPEN),
    ("consent.in_principle", None, None, True),
    ("consent.vote_required", True, True, True),
    ("consent.vote_min", OPEN, Fraction(7, 10), OPEN),
    ("consent.management_confirmed", True, True, True),
    ("consent.management_online", True, True, False),
    ("consent.committee_preparing", None, None, True),
    ("satisfaction.min", OPEN, Fraction(4, 5), Fraction(4, 5)),
    ("satisfaction.survey_min", None, Fraction(3, 4), None),
    ("shares.party_org_min", OPEN, OPEN, Fraction(3, 5)),
    ("shares.owners_committee_min", OPEN, OPEN, OPEN),
    ("shares.operator_min", OPEN, OPEN, OPEN),
    ("shares.joint_unit_min", OPEN, OPEN, OPEN),
    ("shares.social_fund_min", OPEN, OPEN, OPEN),
    ("funds.execution_min", None, None, Fraction(19, 20)),
    ("build_year.scope", OPEN, OPEN, True),
    ("life_circle.walk_min", None, None, 15),
    ("report.before", None, None, "03-01"),
]


@pytest.mark.parametrize(("key", *PROFILES), CARD)
def test_the_threshold_card(key, national, gansu, yunnan):
    for name, value in zip(PROFILES, (national, gansu, yunnan), strict=True):
        assert load_rules(name).profile.value(key) == value, name


def test_two_thirds_holds_for_200_of_300_and_not_for_133_of_200():
    least = load_rules("yunnan").profile.value("consent.participation_min")
    assert Fraction(200, 300) >= least
    assert Fraction(133, 200) < least
    assert Fraction(225, 300) >= load_rules("gansu").profile.value("consent.agree_min")


@pytest.mark.parametrize("name", PROFILES)
def test_every_value_says_where_it_stands(name):
    book = load_rules(name)
    rows = book.policy.set_index("rule_id")
    clauses = [*book.profile.clauses.values()]
    clauses += [years.clause for years in book.profile.build_years]
    for clause in clauses:
        assert clause.clause
        assert clause.source
        assert clause.certainty in RULE_CERTAINTY
        assert clause.origin == "built-in"
        assert clause.open == (clause.value == OPEN)
        if clause.rule_id:
            row = rows.loc[clause.rule_id]
            assert clause.quote == row["quote"]
            assert clause.firm
            jurisdictions = {"national", name}
            assert row["jurisdiction"] in jurisdictions


@pytest.mark.parametrize("name", PROFILES)
def test_numbers_equal_the_policy_rule_they_name(name):
    book = load_rules(name)
    rows = book.policy.set_index("rule_id")
    compared = 0
    for key, clause in book.profile.clauses.items():
        threshold = rows.loc[clause.rule_id, "threshold"] if clause.rule_id else ""
        if PROFILE_KEYS[key] in ("fraction", "count") and threshold:
            same = (
                clause.open
                if threshold == OPEN
                else Fraction(threshold) == clause.value
            )
            assert same, key
            compared += 1
    assert compared >= 3


def test_built_years_of_yunnan():
    years = load_rules("yunnan").profile.build_years
    assert [(y.least, y.most, y.state) for y in years] == [
        (None, 2000, "eligible"),
        (2001, 2005, "conditional"),
        (2006, 2010, "conditional"),
    ]
    assert years[2].needs == ("in_joint_unit", "infra_incomplete")
    assert not years[0].clause.firm
    assert load_rules("gansu").profile.build_years == ()


def test_a_profile_of_the_district_extends_a_built_in_one(tmp_path):
    text = """
    extends = "gansu"
    [consent]
    vote_min = { value = "2/3", clause = "三", source = "某建〔2023〕1号", certainty = "published" }
    [facilities]
    off = ["parcel"]
    [facilities.use.childcare]
    capacity = "F023"
    """  # noqa: E501 - one TOML value
    write(tmp_path, "city", text)
    book = load_rules("city", tmp_path)
    clause = book.profile.clauses["consent.vote_min"]
    assert (clause.value, clause.origin, clause.rule_id) == (
        Fraction(2, 3),
        "district",
        "",
    )
    assert book.profile.clauses["consent.agree_min"].origin == "built-in"
    assert book.profile.name_zh == "某市"
    assert not book.requirements["parcel"].required
    assert book.requirements["childcare"].capacity_value == 5
    profiles = book.sources[book.sources["path"].str.startswith("profiles/")]
    assert list(profiles["kind"]) == ["district", "built-in", "built-in"]


def test_every_open_share_can_be_filled(tmp_path):
    sourced = 'clause = "1", source = "合成", certainty = "tool_default"'
    lines = [
        f'{key} = {{ value = "1/2", {sourced} }}'
        for key, kind in PROFILE_KEYS.items()
        if kind == "fraction"
    ]
    write(tmp_path, "city", "\n".join(lines))
    profile = load_rules("city", tmp_path).profile
    assert {clause.value for clause in profile.clauses.values()} == {Fraction(1, 2)}


def test_a_district_profile_replaces_one_of_the_same_name(tmp_path):
    write(tmp_path, "gansu", "")
    assert load_rules("gansu", tmp_path).profile.clauses == {}
    assert list_profiles(tmp_path) == list_profiles()


SOURCED = 'clause = "1", source = "s", certainty = "expert"'
BAD = {
    "unknown base": ('extends = "gansux"', "profile_unknown"),
    "circle": ('extends = "city"', "profile_cycle"),
    "unknown group": ("[consents]\nx = 1", "profile_key_unknown"),
    "no group": ("consent_min = 1", "profile_key_unknown"),
    "empty group": ("[consents]", "profile_key_unknown"),
    "unknown key": (
        f'[consent]\nparticipation = {{ value = "2/3", {SOURCED} }}',
        "profile_key_unknown",
    ),
    "unknown word": (
        '[consent]\nagree_min = { value = "2/3", rule = "YN-1-7b", page = 3 }',
        "profile_key_unknown",
    ),
    "bare value": ('[consent]\nagree_min = "2/3"', "profile_value_missing"),
    "float": (
        f"[consent]\nagree_min = {{ value = 0.667, {SOURCED} }}",
        "profile_value",
    ),
    "percent": (
        f'[consent]\nagree_min = {{ value = "75", {SOURCED} }}',
        "profile_value",
    ),
    "zero": (f'[consent]\nagree_min = {{ value = "0/3", {SOURCED} }}', "profile_value"),
    "by zero": (
        f'[consent]\nagree_min = {{ value = "2/0", {SOURCED} }}',
        "profile_value",
    ),
    "flag": (
        f'[consent]\nvote_required = {{ value = "yes", {SOURCED} }}',
        "profile_value",
    ),
    "base": (
        f'[consent]\nagree_base = {{ value = "all", {SOURCED} }}',
        "profile_value",
    ),
    "minutes": (
        f"[life_circle]\nwalk_min = {{ value = -15, {SOURCED} }}",
        "profile_value",
    ),
    "true minutes": (
        f"[life_circle]\nwalk_min = {{ value = true, {SOURCED} }}",
        "profile_value",
    ),
    "day": (f'[report]\nbefore = {{ value = "02-30", {SOURCED} }}', "profile_value"),
    "rule": (
        '[consent]\nagree_min = { value = "2/3", rule = "YN-9" }',
        "profile_rule_missing",
    ),
    "no source": (
        '[consent]\nagree_min = { value = "2/3", clause = "1" }',
        "profile_source_missing",
    ),
    "certainty": (
        '[consent]\nagree_min = { value = "2/3", clause = "1", source = "s" }',
        "profile_certainty",
    ),
    "years": ("build_years = 2000", "profile_years"),
    "years no table": ("build_years = [2000]", "profile_years"),
    "years empty": ('[[build_years]]\nstate = "eligible"', "profile_years"),
    "years turned": (
        '[[build_years]]\nleast = 2005\nmost = 2001\nstate = "eligible"',
        "profile_years",
    ),
    "years text": (
        '[[build_years]]\nmost = "2000"\nstate = "eligible"',
        "profile_years",
    ),
    "years state": ('[[build_years]]\nmost = 2000\nstate = "fine"', "profile_years"),
    "years needs": (
        '[[build_years]]\nmost = 2000\nstate = "eligible"\nneeds = ["luck"]',
        "profile_years",
    ),
    "facilities": ("facilities = 1", "profile_facilities"),
}


@pytest.mark.parametrize("given", ["", 'value = "", '])
def test_an_entry_without_value_is_missing_and_not_refused(tmp_path, policy, given):
    text = f'extends = "yunnan"\n[consent]\nagree_min = {{ {given}rule = "YN-1-7b" }}'
    profile = read(write(tmp_path, "city", text), policy)
    clause = profile.clauses["consent.agree_min"]
    assert clause.value == MISSING
    assert not clause.open
    assert clause.quote == "居民参与率、同意率原则上均要达到2/3以上"
    assert profile.value("consent.participation_min") == Fraction(2, 3)


@pytest.mark.parametrize("case", BAD)
def test_bad_profiles_are_refused(tmp_path, policy, case):
    text, code = BAD[case]
    write(tmp_path, "city", text)
    with pytest.raises(RuleError) as caught:
        read(tmp_path, policy)
    assert caught.value.code == code
    for lang in ("zh", "en"):
        assert caught.value.message(lang)
        assert caught.value.action(lang)


def test_an_unknown_profile_is_refused_with_those_there_are():
    with pytest.raises(RuleError, match="gansu") as caught:
        load_rules("guangdong")
    assert caught.value.code == "profile_unknown"


@pytest.mark.parametrize("name", ["../national", "", "national.toml"])
def test_a_profile_is_a_name_and_no_path(name):
    with pytest.raises(RuleError):
        load_rules(name)


def test_a_profile_without_names_is_refused(tmp_path, policy):
    write(tmp_path, "city", 'name_zh = "某市"', head="")
    with pytest.raises(RuleError) as caught:
        read(tmp_path, policy)
    assert caught.value.params["key"] == "name_en"


def test_a_profile_that_is_no_toml_is_refused(tmp_path, policy):
    write(tmp_path, "city", "[consent", head="")
    with pytest.raises(RuleError) as caught:
        read(tmp_path, policy)
    assert caught.value.code == "rule_toml"


def test_sources_of_a_profile_come_nearest_first(policy):
    assert isinstance(policy, pd.DataFrame)
    _, sources = load_profile("yunnan", policy)
    assert [source["path"] for source in sources] == [
        "profiles/yunnan.toml",
        "profiles/national.toml",
    ]
