"""Works that come near to a gas pipe."""

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.work_places import find_within

#: Columns of `find_gas_works`.
GAS_COLUMNS = (
    "work_id",
    "community_id",
    "pipe_id",
    "distance_m",
    "placed",
    "digs",
)
_UNDERGROUND = "underground"


def tell_digging(works: pd.DataFrame) -> pd.Series:
    """Tell which works dig.

    Parameters
    ----------
    works
        Works with `excavates` and `work_layer`.

    Returns
    -------
    pandas.Series
        Nullable flags on the index of `works`: what `excavates` says; where it says
        nothing, works under the ground dig (this tool's reading), and of others it
        is not known.
    """
    said = works["excavates"].astype("boolean")
    below = (works["work_layer"] == _UNDERGROUND).to_numpy(dtype=np.bool_)
    return said.where(said.notna() | ~below, other=True)


def find_gas_works(
    works: gpd.GeoDataFrame, utilities: gpd.GeoDataFrame, *, near_m: float
) -> pd.DataFrame:
    """Find the works that may endanger a gas pipe.

    Parameters
    ----------
    works
        Result of :func:`geo.work_places.place_works`.
    utilities
        Layer of that name in the same CRS, by id; only kind ``gas`` counts.
    near_m
        Works this near to a pipe may endanger it; the document names no distance.

    Returns
    -------
    pandas.DataFrame
        One row per work and pipe, sorted by both ids: `GAS_COLUMNS`. Works that are
        known not to dig are left out; `digs` is missing where it is not known.
    """
    digs = tell_digging(works)
    may = digs.fillna(value=True).to_numpy(dtype=np.bool_)
    works, digs = works[may], digs[may]
    pipes = utilities[(utilities["kind"] == "gas").to_numpy(dtype=np.bool_)]
    found = find_within(works.geometry, pipes.geometry, near_m)
    at = found["at"].to_numpy()
    table = pd.DataFrame(
        {
            "work_id": works.index[at].astype("str"),
            "community_id": works["community_id"].to_numpy(dtype=object)[at],
            "pipe_id": pipes.index[found["other"].to_numpy()].astype("str"),
            "distance_m": found["distance_m"].to_numpy(),
            "placed": works["placed"].to_numpy(dtype=object)[at],
            "digs": digs.array[at],
        }
    )
    return table.sort_values(["work_id", "pipe_id"], ignore_index=True)
