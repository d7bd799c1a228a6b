"""What to build where: facilities on idle resources (METHODS §3).

Needs, resources and walks go in (:mod:`geo.site_basis`), and the planner's wishes; the
solver's plan comes out, told in people and households, with how good it is, and with
everybody it leaves unserved by name. All figures are added up again from the flows and
the walks, apart from the solver.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from geo.errors import InputError
from geo.findings import Finding, concat_findings, make_findings
from geo.lifecircle import LifeCircle
from geo.progress import Progress, no_progress
from geo.schema import Severity
from geo.settings import SiteSettings
from geo.site_basis import SiteBasis, SiteWishes, prepare_sites
from geo.site_model import SiteKeys, make_problem
from geo.site_problem import SiteSolution, SitingProblem
from geo.site_solve import SiteState, keep_going, nearest_choice, solve_sites
from geo.site_tables import add_up, list_chosen, list_flows
from geo.site_unmet import list_unmet
from geo.site_words import explain_sites, explain_unmet, state_quality

__all__ = [
    "SiteBasis",
    "SitePart",
    "SiteWishes",
    "Sites",
    "prepare_sites",
    "site_facilities",
]

SiteWatch = Callable[[SiteState], bool]


@dataclass(frozen=True, eq=False)
class SitePart:
    """One problem that was solved: the district, or one unit.

    Attributes
    ----------
    name
        Id of the unit; empty: the whole district.
    problem, keys
        The problem, and what its rows stand for.
    solution
        Its plan.
    weight
        How heavy it is among all parts: the needs that it can serve, as shares of
        their categories.
    """

    name: str
    problem: SitingProblem
    keys: SiteKeys
    solution: SiteSolution
    weight: float = 1.0

    @property
    def spent(self) -> float:
        """Return what the plan takes from the budget."""
        problem, modules = self.problem, self.solution.modules
        used = np.unique(problem.option_resource[modules > 0])
        fixed = float(problem.resource_cost[used].sum())
        return fixed + float(modules @ problem.module_cost)


@dataclass(frozen=True, eq=False)
class Sites:
    """What is proposed, whom it serves, and how good it is.

    Attributes
    ----------
    basis
        What it stands on.
    settings, wishes
        Choices, and what the planner decided about single proposals.
    parts
        The problems that were solved, one unless each unit is one.
    table
        One row per resource and category, see :func:`geo.site_tables.list_chosen`.
    flows
        Who walks where, see :func:`geo.site_tables.list_flows`.
    categories
        One row per category, see :func:`geo.site_tables.add_up`.
    findings
        What was noticed, raw.
    """

    basis: SiteBasis
    settings: SiteSettings
    wishes: SiteWishes
    parts: tuple[SitePart, ...]
    table: pd.DataFrame
    flows: pd.DataFrame
    categories: pd.DataFrame
    findings: pd.DataFrame

    @cached_property
    def unmet(self) -> pd.DataFrame:
        """Return who stays unserved, see :func:`geo.site_unmet.list_unmet`."""
        return list_unmet(
            self.basis, self.settings, self.wishes, self.table, self.flows
        )

    @cached_property
    def _weight(self) -> pd.Series:
        """Return the weights of the categories that count, adding up to 1."""
        chosen = self.settings.weights or (1.0,) * len(self.settings.categories)
        weight = pd.Series(chosen, index=pd.Index(self.settings.categories))
        asked = self.categories.index[self.categories["servable"] > 0]
        weight = weight.reindex(asked).astype(np.float64)
        return weight / weight.sum()

    @property
    def value(self) -> float:
        """Return the weighted mean of the shares served, NaN if nothing is asked."""
        return self._mean(self.categories["served"])

    @property
    def fair(self) -> float:
        """Return the least share served of a category, NaN if nothing is asked."""
        return float(self.categories["share"].min())

    @property
    def fair_bound(self) -> float:
        """Return what the least share of no plan can exceed."""
        return self.parts[0].solution.fair_bound if len(self.parts) == 1 else np.nan

    @property
    def bound(self) -> float:
        """Return what the value of no plan that is as fair can exceed."""
        return self._total("bound")

    @property
    def free_value(self) -> float:
        """Return the value of the plan that heeds the value alone."""
        return max(self._total("free_value"), self.value)

    @property
    def gap_share(self) -> float:
        """Return how far the bound lies above the value, as a share of the bound."""
        value, bound = self.value, self.bound
        return 0.0 if not bound > value else (bound - value) / bound

    @property
    def proved(self) -> bool:
        """Return whether no plan is fairer or, as fair, serves more."""
        return all(part.solution.proved for part in self.parts)

    @property
    def limited(self) -> bool:
        """Return whether a limit of time cut the search short."""
        return any(part.solution.limited for part in self.parts)

    @property
    def possible(self) -> bool:
        """Return False where what is required cannot be built together."""
        return all(part.solution.possible for part in self.parts)

    @property
    def solver(self) -> str:
        """Return ``"highs"``, or ``"search"`` where any part had no solver."""
        return min((part.solution.solver for part in self.parts), default="search")

    @property
    def spent(self) -> float:
        """Return what all plans together take from their budgets."""
        return sum(part.spent for part in self.parts)

    @property
    def estimated(self) -> bool:
        """Return whether any need is estimated rather than recorded."""
        return bool(self.categories["estimated"].any())

    def explain(self, lang: str) -> pd.Series:
        """Say of each proposal what it is, whom it serves, and what to check.

        Parameters
        ----------
        lang
            ``"zh"`` or ``"en"``.

        Returns
        -------
        pandas.Series
            Sentences on the index of `table`, none of them empty.
        """
        return explain_sites(self.basis, self.table, self.categories, lang)

    def explain_unmet(self, lang: str) -> pd.Series:
        """Say of each unmet need why it is unmet, and what would change it.

        Parameters
        ----------
        lang
            ``"zh"`` or ``"en"``.

        Returns
        -------
        pandas.Series
            Sentences on the index of `unmet`, none of them empty.
        """
        return explain_unmet(self.basis, self.unmet, lang)

    def statement(self, lang: str) -> str:
        """Say whom the plan serves, what none can exceed, and whether it is proved.

        Parameters
        ----------
        lang
            ``"zh"`` or ``"en"``.

        Returns
        -------
        str
            A few sentences.
        """
        return state_quality(self, lang)

    def _mean(self, served: pd.Series) -> float:
        weight = self._weight
        if not len(weight):
            return float("nan")
        share = served.loc[weight.index] / self.categories.loc[weight.index, "servable"]
        return float((weight * share).sum())

    def _total(self, name: str) -> float:
        """Add up what the parts say, each as heavy as its part of the needs."""
        total = sum(getattr(part.solution, name) * part.weight for part in self.parts)
        return float(total) if len(self._weight) else float("nan")


def site_facilities(
    circle: LifeCircle,
    wishes: SiteWishes | None = None,
    *,
    settings: SiteSettings | None = None,
    basis: SiteBasis | None = None,
    unit_of: pd.Series | None = None,
    fair: bool = True,
    watch: SiteWatch = keep_going,
    progress: Progress = no_progress,
) -> Sites:
    """Propose what to build on which idle resource.

    Parameters
    ----------
    circle
        Verdicts of the communities.
    wishes
        What the planner decided about single proposals.
    settings
        Settings of the sites; by default those of the run.
    basis
        What was prepared before; if it was for other settings, or by default, it is
        prepared here.
    unit_of
        Community id to unit id; needed where each unit is sited by itself.
    fair
        Whether the weakest category is lifted first.
    watch
        Told how far the solver is; answers False to stop with the best so far.
    progress
        Told the stages.

    Returns
    -------
    Sites
        A plan that breaks no rule: nothing beyond reach, area, capacity or budget,
        nothing unsuitable, nothing incompatible. Wishes that cannot be met are named
        in `findings`.

    Raises
    ------
    InputError
        If each unit is to be sited by itself and no units are given.
    """
    chosen = settings or circle.settings.sites
    if basis is None or not basis.serves(chosen):
        basis = prepare_sites(circle, chosen, progress=progress)
    basis = replace(basis, settings=chosen)
    asked, gone = check_wishes(basis, chosen, wishes or SiteWishes())
    progress("stage.sites", 0.0)
    parts = []
    for name, places, resources in _split(basis, chosen, unit_of):
        taken = basis.take(chosen, asked, places, resources)
        problem, keys = make_problem(*taken, chosen)
        problem = _require(problem, keys, basis, asked, chosen)
        parts.append(
            SitePart(
                name,
                problem,
                keys,
                solve_sites(problem, chosen, fair=fair, watch=watch),
            )
        )
    progress("stage.sites", 1.0)
    made = _tell(basis, chosen, asked, _weigh(parts))
    found = concat_findings(basis.findings, gone, make_findings(_notice(made)))
    return replace(made, findings=found)


def check_wishes(
    basis: SiteBasis, settings: SiteSettings, wishes: SiteWishes
) -> tuple[SiteWishes, pd.DataFrame]:
    """Leave out wishes that do not fit the district, and say so.

    Parameters
    ----------
    basis
        Resources and what may be built on them.
    settings
        Names the categories.
    wishes
        The wishes.

    Returns
    -------
    wishes : SiteWishes
        Without required proposals that are no option, or are forbidden, too.
    findings : pandas.DataFrame
        One raw finding for each left out.
    """
    rows = basis.options.rows
    rows = rows[rows["category"].isin(settings.categories)]
    options = set(zip(rows["idle_id"], rows["category"], strict=True))
    forbidden = set(wishes.forbidden)
    kept, found = [], []
    for idle_id, category in sorted(set(wishes.required)):
        if (idle_id, category) in forbidden or (idle_id, category) not in options:
            both = (idle_id, category) in forbidden
            said = {
                f"category_{lang}": _name(basis, category, lang)
                for lang in ("zh", "en")
            }
            code = "site_wish_both" if both else "site_wish_unfit"
            found.append(
                Finding("idle", code, Severity.WARNING, id=idle_id, params=said)
            )
            continue
        kept.append((idle_id, category))
    whole = SiteWishes(tuple(kept), tuple(sorted(forbidden)))
    return whole, make_findings(found)


def _name(basis: SiteBasis, category: str, lang: str) -> str:
    rules = basis.circle.rules
    known = category in rules.categories.index
    return rules.category_name(category, lang) if known else category


def _split(
    basis: SiteBasis, settings: SiteSettings, unit_of: pd.Series | None
) -> Iterator[tuple[str, pd.Index | None, pd.Index | None]]:
    """Name the parts that are solved by themselves: communities and resources."""
    if settings.scope != "unit":
        yield "", None, None
        return
    if unit_of is None:
        raise InputError("sites_no_units")
    home = basis.home_of(basis.circle.settings.units.resource_near_m)
    unit_of_resource = home.map(unit_of)
    for unit, members in unit_of.groupby(unit_of.to_numpy(), sort=True):
        own = unit_of_resource.index[unit_of_resource == unit]
        yield str(unit), members.index, own


def _require(
    problem: SitingProblem,
    keys: SiteKeys,
    basis: SiteBasis,
    wishes: SiteWishes,
    settings: SiteSettings,
) -> SitingProblem:
    """Enter the required options, and the weights of a part among all parts."""
    pairs = pd.MultiIndex.from_frame(keys.options[["idle_id", "category"]])
    required = np.asarray(pairs.isin(list(wishes.required)), dtype=np.bool_)
    if settings.scope != "unit":
        return replace(problem, required=required)
    rows = basis.demand.rows
    linked = rows.iloc[sorted(set(basis.links["row"]))]
    sums = linked.groupby("category")["amount"].sum()
    whole = sums.reindex(list(keys.categories)).fillna(0.0).to_numpy()
    share = np.divide(problem.servable, whole, out=np.ones(len(whole)), where=whole > 0)
    share = np.where(share > 0, share, 1.0)
    return replace(problem, required=required, weight=problem.weight * share)


def _weigh(parts: Sequence[SitePart]) -> tuple[SitePart, ...]:
    """Say how heavy each part is."""
    heavy = [float(one.problem.weight[one.problem.asked].sum()) for one in parts]
    whole = sum(heavy) or 1.0
    return tuple(
        replace(one, weight=own / whole) for one, own in zip(parts, heavy, strict=True)
    )


def _tell(
    basis: SiteBasis,
    settings: SiteSettings,
    wishes: SiteWishes,
    parts: tuple[SitePart, ...],
) -> Sites:
    """Turn the plans into tables."""
    flows = pd.concat(
        [list_flows(p.problem, p.keys, p.solution.flow) for p in parts],
        ignore_index=True,
    )
    flows = flows.sort_values(
        ["category", "community_id", "place", "idle_id"], ignore_index=True
    )
    chosen = pd.concat(
        [list_chosen(basis, p.problem, p.keys, p.solution, p.name) for p in parts],
        ignore_index=True,
    )
    chosen = chosen.sort_values(["idle_id", "category"], ignore_index=True)
    nearest = [nearest_choice(p.problem, p.solution.modules) for p in parts]
    servable = [p.problem.servable for p in parts]
    categories = add_up(basis, settings, chosen, flows, servable, nearest)
    return Sites(
        basis, settings, wishes, parts, chosen, flows, categories, make_findings()
    )


def _notice(sites: Sites) -> Iterator[Finding]:
    """Say what keeps the plan from being what was asked for."""
    if not sites.possible:
        yield Finding("idle", "sites_impossible", Severity.WARNING)
    if not len(sites.basis.district.idle):
        yield Finding("idle", "sites_no_resources", Severity.WARNING)
    elif not len(sites.basis.options.rows):
        yield Finding("idle", "sites_all_unsuitable", Severity.WARNING)
    unknown = sum(len(part.keys.left_out) for part in sites.parts)
    if unknown:
        said = {"count": unknown}
        yield Finding("idle", "sites_cost_missing", Severity.WARNING, params=said)
    if sites.solver == "search" and sites.parts and not sites.proved:
        yield Finding("idle", "sites_no_solver", Severity.INFO)
    if sites.limited:
        yield Finding("idle", "sites_limited", Severity.INFO)
