"""The model of METHODS §3 as columns and rows: what HiGHS is asked.

What to build are whole numbers, whom to serve are fractions of each demand, 0 to 1.
Where an option serves whoever can walk to it, a demand needs no flow to it but in the
stage that counts steps: that something stands in reach will do.
"""

from typing import NamedTuple

import numpy as np

from geo.chains import FloatArray, Int64Array
from geo.coverage import Bools
from geo.highs import Sheet
from geo.site_packs import Packs, limit_modules, list_packs, measure_load
from geo.site_problem import NEAR, SitingProblem

__all__ = [
    "FAIR",
    "VALUE",
    "WALK",
    "Built",
    "Flows",
    "Goal",
    "Model",
    "draft_model",
]

#: What a stage makes as great (walks: as small) as it can.
FAIR, VALUE, WALK = "fair", "value", "walk"
#: Share by which a stage may fall short of what an earlier one reached.
SLACK = 1e-8


class Goal(NamedTuple):
    """What a stage looks for: one of `FAIR`, `VALUE`, `WALK`.

    It holds the least share `fair` of each category that is asked, and the weighted
    mean `value` of the shares. `walk_m`, above 0, is what a known plan walks.
    """

    aim: str
    fair: float = 0.0
    value: float = 0.0
    walk_m: float = 1.0


class Built(NamedTuple):
    """Columns of what is built.

    `option` are the options that may be built, and `at` the place of each option in
    it, -1 where it may not. `built` says whether one is, and ``step * modules`` how
    many modules. `load` is what could come at most. `used` are columns of the
    resources `resource`, and `pack` of `packs`.
    """

    option: Int64Array
    at: Int64Array
    built: Int64Array
    modules: Int64Array
    step: FloatArray
    load: FloatArray
    resource: Int64Array
    used: Int64Array
    packs: Packs
    pack: Int64Array


class Flows(NamedTuple):
    """Columns of who is served.

    Links `link` have their `flow`; demands `demand` have in `near` what they get of
    all options without a limit together.
    """

    link: Int64Array
    flow: Int64Array
    demand: Int64Array
    near: Int64Array


class Model(NamedTuple):
    """A sheet, and what its columns mean.

    `share` are columns of the categories `asked`; `least` is the column of their
    least, -1 if there is none. What is made great is `scale` times what is meant.
    """

    sheet: Sheet
    built: Built
    flows: Flows
    asked: Int64Array
    share: Int64Array
    least: int
    scale: float


def draft_model(problem: SitingProblem, goal: Goal, *, tight: bool = False) -> Model:
    """Write down one stage as columns and rows.

    Parameters
    ----------
    problem
        The problem; some category of it is asked.
    goal
        What to look for, and what to hold.
    tight
        Say of every single flow that it needs what it leads to: many more rows, and
        a bound that is nearer. The stage that counts steps always does.

    Returns
    -------
    Model
        What is made great: the least share, the mean, or walks below 0, times
        `scale`.
    """
    sheet = Sheet()
    built = _draft_built(sheet, problem)
    asked = np.flatnonzero(problem.asked)
    scale = _find_scale(problem, asked)
    flows = _draft_flows(sheet, problem, built, goal, scale, tight)
    weight = problem.weight[asked] / problem.weight[asked].sum()
    share = sheet.add_columns(
        asked.size,
        lower=max(goal.fair, 0.0) * (1 - SLACK),
        cost=weight * scale if goal.aim == VALUE else 0.0,
    )
    _draft_shares(sheet, problem, flows, asked, share)
    least = -1
    if goal.aim == FAIR:
        least = int(sheet.add_columns(1, cost=scale)[0])
        rows = sheet.add_rows(asked.size, lower=0.0, upper=np.inf)
        sheet.put(rows, share)
        sheet.put(rows, np.full(asked.size, least), -1.0)
    if goal.value > 0:
        row = sheet.add_rows(1, lower=goal.value * (1 - SLACK), upper=np.inf)
        sheet.put(np.repeat(row, asked.size), share, weight)
    return Model(sheet, built, flows, asked, share, least, scale)


def _find_scale(problem: SitingProblem, asked: Int64Array) -> float:
    """Return the scale at which a middling demand counts 1."""
    weight = problem.weight / problem.weight[asked].sum()
    which = problem.category[np.unique(problem.demand)]
    amount = problem.amount[np.unique(problem.demand)]
    worth = weight[which] * amount / problem.servable[which]
    return float(np.clip(1 / np.median(worth), 1.0, 1e6))


def _draft_built(sheet: Sheet, problem: SitingProblem) -> Built:
    """Draft what is built: how many, within area and budget, and not side by side."""
    most = limit_modules(problem)
    option = np.flatnonzero(most > 0)
    at = np.full(problem.options, -1, np.int64)
    at[option] = np.arange(option.size)
    least, most = problem.least[option], most[option]
    must = problem.required[option]
    built = sheet.add_columns(option.size, lower=must, whole=True)
    many = (most > least) & np.isfinite(problem.capacity[option])
    modules = built.copy()
    modules[many] = sheet.add_columns(int(many.sum()), upper=most[many], whole=True)
    step = np.where(many, 1.0, least.astype(np.float64))
    for factor, sign in ((least, 1.0), (most, -1.0)):
        rows = sheet.add_rows(int(many.sum()), lower=0.0, upper=np.inf)
        sheet.put(rows, modules[many], sign)
        sheet.put(rows, built[many], -sign * factor[many])
    load = measure_load(problem)[option]
    packs = list_packs(problem, limit_modules(problem))
    pack = sheet.add_columns(len(packs.resource), whole=True)
    none = option[:0]
    drafted = Built(option, at, built, modules, step, load, none, none, packs, pack)
    pairs = at[problem.conflicts]
    pairs = pairs[(pairs >= 0).all(axis=1)]
    rows = sheet.add_rows(len(pairs), upper=1.0)
    sheet.put(rows, built[pairs[:, 0]])
    sheet.put(rows, built[pairs[:, 1]])
    _draft_area(sheet, problem, drafted)
    _draft_packs(sheet, drafted)
    return _draft_budget(sheet, problem, drafted)


def _find_shared(problem: SitingProblem, built: Built) -> Bools:
    """Return which options that may be built share a resource without packs."""
    resource = problem.option_resource[built.option]
    often = np.bincount(resource, minlength=len(problem.area_m2)) > 1
    often[built.packs.resource] = False
    return often[resource]


def _draft_area(sheet: Sheet, problem: SitingProblem, built: Built) -> None:
    """Draft that what stands on a resource finds room there."""
    resource = problem.option_resource[built.option]
    shared = np.flatnonzero(_find_shared(problem, built))
    places, row = np.unique(resource[shared], return_inverse=True)
    rows = sheet.add_rows(len(places), upper=1 + NEAR)
    area = problem.module_m2[built.option[shared]] / problem.area_m2[resource[shared]]
    sheet.put(rows[row], built.modules[shared], built.step[shared] * area)


def _draft_packs(sheet: Sheet, built: Built) -> None:
    """Draft that each resource holds one pack, and packs what is built there."""
    packs = built.packs
    places, row = np.unique(packs.resource, return_inverse=True)
    sheet.put(sheet.add_rows(len(places), upper=1.0)[row], built.pack)
    option = built.at[packs.option]
    many = (built.modules != built.built)[option]
    for column, taken, times in (
        (built.built, np.ones(len(option), np.bool_), np.ones(len(option))),
        (built.modules, many, packs.modules.astype(np.float64)),
    ):
        some, row = np.unique(option[taken], return_inverse=True)
        rows = sheet.add_rows(len(some), upper=0.0)
        sheet.put(rows, column[some])
        sheet.put(rows[row], built.pack[packs.pack[taken]], -times[taken])


def _draft_budget(sheet: Sheet, problem: SitingProblem, built: Built) -> Built:
    """Draft the budget, and which resources are used where using one costs."""
    if not 0 < problem.budget < np.inf or not built.option.size:
        return built
    resource = problem.option_resource[built.option]
    shared = _find_shared(problem, built)
    packed = np.isin(resource, built.packs.resource)
    places, which = np.unique(resource[shared], return_inverse=True)
    used = sheet.add_columns(len(places), whole=True)
    rows = sheet.add_rows(int(shared.sum()), upper=0.0)
    sheet.put(rows, built.built[shared])
    sheet.put(rows, used[which], -1.0)
    alone = ~(shared | packed)
    columns = [built.modules, built.built[alone], used, built.pack]
    costs = [
        built.step * problem.module_cost[built.option],
        problem.resource_cost[resource[alone]],
        problem.resource_cost[places],
        problem.resource_cost[built.packs.resource],
    ]
    row = np.repeat(sheet.add_rows(1, upper=1 + NEAR), sum(map(len, costs)))
    sheet.put(row, np.concatenate(columns), np.concatenate(costs) / problem.budget)
    return built._replace(resource=places, used=used)


def _draft_flows(
    sheet: Sheet,
    problem: SitingProblem,
    built: Built,
    goal: Goal,
    scale: float,
    tight: bool,  # noqa: FBT001 - handed on
) -> Flows:
    """Draft who is served by what; return links and demands with their columns."""
    option = problem.link_option
    standing = built.at[option] >= 0
    limited = np.isfinite(problem.capacity[option])
    link = np.flatnonzero(standing & (limited | (goal.aim == WALK)))
    people = problem.amount[problem.demand[link]]
    walk = people * problem.distance_m[link] * (-scale / goal.walk_m)
    flow = sheet.add_columns(link.size, cost=walk if goal.aim == WALK else 0.0)
    rest = np.flatnonzero(standing & ~limited) if goal.aim != WALK else link[:0]
    demand, row = np.unique(problem.demand[rest], return_inverse=True)
    near = sheet.add_columns(len(demand))
    rows = sheet.add_rows(len(demand), upper=0.0)
    sheet.put(rows, near)
    sheet.put(rows[row], built.built[built.at[option[rest]]], -1.0)
    everyone = np.concatenate([problem.demand[link], demand])
    columns = np.concatenate([flow, near])
    some, row = np.unique(everyone, return_inverse=True)
    rows = sheet.add_rows(len(some), upper=1.0)
    sheet.put(rows[row], columns)
    at = built.at[option[link]]
    if tight or goal.aim == WALK:
        rows = sheet.add_rows(link.size, upper=0.0)
        sheet.put(rows, flow)
        sheet.put(rows, built.built[at], -1.0)
    _draft_capacity(sheet, problem, built, link[limited[link]], flow[limited[link]])
    return Flows(link, flow, demand, near)


def _draft_capacity(
    sheet: Sheet,
    problem: SitingProblem,
    built: Built,
    link: Int64Array,
    flow: Int64Array,
) -> None:
    """Draft that nothing is asked for more than it holds, or than could come."""
    capacity = problem.capacity[built.option]
    has = np.flatnonzero(np.isfinite(capacity))
    many = has[built.modules[has] != built.built[has]]
    full = np.minimum(capacity, built.load)
    full = np.where((full > 0) & np.isfinite(full), full, 1.0)
    each = (problem.amount * problem.use)[problem.demand[link]]
    at = built.at[problem.link_option[link]]
    inside = built.at[built.packs.option]
    packed = np.isin(inside, many)
    inside, pack = inside[packed], built.pack[built.packs.pack[packed]]
    holds = capacity[inside] * built.packs.modules[packed]
    # the last module of a pack is not full where too few could come
    for some, column, limit in (
        (has, built.modules[has], np.minimum(built.step * capacity, built.load)[has]),
        (many, built.built[many], built.load[many]),
        (inside, pack, np.minimum(holds, built.load[inside])),
    ):
        options, where = np.unique(some, return_inverse=True)
        row = np.full(built.option.size, -1, np.int64)
        row[options] = sheet.add_rows(len(options), upper=0.0)
        taken = row[at] >= 0
        sheet.put(row[at[taken]], flow[taken], each[taken] / full[at[taken]])
        sheet.put(row[options][where], column, -limit / full[some])


def _draft_shares(
    sheet: Sheet,
    problem: SitingProblem,
    flows: Flows,
    asked: Int64Array,
    share: Int64Array,
) -> None:
    """Draft what share of each category all flows add up to."""
    link, flow, demand, near = flows
    place = np.full(problem.categories, -1, np.int64)
    place[asked] = np.arange(asked.size)
    who = np.concatenate([problem.demand[link], demand])
    which = problem.category[who]
    count = np.bincount(problem.category, minlength=problem.categories)
    mean = np.where(problem.asked, problem.servable, 1.0) / np.maximum(count, 1)
    rows = sheet.add_rows(asked.size, lower=0.0, upper=0.0)
    sheet.put(
        rows[place[which]],
        np.concatenate([flow, near]),
        problem.amount[who] / mean[which],
    )
    sheet.put(rows, share, -(problem.servable / mean)[asked])
