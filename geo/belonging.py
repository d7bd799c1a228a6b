"""Which street office or 社区 a community belongs to."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.coverage import DECIMALS


def find_areas(
    communities: gpd.GeoDataFrame, neighbourhoods: gpd.GeoDataFrame, within: str
) -> pd.DataFrame | None:
    """Find the street office or 社区 that each community belongs to.

    Parameters
    ----------
    communities
        Communities, with `jurisdiction`; where there is no layer of 社区, a column
        `neighbourhood` is read.
    neighbourhoods
        Layer of 社区, with `name`.
    within
        ``"jurisdiction"``, ``"neighbourhood"`` or empty.

    Returns
    -------
    pandas.DataFrame or None
        `key` and `name`, in the order of the communities, missing and empty where
        unknown; a community belongs to the 社区 in which most of it lies. None if
        nothing is asked for.
    """
    if not within:
        return None
    if within == "neighbourhood" and len(neighbourhoods):
        return _find_most(communities, neighbourhoods)
    said = communities.get(within, pd.Series(None, index=communities.index))
    words = said.map(lambda cell: "" if pd.isna(cell) else str(cell).strip())
    words = words.astype("object").reset_index(drop=True)
    return pd.DataFrame({"key": words.where(words != ""), "name": words})


def _find_most(
    communities: gpd.GeoDataFrame, neighbourhoods: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Find the 社区 in which most of each community lies."""
    areas = neighbourhoods.sort_index()
    shapes = communities.geometry.to_numpy(dtype=object)
    ground = areas.geometry.to_numpy(dtype=object)
    one, two = shapely.STRtree(ground).query(shapes, predicate="intersects")
    shared = shapely.area(shapely.intersection(shapes[one], ground[two]))
    order = np.lexsort((two, -shared.round(DECIMALS), one))
    order = order[shared[order] > 0]
    rows, first = np.unique(one[order], return_index=True)
    chosen = two[order][first]
    table = pd.DataFrame({"key": None, "name": ""}, index=range(len(shapes)))
    table = table.astype("object")
    ids = areas.index.to_numpy(dtype=object)[chosen]
    names = areas["name"].astype("object").to_numpy()[chosen]
    table.loc[rows, "key"] = ids
    table.loc[rows, "name"] = np.where(pd.isna(names), ids, names)
    return table
