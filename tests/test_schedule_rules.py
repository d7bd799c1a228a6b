"""What must hold for every plan, counted again from the tables that people fill in.

``PIANQU_SCHEDULE_CASES`` says how many random districts are planned.
"""

import math
import os
from itertools import product

import numpy as np
import pytest
from schedule_town import make_ranking

from geo.errors import CancelledError
from geo.policy_settings import ScheduleSettings
from geo.schedule import plan_schedule

CASES = int(os.environ.get("PIANQU_SCHEDULE_CASES", "80"))
YEARS = (2027, 2028)
GATES = ("ready", "ready", "ready", "waiting", "out")


def draw(seed):
    """Draw a district: a ranking, funds, networks, wishes and settings."""
    rng = np.random.default_rng(seed)
    ids = [f"c{at}" for at in range(1, int(rng.integers(4, 10)))]
    street = {}
    for at, name in enumerate(ids):
        cost = float(rng.integers(1, 9)) * 1e6
        central = float(rng.integers(0, 9)) * cost / 8
        street[name] = (
            str(rng.choice(["A", "B", "C", "D", "E"])) if rng.random() < 0.8 else None,
            str(rng.choice(GATES)),
            90.0 - 7 * at,
            float(rng.integers(10, 500)) if rng.random() < 0.9 else math.nan,
            cost if rng.random() < 0.9 else math.nan,
            central if rng.random() < 0.8 else math.nan,
        )
    budgets = [
        (year, source, float(rng.integers(1, most)) * 1e6, places)
        for year in YEARS
        for source, most, places in (
            ("all", 20, float(rng.integers(1, 4))),
            ("central", 8, None),
        )
        if rng.random() < 0.8
    ]
    plans = [
        (str(rng.choice(ids)), str(rng.choice(["water", "gas"])), int(year))
        for year in rng.integers(2025, 2032, int(rng.integers(0, 5)))
    ]
    ranking = make_ranking(
        street, budgets=budgets, plans=plans, broken=("water", "gas")
    )
    pinned = {ids[0]: 2028} if rng.random() < 0.2 else {}
    barred = [str(rng.choice(ids))] if rng.random() < 0.2 else []
    settings = ScheduleSettings(
        years=len(YEARS),
        mode=("strict", "optimise")[seed % 2],
        unsure_gates=bool(rng.random() < 0.3),
        whole_only=bool(rng.random() < 0.2),
        utilities_bind=bool(rng.random() < 0.7),
        utility_years=int(rng.integers(0, 2)),
    )
    return street, budgets, plans, ranking, settings, pinned, barred


def unit_of(street):
    return {name: row[0] or name for name, row in street.items()}


def choose_members(street, settings, barred):
    """Return the members of each unit that go, as the settings ask for."""
    takes = {"ready", "waiting"} if settings.unsure_gates else {"ready"}
    units = unit_of(street)
    out = {units[name] for name in barred}
    members = {}
    for unit in sorted(set(units.values()) - out):
        own = [name for name in street if units[name] == unit]
        going = [name for name in own if street[name][1] in takes]
        if going and not (settings.whole_only and len(going) < len(own)):
            members[unit] = going
    return members


def take_most(street, members, source):
    """Return what a unit takes of a line at most; None: nobody knows."""
    whole = 0.0
    for name in members:
        cost, central = street[name][4:]
        if source == "all":
            need = cost
        elif not math.isnan(central):
            need = central
        elif math.isnan(cost):
            return None
        else:
            need = 0.0  # no source is named at all: who pays is open
        if math.isnan(need):
            return None
        whole += need
    return whole


def keeps_funds(street, budgets, members, year_of, year, units):
    """Tell whether some units stay within the funds and places of a year."""
    for when, source, money, places in budgets:
        if when != year:
            continue
        here = [unit for unit in units if year_of.get(unit) == year]
        if places is not None and len(here) > places:
            return False
        needs = [take_most(street, members[unit], source) for unit in here]
        if None in needs or sum(needs) > money + 0.005:
            return False
    return True


def suits(plans, members, year, within):
    """Return how many networks of members a year suits, of those renewed."""
    count = 0
    for name, kind in product(members, ("water", "gas")):
        own = [y for who, what, y in plans if (who, what) == (name, kind)]
        own = [y for y in own if y >= YEARS[0] - within]
        count += any(y <= year <= y + within for y in own)
    return count


def list_years(plans, members, settings):
    if not settings.utilities_bind:
        return YEARS
    within = settings.utility_years
    found = {year: suits(plans, members, year, within) for year in YEARS}
    return [year for year in YEARS if found[year] == max(found.values())]


@pytest.mark.parametrize("part", range(8))
def test_no_rule_is_broken_on_any(part):
    planned = 0
    for seed in range(part, CASES, 8):
        street, budgets, plans, ranking, settings, pinned, barred = draw(seed)
        schedule = plan_schedule(
            ranking, settings=settings, pinned=pinned, barred=barred
        )
        members = choose_members(street, settings, barred)
        units = unit_of(street)
        pins = {units[name]: year for name, year in pinned.items()}
        found = schedule.table["year"].to_dict()
        planned += len(found)
        # whole units, once, of those who may go
        year_of = schedule.year_of
        assert sorted(year_of.index) == sorted(
            name for unit in found for name in members[unit]
        )
        for unit, year in found.items():
            assert {year_of[name] for name in members[unit]} == {year}
            assert year in YEARS
            if unit in pins:
                assert year == pins[unit]
            else:
                assert year in list_years(plans, members[unit], settings)
        # pins stand, everybody is either planned or left out with a reason
        assert {unit for unit in pins if unit in members} <= set(found)
        assert set(found) | set(schedule.left_out.index) == set(units.values())
        assert not set(found) & set(schedule.left_out.index)
        assert set(schedule.explain("zh").index) == set(units.values())
        # funds and places, pinned units apart
        for year in YEARS:
            here = [u for u in found if found[u] == year]
            if any(u in pins for u in here):
                if not keeps_funds(street, budgets, members, found, year, here):
                    only = [u for u in here if u in pins]
                    some = keeps_funds(street, budgets, members, found, year, only)
                    assert not some or seeds_exceed(schedule, year)
            else:
                assert keeps_funds(street, budgets, members, found, year, here)
    assert planned > CASES / 8


def seeds_exceed(schedule, year):
    """Tell whether a year says that it is exceeded."""
    row = schedule.years.loc[year]
    over = schedule.funds.set_index("year").loc[[year], "over_cny"]
    return row["over_projects"] > 0 or (over > 0).any()


def find_best(street, budgets, plans, members, settings):
    """Return what the best plan is worth, by trying all of them."""
    units = sorted(members)
    choices = []
    for unit in units:
        may = list_years(plans, members[unit], settings)
        # whose need of a line is unknown is not planned if any year limits that line
        limited = {source for _, source, _, _ in budgets}
        known = all(
            take_most(street, members[unit], one) is not None for one in limited
        )
        choices.append([None, *may] if known else [None])
    best = 0.0
    for combination in product(*choices):
        year_of = dict(zip(units, combination, strict=True))
        if all(
            keeps_funds(street, budgets, members, year_of, year, units)
            for year in YEARS
        ):
            worth = 0.0
            for unit, year in year_of.items():
                if year is not None:
                    left = YEARS[-1] + 1 - year
                    worth += left * sum(
                        street[name][2] * street[name][3]
                        for name in members[unit]
                        if not math.isnan(street[name][3])
                    )
            best = max(best, worth)
    return best


@pytest.mark.parametrize("part", range(4))
def test_the_optimum_is_that_of_all_plans_of_the_district(part):
    compared = 0
    for seed in range(part, CASES, 4):
        street, budgets, plans, ranking, _, _, barred = draw(seed)
        settings = ScheduleSettings(years=len(YEARS), mode="optimise")
        members = choose_members(street, settings, barred)
        schedule = plan_schedule(ranking, settings=settings, barred=barred)
        best = find_best(street, budgets, plans, members, settings)
        assert schedule.value == pytest.approx(best, rel=1e-6)
        assert schedule.proved
        compared += best > 0
    assert compared > CASES / 4 / 2


def test_who_cancels_is_heard():
    ranking = draw(1)[3]

    def cancel(state):
        assert state.share <= 1
        raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        plan_schedule(ranking, settings=ScheduleSettings(mode="optimise"), watch=cancel)
