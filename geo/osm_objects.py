"""Small readings of OSM tags that several layers share."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.findings import Finding
from geo.schema import LAYERS, Severity

Tags = Mapping[str, str]

#: Prefixes (``disused:shop``) and keys (``disused=yes``) of what is no longer used.
DEAD = ("disused", "abandoned")
#: Prefixes and keys of what is gone, or not there yet.
GONE = ("demolished", "razed", "removed", "construction", "proposed", "planned")
#: Access that keeps strangers out.
CLOSED_ACCESS = frozenset(
    {"private", "no", "residents", "permit", "members", "delivery", "employees"}
)

_NUMBER = re.compile(r"\s*(\d{1,9}(?:\.\d+)?)\s*$")


@dataclass(frozen=True, eq=False)
class Derived:
    """A layer, the number of objects whose tags belong to it, and the findings."""

    frame: gpd.GeoDataFrame
    rows_in: int
    findings: list[Finding] = field(default_factory=list)


def read_number(text: str | None) -> float:
    """Return the number that a tag holds, NaN if it is not one plain number.

    Parameters
    ----------
    text
        Value of a tag such as ``capacity``, or None.

    Returns
    -------
    float
        The number; NaN for "50-60", "yes" or None.
    """
    match = _NUMBER.match(text or "")
    return float(match[1]) if match else np.nan


def read_level(tags: Tags) -> int:
    """Return the OSM ``layer`` of an object, 0 where it is missing or no number.

    Parameters
    ----------
    tags
        Tags of the object.

    Returns
    -------
    int
        Above 0: over the ground; below: under it.
    """
    text = tags.get("layer", "0").split(";")[0].strip()
    return int(text) if re.fullmatch(r"[+-]?\d{1,2}", text) else 0


def is_set(tags: Tags, key: str) -> bool:
    """Return whether a tag is there and does not say no.

    Parameters
    ----------
    tags
        Tags of the object.
    key
        Key of the tag.

    Returns
    -------
    bool
        False for a missing tag and for ``no``.
    """
    return tags.get(key, "no") != "no"


def is_off_ground(tags: Tags) -> bool:
    """Return whether a line passes over or under the people on the ground.

    Parameters
    ----------
    tags
        Tags of a river, railway or road.

    Returns
    -------
    bool
        True on bridges and in tunnels, culverts and other lower levels.
    """
    return (
        any(is_set(tags, key) for key in ("bridge", "tunnel", "covered"))
        or tags.get("location") in {"underground", "overhead"}
        or read_level(tags) != 0
    )


def is_dead(tags: Tags) -> bool:
    """Return whether an object as a whole is disused, gone, or not there yet.

    Parameters
    ----------
    tags
        Tags of the object.

    Returns
    -------
    bool
        True for ``disused=yes``, ``abandoned=yes``, ``building=construction`` ...
    """
    return (
        any(is_set(tags, key) for key in (*DEAD, *GONE))
        or tags.get("building") in GONE
        or tags.get("landuse") == "construction"
        or tags.get("opening_hours") in {"closed", "off"}
    )


def set_aside(layer: str, code: str, osm_id: str, tags: Tags, **params: str) -> Finding:
    """Return the finding that keeps an object which a layer does not use.

    Parameters
    ----------
    layer
        Layer to which its tags belong.
    code
        Why it is set aside.
    osm_id
        Identifier such as ``way/123``.
    tags
        Its tags, kept as JSON.
    **params
        Further values for the texts.

    Returns
    -------
    geo.findings.Finding
        A finding of severity ``info`` with content.
    """
    content = json.dumps({"osm_id": osm_id, **tags}, ensure_ascii=False)
    return Finding(layer, code, Severity.INFO, None, osm_id, params, content)


def finish_layer(layer: str, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give a frame all columns of its layer, and mark it derived.

    Parameters
    ----------
    layer
        Layer name.
    frame
        Frame with `osm_id`, any columns of the layer, and geometry.

    Returns
    -------
    geopandas.GeoDataFrame
        Rows numbered from 0; missing columns are None, numbers NaN.
    """
    done = frame.reset_index(drop=True)
    for column in LAYERS[layer].columns:
        if column.name not in done:
            done[column.name] = (
                np.nan
                if column.kind in {"number", "count", "year"}
                else pd.Series(None, index=done.index, dtype=object)
            )
    if "id" not in frame:
        done["id"] = done["osm_id"]
    return done.assign(derived=True)


def select_objects(
    objects: gpd.GeoDataFrame, kinds: str, test: Callable[[Tags], bool]
) -> gpd.GeoDataFrame:
    """Return the objects of some kinds whose tags pass a test.

    Parameters
    ----------
    objects
        Columns `kind` and `tags`.
    kinds
        Kinds, with spaces between them: ``"node area"``.
    test
        Tags to bool.

    Returns
    -------
    geopandas.GeoDataFrame
        Rows of `objects`.
    """
    chosen = objects[objects["kind"].isin(kinds.split())]
    passed = np.fromiter(map(test, chosen["tags"]), dtype=bool, count=len(chosen))
    return chosen[passed]


def take_columns(objects: gpd.GeoDataFrame, **columns: pd.Series) -> gpd.GeoDataFrame:
    """Return identifier and geometry of objects with new columns beside them.

    Parameters
    ----------
    objects
        Columns `osm_id` and geometry.
    **columns
        New columns, on the same index.

    Returns
    -------
    geopandas.GeoDataFrame
        The frame, on the index of `objects`.
    """
    return objects[["osm_id", "geometry"]].assign(**columns)
