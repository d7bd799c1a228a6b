"""Parts of the indicators that count communities, units and what they lack."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd

from geo.indicator_basis import Basis, Scope
from geo.indicator_rules import Part
from geo.indicator_tally import Tally, combine_states, count_states, say_why
from geo.schema import State

#: Words for: there is none.
_NONE = frozenset({"无", "没有", "暂无", "none", "no"})
#: Communities that make a unit a joint one.
_JOINT = 2


def count_rules(part: Part, basis: Basis) -> Tally:
    """Count subjects for which all of some rules hold.

    Parameters
    ----------
    part
        Options: `rules`, of which those count that apply here; `within`: a rule that
        must ask something of a subject for it to be counted.
    basis
        What is measured on.

    Returns
    -------
    Tally
        Subjects of the scope that meet them, of those of whom they ask something.
    """
    states = _join_rules(part, basis)
    if not states:
        return say_why(Tally(asked=False), "no_clause")
    within = basis.states.get(part.options.get("within", ""), {})
    kept = {
        one: state
        for one, state in states.items()
        if within.get(one) != State.NOT_REQUIRED
    }
    return settle(count_states(kept), part, basis)


def count_short(part: Part, basis: Basis) -> Tally:
    """Count subjects that break one of some rules.

    Parameters
    ----------
    part
        Option `rules`.
    basis
        What is measured on.

    Returns
    -------
    Tally
        A count: its numerator are those that break one.
    """
    states = _join_rules(part, basis)
    if not states:
        return say_why(Tally(asked=False), "no_clause")
    counted = settle(count_states(states), part, basis)
    if not counted.asked:
        return counted
    return replace(counted, numerator=len(counted.short_ids), denominator=1.0)


def count_flag(part: Part, basis: Basis) -> Tally:
    """Count communities of which a flag is true.

    Parameters
    ----------
    part
        Option `field`.
    basis
        What is measured on.

    Returns
    -------
    Tally
        Those of which it is true, of all of the scope.
    """
    scope = basis.scopes[part.scope]
    flags = basis.facts(scope.ids, part.options["field"])
    return settle(count_states(judge_cells(flags, bool)), part, basis)


def count_named(part: Part, basis: Basis) -> Tally:
    """Count communities of which a text says who.

    Parameters
    ----------
    part
        Option `field`.
    basis
        What is measured on.

    Returns
    -------
    Tally
        Those that name somebody, of all of the scope; a blank is unknown.
    """
    scope = basis.scopes[part.scope]
    return settle(count_states(_judge_named(part, basis, scope)), part, basis)


def count_word(part: Part, basis: Basis) -> Tally:
    """Count communities whose vote was held in one way.

    Parameters
    ----------
    part
        Options: `field`, and the `word` that it must hold.
    basis
        What is measured on.

    Returns
    -------
    Tally
        Those of that way, of all of the scope that voted.
    """
    scope = basis.scopes[part.scope]
    words = basis.facts(scope.ids, part.options["field"])
    voted = words.notna()
    for column in ("vote_yes", "vote_total", "vote_date"):
        voted |= basis.facts(scope.ids, column).notna()
    states = judge_cells(words[voted], lambda cell: str(cell) == part.options["word"])
    if not states:
        return replace(
            say_why(Tally(unknown_ids=scope.ids), "no_vote"), missing=part.fields
        )
    return settle(count_states(states), part, basis)


def count_joint(part: Part, basis: Basis) -> Tally:
    """Count communities, or their households, whose unit has two or more.

    Parameters
    ----------
    part
        Option `count`: ``communities`` or ``households``.
    basis
        What is measured on.

    Returns
    -------
    Tally
        Those in a joint unit, of all of the scope.
    """
    scope = basis.scopes[part.scope]
    counted = settle(count_states(_judge_joint(basis, scope)), part, basis)
    if part.options["count"] == "communities" or not counted.asked:
        return counted
    return _weigh(counted, basis.numbers(scope.ids, "households"))


def measure_unit_size(part: Part, basis: Basis) -> Tally:
    """Measure how many communities of the scope a joint unit holds.

    Parameters
    ----------
    part
        The part.
    basis
        What is measured on.

    Returns
    -------
    Tally
        Communities in joint units, by those units.
    """
    scope = basis.scopes[part.scope]
    if basis.ground.unit_of is None:
        return replace(say_why(Tally(), "no_units"), missing=part.fields)
    joint = count_states(_judge_joint(basis, scope)).met_ids
    units = basis.ground.unit_of.reindex(list(joint)).nunique()
    if not units:
        return say_why(Tally(asked=False), "no_joint_units")
    return Tally(float(len(joint)), float(units), met_ids=joint)


def weigh_named(part: Part, basis: Basis) -> Tally:
    """Sum what communities that name somebody cost.

    Parameters
    ----------
    part
        Option `field`.
    basis
        What is measured on.

    Returns
    -------
    Tally
        Their cost, of that of all of the scope.
    """
    scope = basis.scopes[part.scope]
    states = _judge_named(part, basis, scope)
    counted = settle(count_states(states), part, basis)
    if not counted.asked:
        return counted
    return _weigh(counted, basis.numbers(scope.ids, "project_cost_cny"))


def pool_households(part: Part, basis: Basis) -> Tally:
    """Add up households over communities.

    Parameters
    ----------
    part
        Options `part` and `whole`: columns of the facts.
    basis
        What is measured on.

    Returns
    -------
    Tally
        Sums over the communities of the scope that know both; the others are left
        out.
    """
    scope = basis.scopes[part.scope]
    some = basis.numbers(scope.ids, part.options["part"])
    whole = basis.numbers(scope.ids, part.options["whole"])
    known = some.notna() & whole.notna() & (whole > 0)
    ids = tuple(str(one) for one in some.index[known])
    lost = tuple(str(one) for one in some.index[~known])
    tally = Tally(
        float(some[known].sum()),
        float(whole[known].sum()),
        left_out=len(lost),
        met_ids=tuple(sorted(ids)),
        unknown_ids=tuple(sorted(lost)),
        asked=bool(scope.ids),
    )
    return settle(tally, part, basis)


def _join_rules(part: Part, basis: Basis) -> dict[str, State]:
    tables = [
        basis.states[rule] for rule in part.words("rules") if rule in basis.states
    ]
    if not tables:
        return {}
    scope = basis.scopes[part.scope]
    if part.scope == "unit" and not scope.ids:
        return dict.fromkeys(basis.scopes["plan"].ids, State.UNKNOWN)
    return {
        one: combine_states(table[one] for table in tables if one in table)
        for one in scope.ids
    }


def judge_cells(cells: pd.Series, holds: Callable[[object], bool]) -> dict[str, State]:
    """Judge a cell of each subject.

    Parameters
    ----------
    cells
        On the subjects.
    holds
        Whether a cell that is known meets it.

    Returns
    -------
    dict
        Subject to state; a blank is unknown.
    """
    return {
        str(one): State.UNKNOWN
        if pd.isna(cell)
        else State.MET
        if holds(cell)
        else State.SHORT
        for one, cell in cells.items()
    }


def _judge_named(part: Part, basis: Basis, scope: Scope) -> dict[str, State]:
    names = basis.facts(scope.ids, part.options["field"])
    return judge_cells(names, lambda cell: str(cell).strip().lower() not in _NONE)


def _judge_joint(basis: Basis, scope: Scope) -> Mapping[str, State]:
    unit_of = basis.ground.unit_of
    if unit_of is None:
        return dict.fromkeys(scope.ids, State.UNKNOWN)
    sizes = unit_of.map(unit_of.value_counts()).reindex(list(scope.ids)).fillna(1)
    return judge_cells(sizes, lambda size: float(str(size)) >= _JOINT)


def _weigh(counted: Tally, weights: pd.Series) -> Tally:
    """Count by weight instead of by head; without its weight one is left out."""
    known = weights.dropna()
    lost = tuple(sorted(str(one) for one in weights.index[weights.isna()]))
    parts = (counted.met_ids, counted.short_ids, counted.unknown_ids)
    met, short, unknown = (float(known.reindex(list(ids)).sum()) for ids in parts)
    return replace(
        counted,
        numerator=met,
        denominator=met + short + unknown,
        undecided=unknown,
        left_out=len(lost),
        unknown_ids=tuple(sorted({*counted.unknown_ids, *lost})),
    )


def settle(tally: Tally, part: Part, basis: Basis) -> Tally:
    """Add who may belong to the scope, what to collect, and why nothing is counted.

    Parameters
    ----------
    tally
        What was counted in the scope of the part.
    part
        The part.
    basis
        What is measured on.

    Returns
    -------
    Tally
        A copy.
    """
    scope = basis.scopes[part.scope]
    if scope.unsure:
        unknown = tuple(sorted({*tally.unknown_ids, *scope.unsure}))
        left_out = tally.left_out + len(scope.unsure)
        tally = replace(tally, asked=True, unknown_ids=unknown, left_out=left_out)
    if part.scope in ("plan", "unit") and not basis.scopes["plan"].ids:
        return replace(say_why(Tally(), "no_plan"), missing=("plan_year",))
    if not tally.asked and tally.reason[0] == "":
        return say_why(tally, f"none_{part.scope}" if not scope.ids else "none_needs")
    if tally.unknown_ids and not tally.open:
        return replace(tally, missing=part.fields)
    return tally


#: Kind of a part to the function that measures it.
COMMUNITY_KINDS: Mapping[str, Callable[[Part, Basis], Tally]] = {
    "rules": count_rules,
    "rules_short": count_short,
    "flag": count_flag,
    "named": count_named,
    "named_cost": weigh_named,
    "word": count_word,
    "joint": count_joint,
    "unit_size": measure_unit_size,
    "pooled": pool_households,
}
