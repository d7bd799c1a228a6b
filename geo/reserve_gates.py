"""Which communities may be ranked at all: hard gates before the score.

A hard gate is a clause of severity ``hard_gate`` at the stage of the annual plan that
is judged for a community. What is asked later (vote, confirmation) does not keep a
project out of the library.
"""

from typing import Protocol

import numpy as np
import pandas as pd

from geo.archive import RESERVE
from geo.rulings import Ground
from geo.schema import State

#: Nothing is against it; something must be shown first; it may not be planned.
READY, WAITING, OUT = "ready", "waiting", "out"
GATES = (READY, WAITING, OUT)

#: State of eligibility that keeps a community in the library for later years.
_LATER = "reserve"


class Checked(Protocol):
    """What the ranking asks of the clauses that were checked."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per clause and subject."""

    @property
    def ground(self) -> Ground:
        """What they were judged on."""


def judge_gates(checks: Checked, status: pd.Series) -> pd.DataFrame:
    """Judge which communities may be planned.

    Parameters
    ----------
    checks
        Clauses with their effective states (overruled ones included).
    status
        Where each project stands, see :func:`geo.archive.find_status`.

    Returns
    -------
    pandas.DataFrame
        Index that of `status`: `gate` (`READY`; `WAITING`: a gate is unknown, or the
        document allows an exception (原则上), or it is kept for later years; `OUT`: a
        gate is short, or the works have begun) and `gate_rules` (the rules behind it,
        or ``started`` and ``finished``, sorted).
    """
    table = checks.table
    hard = table[
        (table["severity"] == "hard_gate")
        & (table["level"] == "community")
        & (table["stage"] == "annual_plan")
    ]
    short = hard["state"] == State.SHORT
    excused = hard["exception"].fillna(value=False).astype(bool)
    unknown = (hard["state"] == State.UNKNOWN) | (short & excused)
    against = _list_rules(hard[short & ~excused], status.index)
    open_rules = _list_rules(hard[unknown], status.index)
    later = checks.ground.eligibility.reindex(status.index)["state"] == _LATER
    rows = []
    for at, one in enumerate(status):
        stop = against.iloc[at] if one == RESERVE else (str(one),)
        wait = open_rules.iloc[at]
        if later.iloc[at]:
            wait = tuple(sorted({*wait, _LATER}))
        gate = OUT if stop else WAITING if wait else READY
        rows.append((gate, stop or wait))
    return pd.DataFrame(rows, columns=["gate", "gate_rules"], index=status.index)


def _list_rules(rows: pd.DataFrame, index: pd.Index) -> pd.Series:
    listed: dict[str, tuple[str, ...]] = {
        str(name): tuple(sorted(rules))
        for name, rules in rows.groupby("subject_id")["rule_id"]
    }
    found = [listed.get(one, ()) for one in index]
    return pd.Series(found, index=index, dtype=object)


def order_gates(gate: pd.Series) -> pd.Series:
    """Return the position of each gate in `GATES`.

    Parameters
    ----------
    gate
        Gates.

    Returns
    -------
    pandas.Series
        0, 1 or 2 on the same index.
    """
    place = {name: at for at, name in enumerate(GATES)}
    return pd.Series(np.array([place[str(one)] for one in gate]), gate.index)
