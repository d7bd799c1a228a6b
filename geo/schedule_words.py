"""The plan in sentences and in tables for people."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo.rulings import Said, speak
from geo.schedule_funds import PROJECTS
from geo.schedule_projects import ALL
from geo.text import tr

if TYPE_CHECKING:
    from geo.schedule import Schedule

__all__ = [
    "explain_units",
    "name_communities",
    "say_inversion",
    "say_lacks",
    "say_money",
    "state_plan",
]

_WAN = 1e4


def say_money(cny: float) -> Said:
    """Say a sum of money.

    Parameters
    ----------
    cny
        Yuan; NaN: unknown.

    Returns
    -------
    Said
        万元 in Chinese, yuan in English, to the cent.
    """
    if np.isnan(cny):
        return ("schedule.unknown", {})
    told = {"amount_zh": _write(cny / _WAN, 6), "amount_en": _write(cny, 2)}
    return ("schedule.money", told)


def _write(value: float, places: int) -> str:
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def say_lacks(lacks: Iterable[tuple[str, float]]) -> tuple[Said, ...]:
    """Say what is missing, line by line.

    Parameters
    ----------
    lacks
        Line of funds (or ``projects``) and how much.

    Returns
    -------
    tuple of Said
        One each.
    """
    return tuple(
        ("schedule.lack.projects", {"count": f"{missing:g}"})
        if source == PROJECTS
        else (
            "schedule.lack.money",
            {"source": f"@schedule.source.{source}", "amount": say_money(missing)},
        )
        for source, missing in lacks
    )


def explain_units(schedule: "Schedule", lang: str) -> pd.Series:
    """Say of every unit when it is renovated and why, or why not.

    Parameters
    ----------
    schedule
        The plan.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.Series
        One sentence by `unit_id`: those planned, then those left out.
    """
    names = name_communities(schedule)
    planned = {
        str(row["unit_id"]): _join(_tell_unit(row, names), lang)
        for row in schedule.table.reset_index().to_dict("records")
    }
    left = {
        str(row["unit_id"]): speak(_tell_left(row), lang)
        for row in schedule.left_out.reset_index().to_dict("records")
    }
    said = pd.Series({**planned, **left}, name="reason", dtype="str")
    said.index.name = "unit_id"
    return said


def _join(parts: Iterable[Said], lang: str) -> str:
    said = tr("schedule.join", lang).join(speak(one, lang) for one in parts)
    return tr("schedule.end", lang, parts=said)


def name_communities(schedule: "Schedule") -> Mapping[str, str]:
    """Return the names of communities, where the layer has any.

    Parameters
    ----------
    schedule
        The plan.

    Returns
    -------
    Mapping
        Name by community id.
    """
    layer = schedule.ground.plan.district.communities
    if "name" not in layer:
        return {}
    names = layer["name"].dropna()
    return {str(key): str(name) for key, name in names.items()}


def _tell_unit(row: Mapping[Any, Any], names: Mapping[str, str]) -> list[Said]:
    """Say when a unit is renovated, and what goes with it."""
    households = row["households"]
    count = _write(households, 0) if np.isfinite(households) else "@schedule.unknown"
    told = {
        "year": row["year"],
        "rank": row["rank"],
        "score": f"{row['score']:.1f}",
        "households": count,
        "cost": say_money(row["cost_cny"]),
    }
    parts: list[Said] = [("schedule.unit.goes", told)]
    if row["pinned"]:
        parts.append(("schedule.unit.pinned", {}))
    if row["later_because"]:
        words = tuple(
            ("schedule.unit.not_in", {"year": year, "why": f"@schedule.delay.{why}"})
            for year, why in (one.split("=") for one in row["later_because"].split("|"))
        )
        parts.append(("schedule.unit.later", {"years": words}))
    if row["utility_years"]:
        told = {"networks": _tell_renewals(row["utility_years"])}
        parts.append(("schedule.unit.utilities", told))
    if row["to_coordinate"]:
        told = {"networks": _tell_renewals(row["to_coordinate"])}
        parts.append(("schedule.unit.coordinate", told))
    if row["unnamed_cny"] > 0:
        told = {"amount": say_money(row["unnamed_cny"])}
        parts.append(("schedule.unit.unnamed", told))
    if row["unsourced_cny"] > 0:
        told = {"amount": say_money(row["unsourced_cny"])}
        parts.append(("schedule.unit.unsourced", told))
    if row["members_left_out"]:
        left = row["members_left_out"].split("|")
        told = {"names": tuple(names.get(one, one) for one in left)}
        parts.append(("schedule.unit.left", told))
    return parts


def _tell_renewals(text: str) -> tuple[Said, ...]:
    pairs = (one.split(":") for one in text.split("|"))
    return tuple(
        (
            "schedule.unit.network",
            {"kind": f"@schedule.network.{kind}", "years": tuple(years.split(","))},
        )
        for kind, years in pairs
    )


def _tell_left(row: Mapping[Any, Any]) -> Said:
    """Say why a unit is left out, and what it would need."""
    lacks = _read_lacks(row["missing"])
    told = {
        "cost": say_money(row["cost_cny"]),
        "year": "" if pd.isna(row["year"]) else int(row["year"]),
        "lacks": say_lacks(lacks) if lacks else "@schedule.nothing",
        "behind": row["behind"] if isinstance(row["behind"], str) else "",
    }
    return (f"schedule.left.{row['why']}", told)


def _read_lacks(text: str) -> list[tuple[str, float]]:
    pairs = (one.split("=") for one in text.split("|") if one)
    return [(source, float(missing)) for source, missing in pairs]


def say_inversion(row: Mapping[Any, Any]) -> Said:
    """Say why a unit goes before one of higher rank.

    Parameters
    ----------
    row
        Row of :attr:`geo.schedule.Schedule.inversions`.

    Returns
    -------
    Said
        One sentence.
    """
    lacks = [] if pd.isna(row["source"]) else [(row["source"], row["missing"])]
    told = {
        "earlier": row["earlier"],
        "later": row["later"],
        "year": row["year"],
        "lacks": say_lacks(lacks) if lacks else "@schedule.nothing",
        "loss": "" if pd.isna(row["loss"]) else _write(row["loss"], 1),
    }
    return (f"schedule.inversion.{row['reason']}", told)


def state_plan(schedule: "Schedule") -> list[Said]:
    """Say what the plan comes to, and by how much anything is exceeded.

    Parameters
    ----------
    schedule
        The plan.

    Returns
    -------
    list of Said
        Sentences: the plan, its worth and bound, years without limit on record, years
        that are exceeded, the ledger's own plan, the first unit left out and what it
        would need, inversions, notes.
    """
    said = [_tell_plan(schedule), _tell_worth(schedule)]
    said += _tell_left_counts(schedule)
    said += _tell_limits(schedule)
    said += [
        ("schedule.statement.over", {"year": year, "lacks": say_lacks(lacks)})
        for year, lacks in _list_excess(schedule)
    ]
    said += _tell_ledger(schedule)
    said += _tell_first_left(schedule)
    unmet = int((schedule.table["to_coordinate"] != "").sum())
    if unmet:
        said.append(("schedule.statement.coordinate", {"count": unmet}))
    if len(schedule.inversions):
        count = schedule.inversions["earlier"].nunique()
        told = {"count": len(schedule.inversions), "units": count}
        said.append(("schedule.statement.inversions", told))
    return said + list(schedule.notes)


def _tell_plan(schedule: "Schedule") -> Said:
    years, table = schedule.years, schedule.table
    told = {
        "first": years.index[0],
        "last": years.index[-1],
        "mode": f"@schedule.mode.{schedule.mode}",
        "units": len(table),
        "communities": int(years["communities"].sum()),
        "households": _write(float(table["households"].sum()), 0),
        "cost": say_money(float(years["cost_cny"].sum())),
        "unknown": int(years["cost_unknown"].sum()),
    }
    unknown = "_unknown" if told["unknown"] else ""
    return (f"schedule.statement.plan{unknown}", told)


def _tell_worth(schedule: "Schedule") -> Said:
    told = {
        "value": _write(schedule.value, 1),
        "bound": _write(schedule.bound, 1),
        "gap": f"{schedule.gap:.2%}",
    }
    proved = "proved" if schedule.proved else "gap"
    return (f"schedule.statement.{proved}", told)


def _tell_left_counts(schedule: "Schedule") -> list[Said]:
    """Say how many units are not planned for which reason."""
    counts = schedule.left_out["why"].value_counts(sort=False)
    parts = tuple(
        (
            "schedule.statement.left_part",
            {"why": f"@schedule.why.{why}", "count": count},
        )
        for why, count in counts.items()
    )
    return [("schedule.statement.left", {"parts": parts})] if parts else []


def _tell_limits(schedule: "Schedule") -> list[Said]:
    """Say of which years no limit is on record."""
    limits = schedule.problem.available_cny
    free = [bool(np.isinf(row).all()) for row in limits]
    used = schedule.years["projects"] > 0
    costs = schedule.years["cost_cny"].where(used).items()
    return [
        ("schedule.statement.no_funds", {"year": year, "cost": say_money(cost)})
        for (year, cost), none in zip(costs, free, strict=True)
        if none and not np.isnan(cost)
    ]


def _list_excess(schedule: "Schedule") -> list[tuple[int, list[tuple[str, float]]]]:
    """List by how much pinned units exceed what a year has."""
    over = schedule.funds[schedule.funds["over_cny"] > 0]
    found: dict[int, list[tuple[str, float]]] = {}
    for row in over.to_dict("records"):
        found.setdefault(row["year"], []).append((row["source"], row["over_cny"]))
    for year, count in schedule.years["over_projects"].items():
        if count > 0:
            found.setdefault(int(str(year)), []).append((PROJECTS, float(count)))
    return sorted(found.items())


def _tell_ledger(schedule: "Schedule") -> list[Said]:
    """Say by how much the ledger's own plan exceeds what there is."""
    over = schedule.over[schedule.over["over"] > 0]
    said: list[Said] = []
    for year, rows in over.groupby("year"):
        pairs = zip(rows["source"], rows["over"], strict=True)
        told = {"year": year, "lacks": say_lacks(pairs)}
        said.append(("schedule.statement.ledger_over", told))
    whole = schedule.over[schedule.over["source"] == ALL]
    known = whole[whole["available"].notna() & (whole["needed"] > 0)]
    if said or known.empty:
        return said
    years = tuple(map(str, known["year"]))
    return [("schedule.statement.ledger_within", {"years": years})]


def _tell_first_left(schedule: "Schedule") -> list[Said]:
    """Say what the first unit that funds or capacity leave out would need."""
    codes = ("funds", "projects", "too_dear", "order")
    left = schedule.left_out[schedule.left_out["why"].isin(codes)]
    if left.empty:
        return []
    unit = left.index[0]
    needs = schedule.needs[schedule.needs["unit_id"] == unit]
    closed = schedule.years["closed_by"]
    years = tuple(
        _say_year(int(str(year)), rows, closed.loc[int(str(year))])
        for year, rows in needs.groupby("year")
    )
    told = {
        "unit": unit,
        "rank": int(left.loc[unit, "rank"]),
        "cost": say_money(left.loc[unit, "cost_cny"]),
        "years": years,
    }
    return [("schedule.statement.first_left", told)]


def _say_year(year: int, rows: pd.DataFrame, behind: object) -> Said:
    """Say what a unit lacks in a year, or whom it waits for."""
    pairs = zip(rows["source"], rows["missing"], strict=True)
    lacks = say_lacks(pair for pair in pairs if pair[0])
    if lacks:
        return ("schedule.statement.in_year", {"year": year, "lacks": lacks})
    return ("schedule.statement.in_year_order", {"year": year, "behind": behind})
