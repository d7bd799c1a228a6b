"""Street lines from the GraphML that OSMnx writes, simplified or not."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from geo.errors import CrsError, InputError
from geo.osm_objects import is_set, read_level

_TAGS = ("highway", "foot", "access", "service", "sidewalk", "motorroad", "name")
_COLUMNS = [
    "id",
    "osm_id",
    *_TAGS,
    "bridge",
    "tunnel",
    "level",
    "crossing",
    "node_ids",
    "directions",
    "derived",
]
#: Decimals by which two directions of one street are recognised as one.
_DECIMALS = 7


@dataclass(slots=True)
class _Graph:
    crs: str | None = None
    places: dict[str, tuple[float, float]] = field(default_factory=dict)
    edges: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


def read_graphml(path: Path) -> gpd.GeoDataFrame:
    """Read streets from an OSMnx GraphML file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per street between two nodes, in the graph's own CRS, rows
        numbered from 0: `id`, `osm_id` (``way/5;way/6``), the street tags,
        `bridge`, `tunnel`, `level`, `crossing`, `node_ids` (int64, one for each
        vertex; vertices inside a simplified edge have negative ids of their own),
        `directions` (edges of the file that the row stands for: both directions
        of a street are one row) and `derived`.

    Raises
    ------
    InputError
        If the file cannot be read, has no edge, or an edge has no position.
    CrsError
        If the graph does not name its CRS.
    """
    graph = _parse(path)
    if not graph.edges:
        raise InputError("osm_no_streets", file=path.name)
    try:
        crs = pyproj.CRS.from_user_input(graph.crs or "")
    except pyproj.exceptions.CRSError as error:
        raise CrsError("graphml_crs", file=path.name) from error
    rows: dict[bytes, dict[str, object]] = {}
    lines: list[npt.NDArray[np.float64]] = []
    numbers = _number_nodes(graph)
    inner = -1
    for source, target, data in graph.edges:
        xy = _edge_line(graph, source, target, data, path)
        key = _line_key(numbers[source], numbers[target], xy)
        if key in rows:
            rows[key]["directions"] = int(str(rows[key]["directions"])) + 1
            continue
        between = np.arange(inner, inner - (len(xy) - 2), -1)
        inner -= len(between)
        ids = np.concatenate([[numbers[source]], between, [numbers[target]]])
        rows[key] = _describe(data, ids.astype("i8"), len(rows) + 1)
        lines.append(xy)
    frame = pd.DataFrame(list(rows.values()), columns=_COLUMNS)
    return gpd.GeoDataFrame(
        frame, geometry=[shapely.LineString(a) for a in lines], crs=crs
    )


def _parse(path: Path) -> _Graph:
    """Read the file without its entities, which no graph needs."""
    try:
        text = path.read_bytes()
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise InputError("graphml_unreadable", file=path.name, why="DOCTYPE")
        root = ET.fromstring(text)  # noqa: S314 - no entities: refused above
    except (OSError, ET.ParseError) as error:
        raise InputError(
            "graphml_unreadable", file=path.name, why=str(error)
        ) from error
    keys = {
        str(key.get("id")): str(key.get("attr.name")) for key in root.iter(_ns("key"))
    }
    graph = _Graph()
    holder = root.find(_ns("graph"))
    if holder is None:
        raise InputError("graphml_unreadable", file=path.name, why="graph")
    graph.crs = _data(holder, keys).get("crs")
    for node in holder.iter(_ns("node")):
        values = _data(node, keys)
        try:
            graph.places[str(node.get("id"))] = float(values["x"]), float(values["y"])
        except (KeyError, ValueError) as error:
            why = f"node {node.get('id')}: x, y"
            raise InputError("graphml_unreadable", file=path.name, why=why) from error
    for edge in holder.iter(_ns("edge")):
        ends = str(edge.get("source")), str(edge.get("target"))
        graph.edges.append((*ends, _data(edge, keys)))
    return graph


def _ns(tag: str) -> str:
    return f"{{http://graphml.graphdrawing.org/xmlns}}{tag}"


def _data(element: ET.Element, keys: dict[str, str]) -> dict[str, str]:
    return {
        keys.get(str(item.get("key")), ""): item.text or ""
        for item in element.findall(_ns("data"))
    }


def _number_nodes(graph: _Graph) -> dict[str, int]:
    """Return whole numbers for the nodes: their own ids where these are numbers."""
    if all(re.fullmatch(r"\d{1,18}", name) for name in graph.places):
        return {name: int(name) for name in graph.places}
    return {name: number for number, name in enumerate(graph.places, start=1)}


def _edge_line(
    graph: _Graph, source: str, target: str, data: dict[str, str], path: Path
) -> npt.NDArray[np.float64]:
    """Return the vertices of an edge, from its source to its target."""
    try:
        ends = np.array([graph.places[source], graph.places[target]])
        if "geometry" not in data:
            return ends
        line = shapely.from_wkt(data["geometry"])
        xy = shapely.get_coordinates(line)
    except (KeyError, shapely.errors.ShapelyError) as error:
        why = f"edge {source}-{target}: {error}"
        raise InputError("graphml_unreadable", file=path.name, why=why) from error
    if line.geom_type != "LineString" or line.is_empty:
        why = f"edge {source}-{target}: {line.geom_type}"
        raise InputError("graphml_unreadable", file=path.name, why=why)
    # Where the line is drawn the other way round, turn it.
    turned = np.abs(xy[0] - ends[0]).sum() > np.abs(xy[-1] - ends[0]).sum()
    return xy[::-1] if turned else xy


def _line_key(source: int, target: int, xy: npt.NDArray[np.float64]) -> bytes:
    """Return what the two directions of one street have in common."""
    rounded = np.round(xy, _DECIMALS) + 0.0
    forward = np.array([source, target]).tobytes() + rounded.tobytes()
    backward = np.array([target, source]).tobytes() + rounded[::-1].tobytes()
    return min(forward, backward)


def _describe(
    data: dict[str, str], ids: npt.NDArray[np.int64], number: int
) -> dict[str, object]:
    lists = {key: _values(text) for key, text in data.items()}
    tags = {key: found[0] for key, found in lists.items() if found}
    parts = [
        {key: value} for key in ("bridge", "tunnel") for value in lists.get(key, [])
    ]
    return {key: tags.get(key) for key in _TAGS} | {
        "id": f"edge/{number}",
        "osm_id": ";".join(f"way/{way}" for way in lists.get("osmid", [])) or None,
        "bridge": any(is_set(part, "bridge") for part in parts),
        "tunnel": any(is_set(part, "tunnel") for part in parts),
        "level": read_level(tags),
        "crossing": any(
            tags.get(key) == "crossing" for key in ("footway", "path", "highway")
        ),
        "node_ids": ids,
        "directions": 1,
        "derived": True,
    }


def _values(text: str) -> list[str]:
    """Return the values of an attribute: OSMnx writes lists as Python does."""
    if text.startswith("[") and text.endswith("]"):
        quoted = re.findall(r"'([^']*)'|\"([^\"]*)\"", text)
        if quoted:
            return [first or second for first, second in quoted]
        return [part.strip() for part in text[1:-1].split(",") if part.strip()]
    return [text] if text not in {"", "None", "nan"} else []
