"""Decisions about units: in and out of files, and what does not fit a district."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.decisions import (
    VERSION,
    Decisions,
    check_decisions,
    dump_decisions,
    list_decisions,
    make_decisions,
    parse_decisions,
    read_decisions,
    write_decisions,
)
from geo.errors import InputError, RuleError
from geo.findings import render_findings
from geo.settings import SiteSettings, UnitSettings
from geo.what_if_files import Step

ids = st.sampled_from([f"C{at}" for at in range(8)])
pairs = st.lists(st.lists(ids, min_size=2, max_size=2, unique=True), max_size=4)


@given(
    name=st.text(max_size=8),
    units=st.lists(st.lists(ids, max_size=3), max_size=3),
    locked=pairs,
    forbidden=pairs,
    crossings=pairs,
    excluded=st.lists(ids, max_size=3),
)
def test_what_is_written_is_read_again(
    name, units, locked, forbidden, crossings, excluded
):
    made = make_decisions(
        name=name,
        units=units,
        locked=locked,
        forbidden=forbidden,
        crossings=crossings,
        excluded=excluded,
        settings=UnitSettings(communities_most=7),
    )
    assert parse_decisions(dump_decisions(made), "x.json") == made


def test_order_does_not_matter():
    one = make_decisions(units=[["C2", "C1"], ["C3"]], locked=[("C5", "C4")])
    other = make_decisions(units=[["C3"], ["C1", "C2"]], locked=[("C4", "C5")])
    assert one == other
    assert one.units == (("C1", "C2"), ("C3",))


def test_a_file_is_replaced_and_listed(tmp_path: Path):
    path = tmp_path / "plans" / "一.json"
    write_decisions(make_decisions(name="一"), path)
    write_decisions(make_decisions(name="二"), path)
    (tmp_path / "plans" / "坏.json").write_text("{", encoding="utf-8")
    assert [one.name for one in list_decisions(tmp_path).values()] == ["二"]
    assert [*(tmp_path / "plans").iterdir()].__len__() == 2
    assert list_decisions(tmp_path / "nowhere") == {}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "decisions_unreadable"),
        ("[]", "decisions_version"),
        ('{"version": 2}', "decisions_version"),
        ('{"version": 1, "unit": []}', "decisions_key"),
        ('{"version": 1, "units": "C1"}', "decisions_key"),
        ('{"version": 1, "units": [[1]]}', "decisions_key"),
        ('{"version": 1, "locked": [["C1"]]}', "decisions_key"),
        ('{"version": 1, "forbidden": [["C1", "C1"]]}', "decisions_key"),
        ('{"version": 1, "excluded": {"C1": 1}}', "decisions_key"),
        ('{"version": 1, "settings": 3}', "decisions_key"),
    ],
)
def test_what_is_no_scheme_is_refused(text: str, code: str):
    with pytest.raises(InputError) as caught:
        parse_decisions(text, "x.json")
    assert caught.value.code == code
    assert "x.json" in caught.value.message("zh")
    assert caught.value.action("en")


def test_a_bad_setting_is_refused():
    text = json.dumps({"version": 1, "settings": {"communities_most": -1}})
    with pytest.raises(RuleError):
        parse_decisions(text, "x.json")


def test_a_missing_file_is_said(tmp_path: Path):
    with pytest.raises(InputError) as caught:
        read_decisions(tmp_path / "gone.json")
    assert caught.value.code == "decisions_unreadable"


def test_what_does_not_fit_is_left_out_and_said():
    made = Decisions(
        units=(("C1", "C2"), ("C2", "C9"), ("C4", "C5")),
        locked=(("C1", "C2"), ("C6", "C7")),
        forbidden=(("C6", "C7"), ("C1", "C9")),
        crossings=(("C1", "C4"), ("C1", "C9")),
        excluded=("C5", "C9"),
    )
    known = [f"C{at}" for at in range(1, 8)]
    checked, findings = check_decisions(made, known)
    assert checked.units == (("C1", "C2"), ("C4",))
    assert checked.locked == (("C1", "C2"),)
    assert checked.forbidden == ()
    assert checked.crossings == (("C1", "C4"),)
    assert checked.excluded == ("C5",)
    assert list(findings["code"]) == [
        "decisions_community_gone",
        "decisions_community_twice",
        "decisions_community_twice",
        "decisions_pair_both",
    ]
    said = render_findings(findings, "zh")
    assert "C9" in said["message"].iloc[0]


def test_what_fits_stays_as_it_is():
    made = make_decisions(units=[["C1", "C2"]], locked=[("C3", "C4")], excluded=["C5"])
    checked, findings = check_decisions(made, ["C1", "C2", "C3", "C4", "C5"])
    assert checked == made
    assert not len(findings)


def test_what_was_decided_about_sites_comes_back(tmp_path):
    made = Decisions(
        name="试点",
        sites_required=(("R002", "childcare"),),
        sites_forbidden=(("R001", "parking"), ("R002", "canteen")),
        site_settings=SiteSettings(categories=("childcare", "parking"), budget=3.0),
        steps=(Step(kind="add", id="W001", category="canteen", x=110.5, y=38.25),),
    )
    path = tmp_path / "plans" / "one.json"
    write_decisions(made, path)
    assert read_decisions(path) == made


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sites_required", [["R001"]]),
        ("sites_forbidden", "R001"),
        ("site_settings", []),
        ("steps", [{"kind": "burn"}]),
    ],
)
def test_a_wrong_part_about_sites_is_named(key, value):
    text = json.dumps({"version": VERSION, key: value})
    with pytest.raises(InputError):
        parse_decisions(text, "x.json")


def test_checking_units_keeps_what_was_decided_about_sites():
    made = Decisions(sites_forbidden=(("R001", "parking"),), excluded=("gone",))
    checked, found = check_decisions(made, ["C1"])
    assert checked.sites_forbidden == made.sites_forbidden
    assert checked.excluded == ()
    assert len(found) == 1


def test_years_that_were_decided_come_back(tmp_path):
    decided = Decisions(name="三年计划", pinned=(("C1", 2027),), barred=("C2", "C3"))
    path = tmp_path / "plans" / "a.json"
    write_decisions(decided, path)
    assert read_decisions(path) == decided


def test_the_order_of_years_in_a_file_does_not_matter():
    text = (
        '{"version": 1, "pinned": [["C2", 2028], ["C1", 2027]], "barred": ["b", "a"]}'
    )
    read = parse_decisions(text, "a.json")
    assert read.pinned == (("C1", 2027), ("C2", 2028))
    assert read.barred == ("a", "b")


@pytest.mark.parametrize(
    "part",
    [
        '"pinned": "C1"',
        '"pinned": [["C1", "2027"]]',
        '"pinned": [["C1"]]',
        '"pinned": [["C1", true]]',
        '"barred": [1]',
    ],
)
def test_a_wrong_part_about_years_is_named(part):
    with pytest.raises(InputError) as refused:
        parse_decisions(f'{{"version": 1, {part}}}', "a.json")
    assert refused.value.code == "decisions_key"
    assert refused.value.params["key"] in part
