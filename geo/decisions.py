"""What a planner decided by hand about the units: one JSON file per scheme (方案).

A file holds the names of communities only, so it outlives any change of the map;
what no longer fits the district is said and left out, the rest is kept.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from geo.errors import InputError, RuleError
from geo.files import make_folder, replace_file
from geo.findings import Finding, make_findings
from geo.schema import Severity
from geo.settings import (
    SiteSettings,
    UnitSettings,
    make_site_settings,
    make_unit_settings,
)
from geo.what_if_files import Step, dump_steps, parse_steps

#: Version of the file; an unknown one is refused rather than half understood.
VERSION = 1
#: Folder of a district that holds its schemes.
FOLDER = "plans"

Pair = tuple[str, str]

_PAIRS = ("locked", "forbidden", "crossings")
#: What decisions say of units, and of nothing else.
ABOUT_UNITS = ("name", "units", *_PAIRS, "excluded", "settings")


@dataclass(frozen=True, slots=True)
class Decisions:
    """The planner's hand.

    Attributes
    ----------
    name
        Name of the scheme.
    units
        Groups of community ids that are units as they stand, whatever the bounds.
    locked, forbidden
        Pairs that must, or must not, be in one unit.
    crossings
        Pairs between which a crossing is declared: no barrier parts them.
    excluded
        Communities that stand alone and are in no joint unit.
    settings
        Settings of the units; None: those of the run.
    sites_required, sites_forbidden
        Resource and category: what has to be built where, and what must not be.
    site_settings
        Settings of the sites; None: those of the run.
    steps
        What is built, closed or opened in any case, in order; places are longitude
        and latitude (:mod:`geo.what_if_files`).
    pinned
        Community and the year in which its unit is to be renovated in any case.
    barred
        Communities whose units are not to be planned.

    Notes
    -----
    Pairs of communities are written with the smaller id first, and everything but
    the steps is sorted, so that equal decisions are equal.
    """

    name: str = ""
    units: tuple[tuple[str, ...], ...] = ()
    locked: tuple[Pair, ...] = ()
    forbidden: tuple[Pair, ...] = ()
    crossings: tuple[Pair, ...] = ()
    excluded: tuple[str, ...] = ()
    settings: UnitSettings | None = None
    sites_required: tuple[Pair, ...] = ()
    sites_forbidden: tuple[Pair, ...] = ()
    site_settings: SiteSettings | None = None
    steps: tuple[Step, ...] = ()
    pinned: tuple[tuple[str, int], ...] = ()
    barred: tuple[str, ...] = ()


def make_decisions(
    *,
    name: str = "",
    units: Iterable[Iterable[str]] = (),
    locked: Iterable[Iterable[str]] = (),
    forbidden: Iterable[Iterable[str]] = (),
    crossings: Iterable[Iterable[str]] = (),
    excluded: Iterable[str] = (),
    settings: UnitSettings | None = None,
) -> Decisions:
    """Put decisions about units into their one order.

    Parameters
    ----------
    name, units, locked, forbidden, crossings, excluded, settings
        See `Decisions`; in any order.

    Returns
    -------
    Decisions
        The same, sorted, each pair and each unit once.

    Examples
    --------
    >>> make_decisions(units=[["C2", "C1"]], locked=[("C2", "C1")]).locked
    (('C1', 'C2'),)
    """
    return Decisions(
        name,
        tuple(sorted({tuple(sorted(set(unit))) for unit in units} - {()})),
        _sort_pairs(locked),
        _sort_pairs(forbidden),
        _sort_pairs(crossings),
        tuple(sorted(set(excluded))),
        settings,
    )


def parse_decisions(text: str, file: str) -> Decisions:
    """Read decisions from the text of a file.

    Parameters
    ----------
    text
        JSON as `dump_decisions` writes it.
    file
        Name of the file, for messages.

    Returns
    -------
    Decisions
        The decisions.

    Raises
    ------
    InputError
        If it is no such file; the message names the place in it.
    RuleError
        If one of its settings is not valid.
    """
    try:
        values = json.loads(text)
    except ValueError as error:
        raise InputError(
            "decisions_unreadable", file=file, reason=str(error)
        ) from error
    if not isinstance(values, dict) or values.get("version") != VERSION:
        raise InputError("decisions_version", file=file, version=VERSION)
    known = {"version", *(one.name for one in fields(Decisions))}
    strange = sorted(set(values) - known)
    if strange:
        raise InputError("decisions_key", file=file, key="、".join(strange))
    settings = _table(values, "settings", file)
    sites = _table(values, "site_settings", file)
    made = make_decisions(
        name=str(values.get("name", "")),
        units=_groups(values, "units", file),
        excluded=_names(values.get("excluded", []), "excluded", file),
        settings=None if settings is None else make_unit_settings(settings),
        **{name: _pairs(values, name, file) for name in _PAIRS},
    )
    return replace(
        made,
        sites_required=_sort_sites(_pairs(values, "sites_required", file)),
        sites_forbidden=_sort_sites(_pairs(values, "sites_forbidden", file)),
        site_settings=None if sites is None else make_site_settings(sites),
        steps=parse_steps(values.get("steps", []), file),
        pinned=_years(values, file),
        barred=tuple(sorted(_names(values.get("barred", []), "barred", file))),
    )


def read_decisions(path: Path) -> Decisions:
    """Read a file of decisions.

    Parameters
    ----------
    path
        A JSON file.

    Returns
    -------
    Decisions
        The decisions; the name is that of the file where none is given.

    Raises
    ------
    InputError
        If it cannot be read or is no such file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        known = isinstance(error, OSError) and error.strerror
        reason = str(known or error)
        raise InputError(
            "decisions_unreadable", file=path.name, reason=reason
        ) from error
    return parse_decisions(text, path.name)


def dump_decisions(decisions: Decisions) -> str:
    """Write decisions as text.

    Parameters
    ----------
    decisions
        The decisions.

    Returns
    -------
    str
        JSON, sorted and indented, so that two versions can be compared.
    """
    values = {"version": VERSION} | asdict(decisions)
    values["steps"] = dump_steps(decisions.steps)
    for name in ("settings", "site_settings"):
        if values[name] is None:
            del values[name]
    return json.dumps(values, ensure_ascii=False, indent=1) + "\n"


def write_decisions(decisions: Decisions, path: Path) -> None:
    """Write decisions into a file, wholly or not at all.

    Parameters
    ----------
    decisions
        The decisions.
    path
        The file; its folder is made where it is missing.

    Raises
    ------
    OutputError
        If it cannot be written; an older file is then as before.
    """
    make_folder(path.parent)
    with replace_file(path) as temporary:
        temporary.write_text(dump_decisions(decisions), encoding="utf-8")


def list_decisions(folder: Path) -> dict[str, Decisions]:
    """Read the schemes that are kept with a district.

    Parameters
    ----------
    folder
        District folder.

    Returns
    -------
    dict
        File name to decisions, sorted; files that cannot be read are left out
        (:func:`read_decisions` says why).
    """
    found = {}
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            found[path.name] = read_decisions(path)
        except (InputError, RuleError):
            continue
    return found


def check_decisions(
    decisions: Decisions, communities: Collection[str]
) -> tuple[Decisions, pd.DataFrame]:
    """Leave out what does not fit the district, and say so.

    Parameters
    ----------
    decisions
        The decisions.
    communities
        Ids of the district's communities.

    Returns
    -------
    decisions : Decisions
        Without communities that do not exist, without a second unit or a unit for
        excluded communities, and without pairs that contradict each other.
    findings : pandas.DataFrame
        One raw finding for each thing left out.
    """
    known = set(communities)
    named = _all_names(decisions)
    findings = [
        _finding("decisions_community_gone", id=name) for name in sorted(named - known)
    ]
    excluded = [name for name in decisions.excluded if name in known]
    taken = set(excluded)
    units = []
    for unit in decisions.units:
        kept = [name for name in unit if name in known and name not in taken]
        twice = sorted(set(unit) & taken)
        findings += [_finding("decisions_community_twice", id=name) for name in twice]
        taken |= set(kept)
        units.append(kept)
    forbidden = _known_pairs(decisions.forbidden, known)
    locked = _known_pairs(decisions.locked, known)
    for a, b in sorted(set(locked) & set(forbidden)):
        findings.append(_finding("decisions_pair_both", a=a, b=b))
    checked = make_decisions(
        name=decisions.name,
        units=units,
        locked=set(locked) - set(forbidden),
        forbidden=set(forbidden) - set(locked),
        crossings=_known_pairs(decisions.crossings, known),
        excluded=excluded,
        settings=decisions.settings,
    )
    whole = replace(decisions, **{name: getattr(checked, name) for name in ABOUT_UNITS})
    return whole, make_findings(findings)


def _finding(code: str, **params: Any) -> Finding:
    name = params.get("id")
    return Finding("units", code, Severity.WARNING, id=name, params=params)


def _all_names(decisions: Decisions) -> set[str]:
    pairs = (*decisions.locked, *decisions.forbidden, *decisions.crossings)
    groups = (*decisions.units, *pairs, decisions.excluded)
    return {name for group in groups for name in group}


def _known_pairs(pairs: Iterable[Pair], known: set[str]) -> list[Pair]:
    return [pair for pair in pairs if known.issuperset(pair)]


def _sort_pairs(pairs: Iterable[Iterable[str]]) -> tuple[Pair, ...]:
    found = {tuple(sorted(pair)) for pair in pairs}
    return tuple(sorted((pair[0], pair[-1]) for pair in found))


def _sort_sites(pairs: Iterable[Iterable[str]]) -> tuple[Pair, ...]:
    found = {tuple(pair) for pair in pairs}
    return tuple(sorted((pair[0], pair[1]) for pair in found))


def _table(values: Mapping[str, Any], key: str, file: str) -> dict[str, Any] | None:
    table = values.get(key)
    if table is not None and not isinstance(table, dict):
        raise InputError("decisions_key", file=file, key=key)
    return table


def _groups(values: Mapping[str, Any], key: str, file: str) -> list[list[str]]:
    groups = values.get(key, [])
    if not isinstance(groups, list):
        raise InputError("decisions_key", file=file, key=key)
    return [_names(group, key, file) for group in groups]


def _pairs(values: Mapping[str, Any], key: str, file: str) -> list[list[str]]:
    pairs = _groups(values, key, file)
    if any(len(set(pair)) != len(("a", "b")) for pair in pairs):
        raise InputError("decisions_key", file=file, key=key)
    return pairs


def _years(values: Mapping[str, Any], file: str) -> tuple[tuple[str, int], ...]:
    pairs = values.get("pinned", [])
    kinds = [str, int]
    if not isinstance(pairs, list) or not all(
        isinstance(pair, list) and [type(one) for one in pair] == kinds
        for pair in pairs
    ):
        raise InputError("decisions_key", file=file, key="pinned")
    return tuple(sorted({pair[0]: pair[1] for pair in pairs}.items()))


def _names(names: object, key: str, file: str) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError("decisions_key", file=file, key=key)
    return names
