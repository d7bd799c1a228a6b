"""The results of the chain as files (ARCHITECTURE, output files)."""

import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

import geo
from geo.district import District, output_crs
from geo.errors import InputError
from geo.exports import write_csv
from geo.files import replace_folder
from geo.findings import concat_findings, render_findings
from geo.geopackage import write_layers
from geo.openings import TABLE_COLUMNS as OPENING_COLUMNS
from geo.openings import opening_shapes
from geo.plan import Plan
from geo.progress import Progress, no_progress
from geo.review import Review
from geo.review_files import make_review_tables, summarise_review
from geo.schema import GAP_COLUMNS, Severity, State
from geo.site_files import (
    SITE_COLUMNS,
    make_site_table,
    make_unmet_table,
    site_shapes,
    summarise_sites,
)
from geo.unit_files import (
    UNIT_COLUMNS,
    make_unit_of_table,
    make_unit_table,
    summarise_units,
    unit_shapes,
)

#: Packages whose version can change a result.
_VERSIONS = (
    "geopandas",
    "shapely",
    "pyproj",
    "pandas",
    "numpy",
    "numba",
    "pyogrio",
    "highspy",
)

#: Layers of steps that were not asked for, with their columns: written empty, so that
#: whoever reads the GeoPackage always finds the same layers.
_LATER: Mapping[str, tuple[str, ...]] = {
    "units": UNIT_COLUMNS,
    "sites": SITE_COLUMNS,
    "openings": ("opening_id", *OPENING_COLUMNS),
}


def write_plan(
    plan: Plan,
    folder: Path,
    *,
    review: Review | None = None,
    lang: str | None = None,
    crs: str | None = None,
    progress: Progress = no_progress,
) -> None:
    """Write the results into a folder, wholly or not at all.

    Parameters
    ----------
    plan
        The results.
    folder
        Where to; an older folder of the same name is replaced, files in it that
        this does not write are kept.
    review
        Clauses, ranking, years and indicators of the plan; None: not asked for.
    lang
        Language of reasons and findings; by default that of the settings.
    crs
        Coordinate system of ``plan.gpkg``; by default EPSG:4490 in China and
        EPSG:4326 elsewhere.
    progress
        Told the stage and its share.

    Raises
    ------
    InputError
        If `crs` is not known.
    OutputError
        If the folder cannot be written or the disk is full; it is then as before.

    Notes
    -----
    CSV files are UTF-8 with a byte order mark (Excel needs it), distances in
    them have two decimals. Rows are sorted by id: the same input gives the same
    rows, whatever its order was.
    """
    speak = lang or plan.settings.lang
    target = _output_crs(plan.district, crs)
    gaps = make_gaps_table(plan, speak)
    writers: tuple[Callable[[Path], None], ...] = (
        lambda to: write_csv(gaps, to / "gaps.csv"),
        lambda to: write_csv(
            render_findings(_all_findings(plan, review), speak), to / "findings.csv"
        ),
        lambda to: _write_summary(plan, review, target, to / "summary.json"),
        lambda to: write_layers(
            _layers(plan, gaps, speak), to / "plan.gpkg", crs=target
        ),
    )
    writers += (lambda to: _write_tables(plan, review, speak, to),)
    with replace_folder(folder) as temporary:
        for step, write in enumerate(writers):
            progress("stage.write", step / len(writers))
            write(temporary)
    progress("stage.write", 1.0)


def make_gaps_table(plan: Plan, lang: str) -> pd.DataFrame:
    """Return the table of ``gaps.csv``.

    Parameters
    ----------
    plan
        The results.
    lang
        Language of names and reasons.

    Returns
    -------
    pandas.DataFrame
        One row per community and required category, sorted by both: first
        :data:`geo.schema.GAP_COLUMNS`, then names and further columns; metres to
        0.01, shares to 0.0001.
    """
    gaps = plan.gaps.copy()
    if lang != plan.settings.lang:
        gaps["reason"] = plan.life_circle.explain(lang)
    names = plan.district.communities["name"]
    gaps["community_name"] = gaps["community_id"].map(names)
    categories = gaps["category"].unique()
    gaps["category_name"] = gaps["category"].map(
        {key: plan.rules.category_name(key, lang) for key in categories}
    )
    further = [name for name in gaps.columns if name not in GAP_COLUMNS]
    last = ["community_name", "category_name"]
    ordered = [*GAP_COLUMNS, *last, *(name for name in further if name not in last)]
    return round_columns(gaps[ordered])


def round_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Round decimals to what the numbers can bear.

    Parameters
    ----------
    frame
        Any result table.

    Returns
    -------
    pandas.DataFrame
        Metres and other decimals to 0.01, shares to 0.0001.
    """
    shares = {name for name in frame.columns if "share" in name}
    return frame.round(
        {
            name: 4 if name in shares else 2
            for name in frame.select_dtypes(np.floating).columns
        }
    )


def _output_crs(district: District, asked: str | None) -> CRS:
    if asked is None:
        return CRS.from_user_input(output_crs(district))
    try:
        return CRS.from_user_input(asked)
    except CRSError as error:
        raise InputError("output_crs", crs=asked) from error


def _write_tables(plan: Plan, review: Review | None, lang: str, folder: Path) -> None:
    tables = _list_tables(plan, lang)
    if review is not None:
        tables |= make_review_tables(review, lang)
    for name, table in tables.items():
        write_csv(table, folder / name)


def _all_findings(plan: Plan, review: Review | None) -> pd.DataFrame:
    if review is None:
        return plan.findings
    return concat_findings(plan.findings, review.findings)


def _list_tables(plan: Plan, lang: str) -> dict[str, pd.DataFrame]:
    """Return the tables of the steps that were taken, by file name."""
    tables = {}
    if plan.units is not None:
        tables["units.csv"] = make_unit_of_table(plan.units)
        tables["unit_summary.csv"] = round_columns(make_unit_table(plan.units, lang))
    if plan.sites is not None:
        tables["sites.csv"] = round_columns(make_site_table(plan.sites, lang))
        tables["unmet.csv"] = round_columns(make_unmet_table(plan.sites, lang))
    if plan.openings is not None:
        shapes = opening_shapes(plan.openings, lang)
        told = pd.DataFrame(shapes.drop(columns="geometry"))
        tables["openings.csv"] = round_columns(told)
    return tables


def _write_summary(plan: Plan, review: Review | None, crs: CRS, path: Path) -> None:
    said = summarise(plan, crs, review)
    text = json.dumps(said, ensure_ascii=False, indent=2, default=str)
    path.write_text(f"{text}\n", encoding="utf-8")


def summarise(plan: Plan, crs: CRS, review: Review | None = None) -> dict[str, Any]:
    """Return what ``summary.json`` holds.

    Parameters
    ----------
    plan
        The results.
    crs
        Coordinate system of ``plan.gpkg``.
    review
        Clauses, ranking, years and indicators; None: not asked for.

    Returns
    -------
    dict
        Counts, totals, settings, versions, input fingerprints and seconds per
        step; values that JSON can hold (``None`` where unknown).
    """
    district = plan.district
    severities = _all_findings(plan, review)["severity"].value_counts()
    later = {} if review is None else summarise_review(review)
    return {
        "name": district.name,
        "until": later.pop("until", plan.until),
        "working_crs": district.crs.to_string(),
        "output_crs": crs.to_string(),
        "counts": {
            "communities": len(district.communities),
            "facilities": len(district.facilities),
            "streets": len(district.streets),
            "gates": len(plan.network.gates),
            "pairs": len(plan.gaps),
            "findings": {s.value: int(severities.get(s, 0)) for s in Severity},
        },
        "totals": _totals(plan),
        "units": None if plan.units is None else summarise_units(plan.units),
        "sites": None if plan.sites is None else summarise_sites(plan.sites),
        "openings": None if plan.openings is None else len(plan.openings.table),
        **later,
        "settings": asdict(plan.settings),
        "profile": plan.settings.profile,
        "rules": _records(plan.rules.sources),
        "layers": _records(district.layers),
        "inputs": _records(district.inputs),
        "fingerprint": district.fingerprint,
        "versions": _versions(),
        "seconds": dict(plan.seconds),
    }


def _totals(plan: Plan) -> dict[str, Any]:
    gaps = plan.gaps
    return {
        "states": _counts(gaps["state"], State),
        "distance_states": _counts(gaps["distance_state"], State),
        "certainty": {
            str(word): int(count)
            for word, count in gaps["certainty"].value_counts().sort_index().items()
            if word
        },
        "categories": _records(plan.life_circle.categories),
        "worst_communities": _records(plan.life_circle.worst.head(10)),
    }


def _counts(column: pd.Series, words: type[State]) -> dict[str, int]:
    counts = column.value_counts()
    return {word.value: int(counts.get(word.value, 0)) for word in words}


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    named = frame.reset_index() if frame.index.name else frame
    plain = round_columns(named).astype(object)
    rows = plain.where(plain.notna(), None).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def _versions() -> dict[str, str]:
    own = {"pianqu": geo.__version__, "python": platform.python_version()}
    return own | {name: version(name) for name in _VERSIONS if find_spec(name)}


def _layers(plan: Plan, gaps: pd.DataFrame, lang: str) -> dict[str, gpd.GeoDataFrame]:
    district, circle = plan.district, plan.life_circle
    taken = set(district.communities.columns)
    scores = circle.communities.rename(
        columns=lambda name: f"{name}_circle" if name in taken else name
    )
    communities = district.communities.join(scores)
    shapes = gpd.GeoSeries(district.communities.geometry)
    layers = {
        "communities": communities,
        "gates": plan.network.gates,
        "facilities": district.facilities,
        "idle": district.idle,
    }
    made = {name: frame.sort_index().reset_index() for name, frame in layers.items()}
    made["walk_edges"] = _walk_edges(plan)
    made["gaps"] = gpd.GeoDataFrame(
        gaps, geometry=shapes.loc[gaps["community_id"]].array, crs=district.crs
    )
    if plan.units is not None:
        made["units"] = unit_shapes(plan.units, lang)
    if plan.sites is not None:
        made["sites"] = site_shapes(plan.sites, lang)
    if plan.openings is not None:
        made["openings"] = opening_shapes(plan.openings, lang)
    for name, columns in _LATER.items():
        if name in made:
            continue
        empty = pd.DataFrame({column: pd.Series(dtype="str") for column in columns})
        made[name] = gpd.GeoDataFrame(empty, geometry=[], crs=district.crs)
    return made


def _walk_edges(plan: Plan) -> gpd.GeoDataFrame:
    network = plan.network
    ends = np.stack([network.u, network.v], axis=1)
    points = np.stack([network.x[ends], network.y[ends]], axis=2)
    streets = plan.district.streets.index.to_numpy(dtype=object)
    street = np.full(len(ends), None, dtype=object)
    own = network.street >= 0
    street[own] = streets[network.street[own]]
    return gpd.GeoDataFrame(
        {
            "street_id": pd.Series(street, dtype="str"),
            "length_m": np.round(network.length_m, 2),
        },
        geometry=shapely.linestrings(points),
        crs=network.crs,
    )
