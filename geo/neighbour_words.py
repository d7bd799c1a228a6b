"""Why two communities are neighbours, or why not, in a sentence."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geo.settings import UnitSettings
from geo.text import tr


def explain_pairs(
    pairs: pd.DataFrame,
    names: Mapping[str, str],
    lang: str,
    *,
    units: UnitSettings | None = None,
) -> "pd.Series[str]":
    """Say in a sentence why pairs are neighbours, or why not.

    Parameters
    ----------
    pairs
        Rows of `Neighbours.pairs`.
    names
        Names of communities by id; one without a name is called by its id.
    lang
        ``"zh"`` or ``"en"``.
    units
        Settings of the run; with them, pairs too far apart are told the limits.

    Returns
    -------
    pandas.Series
        Sentences named ``reason`` on the index of `pairs`.
    """
    columns = [str(name) for name in pairs.columns]
    rows = pairs.set_axis(columns, axis=1).itertuples(index=False, name=None)
    said = [
        _explain(dict(zip(columns, row, strict=True)), names, lang, units)
        for row in rows
    ]
    return pd.Series(said, index=pairs.index, name="reason", dtype="str")


def _explain(
    row: Mapping[str, Any],
    names: Mapping[str, str],
    lang: str,
    units: UnitSettings | None,
) -> str:
    a, b = (_find_name(names, ident) for ident in (row["a"], row["b"]))
    gap = tr(
        "neighbours.touch" if row["gap_m"] == 0 else "neighbours.gap",
        lang,
        gap=_metres(row["gap_m"]),
    )
    values = {"a": a, "b": b, "gap": gap, "walk": _metres(row["walk_m"])}
    if row["barrier"]:
        kind = tr(f"neighbours.barrier.{row['barrier']}", lang)
        named = "neighbours.named" if row["barrier_name"] else "neighbours.unnamed"
        values["barrier"] = tr(named, lang, kind=kind, name=row["barrier_name"])
    if row["declared"]:
        key = "neighbours.declared"
    elif row["neighbour"]:
        key = f"neighbours.by_{row['by']}"
    elif row["refused"] in {"jurisdiction", "neighbourhood"}:
        return _explain_within(row, a, b, lang)
    else:
        key = f"neighbours.refused_{row['refused']}"
        if row["refused"] == "far" and units is not None:
            key = "neighbours.refused_limits"
            values |= {"gap_most": _metres(units.gap_m)}
            values |= {"walk_most": _metres(units.walk_m)}
    return tr(key, lang, **values)


def _explain_within(row: Mapping[str, Any], a: str, b: str, lang: str) -> str:
    what = tr(f"neighbours.within.{row['refused']}", lang)
    lost = [
        name
        for name, area in ((a, row.get("within_a", "")), (b, row.get("within_b", "")))
        if not area
    ]
    if lost:
        who = tr("neighbours.and", lang).join(lost)
        return tr("neighbours.within_unknown", lang, a=a, b=b, what=what, who=who)
    values = {"area_a": row.get("within_a", ""), "area_b": row.get("within_b", "")}
    return tr("neighbours.within_other", lang, a=a, b=b, what=what, **values)


def _find_name(names: Mapping[str, str], ident: str) -> str:
    name = names.get(ident)
    return name if isinstance(name, str) and name else ident


def _metres(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
