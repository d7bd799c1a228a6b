import pandas as pd
from hamlet import RULES, make_facilities

from geo.categories import check_categories, classify_layer
from geo.findings import make_findings, render_findings
from geo.sieve import Sieve


def classify(frame, *, derived=False):
    blank = pd.Series(None, frame.index, dtype="str")
    for name in ("name", "category", "status"):
        if name not in frame.columns:
            frame = frame.assign(**{name: blank})
    sieve = Sieve("facilities", frame, frame)
    classify_layer(sieve, RULES, derived=derived)
    return sieve


def codes(sieve):
    return [found.code for found in sieve.noticed]


def test_codes_of_amap():
    frame = make_facilities().drop(columns="category").assign(typecode="090601")
    sieve = classify(frame)
    assert sieve.frame["category"].tolist() == ["pharmacy", "pharmacy"]
    assert codes(sieve) == []


def test_an_entrance_is_no_facility():
    frame = make_facilities().drop(columns="category").assign(typecode="150907")
    sieve = classify(frame)
    assert sieve.frame["category"].isna().all()
    assert codes(sieve) == ["facility_entrance"] * 2


def test_what_could_be_several_is_said_row_by_row_or_once():
    frame = make_facilities().assign(
        category=None,
        ambiguous="primary_school|middle_school",
        reason="osm:amenity=school",
    )
    assert codes(classify(frame)) == ["category_ambiguous"] * 2
    assert codes(classify(frame, derived=True)) == ["categories_ambiguous"]


def test_what_could_be_several_is_said_by_name():
    frame = make_facilities().assign(
        category=None, ambiguous=["primary_school|middle_school", None], reason="osm"
    )
    found = make_findings(classify(frame).noticed)
    said = [render_findings(found, lang)["message"].iloc[-1] for lang in ("zh", "en")]
    assert "小学或初中" in said[0]
    assert "Primary school or Lower secondary school" in said[1]


def test_without_rows_the_columns_exist():
    frame = make_facilities().iloc[:0].assign(status=None)
    sieve = Sieve("facilities", frame, frame)
    classify_layer(sieve, None, derived=False)
    assert {"category", "ambiguous", "reason", "status"} <= set(sieve.frame.columns)


def test_osm_columns_are_enough():
    check_categories(None, ["id", "amenity"], RULES)
    frame = (
        make_facilities().drop(columns="category").assign(amenity="pharmacy", name=None)
    )
    assert classify(frame).frame["category"].tolist() == ["pharmacy", "pharmacy"]
