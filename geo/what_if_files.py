"""Steps of a scheme, as the planner does them on the map and as files hold them.

In files the places are longitude and latitude, so that a scheme outlives a change
of the working CRS.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Any, cast

from pyproj import CRS, Transformer

from geo.errors import InputError

ADD, CLOSE, OPEN_GATE, USE = "add", "close", "open_gate", "use"
KINDS = (ADD, CLOSE, OPEN_GATE, USE)

#: Decimals of longitude and latitude: a tenth of a millimetre.
DEGREE_DECIMALS = 9

#: Attributes that are numbers.
NUMBERS = ("x", "y", "floor_area_m2", "land_area_m2", "capacity")
_FILE_NAMES = {"x": "lon", "y": "lat"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a scheme.

    Attributes
    ----------
    kind
        ``"add"`` (a facility), ``"close"``, ``"open_gate"`` or ``"use"`` (turn an
        idle resource into a facility).
    id
        ``W001`` ...: the id of the new facility or gate, too. Empty: not numbered
        yet.
    category
        Category of the new facility.
    x, y
        Place of a new facility or gate; metres in the working CRS.
    facility_id, idle_id, community_id
        What is closed, what is used, whose wall is opened.
    open_to
        Who may go through the gate: ``"residents"`` or ``"all"``.
    floor_area_m2, land_area_m2, capacity
        Size of the new facility; None: unknown (of a resource: the area it has).
    """

    kind: str
    id: str = ""
    category: str = ""
    x: float | None = None
    y: float | None = None
    facility_id: str = ""
    idle_id: str = ""
    community_id: str = ""
    open_to: str = "residents"
    floor_area_m2: float | None = None
    land_area_m2: float | None = None
    capacity: float | None = None


def name_step(taken: Collection[str]) -> str:
    """Return the id of the next step.

    Parameters
    ----------
    taken
        Ids of the other steps, and those of the district.

    Returns
    -------
    str
        The first of ``W001``, ``W002`` ... after the last one taken.

    Examples
    --------
    >>> name_step({"W001", "F1"})
    'W002'
    """
    numbers = [int(name[1:]) for name in taken if name[:1] == "W" and _is_number(name)]
    return f"W{max(numbers, default=0) + 1:03d}"


def _is_number(name: str) -> bool:
    return name[1:].isascii() and name[1:].isdecimal()


def number_steps(steps: Iterable[Step], taken: Collection[str] = ()) -> list[Step]:
    """Give an id to each step that has none.

    Parameters
    ----------
    steps
        Steps in order.
    taken
        Ids that the district uses itself.

    Returns
    -------
    list of Step
        The steps in the same order.
    """
    found = list(steps)
    names = {*taken, *(step.id for step in found)}
    for at, step in enumerate(found):
        if not step.id:
            found[at] = replace(step, id=name_step(names))
            names.add(found[at].id)
    return found


def dump_steps(steps: Iterable[Step], crs: CRS | None = None) -> list[dict[str, Any]]:
    """Return steps as values for a JSON file.

    Parameters
    ----------
    steps
        The steps.
    crs
        Working CRS of their places; None: they are longitude and latitude.

    Returns
    -------
    list of dict
        One per step, only what is said, `lon` and `lat` in place of `x` and `y`.
    """
    defaults = {one.name: one.default for one in fields(Step)}
    listed = list(steps) if crs is None else unproject_steps(steps, crs)
    found = []
    for step in listed:
        said = {name: getattr(step, name) for name in defaults}
        kept = {n: v for n, v in said.items() if n == "kind" or v != defaults[n]}
        found.append({_FILE_NAMES.get(name, name): v for name, v in kept.items()})
    return found


def parse_steps(values: object, file: str, crs: CRS | None = None) -> tuple[Step, ...]:
    """Read steps from the values of a JSON file.

    Parameters
    ----------
    values
        What `dump_steps` returned.
    file
        Name of the file, for messages.
    crs
        Working CRS to put the places into; None: they stay longitude and latitude.

    Returns
    -------
    tuple of Step
        The steps in order.

    Raises
    ------
    InputError
        If it is no such list; the message names the step.
    """
    if not isinstance(values, list):
        raise InputError("steps_list", file=file)
    steps = [_parse_step(value, at, file) for at, value in enumerate(values, 1)]
    return tuple(steps if crs is None else project_steps(steps, crs))


def _parse_step(value: object, at: int, file: str) -> Step:
    names = {_FILE_NAMES.get(one.name, one.name): one.name for one in fields(Step)}
    if not isinstance(value, Mapping) or value.get("kind") not in KINDS:
        raise InputError("steps_kind", file=file, number=at, known="、".join(KINDS))
    said: dict[str, Any] = {}
    for key, one in value.items():
        name = names.get(key)
        if name is None or not _fits(name, one):
            raise InputError("steps_key", file=file, number=at, key=str(key))
        said[name] = float(cast("float", one)) if name in NUMBERS else one
    return Step(**said)


def _fits(name: str, value: object) -> bool:
    if name not in NUMBERS:
        return isinstance(value, str)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isfinite(value)


def project_steps(steps: Iterable[Step], crs: CRS) -> list[Step]:
    """Put places that are longitude and latitude into the working CRS.

    Parameters
    ----------
    steps
        Steps as files hold them.
    crs
        Working CRS; its own geodetic CRS is that of the degrees.

    Returns
    -------
    list of Step
        The steps, `x` and `y` in metres.
    """
    geodetic = crs.geodetic_crs
    return _move(steps, Transformer.from_crs(geodetic, crs, always_xy=True), None)


def unproject_steps(steps: Iterable[Step], crs: CRS) -> list[Step]:
    """Put places in the working CRS into longitude and latitude.

    Parameters
    ----------
    steps
        Steps with `x` and `y` in metres.
    crs
        Working CRS; its own geodetic CRS is that of the degrees.

    Returns
    -------
    list of Step
        The steps as files hold them, to `DEGREE_DECIMALS`.
    """
    transformer = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    return _move(steps, transformer, DEGREE_DECIMALS)


def _move(
    steps: Iterable[Step], transformer: Transformer, decimals: int | None
) -> list[Step]:
    found = list(steps)
    for at, step in enumerate(found):
        if step.x is not None and step.y is not None:
            x, y = transformer.transform(step.x, step.y)
            if decimals is not None:
                x, y = round(x, decimals), round(y, decimals)
            found[at] = replace(step, x=float(x), y=float(y))
    return found
