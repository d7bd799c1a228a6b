"""How many households are unserved where: the heat of the map of sites."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.maps import SHARE_LOOKS, STATE_LOOKS, Look
from geo.schema import State
from geo.siting import Sites
from geo.views.shapes import Parcel, pack_value
from geo.views.site_work import Desk
from geo.views.state import choice
from geo.views.widgets import say

#: Most unserved last: dark is worst, as on the map of shares.
HEAT = tuple(SHARE_LOOKS[::-1])
NONE_LOOK = Look("#FFFFFF", stroke="#9AA5B1")
_CLASSES = 5


def find_need(sites: Sites, category: str, *, after: bool) -> pd.DataFrame:
    """Return how many households of each community are unserved.

    Parameters
    ----------
    sites
        The plan.
    category
        Category; empty: all of them added up.
    after
        Once the plan is built, else today.

    Returns
    -------
    pandas.DataFrame
        Index community id, all of them: ``households`` (NaN: unknown) and
        ``estimated``.
    """
    every = sites.basis.district.communities.index
    categories = [category] if category else list(sites.settings.categories)
    if after:
        rows = sites.unmet
    else:
        left = sites.basis.demand.left_out
        rows = pd.concat(
            [
                sites.basis.demand.rows[
                    ["community_id", "category", "households", "estimated"]
                ],
                left[["community_id", "category"]].assign(
                    households=np.nan, estimated=False
                ),
            ],
            ignore_index=True,
        )
    rows = rows[rows["category"].isin(categories)]
    known = rows["households"].notna()
    groups = rows[known].groupby("community_id")
    found = groups["households"].sum().reindex(every)
    unknown = every.isin(set(rows.loc[~known, "community_id"])) & found.isna()
    return pd.DataFrame(
        {
            "households": found.where(unknown, found.fillna(0.0)),
            "estimated": groups["estimated"].any().reindex(every).eq(other=True),
        }
    )


def find_limits(values: NDArray[np.float64]) -> list[int]:
    """Return round limits between classes of about as many communities each.

    Parameters
    ----------
    values
        Households.

    Returns
    -------
    list of int
        At most four, ascending.

    Examples
    --------
    >>> find_limits(np.array([3.0, 140.0, 260.0, 410.0, 980.0]))
    [100, 200, 300, 500]
    """
    found = values[np.isfinite(values) & (values > 0)]
    if not len(found):
        return []
    wanted = np.quantile(found, np.arange(1, _CLASSES) / _CLASSES)
    size = 10.0 ** np.floor(np.log10(np.maximum(wanted, 1.0)))
    limits = {round(float(one)) for one in np.round(wanted / size) * size}
    return sorted(limit for limit in limits if limit > 1)


def need_style(sites: Sites, now: Desk) -> tuple[Parcel, dict[str, Any]]:
    """Return the colours of the communities by unserved households, and the legend.

    Parameters
    ----------
    sites, now
        The plan, and what the page shows.

    Returns
    -------
    style : Parcel
        For ``map.js``.
    legend : dict
        Its legend.
    """
    before = find_need(sites, now.category, after=False)
    need = find_need(sites, now.category, after=True) if now.after else before
    # both are drawn by the same limits, so that they can be compared
    limits = find_limits(before["households"].to_numpy())
    steps = _spread(len(limits) + 1)
    values = need["households"].to_numpy()
    at = np.searchsorted(limits, values, side="right")
    codes = np.where(values > 0, at, len(steps))
    codes = np.where(np.isnan(values), len(steps) + 1, codes)
    looks = [*(HEAT[step] for step in steps), NONE_LOOK, STATE_LOOKS[State.UNKNOWN]]
    notes = [
        _need_note(value, sure=not guess, times=not now.category)
        for value, guess in zip(values, need["estimated"], strict=True)
    ]
    style = pack_value(
        "style",
        {
            "classes": [look.told("") for look in looks],
            "codes": "".join(str(code) for code in codes),
            "notes": notes,
        },
    )
    labels = [*_limit_words(limits, times=not now.category), say("view.sites.map.none")]
    labels.append(say("view.sites.map.unknown"))
    rows = [
        {
            "look": look.told(""),
            "label": label,
            "count": say("view.communities", value=f"{(codes == code).sum():,}"),
        }
        for code, (look, label) in enumerate(zip(looks, labels, strict=True))
        if (codes == code).any()
    ]
    legend = {"title": _title(sites, now, need), "rows": rows}
    return style, legend


def _spread(count: int) -> list[int]:
    """Return classes as far apart as there are looks."""
    return [round(at * (len(HEAT) - 1) / max(1, count - 1)) for at in range(count)]


def _limit_words(limits: Sequence[int], *, times: bool) -> list[str]:
    own = "_times" if times else ""
    ends = [1, *limits]
    words = [
        say(f"view.sites.map.from_to{own}", low=f"{low:,}", high=f"{high - 1:,}")
        for low, high in pairwise(ends)
    ]
    return [*words, say(f"view.sites.map.from{own}", low=f"{ends[-1]:,}")]


def _title(sites: Sites, now: Desk, need: pd.DataFrame) -> str:
    rules, lang = sites.basis.circle.rules, choice().lang
    name = say("view.sites.all")
    if now.category:
        name = rules.category_name(now.category, lang)
    title = say(f"view.sites.map.{'after' if now.after else 'before'}", name=name)
    if need["estimated"].any():
        return say("view.sites.estimated_of", value=title)
    return title


def _need_note(value: float, *, sure: bool, times: bool) -> str:
    if np.isnan(value):
        return say("view.sites.map.unknown")
    if not value:
        return say("view.sites.map.none")
    words = say(
        f"view.sites.map.lacking{'_times' if times else ''}", value=f"{value:,.0f}"
    )
    return words if sure else say("view.sites.estimated_of", value=words)
