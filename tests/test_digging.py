"""The same place dug up again, and the years that would spare it: by slow ways."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from works_town import box, communities, line, pipes, random_town, table, wkt, work

from geo.digging import REPEAT_COLUMNS, find_repeated_digging
from geo.digs import list_digs, read_plan_years
from geo.work_places import place_works


def trench(name, year, y=50.0, community="A", **cells):
    place = wkt(line((10, y), (90, y)))
    start = None if year is None else f"{year}-05-01"
    return work(name, community, wkt=place, planned_start=start, **cells)


def find(*works, lines=(), plans=(), years=5, earliest=2026):
    placed = place_works(table("works", *works), communities())
    digs = list_digs(
        placed,
        pipes(*lines),
        table("utility_plans", *plans),
        communities(),
        pd.Series(dtype="float64"),
    )
    return find_repeated_digging(
        digs, communities(), near_m=2.0, years=years, earliest=earliest
    )


def test_a_place_dug_up_again_within_five_years_is_a_conflict():
    found = find(trench("W1", 2027), trench("W2", 2029, 51.0))
    assert list(found.columns) == list(REPEAT_COLUMNS)
    one = found.iloc[0]
    assert len(found) == 1
    assert (one["a_id"], one["b_id"], one["community_id"]) == ("W1", "W2", "A")
    assert (one["year_a"], one["year_b"], one["reason"]) == (2027, 2029, "repeat")
    assert one["shared_m"] == pytest.approx(80.0, abs=0.01)


@pytest.mark.parametrize(
    ("second", "count"), [(2027, 0), (2028, 1), (2032, 1), (2033, 0), (2022, 1)]
)
def test_the_fifth_year_counts_and_the_same_year_does_not(second, count):
    assert len(find(trench("W1", 2027), trench("W2", second, 51.0))) == count


def test_years_of_works_that_last_count_from_their_end():
    long = trench("W1", 2027, planned_finish="2029-08-01")
    assert len(find(long, trench("W2", 2029))) == 0
    assert len(find(long, trench("W2", 2034))) == 1
    assert len(find(long, trench("W2", 2035))) == 0


def test_better_years_are_together_or_far_enough():
    one = find(trench("W1", 2027), trench("W2", 2029)).iloc[0]
    assert one["years_a"] == "2029"  # 2024 and earlier are past
    assert one["years_b"] == "2027|2033|2034"
    # of two moves by two years the one to the earlier year
    assert (one["better_id"], one["better_year"]) == ("W2", 2027)


def test_a_year_that_meets_somebody_else_is_no_better_year():
    # W3 digs beside W2 only, in 2027: W2 cannot move there from a conflict with both
    works = (trench("W1", 2028), trench("W2", 2030, 51.5), trench("W3", 2036, 53.0))
    found = find(*works).set_index(["a_id", "b_id"])
    assert found.loc[("W1", "W2"), "years_b"] == "2028"  # 2034 and 2035 meet W3
    assert ("W2", "W3") not in found.index


def test_the_district_moves_its_own_works_rather_than_pipes():
    pipe = ("U1", "gas", 2028.0, line((0, 50), (100, 50)))
    one = find(trench("W1", 2027), lines=[pipe]).iloc[0]
    assert (one["a_id"], one["better_id"], one["better_year"]) == ("U1", "W1", 2028)


def test_moves_among_three_in_a_row():
    crowd = [trench(f"W{i}", 2026 + i) for i in (1, 2, 3)]
    assert find(trench("W1", 2027), trench("W2", 2029), years=1).empty
    found = find(*crowd, years=1).set_index(["a_id", "b_id"])
    assert list(found.index) == [("W1", "W2"), ("W2", "W3")]
    # beside W2 is one year before W3: no place for W1
    assert found["years_a"].tolist() == ["2026", "2027|2029"]
    assert found["years_b"].tolist() == ["2027|2029", "2030"]


def test_a_conflict_without_a_better_year_says_so():
    one = find(trench("W1", 2027), trench("W2", 2029), earliest=2040).iloc[0]
    assert (one["years_a"], one["years_b"]) == ("", "")
    assert one["better_id"] is None
    assert np.isnan(one["better_year"])


def test_what_is_not_drawn_or_dated_or_told_is_unsure():
    found = find(work("W1", planned_start="2027-05-01"), trench("W2", 2029))
    assert found["reason"].tolist() == ["place_unsure"]
    assert found["shared_m"].isna().all()
    found = find(trench("W1", None), trench("W2", 2029))
    assert found["reason"].tolist() == ["year_unknown"]
    assert found["better_year"].isna().all()
    assert found["better_id"].isna().all()
    maybe = trench("W1", 2027, excavates=None, work_layer="surface")
    assert find(maybe, trench("W2", 2029))["reason"].tolist() == ["digging_unsure"]
    never = trench("W1", 2027, excavates=False)
    assert find(never, trench("W2", 2029)).empty


def test_two_communities_that_share_a_place_both_have_it():
    found = find(trench("W1", 2027), trench("W2", 2029, 51.0, "B"))
    assert found["community_id"].tolist() == ["A", "B"]


def test_two_pipes_count_where_they_share_a_place_in_an_outline():
    inside = [
        ("U1", "gas", 2027.0, line((-50, 50), (50, 50))),
        ("U2", "water", 2029.0, line((-50, 51), (50, 51))),
    ]
    found = find(lines=inside)
    assert found[["a_id", "b_id", "community_id"]].to_numpy().tolist() == [
        ["U1", "U2", "A"]
    ]
    street = [
        ("U1", "gas", 2027.0, line((-50, -10), (50, -10))),
        ("U2", "water", 2029.0, line((-50, -11), (50, -11))),
    ]
    assert find(lines=street).empty


def test_two_pipes_that_reach_one_outline_apart_do_not_count():
    apart = [
        ("U1", "gas", 2027.0, line((-50, -1), (-20, -1), (-20, 50), (10, 50))),
        ("U2", "water", 2029.0, line((-50, -2), (50, -2), (50, 20))),
    ]
    assert find(lines=apart).empty


# ---- oracles -------------------------------------------------------------------------


def spell(digs):
    """Return plain rows of digs."""
    return digs.assign(shape=digs.geometry).drop(columns="geometry").to_dict("records")


def may_meet(a, b, near_m):
    """Tell if two digs may open the same place, and whether that is sure."""
    if a["shape"] is None or b["shape"] is None:
        return False
    both = a["placed"] == b["placed"] == "drawn"
    either = "drawn" in (a["placed"], b["placed"])
    same = a["community_id"] is not None and a["community_id"] == b["community_id"]
    return a["shape"].distance(b["shape"]) <= near_m and (both or either or same)


def in_conflict(a, b, years, shift=0):
    """Tell if two digs in the same place are too near in time: year by year."""
    cells = (a["first_year"], a["last_year"], b["first_year"], b["last_year"])
    if any(np.isnan(cells)):
        return None
    own = set(range(int(cells[0]) + shift, int(cells[1]) + shift + 1))
    other = set(range(int(cells[2]), int(cells[3]) + 1))
    gap = min(abs(one - two) for one in own for two in other)
    return 0 < gap <= years


def owners(a, b, places, near_m):
    """Tell whose a pair is."""
    if a["origin"] == b["origin"] == "utility":
        return {
            name
            for name, outline in places.items()
            if all(
                one["shape"].intersection(outline).distance(two["shape"]) <= near_m
                for one, two in ((a, b), (b, a))
                if outline.intersects(one["shape"])
            )
            and outline.intersects(a["shape"])
            and outline.intersects(b["shape"])
        }
    return {a["community_id"], b["community_id"]} - {None}


def better_years(rows, moved, other, town):
    """Try every year in turn: which removes the conflict and makes no new one."""
    own = rows[moved]
    drawn = own["placed"] == rows[other]["placed"] == "drawn"
    near = [
        at
        for at, one in enumerate(rows)
        if at != moved
        and may_meet(own, one, town.near_m)
        # of what is drawn, only what is drawn counts
        and (not drawn or one["placed"] == "drawn")
    ]
    before = {at for at in near if in_conflict(own, rows[at], town.years)}
    found = []
    for year in range(2000, 2060):
        shift = year - int(own["first_year"])
        after = {at for at in near if in_conflict(own, rows[at], town.years, shift)}
        good = other not in after and after <= before
        if good and 0 < abs(shift) <= town.years and year >= town.earliest:
            found.append(year)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_conflicts_and_better_years_are_those_of_the_slow_way(seed):
    town = random_town(seed)
    placed = place_works(town.works, town.communities)
    digs = list_digs(
        placed,
        town.utilities,
        town.plans,
        town.communities,
        read_plan_years(town.facts),
    )
    found = find_repeated_digging(
        digs,
        town.communities,
        near_m=town.near_m,
        years=town.years,
        earliest=town.earliest,
    )
    rows, places = spell(digs), dict(town.communities.geometry.items())
    expected = {}
    for i, j in combinations(range(len(rows)), 2):
        a, b = rows[i], rows[j]
        clash = in_conflict(a, b, town.years)
        if not may_meet(a, b, town.near_m) or clash is False:
            continue
        moves = [[], []]
        if clash:
            moves = [better_years(rows, *pair, town) for pair in ((i, j), (j, i))]
        for owner in owners(a, b, places, town.near_m):
            expected[(owner, a["dig_id"], b["dig_id"])] = moves
    keys = [*zip(found["community_id"], found["a_id"], found["b_id"], strict=True)]
    assert sorted(keys) == sorted(expected)
    assert keys == sorted(keys)
    for key, one in zip(keys, found.to_dict("records"), strict=True):
        said = [
            [int(year) for year in one[name].split("|") if year]
            for name in ("years_a", "years_b")
        ]
        assert said == expected[key]
        options = [
            (abs(year - one[f"year_{side}"]), one[f"{side}_origin"] != "work", year)
            for side, years in zip("ab", said, strict=True)
            for year in years
        ]
        if options:
            assert one["better_year"] == min(options)[2]
            side = "a" if one["better_id"] == one["a_id"] else "b"
            assert int(one["better_year"]) in said["ab".index(side)]
        else:
            assert np.isnan(one["better_year"])


def test_random_towns_have_conflicts_of_every_kind():
    reasons, moved = set(), 0
    for seed in range(40):
        town = random_town(seed)
        placed = place_works(town.works, town.communities)
        digs = list_digs(
            placed,
            town.utilities,
            town.plans,
            town.communities,
            read_plan_years(town.facts),
        )
        found = find_repeated_digging(
            digs, town.communities, near_m=8.0, years=5, earliest=2026
        )
        reasons |= set(found["reason"])
        moved += int(found["better_year"].notna().sum())
    assert reasons == {"repeat", "place_unsure", "digging_unsure", "year_unknown"}
    assert moved > 30


def test_the_order_of_rows_does_not_matter():
    works = [trench("W2", 2029, 51.0), trench("W1", 2027), trench("W3", 2031, 52.0)]
    pipe = ("U1", "gas", 2028.0, box(0, 40, 100, 60))
    first, second = find(*works, lines=[pipe]), find(*reversed(works), lines=[pipe])
    pd.testing.assert_frame_equal(first, second)
    assert len(first) == 6
