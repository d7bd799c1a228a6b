"""Who pays: shares per source, and what the unknown leaves."""

import numpy as np
import pandas as pd
import pytest

from geo.evidence_schema import FUND_SOURCES
from geo.funding import FUND_GROUPS, measure_funding, read_funds


def make(**rows):
    columns = {
        name: {f"fund_{key}_cny": value for key, value in row.items() if key != "cost"}
        | {"project_cost_cny": row.get("cost", np.nan)}
        for name, row in rows.items()
    }
    return pd.DataFrame.from_dict(columns, orient="index")


def test_blank_cells_are_nothing_where_the_rest_makes_up_the_cost():
    found = measure_funding(make(a={"cost": 100.0, "central": 60.0, "local": 40.0}))
    share = found.table["share"]
    assert share["central"] == pytest.approx(0.6)
    assert share["loan"] == 0
    assert share["=fiscal"] == 1
    assert share["=social_resident"] == 0
    assert found.total_cny == 100
    assert found.counted == ("a",)


def test_the_rest_may_be_from_any_source_that_is_not_known():
    found = measure_funding(make(a={"cost": 100.0, "central": 60.0, "local": 15.0}))
    loan = found.table.loc["loan"]
    assert (loan["share_least"], loan["share_most"]) == (0, 0.25)
    assert np.isnan(loan["share"])
    assert loan["missing"] == ("a",)
    fiscal = found.table.loc["=fiscal"]
    # the province may have paid it
    assert (fiscal["share_least"], fiscal["share_most"]) == (0.75, 1.0)
    assert found.table.loc["central", "share"] == pytest.approx(0.6)


def test_what_nobody_else_can_have_paid_is_theirs():
    row = dict.fromkeys(FUND_SOURCES, 0.0) | {"cost": 100.0, "central": 60.0}
    del row["resident"]
    found = measure_funding(make(a=row))
    assert found.table.loc["resident", "share"] == pytest.approx(0.4)
    assert found.table.loc["resident", "missing"] == ()
    assert found.table.loc["=social_resident", "share"] == pytest.approx(0.4)


def test_a_project_of_unknown_cost_is_in_no_figure():
    rows = make(a={"cost": 100.0, "central": 100.0}, b={"central": 50.0})
    found = measure_funding(rows)
    assert found.unknown == ("b",)
    assert found.table.loc["central", "share"] == 1
    full = dict.fromkeys(FUND_SOURCES, 0.0) | {"loan": 30.0}
    cost, _ = read_funds(make(c=full))
    assert cost.tolist() == [30]


def test_only_those_that_are_asked_for():
    rows = make(a={"cost": 100.0, "central": 100.0}, b={"cost": 10.0, "loan": 10.0})
    assert measure_funding(rows, ["b"]).table.loc["=loan", "share"] == 1
    none = measure_funding(rows, [])
    assert none.total_cny == 0
    assert none.table["share"].isna().all()


def test_groups_are_made_of_sources():
    assert {one for group in FUND_GROUPS.values() for one in group} <= {*FUND_SOURCES}


def test_bounds_hold_whatever_the_unknown_is():
    random = np.random.default_rng(3)
    for _ in range(60):
        funds = random.integers(0, 50, (4, len(FUND_SOURCES))).astype(float)
        cost = funds.sum(axis=1)
        known = np.where(random.random(funds.shape) < 0.7, funds, np.nan)
        frame = pd.DataFrame(known, columns=[f"fund_{one}_cny" for one in FUND_SOURCES])
        frame.index = list("abcd")
        frame["project_cost_cny"] = cost
        table = measure_funding(frame).table
        parts = {one: (one,) for one in FUND_SOURCES}
        parts |= {f"={name}": group for name, group in FUND_GROUPS.items()}
        for name, group in parts.items():
            true = funds[:, [FUND_SOURCES.index(one) for one in group]].sum()
            row = table.loc[name]
            assert row["least_cny"] - 1e-6 <= true <= row["most_cny"] + 1e-6
            if not np.isnan(row["share"]):
                assert row["share"] == pytest.approx(true / cost.sum())
