"""Why a unit's verdict is what it is: one plain sentence for each row of its gaps."""

from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from geo.rules import RuleBook
from geo.schema import FIRM_CERTAINTY, Certainty, State
from geo.text import texts, tr

#: States in which a test is not spoken of.
_SILENT = (State.NOT_REQUIRED, State.NO_DATA)

#: Causes that go by a share of the households.
_COUNTED = ("within", "beyond")

#: Numbers this near to each other are the same; decimals to tell others apart.
_SAME, _MOST_DECIMALS = 1e-7, 7

Row: TypeAlias = dict[Any, Any]


def explain_unit_gaps(table: pd.DataFrame, rules: RuleBook, lang: str) -> pd.Series:
    """Say in one sentence why each unit and category has its state.

    Parameters
    ----------
    table
        Rows of :func:`geo.unit_gaps.judge_units`.
    rules
        Names of the categories.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.Series
        Sentences named ``reason`` on the index of `table`, none of them empty.
        A mark (``rule_mark``) follows each limit whose source is not firm.
    """
    templates = texts(lang)
    names = {key: rules.category_name(key, lang) for key in table["category"].unique()}
    join = templates["unit_gap.join"]
    said = []
    for row in table.to_dict("records"):
        values = _make_values(row, names, lang)
        keys = (
            _distance_key(row),
            _test_key(row, "size"),
            _test_key(row, "capacity"),
            _missing_key(row),
            _members_key(row),
            _certainty_key(row),
        )
        clauses = [templates[key].format_map(values) for key in keys if key]
        sentence = join.join(clauses)
        said.append(sentence[:1].upper() + sentence[1:])
    return pd.Series(said, index=table.index, name="reason", dtype="str")


def _distance_key(row: Row) -> str:
    cause = row["distance_cause"]
    if cause in _COUNTED and not _has_households(row):
        cause = f"{cause}_each"
    if cause == "no_rule" and np.isnan(row["distance_m"]):
        cause = "no_rule_beyond"
    return f"unit_gap.distance.{cause}"


def _has_households(row: Row) -> bool:
    return bool(row["households"] > 0)


def _test_key(row: Row, test: str) -> str:
    """Name what a further test found, unless the first clause has said it all."""
    state, cause = row[f"{test}_state"], row[f"{test}_cause"]
    if state in _SILENT or cause in {"ambiguous", "no_gate"}:
        return ""
    if cause == "none_in_reach" and row["distance_state"] not in _SILENT:
        return ""
    return f"unit_gap.{test}.{cause}"


def _missing_key(row: Row) -> str:
    """Name members without households where their number was used."""
    used = row["distance_cause"] in _COUNTED and _has_households(row)
    return "unit_gap.households_unknown" if used and row["households_unknown"] else ""


def _members_key(row: Row) -> str:
    """Say what becomes of members that are short by themselves."""
    if not row["communities_short"] or row["communities"] == 1:
        return ""
    if row["closed_by_pooling"]:
        return "unit_gap.members.closed"
    if row["filled_at"] == "community":
        return "unit_gap.members.own_task"
    return "unit_gap.members.short"


def _certainty_key(row: Row) -> str:
    if row["certainty"] == Certainty.EDGE:
        return "unit_gap.edge"
    return "unit_gap.borderline" if row["certainty"] == Certainty.BORDERLINE else ""


def _make_values(row: Row, names: dict[str, str], lang: str) -> dict[str, str]:
    """Format everything that a clause may name."""
    by_land = bool(np.isnan(row["min_floor_area_m2"]))
    area: float = row["min_land_area_m2"] if by_land else row["min_floor_area_m2"]
    kind, unit = row["capacity_kind"], row["capacity_unit"]
    served = row["share_in_reach"] * row["households"]
    return {
        "ambiguous": f"{row['ambiguous_objects']:,}",
        "area": _limit(area),
        "area_kind": tr(f"reason.area_kind.{'land' if by_land else 'floor'}", lang),
        "area_mark": _mark(row["size_rule_certainty"], lang),
        "category": names[row["category"]],
        "communities": f"{row['communities']:,}",
        "distance": _whole(row["distance_m"]),
        "edge": _whole(row["d_edge_m"]),
        "high": _amount(row["capacity_high"], row["capacity_needed"]),
        "households": _whole(row["households"]),
        "large": _whole(row["large_distance_m"]),
        "least": f"{100 * row['share_required']:.4g}",
        "low": _amount(row["capacity_low"], row["capacity_needed"]),
        "needed": _limit(row["capacity_needed"]),
        "needed_mark": _mark(row["capacity_rule_certainty"], lang),
        "per": tr(f"unit_gap.per.{kind}", lang) if isinstance(kind, str) else "",
        "reach": _limit(row["reach_m"]),
        "served": _whole(served),
        "share": _apart(100 * row["share_in_reach"], 100 * row["share_required"], 1),
        "short": f"{row['communities_short']:,}",
        "threshold": _limit(row["threshold_m"]),
        "threshold_mark": _mark(row["distance_rule_certainty"], lang),
        "uncovered": _whole(row["households_uncovered"]),
        "unit": tr(f"capacity_unit.{unit}", lang) if isinstance(unit, str) else "",
        "unknown": f"{row['households_unknown']:,}",
    }


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _limit(value: float) -> str:
    return f"{value:,.10g}"


def _amount(value: float, limit: float) -> str:
    text = _apart(value, limit, 2)
    return text.rstrip("0").rstrip(".")


def _apart(value: float, limit: float, decimals: int) -> str:
    """Round a number, but never so that it looks like the limit it missed."""
    missed = abs(value - limit) > _SAME
    text = f"{value:,.{decimals}f}"
    while missed and text == f"{limit:,.{decimals}f}" and decimals < _MOST_DECIMALS:
        decimals += 1
        text = f"{value:,.{decimals}f}"
    return text


def _mark(certainty: object, lang: str) -> str:
    """Mark a number of a rule unless its source is firm."""
    if not isinstance(certainty, str) or certainty in FIRM_CERTAINTY:
        return ""
    return tr(f"rule_mark.{certainty}", lang)
