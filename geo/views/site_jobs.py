"""The long work on sites, as jobs: proposals, the budget curve, alternatives."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from threading import Event as Flag

import pandas as pd

from geo.decisions import Decisions
from geo.plan import Plan
from geo.progress import Progress
from geo.settings import SiteSettings
from geo.site_basis import GROUND, SiteBasis, SiteWishes, prepare_sites
from geo.site_curve import list_alternatives, measure_curve
from geo.site_solve import SiteState
from geo.siting import Sites, site_facilities
from geo.views import unit_work, work
from geo.views.reports import plan_key


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of the solver.

    Attributes
    ----------
    settings
        Categories, budget, and what counts.
    wishes
        Proposals that the planner accepted and refused.
    fair
        Whether the weakest category is lifted first.
    """

    settings: SiteSettings
    wishes: SiteWishes = field(default_factory=SiteWishes)
    fair: bool = True


class Live:
    """What the solver's thread tells, and how it is asked to stop."""

    def __init__(self) -> None:
        self.state: SiteState | None = None
        self.stop = Flag()

    def watch(self, state: SiteState) -> bool:
        """Take word of how far the solver is.

        Parameters
        ----------
        state
            Its stage, best value and bound so far.

        Returns
        -------
        bool
            Whether it shall go on.
        """
        self.state = state
        return not self.stop.is_set()


@dataclass(frozen=True, eq=False)
class Trade:
    """What more or less budget would buy, and other plans to choose from."""

    curve: pd.DataFrame
    others: Mapping[str, Sites]


def work_on(
    plan: Plan, ask: Ask, live: Live, units: Mapping[str, str] | None
) -> Callable[[Progress], Sites]:
    """Return the work of proposing sites.

    Parameters
    ----------
    plan
        The plan that is open.
    ask
        Settings and wishes.
    live
        Where to tell.
    units
        Community to unit; None: they are drawn first where they are needed.

    Returns
    -------
    callable
        For `geo.views.jobs.Shelf.start`. Finished answers are shared by whoever asks
        the same.
    """

    def content(progress: Progress) -> Sites:
        unit_of = find_units(plan, ask, units, progress)
        key = ("sites", plan_key(plan), ask, units_key(unit_of))
        found = work.shelf().find(key)
        if isinstance(found, Sites):
            return found
        basis = find_basis(plan, ask.settings, progress)

        def watch(state: SiteState) -> bool:
            progress("stage.sites", state.share)
            return live.watch(state)

        made = site_facilities(
            plan.life_circle,
            ask.wishes,
            settings=ask.settings,
            basis=basis,
            unit_of=unit_of,
            fair=ask.fair,
            watch=watch,
            progress=progress,
        )
        # here, not at the first click: it walks everywhere once more
        len(made.unmet)
        whole = not live.stop.is_set()
        return work.shelf().view(key, lambda: made) if whole else made

    return content


def find_basis(plan: Plan, settings: SiteSettings, progress: Progress) -> SiteBasis:
    """Return what sites stand on, made once per categories and ground settings.

    Parameters
    ----------
    plan
        The plan that is open.
    settings
        Settings of the sites.
    progress
        Told the stages.

    Returns
    -------
    SiteBasis
        Need, resources and walks.
    """
    ground = tuple(getattr(settings, name) for name in GROUND)
    key = ("site basis", plan_key(plan), ground, settings.categories)
    return work.shelf().view(
        key, lambda: prepare_sites(plan.life_circle, settings, progress=progress)
    )


def known_units(plan: Plan) -> Mapping[str, str] | None:
    """Return the units as they stand on the page 片区.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    Mapping or None
        Community to unit; None while none were drawn.
    """
    history = unit_work.desk(plan).history
    return None if history is None else dict(history.now.unit_of)


def find_units(
    plan: Plan, ask: Ask, units: Mapping[str, str] | None, progress: Progress
) -> pd.Series | None:
    """Return the units, if each is sited by itself.

    Parameters
    ----------
    plan, ask
        The plan, and what is asked.
    units
        Community to unit, as far as drawn.
    progress
        Told the stages where they have to be drawn.

    Returns
    -------
    pandas.Series or None
        Unit id, index community id; None where the district is sited as a whole.
    """
    if ask.settings.scope != "unit":
        return None
    if units is not None:
        return pd.Series(dict(units), dtype="str").sort_index()
    wishes = Decisions(settings=plan.settings.units)
    return unit_work.work_on(plan, wishes, unit_work.Live())(progress).unit_of


def trade_on(
    plan: Plan, sites: Sites, ask: Ask, unit_of: pd.Series | None
) -> Callable[[Progress], Trade]:
    """Return the work of measuring the curve and making the alternatives.

    Parameters
    ----------
    plan, sites, ask
        The plan, the sites at hand, and what they answer.
    unit_of
        Units, where each is sited by itself.

    Returns
    -------
    callable
        For `geo.views.jobs.Shelf.start`.
    """

    def content(progress: Progress) -> Trade:
        def first(stage: str, share: float) -> None:
            progress(stage, 0.7 * share)

        def second(stage: str, share: float) -> None:
            progress(stage, 0.7 + 0.3 * share)

        basis = find_basis(plan, ask.settings, progress)
        curve = measure_curve(
            basis, ask.wishes, settings=ask.settings, unit_of=unit_of, progress=first
        )
        others = list_alternatives(sites, unit_of=unit_of, progress=second)
        return Trade(curve, others)

    return content


def units_key(unit_of: pd.Series | None) -> Hashable:
    """Return what tells one set of units from another.

    Parameters
    ----------
    unit_of
        Unit id, index community id.

    Returns
    -------
    Hashable
        Its content; None where there are none.
    """
    return None if unit_of is None else tuple(unit_of.items())
