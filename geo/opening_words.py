"""What each opening brings, in a sentence."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geo.lifecircle import LifeCircle
from geo.text import tr

#: Gains that a sentence names; of the others it tells how many.
_NAMED = 4


def explain_openings(
    table: pd.DataFrame, gains: pd.DataFrame, circle: LifeCircle, lang: str
) -> "pd.Series[str]":
    """Say in a sentence what each opening brings.

    Parameters
    ----------
    table, gains
        See :class:`geo.openings.Openings`.
    circle
        The life circle they were found from.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.Series
        Sentences named ``reason`` on the index of `table`.
    """
    named = circle.district.communities["name"]
    names = {
        str(one): name if isinstance(name, str) else str(one)
        for one, name in named.items()
    }
    of = {str(one): rows for one, rows in gains.groupby("opening_id")}
    told = [
        _explain(row, of[str(one)], circle, names, lang)
        for one, row in zip(table.index, table.to_dict("records"), strict=True)
    ]
    return pd.Series(told, index=table.index, name="reason", dtype="str")


def _explain(
    row: Mapping[Any, Any],
    gains: pd.DataFrame,
    circle: LifeCircle,
    names: Mapping[str, str],
    lang: str,
) -> str:
    where = _say_where(row, names, lang)
    several = len(set(gains["community_id"])) > 1
    parts = [
        _say_gain(gain, circle, names if several else {}, lang)
        for gain in gains.head(_NAMED).to_dict("records")
    ]
    said = tr("openings.and", lang).join(parts)
    if len(gains) > _NAMED:
        said = tr("openings.further", lang, gains=said, count=len(gains) - _NAMED)
    known = not np.isnan(row["households_gaining"])
    who = tr(
        "openings.households" if known else "openings.households_unknown",
        lang,
        count=f"{row['households_gaining']:,.0f}",
    )
    instead = tr("openings.instead", lang, count=row["facilities_saved"])
    return tr(
        "openings.reason", lang, where=where, who=who, gains=said, instead=instead
    )


def _say_where(row: Mapping[Any, Any], names: Mapping[str, str], lang: str) -> str:
    key = "street_unnamed"
    if row["other_id"]:
        key = "shared" if row["shared"] else "neighbour"
    elif row["street"]:
        key = "street"
    return tr(
        f"openings.where.{key}",
        lang,
        community=names[row["community_id"]],
        other=names.get(row["other_id"], ""),
        street=row["street"],
    )


def _say_gain(
    gain: Mapping[Any, Any], circle: LifeCircle, names: Mapping[str, str], lang: str
) -> str:
    before, after = gain["distance_before_m"], gain["distance_after_m"]
    key = "nearer"
    if np.isnan(before):
        key = "from_beyond"
    elif before == after:
        key = "as_far"
    if np.isnan(after):
        key = "met"
    said = tr(
        f"openings.gain.{key}",
        lang,
        category=circle.rules.category_name(str(gain["category"]), lang),
        before=f"{before:,.0f}",
        after=f"{after:,.0f}",
        searched=f"{circle.reach.cutoff_m:,.0f}",
    )
    if names:
        whose = names[str(gain["community_id"])]
        said = tr("openings.gain.of", lang, community=whose, gain=said)
    unsure = gain["state_after"] != "met"
    return tr("openings.gain.unsure", lang, gain=said) if unsure else said
