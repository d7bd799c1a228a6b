"""The files of a district: which file is which layer, and what stands in them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from geo.errors import InputError
from geo.findings import layer_names, make_findings
from geo.manifest import MANIFEST, NETWORK, Manifest
from geo.osm import OSM_SUFFIXES, OsmExtract, read_graphml, read_osm
from geo.progress import Progress
from geo.read import SUFFIXES, RawLayer, find_inputs, read_layer_file
from geo.rules import RuleBook
from geo.schema import LAYERS, NEEDED_LAYERS
from geo.text import LANGUAGES, tr

_NETWORK_SUFFIXES = (*OSM_SUFFIXES, ".graphml")


@dataclass(eq=False)
class Source:
    """What stands in the files of a district.

    Attributes
    ----------
    name
        Name of the folder or extract.
    raws
        Layer name to layer as read or derived.
    box
        Box in the header of the OSM extract (EPSG:4326), or None.
    files
        Files read, in the order of their names.
    findings
        What was noticed about the extract.
    faults
        Reasons for which the district cannot be used.
    """

    name: str
    raws: dict[str, RawLayer] = field(default_factory=dict)
    box: shapely.Polygon | None = None
    files: list[Path] = field(default_factory=list)
    findings: pd.DataFrame = field(default_factory=make_findings)
    faults: list[InputError] = field(default_factory=list)


def read_sources(
    path: Path, manifest: Manifest, rules: RuleBook, progress: Progress
) -> Source:
    """Read every layer file of a district folder, or one OSM extract.

    Parameters
    ----------
    path
        Folder or extract.
    manifest
        What ``district.toml`` says.
    rules
        Rule book: headers of ledgers, tags of OSM.
    progress
        Told the stage ``stage.read``.

    Returns
    -------
    Source
        Layers, and in `faults` every reason for which they cannot be used.
    """
    source = Source(manifest.name or _stem(path))
    if not path.is_dir():
        if not _is_network(path):
            raise InputError("not_a_district", path=path.name)
        _read_network(source, path, rules, progress)
        _check_needed(source)
        return source
    chosen, network = _choose_files(path, manifest, source)
    if (path / MANIFEST).is_file():
        source.files.append(path / MANIFEST)
    for number, (layer, file) in enumerate(chosen.items()):
        progress("stage.read", number / (len(chosen) + 1))
        source.files += find_inputs(file)
        try:
            source.raws[layer] = read_layer_file(file, layer, headers=rules.headers)
        except InputError as error:
            source.faults.append(error)
    failed = set(chosen) - set(source.raws)
    if network is not None:
        _read_network(source, network, rules, progress, skip=failed)
    _check_needed(source, skip=failed)
    progress("stage.read", 1.0)
    return source


def list_inputs(files: Iterable[Path]) -> tuple[pd.DataFrame, str]:
    """Fingerprint the files of a district.

    Parameters
    ----------
    files
        Files read.

    Returns
    -------
    tuple
        One row per file (`file, sha256, bytes`), sorted by name, and one SHA-256
        over names and contents.
    """
    rows = []
    for file in sorted(set(files), key=lambda one: one.name):
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        rows.append((file.name, digest, file.stat().st_size))
    frame = pd.DataFrame(rows, columns=["file", "sha256", "bytes"])
    text = "".join(f"{name}\0{digest}\n" for name, digest, _ in rows)
    return frame, hashlib.sha256(text.encode()).hexdigest()


def _read_network(
    source: Source,
    path: Path,
    rules: RuleBook,
    progress: Progress,
    *,
    skip: Iterable[str] = (),
) -> None:
    """Add the layers that an OSM extract or a graph gives and no file does."""
    source.files.append(path)
    taken = {*source.raws, *skip}
    try:
        if path.name.lower().endswith(".graphml"):
            streets = read_graphml(path)
            if "streets" not in taken:
                source.raws["streets"] = _derived(
                    "streets", streets, path, "GraphML", len(streets)
                )
            return
        extract = read_osm(path, rules=rules, progress=progress)
    except InputError as error:
        source.faults.append(error)
        return
    source.box = extract.extent
    used = [layer for layer in extract.layers if layer not in taken]
    source.findings = extract.findings[extract.findings["layer"].isin(used)]
    for layer in used:
        source.raws[layer] = _derived(
            layer,
            extract.layers[layer],
            path,
            "OSM",
            _count(extract, layer, len(extract.layers[layer])),
        )


def _derived(
    layer: str, frame: gpd.GeoDataFrame, path: Path, kind: str, rows_in: int
) -> RawLayer:
    plain = frame.reset_index(drop=True)
    return RawLayer(
        layer, plain, path.name, kind, "", rows_in, make_findings(), derived=True
    )


def _count(extract: OsmExtract, layer: str, default: int) -> int:
    rows = extract.counts.loc[extract.counts["layer"] == layer, "rows_in"]
    return int(rows.iloc[0]) if len(rows) else default


def _check_needed(source: Source, skip: Iterable[str] = ()) -> None:
    for layer in NEEDED_LAYERS:
        if layer not in source.raws and layer not in skip:
            source.faults.append(InputError("layer_missing", **layer_names(layer)))


def _choose_files(
    folder: Path, manifest: Manifest, source: Source
) -> tuple[dict[str, Path], Path | None]:
    """Return the file of each layer, and the file with nodes."""
    files = [file for file in sorted(folder.iterdir()) if _is_data(file)]
    chosen: dict[str, Path] = {}
    for layer in LAYERS:
        if layer in manifest.layers:
            chosen[layer] = folder / manifest.layers[layer]
            continue
        names = {layer, *(tr(f"layer.{layer}", lang).lower() for lang in LANGUAGES)}
        found = [
            file
            for file in files
            if file.suffix.lower() in SUFFIXES and file.stem.lower() in names
        ]
        if len(found) > 1:
            _twice(source, layer, found)
        if found:
            chosen[layer] = found[0]
    networks = [file for file in files if _is_network(file)]
    if NETWORK in manifest.layers:
        return chosen, folder / manifest.layers[NETWORK]
    named = [file for file in networks if _stem(file).lower() == NETWORK]
    if len(named or networks) > 1:
        _twice(source, NETWORK, named or networks)
    return chosen, next(iter(named or networks), None)


def _twice(source: Source, layer: str, found: list[Path]) -> None:
    files = "、".join(file.name for file in found)
    source.faults.append(InputError("layer_twice", **layer_names(layer), files=files))


def _is_data(file: Path) -> bool:
    return file.is_file() and not file.name.startswith((".", "~", "._"))


def _is_network(file: Path) -> bool:
    return file.name.lower().endswith(_NETWORK_SUFFIXES)


def _stem(path: Path) -> str:
    if path.is_dir():
        return path.resolve().name
    name = path.name
    for suffix in sorted(_NETWORK_SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return path.stem
