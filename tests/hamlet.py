"""A district of three communities, small enough to know by heart, for reading tests."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from geo.rules import load_rules

CRS = 4547
X, Y = 500_000.0, 3_400_000.0
RULES = load_rules()


def square(x: float, y: float, side: float = 100.0) -> shapely.Polygon:
    return shapely.box(X + x, Y + y, X + x + side, Y + y + side)


def make_communities() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "id": ["c1", "c2", "c3"],
            "name": ["东苑", "西苑", "南苑"],
            "households": [120, 80, 0],
            "built_year": [1985, 1992, 2003],
        },
        geometry=[square(0, 0), square(200, 0), square(0, 200)],
        crs=CRS,
    )


def make_facilities() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "id": ["f1", "f2"],
            "name": ["老百姓", "光明"],
            "category": ["pharmacy", "药店"],
        },
        geometry=[shapely.Point(X + 150, Y + 50), shapely.Point(X + 350, Y + 50)],
        crs=CRS,
    )


def make_streets() -> gpd.GeoDataFrame:
    lines = [
        shapely.LineString([(X - 50, Y + 150), (X + 400, Y + 150)]),
        shapely.LineString([(X + 150, Y - 50), (X + 150, Y + 350)]),
    ]
    return gpd.GeoDataFrame(
        {"highway": "residential"}, geometry=lines, crs=CRS, index=[0, 1]
    )


def make_layers() -> dict[str, gpd.GeoDataFrame]:
    return {
        "communities": make_communities(),
        "facilities": make_facilities(),
        "streets": make_streets(),
    }


def make_table(frame: gpd.GeoDataFrame, *, wkt: bool = False) -> pd.DataFrame:
    """Return a layer as a table: WKT, or longitude and latitude of its points."""
    degrees = frame.to_crs(4490)
    table = pd.DataFrame(degrees.drop(columns="geometry"))
    if wkt:
        return table.assign(WKT=shapely.to_wkt(degrees.geometry.to_numpy(), 9))
    return table.assign(经度=degrees.geometry.x, 纬度=degrees.geometry.y)


def write_layer(frame: gpd.GeoDataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix in {".csv", ".xlsx"}:
        points = (frame.geom_type == "Point").all()
        table = make_table(frame, wkt=not points)
        if path.suffix == ".csv":
            table.to_csv(path, index=False, encoding="gb18030")
        else:
            table.to_excel(path, index=False)
    else:
        frame.to_file(path, encoding="utf-8" if path.suffix == ".shp" else None)


def write_folder(
    folder: Path, suffix: str = ".gpkg", **changed: gpd.GeoDataFrame
) -> Path:
    folder.mkdir(exist_ok=True)
    for layer, frame in (make_layers() | changed).items():
        write_layer(frame, folder / f"{layer}{suffix}")
    return folder
