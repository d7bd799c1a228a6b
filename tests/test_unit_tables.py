"""Units of the row town, measured against numbers worked out on paper."""

import numpy as np
import pandas as pd
import pytest
from row_town import IDS, make_basis

from geo.decisions import make_decisions
from geo.settings import UnitSettings
from geo.unit_tables import find_connected, measure_units


def units(*groups: str) -> pd.Series:
    found = {name: f"U{at}" for at, group in enumerate(groups) for name in group}
    return pd.Series(found)


def test_every_number_of_a_unit():
    table = measure_units(make_basis(), UnitSettings(), units("AB", "CD", "EF"))
    first = table.loc["U0"]
    assert first["communities"] == 2
    assert first["members"] == ("A", "B")
    assert first["households"] == 500
    assert first["area_m2"] == 20_000
    # A's childcare; 2 works x min(300, 200) x 0.05; 0.1 x (1200 + 1300 - 1000)
    assert first["closable"] == 300
    assert first["works"] == pytest.approx(20)
    assert first["size"] == pytest.approx(150)
    # middle at x = 40: 0.2 x (300 x 40 + 200 x 60) / 500
    assert first["spread"] == pytest.approx(-9.6)
    assert first["unlike"] == 0
    assert first["score"] == pytest.approx(460.4)
    assert first["shared_shortfalls"] == "childcare"
    assert first["households_closed"] == 300
    # the house counts by its floor, the shop, too: 350 + 120
    assert first["idle_area_m2"] == 470
    assert first["broken"] == ""
    second = table.loc["U1"]
    # D's households are not known: 0 in the sums, and said
    assert (second["households"], second["households_unknown"]) == (500, 1)
    assert second["score"] == pytest.approx(650)
    assert second["idle_area_m2"] == 600
    # E needs the shop of A, which is no fellow
    assert table.loc["U2", "shared_shortfalls"] == ""
    assert table.loc["U2", "score"] == pytest.approx(148.6)


def test_a_community_alone_is_worth_nothing_and_breaks_nothing():
    settings = UnitSettings(communities_least=3, households_most=10)
    table = measure_units(make_basis(), settings, units(*IDS))
    assert (table["score"] == 0).all()
    assert (table["broken"] == "").all()
    assert (table["kind"] == "single").all()


def test_shared_shortfalls_stand_in_the_order_of_the_rules():
    table = measure_units(make_basis(), UnitSettings(), units("ABCD", "EF"))
    assert table.loc["U0", "shared_shortfalls"] == "childcare|canteen"
    assert table.loc["U0", "score"] == pytest.approx(1238)


def test_broken_bounds_and_wishes_are_named():
    settings = UnitSettings(
        communities_least=3, households_most=400, area_least_m2=25_000.0
    )
    wishes = make_decisions(
        forbidden=[("A", "B")], locked=[("C", "E")], excluded=["F"], units=[["C", "D"]]
    )
    table = measure_units(make_basis(), settings, units("AB", "CD", "E", "F"), wishes)
    assert table.loc["U0", "broken"].split("|") == [
        "communities_least",
        "households_most",
        "area_least",
        "forbidden",
    ]
    assert table.loc["U1", "kind"] == "drawn"
    assert "locked" in table.loc["U1", "broken"].split("|")
    assert table.loc["U2", "broken"] == "locked"
    assert table.loc["U3", "kind"] == "excluded"


def test_members_that_do_not_adjoin_are_said():
    basis = make_basis()
    table = measure_units(basis, UnitSettings(), units("AC", "B", "DE", "F"))
    assert table["broken"].to_dict() == {
        "U0": "not_connected",
        "U1": "",
        "U2": "not_connected",
        "U3": "",
    }
    unit = np.array([0, 1, 0, 2, 2, 3])
    assert find_connected(basis.problem, unit).tolist() == [False, True, False, True]


def test_the_order_of_the_communities_does_not_matter():
    basis = make_basis()
    one = measure_units(basis, UnitSettings(), units("AB", "CD", "EF"))
    other = measure_units(
        basis, UnitSettings(), units("AB", "CD", "EF").sample(frac=1, random_state=1)
    )
    pd.testing.assert_frame_equal(one, other)
