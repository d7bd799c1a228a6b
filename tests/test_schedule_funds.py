"""Funds and capacity, and by how much the ledger's own plan exceeds them."""

import math

import numpy as np
from schedule_town import STREET, make_budgets, make_ranking

from geo.schedule_funds import find_overrun, read_budgets
from geo.schedule_projects import describe_members

YEARS = (2027, 2028)


def describe(ranking):
    return describe_members(ranking.table, ranking.ground.facts)


def test_what_is_not_on_record_limits_nothing():
    table = make_budgets(
        (2027, "all", 9e6, 3), (2027, "central", 2e6, None), (2030, "all", 1, 1)
    )
    budgets = read_budgets(table, YEARS)
    assert budgets.lines == ("all", "central")
    money, projects = budgets.limits()
    assert money.tolist() == [[9e6, 2e6], [math.inf, math.inf]]
    assert projects.tolist() == [3, math.inf]
    assert np.isnan(budgets.available_cny.loc[2028, "all"])


def test_no_funds_at_all():
    budgets = read_budgets(make_budgets(), YEARS)
    assert budgets.lines == ("all",)
    money, projects = budgets.limits()
    assert np.isinf(money).all()
    assert np.isinf(projects).all()


def test_a_row_without_source_is_the_total():
    budgets = read_budgets(make_budgets((2027, None, 5e6, None)), YEARS)
    assert budgets.available_cny.loc[2027, "all"] == 5e6


def test_projects_of_the_total_count_else_the_smallest():
    rows = [(2027, "central", None, 2), (2027, "all", None, 5)]
    rows += [(2028, "local", None, 4), (2028, "central", None, 3)]
    most = read_budgets(make_budgets(*rows), YEARS).projects_most
    assert most.tolist() == [5, 3]
    most = read_budgets(make_budgets(*rows), YEARS, projects_most=7).projects_most
    assert most.tolist() == [7, 7]


def test_nothing_available_is_a_limit():
    money, _ = read_budgets(make_budgets((2027, "all", 0.0, None)), YEARS).limits()
    assert money.tolist() == [[0], [math.inf]]


def test_the_ledger_exceeds_what_there_is():
    street = {**STREET, "c8": (None, "ready", 20.0, 50.0, np.nan, 1e6)}
    ranking = make_ranking(street)
    ranking.table.loc["c2", "plan_year"] = 2028
    rows = [(2027, "all", 13e6, 4), (2027, "central", 4e6, None), (2028, "all", 9e6, 1)]
    budgets = read_budgets(make_budgets(*rows), YEARS)
    over = find_overrun(describe(ranking), budgets)
    table = over.set_index(["year", "source"])
    assert table.loc[(2027, "all")].tolist() == [14e6, 1, 13e6, 1e6]
    assert table.loc[(2027, "central")].tolist() == [4e6, 0, 4e6, 0]
    # A, C, D, E and the one by itself
    assert table.loc[(2027, "projects")].tolist() == [5, 0, 4, 1]
    assert table.loc[(2028, "all")].tolist() == [5e6, 0, 9e6, 0]
    assert np.isnan(table.loc[(2028, "central"), "over"])
    assert table.loc[(2028, "projects"), "over"] == 0


def test_a_ledger_without_years_exceeds_nothing():
    ranking = make_ranking(plan_year=None)
    budgets = read_budgets(make_budgets((2027, "all", 1.0, None)), YEARS)
    over = find_overrun(describe(ranking), budgets)
    assert over["needed"].sum() == 0
    assert not (over["over"] > 0).any()
