"""The sample district 示例区: a made-up town with a quarter that was laid by hand.

It is written by `write_sample` into ``data/sample`` once and for all; a test
compares the two. What the quarter holds on purpose stands in `geo.quarter`, and
the answers in ``tests/sample_answers.toml``.
"""

import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from pyproj import CRS

from geo.district import District
from geo.files import replace_file, write_text
from geo.findings import make_findings
from geo.quarter import HOMES, KEPT_OUT, built_years, lay_quarter
from geo.sample_evidence import write_evidence_files
from geo.sample_facts import forget_consent
from geo.schema import LAYERS
from geo.text import data_dir
from geo.town import Town, TownStyle, draw_town, plan_town
from geo.town_frames import CRS as TOWN_CRS

#: Where the sample comes from.
SEED = 20272
#: The town around the quarter; nowhere in the district is there a canteen.
STYLE = TownStyle(
    communities=105,
    absent=("canteen",),
    straight_east=True,
    kept_out=KEPT_OUT,
    idle_share=0.55,
)
#: A community of 2008 whose pipes are worn (answer 5).
WORN = "C109"
#: Ledger headers (台账) of the columns of the schema.
HEADERS = {
    "id": "小区编码",
    "name": "小区名称",
    "street_office": "街道(乡镇)",
    "neighbourhood": "社区",
    "jurisdiction": "所属辖区",
    "built_year": "建成年份",
    "households": "户数",
    "population": "常住人口",
    "elderly_60": "60岁以上人口",
    "infants_0_3": "0-3岁人口",
    "floor_area_m2": "建筑面积(万m2)",
    "parking_spaces": "停车位数",
    "walled": "是否封闭",
}
#: Format of each layer, mixed as in life.
FORMATS = {
    "communities": "gpkg",
    "facilities": "geojson",
    "streets": "gpkg",
    "gates": "geojson",
    "buildings": "gpkg",
    "idle": "gpkg",
    "barriers": "geojson",
    "utilities": "gpkg",
    "protected": "geojson",
    "extent": "geojson",
    "neighbourhoods": "geojson",
}
_DISTRICT_TOML = """\
# 示例区：完全虚构，由 geo/sample.py 生成（不是任何真实地方）。
# A made-up district: nothing in it is real.
name = "示例区"
"""


def make_sample() -> Town:
    """Make the sample district.

    Returns
    -------
    Town
        Its layers, with columns as the steps expect them.
    """
    rng = np.random.default_rng(SEED)
    plan = plan_town(rng, STYLE)
    row = plan.grid.river_row or 0
    origin = (float(plan.grid.xs[-1]), float(plan.grid.ys[row + 1]))
    lay_quarter(rng, plan, origin)
    layers = draw_town(rng, plan, STYLE)
    communities = layers["communities"]
    years = communities["built_year"].to_numpy(dtype=float).copy()
    years[-len(HOMES) :] = built_years()
    communities["built_year"] = years
    communities.loc[WORN, ["供水", "排水"]] = "破损"
    layers["communities"] = forget_consent(communities)
    return Town(SEED, STYLE, layers, plan)


def make_district(town: Town) -> District:
    """Return a town as a district, without a detour over files.

    Parameters
    ----------
    town
        A town as `geo.town.make_town` or `make_sample` makes it.

    Returns
    -------
    District
        Its layers, checked by nothing: for tests and benchmarks.
    """
    frames = {name: _complete(town.layers.get(name), name) for name in LAYERS}
    frames["extent"]["origin"] = pd.Series("given", frames["extent"].index, dtype="str")
    columns = ["layer", "source", "format", "encoding", "crs", "rows_in"]
    columns += ["rows_used", "rows_set_aside", "derived", "taken_as"]
    return District(
        name="示例区",
        crs=CRS.from_user_input(TOWN_CRS),
        **frames,
        findings=make_findings(),
        layers=pd.DataFrame(columns=columns),
        fingerprint=f"town-{town.seed}",
        inputs=pd.DataFrame(columns=["file", "sha256", "bytes"]),
        ambiguous={},
    )


def _complete(frame: gpd.GeoDataFrame | None, layer: str) -> gpd.GeoDataFrame:
    """Return a layer with all its columns, of the kinds that checked layers have."""
    if frame is None:
        ids = pd.Index([], dtype="str", name="id")
        frame = gpd.GeoDataFrame(geometry=[], index=ids, crs=TOWN_CRS)
    frame = frame.assign(derived=False)
    if layer == "facilities":
        frame = frame.assign(reason="given:", ambiguous=None)
        frame["ambiguous"] = frame["ambiguous"].astype("str")
    for column in LAYERS[layer].columns:
        if column.name == "id":
            continue
        kind = {"text": "str", "flag": "boolean"}.get(column.kind, "float64")
        held = frame.get(column.name, pd.Series(None, frame.index, dtype="object"))
        frame[column.name] = held.astype(kind)
    return frame


def write_ledger_headers(communities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return communities as a district office keeps them: Chinese headers, 万 m²."""
    ledger = communities.reset_index().rename(columns=HEADERS)
    ledger[HEADERS["floor_area_m2"]] = (ledger[HEADERS["floor_area_m2"]] / 1e4).round(2)
    walled = ledger[HEADERS["walled"]]
    ledger[HEADERS["walled"]] = walled.map({True: "是", False: "否"})
    for column in ("built_year", "households", "population"):
        ledger[HEADERS[column]] = ledger[HEADERS[column]].astype("Int64")
    first = ["小区编码", "小区名称", "所属辖区", "街道(乡镇)", "社区"]
    return ledger[[*first, *(c for c in ledger.columns if c not in first)]]


def write_sample(folder: Path) -> None:
    """Write the sample district as a district folder.

    Parameters
    ----------
    folder
        Where to; made if it does not exist, files of the sample are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    layers = make_sample().layers
    for name, kind in FORMATS.items():
        frame = layers[name]
        if name == "communities":
            frame = write_ledger_headers(frame)
        else:
            frame = frame.reset_index().drop(columns="node_ids", errors="ignore")
        _write_layer(frame, folder / f"{name}.{kind}", name)
    write_evidence_files(layers, folder)
    write_text(folder / "district.toml", _DISTRICT_TOML)


def demo_district(folder: Path) -> None:
    """Copy the sample district into `folder`, also from an installed wheel.

    Parameters
    ----------
    folder
        Where to; made if it does not exist.
    """
    shutil.copytree(data_dir() / "sample", folder, dirs_exist_ok=True)


def _write_layer(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    for column in frame.columns.drop("geometry"):
        if isinstance(frame[column].dtype, pd.BooleanDtype):
            frame[column] = frame[column].astype("object").where(frame[column].notna())
    with replace_file(path) as temporary:
        if path.suffix == ".geojson":
            options = {"RFC7946": "YES", "COORDINATE_PRECISION": "9"}
            pyogrio.write_dataframe(
                frame.to_crs(4326),
                temporary,
                driver="GeoJSON",
                layer_options=options,
            )
        else:
            pyogrio.write_dataframe(frame, temporary, layer=layer, driver="GPKG")
