"""States and certainty as pure functions of arrays: every case on its own."""

import numpy as np
import pytest

from geo.coverage import (
    Access,
    Share,
    Test,
    combine_states,
    find_borderline,
    find_least,
    judge_certainty,
    judge_distance,
    judge_size,
    measure_share,
    select,
    set_presence,
)

NAN = np.nan
T = np.array([300.0])
YES, NO = np.array([[True]]), np.array([[False]])


def make_access(doors=(), *, attached=True):
    """One community with one gate and some doors: (households, attached)."""
    return Access(
        communities=1,
        gate_community=np.array([0]),
        gate_attached=np.array([attached]),
        door_community=np.zeros(len(doors), dtype=np.int64),
        door_attached=np.array([on for _, on in doors], dtype=bool),
        door_households=np.array([h for h, _ in doors], dtype=float),
    )


def one(value):
    return np.array([[value]])


def share_of(low, high=None):
    return Share(one(low), one(low if high is None else high))


def test_select_takes_the_first_case_that_holds():
    first, second = np.array([True, False, False]), np.array([True, True, False])
    assert select((first, "a"), (second, "b"), default="c").tolist() == ["a", "b", "c"]


def test_least_distance_ignores_what_is_out_of_reach_and_takes_the_first_gate():
    values = np.array([[NAN, 5.0], [7.0, 5.0], [9.0, NAN]])
    least, row = find_least(values, np.array([0, 0, 1]), 3)
    np.testing.assert_array_equal(least, [[7.0, 5.0], [9.0, NAN], [NAN, NAN]])
    assert row.tolist() == [[1, 0], [2, -1], [-1, -1]]


@pytest.mark.parametrize(
    ("distance", "share"), [(299.99, 1.0), (300.0, 1.0), (300.01, 0.0), (NAN, 0.0)]
)
def test_without_doors_the_share_is_one_or_zero(distance, share):
    found = measure_share(make_access(), one(distance), np.empty((0, 1)), T)
    assert found.low.item() == found.high.item() == share


def test_with_doors_the_share_counts_households_and_not_gates():
    access = make_access([(225.0, True), (75.0, True)])
    found = measure_share(access, one(10.0), np.array([[300.0], [NAN]]), T)
    assert found.low.item() == found.high.item() == 0.75


def test_a_door_on_no_street_may_be_within_or_not():
    access = make_access([(200.0, True), (50.0, False), (50.0, True)])
    found = measure_share(access, one(10.0), np.array([[250.0], [NAN], [400.0]]), T)
    assert found.low.item() == pytest.approx(200 / 300)
    assert found.high.item() == pytest.approx(250 / 300)
    assert found.verdict(0.8).item() == "unknown"


def test_eighty_percent_exactly_is_met():
    access = make_access([(240.0, True), (60.0, True)])
    found = measure_share(access, one(NAN), np.array([[300.0], [300.01]]), T)
    assert found.verdict(0.8).item() == "met"


@pytest.mark.parametrize(
    ("share", "doors", "entered", "hidden", "state", "cause"),
    [
        (share_of(1.0), NO, YES, NO, "met", "gate_met"),
        (share_of(1.0), NO, YES, YES, "met", "gate_met"),
        (share_of(0.0), NO, YES, NO, "short", "gate_far"),
        (share_of(0.0), NO, YES, YES, "unknown", "hidden"),
        (share_of(0.0), NO, NO, NO, "unknown", "no_gate"),
        (share_of(1.0), NO, NO, NO, "unknown", "no_gate"),
        (share_of(0.9), YES, YES, NO, "met", "doors_met"),
        (share_of(0.79), YES, YES, NO, "short", "doors_short"),
        (share_of(0.79), YES, YES, YES, "unknown", "hidden"),
        (share_of(0.7, 0.9), YES, YES, NO, "unknown", "doors_unknown"),
        (share_of(0.7, 0.9), YES, YES, YES, "unknown", "doors_unknown"),
    ],
)
def test_distance(share, doors, entered, hidden, state, cause):
    test = judge_distance(share, 0.8, doors=doors, entered=entered, hidden=hidden)
    assert (test.state.item(), test.cause.item()) == (state, cause)


@pytest.mark.parametrize(
    ("every", "large", "maybe", "entered", "hidden", "state", "cause"),
    [
        (100, 250, 250, YES, NO, "met", "large_enough"),
        (100, 300, 300, YES, YES, "met", "large_enough"),
        (100, NAN, NAN, YES, NO, "short", "too_small"),
        (100, 301, 301, YES, NO, "short", "too_small"),
        (100, NAN, NAN, YES, YES, "unknown", "hidden"),
        (100, NAN, 100, YES, NO, "unknown", "area_missing"),
        (100, 301, 299, YES, NO, "unknown", "area_missing"),
        (301, 301, 301, YES, NO, "unknown", "none_in_reach"),
        (NAN, NAN, NAN, YES, NO, "unknown", "none_in_reach"),
        (100, 100, 100, NO, NO, "unknown", "no_gate"),
    ],
)
def test_size(every, large, maybe, entered, hidden, state, cause):
    distances = (one(float(value)) for value in (every, large, maybe))
    test = judge_size(*distances, T, entered=entered, hidden=hidden)
    assert (test.state.item(), test.cause.item()) == (state, cause)


@pytest.mark.parametrize(
    ("ruled", "required", "present", "ambiguous", "state", "cause"),
    [
        (True, True, True, False, "short", "gate_far"),
        (True, True, True, True, "short", "gate_far"),
        (True, True, False, False, "no_data", "no_data"),
        (True, True, False, True, "unknown", "ambiguous"),
        (False, True, True, False, "not_required", "no_rule"),
        (False, True, False, False, "not_required", "no_rule"),
        (True, False, False, False, "not_required", "switched_off"),
        (False, False, True, True, "not_required", "switched_off"),
    ],
)
def test_presence_comes_before_distance(
    ruled, required, present, ambiguous, state, cause
):
    test = set_presence(
        Test(one("short"), one("gate_far")),
        ruled=np.array([ruled]),
        required=np.array([required]),
        present=np.array([present]),
        ambiguous=np.array([ambiguous]),
    )
    assert (test.state.item(), test.cause.item()) == (state, cause)


@pytest.mark.parametrize(
    ("tests", "required", "state"),
    [
        (("met", "met", "met"), True, "met"),
        (("met", "not_required", "not_required"), True, "met"),
        (("met", "unknown", "not_required"), True, "unknown"),
        (("met", "unknown", "short"), True, "short"),
        (("short", "unknown", "met"), True, "short"),
        (("no_data", "no_data", "not_required"), True, "no_data"),
        (("not_required", "not_required", "not_required"), False, "not_required"),
        (("not_required", "not_required", "not_required"), True, "unknown"),
        (("short", "short", "short"), False, "not_required"),
    ],
)
def test_precedence_of_states(tests, required, state):
    states = (one(word) for word in tests)
    found = combine_states(*states, required=np.array([required]))
    assert found.item() == state


# 0.9 d <= 300 < 1.1 d holds from 272.73 (300 / 1.1) to 333.33 (300 / 0.9)
@pytest.mark.parametrize(
    ("distance", "close"),
    [
        (272.72, False),
        (272.73, True),
        (300.0, True),
        (333.33, True),
        (333.34, False),
        (NAN, False),
    ],
)
def test_borderline_by_the_gate(distance, close):
    same = share_of(1.0)
    found = find_borderline(
        one(distance), T, same, same, doors=NO, least=0.8, share=0.1
    )
    assert found.item() is close


def test_borderline_is_exact_where_the_numbers_are():
    # 1.1 x 300 is 330 exactly: 330 < 330 does not hold, whatever floats say
    same = share_of(1.0)
    threshold = np.array([330.0])
    found = find_borderline(
        one(300.0), threshold, same, same, doors=NO, least=0.8, share=0.1
    )
    assert not found.item()


@pytest.mark.parametrize(
    ("narrow", "wide", "close"),
    [(0.7, 0.9, True), (0.8, 0.9, False), (0.5, 0.79, False), (0.79, 0.8, True)],
)
def test_borderline_by_the_doors_is_a_verdict_that_turns(narrow, wide, close):
    found = find_borderline(
        one(300.0), T, share_of(narrow), share_of(wide), doors=YES, least=0.8, share=0.1
    )
    assert found.item() is close


@pytest.mark.parametrize(
    ("state", "borderline", "edge_m", "certainty"),
    [
        ("met", False, 0.0, "certain"),
        ("met", True, 0.0, "borderline"),
        ("short", False, NAN, "certain"),
        ("short", False, 300.0, "certain"),
        ("short", False, 299.99, "edge"),
        ("short", True, 299.99, "edge"),
        ("short", True, 300.0, "borderline"),
        ("unknown", True, 0.0, ""),
        ("no_data", False, 0.0, ""),
        ("not_required", False, 0.0, ""),
    ],
)
def test_certainty(state, borderline, edge_m, certainty):
    found = judge_certainty(one(state), one(borderline), one(edge_m), T)
    assert found.item() == certainty
