"""`district.toml`: file names, columns, datum and settings of a district folder."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geo.errors import InputError
from geo.evidence_schema import EVIDENCE
from geo.schema import LAYERS

MANIFEST = "district.toml"
#: Name under which a file with nodes (OSM, GraphML) stands in a district folder.
NETWORK = "network"
#: In ``[crs]``, the working CRS of the district; the other names are layers.
WORKING = "working"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a planner says about the files of a district.

    Attributes
    ----------
    name
        Name of the district, or None.
    layers
        Name of a layer, a table of evidence or ``network`` to file name.
    columns
        Name of a layer or table to the column of the schema to the column of the file.
    datum
        Layer name to ``gcj02``, ``bd09``, ``wgs84``, ``cgcs2000`` or an EPSG code.
    crs
        Layer name to the CRS of a file that carries none.
    settings
        Names and values for :func:`geo.settings.make_settings`.
    """

    name: str | None = None
    layers: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    datum: Mapping[str, str] = field(default_factory=dict)
    crs: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def declared(self, layer: str) -> str | None:
        """Return the datum or CRS declared for a layer, None if there is none."""
        return self.datum.get(layer, self.crs.get(layer))


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a district folder.

    Parameters
    ----------
    folder
        The folder; a file, or a folder without manifest, gives an empty one.

    Returns
    -------
    Manifest
        What it says; sections that other steps read are left to them.

    Raises
    ------
    InputError
        If it is no TOML, names an unknown layer, or a value is of the wrong kind.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return Manifest()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("manifest_unreadable", reason=str(error)) from error
    name = table.get("name")
    columns = {
        layer: _words(_section(table.get("columns", {}), layer, "columns"), layer)
        for layer in _section(table, "columns")
    }
    manifest = Manifest(
        None if name is None else str(name),
        _words(_section(table, "layers"), "layers"),
        columns,
        _words(_section(table, "datum"), "datum"),
        _words(_section(table, "crs"), "crs"),
        _section(table, "settings"),
    )
    _check_layers(manifest)
    return manifest


def _section(table: Mapping[str, Any], name: str, parent: str = "") -> dict[str, Any]:
    section = table.get(name, {})
    if not isinstance(section, dict):
        place = f"{parent}.{name}".lstrip(".")
        raise InputError("manifest_section", section=place)
    return section


def _words(section: Mapping[str, Any], name: str) -> dict[str, str]:
    for key, value in section.items():
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise InputError("manifest_value", section=name, key=key)
    return {key: str(value) for key, value in section.items()}


def _check_layers(manifest: Manifest) -> None:
    known = {
        "layers": {*LAYERS, *EVIDENCE, NETWORK},
        "columns": {*LAYERS, *EVIDENCE},
        "datum": {*LAYERS, NETWORK},
        "crs": {*LAYERS, NETWORK, WORKING},
    }
    for section, names in known.items():
        wrong = sorted(set(getattr(manifest, section)) - names)
        if wrong:
            raise InputError(
                "manifest_layer",
                section=section,
                names="、".join(wrong),
                known="、".join(sorted(names)),
            )
