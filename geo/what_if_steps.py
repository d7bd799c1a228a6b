"""Steps of a scheme: a facility put or closed, a gate opened, a resource used.

A step is what the planner does on the map; `apply_steps` does it to the layers of
the district, the plain way, so that a plan of the result is a plan of the scheme.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.findings import Finding, make_findings
from geo.schema import Severity
from geo.settings import OPEN_TO
from geo.walls import find_walled
from geo.what_if_files import (
    ADD,
    CLOSE,
    KINDS,
    NUMBERS,
    OPEN_GATE,
    USE,
    Step,
    dump_steps,
    name_step,
    number_steps,
    parse_steps,
    project_steps,
    unproject_steps,
)

if TYPE_CHECKING:
    from geo.district import District

__all__ = [
    "ADD",
    "CLOSE",
    "KINDS",
    "OPEN_GATE",
    "USE",
    "Checker",
    "NewFacility",
    "Step",
    "append_rows",
    "apply_steps",
    "check_steps",
    "dump_steps",
    "make_facilities",
    "make_gates",
    "name_step",
    "number_steps",
    "parse_steps",
    "place_step",
    "project_steps",
    "read_facility",
    "unproject_steps",
]

_AREAS = ("floor_area_m2", "land_area_m2")
_SIZES = (*_AREAS, "capacity")
#: What each kind cannot do without.
_NEEDED = {
    ADD: ("category", "x", "y"),
    CLOSE: ("facility_id",),
    OPEN_GATE: ("community_id", "x", "y"),
    USE: ("category", "idle_id"),
}


def check_steps(
    steps: Iterable[Step],
    district: "District",
    categories: Collection[str] | None = None,
) -> tuple[list[Step], pd.DataFrame]:
    """Leave out the steps that cannot be done, and say so.

    Parameters
    ----------
    steps
        Steps in order, places in the working CRS.
    district
        The district as it is today.
    categories
        Known categories; None: any.

    Returns
    -------
    steps : list of Step
        Those that can be done, in order, each with an id.
    findings : pandas.DataFrame
        One raw finding for each step left out, and for each resource that is
        asked for more area than it has.
    """
    checker = Checker(district, categories)
    kept, findings = [], []
    for step in number_steps(steps, checker.taken):
        refused = checker.refuse(step)
        if refused is not None:
            findings.append(refused)
        else:
            checker.take(step)
            kept.append(step)
            findings += checker.compare_area(step)
    return kept, make_findings(findings)


def _finding(code: str, step: Step, **params: Any) -> Finding:
    said = {"step": step.id, **params}
    return Finding("steps", code, Severity.WARNING, id=step.id, params=said)


class Checker:
    """What there is after the steps so far.

    Parameters
    ----------
    district
        The district as it is today.
    categories
        Known categories; None: any.
    """

    def __init__(
        self, district: "District", categories: Collection[str] | None
    ) -> None:
        status = district.facilities["status"].fillna("open")
        self.open = set(district.facilities.index[status == "open"])
        self.taken = {*district.facilities.index, *district.gates.index}
        self.idle = district.idle
        self.used: set[tuple[str, str]] = set()
        self.communities = district.communities.index
        self.walled = find_walled(district.communities, district.gates)
        self.categories = categories

    def refuse(self, step: Step) -> Finding | None:
        """Say what is wrong with a step.

        Parameters
        ----------
        step
            The next step, with its id.

        Returns
        -------
        Finding or None
            None if it can be done.
        """
        code, params = self._check(step)
        return _finding(code, step, **params) if code else None

    def _check(self, step: Step) -> tuple[str, dict[str, Any]]:
        missing = _find_missing(step)
        if missing:
            return "step_incomplete", {"missing": missing}
        if step.id in self.taken:
            return "step_id_taken", {}
        known = self.categories is None or step.category in self.categories
        if step.category and not known:
            return "step_category_unknown", {"category": step.category}
        checks = {CLOSE: self._check_close, OPEN_GATE: self._check_gate}
        checks[USE] = self._check_use
        return checks[step.kind](step) if step.kind in checks else ("", {})

    def _check_close(self, step: Step) -> tuple[str, dict[str, Any]]:
        known = step.facility_id in self.open
        return ("" if known else "step_facility_gone"), {"facility": step.facility_id}

    def _check_gate(self, step: Step) -> tuple[str, dict[str, Any]]:
        said = {"community": step.community_id}
        at = self.communities.get_indexer([step.community_id])[0]
        if at < 0:
            return "step_community_gone", said
        return ("" if self.walled[at] else "step_not_walled"), said

    def _check_use(self, step: Step) -> tuple[str, dict[str, Any]]:
        said = {"resource": step.idle_id, "category": step.category}
        if step.idle_id not in self.idle.index:
            return "step_resource_gone", said
        twice = (step.idle_id, step.category) in self.used
        return ("step_resource_twice" if twice else ""), said

    def take(self, step: Step) -> None:
        """Count a step as done.

        Parameters
        ----------
        step
            A step that is not refused.
        """
        self.taken.add(step.id)
        if step.kind in (ADD, USE):
            self.open.add(step.id)
        if step.kind == USE:
            self.used.add((step.idle_id, step.category))
        if step.kind == CLOSE:
            self.open.discard(step.facility_id)

    def take_back(self, step: Step) -> None:
        """Count the last step as not done.

        Parameters
        ----------
        step
            The step that was taken last.
        """
        self.taken.discard(step.id)
        self.open.discard(step.id)
        if step.kind == USE:
            self.used.discard((step.idle_id, step.category))
        if step.kind == CLOSE:
            self.open.add(step.facility_id)

    def compare_area(self, step: Step) -> list[Finding]:
        """Tell where a resource is asked for more area than it has.

        Parameters
        ----------
        step
            A step that is not refused.

        Returns
        -------
        list of Finding
            One for each kind of area.
        """
        if step.kind != USE:
            return []
        found = []
        for name in _AREAS:
            asked, has = getattr(step, name), self.idle.loc[step.idle_id, name]
            if asked is not None and asked > has:
                said = {"resource": step.idle_id, "asked": asked, "has": float(has)}
                found.append(_finding("step_area_more", step, **said))
        return found


def _find_missing(step: Step) -> str:
    """Name what a step cannot do without and does not say, or says wrongly."""
    needed = _NEEDED.get(step.kind)
    if needed is None:
        return "kind"
    found = [name for name in needed if getattr(step, name) in (None, "")]
    for name in NUMBERS:
        value = getattr(step, name)
        if value is not None and not (isfinite(value) and _sensible(name, value)):
            found.append(name)
    if step.kind == OPEN_GATE and step.open_to not in OPEN_TO:
        found.append("open_to")
    return "、".join(dict.fromkeys(found))


def _sensible(name: str, value: float) -> bool:
    return name not in _SIZES or value >= 0


def apply_steps(
    district: "District",
    steps: Iterable[Step],
    categories: Collection[str] | None = None,
) -> tuple["District", pd.DataFrame]:
    """Do steps to the layers of a district.

    Parameters
    ----------
    district
        The district as it is today.
    steps
        Steps in order, places in the working CRS.
    categories
        Known categories; None: any.

    Returns
    -------
    district : District
        With the new facilities and gates (under the ids of their steps), what is
        closed with status ``closed``, and the resources without what is used of
        them. A new gate counts as `derived`: it takes no other way in from its
        community, and makes none a walled one.
    findings : pandas.DataFrame
        What could not be done, see `check_steps`.
    """
    kept, findings = check_steps(steps, district, categories)
    if not kept:
        return district, findings
    facilities = make_facilities(district, kept)
    shut = [step.facility_id for step in kept if step.kind == CLOSE]
    changed = append_rows(district.facilities, facilities)
    changed.loc[shut, "status"] = "closed"
    done = replace(
        district,
        facilities=changed,
        gates=append_rows(district.gates, make_gates(district, kept)),
        idle=_take_areas(district.idle, kept),
    )
    return done, findings


def make_facilities(district: "District", steps: Iterable[Step]) -> gpd.GeoDataFrame:
    """Return the new facilities of steps as rows of the facilities layer.

    Parameters
    ----------
    district
        The district as it is today.
    steps
        Checked steps.

    Returns
    -------
    geopandas.GeoDataFrame
        Index: step id; the columns that are known: `category`, areas, `capacity`,
        `serves`, `status`, `derived`, geometry (that of the resource where one is
        used).
    """
    new = [step for step in steps if step.kind in (ADD, USE)]
    rows = [read_facility(step, district.idle) for step in new]
    columns = ["name", "category", *_SIZES]
    table = pd.DataFrame(
        {name: [getattr(row, name) for row in rows] for name in columns}
    ).astype(dict.fromkeys(_SIZES, np.float64) | {"name": object})
    table["serves"], table["status"], table["derived"] = "all", "open", False
    table.index = pd.Index([row.id for row in rows], name="id", dtype="str")
    shapes = [row.shape for row in rows]
    return gpd.GeoDataFrame(table, geometry=shapes, crs=district.crs)


@dataclass(frozen=True, slots=True)
class NewFacility:
    """A facility that a step puts; attributes as in the facilities layer.

    The shape is that of the resource where one is used; unknown areas are NaN.
    """

    id: str
    name: str | None
    category: str
    floor_area_m2: float
    land_area_m2: float
    capacity: float
    shape: shapely.Geometry


def read_facility(step: Step, idle: gpd.GeoDataFrame) -> NewFacility:
    """Return the facility that a step puts.

    Parameters
    ----------
    step
        A checked step of the kinds ``add`` and ``use``.
    idle
        Idle layer.

    Returns
    -------
    NewFacility
        Of a resource it takes the areas, if the step says none.
    """
    said = {name: getattr(step, name) for name in _SIZES}
    name, shape = None, place_step(step)
    if step.kind == USE:
        has = idle.loc[step.idle_id]
        name, shape = has["name"], has.geometry
        if all(said[one] is None for one in _AREAS):
            said |= {one: float(has[one]) for one in _AREAS}
    sizes = {one: np.nan if said[one] is None else float(said[one]) for one in said}
    return NewFacility(step.id, name, step.category, shape=shape, **sizes)


def place_step(step: Step) -> shapely.Point:
    """Return the place of a step.

    Parameters
    ----------
    step
        The step.

    Returns
    -------
    shapely.Point
        In the working CRS; empty if it has none.
    """
    x, y = step.x, step.y
    return shapely.Point() if x is None or y is None else shapely.Point(x, y)


def make_gates(district: "District", steps: Iterable[Step]) -> gpd.GeoDataFrame:
    """Return the new gates of steps as rows of the gates layer.

    Parameters
    ----------
    district
        The district as it is today.
    steps
        Checked steps.

    Returns
    -------
    geopandas.GeoDataFrame
        Index: step id; `community_id`, `open_to`, `derived` (true), geometry.
    """
    new = [step for step in steps if step.kind == OPEN_GATE]
    table = pd.DataFrame(
        {
            "community_id": pd.Series([s.community_id for s in new], dtype="str"),
            "open_to": pd.Series([s.open_to for s in new], dtype="str"),
            "derived": np.ones(len(new), dtype=bool),
        }
    )
    table.index = pd.Index([step.id for step in new], name="id", dtype="str")
    points = [place_step(step) for step in new]
    return gpd.GeoDataFrame(table, geometry=points, crs=district.crs)


def append_rows(layer: gpd.GeoDataFrame, rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put rows at the end of a layer, whose columns keep their kinds.

    Parameters
    ----------
    layer
        A layer of the district.
    rows
        Rows with some of its columns; others are missing values.

    Returns
    -------
    geopandas.GeoDataFrame
        A new layer.
    """
    shape = layer.geometry.name
    columns = {}
    for name in layer.columns.drop(shape):
        kind = layer[name].dtype
        said = rows[name] if name in rows else pd.Series(None, rows.index, dtype=object)
        if kind == np.bool_:
            said = said.astype("boolean").fillna(value=False)
        columns[name] = pd.concat([layer[name], said.astype(kind)])
    if "derived" in rows and "derived" not in columns:
        old = pd.Series(data=False, index=layer.index)
        columns["derived"] = pd.concat([old, rows["derived"]])
    columns[shape] = pd.concat([layer.geometry, rows.geometry])
    more = [name for name in columns if name not in layer.columns]
    table = pd.DataFrame(columns)[[*layer.columns, *more]]
    return gpd.GeoDataFrame(table, geometry=shape, crs=layer.crs)


def _take_areas(idle: gpd.GeoDataFrame, steps: Sequence[Step]) -> gpd.GeoDataFrame:
    """Take what is used from the resources; what is used up is no resource."""
    left = idle
    for step in steps:
        if step.kind != USE or step.idle_id not in left.index:
            continue
        asked = {n: getattr(step, n) for n in _AREAS}
        said = {name: area for name, area in asked.items() if area is not None}
        rest = {
            name: left.loc[step.idle_id, name] - area for name, area in said.items()
        }
        if said and all(area > 0 for area in rest.values()):
            left = left.copy()
            left.loc[step.idle_id, list(rest)] = list(rest.values())
        else:
            left = left.drop(index=step.idle_id)
    return left
