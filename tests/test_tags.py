from pathlib import Path

import pandas as pd
import pytest

from geo.rules import load_rules
from geo.tags import (
    Verdict,
    classify_osm,
    describe_reason,
    make_tag_table,
)

TABLE = make_tag_table(load_rules().osm_tags)


def rows(*lines: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=["category", "conditions", "ambiguous"])


@pytest.mark.parametrize(
    ("tags", "category", "ambiguous"),
    [
        ({"amenity": "pharmacy"}, "pharmacy", None),
        ({"amenity": "kindergarten"}, "kindergarten", None),
        ({"amenity": "kindergarten", "nursery": "yes"}, "childcare", None),
        ({"amenity": "hospital"}, None, "health_center"),
        ({"amenity": "school"}, None, "primary_school|middle_school"),
        ({"amenity": "school", "isced:level": "1"}, "primary_school", None),
        (
            {"amenity": "school", "isced:level": "1;2"},
            None,
            "primary_school|middle_school",
        ),
        ({"shop": "supermarket;bakery"}, "supermarket", None),
        ({"shop": "convenience", "amenity": "pharmacy"}, None, "pharmacy|convenience"),
        ({"amenity": "clinic", "healthcare": "clinic"}, "health_station", None),
        ({"public_transport": "platform", "train": "yes"}, None, None),
        ({"amenity": "bench"}, None, None),
        ({"disused:amenity": "pharmacy"}, None, "idle_land|idle_building"),
    ],
)
def test_tags_prove_at_most_one_category(
    tags: dict[str, str], category: str | None, ambiguous: str | None
) -> None:
    verdict = classify_osm(tags, TABLE)
    assert verdict.category == category
    assert verdict.ambiguous == ambiguous
    assert (verdict.reason is None) == (category is None and ambiguous is None)


def test_a_firm_row_beats_rows_that_only_allow() -> None:
    table = make_tag_table(rows(("a", "k=v", "yes"), ("b", "k=*", "no")))
    assert classify_osm({"k": "v"}, table) == Verdict("b", None, "osm:k=v")


def test_only_the_wanted_categories_are_considered() -> None:
    only = frozenset({"pharmacy"})
    tags = {"shop": "convenience", "amenity": "pharmacy"}
    assert classify_osm(tags, TABLE, among=only).category == "pharmacy"


def test_first_values_name_what_a_scan_must_look_at() -> None:
    table = make_tag_table(
        rows(("a", "k=v|w", "no"), ("a", "k=x", "no"), ("b", "m!=*&n=*", "no"))
    )
    assert table.first_values() == {"k": frozenset({"v", "w", "x"}), "n": None}
    wide = make_tag_table(rows(("a", "k=*", "no"), ("b", "k=x", "no")))
    assert wide.first_values() == {"k": None}


def test_a_negated_any_means_that_the_tag_is_absent() -> None:
    table = make_tag_table(rows(("a", "k=v&m!=*", "no")))
    assert classify_osm({"k": "v"}, table).category == "a"
    assert classify_osm({"k": "v", "m": "x"}, table).category is None


@pytest.mark.parametrize("conditions", ["k", "k!=*", "k=", ""])
def test_bad_conditions_are_refused(conditions: str) -> None:
    with pytest.raises(ValueError, match="condition"):
        make_tag_table(rows(("a", conditions, "no")))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "reason",
    ["given:", "osm:a=b", "amap:090300", "amap_name:1 x", "name:x", "unknown:x"],
)
def test_every_reason_can_be_said(reason: str, lang: str) -> None:
    said = describe_reason(reason, lang)
    assert reason.partition(":")[2] in said
    assert "{" not in said


def test_the_table_has_a_text_for_each_way_of_classifying() -> None:
    source = Path(__file__).parents[1] / "geo" / "classify.py"
    assert '"whole_school:"' in source.read_text(encoding="utf-8")
    assert describe_reason("whole_school:x", "en")
    assert describe_reason("entrance:150907", "zh")
