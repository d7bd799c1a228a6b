"""Rule tables as files: what columns they have, and how they are read and checked.

A table is a CSV file of ``data/rules``, or one of the same name in the folder
``rules`` of a district (there also in GBK, as Excel writes it). Every number
carries its unit in the name of its column.
"""

import csv
import hashlib
import io
import math
import tomllib
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from geo.errors import RuleError
from geo.schema import LAYERS, RULE_CERTAINTY


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of a rule table.

    Attributes
    ----------
    name
        Name; the unit of a number stands in it.
    kind
        ``text`` or ``number``.
    needed
        No cell may be empty.
    choices
        Words allowed in a text column.
    """

    name: str
    kind: str = "text"
    needed: bool = False
    choices: tuple[str, ...] = ()

    def convert(self, value: object, table: str, row: int | str) -> str | float:
        """Return the value of a cell, checked.

        Parameters
        ----------
        value
            Text of a CSV cell, or a TOML value.
        table, row
            Where it stands, for the error.

        Returns
        -------
        str or float
            Text (empty where missing) or number (``NaN`` where missing).

        Raises
        ------
        RuleError
            If the cell is empty, not a number, negative or not an allowed word.
        """
        text = "" if value is None else unicodedata.normalize("NFC", str(value)).strip()
        place = {"table": table, "row": row, "column": self.name, "value": text}
        if not text:
            if self.needed:
                raise RuleError("rule_cell_empty", **place)
            return math.nan if self.kind == "number" else ""
        if self.kind == "number":
            return _number(text, place)
        if self.choices and text not in self.choices:
            raise RuleError(
                "rule_cell_choice", **place, choices="、".join(self.choices)
            )
        return text


@dataclass(frozen=True, slots=True)
class Table:
    """One rule table: its columns, and those that must be unique together."""

    name: str
    columns: tuple[TableColumn, ...]
    unique: tuple[str, ...] = ()

    def column(self, name: str, place: str) -> TableColumn:
        """Return a column by name.

        Parameters
        ----------
        name
            Name of the column.
        place
            Where the name was met, for the error.

        Returns
        -------
        TableColumn
            The column.

        Raises
        ------
        RuleError
            If there is none, with the likeliest one meant.
        """
        known = {column.name: column for column in self.columns}
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise RuleError("rule_column_unknown", table=place, column=name, near=near)
        return known[name]


def _number(text: str, place: dict[str, Any]) -> float:
    try:
        value = float(unicodedata.normalize("NFKC", text))
    except ValueError as error:
        raise RuleError("rule_cell_number", **place) from error
    if not (math.isfinite(value) and value >= 0):
        raise RuleError("rule_cell_negative", **place)
    return value


def _texts(names: str, **choices: tuple[str, ...]) -> tuple[TableColumn, ...]:
    """Make text columns; a name that ends in ``!`` is needed."""
    return tuple(
        TableColumn(
            name.rstrip("!"),
            needed=name.endswith("!"),
            choices=choices.get(name.rstrip("!"), ()),
        )
        for name in names.split()
    )


def _numbers(names: str) -> tuple[TableColumn, ...]:
    return tuple(
        TableColumn(name.rstrip("!"), "number", needed=name.endswith("!"))
        for name in names.split()
    )


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
            _texts(
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
                *_texts(
                    "rule_id! category! name_zh! renovation_class level! standard!"
                    " clause! applies_to! obligation! is_default!",
                    renovation_class=CLASSES,
                    applies_to=("existing", "new", "both"),
                    obligation=("must", "should", "optional", "target", "info"),
                    is_default=YES_NO,
                ),
                *_texts(
                    "distance_kind distance_source",
                    distance_kind=("walk_distance", "service_radius"),
                    distance_source=("cited_standard", "tool_choice"),
                ),
                *_numbers(" ".join(chain(*NUMBERS.values()))),
                *_texts(
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
                *_texts("category!"),
                *_numbers("tier_min!"),
                *_texts("distance_rule size_rule capacity_rule source! note"),
            ),
            ("category",),
        ),
        Table(
            "poi_mapping",
            _texts(
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
            _texts(
                "category! conditions! ambiguous! source! certainty! note",
                ambiguous=YES_NO,
                **_CERTAINTY,
            ),
            ("category", "conditions"),
        ),
        Table(
            "street_classes",
            _texts(
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
                *_texts(
                    "rule_id! category! condition! kinds words area size_rule",
                    condition=CONDITIONS,
                    area=("floor", "land"),
                ),
                *_numbers("storeys_most"),
                *_texts(
                    "verdict! if_missing standard! clause! source! certainty! note",
                    verdict=("yes", "unknown", "no"),
                    if_missing=("unknown", "passes"),
                    **_CERTAINTY,
                ),
            ),
            ("rule_id",),
        ),
        Table(
            "ledger_headers",
            (
                *_texts(
                    "header! layer! column! kind!",
                    layer=tuple(LAYERS),
                    kind=("text", "number", "count", "year", "flag", "date"),
                ),
                *_numbers("factor!"),
                *_texts("unit note"),
            ),
            ("header", "layer"),
        ),
        Table(
            "policy_rules",
            _texts(
                "rule_id! jurisdiction! doc_no! clause! type! check_kind! metric!"
                " operator! threshold threshold_unit fields! formula! scope! stage"
                " geospatial! severity! quote! source! quoted_from certainty! note",
                **_CERTAINTY,
            ),
            ("rule_id",),
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
    doubled = frame[frame.duplicated(list(table.unique))]
    if not doubled.empty:
        row = doubled.iloc[0]
        value = " / ".join(row[column] for column in table.unique)
        column = " / ".join(table.unique)
        place = {"table": name, "row": row["line"], "column": column}
        raise RuleError("rule_row_twice", **place, value=value)
