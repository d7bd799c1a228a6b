"""Streets given as lines: what tells how they meet, one row for each line."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.cells import parse_flag


def complete_streets(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give streets the columns that tell how they meet and who may walk.

    Parameters
    ----------
    frame
        Streets; `level` may be named ``layer``, as in OSM.

    Returns
    -------
    geopandas.GeoDataFrame
        The streets with `foot` and `access` (``yes`` and ``no`` for 是 and 否, else
        as they stand), `bridge`, `tunnel` and `crossing` (bool, False where nothing
        is said), `level` (int, 0 where nothing is said) and `node_ids` (int64 array
        or None).
    """
    done = frame.copy()
    for name in ("foot", "access"):
        done[name] = _column(frame, name, None).map(_yes_no).astype("str")
    for name in ("bridge", "tunnel", "crossing"):
        done[name] = _column(frame, name, None).map(_is_said).astype(bool)
    level = "level" if "level" in frame.columns else "layer"
    numbers = pd.to_numeric(_column(frame, level, 0), errors="coerce")
    done["level"] = numbers.fillna(0).round().astype("int64")
    done["node_ids"] = _objects(_column(frame, "node_ids", None), _read_nodes)
    return done


def part_lines(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Part multi-lines into lines of their own.

    Parameters
    ----------
    frame
        Streets with `node_ids`.

    Returns
    -------
    geopandas.GeoDataFrame
        Lines; the parts of one street repeat its id and know no nodes.
    """
    parts = shapely.get_num_geometries(frame.geometry.to_numpy())
    if (parts == 1).all():
        return frame.set_geometry(
            gpd.GeoSeries(
                shapely.get_geometry(frame.geometry.to_numpy(), 0),
                frame.index,
                crs=frame.crs,
            )
        )
    return frame.assign(
        node_ids=frame["node_ids"].where(pd.Series(parts == 1, frame.index), None)
    ).explode(index_parts=False)


def _column(frame: pd.DataFrame, name: str, default: object) -> pd.Series:
    if name in frame.columns:
        return frame[name].astype("object")
    return pd.Series(default, frame.index, dtype="object")


def _objects(cells: pd.Series, read: Callable[[object], object]) -> pd.Series:
    values = np.empty(len(cells), dtype=object)
    for position, cell in enumerate(cells):
        values[position] = read(cell)
    return pd.Series(values, cells.index)


def _yes_no(cell: object) -> object:
    """Return yes or no for words that mean it, other values as they stand."""
    flag = None if _is_blank(cell) else parse_flag(cell)
    if flag is None:
        return None if _is_blank(cell) else str(cell)
    return "yes" if flag[0] else "no"


def _is_said(cell: object) -> bool:
    """Tell whether a tag such as bridge=viaduct says yes."""
    if _is_blank(cell):
        return False
    flag = parse_flag(cell)
    return flag is None or flag[0]


def _is_blank(cell: object) -> bool:
    return cell == "" if isinstance(cell, str) else bool(pd.isna(cell))  # type: ignore[call-overload]


def _read_nodes(cell: object) -> npt.NDArray[np.int64] | None:
    """Return node ids, which a GeoPackage keeps as text."""
    if isinstance(cell, str):
        return np.array(cell.split(), dtype=np.int64)
    if isinstance(cell, list | tuple | np.ndarray):
        return np.asarray(cell, dtype=np.int64)
    return None
