"""The joint terms of a unit, or of a whole plan, as small signed bars."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from geo.views.widgets import say


def term_bars(
    terms: Mapping[str, float],
    name: Callable[[str], str],
    *,
    before: Mapping[str, float] | None = None,
    title: Callable[[str], str] | None = None,
) -> dict[str, Any]:
    """Return the block of bars for the terms of a score.

    Parameters
    ----------
    terms
        Term to its value in equivalent households, with its sign; NaN: unknown.
    name
        Term to the word for it.
    before
        The same terms before the last change; differences are shown.
    title
        Term to a sentence about it, shown on pointing.

    Returns
    -------
    dict
        Block ``terms`` of ``panel.js``: bars to the right add to the score, bars
        to the left take from it; the last line is their sum.

    Examples
    --------
    >>> block = term_bars({"closable": 300.0, "spread": -40.0}, str)
    >>> block["sum"]["value"]
    '+260 等效户'
    """
    values = {term: float(np.nan_to_num(value)) for term, value in terms.items()}
    whole = sum(values.values())
    most = max([abs(value) for value in [*values.values(), whole]], default=0.0) or 1.0
    old = before or {}
    rows = [
        {
            "label": name(term),
            "share": value / most,
            "value": _signed(value),
            **_change(value, old.get(term)),
            **({"title": title(term)} if title else {}),
        }
        for term, value in values.items()
    ]
    last = {
        "label": say("unit_map.terms.sum"),
        "share": whole / most,
        "value": say("unit_map.terms.value", value=_signed(whole)),
        **_change(whole, sum(old.values()) if old else None),
    }
    note = say("unit_map.terms.note")
    return {"kind": "terms", "rows": rows, "sum": last, "note": note}


def _signed(value: float) -> str:
    """Return whole households with their sign, never ``-0``."""
    whole = round(value)
    return f"{whole:+,}".replace("-", "−") if whole else "0"


def _change(value: float, before: float | None) -> dict[str, str]:
    if before is None:
        return {}
    change = round(value) - round(float(np.nan_to_num(before)))
    arrow = "▲" if change > 0 else "▼"
    return {"change": f"{arrow} {abs(change):,}"} if change else {}
