"""Idle resources as the survey describes them, ready to be judged.

What stands in a cell is kept as words; an empty word means that nobody surveyed it.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.coverage import Bools, Floats

Words = npt.NDArray[np.object_]

#: A protected thing of no kind: the table of suitability does not know the word.
UNNAMED = "protected"

_BETWEEN = re.compile(r"[|、,;/\s]+")


@dataclass(frozen=True, eq=False)
class Resources:
    """The idle resources, sorted by id: rows of all arrays.

    Attributes
    ----------
    ids
        Their ids.
    area_m2
        ``floor`` and ``land`` area, NaN where unknown.
    outlined
        Whether the land area was measured on the outline.
    storeys
        Number of storeys, NaN where unknown.
    words
        Column to words: `kind`, `allowed_uses`, `legal_constraints`,
        `structure_safety`, `fire_access` and `ground_floor` (``yes``, ``no``),
        `landuse_code`, `code_system`; empty where it was not surveyed.
    protected
        Kinds of the protected things that stand on it, joined by ``|``.
    """

    ids: pd.Index
    area_m2: Mapping[str, Floats]
    outlined: Bools
    storeys: Floats
    words: Mapping[str, Words]
    protected: Words


def plain_word(text: str) -> str:
    """Return a word half-width and without blanks.

    Parameters
    ----------
    text
        Word as it stands in a cell.

    Returns
    -------
    str
        The word.

    Examples
    --------
    >>> plain_word("国土空间用地用海分类（2023）")
    '国土空间用地用海分类(2023)'
    """
    return "".join(unicodedata.normalize("NFKC", text).split())


def split_words(text: str) -> tuple[str, ...]:
    """Split a cell into its words.

    Parameters
    ----------
    text
        Words with ``|``, 、, commas, semicolons, slashes or blanks between them.

    Returns
    -------
    tuple of str
        The words, half-width.

    Examples
    --------
    >>> split_words("养老、托育；助餐")
    ('养老', '托育', '助餐')
    """
    plain = unicodedata.normalize("NFKC", text)
    return tuple(word for word in _BETWEEN.split(plain) if word)


def list_resources(
    idle: gpd.GeoDataFrame, protected: gpd.GeoDataFrame | None = None
) -> Resources:
    """Take what suitability asks of from the idle layer.

    Parameters
    ----------
    idle
        Idle layer in a metric CRS: `kind`, `land_area_m2`, `floor_area_m2`,
        `allowed_uses`, and where they were surveyed `storeys`, `ground_floor`,
        `legal_constraints`, `structure_safety`, `fire_access`, `landuse_code`,
        `code_system`.
    protected
        Protected layer in the same CRS: `kind`.

    Returns
    -------
    Resources
        The resources. A plot without a known area has that of its outline.
    """
    rows = idle.sort_index()
    shapes = rows.geometry.to_numpy(dtype=object)
    land, drawn = _numbers(rows, "land_area_m2"), shapely.area(shapes)
    outlined = np.isnan(land) & (drawn > 0)
    texts = ("kind", "allowed_uses", "legal_constraints", "structure_safety")
    words = {name: _texts(rows, name) for name in texts}
    words |= {name: _flags(rows, name) for name in ("fire_access", "ground_floor")}
    words |= {name: _texts(rows, name) for name in ("landuse_code", "code_system")}
    return Resources(
        ids=rows.index,
        area_m2={
            "floor": _numbers(rows, "floor_area_m2"),
            "land": np.where(outlined, drawn, land),
        },
        outlined=outlined,
        storeys=_numbers(rows, "storeys"),
        words=words,
        protected=_find_protected(shapes, protected),
    )


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name] if name in rows else pd.Series(None, rows.index, dtype="object")


def _numbers(rows: pd.DataFrame, name: str) -> Floats:
    values = pd.to_numeric(_column(rows, name), errors="coerce")
    return np.asarray(values.astype("float64"), dtype=np.float64)


def _texts(rows: pd.DataFrame, name: str) -> Words:
    values = _column(rows, name).astype("object")
    said = ["" if pd.isna(v) else str(v).strip() for v in values]
    return np.array(said, dtype=object)


def _flags(rows: pd.DataFrame, name: str) -> Words:
    values = _column(rows, name).astype("object")
    known = {True: "yes", False: "no"}
    said = ["" if pd.isna(v) else known.get(v, "") for v in values]
    return np.array(said, dtype=object)


def _find_protected(shapes: Words, protected: gpd.GeoDataFrame | None) -> Words:
    """Name the kinds of the protected things on each resource, not merely beside it."""
    found = np.full(len(shapes), "", dtype=object)
    if protected is None or not len(protected):
        return found
    things = protected.geometry.to_numpy(dtype=object)
    resource, thing = shapely.STRtree(things).query(shapes, predicate="intersects")
    beside = shapely.touches(shapes[resource], things[thing])
    kinds = protected["kind"].astype("object").fillna(UNNAMED).to_numpy(dtype=object)
    table = pd.DataFrame({"row": resource, "kind": kinds[thing]})[~beside]
    told = table.drop_duplicates().sort_values(["row", "kind"]).groupby("row")["kind"]
    joined = told.agg("|".join)
    found[joined.index.to_numpy(dtype=np.int64)] = joined.to_numpy(dtype=object)
    return found
