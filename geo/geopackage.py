"""Frames as layers of one GeoPackage."""

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyproj import CRS

from geo.errors import OutputError

#: Names that GeoPackage keeps for itself.
_OWN_NAMES = frozenset(("fid", "geom"))


def write_layers(
    layers: Mapping[str, gpd.GeoDataFrame], path: Path, *, crs: CRS
) -> None:
    """Write frames as the layers of a new GeoPackage.

    Parameters
    ----------
    layers
        Layer name to frame, in any CRS; an empty frame becomes an empty layer.
    path
        The file.
    crs
        CRS of all layers.

    Raises
    ------
    OutputError
        If the file cannot be written.

    Notes
    -----
    Flags become 0 and 1, other objects their text; a column whose name
    GeoPackage takes for another (letter case) or for its own gets ``_`` appended.
    """
    for name, layer in layers.items():
        frame = make_storable(layer.to_crs(crs))
        geometry = "Unknown" if frame.empty else None
        try:
            pyogrio.write_dataframe(
                frame, path, layer=name, driver="GPKG", geometry_type=geometry
            )
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
            reason = str(error)
            raise OutputError(
                "output_not_written", path=path.name, reason=reason
            ) from error


def make_storable(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a frame whose columns a GeoPackage can hold.

    Parameters
    ----------
    frame
        Any frame.

    Returns
    -------
    geopandas.GeoDataFrame
        The same rows; flags as 0 and 1, objects as text, names told apart.
    """
    storable = frame.copy()
    storable.columns = pd.Index(_tell_apart(list(storable.columns)))
    for name in storable.columns.drop(storable.geometry.name):
        column = storable[name]
        if pd.api.types.is_bool_dtype(column):
            storable[name] = column.astype("Int64")
        elif pd.api.types.is_object_dtype(column):
            storable[name] = column.map(str, na_action="ignore").astype("str")
    return storable


def _tell_apart(names: list[str]) -> list[str]:
    taken, unique = set(_OWN_NAMES), []
    for name in names:
        own = name
        while own.lower() in taken:
            own += "_"
        taken.add(own.lower())
        unique.append(own)
    return unique
