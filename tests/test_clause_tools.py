"""What the clauses about places and works share."""

import numpy as np
import pandas as pd
from works_town import make_ground, row, table

from geo.clause_tools import (
    gather,
    gather_documents,
    group_rows,
    judge_subjects,
    list_units,
    map_days,
    map_documents,
    map_flags,
    map_numbers,
    map_texts,
    name_few,
    say_year,
)
from geo.rulings import Ruling
from geo.schema import State


def test_facts_are_read_by_community_and_absent_ones_are_unknown():
    facts = {
        "A": {"flag": "有", "day": "2026-05-01", "count": "12", "word": " 排水 "},
        "B": {"flag": "否", "day": "明年", "count": "许多"},
    }
    ground = make_ground(facts)
    assert map_flags(ground, "flag") == {"A": True, "B": False, "C": None}
    assert map_flags(ground, "none") == dict.fromkeys("ABC")
    days = map_days(make_ground({"A": {"day": pd.Timestamp("2026-05-01")}}), "day")
    assert (str(days["A"]), days["B"]) == ("2026-05-01", None)
    numbers = map_numbers(ground, "count")
    assert numbers["A"] == 12
    assert np.isnan(numbers["B"])
    assert map_texts(ground, "word") == {"A": "排水", "B": "", "C": ""}


def test_units_come_sorted_and_so_do_their_members():
    ground = make_ground(unit_of={"C": "U002", "B": "U001", "A": "U001"})
    assert list(list_units(ground).items()) == [("U001", ("A", "B")), ("U002", ("C",))]
    assert list_units(make_ground()) == {}


def test_subjects_are_those_of_the_level():
    def judge(subject, members):
        return Ruling(subject, State.MET, objects=members)

    ground = make_ground(unit_of={"B": "U001", "A": "U001", "C": "U002"})
    by_unit = judge_subjects(row("x", "unit"), ground, judge)
    assert [(one.subject_id, one.objects) for one in by_unit] == [
        ("U001", ("A", "B")),
        ("U002", ("C",)),
    ]
    own = judge_subjects(row("x"), ground, judge)
    assert [(one.subject_id, one.objects) for one in own] == [
        ("A", ("A",)),
        ("B", ("B",)),
        ("C", ("C",)),
    ]


def test_rows_are_grouped_with_their_index_and_gathered_in_order():
    frame = pd.DataFrame(
        {"community_id": ["B", "A", None, "B"], "n": [1, 2, 3, 4]},
        index=pd.Index(list("wxyz"), name="id"),
    )
    parts = group_rows(frame)
    assert [one["id"] for one in parts["B"]] == ["w", "z"]
    assert [one["n"] for one in gather(parts, ("A", "C", "B"))] == [2, 1, 4]
    assert set(parts) == {"A", "B"}


def test_documents_are_found_by_type_or_title_and_subject():
    papers = table(
        "documents",
        {"id": "D2", "subject_id": "A", "doc_type": "燃气保护方案"},
        {"id": "D1", "subject_id": "A", "title": "某院燃气保护专项方案"},
        {"id": "D3", "subject_id": "B", "doc_type": "改造方案"},
        {"id": "D4", "doc_type": "燃气保护方案"},
    )
    found = map_documents(make_ground(None, {"documents": papers}), ("燃气保护",))
    assert found["A"] == ["D1", "D2"]
    assert gather_documents(found, {"A", "B"}) == ("D1", "D2")
    assert gather_documents(found, {"C"}) == ()


def test_long_lists_are_cut_and_empty_ones_a_dash():
    assert name_few("ABCABC") == ("A", "B", "C")
    assert name_few("ABCDEFG") == ("A", "B", "C", "D", "E", "…")
    assert name_few([]) == ("—",)


def test_years_are_written_plain():
    assert say_year(2027.0) == "2027"
    assert say_year(float("nan")) == "@places.no_year"
