"""Projects of the plan: whole units, their members, what they cost."""

import numpy as np
import pandas as pd
import pytest
from schedule_town import STREET, make_ranking

from geo.policy_settings import ScheduleSettings
from geo.schedule_projects import (
    describe_members,
    find_units,
    gather_projects,
    read_wishes,
)


def gather(ranking=None, *, barred=(), **settings):
    ranking = ranking or make_ranking()
    members = describe_members(ranking.table, ranking.ground.facts)
    return gather_projects(members, ScheduleSettings(**settings), barred=barred)


def test_units_go_whole_in_the_order_of_their_best_member():
    found = gather()
    table = found.table
    assert table.index.tolist() == ["A", "B", "C", "c8"]
    assert table["rank"].tolist() == [1, 2, 3, 4]
    assert table["best_rank"].tolist() == [1, 2, 5, 8]
    assert table["communities"].tolist() == [("c1", "c3"), ("c2",), ("c5",), ("c8",)]
    assert table["members_left_out"].tolist() == [(), (), ("c4",), ()]
    assert table["households"].tolist() == [400, 200, 100, 50]
    assert table["cost_cny"].tolist() == [6e6, 5e6, 3e6, 1e6]
    assert table["fund_central_cny"].tolist() == [2e6, 2e6, 0, 1e6]
    assert table.loc["A", "score"] == pytest.approx((90 * 100 + 70 * 300) / 400)
    assert found.refused["why"].to_dict() == {"D": "gate_waiting", "E": "gate_out"}


def test_unknown_gates_may_be_taken_too():
    found = gather(unsure_gates=True)
    assert found.table.index.tolist() == ["A", "B", "C", "D", "c8"]
    assert found.table.loc["C", "communities"] == ("c4", "c5")
    assert found.table.loc["C", "best_rank"] == 4
    assert found.refused["why"].to_dict() == {"E": "gate_out"}


def test_whole_units_only():
    found = gather(whole_only=True)
    assert found.table.index.tolist() == ["A", "B", "c8"]
    assert found.refused["why"].to_dict() == {
        "C": "not_whole",
        "D": "gate_waiting",
        "E": "gate_out",
    }
    assert gather(whole_only=True, unsure_gates=True).refused.index.tolist() == ["E"]


def test_barred_units_are_no_projects():
    found = gather(barred=["B", "E"])
    assert found.table.index.tolist() == ["A", "C", "c8"]
    assert found.refused["why"].to_dict() == {
        "B": "barred",
        "D": "gate_waiting",
        "E": "barred",
    }


def test_unknown_households_and_cost_are_said():
    street = dict(STREET)
    street["c3"] = ("A", "ready", 70.0, np.nan, np.nan, np.nan)
    street["c8"] = (None, "ready", 20.0, np.nan, 1e6, 1e6)
    table = gather(make_ranking(street)).table
    assert table.loc["A", ["households", "households_unknown"]].tolist() == [100, 1]
    # of the score, those count whose households are known
    assert table.loc["A", "score"] == 90
    assert table.loc["c8", "score"] == 20
    assert np.isnan(table.loc["A", "cost_cny"])
    assert np.isnan(table.loc["A", "fund_central_cny"])
    assert np.isnan(table.loc["c8", "households"])


def test_where_no_households_are_known_members_count_alike():
    street = {
        "c1": ("A", "ready", 90.0, np.nan, 1e6, 0.0),
        "c2": ("A", "ready", 40.0, np.nan, 1e6, 0.0),
    }
    assert gather(make_ranking(street)).table.loc["A", "score"] == 65


def test_sources_that_are_not_named_are_nothing_where_the_named_make_up_the_whole():
    ranking = make_ranking(
        {
            "c1": ("A", "ready", 90.0, 10.0, 3e6, 2e6),
            "c2": ("B", "ready", 80.0, 10.0, 3e6, 2e6),
        },
        facts={"fund_local_cny": [1e6, np.nan]},
    )
    members = describe_members(ranking.table, ranking.ground.facts)
    assert members["fund_resident_cny"].isna().tolist() == [False, True]
    assert members.loc["c1", "fund_resident_cny"] == 0
    assert members["fund_local_cny"].isna().tolist() == [False, True]
    # of the other one a million is not named: any source may have to bear it
    assert members["unnamed_cny"].tolist() == [0, 1e6]
    assert members["need_fund_resident_cny"].tolist() == [0, 1e6]
    assert members["need_fund_central_cny"].tolist() == [2e6, 2e6]
    assert members["need_cost_cny"].tolist() == [3e6, 3e6]


def test_where_no_source_is_named_it_is_open_who_pays():
    street = {
        "c1": ("A", "ready", 90.0, 10.0, 3e6, np.nan),
        "c2": ("A", "ready", 80.0, 10.0, np.nan, np.nan),
        "c3": ("B", "ready", 80.0, 10.0, np.nan, 1e6),
    }
    ranking = make_ranking(street)
    members = describe_members(ranking.table, ranking.ground.facts)
    assert members["unsourced_cny"].fillna(-1).tolist() == [3e6, -1, 0]
    assert members["unnamed_cny"].fillna(-1).tolist() == [0, -1, -1]
    assert members["need_fund_local_cny"].fillna(-1).tolist() == [0, -1, -1]
    assert members["need_fund_central_cny"].fillna(-1).tolist() == [0, -1, 1e6]
    assert members["need_cost_cny"].fillna(-1).tolist() == [3e6, -1, -1]


def test_sources_that_exceed_the_cost_leave_nothing_open():
    ranking = make_ranking({"c1": ("A", "ready", 90.0, 10.0, 3e6, 4e6)})
    members = describe_members(ranking.table, ranking.ground.facts)
    assert members.loc["c1", ["unnamed_cny", "fund_local_cny"]].tolist() == [0, 0]


def test_a_community_without_unit_is_one_by_itself():
    units = find_units(make_ranking().table)
    assert units["c8"] == "c8"
    assert units["c3"] == "A"
    table = make_ranking().table.assign(unit_id=None)
    assert find_units(table).tolist() == list(STREET)


def test_the_order_of_rows_does_not_matter():
    ranking = make_ranking()
    facts = ranking.ground.facts
    one = gather(ranking)
    members = describe_members(ranking.table[::-1], facts[::-1])
    turned = gather_projects(members, ScheduleSettings())
    pd.testing.assert_frame_equal(one.table, turned.table)
    pd.testing.assert_frame_equal(one.refused, turned.refused)


def test_wishes_of_communities_are_wishes_of_their_units():
    units = find_units(make_ranking().table)
    wishes = read_wishes(units, {"c3": 2028, "B": 2027, "c8": 2029}, ["c4"])
    assert wishes.pinned == {"A": 2028, "B": 2027, "c8": 2029}
    assert wishes.barred == {"C"}
    assert wishes.notes == ()


def test_wishes_that_contradict_each_other_are_said():
    units = find_units(make_ranking().table)
    pinned = {"c1": 2029, "c3": 2027, "nowhere": 2027, "c2": 2028}
    wishes = read_wishes(units, pinned, ["c2", "gone"])
    assert wishes.pinned == {"A": 2027}
    assert wishes.barred == {"B"}
    assert wishes.notes == (
        ("schedule.note.not_there", {"name": "gone"}),
        ("schedule.note.not_there", {"name": "nowhere"}),
        ("schedule.note.pinned_and_barred", {"unit": "B"}),
        ("schedule.note.pinned_twice", {"unit": "A", "year": 2027, "other": 2029}),
    )


def test_nobody_may_be_planned():
    street = {"c1": ("A", "out", 90.0, 10.0, 1e6, 0.0)}
    found = gather(make_ranking(street))
    assert found.table.empty
    assert found.refused["why"].tolist() == ["gate_out"]
