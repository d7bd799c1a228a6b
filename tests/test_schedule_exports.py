"""The plan as tables for files and pages."""

import pandas as pd
import pytest
from schedule_town import make_ranking

from geo.policy_settings import ScheduleSettings
from geo.schedule import (
    make_inversions_table,
    make_left_out_table,
    make_schedule_table,
    make_years_table,
    plan_schedule,
)

BUDGETS = [
    (2027, "all", 8e6, 3),
    (2027, "central", 3e6, None),
    (2028, "all", 6e6, 3),
    (2029, "all", 20e6, 3),
]


@pytest.fixture(scope="module")
def schedule():
    settings = ScheduleSettings(mode="optimise")
    return plan_schedule(make_ranking(budgets=BUDGETS), settings=settings)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_one_row_per_unit_and_year(schedule, lang):
    table = make_schedule_table(schedule, lang)
    assert list(table.columns[:4]) == ["unit_id", "year", "rank", "score"]
    assert list(table["unit_id"]) == list(schedule.table.index)
    assert not table.duplicated(["unit_id", "year"]).any()
    assert table["reason"].str.len().min() > 10
    assert not [name for name in table if name.startswith("need_")]
    assert set(schedule.table.columns) < set(table.columns)


def test_names_stand_beside_ids(schedule):
    table = make_schedule_table(schedule, "zh").set_index("unit_id")
    assert table.loc["A", ["communities", "names"]].tolist() == [
        "c1|c3",
        "第1小区、第3小区",
    ]


def test_communities_without_names_are_called_by_their_ids():
    ranking = make_ranking(budgets=BUDGETS)
    layer = ranking.ground.plan.district.communities
    ranking.ground.plan.district.communities = layer.drop(columns="name")
    table = make_schedule_table(plan_schedule(ranking), "en").set_index("unit_id")
    assert table.loc["A", "names"] == "c1, c3"


def test_what_is_left_out(schedule):
    table = make_left_out_table(schedule, "zh")
    assert table["unit_id"].tolist() == ["D", "E"]
    assert table.columns[-1] == "reason"
    assert table["reason"].str.startswith("未进入计划").all()


def test_inversions_in_words(schedule):
    table = make_inversions_table(schedule, "zh")
    assert len(table) == len(schedule.inversions) > 0
    assert table["why"].str.len().min() > 10


def test_lines_without_use_and_limit_are_left_out(schedule):
    table = make_years_table(schedule, "zh")
    assert set(table["source"]) == {"all", "central"} | set(
        schedule.funds.loc[schedule.funds["unknown"] > 0, "source"]
    )
    assert table.loc[table["source"] == "central", "name"].unique() == ["中央资金"]


def test_tables_of_nothing():
    street = {"c1": ("A", "out", 90.0, 10.0, 1e6, 0.0)}
    schedule = plan_schedule(make_ranking(street))
    assert list(make_schedule_table(schedule, "zh").columns[:2]) == ["unit_id", "year"]
    assert make_schedule_table(schedule, "zh").empty
    assert make_inversions_table(schedule, "zh").empty
    assert make_years_table(schedule, "zh").empty
    assert isinstance(make_left_out_table(schedule, "zh"), pd.DataFrame)
