"""The layers of a district together: one working CRS, one list of faults."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from geo.columns import Match
from geo.datum import choose_crs, parse_crs, require_metric
from geo.errors import CrsError, InputError
from geo.findings import Finding, concat_findings, layer_names, make_findings
from geo.manifest import WORKING, Manifest
from geo.places import give_crs
from geo.progress import Progress
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
from geo.rules import RuleBook
from geo.schema import LAYERS, NEEDED_LAYERS
from geo.sieve import Sieve
from geo.sources import Source
from geo.text import LANGUAGES, tr
from geo.validate import Checked, check_layer, finish_layer, match_layer


@dataclass(frozen=True, eq=False)
class Assembled:
    """Checked layers in one metric working CRS.

    Attributes
    ----------
    crs
        The working CRS.
    layers
        Layer name to checked layer.
    findings
        Everything that was noticed, from reading on.
    """

    crs: CRS
    layers: dict[str, Checked]
    findings: pd.DataFrame


def assemble_layers(
    source: Source, manifest: Manifest, rules: RuleBook, progress: Progress
) -> Assembled:
    """Bring the layers of a district into one CRS and check them.

    Parameters
    ----------
    source
        Layers as read, and the faults met so far.
    manifest
        What ``district.toml`` says.
    rules
        Rule book.
    progress
        Told the stage ``stage.check``.

    Returns
    -------
    Assembled
        The checked layers.

    Raises
    ------
    InputError
        If the input cannot be used; all faults of a step are told at once.
    """
    faults = list(source.faults)
    placed, noticed = _place_layers(source, manifest, faults)
    matches = _match_layers(source, manifest, rules, faults)
    _raise_all(faults)
    sieves, crs = _check_each(source, placed, matches, manifest, rules, progress)
    _raise_all(_empty_layers(sieves, source))
    noticed += check_overlap(sieves)
    for layer, sieve in sieves.items():
        if not source.raws[layer].derived:
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
    return Assembled(crs, checked, findings)


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
            matches[layer] = match_layer(raw, rules, manifest.columns.get(layer, {}))
        except InputError as error:
            faults.append(error)
    return matches


def _check_each(
    source: Source,
    placed: Mapping[str, gpd.GeoDataFrame],
    matches: Mapping[str, Mapping[str, Match]],
    manifest: Manifest,
    rules: RuleBook,
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
            source.raws[layer], metric, matches[layer], far[layer], rules
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
    order = [layer for layer in LAYERS if layer in placed]
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
