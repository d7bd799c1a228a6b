"""District: the checked layers of one district, read from a folder or an extract."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS

from geo.assemble import Assembled, assemble_layers
from geo.datum import result_crs
from geo.errors import InputError, OutputError
from geo.evidence import Evidence
from geo.evidence_checks import check_evidence
from geo.evidence_files import load_headers, write_table
from geo.evidence_read import find_tables, read_evidence
from geo.files import replace_folder
from geo.findings import concat_findings, make_findings
from geo.manifest import MANIFEST, WORKING, read_manifest
from geo.progress import Progress, no_progress
from geo.read import SUFFIXES, RawLayer
from geo.rules import RuleBook, load_rules
from geo.schema import LAYERS
from geo.settings import Settings
from geo.sources import Source, list_inputs, read_sources
from geo.validate import Checked, check_layer, finish_layer

#: Where the extent comes from.
GIVEN, HEADER, HULL = "given", "header", "hull"


@dataclass(frozen=True, eq=False)
class District:
    """The checked layers of one district.

    Attributes
    ----------
    name
        Name of the district.
    crs
        Metric working CRS of every layer.
    communities, facilities, streets, gates, buildings, idle
        Layers of :data:`geo.schema.LAYERS`: unique string index `id`, every column
        of the layer; empty where the layer is absent.
    barriers, utilities, protected, neighbourhoods
        The same.
    extent
        Surveyed area: columns `layer` (None: all layers; this row always exists)
        and `origin` (``given``, ``header`` or ``hull``).
    findings
        Raw findings, see :mod:`geo.findings`.
    layers
        One row per layer: `layer, source, format, encoding, crs, rows_in,
        rows_used, rows_set_aside, derived, taken_as` (a text key).
    fingerprint
        SHA-256 over the inputs.
    inputs
        One row per file read: `file, sha256, bytes`.
    ambiguous
        Category to the number of objects that could be of it but are not certain.
    evidence
        Tables of the policy step; empty where the folder has none.
    """

    name: str
    crs: CRS
    communities: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    idle: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    utilities: gpd.GeoDataFrame
    protected: gpd.GeoDataFrame
    neighbourhoods: gpd.GeoDataFrame
    extent: gpd.GeoDataFrame
    findings: pd.DataFrame
    layers: pd.DataFrame
    fingerprint: str
    inputs: pd.DataFrame
    ambiguous: dict[str, int]
    evidence: Evidence = field(default_factory=Evidence)


#: Layers that a district holds as frames, `extent` among them.
DISTRICT_LAYERS = tuple(one.name for one in fields(District) if one.name in LAYERS)


def read_district(
    path: Path,
    *,
    rules: RuleBook | None = None,
    settings: Settings | None = None,
    progress: Progress = no_progress,
) -> District:
    """Read and check a district folder or one OSM extract.

    Parameters
    ----------
    path
        Folder in which the stem of a file names its layer, or an extract.
    rules
        Rule book; None: the profile of `settings`, changed by the folder.
    settings
        Choices of the run; only the profile matters here.
    progress
        Told the stages ``stage.read``, ``stage.check``.

    Returns
    -------
    District
        Checked layers in one metric CRS, and everything that was noticed.

    Raises
    ------
    InputError
        If the input cannot be used; all reasons are told at once.
    CrsError
        If all of them are about coordinate systems.
    """
    if not path.exists():
        raise InputError("district_missing", path=path.name)
    folder = path if path.is_dir() else None
    chosen = settings or Settings()
    book = rules or load_rules(chosen.profile, folder)
    manifest = read_manifest(path)
    source = read_sources(path, manifest, book, progress)
    assembled = assemble_layers(source, manifest, book, progress)
    layer = assembled.layers["communities"].frame
    evidence = read_evidence(path, manifest, book.headers, communities=layer)
    doubts = check_evidence(layer, evidence, names=(source.name,))
    found = concat_findings(evidence.findings, doubts)
    evidence = replace(evidence, findings=found)
    source.files += [files[0] for files in find_tables(path, manifest).values()]
    return _make_district(source, assembled, evidence)


def name_communities(communities: pd.DataFrame) -> pd.Series:
    """Return what each community is called: its name, else its id.

    Parameters
    ----------
    communities
        Layer of that name.

    Returns
    -------
    pandas.Series
        Words on its index.
    """
    names = communities["name"].fillna(communities.index.to_series())
    return pd.Series(names, dtype="str")


def name_resources(idle: pd.DataFrame) -> pd.Series:
    """Return what each idle resource is called: its name, else kind and id.

    Parameters
    ----------
    idle
        Layer of that name.

    Returns
    -------
    pandas.Series
        Words on its index.
    """
    kind = idle["kind"].astype("object").fillna("")
    other = kind + idle.index.to_series().astype(str)
    return pd.Series(idle["name"].fillna(other), dtype="str")


def output_crs(district: District) -> str:
    """Return the CRS in which results of a district are written.

    Parameters
    ----------
    district
        The district.

    Returns
    -------
    str
        ``"EPSG:4490"`` where the CGCS2000 zones apply, else ``"EPSG:4326"``.
    """
    return result_crs(district.crs)


def write_district(district: District, folder: Path) -> None:
    """Write a district as a folder that `read_district` reads back equal.

    Parameters
    ----------
    district
        The district.
    folder
        Where to write; layers of an older district are replaced.

    Raises
    ------
    OutputError
        If it cannot be written, or holds layer files that are not replaced.
    """
    crs = output_crs(district)
    lines = [f"name = {json.dumps(district.name, ensure_ascii=False)}"]
    lines += ["", "[crs]", f'{WORKING} = "{district.crs.to_string()}"']
    filled = [layer for layer in DISTRICT_LAYERS if len(getattr(district, layer))]
    tables = [name for name, one in district.evidence.tables.items() if len(one)]
    own = {f"{layer}.gpkg" for layer in filled} | {f"{name}.csv" for name in tables}
    _refuse_strangers(folder, own)
    headers = load_headers()
    with replace_folder(folder) as new:
        (new / MANIFEST).write_text("\n".join(lines) + "\n", encoding="utf-8")
        for layer in filled:
            plain = _storable(getattr(district, layer)).to_crs(crs)
            path = new / f"{layer}.gpkg"
            pyogrio.write_dataframe(plain, path, layer=layer, driver="GPKG")
        for name in tables:
            table = district.evidence.tables[name]
            write_table(table, name, new / f"{name}.csv", headers=headers)


def _refuse_strangers(folder: Path, own: set[str]) -> None:
    """Refuse a folder whose other layer files would become part of the district."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    others = [
        file.name
        for file in found
        if file.name not in own and file.suffix.lower() in SUFFIXES
    ]
    if others:
        raise OutputError("district_taken", path=folder.name, files="、".join(others))


def _storable(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a layer in the types that a GeoPackage knows."""
    plain = frame.reset_index()
    if "node_ids" in plain.columns:
        plain["node_ids"] = plain["node_ids"].map(
            lambda ids: None if ids is None else " ".join(map(str, ids))
        )
    for name in plain.columns:
        if name != plain.geometry.name and plain[name].isna().all():
            plain[name] = pd.Series(None, plain.index, dtype="str")
        elif plain[name].dtype == "boolean":
            plain[name] = plain[name].map({True: "yes", False: "no"}).astype("str")
    return plain


def _make_district(
    source: Source, assembled: Assembled, evidence: Evidence
) -> District:
    inputs, fingerprint = list_inputs(source.files)
    checked = assembled.layers
    frames = {
        layer: checked[layer].frame
        if layer in checked
        else _absent(layer, assembled.crs)
        for layer in DISTRICT_LAYERS
    }
    frames["extent"] = _make_extent(frames["extent"], frames["streets"], source.box)
    return District(
        name=source.name,
        crs=assembled.crs,
        **frames,
        findings=concat_findings(assembled.findings, evidence.findings),
        layers=_list_layers(source, checked),
        fingerprint=fingerprint,
        inputs=inputs,
        ambiguous=_count_ambiguous(frames["facilities"]),
        evidence=evidence,
    )


def _absent(layer: str, crs: CRS) -> gpd.GeoDataFrame:
    """Return an empty layer with all its columns."""
    nothing = gpd.GeoDataFrame(geometry=[], crs=crs)
    raw = RawLayer(layer, nothing, "", "", "", 0, make_findings())
    sieve = check_layer(raw, nothing, {}, np.zeros(0, dtype=bool))
    return finish_layer(sieve, derived=False).frame


def _make_extent(
    given: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, box: shapely.Polygon | None
) -> gpd.GeoDataFrame:
    """Return the extent with a row for all layers (METHODS, Extent)."""
    extent = given.copy()
    if "origin" not in extent.columns:
        extent["origin"] = pd.Series(GIVEN, extent.index, dtype="str")
    extent["origin"] = extent["origin"].fillna(GIVEN)
    if extent["layer"].isna().any():
        return extent
    if box is not None:
        # the box is one of degrees: its sides bend in a metric CRS
        dense = gpd.GeoSeries([shapely.segmentize(box, 0.01)], crs=4326)
        shape, origin = dense.to_crs(streets.crs).iloc[0], HEADER
    else:
        lines = shapely.multilinestrings(streets.geometry.to_numpy())
        shape, origin = shapely.convex_hull(lines), HULL
    row = gpd.GeoDataFrame(
        {
            "layer": pd.Series([None], dtype="str"),
            "origin": pd.Series([origin], dtype="str"),
            "derived": [True],
        },
        geometry=[shape],
        crs=streets.crs,
    ).set_axis(pd.Index(["extent"], name="id"))
    if not len(extent):
        return row[["layer", "geometry", "origin", "derived"]]
    return gpd.GeoDataFrame(pd.concat([row, extent]), crs=streets.crs)


def _list_layers(source: Source, checked: Mapping[str, Checked]) -> pd.DataFrame:
    rows = []
    for layer in DISTRICT_LAYERS:
        raw, part = source.raws.get(layer), checked.get(layer)
        if raw is None or part is None:
            rows.append((layer, "", "", "", "", 0, 0, 0, False, "taken_as.absent"))
            continue
        crs = CRS.from_user_input(raw.frame.crs).name if raw.frame.crs else ""
        taken = "taken_as.derived" if raw.derived else "taken_as.given"
        aside = raw.rows_in - part.rows_used
        counts = (raw.rows_in, part.rows_used, aside)
        head = (layer, raw.source, raw.format, raw.encoding, crs)
        rows.append((*head, *counts, raw.derived, taken))
    columns = ["layer", "source", "format", "encoding", "crs", "rows_in", "rows_used"]
    return pd.DataFrame(
        rows, columns=[*columns, "rows_set_aside", "derived", "taken_as"]
    )


def _count_ambiguous(facilities: gpd.GeoDataFrame) -> dict[str, int]:
    names = facilities["ambiguous"].dropna().str.split("|", regex=False).explode()
    return {str(name): int(count) for name, count in names.value_counts().items()}
