"""Edits of units: each is pure, keeps every community once, and can be taken back."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.decisions import Decisions, check_decisions, make_decisions
from geo.settings import UnitSettings
from geo.unit_drafts import (
    STEPS_KEPT,
    Draft,
    History,
    draft_decisions,
    make_draft,
    number_units,
    start_draft,
    take_units,
)
from geo.unit_edits import (
    EDITS,
    declare_crossing,
    move_communities,
    withdraw_crossing,
)
from geo.what_if_files import Step

UNITS = {"A": "U001", "B": "U001", "C": "U001", "D": "U002", "E": "U002", "F": "U003"}


@pytest.fixture
def draft() -> Draft:
    return Draft(dict(UNITS))


def groups(draft: Draft) -> set[str]:
    return {"".join(members) for members in draft.groups().values()}


def test_merge_joins_whole_units(draft: Draft) -> None:
    made = EDITS["merge"](draft, ["B", "F"])
    assert groups(made) == {"ABCF", "DE"}
    assert made.unit_of["F"] == "U001"
    assert made.drawn == {"U001"}
    assert draft.unit_of == UNITS


def test_split_takes_out_what_is_named_together(draft: Draft) -> None:
    made = EDITS["split"](draft, ["C", "D"])
    assert groups(made) == {"AB", "CD", "E", "F"}
    assert made.unit_of["A"] == "U001"
    assert made.unit_of["E"] == "U002"
    assert made.drawn == {"U004"}


def test_splitting_a_whole_unit_keeps_it(draft: Draft) -> None:
    made = EDITS["split"](draft, ["D", "E"])
    assert made.unit_of == UNITS
    assert made.drawn == {"U002"}
    assert EDITS["split"](draft, ["nobody"]) == draft


def test_scatter_leaves_singles(draft: Draft) -> None:
    made = EDITS["scatter"](draft, ["B"])
    assert groups(made) == {"A", "B", "C", "DE", "F"}
    assert made.unit_of["A"] == "U001"
    assert made.drawn == {made.unit_of[one] for one in "ABC"}


def test_move(draft: Draft) -> None:
    made = move_communities(draft, ["C"], "U002")
    assert groups(made) == {"AB", "CDE", "F"}
    assert made.drawn == {"U002"}
    assert move_communities(draft, ["C"], "U999") == draft
    alone = EDITS["exclude"](draft, ["F"])
    assert move_communities(alone, ["C"], "U003") == alone


def test_a_unit_that_is_gone_is_no_longer_drawn(draft: Draft) -> None:
    kept = EDITS["keep"](draft, ["F", "D"])
    assert kept.drawn == {"U002", "U003"}
    assert move_communities(kept, ["F"], "U001").drawn == {"U001", "U002"}
    assert EDITS["release"](kept, ["E"]).drawn == {"U003"}


def test_lock_and_forbid_exclude_each_other(draft: Draft) -> None:
    locked = EDITS["lock"](draft, ["C", "A", "D"])
    assert locked.locked == {("A", "C"), ("C", "D")}
    assert locked.unit_of == UNITS
    assert locked.unmet() == ((("C", "D"),), ())
    parted = EDITS["forbid"](locked, ["D", "C"])
    assert parted.locked == {("A", "C")}
    assert parted.forbidden == {("C", "D")}
    assert EDITS["lock"](parted, ["C", "D"]).forbidden == frozenset()
    assert EDITS["unlock"](parted, ["A", "C"]).locked == frozenset()
    assert EDITS["unlock"](parted, ["A"]) == parted
    assert EDITS["allow"](parted, "CD").forbidden == frozenset()
    assert EDITS["forbid"](draft, "AB").unmet() == ((), (("A", "B"),))


def test_an_excluded_community_stands_alone(draft: Draft) -> None:
    locked = EDITS["lock"](EDITS["keep"](draft, ["A", "F"]), ["A", "B", "F"])
    out = EDITS["exclude"](locked, ["B", "F"])
    assert groups(out) == {"AC", "B", "DE", "F"}
    assert out.locked == frozenset()
    for name in ("merge", "split", "scatter", "keep"):
        made = EDITS[name](out, ["B", "F"])
        assert groups(made) == groups(out)
    assert EDITS["merge"](out, ["A", "B", "D"]).unit_of["B"] == out.unit_of["B"]
    assert EDITS["keep"](draft, ["A"]).drawn == {"U001"}
    back = EDITS["include"](out, ["B", "A"])
    assert back.excluded == {"F"}
    assert groups(EDITS["merge"](back, ["A", "B"])) == {"ABC", "DE", "F"}


def test_crossings_are_pairs(draft: Draft) -> None:
    made = declare_crossing(declare_crossing(draft, "E", "A"), "A", "A")
    assert made.crossings == {("A", "E")}
    assert withdraw_crossing(made, "E", "A") == draft


def test_a_step_can_be_taken_back_and_again(draft: Draft) -> None:
    history = History(draft).do(EDITS["merge"](draft, "AD"), "merge", names="A、D")
    assert history.past[-1].key == "merge"
    assert dict(history.past[-1].values) == {"names": "A、D"}
    back = history.undo()
    assert back.now == draft
    assert back.future[-1].key == "merge"
    assert back.redo() == history
    assert back.undo() == back
    assert history.redo() == history
    assert back.do(EDITS["lock"](draft, "AB"), "lock").future == ()
    assert history.do(history.now, "nothing") is history


def test_the_history_is_bounded(draft: Draft) -> None:
    history = History(draft)
    for at in range(STEPS_KEPT + 9):
        name = "merge" if at % 2 else "scatter"
        history = history.do(EDITS[name](history.now, ["A", "B", "C"]), name)
    assert len(history.past) == STEPS_KEPT


def test_decisions_hold_the_drawn_units_or_all(draft: Draft) -> None:
    made = EDITS["exclude"](EDITS["merge"](draft, "DF"), "A")
    made = declare_crossing(EDITS["lock"](made, "BC"), "B", "D")
    some = draft_decisions(made, whole=False)
    assert some.units == (("D", "E", "F"),)
    assert some.settings is None
    settings = UnitSettings(communities_most=9)
    whole = draft_decisions(made, settings, whole=True)
    assert whole.units == (("B", "C"), ("D", "E", "F"))
    assert (whole.locked, whole.crossings) == ((("B", "C"),), (("B", "D"),))
    assert (whole.excluded, whole.settings) == (("A",), settings)
    assert groups(start_draft(UNITS, whole)) == {"A", "BC", "DEF"}


def test_solved_units_keep_what_was_drawn(draft: Draft) -> None:
    made = EDITS["lock"](EDITS["keep"](draft, "D"), "AB")
    solved = {"A": "U001", "B": "U002", "C": "U002", "D": "U003", "E": "U003"}
    taken = take_units(made, solved | {"F": "U002"})
    assert taken.drawn == {"U003"}
    assert taken.locked == {("A", "B")}
    again = make_draft(taken.unit_of, draft_decisions(taken, whole=False))
    assert again == taken


def test_a_scheme_starts_with_everything_else_alone() -> None:
    decisions = make_decisions(name="甲", units=[["C", "B"]], excluded=["A"])
    made = start_draft(["D", "C", "B", "A"], decisions)
    assert made.unit_of == {"A": "U001", "B": "U002", "C": "U002", "D": "U003"}
    assert made.drawn == {"U002"}
    assert made.name == "甲"
    assert start_draft(["A"], Decisions()).drawn == frozenset()


def test_units_are_numbered_by_their_smallest_member(draft: Draft) -> None:
    made = number_units(move_communities(EDITS["scatter"](draft, "A"), "A", "U003"))
    assert made.unit_of["A"] == made.unit_of["F"] == "U001"
    assert [made.unit_of[one] for one in "BCD"] == ["U002", "U003", "U004"]
    assert made.drawn == {"U001", "U002", "U003"}


def test_new_labels_are_as_wide_as_the_others() -> None:
    many = start_draft([f"C{at:04d}" for at in range(1000)], Decisions())
    assert many.unit_of["C0999"] == "U1000"
    merged = EDITS["merge"](many, ["C0000", "C0001", "C0002"])
    assert EDITS["split"](merged, ["C0002"]).unit_of["C0002"] == "U0002"


# ------------------------------------------------------------------ properties

ids = st.sets(st.sampled_from([*UNITS, "nobody"]), max_size=4)
moves = st.tuples(
    st.sampled_from([*EDITS, "move", "cross", "uncross", "undo", "redo"]),
    ids,
    st.sampled_from([f"U00{n}" for n in range(1, 8)]),
)


def step(history: History, move: tuple[str, set[str], str]) -> History:
    name, chosen, label = move
    now = history.now
    if name in {"undo", "redo"}:
        return getattr(history, name)()
    if name == "move":
        return history.do(move_communities(now, chosen, label), name)
    if name in {"cross", "uncross"}:
        pair = sorted(chosen - {"nobody"})[:2]
        if len(pair) < 2:
            return history
        edit = declare_crossing if name == "cross" else withdraw_crossing
        return history.do(edit(now, *pair), name)
    return history.do(EDITS[name](now, chosen), name)


def check(draft: Draft, first: Mapping[str, str]) -> None:
    assert set(draft.unit_of) == set(first)
    assert sorted(one for unit in draft.groups().values() for one in unit) == [*first]
    assert draft.drawn <= set(draft.unit_of.values())
    assert not draft.locked & draft.forbidden
    for one in draft.excluded:
        assert draft.members(draft.unit_of[one]) == (one,)
        assert draft.unit_of[one] not in draft.drawn
        assert not any(one in pair for pair in draft.locked)
    for pair in (*draft.locked, *draft.forbidden, *draft.crossings):
        assert pair[0] < pair[1]


@given(st.lists(moves, max_size=14))
def test_any_sequence_keeps_every_community_once(
    sequence: list[tuple[str, set[str], str]],
) -> None:
    history = History(Draft(dict(UNITS)))
    for move in sequence:
        before = history
        history = step(history, move)
        check(history.now, UNITS)
        if move[0] not in {"undo", "redo"} and history is not before:
            assert history.undo().now == before.now
        if history.past:
            assert history.undo().redo() == history
        if history.future:
            assert history.redo().undo() == history
    while history.past:
        history = history.undo()
    assert history.now.unit_of == UNITS


@given(st.lists(moves, max_size=9))
def test_decisions_bring_back_the_units(
    sequence: list[tuple[str, set[str], str]],
) -> None:
    history = History(Draft(dict(UNITS)))
    for move in sequence:
        history = step(history, move)
    decisions = draft_decisions(history.now, whole=True)
    checked, findings = check_decisions(decisions, UNITS)
    assert findings.empty
    assert checked == decisions
    assert groups(start_draft(UNITS, decisions)) == groups(history.now)
    assert draft_decisions(start_draft(UNITS, decisions), whole=True) == decisions


def test_a_draft_keeps_what_its_scheme_says_of_sites():
    scheme = Decisions(
        name="甲",
        units=(("B", "C"),),
        sites_forbidden=(("R1", "parking"),),
        steps=(Step(kind="close", facility_id="F1"),),
    )
    draft = start_draft(["A", "B", "C"], scheme)
    kept = draft_decisions(draft, whole=True)
    assert kept.sites_forbidden == scheme.sites_forbidden
    assert kept.steps == scheme.steps
    assert kept.units == (("A",), ("B", "C"))
