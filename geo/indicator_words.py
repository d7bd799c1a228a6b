"""What each part of an indicator came to, and what was required, in words."""

from collections.abc import Mapping
from math import isinf, isnan
from typing import Any

import pandas as pd

from geo.indicator_rules import find_part
from geo.rulings import Said, speak
from geo.schema import State
from geo.text import tr

#: CNY of one 万元.
_WAN = 1e4
#: Decimals tried until a percentage is on its side of the target.
_DECIMALS = (1, 2, 3, 4)


def say_found(row: Mapping[Any, Any]) -> Said:
    """Say what was found, with the counts behind it.

    Parameters
    ----------
    row
        A row of :attr:`geo.indicators.Indicators.table`.

    Returns
    -------
    Said
        The sentence.
    """
    counts = find_part(row["indicator_id"], row["part"]).counts
    if isnan(row["value_least"]):
        return _say_nothing(row, counts)
    if row["unit"] in ("count", "ratio"):
        return _say_amount(row, counts)
    return _say_share(row, counts)


def say_required(row: Mapping[Any, Any]) -> Said:
    """Say what was required.

    Parameters
    ----------
    row
        A row of :attr:`geo.indicators.Indicators.table`.

    Returns
    -------
    Said
        The sentence.
    """
    if isnan(row["target"]):
        asked = row["state"] != State.NOT_REQUIRED
        return f"indicators.required.{'open' if asked else 'not_asked'}", {}
    if row["unit"] == "count" and row["target"] == 0:
        said: Said = ("indicators.required.none_left", {})
    elif row["unit"] == "share" and row["target"] == 1:
        said = ("indicators.required.all", {})
    else:
        value = format_value(row["target"], row["unit"])
        said = (f"indicators.required.{row['compare']}", {"value": value})
    if not row["target_from"]:
        return said
    return "indicators.required.from", {"said": said, "source": row["target_from"]}


def explain_parts(table: pd.DataFrame, lang: str) -> pd.Series:
    """Say of each part what it came to, what was required and why.

    Parameters
    ----------
    table
        Parts, see :attr:`geo.indicators.Indicators.table`.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.Series
        Sentences named ``reason`` on the index of `table`, none of them empty.
    """
    said = [_explain(row, lang) for row in table.to_dict("records")]
    return pd.Series(said, index=table.index, name="reason", dtype="str")


def say_range(row: Mapping[Any, Any]) -> Said:
    """Say between which bounds a value lies.

    Parameters
    ----------
    row
        A row of :attr:`geo.indicators.Indicators.table`.

    Returns
    -------
    Said
        Both bounds.
    """
    bounds = (row["value_least"], row["value_most"])
    least, most = (_value(one, row) for one in bounds)
    if row["unit"] == "share":
        least = least.removesuffix(" %")
    return "indicators.range", {"least": least, "most": most}


def format_value(
    value: float, unit: str, *, target: float = float("nan"), lang: str = "zh"
) -> str:
    """Write a value.

    Parameters
    ----------
    value
        Share of 1, count, ratio or mean.
    unit
        One of :data:`geo.indicator_rules.UNITS`.
    target
        A share is written with as many decimals as show on which side of it it is.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        Text; empty where there is no value.

    Examples
    --------
    >>> format_value(0.9496, "share", target=0.95)
    '94.96 %'
    """
    if isnan(value) or isinf(value):
        return ""
    if unit == "count":
        return f"{value:,.0f}"
    if unit != "share":
        return f"{value:,.2f}"
    return tr("indicators.percent", lang, value=_percent(value, target))


def _percent(value: float, target: float) -> str:
    for decimals in _DECIMALS:
        text = f"{100 * value:.{decimals}f}"
        if isnan(target) or (float(text) < 100 * target) == (value < target):
            return text
    return text


def _explain(row: Mapping[Any, Any], lang: str) -> str:
    name = find_part(row["indicator_id"], row["part"]).names[lang]
    parts = [speak(say_found(row), lang), speak(say_required(row), lang)]
    parts.append(speak(row["reason"], lang))
    said = tr("indicators.join", lang).join(one for one in parts if one)
    return tr("indicators.colon", lang, name=name, said=said)


def _say_nothing(row: Mapping[Any, Any], counts: str) -> Said:
    """Say why there is no value."""
    if row["state"] == State.NOT_REQUIRED:
        return "indicators.found.not_asked", {}
    if row["state"] == State.OPEN:
        whole = _count(row["denominator"], counts)
        return "indicators.found.open", {"whole": whole}
    if row["numerator"] > 0:
        some = _count(row["numerator"], counts)
        return "indicators.found.unknown_some", {"some": some}
    return "indicators.found.unknown", {}


def _say_share(row: Mapping[Any, Any], counts: str) -> Said:
    values: dict[str, Any] = {
        "some": _plain(row["numerator"], counts),
        "whole": _count(row["denominator"], counts),
        "value": _value(row["value"], row),
    }
    if row["unit"] == "mean":
        values["some"] = _count(row["numerator"], counts)
        values["whole"] = _count(row["denominator"], "units")
        return "indicators.found.mean", values
    if row["left_out"]:
        values["value"] = _value(row["numerator"] / row["denominator"], row)
        return "indicators.found.left_out", values | {"lost": row["left_out"]}
    if row["undecided"]:
        unsure = _count(row["undecided"], counts)
        told = {"unsure": unsure, "range": say_range(row)}
        return "indicators.found.bounds", values | told
    return "indicators.found.share", values


def _say_amount(row: Mapping[Any, Any], counts: str) -> Said:
    some, lost = _count(row["numerator"], counts), {"lost": row["left_out"]}
    if row["unit"] == "ratio":
        whole = _count(row["denominator"], counts)
        values = {
            "some": some,
            "whole": whole,
            "value": _value(row["value_least"], row),
        }
        if row["left_out"]:
            return "indicators.found.ratio_left_out", values | lost
        return "indicators.found.ratio", values
    if row["left_out"]:
        return "indicators.found.count_left_out", {"some": some} | lost
    if row["undecided"]:
        unsure = _count(row["undecided"], counts)
        return "indicators.found.count_bounds", {"some": some, "unsure": unsure}
    return "indicators.found.count", {"some": some}


def _value(value: float, row: Mapping[Any, Any]) -> str:
    return format_value(value, row["unit"], target=row["target"])


def _count(value: float, counts: str) -> Said:
    return f"indicators.counts.{counts}", {"value": _plain(value, counts)}


def _plain(value: float, counts: str) -> str:
    if counts == "cny":
        return f"{value / _WAN:,.1f}"
    return f"{value:,.0f}"
