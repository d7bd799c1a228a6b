"""A plan of facilities as tables: what is built, who walks where, and the sums.

Everything is added up from the flows and the raw walks, apart from the solver.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from geo.coverage import Floats, Ints
from geo.settings import SiteSettings
from geo.site_basis import SiteBasis
from geo.site_model import SiteKeys
from geo.site_problem import SiteSolution, SitingProblem

#: People fewer than this are nobody: what is left of sums.
NOBODY = 1e-6

FLOW_COLUMNS = (
    "place",
    "community_id",
    "category",
    "idle_id",
    "people",
    "households",
    "distance_m",
)


def list_flows(
    problem: SitingProblem, keys: SiteKeys, flow: Floats, least: float = NOBODY
) -> pd.DataFrame:
    """Say who walks where.

    Parameters
    ----------
    problem, keys
        The problem, and what its rows stand for.
    flow
        People over each link; (L,).
    least
        People fewer than this are nobody.

    Returns
    -------
    pandas.DataFrame
        One row per place and proposal: `FLOW_COLUMNS`; `households` is the share of
        the place's households that the people are of its people.
    """
    link = np.flatnonzero(flow > least)
    row, option = problem.demand[link], problem.link_option[link]
    demand = keys.demand.iloc[row].reset_index(drop=True)
    idle = keys.options["idle_id"].to_numpy(dtype=object)[option]
    share = flow[link] / problem.amount[row]
    flows = demand[["place", "community_id", "category"]].assign(
        idle_id=pd.Series(idle, dtype="str"),
        people=flow[link],
        households=share * demand["households"].to_numpy(dtype=np.float64),
        distance_m=problem.distance_m[link],
    )
    return flows[list(FLOW_COLUMNS)]


def list_chosen(
    basis: SiteBasis,
    problem: SitingProblem,
    keys: SiteKeys,
    solution: SiteSolution,
    part: str = "",
) -> pd.DataFrame:
    """List what is built, and whom it serves.

    Parameters
    ----------
    basis
        Names, kinds and costs of the resources.
    problem, keys, solution
        The problem, what its rows stand for, and its plan.
    part
        Unit that was sited by itself; empty: the district.

    Returns
    -------
    pandas.DataFrame
        One row per resource and category: `idle_id, category, name, kind, part,
        modules, area_m2` (built), `area_kind` (``floor``, ``land``),
        `floor_area_m2` and `land_area_m2` (the same, NaN for the other kind),
        `capacity` (NaN: serves whoever can walk to it), `capacity_unit`,
        `people_served, households_served, group, cost_cny` (NaN: not known; what the
        resource costs is shared by area among what is built on it), `walk_mean_m,
        walk_most_m, sure, to_check, reason_code`, and where it stands: `rule_id,
        clause, source, certainty`.
    """
    built = np.flatnonzero(solution.modules > 0)
    rows = keys.options.iloc[built].reset_index(drop=True)
    modules = solution.modules[built]
    capacity = problem.capacity[built] * modules
    flows = list_flows(problem, keys, solution.flow)
    served = _sum_flows(flows, rows)
    area = modules * rows["built_m2"].to_numpy(dtype=np.float64)
    floor = (rows["area_kind"] == "floor").to_numpy()
    told = pd.DataFrame(
        {
            "idle_id": rows["idle_id"],
            "category": rows["category"],
            "name": basis.resource_names.reindex(rows["idle_id"]).to_numpy(),
            "kind": basis.district.idle["kind"].reindex(rows["idle_id"]).to_numpy(),
            "part": part,
            "modules": modules,
            "area_m2": area,
            "area_kind": rows["area_kind"],
            "floor_area_m2": np.where(floor, area, np.nan),
            "land_area_m2": np.where(floor, np.nan, area),
            "capacity": np.where(np.isfinite(capacity), capacity, np.nan),
            "capacity_unit": rows["capacity_unit"],
            **served,
            "cost_cny": _share_costs(problem, rows, built, modules),
        }
    )
    last = ["group", "sure", "to_check", "reason_code"]
    last += ["rule_id", "clause", "source", "certainty"]
    return pd.concat([told, rows[last]], axis="columns")


def _sum_flows(flows: pd.DataFrame, rows: pd.DataFrame) -> dict[str, Floats]:
    """Add up people, households and walks of each proposal."""
    keys = ["idle_id", "category"]
    flows = flows.assign(walked=flows["people"] * flows["distance_m"])
    known = flows["households"].notna().groupby([flows[key] for key in keys]).all()
    groups = flows.groupby(keys)
    sums = groups[["people", "households", "walked"]].sum()
    sums["households"] = sums["households"].where(known)
    sums["most"] = groups["distance_m"].max()
    found = sums.reindex(pd.MultiIndex.from_frame(rows[keys]))
    people = found["people"].fillna(0.0).to_numpy()
    walked = found["walked"].to_numpy(dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(people > 0, walked / people, np.nan)
    return {
        "people_served": people,
        "households_served": np.where(people > 0, found["households"], 0.0),
        "walk_mean_m": mean,
        "walk_most_m": found["most"].to_numpy(dtype=np.float64),
    }


def _share_costs(
    problem: SitingProblem, rows: pd.DataFrame, built: Ints, modules: Ints
) -> Floats:
    """Return what each proposal costs, the resource's own cost shared by area.

    What is not known of the two is left out; neither known is not known.
    """
    stock = modules * problem.module_m2[built]
    whole = pd.Series(stock).groupby(rows["idle_id"].to_numpy()).transform("sum")
    resource = rows["resource_cost_cny"] * stock / whole
    own = rows["module_cost_cny"] * modules
    both = pd.concat([resource, own], axis="columns").sum(axis="columns", min_count=1)
    return both.to_numpy(dtype=np.float64)


def add_up(
    basis: SiteBasis,
    settings: SiteSettings,
    chosen: pd.DataFrame,
    flows: pd.DataFrame,
    servable: Sequence[Floats],
    nearest: Sequence[tuple[Floats, Floats, Floats]],
) -> pd.DataFrame:
    """Add up what each category comes to.

    Parameters
    ----------
    basis
        Who needs what.
    settings
        Names the categories.
    chosen, flows
        Results of `list_chosen` and `list_flows`, of all parts together.
    servable
        What can be served of each category, for each part.
    nearest
        What :func:`geo.site_solve.nearest_choice` says, for each part.

    Returns
    -------
    pandas.DataFrame
        Index `category`: `demand` (people unserved today), `servable` (some resource
        could reach them), `served`, `share` (of the servable, NaN where nothing is),
        `nearest_served`, `nearest_walk_m` (if everybody walks to the nearest),
        `walk_mean_m`, `walk_most_m`, `sites`, `households`, `households_served`,
        `communities` (with unserved people), `estimated` (any of it is no record),
        `group`.
    """
    names = pd.Index(settings.categories, name="category")
    rows = basis.demand.rows
    rows = rows[rows["category"].isin(names)]
    needs = rows.groupby("category")
    walked = flows.assign(walked=flows["people"] * flows["distance_m"])
    sums = walked.groupby("category")[["people", "households", "walked"]].sum()
    sums = sums.reindex(names).fillna(0.0)
    able = np.sum(servable, axis=0) if servable else np.zeros(len(names))
    near, near_walk = (
        np.sum([one[at] for one in nearest], axis=0) if nearest else able * 0.0
        for at in (0, 1)
    )
    served = sums["people"].to_numpy()

    def ratio(a: Floats, b: Floats) -> Floats:
        out = np.full(len(a), np.nan)
        np.divide(a, b, out=out, where=b > 0)
        return out

    return pd.DataFrame(
        {
            "demand": needs["amount"].sum().reindex(names).fillna(0.0),
            "servable": able,
            "served": served,
            "share": ratio(served, able),
            "nearest_served": near,
            "nearest_walk_m": ratio(near_walk, near),
            "walk_mean_m": ratio(sums["walked"].to_numpy(), served),
            "walk_most_m": flows.groupby("category")["distance_m"].max().reindex(names),
            "sites": chosen["category"].value_counts().reindex(names).fillna(0),
            "households": needs["households"].sum(min_count=1).reindex(names),
            "households_served": sums["households"],
            "communities": needs["community_id"].nunique().reindex(names).fillna(0),
            "estimated": needs["estimated"].any().reindex(names).fillna(False),  # noqa: FBT003  # a value, no switch
            "group": needs["group"].first().reindex(names),
        },
        index=names,
    ).astype({"sites": "int64", "communities": "int64", "estimated": "bool"})
