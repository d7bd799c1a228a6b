"""One layer, row by row: what can be used, and what was noticed about the rest.

A row that cannot be used is set aside in the findings with its content; a cell
that cannot be true becomes unknown. Nothing is dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.categories import check_categories, classify_layer
from geo.cells import parse_cells
from geo.columns import Match, match_columns
from geo.errors import InputError
from geo.findings import layer_names, make_findings
from geo.lines import complete_streets, part_lines
from geo.read import RawLayer
from geo.rules import RuleBook
from geo.schema import LAYERS, Column, Severity
from geo.shapes import check_places, check_shapes
from geo.sieve import Mask, Sieve

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
#: Layers whose ids stand in results, which no order of rows may change.
_NAMED_IN_RESULTS = ("gates", "idle")
_WHOLE = 1e-6


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
    raw: RawLayer, rules: RuleBook, declared: Mapping[str, str]
) -> dict[str, Match]:
    """Find the columns of a layer, and refuse one that lacks what it needs.

    Parameters
    ----------
    raw
        Layer as read.
    rules
        Rule book: headers of ledgers, tags of facilities.
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
        names,
        raw.layer,
        rules.headers,
        declared=declared,
        cut=raw.format == "Shapefile",
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
    if raw.layer == "facilities":
        own = {match.source: target for target, match in found.items()}
        check_categories(raw, [own.get(name, name) for name in names], rules)
    return found


def check_layer(
    raw: RawLayer,
    frame: gpd.GeoDataFrame,
    matches: Mapping[str, Match],
    far: Mask,
    rules: RuleBook | None = None,
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
    rules
        Rule book, by which facilities are classified; None: they are not.

    Returns
    -------
    Sieve
        The rows in use under the names of the schema, and what was noticed.
    """
    sieve = Sieve(raw.layer, frame, raw.frame)
    _rename(sieve, matches)
    check_places(sieve, far)
    check_shapes(sieve)
    columns = [column for column in LAYERS[raw.layer].columns if column.name != "id"]
    for column in columns:
        _check_column(sieve, column, matches.get(column.name))
    if raw.layer == "facilities":
        classify_layer(sieve, rules, derived=raw.derived)
    for column in columns:
        _complete_column(sieve, column)
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
        frame = part_lines(complete_streets(frame))
        frame["id"] = _distinct(frame["id"])
    if "derived" not in frame.columns:
        frame["derived"] = derived
    frame["derived"] = frame["derived"].astype("boolean").fillna(derived).astype(bool)
    names = [column.name for column in LAYERS[sieve.layer].columns]
    first = [name for name in dict.fromkeys([*names, "geometry"]) if name != "id"]
    rest = [name for name in frame.columns if name not in {*first, "id"}]
    index = pd.Index(frame["id"].astype("str"), name="id")
    ordered = frame[[*first, *rest]].set_index(index)
    return Checked(ordered, make_findings(sieve.noticed), used)


def _rename(sieve: Sieve, matches: Mapping[str, Match]) -> None:
    """Give columns the names of the schema, and further ones their kind."""
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
    own = {column.name for column in LAYERS[sieve.layer].columns}
    for target, match in matches.items():
        if target not in own and match.kind in {"number", "count", "year", "flag"}:
            _parse_column(sieve, Column(target, match.kind), match.factor)


def _check_column(sieve: Sieve, column: Column, match: Match | None) -> None:
    if column.name in sieve.frame.columns:
        _parse_column(sieve, column, 1.0 if match is None else match.factor)
    else:
        blank = pd.Series(None, sieve.frame.index, dtype="object")
        sieve.frame[column.name] = parse_cells(blank, column).result


def _complete_column(sieve: Sieve, column: Column) -> None:
    """Set aside rows that lack what they need, and fill in what a blank means."""
    cells = sieve.frame[column.name]
    if column.needed:
        missing = cells.isna().to_numpy()
        sieve.set_aside(missing, "value_missing", column=column.name)
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
    sieve.frame[column.name] = parsed.result
    name = column.name
    sieve.note(
        parsed.unreadable.to_numpy(),
        "value_unreadable" if column.default is None else "choice_unreadable",
        Severity.WARNING,
        cells,
        column=name,
        default=str(column.default),
    )
    if column.kind not in {"number", "count", "year"}:
        return
    taken = parsed.result.map("{:g}".format, na_action="ignore").astype("str")
    rough = parsed.rough.to_numpy()
    both = cells.astype("str") + " → " + taken
    sieve.note(rough, "value_rough", Severity.INFO, both, column=name)
    values = parsed.result.to_numpy(dtype="float64")
    low = -np.inf if column.least is None else column.least
    high = np.inf if column.most is None else column.most
    impossible = (values < low) | (values > high)
    if column.kind == "count":
        impossible |= np.abs(values - np.round(values)) > _WHOLE
    sieve.note(impossible, "value_impossible", Severity.WARNING, cells, column=name)
    sieve.frame[name] = parsed.result.mask(impossible)


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
    frame["id"] = parse_cells(cells, Column("id")).result
    if needed:
        sieve.set_aside(frame["id"].isna().to_numpy(), "id_missing")
        twice = sieve.frame["id"].duplicated().to_numpy()
        sieve.set_aside(twice, "id_duplicate")
        return
    number = frame.index.to_series().astype(int) + 1
    if sieve.layer in _NAMED_IN_RESULTS:
        number = _number_by_place(frame)
    frame["id"] = frame["id"].fillna(_PREFIX[sieve.layer] + number.astype("str"))
    if sieve.layer == "gates":
        same = frame.duplicated(["id", "community_id"]).to_numpy()
        sieve.set_aside(same, "id_duplicate")
        frame = sieve.frame
        shared = frame["id"].duplicated(keep=False)
        frame.loc[shared, "id"] += "@" + frame.loc[shared, "community_id"]
    sieve.frame = frame.assign(id=_distinct(frame["id"]))


def _number_by_place(frame: gpd.GeoDataFrame) -> "pd.Series[int]":
    """Give rows numbers by place, so that their order in the file changes no id."""
    places = frame.geometry.bounds
    if "community_id" in frame.columns:
        # a gate of two communities has two rows in one place
        places["owner"] = frame["community_id"]
    order = places.sort_values(list(places.columns), kind="stable").index
    return pd.Series(np.arange(1, len(order) + 1), index=order).reindex(frame.index)


def _distinct(ids: "pd.Series[str]") -> "pd.Series[str]":
    taken = set(ids)
    again = ids.groupby(ids).cumcount()
    named = ids.copy()
    for position in np.flatnonzero(again.to_numpy() > 0).tolist():
        number = int(again.iloc[position]) + 1
        while f"{ids.iloc[position]}#{number}" in taken:
            number += 1
        named.iloc[position] = f"{ids.iloc[position]}#{number}"
        taken.add(named.iloc[position])
    return named
