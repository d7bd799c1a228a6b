"""Units under the planner's hand: who is in which, what is wished, what came before.

Nothing here measures or solves. Each edit (see `geo.unit_edits`) makes a new draft,
and the history keeps the old ones.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from geo.decisions import ABOUT_UNITS, Decisions, Pair, make_decisions
from geo.settings import UnitSettings

#: Edits that can be taken back, the oldest are forgotten first.
STEPS_KEPT = 60


@dataclass(frozen=True, slots=True)
class Draft:
    """Units under the planner's hand.

    Attributes
    ----------
    unit_of
        Community to label of its unit; every community exactly once.
    locked, forbidden
        Pairs, smaller id first, that must or must not be in one unit.
    crossings
        Pairs between which a crossing is declared.
    excluded
        Communities that stand alone, whatever else is wished.
    drawn
        Labels of the units that were made or kept by hand.
    name
        Name of the scheme.
    beyond
        What the decisions that it came from say of other things than units.
    """

    unit_of: Mapping[str, str]
    locked: frozenset[Pair] = frozenset()
    forbidden: frozenset[Pair] = frozenset()
    crossings: frozenset[Pair] = frozenset()
    excluded: frozenset[str] = frozenset()
    drawn: frozenset[str] = frozenset()
    name: str = ""
    beyond: Decisions = field(default_factory=Decisions)

    def members(self, label: str) -> tuple[str, ...]:
        """Return the communities of a unit.

        Parameters
        ----------
        label
            Label of the unit.

        Returns
        -------
        tuple of str
            Their ids, sorted; empty if there is no such unit.
        """
        return tuple(sorted(one for one, unit in self.unit_of.items() if unit == label))

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Return all units.

        Returns
        -------
        dict
            Label to the ids of its communities, both sorted.
        """
        found = defaultdict(list)
        for one, unit in self.unit_of.items():
            found[unit].append(one)
        return {unit: tuple(sorted(found[unit])) for unit in sorted(found)}

    def units_of(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Return the units that some communities are in.

        Parameters
        ----------
        ids
            Ids; unknown ones are passed over.

        Returns
        -------
        tuple of str
            Labels, sorted.
        """
        return tuple(sorted({self.unit_of[one] for one in ids if one in self.unit_of}))

    def unmet(self) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
        """Return the wishes that the units as they stand do not follow.

        Returns
        -------
        apart : tuple of tuple
            Locked pairs that are in two units.
        together : tuple of tuple
            Forbidden pairs that are in one.
        """
        at = self.unit_of
        apart = (pair for pair in self.locked if at[pair[0]] != at[pair[1]])
        together = (pair for pair in self.forbidden if at[pair[0]] == at[pair[1]])
        return tuple(sorted(apart)), tuple(sorted(together))


@dataclass(frozen=True, slots=True)
class Step:
    """One edit in the history.

    Attributes
    ----------
    draft
        The units before it (in the past) or after it (in the future).
    key
        Dotted key of the text that says what it did.
    values
        Values for the text's named places.
    """

    draft: Draft
    key: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """A draft, what led to it, and what was taken back.

    Attributes
    ----------
    now
        The units as they stand.
    past, future
        Steps that can be undone, and redone, the nearest last.
    """

    now: Draft
    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()

    def do(self, draft: Draft, key: str, **values: str) -> "History":
        """Take a step.

        Parameters
        ----------
        draft
            The units after it.
        key
            Dotted key of the text that says what it did.
        **values
            Values for the text's named places.

        Returns
        -------
        History
            With the step in its past and an empty future; the same if the step
            changed nothing.
        """
        if draft == self.now:
            return self
        step = Step(self.now, key, tuple(sorted(values.items())))
        return History(draft, (*self.past, step)[-STEPS_KEPT:])

    def undo(self) -> "History":
        """Take back the last step.

        Returns
        -------
        History
            The same where there is none.
        """
        if not self.past:
            return self
        last = self.past[-1]
        step = replace(last, draft=self.now)
        return History(last.draft, self.past[:-1], (*self.future, step))

    def redo(self) -> "History":
        """Take again the step that was taken back last.

        Returns
        -------
        History
            The same where there is none.
        """
        if not self.future:
            return self
        following = self.future[-1]
        step = replace(following, draft=self.now)
        return History(following.draft, (*self.past, step), self.future[:-1])


def make_draft(unit_of: Mapping[str, str], decisions: Decisions) -> Draft:
    """Take up units that were made under decisions.

    Parameters
    ----------
    unit_of
        Community to label of its unit.
    decisions
        What was decided by hand (checked, see `geo.decisions.check_decisions`).

    Returns
    -------
    Draft
        Units that stand among the decisions count as drawn.
    """
    none = Decisions()
    draft = Draft(
        dict(unit_of),
        locked=frozenset(decisions.locked),
        forbidden=frozenset(decisions.forbidden),
        crossings=frozenset(decisions.crossings),
        excluded=frozenset(decisions.excluded),
        name=decisions.name,
        beyond=replace(
            decisions, **{name: getattr(none, name) for name in ABOUT_UNITS}
        ),
    )
    given = set(decisions.units)
    drawn = (label for label, members in draft.groups().items() if members in given)
    return replace(draft, drawn=frozenset(drawn))


def start_draft(communities: Iterable[str], decisions: Decisions) -> Draft:
    """Take up decisions before anything was solved.

    Parameters
    ----------
    communities
        Ids of the district's communities.
    decisions
        What was decided by hand, checked against them.

    Returns
    -------
    Draft
        The units of the decisions; every other community stands alone. Units are
        numbered by their smallest member.
    """
    unit_of = {one: one for one in communities}
    for unit in decisions.units:
        unit_of |= dict.fromkeys(unit, min(unit))
    return make_draft(_number(unit_of), decisions)


def number_units(draft: Draft) -> Draft:
    """Give the units numbers by their smallest member, as the solver does.

    Parameters
    ----------
    draft
        The units.

    Returns
    -------
    Draft
        The same units under the labels that the command line gives them.
    """
    groups = draft.groups()
    first = {one: min(groups[unit]) for one, unit in draft.unit_of.items()}
    unit_of = _number(first)
    drawn = frozenset(unit_of[groups[label][0]] for label in draft.drawn)
    return replace(draft, unit_of=unit_of, drawn=drawn)


def take_units(draft: Draft, unit_of: Mapping[str, str]) -> Draft:
    """Take over what was solved, with the planner's wishes as they are.

    Parameters
    ----------
    draft
        The units before.
    unit_of
        Community to label of its unit, of the same communities.

    Returns
    -------
    Draft
        Units that were drawn, and still have the same members, count as drawn.
    """
    groups = draft.groups()
    kept = {groups[label] for label in draft.drawn}
    made = replace(draft, unit_of=dict(unit_of), drawn=frozenset())
    drawn = (label for label, members in made.groups().items() if members in kept)
    return replace(made, drawn=frozenset(drawn))


def draft_decisions(
    draft: Draft, settings: UnitSettings | None = None, *, whole: bool
) -> Decisions:
    """Return a draft as decisions.

    Parameters
    ----------
    draft
        The units and the wishes.
    settings
        Settings of the units, kept with the decisions.
    whole
        Whether all units are decided (to keep a scheme as it stands), or only the
        drawn ones (to have the others drawn).

    Returns
    -------
    Decisions
        Sorted; excluded communities are named as such only. What the draft came from
        says of sites and steps stays.
    """
    units = [
        members
        for label, members in draft.groups().items()
        if (whole or label in draft.drawn) and draft.excluded.isdisjoint(members)
    ]
    made = make_decisions(
        name=draft.name,
        units=units,
        locked=draft.locked,
        forbidden=draft.forbidden,
        crossings=draft.crossings,
        excluded=draft.excluded,
        settings=settings,
    )
    return replace(draft.beyond, **{name: getattr(made, name) for name in ABOUT_UNITS})


def name_unit(number: int, width: int = 3) -> str:
    """Return the label of a unit.

    Parameters
    ----------
    number
        Its number, from 1.
    width
        Least number of digits.

    Returns
    -------
    str
        ``U001`` ...
    """
    return f"U{number:0{width}d}"


def _number(first: Mapping[str, str]) -> dict[str, str]:
    """Turn the smallest member of each community's unit into labels."""
    width = max(3, len(str(len(first))))
    names = enumerate(sorted(set(first.values())), 1)
    label = {unit: name_unit(number, width) for number, unit in names}
    return {one: label[unit] for one, unit in first.items()}
