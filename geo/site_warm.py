"""Compile what sites facilities ahead of time, so that nobody waits for it later."""

import numpy as np

from geo.progress import Progress, no_progress
from geo.settings import SiteSettings
from geo.site_problem import SitingProblem
from geo.site_solve import solve_sites


def warm_sites(progress: Progress = no_progress) -> None:
    """Compile the search and the bounds.

    Parameters
    ----------
    progress
        Told ``"stage.warm"`` and the share done.

    Notes
    -----
    As :func:`geo.walks.warm`: once per machine, kept in numba's cache.
    """
    progress("stage.warm", 0.0)
    # once without the solver, so that the bounds are needed, once with it
    for done, settings in enumerate((SiteSettings(flows_most=0), SiteSettings())):
        solve_sites(_make_small(), settings)
        progress("stage.warm", (1 + done) / 2)


def _make_small() -> SitingProblem:
    """Return four demands of two categories and three options on two resources."""
    resource, category = np.array([0, 0, 1]), np.array([0, 1, 0])
    return SitingProblem(
        category=np.array([0, 0, 1, 1]),
        amount=np.array([3.0, 2.0, 4.0, 1.0]),
        use=np.ones(4),
        option_resource=resource,
        option_category=category,
        module_m2=np.ones(3),
        capacity=np.array([2.0, np.inf, 1.0]),
        least=np.ones(3, dtype=np.int64),
        most=np.full(3, 2),
        module_cost=np.zeros(3),
        area_m2=np.full(2, 3.0),
        resource_cost=np.ones(2),
        start=np.array([0, 2, 4, 5]),
        demand=np.array([0, 1, 2, 3, 1]),
        distance_m=np.array([10.0, 20.0, 30.0, 40.0, 50.0]),
        conflicts=np.empty((0, 2), dtype=np.int64),
        required=np.zeros(3, dtype=np.bool_),
        budget=1.0,
        weight=np.ones(2),
    )
