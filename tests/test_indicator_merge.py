"""Counties put together: sums by hand, and what is not put together."""

import pandas as pd
import pytest
from test_indicators import DAY, FACTS, facts_with, measure, part_of

from geo.errors import InputError
from geo.findings import render_findings
from geo.indicator_merge import merge_indicators
from geo.indicator_tables import MERGED_COLUMNS, make_parts_table, read_parts
from geo.rulings import speak


def as_county(name, *, city="某市", **more):
    """The parts of a county as another one would read them."""
    county = [{"year": 2027, "city": city, "province": "某省"}]
    table = make_parts_table(measure(county=county, **more), "zh")
    data = table.assign(name=name).to_csv(index=False).encode("utf-8-sig")
    return read_parts(data, f"{name}.csv")


@pytest.fixture(scope="module")
def two():
    """A has 2 of 3 with a party organisation, B 1 of 3."""
    one = as_county("甲县", profile="yunnan")
    facts = facts_with(has_party_org=(True, False, False))
    other = as_county("乙县", facts=facts, profile="yunnan")
    return {"a.csv": one, "b.csv": other}


def test_shares_are_summed_not_averaged(two):
    found = merge_indicators(two, "city")
    row = part_of(found, "2-01", "party")
    assert (row["numerator"], row["denominator"], row["value"]) == (3, 6, 0.5)
    assert row["state"] == "short"
    assert (row["met_ids"], row["short_ids"]) == (("甲县",), ("乙县",))
    assert (found.name, found.level, found.members) == (
        "某市",
        "city",
        ("乙县", "甲县"),
    )
    assert len(found.summary) == 20
    assert "2 个县" in speak(row["reason"], "zh")


def test_a_county_that_is_absent_keeps_all_from_being_met(two):
    good = {"a.csv": two["a.csv"]}
    assert part_of(merge_indicators(good, "city"), "2-01", "party")["state"] == "met"
    found = merge_indicators(good, "city", expected=["甲县", "丙县"])
    row = part_of(found, "2-01", "party")
    assert found.absent == ("丙县",)
    assert (row["value"], row["state"]) == (2 / 3, "unknown")
    assert "丙县" in speak(row["reason"], "zh")
    # 40 % of some may still become 60 % of all
    bad = {"b.csv": two["b.csv"]}
    row = part_of(merge_indicators(bad, "city", expected=["丙县"]), "2-01", "party")
    assert row["state"] == "unknown"


def test_what_all_must_have_stays_short_without_the_absent():
    rules = [("GS-2a", "A", "short"), ("GS-2a", "B", "met"), ("GS-2a", "C", "met")]
    found = merge_indicators(
        {"a.csv": as_county("甲县", rules=rules)}, "city", expected=["丙县"]
    )
    assert part_of(found, "1-07", "consensus")["state"] == "short"


def test_documents_of_a_city_count_once_per_city():
    papers = [{"id": "D1", "level": "city", "doc_type": "工作规则"}]
    more = [*papers, {"id": "D2", "level": "city", "doc_type": "责任清单"}]
    counties = {
        "a.csv": as_county("甲县", documents=papers),
        "b.csv": as_county("乙县", documents=more),
        "c.csv": as_county("丙县", documents=papers, city="另市"),
    }
    city = merge_indicators(
        {name: counties[name] for name in ("a.csv", "b.csv")}, "city"
    )
    row = part_of(city, "1-01", "city")
    assert (row["numerator"], row["denominator"]) == (2, 3)
    province = part_of(merge_indicators(counties, "province"), "1-01", "city")
    assert (province["numerator"], province["denominator"]) == (3, 6)
    # what each county has is summed
    assert part_of(city, "1-01", "county")["denominator"] == 6


def test_counts_are_summed_and_stay_unknown_where_one_is():
    sure = [("N-1-2b", one, "met") for one in "ABC"]
    unsure = [*sure[:2], ("N-1-2b", "C", "unknown")]
    clean, doubtful = (as_county(n, rules=r) for n, r in (("甲", sure), ("乙", unsure)))
    both = merge_indicators({"a": clean, "b": doubtful}, "city")
    row = part_of(both, "1-02", "prohibited")
    assert (row["numerator"], row["denominator"], row["undecided"]) == (0, 1, 1)
    assert row["state"] == "unknown"
    alone = merge_indicators({"a": clean}, "city")
    assert part_of(alone, "1-02", "prohibited")["state"] == "met"


def test_the_same_county_twice_and_another_year_are_named(two):
    again = two["a.csv"]
    late = as_county("丙县", profile="yunnan", year=2025)
    found = merge_indicators({**two, "z.csv": again, "old.csv": late}, "city")
    assert found.members == ("乙县", "甲县")
    said = render_findings(found.findings, "zh")
    assert set(said["code"]) == {"indicator_twice", "indicator_year"}
    assert "z.csv" in " ".join(said["message"])
    assert "2025" in " ".join(said["message"])


def test_other_profiles_are_summed_but_not_judged(two):
    gansu = as_county("丙县", profile="gansu")
    found = merge_indicators({"a.csv": two["a.csv"], "c.csv": gansu}, "province")
    row = part_of(found, "2-01", "party")
    assert (row["numerator"], row["denominator"], row["state"]) == (4, 6, "open")
    assert list(found.findings["code"]) == ["indicator_profiles"]
    assert found.chain == ("national",)


def test_last_year_is_summed_where_all_know_it():
    last = pd.DataFrame(
        {
            "indicator_id": ["IND-2-01", "IND-2-01"],
            "part": ["party", "committee"],
            "numerator": [1.0, 1.0],
            "denominator": [4.0, 4.0],
            "value": [0.25, 0.25],
            "state": ["short", "open"],
            "year": [2025.0, 2025.0],
        }
    )
    one = as_county("甲县", last=last)
    other = as_county("乙县", last=last[:1].assign(numerator=3.0))
    found = merge_indicators({"a": one, "b": other}, "city")
    party, committee = (part_of(found, "2-01", p) for p in ("party", "committee"))
    assert (party["last_value"], party["change"]) == (0.5, pytest.approx(2 / 3 - 0.5))
    assert pd.isna(committee["last_value"])


def test_a_merged_table_can_be_merged_again(two):
    city = merge_indicators(two, "city")
    data = make_parts_table(city, "zh").to_csv(index=False).encode()
    province = merge_indicators({"city.csv": read_parts(data, "city.csv")}, "province")
    row = part_of(province, "2-01", "party")
    assert (row["numerator"], row["denominator"]) == (3, 6)
    assert province.members == ("某市",)


def test_the_order_of_files_does_not_matter(two):
    turned = dict(reversed(two.items()))
    one, other = (merge_indicators(files, "city").table for files in (two, turned))
    pd.testing.assert_frame_equal(one, other)


def test_satisfaction_is_pooled_over_counties():
    poor = FACTS | {"D": FACTS["D"] | {"survey_satisfied": 100}}
    found = merge_indicators(
        {"a": as_county("甲"), "b": as_county("乙", facts=poor)}, "city"
    )
    row = part_of(found, "1-06", "satisfaction")
    # 120 and 100 of 150 each: 73.3 %
    assert (row["numerator"], row["denominator"], row["state"]) == (220, 300, "short")


def test_counties_without_anything_finished_add_nothing():
    idle = {one: FACTS[one] for one in "ABC"}
    found = merge_indicators(
        {"a": as_county("甲"), "b": as_county("乙", facts=idle)}, "city"
    )
    row = part_of(found, "1-06", "satisfaction")
    assert (row["value"], row["state"], row["left_out"]) == (0.8, "met", 0)
    assert DAY("2026-10-01").year == found.year


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda rows: rows.drop(columns="numerator"), "indicator_columns"),
        (lambda rows: rows.assign(numerator="三"), "indicator_number"),
        (lambda rows: rows.assign(year=None), "indicator_number"),
        (lambda rows: rows.assign(state="好"), "indicator_state"),
        (lambda rows: rows.assign(part="x"), "indicator_parts"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(change, code):
    rows = change(make_parts_table(measure(), "zh").astype("object"))
    with pytest.raises(InputError) as error:
        read_parts(rows.to_csv(index=False).encode(), "甲.csv")
    assert error.value.code == code
    assert all(error.value.message(lang) for lang in ("zh", "en"))


@pytest.mark.parametrize("data", [b"\x81", b"", b"PK\x03\x04 no workbook"])
def test_what_is_no_table_says_so(data):
    with pytest.raises(InputError):
        read_parts(data, "甲.csv")


def test_gbk_as_excel_writes_it_is_read():
    text = make_parts_table(measure(), "zh").to_csv(index=False)
    rows = read_parts(text.encode("gb18030"), "甲.csv")
    assert set(rows["name"]) == {"某县"}


def test_nothing_or_another_level_is_refused(two):
    for files, level in (({}, "city"), (two, "county")):
        with pytest.raises(ValueError, match="level is"):
            merge_indicators(files, level)


def test_a_number_left_to_each_place_stays_open_and_says_of_how_many():
    rules = [("N-1-7a", one, "open") for one in "ABC"]
    files = {
        name: as_county(name, rules=rules, profile="national") for name in ("甲", "乙")
    }
    row = part_of(merge_indicators(files, "city"), "1-07", "consensus")
    assert (row["state"], row["denominator"]) == ("open", 6)


def test_a_county_that_leaves_it_open_widens_the_bounds_of_the_others():
    met = [("GS-2a", one, "met") for one in "ABC"]
    left = [("N-1-7a", one, "open") for one in "ABC"]
    files = {
        "a": as_county("甲", rules=met),
        "b": as_county("乙", rules=left, profile="national"),
    }
    row = part_of(merge_indicators(files, "province"), "1-07", "consensus")
    assert (row["numerator"], row["denominator"], row["undecided"]) == (3, 6, 3)
    assert row["state"] == "unknown"


def test_a_file_with_no_more_than_is_needed_is_enough():
    whole = make_parts_table(measure(profile="yunnan"), "zh")
    rows = read_parts(
        whole[list(MERGED_COLUMNS)].to_csv(index=False).encode(), "甲.csv"
    )
    assert set(rows["unit"]) == {"share", "count", "ratio", "mean"}
    row = part_of(merge_indicators({"甲.csv": rows}, "city"), "2-01", "party")
    assert (row["numerator"], row["denominator"], row["state"]) == (2, 3, "met")
