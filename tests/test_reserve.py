"""Score and order of the reserve library: by hand, and against a slow oracle."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from reserve_town import make_checks, make_ground

from geo.errors import RuleError
from geo.policy_settings import CheckSettings, ReserveSettings
from geo.reserve import MOVES, rank_reserve
from geo.reserve_scores import PARTS
from geo.reserve_words import (
    RANKING_COLUMNS,
    make_ranking_table,
    make_sensitivity_table,
    name_rule,
    name_things,
)
from geo.text import LANGUAGES

#: Weight of everything that any place is asked for: ten basics count twice, unsafe
#: houses are no facility; 6 + 5 of the table and 10 further categories count once.
WHOLE = 10 * 2 + 6 + 5 + 10


def rank(facts, rows=(), settings=None, **more):
    ground = make_ground(facts, **more)
    return rank_reserve(make_checks(ground, rows), settings=settings)


# --- facilities ---------------------------------------------------------------------


def test_facilities_by_hand():
    facts = {"a": {"condition_water": "破损", "condition_lighting": "无"}}
    row = rank(facts).table.loc["a"]
    assert row["shortfalls"] == 2
    assert row["hazards"] == 0
    assert row["gap_part"] == pytest.approx((2 + 1) / WHOLE)
    assert row["gap_most"] == 1
    assert row["facilities"] == pytest.approx((2 + 1) / WHOLE / 2)


def test_hazards_are_half_of_the_facilities():
    facts = {"a": {"condition_fire": "缺失"}, "b": {"condition_gas": "破损"}}
    table = rank(facts).table
    # drainage, fire, envelope and unsafe houses; gas only where it was surveyed
    assert table.loc["a", "hazard_part"] == pytest.approx(1 / 4)
    assert table.loc["b", "hazard_part"] == pytest.approx(1 / 5)
    assert table.loc["b", "gap_part"] == pytest.approx(2 / (WHOLE + 2))
    only = rank(facts, settings=ReserveSettings(hazard_share=1.0)).table
    assert only.loc["a", "facilities"] == pytest.approx(1 / 4)
    plain = rank(facts, settings=ReserveSettings(must_factor=1.0, hazard_share=0.0))
    assert plain.table.loc["a", "facilities"] == pytest.approx(1 / (WHOLE - 10))


# --- scheme -------------------------------------------------------------------------


def test_targeting_is_the_share_of_what_was_found():
    worn = {"condition_water": "破损", "condition_road": "破损"}
    facts = {
        "half": worn | {"scheme_items": "供水"},
        "silent": worn,
        "none": worn | {"scheme_items": "绿化"},
    }
    table = rank(facts).table
    assert table.loc["half", "targeting"] == pytest.approx(1 / 2)
    assert table.loc["half", "unaddressed"] == ("road",)
    assert np.isnan(table.loc["silent", "targeting"])
    assert table.loc["silent", "targeting_most"] == 1
    assert table.loc["none", "targeting"] == 0
    row = table.loc["half"]
    assert row["scheme"] == pytest.approx((row["completeness"] + 1 / 2) / 2)
    # 1 of 5 of the scheme's group is the works, and 100 households nowhere
    assert row["completeness"] == pytest.approx(1 / 5 / 5)


# --- willingness --------------------------------------------------------------------

VOTED = {
    "households_total": 300.0,
    "households_participated": 225.0,
    "households_agreed": 169.0,
}


def test_the_lower_reading_counts_while_nobody_chose_the_base():
    table = rank({"a": VOTED}).table
    assert table.loc["a", "participation"] == 0.75
    assert table.loc["a", "agree"] == pytest.approx(169 / 300)
    assert table.loc["a", "agree_base"] == ""
    assert table.loc["a", "willingness"] == pytest.approx((0.75 + 169 / 300) / 2)
    assert "setting:checks.consent_base" in table.loc["a", "unknown"]


@pytest.mark.parametrize(
    ("base", "agree"), [("participated", 169 / 225), ("total", 169 / 300)]
)
def test_the_base_that_was_chosen_counts(base, agree):
    ground = make_ground({"a": VOTED}, settings=CheckSettings(consent_base=base))
    table = rank_reserve(make_checks(ground)).table
    assert table.loc["a", "agree"] == pytest.approx(agree)
    assert "setting:checks.consent_base" not in table.loc["a", "unknown"]


def test_the_base_that_the_profile_lays_down_wins():
    ground = make_ground(
        {"a": VOTED}, profile="yunnan", settings=CheckSettings(consent_base="total")
    )
    key = "consent.agree_base"
    clause = replace(ground.profile.clauses[key], value="participated")
    clauses = {**ground.profile.clauses, key: clause}
    ground = replace(ground, profile=replace(ground.profile, clauses=clauses))
    row = rank_reserve(make_checks(ground)).table.loc["a"]
    assert row["agree_base"] == "participated"
    assert row["agree"] == pytest.approx(169 / 225)
    # 225 of 300 took part and 169 of 225 agreed: both reach two thirds
    assert row["bonus_priority"] == pytest.approx(2 * 0.05)
    other = make_ground(
        {"a": VOTED}, profile="yunnan", settings=CheckSettings(consent_base="total")
    )
    # 169 of all 300 do not
    found = rank_reserve(make_checks(other)).table.loc["a", "bonus_priority"]
    assert found == pytest.approx(0.05)


def test_a_rate_without_counts_counts_as_far_as_its_base_is_known():
    facts = {"a": {"participation_rate": 0.8, "agree_rate": 0.9, "households": 100.0}}
    table = rank(facts).table
    assert table.loc["a", "agree"] == pytest.approx(0.8 * 0.9)
    ground = make_ground(facts, settings=CheckSettings(consent_base="total"))
    assert rank_reserve(make_checks(ground)).table.loc["a", "agree"] == 0.9


def test_more_participants_than_households_prove_nothing():
    facts = {"a": {"households_total": 100.0, "households_participated": 120.0}}
    row = rank(facts).table.loc["a"]
    assert np.isnan(row["participation"])
    assert row["willingness"] == 0
    assert row["willingness_most"] == 1


def test_bonuses_and_the_cap():
    known = {
        "fund_resident_cny": 5000.0,
        "maintenance_fund_established": True,
        "has_owners_committee": False,
        "has_party_org": True,
    }
    one = {"households_total": 100.0, "households_participated": 60.0}
    table = rank(
        {
            "some": one | known | {"households_agreed": 40.0},
            "all": known
            | {"households_total": 100.0}
            | dict.fromkeys(("households_participated", "households_agreed"), 100.0),
            "zero": one | {"fund_resident_cny": 0.0, "households_agreed": 40.0},
        }
    ).table
    assert table.loc["some", "willingness"] == pytest.approx(0.5 + 3 * 0.05)
    assert table.loc["all", "willingness"] == 1
    assert table.loc["zero", "bonus_contribution"] == 0
    # fund, committee and party organisation could still add
    assert table.loc["zero", "willingness"] == pytest.approx(0.5)
    # and so could the other base of agreement: 40 of 60
    most = (0.6 + 40 / 60) / 2 + 3 * 0.05
    assert table.loc["zero", "willingness_most"] == pytest.approx(most)


def test_yunnan_puts_the_willing_first_and_gansu_does_not():
    keen = {
        "households_total": 300.0,
        "households_participated": 200.0,
        "households_agreed": 200.0,
        "fund_resident_cny": 100.0,
    }
    just_not = keen | {"households_participated": 199.0, "households_agreed": 199.0}
    found = {
        name: rank({"a": keen, "b": just_not}, profile=name)
        for name in ("gansu", "yunnan")
    }
    assert found["gansu"].table["bonus_priority"].tolist() == [0, 0]
    yunnan = found["yunnan"].table
    assert yunnan.loc["a", "bonus_priority"] == pytest.approx(3 * 0.05)
    assert yunnan.loc["b", "bonus_priority"] == pytest.approx(0.05)
    assert [found[name].willing_first for name in found] == [False, True]


# --- gates --------------------------------------------------------------------------


def test_gates_come_first_and_name_their_rules():
    facts = {
        "ready": {},
        "waits": VOTED,
        "out": VOTED | {"condition_fire": "缺失"},
        "excused": VOTED,
        "later": {},
        "begun": VOTED | {"start_date": pd.Timestamp("2026-03-01")},
        "other": VOTED,
    }
    rows = [
        ("GS-2a", "ready", "met"),
        ("GS-2b", "waits", "unknown"),
        ("GS-2b", "out", "short"),
        ("GS-2a", "out", "short"),
        ("N-1-8a", "out", "unknown"),
        ("YN-1-7a", "excused", "short", {"exception": True}),
        ("GS-2c", "other", "short", {"stage": "pre_construction"}),
        ("GS-3d", "other", "short", {"severity": "soft"}),
    ]
    table = rank(facts, rows, eligibility={"later": "reserve"}).table
    gates = table["gate"].to_dict()
    assert gates == {
        "ready": "ready",
        "waits": "waiting",
        "out": "out",
        "excused": "waiting",
        "later": "waiting",
        "begun": "out",
        "other": "ready",
    }
    assert table.loc["out", "gate_rules"] == ("GS-2a", "GS-2b")
    assert table.loc["waits", "gate_rules"] == ("GS-2b",)
    assert table.loc["later", "gate_rules"] == ("reserve",)
    assert table.loc["begun", "gate_rules"] == ("started",)
    order = table["gate"].map({"ready": 0, "waiting": 1, "out": 2})
    assert order.is_monotonic_increasing
    assert table["rank"].tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_ties_break_by_hazards_then_households_then_id():
    same = {"condition_fire": "缺失"}
    settings = ReserveSettings(
        weight_facilities=0.0, weight_scheme=1.0, weight_willingness=0.0
    )
    facts = {
        "z": {"households": 10.0},
        "b": {"households": 50.0},
        "a": {"households": 50.0},
        "h": same | {"households": 1.0},
        "n": {"households": None},
    }
    # all alike in what is on record
    facts["n"]["population"] = 1.0
    assert list(rank(facts, settings=settings).table.index) == ["h", "a", "b", "z", "n"]


# --- score and order ----------------------------------------------------------------


def test_points_add_up_and_weights_are_brought_to_a_hundred():
    facts = {"a": VOTED | {"condition_fire": "缺失"}, "b": VOTED}
    settings = ReserveSettings(
        weight_facilities=8.0, weight_scheme=6.0, weight_willingness=6.0
    )
    plain, scaled = rank(facts).table, rank(facts, settings=settings).table
    pd.testing.assert_series_equal(plain["score"], scaled["score"])
    points = plain[[f"points_{part}" for part in PARTS]].sum(axis=1)
    assert points.to_numpy() == pytest.approx(plain["score"].to_numpy())
    row = plain.loc["a"]
    whole = 40 * row["facilities"] + 30 * row["scheme"] + 30 * row["willingness"]
    assert row["score"] == pytest.approx(whole)
    with pytest.raises(RuleError):
        replace(settings, weight_facilities=-1.0)


def make_random(random, count):
    words = np.array(["破损", "完好", "缺失", None], dtype=object)
    facts = {}
    for at in range(count):
        total = float(random.integers(50, 400))
        active = float(random.integers(0, total + 1))
        row = {
            f"condition_{name}": words[random.integers(4)]
            for name in ("water", "drainage", "gas", "fire", "road", "lighting")
        }
        row |= {
            "households_total": total,
            "households_participated": active if random.random() < 0.8 else None,
            "households_agreed": float(random.integers(0, active + 1)),
            "has_party_org": [True, False, None][random.integers(3)],
            "scheme_items": ["供水、道路", "照明", None][random.integers(3)],
        }
        facts[f"C{at:02}"] = row
    return facts


def test_the_order_is_the_one_of_the_slow_oracle_and_of_any_row_order():
    random = np.random.default_rng(7)
    for _ in range(5):
        facts = make_random(random, 25)
        rows = [
            ("GS-2a", name, ["met", "short", "unknown"][random.integers(3)])
            for name in facts
        ]
        ranking = rank(facts, rows)
        table = ranking.table
        gate = {"met": 0, "unknown": 1, "short": 2}
        state = {name: word for _, name, word in rows}
        expected = sorted(
            facts,
            key=lambda name: (
                gate[state[name]],
                -table.loc[name, "score"],
                -table.loc[name, "hazards"],
                -facts[name]["households_total"],
                name,
            ),
        )
        assert list(table.index) == expected
        assert (table["score_most"] >= table["score"]).all()
        shuffled = [list(facts)[at] for at in random.permutation(len(facts))]
        other = rank({name: facts[name] for name in shuffled}, rows[::-1])
        pd.testing.assert_frame_equal(table, other.table)


def test_what_is_filled_in_never_takes_points_away():
    random = np.random.default_rng(11)
    facts = make_random(random, 20)
    before = rank(facts).table
    for name in facts:
        for column, value in (("has_party_org", True), ("condition_road", "破损")):
            if facts[name].get(column) is None:
                facts[name][column] = value
    after = rank(facts).table.loc[before.index]
    parts = ["facilities", "willingness"]
    assert (after[parts] >= before[parts] - 1e-12).all().all()


def test_sensitivity_is_what_a_new_ranking_says():
    facts = make_random(np.random.default_rng(5), 20)
    settings = ReserveSettings()
    ranking = rank(facts, settings=settings)
    moved = ranking.sensitivity.set_index(["weight", "factor", "community_id"])
    assert len(moved) == len(PARTS) * len(MOVES) * len(facts)
    for part in PARTS:
        for factor in MOVES:
            name = f"weight_{part}"
            weights = {name: getattr(settings, name) * factor}
            again = rank(facts, settings=replace(settings, **weights)).table
            own = moved.loc[(part, factor)]
            pd.testing.assert_series_equal(
                own["rank"], again["rank"].loc[own.index], check_names=False
            )
            scores = again["score"].loc[own.index].to_numpy()
            assert own["score"].to_numpy() == pytest.approx(scores)
    assert moved["moved"].ne(0).any()


# --- words and tables ---------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_tables_and_sentences(lang):
    facts = make_random(np.random.default_rng(2), 12)
    facts["begun"] = VOTED | {"start_date": pd.Timestamp("2026-03-01")}
    ranking = rank(facts, [("GS-2a", "C03", "short"), ("GS-2b", "C04", "unknown")])
    table = make_ranking_table(ranking, lang)
    assert tuple(table.columns[: len(RANKING_COLUMNS)]) == RANKING_COLUMNS
    assert table["rank"].tolist() == list(range(1, len(facts) + 1))
    said = ranking.explain(lang)
    assert (said == table.set_index("community_id")["reason"]).all()
    place = {"zh": "（甘建城〔2022〕15号 二）", "en": " (甘建城〔2022〕15号 二)"}[lang]
    assert place in said["C03"]
    assert place in said["C04"]
    names = name_things(ranking, lang)
    listed = {key for one in ranking.table["unknown"] for key in one}
    assert listed <= set(names)
    for part in PARTS:
        assert table[f"rank_{part}_less"].between(1, len(facts)).all()


def test_a_gate_is_called_by_its_name_and_place():
    policy = make_ground({"a": {}}).plan.rules.policy
    assert name_rule("GS-2a", policy, "zh") == "参与率（甘建城〔2022〕15号 二）"
    assert name_rule("started", policy, "zh") == "已经开工"
    own = policy.assign(rule_id="OWN-1", metric="some_metric").head(1)
    assert "some_metric" in name_rule("OWN-1", own, "en")
    assert name_rule("nowhere", policy, "en") == "nowhere"


def test_the_sentence_by_hand():
    facts = {"a": VOTED | {"condition_water": "破损", "scheme_items": "供水"}}
    said = rank(facts).explain("zh")["a"]
    assert said.startswith("第 1 位，")
    assert "硬性条件都已具备" in said
    assert "短板 1 项、隐患 0 处" in said
    assert "方案对应其中 1 / 1 项" in said
    assert "参与率 75.0 %，同意率 56.3 %（按两种口径中低的一种）" in said
    assert "同意率的口径" in make_ranking_table(rank(facts), "zh")["unknown"][0]


def test_how_much_of_the_order_depends_on_each_weight():
    facts = make_random(np.random.default_rng(5), 20)
    ranking = rank(facts)
    table = make_sensitivity_table(ranking, "zh")
    assert table["weight"].tolist() == [part for part in PARTS for _ in MOVES]
    moved = ranking.sensitivity
    for row in table.to_dict("records"):
        own = moved[
            (moved["weight"] == row["weight"]) & (moved["factor"] == row["factor"])
        ].set_index("community_id")["moved"]
        assert row["moved"] == (own != 0).sum()
        assert row["most"] == own.abs().max()
        if row["most"]:
            assert abs(own[row["community_id"]]) == row["most"]
        else:
            assert row["community_id"] == ""


def test_an_empty_library_is_ranked():
    ground = make_ground({"a": {"households": 1.0}})
    empty = replace(ground, facts=ground.facts.iloc[:0])
    ranking = rank_reserve(make_checks(empty))
    assert ranking.table.empty
    assert ranking.sensitivity.empty
