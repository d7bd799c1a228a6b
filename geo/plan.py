"""The whole chain in one readable function, and its results as files."""

import json
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

import geo
from geo.decisions import Decisions
from geo.district import District, output_crs
from geo.errors import InputError
from geo.exports import write_csv
from geo.files import replace_folder
from geo.findings import concat_findings, render_findings
from geo.geopackage import write_layers
from geo.lifecircle import LifeCircle, measure_life_circle
from geo.network import WalkNetwork, build_network
from geo.progress import Progress, no_progress
from geo.rules import RuleBook
from geo.schema import GAP_COLUMNS, Severity, State
from geo.settings import Settings
from geo.unit_files import (
    UNIT_COLUMNS,
    make_unit_of_table,
    make_unit_table,
    summarise_units,
    unit_shapes,
)
from geo.units import Units, draw_units

Step = Literal["gaps", "units"]

#: Steps of the chain that this version has, in order.
STEPS: tuple[Step, ...] = ("gaps", "units")

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

#: Layers of steps that come later, with their columns: written empty, so that
#: whoever reads the GeoPackage finds the same layers in every version.
_LATER: Mapping[str, tuple[str, ...]] = {
    "units": UNIT_COLUMNS,
    "sites": ("idle_id", "category", "reason"),
    "openings": ("opening_id", "community_id", "reason"),
}


@dataclass(frozen=True, eq=False)
class Plan:
    """What the chain came to, up to the last step that was asked for.

    Attributes
    ----------
    district
        The checked layers it stands on.
    rules, settings
        The requirements and choices it was made with.
    network
        The walk network.
    life_circle
        Verdicts of every community and category.
    findings
        Raw findings of all steps, reading included.
    seconds
        Wall-clock seconds per step.
    until
        The last step that was taken.
    units
        Joint renovation units; None if they were not asked for.
    """

    district: District
    rules: RuleBook
    settings: Settings
    network: WalkNetwork
    life_circle: LifeCircle
    findings: pd.DataFrame
    seconds: Mapping[str, float]
    until: str
    units: Units | None = None

    @property
    def gaps(self) -> pd.DataFrame:
        """Return the verdicts, see :attr:`geo.lifecircle.LifeCircle.gaps`."""
        return self.life_circle.gaps

    @property
    def has_errors(self) -> bool:
        """Return whether any finding is an error."""
        return bool((self.findings["severity"] == Severity.ERROR).any())


def plan_district(
    district: District,
    rules: RuleBook,
    settings: Settings,
    *,
    until: Step = "units",
    decisions: Decisions | None = None,
    progress: Progress = no_progress,
) -> Plan:
    """Run the chain on one district.

    Parameters
    ----------
    district
        Checked layers in a metric working CRS.
    rules
        Requirements of the profile.
    settings
        Choices of the run.
    until
        The last step to take: ``"gaps"`` or ``"units"``.
    decisions
        What the planner decided about the units.
    progress
        Told the stage and its share.

    Returns
    -------
    Plan
        The results of all steps.

    Raises
    ------
    InputError
        If the district cannot carry the analysis, or `until` is no step.
    """
    if until not in STEPS:
        raise InputError("step_not_there", step=until)
    seconds: dict[str, float] = {}
    with _timed(seconds, "network"):
        network = build_network(district, rules, settings, progress)
    with _timed(seconds, "life_circle"):
        circle = measure_life_circle(district, network, rules, settings, progress)
    found = concat_findings(district.findings, network.findings, circle.findings)
    plan = Plan(district, rules, settings, network, circle, found, seconds, until)
    if until == "gaps":
        return plan
    with _timed(seconds, "units"):
        units = draw_units(circle, decisions, progress=progress)
    found = concat_findings(found, units.findings)
    return replace(plan, findings=found, units=units)


def write_plan(
    plan: Plan,
    folder: Path,
    *,
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
        lambda to: write_csv(_findings_table(plan, speak), to / "findings.csv"),
        lambda to: _write_summary(plan, target, to / "summary.json"),
        lambda to: write_layers(
            _layers(plan, gaps, speak), to / "plan.gpkg", crs=target
        ),
    )
    if plan.units is not None:
        units = plan.units
        writers += (
            lambda to: write_csv(make_unit_of_table(units), to / "units.csv"),
            lambda to: write_csv(
                round_columns(make_unit_table(units, speak)), to / "unit_summary.csv"
            ),
        )
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


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[step] = round(time.perf_counter() - start, 3)


def _output_crs(district: District, asked: str | None) -> CRS:
    if asked is None:
        return CRS.from_user_input(output_crs(district))
    try:
        return CRS.from_user_input(asked)
    except CRSError as error:
        raise InputError("output_crs", crs=asked) from error


def _findings_table(plan: Plan, lang: str) -> pd.DataFrame:
    return render_findings(plan.findings, lang)


def _write_summary(plan: Plan, crs: CRS, path: Path) -> None:
    text = json.dumps(summarise(plan, crs), ensure_ascii=False, indent=2, default=str)
    path.write_text(f"{text}\n", encoding="utf-8")


def summarise(plan: Plan, crs: CRS) -> dict[str, Any]:
    """Return what ``summary.json`` holds.

    Parameters
    ----------
    plan
        The results.
    crs
        Coordinate system of ``plan.gpkg``.

    Returns
    -------
    dict
        Counts, totals, settings, versions, input fingerprints and seconds per
        step; values that JSON can hold (``None`` where unknown).
    """
    district = plan.district
    severities = plan.findings["severity"].value_counts()
    return {
        "name": district.name,
        "until": plan.until,
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
    return own | {name: version(name) for name in _VERSIONS}


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
