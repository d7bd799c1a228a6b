"""One layer, row by row: what can be used, and what was noticed about the rest.

A row that cannot be used is set aside in the findings with its content; a cell
that cannot be true becomes unknown. Nothing is dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.cells import parse_cells
from geo.columns import Match, match_columns
from geo.errors import InputError
from geo.findings import Finding, layer_names, make_findings, row_json
from geo.read import RawLayer
from geo.schema import LAYERS, LINE, POINT, POLYGON, Column, Severity

Mask = npt.NDArray[np.bool_]

_FAMILIES = {0: POINT, 1: LINE, 2: LINE, 3: POLYGON, 4: POINT, 5: LINE, 6: POLYGON}
#: Ids that the tool gives begin with this.
_PREFIX = {
    "streets": "s",
    "gates": "g",
    "buildings": "b",
    "idle": "i",
    "barriers": "x",
    "utilities": "u",
    "protected": "p",
    "extent": "e",
    "neighbourhoods": "n",
}
#: Rows farther than this from the middle of the district belong to another place.
FAR_M = 200_000.0
_WHOLE = 1e-6


@dataclass(eq=False)
class Sieve:
    """A layer while it is checked.

    Attributes
    ----------
    layer
        Layer name.
    frame
        Rows that are still in use; the index is the row of the source.
    source
        Rows as they stood in the file.
    noticed
        What was noticed so far.
    """

    layer: str
    frame: gpd.GeoDataFrame
    source: gpd.GeoDataFrame
    noticed: list[Finding] = field(default_factory=list)

    def set_aside(self, mask: Mask, code: str, **params: Any) -> None:
        """Take rows out of use, and keep their content.

        Parameters
        ----------
        mask
            True for the rows.
        code
            Code of the finding.
        **params
            Values for its texts.
        """
        for row in self.frame.index[mask].unique():
            content = row_json(self.source.loc[row].to_dict())
            ident = self._ident(row)
            self.noticed.append(
                Finding(self.layer, code, Severity.ERROR, int(row), ident, params, content)
            )
        gone = self.frame.index[mask]
        self.frame = self.frame.loc[~self.frame.index.isin(gone)]

    def note(
        self,
        mask: Mask,
        code: str,
        severity: Severity,
        cells: "pd.Series[Any] | None" = None,
        **params: Any,
    ) -> None:
        """Notice something about rows that stay in use.

        Parameters
        ----------
        mask
            True for the rows.
        code
            Code of the finding.
        severity
            Its weight.
        cells
            Cells as they stood, for the place ``{value}`` of the texts.
        **params
            Further values for the texts.
        """
        for position in np.flatnonzero(mask):
            row = self.frame.index[position]
            said = params if cells is None else params | {"value": _said(cells.loc[row])}
            self.noticed.append(
                Finding(self.layer, code, severity, int(row), self._ident(row), said)
            )

    def note_layer(self, code: str, severity: Severity, **params: Any) -> None:
        """Notice something about the layer as a whole."""
        self.noticed.append(Finding(self.layer, code, severity, params=params))

    def _ident(self, row: Any) -> str | None:
        if "id" not in self.frame.columns:
            return None
        cell = self.frame.loc[[row], "id"].iloc[0]
        return None if pd.isna(cell) else str(cell)


@dataclass(frozen=True, eq=False)
class Checked:
    """A checked layer.

    Attributes
    ----------
    frame
        Rows in use, indexed by `id`, with every column of the layer.
    findings
        Raw findings, those of the reader not included.
    rows_used
        Rows of the source in use.
    """

    frame: gpd.GeoDataFrame
    findings: pd.DataFrame
    rows_used: int


def match_layer(
    raw: RawLayer, headers: pd.DataFrame, declared: Mapping[str, str]
) -> dict[str, Match]:
    """Find the columns of a layer, and refuse one that lacks what it needs.

    Parameters
    ----------
    raw
        Layer as read.
    headers
        Ledger headers of the rule book.
    declared
        Column of the schema to column of the file, from ``district.toml``.

    Returns
    -------
    dict
        Column of the schema to its match.

    Raises
    ------
    InputError
        If a mandatory column, or a declared one, is missing.
    """
    names = [str(name) for name in raw.frame.columns if name != "geometry"]
    absent = [source for source in declared.values() if source not in names]
    if absent:
        raise InputError(
            "column_declared_missing",
            **layer_names(raw.layer),
            source=raw.source,
            columns="、".join(absent),
            present="、".join(names),
        )
    found = match_columns(
        names, raw.layer, headers, declared=declared, cut=raw.format == "Shapefile"
    )
    needed = [column.name for column in LAYERS[raw.layer].columns if column.needed]
    missing = [name for name in needed if name not in found]
    if missing:
        raise InputError(
            "column_missing",
            **layer_names(raw.layer),
            source=raw.source,
            columns="、".join(missing),
            present="、".join(names),
        )
    return found


def check_layer(
    raw: RawLayer, frame: gpd.GeoDataFrame, matches: Mapping[str, Match], far: Mask
) -> Sieve:
    """Check geometry and cells of a layer.

    Parameters
    ----------
    raw
        Layer as read.
    frame
        Its rows in the metric working CRS.
    matches
        Where its columns come from.
    far
        True for rows that lie in another place altogether.

    Returns
    -------
    Sieve
        The rows in use under the names of the schema, and what was noticed.
    """
    sieve = Sieve(raw.layer, frame, raw.frame)
    _rename(sieve, matches)
    _check_places(sieve, far)
    _check_shapes(sieve)
    for column in LAYERS[raw.layer].columns:
        _check_column(sieve, column, matches.get(column.name))
    _check_parts(sieve, "elderly_60", "population")
    _check_parts(sieve, "infants_0_3", "population")
    _check_ids(sieve)
    return sieve


def finish_layer(sieve: Sieve, *, derived: bool) -> Checked:
    """Give a layer its index, its flags and the order of its columns.

    Parameters
    ----------
    sieve
        Layer whose rows and cells are checked.
    derived
        The layer was derived from OSM tags.

    Returns
    -------
    Checked
        The layer.
    """
    # an OSM object may stand in several rows (pieces of a way, gates of two)
    by_object = derived and "osm_id" in sieve.frame.columns
    rows = sieve.frame["osm_id"] if by_object else sieve.frame.index
    used = rows.nunique()
    frame = sieve.frame.copy()
    if sieve.layer == "streets":
        frame = _complete_streets(frame)
        frame = _explode(frame)
    if "derived" not in frame.columns:
        frame["derived"] = derived
    frame["derived"] = frame["derived"].astype("boolean").fillna(derived).astype(bool)
    names = [column.name for column in LAYERS[sieve.layer].columns]
    first = [name for name in dict.fromkeys([*names, "geometry"]) if name != "id"]
    rest = [name for name in frame.columns if name not in {*first, "id"}]
    index = pd.Index(frame["id"].astype("str"), name="id")
    ordered = frame[[*first, *rest]].set_index(index)
    return Checked(ordered, make_findings(sieve.noticed), used)


def _said(cell: Any) -> str:
    return str(cell)[:60]


def _rename(sieve: Sieve, matches: Mapping[str, Match]) -> None:
    names = {match.source: target for target, match in matches.items()}
    said = [f"{old} → {new}" for old, new in names.items() if old != new]
    if said:
        sieve.note_layer("columns_mapped", Severity.INFO, columns="；".join(said))
    clash = set(names.values()) - set(names)
    others = {
        name: f"{name}_source"
        for name in sieve.frame.columns
        if name in clash and name not in names
    }
    sieve.frame = sieve.frame.rename(columns=names | others)
    for target, match in matches.items():
        known = target in {column.name for column in LAYERS[sieve.layer].columns}
        if not known and match.factor != 1:
            parsed = parse_cells(
                sieve.frame[target], Column(target, "number"), match.factor
            )
            sieve.frame[target] = parsed.values


def _check_places(sieve: Sieve, far: Mask) -> None:
    shapes = sieve.frame.geometry.to_numpy()
    empty = np.asarray(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    bounds = shapely.bounds(shapes)
    lost = ~empty & ~np.isfinite(bounds).all(axis=1)
    far = far & ~empty & ~lost
    gone = empty | lost | far
    for mask, code in (
        (empty, "geometry_missing"),
        (lost, "geometry_outside_crs"),
        (far, "far_away"),
    ):
        rows = sieve.frame.index[mask]
        sieve.set_aside(sieve.frame.index.isin(rows), code, limit_km=int(FAR_M / 1000))
    if gone.any():
        sieve.frame = sieve.frame.copy()


def _check_shapes(sieve: Sieve) -> None:
    """Repair polygons, take single parts out of multi-points, refuse wrong families."""
    allowed = LAYERS[sieve.layer].geometry
    shapes = shapely.force_2d(sieve.frame.geometry.to_numpy())
    invalid = ~shapely.is_valid(shapes)
    areal = np.isin(shapely.get_type_id(shapes), (3, 6)) & invalid
    if areal.any():
        shapes[areal] = [
            _polygons_of(shape) for shape in shapely.make_valid(shapes[areal])
        ]
    mixed = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    shapes[mixed] = [_one_family(shape, allowed) for shape in shapes[mixed]]
    points = shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT
    many = points & (shapely.get_num_geometries(shapes) > 1)
    shapes[points] = shapely.get_geometry(shapes[points], 0)
    families = np.array([_FAMILIES.get(i, "") for i in shapely.get_type_id(shapes)])
    flat = np.where(families == POLYGON, shapely.area(shapes), shapely.length(shapes))
    empty = shapely.is_empty(shapes) | ((families != POINT) & (flat <= 0))
    wrong = ~np.isin(families, allowed) & ~empty
    sieve.frame = sieve.frame.set_geometry(
        gpd.GeoSeries(shapes, sieve.frame.index, crs=sieve.frame.crs)
    )
    sieve.note(areal & ~empty, "geometry_repaired", Severity.WARNING)
    sieve.note(many, "multipoint_first", Severity.WARNING)
    rows = sieve.frame.index
    sieve.set_aside(rows.isin(rows[empty]), "geometry_nothing")
    sieve.set_aside(
        sieve.frame.index.isin(rows[wrong]),
        "geometry_wrong",
        wanted="、".join(allowed),
    )
    sieve.frame = sieve.frame.copy()


def _polygons_of(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    parts = parts[np.isin(shapely.get_type_id(parts), (3, 6))]
    if len(parts) == 1:
        return parts[0]
    return shapely.union_all(parts) if len(parts) else shapely.Polygon()


def _one_family(shape: shapely.Geometry, allowed: tuple[str, ...]) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    fits = np.array([_FAMILIES.get(i, "") in allowed for i in shapely.get_type_id(parts)])
    return shapely.union_all(parts[fits]) if fits.any() else shape


def _check_column(sieve: Sieve, column: Column, match: Match | None) -> None:
    if column.name == "id":
        return
    if match is None and column.name not in sieve.frame.columns:
        blank = pd.Series(None, sieve.frame.index, dtype="object")
        sieve.frame[column.name] = parse_cells(blank, column).values
    else:
        _parse_column(sieve, column, 1.0 if match is None else match.factor)
    cells = sieve.frame[column.name]
    if column.needed and sieve.layer != "facilities":
        missing = cells.isna().to_numpy()
        sieve.set_aside(missing, "value_missing", column=column.name)
        sieve.frame = sieve.frame.copy()
    elif column.default is not None and cells.isna().any():
        sieve.note_layer(
            "default_taken",
            Severity.WARNING if sieve.layer == "gates" else Severity.INFO,
            column=column.name,
            default=str(column.default),
            count=int(cells.isna().sum()),
        )
        sieve.frame[column.name] = cells.fillna(column.default)


def _parse_column(sieve: Sieve, column: Column, factor: float) -> None:
    cells = sieve.frame[column.name]
    parsed = parse_cells(cells, column, factor)
    sieve.frame[column.name] = parsed.values
    name = column.name
    sieve.note(
        parsed.unreadable.to_numpy(),
        "value_unreadable" if column.default is None else "choice_unreadable",
        Severity.WARNING,
        cells,
        column=name,
        default=str(column.default),
    )
    rough = parsed.rough.to_numpy()
    for position in np.flatnonzero(rough):
        taken = parsed.values.iloc[position]
        one = np.zeros(len(rough), dtype=bool)
        one[position] = True
        sieve.note(
            one, "value_rough", Severity.INFO, cells, column=name, taken=f"{taken:g}"
        )
    if column.kind not in {"number", "count", "year"}:
        return
    values = parsed.values.to_numpy(dtype="float64")
    low = -np.inf if column.least is None else column.least
    high = np.inf if column.most is None else column.most
    impossible = (values < low) | (values > high)
    if column.kind == "count":
        impossible |= np.abs(values - np.round(values)) > _WHOLE
    sieve.note(impossible, "value_impossible", Severity.WARNING, cells, column=name)
    sieve.frame[name] = parsed.values.mask(impossible)


def _check_parts(sieve: Sieve, part: str, whole: str) -> None:
    if {part, whole} <= set(sieve.frame.columns):
        more = (sieve.frame[part] > sieve.frame[whole]).to_numpy(dtype=bool)
        sieve.note(
            more,
            "part_exceeds_whole",
            Severity.WARNING,
            sieve.frame[part],
            part=part,
            whole=whole,
        )


def _check_ids(sieve: Sieve) -> None:
    """Clean ids; set aside rows without one where it is needed, else give one."""
    needed = any(c.name == "id" and c.needed for c in LAYERS[sieve.layer].columns)
    frame = sieve.frame
    blank = pd.Series(None, frame.index, dtype="object")
    cells = frame["id"] if "id" in frame.columns else blank
    frame["id"] = parse_cells(cells, Column("id")).values
    if needed:
        sieve.set_aside(frame["id"].isna().to_numpy(), "id_missing")
        twice = sieve.frame["id"].duplicated().to_numpy()
        sieve.set_aside(twice, "id_duplicate")
        return
    rows = frame.index.to_series().astype(int) + 1
    given = _PREFIX[sieve.layer] + rows.astype("str")
    frame["id"] = frame["id"].fillna(given)
    if sieve.layer == "gates":
        same = frame.duplicated(["id", "community_id"]).to_numpy()
        sieve.set_aside(same, "id_duplicate")
        frame = sieve.frame.copy()
        shared = frame["id"].duplicated(keep=False)
        frame.loc[shared, "id"] += "@" + frame.loc[shared, "community_id"]
    sieve.frame = frame.assign(id=_distinct(frame["id"]))


def _distinct(ids: "pd.Series[str]") -> "pd.Series[str]":
    taken = set(ids)
    again = ids.groupby(ids).cumcount()
    named = ids.copy()
    for position in np.flatnonzero(again.to_numpy() > 0):
        number = int(again.iloc[position]) + 1
        while f"{ids.iloc[position]}#{number}" in taken:
            number += 1
        named.iloc[position] = f"{ids.iloc[position]}#{number}"
        taken.add(named.iloc[position])
    return named


def _complete_streets(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give streets the columns that tell how they meet."""
    for name in ("access", "bridge", "tunnel"):
        if name not in frame.columns:
            frame[name] = pd.Series(None, frame.index, dtype="str")
    levels = frame.get("level", frame.get("layer", pd.Series(0, frame.index)))
    numbers = pd.to_numeric(levels, errors="coerce").fillna(0)
    frame["level"] = numbers.round().astype("int64")
    crossing = frame.get("crossing", pd.Series(data=False, index=frame.index))
    frame["crossing"] = parse_cells(crossing, Column("crossing", "flag")).values
    frame["crossing"] = frame["crossing"].fillna(value=False).astype(bool)
    if "node_ids" not in frame.columns:
        frame["node_ids"] = pd.Series(None, frame.index, dtype="object")
    frame["node_ids"] = frame["node_ids"].map(_read_nodes).astype("object")
    return frame


def _read_nodes(cell: Any) -> npt.NDArray[np.int64] | None:
    """Return node ids, which a GeoPackage keeps as text."""
    if isinstance(cell, str):
        return np.array(cell.split(), dtype=np.int64)
    if cell is None or np.ndim(cell) == 0:
        return None
    return np.asarray(cell, dtype=np.int64)


def _explode(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Part multi-lines, whose parts become lines of their own."""
    parts = shapely.get_num_geometries(frame.geometry.to_numpy())
    if (parts == 1).all():
        return frame.set_geometry(
            gpd.GeoSeries(
                shapely.get_geometry(frame.geometry.to_numpy(), 0),
                frame.index,
                crs=frame.crs,
            )
        )
    single = frame.assign(
        node_ids=frame["node_ids"].where(pd.Series(parts == 1, frame.index), None)
    ).explode(index_parts=False)
    return single.assign(id=_distinct(single["id"]))
