"""Which column of a file is which column of the schema."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geo.cell_words import UNIT_FACTORS
from geo.cells import plain, split_unit
from geo.evidence_schema import EVIDENCE
from geo.schema import LAYERS, Column

_SAFE_NAME = 80


@dataclass(frozen=True, slots=True)
class Match:
    """Where a column of the schema comes from.

    Attributes
    ----------
    source
        Column of the file.
    factor
        From the unit of the file to the unit of the column.
    kind
        What the rule book says it holds, or ``""``.
    """

    source: str
    factor: float = 1.0
    kind: str = ""


def clean_names(names: Sequence[Any]) -> list[str]:
    """Make column names harmless and distinct.

    Parameters
    ----------
    names
        Column names as they stand in the file.

    Returns
    -------
    list of str
        Names without control characters, markup, quotes, ``$``, braces and
        backticks, at most 80 characters, the second of a name as ``name_2``.

    Examples
    --------
    >>> clean_names(["<b>户数</b>", "户数", "${x}"])
    ['户数', '户数_2', 'x']
    """
    clean: list[str] = []
    for number, name in enumerate(names, 1):
        text = re.sub(r"<[^<>]*>", "", str(name))
        text = re.sub(r"[<>\"'`${}\\\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e]", "", text)
        text = re.sub(r"\s+", " ", text).strip()[:_SAFE_NAME] or f"column_{number}"
        again = 2
        unique = text
        while unique.casefold() in {other.casefold() for other in clean}:
            unique = f"{text}_{again}"
            again += 1
        clean.append(unique)
    return clean


def known_headers(layer: str, headers: pd.DataFrame) -> frozenset[str]:
    """Return the headers by which the header row of a layer is recognised.

    Parameters
    ----------
    layer
        Name of the layer or table of evidence.
    headers
        Ledger headers of the rule book: columns `header`, `layer`.

    Returns
    -------
    frozenset of str
        Headers as :func:`geo.cells.plain` writes them, with and without unit.
    """
    own = headers.loc[headers["layer"] == layer, "header"]
    words = [column.name for column in _columns_of(layer)] + list(own)
    return frozenset(
        {plain(word) for word in words} | {split_unit(word)[0] for word in words}
    )


def match_columns(
    names: Sequence[str],
    layer: str,
    headers: pd.DataFrame,
    *,
    declared: Mapping[str, str] | None = None,
    cut: bool = False,
) -> dict[str, Match]:
    """Find which column of a file is which column of the schema.

    Parameters
    ----------
    names
        Column names of the file.
    layer
        Name of the layer or table of evidence.
    headers
        Ledger headers of the rule book: `header`, `layer`, `column`, `factor`.
    declared
        Column of the schema to column of the file, from ``district.toml``.
    cut
        Names may be cut to 10 bytes (Shapefile).

    Returns
    -------
    dict
        Column of the schema (or further column of the rule book) to its match;
        what the planner declared comes first, then equal names, then the rule
        book, then cut names.
    """
    known = _targets(layer, headers)
    columns = {column.name for column in _columns_of(layer)} | {"id"}
    wanted = [
        (target, Match(source, UNIT_FACTORS.get(split_unit(source)[1], 1.0)))
        for target, source in (declared or {}).items()
    ]
    wanted += [(plain(name), Match(name)) for name in names if plain(name) in columns]
    for name in names:
        hit = _look_up(name, known)
        if hit is not None:
            wanted.append((hit[0], Match(name, hit[1], hit[2])))
    if cut:
        wanted += [
            (target, Match(name))
            for name in names
            for target in _cut_target(name, columns, known)
        ]
    found: dict[str, Match] = {}
    taken: set[str] = set()
    for target, match in wanted:
        if target not in found and match.source not in taken:
            found[target] = match
            taken.add(match.source)
    return found


def _columns_of(layer: str) -> tuple[Column, ...]:
    return LAYERS[layer].columns if layer in LAYERS else EVIDENCE[layer].columns


#: Column, factor and kind of a header.
_Target = tuple[str, float, str]


def _targets(layer: str, headers: pd.DataFrame) -> dict[str, _Target]:
    own = headers.loc[headers["layer"] == layer]
    kinds = own["kind"] if "kind" in own.columns else pd.Series("", own.index)
    return {
        plain(header): (str(column), 1.0 if pd.isna(factor) else float(factor), kind)
        for header, column, factor, kind in zip(
            own["header"], own["column"], own["factor"], kinds, strict=True
        )
    }


def _look_up(name: str, known: Mapping[str, _Target]) -> _Target | None:
    word = plain(name)
    for written in (word, word.replace("_", "")):
        if written in known:
            return known[written]
    base, unit = split_unit(name)
    for header, (target, _, kind) in known.items():
        if unit and split_unit(header)[0] == base:
            return target, UNIT_FACTORS[unit], kind
    return None


def _cut_target(
    name: str, columns: set[str], known: Mapping[str, _Target]
) -> list[str]:
    """Return the one column that a name of 10 bytes can be the beginning of."""
    word = plain(name)
    widths = {len(word.encode(encoding)) for encoding in ("utf-8", "gb18030")}
    if not widths & {9, 10}:
        return []
    hits = {column for column in columns if column.startswith(word)}
    hits |= {
        target
        for header, (target, factor, _) in known.items()
        # a header that lost its unit says nothing about the factor
        if header.startswith(word) and factor == 1 and header != word
    }
    return sorted(hits) if len(hits) == 1 else []
