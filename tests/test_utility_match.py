"""Utilities' plans against what communities need: by hand and against a slow oracle."""

import numpy as np
import pandas as pd
import pytest
from works_town import communities, line, pipes, random_town, table, work

from geo.evidence_schema import UTILITY_KINDS
from geo.utility_match import MATCH_COLUMNS, match_utilities

FACTS = pd.DataFrame(
    {
        "condition_water": ["破损", "完好", None],
        "condition_gas": ["缺失", "不适用", None],
        "condition_power": ["完好"] * 3,
        "plan_year": [2027.0, 2027.0, np.nan],
    },
    index=pd.Index(list("ABC"), name="id"),
)


def match(*, works=(), plans=(), lines=(), facts=FACTS, near_m=20.0, years=1):
    tables = {
        "works": table("works", *works),
        "utility_plans": table("utility_plans", *plans),
    }
    found = match_utilities(
        facts, tables, communities(), pipes(*lines), near_m=near_m, years=years
    )
    return found.set_index(["community_id", "kind"])


def plan(name, community, kind, year):
    cells = {"id": name, "community_id": community, "kind": kind, "year": year}
    return cells | {"owner": "公司"}


def street(name, kind, year, x=0.0, y=-20.0):
    return (name, kind, year, line((x, y), (x + 100, y)))


def test_what_is_broken_is_needed_and_gas_only_where_it_was_surveyed():
    needed = match()["needed"]
    assert needed["A", "water"] == "yes"
    assert needed["A", "gas"] == "yes"
    assert needed["A", "power"] == "no"
    assert needed["A", "telecom"] == "unknown"
    assert needed["A", "heat"] == "not_asked"
    assert needed["B", "gas"] == "no"
    assert needed["C", "gas"] == "not_asked"
    assert needed["C", "water"] == "unknown"


def test_a_network_that_the_works_renew_is_needed_whatever_the_ledger_says():
    assert match(works=[work("W1", "B", utility_kind="water")])["needed"][
        "B", "water"
    ] == ("yes")


def test_kind_place_and_year_must_meet():
    def water(*lines):
        return match(lines=lines).loc[("A", "water")]

    assert water(street("U1", "water", 2027.0))["state"] == "matched"
    assert water(street("U1", "water", 2028.0))["state"] == "matched"
    assert water(street("U1", "water", 2029.0))["state"] == "year_off"
    assert water(street("U1", "water", 2027.0, y=-20.1))["state"] == "no_plan"
    assert water(street("U1", "gas", 2027.0))["state"] == "no_plan"
    assert water(street("U1", "water", None))["state"] == "item_year_missing"
    assert water()["state"] == "no_data"


def test_a_plan_that_names_the_community_needs_no_place():
    found = match(plans=[plan("J1", "A", "water", 2026.0)]).loc[("A", "water")]
    assert found["state"] == "matched"
    assert np.isnan(found["distance_m"])


def test_without_a_year_of_the_community_it_cannot_be_told():
    assert match(lines=[street("U1", "water", 2027.0, x=300)])["state"][
        "C", "water"
    ] == ("plan_year_missing")


def test_the_nearest_year_counts_then_the_nearest_place_then_the_id():
    lines = [
        street("U4", "water", 2029.0, y=-1),
        street("U3", "water", 2028.0, y=-5),
        street("U2", "water", 2026.0, y=-3),
        street("U1", "water", 2026.0, y=-3),
    ]
    found = match(lines=lines).loc[("A", "water")]
    assert found["item_id"] == "U1"
    assert found["distance_m"] == pytest.approx(3.0)
    assert found["owner"] == "公司"


def oracle(town, community, kind):
    """Match one community and kind in the slowest way."""
    fact = town.facts.loc[community]
    works = town.works.to_dict("records")
    worked = any(
        one["community_id"] == community and one["utility_kind"] == kind
        for one in works
    )
    word = fact.get(f"condition_{kind}")
    if worked or word in {"破损", "缺失"}:
        needed = "yes"
    elif word in {"完好", "不适用"}:
        needed = "no"
    else:
        needed = "not_asked" if kind in {"gas", "heat"} else "unknown"
    outline = town.communities.loc[community, "geometry"]
    items = [
        (one["year"], one["geometry"].distance(outline), name)
        for name, one in town.utilities.iterrows()
        if one["kind"] == kind and one["geometry"].distance(outline) <= town.near_m
    ]
    items += [
        (one["year"], np.inf, one["id"])
        for one in town.plans.to_dict("records")
        if one["kind"] == kind and one["community_id"] == community
    ]
    if not items:
        some = len(town.utilities) or len(town.plans)
        return needed, "no_plan" if some else "no_data", None
    year = fact["plan_year"]
    away = [
        (np.inf if np.isnan(one - year) else abs(one - year), metres, name, one)
        for one, metres, name in items
    ]
    best = min(away)
    if np.isnan(year):
        return needed, "plan_year_missing", best[2]
    if np.isnan(best[3]):
        return needed, "item_year_missing", best[2]
    return needed, "matched" if best[0] <= town.years else "year_off", best[2]


@pytest.mark.parametrize("seed", range(40))
def test_it_is_what_the_slow_way_finds(seed):
    town = random_town(seed)
    tables = {"works": town.works, "utility_plans": town.plans}
    found = match_utilities(
        town.facts,
        tables,
        town.communities,
        town.utilities,
        near_m=town.near_m,
        years=town.years,
    )
    assert list(found.columns) == list(MATCH_COLUMNS)
    assert len(found) == len(town.facts) * len(UTILITY_KINDS)
    for one in found.to_dict("records"):
        item = None if pd.isna(one["item_id"]) else one["item_id"]
        expected = oracle(town, one["community_id"], one["kind"])
        assert (one["needed"], one["state"], item) == expected
    again = match_utilities(
        town.facts[::-1],
        {name: rows[::-1] for name, rows in tables.items()},
        town.communities[::-1],
        town.utilities[::-1],
        near_m=town.near_m,
        years=town.years,
    )
    pd.testing.assert_frame_equal(found, again)
