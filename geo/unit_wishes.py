"""Which of the planner's wishes the solver can meet, and why not the others."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from geo.coverage import Bools
from geo.decisions import Decisions, Pair
from geo.findings import Finding, make_findings
from geo.schema import Severity
from geo.settings import UnitSettings
from geo.stock import find_rows
from geo.unit_inputs import UnitBasis
from geo.unit_tables import find_connected, measure_units


def find_free(basis: UnitBasis, settings: UnitSettings, wishes: Decisions) -> Bools:
    """Find the communities that the solver may group.

    Parameters
    ----------
    basis
        Communities and their eligibility.
    settings
        Whether only communities that may be eligible take part.
    wishes
        Units that stand, and communities that are excluded.

    Returns
    -------
    numpy.ndarray
        One flag per community.
    """
    ids = basis.problem.ids
    taken = {name for unit in wishes.units for name in unit} | set(wishes.excluded)
    free = ~ids.isin(list(taken))
    if settings.only_eligible:
        state = basis.eligibility["state"].reindex(ids)
        free &= (state != "not_eligible").to_numpy()
    return np.asarray(free, dtype=np.bool_)


def check_locks(
    basis: UnitBasis, settings: UnitSettings, wishes: Decisions, free: Bools
) -> tuple[list[Pair], pd.DataFrame]:
    """Leave out the locks that cannot be met, and say why.

    Parameters
    ----------
    basis
        Neighbours.
    settings
        Bounds.
    wishes
        Locked and forbidden pairs.
    free
        Communities that the solver may group; a lock on another one is not for it.

    Returns
    -------
    locked : list of tuple
        Pairs that can be met together.
    findings : pandas.DataFrame
        One raw finding for each group of locked communities that cannot: they do
        not adjoin (a lock holds neighbours together; what lies between must be
        locked as well), a barrier parts them, or they exceed a bound.
    """
    problem = basis.problem
    open_ids = set(problem.ids[free])
    groups = _chain([pair for pair in wishes.locked if open_ids.issuperset(pair)])
    kept: list[Pair] = []
    findings = []
    for members, pairs in groups:
        code, params = _why_impossible(basis, settings, wishes, members)
        if code is None:
            kept += pairs
            continue
        names = "、".join(basis.names[name] for name in members)
        params = {"names": names, **params}
        findings.append(
            Finding("units", code, Severity.WARNING, id=members[0], params=params)
        )
    return kept, make_findings(findings)


def _why_impossible(
    basis: UnitBasis, settings: UnitSettings, wishes: Decisions, members: list[str]
) -> tuple[str | None, Mapping[str, str]]:
    problem = basis.problem
    unit = np.arange(1, len(problem.ids) + 1)
    unit[find_rows(problem.ids, members)] = 0
    if not find_connected(problem, unit)[0]:
        barrier = _barrier_among(basis, members)
        if barrier:
            return "units_lock_barrier", {"barrier": barrier}
        return "units_lock_apart", {}
    table = measure_units(
        basis, settings, pd.Series(unit.astype(str), index=problem.ids)
    )
    broken = str(table.loc["0", "broken"]).split("|")
    most = [code for code in broken if code.endswith("_most")]
    if most:
        return "units_lock_bounds", {"bound": f"@units.broken.{most[0]}"}
    if any(set(pair) <= set(members) for pair in wishes.forbidden):
        return "units_lock_forbidden", {}
    return None, {}


def _barrier_among(basis: UnitBasis, members: list[str]) -> str:
    pairs = basis.neighbours.pairs
    inside = pairs["a"].isin(members) & pairs["b"].isin(members)
    parted = pairs[inside & (pairs["refused"] == "barrier")]
    if not len(parted):
        return ""
    row = parted.iloc[0]
    return row["barrier_name"] or f"@units.barrier.{row['barrier']}"


def _chain(pairs: Iterable[Pair]) -> list[tuple[list[str], list[Pair]]]:
    """Gather pairs that share communities."""
    groups: list[tuple[set[str], list[Pair]]] = []
    for pair in pairs:
        touching = [group for group in groups if group[0] & set(pair)]
        members = set(pair).union(*(group[0] for group in touching))
        gathered = [pair, *(one for group in touching for one in group[1])]
        groups = [group for group in groups if group not in touching]
        groups.append((members, gathered))
    return [(sorted(members), sorted(found)) for members, found in groups]
