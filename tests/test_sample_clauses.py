"""The clauses find every trap of the sample's evidence, as worked out on paper."""

import shutil
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from geo.compliance import Checks, check_clauses
from geo.district import District, read_district
from geo.evidence_checks import check_evidence
from geo.evidence_read import read_evidence
from geo.findings import concat_findings, render_findings
from geo.indicators import measure_indicators
from geo.manifest import Manifest
from geo.plan import Plan, plan_district
from geo.policy_settings import CheckSettings
from geo.rules import load_rules
from geo.sample_evidence import FILES
from geo.settings import Settings
from geo.text import data_dir

ANSWERS = tomllib.loads(
    Path(__file__).with_name("sample_answers.toml").read_text(encoding="utf-8")
)
STORED = data_dir() / "sample"


@pytest.fixture(scope="module")
def sample() -> District:
    return read_district(STORED)


#: Rules of Gansu and Yunnan for the same thing.
RULES = {
    "participation": {"GS": "GS-2a", "YN": "YN-1-7a"},
    "agreement": {"GS": "GS-2b", "YN": "YN-1-7b"},
    "vote": {"GS": "GS-2c", "YN": "N-1-7b"},
    "confirmed": {"GS": "GS-2d", "YN": "YN-1-8b"},
}
PROFILES = {"GS": "gansu", "YN": "yunnan"}


@pytest.fixture(scope="module")
def plan(sample: District) -> Plan:
    return plan_district(sample, load_rules("gansu"), Settings(), until="gaps")


def judge(plan: Plan, profile: str, **settings: Any) -> Checks:
    """Judge with every community alone, but C109 joined with its older neighbour."""
    ids = plan.district.communities.index
    units = pd.Series(ids, ids).replace("C110", "C109")
    chosen = CheckSettings(as_of=ANSWERS["policy"]["as_of"], **settings)
    turned = replace(plan, rules=load_rules(PROFILES[profile]))
    return check_clauses(turned, unit_of=units, settings=chosen)


def by_rule(checks: Checks) -> pd.DataFrame:
    return checks.table.set_index(["rule_id", "subject_id"])


@pytest.fixture(scope="module")
def checks(plan: Plan) -> dict[str, Checks]:
    return {profile: judge(plan, profile) for profile in PROFILES}


@pytest.fixture(scope="module")
def judged(checks: dict[str, Checks]) -> dict[str, pd.DataFrame]:
    return {profile: by_rule(one) for profile, one in checks.items()}


@pytest.mark.parametrize("profile", PROFILES)
def test_consent_is_judged_as_on_paper(
    profile: str, judged: dict[str, pd.DataFrame]
) -> None:
    state = judged[profile]["state"]
    for community, answer in ANSWERS["consent"].items():
        for what in ("participation", "agreement"):
            found = state[RULES[what][profile], community]
            assert found == answer[profile][what], (community, what)
    for community, answer in ANSWERS["vote"].items():
        assert state[RULES["vote"][profile], community] == answer[profile], community
    for community, answer in ANSWERS["confirmed"].items():
        found = state[RULES["confirmed"][profile], community]
        assert found == answer[profile], community


@pytest.mark.parametrize(("base", "profile"), [("participated", "GS"), ("total", "YN")])
def test_a_base_that_was_chosen_decides(base: str, profile: str, plan: Plan) -> None:
    state = by_rule(judge(plan, profile, consent_base=base))["state"]
    for community, answer in ANSWERS["consent_base"][base].items():
        found = state[RULES["agreement"][profile], community]
        assert found == answer[profile], community


def test_surveys_are_judged_as_on_paper(judged: dict[str, pd.DataFrame]) -> None:
    gansu, yunnan = judged["GS"]["state"], judged["YN"]["state"]
    assert "GS-2e" not in yunnan.index
    for community, answer in ANSWERS["survey"].items():
        assert gansu["GS-2e", community] == answer["surveyed"], community
        assert gansu["GS-2f", community] == answer["satisfied"], community
        assert yunnan["YN-1-6", community] == answer["satisfied"], community


def test_days_are_judged_as_on_paper(judged: dict[str, pd.DataFrame]) -> None:
    state = judged["GS"]["state"]
    assert state["GS-2h", "C060"] == ANSWERS["consultation"]["C060"]
    assert state["GS-2h", "C094"] == ANSWERS["consultation"]["C094"]
    assert state["GS-2c", ANSWERS["begun"]["before_vote"]] == "short"
    assert state["N-1-5", ANSWERS["hazards"]["surveyed_late"]] == "short"
    assert state["N-1-5", ANSWERS["hazards"]["left_out"]["community"]] == "short"
    assert (state["N-1-5"] == "short").sum() == len(ANSWERS["hazards"])


def test_funds_are_judged_as_on_paper(judged: dict[str, pd.DataFrame]) -> None:
    county = ANSWERS["policy"]["county"]
    assert judged["YN"]["state"]["YN-1-3b", county] == "short"
    assert "YN-1-3b" not in judged["GS"].index
    for table in judged.values():
        assert table["state"]["N-1-3a", county] == "short"
        said = str(table.loc[("N-1-3a", county), "found"])
        assert f"{ANSWERS['funds']['over_cny']:,}" in said


def test_what_is_protected_is_found_as_on_paper(
    judged: dict[str, pd.DataFrame],
) -> None:
    answer = ANSWERS["protected"]
    for profile, rule in (("GS", "N-1-2b"), ("YN", "N-1-2b"), ("YN", "YN-1-2d")):
        rows = judged[profile].loc[rule]
        gone = [answer[key] for key in ("felled", "demolished")]
        short = rows.index[rows["state"] == "short"]
        assert sorted(short) == sorted(one["community"] for one in gone)
        for one in gone:
            assert one["protected"] in rows.loc[one["community"], "objects"]
        near = rows.loc[answer["near"]["community"]]
        assert near["state"] == "met"
        assert answer["near"]["protected"] in str(near["found"])


def test_works_are_judged_as_on_paper(judged: dict[str, pd.DataFrame]) -> None:
    table = judged["GS"]
    for one in ANSWERS["gas"].values():
        assert table.loc[("GS-3c", one["community"]), "state"] == one["GS"]
    digs = table.loc["GS-3b"]
    assert list(digs.index[digs["state"] == "short"]) == [
        ANSWERS["repeated"]["community"]
    ]
    order = table.loc["GS-3a"]
    assert sorted(order.index[order["state"] == "short"]) == sorted(
        ANSWERS[key]["community"] for key in ("repeated", "underground_first")
    )
    again = judged["YN"].loc["YN-1-4b", "state"]
    assert again[ANSWERS["repeated"]["community"]] == "short"
    assert again[ANSWERS["underground_first"]["community"]] == "met"
    assert not {"GS-3a", "GS-3b", "GS-3c"} & set(judged["YN"].index.levels[0])


def test_utilities_are_matched_as_on_paper(judged: dict[str, pd.DataFrame]) -> None:
    rows = judged["GS"].loc["N-1-4a"]
    answer = ANSWERS["utility"]
    assert rows.loc[answer["matched"]["community"], "state"] == "met"
    for key in ("year_off", "no_plan"):
        row = rows.loc[answer[key]["community"]]
        assert row["state"] == "short"
        assert answer[key]["kind"] in str(row["found"][1][key])
    assert "J002" in rows.loc[answer["year_off"]["community"], "objects"]


def test_issues_are_judged_as_on_paper(judged: dict[str, pd.DataFrame]) -> None:
    county, overdue = ANSWERS["policy"]["county"], ANSWERS["rectification"]["overdue"]
    for profile, rule in (("GS", "N-1-10"), ("GS", "GS-4a"), ("YN", "YN-1-10")):
        row = judged[profile].loc[(rule, county)]
        assert row["state"] == "short"
        assert overdue[0] in str(row["reason"])
    assert judged["YN"].loc[("YN-1-10", county), "severity"] == "warning"


def test_the_2008_community_needs_its_older_neighbour(
    plan: Plan, judged: dict[str, pd.DataFrame]
) -> None:
    own, alone = ANSWERS["year_2008"]["community"], ANSWERS["no_year"]["community"]
    state = judged["YN"]["state"]
    assert state["YN-1-2b", own] == "met"
    assert state["N-1-2a", alone] == "unknown"
    ids = plan.district.communities.index
    turned = replace(plan, rules=load_rules("yunnan"))
    apart = check_clauses(turned, unit_of=pd.Series(ids, ids)).of(own)
    assert list(apart.loc[apart["rule_id"] == "YN-1-2b", "state"]) == ["short"]
    # the document of Gansu says nothing of years
    assert judged["GS"]["state"]["N-1-2a", own] == "open"


@pytest.mark.parametrize("profile", PROFILES)
def test_indicators_count_what_is_on_paper(
    profile: str, checks: dict[str, Checks]
) -> None:
    indicators = measure_indicators(checks[profile])
    table = indicators.table
    rows = table.set_index(table["indicator_id"] + "." + table["part"])
    for part, counts in ANSWERS["indicators"].items():
        found = rows.loc[part, ["numerator", "denominator"]]
        assert list(found) == pytest.approx(counts), part
    for part, value in ANSWERS["last_indicators"].items():
        assert rows.loc[part, "last_value"] == pytest.approx(value)
    assert rows.loc["IND-1-06.satisfaction", "state"] == "unknown"
    assert (indicators.name, indicators.city) == ("示例区", "示例市")
    assert indicators.year == ANSWERS["policy"]["plan_year"] - 1


# ---- a copy with mistakes in it ------------------------------------------------------


def spoil(folder: Path) -> None:
    """Put the mistakes of ``[spoiled]`` into a copy of the sample's tables."""
    for file in FILES.values():
        shutil.copy(STORED / file, folder)
    for file, cells in ANSWERS["spoiled"]["cells"].items():
        path, ids = folder / file, {ident for ident, _, _ in cells}
        if path.suffix == ".xlsx":
            book = openpyxl.load_workbook(path)
            sheet = book.worksheets[0]
            rows = {
                row[0].value: row for row in sheet.iter_rows() if row[0].value in ids
            }
            for ident, column, value in cells:
                rows[ident][column].value = value
            book.save(path)
        else:
            table = pd.read_csv(path, dtype="str", index_col=0, encoding="utf-8-sig")
            for ident, column, value in cells:
                table.iloc[table.index.get_loc(ident), column - 1] = value
            table.to_csv(path, encoding="utf-8-sig")
    for file, lines in ANSWERS["spoiled"]["lines"].items():
        encoding = "gbk" if file == "documents.csv" else "utf-8"
        with (folder / file).open("a", encoding=encoding) as opened:
            opened.writelines(f"{line}\n" for line in lines)


@pytest.fixture(scope="module")
def spoiled(sample: District, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("spoiled")
    spoil(folder)
    headers, communities = load_rules().headers, sample.communities
    return read_evidence(folder, Manifest(), headers, communities=communities)


def test_every_mistake_has_a_finding(spoiled: Any, sample: District) -> None:
    checked = check_evidence(sample.communities, spoiled)
    findings = concat_findings(spoiled.findings, checked)
    before = sample.evidence.findings
    new = findings[~findings["code"].isin(["columns_mapped", "facts_conflict"])]
    for code, ids in ANSWERS["spoiled"]["findings"].items():
        rows = new[new["code"] == code]
        known = set(before.loc[before["code"] == code, "id"].dropna())
        assert set(rows["id"].dropna()) - known == set(ids), code
    told = set(ANSWERS["spoiled"]["findings"]) | set(before["code"])
    assert set(new["code"]) <= told
    for lang in ("zh", "en"):
        words = render_findings(new, lang)
        assert words["message"].str.len().gt(5).all()
        assert not words["message"].str.contains("{", regex=False).any()


def test_nothing_is_lost_and_the_rest_is_judged(
    spoiled: Any, sample: District, plan: Plan, checks: dict[str, Checks]
) -> None:
    answer = ANSWERS["spoiled"]
    aside = spoiled.findings[spoiled.findings["content"].notna()]
    for name in FILES:
        lines = answer["lines"].get(FILES[name], [])
        own = (aside["layer"] == name) & ~aside["code"].eq("totals_row")
        before = len(sample.evidence.tables[name])
        assert len(spoiled.tables[name]) + own.sum() == before + len(lines)
    ids = plan.district.communities.index
    units = pd.Series(ids, ids).replace("C110", "C109")
    settings = CheckSettings(as_of=ANSWERS["policy"]["as_of"])
    table = by_rule(
        check_clauses(plan, evidence=spoiled, unit_of=units, settings=settings)
    )
    sound = by_rule(checks["GS"])
    assert list(table.index) == list(sound.index)
    changed = table.index[table["state"] != sound["state"]]
    hurt = set(answer["hurt"]) | {ANSWERS["policy"]["county"]}
    assert {subject for _, subject in changed} <= hurt
    for rule, subject, state in answer["states"]:
        assert table.loc[(rule, subject), "state"] == state, (rule, subject)
