"""Rule tables and profiles: which facilities are required, and what of them.

The built-in tables stand in ``data/rules``. A district may replace a table
(``rules/<table>.csv`` in its folder) or single values (``[rules.<rule_id>]`` in
its ``district.toml``); every rule says where its number comes from.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from geo.errors import RuleError
from geo.profiles import Profile, load_profile
from geo.settings import Settings
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
from geo.tables import TABLES, read_table, read_toml
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

#: Column of the capacity that a rule gives -> its kind and unit.
CAPACITY_KINDS = {
    "places_per_1000_persons": ("per_1000_persons", "places"),
    "spaces_per_household": ("per_household", "spaces"),
    "floor_area_m2_per_100_households": ("per_100_households", "m2"),
}
TIERS = (5, 10, 15)
_CONDITION = r"[^=&|!\s]+!?=[^=&|!\s]+(\|[^=&|!\s]+)*"
_CONDITIONS = re.compile(rf"{_CONDITION}(&{_CONDITION})*")
#: The columns of which a rule must give at least one to serve as such a test.
_LEAST = {
    "distance": ("max_distance_m",),
    "size": ("min_floor_area_m2", "min_land_area_m2"),
    "capacity": tuple(CAPACITY_KINDS),
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """What is asked of one category of facilities.

    Attributes
    ----------
    category, name_zh, name_en, renovation_class
        Key, names and 基础类, 完善类 or 提升类 (may be empty).
    tier_min
        Life circle it belongs to: 5, 10 or 15 minutes.
    required
        False where the profile or the district switches it off.
    distance, size, capacity
        The rule of each test, None where it is not required.
    note
        Why these rules.
    """

    category: str
    name_zh: str
    name_en: str
    renovation_class: str
    tier_min: int
    required: bool
    distance: Rule | None
    size: Rule | None
    capacity: Rule | None
    note: str = ""

    @property
    def threshold_m(self) -> float | None:
        """Farthest that the nearest facility may be, in metres of walking."""
        return self.distance.value("max_distance_m") if self.distance else None

    @property
    def min_floor_area_m2(self) -> float | None:
        """Least floor area that counts as large enough."""
        return self.size.value("min_floor_area_m2") if self.size else None

    @property
    def min_land_area_m2(self) -> float | None:
        """Least land area that counts as large enough."""
        return self.size.value("min_land_area_m2") if self.size else None

    @property
    def capacity_column(self) -> str | None:
        """Column that gives the capacity, a key of `CAPACITY_KINDS`."""
        given = dict(self.capacity.numbers) if self.capacity else {}
        return next((column for column in CAPACITY_KINDS if column in given), None)

    @property
    def capacity_kind(self) -> str | None:
        """``per_1000_persons``, ``per_household`` or ``per_100_households``."""
        column = self.capacity_column
        return CAPACITY_KINDS[column][0] if column else None

    @property
    def capacity_unit(self) -> str | None:
        """``places``, ``spaces`` or ``m2``."""
        column = self.capacity_column
        return CAPACITY_KINDS[column][1] if column else None

    @property
    def capacity_value(self) -> float | None:
        """Least capacity, in `capacity_unit` and `capacity_kind`."""
        column = self.capacity_column
        return self.capacity.value(column) if self.capacity and column else None

    def reach_m(self, settings: Settings) -> float:
        """Return the distance that counts as in reach.

        Parameters
        ----------
        settings
            Its `default_reach_m` stands in where there is no distance rule.

        Returns
        -------
        float
            Metres of walking.
        """
        threshold = self.threshold_m
        return settings.default_reach_m if threshold is None else threshold

    def rule(self, test: str) -> Rule | None:
        """Return the rule of a test.

        Parameters
        ----------
        test
            One of `TESTS`.

        Returns
        -------
        Rule or None
            None where the test is not required.
        """
        return {"distance": self.distance, "size": self.size}.get(test, self.capacity)


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
    sources
        One row for every file read: ``table, kind, path, sha256``.
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
    sources: pd.DataFrame

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
    own, more = _read_district(district_dir)
    changes = check_changes(own.get("rules", {}), tables)
    policy = change_policy(tables["policy_rules"], changes)
    chosen, files = load_profile(profile, policy, district_dir=district_dir)
    rules = make_rules(tables["facility_standards"], changes)
    uses = [
        (f"{profile}.toml", chosen.facilities),
        (DISTRICT_FILE, own.get("facilities", {})),
    ]
    categories = tables["categories"].set_index("category")
    return RuleBook(
        profile=chosen,
        requirements=_make_requirements(
            _compose(tables["required"], uses), rules, categories
        ),
        categories=categories.drop(columns=["line"]),
        standards=change_standards(tables["facility_standards"], rules, changes),
        poi_mapping=_with_layer(tables["poi_mapping"], categories["layer"]),
        osm_tags=_with_layer(tables["osm_tags"], categories["layer"]),
        street_classes=tables["street_classes"].drop(columns=["line"]),
        headers=_plain_headers(tables["ledger_headers"]),
        policy=policy.drop(columns=["line"]),
        sources=pd.DataFrame(sources + more + files),
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
    for name in ("rules", "facilities"):
        if not isinstance(content.get(name, {}), Mapping):
            raise RuleError("rule_toml_table", file=DISTRICT_FILE, name=name)
    place = {"table": DISTRICT_FILE, "kind": "district", "path": DISTRICT_FILE}
    return content, [place | {"sha256": sha256}]


def _with_layer(frame: pd.DataFrame, layers: pd.Series) -> pd.DataFrame:
    return frame.drop(columns=["line"]).assign(layer=frame["category"].map(layers))


def _check_categories(tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse a category that no row of ``categories`` defines."""
    kinds = tables["categories"].set_index("category")["kind"]
    for name in ("facility_standards", "required", "poi_mapping", "osm_tags"):
        known = set(kinds.index)
        if name == "required":
            known = set(kinds.index[kinds == "facility"])
        for row in tables[name].itertuples():
            if row.category not in known:
                near = get_close_matches(row.category, known, n=1, cutoff=0.0)[0]
                place = {"table": f"{name}.csv", "row": row.line, "column": "category"}
                raise RuleError(
                    "rule_category_unknown", **place, value=row.category, near=near
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


def _compose(
    required: pd.DataFrame, uses: Iterable[tuple[str, Mapping[str, Any]]]
) -> dict[str, dict[str, Any]]:
    """Say for every category which rules it has, the later word winning."""
    asked: dict[str, dict[str, Any]] = {}
    for row in required.to_dict("records"):
        rules = {test: row[f"{test}_rule"] for test in TESTS}
        more = {"tier_min": row["tier_min"], "note": row["note"], "required": True}
        place = {"table": "required.csv", "row": row["line"]}
        asked[row["category"]] = rules | more | {"place": place}
    for file, facilities in uses:
        for category, own in facilities.get("use", {}).items():
            nothing = dict.fromkeys(TESTS, "") | {"note": "", "required": True}
            before = asked.get(category, nothing)
            asked[category] = before | _check_use(category, own, file)
        for category in facilities.get("off", []):
            if category not in asked:
                place = {"table": file, "row": "facilities.off", "column": "off"}
                near = get_close_matches(str(category), asked, n=1, cutoff=0.0)[0]
                raise RuleError(
                    "rule_category_unknown", **place, value=category, near=near
                )
            asked[category]["required"] = False
    return asked


def _check_use(category: str, own: object, file: str) -> dict[str, Any]:
    """Return which rules a file puts in place of those of `required.csv`."""
    known = (*TESTS, "tier_min")
    name = f"facilities.use.{category}"
    if not isinstance(own, Mapping):
        raise RuleError("profile_facilities", file=file, name=name)
    for key in own:
        if key not in known:
            near = get_close_matches(str(key), known, n=1, cutoff=0.0)[0]
            table = f"{file} [{name}]"
            raise RuleError("rule_column_unknown", table=table, column=key, near=near)
    return dict(own) | {"place": {"table": file, "row": name}}


def _make_requirements(
    asked: Mapping[str, Mapping[str, Any]],
    rules: Mapping[tuple[str, str], Rule],
    categories: pd.DataFrame,
) -> dict[str, Requirement]:
    made = {}
    for category, words in asked.items():
        place = words["place"]
        if category not in categories.index[categories["kind"] == "facility"]:
            near = get_close_matches(category, categories.index, n=1, cutoff=0.0)[0]
            raise RuleError(
                "rule_category_unknown",
                **place,
                column="category",
                value=category,
                near=near,
            )
        if words.get("tier_min") not in TIERS:
            value = words.get("tier_min", "")
            raise RuleError("rule_tier", **place, column="tier_min", value=value)
        names = categories.loc[category]
        found = {
            test: _find_rule(category, test, str(words[test]), place, rules, categories)
            for test in TESTS
        }
        made[category] = Requirement(
            category=category,
            name_zh=str(names["name_zh"]),
            name_en=str(names["name_en"]),
            renovation_class=str(names["renovation_class"]),
            tier_min=int(words["tier_min"]),
            required=words["required"],
            **found,
            note=words["note"],
        )
    return made


def _find_rule(
    category: str,
    test: str,
    rule_id: str,
    place: Mapping[str, Any],
    rules: Mapping[tuple[str, str], Rule],
    categories: pd.DataFrame,
) -> Rule | None:
    """Return the rule that a requirement names, or refuse the name."""
    if not rule_id:
        return None
    where = dict(place) | {"column": test, "rule": rule_id}
    if not any(name == rule_id for name, _ in rules):
        raise RuleError("rule_missing", **where)
    rule = rules.get((rule_id, test))
    if rule is None or not any(rule.value(column) for column in _LEAST[test]):
        raise RuleError("rule_gives_nothing", **where, columns="、".join(_LEAST[test]))
    if category not in (rule.category, categories.loc[rule.category, "rules_for"]):
        raise RuleError(
            "rule_other_category", **where, category=category, other=rule.category
        )
    return rule
