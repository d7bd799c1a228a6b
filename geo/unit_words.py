"""Why these communities are together, and why those are not: in one sentence."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geo.coverage import Ints
from geo.decisions import Decisions
from geo.neighbours import explain_pairs
from geo.settings import UnitSettings
from geo.text import tr
from geo.unit_inputs import UnitBasis
from geo.unit_problem import UnitProblem
from geo.unit_scores import TERMS, score_sets
from geo.unit_tables import DRAWN, EXCLUDED

#: Categories that are named in a sentence; the others are counted.
NAMED = 4
#: Terms smaller than this are not worth a word, equivalent households.
WORTH = 0.5


def explain_units(basis: UnitBasis, table: pd.DataFrame, lang: str) -> pd.Series:
    """Say of each unit why its members are together, or why one is alone.

    Parameters
    ----------
    basis
        Names, neighbours and categories.
    table
        See :func:`geo.unit_tables.measure_units`.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.Series
        Sentences named ``reason`` on the index of `table`.
    """
    pairs = basis.neighbours.pairs
    joined = pairs[pairs["neighbour"]]
    gaps = dict(
        zip(zip(joined["a"], joined["b"], strict=True), joined["gap_m"], strict=True)
    )
    parted = _say_parted(basis, lang)
    adjoining = set(joined["a"]) | set(joined["b"])
    said = [
        _why_together(basis, row, gaps, lang)
        if row["communities"] > 1
        else _why_alone(basis, row, adjoining, parted, lang)
        for row in table.to_dict("records")
    ]
    return pd.Series(said, index=table.index, name="reason", dtype="str")


def say_why_not(
    basis: UnitBasis,
    settings: UnitSettings,
    decisions: Decisions,
    unit_of: pd.Series,
    pair: tuple[str, str],
    lang: str,
) -> str:
    """Say why two communities are not in one unit.

    Parameters
    ----------
    basis, settings, decisions
        What the units were drawn from.
    unit_of
        Community id to unit id.
    pair
        Two communities.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        One sentence: what parts them, or what joining their units would cost.
    """
    a, b = sorted(pair)
    names = {"a": basis.names[a], "b": basis.names[b]}
    if unit_of[a] == unit_of[b]:
        return tr("units.not.together", lang, **names)
    if (a, b) in decisions.forbidden:
        return tr("units.not.forbidden", lang, **names)
    alone = sorted({a, b} & set(decisions.excluded))
    if alone:
        return tr("units.not.excluded", lang, name=basis.names[alone[0]])
    pairs = basis.neighbours.pairs
    row = pairs[(pairs["a"] == a) & (pairs["b"] == b)]
    if not len(row):
        return tr("units.not.far", lang, **names)
    if not row["neighbour"].iloc[0]:
        return str(explain_pairs(row, _names(basis), lang).iloc[0])
    return _say_cost(basis, settings, unit_of, (a, b), lang)


def _say_cost(
    basis: UnitBasis,
    settings: UnitSettings,
    unit_of: pd.Series,
    pair: tuple[str, str],
    lang: str,
) -> str:
    """Say what joining two neighbouring units would break or cost."""
    problem = basis.problem
    units = [unit_of[name] for name in pair]
    lists = [problem.ids.get_indexer(unit_of.index[unit_of == name]) for name in units]
    both = np.sort(np.concatenate(lists))
    bound = _broken_bound(problem, both, settings)
    names = {"a": basis.names[pair[0]], "b": basis.names[pair[1]]}
    if bound:
        return tr(
            "units.not.bound", lang, **names, bound=tr(f"units.bound.{bound}", lang)
        )
    start = np.cumsum([0, *(len(one) for one in (*lists, both))]).astype(np.int64)
    member = np.concatenate([*(np.sort(one) for one in lists), both]).astype(np.int64)
    scores = score_sets(problem, settings, start, member)
    change = scores[2] - scores[0] - scores[1]
    total = float(change.sum())
    if total > WORTH:
        return tr("units.not.better_elsewhere", lang, **names, gain=f"{total:,.0f}")
    worst = TERMS[int(np.argmin(change))]
    return tr(
        "units.not.cost",
        lang,
        **names,
        loss=f"{max(0.0, -total):,.0f}",
        term=tr(f"units.term.{worst}", lang),
    )


def _broken_bound(problem: UnitProblem, members: Ints, settings: UnitSettings) -> str:
    amounts = {
        "communities": (len(members), settings.communities_most),
        "households": (
            np.nansum(problem.households[members]),
            settings.households_most,
        ),
        "area": (np.nansum(problem.area_m2[members]), settings.area_most_m2),
    }
    for name, (amount, most) in amounts.items():
        if most and amount > most:
            return f"{name}_most"
    return ""


def _why_together(
    basis: UnitBasis,
    row: Mapping[Any, Any],
    gaps: Mapping[tuple[str, str], float],
    lang: str,
) -> str:
    members = row["members"]
    found = [gaps[a, b] for a in members for b in members if (a, b) in gaps]
    far = f"{max(found, default=np.nan):,.0f}"
    parts = [
        tr(
            "units.why.drawn" if row["kind"] == DRAWN else "units.why.adjoin",
            lang,
            count=row["communities"],
            gap_m=far,
        )
    ]
    if row["shared_shortfalls"]:
        names = [
            basis.circle.rules.category_name(key, lang)
            for key in row["shared_shortfalls"].split("|")
        ]
        listed = tr("units.join", lang).join(names[:NAMED])
        if len(names) > NAMED:
            listed = tr("units.and_more", lang, names=listed, count=len(names))
        parts.append(
            tr(
                "units.why.closable",
                lang,
                names=listed,
                households=f"{row['households_closed']:,.0f}",
            )
        )
    if row["works"] > WORTH:
        parts.append(tr("units.why.works", lang))
    unknown = row["households_unknown"]
    if unknown == row["communities"]:
        parts.append(tr("units.why.all_unknown", lang))
    elif row["size"] > WORTH:
        parts.append(
            tr(
                "units.why.size",
                lang,
                households=f"{row['households']:,.0f}",
                target=f"{basis.settings.target_households:,.0f}",
            )
        )
    if 0 < unknown < row["communities"]:
        parts.append(tr("units.why.unknown", lang, count=unknown))
    return tr("units.why.end", lang, parts=tr("units.why.join", lang).join(parts))


def _names(basis: UnitBasis) -> dict[str, str]:
    return {str(name): str(said) for name, said in basis.names.items()}


def _say_parted(basis: UnitBasis, lang: str) -> dict[str, str]:
    """Say for each community what parts it from the nearest that is no neighbour."""
    pairs = basis.neighbours.pairs
    refused = pairs[pairs["refused"] != ""]
    sides = pd.concat([refused.assign(community=refused[side]) for side in ("a", "b")])
    sides = sides.sort_values(["community", "gap_m", "a", "b"])
    nearest = sides.drop_duplicates("community").reset_index(drop=True)
    said = explain_pairs(nearest, _names(basis), lang)
    return dict(zip(nearest["community"], said, strict=True))


def _why_alone(
    basis: UnitBasis,
    row: Mapping[Any, Any],
    adjoining: set[str],
    parted: Mapping[str, str],
    lang: str,
) -> str:
    name = row["members"][0]
    if row["kind"] == EXCLUDED:
        return tr("units.alone.excluded", lang)
    ruled_out = basis.eligibility.loc[name, "state"] == "not_eligible"
    if ruled_out and basis.settings.only_eligible:
        return tr("units.alone.not_eligible", lang)
    if name in adjoining:
        return tr("units.alone.no_gain", lang)
    if name in parted:
        return tr("units.alone.parted", lang, nearest=parted[name])
    return tr("units.alone.far", lang)
