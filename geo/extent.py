"""Where the surveyed area ends and where the walk network leaves it."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.edges import Edges, Ints, locate_on_edges, make_points


def find_extent(extent: gpd.GeoDataFrame, layer: str | None = None) -> shapely.Geometry:
    """Return the surveyed area of one layer.

    Parameters
    ----------
    extent
        Extent layer: `layer` (None: the default) and geometry, metric CRS.
    layer
        Layer name; one without an extent of its own has the default one.

    Returns
    -------
    shapely.Geometry
        The union of the rows; an empty polygon if there are none.
    """
    named = extent["layer"].astype("object")
    own = named == layer if layer is not None else named.isna()
    rows = own if own.any() else named.isna()
    area: shapely.Geometry = shapely.union_all(extent.geometry[rows].to_numpy())
    return shapely.Polygon() if shapely.is_empty(area) else area


def find_exits(
    edges: Edges, dead_ends: Ints, area: shapely.Geometry, *, tolerance_m: float
) -> pd.DataFrame:
    """Find where the network leaves the surveyed area.

    Parameters
    ----------
    edges
        The finished edges.
    dead_ends
        Nodes at which a street line ends and no other goes on.
    area
        The surveyed area.
    tolerance_m
        A dead end this near to the boundary of `area` leaves it.

    Returns
    -------
    pandas.DataFrame
        `node` and `offset_m` (walk from the node to the exit on its edge, 0 at a
        dead end), the least offset of each node, by node.
    """
    outline = shapely.boundary(area)
    if shapely.is_empty(outline):
        return pd.DataFrame({"node": np.empty(0, np.int64), "offset_m": np.empty(0)})
    street = np.flatnonzero(edges.street >= 0)
    shapely.prepare(outline)
    lines = edges.lines(street)
    met = shapely.intersects(outline, lines)
    edge = street[met]
    xy, row = shapely.get_coordinates(
        shapely.intersection(lines[met], outline), return_index=True
    )
    edge = edge[row]
    at = locate_on_edges(edges, edge, xy)
    ends = dead_ends[edges.degree()[dead_ends] > 0]
    places = make_points(np.column_stack((edges.x[ends], edges.y[ends])))
    ends = ends[shapely.dwithin(outline, places, tolerance_m)]
    found = pd.DataFrame(
        {
            "node": np.concatenate((edges.u[edge], edges.v[edge], ends)),
            "offset_m": np.concatenate(
                (at, edges.length_m[edge] - at, np.zeros(len(ends)))
            ),
        }
    )
    return found.groupby("node")["offset_m"].min().reset_index()
