"""Grounds made by hand for the reserve library: facts, verdicts, works, documents."""

from datetime import date
from functools import cache
from types import SimpleNamespace

import pandas as pd

from geo.evidence import empty_table
from geo.evidence_schema import EVIDENCE
from geo.policy_settings import CheckSettings, ReserveSettings
from geo.rules import load_rules
from geo.rulings import Ground

AS_OF = date(2026, 11, 22)
CHECK_COLUMNS = (
    "rule_id",
    "level",
    "subject_id",
    "state",
    "stage",
    "severity",
    "exception",
)


_load = cache(load_rules)


def make_table(name, rows):
    """A table of evidence with some rows; columns not named are unknown."""
    empty = empty_table(name)
    return pd.DataFrame(rows, columns=empty.columns).astype(empty.dtypes.to_dict())


def make_ground(
    facts,
    *,
    gaps=(),
    profile="gansu",
    unit_of=None,
    eligibility=None,
    settings=None,
    reserve=None,
    **tables,
):
    """A ground; `facts`: community to columns, `gaps`: community, category, state."""
    frame = pd.DataFrame.from_dict(facts, orient="index")
    frame.index = pd.Index(frame.index, dtype="str", name="id")
    if "households_total" not in frame:
        own = frame.get("households_eligible", frame.get("households"))
        frame["households_total"] = own
    if "households" not in frame:
        frame["households"] = frame["households_total"]
    rules = _load(profile)
    communities = pd.DataFrame({"name": frame.index}, index=frame.index)
    plan = SimpleNamespace(
        gaps=pd.DataFrame(list(gaps), columns=["community_id", "category", "state"]),
        rules=rules,
        district=SimpleNamespace(communities=communities),
        settings=SimpleNamespace(reserve=reserve or ReserveSettings()),
    )
    states = pd.Series(eligibility or {}, dtype="object").reindex(frame.index)
    return Ground(
        plan=plan,
        profile=rules.profile,
        facts=frame,
        tables={name: make_table(name, tables.get(name, [])) for name in EVIDENCE},
        eligibility=pd.DataFrame({"state": states.fillna("open")}),
        unit_of=None if unit_of is None else pd.Series(unit_of, dtype="object"),
        county="某县",
        plan_year=2027,
        planned=(),
        settings=settings or CheckSettings(),
        as_of=AS_OF,
    )


def make_checks(ground, rows=()):
    """Checks: rows of rule, community and state, all hard gates of the annual plan."""
    table = pd.DataFrame(
        [
            {
                "rule_id": rule,
                "level": "community",
                "subject_id": subject,
                "state": state,
                "stage": more.get("stage", "annual_plan"),
                "severity": more.get("severity", "hard_gate"),
                "exception": more.get("exception", False),
            }
            for rule, subject, state, more in (
                (*row, {}) if len(row) == 3 else row for row in rows
            )
        ],
        columns=list(CHECK_COLUMNS),
    )
    return SimpleNamespace(table=table, ground=ground)
