"""Tables of the indicators: to write, and to read again from other counties."""

import io
from collections.abc import Mapping
from math import isinf, isnan
from typing import Any
from zipfile import BadZipFile

import pandas as pd

from geo.errors import InputError
from geo.indicator_rules import find_part, list_indicators, list_parts
from geo.indicator_words import format_value, say_found, say_range, say_required
from geo.indicators import Indicators
from geo.rulings import speak
from geo.schema import State
from geo.text import tr

#: Columns of ``indicators.csv`` that others may rely on; further ones follow.
INDICATOR_COLUMNS = ("indicator_id", "name", "value", "state", "evidence")
#: Columns of ``indicator_parts.csv`` without which counties cannot be put together.
MERGED_COLUMNS = (
    "level",
    "name",
    "city",
    "province",
    "profile",
    "year",
    "indicator_id",
    "part",
    "numerator",
    "denominator",
    "undecided",
    "left_out",
    "value_least",
    "state",
    "target",
)
_NUMBERS = (
    "year",
    "plan_year",
    "numerator",
    "denominator",
    "undecided",
    "left_out",
    "value",
    "value_least",
    "value_most",
    "target",
    "last_numerator",
    "last_denominator",
    "last_value",
    "last_year",
    "change",
)
#: Name of the sheet that other counties' tools read.
DATA_SHEET = "data"
_LISTS = ("missing", "objects", "met_ids", "short_ids", "unknown_ids")


def make_indicators_table(indicators: Indicators, lang: str) -> pd.DataFrame:
    """Return the table of ``indicators.csv``.

    Parameters
    ----------
    indicators
        The indicators.
    lang
        Language of names and sentences.

    Returns
    -------
    pandas.DataFrame
        20 rows: first `INDICATOR_COLUMNS`, then the first figure of each with what it
        is made of, what was required, last year's, and in `items` all its items in
        words. States stay codes.
    """
    summary = indicators.summary.reset_index()
    parts = indicators.explain(lang)
    rows = []
    for indicator, row in zip(
        list_indicators(), summary.to_dict("records"), strict=True
    ):
        own = indicators.of(indicator.indicator_id)
        main = find_part(indicator.indicator_id, row["part"])
        items = own[own["role"] != "extra"]
        rows.append(
            {
                "indicator_id": indicator.indicator_id,
                "name": indicator.names[lang],
                "value": row["value"],
                "state": row["state"],
                "evidence": list_evidence(indicators, own, lang),
                "clause": indicator.clause,
                "wording": say_wording(indicators, indicator.indicator_id),
                "part": main.names[lang],
                "formula": main.formulas[lang],
                **_tell(row, lang),
                "items": "\n".join(parts[items.index]),
                "items_short": _name_parts(row, "parts_short", lang),
                "items_unknown": _name_parts(row, "parts_unknown", lang),
                "missing": name_missing(indicators, items, lang),
                "name_of": indicators.name,
                "level": indicators.level,
                "year": indicators.year,
                "plan_year": indicators.plan_year,
            }
        )
    return pd.DataFrame(rows)


def make_parts_table(indicators: Indicators, lang: str) -> pd.DataFrame:
    """Return the table of ``indicator_parts.csv``, which other levels put together.

    Parameters
    ----------
    indicators
        The indicators.
    lang
        Language of names and sentences.

    Returns
    -------
    pandas.DataFrame
        One row per part: whose it is, then the columns of
        :attr:`geo.indicators.Indicators.table` (lists ``|``-joined), names and
        sentences.
    """
    table = indicators.table
    told = pd.DataFrame(
        [_tell(row, lang) for row in table.to_dict("records")], index=table.index
    )
    parts = [
        find_part(one, part)
        for one, part in zip(table["indicator_id"], table["part"], strict=True)
    ]
    own = {
        "level": indicators.level,
        "name": indicators.name,
        "city": indicators.city,
        "province": indicators.province,
        "profile": "|".join(indicators.chain),
        "year": indicators.year,
        "plan_year": indicators.plan_year,
        "members": "|".join(indicators.members),
        "absent": "|".join(indicators.absent),
    }
    body = table.drop(columns=["reason", "inputs"])
    for name in _LISTS:
        body[name] = ["|".join(one) for one in body[name]]
    body.insert(2, "part_name", [one.names[lang] for one in parts])
    body["formula"] = [one.formulas[lang] for one in parts]
    body["found"], body["required"] = told["found"], told["required"]
    body["reason"] = told["reason"]
    head = pd.DataFrame(own, index=table.index)
    return pd.concat([head, body], axis=1)


def read_parts(data: bytes, name: str) -> pd.DataFrame:
    """Read the parts that another county wrote.

    Parameters
    ----------
    data
        A file: ``indicator_parts.csv`` (UTF-8 or GBK), or the workbook of the
        self-evaluation.
    name
        Its name, for the error.

    Returns
    -------
    pandas.DataFrame
        Columns of `make_parts_table` as far as they are there, numbers as float.

    Raises
    ------
    InputError
        If it is neither, or a column or a part that is needed is not in it.
    """
    rows = _read_rows(data, name)
    rows.columns = pd.Index([str(one).strip() for one in rows.columns])
    missing = [one for one in MERGED_COLUMNS if one not in rows]
    if missing:
        raise InputError(
            "indicator_columns", file=name, columns="、".join(missing), known=DATA_SHEET
        )
    for column in _NUMBERS:
        if column not in rows:
            rows[column] = pd.Series("", index=rows.index)
        told = rows[column].str.replace(",", "").str.strip()
        numbers = pd.to_numeric(told.where(told != ""), errors="coerce")
        empty = (told == "") & (column != "year")
        bad = rows.index[numbers.isna() & ~empty]
        if len(bad):
            place = {"row": int(bad[0]) + 2, "value": rows.loc[bad[0], column]}
            raise InputError("indicator_number", file=name, column=column, **place)
        rows[column] = numbers.astype("float64")
    known = {one.key: one for one in list_parts()}
    if not set(zip(rows["indicator_id"], rows["part"], strict=True)) & set(known):
        raise InputError("indicator_parts", file=name)
    states = set(rows["state"]) - {one.value for one in State}
    if states:
        raise InputError("indicator_state", file=name, value=min(states))
    pairs = list(zip(rows["indicator_id"], rows["part"], strict=True))
    kept = rows[[pair in known for pair in pairs]].copy()
    parts = [known[pair] for pair in pairs if pair in known]
    # what a figure is, is not for a file to say
    for column in ("role", "unit", "compare"):
        kept[column] = [getattr(part, column) for part in parts]
    return kept


def say_value(row: Mapping[Any, Any], lang: str) -> str:
    """Write the value of a part, or its bounds.

    Parameters
    ----------
    row
        A row of :attr:`geo.indicators.Indicators.table`.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        Text; empty where nothing is known.
    """
    if isnan(row["value_least"]):
        return ""
    if isnan(row["value"]) and isinf(row["value_most"]):
        return ""
    if isnan(row["value"]):
        return speak(say_range(row), lang)
    return format_value(row["value"], row["unit"], target=row["target"], lang=lang)


def say_wording(indicators: Indicators, indicator_id: str) -> str:
    """Return what the annex says, word for word.

    Parameters
    ----------
    indicators
        Whose profile decides which copy counts.
    indicator_id
        The indicator.

    Returns
    -------
    str
        Items one per line; where two copies differ, each under its document.
    """
    one = next(i for i in list_indicators() if i.indicator_id == indicator_id)
    worded = one.worded(indicators.chain)
    if len(worded) == 1:
        return "\n".join(*worded.values())
    return "\n".join(
        f"〔{document}〕{item}" for document, items in worded.items() for item in items
    )


def list_evidence(indicators: Indicators, parts: pd.DataFrame, lang: str) -> str:
    """List the evidence of some parts: what it is to be, and what is on record.

    Parameters
    ----------
    indicators
        The indicators.
    parts
        Rows of its table.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        One line per kind, and one for what is on record.
    """
    lines = {
        find_part(one, part).evidence[lang]: None
        for one, part in zip(parts["indicator_id"], parts["part"], strict=True)
    }
    ids = sorted({one for objects in parts["objects"] for one in objects})
    papers = [one for one in ids if one in indicators.titles][:20]
    if papers:
        said = tr("view.comma", lang).join(
            f"{indicators.titles[one]}（{one}）" for one in papers
        )
        key = "more" if len(ids) > len(papers) else "record"
        lines[tr(f"indicators.evidence.{key}", lang, papers=said, count=len(ids))] = (
            None
        )
    return "\n".join(lines)


def name_missing(indicators: Indicators, parts: pd.DataFrame, lang: str) -> str:
    """Name what would settle the unknown of some parts.

    Parameters
    ----------
    indicators
        The indicators.
    parts
        Rows of its table.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        Names of fields; empty where nothing is missing.
    """
    wanted = dict.fromkeys(one for names in parts["missing"] for one in names)
    if not wanted:
        return ""
    table = indicators.fields
    names = (
        dict(zip(table["field"], table[f"name_{lang}"], strict=True))
        if len(table)
        else {}
    )
    named = dict.fromkeys(str(names.get(one, one)) for one in wanted)
    return tr("view.comma", lang).join(named)


def _tell(row: Mapping[Any, Any], lang: str) -> dict[str, Any]:
    known = {
        name: row[name]
        for name in (
            *("numerator", "denominator", "undecided", "left_out"),
            *("value_least", "value_most", "target"),
            *("last_value", "last_state", "last_year", "change"),
        )
    }
    said = {"found": say_found(row), "required": say_required(row)}
    said["reason"] = row["reason"]
    value = {"value_text": say_value(row, lang)}
    return value | {name: speak(one, lang) for name, one in said.items()} | known


def _name_parts(row: Mapping[Any, Any], column: str, lang: str) -> str:
    keys = [part for part in row[column].split("|") if part]
    names = [find_part(row["indicator_id"], part).names[lang] for part in keys]
    return tr("view.comma", lang).join(names)


def _read_rows(data: bytes, name: str) -> pd.DataFrame:
    if data[:2] == b"PK":
        try:
            return pd.read_excel(
                io.BytesIO(data), sheet_name=DATA_SHEET, dtype="str"
            ).fillna("")
        except (ValueError, KeyError, OSError, BadZipFile) as error:
            raise InputError("indicator_sheet", file=name, known=DATA_SHEET) from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise InputError("indicator_encoding", file=name)
    try:
        return pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError("indicator_encoding", file=name) from error
