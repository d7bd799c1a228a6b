"""Rule tables as files: what columns they have, and how they are read and checked.

A table is a CSV file of ``data/rules``, or one of the same name in the folder
``rules`` of a district (there also in GBK, as Excel writes it). Every number
carries its unit in the name of its column.
"""

import csv
import hashlib
import io
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from geo.errors import RuleError
from geo.evidence_schema import EVIDENCE
from geo.schema import LAYERS, RULE_CERTAINTY
from geo.table_columns import Table, TableColumn, make_numbers, make_texts

YES_NO = ("yes", "no")
CLASSES = (
    "基础类",
    "完善类",
    "提升类",
    "基础类/完善类",
    "完善类/提升类",
)
#: The numbers of a facility rule, by the test that uses them.
NUMBERS = {
    "distance": ("max_distance_m", "max_walk_min"),
    "size": (
        "min_floor_area_m2",
        "max_floor_area_m2",
        "min_land_area_m2",
        "max_land_area_m2",
    ),
    "capacity": (
        "places_per_1000_persons",
        "spaces_per_household",
        "floor_area_m2_per_100_households",
        "served_persons_min",
        "served_persons_max",
        "dwellings_min",
        "dwellings_max",
        "unit_area_ha_min",
        "unit_area_ha_max",
        "beds_min",
        "beds_max",
        "land_area_m2_per_person",
        "green_area_m2_per_person",
        "green_width_m_min",
        "bikes_per_household_min",
        "bikes_per_household_max",
        "surface_spaces_per_household_max",
        "land_area_m2_per_space_min",
        "land_area_m2_per_space_max",
        "floor_area_m2_per_garage_space_min",
        "floor_area_m2_per_garage_space_max",
        "charging_share_min",
        "floor_area_share_min",
        "resident_floor_share_min",
        "services_min",
        "storeys_max",
        "floor_area_m2_per_1000_persons_min",
        "floor_area_m2_per_1000_persons_max",
        "land_area_m2_per_1000_persons_min",
        "land_area_m2_per_1000_persons_max",
    ),
}

#: What a row of the suitability table asks of an idle resource.
CONDITIONS = (
    "kind",
    "use",
    "size",
    "storeys",
    "constraint",
    "safety",
    "fire_access",
    "code_planning",
    "code_survey",
    "landuse_planning",
    "landuse_survey",
)

#: Whom a facility serves; how many there are of them says ``people.csv``.
GROUPS = ("persons", "elderly_60", "infants_0_3", "cars")

#: Figures of ``people.csv``.
PEOPLE = ("persons_per_household", "share_elderly_60", "share_infants_0_3")

_CERTAINTY = dict.fromkeys(
    (
        "certainty",
        "certainty_distance",
        "certainty_size",
        "certainty_capacity",
        "certainty_amap",
    ),
    RULE_CERTAINTY,
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "categories",
            make_texts(
                "category! kind! layer rules_for name_zh! name_en! renovation_class",
                kind=("facility", "quota", "scale", "object"),
                layer=tuple(LAYERS),
                renovation_class=CLASSES,
            ),
            ("category",),
        ),
        Table(
            "facility_standards",
            (
                *make_texts(
                    "rule_id! category! name_zh! renovation_class level! standard!"
                    " clause! applies_to! obligation! is_default!",
                    renovation_class=CLASSES,
                    applies_to=("existing", "new", "both"),
                    obligation=("must", "should", "optional", "target", "info"),
                    is_default=YES_NO,
                ),
                *make_texts(
                    "distance_kind distance_source",
                    distance_kind=("walk_distance", "service_radius"),
                    distance_source=("cited_standard", "tool_choice"),
                ),
                *make_numbers(" ".join(chain(*NUMBERS.values()))),
                *make_texts(
                    "certainty! certainty_distance certainty_size certainty_capacity"
                    " source! note",
                    **_CERTAINTY,
                ),
            ),
            ("rule_id",),
        ),
        Table(
            "required",
            (
                *make_texts("category!"),
                *make_numbers("tier_min!"),
                *make_texts("distance_rule size_rule capacity_rule source! note"),
            ),
            ("category",),
        ),
        Table(
            "poi_mapping",
            make_texts(
                "category! amap_codes amap_codes_excluded amap_names name_required!"
                " name_include name_exclude landuse_codes_planning landuse_codes_survey"
                " source! certainty! note",
                name_required=YES_NO,
                **_CERTAINTY,
            ),
            ("category",),
        ),
        Table(
            "osm_tags",
            make_texts(
                "category! conditions! ambiguous! source! certainty! note",
                ambiguous=YES_NO,
                **_CERTAINTY,
            ),
            ("category", "conditions"),
        ),
        Table(
            "street_classes",
            make_texts(
                "key! value! walkable foot_may_allow is_main_road reason! source!"
                " certainty!",
                key=("highway", "foot", "access", "motorroad"),
                walkable=YES_NO,
                foot_may_allow=YES_NO,
                is_main_road=YES_NO,
                **_CERTAINTY,
            ),
            ("key", "value"),
        ),
        Table(
            "suitability",
            (
                *make_texts(
                    "rule_id! category! condition! kinds words area size_rule",
                    condition=CONDITIONS,
                    area=("floor", "land"),
                ),
                *make_numbers("storeys_most"),
                *make_texts(
                    "verdict! if_missing standard! clause! source! certainty! note",
                    verdict=("yes", "unknown", "no"),
                    if_missing=("unknown", "passes"),
                    **_CERTAINTY,
                ),
            ),
            ("rule_id",),
        ),
        Table(
            "siting",
            (
                *make_texts(
                    "category! group! area!",
                    group=GROUPS,
                    area=("floor", "land"),
                ),
                *make_numbers(
                    "module_m2! least_m2 most_m2 m2_per_capacity cost_per_m2_cny"
                ),
                *make_texts(
                    "capacity_unit rule_refs source! certainty! note",
                    capacity_unit=("places", "spaces", "m2"),
                    **_CERTAINTY,
                ),
            ),
            ("category", "area"),
        ),
        Table(
            "people",
            (
                *make_texts("key!", key=PEOPLE),
                *make_numbers("value!"),
                *make_texts("source! certainty! note", **_CERTAINTY),
            ),
            ("key",),
        ),
        Table(
            "apart",
            (
                *make_texts("rule_id! category_a! category_b!"),
                *make_numbers("within_m!"),
                *make_texts("source! certainty! note", **_CERTAINTY),
            ),
            ("rule_id",),
        ),
        Table(
            "ledger_headers",
            (
                *make_texts(
                    "header! layer! column! kind!",
                    layer=(*LAYERS, *EVIDENCE),
                    kind=("text", "number", "count", "year", "flag", "date"),
                ),
                *make_numbers("factor!"),
                *make_texts("unit note"),
            ),
            ("header", "layer"),
        ),
        Table(
            "policy_rules",
            make_texts(
                "rule_id! jurisdiction! doc_no! clause! type! check_kind! metric!"
                " operator! threshold threshold_unit fields! formula! scope! stage"
                " geospatial! severity! quote! source! quoted_from certainty! note",
                **_CERTAINTY,
            ),
            # a second row of a rule is a finding, see geo.rule_fields
            (),
        ),
        Table(
            "fields",
            make_texts("field! where! name_zh! name_en! collect_zh! collect_en!"),
            ("field",),
        ),
    )
}


def read_table(name: str, path: Path) -> tuple[pd.DataFrame, str]:
    """Read and check one rule table.

    Parameters
    ----------
    name
        One of `TABLES`.
    path
        CSV file, in UTF-8 (with or without mark) or GBK.

    Returns
    -------
    pandas.DataFrame
        Columns of the table (numbers as float, ``NaN`` where empty; texts as they
        stand, ``""`` where empty) and ``line``, the line of the file.
    str
        The file's SHA-256.

    Raises
    ------
    RuleError
        If the file cannot be read, a column is unknown or missing, a cell is not
        valid or a row stands twice.
    """
    table, data = TABLES[name], _read_bytes(path)
    lines = _split(data, path.name)
    header, body = lines[0], lines[1:]
    columns = [table.column(name, path.name) for name in header]
    missing = [column.name for column in table.columns if column.name not in header]
    doubled = [name for name in header if header.count(name) > 1]
    if missing:
        raise RuleError("rule_column_missing", table=path.name, column=missing[0])
    if doubled:
        raise RuleError("rule_column_twice", table=path.name, column=doubled[0])
    rows = [
        _convert_row(columns, cells, path.name, line)
        for line, cells in enumerate(body, start=2)
        if any(cell.strip() for cell in cells)
    ]
    names = [column.name for column in table.columns]
    frame = pd.DataFrame(rows, columns=[*names, "line"])
    for column in table.columns:
        kind = float if column.kind == "number" else object
        frame[column.name] = frame[column.name].astype(kind)
    _refuse_doubles(frame, table, path.name)
    return frame, hashlib.sha256(data).hexdigest()


def read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """Read a TOML file.

    Parameters
    ----------
    path
        File, in UTF-8 (with or without mark) or GBK.

    Returns
    -------
    dict
        Its content.
    str
        The file's SHA-256.

    Raises
    ------
    RuleError
        If it cannot be read, or is no TOML.
    """
    data = _read_bytes(path)
    try:
        content = tomllib.loads(_decode(data, path.name))
    except tomllib.TOMLDecodeError as error:
        raise RuleError("rule_toml", file=path.name, detail=str(error)) from error
    return content, hashlib.sha256(data).hexdigest()


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise RuleError("rule_file", file=path.name, detail=detail) from error


def _decode(data: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RuleError("rule_encoding", file=name)


def _split(data: bytes, name: str) -> list[list[str]]:
    try:
        lines = list(
            csv.reader(io.StringIO(_decode(data, name), newline=""), strict=True)
        )
    except csv.Error as error:
        raise RuleError("rule_file", file=name, detail=str(error)) from error
    if not lines or not any(lines[0]):
        raise RuleError("rule_table_empty", table=name)
    lines[0] = [cell.strip() for cell in lines[0]]
    while lines[0] and not lines[0][-1]:
        lines[0].pop()
    return lines


def _convert_row(
    columns: list[TableColumn], cells: list[str], table: str, line: int
) -> dict[str, Any]:
    extra = [cell for cell in cells[len(columns) :] if cell.strip()]
    if len(cells) < len(columns) or extra:
        place = {"expected": len(columns), "found": len(cells)}
        raise RuleError("rule_row_length", table=table, row=line, **place)
    row: dict[str, Any] = {
        column.name: column.convert(cell, table, line)
        for column, cell in zip(columns, cells, strict=False)
    }
    return row | {"line": line}


def _refuse_doubles(frame: pd.DataFrame, table: Table, name: str) -> None:
    if not table.unique:
        return
    doubled = frame[frame.duplicated(list(table.unique))]
    if not doubled.empty:
        row = doubled.iloc[0]
        value = " / ".join(row[column] for column in table.unique)
        column = " / ".join(table.unique)
        place = {"table": name, "row": row["line"], "column": column}
        raise RuleError("rule_row_twice", **place, value=value)
