"""Tables of evidence that do not fit together: each case a finding, none a stop."""

import pandas as pd
import pytest
from hamlet import make_communities
from papers import fill, make_evidence

from geo.evidence import Evidence
from geo.evidence_checks import ORDERS, WHOLES, check_evidence
from geo.evidence_schema import COMMUNITY_COLUMNS, EVIDENCE
from geo.findings import render_findings

COMMUNITIES = make_communities().set_index("id").assign(households=[300.0, 200.0, 50.0])


def check(communities=COMMUNITIES, **tables):
    options = {name: tables.pop(name) for name in ("names", "units") if name in tables}
    found = check_evidence(communities, make_evidence(**tables), **options)
    for lang in ("zh", "en"):
        said = render_findings(found, lang)
        assert said["message"].str.len().min() > 10 or said.empty
        assert not said["message"].str.contains("@|{").any()
    return found


def consent(**columns):
    return fill("consent", community_id=["c1"], **columns)


def test_nothing_wrong_nothing_said():
    assert check().empty
    good = consent(
        households_participated=[225],
        households_agreed=[169],
        participation_rate=[0.75],
        agree_rate=[0.751],
        vote_total=[300],
        vote_yes=[300],
        consult_start_date=["2026-03-01"],
        consult_end_date=["2026-03-01"],
    )
    assert check(consent=good).empty


@pytest.mark.parametrize(
    ("columns", "part", "whole"),
    [
        ({"households_participated": [301]}, "参与户数（301）", "总户数（300）"),
        (
            {"households_participated": [100], "households_agreed": [101]},
            "同意户数（101）",
            "参与户数（100）",
        ),
        ({"households_agreed": [301]}, "同意户数（301）", "总户数（300）"),
        ({"vote_total": [299], "vote_yes": [300]}, "（300）", "（299）"),
        (
            {"vote_area_total_m2": [18000.5], "vote_area_yes_m2": [18000.6]},
            "18,000.6",
            "18,000.5",
        ),
    ],
)
def test_more_of_the_part_than_of_the_whole(columns, part, whole):
    found = check(consent=consent(**columns))
    assert found["code"].tolist() == ["more_than_whole"]
    assert found[["layer", "id", "severity"]].iloc[0].tolist() == [
        *("consent", "c1", "error"),
    ]
    said = render_findings(found, "zh")["message"].iloc[0]
    assert part in said
    assert whole in said


def test_more_who_answered_than_were_asked():
    surveys = fill(
        "surveys",
        community_id=["c1", "c2", "c3"],
        survey_sent_households=[100, 200, None],
        survey_valid_households=[101, 150, 51],
        survey_satisfied=[100, 151, None],
    )
    found = check(surveys=surveys)
    pairs = sorted((row["id"], row["params"]["part"]) for _, row in found.iterrows())
    assert pairs == [
        ("c1", "@column.survey_valid_households"),
        ("c2", "@column.survey_satisfied"),
        ("c3", "@column.survey_valid_households"),
    ]


def test_more_executed_than_allocated():
    county = fill(
        "county",
        year=[2026, 2027],
        fund_allocated_cny=[1000.0, 1000.0],
        fund_executed_cny=[1001.0, 949.0],
    )
    found = check(county=county)
    assert found[["layer", "id", "code"]].to_numpy().tolist() == [
        ["county", "2026", "more_than_whole"]
    ]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("consult_start_date", "consult_end_date"),
        ("consult_start_date", "vote_date"),
        ("start_date", "finish_date"),
        ("start_date", "acceptance_date"),
        ("finish_date", "acceptance_date"),
    ],
)
def test_days_in_the_wrong_order(first, then):
    tables = {name: {} for name in ("consent", "progress")}
    for column, day in ((first, "2026-05-02"), (then, "2026-05-01")):
        (home,) = [
            name
            for name in tables
            if column in {one.name for one in EVIDENCE[name].columns}
        ]
        tables[home][column] = [day]
    filled = {
        name: fill(name, community_id=["c1"], **columns)
        for name, columns in tables.items()
        if columns
    }
    found = check(**filled)
    assert found["code"].tolist() == ["dates_out_of_order"]
    said = render_findings(found, "zh")["message"].iloc[0]
    assert said.index("2026-05-01") < said.index("2026-05-02")


def test_days_in_the_wrong_order_in_rows():
    works = fill(
        "works",
        id=["W1", "W2"],
        planned_start=["2027-03-01", "2027-03-01"],
        planned_finish=["2027-02-01", "2027-03-01"],
    )
    issues = fill(
        "rectification",
        id=["R1", "R2"],
        found_date=["2026-03-01", "2026-03-01"],
        due=["2026-02-01", None],
        closed_date=["2026-04-01", "2026-02-01"],
    )
    found = check(works=works, rectification=issues)
    assert found["code"].tolist() == ["row_dates_out_of_order"] * 3
    assert found["id"].tolist() == ["W1", "R1", "R2"]


def test_rates_without_counts_are_only_noted():
    found = check(consent=consent(participation_rate=[0.82], agree_rate=[0.8667]))
    assert found["code"].tolist() == ["rate_without_counts"] * 2
    assert set(found["severity"]) == {"info"}
    said = render_findings(found, "zh")["message"]
    assert "82%" in said.iloc[0]
    assert "86.67%" in said.iloc[1]


@pytest.mark.parametrize(
    ("rate", "fits"),
    [
        (0.7, False),
        (0.75, True),
        (0.751, True),
        (0.7511, True),
        (0.56, True),
        (0.563, True),
        (0.6, False),
        (0.76, True),
        (0.753, False),
    ],
)
def test_a_rate_of_agreement_fits_one_of_the_bases(rate, fits):
    # 169 of 225 is 75.11 %, 169 of 300 is 56.33 %
    counts = {"households_participated": [225], "households_agreed": [169]}
    found = check(consent=consent(agree_rate=[rate], **counts))
    assert found.empty == fits
    if not fits:
        assert found["code"].tolist() == ["rate_contradicts"]
        assert found["severity"].tolist() == ["warning"]
        assert "75.1%" in render_findings(found, "en")["message"].iloc[0]


@pytest.mark.parametrize(
    ("parts", "codes"),
    [
        ((600_000.0, 400_000.0), []),
        ((600_000.0, 406_000.0), ["funds_do_not_add_up"]),
        ((600_000.0, 404_000.0), []),
        ((600_000.0, 300_000.0), ["funds_incomplete"]),
        ((None, None), []),
    ],
)
def test_funds_and_the_cost(parts, codes):
    funds = fill(
        "funds",
        community_id=["c1"],
        project_cost_cny=[1_000_000.0],
        fund_central_cny=[parts[0]],
        fund_loan_cny=[parts[1]],
    )
    assert check(funds=funds)["code"].tolist() == codes


def test_whom_a_row_is_about():
    papers = fill(
        "documents",
        id=["D1", "D2", "D3", "D4", "D5", "D6"],
        subject_id=["c1", "示例区", "U07", "某街道", None, "c9"],
    )
    works = fill("works", id=["W1", "W2"], community_id=["c1、c2", "c1|c8"])
    county = fill("county", year=[2027], name=["示例区"])
    found = check(documents=papers, works=works, county=county)
    assert found["code"].tolist() == ["subject_unknown"] * 3
    assert found["id"].tolist() == ["W2", "D4", "D6"]
    assert "c8" in render_findings(found, "zh")["message"].iloc[0]
    known = COMMUNITIES.assign(street_office="某街道")
    assert check(known, documents=papers, county=county)["id"].tolist() == ["D6"]
    drawn = check(known, documents=papers, county=county, units=["U1", "U2"])
    assert drawn["id"].tolist() == ["D3", "D6"]
    named = check(documents=papers, names=["示例区", "某街道"])
    assert named["id"].tolist() == ["D6"]


def test_a_community_that_is_not_there():
    found = check(consent=fill("consent", community_id=["c1", "c7"]))
    assert found[["id", "code"]].to_numpy().tolist() == [["c7", "subject_unknown"]]
    found = check(ledger=fill("ledger", id=["c7"]))
    assert found["layer"].tolist() == ["ledger"]


def test_a_finding_stands_under_the_table_that_spoke_last():
    layer = COMMUNITIES.assign(households_participated=[301.0, None, None])
    assert check(layer)["layer"].tolist() == ["communities"]
    table = consent(households_eligible=[290])
    assert check(layer, consent=table)["layer"].tolist() == ["consent"]


def test_conflicts_are_among_the_findings():
    ledger = fill("ledger", id=["c1"]).assign(households=[299.0])
    assert check(ledger=ledger)["code"].tolist() == ["facts_conflict"]


def test_the_order_of_rows_changes_nothing():
    table = fill(
        "consent",
        community_id=["c2", "c1"],
        households_participated=[201, 301],
        agree_rate=[0.5, 0.6],
    )
    once = check(consent=table)
    again = check(COMMUNITIES.iloc[::-1], consent=table.iloc[::-1])
    pd.testing.assert_frame_equal(once, again)


def test_every_pair_is_one_of_columns_that_there_are():
    made = {"households_total", "audit_issues_found", "audit_issues_rectified"}
    for first, second in (*WHOLES, *ORDERS):
        assert {first, second} <= {*COMMUNITY_COLUMNS, *made}
    assert check_evidence(COMMUNITIES, Evidence()).empty
