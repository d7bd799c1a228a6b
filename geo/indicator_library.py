"""Parts of the indicators that go by the archive, by shortfalls and the life circle."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd

from geo.archive import GROUPS, measure_archive
from geo.indicator_basis import Basis
from geo.indicator_communities import judge_cells, settle
from geo.indicator_rules import Part
from geo.indicator_tally import Tally, count_states, place_ids, say_why
from geo.schema import State


def count_groups(part: Part, basis: Basis) -> Tally:
    """Count groups of the archive that are complete.

    Parameters
    ----------
    part
        The part.
    basis
        What is measured on.

    Returns
    -------
    Tally
        Groups on file, of five for each project of the library. What is not on file
        is missing: it is the file that is measured.
    """
    ids = list(basis.scopes[part.scope].ids)
    full = measure_archive(basis.ground)["archive_full"].reindex(ids)
    whole = full == len(GROUPS)
    tally = Tally(
        float(full.sum()),
        float(len(GROUPS) * len(ids)),
        met_ids=tuple(full.index[whole]),
        short_ids=tuple(full.index[~whole]),
        asked=bool(ids),
    )
    return settle(tally, part, basis)


def count_ranked(part: Part, basis: Basis) -> Tally:
    """Count projects of the library that have a score and a rank.

    Parameters
    ----------
    part
        The part.
    basis
        What is measured on.

    Returns
    -------
    Tally
        Those that do, of all of the library.
    """
    ids = basis.scopes[part.scope].ids
    if basis.ranking is None:
        lost = Tally(denominator=len(ids), undecided=len(ids), unknown_ids=ids)
        return replace(say_why(lost, "no_ranking"), missing=part.fields)
    rows = basis.ranking.reindex(list(ids))
    there = rows["rank"].notna() & rows["score"].notna()
    return settle(count_states(judge_cells(there, bool)), part, basis)


def count_items(part: Part, basis: Basis) -> Tally:
    """Count shortfalls that the scheme does something about.

    Parameters
    ----------
    part
        Options: `class` (of :data:`geo.evidence_schema.ITEM_CLASSES`) and `way`:
        ``any``: communities with some item are counted, else shortfalls.
    basis
        What is measured on.

    Returns
    -------
    Tally
        Those that are in the scheme, of those found. Communities of which nothing in
        the class was ever looked at are left out.
    """
    scope = basis.scopes[part.scope]
    rows = basis.shortfalls
    rows = rows[rows["community_id"].isin(scope.ids) & rows["facility"]]
    rows = rows[rows["item_class"].isin(part.words("class"))]
    seen = set(rows.loc[rows["state"] != "unknown", "community_id"])
    lost = tuple(one for one in scope.ids if one not in seen)
    found = rows[rows["state"] == "lacking"]
    states = {
        str(one): _join_items(answers["addressed"], part.options["way"])
        for one, answers in found.groupby("community_id")
    }
    counted = count_states(states)
    if part.options["way"] != "any":
        said = found["addressed"].value_counts()
        counted = replace(
            counted,
            numerator=float(said.get("yes", 0)),
            denominator=float(len(found)),
            undecided=float(said.get("unknown", 0)),
        )
    works = tuple(sorted({name for names in found["works"] for name in names}))
    told = place_ids(
        counted, counted.met_ids, counted.short_ids, (*counted.unknown_ids, *lost)
    )
    asked = bool(len(found) or lost)
    more = replace(told, left_out=len(lost), objects=works, asked=asked)
    return settle(more, part, basis)


def count_attained(part: Part, basis: Basis) -> Tally:
    """Count required facilities that the life circle finds.

    Parameters
    ----------
    part
        The part.
    basis
        What is measured on.

    Returns
    -------
    Tally
        Pairs of community and category that are met, of all that are asked for.
    """
    scope = basis.scopes[part.scope]
    gaps = basis.ground.plan.gaps
    gaps = gaps[gaps["community_id"].isin(scope.ids)]
    gaps = gaps[~gaps["state"].isin([State.NOT_REQUIRED, State.OPEN])]
    states = {
        f"{one}/{category}": State(state)
        for one, category, state in zip(
            gaps["community_id"], gaps["category"], gaps["state"], strict=True
        )
    }
    counted = count_states(states)
    short = gaps.loc[gaps["state"] == State.SHORT, "community_id"].astype("str")
    unsure = gaps["state"].isin([State.UNKNOWN, State.NO_DATA])
    unknown = set(gaps.loc[unsure, "community_id"].astype("str")) - set(short)
    rest = set(gaps["community_id"].astype("str")) - set(short) - unknown
    return settle(place_ids(counted, rest, short, unknown), part, basis)


def _join_items(answers: pd.Series, way: str) -> State:
    said = set(answers)
    if way == "any" and "yes" in said:
        return State.MET
    if "no" in said:
        return State.SHORT
    return State.UNKNOWN if "unknown" in said else State.MET


#: Kind of a part to the function that measures it.
LIBRARY_KINDS: Mapping[str, Callable[[Part, Basis], Tally]] = {
    "groups": count_groups,
    "ranked": count_ranked,
    "items": count_items,
    "attained": count_attained,
}
