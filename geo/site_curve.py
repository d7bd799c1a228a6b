"""What each further site or yuan buys, other plans to choose from, and other places."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo.coverage import Floats, Ints
from geo.network import attach_points
from geo.progress import Progress, no_progress
from geo.settings import SiteSettings
from geo.site_basis import SiteBasis, SiteWishes, reach_of
from geo.site_links import measure_links
from geo.site_problem import SitingProblem
from geo.site_solve import route_people
from geo.site_tables import list_flows
from geo.siting import SitePart, Sites, site_facilities

#: Points of the curve, besides nothing at all.
POINTS = 10

#: The alternatives that a planner asks for.
ALTERNATIVES = ("fairest", "most_people", "fewest_sites")

Going = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a proposal comes to in another place.

    Attributes
    ----------
    attached
        Whether any street leads there.
    people, households
        Served by the whole plan in that category (households NaN where unknown).
    loss_people, loss_households
        Served less than with the proposal where it was; negative is a gain.
    loss_share
        The same as a share of what can be served of the category.
    """

    attached: bool
    people: float
    households: float
    loss_people: float
    loss_households: float
    loss_share: float


def list_budgets(basis: SiteBasis, settings: SiteSettings) -> list[float]:
    """Return the budgets that the curve is measured at.

    Parameters
    ----------
    basis
        Resources and their costs.
    settings
        What the budget counts.

    Returns
    -------
    list of float
        Ascending, from 0 to what all resources together could take; whole numbers of
        sites.
    """
    rows = basis.options.rows
    rows = rows[rows["category"].isin(settings.categories)]
    resources = basis.options.resources.loc[sorted(set(rows["idle_id"]))]
    if not len(resources):
        return [0.0]
    kind = settings.budget_kind or "sites"
    if kind == "sites":
        steps = np.unique(np.round(np.geomspace(1, len(resources), POINTS)))
        return [0.0, *steps.tolist()]
    column = {"area": "stock_m2", "cny": "cost_cny"}[kind]
    most = float(resources[column].sum())
    return [0.0, *np.linspace(0.0, most, POINTS + 1)[1:].tolist()]


def measure_curve(
    basis: SiteBasis,
    wishes: SiteWishes | None = None,
    *,
    settings: SiteSettings | None = None,
    unit_of: pd.Series | None = None,
    budgets: Sequence[float] | None = None,
    going: Going = lambda: True,
    progress: Progress = no_progress,
) -> pd.DataFrame:
    """Measure what each further site, square metre or yuan buys.

    Parameters
    ----------
    basis
        Need, resources and walks.
    wishes
        What the planner decided about single proposals.
    settings
        Settings; the budget is varied. Without a budget it is counted in sites.
    unit_of
        As in :func:`geo.siting.site_facilities`.
    budgets
        Budgets to try; by default :func:`list_budgets`.
    going
        Whether to go on; the points so far are returned if not.
    progress
        Told ``stage.site_curve``.

    Returns
    -------
    pandas.DataFrame
        One row per budget, ascending: `budget, value, fair, bound, sites, spent,
        proved` and one column per category with its share served.
    """
    chosen = settings or basis.settings
    kind = chosen.budget_kind or "sites"
    tried = list(list_budgets(basis, chosen) if budgets is None else budgets)
    rows = []
    for at, budget in enumerate(tried):
        progress("stage.site_curve", at / len(tried))
        if not going():
            break
        one = replace(chosen, budget_kind=kind, budget=budget)
        made = site_facilities(
            basis.circle, wishes, settings=one, basis=basis, unit_of=unit_of
        )
        rows.append(_measure_point(made, budget))
    progress("stage.site_curve", 1.0)
    columns = ["budget", "value", "fair", "bound", "sites", "spent", "proved"]
    return pd.DataFrame(rows, columns=[*columns, *chosen.categories])


def _measure_point(made: Sites, budget: float) -> dict[str, float | int | bool]:
    return {
        "budget": budget,
        "value": made.value,
        "fair": made.fair,
        "bound": made.bound,
        "sites": int(made.table["idle_id"].nunique()),
        "spent": made.spent,
        "proved": made.proved,
        **{str(key): float(one) for key, one in made.categories["share"].items()},
    }


def list_alternatives(
    sites: Sites,
    *,
    unit_of: pd.Series | None = None,
    going: Going = lambda: True,
    progress: Progress = no_progress,
) -> dict[str, Sites]:
    """Make the other plans that a planner asks for.

    Parameters
    ----------
    sites
        The plan at hand.
    unit_of
        As in :func:`geo.siting.site_facilities`.
    going
        Whether to go on.
    progress
        Told ``stage.site_curve``.

    Returns
    -------
    dict
        ``fairest``: the plan at hand, which lifts the weakest category first;
        ``most_people``: the same budget, categories weighted by how many can be
        served, so that each person counts the same; ``fewest_sites``: as few
        resources as reach the value of the plan at hand within half a percent.
    """
    found = {"fairest": sites}
    progress("stage.site_curve", 0.0)
    if going():
        found["most_people"] = _most_people(sites, unit_of)
    progress("stage.site_curve", 0.5)
    if going():
        found["fewest_sites"] = _fewest_sites(sites, unit_of, going)
    progress("stage.site_curve", 1.0)
    return found


#: Value that the plan with the fewest sites may fall short of.
_NEAR = 0.005


def _most_people(sites: Sites, unit_of: pd.Series | None) -> Sites:
    servable = sites.categories["servable"].to_numpy()
    least = servable[servable > 0].min(initial=np.inf)
    weights = np.where(servable > 0, servable, least)
    if not np.isfinite(least):
        return sites
    settings = replace(
        sites.settings, weights=tuple((weights / weights.max()).tolist())
    )
    return site_facilities(
        sites.basis.circle,
        sites.wishes,
        settings=settings,
        basis=sites.basis,
        unit_of=unit_of,
        fair=False,
    )


def _fewest_sites(sites: Sites, unit_of: pd.Series | None, going: Going) -> Sites:
    """Find the least number of sites by halving: more sites never serve fewer."""
    best, low, high = sites, 0, int(sites.table["idle_id"].nunique())
    while high - low > 1 and going():
        middle = (low + high) // 2
        settings = replace(sites.settings, budget_kind="sites", budget=float(middle))
        made = site_facilities(
            sites.basis.circle,
            sites.wishes,
            settings=settings,
            basis=sites.basis,
            unit_of=unit_of,
        )
        if made.possible and made.value >= sites.value - _NEAR:
            best, high = made, middle
        else:
            low = middle
    return best


def try_elsewhere(
    sites: Sites, idle_id: str, category: str, place: shapely.Geometry
) -> Elsewhere:
    """Measure what a proposal would come to in another place.

    Parameters
    ----------
    sites
        The plan.
    idle_id, category
        A proposal of it.
    place
        Where to, a point or an outline in the working CRS.

    Returns
    -------
    Elsewhere
        All other proposals stay as they are; people go where the most are served.

    Raises
    ------
    KeyError
        If there is no such proposal.
    """
    part, option = _find_proposal(sites, idle_id, category)
    problem, keys = part.problem, part.keys
    crs = sites.basis.district.crs
    rows = keys.demand[keys.demand["category"] == category]
    links = measure_links(
        sites.basis.circle,
        rows.reset_index(drop=True),
        gpd.GeoSeries([place], index=[idle_id], crs=crs),
        reach_of(sites.basis.circle, replace(sites.settings, categories=(category,))),
    ).sort_values("row")
    row = rows.index.to_numpy(dtype=np.int64)[links["row"].to_numpy(dtype=np.int64)]
    moved = _relink(problem, option, row, links["distance_m"].to_numpy())
    flow = route_people(moved, part.solution.modules)
    flows = list_flows(moved, keys, flow)
    now = flows[flows["category"] == category]
    before = sites.flows[sites.flows["category"] == category]
    if part.name:
        before = before[before["community_id"].isin(keys.demand["community_id"])]
    lost = before["people"].sum() - now["people"].sum()
    servable = sites.categories["servable"][category]
    households = before["households"].sum(skipna=False)
    return Elsewhere(
        attached=bool(len(attach_points(sites.basis.circle.network, _one(place, crs)))),
        people=float(now["people"].sum()),
        households=float(now["households"].sum(skipna=False)),
        loss_people=float(lost),
        loss_households=float(households - now["households"].sum(skipna=False)),
        loss_share=float(lost / servable),
    )


def _one(place: shapely.Geometry, crs: CRS) -> gpd.GeoSeries:
    return gpd.GeoSeries([place], index=["place"], crs=crs)


def _find_proposal(sites: Sites, idle_id: str, category: str) -> tuple[SitePart, int]:
    """Return the part that a proposal stands in, and its option there."""
    for part in sites.parts:
        rows = part.keys.options
        same = (rows["idle_id"] == idle_id) & (rows["category"] == category)
        for option in np.flatnonzero(same.to_numpy()).tolist():
            if part.solution.modules[option]:
                return part, option
    raise KeyError(idle_id, category)


def _relink(
    problem: SitingProblem, option: int, demand: Ints, distance_m: Floats
) -> SitingProblem:
    """Return the problem with other links of one option."""
    low, high = problem.start[option : option + 2].tolist()
    start = problem.start.copy()
    start[option + 1 :] += len(demand) - (high - low)
    return replace(
        problem,
        start=start,
        demand=np.concatenate([problem.demand[:low], demand, problem.demand[high:]]),
        distance_m=np.concatenate(
            [problem.distance_m[:low], distance_m, problem.distance_m[high:]]
        ),
    )
