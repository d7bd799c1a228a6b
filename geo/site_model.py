"""Demand, options and links become the numbers of one siting problem.

What cannot be counted is left out and named: with a budget in yuan, options whose cost
nobody gave.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.coverage import Bools, Floats, Ints
from geo.settings import SiteSettings
from geo.site_demand import Demand
from geo.site_options import Options
from geo.site_problem import SitingProblem

_PAIR = ["idle_id", "category"]


@dataclass(frozen=True, eq=False)
class SiteKeys:
    """What the rows of a siting problem stand for.

    Attributes
    ----------
    categories
        Categories; (F,).
    resources
        Idle ids of the resources; (R,).
    demand
        Rows of the demand, in the order of the problem; (D,).
    options
        Rows of the options, in the order of the problem; (O,).
    links
        Positions in the links that were given; (L,).
    left_out
        `idle_id`, `category`, `reason_code`: options that could not be counted
        (``cost_missing``).
    """

    categories: tuple[str, ...]
    resources: pd.Index
    demand: pd.DataFrame
    options: pd.DataFrame
    links: Ints
    left_out: pd.DataFrame


def make_problem(
    demand: Demand, options: Options, links: pd.DataFrame, settings: SiteSettings
) -> tuple[SitingProblem, SiteKeys]:
    """Put demand, options and links together.

    Parameters
    ----------
    demand
        Who is to be served.
    options
        What may be built.
    links
        `row` (position in the rows of the demand), `idle_id`, `distance_m`.
    settings
        Categories with their weights, and the budget. Without a budget
        (`budget_kind` empty) nothing costs anything.

    Returns
    -------
    problem : SitingProblem
        Options without links are in it, too: they may be required. Nothing is
        required yet.
    keys : SiteKeys
        What its rows stand for.
    """
    names = settings.categories
    position = {name: at for at, name in enumerate(names)}
    chosen = options.rows[options.rows["category"].isin(names)]
    known, cost = _find_costs(chosen, settings)
    kept = chosen.assign(cost=cost, category=chosen["category"].map(position))[known]
    kept = kept.sort_values(["idle_id", "category"])
    rows = chosen.loc[kept.index].reset_index(drop=True)
    resources, which = np.unique(rows["idle_id"].to_numpy(str), return_inverse=True)
    asked = demand.rows["category"].isin(names).to_numpy(dtype=np.bool_)
    people = demand.rows[asked].reset_index(drop=True)
    row_of = np.where(asked, np.cumsum(asked) - 1, -1)
    start, to, far, link = _sort_links(links, row_of, people, rows)
    first = np.unique(which, return_index=True)[1]
    problem = SitingProblem(
        category=np.asarray(people["category"].map(position), dtype=np.int64),
        amount=people["amount"].to_numpy(dtype=np.float64),
        use=people["use"].to_numpy(dtype=np.float64),
        option_resource=which.astype(np.int64),
        option_category=kept["category"].to_numpy(dtype=np.int64),
        module_m2=rows["module_m2"].to_numpy(dtype=np.float64),
        capacity=rows["capacity"].to_numpy(dtype=np.float64),
        least=rows["least"].to_numpy(dtype=np.int64),
        most=rows["most"].to_numpy(dtype=np.int64),
        module_cost=kept["cost"].to_numpy(dtype=np.float64),
        area_m2=rows["stock_m2"].to_numpy(dtype=np.float64)[first],
        resource_cost=_cost_resources(rows, settings)[first],
        start=start,
        demand=to,
        distance_m=far,
        conflicts=_pair_conflicts(options.conflicts, rows),
        required=np.zeros(len(rows), dtype=np.bool_),
        budget=settings.budget if settings.budget_kind else np.inf,
        weight=np.array(settings.weights or (1.0,) * len(names), dtype=np.float64),
    )
    left = chosen.loc[~known, _PAIR].assign(reason_code="cost_missing")
    keys = SiteKeys(
        categories=names,
        resources=pd.Index(resources, dtype="str"),
        demand=people,
        options=rows,
        links=link,
        left_out=left.reset_index(drop=True),
    )
    return problem, keys


def _find_costs(rows: pd.DataFrame, settings: SiteSettings) -> tuple[Bools, Floats]:
    """Return whether the cost of each option is known, and that of a module.

    What the user says of a resource, or of building a square metre, is the cost; where
    neither is said it is unknown.
    """
    if settings.budget_kind == "area":
        return np.ones(len(rows), dtype=np.bool_), rows["module_m2"].to_numpy()
    if settings.budget_kind != "cny":
        return np.ones(len(rows), dtype=np.bool_), np.zeros(len(rows))
    known = rows[["module_cost_cny", "resource_cost_cny"]].notna().any(axis="columns")
    module = rows["module_cost_cny"].fillna(0.0).to_numpy(dtype=np.float64)
    return known.to_numpy(dtype=np.bool_), module


def _cost_resources(rows: pd.DataFrame, settings: SiteSettings) -> Floats:
    """Return what using the resource of each option takes from the budget."""
    if settings.budget_kind == "sites":
        return np.ones(len(rows))
    if settings.budget_kind != "cny":
        return np.zeros(len(rows))
    return rows["resource_cost_cny"].fillna(0.0).to_numpy(dtype=np.float64)


def _sort_links(
    links: pd.DataFrame, row_of: Ints, people: pd.DataFrame, rows: pd.DataFrame
) -> tuple[Ints, Ints, Floats, Ints]:
    """Sort links by option and demand; also return where each came from."""
    row = links["row"].to_numpy(dtype=np.int64)
    to = row_of[row]
    category = np.append(people["category"].to_numpy(dtype=object), "")[to]
    pairs = pd.MultiIndex.from_frame(rows[_PAIR])
    asked = pd.MultiIndex.from_arrays(
        [links["idle_id"].to_numpy(dtype=object), category], names=_PAIR
    )
    option = pairs.get_indexer(asked).astype(np.int64)
    used = np.flatnonzero((to >= 0) & (option >= 0))
    used = used[np.lexsort((to[used], option[used]))]
    start = np.append(0, np.cumsum(np.bincount(option[used], minlength=len(rows))))
    far = links["distance_m"].to_numpy(dtype=np.float64)[used]
    return start.astype(np.int64), to[used], far, used.astype(np.int64)


def _pair_conflicts(conflicts: pd.DataFrame, rows: pd.DataFrame) -> Ints:
    """Return the conflicts as pairs of options; (C, 2)."""
    pairs = pd.MultiIndex.from_frame(rows[_PAIR])
    ends = [
        pairs.get_indexer(
            pd.MultiIndex.from_arrays(
                [conflicts[name].to_numpy(dtype=object) for name in columns]
            )
        )
        for columns in (_PAIR, ["other_id", "other_category"])
    ]
    both = np.sort(np.stack(ends, axis=1).astype(np.int64), axis=1)
    return np.unique(both[both[:, 0] >= 0], axis=0)
