"""Rule tables and profiles: which facilities are required, and what of them.

The built-in tables stand in ``data/rules``. A district may replace a table
(``rules/<table>.csv`` in its folder) or single values (``[rules.<rule_id>]`` in
its ``district.toml``); every rule says where its number comes from.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from geo.errors import RuleError
from geo.findings import make_findings
from geo.profiles import Profile, check_facilities, load_profile
from geo.requirements import CAPACITY_KINDS, Requirement, make_requirements
from geo.rule_fields import find_forgotten_values, find_strange_fields, part_twins
from geo.standards import (
    DISTRICT_FILE,
    TESTS,
    Rule,
    change_policy,
    change_standards,
    check_changes,
    make_rules,
    mark,
)
from geo.tables import PEOPLE, TABLES, read_table, read_toml
from geo.text import DEFAULT_LANGUAGE, data_dir

__all__ = [
    "CAPACITY_KINDS",
    "TESTS",
    "Requirement",
    "Rule",
    "RuleBook",
    "load_rules",
    "mark",
    "plain_header",
]

#: A row of the suitability table for every category that has none of its own.
ANY_CATEGORY = "*"

#: Tables with a category in every row.
_CATEGORISED = (
    "facility_standards",
    "required",
    "poi_mapping",
    "osm_tags",
    "suitability",
    "siting",
)

_CONDITION = r"[^=&|!\s]+!?=[^=&|!\s]+(\|[^=&|!\s]+)*"
_CONDITIONS = re.compile(rf"{_CONDITION}(&{_CONDITION})*")


@dataclass(frozen=True, eq=False)
class RuleBook:
    """All rules of one run.

    Attributes
    ----------
    profile
        What the documents of the jurisdiction ask for.
    requirements
        Category to requirement, in the order in which they are shown.
    categories
        Every key with its names, indexed by category.
    standards
        Facility standards; ``origin_distance``, ``origin_size`` and
        ``origin_capacity`` say whose numbers they are.
    poi_mapping, osm_tags
        How names, AMap codes and OSM tags tell a category; with ``layer``.
    street_classes
        Which streets are walkable.
    headers
        Headers of ledgers, as `plain_header` writes them.
    policy
        Clauses of the policy documents, with ``origin``.
    suitability
        Which idle resource may become what, with ``origin``.
    siting
        How a facility is sized where it is sited, by category and area, with
        ``origin``.
    people
        How many people a household has, and which share of them a facility serves;
        indexed by ``key``, with ``origin``.
    apart
        Pairs of categories that may not stand together, with ``origin``.
    sources
        One row for every file read: ``table, kind, path, sha256``.
    fields
        Where each field that rules name is found, what it is called and what paper
        or person gives it: ``field, where, name_zh, name_en, collect_zh, collect_en``
        (places as in :func:`geo.rule_fields.is_place`, several joined by ``|``).
    findings
        Raw findings about rules that could not be used as they stand.
    """

    profile: Profile
    requirements: Mapping[str, Requirement]
    categories: pd.DataFrame
    standards: pd.DataFrame
    poi_mapping: pd.DataFrame
    osm_tags: pd.DataFrame
    street_classes: pd.DataFrame
    headers: pd.DataFrame
    policy: pd.DataFrame
    suitability: pd.DataFrame
    siting: pd.DataFrame
    people: pd.DataFrame
    apart: pd.DataFrame
    sources: pd.DataFrame
    fields: pd.DataFrame
    findings: pd.DataFrame = field(default_factory=make_findings)

    def category_name(self, category: str, lang: str = DEFAULT_LANGUAGE) -> str:
        """Return the name of a category.

        Parameters
        ----------
        category
            Key of the category.
        lang
            ``"zh"`` or ``"en"``.

        Returns
        -------
        str
            Its name.

        Raises
        ------
        KeyError
            If there is no such category.
        """
        return str(self.categories.loc[category, f"name_{lang}"])

    @property
    def facility_categories(self) -> tuple[str, ...]:
        """Keys that a facility may have as its category."""
        return tuple(self.categories.index[self.categories["kind"] == "facility"])

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all files read, for the keys of caches."""
        text = "".join(f"{row.table}{row.sha256}" for row in self.sources.itertuples())
        return hashlib.sha256(text.encode()).hexdigest()


def plain_header(text: str) -> str:
    """Return a ledger header in the form in which the tables hold it.

    Parameters
    ----------
    text
        Header as it stands in a file.

    Returns
    -------
    str
        Half-width, without blanks and line breaks, in lower case.

    Examples
    --------
    >>> plain_header("建筑面积（万㎡）")
    '建筑面积(万m2)'
    """
    return "".join(unicodedata.normalize("NFKC", text).split()).lower()


def load_rules(profile: str = "national", district_dir: Path | None = None) -> RuleBook:
    """Read all rule tables and a profile, and put the requirements together.

    Parameters
    ----------
    profile
        Name of the profile.
    district_dir
        District folder, whose ``rules``, ``profiles`` and ``district.toml`` replace
        what is built in.

    Returns
    -------
    RuleBook
        The rules.

    Raises
    ------
    RuleError
        If a table or profile cannot be read or is not valid, naming the table, row
        and column and what to do.
    """
    tables, sources = _read_tables(district_dir)
    _check_categories(tables)
    _check_patterns(tables)
    _check_siting(tables)
    own, more = _read_district(district_dir)
    changes = check_changes(own.get("rules", {}), tables)
    first, twins = part_twins(tables["policy_rules"])
    policy = change_policy(first, changes)
    chosen, files = load_profile(profile, policy, district_dir=district_dir)
    rules = make_rules(tables["facility_standards"], changes)
    uses = [
        (f"{profile}.toml", chosen.facilities),
        (DISTRICT_FILE, own.get("facilities", {})),
    ]
    categories = tables["categories"].set_index("category")
    fields, headers = tables["fields"], _plain_headers(tables["ledger_headers"])
    strange = find_strange_fields(policy, fields, headers)
    return RuleBook(
        profile=chosen,
        requirements=make_requirements(tables["required"], uses, rules, categories),
        categories=categories.drop(columns=["line"]),
        standards=change_standards(tables["facility_standards"], rules, changes),
        poi_mapping=_with_layer(tables["poi_mapping"], categories["layer"]),
        osm_tags=_with_layer(tables["osm_tags"], categories["layer"]),
        street_classes=tables["street_classes"].drop(columns=["line"]),
        headers=headers,
        policy=policy.drop(columns=["line"]),
        suitability=tables["suitability"].drop(columns=["line"]),
        siting=tables["siting"].drop(columns=["line"]),
        people=tables["people"].drop(columns=["line"]).set_index("key"),
        apart=tables["apart"].drop(columns=["line"]),
        sources=pd.DataFrame(sources + more + files),
        fields=fields.drop(columns=["line"]),
        findings=make_findings([*twins, *strange, *find_forgotten_values(chosen)]),
    )


def _read_tables(
    district_dir: Path | None,
) -> tuple[dict[str, pd.DataFrame], list[dict[str, str]]]:
    tables, sources = {}, []
    for name in TABLES:
        own = district_dir / "rules" / f"{name}.csv" if district_dir else None
        replaced = own is not None and own.is_file()
        path = own if replaced and own else data_dir() / "rules" / f"{name}.csv"
        kind = "district" if replaced else "built-in"
        frame, sha256 = read_table(name, path)
        tables[name] = frame.assign(origin=kind)
        place = {"table": name, "kind": kind, "path": f"rules/{path.name}"}
        sources.append(place | {"sha256": sha256})
    return tables, sources


def _read_district(
    district_dir: Path | None,
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    path = district_dir / DISTRICT_FILE if district_dir else None
    if path is None or not path.is_file():
        return {}, []
    content, sha256 = read_toml(path)
    if not isinstance(content.get("rules", {}), Mapping):
        raise RuleError("rule_toml_table", file=DISTRICT_FILE, name="rules")
    content["facilities"] = check_facilities(content, DISTRICT_FILE)
    place = {"table": DISTRICT_FILE, "kind": "district", "path": DISTRICT_FILE}
    return content, [place | {"sha256": sha256}]


def _with_layer(frame: pd.DataFrame, layers: pd.Series) -> pd.DataFrame:
    return frame.drop(columns=["line"]).assign(layer=frame["category"].map(layers))


def _check_categories(tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse a category that no row of ``categories`` defines."""
    kinds = tables["categories"].set_index("category")["kind"]
    named = [(name, "category") for name in _CATEGORISED]
    named += [("apart", "category_a"), ("apart", "category_b")]
    for name, column in named:
        known = set(kinds.index)
        if name in ("required", "siting", "apart"):
            known = set(kinds.index[kinds == "facility"])
        if name == "suitability":
            known = {*kinds.index[kinds == "facility"], ANY_CATEGORY}
        for line, value in tables[name][["line", column]].itertuples(index=False):
            if value not in known:
                near = get_close_matches(value, known, n=1, cutoff=0.0)[0]
                place = {"table": f"{name}.csv", "row": line, "column": column}
                raise RuleError(
                    "rule_category_unknown", **place, value=value, near=near
                )


def _check_patterns(tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse a name pattern or tag condition that cannot be read."""
    for name, column in (
        ("poi_mapping", "name_include"),
        ("poi_mapping", "name_exclude"),
        ("osm_tags", "conditions"),
    ):
        for line, value in tables[name][["line", column]].itertuples(index=False):
            if not _is_pattern(value, tags=name == "osm_tags"):
                place = {"table": f"{name}.csv", "row": line, "column": column}
                raise RuleError("rule_cell_pattern", **place, value=value)


def _check_siting(tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse sizes that fit no facility, and a table without one of the figures."""
    for row in tables["siting"].to_dict("records"):
        place = {"table": "siting.csv", "row": row["line"]}
        for column in ("module_m2", "m2_per_capacity"):
            if row[column] == 0:
                raise RuleError("rule_cell_zero", **place, column=column)
        if row["least_m2"] > row["most_m2"]:
            value = f"{row['least_m2']:g} > {row['most_m2']:g}"
            raise RuleError(
                "rule_range", **place, column="least_m2 / most_m2", value=value
            )
        if bool(row["capacity_unit"]) == bool(pd.isna(row["m2_per_capacity"])):
            column = "m2_per_capacity" if row["capacity_unit"] else "capacity_unit"
            raise RuleError("rule_cell_empty", **place, column=column, value="")
    groups = tables["siting"].groupby("category")["group"].nunique()
    for category in groups.index[groups > 1]:
        raise RuleError("rule_group", table="siting.csv", category=category)
    for key in PEOPLE:
        if key not in set(tables["people"]["key"]):
            raise RuleError("rule_row_missing", table="people.csv", key=key)


def _is_pattern(value: str, *, tags: bool) -> bool:
    if tags:
        return _CONDITIONS.fullmatch(value) is not None
    try:
        re.compile(value)
    except re.error:
        return False
    return True


def _plain_headers(headers: pd.DataFrame) -> pd.DataFrame:
    plain = headers.assign(header=headers["header"].map(plain_header))
    for row in plain[plain["factor"] <= 0].itertuples():
        place = {"table": "ledger_headers.csv", "row": row.line}
        raise RuleError("rule_factor", **place, value=row.factor)
    for row in plain[plain.duplicated(["header", "layer"])].itertuples():
        place = {"table": "ledger_headers.csv", "row": row.line, "column": "header"}
        raise RuleError("rule_row_twice", **place, value=row.header)
    return plain.drop(columns=["line"])
