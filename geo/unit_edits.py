"""What one edit of the units does: each makes a new draft from an old one."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from itertools import combinations, count, pairwise

from geo.decisions import Pair
from geo.unit_drafts import Draft, name_unit


def merge_units(draft: Draft, ids: Collection[str]) -> Draft:
    """Make one unit of the units that some communities are in.

    Parameters
    ----------
    draft
        The units.
    ids
        At least two communities; excluded ones stay alone.

    Returns
    -------
    Draft
        The merged unit has the smallest of the labels and counts as drawn.
    """
    labels = draft.units_of(_free(draft, ids))
    if not labels:
        return draft
    moved = {one for one, unit in draft.unit_of.items() if unit in labels}
    return _move(draft, moved, labels[0])


def split_units(draft: Draft, ids: Collection[str]) -> Draft:
    """Take communities out of their units, together, as a unit of their own.

    Parameters
    ----------
    draft
        The units.
    ids
        The communities; excluded ones stay alone.

    Returns
    -------
    Draft
        The new unit counts as drawn; what is left of the others keeps its label.
    """
    free = _free(draft, ids)
    for label in draft.units_of(free):
        if set(draft.members(label)) == free:
            return _draw(draft, {label})
    return _move(draft, free, _new_label(draft.unit_of.values())) if free else draft


def scatter_units(draft: Draft, ids: Collection[str]) -> Draft:
    """Take the units of some communities apart, each member by itself.

    Parameters
    ----------
    draft
        The units.
    ids
        Communities; their whole units are taken apart.

    Returns
    -------
    Draft
        The first member of each unit keeps its label; all count as drawn.
    """
    unit_of = dict(draft.unit_of)
    drawn = set(draft.drawn)
    for label in draft.units_of(_free(draft, ids)):
        drawn.add(label)
        for one in draft.members(label)[1:]:
            unit_of[one] = _new_label(unit_of.values())
            drawn.add(unit_of[one])
    return replace(draft, unit_of=unit_of, drawn=frozenset(drawn))


def move_communities(draft: Draft, ids: Collection[str], unit: str) -> Draft:
    """Move communities into another unit.

    Parameters
    ----------
    draft
        The units.
    ids
        The communities; excluded ones stay alone.
    unit
        Label of a unit that there is.

    Returns
    -------
    Draft
        The unit counts as drawn; the same if there is no such unit, or it is that
        of an excluded community.
    """
    target = draft.members(unit)
    if not target or draft.excluded.issuperset(target):
        return draft
    return _move(draft, _free(draft, ids), unit)


def keep_units(draft: Draft, ids: Collection[str]) -> Draft:
    """Keep the units of some communities as they stand.

    Parameters
    ----------
    draft
        The units.
    ids
        The communities.

    Returns
    -------
    Draft
        Their units count as drawn.
    """
    return _draw(draft, set(draft.units_of(ids)))


def release_units(draft: Draft, ids: Collection[str]) -> Draft:
    """Let the units of some communities be drawn anew.

    Parameters
    ----------
    draft
        The units.
    ids
        The communities.

    Returns
    -------
    Draft
        Their units no longer count as drawn.
    """
    return replace(draft, drawn=draft.drawn - set(draft.units_of(ids)))


def lock_communities(draft: Draft, ids: Collection[str]) -> Draft:
    """Wish that communities are in one unit.

    Parameters
    ----------
    draft
        The units.
    ids
        The communities; excluded ones are passed over.

    Returns
    -------
    Draft
        One pair from each to the next is locked, and no pair of them forbidden;
        the units stay as they are.
    """
    free = sorted(_free(draft, ids))
    together = frozenset(combinations(free, 2))
    locked = draft.locked | frozenset(pairwise(free))
    return replace(draft, locked=locked, forbidden=draft.forbidden - together)


def unlock_communities(draft: Draft, ids: Collection[str]) -> Draft:
    """Take back the wish that communities are in one unit.

    Parameters
    ----------
    draft
        The units.
    ids
        The communities.

    Returns
    -------
    Draft
        Without the locked pairs of which both are among them.
    """
    return replace(draft, locked=_without(draft.locked, ids))


def forbid_together(draft: Draft, ids: Collection[str]) -> Draft:
    """Wish that no two of some communities are in one unit.

    Parameters
    ----------
    draft
        The units.
    ids
        The communities.

    Returns
    -------
    Draft
        All pairs of them are forbidden and none locked; the units stay.
    """
    pairs = frozenset(combinations(sorted(_known(draft, ids)), 2))
    locked = _without(draft.locked, ids)
    return replace(draft, forbidden=draft.forbidden | pairs, locked=locked)


def allow_together(draft: Draft, ids: Collection[str]) -> Draft:
    """Take back the wish that communities are not in one unit.

    Parameters
    ----------
    draft
        The units.
    ids
        The communities.

    Returns
    -------
    Draft
        Without the forbidden pairs of which both are among them.
    """
    return replace(draft, forbidden=_without(draft.forbidden, ids))


def exclude_communities(draft: Draft, ids: Collection[str]) -> Draft:
    """Leave communities out of all joint units.

    Parameters
    ----------
    draft
        The units.
    ids
        The communities.

    Returns
    -------
    Draft
        Each stands alone, and no locked pair names it.
    """
    gone = _known(draft, ids) - draft.excluded
    unit_of = dict(draft.unit_of)
    for one in sorted(gone):
        if len(draft.members(unit_of[one])) > 1:
            unit_of[one] = _new_label(unit_of.values())
    excluded = draft.excluded | gone
    locked = frozenset(pair for pair in draft.locked if excluded.isdisjoint(pair))
    standing = frozenset(unit_of.values())
    drawn = (draft.drawn & standing) - {unit_of[one] for one in excluded}
    return replace(
        draft, unit_of=unit_of, excluded=excluded, locked=locked, drawn=drawn
    )


def include_communities(draft: Draft, ids: Collection[str]) -> Draft:
    """Take excluded communities up again.

    Parameters
    ----------
    draft
        The units.
    ids
        The communities.

    Returns
    -------
    Draft
        They stand alone, and may be in a joint unit.
    """
    back = draft.excluded & frozenset(ids)
    alone = {draft.unit_of[one] for one in back}
    return replace(draft, excluded=draft.excluded - back, drawn=draft.drawn - alone)


def declare_crossing(draft: Draft, a: str, b: str) -> Draft:
    """Declare that one can cross between two communities.

    Parameters
    ----------
    draft
        The units.
    a, b
        The communities.

    Returns
    -------
    Draft
        With the pair among the crossings.
    """
    pair = frozenset({_pair(a, b)}) if a != b else frozenset()
    return replace(draft, crossings=draft.crossings | pair)


def withdraw_crossing(draft: Draft, a: str, b: str) -> Draft:
    """Take back a declared crossing.

    Parameters
    ----------
    draft
        The units.
    a, b
        The communities.

    Returns
    -------
    Draft
        Without the pair among the crossings.
    """
    return replace(draft, crossings=draft.crossings - {_pair(a, b)})


#: Edits of some communities, by the name under which the page offers them.
EDITS: Mapping[str, Callable[[Draft, Collection[str]], Draft]] = {
    "merge": merge_units,
    "split": split_units,
    "scatter": scatter_units,
    "keep": keep_units,
    "release": release_units,
    "lock": lock_communities,
    "unlock": unlock_communities,
    "forbid": forbid_together,
    "allow": allow_together,
    "exclude": exclude_communities,
    "include": include_communities,
}


def _known(draft: Draft, ids: Iterable[str]) -> set[str]:
    return {one for one in ids if one in draft.unit_of}


def _free(draft: Draft, ids: Iterable[str]) -> set[str]:
    return _known(draft, ids) - draft.excluded


def _move(draft: Draft, ids: Collection[str], label: str) -> Draft:
    unit_of = dict(draft.unit_of) | dict.fromkeys(ids, label)
    drawn = (draft.drawn | {label}) & frozenset(unit_of.values())
    return replace(draft, unit_of=unit_of, drawn=drawn)


def _draw(draft: Draft, labels: set[str]) -> Draft:
    alone = {draft.unit_of[one] for one in draft.excluded}
    return replace(draft, drawn=draft.drawn | (labels - alone))


def _pair(a: str, b: str) -> Pair:
    return (a, b) if a < b else (b, a)


def _without(pairs: frozenset[Pair], ids: Iterable[str]) -> frozenset[Pair]:
    named = set(ids)
    return frozenset(pair for pair in pairs if not named.issuperset(pair))


def _new_label(taken: Iterable[str]) -> str:
    known = set(taken)
    width = max(len(label) for label in known) - 1
    labels = (name_unit(number, width) for number in count(1))
    return next(label for label in labels if label not in known)
