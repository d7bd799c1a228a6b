"""Where works are: their own drawing, else the outline of their community."""

from typing import TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.coverage import Bools, Ints
from geo.findings import Finding, make_findings
from geo.schema import Severity

Shapes: TypeAlias = npt.NDArray[np.object_]

#: How the place of a work is known: drawn, only by its community, or not at all.
DRAWN, OUTLINE, NOWHERE = "drawn", "outline", "nowhere"

#: A drawing this far from the outline of its community may be a mistake: another id,
#: or latitude before longitude.
ELSEWHERE_M = 200.0

_LONLAT = 4326
_FARTHEST = np.array([-180.0, -90.0, 180.0, 90.0])


def place_works(works: pd.DataFrame, communities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put works on the map.

    Parameters
    ----------
    works
        Table ``works`` of the evidence; `wkt` is in degrees of longitude and latitude.
    communities
        Outlines in a metric CRS, by id.

    Returns
    -------
    geopandas.GeoDataFrame
        The works by `id`, sorted, in the CRS of `communities`: their columns, and
        `placed` (``drawn``; ``outline``: the place is that of the whole community;
        ``nowhere``) and `unreadable` (a drawing stands there, but is none). A drawn
        work without community belongs to the one whose outline holds most of it
        (the smaller id of two), if any.
    """
    table = works.assign(id=works["id"].astype("str")).set_index("id").sort_index()
    drawn, unreadable = _draw(table["wkt"], communities)
    owner = _find_owners(drawn, communities)
    said = table["community_id"].notna().to_numpy(dtype=np.bool_)
    owner[said] = table["community_id"].to_numpy(dtype=object)[said]
    outline = communities.geometry.reindex(owner).to_numpy(dtype=object)
    shapes = np.where(shapely.is_missing(drawn), outline, drawn)
    placed = np.select(
        [~shapely.is_missing(drawn), ~shapely.is_missing(shapes)],
        [DRAWN, OUTLINE],
        NOWHERE,
    )
    return gpd.GeoDataFrame(
        table.assign(
            community_id=pd.Series(owner, table.index, dtype="object"),
            placed=placed,
            unreadable=unreadable,
        ),
        geometry=gpd.GeoSeries(shapes, table.index, crs=communities.crs),
    )


def find_within(
    shapes: gpd.GeoSeries, others: gpd.GeoSeries, near_m: float
) -> pd.DataFrame:
    """Find which geometries come near to which others.

    Parameters
    ----------
    shapes, others
        Geometries in one metric CRS; missing and empty ones are near to nothing.
    near_m
        Farthest distance, included.

    Returns
    -------
    pandas.DataFrame
        Columns `at` and `other` (row positions) and `distance_m`, sorted by both.
    """
    at, other = find_pairs_near(shapes, others, near_m)
    own, theirs = shapes.to_numpy(dtype=object), others.to_numpy(dtype=object)
    metres = shapely.distance(own[at], theirs[other])
    return pd.DataFrame({"at": at, "other": other, "distance_m": metres})


def find_pairs_near(
    shapes: gpd.GeoSeries, others: gpd.GeoSeries, near_m: float
) -> tuple[Ints, Ints]:
    """Find which geometries come near to which others, without the distances.

    Parameters
    ----------
    shapes, others, near_m
        As for `find_within`.

    Returns
    -------
    at : numpy.ndarray
        Row positions among `shapes`; together with `other` sorted.
    other : numpy.ndarray
        Row positions among `others`.
    """
    tree = shapely.STRtree(others.to_numpy(dtype=object))
    own = shapes.to_numpy(dtype=object)
    at, other = tree.query(own, predicate="dwithin", distance=near_m)
    order = np.lexsort((other, at))
    return at[order].astype(np.int64), other[order].astype(np.int64)


def _draw(wkt: pd.Series, communities: gpd.GeoDataFrame) -> tuple[Shapes, Bools]:
    """Read drawings; what is no drawing, or not on the globe, is missing."""
    cells = wkt.astype("object")
    texts = [one if isinstance(one, str) and one.strip() else None for one in cells]
    said = np.array([one is not None for one in texts], dtype=np.bool_)
    read = shapely.from_wkt(np.array(texts, dtype=object), on_invalid="ignore")
    shapes = np.array(shapely.force_2d(read), dtype=object)
    bounds = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        low, high = bounds[:, :2] >= _FARTHEST[:2], bounds[:, 2:] <= _FARTHEST[2:]
    good = shapely.is_valid(shapes) & low.all(axis=1) & high.all(axis=1)
    shapes[~good] = None
    series = gpd.GeoSeries(shapes, wkt.index, crs=_LONLAT).to_crs(communities.crs)
    return series.to_numpy(dtype=object), said & ~good


def _find_owners(drawn: Shapes, communities: gpd.GeoDataFrame) -> Shapes:
    """Find the community that holds most of each drawing, None if none does."""
    outlines = communities.geometry.sort_index()
    own = outlines.to_numpy(dtype=object)
    at, other = shapely.STRtree(own).query(drawn, predicate="intersects")
    shared = shapely.intersection(drawn[at], own[other])
    table = pd.DataFrame(
        {
            "at": at,
            "owner": outlines.index.to_numpy(dtype=object)[other],
            "area": shapely.area(shared),
            "length": shapely.length(shared),
        }
    ).sort_values(
        ["at", "area", "length", "owner"], ascending=[True, False, False, True]
    )
    first = table.drop_duplicates("at")
    owners = np.full(len(drawn), None, dtype=object)
    owners[first["at"].to_numpy(dtype=np.int64)] = first["owner"].to_numpy(dtype=object)
    return owners


def find_misplaced(
    works: gpd.GeoDataFrame, communities: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Find works whose drawing is none, or lies away from their community.

    Parameters
    ----------
    works
        Result of `place_works`.
    communities
        Outlines by id, in the same CRS.

    Returns
    -------
    pandas.DataFrame
        Raw findings (:mod:`geo.findings`) of the table ``works``:
        ``work_unreadable``, and ``work_elsewhere`` where a drawing is farther than
        `ELSEWHERE_M` from the outline of the community that the row names.
    """
    unreadable = works.index[works["unreadable"].to_numpy(dtype=np.bool_)]
    found = [
        Finding("works", "work_unreadable", Severity.WARNING, id=str(name))
        for name in unreadable
    ]
    drawn = works[(works["placed"] == DRAWN).to_numpy(dtype=np.bool_)]
    outline = communities.geometry.reindex(drawn["community_id"])
    metres = shapely.distance(
        drawn.geometry.to_numpy(dtype=object), outline.to_numpy(dtype=object)
    )
    rows = zip(drawn.index, drawn["community_id"], metres, strict=True)
    found += [
        Finding(
            "works",
            "work_elsewhere",
            Severity.WARNING,
            id=str(name),
            params={"community": str(owner), "metres": f"{away:.0f}"},
        )
        for name, owner, away in rows
        if away > ELSEWHERE_M
    ]
    return make_findings(found)
