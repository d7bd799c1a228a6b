"""What any plan of facilities stands on, whoever makes it: need, resources, walks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geo.closable import find_owned
from geo.district import District, name_communities, name_resources
from geo.findings import concat_findings
from geo.lifecircle import LifeCircle
from geo.progress import Progress, no_progress
from geo.settings import SiteSettings
from geo.site_demand import Demand, measure_demand
from geo.site_links import measure_links
from geo.site_options import Options, list_options
from geo.suitability import judge_suitability

#: Settings that the basis depends on besides the categories.
GROUND = (
    "unsure_resources",
    "unsure_needs",
    "absent_needs",
    "plot_ratio",
    "m2_per_household",
    "storeys_assumed",
)


@dataclass(frozen=True, slots=True)
class SiteWishes:
    """What the planner decided about single proposals.

    Attributes
    ----------
    required, forbidden
        Resource and category: has to be built, must not be built; sorted.
    """

    required: tuple[tuple[str, str], ...] = ()
    forbidden: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class SiteBasis:
    """Need, resources, and who could walk where.

    Attributes
    ----------
    circle
        Verdicts of the communities.
    settings
        Settings it was prepared with.
    suitability
        Result of :func:`geo.suitability.judge_suitability`.
    demand, options
        Who needs what; what could be built of it, and where.
    links
        `row` (position in ``demand.rows``), `idle_id`, `distance_m`: walks within
        the reach of the category.
    findings
        What was noticed, raw.
    """

    circle: LifeCircle
    settings: SiteSettings
    suitability: pd.DataFrame
    demand: Demand
    options: Options
    links: pd.DataFrame
    findings: pd.DataFrame

    def serves(self, settings: SiteSettings) -> bool:
        """Return whether plans with these settings may stand on it."""
        same = (
            getattr(settings, name) == getattr(self.settings, name) for name in GROUND
        )
        return all(same) and set(settings.categories) <= set(self.settings.categories)

    @property
    def district(self) -> District:
        """Return the district, see :class:`geo.district.District`."""
        return self.circle.district

    @property
    def names(self) -> pd.Series:
        """Return what each community is called: its name, else its id."""
        return name_communities(self.district.communities)

    @property
    def resource_names(self) -> pd.Series:
        """Return what each resource is called: its name, else kind and id."""
        return name_resources(self.district.idle)

    @property
    def reach_m(self) -> Mapping[str, float]:
        """Return how far people walk to each category."""
        circle = self.circle
        return {
            key: need.reach_m(circle.settings)
            for key, need in circle.rules.requirements.items()
        }

    def take(
        self,
        settings: SiteSettings,
        wishes: SiteWishes,
        places: pd.Index | None = None,
        resources: pd.Index | None = None,
    ) -> tuple[Demand, Options, pd.DataFrame]:
        """Take what one problem is made of.

        Parameters
        ----------
        settings
            Names the categories.
        wishes
            What is forbidden is left out.
        places
            Communities that count; None: all.
        resources
            Resources that count; None: all.

        Returns
        -------
        demand : Demand
            Its rows have a further column `origin`: the position in the whole demand.
        options : Options
            What may be built.
        links : pandas.DataFrame
            `row` is the position in the rows of the demand returned.
        """
        rows = self.demand.rows
        wanted = rows["category"].isin(settings.categories)
        if places is not None:
            wanted &= rows["community_id"].isin(places)
        kept = np.flatnonzero(wanted)
        options = self.options.rows
        wanted = options["category"].isin(settings.categories)
        if resources is not None:
            wanted &= options["idle_id"].isin(resources)
        pairs = pd.MultiIndex.from_frame(options[["idle_id", "category"]])
        wanted &= ~pairs.isin(wishes.forbidden)
        row_of = np.full(len(rows), -1, dtype=np.int64)
        row_of[kept] = np.arange(len(kept))
        row = row_of[self.links["row"].to_numpy(dtype=np.int64)]
        links = self.links.assign(row=row)[row >= 0]
        taken = rows.iloc[kept].assign(origin=kept).reset_index(drop=True)
        return (
            replace(self.demand, rows=taken),
            replace(self.options, rows=options[wanted].reset_index(drop=True)),
            links.reset_index(drop=True),
        )

    def home_of(self, near_m: float) -> pd.Series:
        """Return the community that each resource belongs to: the nearest one.

        Parameters
        ----------
        near_m
            Farthest that a resource may lie from it.

        Returns
        -------
        pandas.Series
            Resource id to community id; resources of nobody are missing.
        """
        district = self.district
        owned = find_owned(district.idle, district.communities, near_m=near_m)
        idle = district.idle.geometry.loc[owned["idle_id"]].reset_index(drop=True)
        outlines = district.communities.geometry.loc[owned["community_id"]]
        away = idle.distance(outlines.reset_index(drop=True)).to_numpy()
        ordered = owned.assign(away=away).sort_values(
            ["idle_id", "away", "community_id"]
        )
        return ordered.drop_duplicates("idle_id").set_index("idle_id")["community_id"]


def prepare_sites(
    circle: LifeCircle,
    settings: SiteSettings | None = None,
    *,
    progress: Progress = no_progress,
) -> SiteBasis:
    """Find who needs what, what could be built of it, and who could walk there.

    Parameters
    ----------
    circle
        Verdicts of the communities.
    settings
        Settings of the sites; by default those of the run.
    progress
        Told the stages ``stage.site_demand``, ``stage.site_links``.

    Returns
    -------
    SiteBasis
        The same whatever the order of the rows of any layer.
    """
    chosen = settings or circle.settings.sites
    district, rules = circle.district, circle.rules
    progress("stage.site_demand", 0.0)
    suitability = judge_suitability(district.idle, rules, protected=district.protected)
    demand = measure_demand(circle, chosen)
    options = list_options(circle, suitability, chosen)
    progress("stage.site_demand", 1.0)
    used = sorted(set(options.rows["idle_id"]))
    links = measure_links(
        circle,
        demand.rows,
        district.idle.geometry.loc[used],
        reach_of(circle, chosen),
        progress=progress,
    )
    findings = concat_findings(demand.findings, options.findings)
    return SiteBasis(circle, chosen, suitability, demand, options, links, findings)


def reach_of(
    circle: LifeCircle, settings: SiteSettings, times: float = 1.0
) -> dict[str, float]:
    """Return how far people walk to each category that is sited.

    Parameters
    ----------
    circle
        Rules and settings.
    settings
        Names the categories.
    times
        Multiple of the reach that is wanted.

    Returns
    -------
    dict
        Category to metres.
    """
    needs = circle.rules.requirements
    return {
        key: times * needs[key].reach_m(circle.settings)
        for key in settings.categories
        if key in needs
    }
