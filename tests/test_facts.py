"""Facts of a community: order of belief, kinds, other names, conflicts."""

import numpy as np
import pandas as pd
import pytest
from hamlet import make_communities

from geo.evidence import Evidence, empty_table
from geo.evidence_schema import EVIDENCE, FACT_TABLES
from geo.facts import (
    FACT_COLUMNS,
    find_conflicts,
    gather_facts,
    gather_known,
    list_statements,
)
from geo.findings import render_findings


def communities(**columns):
    return make_communities().set_index("id").assign(**columns)


def fill(name, **columns):
    """Return a checked table with some of its columns filled."""
    blank = empty_table(name)
    length = len(next(iter(columns.values())))
    table = blank.reindex(range(length))
    for column, values in columns.items():
        kind = blank[column].dtype if column in blank else "str"
        table[column] = pd.Series(values, dtype=kind)
    return table


def known(**tables):
    evidence = Evidence()
    for name, table in tables.items():
        evidence = evidence.with_table(name, table)
    return evidence


def test_without_tables_the_layer_is_all_there_is():
    facts = gather_facts(communities(), Evidence())
    assert facts.index.tolist() == ["c1", "c2", "c3"]
    assert "geometry" not in facts
    assert facts["households_total"].tolist() == [120, 80, 0]
    assert set(facts["households_total_from"]) == {"households"}
    assert facts["vote_yes"].isna().all()


def test_every_column_of_the_tables_is_there_with_its_kind():
    facts = gather_facts(communities(), Evidence())
    kinds = {"text": "str", "flag": "boolean", "date": "datetime64[ns]"}
    for name in FACT_TABLES:
        for column in EVIDENCE[name].columns:
            if column.name not in {"id", "community_id"}:
                kind = kinds.get(column.kind, "float64")
                assert facts[column.name].dtype == kind, column.name
    assert set(FACT_COLUMNS) <= set(facts.columns)


def test_the_later_table_wins_and_a_blank_never_overwrites():
    layer = communities(plan_year=[2026, 2027, 2028], operator_name=["甲", None, None])
    evidence = known(
        ledger=fill("ledger", id=["c1", "c2"]).assign(
            plan_year=[2030.0, 2031.0], operator_name=["乙", None]
        ),
        progress=fill("progress", community_id=["c2", "c1"], plan_year=[2029, np.nan]),
    )
    facts = gather_facts(layer, evidence)
    assert facts["plan_year"].tolist() == [2030, 2029, 2028]
    assert facts["operator_name"].iloc[0] == "乙"
    assert facts["operator_name"].isna().tolist() == [False, True, True]
    origin = gather_known(layer, evidence).origin
    assert origin["plan_year"].tolist() == ["ledger", "progress", "communities"]


def test_a_column_in_a_table_that_is_not_its_own_only_fills():
    layer = communities(households=[120.0, np.nan, 0.0])
    consent = fill("consent", community_id=["c1", "c2"]).assign(households=[99.0, 70.0])
    facts = gather_facts(layer, known(consent=consent))
    assert facts["households"].tolist() == [120, 70, 0]


def test_the_order_of_rows_changes_nothing():
    layer = communities(consult_period=["2025-04-01/2025-04-28", None, "2025年5月"])
    consent = fill(
        "consent", community_id=["c3", "c1", "zz"], households_agreed=[3, 1, 9]
    )
    once = gather_facts(layer, known(consent=consent))
    again = gather_facts(
        layer.iloc[::-1], known(consent=consent.iloc[::-1].reset_index(drop=True))
    )
    pd.testing.assert_frame_equal(once, again)
    assert "zz" not in once.index


def test_what_the_layer_carries_as_text_gets_its_kind():
    layer = communities(
        consult_end_date=["2025年4月28日", "x", None],
        vote_channel=["书面", "线上", "微信"],
        has_party_org=["有", "无", None],
        participation_rate=["75%", "0.5", None],
    )
    facts = gather_facts(layer, Evidence())
    assert facts["consult_end_date"].iloc[0] == pd.Timestamp("2025-04-28")
    assert facts["consult_end_date"].isna().tolist() == [False, True, True]
    assert facts["vote_channel"].tolist()[:2] == ["paper", "online"]
    assert facts["vote_channel"].isna().iloc[2]
    assert facts["has_party_org"].tolist()[:2] == [True, False]
    assert facts["participation_rate"].tolist()[:2] == [0.75, 0.5]


def test_those_who_may_take_part_come_before_all():
    consent = fill("consent", community_id=["c1"], households_eligible=[100])
    facts = gather_facts(communities(), known(consent=consent))
    assert facts["households_total"].tolist() == [100, 80, 0]
    assert facts["households_total_from"].iloc[0] == "households_eligible"
    layer = communities(households=[120.0, np.nan, 0.0])
    facts = gather_facts(layer, Evidence())
    assert facts["households_total_from"].isna().tolist() == [False, True, False]


def test_a_rate_older_than_the_counts_beside_it_is_forgotten():
    layer = communities(
        participation_rate=[0.9, 0.8, 0.7], households_participated=[108.0, 64.0, None]
    )
    consent = fill("consent", community_id=["c1"], households_participated=[60])
    facts = gather_facts(layer, known(consent=consent))
    assert facts["participation_rate"].isna().tolist() == [True, False, False]
    assert facts["households_participated"].tolist()[:2] == [60, 64]


def test_each_source_speaks_in_the_order_of_belief():
    consent = fill("consent", community_id=["c1", "c1"], vote_yes=[1, 2])
    evidence = known(consent=consent, ledger=fill("ledger", id=["c2"]))
    said = dict(list_statements(communities(), evidence))
    assert list(said) == ["communities", "ledger", "consent"]
    assert said["consent"]["vote_yes"].tolist()[0] == 1


@pytest.mark.parametrize(("told", "count"), [(120.0, 0), (121.0, 1)])
def test_two_sources_that_differ_are_told(told, count):
    ledger = fill("ledger", id=["c1", "c2"]).assign(households=[told, np.nan])
    found = find_conflicts(communities(), known(ledger=ledger))
    assert len(found) == count
    if count:
        assert found["id"].tolist() == ["c1"]
        said = render_findings(found, "zh")["message"].iloc[0]
        assert "户数" in said
        assert "120 与 121" in said


def test_conflicts_are_said_in_words_of_the_reader():
    layer = communities(
        has_party_org=pd.array([True, None, None], dtype="boolean"),
        vote_channel=["paper", None, None],
        plan_year=[2027.0, None, None],
        vote_date=["2026-03-01", None, None],
    )
    evidence = known(
        consent=fill(
            "consent",
            community_id=["c1"],
            has_party_org=[False],
            vote_channel=["online"],
            vote_date=["2026-04-01"],
        ),
        progress=fill("progress", community_id=["c1"], plan_year=[2028]),
    )
    said = render_findings(find_conflicts(layer, evidence), "zh")["message"]
    words = ("是 与 否", "书面 与 线上", "2027 与 2028", "2026-03-01 与 2026-04-01")
    for one in words:
        assert said.str.contains(one).sum() == 1


def test_a_column_of_nobody_may_be_number_here_and_text_there():
    layer = communities(风貌=[1.0, 2.0, 3.0])
    ledger = fill("ledger", id=["c1", "c2"]).assign(风貌=["好", None])
    facts = gather_facts(layer, known(ledger=ledger))
    assert facts["风貌"].tolist() == ["好", 2.0, 3.0]
