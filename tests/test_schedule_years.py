"""Years that utilities leave: once dug up, underground first."""

import pandas as pd
import pytest
from schedule_town import make_ranking

from geo.schedule_years import allow_years, find_renewals, find_unit_years

ALL_YEARS = (2027, 2028, 2029)
W, G = ["water"], ["gas"]


def renewals(*rows):
    return pd.DataFrame(rows, columns=["community_id", "kind", "year"]).astype(
        {"year": "int64"}
    )


def years_of(rows, *, within=1, years=(2027, 2028, 2029), members=("c1", "c2")):
    found = find_unit_years(renewals(*rows), {"A": members}, years, within=within)
    return found["A"]


def test_renewals_by_place_and_by_name():
    ranking = make_ranking(
        utilities=[("water", 2027, 0, 1), ("gas", 2028, 0, 7), ("water", None, 3, 3)],
        plans=[("c5", "water", 2029), ("c1", "water", 2027), ("c6", "heat", 2028)],
    )
    found = find_renewals(ranking.ground)
    # gas and heat nobody needs; a year nobody knows binds nobody; each stands once
    assert found.to_numpy().tolist() == [
        ["c1", "water", 2027],
        ["c2", "water", 2027],
        ["c5", "water", 2029],
    ]


def test_no_utilities_no_renewals():
    assert find_renewals(make_ranking().ground).empty


def test_what_is_in_order_binds_nobody():
    sound = {"condition_water": "完好"}
    ranking = make_ranking(utilities=[("water", 2027, 0, 7)], facts=sound)
    assert find_renewals(ranking.ground).empty


@pytest.mark.parametrize(
    ("rows", "within", "allowed", "unmet"),
    [
        ([], 1, ALL_YEARS, [[], [], []]),
        ([("c1", "water", 2028)], 1, (2028, 2029), [["water"], [], []]),
        ([("c1", "water", 2028)], 0, (2028,), [["water"], [], ["water"]]),
        # underground first: not before it
        ([("c1", "water", 2029)], 5, (2029,), [["water"], ["water"], []]),
        # both networks, or both members
        ([("c1", "water", 2027), ("c1", "gas", 2028)], 1, (2028,), [["gas"], [], W]),
        ([("c1", "water", 2027), ("c2", "water", 2028)], 1, (2028,), [W, [], W]),
        # none suits both: those that suit one
        ([("c1", "water", 2027), ("c2", "gas", 2029)], 1, ALL_YEARS, [G, G, W]),
        # two networks against one
        (
            [("c1", "water", 2027), ("c2", "water", 2027), ("c2", "gas", 2029)],
            1,
            (2027, 2028),
            [G, G, W],
        ),
        # one of several years of the same network is enough
        ([("c1", "water", 2027), ("c1", "water", 2029)], 0, (2027, 2029), [[], W, []]),
        # after the plan: it holds nobody up, and is named
        ([("c1", "water", 2031)], 1, ALL_YEARS, [W, W, W]),
        ([("c1", "water", 2031), ("c1", "gas", 2028)], 0, (2028,), [W + G, W, W + G]),
        # the year before: still within the years that it may come after
        ([("c1", "water", 2026)], 1, (2027,), [[], W, W]),
        # over
        ([("c1", "water", 2025)], 1, ALL_YEARS, [[], [], []]),
        # of others
        ([("c9", "water", 2028)], 1, ALL_YEARS, [[], [], []]),
    ],
)
def test_years_of_a_unit(rows, within, allowed, unmet):
    found = years_of(rows, within=within)
    assert found.allowed == allowed
    assert [list(found.unmet[year]) for year in ALL_YEARS] == unmet


def test_renewals_of_a_unit_in_the_order_of_networks():
    rows = [("c2", "gas", 2029), ("c1", "water", 2028), ("c2", "water", 2027)]
    found = years_of(rows)
    assert found.renewals == (("water", (2027, 2028)), ("gas", (2029,)))


def test_years_as_an_array():
    rows = renewals(("c1", "water", 2028))
    found = find_unit_years(rows, {"A": ["c1"], "B": ["c2"]}, (2027, 2028), within=0)
    allowed = allow_years(found, ["B", "A"], (2027, 2028))
    assert allowed.tolist() == [[True, True], [False, True]]
    assert allow_years({}, [], (2027, 2028)).shape == (0, 2)
