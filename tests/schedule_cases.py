"""Small plans of projects and years, and slow, plain answers to compare with.

Nothing here uses what the tool uses: funds are counted again in whole yuan.
"""

import math
from functools import cache

import numpy as np

from geo.schedule_problem import ScheduleProblem

NEVER = -1


def make_problem(projects, available, *, most=None, allowed=None, pinned=None):
    """Make a problem of plain lists.

    `projects` are (score, households, need of each line ...), `available` one list of
    lines per year.
    """
    rows = np.array(projects, float)
    limits = np.array(available, float)
    count, years = len(rows), len(limits)
    rows = rows.reshape(count, 2 + limits.shape[1])
    free = np.ones((count, years), np.bool_)
    return ScheduleProblem(
        score=rows[:, 0],
        households=rows[:, 1],
        need_cny=rows[:, 2:],
        available_cny=limits,
        projects_most=np.full(years, math.inf)
        if most is None
        else np.array(most, float),
        allowed=free if allowed is None else np.array(allowed, np.bool_),
        pinned=np.full(count, NEVER) if pinned is None else np.array(pinned, np.int64),
    )


def make_case(seed, *, projects=7, years=3, lines=3):
    """Return a random problem of all kinds of limits, small by default."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(max(projects // 2, 1), projects + 1))
    span = int(rng.integers(1, years + 1))
    width = int(rng.integers(1, lines + 1))
    need = rng.integers(0, 30, (count, width)).astype(float)
    if rng.random() < 0.3:
        need /= 100  # to the cent
    need[rng.random(need.shape) < 0.05] = math.nan
    scale = np.nanmax(need, initial=1.0)
    available = np.round(rng.uniform(0.2, 2, (span, width)) * scale, 2)
    available[rng.random(available.shape) < 0.1] = math.inf
    most = np.full(span, math.inf)
    some = rng.random(span) < 0.3
    most[some] = rng.integers(0, count + 1, some.sum())
    households = rng.integers(0, 500, count).astype(float)
    households[rng.random(count) < 0.1] = math.nan
    score = np.sort(rng.integers(0, 100, count).astype(float))[::-1].copy()
    if rng.random() < 0.3:
        score = np.sort(rng.choice([20.0, 50.0], count))[::-1].copy()
    pinned = np.where(rng.random(count) < 0.1, rng.integers(0, span, count), NEVER)
    allowed = rng.random((count, span)) < rng.choice([0.5, 0.9, 1.0])
    return ScheduleProblem(score, households, need, available, most, allowed, pinned)


def _cents(value):
    return None if math.isinf(value) else round(value * 100)


def _start(problem):
    """Return what is left of each year beside the pinned: (money per line, places)."""
    left = []
    for t in range(problem.years):
        pins = [p for p in range(problem.projects) if problem.pinned[p] == t]
        money = []
        for k, limit in enumerate(problem.available_cny[t]):
            needs = [problem.need_cny[p, k] for p in pins]
            used = sum(round(need * 100) for need in needs if not math.isnan(need))
            whole = _cents(limit)
            money.append(None if whole is None else max(whole - used, 0))
        left.append((money, max(problem.projects_most[t] - len(pins), 0)))
    return left


def _is_known(problem, p):
    """Tell whether a project's need is known on every line that any year limits."""
    return not any(
        math.isnan(problem.need_cny[p, k])
        and any(math.isfinite(row[k]) for row in problem.available_cny)
        for k in range(problem.need_cny.shape[1])
    )


def _pays(problem, p, money):
    return all(
        left is None or round(need * 100) <= left
        for need, left in zip(problem.need_cny[p], money, strict=True)
    )


def may_go(problem, p, t):
    """Tell whether a project could go in a year if only the pinned ones did."""
    if problem.pinned[p] != NEVER or not problem.allowed[p, t]:
        return False
    money, places = _start(problem)[t]
    return _is_known(problem, p) and places >= 1 and _pays(problem, p, money)


def _worth(problem, p, t):
    households = problem.households[p]
    people = 0.0 if math.isnan(households) else households
    return problem.score[p] * people * (problem.years - t)


def count_worth(problem, year):
    """Return what a plan is worth."""
    return sum(_worth(problem, p, t) for p, t in enumerate(year) if t != NEVER)


def keeps_rules(problem, year):
    """Tell whether a plan breaks no rule: pins, years, funds, places."""
    left = _start(problem)
    for p, t in enumerate(year):
        if problem.pinned[p] != NEVER:
            if t != problem.pinned[p]:
                return False
            continue
        if t == NEVER:
            continue
        if not problem.allowed[p, t] or not _is_known(problem, p):
            return False
        money, places = left[t]
        if places < 1 or not _pays(problem, p, money):
            return False
        left[t] = (_take(problem, p, money), places - 1)
    return True


def _take(problem, p, money):
    return [
        None if left is None else left - round(need * 100)
        for need, left in zip(problem.need_cny[p], money, strict=True)
    ]


def find_best(problem):
    """Return what the best of all plans is worth, by trying all of them."""

    def go(p, left):
        if p == problem.projects:
            return 0.0
        if problem.pinned[p] != NEVER:
            return _worth(problem, p, problem.pinned[p]) + go(p + 1, left)
        best = go(p + 1, left)
        for t in range(problem.years):
            money, places = left[t]
            if not problem.allowed[p, t] or not _is_known(problem, p) or places < 1:
                continue
            if _pays(problem, p, money):
                rest = list(left)
                rest[t] = (_take(problem, p, money), places - 1)
                best = max(best, _worth(problem, p, t) + go(p + 1, rest))
        return best

    return go(0, _start(problem))


@cache
def find_best_of(seed):
    """Return what the best plan of a random problem is worth."""
    return find_best(make_case(seed))


def follow_plainly(problem):
    """Return the plan of the ranking: per year the longest beginning of the queue.

    The queue of a year are those who have no year yet and could go in it, by rank.
    """
    year = [int(t) for t in problem.pinned]
    for t in range(problem.years):
        queue = [
            p
            for p in range(problem.projects)
            if year[p] == NEVER and may_go(problem, p, t)
        ]
        for length in range(len(queue), -1, -1):
            trial = list(year)
            for p in queue[:length]:
                trial[p] = t
            if keeps_rules(problem, trial):
                year = trial
                break
    return year
