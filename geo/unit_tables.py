"""What a set of units comes to, whoever drew them: sums, terms, broken bounds."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from geo.coverage import Bools, Floats, Ints
from geo.decisions import Decisions, Pair
from geo.settings import UnitSettings
from geo.unit_inputs import UnitBasis
from geo.unit_problem import UnitProblem
from geo.unit_scores import TERMS, score_sets

#: Kinds of units: of several communities, of one, kept out of any, drawn by hand.
JOINT, SINGLE, EXCLUDED, DRAWN = "joint", "single", "excluded", "drawn"

_BOUNDS = ("communities", "households", "area")


class Groups(NamedTuple):
    """Units as lists of row positions.

    Attributes
    ----------
    names
        Unit names in the order of their smallest member.
    start, member
        Members of unit ``u`` are ``member[start[u]:start[u + 1]]``, ascending.
    unit
        Unit of each community.
    """

    names: tuple[str, ...]
    start: Ints
    member: Ints
    unit: Ints


def group_members(problem: UnitProblem, unit_of: pd.Series) -> Groups:
    """Sort the communities by unit.

    Parameters
    ----------
    problem
        Communities.
    unit_of
        Name of the unit of each community id.

    Returns
    -------
    Groups
        Every community of the problem stands in exactly one.
    """
    names = unit_of.reindex(problem.ids).astype(str)
    unit, found = pd.factorize(names)
    member = np.argsort(unit, kind="stable").astype(np.int64)
    counts = np.bincount(unit, minlength=len(found))
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Groups(tuple(found), start, member, unit.astype(np.int64))


def measure_units(
    basis: UnitBasis,
    settings: UnitSettings,
    unit_of: pd.Series,
    decisions: Decisions | None = None,
) -> pd.DataFrame:
    """Measure units, drawn by the solver or by hand.

    Parameters
    ----------
    basis
        What they stand on.
    settings
        Bounds and weights.
    unit_of
        Name of the unit of each community id.
    decisions
        What the planner asked for.

    Returns
    -------
    pandas.DataFrame
        Index: `unit_id` in the order of the smallest member. Columns:
        `communities` (number), `members` (ids), `kind` (``joint``, ``single``,
        ``excluded`` or ``drawn``), `households` (known ones added up),
        `households_unknown` (communities without), `area_m2` (of the outlines),
        the five terms and their sum `score` in equivalent households,
        `shared_shortfalls` (categories that members close for each other, joined
        by ``|``), `households_closed` (households times such categories),
        `idle_area_m2` (of the members' resources, each counted once) and `broken`
        (codes of broken bounds and wishes, joined by ``|``; empty: none).
    """
    wishes = decisions or Decisions()
    problem = basis.problem
    groups = group_members(problem, unit_of)
    terms = score_sets(problem, settings, groups.start, groups.member)
    counts = np.diff(groups.start)
    known = np.isfinite(problem.households)
    table = pd.DataFrame(
        {
            "communities": counts,
            "members": [
                tuple(problem.ids[groups.member[low:high]])
                for low, high in zip(groups.start, groups.start[1:], strict=False)
            ],
            "households": _add(groups, np.nan_to_num(problem.households)),
            "households_unknown": _add(groups, (~known).astype(float)).astype(int),
            "area_m2": _add(groups, problem.area_m2),
        }
        | {name: terms[:, at] for at, name in enumerate(TERMS)},
        index=pd.Index(groups.names, name="unit_id"),
    )
    table["score"] = terms.sum(axis=1)
    closed = find_closed(problem, groups.unit)
    table["shared_shortfalls"] = _shared(basis, groups, closed)
    need_unit = groups.unit[problem.need_community[closed]]
    gained = np.nan_to_num(problem.households)[problem.need_community[closed]]
    table["households_closed"] = np.bincount(
        need_unit, gained, minlength=len(groups.names)
    )
    table["idle_area_m2"] = _idle_area(basis, groups)
    table["broken"] = _broken(basis, settings, groups, table, wishes)
    table.insert(2, "kind", _kinds(table, wishes))
    return table


def find_closed(problem: UnitProblem, unit: Ints) -> Bools:
    """Find the needs that a fellow member closes.

    Parameters
    ----------
    problem
        Needs and who helps.
    unit
        Unit of each community.

    Returns
    -------
    numpy.ndarray
        One flag per need.
    """
    count = np.diff(problem.helper_start)
    need = np.repeat(np.arange(len(count)), count)
    fellow = unit[problem.helper] == unit[problem.need_community[need]]
    closed = np.zeros(len(count), dtype=np.bool_)
    closed[need[fellow]] = True
    return closed


def find_connected(problem: UnitProblem, unit: Ints) -> Bools:
    """Find the units whose members are joined by neighbours among them.

    Parameters
    ----------
    problem
        Communities and edges.
    unit
        Unit of each community, numbered from 0.

    Returns
    -------
    numpy.ndarray
        One flag per unit.
    """
    root = np.arange(len(unit))

    def find(at: int) -> int:
        while root[at] != at:
            root[at] = root[root[at]]
            at = int(root[at])
        return at

    inside = unit[problem.edges[:, 0]] == unit[problem.edges[:, 1]]
    for a, b in problem.edges[inside]:
        root[find(int(a))] = find(int(b))
    roots = np.array([find(at) for at in range(len(unit))], dtype=np.int64)
    pieces = np.unique(np.stack([unit, roots], axis=1), axis=0)
    parts = np.bincount(pieces[:, 0], minlength=int(unit.max(initial=-1)) + 1)
    return np.asarray(parts == 1, dtype=np.bool_)


def _add(groups: Groups, values: Floats) -> Floats:
    sums = np.bincount(groups.unit, values, minlength=len(groups.names))
    return sums.astype(np.float64)


def _shared(basis: UnitBasis, groups: Groups, closed: Bools) -> list[str]:
    problem = basis.problem
    table = pd.DataFrame(
        {
            "unit": groups.unit[problem.need_community[closed]],
            "category": np.array(basis.categories, dtype=object)[
                problem.need_category[closed]
            ],
        }
    ).drop_duplicates()
    # in the order in which the rules name the categories
    rank = {name: at for at, name in enumerate(basis.circle.rules.requirements)}
    found: dict[int, list[str]] = {}
    for unit, name in zip(table["unit"], table["category"], strict=True):
        found.setdefault(int(unit), []).append(str(name))
    return [
        "|".join(sorted(found.get(at, []), key=lambda name: rank.get(name, 0)))
        for at in range(len(groups.names))
    ]


def _idle_area(basis: UnitBasis, groups: Groups) -> Floats:
    """Add up rooms by floor area and open land by land area."""
    idle, owners = basis.district.idle, basis.closable.owners
    area = idle["floor_area_m2"].fillna(idle["land_area_m2"])
    position = pd.Series(groups.unit, index=basis.problem.ids)
    table = pd.DataFrame(
        {"unit": owners["community_id"].map(position), "idle": owners["idle_id"]}
    ).drop_duplicates()
    sums = np.bincount(
        table["unit"].to_numpy(dtype=np.int64),
        table["idle"].map(area).fillna(0.0).to_numpy(dtype=np.float64),
        minlength=len(groups.names),
    )
    return sums.astype(np.float64)


def _broken(
    basis: UnitBasis,
    settings: UnitSettings,
    groups: Groups,
    table: pd.DataFrame,
    wishes: Decisions,
) -> list[str]:
    """Name what each unit breaks; a community alone breaks no bound."""
    joint = (table["communities"] > 1).to_numpy()
    codes: list[list[str]] = [[] for _ in groups.names]

    def note(code: str, flags: Bools) -> None:
        for at in np.flatnonzero(flags):
            codes[at].append(code)

    for what in _BOUNDS:
        unit = "_m2" if what == "area" else ""
        least = getattr(settings, f"{what}_least{unit}")
        most = getattr(settings, f"{what}_most{unit}")
        amount = table[f"{what}{unit}"].to_numpy(dtype=np.float64)
        note(f"{what}_least", joint & (amount < least))
        if most:
            note(f"{what}_most", joint & (amount > most))
    note("not_connected", ~find_connected(basis.problem, groups.unit))
    position = pd.Series(groups.unit, index=basis.problem.ids)
    apart = _units_of(position, wishes.locked, same=False)
    note("locked", np.isin(np.arange(len(codes)), apart))
    together = _units_of(position, wishes.forbidden, same=True)
    note("forbidden", np.isin(np.arange(len(codes)), together))
    return ["|".join(found) for found in codes]


def _units_of(position: pd.Series, pairs: Iterable[Pair], *, same: bool) -> list[int]:
    found: set[int] = set()
    for a, b in pairs:
        if a in position.index and b in position.index:
            units = {int(position[a]), int(position[b])}
            if (len(units) == 1) == same:
                found |= units
    return sorted(found)


def _kinds(table: pd.DataFrame, wishes: Decisions) -> list[str]:
    drawn, excluded = set(wishes.units), set(wishes.excluded)
    kinds = []
    for members in table["members"]:
        if tuple(members) in drawn and len(members) > 1:
            kinds.append(DRAWN)
        elif len(members) == 1 and members[0] in excluded:
            kinds.append(EXCLUDED)
        else:
            kinds.append(JOINT if len(members) > 1 else SINGLE)
    return kinds
