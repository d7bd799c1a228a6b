"""A district as a folder of GeoParquet, to hand it from one process to another.

Unlike a district folder this keeps every type, the working CRS and the findings;
unlike a pickle it cannot carry code.
"""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
from pyproj import CRS

from geo.district import DISTRICT_LAYERS, District
from geo.evidence import Evidence
from geo.evidence_schema import EVIDENCE

_TABLES = ("findings", "layers", "inputs")
#: A table of evidence may be named as a layer or a table of the district is.
_PREFIX = "evidence_"


def pack_district(district: District, folder: Path) -> None:
    """Write a district for another process.

    Parameters
    ----------
    district
        The district.
    folder
        A folder that does not exist yet.
    """
    folder.mkdir()
    for layer in DISTRICT_LAYERS:
        frame = getattr(district, layer)
        _storable(frame).to_parquet(folder / f"{layer}.parquet")
    for table in _TABLES:
        _storable(getattr(district, table)).to_parquet(folder / f"{table}.parquet")
    evidence = district.evidence
    for table in EVIDENCE:
        cells = evidence.tables[table]
        _storable(cells).to_parquet(folder / f"{_PREFIX}{table}.parquet")
    doubts = _storable(evidence.findings)
    doubts.to_parquet(folder / f"{_PREFIX}findings.parquet")
    plain = {
        "name": district.name,
        "crs": district.crs.to_wkt(),
        "fingerprint": district.fingerprint,
        "ambiguous": district.ambiguous,
        "evidence": dict(evidence.files),
    }
    text = json.dumps(plain, ensure_ascii=False)
    (folder / "district.json").write_text(text, encoding="utf-8")


def unpack_district(folder: Path) -> District:
    """Read what :func:`pack_district` wrote.

    Parameters
    ----------
    folder
        The folder.

    Returns
    -------
    geo.district.District
        A district equal to the one packed.
    """
    plain = json.loads((folder / "district.json").read_text(encoding="utf-8"))
    plain["crs"] = CRS.from_wkt(plain["crs"])
    for layer in DISTRICT_LAYERS:
        plain[layer] = gpd.read_parquet(folder / f"{layer}.parquet")
    for table in _TABLES:
        plain[table] = pd.read_parquet(folder / f"{table}.parquet")
    _restore(plain["findings"])
    doubts = pd.read_parquet(folder / f"{_PREFIX}findings.parquet")
    _restore(doubts)
    tables = {
        table: pd.read_parquet(folder / f"{_PREFIX}{table}.parquet")
        for table in EVIDENCE
    }
    plain["evidence"] = Evidence(tables, doubts, plain["evidence"])
    names = [one.name for one in fields(District) if one.name in plain]
    return District(**{name: plain[name] for name in names})


def _restore(findings: pd.DataFrame) -> None:
    """Give what Arrow holds as text its type again."""
    findings["params"] = findings["params"].map(json.loads).astype("object")
    content = findings["content"].astype("object")
    findings["content"] = content.where(content.notna(), None)


def _storable(frame: Any) -> Any:  # noqa: ANN401 (a frame with or without geometry)
    """Return a frame whose columns Arrow can hold; mixed cells become their text."""
    stored = frame.copy()
    for name in frame.columns[frame.dtypes == "object"]:
        if name == "params":
            stored[name] = frame[name].map(lambda cell: json.dumps(cell, default=str))
            continue
        try:
            pa.array(frame[name], from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            known = frame[name].notna()
            stored[name] = frame[name].where(~known, frame[name].astype(str))
    return stored
