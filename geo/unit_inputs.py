"""From the results about communities to the numbers that units are drawn from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.closable import Closable, find_closable
from geo.conditions import share_broken
from geo.coverage import Floats, Ints
from geo.decisions import Pair
from geo.district import District, name_communities
from geo.eligibility import judge_eligibility
from geo.facts import gather_facts
from geo.findings import Finding, concat_findings, make_findings
from geo.lifecircle import LifeCircle
from geo.neighbours import Neighbours, find_neighbours
from geo.progress import Progress, no_progress
from geo.schema import Severity
from geo.settings import UnitSettings
from geo.stock import find_rows
from geo.suitability import judge_suitability
from geo.unit_problem import UnitProblem

#: Settings that the basis depends on; the others only change what is drawn on it.
GROUND = ("gap_m", "walk_m", "within", "resource_near_m", "works_years")


#: Communities that a finding names.
_TOLD = 3


@dataclass(frozen=True, eq=False)
class UnitBasis:
    """What any plan of units stands on, whoever draws it.

    Attributes
    ----------
    circle
        Verdicts of the communities.
    settings
        Settings it was prepared with.
    crossings
        Declared crossings that it takes into account.
    neighbours, closable, eligibility
        Who adjoins whom; which resource closes which shortfall; who may take part.
    problem
        The same as numbers, communities sorted by id.
    categories
        Category keys behind ``problem.need_category``.
    findings
        What was noticed, raw.
    """

    circle: LifeCircle
    settings: UnitSettings
    crossings: tuple[Pair, ...]
    neighbours: Neighbours
    closable: Closable
    eligibility: pd.DataFrame
    problem: UnitProblem
    categories: tuple[str, ...]
    findings: pd.DataFrame

    def serves(self, settings: UnitSettings, crossings: tuple[Pair, ...]) -> bool:
        """Return whether units with these settings and crossings may stand on it."""
        same = (
            getattr(settings, name) == getattr(self.settings, name) for name in GROUND
        )
        return all(same) and self.crossings == crossings

    @property
    def district(self) -> District:
        """Return the district, see :class:`geo.district.District`."""
        return self.circle.district

    @property
    def names(self) -> pd.Series:
        """Return what each community is called: its name, else its id."""
        return name_communities(self.district.communities)


def prepare_units(
    circle: LifeCircle,
    settings: UnitSettings | None = None,
    *,
    crossings: Collection[Pair] = (),
    progress: Progress = no_progress,
) -> UnitBasis:
    """Find neighbours, what can be closed together, and who may take part.

    Parameters
    ----------
    circle
        Verdicts of the communities.
    settings
        Settings of the units; by default those of the run.
    crossings
        Pairs of communities between which a crossing is declared.
    progress
        Told the stages ``stage.neighbours``, ``stage.closable``.

    Returns
    -------
    UnitBasis
        The same whatever the order of the rows of any layer.
    """
    chosen = settings or circle.settings.units
    district, rules = circle.district, circle.rules
    neighbours = find_neighbours(
        district,
        circle.network,
        rules,
        replace(circle.settings, units=chosen),
        crossings=crossings,
        progress=progress,
    )
    progress("stage.closable", 0.0)
    suitability = judge_suitability(district.idle, rules, protected=district.protected)
    closable = find_closable(
        circle, suitability, near_m=chosen.resource_near_m, progress=progress
    )
    eligibility = judge_members(circle)
    categories = tuple(sorted(closable.needs["category"].unique()))
    problem = make_problem(
        district, neighbours.pairs, closable.needs, categories, chosen
    )
    findings = concat_findings(
        neighbours.findings,
        closable.findings,
        _notice(problem, district.communities["name"]),
    )
    return UnitBasis(
        circle,
        chosen,
        tuple(sorted(crossings)),
        neighbours,
        closable,
        eligibility,
        problem,
        categories,
        findings,
    )


def judge_members(circle: LifeCircle, unit_of: pd.Series | None = None) -> pd.DataFrame:
    """Judge who may take part, as the settings read the documents.

    Parameters
    ----------
    circle
        Communities, rules and settings.
    unit_of
        Community id to unit id; None while there are no units.

    Returns
    -------
    pandas.DataFrame
        See :func:`geo.eligibility.judge_eligibility`.
    """
    settings = circle.settings
    district = circle.district
    return judge_eligibility(
        gather_facts(district.communities, district.evidence),
        circle.rules,
        unit_of=unit_of,
        reading=settings.conditions_reading,
        fiscal_allows={"yes": True, "no": False}.get(settings.fiscal_allows),
    )


def make_problem(
    district: District,
    pairs: pd.DataFrame,
    needs: pd.DataFrame,
    categories: Collection[str],
    settings: UnitSettings,
) -> UnitProblem:
    """Turn frames into the arrays that units are drawn from.

    Parameters
    ----------
    district
        Communities and utilities.
    pairs
        See :class:`geo.neighbours.Neighbours`.
    needs
        See :class:`geo.closable.Closable`.
    categories
        Category keys, sorted.
    settings
        Years within which works are joint; how near a pipe is a community's.

    Returns
    -------
    UnitProblem
        Communities sorted by id.
    """
    communities = district.communities.sort_index()
    ids = communities.index
    edges, works = _make_edges(ids, pairs[pairs["neighbour"]], district, settings)
    # what is closed alone, or by nobody, is no reason to join
    joinable = ~needs["alone"].astype(bool) & (needs["helpers"].str.len() > 0)
    asked = needs[joinable].sort_values(["community_id", "category"])
    helpers = [find_rows(ids, names) for names in asked["helpers"]]
    points = communities.geometry.representative_point()
    return UnitProblem(
        ids=ids,
        households=_numbers(communities["households"]),
        area_m2=_numbers(communities.geometry.area),
        x=_numbers(points.x),
        y=_numbers(points.y),
        year=_numbers(communities["built_year"]),
        structure=_structure(communities),
        condition=share_broken(communities),
        edges=edges,
        works=works,
        need_community=find_rows(ids, asked["community_id"]),
        need_category=find_rows(pd.Index(list(categories)), asked["category"]),
        helper_start=np.cumsum([0, *map(len, helpers)]).astype(np.int64),
        helper=np.concatenate([np.zeros(0), *helpers]).astype(np.int64),
    )


def _make_edges(
    ids: pd.Index, joined: pd.DataFrame, district: District, settings: UnitSettings
) -> tuple[Ints, Floats]:
    """Return the neighbours as sorted row positions, and the joint works of each."""
    due = find_works(district.communities, district.utilities, settings.gap_m / 2)
    works = np.array(
        [
            1.0 + count_joint(due.get(a, {}), due.get(b, {}), settings.works_years)
            if touches
            else 0.0
            for a, b, touches in zip(
                joined["a"], joined["b"], joined["touches"], strict=True
            )
        ],
        dtype=np.float64,
    )
    edges = np.stack([find_rows(ids, joined["a"]), find_rows(ids, joined["b"])], axis=1)
    order = np.lexsort((edges[:, 1], edges[:, 0]))
    return edges[order], works[order]


def _numbers(column: pd.Series) -> Floats:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def find_works(
    communities: gpd.GeoDataFrame, utilities: gpd.GeoDataFrame, near_m: float
) -> dict[str, dict[str, frozenset[int]]]:
    """Find in which years the utilities of each community are due.

    Parameters
    ----------
    communities
        Outlines, metric CRS.
    utilities
        Columns `kind` and `year` (due for renewal).
    near_m
        A pipe this near to an outline serves it.

    Returns
    -------
    dict
        Community id to kind to years; what is not known is not in it.
    """
    known = utilities[utilities["year"].notna() & utilities["kind"].notna()]
    if not len(known):
        return {}
    tree = shapely.STRtree(known.geometry.to_numpy())
    rows, found = tree.query(
        communities.geometry.to_numpy(), predicate="dwithin", distance=near_m
    )
    table = pd.DataFrame(
        {
            "id": communities.index.to_numpy()[rows],
            "kind": known["kind"].to_numpy()[found],
            "year": known["year"].to_numpy(dtype=np.int64)[found],
        }
    ).drop_duplicates()
    due: dict[str, dict[str, frozenset[int]]] = {}
    for (name, kind), years in table.groupby(["id", "kind"], sort=True)["year"]:
        due.setdefault(str(name), {})[str(kind)] = frozenset(years.tolist())
    return due


def count_joint(
    a: Mapping[str, frozenset[int]], b: Mapping[str, frozenset[int]], years: int
) -> int:
    """Count the kinds of utilities that are due in both within some years.

    Parameters
    ----------
    a, b
        Kind to years.
    years
        Years that may lie between.

    Returns
    -------
    int
        Kinds.

    Examples
    --------
    >>> water = frozenset({2027})
    >>> count_joint({"water": water}, {"water": frozenset({2028})}, 1)
    1
    """
    return sum(
        any(abs(one - other) <= years for one in a[kind] for other in b[kind])
        for kind in a.keys() & b.keys()
    )


def _structure(communities: pd.DataFrame) -> Ints:
    if "structure" not in communities:
        return np.full(len(communities), -1, dtype=np.int64)
    kinds = (
        communities["structure"].astype("str").where(communities["structure"].notna())
    )
    # sorted names, not the order of the rows, number the kinds
    return np.asarray(kinds.astype("category").cat.codes, dtype=np.int64)


def _notice(problem: UnitProblem, names: pd.Series) -> pd.DataFrame:
    found = []
    missing = problem.ids[np.isnan(problem.households)]
    if len(missing):
        # those with a name first: a planner knows them by it
        told = [*names.reindex(missing).dropna(), *missing][:_TOLD]
        params = {"count": len(missing), "ids": "、".join(told)}
        found.append(
            Finding("communities", "units_households", Severity.WARNING, params=params)
        )
    if len(problem.ids) == 1:
        found.append(Finding("communities", "units_one", Severity.INFO))
    elif not len(problem.edges):
        found.append(Finding("communities", "units_no_neighbours", Severity.WARNING))
    return make_findings(found)
