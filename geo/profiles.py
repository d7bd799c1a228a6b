"""Profiles: what the documents of a jurisdiction ask for, clause by clause.

A profile is ``data/profiles/<name>.toml``, or a file of that name in the folder
``profiles`` of a district. A value ``"open"`` means that the document leaves
the number open: it is computed and shown, but never passes or fails.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd

from geo.errors import RuleError
from geo.schema import FIRM_CERTAINTY, RULE_CERTAINTY
from geo.tables import read_toml
from geo.text import data_dir

#: What a profile may state, and what kind of value each key has.
PROFILE_KEYS = {
    "consent.participation_min": "fraction",
    "consent.agree_min": "fraction",
    "consent.agree_base": "base",
    "consent.in_principle": "flag",
    "consent.vote_required": "flag",
    "consent.vote_min": "fraction",
    "consent.vote_online": "flag",
    "consent.management_confirmed": "flag",
    "consent.management_online": "flag",
    "consent.committee_preparing": "flag",
    "satisfaction.min": "fraction",
    "satisfaction.survey_min": "fraction",
    "shares.party_org_min": "fraction",
    "shares.owners_committee_min": "fraction",
    "shares.operator_min": "fraction",
    "shares.joint_unit_min": "fraction",
    "shares.social_fund_min": "fraction",
    "funds.execution_min": "fraction",
    "life_circle.walk_min": "count",
    "report.before": "day",
    "build_year.scope": "flag",
}
OPEN = "open"
#: Value of an entry that names a clause, but gives no value: a mistake of the file.
MISSING = "missing"
_TITLES = ("name_zh", "name_en", "document")
_BASES = ("participated", "total")
_STATES = ("eligible", "conditional", "reserve", "not_eligible")
_NEEDS = ("infra_incomplete", "hazard", "active", "willing", "fiscal", "in_joint_unit")
_SOURCED = ("rule", "clause", "quote", "source", "certainty", "note")
_FRACTION = re.compile(r"[0-9]+(\.[0-9]+)?|[0-9]+/[1-9][0-9]*")

Value = Fraction | int | bool | str


@dataclass(frozen=True, slots=True)
class Clause:
    """One value of a profile and where it stands.

    Attributes
    ----------
    key
        One of `PROFILE_KEYS`, or ``build_year``.
    value
        Exact fraction, whole number, flag, day (``MM-DD``), word, ``"open"``, or
        `MISSING` where the profile forgot it.
    rule_id
        Row of ``policy_rules``, if it stands there.
    clause, quote, source, certainty, note
        From the profile itself, else from that row.
    origin
        ``built-in`` or ``district``.
    """

    key: str
    value: Value
    rule_id: str
    clause: str
    quote: str
    source: str
    certainty: str
    note: str
    origin: str

    @property
    def open(self) -> bool:
        """Whether the document leaves the number open."""
        return self.value == OPEN

    @property
    def firm(self) -> bool:
        """Whether the number needs no mark where it is shown."""
        return self.certainty in FIRM_CERTAINTY


@dataclass(frozen=True, slots=True)
class BuildYears:
    """What a range of built years (both included) means for eligibility."""

    least: int | None
    most: int | None
    state: str
    needs: tuple[str, ...]
    clause: Clause


@dataclass(frozen=True, eq=False)
class Profile:
    """The clauses of one jurisdiction.

    Attributes
    ----------
    name, name_zh, name_en, document
        Key, names and document number.
    clauses
        Key to clause; a key that is absent is asked for by no document.
    build_years
        Ranges of built years; empty where the documents name none.
    facilities
        ``off``: categories that are not required; ``use``: category to the rules to
        use instead (``distance``, ``size``, ``capacity``, ``tier_min``), where an
        empty rule switches the test off.
    chain
        Its own name and those of the profiles that it extends, nearest first: rows of
        ``policy_rules`` of these jurisdictions apply.
    """

    name: str
    name_zh: str
    name_en: str
    document: str
    clauses: Mapping[str, Clause]
    build_years: tuple[BuildYears, ...]
    facilities: Mapping[str, Any]
    chain: tuple[str, ...] = ()

    def value(self, key: str) -> Value | None:
        """Return the value of a clause.

        Parameters
        ----------
        key
            One of `PROFILE_KEYS`.

        Returns
        -------
        fractions.Fraction, int, bool, str or None
            The value, ``"open"`` where the document leaves it open, `MISSING` where
            the profile forgot it, None where no document asks for it.
        """
        clause = self.clauses.get(key)
        return None if clause is None else clause.value


def list_profiles(district_dir: Path | None = None) -> tuple[str, ...]:
    """Return the names of all profiles there are.

    Parameters
    ----------
    district_dir
        District folder that may hold further ones.

    Returns
    -------
    tuple of str
        Names, sorted, ``national`` first.
    """
    folders = [data_dir() / "profiles"]
    folders += [district_dir / "profiles"] if district_dir else []
    names = {path.stem for folder in folders for path in folder.glob("*.toml")}
    return tuple(sorted(names, key=lambda name: (name != "national", name)))


def load_profile(
    name: str, policy: pd.DataFrame, *, district_dir: Path | None = None
) -> tuple[Profile, list[dict[str, str]]]:
    """Read a profile and those that it extends.

    Parameters
    ----------
    name
        Name of the profile.
    policy
        Policy rules, with the column ``origin``.
    district_dir
        District folder; its ``profiles`` come before the built-in ones.

    Returns
    -------
    Profile
        The profile.
    list of dict
        The files read: ``table``, ``kind``, ``path``, ``sha256``.

    Raises
    ------
    RuleError
        If there is no such profile, it is no TOML, or a value is not valid.
    """
    chain, sources = _read_chain(name, district_dir)
    rows = {str(row["rule_id"]): dict(row) for _, row in policy.iterrows()}
    clauses: dict[str, Clause] = {}
    years: tuple[BuildYears, ...] = ()
    off: list[str] = []
    use: dict[str, Mapping[str, Any]] = {}
    for content, source in reversed(list(zip(chain, sources, strict=True))):
        place = _Place(source["table"], source["kind"], rows)
        clauses |= _read_clauses(content, place)
        if "build_years" in content:
            years = _read_years(content["build_years"], place)
        facilities = check_facilities(content, place.file)
        off += [key for key in facilities["off"] if key not in off]
        use |= facilities["use"]
    top = chain[0]
    titles = {key: _title(top, key, sources[0]) for key in _TITLES}
    profile = Profile(
        name,
        **titles,
        clauses=clauses,
        build_years=years,
        facilities={"off": off, "use": use},
        chain=tuple(Path(source["path"]).stem for source in sources),
    )
    return profile, sources


def check_facilities(content: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Return which categories a file switches off, and which rules it uses.

    Parameters
    ----------
    content
        A profile or ``district.toml``.
    file
        Its name, for the error.

    Returns
    -------
    dict
        ``off``: list of categories; ``use``: category to rules.

    Raises
    ------
    RuleError
        If either is of another kind, or there is anything else.
    """
    facilities = content.get("facilities", {})
    if not isinstance(facilities, Mapping):
        raise RuleError("profile_facilities", file=file, name="facilities")
    known: dict[str, Any] = {"off": [], "use": {}}
    for name, value in facilities.items():
        if name not in known or not isinstance(value, type(known[name])):
            raise RuleError("profile_facilities", file=file, name=f"facilities.{name}")
    return known | dict(facilities)


@dataclass(frozen=True, slots=True)
class _Place:
    file: str
    origin: str
    policy: Mapping[str, Mapping[str, Any]]


def _title(content: Mapping[str, Any], key: str, source: Mapping[str, str]) -> str:
    if not isinstance(content.get(key), str):
        raise RuleError("profile_key_missing", file=source["table"], key=key)
    return str(content[key])


def _read_chain(
    name: str, district_dir: Path | None
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    chain: list[dict[str, Any]] = []
    sources: list[dict[str, str]] = []
    seen: list[str] = []
    following: str | None = name
    while following is not None:
        if following in seen:
            raise RuleError("profile_cycle", names=" → ".join([*seen, following]))
        path, kind = _find_profile(following, district_dir)
        content, sha256 = read_toml(path)
        place = {"table": path.name, "kind": kind, "path": f"profiles/{path.name}"}
        chain.append(content)
        sources.append(place | {"sha256": sha256})
        seen.append(following)
        following = content.get("extends")
    return chain, sources


def _find_profile(name: str, district_dir: Path | None) -> tuple[Path, str]:
    known = list_profiles(district_dir)
    if name not in known:
        raise RuleError("profile_unknown", name=name, known="、".join(known))
    own = district_dir / "profiles" / f"{name}.toml" if district_dir else None
    if own is not None and own.is_file():
        return own, "district"
    return data_dir() / "profiles" / f"{name}.toml", "built-in"


def _read_clauses(content: Mapping[str, Any], place: _Place) -> dict[str, Clause]:
    plain = (*_TITLES, "extends", "facilities", "build_years")
    found = {}
    for group, table in content.items():
        if group in plain:
            continue
        entries = table.items() if isinstance(table, Mapping) else ()
        for name, entry in entries or ((None, None),):
            key = group if name is None else f"{group}.{name}"
            if key not in PROFILE_KEYS:
                known = "、".join(PROFILE_KEYS)
                raise RuleError(
                    "profile_key_unknown", file=place.file, key=key, known=known
                )
            found[key] = _read_clause(key, entry, place)
    return found


def _read_clause(key: str, entry: object, place: _Place) -> Clause:
    if not isinstance(entry, Mapping):
        raise RuleError("profile_value_missing", file=place.file, key=key)
    given = entry.get("value", "")
    value = MISSING if given == "" else _read_value(key, given, place)
    return _source_clause(key, value, entry, place, extra=("value",))


def _source_clause(
    key: str,
    value: Value,
    entry: Mapping[str, Any],
    place: _Place,
    *,
    extra: tuple[str, ...],
) -> Clause:
    """Add where the value stands; a policy row replaced by the district wins."""
    for name in entry:
        if name not in (*_SOURCED, *extra):
            known = "、".join((*extra, *_SOURCED))
            raise RuleError(
                "profile_key_unknown", file=place.file, key=f"{key}.{name}", known=known
            )
    rule_id, origin = str(entry.get("rule", "")), place.origin
    if rule_id and rule_id not in place.policy:
        raise RuleError("profile_rule_missing", file=place.file, key=key, rule=rule_id)
    row = place.policy.get(rule_id, {})
    numeric = PROFILE_KEYS.get(key) in ("fraction", "count", "day")
    if numeric and row.get("origin") == "district" and row["threshold"]:
        value, origin = _read_value(key, row["threshold"], place), "district"
    texts = {
        name: str(entry.get(name) or row.get(name) or "")
        for name in ("clause", "quote", "source", "certainty", "note")
    }
    if not (texts["clause"] and texts["source"]):
        raise RuleError("profile_source_missing", file=place.file, key=key)
    if texts["certainty"] not in RULE_CERTAINTY:
        known = "、".join(RULE_CERTAINTY)
        raise RuleError("profile_certainty", file=place.file, key=key, known=known)
    return Clause(key, value, rule_id, **texts, origin=origin)


def _read_value(key: str, value: object, place: _Place) -> Value:
    """Return an exact value; a rate is a fraction of 1, never a rounded decimal."""
    kind = PROFILE_KEYS[key]
    if value == OPEN:
        return OPEN
    found = _KINDS[kind](value)
    if found is None:
        raise RuleError(
            "profile_value", file=place.file, key=key, value=value, kind=kind
        )
    return found


def _read_flag(value: object) -> Value | None:
    return value if isinstance(value, bool) else None


def _read_base(value: object) -> Value | None:
    return str(value) if value in _BASES else None


def _read_fraction(value: object) -> Value | None:
    """Read ``"2/3"``, ``"75/100"`` or ``"0.75"``; a TOML float is not exact."""
    if not isinstance(value, str) or not _FRACTION.fullmatch(value):
        return None
    share = Fraction(value)
    return share if 0 < share <= 1 else None


def _read_count(value: object) -> Value | None:
    whole = int(value) if isinstance(value, str) and value.isdecimal() else value
    if isinstance(whole, bool) or not isinstance(whole, int) or whole <= 0:
        return None
    return whole


def _read_day(value: object) -> Value | None:
    try:
        # a leap year, so that 29 February is a day
        date.fromisoformat(f"2024-{value}")
    except ValueError:
        return None
    return str(value)


_KINDS: Mapping[str, Callable[[object], Value | None]] = {
    "flag": _read_flag,
    "base": _read_base,
    "fraction": _read_fraction,
    "count": _read_count,
    "day": _read_day,
}


def _read_years(rows: object, place: _Place) -> tuple[BuildYears, ...]:
    if not isinstance(rows, list):
        raise RuleError("profile_years", file=place.file, value=rows)
    return tuple(_read_range(row, place) for row in rows)


def _read_range(row: object, place: _Place) -> BuildYears:
    problem = RuleError("profile_years", file=place.file, value=row)
    if not isinstance(row, Mapping):
        raise problem
    least, most, state = row.get("least"), row.get("most"), row.get("state")
    needs = tuple(row.get("needs", ()))
    years = [year for year in (least, most) if year is not None]
    if not years or not all(type(year) is int for year in years):
        raise problem
    if years != sorted(years) or state not in _STATES or set(needs) - set(_NEEDS):
        raise problem
    extra = ("least", "most", "state", "needs")
    clause = _source_clause("build_year", str(state), row, place, extra=extra)
    return BuildYears(least, most, str(state), needs, clause)
