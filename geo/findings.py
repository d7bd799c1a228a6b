"""What the tool noticed about the data: one row for each thing, in both languages."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isnan
from typing import Any

import pandas as pd

from geo.schema import FINDING_COLUMNS, LAYERS, Severity
from geo.text import texts, tr

#: Columns of raw findings; `params` fills the texts, `content` is the JSON text
#: of a source row that was set aside.
FINDINGS_RAW = ("layer", "row", "id", "severity", "code", "params", "content")

#: A parameter that starts with this is a text key: it is said in the reader's
#: language ("@layer.streets").
TEXT_KEY = "@"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was noticed.

    Attributes
    ----------
    layer
        Layer name of :data:`geo.schema.LAYERS`, or another area ("network").
    code
        Its texts are ``finding.<code>.message`` and ``finding.<code>.action``.
    severity
        Weight, see :class:`geo.schema.Severity`.
    row
        Source row, counted from 0; None: the layer as a whole.
    id
        Identifier of the object, where it has one.
    params
        Values for the named places of the texts.
    content
        JSON text of the source row if it was set aside, else None.
    """

    layer: str
    code: str
    severity: Severity
    row: int | None = None
    id: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    content: str | None = None


def make_findings(rows: Iterable[Finding] = ()) -> pd.DataFrame:
    """Put findings into a frame.

    Parameters
    ----------
    rows
        Findings, in the order in which they are to be read.

    Returns
    -------
    pandas.DataFrame
        One row per finding, columns `FINDINGS_RAW`; `row` is a nullable integer.
    """
    found = list(rows)
    return pd.DataFrame(
        {
            "layer": pd.Series([f.layer for f in found], dtype="str"),
            "row": pd.array([f.row for f in found], dtype="Int64"),
            "id": pd.Series([f.id for f in found], dtype="str"),
            "severity": pd.Series([str(f.severity) for f in found], dtype="str"),
            "code": pd.Series([f.code for f in found], dtype="str"),
            "params": pd.Series([dict(f.params) for f in found], dtype="object"),
            "content": pd.Series([f.content for f in found], dtype="object"),
        },
    )


def concat_findings(*frames: pd.DataFrame) -> pd.DataFrame:
    """Put several frames of findings into one.

    Parameters
    ----------
    *frames
        Frames with the columns `FINDINGS_RAW`.

    Returns
    -------
    pandas.DataFrame
        All rows in the order given, numbered anew.
    """
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return make_findings()
    return pd.concat(filled, ignore_index=True)[list(FINDINGS_RAW)]


def render_findings(findings: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Say findings in one language.

    Parameters
    ----------
    findings
        Frame with the columns `FINDINGS_RAW`.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.DataFrame
        Columns of ``findings.csv`` (:data:`geo.schema.FINDING_COLUMNS`) and
        `content`, on the index of `findings`.

    Raises
    ------
    KeyError
        If a code has no text, or a named place of its text has no value.
    """
    said = findings.reindex(columns=[*FINDING_COLUMNS, "content"]).copy()
    places = [
        _said_params(params, layer, ident, lang)
        for params, layer, ident in zip(
            findings["params"], findings["layer"], findings["id"], strict=True
        )
    ]
    for part in ("message", "action"):
        said[part] = pd.Series(
            [
                tr(f"finding.{code}.{part}", lang, **values)
                for code, values in zip(findings["code"], places, strict=True)
            ],
            index=findings.index,
            dtype="str",
        )
    return said


def row_json(row: Mapping[Any, Any]) -> str:
    """Write the content of a source row, so that nothing of it is lost.

    Parameters
    ----------
    row
        Column name to cell; a geometry becomes WKT, a missing cell is left out.

    Returns
    -------
    str
        JSON text.
    """
    known = {str(name): cell for name, cell in row.items() if not _is_missing(cell)}
    return json.dumps(known, ensure_ascii=False, default=str)


def layer_names(layer: str) -> dict[str, str]:
    """Return the name of a layer for the texts of errors.

    Parameters
    ----------
    layer
        Layer name.

    Returns
    -------
    dict
        `layer` (the file stem), `layer_zh` and `layer_en`.
    """
    return {
        "layer": layer,
        "layer_zh": _layer_name(layer, "zh"),
        "layer_en": _layer_name(layer, "en"),
    }


def _layer_name(layer: str, lang: str) -> str:
    known = layer in LAYERS or f"layer.{layer}" in texts(lang)
    return tr(f"layer.{layer}", lang) if known else layer


def _said_params(
    params: Mapping[str, Any], layer: str, ident: object, lang: str
) -> dict[str, Any]:
    values = {
        name: tr(value.removeprefix(TEXT_KEY), lang)
        if _is_text_key(value, lang)
        else value
        for name, value in params.items()
    }
    named = {"layer": _layer_name(layer, lang)}
    if isinstance(ident, str):
        named["id"] = ident
    return named | values


def _is_text_key(value: object, lang: str) -> bool:
    return (
        isinstance(value, str)
        and value.startswith(TEXT_KEY)
        and value.removeprefix(TEXT_KEY) in texts(lang)
    )


def _is_missing(cell: object) -> bool:
    if isinstance(cell, float):
        return isnan(cell)
    return cell is None or cell is pd.NA or cell is pd.NaT
