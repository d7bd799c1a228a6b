"""District: the checked layers of one district, read from a folder or an extract."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS

from geo.categories import classify_layer
from geo.columns import Match
from geo.datum import choose_crs, parse_crs, require_metric, result_crs
from geo.errors import CrsError, InputError
from geo.files import replace_folder
from geo.findings import Finding, concat_findings, layer_names, make_findings
from geo.manifest import MANIFEST, WORKING, Manifest, read_manifest
from geo.places import give_crs
from geo.progress import Progress, no_progress
from geo.read import RawLayer
from geo.relations import (
    check_communities,
    check_overlap,
    check_references,
    check_together,
    check_twins,
    find_anchor,
    find_far,
    measure_centres,
)
from geo.rules import RuleBook, load_rules
from geo.schema import LAYERS, NEEDED_LAYERS
from geo.settings import Settings
from geo.sources import Source, list_inputs, read_sources
from geo.text import LANGUAGES, tr
from geo.validate import Checked, Sieve, check_layer, finish_layer, match_layer

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


#: Layers that a district holds as frames, `extent` among them.
DISTRICT_LAYERS = tuple(field.name for field in fields(District) if field.name in LAYERS)


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
    faults = list(source.faults)
    placed, noticed = _place_layers(source, manifest, faults)
    matches = _match_layers(source, manifest, book, faults)
    _raise_all(faults)
    progress("stage.check", 0.0)
    sieves, crs = _check_layers(source, placed, matches, manifest, progress)
    _raise_all(_empty_layers(sieves, source))
    noticed += check_overlap(sieves)
    classify_layer(sieves["facilities"], book)
    for sieve in sieves.values():
        check_twins(sieve)
    check_references(sieves)
    checked = {
        layer: finish_layer(sieve, derived=source.raws[layer].derived)
        for layer, sieve in sieves.items()
    }
    rows = pd.Series(sieves["communities"].frame.index)
    noticed += check_communities(checked["communities"].frame, rows)
    progress("stage.check", 1.0)
    findings = concat_findings(
        source.findings,
        *(raw.findings for raw in source.raws.values()),
        make_findings(noticed),
        *(part.findings for part in checked.values()),
    )
    return _make_district(source, checked, crs, findings)


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
        Where to write; an older folder of this name is replaced as a whole.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    crs = output_crs(district)
    lines = [f"name = {json.dumps(district.name, ensure_ascii=False)}"]
    lines += ["", "[crs]", f'{WORKING} = "{district.crs.to_string()}"']
    with replace_folder(folder) as new:
        (new / MANIFEST).write_text("\n".join(lines) + "\n", encoding="utf-8")
        for layer in DISTRICT_LAYERS:
            frame = getattr(district, layer)
            if len(frame):
                plain = _storable(frame).to_crs(crs)
                path = new / f"{layer}.gpkg"
                pyogrio.write_dataframe(plain, path, layer=layer, driver="GPKG")


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


def _place_layers(
    source: Source, manifest: Manifest, faults: list[InputError]
) -> tuple[dict[str, gpd.GeoDataFrame], list[Finding]]:
    """Settle the CRS of every layer."""
    placed, noticed = {}, []
    for layer, raw in source.raws.items():
        if shapely.is_missing(raw.frame.geometry.to_numpy()).all() and raw.rows_in:
            names = layer_names(layer)
            faults.append(InputError("no_geometry", **names, source=raw.source))
            continue
        try:
            placed[layer], found = give_crs(
                raw.frame,
                layer,
                source=raw.source,
                declared=None if raw.derived else manifest.declared(layer),
                hint=raw.datum,
                table=raw.is_table,
                loose=raw.format == "GeoJSON",
            )
        except InputError as error:
            faults.append(error)
        else:
            noticed += found
    return placed, noticed


def _match_layers(
    source: Source, manifest: Manifest, rules: RuleBook, faults: list[InputError]
) -> dict[str, dict[str, Match]]:
    matches = {}
    for layer, raw in source.raws.items():
        try:
            matches[layer] = match_layer(
                raw, rules.headers, manifest.columns.get(layer, {})
            )
        except InputError as error:
            faults.append(error)
    return matches


def _check_layers(
    source: Source,
    placed: Mapping[str, gpd.GeoDataFrame],
    matches: Mapping[str, Mapping[str, Match]],
    manifest: Manifest,
    progress: Progress,
) -> tuple[dict[str, Sieve], CRS]:
    """Bring the layers into one working CRS and check them row by row."""
    centres = {layer: measure_centres(frame) for layer, frame in placed.items()}
    anchor = find_anchor(centres["communities"])
    faults: list[InputError] = []
    for layer in placed:
        try:
            check_together(layer, source.raws[layer].source, centres[layer], anchor)
        except InputError as error:
            faults.append(error)
    _raise_all(faults)
    far = {layer: find_far(centres[layer], anchor) for layer in placed}
    crs = _working_crs(placed, centres, far, manifest)
    sieves = {}
    for number, (layer, frame) in enumerate(placed.items()):
        progress("stage.check", number / len(placed))
        metric = frame.to_crs(crs)
        sieves[layer] = check_layer(
            source.raws[layer], metric, matches[layer], far[layer]
        )
    return sieves, crs


def _working_crs(
    placed: Mapping[str, gpd.GeoDataFrame],
    centres: Mapping[str, npt.NDArray[np.float64]],
    far: Mapping[str, npt.NDArray[np.bool_]],
    manifest: Manifest,
) -> CRS:
    if WORKING in manifest.crs:
        crs = parse_crs(manifest.crs[WORKING])
        require_metric(gpd.GeoDataFrame(geometry=[], crs=crs))
        return crs
    order = [layer for layer in DISTRICT_LAYERS if layer in placed]
    home = centres["communities"][~far["communities"]]
    home = home[np.isfinite(home).all(axis=1)]
    if not len(home):
        raise InputError("layer_unplaced", **layer_names("communities"))
    (west, south), (east, north) = home.min(axis=0), home.max(axis=0)
    given = [CRS.from_user_input(placed[layer].crs) for layer in order]
    return choose_crs((west, south, east, north), given)


def _empty_layers(sieves: Mapping[str, Sieve], source: Source) -> list[InputError]:
    """Return a fault for every mandatory layer of which no row can be used."""
    faults = []
    for layer in NEEDED_LAYERS:
        sieve, raw = sieves[layer], source.raws[layer]
        # an extract without facilities is an answer: there is no data
        if len(sieve.frame) or (raw.derived and layer == "facilities"):
            continue
        codes = pd.Series([f.code for f in sieve.noticed if f.content is not None])
        said = {
            lang: "；".join(
                f"{count} × {tr(f'finding.{code}.short', lang)}"
                for code, count in codes.value_counts().items()
            )
            for lang in LANGUAGES
        }
        faults.append(
            InputError(
                "layer_unusable",
                **layer_names(layer),
                source=raw.source,
                rows=raw.rows_in,
                reasons_zh=said["zh"],
                reasons_en=said["en"],
            )
        )
    return faults


def _raise_all(faults: list[InputError]) -> None:
    """Raise every fault at once."""
    if not faults:
        return
    if len(faults) == 1:
        raise faults[0]
    said = {
        f"{part}_{lang}": "\n".join(
            dict.fromkeys(getattr(fault, part)(lang) for fault in faults)
        )
        for lang in LANGUAGES
        for part in ("message", "action")
    }
    kind = CrsError if all(isinstance(f, CrsError) for f in faults) else InputError
    codes = [fault.code for fault in faults]
    raise kind("faults", count=len(faults), codes=codes, **said)


def _make_district(
    source: Source,
    checked: Mapping[str, Checked],
    crs: CRS,
    findings: pd.DataFrame,
) -> District:
    inputs, fingerprint = list_inputs(source.files)
    frames = {
        layer: checked[layer].frame if layer in checked else _absent(layer, crs)
        for layer in DISTRICT_LAYERS
    }
    frames["extent"] = _make_extent(frames["extent"], frames["streets"], source.box)
    return District(
        name=source.name,
        crs=crs,
        **frames,
        findings=findings,
        layers=_list_layers(source, checked),
        fingerprint=fingerprint,
        inputs=inputs,
        ambiguous=_count_ambiguous(frames["facilities"]),
    )


def _absent(layer: str, crs: CRS) -> gpd.GeoDataFrame:
    raw = RawLayer(
        layer,
        gpd.GeoDataFrame(geometry=[], crs=crs),
        "",
        "",
        "",
        0,
        make_findings(),
    )
    sieve = check_layer(raw, raw.frame, {}, np.zeros(0, dtype=bool))
    if layer == "facilities":
        for name in ("ambiguous", "reason"):
            sieve.frame[name] = pd.Series(dtype="str")
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
    return pd.DataFrame(rows, columns=[*columns, "rows_set_aside", "derived", "taken_as"])


def _count_ambiguous(facilities: gpd.GeoDataFrame) -> dict[str, int]:
    names = facilities["ambiguous"].dropna().str.split("|", regex=False).explode()
    return {str(name): int(count) for name, count in names.value_counts().items()}
