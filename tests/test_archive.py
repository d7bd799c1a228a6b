"""How complete the archive of each project is, and where the project stands."""

from datetime import date

import pandas as pd
import pytest
from reserve_town import AS_OF, make_ground

from geo.archive import GROUPS, find_status, list_items, measure_archive

#: Everything that the archive of a project in reserve asks for.
FULL = {
    "built_year": 1990.0,
    "households": 100.0,
    "population": 250.0,
    "floor_area_m2": 8000.0,
    "buildings_count": 4.0,
    "households_participated": 90.0,
    "households_agreed": 80.0,
    "consult_end_date": pd.Timestamp("2026-05-01"),
    "longterm_mgmt_consensus": True,
    "scheme_date": pd.Timestamp("2026-06-01"),
    "scheme_items": "供水、照明",
    "project_cost_cny": 1e6,
    "survey_date": pd.Timestamp("2026-04-01"),
    "plan_year": 2027.0,
    "phase": "储备",
}
PAPERS = [
    {"level": "community", "subject_id": "a", "doc_type": kind, "images": 2.0}
    for kind in ("改造前照片", "居民意愿征询表", "改造方案")
]


def day(text):
    return pd.Timestamp(text)


def test_the_items_are_of_the_five_groups():
    assert tuple(dict.fromkeys(item.group for item in list_items())) == GROUPS
    keys = [item.key for item in list_items()]
    assert len(keys) == len(set(keys)) == 25


def test_a_project_in_reserve_needs_no_images_of_what_is_not_built():
    table = measure_archive(make_ground({"a": FULL, "b": {}}, documents=PAPERS))
    full, none = table.loc["a"], table.loc["b"]
    assert full["completeness"] == 1
    assert full["archive_full"] == 5
    assert full["archive_missing"] == ()
    assert none["completeness"] == 0
    # 6 + 5 + 5 items, plan year and phase, images before
    assert len(none["archive_missing"]) == 6 + 5 + 5 + 2 + 1


def test_shares_of_a_group_by_hand():
    facts = {"a": {"built_year": 1990.0, "households": 100.0, "plan_year": 2027.0}}
    row = measure_archive(make_ground(facts)).loc["a"]
    assert row["archive_basic"] == pytest.approx(2 / 6)
    assert row["archive_progress"] == pytest.approx(1 / 2)
    assert row["archive_willing"] == row["archive_before_after"] == 0
    assert row["completeness"] == pytest.approx((2 / 6 + 1 / 2) / 5)
    assert row["archive_full"] == 0


def test_a_finished_project_owes_what_came_of_it():
    done = FULL | {"start_date": day("2025-03-01"), "finish_date": day("2025-11-01")}
    row = measure_archive(make_ground({"a": done}, documents=PAPERS)).loc["a"]
    assert row["status"] == "finished"
    assert row["archive_missing"] == (
        "share",
        "progress_images",
        "after_images",
        "satisfaction",
        "acceptance",
    )
    assert row["archive_before_after"] == pytest.approx(1 / 4)
    assert row["archive_progress"] == pytest.approx(3 / 5)


def test_a_document_counts_for_its_community_and_with_images_only():
    papers = [
        {"level": "county", "subject_id": "a", "doc_type": "改造方案", "images": 3.0},
        {
            "level": "community",
            "subject_id": "b",
            "doc_type": "改造方案",
            "images": 0.0,
        },
        {
            "level": "community",
            "subject_id": "c",
            "title": "三号院效果图",
            "images": 1.0,
        },
    ]
    table = measure_archive(make_ground({"a": {}, "b": {}, "c": {}}, documents=papers))
    lacks = [("scheme_images" in one) for one in table["archive_missing"]]
    assert lacks == [True, True, False]


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({}, "reserve"),
        ({"start_date": day("2026-11-22")}, "started"),
        ({"start_date": day("2026-11-23")}, "reserve"),
        ({"finish_date": day("2026-10-01")}, "finished"),
        ({"acceptance_date": day("2026-10-01")}, "finished"),
        ({"phase": "施工中"}, "started"),
        ({"phase": "未开工"}, "reserve"),
        ({"phase": "已完工"}, "finished"),
        ({"renovated": "是"}, "finished"),
        ({"renovated": "2021"}, "finished"),
        ({"renovated": "2021.0"}, "finished"),
        ({"renovated": "否"}, "reserve"),
        # a date is believed before a word
        ({"phase": "施工中", "start_date": day("2027-03-01")}, "reserve"),
    ],
)
def test_where_a_project_stands(facts, status):
    frame = pd.DataFrame([facts or {"households": 1.0}], index=["a"])
    assert find_status(frame, AS_OF).tolist() == [status]


def test_the_day_decides():
    frame = pd.DataFrame({"finish_date": [day("2026-10-01")]}, index=["a"])
    assert find_status(frame, date(2026, 9, 30)).tolist() == ["reserve"]
