"""The whole of siting: from the life circle to a plan, and who is left out."""

import sys
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from gridtown import grid_layers, make_district, point
from sample_plan import measure_sample

from geo.district import District
from geo.errors import InputError
from geo.findings import render_findings
from geo.lifecircle import LifeCircle, measure_life_circle
from geo.network import attach_points, build_network
from geo.plan import plan_district
from geo.plan_files import write_plan
from geo.rules import RuleBook
from geo.settings import Settings, SiteSettings
from geo.site_curve import list_alternatives, measure_curve, try_elsewhere
from geo.site_files import (
    SITE_COLUMNS,
    make_site_table,
    make_unmet_table,
    site_shapes,
    summarise_sites,
)
from geo.site_problem import find_faults
from geo.siting import SiteBasis, Sites, SiteWishes, prepare_sites, site_facilities

ASKED = SiteSettings().categories


def measure(district: District, rules: RuleBook) -> LifeCircle:
    settings = Settings()
    network = build_network(district, rules, settings)
    return measure_life_circle(district, network, rules, settings)


@pytest.fixture(scope="module")
def circle() -> LifeCircle:
    return measure_sample()


@pytest.fixture(scope="module")
def basis(circle: LifeCircle) -> SiteBasis:
    return prepare_sites(circle)


@pytest.fixture(scope="module")
def sites(circle: LifeCircle, basis: SiteBasis) -> Sites:
    return site_facilities(circle, basis=basis)


def test_all_kinds_that_were_asked_for_are_sited(sites: Sites) -> None:
    assert set(sites.table["category"]) == set(ASKED)
    assert sites.table["idle_id"].nunique() <= sites.settings.budget
    assert not sites.table.duplicated(["idle_id", "category"]).any()
    assert not find_faults(
        sites.parts[0].problem,
        sites.parts[0].solution.modules,
        sites.parts[0].solution.flow,
    )


def test_the_sums_are_those_of_the_flows(sites: Sites) -> None:
    flows = sites.flows
    served = flows.groupby("category")["people"].sum()
    told = sites.categories.loc[served.index, "served"]
    assert np.allclose(served, told)
    by_site = flows.groupby(["idle_id", "category"])["people"].sum()
    keys = pd.MultiIndex.from_frame(sites.table[["idle_id", "category"]])
    assert np.allclose(by_site.reindex(keys).fillna(0.0), sites.table["people_served"])
    share = sites.categories["served"] / sites.categories["servable"]
    assert sites.fair == pytest.approx(share.min())
    assert sites.value == pytest.approx(share.mean())
    assert sites.value <= sites.bound + 1e-9
    assert sites.fair <= sites.fair_bound + 1e-9
    assert sites.free_value >= sites.value
    assert (sites.categories["served"] <= sites.categories["servable"] + 1e-6).all()
    assert (sites.categories["servable"] <= sites.categories["demand"] + 1e-6).all()


def test_everybody_is_served_or_named(sites: Sites) -> None:
    need = sites.basis.demand.rows.groupby("category")["amount"].sum()
    left = sites.unmet.groupby("category")["people"].sum()
    for category in ASKED:
        served = sites.categories.loc[category, "served"]
        assert served + left.get(category, 0.0) == pytest.approx(need[category])


def test_walks_are_those_of_the_streets(sites: Sites) -> None:
    """NetworkX walks the same ways, where nothing but streets is between."""
    circle, network = sites.basis.circle, sites.basis.circle.network
    graph = nx.Graph()
    for u, v, length in zip(
        network.u.tolist(), network.v.tolist(), network.length_m.tolist(), strict=True
    ):
        known = graph.get_edge_data(u, v, {"length": np.inf})["length"]
        graph.add_edge(u, v, length=min(length, known))
    walled = set(circle.district.communities.index[network.walled])
    flows = sites.flows[~sites.flows["community_id"].isin(walled)]
    flows = flows[flows["place"].isin(network.doors.index)].head(20)
    assert len(flows) >= 10
    used = sorted(set(flows["idle_id"]))
    seeds = attach_points(network, circle.district.idle.geometry.loc[used])
    for row in flows.itertuples():
        ends = seeds[(seeds["facility_id"] == row.idle_id)]
        ends = ends[ends["community_id"].isna()]
        door = network.doors.loc[row.place]
        away = door["connector_m"] + min(
            nx.dijkstra_path_length(graph, int(door["node"]), int(end.node), "length")
            + end.distance_m
            for end in ends.itertuples()
            if nx.has_path(graph, int(door["node"]), int(end.node))
        )
        assert row.distance_m == pytest.approx(away, abs=0.02)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_proposal_and_every_need_is_explained(sites: Sites, lang: str) -> None:
    said = [*sites.explain(lang), *sites.explain_unmet(lang), sites.statement(lang)]
    assert all(one.strip() for one in said)
    assert not any("{" in one or "nan" in one for one in said)


def test_tables_hold_what_others_rely_on(sites: Sites) -> None:
    table = make_site_table(sites, "zh")
    assert tuple(table.columns[: len(SITE_COLUMNS)]) == SITE_COLUMNS
    assert (table["reason"].str.len() > 0).all()
    both = table["floor_area_m2"].notna() ^ table["land_area_m2"].notna()
    assert both.all()
    shapes = site_shapes(sites, "zh")
    assert isinstance(shapes, gpd.GeoDataFrame)
    assert shapes.geometry.notna().all()
    unmet = make_unmet_table(sites, "en")
    assert not unmet.duplicated(["community_id", "category"]).any()
    told = summarise_sites(sites)
    assert told["proposals"] == len(table)
    assert told["value"] <= told["bound"] + 1e-6


def test_the_order_of_rows_changes_nothing(circle: LifeCircle, sites: Sites) -> None:
    district = circle.district
    mixed = replace(
        district,
        idle=district.idle.sample(frac=1, random_state=1),
        communities=district.communities.sample(frac=1, random_state=2),
    )
    other = site_facilities(measure(mixed, circle.rules))
    pd.testing.assert_frame_equal(other.table, sites.table)


def test_wishes_are_heeded_or_named(circle: LifeCircle, basis: SiteBasis) -> None:
    small = SiteSettings(categories=("childcare", "canteen"), budget=3)
    first = site_facilities(circle, settings=small, basis=basis)
    gone = tuple(
        first.table[["idle_id", "category"]].itertuples(index=False, name=None)
    )
    options = basis.options.rows
    free = options[options["category"] == "canteen"]
    wanted = next(
        (idle, "canteen") for idle in free["idle_id"] if (idle, "canteen") not in gone
    )
    wishes = SiteWishes(required=(wanted, ("R001", "canteen")), forbidden=gone)
    second = site_facilities(circle, wishes, settings=small, basis=basis)
    chosen = set(
        second.table[["idle_id", "category"]].itertuples(index=False, name=None)
    )
    assert wanted in chosen
    assert not chosen & set(gone)
    assert "site_wish_unfit" in set(second.findings["code"])
    both = SiteWishes(required=(wanted,), forbidden=(wanted,))
    third = site_facilities(circle, both, settings=small, basis=basis)
    assert "site_wish_both" in set(third.findings["code"])
    assert set(second.unmet["why"]) & {"refused"}


def test_required_beyond_the_budget_is_said(
    circle: LifeCircle, basis: SiteBasis
) -> None:
    options = basis.options.rows.drop_duplicates("idle_id")
    wanted = tuple(options[["idle_id", "category"]].itertuples(index=False, name=None))
    settings = SiteSettings(budget=2)
    made = site_facilities(
        circle, SiteWishes(required=wanted[:5]), settings=settings, basis=basis
    )
    assert not made.possible
    assert made.table.empty
    assert "sites_impossible" in set(made.findings["code"])
    assert "没有给出方案" in made.statement("zh")


@pytest.mark.parametrize(
    "settings",
    [
        SiteSettings(budget=0),
        SiteSettings(budget_kind=""),
        SiteSettings(budget_kind="area", budget=2_000),
        SiteSettings(budget_kind="cny", budget=5e6),
        SiteSettings(seconds_most=1),
        SiteSettings(categories=("parking",)),
        SiteSettings(categories=("bus_stop",)),
        SiteSettings(categories=("childcare", "no_such_thing")),
        SiteSettings(categories=()),
        SiteSettings(unsure_resources=True, unsure_needs=True, budget=4),
    ],
    ids=lambda one: f"{one.budget_kind}-{one.budget}-{len(one.categories)}",
)
def test_any_settings_give_an_answer(
    circle: LifeCircle, settings: SiteSettings
) -> None:
    made = site_facilities(circle, settings=settings)
    for part in made.parts:
        solution = part.solution
        assert not find_faults(part.problem, solution.modules, solution.flow)
    if settings.budget_kind:
        assert made.spent <= settings.budget + 1e-6
    assert made.statement("zh")
    assert len(made.explain("zh")) == len(made.table)
    assert len(made.explain_unmet("en")) == len(made.unmet)
    render_findings(made.findings, "zh")
    summarise_sites(made)


def test_no_resources_is_an_answer(circle: LifeCircle) -> None:
    bare = replace(circle.district, idle=circle.district.idle.iloc[:0])
    made = site_facilities(replace(circle, district=bare))
    assert made.table.empty
    assert "sites_no_resources" in set(made.findings["code"])
    assert set(made.unmet["why"]) >= {"none_near"}
    assert len(measure_curve(made.basis)) == 1


def test_units_may_be_sited_by_themselves(circle: LifeCircle) -> None:
    ids = circle.district.communities.index.sort_values()
    names = [f"U{at // 12:03d}" for at in range(len(ids))]
    unit_of = pd.Series(names, index=ids)
    settings = SiteSettings(scope="unit", budget=1)
    made = site_facilities(circle, settings=settings, unit_of=unit_of)
    assert len(made.parts) == unit_of.nunique()
    per_unit = made.table.groupby("part")["idle_id"].nunique()
    assert (per_unit <= 1).all()
    home = made.basis.home_of(circle.settings.units.resource_near_m)
    for row in made.flows.itertuples():
        assert unit_of[row.community_id] == unit_of[home[row.idle_id]]
    assert made.value <= made.bound + 1e-9
    assert made.statement("zh")
    with pytest.raises(InputError):
        site_facilities(circle, settings=settings, basis=made.basis)


def test_the_curve_never_falls(basis: SiteBasis) -> None:
    few = replace(basis.settings, categories=("childcare", "fitness_ground"))
    curve = measure_curve(basis, settings=few, budgets=[0, 1, 2, 4, 8])
    assert curve["budget"].tolist() == [0, 1, 2, 4, 8]
    assert curve["value"].iloc[0] == 0
    proved = curve[curve["proved"]]
    assert (np.diff(proved["fair"]) >= -1e-6).all()
    assert (curve["spent"] <= curve["budget"] + 1e-6).all()
    assert (curve["value"].diff().dropna() > -0.05).all()
    stopped = measure_curve(basis, settings=few, going=lambda: False)
    assert stopped.empty


def test_alternatives_are_what_they_are_called(sites: Sites) -> None:
    few = replace(sites.settings, categories=("childcare", "canteen"), budget=6)
    made = site_facilities(sites.basis.circle, settings=few, basis=sites.basis)
    found = list_alternatives(made)
    assert found["fairest"] is made
    people = {key: one.categories["served"].sum() for key, one in found.items()}
    assert people["most_people"] >= people["fairest"] - 1e-6
    assert found["fewest_sites"].value >= made.value - 0.005
    assert (
        found["fewest_sites"].table["idle_id"].nunique()
        <= made.table["idle_id"].nunique()
    )


def test_a_proposal_may_be_tried_elsewhere(sites: Sites) -> None:
    row = sites.table.sort_values("people_served").iloc[-1]
    shape = sites.basis.district.idle.geometry[row["idle_id"]]
    same = try_elsewhere(sites, row["idle_id"], row["category"], shape)
    assert same.attached
    assert same.loss_people == pytest.approx(0, abs=1e-3)
    assert same.loss_share == pytest.approx(0, abs=1e-6)
    corner = shapely.Point(shape.centroid.x + 50_000, shape.centroid.y)
    far = try_elsewhere(sites, row["idle_id"], row["category"], corner)
    assert not far.attached
    assert far.loss_people > 0
    with pytest.raises(KeyError):
        try_elsewhere(sites, "nothing", row["category"], corner)


def test_a_district_counted_by_hand(rules: RuleBook) -> None:
    """A corner 100 m along the street from the gate of `shut`, another out of reach.

    From the door (255, 50): 5 m to the path, 40 m down to the gate, 10 m to the
    street at (250, 0), 100 m along it: 155 m. 120 households of 2.62 persons.
    """
    layers = grid_layers()
    corner = {"kind": "边角地", "land_area_m2": 200.0, "allowed_uses": "健身"}
    layers["idle"] = {
        "near": corner | {"at": point(350, 0)},
        "far": corner | {"at": point(600, 400)},
    }
    circle = measure(make_district(**layers), rules)
    one = SiteSettings(categories=("fitness_ground",), budget=1)
    made = site_facilities(circle, settings=one)
    assert made.table["idle_id"].tolist() == ["near"]
    row = made.table.iloc[0]
    assert (row["area_m2"], row["area_kind"]) == (150, "land")
    home = made.flows[made.flows["place"] == "b_shut"].iloc[0]
    assert home["distance_m"] == pytest.approx(155, abs=0.01)
    assert home["people"] == pytest.approx(120 * 2.62)
    assert home["households"] == pytest.approx(120)
    assert made.proved
    assert made.value == pytest.approx(made.bound)
    with_far = site_facilities(circle, settings=replace(one, budget=2))
    assert with_far.value >= made.value


def test_without_a_solver_the_whole_plan_still_answers(
    rules: RuleBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if highspy were not installed."""
    monkeypatch.setitem(sys.modules, "highspy", None)
    layers = grid_layers()
    corner = {"kind": "边角地", "land_area_m2": 200.0, "allowed_uses": "健身"}
    layers["idle"] = {"near": corner | {"at": point(350, 0)}}
    plan = plan_district(make_district(**layers), rules, Settings())
    assert plan.sites is not None
    assert plan.sites.solver == "search"
    assert plan.sites.table["idle_id"].tolist() == ["near"]
    assert plan.sites.bound >= plan.sites.value - 1e-9
    write_plan(plan, tmp_path / "out")
