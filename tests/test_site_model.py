"""Demand, options and links as one problem: by hand, and put together again."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sample_plan import measure_sample

from geo.findings import make_findings
from geo.rules import load_rules
from geo.settings import SiteSettings
from geo.site_demand import DEMAND_COLUMNS, Demand, measure_demand
from geo.site_links import LINK_COLUMNS, measure_links
from geo.site_model import make_problem
from geo.site_options import CONFLICT_COLUMNS, OPTION_COLUMNS, Options, list_options
from geo.site_problem import find_faults
from geo.site_rules import measure_reaches
from geo.suitability import judge_suitability

RULES = load_rules()
PAIR = SiteSettings(categories=("childcare", "canteen"), budget=2.0)


def make_demand(*rows):
    table = pd.DataFrame(rows, columns=["place", "category", "amount", "use"])
    table = table.reindex(columns=[*DEMAND_COLUMNS])
    table["community_id"] = table["place"]
    return Demand(table, pd.DataFrame(), {}, make_findings())


def make_options(*rows, conflicts=()):
    names = ["idle_id", "category", "module_m2", "capacity", "least", "most"]
    names += ["stock_m2", "module_cost_cny", "resource_cost_cny"]
    table = pd.DataFrame(rows, columns=names).reindex(columns=[*OPTION_COLUMNS])
    apart = pd.DataFrame([*conflicts], columns=[*CONFLICT_COLUMNS], dtype="str")
    nothing = pd.DataFrame()
    return Options(table, nothing, nothing, apart, make_findings())


def make_links(*rows):
    return pd.DataFrame(rows, columns=[*LINK_COLUMNS])


NAN, INF = np.nan, np.inf
#: Two resources, three options, given in no order.
OPTIONS = (
    ("b", "canteen", 100.0, INF, 1, 1, 300.0, NAN, 500.0),
    ("a", "canteen", 100.0, INF, 1, 1, 400.0, NAN, NAN),
    ("a", "childcare", 50.0, 5.0, 4, 8, 400.0, 1000.0, NAN),
)
DEMAND = (
    ("p", "childcare", 6.0, 0.5),
    ("p", "canteen", 200.0, 1.0),
    ("q", "canteen", 90.0, 1.0),
    ("q", "parking", 40.0, 1.0),
)
LINKS = (
    (0, "a", 30.0),
    (1, "a", 30.0),
    (1, "b", 120.0),
    (2, "b", 10.0),
    (3, "a", 5.0),  # nothing of parking is asked for
    (0, "b", 120.0),  # and b cannot be a childcare
)


def test_a_problem_by_hand():
    conflict = ("a", "canteen", "a", "childcare", "X1")
    gone = ("a", "childcare", "c", "market", "X2")
    demand, links = make_demand(*DEMAND), make_links(*LINKS)
    options = make_options(*OPTIONS, conflicts=[conflict, gone])
    problem, keys = make_problem(demand, options, links, PAIR)
    # demand: p childcare, p canteen, q canteen
    assert keys.categories == ("childcare", "canteen")
    assert keys.demand["place"].tolist() == ["p", "p", "q"]
    assert problem.category.tolist() == [0, 1, 1]
    assert problem.amount.tolist() == [6.0, 200.0, 90.0]
    assert problem.use.tolist() == [0.5, 1.0, 1.0]
    # options: a childcare, a canteen, b canteen
    assert keys.resources.tolist() == ["a", "b"]
    assert keys.options["idle_id"].tolist() == ["a", "a", "b"]
    assert keys.options["category"].tolist() == ["childcare", "canteen", "canteen"]
    assert problem.option_resource.tolist() == [0, 0, 1]
    assert problem.option_category.tolist() == [0, 1, 1]
    assert problem.capacity.tolist() == [5.0, INF, INF]
    assert problem.least.tolist() == [4, 1, 1]
    assert problem.most.tolist() == [8, 1, 1]
    assert problem.area_m2.tolist() == [400.0, 300.0]
    # links of each of them
    assert problem.start.tolist() == [0, 1, 2, 4]
    assert problem.demand.tolist() == [0, 1, 1, 2]
    assert problem.distance_m.tolist() == [30.0, 30.0, 120.0, 10.0]
    assert keys.links.tolist() == [0, 1, 2, 3]
    assert problem.conflicts.tolist() == [[0, 1]]
    assert problem.weight.tolist() == [1.0, 1.0]
    assert not problem.required.any()
    assert len(keys.left_out) == 0
    assert problem.budget == 2.0
    assert problem.resource_cost.tolist() == [1.0, 1.0]
    assert problem.module_cost.tolist() == [0.0, 0.0, 0.0]
    assert problem.servable.tolist() == [6.0, 290.0]


def test_a_budget_in_yuan_leaves_out_what_nobody_priced():
    settings = replace(PAIR, budget_kind="cny", budget=9000.0)
    demand, links = make_demand(*DEMAND), make_links(*LINKS)
    problem, keys = make_problem(demand, make_options(*OPTIONS), links, settings)
    # a costs nobody knows what, but building a childcare there does; b costs 500
    assert keys.options["idle_id"].tolist() == ["a", "b"]
    assert problem.module_cost.tolist() == [1000.0, 0.0]
    assert problem.resource_cost.tolist() == [0.0, 500.0]
    assert keys.left_out.to_dict("records") == [
        {"idle_id": "a", "category": "canteen", "reason_code": "cost_missing"}
    ]
    assert problem.start.tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    ("kind", "module", "resource", "budget"),
    [
        ("", [0.0, 0.0, 0.0], [0.0, 0.0], INF),
        ("sites", [0.0, 0.0, 0.0], [1.0, 1.0], 2.0),
        ("area", [50.0, 100.0, 100.0], [0.0, 0.0], 2.0),
    ],
)
def test_what_the_budget_counts(kind, module, resource, budget):
    settings = replace(PAIR, budget_kind=kind, weights=(1.0, 3.0))
    demand, links = make_demand(*DEMAND), make_links(*LINKS)
    problem, _ = make_problem(demand, make_options(*OPTIONS), links, settings)
    assert problem.module_cost.tolist() == module
    assert problem.resource_cost.tolist() == resource
    assert problem.budget == budget
    assert problem.weight.tolist() == [1.0, 3.0]


@pytest.mark.parametrize("rows", [(), DEMAND])
@pytest.mark.parametrize("offered", [(), OPTIONS])
@pytest.mark.parametrize("kind", ["", "sites", "area", "cny"])
def test_nothing_of_either(rows, offered, kind):
    demand, options = make_demand(*rows), make_options(*offered)
    settings = replace(PAIR, budget_kind=kind)
    problem, keys = make_problem(demand, options, make_links(), settings)
    assert problem.options == len(keys.options)
    assert problem.start.tolist() == [0] * (problem.options + 1)
    assert not problem.asked.any()
    assert problem.conflicts.shape == (0, 2)
    none = np.zeros(problem.options, dtype=np.int64)
    assert find_faults(problem, none, np.zeros(0)) == []


def test_categories_that_nobody_asks_for():
    demand, options = make_demand(*DEMAND), make_options(*OPTIONS)
    none = SiteSettings(categories=())
    problem, keys = make_problem(demand, options, make_links(*LINKS), none)
    assert problem.categories == problem.options == len(keys.demand) == 0


def test_all_of_the_sample_comes_back():
    circle = measure_sample()
    district = circle.district
    settings = SiteSettings(unsure_resources=True, unsure_needs=True)
    demand = measure_demand(circle, settings)
    table = judge_suitability(district.idle, RULES, protected=district.protected)
    options = list_options(circle, table, settings)
    reach_m = measure_reaches(demand.sited, circle.settings)
    links = measure_links(circle, demand.rows, district.idle.geometry, reach_m)
    problem, keys = make_problem(demand, options, links, settings)
    assert problem.options == len(options.rows)
    assert set(keys.resources) == set(options.rows["idle_id"])
    # every link joins a demand and an option of its category, as far as was measured
    at = keys.demand.iloc[problem.demand].reset_index(drop=True)
    option = keys.options.iloc[problem.link_option].reset_index(drop=True)
    given = links.iloc[keys.links].reset_index(drop=True)
    assert (at["category"] == option["category"]).all()
    assert (given["idle_id"] == option["idle_id"]).all()
    assert (given["row"].to_numpy() == problem.demand).all()
    assert (given["distance_m"].to_numpy() == problem.distance_m).all()
    limit = at["category"].map(reach_m)
    assert (problem.distance_m <= limit).all()
    assert problem.asked.all()
    # all links between the two are there
    pairs = options.rows[["idle_id", "category"]]
    named = links.assign(category=demand.rows["category"].to_numpy()[links["row"]])
    assert len(named.merge(pairs)) == len(problem.demand)
    for option in range(problem.options):
        part = problem.demand[problem.start[option] : problem.start[option + 1]]
        assert (np.diff(part) > 0).all()
