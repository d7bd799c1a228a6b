"""Units from end to end: by hand on the row town, the sample's traps, random towns."""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from gridtown import grid_layers
from gridtown import make_district as make_grid_district
from row_town import IDS, make_basis
from sample_plan import measure_sample

from geo.decisions import make_decisions
from geo.eligibility import judge_eligibility
from geo.findings import render_findings
from geo.lifecircle import LifeCircle, measure_life_circle
from geo.network import build_network
from geo.rules import load_rules
from geo.sample import make_district
from geo.settings import Settings, UnitSettings
from geo.town import make_town
from geo.unit_files import make_unit_table
from geo.unit_tables import measure_units
from geo.units import Units, draw_units, name_units, prepare_units, preview

ANSWERS = tomllib.loads(
    (Path(__file__).parent / "sample_answers.toml").read_text(encoding="utf-8")
)


def draw(settings=None, **wishes) -> Units:
    basis = make_basis(settings)
    decisions = make_decisions(settings=settings, **wishes)
    return draw_units(basis.circle, decisions, basis=basis)


def groups(units: Units) -> set[str]:
    return {"".join(members) for members in units.table["members"]}


def codes(units: Units) -> list[str]:
    return units.findings["code"].tolist()


# the row town, on paper (tests/row_town.py, tests/test_unit_tables.py)


def test_the_best_units_of_the_row():
    units = draw()
    # 1,238 for the four and 148.6 for the two; AB + CD would be 1,110.4 + 148.6
    assert groups(units) == {"ABCD", "EF"}
    assert units.score == pytest.approx(1386.6)
    assert units.bound == pytest.approx(units.score)
    assert units.gap_share == 0
    assert units.finished
    assert set(units.pieces["state"]) == {"proved"}
    assert units.unit_of.to_dict() == dict(
        zip(IDS, ["U001"] * 4 + ["U002"] * 2, strict=True)
    )


def partitions(ids: list[str]) -> Iterator[list[list[str]]]:
    if not ids:
        yield []
        return
    for rest in partitions(ids[1:]):
        yield [[ids[0]], *rest]
        for at, group in enumerate(rest):
            yield [*rest[:at], [ids[0], *group], *rest[at + 1 :]]


def test_no_plan_of_all_plans_of_the_row_is_better():
    units = draw(UnitSettings(communities_most=3))
    best, seen = -np.inf, 0
    for plan in partitions(IDS):
        unit_of = pd.Series({name: str(group) for group in plan for name in group})
        table = measure_units(units.basis, units.settings, unit_of)
        seen += 1
        if (table["broken"] == "").all():
            best = max(best, table["score"].sum())
    assert seen == 203  # the Bell number of 6
    assert units.score == pytest.approx(best)


def test_bounds_hold_for_pairs_and_more():
    assert groups(draw(UnitSettings(communities_most=2))) == {"AB", "CD", "EF"}
    assert groups(draw(UnitSettings(households_most=500))) == {"AB", "CD", "EF"}
    assert groups(draw(UnitSettings(area_most_m2=20_000.0))) == {"AB", "CD", "EF"}
    assert groups(draw(UnitSettings(communities_least=3))) == {"ABCD", "E", "F"}


def test_bounds_that_nobody_can_meet_are_said_and_the_rest_is_made():
    units = draw(UnitSettings(communities_least=5, communities_most=6))
    assert groups(units) == set(IDS)
    assert "units_bounds" in codes(units)


def test_locks_and_prohibitions_are_obeyed():
    assert groups(draw(forbidden=[("A", "B")])) == {"A", "BCD", "EF"}
    settings = UnitSettings(communities_most=2)
    assert groups(draw(settings, locked=[("B", "C")])) == {"A", "BC", "D", "EF"}
    assert groups(draw(excluded=["B"])) == {"A", "B", "CD", "EF"}


def test_impossible_wishes_are_named_and_the_rest_is_made():
    units = draw(locked=[("D", "E")])
    assert groups(units) == {"ABCD", "EF"}
    said = (
        render_findings(units.findings, "zh")
        .set_index("code")
        .loc["units_lock_barrier"]
    )
    assert "D院、E院" in said["message"]
    assert "清河" in said["message"]
    assert "units_lock_apart" in codes(draw(locked=[("A", "F")]))
    most = UnitSettings(communities_most=2)
    tight = draw(most, locked=[("A", "B"), ("B", "C")])
    assert "units_lock_bounds" in codes(tight)
    assert groups(tight) == {"AB", "CD", "EF"}
    both = draw(locked=[("A", "B"), ("B", "C")], forbidden=[("A", "C")])
    assert "units_lock_forbidden" in codes(both)


def test_what_is_drawn_by_hand_stays_and_the_rest_is_solved():
    units = draw(units=[["A", "C"]])
    assert groups(units) == {"AC", "B", "D", "EF"}
    row = units.table.loc[units.unit_of["A"]]
    assert (row["kind"], row["broken"]) == ("drawn", "not_connected")
    # what is drawn is as it is: the bound speaks of the rest
    assert units.bound == pytest.approx(units.score)


def test_names_of_communities_that_are_gone_are_said():
    units = draw(units=[["A", "Z"]], locked=[("A", "Z")])
    assert "decisions_community_gone" in codes(units)
    assert sorted("".join(groups(units))) == IDS


def test_only_eligible_communities_take_part_when_asked():
    settings = UnitSettings(only_eligible=True)
    units = draw(settings)
    assert groups(units) == {"ABCD", "E", "F"}
    assert units.explain("zh")[units.unit_of["F"]].startswith("按所选口径不在")


def test_every_unit_has_a_reason_in_both_languages():
    for lang in ("zh", "en"):
        said = draw(excluded=["F"]).explain(lang)
        assert (said.str.len() > 5).all()
        assert not said.str.contains("nan|{").any()
    said = draw().explain("zh")
    assert "托育" in said["U001"]
    assert "最多相隔 30 米" in said["U001"]
    assert "1 个小区缺少户数" in said["U001"]


@pytest.mark.parametrize(
    ("pair", "wishes", "part"),
    [
        (("A", "B"), {}, "同一个片区"),
        (("D", "E"), {}, "清河"),
        (("A", "F"), {}, "较远"),
        (("A", "B"), {"forbidden": [("A", "B")]}, "不放在同一片区"),
        (("A", "B"), {"excluded": ["A"]}, "不参与联动"),
        (("B", "C"), {"settings": UnitSettings(communities_most=2)}, "超过上限"),
        (("B", "C"), {"units": [["A", "B"], ["C", "D"]]}, "可增加"),
        (
            ("C", "D"),
            {
                "settings": UnitSettings(
                    weight_size=0.0, weight_closable=0.0, weight_works=0.0
                )
            },
            "减少 0 等效户",
        ),
    ],
)
def test_for_two_apart_the_tool_says_why_not(pair, wishes, part):
    units = draw(**{"settings": None, **wishes})
    assert part in units.why_not(*pair, "zh")
    assert units.why_not(*pair[::-1], "en")


def test_stopping_keeps_the_best_so_far():
    basis = make_basis()
    units = draw_units(basis.circle, basis=basis, watch=lambda _state: False)
    assert not units.finished
    assert sorted("".join(groups(units))) == IDS


def test_units_are_numbered_by_their_smallest_member():
    problem = make_basis().problem
    named = name_units(problem, np.array([7, -1, 7, -1, 3, 3]))
    assert named.tolist() == ["U001", "U002", "U001", "U003", "U004", "U004"]


def test_the_preview_covers_every_community_and_keeps_what_is_drawn():
    found = preview(make_basis(), make_decisions(units=[["A", "C"]]))
    assert sorted(found.index) == IDS
    assert found["A"] == found["C"]
    assert found["D"] != found["E"]


# the sample district


@pytest.fixture(scope="module")
def sample() -> LifeCircle:
    return measure_sample()


def life_circle(district, settings, profile="national") -> LifeCircle:
    rules = load_rules(profile)
    network = build_network(district, rules, settings)
    return measure_life_circle(district, network, rules, settings)


@pytest.fixture(scope="module")
def units(sample) -> Units:
    return draw_units(sample)


def test_two_that_only_a_joint_unit_can_serve(units):
    joint = ANSWERS["joint"]
    a, b = joint["communities"]
    assert units.unit_of[a] == units.unit_of[b]
    row = units.table.loc[units.unit_of[a]]
    assert set(joint["lacks"].values()) <= set(row["shared_shortfalls"].split("|"))
    reach = units.basis.closable.reach.set_index(["community_id", "category"])
    names = units.basis.district.idle["name"]
    for one, other in ((a, b), (b, a)):
        found = reach.loc[[(one, joint["lacks"][one])]]
        walk = found.set_index("idle_id")["distance_m"]
        resource = names[names == joint["idle_of"][other]].index[0]
        # the answers walk to the middle of the front; its nearest corner is as good
        assert 0 < joint["walk_to_other_m"][one] - walk[resource] < 15
    apart = units.measure(units.unit_of.where(units.unit_of.index != a, "alone"))
    assert not set(joint["lacks"].values()) & set(
        apart.loc["alone", "shared_shortfalls"].split("|")
    )


def test_a_2008_community_is_eligible_only_inside_a_unit(sample):
    case = ANSWERS["year_2008"]
    communities, rules = sample.district.communities, load_rules("yunnan")
    name, other = case["community"], case["neighbour"]
    before = judge_eligibility(communities, rules)
    assert before.loc[name, "state"] == "conditional"
    alone = pd.Series(communities.index, index=communities.index)
    assert judge_eligibility(communities, rules, unit_of=alone).loc[name, "state"] == (
        "not_eligible"
    )
    joined = alone.replace({name: other})
    assert judge_eligibility(communities, rules, unit_of=joined).loc[name, "state"] == (
        "eligible"
    )


def test_a_missing_year_is_unknown(sample):
    state = judge_eligibility(sample.district.communities, load_rules("yunnan"))[
        "state"
    ]
    assert state[ANSWERS["no_year"]["community"]] == "unknown"


def test_rows_in_any_order_give_the_same_units(sample, units):
    district = sample.district
    mixed = {
        name: getattr(district, name).sample(frac=1, random_state=at)
        for at, name in enumerate(
            ("communities", "idle", "gates", "facilities", "utilities", "barriers")
        )
    }
    other = draw_units(life_circle(replace(district, **mixed), Settings()))
    pd.testing.assert_series_equal(other.unit_of, units.unit_of)
    pd.testing.assert_frame_equal(other.table, units.table)


# random towns


@pytest.mark.parametrize("most", [5, 10])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_unit_of_a_random_town_breaks_anything(seed, most):
    chosen = UnitSettings(
        communities_most=most, households_most=3000, within="jurisdiction"
    )
    circle = life_circle(
        make_district(make_town(seed, communities=80)), Settings(units=chosen)
    )
    units = draw_units(circle)
    assert sorted(units.unit_of.index) == sorted(circle.district.communities.index)
    assert (units.table["broken"] == "").all()
    assert units.table["communities"].sum() == len(units.unit_of)
    joint = units.table[units.table["communities"] > 1]
    assert len(joint)
    assert (joint["households"] <= 3000).all()
    pairs = units.basis.neighbours.pairs
    crossed = pairs[pairs["refused"].isin(["barrier", "jurisdiction"])]
    offices = circle.district.communities["jurisdiction"].reindex(units.unit_of.index)
    assert (
        offices.groupby(units.unit_of).agg(lambda names: len(set(names))) == 1
    ).all()
    assert len(crossed)
    assert (units.pieces["bound"] >= units.pieces["score"] - 1e-6)[
        units.pieces["bound"].notna()
    ].all()


def test_other_bounds_need_no_other_basis(sample):
    basis = prepare_units(sample)
    wishes = make_decisions(settings=UnitSettings(communities_most=10))
    large = draw_units(sample, wishes, basis=basis)
    fresh = draw_units(sample, wishes)
    pd.testing.assert_series_equal(large.unit_of, fresh.unit_of)
    assert large.table["communities"].max() > 5


def test_unknown_households_are_never_said_to_be_none():
    basis = make_basis()
    problem = replace(basis.problem, households=np.full(6, np.nan))
    units = draw_units(basis.circle, basis=replace(basis, problem=problem))
    said = units.explain("zh")[(units.table["communities"] > 1).to_numpy()]
    assert said.str.contains("户数都未知").all()
    assert not said.str.contains("合计 0 户").any()
    row = make_unit_table(units, "zh").iloc[0]
    assert np.isnan(row["households"])


# input that nobody wants, and what it gets


def small_district(*names: str, **changes):
    layers = grid_layers()
    kept = {name: layers["communities"][name] for name in names}
    for name, values in changes.items():
        kept[name] = kept[name] | values
    layers["communities"] = kept
    known = layers.get("gates", {})
    layers["gates"] = {k: v for k, v in known.items() if v["community_id"] in kept}
    return make_grid_district(**layers)


def test_one_community_makes_one_unit_and_is_told():
    name = next(iter(grid_layers()["communities"]))
    units = draw_units(life_circle(small_district(name), Settings()))
    assert groups(units) == {name}
    assert "units_one" in codes(units)
    assert units.explain("zh").iloc[0] == "附近没有其他小区。"


def test_no_neighbours_at_all_is_told_and_each_stands_alone():
    settings = Settings(units=UnitSettings(gap_m=0.0, walk_m=0.0))
    names = list(grid_layers()["communities"])
    apart = [names[0], names[-1]]
    units = draw_units(life_circle(small_district(*apart), settings))
    assert groups(units) == set(apart)
    assert "units_no_neighbours" in codes(units)
