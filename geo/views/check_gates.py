"""Clauses spread over communities: states, gates, and what holds most of them up."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.compliance import Checks
from geo.plan import Plan
from geo.review import Review
from geo.schema import State
from geo.views import work
from geo.views.check_told import FIRST_STAGE, HARD, STAGES, STATES
from geo.views.review_work import ReviewDesk

#: Code of a clause that is not about a community.
NONE = len(STATES)
#: Levels of clauses that are about each community, itself or through its unit.
SPREAD = ("community", "unit")


@dataclass(frozen=True, eq=False)
class Spread:
    """States of the clauses of communities and units as one matrix.

    Attributes
    ----------
    ids
        Communities, sorted.
    rules
        One row per clause, in the order of the columns: ``rule_id``, ``stage``,
        ``severity``, ``level``, ``quote``.
    codes
        Positions in `STATES`, communities x clauses; `NONE`: not about it.
    hands
        Where a verdict was overruled by hand.
    planned
        Whether the community is in the plan that is to be submitted.
    units
        Unit of each community; empty while there are none.
    """

    ids: tuple[str, ...]
    rules: pd.DataFrame
    codes: NDArray[np.int8]
    hands: NDArray[np.bool_]
    planned: NDArray[np.bool_]
    units: tuple[str, ...]

    @property
    def gates(self) -> NDArray[np.bool_]:
        """Which columns are hard clauses of the annual plan."""
        stage = self.rules["stage"].to_numpy() == FIRST_STAGE
        hard = self.rules["severity"].to_numpy() == HARD
        return np.asarray(stage & hard, dtype=bool)

    def worst(self, columns: NDArray[np.bool_]) -> NDArray[np.int8]:
        """Return the worst state of each community among some clauses.

        Parameters
        ----------
        columns
            Which clauses count.

        Returns
        -------
        numpy.ndarray
            Position in `STATES`: short before unknown before met. Met where all that
            is asked is met; not required where nothing is asked.
        """
        part = self.codes[:, columns]
        found = np.full(len(self.ids), STATES.index(State.NOT_REQUIRED), dtype=np.int8)
        for state in (State.MET, State.UNKNOWN, State.SHORT):
            code = STATES.index(state)
            found[(part == code).any(axis=1)] = code
        return found


def find_spread(plan: Plan, now: ReviewDesk, review: Review) -> Spread:
    """Return the matrix of a review, made once.

    Parameters
    ----------
    plan, now, review
        The plan that is open, the desk, and its last good review.

    Returns
    -------
    Spread
        States, communities x clauses.
    """
    del plan
    return work.shelf().view(("spread", now.reviewed), lambda: spread_checks(review))


def spread_checks(review: Review) -> Spread:
    """Spread clauses over communities.

    Parameters
    ----------
    review
        What was reviewed.

    Returns
    -------
    Spread
        What is judged for a unit stands at each of its communities.
    """
    checks, ground = review.checks, review.checks.ground
    ids = pd.Index(review.plan.district.communities.index).sort_values()
    table = checks.table[checks.table["level"].isin(SPREAD)]
    rules = _order(table)
    units = pd.Series("", index=ids)
    if ground.unit_of is not None:
        units = ground.unit_of.reindex(ids).fillna("").astype("str")
    whole = _members(table, units)
    row = ids.get_indexer(pd.Index(whole["community_id"]))
    column = pd.Index(rules["rule_id"]).get_indexer(pd.Index(whole["rule_id"]))
    known = row >= 0
    codes = np.full((len(ids), len(rules)), NONE, dtype=np.int8)
    states = pd.Index([str(one) for one in STATES]).get_indexer(
        pd.Index(whole["state"])
    )
    codes[row[known], column[known]] = states[known]
    hands = np.zeros(codes.shape, dtype=bool)
    changed = (whole["state"] != whole["judged"]) | whole["author"].notna()
    hands[row[known], column[known]] = changed.to_numpy(dtype=bool)[known]
    planned = np.asarray(ids.isin(list(ground.planned)), dtype=bool)
    return Spread(tuple(ids), rules, codes, hands, planned, tuple(units))


def whole_rows(checks: Checks) -> pd.DataFrame:
    """Return the clauses about the district and the plan as a whole.

    Parameters
    ----------
    checks
        The clauses.

    Returns
    -------
    pandas.DataFrame
        Rows of the table, not met first, then unknown.
    """
    table = checks.table[~checks.table["level"].isin(SPREAD)]
    order = {str(state): at for at, state in enumerate(STATES)}
    return table.iloc[np.argsort(table["state"].map(order), kind="stable")]


def _order(table: pd.DataFrame) -> pd.DataFrame:
    columns = ["rule_id", "stage", "severity", "level", "quote"]
    rules = table.drop_duplicates("rule_id")[columns]
    stage = rules["stage"].map({one: at for at, one in enumerate(STAGES)})
    return rules.iloc[np.argsort(stage, kind="stable")].reset_index(drop=True)


def _members(table: pd.DataFrame, units: pd.Series) -> pd.DataFrame:
    """Return one row per community: those of a unit are repeated for its members."""
    own = table[table["level"] == "community"]
    own = own.assign(community_id=own["subject_id"])
    members = pd.DataFrame({"community_id": units.index, "subject_id": units.array})
    joint = table[table["level"] == "unit"].merge(members, on="subject_id")
    return pd.concat([own, joint], ignore_index=True)
